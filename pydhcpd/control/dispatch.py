"""`Dispatcher`: from a line to a command, and from what the command has to show to lines of text, or of JSON.

A command is a method `do_NAME` with a docstring, whose first line is its summary, and whose line that begins with `example:` is
one. A word that begins one name only is enough, but for what changes something. `json` as the last word asks for JSON: one
document a line.
"""

import inspect
import json
import shlex
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from difflib import get_close_matches
from itertools import chain
from textwrap import wrap
from typing import ClassVar, Protocol, TypeVar

from pydhcpd.control.output import COLUMNS
from pydhcpd.control.session import LOG, Session, SessionOver, Settings
from pydhcpd.control.sources import Sources
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.escape import escape

Command = Callable[..., None]
"""A method that takes the session, and the words after its name."""

JSON = "json"
EXAMPLE = "example: "
ERROR = "error: "  # what begins the words of a failure for people
HINT = "type help for the list of commands"
ASK = "ask"  # what a program says before a command, to be told at the end whether it succeeded
COMPLETE = "complete"  # and before `command` or `word` and what is written of it, to be told what it could become
SUCCEEDED, FAILED = b"\0succeeded\n", b"\0failed\n"

Row = TypeVar("Row")
Document = Mapping[str, object]


class _Quit(SessionOver):
    """The peer wants to end the session."""


class Refused(Exception):
    """What a command was asked for cannot be done; the words say why, and are safe to show."""


class Listening(Settings, Protocol):
    """What the dispatcher asks of the server of a session."""

    sources: Sources
    is_trusted: bool
    """Whether everything may be asked for: on the control socket, whose file permissions have let the peer in."""

    def clock(self) -> float:
        """The time, in seconds of the epoch."""


