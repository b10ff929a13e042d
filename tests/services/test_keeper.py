"""`Services`: what is wanted runs, what dies is started again with growing pauses, and none of it ends the daemon."""

import logging

import pytest

from pydhcpd.control.output import ServiceRow
from pydhcpd.errors import InvalidValue
from pydhcpd.services.keeper import FIRST_PAUSE, LASTING, LONGEST_PAUSE, Services, openers
from pydhcpd.services.service import Service, Surroundings


class Toy(Service):
    """A service whose fate the test decides, by its configuration: a dictionary."""

    name = "toy"
    made: list = []
    lives = True

    @classmethod
    def is_wanted(cls, configuration):
        return configuration.get("toy", False)

    @classmethod
    def ports(cls, configuration):
        return {"toy port": "opener"} if configuration.get("port") else {}

    def __init__(self, surroundings):
        super().__init__(surroundings)
        self.done = []
        self.alive = False
        self.made.append(self)

    def prepare(self, configuration):
        if configuration.get("bad"):
            raise InvalidValue("bad")
        self.done.append("prepare")

    def reconfigure(self):
        self.done.append("reconfigure")

    def start(self):
        self.done.append("start")
        if self.surroundings.configuration().get("fault"):
            raise self.surroundings.configuration()["fault"]
        self.alive = Toy.lives

    def stop(self):
        self.done.append("stop")
        self.alive = False

    def is_alive(self):
        return self.alive

    def status(self):
        yield "plays"

    def waiting(self):
        return 3

    def dropped(self):
        return 2


@pytest.fixture
def keep():
    """Makes a keeper of one toy service; its configuration in force is a dictionary that the test may change."""
    Toy.made, Toy.lives = [], True

    def make(configuration, ports=()):
        kept = Services((Toy,), Surroundings(None, lambda: configuration, dict.fromkeys(ports)))
        kept.reconfigure(configuration, 0.0)
        return kept
    return make


def told(kept):
    return {row.name: row.state for row in kept.status()}


def test_what_is_wanted_is_prepared_before_it_starts_and_tells_its_status(keep):
    kept = keep({"toy": True})
    assert Toy.made[0].done == ["prepare", "reconfigure", "start"]
    assert list(kept.status()) == [ServiceRow("toy", "runs; plays", True, 3, 2, 0)]
    kept.stop()
    assert Toy.made[0].done[-1] == "stop"
    assert list(kept.status()) == []


def test_a_reload_starts_and_stops_what_it_wants(keep):
    kept = keep({})
    assert not Toy.made
    kept.reconfigure({"toy": True}, 1.0)
    (first,) = Toy.made
    kept.prepare({"toy": True})
    kept.reconfigure({"toy": True}, 2.0)
    assert first.done == ["prepare", "reconfigure", "start", "prepare", "reconfigure"]
    kept.reconfigure({}, 3.0)
    assert first.done[-1] == "stop"


def test_a_configuration_that_a_service_refuses_changes_nothing(keep):
    kept = keep({"toy": True})
    with pytest.raises(InvalidValue, match="bad"):
        kept.prepare({"toy": True, "bad": True})
    assert Toy.made[0].done == ["prepare", "reconfigure", "start"]


def test_a_port_that_nobody_opened_needs_a_restart(keep, caplog):
    kept = keep({})
    kept.reconfigure({"toy": True, "port": True}, 1.0)
    assert not Toy.made
    assert "toy needs a restart" in caplog.text
    assert openers((Toy,), {"toy": True, "port": True}) == {"toy port": "opener"}
    assert openers((Toy,), {"port": True}) == {}
    keep({"toy": True, "port": True}, ports=["toy port"])
    assert len(Toy.made) == 1


def test_what_dies_is_started_again_with_growing_pauses(keep, caplog):
    caplog.set_level(logging.ERROR)
    kept, now, pauses = keep({"toy": True}), 0.0, []
    for _ in range(9):
        Toy.made[-1].alive = False
        kept.look(now)
        assert told(kept) == {"toy": "ended by itself"}
        pauses.append(kept.next_look() - now)
        now = kept.next_look()
        kept.look(now - 0.01)
        assert told(kept) == {"toy": "ended by itself"}
        kept.look(now)
        assert kept.next_look() is None
    assert pauses == [min(FIRST_PAUSE * 2 ** n, LONGEST_PAUSE) for n in range(9)]
    assert "toy ended by itself" in caplog.text
    assert Toy.made[0].done[-1] == "stop", "what it held is let go"
    Toy.made[-1].alive = False
    kept.look(now + LASTING)
    assert kept.next_look() == now + LASTING + FIRST_PAUSE, "one that lasted is forgiven"


def test_what_was_dropped_and_how_often_it_failed_is_kept_over_deaths_and_reloads(keep):
    kept, now = keep({"toy": True}), 0.0
    for times in (1, 2):
        Toy.made[-1].alive = False
        kept.look(now)
        assert [row[2:] for row in kept.status()] == [(False, 0, 2 * times, times)]
        now = kept.next_look()
        kept.look(now)
    assert [row[2:] for row in kept.status()] == [(True, 3, 6, 2)]
    kept.reconfigure({"toy": False}, now)
    kept.reconfigure({"toy": True}, now)
    assert [row[2:] for row in kept.status()] == [(True, 3, 8, 2)]


@pytest.mark.parametrize(("fault", "traceback"), [(OSError("no room"), False), (InvalidValue("no room"), False),
                                                  (RuntimeError("no room"), True)])
def test_one_that_cannot_start_is_told_and_tried_again(keep, caplog, fault, traceback):
    kept = keep({"toy": True, "fault": fault})
    assert told(kept) == {"toy": "cannot be started: no room"}
    assert "toy cannot be started: no room; it is started again in 1 s" in caplog.text
    assert ("Traceback" in caplog.text) is traceback
    kept.look(kept.next_look())
    assert len(Toy.made) == 2


def test_one_that_fails_to_stop_does_not_keep_others_from_it(keep, monkeypatch, caplog):
    kept = keep({"toy": True})
    monkeypatch.setattr(Toy, "stop", lambda self: 1 / 0)
    kept.stop()
    assert "toy could not be stopped" in caplog.text
