"""When leases end: an index by time, in which each slot stands once, however often its lease is renewed.

A renewal does not touch it. When a slot comes due whose lease was renewed, or ends beyond the horizon, it is put in again.
The horizon bounds the buckets: without it, leases of a month would have one almost each.
"""

from array import array
from collections.abc import Sequence

from pydhcpd.leases.arrays import words

SPAN = 8  # seconds in one bucket
HORIZON = 4 * 3600  # seconds from now; what ends later is looked at then


class ExpiryIndex:
    """Slots of one network by the time at which to look at them. It starts at `now`. Times are seconds by the ledger."""

    __slots__ = ("_buckets", "_first", "_now", "_places", "looked")

    def __init__(self, size: int, now: int = 0) -> None:
        self._buckets: dict[int, array[int]] = {}
        self._places = words(size)  # the bucket in which a slot stands, 0 for none
        self._first = 0
        self._now = now
        self.looked = 0  # slots that the last `due` looked at

    def note(self, slot: int, end: int) -> None:
        """The slot's lease ends at `end`. Costs little where it is looked at before."""
        place = self._places[slot]
        if place and place * SPAN <= end:
            return
        self._put(slot, end)

    def _put(self, slot: int, end: int) -> None:
        place = self._place_of(end)
        self._places[slot] = place
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = array("I")
            self._first = place if len(self._buckets) == 1 else min(self._first, place)
        bucket.append(slot)

    def _place_of(self, end: int) -> int:
        return max(min(end, self._now + HORIZON) // SPAN, 1)

    def is_due(self, now: int) -> bool:
        """Whether there is anything to look at by `now`."""
        return bool(self._buckets) and self._first <= now // SPAN

    def is_behind(self, now: int) -> bool:
        """Whether a time that is past has not been looked at to its end."""
        return bool(self._buckets) and self._first < now // SPAN

    def due(self, now: int, most: int, ends: Sequence[int]) -> list[int]:
        """Slots whose end has come by `ends`, after looking at no more than `most`."""
        ended: list[int] = []
        self._now, allowed = now, most
        current = now // SPAN
        while self._buckets and self._first <= current and most > 0:
            if self._first not in self._buckets:
                self._first = min(self._buckets)  # the clock may have jumped, by suspend say, so not step by step
                continue
            bucket, kept = self._buckets[self._first], array("I")
            while bucket and most > 0:
                most -= 1
                self._look(bucket.pop(), now, ends, ended, kept)
            bucket.extend(kept)
            if bucket:
                break  # the present one, or no more time
            del self._buckets[self._first]
            self._first += 1
        self.looked = allowed - most
        return ended

    def _look(self, slot: int, now: int, ends: Sequence[int], ended: list[int], kept: "array[int]") -> None:
        if self._places[slot] != self._first:
            return  # it stands in an earlier bucket too
        end = ends[slot]
        if end <= now:
            self._places[slot] = 0
            ended.append(slot)
        elif self._place_of(end) == self._first:
            kept.append(slot)
        else:
            self._put(slot, end)
