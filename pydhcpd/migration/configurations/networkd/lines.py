"""The lines of a .network file and of its drop-ins, with the comments above them.

What systemd makes of several lines of one name: of a list all since the last empty one, of the rest the last one.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape

BEGINS = re.compile(r"(?m)^\s*\[(Match|Network|DHCPServer|DHCPServerStaticLease)\]\s*$")
COMMENTS = ("#", ";")


@dataclass
class Line:
    """One assignment: where it stands, in which section, its name and its value, and the comments above it.

    One without a name has the comments at the end of a file.
    """

    file: str
    number: int
    text: str
    section: str
    block: int
    """Which section of the file it is: one that may be repeated stands for another thing each time."""
    name: str
    value: str
    comments: list[str] = field(default_factory=list)


def all_lines(file: str, text: str, trouble: Callable[[str, str], None]) -> Iterator[Line]:
    """The lines of a file, then those of the drop-ins beside it: FILE.d/*.conf. `trouble` is told of what cannot be read."""
    yield from lines_of(file, text)
    directory = Path(f"{file}.d")
    for one in sorted(directory.glob("*.conf")) if directory.is_dir() else ():
        try:
            there = one.read_bytes()
        except OSError as error:
            trouble(str(one), f"cannot be read: {error.strerror}")
            continue
        yield from lines_of(str(one), there.decode("utf-8", "surrogateescape"))


def lines_of(file: str, text: str) -> Iterator[Line]:
    """The assignments of one file. Raises InvalidValue."""
    section, block = "", 0
    comments: list[str] = []
    for number, said in _joined(text):
        if said.startswith(COMMENTS):
            comments.append(said[1:].strip())
        elif found := re.fullmatch(r"\[([^\]]+)\]", said):
            section, block = found[1], block + 1
        elif said:
            yield _line(file, number, said, section, block, comments)
            comments = []
    if comments:
        yield Line(file, 0, "", "", block, "", "", comments)


def _line(file: str, number: int, said: str, section: str, block: int, comments: list[str]) -> Line:
    name, sign, value = said.partition("=")
    if not sign or not section:
        raise InvalidValue(f"{file}:{number}: {escape(said)!r} is no line of a .network file: [Section], then Name=Value")
    return Line(file, number, said, section, block, name.strip(), value.strip(), comments)


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers; one that ends in a backslash goes on in the next, comments between them left out."""
    begun, so_far = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if begun and line.startswith(COMMENTS):
            continue
        begun = begun or number
        if line.endswith("\\") and not line.startswith(COMMENTS):
            so_far += line[:-1] + " "
            continue
        yield begun, (so_far + line).strip()
        begun, so_far = 0, ""
    if begun:
        yield begun, so_far.strip()
