"""Comparators: each is equal to every value that it matches.

One class each, with three faces: `==` for a value in hand, which never raises; `sql()` for a query of the lease database;
and `str()` for people. They know nothing of what they are compared with; a `Column` tells how a value is spelled in the
database.

Where one compares text with bytes, the text stands for bytes by the rules of the configuration: `octets`. A list is any of
its patterns, None is absent, and a plain value is equality: `is_match` is the same rule for whatever a pattern may be.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from pydhcpd.addresses import network_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import as_written

Condition = tuple[str, tuple[object, ...]]

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")
_START_OF_OCTETS = re.compile(r"([0-9A-Fa-f]{2}[:-])*[0-9A-Fa-f]{0,2}")
_END_OF_OCTETS = re.compile(r"[0-9A-Fa-f]{0,2}([:-][0-9A-Fa-f]{2})*")


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
        return f"greater than {shown(self.value)}"


class LESS(Comparator):
    """Equal to what is less than `value`."""

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        try:
            return bool(_ordered(other) < _ordered(self.value))
        except TypeError:
            return False  # what cannot be compared is not less

    def sql(self, column: Column) -> Condition:
        return f"{column.name} < ?", (column.store(self.value),)

    def __str__(self) -> str:
        return f"less than {shown(self.value)}"


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
        if not isinstance(other, str | int | IPv4Address) or isinstance(other, bool):
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
    """Equal to the same text in any mixture of capitals and small letters. Raises InvalidValue for what is no text."""

    __slots__ = ("value",)

    def __init__(self, value: str | bytes) -> None:
        self.value = _text_or_bytes(value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return other.casefold() == _text(self.value).casefold()
        return isinstance(other, bytes) and _text(other).casefold() == _text(octets(self.value)).casefold()

    def sql(self, column: Column) -> Condition:
        if column.text:
            return f"casefold({column.name}) = ?", (_text(self.value).casefold(),)
        return f"{column.name} = ?", (column.store(self.value),)  # what is stored as a number or bytes has no case

    def __str__(self) -> str:
        return f"{shown(self.value)} in capitals or not"


class PREFIX(Comparator):
    """Equal to text or bytes that begin with `value`. Raises InvalidValue for what is neither."""

    __slots__ = ("value",)

    def __init__(self, value: str | bytes) -> None:
        self.value = _text_or_bytes(value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            if isinstance(self.value, str):
                return other.startswith(self.value)
            other = _utf8(other)
        return isinstance(other, bytes) and other.startswith(octets(self.value))

    def sql(self, column: Column) -> Condition:
        return _part(column, self.value, at_end=False)

    def __str__(self) -> str:
        return f"what begins with {shown(self.value)}"


class SUFFIX(Comparator):
    """Equal to text or bytes that end in `value`. Raises InvalidValue for what is neither."""

    __slots__ = ("value",)

    def __init__(self, value: str | bytes) -> None:
        self.value = _text_or_bytes(value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            if isinstance(self.value, str):
                return other.endswith(self.value)
            other = _utf8(other)
        return isinstance(other, bytes) and other.endswith(octets(self.value))

    def sql(self, column: Column) -> Condition:
        return _part(column, self.value, at_end=True)

    def __str__(self) -> str:
        return f"what ends in {shown(self.value)}"


class REGEX(Comparator):
    """Equal to text or bytes in which the regular expression is found; `^` and `$` tie it to the ends.

    By google-re2, in time linear in the length of the text: strangers choose it. In text the expression reads characters, in
    bytes octets. Raises InvalidValue for an expression that RE2 cannot read, and where google-re2 is not installed.
    """

    __slots__ = ("_in_octets", "_in_text", "value")

    def __init__(self, value: str | bytes) -> None:
        self.value = _text_or_bytes(value)
        try:
            import re2
        except ImportError:
            raise InvalidValue(f"REGEX({value!r}) needs google-re2, which is not installed; "
                               f"run: {sys.executable} -m pip install google-re2") from None
        expression = value if isinstance(value, bytes) else _utf8(value)
        self._in_octets = _compiled(re2, expression, re2.Options.Encoding.LATIN1)
        try:
            self._in_text = _compiled(re2, expression, re2.Options.Encoding.UTF8)
        except InvalidValue:
            if isinstance(value, str):
                raise
            self._in_text = None  # octets that no text has

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return self._in_text is not None and self._in_text.search(_utf8(other)) is not None
        return isinstance(other, bytes) and self._in_octets.search(other) is not None

    def sql(self, column: Column) -> Condition:  # noqa: ARG002  # whatever the column is
        raise InvalidValue(f"REGEX({self.value!r}) cannot be asked of the lease database; "
                           "allowed are PREFIX, SUFFIX and CASEINSENSITIVE")

    def __str__(self) -> str:
        return f"what matches {shown(self.value)}"


def _compiled(re2: Any, expression: bytes, encoding: object) -> Any:
    options = re2.Options()
    options.encoding, options.never_capture, options.log_errors = encoding, True, False
    try:
        return re2.compile(expression, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        words = _text(reason) if isinstance(reason, bytes) else reason
        raise InvalidValue(f"REGEX({_text(expression)!r}) cannot be read ({words}); allowed is the syntax of RE2, which has "
                           "neither backreferences nor lookaround") from None


class NOT(Comparator):
    """Equal to all that `pattern` does not match, what is absent included."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: object) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return not is_match(self.pattern, other)

    def sql(self, column: Column) -> Condition:
        sql, parameters = condition(column, self.pattern)
        return f"({sql}) IS NOT TRUE", parameters  # NOT would leave out where the column is NULL

    def __str__(self) -> str:
        words = shown(self.pattern)
        return f"not ({words})" if isinstance(self.pattern, list | tuple) else f"not {words}"


