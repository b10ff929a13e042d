"""The register: what is to be in the DNS, what is there as far as we know, and so what is to be done: the queue. In SQLite.

A row is one matter (`plan.py`): `kind` 0 is a name and its address, 1 the name of an address. `wanted` says whether it is to be
in the DNS, `present` whether it is; the other addresses of a client that has its name for one already stand by. The daemon
writes what is wanted (`Wishes`); a process of its own does it, and writes what came of it (`Work`). What is not synced at once
may be lost in a power cut, and is put right from the leases; doing a thing twice does no harm.

`since` is by the ledger; `due`, until when a matter that failed waits, by the wall clock: where that jumps, and at the start,
all is tried.
"""

import sqlite3
import time
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

from pydhcpd.services.databases import Kind, opened, transaction

APPLICATION_ID = 0x7079646E  # "pydn"
SCHEMA_VERSION = 1
PATIENCE = 10.0  # seconds for which the other process's transaction is waited for: it may be about all there is
NAME, ADDRESS = 0, 1  # kinds
NOT_WANTED, WANTED, STANDS_BY = 0, 1, 2
ABSENT, PRESENT, UNKNOWN = 0, 1, 2  # unknown: it was begun, and nobody saw the end
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0  # seconds
RIVALS_PAUSE = 1.0  # seconds: it may be theirs in the DNS, who is tried first need not get it
SAME_CLOCK = 1.0  # seconds by which the wall clock may run faster or slower

SCHEMA = (
    """CREATE TABLE records (
    address INTEGER NOT NULL,   -- host byte order
    kind INTEGER NOT NULL,
    name TEXT NOT NULL,         -- of the client, in small letters
    dhcid BLOB NOT NULL,        -- the data of its DHCID record; empty for the name of an address
    owner TEXT NOT NULL,        -- where the record is: the name, or that of the address in a reverse zone
    zone TEXT NOT NULL,         -- label of the zone; empty: there is none any more
    ttl INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    present INTEGER NOT NULL DEFAULT 0,
    since REAL NOT NULL,        -- when it came to be wanted, or no more
    due REAL NOT NULL DEFAULT 0,
    tries INTEGER NOT NULL DEFAULT 0,
    trouble TEXT NOT NULL DEFAULT '',
    waits AS (CASE wanted WHEN 1 THEN present <> 1 WHEN 0 THEN present <> 0 ELSE 0 END),
    PRIMARY KEY (address, kind, name, dhcid)
) WITHOUT ROWID""",
    "CREATE INDEX waiting ON records (zone, due, since, wanted) WHERE waits",
    "CREATE INDEX by_name ON records (name) WHERE kind = 0",
    """CREATE TABLE zones (
    label TEXT PRIMARY KEY,
    done INTEGER NOT NULL DEFAULT 0,    -- matters that were seen to
    trouble TEXT NOT NULL DEFAULT '',   -- why nothing can be done
    since REAL NOT NULL DEFAULT 0,      -- since when, by the wall clock
    nudged INTEGER NOT NULL DEFAULT 0   -- somebody wants it tried now
) WITHOUT ROWID""",
    "CREATE TABLE orders (zone TEXT PRIMARY KEY) WITHOUT ROWID",  # to be put right
)
REGISTER = Kind("register", APPLICATION_ID, SCHEMA_VERSION, SCHEMA)

# --- what is wanted

WANT = """
INSERT INTO records (address, kind, name, dhcid, owner, zone, ttl, wanted, since) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)
ON CONFLICT DO UPDATE SET owner = excluded.owner, zone = excluded.zone, ttl = excluded.ttl, wanted = 1, since = excluded.since,
    due = 0, tries = 0, trouble = ''"""
LET_STAND_BY = "UPDATE records SET wanted = 2 WHERE name = ? AND kind = 0 AND dhcid = ? AND address <> ? AND wanted = 1"
IN_PLACE_OF = """
SELECT other.address FROM records AS this JOIN records AS other
    ON other.name = this.name AND other.kind = 0 AND other.dhcid = this.dhcid AND other.wanted = 1
WHERE this.address = ? AND this.kind = 0 AND this.name = ? AND this.dhcid = ? AND this.wanted = 2"""
NEXT_ONE = """
UPDATE records SET wanted = 1, due = 0 WHERE (address, kind, name, dhcid) = (SELECT address, kind, name, dhcid FROM records
    WHERE name = ? AND kind = 0 AND dhcid = ? AND wanted = 2 ORDER BY since DESC LIMIT 1)"""
