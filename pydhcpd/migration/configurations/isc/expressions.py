"""Expressions of dhcp-eval(5) as trees: what is asked in `match if` and `if`, and what is made of a request."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.isc.lexer import STRING, WORD, Token

DEEPEST = 60
ALONE = ("hardware", "known", "static", "leased-address", "host-decl-name", "client-state", "gethostname", "null", "booting",
         "fixed-address", "lease-time", "hw-type", "hw-address", "filename", "server-name", "next-server")
"""What stands without brackets."""
CALLS = ("substring", "suffix", "lcase", "ucase", "concat", "pick-first-value", "pick", "packet", "binary-to-ascii", "reverse",
         "encode-int", "extract-int", "encapsulate", "v6relay", "defined", "gethostbyname", "ns-update", "execute")
HEXADECIMAL = re.compile("[0-9a-fA-F]{1,2}")
COMPARE = ("=", "!=", "~=", "~~")
RANKS = {"and": 1, "or": 1, **dict.fromkeys(COMPARE, 2)}


@dataclass(frozen=True)
class Node:
    """An operation and what it is made of. A constant is `const` with bytes, a number `number`; options are by name."""

    op: str
    args: tuple[object, ...] = ()

    @property
    def parts(self) -> tuple["Node", ...]:
        """The nodes that it is made of."""
        return tuple(one for one in self.args if isinstance(one, Node))


def octets_of(word: str) -> bytes | None:
    """Octets in hexadecimal with colons; None where it is something else."""
    parts = word.split(":")
    try:
        octets = bytes([int(one, 16) for one in parts])
    except ValueError:
        return None
    return octets if all(1 <= len(one) <= 2 for one in parts) else None


def expression(tokens: Sequence[Token]) -> Node:
    """The tree of an expression. Raises InvalidValue with what was expected."""
    parser = _Parser(tokens)
    node = parser.either()
    parser.end()
    return node


class _Parser:
    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens, self._at, self._depth = tokens, 0, 0

    def _peek(self) -> str:
        """The text of what comes next; that of a string is in quotation marks."""
        return str(self._tokens[self._at]) if self._at < len(self._tokens) else ""

    def _next(self) -> Token:
        if self._at >= len(self._tokens):
            raise InvalidValue("the expression ends too early; an option, a string or a function is expected")
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, sign: str) -> None:
        found = self._peek()
        if found != sign:
            raise InvalidValue(f"{sign} is expected" + (f", not {escape(found)}" if found else ""))
        self._at += 1

    def end(self) -> None:
        """There must be nothing more."""
        if self._at < len(self._tokens):
            raise InvalidValue(f"{escape(self._peek())} is not expected there")

    def either(self) -> Node:
        """Values with operators between them."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise InvalidValue("the expression is nested too deeply")
        node = self._joined(None, "")
        self._depth -= 1
        return node

    def _joined(self, left: Node | None, sign: str) -> Node:
        """dhcpd has `and` and `or` of one rank, the first two first; but what follows a comparison behind one of these is
        taken together with it, to the end: A or B = 1 and C is A or (B = 1 and C)."""
        while True:
            right = self._negation()
            following = self._peek() if self._peek() in RANKS else ""
            self._at += bool(following)
            if left is None:
                if not following:
                    return right
                left, sign = right, following
            elif not following:
                return _combined(sign, left, right)
            elif RANKS[sign] < RANKS[following]:
                return _combined(sign, left, self._joined(right, following))
            else:
                left, sign = _combined(sign, left, right), following

    def _negation(self) -> Node:
        count = 0
        while self._peek() == "not":
            self._at, count = self._at + 1, count + 1
        node = self._value()
        if count and (sign := self._peek()) in COMPARE:
            self._at += 1
            node = _combined(sign, node, self._value())
        return Node("not", (node,)) if count % 2 else node

    def _value(self) -> Node:
        token = self._next()
        if token.kind == STRING:
            return Node("const", (token.octets,))
        if token.is_sign("("):
            node = self.either()
            self._expect(")")
            return node
        word = token.text.lower()
        if token.kind != WORD:
            raise InvalidValue(f"{escape(str(token))} is not expected there; an option, a string or a function is")
        return self._of_word(word, token.text)

    def _of_word(self, word: str, text: str) -> Node:
        if word in ("option", "config-option", "exists"):
            return Node(word, (self._next().text,))
        if word in CALLS and self._peek() == "(":
            return Node(word, tuple(self._arguments()))
        if word in ALONE:
            return Node(word)
        if ":" in word and (octets := octets_of(word)) is not None:
            return Node("const", (octets,))
        if word.isdigit() or word.startswith("0x"):
            try:
                return Node("number", (int(word, 0) if word.startswith("0x") else int(word), text))
            except ValueError:
                raise InvalidValue(f"{escape(text)} is not a number") from None
        if HEXADECIMAL.fullmatch(word):
            return Node("const", (bytes([int(word, 16)]),))
        return Node(word, tuple(self._arguments()) if self._peek() == "(" else ())

    def _arguments(self) -> Iterable[Node]:
        self._expect("(")
        while self._peek() != ")":
            yield self.either()
            if self._peek() != ")":
                self._expect(",")
        self._expect(")")


def _combined(sign: str, left: Node, right: Node) -> Node:
    if sign not in COMPARE:
        return Node(sign, (left, right))
    node = Node("=" if sign == "!=" else sign, (left, right))
    if all(one.op != "extract-int" for one in node.parts):
        node = Node(node.op, tuple(map(as_octets, node.parts)))
    return Node("not", (node,)) if sign == "!=" else node


def as_octets(node: Node) -> Node:
    """Where dhcpd wants octets, a number without colons is one of them, in hexadecimal."""
    if node.op == "number" and HEXADECIMAL.fullmatch(str(node.args[1])):
        return Node("const", (bytes([int(str(node.args[1]), 16)]),))
    return node


def folded(node: Node) -> Node:
    """The same with what is constant worked out."""
    args = tuple(folded(one) if isinstance(one, Node) else one for one in node.args)
    if node.op == "concat":
        args = tuple(as_octets(one) if isinstance(one, Node) else one for one in args)
    node = Node(node.op, args)
    fold = _FOLDS.get(node.op)
    if fold is None or not all(one.op in ("const", "number") for one in node.parts):
        return node
    try:
        return Node("const", (fold(*[one.args[0] for one in node.parts]),))
    except (TypeError, ValueError, OverflowError):
        return node


def _joined(*parts: bytes) -> bytes:
    return b"".join(parts)


_FOLDS: dict[str, Callable[..., bytes]] = {
    "encode-int": lambda number, width: number.to_bytes(width // 8, "big"), "concat": _joined, "lcase": bytes.lower,
    "ucase": bytes.upper,
    "substring": lambda data, start, length: data[start:start + length], "suffix": lambda data, length: data[-length:]}


TRUE, FALSE = Node("true"), Node("false")


def without_known(node: Node) -> Node:
    """The same where no client is known yet: so it is when dhcpd finds the classes of a client."""
    if node.op == "known":
        return FALSE
    if node.op not in ("and", "or", "not"):
        return node
    parts = tuple(map(without_known, node.parts))
    if node.op == "not":
        return {TRUE: FALSE, FALSE: TRUE}.get(parts[0], Node("not", parts))
    decided, other = (FALSE, TRUE) if node.op == "and" else (TRUE, FALSE)
    left = tuple(one for one in parts if one != other)
    return decided if decided in parts else other if not left else left[0] if len(left) == 1 else Node(node.op, left)
