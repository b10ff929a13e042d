"""What the databases of services beside the leases have in common: they are SQLite's, with a log (WAL), marked as to whose they
are and of which version, and say when a transaction begins. What was not synced yet may be lost in a power cut."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from pydhcpd.leases.store import check_database

LARGEST_LOG = 16 << 20  # bytes that are left to it


class Foreign(Exception):
    """The file is no database of this kind and version."""


class Kind(NamedTuple):
    """What a database is. `pragmas` hold for its connections, beside those that all have."""

    what: str
    application_id: int
    version: int
    schema: Sequence[str]
    pragmas: Sequence[str] = ()


def opened(path: Path, kind: Kind, patience: float) -> sqlite3.Connection:
    """Open or create one, to write; another program's lock is waited for so many seconds. Raises InvalidValue where others
    could write it, Foreign, and sqlite3.Error."""
    check_database(path)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rwc", uri=True, isolation_level=None,
                                 check_same_thread=False, timeout=patience)
    try:
        _prepare(connection, path, kind)
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, kind: Kind) -> None:
    execute = connection.execute
    is_new = not execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    marks = tuple(execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
    if not is_new and marks != (kind.application_id, kind.version):
        raise Foreign(f"it is no {kind.what} of this version of pydhcpd")
    path.chmod(0o640)
    for one in (*kind.pragmas, "journal_mode = WAL", "synchronous = NORMAL", f"journal_size_limit = {LARGEST_LOG}"):
        execute(f"PRAGMA {one}")
    if is_new:
        marking = f"PRAGMA application_id = {kind.application_id}", f"PRAGMA user_version = {kind.version}"
        with transaction(connection):
            for step in (*kind.schema, *marking):
                execute(step)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing of what is done within, and nobody else writes meanwhile. Raises sqlite3.Error."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            connection.rollback()
        raise
