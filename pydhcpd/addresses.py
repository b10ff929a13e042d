"""Addresses between text and what the program computes with: the one place where they are converted.

Inside, an IPv4 address is an integer in host byte order and a hardware address is bytes; text is for people.
"""

import re
from ipaddress import IPv4Address, IPv4Network
from socket import AF_INET, inet_ntoa, inet_pton

from pydhcpd.errors import InvalidValue

BROADCAST = 0xFFFFFFFF
LOOPBACK = 127  # the first octet of such addresses
HARDWARE_SIZES = (1, 6, 8, 16)  # ARCNET (RFC 1201); Ethernet and its kin; EUI-64; and as much as chaddr holds
_DOTTED = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3}){3}")
_HARDWARE = re.compile(r"[0-9A-Fa-f]{1,2}([:-][0-9A-Fa-f]{1,2})*")


def address_from(value: object) -> int:
    """The integer (host byte order) of an address given as text or `IPv4Address`.

    Raises InvalidValue for anything else.
    """
    try:
        if isinstance(value, str):
            return int.from_bytes(inet_pton(AF_INET, value), "big")
        if isinstance(value, IPv4Address):
            return int(value)
    except (OSError, ValueError):
        pass
    raise InvalidValue(f"{value!r} is not an IPv4 address; {_instead_of_address(value)}")


def is_address(value: object) -> bool:
    """Whether it is an IPv4 address."""
    try:
        address_from(value)
    except InvalidValue:
        return False
    return True


def _instead_of_address(value: object) -> str:
    """What to write for text that is nearly an address."""
    if isinstance(value, list | tuple) and len(value) == 1 and isinstance(value[0], str):
        return f"write {value[0]!r}, without brackets"
    text = value if isinstance(value, str) else ""
    if _HARDWARE.fullmatch(text) and len(re.findall("[:-]", text)) == 5:
        return f"that is a hardware address: write mac={text!r}"
    parts = several_in(text)
    if len(parts) > 1 and all(_DOTTED.fullmatch(part) for part in parts):
        return f"several addresses are a list: {parts}"
    if _DOTTED.fullmatch(text.partition("/")[0]):
        numbers = [int(part) for part in text.partition("/")[0].split(".")]
        if max(numbers) < 256:
            return f"write {'.'.join(map(str, numbers))!r}"
    elif text.count(".") == 6:
        return "is there a comma missing between two addresses?"
    elif re.search("[a-z]", text, re.IGNORECASE) and ":" not in text:
        return "names are not looked up; allowed is text such as '192.0.2.1'"
    return "allowed is text such as '192.0.2.1'"


def several_in(text: str) -> list[str]:
    """The parts of text that should have been a list: "a, b" or "a b"."""
    return [part for part in re.split(r"[,;\s]+", text) if part]


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
        raise InvalidValue(f"{text!r} is not an IPv4 network{_instead_of_network(text)}") from error
    return int(parsed.network_address), int(parsed.netmask)


def _instead_of_network(text: str) -> str:
    """Why text is no network, and what to write."""
    base, slash, mask = text.strip().partition("/")
    padded = ".".join([*base.split("."), "0", "0", "0"][:4]) if re.fullmatch("[0-9.]+", base) else base
    try:
        network = IPv4Network(f"{padded}{slash}{mask}", strict=False)
        return f"{': that is an address in it' if padded == base and base == text[:len(base)] else ''}; write '{network}'"
    except ValueError:
        return "; allowed is a base address with its mask, such as '192.0.2.0/24'"


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
        raise InvalidValue(f"{text!r} is not a hardware address; {_instead_of_hardware(text)}")
    return octets


def _instead_of_hardware(value: object) -> str:
    parts = several_in(value) if isinstance(value, str) else []
    if len(parts) > 1 and all(map(_HARDWARE.fullmatch, parts)):
        return f"several are a list: {parts}"
    digits = re.sub(r"[.:\-\s]", "", value) if isinstance(value, str) else ""
    if re.fullmatch("[0-9A-Fa-f]{12}", digits):
        return f"write '{bytes.fromhex(digits).hex(':')}'"
    return "allowed is text such as '02:00:00:00:99:01'"


def machine_from(text: object) -> bytes:
    """The hardware address of a machine that is named: as long as those that there are, so that an octet left out is told.

    Raises InvalidValue.
    """
    octets = hardware_from(text)
    if len(octets) not in HARDWARE_SIZES:
        raise InvalidValue(f"{text!r} has {len(octets)} octets; allowed is a hardware address of 6, such as "
                           "'02:00:00:00:99:01'")
    return octets


def hardware_text(octets: bytes) -> str:
    """The form "02:00:00:00:99:01" of a hardware address."""
    return octets.hex(":")
