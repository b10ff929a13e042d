"""The comparison with other servers: what it reads of perfdhcp, how it searches, and that it tells how to use it."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "bench"))

from cable import BenchError
from measures import highest
from perfdhcp import Exchange, parse
from report import Table

BENCH = Path(__file__).resolve().parent / "bench"
RECORDED = """\
Running: perfdhcp -4 -g single -l 10.64.0.2 -b mac=02:00:01:02:03:04 -r 1000 -f 800 -R 100000 -p 4 -W 500000 -u 10.64.0.1
Scenario: basic.
***Rate statistics***
Rate: 786.987 4-way exchanges/second, expected rate: 1000

***Malformed Packets***
Malformed packets: 0
***Statistics for: DISCOVER-OFFER***
sent packets: 3998
received packets: 3672
drops: 326
drops ratio: 8.15408 %
orphans: 0
rejected leases: 0
non unique addresses: 2

min delay: 0.097 ms
avg delay: 34.047 ms
max delay: 110.877 ms
std deviation: 25.120 ms
collected packets: 28

***Statistics for: REQUEST-ACK***
sent packets: 3672
received packets: 3542
drops: 130
drops ratio: 3.540 %
orphans: 2905
rejected leases: 0
non unique addresses: 0

min delay: 0.122 ms
avg delay: 28.722 ms
max delay: 107.821 ms
std deviation: 21.680 ms
collected packets: 96

***Statistics for: REQUEST-ACK (renewal)***
sent packets: 3121
received packets: 2905
max delay: 999.829 ms
"""
NOTHING = """\
***Rate statistics***
Rate: 0 4-way exchanges/second
***Statistics for: DISCOVER-OFFER***
sent packets: 27171
received packets: 0
drops: 27171
drops ratio: 100 %

min delay: inf ms
avg delay: min delay: n/a
avg delay: n/a
max delay: n/a
***Statistics for: REQUEST-ACK***
sent packets: 0
received packets: 0
drops ratio: -nan %
"""


def test_a_run_is_read() -> None:
    report = parse(RECORDED)
    assert report.discovers == Exchange(3998, 3672, 2, 34.047, 110.877)
    assert report.requests == Exchange(3672, 3542, 0, 28.722, 107.821)
    assert report.mean_delay() == pytest.approx((3672 * 34.047 + 3542 * 28.722) / (3672 + 3542))
    assert report.worst_delay() == 110.877
    assert report.lost() == 326 + 130
    assert not report.held(4000)


def test_a_run_without_answers_is_read() -> None:
    report = parse(NOTHING)
    assert report.discovers == Exchange(27171, 0)
    assert report.mean_delay() is None and report.worst_delay() is None
    assert not report.held(1000)


def test_a_run_is_held_with_few_losses_of_what_was_expected() -> None:
    text = RECORDED.replace("packets: 3672", "packets: 3990")
    report = parse(text.replace("received packets: 3542", "received packets: 3951"))
    assert report.held(4000)
    assert not report.held(5000)


def test_words_that_are_no_statistics_are_an_error() -> None:
    with pytest.raises(BenchError, match="no statistics"):
        parse("perfdhcp: cannot bind")


@pytest.mark.parametrize("limit", [6, 90, 4000, 12_345, 50_000])
@pytest.mark.parametrize("begin", [100, 10_000])
def test_the_highest_rate_is_found(limit: int, begin: int) -> None:
    found = highest(lambda rate: rate <= limit, begin, 1.5)
    assert limit / 1.05 - 1 <= found <= limit


def test_a_server_that_holds_nothing_has_rate_0() -> None:
    assert highest(lambda rate: False, 1000, 1.5) == 0


def test_a_ratio_is_the_median_of_those_within_the_rounds() -> None:
    table = Table(["pydhcpd", "Kea"])
    for turn, (ours, theirs) in enumerate([(200, 100), (30, 20), (1000, 100)]):
        table.add("rate", "pydhcpd", turn, ours)
        table.add("rate", "Kea", turn, theirs)
    table.add("other", "pydhcpd", 0, None)
    assert table.rows() == [["rate", "200", "100", "2.00"], ["other", "-", "-", "-"]]
    assert "| rate | 200 | 100 | 2.00 |" in table.markdown()


def test_it_tells_how_to_use_it() -> None:
    done = subprocess.run([sys.executable, str(BENCH / "compare.py"), "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--markdown" in done.stdout and "four-way" in done.stdout
