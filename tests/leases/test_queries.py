"""Reading the lease database for leasequery: beside the writer, in portions, by its indexes (RFC 4388, RFC 6926)."""

import os
import sqlite3

import pytest

from pydhcpd.errors import StoreError
from pydhcpd.leases import queries
from pydhcpd.leases.interface import BOUND, RELEASED, Row
from pydhcpd.leases.queries import PORTION, LeaseQueries
from pydhcpd.leases.store import SQLiteStore

NOW = 1_800_000_000
MAC = b"\2\0\0\0\x99\1"


def row(address, client=b"\1pc", *, htype=1, hardware=MAC, state=BOUND, relay=b""):
    return Row(address, client, htype, hardware, "pc", NOW + 600, NOW, state, relay and bytes(4) + relay)


@pytest.fixture
def store(tmp_path):
    made = SQLiteStore(tmp_path / "leases ?#%.db")  # what a URI would take for something else
    yield made
    made.close()


@pytest.fixture
def reader(store):
    made = LeaseQueries(store.path)
    yield made
    made.close()


def test_a_row_is_found_by_address(store, reader):
    store.commit([row(1), row(2, state=RELEASED)])
    assert [reader.by_address(address) for address in (1, 2, 3)] == [row(1), row(2, state=RELEASED), None]


def test_what_is_committed_later_is_found(store, reader):
    assert reader.by_address(1) is None
    store.commit([row(1)])
    assert reader.by_address(1) == row(1)


def test_hardware_is_type_and_address(store, reader):
    store.commit([row(1), row(2, htype=6), row(3, hardware=b"other"), row(4, b"\2\1" + MAC)])
    assert [one.address for one in reader.by_hardware(1, MAC)] == [1, 4]


def test_a_client_identifier_is_not_a_hardware_address_of_the_same_octets(store, reader):
    store.commit([row(1, b"\1\1abc"), row(2, b"\2\1abc"), row(3, b"\1\1abcd"), row(4, b"\1\1abc")])
    assert [one.address for one in reader.by_client_identifier(b"\1abc")] == [1, 4]


@pytest.mark.parametrize("count", [0, 1, PORTION - 1, PORTION, PORTION + 1, 2 * PORTION])
def test_rows_come_in_portions_and_none_is_lost_between_them(store, reader, count):
    store.commit([row(number) for number in range(count)])
    for found in (reader.all(), reader.by_client_identifier(b"pc"), reader.by_hardware(1, MAC)):
        assert [one.address for one in found] == list(range(count))


def test_option_82_is_looked_through_in_windows_also_where_none_matches(store, reader, monkeypatch):
    monkeypatch.setattr(queries, "WINDOW", 10)
    store.commit([row(number, relay=b"\2\3abc" if number in (7, 39, 40) else b"\1\1x") for number in range(41)])
    assert [one.address for one in reader.by_relay(b"\2\3abc")] == [7, 39, 40]
    assert list(reader.by_relay(b"\2\3xyz")) == []


def test_octets_are_looked_for_as_octets(store, reader):
    store.commit([row(1, relay=b"\2\2\xff\0"), row(2, relay=b"\2\2%_")])
    assert [one.address for one in reader.by_relay(b"\2\2\xff\0")] == [1]
    assert [one.address for one in reader.by_relay(b"\2\2%_")] == [2]


def test_a_reader_in_the_middle_holds_no_commit_and_no_log_up(store, reader):
    store.commit([row(number) for number in range(3 * PORTION)])
    found = reader.all()
    next(found)
    store.commit([row(5000)])
    assert store.checkpoint("TRUNCATE") == 0
    assert sum(1 for _ in found) == 3 * PORTION


@pytest.mark.parametrize(("where", "index"), [
    ("hardware = ? AND htype = 1", "leases_by_hardware"), ("client = ?", "leases_by_client")])
def test_the_indexes_are_used(store, reader, where, index):
    store.index_for_queries()
    asked = []
    reader._execute = lambda query, parameters: asked.append(query) or []
    list(reader.by_hardware(1, MAC) if "hardware" in where else reader.by_client_identifier(b"pc"))
    with sqlite3.connect(store.path) as connection:
        parameters = (MAC, 1, -1) if "hardware" in where else (b"\1pc", -1)
        plan = " ".join(one[3] for one in connection.execute(f"EXPLAIN QUERY PLAN {asked[0]}", parameters))
    assert index in plan
    assert "SCAN" not in plan and "TEMP B-TREE" not in plan


def test_nothing_can_be_written(store, reader):
    with pytest.raises(StoreError, match="readonly"):
        reader._execute("DELETE FROM leases", ())


def test_after_an_error_the_database_is_opened_again(store, reader):
    store.commit([row(1)])
    reader.by_address(1)
    reader._connection.close()  # as if the file had gone bad under it
    with pytest.raises(StoreError):
        reader.by_address(1)
    assert reader.by_address(1) == row(1)


def test_a_database_that_is_not_there_is_an_error_and_is_not_made(tmp_path):
    reader = LeaseQueries(tmp_path / "none.db")
    with pytest.raises(StoreError):
        reader.by_address(1)
    assert not (tmp_path / "none.db").exists()


def test_an_error_of_a_file_that_was_replaced_meanwhile_tells_nothing_of_the_one_in_its_place(store):
    """Else that would be set aside as well."""
    class Torn:
        def execute(self, query, parameters):
            os.rename(store.path, f"{store.path}.damaged")
            store.path.write_bytes(b"")
            raise sqlite3.DatabaseError("database disk image is malformed")

        def close(self):
            pass

    noted = []
    reader = LeaseQueries(store.path, noted.append)
    reader.by_address(1)
    reader._connection = Torn()
    with pytest.raises(StoreError, match="malformed"):
        reader.by_address(1)
    assert noted == []
