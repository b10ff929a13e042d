"""What waits while more comes than can be answered: DISCOVERs, so that clients with an address are served first.

Without it the kernel's queue would drop what comes last, REQUESTs as well as DISCOVERs, and an exchange whose offer was
paid for would fail at its end: at twice the highest rate, a quarter of the exchanges is lost in that way.
"""

from collections import deque
from collections.abc import Iterable

from pydhcpd.wire.packet import OPTIONS

LIMIT = 1024  # DISCOVERs that may wait, some 50 ms; the oldest are dropped, whose clients are the first to ask again
TYPE_FIRST = bytes((53, 1, 1))  # how the options of a DISCOVER begin, as every client known writes them

Datagram = tuple[bytes, int, int, int, int]


class Backlog:
    """DISCOVERs that wait for their turn."""

    __slots__ = ("_waiting", "dropped")

    def __init__(self) -> None:
        self._waiting: deque[Datagram] = deque()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def sift(self, datagrams: Iterable[Datagram], urgent: list[Datagram]) -> None:
        """Keep DISCOVERs, and add everything else to `urgent`. One that begins otherwise is taken for urgent."""
        waiting = self._waiting
        for datagram in datagrams:
            if datagram[0].startswith(TYPE_FIRST, OPTIONS):
                waiting.append(datagram)
            else:
                urgent.append(datagram)
        while len(waiting) > LIMIT:
            waiting.popleft()
            self.dropped += 1

    def take(self, most: int) -> list[Datagram]:
        """The oldest ones that wait, up to `most`."""
        waiting = self._waiting
        return [waiting.popleft() for _ in range(min(most, len(waiting)))]
