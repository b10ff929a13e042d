"""`Caution`: the time after leases were lost, in which a client that is not known may have one; and the marker beside the lease
database, which tells that there were leases, so that their loss is noticed.

Owns the marker, a small file that outlives the database, and what holds until the longest lease that may be lost has ended:
what is offered is probed, and who asks for an address that nobody has gets it. `lost` are addresses that strangers do not get.
It ends by time, or when an administrator says that all clients are known again.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from pydhcpd.alarms import Alarms
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_owned, write_safely

log = logging.getLogger(__name__)

ALARM = "lost leases"
NOTE = "that there were leases in the database beside this file; remove it to begin anew without them"
FOREVER = 0xFFFFFFFF  # seconds of a lease that does not end

Range = tuple[int, int]


class Caution:
    """Whether care is to be taken now, and why. `is_on` is for the path of a packet."""

    def __init__(self, database: Path, alarms: Alarms, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises InvalidValue where the marker could be another's work."""
        self.path = Path(f"{database}.known")
        self.is_on = False
        self.lost: list[Range] = []
        self._alarms = alarms
        self._clock = clock
        self._kept: dict[str, object] = {}  # what the marker says
        self._ends = 0.0
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
            remaining = min(float(said["until"]) - time.time(), float(said["seconds"]))  # the clock may stand at 1970
            self._begin(str(said["words"]), remaining, lost)

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
        self._begin(words, seconds, [*self.lost, *lost])
        self._keep({"note": NOTE, "leases": True, "words": words, "seconds": seconds,
                    "until": time.time() + seconds, "lost": self.lost})

    def _begin(self, words: str, seconds: float, lost: list[Range]) -> None:
        if seconds <= 0:
            return
        self.is_on, self.lost, self._ends = True, lost, self._clock() + seconds
        until = "" if seconds >= FOREVER else time.strftime(" until %Y-%m-%d %H:%M:%S", time.localtime(time.time() + seconds))
        self._alarms.begin(ALARM, f"{words}; addresses are probed before they are offered, and clients that are not known keep "
                                  f"what they have{until}, or until an administrator says at the prompt: alarms settle")

    def look(self) -> None:
        """End it where its time is over."""
        if self.is_on and self._clock() >= self._ends:
            self.settle("the longest lease that was lost has ended")

    def settle(self, words: str = "an administrator says that all clients are known") -> None:
        """It is over."""
        self.is_on, self.lost = False, []
        self._alarms.end(ALARM, f"{words}: no more care is taken for lost leases")
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
