"""The time of the ledger: no step of the wall clock changes it, it never goes back, and a start goes on where it was."""

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.interface import BOUND, Row, TimeNote
from pydhcpd.leases.ledger_time import BELIEVED, HELD_UP, QUIET, SLEW, LedgerTime, this_boot
from pydhcpd.leases.store import LEDGER_TIME, SCHEMA_VERSION, SQLiteStore

NOW = 1_800_000_000.0
HOUR, DAY = 3600.0, 86400.0
THIRTY_YEARS = 10957 * DAY
MARGIN = 1e-4  # of floating numbers


@dataclass
class Machine:
    """The clocks of a machine."""

    wall: float = NOW
    boot: float = 1000.0
    name: str = "boot 1"

    def wait(self, seconds: float) -> None:
        """Time passes, or the machine is suspended: CLOCK_BOOTTIME counts that as well."""
        self.wall += seconds
        self.boot += seconds

    def time(self) -> LedgerTime:
        return LedgerTime(lambda: self.wall, lambda: self.boot, self.name)

    def started(self, note: TimeNote | None, newest: int = 0) -> LedgerTime:
        made = self.time()
        made.begin(note, newest)
        return made

    def rebooted(self, wall: float) -> "Machine":
        """After another boot, at which the wall clock says something."""
        return Machine(wall, 20.0, self.name + "+")


@pytest.fixture
def told(caplog):
    """What was told."""
    caplog.set_level(logging.INFO)
    return lambda: [record.getMessage() for record in caplog.records]


# --- while it runs


@pytest.mark.parametrize(("step", "words"), [
    (HOUR, "set forward by 1h00m (3600 s)"), (-HOUR, "set back by 1h00m (3600 s)"), (DAY, "set forward by 1d00h (86400 s)"),
    (-DAY, "set back by 1d00h (86400 s)"), (THIRTY_YEARS, "set forward by 10957d00h"), (-THIRTY_YEARS, "set back by 10957d00h"),
    (QUIET + 1, "set forward by 3s (3 s)")])
def test_a_step_of_the_wall_clock_changes_the_difference_alone_and_is_told_once_with_its_size(told, step, words):
    machine = Machine()
    time = machine.time()
    machine.wall += step
    machine.wait(1)
    assert time.now() == NOW + 1
    assert time.look()
    assert (time.now(), time.wall_less_ledger) == pytest.approx((NOW + 1, step), abs=MARGIN)
    assert time.wall_of(NOW + 1) == pytest.approx(machine.wall, abs=MARGIN)
    for _ in range(100):
        machine.wait(1)
        assert not time.look()
    assert time.now() == pytest.approx(NOW + 101, abs=MARGIN)
    (line,) = told()
    assert words in line


@pytest.mark.parametrize("difference", [0.3, -0.3, 1, -1, QUIET - 0.1, 0.1 - QUIET])
def test_a_small_difference_is_followed_quietly_and_the_ledger_never_goes_back(told, difference):
    """A leap second, or a host that sets its guests right: wall clock and ledger do not creep apart."""
    machine = Machine()
    time = machine.time()
    machine.wall += difference
    seen = [time.now()]
    for _ in range(50):
        machine.wait(1)
        time.look()
        seen.append(time.now())
        assert 1 - SLEW - MARGIN <= seen[-1] - seen[-2] <= 1 + SLEW + MARGIN
    assert seen[-1] == pytest.approx(machine.wall, abs=MARGIN)
    assert (time.wall_less_ledger, told()) == (0.0, [])


def test_a_clock_that_runs_off_and_is_set_right_by_small_steps_for_weeks_is_followed(told):
    machine = Machine()
    time = machine.time()
    for _ in range(3 * 7 * 24):
        machine.wall += 0.9
        for _ in range(30):
            machine.wait(120)
            time.look()
    assert time.now() == pytest.approx(machine.wall, abs=1)
    assert (time.wall_less_ledger, told()) == (0.0, [])


@given(st.lists(st.tuples(st.floats(-10 * DAY, 10 * DAY) | st.floats(-3, 3), st.floats(0, 100)), max_size=40))
def test_whatever_the_wall_clock_does_the_ledger_goes_on_at_the_pace_of_the_boot_clock(steps):
    machine = Machine()
    time = machine.time()
    for step, passed in steps:
        before = time.now()
        machine.wall += step
        machine.wait(passed)
        assert time.now() >= before
        time.look()
        assert abs(time.now() - before - passed) <= SLEW * (passed + 100) + MARGIN


