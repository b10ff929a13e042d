"""Options of dhcpd.conf: their names and definitions, and their values as ours.

A value is made into the octets that dhcpd would send, and these into what our option of that code makes of them; where that
is not the same again, the octets themselves are set, by the option's number.
"""

import builtins
import keyword
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Code, seconds
from pydhcpd.migration.configurations.isc.expressions import octets_of
from pydhcpd.migration.configurations.isc.lexer import SIGN, STRING, Token
from pydhcpd.migration.configurations.isc.names import OPTIONS
from pydhcpd.migration.configurations.values import FLAGS, int_from
from pydhcpd.settings import BY_NAME as SETTINGS
from pydhcpd.wire import codecs
from pydhcpd.wire.codecs import Codec
from pydhcpd.wire.options import BY_CODE, BY_NAME

DHCP, AGENT, VENDOR = "dhcp", "agent", "vendor_specific_information"
WIDTHS = {"uint8": 1, "uint16": 2, "uint32": 4, "int8": 1, "int16": 2, "int32": 4}
LISTS = {"address": "addresses", "uint8": "uint8s", "uint16": "uint16s"}
PLAIN = {"addresses": ("address",), "uint8s": ("uint8",), "uint16s": ("uint16",), "address_pairs": ("address", "address")}
ENDLESS = ("text", "bytes", "domains", "plain_domains")
RESERVED = {"dict", "host", "subnet", "pool", "match", "option", "range", "list"}

Shape = tuple[tuple[str, ...], bool]
"""Elementary shapes in their order, and whether they are repeated."""


@dataclass(frozen=True)
class Known:
    """An option as dhcpd knows it. `name` is ours; `space` is what it is in, "dhcp" where it is in none."""

    isc: str
    code: int
    name: str
    shape: Shape
    codec: Codec
    space: str = DHCP
    encapsulates: str = ""


def plain(name: str) -> str:
    """A name that Python can have."""
    made = re.sub(r"\W", "_", name, flags=re.ASCII).strip("_") or "own"
    is_taken = keyword.iskeyword(made) or made in SETTINGS or made in RESERVED or hasattr(builtins, made)
    return f"own_{made}" if is_taken or made[0].isdigit() else made


def shape_of_codec(codec: Codec) -> Shape:
    """The shape that dhcpd has for an option of ours."""
    if codec.name in PLAIN:
        return PLAIN[codec.name], True
    if codec.name.startswith("("):
        parts = tuple(part.strip() for part in codec.name.strip("()").split(","))
        return parts, False
    usual = {"seconds": "uint32", "domain": "domains", "plain_domains": "domains"}
    kind = usual.get(codec.name, codec.name)
    return (kind if kind in WIDTHS or kind in ("address", "flag", "text", "bytes", "domains") else "bytes",), False


def elementary(words: list[str]) -> str:
    """One shape of a definition, its words taken away. Raises InvalidValue."""
    word = words.pop(0) if words else ""
    if word in ("signed", "unsigned", "integer"):
        sign = "" if word == "signed" else "u"
        if word != "integer" and words and words[0] == "integer":
            words.pop(0)
        width = words.pop(0) if words else ""
        if width not in ("8", "16", "32"):
            raise InvalidValue("8, 16 or 32 is expected after integer")
        return f"{'int' if word == 'integer' else sign + 'int'}{width}"
    names = {"boolean": "flag", "ip-address": "address", "text": "text", "string": "bytes", "domain-list": "plain_domains",
             "domain-name": "plain_domains"}
    if word == "domain-list" and words[:1] == ["compressed"]:
        words.pop(0)
        return "domains"
    if word not in names:
        raise InvalidValue(f"{escape(word)!r} is no shape of an option here; expected are boolean, integer, ip-address, text, "
                           "string, domain-list, array of and { ... }")
    return names[word]


