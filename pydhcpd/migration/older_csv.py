"""The older server's file of hosts, `MAC;IP;hostname;last_used`, read and written.

No header, MAC in capitals with colons, last_used in whole seconds of the epoch. A host name with a semicolon or a
quotation mark is quoted, as CSV has it.
"""

import csv
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.hosts import Host, row_of
from pydhcpd.leases.interface import Row

FIELDS = 4


def read_hosts(lines: Iterable[str], lease_time: int, report: Callable[[str], None]) -> Iterator[Row]:
    """Rows of the file's hosts, each with a lease of `lease_time` seconds from its last use.

    A line that cannot be read is told to `report`, with its number and what is wrong, and costs no other.
    """
    for number, line in enumerate(lines, 1):
        text = line.rstrip("\r\n")
        try:
            if text:
                yield _row(_fields(text), lease_time)
        except InvalidValue as error:
            report(f"line {number}: {error}")


def _fields(text: str) -> list[str]:
    """The fields of a line, quoted as CSV has it; the older server quoted nothing, so a lone quotation mark is itself."""
    if '"' not in text:
        return text.split(";")
    try:
        return next(csv.reader([text], delimiter=";", strict=True))
    except csv.Error:
        return text.split(";")


def _row(fields: list[str], lease_time: int) -> Row:
    if len(fields) != FIELDS:
        raise InvalidValue(f"{len(fields)} fields; allowed are {FIELDS}: mac;ip;hostname;last_used")
    mac, ip, hostname, last_used = fields
    try:
        used = int(float(last_used or 0))
    except (ValueError, OverflowError):
        raise InvalidValue(f"last_used {last_used!r} is not a number of seconds") from None
    if not 0 <= used < 1 << 32:
        raise InvalidValue(f"last_used {last_used!r} is not a time between 1970 and 2106")
    hostname = hostname.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return row_of(Host(mac, ip, hostname, used, min(used + lease_time, (1 << 32) - 1)))


def write_hosts(hosts: Iterable[Host], file: TextIO) -> int:
    """Write hosts in this form; returns how many."""
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    count = 0
    for host in hosts:
        name = escape(host.hostname)  # one line each, whatever a client sent
        writer.writerow((host.mac.upper(), host.ip, name, host.last_used))
        count += 1
    return count
