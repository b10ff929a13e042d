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
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from pydhcpd.addresses import address_from, address_text, hardware_from, hardware_text
from pydhcpd.comparators import Column, Condition, condition
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.address_table import BY_HARDWARE, DECLINED, ENDED, LEASED, NEVER, OFFERED, POOL, RESERVED, AddressTable
from pydhcpd.leases.offers import Offers
from pydhcpd.leases.store import BOUND, QUARANTINED, RELEASED, WAL_LIMIT, WRITE_BACK, Fields, Release, Row, SQLiteStore

log = logging.getLogger(__name__)

RETRY_AFTER = 1.0  # seconds between attempts to use a store that has failed
HOLD = 10  # seconds for which an address is kept for a client whose lease could not be stored
PORTION = 1024  # addresses looked at in one go of the housekeeping, about a millisecond


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


PlannedNetwork = tuple[int, int, bytes]  # base, size, and the kind of each address


class HostDatabase:
    """Hosts, their leases and the offers made to them, over a store."""

    def __init__(self, store: SQLiteStore, offer_limit: int = 50_000) -> None:
        self.lock = threading.RLock()
        self.store = store
        self.offers = Offers(offer_limit)
        self.tables: dict[int, AddressTable] = {}
        self._rows: list[Fields] = []  # staged for the commit
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

    def prepare(self, networks: Iterable[PlannedNetwork], now: int) -> dict[int, AddressTable]:
        """Read the tables of networks that are new, beside the path. What `adopt` needs besides, it takes from those in use."""
        return {base: self._load(base, size, kinds, now) for base, size, kinds in networks if not self._is_in_use(base, size)}

    def adopt(self, prepared: dict[int, AddressTable], networks: Iterable[PlannedNetwork], now: int) -> None:
        """Serve these networks from now on. The caller holds the lock, and nothing is staged.

        A network whose size has changed is read here, for its leases may change until the lock is held.
        """
        tables = {}
        for base, size, kinds in networks:
            kept = self.tables.get(base)
            if base in prepared:
                tables[base] = prepared[base]
            elif kept is not None and kept.size == size:
                tables[base] = kept
                if kept.kinds != kinds:
                    kept.set_kinds(kinds)
            else:
                tables[base] = self._load(base, size, kinds, now)
        self.tables = tables

    def _is_in_use(self, base: int, size: int) -> bool:
        """Whether addresses of a network are served now, perhaps as parts of another one."""
        return any(table.base < base + size and base < table.base + table.size for table in self.tables.values())

    def _load(self, base: int, size: int, kinds: bytes, now: int) -> AddressTable:
        table = AddressTable(base, size, now)
        table.set_kinds(kinds)
        last = base + size - 1
        table.load(self.store.running(base, last, now), self.store.not_running(base, last, now), now)
        return table

    # --- offers

    def offer(self, table: AddressTable, client: bytes, wanted: int, deadline: int) -> int:
        """Hold a pool address for the client until `deadline` (seconds of the epoch); 0 where none is free.

        In the order of RFC 2131 section 4.3.1: its present or former address, the one that it asks for, a free one.
        A present lease needs no offer to hold it, unless it ends sooner.
        """
        address = table.clients.get(client, 0)
        if address:
            slot = address - table.base
            if table.kinds[slot] == POOL:
                if table.states[slot] == LEASED:
                    if table.ends[slot] <= deadline:
                        self._note_offer(client, address, deadline)
                    return address
                if table.states[slot] == ENDED:
                    table.hold(slot)
                    self._note_offer(client, address, deadline)
                    return address
        address = self.offers.address(client)
        if not address or not self._is_offered(table, address) or table.kinds[address - table.base] != POOL:
            address = table.take(wanted)
        if address:
            self._note_offer(client, address, deadline)
        return address

    @staticmethod
    def _is_offered(table: AddressTable, address: int) -> bool:
        """Whether an offer of the address still holds: one may lie in a table that was read anew since."""
        return address in table and table.states[address - table.base] == OFFERED

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
        return next((table for table in self.tables.values() if address in table), None)

    # --- what is known of a client

    def address_of(self, table: AddressTable, client: bytes) -> int:
        """The address that the client has or had last in this network, or 0."""
        return table.clients.get(client, 0)

    def has_lease(self, table: AddressTable, client: bytes) -> bool:
        """Whether the client has a lease now (its end may have passed a moment ago)."""
        address = table.clients.get(client, 0)
        return address != 0 and table.states[address - table.base] == LEASED

    def lease_end(self, table: AddressTable, client: bytes, address: int) -> int:
        """When the client's lease of this address ends (seconds of the epoch), or 0 where it has none."""
        if table.clients.get(client) == address and table.states[address - table.base] == LEASED:
            return table.ends[address - table.base]
        return 0

    def is_free_for(self, table: AddressTable, client: bytes, address: int) -> bool:
        """Whether a pool address is the client's, was offered to it, or is nobody's."""
        slot = address - table.base
        if not 0 <= slot < table.size or table.kinds[slot] != POOL or address in self.touched:
            return False
        state = table.states[slot]
        if state == LEASED:
            return table.clients.get(client) == address
        if state == OFFERED:
            return self.offers.address(client) == address
        return state <= ENDED

    def is_reserved_free(self, table: AddressTable, address: int, same_host: Callable[[Row], bool]) -> bool:
        """Whether its host may have a reserved address: nobody holds it, or the holder is another face of that host."""
        slot = address - table.base
        if not 0 <= slot < table.size or table.kinds[slot] != RESERVED or address in self.touched:
            return False
        if table.states[slot] != LEASED:
            return table.states[slot] not in (DECLINED, OFFERED)
        row = self.store.row(address)
        return row is None or same_host(row)

    # --- decisions, which take effect in commit()

    def bind(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
             hardware: bytes, hostname: str) -> None:
        """Stage a lease until `end`. The address must have been found free for the client."""
        slot = address - table.base
        holder, before = b"", table.clients.get(client, 0)
        if before != address:
            holder = self._holder(table, slot)
            if before and before not in self.touched and table.states[before - table.base] == LEASED:
                self._stage_release(table, before, now, client, is_remembered=False)
        if table.states[slot] <= ENDED and table.kinds[slot] == POOL:
            table.hold(slot)  # so that nobody else in this batch is offered it
            self._note_offer(client, address, now + HOLD)
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
        self._stage_release(table, address, now, client, is_remembered=True)
        return True

    def _stage_release(self, table: AddressTable, address: int, now: int, client: bytes, *, is_remembered: bool) -> None:
        self._releases.append((client if is_remembered else b"", now, address))
        self._released.append((table, client))
        self.touched.add(address)
        self.touched.add(client)

    def decline(self, table: AddressTable, client: bytes, address: int, end: int, now: int, htype: int,
                hardware: bytes) -> bool:
        """Stage a quarantine until `end` for an address of the client's; False where it is not the client's."""
        offered = self.offers.address(client) == address and self._is_offered(table, address)
        if address in self.touched or not (offered or self.lease_end(table, client, address)):
            return False
        self._stage(table, Row(address, client, htype, hardware, "", end, now, QUARANTINED),
                    self._holder(table, address - table.base))
        return True

    def _stage(self, table: AddressTable, row: Fields, holder: bytes) -> None:
        """Keep a row for the commit; `holder` is whose lease it takes, where that is another client."""
        self._rows.append(row)
        self._effects.append((table, holder))
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
        self._recover()
        try:
            refused = self.store.commit(rows, releases)
        except sqlite3.Error as error:
            self._note_failure(error)
            raise
        if self._alarmed:
            self._alarmed = False
            log.warning("leases are stored again")
        self._failed = None
        self.logged += self.store.most_logged(len(rows) + len(releases))
        if self.logged > WRITE_BACK and not self.log_is_long.is_set():
            self.log_is_long.set()
        for (remembered, _, address), (table, client) in zip(releases, released, strict=True):
            if not remembered:
                table.forget(client, address - table.base)
            table.end(address - table.base, client)
        for row, (table, holder) in zip(rows, effects, strict=True):
            if row[0] not in refused:
                self._apply(table, row, holder)
        return refused

    def _apply(self, table: AddressTable, row: Fields, holder: bytes) -> None:
        address, client, end, state = row[0], row[1], row[5], row[7]
        slot = address - table.base
        if holder and holder != client:
            table.forget(holder, slot)
        if state == RELEASED:
            table.end(slot, client)
            return
        offered = self.offers.withdraw(client)
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
            self.tables = {base: self._load(base, table.size, table.kinds, now) for base, table in self.tables.items()}
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
        """Free some addresses whose leases have ended; returns their rows."""
        rows = []
        for table in self.tables.values():
            for row in self._due(table, now):
                rows.append(row)
                table.end(row.address - table.base, row.client)
                if self.offers.address(row.client) == row.address and table.states[row.address - table.base] == ENDED:
                    table.hold(row.address - table.base)  # its client is about to ask for it again
        return rows

    def _due(self, table: AddressTable, now: int) -> list[Row]:
        """Rows whose lease or quarantine has ended; where they cannot be read now, they are due again."""
        addresses = table.due(now, PORTION)
        try:
            return [row for row in map(self.store.row, addresses) if row is not None]
        except sqlite3.Error:
            for address in addresses:
                table.postpone(address)
            raise

    @property
    def is_settled(self) -> bool:
        """Whether the ends of all leases are known to `reclaim`."""
        return all(table.is_indexed for table in self.tables.values())

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
                self._store_by_hand(row._replace(client=b"", ends=int(time.time()), state=RELEASED), row.client)

    def _store_by_hand(self, row: Row, former: bytes = b"") -> None:
        table = self.table_of(row.address)
        if table is None:
            self.store.commit([row])
            return
        before = table.clients.get(row.client, 0)
        if row.client and before not in (0, row.address):
            self._stage_release(table, before, int(time.time()), row.client, is_remembered=False)
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


def row_of(host: Host) -> Row:
    """The row of a host that is given by hand or imported: all that is known of it is its hardware address (Ethernet)."""
    hardware = hardware_from(host.mac)
    client = bytes((BY_HARDWARE, 1)) + hardware
    ends = NEVER if host.expires is None else host.expires
    return Row(address_from(host.ip), client, 1, hardware, host.hostname, ends, host.last_used, BOUND)
