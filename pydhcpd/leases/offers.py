"""Offers that wait for their clients: who was offered which address, and until when. Bounded; what ends first goes first."""

from collections import OrderedDict
from collections.abc import Iterator
from heapq import heappop, heappush

NEVER = 0xFFFFFFFF  # the last second that an offer can name


class Offers:
    """At most `limit` offers, one a client. An offer is one integer, so that the garbage collector has nothing to walk.

    Networks hold their offers for times of their own, so those that end at the same second are together, and of these the
    oldest first: in an ordered dictionary, which gives it up in constant time, as a plain one does not.
    """

    __slots__ = ("_ending", "_offers", "_seconds", "are_too_many", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.are_too_many = False  # as of the last `put`
        self._offers: dict[bytes, int] = {}
        self._ending: dict[int, OrderedDict[bytes, None]] = {}  # the clients whose offers end at a second
        self._seconds: list[int] = []  # a heap of these seconds; their clients may all be gone

    def __len__(self) -> int:
        return len(self._offers)

    def clear(self) -> None:
        """Forget every offer."""
        self._offers.clear()
        self._ending.clear()
        self._seconds.clear()

    def address(self, client: bytes) -> int:
        """The address offered to the client (host byte order), or 0."""
        return self._offers.get(client, 0) >> 32

    def put(self, client: bytes, address: int, deadline: int) -> int:
        """Note an offer that ends at `deadline` (seconds by the ledger); returns the address of an earlier one, or 0."""
        before = self._offers.pop(client, 0)
        if before:
            del self._ending[before & 0xFFFFFFFF][client]
        end = deadline if deadline < NEVER else NEVER
        self._offers[client] = address << 32 | end
        clients = self._ending.get(end)
        if clients is None:
            clients = self._ending[end] = OrderedDict()
            heappush(self._seconds, end)
        clients[client] = None
        self.are_too_many = len(self._offers) > self.limit
        return before >> 32

    def deadline(self, client: bytes) -> int:
        """When the client's offer ends (seconds of the epoch), or 0."""
        return self._offers.get(client, 0) & 0xFFFFFFFF

    def withdraw(self, client: bytes) -> int:
        """Forget the client's offer; returns its address, or 0."""
        offer = self._offers.pop(client, 0)
        if offer:
            del self._ending[offer & 0xFFFFFFFF][client]
        return offer >> 32

    def items(self) -> Iterator[tuple[bytes, int]]:
        """Each client with the address that it was offered, oldest first."""
        return ((client, offer >> 32) for client, offer in self._offers.items())

    def withdraw_address(self, address: int) -> None:
        """Forget the offer of an address, whoever has it. Looked for from the youngest on: a probe made it a moment ago."""
        for client, offer in reversed(self._offers.items()):
            if offer >> 32 == address:
                self.withdraw(client)
                return

    def overdue(self, now: int) -> Iterator[int]:
        """Withdraw what has ended or is over the limit, what ends first first; yields the addresses."""
        seconds = self._seconds
        while seconds and (seconds[0] <= now or len(self._offers) > self.limit):
            clients = self._ending[seconds[0]]
            if clients:
                yield self._offers.pop(clients.popitem(last=False)[0]) >> 32
            else:
                del self._ending[heappop(seconds)]
