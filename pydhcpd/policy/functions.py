"""The functions that a configuration file may define: accept, identify, classify, choose and finish.

Owns what each takes, what it may return, and what holds where it fails. They are called inside a `Fence`, with the views of
`views`; which of them exist is settled when the file is loaded, so that those who define none pay nothing for them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction, signature
from itertools import islice
from typing import Any, TypeVar

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fence import FAILURE, Dropped, Fence, place_of
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.views import Circumstances, Fields, OptionTable, ReplyView, RequestView
from pydhcpd.wire.options import Option

__all__ = ["DEFINED", "FAILURE", "ON_EVENT", "PARAMETERS", "Circumstances", "Dropped", "Fence", "Fields", "Functions",
           "OptionTable", "ReplyView", "RequestView", "check", "place_of"]

PARAMETERS: dict[str, tuple[str, ...]] = {
    "accept": ("request",), "identify": ("request",), "classify": ("request",), "choose": ("request", "pools"),
    "finish": ("request", "reply")}
"""The names of the functions that are called while packets are answered, and what each is called with."""

ON_EVENT = "on_event"
DEFINED = {**PARAMETERS, ON_EVENT: ("event",)}
"""Those, and the one that hears beside them of what has happened."""

MAY_YIELD = frozenset(("classify", "choose"))
MOST_RESULTS = 1000  # of classify() and choose(): a generator may never end

Made = TypeVar("Made")


class Functions:
    """The functions of one configuration file. Each attribute is None where the file does not define the function.

    Those that are there may be called with views, and raise `Dropped` alone:

    - `accept(request)`: whether the request is served. One that fails says yes.
    - `identify(request)`: a reservation that was computed, or None.
    - `classify(request)`: names of further classes, each defined.
    - `choose(request, pools)`: those of `pools` that are to be tried, in order. One that fails gives all as they were.
    - `finish(request, reply)`: True where it ran to its end; else the changes in `reply` must not be used.
    """

    __slots__ = ("accept", "choose", "classify", "fences", "finish", "identify", "table")

    accept: Callable[[RequestView], bool] | None
    identify: Callable[[RequestView], Reservation | None] | None
    classify: Callable[[RequestView], tuple[str, ...]] | None
    choose: Callable[[RequestView, Sequence[Any]], Sequence[Any]] | None
    finish: Callable[[RequestView, ReplyView], bool] | None
    fences: Mapping[str, Fence]
    table: OptionTable

    def __init__(self, namespace: Mapping[str, object], class_names: Iterable[str], *, time_limit: float, failure: str,
                 clock: Callable[[], float], file: str = "",
                 host_scope: Callable[[Reservation], Reservation] = lambda one: one,
                 own_options: Mapping[str, Option] | None = None) -> None:
        """Take the functions from what the file assigned; other names in `namespace` do not matter.

        `time_limit` is in seconds, `failure` one of FAILURE; `host_scope` compiles the settings of a host that identify()
        made up, and raises InvalidValue for what is wrong in them. `own_options` are the administrator's, which finish() may
        set as well: `table` is for its ReplyView. Raises InvalidValue for a function that cannot be called.
        """
        self.table = OptionTable(own_options)
        self.fences = fences = {}
        for name in PARAMETERS:
            function = namespace.get(name)
            if function is not None:
                fences[name] = Fence(check(name, function), f"{name}()", time_limit, failure, clock, file,
                                     guards=name == "accept")
        classes = frozenset(class_names)
        self.accept = _made(fences.get("accept"), _accepting)
        self.identify = _made(fences.get("identify"), lambda fence: _identifying(fence, host_scope))
        self.classify = _made(fences.get("classify"), lambda fence: _classifying(fence, classes))
        self.choose = _made(fences.get("choose"), _choosing)
        self.finish = _made(fences.get("finish"), _finishing)

    @classmethod
    def none(cls) -> "Functions":
        """Those of a file that defines none."""
        return cls({}, (), time_limit=0.0, failure=FAILURE[0], clock=lambda: 0.0)

    def __bool__(self) -> bool:
        return bool(self.fences)


def check(name: str, function: object) -> Callable[..., object]:
    """The function of this name, if it can be called as it will be. Raises InvalidValue."""
    parameters = DEFINED[name]
    allowed = f"allowed is: def {name}({', '.join(parameters)})"
    if not callable(function):
        raise InvalidValue(f"{function!r} is not a function; {allowed}")
    if iscoroutinefunction(function) or isasyncgenfunction(function):
        raise InvalidValue(f"it is async, and nobody would wait for it; {allowed}")
    if isgeneratorfunction(function) and name not in MAY_YIELD:
        raise InvalidValue(f"it yields, so that it would never run; {allowed}, with return")
    try:
        accepted = signature(function)
    except (TypeError, ValueError):  # written in C, without a signature
        return function
    try:
        accepted.bind(*parameters)
    except TypeError:
        raise InvalidValue(f"it takes {accepted}; {allowed}") from None
    return function


def _made(fence: Fence | None, make: Callable[[Fence], Made]) -> Made | None:
    return None if fence is None else make(fence)


# Each of the five is called by a function of its own name: where the process had to be ended, the stack tells by it which.


def _accepting(fence: Fence) -> Callable[[RequestView], bool]:
    def accept(request: RequestView) -> bool:
        return fence.call(_verdict, True, request)

    return accept


def _identifying(fence: Fence, host_scope: Callable[[Reservation], Reservation]) -> Callable[[RequestView], Reservation | None]:
    def read(result: object) -> Reservation | None:
        made = _reservation(result)
        return None if made is None else host_scope(made)

    def identify(request: RequestView) -> Reservation | None:
        return fence.call(read, None, request)

    return identify


def _classifying(fence: Fence, defined: frozenset[str]) -> Callable[[RequestView], tuple[str, ...]]:
    def read(result: object) -> tuple[str, ...]:
        return _class_names(result, defined)

    def classify(request: RequestView) -> tuple[str, ...]:
        return fence.call(read, (), request)

    return classify


def _choosing(fence: Fence) -> Callable[[RequestView, Sequence[Any]], Sequence[Any]]:
    def choose(request: RequestView, pools: Sequence[Any]) -> Sequence[Any]:
        return fence.call(lambda result: _pools(result, pools), pools, request, pools)

    return choose


def _finishing(fence: Fence) -> Callable[[RequestView, ReplyView], bool]:
    def finish(request: RequestView, reply: ReplyView) -> bool:
        return fence.call(lambda _: True, False, request, reply)

    return finish


def _verdict(result: object) -> bool:
    """What accept() returned. A forgotten return must not silence the server."""
    if result is None:
        raise InvalidValue("it returned nothing; allowed are True and False")
    return bool(result)


def _reservation(result: object) -> Reservation | None:
    """What identify() returned. A mistake in the arguments of host() is told in host()'s own words."""
    if result is None or isinstance(result, Reservation):
        return result
    reason = getattr(result, "reason", None)
    if isinstance(reason, str):
        raise InvalidValue(f"{getattr(result, 'call', 'host(...)')}: {reason}")
    raise InvalidValue(f"it returned {_shown(result)}; allowed is host(...) or None")


