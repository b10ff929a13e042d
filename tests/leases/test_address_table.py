"""The addresses of one network in memory: order of giving, constant time, reload, and the picture that a restart makes."""

import gc
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.leases.address_table import (
    BARRED,
    DECLINED,
    ENDED,
    LEASED,
    NEVER,
    OFFERED,
    OUTSIDE,
    POOL,
    RESERVED,
    UNUSED,
    AddressTable,
    FreeList,
)
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED

BASE = 0x0A000000
NOW = 1_800_000_000
UNHURRIED = settings(deadline=None)


def load(table, rows, now):
    """Load rows as the store gives them: those that run apart from the others."""
    running = [(key, address, min(end, NEVER)) for address, key, end, state in rows if state == BOUND and key and end > now]
    table.load(running, [one for one in rows if not (one[3] == BOUND and one[1] and one[2] > now)], now)



def table_of(size: int, kinds: bytes | None = None) -> AddressTable:
    """A table whose addresses are all of the pool, or of these kinds."""
    table = AddressTable(BASE, size)
    set_kinds(table, bytes((POOL,)) * size if kinds is None else kinds)
    return table


def set_kinds(table: AddressTable, kinds: bytes) -> None:
    """Give a table kinds of one pool, which has one range from end to end."""
    table.set_kinds(kinds, (((BASE, BASE + len(kinds) - 1),),))


def take(table: AddressTable, pool: int) -> int:
    """Hold the address that is to be given next; 0 where there is none."""
    address = table.free(pool)
    if address:
        table.hold(address - table.base)
    return address


def take_wanted(table: AddressTable, address: int) -> int:
    """Take an address that a client asks for if that is free, else another."""
    slot = address - BASE
    if 0 <= slot < table.size and table.kinds[slot] == POOL and table.states[slot] <= ENDED:
        table.hold(slot)
        return address
    return take(table, 0)


def fill(table: AddressTable, end: int = NOW + 600) -> None:
    """Lease every address of the pool, to clients numbered as their slots."""
    while address := take(table, 0):
        table.lease(address - BASE, client(address - BASE), end)


def client(number: int) -> bytes:
    return b"\2\1%c%c" % (number >> 8, number & 255)


def reclaim(table: AddressTable, now: int, most: int) -> list[int]:
    """Free what has ended, of clients numbered as their slots."""
    ended = table.due(now, most)
    for address in ended:
        table.end(address - BASE, client(address - BASE))
    return ended


def steps(act) -> int:
    """How many lines of Python an act takes: what counts where time cannot be trusted."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    gc.disable()  # what others have the collector call would count as well
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
        gc.enable()
    return count


def taken(table: AddressTable) -> list[int]:
    """Slots in the order in which they are given, until there is none."""
    slots = []
    while address := take(table, 0):
        slots.append(address - BASE)
    return slots


# --- the order of giving (RFC 2131 section 4.3.1)


def test_addresses_that_nobody_used_are_given_in_order_and_each_once():
    assert taken(table_of(5)) == [0, 1, 2, 3, 4]


def test_only_addresses_of_the_pool_are_given():
    table = table_of(6, bytes((OUTSIDE, POOL, RESERVED, POOL, OUTSIDE, POOL)))
    assert taken(table) == [1, 3, 5]


def test_the_address_that_is_asked_for_is_given_if_it_is_free():
    table = table_of(5)
    assert take_wanted(table, BASE + 3) == BASE + 3
    assert take_wanted(table, BASE + 3) == BASE


@pytest.mark.parametrize("wanted", [0, 1, BASE - 1, BASE + 5, 0xFFFFFFFF, BASE + 4])
def test_an_address_that_is_not_of_the_pool_cannot_be_asked_for(wanted):
    table = table_of(5, bytes((POOL, POOL, POOL, POOL, RESERVED)))
    assert take_wanted(table, wanted) == BASE


def test_addresses_never_used_go_before_those_that_had_a_client():
    table = table_of(3)
    take(table, 0)
    table.lease(0, client(0), NOW + 1)
    table.end(0, client(0))
    assert taken(table) == [1, 2, 0]


def test_of_those_that_had_a_client_the_longest_unused_goes_first():
    table = table_of(4)
    fill(table)
    for slot in (2, 0, 3, 1):
        table.end(slot, client(slot))
    assert taken(table) == [2, 0, 3, 1]


def test_an_address_whose_offer_lapsed_is_the_first_to_be_given_again():
    """Nobody used it: the others' last clients may come back."""
    table = table_of(3)
    fill(table)
    for slot in (0, 1):
        table.end(slot, client(slot))
    assert take(table, 0) == BASE
    table.lapse(0)
    assert taken(table) == [0, 1]


