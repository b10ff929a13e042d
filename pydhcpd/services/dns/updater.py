"""`Updater`: does what the register says is to be done: each zone in a lane of its own, so that a server which hangs holds up
nobody else, and of one name one matter at a time (`matters.py`).

A server that cannot be told anything is tried again after growing pauses, by one matter; then all go on. A matter that is
refused by itself waits for itself.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydhcpd.addresses import address_text
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.services.dns.matters import Outcome, see_to_all, sharing
from pydhcpd.services.dns.register import Job, Work
from pydhcpd.sparing import Sparing

log = logging.getLogger(__name__)

AT_ONCE = 64  # matters of one zone
LOOK_EVERY = 0.2  # seconds between looks at the register, while nothing ends
GATHER = 0.01  # seconds in which what ends is written together
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds until a server is tried again
ENOUGH_REFUSED = 5  # matters, one after the other, after which it is the server that refuses
AGAIN = 5.0  # seconds until a register that cannot be used is opened again
TOLD = 10  # names that are another's, told in a minute


class Lane:
    """A zone, and what is under way in it."""

    def __init__(self, label: str, zone: DnsZone) -> None:
        self.label, self.zone = label, zone
        self.busy: set[str] = set()  # names
        self.trouble = ""
        self._refused = self._tries = 0
        self._until = 0.0

    def room(self, now: float) -> int:
        """How many matters more may be begun."""
        if now < self._until:
            return 0
        return max((1 if self.trouble else AT_ONCE) - len(self.busy), 0)

    def note(self, outcome: Outcome, now: float) -> None:
        """What an end says of the server."""
        is_refused = bool(outcome.trouble) and not outcome.is_held and not outcome.is_of_server
        self._refused = self._refused + 1 if is_refused else 0
        if not outcome.trouble or outcome.is_held:
            self.trouble, self._tries = "", 0
        elif now >= self._until and (outcome.is_of_server or self._refused >= ENOUGH_REFUSED):
            self.trouble = outcome.trouble
            self._until = now + min(FIRST_PAUSE * 2 ** self._tries, LONGEST_PAUSE)
            self._tries = min(self._tries + 1, 20)

    def go_on(self) -> None:
        """Somebody wants it tried now."""
        self._until = 0.0
        self._tries = 0


class Updater:
    """All lanes, and the register, which is opened again where that fails."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._register: Work | None = None
        self._is_closed = False
        self._lanes: dict[str, Lane] = {}
        self._ended: list[tuple[Lane, Outcome]] = []
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._sparing = Sparing()
        self._told: dict[str, str] = {}

    def set_zones(self, zones: Mapping[str, DnsZone]) -> None:
        """These are the zones from now on; what is under way goes on."""
        before = self._lanes
        self._lanes = {label: before[label] if label in before and before[label].zone == zone else Lane(label, zone)
                       for label, zone in zones.items()}
        for label, lane in self._lanes.items():
            lane.busy = before[label].busy if label in before else lane.busy
        self._wake.set()

    async def run(self) -> None:
        """Until it is cancelled or closed: what is cancelled may go on if it has just got what it waited for (Python 3.11)."""
        while not self._is_closed:
            try:
                if self._register is None:
                    self._register = Work(self._path)
                    self._told = {}
                self._note_ends(self._register)
                self._begin_more(self._register)
            except (sqlite3.Error, OSError, ValueError) as error:
                self._complain("register", f"{self._path} cannot be used: {error}; it is tried again")
                self._close()
                await asyncio.sleep(AGAIN)
            await self._sleep()

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), LOOK_EVERY)
        except TimeoutError:
            return
        self._wake.clear()
        await asyncio.sleep(GATHER)

    def _close(self) -> None:
        if self._register is not None:
            self._register.close()
        self._register = None

    def close(self) -> None:
        """Note what has ended, at the end."""
        self._is_closed = True
        if self._register is not None:
            with suppress(sqlite3.Error):  # else it is done once more
                self._note_ends(self._register)
            self._close()

    # --- what is to be done

    def _begin_more(self, register: Work) -> None:
        for label in register.nudged() & self._lanes.keys():
            self._lanes[label].go_on()
        now = asyncio.get_running_loop().time()
        for lane in self._lanes.values():
            if room := lane.room(now):
                for jobs in sharing(register.pick(lane.label, room, lane.busy), lane.zone.name):
                    lane.busy.update(job.owner for job in jobs)
                    task = asyncio.create_task(self._see_to(lane, jobs))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)

    async def _see_to(self, lane: Lane, jobs: Sequence[Job]) -> None:
        try:
            outcomes = await see_to_all(lane.zone, jobs)
        except Exception as error:
            log.exception("%s could not be seen to", ", ".join(job.owner for job in jobs))
            outcomes = [Outcome(job, f"a fault of pydhcpd: {type(error).__name__}") for job in jobs]
        for outcome in outcomes:
            lane.busy.discard(outcome.job.owner)
            lane.note(outcome, asyncio.get_running_loop().time())
            self._ended.append((lane, outcome))
        self._wake.set()

    # --- what came of it

    def _note_ends(self, register: Work) -> None:
        ended, done = self._ended, dict.fromkeys(self._lanes, 0)
        if ended or any(lane.trouble != self._told.get(label) for label, lane in self._lanes.items()):
            with register.transaction():
                for lane, outcome in ended:
                    self._note(register, outcome)
                    done[lane.label] = done.get(lane.label, 0) + (not outcome.trouble)
                for label, lane in self._lanes.items():
                    register.note_zone(label, done[label], lane.trouble)
                    self._told[label] = lane.trouble
            del self._ended[:len(ended)]

    def _note(self, register: Work, outcome: Outcome) -> None:
        job = outcome.job
        if not outcome.trouble:
            register.note_done(job)
        elif not outcome.is_of_server:
            register.note_failure(job, outcome.trouble, is_absent=outcome.is_held)
            if not job.tries:
                self._complain("matter", f"{job.owner} ({address_text(job.address)}): {outcome.trouble}")

    def _complain(self, kind: str, words: str) -> None:
        """In the log, at a bounded rate."""
        now = asyncio.get_running_loop().time()
        for _, count in self._sparing.unsaid(now):
            log.warning("%d more such in the last minute; dns at the prompt shows them", count)
        if self._sparing.may_say(kind, now, TOLD):
            log.warning("%s", words)
