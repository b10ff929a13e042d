"""The embedded store of leases: SQLite with a write-ahead log, synced at every commit. A `LeaseStore`, and the only copy.

One connection writes; the caller sees to it that one thread at a time uses it. Readers (the prompt, exports) have
connections of their own, and the log is written back into the database by a third one, beside the path: no commit pays
for that.
"""

import logging
import os
import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

from pydhcpd.alarms import DATABASE_FILE, DATABASE_LOG, Alarms
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.files import check_owned
from pydhcpd.leases.caution import Caution
from pydhcpd.leases.custody import (
    damage_seen_by,
    damage_without_reading,
    is_absent,
    is_open,
    is_ours,
    log_of,
    recovered,
    replace,
    set_aside,
)
from pydhcpd.leases.holders import READ, WRITE, Holders
from pydhcpd.leases.interface import BOUND, RELEASED, Fields, PlainFields, Release, Row, TimeNote
from pydhcpd.leases.queries import PORTION, LeaseQueries
from pydhcpd.leases.troubles import Troubles, lacks_room

log = logging.getLogger(__name__)

APPLICATION_ID = 0x70796468  # "pydh", to know our files from others
SCHEMA_VERSION = 5
WAL_LIMIT = 32 << 20  # bytes of log from which it begins anew even if a commit has to wait a few milliseconds
WRITE_BACK = 1 << 20  # bytes of new log that are written back at once; the sync of 16 times that holds up commits 50 ms
LAID_OUT = 40 << 20  # bytes of log for which room is made at the start: the limit, and what is added while it is written back
PLENTY = 8 * LAID_OUT  # bytes that must be free on the disk for that
FRAME = 24  # bytes of log around each page
WAIT = 50  # milliseconds for which a commit waits where another program has a transaction open on the database
PATIENCE = 5.0  # seconds for which the start, and whoever works beside the path, waits for that
DAY = 86400
PAGE = 1024  # bytes: a renewal writes a page to the log, and renewals come in any order; a quarter of the default's writing

SCHEMA = """
CREATE TABLE leases (
    address INTEGER PRIMARY KEY,  -- host byte order
    client BLOB NOT NULL,         -- the key: 1 and client identifier, or 2, hardware type and address; empty: nobody's
    htype INTEGER NOT NULL,
    hardware BLOB NOT NULL,
    hostname TEXT NOT NULL,       -- given to the client, else sent by it
    ends INTEGER NOT NULL,        -- by the ledger's time; 4294967295 never comes; of a released one, when that was
    last_used INTEGER NOT NULL,
    state INTEGER NOT NULL,       -- 1 bound, 2 released, 3 quarantined
    relay BLOB NOT NULL DEFAULT x'',  -- giaddr (0 on our own link) and option 82 as they came last, for renewals without
    limits TEXT NOT NULL DEFAULT '',  -- what the lease counts for, where the number of leases is limited; one a line
    sent_name TEXT NOT NULL DEFAULT ''  -- what the client sent, where another name was given to it
)"""

# What few leases have is not theirs to carry, for each renewal of each would pay for it. What is said there of the DNS tells of
# which client it is, so that it may stay until somebody else says something.
DNS = """
CREATE TABLE dns (
    address INTEGER PRIMARY KEY,
    said TEXT NOT NULL  -- whose wish, and what name: `policy.dns.wishes`
)"""
ROWS = """
CREATE VIEW rows AS SELECT leases.*, ifnull((SELECT said FROM dns WHERE dns.address = leases.address), '') AS dns FROM leases"""

LEDGER_TIME = """
CREATE TABLE ledger_time (
    number INTEGER PRIMARY KEY CHECK (number = 1),  -- there is one row; without it the ledger's time is the wall clock's
    wall_less_ledger REAL NOT NULL,    -- seconds to be added to the times of leases, for people
    ledger REAL NOT NULL,              -- its time when this was written
    boot TEXT NOT NULL,                -- in which boot of the machine; empty: unknown
    ledger_less_boot REAL NOT NULL,    -- what it is less CLOCK_BOOTTIME in that boot
    latest_wall REAL NOT NULL,         -- the latest that the wall clock has ever said,
    latest_less_ledger REAL NOT NULL   -- and how much more than the ledger's time that was
)"""

