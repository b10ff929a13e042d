"""`Teller`: what became of each line, told to the report; those of which nothing was said are found."""

from typing import Protocol

from pydhcpd.migration.configurations.report import Report


class Line(Protocol):
    """A line of the old file: where it stands, and what it says."""

    @property
    def file(self) -> str: ...

    @property
    def number(self) -> int: ...

    @property
    def text(self) -> str: ...


class Teller:
    """Says of lines what became of them."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._said: set[tuple[str, int]] = set()

    def taken(self, line: Line, words: str) -> None:
        """It is in the new file."""
        self._said.add((line.file, line.number))
        self._report.taken(line.file, line.number, line.text, words)

    def differs(self, line: Line, words: str) -> None:
        """It is in the new file, but works otherwise."""
        self._said.add((line.file, line.number))
        self._report.differs(line.file, line.number, line.text, words)

    def none(self, line: Line, words: str) -> None:
        """There is nothing like it, and why."""
        self._said.add((line.file, line.number))
        self._report.none(line.file, line.number, line.text, words)

    def note(self, words: str) -> None:
        """What holds whatever the line; said once."""
        self._report.note(words)

    def is_told(self, line: Line) -> bool:
        """Whether something was said of it."""
        return (line.file, line.number) in self._said
