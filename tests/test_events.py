"""Events: the ring is bounded in number, readers know what they missed, and words are safe to show whatever clients send."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.events import DAY, KEPT, Cursor, Events, Told, event, key_values, log_fields, words

NOW = 1_700_000_000.0
MAC = bytes.fromhex("020000009901")


def told(kind, address=0, hardware=MAC, name="", note="", when=NOW, **more):
    return event(when, kind, address, hardware, name, note, **more)


def kinds(found):
    return [Told._make(one).kind for one in found]


@pytest.mark.parametrize(("one", "text"), [
    (told("leased", 0xC0000207, name="boss"), "leased 192.0.2.7 02:00:00:00:99:01 boss"),
    (told("leased", 0xC0000207), "leased 192.0.2.7 02:00:00:00:99:01"),
    (told("leased", 0xC0000207, name="boss", sent_name="PC-1"), "leased 192.0.2.7 02:00:00:00:99:01 boss (sent PC-1)"),
    (told("leased", 0xC0000207, name="boss", sent_name=""), "leased 192.0.2.7 02:00:00:00:99:01 boss"),
    (told("refused", 0xC0000207, name="boss", note="not free"), "refused 192.0.2.7 02:00:00:00:99:01 boss: not free"),
    (told("no free address for", note="all are taken"), "no free address for 02:00:00:00:99:01: all are taken"),
    (told("leased", 0xC0000207, b""), "leased 192.0.2.7"),  # hlen 0 (RFC 4390)
    (told("leased", 0xC0000207, b"", "ib"), "leased 192.0.2.7 ib"),
    (told("leased", name="a\nb\x1b[2J\0"), r"leased 02:00:00:00:99:01 a\x0ab\x1b[2J\x00"),
    (told("leased", name="x", sent_name="a\nb"), r"leased 02:00:00:00:99:01 x (sent a\x0ab)"),
    (told("leased", name="\u202egpj"), r"leased 02:00:00:00:99:01 \u202egpj"),
])
def test_an_event_in_words_is_one_line_that_is_safe_to_show(one, text):
    assert words(one) == text


def test_the_values_of_an_event_have_names():
    one = Told._make(told("leased", 7, client=b"\1x", network="192.0.2.0/24", ends=99, relay=b"\0\0\0\0\1\1a"))
    assert (one.kind, one.client, one.network, one.ends, one.relay) == ("leased", b"\1x", "192.0.2.0/24", 99, b"\0\0\0\0\1\1a")


def test_events_of_the_last_24_hours_newest_last():
    log = Events()
    log.publish([told("old", 1, when=NOW - DAY - 1), told("young", 2, when=NOW - DAY + 1)])
    log.publish([told("now", 3)])
    assert [(one[0], words(one)) for one in log.since_yesterday(NOW)] == [
        (NOW - DAY + 1, "young 0.0.0.2 02:00:00:00:99:01"), (NOW, "now 0.0.0.3 02:00:00:00:99:01")]
    assert list(log.since_yesterday(NOW + 2 * DAY)) == []


@pytest.mark.parametrize("kept", [1, 3, KEPT])
def test_memory_is_bounded_and_the_oldest_go_first(kept):
    log = Events(kept)
    log.publish([told(str(n)) for n in range(kept + 5)])
    assert kinds(log.since(0)[1]) == [str(n) for n in range(5, kept + 5)]


@given(kept=st.integers(1, 9), steps=st.lists(st.integers(0, 12) | st.tuples(st.integers(0, 9)), max_size=40))
def test_a_reader_gets_each_event_once_and_in_order_or_knows_how_many_it_missed(kept, steps):
    """Numbers are how many are published, those in tuples how many are read at the most."""
    log, published, read = Events(kept), 0, 0
    log.publish([told("before")])
    cursor = Cursor(log)
    for step in [*steps, (kept,)]:
        if isinstance(step, tuple):
            first = max(read, published - kept)
            missed, last = cursor.missed + first - read, min(first + step[0], published)
            assert kinds(cursor.read(*step)) == [str(n) for n in range(first, last)]
            assert (cursor.missed, cursor.ahead) == (missed, published - last)
            read = last
        else:
            log.publish([told(str(published + n)) for n in range(step)])
            published += step


def test_readers_do_not_disturb_who_publishes():
    log = Events(1000)
    ended = threading.Event()

    def publish():
        while not ended.is_set():
            log.publish([told("x", 1)] * 10)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for _ in range(200):
            assert all(words(one) == "x 0.0.0.1 02:00:00:00:99:01" for one in log.since_yesterday(NOW))
    finally:
        ended.set()
        thread.join()


FIELDS = [
    (told("leased", 0xC0000207, name="pc-1", network="192.0.2.0/24"),
     "event=leased address=192.0.2.7 mac=02:00:00:00:99:01 subnet=192.0.2.0/24 name=pc-1"),
    (told("no free address for", note="all are taken"),
     'event="no free address for" mac=02:00:00:00:99:01 note="all are taken"'),
    (told("leased", name="boss", sent_name="PC"), "event=leased mac=02:00:00:00:99:01 name=boss sent_name=PC"),
    (told("leased", name="a address=10.0.0.1"), 'event=leased mac=02:00:00:00:99:01 name="a address=10.0.0.1"'),
    (told("leased", name='a" address=10.0.0.1 x="'),
     r'event=leased mac=02:00:00:00:99:01 name="a\" address=10.0.0.1 x=\""'),
    (told("leased", name='a\\" mac=x'), r'event=leased mac=02:00:00:00:99:01 name="a\\\" mac=x"'),
    (told("leased", name="a\nevent=leased\0\u2028"), r'event=leased mac=02:00:00:00:99:01 name="a\x0aevent=leased\x00\u2028"'),
    (told("leased", relay=bytes(4) + b"\x01\x04p 7\n"),
     r'event=leased mac=02:00:00:00:99:01 relay="circuit_id \"70:20:37:0a\""'),
]


@pytest.mark.parametrize(("one", "line"), FIELDS)
def test_no_value_of_a_packet_forges_a_field_or_a_line(one, line):
    assert key_values(one) == line


@given(name=st.text(max_size=20), sent=st.text(max_size=20))
def test_the_fields_of_a_line_can_be_told_apart_whatever_is_sent(name, sent):
    one = told("leased", 1, name=name, sent_name=sent)
    line = key_values(one)
    assert line.isprintable()
    found = dict(re.findall(r'([a-z_]+)=("(?:[^"\\]|\\.)*"|[^ "]+)(?: |$)', line))
    assert found.keys() == log_fields(one).keys()
    for key, value in found.items():
        assert (value[1:-1].replace(r'\"', '"') if value.startswith('"') else value) == log_fields(one)[key]
