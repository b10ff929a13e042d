"""Shapes of option values: one codec per shape, between what people write and the octets of one option.

This module owns the forms of values. It does not know which option has which shape (that is `options`), nor how options
lie in a packet: `encode` gives, and `decode` takes, the whole of one option's data, after the parts of a long option
were put together (RFC 3396). An administrator's mistake is `InvalidValue`; octets that cannot be read are
`MalformedPacket`, and nothing else, in time linear in their number.

A codec has a `name` (its word in the configuration), `allowed` (words for people), `width` (octets of one value, or
None where the value takes all that is left), `encode` and `decode`. For every value v that `encode` accepts,
`decode(encode(v))` is v in its usual form: a list where a single value was given, bytes where hexadecimal was.
The exception is an empty list: it encodes to no octets, which most options do not allow on the wire.

RFC 2132 (addresses, text, flags, numbers), RFC 1035 4.1.4 and RFC 3397 (domain names), RFC 3442 (routes),
RFC 3004 (user classes), RFC 3361 (SIP servers), RFC 3925 (vendor classes), RFC 9463 (encrypted DNS).
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple, Protocol

from pydhcpd.addresses import address_from, address_text, is_address, network_from, network_text, several_in
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import HEXADECIMAL
from pydhcpd.names import shape_meant
from pydhcpd.wire import service_parameters

INFINITE = 0xFFFFFFFF
"""Seconds: a lease time without end (RFC 2131 3.3)."""

OVER_HTTP = frozenset((b"http/1.1", b"h2", b"h3"))  # RFC 9461 5: protocols (alpn) that need a dohpath

MAXIMUM_LABEL = 63  # RFC 1035 2.3.4, octets
MAXIMUM_NAME = 255  # RFC 1035 2.3.4, octets on the wire, lengths and the root included
POINTER = 0xC0  # RFC 1035 4.1.4: the two high bits that make a length octet the first of a pointer
MAXIMUM_POINTER = 0x3FFF  # the 14 bits that are left

_LABEL = re.compile(r"[!-+\-/-:<-\[\]-~]+")  # printable ASCII without dot and backslash, and without what separates names
_NUMBER_IN_TEXT = re.compile(r"\s*([0-9]+)\s*(|[smhdw]|(?:sec|min|hour|day|week)(?:ond|ute)?s?)\s*", re.IGNORECASE)
_UNITS = {"m": " * MINUTES", "h": " * HOURS", "d": " * DAYS", "w": " * 7 * DAYS"}
_TRUTH: dict[object, bool] = {
    True: True, False: False, "yes": True, "no": False, "true": True, "false": False, "1": True, "0": False,
}  # 1 and 0 are equal to True and False, and so found as well


class Codec(Protocol):
    """What every shape can do."""

    @property
    def name(self) -> str:
        """The shape's word, as the configuration spells it."""

    @property
    def allowed(self) -> str:
        """What people may write, for messages: "an IPv4 address, such as '192.0.2.1'"."""

    @property
    def width(self) -> int | None:
        """Octets of one value; None where it takes all that is left."""

    def encode(self, value: object) -> bytes:
        """The octets of a value. Raises InvalidValue."""

    def decode(self, data: bytes) -> object:
        """The value of a whole option's octets, in people's form. Raises MalformedPacket."""


def _refusal(codec: Codec, value: object, why: str = "cannot be used here", instead: str = "") -> InvalidValue:
    return InvalidValue(f"{value!r} {why}; {instead or f'allowed is {codec.allowed}'}")


def instead_of_number(value: object) -> str:
    """What to write for text that stands for a number, or for a time: "1400", "8h"; nothing for what is neither."""
    text = value.lower() if isinstance(value, str) else ""
    several = re.findall("([0-9]+)([smhdw])", text)
    if len(several) > 1 and "".join(number + unit for number, unit in several) == text:
        return "write " + " + ".join(number + _UNITS.get(unit, "") for number, unit in several)
    found = _NUMBER_IN_TEXT.fullmatch(text)
    if found is None:
        return ""
    unit = _UNITS.get(found[2][:1], "")
    return f"write {found[1]}{unit}" + ("" if unit else ", without the quotes")


