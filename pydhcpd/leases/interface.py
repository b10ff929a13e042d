"""What a store of leases is to the rest of the program: its rows, and what it must be able to do, by who needs it.

    PathStore      the path of a packet: one commit a batch, a look at a single row
    LoadingStore   the start and a reload: what of a network is on record
    QueryStore     people, exports and leasequery: rows by what is asked for, read beside the path
    LeaseStore     all of these, and what belongs to its life

SQLite's (`store.py`) is one. The three are written so that several servers may share another one: then what is in memory
is each server's own picture, and the store alone knows who was first. Any method may raise StoreError.
"""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from pydhcpd.alarms import Alarms
from pydhcpd.errors import StoreError
from pydhcpd.leases.caution import Caution

BOUND, RELEASED, QUARANTINED = 1, 2, 3  # the column `state`; that a lease has expired follows from `ends`
GRACE = 1  # seconds that a lease goes on here after the time that its client was told: never less, though seconds are cut off
GIADDR = 4  # bytes of `relay` before the content of option 82

PlainFields = tuple[int, bytes, int, bytes, str, int, int, int]
"""A `Row` without a relay that counts for nothing, as most are: the first eight columns, made in a quarter of the time."""
Fields = tuple[int, bytes, int, bytes, str, int, int, int, bytes, str, str, str]  # a Row
Release = tuple[bytes, int, int]  # the client for whom the address is remembered or b"", when, and the address


class Row(NamedTuple):
    """One row of the store, in the order of its columns. Addresses are in host byte order, times seconds by the ledger.

    `client` is the key of the lease, empty where it is nobody's; an end of 4294967295 never comes. `relay` is giaddr in four
    bytes and the content of option 82 (RFC 3046), stored as it comes, and `limits` what the lease counts for, one key a line.
    `hostname` is the name that the client was given, else the one that it sent; if it was given one, `sent_name` is what it
    sent. `dns` is what a client wants of the DNS, and its name there where the rest does not tell that; it may be a former
    client's: `policy.dns.wishes` reads it.
    """

    address: int
    client: bytes
    htype: int
    hardware: bytes
    hostname: str
    ends: int
    last_used: int
    state: int
    relay: bytes = b""
    limits: str = ""
    sent_name: str = ""
    dns: str = ""


class TimeNote(NamedTuple):
    """How the time of the ledger (`LedgerTime`) stood to the clocks of the machine when it was noted, in seconds."""

    wall_less_ledger: float = 0.0
    """Of the wall clock; what shows a time to people adds it."""
    ledger: float = 0.0
    """The time of the ledger then."""
    boot: str = ""
    """Which boot of which machine; empty where that is not known."""
    ledger_less_boot: float = 0.0
    """Of CLOCK_BOOTTIME in that boot."""
    latest_wall: float = 0.0
    """The latest time that the wall clock has said ever."""
    latest_less_ledger: float = 0.0
    """What it was less the ledger's then."""


class PathStore(Protocol):
    """What the path needs. One thread at a time calls it, under the lock of the `HostDatabase`."""

    def commit(self, rows: Sequence[PlainFields | Fields], releases: Sequence[Release] = (),
               holders: Sequence[bytes] = ()) -> frozenset[int]:
        """Store rows, and the ends of leases, for good: when it returns they survive a power cut. All that is not refused, or
        none and StoreError. Of one address there is one row, or a release.

        A row without a relay leaves the one on record, if the lease was this client's and goes on; so does one without a
        hostname or sent_name, for not all clients repeat their names when they renew. One without dns leaves that of whomever.

        Returns the addresses whose binding was refused because another server was faster: by the store a lease of that
        address runs, of neither the row's client nor the one in `holders`, which has for each row whose lease it may take
        (b"": nobody's), and then for each release whose lease it ends. Who calls it then looks at `row` to learn who has the
        address. A release of an address that is another's by now does nothing, and is not told.
        """

    def row(self, address: int) -> Row | None:
        """The row of an address, or None: what is stored, by other servers too."""

    def keep_time_note(self, note: TimeNote) -> None:
        """Note the time, for good, in place of what was noted before."""

    def reopen(self) -> None:
        """Begin anew after an error for which nothing that was believed can be trusted. Raises InvalidValue as well."""


