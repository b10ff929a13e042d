"""`DnsFile`: what `dns_file()` of the configuration makes: a file for a DNS server to read, with the names of the leases."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest
from pydhcpd.policy.arguments import check_arguments
from pydhcpd.policy.dns.domains import domain, range_of

HOSTS, ZONE = FORMS = ("hosts", "zone")
DEFAULT_TTL = 300  # seconds; a lease that is given to another is known by then


@dataclass(frozen=True, slots=True, repr=False)
class DnsFile:
    """One file. `domain` is that of the names in it, empty for all (in a hosts file alone); `server` is the name server that a
    zone names, without the dot at its end."""

    path: Path
    form: str
    domain: str = ""
    server: str = "localhost"
    ttl: int = DEFAULT_TTL
    line: int = 0
    range: tuple[int, int] | None = None  # the addresses of a reverse zone

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "DnsFile":
        """Check `dns_file()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, others = check_arguments(arguments, ARGUMENTS)
        for name in others:
            near = nearest(name, ARGUMENTS, NEAR)
            raise InvalidValue(f"{name} is not known; {f'did you mean {near}?' if near else ALLOWED}")
        made = cls(line=line, range=range_of(checked.get("domain", "")), **{"form": HOSTS, **checked})
        if made.form == ZONE and not made.domain:
            raise InvalidValue("a zone has a domain; write domain='lab.example', or of addresses domain='2.0.192.in-addr.arpa'")
        if made.form == HOSTS and (more := {"server", "ttl"} & checked.keys()):
            raise InvalidValue(f"{' and '.join(sorted(more))}: is for form='zone' alone; leave it out")
        return made

    def __repr__(self) -> str:
        domain = f", domain={self.domain!r}" if self.domain else ""
        more = f", server={self.server!r}, ttl={self.ttl}" if self.form == ZONE else ""
        return f"dns_file({str(self.path)!r}, form={self.form!r}{domain}{more})"

    @property
    def is_complete(self) -> bool:
        """Whether a name and its address stand together, so that each is found by the other."""
        return self.form == HOSTS

    def holds(self, name: str) -> bool:
        """Whether a name is to be in it."""
        return self.range is None and (not self.domain or f".{name}".endswith(f".{self.domain}"))

    def holds_address(self, address: int) -> bool:
        """Whether an address is to be in it by itself."""
        return self.range is not None and self.range[0] <= address <= self.range[1]


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InvalidValue(f"{value!r} is not the path of a file; allowed is text such as '/var/lib/pydhcpd/hosts'")
    return Path(value)


def _form(value: object) -> str:
    if value not in FORMS:
        raise InvalidValue(f"{value!r} cannot be used here; allowed are {HOSTS!r}, as /etc/hosts, and {ZONE!r} (RFC 1035)")
    return str(value)


def _domain(value: object) -> str:
    return domain(value, "a domain", "lab.example")


def _server(value: object) -> str:
    return domain(value, "the name of a name server", "ns1.lab.example")


def _ttl(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 0x7FFFFFFF:
        raise InvalidValue(f"{value!r} cannot be used here; allowed are whole seconds from 0 to 2147483647 (RFC 2181)")
    return value


ARGUMENTS: dict[str, Callable[[object], Any]] = {
    "path": _path, "form": _form, "domain": _domain, "server": _server, "ttl": _ttl}
ALLOWED = f"allowed are {', '.join(ARGUMENTS)}"
