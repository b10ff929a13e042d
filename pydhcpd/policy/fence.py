"""`Fence`: the one way in which a function of the configuration file is called while packets are answered.

Nothing can interrupt a Python function, and the file's are anybody's work: one may raise, exit, return nonsense or take its
time. The fence sees to it that the server outlives all of these, says so at a bounded rate with the line in the file, and
does without a function that keeps being slow. One that never ends is none of its business: that ends the process, and the next
one leaves the function out. Time comes from the clock that the fence is given.
"""

import logging
from collections import deque
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, TypeVar

from pydhcpd.errors import Ignored
from pydhcpd.escape import escape

FAILURE = ("ignore", "drop")
"""What `policy_failure` may be: the packet goes on without the function, or is dropped."""

MOST_SLOW, MINUTE = 10, 60.0  # so many slow calls within so many seconds, and the function is left out
SAID_AGAIN = 10.0  # seconds between two lines of the log on exceptions of one function
MOST_LINKED = 1000  # exceptions behind one exception that are taken apart
LONGEST_REASON = 300  # characters of an exception's words in the log
TRACEBACK, CAUSE, CONTEXT = (vars(BaseException)[f"__{link}__"] for link in ("traceback", "cause", "context"))
"""What an exception holds on to, as BaseException has it: a class of the file's may have replaced it."""

T = TypeVar("T")

log = logging.getLogger("pydhcpd.policy")


class Dropped(Ignored):  # not an error of the server: it was asked for by policy_failure = "drop"
    """The request gets no answer, since a function failed; `str()` of it is the reason, for a counter."""


class TooLong(BaseException):
    """Raised from outside in a function for which nobody waits, and which takes too long. No `except Exception` catches it."""


