"""`snapshot`: the leases as they are at one moment, while a daemon may go on writing.

Read into a copy at once, a third of a second for a million leases, so that a slow reader of it holds up nobody.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.interface import Row, TimeNote
from pydhcpd.leases.store import APPLICATION_ID, check_database, read_time_note


class Snapshot(NamedTuple):
    """What there is at one moment: the rows by address, and how the times in them stand to the wall clock."""

    rows: Iterator[Row]
    time_note: TimeNote | None
    newest_use: int


@contextmanager
def snapshot(database: Path) -> Iterator[Snapshot]:
    """What is in a lease database. Raises InvalidValue where there is none, and StoreError; creates nothing."""
    if not database.exists():
        raise InvalidValue(f"there is no lease database {database}; name it with -host_file")
    check_database(database, (0, database.parent.stat().st_uid))
    with closing(sqlite3.connect("", isolation_level=None)) as copy:  # a temporary file of SQLite's
        try:
            with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source:
                _check_ours(database, source)
                source.backup(copy)
            place = "rows" if copy.execute("PRAGMA table_info(rows)").fetchall() else "leases"  # an older one has no such view
            rows = copy.execute(f"SELECT {_columns(copy, place)} FROM {place} ORDER BY address")  # noqa: S608
            newest = copy.execute("SELECT ifnull(max(last_used), 0) FROM leases").fetchone()[0]
            note = read_time_note(copy)
        except sqlite3.Error as error:
            raise StoreError(f"the lease database {database} cannot be read: {error}") from error
        yield Snapshot((Row(*columns) for columns in rows), note, newest)


def _columns(database: sqlite3.Connection, place: str) -> str:
    """The columns of a row; in place of one that an older version of the schema has not, what it is by default."""
    there = {name for _, name, *_ in database.execute(f"PRAGMA table_info({place})")}
    absent = {name: "x''" if isinstance(default, bytes) else "''" for name, default in Row._field_defaults.items()}
    return ", ".join(name if name in there else f"{absent[name]} AS {name}" for name in Row._fields)


def _check_ours(database: Path, source: sqlite3.Connection) -> None:
    if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise InvalidValue(f"{database} is no lease database of pydhcpd; name that with -host_file")


@contextmanager
def copied(database: Path) -> Iterator[Path]:
    """A copy of a lease database to try things on, gone afterwards; of one that is not there, the path for a new one.

    Raises InvalidValue and StoreError.
    """
    with TemporaryDirectory(prefix="pydhcpd-") as directory:
        copy = Path(directory) / "leases.db"
        if database.exists():
            check_database(database, (0, database.parent.stat().st_uid))
            try:
                with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source, closing(
                        sqlite3.connect(copy)) as target:
                    _check_ours(database, source)
                    source.backup(target)
            except sqlite3.Error as error:
                raise StoreError(f"{database}: {error}") from error
        yield copy
