"""What may be in quarantine is bounded by machine, by port of a relay agent, and by share of a pool."""

import pytest

from pydhcpd.leases.quarantine import MOST_BY_MACHINE, MOST_BY_PORT, OF_MACHINE, OF_POOL, Quarantine, groups_of

POOL = 2


def fill(quarantine, count, machine=lambda number: b"", port=lambda number: b"", most_of_pool=1000):
    """Add slots one after the other, and give up what is too many."""
    for slot in range(count):
        quarantine.add(slot, groups_of(POOL, machine(slot), port(slot)))
        for other in quarantine.excess(slot, most_of_pool):
            quarantine.remove(other)
    return quarantine.slots()


@pytest.mark.parametrize(("machine", "port", "most_of_pool", "left"), [
    (lambda number: b"thief", lambda number: b"", 1000, MOST_BY_MACHINE),
    (lambda number: b"%d" % number, lambda number: b"port", 1000, MOST_BY_PORT),
    (lambda number: b"%d" % number, lambda number: b"%d" % number, 10, 10),
    (lambda number: b"%d" % number, lambda number: b"", 1, 1),
    (lambda number: b"thief", lambda number: b"port", 2, 2)])
def test_the_oldest_are_given_up_for_what_is_too_many(machine, port, most_of_pool, left):
    assert fill(Quarantine(), 50, machine, port, most_of_pool) == list(range(50 - left, 50))


def test_one_machine_takes_nothing_from_the_quarantine_of_others():
    found = fill(Quarantine(), 20, lambda number: b"thief" if number > 2 else b"%d" % number)
    assert found == [0, 1, 2, 16, 17, 18, 19]


def test_what_is_removed_or_added_again_is_in_its_place():
    quarantine = Quarantine()
    fill(quarantine, 3, lambda number: b"one")
    quarantine.add(0, groups_of(POOL, b"other"))
    assert quarantine.of((OF_POOL, POOL)) == [1, 2, 0]
    assert quarantine.of((OF_MACHINE, b"one")) == [1, 2]
    assert quarantine.oldest((OF_POOL, POOL)) == 1
    for slot in (0, 1, 2, 2):
        quarantine.remove(slot)
    assert (len(quarantine), quarantine.oldest((OF_POOL, POOL))) == (0, -1)


def test_a_reload_moves_slots_to_other_pools():
    quarantine = Quarantine()
    fill(quarantine, 3, lambda number: b"one")
    quarantine.regroup(bytes((POOL, POOL + 1, POOL)))
    assert [quarantine.of((OF_POOL, pool)) for pool in (POOL, POOL + 1)] == [[0, 2], [1]]
    assert quarantine.of((OF_MACHINE, b"one")) == [0, 1, 2]
