"""The older server's file of hosts: read with its faults, written without them."""

import io
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration.older_csv import read_hosts, write_hosts
from pydhcpd.migration.transfer import export_leases, import_leases

MAC, HARDWARE = "02:00:00:00:99:01", b"\2\0\0\0\x99\1"
GOOD = f"{MAC};10.0.0.5;pc1;1700000000\n"
ADDRESS = 0x0A000005


def read(text: str, lease_time: int = 3600) -> tuple[list, list[str]]:
    """Rows of a file, and what is told of its bad lines."""
    told: list[str] = []
    return list(read_hosts(io.StringIO(text, newline=""), lease_time, told.append)), told


def test_a_line_is_a_host_with_a_lease_from_its_last_use():
    rows, told = read(GOOD)
    assert told == []
    (row,) = rows
    assert (row.address, row.htype, row.hardware, row.hostname, row.ends, row.last_used, row.state) == (
        ADDRESS, 1, HARDWARE, "pc1", 1_700_003_600, 1_700_000_000, BOUND)


@pytest.mark.parametrize(("line", "hostname"), [
    (f'{MAC};10.0.0.5;"a;b";1700000000', "a;b"),
    (f'{MAC};10.0.0.5;"a ""b""";1700000000', 'a "b"'),
    (f'{MAC};10.0.0.5;"lonely;1700000000', '"lonely'),
    (f'{MAC};10.0.0.5;in"side;1700000000', 'in"side'),
    (f"{MAC};10.0.0.5;;1700000000", ""),
    (f"{MAC};10.0.0.5;büro;1700000000", "büro"),
    (f"{MAC.lower()};10.0.0.5;x;1700000000.75", "x"),
    (f"{MAC.replace(':', '-')};10.0.0.5;x;1700000000", "x"),
    (f"{MAC};10.0.0.5;x;1700000000\r", "x"),
])
def test_names_are_read_as_they_were_written(line, hostname):
    rows, told = read(line + "\n")
    assert (told, [row.hostname for row in rows], rows[0].last_used) == ([], [hostname], 1_700_000_000)


BAD = [
    f"{MAC};10.0.0.5;a;b;1700000000", f"{MAC};10.0.0.5;pc1", "no host at all", f"{MAC};10.0.0;pc1;1700000000",
    f"{MAC};ten;pc1;1700000000", "zz:00:00:00:99:01;10.0.0.5;pc1;1700000000", ";10.0.0.5;pc1;1700000000",
    f"{MAC};10.0.0.5;pc1;soon", f"{MAC};10.0.0.5;pc1;-1", f"{MAC};10.0.0.5;pc1;99999999999", f"{MAC};10.0.0.5;pc1;nan",
    f"{MAC};10.0.0.5;pc1;1e400", ";;;", '"', f'{MAC};10.0.0.5;"x;y;1700000000',
]


@pytest.mark.parametrize("line", BAD)
def test_a_bad_line_is_told_by_its_number_and_costs_no_other(line):
    rows, told = read(GOOD + line + "\n" + GOOD * 3)
    assert len(rows) == 4
    assert len(told) == 1
    assert told[0].startswith("line 2: ")
    assert told[0].isprintable()


def test_every_bad_line_of_a_file_is_told():
    rows, told = read("".join(line + "\n" + GOOD for line in BAD))
    assert (len(rows), len(told)) == (len(BAD), len(BAD))


def test_empty_lines_are_nothing():
    assert read("\n" + GOOD + "\r\n\n") == read(GOOD)


def test_an_end_beyond_the_last_second_is_that(row_of=f"{MAC};10.0.0.5;x;4294967295\n"):
    assert read(row_of, 86400)[0][0].ends == 4294967295


def test_hosts_are_written_in_the_form_that_their_owners_know():
    out = io.StringIO()
    hosts = [Host("02:00:00:00:99:01", "10.0.0.5", "pc1", 1_700_000_000), Host("02:00:00:00:99:02", "10.0.0.6", "a;b", 5)]
    assert write_hosts(hosts, out) == 2
    assert out.getvalue() == '02:00:00:00:99:01;10.0.0.5;pc1;1700000000\n02:00:00:00:99:02;10.0.0.6;"a;b";5\n'


hosts_at_random = st.lists(st.builds(
    Host, st.binary(min_size=6, max_size=6).map(lambda octets: hardware_text(octets).upper()),
    st.integers(0, 0xFFFFFFFF).map(address_text), st.text(max_size=20), st.integers(0, 4294967295)), max_size=5)


