"""The log of events: bounded in number and age, and safe to show whatever clients send."""

import threading

import pytest

from pydhcpd.events import DAY, KEPT, EventLog, Lines, words

NOW = 1_700_000_000.0
MAC = bytes.fromhex("020000009901")


def event(kind, address=0, hardware=MAC, hostname="", note="", when=NOW):
    return when, kind, address, hardware, hostname, note


@pytest.mark.parametrize(("one", "text"), [
    (event("leased", 0xC0000207, hostname="boss"), "leased 192.0.2.7 02:00:00:00:99:01 boss"),
    (event("leased", 0xC0000207), "leased 192.0.2.7 02:00:00:00:99:01"),
    (event("refused", 0xC0000207, hostname="boss", note="not free"), "refused 192.0.2.7 02:00:00:00:99:01 boss: not free"),
    (event("no free address for", note="all are taken"), "no free address for 02:00:00:00:99:01: all are taken"),
    (event("leased", 0xC0000207, b""), "leased 192.0.2.7"),  # hlen 0 (RFC 4390)
    (event("leased", 0xC0000207, b"", "ib"), "leased 192.0.2.7 ib"),
    (event("leased", hostname="a\nb\x1b[2J\0"), r"leased 02:00:00:00:99:01 a\x0ab\x1b[2J\x00"),
    (event("leased", hostname="\u202egpj"), r"leased 02:00:00:00:99:01 \u202egpj"),
])
def test_an_event_in_words_is_one_line_that_is_safe_to_show(one, text):
    assert words(one) == text


def test_lines_are_made_when_they_are_read():
    lines = Lines([event("leased", 1, b"\1"), event("released", 2, b"\2")])
    assert str(lines) == "leased 0.0.0.1 01\nreleased 0.0.0.2 02"


def test_events_of_the_last_24_hours_newest_last():
    log = EventLog()
    log.add([event("old", 1, when=NOW - DAY - 1), event("young", 2, when=NOW - DAY + 1)])
    log.add([event("now", 3)])
    assert list(log.since_yesterday(NOW)) == [
        (NOW - DAY + 1, "young 0.0.0.2 02:00:00:00:99:01"), (NOW, "now 0.0.0.3 02:00:00:00:99:01")]
    assert list(log.since_yesterday(NOW + 2 * DAY)) == []


@pytest.mark.parametrize("kept", [1, 3, KEPT])
def test_memory_is_bounded_and_the_oldest_go_first(kept):
    log = EventLog(kept)
    log.add(event(str(n)) for n in range(kept + 5))
    texts = [text.split(" ")[0] for _, text in log.since_yesterday(NOW)]
    assert (len(texts), texts[0], texts[-1]) == (kept, "5", str(kept + 4))


def test_a_reader_does_not_disturb_who_adds():
    log = EventLog(1000)
    ended = threading.Event()

    def add():
        while not ended.is_set():
            log.add([event("x", 1)] * 10)

    thread = threading.Thread(target=add)
    thread.start()
    try:
        for _ in range(200):
            assert all(text == "x 0.0.0.1 02:00:00:00:99:01" for _, text in log.since_yesterday(NOW))
    finally:
        ended.set()
        thread.join()
