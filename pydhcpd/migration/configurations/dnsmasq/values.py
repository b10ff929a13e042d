"""dnsmasq's names of options, and values as it guesses them (dnsmasq(8), --dhcp-option)."""

import re
from collections.abc import Sequence

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import INFINITE
from pydhcpd.migration.configurations.values import value_of
from pydhcpd.wire.options import BY_CODE

CODES = {
    "netmask": 1, "time-offset": 2, "router": 3, "dns-server": 6, "log-server": 7, "lpr-server": 9, "hostname": 12,
    "boot-file-size": 13, "domain-name": 15, "swap-server": 16, "root-path": 17, "extension-path": 18, "ip-forward-enable": 19,
    "non-local-source-routing": 20, "policy-filter": 21, "max-datagram-reassembly": 22, "default-ttl": 23, "mtu": 26,
    "all-subnets-local": 27, "broadcast": 28, "router-discovery": 31, "router-solicitation": 32, "static-route": 33,
    "trailer-encapsulation": 34, "arp-timeout": 35, "ethernet-encap": 36, "tcp-ttl": 37, "tcp-keepalive": 38, "nis-domain": 40,
    "nis-server": 41, "ntp-server": 42, "vendor-encap": 43, "netbios-ns": 44, "netbios-dd": 45, "netbios-nodetype": 46,
    "netbios-scope": 47, "x-windows-fs": 48, "x-windows-dm": 49, "t1": 58, "t2": 59, "vendor-class": 60, "nis+-domain": 64,
    "nis+-server": 65, "tftp-server": 66, "bootfile-name": 67, "mobile-ip-home": 68, "smtp-server": 69, "pop3-server": 70,
    "nntp-server": 71, "irc-server": 74, "user-class": 77, "rapid-commit": 80, "client-arch": 93, "client-interface-id": 94,
    "client-machine-id": 97, "posix-timezone": 100, "tzdb-timezone": 101, "ipv6-only": 108, "domain-search": 119,
    "sip-server": 120, "classless-static-route": 121, "vendor-id-encap": 125, "tftp-server-address": 150}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
OWN = "0.0.0.0"  # noqa: S104 (it stands for the address of the machine that dnsmasq runs on)
NUMBER, ADDRESS = re.compile(r"(-?\d+)([bsi]?)"), re.compile(r"\d+\.\d+\.\d+\.\d+")
OCTETS = re.compile(r"[0-9a-fA-F]{1,2}(:[0-9a-fA-F]{1,2})+")
IS_ADDRESS = re.compile(r"[0-9a-fA-F.: ]+")  # of IPv4 or IPv6, as dnsmasq tells it from a tag
WIDTHS = {"b": 1, "s": 2, "i": 4}


def code_of(word: str) -> int:
    """The number of an option from `option:router`, `router` or `3`. Raises InvalidValue."""
    name = word.strip().removeprefix("option:").lower()
    if name.isdecimal() and 0 < int(name) < 255:
        return int(name)
    if name not in CODES:
        raise InvalidValue(f"option {escape(word)!r} is not known to dnsmasq 2.90")
    return CODES[name]


def is_option(word: str) -> bool:
    """Whether it names an option, where it might be a tag."""
    return word.isdecimal() or word.startswith(("option:", "option6:"))


def name_of(code: int) -> str:
    """What the option is called in our file."""
    return BY_CODE[code].name if code in BY_CODE else f"option_{code}"


def value_for(code: int, words: Sequence[str]) -> object:
    """The value of an option of ours. Raises InvalidValue."""
    option = BY_CODE.get(code)
    if option is None or option.codec.name == "bytes":
        return octets_of(words)
    if option.codec.name == "text":
        return value_of(option, [",".join(words)])
    if option.codec.name == "flag" and len(words) == 1:
        return value_of(option, [words[0].rstrip("bsi")])
    return value_of(option, [NUMBER.sub(r"\1", word) if NUMBER.fullmatch(word) else word for word in words])


def octets_of(words: Sequence[str]) -> bytes:
    """The octets that dnsmasq makes of words whose option it does not know: addresses, octets, numbers, or text."""
    if all(map(ADDRESS.fullmatch, words)):
        return b"".join(address_from(word).to_bytes(4, "big") for word in words)
    if len(words) == 1 and OCTETS.fullmatch(words[0]):
        return bytes(int(one, 16) for one in words[0].split(":"))
    if all(map(NUMBER.fullmatch, words)):
        return b"".join(map(_number, words))
    return ",".join(words).encode("utf-8", "surrogateescape")


def _number(word: str) -> bytes:
    """A number in as few octets as hold it, or in as many as its last letter says."""
    found = NUMBER.fullmatch(word)
    assert found
    value = int(found[1])
    width = WIDTHS.get(found[2]) or next(width for width in (1, 2, 4) if value < 1 << 8 * width or width == 4)
    return (value & (1 << 8 * width) - 1).to_bytes(width, "big")


def lease_time(word: str) -> int | None:
    """The seconds of `12h`, `45m`, `3600` or `infinite`; None for what is no time."""
    if word in ("infinite", "deprecated"):
        return INFINITE
    found = re.fullmatch(r"(\d+)([smhdw]?)", word)
    return max(int(found[1]) * UNITS[found[2] or "s"], 120) if found else None  # dnsmasq has two minutes at least
