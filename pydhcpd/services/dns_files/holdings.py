"""`Holdings`: who is called what, and of several who say that they are called the same, who was first.

In memory, as a table of SQLite, which takes little of it and holds up nobody while it is asked. Names of reservations that have
no lease come last: a machine that is there has its name sooner than one that may come.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

SCHEMA = (
    "CREATE TABLE names (address INTEGER PRIMARY KEY, name TEXT NOT NULL, rank INTEGER NOT NULL)",
    "CREATE INDEX by_name ON names (name, rank)",
    "CREATE TABLE reserved (address INTEGER PRIMARY KEY, name TEXT NOT NULL)")
ADDRESSES = """
SELECT address FROM names WHERE address > ? UNION SELECT address FROM reserved WHERE address > ? ORDER BY address LIMIT ?"""
LAST = 1 << 62  # the rank of a name that nobody has now
HELD = """
SELECT address, name FROM names WHERE address > ? AND NOT EXISTS (SELECT 1 FROM names AS other
    WHERE other.name = names.name AND (other.rank, other.address) < (names.rank, names.address)) ORDER BY address LIMIT ?"""

Claim = tuple[int, str, bool]  # address, full name, and whether its lease runs


class Holdings:
    """Names by address. For one thread."""

    def __init__(self) -> None:
        self._names = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for statement in SCHEMA:
            self._names.execute(statement)
        self._next = 0

    def __len__(self) -> int:
        return int(self._names.execute("SELECT count(*) FROM names").fetchone()[0])

    def close(self) -> None:
        """Forget all."""
        self._names.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is settled within is settled faster."""
        self._names.execute("BEGIN")
        try:
            yield
        finally:
            self._names.execute("COMMIT")

    def settle(self, address: int, name: str, *, is_there: bool = True) -> bool:
        """An address is called so from now on, or nothing, by an empty name; whether that is news."""
        known = self._names.execute("SELECT name, rank FROM names WHERE address = ?", (address,)).fetchone()
        if known is None and not name:
            return False
        if known is not None and known[0] == name and (known[1] == LAST) is not is_there:
            return False
        if known is not None:
            self._names.execute("DELETE FROM names WHERE address = ?", (address,))
        if name:
            self._next += 1
            self._names.execute("INSERT INTO names VALUES (?, ?, ?)", (address, name, self._next if is_there else LAST))
        return True

    def holder(self, name: str) -> int:
        """The address that was called so first, 0 for none."""
        query = "SELECT address FROM names WHERE name = ? ORDER BY rank, address LIMIT 1"
        found = self._names.execute(query, (name,)).fetchone()
        return 0 if found is None else int(found[0])

    def reserve(self, names: Iterable[tuple[int, str]]) -> None:
        """Addresses are called so where they have no lease."""
        self._names.executemany("INSERT OR REPLACE INTO reserved VALUES (?, ?)", names)

    def forget_reserved(self) -> None:
        """There are no reservations any more."""
        self._names.execute("DELETE FROM reserved")

    def reserved(self, address: int) -> str:
        """What an address is called by its reservation; empty for nothing."""
        found = self._names.execute("SELECT name FROM reserved WHERE address = ?", (address,)).fetchone()
        return "" if found is None else str(found[0])

    def addresses(self, after: int, most: int) -> list[int]:
        """Those that are called anything, or are reserved, from the one behind `after` on, in order."""
        return [one for (one,) in self._names.execute(ADDRESSES, (after, after, most))]

    def held(self, most: int) -> Iterator[list[tuple[int, str]]]:
        """Addresses with the names that they were the first to have, in order, so many at a time."""
        after = -1
        while portion := self._names.execute(HELD, (after, most)).fetchall():
            yield portion
            after = portion[-1][0]


def rivals(holdings: Holdings, claims: Iterable[Claim]) -> Iterator[tuple[int, str, int]]:
    """Of some addresses those that are called what another one was called before; and that other one."""
    for address, name, _ in claims:
        if name and (holder := holdings.holder(name)) != address:
            yield address, name, holder
