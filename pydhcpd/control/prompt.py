"""The control prompt: a line of text in, lines of text out, over TCP, for people with telnet or nc.

Owns the sessions and their bounds. Does not know where hosts, events and configuration come from: it is given
callables which return iterables, asks them from the session's own thread, and sends what they yield in portions, so
that a table of a million rows needs no more memory than one of two hundred, and no thread that serves DHCP waits.

A peer here is a stranger, so each thing that it can do is bounded: the length of a line, the time between lines, the
time to take what is sent, the number of sessions. What it sent is never shown raw (see `escape`).

The telnet protocol (RFC 854) is heard, not spoken: its commands are taken out of the input and left without an answer.
The one exception is TIMING-MARK (RFC 860), for which telnet programs wait, output suppressed, after the interrupt key.
"""

import errno
import logging
import re
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain, count, islice
from typing import Any, NamedTuple

from pydhcpd.escape import escape

LOG = logging.getLogger("pydhcpd.control")

WELCOME = b"Welcome to micro python dhcp server"
PROMPT = b"\r\npydhcp ?> "

LONGEST_LINE = 1024  # bytes; the longest command has 13
LONGEST_REFUSED_LINE = 65536  # bytes; who sends more without a newline is no person at a keyboard
RECEIVED_AT_ONCE = 4096  # bytes; with LONGEST_LINE it bounds what a session holds of its input
SEND_BUFFER = 128 * 1024  # bytes; else the kernel would keep some megabytes for each reader that never reads
LINES_AT_ONCE = 200  # about 20 kB, some 2 ms of work
PAUSE = 0.0005  # seconds between portions: a real sleep, which gives the interpreter to a thread that waits for it
PAUSE_EXHAUSTED = 0.2  # seconds; the connection that waits keeps the listening socket readable, so accept would spin
COMPLAIN_EVERY = 60.0  # seconds
DAY = 86400.0  # seconds

LONGEST_EVENT = 1000  # characters
LONGEST_VALUE = 4096  # characters

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


# --- What is shown -------------------------------------------------------------------------------------------------


class HostRow(NamedTuple):
    """One line of the table of hosts."""

    ip: str
    mac: str
    hostname: str
    expires: float | None
    """Seconds of the epoch, None where it never expires."""
    state: str


Hosts = Callable[[], Iterable[HostRow]]
Events = Callable[[], Iterable[tuple[float, str]]]
Configuration = Callable[[], Iterable[tuple[str, str]]]

# Widths that hold whatever is usual. What is longer pushes its own line aside rather than being cut.
TABLE = "{:<15}  {:<17}  {:<24}  {:<30}  {}"
TITLES = TABLE.format("address", "hardware address", "name", "expires", "state")


def host_line(row: HostRow, now: float) -> str:
    """One row of the table, safe to show."""
    expires = "never" if row.expires is None else f"{local_time(row.expires)} {distance(row.expires - now)}"
    return TABLE.format(
        escape(row.ip) or "-", escape(row.mac) or "-", escape(row.hostname) or "-", expires, escape(row.state) or "-"
    )


def local_time(seconds: float) -> str:
    """An instant of the epoch as people here read it; the bare number where the calendar does not reach."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def distance(seconds: float) -> str:
    """How far ahead or back something is, in the largest two units that matter: "in 59m", "in 3d23h", "12s ago"."""
    if not abs(seconds) < 1e12:  # thirty thousand years, or not a number
        return "?"
    length = _length(int(abs(seconds)))
    return f"in {length}" if seconds > 0 else f"{length} ago"


def _length(seconds: int) -> str:
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if not minutes:
        return f"{seconds}s"
    if not hours:
        return f"{minutes}m"
    if not days:
        return f"{hours}h{minutes % 60:02}m"
    return f"{days}d{hours % 24:02}h"


# --- What is heard: bytes in, lines out, no socket -------------------------------------------------------------------

IAC, SB = 255, 250
NEGOTIATION = {WILL := 251, WONT := 252, DO := 253, DONT := 254}
TIMING_MARK = 6
NO_TIMING_MARK = bytes([IAC, WONT, TIMING_MARK])


class TelnetFilter:
    """Takes the commands of telnet out of a stream that may be cut anywhere. RFC 854; subnegotiation RFC 855.

    state         after          comes         then
    text          anything       IAC           command
    command       IAC            IAC           text, and one byte 255 is kept
    command       IAC            WILL .. DONT  its option, then text
    command       IAC            SB            subnegotiation
    command       IAC            other         text
    subnegotiation               IAC           its command
    its command   IAC            IAC           subnegotiation
    its command   IAC            other         text: it is SE, or a peer that has lost the thread
    """

    def __init__(self) -> None:
        self._next: Callable[[int], bool] = self._text
        self._verb = 0
        self.timing_marks = 0
        """How many a peer asked for and nobody has answered yet."""

    def strip(self, data: bytes) -> bytes:
        """What is left of `data` without telnet's own bytes."""
        if IAC not in data and self._next == self._text:
            return data
        return bytes(byte for byte in data if self._next(byte))

    def _text(self, byte: int) -> bool:
        if byte == IAC:
            self._next = self._command
        return byte != IAC

    def _command(self, byte: int) -> bool:
        self._verb = byte
        if byte in NEGOTIATION:
            self._next = self._option
        else:
            self._next = self._subnegotiation if byte == SB else self._text
        return byte == IAC

    def _option(self, byte: int) -> bool:
        self._next = self._text
        self.timing_marks += (self._verb, byte) == (DO, TIMING_MARK)
        return False

    def _subnegotiation(self, byte: int) -> bool:
        if byte == IAC:
            self._next = self._subnegotiation_command
        return False

    def _subnegotiation_command(self, byte: int) -> bool:
        self._next = self._subnegotiation if byte == IAC else self._text
        return False


