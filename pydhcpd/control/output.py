"""What the prompt shows: rows, times and distances as lines of text that are safe to show."""

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from math import isinf
from textwrap import wrap
from typing import NamedTuple

from pydhcpd.durations import duration
from pydhcpd.escape import escape


class HostRow(NamedTuple):
    """One line of the table of hosts."""

    ip: str
    mac: str
    hostname: str
    expires: float | None
    """Seconds of the epoch, None where it never expires."""
    state: str
    sent_name: str = ""
    """What the host sent, where its name is another one."""


class EventRow(NamedTuple):
    """What happened: seconds of the epoch, words, and the same by name."""

    time: float
    text: str
    fields: Mapping[str, object] = {}


class AlarmRow(NamedTuple):
    """What is wrong since when, in seconds of the epoch: its kind, as events have it, and words."""

    since: float
    kind: str
    text: str


class LeaseRow(NamedTuple):
    """A lease, or an address in quarantine. Times are in seconds of the epoch, `expires` None for never."""

    address: str
    hardware_address: str
    client_identifier: str
    """As octets in hexadecimal; empty for a client that sends none."""
    name: str
    sent_name: str
    expires: float | None
    last_used: float
    state: str
    network: str
    relay: str
    """What a relay agent said of the client, in words."""


class LeasePage(NamedTuple):
    """Some leases, and the cursors of those behind them and before them, empty where there are none."""

    rows: Iterable[LeaseRow]
    next: str
    previous: str


class ClientRow(NamedTuple):
    """A client that has a lease, and how it asks."""

    address: str
    hardware_address: str
    client_identifier: str
    name: str
    is_heard: bool
    """Whether it was heard since the start; else nothing is known of how it asks."""
    asks: Mapping[int, str]
    """Options that it sent last, by code, as octets in hexadecimal: what it asks for, and what it says that it is."""
    words: str
    """The same for people."""


class PoolRow(NamedTuple):
    """How many addresses of a pool are what. Of `size` can be given; `reserved` are in its ranges beside them."""

    network: str
    ranges: str
    size: int
    leased: int
    offered: int
    quarantined: int
    free: int
    reserved: int


class NetworkRow(NamedTuple):
    """A network that is served."""

    network: str
    shared_network: str
    """Its name, empty where it is of none."""
    where: str
    """The interface, or that it is served through relay agents."""
    pools: int
    leased: int
    free: int


class ClassRow(NamedTuple):
    """A class of clients. `leases` are those that count for it, None where it has no limit; `limit` is per value of `per`."""

    name: str
    condition: str
    limit: int | None
    per: str
    leases: int | None


class BootRow(NamedTuple):
    """A file that a machine asked for. `time` is in seconds of the epoch, `seconds` is how long the sending has taken."""

    time: float
    address: str
    hardware_address: str
    name: str
    protocol: str
    file: str
    state: str
    """begun, sending, finished or failed."""
    size: int | None
    sent: int
    seconds: float
    trouble: str
    times: int
    """How often this was asked for, if it was refused again and again."""
    outcome: str
    """What became of it, in words."""


class ServiceRow(NamedTuple):
    """What runs beside DHCP. `state` is in words, with what else it says of itself."""

    name: str
    state: str
    runs: bool
    waiting: int
    """How much it has still to do."""
    dropped: int
    """How much it has dropped since the start, for there was too much."""
    failures: int
    """How often it ended by itself, or could not be started, since the start."""


class MetricRow(NamedTuple):
    """What was measured: a number of a metric. Of a histogram `value` is the sum, and `buckets` are up to how many seconds each
    goes, and how many took no longer; the last of them, which has no end, has all."""

    name: str
    labels: Mapping[str, str]
    value: float
    buckets: Sequence[tuple[float, int]] | None = None


class DnsZoneRow(NamedTuple):
    """A zone of the DNS that is kept current, and how many of its records are as they should be."""

    zone: str
    server: str
    registered: int
    waiting: int
    failing: int
    since: float | None
    """Since when nothing can be done in it, in seconds of the epoch; None where all is well."""
    trouble: str


class DnsRow(NamedTuple):
    """A record in the DNS. `since` is when it came to be wanted, or not wanted any more, `next_try` until when a failed one
    waits; both in seconds of the epoch."""

    name: str
    type: str
    """A or PTR."""
    address: str
    owner: str
    """The name that the record is of: `name`, or that of the address in a reverse zone."""
    zone: str
    state: str
    """registered, waiting, removing or failing; or standby: the client has the name for another address."""
    is_wanted: bool
    since: float
    next_try: float | None
    tries: int
    trouble: str


class CaptureRow(NamedTuple):
    """A capture that runs; `remaining` is in seconds."""

    file: str
    client: str
    messages: int
    size: int
    remaining: int


# Widths that hold whatever is usual. What is longer pushes its own line aside rather than being cut.
LONGEST_EVENT = 1000  # characters
COLUMNS = 80  # of a terminal, as they are usual
INDENT = " " * 4
TABLE = "{:<15}  {:<17}  {:<24}  {:<30}  {}"
TITLES = TABLE.format("address", "hardware address", "name", "expires", "state")


