"""Offers that wait for their clients: who was offered which address, and until when. Bounded; oldest first out."""

from collections import OrderedDict
from collections.abc import Iterator


class Offers:
    """At most `limit` offers, one a client. An offer is one integer, so that the garbage collector has nothing to walk.

    An ordered dictionary, because it gives up its oldest entry in constant time, which a plain one does not.
    """

    __slots__ = ("_offers", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._offers: OrderedDict[bytes, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._offers)

    def clear(self) -> None:
        """Forget every offer."""
        self._offers.clear()

    def address(self, client: bytes) -> int:
        """The address offered to the client (host byte order), or 0."""
        return self._offers.get(client, 0) >> 32

    def put(self, client: bytes, address: int, deadline: int) -> int:
        """Note an offer that ends at `deadline` (seconds of the epoch); returns the address of an earlier one, or 0."""
        before = self._offers.pop(client, 0) >> 32
        self._offers[client] = address << 32 | min(deadline, 0xFFFFFFFF)
        return before

    def withdraw(self, client: bytes) -> int:
        """Forget the client's offer; returns its address, or 0."""
        return self._offers.pop(client, 0) >> 32

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Each client with the address that it was offered, oldest first."""
        return ((client, offer >> 32) for client, offer in self._offers.items())

    def withdraw_address(self, address: int) -> None:
        """Forget the offer of an address, whoever has it. Looked for from the youngest on: a probe made it a moment ago."""
        for client, offer in reversed(self._offers.items()):
            if offer >> 32 == address:
                del self._offers[client]
                return

    def overdue(self, now: int) -> Iterator[int]:
        """Withdraw, oldest first, what has ended or is over the limit; yields the addresses."""
        offers = self._offers
        while offers:
            client, offer = next(iter(offers.items()))
            if offer & 0xFFFFFFFF > now and len(offers) <= self.limit:
                return
            del offers[client]
            yield offer >> 32
