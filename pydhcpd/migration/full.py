"""All that is known of each lease, for programs: as CSV with a header, and as JSON, one object a line; written and read again.

Times are UTC, `2026-11-24T10:00:00Z`; `never` does not come. Octets are in hexadecimal.
"""

import csv
import json
import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from time import gmtime, strftime, strptime
from typing import TextIO

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.faces import BARE, identifier_of
from pydhcpd.leases.interface import BOUND, GIADDR, QUARANTINED, RELEASED, Row
from pydhcpd.migration.source import Source, hardware_of, octets, time_within

NAMES = ("address", "state", "hardware_type", "hardware_address", "client_identifier", "client_key", "hostname", "sent_name",
         "last_used", "expires", "giaddr", "relay_agent_information")
BEGINS_CSV, BEGINS_JSON = re.compile(rb"address,state,hardware_type,"), re.compile(rb'\{"address": "')
STATES = {BOUND: "bound", RELEASED: "released", QUARANTINED: "quarantined"}
NUMBERS = {word: number for number, word in STATES.items()}
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def write_csv(rows: Iterable[Row], file: TextIO) -> int:
    """Write rows, whose times are the wall clock's; returns how many."""
    writer = csv.DictWriter(file, NAMES, lineterminator="\n")
    writer.writeheader()
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 (it is what is returned)
        writer.writerow(_fields(row))
    return count


def write_json(rows: Iterable[Row], file: TextIO) -> int:
    """The same as JSON."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 (it is what is returned)
        file.write(json.dumps(_fields(row)) + "\n")
    return count


def _fields(row: Row) -> dict[str, str | int]:
    """What a row says, by name. The names of clients are escaped, one visible line each; the key of the lease is there where
    neither identifier nor hardware address is it."""
    identifier = identifier_of(row.client)
    usual = not row.client or bool(identifier) or row.client == _bare(row.htype, row.hardware)
    return dict(zip(NAMES, (
        address_text(row.address), STATES[row.state], row.htype, row.hardware.hex(":"), identifier.hex(":"),
        "" if usual else row.client.hex(":"), escape(row.hostname), escape(row.sent_name), _moment(row.last_used),
        _moment(row.ends), address_text(int.from_bytes(row.relay[:GIADDR], "big")) if row.relay else "",
        row.relay[GIADDR:].hex(":")), strict=True))


def _bare(htype: int, hardware: bytes) -> bytes:
    return bytes((BARE, htype)) + hardware


def _moment(seconds: int) -> str:
    return "never" if seconds == NEVER else strftime(MOMENT, gmtime(seconds))


def read_csv(source: Source) -> Iterator[Row]:
    """Rows of a file that `write_csv` wrote, their times by the wall clock; what cannot be read is told to the source."""
    lines = (line.decode("utf-8", "surrogateescape") for _, line in source.lines())
    reader = csv.DictReader(lines)
    for fields in reader:
        yield from _read(source, reader.line_num, fields)


def read_json(source: Source) -> Iterator[Row]:
    """The same of one that `write_json` wrote."""
    for number, line in source.lines():
        try:
            fields = json.loads(line) if line else None
        except ValueError:
            source.cannot(number, "no JSON object")
        else:
            yield from () if fields is None else _read(source, number, fields)


def _read(source: Source, number: int, fields: dict[str, str | int]) -> Iterator[Row]:
    try:
        yield _row({name: str(fields[name]) for name in NAMES})
    except InvalidValue as error:
        source.cannot(number, error)
    except (LookupError, TypeError):
        source.cannot(number, f"fields are missing; there are {', '.join(NAMES)}")


def _row(said: dict[str, str]) -> Row:
    if said["state"] not in NUMBERS:
        raise InvalidValue(f"state {escape(said['state'])!r} is not known; there are {', '.join(NUMBERS)}")
    if not said["hardware_type"].isdecimal() or int(said["hardware_type"]) > 255:
        raise InvalidValue("hardware_type is not a number up to 255")
    htype, hardware = int(said["hardware_type"]), hardware_of(said["hardware_address"])
    identifier = octets(said["client_identifier"])
    state = NUMBERS[said["state"]]
    key = octets(said["client_key"]) or (b"\1" + identifier if identifier else _bare(htype, hardware) if hardware else b"")
    relay = address_from(said["giaddr"]).to_bytes(GIADDR, "big") + octets(said["relay_agent_information"]) \
        if said["giaddr"] else b""
    return Row(address_from(said["address"]), b"" if state == QUARANTINED else key, htype, hardware, said["hostname"],
               _seconds(said["expires"]), _seconds(said["last_used"]), state, relay, "", said["sent_name"])


def _seconds(text: str) -> int:
    if text == "never":
        return NEVER
    try:
        return time_within(timegm(strptime(text, MOMENT)))
    except ValueError:
        raise InvalidValue(f"{escape(text)!r} is not a time; such as 2026-11-24T10:00:00Z") from None
