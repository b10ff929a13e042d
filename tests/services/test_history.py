"""The history: what it keeps of each binding, what it puts right from the leases, how it fails, and how it is asked."""

import os
import sqlite3
import time
from contextlib import closing

import pytest
import rig
from rig import ALICE, BEGINNING, BOB

from pydhcpd.addresses import address_from
from pydhcpd.alarms import HISTORY
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.events import event
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row, TimeNote
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.services import room
from pydhcpd.services.databases import Foreign
from pydhcpd.services.history import book as module
from pydhcpd.services.history import service
from pydhcpd.services.history.book import Book
from pydhcpd.services.history.records import Clock, Records
from pydhcpd.services.history.service import History
from pydhcpd.services.service import Surroundings

ADDRESS, OTHER = "192.0.2.10", "192.0.2.11"
NUMBER = address_from(ADDRESS)
KEY = {ALICE: b"\2\1" + ALICE, BOB: b"\2\1" + BOB}
PORT = bytes(4) + b"\x01\x02p7"
HOUR, DAY = 3600, 86400


def leased(at, client=ALICE, address=ADDRESS, name="", sent=None, relay=b"", lasting=HOUR):
    return event(at, "leased", address_from(address), client, name, sent_name=sent, client=KEY[client], ends=at + lasting,
                 relay=relay)


def over(at, kind="released", client=ALICE, address=ADDRESS, note=""):
    return event(at, kind, address_from(address), client, note=note, client=KEY[client])


def row(client=ALICE, address=ADDRESS, name="", ends=HOUR, used=0, state=BOUND, relay=b""):
    return Row(address_from(address), KEY[client] if client else b"", 1, client or b"", name, ends, used, state, relay)


@pytest.fixture
def store(tmp_path):
    with closing(SQLiteStore(tmp_path / "leases.db")) as made:
        yield made


def open_book(directory, **note):
    return Book(directory / "history.db", directory / "leases.db", TimeNote(**{"boot": "this boot", **note}))


@pytest.fixture
def book(tmp_path, store):
    made = open_book(tmp_path)
    yield made
    made.close()


@pytest.fixture
def records(tmp_path):
    return Records(tmp_path / "history.db")


def told(records, what=ADDRESS):
    """(hardware, name, since, until, reason), the oldest first."""
    return [(one.hardware_address.removeprefix("02:00:00:00:00:"), one.name, one.since, one.until, one.reason)
            for one in reversed(list(records.find(what)[0]))]


LIVES = {
    "a lease that runs": ([leased(10, name="pc")], [("0a", "pc", 10, None, "")]),
    "released": ([leased(10), over(20)], [("0a", "", 10, 20, "released")]),
    "released by hand": ([leased(10), over(20, note="by hand")], [("0a", "", 10, 20, "released by hand")]),
    "declined": ([leased(10), over(20, "declined", note="in use")], [("0a", "", 10, 20, "declined")]),
    "expired, which is seen late": ([leased(10, lasting=60), over(75, "expired")], [("0a", "", 10, 70, "expired")]),
    "given to another": ([leased(10), leased(20, BOB)],
                         [("0a", "", 10, 20, "given to another client"), ("0b", "", 20, None, "")]),
    "expired unseen, and given to another": ([leased(10, lasting=5), leased(20, BOB)],
                                             [("0a", "", 10, 15, "expired"), ("0b", "", 20, None, "")]),
    "and again the same": ([leased(10, lasting=5), leased(20)], [("0a", "", 10, 15, "expired"), ("0a", "", 20, None, "")]),
    "another name": ([leased(10, name="a"), leased(20, name="b")],
                     [("0a", "a", 10, 20, "new name"), ("0a", "b", 20, None, "")]),
    "a renewal without the name": ([leased(10, name="a"), leased(20)], [("0a", "a", 10, None, "")]),
    "another port": ([leased(10, relay=PORT), leased(20, relay=PORT + b"1")],
                     [("0a", "", 10, 20, "new port"), ("0a", "", 20, None, "")]),
    "a renewal without the port": ([leased(10, relay=PORT), leased(20)], [("0a", "", 10, None, "")]),
    "in use by somebody is no end": ([leased(10), over(20, "quarantine ended")], [("0a", "", 10, None, "")]),
    "the end of nothing": ([over(20)], []),
    "leased, over, leased": ([leased(10), over(11), leased(12, BOB), over(13, client=BOB), leased(14)],
                             [("0a", "", 10, 11, "released"), ("0b", "", 12, 13, "released"), ("0a", "", 14, None, "")]),
}


@pytest.mark.parametrize(("events", "rows"), LIVES.values(), ids=LIVES)
@pytest.mark.parametrize("at_once", [True, False])
def test_each_binding_has_its_begin_and_its_end_with_the_reason(book, records, events, rows, at_once):
    for batch in [events] if at_once else [[one] for one in events]:
        book.take(batch)
    assert told(records) == rows


