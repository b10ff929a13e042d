"""Values of options as Kea has them in its file: words between commas, or octets; made octets by Kea's types.

What a value looks like in ours is `pretty`: decoded by the shape of the option, where that says the same on the wire.
"""

import re
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, IPv6Network

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.values import FLAGS, int_from
from pydhcpd.wire.codecs import DOMAIN, Codec

_NUMBERS = {"uint8": (1, False), "uint16": (2, False), "uint32": (4, False), "int8": (1, True), "int16": (2, True),
            "int32": (4, True)}


def words_of(data: str) -> list[str]:
    """Words between commas; a comma within one has a \\ before it."""
    words = re.split(r"(?<!\\),", data)
    return [word.replace("\\,", ",").strip() for word in words] if data.strip() else []


def octets_of(data: str) -> bytes:
    """Octets as Kea writes them: 0A:0B, 0x0a0b, 0a 0b, or 'text'. Raises InvalidValue."""
    if len(data) > 1 and data[0] == data[-1] == "'":
        return data[1:-1].encode("utf-8", "surrogateescape")
    digits = re.sub(r"[\s:]|^0[xX]", "", data.strip())
    parts = data.strip().split(":")
    if len(parts) > 1:
        digits = "".join(part.zfill(2) for part in parts)
    try:
        return bytes.fromhex(digits.zfill(len(digits) + len(digits) % 2))
    except ValueError:
        raise InvalidValue(f"{escape(data)!r} is not hexadecimal") from None


def encoded(types: Sequence[str], words: Sequence[str], *, is_list: bool) -> bytes:
    """Words as octets, by Kea's types; the last type is that of all which follow, where it is a list. Raises InvalidValue."""
    types = list(types)
    if not is_list and len(words) > len(types):
        raise InvalidValue(f"{len(words)} values; allowed are {len(types)}")
    if len(words) < len(types):
        raise InvalidValue(f"{len(words)} values; expected are {len(types)}")
    types += types[-1:] * (len(words) - len(types))
    return b"".join(_one(kind, word) for kind, word in zip(types, words, strict=True))


def _one(kind: str, word: str) -> bytes:
    if kind in _NUMBERS:
        return _number(word, *_NUMBERS[kind])
    if kind not in _MAKERS:
        raise InvalidValue(f"the type {escape(kind)!r} is not known")
    try:
        return _MAKERS[kind](word)
    except ValueError as error:
        raise InvalidValue(f"{escape(word)!r} is no {kind}") from error


def _number(word: str, size: int, signed: bool) -> bytes:
    try:
        return int_from(word).to_bytes(size, "big", signed=signed)
    except OverflowError:
        raise InvalidValue(f"{escape(word)} does not fit into {size * 8} bits") from None


def _flag(word: str) -> bytes:
    if word.lower() not in FLAGS:
        raise InvalidValue(f"{escape(word)!r} is neither true nor false")
    return bytes([FLAGS[word.lower()]])


def _prefix(word: str) -> bytes:
    network = IPv6Network(word, strict=False)
    return bytes([network.prefixlen]) + network.network_address.packed[:(network.prefixlen + 7) // 8]


def _text(word: str) -> bytes:
    return word.encode("utf-8", "surrogateescape")


def _counted(word: str) -> bytes:
    return _number(str(len(_text(word))), 1, False) + _text(word)


_MAKERS: dict[str, Callable[[str], bytes]] = {
    "empty": lambda _: b"", "binary": octets_of, "boolean": _flag, "string": _text, "tuple": _counted,
    "ipv4-address": lambda word: address_from(word).to_bytes(4, "big"), "ipv6-address": lambda word: IPv6Address(word).packed,
    "ipv6-prefix": _prefix, "fqdn": lambda word: DOMAIN.encode(word.rstrip("."))}


def pretty(codec: Codec, data: bytes) -> object:
    """The value in people's form; the octets themselves where that would not say the same."""
    try:
        value = codec.decode(data)
        if codec.encode(value) != data:
            return data
    except (MalformedPacket, InvalidValue):
        return data
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | int):
        return value[0]
    return data if isinstance(value, str) and not value.isprintable() else value
