r"""ISC dhcpd's file of leases, dhcpd.leases(5), read and written.

A journal: of an address the last entry counts, and one that is cut off, because the machine died, does not. What is no lease
(the states of failover, classes made by OMAPI) is passed over; hosts made by OMAPI are told. Times are UTC.

    lease 192.0.2.7 {
      starts 2 2026/11/24 10:00:00;
      ends 2 2026/11/24 18:00:00;
      binding state active;
      hardware ethernet 02:00:00:00:99:07;
      uid "\001\002\000\000\000\231\007";
      client-hostname "printer";
      option agent.circuit-id "port 7";
    }
"""

import re
from calendar import timegm
from collections.abc import Iterable, Iterator
from functools import lru_cache
from time import gmtime, strftime
from typing import TextIO

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.faces import identifier_of
from pydhcpd.leases.interface import BOUND, GIADDR, QUARANTINED, RELEASED, Row
from pydhcpd.migration.isc_journal import Entry, entries_of, statements_of
from pydhcpd.migration.source import (
    ETHERNET,
    Source,
    hardware_of,
    held,
    last_of_each,
    octets,
    suboption,
    time_within,
)
from pydhcpd.wire.relay import CIRCUIT_ID, LINK_SELECTION, REMOTE_ID, SUBSCRIBER_ID, suboptions

BEGINS = re.compile(rb"\s*(lease6?|server-duid|failover|authoring-byte-order|host|group|subgroup|ia-[nt]a|class|subclass)\s")
HAS_IPV6 = re.compile(rb"(?m)^ia-(na|ta|pd)\s")
HARDWARE = {"ethernet": ETHERNET, "token-ring": 6, "fddi": 8, "infiniband": 32}
HARDWARE_NAMES = {number: name for name, number in HARDWARE.items()}
AGENT = {"option agent.circuit-id": CIRCUIT_ID, "option agent.remote-id": REMOTE_ID,
         "option agent.link-selection": LINK_SELECTION, "option agent.subscriber-id": SUBSCRIBER_ID}
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
NOT_PYTHONS = re.compile(rb'\\(?![0-3"\\])')  # escapes that mean something else to Python
OVER = ("free", "expired", "released", "reset", "backup")
RESERVED = "reserved there: pydhcpd -ask reserve ADDRESS does it here, while the lease lasts"


def read_isc(source: Source) -> Iterator[Row]:
    """Rows of the leases, their times by the wall clock; what cannot be read is told to the source."""
    cut_off: set[int] = set()

    hosts = _Hosts()

    def entries() -> Iterator[tuple[bytes, Entry]]:
        for entry in entries_of(source, hosts.line):
            if entry.is_whole:
                yield entry.address, entry
            else:
                cut_off.add(entry.number)

    for entry in last_of_each(entries):
        try:
            row = _row(entry, source)
        except InvalidValue as error:
            source.cannot(entry.number, error)
        else:
            if row is not None:
                yield row
    for number in sorted(cut_off):
        source.cannot(number, "the file ends in the middle of this lease; what was said of it before counts")
    for number in sorted(hosts.there.values()):
        source.cannot(number, "a host made at runtime (OMAPI) is no lease: write it into hosts of pydhcpd.conf")


class _Hosts:
    """Hosts that stand between the leases: the line of each that was not deleted again."""

    def __init__(self) -> None:
        self.there: dict[bytes, int] = {}
        self._last = b""

    def line(self, number: int, line: bytes) -> None:
        """A line that is of no lease."""
        words = line.split(None, 2)
        if words[:1] == [b"host"] and len(words) > 1:
            self._last = words[1]
            self.there[self._last] = number
        elif words == [b"deleted;"]:
            self.there.pop(self._last, None)


def _row(entry: Entry, source: Source) -> Row | None:
    """What an entry says; None where that is nothing to be kept."""
    address = address_from(entry.address.decode("latin-1"))
    said = statements_of(entry.body)
    state = said.get("binding state", "abandoned" if "abandoned" in said else "active")
    ends = _time(said.get("ends", "never" if "ends" not in said and state == "active" else "epoch 0"))
    used = min(_used(said), source.now)
    if state == "abandoned":
        return Row(address, b"", 0, b"", "", ends, used, QUARANTINED) if ends > source.now else None
    htype, hardware = _hardware(said.get("hardware", ""))
    identifier = _octets(said["uid"]) if said.get("uid") else b""
    if not identifier and not hardware:
        return None  # an address that nobody has had
    if "reserved" in said:
        source.note(RESERVED)
    name = _octets(said.get("client-hostname") or said.get("hostname", '""')).decode("utf-8", "backslashreplace")
    is_over = state in OVER
    if not is_over and state not in ("active", "bootp"):
        raise InvalidValue(f"binding state {escape(state)!r} is not known")
    return held(address, identifier, htype, hardware, min(ends, source.now) if is_over else ends, used,
                state=RELEASED if is_over else BOUND, hostname=name, relay=_relay(said))


