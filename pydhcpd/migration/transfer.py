"""The actions `-import` and `-export`: hosts between the lease database and files of the older form."""

import io
import sys
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_ends, writing
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.ledger_time import LedgerTime, begun
from pydhcpd.leases.snapshot import snapshot
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration.older_csv import read_hosts, write_hosts
from pydhcpd.process.locks import DatabaseLock
from pydhcpd.progress import Progress

REPORTED = 20  # bad lines that are shown; the rest is counted


def import_hosts(database: Path, file: str, lease_time: int) -> int:
    """Take hosts of `file` into the lease database; returns the exit code. Raises InvalidValue, OSError, StoreError."""
    bad: list[str] = []
    lock = DatabaseLock(database)
    lock.acquire()
    try:
        store = SQLiteStore(database)
        ledger = begun(store)
        progress = Progress("hosts imported:")
        try:
            check_ends(Path(file))
            with open(file, encoding="utf-8", errors="surrogateescape", newline="") as lines:  # noqa: PTH123
                store.import_rows(map(ledger.row_of_wall, progress.over(read_hosts(lines, lease_time, bad.append))))
            store.keep_time_note(ledger.note())
        except OSError as error:
            raise InvalidValue(f"{file} cannot be read: {error.strerror}") from error
        except KeyboardInterrupt:
            print("\ninterrupted: nothing was imported", file=sys.stderr)
            return 130
        finally:
            store.close()
    finally:
        lock.release()
    for problem in bad[:REPORTED]:
        print(f"{file}: {problem}", file=sys.stderr)
    print(f"{progress.count} hosts imported into {database}" + (f", {len(bad)} lines could not be read" if bad else ""))
    return 1 if bad else 0


def export_hosts(database: Path, file: str) -> int:
    """Write the hosts of the lease database to `file`, or to standard output for `-`; returns the exit code.

    A daemon may be using it meanwhile. Raises InvalidValue, StoreError.
    """
    progress, ledger = Progress("hosts exported:"), LedgerTime()
    with snapshot(database) as leases:
        ledger.begin(leases.time_note, leases.newest_use)
        hosts = progress.over(Host.of(row, ledger) for row in leases.rows if row.hardware)
        if file == "-":
            write_hosts(hosts, sys.stdout)
            return 0
        try:
            with writing(Path(file)) as target:
                out = io.TextIOWrapper(target, "utf-8", "surrogateescape", newline="")
                write_hosts(hosts, out)
                out.detach()  # which writes what it holds
        except OSError as error:
            raise InvalidValue(f"{file} cannot be written: {error.strerror}") from error
        except KeyboardInterrupt:
            print(f"\ninterrupted: {file} is as it was", file=sys.stderr)
            return 130
    print(f"{progress.count} hosts exported to {file}")
    return 0
