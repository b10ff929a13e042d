"""What becomes of a lease database that is damaged, gone, or another: looked at, set aside, made anew of what is left.

Owns the names of what is set aside, and the words for the loss. Does not know the schema.
"""

import logging
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.files import sync_directory
from pydhcpd.leases.interface import Row
from pydhcpd.leases.salvage import MAGIC, Salvage, log_is_cut, salvage
from pydhcpd.leases.troubles import DAMAGE, code_of
from pydhcpd.progress import Progress

log = logging.getLogger(__name__)

APPLICATION_ID_AT = 68  # in the header of a database
MOST_RANGES_TOLD = 5
NO_LEASE = """
SELECT address FROM leases WHERE typeof(client) <> 'blob' OR typeof(hardware) <> 'blob' OR typeof(hostname) <> 'text'
    OR typeof(htype) <> 'integer' OR typeof(ends) <> 'integer' OR typeof(last_used) <> 'integer' OR state NOT IN (1, 2, 3)
    OR address NOT BETWEEN 0 AND 4294967295 LIMIT 1"""
Write = Callable[[Path, Iterable[Row]], None]
"""Makes a new database of these rows."""


def log_of(database: Path) -> Path:
    """The write-ahead log of a database."""
    return Path(f"{database}-wal")


def is_absent(database: Path) -> bool:
    """Whether there is no database, or nothing in it."""
    return not database.exists() or database.stat().st_size == 0


def damage_without_reading(database: Path, application_id: int, had_leases: bool) -> str:
    """What is wrong before SQLite is asked, which throws a log away whose database is gone; empty where nothing is.

    A file that is no database is one of ours that was overwritten, if it is known that there was one, or has leases.
    """
    logged = log_of(database)
    if is_absent(database):
        has_log = logged.exists() and any(logged.read_bytes())
        return f"{'it is empty' if database.exists() else 'it is gone'}, and only its log is left" if has_log else ""
    if _start_of(database).startswith(MAGIC):
        return ""
    return "its first page is overwritten" if is_ours(database, application_id, had_leases) else ""


def is_ours(database: Path, application_id: int, had_leases: bool) -> bool:
    """Whether a database is one of ours: it says so, or nothing, and there are leases in it or known to have been."""
    start = _start_of(database)
    told = int.from_bytes(start[APPLICATION_ID_AT:APPLICATION_ID_AT + 4], "big") if start.startswith(MAGIC) else 0
    if told:
        return told == application_id
    return had_leases or bool(salvage(database, log_of(database)).rows)


def _start_of(database: Path) -> bytes:
    with database.open("rb") as file:
        return file.read(100)


def damage_seen_by(connection: sqlite3.Connection, database: Path) -> str:
    """What is wrong with a database by SQLite's quick check, with its log, and by what its rows hold: 0.6 s for a million."""
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            return " ".join(str(found).removeprefix("*** in database main ***").split())
        frames = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()[1]
        if log_is_cut(database, log_of(database), max(int(frames), 0)):
            return "its log is cut in the middle"
        return "a row is no lease" if connection.execute(NO_LEASE).fetchall() else ""
    except sqlite3.Error as error:
        if code_of(error) not in DAMAGE:
            raise
        return str(error)


def is_open(path: Path) -> bool:
    """Whether this process has the file at a path open."""
    with suppress(OSError):
        status = path.stat()
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
            with suppress(OSError):
                if os.path.samestat(os.stat(f"/proc/self/fd/{name}"), status):  # noqa: PTH116
                    return True
    return False


def set_aside(database: Path, why: str, *, with_log: bool = True) -> Path:
    """Give a database, and its log, names with the time in them, where they stay; returns that of the database."""
    stem = aside = f"{database}.{why}-{time.strftime('%Y%m%d-%H%M%S')}"
    number = 1
    while os.path.lexists(aside) or os.path.lexists(f"{aside}-wal"):
        number += 1
        aside = f"{stem}-{number}"
    for suffix in ("", "-wal") if with_log else ("",):
        with suppress(FileNotFoundError):
            os.rename(f"{database}{suffix}", f"{aside}{suffix}")  # noqa: PTH104
    if with_log:
        Path(f"{database}-shm").unlink(missing_ok=True)
    return Path(aside)


def put_back(database: Path, aside: Path) -> None:
    """Undo `set_aside`."""
    for suffix in ("", "-wal"):
        with suppress(OSError):
            os.rename(f"{aside}{suffix}", f"{database}{suffix}")  # noqa: PTH104


def recovered(database: Path, aside: Path, trouble: str, write: Write) -> tuple[Salvage, str]:
    """Make the database anew of what was set aside; returns what was saved, and that in words. Raises InvalidValue where it
    cannot be made; then, and where it is interrupted, all is where it was."""
    progress = Progress("leases recovered:")
    try:
        saved = salvage(aside, log_of(aside), progress.add)
        replace(database, lambda made: write(made, saved.rows))
    except (sqlite3.Error, OSError) as error:
        put_back(database, aside)
        raise InvalidValue(f"the lease database {database} is damaged ({trouble}), and cannot be recovered: {error}; make room "
                           "on its file system and let the user of pydhcpd write there, or put back a copy of it") from error
    except KeyboardInterrupt:
        put_back(database, aside)
        raise
    finally:
        progress.end()
    return saved, (f"the lease database {database} was damaged ({trouble}), and is kept as {aside}; {len(saved.rows)} leases "
                   f"were recovered, {_loss(saved)}")


def replace(database: Path, make: Callable[[Path], None]) -> None:
    """Put a new database, which `make` writes, where there is none. Raises what `make` raises, and OSError."""
    made = Path(f"{database}.new")
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            os.unlink(f"{made}{suffix}")  # noqa: PTH108
    try:
        make(made)
        made.chmod(0o640)
        os.rename(made, database)  # noqa: PTH104
    except BaseException:
        with suppress(OSError):
            made.unlink()
        raise
    sync_directory(database.parent)


def _loss(saved: Salvage) -> str:
    """How much was lost, in words."""
    if not saved.damaged:
        return "none was lost" if saved.lost == [] else "how many are lost cannot be told"
    where = "their addresses cannot be told" if saved.lost is None else "of the addresses " + ", ".join(
        f"{address_text(first)} to {address_text(last)}" for first, last in saved.lost[:MOST_RANGES_TOLD])
    more = f" and {len(saved.lost) - MOST_RANGES_TOLD} ranges more" if saved.lost and len(
        saved.lost) > MOST_RANGES_TOLD else ""
    missing = f"about {saved.missing}" if saved.pages else "an unknown number"
    return f"{missing} lost with {saved.damaged} page{'s' * (saved.damaged > 1)}, {where}{more}"