# Made with the first lease that counts for anything, a fifth of a second for a million others. Where nothing is limited, no
# commit pays for it, and a start knows at once that there is nothing to look for.
LIMITED_INDEX = "CREATE INDEX IF NOT EXISTS leases_limited ON leases (address) WHERE limits <> ''"

# Each step from one version of the schema to the next.
MIGRATIONS = {1: ("ALTER TABLE leases ADD COLUMN relay BLOB NOT NULL DEFAULT x''",
                  "ALTER TABLE leases ADD COLUMN limits TEXT NOT NULL DEFAULT ''"),
              2: ("ALTER TABLE leases ADD COLUMN sent_name TEXT NOT NULL DEFAULT ''",),
              3: (LEDGER_TIME,),
              4: (DNS, ROWS)}

BESIDE = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to the name of a database for files of its own."""

QUERY_INDEXES = {"leases_by_hardware": "hardware", "leases_by_client": "client"}  # for leasequery (RFC 4388)

BETWEEN = "address BETWEEN ? AND ?"
RUNNING = f"state = {BOUND} AND client <> x'' AND ends > ?"

GOES_ON = f"client = excluded.client AND state = {BOUND} AND excluded.state = {BOUND}"
CHANGES = f"""
    client = excluded.client, htype = excluded.htype, hardware = excluded.hardware,
    hostname = iif(excluded.hostname = '' AND {GOES_ON}, hostname, excluded.hostname),
    ends = excluded.ends, last_used = excluded.last_used, state = excluded.state"""

# Two ways of storing a row, for three more values to bind would make each renewal an eighth dearer. Both keep the names, and
# what the relay said, of a lease whose client now comes without: a renewal comes straight to the server.
UPSERT_PLAIN = f"""
INSERT INTO leases (address, client, htype, hardware, hostname, ends, last_used, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (address) DO UPDATE SET {CHANGES}, limits = '', relay = iif({GOES_ON}, relay, x''),
    sent_name = iif({GOES_ON}, sent_name, '')"""  # noqa: S608

UPSERT = f"""
INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET {CHANGES},
    limits = excluded.limits,
    relay = iif(excluded.relay = x'' AND {GOES_ON}, relay, excluded.relay),
    sent_name = iif(excluded.sent_name = '' AND {GOES_ON}, sent_name, excluded.sent_name)"""  # noqa: S608

IMPORT = f"{UPSERT} WHERE excluded.last_used >= last_used"

RELEASE = f"UPDATE leases SET client = ?, ends = ?, state = {RELEASED} WHERE address = ?"  # noqa: S608

KEEP_DNS = "INSERT OR REPLACE INTO dns VALUES (?, ?)"

KEEP_TIME_NOTE = "INSERT OR REPLACE INTO ledger_time VALUES (1, ?, ?, ?, ?, ?, ?)"

PLAIN = 8  # columns of a row that has no more
LIMITS, DNS_SAID = 9, 11
_NONE_REFUSED: frozenset[int] = frozenset()


def check_database(path: Path, owners: Collection[int] = ()) -> None:
    """Raise InvalidValue where a lease database, or what SQLite has beside it, could be another's than ours or of `owners`."""
    for suffix in BESIDE:
        check_owned(Path(f"{path}{suffix}"), owners)


class SQLiteStore:
    """Leases in one SQLite file, which this process alone writes: no binding is ever refused."""

    def __init__(self, path: Path, alarms: Alarms | None = None, longest: int = DAY, *, is_whole: bool = False) -> None:
        """Open or create the file. Raises InvalidValue where it is not ours to use, naming the remedy.

        One that is damaged is set aside and made anew of what is left; `longest` is the longest lease that may be lost (s).
        `is_whole`: it was looked at a moment ago.
        """
        self.path = path
        self.name = f"the lease database {path}"
        self.alarms = Alarms() if alarms is None else alarms
        self.caution = Caution(path, self.alarms)
        self.longest = longest
        self._holders = Holders(path)
        self._troubles = Troubles(path, self._holders.words)
        self._reading = "mode=ro"  # how those who read open it
        self._is_waiting = True  # whether a commit waits for who is in the way: the first one does
        self.is_due = threading.Event()  # set when the log is so long that it is to be written back
        self._logged = 0  # bytes, at the most, that the log has got since it was last written back
        self._looked = -1  # the same when `keep` last looked
        self._pages = 1  # of the log that a row takes
        self._time_note: TimeNote | None = None  # for a database that is made anew
        check_database(path)
        refuse_csv(path)
        if not is_whole:
            self._examine()
        self._writer = self._begin()
        self._place = self.path.stat()

    @property
    def damage(self) -> StoreError | None:
        """Why the file has to be recovered, which `reopen` does; None where it need not."""
        return self._troubles.damage

    def _begin(self) -> sqlite3.Connection:
        """The connection that writes, at the start: to a new file, if there is none."""
        is_new = is_absent(self.path)
        if is_new and self.caution.had_leases:
            what = "empty" if self.path.exists() else "gone"
            self.caution.begin(f"{self.name} is {what}, and there were leases in it: it is begun anew without them",
                               self.longest)
        try:
            return self._open("rwc" if is_new else "rw")
        except sqlite3.Error as error:
            if not lacks_room(error) or is_new or self._has_log():
                raise InvalidValue(f"{self.name} cannot be opened: {self._troubles.failure(error)}") from error
            return self._makeshift()

    def _has_log(self) -> bool:
        return log_of(self.path).exists() and any(log_of(self.path).read_bytes())

    def _makeshift(self) -> sqlite3.Connection:
        """A connection that only reads, while the disk has no room for what has to be beside a database that is open."""
        self._reading = "immutable=1"
        connection = self._connect(self._reading)
        self._check_ours(connection, connection.execute("PRAGMA user_version").fetchone()[0])
        self._is_limited = _has_limits(connection)
        return connection

    def _examine(self) -> None:
        """Look whether the file is whole; one that is not is set aside, and made anew of what is left. Raises InvalidValue."""
        trouble = damage_without_reading(self.path, APPLICATION_ID, self.caution.had_leases)
        aside = set_aside(self.path, "damaged") if trouble else None
        if not trouble and not is_absent(self.path):
            trouble, aside = self._looked_at()
        if aside is not None:
            saved, words = recovered(self.path, aside, trouble, self._write_new)
            self.caution.begin(words, self.longest, saved.lost or ())

    def _looked_at(self) -> tuple[str, Path | None]:
        """What SQLite finds wrong, and then under which name it was set aside: before it is closed, which would end the log."""
        with suppress(sqlite3.Error), closing(self._connect("mode=rw")) as connection:
            trouble = damage_seen_by(connection, self.path)
            with suppress(sqlite3.Error):
                self._time_note = read_time_note(connection)
            if trouble and is_ours(self.path, APPLICATION_ID, self.caution.had_leases):
                return trouble, set_aside(self.path, "damaged")
            is_to_have = self.caution.had_leases and not self.caution.is_on
            if is_to_have and not connection.execute("SELECT 1 FROM leases LIMIT 1").fetchall():
                self.caution.begin(f"{self.name} has no lease in it any more", self.longest)
        return "", None

    def _write_new(self, path: Path, rows: Iterable[Row]) -> None:
        """Make a whole new database of rows."""
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA synchronous = FULL")
            self._make_schema(connection)
            connection.execute("BEGIN")
            for row in rows:
                _store_full(connection, [row])
            connection.execute(LIMITED_INDEX)
            if self._time_note is not None:
                connection.execute(KEEP_TIME_NOTE, self._time_note)
            connection.execute("COMMIT")

    def _make_schema(self, connection: sqlite3.Connection) -> None:
        self._change_schema(connection, (SCHEMA, LEDGER_TIME, DNS, ROWS, f"PRAGMA application_id = {APPLICATION_ID}"))

    def _open(self, mode: str = "rw") -> sqlite3.Connection:
        check_database(self.path)
        refuse_csv(self.path)
        connection = self._connect(f"mode={mode}")
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        connection.execute(f"PRAGMA busy_timeout = {WAIT}")
        self._reading, self._is_waiting = "mode=ro", True
        return connection

    def _connect(self, how: str = "") -> sqlite3.Connection:
        """A connection, by default one that only reads: never does it create the file."""
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?{how or self._reading}", uri=True, isolation_level=None,
                                     check_same_thread=False, timeout=PATIENCE)
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        is_new = version == 0 and tables == 0
        if not is_new:
            self._check_ours(connection, version)
        self.path.chmod(0o640)
        connection.execute(f"PRAGMA page_size = {PAGE}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA journal_size_limit = -1")  # a log made shorter would have to grow again
        if is_new:
            self._make_schema(connection)
        elif version < SCHEMA_VERSION:
            self._change_schema(connection, [step for one in range(version, SCHEMA_VERSION) for step in MIGRATIONS[one]])
            log.info("%s was changed from schema version %d to %d", self.name, version, SCHEMA_VERSION)
        self._is_limited = _has_limits(connection)

    @staticmethod
    def _change_schema(connection: sqlite3.Connection, steps: Iterable[str]) -> None:
        """Bring the file to the present version, all at once or not at all."""
        connection.execute("BEGIN IMMEDIATE")
        try:
            for step in steps:
                connection.execute(step)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.rollback()
            raise

    def lay_out(self) -> None:
        """Give the log its full length, so that no commit has to: a sync of what is overwritten needs no change of the file
        system, and does not wait for one of the database's that is under way.

        Zeros behind the log are its end to who reads it (SQLite, walformat.html); appended, they overwrite nothing that
        is committed at the same time.
        """
        try:
            free = os.statvfs(self.path.parent)
            with open(f"{self.path}-wal", "ab", buffering=0) as log_file:  # noqa: PTH123
                missing = LAID_OUT - log_file.tell()
                if missing > 0 and free.f_bavail * free.f_frsize > PLENTY:
                    log_file.write(bytes(missing))
                    os.fsync(log_file.fileno())
        except OSError as error:
            raise StoreError(f"its log cannot be laid out in advance: {error}") from error

    def _check_ours(self, connection: sqlite3.Connection, version: int) -> None:
        """Refuse a foreign database before anything of it is changed."""
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise InvalidValue(f"{self.path} is a database of another program; name another file as host_file")
        if not 1 <= version <= SCHEMA_VERSION:
            raise InvalidValue(f"{self.path} has schema version {version}, and this program knows {SCHEMA_VERSION}; "
                               "use the version of pydhcpd that wrote it")

    def commit(self, rows: Sequence[PlainFields | Fields], releases: Sequence[Release] = (),
               holders: Sequence[bytes] = ()) -> frozenset[int]:  # noqa: ARG002  # nobody else writes here
        """Store rows, and the ends of leases, for good: when it returns they survive a power cut. All or none."""
        writer, is_limited = self._writer, self._is_limited
        self._check_room()
        try:
            writer.execute("BEGIN IMMEDIATE")
            plain = [row for row in rows if len(row) == PLAIN]
            if plain:
                writer.executemany(UPSERT_PLAIN, plain)
            if len(plain) < len(rows):
                full = [row for row in rows if len(row) > PLAIN]
                _store_full(writer, full)
                if not is_limited and any(row[LIMITS] for row in full):
                    writer.execute(LIMITED_INDEX)
                    is_limited = True
            if releases:
                writer.executemany(RELEASE, releases)
            writer.execute("COMMIT")
        except sqlite3.Error as error:
            if writer.in_transaction:
                writer.rollback()
            raise self._failed(error) from error
        if not self._is_waiting:
            self._wait_for_others(True)
        self._is_limited = is_limited  # not sooner, for a reader cannot name the index before it is committed
        self._logged += self.most_logged(len(rows) + len(releases))
        if self._logged > WRITE_BACK and not self.is_due.is_set():
            self.is_due.set()
        return _NONE_REFUSED

    def _check_room(self) -> None:
        """Raise StoreError while it could be opened only to be read."""
        if self._reading != "mode=ro":
            raise StoreError(f"there was no room on the disk to open it; make room (df {self.path})", is_doubtful=True)

    def _failed(self, error: sqlite3.Error) -> StoreError:
        """What a failure of the connection that writes means."""
        failure = self._troubles.failure(error)
        if failure.is_busy and self._is_waiting:
            self._wait_for_others(False)
        return failure

    def _wait_for_others(self, is_waiting: bool) -> None:
        """Whether a commit waits for others. While one of them is known to be in the way the next attempts do not."""
        self._is_waiting = is_waiting
        with suppress(sqlite3.Error):
            self._writer.execute(f"PRAGMA busy_timeout = {WAIT if is_waiting else 0}")

    def reopen(self) -> None:
        """Close and open again: after an I/O error nothing that the connection believes can be trusted. What is damaged is
        recovered, and what was displaced put back."""
        with self._troubles.told():
            if self._is_displaced():
                self._put_back()
                return
            if self.damage is not None and self._reading == "mode=ro":
                self._recover()
            else:
                self._writer.close()
            self._open_again()

    def _open_again(self) -> None:
        """Open for writing; where there is no room for that, to read what there is until then."""
        try:
            self._writer = self._open()
        except sqlite3.Error as error:
            if lacks_room(error) and not self._has_log():
                self._writer = self._makeshift()
            raise
        self._place = self.path.stat()

    def _recover(self) -> None:
        """Set the damaged file aside, before it is closed, and make it anew."""
        aside = set_aside(self.path, "damaged")
        self._writer.close()
        saved, words = recovered(self.path, aside, "a page was found damaged while it was in use", self._write_new)
        self._troubles.damage = None
        self.caution.begin(words, self.longest, saved.lost or ())

    def _is_displaced(self) -> bool:
        """Whether the files that are open are not those at the path any more; without its log a database is not whole."""
        return not (self._is_in_place() and is_open(log_of(self.path)))

    def _is_in_place(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(self._place, self.path.lstat())
        return False

    def _put_back(self) -> None:
        """Save what the open connection has to a new file, which takes the place of what is there; that is set aside."""
        saved, logged = Path(f"{self.path}.saved"), log_of(self.path)
        replace(saved, self._copy_to)
        is_logged, is_foreign = is_open(logged), self.path.exists() and not self._is_in_place()
        aside = set_aside(self.path, "foreign", with_log=not is_logged) if is_foreign else None
        self._writer.close()
        logged.unlink(missing_ok=True)
        Path(f"{self.path}-shm").unlink(missing_ok=True)
        saved.rename(self.path)
        self._writer = self._open()
        self._place = self.path.stat()
        what = "replaced" if aside else "removed, or its log,"
        kept = f", and what stood there is kept as {aside}" if aside else ""
        self.alarms.begin(DATABASE_FILE, f"{self.name} was {what} while it was in use; all leases were saved to a new file in "
                          f"its place{kept}; stop pydhcpd before its database is changed")

    def _copy_to(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as copy:
            self._writer.backup(copy)

    def row(self, address: int) -> Row | None:
        """The row of an address, by the writing connection."""
        try:
            found = self._writer.execute("SELECT * FROM rows WHERE address = ?", (address,)).fetchone()
        except sqlite3.Error as error:
            raise self._failed(error) from error
        return None if found is None else Row(*found)

    def newest_use(self) -> int:
        """When a lease was used last. Goes through all rows, for an index would make each commit dearer: a tenth of a second
        for a million."""
        with self._troubles.told(), closing(self._connect()) as reader:
            return int(reader.execute("SELECT ifnull(max(last_used), 0) FROM leases").fetchone()[0])

    def time_note(self) -> TimeNote | None:
        """What was noted of the time last."""
        with self._troubles.told(), closing(self._connect()) as reader:
            return read_time_note(reader)

    def keep_time_note(self, note: TimeNote) -> None:
        """Note the time, for good."""
        self._check_room()
        try:
            self._writer.execute(KEEP_TIME_NOTE, note)
        except sqlite3.Error as error:
            raise self._failed(error) from error
        self._time_note = note
        self._logged += self.most_logged(1)

    def running(self, first: int, last: int, now: int) -> Iterator[tuple[bytes, int, int]]:
        """(client, address, end) of the leases that run, of the addresses between two, both included."""
        with self._troubles.told(), closing(self._connect()) as reader:
            yield from reader.execute("SELECT client, address, min(ends, 4294967295) FROM leases"  # noqa: S608
                                      f" WHERE {BETWEEN} AND {RUNNING}", (first, last, now))

    def not_running(self, first: int, last: int, now: int) -> Iterator[tuple[int, bytes, int, int]]:
        """(address, client, end, state) of the other rows."""
        with self._troubles.told(), closing(self._connect()) as reader:
            yield from reader.execute(f"SELECT address, client, ends, state FROM leases WHERE {BETWEEN}"  # noqa: S608
                                      f" AND NOT ({RUNNING})", (first, last, now))

    def last_used(self, addresses: Iterable[int]) -> dict[int, int]:
        """When each of some addresses was used last."""
        with self._troubles.told(), closing(self._connect()) as reader:
            found = (reader.execute("SELECT address, last_used FROM leases WHERE address = ?", (one,)) for one in addresses)
            return dict(row for rows in found for row in rows)

    def limited(self, first: int, last: int, now: int) -> list[tuple[int, str]]:
        """(address, limits) of the leases that run and count for anything, of the addresses between two, both included."""
        if not self._is_limited:
            return []
        with self._troubles.told(), closing(self._connect()) as reader:
            return reader.execute("SELECT address, limits FROM leases INDEXED BY leases_limited"  # noqa: S608
                                  f" WHERE limits <> '' AND {BETWEEN} AND {RUNNING}", (first, last, now)).fetchall()

    def index_for_queries(self) -> None:
        """Let leases be found by hardware address and by client. Makes what is missing: a second for a million leases."""
        with self._troubles.told():
            for name, column in QUERY_INDEXES.items():
                self._writer.execute(f"CREATE INDEX IF NOT EXISTS {name} ON leases ({column})")
        self._pages = 1 + 2 * len(QUERY_INDEXES)  # in each index a page that the lease leaves, and one that it comes to

    def drop_query_indexes(self) -> None:
        """Take away what `index_for_queries` made: each commit pays for it."""
        with self._troubles.told():
            for name in QUERY_INDEXES:
                self._writer.execute(f"DROP INDEX IF EXISTS {name}")
        self._pages = 1

    def reader(self) -> LeaseQueries:
        """Answers to leasequery, for one thread."""
        return LeaseQueries(self.path, self._troubles.failure)

    def select(self, where: str = "1", parameters: tuple[object, ...] = ()) -> Iterator[Row]:
        """Rows for which an SQL condition holds, by address; read in portions by a connection of its own."""
        query = f"SELECT * FROM rows WHERE address > ? AND ({where}) ORDER BY address LIMIT {PORTION}"  # noqa: S608
        with self._troubles.told(), closing(self._connect()) as reader:
            last = -1
            while portion := reader.execute(query, (last, *parameters)).fetchall():
                yield from map(Row._make, portion)
                last = portion[-1][0]

    def count(self, where: str = "1", parameters: tuple[object, ...] = ()) -> int:
        """How many rows there are for which an SQL condition holds; read by a connection of its own."""
        with self._troubles.told(), closing(self._connect()) as reader:
            number: int = reader.execute(f"SELECT count(*) FROM leases WHERE {where}", parameters).fetchone()[0]  # noqa: S608
            return number

    def first(self, where: str, parameters: tuple[object, ...], order: str, most: int) -> list[Row]:
        """The first rows in an order for which an SQL condition holds; read by a connection of its own."""
        query = f"SELECT * FROM rows WHERE {where} ORDER BY {order} LIMIT {most}"  # noqa: S608
        with self._troubles.told(), closing(self._connect()) as reader:
            return list(map(Row._make, reader.execute(query, parameters)))

    def import_rows(self, rows: Iterable[Row]) -> None:
        """Take in rows of another source in one transaction; a row here that was used later stays.

        They count for nothing, where leases are limited, until their clients renew them.
        """
        with self._troubles.told():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                self._writer.executemany(IMPORT, (row[:DNS_SAID] for row in rows))
                self._writer.execute("COMMIT")
            except BaseException:  # an interrupt too must leave what was there
                self._writer.rollback()
                raise

    def keep(self, lock: AbstractContextManager[object]) -> None:
        """Look after the file, and write the log back when it has become long, or when nothing was added to it since the last
        look.

        Only when that cannot keep it small does the path wait for it. What is written under the lock is little, for the
        second time before it has left hardly anything.
        """
        if self._reading != "mode=ro":
            return
        self._look_after(lock)
        logged = self._logged
        if self.is_due.is_set() or logged == self._looked > 0 or DATABASE_LOG in self.alarms:
            self._logged = 0
            self.is_due.clear()
            if self.checkpoint("PASSIVE") > WAL_LIMIT:
                self._shorten(lock)
            else:
                self.alarms.end(DATABASE_LOG, "the log of the lease database can be written back again")
        self._looked = logged

    def _shorten(self, lock: AbstractContextManager[object]) -> None:
        """Let the log begin anew, unless somebody reads it: then it grows, and the path waits for nobody."""
        self.checkpoint("PASSIVE")
        with lock:
            is_held = self._is_held_up("RESTART")
        if is_held:
            reader = self._holders.words(WRITE, READ)
            self.alarms.begin(DATABASE_LOG, f"the log of {self.name} grows, for {reader} has been reading it for long; end "
                              "that", logging.WARNING)
        else:
            self.alarms.end(DATABASE_LOG, "the log of the lease database can be written back again")

    def _look_after(self, lock: AbstractContextManager[object]) -> None:
        """Put back a file that was removed or replaced; note that there are leases; end a caution that is over."""
        if self._is_displaced():
            try:
                with lock, self._troubles.told():
                    self._put_back()
            except (StoreError, OSError, InvalidValue) as error:
                self.alarms.begin(DATABASE_FILE, f"{self.name} was removed or replaced while it was in use, and its leases "
                                                 f"cannot be saved to a new file: {error}; they are lost when pydhcpd ends")
        self.caution.look()
        if not self.caution.had_leases and next(self.select("1"), None) is not None:
            self.caution.note_leases()

    def checkpoint(self, mode: str) -> int:
        """Write the log back into the database by a connection of its own; returns the size of the log in bytes.

        PASSIVE does what it can beside the writer; RESTART makes the log begin anew, and needs the writer to stand still.
        """
        return self._checkpoint(mode)[1] * (PAGE + FRAME)

    def _is_held_up(self, mode: str) -> bool:
        """Whether somebody kept a checkpoint from being done."""
        return bool(self._checkpoint(mode)[0])

    def _checkpoint(self, mode: str) -> tuple[int, int]:
        """Whether anybody was in the way, which is not waited for, and how many frames the log has."""
        with self._troubles.told(), closing(self._connect("mode=rw")) as connection:
            connection.execute("PRAGMA busy_timeout = 0")
            busy, frames, _ = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        return int(busy), max(int(frames), 0)

    def most_logged(self, rows: int) -> int:
        """The most bytes that a commit of so many rows adds to the log: a page each, those of indexes, and those above them."""
        return (rows * self._pages + 2) * (PAGE + FRAME)

    def close(self) -> None:
        """Close the database, its log written back."""
        if self._reading == "mode=ro" and not self.caution.had_leases:
            with suppress(StoreError):
                if next(self.select("1"), None) is not None:
                    self.caution.note_leases()
        self._writer.close()
        self._holders.close()


def _store_full(connection: sqlite3.Connection, rows: Sequence[PlainFields | Fields]) -> None:
    """Rows with all that they have; of what is said of the DNS nothing is forgotten by who says nothing."""
    connection.executemany(UPSERT, [row[:DNS_SAID] for row in rows])
    if said := [(row[0], row[DNS_SAID]) for row in rows if len(row) > DNS_SAID and row[DNS_SAID]]:
        connection.executemany(KEEP_DNS, said)


def read_time_note(connection: sqlite3.Connection) -> TimeNote | None:
    """What a lease database, of any version, says of its time, by a connection to it; None where it says nothing."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'ledger_time'").fetchall():
        return None
    found = connection.execute("SELECT * FROM ledger_time").fetchone()
    return None if found is None else TimeNote(*found[1:])


def _has_limits(connection: sqlite3.Connection) -> bool:
    """Whether any lease has counted for anything."""
    return bool(connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'leases_limited'").fetchall())


def refuse_csv(path: Path) -> None:
    """Raise InvalidValue where the lease database is to be opened on the older server's file of hosts."""
    if not path.exists():
        return
    with path.open("rb") as file:
        start = file.read(64)
    if start and not start.startswith(b"SQLite format 3\0") and start.count(b";") >= 2:
        raise InvalidValue(f"{path} is a hosts file of the older form (mac;ip;hostname;last_used); name a new file as "
                           f"host_file and run once: pydhcpd -host_file NEW_FILE -import {path}")
