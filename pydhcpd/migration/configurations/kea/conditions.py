"""Tests of Kea's classes as conditions of ours: `match(...)` where its fields and comparators can say it, else Python.

Owns what each expression means here. An option that is absent is an empty value to Kea, and equal to nothing that is not.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Code
from pydhcpd.migration.configurations.kea.expressions import Expression
from pydhcpd.migration.configurations.kea.options import Options
from pydhcpd.migration.configurations.kea.values import pretty
from pydhcpd.migration.configurations.layout import value_text
from pydhcpd.wire.options import BY_CODE, VENDOR_IDENTIFYING, VENDOR_SPECIFIC
from pydhcpd.wire.packet import MESSAGE_NAMES

CLIENT_ID, RELAY = 61, 82
RELAY_FIELDS = {1: "circuit_id", 2: "remote_id", 6: "subscriber_id"}
PACKET_FIELDS = {"mac": "mac", "giaddr": "giaddr", "ciaddr": "ciaddr", "hlen": "", "htype": "htype", "msgtype": "message_type",
                 "iface": "interface", "transid": "", "yiaddr": "", "siaddr": "", "src": "", "dst": "", "len": ""}
FUNCTION = "lambda request: "
VENDOR_PREFIX = "VENDOR_CLASS_"
BUILT_IN = {"ALL": "", "KNOWN": "match(known=True)", "UNKNOWN": "match(known=False)", "BOOTP": 'match(message_type="BOOTP")'}
IN_PYTHON = {"ALL": "True", "KNOWN": "request.known", "UNKNOWN": "not request.known",
             "BOOTP": 'request.message_type == "BOOTP"'}
PLAIN_TEXT = ("text", "domain")
SINGLE = ("address", "uint8", "uint16", "uint32", "uint8s", "uint16s", "text", "user_classes", "flag", "int32", "seconds")


class Cond(NamedTuple):
    """A condition as Python: an expression of a `match`, or a function of the request."""

    text: str
    is_match: bool
    is_joined: bool = False
    """Whether it has to stand in brackets beside others."""

    def alone(self) -> str:
        """As an operand of & and |."""
        return f"({self.text})" if self.is_joined or not self.is_match else self.text


class Unmatched(Exception):
    """match() cannot say it."""


class Conditions:
    """Makes conditions. `tests` are those of the classes by name; of one that is missing or None nobody is by a test."""

    def __init__(self, options: Options, tests: Mapping[str, Expression | None], names: Mapping[str, str],
                 in_classes: Callable[[str], str] | None = None) -> None:
        """`names` are those that conditions have in the file, by the class; `in_classes` makes Python of a class's name where
        the classes of a request are known."""
        self._in_classes = in_classes
        self._options, self._tests, self._names = options, tests, names

    def of(self, test: Expression) -> str:
        """The condition of a class. Raises InvalidValue where there is no way to say it."""
        return self._made(test).text

    def field_of(self, value: Expression) -> str | None:
        """The field that has a value, None where it is computed. Raises InvalidValue for what is not defined."""
        try:
            return self._field(value)
        except Unmatched:
            return None

    def present(self, value: Expression) -> str:
        """The condition that a value is not empty. Raises InvalidValue."""
        field = self.field_of(value)
        return f"match({field}=ALL)" if field is not None else f"lambda request: bool({self.octets(value)})"

    def _made(self, test: Expression) -> Cond:
        if test.kind in ("and", "or"):
            return self._joined(test)
        if test.kind == "not":
            inner = self._made(_expression(test.parts[0]))
            return Cond(f"~{inner.alone()}", True) if inner.is_match else self._function(test)
        try:
            return self._matched(test)
        except Unmatched:
            return self._function(test)

    def _joined(self, test: Expression) -> Cond:
        parts = [self._made(_expression(one)) for one in test.parts]
        if not any(one.is_match for one in parts):
            return self._function(test)
        sign = " & " if test.kind == "and" else " | "
        both = sign.join(one.text if one.is_match and sign in one.text and "lambda" not in one.text
                         and (" & " if sign == " | " else " | ") not in one.text else one.alone() for one in parts)
        return Cond(both, True, True)

    def _function(self, test: Expression) -> Cond:
        return Cond(f"lambda request: {self.python(test)}", False)

    # --- match()

    def _matched(self, test: Expression) -> Cond:
        if test.kind == "member":
            return self._member(str(test.parts[0]))
        if test.kind == "exists":
            return Cond(f"match({self._field(_expression(test.parts[0]))}=ALL)", True)
        if test.kind != "equal":
            raise Unmatched
        left, right = (_expression(one) for one in test.parts)
        if left.kind in ("constant", "number"):
            left, right = right, left
        return Cond(self._equal(left, right), True)

    def _member(self, name: str) -> Cond:
        if name in BUILT_IN and name != "ALL":
            return Cond(BUILT_IN[name], True)
        if name in self._names:
            return Cond(self._names[name], True)
        if name.startswith(VENDOR_PREFIX) and name not in self._tests:
            return Cond(vendor_class(name), True)
        test = self._tests.get(name)
        if test is None:
            raise Unmatched
        return self._made(test)

    def _equal(self, left: Expression, right: Expression) -> str:
        if right.kind not in ("constant", "number"):
            raise Unmatched
        if left.kind == "substring":
            return self._part(left, right)
        return f"match({self._field(left)}={value_text(self._value(left, right))})"

    def _part(self, part: Expression, right: Expression) -> str:
        """A beginning or an end."""
        what, begin, length = part.parts
        wanted = right.parts[0]
        at, count = _number(begin), _number(length)
        if not isinstance(wanted, bytes) or not wanted or at is None:
            raise Unmatched
        field = self._field(_expression(what))
        if at == 0 and count is None:
            return f"match({field}={value_text(self._value(_expression(what), right))})"
        comparator = "PREFIX" if at == 0 else "SUFFIX"
        if (at == 0 and count != len(wanted)) or (at != 0 and (at != -len(wanted) or count not in (None, len(wanted)))):
            raise Unmatched
        return f"match({field}={comparator}({value_text(self._text(_expression(what), wanted))}))"

    def _text(self, what: Expression, wanted: bytes) -> object:
        """What a comparator of texts compares with."""
        if what.kind == "text":
            what = _expression(what.parts[0])
        if what == Expression("packet", ("mac",)):
            return wanted.hex(":")
        if what.kind == "option" and len(what.parts) == 1 and self._code(what) != CLIENT_ID:
            option = BY_CODE.get(self._code(what))
            if option is not None and option.codec.name not in ("text", "user_classes", "bytes", "domain"):
                raise Unmatched
            if option is not None and option.codec.name != "bytes":
                return _printable(wanted)
        return _octets_or_text(wanted)

    def _field(self, what: Expression) -> str:
        """The field of a request. Raises Unmatched where there is none."""
        if what.kind == "text":
            return self._text_field(_expression(what.parts[0]))
        if what.kind == "relay" and len(what.parts) == 1 and isinstance(what.parts[0], int):
            return RELAY_FIELDS.get(what.parts[0], f"relay_suboption_{what.parts[0]}")
        if what.kind == "packet":
            return self._of_packet(str(what.parts[0]))
        if what.kind == "option":
            return self._of_option(what)
        if what.kind == "vendor" and isinstance(what.parts[0], int):
            space = f"vendor-{what.parts[0]}"
            code = self._options.code_of(what.parts[1], space)
            return self._options.suboption((VENDOR_IDENTIFYING, what.parts[0]), code, space)
        raise Unmatched

    def _text_field(self, what: Expression) -> str:
        """Of what is text on the wire already: else the words would be Kea's own."""
        if what.kind == "option" and len(what.parts) == 1:
            option = BY_CODE.get(self._code(what))
            if option is not None and option.codec.name not in PLAIN_TEXT:
                raise InvalidValue(f"option[{what.parts[0]}].text is what Kea makes of octets; its .hex can be compared")
        return self._field(what)

    def _of_packet(self, name: str) -> str:
        field = PACKET_FIELDS.get(name)
        if not field:
            raise InvalidValue(f"pkt4.{escape(name)} is no field of a request here")
        return field

    def _code(self, what: Expression) -> int:
        return self._options.code_of(what.parts[0])

    def _of_option(self, what: Expression) -> str:
        code = self._code(what)
        if len(what.parts) == 1:
            return "client_id" if code == CLIENT_ID else self._options.name_of(code)
        if code == VENDOR_SPECIFIC and len(what.parts) == 2:
            space = self._options.space_of(code)
            return self._options.suboption((VENDOR_SPECIFIC, 0), self._options.code_of(what.parts[1], space), space)
        if code == RELAY and isinstance(what.parts[1], int):
            return self._field(Expression("relay", what.parts[1:]))
        raise Unmatched

    def _value(self, what: Expression, constant: Expression) -> object:
        """A constant as what a field is compared with."""
        if what.kind == "text":
            what = _expression(what.parts[0])
        wanted = constant.parts[0]
        if what.kind == "packet":
            return _packet_value(str(what.parts[0]), wanted)
        if not isinstance(wanted, bytes) or not wanted:
            raise Unmatched
        if what.kind == "option" and len(what.parts) == 1 and self._code(what) in BY_CODE and self._code(what) != CLIENT_ID:
            return self._option_value(self._code(what), wanted)
        return _octets_or_text(wanted)

    def _option_value(self, code: int, wanted: bytes) -> object:
        option = BY_CODE[code]
        value = pretty(option.codec, wanted) if option.codec.name in SINGLE else wanted
        if isinstance(value, list):
            raise Unmatched  # a list of ours is any of these
        return value

    # --- Python

    def python(self, test: Expression) -> str:
        """A truth as Python. Raises InvalidValue."""
        kind, parts = test.kind, test.parts
        if kind in ("and", "or"):
            return f" {kind} ".join(self._bracketed(_expression(one)) for one in parts)
        if kind == "not":
            return f"not {self._bracketed(_expression(parts[0]))}"
        if kind == "member":
            return self._member_in_python(str(parts[0]))
        if kind == "exists":
            return f"request.{self._raw(_expression(parts[0]))} is not None" if _expression(
                parts[0]).kind != "enterprise" else self._enterprise(_expression(parts[0]))
        if kind == "equal":
            return self._equal_in_python(*(_expression(one) for one in parts))
        raise InvalidValue("match('...') compares by a pattern; write match(FIELD=REGEX('...'))")

    def _bracketed(self, test: Expression) -> str:
        text = self.python(test)
        return f"({text})" if test.kind in ("and", "or") or (" == " in text and test.kind == "member") else text

    def _member_in_python(self, name: str) -> str:
        """Whether it is of a class. Raises InvalidValue for one that has no test."""
        if self._in_classes is not None:
            return self._in_classes(name)
        if name in IN_PYTHON:
            return IN_PYTHON[name]
        if name.startswith(VENDOR_PREFIX) and name not in self._tests:
            return f"request.option_60 == {value_text(_printable(name[len(VENDOR_PREFIX):].encode()).encode())}"
        test = self._tests.get(name)
        if test is None:
            raise InvalidValue(f"{escape(name)!r} is a class without a test")
        return f"({self.python(test)})"

    def _equal_in_python(self, left: Expression, right: Expression) -> str:
        if left.kind in ("constant", "number"):
            left, right = right, left
        if left.kind == "packet" and right.kind in ("constant", "number"):
            field = self._of_packet(str(left.parts[0]))
            return f"request.{field} == {value_text(_packet_value(str(left.parts[0]), right.parts[0]))}"
        if left.kind == "enterprise":
            return f"{self.octets(left)} == {self._four(right)}"
        return f"{self.octets(left)} == {self.octets(right)}"

    def _four(self, constant: Expression) -> str:
        if constant.kind != "number":
            return self.octets(constant)
        return repr(int(str(constant.parts[0])).to_bytes(4, "big"))

    def _enterprise(self, what: Expression) -> str:
        word, number = what.parts
        code = VENDOR_IDENTIFYING if word == "vendor" else 124
        if not isinstance(number, int):
            return f"request.option_{code} is not None"
        return f"{self.octets(what)} == {number.to_bytes(4, 'big')!r}"

    def _raw(self, what: Expression) -> str:
        """The field that has the octets of something. Raises InvalidValue."""
        if what.kind == "option" and len(what.parts) == 1 and self._code(what) != CLIENT_ID:
            return f"option_{self._code(what)}"
        try:
            field = self._field(what)
        except Unmatched:
            raise InvalidValue("what it asks of a request cannot be said here") from None
        if what.kind == "packet" or (what.kind in ("option", "vendor") and field != "client_id" and not self._is_bytes(what)):
            raise InvalidValue(f"{field} is no octets here")
        return field

    def _is_bytes(self, what: Expression) -> bool:
        space = self._options.space_of(self._code(what)) if what.kind == "option" else f"vendor-{what.parts[0]}"
        code = what.parts[-1]
        made = self._options.definition(space, code) if isinstance(code, int) else None
        return made is None or made.shape == "bytes"

    def octets(self, value: Expression) -> str:
        """A value as Python that gives octets. Raises InvalidValue."""
        kind, parts = value.kind, value.parts
        if kind == "constant":
            return value_text(parts[0])
        if kind in ("option", "relay", "vendor"):
            return f'(request.{self._raw(value)} or b"")'
        if kind == "text":
            self._text_field(_expression(parts[0]))
            return self.octets(_expression(parts[0]))
        if kind == "packet":
            return _packet_octets(str(parts[0]))
        if kind == "enterprise":
            return f'(request.option_{VENDOR_IDENTIFYING if parts[0] == "vendor" else 124} or b"")[:4]'
        if kind in _CALLS:
            return _CALLS[kind](self, parts)
        raise InvalidValue(f"{kind} in a test has no counterpart")

    def _ifelse(self, parts: tuple[object, ...]) -> str:
        truth, yes, no = (_expression(one) for one in parts)
        return f"({self.octets(yes)} if {self.python(truth)} else {self.octets(no)})"

    def _substring(self, parts: tuple[object, ...]) -> str:
        what, (begin, length) = self.octets(_expression(parts[0])), (_number(one) for one in parts[1:])
        if begin is None or (length is not None and length < 0):
            raise InvalidValue("a substring with a length below zero, or a begin that is none, has no counterpart")
        if begin < 0:
            return f"{what}[{begin}:]" + ("" if length is None else f"[:{length}]")
        return f"{what}[{begin or ''}:{'' if length is None else begin + length}]"

    def _concat(self, parts: tuple[object, ...]) -> str:
        return "(" + " + ".join(self.octets(_expression(one)) for one in parts) + ")"

    def _hexstring(self, parts: tuple[object, ...]) -> str:
        separator = _expression(parts[1]).parts[0]
        if not isinstance(separator, bytes) or len(separator) > 1:
            raise InvalidValue("hexstring() with more than one sign between has no counterpart")
        between = value_text(separator.decode("latin-1")) if separator else ""
        return f"{self.octets(_expression(parts[0]))}.hex({between}).encode()"

    def _split(self, parts: tuple[object, ...]) -> str:
        separator, number = _expression(parts[1]).parts[0], _number(parts[2])
        if not isinstance(separator, bytes) or len(separator) != 1 or number is None or number < 1:
            raise InvalidValue("split() at more than one sign has no counterpart")
        return f'([*{self.octets(_expression(parts[0]))}.split({value_text(separator)}), *[b""] * {number}][{number - 1}])'

    def _case(self, method: str) -> "Callable[[tuple[object, ...]], str]":
        return lambda parts: f"{self.octets(_expression(parts[0]))}.{method}()"


