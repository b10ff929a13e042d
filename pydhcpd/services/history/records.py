"""`Records`: reads the history, whether a daemon writes it or none runs. Times go in and out by the wall clock.

Each question has a connection of its own, which only reads. Every look-up goes by an index, so that in millions of rows it
takes as long as in a thousand.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from pydhcpd.addresses import address_from, address_text, hardware_from, hardware_text
from pydhcpd.control.output import BindingRow
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.faces import identifier_of
from pydhcpd.leases.interface import GIADDR
from pydhcpd.leases.store import check_database
from pydhcpd.services.history.book import APPLICATION_ID
from pydhcpd.wire.relay import words as relay_words

PORTION = 500  # rows that are read at once
COLUMNS = """number, address, client, hardware, name, sent_name, relay, began, since, first_renewed, last_renewed, renewals,
    ends, until, reason"""
COUNT = "SELECT count(*) FROM (SELECT 1 FROM bindings INDEXED BY {} WHERE {} LIMIT 100000)"
NEWEST_FIRST = f"""
SELECT {COLUMNS} FROM bindings INDEXED BY {{}} WHERE {{}} AND (since, number) < (?, ?)
ORDER BY since DESC, number DESC LIMIT {PORTION}"""  # noqa: S608
HAD_BEFORE = f"""
SELECT {COLUMNS} FROM (SELECT * FROM bindings INDEXED BY by_address WHERE address = ? AND since <= ?
    ORDER BY since DESC, number DESC LIMIT 1) WHERE until IS NULL OR until > ?"""  # noqa: S608
HAD_WITHIN = f"""
SELECT {COLUMNS} FROM bindings INDEXED BY by_address WHERE address = ? AND since > ? AND since < ?
ORDER BY since, number LIMIT {PORTION}"""  # noqa: S608
OLDEST = "SELECT min(since) FROM (SELECT since FROM bindings ORDER BY number LIMIT 1000)"

Where = tuple[str, str, tuple[object, ...]]
"""The index to go by, a condition, and its values."""


class Clock:
    """Turns times of the ledger into the wall clock's and back, by sections: (since, how much that is ahead)."""

    def __init__(self, sections: Sequence[tuple[int, float]]) -> None:
        self._sections = sections or [(0, 0.0)]

    def wall_or_never(self, seconds: int | None) -> float | None:
        """A time by the wall clock, if there is one."""
        return None if seconds is None or seconds == NEVER else self.wall(seconds)

    def wall(self, seconds: int) -> float:
        """A time by the wall clock."""
        return seconds + next((ahead for since, ahead in reversed(self._sections) if since <= seconds), self._sections[0][1])

    def spans(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """The times by the ledger that may have been between two of the wall clock: more than one where that was set back."""
        for at, (since, ahead) in enumerate(self._sections):
            last = self._sections[at + 1][0] if at + 1 < len(self._sections) else NEVER
            first, final = max(start - ahead, since), min(end - ahead, last)
            if first < final:
                yield first, final


class Records:
    """The history in a file, which need not be there."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, word: str) -> tuple[Iterator[BindingRow], int]:
        """What is known of an address, a hardware address or a name, the newest first, and how many rows that is. Raises
        InvalidValue and StoreError."""
        where = _meant(word)
        with self._open() as connection:
            count = sum(connection.execute(COUNT.format(index, condition), values).fetchone()[0]
                        for index, condition, values in where)
        return self._newest_first(where), count

    def _newest_first(self, where: Iterable[Where]) -> Iterator[BindingRow]:
        for index, condition, values in where:
            since, number = NEVER, NEVER
            while portion := self._rows(NEWEST_FIRST.format(index, condition), (*values, since, number)):
                yield from (one for _, _, one in portion)
                since, number, _ = portion[-1]

    def who(self, word: str, start: float, end: float) -> list[BindingRow]:
        """Who had an address between two times, the last not included, in order of time. Raises InvalidValue and StoreError."""
        address, found = address_from(word), []
        with self._open() as connection:
            for first, last in list(_clock(connection).spans(start, end)):
                found += self._between(connection, address, first, last)
        return found

    def _between(self, connection: sqlite3.Connection, address: int, first: float, last: float) -> list[BindingRow]:
        """Rows of an address in a time by the ledger: those that begin in it, and the last that has begun before."""
        clock = _clock(connection)
        execute = connection.execute
        rows = [*execute(HAD_BEFORE, (address, first, first)), *execute(HAD_WITHIN, (address, first, last))]
        return [_row(row, clock) for row in rows]

    def oldest(self) -> float | None:
        """Since when there is anything; None where there is nothing."""
        with self._open() as connection:
            return _clock(connection).wall_or_never(connection.execute(OLDEST).fetchone()[0])

    def _rows(self, query: str, values: Sequence[object]) -> list[tuple[int, int, BindingRow]]:
        """(since, number, binding) of some rows."""
        with self._open() as connection:
            clock = _clock(connection)
            return [(row[8], row[0], _row(row, clock)) for row in connection.execute(query, values).fetchall()]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self._path.exists():
            raise InvalidValue(f"there is no history {self._path} yet")
        check_database(self._path, (0, self._path.parent.stat().st_uid))
        try:
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)) as connection:
                if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                    raise InvalidValue(f"{self._path} is no history of pydhcpd")
                yield connection
        except sqlite3.Error as error:
            raise StoreError(f"the history {self._path} cannot be read: {error}") from error


def _clock(connection: sqlite3.Connection) -> Clock:
    return Clock(connection.execute("SELECT since, wall_less_ledger FROM clock ORDER BY since").fetchall())


def _meant(word: str) -> list[Where]:
    """What may be meant by an address, a hardware address or a name. Raises InvalidValue for the beginning of an address."""
    if word.replace(".", "").isdigit() and "." in word:
        return [("by_address", "address = ?", (address_from(word),))]
    if ":" in word or word.count("-") == 5:
        return [("by_hardware", "hardware = ?", (hardware_from(word),))]
    return [(f"by_{column}", f"{column} <> '' AND {column} = ? COLLATE NOCASE", (word,)) for column in ("name", "sent_name")]


def _row(row: Sequence[Any], clock: Clock) -> BindingRow:
    _, address, client, hardware, name, sent, relay, began, since, first, last, renewals, ends, until, reason = row
    began, since = clock.wall(began), clock.wall(since)
    first, last, ends, until = map(clock.wall_or_never, (first, last, ends, until))
    return BindingRow(address_text(address), hardware_text(hardware), identifier_of(client).hex(":"), name, sent or name,
                      relay_words(relay[GIADDR:]), began, since, first, last, renewals, ends, until, reason)
