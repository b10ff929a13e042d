"""How a name is taken in the DNS and given back: the updates of RFC 4703 section 5, their prerequisites, and what follows from
an answer, as a table. Knows no sockets and no library.

A matter is begun with a step; the step is an update; the response code to it tells the next one, or how the matter ends.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, YXDOMAIN, YXRRSET, NXRRSET, NOTAUTH, NOTZONE = range(11)
"""Response codes (RFC 2136 section 2.2)."""
A, PTR, AAAA, DHCID, ANY = "A", "PTR", "AAAA", "DHCID", "ANY"


class Record(NamedTuple):
    """Records of a name. Without `data` it is all of a type, and with ANY of all types."""

    owner: str
    type: str
    data: str | bytes | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """One message (RFC 2136): what there must be (`present`) and must not be (`absent`), then what is deleted and added."""

    present: tuple[Record, ...] = ()
    absent: tuple[Record, ...] = ()
    deleted: tuple[Record, ...] = ()
    added: tuple[Record, ...] = ()


def together(updates: Iterable[Update]) -> Update:
    """Several updates as one, of which all is done or nothing."""
    parts = zip(*((one.present, one.absent, one.deleted, one.added) for one in updates), strict=True)
    return Update(*(tuple(chain.from_iterable(part)) for part in parts))


class Matter(NamedTuple):
    """What a client has in the DNS: `name` has `address`, and is the client's by `dhcid`; or, where that is empty, `owner`, the
    name of the address in a reverse zone, is `name`."""

    owner: str
    name: str
    address: str
    dhcid: bytes = b""


# --- the steps

TAKE, RETAKE, POINT = "take the name", "take the name again", "name the address"
GIVE_BACK, CLEAR, UNPOINT = "take back the address", "clear the name", "take back the name of the address"
DONE, HELD, GONE = "done", "held", "gone"
"""How a matter ends: as it was meant; the name is another's; what was to be taken back is not ours any more."""


def _take(matter: Matter) -> Update:
    """5.3.1: nobody has the name."""
    return Update(absent=(Record(matter.owner, ANY),),
                  added=(Record(matter.owner, A, matter.address), Record(matter.owner, DHCID, matter.dhcid)))


def _retake(matter: Matter) -> Update:
    """5.3.2: somebody has it, who is this client; it has this address alone from now on."""
    return Update(present=(Record(matter.owner, ANY), Record(matter.owner, DHCID, matter.dhcid)),
                  deleted=(Record(matter.owner, A),), added=(Record(matter.owner, A, matter.address),))


def _point(matter: Matter) -> Update:
    """5.4: whatever name the address had."""
    return Update(deleted=(Record(matter.owner, PTR),), added=(Record(matter.owner, PTR, matter.name),))


def _give_back(matter: Matter) -> Update:
    """5.5: this address of this client."""
    return Update(present=(Record(matter.owner, DHCID, matter.dhcid),), deleted=(Record(matter.owner, A, matter.address),))


def _clear(matter: Matter) -> Update:
    """5.5: the client has no address by this name any more, so it is free. What others have put beside it stays."""
    return Update(present=(Record(matter.owner, DHCID, matter.dhcid),),
                  absent=(Record(matter.owner, A), Record(matter.owner, AAAA)), deleted=(Record(matter.owner, DHCID),))


def _unpoint(matter: Matter) -> Update:
    """5.5: where the address has this name."""
    return Update(present=(Record(matter.owner, PTR, matter.name),), deleted=(Record(matter.owner, PTR, matter.name),))


UPDATES: dict[str, Callable[[Matter], Update]] = {
    TAKE: _take, RETAKE: _retake, POINT: _point, GIVE_BACK: _give_back, CLEAR: _clear, UNPOINT: _unpoint}

NEXT = {
    (TAKE, NOERROR): DONE, (TAKE, YXDOMAIN): RETAKE, (TAKE, YXRRSET): RETAKE,
    (RETAKE, NOERROR): DONE, (RETAKE, NXDOMAIN): TAKE, (RETAKE, NXRRSET): HELD,
    (POINT, NOERROR): DONE,
    (GIVE_BACK, NOERROR): CLEAR, (GIVE_BACK, NXRRSET): GONE, (GIVE_BACK, NXDOMAIN): GONE,
    (CLEAR, NOERROR): DONE, (CLEAR, YXRRSET): DONE, (CLEAR, NXRRSET): DONE, (CLEAR, NXDOMAIN): DONE,
    (UNPOINT, NOERROR): DONE, (UNPOINT, NXRRSET): GONE, (UNPOINT, NXDOMAIN): GONE,
}
"""What follows from a step and the response to it; any other response is a failure."""

ENDS = frozenset({DONE, HELD, GONE})
MOST_STEPS = 6  # a name that is taken and given back all the time by somebody else is left for later


def first_step(matter: Matter, wanted: bool) -> str:
    """How a matter is begun: to have it in the DNS, or not to have it there any more."""
    if matter.dhcid:
        return TAKE if wanted else GIVE_BACK
    return POINT if wanted else UNPOINT
