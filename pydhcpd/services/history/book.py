"""`Book`: the file of the history, to write. A row is a time in which one client had one address, by one name and port.

Where a client gets another name or port, its row ends and the next begins, with the same `began`. Events come in batches, and
are taken in by a few statements each, in which the interpreter is left to others; so is the comparison with the leases. What
is not synced at once may be lost in a power cut, and is put right from the leases like all that was missed.

All times in it are by the ledger. `clock` tells by how much people's time was ahead of that, in sections: within one, what was
noted while the wall clock was wrong is right as soon as that is. A boot begins one, for nothing tells how long the machine was
off if the wall clock does not.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from pydhcpd.events import Event
from pydhcpd.files import check_owned
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, TimeNote
from pydhcpd.leases.troubles import DAMAGE, code_of
from pydhcpd.services.databases import Foreign, Kind, opened, transaction

APPLICATION_ID = 0x70796869  # "pyhi"
SCHEMA_VERSION = 1
CHUNK = 200  # events that are handed to SQLite at once
WINDOW = 1_000  # leases that are compared in one transaction: some milliseconds
PORTION = 500  # rows that are deleted at a time
VACUUM = 500  # pages that are given back to the file system at a time
PATIENCE = 1.0  # seconds for which another program's lock is waited for
SAME_CLOCK = 1.0  # seconds by which the wall clock may differ from what was noted of it
LAST_ADDRESS = 0xFFFFFFFF

LEASED = "leased"
ENDS = {"expired": "expired", "released": "released", "declined": "declined"}
"""The kinds of event that end a lease, and the reasons that they are."""
GIVEN_AWAY, RENAMED, MOVED, FORGOTTEN = "given to another client", "new name", "new port", "gone from the lease database"

SCHEMA = (
    """CREATE TABLE bindings (
    number INTEGER PRIMARY KEY,
    address INTEGER NOT NULL,   -- host byte order
    client BLOB NOT NULL,       -- the key of the lease, as in the lease database
    hardware BLOB NOT NULL,
    name TEXT NOT NULL,         -- given to the client, else sent by it
    sent_name TEXT NOT NULL,    -- what it sent, where that is another name
    relay BLOB NOT NULL,        -- giaddr and option 82; empty: on our own link
    began INTEGER NOT NULL,     -- when the lease did
    since INTEGER NOT NULL,     -- and when this row did: later where the client has got another name or port
    first_renewed INTEGER, last_renewed INTEGER, renewals INTEGER NOT NULL DEFAULT 0,
    ends INTEGER NOT NULL,      -- as the client was told; 4294967295 never comes
    until INTEGER,              -- when it was over; NULL: it is not
    reason TEXT NOT NULL DEFAULT ''
)""",
    "CREATE UNIQUE INDEX present ON bindings (address) WHERE until IS NULL",
    "CREATE INDEX by_address ON bindings (address, since)",
    "CREATE INDEX by_hardware ON bindings (hardware, since)",
    "CREATE INDEX by_name ON bindings (name COLLATE NOCASE, since) WHERE name <> ''",
    "CREATE INDEX by_sent_name ON bindings (sent_name COLLATE NOCASE, since) WHERE sent_name <> ''",
    "CREATE INDEX by_end ON bindings (until) WHERE until IS NOT NULL",
    "CREATE TABLE clock (since INTEGER PRIMARY KEY, wall_less_ledger REAL NOT NULL, boot TEXT NOT NULL)",
)
HISTORY = Kind("history", APPLICATION_ID, SCHEMA_VERSION, SCHEMA, ("auto_vacuum = INCREMENTAL", "temp_store = MEMORY"))

# What is to be taken in: of an address there is one row. `ended` is empty where it is leased, else the reason why that is over.
TOLD = """CREATE TEMP TABLE told (
    address INTEGER PRIMARY KEY, client BLOB, hardware BLOB, name TEXT, sent_name TEXT, relay BLOB, time INTEGER, ends INTEGER,
    ended TEXT, began INTEGER)"""
COLUMNS = 9  # of it that come with an event
INSERT = "INSERT INTO told (address, client, hardware, name, sent_name, relay, time, ends, ended) VALUES "

# A client that renews without its name, or straight to the server, is still what it was.
COMPLETE = """
UPDATE told SET began = known.began, name = iif(told.name = '', known.name, told.name),
    sent_name = iif(told.sent_name = '', known.sent_name, told.sent_name),
    relay = iif(told.relay = x'', known.relay, told.relay)
FROM bindings AS known WHERE known.address = told.address AND known.until IS NULL AND known.client = told.client
    AND known.ends > told.time AND told.ended = ''"""

CHANGED = f"""
UPDATE bindings SET until = iif(bindings.ends <= told.time, max(bindings.ends, since), told.time), reason = CASE
    WHEN bindings.ends <= told.time THEN 'expired' WHEN bindings.client <> told.client THEN '{GIVEN_AWAY}'
    WHEN bindings.relay <> told.relay THEN '{MOVED}' ELSE '{RENAMED}' END
