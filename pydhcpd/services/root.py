r"""`Root`: a directory whose files are given to anybody who asks, and nothing else is. TFTP and HTTP serve by its rules.

A name is a path under the root, however it begins: `x`, `/x` and `\x` are the same file. It is walked a component at a time,
each opened in the directory before it, so that nobody can change the way behind our back; `..` goes back to the directory that
we came from. A link is followed as long as it stays below the root. What is not a plain file that we may read is refused: it
is looked at before it is opened, and opening waits for nothing.

A refusal says what was asked for, why it is not given, and what there is instead. That search has a limit, for strangers
choose what is searched for. Does not know who asks, nor how a file is sent.
"""

import errno
import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Self

from pydhcpd.escape import escape

MOST_LINKS = 40  # as the kernel has it (path_resolution(7))
MOST_COMPONENTS = 64  # of a name, and of what its links add
MOST_LISTED = 512  # names that are looked through for one like that which was asked for
DEEPEST = 4  # directories below the root in which a name is looked for
SEARCHES = 20.0  # a second, at the most: one takes a few milliseconds

_PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

MISSING, FORBIDDEN = "missing", "forbidden"


class Refused(Exception):
    """A file that is not given. `str()` of it says why, in words for the administrator; `kind` is MISSING or FORBIDDEN."""

    def __init__(self, kind: str, words: str) -> None:
        super().__init__(words)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class File:
    """A plain file, open to be read. `path` is where it is under the root, as it was asked for; who takes it closes it."""

    descriptor: int
    path: str
    status: os.stat_result

    def close(self) -> None:
        """Give up the descriptor."""
        os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Root:
    """The directory at `path`, which may come and go. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._searches, self._searched_at = SEARCHES, 0.0

    def open(self, name: str, now: float) -> File:
        """The file of this name; `now` is of a clock that does not go back. Raises Refused."""
        parts = components(name)
        shown = escape("/".join(parts) or "the root itself")
        if "\0" in name or len(parts) > MOST_COMPONENTS:
            raise Refused(FORBIDDEN, f"asked for {shown}, which is no name of a file")
        try:
            return self._walk(parts, name)
        except _NotThere:
            raise Refused(MISSING, f"asked for {shown}, which is not there{self._instead(parts, now)}") from None
        except _NotGiven as error:
            raise Refused(FORBIDDEN, f"asked for {shown}, which {error}") from None
        except OSError as error:
            raise Refused(FORBIDDEN, f"asked for {shown}, which cannot be read: {error.strerror}") from error

    def _walk(self, parts: list[str], name: str) -> File:
        with _Way(self.path) as way:
            rest = deque(parts)
            if not rest or name.endswith(("/", "\\")):
                raise _NotGiven("is a directory")
            while True:
                part = rest.popleft()
                if part == "..":
                    way.back()
                elif (target := way.enter(part, is_last=not rest)) is not None:
                    rest.extendleft(reversed(way.followed(target)))
                if way.file is not None:
                    return File(way.file, "/".join(parts), os.fstat(way.file))
                if not rest:
                    raise _NotGiven("is a directory")

    # --- what there is instead

    def _instead(self, parts: list[str], now: float) -> str:
        """What is most like a name that is not there, in words; empty where there is nothing, or no time to look."""
        if not self.path.is_dir():
            return f"; nor is the root, {self.path}"
        self._searches = min(self._searches + (now - self._searched_at) * SEARCHES, SEARCHES)
        self._searched_at = now
        if self._searches < 1.0:
            return ""
        self._searches -= 1.0
        asked = "/".join(parts)
        found = nearest(asked, list(self._listed()))
        if found == asked:
            return ": it is a link to what is not there"
        return f"; there is {escape(found)}" if found else ""

    def _listed(self) -> Iterator[str]:
        """Some of the files below the root, those nearest to it first."""
        waiting, left = deque([""]), MOST_LISTED
        while waiting:
            directory = waiting.popleft()
            for name, is_directory in _entries(self.path / directory, left):
                left -= 1
                place = f"{directory}{name}"
                if not is_directory:
                    yield place
                elif place.count("/") < DEEPEST:
                    waiting.append(f"{place}/")


class _NotThere(Exception):
    """No such file."""


class _NotGiven(Exception):
    """There is something, but it is not for those who ask: why, to follow "which"."""


class _Way:
    """The directories from the root to where a walk has come, open, and at its end the file."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._links, self._steps = 0, 0
        self.file: int | None = None
        try:
            self._directories = [os.open(root, _DIRECTORY)]
        except (FileNotFoundError, NotADirectoryError):
            raise _NotThere from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._directories:
            os.close(one)

    def back(self) -> None:
        """To the directory that we came from."""
        if len(self._directories) == 1:
            raise _NotGiven("leaves the root")
        os.close(self._directories.pop())

    def enter(self, part: str, is_last: bool) -> str | None:
        """Go on by a directory, or to the file. Returns the target of a link, which is to be followed."""
        self._steps += 1
        if self._steps > MOST_COMPONENTS + MOST_LINKS:
            raise _NotGiven("leads through too many directories")
        place = self._look(part)
        try:
            mode = os.fstat(place).st_mode
            if stat.S_ISLNK(mode):
                return os.readlink("", dir_fd=place)
            if stat.S_ISDIR(mode):
                self._directories.append(os.dup(place))
            elif not is_last:
                raise _NotThere
            else:
                self.file = self._opened(part, place)
        finally:
            os.close(place)
        return None

    def _look(self, part: str) -> int:
        try:
            return os.open(part, _PLACE, dir_fd=self._directories[-1])
        except (FileNotFoundError, NotADirectoryError):
            raise _NotThere from None
        except OSError as error:
            if error.errno in (errno.ENAMETOOLONG, errno.EINVAL):
                raise _NotThere from None
            if error.errno == errno.EACCES:
                raise _NotGiven("is in a directory that the user of pydhcpd may not enter; run: chmod a+rx on it") from None
            raise

    def followed(self, target: str) -> list[str]:
        """The components that a link leads to, from the directory that it is in, or from the root."""
        self._links += 1
        if self._links > MOST_LINKS:
            raise _NotGiven("leads through too many links")
        if not target.startswith("/"):
            return _parts(target)
        for root in {str(self._root.absolute()), os.path.realpath(self._root)}:
            if target == root or target.startswith(f"{root.rstrip('/')}/"):
                while len(self._directories) > 1:
                    self.back()
                return _parts(target.removeprefix(root))
        raise _NotGiven(f"is a link that leaves the root, to {escape(target)}")

    def _opened(self, part: str, place: int) -> int:
        """The descriptor to read what was looked at."""
        looked_at = os.fstat(place)
        if not stat.S_ISREG(looked_at.st_mode):
            raise _NotGiven("is no plain file")
        try:
            opened = os.open(part, _FILE, dir_fd=self._directories[-1])
        except FileNotFoundError:
            raise _NotThere from None
        except PermissionError:
            raise _NotGiven("the user of pydhcpd may not read; run: chmod a+r on it") from None
        if not os.path.samestat(looked_at, os.fstat(opened)):  # another has taken its place in between
            os.close(opened)
            raise _NotThere
        return opened


