"""Who works beside the path gives way to it: a thread while more comes than can be answered, a process always."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rig import ALICE

from pydhcpd.events import event
from pydhcpd.services.leisure import LONGEST, SHARE, Leisure
from pydhcpd.services.listener import PORTION, Listener
from pydhcpd.services.rank import NICENESS
from pydhcpd.services.service import Surroundings


class Ear(Listener):
    name = "an ear"

    def __init__(self, surroundings):
        super().__init__(surroundings)
        self.taken = []

    def take(self, events):
        self.taken.append(len(events))


@pytest.mark.parametrize(("worked", "is_pressed", "rest"), [
    (0.005, False, 0.25), (0.005, True, 0.005 / SHARE), (0.0001, True, 0.25), (5.0, True, LONGEST)])
def test_the_rest_is_for_the_work_that_was_done(worked, is_pressed, rest):
    used = iter((1.0, 1.0 + worked))
    leisure = Leisure(lambda: is_pressed, lambda: next(used))
    assert leisure.rest(0.25) == 0.25, "nothing is known yet"
    assert leisure.rest(0.25) == pytest.approx(rest)


def test_a_server_is_under_pressure_when_a_batch_is_full(bench, monkeypatch):
    """The receiver reads on then; a moment later it is over."""
    assert not bench.server.is_pressed()
    monkeypatch.setattr(bench.server._receiver, "receive", list)
    bench.server._receive_in_order([])
    assert bench.server.is_pressed()
    monkeypatch.setattr(bench.server, "_pressed_until", 0.0)
    bench.lease(ALICE)
    assert not bench.server.is_pressed()


def test_a_listener_takes_little_at_a_time_under_pressure_and_all_otherwise(bench, monkeypatch):
    ear = Ear(Surroundings(bench.server, dict, {}))
    pressed = [True]
    monkeypatch.setattr(ear.surroundings.server, "is_pressed", lambda: pressed[0])
    some = [event(0.0, "leased")] * (3 * PORTION)
    bench.server.events.publish(some)
    ear._read()
    assert (ear.taken, ear.waiting()) == ([PORTION], 2 * PORTION)
    pressed[0] = False
    ear._read()
    assert (ear.taken, ear.waiting()) == ([PORTION, 2 * PORTION], 0)
    pressed[0] = True
    bench.server.events.publish(some)
    ear._ended.set()
    ear._read()
    assert ear.waiting() == 0, "at the end it takes what is left"


def test_what_goes_by_is_told_once_a_minute(bench, caplog, monkeypatch):
    ear = Ear(Surroundings(bench.server, dict, {}))
    monkeypatch.setattr(ear.surroundings.server, "is_pressed", lambda: True)
    for _ in range(5):
        bench.server.events.publish([event(0.0, "leased")] * 30_000)
        ear._read()
    assert ear.missed == ear.dropped() > 100_000
    assert [record.getMessage() for record in caplog.records] == ["an ear fell behind: 10000 events went by"]


def test_a_process_gives_way_by_its_niceness_and_by_that_of_its_session():
    """Where each session has the processor in turn, that of a process counts within its session alone (sched(7))."""
    group = Path("/proc/self/autogroup")
    tell = ("import os; from pydhcpd.services.rank import give_way\n"
            f"give_way(); print(os.nice(0)); print(open({str(group)!r}).read())")
    done = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, start_new_session=True, check=False)
    if not group.exists():
        pytest.skip("this kernel knows no autogroups")
    niceness, session = done.stdout.splitlines()[:2]
    assert (niceness, session.rpartition(" ")[2]) == (str(min(os.nice(0) + NICENESS, 19)), str(NICENESS))
