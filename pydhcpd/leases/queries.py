"""`LeaseQueries`: which leases there are, read from the lease database beside the path of the packets.

A connection of its own, which only reads; rows come in portions, each read to its end before it is handed out, so that a
slow reader holds neither the database nor its log. For one thread. Any of its methods may raise StoreError; after that the
next one opens the database again.

To find leases by hardware address or client needs the indexes of `SQLiteStore.index_for_queries`; without them the whole
table is read.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydhcpd.errors import StoreError
from pydhcpd.leases.interface import GIADDR, Row

PORTION = 500  # rows that a reader takes at once, so that it never holds the log
WINDOW = 10_000  # rows that one look for an option 82 goes through: some milliseconds
CLIENT_IDENTIFIER_KEY = b"\1"  # what the key of a client with an identifier begins with


class LeaseQueries:
    """Reads the lease database at a path, which `SQLiteStore` must have made. Addresses are in host byte order.

    `relay` of its rows is the content of option 82 alone, without giaddr.
    """

    def __init__(self, path: Path, failure: Callable[[sqlite3.Error], StoreError] | None = None) -> None:
        """`failure` says what an error of the file means, and takes note of damage."""
        self._path = path
        self._failure = failure
        self._connection: sqlite3.Connection | None = None
        self._place: os.stat_result | None = None  # of the file that is open

    def by_address(self, address: int) -> Row | None:
        """The row of an address."""
        found = self._rows("SELECT * FROM rows WHERE address = ?", (address,))
        return found[0] if found else None

    def by_hardware(self, htype: int, hardware: bytes) -> Iterator[Row]:
        """Rows with a hardware type and address."""
        return self._select("hardware = ? AND htype = ?", (hardware, htype))

    def by_client_identifier(self, identifier: bytes) -> Iterator[Row]:
        """Rows of the client with an identifier (option 61)."""
        return self.by_client(CLIENT_IDENTIFIER_KEY + identifier)

    def by_client(self, client: bytes) -> Iterator[Row]:
        """Rows of the client with a key, as they have it themselves."""
        return self._select("client = ?", (client,))

    def by_relay(self, octets: bytes) -> Iterator[Row]:
        """Rows whose option 82 contains these octets anywhere. Goes through the whole table."""
        start = -1
        while (end := self._window(start)) is not None:
            yield from self._rows("SELECT * FROM rows WHERE address > ? AND address <= ? AND instr(relay, ?) > 0",
                                  (start, end, octets))
            start = end

    def all(self) -> Iterator[Row]:
        """Every row."""
        return self._select("1", ())

    def behind(self, address: int, most: int) -> list[Row]:
        """The rows behind an address, as they are now; so many at the most."""
        return self._rows("SELECT * FROM rows WHERE address > ? ORDER BY address LIMIT ?", (address, most))

    def _window(self, start: int) -> int | None:
        """The address that ends the next rows after `start` to go through; None behind the last row."""
        query = "SELECT max(address) FROM (SELECT address FROM leases WHERE address > ? ORDER BY address LIMIT ?)"
        end: int | None = self._execute(query, (start, WINDOW))[0][0]
        return end

    def _select(self, where: str, parameters: tuple[object, ...]) -> Iterator[Row]:
        query = f"SELECT * FROM rows WHERE {where} AND address > ? ORDER BY address LIMIT {PORTION}"  # noqa: S608
        last = -1
        while portion := self._rows(query, (*parameters, last)):
            yield from portion
            last = portion[-1].address
            if len(portion) < PORTION:
                return

    def _rows(self, query: str, parameters: tuple[object, ...]) -> list[Row]:
        return [Row._make((*one[:8], one[8][GIADDR:], *one[9:])) for one in self._execute(query, parameters)]

    def _execute(self, query: str, parameters: tuple[object, ...]) -> list[Any]:
        try:
            if not self._is_in_place():
                self.close()  # it was recovered, or put back
            if self._connection is None:
                self._place = self._path.stat()
                self._connection = sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None,
                                                   check_same_thread=False, timeout=5.0)
            return self._connection.execute(query, parameters).fetchall()
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise self._meant(error) from error

    def _is_in_place(self) -> bool:
        """Whether the file that is open is the one at the path."""
        return self._place is not None and os.path.samestat(self._path.stat(), self._place)

    def _meant(self, error: sqlite3.Error | OSError) -> StoreError:
        """What an error means; one of a file that was replaced meanwhile says nothing of the one that took its place."""
        with suppress(OSError):
            if self._failure is not None and isinstance(error, sqlite3.Error) and self._is_in_place():
                return self._failure(error)
        return StoreError(str(error))

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