def test_the_client_of_an_address_is_remembered_until_another_one_has_it():
    table = table_of(2)
    fill(table)
    table.end(0, client(0))
    assert table.clients[client(0)] == BASE
    table.forget(client(0), 0)
    assert client(0) not in table.clients


def test_a_client_that_moved_on_is_not_forgotten_with_its_former_address():
    table = table_of(3)
    table.lease(0, client(7), NOW + 1)
    table.end(0, client(0))
    table.lease(1, client(7), NOW + 9)
    table.forget(client(7), 0)
    assert table.clients[client(7)] == BASE + 1


def test_a_full_pool_gives_nothing():
    table = table_of(3)
    fill(table)
    assert take(table, 0) == 0
    assert take_wanted(table, BASE + 1) == 0


def test_what_is_in_quarantine_is_not_given_until_that_ends():
    """RFC 2131 section 4.3.3."""
    table = table_of(2)
    fill(table)
    table.decline(0, client(0), NOW + 900)
    assert client(0) not in table.clients
    assert (taken(table), reclaim(table, NOW + 899, 100)) == ([], [BASE + 1])
    table.lease(1, client(1), NOW + 9000)
    assert reclaim(table, NOW + 900, 100) == [BASE]
    assert taken(table) == [0]


# --- constant time


@pytest.mark.parametrize("full", [0, 0.5, 0.99, 1])
def test_a_free_address_is_found_in_as_many_steps_in_a_large_pool_as_in_a_small_one(full):
    counts = set()
    for size in (1000, 20_000):
        table = table_of(size)
        for slot in range(int(size * full)):
            table.hold(slot)
            table.lease(slot, client(slot), NOW)
        take(table, 0)  # the first look passes over what is taken, once
        counts.add(steps(lambda table=table: take(table, 0)))
    assert len(counts) == 1


def test_an_ended_address_is_found_in_as_many_steps_however_many_there_are():
    counts = set()
    for ended in (2, 5000):
        table = table_of(10_000)
        fill(table)
        for slot in range(ended):
            table.end(slot, client(slot))
        take(table, 0)
        counts.add(steps(lambda table=table: take(table, 0)))
    assert len(counts) == 1


def test_kinds_are_taken_over_without_a_step_for_each_address():
    counts = {steps(lambda size=size: table_of(size)) for size in (1 << 8, 1 << 16)}
    assert len(counts) == 1


def test_lease_renewal_and_end_take_as_many_steps_in_any_table():
    def life(table):
        table.hold(5)
        table.lease(5, client(5), NOW + 600)
        table.lease(5, client(5), NOW + 900)
        table.end(5, client(5))

    assert len({steps(lambda size=size: life(table_of(size))) - steps(lambda size=size: table_of(size))
                for size in (100, 10_000)}) == 1


# --- reclaiming


def test_what_has_ended_is_reclaimed_and_nothing_else():
    table = table_of(4)
    for slot, end in enumerate((NOW - 1, NOW, NOW + 1, NEVER)):
        table.hold(slot)
        table.lease(slot, client(slot), end)
    assert sorted(reclaim(table, NOW, 100)) == [BASE, BASE + 1]
    assert reclaim(table, NOW, 100) == []
    assert sorted(reclaim(table, NOW + (1 << 30), 100)) == [BASE + 2]