def host_line(row: HostRow, now: float) -> str:
    """One row of the table, safe to show."""
    expires = "never" if row.expires is None else f"{local_time(row.expires)} {distance(row.expires - now)}"
    name = f"{escape(row.hostname)} (sent {escape(row.sent_name)})" if row.sent_name else escape(row.hostname)
    return TABLE.format(escape(row.ip) or "-", escape(row.mac) or "-", name or "-", expires, escape(row.state) or "-")


def host_document(row: HostRow) -> dict[str, object]:
    """The same for JSON; its time is in seconds of the epoch."""
    return {"address": row.ip, "hardware_address": row.mac, "name": row.hostname, "sent_name": row.sent_name or row.hostname,
            "expires": row.expires, "state": row.state}


class ExplainedRow(NamedTuple):
    """A line of an explanation; `place` is where in the configuration it comes from."""

    about: str
    text: str
    place: str


class BindingRow(NamedTuple):
    """A time in which a client had an address by one name and port. Times are in seconds of the epoch."""

    address: str
    hardware_address: str
    client_identifier: str
    name: str
    sent_name: str
    relay: str
    """What a relay agent said of the client, in words."""
    began: float
    """When the lease did; later is `since`, where the client has got another name or port in it."""
    since: float
    first_renewed: float | None
    last_renewed: float | None
    renewals: int
    ends: float | None
    """When the lease was to end; None: never."""
    until: float | None
    """When this was over; None: it is not."""
    reason: str


LEASE_TABLE = "{:<15}  {:<17}  {:<20}  {:<9}  {}"
LEASE_TITLES = LEASE_TABLE.format("address", "hardware address", "name", "ends", "state")
CLIENT_TABLE = "{:<15}  {:<17}  {:<20}  {}"
CLIENT_TITLES = CLIENT_TABLE.format("address", "hardware address", "name", "asks by")
POOL_TABLE = "{:<32} {:<12} {:>4} {:>8} {:>7} {:>7} {:>8} {:>8}"
POOL_TITLES = POOL_TABLE.format("pool", "", "use", "leased", "offered", "quarant.", "free", "reserved")
NETWORK_TABLE = "{:<18}  {:<16}  {:<17}  {:>5} {:>8} {:>8}"
NETWORK_TITLES = NETWORK_TABLE.format("network", "shared network", "where", "pools", "leased", "free")
CLASS_TABLE = "{:<20}  {:>10}  {}"
CLASS_TITLES = CLASS_TABLE.format("class", "leases", "condition")
BINDING_TABLE = "{:<24} {:<24} {:<15}  {:<17}  {}"
BINDING_TITLES = BINDING_TABLE.format("from", "until", "address", "hardware address", "name, and how it went on")
DNS_ZONE_TABLE = "{:<24}  {:<16}  {:>10}  {:>7}  {:>7}"
DNS_ZONE_TITLES = DNS_ZONE_TABLE.format("zone", "server", "registered", "waiting", "failing")
DNS_TABLE = "{:<15}  {:<4}  {:<32}  {:<11}  {}"
DNS_TITLES = DNS_TABLE.format("address", "type", "name", "state", "since")
BOOT_TABLE = "{:<19}  {:<15}  {:<17}  {:<16}  {:<4}  {}"
BOOT_TITLES = BOOT_TABLE.format("asked for", "address", "hardware address", "name", "by", "what became of it")
BAR = 10  # characters


def lease_line(row: LeaseRow, now: float) -> str:
    """A lease in a line, safe to show."""
    ends = "never" if row.expires is None else distance(row.expires - now)
    line = LEASE_TABLE.format(row.address, row.hardware_address or "-", escape(row.name) or "-", ends, row.state)
    return f"{line}, {row.relay}" if row.relay else line


def client_line(row: ClientRow) -> str:
    """A client in a line, safe to show."""
    return CLIENT_TABLE.format(row.address, row.hardware_address or "-", escape(row.name) or "-",
                               (row.words or "nothing that counts") if row.is_heard else "not heard since the start")


def client_document(row: ClientRow) -> dict[str, object]:
    """The same for JSON."""
    return {name: value for name, value in row._asdict().items() if name != "words"}


def pool_line(row: PoolRow) -> str:
    """A pool in a line, with a bar of its use."""
    used = row.size - row.free
    share = used / row.size if row.size else 1.0
    filled = min(max(round(share * BAR), bool(used)), BAR - bool(row.free))
    return POOL_TABLE.format(row.ranges, f"[{'#' * filled}{'-' * (BAR - filled)}]", f"{int(share * 100)}%", row.leased,
                             row.offered, row.quarantined, row.free, row.reserved)


def network_line(row: NetworkRow) -> str:
    """A network in a line."""
    return NETWORK_TABLE.format(row.network, escape(row.shared_network) or "-", escape(row.where), row.pools, row.leased,
                                row.free)


def class_line(row: ClassRow) -> str:
    """A class in a line."""
    limit = "" if row.limit is None else f"{row.leases}/{row.limit}"
    per = f", per {row.per}" if row.per else ""
    return CLASS_TABLE.format(escape(row.name), limit or "-", escape(row.condition) + per)


