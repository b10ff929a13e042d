"""`match()`: conditions on the fields of a request, and `Matcher`, which asks many of them at once.

A condition is a value, made of fields with their patterns, `&`, `|`, `~`, and plain functions. It knows names and patterns as
they were written; what they mean follows from the `Fields` that it is compiled with, and so do its mistakes.

Compiled, each pattern of a field is an atom, which has a bit. A field gives the bits of all its atoms in one look-up, by its
raw value: in an index of the values and beginnings that the atoms name, where these are all they ask; else in what was
remembered of that value. So fifty conditions on three fields cost three look-ups, and what follows from the bits is the
same for most packets. Functions are called each time they count, for nobody knows what they read.
"""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, signature
from typing import Any, NoReturn

from pydhcpd.comparators import (
    ALL,
    CASEINSENSITIVE,
    GREATER,
    LESS,
    NETWORK,
    NOT,
    PREFIX,
    REGEX,
    SUFFIX,
    Comparator,
    digits_at_end,
    digits_at_start,
    octets,
    shown,
)
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fields import ADDRESS, HARDWARE, NUMBER, OCTETS, RECORD, SERVER, TEXT, TRUTH, UUID, WORD, Field, Fields
from pydhcpd.policy.machine_uuid import InEitherOrder
from pydhcpd.wire.packet import Request

MOST_REMEMBERED = 8192  # values of one field; all are forgotten when there would be more
LONGEST_REMEMBERED = 255  # octets of such a value: who sends them is a stranger

Function = Callable[..., object]
ViewMaker = Callable[[], object]
Call = Callable[[Function], bool | None]
Test = Callable[[int, Call], bool | None]
"""Whether a condition holds by the bits of the atoms; None: a function that counts failed, so nobody knows."""


class Condition:
    """What holds for a request, or does not. Cannot be changed; two are combined by `&`, `|` and `~`."""

    __slots__ = ()

    def __and__(self, other: object) -> "Condition":
        return _combined(lambda more: _And((self, more)), other)

    def __rand__(self, other: object) -> "Condition":
        return _combined(lambda more: _And((more, self)), other)

    def __or__(self, other: object) -> "Condition":
        return _combined(lambda more: _Or((self, more)), other)

    def __ror__(self, other: object) -> "Condition":
        return _combined(lambda more: _Or((more, self)), other)

    def __invert__(self) -> "Condition":
        return _Not(self)

    def __bool__(self) -> NoReturn:
        raise TypeError("a condition is true or false of a request only; write & | ~ in place of and, or, not")

    def __repr__(self) -> str:
        return f"match({self})"

    @abstractmethod
    def names(self) -> frozenset[str]:
        """The fields that it reads."""

    @abstractmethod
    def functions(self) -> tuple[Function, ...]:
        """The plain functions in it, each once."""

    @abstractmethod
    def test(self, matcher: "Matcher") -> Test:
        """The same on bits, its atoms put into `matcher`. Raises InvalidValue with all that is wrong."""

    def compiled(self, fields: Fields) -> Callable[[Request, ViewMaker], bool]:
        """What tells whether it holds for a request; functions get what the second argument makes, which is called once.

        Raises InvalidValue for a field that is none, and for a pattern that no value of its field can be equal to.
        """
        matcher = Matcher(fields)
        test = self.test(matcher)
        matcher.build()

        def holds(request: Request, make_view: ViewMaker) -> bool:
            views: list[object] = []

            def call(function: Function) -> bool:
                if not views:
                    views.append(make_view())
                return bool(function(views[0]))

            return bool(test(matcher.bits(request), call))

        return holds


def match(**fields: object) -> Condition:
    """All of these fields are equal to their patterns: values, comparators, lists of which any will do, None for absent.

    Where a field holds a list, one element that matches is enough.
    """
    for name, pattern in fields.items():
        if isinstance(pattern, type) and issubclass(pattern, Comparator):
            raise InvalidValue(f"{pattern.__name__} compares with nothing; write {name}={pattern.__name__}(...)")
    return _Match(tuple((name, _copied(pattern)) for name, pattern in fields.items()))