@settings(deadline=None)
@given(hosts_at_random)
def test_whatever_clients_call_themselves_each_host_is_written_as_one_line_and_read_again(hosts):
    """A name is a client's to choose: with line ends, quotation marks or semicolons it must not make a host of its own."""
    out = io.StringIO(newline="")
    write_hosts(hosts, out)
    assert out.getvalue().count("\n") == len(hosts)
    rows, told = read(out.getvalue())
    assert told == []
    assert [(hardware_text(row.hardware).upper(), address_text(row.address), row.last_used) for row in rows] == [
        (host.mac, host.ip, host.last_used) for host in hosts]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z", "M"], exclude_characters="\\"), max_size=20))
def test_a_visible_name_is_the_same_when_written_and_read_again(name):
    out = io.StringIO(newline="")
    write_hosts([Host(MAC, "10.0.0.5", name, 5)], out)
    assert read(out.getvalue())[0][0].hostname in {name, name.strip()}


@settings(deadline=None)
@given(st.text(st.sampled_from(';"\r\n\\0:.aß\0 1'), max_size=80))
def test_any_text_can_be_read_as_hosts_and_raises_nothing(text):
    read(text)
    assert len(read(text.replace("\r", "") + "\n" + GOOD)[0]) >= 1


# --- import and export


def stored(path) -> list[tuple]:
    with closing(sqlite3.connect(path)) as reader:
        return reader.execute("SELECT address, hardware, hostname, ends, last_used FROM leases ORDER BY address").fetchall()


def test_a_file_is_imported_with_its_bad_lines_told(tmp_path, capsys):
    source, database = tmp_path / "hosts.csv", tmp_path / "leases.db"
    source.write_text(GOOD + "nonsense\n" + GOOD.replace("0.5", "0.6"))
    assert import_leases(database, [str(source)], 3600) == 1
    assert [row[0] for row in stored(database)] == [ADDRESS, ADDRESS + 1]
    out, err = capsys.readouterr()
    assert "2 hosts imported" in out
    assert "1 lines could not be read" in out
    assert f"{source}: line 2:" in err


def test_a_name_in_another_encoding_does_not_stop_an_import(tmp_path):
    source, database = tmp_path / "hosts.csv", tmp_path / "leases.db"
    text = GOOD + f"{MAC};10.0.0.6;caf\xe9;1700000000\n" + GOOD.replace("0.5", "0.7")
    source.write_bytes(text.encode("latin-1"))
    assert import_leases(database, [str(source)], 3600) == 0
    assert [row[0] - ADDRESS for row in stored(database)] == [0, 1, 2]
    assert stored(database)[1][2].startswith("caf")


def test_a_host_that_stands_on_several_lines_has_the_lease_that_was_used_last(tmp_path):
    source, database = tmp_path / "hosts.csv", tmp_path / "leases.db"
    source.write_text(GOOD + GOOD.replace("pc1;17", "old;16") + GOOD.replace("pc1;17", "new;18"))
    assert import_leases(database, [str(source)], 3600) == 0
    assert [row[2] for row in stored(database)] == ["new"]


def test_what_was_exported_can_be_imported_again_and_is_the_same(tmp_path):
    first, second, file = tmp_path / "a.db", tmp_path / "b.db", tmp_path / "hosts.csv"
    store = SQLiteStore(first)
    hosts = HostDatabase(store)
    for number, name in enumerate(("pc1", "a;b", 'say "x"', "", "büro")):
        used = 1_700_000_000 + number
        hosts.add(Host(f"02:00:00:00:99:0{number}", f"10.0.0.{number + 5}", name, used, used + 3600))
    store.close()
    assert export_leases(first, str(file)) == 0
    assert import_leases(second, [str(file)], 3600) == 0
    assert stored(second) == stored(first)


def test_an_export_is_whole_or_not_at_all(tmp_path):
    database = tmp_path / "leases.db"
    SQLiteStore(database).close()
    with pytest.raises(InvalidValue, match="cannot be written"):
        export_leases(database, str(tmp_path / "absent" / "hosts.csv"))
    with pytest.raises(InvalidValue, match="no lease database"):
        export_leases(tmp_path / "none.db", str(tmp_path / "hosts.csv"))
    assert not (tmp_path / "hosts.csv").exists()


def test_a_file_that_is_not_there_is_told_and_makes_no_lease(tmp_path):
    with pytest.raises(InvalidValue, match="cannot be read"):
        import_leases(tmp_path / "leases.db", [str(tmp_path / "absent.csv")], 3600)
    assert stored(tmp_path / "leases.db") == []
