"""Rates and delays: by batch, in bounded memory."""

import random
from math import inf

import pytest

from pydhcpd.pace import MINUTE, Delays, Pace


@pytest.mark.parametrize("spread", [lambda: random.expovariate(1000), lambda: random.uniform(0, 3), lambda: 0.02])
def test_percentiles_are_right_to_a_ninth(spread):
    random.seed(7)
    delays, times = Delays(), sorted(spread() for _ in range(5000))
    for one in times:
        delays.add(one)
    for share in (50, 90, 99, 100):
        exact = times[min(int(len(times) * share / 100), len(times) - 1)]
        assert exact * 0.98 <= delays.percentile(share) <= exact * (1 + 1 / 8) * 1.02 + 2e-6


def test_a_batch_counts_as_often_as_it_had_messages():
    delays = Delays()
    delays.add(0.001, 98)
    delays.add(1.0, 2)
    assert delays.count == 100
    assert delays.percentile(98) < 0.0012 and delays.percentile(99) > 0.9


def test_coarser_buckets_have_the_same_counts_and_a_sum():
    random.seed(7)
    delays, times = Delays(), [random.expovariate(1000) for _ in range(5000)]
    for one in times:
        delays.add(one, 2)
    assert delays.seconds == pytest.approx(2 * sum(times), rel=1e-6)
    found = delays.cumulative()
    assert found[-1] == (inf, 10_000)
    assert [end for end, _ in found[:3]] == [3.2e-05, 4.8e-05, 6.4e-05] and found[-2][0] == 8.388608
    assert all(count == 2 * sum(one < end for one in times) for end, count in found)


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-9, 1e9])
def test_what_a_clock_may_say_is_taken(seconds):
    delays = Delays()
    delays.add(seconds)
    assert delays.percentile(50) > 0
    assert Delays().percentile(50) == 0


def test_rates_are_of_the_last_minute():
    pace = Pace()
    assert pace.rates() == ()
    for second in range(600):
        pace.sample(float(second), 10 * second, 5 * second if second < 500 else 2500, second)
    assert pace.rates() == (10.0, 0.0, 1.0)
    assert len(pace._samples) <= MINUTE + 2


def test_statistics_tell_kinds_rates_and_delays(bench):
    bench.lease()
    bench.server._keep_house()
    bench.server._keep_house()
    told = dict(bench.server.statistics())
    counted = [told[f"{what} received"] for what in ("DISCOVER", "REQUEST", "messages")]
    assert (counted, told["messages sent"]) == ([1, 1, 2], 2)
    assert told["messages received a second, in the last minute"] >= 0
    assert told["milliseconds: answers, from the message read to the answer sent, the longest"] > 0
    assert told["milliseconds: commits of leases to the disk, 50 % within"] > 0
