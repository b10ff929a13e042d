"""The process that runs scripts: made by executing, before anything is to be run, so that the daemon never forks.

The daemon sends a message for each run, and is sent what its program says, a line each, and how it ended. Each run has a keeper
of its own, a fork of this small process: `keeper.py`. All of it ends with the daemon, whose end of the socket is closed then.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from pydhcpd.descendants import adopt, children, end_all, reap
from pydhcpd.services.rank import give_way
from pydhcpd.services.scripts.keeper import GRACE, Run, keep, report

LONGEST_MESSAGE = 1 << 18
MOMENT = 0.3  # seconds in which a keeper ends that has ended its script
SWEEP = 0.5  # seconds in which what is left at the end is ended


class Runner:
    """Takes runs from the daemon, and sees to it that each has an end."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._keepers: dict[int, int] = {}  # runs by the process ids of their keepers

    def serve(self) -> None:
        """Until the daemon has ended."""
        with _woken_by_children() as wake:
            while True:
                ready, _, _ = select.select([link := self._link.fileno(), wake], [], [])
                if wake in ready:
                    os.read(wake, 4096)
                    self._reap()
                if link in ready:
                    if not (message := self._link.recv(LONGEST_MESSAGE)):
                        return
                    self._begin(Run(**json.loads(message)))

    def _begin(self, run: Run) -> None:
        parent = os.getpid()
        try:
            child = os.fork()
        except OSError as error:
            report(self._link, run=run.run, trouble=f"it cannot be started: {error.strerror}")
            return
        if child:
            self._keepers[child] = run.run
        else:
            _be_keeper(self._link, run, parent)

    def _reap(self) -> None:
        """Tell the ends of runs, and end what outlived its keeper: that was adopted by us."""
        for pid in reap():
            if (run := self._keepers.pop(pid, None)) is not None:
                report(self._link, run=run)
        for pid in set(children()) - self._keepers.keys():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        """End what runs: their programs are told to, and get a moment."""
        for pid in self._keepers:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE + MOMENT
        while children() and time.monotonic() < deadline:
            reap()
            time.sleep(0.01)
        end_all(SWEEP)


def _be_keeper(link: socket.socket, run: Run, parent: int) -> NoReturn:
    """In the fork: nothing of this process goes on."""
    code = 1
    try:
        keep(link, run, parent)
        code = 0
    finally:
        os._exit(code)


@contextmanager
def _woken_by_children() -> Iterator[int]:
    """A descriptor that is readable once a child has ended."""
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    yield wake


def _settle() -> None:
    """Be a process of its own, by its signals and its rank."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the daemon's end is ours
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    give_way()
    adopt()


def main() -> None:
    """`python -m pydhcpd.services.scripts DESCRIPTOR`: of the socket to the daemon."""
    _settle()
    runner = Runner(socket.socket(fileno=int(sys.argv[1])))
    try:
        runner.serve()
    finally:
        runner.end()


if __name__ == "__main__":
    main()