def explained_line(row: ExplainedRow) -> str:
    """A line of an explanation, its place behind it."""
    line = f"{row.about:<9} {row.text}"
    return f"{line:<58} [{row.place}]" if row.place else line


def binding_line(row: BindingRow) -> str:
    """Who had an address from when until when, and how that went on."""
    until = zoned_time(row.until) if row.until is not None else "now"
    went_on = [row.reason or ("does not end" if row.ends is None else f"ends {zoned_time(row.ends)}")]
    if row.renewals and row.last_renewed is not None and row.first_renewed is not None:
        first = f"first {zoned_time(row.first_renewed)}, last " if row.renewals > 1 else ""
        went_on.append(f"renewed {row.renewals} times, {first}{zoned_time(row.last_renewed)}" if row.renewals > 1 else
                       f"renewed {zoned_time(row.last_renewed)}")
    if row.since > row.began:
        went_on.append(f"leased {zoned_time(row.began)}")
    if row.sent_name not in (row.name, ""):
        went_on.append(f"sent {escape(row.sent_name)}")
    if row.relay:
        went_on.append(row.relay)
    return BINDING_TABLE.format(zoned_time(row.since), until, row.address, row.hardware_address or "-",
                                f"{escape(row.name) or '-'}: {'; '.join(went_on)}")


def boot_line(row: BootRow) -> str:
    """A file that a machine asked for, in a line."""
    became = escape(row.outcome if row.size is None else f"{row.file}: {row.outcome}", LONGEST_EVENT)
    times = f" ({row.times} times)" if row.times > 1 else ""
    return BOOT_TABLE.format(local_time(row.time), row.address, row.hardware_address or "-", escape(row.name) or "-",
                             row.protocol, became + times)


def boot_document(row: BootRow) -> dict[str, object]:
    """The same for JSON."""
    return {name: value for name, value in row._asdict().items() if name != "outcome"}


def metric_line(row: MetricRow) -> str:
    """What was measured, in a line."""
    labels = ", ".join(f'{name}="{escape(value)}"' for name, value in row.labels.items())
    what = f"{row.name}{{{labels}}}" if labels else row.name
    return f"{what} {row.value:.10g}" if row.buckets is None else f"{what} {row.buckets[-1][1]} times, {row.value:.6f} s in all"


def metric_document(row: MetricRow) -> dict[str, object]:
    """The same for JSON, which has no infinity: a bucket that goes up to null has no end."""
    document: dict[str, object] = {"name": row.name, "labels": row.labels, "value": row.value}
    if row.buckets is not None:
        document["buckets"] = [(None if isinf(end) else end, count) for end, count in row.buckets]
    return document


def dns_zone_line(row: DnsZoneRow, now: float) -> str:
    """A zone of the DNS in a line, with what is wrong below it."""
    since = f" (since {distance(row.since - now)})" if row.since is not None and row.trouble else ""
    return DNS_ZONE_TABLE.format(row.zone, row.server, row.registered, row.waiting, row.failing) + _below(row.trouble, since)


def dns_line(row: DnsRow, now: float) -> str:
    """A record of the DNS in a line, with what is wrong below it."""
    again = f"; again {distance(row.next_try - now)}" if row.next_try is not None and row.next_try > now else ""
    line = DNS_TABLE.format(row.address, row.type, escape(row.name), row.state, distance(row.since - now))
    return line + _below(row.trouble, again)


def _below(trouble: str, more: str) -> str:
    """What stands below a line of a table, no wider than a terminal."""
    lines = wrap(escape(trouble, LONGEST_EVENT) + more, COLUMNS, initial_indent=INDENT, subsequent_indent=INDENT)
    return "".join(f"\r\n{line}" for line in lines)


def capture_line(row: CaptureRow) -> str:
    """A capture in a line."""
    return f"{row.file}: {row.client}, {row.messages} messages, {row.size} bytes, ends in {duration(row.remaining)}"


def stopped_capture_line(row: CaptureRow) -> str:
    """One that has ended."""
    return f"{row.file}: {row.client}, ended with {row.messages} messages, {row.size} bytes"


def event_line(row: EventRow) -> str:
    """What happened, with its time."""
    return f"{local_time(row.time)} {escape(row.text, LONGEST_EVENT)}"


def event_document(row: EventRow) -> dict[str, object]:
    """The same for JSON."""
    return {"time": row.time, "text": row.text, **row.fields}


def local_time(seconds: float) -> str:
    """An instant of the epoch as people here read it; the bare number where the calendar does not reach."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def zoned_time(seconds: float) -> str:
    """The same, with the zone."""
    with suppress(OverflowError, ValueError, OSError):
        return time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(seconds))
    return str(seconds)


def distance(seconds: float) -> str:
    """How far ahead or back something is, in the largest two units that matter: "in 59m", "in 3d23h", "12s ago"."""
    if not abs(seconds) < 1e12:  # thirty thousand years, or not a number
        return "?"
    length = duration(int(abs(seconds)))
    return f"in {length}" if seconds > 0 else f"{length} ago"