def condition_of(value: object) -> Condition:
    """A condition, or a plain function as one. Raises InvalidValue for what is neither."""
    if isinstance(value, Condition):
        return value
    if not callable(value):
        raise InvalidValue(f"{value!r} is no condition; allowed are match(...), conditions joined by & | ~, "
                           "and a function of the request")
    return _Function(value)


def check_function(function: Function) -> None:
    """Raise InvalidValue where a function cannot be called with a request and answer at once."""
    name = getattr(function, "__name__", repr(function))
    allowed = f"allowed is: def {name}(request), which returns True or False"
    if iscoroutinefunction(function) or isasyncgenfunction(function) or isgeneratorfunction(function):
        raise InvalidValue(f"{name} is async or yields, so that it would never run; {allowed}")
    try:
        accepted = signature(function)
    except (TypeError, ValueError):  # written in C, without a signature
        return
    try:
        accepted.bind("request")
    except TypeError:
        raise InvalidValue(f"{name} takes {accepted}; {allowed}") from None


def _copied(pattern: object) -> object:
    return [_copied(one) for one in pattern] if isinstance(pattern, list) else pattern


def _combined(make: Callable[[Condition], Condition], other: object) -> Condition:
    if isinstance(other, Condition):
        return make(other)
    return make(_Function(other)) if callable(other) else NotImplemented


# --- what a condition may be

