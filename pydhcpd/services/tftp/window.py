"""`Window`: which blocks are on their way to a client, which it has, and which are sent next. Knows no bytes, and no time.

Blocks are counted without end, from 1; on the wire there are 16 bits of the number, which begin again at 0. Block 0 is what
was agreed on (OACK), where anything was. RFC 7440 section 4: whatever block of a window is acknowledged, the next window
begins after it; where it was not the last, what came after it has been lost, or came in another order. A single block is not
sent again because its acknowledgement came twice (RFC 1123 section 4.2.3.1); with windows this tells that the first of them
was lost.
"""

NUMBERS = 1 << 16

NOTHING, NEXT, AGAIN = "nothing", "next", "again"
"""What is to be done after an acknowledgement: send the next window, or again from the first block that is not acknowledged."""


class Window:
    """`first` is the first block that is not acknowledged, `after` the one after the last that was sent."""

    __slots__ = ("after", "first", "size")

    def __init__(self, size: int, first: int) -> None:
        self.size, self.first, self.after = size, first, first

    def acknowledge(self, number: int) -> str:
        """Take an acknowledgement off the wire."""
        block = self.first - 1 + ((number - self.first + 1) & (NUMBERS - 1))
        if block >= self.after:
            return NOTHING  # of a block that was never sent
        if block < self.first:
            return AGAIN if self.size > 1 and self.first > 0 else NOTHING
        self.first = block + 1
        return NEXT if self.first == self.after else AGAIN

    def sent(self, count: int) -> None:
        """So many blocks, from the first that is not acknowledged, are on their way."""
        self.after = self.first + count