FROM told WHERE bindings.address = told.address AND until IS NULL AND told.ended = '' AND told.time >= since AND (
    bindings.ends <= told.time OR bindings.client <> told.client OR bindings.relay <> told.relay
    OR bindings.name <> told.name OR bindings.sent_name <> told.sent_name)"""  # noqa: S608

LEASE = """
INSERT INTO bindings (address, client, hardware, name, sent_name, relay, began, since, ends)
SELECT address, client, hardware, name, sent_name, relay, ifnull(began, time), time, ends FROM told WHERE ended = ''
ON CONFLICT (address) WHERE until IS NULL DO UPDATE SET first_renewed = ifnull(first_renewed, excluded.since),
    last_renewed = excluded.since, renewals = renewals + 1, ends = excluded.ends
WHERE client = excluded.client AND excluded.since > ifnull(last_renewed, since)"""

END = """
UPDATE bindings SET until = max(since, min(told.time, bindings.ends)), reason = told.ended
FROM told WHERE bindings.address = told.address AND until IS NULL AND told.ended <> '' AND told.time >= since"""

# --- what began and ended unseen

SEEN = f"""
INSERT INTO told (address, client, hardware, name, sent_name, relay, time, ends, ended)
SELECT address, client, hardware, hostname, iif(sent_name = hostname, '', sent_name), relay, last_used, ends, ''
FROM leases.leases WHERE address > :after AND address <= :last AND state = {BOUND} AND client <> x'' AND ends > :now"""  # noqa: S608

SAME = "(row.client = bindings.client OR row.client = x'' AND row.hardware = bindings.hardware)"
UNSEEN = f"""
UPDATE bindings SET until = max(since, min(:now, CASE
        WHEN row.state = {QUARANTINED} OR NOT {SAME} THEN min(bindings.ends, row.last_used) ELSE row.ends END)),
    reason = CASE
        WHEN row.state = {QUARANTINED} AND bindings.ends > row.last_used THEN 'declined'
        WHEN NOT {SAME} AND bindings.ends > row.last_used THEN '{GIVEN_AWAY}'
        WHEN row.state = {RELEASED} AND {SAME} THEN 'released' ELSE 'expired' END
