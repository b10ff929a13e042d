"""`Updater`: does what the register says is to be done: each zone in a lane of its own, so that a server which hangs holds up
nobody else, and of one name one matter at a time. Matters of one kind share a message, which is cheaper for both sides; where
one of them stands in the way, each is seen to by itself.

A server that cannot be told anything is tried again after growing pauses, by one matter; then all go on. A matter that is
refused by itself waits for itself.
"""

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.services.dns.plan import (
    DONE,
    ENDS,
    GONE,
    HELD,
    MOST_STEPS,
    NEXT,
    NOERROR,
    UPDATES,
    Matter,
    first_step,
    together,
)
from pydhcpd.services.dns.register import NAME, WANTED, Job, Work
from pydhcpd.services.dns.sending import Refusal, Trouble, holder, send
from pydhcpd.sparing import Sparing

log = logging.getLogger(__name__)

AT_ONCE = 64  # matters of one zone
ROOM = 512 - 160  # octets of a datagram (RFC 1035 section 4.2.1) less header and signature: what is shared by matters
LOOK_EVERY = 0.2  # seconds between looks at the register, while nothing ends
GATHER = 0.01  # seconds in which what ends is written together
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0  # seconds until a server is tried again
ENOUGH_REFUSED = 5  # matters, one after the other, after which it is the server that refuses
AGAIN = 5.0  # seconds until a register that cannot be used is opened again
TOLD = 10  # names that are another's, told in a minute
ANOTHERS = "another client has the name (its DHCID record says so); it is tried again, and taken once that is gone"
NOBODYS = ("the name is in the zone without a DHCID record, so no DHCP server has put it there; remove it there, or give the "
           "client another name")


class Outcome(NamedTuple):
    """How a matter ended: as it was meant, where there is no trouble."""

    job: Job
    trouble: str = ""
    is_held: bool = False
    is_of_server: bool = False


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


def sharing(jobs: Iterable[Job], zone: str) -> Iterator[list[Job]]:
    """Those together that may share a message: of one kind, and nothing went wrong with them before."""
    alike: dict[object, list[Job]] = defaultdict(list)
    for job in jobs:
        alike[job if job.tries else (job.kind, job.wanted, job.ttl)].append(job)
    for some in alike.values():
        most = max((ROOM - len(zone)) // max(_octets(job, zone) for job in some), 1)
        yield from (some[at:at + most] for at in range(0, len(some), most))


def _octets(job: Job, zone: str) -> int:
    """What a matter takes of a message at the most: in RFC 1035's form a name is two octets longer, or two if it was there."""
    is_wanted = job.wanted == WANTED
    owner = len(job.owner) - len(zone)
    if job.kind == NAME:
        return owner + (68 if is_wanted else 86)
    return owner + (28 + len(job.name) if is_wanted else 30 + 2 * len(job.name))


async def see_to_all(zone: DnsZone, jobs: Sequence[Job]) -> list[Outcome]:
    """See to matters that may share a message; one by one where the server does not take them so."""
    outcomes: list[Outcome] = []
    try:
        if len(jobs) > 1 and await _see_to_together(zone, jobs):
            return [Outcome(job) for job in jobs]
    except Refusal:
        pass  # one of them is meant, and will be told so
    except Trouble as trouble:
        return [Outcome(job, str(trouble), is_of_server=True) for job in jobs]
    for job in jobs:
        last = outcomes[-1] if outcomes else None
        outcomes.append(last._replace(job=job) if last is not None and last.is_of_server else await see_to(zone, job))
    return outcomes


async def _see_to_together(zone: DnsZone, jobs: Sequence[Job]) -> bool:
    """Whether all went as it was meant."""
    matters, step = [_matter(job) for job in jobs], _first_step(jobs[0])
    while step not in ENDS:
        if await send(zone, together(map(UPDATES[step], matters)), jobs[0].ttl) != NOERROR:
            return False
        step = NEXT[step, NOERROR]
    return True


async def see_to(zone: DnsZone, job: Job) -> Outcome:
    """Take a name, or give it back: step by step, as `plan.py` has it."""
    matter, step = _matter(job), _first_step(job)
    try:
        for _ in range(MOST_STEPS):
            code = await send(zone, UPDATES[step](matter), job.ttl)
            step = NEXT.get((step, code), "")
            if step in ENDS:
                return await _ended(zone, job, step)
            if not step:
                return Outcome(job, f"the server's answer {code} makes no sense to it")
    except Refusal as refusal:
        return Outcome(job, str(refusal))
    except Trouble as trouble:
        return Outcome(job, str(trouble), is_of_server=True)
    return Outcome(job, "somebody else takes it and gives it back all the time")


def _matter(job: Job) -> Matter:
    return Matter(job.owner, job.name, address_text(job.address), job.dhcid)


def _first_step(job: Job) -> str:
    return first_step(_matter(job), job.wanted == WANTED)


async def _ended(zone: DnsZone, job: Job, end: str) -> Outcome:
    if end in (DONE, GONE):
        return Outcome(job)
    assert end == HELD
    theirs = await holder(zone, job.owner)
    if theirs == b"":
        return Outcome(job, NOBODYS, is_held=True)
    return Outcome(job, ANOTHERS, is_held=True)