def test_a_renewed_lease_is_not_reclaimed():
    table = table_of(1)
    fill(table, NOW + 10)
    table.lease(0, client(0), NOW + 500)
    assert reclaim(table, NOW + 499, 100) == []
    assert reclaim(table, NOW + 500, 100) == [BASE]


def test_reclaiming_looks_at_no_more_than_it_is_told_and_comes_to_all_in_the_end():
    table = table_of(1000)
    fill(table, NOW)
    portions = [reclaim(table, NOW + 1, 64) for _ in range(20)]
    assert max(map(len, portions)) <= 64
    assert sum(map(len, portions)) == 1000


# --- reload: other kinds


@pytest.mark.parametrize(("state", "kind", "becomes"), [
    (UNUSED, POOL, UNUSED), (UNUSED, OUTSIDE, BARRED), (UNUSED, RESERVED, BARRED),
    (BARRED, POOL, UNUSED), (BARRED, RESERVED, BARRED),
    (OFFERED, POOL, OFFERED), (OFFERED, OUTSIDE, OFFERED), (LEASED, OUTSIDE, LEASED), (LEASED, RESERVED, LEASED),
    (DECLINED, OUTSIDE, DECLINED), (DECLINED, POOL, DECLINED),
])
def test_a_reload_keeps_what_is_in_use_and_opens_and_bars_what_is_not(state, kind, becomes):
    table = table_of(1)
    table.states[0] = state
    set_kinds(table, bytes((kind,)))
    assert (table.states[0], table.kinds[0]) == (becomes, kind)


def test_an_ended_address_that_is_taken_out_of_the_pool_is_not_given_again():
    table = table_of(3)
    fill(table)
    for slot in (0, 1, 2):
        table.end(slot, client(slot))
    set_kinds(table, bytes((OUTSIDE, POOL, OUTSIDE)))
    assert take_wanted(table, BASE) == BASE + 1
    assert take(table, 0) == 0


@pytest.mark.parametrize("state", [OFFERED, LEASED, DECLINED])
def test_what_ends_outside_the_pool_is_barred(state):
    table = table_of(1)
    take(table, 0)
    if state == LEASED:
        table.lease(0, client(0), NOW)
    elif state == DECLINED:
        table.decline(0, client(0), NOW)
    set_kinds(table, bytes((OUTSIDE,)))
    table.lapse(0)
    reclaim(table, NOW, 10)
    assert table.states[0] == BARRED
    assert take(table, 0) == 0


def test_addresses_that_a_reload_adds_are_given():
    table = table_of(4, bytes((POOL, OUTSIDE, OUTSIDE, POOL)))
    assert taken(table) == [0, 3]
    set_kinds(table, bytes((POOL,)) * 4)
    assert taken(table) == [1, 2]


# --- restart: the store's rows


def test_a_restart_gives_leases_quarantines_and_the_order_of_the_free_ones():
    rows = [(BASE, client(0), NOW + 5, BOUND), (BASE + 1, client(1), NOW - 5, BOUND), (BASE + 2, client(2), NOW - 9, RELEASED),
            (BASE + 3, client(3), NOW + 9, QUARANTINED), (BASE + 5, client(5), NOW, RELEASED)]
    table = table_of(6)
    load(table, rows, NOW)
    assert list(table.states) == [LEASED, ENDED, ENDED, DECLINED, UNUSED, ENDED]
    assert table.clients == {client(number): BASE + number for number in (0, 1, 2, 5)}
    assert taken(table) == [4, 2, 1, 5]
    assert sorted(reclaim(table, NOW + 9, 100)) == [BASE, BASE + 3]


def test_rows_outside_the_pool_are_kept_while_they_run():
    table = table_of(2, bytes((OUTSIDE, OUTSIDE)))
    load(table, [(BASE, client(0), NOW + 5, BOUND), (BASE + 1, client(1), NOW - 5, BOUND)], NOW)
    assert list(table.states) == [LEASED, BARRED]