def test_the_time_of_a_suspended_machine_counts(told):
    machine = Machine()
    time = machine.time()
    machine.wait(8 * HOUR)
    assert not time.look()
    assert (time.now(), told()) == (pytest.approx(NOW + 8 * HOUR), [])


def test_clocks_that_could_not_be_read_at_one_time_tell_of_no_step(told):
    """The process was stopped between the two."""
    readings = iter([1000.0, 1010.0, 1010.0 + HELD_UP + 30])
    time = LedgerTime(lambda: NOW + 40, lambda: next(readings), "")
    assert not time.look()
    assert told() == []


# --- the start

LEFT = TimeNote(wall_less_ledger=500.0, ledger=NOW, boot="boot 1", ledger_less_boot=NOW - 1000, latest_wall=NOW + 500,
                latest_less_ledger=500.0)
WRONG = LEFT._replace(wall_less_ledger=-THIRTY_YEARS)  # when it was noted last, the wall clock was behind what it once said


@pytest.mark.parametrize(("note", "newest", "wall", "boot", "name", "ledger", "ahead"), [
    (None, 0, NOW, 20, "a", NOW, 0),  # a new ledger, or an older version's, whose times are the wall clock's
    (None, int(NOW) - 60, NOW, 20, "a", NOW, 0),
    (None, int(NOW), 30.0, 20, "a", NOW, 30 - NOW),
    (LEFT, 0, NOW + 560, 1060, "boot 1", NOW + 60, 500),
    (LEFT, 0, NOW + 560 + DAY, 1060, "boot 1", NOW + 60, 500 + DAY),  # set while the server was stopped
    (LEFT, 0, NOW + 560 - DAY, 1060, "boot 1", NOW + 60, 500 - DAY),
    (LEFT, int(NOW) + 90, NOW + 560, 1060, "boot 1", NOW + 90, 470),  # an older copy of the machine, with a newer ledger
    (LEFT, 0, NOW + 500 + DAY, 20, "boot 2", NOW + DAY, 500),  # it was off for a day, or this is another machine
    (LEFT, 0, NOW + 500 + DAY, 2000, "", NOW + DAY, 500),  # or nobody knows
    (LEFT._replace(boot=""), 0, NOW + 500 + DAY, 2000, "", NOW + DAY, 500),
    (LEFT, 0, NOW + 499, 20, "boot 2", NOW, 500),  # a clock of whole seconds
    (LEFT, 0, 12.0, 12, "boot 2", NOW, 12 - NOW),  # a board without a clock
    (LEFT, int(NOW) + 300, 12.0, 12, "boot 2", NOW + 300, 12 - NOW - 300),
    (LEFT, 0, NOW + 500 + BELIEVED + 9, 12, "boot 2", NOW, 509 + BELIEVED),
    (WRONG, 0, NOW + 500 + DAY, 20, "boot 2", NOW + DAY, 500),  # right again
    (LEFT._replace(latest_wall=NOW + THIRTY_YEARS, latest_less_ledger=THIRTY_YEARS), 0, NOW + 500 + DAY, 20, "boot 2",
     NOW + DAY, 500)])
def test_a_start_goes_on_where_the_ledger_was(note, newest, wall, boot, name, ledger, ahead):
    time = Machine(wall, boot, name).started(note, newest)
    assert (time.now(), time.wall_less_ledger) == pytest.approx((ledger, ahead), abs=MARGIN)


@pytest.mark.parametrize(("wall", "name", "words"), [
    (12.0, "boot 2", "set back by 20833d"), (NOW + 2 * BELIEVED, "boot 2", "set forward by 729d"),
    (NOW + 500 + DAY, "boot 1", "set forward by 1d00h"), (NOW + 500 + 2 * DAY, "boot 2", "2d00h have passed"),
    (NOW + 560, "boot 2", ""), (NOW + 500, "boot 1", "")])
def test_what_a_start_finds_of_the_clocks_is_told(told, wall, name, words):
    Machine(wall, 1000, name).started(LEFT)
    assert [line for line in told() if words not in line] == []
    assert len(told()) == bool(words)