def whole_seconds(value: object) -> object:
    """A time in seconds as a whole number, where it is one: 1.5 * HOURS is a float, and exact."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def instead_of_time(value: object) -> str:
    """What to write for what stands for a time."""
    if isinstance(value, timedelta):
        return f"write {round(value.total_seconds())}: times are in whole seconds"
    if isinstance(value, float) and math.isfinite(value):
        return f"write {round(value)}: times are in whole seconds"
    is_endless = isinstance(value, str) and value.lower() in ("infinite", "infinity", "inf", "unlimited", "forever", "never")
    return "write INFINITE, without quotes" if is_endless else instead_of_number(value)


def _truth(value: object) -> bool | None:
    """True or False as people write them; None for what is neither."""
    if isinstance(value, str):
        return _TRUTH.get(value.lower())
    return _TRUTH.get(value) if isinstance(value, int) else None


def _require_width(codec: Codec, data: bytes) -> None:
    if len(data) != codec.width:
        raise MalformedPacket(f"{codec.name} of {len(data)} octets instead of {codec.width}")


def _text(data: bytes) -> str:
    """Text from the network: NULs at the end are dropped (RFC 2132 2), what is not UTF-8 is shown as `\\xNN`."""
    return data.rstrip(b"\0").decode("utf-8", errors="backslashreplace")


@dataclass(frozen=True, slots=True)
class Address:
    """One IPv4 address: text outside, 4 octets on the wire."""

    name: str = "address"
    allowed: str = "an IPv4 address, such as '192.0.2.1'"
    width: int = 4

    def encode(self, value: object) -> bytes:
        return address_from(value).to_bytes(4, "big")

    def decode(self, data: bytes) -> str:
        _require_width(self, data)
        return address_text(int.from_bytes(data, "big"))


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number of `width` octets, most significant first; two's complement where `signed`."""

    name: str
    allowed: str
    width: int
    signed: bool = False

    def encode(self, value: object) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int):
            raise _refusal(self, value, "is not a whole number", instead_of_number(value))
        try:
            return value.to_bytes(self.width, "big", signed=self.signed)
        except OverflowError:
            raise _refusal(self, value, "is out of range") from None

    def decode(self, data: bytes) -> int:
        _require_width(self, data)
        return int.from_bytes(data, "big", signed=self.signed)


