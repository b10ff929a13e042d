"""`Host` and `HostQueries`: hosts for people, in the forms of the older server: addresses as text, questions by comparators."""

from collections.abc import Iterator
from typing import NamedTuple

from pydhcpd.addresses import address_from, address_text, hardware_from, hardware_text
from pydhcpd.comparators import Column, Condition, condition
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.address_table import BY_HARDWARE, NEVER
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, QueryStore, Row
from pydhcpd.leases.ledger_time import LedgerTime


class Host(NamedTuple):
    """A host for people: addresses as text, times by the wall clock, in seconds of the epoch (`expires` None: never)."""

    mac: str
    ip: str
    hostname: str
    last_used: int
    expires: int | None = None
    state: str = "bound"
    sent_name: str = ""
    """What the client sent, where `hostname` is another name, which it was given."""

    @classmethod
    def of(cls, row: Row, time: LedgerTime) -> "Host":
        """The host of a row; a bound lease whose end has passed is `expired`."""
        state = {BOUND: "bound", RELEASED: "released", QUARANTINED: "quarantined"}[row.state]
        return cls(hardware_text(row.hardware), address_text(row.address), row.hostname,
                   round(time.wall_of(row.last_used)), None if row.ends == NEVER else round(time.wall_of(row.ends)),
                   "expired" if state == "bound" and row.ends <= time.now() else state,
                   "" if row.sent_name == row.hostname else row.sent_name)


COLUMNS = {
    "ip": Column("address", address_from),
    "mac": Column("hardware", hardware_from),
    "hostname": Column("hostname", str, text=True),
}
TIMES = {"last_used": "last_used", "expires": "ends"}  # the columns that are times


class HostQueries:
    """Questions about the hosts in a store. They read it beside the path of the packets, and need no lock."""

    def __init__(self, store: QueryStore, time: LedgerTime) -> None:
        self._queried = store
        self.time = time
        self._columns = {**COLUMNS, **{name: Column(column, self._by_ledger) for name, column in TIMES.items()}}

    def _by_ledger(self, value: object) -> object:
        return self.time.of_wall(value) if isinstance(value, int | float) else value

    def get(self, **patterns: object) -> Iterator[Host]:
        """Hosts for which every pattern holds: `get(mac=CASEINSENSITIVE(m))`, `get(ip=NETWORK(net, mask))`.

        Fields: ip, mac, hostname, last_used, expires. Raises InvalidValue for another.
        """
        unknown = set(patterns) - set(self._columns)
        if unknown:
            raise InvalidValue(f"{', '.join(sorted(unknown))}: no field of a host; there are {', '.join(self._columns)}")
        conditions: list[Condition] = [condition(self._columns[name], pattern) for name, pattern in patterns.items()]
        where = " AND ".join(f"({sql})" for sql, _ in conditions) or "1"
        parameters = tuple(value for _, values in conditions for value in values)
        return (Host.of(row, self.time) for row in self._queried.select(where, parameters))

    def active(self) -> Iterator[Host]:
        """Hosts with a lease that runs, and quarantined addresses, in order of address."""
        rows = self._queried.select(f"ends > ? AND state IN ({BOUND}, {QUARANTINED})", (self.time.now(),))
        return (Host.of(row, self.time) for row in rows)

    def all(self) -> Iterator[Host]:
        """Every host on record, in order of address."""
        return self.get()


def row_of(host: Host) -> Row:
    """The row of a host that is given by hand or imported: all that is known of it is its hardware address (Ethernet)."""
    hardware = hardware_from(host.mac)
    client = bytes((BY_HARDWARE, 1)) + hardware
    ends = NEVER if host.expires is None else host.expires
    return Row(address_from(host.ip), client, 1, hardware, host.hostname, ends, host.last_used, BOUND)
