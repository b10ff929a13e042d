"""Hardening 25: the wall clock is set, by an hour, a day, thirty years; leases keep what remains, and people see its times."""

import logging
import sqlite3
import time
from types import SimpleNamespace

import pytest
import rig
from rig import ALICE, BOB, CAROL, NETWORK, SERVER, seconds

from pydhcpd.addresses import address_from
from pydhcpd.comparators import GREATER, LESS
from pydhcpd.errors import StoreError
from pydhcpd.events import event
from pydhcpd.leases import outage
from pydhcpd.leases.host_database import NOTE_AGAIN, NOTE_EVERY
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration.transfer import export_leases, import_leases
from pydhcpd.services.service import Surroundings
from pydhcpd.services.views import Views
from pydhcpd.wire.packet import ACK, DECLINE

THIRTY_YEARS = 10957 * 86400
STEPS = [3600, -3600, 86400, -86400, THIRTY_YEARS, -THIRTY_YEARS]
FIRST, SECOND = "192.0.2.10", "192.0.2.11"
steps = pytest.mark.parametrize("step", STEPS)


def set_clock(bench, step):
    bench.set_forward += step
    bench.pass_time(1)


def notes(bench):
    """What the database says, by a connection of its own."""
    with sqlite3.connect(bench.database) as reader:
        return reader.execute("SELECT wall_less_ledger FROM ledger_time").fetchall()


def rows(bench):
    with sqlite3.connect(bench.database) as reader:
        return reader.execute("SELECT * FROM leases ORDER BY address").fetchall()


@steps
def test_a_step_changes_the_row_and_no_lease_and_is_told_once(bench, caplog, step):
    bench.lease(ALICE)
    before = rows(bench)
    caplog.clear()
    set_clock(bench, step)
    assert (rows(bench), notes(bench)) == (before, [(step,)])
    for _ in range(5):
        bench.pass_time(1)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert f"({abs(step)} s)" in caplog.text


@steps
def test_a_lease_keeps_what_remains_of_it(bench, step):
    bench.lease(ALICE)
    set_clock(bench, step)
    bench.pass_time(3590)
    (offer,) = bench.say(bench.discover(BOB, options={50: FIRST}))
    assert offer.yiaddr == SECOND
    assert bench.stored(FIRST).state == "bound"
    bench.pass_time(20)
    assert bench.stored(FIRST).state == "expired"
    (offer,) = bench.say(bench.discover(CAROL, options={50: FIRST}))
    assert offer.yiaddr == FIRST


@steps
def test_whoever_renews_gets_its_whole_time_from_then_on(bench, step):
    bench.lease(ALICE)
    set_clock(bench, step)
    (ack,) = bench.say((bench.request(ALICE, ciaddr=FIRST), SERVER, FIRST))
    assert (ack.kind, seconds(ack)) == (ACK, 3600)
    bench.pass_time(3590)
    assert bench.say(bench.discover(BOB, options={50: FIRST}))[0].yiaddr == SECOND
    assert bench.stored(FIRST).state == "bound"


@steps
def test_an_offer_is_held_as_long_as_ever(bench, step):
    bench.say(bench.discover(ALICE))
    set_clock(bench, step)
    (offer,) = bench.say(bench.discover(BOB, options={50: FIRST}))
    assert offer.yiaddr == SECOND
    bench.pass_time(60)
    (offer,) = bench.say(bench.discover(CAROL, options={50: FIRST}))
    assert offer.yiaddr == FIRST


@steps
def test_quarantine_lasts_as_long_as_ever(bench, step):
    bench.serve(NETWORK + "decline_quarantine_time = 600\n")
    bench.lease(ALICE)
    bench.say(bench.message(DECLINE, ALICE, options={50: FIRST, 54: SERVER}))
    set_clock(bench, step)
    bench.pass_time(590)
    assert bench.stored(FIRST).state == "quarantined"
    assert bench.say(bench.discover(BOB, options={50: FIRST}))[0].yiaddr == SECOND
    bench.pass_time(20)
    assert bench.say(bench.discover(CAROL, options={50: FIRST}))[0].yiaddr == FIRST


@steps
def test_the_limit_of_unknown_clients_is_as_before(bench, step):
    bench.serve(NETWORK + "maximum_unknown_per_second = 1\n")
    assert len(bench.say(bench.discover(ALICE), bench.discover(BOB))) == 1
    set_clock(bench, step)
    assert len(bench.say(bench.discover(BOB), bench.discover(CAROL))) == 1


@steps
def test_a_lease_that_runs_is_confirmed_while_nothing_can_be_stored_for_what_remains(bench, monkeypatch, step):
    bench.lease(ALICE)
    set_clock(bench, step)

    def fail(*_):
        raise StoreError("no space left")

    monkeypatch.setattr(bench.hosts.store, "commit", fail)
    (ack,) = bench.say((bench.request(ALICE, ciaddr=FIRST), SERVER, FIRST))
    assert (ack.kind, seconds(ack)) == (ACK, 3599)


# --- what people see


@steps
def test_people_see_the_times_of_the_wall_clock(bench, step):
    bench.lease(ALICE)
    set_clock(bench, step)
    wall = bench.now + bench.set_forward
    host = bench.stored(FIRST)
    assert (host.last_used, host.expires) == (wall - 1, wall + 3600)
    assert list(bench.hosts.get(expires=GREATER(wall + 3599), last_used=LESS(wall))) == [host]
    assert list(bench.hosts.get(last_used=host.last_used)) == [host]
    assert list(bench.hosts.get(expires=GREATER(wall + 3600))) == []


