"""`Probes`: the memory of probes, of which address was asked for on whose behalf, and what came of it (RFC 2131 section 2.2).

Owns the outcomes, as values in and values out. Does not know how an address is asked for, nor what an outcome leads to.

    UNKNOWN ── begin ──► WAITING ──── nobody else heard for `wait` ────► FREE ───► UNKNOWN, `REMEMBERED` seconds after the wait
                            └──── somebody else heard ────► IN_USE ────────┘

An outcome names the address and the client that it was for: to any other client the address is BUSY while that one waits, and
UNKNOWN after it, when a probe for another client takes the place of the earlier one. Two that waited for one address, each
taking the other's place, would wait for ever. No timer runs: what time has made of a probe is worked out when it is asked
for, so that ten thousand probes cost nothing while they wait.

Times are seconds of a clock that does not go back. All of it is for the holder of the lock that guards the leases.
"""

from collections import OrderedDict
from enum import Enum

REMEMBERED = 30.0  # seconds: some retries of a client, and less than it takes to carry a machine in
ANYWHERE = ""  # in place of an interface: where the answer comes in does not matter


class State(Enum):
    """What is known of an address on behalf of one client."""

    UNKNOWN = "unknown"  # nothing: probe
    WAITING = "waiting"  # an answer may still come
    FREE = "free"  # nobody else uses it
    IN_USE = "in use"  # somebody else does
    BUSY = "busy"  # it is asked for on behalf of another client


_Probe = tuple[bytes, bytes, str, float, bool]
"""Client, its hardware address, interface, end of the wait, whether somebody else was heard. A plain tuple of plain values,
for then the garbage collector has nothing to walk."""


class Probes:
    """At most `limit` probes and outcomes, one an address; the oldest are forgotten first, which costs a second probe."""

    __slots__ = ("_probes", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._probes: OrderedDict[int, _Probe] = OrderedDict()

    def __len__(self) -> int:
        return len(self._probes)

    def __contains__(self, address: int) -> bool:
        """Whether it can matter that the address is heard of. Needs no lock: most of what is heard on a link ends here."""
        return address in self._probes

    def begin(self, address: int, client: bytes, hardware: bytes, interface: str, now: float, wait: float) -> None:
        """Note that an address (host byte order) is asked for on behalf of a client; who is heard until now + `wait` counts.

        To be called before the question is sent. `hardware` is the client's own address of the link: that the client itself
        uses the address is no conflict. `interface` is the name of the one where the question is asked, or ANYWHERE.
        """
        self._probes.pop(address, None)
        self._probes[address] = client, hardware, interface, now + wait, False
        self._forget_oldest(now)

    def state(self, address: int, client: bytes, now: float) -> State:
        """What is known of the address on behalf of the client."""
        probe = self._probes.get(address)
        if probe is None:
            return State.UNKNOWN
        probed_for, _, _, end, in_use = probe
        if probed_for != client:
            return State.BUSY if now < end else State.UNKNOWN
        if now >= end + REMEMBERED:
            return State.UNKNOWN
        if in_use:
            return State.IN_USE
        return State.WAITING if now < end else State.FREE

    def remaining(self, address: int, client: bytes, now: float) -> float:
        """How many seconds an answer may still take; 0 where the address is not WAITING for the client."""
        return self._probes[address][3] - now if self.state(address, client, now) is State.WAITING else 0.0

    def is_news(self, address: int, hardware: bytes, interface: str, now: float) -> bool:
        """Whether `heard` would have the address become IN_USE."""
        probe = self._probes.get(address)
        return probe is not None and not probe[4] and interface == probe[2] and now < probe[3] and (
            not hardware or hardware != probe[1])

    def heard(self, address: int, hardware: bytes, interface: str, now: float) -> bool:
        """Take in that somebody uses the address; True if it becomes IN_USE by that.

        `hardware` is theirs, empty if it is not known; `interface` the name of the one where they were heard, or ANYWHERE.
        After the wait nothing is decided, for the client may have the address by now. But what was taken for FREE is
        forgotten, so that it is asked for again.
        """
        probe = self._probes.get(address)
        if probe is None:
            return False
        client, own, asked_at, end, in_use = probe
        if in_use or interface != asked_at or (hardware and hardware == own):
            return False
        if now >= end:
            del self._probes[address]
            return False
        self._probes[address] = client, own, asked_at, end, True
        return True

    def forget(self, address: int) -> None:
        """Forget what is known of an address: it is quarantined, or was freed by hand."""
        self._probes.pop(address, None)

    def _forget_oldest(self, now: float) -> None:
        """Forget what is over the limit, and what is too old to count."""
        probes = self._probes
        while len(probes) > self.limit or (probes and now >= next(iter(probes.values()))[3] + REMEMBERED):
            probes.popitem(last=False)
