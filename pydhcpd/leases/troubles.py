"""What SQLite says is wrong with the lease database, in words with a remedy."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydhcpd.errors import StoreError

ERROR, BUSY, READ_ONLY, INPUT_OUTPUT, CORRUPT, FULL, CANNOT_OPEN, NO_DATABASE = 1, 5, 8, 10, 11, 13, 14, 26  # sqlite3.h
NO_ROOM_FOR_INDEX = 10 | 19 << 8  # SQLITE_IOERR_SHMSIZE
DAMAGE = (CORRUPT, NO_DATABASE)

REMEDIES = {
    ERROR: "it has not the tables of this version of pydhcpd; put back a copy of it, or name another host_file",
    READ_ONLY: "let the user of pydhcpd write {path}, and see whether its file system is mounted read-only (findmnt -T {path})",
    INPUT_OUTPUT: "see what the kernel says of the disk (dmesg)",
    FULL: "make room on its file system (df {path})",
    CANNOT_OPEN: "see to it that {path} and its directory are there, and the user of pydhcpd may write them",
}


class Troubles:
    """Puts the errors of one database into words. `holder` tells who holds its lock."""

    def __init__(self, path: Path, holder: Callable[[], str]) -> None:
        self._path = path
        self._holder = holder
        self.damage: StoreError | None = None  # what was seen of it last, by whichever connection

    def failure(self, error: sqlite3.Error) -> StoreError:
        """What a failure means. After an error of input or output nothing that the connection believes can be trusted, a sync
        that failed the least."""
        code = code_of(error)
        if code == BUSY:
            return StoreError(f"{self._holder()} has a transaction open on it; end that, or copy the database with "
                              f"sqlite3 {self._path} '.backup FILE', which holds up nobody", is_busy=True)
        if code in DAMAGE:
            self.damage = StoreError(str(error), is_doubtful=True)
            return self.damage
        remedy = REMEDIES.get(code, "")
        words = f"{error}; {remedy.format(path=self._path)}" if remedy else str(error)
        return StoreError(words, is_doubtful=code == INPUT_OUTPUT)

    @contextmanager
    def told(self) -> Iterator[None]:
        """Raises StoreError in place of SQLite's errors."""
        try:
            yield
        except sqlite3.Error as error:
            raise self.failure(error) from error


def code_of(error: sqlite3.Error) -> int:
    """SQLite's primary result code of an error; 0 where it has none."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def lacks_room(error: sqlite3.Error) -> bool:
    """Whether there was no room on the disk for what has to be beside a database that is open."""
    return code_of(error) == FULL or getattr(error, "sqlite_errorcode", 0) == NO_ROOM_FOR_INDEX
