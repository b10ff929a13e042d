"""What `dns_zone()` of the configuration makes: a zone that is kept current, and who serves it; and which zone a name is of.

A zone is for names or, where its name ends in in-addr.arpa, for addresses. A name is of the zone with the longest name that
it ends in; an address of the one with the fewest addresses.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest
from pydhcpd.policy.arguments import check_arguments
from pydhcpd.policy.dns.domains import domain, range_of, reverse_zone
from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zones import reverse_name

ZONE_ARGUMENTS = ("name", "server", "port", "key", "ttl")
PORT = 53
MOST_SERVERS = 8
LONGEST_TTL = 0x7FFFFFFF  # RFC 2181 section 8
_WITH_PORT = re.compile(r"(?:\[(?P<long>[^]]+)\]|(?P<short>[^:]+))(?::(?P<port>\d{1,5}))?")

Server = tuple[str, int]
"""Address and port."""


@dataclass(frozen=True, slots=True, repr=False)
class DnsZone:
    """A zone. `servers` are asked in turn; without a `ttl` it follows from the lease time. `range` has the addresses of a
    reverse zone."""

    name: str
    servers: tuple[Server, ...]
    key: Tsig | None = None
    ttl: int | None = None
    line: int = 0
    range: tuple[int, int] | None = None

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "DnsZone":
        """Check `dns_zone()`'s arguments. Raises InvalidValue with all that are wrong."""
        checks = dict(zip(ZONE_ARGUMENTS, (_name, _servers, _port, _key, _ttl), strict=True))
        checked, others = check_arguments(arguments, checks)
        for name in others:
            near = nearest(name, ZONE_ARGUMENTS, NEAR)
            raise InvalidValue(f"{name} is not known; " + (f"did you mean {near}?" if near else
                                                           f"allowed are {', '.join(ZONE_ARGUMENTS)}"))
        if "name" not in checked or "server" not in checked:
            raise InvalidValue("needs a name and a server; allowed is dns_zone('lab.example', server='10.0.0.53', "
                               "key=tsig('name', 'hmac-sha256', file='/etc/pydhcpd/tsig.key'))")
        port = checked.get("port", PORT)
        servers = tuple((address, own or port) for address, own in checked["server"])
        return cls(checked["name"], servers, checked.get("key"), checked.get("ttl"), line, range_of(checked["name"]))

    def __repr__(self) -> str:
        servers = [server_text(*one) for one in self.servers]
        more = "" if self.key is None else f", key={self.key!r}"
        more += "" if self.ttl is None else f", ttl={self.ttl}"
        return f"dns_zone({self.name!r}, server={(servers[0] if len(servers) == 1 else servers)!r}{more})"

    def __str__(self) -> str:
        return self.name

    @property
    def is_reverse(self) -> bool:
        """Whether it is for addresses."""
        return self.range is not None

    def holds(self, name: str) -> bool:
        """Whether a name is in it, or in a zone below it."""
        return not self.is_reverse and f".{name}".endswith(f".{self.name}")

    def holds_address(self, address: int) -> bool:
        """Whether an address is in it, or in a zone below it."""
        return self.range is not None and self.range[0] <= address <= self.range[1]

    def owner(self, address: int) -> str:
        """The name that an address has in it; in a part of a /24 it is another one (RFC 2317)."""
        usual = reverse_name(address)
        return usual if usual.endswith(f".{self.name}") else f"{address & 0xFF}.{self.name}"


def zone_of_name(zones: Iterable[DnsZone], name: str) -> DnsZone | None:
    """The zone that a name is of."""
    return max((one for one in zones if one.holds(name)), key=lambda one: len(one.name), default=None)


def zone_of_address(zones: Iterable[DnsZone], address: int) -> DnsZone | None:
    """The zone that an address is of."""
    return min((one for one in zones if one.holds_address(address)), key=_size, default=None)


def _size(zone: DnsZone) -> int:
    return zone.range[1] - zone.range[0] if zone.range is not None else 0


def server_text(address: str, port: int) -> str:
    """A server, as it is written."""
    shown = f"[{address}]" if ":" in address and port != PORT else address
    return shown if port == PORT else f"{shown}:{port}"


def _name(value: object) -> str:
    if isinstance(value, str) and re.fullmatch(r"[\d.]+/\d+", value):
        return reverse_zone(value)
    name = domain(value, "the name of a zone", "lab.example")
    if name.endswith(".in-addr.arpa") and range_of(name) is None:
        raise InvalidValue(f"{value!r} is no reverse zone; allowed is one such as '2.0.192.in-addr.arpa', or its network: "
                           "'192.0.2.0/24'")
    return name


def _servers(value: object) -> tuple[tuple[str, int | None], ...]:
    servers = tuple(map(_server, value if isinstance(value, list | tuple) else [value]))
    if not 1 <= len(servers) <= MOST_SERVERS:
        raise InvalidValue(f"there are {len(servers)}; allowed are 1 to {MOST_SERVERS}")
    return servers


def _server(value: object) -> tuple[str, int | None]:
    """Address and port of a server: "10.0.0.53", "10.0.0.53:5353", "2001:db8::53" or "[2001:db8::53]:5353"."""
    text = str(value) if isinstance(value, str) else ""
    if (address := _address(text)) is not None:
        return address, None
    found = _WITH_PORT.fullmatch(text)
    if found is not None and (address := _address(found["long"] or found["short"])) is not None:
        return address, None if found["port"] is None else _port(int(found["port"]))
    raise InvalidValue(f"{value!r} is no DNS server; allowed is its address, such as '10.0.0.53', '10.0.0.53:5353', "
                       "'2001:db8::53' or '[2001:db8::53]:5353', or a list of them (not its name: that would have to be asked "
                       "of the DNS)")


def _address(text: str) -> str | None:
    """The address of a machine; None where that is none. Raises InvalidValue where no server can be there."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if address.is_multicast or address.is_unspecified or text == "255.255.255.255":
        raise InvalidValue(f"{text!r} is the address of no machine; allowed is that of the DNS server, such as '10.0.0.53'")
    if isinstance(address, IPv6Address) and address.is_link_local and not address.scope_id:
        raise InvalidValue(f"{text!r} is on any link; say by which interface: '{text}%eth1'")
    return str(address)


def _port(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 65535:
        raise InvalidValue(f"{value!r} is no port; allowed are 1 to 65535")
    return value


def _key(value: object) -> Tsig:
    if hasattr(value, "reason"):  # a Mistake, which stands above in the layers
        raise InvalidValue("it is wrong, as is told in a line of its own; allowed is tsig(...)")
    if not isinstance(value, Tsig):
        raise InvalidValue("that is no key (it is not shown here); allowed is tsig('name', 'hmac-sha256', "
                           "file='/etc/pydhcpd/tsig.key')")
    return value


def _ttl(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST_TTL:
        raise InvalidValue(f"{value!r} cannot be used here; allowed are whole seconds from 0 to {LONGEST_TTL}, such as "
                           "10 * MINUTES; without it, a third of the lease time, and 10 minutes at least")
    return value