def test_renewals_are_counted_and_the_first_and_the_last_kept(book, records):
    for at in (10, 20, 30, 40):
        book.take([leased(at, name="pc")])
    (one,), count = records.find(ADDRESS)
    assert count == 1
    assert (one.began, one.since, one.first_renewed, one.last_renewed, one.renewals, one.ends) == (10, 10, 20, 40, 3, 40 + HOUR)


def test_another_name_keeps_when_the_lease_began(book, records):
    book.take([leased(10, name="a")])
    book.take([leased(20, name="b", relay=PORT)])
    newest = next(records.find(ADDRESS)[0])
    assert (newest.began, newest.since, newest.name, newest.relay) == (10, 20, "b", 'circuit_id "p7"')


def test_a_lease_that_never_ends(book, records):
    book.take([leased(10, lasting=0xFFFFFFFF - 10)])
    assert next(records.find(ADDRESS)[0]).ends is None


def test_a_batch_of_many(book, records):
    addresses = [f"10.0.{n // 250}.{n % 250}" for n in range(1500)]
    book.take([leased(10, address=one) for one in addresses])
    book.take([over(20, address=one) for one in addresses])
    assert {tuple(told(records, one)) for one in addresses} == {(("0a", "", 10, 20, "released"),)}


@pytest.mark.parametrize("word", [ADDRESS, ALICE.hex(":"), ALICE.hex("-").upper(), "desk-7", "DESK-7", "sent"])
def test_it_is_found_by_address_hardware_address_and_name(book, records, word):
    book.take([leased(10, name="desk-7", sent="sent"), leased(10, BOB, OTHER, name="desk")])
    rows, count = records.find(word)
    assert ([one.address for one in rows], count) == ([ADDRESS], 1)


@pytest.mark.parametrize("word", ["10.0", "1.2.3.4.5", "02:zz"])
def test_what_is_neither_is_told(book, records, word):
    with pytest.raises(InvalidValue):
        records.find(word)


WHO = [(9, 10, ""), (10, 11, "a"), (15, 16, "a"), (19, 20, "a"), (20, 21, ""), (29, 30, ""), (30, 31, "b"), (99, 100, "b"),
       (0, 100, "ab"), (19, 31, "ab"), (20, 30, ""), (0, 5, "")]


@pytest.mark.parametrize(("start", "end", "who"), WHO)
def test_who_had_an_address_at_a_time(book, records, start, end, who):
    book.take([leased(10), over(20), leased(30, BOB), leased(10, BOB, OTHER)])
    assert "".join(one.hardware_address[-1] for one in records.who(ADDRESS, start, end)) == who


# --- what was not seen


UNSEEN = {
    "it began": ([], [row(used=50, ends=900, name="pc")], [("0a", "pc", 50, None, "")]),
    "it was renewed": ([leased(10, lasting=60)], [row(used=65, ends=900)], [("0a", "", 10, None, "")]),
    "it was released": ([leased(10)], [row(state=RELEASED, ends=70)], [("0a", "", 10, 70, "released")]),
    "it expired": ([leased(10, lasting=60)], [row(ends=70, used=10)], [("0a", "", 10, 70, "expired")]),
    "it was renewed, and expired": ([leased(10, lasting=60)], [row(ends=90, used=60)], [("0a", "", 10, 90, "expired")]),
    "it was declined": ([leased(10)], [row(state=QUARANTINED, ends=900, used=70)], [("0a", "", 10, 70, "declined")]),
    "it is another's": ([leased(10)], [row(BOB, ends=900, used=70)],
                        [("0a", "", 10, 70, "given to another client"), ("0b", "", 70, None, "")]),
    "it was another's": ([leased(10)], [row(BOB, ends=80, used=70)], [("0a", "", 10, 70, "given to another client")]),
    "it is gone": ([leased(10)], [], [("0a", "", 10, 100, "gone from the lease database")]),
    "it runs": ([leased(10)], [row(used=10, ends=10 + HOUR)], [("0a", "", 10, None, "")]),
    "it has got another name": ([leased(10, name="a")], [row(used=60, ends=900, name="b")],
                                [("0a", "a", 10, 60, "new name"), ("0a", "b", 60, None, "")]),
    "an address in quarantine that was nobody's": ([], [row(None, state=QUARANTINED, ends=900)], []),
}


@pytest.mark.parametrize(("events", "rows", "found"), UNSEEN.values(), ids=UNSEEN)
def test_what_was_not_seen_is_put_right_from_the_leases(book, store, records, events, rows, found):
    book.take(events)
    store.commit(rows)
    for _ in range(2):
        for _ in book.put_right(100):
            pass
        assert told(records) == found