def components(name: str) -> list[str]:
    r"""The components of a name from the network, in which `\` separates as `/` does."""
    return _parts(name.replace("\\", "/"))


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in ("", ".")]


def _entries(directory: Path, most: int) -> list[tuple[str, bool]]:
    """Some names in a directory, and whether each is a directory itself; none where it cannot be read."""
    found: list[tuple[str, bool]] = []
    try:
        with os.scandir(directory) as entries:
            for entry in entries:
                if len(found) >= most:
                    break
                found.append((entry.name, entry.is_dir(follow_symlinks=False)))
    except OSError:
        return found
    return sorted(found)


def nearest(name: str, names: list[str]) -> str:
    """That of the names that was most likely meant: the same but for capitals; the same in another directory; one that is
    written nearly so in the same directory. Empty where there is none."""
    folded, last = name.casefold(), name.rpartition("/")[2].casefold()
    alike = [one for one in names if one.casefold() == folded]
    elsewhere = [one for one in names if one.rpartition("/")[2].casefold() == last]
    directory = folded.rpartition("/")[0]
    beside = {one.casefold(): one for one in names if one.casefold().rpartition("/")[0] == directory}
    written = [beside[one] for one in get_close_matches(folded, list(beside), 1)]
    return next(iter([*alike, *elsewhere, *written]), "")
