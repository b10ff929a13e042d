"""The log of leases: a listener of the ring that loses nothing of what the ring still has."""

import logging
import time
from types import SimpleNamespace

import pytest

from pydhcpd.events import Events, event
from pydhcpd.services.lease_log import LeaseLog
from pydhcpd.services.service import Surroundings


@pytest.fixture
def events():
    return Events(100)


@pytest.fixture
def log(events, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(LeaseLog, "interval", 0.01)
    made = LeaseLog(Surroundings(SimpleNamespace(events=events, is_pressed=bool), None, {}))
    yield made
    made.stop()


def test_what_is_a_warning_already_is_no_line(log, events, caplog):
    events.publish([event(0.0, kind, note="words") for kind in ("pool alarm", "pool alarm over", "leased")])
    log.start()
    log.stop()
    assert lines(caplog) == ["leased: words"]


def test_whoever_looks_for_fields_finds_an_alarm_by_its_kind(log, events, caplog):
    """Beside the warning, which is for people."""
    log.prepare({"log_form": "fields"})
    log.reconfigure()
    events.publish([event(0.0, kind, note="words") for kind in ("pool alarm", "pool alarm over")])
    log.start()
    log.stop()
    assert lines(caplog) == ['event="pool alarm" note=words', 'event="pool alarm over" note=words']


def lines(caplog):
    return [line for record in caplog.records for line in record.getMessage().split("\n")]


def test_each_event_is_a_line_in_order(log, events, caplog):
    events.publish([event(0.0, "leased", 1, b"\1")])  # before it has started
    log.start()
    events.publish([event(0.0, "leased", 2, b"\2"), event(0.0, "released", 2, b"\2")])
    deadline = time.monotonic() + 10
    while len(lines(caplog)) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert lines(caplog) == ["leased 0.0.0.1 01", "leased 0.0.0.2 02", "released 0.0.0.2 02"]


def test_what_happened_last_is_logged_at_the_end(log, events, caplog, monkeypatch):
    monkeypatch.setattr(LeaseLog, "interval", 60.0)
    log.start()
    events.publish([event(0.0, "leased", 1, b"\1")])
    log.stop()
    assert lines(caplog) == ["leased 0.0.0.1 01"]
    assert not log.is_alive()


def test_what_went_by_is_counted_and_told(log, events, caplog):
    events.publish([event(0.0, "leased", n, b"\1") for n in range(150)])
    log.start()
    log.stop()
    assert len([line for line in lines(caplog) if line.startswith("leased")]) == 100
    assert "the log of leases fell behind: 50 events went by" in lines(caplog)
    assert list(log.status()) == ["50 events missed"]


def test_nothing_is_put_into_words_that_nobody_wants_to_know(log, events, caplog):
    caplog.set_level(logging.WARNING, "pydhcpd.leases")
    log.start()
    events.publish([event(0.0, "leased", 1, b"\1")])
    log.stop()
    assert lines(caplog) == []


@pytest.mark.parametrize(("form", "line"), [
    ("text", "leased 0.0.0.1 01 pc 1"), ("fields", 'event=leased address=0.0.0.1 mac=01 name="pc 1"')])
def test_the_form_is_what_is_configured_from_the_next_reload_on(log, events, caplog, form, line):
    log.prepare({"log_form": form})
    log.reconfigure()
    events.publish([event(0.0, "leased", 1, b"\1", "pc 1")])
    log.start()
    log.stop()
    assert lines(caplog) == [line]
    entries = getattr(caplog.records[0], "entries", None)
    assert (entries and list(entries)) == (None if form == "text" else [
        ("leased 0.0.0.1 01 pc 1", {"event": "leased", "address": "0.0.0.1", "mac": "01", "name": "pc 1"})])
