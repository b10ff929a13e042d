"""What the prompt hears: bytes in, lines out, no socket.

The telnet protocol (RFC 854) is heard, not spoken: its commands are taken out of the input and left without an answer.
The one exception is TIMING-MARK (RFC 860), for which telnet programs wait, output suppressed, after the interrupt key.
"""

import re
from collections.abc import Callable

LONGEST_LINE = 1024  # bytes; the longest command has 13
LONGEST_REFUSED_LINE = 65536  # bytes; who sends more without a newline is no person at a keyboard

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
