"""Offers that wait for their clients: one a client, bounded, oldest first out."""

import gc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.leases.offers import Offers

NOW = 1_800_000_000


def test_a_client_has_the_address_that_it_was_offered_last():
    offers = Offers(10)
    offers.put(b"a", 1, NOW)
    offers.put(b"a", 2, NOW)
    assert (offers.address(b"a"), offers.address(b"b"), len(offers)) == (2, 0, 1)


def test_a_withdrawn_offer_is_gone_and_tells_its_address():
    offers = Offers(10)
    offers.put(b"a", 7, NOW)
    assert (offers.withdraw(b"a"), offers.withdraw(b"a"), len(offers)) == (7, 0, 0)


def test_offers_end_at_their_deadline_oldest_first():
    offers = Offers(10)
    for number in (1, 2, 3):
        offers.put(bytes((number,)), number, NOW + number)
    assert list(offers.overdue(NOW)) == []
    assert list(offers.overdue(NOW + 2)) == [1, 2]
    assert offers.address(b"\3") == 3


def test_an_offer_that_ends_sooner_does_not_wait_for_older_ones():
    """`offer_hold_time` may be of one subnet: it was made later, and ends before the others."""
    offers = Offers(10)
    for number, end in ((1, 40), (2, 5), (3, 600), (4, 5)):
        offers.put(bytes((number,)), number, NOW + end)
    assert [list(offers.overdue(NOW + passed)) for passed in (4, 5, 40, 599, 600)] == [[], [2, 4], [1], [], [3]]
    assert len(offers) == 0


def test_over_the_limit_what_ends_first_goes_first():
    offers = Offers(2)
    for number, end in ((1, 600), (2, 5), (3, 40)):
        offers.put(bytes((number,)), number, NOW + end)
    assert list(offers.overdue(0)) == [2]


def test_what_is_left_of_a_second_is_given_up_later():
    """Housekeeping takes a portion at a time, and clients come and go between."""
    offers = Offers(10)
    for number in (1, 2, 3, 4):
        offers.put(bytes((number,)), number, NOW)
    portion = offers.overdue(NOW)
    assert [next(portion), next(portion)] == [1, 2]
    portion.close()
    offers.withdraw(b"\3")
    offers.put(b"\1", 9, NOW)
    assert list(offers.overdue(NOW)) == [4, 9]


def test_an_offer_that_is_made_again_is_the_youngest():
    offers = Offers(10)
    offers.put(b"a", 1, NOW + 1)
    offers.put(b"b", 2, NOW + 2)
    offers.put(b"a", 1, NOW + 3)
    assert list(offers.overdue(NOW + 2)) == [2]


def test_an_offer_is_withdrawn_by_its_address_whoever_has_it():
    offers = Offers(10)
    for number in (1, 2, 3):
        offers.put(bytes((number,)), number, NOW)
    offers.withdraw_address(2)
    offers.withdraw_address(9)
    assert list(offers.items()) == [(b"\1", 1), (b"\3", 3)]


@pytest.mark.parametrize("limit", [1, 5])
def test_over_the_limit_the_oldest_go_first_before_their_deadline(limit):
    offers = Offers(limit)
    given_back = []
    for number in range(1, 21):
        offers.put(b"%d" % number, number, NOW + 1000)
        given_back += offers.overdue(NOW)
    assert given_back == list(range(1, 21 - limit))
    assert len(offers) == limit


@pytest.mark.parametrize("address", [1, 0x0A000001, 0x0A000006, 0xFFFFFFFE])
@pytest.mark.parametrize("deadline", [0, NOW, 0xFFFFFFFF, 0x1_0000_0000, NOW + 0xFFFFFFFF])
def test_no_deadline_changes_the_address(address, deadline):
    """`length_of_transaction` may be as long as 4294967295 s."""
    offers = Offers(10)
    offers.put(b"a", address, deadline)
    assert offers.address(b"a") == address
    assert offers.withdraw(b"a") == address


def test_an_offer_is_nothing_that_the_collector_walks():
    offers = Offers(10)
    offers.put(b"a", 0x0A000001, NOW)
    assert not any(gc.is_tracked(one) for item in offers._offers.items() for one in item)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 99), st.integers(0, 5), st.sampled_from((2, 5, 9))), max_size=60),
       st.integers(1, 6))
def test_offers_are_a_dictionary_by_their_end_with_a_limit(acts, limit):
    offers, model, now = Offers(limit), {}, NOW
    for number, address, passed, hold in acts:
        now += passed
        key = bytes((number,))
        before = model.pop(key, (0, 0))[0]
        if address:
            assert offers.put(key, address, now + hold) == before
            model[key] = (address, now + hold)
        else:
            assert offers.withdraw(key) == before
        gone = []
        while model and (min(end for _, end in model.values()) <= now or len(model) > limit):
            gone.append(model.pop(min(model, key=lambda one: model[one][1]))[0])
        assert list(offers.overdue(now)) == gone
        assert all(offers.address(one) == address for one, (address, _) in model.items())
        assert len(offers) == len(model) <= limit
