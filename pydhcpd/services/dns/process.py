"""`Teller`: the process that tells DNS servers, as the daemon has it: started, told which zones there are, heard, and ended."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pydhcpd.configuration.reload_check import child_environment
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.services.child.messages import message_from
from pydhcpd.services.dns.messages import line_of

log = logging.getLogger(__name__)

GRACE = 1.0  # seconds in which it ends by itself


class Teller:
    """One process; what it says goes into the log, under a name."""

    def __init__(self, name: str) -> None:
        """Execute it. By the main thread, which is as long as the daemon. Raises OSError."""
        self._name = name
        command = [sys.executable, "-P", "-m", "pydhcpd.services.dns", str(os.getpid())]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=child_environment(),
                                         start_new_session=True)
        threading.Thread(target=self._hear, name=f"{name}: log", daemon=True).start()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = message_from(line)
            log.log(message.level, "%s: %s", self._name, message.words)

    def tell(self, path: Path, zones: Mapping[str, DnsZone]) -> None:
        """These are the register and the zones from now on; may wait until the process reads."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended, and is started again
            self._process.stdin.write(line_of(path, zones))
            self._process.stdin.flush()

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """Let it end, else end it; what is under way is done again at the next start."""
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
