"""What all parts of a conversion share: the draft, the report, the options that are known, what is to be settled at the end."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import Call, Code, Draft
from pydhcpd.migration.configurations.isc.conditions import Conditions
from pydhcpd.migration.configurations.isc.expressions import Node, expression
from pydhcpd.migration.configurations.isc.functions import Functions
from pydhcpd.migration.configurations.isc.lexer import Token
from pydhcpd.migration.configurations.isc.options import Definitions
from pydhcpd.migration.configurations.isc.scope import GLOBAL, Scope
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.migration.configurations.report import TAKEN, Report


class BadSyntax(InvalidValue):
    """What dhcpd itself would refuse."""


class Members(NamedTuple):
    """What a class says of who its members are."""

    condition: Code | None = None
    data: Node | None = None
    """What is compared with subclasses."""
    spawns: bool = False


class Case(NamedTuple):
    """A class that a branch of an `if` becomes; `chain` counts the ifs."""

    scope: Scope
    statement: Statement
    chain: int


@dataclass
class Context:
    """A conversion."""

    file: str
    report: Report
    draft: Draft = field(default_factory=Draft)
    definitions: Definitions = field(default_factory=Definitions)
    cases: list[Case] = field(default_factory=list)
    """Classes made of `if`."""
    chains: int = 0
    networks: int = 0
    """Subnets in the file."""
    hosts: int = 0
    """Hosts in the file."""
    places: dict[int, int] = field(default_factory=dict)
    """Where each statement stands among all, by its id."""
    finishing: list[str] = field(default_factory=list)
    """Lines of finish()."""
    keys: dict[str, Call] = field(default_factory=dict)
    zones: list[tuple[Call, str, Statement]] = field(default_factory=list)
    matched: dict[str, tuple[Members, Scope]] = field(default_factory=dict)
    """Who the members of a class are, by its name."""
    joined: dict[str, list[tuple[Code, list[str]]]] = field(default_factory=dict)
    """The conditions of the subclasses of a class, with the comments above them."""
    names: set[str] = field(default_factory=set)
    """Names of the file's own that are taken."""

    def __post_init__(self) -> None:
        self.top = Scope(GLOBAL, self.draft.settings)
        self.conditions, self.functions = Conditions(self.definitions), Functions(self.definitions)

    # --- telling

    def taken(self, statement: Statement, words: str) -> None:
        """It is in the new file."""
        self.report.taken(statement.file, statement.line, statement.text, words)
        statement.told = True

    def differs(self, statement: Statement, words: str) -> None:
        """It is in the new file with a difference."""
        self.report.differs(statement.file, statement.line, statement.text, words)
        statement.told = True

    def none(self, statement: Statement, words: str) -> None:
        """It has no counterpart."""
        self.report.none(statement.file, statement.line, statement.text, words)
        statement.told = True

    def nothing_within(self, statement: Statement, words: str) -> None:
        """Neither it nor what stands within it has a counterpart."""
        self.none(statement, words)
        for one in statement.body or []:
            if not one.told:
                self.nothing_within(one, words)

    def nothing_left(self, statement: Statement, words: str) -> None:
        """It was taken over, and what came of it is not there any more."""
        place = (statement.file, statement.line, statement.text)
        said = {id(one): one for one in self.report.remarks if (one.file, one.line, one.text) == place}
        untrue = {one for one, remark in said.items() if remark.verdict == TAKEN}
        self.report.remarks = [one for one in self.report.remarks if id(one) not in untrue]
        if len(untrue) == len(said):
            self.none(statement, words)

    # --- values

    def put(self, scope: Scope, name: str, value: object, statement: Statement) -> None:
        """Set a value in a scope, with the comments that stand above it."""
        if scope.kind == GLOBAL:
            self.draft.set(name, value, statement.comments)
        else:
            scope.call.keywords[name] = value
            scope.call.comments += statement.comments
        scope.places[name] = self.places.get(id(statement), 0)
        statement.comments = []

    def name_for(self, wanted: str) -> str:
        """A name that is not taken yet."""
        name, number = wanted, 2
        while name in self.names:
            name, number = f"{wanted}_{number}", number + 1
        self.names.add(name)
        return name


def parsed(statement: Statement, tokens: Sequence[Token]) -> Node:
    """The tree of an expression. Raises BadSyntax with its place."""
    try:
        return expression(tokens)
    except InvalidValue as error:
        raise BadSyntax(f"{statement.file}:{statement.line}: {error}") from None


def one_word(statement: Statement, what: str) -> str:
    """The one word that a statement takes. Raises BadSyntax."""
    if len(statement.rest) != 1:
        found = f" before {statement.rest[1]}" if len(statement.rest) > 1 else ""
        raise BadSyntax(f"{statement.file}:{statement.line}: " + (f"a semicolon is expected{found}" if found else
                                                                  f"{what} is expected after {statement.word}"))
    return statement.rest[0].text


def texts(tokens: Iterable[Token]) -> list[str]:
    """The texts of tokens without commas."""
    return [one.text for one in tokens if not one.is_sign(",")]