def test_many_leases_are_compared_in_portions(book, store, records, monkeypatch):
    monkeypatch.setattr(module, "NEXT", module.NEXT.replace(f"{module.WINDOW}", "10"))
    store.commit([row(address=f"10.0.0.{n}", used=50) for n in range(95)])
    book.take([leased(10, address=one) for one in ("9.0.0.1", "11.0.0.1")])
    assert sum(1 for _ in book.put_right(100)) == 11
    assert all(told(records, f"10.0.0.{n}") == [("0a", "", 50, None, "")] for n in range(95))
    assert told(records, "9.0.0.1") == told(records, "11.0.0.1") == [("0a", "", 10, 100, "gone from the lease database")]


# --- time


def test_within_a_boot_what_was_noted_by_a_wrong_wall_clock_is_right_once_that_is(book, records):
    book.take([leased(10)])
    book.set_clock(TimeNote(wall_less_ledger=BEGINNING))
    assert next(records.find(ADDRESS)[0]).since == BEGINNING + 10
    assert records.who(ADDRESS, BEGINNING + 12, BEGINNING + 13) and not records.who(ADDRESS, 12, 13)


def test_another_boot_has_a_time_of_its_own(tmp_path, store, records):
    """The ledger may not know how long the machine was off: what was noted before stays when it was."""
    for boot, ahead, at in (("one", 1000.0, 10), ("one", 2000.0, 20), ("two", 90000.0, 30)):
        with closing(open_book(tmp_path, boot=boot, wall_less_ledger=ahead, ledger=at)) as book:
            book.take([leased(at), over(at + 5)])
    assert [(since, until) for _, _, since, until, _ in told(records)] == [(2010, 2015), (2020, 2025), (90030, 90035)]
    for at in (2012, 2022, 90032):
        assert [one.since for one in records.who(ADDRESS, at, at + 1)] == [at - 2]


@pytest.mark.parametrize(("start", "end", "spans"), [
    (0, 50, [(0, 50)]), (100, 200, []), (1100, 1150, [(100, 150)]), (90, 1010, [(90, 100)]),
    (90, 1110, [(90, 100), (100, 110)])])
def test_a_time_of_the_wall_clock_by_the_ledger(start, end, spans):
    assert list(Clock([(0, 0.0), (100, 1000.0)]).spans(start, end)) == [(first, min(last, 150)) for first, last in spans]


def test_the_history_of_other_leases_is_not_gone_on_with(tmp_path, store):
    with closing(open_book(tmp_path, ledger=500)) as book:
        book.take([leased(600)])
    with pytest.raises(Foreign, match="that of other leases"):
        open_book(tmp_path, ledger=100)


# --- how much is kept


def test_what_was_over_long_ago_is_forgotten_in_portions(book, records, monkeypatch):
    book.take([leased(10), over(20), leased(30), over(40), leased(50)])
    assert book.forget(40, 1 << 30)
    assert told(records) == [("0a", "", 30, 40, "released"), ("0a", "", 50, None, "")]
    assert not book.forget(40, 1 << 30)


def test_beyond_its_size_the_oldest_is_forgotten_and_the_room_given_back(book, records, tmp_path):
    for start in range(0, 30_000, 250):
        book.take([leased(start + n, address=f"10.0.0.{n}", name=f"machine-{n}") for n in range(250)])
        book.take([over(start + n + 1, address=f"10.0.0.{n}") for n in range(250)])
    assert book.length() > 3 << 20
    while book.forget(0, 1 << 20):
        pass
    assert book.length() <= 1 << 20
    found = told(records, "10.0.0.7")
    assert 0 < len(found) < 60 and found[-1][2] == 29_757


# --- the service


@pytest.fixture
def bench(tmp_path):
    with rig.made_bench(tmp_path) as made:
        yield made
        made.hosts.store.close()


class Settings(dict):
    """In place of a configuration."""

    @property
    def history_file(self):
        return self["host_file"].parent / "history.db"


@pytest.fixture
def history(bench, tmp_path, monkeypatch):
    """Serves; `settled` waits until it has taken all that was published."""
    monkeypatch.setattr(History, "interval", 0.01)
    monkeypatch.setattr(service, "AGAIN", 0.1)
    monkeypatch.setattr(service, "CHECK_EVERY", 0.1)
    settings = Settings(history_days=30, history_size=64, host_file=tmp_path / "leases.db")
    made = History(Surroundings(bench.server, lambda: settings, {}))
    made.reconfigure()
    made.start()
    yield made
    made.stop()
    assert not made.is_alive()


