"""dnsmasq's file of leases: a line each, `expires hardware address name client-id`, * for what is not known. Read only.

A time of 0 never comes. The hardware type stands before the address where it is not Ethernet: `20-00:01:...`. What follows the
line `duid` is of IPv6.
"""

import re
from collections.abc import Iterator

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.interface import Row
from pydhcpd.migration.source import ETHERNET, Source, hardware_of, held, name_from, octets, time_within

BEGINS = re.compile(rb"(duid [0-9a-fA-F:]+|\d+ [0-9a-fA-F:*-]+ \d+\.\d+\.\d+\.\d+ \S+ \S+)\s*(\n|$)")
FIELDS = 5
TYPED = re.compile(r"([0-9a-fA-F]{2})-(.*)")
A_TIME = 10 * 365 * 86400  # seconds; less than that is how long a lease lasts, as dnsmasq writes it without a clock


def read_dnsmasq(source: Source) -> Iterator[Row]:
    """Rows of the leases of IPv4, their times by the wall clock; what cannot be read is told to the source."""
    for number, line in source.lines():
        text = line.decode("utf-8", "surrogateescape").strip()
        if text.startswith("duid "):
            return
        try:
            if text:
                yield _row(text.split(" "), source)
        except InvalidValue as error:
            source.cannot(number, error)


def _row(fields: list[str], source: Source) -> Row:
    if len(fields) != FIELDS:
        raise InvalidValue(f"{len(fields)} fields; dnsmasq writes {FIELDS}: time, hardware address, address, name, client id")
    time, hardware_text, address, name, identifier = fields
    htype, hardware = _hardware(hardware_text)
    ends = _end(time, source)
    used = source.now if ends == NEVER else max(min(ends - source.lease_time, source.now), 0)
    return held(address_from(address), octets(identifier) if identifier != "*" else b"", htype, hardware,
                ends, used, hostname="" if name == "*" else name_from(name))


def _end(text: str, source: Source) -> int:
    if not text.isdecimal():
        raise InvalidValue(f"{escape(text)!r} is not a time in seconds")
    if text == "0":
        return NEVER
    seconds = int(text)
    if seconds < A_TIME:
        source.note("with how long it lasts in place of when it ends: taken from now on")
        seconds += source.now
    return time_within(seconds)


def _hardware(text: str) -> tuple[int, bytes]:
    typed = TYPED.fullmatch(text) if "-" in text else None
    htype, address = (int(typed[1], 16), typed[2]) if typed else (ETHERNET, text)
    return htype, hardware_of(address) if address not in ("", "*") else b""
