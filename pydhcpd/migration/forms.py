"""The forms of files of leases: which one a file has, by what it begins with, and what reads and writes it."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, TextIO

from pydhcpd.errors import InvalidValue
from pydhcpd.leases.interface import Row
from pydhcpd.migration import dnsmasq_leases, full, isc_leases, kea_leases, networkd_leases
from pydhcpd.migration.dnsmasq_leases import read_dnsmasq
from pydhcpd.migration.full import read_csv, read_json, write_csv, write_json
from pydhcpd.migration.isc_leases import read_isc, write_isc
from pydhcpd.migration.kea_leases import older_parts, read_kea, write_kea
from pydhcpd.migration.networkd_leases import read_networkd
from pydhcpd.migration.older_csv import read_hosts
from pydhcpd.migration.source import Source, opened

COMMENTS = re.compile(rb"(\s*#[^\n]*\n)*\s*")
SQLITE = b"SQLite format 3\0"


class Form(NamedTuple):
    """A form that is read."""

    words: str
    begins: re.Pattern[bytes]
    read: Callable[[Source], Iterator[Row]]


def _read_older(source: Source) -> Iterator[Row]:
    lines = (line.decode("utf-8", "surrogateescape") for _, line in source.lines())
    return read_hosts(lines, source.lease_time, lambda problem: source.bad.append(f"{source.name}: {problem}"))


def _read_kea(source: Source) -> Iterator[Row]:
    """The file, and before it what is older and still beside it."""
    with ExitStack() as stack:
        parts = [stack.enter_context(opened(name, source.now, source.lease_time))
                 for name in older_parts(source.name, lambda name: Path(name).exists())]
        for part in parts:
            part.bad, part.notes = source.bad, source.notes
        yield from read_kea([*parts, source])


OLDER = Form("hosts as mac;ip;hostname;last_used", re.compile(rb""), _read_older)
FORMS = (
    Form("leases of ISC dhcpd", isc_leases.BEGINS, read_isc),
    Form("leases of Kea", kea_leases.BEGINS, _read_kea),
    Form("leases of dnsmasq", dnsmasq_leases.BEGINS, read_dnsmasq),
    Form("leases of systemd-networkd", networkd_leases.BEGINS, read_networkd),
    Form("leases as CSV", full.BEGINS_CSV, read_csv),
    Form("leases as JSON", full.BEGINS_JSON, read_json),
    OLDER)

WRITERS: dict[str, Callable[[Iterable[Row], int, TextIO], int]] = {
    "csv": lambda rows, _, file: write_csv(rows, file),
    "json": lambda rows, _, file: write_json(rows, file),
    "kea": lambda rows, _, file: write_kea(rows, file),
    "isc": write_isc,
}
"""What writes rows, whose times are the wall clock's, at a time, to a file, and returns how many; by the name of the form."""


def form_of(source: Source) -> Form:
    """The form of a file. Raises InvalidValue for what is none of leases."""
    beginning = source.beginning()
    if beginning.startswith(SQLITE):
        raise InvalidValue(f"{source.name} is a database of SQLite; a lease database of pydhcpd is used where it is, by "
                           "-host_file")
    if kea_leases.BEGINS_IPV6.match(beginning):
        raise InvalidValue(f"{source.name} has leases of IPv6; pydhcpd serves IPv4: name the file kea-leases4.csv")
    start = COMMENTS.match(beginning)
    form = next(form for form in FORMS if form.begins.match(beginning, start.end() if start else 0))
    if form is OLDER and b";" not in beginning and COMMENTS.sub(b"", beginning, count=1).strip():
        known = ", ".join(one.words for one in FORMS)
        raise InvalidValue(f"{source.name} is not known for a file of leases; known are {known}")
    if form.read is read_isc and isc_leases.HAS_IPV6.search(beginning):
        raise InvalidValue(f"{source.name} has leases of IPv6; pydhcpd serves IPv4: name the file dhcpd.leases")
    return form