class LineTooLong(Exception):
    """A line beyond LONGEST_LINE. Raised once for it; the rest of it counts as an empty line."""


class LineNeverEnds(Exception):
    """More than LONGEST_REFUSED_LINE without a newline."""


END_OF_TRANSMISSION = b"\x04"


class LineBuffer:
    """Lines from pieces of a stream. They end in newline, carriage return and newline, or carriage return and NUL."""

    _END = re.compile(rb"\r?\n|\r\0")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._refusing = False
        self._refused = 0

    def feed(self, data: bytes) -> None:
        """Add what came."""
        self._pending += data

    def next_line(self) -> bytes | None:
        """The next line without its end, None if more input is needed. Raises LineTooLong, LineNeverEnds.

        A ^D that stands alone is a line by itself: where each key is sent as it is pressed, no newline comes with it.
        """
        end = self._END.search(self._pending)
        if self._refusing:
            return self._skip(end)
        if len(self._pending) > LONGEST_LINE + 1 if end is None else end.start() > LONGEST_LINE:
            self._refusing, self._refused = True, 0
            raise LineTooLong
        if end is None:
            return self._take(1, 1) if self._pending == END_OF_TRANSMISSION else None
        return self._take(end.start(), end.end())

    def _take(self, length: int, used: int) -> bytes:
        line = bytes(self._pending[:length])
        del self._pending[:used]
        return line

    def _skip(self, end: re.Match[bytes] | None) -> bytes | None:
        """Drop what belongs to a refused line; the empty line once its end has come."""
        if end is not None:
            self._refusing = False
            return self._take(0, end.end())
        # A carriage return may be the first half of the end.
        self._refused += len(self._pending)
        del self._pending[: len(self._pending) - self._pending.endswith(b"\r")]
        if self._refused > LONGEST_REFUSED_LINE:
            raise LineNeverEnds
        return None


# --- The session -----------------------------------------------------------------------------------------------------


class SessionOver(Exception):
    """Ends a session. `farewell` is what the peer is told, nothing where it does not listen any more."""

    def __init__(self, reason: str, farewell: str = "") -> None:
        super().__init__(reason)
        self.farewell = farewell


class ThreadedTCPRequestHandler(socketserver.BaseRequestHandler):
    """One session. Each command is one method `do_NAME`; the first line of its docstring is its help."""

    server: "ThreadedTCPServer"
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
            self._obey(line.strip())
            self._send(PROMPT)

    def _obey(self, line: bytes) -> None:
        """Run the command that a line asks for. Its failure is told, logged, and not the end of the session."""
        if not line:
            return
        if line == END_OF_TRANSMISSION:
            raise SessionOver("end of transmission")
        command = self.commands().get(line.lower().decode("utf-8", "replace"))
        if command is None:
            self._say(f"unknown command: {escape(line)}")
            self._say("type help for the list of commands")
            return
        try:
            command(self)
        except SessionOver:
            raise
        except Exception as error:
            LOG.exception("the command %s failed", command.__name__.removeprefix("do_"))
            self._say(f"error: {escape(str(error) or type(error).__name__)}")

    # --- commands, in the order in which help lists them

    def do_hosts(self) -> None:
        """list the hosts: address, hardware address, name, expiry and state"""
        self._say("Active Hosts:")
        now = self.server.clock()
        rows = iter(self.server.hosts())
        first = next(rows, None)
        if first is None:
            self._say("none")
            return
        self._say(TITLES)
        number = self._stream(host_line(row, now) for row in chain([first], rows))
        self._say("1 host" if number == 1 else f"{number} hosts")

    def do_events(self) -> None:
        """show what happened in the last 24 hours, newest last"""
        self._say("Events last 24h:")
        since = self.server.clock() - DAY
        recent = ((when, text) for when, text in self.server.events() if when >= since)
        if not self._stream(f"{local_time(when)} {escape(text, LONGEST_EVENT)}" for when, text in recent):
            self._say("none")

    def do_configuration(self) -> None:
        """show the configuration in use"""
        self._say("Current configuration")
        values = self.server.configuration()
        self._stream(f"{escape(name)}: {escape(value, LONGEST_VALUE)}" for name, value in values)

    def do_help(self) -> None:
        """show this list"""
        self._stream(
            f"{name}\t{(command.__doc__ or '').partition(chr(10))[0]}" for name, command in self.commands().items()
        )

    def do_quit(self) -> None:
        """end the session"""
        raise SessionOver("quit", "bye")

    @classmethod
    def commands(cls) -> dict[str, Callable[[Any], None]]:
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


