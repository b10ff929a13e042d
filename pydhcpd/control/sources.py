"""`Sources`: where what the commands show comes from. They are asked in a session's own thread, and may take their time.

Here all is empty; the service that offers the prompt has another kind of it, which knows the server.
"""

from collections.abc import Callable, Iterable, Sequence

from pydhcpd.control.output import (
    AlarmRow,
    BindingRow,
    BootRow,
    CaptureRow,
    ClassRow,
    ClientRow,
    DnsRow,
    DnsZoneRow,
    EventRow,
    ExplainedRow,
    HostRow,
    LeasePage,
    LeaseRow,
    MetricRow,
    NetworkRow,
    PoolRow,
    ServiceRow,
)


class Sources:
    """What the server tells of itself, and what it does when asked."""

    def hosts(self) -> Iterable[HostRow]:
        """Hosts with a lease, and quarantined addresses."""
        return ()

    def events(self) -> Iterable[EventRow] | Iterable[tuple[float, str]]:
        """What happened in the last 24 hours, oldest first."""
        return ()

    def latest(self, most: int, first: int | None, last: int | None) -> tuple[Iterable[tuple[int, EventRow]], int]:  # noqa: ARG002
        """The last events with their numbers, from one number on and below another, the newest first; and the number of the
        next one that there will be."""
        return (), 0

    def watch(self) -> Callable[[], list[EventRow]]:
        """A function that returns what has happened since it was called last."""
        return list

    def leases(self, words: Sequence[str]) -> tuple[Iterable[LeaseRow], Callable[[], int | None]]:  # noqa: ARG002
        """The leases that all of some words may mean, and what counts them, or does not. Raises InvalidValue."""
        return (), lambda: None

    def page(self, words: Sequence[str], field: str, is_descending: bool, cursor: str, most: int) -> LeasePage:  # noqa: ARG002
        """Some of these leases, in the order of a field, from a cursor on. Raises InvalidValue."""
        return LeasePage((), "", "")

    def count(self, words: Sequence[str]) -> int:  # noqa: ARG002
        """How many leases these are. Raises InvalidValue."""
        return 0

    def clients(self, words: Sequence[str]) -> tuple[Iterable[ClientRow], Callable[[], int | None]]:  # noqa: ARG002
        """The clients of the leases that all of some words may mean, and what counts them, or does not. Raises InvalidValue."""
        return (), lambda: None

    def boots(self) -> Iterable[BootRow]:
        """The files that machines asked for lately, the newest first."""
        return ()

    def pools(self) -> Iterable[PoolRow]:
        """The pools, the fullest first."""
        return ()

    def networks(self) -> Iterable[NetworkRow]:
        """The networks that are served."""
        return ()

    def classes(self) -> Iterable[ClassRow]:
        """The classes of clients."""
        return ()

    def explain(self, words: Sequence[str]) -> Iterable[ExplainedRow]:  # noqa: ARG002
        """What a client would get now, and why. Raises InvalidValue."""
        return ()

    def dns_zones(self) -> Iterable[DnsZoneRow]:
        """The zones of the DNS that are kept current. Raises InvalidValue and StoreError."""
        return ()

    def dns(self, words: Sequence[str]) -> tuple[Iterable[DnsRow], Callable[[], int]]:  # noqa: ARG002
        """The records in the DNS that all of some words may mean, those that are not as they should be first, and what counts
        them. Raises InvalidValue and StoreError."""
        return (), lambda: 0

    def dns_sync(self, zones: Sequence[str]) -> str:  # noqa: ARG002
        """Have the names of zones, or of all, told anew; returns what is done. Raises InvalidValue and StoreError."""
        return ""

    def captures(self) -> Iterable[CaptureRow]:
        """The captures that run."""
        return ()

    def capture(self, who: str, file: str, seconds: str) -> str:  # noqa: ARG002
        """Capture the messages of a client; returns what was begun. Raises InvalidValue."""
        return ""

    def stop_capture(self, word: str) -> Iterable[CaptureRow]:  # noqa: ARG002
        """End the captures of a client or into a file, or of `all`; returns how they ended. Raises InvalidValue."""
        return ()

    def history(self, word: str) -> tuple[Iterable[BindingRow], int]:  # noqa: ARG002
        """Who had an address, or what a hardware address or a name had, the newest first, and how many rows that is. Raises
        InvalidValue and StoreError."""
        return (), 0

    def who(self, address: str, start: float, end: float) -> Sequence[BindingRow]:  # noqa: ARG002
        """Who had an address between two times, the second not included. Raises InvalidValue and StoreError."""
        return ()

    def history_begins(self) -> float | None:
        """Since when that is known; None where nothing is."""
        return None

    def services(self) -> Iterable[ServiceRow]:
        """What runs beside DHCP."""
        return ()

    def version(self) -> str:
        """The version of the program, and since when it runs."""
        return ""

    def release(self, address: str) -> str:  # noqa: ARG002
        """End the lease of an address; returns what was done. Raises InvalidValue."""
        return ""

    def probe(self, address: str) -> Iterable[str]:  # noqa: ARG002
        """Ask who uses an address; in words, a line for each machine. Raises InvalidValue."""
        return ()

    def reserve(self, who: str, more: Sequence[str]) -> str:  # noqa: ARG002
        """Reserve an address for a machine; returns what was done. Raises InvalidValue."""
        return ""

    def unreserve(self, who: str) -> str:  # noqa: ARG002
        """End the reservation of an address or a machine; returns what was done. Raises InvalidValue."""
        return ""

    def renew(self, address: str) -> str:  # noqa: ARG002
        """Have a client renew its lease now; returns what came of it. Raises InvalidValue."""
        return ""

    def reload(self) -> Sequence[str]:
        """Read the configuration again; returns what is wrong with it."""
        return ()

    def configuration(self) -> Iterable[tuple[str, str]]:
        """(name, text of the value)."""
        return ()

    def statistics(self) -> Iterable[tuple[str, float]]:
        """(what was counted, how often)."""
        return ()

    def metrics(self) -> Iterable[MetricRow]:
        """What is measured, by the names of Prometheus."""
        return ()

    def alarms(self) -> Iterable[AlarmRow]:
        """What is wrong now."""
        return ()

    def settle(self) -> None:
        """Take no more care for leases that were lost."""

    def clear(self, word: str) -> int:  # noqa: ARG002
        """End the quarantine of an address, or of `all`; returns of how many. Raises InvalidValue."""
        return 0

    def note(self, user: str, line: str) -> None:
        """Somebody asks for a change."""

    def words(self, begun: str) -> Iterable[str]:  # noqa: ARG002
        """Addresses, hardware addresses and names that begin so, some at most."""
        return ()