FROM leases.leases AS row WHERE row.address = bindings.address AND until IS NULL
    AND bindings.address > :after AND bindings.address <= :last
    AND NOT (row.state = {BOUND} AND row.client <> x'' AND row.ends > :now)"""  # noqa: S608

GONE = f"""
UPDATE bindings SET until = max(since, min(ends, :now)), reason = iif(ends <= :now, 'expired', '{FORGOTTEN}')
WHERE until IS NULL AND address > :after AND address <= :last
    AND NOT EXISTS (SELECT 1 FROM leases.leases AS row WHERE row.address = bindings.address)"""  # noqa: S608

NEXT = f"""
SELECT max(address) FROM (SELECT address FROM leases.leases WHERE address > ? ORDER BY address LIMIT {WINDOW})"""  # noqa: S608

OLDEST = f"DELETE FROM bindings WHERE number IN (SELECT number FROM bindings WHERE until < ? ORDER BY until LIMIT {PORTION})"  # noqa: S608

NEWEST = f"""
SELECT ifnull(max(max(since, ifnull(last_renewed, 0))), 0)
FROM (SELECT since, last_renewed FROM bindings ORDER BY number DESC LIMIT {PORTION})"""  # noqa: S608

SET_CLOCK = "UPDATE clock SET wall_less_ledger = ?, boot = ? WHERE since = (SELECT max(since) FROM clock)"

Values = tuple[int, bytes, bytes, str, str, bytes, int, int, str]
"""A row of `told`, as far as an event tells it."""


class Book:
    """The history in one file. For one thread. Any method may raise sqlite3.Error and OSError."""

    def __init__(self, path: Path, leases: Path, note: TimeNote) -> None:
        """Open or create the file. `note` is how the time stands. Raises InvalidValue where others could write it,
        and Foreign."""
        self.path = path
        self._connection = opened(path, HISTORY, PATIENCE)
        try:
            self._connection.execute(TOLD)
            check_owned(leases)
            self._leases = f"{leases.absolute().as_uri()}?mode=ro"
            self._begin_section(note)
            self._place = path.lstat()
        except BaseException:
            self._connection.close()
            raise

    # --- the time

    def _begin_section(self, note: TimeNote) -> None:
        """Go on with the section of the last time, or begin one. Raises Foreign where the ledger is another one."""
        execute = self._connection.execute
        last = execute("SELECT since, wall_less_ledger, boot FROM clock ORDER BY since DESC LIMIT 1").fetchone()
        if max(self._newest(), last[0] if last else 0) > note.ledger + 1:
            raise Foreign("it is that of other leases, for it goes on after these were used")
        if last is None or not (_is_same_boot(note, last[2]) or abs(note.wall_less_ledger - last[1]) <= SAME_CLOCK):
            execute("INSERT OR REPLACE INTO clock VALUES (?, ?, ?)",
                    (int(note.ledger) if last else 0, note.wall_less_ledger, note.boot))
        self._ahead: float | None = None
        self.set_clock(note)

    def _newest(self) -> int:
        """When one of the last rows was leased or renewed last."""
        return int(self._connection.execute(NEWEST).fetchone()[0])

    def set_clock(self, note: TimeNote) -> None:
        """By how much the wall clock is ahead of the ledger now holds for all of this section."""
        if self._ahead is None or abs(self._ahead - note.wall_less_ledger) > SAME_CLOCK:
            self._connection.execute(SET_CLOCK, (note.wall_less_ledger, note.boot))
            self._ahead = note.wall_less_ledger

    # --- what happens

    def take(self, events: Iterable[Event]) -> None:
        """Take in what happened, in order of time."""
        wave: dict[int, Values] = {}
        with transaction(self._connection):
            for one in events:
                if (values := _values(one)) is None:
                    continue
                if values[0] in wave:
                    self._take_wave(wave)
                    wave = {}
                wave[values[0]] = values
            self._take_wave(wave)

    def _take_wave(self, wave: dict[int, Values]) -> None:
        rows = list(wave.values())
        for start in range(0, len(rows), CHUNK):
            some = rows[start:start + CHUNK]
            marks = ", ".join([f"({', '.join('?' * COLUMNS)})"] * len(some))
            self._connection.execute(INSERT + marks, [value for row in some for value in row])
        if rows:
            self._settle(END)

    def _settle(self, *more: str) -> None:
        for step in (COMPLETE, CHANGED, LEASE, *more, "DELETE FROM told"):
            self._connection.execute(step)

    def put_right(self, now: float) -> Iterator[None]:
        """Compare with the leases, a portion for each step: note what began and ended unseen."""
        self._connection.execute("ATTACH ? AS leases", (self._leases,))
        try:
            after = -1
            while after < LAST_ADDRESS:
                last = self._connection.execute(NEXT, (after,)).fetchone()[0]
                is_last = last is None
                window = {"after": after, "last": LAST_ADDRESS if is_last else last, "now": int(now)}
                with transaction(self._connection):
                    for step in (UNSEEN, GONE, SEEN):
                        self._connection.execute(step, window)
                    self._settle()
                after = int(window["last"])
                yield
        finally:
            with suppress(sqlite3.Error):
                self._connection.execute("DETACH leases")

    # --- how much is kept

    def forget(self, before: float, size: int) -> bool:
        """Delete some of what was over before a time, and, where there are more bytes than `size`, of the oldest; whether there
        may be more of it."""
        deleted = self._connection.execute(OLDEST, (int(before),)).rowcount
        if deleted == 0 and self.used() > size:
            deleted = self._connection.execute(OLDEST, (LAST_ADDRESS,)).rowcount
        if deleted == 0 and self.length() > size:
            self._connection.execute(f"PRAGMA incremental_vacuum({VACUUM})").fetchall()
            return self._number("freelist_count") > 0
        return deleted > 0

    def used(self) -> int:
        """Bytes of the file that are in use."""
        return (self._number("page_count") - self._number("freelist_count")) * self._number("page_size")

    def length(self) -> int:
        """Bytes of the file."""
        return self._number("page_count") * self._number("page_size")

    def _number(self, pragma: str) -> int:
        return int(self._connection.execute(f"PRAGMA {pragma}").fetchone()[0])

    def is_whole(self) -> bool:
        """Whether nothing is wrong with the file, as who opens it now sees it; a second for each gigabyte or so."""
        try:
            with closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as reader:
                return bool(reader.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
        except sqlite3.DatabaseError as error:
            return code_of(error) not in DAMAGE

    def is_in_place(self) -> bool:
        """Whether the file that is open is that at the path."""
        try:
            return os.path.samestat(self._place, self.path.lstat())
        except OSError:
            return False

    def close(self) -> None:
        """Close the file, its log written back."""
        with suppress(sqlite3.Error):
            self._connection.close()


def _is_same_boot(note: TimeNote, boot: str) -> bool:
    return bool(boot) and note.boot == boot


def _values(one: Event) -> Values | None:
    """What an event tells of a binding; None where it tells nothing."""
    time, kind, address, hardware, name, sent_name, note, client, _, ends, relay, _ = one
    if kind == LEASED:
        return address, client, hardware, name, "" if sent_name == name else sent_name, relay, int(time), ends, ""
    if kind in ENDS and address:
        return address, client, hardware, "", "", b"", int(time), 0, f"{ENDS[kind]} {note}" if note == "by hand" else ENDS[kind]
    return None
