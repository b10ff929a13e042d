"""`Yielding`: which offers give way to other clients when a pool is full of them: the oldest, of those made to strangers.

Whoever invents hardware addresses can have a pool held for them with a few hundred messages. Owns an order of offers by place,
made when a pool is full for the first time and kept from then on, as long as it is small; while no pool is full there is none,
and no offer pays for it. Does not know who is a stranger: what it gives is to be looked at.
"""

from collections import deque
from collections.abc import Iterable

Place = tuple[int, int]


class Yielding:
    """Clients with the address that they were offered and until when, a queue for each place."""

    __slots__ = ("_count", "_most", "_queues", "is_kept")

    def __init__(self, most: int) -> None:
        """`most` entries are kept, some of which may be out of date."""
        self._most = most
        self._queues: dict[Place, deque[tuple[bytes, int, int]]] = {}
        self._count = 0
        self.is_kept = False

    def begin(self, offers: Iterable[tuple[Place, bytes, int, int]]) -> None:
        """Keep the order from now on; these are the offers that there are, oldest first."""
        self.is_kept = True
        for place, client, address, deadline in offers:
            self.note(place, client, address, deadline)

    def note(self, place: Place, client: bytes, address: int, deadline: int) -> None:
        """An offer was made, or made again."""
        if self._count >= self._most:
            self.forget()
            return
        self._queues.setdefault(place, deque()).append((client, address, deadline))
        self._count += 1

    def oldest(self, place: Place) -> tuple[bytes, int, int] | None:
        """Take out the oldest offer of a place: client, address, deadline. It may have gone, or have been made again since."""
        queue = self._queues.get(place)
        if not queue:
            return None
        self._count -= 1
        return queue.popleft()

    def forget(self) -> None:
        """Keep no order, until it is asked for again."""
        self._queues.clear()
        self._count, self.is_kept = 0, False