WANT_NO_MORE = """
UPDATE records SET wanted = 0, since = ?, due = 0, tries = 0, trouble = ''
WHERE address = ? AND kind = ? AND name = ? AND dhcid = ? AND wanted <> 0"""
NEVER_WAS = "DELETE FROM records WHERE address = ? AND kind = ? AND name = ? AND dhcid = ? AND present = 0"
SET_ZONE = "UPDATE records SET zone = ?, due = 0 WHERE address = ? AND kind = ? AND name = ? AND dhcid = ?"
TELL_ANEW = """
UPDATE records SET present = iif(wanted = 1, 2, present), due = 0, tries = 0, trouble = '' WHERE zone = ?"""

# --- what is done

PICK = """
SELECT address, kind, name, dhcid, owner, ttl, wanted, tries FROM records INDEXED BY waiting
WHERE zone = ? AND waits AND due <= ? ORDER BY due, since, wanted LIMIT ?"""
MOST_DUE = 200  # that are looked at for one that is not busy
TRY_ALL = "UPDATE records INDEXED BY waiting SET due = 0 WHERE waits AND due > 0"
BEGIN = "UPDATE records SET present = 2 WHERE address = ? AND kind = ? AND name = ? AND dhcid = ?"
END = """
UPDATE records SET present = ?, due = 0, tries = 0, trouble = '' WHERE address = ? AND kind = ? AND name = ? AND dhcid = ?"""
FAIL = """
UPDATE records SET due = ?, tries = tries + 1, trouble = ?, present = iif(?, 0, present)
WHERE address = ? AND kind = ? AND name = ? AND dhcid = ?"""
# Of a client's name there is one address, and of an address one name: that took the place of any other.
REPLACED = {NAME: "UPDATE records SET present = 0 WHERE name = ? AND kind = 0 AND dhcid = ? AND address <> ?",
            ADDRESS: "UPDATE records SET present = 0 WHERE address = ? AND kind = 1 AND name <> ?"}
FORGET_REPLACED = {NAME: "DELETE FROM records WHERE name = ? AND kind = 0 AND dhcid = ? AND wanted = 0 AND present = 0",
                   ADDRESS: "DELETE FROM records WHERE address = ? AND wanted = 0 AND present = 0"}
# Who has waited longest for a name has it when it is free; the others would be told that it is his.
FREED = """
UPDATE records SET due = 0 WHERE (address, kind, name, dhcid) = (SELECT address, kind, name, dhcid FROM records
    WHERE name = ? AND kind = 0 AND wanted = 1 AND waits ORDER BY since LIMIT 1)"""
LATER = "UPDATE records SET due = ? WHERE address = ? AND kind = ? AND name = ? AND dhcid = ?"
ZONE = """
UPDATE zones SET done = done + :done, since = iif(:trouble = '', 0, iif(trouble = '', :now, since)), trouble = :trouble
WHERE label = :label"""


Key = tuple[int, int, str, bytes]
"""Address, kind, name and DHCID: which matter it is."""
FIRST: Key = (-1, 0, "", b"")


class Entry(NamedTuple):
    """What is to be in the DNS for an address."""

    kind: int
    name: str
    dhcid: bytes
    owner: str
    zone: str
    ttl: int


class Settled(NamedTuple):
    """What came of telling what is to be in the DNS for an address: how many matters more there are, and whether its name has
    another address meanwhile."""

    more: int
    stands_by: bool


class Job(NamedTuple):
    """A matter that is to be seen to."""

    address: int
    kind: int
    name: str
    dhcid: bytes
    owner: str
    ttl: int
    wanted: int
    tries: int

    def is_rival_of(self, other: "Job") -> bool:
        """Whether two clients want one name, of which one can have it."""
        return self.kind == other.kind == NAME and self.wanted == other.wanted == WANTED and self.dhcid != other.dhcid


KEY = len(FIRST)  # fields of a job that say which it is


