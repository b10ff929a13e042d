"""How matters are seen to, as `plan.py` has it: step by step, a message each. Those of one kind share a message, which is
cheaper for both sides; where one of them stands in the way, each is seen to by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
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
from pydhcpd.services.dns.register import NAME, WANTED, Job
from pydhcpd.services.dns.sending import Refusal, Trouble, holder, send

ROOM = 512 - 160  # octets of a datagram (RFC 1035 section 4.2.1) less header and signature: what is shared by matters
ANOTHERS = "another client has the name (its DHCID record says so); it is tried again, and taken once that is gone"
NOBODYS = ("the name is in the zone without a DHCID record, so no DHCP server has put it there; remove it there, or give the "
           "client another name")


class Outcome(NamedTuple):
    """How a matter ended: as it was meant, where there is no trouble."""

    job: Job
    trouble: str = ""
    is_held: bool = False
    is_of_server: bool = False


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
