"""`Measured`: the numbers of all metrics, read out of the running server when somebody asks.

Nothing is counted for it: what the path, the services and the alarms count anyway is read, without a lock. What takes long to
find out, in networks of millions of addresses, is found out more seldom.
"""

import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from platform import python_version
from typing import Generic, TypeVar

from pydhcpd import __version__
from pydhcpd.alarms import KINDS
from pydhcpd.control.output import MetricRow, PoolRow
from pydhcpd.metrics import MOST_POOLS, MOST_REASONS, OTHER
from pydhcpd.pace import Delays
from pydhcpd.services.pools import networks_of, pool_rows
from pydhcpd.services.service import Surroundings

SELDOM = 500  # times as long as it takes passes until it is found out anew
HERE = Path("/proc/self")
BEGUN_AT = 19  # of the fields behind the name in /proc/self/stat: when the process began, in ticks since the machine did

Found = TypeVar("Found")


class Measured:
    """Of one server with its services."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings, self._server = surroundings, surroundings.server
        self._pools = Lately(lambda: list(pool_rows(self._server)))
        self._leases = Lately(lambda: sum(table.leased() for table in list(self._server.hosts.tables.values())))
        self._begun = _begun()

    def rows(self) -> Iterator[MetricRow]:
        """All of them."""
        yield MetricRow("pydhcpd_build_info", {"version": __version__, "python": python_version()}, 1)
        yield from self._messages()
        yield from self._disk_and_leases()
        yield from _of_pools(self._pools())
        yield from self._waiting()
        yield from self._wrong()
        yield from self._files()
        yield from self._process()

    def _messages(self) -> Iterator[MetricRow]:
        server, account = self._server, self._server.account
        serving = server.serving
        yield _plain("pydhcpd_networks", len(networks_of(server)) if serving is not None and serving.links else 0)
        yield _plain("pydhcpd_messages_received_total", account.received)
        yield _plain("pydhcpd_messages_sent_total", account.sent)
        for (kind, outcome), count in account.fates().items():
            yield MetricRow("pydhcpd_messages_total", {"kind": kind, "outcome": outcome}, count)
        yield from _by("pydhcpd_messages_dropped_total", "reason", _first(account.drops.by_reason()))
        yield _plain("pydhcpd_messages_lost_total", account.lost_in_all)
        yield from _by("pydhcpd_replies_unsent_total", "error", account.unsent_by_error.copy())
        yield from _by("pydhcpd_incidents_total", "kind", account.incidents())
        yield _plain("pydhcpd_events_total", server.events.published)
        yield _histogram("pydhcpd_answer_duration_seconds", server.pace.answers)

    def _disk_and_leases(self) -> Iterator[MetricRow]:
        yield _histogram("pydhcpd_commit_duration_seconds", self._server.pace.commits)
        yield _plain("pydhcpd_commit_failures_total", self._server.pace.failed)
        yield _plain("pydhcpd_leases", self._leases())

    def _waiting(self) -> Iterator[MetricRow]:
        yield _plain("pydhcpd_offers_given_up_total", self._server.hosts.gave_way)
        yield _plain("pydhcpd_quarantines_given_up_total", self._server.hosts.given_up)
        for queue, length, limit in self._server.queues():
            yield MetricRow("pydhcpd_queue_length", {"queue": queue}, length)
            yield MetricRow("pydhcpd_queue_limit", {"queue": queue}, limit)

    def _wrong(self) -> Iterator[MetricRow]:
        counts = Counter(one.kind for one in self._server.hosts.store.alarms)
        yield from _by("pydhcpd_alarms", "kind", {kind: counts[kind] for kind in KINDS})
        for row in self._surroundings.services():
            labels = {"service": row.name}
            yield MetricRow("pydhcpd_service_up", labels, int(row.runs))
            yield MetricRow("pydhcpd_service_queue_length", labels, row.waiting)
            yield MetricRow("pydhcpd_service_dropped_total", labels, row.dropped)
            yield MetricRow("pydhcpd_service_failures_total", labels, row.failures)

    def _files(self) -> Iterator[MetricRow]:
        for protocol, outcome, count, octets in self._surroundings.files():
            yield MetricRow("pydhcpd_files_total", {"protocol": protocol, "outcome": outcome}, count)
            yield MetricRow("pydhcpd_file_sent_bytes_total", {"protocol": protocol, "outcome": outcome}, octets)

    def _process(self) -> Iterator[MetricRow]:
        yield _plain("process_cpu_seconds_total", time.process_time())
        with suppress(OSError):  # where there is no /proc
            virtual, resident = (int(pages) * resource.getpagesize() for pages in (HERE / "statm").read_text().split()[:2])
            yield _plain("process_resident_memory_bytes", resident)
            yield _plain("process_virtual_memory_bytes", virtual)
            yield _plain("process_open_fds", len(os.listdir(HERE / "fd")))  # noqa: PTH208 (their names are enough)
        yield _plain("process_max_fds", resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        if self._begun is not None:
            yield _plain("process_start_time_seconds", self._begun)


class Lately(Generic[Found]):
    """What takes long to find out: found out anew so seldom that this takes a small part of the time."""

    def __init__(self, find: Callable[[], Found], clock: Callable[[], float] = time.monotonic) -> None:
        self._find, self._clock = find, clock
        self._again = 0.0
        self._found: Found | None = None

    def __call__(self) -> Found:
        """What was found last."""
        began = self._clock()
        if self._found is None or began >= self._again:
            self._found = self._find()
            ended = self._clock()
            self._again = ended + SELDOM * (ended - began)
        return self._found


def _plain(name: str, value: float) -> MetricRow:
    return MetricRow(name, {}, value)


def _by(name: str, label: str, counts: Mapping[str, float]) -> Iterator[MetricRow]:
    return (MetricRow(name, {label: key}, count) for key, count in counts.items())


def _histogram(name: str, delays: Delays) -> MetricRow:
    return MetricRow(name, {}, delays.seconds, delays.cumulative())


def _first(counts: Mapping[str, int]) -> Mapping[str, int]:
    """Those that came first; the rest as one. Each stays where it is, so that none ever grows less."""
    listed = list(counts.items())
    rest = sum(count for _, count in listed[MOST_REASONS:])
    return dict(listed[:MOST_REASONS]) | ({OTHER: rest} if rest else {})


def _of_pools(rows: Sequence[PoolRow]) -> Iterator[MetricRow]:
    """The first of them each, the others together."""
    yield _plain("pydhcpd_pools", len(rows))
    for row in rows[:MOST_POOLS]:
        yield from _of_pool({"network": row.network, "pool": row.ranges}, row[2:])
    if others := [row[2:] for row in rows[MOST_POOLS:]]:
        yield from _of_pool({"network": OTHER, "pool": OTHER}, [sum(column) for column in zip(*others, strict=True)])


def _of_pool(labels: Mapping[str, str], numbers: Iterable[int]) -> Iterator[MetricRow]:
    """The numbers of a `PoolRow`."""
    return (MetricRow(f"pydhcpd_pool_{what}_addresses", labels, number)
            for what, number in zip(PoolRow._fields[2:], numbers, strict=True))


def _begun() -> float | None:
    """When this process was begun, in seconds of the epoch."""
    with suppress(OSError):
        ticks = int((HERE / "stat").read_text().rpartition(")")[2].split()[BEGUN_AT])
        return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) + ticks / os.sysconf("SC_CLK_TCK")
    return None
