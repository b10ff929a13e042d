"""The demonstration's bench: network namespaces, and processes that are sure to end.

Owns what is made outside of this process and must be gone afterwards. Knows nothing of DHCP.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from pydhcpd.configuration.reload_check import child_environment
from pydhcpd.escape import escape

RUN_LIMIT = 10.0  # seconds for what takes no time
STOP_LIMIT = 8.0  # seconds that a process has to end when asked
NAMESPACES = Path("/var/run/netns")  # where iproute2 names them
TICK = 0.05  # seconds between looks at a process
_CLONE_NEWNET = 0x40000000  # linux/sched.h


class DemonstrationFailed(Exception):
    """Why the demonstration cannot go on, with the remedy where there is one; `log` is the last of the daemon's log."""

    def __init__(self, reason: str, log: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.log = tuple(log)


def run(*words: str) -> str:
    """Run a program that takes no time; returns what it prints. Raises DemonstrationFailed."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                              start_new_session=True, timeout=RUN_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DemonstrationFailed(f"{' '.join(words)}: {error}") from error
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"])[0]
        raise DemonstrationFailed(f"{' '.join(words)}: {reason}")
    return done.stdout


def ip(*words: str) -> str:
    """Run iproute2's `ip`."""
    return run("ip", *words)


def check_means() -> None:
    """See that we may and can."""
    if os.geteuid() != 0:
        raise DemonstrationFailed("the demonstration makes a network of its own, which needs root: put sudo in front")
    version = ""
    with suppress(DemonstrationFailed):
        version = ip("-V")
    if "iproute2" not in version:
        raise DemonstrationFailed("the demonstration needs the program ip: install the package iproute2")


class Namespace:
    """A network namespace by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def create(self) -> None:
        """Make it, with its loopback up, and see that programs can run in it."""
        try:
            ip("netns", "add", self.name)
            ip("-n", self.name, "link", "set", "lo", "up")
            ip("netns", "exec", self.name, "ip", "-V")
        except DemonstrationFailed as error:
            raise DemonstrationFailed("network namespaces are not permitted here; a container needs --privileged for them "
                                      f"({error})") from error

    def delete(self) -> None:
        """Take it away, if it is there."""
        if (NAMESPACES / self.name).exists():
            ip("netns", "delete", self.name)

    def command(self, *words: str) -> tuple[str, ...]:
        """The command that runs these words inside."""
        return "ip", "netns", "exec", self.name, *words

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Sockets that are made meanwhile belong to this namespace for good. For the only thread of a process."""
        with Path("/proc/self/ns/net").open("rb") as home, (NAMESPACES / self.name).open("rb") as there:
            _enter(there)
            try:
                yield
            finally:
                _enter(home)


def _enter(namespace: IO[bytes]) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


class Child:
    """A process with all that it starts, and its log. It has a session of its own, so that Ctrl-C comes to us alone.

    Its number stays taken until `wait`, so that no signal can hit a stranger.
    """

    def __init__(self, command: Iterable[str], log: Path, **variables: str) -> None:
        self._log = log
        with log.open("wb") as out:
            self._process = subprocess.Popen(tuple(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd="/",
                                             env={**child_environment(), **variables}, start_new_session=True)

    @property
    def ended(self) -> bool:
        """Whether it is over, asked or not."""
        if self._process.returncode is not None:
            return True
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def log(self, most: int) -> list[str]:
        """The last lines of what it wrote, safe to show."""
        return [escape(line) for line in self._log.read_text(errors="replace").splitlines()[-most:]]

    def wait(self) -> None:
        """Wait for its end, and see to it."""
        if self._process.returncode is not None:
            return
        end = time.monotonic() + STOP_LIMIT
        while not self.ended and time.monotonic() < end:
            time.sleep(TICK)
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ask it to end, and see to it."""
        if not self.ended:
            self._process.send_signal(number)
        self.wait()
