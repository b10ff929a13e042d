"""The fence around functions of the configuration file: none ends the server, holds it up unseen or fills its log."""

import functools
import gc
import logging
from contextlib import suppress
from pathlib import Path

import pytest

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fence import LONGEST_REASON, MOST_SLOW, Dropped, Fence, place_of


class Clock:
    """Goes on only when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def fence(function, clock, failure="ignore", file=__file__):
    return Fence(function, "accept()", 0.05, failure, clock, file)


def line_of(function, behind=0):
    return f"{__file__}:{function.__code__.co_firstlineno + behind}"


def broken(_):
    raise ValueError("of no use")


class Odd(Exception):
    """Its own text cannot be had."""

    def __str__(self):
        raise RuntimeError


class Tricky(Exception):
    """What is behind it cannot be had."""

    @property
    def __cause__(self):
        raise RuntimeError


class Group(BaseExceptionGroup):
    @property
    def exceptions(self):
        raise RuntimeError


class Endless(Exception):
    """Refers to itself."""

    def __init__(self):
        super().__init__()
        self.__cause__ = self


class NoTruth:
    def __bool__(self):
        raise TypeError("neither true nor false")


def test_what_a_function_returns_is_read_inside_the_fence(clock):
    def read(result):
        return [*result, "read"]

    assert fence(lambda one, two: (one, two), clock).call(read, [], 1, 2) == [1, 2, "read"]
    assert fence(lambda: NoTruth(), clock).call(bool, True) is True
    assert fence(lambda: (1 / 0 for _ in [1]), clock).call(list, ["otherwise"]) == ["otherwise"]


@pytest.mark.parametrize("error", [
    ValueError("x"), SystemExit(0), KeyboardInterrupt(), GeneratorExit(), MemoryError(), StopIteration(), Odd(), Endless(),
    Tricky(), Group("one", [Odd()]), ExceptionGroup("two", [ValueError("a"), Odd()]),
    BaseExceptionGroup("two", [SystemExit(1)]), InvalidValue("x")])
@pytest.mark.parametrize("failure", ["ignore", "drop"])
def test_nothing_that_is_raised_gets_out(clock, error, failure):
    def act():
        raise error

    guarded = fence(act, clock, failure)
    if failure == "ignore":
        assert guarded.call(bool, True) is True
    else:
        with pytest.raises(Dropped, match=r"^accept\(\) failed$") as caught:
            guarded.call(bool, True)
        assert caught.value.__context__ is None, "it would keep the request"
    assert guarded.failures == 1


def test_recursion_without_end_is_an_exception_like_others(clock):
    def act():
        act()

    assert fence(act, clock).call(bool, True) is True


def test_an_exception_is_told_with_the_line_of_the_file_that_it_came_through(clock, caplog):
    def act():
        Path(5)  # an error below, in another file

    fence(act, clock).call(bool, True)
    assert f"{line_of(act, 1)}: accept() failed: TypeError: " in caplog.text
    assert caplog.text.count("packets go on without it") == 1


def test_an_exception_that_did_not_come_through_the_file_is_told_with_the_function(clock, caplog):
    def read(_):
        raise InvalidValue("it returned 5; allowed is a list")

    def act():
        return 5

    fence(act, clock, file="/etc/other.conf").call(read, None)
    assert f"{line_of(act)}: accept() failed: InvalidValue: it returned 5; allowed is a list" in caplog.text


def test_the_text_of_an_exception_is_made_safe_and_cut(clock, caplog):
    """It may hold what a client sent (hardening 8)."""
    def act():
        raise ValueError("\x1b[2J\n" + "x" * 100_000)

    fence(act, clock).call(bool, True)
    (record,) = caplog.records
    assert "ValueError: \\x1b[2J\\x0a" in record.getMessage()
    assert len(record.getMessage()) < LONGEST_REASON + 500


def test_exceptions_are_logged_once_per_ten_seconds_with_the_number_of_those_between(clock, caplog):
    guarded = fence(broken, clock)
    for _ in range(250):
        guarded.call(bool, True, None)
        clock.now += 0.1
    assert [record.getMessage().partition("of no use")[2].partition(";")[0] for record in caplog.records] == [
        "", " (and 99 more in the last 10 s)", " (and 99 more in the last 10 s)"]
    assert guarded.failures == 250


def slow(clock, seconds):
    def act():
        clock.now += seconds
        return False

    return act


def test_a_call_within_the_limit_is_not_told(clock, caplog):
    guarded = fence(slow(clock, 0.049), clock)
    for _ in range(100):
        guarded.call(bool, True)
    assert (guarded.slow_calls, guarded.is_left_out, caplog.records) == (0, False, [])


def test_a_slow_call_counts_and_is_told_with_its_line(clock, caplog):
    act = slow(clock, 0.06)
    assert fence(act, clock).call(bool, True) is False
    assert f"{line_of(act)}: accept() took 0.060 s, and policy_time_limit is 0.05 s" in caplog.text


def test_a_slow_generator_counts_as_slow(clock):
    def act():
        for _ in range(3):
            clock.now += 0.03
            yield "voip"

    guarded = fence(act, clock)
    assert guarded.call(list, []) == ["voip"] * 3
    assert guarded.slow_calls == 1


def test_a_slow_call_that_raises_is_both(clock):
    def act():
        clock.now += 1
        raise ValueError

    guarded = fence(act, clock)
    guarded.call(bool, True)
    assert (guarded.failures, guarded.slow_calls) == (1, 1)


@pytest.mark.parametrize(("between", "is_left_out"), [(6.0, True), (6.6, True), (6.7, False), (30.0, False)])
def test_ten_slow_calls_within_a_minute_leave_it_out(clock, caplog, between, is_left_out):
    guarded = fence(slow(clock, 0.06), clock)
    for _ in range(MOST_SLOW):
        assert guarded.call(bool, True) is False
        clock.now += between - 0.06
    assert guarded.is_left_out is is_left_out
    assert guarded.call(bool, True) is is_left_out, "otherwise it says no"
    assert [record.levelno for record in caplog.records].count(logging.ERROR) == is_left_out


def test_what_is_left_out_drops_nothing(clock):
    guarded = fence(slow(clock, 0.06), clock, "drop")
    for _ in range(MOST_SLOW):
        guarded.call(bool, True)
    assert guarded.call(bool, True) is True


class Called:
    def __call__(self):
        return True

    def method(self):
        return True


def wrapped(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@pytest.mark.parametrize(("function", "place"), [
    (broken, line_of(broken)), (functools.partial(broken, 1), line_of(broken)), (wrapped(broken), line_of(broken)),
    (Called(), line_of(Called.__call__)), (Called().method, line_of(Called.method)), (len, "not written in Python"),
    (functools.partial(len), "not written in Python")])
def test_the_place_of_whatever_can_be_called(function, place):
    assert place_of(function) == place


@pytest.mark.parametrize("failure", ["ignore", "drop"])
def test_a_failure_leaves_nothing_for_the_collector(clock, failure):
    """A cycle would keep each request until the collector runs, which it does seldom."""
    def act(request):
        try:
            raise KeyError(request)
        except KeyError as error:
            kept = error  # the frame holds what holds the frame
            raise ValueError from kept

    guarded = fence(act, clock, failure)

    def call():
        with suppress(Dropped):
            guarded.call(bool, True, object())

    call()
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            call()
        assert gc.collect() == 0
    finally:
        gc.enable()