_CALLS: dict[str, Callable[[Conditions, tuple[object, ...]], str]] = {
    "ifelse": Conditions._ifelse, "substring": Conditions._substring, "concat": Conditions._concat,
    "hexstring": Conditions._hexstring, "split": Conditions._split,
    "lcase": lambda self, parts: self._case("lower")(parts), "ucase": lambda self, parts: self._case("upper")(parts)}


def vendor_class(name: str) -> str:
    """The condition of a class that Kea makes of option 60."""
    return f"match(vendor_class_identifier={value_text(name[len(VENDOR_PREFIX):])})"


def narrowed(condition: Sequence[object], where: str) -> Code:
    """A condition, or none, and what a function of the request asks besides."""
    if not condition:
        return Code(f"lambda request: {where}")
    text = str(condition[0])
    if text.startswith(FUNCTION):
        return Code(f"{FUNCTION}{where} and ({text.removeprefix(FUNCTION)})")
    return Code(f"{f'({text})' if ' | ' in text else text} & ({FUNCTION}{where})")


def negated(condition: str) -> str:
    """The condition of those who are not of a class."""
    if condition.startswith(FUNCTION):
        return f"{FUNCTION}not ({condition.removeprefix(FUNCTION)})"
    return f"~({condition})" if " & " in condition or " | " in condition else f"~{condition}"


