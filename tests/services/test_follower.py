"""`Follower`: goes through leases in small portions, those first that changed, and looks at each when it is its turn."""

import sqlite3

import pytest
from rig import ALICE, NETWORK

from pydhcpd.addresses import address_from
from pydhcpd.errors import StoreError
from pydhcpd.events import event
from pydhcpd.leases.interface import BOUND, RELEASED, Row
from pydhcpd.leases.queries import LeaseQueries
from pydhcpd.services import follower
from pydhcpd.services.follower import Follower
from pydhcpd.services.service import Surroundings

FIRST = address_from("192.0.2.10")
MANY = 100


class Kept(Follower):
    """Keeps which addresses are leased; `seen` is what it was given, a portion each."""

    name = "a follower"

    def __init__(self, surroundings):
        super().__init__(surroundings)
        self.kept, self.seen = set(), []

    @classmethod
    def is_wanted(cls, configuration):
        return True

    def _settle(self, policy, leases):
        self.seen.append([address for address, _ in leases])
        for address, row in leases:
            (self.kept.add if row is not None and row.state == BOUND else self.kept.discard)(address)

    def _known(self, after, most):
        return sorted(one for one in self.kept if one > after)[:most]

    def round(self):
        self._hear()
        self._keep_up(self.surroundings.server.serving.policy)

    def _pause(self):
        return 0.0


@pytest.fixture
def kept(bench, monkeypatch):
    monkeypatch.setattr(follower, "BREATH", 0.0)
    bench.serve(NETWORK)
    rows = [Row(FIRST + number, b"\1c%d" % number, 1, ALICE, "", int(bench.now) + 3600, int(bench.now), BOUND)
            for number in range(MANY)]
    bench.hosts.store.import_rows(rows)
    return Kept(Surroundings(bench.server, lambda: None, {}))


def test_all_leases_are_gone_through_in_portions(kept):
    kept.round()
    assert kept.kept == {FIRST + number for number in range(MANY)}
    assert max(map(len, kept.seen)) <= follower.PORTION
    assert kept._is_complete and not kept._is_busy


def test_what_is_kept_and_not_leased_comes_in_portions_too(kept):
    kept.kept = set(range(1, 1000))
    kept.round()
    while kept._is_busy:  # on a busy machine
        kept.round()
    assert kept.kept == {FIRST + number for number in range(MANY)}
    assert max(map(len, kept.seen)) <= 2 * follower.PORTION


def test_a_lease_is_looked_at_when_it_is_its_turn(kept, bench, monkeypatch):
    """One that ends while those before it are gone through is not taken for one that runs."""
    monkeypatch.setattr(follower, "ROUND", 0.0)
    kept.round()
    assert len(kept.seen) == 1
    with sqlite3.connect(bench.database) as leases:
        leases.execute("UPDATE leases SET state = ? WHERE address = ?", (RELEASED, FIRST + 50))
    bench.server.events.publish([event(bench.now, "released", FIRST + 50)])
    while kept._is_busy:
        kept.round()
    assert FIRST + 50 not in kept.kept and len(kept.kept) == MANY - 1


def test_renewals_without_end_do_not_keep_all_leases_from_being_gone_through(kept, bench, monkeypatch):
    monkeypatch.setattr(follower, "ROUND", 0.0)
    for _ in range(10):
        bench.server.events.publish([event(bench.now, "leased", FIRST + one, ALICE, "x", client=b"x") for one in range(50)])
        kept.round()
        kept._changes.changed.clear()  # they look as they did
    assert kept._is_complete


def test_another_policy_and_missed_events_begin_it_anew(kept, bench):
    kept.round()
    kept.seen.clear()
    kept.round()
    assert kept.seen == []
    bench.serve(NETWORK)
    kept.round()
    assert len(kept.seen) == 4
    bench.server.events.publish([event(bench.now, "noise")] * 20_001)
    kept.round()
    assert len(kept.seen) == 8


def test_under_pressure_one_portion_is_all(kept, bench, monkeypatch):
    monkeypatch.setattr(type(bench.server), "is_pressed", lambda self: True)
    kept.round()
    assert len(kept.seen) == 1 and kept._is_busy


def test_every_few_hours_all_leases_are_gone_through_while_what_is_kept_holds(kept):
    kept.round()
    kept.seen.clear()
    kept._next_check = 0.0
    kept._changes.is_behind = False
    kept.round()
    assert len(kept.seen) == 4 and kept._is_complete
    kept.round()
    assert len(kept.seen) == 4


def test_what_could_not_be_read_is_gone_through_again(kept, monkeypatch):
    def fail(*_):
        raise StoreError("no")

    monkeypatch.setattr(follower, "ROUND", 0.0)
    kept.round()
    with monkeypatch.context() as patched:
        patched.setattr(LeaseQueries, "behind", fail)
        for _ in range(2):
            with pytest.raises(StoreError):
                kept.round()
    assert not kept._is_complete and not kept._is_busy
    while not kept._is_complete:
        kept.round()
    assert len(kept.kept) == MANY