@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Match(Condition):
    """Every field is equal to its pattern."""

    fields: tuple[tuple[str, object], ...]

    def names(self) -> frozenset[str]:
        return frozenset(name for name, _ in self.fields)

    def functions(self) -> tuple[Function, ...]:
        return ()

    def test(self, matcher: "Matcher") -> Test:
        if not self.fields:
            raise InvalidValue("match() names no field; allowed is match(field=value)")
        tests, wrong = [], []
        for name, pattern in self.fields:
            try:
                tests.append(matcher.test(name, pattern))
            except InvalidValue as error:
                wrong.append(str(error))
        if wrong:
            raise InvalidValue("; ".join(wrong))
        return _all(tests)

    def __str__(self) -> str:
        return " and ".join(f"{name} {_is(pattern)}" for name, pattern in self.fields)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Joined(Condition):
    """Several conditions."""

    parts: tuple[Condition, ...]

    def names(self) -> frozenset[str]:
        return frozenset().union(*(part.names() for part in self.parts))

    def functions(self) -> tuple[Function, ...]:
        found = {id(function): function for part in self.parts for function in part.functions()}
        return tuple(found.values())  # by identity: not all that can be called has a hash

    def _tests(self, matcher: "Matcher") -> list[Test]:
        tests, wrong = [], []
        for part in self.parts:
            try:
                tests.append(part.test(matcher))
            except InvalidValue as error:
                wrong.append(str(error))
        if wrong:
            raise InvalidValue("; ".join(wrong))
        return tests


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _And(_Joined):
    def test(self, matcher: "Matcher") -> Test:
        return _all(self._tests(matcher))

    def __str__(self) -> str:
        return " and ".join(_bracketed(part) if isinstance(part, _Or) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Or(_Joined):
    def test(self, matcher: "Matcher") -> Test:
        return _any(self._tests(matcher))

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Not(Condition):
    part: Condition

    def names(self) -> frozenset[str]:
        return self.part.names()

    def functions(self) -> tuple[Function, ...]:
        return self.part.functions()

    def test(self, matcher: "Matcher") -> Test:
        return _opposite(self.part.test(matcher))

    def __str__(self) -> str:
        return f"not {_bracketed(self.part)}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Function(Condition):
    """What a plain function says."""

    function: Function

    def names(self) -> frozenset[str]:
        return frozenset()

    def functions(self) -> tuple[Function, ...]:
        return (self.function,)

    def test(self, matcher: "Matcher") -> Test:  # noqa: ARG002  # it has no atom
        function = self.function
        check_function(function)
        return lambda _, call: call(function)

    def __str__(self) -> str:
        return f"{getattr(self.function, '__name__', repr(self.function))}(request)"


def _bracketed(condition: Condition) -> str:
    return f"({condition})"


def _is(pattern: object) -> str:
    """What a field is, in words."""
    if pattern is ALL:
        return "is present"
    return f"is {shown(pattern)}"


def _all(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(bits: int, call: Call) -> bool | None:
        outcome: bool | None = True
        for one in tests:
            holds = one(bits, call)
            if holds is False:
                return False
            if holds is None:
                outcome = None
        return outcome

    return test


def _any(tests: list[Test]) -> Test:
    if len(tests) == 1:
        return tests[0]

    def test(bits: int, call: Call) -> bool | None:
        outcome: bool | None = False
        for one in tests:
            holds = one(bits, call)
            if holds:
                return True
            if holds is None:
                outcome = None
        return outcome

    return test


def _opposite(one: Test) -> Test:
    def test(bits: int, call: Call) -> bool | None:
        holds = one(bits, call)
        return None if holds is None else not holds

    return test


# --- patterns of a field

@dataclass(slots=True)
class _Patterns:
    """What one atom asks of a field, apart by how it is answered: any of these."""

    values: list[object] = field(default_factory=list)  # in people's form
    starts: list[bytes] = field(default_factory=list)  # of the raw value
    others: list[object] = field(default_factory=list)  # asked by ==
    absent: bool = False
    present: bool = False


_ALWAYS = "a value, a list of them, None, ALL, NOT"
_OF_TEXT: tuple[str, tuple[type, ...]] = (
    ", PREFIX, SUFFIX, CASEINSENSITIVE, REGEX, GREATER and LESS", (PREFIX, SUFFIX, CASEINSENSITIVE, REGEX, GREATER, LESS))
_OF_ADDRESSES: tuple[str, tuple[type, ...]] = (", NETWORK" + _OF_TEXT[0], (NETWORK, *_OF_TEXT[1]))
_ALLOWED: dict[int, tuple[str, tuple[type, ...]]] = {
    NUMBER: (", GREATER and LESS", (GREATER, LESS)), ADDRESS: _OF_ADDRESSES, SERVER: _OF_ADDRESSES, TEXT: _OF_TEXT,
    OCTETS: _OF_TEXT, HARDWARE: _OF_TEXT, UUID: _OF_TEXT, WORD: (" and CASEINSENSITIVE", (CASEINSENSITIVE,)), TRUTH: ("", ()),
    RECORD: ("", ())}
"""Which comparators make sense for a kind of field, in words and as types."""


def _add(patterns: _Patterns, asked: Field, pattern: object) -> None:
    """Put a pattern that is neither a list nor NOT into the usual form of its field. Raises InvalidValue."""
    if pattern is None:
        patterns.absent = True
    elif pattern is ALL:
        patterns.present = True
    elif isinstance(pattern, Comparator):
        _add_comparator(patterns, asked, pattern)
    else:
        _add_value(patterns, asked, pattern)


def _add_value(patterns: _Patterns, asked: Field, pattern: object) -> None:
    try:
        value = asked.value(pattern)
    except InvalidValue as error:
        raise InvalidValue(f"{asked.name}: {error}") from None
    if value is None:
        patterns.absent = True
    elif isinstance(value, list):
        patterns.values += value
    else:
        patterns.values.append(value)


def _add_comparator(patterns: _Patterns, asked: Field, pattern: Comparator) -> None:
    words, allowed = _ALLOWED[asked.kind]
    if type(pattern) not in allowed:
        raise InvalidValue(f"{asked.name}: {type(pattern).__name__} makes no sense here; allowed are {_ALWAYS}{words}")
    if isinstance(pattern, GREATER | LESS):
        patterns.others.append(type(pattern)(_bound(asked, pattern.value)))
    elif isinstance(pattern, CASEINSENSITIVE) and asked.kind in (ADDRESS, HARDWARE, UUID, WORD):
        _add_value(patterns, asked, pattern.value)
    elif isinstance(pattern, PREFIX | SUFFIX):
        _add_part(patterns, asked, pattern)
    else:
        patterns.others.append(pattern)


def _bound(asked: Field, value: object) -> object:
    """What GREATER and LESS compare with: of a value's own kind, for nothing else can be compared."""
    if asked.kind == NUMBER and not isinstance(value, bool) and isinstance(value, int | float):
        return value
    if asked.kind == TEXT and isinstance(value, str):
        return value
    if asked.kind in (NUMBER, TEXT):
        raise InvalidValue(f"{asked.name}: {value!r} cannot be compared with its values; allowed is "
                           + ("a number" if asked.kind == NUMBER else "text"))
    found: list[object] = []
    wanted = _Patterns(found)
    _add_value(wanted, asked, value)
    if len(found) != 1:
        raise InvalidValue(f"{asked.name}: {value!r} cannot be compared with its values; allowed is one value")
    return found[0]


def _add_part(patterns: _Patterns, asked: Field, pattern: PREFIX | SUFFIX) -> None:
    """A beginning or an end. That of bytes is compared as bytes, that of a hardware address too where it is whole octets."""
    value, is_start = pattern.value, isinstance(pattern, PREFIX)
    if asked.kind in (HARDWARE, UUID) and isinstance(value, str):
        digits = (digits_at_start if is_start else digits_at_end)(value) if asked.kind == HARDWARE else value.replace("-", "")
        if digits is None or digits.strip("0123456789abcdefABCDEF"):
            raise InvalidValue(f"{asked.name}: {value!r} is no part of its values; allowed is text such as "
                               + ("'b8:27:eb'" if asked.kind == HARDWARE else "'4c4c4544-0032'"))
        if asked.kind == HARDWARE and is_start and digits and len(digits) % 2 == 0:
            patterns.starts.append(bytes.fromhex(digits))
        elif asked.kind == HARDWARE:
            patterns.others.append(type(pattern)(value.lower().replace("-", ":")))
        else:
            patterns.others.append(InEitherOrder(type(pattern)(value.lower())))
    elif asked.kind in (OCTETS, HARDWARE, UUID) and is_start and value:
        patterns.starts.append(octets(value))
    elif asked.kind in (HARDWARE, UUID) and value:
        patterns.others.append(SUFFIX(octets(value).hex(":") if asked.kind == HARDWARE else octets(value).hex()))
    elif asked.kind == ADDRESS and isinstance(value, str) and value.strip("0123456789."):
        raise InvalidValue(f"{asked.name}: {value!r} is no part of an address; allowed are digits and dots, or NETWORK")
    else:
        patterns.others.append(pattern)


# --- many conditions at once

class Matcher:
    """The atoms of many conditions: all are put in, then the look-ups are built, then requests are asked."""

    __slots__ = ("_asked", "_count", "_fields", "_tables")

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._count = 0
        self._asked: dict[Field, list[tuple[int, _Patterns]]] = {}
        self._tables: list[Callable[[Request], int]] = []

    def test(self, name: str, pattern: object) -> Test:
        """What asks whether a field is equal to a pattern. Raises InvalidValue for an unknown field, an impossible pattern."""
        return self._test(self._fields.field(name), pattern)

    def _test(self, asked: Field, pattern: object) -> Test:
        patterns = _Patterns()
        tests: list[Test] = []
        self._collect(asked, pattern, patterns, tests)
        if patterns != _Patterns() or not tests:
            tests.append(_of_bit(self._atom(asked, patterns)))
        return _any(tests)

    def _collect(self, asked: Field, pattern: object, patterns: _Patterns, tests: list[Test]) -> None:
        if isinstance(pattern, NOT):
            tests.append(_opposite(self._test(asked, pattern.pattern)))
        elif isinstance(pattern, list) or (isinstance(pattern, tuple) and asked.kind != RECORD):
            for one in pattern:
                self._collect(asked, one, patterns, tests)
        else:
            _add(patterns, asked, pattern)

    def _atom(self, asked: Field, patterns: _Patterns) -> int:
        bit = 1 << self._count
        self._count += 1
        self._asked.setdefault(asked, []).append((bit, patterns))
        return bit

    @property
    def reads_relay(self) -> bool:
        """Whether an atom is of what the relay says (option 82)."""
        return any(asked.reads_relay for asked in self._asked)

    def build(self) -> None:
        """Make the look-ups, after all conditions have been put in and before the first request."""
        self._tables = [_table(asked, atoms) for asked, atoms in self._asked.items()]

    def bits(self, request: Request) -> int:
        """The bits of the atoms that hold for a request."""
        bits = 0
        for look_up in self._tables:
            bits |= look_up(request)
        return bits


def _of_bit(bit: int) -> Test:
    return lambda bits, _: bits & bit != 0


def _table(asked: Field, atoms: Iterable[tuple[int, _Patterns]]) -> Callable[[Request], int]:
    """What gives the bits of a field's atoms."""
    read, index = asked.raw, _Index(asked, atoms)
    of, exact, present = index.of, index.exact, index.present
    if index.others or (not asked.varies and index.values):
        return _remembering(read, of)
    if index.values or index.starts:
        return lambda request: of(read(request))
    return lambda request: exact.get(read(request), present)  # None is in it


def _remembering(read: Callable[[Request], Hashable | None], of: Callable[[Hashable | None], int]) -> Callable[[Request], int]:
    known: dict[Hashable | None, int] = {}

    def look_up(request: Request) -> int:
        raw = read(request)
        bits = known.get(raw)
        if bits is None:
            bits = of(raw)
            if not isinstance(raw, bytes) or len(raw) <= LONGEST_REMEMBERED:
                if len(known) >= MOST_REMEMBERED:
                    known.clear()
                known[raw] = bits
        return bits

    return look_up


class _Index:
    """The atoms of one field by how they are answered: by the raw value, by its beginning, by people's form, by ==."""

    __slots__ = ("_key", "_read", "absent", "exact", "others", "present", "starts", "values")

    def __init__(self, asked: Field, atoms: Iterable[tuple[int, _Patterns]]) -> None:
        self._read, self._key = asked.read, asked.key
        self.absent = self.present = 0
        self.exact: dict[Hashable | None, int] = {}
        self.starts: dict[int, dict[bytes, int]] = {}  # by length
        self.values: dict[object, int] = {}
        self.others: list[tuple[int, object]] = []
        for bit, patterns in atoms:
            self._add(bit, patterns, is_record=asked.kind == RECORD)
        self.exact = {key: bits | self.present for key, bits in self.exact.items()}
        self.exact[None] = self.absent

    def _add(self, bit: int, patterns: _Patterns, is_record: bool) -> None:
        self.absent |= bit if patterns.absent else 0
        self.present |= bit if patterns.present else 0
        for value in patterns.values:
            if is_record:
                self.others.append((bit, value))  # it may hold lists, which have no hash
            elif self._key is not None:
                _join(self.exact, self._key(value), bit)
            else:
                _join(self.values, value, bit)
        for start in patterns.starts:
            _join(self.starts.setdefault(len(start), {}), start, bit)
        self.others += [(bit, pattern) for pattern in patterns.others]

    def of(self, raw: Any) -> int:
        """The bits of a raw value."""
        if raw is None:
            return self.absent
        bits = self.exact.get(raw, self.present)
        for length, starts in self.starts.items():
            bits |= starts.get(raw[:length], 0)
        if self.values or self.others:
            value = self._read(raw)
            for element in value if isinstance(value, list) else (value,):
                bits |= self._by_value(element, bits)
        return bits

    def _by_value(self, element: object, bits: int) -> int:
        found = self.values.get(element, 0) if self.values else 0
        for bit, pattern in self.others:
            if not (bits | found) & bit and pattern == element:
                found |= bit
        return found


def _join(table: dict[Any, int], key: Any, bit: int) -> None:
    table[key] = table.get(key, 0) | bit
