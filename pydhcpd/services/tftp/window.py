"""`Window`: which blocks are on their way to a client, which it has, and which are sent next. Knows no bytes, and no time.

Blocks are counted without end, from 1; on the wire there are 16 bits of the number, which begin again at 0. Block 0 is what
was agreed on (OACK), where anything was. RFC 7440 section 4: whatever block of a window is acknowledged, the next window
begins after it. An acknowledgement that comes twice is never a reason to send a single block again (RFC 1123 section
4.2.3.1); with a window it tells that its first block was lost, and is believed once for each window.
"""

NUMBERS = 1 << 16


class Window:
    """`first` is the first block that is not acknowledged, `after` the one after the last that was sent."""

    __slots__ = ("after", "first", "repeated", "size")

    def __init__(self, size: int, first: int) -> None:
        self.size, self.first, self.after = size, first, first
        self.repeated = -1

    def acknowledge(self, number: int) -> bool:
        """Take an acknowledgement off the wire. Whether there is anything new to send."""
        block = self.first - 1 + ((number - self.first + 1) & (NUMBERS - 1))
        if block >= self.after:
            return False  # of a block that was never sent
        if block == self.first - 1:
            return self._again()
        self.first = self.after = block + 1
        return True

    def _again(self) -> bool:
        if self.size == 1 or self.first in (0, self.repeated):
            return False
        self.repeated = self.after = self.first
        return True

    def sent(self, count: int) -> None:
        """So many blocks, from the first that is not acknowledged, are on their way."""
        self.after = self.first + count
