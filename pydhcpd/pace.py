"""`Pace`: how much comes, and how long it takes: rates of the last minute, delays as percentiles. Kept by batch, not by packet.

Times come in as arguments, in seconds of a clock that does not go back. Memory is bounded, and no lock is needed: who reads may
be a batch behind.
"""

from collections import deque
from collections.abc import Iterator
from math import frexp, inf

MINUTE = 60.0  # seconds
STEPS = 8  # buckets to a doubling: a percentile is right to a ninth
SMALLEST = 1e-6  # seconds
BUCKETS = 40 * STEPS  # up to years
BOUNDS = range(5 * STEPS, 23 * STEPS + 1, STEPS // 2)  # of a coarser division, for who keeps many of them: 32 us to 8.4 s
SHARES = (50, 99, 100)  # percentiles that are told; the last is the longest


class Delays:
    """How often something took how long, in buckets that grow with the time."""

    __slots__ = ("_buckets", "count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.seconds = 0.0  # all together
        self._buckets = [0] * BUCKETS

    def add(self, seconds: float, times: int = 1) -> None:
        """So many took so long."""
        seconds = max(seconds, SMALLEST)
        self.seconds += seconds * times
        part, exponent = frexp(seconds / SMALLEST)  # part * 2 ** exponent, 0.5 <= part < 1
        self._buckets[min((exponent - 1) * STEPS + int((part - 0.5) * 2 * STEPS), BUCKETS - 1)] += times
        self.count += times

    def percentile(self, share: float) -> float:
        """A time in seconds within which this share, in per cent, of all was done; 0 where nothing was."""
        wanted, seen = self.count * share / 100, 0
        for place, count in enumerate(self._buckets):
            seen += count
            if count and seen >= wanted:
                return _time_at(place + 1)
        return 0.0

    def cumulative(self) -> list[tuple[float, int]]:
        """How many took no longer than each of some times in seconds, the last of which is infinity."""
        buckets = self._buckets.copy()
        return [*((round(_time_at(place), 6), sum(buckets[:place])) for place in BOUNDS), (inf, sum(buckets))]


def _time_at(place: int) -> float:
    """Where a bucket begins, in seconds."""
    doublings, step = divmod(place, STEPS)
    return SMALLEST * 2.0 ** doublings * (1 + step / STEPS)


class Pace:
    """Of a server: `answers` from when a message was read until its answer was sent, `commits` of leases to the disk."""

    def __init__(self) -> None:
        self.answers, self.commits = Delays(), Delays()
        self.failed = 0  # commits that failed
        self._samples: deque[tuple[float, tuple[int, ...]]] = deque()

    def sample(self, now: float, *counts: int) -> None:
        """Note how much there was in all by now: messages received and sent, commits. To be called every second or so."""
        self._samples.append((now, counts))
        while len(self._samples) > 2 and self._samples[1][0] <= now - MINUTE:
            self._samples.popleft()

    def rates(self) -> tuple[float, ...]:
        """Of the same, how many a second in the last minute, or since the start; empty where it is too early to say."""
        if len(self._samples) < 2:
            return ()
        (began, before), (ended, after) = self._samples[0], self._samples[-1]
        return tuple((later - earlier) / max(ended - began, SMALLEST) for earlier, later in zip(before, after, strict=True))

    def words(self) -> Iterator[tuple[str, float]]:
        """All of it, in words and numbers."""
        for what, rate in zip(("messages received", "messages sent", "commits"), self.rates(), strict=False):
            yield f"{what} a second, in the last minute", round(rate, 1)
        for what, delays in (("answers, from the message read to the answer sent", self.answers),
                             ("commits of leases to the disk", self.commits)):
            for share in SHARES if delays.count else ():
                words = "the longest" if share == 100 else f"{share} % within"
                yield f"milliseconds: {what}, {words}", round(delays.percentile(share) * 1000, 3)
