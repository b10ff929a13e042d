"""The register: what is wanted of the DNS, what is there, and in what order the difference is seen to."""

import time

import pytest

from pydhcpd.services.databases import Foreign
from pydhcpd.services.dns import register
from pydhcpd.services.dns.register import ADDRESS, NAME, Entry, Wishes, Work

ONE, TWO = 0xC0000201, 0xC0000202
ZONE, REVERSE = "example", "2.0.192.in-addr.arpa"


def name_of(name, dhcid=b"alice", zone=ZONE):
    return Entry(NAME, f"{name}.example", dhcid, f"{name}.example", zone, 600)


def reverse_of(name, owner="1.2.0.192.in-addr.arpa"):
    return Entry(ADDRESS, f"{name}.example", b"", owner, REVERSE, 600)


class Bench:
    """Both ends of a register."""

    def __init__(self, path):
        self.wishes, self.work = Wishes(path), Work(path)
        self.now = 1000.0

    def settle(self, address, *entries):
        self.now += 1
        with self.wishes.transaction():
            self.wishes.settle(address, entries, self.now)

    def pick(self, zone=ZONE, most=10, busy=()):
        return self.work.pick(zone, most, busy)

    def told(self, zone=ZONE):
        return [(job.owner, job.address, bool(job.wanted == 1)) for job in self.pick(zone)]

    def do(self, zone=ZONE):
        """See to all that is picked; returns it."""
        jobs = self.pick(zone)
        with self.work.transaction():
            for job in jobs:
                self.work.note_done(job)
        return [(job.owner, job.address, bool(job.wanted == 1)) for job in jobs]

    def rows(self):
        return self.wishes._connection.execute("SELECT name, kind, address, wanted, present FROM records ORDER BY name, kind, "
                                               "address").fetchall()


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path / "dns.db")
    yield made
    made.wishes.close()
    made.work.close()


def test_what_is_wanted_is_done_once_and_what_is_not_wanted_any_more_is_taken_back(bench):
    bench.settle(ONE, name_of("a"), reverse_of("a"))
    assert bench.wishes.waiting() == 2
    assert bench.do() == [("a.example", ONE, True)]
    assert bench.do(REVERSE) == [("1.2.0.192.in-addr.arpa", ONE, True)]
    bench.settle(ONE, name_of("a"), reverse_of("a"))
    assert (bench.wishes.waiting(), bench.do(), bench.do(REVERSE)) == (0, [], [])
    bench.settle(ONE)
    assert bench.do() == [("a.example", ONE, False)]
    assert bench.do(REVERSE) == [("1.2.0.192.in-addr.arpa", ONE, False)]
    assert bench.rows() == []


def test_what_was_never_begun_is_forgotten_and_what_was_begun_is_taken_back(bench):
    bench.settle(ONE, name_of("a"))
    bench.settle(ONE)
    assert bench.rows() == []
    bench.settle(ONE, name_of("a"))
    assert bench.told() == [("a.example", ONE, True)]
    bench.settle(ONE)  # while nobody knows how that ends
    assert bench.told() == [("a.example", ONE, False)]


def test_a_name_is_given_back_before_another_client_takes_it(bench):
    bench.settle(ONE, name_of("a"))
    bench.do()
    bench.settle(ONE)
    bench.settle(TWO, name_of("a", b"bob"))
    (job,) = bench.pick()
    assert (job.dhcid, job.wanted) == (b"alice", 0)
    assert bench.pick(busy={"a.example"}) == []
    with bench.work.transaction():
        bench.work.note_done(job)
    assert bench.do() == [("a.example", TWO, True)]


def test_a_name_that_was_another_s_is_tried_at_once_when_it_is_free(bench):
    bench.settle(ONE, name_of("a"))
    bench.do()
    bench.settle(TWO, name_of("a", b"bob"))
    (job,) = bench.pick()
    bench.work.note_failure(job, "another's", is_absent=True)
    assert bench.pick() == []
    bench.settle(ONE)
    assert bench.do() == [("a.example", ONE, False)]
    assert bench.do() == [("a.example", TWO, True)]


def test_many_who_want_one_name_stand_in_nobody_s_way(bench):
    """One of them is tried; the others come later, and one of them at once when the name is free."""
    for number in range(3 * register.MOST_DUE):
        bench.settle(number, name_of("android", b"%d" % number))
    bench.settle(ONE, name_of("other"))
    seen = [bench.do() for _ in range(4)]
    assert seen[0] == [("android.example", 0, True)]
    assert any(("other.example", ONE, True) in some for some in seen)
    for number in range(1, 3 * register.MOST_DUE):  # as they fail when it is their turn
        bench.work._connection.execute("UPDATE records SET due = ?, present = 0 WHERE address = ?", (time.time() + 99, number))
    bench.settle(0)
    assert bench.do() == [("android.example", 0, False)]
    assert bench.do() == [("android.example", 1, True)]
    assert bench.do() == []


