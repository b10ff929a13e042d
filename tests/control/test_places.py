"""Which sessions of the prompt there may be: no user keeps others out, and root least of all."""

import pytest

from pydhcpd.control.places import IDLE, Places

ROOT, NOBODY, ALICE = 0, 65534, 1000


def full(*users):
    """Places that are all taken by these users, one a second."""
    places = Places(len(users))
    for number, user in enumerate(users):
        assert places.take(f"{number}", user, float(number)) == (True, None)
    return places


@pytest.mark.parametrize(("users", "user", "leaving"), [
    ((NOBODY,) * 4, ROOT, "0"),  # the one that was silent for longest
    ((NOBODY,) * 4, NOBODY, None), ((NOBODY,) * 4, ALICE, "0"), ((ALICE, NOBODY, NOBODY, NOBODY), ALICE, "1"),
    ((ALICE, ALICE, NOBODY, NOBODY), ALICE, None), ((ROOT,) * 4, ALICE, None), ((ROOT,) * 4, ROOT, None),
    ((ROOT, NOBODY, ROOT, ROOT), ROOT, "1"), (("192.0.2.1",) * 4, "192.0.2.1", None), (("192.0.2.1",) * 4, "192.0.2.2", "0")])
def test_who_gives_way(users, user, leaving):
    places = full(*users)
    assert places.take("new", user, 5.0) == ((leaving is not None), leaving)
    assert sorted(places) == sorted({*map(str, range(4)), *(["new"] if leaving else [])} - {leaving})


def test_an_idle_session_of_roots_gives_way_to_a_new_one():
    places = full(ROOT, ROOT)
    places.hear("0", IDLE)
    assert places.take("new", ROOT, IDLE) == (False, None)
    assert places.take("new", ROOT, IDLE + 1) == (True, "1")


def test_a_session_that_left_makes_room_once():
    places = full(ALICE, ALICE)
    places.leave("0")
    places.leave("0")
    assert places.take("new", NOBODY, 5.0) == (True, None)
    assert list(places) == ["1", "new"]
