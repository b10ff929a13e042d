"""dhcpd.conf as a tree of statements, with the comments above them, their places, and what they include."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.isc.lexer import COMMENT, SIGN, STRING, WORD, Token, tokens_of

MOST_INCLUDED, DEEPEST = 1000, 100
OPENERS = ("subnet", "shared-network", "group", "host", "class", "subclass", "pool", "zone", "key", "failover", "if", "range",
           "fixed-address", "hardware", "filename", "next-server", "server-name", "default-lease-time", "max-lease-time",
           "min-lease-time", "authoritative", "allow", "deny", "ignore", "include", "ddns-update-style", "match", "spawn")
"""Words that begin a statement, and stand at the beginning of a line only there."""
GOES_ON = ("not", "and", "or", "=", "!=", "~=", "~~", ",", "(", "{", "if", "elsif", "match", "spawn", "add")
"""After these it goes on in the next line."""


@dataclass(slots=True)
class Statement:
    """A statement: its words, and where it has braces what is between them. `told` is whether the report has it."""

    file: str
    line: int
    tokens: list[Token]
    body: list["Statement"] | None = None
    comments: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    """Comments behind the last statement between the braces."""
    told: bool = False

    @property
    def word(self) -> str:
        """Its first word."""
        return self.tokens[0].text.lower() if self.tokens and self.tokens[0].kind == WORD else ""

    @property
    def rest(self) -> list[Token]:
        """What follows the first word."""
        return self.tokens[1:]

    @property
    def words(self) -> list[str]:
        """The texts of what follows the first word."""
        return [one.text for one in self.rest]

    @property
    def text(self) -> str:
        """It as one writes it, a secret left out."""
        shown = ["***" if self.word == "secret" and number else str(one) for number, one in enumerate(self.tokens)]
        return " ".join(shown) + (" {" if self.body is not None else "")

    def wrong(self, words: str) -> InvalidValue:
        """An error at its place."""
        return InvalidValue(f"{self.file}:{self.line}: {words}")


@dataclass
class Tree:
    """All statements, those of included files in their place; `files` are those, with how many keys each has."""

    statements: list[Statement]
    tail: list[str]
    head: list[str]


def walk(statements: list[Statement]) -> Iterator[Statement]:
    """All statements, those within others included."""
    for one in statements:
        yield one
        yield from walk(one.body or [])


def tree_of(file: str, text: str, read: Callable[[str], str]) -> Tree:
    """The tree of a text; `read` reads a file that is included. Raises InvalidValue, with place and what was expected."""
    parser = _Parser(file, text, read, [os.path.realpath(file)])
    statements = parser.block(0)
    return Tree(statements, parser.comments, parser.head)


class _Parser:
    def __init__(self, file: str, text: str, read: Callable[[str], str], chain: list[str]) -> None:
        self._file, self._read, self._chain = file, read, chain
        self._tokens = list(tokens_of(file, text))
        self._at = 0
        self.comments: list[str] = []
        self.head = self._head(text)

    def _head(self, text: str) -> list[str]:
        """The comments that stand at the top, an empty line below them."""
        count = next((at for at, one in enumerate(self._tokens) if one.kind != COMMENT), len(self._tokens))
        blank = next((number for number, line in enumerate(text.splitlines(), 1) if not line.strip()), 0)
        top = [one for one in self._tokens[:count] if one.line < blank]
        if len(self._chain) > 1 or not top or top[0].line != 1:
            return []
        self._at = len(top)
        return [_comment(one) for one in top]

    def _wrong(self, line: int, words: str) -> InvalidValue:
        return InvalidValue(f"{self._file}:{line}: {words}")

    def block(self, depth: int, opened: int = 0) -> list[Statement]:
        """Statements up to the brace that closes them, or the end of the file. `opened` is the line of the brace."""
        if depth > DEEPEST:
            raise self._wrong(opened, f"nested too deeply; expected are {DEEPEST} levels at most")
        found: list[Statement] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == COMMENT:
                self._take_comment(token, found)
            elif token.is_sign("}"):
                if not depth:
                    raise self._wrong(token.line, "} closes nothing; a statement is expected")
                return found
            elif token.is_sign(";"):
                self._at += 1
            else:
                found += self._statement(depth)
        if depth:
            raise self._wrong(self._last_line(), f"the file ends; expected is the brace that closes that of line {opened}")
        return found

    def _last_line(self) -> int:
        return self._tokens[-1].line if self._tokens else 1

    def _take_comment(self, token: Token, found: list[Statement]) -> None:
        """A comment behind a statement is of that, others are of what follows."""
        self._at += 1
        is_behind = not token.is_first and found and not self.comments
        (found[-1].comments if is_behind else self.comments).append(_comment(token))

    def _statement(self, depth: int) -> list[Statement]:
        above, self.comments = self.comments, []
        first = self._tokens[self._at]
        if first.kind != WORD:
            raise self._wrong(first.line, f"{escape(str(first))} begins no statement; a word is expected")
        statement = Statement(self._file, first.line, self._head_of_statement(above), None, above)
        if self._tokens[self._at].is_sign("{"):
            self._take_body(statement, depth)
        else:
            self._at += 1
        if statement.word == "include":
            return self._included(statement, depth)
        return [statement]

    def _take_body(self, statement: Statement, depth: int) -> None:
        self._at += 1
        statement.body = self.block(depth + 1, self._tokens[self._at - 1].line)
        self._at += 1
        statement.tail, self.comments = self.comments, []

    def _head_of_statement(self, above: list[str]) -> list[Token]:
        """The tokens up to what ends them: ; or { (that of a record is a part of it)."""
        taken: list[Token] = []
        braces = 0
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == COMMENT:
                above.append(_comment(token))
                self._at += 1
                continue
            is_end = token.is_sign(";") or (token.is_sign("{") and not _is_record(taken)) or (token.is_sign("}") and not braces)
            if is_end and not braces:
                if token.is_sign("}"):
                    break
                return taken
            self._check(taken, token)
            braces += token.is_sign("{") - token.is_sign("}")
            taken.append(token)
            self._at += 1
        raise self._wrong(taken[-1].line, f"a semicolon is expected after {_last(taken)}")

    def _check(self, taken: list[Token], token: Token) -> None:
        """A word that begins statements, at the beginning of a line, shows that the one before it has no end."""
        begins = token.kind == WORD and token.is_first and token.text in OPENERS
        option = token.kind == WORD and token.is_first and token.text == "option"
        if taken and (begins or option) and taken[-1].text not in GOES_ON and not _is_open(taken):
            raise self._wrong(taken[-1].line, f"a semicolon is expected after {_last(taken)}")

    def _included(self, statement: Statement, depth: int) -> list[Statement]:
        if len(statement.rest) != 1 or statement.rest[0].kind != STRING:
            raise statement.wrong('include takes the name of a file; expected is include "FILE";')
        name = os.path.join(os.path.dirname(self._file), statement.rest[0].text)  # noqa: PTH118, PTH120
        real = os.path.realpath(name)
        if real in self._chain:
            raise statement.wrong(f"{escape(name)} includes itself")
        if len(self._chain) > DEEPEST or depth > DEEPEST:
            raise statement.wrong("files include each other too deeply")
        try:
            text = self._read(name)
        except InvalidValue as error:
            raise statement.wrong(str(error)) from None
        inner = _Parser(name, text, self._read, [*self._chain, real])
        found = inner.block(0)
        if found:
            found[-1].comments += inner.comments
        return [statement, *found]


def _last(taken: list[Token]) -> str:
    """The last word, for a message; no secret is shown."""
    return "the secret" if taken[0].text.lower() == "secret" and len(taken) > 1 else escape(str(taken[-1]))


def _is_open(taken: list[Token]) -> bool:
    """Whether a bracket is open still."""
    return sum(one.is_sign("(") - one.is_sign(")") for one in taken) > 0


def _is_record(taken: list[Token]) -> bool:
    """Whether a brace that follows is that of a record of a definition: option NAME code N = {"""
    texts = [one.text for one in taken]
    return bool(taken) and taken[0].text == "option" and "code" in texts and "=" in texts and all(
        one.kind != SIGN or one.text == "=" for one in taken)


def _comment(token: Token) -> str:
    return token.text.lstrip("#").strip()