def members_of(test: Expression) -> set[str]:
    """The classes that a test asks for."""
    if test.kind == "member":
        return {str(test.parts[0])}
    return set().union(*(members_of(one) for one in test.parts if isinstance(one, Expression)))


def _expression(part: object) -> Expression:
    if not isinstance(part, Expression):
        raise InvalidValue("a test has 'all' where a value is expected")
    return part


def _number(part: object) -> int | None:
    """A number in a test; None for all."""
    if part is None:
        return None
    one = _expression(part)
    if one.kind != "number" or not isinstance(one.parts[0], int):
        raise InvalidValue("a substring's begin and length are numbers")
    return one.parts[0]


def _printable(data: bytes) -> str:
    text = data.decode("utf-8", "replace")
    if not text.isprintable():
        raise Unmatched
    return text


def _octets_or_text(data: bytes) -> object:
    return data


def _packet_value(name: str, wanted: object) -> object:
    """A constant as the value of a field of the header. Raises InvalidValue."""
    if name == "mac" and isinstance(wanted, bytes):
        return wanted.hex(":")
    if name in ("giaddr", "ciaddr") and isinstance(wanted, bytes) and len(wanted) == 4:
        return address_text(int.from_bytes(wanted, "big")) if any(wanted) else None
    if name == "iface" and isinstance(wanted, bytes):
        return wanted.decode("utf-8", "replace")
    number = int.from_bytes(wanted, "big") if isinstance(wanted, bytes) else wanted
    if name == "msgtype" and number in MESSAGE_NAMES:
        return MESSAGE_NAMES[number]
    if name == "htype" and isinstance(number, int):
        return number
    raise InvalidValue(f"pkt4.{escape(name)} cannot be compared with that here")


def _packet_octets(name: str) -> str:
    if name == "mac":
        return 'bytes.fromhex((request.mac or "").replace(":", ""))'
    if name in ("giaddr", "ciaddr"):
        return f'bytes(map(int, (request.{name} or "0.0.0.0").split(".")))'
    if name == "iface":
        return '(request.interface or "").encode()'
    raise InvalidValue(f"pkt4.{escape(name)} is no field of a request here")
