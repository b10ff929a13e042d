"""`Record`: which fault was under way when, what went wrong, and for how long somebody heard nothing. Knows no clients."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf


def now() -> float:
    """The time by which everything here goes: that of leases, which no step of a wall clock changes."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass
class Span:
    """A fault, from its beginning to its end. One that `cuts` explains by itself that nobody is answered."""

    why: str
    begin: float
    cuts: bool
    end: float = inf


@dataclass(frozen=True)
class Silence:
    """How long a client that renews waited for its answer, less what was cut, and what was going on."""

    seconds: float
    raw: float
    during: str


class Record:
    """What happened, for the report. For all threads."""

    def __init__(self) -> None:
        self.begun = now()
        self.spans: list[Span] = []
        self.counts: Counter[str] = Counter()
        self.broken: list[str] = []
        self._waits: list[tuple[float, float]] = []
        self._lock = threading.Lock()

    @contextmanager
    def fault(self, why: str, cuts: bool = False) -> Iterator[Span]:
        """A fault is under way."""
        span = Span(why, now(), cuts)
        with self._lock:
            self.spans.append(span)
        try:
            yield span
        finally:
            span.end = now()

    def fail(self, what: str) -> None:
        """A promise was broken."""
        with self._lock:
            self.broken.append(f"after {now() - self.begun:.1f} s: {what}")

    def count(self, what: str) -> None:
        """One more of something."""
        with self._lock:
            self.counts[what] += 1

    def waited(self, begin: float, end: float) -> None:
        """A client that renews asked first at `begin`, and heard its answer at `end`."""
        if end - begin > 0.1:
            self._waits.append((begin, end))

    # --- once it is over

    def faults(self) -> Counter[str]:
        """How often each kind was."""
        return Counter(span.why for span in list(self.spans))

    def longest_silence(self) -> Silence:
        """The longest, leaving out what was cut."""
        return max((self.silence(*one) for one in list(self._waits)), key=lambda one: one.seconds, default=Silence(0, 0, ""))

    def silence(self, begin: float, end: float) -> Silence:
        """What a wait amounts to."""
        during = sorted({span.why for span in self.spans if span.begin < end and span.end > begin})
        return Silence(end - begin - self.cut_within(begin, end), end - begin, ", ".join(during) or "no fault")

    def cut_within(self, begin: float, end: float, kind: str = "") -> float:
        """Seconds of a time in which something was cut, whose name begins so."""
        cut, upto = 0.0, begin
        spans = [span for span in list(self.spans) if span.cuts and span.why.startswith(kind)]
        for span in sorted(spans, key=lambda span: span.begin):
            first, last = max(span.begin, upto), min(span.end, end)
            if last > first:
                cut, upto = cut + last - first, last
        return cut