def _portions(lines: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(lines)
    while portion := list(islice(remaining, LINES_AT_ONCE)):
        yield portion


# --- The server ------------------------------------------------------------------------------------------------------


class ThreadedTCPServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts sessions and gives each a thread, up to `maximum_connections`.

    setHosts, setEvents and setConfiguration take callables that return iterables; they are called in the thread of a
    session, once for each command, and may take as long as they like. Events come oldest first.
    """

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[ThreadedTCPRequestHandler] = ThreadedTCPRequestHandler,
        *,
        maximum_connections: int = 32,
        idle_timeout: float = 300.0,
        send_timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.maximum_connections = maximum_connections
        self.idle_timeout = idle_timeout
        self.send_timeout = send_timeout
        self.clock = clock
        self.hosts: Hosts = tuple
        self.events: Events = tuple
        self.configuration: Configuration = tuple
        self._sessions: set[socket.socket] = set()
        self._sessions_lock = threading.Lock()
        self._numbers = count(1)
        self._started = False
        self._complained = float("-inf")
        super().__init__(address, handler)

    def setHosts(self, hosts: Hosts) -> None:  # the names that users of the older server know
        """`hosts()` returns an iterable of HostRow."""
        self.hosts = hosts

    def setEvents(self, events: Events) -> None:
        """`events()` returns an iterable of (seconds of the epoch, text), oldest first."""
        self.events = events

    def setConfiguration(self, configuration: Configuration) -> None:
        """`configuration()` returns an iterable of (name, text of the value)."""
        self.configuration = configuration

    def serve_in_thread(self, poll_interval: float = 0.5) -> threading.Thread:
        """Serve in a thread of its own until `shutdown`."""
        self._started = True  # before the thread runs, so that a shutdown right after this call waits for it
        thread = threading.Thread(target=self.serve_forever, args=(poll_interval,), name="prompt", daemon=True)
        thread.start()
        return thread

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Accept sessions until `shutdown`."""
        self._started = True
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Stop accepting. Where serving never began it returns at once; the standard library would wait for ever."""
        if self._started:
            super().shutdown()

    def server_close(self) -> None:
        """Close the listening socket, and end the sessions."""
        super().server_close()
        with self._sessions_lock:
            for session in self._sessions:
                with suppress(OSError):
                    session.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; where descriptors or memory are short, wait a little before the next attempt."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._complain(f"cannot accept a connection: {error}")
                time.sleep(PAUSE_EXHAUSTED)
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one session more; if not, the peer is told, provided that this does not block."""
        with self._sessions_lock:
            if len(self._sessions) < self.maximum_connections:
                self._sessions.add(request)
                return True
        self._complain(f"refused {client_address}: {self.maximum_connections} sessions are open")
        with suppress(OSError):
            request.send(b"too many connections\r\n", socket.MSG_DONTWAIT)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a session its thread."""
        name = f"prompt-{next(self._numbers)}"
        work, args = self.process_request_thread, (request, client_address)
        threading.Thread(target=work, args=args, name=name, daemon=self.daemon_threads).start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and free its place, however the session came to its end."""
        # Out of the set before its descriptor is closed, lest server_close meet that number in other use.
        with self._sessions_lock:
            self._sessions.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (named by the base class)
        """One line for a session that could not start, or broke; never a traceback, which a flood could multiply."""
        self._complain(f"the session of {client_address} failed: {sys.exception()!r}")

    def _complain(self, text: str) -> None:
        """Warn, but not more than once in COMPLAIN_EVERY seconds, whatever strangers do."""
        now = time.monotonic()
        seldom = now - self._complained >= COMPLAIN_EVERY
        if seldom:
            self._complained = now
        LOG.log(logging.WARNING if seldom else logging.DEBUG, "%s", text)
