"""What a word may mean to who looks for a lease."""

from contextlib import closing

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.search import matching, running
from pydhcpd.leases.store import SQLiteStore

ROWS = [
    Row(address_from("10.1.0.5"), b"\1\0unit-5", 1, bytes.fromhex("020000000005"), "Printer", 2000, 1000, BOUND),
    Row(address_from("10.11.0.6"), b"\2\1\2\0\0\0\0\6", 1, b"\2\0\0\0\0\6", "pc-6", 2000, 1000, BOUND,
        bytes(4) + b"\1\6port-6", "voip\n", "PC"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with closing(SQLiteStore(tmp_path_factory.mktemp("search") / "leases.db")) as made:
        made.commit(ROWS)
        yield made


@pytest.mark.parametrize(("word", "found"), [
    ("10.1.0.5", [5]), ("10.1", [5]), ("10.1.", [5]), ("10.", [5, 6]), ("10.11.0", [6]), ("10.1.0.0/16", [5]),
    ("10.0.0.0/8", [5, 6]),
    ("10.1.0.5/8", [5, 6]), ("10.999", []), ("10.1.0.0/99", []), ("300.1.1.1", []), ("print", [5]), ("PRINTER", [5]),
    ("pc", [6]),
    ("02:00:00:00:00:05", [5]), ("02-00-00-00-00-06", [6]), ("00:06", [6]), ("0006", [6]), ("unit", [5]), ("port-6", [6]),
    ("voip", [6]), ("1.0.5", []), ("%", []), ("_", []), ("' OR 1=1 --", []), ("\x00", [5, 6]), ("\U0001f5a8", []),
])
def test_a_word(store, word, found):
    where, values = matching(word)
    assert [row.address & 255 for row in store.select(where, values)] == found
    assert store.count(where, values) == len(found)


def test_only_what_runs(store):
    assert [store.count(*running(now)) for now in (1999, 2000)] == [2, 0]
