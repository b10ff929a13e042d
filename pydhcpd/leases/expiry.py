"""When leases end: an index by time, in which each slot stands once, however often its lease is renewed.

A renewal does not touch it. When a slot comes due whose lease was renewed, it is put in again at its new end.
"""

from array import array
from collections.abc import Sequence

from pydhcpd.leases.arrays import words

SPAN = 8  # seconds in one bucket: 10,800 buckets for leases of a day


class ExpiryIndex:
    """Slots of one network by the time at which to look at them."""

    __slots__ = ("_buckets", "_first", "_places")

    def __init__(self, size: int) -> None:
        self._buckets: dict[int, array[int]] = {}
        self._places = words(size)  # the bucket in which a slot stands, 0 for none
        self._first = 0

    def note(self, slot: int, end: int) -> None:
        """The slot's lease ends at `end` (seconds of the epoch). Costs little where it is looked at before."""
        place = end // SPAN
        if 0 < self._places[slot] <= place:
            return
        self._places[slot] = place
        bucket = self._buckets.get(place)
        if bucket is None:
            bucket = self._buckets[place] = array("I")
            self._first = place if len(self._buckets) == 1 else min(self._first, place)
        bucket.append(slot)

    def due(self, now: int, most: int, ends: Sequence[int]) -> list[int]:
        """Slots whose end has come by `ends`, after looking at no more than `most`."""
        ended: list[int] = []
        current = now // SPAN
        while self._buckets and self._first <= current and most > 0:
            if self._first not in self._buckets:
                self._first = min(self._buckets)  # the clock may have jumped by years, so not step by step
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
        return ended

    def _look(self, slot: int, now: int, ends: Sequence[int], ended: list[int], kept: "array[int]") -> None:
        if self._places[slot] != self._first:
            return  # it stands in an earlier bucket too
        end = ends[slot]
        if end // SPAN == self._first and end > now:
            kept.append(slot)
            return
        self._places[slot] = 0
        if end > now:
            self.note(slot, end)
        else:
            ended.append(slot)
