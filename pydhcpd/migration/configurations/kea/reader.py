"""Kea's JSON read, with the place of each member: comments (#, //, /* */), `<?include "file"?>`, commas at the end.

Owns the syntax. Does not know what a member means. What a file includes is read as if it stood there (relative to that file).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape

DEEPEST = 64  # objects and lists within each other
LARGEST = 64 << 20  # octets of a file that is included
MOST_FILES = 1000
SECRETS = ("password", "secret", "basic-auth-password")
"""Members whose values are shown nowhere."""
SHORT = 40  # characters of what was found, in a message

_TOKEN = re.compile(r"""
    (?P<space>\s+)
  | (?P<include><\?\s*include\s+"(?P<file>[^"\n]*)"\s*\?>)
  | (?P<comment>\#[^\n]*|//[^\n]*|/\*.*?\*/)
  | (?P<string>"(?:[^"\\\n]|\\.)*")
  | (?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)
  | (?P<word>[A-Za-z_]+)
  | (?P<sign>[{}\[\]:,])
""", re.VERBOSE | re.DOTALL)
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None}


class Token(NamedTuple):
    """A piece of the text; of kind `end` there is one, the last."""

    kind: str
    text: str
    file: str
    line: int


@dataclass(slots=True)
class Node:
    """A value and its place; as a member of an object it has a key, and the place of that."""

    value: object
    file: str
    line: int
    key: str = ""
    comments: list[str] = field(default_factory=list)
    """What stood above it and beside it."""

    @property
    def members(self) -> dict[str, "Node"]:
        """Those of an object. Raises InvalidValue where it is none."""
        if not isinstance(self.value, dict):
            raise InvalidValue(f"{self} is no object; expected is {{ ... }}")
        return self.value

    @property
    def items(self) -> list["Node"]:
        """Those of a list. Raises InvalidValue where it is none."""
        if not isinstance(self.value, list):
            raise InvalidValue(f"{self} is no list; expected is [ ... ]")
        return self.value

    @property
    def text(self) -> str:
        """Raises InvalidValue where it is no text."""
        if not isinstance(self.value, str):
            raise InvalidValue(f"{self} is no text; expected is \"...\"")
        return self.value

    @property
    def number(self) -> int:
        """Raises InvalidValue where it is no whole number from 0."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            raise InvalidValue(f"{self} is no number; expected is a whole number from 0")
        return self.value

    @property
    def truth(self) -> bool:
        """Raises InvalidValue where it is neither true nor false."""
        if not isinstance(self.value, bool):
            raise InvalidValue(f"{self} is neither true nor false")
        return self.value

    def get(self, key: str) -> "Node | None":
        """A member of an object, None where there is none."""
        return self.members.get(key)

    def __str__(self) -> str:
        """As it stood, what it holds left out, and what is secret."""
        return f'"{self.key}": {self._shown}' if self.key else self._shown

    @property
    def _shown(self) -> str:
        if self.key in SECRETS:
            return "***"
        if isinstance(self.value, dict | list):
            return "..."
        return f'"{self.value}"' if isinstance(self.value, str) else json.dumps(self.value)

    def walk(self) -> Iterator["Node"]:
        """It and all that it holds, in order."""
        yield self
        held = self.value.values() if isinstance(self.value, dict) else self.value if isinstance(self.value, list) else ()
        for one in held:
            yield from one.walk()


class Doubled(NamedTuple):
    """A member that is said again below, where what counts is."""

    node: Node
    again: Node


class Reading(NamedTuple):
    """What was read: the outermost value, what was said twice, and the comments behind the end."""

    root: Node
    doubled: list[Doubled]
    tail: list[str]


def read(file: str, text: str) -> Reading:
    """Read a configuration. Raises InvalidValue, which begins with FILE:LINE, for what is no such JSON."""
    return _Parser(list(tokens(file, text))).whole()


# --- tokens

def tokens(file: str, text: str, within: tuple[str, ...] = ()) -> Iterator[Token]:
    """The tokens of a text and of what it includes, comments among them, spaces not."""
    at, line = 0, 1
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise InvalidValue(f"{escape(file)}:{line}: {_unreadable(text[at:at + SHORT])}")
        if found["include"]:
            yield from _included(Path(file), found["file"], line, (*within, str(Path(file).resolve())))
        elif found.lastgroup != "space":
            yield Token(str(found.lastgroup), found[0], file, line)
        line += found[0].count("\n")
        at = found.end()
    if not within:
        yield Token("end", "the end of the file", file, line)


def _unreadable(text: str) -> str:
    if text.startswith("/*"):
        return "this comment has no end; expected is */"
    if text.startswith('"'):
        return "this text has no end in its line; expected is a quotation mark"
    if text.startswith("<"):
        return 'expected is <?include "FILE"?>'
    return f"{escape(text.split(maxsplit=1)[0] if text.split() else text)} is not JSON; expected is a value or a member"