def _used(said: dict[str, str]) -> int:
    """When the client was heard last: dhcpd says so since 4.1, before that only when the lease began."""
    text = said.get("cltt", said.get("starts"))
    return 0 if text is None else _time(text)


def _time(text: str) -> int:
    """A time: `2 2026/11/24 10:00:00`, `epoch 1795514400`, or `never`. Raises InvalidValue."""
    if text == "never":
        return NEVER
    try:
        weekday, *rest = text.split()
        if weekday == "epoch" and len(rest) == 1:
            return time_within(int(rest[0]))
        day, clock = rest
        hours, minutes, seconds = clock.split(":")
        return time_within(_day(day) + int(hours) * 3600 + int(minutes) * 60 + int(seconds))
    except ValueError:
        raise InvalidValue(f"{escape(text)!r} is not a time as dhcpd writes it") from None


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    year, month, day = map(int, text.split("/"))
    return timegm((year, month, day, 0, 0, 0))


def _hardware(text: str) -> tuple[int, bytes]:
    words = text.split(None, 1)
    if len(words) < 2:
        return 0, b""
    kind, address = words
    number = kind.removeprefix("unknown-")
    htype = int(number) if number.isdecimal() else HARDWARE.get(kind, 256)
    if htype > 255:
        raise InvalidValue(f"hardware {escape(kind)!r} is not known")
    return htype, hardware_of(address)


def _octets(text: str) -> bytes:
    """Text in quotation marks with escapes, or hexadecimal with colons. Raises InvalidValue."""
    if text.startswith('"'):
        data = text[1:-1].encode("utf-8", "surrogateescape")
        if b"\\" not in data:
            return data
        if NOT_PYTHONS.search(data) is None:  # as dhcpd writes them
            return data.decode("unicode_escape").encode("latin-1")
        return ESCAPED.sub(_unescaped, data)
    return octets(text)


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    if what[0] in b"01234567":
        return bytes((int(what, 8) & 0xFF,))
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b"}.get(what, what)


def _relay(said: dict[str, str]) -> bytes:
    """What a relay agent said; which one it was is not in the file."""
    names = [name for name in AGENT if name in said]
    content = b"".join(suboption(AGENT[name], _agent(said[name], AGENT[name])) for name in names) if names else b""
    return bytes(GIADDR) + content if content else b""


def _agent(text: str, code: int) -> bytes:
    if code == LINK_SELECTION:
        return address_from(text).to_bytes(4, "big")
    return _octets(text)


# --- writing

def write_isc(rows: Iterable[Row], now: int, file: TextIO) -> int:
    """Write rows, whose times are the wall clock's, as dhcpd reads them; returns how many."""
    count = 0
    file.write("# leases of pydhcpd in the form of dhcpd.leases(5); times are UTC\nauthoring-byte-order little-endian;\n\n")
    for count, row in enumerate(rows, 1):  # noqa: B007 (it is what is returned)
        file.write(f"lease {address_text(row.address)} {{\n{''.join(f'  {line};{chr(10)}' for line in _lines(row, now))}}}\n")
    return count


def _lines(row: Row, now: int) -> Iterator[str]:
    yield f"starts {_moment(row.last_used)}"
    yield f"ends {_moment(row.ends)}"
    yield f"cltt {_moment(row.last_used)}"
    yield f"binding state {_state(row, now)}"
    yield "next binding state free"
    if row.hardware and row.state != QUARANTINED:
        yield f"hardware {HARDWARE_NAMES.get(row.htype, f'unknown-{row.htype}')} {row.hardware.hex(':')}"
    if identifier := identifier_of(row.client):
        yield f"uid {_quoted(identifier)}"
    said = suboptions(row.relay[GIADDR:])
    for name, code in AGENT.items():
        if said.get(code):
            yield f"{name} {_of_agent(said[code], code)}"
    if row.hostname:
        yield f"client-hostname {_quoted(row.hostname.encode('utf-8', 'surrogateescape'))}"


def _of_agent(content: bytes, code: int) -> str:
    return address_text(int.from_bytes(content[:4], "big")) if code == LINK_SELECTION else _quoted(content)


def _state(row: Row, now: int) -> str:
    if row.state == QUARANTINED:
        return "abandoned"
    return "active" if row.state == BOUND and row.ends > now else "free"


def _moment(seconds: int) -> str:
    return "never" if seconds == NEVER else strftime("%w %Y/%m/%d %H:%M:%S", gmtime(seconds))


def _quoted(data: bytes) -> str:
    """Octets as dhcpd writes them: what is not plain as three octal digits."""
    return '"' + "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\{one:03o}" for one in data) + '"'
