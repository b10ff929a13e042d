"""The token bucket: never more than its rate allows, and never starving."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.limiter import TokenBucket

NOW = 1_700_000_000.0


@pytest.mark.parametrize("rate", [1, 3, 1000])
def test_a_burst_is_as_large_as_the_rate(rate):
    bucket = TokenBucket(rate)
    assert [bucket.take(NOW) for _ in range(rate + 2)] == [True] * rate + [False] * 2


@pytest.mark.parametrize(("pause", "tokens"), [(0.0, 0), (0.05, 0), (0.1, 1), (0.35, 3), (1.0, 10), (1000.0, 10)])
def test_tokens_come_with_time_up_to_the_rate(pause, tokens):
    bucket = TokenBucket(10)
    while bucket.take(NOW):
        pass
    later = NOW + pause + 0.001
    assert sum(bucket.take(later) for _ in range(50)) == tokens


@pytest.mark.parametrize("jump", [-1.0, -3600.0, -30 * 365 * 86_400.0])
def test_a_clock_that_goes_back_gives_nothing_and_takes_nothing(jump):
    bucket = TokenBucket(10)
    while bucket.take(NOW):
        pass
    assert not bucket.take(NOW + jump)
    assert bucket.take(NOW + jump + 0.2)


@given(st.integers(1, 20), st.lists(st.floats(0, 0.5), max_size=200))
def test_no_more_is_taken_than_rate_times_time_and_one_burst(rate, pauses):
    bucket, now, taken = TokenBucket(rate), NOW, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now)
    assert taken <= rate * (now - NOW) + rate + 0.001


@given(st.integers(1, 20))
def test_who_asks_no_faster_than_the_rate_is_never_refused(rate):
    bucket = TokenBucket(rate)
    assert all(bucket.take(NOW + n * 1.001 / rate) for n in range(100))
