"""`Session`: a line in, a command obeyed, lines out, until one of the two has had enough.

A peer here is a stranger, so each thing that it can do is bounded: the length of a line, the time between lines, the
time to take what is sent. What it sent is never shown raw (see `escape`). What commands yield is sent in portions, so that a
table of a million rows needs no more memory than one of two hundred, and no thread that serves DHCP waits.
"""

import logging
import socket
import socketserver
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from inspect import signature
from itertools import islice
from typing import ClassVar, Protocol

from pydhcpd.control.input import END_OF_TRANSMISSION, NO_TIMING_MARK, LineBuffer, LineNeverEnds, LineTooLong, TelnetFilter
from pydhcpd.errors import StoreError
from pydhcpd.escape import escape

LOG = logging.getLogger("pydhcpd.control")

WELCOME = b"Welcome to micro python dhcp server"
PROMPT = b"\r\npydhcp ?> "

RECEIVED_AT_ONCE = 4096  # bytes; with LONGEST_LINE it bounds what a session holds of its input
SEND_BUFFER = 128 * 1024  # bytes; else the kernel would keep some megabytes for each reader that never reads
LINES_AT_ONCE = 200  # about 20 kB, some 2 ms of work
PAUSE = 0.0005  # seconds between portions: a real sleep, which gives the interpreter to a thread that waits for it


Command = Callable[..., None]
"""A method that takes the session, and the words after its name."""


class SessionOver(Exception):
    """Ends a session. `farewell` is what the peer is told, nothing where it does not listen any more."""

    def __init__(self, reason: str, farewell: str = "") -> None:
        super().__init__(reason)
        self.farewell = farewell


class Settings(Protocol):
    """What a session goes by. Times are in seconds."""

    idle_timeout: float
    send_timeout: float

    def may_change(self, peer: object) -> bool:
        """Whether a peer, as `accept` tells it, may run commands that change something."""

    def heard(self, session: socket.socket) -> None:
        """Called for each line that has come."""


class Session(socketserver.BaseRequestHandler):
    """One session. Each command is one method `do_NAME` of a subclass; the first line of its docstring is its help."""

    server: Settings  # type: ignore[assignment]  # socketserver knows no more of it than that it is a server
    aliases: ClassVar[Mapping[str, str]] = {}
    """What else fingers type, and the command that it means."""
    changing: ClassVar[frozenset[str]] = frozenset()
    """The commands that change something, by name, or with the argument that makes them do it."""
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
            self._obey(line.strip())
            self._send(PROMPT)

    def _obey(self, line: bytes) -> None:
        """Run the command that a line asks for. Its failure is told, logged, and not the end of the session."""
        if not line:
            return
        if line == END_OF_TRANSMISSION:
            raise SessionOver("end of transmission")
        name, *arguments = line.decode("utf-8", "replace").split() or [""]
        name = self.aliases.get(name.lower(), name.lower())
        command = self.commands().get(name)
        if command is None:
            self._say(f"unknown command: {escape(line)}")
            self._say("type help for the list of commands")
            return
        if not _takes(command, len(arguments)):
            self._say(f"{name}: wrong number of arguments; type help {name}")
            return
        is_change = not self.changing.isdisjoint((name, " ".join((name, *arguments))))
        if is_change and not self.server.may_change(self.client_address):
            self._say(f"{name}: it changes something, which is allowed from this machine alone")
            return
        try:
            command(self, *arguments)
        except SessionOver:
            raise
        except StoreError as error:
            self._say(f"error: {escape(str(error))}")
        except Exception as error:
            LOG.exception("the command %s failed", command.__name__.removeprefix("do_"))
            self._say(f"error: {escape(str(error) or type(error).__name__)}")

    @classmethod
    def commands(cls) -> dict[str, Command]:
        """The commands by name, those of a subclass last."""
        return {
            name.removeprefix("do_"): getattr(cls, name)
            for owner in reversed(cls.__mro__)
            for name in vars(owner)
            if name.startswith("do_")
        }

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
            self.request.settimeout(remaining)
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


def _takes(command: Command, number: int) -> bool:
    """Whether a command takes so many arguments, besides the session."""
    parameters = list(signature(command).parameters.values())[1:]
    return sum(one.default is one.empty for one in parameters) <= number <= len(parameters)


def _portions(lines: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(lines)
    while portion := list(islice(remaining, LINES_AT_ONCE)):
        yield portion
