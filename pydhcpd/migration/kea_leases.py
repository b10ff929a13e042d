"""Kea's file of leases of IPv4 (memfile, CSV), and what `kea-admin lease-dump` makes of a database, read and written.

A journal as well: of an address the last row counts; one whose valid_lifetime is 0 ends the lease. Beside it there may be what
Kea's cleanup (LFC) has not yet put together: .completed, or else .2 and .1, which are older than the file.
"""

import csv
import json
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

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

BEGINS = re.compile(rb"address,hwaddr,client_id,")
BEGINS_IPV6 = re.compile(rb"address,duid,")
ADDRESS, LIFETIME, EXPIRE = "address", "valid_lifetime", "expire"
NEEDED = (ADDRESS, "hwaddr", "client_id", LIFETIME, EXPIRE)
WRITTEN = (*NEEDED, "subnet_id", "fqdn_fwd", "fqdn_rev", "hostname", "state", "user_context")  # as Kea 1.8 and later read it
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


def read_kea(sources: Sequence[Source]) -> Iterator[Row]:
    """Rows of the leases in files, the oldest first, their times by the wall clock; what cannot be read is told."""
    bad: set[tuple[str, int]] = set()

    def entries() -> Iterator[tuple[str, tuple[Source, int, dict[str, str]]]]:
        for source in sources:
            for number, fields in _rows(source, bad):
                yield fields[ADDRESS], (source, number, fields)

    for source, number, fields in last_of_each(entries):
        try:
            row = _row(fields, source.now)
        except InvalidValue as error:
            source.cannot(number, error)
        else:
            if row is not None:
                yield row


def _rows(source: Source, bad: set[tuple[str, int]]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows by the names of the header; what has too few or too many fields is told once."""
    names: list[str] = []
    for number, line in source.lines():
        text = line.decode("utf-8", "surrogateescape")
        if not names:
            names = text.split(",")
            continue
        values = text.split(",") if '"' not in text else next(csv.reader([text]))
        if len(values) == len(names):
            yield number, dict(zip(names, values, strict=True))
        elif text and (source.name, number) not in bad:
            bad.add((source.name, number))
            source.cannot(number, f"{len(values)} fields; the header has {len(names)}")


def _row(fields: dict[str, str], now: int) -> Row | None:
    """The row that one of Kea's means; None where the lease was deleted, or is nobody's."""
    address = address_from(fields[ADDRESS])
    lifetime = _number(fields[LIFETIME])
    if not lifetime:
        return None
    state = STATES.get(fields.get("state", ""))
    if state is None:
        raise InvalidValue(f"state {escape(fields['state'])!r} is not known")
    expires = _moment(fields[EXPIRE])
    ends = NEVER if lifetime == INFINITE else time_within(expires)
    used = min(time_within(max(expires - lifetime, 0)), now)
    if state == QUARANTINED:
        return Row(address, b"", 0, b"", "", ends, used, QUARANTINED) if ends > now else None
    hardware, identifier = hardware_of(fields["hwaddr"]), octets(fields["client_id"])
    if not hardware and not identifier:
        return None
    return held(address, identifier, ETHERNET, hardware, ends if state == BOUND else min(ends, now), used,
                state=state, hostname=name_from(_plain(fields.get("hostname", ""))),
                relay=_relay(_plain(fields.get("user_context", ""))))


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
    """Seconds of the epoch, or a date as the databases print it, in local time."""
    if text.isdecimal():
        return int(text)
    try:
        return int(time.mktime(time.strptime(text[:19], "%Y-%m-%d %H:%M:%S")))
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
