"""Kea's file of leases of IPv4 (memfile, CSV), and what `kea-admin lease-dump` makes of a database, read and written.

A journal as well: of an address the last row counts; one whose valid_lifetime is 0 ends the lease. Beside it there may be what
Kea's cleanup (LFC) has not yet put together: .completed, or else .2 and .1, which are older than the file.
"""

import csv
import json
import re
import time
from calendar import timegm
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TextIO

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.faces import identifier_of
from pydhcpd.leases.interface import BOUND, GIADDR, QUARANTINED, RELEASED, Row
from pydhcpd.migration.source import (
    ETHERNET,
    Source,
    hardware_of,
    held,
    last_of_each,
    name_from,
    octets,
    suboption,
    time_within,
)
from pydhcpd.wire.relay import REMOTE_ID

BEGINS = re.compile(rb'(\xef\xbb\xbf)?"?address"?,"?hwaddr"?,"?client_id"?,')
BEGINS_IPV6 = re.compile(rb'(\xef\xbb\xbf)?"?address"?,"?duid"?,')
ADDRESS, LIFETIME, EXPIRE = "address", "valid_lifetime", "expire"
NEEDED = (ADDRESS, "hwaddr", "client_id", LIFETIME, EXPIRE)
OPTIONAL = ("state", "hostname", "user_context")
WRITTEN = (*NEEDED, "subnet_id", "fqdn_fwd", "fqdn_rev", "hostname", "state", "user_context")  # as Kea 1.8 and later read it
MOMENT = re.compile(r"(?P<there>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)?((?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)?)?")
ENTITY = re.compile(rb"&#x([0-9a-fA-F]{2})")
STATES = {"0": BOUND, "default": BOUND, "assigned": BOUND, "1": QUARANTINED, "declined": QUARANTINED, "2": RELEASED,
          "expired-reclaimed": RELEASED, "3": RELEASED, "released": RELEASED, "": BOUND}
SPECIAL = ',"&'  # what is written as an entity
NO_SUBNET = 1  # Kea finds the right one by the address where its sanity check of leases is `fix`
INFINITE = 0xFFFFFFFF


def older_parts(name: str, is_there: Callable[[str], bool]) -> list[str]:
    """The files beside one that are to be read before it, in the order in which Kea reads them."""
    done = f"{name}.completed"
    return [done] if is_there(done) else [one for one in (f"{name}.2", f"{name}.1") if is_there(one)]


class Columns(NamedTuple):
    """What the header says of a file: how many fields a row has, and where those that count stand, -1 for one that is not
    there (behind each row there is an empty one)."""

    width: int
    places: tuple[int, ...]

    @classmethod
    def of(cls, source: Source, header: str) -> "Columns":
        """Raises InvalidValue where one is missing that is needed."""
        names = _fields_of(header.removeprefix("\ufeff"))
        if missing := [name for name in NEEDED if name not in names]:
            raise InvalidValue(f"{source.name}: line 1: {', '.join(missing)} is missing in the header; nothing was imported")
        return cls(len(names), tuple(names.index(name) if name in names else -1 for name in (*NEEDED, *OPTIONAL)))


Entry = tuple[Source, Columns, int, bytes]
"""A row as it is: the file, its header, the number and the text of the line."""


def read_kea(sources: Sequence[Source]) -> Iterator[Row]:
    """Rows of the leases in files, the oldest first, their times by the wall clock; what cannot be read is told. Raises
    InvalidValue."""
    bad: set[tuple[str, int]] = set()
    for source, columns, number, line in last_of_each(lambda: _entries(sources, bad)):
        try:
            row = _row(columns, line.decode("utf-8", "surrogateescape"), source.now)
        except InvalidValue as error:
            source.cannot(number, error)
        else:
            if row is not None:
                yield row


def _entries(sources: Sequence[Source], bad: set[tuple[str, int]]) -> Iterator[tuple[bytes, Entry]]:
    """The rows by their addresses; what has too few or too many fields is told once."""
    for source in sources:
        lines = source.lines()
        _, header = next(lines, (1, b""))
        columns = Columns.of(source, header.decode("utf-8", "surrogateescape"))
        commas = columns.width - 1
        for number, line in lines:
            if line.count(b",") == commas and b'"' not in line:
                yield line[:line.find(b",")], (source, columns, number, line)
                continue
            values = _fields_of(line.decode("utf-8", "surrogateescape"))
            if len(values) == columns.width:
                yield values[0].encode("utf-8", "surrogateescape"), (source, columns, number, line)
            elif line and (source.name, number) not in bad:
                bad.add((source.name, number))
                source.cannot(number, f"{len(values)} fields; the header has {columns.width}")


