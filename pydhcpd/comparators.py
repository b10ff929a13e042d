"""Comparators: each is equal to every value that it matches.

One class each, with three faces: `==` for a value in hand, `sql()` for a query of the lease database, and `str()` for
people. They know nothing of what they are compared with; a `Column` tells how a value is spelled in the database.
"""

from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pydhcpd.addresses import network_from

Condition = tuple[str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Column:
    """How the database spells a field: its column, and what turns a value for people into a stored one."""

    name: str
    store: Callable[[object], object]
    text: bool = False


class Comparator:
    """Equal to every value that it matches; so no hash could be right, and none of them has one."""

    __slots__ = ()

    def sql(self, column: Column) -> Condition:
        """The same condition as SQL with its parameters. Raises InvalidValue where the value is not of the column."""
        raise NotImplementedError


class _All(Comparator):
    """Equal to anything that is present."""

    def __eq__(self, other: object) -> bool:
        return other is not None

    def sql(self, column: Column) -> Condition:
        return f"{column.name} IS NOT NULL", ()

    def __str__(self) -> str:
        return "anything"


ALL = _All()


def _ordered(value: object) -> Any:
    """A value as it is compared: addresses by number, not by their text."""
    try:
        return int(IPv4Address(value)) if isinstance(value, str) else value
    except ValueError:
        return value


class GREATER(Comparator):
    """Equal to what is greater than `value`."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        try:
            return bool(_ordered(other) > _ordered(self.value))
        except TypeError:
            return False  # what cannot be compared is not greater

    def sql(self, column: Column) -> Condition:
        return f"{column.name} > ?", (column.store(self.value),)

    def __str__(self) -> str:
        return f"greater than {self.value}"


class NETWORK(Comparator):
    """Equal to every host address of a network, which its base and its broadcast address are not.

    Takes `NETWORK("10.0.0.0/8")` or `NETWORK("10.0.0.0", "255.0.0.0")`; raises InvalidValue for anything else.
    """

    __slots__ = ("base", "mask")

    def __init__(self, network: object, mask: object = None) -> None:
        self.base, self.mask = network_from(network, mask)

    @property
    def _bounds(self) -> tuple[int, int]:
        last = self.base | ~self.mask & 0xFFFFFFFF
        return (self.base, last) if last - self.base < 2 else (self.base + 1, last - 1)  # RFC 3021: /31 has no others

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, str | int | IPv4Address):
            return False
        try:
            first, last = self._bounds
            return first <= int(IPv4Address(other)) <= last
        except ValueError:
            return False

    def sql(self, column: Column) -> Condition:
        return f"{column.name} BETWEEN ? AND ?", self._bounds

    def __str__(self) -> str:
        return f"in {IPv4Network((self.base, self.mask.bit_count()))}"


class CASEINSENSITIVE(Comparator):
    """Equal to the same text in any mixture of capitals and small letters."""

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.casefold() == self.value.casefold()

    def sql(self, column: Column) -> Condition:
        if column.text:
            return f"casefold({column.name}) = ?", (self.value.casefold(),)
        return f"{column.name} = ?", (column.store(self.value),)  # what is stored as a number or bytes has no case

    def __str__(self) -> str:
        return f"{self.value} in capitals or not"


def condition(column: Column, pattern: object) -> Condition:
    """A pattern as SQL: a comparator, or a plain value, which is equality. Raises InvalidValue."""
    if isinstance(pattern, Comparator):
        return pattern.sql(column)
    return f"{column.name} = ?", (column.store(pattern),)
