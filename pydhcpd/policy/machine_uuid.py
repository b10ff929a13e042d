"""The UUID of a machine's firmware (option 97, RFC 4578 section 2.3): as the bytes of the wire, and as people write it.

SMBIOS stores the first three fields of a UUID with their octets in reverse (DSP0134, 7.2.1), and most firmware sends it as it
is stored; dmidecode, libvirt and tshark show those fields as numbers, other programs the digits as they are sent. Which of the
two a text means cannot be seen from it, so it stands for both. Bytes stand for themselves.
"""

from pydhcpd.errors import InvalidValue

SIZE = 16  # octets, behind the one that tells the type


def orders_of(value: object) -> tuple[bytes, ...]:
    """The octets that a value of the configuration stands for. Raises InvalidValue."""
    try:
        octets = value if isinstance(value, bytes) else bytes.fromhex(str(value).replace("-", ""))
    except ValueError:
        octets = b""
    if len(octets) not in (SIZE, SIZE + 1):
        raise InvalidValue(f"{value!r} is not a UUID; allowed is text of 32 hexadecimal digits, with or without -")
    octets = octets[-SIZE:]
    return (octets,) if isinstance(value, bytes) else tuple(dict.fromkeys((octets, swapped(octets))))


def swapped(octets: bytes) -> bytes:
    """The same UUID in the other order."""
    return octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:]


def text_of(octets: bytes) -> str | bytes:
    """The usual form, the digits in the order of the octets; what is no UUID stays bytes."""
    if len(octets) != SIZE:
        return octets
    digits = octets.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


class InEitherOrder:
    """Equal to a UUID as text if a pattern is: to the text as it is, or in the other order."""

    __slots__ = ("_pattern",)

    def __init__(self, pattern: object) -> None:
        self._pattern = pattern

    def __eq__(self, other: object) -> bool:
        return self._pattern == other or (isinstance(other, str) and self._pattern == text_of(swapped(
            bytes.fromhex(other.replace("-", "")))))

    __hash__ = None  # type: ignore[assignment]  # it is equal to many
