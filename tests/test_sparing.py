"""Saying the same thing a few times a minute, and counting the rest."""

from pydhcpd.sparing import MOST, PERIOD, Sparing


def test_a_thing_is_said_once_a_minute_and_then_how_often_it_was_not():
    sparing = Sparing()
    assert [sparing.may_say("a", now) for now in (0.0, 1.0, 59.0)] == [True, False, False]
    assert sparing.may_say("b", 1.0)
    assert sparing.unsaid(59.9) == []
    assert sparing.unsaid(PERIOD) == [("a", 2)]
    assert not sparing.may_say("a", PERIOD + 1), "a line and a count in the same minute would be two"
    assert sparing.unsaid(2 * PERIOD) == [("a", 1)]
    assert sparing.unsaid(3 * PERIOD) == []
    assert sparing.may_say("a", 3 * PERIOD + 1)


def test_what_came_once_is_said_at_once_when_it_comes_again_a_minute_later():
    sparing = Sparing()
    assert sparing.may_say("a", 0.0)
    assert sparing.unsaid(PERIOD) == []
    assert sparing.may_say("a", PERIOD)


def test_a_new_minute_begins_by_itself_where_nobody_asks_for_what_was_not_said():
    sparing = Sparing()
    assert [sparing.may_say("a", now) for now in (0.0, 1.0, PERIOD, PERIOD + 1)] == [True, False, True, False]
    assert sparing.unsaid(2 * PERIOD) == [("a", 2)]


def test_several_times_a_minute_if_asked():
    sparing = Sparing()
    assert [sparing.may_say("a", 0.0, 3) for _ in range(5)] == [True, True, True, False, False]
    assert sparing.unsaid(PERIOD) == [("a", 2)]
    assert not sparing.may_say("a", PERIOD, 3)


def test_memory_is_bounded_whatever_strangers_make_up():
    sparing = Sparing()
    said = sum(sparing.may_say(number, 0.0) for number in range(10 * MOST))
    assert said == MOST + 1
    assert sparing.unsaid(PERIOD) == [(Sparing.OTHERS, 9 * MOST - 1)]
    assert len(sparing._seen) == 1