class LoadingStore(Protocol):
    """What the start and a reload need: the rows of the addresses between two, both included, by whether their lease runs.

    Called beside the path, by any thread. A lease runs that is BOUND, somebody's, and ends after `now`.
    """

    def running(self, first: int, last: int, now: int) -> Iterable[tuple[bytes, int, int]]:
        """(client, address, end) of the leases that run; a million of them are to take about a second."""

    def not_running(self, first: int, last: int, now: int) -> Iterable[tuple[int, bytes, int, int]]:
        """(address, client, end, state) of the other rows."""

    def last_used(self, addresses: Iterable[int]) -> dict[int, int]:
        """When each of some addresses was used last."""

    def limited(self, first: int, last: int, now: int) -> Iterable[tuple[int, str]]:
        """(address, limits) of the leases that run and count for anything."""

    def newest_use(self) -> int:
        """When a lease was used last; 0 where there is none. Looks at every row: a tenth of a second for a million."""

    def time_note(self) -> TimeNote | None:
        """What was noted of the time last."""


class LeaseReader(Protocol):
    """Answers to leasequery (RFC 4388, RFC 6926), by a connection of its own, which only reads; for one thread.

    Rows come in portions, so that a slow reader holds nothing. `relay` of them is the content of option 82 alone.
    """

    def by_address(self, address: int) -> Row | None:
        """The row of an address."""

    def by_hardware(self, htype: int, hardware: bytes) -> Iterator[Row]:
        """Rows with a hardware type and address."""

    def by_client_identifier(self, identifier: bytes) -> Iterator[Row]:
        """Rows of the client with an identifier (option 61)."""

    def by_client(self, client: bytes) -> Iterator[Row]:
        """Rows of the client with a key."""

    def by_relay(self, octets: bytes) -> Iterator[Row]:
        """Rows whose option 82 contains these octets anywhere."""

    def all(self) -> Iterator[Row]:
        """Every row."""

    def behind(self, address: int, most: int) -> list[Row]:
        """The rows behind an address, as they are now; so many at the most."""

    def close(self) -> None:
        """Close the connection."""


class QueryStore(Protocol):
    """What questions need: they are read beside the path, by any thread."""

    def select(self, where: str = "1", parameters: tuple[object, ...] = ()) -> Iterator[Row]:
        """Rows for which a condition holds, by address, in portions.

        The condition is one over the columns of `Row`, in the SQL that the comparators make: `?` for a parameter, and
        `casefold` for text without its case.
        """

    def count(self, where: str = "1", parameters: tuple[object, ...] = ()) -> int:
        """How many rows `select` would find."""

    def first(self, where: str, parameters: tuple[object, ...], order: str, most: int) -> list[Row]:
        """The first of those rows in another order, which is SQL as well; no more than these are held in memory."""

    def reader(self) -> LeaseReader:
        """A reader for one thread."""

    def index_for_queries(self) -> None:
        """Let leases be found by hardware address and by client in good time."""

    def drop_query_indexes(self) -> None:
        """Take away what `index_for_queries` made, where a commit pays for it."""


class LeaseStore(PathStore, LoadingStore, QueryStore, Protocol):
    """A store of leases. `name` is what it is called in messages; `is_due` is set when `keep` has something to do soon;
    `caution` tells whether leases were lost, and `longest` how many seconds they may last."""

    name: str
    alarms: Alarms
    caution: Caution
    longest: int

    @property
    def damage(self) -> StoreError | None:
        """Why what is stored has to be recovered, which `reopen` does; None where it need not."""
    is_due: threading.Event

    def lay_out(self) -> None:
        """What is to be done once, beside the path, when service begins."""

    def keep(self, lock: AbstractContextManager[object]) -> None:
        """What is to be done now and then, beside the path; `lock` is that of the path, to be held for little or not at all."""

    def import_rows(self, rows: Iterable[Row]) -> None:
        """Take in rows of another source, all or none; a row here that was used later stays."""

    def close(self) -> None:
        """Close it, everything stored."""