@dataclass(frozen=True, slots=True)
class Seconds:
    """A time in seconds, 32 bits without sign; `INFINITE` is without end (RFC 2131 3.3)."""

    name: str = "seconds"
    allowed: str = "whole seconds from 0 to 4294967295, such as 8 * HOURS, or INFINITE"
    width: int = 4

    def encode(self, value: object) -> bytes:
        value = whole_seconds(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= INFINITE:
            raise _refusal(self, value, "is not a time", instead_of_time(value))
        return value.to_bytes(4, "big")

    def decode(self, data: bytes) -> int:
        _require_width(self, data)
        return int.from_bytes(data, "big")


@dataclass(frozen=True, slots=True)
class Flag:
    """A boolean of one octet, 0 or 1 (RFC 2132 4.1 and others)."""

    name: str = "flag"
    allowed: str = "True or False"
    width: int = 1

    def encode(self, value: object) -> bytes:
        truth = _truth(value)
        if truth is None:
            raise _refusal(self, value, "is neither yes nor no")
        return b"\1" if truth else b"\0"

    def decode(self, data: bytes) -> bool:
        _require_width(self, data)
        if data[0] > 1:
            raise MalformedPacket(f"flag of value {data[0]}")
        return data[0] == 1


@dataclass(frozen=True, slots=True)
class Empty:
    """An option that says all by being there: no octets (RFC 4039 4)."""

    name: str = "empty"
    allowed: str = "True (an option without a value; None leaves it out)"
    width: int = 0

    def encode(self, value: object) -> bytes:
        if not _truth(value):
            raise _refusal(self, value)
        return b""

    def decode(self, data: bytes) -> bool:
        _require_width(self, data)
        return True


@dataclass(frozen=True, slots=True)
class Text:
    """Text as UTF-8, without a NUL; at least `least` octets (RFC 2132 2 wants one)."""

    name: str = "text"
    allowed: str = "text of at least one character and without NUL"
    least: int = 1
    width: None = None

    def encode(self, value: object) -> bytes:
        if not isinstance(value, str):
            raise _refusal(self, value, "is not text")
        try:
            data = value.encode("utf-8")
        except UnicodeEncodeError:
            raise _refusal(self, value, "holds half a character (a lone surrogate)") from None
        if len(data) < self.least or b"\0" in data:
            raise _refusal(self, value, "is empty or holds NUL")
        return data

    def decode(self, data: bytes) -> str:
        text = _text(data)
        if len(text) < self.least:
            raise MalformedPacket("text without a character")
        return text


@dataclass(frozen=True, slots=True)
class Bytes:
    """Octets that mean nothing here: bytes as they are, pairs of hexadecimal digits with colons, else UTF-8."""

    name: str = "bytes"
    allowed: str = "bytes such as b'...', text such as '01:a2:ff' (hexadecimal), or other text (sent as UTF-8)"
    width: None = None

    def encode(self, value: object) -> bytes:
        if isinstance(value, bytes | bytearray | memoryview):
            return bytes(value)
        if not isinstance(value, str):
            raise _refusal(self, value, "is neither bytes nor text")
        if HEXADECIMAL.fullmatch(value):
            return bytes.fromhex(value.replace(":", ""))
        return Text(allowed=self.allowed, least=0).encode(value)

    def decode(self, data: bytes) -> bytes:
        return bytes(data)


@dataclass(frozen=True, slots=True)
class Record:
    """Values one after the other, as a tuple. All but the last have a fixed width; the last may take what is left."""

    name: str
    allowed: str
    parts: tuple[Codec, ...]

    @property
    def width(self) -> int | None:
        widths = [part.width for part in self.parts]
        return None if None in widths else sum(width or 0 for width in widths)

    def encode(self, value: object) -> bytes:
        if not isinstance(value, tuple | list) or len(value) != len(self.parts):
            raise _refusal(self, value, f"is not a tuple of {len(self.parts)} values")
        return b"".join(part.encode(item) for part, item in zip(self.parts, value, strict=True))

    def decode(self, data: bytes) -> tuple[object, ...]:
        values, start = [], 0
        for part in self.parts:
            end = len(data) if part.width is None else start + part.width
            values.append(part.decode(data[start:end]))
            start = end
        if start < len(data):
            raise MalformedPacket(f"{len(data) - start} octets too many")
        return tuple(values)


def _listed(value: object, element: Codec | None = None) -> list[object]:
    """A list of values, where a single one may stand for a list of one. A record, itself a tuple, is a single one."""
    if not isinstance(value, list | tuple):
        return [value]
    is_one_record = isinstance(element, Record) and value and not any(isinstance(item, list | tuple) for item in value)
    return [value] if is_one_record else list(value)


@dataclass(frozen=True, slots=True)
class Listing:
    """One or more values of one fixed width; `least` is 0 where the RFC allows none."""

    name: str
    allowed: str
    element: Codec
    least: int = 1
    width: None = None

    def encode(self, value: object) -> bytes:
        return b"".join(self.element.encode(item) for item in _listed(value, self.element))

    def decode(self, data: bytes) -> list[object]:
        width = self.element.width or 1
        if len(data) % width or len(data) // width < self.least:
            raise MalformedPacket(f"{self.name} of {len(data)} octets, not a multiple of {width} of at least one")
        return [self.element.decode(data[start:start + width]) for start in range(0, len(data), width)]


def _records(value: object) -> list[object]:
    """A list of tuples, where a single tuple may stand for a list of one."""
    is_one = isinstance(value, list | tuple) and value and not isinstance(value[0], list | tuple)
    return [value] if is_one else _listed(value)


# Domain names. To write one, it is a tuple of labels. When reading, `Suffixes` remembers, for every offset at which a
# label began, the name from there on. A pointer must name such an offset, in a name that is complete: so it points
# backwards, cannot loop, and costs one look-up, however many pointers lead to it.

Labels = tuple[bytes, ...]


class Suffix(NamedTuple):
    """The end of a name, from some label on: its text without the last dot, and its octets on the wire."""

    text: str
    octets: int


Suffixes = dict[int, Suffix]

ROOT = Suffix("", 1)


def _labels_from(codec: Codec, value: object) -> Labels:
    """The labels of a name given as text, with or without the dot at its end; "." is the root, without labels."""
    if not isinstance(value, str) or not value:
        raise _refusal(codec, value, "is not a domain name")
    if value == ".":
        return ()
    texts = value.removesuffix(".").split(".")
    if len(parts := several_in(value)) > 1:
        raise _refusal(codec, value, "is not a domain name", f"several names are a list: {parts}")
    if not all(_LABEL.fullmatch(text) and len(text) <= MAXIMUM_LABEL for text in texts):
        raise _refusal(codec, value, "is not a domain name: a label is empty, longer than 63, or not plain ASCII "
                                     "(write an international name in its xn-- form)")
    if sum(len(text) + 1 for text in texts) + 1 > MAXIMUM_NAME:
        raise _refusal(codec, value, "is longer than 255 octets")
    return tuple(text.encode("ascii") for text in texts)


def _label_text(label: bytes) -> str:
    """A label for people: what would not be read back as itself is `\\DDD` (RFC 1035 5.1)."""
    text = label.decode("latin-1")
    if _LABEL.fullmatch(text):
        return text
    return "".join(char if _LABEL.fullmatch(char) else f"\\{ord(char):03d}" for char in text)


def _wire_name(labels: Labels, offset: int, written: dict[Labels, int] | None) -> bytes:
    """The wire form of a name that begins at `offset`; with `written` (suffix to offset), compressed against it."""
    wire = b""
    for index, label in enumerate(labels):
        suffix = labels[index:]
        if written is not None:
            if suffix in written:
                return wire + (POINTER << 8 | written[suffix]).to_bytes(2, "big")
            if offset + len(wire) <= MAXIMUM_POINTER:
                written[suffix] = offset + len(wire)
        wire += bytes((len(label),)) + label
    return wire + b"\0"


def _read_name(data: bytes, start: int, known: Suffixes) -> tuple[str, int]:
    """The text of the name at `start`, and the offset behind it. Adds the name's suffixes to `known`."""
    own, at = _read_labels(data, start)
    if data[at] == 0:
        return _remember(own, ROOT, known), at + 1
    return _remember(own, _pointed_at(data, at, known), known), at + 2


def _read_labels(data: bytes, at: int) -> tuple[list[tuple[int, bytes]], int]:
    """The labels from `at` on with their offsets, and the offset of the root or pointer that ends them."""
    labels: list[tuple[int, bytes]] = []
    limit = at + MAXIMUM_NAME
    while 0 < (length := _octet(data, at)) < POINTER:
        end = at + 1 + length
        if length > MAXIMUM_LABEL:
            raise MalformedPacket(f"domain label of unknown type {length:#04x}")
        if end > len(data):
            raise MalformedPacket("domain name is cut off")
        if end >= limit:
            raise MalformedPacket("domain name is longer than 255 octets")
        labels.append((at, data[at + 1:end]))
        at = end
    return labels, at


def _octet(data: bytes, at: int) -> int:
    if at >= len(data):
        raise MalformedPacket("domain name is cut off")
    return data[at]


def _pointed_at(data: bytes, at: int, known: Suffixes) -> Suffix:
    target = (data[at] << 8 | _octet(data, at + 1)) & MAXIMUM_POINTER
    if target not in known:
        raise MalformedPacket(f"domain name points to offset {target}, where no earlier label begins")
    return known[target]


def _remember(own: list[tuple[int, bytes]], suffix: Suffix, known: Suffixes) -> str:
    """The text of own labels before a suffix. Each new suffix goes into `known`, at its label's offset."""
    for offset, label in reversed(own):
        dot = "." if suffix.text else ""
        suffix = Suffix(f"{_label_text(label)}{dot}{suffix.text}", suffix.octets + 1 + len(label))
        if suffix.octets > MAXIMUM_NAME:
            raise MalformedPacket("domain name is longer than 255 octets")
        known[offset] = suffix
    return suffix.text or "."


def _read_names(data: bytes) -> Iterator[str]:
    known: Suffixes = {}
    at = 0
    while at < len(data):
        name, at = _read_name(data, at, known)
        yield name


@dataclass(frozen=True, slots=True)
class Domain:
    """One domain name, in the wire form of RFC 1035 3.1."""

    name: str = "domain"
    allowed: str = "a domain name, such as 'example.com'"
    width: None = None

    def encode(self, value: object) -> bytes:
        return _wire_name(_labels_from(self, value), 0, None)

    def decode(self, data: bytes) -> str:
        name, end = _read_name(data, 0, {})
        if end != len(data):
            raise MalformedPacket(f"{len(data) - end} octets after the domain name")
        return name


@dataclass(frozen=True, slots=True)
class Domains:
    """Domain names; with `compress`, a name may end in a pointer into the same option (RFC 3397 2)."""

    name: str = "domains"
    allowed: str = "a list of domain names, such as ['example.com', 'example.net']"
    compress: bool = True
    width: None = None

    def encode(self, value: object) -> bytes:
        wire = b""
        written: dict[Labels, int] | None = {} if self.compress else None
        for item in _listed(value):
            wire += _wire_name(_labels_from(self, item), len(wire), written)
        return wire

    def decode(self, data: bytes) -> list[str]:
        if not data:
            raise MalformedPacket("no domain name")
        return list(_read_names(data))


@dataclass(frozen=True, slots=True)
class Routes:
    """Classless routes: width, significant octets of the destination, router (RFC 3442)."""

    name: str = "routes"
    allowed: str = "a list of (destination, router), such as [('10.0.0.0/8', '10.1.0.2'), ('default', '10.1.0.1')]"
    width: None = None

    def encode(self, value: object) -> bytes:
        return b"".join(self._encode_route(route) for route in _records(value))

    def _encode_route(self, route: object) -> bytes:
        if not isinstance(route, list | tuple) or len(route) != 2:
            raise _refusal(self, route, "is not a pair of destination and router")
        destination = "0.0.0.0/0" if route[0] == "default" else str(route[0])
        if "/" not in destination:
            raise _refusal(self, route[0], "has no mask")
        base, mask = network_from(destination)
        bits = mask.bit_count()
        return bytes((bits,)) + base.to_bytes(4, "big")[:_significant(bits)] + address_from(route[1]).to_bytes(4, "big")

    def decode(self, data: bytes) -> list[tuple[str, str]]:
        if not data:
            raise MalformedPacket("no route")
        routes, at = [], 0
        while at < len(data):
            route, at = self._decode_route(data, at)
            routes.append(route)
        return routes

    @staticmethod
    def _decode_route(data: bytes, at: int) -> tuple[tuple[str, str], int]:
        bits = data[at]
        router = at + 1 + _significant(bits)
        if bits > 32 or router + 4 > len(data):
            raise MalformedPacket(f"route of width {bits} is cut off" if bits <= 32 else f"route of width {bits}")
        mask = INFINITE << (32 - bits) & INFINITE
        base = int.from_bytes(data[at + 1:router].ljust(4, b"\0"), "big") & mask  # RFC 3442: mask what is beyond
        gateway = int.from_bytes(data[router:router + 4], "big")
        return (network_text(base, mask), address_text(gateway)), router + 4


def _significant(bits: int) -> int:
    """Octets of a destination that are sent for a mask of so many bits."""
    return (bits + 7) // 8


@dataclass(frozen=True, slots=True)
class UserClasses:
    """User classes, each behind its length (RFC 3004 4).

    iPXE and Windows send one class without its length; octets that cannot be read by the RFC are taken as that.
    """

    name: str = "user_classes"
    allowed: str = "a list of texts of 1 to 255 octets, such as ['iPXE']"
    width: None = None

    def encode(self, value: object) -> bytes:
        return b"".join(self._encode_class(item) for item in _listed(value))

    def _encode_class(self, item: object) -> bytes:
        data = Text().encode(item)
        if len(data) > 255:
            raise _refusal(self, item, "is too long")
        return bytes((len(data),)) + data

    def decode(self, data: bytes) -> list[str]:
        if not data:
            raise MalformedPacket("no user class")
        return [_text(part) for part in _counted(data) or [data]]


def _counted(data: bytes) -> list[bytes] | None:
    """The parts of data in which each part, never empty, follows its length of one octet; None where it is not so."""
    parts, at = [], 0
    while at < len(data):
        end = at + 1 + data[at]
        if end > len(data) or data[at] == 0:
            return None
        parts.append(data[at + 1:end])
        at = end
    return parts


@dataclass(frozen=True, slots=True)
class SipServers:
    """Names or addresses, not both; the first octet says which: 0 names, 1 addresses (RFC 3361 3)."""

    name: str = "sip_servers"
    allowed: str = "a list of domain names, or a list of IPv4 addresses"
    width: None = None

    def encode(self, value: object) -> bytes:
        items = _listed(value)
        try:
            return b"\1" + b"".join(ADDRESS.encode(item) for item in items) if items else b""
        except InvalidValue:
            if any(is_address(item) for item in items):
                raise _refusal(self, value, "mixes names and addresses") from None
        return b"\0" + PLAIN_DOMAINS.encode(items)

    def decode(self, data: bytes) -> object:
        if data[:1] == b"\0":
            return PLAIN_DOMAINS.decode(data[1:])
        if data[:1] == b"\1":
            return ADDRESSES.decode(data[1:])
        raise MalformedPacket("SIP servers of unknown encoding")


@dataclass(frozen=True, slots=True)
class VendorClasses:
    """What a client is, by makers: enterprise number, length, data; each maker once (RFC 3925 3)."""

    name: str = "vendor_classes"
    allowed: str = "a list of (enterprise number, up to 255 octets), such as [(4491, b'docsis3.0')]"
    width: None = None

    def encode(self, value: object) -> bytes:
        pairs = [self._pair(item) for item in _records(value)]
        if len({enterprise for enterprise, _ in pairs}) < len(pairs):
            raise _refusal(self, value, "names an enterprise twice")
        return b"".join(enterprise + bytes((len(data),)) + data for enterprise, data in pairs)

    def _pair(self, item: object) -> tuple[bytes, bytes]:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise _refusal(self, item, "is not a pair of enterprise number and data")
        enterprise, data = UINT32.encode(item[0]), BYTES.encode(item[1])
        if len(data) > 255:
            raise _refusal(self, item, "has more than 255 octets")
        return enterprise, data

    def decode(self, data: bytes) -> list[tuple[int, bytes]]:
        pairs, at = [], 0
        while at < len(data):
            begin = at + 5
            if begin > len(data) or begin + data[at + 4] > len(data):
                raise MalformedPacket("vendor class is cut off")
            pairs.append((int.from_bytes(data[at:at + 4], "big"), data[begin:begin + data[at + 4]]))
            at = begin + data[at + 4]
        if not pairs:
            raise MalformedPacket("no vendor class")
        return pairs


@dataclass(frozen=True, slots=True)
class EncryptedDns:
    """Resolvers that are asked over TLS, QUIC or HTTPS (RFC 9463 5.1).

    Each is (priority, name, addresses, service parameters), or (priority, name) for a client that is to look up the rest
    in DNS (RFC 9463 3.1.6). The lowest priority is preferred.
    """

    name: str = "encrypted_dns"
    allowed: str = ("a list of (priority from 1 to 65535, name, addresses, service parameters), such as "
                    "[(1, 'dns.example', ['192.0.2.53'], 'alpn=dot,h2 port=853 dohpath=/dns-query{?dns}')], "
                    "or of (priority, name)")
    width: None = None

    def encode(self, value: object) -> bytes:
        return b"".join(self._encode_resolver(item) for item in _records(value))

    def _encode_resolver(self, item: object) -> bytes:
        if not isinstance(item, list | tuple) or len(item) not in (2, 4):
            raise _refusal(self, item, "is not a resolver")
        if item[0] == 0:
            raise _refusal(self, item, "has priority 0, which would make the name an alias")
        name = DOMAIN.encode(item[1])
        if name == b"\0":
            raise _refusal(self, item, "has the root for a name, which no certificate holds")
        wire = UINT16.encode(item[0]) + bytes((len(name),)) + name
        if len(item) > 2:
            wire += self._encode_addresses(item) + self._encode_parameters(item)
        if len(wire) > 65535:
            raise _refusal(self, item[:2], "has more than 65535 octets")
        return len(wire).to_bytes(2, "big") + wire

    def _encode_addresses(self, item: list[object] | tuple[object, ...]) -> bytes:
        addresses = ADDRESSES.encode(item[2])
        if not 0 < len(addresses) <= 255:
            raise _refusal(self, item, "has no address or more than 63; one without is (priority, name) alone")
        return bytes((len(addresses),)) + addresses

    def _encode_parameters(self, item: list[object] | tuple[object, ...]) -> bytes:
        if not isinstance(item[3], str):
            raise _refusal(self, item, "has service parameters that are not text")
        parameters = service_parameters.encode(item[3])
        values = service_parameters.read(parameters)
        if service_parameters.IPV4HINT in values or service_parameters.IPV6HINT in values:
            raise _refusal(self, item, "has address hints (key4, key6), which the addresses replace")  # RFC 9463 3.1.5
        protocols = set(_counted(values.get(service_parameters.ALPN, b"")) or [])
        if not protocols:  # RFC 9461 4.1: there is no default, and a client leaves such a resolver alone
            raise _refusal(self, item, "names no protocol (alpn)")
        if protocols & OVER_HTTP and service_parameters.DOHPATH not in values:  # RFC 9461 5
            raise _refusal(self, item, "is asked over HTTP, and has no dohpath")
        return parameters

    def decode(self, data: bytes) -> list[tuple[object, ...]]:
        resolvers, at = [], 0
        while at < len(data):
            begin = at + 2
            at = begin + int.from_bytes(data[at:begin], "big")
            if begin > len(data) or at > len(data):
                raise MalformedPacket("resolver is cut off")
            resolvers.append(self._decode_resolver(data[begin:at]))
        if not resolvers:
            raise MalformedPacket("no resolver")
        return resolvers

    @staticmethod
    def _decode_resolver(data: bytes) -> tuple[object, ...]:
        name, rest = _counted_part(data, 2)
        resolver = (UINT16.decode(data[:2]), DOMAIN.decode(name))
        if rest == len(data):
            return resolver
        addresses, rest = _counted_part(data, rest)
        return (*resolver, ADDRESSES.decode(addresses), service_parameters.decode(data[rest:]))


def _counted_part(data: bytes, at: int) -> tuple[bytes, int]:
    """The part behind its length of one octet, and the offset behind it."""
    end = at + 1 + data[at] if at < len(data) else len(data) + 1
    if end > len(data):
        raise MalformedPacket("resolver is cut off")
    return data[at + 1:end], end


ADDRESS = Address()
ADDRESSES = Listing("addresses", "a list of IPv4 addresses, such as ['192.0.2.1']", ADDRESS)
ADDRESSES_OR_NONE = Listing("addresses", "a list of IPv4 addresses, such as ['192.0.2.1'], or []", ADDRESS, least=0)
ADDRESS_PAIRS = Listing(
    "address_pairs", "a list of pairs of IPv4 addresses, such as [('192.0.2.0', '255.255.255.0')]",
    Record("address_pair", "a pair of IPv4 addresses, such as ('192.0.2.0', '255.255.255.0')", (ADDRESS, ADDRESS)))
BYTES = Bytes()
DOMAIN = Domain()
DOMAINS = Domains()
PLAIN_DOMAINS = Domains("plain_domains", compress=False)
EMPTY = Empty()
ENCRYPTED_DNS = EncryptedDns()
FLAG = Flag()
INT32 = Number("int32", "a whole number from -2147483648 to 2147483647", 4, signed=True)
ROUTES = Routes()
SECONDS = Seconds()
SIP_SERVERS = SipServers()
TEXT = Text()
TEXT_OR_NOTHING = Text(allowed="text without NUL", least=0)
UINT8 = Number("uint8", "a whole number from 0 to 255", 1)
UINT16 = Number("uint16", "a whole number from 0 to 65535", 2)
UINT32 = Number("uint32", "a whole number from 0 to 4294967295", 4)
UINT8S = Listing("uint8s", "a list of whole numbers from 0 to 255, such as [1, 3, 6]", UINT8)
UINT16S = Listing("uint16s", "a list of whole numbers from 0 to 65535, such as [7, 9]", UINT16)
USER_CLASSES = UserClasses()
VENDOR_CLASSES = VendorClasses()

SHAPES: dict[str, Codec] = {
    shape.name: shape
    for shape in (
        ADDRESS, ADDRESSES, TEXT, BYTES, FLAG, UINT8, UINT16, UINT32, INT32, SECONDS, UINT8S, UINT16S,
        DOMAIN, DOMAINS, PLAIN_DOMAINS, ADDRESS_PAIRS, ROUTES, EMPTY, USER_CLASSES, SIP_SERVERS, VENDOR_CLASSES, ENCRYPTED_DNS)
}
"""Every shape that has a word, by it."""

MAXIMUM_DEPTH = 8
"""Shapes inside shapes: enough for any option, and short of Python's own limit."""


def codec(shape: str | tuple[object, ...] | list[object]) -> Codec:
    """The codec of a shape: a word of `SHAPES`, a tuple of shapes (a record), or a list around one (a list of it).

    Raises InvalidValue for anything else, and for a structure whose octets could not be told apart.
    """
    return _codec(shape, 1)


def _codec(shape: object, depth: int) -> Codec:
    if depth > MAXIMUM_DEPTH:
        raise InvalidValue(f"the shape is nested too deeply; allowed are {MAXIMUM_DEPTH} levels")
    if isinstance(shape, str) and shape in SHAPES:
        return SHAPES[shape]
    if isinstance(shape, tuple) and shape:
        return record(*(_codec(part, depth + 1) for part in shape))
    if isinstance(shape, list) and len(shape) == 1:
        return _listing(_codec(shape[0], depth + 1))
    meant = shape_meant(shape)
    raise InvalidValue(f"{shape!r} is not a shape; " + (
        f"write {meant!r}" if meant else f"allowed are the words {', '.join(SHAPES)}, a tuple of shapes (a record) and a list "
                                         "around one shape"))


def record(*parts: Codec) -> Record:
    """A record of these parts. Raises InvalidValue where one that takes all that is left is not the last."""
    names = ", ".join(part.name for part in parts)
    for part in parts[:-1]:
        if part.width is None:
            raise InvalidValue(f"({names}): {part.name} takes all that is left; allowed is that at the end of a record")
    return Record(f"({names})", f"a tuple ({'; '.join(part.allowed for part in parts)})", parts)


def _listing(element: Codec) -> Listing:
    if not element.width:
        raise InvalidValue(f"[{element.name}]: where one value ends cannot be told; "
                           "allowed is a list of a shape with a fixed number of octets, such as ['uint8']")
    return Listing(f"[{element.name}]", f"a list, each of it {element.allowed}", element)
