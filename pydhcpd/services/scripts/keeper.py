"""`keep`: one run of a script, from its start until nothing is left of it, in a process of its own.

A script that takes too long is told to end (SIGTERM to its process group), and ended after a moment. Once it has ended, so is
whatever it has started and left behind, in whatever session, for that was adopted. What it says is read all the time, so that
it need not wait, and passed on up to a number of lines; one that floods is slowed down.
"""

import errno
import json
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydhcpd.descendants import adopt, end_all, end_with, reap
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_script

GRACE = 1.0  # seconds between being told to end, and being ended
SWEEP = 2.0  # seconds in which what is left is ended
MOST_LINES = 50  # of one run
LONGEST_LINE = 1000  # octets
PORTION = 1 << 16  # octets that are read at a time
PAUSE = 0.02  # seconds between two portions of what is not passed on


@dataclass(frozen=True, slots=True)
class Run:
    """What is to be run: its number, the program, its environment, and the seconds that it may take."""

    run: int
    path: str
    environment: Mapping[str, str]
    seconds: float


@dataclass(slots=True)
class _Speech:
    """What a program says, as lines."""

    link: socket.socket
    run: int
    unsaid: int = 0
    _lines: int = 0
    _rest: bytes = b""
    _is_long: bool = field(default=False)

    def take(self, data: bytes) -> None:
        """Pass on the lines that are whole."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._say(line)
        while len(self._rest) > LONGEST_LINE:
            self._say(self._rest[:LONGEST_LINE])
            self._rest = self._rest[LONGEST_LINE:]

    def finish(self) -> None:
        """Pass on what has no end of line."""
        if self._rest:
            self._say(self._rest)

    def _say(self, line: bytes) -> None:
        self._lines += 1
        if self._lines > MOST_LINES:
            self.unsaid += 1
        else:
            report(self.link, run=self.run, line=line[:LONGEST_LINE].decode("utf-8", "surrogateescape"))

    @property
    def is_too_much(self) -> bool:
        """Whether nothing more is passed on."""
        return self._lines > MOST_LINES


def report(link: socket.socket, **fields: object) -> None:
    """Tell the daemon something of a run; without anything but its number, that its keeper has ended."""
    with suppress(OSError):  # it has ended
        link.send(json.dumps(fields).encode())


def keep(link: socket.socket, run: Run, parent: int) -> None:
    """Run it, and tell how it ended."""
    wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # the program gets them as it would anywhere
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    adopt()
    end_with(parent, signal.SIGTERM)
    began = time.monotonic()
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        program = _start(run, writer)
    except (OSError, InvalidValue) as error:
        report(link, run=run.run, trouble=_reason(error, Path(run.path)))
        return
    finally:
        os.close(writer)
    os.set_blocking(reader, False)
    speech = _Speech(link, run.run)
    code, is_late = _await(program.pid, began + run.seconds, reader, wake, speech)
    left = end_all(SWEEP)
    _read_rest(reader, speech)
    report(link, run=run.run, code=code, seconds=time.monotonic() - began, late=is_late, left=left, unsaid=speech.unsaid)


def _start(run: Run, writer: int) -> "subprocess.Popen[bytes]":
    """Start the program; its process id is that of its group. Raises OSError, and InvalidValue."""
    check_script(Path(run.path))
    return subprocess.Popen([run.path], stdin=subprocess.DEVNULL, stdout=writer, stderr=writer, cwd="/", env=run.environment,
                            process_group=0)


def _reason(error: OSError | InvalidValue, path: Path) -> str:
    """Why it cannot be run, with the remedy."""
    if isinstance(error, InvalidValue):
        return str(error)
    if error.errno == errno.ENOEXEC:
        return f"{path} cannot be run: its first line names no interpreter; write #!/bin/sh there, say"
    if error.errno == errno.ENOENT and path.exists():
        return f"{path} cannot be run: the interpreter that its first line names is not there; install it, or name another"
    if error.errno == errno.EACCES:
        return (f"{path} cannot be run: {error.strerror}; run: chmod a+x {path}; and let it lie where programs may run, as "
                "in /etc/pydhcpd or /usr/local/lib")
    return f"{path} cannot be run: {error.strerror}"


def _await(pid: int, deadline: float, reader: int, wake: int, speech: _Speech) -> tuple[int, bool]:
    """Until the program has ended; its exit code, negative for a signal, and whether it had to be told to."""
    told = False  # to end
    waiting = [reader, wake]
    while True:
        ready, _, _ = select.select(waiting, [], [], max(deadline - time.monotonic(), 0.0))
        if reader in ready and not _read(reader, speech):
            waiting.remove(reader)  # all its ends are closed, which is no end of the program
        stop = wake in ready and signal.SIGTERM in os.read(wake, 4096)
        if (code := reap().get(pid)) is not None:
            return code, told
        if stop or time.monotonic() >= deadline:
            _end_group(pid, signal.SIGKILL if told else signal.SIGTERM)
            told, deadline = True, time.monotonic() + GRACE


def _end_group(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, number)


def _read(reader: int, speech: _Speech) -> bool:
    """What there is to read now; False where nothing can come any more."""
    with suppress(BlockingIOError):
        if not (data := os.read(reader, PORTION)):
            return False
        speech.take(data)
        if speech.is_too_much:
            time.sleep(PAUSE)
    return True


def _read_rest(reader: int, speech: _Speech) -> None:
    """What was said before the end: no more than a pipe holds, for nobody is left that writes."""
    for _ in range(64):
        try:
            data = os.read(reader, PORTION)
        except BlockingIOError:
            break
        if not data:
            break
        speech.take(data)
    speech.finish()