def _fields_of(line: str) -> list[str]:
    return next(csv.reader([line]), []) if '"' in line else line.split(",")


def _row(columns: Columns, line: str, now: int) -> Row | None:
    """The row that one of Kea's means; None where the lease was deleted, or is nobody's."""
    values = [*_fields_of(line), ""]
    address_text_, hwaddr, client_id, lifetime_text, expire, state_text, name, context = [values[at] for at in columns.places]
    address, lifetime = address_from(address_text_), _number(lifetime_text)
    if not lifetime:
        return None
    state = STATES.get(state_text)
    if state is None:
        raise InvalidValue(f"state {escape(state_text)!r} is not known")
    expires = _moment(expire)
    ends = NEVER if lifetime == INFINITE else time_within(expires)
    used = min(time_within(max(expires - lifetime, 0)), now)
    if state == QUARANTINED:
        return Row(address, b"", 0, b"", "", ends, used, QUARANTINED) if ends > now else None
    hardware, identifier = hardware_of(hwaddr), octets(client_id)
    if not hardware and not identifier:
        return None
    return held(address, identifier, ETHERNET, hardware, ends if state == BOUND else min(ends, now), used, state=state,
                hostname=name_from(_plain(name)), relay=_relay(_plain(context)) if context else b"")


def _plain(text: str) -> str:
    """Text in which commas and the like stand as &#x2c."""
    if "&#x" not in text:
        return text
    octets_of = ENTITY.sub(lambda match: bytes((int(match[1], 16),)), text.encode("utf-8", "surrogateescape"))
    return octets_of.decode("utf-8", "surrogateescape")


def _number(text: str) -> int:
    if not text.isdecimal():
        raise InvalidValue(f"{escape(text)!r} is not a number of seconds")
    return int(text)


def _moment(text: str) -> int:
    """Seconds of the epoch, or a date as the databases print it, in local time unless it says how far that is from UTC."""
    if text.isdecimal():
        return int(text)
    found = MOMENT.fullmatch(text)
    try:
        if found is None:
            raise ValueError
        there = time.strptime(found["there"], "%Y-%m-%d %H:%M:%S")
        if found["sign"] is None:
            return int(time.mktime(there))
        ahead = int(found["hours"]) * 3600 + int(found["minutes"] or 0) * 60
        return timegm(there) - (ahead if found["sign"] == "+" else -ahead)
    except (ValueError, OverflowError):
        raise InvalidValue(f"{escape(text)!r} is not a time") from None


def _relay(context: str) -> bytes:
    """What a relay agent said, where Kea was told to keep it (store-extended-info); since 2.4 in an object."""
    try:
        said = json.loads(context)["ISC"]["relay-agent-info"] if context else ""
        if isinstance(said, str):
            content = octets(said.removeprefix("0x"))
        else:
            whole = octets(said.get("sub-options", "").removeprefix("0x"))
            content = whole or suboption(REMOTE_ID, octets(said.get("remote-id", "").removeprefix("0x")))
    except (ValueError, TypeError, LookupError, AttributeError, InvalidValue):
        return b""  # a context of somebody else's
    return bytes(GIADDR) + content if 0 < len(content) < 256 else b""


# --- writing

def write_kea(rows: Iterable[Row], file: TextIO) -> int:
    """Write rows, whose times are the wall clock's, as Kea reads them; returns how many. Those that nobody has are left out,
    and so are released ones, which Kea forgets."""
    file.write(",".join(WRITTEN) + "\n")
    count = 0
    for row in rows:
        if row.state == QUARANTINED or (row.state == BOUND and row.client):
            file.write(",".join(_fields(row)) + "\n")
            count += 1
    return count


def _fields(row: Row) -> tuple[str, ...]:
    identifier = identifier_of(row.client)
    lifetime = INFINITE if row.ends == NEVER else max(row.ends - row.last_used, 1)
    state = "1" if row.state == QUARANTINED else "0"
    hardware = b"" if row.state == QUARANTINED else row.hardware
    return (address_text(row.address), hardware.hex(":"), identifier.hex(":"), str(lifetime), str(row.last_used + lifetime),
            str(NO_SUBNET), "0", "0", _escaped(row.hostname), state, _escaped(_context(row.relay[GIADDR:])))


def _context(relay: bytes) -> str:
    return json.dumps({"ISC": {"relay-agent-info": f"0x{relay.hex().upper()}"}}) if relay else ""


def _escaped(text: str) -> str:
    """Text in a field of Kea's: no comma, and nothing that ends a line."""
    return "".join(one if one.isprintable() and one not in SPECIAL else _entities(one) for one in text)


def _entities(text: str) -> str:
    return "".join(f"&#x{octet:02x}" for octet in text.encode("utf-8", "surrogateescape"))