def _included(file: Path, name: str, line: int, within: tuple[str, ...]) -> Iterator[Token]:
    """The tokens of a file that is included."""
    path, place = file.parent / name, f"{escape(str(file))}:{line}"
    if str(path.resolve()) in within:
        raise InvalidValue(f"{place}: {escape(name)} includes itself")
    if len(within) > MOST_FILES:
        raise InvalidValue(f"{place}: too many files include each other; allowed are {MOST_FILES}")
    try:
        with path.open("rb") as source:
            data = source.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InvalidValue(f"{place}: {escape(name)} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > LARGEST:
        raise InvalidValue(f"{place}: {escape(name)} is too large; allowed are {LARGEST >> 20} MiB")
    yield from tokens(str(path), data.decode("utf-8", "surrogateescape").replace("\r\n", "\n"), within)


def _said(comment: str) -> list[str]:
    """The lines of a comment without its signs."""
    if not comment.startswith("/*"):
        return [comment.lstrip("#/").strip()]
    lines = [line.strip().lstrip("*").strip() for line in comment[2:-2].split("\n")]
    return [line for number, line in enumerate(lines) if line or 0 < number < len(lines) - 1]


# --- values

class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self._tokens, self._at = found, 0
        self._comments: list[str] = []  # that stand above what comes next
        self._last: Node | None = None  # what a comment in the same line belongs to
        self._last_line = 0
        self._doubled: list[Doubled] = []
        self._skip()

    def whole(self) -> Reading:
        root = self._value(0, "")
        self._last = root
        if self._next.kind != "end":
            raise self._wrong("the end of the file")
        return Reading(root, self._doubled, self._above())

    # --- from token to token

    @property
    def _next(self) -> Token:
        return self._tokens[self._at]

    def _skip(self) -> None:
        """Go by the comments that come next: one in the line of the last value belongs to that."""
        while self._next.kind == "comment":
            lines = _said(self._next.text)
            if self._last is not None and self._next.line == self._last_line:
                self._last.comments += lines
            else:
                self._comments += lines
            self._at += 1

    def _take(self) -> Token:
        token = self._next
        if token.kind == "end":
            return token
        self._at += 1
        self._last_line = token.line
        if token.text in ("{", "["):
            self._last = None
        self._skip()
        return token

    def _above(self) -> list[str]:
        above, self._comments = self._comments, []
        return above

    def _wrong(self, expected: str) -> InvalidValue:
        token = self._next
        shown = token.text if len(token.text) <= SHORT else token.text[:SHORT] + "..."
        return InvalidValue(f"{escape(token.file)}:{token.line}: found {escape(shown)}; expected is {expected}")

    def _is(self, sign: str) -> bool:
        if self._next.kind != "sign" or self._next.text != sign:
            return False
        self._take()
        return True

    # --- values

    def _value(self, depth: int, key: str) -> Node:
        token = self._next
        if depth > DEEPEST:
            raise InvalidValue(f"{escape(token.file)}:{token.line}: nested too deeply; allowed are {DEEPEST} levels")
        node = Node(None, token.file, token.line, key, self._above())
        if self._is("{"):
            node.value = self._object(depth)
        elif self._is("["):
            node.value = self._list(depth)
        else:
            node.value = self._scalar()
        return node

    def _scalar(self) -> object:
        token = self._next
        if token.kind == "string":
            return self._string()
        if token.kind == "number":
            self._take()
            return _number(token)
        if token.kind == "word" and token.text in _WORDS:
            self._take()
            return _WORDS[token.text]
        raise self._wrong("a value")

    def _string(self) -> str:
        token = self._next
        try:
            value = json.loads(token.text, strict=False)
        except ValueError:
            raise InvalidValue(f"{escape(token.file)}:{token.line}: {escape(token.text[:SHORT])} has a \\ that JSON does not "
                               "know; expected are \\\\, \\\", \\/, \\b, \\f, \\n, \\r, \\t and \\uXXXX") from None
        self._take()
        return str(value)

    def _object(self, depth: int) -> dict[str, Node]:
        members: dict[str, Node] = {}
        while not self._is("}"):
            if self._next.kind != "string":
                raise self._wrong('a member, such as "name": value, or }')
            self._member(members, depth)
            if not self._comma("}"):
                break
        return members

    def _member(self, members: dict[str, Node], depth: int) -> None:
        token, above = self._next, self._above()
        key = self._string()
        if not self._is(":"):
            raise self._wrong("a colon")
        node = self._value(depth + 1, key)
        node.file, node.line, node.comments = token.file, token.line, above + node.comments
        if key in members:
            self._doubled.append(Doubled(members.pop(key), node))
        members[key] = node
        self._last = node

    def _list(self, depth: int) -> list[Node]:
        items: list[Node] = []
        while not self._is("]"):
            items.append(self._value(depth + 1, ""))
            self._last = items[-1]
            if not self._comma("]"):
                break
        return items

    def _comma(self, end: str) -> bool:
        """Whether more may follow; the end is taken where it comes."""
        if self._is(","):
            return True
        if not self._is(end):
            raise self._wrong(f"a comma or {end}")
        return False


def _number(token: Token) -> object:
    try:
        return int(token.text) if token.text.lstrip("-").isdigit() else float(token.text)
    except ValueError:  # of thousands of digits
        raise InvalidValue(f"{escape(token.file)}:{token.line}: this number is too large") from None
