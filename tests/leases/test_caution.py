"""How long care is taken after leases were lost (hardening 22, 25): by the ledger's time, whatever the wall clock does."""

import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from pydhcpd.alarms import Alarms
from pydhcpd.leases.caution import Caution
from pydhcpd.leases.interface import TimeNote
from pydhcpd.leases.ledger_time import LedgerTime

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0
STEPS = [HOUR, -HOUR, DAY, -DAY, 10957 * DAY, -10957 * DAY]


@dataclass
class Machine:
    """Its clocks, and the care that a daemon on it takes."""

    path: Path
    wall: float = NOW
    boot: float = 1000.0
    note: TimeNote | None = None

    def start(self) -> Caution:
        """As a daemon does: the ledger's time is known a little later than the marker."""
        self.alarms = Alarms(lambda: self.wall)
        made = Caution(self.path, self.alarms)
        self.time = LedgerTime(lambda: self.wall, lambda: self.boot, "boot 1")
        self.time.begin(self.note, 0)
        made.go_by(self.time.now, self.time.wall_of)
        return made

    def wait(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds
        self.time.look()
        self.note = self.time.note()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "leases.db")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_the_wall_clock_neither_shortens_nor_lengthens_it(machine, step):
    caution = machine.start()
    caution.begin("some were lost", HOUR)
    machine.wait(10)
    machine.wall += step
    machine.wait(10)
    caution.look()
    assert (caution.is_on, caution.remaining) == (True, HOUR - 20)
    machine.wait(HOUR - 21)
    caution.look()
    assert caution.is_on
    machine.wait(2)
    caution.look()
    assert (caution.is_on, list(machine.alarms)) == (False, [])


@pytest.mark.parametrize("step", [0, *STEPS])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_restart_goes_on_with_it_though_the_wall_clock_was_set_meanwhile(machine, step, is_known):
    """Also where the leases were found lost before the time of the ledger was known, as at a start."""
    if is_known:
        machine.start().begin("some were lost", HOUR)
    else:
        Caution(machine.path, Alarms()).begin("some were lost", HOUR)
        machine.start()
    machine.wait(10)
    machine.wall += step
    caution = machine.start()
    assert (caution.is_on, caution.remaining) == (True, HOUR - 10)
    machine.boot += HOUR
    machine.wall += HOUR
    assert not machine.start().is_on
    assert not Caution(machine.path, Alarms()).is_on


def test_it_lasts_no_longer_than_it_was_to_where_the_ledger_begins_anew_in_1970(machine):
    machine.start().begin("some were lost", HOUR)
    machine.wall, machine.boot, machine.note = 12.0, 5.0, None
    caution = machine.start()
    assert caution.remaining == HOUR
    machine.wait(HOUR + 1)
    caution.look()
    assert not caution.is_on


def test_the_alarm_says_until_when_by_the_wall_clock_of_the_moment(machine):
    caution = machine.start()
    caution.begin("some were lost", HOUR)
    for seconds, step in ((0, 0), (10, 0), (10, DAY)):
        machine.wall += step
        machine.wait(seconds)
        caution.look()
        (alarm,) = machine.alarms
        ends = time.localtime(NOW + HOUR + step)
        assert f"until {time.strftime('%Y-%m-%d %H:%M:%S', ends)}, or until an administrator" in alarm.words


@pytest.mark.parametrize("text", ["", "{", "[]", '{"words": "some", "seconds": "x", "until": 5, "lost": []}',
                                  '{"words": "some", "seconds": 5, "until": null, "lost": [1]}'])
def test_a_marker_that_cannot_be_read_says_that_there_were_leases(machine, text):
    Path(f"{machine.path}.known").write_text(text)
    caution = machine.start()
    assert (caution.had_leases, caution.is_on) == (True, False)
