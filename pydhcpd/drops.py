"""`Drops`: what gets no answer, and why: counted by reason and place, and told once a minute for each of both.

A place is the interface that a message came in on, or the relay agent that passed it on. Does not know what the reasons mean.
"""

import logging
import socket
from collections import Counter
from collections.abc import Iterator

from pydhcpd.addresses import address_text
from pydhcpd.errors import Unserved
from pydhcpd.sparing import Sparing

log = logging.getLogger(__name__)

MOST_PLACES = 1000  # counted apart; giaddr is what a stranger writes into a packet
MOST_TOLD = 50  # reasons and places that are told in a minute; the others are told together
ELSEWHERE = (0, 0)

Place = tuple[int, int]
"""Index of an interface, and giaddr (host byte order, 0 for none)."""


class Drops:
    """Counts by reason and place."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, Place]] = Counter()
        self._sparing = Sparing(most=MOST_TOLD)

    def by_reason(self) -> Counter[str]:
        """How often each reason held, wherever."""
        found: Counter[str] = Counter()
        for (reason, _), count in self.counts.copy().items():
            found[reason] += count
        return found

    def add(self, why: Exception, place: Place, now: float) -> bool:
        """Count a message that gets no answer; whether to tell it, for it was not told a minute ago. `now` is in seconds of a
        clock that does not go back."""
        reason = str(why)
        if len(self.counts) >= MOST_PLACES and (reason, place) not in self.counts:
            place = ELSEWHERE
        self.counts[reason, place] += 1
        return self._sparing.may_say((reason, place, isinstance(why, Unserved)), now)

    def tell(self, why: Exception, place: Place, what: str) -> None:
        """Tell it: what an administrator should do something about as a warning. `what` is the message in words."""
        remedy = f"; {why.remedy}" if isinstance(why, Unserved) and why.remedy else ""
        log.log(_level(isinstance(why, Unserved)), "no answer %s: %s (%s)%s", place_words(place), why, what, remedy)

    def tell_rest(self, now: float) -> None:
        """How often there was reason to tell again, and it was not."""
        for key, count in self._sparing.unsaid(now):
            reason, place, is_trouble = key if isinstance(key, tuple) else ("other reasons", ELSEWHERE, False)
            log.log(_level(is_trouble), "no answer %s: %s (%d more in the last minute)", place_words(place), reason, count)

    def words(self) -> Iterator[tuple[str, int]]:
        """Each reason with its place, and how often it held; the most frequent first."""
        for (reason, place), count in self.counts.copy().most_common():
            yield f"{place_words(place)}: {reason}", count


def _level(is_trouble: bool) -> int:
    return logging.WARNING if is_trouble else logging.INFO


def place_words(place: Place) -> str:
    """Where a message came from: the relay agent, else the interface."""
    if place == ELSEWHERE:
        return "elsewhere"
    interface, giaddr = place
    if giaddr:
        return f"through relay agent {address_text(giaddr)}"
    try:
        return f"on {socket.if_indextoname(interface)}"
    except OSError:
        return f"on interface {interface}, which is gone"