def shape_from(tokens: Sequence[Token]) -> Shape:
    """The shape of a definition: text, array of { ip-address, integer 8 } and so on."""
    words = [one.text for one in tokens]
    is_list = words[:2] == ["array", "of"]
    if is_list:
        del words[:2]
    kinds = _record(words) if words[:1] == ["{"] else (elementary(words),)
    if words:
        raise InvalidValue(f"{escape(words[0])} is not expected there")
    return kinds, is_list


def _record(words: list[str]) -> tuple[str, ...]:
    kinds: list[str] = []
    words.pop(0)
    while words and words[0] != "}":
        if words[:2] == ["array", "of"]:
            raise InvalidValue("a list within a record cannot be said")
        kinds.append(elementary(words))
    if not words:
        raise InvalidValue("} is expected")
    words.pop(0)
    return tuple(kinds)


def our_shape(shape: Shape) -> object:
    """The same as option() of ours takes it."""
    kinds, is_list = shape
    known = tuple(one if one in codecs.SHAPES else {"int8": "uint8", "int16": "uint16"}[one] for one in kinds)
    if len(known) == 1:
        return known[0] if not is_list else LISTS.get(known[0], [known[0]])
    return [known] if is_list else known


# --- octets

def octets_by(shape: Shape, tokens: Iterable[Token]) -> bytes:
    """The octets of a value. Raises InvalidValue where it does not fit."""
    kinds, is_list = shape
    left = [one for one in tokens if not (one.kind == SIGN and one.text == ",")]
    if not left:
        raise InvalidValue("a value is expected")
    found = b""
    while left:
        for kind in kinds:
            if not left:
                raise InvalidValue("there are too few values")
            found += _ALL_LEFT[kind](left) if kind in _ALL_LEFT else _element(kind, left.pop(0))
        if not is_list and left:
            raise InvalidValue(f"a semicolon is expected before {escape(str(left[0]))}")
    return found


def _domains(left: list[Token]) -> bytes:
    names = [one.text.strip(".") for one in left]
    left.clear()
    return codecs.PLAIN_DOMAINS.encode(names)


def _addresses(left: list[Token]) -> bytes:
    found = b"".join(_element("address", one) for one in left)
    left.clear()
    return found


_ALL_LEFT: dict[str, Callable[[list[Token]], bytes]] = {
    "domains": _domains, "plain_domains": _domains, "addresses": _addresses}
"""What takes all values that are left."""


def _element(kind: str, token: Token) -> bytes:
    word = token.text
    if kind in ("text", "bytes"):
        return _text(token)
    if token.kind == STRING and kind != "flag":
        raise InvalidValue(f"{token} is text; expected is {'an address' if kind == 'address' else 'a number'}")
    if kind == "address":
        return _address(word).to_bytes(4, "big")
    if kind == "flag":
        if word.lower() not in FLAGS:
            raise InvalidValue(f"{escape(word)} is neither on nor off")
        return bytes([FLAGS[word.lower()]])
    return _number(kind, word)


def _address(word: str) -> int:
    try:
        return address_from(word)
    except InvalidValue:
        if re.search("[A-Za-z]", word):
            raise InvalidValue(f"{escape(word)} is a name, which dhcpd asks the DNS for; write its address") from None
        raise


def _number(kind: str, word: str) -> bytes:
    number = int_from(word)
    width = WIDTHS[kind]
    try:  # dhcpd takes what is beyond for what it is in two's complement
        return number.to_bytes(width, "big", signed=number < 0)
    except OverflowError:
        raise InvalidValue(f"{number} is too large for {8 * width} bits") from None


def _text(token: Token) -> bytes:
    if token.kind == STRING:
        return token.octets
    octets = octets_of(token.text)
    if octets is None:
        raise InvalidValue(f"{escape(token.text)} is neither text in quotation marks nor octets in hexadecimal")
    return octets


# --- values

