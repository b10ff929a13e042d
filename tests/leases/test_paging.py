"""Pages of leases: in whatever order, turned either way, each row is on one page; judged by Python's own sorting."""

from operator import attrgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue
from pydhcpd.leases.interface import BOUND, QUARANTINED, Row
from pydhcpd.leases.paging import COLUMNS, Order, page
from pydhcpd.leases.search import matching
from pydhcpd.leases.store import SQLiteStore

NAMES = ["", "a", "A", "b", "B2", "b1", "Z", "z", "\u00e9", "'; DROP TABLE leases; --", "<b>", "a.b.c", "x" * 255]


@pytest.fixture(scope="module")
def rows():
    """Rows whose columns have many values in common."""
    return [Row(0x0A000000 + n, bytes([1, n % 5]) + bytes(n % 3), 1, bytes([2, 0, 0, 0, 0, n % 7]), NAMES[n % len(NAMES)],
                2_000_000_000 + n % 11, 1_700_000_000 + n % 4, (BOUND, QUARANTINED)[n % 10 == 0]) for n in range(120)]


@pytest.fixture(scope="module")
def store(rows, tmp_path_factory):
    made = SQLiteStore(tmp_path_factory.mktemp("paging") / "leases.db")
    made.import_rows(rows)
    yield made
    made.close()


FIELD = {"address": "address", "hardware_address": "hardware", "client_identifier": "client", "expires": "ends",
         "last_used": "last_used", "state": "state"}


def in_order(rows, field, is_descending):
    """As they have to come."""
    if field == "name":
        return sorted(rows, key=lambda row: (row.hostname.translate({n: n + 32 for n in range(65, 91)}).encode(), row.address),
                      reverse=is_descending)
    return sorted(rows, key=attrgetter(FIELD[field], "address"), reverse=is_descending)


@pytest.mark.parametrize("field", COLUMNS)
@pytest.mark.parametrize("is_descending", [False, True])
@pytest.mark.parametrize("most", [1, 7, 60, 119, 120, 500])
def test_all_pages_are_all_rows_in_order_there_and_back(store, rows, field, is_descending, most):
    order, there, cursor = Order(field, is_descending), [], ""
    while True:
        found = page(store, [], order, cursor, most)
        there.append(list(found.rows))
        assert (found.previous != "") is (cursor != "")
        if not found.next:
            break
        cursor = found.next
    assert [row for one in there for row in one] == in_order(rows, field, is_descending)
    assert all(len(one) == most for one in there[:-1])
    back = [there[-1]]
    while found.previous:
        found = page(store, [], order, found.previous, most)
        back.append(list(found.rows))
    assert [row for one in reversed(back) for row in one] == in_order(rows, field, is_descending)


@pytest.mark.parametrize("field", COLUMNS)
def test_a_search_is_turned_over_as_well(store, rows, field):
    found, cursor = [], ""
    while True:
        one = page(store, [matching("b")], Order(field), cursor, 5)
        found += one.rows
        if not (cursor := one.next):
            break
    assert found == in_order([row for row in rows if "b" in row.hostname.lower()], field, False)


def test_a_row_that_is_gone_leads_on_all_the_same(tmp_path, rows):
    store = SQLiteStore(tmp_path / "leases.db")
    store.import_rows(rows[:50])
    first = page(store, [], Order("name"), "", 20)
    store.commit([], [(b"", 1_700_000_000, row.address) for row in first.rows])
    assert next(iter(page(store, [], Order("name"), first.next, 50).rows)).hostname.lower() >= first.rows[-1].hostname.lower()
    store.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(min_size=1), st.from_regex(r"(behind|before)\.[0-9]{0,25}\.[0-9a-zA-Z]{0,20}", fullmatch=True)),
       st.sampled_from(sorted(COLUMNS)))
def test_whatever_is_no_cursor_is_refused(store, cursor, field):
    try:
        found = page(store, [], Order(field), cursor, 10)
    except InvalidValue as error:
        assert "begin with the first one" in str(error)
    else:
        assert len(found.rows) <= 10


def test_an_order_that_there_is_not_is_told_with_those_that_there_are(store):
    with pytest.raises(InvalidValue, match=r"leases cannot be in the order of hostname; allowed are address, hardware"):
        page(store, [], Order("hostname"), "", 10)