@pytest.mark.parametrize("second", [NOW - 9, NOW - 5, NOW + 5, NOW + 9])
@pytest.mark.parametrize("first", [NOW - 9, NOW - 5, NOW + 5, NOW + 9])
def test_of_two_rows_for_one_client_each_lease_runs_to_its_end(first, second):
    """An import can bring them, a lease by hand, or a reload that joins networks. What runs is never free."""
    table = table_of(3)
    ends = {BASE: first, BASE + 1: second}
    load(table, [(address, client(7), end, BOUND) for address, end in ends.items()], NOW)
    for now in (NOW, NOW + 5, NOW + 9):
        for address in table.due(now, 100):
            table.end(address - BASE, client(7))
        running = {address for address, end in ends.items() if end > now}
        assert {BASE + slot for slot in range(3) if table.states[slot] == LEASED} == running
        assert {one for one in ends if table.states[one - BASE] == LEASED and table.is_of(client(7), one)} == running
        assert table.clients[client(7)] in (running or ends)  # it is known by one that runs, as long as one does
    assert (table.doubles, sorted(taken(table))) == ({}, [0, 1, 2])


@pytest.mark.parametrize("end", [NEVER, NEVER + 5, 1 << 40])
def test_an_end_that_never_comes_is_loaded_as_such(end):
    table = table_of(1)
    load(table, [(BASE, client(0), end, BOUND)], NOW)
    assert table.ends[0] == NEVER
    assert reclaim(table, NEVER - 1, 10) == []


def test_a_released_address_is_free_though_the_clock_went_back():
    table = table_of(1)
    load(table, [(BASE, client(0), NOW + 5, RELEASED)], NOW)
    assert (table.states[0], table.clients) == (ENDED, {client(0): BASE})


rows_at_random = st.lists(st.tuples(st.integers(0, 7), st.integers(-50, 50), st.sampled_from((BOUND, QUARANTINED))),
                          max_size=12, unique_by=lambda row: row[0])


@UNHURRIED
@given(rows_at_random, st.integers(0, 40))
def test_after_a_restart_each_free_address_is_given_once_and_no_other(rows, later):
    table = table_of(8)
    load(table, [(BASE + slot, client(slot % 4), NOW + end, state) for slot, end, state in sorted(rows)], NOW)
    reclaim(table, NOW + later, 1000)
    slots = taken(table)
    assert len(slots) == len(set(slots))
    assert set(slots) == {slot for slot in range(8) if table.states[slot] == OFFERED}
    busy = {slot for slot, end, _ in rows if end > later}
    assert not busy & set(slots)
    assert set(range(8)) - busy == set(slots)


# --- the free list


@UNHURRIED
@given(st.lists(st.tuples(st.sampled_from(("append", "prepend", "remove")), st.integers(0, 9), st.integers(0, 2)), max_size=60))
def test_the_free_lists_are_a_list_for_each_pool(acts):
    ours, models = FreeList(10), [[], [], []]
    for act, slot, pool in acts:
        home = next((model for model in models if slot in model), None)
        if act == "remove":
            if home is not None:
                ours.remove(slot)
                home.remove(slot)
        elif home is None:
            getattr(ours, act)(slot, pool)
            models[pool].insert(len(models[pool]) if act == "append" else 0, slot)
        assert [max(ours.first(number), -1) for number in range(3)] == [model[0] if model else -1 for model in models]
    for number, model in enumerate(models):
        while model:
            assert ours.first(number) == model.pop(0)
            ours.remove(ours.first(number))
        assert ours.first(number) < 0


@pytest.mark.parametrize("ends_first", [False, True])
def test_a_client_recognised_by_its_hardware_address_loses_an_address_that_is_given_to_another(ends_first):
    """Else it would be taken for the holder of the other's lease (RFC 2131 section 4.3.1)."""
    table = table_of(1)
    hardware, known = b"\2\0\0\0\0\1", b"\1\1by-identifier"
    recorded = b"\0\1" + hardware
    table.lease(0, recorded, NOW)
    if ends_first:
        table.end(0, recorded)
    table.recognise(known, 1, hardware)
    table.end(0, recorded)  # the store still has it by the hardware address
    assert table.clients == {known: BASE}
    table.lease(0, client(7), NOW + 60)
    assert table.clients == {client(7): BASE}
