"""dhcpd.conf as tokens: words, strings, signs and comments, each with its line. Knows no statement.

Addresses, names with dots and hyphens, and octets with colons are one word each.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape

WORD, STRING, SIGN, COMMENT = "word", "string", "sign", "comment"
_TOKEN = re.compile(r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\[^\n])*")
  | (?P<word>[\w.:-]+)
  | (?P<sign>!=|~=|~~|[;{},=()+*/%&|^<>?~!@$\[\]'`])
""", re.VERBOSE)
_ESCAPED = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)", re.DOTALL)
_LETTERS = {"t": "\t", "r": "\r", "n": "\n", "b": "\b"}


class Token(NamedTuple):
    """A token. The text of a string is what it stands for, a character an octet that is none of UTF-8."""

    kind: str
    text: str
    line: int
    is_first: bool = False
    """Whether it is the first of its line."""

    def __str__(self) -> str:
        return f'"{self.text}"' if self.kind == STRING else self.text

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these signs, and no string that looks like it."""
        return self.kind == SIGN and self.text in signs

    @property
    def octets(self) -> bytes:
        """What the string stands for."""
        return self.text.encode("utf-8", "surrogateescape")


def tokens_of(file: str, text: str) -> Iterator[Token]:
    """The tokens of a text. Raises InvalidValue with the line where something is none."""
    at, line, last = 0, 1, 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise InvalidValue(f"{file}:{line}: " + ('a string has no end; a " is expected in its line' if text[at] == '"' else
                                                     f"{escape(text[at])!r} is not understood; a statement is expected"))
        kind, said = str(found.lastgroup), found[0]
        if kind != "space":
            yield Token(kind, _meant(said) if kind == STRING else said, line, line != last)
            last = line
        line += said.count("\n")
        at = found.end()


def _meant(quoted: str) -> str:
    """What a string in quotation marks stands for."""
    if "\\" not in quoted:
        return quoted[1:-1]
    octets = b""
    at = 1
    for found in _ESCAPED.finditer(quoted, 1, len(quoted) - 1):
        octets += quoted[at:found.start()].encode("utf-8", "surrogateescape") + _escaped(found[1])
        at = found.end()
    octets += quoted[at:-1].encode("utf-8", "surrogateescape")
    return octets.decode("utf-8", "surrogateescape")


def _escaped(said: str) -> bytes:
    if said[0] == "x" and len(said) > 1:
        return bytes([int(said[1:], 16)])
    if said[0] in "01234567":
        return bytes([int(said, 8) & 0xFF])
    return _LETTERS.get(said, said).encode("utf-8", "surrogateescape")
