"""Files wait where DHCP is busy: the busier it is, the smaller is the share of a processor that they get."""

import os
import subprocess
import sys
import time

import pytest

from pydhcpd.services.child.governor import LEAST, LONGEST, PERIOD, Governor, allowed, cpu_clock, governed_by


class World:
    """Clocks that a test turns: work of ours takes time, and DHCP uses its share of all time."""

    def __init__(self, busy: float) -> None:
        self.now = self.ours = self.theirs = self.paused = 0.0
        self.busy = busy
        self.governor = Governor(lambda: self.now, lambda: self.ours, lambda: self.theirs, self.sleep)

    def _go_on(self, seconds: float) -> None:
        self.now += seconds
        self.theirs += self.busy * seconds

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= LONGEST
        self.paused += seconds
        self._go_on(seconds)

    def work(self, seconds: float, load: float = 1.0) -> None:
        """Do what there is to do, which uses a part of a processor, and look each millisecond."""
        end = self.now + seconds
        while self.now < end:
            self.ours += load / 1000
            self._go_on(0.001)
            self.governor.look()


@pytest.mark.parametrize(("busy", "share"), [(0.0, 1.0), (0.05, 1.0), (0.1, 0.8), (0.2, 0.4), (0.3, LEAST), (1.0, LEAST),
                                             (2.0, LEAST)])
def test_the_share_of_files(busy: float, share: float) -> None:
    assert allowed(busy) == pytest.approx(share)
    world = World(busy)
    world.work(1.0)  # settle
    ours, now = world.ours, world.now
    world.work(5.0)
    assert (world.ours - ours) / (world.now - now) == pytest.approx(share, rel=0.25)


def test_who_uses_less_than_that_waits_for_nothing() -> None:
    world = World(1.0)
    world.work(5.0, load=LEAST / 2)
    assert world.paused == 0


def test_after_dhcp_has_been_busy_files_go_on_at_once() -> None:
    world = World(1.0)
    world.work(1.0)
    world.busy = 0.0
    world.work(0.5)
    paused = world.paused
    world.work(1.0)
    assert world.paused == paused


def test_looking_often_costs_little() -> None:
    calls = []
    governor = Governor(time.monotonic, lambda: calls.append(1) or 0.0, lambda: 0.0)
    end = time.monotonic() + 10 * PERIOD
    while time.monotonic() < end:
        governor.look()
    assert len(calls) <= 1 + 2 * 11


def test_the_processor_time_of_another_process_is_seen() -> None:
    assert abs(time.clock_gettime(cpu_clock(os.getpid())) - time.process_time()) < 0.05
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            clock, deadline = cpu_clock(busy.pid), time.monotonic() + 20
            while time.clock_gettime(clock) < 0.3:
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            busy.kill()


def test_a_process_that_has_ended_is_given_way_to_no_more() -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    governor = governed_by(gone.pid).governor
    assert governor is not None
    end = time.monotonic() + 4 * PERIOD
    while time.monotonic() < end:
        governor.look()