def test_a_board_without_a_clock_loses_no_lease_whenever_it_learns_the_time():
    """It starts in 1970, learns the time or not, is cut from power, starts in 1970 again or with the right time."""
    machine = Machine()
    time = machine.started(None)
    note = time.note()
    machine = machine.rebooted(5.0)
    time = machine.started(note, int(NOW))
    assert time.now() == NOW
    machine.wait(HOUR)
    note = time.note()  # and the power is cut
    off = 600
    right = machine.rebooted(NOW + HOUR + off)
    assert right.started(note).now() == pytest.approx(NOW + HOUR + off)
    still_wrong = machine.rebooted(5.0)
    time = still_wrong.started(note)
    assert time.now() == pytest.approx(NOW + HOUR)
    still_wrong.wall = NOW + HOUR + off
    still_wrong.wait(10)
    assert time.look()
    assert (time.now(), time.wall_less_ledger) == pytest.approx((NOW + HOUR + 10, off))
    assert still_wrong.rebooted(still_wrong.wall + DAY).started(time.note()).now() == pytest.approx(NOW + HOUR + 10 + DAY)


@pytest.mark.parametrize("step", [HOUR, -HOUR, THIRTY_YEARS, -THIRTY_YEARS])
def test_a_step_that_was_not_noted_before_the_program_was_killed_is_found_at_the_next_start(told, step):
    machine = Machine()
    note = machine.started(None).note()
    machine.wall += step
    machine.wait(30)
    time = machine.started(note)
    assert (time.now(), time.wall_less_ledger) == pytest.approx((NOW + 30, step), abs=MARGIN)
    assert len(told()) == 1


@pytest.mark.parametrize("step", [-HOUR, THIRTY_YEARS, -THIRTY_YEARS])
def test_nor_does_it_end_leases_where_the_power_was_cut(step):
    machine = Machine()
    note = machine.started(None).note()
    machine.wall += step
    assert machine.rebooted(machine.wall + 60).started(note, int(NOW) + 1).now() == NOW + 1


def test_the_present_boot_is_told_by_the_kernel_or_not_known(monkeypatch, tmp_path):
    assert len(this_boot()) == 36
    monkeypatch.setattr("pydhcpd.leases.ledger_time.BOOT_ID", tmp_path / "none")
    assert this_boot() == ""


# --- rows from elsewhere


@pytest.mark.parametrize(("used", "ends", "expected"), [
    (NOW, NOW + 600, (NOW - 500, NOW + 100)), (NOW + 500, NEVER, (NOW, NEVER)), (NOW + 900, NOW + 1500, (NOW, NOW + 600)),
    (100, 700, (0, 200))])
def test_a_row_from_elsewhere_gets_the_ledgers_times_and_was_used_by_now(used, ends, expected):
    row = Row(1, b"\0\1abcdef", 1, b"abcdef", "", int(ends), int(used), BOUND)
    converted = Machine(NOW + 500, 1000, "boot 1").started(LEFT).row_of_wall(row)
    assert (converted.last_used, converted.ends) == expected
    assert converted._replace(last_used=row.last_used, ends=row.ends) == row


# --- in the store


def test_the_store_keeps_one_note(tmp_path):
    store = SQLiteStore(tmp_path / "leases.db")
    assert store.time_note() is None
    for note in (LEFT, WRONG):
        store.keep_time_note(note)
        assert store.time_note() == note
    store.close()
    with closing(sqlite3.connect(store.path)) as reader:
        assert reader.execute("SELECT count(*), max(wall_less_ledger) FROM ledger_time").fetchone() == (1, -THIRTY_YEARS)


def test_the_newest_use_is_found(tmp_path):
    store = SQLiteStore(tmp_path / "leases.db")
    assert store.newest_use() == 0
    store.commit([Row(number, b"\1x", 1, b"abcdef", "", 0, 100 * number % 7, BOUND) for number in range(20)])
    assert store.newest_use() == 6
    store.close()


def test_a_ledger_of_the_version_before_goes_on_by_the_wall_clock(tmp_path):
    path = tmp_path / "leases.db"
    row = Row(1, b"\1x", 1, b"abcdef", "", int(NOW) + 600, int(NOW), BOUND)
    store = SQLiteStore(path)
    store.commit([row])
    store.close()
    with closing(sqlite3.connect(path)) as older:
        older.execute("DROP TABLE ledger_time")
        older.execute("DROP VIEW rows")
        older.execute("DROP TABLE dns")
        older.execute("PRAGMA user_version = 3")
    store = SQLiteStore(path)
    assert (store.row(1), store.time_note(), store.newest_use()) == (row, None, int(NOW))
    store.close()
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert reader.execute("SELECT sql FROM sqlite_schema WHERE name = 'ledger_time'").fetchone()[0] == LEDGER_TIME.strip()
