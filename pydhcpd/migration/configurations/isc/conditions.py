"""Expressions as conditions of ours: `match(...)` joined by &, | and ~; raises `Unsayable` where that cannot say it."""

import re
from collections.abc import Callable

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.migration.configurations.draft import Code
from pydhcpd.migration.configurations.isc.expressions import Node, folded
from pydhcpd.migration.configurations.isc.names import AGENT, AGENT_FIELDS
from pydhcpd.migration.configurations.isc.options import Definitions, Known, octets_written, raw_name
from pydhcpd.migration.configurations.layout import value_text

GIADDR, CIADDR, CHADDR = 24, 12, 28  # where they lie in a packet
ETHERNET, HARDWARE_SIZE = 1, 6
LITERAL = re.compile(r"\^([\w /:,@=-]+)")
DIGITS = {16: "x", 10: "d", 8: "o"}


class Unsayable(Exception):
    """No condition says it."""


class NeverTrue(Exception):
    """dhcpd never finds it true; the words say why."""


class Conditions:
    """Conditions of one file, whose options are those of `definitions`."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def of(self, node: Node) -> Code:
        """The condition that an expression comes to. Raises Unsayable and NeverTrue."""
        return self._of(folded(node))

    def _of(self, node: Node) -> Code:
        if node.op in ("and", "or"):
            return _joined(node.op, [self._of(one) for one in node.parts])
        if node.op == "not":
            return self._negated(self._of(node.parts[0]))
        if node.op == "=":
            return self._equal(*sorted(node.parts, key=lambda one: one.op == "const"))
        return self._alone(node)

    @staticmethod
    def _negated(condition: Code) -> Code:
        if condition.startswith("match(") and condition.endswith("=ALL)") and condition.count("=") == 1:
            return Code(condition.replace("=ALL)", "=None)"))
        if condition == "match(known=True)":
            return Code("match(known=False)")
        return Code(f"~{_bracketed(condition, 'not')}")

    def _alone(self, node: Node) -> Code:
        if node.op in ("exists", "option"):
            return _match(self._field_of(str(node.args[0])), Code("ALL"))
        if node.op == "known":
            return _match("known", True)
        if node.op == "~=" and node.parts[1].op == "const":
            found = LITERAL.fullmatch(_octets(node.parts[1]).decode("latin-1"))
            if found is not None and node.parts[0].op == "option":
                return self._begins(node.parts[0], found[1].encode("latin-1"))
        raise Unsayable

    def _field_of(self, name: str) -> str:
        if name.startswith("agent."):
            return agent_field(name)
        known = self._definitions.named(name)
        return "client_id" if known.code == 61 and known.space == "dhcp" else known.name

    # --- equality

    def _equal(self, left: Node, right: Node) -> Code:
        if left.op == "pick-first-value" and right.op == "const":
            return self._first(left.parts, right)
        if left.op == "extract-int" and right.op == "number":
            return self._integer(left, right)
        if right.op != "const":
            raise Unsayable
        octets = _octets(right)
        if left.op in _EQUALITIES:
            return _EQUALITIES[left.op](self, left, octets)
        raise Unsayable

    def _integer(self, left: Node, right: Node) -> Code:
        width, number = left.parts[1].args[0], right.args[0]
        assert isinstance(width, int)
        assert isinstance(number, int)
        return self._equal(left.parts[0], Node("const", (number.to_bytes(width // 8, "big"),)))

    def _first(self, parts: tuple[Node, ...], right: Node) -> Code:
        """The first that is there is equal."""
        found = self._of(Node("=", (parts[-1], right)))
        for one in reversed(parts[:-1]):
            if one.op != "option":
                raise Unsayable
            equal, absent = self._of(Node("=", (one, right))), self._negated(self._alone(Node("exists", one.args)))
            found = Code(f"{_bracketed(equal, 'or')} | {absent} & {_bracketed(found, 'and')}")
        return found

    def _option(self, node: Node, octets: bytes) -> Code:
        name = str(node.args[0])
        if name.startswith("agent."):
            return _match(agent_field(name), octets)
        known = self._definitions.named(name)
        if known.code == 61 and known.space == "dhcp":
            return _match("client_id", octets_written(octets))
        return _match(*_decoded(known, octets))

    def _begins(self, node: Node, octets: bytes) -> Code:
        name = str(node.args[0])
        if name.startswith("agent."):
            return _match(agent_field(name), _call("PREFIX", octets))
        known = self._definitions.named(name)
        if known.code == 61:
            return _match("client_id", _call("PREFIX", octets))
        is_text = known.codec.name in ("text", "user_classes") and octets.isascii() and octets.decode().isprintable()
        if known.space != "dhcp" and not is_text:
            raise Unsayable
        return _match(known.name, _call("PREFIX", octets.decode())) if is_text else _match(raw_name(known),
                                                                                           _call("PREFIX", octets))

    def _substring(self, node: Node, octets: bytes) -> Code:
        inner, start, length = node.parts[0], node.parts[1].args[0], node.parts[2].args[0]
        if not isinstance(start, int) or not isinstance(length, int):
            raise Unsayable
        if len(octets) > length:
            raise NeverTrue(f"{length} octets are compared with {len(octets)}")
        if inner.op == "hardware":
            return _hardware(octets, start, length)
        if inner.op != "option" or start:
            raise Unsayable
        return self._begins(inner, octets) if len(octets) == length else self._option(inner, octets)

    def _suffix(self, node: Node, octets: bytes) -> Code:
        inner, length = node.parts[0], node.parts[1].args[0]
        if inner.op != "option" or len(octets) != length or str(inner.args[0]).startswith("agent."):
            raise Unsayable
        known = self._definitions.named(str(inner.args[0]))
        is_text = known.codec.name == "text" and octets.isascii()
        if not is_text and known.space != "dhcp":
            raise Unsayable
        return _match(known.name if is_text else raw_name(known), _call("SUFFIX", octets.decode() if is_text else octets))

    def _any_case(self, node: Node, octets: bytes) -> Code:
        (inner,) = node.parts
        text = octets.decode("latin-1")
        if text != (text.lower() if node.op == "lcase" else text.upper()):
            raise NeverTrue(f"{text!r} is not in {'small letters' if node.op == 'lcase' else 'capitals'}")
        if inner.op != "option" or not text.isascii() or self._definitions.named(str(inner.args[0])).codec.name != "text":
            raise Unsayable
        return _match(self._field_of(str(inner.args[0])), _call("CASEINSENSITIVE", text))

    def _in_ascii(self, node: Node, octets: bytes) -> Code:
        """binary-to-ascii(16, 8, ":", ...) = "0:1b:2c" is a comparison of octets."""
        base, width, separator, inner = (one.args[0] if one.op in ("const", "number") else one for one in node.parts)
        if width != 8 or not isinstance(base, int) or not isinstance(separator, bytes) or not isinstance(inner, Node):
            raise Unsayable
        parts = octets.decode("latin-1").split(separator.decode("latin-1")) if separator else [octets.decode("latin-1")]
        try:
            numbers = [int(one, base) for one in parts]
        except ValueError:
            raise NeverTrue("what is compared with are no numbers") from None
        if base not in DIGITS or [format(one, DIGITS[base]) for one in numbers] != parts or max(numbers) > 255:
            raise NeverTrue("dhcpd writes numbers in small letters and without zeros before them")
        return self._equal(inner, Node("const", (bytes(numbers),)))

    def _packet(self, node: Node, octets: bytes) -> Code:
        place, length = (one.args[0] for one in node.parts)
        if (place, length, len(octets)) in ((GIADDR, 4, 4), (CIADDR, 4, 4)):
            return _match("giaddr" if place == GIADDR else "ciaddr", address_text(int.from_bytes(octets, "big")))
        if place == CHADDR and length == len(octets) <= HARDWARE_SIZE:
            return _hardware(octets, 1, len(octets))
        if (place, length, len(octets)) == (1, 1, 1):
            return _match("htype", octets[0])
        raise Unsayable


_EQUALITIES: dict[str, Callable[[Conditions, Node, bytes], Code]] = {
    "option": Conditions._option, "substring": Conditions._substring, "suffix": Conditions._suffix,
    "lcase": Conditions._any_case, "ucase": Conditions._any_case, "binary-to-ascii": Conditions._in_ascii,
    "packet": Conditions._packet, "hardware": lambda _, __, octets: _hardware(octets, 0, 0)}


def agent_field(name: str) -> str:
    """The field of what a relay agent says."""
    bare = name.removeprefix("agent.")
    number = re.fullmatch(r"(?:unknown-|option-)(\d{1,3})", bare)
    code = int(number[1]) if number else AGENT.get(bare)
    if code is None:
        raise InvalidValue(f"option {name} is not known")
    return AGENT_FIELDS.get(code, f"relay_suboption_{code}")


def _octets(node: Node) -> bytes:
    value = node.args[0]
    assert isinstance(value, bytes)
    return value


def _hardware(octets: bytes, start: int, length: int) -> Code:
    """A comparison with the type of hardware and its address, from an octet on."""
    htype = octets[:1] if start == 0 else b""
    address = octets if start else octets[1:]
    if start > 1:
        raise Unsayable
    fields: dict[str, object] = {}
    if htype and htype[0] != ETHERNET:
        fields["htype"] = htype[0]
    if len(address) == HARDWARE_SIZE:
        fields["mac"] = address.hex(":")
    elif len(octets) == length and address:
        fields["mac"] = _call("PREFIX", address.hex(":"))
    elif htype and not address and length == 1:
        fields["htype"] = htype[0]
    else:
        raise Unsayable
    return Code("match(" + ", ".join(f"{name}={value_text(value)}" for name, value in fields.items()) + ")")


def _decoded(known: Known, octets: bytes) -> tuple[str, object]:
    """The field and the value that are equal where an option is these octets."""
    try:
        value = known.codec.decode(octets)
    except MalformedPacket:
        value = None
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if value is not None and not isinstance(value, tuple) and "\ufffd" not in str(value) and "\\x" not in str(value):
        return known.name, octets_written(value) if isinstance(value, bytes) else value
    if known.space != "dhcp":
        raise Unsayable
    return raw_name(known), octets_written(octets)


def _match(name: str, value: object) -> Code:
    return Code(f"match({name}={value_text(value)})")


def _call(name: str, value: object) -> Code:
    return Code(f"{name}({value_text(value)})")


def _joined(op: str, parts: list[Code]) -> Code:
    """Both, or either. That a field is there need not be said besides what it is."""
    there = [found[1] for one in parts if op == "and" and (found := re.fullmatch(r"match\((\w+)=ALL\)", one))]
    kept = [one for one in parts if not any(one == f"match({name}=ALL)" and any(
        other != one and other.startswith(f"match({name}=") and not re.search(" [&|] |None", other) for other in parts)
        for name in there)]
    sign = " & " if op == "and" else " | "
    return Code(sign.join(_bracketed(one, op) for one in kept) if len(kept) > 1 else kept[0])


def _bracketed(condition: Code, outer: str) -> str:
    """In brackets where it is joined otherwise within than without."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", condition)
    if (" | " in bare and outer in ("and", "not")) or (" & " in bare and outer == "not"):
        return f"({condition})"
    return str(condition)
