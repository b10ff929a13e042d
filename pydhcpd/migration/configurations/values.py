"""Values of options, from the words of other servers' files to what stands in ours, by the shape of the option."""

import re
from collections.abc import Callable, Sequence

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.wire.options import BY_CODE, PROTOCOL_OWN, Option, option_named

OF_THE_LEASE = frozenset((51, 54))  # options that the server says itself, besides PROTOCOL_OWN
FLAGS = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}


def boot_file(name: str) -> str:
    """The name of a boot file. Raises InvalidValue for braces, which hold values of a client here; ${...} is iPXE's own."""
    if re.search("[{}]", re.sub(r"\$\{[^{}]*\}", "", name)):
        raise InvalidValue("braces in the name of a file stand for values of the client here")
    return name


def option_value(name: str, words: Sequence[str]) -> object:
    """The value of an option by its name in our file, from words as other servers separate them. Raises InvalidValue.

    What is text is the words with spaces between them; a list of one thing where one may stand alone is that thing.
    """
    option = option_named(name)
    if option is None:
        raise InvalidValue(f"{escape(name)!r} is no option")
    return value_of(option, words)


def value_of(option: Option, words: Sequence[str]) -> object:
    """The same for an option that is at hand. What its codec refuses is refused."""
    value = _SHAPES.get(option.codec.name, _text)(words)
    option.codec.encode(value)
    return value


def octets(words: Sequence[str]) -> bytes:
    """Octets in hexadecimal, with or without colons. Raises InvalidValue."""
    try:
        return bytes.fromhex("".join(words).replace(":", ""))
    except ValueError:
        raise InvalidValue(f"{escape(' '.join(words))!r} is not hexadecimal") from None


def option_of_ours(code: int, data: bytes) -> tuple[str, object]:
    """Name and value in our file of an option by its octets: as its kind has it where the octets are of that kind.

    Raises InvalidValue.
    """
    if code in PROTOCOL_OWN | OF_THE_LEASE:
        raise InvalidValue("the server itself says that in each answer")
    option = BY_CODE.get(code)
    if option is not None:
        try:
            value = option.codec.decode(data)
            if option.codec.encode(value) == data:
                return option.name, value
        except (MalformedPacket, InvalidValue):
            pass
    return f"option_{code}", data


def _address(words: Sequence[str]) -> object:
    return address_text(address_from(_one(words)))


def _addresses(words: Sequence[str]) -> object:
    return [address_text(address_from(one)) for one in words]


def _one(words: Sequence[str]) -> str:
    if len(words) != 1:
        raise InvalidValue(f"{len(words)} values; allowed is one")
    return words[0]


def _number(words: Sequence[str]) -> object:
    return int_from(_one(words))


def int_from(word: str) -> int:
    """A number, in decimal or as 0x.. . Raises InvalidValue."""
    try:
        return int(word, 0) if word.lower().startswith(("0x", "-0x")) else int(word)
    except ValueError:
        raise InvalidValue(f"{escape(word)!r} is not a number") from None


def _flag(words: Sequence[str]) -> object:
    word = _one(words).lower()
    if word not in FLAGS:
        raise InvalidValue(f"{escape(word)!r} is neither true nor false")
    return FLAGS[word]


def _text(words: Sequence[str]) -> object:
    return " ".join(words)


def _pairs(words: Sequence[str]) -> object:
    """Addresses two by two; a mask or router may stand behind a slash."""
    flat = [part for one in words for part in one.split("/")]
    if len(flat) % 2:
        raise InvalidValue(f"{len(flat)} addresses; they come in pairs")
    return [(flat[at], flat[at + 1]) for at in range(0, len(flat), 2)]


def _routes(words: Sequence[str]) -> object:
    """Destinations with their routers, two by two."""
    if len(words) % 2:
        raise InvalidValue("each route is a destination and a router")
    return [(words[at], words[at + 1]) for at in range(0, len(words), 2)]


def _octets(words: Sequence[str]) -> object:
    """Octets in hexadecimal with colons, or text."""
    return " ".join(words)


_SHAPES: dict[str, Callable[[Sequence[str]], object]] = {
    "address": _address, "addresses": _addresses, "uint8": _number, "uint16": _number, "uint32": _number, "int32": _number,
    "seconds": _number, "flag": _flag, "text": _text, "domain": _text, "domains": list, "address_pairs": _pairs,
    "routes": _routes, "bytes": _octets, "uint8s": lambda words: [int_from(one) for one in words],
    "uint16s": lambda words: [int_from(one) for one in words]}
