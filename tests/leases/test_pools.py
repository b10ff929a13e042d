"""Several pools of one network: each gives its own addresses in its own order, and a reload may draw them anew."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_address_table import take

from pydhcpd.leases.address_table import (
    BARRED,
    DECLINED,
    LEASED,
    OFFERED,
    OUTSIDE,
    POOL,
    POOLS,
    RESERVED,
    UNUSED,
    AddressTable,
)

BASE, SIZE, NOW = 0x0A000000, 12, 1_800_000_000
UNHURRIED = settings(deadline=None)


def client(slot: int) -> bytes:
    return b"\2\1%c" % slot


def planned(*pools: list[tuple[int, int]], size: int = SIZE) -> tuple[bytes, tuple]:
    """Kinds and pools, of ranges that are given as slots."""
    kinds = bytearray(size)
    for number, ranges in enumerate(pools):
        for first, last in ranges:
            kinds[first:last + 1] = bytes((POOL + number,)) * (last - first + 1)
    return bytes(kinds), tuple(tuple((BASE + first, BASE + last) for first, last in ranges) for ranges in pools)


def table_of(*pools: list[tuple[int, int]], size: int = SIZE) -> AddressTable:
    table = AddressTable(BASE, size)
    table.set_kinds(*planned(*pools, size=size))
    return table


def taken(table: AddressTable, pool: int) -> list[int]:
    """Slots in the order in which a pool gives them, until it has none."""
    slots = []
    while address := take(table, pool):
        slots.append(address - BASE)
    return slots


def end_all(table: AddressTable, *slots: int) -> None:
    """Each has had a client, whose lease ended; in this order."""
    for number, slot in enumerate(slots):
        table.hold(slot)
        table.lease(slot, client(slot), NOW + number)
        table.end(slot, client(slot))


def test_each_pool_gives_its_own_addresses_range_by_range():
    table = table_of([(8, 9), (0, 1)], [(3, 5)])
    assert (taken(table, 1), taken(table, 0), taken(table, 1)) == ([3, 4, 5], [8, 9, 0, 1], [])


def test_each_pool_has_its_own_order_of_the_longest_unused():
    table = table_of([(0, 3)], [(4, 7)])
    taken(table, 0), taken(table, 1)
    for slot in (5, 0, 4, 3):
        table.lease(slot, client(slot), NOW)
        table.end(slot, client(slot))
    assert (taken(table, 0), taken(table, 1)) == ([0, 3], [5, 4])


def test_an_offer_that_lapsed_goes_back_into_its_own_pool():
    table = table_of([(0, 1)], [(2, 3)])
    taken(table, 0), taken(table, 1)
    table.lapse(2)
    assert (taken(table, 0), taken(table, 1)) == ([], [2])


@pytest.mark.parametrize("count", [1, 2, POOLS])
def test_there_may_be_as_many_pools_as_kinds_leave_room_for(count):
    table = table_of(*([(number, number)] for number in range(count)), size=POOLS)
    assert [taken(table, number) for number in range(count)] == [[number] for number in range(count)]
    end_all(table, *range(count))
    assert [taken(table, number) for number in range(count)] == [[number] for number in range(count)]


def test_a_pool_without_an_address_gives_none():
    table = table_of([], [(2, 2)])
    assert (taken(table, 0), taken(table, 1)) == ([], [2])


# --- reload


def test_addresses_that_a_reload_moves_to_another_pool_are_given_by_that_one_alone():
    table = table_of([(0, 5)], [(6, 11)])
    end_all(table, 1, 4, 7)
    table.set_kinds(*planned([(0, 2)], [(3, 11)]))
    assert (taken(table, 0), taken(table, 1)) == ([0, 2, 1], [3, 5, 6, 8, 9, 10, 11, 4, 7])


def test_moved_addresses_are_in_the_order_in_which_they_ended():
    table = table_of([(0, 3)], [(4, 7)])
    for slot in range(8):
        table.hold(slot)
    for slot, end in ((0, 5), (1, 1), (4, 3), (5, 2)):
        table.lease(slot, client(slot), NOW + end)
        table.end(slot, client(slot))
    table.set_kinds(*planned([(0, 7)]))
    assert taken(table, 0) == [1, 5, 4, 0]


def test_a_pool_that_a_reload_makes_smaller_gives_what_is_left_of_it():
    table = table_of([(0, 7)])
    end_all(table, 1, 6)
    table.set_kinds(*planned([(0, 3)]))
    assert (taken(table, 0), table.states[6]) == ([0, 2, 3, 1], BARRED)


def test_a_pool_that_a_reload_takes_away_gives_nothing_and_keeps_who_is_there():
    table = table_of([(0, 3)], [(4, 7)])
    table.hold(5)
    table.lease(5, client(5), NOW)
    end_all(table, 6)
    table.set_kinds(*planned([(0, 3)]))
    assert (table.states[5], taken(table, 0)) == (LEASED, [0, 1, 2, 3])
    table.end(5, client(5))
    assert (table.states[5], table.states[6]) == (BARRED, BARRED)


@pytest.mark.parametrize("state", [OFFERED, LEASED, DECLINED])
def test_what_is_in_use_when_a_reload_moves_it_is_free_in_its_new_pool_afterwards(state):
    table = table_of([(0, 1)], [(2, 3)])
    table.hold(1)
    if state == LEASED:
        table.lease(1, client(1), NOW)
    elif state == DECLINED:
        table.decline(1, client(1), NOW)
    table.set_kinds(*planned([(0, 0)], [(1, 3)]))
    assert table.states[1] == state
    table.lapse(1)
    table.end(1, client(1))
    assert (taken(table, 0), taken(table, 1)) == ([0], [2, 3, 1])


def test_an_ended_address_that_is_reserved_and_open_again_is_given_by_its_pool():
    """A reservation changes kinds and leaves the ranges as they are."""
    table = table_of([(0, 2)])
    end_all(table, 0, 1, 2)
    kinds, pools = planned([(0, 2)])
    table.set_kinds(bytes((POOL, RESERVED, POOL)) + bytes(SIZE - 3), pools)
    assert taken(table, 0) == [0, 2]
    table.set_kinds(kinds, pools)
    assert taken(table, 0) == [1]


states_at_random = st.lists(st.sampled_from(("unused", "offered", "leased", "ended", "declined")), min_size=SIZE, max_size=SIZE)
layouts = st.lists(st.sampled_from((OUTSIDE, RESERVED, POOL, POOL + 1, POOL + 2)), min_size=SIZE, max_size=SIZE)


def ranges_of(kinds: list[int]) -> tuple:
    """Ranges of three pools, each address one."""
    return tuple(tuple((BASE + slot,) * 2 for slot, kind in enumerate(kinds) if kind == POOL + number) for number in range(3))


@UNHURRIED
@given(layouts, states_at_random, st.lists(layouts, max_size=3), st.booleans())
def test_after_any_reload_each_free_address_is_given_once_by_its_pool_and_no_other(first, states, reloads, counted):
    table = AddressTable(BASE, SIZE)
    table.set_kinds(bytes(first), ranges_of(first))
    if counted:
        table.free_share(0, 1)  # from now on it is kept
    for slot, state in enumerate(states):
        if first[slot] < POOL or state == "unused":
            continue
        table.hold(slot)
        if state == "leased":
            table.lease(slot, client(slot), NOW)
        elif state == "declined":
            table.decline(slot, client(slot), NOW)
        elif state == "ended":
            end_all(table, slot)
    for kinds in reloads:
        table.set_kinds(bytes(kinds), ranges_of(kinds))
    last = reloads[-1] if reloads else first
    busy = {slot for slot in range(SIZE) if table.states[slot] in (OFFERED, LEASED, DECLINED)}
    for number in range(3):
        shares = [slot for slot in range(SIZE) if last[slot] == POOL + number]
        free = [slot for slot in shares if slot not in busy]
        assert table.free_share(number, len(shares)) == (len(free) / len(shares) if shares else 0.0)
        assert sorted(taken(table, number)) == free
        assert table.free_share(number, len(shares)) == 0.0
    assert not {slot for slot in range(SIZE) if table.states[slot] == UNUSED}


# --- how much of a pool is free


def test_the_share_that_is_free_counts_the_pools_own_addresses():
    table = table_of([(0, 3), (8, 11)], [(4, 7)])
    assert (table.free_share(0, 8), table.free_share(1, 4)) == (1.0, 1.0)
    table.hold(0)
    table.hold(8)
    table.lease(8, client(8), NOW)
    table.hold(4)
    table.decline(4, client(4), NOW)
    end_all(table, 9)
    assert (table.free_share(0, 8), table.free_share(1, 4)) == (0.75, 0.75)
