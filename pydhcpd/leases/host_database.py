"""`HostDatabase`: every host that the server knows, and which address is whose.

Decisions are staged and take effect in `commit`: rows go to the store first, memory changes only after they are synced.
An offer is in memory alone; a commit makes it a lease. `lock` guards everything here that changes; who calls the
methods of the packet path holds it, the queries (`get`, `all`) do not need it and read the store on their own.

One decision per client and per address in a batch: `touched` has both, and the caller commits before the next one.
"""

import logging
import sqlite3
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from pydhcpd.addresses import address_from, address_text, hardware_from, hardware_text
from pydhcpd.comparators import Column, Condition, condition
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.address_table import BY_HARDWARE, DECLINED, ENDED, LEASED, NEVER, OFFERED, POOL, AddressTable, Plan
from pydhcpd.leases.limits import SEPARATOR, Limits
from pydhcpd.leases.offers import Offers
from pydhcpd.leases.store import (
    BOUND,
    QUARANTINED,
    RELEASED,
    WAL_LIMIT,
    WRITE_BACK,
    Fields,
    PlainFields,
    Release,
    Row,
    SQLiteStore,
)

log = logging.getLogger(__name__)

RETRY_AFTER = 1.0  # seconds between attempts to use a store that has failed
HOLD = 10  # seconds for which an address is kept for a client whose lease could not be stored
PORTION = 1024  # addresses looked at in one go of the housekeeping, about a millisecond
COUNTED = 1 << 20  # addresses of a pool that are counted in a millisecond, to know how much of it is in use


class Host(NamedTuple):
    """A host for people: addresses as text, times in seconds of the epoch (`expires` None: never)."""

    mac: str
    ip: str
    hostname: str
    last_used: int
    expires: int | None = None
    state: str = "bound"

    @classmethod
    def of(cls, row: Row, now: float) -> "Host":
        """The host of a row; a bound lease whose end has passed is `expired`."""
        state = {BOUND: "bound", RELEASED: "released", QUARANTINED: "quarantined"}[row.state]
        return cls(hardware_text(row.hardware).upper(), address_text(row.address), row.hostname, row.last_used,
                   None if row.ends == NEVER else row.ends, "expired" if state == "bound" and row.ends <= now else state)


COLUMNS = {
    "ip": Column("address", address_from),
    "mac": Column("hardware", hardware_from),
    "hostname": Column("hostname", str, text=True),
    "last_used": Column("last_used", lambda value: value),
    "expires": Column("ends", lambda value: value),
}


Places = Mapping[tuple[int, int], object]
"""The network (its base) and kind of the addresses that a client may have, in the order in which to try. Asked for each request
whether one is in it: a dictionary, whose values do not matter."""


