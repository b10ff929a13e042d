"""The first half of a reload: the configuration file run in a process of its own, because it may never end.

The main thread looks at it between signals, and can give it up at any time. The file may start processes, and these others:
so the check is two processes. One waits for the other, in which the file is run, and is parent of whatever that leaves behind
(PR_SET_CHILD_SUBREAPER of prctl(2)); it ends all of them, however the file, the check or the daemon comes to its end.
"""

import math
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pydhcpd.descendants import adopt, end_all, end_with, reap

PARENT = "PYDHCPD_CHECK_FOR"  # in the environment of a check: the process that waits for it
STARTED_IN = "PYDHCPD_STARTED_IN"  # there too: the directory that paths are meant from
START = 5.0  # seconds that Python may take on a busy machine until the file is run
GRACE = 1.0  # seconds after the limit, at which a check should end by itself, until it is ended
SWEEP = 2.0  # seconds in which what the file has started is ended
GOOD = 100  # exit code by which a check says so to a daemon: with 0 the file itself may have ended the process
LONGEST_REPORT = 64 << 10  # bytes of what the check says that are read


class ReloadCheck:
    """`pydhcpd -check` of a file, running. `problems` tells how it ended."""

    def __init__(self, file: Path | None, words: Sequence[str], directory: Path, limit: float) -> None:
        """Start it; `words` are the settings of the command line, `directory` is where its paths are meant from, and `limit`
        the seconds that it may take (0: for ever). Raises OSError where no process can be made.

        With -P, for nothing of the directory in which we happen to run is to be imported.
        """
        self._file = file
        self._limit = limit
        self._deadline = time.monotonic() + START + limit + GRACE if limit else math.inf
        self._report = tempfile.TemporaryFile()  # noqa: SIM115  # closed in `close`; a pipe could fill and block the child
        command = [sys.executable, "-P", "-m", "pydhcpd", "-check", *([f"-config_file={file}"] if file else []), *words,
                   f"-configuration_time_limit={limit}"]
        environment = {**child_environment(), PARENT: str(os.getpid()), STARTED_IN: str(directory)}
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self._report, stderr=self._report,
                                         env=environment, start_new_session=True)

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
            return [f"{self._file}: it did not end within {self._limit:g} s, and could not be interrupted"]
        self._report.seek(0)
        said = self._report.read(LONGEST_REPORT).decode("utf-8", "replace").strip().splitlines()
        self.close()
        return [] if code == GOOD else said or [f"{self._file}: the check ended with {code}, and without a word; allowed is a "
                                                "file that leaves its process alone"]

    def close(self) -> None:
        """End it, whatever it does."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(SWEEP + GRACE)
            except subprocess.TimeoutExpired:  # somebody has stopped it
                self._process.kill()
                self._process.wait()
        self._report.close()


def end_with_parent(limit: float) -> None:
    """In a check for a daemon: go on in a process that ends with those that wait for it, or after `limit` seconds of processor.

    The file may never end, and do so where nothing of ours runs that could stop it.
    """
    parent = os.environ.get(PARENT)
    if parent is None:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGCHLD))
    adopt()
    end_with(int(parent), signal.SIGTERM)
    waiting = os.getpid()
    child = os.fork()
    if child:
        os._exit(_await(child))
    end_with(waiting, signal.SIGKILL)
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGCHLD))
    if limit:
        with suppress(OSError, ValueError):
            seconds = math.ceil(START + limit + GRACE)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))


def _await(child: int) -> int:
    """The exit code of the process in which the file is run; 1 where it was given up. Nothing that it started is left then."""
    code: int | None = None
    while code is None and signal.sigwait((signal.SIGTERM, signal.SIGCHLD)) == signal.SIGCHLD:
        code = reap().get(child)
    end_all(SWEEP)
    return 1 if code is None else abs(code)  # a signal's number is no exit code that is good


def good() -> int:
    """The exit code of a check that found nothing wrong."""
    return GOOD if PARENT in os.environ else 0


def started_in() -> Path:
    """The directory that paths are meant from: where the program was started, or the daemon that this is a check for."""
    try:
        return Path(os.environ.get(STARTED_IN) or Path.cwd())
    except FileNotFoundError:  # it was removed
        return Path("/")


def child_environment() -> dict[str, str]:
    """The environment for a process of ours: it finds this package wherever it runs, and does not speak to systemd."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    environment.pop("NOTIFY_SOCKET", None)
    return environment