class Dispatcher(Session):
    """A session that obeys the commands of a subclass."""

    server: Listening
    aliases: ClassVar[Mapping[str, str]] = {}
    """What else fingers type, and the command that it means."""
    changing: ClassVar[frozenset[str]] = frozenset()
    """The commands that change something: by name, with the arguments that make them do it, and "NAME ..." with any more."""
    guarded: ClassVar[frozenset[str]] = frozenset()
    """The commands that change nothing, but are for the control socket alone."""

    def setup(self) -> None:
        """Prepare the connection."""
        super().setup()
        self._is_json = self._has_failed = False

    @classmethod
    def commands(cls) -> dict[str, Command]:
        """The commands by name, in the order of the classes; what all have comes last."""
        return {
            name.removeprefix("do_"): getattr(cls, name)
            for owner in cls.__mro__
            for name in vars(owner)
            if name.startswith("do_")
        }

    def obey(self, line: bytes) -> None:
        """Run the command that a line asks for. Its failure is told, logged, and not the end of the session."""
        words = split(line.decode("utf-8", "surrogateescape"))
        if not words:
            return  # nothing but separators (0x1c to 0x1f), which are blanks as text and none as bytes
        if words[0] == ASK and len(words) > 1:
            self._answer(words[1:])
        elif words[0] == COMPLETE and len(words) > 1:
            with suppress(InvalidValue, StoreError):  # then there is nothing to offer
                self._stream(self._completions(*map(_known_characters, words[1:3])))
        else:
            self._obey(words)

    def _answer(self, words: list[str]) -> None:
        """Obey, say whether it succeeded, and end the session."""
        with suppress(_Quit):
            self._obey(words)
        self._send(FAILED if self._has_failed else SUCCEEDED)
        raise SessionOver("answered")

    def _completions(self, kind: str, begun: str = "") -> Iterable[str]:
        """What a word could become that is begun: the name of a command, or else an address or a name."""
        if kind == "command":
            return [name for name in self.commands() if name.startswith(begun.lower())]
        found = dict.fromkeys(self.server.sources.words(begun) if begun else ())
        return [word for word in found if word == escape(word) and len(word.split()) == 1]

    def _obey(self, words: list[str]) -> None:
        self._has_failed = False
        self._is_json = len(words) > 1 and words[-1].lower() == JSON
        if self._is_json:
            words = words[:-1]
        name, *arguments = words[:1] + [_known_characters(word) for word in words[1:]]
        try:
            command, is_change = self._command(name, arguments)
            if is_change:
                self.server.sources.note(self.user(), " ".join((name, *arguments)))
            command(self, *arguments)
        except SessionOver:
            raise
        except Refused as refusal:
            self._fail(str(refusal))
        except (InvalidValue, StoreError) as error:
            self._fail(f"{ERROR}{escape(str(error))}")
        except Exception as error:
            LOG.exception("the command %s failed", escape(name))
            self._fail(f"{ERROR}{escape(str(error) or type(error).__name__)}")

    def _command(self, word: str, arguments: list[str]) -> tuple[Command, bool]:
        """The method that is meant, and whether it changes something. Raises Refused."""
        name = self.named(word)
        command = self.commands()[name]
        if not _takes(command, len(arguments)):
            raise Refused(f"{name}: wrong number of arguments; type help {name}")
        begun = [f"{' '.join((name, *arguments[:count]))} ..." for count in range(len(arguments))]
        is_change = not self.changing.isdisjoint((name, " ".join((name, *arguments)), *begun))
        if is_change and name != word.lower():
            raise Refused(f"{name} changes something, so it is to be written in full")
        if not self.server.is_trusted and (is_change or name in self.guarded):
            raise Refused(f"{name}: allowed on the control socket alone: pydhcpd -ask '{escape(' '.join((name, *arguments)))}'")
        return command, is_change

    def named(self, word: str) -> str:
        """The name of the command that a word stands for. Raises Refused, with the nearest."""
        names, wanted = self.commands(), word.lower()
        wanted = self.aliases.get(wanted, wanted)
        if wanted in names:
            return wanted
        begun = [name for name in names if name.startswith(wanted)]
        if len(begun) == 1:
            return begun[0]
        near = begun or get_close_matches(wanted, names, 1)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise Refused(f"unknown command: {escape(word.encode('utf-8', 'surrogateescape'))}{meant}\r\n{HINT}")

    # --- what is shown

    def _show(self, rows: Iterable[Row], line: Callable[[Row], str], document: Callable[[Row], Document], *,
              title: str = "", head: str = "", none: str = "none") -> int:
        """Show rows as lines below a title and a head, or as JSON; returns how many. `none` is said where there is none."""
        if self._is_json:
            return self._stream(json_line(document(row)) for row in rows)
        if title:
            self._say(title)
        remaining = iter(rows)
        first = next(remaining, None)
        if first is None:
            return self._stream([none] if none else []) * 0
        return self._stream(chain([head] if head else [], (line(row) for row in chain([first], remaining)))) - bool(head)

    def _tell(self, text: str) -> None:
        """Say what was done, or how it stands, in a line that is safe to show."""
        self._say(json_line({"message": text}) if self._is_json else text)

    def _count(self, text: str) -> None:
        """Say what stands below a table, for people alone."""
        if not self._is_json:
            self._say(text)

    def _fail(self, text: str) -> None:
        self._has_failed = True
        self._say(json_line({"error": text.partition("\r\n")[0].removeprefix(ERROR)}) if self._is_json else text)

    # --- what all have

    def do_help(self, command: str = "") -> None:
        """show this list, or what one command does: help COMMAND
        example: help hosts"""
        names = [self.named(command)] if command else list(self.commands())
        if self._is_json or not command:
            self._show(names, self._summary_line, lambda name: {"command": name, "help": help_of(self.commands()[name])})
        else:
            self._stream(chain.from_iterable(wrap(one, COLUMNS) for one in _paragraphs(names[0], self.commands()[names[0]])))

    def _summary_line(self, name: str) -> str:
        return f"{name}{_to_column(name)}{help_of(self.commands()[name]).partition(chr(10))[0]}"

    def do_quit(self) -> None:
        """end the session
        example: quit"""
        raise _Quit("quit", "bye")


def help_of(command: Command) -> str:
    """What is said of a command: its summary, and more lines where there is more to say."""
    return inspect.getdoc(command) or ""


def _paragraphs(name: str, command: Command) -> list[str]:
    """The help of a command: its summary, what is said further, each of its other forms, and the example."""
    summary, *lines = help_of(command).split("\n")
    paragraphs = [f"{name}: {summary}"]
    for number, line in enumerate(lines):
        if number == 0 or line.startswith((f"{name} ", EXAMPLE)):
            paragraphs.append(line)
        else:
            paragraphs[-1] += f" {line}"
    return paragraphs


def json_line(document: Document) -> str:
    """A JSON document in a line, without a character that a terminal could obey."""
    return json.dumps(document, default=str)


def split(line: str) -> list[str]:
    """The words of a line; what stands in quotes is one, where the quotes are whole."""
    if "'" in line or '"' in line:
        with suppress(ValueError):
            return shlex.split(line) or [line]
    return line.split()


def _known_characters(word: str) -> str:
    """A word without the bytes that are no UTF-8."""
    return word.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _takes(command: Command, number: int) -> bool:
    """Whether a command takes so many arguments, besides the session."""
    parameters = list(inspect.signature(command).parameters.values())[1:]
    if any(one.kind is one.VAR_POSITIONAL for one in parameters):
        parameters, number = [one for one in parameters if one.kind is not one.VAR_POSITIONAL], min(number, len(parameters) - 1)
    return sum(one.default is one.empty for one in parameters) <= number <= len(parameters)


def _to_column(name: str) -> str:
    """Tabs to the second tab stop, at least one."""
    return "\t" * max(2 - len(name) // 8, 1)