@steps
def test_a_host_that_is_recorded_by_hand_has_the_times_that_were_given(bench, step):
    set_clock(bench, step)
    wall = int(bench.now + bench.set_forward)
    host = Host("02:00:00:00:00:0e", FIRST, "printer", wall, wall + 600)
    bench.hosts.add(host)
    assert bench.stored(FIRST) == host
    bench.pass_time(590)
    assert bench.stored(FIRST).state == "bound"
    bench.pass_time(20)
    assert bench.stored(FIRST).state == "expired"


def test_a_host_for_ever_stays_so(bench):
    set_clock(bench, 3600)
    wall = int(bench.now + bench.set_forward)
    host = Host("02:00:00:00:00:0e", FIRST, "printer", wall, None)
    bench.hosts.add(host)
    assert bench.stored(FIRST) == host


@steps
@pytest.mark.parametrize("function", ["def accept(request):\n    rig.seen.append(request.time)\n    return True\n",
                                      "def finish(request, reply):\n    rig.seen.append(request.time)\n"])
def test_functions_of_the_file_see_the_wall_clock(bench, monkeypatch, function, step):
    monkeypatch.setattr(rig, "seen", [], raising=False)
    bench.serve(f"import rig\n{NETWORK}{function}")
    set_clock(bench, step)
    bench.say(bench.discover(ALICE))
    assert rig.seen == [bench.now + bench.set_forward]


@steps
def test_the_prompt_shows_hosts_and_events_by_the_wall_clock(bench, step):
    bench.lease(ALICE)
    set_clock(bench, step)
    wall = bench.now + bench.set_forward
    views = Views(Surroundings(bench.server, dict, {}))
    assert [row.expires for row in views.hosts()] == [wall + 3600]
    (row,) = views.events()
    assert (row.time, row.fields["kind"]) == (wall - 1, "leased")


@steps
def test_the_events_of_24_hours_are_those_of_24_hours(bench, step):
    bench.server.events.publish([event(bench.now - 86500, "early"), event(bench.now - 86000, "late")])
    set_clock(bench, step)
    assert [row.text for row in Views(Surroundings(bench.server, dict, {})).events()] == ["late"]


# --- the store


def test_the_time_is_noted_now_and_then_and_at_once_where_it_is_set(bench, monkeypatch):
    kept = []
    monkeypatch.setattr(bench.hosts.store, "keep_time_note", kept.append)
    for _ in range(2 * NOTE_EVERY):
        bench.pass_time(1)
    assert len(kept) == 2
    set_clock(bench, 3600)
    assert [note.wall_less_ledger for note in kept] == [0, 0, 3600]


def test_a_note_that_cannot_be_stored_is_tried_again_and_told_once(bench, monkeypatch, caplog):
    tried = []

    def fail(note):
        tried.append(note)
        raise StoreError("no space left")

    monkeypatch.setattr(outage, "time", SimpleNamespace(monotonic=lambda: bench.now))
    with monkeypatch.context() as broken:
        broken.setattr(bench.hosts.store, "keep_time_note", fail)
        set_clock(bench, 3600)
        for _ in range(4 * NOTE_AGAIN):
            bench.pass_time(1)
        assert 4 <= len(tried) <= 5
    assert [record.getMessage() for record in caplog.records if "no space left" in record.getMessage()] != []
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    for _ in range(NOTE_AGAIN + 1):
        bench.pass_time(1)
    assert notes(bench) == [(3600,)]
    assert "leases are stored again" in caplog.text
    assert bench.lease(ALICE).kind == ACK


# --- what comes from elsewhere, and goes there


@pytest.fixture
def ahead(tmp_path):
    """A database whose time is an hour behind the wall clock's, with a lease."""
    path, used = tmp_path / "behind.db", int(time.time()) - 3700
    store = SQLiteStore(path)
    store.commit([Row(address_from("192.0.2.7"), b"\1x", 1, b"abcdef", "pc", used + 600, used, BOUND)])
    store.keep_time_note(LedgerTime(lambda: time.time() - 3600).note()._replace(wall_less_ledger=3600.0))
    store.close()
    return path, used


def test_an_export_has_the_times_of_the_wall_clock(ahead, capsys):
    path, used = ahead
    export_leases(path, "-")
    assert capsys.readouterr().out == f"61:62:63:64:65:66;192.0.2.7;pc;{used + 3600}\n"


def test_an_import_takes_in_times_of_the_wall_clock(ahead, tmp_path, capsys):
    path, used = ahead
    (tmp_path / "hosts.csv").write_text(f"02:00:00:00:99:01;192.0.2.8;a;{used}\n02:00:00:00:99:02;192.0.2.9;b;4000000000\n")
    assert import_leases(path, [str(tmp_path / "hosts.csv")], 600) == 0
    store = SQLiteStore(path)
    first, second = store.row(address_from("192.0.2.8")), store.row(address_from("192.0.2.9"))
    store.close()
    assert (first.last_used, first.ends) == (used - 3600, used - 3000)
    assert second.last_used == pytest.approx(time.time() - 3600, abs=5), "no later than now, or a start would go on from there"
    assert second.ends - second.last_used == 600
    capsys.readouterr()
    export_leases(path, "-")
    assert f"02:00:00:00:99:01;192.0.2.8;a;{used}\n" in capsys.readouterr().out