class Fence:
    """One function of the file, called with care. `name` is what people know it by; `file` the configuration file.

    `time_limit` is in seconds, of `clock`, which must not go back; `failure` is one of FAILURE. One that `guards` decides who
    is served: where it is left out, `failure` holds as well. `failures` and `slow_calls` count since the file was loaded;
    `is_left_out` is for good: a reload makes new fences.
    """

    __slots__ = ("_clock", "_drops", "_file", "_function", "_guards", "_place", "_slow", "_told", "_untold", "failures",
                 "is_left_out", "name", "slow_calls", "time_limit")

    def __init__(self, function: Callable[..., object], name: str, time_limit: float, failure: str,
                 clock: Callable[[], float], file: str = "", guards: bool = False) -> None:
        self.name, self.time_limit = name, time_limit
        self.failures = self.slow_calls = 0
        self.is_left_out = False
        self._function, self._clock, self._file = function, clock, file
        self._place = place_of(function)
        self._drops, self._guards = failure == "drop", guards
        self._slow: deque[float] = deque(maxlen=MOST_SLOW)
        self._told: float | None = None
        self._untold = 0

    def call(self, read: Callable[[Any], T], otherwise: T, *arguments: object) -> T:
        """What the function returns, as `read` takes it; `otherwise` where it failed or is left out.

        `read` belongs inside the fence, for a result may be a generator, or refuse to be true or false. It raises
        InvalidValue for a result of a wrong type, which counts as an exception of the function. Raises Dropped alone.
        """
        if self.is_left_out:
            return self._without(otherwise)
        failed = False
        started = self._clock()
        try:
            result = read(self._function(*arguments))
            ended = self._clock()
        except BaseException as error:  # SystemExit as well: no line of the file ends the server
            ended = self._clock()
            failed = True
            self._note_failure(error, ended, "packets are dropped" if self._drops else "packets go on without it")
            _take_apart(error)
        if ended - started > self.time_limit:
            self._note_slowness(ended - started, ended)
        if not failed:
            return result
        if self._drops:
            raise Dropped(f"{self.name} failed")
        return otherwise

    def call_aside(self, *arguments: object) -> None:
        """Call a function that hears of what has happened, and for which no packet waits: nothing comes of it but a failure."""
        if self.is_left_out:
            return
        try:
            self._function(*arguments)
        except BaseException as error:  # SystemExit as well
            outcome = "it was ended" if isinstance(error, TooLong) else "nothing else comes of that"
            self._note_failure(error, self._clock(), outcome)
            _take_apart(error)

    def stands_at(self, frame: FrameType | None) -> str:
        """FILE:LINE of the innermost line of the configuration file that is being run in a frame, else of the function."""
        while frame is not None and frame.f_code.co_filename != self._file:
            frame = frame.f_back
        return f"{self._file}:{frame.f_lineno}" if frame is not None else self._place

    def _without(self, otherwise: T) -> T:
        """What holds where the function is left out."""
        if self._guards and self._drops:
            raise Dropped(f"{self.name} is left out")
        return otherwise

    def leave_out(self, until: str, why: str) -> None:
        """Do without the function from now on, and tell; `until` and `why` are words."""
        self.is_left_out = True
        outcome = "; no packet is answered meanwhile" if self._guards and self._drops else ""
        log.error("%s", f"{self._place}: {self.name} is left out until {until}: {why}{outcome}")

    def is_at(self, file: str, line: int) -> bool:
        """Whether a line of a file is one of the function's own, for one that was written in Python."""
        code = _code_of(self._function)
        return code is not None and code.co_filename == file and line in {number for *_, number in code.co_lines()}

    def _note_failure(self, error: BaseException, now: float, outcome: str) -> None:
        """Count an exception, and log it where the last line about this function is long enough ago."""
        self.failures += 1
        if self._told is not None and now - self._told < SAID_AGAIN:
            self._untold += 1
            return
        more = f" (and {self._untold} more in the last {now - (self._told or now):.0f} s)" if self._untold else ""
        self._told, self._untold = now, 0
        log.warning("%s", f"{self._place_of(error)}: {self.name} failed: {_words(error)}{more}; {outcome}")

    def _note_slowness(self, seconds: float, now: float) -> None:
        """Log a slow call, and leave the function out where there were too many."""
        self.slow_calls += 1
        self._slow.append(now)
        log.warning("%s", f"{self._place}: {self.name} took {seconds:.3f} s, and policy_time_limit is {self.time_limit:g} s; "
                          "nobody is served meanwhile")
        if len(self._slow) == MOST_SLOW and now - self._slow[0] <= MINUTE:
            self.leave_out("the next reload",
                           f"{MOST_SLOW} calls within {MINUTE:.0f} s took longer than {self.time_limit:g} s each")

    def _place_of(self, error: BaseException) -> str:
        """FILE:LINE of the innermost line of the configuration file that an exception came through, else of the function."""
        traceback, found = TRACEBACK.__get__(error), ""
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._file:
                found = f"{self._file}:{traceback.tb_lineno}"
            traceback = traceback.tb_next
        return found or self._place


def place_of(function: object) -> str:
    """FILE:LINE at which a function begins; its words where it was not written in Python."""
    code = _code_of(getattr(getattr(function, "func", function), "__wrapped__", function))  # functools.partial, functools.wraps
    return f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "not written in Python"


def _code_of(function: object) -> CodeType | None:
    """What runs first where it is called; None where that was not written in Python."""
    function = getattr(function, "func", function)  # functools.partial
    if not hasattr(function, "__code__"):
        function = getattr(type(function), "__call__", None)  # noqa: B004  # an object that can be called
    code = getattr(function, "__code__", None)
    return code if isinstance(code, CodeType) else None


def _words(error: BaseException) -> str:
    """An exception for the log: its text may hold what a client sent, and may itself fail."""
    name = type(error).__name__
    try:
        return escape(f"{name}: {error}".removesuffix(": "), LONGEST_REASON)
    except BaseException:
        return escape(f"{name}: (its text cannot be had)", LONGEST_REASON)


def _take_apart(error: BaseException) -> None:
    """Cut an exception from its frames and from those behind it.

    A frame may have kept the exception that holds it: such cycles would wait for the collector, with the request.
    """
    waiting = [error]
    for _ in range(MOST_LINKED):
        if not waiting:
            break
        one = waiting.pop()
        waiting += [link.__get__(one) for link in (CAUSE, CONTEXT) if link.__get__(one) is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += vars(BaseExceptionGroup)["exceptions"].__get__(one)
        for link in (TRACEBACK, CAUSE, CONTEXT):
            link.__set__(one, None)  # a frozen dataclass would refuse it by name
