"""The first half of a reload: the configuration file run in a process of its own, because it may never end.

The main thread looks at it between signals, and can give it up at any time.
"""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

PARENT = "PYDHCPD_CHECK_FOR"  # in the environment of a check: the process that waits for it
PR_SET_PDEATHSIG = 1  # linux/prctl.h
TIME_LIMIT = 10.0  # seconds that the file may run
LONGEST_REPORT = 64 << 10  # bytes of what the check says that are read


class ReloadCheck:
    """`pydhcpd -check` of a file, running. `problems` tells how it ended."""

    def __init__(self, file: Path | None, words: Sequence[str]) -> None:
        """Start it; `words` are the settings of the command line. Raises OSError where no process can be made.

        With -P, for nothing of the directory in which we happen to run is to be imported.
        """
        self._file = file
        self._deadline = time.monotonic() + TIME_LIMIT
        self._report = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `close`; a pipe could fill and block the child
        command = [sys.executable, "-P", "-m", "pydhcpd", "-check", *([f"-config_file={file}"] if file else []), *words]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._report, stderr=self._report,
                                         env={**child_environment(), PARENT: str(os.getpid())}, start_new_session=True)

    def remaining(self) -> float:
        """Seconds until it has taken too long."""
        return max(self._deadline - time.monotonic(), 0.0)

    def problems(self) -> list[str] | None:
        """None while it runs; then what is wrong, a line each: nothing if the configuration is good."""
        code = self._process.poll()
        if code is None:
            if self.remaining():
                return None
            self.close()
            return [f"{self._file}: it did not end within {TIME_LIMIT:.0f} s"]
        self._report.seek(0)
        said = self._report.read(LONGEST_REPORT).decode("utf-8", "replace").strip().splitlines()
        self.close()
        return [] if code == 0 else said or [f"{self._file}: the check ended with {code}"]

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._report.close()


def end_with_parent() -> None:
    """In a check: see to it that the kernel ends it with the process that waits for it; the file may never end."""
    parent = os.environ.get(PARENT)
    if parent is not None:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != int(parent):
            sys.exit(1)


def child_environment() -> dict[str, str]:
    """The environment for a process of ours: it finds this package wherever it runs, and does not speak to systemd."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    environment.pop("NOTIFY_SOCKET", None)
    return environment
