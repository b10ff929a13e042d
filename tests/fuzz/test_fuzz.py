"""Short runs of what `fuzz.py` and `storm.py` do at length; the same inputs each time."""

import logging
from random import Random

import pytest
from fuzz import try_all
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutation import MessageMutator
from onslaught import Failure, served
from storm import PORTION, datagrams_of, jobs, portion, read_state
from targets import TARGETS

from pydhcpd.leases.store import SQLiteStore
from pydhcpd.transaction import DHCPTransaction

INPUTS = {"reservations": 300, "values": 1000, "path": 2000}
USUAL = 3000  # inputs, a second or so


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_is_changed_by_chance_does_harm(name):
    target = TARGETS[name]
    failed = try_all(target, INPUTS.get(name, USUAL), 1)
    assert failed is None, f"{failed[1]}\n{failed[0]!r}"


@pytest.mark.parametrize("name", [name for name in TARGETS if name != "path"])
@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(data=st.binary(max_size=400))
def test_nothing_at_all_does_harm(name, data):
    with TARGETS[name].make() as try_one:
        try_one(data)


@pytest.mark.parametrize("number", [0, 1, 7], ids=["answered at once", "delayed", "described for the log"])
def test_a_storm_of_datagrams(number):
    told = portion(number, run=1, count=6400)
    assert not told["failure"], told["failure"]
    assert told["replies"] > 500, "else it tries nothing of what answers"


def test_a_seed_makes_the_same_datagrams_again():
    first, again, other = (list(datagrams_of(seed, 500)) for seed in ("1/0", "1/0", "1/1"))
    assert first == again != other
    assert sum(map(len, first)) == 500


def test_a_run_goes_on_where_it_was_stopped(tmp_path):
    state = tmp_path / "storm.jsonl"
    assert read_state(state) == []
    state.write_text('{"portion": 0}\n{"portion": 2}\n')
    done = {one["portion"] for one in read_state(state)}
    assert jobs(5, 3 * PORTION + 7, done) == [(1, 5, PORTION), (3, 5, 7)]


# --- that a storm would tell


@pytest.fixture
def random():
    return Random(1)


def stormed(random, batches=30):
    with served(random) as path:
        mutator = MessageMutator(TARGETS["path"].seeds, random)
        for _ in range(batches):
            path.give([path.conversation(mutator) for _ in range(64)])
        path.check_leases()


def broken(*_):
    raise KeyError("made up")


def test_a_fault_of_the_program_is_told(monkeypatch, random):
    monkeypatch.setattr(DHCPTransaction, "_lease_time", broken)
    with pytest.raises(Failure, match="fault of the program"):
        stormed(random)


def test_an_answer_whose_lease_is_not_stored_is_told(monkeypatch, random):
    monkeypatch.setattr(SQLiteStore, "commit", lambda *_: frozenset())
    with pytest.raises(Failure, match="without"):
        stormed(random)


def test_a_function_of_the_file_that_fails_is_told(random):
    with pytest.raises(Failure, match="finish"), served(random) as path:
        logging.getLogger("pydhcpd.policy").warning("finish() failed")
        path.give([])
