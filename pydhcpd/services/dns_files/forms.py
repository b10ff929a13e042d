"""How the files are written, and what is read of one that was written before: a hosts file (hosts(5)), and a zone (RFC 1035
section 5). Names need no escaping: they are of letters, digits and hyphens."""

import re
import time
from collections.abc import Iterable, Iterator

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.dns.file import HOSTS, DnsFile
from pydhcpd.policy.dns.zones import reverse_name

SERIAL = re.compile(r"SOA\s+\S+\s+\S+\s+\(\s*(\d+)")
LAST_SERIAL = 0xFFFFFFFF
REFRESH, RETRY, EXPIRE = 3600, 600, 604_800  # seconds; for secondary servers
REMARK = "written by pydhcpd, which overwrites what is changed here"

Held = Iterable[tuple[int, str]]


def head(file: DnsFile, serial: int) -> str:
    """What a file begins with."""
    if file.form == HOSTS:
        return f"# {REMARK}\n"
    return (f"; {REMARK}\n$ORIGIN {file.domain}.\n$TTL {file.ttl}\n"
            f"@ IN SOA {file.server}. hostmaster.{'localhost' if file.range else file.domain}. "
            f"( {serial} {REFRESH} {RETRY} {EXPIRE} {file.ttl} )\n@ IN NS {file.server}.\n")


def body(file: DnsFile, held: Held) -> str:
    """Lines for some addresses with their names, as far as they belong into a file."""
    if file.range is not None:
        return "".join([f"{_owner(file, address)} IN PTR {name}.\n" for address, name in held if file.holds_address(address)])
    if file.form != HOSTS:
        return "".join([f"{_host(file, name)} IN A {address_text(address)}\n" for address, name in held if file.holds(name)])
    if not file.domain:
        return "".join([f"{address_text(address)} {name}\n" for address, name in held])
    return "".join([f"{address_text(address)} {name} {_host(file, name)}\n" for address, name in held if file.holds(name)])


def _host(file: DnsFile, name: str) -> str:
    """A name without the domain."""
    return name[:-len(file.domain) - 1] or "@"


def _owner(file: DnsFile, address: int) -> str:
    """The name of an address within a zone; in a part of a /24 it is another one (RFC 2317)."""
    usual = reverse_name(address)
    return usual[:-len(file.domain) - 1] if usual.endswith(f".{file.domain}") else str(address & 0xFF)


def next_serial(before: str) -> int:
    """The serial of a zone: that of before and one, or the time, whichever is more; around its end in a circle (RFC 1982)."""
    found = SERIAL.search(before)
    last = int(found[1]) if found else 0
    now = int(time.time())
    return now if 0 < (now - last) & LAST_SERIAL < 1 << 31 else (last + 1) & LAST_SERIAL


def names_in(file: DnsFile, lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The addresses and names in a file that was written before; whatever else is in it counts for nothing."""
    for line in lines:
        words = line.split()
        try:
            if file.form == HOSTS and len(words) > 1:
                yield address_from(words[0]), words[1]
            elif words[1:3] == ["IN", "A"] and len(words) == 4:
                yield address_from(words[3]), file.domain if words[0] == "@" else f"{words[0]}.{file.domain}"
        except InvalidValue:
            continue
