"""`Session`: a line in, a command obeyed, lines out, until one of the two has had enough.

A peer here is a stranger, so each thing that it can do is bounded: the length of a line, the time between lines, the
time to take what is sent. What it sent is never shown raw (see `escape`). What commands yield is sent in portions, so that a
table of a million rows needs no more memory than one of two hundred, and no thread that serves DHCP waits.
"""

import logging
import pwd
import socket
import socketserver
import struct
import time
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import Protocol

from pydhcpd.control.input import END_OF_TRANSMISSION, NO_TIMING_MARK, LineBuffer, LineNeverEnds, LineTooLong, TelnetFilter

LOG = logging.getLogger("pydhcpd.control")

WELCOME = b"Welcome to micro python dhcp server"
PROMPT = b"\r\npydhcp ?> "

RECEIVED_AT_ONCE = 4096  # bytes; with LONGEST_LINE it bounds what a session holds of its input
SEND_BUFFER = 128 * 1024  # bytes; else the kernel would keep some megabytes for each reader that never reads
LONGEST_WAIT = 86400.0  # seconds for one call of the system, where a session may be idle for ever
LINES_AT_ONCE = 200  # about 20 kB, some 2 ms of work
PAUSE = 0.0005  # seconds between portions: a real sleep, which gives the interpreter to a thread that waits for it


class SessionOver(Exception):
    """Ends a session. `farewell` is what the peer is told, nothing where it does not listen any more."""

    def __init__(self, reason: str, farewell: str = "") -> None:
        super().__init__(reason)
        self.farewell = farewell


class Settings(Protocol):
    """What a session goes by. Times are in seconds."""

    idle_timeout: float
    send_timeout: float

    def heard(self, session: socket.socket) -> None:
        """Called for each line that has come."""

    def user_of(self, session: socket.socket) -> int | None:
        """The user of this machine who is at the other end; None where that is not known."""


class Session(socketserver.BaseRequestHandler):
    """One session. What is done with a line, a subclass knows."""

    server: Settings  # type: ignore[assignment]  # socketserver knows no more of it than that it is a server
    request: socket.socket

    def setup(self) -> None:
        """Prepare the connection."""
        self._lines = LineBuffer()
        self._telnet = TelnetFilter()
        # Telnet's synch comes as urgent data (RFC 854); out of line, half of a command would be missing.
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def handle(self) -> None:
        """Talk until one of the two has had enough."""
        try:
            self._send(WELCOME + PROMPT)
            self._converse()
        except SessionOver as end:
            LOG.debug("the session of %s is over: %s", self.client_address, end)
            if end.farewell:
                with suppress(SessionOver):
                    self._say(end.farewell)

    def _converse(self) -> None:
        while True:
            try:
                line = self._receive_line()
            except LineTooLong:
                self._say("line too long")
                continue  # its end is still to come, and brings the prompt
            self.server.heard(self.request)
            self._read(line.strip())
            self._send(PROMPT)

    def _read(self, line: bytes) -> None:
        if line == END_OF_TRANSMISSION:
            raise SessionOver("end of transmission")
        if line:
            self.obey(line)

    @abstractmethod
    def obey(self, line: bytes) -> None:
        """Do what a line, which is not blank, asks for."""

    def user(self) -> str:
        """Who is at the other end, in words: a user of this machine where the kernel tells it, else an address."""
        uid = self.server.user_of(self.request)
        return f"{self.client_address[0]}" if uid is None else user_name(uid)

    # --- input and output

    def _receive_line(self) -> bytes:
        """The next line, within the idle time-out however slowly its bytes come."""
        deadline = time.monotonic() + self.server.idle_timeout
        try:
            while (line := self._lines.next_line()) is None:
                self._lines.feed(self._telnet.strip(self._receive(deadline)))
                self._answer_timing_marks()
        except LineNeverEnds:
            raise SessionOver("a line without end") from None
        return line

    def _receive(self, deadline: float) -> bytes:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise SessionOver("idle", "\r\nidle, bye")
        try:
            self.request.settimeout(min(remaining, LONGEST_WAIT))
            data = self.request.recv(RECEIVED_AT_ONCE)
        except TimeoutError:
            return b""
        except OSError as error:
            raise SessionOver(str(error)) from error
        if not data:
            raise SessionOver("end of input")
        return data

    def _answer_timing_marks(self) -> None:
        if self._telnet.timing_marks:
            self._send(NO_TIMING_MARK * self._telnet.timing_marks)
            self._telnet.timing_marks = 0

    def _say(self, line: str) -> None:
        self._stream([line])

    def _stream(self, lines: Iterable[str]) -> int:
        """Send lines in portions, and return their number. They must have been escaped."""
        number = 0
        for portion in _portions(lines):
            if number:
                time.sleep(PAUSE)
            number += len(portion)
            self._send("".join(f"{line}\r\n" for line in portion).encode("utf-8", "backslashreplace"))
        return number

    def _send(self, data: bytes) -> None:
        """Send all within the time-out, or end the session."""
        try:
            self.request.settimeout(self.server.send_timeout)
            self.request.sendall(data)
        except OSError as error:
            if isinstance(error, TimeoutError):
                # Reset, or the kernel would go on offering what it holds for minutes.
                self._linger_not()
            raise SessionOver(str(error)) from error

    def _linger_not(self) -> None:
        with suppress(OSError):
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def user_name(uid: int) -> str:
    """A user in words: the name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _portions(lines: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(lines)
    while portion := list(islice(remaining, LINES_AT_ONCE)):
        yield portion
