"""`DnsUpdates`: has the DNS told which names leases have: keeps the register of what is to be there, from the leases, and the
process that does it. Whatever goes wrong here harms nobody else.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

from pydhcpd.alarms import DNS, About
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.troubles import DAMAGE, FULL, code_of
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.policy import Policy
from pydhcpd.process.libraries import has_dnspython
from pydhcpd.registrations import Registration, registration_of
from pydhcpd.services.aside import set_aside
from pydhcpd.services.databases import Foreign
from pydhcpd.services.dns.dhcid import dhcid, identity
from pydhcpd.services.dns.process import Teller
from pydhcpd.services.dns.register import ADDRESS, FIRST, NAME, Entry, Wishes
from pydhcpd.services.dns.zone_table import ZoneTable
from pydhcpd.services.follower import PORTION, Follower, Lease
from pydhcpd.services.room import check_room
from pydhcpd.services.service import Surroundings

log = logging.getLogger(__name__)

MOST_WAITING = 100_000  # matters in the queue
LONGEST_WAIT = 7 * 86400.0  # seconds
LOOK_EVERY = 2.0  # seconds between looks at how the zones fare
COUNTING = 1000  # of so many parts of the time one is spent on counting what is known
AGAIN = 10.0  # seconds until a register that failed is opened again
LATE = 60.0  # seconds after half of its time at which a lease should have been renewed (RFC 2131 section 4.4.5)
ALARM_AFTER = 60.0  # seconds
SHORTEST_TTL, LONGEST_TTL = 600, 86_400  # seconds; RFC 4702 section 5 has the first


class DnsUpdates(Follower):
    """The register, the thread that keeps it, and the process."""

    name = "the DNS updates"

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where there are zones."""
        return bool(configuration.zones()) and has_dnspython()

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._alarms = self._hosts.store.alarms
        self._teller: Teller | None = None
        self._register: Wishes | None = None
        self._is_told = False  # whether the process and the register know the zones
        self._next_look = self._next_count = self._next_try = 0.0
        self._waiting = self._records = self._dropped = 0
        self._troubles: dict[str, str] = {}
        self._since: dict[str, float] = {}

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Which zones there are."""
        self._prepared = configuration

    def reconfigure(self) -> None:
        """The same, from now on."""
        self._table, self._path = ZoneTable(self._prepared), self._prepared.dns_file
        self._is_told = False

    # --- its life

    def start(self) -> None:
        """Execute the process, and begin."""
        self._teller = Teller(self.name)
        super().start()

    def stop(self) -> None:
        """End both."""
        super().stop()
        if self._teller is not None:
            self._teller.stop()
        for label in self._since:
            self._alarms.end(DNS, f"{label} is not looked after any more", About(label))

    def is_alive(self) -> bool:
        """Whether both run."""
        return super().is_alive() and self._teller is not None and self._teller.is_alive()

    def status(self) -> Iterator[str]:
        """How much is registered, what waits, and why."""
        yield from super().status()
        yield f"{self._records} records, {self._waiting} of them waiting"
        if self._dropped:
            yield f"{self._dropped} given up"
        yield from (f"{label}: {trouble}" for label, trouble in self._troubles.items())
        if self._register is None:
            yield "not written now"

    def waiting(self) -> int:
        """What is to be done in the DNS, or to be looked at."""
        return super().waiting() + self._waiting

    def dropped(self) -> int:
        """What was given up, and events that went by."""
        return super().dropped() + self._dropped

    # --- the thread

    def _run(self) -> None:
        while not self._ended.wait(self._pause()):
            self._guarded()
        self._guarded()
        if self._register is not None:
            self._register.close()

    def _guarded(self) -> None:
        """One round, whose failure is that of the DNS alone."""
        try:
            self._hear()
            self._round(time.monotonic())
        except sqlite3.Error as error:
            self._fail(str(error), is_damaged=code_of(error) in DAMAGE, remedy=_remedy(error, self._path))
        except Foreign as error:
            self._set_aside(str(error))
        except (OSError, InvalidValue, StoreError) as error:
            self._fail(str(error))

    def _round(self, now: float) -> None:
        serving = self.surroundings.server.serving
        if serving is None or (self._register is None and now < self._next_try):
            return
        if self._register is None:
            check_room(self._path)
            self._register = Wishes(self._path)
            self._is_told = False
        if not self._is_told:
            self._tell_zones(self._register)
        for zone in self._register.orders():
            self._register.tell_anew(zone)
            self._changes.is_behind = True
        self._keep_up(serving.policy)
        if now >= self._next_look:
            self._next_look = now + LOOK_EVERY
            self._look(self._register, now)

    def _tell_zones(self, register: Wishes) -> None:
        self._is_told = True
        zones = self._table.by_label
        register.set_zones(zones)
        self._start_over()
        assert self._teller is not None
        self._teller.tell(self._path, zones)

    # --- what has changed

    def _has_room(self) -> bool:
        return self._waiting < MOST_WAITING

    def _known(self, after: int, most: int) -> list[int]:
        assert self._register is not None
        return self._register.addresses(after, most)

    def _all(self, policy: Policy) -> Iterator[None]:
        yield from self._zoned()
        yield from super()._all(policy)

    def _zoned(self) -> Iterator[None]:
        """Find a zone for what has none any more, as far as there is one again."""
        key, register = FIRST, self._register
        assert register is not None
        while some := register.without_zone(key, PORTION):
            with register.transaction():
                for key in some:
                    address, kind, name, _ = key
                    found = self._table.of_name(name, address) if kind == NAME else self._table.of_address(address)
                    if found is not None:
                        register.set_zone(key, found[0])
            yield

    def _settle(self, policy: Policy, leases: Sequence[Lease]) -> None:
        register, now = self._register, self._hosts.time.now()
        assert register is not None
        with register.transaction():
            for address, row in leases:
                told = None if row is None else registration_of(policy, row, now)
                if row is not None and told is None and _is_unserved(policy, row, now):
                    continue
                if row is not None and told is not None and not self._has_room() and register.is_new(address):
                    self._changes.is_behind = True  # it comes when there is room
                else:
                    entries = [] if row is None or told is None else list(self._entries(told, row))
                    settled = register.settle(address, entries, now)
                    self._waiting += settled.more
                    if settled.stands_by:
                        self._follow(register, address, entries[0], now)

    def _follow(self, register: Wishes, address: int, entry: Entry, now: float) -> None:
        """A client that has come back from another address, which it does not renew any more, has its name for this one."""
        other = register.in_place_of(address, entry.name, entry.dhcid)
        if other is None:
            return
        with closing(self._hosts.store.reader()) as reader:
            row = reader.by_address(other)
        if row is not None and now > row.last_used + (row.ends - row.last_used) / 2 + LATE:
            register.prefer(address, entry, now)

    def _entries(self, told: Registration, row: Row) -> Iterator[Entry]:
        """What is to be in the DNS, as far as there are zones for it."""
        if told.forward and (found := self._table.of_name(told.name, told.address)) is not None:
            label, zone = found
            digest = dhcid(told.name, *identity(told.identifier, told.htype, told.hardware))
            yield Entry(NAME, told.name, digest, told.name, label, _ttl(zone, row))
        if told.reverse and (found := self._table.of_address(told.address)) is not None:
            label, zone = found
            yield Entry(ADDRESS, told.name, b"", zone.owner(told.address), label, _ttl(zone, row))

    # --- how it fares

    def _look(self, register: Wishes, now: float) -> None:
        check_room(self._path)
        if given_up := register.give_up(self._hosts.time.now() - LONGEST_WAIT):
            self._dropped += given_up
            log.warning("%s: %d records could not be put right in the DNS for a week, and are given up; dns sync tries again "
                        "what there are leases for", self.name, given_up)
        self._waiting = register.waiting()
        if now >= self._next_count:
            self._count(register)
        self._tell_troubles(register.troubles(), now)
        self._alarms.end(DNS, "the DNS is told again which names there are")

    def _count(self, register: Wishes) -> None:
        """How many there are, which takes the longer the more there are."""
        began = time.monotonic()
        self._records = register.known()
        self._next_count = began + (time.monotonic() - began) * COUNTING

    def _tell_troubles(self, troubles: Mapping[str, str], now: float) -> None:
        """Alarms for what lasts."""
        self._troubles = dict(troubles)
        for label in self._since.keys() - troubles.keys():
            del self._since[label]
            self._alarms.end(DNS, f"the zone {label} is kept current again", About(label))
        for label, trouble in troubles.items():
            if now >= self._since.setdefault(label, now) + ALARM_AFTER:
                self._alarms.begin(DNS, f"the zone {label} is not kept current: {trouble}; what is to be told waits (dns at "
                                        "the prompt)", logging.WARNING, About(label))

    # --- failures

    def _fail(self, why: str, *, is_damaged: bool = False, remedy: str = "") -> None:
        """Give it up for a while, or, where the file is damaged, begin it anew."""
        if is_damaged:
            self._set_aside(why)
            return
        self._give_up()
        self._alarms.begin(DNS, f"the DNS is not told of changes: {self._path}: {why}{remedy}; leases are given as ever, and "
                                "what happens meanwhile is told later", logging.WARNING)

    def _give_up(self) -> None:
        if self._register is not None:
            self._register.close()
        self._start_over()
        self._register, self._next_try = None, time.monotonic() + AGAIN

    def _set_aside(self, why: str) -> None:
        """Begin it anew."""
        self._give_up()
        self._next_try = 0.0
        try:
            aside = set_aside(self._path)
        except OSError as error:
            self._fail(f"{why}, and it cannot be set aside: {error.strerror}")
            return
        log.warning("%s is begun anew: %s; what there was is kept as %s, and names of leases that have ended may stay in the "
                    "DNS", self._path, why, aside)


def _is_unserved(policy: Policy, row: Row, now: float) -> bool:
    """Whether a lease runs in a network that is not served now, for its interface is away: its client goes on using it."""
    return row.state == BOUND and row.ends > now and policy.networks.of(row.address) is None


def _ttl(zone: DnsZone, row: Row) -> int:
    """A third of the lease time (RFC 4702 section 5), where the zone does not say it."""
    if zone.ttl is not None:
        return zone.ttl
    return min(max((row.ends - row.last_used) // 3, SHORTEST_TTL), LONGEST_TTL)


def _remedy(error: sqlite3.Error, path: Path) -> str:
    return f"; make room (df {path.parent})" if code_of(error) == FULL else ""
