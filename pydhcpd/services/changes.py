"""`Changes`: the addresses whose leases may have changed, by the events; those first that look as if they had.

Bounded: what a lease looked like is remembered of the latest addresses, and where too many wait, `is_behind` tells that all
leases are to be gone through.
"""

from collections.abc import Iterable
from itertools import islice

from pydhcpd.events import Event

LEASED = "leased"
MOST = 100_000  # addresses that wait
REMEMBERED = 65_536  # addresses of one generation


class Changes:
    """`changed` are addresses in order, `renewed` those whose lease looks as it did: only what the client wants may differ."""

    def __init__(self) -> None:
        self.changed: dict[int, None] = {}
        self.renewed: dict[int, None] = {}
        self.is_behind = True
        self._seen: list[dict[int, int]] = [{}, {}]  # what the lease of an address looked like, the newer half first

    def __len__(self) -> int:
        return len(self.changed) + len(self.renewed)

    def note(self, events: Iterable[Event]) -> None:
        """Take in what happened."""
        newer, older = self._seen
        for _, kind, address, _, name, sent_name, _, client, *_ in events:
            if address:
                look = hash((name, sent_name, client)) if kind == LEASED else 0
                same = look and look == (newer.get(address) or older.get(address))
                (self.renewed if same else self.changed)[address] = None
                newer[address] = look
        if len(newer) > REMEMBERED:
            self._seen = [{}, newer]
        if len(self.renewed) > MOST:
            self.renewed.clear()
        if len(self.changed) > MOST:
            self.changed.clear()
            self.is_behind = True


def taken(addresses: dict[int, None], most: int) -> list[int]:
    """Some of those that wait, which wait no more."""
    some = list(islice(addresses, most))
    for one in some:
        del addresses[one]
    return some