class HostDatabase:
    """Hosts, their leases and the offers made to them, over a store.

    Where a method takes a table, it is any one of the client's wire, and an address may lie in any other of that wire.
    """

    def __init__(self, store: SQLiteStore, offer_limit: int = 50_000) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.offers = Offers(offer_limit)
        self.tables: dict[int, AddressTable] = {}
        self.limits = Limits()
        self._plans: tuple[Plan, ...] = ()
        self._sorted: list[AddressTable] = []  # the tables by base
        self._bases: list[int] = []
        self._turn = 0  # with which of the tables `reclaim` goes on
        self._is_behind = False  # whether it has to go on before a second has passed
        self._uses: dict[tuple[int, int], tuple[float, float]] = {}  # of a pool: until when it holds, and the share
        self._rows: list[PlainFields | Fields] = []  # staged for the commit
        self._effects: list[tuple[AddressTable, bytes]] = []  # of each row: its table, and whose lease it takes
        self._releases: list[Release] = []  # staged as well
        self._released: list[tuple[AddressTable, bytes]] = []  # of each release: its table, and who loses the address
        self.touched: set[bytes | int] = set()  # clients and addresses of whom something is staged
        self._failed: sqlite3.Error | None = None
        self._retry_at = 0.0
        self._must_reread = False
        self._alarmed = False  # whether the failure was told; once, until something could be stored
        self.logged = 0  # bytes, at the most, that the store's log has got since it was last written back
        self.log_is_long = threading.Event()  # set when it is time to write it back

    # --- networks

    def prepare(self, networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """Read the tables of wires that are new, beside the path. What `adopt` needs besides, it takes from those in use."""
        new = [wire for wire in _wires(networks) if not any(self._is_in_use(base, size) for base, size, *_ in wire)]
        return {table.base: table for wire in new for table in self._load(wire, now)}

    def adopt(self, prepared: dict[int, AddressTable], networks: Iterable[Plan], now: int) -> None:
        """Serve these networks from now on. The caller holds the lock, and nothing is staged.

        A wire that has got other networks, or one of another size, is read here, for its leases may change until the lock
        is held.
        """
        plans = tuple(networks)
        tables: dict[int, AddressTable] = {}
        for wire in _wires(plans):
            if all(base in prepared for base, *_ in wire):
                tables.update((base, prepared[base]) for base, *_ in wire)
            elif self._is_kept(wire):
                for base, _, kinds, pools, _ in wire:
                    tables[base] = table = self.tables[base]
                    if table.kinds != kinds or table.pools != pools:
                        table.set_kinds(kinds, pools)
            else:
                tables.update((table.base, table) for table in self._load(wire, now))
        self._serve(plans, tables)

    def _is_in_use(self, base: int, size: int) -> bool:
        """Whether addresses of a network are served now, perhaps as parts of another one."""
        at = bisect_right(self._bases, base + size - 1) - 1
        return at >= 0 and self._bases[at] + self._sorted[at].size > base

    def _is_kept(self, wire: Sequence[Plan]) -> bool:
        """Whether a wire is served now, with the same networks."""
        bases = {base for base, *_ in wire}
        tables = [self.tables.get(base) for base in bases]
        return all(table is not None and {one.base for one in table.wire} == bases for table in tables) and all(
            self.tables[base].size == size for base, size, *_ in wire)

    def _load(self, wire: Sequence[Plan], now: int) -> list[AddressTable]:
        """Read the tables of one wire."""
        tables: list[AddressTable] = []
        for base, size, kinds, pools, _ in wire:
            AddressTable(base, size, now, tables).set_kinds(kinds, pools)
        for table in tables:
            last = table.base + table.size - 1
            table.load(self.store.running(table.base, last, now), self.store.not_running(table.base, last, now), now)
        for table in tables:
            base = table.base
            table.limits = {address: text for address, text in self.store.limited(base, base + table.size - 1, now)
                            if table.states[address - base] == LEASED}
        return tables

    def _serve(self, plans: tuple[Plan, ...], tables: dict[int, AddressTable]) -> None:
        for address in list(self.limits.keys):
            kept = self.table_of(address)
            if kept is None or tables.get(kept.base) is not kept:
                self.limits.end(address)
        new = {base for base, table in tables.items() if self.tables.get(base) is not table}
        self.tables, self._plans = tables, plans
        self._sorted = sorted(tables.values(), key=lambda table: table.base)
        self._bases = [table.base for table in self._sorted]
        self._turn = 0
        self._uses.clear()
        for base in new:
            self.limits.load(tables[base].limits)
            tables[base].limits = {}
        self._hold_offers(new)

    def _hold_offers(self, bases: set[int]) -> None:
        """Let offers hold in tables that were read anew: their clients are about to ask for the addresses."""
        for client, address in list(self.offers.items()):
            table = self.table_of(address)
            if table is None or table.base not in bases:
                continue
            slot = address - table.base
            if table.states[slot] <= ENDED:
                table.hold(slot)
            elif table.states[slot] != LEASED or table.clients.get(client) != address:
                self.offers.withdraw(client)

    # --- offers

    def offer(self, table: AddressTable, client: bytes, wanted: int, deadline: int, places: Places) -> int:
        """Hold an address of one of `places` for the client until `deadline` (seconds of the epoch); 0 where none is free.

        In the order of RFC 2131 section 4.3.1: its present or former address, the one that it was offered, the one that it
        asks for, a free one. A present lease needs no offer to hold it, unless it ends sooner.
        """
        address = table.clients.get(client, 0)
        if address:
            home = table if 0 <= address - table.base < table.size else table.home(address)
            slot = address - home.base
            state = home.states[slot]
            if state in (LEASED, ENDED) and (home.base, home.kinds[slot]) in places:
                if state == ENDED:
                    home.hold(slot)
                    self._note_offer(client, address, deadline)
                elif home.ends[slot] <= deadline:
                    self._note_offer(client, address, deadline)
                return address
        address = self.offers.address(client)
        if not address or not self._is_offered(table, address, places):
            address = (wanted and self._take_wanted(table, wanted, places)) or self._take(places)
        if address:
            self._note_offer(client, address, deadline)
        return address

    @staticmethod
    def _take_wanted(table: AddressTable, address: int, places: Places) -> int:
        """The address that a client asks for, if it is free and one of `places`; else 0."""
        home = table.in_wire(address)
        if home is None or home.states[address - home.base] > ENDED or (
                home.base, home.kinds[address - home.base]) not in places:
            return 0
        home.hold(address - home.base)
        return address

    def _take(self, places: Places) -> int:
        """A free address of the first of `places` that has one, or 0."""
        for base, kind in places:
            if kind >= POOL:
                address = self.tables[base].take(kind - POOL)
                if address:
                    return address
        return 0

    @staticmethod
    def _is_offered(table: AddressTable, address: int, places: Places | None = None) -> bool:
        """Whether an offer of the address still holds: by hand it may have been given away, or be of another wire."""
        home = table.in_wire(address)
        if home is None or home.states[address - home.base] != OFFERED:
            return False
        return places is None or (home.base, home.kinds[address - home.base]) in places

    def _note_offer(self, client: bytes, address: int, deadline: int) -> None:
        before = self.offers.put(client, address, deadline)
        if before and before != address:
            self._lapse(before)
        if len(self.offers) > self.offers.limit:
            for lapsed in self.offers.overdue(0):
                self._lapse(lapsed)

    def withdraw(self, client: bytes) -> None:
        """The client has chosen another server: its offer is free again."""
        address = self.offers.withdraw(client)
        if address:
            self._lapse(address)

    def _lapse(self, address: int) -> None:
        table = self.table_of(address)
        if table is not None:
            table.lapse(address - table.base)

    def table_of(self, address: int) -> AddressTable | None:
        """The table of the network in which an address lies."""
        at = bisect_right(self._bases, address) - 1
        if at >= 0:
            table = self._sorted[at]
            if address - table.base < table.size:
                return table
        return None

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

    def lease_end(self, table: AddressTable, client: bytes, address: int) -> int:
        """When the client's lease of this address ends (seconds of the epoch), or 0 where it has none."""
        if table.clients.get(client) != address:
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
            return table.clients.get(client) == address
        if state == OFFERED:
            return self.offers.address(client) == address
        return state <= ENDED

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

    def remembered_relay(self, address: int, client: bytes, hardware: bytes) -> bytes:
        """giaddr in four bytes and the content of option 82 that came with the lease of an address, if it is this client's.

        Whose it is tells the key of the lease, or the hardware address. A look into the store: 10 µs.
        """
        row = self.store.row(address)
        if row is None or row.state != BOUND or not (row.client == client or (hardware and row.hardware == hardware)):
            return b""
        return row.relay

    def use_of(self, base: int, kind: int, now: float) -> float:
        """Which share (0 to 1) of a pool is leased, offered or in quarantine; up to a second old, of a huge pool some seconds.

        `now` is in seconds of the epoch.
        """
        until, share = self._uses.get((base, kind), (0.0, 0.0))
        if not until - 1 - (self.tables[base].size / COUNTED) <= now < until:
            table = self.tables[base]
            share = 1.0 - table.free_share(kind - POOL)
            self._uses[base, kind] = now + 1 + table.size / COUNTED, share
        return share

    def exceeded(self, limits: Iterable[tuple[str, int]], table: AddressTable, client: bytes) -> str:
        """The first key of `limits` for which other clients have as many leases as it allows, or more; "" where there is none.

        Leases of all networks count, what is staged included, but for the client's own on this wire.
        """
        counts = self.limits.counts
        own: list[str] | None = None
        for key, most in limits:
            count = counts.get(key, 0)
            if count >= most:
                if own is None:
                    own = self._own_limits(table, client)
                if count - (key in own) >= most:
                    return key
        return ""

    def _own_limits(self, table: AddressTable, client: bytes) -> list[str]:
        """What the client's lease on this wire counts for."""
        address = table.clients.get(client, 0)
        if not address or address in self.touched or not self.lease_end(table, client, address):
            return []
        return self.limits.keys_of(address)

    # --- decisions, which take effect in commit()

    def bind(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
             hardware: bytes, hostname: str, relay: bytes = b"", limits: tuple[str, ...] = ()) -> None:
        """Stage a lease until `end`. The address must have been found free for the client.

        `relay` is giaddr in four bytes and the content of option 82, which nobody here looks into; b"" leaves what is
        remembered of a lease that the client has. `limits` is what the lease counts for.
        """
        before = table.clients.get(client, 0)
        slot = address - table.base
        if not 0 <= slot < table.size:
            table = table.home(address)
            slot = address - table.base
        holder = b""
        if before != address:
            holder = self._holder(table, slot)
            if before and before not in self.touched:
                former = table.home(before)
                if former.states[before - former.base] == LEASED:
                    self._stage_release(former, before, now, client, is_remembered=False)
        if table.states[slot] <= ENDED and table.kinds[slot] >= POOL:
            table.hold(slot)  # so that nobody else in this batch is offered it
            self._note_offer(client, address, now + HOLD)
        if relay or limits:
            text = SEPARATOR.join(limits)
            self._stage(table, (address, client, htype, hardware, hostname, end, now, BOUND, relay, text), holder, text)
        else:
            self._stage(table, (address, client, htype, hardware, hostname, end, now, BOUND), holder)

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
        self._stage_release(table.home(address), address, now, client, is_remembered=True)
        return True

    def _stage_release(self, table: AddressTable, address: int, now: int, client: bytes, *, is_remembered: bool) -> None:
        self._releases.append((client if is_remembered else b"", now, address))
        self._released.append((table, client))
        if self.limits.keys:
            self.limits.stage(address, "")
        self.touched.add(address)
        self.touched.add(client)

    def decline(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
                hardware: bytes) -> bool:
        """Stage a quarantine until `end` for an address of the client's; False where it is not the client's."""
        offered = self.offers.address(client) == address and self._is_offered(table, address)
        if address in self.touched or not (offered or self.lease_end(table, client, address)):
            return False
        home = table.home(address)
        self._stage(home, (address, client, htype, hardware, "", end, now, QUARANTINED),
                    self._holder(home, address - home.base))
        return True

    def quarantine(self, table: AddressTable, address: int, end: int, now: int) -> bool:
        """Stage a quarantine until `end` for an address that somebody uses who has no lease of it.

        False where it is leased, or something is staged of it. An offer of it is withdrawn at once.
        """
        home = table.in_wire(address)
        if home is None or address in self.touched or home.states[address - home.base] == LEASED:
            return False
        slot = address - home.base
        if home.states[slot] == OFFERED:
            self.offers.withdraw_address(address)
        if home.states[slot] != DECLINED:
            home.hold(slot)  # so that nobody in this batch is offered it, nor for a moment if it fails
            self._note_offer(_nobody(address), address, now + HOLD)
        self._stage(home, (address, b"", 0, b"", "", end, now, QUARANTINED), b"")
        return True

    def _stage(self, table: AddressTable, row: PlainFields | Fields, holder: bytes, limits: str = "") -> None:
        """Keep a row for the commit; `holder` is whose lease it takes, where that is another client. `limits` are the row's."""
        self._rows.append(row)
        self._effects.append((table, holder))
        if limits or self.limits.keys:
            self.limits.stage(row[0], limits)
        self.touched.add(row[0])
        self.touched.add(row[1])

    def commit(self) -> frozenset[int]:
        """Store what is staged, synced, and only then change memory. Returns addresses whose binding was refused.

        Raises sqlite3.Error where it could not be stored; then nothing of it has happened, and the staged is forgotten.
        """
        if not self.touched:
            return frozenset()
        rows, effects, releases, released = self._rows, self._effects, self._releases, self._released
        self._rows, self._effects, self._releases, self._released = [], [], [], []
        self.touched.clear()
        try:
            self._recover()
            refused = self._store(rows, releases)
        except sqlite3.Error:
            self.limits.revert()
            raise
        if self._alarmed:
            self._alarmed = False
            log.warning("leases are stored again")
        self._failed = None
        self.logged += self.store.most_logged(len(rows) + len(releases))
        if self.logged > WRITE_BACK and not self.log_is_long.is_set():
            self.log_is_long.set()
        self.limits.confirm(refused)
        for (remembered, _, address), (table, client) in zip(releases, released, strict=True):
            if not remembered:
                table.forget(client, address - table.base)
            table.end(address - table.base, client)
        for row, (table, holder) in zip(rows, effects, strict=True):
            if row[0] not in refused:
                self._apply(table, row, holder)
        return refused

    def _store(self, rows: Sequence[PlainFields | Fields], releases: Sequence[Release]) -> frozenset[int]:
        try:
            return self.store.commit(rows, releases)
        except sqlite3.Error as error:
            self._note_failure(error)
            raise

    def _apply(self, table: AddressTable, row: PlainFields | Fields, holder: bytes) -> None:
        address, client, end, state = row[0], row[1], row[5], row[7]
        slot = address - table.base
        if holder and holder != client:
            table.forget(holder, slot)
        if state == RELEASED:
            table.end(slot, client)
            return
        offered = self.offers.withdraw(client or _nobody(address))
        if state == BOUND:
            if offered and offered != address:
                self._lapse(offered)
            table.lease(slot, client, end)
        else:
            table.decline(slot, client, end)

    def _note_failure(self, error: sqlite3.Error) -> None:
        if not self._alarmed:
            self._alarmed = True
            log.error("leases cannot be stored in %s: %s; nothing new is acknowledged until they can",
                      self.store.path, error)
        self._failed = error
        self._must_reread = "disk I/O" in str(error)
        self._retry_at = time.monotonic() + RETRY_AFTER

    def _recover(self) -> None:
        """After a failure, wait a while; after an I/O error, trust only what is read anew."""
        if self._failed is None:
            return
        if time.monotonic() < self._retry_at:
            raise self._failed.with_traceback(None)  # the same one each time: it must not collect the traces of all
        self._retry_at = time.monotonic() + RETRY_AFTER
        if self._must_reread:
            self._reread()

    def _reread(self) -> None:
        """Build everything anew from the store. What was staged rests on the old picture, so it fails once more."""
        failed, self._failed, self._must_reread = self._failed, None, False
        now = int(time.time())
        try:
            self.store.reopen()
            self.offers = Offers(self.offers.limit)
            tables = {table.base: table for wire in _wires(self._plans) for table in self._load(wire, now)}
            self._serve(self._plans, tables)
        except (sqlite3.Error, InvalidValue, OSError) as error:
            self._note_failure(sqlite3.OperationalError(f"disk I/O: {error}"))
        raise failed or sqlite3.OperationalError("the store was read again")

    # --- housekeeping, in small portions

    def lapse_offers(self, now: int) -> int:
        """Free the addresses of some offers that have ended; returns how many."""
        count = 0
        for address in islice(self.offers.overdue(now), PORTION):
            self._lapse(address)
            count += 1
        return count

    def reclaim(self, now: int) -> list[Row]:
        """Free some addresses whose leases have ended; returns their rows. Networks take turns, for there may be a thousand."""
        rows: list[Row] = []
        left, turn = PORTION, self._turn
        self._is_behind = False
        for at, table in enumerate(self._sorted[turn:] + self._sorted[:turn], turn):
            if not table.is_due(now):
                continue
            if left > 0:
                for row in self._due(table, now, left):
                    rows.append(row)
                    self._end(table, row)
                left -= table.looked
                self._turn = (at + 1) % len(self._sorted)
            if table.is_behind(now):
                self._is_behind = True
                if left <= 0:
                    break
        return rows

    def _end(self, table: AddressTable, row: Row) -> None:
        slot = row.address - table.base
        table.end(slot, row.client)
        if self.limits.keys:
            self.limits.end(row.address)
        if self.offers.address(row.client) == row.address and table.states[slot] == ENDED:
            table.hold(slot)  # its client is about to ask for it again

    def _due(self, table: AddressTable, now: int, most: int) -> list[Row]:
        """Rows whose lease or quarantine has ended; where they cannot be read now, they are due again."""
        addresses = table.due(now, most)
        try:
            return [row for row in map(self.store.row, addresses) if row is not None]
        except sqlite3.Error:
            for address in addresses:
                table.postpone(address)
            raise

    @property
    def is_settled(self) -> bool:
        """Whether the ends of all leases are known to `reclaim`, and it came to all that was due."""
        return not self._is_behind and all(table.is_indexed for table in self._sorted)

    # --- queries and changes by hand, in the forms of the older server

    def get(self, **patterns: object) -> Iterator[Host]:
        """Hosts for which every pattern holds: `get(mac=CASEINSENSITIVE(m))`, `get(ip=NETWORK(net, mask))`.

        Fields: ip, mac, hostname, last_used, expires. Raises InvalidValue for another.
        """
        unknown = set(patterns) - set(COLUMNS)
        if unknown:
            raise InvalidValue(f"{', '.join(sorted(unknown))}: no field of a host; there are {', '.join(COLUMNS)}")
        conditions: list[Condition] = [condition(COLUMNS[name], pattern) for name, pattern in patterns.items()]
        where = " AND ".join(f"({sql})" for sql, _ in conditions) or "1"
        parameters = tuple(value for _, values in conditions for value in values)
        now = time.time()
        return (Host.of(row, now) for row in self.store.select(where, parameters))

    def active(self, now: float) -> Iterator[Host]:
        """Hosts with a lease that runs, and quarantined addresses, in order of address."""
        rows = self.store.select(f"ends > ? AND state IN ({BOUND}, {QUARANTINED})", (now,))
        return (Host.of(row, now) for row in rows)

    def all(self) -> Iterator[Host]:
        """Every host on record, in order of address."""
        return self.get()

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
            self._store_by_hand(row_of(host))

    def delete(self, host: Host) -> None:
        """Forget a host, durably: its address is free, and its client not remembered."""
        with self.lock:
            row = self.store.row(address_from(host.ip))
            if row is not None:
                gone = row._replace(client=b"", ends=int(time.time()), state=RELEASED, relay=b"", limits="")
                self._store_by_hand(gone, row.client)

    def _store_by_hand(self, row: Row, former: bytes = b"") -> None:
        table = self.table_of(row.address)
        if table is None:
            self.store.commit([row])
            return
        before = table.clients.get(row.client, 0)
        if row.client and before not in (0, row.address):
            self._stage_release(table.home(before), before, int(time.time()), row.client, is_remembered=False)
        self._stage(table, row, former or self._holder(table, row.address - table.base))
        self.commit()

    # --- the write-ahead log

    def checkpoint(self) -> None:
        """Write the store's log back, beside the path; only when that cannot keep it small does the path wait for it.

        What is written under the lock is little, for the second time before it has left hardly anything.
        """
        self.logged = 0
        self.log_is_long.clear()
        if self.store.checkpoint("PASSIVE") > WAL_LIMIT:
            self.store.checkpoint("PASSIVE")
            with self.lock:
                self.store.checkpoint("RESTART")


def _wires(networks: Iterable[Plan]) -> list[list[Plan]]:
    """The networks of each wire."""
    wires: dict[object, list[Plan]] = {}
    for plan in networks:
        wires.setdefault(plan[4], []).append(plan)
    return list(wires.values())


def _nobody(address: int) -> bytes:
    """Stands for the client where an address is held for nobody: a key that no client has."""
    return b"\xff" + address.to_bytes(4, "big")


def row_of(host: Host) -> Row:
    """The row of a host that is given by hand or imported: all that is known of it is its hardware address (Ethernet)."""
    hardware = hardware_from(host.mac)
    client = bytes((BY_HARDWARE, 1)) + hardware
    ends = NEVER if host.expires is None else host.expires
    return Row(address_from(host.ip), client, 1, hardware, host.hostname, ends, host.last_used, BOUND)
