"""`Follower`: a service that keeps something as the leases are.

An event says only that the lease of an address may have changed; what is so now, the lease tells. Those come first that look as
if they had changed; then, at the start, by another policy, where events went by, and every few hours, all leases; then those
that were renewed, and look as they did.

Python runs one thread at a time, and who answers a packet waits a moment for it again and again. So all of this is done in
portions of a millisecond or so, with a breath between two: then an answer waits for one of them, and not for each step.
"""

import time
from abc import abstractmethod
from collections.abc import Iterator, Sequence

from pydhcpd.events import Event
from pydhcpd.leases.interface import LeaseReader, Row
from pydhcpd.policy.policy import Policy
from pydhcpd.services.changes import Changes, taken
from pydhcpd.services.listener import Listener
from pydhcpd.services.service import Surroundings

PORTION = 32  # leases
BREATH = 0.003  # seconds between two portions
ROUND = 0.1  # seconds after which events are taken in again
CHECK_EVERY = 6 * 3600.0  # seconds between comparisons with all leases
LAST_ADDRESS = 0xFFFFFFFF

Lease = tuple[int, Row | None]
"""An address, and the row of its lease if there is one."""


class Follower(Listener):
    """`_settle` is given leases as they are now. `_is_complete` tells whether all have been gone through by this policy."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._hosts = surroundings.server.hosts
        self._changes = Changes()
        self._rest: Iterator[None] | None = None  # of a comparison with all leases
        self._policy: Policy | None = None
        self._next_check = 0.0
        self._is_complete = self._is_busy = False

    @abstractmethod
    def _settle(self, policy: Policy, leases: Sequence[Lease]) -> None:
        """Let what is kept be as these leases are."""

    @abstractmethod
    def _known(self, after: int, most: int) -> list[int]:
        """The addresses of which anything is kept, from the one behind `after` on, in order."""

    def _has_room(self) -> bool:
        """Whether more leases may be gone through now."""
        return True

    def waiting(self) -> int:
        """What is to be looked at."""
        return super().waiting() + len(self._changes)

    def take(self, events: list[Event]) -> None:
        """Remember the addresses whose leases may have changed."""
        self._changes.note(events)

    def _hear(self) -> None:
        """Take in what has happened."""
        missed = self.missed
        self._read()
        self._changes.is_behind |= self.missed > missed

    def _pause(self) -> float:
        return self._leisure.rest(BREATH if self._is_busy else self.interval) if self.gives_way else self.interval

    def _start_over(self) -> None:
        """All leases are to be gone through, from the first one on."""
        self._changes.is_behind, self._rest, self._is_complete, self._is_busy = True, None, False, False

    def _keep_up(self, policy: Policy) -> None:
        """Look at leases, for a part of the time."""
        now = time.monotonic()
        if policy is not self._policy:  # other networks, terms or names
            self._policy = policy
            self._start_over()
        if now >= self._next_check:
            self._next_check = now + CHECK_EVERY
            self._changes.is_behind = True
        self._is_busy = False
        if self._changes or self._rest or self._changes.is_behind:
            reader = self._hosts.store.reader()
            try:
                self._is_busy = self._go_on(self._portions(policy, reader), now + ROUND)
            except BaseException:  # what was taken is lost, and the rest ends
                self._start_over()
                raise
            finally:
                reader.close()

    def _go_on(self, portions: Iterator[None], ends: float) -> bool:
        """Work, until that time; returns whether there is more to do."""
        return any(self.surroundings.server.is_pressed() or time.monotonic() >= ends or self._ended.wait(BREATH)
                   for _ in portions)

    def _portions(self, policy: Policy, reader: LeaseReader) -> Iterator[None]:
        changes = self._changes
        while changes.changed:
            self._settle_some(policy, reader, changes.changed)
            yield
        while (changes.is_behind or self._rest is not None) and self._has_room():
            if self._rest is None:
                changes.is_behind, self._rest = False, self._all(policy)
            if next(self._rest, self) is self:
                self._rest, self._is_complete = None, True
            yield
        while changes.renewed:
            self._settle_some(policy, reader, changes.renewed)
            yield

    def _settle_some(self, policy: Policy, reader: LeaseReader, addresses: dict[int, None]) -> None:
        self._settle(policy, [(address, reader.by_address(address)) for address in taken(addresses, PORTION)])

    def _all(self, policy: Policy) -> Iterator[None]:
        """Go through what is leased and what is kept, in order of address. Each portion is read when it is its turn, for what
        was read before may have changed since."""
        reader = self._hosts.store.reader()
        try:
            after = -1
            while after < LAST_ADDRESS:
                rows, known = reader.behind(after, PORTION), self._known(after, PORTION)
                after = min(_end_of([row.address for row in rows]), _end_of(known))
                leases: dict[int, Row | None] = dict.fromkeys(address for address in known if address <= after)
                leases.update((row.address, row) for row in rows if row.address <= after)
                self._settle(policy, list(leases.items()))
                yield
        finally:
            reader.close()


def _end_of(addresses: list[int]) -> int:
    """How far a portion goes."""
    return addresses[-1] if len(addresses) == PORTION else LAST_ADDRESS
