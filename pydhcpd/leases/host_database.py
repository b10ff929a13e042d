"""`HostDatabase`: every host that the server knows, and which address is whose.

Decisions are staged and take effect in `commit`: rows go to the store first, memory changes only after they are synced.
An offer is in memory alone; a commit makes it a lease. `lock` guards everything here that changes; who calls the
methods of the packet path holds it, the queries (`get`, `all`) do not need it and read the store on their own.
"""

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice

from pydhcpd.addresses import address_from, hardware_text, network_text
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.address_table import DECLINED, ENDED, LEASED, NEVER, OFFERED, POOL, AddressTable, Plan
from pydhcpd.leases.faces import BARE, BY_IDENTIFIER, Faces
from pydhcpd.leases.habits import UNKNOWN, Habits
from pydhcpd.leases.hosts import Host, HostQueries, row_of
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, LeaseStore, Row
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.limits import SEPARATOR, Limits, class_of
from pydhcpd.leases.nonces import Nonces
from pydhcpd.leases.offers import Offers
from pydhcpd.leases.outage import Outage
from pydhcpd.leases.quarantine import OF_MACHINE, groups_of
from pydhcpd.leases.staging import HOLD, Staging, is_nobody, nobody
from pydhcpd.leases.tables import Tables
from pydhcpd.leases.yielding import Yielding

log = logging.getLogger(__name__)

MOST_KEPT = 1024  # addresses between two pages of leases that are kept from strangers where one between them is lost
NOTE_EVERY = 600  # seconds between notes of the time, where nothing sets the wall clock: what a reboot may not know of
NOTE_AGAIN = 10  # seconds after which to try again where the time could not be noted
DECLINING = b"\xfe"  # before a machine of which a DECLINE is staged: one in a batch, so that they can be counted
PORTION = 1024  # addresses looked at in one go of the housekeeping, about a millisecond

Places = Mapping[tuple[int, int], object]
"""The network (its base) and kind of the addresses that a client may have, in the order in which to try. Asked for each request
whether one is in it: a dictionary, whose values do not matter."""


