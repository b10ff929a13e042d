"""The lines of dnsmasq.conf and of the files that it names, with the comments above them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydhcpd.errors import InvalidValue

BEGINS = re.compile(r"(?m)^\s*(--)?(dhcp-(range|host|option|boot|authoritative|match|leasefile)|enable-tftp)\b")
SECTION = re.compile(r"(?m)^\s*\[")
MOST_FILES = 1000
HOSTS, OPTIONS = ("dhcp-hostsfile", "dhcp-hostsdir"), ("dhcp-optsfile", "dhcp-optsdir")
ETHERS = "read-ethers"
FOLLOWED = ("conf-file", "conf-dir", *HOSTS, *OPTIONS, ETHERS)
ETHERS_FILE = "/etc/ethers"

QUOTED = r'"(?:[^"\\]|\\.)*"'
ESCAPES = {"t": "\t", "n": "\n", "e": "\x1b", "b": "\b", "r": "\r", '"': '"', "\\": "\\"}


@dataclass
class Line:
    """One setting: where it stands, its name and its value, and the comments above it."""

    file: str
    number: int
    text: str
    name: str
    value: str
    comments: list[str] = field(default_factory=list)

    @property
    def parts(self) -> list[str]:
        """The value by its commas, without blanks around them; those within quotation marks are no commas."""
        pieces = re.findall(rf'(?:[^,"]|{QUOTED}?)+|(?<=,)(?=,|$)|^(?=,)', self.value)
        return [re.sub(QUOTED, _unquoted, piece.strip()) for piece in pieces]


class Reader:
    """Reads a file and what it names. `trouble` is told of what cannot be read, with the line that names it."""

    def __init__(self, trouble: Callable[[Line, str], None]) -> None:
        self._trouble = trouble
        self._read: set[Path] = set()

    def lines(self, name: str, text: str, as_name: str = "") -> Iterator[Line]:
        """The settings of a text, those of files that it names in their place. `as_name` is what each line without a name of
        its own is a value of."""
        comments: list[str] = []
        for number, raw in enumerate(text.splitlines(), 1):
            said, comment = _parted(raw.strip())
            if comment and not said:
                comments.append(comment)
                continue
            if not said:
                comments = []
                continue
            line = _line(name, number, raw.strip(), said, as_name)
            line.comments, comments = [*comments, *([comment] if comment else [])], []
            yield line
            if line.name in FOLLOWED:
                yield from self._followed(line)

    def _followed(self, line: Line) -> Iterator[Line]:
        place = Path(ETHERS_FILE if line.name == ETHERS else line.parts[0] if line.parts else "")
        kept = [part for part in line.parts[1:] if part]
        of = "dhcp-host" if line.name in HOSTS else "dhcp-option" if line.name in OPTIONS else ETHERS * (line.name == ETHERS)
        try:
            files = sorted(_in_directory(place, kept)) if line.name.endswith("dir") or (of and place.is_dir()) else [place]
            for file in files:
                yield from self._file(line, file, of)
        except OSError as error:
            self._trouble(line, f"{place} cannot be read: {error.strerror}")

    def _file(self, line: Line, file: Path, of: str) -> Iterator[Line]:
        if file.resolve() in self._read or len(self._read) >= MOST_FILES:
            self._trouble(line, f"{file} has been read already")
            return
        self._read.add(file.resolve())
        yield from self.lines(str(file), file.read_bytes().decode("utf-8", "surrogateescape"), of)


def _unquoted(found: re.Match[str]) -> str:
    """What stands between quotation marks, a \\ before some letters being of C's."""
    return re.sub(r'\\(["tnebr\\])', lambda one: ESCAPES[one[1]], found[0][1:-1])


def _in_directory(place: Path, kept: list[str]) -> Iterator[Path]:
    """The files that count: names that dnsmasq passes over, and the endings that the setting allows (*.x) or not (x)."""
    only = [one[1:] for one in kept if one.startswith("*")]
    never = [one for one in kept if not one.startswith("*")]
    for file in place.iterdir():
        hidden = file.name.startswith((".", "#")) or file.name.endswith(("~", "#"))
        if file.is_file() and not hidden and not file.name.endswith(tuple(never) or ("\0",)) and (
                not only or file.name.endswith(tuple(only))):
            yield file


def _parted(text: str) -> tuple[str, str]:
    """What a line says, and its comment. A # begins one at the start and after a blank."""
    found = re.search(rf'^((?:[^"#]|{QUOTED}|(?<=\S)#)*)(?:#(.*))?$', text)
    said, comment = (found[1], found[2] or "") if found else (text, "")
    return said.strip(), comment.strip()


def _line(file: str, number: int, text: str, said: str, as_name: str) -> Line:
    if as_name == ETHERS:
        return Line(file, number, text, "dhcp-host", ",".join(said.split()))
    if as_name:
        return Line(file, number, text, as_name, said)
    name, _, value = said.partition("=")
    name = name.strip().removeprefix("--")
    if not re.fullmatch(r"[a-z0-9-]+", name, re.IGNORECASE):
        raise InvalidValue(f"{file}:{number}: {said!r} is no setting of dnsmasq's: name, or name=value")
    return Line(file, number, text, name.lower(), value.strip())
