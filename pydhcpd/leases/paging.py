"""`page`: some rows at a time, in the order of a column, for somebody who turns pages.

A cursor is what that column says in the row at the edge of a page, with the row's address. So the last page of a million rows
costs no more than the first one, and no row is shown twice or left out where others come and go meanwhile. By the address rows
come in the order of the table; by another column SQLite looks at all of them, and keeps those of the page alone.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.leases.interface import QueryStore, Row
from pydhcpd.leases.search import Condition

Value = int | str | bytes
BEHIND, BEFORE = "behind", "before"  # the first word of a cursor
MOST_DIGITS = 18  # of a number that SQLite can hold


class _Column(NamedTuple):
    """What rows are in the order of: in SQL, in a row, and how a cursor says it."""

    sql: str
    of: Callable[[Row], Value]
    written: Callable[[Value], str]
    read: Callable[[str], Value]


def _number(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > MOST_DIGITS:
        raise ValueError
    return int(text)


def _text(value: Value) -> str:
    return str(value).encode("utf-8", "surrogatepass").hex()


def _octets(value: Value) -> str:
    return value.hex() if isinstance(value, bytes) else ""


COLUMNS = {
    "address": _Column("address", lambda row: row.address, str, _number),
    "hardware_address": _Column("hardware", lambda row: row.hardware, _octets, bytes.fromhex),
    "client_identifier": _Column("client", lambda row: row.client, _octets, bytes.fromhex),
    "name": _Column("hostname COLLATE NOCASE", lambda row: row.hostname, _text, lambda text: bytes.fromhex(text).decode()),
    "expires": _Column("ends", lambda row: row.ends, str, _number),
    "last_used": _Column("last_used", lambda row: row.last_used, str, _number),
    "state": _Column("state", lambda row: row.state, str, _number),
}
"""What rows can be in the order of, by the name of the field that shows it."""


class Order(NamedTuple):
    """By which field, and which way."""

    field: str
    is_descending: bool = False

    @property
    def column(self) -> _Column:
        """Raises InvalidValue where there is none of this name."""
        try:
            return COLUMNS[self.field]
        except KeyError:
            raise InvalidValue(f"leases cannot be in the order of {self.field}; allowed are {', '.join(COLUMNS)}") from None

    def cursor(self, row: Row, side: str) -> str:
        """What leads to the rows on one side of a row."""
        return f"{side}.{row.address}.{self.column.written(self.column.of(row))}"


class Page(NamedTuple):
    """Rows, and the cursors of what comes behind them and before them, empty where nothing does."""

    rows: Sequence[Row]
    next: str
    previous: str


def page(store: QueryStore, conditions: Sequence[Condition], order: Order, cursor: str, most: int) -> Page:
    """The rows behind a cursor, or before it, for which all conditions hold; the first ones without a cursor. Raises
    InvalidValue."""
    column, is_backward = order.column, cursor.startswith(f"{BEFORE}.")
    edge = [_beyond(column, cursor, order.is_descending != is_backward)] if cursor else []
    where = " AND ".join(f"({sql})" for sql, _ in [*edge, *conditions]) or "1"
    values = tuple(value for _, some in [*edge, *conditions] for value in some)
    way = "DESC" if order.is_descending != is_backward else "ASC"
    found = store.first(where, values, f"{column.sql} {way}, address {way}", most + 1)
    has_more, rows = len(found) > most, found[:most]
    if is_backward:
        rows.reverse()
    if not rows:
        return Page(rows, "", "")
    return Page(rows, order.cursor(rows[-1], BEHIND) if is_backward or has_more else "",
                order.cursor(rows[0], BEFORE) if (has_more if is_backward else cursor) else "")


def _beyond(column: _Column, cursor: str, is_descending: bool) -> Condition:
    """The rows that come after that of a cursor on the way."""
    try:
        side, address, text = cursor.split(".")
        if side not in (BEHIND, BEFORE):
            raise ValueError
        values = column.read(text), _number(address)
    except ValueError:
        raise InvalidValue("no such page of leases; begin with the first one") from None
    return f"({column.sql}, address) {'<' if is_descending else '>'} (?, ?)", values
