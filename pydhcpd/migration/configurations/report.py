"""`Report`: what became of each line of another server's configuration."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pydhcpd.escape import escape

TAKEN, DIFFERS, NONE = "taken over", "differs", "no counterpart"
WIDTH = 46  # characters of the old line that are shown


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of one line."""

    file: str
    line: int
    text: str
    verdict: str
    words: str

    def __str__(self) -> str:
        shown = escape(" ".join(self.text.split()))
        shown = shown if len(shown) <= WIDTH else shown[:WIDTH - 3] + "..."
        return f"{self.file}:{self.line}: {shown.ljust(WIDTH)}  {self.verdict}{': ' if self.words else ''}{self.words}"


@dataclass
class Report:
    """The remarks. A line of which nothing is said was not understood: `silent` finds those."""

    remarks: list[Remark] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What differs between the servers whatever is in the file."""

    def taken(self, file: str, line: int, text: str, words: str = "") -> None:
        """It is in the new file; `words` say as what."""
        self.remarks.append(Remark(file, line, text, TAKEN, words))

    def differs(self, file: str, line: int, text: str, words: str) -> None:
        """It is in the new file, but not all of it, or it works otherwise: `words` say how."""
        self.remarks.append(Remark(file, line, text, DIFFERS, words))

    def none(self, file: str, line: int, text: str, words: str) -> None:
        """There is nothing like it, and why."""
        self.remarks.append(Remark(file, line, text, NONE, words))

    def note(self, words: str) -> None:
        """What holds whatever the line; said once."""
        if words not in self.notes:
            self.notes.append(words)

    def silent(self, file: str, lines: Iterable[tuple[int, str]]) -> None:
        """Say of each of these lines of which nothing has been said that it was not understood."""
        said = {one.line for one in self.remarks if one.file == file}
        for number, text in lines:
            if number not in said:
                self.none(file, number, text, "not understood, nothing of it was taken over")

    @property
    def is_whole(self) -> bool:
        """Whether all was taken over as it was."""
        return all(one.verdict == TAKEN for one in self.remarks)

    def lines(self) -> Iterator[str]:
        """The report for people, in the order of the old files."""
        yield from (f"note: {note}" for note in self.notes)
        files = {file: number for number, file in enumerate(dict.fromkeys(one.file for one in self.remarks))}
        yield from map(str, sorted(self.remarks, key=lambda one: (files[one.file], one.line)))
        count = Counter(one.verdict for one in self.remarks)
        yield ", ".join(f"{count[verdict]} {words}" for verdict, words in (
            (TAKEN, "taken over"), (DIFFERS, "taken over with a difference"), (NONE, "without a counterpart")))