def is_match(pattern: object, value: object) -> bool:
    """Whether a value is what a pattern says: a comparator; a list, any of it; None, absent; else equality.

    A tuple is a list as well, where the value is no tuple. Does not raise.
    """
    if isinstance(pattern, list) or (isinstance(pattern, tuple) and not isinstance(value, tuple)):
        return any(is_match(one, value) for one in pattern)
    return value is None if pattern is None else bool(pattern == value)


def condition(column: Column, pattern: object) -> Condition:
    """A pattern as SQL, by the rules of `is_match`. Raises InvalidValue."""
    if isinstance(pattern, Comparator):
        return pattern.sql(column)
    if pattern is None:
        return f"{column.name} IS NULL", ()
    if isinstance(pattern, list | tuple):
        parts = [condition(column, one) for one in pattern]
        return " OR ".join([f"({sql})" for sql, _ in parts]) or "0", tuple(value for _, some in parts for value in some)
    return f"{column.name} = ?", (column.store(pattern),)


def octets(value: str | bytes) -> bytes:
    """The bytes that text stands for: pairs of hexadecimal digits with colons as that, other text as UTF-8."""
    if isinstance(value, bytes):
        return value
    if _HEXADECIMAL.fullmatch(value):
        return bytes.fromhex(value.replace(":", ""))
    return _utf8(value)


def digits_at_start(text: str) -> str | None:
    """The hexadecimal digits of a beginning of octets, such as "b8:27:e"; None where it is none."""
    return _digits(text, _START_OF_OCTETS)


def digits_at_end(text: str) -> str | None:
    """The same of an end, such as "7:eb"."""
    return _digits(text, _END_OF_OCTETS)


def _digits(text: str, form: re.Pattern[str]) -> str | None:
    return text.replace("-", ":").replace(":", "").lower() if form.fullmatch(text) else None


def shown(pattern: object) -> str:
    """A pattern in words."""
    if isinstance(pattern, list | tuple):
        return " or ".join(map(shown, pattern)) or "nothing"
    if pattern is None:
        return "absent"
    if isinstance(pattern, bytes):
        return as_written(pattern)
    return str(pattern) or "''"


def _text_or_bytes(value: object) -> str | bytes:
    if not isinstance(value, str | bytes):
        raise InvalidValue(f"{value!r} is not text; allowed is text such as 'PXEClient', or bytes")
    return value


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")  # half a character is no reason to raise


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def _part(column: Column, value: str | bytes, at_end: bool) -> Condition:
    """That a part of a column is `value`: compared as octets, for SQLite ends text at a NUL."""
    if not value:
        return f"{column.name} IS NOT NULL", ()
    if column.text:
        part = value if isinstance(value, bytes) else _utf8(value)
        return f"substr(CAST({column.name} AS BLOB), {_where(at_end, len(part))}) = ?", (part,)
    stored = column.store(value.strip(":-") if isinstance(value, str) else value)
    if not isinstance(stored, bytes):
        raise InvalidValue(f"{value!r} cannot be looked for in a column of numbers; allowed are a value, GREATER, LESS and, "
                           "for addresses, NETWORK")
    digits = value.hex() if isinstance(value, bytes) else digits_at_end(value) if at_end else digits_at_start(value)
    if digits is None:
        raise InvalidValue(f"{value!r} is no part of a hardware address; allowed is text such as 'b8:27:eb'")
    sql = f"substr(hex({column.name}), {_where(at_end, len(digits))}) = ?"
    if isinstance(value, str) and value[0 if at_end else -1] in ":-":  # so there are octets beyond it
        sql = f"length({column.name}) > {len(digits) // 2} AND {sql}"
    return sql, (digits.upper(),)


def _where(at_end: bool, length: int) -> str:
    return f"-{length}" if at_end else f"1, {length}"
