"""`Staging`: what a batch has decided, until it is stored; and what it then does to memory.

Rows go to the store first, tables, offers and counts change only after they are synced. One decision per client and per
address in a batch: `touched` has both, and the caller commits before the next one.
"""

from collections.abc import Sequence

from pydhcpd.errors import StoreError
from pydhcpd.leases.address_table import DECLINED, AddressTable
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Fields, PathStore, PlainFields, Release, Row, TimeNote
from pydhcpd.leases.limits import Limits
from pydhcpd.leases.offers import Offers
from pydhcpd.leases.outage import Outage
from pydhcpd.leases.tables import Tables

NOBODY = b"\xff"  # how such keys begin that stand for no client
HOLD = 10  # seconds for which an address is kept for a client whose lease could not be stored


class Staging:
    """The decisions of one batch. `put` and `release` add to them, `commit` carries them out."""

    def __init__(self, store: PathStore, tables: Tables, offers: Offers, limits: Limits, outage: Outage) -> None:
        self._store, self._tables, self._offers, self._limits, self._outage = store, tables, offers, limits, outage
        self._rows: list[PlainFields | Fields] = []
        self._homes: list[AddressTable] = []  # of each row: its table
        self._holders: list[bytes] = []  # and whose lease it takes
        self._releases: list[Release] = []
        self._released: list[tuple[AddressTable, bytes]] = []  # of each release: its table, and who loses the address
        self.touched: set[bytes | int] = set()  # clients and addresses of whom something is staged

    def put(self, table: AddressTable, row: PlainFields | Fields, holder: bytes, limits: str = "") -> None:
        """Keep a row for the commit; `holder` is whose lease it takes, where that is another client. `limits` are the row's."""
        self._rows.append(row)
        self._homes.append(table)
        self._holders.append(holder)
        if limits or self._limits.keys:
            self._limits.stage(row[0], limits)
        self.touched.add(row[0])
        self.touched.add(row[1])

    def release(self, table: AddressTable, address: int, now: int, client: bytes, *, is_remembered: bool) -> None:
        """Keep the end of a client's lease for the commit."""
        self._releases.append((client if is_remembered else b"", now, address))
        self._released.append((table, client))
        if self._limits.keys:
            self._limits.stage(address, "")
        self.touched.add(address)
        self.touched.add(client)

    def commit(self) -> frozenset[int]:
        """Store what is staged, synced, and only then change memory. Returns addresses whose binding was refused.

        Raises StoreError where it could not be stored; then nothing of it has happened, and the staged is forgotten.
        """
        if not self.touched:
            return frozenset()
        rows, homes, holders, releases, released = self._rows, self._homes, self._holders, self._releases, self._released
        self._rows, self._homes, self._holders, self._releases, self._released = [], [], [], [], []
        self.touched.clear()
        try:
            self._outage.recover()
            refused = self._stored(rows, releases, holders + [client for _, client in released])
        except StoreError:
            self._limits.revert()
            _keep_with_others(rows, homes)
            raise
        self._outage.end()
        self._limits.confirm(refused)
        for (remembered, _, address), (table, client) in zip(releases, released, strict=True):
            if not remembered:
                table.forget(client, address - table.base)
            table.end(address - table.base, client)
        for row, table, holder in zip(rows, homes, holders, strict=True):
            if row[0] not in refused:
                self._apply(table, row, holder)
            else:
                self._lose(table, row)
        return refused

    def keep_time_note(self, note: TimeNote) -> None:
        """Store how the time stands, between two batches; StoreError holds up the next ones as that of a commit does."""
        self._outage.recover()
        try:
            self._store.keep_time_note(note)
        except StoreError as error:
            self._outage.note(error)
            raise
        self._outage.end()

    def _stored(self, rows: Sequence[PlainFields | Fields], releases: Sequence[Release],
                holders: Sequence[bytes]) -> frozenset[int]:
        try:
            return self._store.commit(rows, releases, holders)
        except StoreError as error:
            self._outage.note(error)
            raise

    def _apply(self, table: AddressTable, row: PlainFields | Fields, holder: bytes) -> None:
        address, client, end, state = row[0], row[1], row[5], row[7]
        slot = address - table.base
        if holder and holder != client:
            table.forget(holder, slot)
        if state == RELEASED:
            table.end(slot, client)
            return
        offered = self._offers.withdraw(client or nobody(address))
        if state == BOUND:
            if offered and offered != address:
                self.lapse(offered)
            table.lease(slot, client, end)
        else:
            table.decline(slot, client, end)

    def lapse(self, address: int) -> None:
        """An offer of the address is over. Where no lease has come of it, it is free, and counts for nothing."""
        table = self._tables.of(address)
        if table is not None and table.lapse(address - table.base) and self._limits.keys:
            self._limits.end(address)

    def _lose(self, table: AddressTable, row: PlainFields | Fields) -> None:
        """Another server was faster. What it has made of the address is learnt, so that this client is offered another."""
        address, client, now = row[0], row[1] or nobody(row[0]), row[6]
        slot, known = address - table.base, self._known(address, now)
        table.quarantine.remove(slot)
        if self._offers.address(client) == address:
            self._offers.withdraw(client)
        table.forget(client, slot)
        if known is None:
            table.end(slot, client)
            table.hold(slot)  # it is somebody's, so it is not to be tried again at once
            self._offers.put(nobody(address), address, now + HOLD)
        elif known.state == BOUND:
            table.lease(slot, known.client, known.ends)
            self._limits.load({address: known.limits})
        else:
            table.decline(slot, known.client, known.ends)

    def _known(self, address: int, now: int) -> Row | None:
        """What holds an address by the store, if that can be read."""
        try:
            row = self._store.row(address)
        except StoreError:
            return None
        return row if row is not None and row.state != RELEASED and row.ends > now else None


def _keep_with_others(rows: Sequence[PlainFields | Fields], homes: Sequence[AddressTable]) -> None:
    """The quarantines among rows that could not be stored do not begin."""
    for row, table in zip(rows, homes, strict=True):
        if row[7] == QUARANTINED and table.states[row[0] - table.base] != DECLINED:
            table.quarantine.remove(row[0] - table.base)


def nobody(address: int) -> bytes:
    """Stands for the client where an address is held for nobody: a key that no client has."""
    return NOBODY + address.to_bytes(4, "big")


def is_nobody(client: bytes) -> bool:
    """Whether it is such a key."""
    return client.startswith(NOBODY)
