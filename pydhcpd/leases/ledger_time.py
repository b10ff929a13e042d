"""`LedgerTime`: the time that leases, offers and events go by, which no step of the wall clock changes.

It is CLOCK_BOOTTIME, which counts suspend and is never set, plus an offset. All times in the ledger are of it; what shows one
to people adds `wall_less_ledger`. Where the wall clock is set, this number alone changes, and leases keep what remained.
The store keeps it, so that a start can go on:

    the same boot of the machine         exactly, by CLOCK_BOOTTIME, whatever was done to the wall clock meanwhile
    another one, or another machine      by the wall clock, for nothing else tells how long the machine was off
    ... and that cannot be right         from where it was: behind what was written last (a board that begins in 1970), or a
                                         year ahead of it

Never from before a lease was used last. Knows no store: what one is to keep is a `TimeNote`. Its clocks come in as arguments.
"""

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pydhcpd.durations import duration
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.interface import LoadingStore, Row, TimeNote

log = logging.getLogger(__name__)

QUIET = 2.0  # seconds; a smaller difference is no step: a leap second, a host that sets its guests right
SLEW = 0.05  # seconds in which the ledger follows it, for each second that passes
LOOK_EVERY = 1.0  # seconds
HELD_UP = 0.2  # seconds between looks at two clocks, after which they tell nothing of each other
BELIEVED = 365 * 86400  # seconds that a machine may have been off by the wall clock alone
LONG_OFF = 3600  # seconds after which that it was off is told
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

Clock = Callable[[], float]
since_boot: Clock = partial(time.clock_gettime, time.CLOCK_BOOTTIME)


def this_boot() -> str:
    """What tells this boot of this machine from all others; empty where that cannot be learnt."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


class LedgerTime:
    """`now` is the time of the ledger. Until `begin` it is that of the wall clock."""

    __slots__ = ("_boot", "_latest", "_looked", "_offset", "_this_boot", "_wall_at_most", "wall", "wall_less_ledger")

    def __init__(self, wall: Clock = time.time, boot: Clock = since_boot, boot_id: str | None = None) -> None:
        """`boot` is a clock that is never set, and `boot_id` tells since when it counts; empty: nobody knows."""
        self.wall, self._boot = wall, boot
        self._this_boot = this_boot() if boot_id is None else boot_id
        self._looked = boot()
        self._offset = wall() - self._looked
        self._latest = 0.0  # that `now` has told
        self._wall_at_most = (wall(), 0.0)  # the latest that the wall clock has said, and what it was less the ledger then
        self.wall_less_ledger = 0.0

    def now(self) -> float:
        """Seconds by the ledger, which never go back."""
        now = self._boot() + self._offset
        if now < self._latest:
            return self._latest
        self._latest = now
        return now

    def wall_of(self, seconds: float) -> float:
        """A time of the ledger by the wall clock, in seconds of the epoch: for people."""
        return seconds if seconds == NEVER else seconds + self.wall_less_ledger

    def of_wall(self, seconds: float) -> float:
        """A time of the wall clock by the ledger."""
        return seconds if seconds == NEVER else seconds - self.wall_less_ledger

    def row_of_wall(self, row: Row) -> Row:
        """A row from elsewhere, whose times are the wall clock's. That it was used later than now cannot be."""
        less = round(self.wall_less_ledger)
        used, ends = max(row.last_used - less, 0), row.ends
        late = max(used - int(self.now()), 0)
        if not less and not late:  # as in a new database
            return row
        return row._replace(last_used=used - late, ends=ends if ends == NEVER else max(ends - less, 0) - late)

    # --- the start

    def begin(self, note: TimeNote | None, newest: int) -> None:
        """Go on from what is kept, None where nothing is, and not from before `newest`, when a lease was used last."""
        wall, boot = self.wall(), self._boot()
        known = note or TimeNote(ledger=wall)
        ledger = self._continued(known, float(max(newest, known.ledger)), wall, boot)
        self._offset, self._looked, self._latest = ledger - boot, boot, ledger
        before = (known.wall_less_ledger, known.latest_less_ledger)
        self.wall_less_ledger = next((one for one in before if abs(wall - ledger - one) <= QUIET), wall - ledger)
        self._wall_at_most = known.latest_wall, known.latest_less_ledger
        if self.wall_less_ledger not in before:
            _tell_step(self.wall_less_ledger - known.wall_less_ledger, " since the lease database was written last")
        elif note and ledger - known.ledger >= LONG_OFF:
            log.info("by the wall clock %s have passed since the lease database was written last; leases that had less left "
                     "have ended", duration(int(ledger - known.ledger)))

    def _continued(self, known: TimeNote, least: float, wall: float, boot: float) -> float:
        """The time of the ledger at a start."""
        if known.boot and known.boot == self._this_boot:
            return max(boot + known.ledger_less_boot, least)
        # The wall clock may have been wrong when it was noted, and right again now: of two answers the one that ends less.
        by_wall = (wall - one for one in (known.wall_less_ledger, known.latest_less_ledger))
        return min((one for one in by_wall if least <= one <= least + BELIEVED), default=least)

    # --- while it runs

    def look(self) -> bool:
        """Follow the wall clock; whether it was set since the last look. To be called every second or so."""
        boot, wall = self._boot(), self.wall()
        passed = boot - self._looked
        if passed < LOOK_EVERY or self._boot() - boot > HELD_UP:
            return False
        self._looked = boot
        ahead = wall - boot - self._offset - self.wall_less_ledger
        if abs(ahead) > QUIET:
            self.wall_less_ledger += ahead
            _tell_step(ahead)
            return True
        most = passed * SLEW
        self._offset += max(-most, min(ahead, most))
        return False

    def note(self) -> TimeNote:
        """What the store is to keep."""
        wall = self.wall()
        if wall >= self._wall_at_most[0]:
            self._wall_at_most = wall, self.wall_less_ledger
        return TimeNote(self.wall_less_ledger, self.now(), self._this_boot, self._offset, *self._wall_at_most)


def begun(store: LoadingStore) -> LedgerTime:
    """The time of a ledger that is opened."""
    made = LedgerTime()
    made.begin(store.time_note(), store.newest_use())
    return made


def _tell_step(seconds: float, since: str = "") -> None:
    log.warning("the wall clock was set %s by %s (%.0f s)%s; leases keep the time that remained of them",
                "forward" if seconds > 0 else "back", duration(round(abs(seconds))), abs(seconds), since)
