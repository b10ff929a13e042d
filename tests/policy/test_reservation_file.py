"""The reservation file: a row a host, and a bad row costs no other."""

import contextlib
import csv
import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.reservation_file import Unreadable, append, decoded, read, reservations

FILE = "/var/lib/pydhcpd/reservations.csv"
ONE, TWO = "02:00:00:00:00:01", "02:00:00:00:00:02"


def rows(*lines):
    """The rows of a file with these lines, which has nothing wrong."""
    found, problems = read("\n".join(lines), FILE)
    assert problems == []
    return found


def told(*lines, settings=None):
    """The one thing that is wrong, and the lines of the rows that are read all the same."""
    found, (problem,) = read("\n".join(lines), FILE, settings)
    return problem, [line for line, _ in found]


# --- what is read


@pytest.mark.parametrize(("columns", "cells", "arguments"), [
    ("mac,ip,hostname", f"{ONE},10.0.0.1,pc", {"mac": [ONE], "ip": ["10.0.0.1"], "hostname": "pc"}),
    ("mac,ip,hostname", f" {ONE} , ,\t", {"mac": [ONE]}),
    ("mac,ip", f"{ONE}  {TWO},10.0.0.1 10.1.0.1", {"mac": [ONE, TWO], "ip": ["10.0.0.1", "10.1.0.1"]}),
    ("client_id", "01:02 x", {"client_id": ["01:02", "x"]}),
    ("mac,classes", f'{ONE},"uefi boot, voip"', {"mac": [ONE], "classes": ["uefi boot", "voip"]}),
    ("mac,ignore", f"{ONE},yes", {"mac": [ONE], "ignore": True}),
    ("mac,ignore", f"{ONE},No", {"mac": [ONE], "ignore": False}),
    ("mac,ignore", f"{ONE},maybe", {"mac": [ONE], "ignore": "maybe"}),
    ("mac,hostname", f'{ONE},"a, ""b"""', {"mac": [ONE], "hostname": 'a, "b"'}),
    ("mac,hostname,boot_file_name", f"{ONE},7,007", {"mac": [ONE], "hostname": "7", "boot_file_name": "007"}),
    ("mac,boot_file_name", f"{ONE},7", {"mac": [ONE], "boot_file_name": "7"}),
    ("mac,ip_address_lease_time", f"{ONE},3600", {"mac": [ONE], "ip_address_lease_time": 3600}),
    ("mac,router", f"{ONE},\"['10.0.0.1', '10.0.0.2']\"", {"mac": [ONE], "router": ["10.0.0.1", "10.0.0.2"]}),
    ("mac, domain_name_server ,option_224", f"{ONE},10.0.0.1,b'x'",
     {"mac": [ONE], "domain_name_server": "10.0.0.1", "option_224": b"x"})])