class HostDatabase(HostQueries):
    """Hosts, their leases and the offers made to them, over a store.

    Where a method takes a table, it is any one of the client's wire, and an address may lie in any other of that wire.
    """

    def __init__(self, store: LeaseStore, offer_limit: int = 50_000, time: LedgerTime | None = None) -> None:
        """All times are of `time`, unless they are of a `Host`."""
        super().__init__(store, time or LedgerTime())
        self.store = store
        self.lock = threading.RLock()
        self.offers = Offers(offer_limit)
        self.yielding = Yielding(2 * offer_limit)
        self.gave_way = 0  # offers to strangers, to other clients
        self.given_up = 0  # addresses of quarantine, for there were too many in it
        self.faces = Faces()
        self.habits = Habits()
        self.nonces: Nonces | None = None  # without any, no client is made to renew
        self.tables = Tables(store)
        self.limits = Limits()
        self.diskless: set[int] = set()  # addresses of machines that booted by us: they may be used by who renews no lease
        self._begun = int(self.time.now())
        self.caution = store.caution
        self.caution.go_by(self.time.now, self.time.wall_of)
        self.outage = Outage(store.name, self._reread, store.alarms)
        self.staging = Staging(store, self.tables, self.offers, self.limits, self.outage)
        self.touched = self.staging.touched
        self._turn = 0  # with which of the tables `reclaim` goes on
        self._is_behind = False  # whether it has to go on before a second has passed
        self._note_at = 0.0  # when to note the time again

    # --- networks

    def prepare(self, networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """Read the tables of wires that are new, beside the path. What `adopt` needs besides, it takes from those in use."""
        return self.tables.prepare(networks, now)

    def adopt(self, prepared: dict[int, AddressTable], networks: Iterable[Plan], now: int) -> None:
        """Serve these networks from now on. The caller holds the lock, and nothing is staged.

        A wire that has got other networks, or one of another size, is read here, for its leases may change until the lock
        is held.
        """
        plans = tuple(networks)
        tables = self.tables.chosen(prepared, plans, now)
        for table, count in self.tables.leases_outside(plans):
            log.warning("%s is no longer served, and leases in it still run: %d; until it is served again they cannot be "
                        "renewed, and nobody else gets their addresses",
                        network_text(table.base, -table.size & 0xFFFFFFFF), count)
        self._serve(plans, tables)
        self._keep_from_strangers(now)

    def _keep_from_strangers(self, now: int) -> None:
        """Quarantine the free addresses among which leases were lost, as long as the longest of these may run. Where those
        between two pages are too many, each is probed before it is offered."""
        end = min(now + self.caution.remaining, NEVER)
        try:
            for table in self.tables.rising if self.caution.lost else ():
                for first, last in self.caution.lost:
                    for address in table.free_between(first, last, MOST_KEPT):
                        self.staging.put(table, (address, b"", 0, b"", "", end, now, QUARANTINED), b"")
            self.commit()
        except StoreError as error:
            log.warning("addresses of lost leases are not kept from strangers, but probed: %s", error)

    def _serve(self, plans: tuple[Plan, ...], tables: dict[int, AddressTable]) -> None:
        offered = {address: self.limits.keys_of(address) for _, address in self.offers.items()} if self.limits.keys else {}
        for address in list(self.limits.keys):
            kept = self.tables.of(address)
            if kept is None or tables.get(kept.base) is not kept:
                self.limits.end(address)
        new = self.tables.serve(plans, tables)
        self.yielding.forget()
        self._turn = 0
        for base in new:
            self.limits.load(tables[base].limits)
            tables[base].limits = {}
        self._hold_offers(new, offered)

    def _hold_offers(self, bases: set[int], limits: Mapping[int, Collection[str]]) -> None:
        """Let offers hold in tables that were read anew, and count: their clients are about to ask for the addresses."""
        for client, address in list(self.offers.items()):
            table = self.tables.of(address)
            if table is None or table.base not in bases:
                continue
            slot = address - table.base
            if table.states[slot] <= ENDED:
                table.hold(slot)
                if limits.get(address):
                    self.limits.offer(address, limits[address])
            elif table.states[slot] != LEASED or not table.is_of(client, address):
                self.offers.withdraw(client)

    def _reread(self) -> StoreError | None:
        """Build everything anew from the store."""
        try:
            self.store.reopen()
            self.offers.clear()
            now = int(self.time.now())
            self._serve(self.tables.plans, self.tables.read(now))
            self._keep_from_strangers(now)
        except (StoreError, InvalidValue, OSError) as error:
            return StoreError(str(error), is_doubtful=True)
        return None

    # --- offers

    def offer(self, table: AddressTable, client: bytes, wanted: int, deadline: int, places: Places,
              limits: Collection[str] = ()) -> int:
        """Hold an address of one of `places` for the client until `deadline`; 0 where none is free.

        In the order of RFC 2131 section 4.3.1: its present or former address, the one that it was offered, the one that it
        asks for, a free one. A present lease needs no offer to hold it, unless it ends sooner. `limits` is what a lease would
        count for.
        """
        address = self.candidate(table, client, wanted, places)
        if address:
            home = table if 0 <= address - table.base < table.size else table.home(address)
            slot = address - home.base
            state = home.states[slot]
            if state == LEASED:
                if home.ends[slot] <= deadline:
                    self._note_offer(client, address, deadline)
                return address
            if state != OFFERED:
                home.hold(slot)
        else:
            address = self._take_over(places)
        if address:
            self._note_offer(client, address, deadline, limits)
        return address

    def candidate(self, table: AddressTable, client: bytes, wanted: int, places: Places) -> int:
        """The address that `offer` would hold for the client, but for one that it would take from another; else 0."""
        address = self._present(table, client, wanted, places) if table.doubles else table.clients.get(client, 0)
        if address:
            home = table if 0 <= address - table.base < table.size else table.home(address)
            slot = address - home.base
            if home.states[slot] in (LEASED, ENDED) and (home.base, home.kinds[slot]) in places:
                return address
        address = self.offers.address(client)
        if address and self._is_offered(table, address, places):
            return address
        return (wanted and self._free_wanted(table, wanted, places)) or self._free(places)

    @staticmethod
    def _present(table: AddressTable, client: bytes, wanted: int, places: Places) -> int:
        """Which of its addresses a client is to have that may have several: the one that it asks for, else the last used."""
        allowed = [address for address in table.addresses_of(client)
                   if (home := table.home(address)) and (home.base, home.kinds[address - home.base]) in places]
        return wanted if wanted in allowed else allowed[0] if allowed else 0

    @staticmethod
    def _free_wanted(table: AddressTable, address: int, places: Places) -> int:
        """The address that a client asks for, if it is free and one of `places`; else 0."""
        home = table.in_wire(address)
        if home is None or home.states[address - home.base] > ENDED or (
                home.base, home.kinds[address - home.base]) not in places:
            return 0
        return address

    def _free(self, places: Places) -> int:
        """A free address of the first of `places` that has one, or 0."""
        for base, kind in places:
            if kind >= POOL:
                address = self.tables[base].free(kind - POOL)
                if address:
                    return address
        return 0

    def _take_over(self, places: Places) -> int:
        """The address of the oldest offer of `places` to a client that was never here before, or 0."""
        if not self.offers:
            return 0
        if not self.yielding.is_kept:
            self.yielding.begin(self._offers_by_place())
        for place in places:
            while (offer := self.yielding.oldest(place)) is not None:
                if self._gives_way(*offer):
                    self.offers.withdraw(offer[0])
                    self.gave_way += 1
                    return offer[1]
        return 0

    def _offers_by_place(self) -> Iterator[tuple[tuple[int, int], bytes, int, int]]:
        for client, address in self.offers.items():
            table = self.tables.of(address)
            if table is not None and not is_nobody(client):
                yield (table.base, table.kinds[address - table.base]), client, address, self.offers.deadline(client)

    def _gives_way(self, client: bytes, address: int, deadline: int) -> bool:
        """Whether an offer still holds as it was made, and to a client that was never here before."""
        table = self.tables.of(address)
        return (self.offers.address(client) == address and self.offers.deadline(client) == deadline and table is not None
                and table.states[address - table.base] == OFFERED and client not in table.clients
                and address not in self.touched and client not in self.touched)

    def offer_quarantined(self, client: bytes, deadline: int, places: Places, limits: Collection[str] = ()) -> int:
        """Hold the address of `places` that has been in quarantine longest, for a client for whom there is no other; 0 where
        there is none. It is to be probed."""
        for base, kind in places:
            address = self.tables[base].take_quarantined(kind - POOL) if kind >= POOL else 0
            if address:
                self._note_offer(client, address, deadline, limits)
                return address
        return 0

    @staticmethod
    def _is_offered(table: AddressTable, address: int, places: Places | None = None) -> bool:
        """Whether an offer of the address still holds: by hand it may have been given away, or be of another wire."""
        home = table.in_wire(address)
        if home is None or home.states[address - home.base] != OFFERED:
            return False
        return places is None or (home.base, home.kinds[address - home.base]) in places

    def _note_offer(self, client: bytes, address: int, deadline: int, limits: Collection[str] | None = None) -> None:
        """Note an offer, which counts for `limits`; None leaves what the lease of the address counts for."""
        before = self.offers.put(client, address, deadline)
        if self.yielding.is_kept and not is_nobody(client):
            self._note_yielding(client, address)
        if before and before != address:
            self.staging.lapse(before)
        if limits or (self.limits.keys and limits is not None):
            self.limits.offer(address, limits)
        if self.offers.are_too_many:
            self._drop_offers(deadline)

    def _note_yielding(self, client: bytes, address: int) -> None:
        table = self.tables.of(address)
        if table is not None:
            self.yielding.note((table.base, table.kinds[address - table.base]), client, address, self.offers.deadline(client))

    def _drop_offers(self, deadline: int) -> None:
        """There are too many. The address of one whose lease is staged is held until it is committed."""
        for address in list(self.offers.overdue(0)):
            if address in self.touched:
                self.offers.put(nobody(address), address, deadline)
            else:
                self.staging.lapse(address)

    def withdraw(self, client: bytes) -> None:
        """The client has chosen another server: its offer is free again."""
        address = self.offers.withdraw(client)
        if address:
            self.staging.lapse(address)

    # --- what is known of a client

    def address_of(self, table: AddressTable, client: bytes) -> int:
        """The address that the client has or had last on this wire, or 0."""
        return table.clients.get(client, 0)

    def has_lease(self, table: AddressTable, client: bytes) -> bool:
        """Whether the client has a lease now (its end may have passed a moment ago)."""
        address = table.clients.get(client, 0)
        if not address:
            return False
        home = table.home(address)
        return home.states[address - home.base] == LEASED

    def is_leased(self, address: int) -> bool:
        """Whether an address is anybody's."""
        table = self.tables.of(address)
        return table is not None and table.states[address - table.base] == LEASED

    def was_never_leased(self, table: AddressTable, address: int) -> bool:
        """Whether nothing was ever recorded of an address."""
        home = table.home(address)
        return home.ends[address - home.base] == 0

    def lease_end(self, table: AddressTable, client: bytes, address: int) -> int:
        """When the client's lease of this address ends, or 0 where it has none."""
        if table.clients.get(client) != address and not table.is_of(client, address):
            return 0
        home = table.home(address)
        return home.ends[address - home.base] if home.states[address - home.base] == LEASED else 0

    def is_free_for(self, table: AddressTable, client: bytes, address: int, places: Places) -> bool:
        """Whether an address of one of `places` is the client's, was offered to it, or is nobody's."""
        slot = address - table.base
        if not 0 <= slot < table.size:
            home = table.in_wire(address)
            if home is None:
                return False
            table, slot = home, address - home.base
        if (table.base, table.kinds[slot]) not in places or address in self.touched:
            return False
        state = table.states[slot]
        if state == LEASED:
            return table.clients.get(client) == address or table.is_of(client, address)
        if state == OFFERED:
            return self.offers.address(client) == address
        return state <= ENDED or (state == DECLINED and self.caution.is_on and self._is_nobodys(address))

    def _is_nobodys(self, address: int) -> bool:
        """Whether it is not known who has an address: whoever says so may be the one whose lease was lost."""
        row = self.store.row(address)
        return row is None or not row.client

    def is_reserved_free(self, table: AddressTable, address: int, same_host: Callable[[Row], bool]) -> bool:
        """Whether its host may have a reserved address: nobody holds it, or the holder is another face of that host."""
        home = table.in_wire(address)
        if home is None or address in self.touched:
            return False
        state = home.states[address - home.base]
        if state != LEASED:
            return state not in (DECLINED, OFFERED)
        row = self.store.row(address)
        return row is None or same_host(row)

    def may_be_diskless(self, address: int, hardware: bytes) -> bool:
        """Whether another machine may have booted with the address, and use it still though its lease has ended: one that did
        since the start, or had it before, when nobody was there to see. A look into the store: 10 µs."""
        row = self.store.row(address)
        return row is not None and row.hardware not in (b"", hardware) and (
            address in self.diskless or row.last_used < self._begun)

    def is_used_by(self, address: int, hardware: bytes) -> bool:
        """Whether the lease of an address was last used by this hardware. A look into the store: 10 µs."""
        row = self.store.row(address)
        return row is not None and row.hardware == hardware

    def other_face(self, table: AddressTable, client: bytes, address: int, htype: int, chaddr: bytes, hlen: int) -> bytes:
        """The client as which a machine has an address, or was offered it, where it sent its identifier then and not now, or
        now and not then; b"" where there is none. Two identifiers are two clients (RFC 2131 section 4.2).

        May look into the store: 10 µs.
        """
        hardware = chaddr[:hlen]
        if not address or not any(hardware):  # of zeros alone it is nobody's
            return b""
        if client[0] == BY_IDENTIFIER:
            bare = bytes((BARE, htype)) + hardware
            return bare if address in (table.clients.get(bare), self.offers.address(bare)) else b""
        return self._named(table, address, htype, hardware) or self.faces.of(chaddr) if client[0] == BARE else b""

    def _named(self, table: AddressTable, address: int, htype: int, hardware: bytes) -> bytes:
        """The client with an identifier that has or had an address, if it came from this hardware."""
        client = self.holder_with(table, address, htype, hardware)
        return client if client[:1] == bytes((BY_IDENTIFIER,)) else b""

    def holder_with(self, table: AddressTable, address: int, htype: int, hardware: bytes) -> bytes:
        """The client that has or had an address last, if it came from this hardware; else b"". A look into the store: 10 µs."""
        home = table.in_wire(address)
        if home is None or home.states[address - home.base] not in (LEASED, ENDED) or not any(hardware):
            return b""
        row = self.store.row(address)
        if row is None or (row.htype, row.hardware) != (htype, hardware) or not table.is_of(row.client, address):
            return b""
        return row.client

    def remembered_relay(self, address: int, client: bytes, hardware: bytes) -> bytes:
        """giaddr in four bytes and the content of option 82 that came with the lease of an address, if it is this client's.

        Whose it is tells the key of the lease, or the hardware address. A look into the store: 10 µs.
        """
        row = self.store.row(address)
        if row is None or row.state != BOUND or not (row.client == client or (hardware and row.hardware == hardware)):
            return b""
        return row.relay

    def use_of(self, place: tuple[int, int], size: int) -> float:
        """Which share (0 to 1) of the `size` addresses of a pool is leased, offered or in quarantine."""
        base, kind = place
        return 1.0 - self.tables[base].free_share(kind - POOL, size)

    def exceeded(self, limits: Iterable[tuple[str, int]], table: AddressTable, client: bytes) -> str:
        """The first key of `limits` for which there are as many leases and offers as it allows, or more; else "".

        Those of all networks count, what is staged included, but for the client's own offer, and its own leases on this wire:
        who has a lease goes on with it, whatever the limit is now, unless it counts for another value of the same class.
        """
        for key, most in limits:
            count = self.limits.counts.get(key, 0)
            if count >= most and not self._holds_on(key, table, client):
                offered = self.limits.keys_of(self.offers.address(client))
                if count - (key in offered) >= most:
                    return key
        return ""

    def _holds_on(self, key: str, table: AddressTable, client: bytes) -> bool:
        """Whether a lease that the client has on this wire counts for a key, or was made when nothing of its class counted."""
        leases = [address for address in table.addresses_of(client)
                  if address not in self.touched and self.lease_end(table, client, address)]
        return any(key in own or class_of(key) not in map(class_of, own) for own in map(self.limits.keys_of, leases))

    # --- decisions, which take effect in commit()

    def bind(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
             hardware: bytes, hostname: str, relay: bytes = b"", limits: tuple[str, ...] = (), sent_name: str = "",
             habit: int = 0, dns: str = "") -> None:
        """Stage a lease until `end`. The address must have been found free for the client, which asks by `habit`. A lease that
        runs is not made shorter: the client may never hear that, and believe in what it was told before.

        `relay` is giaddr in four bytes and the content of option 82, which nobody here looks into; b"" leaves what is
        remembered of a lease that the client has. `limits` is what the lease counts for. `sent_name` is what the client sent,
        if it was given `hostname`; "" leaves what is remembered as well, so does an empty `hostname` or `dns`.
        """
        before = table.clients.get(client, 0)
        slot = address - table.base
        if not 0 <= slot < table.size:
            table = table.home(address)
            slot = address - table.base
        table.habits[slot] = habit
        holder = b""
        if before != address:
            holder = self._holder(table, slot)
            if before and before not in self.touched and not table.is_of(client, address):
                former = table.home(before)
                if former.states[before - former.base] == LEASED:
                    self.staging.release(former, before, now, client, is_remembered=False)
        elif end < table.ends[slot] < NEVER and table.states[slot] == LEASED:
            end = table.ends[slot]
        if table.states[slot] <= ENDED and table.kinds[slot] >= POOL:
            table.hold(slot)  # so that nobody else in this batch is offered it
            self._note_offer(client, address, now + HOLD)
        if relay or limits or sent_name or dns:
            text = SEPARATOR.join(limits)
            self.staging.put(table, (address, client, htype, hardware, hostname, end, now, BOUND, relay, text, sent_name, dns),
                             holder, text)
        else:
            self.staging.put(table, (address, client, htype, hardware, hostname, end, now, BOUND), holder)

    def habit(self, address: int) -> dict[int, bytes] | None:
        """How the client of an address asked last, as options by code; None where it was not heard since the start, or asks in
        one way too many to be known."""
        table = self.tables.of(address)
        number = UNKNOWN if table is None else table.habits[address - table.base]
        return None if number == UNKNOWN else self.habits.options(number)

    def was_heard(self, address: int) -> bool:
        """Whether the client of an address was heard since the start, and is one of those whose way to ask is known."""
        table = self.tables.of(address)
        return table is not None and table.habits[address - table.base] != UNKNOWN

    def _holder(self, table: AddressTable, slot: int) -> bytes:
        """Whose lease of the address runs; another's than the client's only where that is another face of one host."""
        if table.states[slot] != LEASED:
            return b""
        row = self.store.row(table.base + slot)
        return b"" if row is None else row.client

    def release(self, table: AddressTable, client: bytes, address: int, now: int) -> bool:
        """Stage the end of the client's lease (RFC 2131 section 4.3.4); False where it is not the client's."""
        if not self.lease_end(table, client, address) or address in self.touched:
            return False
        self.staging.release(table.home(address), address, now, client, is_remembered=True)
        return True

    def decline(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
                hardware: bytes, port: bytes = b"", share: float = 100.0) -> bool:
        """Stage a quarantine until `end` for an address of the client's; False where it is not the client's.

        What one machine, one `port` of a relay agent and all in one pool may have in quarantine is bounded, the last by
        `share` (per cent of the pool): the oldest ones are given up.
        """
        machine = hardware or client
        mark = DECLINING + machine
        if address in self.touched or mark in self.touched or not self._may_decline(table, client, address):
            return False
        home = table.home(address)
        self.staging.put(home, (address, client, htype, hardware, "", end, now, QUARANTINED),
                    self._holder(home, address - home.base))
        self.touched.add(mark)
        self._keep_apart(home, address, now, machine, port, share)
        return True

    def _may_decline(self, table: AddressTable, client: bytes, address: int) -> bool:
        return (self.offers.address(client) == address and self._is_offered(table, address)) or bool(
            self.lease_end(table, client, address))

    def _keep_apart(self, home: AddressTable, address: int, now: int, machine: bytes, port: bytes, share: float) -> None:
        """Note on whose word an address is in quarantine, and give up what is too many by it."""
        slot = address - home.base
        home.quarantine.add(slot, groups_of(home.kinds[slot], machine, port))
        for other in home.quarantine.excess(slot, home.share_of(slot, share)):
            self.given_up += self._end_quarantine(home, home.base + other, now)

    def _end_quarantine(self, home: AddressTable, address: int, now: int) -> bool:
        """Stage the end of a quarantine."""
        if address in self.touched or home.states[address - home.base] != DECLINED:
            return False
        self.staging.put(home, (address, b"", 0, b"", "", now, now, RELEASED), b"")
        return True

    def clear_quarantine(self, address: int, now: int) -> bool:
        """Stage the end of the quarantine of an address; False where it is in none."""
        home = self.tables.of(address)
        return home is not None and self._end_quarantine(home, address, now)

    def quarantined(self, machine: bytes = b"") -> list[int]:
        """The addresses in quarantine, of all networks: all, or those on the word of one machine."""
        return [table.base + slot for table in self.tables.rising if len(table.quarantine)
                for slot in (table.quarantine.of((OF_MACHINE, machine)) if machine else table.quarantine.slots())]

    def quarantine(self, table: AddressTable, address: int, end: int, now: int, machine: bytes = b"",
                   share: float = 100.0) -> bool:
        """Stage a quarantine until `end` for an address that somebody uses who has no lease of it, `machine` if it is known.

        False where it is leased, or something is staged of it. An offer of it is withdrawn at once. Bounded as by `decline`.
        """
        home = table.in_wire(address)
        if home is None or address in self.touched or home.states[address - home.base] == LEASED:
            return False
        slot = address - home.base
        if home.states[slot] == OFFERED:
            self.offers.withdraw_address(address)
        if home.states[slot] != DECLINED:
            home.hold(slot)  # so that nobody in this batch is offered it, nor for a moment if it fails
            self._note_offer(nobody(address), address, now + HOLD)
        self.staging.put(home, (address, b"", 0, b"", "", end, now, QUARANTINED), b"")
        self._keep_apart(home, address, now, machine, b"", share)
        return True

    def commit(self) -> frozenset[int]:
        """Store what is staged, synced, and only then change memory. Returns addresses whose binding was refused.

        Raises StoreError where it could not be stored; then nothing of it has happened, and the staged is forgotten.
        """
        return self.staging.commit()

    # --- housekeeping, in small portions

    def lapse_offers(self, now: int) -> int:
        """Free the addresses of some offers that have ended; returns how many."""
        count = 0
        self.faces.age()
        for address in islice(self.offers.overdue(now), PORTION):
            self.staging.lapse(address)
            count += 1
        return count

    def reclaim(self, now: int) -> list[Row]:
        """Free some addresses whose leases have ended; returns their rows. Networks take turns, for there may be a thousand."""
        rows: list[Row] = []
        left, turn = PORTION, self._turn
        self._is_behind = False
        for at, table in enumerate(self.tables.rising[turn:] + self.tables.rising[:turn], turn):
            if not table.is_due(now):
                continue
            if left > 0:
                for row in self._due(table, now, left):
                    rows.append(row)
                    self._end(table, row)
                left -= table.looked
                self._turn = (at + 1) % len(self.tables.rising)
            if table.is_behind(now):
                self._is_behind = True
                if left <= 0:
                    break
        return rows

    def _end(self, table: AddressTable, row: Row) -> None:
        slot = row.address - table.base
        table.end(slot, row.client)
        if self.offers.address(row.client) == row.address and table.states[slot] == ENDED:
            table.hold(slot)  # its client is about to ask for it again
        elif self.limits.keys:
            self.limits.end(row.address)

    def _due(self, table: AddressTable, now: int, most: int) -> list[Row]:
        """Rows whose lease or quarantine has ended; where they cannot be read now, they are due again."""
        addresses = table.due(now, most)
        try:
            return [row for row in map(self.store.row, addresses) if row is not None]
        except StoreError as error:
            self.outage.note(error)
            for address in addresses:
                table.postpone(address)
            raise

    def settle(self) -> None:
        """An administrator says that no care is to be taken any more for leases that were lost."""
        with self.lock:
            if self.caution.is_on:
                self.caution.settle()

    def mend(self) -> None:
        """Try a store that has failed, though there is nothing to store: what is damaged is recovered before it is missed."""
        if self.store.damage is not None and not self.outage.is_on:
            self.outage.note(self.store.damage)
        if self.outage.is_doubtful:
            with suppress(StoreError):
                self.outage.recover()

    @property
    def is_settled(self) -> bool:
        """Whether the ends of all leases are known to `reclaim`, and it came to all that was due."""
        return not self._is_behind and all(table.is_indexed for table in self.tables.rising)

    # --- the time

    def keep_time(self) -> None:
        """Follow the wall clock, and note how it stands: at once where it was set. To be called every second or so."""
        if self.time.look() or self.time.now() >= self._note_at:
            self.note_time()

    def note_time(self) -> None:
        """Note the time in the store. That it could not be is told as that of any commit, and it is tried again."""
        self._note_at = self.time.now() + NOTE_EVERY
        try:
            self.staging.keep_time_note(self.time.note())
        except StoreError:
            self._note_at = self.time.now() + NOTE_AGAIN

    # --- changes by hand, in the forms of the older server

    def add(self, host: Host) -> None:
        """Record a host by hand, durably. Raises InvalidValue where another one holds its address."""
        with self.lock:
            holder = self.store.row(address_from(host.ip))
            if holder is not None and holder.state == BOUND and holder.client != row_of(host).client:
                raise InvalidValue(f"{host.ip} is held by {hardware_text(holder.hardware)}; delete that host first")
            self.replace(host)

    def replace(self, host: Host) -> None:
        """Record a host by hand, durably, whoever holds its address."""
        with self.lock:
            self._store_by_hand(self.time.row_of_wall(row_of(host)))

    def delete(self, host: Host) -> None:
        """Forget a host, durably: its address is free, and its client not remembered."""
        with self.lock:
            row = self.store.row(address_from(host.ip))
            if row is not None:
                gone = row._replace(client=b"", ends=int(self.time.now()), state=RELEASED, relay=b"", limits="",
                                    sent_name="", dns="")
                self._store_by_hand(gone, row.client)

    def _store_by_hand(self, row: Row, former: bytes = b"") -> None:
        table = self.tables.of(row.address)
        if table is None:
            self.store.commit([row])
            return
        before = table.clients.get(row.client, 0)
        if row.client and before not in (0, row.address):
            self.staging.release(table.home(before), before, int(self.time.now()), row.client, is_remembered=False)
        self.staging.put(table, row, former or self._holder(table, row.address - table.base))
        self.commit()
