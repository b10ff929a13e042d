"""Other servers' files of leases, as they write them and as people have left them: what is taken over, and what is told."""

import re
import time
from io import BytesIO
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED
from pydhcpd.migration import isc_journal
from pydhcpd.migration import source as source_module
from pydhcpd.migration.forms import form_of
from pydhcpd.migration.isc_leases import read_isc
from pydhcpd.migration.source import Source, opened

NOW = 1_795_514_400  # 2026-11-24 10:00:00 UTC, a Tuesday
NEVER = 0xFFFFFFFF
MAC = b"\2\0\0\0\x99\7"
IDENTIFIED, BARE = b"\1\1" + MAC, b"\2\1" + MAC


@pytest.fixture
def read(tmp_path):
    """Reads text (or octets) as a file of leases: rows by address, what cannot be read, notes, and the form."""
    def run(content, name="leases", lease_time=3600):
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        with opened(str(file), NOW, lease_time) as source:
            form = form_of(source)
            rows = {row.address: row for row in form.read(source)}
        bad = [problem.replace(f"{file}: ", "") for problem in source.bad]
        return SimpleNamespace(rows=rows, bad=bad, notes=source.notes, form=form.words)
    return run


def only(read):
    (row,) = read.rows.values()
    return row


# --- ISC dhcpd

ISC = """# The format of this file is documented in the dhcpd.leases(5) manual page.
# This lease file was written by isc-dhcp-4.4.3-P1

# authoring-byte-order entry is generated, DO NOT DELETE
authoring-byte-order little-endian;

lease 192.0.2.7 {
  starts 2 2026/11/24 09:00:00;
  ends 2 2026/11/24 17:00:00;
  cltt 2 2026/11/24 09:30:00;
  binding state active;
  next binding state free;
  rewind binding state free;
  hardware ethernet 02:00:00:00:99:07;
  uid "\\001\\002\\000\\000\\000\\231\\007";
  set vendor-class-identifier = "MSFT 5.0";
  option agent.circuit-id "port 7";
  option agent.remote-id 0:1:2:ff;
  client-hostname "printer";
}
server-duid "\\000\\001\\000\\001%>\\347\\000\\000\\026>\\336\\233\\260";
"""


def isc(*statements, address="192.0.2.7"):
    lines = "".join(f"  {one};\n" for one in statements)
    return f"lease {address} {{\n{lines}}}\n"


ACTIVE = ("starts 2 2026/11/24 09:00:00", "ends 2 2026/11/24 17:00:00", "binding state active",
          "hardware ethernet 02:00:00:00:99:07")


def test_a_lease_of_dhcpd_has_all_that_the_file_says(read):
    found = read(ISC)
    assert (found.form, found.bad) == ("leases of ISC dhcpd", [])
    row = only(found)
    assert row.address == address_from("192.0.2.7")
    assert (row.client, row.htype, row.hardware, row.hostname) == (IDENTIFIED, 1, MAC, "printer")
    assert (row.last_used, row.ends, row.state) == (NOW - 1800, NOW + 7 * 3600, BOUND)
    assert row.relay == bytes(4) + b"\1\6port 7" + b"\2\4\0\1\2\xff"