def value_from(known: Known, octets: bytes) -> tuple[str, object]:
    """The name and the value that stand in our file for these octets."""
    try:
        value = known.codec.decode(octets)
        if octets in (known.codec.encode(value), _uncompressed(known.codec, value)):
            return known.name, _as_written(known.codec, value)
    except (MalformedPacket, InvalidValue):
        pass
    if known.space != DHCP:
        raise InvalidValue("its value does not fit its definition")
    return f"option_{known.code}", octets_written(octets)


def _uncompressed(codec: Codec, value: object) -> bytes:
    """Domains as dhcpd writes them; ours are made shorter (RFC 3397)."""
    return codecs.PLAIN_DOMAINS.encode(value) if codec.name == "domains" else b""


def _as_written(codec: Codec, value: object) -> object:
    """A list of one thing stands alone; times are in hours and days; octets that are no text in hexadecimal."""
    if isinstance(value, bytes):
        return octets_written(value)
    if codec.name == "seconds" and isinstance(value, int):
        return seconds(value)
    if codec.name == "addresses" and isinstance(value, list) and len(value) == 1:
        return value[0]
    return value


def octets_written(octets: bytes) -> object:
    """Text as bytes, other octets in hexadecimal."""
    if len(octets) < 2 or (octets.isascii() and octets.decode().isprintable()):
        return octets
    return octets.hex(":")


# --- definitions

class Definitions:
    """The options that are known, by the names that dhcpd has for them, and what they are for our file."""

    def __init__(self) -> None:
        self._known = {name: _standard(name, code) for name, code in OPTIONS.items()}
        self.spaces: dict[str, object] = {}
        """Where the options of a space lie, as `inside` says it; None where that is not known."""
        self.calls: list[Call] = []

    def named(self, name: str) -> Known:
        """The option of a name. Raises InvalidValue."""
        bare = name.removeprefix("dhcp.")
        known = self._known.get(bare)
        if known is None:
            number = re.fullmatch(r"(?:unknown-|option-)(\d{1,3})", bare)
            if number is None or not 0 < int(number[1]) < 255:
                raise InvalidValue(f"option {escape(name)} is not known")
            known = _standard(bare, int(number[1]))
        return known

    def add(self, name: str, code: int, shape: Shape) -> Known:
        """Define an option; what we know by its code has our name."""
        space = name.rpartition(".")[0]
        if not space and code in BY_CODE:
            known = Known(name, code, BY_CODE[code].name, shape, BY_CODE[code].codec)
        else:
            known = self._own(name, code, shape, space or DHCP)
        self._known[name] = known
        return known

    def _own(self, name: str, code: int, shape: Shape, space: str) -> Known:
        made = plain(name)
        made = f"own_{made}" if made in BY_NAME else made
        ours = our_shape(shape)
        codec = codecs.codec(ours)  # type: ignore[arg-type]
        if space == DHCP:
            if not 0 < code < 255:
                raise InvalidValue(f"{code} is no code of an option; expected is 1 to 254")
            call = Call("option", [code, made, ours])
        else:
            inside = self.spaces.get(space) or VENDOR
            call = Call("option", [code, made, ours], {"inside": inside})
        self.calls.append(call)
        return Known(name, code, made, shape, codec, space)

    def used(self, names: set[str]) -> list[Call]:
        """The definitions of those that the file uses."""
        return [one for one in self.calls if one.arguments[1] in names]


def _standard(name: str, code: int) -> Known:
    option = BY_CODE.get(code)
    if option is None:
        return Known(name, code, f"option_{code}", (("bytes",), False), codecs.BYTES)
    return Known(name, code, option.name, shape_of_codec(option.codec), option.codec)


def raw_name(known: Known) -> str:
    """The field that has the octets of an option as they came."""
    return f"option_{known.code}"


def all_names(value: object) -> Iterable[str]:
    """The words in a value that is code, for what they name."""
    if isinstance(value, Code):
        yield from re.findall(r"\w+", value)
