"""`Governor`: files wait where DHCP is busy. It sees what share of a processor the daemon uses, and leaves it alone by as much.

Priorities are not enough: on two processors both run at once, and then share caches and memory, and those who load files
take the processor that packets of DHCP arrive on. Nor may anybody change them in the sandbox of the unit. The event loop is
kept from going on for some milliseconds, so that all that the child serves waits alike. It looks when there is something to do,
and never else.
"""

import selectors
import time
from collections.abc import Callable

PERIOD = 0.005  # seconds of work between looks
FREE = 0.05  # share of a processor that DHCP may use before anything waits
WEIGHT = 4.0  # how much of the rest is left alone for each part that DHCP uses
LEAST = 0.05  # share of a processor that files always have
SHORTEST, LONGEST = 0.0005, 0.1  # seconds of one pause; whoever is sent a file asks again after a longer one
MEMORY = 0.2  # weight of the last look in what is taken for DHCP's share


def allowed(busy: float, least: float = LEAST) -> float:
    """The share of a processor that files may have while DHCP uses such a share."""
    return min(max(1.0 - WEIGHT * (busy - FREE), least), 1.0)


def cpu_clock(process: int) -> int:
    """The clock of a process's processor time, for clock_gettime(2), as clock_getcpuclockid(3) makes it."""
    return ~process << 3 | 2


class Governor:
    """`look` is called often. The clocks are monotonic time, our processor time, and that of DHCP. `least` is the share of a
    processor that we always have, `longest` the seconds of a pause."""

    def __init__(self, clock: Callable[[], float], ours: Callable[[], float], theirs: Callable[[], float],
                 sleep: Callable[[float], None] = time.sleep, *, least: float = LEAST, longest: float = LONGEST) -> None:
        self._clock, self._ours, self._theirs, self._sleep = clock, ours, theirs, sleep
        self._least, self._longest = least, longest
        self._busy = 0.0
        self._looked_at, self._theirs_then = clock(), theirs()
        self._awake_since, self._ours_then = self._looked_at, ours()

    def look(self) -> None:
        """Wait, where we have had more than our share."""
        now = self._clock()
        if now - self._awake_since < PERIOD:
            return
        theirs, used, awake = self._theirs(), self._ours() - self._ours_then, now - self._awake_since
        weight = min(MEMORY * max((now - self._looked_at) / PERIOD, 1.0), 1.0)
        self._busy += weight * ((theirs - self._theirs_then) / (now - self._looked_at) - self._busy)
        self._looked_at, self._theirs_then = now, theirs
        pause = min(used / allowed(self._busy, self._least) - awake, self._longest)
        if pause > SHORTEST:
            self._sleep(pause)
        self._awake_since, self._ours_then = self._clock(), self._ours()


class GovernedSelector(selectors.DefaultSelector):
    """What the event loop waits by; it asks the governor each time."""

    governor: Governor | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """As that of others."""
        if self.governor is not None:
            self.governor.look()
        return super().select(timeout)


def governed_by(process: int, *, least: float = LEAST, longest: float = LONGEST) -> GovernedSelector:
    """A selector for those who give way to a process; the rest as for `Governor`."""
    made = GovernedSelector()
    clock = cpu_clock(process)
    made.governor = Governor(time.monotonic, time.process_time, lambda: _shown_by(clock), least=least, longest=longest)
    return made


def _shown_by(clock: int) -> float:
    """The time of such a clock; none where its process has ended, as we are about to."""
    try:
        return time.clock_gettime(clock)
    except OSError:
        return 0.0