@pytest.mark.parametrize(("statements", "columns"), [
    ((*ACTIVE,), {"client": BARE, "state": BOUND, "ends": NOW + 25200, "last_used": NOW - 3600}),
    (("starts epoch 1795510800; # Tue Nov 24 09:00:00 2026", "ends epoch 1795539600; # Tue Nov 24", *ACTIVE[2:]),
     {"ends": NOW + 25200, "last_used": NOW - 3600}),
    (("starts 2 2026/11/24 09:00:00", "ends never", *ACTIVE[2:]), {"ends": NEVER}),
    ((*ACTIVE, 'uid 01:02:00:00:00:99:07'), {"client": IDENTIFIED}),
    ((*ACTIVE, 'uid "\\377\\000\\"\\\\x"'), {"client": b'\1\xff\0"\\x'}),
    ((*ACTIVE, 'client-hostname "a;b } # c"'), {"hostname": "a;b } # c"}),
    ((*ACTIVE, 'client-hostname "caf\\303\\251"'), {"hostname": "café"}),
    ((*ACTIVE, 'client-hostname "\\377"'), {"hostname": "\\xff"}),
    ((*ACTIVE, "on expiry {\n    execute (\"/bin/x\", \"}\");\n    set x = \"binding state free;\";\n  }"), {"state": BOUND}),
    ((*ACTIVE, 'set ddns-fwd-name = "x.example"', 'set ddns-txt = "31"', "reserved", "next binding state free"),
     {"state": BOUND}),
    ((*ACTIVE[:2], "binding state free", *ACTIVE[3:]), {"state": RELEASED, "ends": NOW, "client": BARE}),
    (("ends 2 2026/11/24 08:00:00", "starts 2 2026/11/24 07:00:00", "binding state expired", ACTIVE[3]),
     {"state": RELEASED, "ends": NOW - 7200}),
    (("ends 2 2026/11/24 08:00:00", "binding state backup", ACTIVE[3]), {"state": RELEASED}),
    ((*ACTIVE[:2], "binding state abandoned", "next binding state free"),
     {"state": QUARANTINED, "client": b"", "hardware": b"", "ends": NOW + 25200}),
    ((*ACTIVE[:2], "abandoned"), {"state": QUARANTINED}),  # of version 2
    ((*ACTIVE[:2], ACTIVE[3], 'hostname "old"'), {"state": BOUND, "hostname": "old"}),
    (("starts 2 2026/11/24 09:00:00", "ends never", "binding state active", "bootp", ACTIVE[3]), {"ends": NEVER}),
    ((*ACTIVE[:3], "hardware infiniband 80:00:00:48:fe:80:00:00"), {"htype": 32, "hardware": b"\x80\0\0\x48\xfe\x80\0\0"}),
    ((*ACTIVE[:3], "hardware unknown-27 00:11:22:33:44:55:66:77"), {"htype": 27}),
    ((*ACTIVE, "option agent.link-selection 10.0.0.0"), {"relay": bytes(4) + b"\5\4\x0a\0\0\0"}),
    (("starts 2 2030/11/24 09:00:00", *ACTIVE[1:]), {"last_used": NOW}),  # a clock that was wrong
])
def test_each_statement_of_dhcpd(read, statements, columns):
    found = read(isc(*statements))
    assert found.bad == []
    row = only(found)
    assert {name: getattr(row, name) for name in columns} == columns


@pytest.mark.parametrize("statements", [
    ("binding state free",), ("binding state abandoned", "ends 2 2026/11/24 08:00:00"), ("binding state backup",)])
def test_what_is_nobodys_is_not_taken(read, statements):
    found = read(isc(*statements))
    assert (found.rows, found.bad) == ({}, [])


def test_of_an_address_the_last_entry_counts(read):
    old, new = (isc(*ACTIVE, f'client-hostname "{name}"') for name in ("old", "new"))
    found = read(old + isc(*ACTIVE, address="192.0.2.8") + new)
    assert [row.hostname for row in found.rows.values()] == ["", "new"]


@pytest.mark.parametrize("end", ["starts 2 2026/11/24 09", "", 'client-hostname "}'])
def test_an_entry_that_is_cut_off_leaves_the_one_before(read, end):
    found = read(isc(*ACTIVE, 'client-hostname "old"') + "lease 192.0.2.7 {\n  " + end)
    assert only(found).hostname == "old"
    assert found.bad == ["line 8: the file ends in the middle of this lease; what was said of it before counts"]


def test_lines_may_end_as_windows_has_it_and_stand_as_one_likes(read):
    assert read(ISC.replace("\n", "\r\n")).rows == read(ISC).rows
    one_line = "lease 192.0.2.7 { starts 2 2026/11/24 09:00:00; ends never; hardware ethernet 2:0:0:0:99:7; }\n"
    assert only(read(one_line)).hardware == MAC
    assert len(read("\tlease 192.0.2.7\n{ ends never;\n hardware ethernet 2:0:0:0:99:7; }\n").rows) == 1