class Register:
    """The file, open. For one thread. Any method may raise sqlite3.Error."""

    def __init__(self, path: Path) -> None:
        """Open or create it. Raises InvalidValue where others could write it, and Foreign."""
        self._connection = opened(path, REGISTER, PATIENCE)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing of what is done within."""
        return transaction(self._connection)

    def close(self) -> None:
        """Close it, its log written back."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def _number(self, statement: str, values: Sequence[object] = ()) -> int:
        return int(self._connection.execute(statement, values).fetchone()[0])


class Wishes(Register):
    """What the daemon does with it."""

    def settle(self, address: int, entries: Collection[Entry], now: float) -> Settled:
        """From now on this, and nothing else, is to be in the DNS for an address."""
        known = self._connection.execute("SELECT kind, name, dhcid, owner, zone, wanted FROM records WHERE address = ?",
                                         (address,)).fetchall()
        kept, stands_by = {(one.kind, one.name, one.dhcid): one for one in entries}, False
        for kind, name, dhcid, owner, zone, wanted in known:
            entry = kept.pop((kind, name, dhcid), None)
            if entry is None:
                self._drop((address, kind, name, dhcid), wanted, now)
            elif wanted == NOT_WANTED or (owner, zone) != (entry.owner, entry.zone):
                self._want(address, entry, now)
            else:
                stands_by |= wanted == STANDS_BY
        for entry in kept.values():
            self._want(address, entry, now)
        return Settled(len(kept), stands_by)

    def _want(self, address: int, entry: Entry, now: float) -> None:
        """The client's last address is the one that its name has (RFC 4703 5.3.2)."""
        self._connection.execute(WANT, (address, entry.kind, entry.name, entry.dhcid, entry.owner, entry.zone, entry.ttl, now))
        if entry.kind == NAME:
            self._connection.execute(LET_STAND_BY, (entry.name, entry.dhcid, address))

    def _drop(self, key: Key, wanted: int, now: float) -> None:
        self._connection.execute(NEVER_WAS, key)
        self._connection.execute(WANT_NO_MORE, (now, *key))
        _, kind, name, dhcid = key
        if kind == NAME and wanted == WANTED:
            self._connection.execute(NEXT_ONE, (name, dhcid))

    def in_place_of(self, address: int, name: str, dhcid: bytes) -> int | None:
        """The address that a client's name has, where this one stands by."""
        row = self._connection.execute(IN_PLACE_OF, (address, name, dhcid)).fetchone()
        return None if row is None else int(row[0])

    def prefer(self, address: int, entry: Entry, now: float) -> None:
        """From now on a client's name has this address, which stood by."""
        self._want(address, entry, now)

    def is_new(self, address: int) -> bool:
        """Whether nothing is known of an address."""
        return self._connection.execute("SELECT 1 FROM records WHERE address = ? LIMIT 1", (address,)).fetchone() is None

    def addresses(self, after: int, most: int) -> list[int]:
        """The addresses of which something is known, from the one behind `after` on."""
        return [row[0] for row in self._connection.execute(
            "SELECT DISTINCT address FROM records WHERE address > ? ORDER BY address LIMIT ?", (after, most))]

    def waiting(self) -> int:
        """How many matters are to be seen to."""
        return self._number("SELECT count(*) FROM records INDEXED BY waiting WHERE waits")

    def known(self) -> int:
        """How many matters there are."""
        return self._number("SELECT count(*) FROM records")

    def give_up(self, before: float) -> int:
        """Forget what has waited since before a time; returns how many matters that are."""
        return self._connection.execute("DELETE FROM records WHERE since < ? AND waits", (before,)).rowcount

    def orders(self) -> list[str]:
        """The zones that somebody wants put right."""
        return [row[0] for row in self._connection.execute("SELECT zone FROM orders")]

    def tell_anew(self, zone: str) -> None:
        """Let all of a zone be seen to, whatever is believed of it."""
        with self.transaction():
            self._connection.execute(TELL_ANEW, (zone,))
            self._connection.execute("UPDATE zones SET nudged = 1 WHERE label = ?", (zone,))
            self._connection.execute("DELETE FROM orders WHERE zone = ?", (zone,))

    def set_zones(self, labels: Collection[str]) -> None:
        """These are the zones from now on."""
        with self.transaction():
            known = {row[0] for row in self._connection.execute("SELECT label FROM zones")}
            for label in known.difference(labels):
                self._connection.execute("DELETE FROM zones WHERE label = ?", (label,))
                self._connection.execute("UPDATE records SET zone = '' WHERE zone = ?", (label,))
            self._connection.executemany("INSERT OR IGNORE INTO zones (label) VALUES (?)", [(one,) for one in labels])

    def without_zone(self, after: Key, most: int) -> list[Key]:
        """Some of what is of no zone any more, in order, from the one behind `after` on."""
        return self._connection.execute(
            "SELECT address, kind, name, dhcid FROM records WHERE zone = '' AND (address, kind, name, dhcid) > (?, ?, ?, ?) "
            "ORDER BY address, kind, name, dhcid LIMIT ?", (*after, most)).fetchall()

    def set_zone(self, key: Key, zone: str) -> None:
        """Such a one has a zone again."""
        self._connection.execute(SET_ZONE, (zone, *key))

    def troubles(self) -> dict[str, str]:
        """Why nothing can be done in a zone, by its label."""
        return dict(self._connection.execute("SELECT label, trouble FROM zones WHERE trouble <> ''"))


