"""`Caution`: the time after leases were lost, in which a client that is not known may have one; and the marker beside the lease
database, which tells that there were leases, so that their loss is noticed.

Owns the marker, a small file that outlives the database, and what holds until the longest lease that may be lost has ended:
what is offered is probed, and who asks for an address that nobody has gets it. `lost` are addresses that strangers do not get.
It ends by the ledger's time, which no step of the wall clock changes, or when an administrator says that all clients are known
again. While it is not known how the ledger's time stands, at the start, it ends by the wall clock.
"""

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydhcpd.alarms import LOST, Alarms
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_owned, write_safely

log = logging.getLogger(__name__)

NOTE = "that there were leases in the database beside this file; remove it to begin anew without them"
FOREVER = 0xFFFFFFFF  # seconds of a lease that does not end

Range = tuple[int, int]


class Caution:
    """Whether care is to be taken now, and why. `is_on` is for the path of a packet."""

    def __init__(self, database: Path, alarms: Alarms) -> None:
        """Raises InvalidValue where the marker could be another's work."""
        self.path = Path(f"{database}.known")
        self.is_on = False
        self.lost: list[Range] = []
        self._alarms = alarms
        self._clock: Callable[[], float] = time.time
        self._wall_of: Callable[[float], float] = float  # by the wall clock, a time of that clock
        self._is_placed = False  # whether that is the time of the ledger
        self._kept: dict[str, object] = {}  # what the marker says
        self._words = ""
        self._seconds = 0.0  # that it lasts, at the most
        self._until = 0.0  # when it ends by the ledger; infinite where that is not known yet
        self._ends = 0.0  # when it ends by the clock
        self._read()

    def _read(self) -> None:
        """Go on with what the marker says; one that cannot be read says that there were leases."""
        check_owned(self.path)
        if not self.path.exists():
            return
        self._kept = {"note": NOTE, "leases": True}
        with suppress(OSError, ValueError, TypeError, KeyError):
            said = json.loads(self.path.read_text())
            lost = [(int(first), int(last)) for first, last in said["lost"]]
            until = math.inf if said["until"] is None else float(said["until"])
            self._begin(str(said["words"]), float(said["seconds"]), until, lost)

    def go_by(self, clock: Callable[[], float], wall_of: Callable[[float], float]) -> None:
        """`clock` is the time of the ledger from now on, which `wall_of` tells by the wall clock."""
        self._clock, self._wall_of, self._is_placed = clock, wall_of, True
        if not self.is_on:
            return
        is_new = math.isinf(self._until)
        self._place()
        if is_new:
            self._keep_on()
        self.look()

    @property
    def had_leases(self) -> bool:
        """Whether there were leases in the database."""
        return bool(self._kept)

    @property
    def remaining(self) -> int:
        """For how many seconds it holds yet."""
        return max(int(self._ends - self._clock()), 0) if self.is_on else 0

    def note_leases(self) -> None:
        """There are leases. Costs nothing where that is known."""
        if not self._kept:
            self._keep({"note": NOTE, "leases": True})

    def begin(self, words: str, seconds: float, lost: Sequence[Range] = ()) -> None:
        """Leases were lost, the longest of which ends in so many seconds."""
        self._begin(words, seconds, math.inf, [*self.lost, *lost])
        self._tell()
        self._keep_on()

    def _begin(self, words: str, seconds: float, until: float, lost: list[Range]) -> None:
        self.is_on, self.lost = True, lost
        self._words, self._seconds, self._until = words, seconds, until
        self._place()

    def _place(self) -> None:
        """Say when it ends: not later than it would if it began now, for the clock may be another one than that which said."""
        self._ends = min(self._until, self._clock() + self._seconds)
        if self._is_placed:
            self._until = self._ends

    def _keep_on(self) -> None:
        """Let the marker say that it is on, and until when by the ledger, where that is known."""
        until = self._until if self._is_placed else None
        self._keep({"note": NOTE, "leases": True, "words": self._words, "seconds": self._seconds, "until": until,
                    "lost": self.lost})

    def _tell(self) -> None:
        """Raise the alarm; where it says another time than before, for the wall clock was set, it is told again."""
        until = ""
        if self._seconds < FOREVER:
            until = time.strftime(" until %Y-%m-%d %H:%M:%S", time.localtime(round(self._wall_of(self._ends))))
        self._alarms.begin(LOST, f"{self._words}; addresses are probed before they are offered, and clients that are not "
                                  f"known keep what they have{until}, or until an administrator says at the prompt: alarms "
                                  "settle")

    def look(self) -> None:
        """End it where its time is over."""
        if self.is_on and self._clock() >= self._ends:
            self.settle("the longest lease that was lost has ended")
        elif self.is_on:
            self._tell()

    def settle(self, words: str = "an administrator says that all clients are known") -> None:
        """It is over."""
        self.is_on, self.lost = False, []
        self._alarms.end(LOST, f"{words}: no more care is taken for lost leases")
        self._kept = {}  # until leases are noted again, for there may be none
        with suppress(OSError):
            self.path.unlink()

    def _keep(self, said: dict[str, object]) -> None:
        """Write the marker; where that cannot be, the next occasion comes."""
        try:
            write_safely(self.path, json.dumps(said, indent=1) + "\n")
            self._kept = said
        except (OSError, InvalidValue) as error:
            log.debug("%s cannot be written: %s", self.path, error)