def test_a_rival_is_tried_soon_for_the_name_may_be_his(bench, monkeypatch):
    """Another server has put it there for him."""
    for number in (1, 2):
        bench.settle(number, name_of("desk", b"%d" % number))
    (job,) = bench.pick()
    bench.work.note_failure(job, "another client has the name", is_absent=True)
    assert bench.pick() == []
    monkeypatch.setattr(register, "SAME_CLOCK", 1e9)
    wall = time.time
    monkeypatch.setattr(register.time, "time", lambda: wall() + 1.1)
    assert [one.address for one in bench.pick()] == [2]


def test_the_end_of_a_lease_that_did_not_have_the_name_wakes_nobody(bench):
    bench.settle(ONE, name_of("android", b"a"), reverse_of("android"))
    bench.do(), bench.do(REVERSE)
    bench.settle(TWO, name_of("android", b"b"), reverse_of("android", "2.2.0.192.in-addr.arpa"))
    (job,) = bench.pick()
    bench.work.note_failure(job, "another client has the name", is_absent=True)
    bench.do(REVERSE)
    bench.settle(THREE := TWO + 1, reverse_of("android", "3.2.0.192.in-addr.arpa"))
    bench.do(REVERSE)
    bench.settle(THREE)
    assert bench.do(REVERSE) == [("3.2.0.192.in-addr.arpa", THREE, False)]
    assert bench.pick() == []


def test_a_client_s_name_has_its_last_address_and_after_that_the_one_before(bench):
    bench.settle(ONE, name_of("a"))
    bench.do()
    bench.settle(TWO, name_of("a"))
    assert bench.do() == [("a.example", TWO, True)]
    assert bench.rows() == [("a.example", NAME, ONE, 2, 0), ("a.example", NAME, TWO, 1, 1)]
    bench.settle(ONE, name_of("a"))  # a comparison with the leases changes nothing
    assert (bench.do(), bench.wishes.waiting()) == ([], 0)
    bench.settle(TWO)
    assert (bench.do(), bench.do()) == ([("a.example", ONE, True)], [])  # which takes the other's place
    assert bench.rows() == [("a.example", NAME, ONE, 1, 1)]


def test_an_address_has_its_last_name(bench):
    bench.settle(ONE, reverse_of("a"))
    bench.do(REVERSE)
    bench.settle(ONE, reverse_of("b"))
    bench.do(REVERSE)
    bench.do(REVERSE)
    assert bench.rows() == [("b.example", ADDRESS, ONE, 1, 1)]


def test_what_fails_waits_for_longer_each_time(bench, monkeypatch):
    bench.settle(ONE, name_of("a"))
    clock = [time.time()]
    monkeypatch.setattr(register.time, "time", lambda: clock[0])
    pauses = []
    for _ in range(9):
        (job,) = bench.pick()
        bench.work.note_failure(job, "no")
        before = clock[0]
        while not bench.work._due(ZONE, clock[0], 1):
            clock[0] += 30
        pauses.append(clock[0] - before)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


@pytest.mark.parametrize("step", [-1e9, -1800, 5, 1e6])
def test_a_clock_that_is_set_holds_up_nothing(bench, monkeypatch, step):
    bench.settle(ONE, name_of("a"))
    (job,) = bench.pick()
    bench.work.note_failure(job, "no")
    assert bench.pick() == []
    wall = time.time
    monkeypatch.setattr(register.time, "time", lambda: wall() + step)
    assert len(bench.pick()) == 1


def test_a_start_tries_all(bench, tmp_path):
    bench.settle(ONE, name_of("a"))
    (job,) = bench.pick()
    bench.work.note_failure(job, "no")
    assert bench.pick() == []
    again = Work(tmp_path / "dns.db")
    assert len(again.pick(ZONE, 10, ())) == 1
    again.close()


def test_zones_that_are_gone_and_come_back(bench):
    bench.wishes.set_zones([ZONE, REVERSE])
    bench.settle(ONE, name_of("a"))
    bench.do()
    bench.wishes.set_zones([REVERSE])
    bench.settle(ONE)
    assert bench.do() == []
    bench.wishes.set_zones([ZONE, REVERSE])
    bench.settle(ONE, name_of("a"))
    assert (bench.do(), bench.rows()) == ([], [("a.example", NAME, ONE, 1, 1)])


def test_what_waits_for_too_long_is_given_up(bench):
    bench.settle(ONE, name_of("a"))
    bench.settle(TWO, name_of("b", b"bob"))
    bench.do()
    bench.settle(ONE)
    assert bench.wishes.give_up(bench.now + 1) == 1
    assert bench.rows() == [("b.example", NAME, TWO, 1, 1)]


def test_orders(bench):
    bench.wishes.set_zones([ZONE])
    bench.settle(ONE, name_of("a"))
    bench.do()
    bench.wishes.tell_anew(ZONE)
    assert bench.work.nudged() == {ZONE} and bench.work.nudged() == set()
    assert bench.do() == [("a.example", ONE, True)]


def test_what_is_no_register_is_refused(tmp_path):
    (tmp_path / "other.db").write_bytes(b"")
    Wishes(tmp_path / "other.db").close()
    Wishes(tmp_path / "other.db").close()
    import sqlite3
    with sqlite3.connect(tmp_path / "foreign.db") as connection:
        connection.execute("CREATE TABLE x (y)")
    with pytest.raises(Foreign):
        Wishes(tmp_path / "foreign.db")
