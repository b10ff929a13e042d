"""`Records`: reads the register for people, and takes their orders; by connections of its own, in portions."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from pydhcpd.addresses import address_text
from pydhcpd.control.output import DnsRow, DnsZoneRow
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.search import of_addresses
from pydhcpd.leases.store import check_database
from pydhcpd.policy.dns.zone import DnsZone, server_text
from pydhcpd.services.dns.register import APPLICATION_ID, NAME
from pydhcpd.services.dns.zone_table import ZoneTable

PORTION = 500  # rows that are read at once
PATIENCE = 5.0  # seconds
STATE = """CASE WHEN NOT waits THEN iif(wanted = 1, 'registered', 'standby') WHEN tries > 0 THEN 'failing'
    WHEN wanted = 1 THEN 'waiting' ELSE 'removing' END"""
SELECT = f"""
SELECT address, kind, name, dhcid, owner, zone, {STATE} AS state, since, due, tries, trouble, wanted FROM records
WHERE {{}} AND (address, kind, name, dhcid) > (?, ?, ?, ?) ORDER BY address, kind, name, dhcid LIMIT {PORTION}"""  # noqa: S608
COUNT = "SELECT count(*) FROM records WHERE {}"
ZONES = """
SELECT zones.label, zones.trouble, zones.since,
    sum(NOT waits AND wanted = 1), sum(waits AND tries = 0), sum(waits AND tries > 0)
FROM zones LEFT JOIN records ON records.zone = zones.label GROUP BY zones.label"""
TROUBLES = "SELECT label, trouble FROM zones WHERE trouble <> ''"
OF_PART = f"instr(name, ?) OR instr(owner, ?) OR instr(zone, ?) OR {STATE} = ? OR instr(lower(trouble), ?)"

Found = tuple[Iterator[DnsRow], Callable[[], int]]


class Records:
    """The register in a file, which need not be there yet. `wall_of` turns times of the ledger into the wall clock's."""

    def __init__(self, path: Path, table: ZoneTable, wall_of: Callable[[float], float]) -> None:
        self._path, self._table, self._wall_of = path, table, wall_of

    def zones(self) -> Iterator[DnsZoneRow]:
        """The zones, and how they fare."""
        with self._open() as connection:
            told = {row[0]: row[1:] for row in connection.execute(ZONES)}
        for label, zone in self._table.by_label.items():
            trouble, since, registered, waiting, failing = told.get(label, ("", 0.0, 0, 0, 0))
            yield DnsZoneRow(label, _servers(zone), registered or 0, waiting or 0, failing or 0, since or None, trouble)

    def find(self, words: Sequence[str]) -> Found:
        """The records that all of some words may mean, those that are not as they should be first; and what counts them."""
        conditions = [of_addresses(word) or (OF_PART, (word.lower().rstrip("."),) * 5) for word in words]
        where = " AND ".join(["1", *(f"({sql})" for sql, _ in conditions)])
        values = tuple(value for _, some in conditions for value in some)
        return self._rows(where, values), lambda: self._count(where, values)

    def _rows(self, where: str, values: Sequence[object]) -> Iterator[DnsRow]:
        troubles = {str(label): str(trouble) for label, trouble in self._portion(TROUBLES, ())}
        for part in ("waits", "NOT waits"):
            key: tuple[object, ...] = (-1, 0, "", b"")
            query = SELECT.format(f"{part} AND {where}")
            while portion := self._portion(query, (*values, *key)):
                yield from (self._row(row, troubles) for row in portion)
                key = portion[-1][:4]

    def _portion(self, query: str, values: Sequence[object]) -> list[tuple[object, ...]]:
        with self._open() as connection:
            return connection.execute(query, values).fetchall()

    def _count(self, where: str, values: Sequence[object]) -> int:
        with self._open() as connection:
            return int(connection.execute(COUNT.format(where), values).fetchone()[0])

    def _row(self, row: Sequence[object], troubles: Mapping[str, str]) -> DnsRow:
        address, kind, name, _, owner, zone, state, since, due, tries, trouble, wanted = row
        assert isinstance(address, int) and isinstance(since, float) and isinstance(due, float) and isinstance(tries, int)
        why = str(trouble)
        if not why and state not in ("registered", "standby"):
            why = troubles.get(str(zone), "") if zone else "no zone of dns_zones has it any more"
        return DnsRow(str(name), "A" if kind == NAME else "PTR", address_text(address), str(owner), str(zone), str(state),
                      bool(wanted == 1), self._wall_of(since), due or None, tries, why)

    def order(self, zones: Sequence[str]) -> list[str]:
        """Have zones put right, all if none is named; returns their labels. Raises InvalidValue."""
        labels, whole = list(self._table.by_label), " ".join(zones)
        wanted = [one.lower().rstrip(".") for one in ([whole] if whole in labels else zones)] or labels
        for zone in wanted:
            if zone not in labels:
                raise InvalidValue(f"{zone!r} is no zone of dns_zones; there are {', '.join(labels)}")
        with self._open("rw") as connection, connection:
            connection.executemany("INSERT OR REPLACE INTO orders VALUES (?)", [(label,) for label in wanted])
        return wanted

    @contextmanager
    def _open(self, mode: str = "ro") -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise InvalidValue(f"there is no register {self._path} yet; see services")
        check_database(self._path, (0, self._path.parent.stat().st_uid))
        try:
            where = f"{self._path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(where, uri=True, timeout=PATIENCE)) as connection:
                if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                    raise InvalidValue(f"{self._path} is no register of pydhcpd")
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"the register {self._path} cannot be read: {error}") from error


def _servers(zone: DnsZone) -> str:
    return ", ".join(server_text(*one) for one in zone.servers)
