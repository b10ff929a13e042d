"""Classes of clients: `ClientClass`, what `client_class()` of the configuration makes, and `Classifier`, which tells those
of a request.

Owns their order, their limits of leases and who is of which class by its condition. What a class sets is compiled elsewhere.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import as_written
from pydhcpd.policy.conditions import Condition, Function, Matcher, Test, check_function, condition_of
from pydhcpd.policy.declarations import KNOWN, UNKNOWN
from pydhcpd.policy.fence import Fence
from pydhcpd.policy.fields import Fields, Raw
from pydhcpd.policy.views import RequestView
from pydhcpd.wire.packet import Request

MOST_REMEMBERED = 8192  # outcomes; all are forgotten when there would be more
MOST_LEASES = 1 << 24  # that a limit can say: the addresses of a /8

MakeFence = Callable[[Callable[..., object], str], Fence]


@dataclass(frozen=True, slots=True, repr=False)
class ClientClass:
    """A class as it was written, checked as far as it can be alone. Without a condition one joins by other means.

    `lease_limit` is the most leases that its clients may have, those with the same value of the field `lease_limit_per`
    counted together where that is given. `settings` are as they were written.
    """

    name: str
    condition: Condition | Callable[..., object] | None = None
    lease_limit: int | None = None
    lease_limit_per: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "ClientClass":
        """Check `client_class()`'s arguments. Raises InvalidValue with all that are wrong; what it does not know are settings.
        """
        checked: dict[str, Any] = {}
        wrong = []
        for name, check in ARGUMENTS.items():
            if name == "name" or arguments.get(name) is not None:
                try:
                    checked[name] = check(arguments.get(name))
                except InvalidValue as error:
                    wrong.append(f"{name}: {error}")
        if arguments.get("lease_limit_per") is not None and arguments.get("lease_limit") is None:
            wrong.append("lease_limit_per: nothing is counted without a limit; allowed is with lease_limit")
        if wrong:
            raise InvalidValue("; ".join(wrong))
        return cls(**checked, settings={name: value for name, value in arguments.items() if name not in ARGUMENTS}, line=line)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"client_class({self.name!r})"

    def check(self, fields: Fields) -> None:
        """Raise InvalidValue with all that is wrong in its fields and their patterns."""
        wrong = []
        try:
            if self.condition is not None:
                condition_of(self.condition).compiled(fields)
        except InvalidValue as error:
            wrong.append(f"condition: {error}")
        try:
            if self.lease_limit_per is not None:
                fields.field(self.lease_limit_per)
        except InvalidValue as error:
            wrong.append(f"lease_limit_per: {error}")
        if wrong:
            raise InvalidValue("; ".join(wrong))


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise InvalidValue(f"{value!r} is not a name; allowed is printable text")
    if value in (KNOWN, UNKNOWN):
        raise InvalidValue(f"{value!r} is taken: it always exists; allowed is another name")
    return value


def _condition(value: object) -> Condition:
    condition = condition_of(value)
    for function in condition.functions():
        check_function(function)
    return condition


def _limit(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_LEASES:
        raise InvalidValue(f"{value!r} is no number of leases; allowed is a whole number from 1 to {MOST_LEASES}")
    return value


def _field_name(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidValue(f"{value!r} is no field; allowed is the name of one, such as 'circuit_id'")
    return value


ARGUMENTS: dict[str, Callable[[object], Any]] = {
    "name": _name, "condition": _condition, "lease_limit": _limit, "lease_limit_per": _field_name}


class Classifier:
    """Tells the classes of a request. `is_empty`: by conditions none has any; `names` are all, in order of definition, and
    `conditions` theirs.

    `reads_relay` and `has_limits` tell what somebody has to provide, or to do, for it.
    """

    __slots__ = ("_asking", "_fences", "_limits", "_matcher", "_order", "_outcomes", "_plain", "conditions", "has_limits",
                 "is_empty", "names", "reads_relay")

    def __init__(self, classes: Sequence[ClientClass], fields: Fields, fence: MakeFence | None = None) -> None:
        """`fence` is needed where a condition has a function. Raises InvalidValue for what `ClientClass.check` does."""
        self.names = tuple(one.name for one in classes)
        self.conditions = {one.name: one.condition for one in classes}  # as they were written
        self._order = {name: place for place, name in enumerate(self.names)}
        self._matcher = Matcher(fields)
        self._plain: list[tuple[str, Test]] = []
        self._asking: list[tuple[str, Test]] = []  # those with functions
        self._fences: dict[int, Fence] = {}  # by identity: not all that can be called has a hash
        for one in classes:
            if one.condition is not None:
                self._add(one.name, condition_of(one.condition), fence)
        self._matcher.build()
        self.is_empty = not self._plain and not self._asking
        self._outcomes: dict[int, tuple[str, ...]] = {}
        self._limits = {one.name: _Limit(one, fields) for one in classes if one.lease_limit is not None}
        self.has_limits = bool(self._limits)
        self.reads_relay = (self._matcher.reads_relay or bool(self._asking)
                            or any(one.reads_relay for one in self._limits.values()))

    def _add(self, name: str, condition: Condition, fence: MakeFence | None) -> None:
        test = condition.test(self._matcher)
        functions = condition.functions()
        (self._asking if functions else self._plain).append((name, test))
        for function in functions:
            assert fence is not None, "functions are called through a fence"
            if id(function) not in self._fences:
                words = f"{getattr(function, '__name__', 'a function')}() of the class {name}"
                self._fences[id(function)] = fence(function, words)

    @property
    def asks(self) -> bool:
        """Whether a condition asks a function of the file."""
        return bool(self._asking)

    @property
    def fences(self) -> Collection[Fence]:
        """Those of the functions in conditions."""
        return self._fences.values()

    @property
    def asking(self) -> Collection[str]:
        """The names of the classes whose conditions ask a function of the file."""
        return [name for name, _ in self._asking]

    def of(self, request: Request, make_view: Callable[[], RequestView] | None) -> tuple[str, ...]:
        """The names of the classes whose conditions hold, in order of definition. `make_view` is called for functions only;
        without it classes whose conditions have any are left out.

        Raises Dropped, where a function failed and that is what is to happen then; else its class is left out.
        """
        bits = self._matcher.bits(request)
        names = self._outcomes.get(bits)
        if names is None:
            names = tuple(name for name, test in self._plain if test(bits, _no_function))
            if len(self._outcomes) >= MOST_REMEMBERED:
                self._outcomes.clear()
            self._outcomes[bits] = names
        return names if not self._asking or make_view is None else self.joined(names, self._asked(bits, make_view))

    def _asked(self, bits: int, make_view: Callable[[], RequestView]) -> list[str]:
        """Those classes with functions whose conditions hold. A function is called once for a request, if at all."""
        said: dict[int, bool | None] = {}
        views: list[RequestView] = []

        def call(function: Function) -> bool | None:
            place = id(function)
            if place not in said:
                if not views:
                    views.append(make_view())
                said[place] = self._fences[place].call(bool, None, views[0])
            return said[place]

        return [name for name, test in self._asking if test(bits, call)]

    def joined(self, names: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
        """Both together in order of definition, each once; names that are not defined are left out."""
        order = self._order
        return tuple(sorted({name for name in (*names, *more) if name in order}, key=order.__getitem__))

    def limits(self, names: Iterable[str], request: Request) -> list[tuple[str, int]]:
        """What of the request counts towards a limit, given its classes: a key, and how many leases may have it."""
        found = []
        for name in names:
            limit = self._limits.get(name)
            if limit is not None:
                key = limit.key(request)
                if key is not None:
                    found.append((key, limit.most))
        return found


def _no_function(function: Function) -> bool | None:
    raise AssertionError(f"{function} in a condition without functions")


class _Limit:
    """The limit of one class."""

    __slots__ = ("_name", "_raw", "most", "reads_relay")

    def __init__(self, one: ClientClass, fields: Fields) -> None:
        self._name, self.most = one.name, one.lease_limit or 0
        per = one.lease_limit_per
        self._raw: Raw | None = None if per is None else fields.raw(per)
        self.reads_relay = per is not None and fields.reads_relay(per)

    def key(self, request: Request) -> str | None:
        """What is counted together; None where the field is absent, for then there is nothing to count by."""
        if self._raw is None:
            return self._name
        value = self._raw(request)
        if value is None:
            return None
        return f"{self._name}={as_written(value) if isinstance(value, bytes) else value}"
