r"""ISC dhcpd's file of leases, dhcpd.leases(5), read and written.

A journal: of an address the last entry counts, and one that is cut off, because the machine died, does not. What is not a
lease of IPv4 (hosts and classes made by OMAPI, the states of failover, IPv6) is passed over. Times are UTC.

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
from pydhcpd.wire.relay import CIRCUIT_ID, LINK_SELECTION, REMOTE_ID, SUBSCRIBER_ID, suboptions

BEGINS = re.compile(rb"\s*(lease6?|server-duid|failover|authoring-byte-order|host|group|subgroup|ia-[nt]a|class|subclass)\s")
BEGINS_LEASE = re.compile(rb"\s*lease\s+\S")
LEASE = {b"lease"[:length] for length in range(6)}  # what the first octets of such a line are, without spaces
HARDWARE = {"ethernet": ETHERNET, "token-ring": 6, "fddi": 8, "infiniband": 32}
HARDWARE_NAMES = {number: name for name, number in HARDWARE.items()}
AGENT = {"circuit-id": CIRCUIT_ID, "remote-id": REMOTE_ID, "link-selection": LINK_SELECTION, "subscriber-id": SUBSCRIBER_ID}
QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"?|#.*')
STATEMENT = re.compile(r'(?:\s|#[^\n]*)*((?:[^;{}"#]|"(?:[^"\\]|\\.)*")*)([;{}])', re.DOTALL)
DEPTHS = {"{": 1, "}": -1, ";": 0}
ESCAPED = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)
OVER = ("free", "expired", "released", "reset", "backup")
RESERVED = "reserved there: pydhcpd -ask reserve ADDRESS does it here, while the lease lasts"


class Entry:
    """One lease as it stands in the file: its lines, the number of the first, and whether it ends."""

    def __init__(self, number: int, line: bytes) -> None:
        self.number, self.lines, self.is_whole = number, [line], False
        self.depth = 0
        self.add(line)

    def add(self, line: bytes) -> None:
        """Look for the brace that ends it in a line that has one."""
        bare = QUOTED.sub(b"", line) if b'"' in line or b"#" in line else line
        self.depth += bare.count(b"{") - bare.count(b"}")
        self.is_whole = self.depth <= 0 and b"}" in bare

    @property
    def address(self) -> str:
        """What it is of, as it is written."""
        return self.lines[0].split(None, 2)[1].rstrip(b"{").decode("latin-1")

    @property
    def text(self) -> str:
        """What is between its braces, with the last one; octets that are not UTF-8 as surrogates."""
        return b"\n".join(self.lines).decode("utf-8", "surrogateescape").partition("{")[2]


def read_isc(source: Source) -> Iterator[Row]:
    """Rows of the leases, their times by the wall clock; what cannot be read is told to the source."""
    cut_off: set[int] = set()

    def entries() -> Iterator[tuple[str, Entry]]:
        for entry in _entries(source):
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


def _entries(source: Source) -> Iterator[Entry]:
    """The leases in the order of the file. One begins with a line of its own; another that begins before it ends shows that
    it was cut off."""
    entry: Entry | None = None
    for number, line in source.lines():
        if line[:5].lstrip() in LEASE and BEGINS_LEASE.match(line):
            if entry is not None:
                yield entry
            entry = Entry(number, line)
        elif entry is not None:
            entry.lines.append(line)
            if b"}" in line or b"{" in line:
                entry.add(line)
        else:
            continue
        if entry.is_whole:
            yield entry
            entry = None
    if entry is not None:
        yield entry


def _row(entry: Entry, source: Source) -> Row | None:
    """What an entry says; None where that is nothing to be kept."""
    address = address_from(entry.address)
    said = _statements(entry.text)
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
    row = held(address, identifier, htype, hardware, ends=ends, last_used=used, relay=_relay(said),
               hostname=name_from(_octets(said.get("client-hostname") or said.get("hostname", '""'))
                                  .decode("utf-8", "surrogateescape")))
    if state in OVER:
        return row._replace(state=RELEASED, ends=min(ends, source.now))
    if state not in ("active", "bootp"):
        raise InvalidValue(f"binding state {escape(state)!r} is not known")
    return row


def _statements(text: str) -> dict[str, str]:
    """The statements by what they begin with; those of blocks within (`on expiry { ... }`) are passed over."""
    found: dict[str, str] = {}
    depth = 0
    for match in STATEMENT.finditer(text):
        words, end = match.groups()
        if end == ";" and not depth:
            name, _, value = words.strip().partition(" ")
            if name in ("binding", "option"):  # `next binding state` begins with another word
                second, _, value = value.strip().partition(" ")
                name = f"{name} {second}"
            found[name] = value.strip()
        depth += DEPTHS[end]
        if depth < 0:
            break
    return found


def _used(said: dict[str, str]) -> int:
    """When the client was heard last: dhcpd says so since 4.1, before that only when the lease began."""
    return next((_time(said[name]) for name in ("cltt", "starts") if name in said), 0)


def _time(text: str) -> int:
    """A time: `2 2026/11/24 10:00:00`, `epoch 1795514400`, or `never`. Raises InvalidValue."""
    if text == "never":
        return NEVER
    weekday, _, rest = text.partition(" ")
    try:
        if weekday == "epoch":
            return time_within(int(rest.split("#")[0]))
        day, _, clock = rest.partition(" ")
        hours, minutes, seconds = clock.split(":")
        return time_within(_day(day) + int(hours) * 3600 + int(minutes) * 60 + int(seconds))
    except ValueError:
        raise InvalidValue(f"{escape(text)!r} is not a time as dhcpd writes it") from None


@lru_cache(maxsize=4096)
def _day(text: str) -> int:
    year, month, day = map(int, text.split("/"))
    return timegm((year, month, day, 0, 0, 0))


def _hardware(text: str) -> tuple[int, bytes]:
    kind, _, address = text.partition(" ")
    if not address:
        return 0, b""
    number = kind.removeprefix("unknown-")
    htype = int(number) if number.isdecimal() else HARDWARE.get(kind, 256)
    if htype > 255:
        raise InvalidValue(f"hardware {escape(kind)!r} is not known")
    return htype, hardware_of(address.strip())


def _octets(text: str) -> bytes:
    """Text in quotation marks with escapes, or hexadecimal with colons. Raises InvalidValue."""
    if text.startswith('"'):
        data = text[1:-1].encode("utf-8", "surrogateescape")
        return ESCAPED.sub(_unescaped, data) if b"\\" in data else data
    return octets(text)


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    if what.isdigit():
        return bytes((int(what, 8) & 0xFF,))
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b"}.get(what, what)


def _relay(said: dict[str, str]) -> bytes:
    """What a relay agent said; which one it was is not in the file."""
    content = b"".join(suboption(code, _agent(said[f"option agent.{name}"], code))
                       for name, code in AGENT.items() if f"option agent.{name}" in said)
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
            yield f"option agent.{name} {_of_agent(said[code], code)}"
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
