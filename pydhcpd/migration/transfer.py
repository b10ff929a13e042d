"""The actions `-import` and `-export`: leases between the lease database and files of other servers, or for programs."""

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from pydhcpd.errors import InvalidValue
from pydhcpd.files import writing
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import Row
from pydhcpd.leases.ledger_time import LedgerTime, begun
from pydhcpd.leases.snapshot import snapshot
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration.forms import OLDER, WRITERS, form_of
from pydhcpd.migration.older_csv import write_hosts
from pydhcpd.migration.source import Source, opened
from pydhcpd.process.locks import DatabaseLock
from pydhcpd.progress import Progress

REPORTED = 20  # bad lines that are shown; the rest is counted
OLDER_FORM = "hosts"


def import_leases(database: Path, files: Sequence[str], lease_time: int) -> int:
    """Take what is in files into the lease database, all or nothing; returns the exit code.

    `lease_time` is how many seconds a lease lasts where a file does not say. Raises InvalidValue, OSError, StoreError.
    """
    lock = DatabaseLock(database)
    lock.acquire()
    try:
        store = SQLiteStore(database)
        ledger, progress = begun(store), Progress("leases imported:")
        try:
            with ExitStack() as stack:
                now = int(time.time())
                sources = [stack.enter_context(opened(file, now, lease_time)) for file in files]
                forms = [form_of(source) for source in sources]
                rows = (row for source, form in zip(sources, forms, strict=True) for row in form.read(source))
                store.import_rows(map(ledger.row_of_wall, progress.over(rows)))
            store.keep_time_note(ledger.note())
        except KeyboardInterrupt:
            print("\ninterrupted: nothing was imported", file=sys.stderr)
            return 130
        finally:
            store.close()
    finally:
        lock.release()
    what = "hosts" if all(form is OLDER for form in forms) else " and ".join(dict.fromkeys(form.words for form in forms))
    return _tell(sources, f"{progress.count} {what} imported into {database}")


def _tell(sources: Sequence[Source], result: str) -> int:
    """Say what was done, and what could not be read; returns the exit code."""
    bad = [problem for source in sources for problem in source.bad]
    for problem in bad[:REPORTED]:
        print(problem, file=sys.stderr)
    for source in sources:
        for note, count in source.notes.items():
            print(f"{source.name}: note: {count} of them {note}", file=sys.stderr)
    print(result + (f", {len(bad)} lines could not be read" if bad else ""))
    return 1 if bad else 0


def export_leases(database: Path, file: str, form: str = OLDER_FORM) -> int:
    """Write what is in the lease database to `file`, or to standard output for `-`; returns the exit code.

    `form` is one of EXPORT_FORMS (`settings.py`). A daemon may be using it meanwhile. Raises InvalidValue, StoreError.
    """
    progress, ledger = Progress("leases exported:"), LedgerTime()
    with snapshot(database) as leases:
        ledger.begin(leases.time_note, leases.newest_use)
        write = _writer(form, progress.over(leases.rows), ledger)
        if file == "-":
            write(sys.stdout)
            return 0
        try:
            with writing(Path(file)) as target:
                out = io.TextIOWrapper(target, "utf-8", "surrogateescape", newline="")
                count = write(out)
                out.detach()  # which writes what it holds
        except OSError as error:
            raise InvalidValue(f"{file} cannot be written: {error.strerror}") from error
        except KeyboardInterrupt:
            print(f"\ninterrupted: {file} is as it was", file=sys.stderr)
            return 130
    print(f"{count} {'hosts' if form == OLDER_FORM else 'leases'} exported to {file}")
    return 0


def _writer(form: str, rows: Iterable[Row], ledger: LedgerTime) -> Callable[[TextIO], int]:
    if form == OLDER_FORM:
        return lambda file: write_hosts((Host.of(row, ledger) for row in rows if row.hardware), file)
    return lambda file: WRITERS[form](_of_wall(rows, ledger), round(ledger.wall()), file)


def _of_wall(rows: Iterable[Row], ledger: LedgerTime) -> Iterator[Row]:
    """Rows whose times are the wall clock's."""
    for row in rows:
        yield row._replace(ends=round(ledger.wall_of(row.ends)), last_used=round(ledger.wall_of(row.last_used)))
