"""`Views`: what the commands of the prompt show and do, asked of the running server."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from platform import python_version
from time import monotonic, sleep
from typing import TypeVar

from pydhcpd import __version__
from pydhcpd.addresses import address_from, address_text, hardware_text
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
from pydhcpd.control.sources import Sources
from pydhcpd.durations import duration
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.events import DAY, GIADDR, Cursor, Event, event, fields, words
from pydhcpd.explain import explained
from pydhcpd.leases.address_table import ENDED, LEASED, UNUSED
from pydhcpd.leases.faces import identifier_of
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import Row
from pydhcpd.leases.paging import Order, page
from pydhcpd.leases.search import Condition, beginning, every, leased, matching, other_than, running
from pydhcpd.process.libraries import NO_DNSPYTHON, has_dnspython
from pydhcpd.questions import Question
from pydhcpd.services.boot_events import outcome, protocol
from pydhcpd.services.boots import Boot
from pydhcpd.services.dns.records import Records as Names
from pydhcpd.services.dns.zone_table import ZoneTable
from pydhcpd.services.history.records import Records
from pydhcpd.services.measured import Measured
from pydhcpd.services.members import Members
from pydhcpd.services.pools import counted, pool_rows
from pydhcpd.services.reservations import Reservations
from pydhcpd.services.service import Surroundings
from pydhcpd.wire.options import describe as describe_option
from pydhcpd.wire.relay import words as relay_words

Shown = TypeVar("Shown")
Selected = tuple[Iterator[Shown], Callable[[], int | None]]
RENEWAL_PAUSES = (1.0, 2.0, 4.0)  # seconds after each message until the next one, or until it is given up
LOOK_EVERY = 0.05  # seconds
MOST_WORDS = 100  # that one word could become


class Views(Sources):
    """Of one server."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._begun = monotonic()
        self._server = surroundings.server
        self._configuration = surroundings.configuration
        self._captures = surroundings.captures
        self._reservations = Reservations(surroundings)
        self._measured = Measured(surroundings)
        self._members = Members(surroundings.server)

    def hosts(self) -> Iterator[HostRow]:
        """Hosts with a lease that runs, and quarantined addresses."""
        return (HostRow(host.ip, host.mac, host.hostname, host.expires, host.state, host.sent_name)
                for host in self._server.hosts.active())

    def events(self) -> Iterator[EventRow]:
        """What happened in the last 24 hours, by the wall clock of now."""
        return map(self._event_row, self._server.events.since_yesterday(self._server.hosts.time.now()))

    def _event_row(self, one: Event) -> EventRow:
        return EventRow(self._server.hosts.time.wall_of(one[0]), words(one), fields(one))

    def latest(self, most: int, first: int | None, last: int | None) -> tuple[Iterator[tuple[int, EventRow]], int]:
        """The last events of the last 24 hours, the newest first, and the number of the next one."""
        events, yesterday = self._server.events, self._server.hosts.time.now() - DAY
        following = events.published
        end = following if last is None else min(last, following)
        start = max(end - most, first or 0)
        begin, found = events.since(start, max(end - start, 0))
        shown = ((begin + at, found[at]) for at in range(len(found) - 1, -1, -1) if begin + at < end)
        return ((number, self._event_row(one)) for number, one in shown if one[0] > yesterday), following

    def watch(self) -> Callable[[], list[EventRow]]:
        """What happens from now on."""
        cursor = Cursor(self._server.events)
        return lambda: [self._event_row(one) for one in cursor.read()]

    def leases(self, sought: Sequence[str]) -> Selected[LeaseRow]:
        """The leases that all of some words may mean, and what counts them."""
        return self._selected(self._lease_row, running(int(self._server.hosts.time.now())), sought)

    def _selected(self, row_of: Callable[[Row], Shown], which: Condition, sought: Sequence[str]) -> Selected[Shown]:
        """The rows of some that all words may mean, as they are shown, and what counts them; by class it does not."""
        store = self._server.hosts.store
        classes = {word: name for word in sought if (name := self._members.named(word)) is not None}
        found = every(which, *map(matching, sought))
        if not classes:
            return map(row_of, store.select(*found)), lambda: store.count(*found)
        others = every(which, *(matching(word) for word in sought if word not in classes),
                      other_than(every(*map(matching, classes))))
        members = self._members.among(store.select(*others), classes.values())
        return map(row_of, chain(store.select(*found), members)), lambda: None

    def page(self, sought: Sequence[str], field: str, is_descending: bool, cursor: str, most: int) -> LeasePage:
        """Some of the leases that all of some words may mean."""
        conditions = [running(int(self._server.hosts.time.now())), *map(matching, sought)]
        found = page(self._server.hosts.store, conditions, Order(field, is_descending), cursor, most)
        return LeasePage(map(self._lease_row, found.rows), found.next, found.previous)

    def count(self, sought: Sequence[str]) -> int:
        """How many leases there are of which these are pages."""
        return self._server.hosts.store.count(*every(running(int(self._server.hosts.time.now())), *map(matching, sought)))

    def _lease_row(self, row: Row) -> LeaseRow:
        host = Host.of(row, self._server.hosts.time)
        serving = self._server.serving
        return LeaseRow(host.ip, host.mac, identifier_of(row.client).hex(":"), host.hostname, host.sent_name or host.hostname,
                        host.expires, host.last_used, host.state,
                        "" if serving is None else serving.network_words(row.address), relay_words(row.relay[GIADDR:]))

    def clients(self, sought: Sequence[str]) -> Selected[ClientRow]:
        """The clients of the leases that all of some words may mean, and what counts them."""
        return self._selected(self._client_row, leased(int(self._server.hosts.time.now())), sought)

    def _client_row(self, row: Row) -> ClientRow:
        asks = self._server.hosts.habit(row.address)
        options = (asks or {}).items()
        words = " ".join(describe_option(code, value) for code, value in options)
        return ClientRow(address_text(row.address), hardware_text(row.hardware), identifier_of(row.client).hex(":"),
                         row.sent_name or row.hostname, asks is not None, {code: value.hex() for code, value in options}, words)

    def boots(self) -> Iterator[BootRow]:
        """The files that machines asked for lately, the newest first."""
        return map(self._boot_row, self._surroundings.boots())

    def _boot_row(self, one: Boot) -> BootRow:
        report = one.report
        return BootRow(self._server.hosts.time.wall_of(one.time), report.address, one.hardware, one.name, protocol(report),
                       report.file, report.what, report.size, report.sent, report.seconds, report.trouble, one.times,
                       outcome(report))

    def pools(self) -> list[PoolRow]:
        """The pools, the fullest first."""
        return sorted(pool_rows(self._server), key=lambda row: (row.free / row.size if row.size else 0.0, -row.size))

    def networks(self) -> Iterator[NetworkRow]:
        """The networks that are served."""
        serving = self._server.serving
        if serving is None:
            return
        names = {link.network.base: link.name for link in serving.links.values() if link.network}
        for segment in serving.policy.networks.segments:
            near = [names[base] for base in segment.key if base in names]
            where = ", ".join(dict.fromkeys(near)) if near else "through relays"
            for network in segment.networks:
                counts = counted(self._server, network, [(network.base, network.last)])
                yield NetworkRow(network.words, "" if segment.name == network.words else segment.name, where,
                                 len(network.pools), counts[LEASED], counts[UNUSED] + counts[ENDED])

    def classes(self) -> Iterator[ClassRow]:
        """The classes of clients, in order of precedence."""
        counts = self._server.hosts.limits.counts
        for one in self._configuration()["classes"]:
            condition = "joined by other means" if one.condition is None else str(one.condition)
            leases = None if one.lease_limit is None else sum(
                number for key, number in list(counts.items()) if key == one.name or key.startswith(f"{one.name}="))
            yield ClassRow(one.name, condition, one.lease_limit, one.lease_limit_per or "", leases)

    def explain(self, sought: Sequence[str]) -> Iterator[ExplainedRow]:
        """What a client would get now, and why."""
        server = self._server
        if server.serving is None:
            raise InvalidValue("nothing is served yet")
        question = Question(sought, server.serving, server.hosts.store, server.hosts.habit,
                            self._configuration().own_options)
        request = question.request()
        yield ExplainedRow(*question.line())
        for line in explained(request, server.serving, server.hosts, server.hosts.time.now()):
            yield ExplainedRow(*line)

    def dns_zones(self) -> Iterator[DnsZoneRow]:
        """The zones of the DNS, and how they fare."""
        return self._names().zones()

    def dns(self, sought: Sequence[str]) -> tuple[Iterator[DnsRow], Callable[[], int]]:
        """What is to be in the DNS, and is."""
        return self._names().find(sought)

    def dns_sync(self, zones: Sequence[str]) -> str:
        """Have zones put right."""
        wanted = self._names().order(zones)
        return f"all names of {', '.join(wanted)} are told anew; dns shows how far that has come"

    def _names(self) -> Names:
        configuration = self._configuration()
        if not configuration.zones():
            raise InvalidValue("the DNS is not updated, for there are no dns_zones; see man 7 pydhcpd-dns")
        if not has_dnspython():
            raise InvalidValue(NO_DNSPYTHON)
        return Names(configuration.dns_file, ZoneTable(configuration), self._server.hosts.time.wall_of)

    def captures(self) -> Iterator[CaptureRow]:
        """The captures that run."""
        return self._captures.rows()

    def capture(self, who: str, file: str, seconds: str) -> str:
        """Capture the messages of a client."""
        if not seconds.isdecimal():
            raise InvalidValue(f"{seconds!r} is no number of seconds")
        path = self._captures.begin(self._configuration()["host_file"].parent, who, file, int(seconds))
        return f"what {who} says and is told goes into {path} for {duration(int(seconds))}"

    def stop_capture(self, word: str) -> list[CaptureRow]:
        """End captures."""
        return self._captures.stop(word)

    def history(self, word: str) -> tuple[Iterator[BindingRow], int]:
        """Who had an address, or what a machine had."""
        return self._records().find(word)

    def who(self, address: str, start: float, end: float) -> list[BindingRow]:
        """Who had an address between two times."""
        return self._records().who(address, start, end)

    def history_begins(self) -> float | None:
        """Since when there is any history."""
        return self._records().oldest()

    def _records(self) -> Records:
        configuration = self._configuration()
        if not configuration["history_days"]:
            raise InvalidValue("no history is kept, for history_days is 0")
        return Records(configuration.history_file)

    def services(self) -> Iterator[ServiceRow]:
        """What runs beside DHCP."""
        return iter(self._surroundings.services())

    def version(self) -> str:
        """The version of the program, and since when it runs."""
        return f"pydhcpd {__version__}, Python {python_version()}, running for {duration(int(monotonic() - self._begun))}"

    def release(self, address: str) -> str:
        """End the lease of an address."""
        self._server.release(address_from(address))
        return f"{address} is free; its client may get it again when it asks next"

    def probe(self, address: str) -> Iterator[str]:
        """Ask who uses an address."""
        answers, links = self._server.who_answers(address_from(address))
        for hardware, interface in answers:
            who = f"by {hardware.hex(':')} on {interface}" if hardware else "by whoever answers a ping there"
            yield f"{address} is used {who}"
        if not answers:
            yield f"nobody answers for {address}, asked by {'ARP on ' + ', '.join(links) if links else 'ping'}"

    def reserve(self, who: str, more: Sequence[str]) -> str:
        """Reserve an address for a machine."""
        return self._reservations.reserve(who, more)

    def unreserve(self, who: str) -> str:
        """End the reservation of an address or a machine."""
        return self._reservations.unreserve(who)

    def renew(self, address: str) -> str:
        """Tell a client to renew, again after ever longer pauses (RFC 3203 section 2.2), until it does."""
        wanted, cursor, is_known = address_from(address), Cursor(self._server.events), True
        for pause in RENEWAL_PAUSES:
            is_known = self._server.force_renewal(wanted)
            ends = monotonic() + pause
            while monotonic() < ends:
                sleep(LOOK_EVERY)
                if any(one[1:3] == ("leased", wanted) for one in cursor.read()):
                    return f"{address} has renewed its lease"
        unknown = "" if is_known else "; it has not said, since the start, that it knows FORCERENEW (RFC 6704)"
        raise InvalidValue(f"{address} was told {len(RENEWAL_PAUSES)} times to renew, and has not{unknown}")

    def reload(self) -> Sequence[str]:
        """Read the configuration again."""
        return self._surroundings.reload()

    def configuration(self) -> Iterator[tuple[str, str]]:
        """The configuration, and what is served by it at this moment."""
        serving = self._server.serving
        yield from self._configuration().entries()
        yield "serving", "nothing" if serving is None else serving.describe()

    def statistics(self) -> Iterator[tuple[str, float]]:
        """What was counted."""
        return iter(self._server.statistics())

    def metrics(self) -> Iterator[MetricRow]:
        """What is measured, by the names of Prometheus."""
        return self._measured.rows()

    def alarms(self) -> Iterator[AlarmRow]:
        """What is wrong now."""
        return (AlarmRow(one.since, one.kind, one.words) for one in self._server.hosts.store.alarms)

    def settle(self) -> None:
        """Take no more care for leases that were lost."""
        self._server.hosts.settle()

    def clear(self, word: str) -> int:
        """End the quarantine of an address, or of `all`."""
        return self._server.clear(None if word.lower() == "all" else address_from(word))

    def words(self, begun: str) -> Iterator[str]:
        """Addresses, hardware addresses and names that begin so, the first of each."""
        store, start = self._server.hosts.store, begun.casefold()
        for row in islice(store.select(*beginning(begun)), MOST_WORDS):
            for word in (address_text(row.address), hardware_text(row.hardware), row.hostname, row.sent_name):
                if word.casefold().startswith(start):
                    yield word

    def note(self, user: str, line: str) -> None:
        """Let it be an event who asked for what change."""
        now = self._server.hosts.time.now()
        self._server.events.publish([event(now, "asked", note=f"{escape(user)}: {escape(line)}")])