def wait_for(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def rows_of(records, what=ADDRESS):
    try:
        return told(records, what)
    except (InvalidValue, StoreError):
        return []


def test_what_clients_do_becomes_history(history, bench, records):
    bench.lease(ALICE, options={12: b"pc"})
    bench.now += 100
    bench.server.release(NUMBER)
    wait_for(lambda: [one[3:] for one in rows_of(records)] == [(BEGINNING + 100, "released by hand")])
    assert rows_of(records)[0][:3] == ("0a", "pc", BEGINNING)
    assert oct(records._path.stat().st_mode)[-3:] == "640"


def test_what_went_by_is_put_right_from_the_leases(history, bench, records):
    wait_for(lambda: not list(history.status()))
    bench.lease(ALICE)
    history._cursor._next = -5  # as if events had gone by
    history._cursor.missed = 0
    wait_for(lambda: rows_of(records) == [("0a", "", BEGINNING, None, "")])


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(2000), b""])
def test_a_damaged_file_is_set_aside_and_begun_anew(bench, tmp_path, records, monkeypatch, caplog, damage):
    (tmp_path / "history.db").write_bytes(damage)
    bench.lease(ALICE)
    monkeypatch.setattr(History, "interval", 0.01)
    monkeypatch.setattr(service, "AGAIN", 0.1)
    settings = Settings(history_days=30, history_size=64, host_file=tmp_path / "leases.db")
    made = History(Surroundings(bench.server, lambda: settings, {}))
    made.reconfigure()
    made.start()
    wait_for(lambda: rows_of(records) == [("0a", "", BEGINNING, None, "")])
    made.stop()
    aside = tmp_path / "history.db.aside"
    assert (aside.read_bytes() if aside.exists() else b"") == damage
    assert len([one for one in caplog.records if "is begun anew" in one.getMessage()]) == bool(damage)


def test_one_that_is_damaged_in_use_is_begun_anew_with_the_leases_that_run(history, bench, tmp_path, records, caplog):
    bench.lease(ALICE)
    wait_for(lambda: rows_of(records))
    with (tmp_path / "history.db").open("r+b") as file:
        size = os.fstat(file.fileno()).st_size
        file.write(b"\xff" * max(size, 1))
    (tmp_path / "history.db-wal").write_bytes(b"\xff" * 100)
    bench.lease(BOB)
    wait_for(lambda: "is begun anew" in caplog.text)
    wait_for(lambda: rows_of(records, OTHER) == [("0b", "", BEGINNING, None, "")])
    assert rows_of(records)


def test_one_that_is_removed_in_use_is_begun_anew(history, bench, tmp_path, records, caplog):
    bench.lease(ALICE)
    wait_for(lambda: rows_of(records))
    (tmp_path / "history.db").unlink()
    wait_for(lambda: "is begun anew" in caplog.text)
    wait_for(lambda: rows_of(records) == [("0a", "", BEGINNING, None, "")])


@pytest.mark.parametrize("lack", ["room", "link"])
def test_what_cannot_be_written_is_told_once_and_harms_nobody(bench, tmp_path, records, monkeypatch, caplog, lack):
    monkeypatch.setattr(History, "interval", 0.01)
    monkeypatch.setattr(service, "AGAIN", 0.05)
    settings = Settings(history_days=30, history_size=64, host_file=tmp_path / "leases.db")
    if lack == "link":
        (tmp_path / "history.db").symlink_to("elsewhere")
    else:
        monkeypatch.setattr(room, "SHARE_LEFT", 1)
        monkeypatch.setattr(room, "LEFT_TO_LEASES", 1 << 60)
    made = History(Surroundings(bench.server, lambda: settings, {}))
    made.reconfigure()
    made.start()
    wait_for(lambda: HISTORY in bench.hosts.store.alarms)
    bench.lease(ALICE)
    time.sleep(0.3)
    assert made.is_alive() and list(made.status()) == ["not written now"]
    assert len([one for one in caplog.records if "is not written" in one.getMessage()]) == 1
    if lack == "link":
        (tmp_path / "history.db").unlink()
    monkeypatch.setattr(room, "SHARE_LEFT", 1 << 30)
    wait_for(lambda: rows_of(records) == [("0a", "", BEGINNING, None, "")])
    wait_for(lambda: HISTORY not in bench.hosts.store.alarms)
    made.stop()


def test_leases_that_are_damaged_do_not_cost_the_history(book, store, records, tmp_path):
    book.take([leased(10)])
    (tmp_path / "nonsense").write_bytes(b"nonsense" * 1000)
    book._leases = f"file:{tmp_path}/nonsense?mode=ro"
    with pytest.raises(sqlite3.DatabaseError):
        list(book.put_right(100))
    assert book.is_whole()
    book.take([over(20)])
    assert told(records) == [("0a", "", 10, 20, "released")]
