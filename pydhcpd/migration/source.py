"""`Source`: a file of leases of another program, read as often as needed, by lines, with their numbers."""

import re
import shutil
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeVar

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.files import check_ends
from pydhcpd.leases.faces import BARE, BY_IDENTIFIER
from pydhcpd.leases.interface import BOUND, Row

T = TypeVar("T")
BEGINNING = 64 << 10  # bytes by which it is recognised
BLOCK = 1 << 20  # bytes that are looked at together
ETHERNET = 1
LONGEST_HARDWARE = 16  # octets
PAIRS = re.compile("[0-9a-f]{2}(:[0-9a-f]{2})*")
LATEST = (1 << 32) - 2  # a time; one more means never


@dataclass
class Source:
    """One file. `bad` is what cannot be read, `notes` is what is to be told though it costs nothing."""

    name: str
    file: BinaryIO
    now: int
    """Seconds by the wall clock."""
    lease_time: int
    """Seconds that a lease lasts from its last use where the file does not say."""
    bad: list[str] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)

    def beginning(self) -> bytes:
        """What the file begins with."""
        self.file.seek(0)
        return self.file.read(BEGINNING)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """The lines from the beginning, each with its number, without what ends it."""
        self.file.seek(0)
        for number, line in enumerate(self.file, 1):
            yield number, line.rstrip(b"\r\n")

    def blocks(self) -> Iterator[tuple[int, bytes]]:
        """Whole lines from the beginning, some thousands at once as they are, each time with the number of the first."""
        self.file.seek(0)
        number = 1
        while block := self.file.read(BLOCK) + self.file.readline():
            yield number, block
            number += block.count(b"\n")

    def cannot(self, number: int, why: object) -> None:
        """Tell that something cannot be read, and where."""
        self.bad.append(f"{self.name}: line {number}: {why}")

    def note(self, words: str) -> None:
        """Count something that is to be told."""
        self.notes[words] = self.notes.get(words, 0) + 1


@contextmanager
def opened(name: str, now: int, lease_time: int) -> Iterator[Source]:
    """A file to be read; what comes through a pipe is kept until it has been. Raises InvalidValue where it cannot be read."""
    try:
        check_ends(Path(name))
        with open(name, "rb") as file:  # noqa: PTH123
            if file.seekable():
                yield Source(name, file, now, lease_time)
                return
            with TemporaryFile() as kept:
                shutil.copyfileobj(file, kept)
                yield Source(name, kept, now, lease_time)
    except OSError as error:
        raise InvalidValue(f"{name} cannot be read: {error.strerror or error}") from error


def last_of_each(entries: Callable[[], Iterable[tuple[Hashable, T]]]) -> Iterator[T]:
    """Of things that are told again and again, each under its key, what is told last; `entries` is gone through twice, so
    that no more than a number is kept of each."""
    last = {key: number for number, (key, _) in enumerate(entries())}
    for number, (key, thing) in enumerate(entries()):
        if last[key] == number:
            yield thing


# --- what files say in common


def key_of(identifier: bytes, htype: int, hardware: bytes) -> bytes:
    """The key of the lease of a client (RFC 2131 section 4.2); b"" for nobody's."""
    if identifier:
        return bytes((BY_IDENTIFIER,)) + identifier
    return bytes((BARE, htype)) + hardware if hardware else b""


def held(address: int, identifier: bytes, htype: int, hardware: bytes, ends: int, last_used: int, *, state: int = BOUND,
         hostname: str = "", relay: bytes = b"") -> Row:
    """The row of an address that somebody has, or had."""
    return Row(address, key_of(identifier, htype, hardware), htype, hardware, hostname, ends, last_used, state, relay)


def time_within(seconds: float) -> int:
    """A time of the epoch, in whole seconds, as far as it can be stored. Raises InvalidValue where it is none."""
    if not 0 <= seconds < 1 << 40:
        raise InvalidValue("a time is not between 1970 and 2106")
    return min(int(seconds), LATEST)


def octets(text: str) -> bytes:
    """Octets in hexadecimal, with or without colons. Raises InvalidValue."""
    if PAIRS.fullmatch(text):  # as nearly all are
        return bytes.fromhex(text.replace(":", ""))
    try:
        return bytes([int(one, 16) for one in text.split(":")]) if ":" in text else bytes.fromhex(text)
    except ValueError:
        raise InvalidValue(f"{escape(text)!r} is not hexadecimal") from None


def hardware_of(text: str) -> bytes:
    """A hardware address in hexadecimal, as long as chaddr is at most (RFC 2131 section 2). Raises InvalidValue."""
    found = octets(text)
    if len(found) > LONGEST_HARDWARE:
        raise InvalidValue(f"the hardware address is longer than {LONGEST_HARDWARE} octets")
    return found


def suboption(code: int, content: bytes) -> bytes:
    """A suboption of option 82; none where it is too long for one."""
    return bytes((code, len(content))) + content if 0 < len(content) < 256 else b""


def name_from(text: str) -> str:
    """A host name, valid text whatever it was (what is read as surrogates are octets)."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