def _class_names(result: object, defined: frozenset[str]) -> tuple[str, ...]:
    """What classify() returned, each name once."""
    names = _several(result, "class names, such as ['voip'], or [] for none")
    for name in names:
        if not isinstance(name, str) or name not in defined:
            known = ", ".join(sorted(defined)) or "none"
            raise InvalidValue(f"it returned {_shown(name)}, which is no class; defined are: {known}")
    return tuple(dict.fromkeys(names))


def _pools(result: object, pools: Sequence[Any]) -> Sequence[Any]:
    """What choose() returned, each pool once."""
    given = {id(pool): pool for pool in pools}
    chosen = _several(result, "pools, each of those that it was given")
    for one in chosen:
        if id(one) not in given:
            raise InvalidValue(f"it returned {_shown(one)}; allowed are the pools that it was given")
    return [given[place] for place in dict.fromkeys(map(id, chosen))]


def _several(result: object, words: str) -> list[Any]:
    if isinstance(result, str | bytes) or not isinstance(result, Iterable):
        raise InvalidValue(f"it returned {_shown(result)}; allowed is a list of {words}")
    found = list(islice(result, MOST_RESULTS + 1))
    if len(found) > MOST_RESULTS:
        raise InvalidValue(f"it returned more than {MOST_RESULTS} values; allowed is a list of {words}")
    return found


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
