"""`snapshot`: the leases as they are at one moment, while a daemon may go on writing.

Read into a copy at once, a third of a second for a million leases, so that a slow reader of it holds up nobody.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.interface import Row
from pydhcpd.leases.store import APPLICATION_ID

COLUMNS = "address, client, htype, hardware, hostname, ends, last_used, state"  # those that every version of the schema has


@contextmanager
def snapshot(database: Path) -> Iterator[Iterator[Row]]:
    """The rows of a lease database, by address. Raises InvalidValue where there is none, and StoreError; creates nothing."""
    if not database.exists():
        raise InvalidValue(f"there is no lease database {database}; name it with -host_file")
    with closing(sqlite3.connect("", isolation_level=None)) as copy:  # a temporary file of SQLite's
        try:
            with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as source:
                _check_ours(database, source)
                source.backup(copy)
            rows = copy.execute(f"SELECT {COLUMNS} FROM leases ORDER BY address")  # noqa: S608
        except sqlite3.Error as error:
            raise StoreError(f"the lease database {database} cannot be read: {error}") from error
        yield (Row(*columns) for columns in rows)


def _check_ours(database: Path, source: sqlite3.Connection) -> None:
    if source.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise InvalidValue(f"{database} is no lease database of pydhcpd; name that with -host_file")
