"""Names of domains as they are written in the configuration, checked: in small letters, without the dot at the end; and which
addresses a reverse zone has."""

import re

from pydhcpd.addresses import address_text, network_from
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.dns.zones import REVERSE, is_reverse

LONGEST = 253  # characters: 255 octets on the wire (RFC 1035 2.3.4)
_LABEL = r"[0-9a-z_/](?:[0-9a-z_/-]{0,61}[0-9a-z_/])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def domain(value: object, what: str, such_as: str) -> str:
    """A name of a domain. Raises InvalidValue."""
    text = value.lower().removesuffix(".") if isinstance(value, str) else ""
    if not _DOMAIN.fullmatch(text) or len(text) > LONGEST:
        raise InvalidValue(f"{value!r} is not {what}; allowed are letters, digits, - and _, in parts of 1 to 63 with dots "
                           f"between them, such as {such_as!r} (an international name in its xn-- form)")
    return text


def reverse_zone(network: str) -> str:
    """The name of the zone of a network "a/n". Raises InvalidValue where no zone has exactly that network."""
    base, mask = network_from(network)
    bits = mask.bit_count()
    labels = address_text(base).split(".")[:bits // 8]
    name = ".".join([*reversed(labels), REVERSE])
    if bits % 8 or not bits or bits == 32:
        shown = ".".join([*reversed(address_text(base).split(".")[:min(bits // 8, 3)]), REVERSE])
        classless = f"{base & 0xFF}/{bits}.{shown}" if bits > 24 else ""
        raise InvalidValue(f"{network!r} has no zone of its own; allowed are a /8, a /16 and a /24, and the name of the zone: "
                           f"such as {shown!r}" + (f", or {classless!r} (RFC 2317)" if classless else ""))
    return name


def range_of(zone: str) -> tuple[int, int] | None:
    """The addresses of a reverse zone, the first and the last, also of a part of a /24 (RFC 2317), "0/25.2.0.192.in-addr.arpa"
    or "0-127.2.0.192.in-addr.arpa"; None for a zone of another kind."""
    if not is_reverse(zone):
        return None
    labels = zone.removesuffix(REVERSE).rstrip(".").split(".") if zone != REVERSE else []
    first = last = None
    if labels and (found := re.fullmatch(r"(\d{1,3})([/-])(\d{1,3})", labels[0])) and len(labels) == 4:
        begin, end = int(found[1]), int(found[3])
        first, last = (begin, end) if found[2] == "-" else (begin, begin + (1 << max(32 - end, 0)) - 1)
        labels = labels[1:]
    if len(labels) > 4 or not all(one.isdecimal() and int(one) < 256 for one in labels) or (last or 0) > 255:
        return None
    base = 0
    for place, label in enumerate(reversed(labels)):
        base |= int(label) << 24 - 8 * place
    if first is not None and last is not None:
        return base + first, base + last
    return base, base | (1 << 32 - 8 * len(labels)) - 1
