"""The index of when leases end: nothing early, nothing forgotten, and no more steps than there is to do."""

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.leases.expiry import SPAN, ExpiryIndex

NOW = 1_800_000_000
THIRTY_YEARS = 30 * 365 * 86400
ENOUGH = 1_000_000


def steps(act) -> int:
    """How many lines of Python an act takes."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return count


def entries(index: ExpiryIndex) -> int:
    """How many places the index takes."""
    return sum(len(bucket) for bucket in index._buckets.values())


@pytest.mark.parametrize("after", [1, 7, 8, 9, 600, 86400])
def test_a_slot_is_due_at_its_end_and_not_before(after):
    ends = [NOW + after]
    index = ExpiryIndex(1)
    index.note(0, ends[0])
    assert index.due(NOW + after - 1, ENOUGH, ends) == []
    assert index.due(NOW + after, ENOUGH, ends) == [0]
    assert index.due(NOW + after + 1, ENOUGH, ends) == []


def test_a_renewed_slot_is_due_at_its_new_end_alone():
    ends = [NOW + 10]
    index = ExpiryIndex(1)
    index.note(0, ends[0])
    ends[0] = NOW + 100
    index.note(0, ends[0])
    assert index.due(NOW + 99, ENOUGH, ends) == []
    assert index.due(NOW + 100, ENOUGH, ends) == [0]


def test_a_slot_whose_end_came_nearer_is_due_at_that():
    """A release by hand, or a shorter lease."""
    ends = [NOW + 1000]
    index = ExpiryIndex(1)
    index.note(0, ends[0])
    ends[0] = NOW + 10
    index.note(0, ends[0])
    assert index.due(NOW + 10, ENOUGH, ends) == [0]
    assert index.due(NOW + 1000, ENOUGH, ends) == []


def test_a_slot_that_is_renewed_for_ever_takes_one_place():
    ends = [NOW]
    index = ExpiryIndex(1)
    for second in range(5000):
        ends[0] = NOW + second + 600
        index.note(0, ends[0])
        assert index.due(NOW + second, ENOUGH, ends) == []
    assert entries(index) == 1


def test_no_more_slots_are_looked_at_than_allowed():
    ends = [NOW] * 1000
    index = ExpiryIndex(1000)
    for slot in range(1000):
        index.note(slot, NOW)
    found = [index.due(NOW + SPAN, 64, ends) for _ in range(17)]
    assert max(map(len, found)) <= 64
    assert sorted(slot for portion in found for slot in portion) == list(range(1000))


def test_an_index_says_whether_there_is_anything_to_look_at_and_whether_it_had_to_leave_some():
    ends = [NOW] * 100
    index = ExpiryIndex(100, NOW)
    assert (index.is_due(NOW + THIRTY_YEARS), index.is_behind(NOW + THIRTY_YEARS)) == (False, False)
    for slot in range(100):
        index.note(slot, NOW + 5 * SPAN)
    assert (index.is_due(NOW), index.is_due(NOW + 5 * SPAN)) == (False, True)
    later = NOW + 6 * SPAN
    for left in (36, 0):
        index.due(later, 64, ends)
        assert (index.looked, index.is_due(later), index.is_behind(later)) == (64 if left else 36, left > 0, left > 0)


def test_what_ends_within_this_very_moment_leaves_nothing_behind():
    """Else the housekeeping would come again at once, for nothing."""
    ends = [NOW // SPAN * SPAN + SPAN - 1]
    index = ExpiryIndex(1, NOW)
    index.note(0, ends[0])
    assert index.due(ends[0] - 1, 1, ends) == []
    assert (index.is_due(ends[0] - 1), index.is_behind(ends[0] - 1)) == (True, False)


def test_renewed_slots_count_as_looked_at_too():
    """A portion is short even where it finds nothing to end."""
    ends = [NOW] * 1000
    index = ExpiryIndex(1000)
    for slot in range(1000):
        index.note(slot, NOW)
    ends = [NOW + 600] * 1000
    small, large = steps(lambda: index.due(NOW + SPAN, 16, ends)), steps(lambda: index.due(NOW + SPAN, 160, ends))
    assert small < large / 5


@pytest.mark.parametrize("gap", [600, 86400, THIRTY_YEARS])
def test_a_jump_of_the_clock_costs_no_step_for_each_second_of_it(gap):
    """A board without a clock starts in 1970; then it learns what year it is, with leases given meanwhile."""
    ends = [NOW - gap, NOW + 5]
    index = ExpiryIndex(2)
    for slot, end in enumerate(ends):
        index.note(slot, end)
    assert steps(lambda: index.due(NOW, ENOUGH, ends)) < 200
    assert index.due(NOW + 5, ENOUGH, ends) == [1]


def test_a_clock_that_goes_back_ends_nothing():
    ends = [NOW + 10]
    index = ExpiryIndex(1)
    index.note(0, ends[0])
    assert index.due(NOW - 3600, ENOUGH, ends) == []
    assert index.due(NOW + 10, ENOUGH, ends) == [0]


acts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 60), st.integers(0, 15), st.sampled_from((1, 3, ENOUGH))),
                max_size=40)


@settings(deadline=None)
@given(acts)
def test_each_end_is_told_once_and_none_is_forgotten(acts):
    """Against a dictionary that is walked as a whole."""
    index, ends, running, now = ExpiryIndex(6), [0] * 6, set(), NOW
    for slot, length, passed, most in acts:
        ends[slot] = now + length
        index.note(slot, ends[slot])
        running.add(slot)
        now += passed
        ended = index.due(now, most, ends)
        assert len(ended) == len(set(ended))
        assert set(ended) <= {one for one in running if ends[one] <= now}
        running -= set(ended)
    while ended := index.due(now, ENOUGH, ends):
        running -= set(ended)
    assert all(ends[slot] > now for slot in running)
    assert set(index.due(now + 1000, ENOUGH, ends)) == running
