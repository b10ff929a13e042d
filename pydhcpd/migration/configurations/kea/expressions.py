"""The expressions of Kea's client classes, read: `substring(option[60].hex, 0, 9) == 'PXEClient' and not member('B')`.

Owns the grammar. An `Expression` is a kind and its parts; what it means here is `conditions.py`.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape

DEEPEST = 50  # brackets within each other
_TOKEN = re.compile(r"""\s*(?:
    (?P<text>'[^']*')
  | (?P<address>[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+)
  | (?P<octets>0x[0-9A-Fa-f]+)
  | (?P<number>-?[0-9]+)
  | (?P<word>[A-Za-z_][A-Za-z0-9_-]*)
  | (?P<sign>==|[][().,*+])
)""", re.VERBOSE)

TRUTHS = ("and", "or", "not", "equal", "exists", "member", "regex")
"""Kinds that are true or false; all others are octets."""
FUNCTIONS = {"substring": 3, "split": 3, "concat": 2, "ifelse": 3, "hexstring": 2, "lcase": 1, "ucase": 1, "addrtotext": 1,
             "int8totext": 1, "int16totext": 1, "int32totext": 1, "uint8totext": 1, "uint16totext": 1, "uint32totext": 1}
"""Those that give octets, and how many arguments they take."""


class Expression(NamedTuple):
    """A kind, and its parts: expressions, octets, numbers and names as the kind has them."""

    kind: str
    parts: tuple[object, ...] = ()

    @property
    def is_truth(self) -> bool:
        """Whether it is true or false."""
        return self.kind in TRUTHS


def parse(text: str) -> Expression:
    """Read a test. Raises InvalidValue with what was expected."""
    parser = _Parser(text)
    found = parser.either(0)
    parser.end()
    return _truth(found)


def parse_value(text: str) -> Expression:
    """Read what gives octets, as flex_id has it. Raises InvalidValue."""
    parser = _Parser(text)
    found = parser.either(0)
    parser.end()
    return _octets(found)


def _truth(one: Expression) -> Expression:
    if not one.is_truth:
        raise InvalidValue(f"a value ({one.kind}) stands where a condition is expected")
    return one


def _octets(one: Expression) -> Expression:
    if one.is_truth:
        raise InvalidValue(f"a condition ({one.kind}) stands where a value is expected")
    return one


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None:
                raise InvalidValue(f"{escape(text[at:at + 20].strip())!r} in a test is not known")
            self._tokens.append((str(found.lastgroup), found[str(found.lastgroup)]))
            at = found.end()
        self._at = 0

    # --- from token to token

    def _peek(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else "end"

    def _take(self) -> str:
        taken = self._peek()
        self._at += 1
        return taken

    def _is(self, text: str) -> bool:
        if self._peek() != text or self._kind() == "text":
            return False
        self._at += 1
        return True

    def _expect(self, text: str) -> None:
        if not self._is(text):
            raise self._wrong(repr(text))

    def _wrong(self, expected: str) -> InvalidValue:
        return InvalidValue(f"a test has {escape(self._peek()) or 'its end'} where {expected} is expected")

    def _word_in(self, words: tuple[str, ...]) -> str:
        if self._peek() not in words:
            raise self._wrong(" or ".join(words))
        return self._take()

    def end(self) -> None:
        """Raise InvalidValue where more follows."""
        if self._kind() != "end":
            raise self._wrong("its end")

    # --- truths

    def either(self, depth: int) -> Expression:
        """One or several of which any will do."""
        if depth > DEEPEST:
            raise InvalidValue("a test is nested too deeply")
        found = self._both(depth)
        while self._is("or"):
            found = Expression("or", (_truth(found), _truth(self._both(depth))))
        return found

    def _both(self, depth: int) -> Expression:
        found = self._negated(depth)
        while self._is("and"):
            found = Expression("and", (_truth(found), _truth(self._negated(depth))))
        return found

    def _negated(self, depth: int) -> Expression:
        negations = 0
        while self._is("not"):
            negations += 1
        found = self._compared(depth)
        return Expression("not", (_truth(found),)) if negations % 2 else found

    def _compared(self, depth: int) -> Expression:
        found = self._sum(depth)
        if self._is("=="):
            return Expression("equal", (_octets(found), _octets(self._sum(depth))))
        return found

    # --- values

    def _sum(self, depth: int) -> Expression:
        found = self._single(depth)
        while self._is("+"):
            found = Expression("concat", (_octets(found), _octets(self._single(depth))))
        return found

    def _single(self, depth: int) -> Expression:
        kind = self._kind()
        if self._is("("):
            found = self.either(depth + 1)
            self._expect(")")
            return found
        if kind in _CONSTANTS:
            return Expression("constant", (_CONSTANTS[kind](self._take()),))
        if kind == "number":
            return Expression("number", (int(self._take()),))
        if kind == "word":
            return self._named(self._take(), depth)
        raise self._wrong("a value")

    def _named(self, word: str, depth: int) -> Expression:
        if word in FUNCTIONS:
            return self._call(word, depth)
        if word == "member":
            return Expression("member", (self._quoted(),))
        if word == "match":
            return self._regex(depth)
        if word == "option":
            return self._form(Expression("option", (self._index(),)))
        if word == "relay4":
            return self._form(Expression("relay", (self._index(),)))
        if word in ("pkt", "pkt4"):
            self._expect(".")
            return Expression("packet", (self._take(),))
        if word in ("vendor", "vendor-class"):
            return self._vendor(word)
        raise InvalidValue(f"a test has {escape(word)}, which is not known")

    def _call(self, word: str, depth: int) -> Expression:
        self._expect("(")
        parts: list[object] = []
        for number in range(FUNCTIONS[word]):
            if number:
                self._expect(",")
            parts.append(None if self._is("all") else self.either(depth + 1))
        self._expect(")")
        for number, part in enumerate(parts):
            if isinstance(part, Expression):
                (_truth if word == "ifelse" and not number else _octets)(part)
        return Expression(word, tuple(parts))

    def _quoted(self) -> str:
        self._expect("(")
        if self._kind() != "text":
            raise self._wrong("a name in '...'")
        name = self._take()[1:-1]
        self._expect(")")
        return name

    def _regex(self, depth: int) -> Expression:
        self._expect("(")
        pattern = self._take()[1:-1] if self._kind() == "text" else ""
        self._expect(",")
        value = _octets(self.either(depth + 1))
        self._expect(")")
        return Expression("regex", (pattern, value))

    def _index(self) -> object:
        """What stands in [ ]: a number or a name; * is any."""
        self._expect("[")
        found: object = int(self._take()) if self._kind() == "number" else self._take()
        self._expect("]")
        return found

    def _form(self, outer: Expression) -> Expression:
        """What is asked of an option: .text, .hex, .exists, or of one within it."""
        self._expect(".")
        if self._is("option"):
            return self._form(Expression(outer.kind, (*outer.parts, self._index())))
        return self._asked(outer, self._word_in(("text", "hex", "exists")))

    def _asked(self, what: Expression, form: str) -> Expression:
        return what if form in ("hex", "enterprise") else Expression(form, (what,))

    def _vendor(self, word: str) -> Expression:
        enterprise = self._index() if self._peek() == "[" else None
        self._expect(".")
        if self._is("option"):
            return self._form(Expression("vendor", (enterprise, self._index())))
        asked = self._word_in(("enterprise", "exists", "data"))
        if asked == "data":
            at = self._index() if self._peek() == "[" else 0
            return Expression("vendor_data", (enterprise, at))
        what = Expression("enterprise", (word, enterprise))
        return self._asked(what, asked)


_CONSTANTS: dict[str, Callable[[str], bytes]] = {
    "text": lambda text: text[1:-1].encode("utf-8", "surrogateescape"),
    "octets": lambda text: bytes.fromhex(text[2:] if len(text) % 2 == 0 else "0" + text[2:]),
    "address": lambda text: address_from(text).to_bytes(4, "big")}
