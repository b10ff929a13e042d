"""The leases of a dhcpd.leases as they stand there, one after the other, and the statements of each.

What dhcpd itself writes is recognised at a glance, by one expression for a lease and one for its statements, for there may be
a million. What people have changed, and what was cut off, is read line by line, and statement by statement. Knows nothing of
what the statements mean.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pydhcpd.migration.source import Source

BEGINS_LEASE = re.compile(rb"\s*lease\s+\S")
LEASE = {b"lease"[:length] for length in range(6)}  # what the first octets of such a line are, without spaces
QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"?|#.*')
STATEMENT = re.compile(r'(?:\s|#[^\n]*)*((?:[^;{}"#]|"(?:[^"\\]|\\.)*")*)([;{}])', re.DOTALL)
DEPTHS = {"{": 1, "}": -1, ";": 0}

USUAL = re.compile(rb'lease ([^\s{}"#;]+) \{\n([^{}]*\n\})\n')
"""A whole lease without a block within."""
TIME, TEXT = r"(?:\d[ ][\d/]+[ ][\d:]+|epoch[ ]\d+|never)", r'"[^"\\\n]*(?:\\[^\n][^"\\\n]*)*"'
END = r";(?:[ ]\#[^\n{}]*)?\n[ ]*"
AS_WRITTEN = re.compile(rf"""
    [ ]* starts[ ]({TIME}){END}
    (?:ends[ ]({TIME}){END})?
    (?:[ta]\w+[ ]{TIME}{END})*  # tstp, tsfp and atsfp are of failover
    (?:cltt[ ]({TIME}){END})?
    binding[ ]state[ ](\w+){END}
    (?:(?:next|rewind)[ ]binding[ ]state[ ]\w+{END})*
    (?:hardware[ ]([\w-]+[ ][\da-fA-F:]+){END})?
    (?:uid[ ]({TEXT}){END})?
    (?:set[ ][^;"\#\n{{}}]*(?:{TEXT})?{END})*
    ((?:option[ ][^;"\#\n{{}}]*(?:{TEXT})?{END})*)
    (?:client-hostname[ ]({TEXT}){END})?
    \}}""", re.VERBOSE)
"""What dhcpd writes of a lease, in its order."""
OPTIONS = ""
NAMES = ("starts", "ends", "cltt", "binding state", "hardware", "uid", OPTIONS, "client-hostname")


class Entry(NamedTuple):
    """A lease: what it is of, the number of its first line, what is between its braces, with the last one, and whether there
    is that."""

    address: bytes
    number: int
    body: bytes
    is_whole: bool = True


class _ByLines:
    """A lease that is being read line by line."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._number = self._depth = 0
        self.is_within = False  # whether one has begun, and has not ended

    def take(self, number: int, line: bytes) -> Iterable[Entry]:
        """The next line; what has ended by it. One begins with a line of its own; another that begins before it ends shows
        that it was cut off."""
        if line[:5].lstrip() in LEASE and BEGINS_LEASE.match(line):
            before = self.rest()
            self._lines, self._number, self._depth, self.is_within = [line], number, 0, True
            return [*before, *self._ended(line)]
        if not self.is_within:
            return ()
        self._lines.append(line)
        return self._ended(line) if b"}" in line or b"{" in line else ()

    def _ended(self, line: bytes) -> Iterable[Entry]:
        """The lease, if the brace that ends it is in a line."""
        bare = QUOTED.sub(b"", line) if b'"' in line or b"#" in line else line
        self._depth += bare.count(b"{") - bare.count(b"}")
        return self.rest(is_whole=True) if self._depth <= 0 and b"}" in bare else ()

    def rest(self, *, is_whole: bool = False) -> Iterable[Entry]:
        """What there is of the lease."""
        if not self.is_within:
            return ()
        address = self._lines[0].split(None, 2)[1].rstrip(b"{")
        entry = Entry(address, self._number, b"\n".join(self._lines).partition(b"{")[2], is_whole)
        self._lines, self.is_within = [], False
        return (entry,)


def entries_of(source: Source, pass_over: Callable[[int, bytes], None]) -> Iterator[Entry]:
    """The leases in the order of the file; lines that are of none are passed over."""
    by_lines = _ByLines()
    for first, block in source.blocks():
        number, at = first, 0
        while at < len(block):
            usual = None if by_lines.is_within else USUAL.match(block, at)
            if usual is not None and b"lease" not in usual[2]:  # which could begin another within
                end = usual.end()
                yield Entry(usual[1], number, usual[2])
            else:
                end = block.find(b"\n", at) + 1 or len(block)
                line = block[at:end].rstrip(b"\r\n")
                yield from by_lines.take(number, line)
                if not by_lines.is_within:
                    pass_over(number, line)
            number += block.count(b"\n", at, end)
            at = end
    yield from by_lines.rest()


def statements_of(body: bytes) -> dict[str, str]:
    """The statements between the braces of a lease by what they begin with; octets that are not UTF-8 are surrogates."""
    text = body.decode("utf-8", "surrogateescape")
    written = AS_WRITTEN.fullmatch(text)
    return _one_by_one(text) if written is None else _as_written(written)


def _as_written(match: re.Match[str]) -> dict[str, str]:
    groups = match.groups()
    found = {name: value for name, value in zip(NAMES, groups, strict=True) if value is not None}
    return found | _one_by_one(found[OPTIONS]) if found[OPTIONS] else found


def _one_by_one(text: str) -> dict[str, str]:
    """Those of blocks within (`on expiry { ... }`) are passed over."""
    found: dict[str, str] = {}
    depth = 0
    for words, end in STATEMENT.findall(text):
        if end == ";" and not depth:
            name, value = _divided(words)
            if name in ("binding", "option"):  # `next binding state` begins with another word
                second, value = _divided(value)
                name = f"{name} {second}"
            found[name] = value
        depth += DEPTHS[end]
        if depth < 0:
            break
    return found


def _divided(words: str) -> tuple[str, str]:
    """The first word, and the rest."""
    first, rest = (*words.split(None, 1), "", "")[:2]
    return first, rest.rstrip()
