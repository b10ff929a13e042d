"""Addresses between text and what the program computes with: the one place where they are converted.

Inside, an IPv4 address is an integer in host byte order and a hardware address is bytes; text is for people.
"""

import re
from ipaddress import IPv4Address, IPv4Network
from socket import AF_INET, inet_ntoa, inet_pton

from pydhcpd.errors import InvalidValue

BROADCAST = 0xFFFFFFFF
LOOPBACK = 127  # the first octet of such addresses
_HARDWARE = re.compile(r"[0-9A-Fa-f]{1,2}([:-][0-9A-Fa-f]{1,2})*")


def address_from(value: object) -> int:
    """The integer (host byte order) of an address given as text, integer or `IPv4Address`.

    Raises InvalidValue for anything else.
    """
    try:
        if isinstance(value, str):
            return int.from_bytes(inet_pton(AF_INET, value), "big")
        if isinstance(value, int | IPv4Address) and not isinstance(value, bool):
            return int(IPv4Address(value))
    except (OSError, ValueError):
        pass
    raise InvalidValue(f"{value!r} is not an IPv4 address; allowed is text such as '192.0.2.1'")


def address_text(address: int) -> str:
    """The dotted form of an address in host byte order."""
    return inet_ntoa(address.to_bytes(4, "big"))


def is_unicast(address: int) -> bool:
    """Whether an address may be a single host's: neither of this network (0/8), loopback, multicast nor reserved."""
    return 0 < address >> 24 < 224 and address >> 24 != LOOPBACK


def network_from(network: object, mask: object = None) -> tuple[int, int]:
    """Base address and mask (host byte order) from "10.0.0.0/8", or from a network and its mask.

    Raises InvalidValue where bits are set outside the mask, or either cannot be read.
    """
    text = str(network) if mask is None else f"{network}/{mask}"
    try:
        parsed = IPv4Network(text)
    except ValueError as error:
        raise InvalidValue(f"{text!r} is not an IPv4 network ({error}); "
                           "allowed is a base address with its mask, such as '192.0.2.0/24'") from error
    return int(parsed.network_address), int(parsed.netmask)


def network_text(base: int, mask: int) -> str:
    """The form "192.0.2.0/24" of a base address and mask."""
    return f"{address_text(base)}/{mask.bit_count()}"


def hardware_from(text: object) -> bytes:
    """The bytes of a hardware address: pairs of hexadecimal digits with colons or hyphens; 1 to 16 octets.

    Raises InvalidValue.
    """
    octets = b""
    if isinstance(text, bytes):
        octets = text
    elif isinstance(text, str) and _HARDWARE.fullmatch(text):
        octets = bytes([int(pair, 16) for pair in text.replace("-", ":").split(":")])
    if not 0 < len(octets) <= 16:
        raise InvalidValue(f"{text!r} is not a hardware address; allowed is text such as '02:00:00:00:99:01'")
    return octets


def hardware_text(octets: bytes) -> str:
    """The form "02:00:00:00:99:01" of a hardware address."""
    return octets.hex(":")