SITE = """# All times in this file are in UTC (GMT), not your local timezone.
failover peer "dhcp" state {
  my state normal at 2 2026/11/24 09:00:00;
  partner state normal at 2 2026/11/24 09:00:00;
}
lease 192.0.2.1 {
  starts 2 2026/11/24 09:00:00;
  ends 2 2026/11/24 17:00:00;
  tstp 2 2026/11/24 21:00:00;
  tsfp 2 2026/11/24 21:00:00;
  atsfp 2 2026/11/24 21:00:00;
  cltt 2 2026/11/24 09:00:00;
  binding state active;
  next binding state expired;
  hardware ethernet 02:00:00:00:99:01;
  uid "\\001\\002\\000\\000\\000\\231\\001";
  set ddns-rev-name = "1.2.0.192.in-addr.arpa.";
  set ddns-txt = "31c5";
  set ddns-fwd-name = "one.example";
  set vendor-class-identifier = "MSFT 5.0; {}";
  option agent.circuit-id "ge-0/0/1:{100}";
  option agent.remote-id 0:6:aa:bb;
  client-hostname "one";
  on expiry or release {
    if not (static) {
      execute ("/bin/x", "}");
    }
  }
}
server-duid "\\000\\001";
lease 192.0.2.2 { # by hand
\tclient-hostname "two"; hardware ethernet 2:0:0:0:99:2;
\treserved; bootp; binding   state active;
\tends never; starts epoch 1795510800; # Tue Nov 24 09:00:00 2026
}
lease 192.0.2.3 {
  binding state abandoned;
  ends 2 2026/11/24 17:00:00;
  starts 2 2026/11/24 09:00:00;
  client-hostname "three";
}
lease 192.0.2.4 {
  starts 2 2026/11/24 09:00:00;
  ends 2 2026/11/24 09:30:00;
  binding state backup;
  hardware ethernet 02:00:00:00:99:04;
  client-hostname "lease 192.0.2.9 {";
}
lease6 2001:db8::1 {
  ends never;
}
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_file_as_sites_have_it(read, end):
    found = read(SITE.replace("\n", end), "dhcpd.leases~")
    assert found.bad == []
    assert [(row.address & 0xFF, row.hostname, row.state, row.ends) for row in found.rows.values()] == [
        (1, "one", BOUND, NOW + 25200), (2, "two", BOUND, NEVER), (3, "", QUARANTINED, NOW + 25200),
        (4, "lease 192.0.2.9 {", RELEASED, NOW - 1800)]
    assert found.rows[address_from("192.0.2.1")].relay == bytes(4) + b"\1\x0ege-0/0/1:{100}\2\4\0\6\xaa\xbb"
    assert list(found.notes.values()) == [1]


def test_what_is_no_lease_of_ipv4_is_passed_over(read):
    found = read('failover peer "a" state {\n  my state normal at 2 2026/11/24 09:00:00;\n}\n'
                 'host x {\n  dynamic;\n  hardware ethernet 02:00:00:00:99:01;\n}\nhost x {\n  dynamic;\n  deleted;\n}\n'
                 'lease6 "x" {\n  binding state active;\n}\nclass "lease 1" {\n}\n' + isc(*ACTIVE))
    assert (len(found.rows), found.bad) == (1, [])


def test_a_host_made_at_runtime_is_told_with_its_line(read):
    host = 'host "{name}" {{\n  dynamic;\n  hardware ethernet 02:00:00:00:99:01;\n  fixed-address 192.0.2.9;\n}}\n'
    found = read(host.format(name="a") + isc(*ACTIVE) + host.format(name="b") + 'host "b" {\n  dynamic;\n  deleted;\n}\n')
    assert len(found.rows) == 1
    assert found.bad == ["line 1: a host made at runtime (OMAPI) is no lease: write it into hosts of pydhcpd.conf"]


def test_a_reserved_lease_is_told(read):
    assert list(read(isc(*ACTIVE, "reserved")).notes.values()) == [1]


@pytest.mark.parametrize(("text", "why"), [
    (isc(*ACTIVE, address="192.0.2.700"), "line 1: '192.0.2.700' is not an IPv4 address"),
    (isc("starts yesterday", *ACTIVE[1:]), "line 1: 'yesterday' is not a time"),
    (isc("ends 2 2026/13/24 09:00:00", ACTIVE[3]), "line 1: '2 2026/13/24 09:00:00' is not a time"),
    (isc(*ACTIVE[:2], "binding state dancing", ACTIVE[3]), "line 1: binding state 'dancing' is not known"),
    (isc(*ACTIVE[:3], "hardware pigeon 00:01"), "line 1: hardware 'pigeon' is not known"),
    (isc(*ACTIVE[:3], "hardware ethernet zz:01"), "line 1: 'zz:01' is not hexadecimal"),
    (isc(*ACTIVE[:3], "hardware ethernet 123:01"), "line 1: '123:01' is not hexadecimal"),
])
def test_what_cannot_be_read_is_told_with_its_line_and_costs_no_other(read, text, why):
    found = read(text + isc(*ACTIVE, address="192.0.2.8"))
    assert list(found.rows) == [address_from("192.0.2.8")]
    (bad,) = found.bad
    assert bad.startswith(why)


# --- Kea

HEADER = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
KEA = f"192.0.2.7,02:00:00:00:99:07,01:02:00:00:00:99:07,28800,{NOW + 25200},1,0,0,printer,0,"


@pytest.mark.parametrize(("header", "line", "columns"), [
    (HEADER, KEA, {"client": IDENTIFIED, "hardware": MAC, "hostname": "printer", "ends": NOW + 25200, "last_used": NOW - 3600,
                   "state": BOUND}),
    (HEADER + ",pool_id", KEA + ",0", {"client": IDENTIFIED}),  # 2.3 and later
    (HEADER.removesuffix(",user_context"), KEA[:-1], {"state": BOUND}),  # 1.3 to 1.6
    (HEADER.removesuffix(",state,user_context"), KEA[:-3], {"state": BOUND}),  # 0.9
    (HEADER, KEA.replace("01:02:00:00:00:99:07", ""), {"client": BARE}),
    (HEADER, KEA.replace("28800", "4294967295"), {"ends": NEVER}),
    (HEADER, KEA.replace("printer", "a&#x2cb"), {"hostname": "a,b"}),
    (HEADER, KEA.replace(",0,0,printer,0,", ",1,1,printer.example,2,"), {"state": RELEASED, "ends": NOW}),
    (HEADER, KEA.replace("printer,0", "printer,1").replace("02:00:00:00:99:07,01:", ",").replace(",:", ","),
     {"state": QUARANTINED, "client": b"", "ends": NOW + 25200}),
    (HEADER, KEA + '{ "ISC": { "relay-agent-info": "0x0106706F72742037" } }', {"relay": bytes(4) + b"\1\6port 7"}),
    (HEADER, KEA + '{ "ISC": { "relay-agent-info": { "sub-options": "0x0106706F72742037"&#x2c "relay-id": "01" } } }',
     {"relay": bytes(4) + b"\1\6port 7"}),
    (HEADER, KEA + '{ "comment": "mine" }', {"relay": b""}),
    # what kea-admin lease-dump made of a database: state in words, dates, octets without colons
    (HEADER, "192.0.2.7,020000009907,01020000009907,28800,"
     + time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(NOW + 25200)) + ",1,f,f,printer,default,",
     {"client": IDENTIFIED, "ends": NOW + 25200, "state": BOUND}),
    # PostgreSQL says how far its time is from UTC
    (HEADER, KEA.replace(f"{NOW + 25200}", time.strftime("%Y-%m-%d %H:%M:%S+02", time.gmtime(NOW + 25200 + 7200))),
     {"ends": NOW + 25200}),
    (HEADER, KEA.replace(f"{NOW + 25200}", time.strftime("%Y-%m-%d %H:%M:%S.5-0330", time.gmtime(NOW + 25200 - 12600))),
     {"ends": NOW + 25200}),
    ("\ufeff" + HEADER, KEA, {"client": IDENTIFIED}),
    (",".join(f'"{one}"' for one in HEADER.split(",")), ",".join(f'"{one}"' for one in KEA.split(",")), {"client": IDENTIFIED}),
    ("address,hwaddr,client_id,expire,valid_lifetime,hostname", f"192.0.2.7,02:00:00:00:99:07,,{NOW + 25200},28800,printer",
     {"hostname": "printer", "last_used": NOW - 3600}),
    (HEADER, KEA + '{ "a": 1&#x2c "b": "&#x22;" }', {"relay": b"", "hostname": "printer"}),
])
def test_each_form_of_keas_rows(read, header, line, columns):
    found = read(f"{header}\n{line}\n", "kea-leases4.csv")
    assert (found.form, found.bad) == ("leases of Kea", [])
    row = only(found)
    assert {name: getattr(row, name) for name in columns} == columns


@pytest.mark.parametrize(("beside", "names"), [
    ({}, ["main"]),
    ({".2": "two", ".1": "one"}, ["two8", "one9", "main"]),
    ({".completed": "done", ".2": "two", ".1": "one"}, ["done6", "main"]),
])
def test_what_keas_cleanup_left_is_read_before_the_file(read, tmp_path, beside, names):
    other = {".2": 8, ".1": 9, ".completed": 6}
    for suffix, name in beside.items():
        number = other[suffix]
        lines = [KEA.replace("printer", name), KEA.replace("printer", f"{name}{number}").replace(".7,", f".{number},", 1)]
        (tmp_path / f"kea-leases4.csv{suffix}").write_text("\n".join([HEADER, *lines, ""]))
    found = read(f"{HEADER}\n{KEA.replace('printer', 'main')}\n", "kea-leases4.csv")
    assert [row.hostname for row in found.rows.values()] == names


def test_of_an_address_keas_last_row_counts_and_a_lifetime_of_0_deletes(read):
    gone = KEA.replace(".7,", ".8,", 1)
    text = "\n".join([HEADER, KEA, gone, KEA.replace("printer", "new"), gone.replace("28800", "0"), ""])
    assert [row.hostname for row in read(text).rows.values()] == ["new"]


@pytest.mark.parametrize(("line", "why"), [
    ("192.0.2.7,02:00", "line 3: 2 fields; the header has 11"), (KEA + ",7", "line 3: 12 fields; the header has 11"),
    (KEA.replace("192.0.2.7", "x"), "line 3: 'x' is not an IPv4 address"),
    (KEA.replace("28800", "-1"), "line 3: '-1' is not a number"),
    (KEA.replace("02:00:00:00:99:07,", "zz,"), "line 3: 'zz' is not hexadecimal"),
    (KEA.replace("printer,0", "printer,9"), "line 3: state '9' is not known"),
    (KEA.replace(f"{NOW + 25200}", "soon"), "line 3: 'soon' is not a time"),
])
def test_a_row_of_kea_that_cannot_be_read_is_told(read, line, why):
    found = read("\n".join([HEADER, KEA.replace(".7,", ".8,", 1), line, ""]))
    assert list(found.rows) == [address_from("192.0.2.8")]
    (bad,) = found.bad
    assert bad.startswith(why)


# --- dnsmasq

@pytest.mark.parametrize(("line", "columns"), [
    (f"{NOW + 1800} 02:00:00:00:99:07 192.0.2.7 printer 01:02:00:00:00:99:07",
     {"client": IDENTIFIED, "hardware": MAC, "hostname": "printer", "ends": NOW + 1800, "last_used": NOW - 1800}),
    (f"{NOW + 1800} 02:00:00:00:99:07 192.0.2.7 * *", {"client": BARE, "hostname": ""}),
    ("0 02:00:00:00:99:07 192.0.2.7 printer *", {"ends": NEVER, "last_used": NOW}),
    (f"{NOW + 1800} 20-80:00:00:48 192.0.2.7 * ff:00", {"htype": 32, "hardware": b"\x80\0\0\x48", "client": b"\1\xff\0"}),
    (f"{NOW - 1800} 02:00:00:00:99:07 192.0.2.7 * *", {"ends": NOW - 1800, "state": BOUND}),
    ("3600 02:00:00:00:99:07 192.0.2.7 * *", {"ends": NOW + 3600}),  # of a router without a clock
])
def test_each_form_of_dnsmasqs_lines(read, line, columns):
    found = read(line + "\nduid 00:01:00:01:2c\n1795539600 9938560 2001:db8::7 printer 00:01\n")
    assert (found.form, found.bad) == ("leases of dnsmasq", [])
    row = only(found)
    assert {name: getattr(row, name) for name in columns} == columns


def test_a_line_of_dnsmasq_that_cannot_be_read_is_told(read):
    good = f"{NOW + 1800} 02:00:00:00:99:07 192.0.2.7 * *\n"
    found = read(good + "1795539600 02:00:00:00:99:08 192.0.2\n" + "x 02:00:00:00:99:08 192.0.2.8 * *\n")
    assert len(found.rows) == 1
    assert [one.split(":")[0] for one in found.bad] == ["line 2", "line 3"]


# --- systemd-networkd

def networkd(**more):
    lease = {"ClientId": [1, *MAC], "Address": [192, 0, 2, 7], "Hostname": "printer", **more}
    return "{" + ",".join(f'"{name}":{value!r}'.replace("'", '"') for name, value in lease.items()) + "}"


HARDWARE = {"HardwareAddressType": 1, "HardwareAddressLength": 6, "HardwareAddress": list(MAC)}


@pytest.mark.parametrize(("text", "columns"), [
    ('{"BootID":"0123","Address":[192,0,2,1],"PrefixLength":24,"Leases":['
     + networkd(**HARDWARE, ExpirationRealtimeUSec=(NOW + 1800) * 1_000_000, ExpirationUSec=1) + "]}",
     {"client": b"\0\1" + MAC, "htype": 1, "hardware": MAC, "hostname": "printer", "ends": NOW + 1800,
      "last_used": NOW - 1800}),
    ("[" + networkd(ClientId=[255, 1, 2]) + "]", {"client": b"\1\xff\1\2", "hardware": b"", "ends": NEVER}),
    ("[" + networkd() + "]", {"client": b"\0\1" + MAC, "hardware": MAC}),
])
def test_leases_of_networkd(read, text, columns):
    found = read(text)
    assert (found.form, found.bad) == ("leases of systemd-networkd", [])
    row = only(found)
    assert {name: getattr(row, name) for name in columns} == columns


def test_an_end_by_the_clock_of_this_boot(read):
    ends = int(time.clock_gettime(time.CLOCK_BOOTTIME) * 1_000_000) + 600 * 1_000_000
    assert abs(only(read("[" + networkd(ExpirationUSec=ends) + "]")).ends - NOW - 600) <= 2
    found = read('{"BootID":"0123","Leases":[' + networkd(ExpirationUSec=ends) + "]}")
    assert found.rows == {} and "another boot" in found.bad[0]


def test_what_of_networkd_cannot_be_read_is_told(read):
    found = read("[" + networkd() + "," + networkd(Address=[1, 2]).replace("[1, 2]", '"x"') + "]")
    assert (len(found.rows), found.bad) == (1, ["lease 2: not as networkd writes it"])
    with pytest.raises(InvalidValue, match="cut off"):
        read("[" + networkd())


# --- what is none

@pytest.mark.parametrize(("content", "why"), [
    (b"SQLite format 3\0", "is a database of SQLite"),
    ("address,duid,valid_lifetime\n", "leases of IPv6"), ('"address","duid","valid_lifetime"\n', "leases of IPv6"),
    (HEADER.replace("valid_lifetime,expire", "life") + "\n", "line 1: valid_lifetime, expire is missing in the header"),
    (b"\0" * 40, "is not known for a file of leases"), ("what is this\n", "known are leases of ISC dhcpd, leases of Kea"),
    ('authoring-byte-order little-endian;\nserver-duid "\\000";\n\nia-na "\\001" {\n  cltt 2 2026/11/24 09:00:00;\n}\n',
     "leases of IPv6; pydhcpd serves IPv4: name the file dhcpd.leases"),
])
def test_what_is_no_file_of_leases_is_refused(read, content, why):
    with pytest.raises(InvalidValue, match=why):
        read(content)


@pytest.mark.parametrize("content", ["", "\n", "# nothing yet\n", HEADER + "\n", "authoring-byte-order little-endian;\n"])
def test_a_file_without_leases_is_none_and_no_fault(read, content):
    found = read(content)
    assert (found.rows, [one for one in found.bad if "#" not in one and "fields" not in one]) == ({}, [])


# --- what is written as usual is read quickly, and means the same

CHOICES = (
    ("starts 2 2026/11/24 09:00:00",), ("starts epoch 1795510800; # Tue Nov 24 09:00:00 2026", "starts 2 2026/11/24 09:00:00 "),
    ("ends never", "ends 2 2026/11/24 17:00:00", "ends 2 2026/11/24 {"), ("tstp 2 2026/11/24 17:00:00",),
    ("cltt 2 2026/11/24 09:30:00", "cltt  2 2026/11/24 09:30:00"),
    ("binding state active", "binding state free", "binding state abandoned", "binding  state active", "bootp"),
    ("next binding state free", "reserved"), ("hardware ethernet 02:00:00:00:99:07", "hardware ethernet\t2:0:0:0:99:7"),
    ('uid "\\001\\002\\000\\000\\231\\007"', 'uid "a\\"b\\\\;{"', 'uid "\\x\\9\\777"', "uid 01:02", 'uid "cut', 'uid "end\\"'),
    ('set x = "a;b"', 'set x = "lease 192.0.2.1 {"',
     'set vendor-class-identifier = "MSFT 5.0"', "on expiry {\n}", "# } a comment"),
    ('option agent.circuit-id "port 7"', "option agent.remote-id 0:1", 'option x "; option agent.remote-id 2:3'),
    ('client-hostname "printer"', 'client-hostname "\\303\\251 \\377"', 'client-hostname "lease"', "lease 192.0.2.9 {"))


NOTHING, NOTHING_OF_BYTES = re.compile("(?!)"), re.compile(b"(?!)")


def isc_rows(data):
    source = Source("leases", BytesIO(data), NOW, 3600)
    return list(read_isc(source)), source.bad, source.notes


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(*(st.sampled_from((None, None, *one)) for one in CHOICES), st.booleans()), min_size=1, max_size=4),
       st.sampled_from(("\n", "\r\n")), st.integers(1, 900))
def test_what_is_usual_means_what_it_means_to_a_careful_reader(leases, end, cut):
    """By the expression for what dhcpd writes, by lines and statements, and wherever the file is divided: the same."""
    text = "".join(isc(*(one for one in statements if one), address=f"192.0.2.{7 + number % 2}") + "\n" * is_apart
                   for number, (*statements, is_apart) in enumerate(leases)).replace("\n", end)
    data = text[:len(text) * cut // 800].encode()
    usual = isc_rows(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(isc_journal, "AS_WRITTEN", NOTHING)
        assert isc_rows(data) == usual
        patch.setattr(isc_journal, "USUAL", NOTHING_OF_BYTES)
        assert isc_rows(data) == usual
        patch.setattr(source_module, "BLOCK", 100)
        assert isc_rows(data) == usual
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source_module, "BLOCK", 100)
        assert isc_rows(data) == usual