class Work(Register):
    """What the process does with it that tells DNS servers."""

    def __init__(self, path: Path) -> None:
        """Raises as above."""
        super().__init__(path)
        self._ahead = 0.0  # by how much the wall clock is ahead of that of the machine

    def _heed_clock(self) -> None:
        ahead = time.time() - time.monotonic()
        if abs(ahead - self._ahead) > SAME_CLOCK:
            self._connection.execute(TRY_ALL)
            self._ahead = ahead

    def pick(self, zone: str, most: int, busy: Collection[str]) -> list[Job]:
        """What may be done in a zone now, each name at most once, and none that is `busy`; begun is what is returned. Others
        who want such a name are left for later: they stand in nobody's way."""
        self._heed_clock()
        now = time.time()
        found: dict[str, Job] = {}
        if not self._due(zone, now, 1):
            return []
        with self.transaction():
            later = []
            for job in self._due(zone, now, MOST_DUE):
                if len(found) < most and job.owner not in busy and found.setdefault(job.owner, job).is_rival_of(job):
                    later.append((now + RIVALS_PAUSE, *job[:KEY]))
            self._connection.executemany(LATER, later)
            self._connection.executemany(BEGIN, [one[:KEY] for one in found.values() if one.wanted == WANTED])
        return list(found.values())

    def _due(self, zone: str, now: float, most: int) -> list[Job]:
        return list(map(Job._make, self._connection.execute(PICK, (zone, now, most)).fetchall()))

    def note_done(self, job: Job) -> None:
        """It is in the DNS now, or is no more, as it was wanted."""
        is_there = job.wanted == WANTED
        self._connection.execute(END, (PRESENT if is_there else ABSENT, *job[:KEY]))
        if is_there:
            others = (job.name, job.dhcid, job.address) if job.kind == NAME else (job.address, job.name)
            self._connection.execute(REPLACED[job.kind], others)
        elif job.kind == NAME:
            self._connection.execute(FREED, (job.name,))
        self._connection.execute(FORGET_REPLACED[job.kind], (job.name, job.dhcid) if job.kind == NAME else (job.address,))

    def note_failure(self, job: Job, trouble: str, *, is_absent: bool = False) -> None:
        """It could not be done; it waits for longer each time. `is_absent`: it is certainly not there."""
        pause = min(FIRST_PAUSE * 2 ** min(job.tries, 10), LONGEST_PAUSE)
        self._connection.execute(FAIL, (time.time() + pause, trouble, is_absent, *job[:KEY]))

    def note_zone(self, label: str, done: int, trouble: str) -> None:
        """How many matters of a zone were done more, and why nothing can be done now, if that is so."""
        self._connection.execute(ZONE, {"label": label, "done": done, "trouble": trouble, "now": time.time()})

    def nudged(self) -> set[str]:
        """The zones that somebody wants tried now."""
        found = {row[0] for row in self._connection.execute("SELECT label FROM zones WHERE nudged = 1")}
        if found:
            self._connection.execute("UPDATE zones SET nudged = 0 WHERE nudged = 1")
        return found