def test_a_row_is_the_arguments_of_a_host(columns, cells, arguments):
    assert rows(columns, cells) == [(2, arguments)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_comments_and_empty_lines_count_for_nothing_but_as_lines(end):
    text = end.join(["\ufeff# machines", "", "mac,ip", "  # more", f"{ONE},10.0.0.1", ",", " ", f"{TWO},", ""])
    assert read(text, FILE) == ([(5, {"mac": [ONE], "ip": ["10.0.0.1"]}), (8, {"mac": [TWO]})], [])


def test_a_mark_that_spreadsheets_put_first_is_no_part_of_a_name():
    assert rows("\ufeffmac", ONE) == [(2, {"mac": [ONE]})]


@pytest.mark.parametrize("text", ["# nothing\n", "mac,ip", "\ufeff# nothing\nmac;ip\n", "mac,owner\n,\n"])
def test_a_file_without_rows_reserves_nothing(text):
    assert reservations(text, FILE, ())[0] == []


@pytest.mark.parametrize("header", ["mac;ip;hostname", "mac\tip\thostname", "MAC,IP,Name", "Mac Address;IP-Address;Host",
                                    '"MAC";"IP";"Hostname"', "\ufeffMAC; IP; HOSTNAME"])
def test_delimiters_capitals_and_other_programs_names_of_columns_are_understood(header):
    between = "\t" if "\t" in header else ";" if ";" in header else ","
    text = f"{header}\n{between.join((ONE.upper(), '10.0.0.1', 'pc'))}\n"
    assert [(one.macs, one.ips, one.hostname) for one in reservations(text, FILE)[0]] == [
        ((bytes.fromhex(ONE.replace(":", "")),), (0x0A000001,), "pc")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_encodings_of_spreadsheets_are_understood(encoding):
    hosts, problems = reservations(decoded(f"mac,boot_file_name\r\n{ONE},bücher\r\n".encode(encoding)), FILE)
    assert ([one.settings for one in hosts], problems) == ([{"boot_file_name": "bücher"}], [])


def test_bytes_that_are_no_text_cost_their_row_alone():
    data = f"mac,hostname\n{ONE},bücher\n{TWO},pc\n".encode("latin-1")
    hosts, (problem,) = reservations(decoded(data), FILE)
    assert [one.hostname for one in hosts] == ["pc"]
    assert problem == f"{FILE}:2: the line has bytes that are not UTF-8; save the file as UTF-8"


@pytest.mark.parametrize(("data", "words"), [
    (b"", "is empty; allowed is a first line that names the columns"), (b"\n \r\n", "is empty"), (b"\xef\xbb\xbf", "is empty"),
    (b"\0" * 100, ":1: the line contains NUL"), ("mac,ip\n".encode("utf-16-le"), ":1: the line contains NUL"),
    (b"\xff\xfem", "begins as UTF-16"), (b"mac,n\xfcme\n", ":1: the line has bytes that are not UTF-8"),
    (f"{ONE},10.0.0.1\n{TWO},10.0.0.2\n".encode(), f":1: '{ONE}' cannot name a column"),
    (b"mac|ip\n" + ONE.encode() + b"|10.0.0.1\n", ":1: 'mac|ip' cannot name a column"),
    (b"mac,ip\nx,10.0.0.1\ny,10.0.0.2\n", ":2: mac: 'x' is not a hardware address"),
    (b"ip,owner\n10.0.0.1,a\n", ":2: nothing says who it is"),
    (b"mac,ip\n" + f"{ONE};10.0.0.1\n".encode(), ":2: the row has 1 cells")])
def test_a_file_that_says_nothing_as_a_whole_is_not_one_that_reserves_nothing(data, words):
    with pytest.raises(InvalidValue, match=re.escape(words)):
        reservations(decoded(data), FILE)


def test_lines_are_numbered_as_editors_do():
    """Other characters that some take for ends of lines are part of a cell."""
    assert rows("mac,hostname", f"{ONE},a\x0c\u2028b", f"{TWO},c")[1][0] == 3


# --- what is wrong


@pytest.mark.parametrize(("row", "words"), [
    (TWO, "the row has 1 cells; allowed are 2"), (f"{TWO},10.0.0.2,x", "the row has 3 cells; allowed are 2"),
    (f'{TWO},"10.0.0.2', "cannot be read"), (f'{TWO},"10.0.0.2"x', "cannot be read"),
    (f"{TWO},10.0.0.2\0", "contains NUL"), (f"{TWO},{'1' * 200_000}", "cannot be read")])
def test_a_bad_row_is_told_with_its_line_and_costs_no_other(row, words):
    problem, lines = told("mac,ip", f"{ONE},10.0.0.1", row, f"{ONE},10.0.0.3")
    assert problem.startswith(f"{FILE}:3: ")
    assert words in problem
    assert lines == [2, 4]


@pytest.mark.parametrize(("columns", "settings", "words"), [
    ("mac,", None, "'' cannot name a column; allowed are ip, hostname, mac"),
    ("mac,owner", (), "'owner' cannot name a column"), ("mac,Asset No.", (), "'Asset No.' cannot name a column"),
    ("mac,option_300", (), "cannot name a column")])
def test_an_unknown_column_is_told_once_and_left_out(columns, settings, words):
    problem, lines = told("# machines", columns, f"{ONE},x", f"{TWO},y", settings=settings)
    assert problem.startswith(f"{FILE}:2: ")
    assert words in problem
    assert lines == [3, 4]


@pytest.mark.parametrize(("columns", "settings", "words"), [
    ("mac,i p", None, "'i p' cannot name a column; did you mean ip?"),
    ("mac,hostnam", (), "'hostnam' cannot name a column; did you mean hostname?"),
    ("mac,ip_addres_lease_time", ("ip_address_lease_time",), "did you mean ip_address_lease_time?"),
    ("mac,mac", None, "'mac' names two columns"), ("mac,Name,hostname", None, "'hostname' names two columns"),
    (f"{ONE};10.0.0.1", None, "cannot name a column"), ('mac,"ip', None, "cannot be read"), ("mac,ip\0", None, "contains NUL")])
def test_a_first_line_by_which_all_rows_would_lose_makes_the_file_unreadable(columns, settings, words):
    with pytest.raises(Unreadable, match=re.escape(words)) as caught:
        read(f"# machines\n{columns}\n{ONE},x\n", FILE, settings)
    assert str(caught.value).startswith(f"{FILE}:2: ")


def test_settings_of_ones_own_may_be_named():
    assert read(f"mac,rack\n{ONE},7", FILE, ["rack"]) == ([(2, {"mac": [ONE], "rack": 7})], [])


def test_rows_become_hosts_that_know_their_place():
    hosts, problems = reservations("\n".join(["mac,ip,boot_file_name", f"{ONE},10.0.0.1,a", "x,10.0.0.2,", f"{TWO},10.0.0.x,",
                                              ",10.0.0.3,", f"{TWO},,"]), FILE)
    assert [(one.place, [address_text(ip) for ip in one.ips], one.settings) for one in hosts] == [
        (f"{FILE}:2", ["10.0.0.1"], {"boot_file_name": "a"}), (f"{FILE}:6", [], {})]
    assert [problem[:len(FILE) + 3] for problem in problems] == [f"{FILE}:{line}:" for line in (3, 4, 5)]
    assert "'x' is not a hardware address" in problems[0]


def test_what_is_told_is_bounded():
    _, (problem,) = reservations(f"mac\n{'x' * 100_000}\n{ONE}", FILE)
    assert len(problem) == 400


@given(st.text(alphabet=st.sampled_from('macip,";#\'\n\r\0 :0123[(\ufeff\ud800'), max_size=80))
def test_any_text_is_read_or_told(text):
    hosts, problems = reservations(f"mac,ip\n{ONE},\n{text}", FILE)
    assert len(hosts) + len(problems) <= text.count("\n") + 2
    with contextlib.suppress(Unreadable):
        reservations(text, FILE)


def test_ten_thousand_rows_are_read_in_half_a_second():
    text = "mac,ip,hostname,boot_file_name\n" + "".join(
        f"02:00:00:00:{i >> 8:02x}:{i & 255:02x},10.0.{i >> 8}.{i & 255},host{i},boot/{i}.cfg\n" for i in range(10_000))
    began = time.process_time()
    hosts, problems = reservations(text, FILE)
    assert time.process_time() - began < 0.5
    assert (len(hosts), problems) == (10_000, [])


# --- a row more


@pytest.mark.parametrize(("before", "arguments", "after"), [
    ("", {"mac": ONE, "ip": "10.0.0.1"}, f"mac,ip\n{ONE},10.0.0.1\n"),
    ("# machines\n", {"mac": ONE}, f"# machines\nmac\n{ONE}\n"),
    ("# machines", {"mac": ONE}, f"# machines\nmac\n{ONE}\n"),
    ("ip,mac,hostname\n", {"mac": ONE, "ip": "10.0.0.1"}, f"ip,mac,hostname\n10.0.0.1,{ONE},\n"),
    (f"mac\n{TWO}", {"mac": ONE, "hostname": ""}, f"mac\n{TWO}\n{ONE}\n"),
    (f"# a\nmac\n\n# b\n{TWO}\n", {"mac": ONE, "hostname": "pc", "ip": "10.0.0.1"},
     f"# a\nmac,hostname,ip\n\n# b\n{TWO},,\n{ONE},pc,10.0.0.1\n"),
    (f"mac\r\n{TWO}\r\n", {"mac": ONE, "hostname": "pc"}, f"mac,hostname\r\n{TWO},\r\n{ONE},pc\r\n"),
    ("\ufeffmac\n", {"mac": ONE, "hostname": "pc"}, f"\ufeffmac,hostname\n{ONE},pc\n"),
    ("domain_name,mac\n", {"mac": ONE, "domain_name": "#1"}, f'domain_name,mac\n"#1","{ONE}"\n'),
    ("domain_name,mac\n", {"mac": ONE, "domain_name": 'a,"b"'}, f'domain_name,mac\n"a,""b""",{ONE}\n'),
    ("mac,no_such\n", {"mac": ONE}, f"mac,no_such\n{ONE},\n"),
    ("MAC;Name\n", {"mac": ONE, "hostname": "pc", "ip": "10.0.0.1"}, f"MAC;Name;ip\n{ONE};pc;10.0.0.1\n")])
def test_a_row_more_keeps_what_was_there(before, arguments, after):
    assert append(before, arguments) == after
    assert reservations(after, FILE)[0][-1].macs == (bytes.fromhex(ONE.replace(":", "")),)


def test_a_row_that_could_not_be_read_stays_so():
    after = append(f'mac,ip\n{TWO}\n"x\n', {"mac": ONE, "hostname": "pc"})
    assert after == f'mac,ip,hostname\n{TWO},\n"x,\n{ONE},,pc\n'
    hosts, problems = reservations(after, FILE)
    assert ([one.line for one in hosts], len(problems)) == ([4], 2)


@pytest.mark.parametrize("arguments", [
    {}, {"ip": "10.0.0.1"}, {"mac": "x"}, {"mac": ONE, "ip": "10.0.0.x"}, {"mac": ONE, "hostname": "a\nb"},
    {"mac": ONE, "hostname": "a\0"}, {"mac": ONE, "domain_name": "\ud800"}])
def test_what_makes_no_host_is_not_appended(arguments):
    with pytest.raises(InvalidValue):
        append("mac\n", arguments)


def test_nothing_is_appended_to_a_file_that_cannot_be_read():
    with pytest.raises(InvalidValue, match="cannot be read"):
        append('mac,"ip\n', {"mac": ONE})


@given(st.dictionaries(st.sampled_from(["root_path", "domain_name", "boot_file_name"]),
                       st.text(alphabet='ab,"#\' ;', max_size=6)), st.randoms(use_true_random=False))
def test_what_is_appended_is_what_is_read(others, shuffled: random.Random):
    columns = ["root_path", "domain_name", "mac"]
    shuffled.shuffle(columns)
    text = append(",".join(columns) + "\n", {"mac": ONE, **others})
    ((_, found),), problems = read(text, FILE)
    assert problems == []
    assert found == {"mac": [ONE], **{name: cell.strip() for name, cell in others.items() if cell.strip()}}
    assert len(list(csv.reader(text.splitlines()))) == 2
