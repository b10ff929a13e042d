"""Lines of a .network file: what each comes to in our file, what is said of it, and that none is passed over in silence."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations import action
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.networkd import machine
from pydhcpd.migration.configurations.networkd.conversion import convert_networkd
from pydhcpd.migration.configurations.networkd.machine import NOTHING, Machine
from pydhcpd.migration.configurations.networkd.values import time_span
from pydhcpd.migration.configurations.report import NONE, Report

BASE = "[Match]\nName=eth1\n[Network]\nAddress=192.168.137.1/24\nDHCPServer=yes\n[DHCPServer]\n"
FIRST = BASE.count("\n") + 1  # the line behind it


def convert(text, name="10-lan.network", here=NOTHING):
    """What is written, the report's remarks by line, and its notes."""
    report = Report()
    draft = convert_networkd(name, text, report, here)
    return written(draft), {(one.file, one.line): one for one in report.remarks}, "\n".join(report.notes)


@pytest.mark.parametrize(("line", "there"), [
    ("", 'interface = "eth1"'), ("", 'ip_ranges = ["192.168.137.1 - 192.168.137.254"]'), ("", 'router = "192.168.137.1"'),
    ("", "ip_address_lease_time = 1 * HOURS\nmaximum_lease_time = 12 * HOURS\n"),
    ("PoolOffset=10\nPoolSize=20", "192.168.137.10 - 192.168.137.29"),
    ("PoolOffset=250\nPoolSize=99", ".250 - 192.168.137.254"),
    ("PoolOffset=0\nPoolSize=5", "192.168.137.1 - 192.168.137.5"),
    ("DefaultLeaseTimeSec=1w\nMaxLeaseTimeSec=2d", "ip_address_lease_time = 2 * DAYS"),
    ("MaxLeaseTimeSec=infinity", "maximum_lease_time = INFINITE"),
    ("DNS=_server_address 9.9.9.9", 'domain_name_server = ["192.168.137.1", "9.9.9.9"]'),
    ("DNS=1.1.1.1\nDNS=\nDNS=9.9.9.9\nDNS=8.8.8.8", 'domain_name_server = ["9.9.9.9", "8.8.8.8"]'),
    ("NTP=1.2.3.4", "network_time_protocol_servers"), ("SIP=1.2.3.4", 'sip_servers = ["1.2.3.4"]'),
    ("EmitPOP3=yes\nPOP3=1.2.3.4", 'pop_servers = ["1.2.3.4"]'), ("SMTP=1.2.3.4\nEmitSMTP=on", 'smtp_server = ["1.2.3.4"]'),
    ("EmitLPR=1\nLPR=1.2.3.4", 'lpr_server = ["1.2.3.4"]'), ("Router=192.168.137.9", 'router = "192.168.137.9"'),
    ("Timezone=Europe/Berlin", 'tzdb_timezone = "Europe/Berlin"'), ("BootServerAddress=1.2.3.4", 'next_server = "1.2.3.4"'),
    ("BootServerName=boot", 'server_name = "boot"'), ("BootFilename=a.efi", 'boot_file_name = "a.efi"'),
    ("RapidCommit=yes", "rapid_commit = True"), ("IPv6OnlyPreferredSec=30min", "ipv6_only_preferred = 30 * MINUTES"),
    ("EmitDomain=yes\nDomain=lan", 'domain_name = "lan"'), ("BindToInterface=yes", ""),
    ("SendOption=26:uint16:1400", "interface_mtu = 1400"), ("SendOption=15:string:lan", 'domain_name = "lan"'),
    ("SendOption=224:string:two \\x41", 'option_224 = b"two A"'), ("SendOption=150:ipv4address:1.2.3.4", '["1.2.3.4"]'),
    ("SendOption=26:uint16:1\nSendOption=26:uint16:1400", "interface_mtu = 1400"), ("SendOption=225:uint8:7", r'b"\x07"'),
    ("SendVendorOption=1:string:ab\nSendVendorOption=2:uint8:3", r'vendor_specific_information = b"\x01\x02ab\x02\x01\x03"'),
    ("[DHCPServerStaticLease]\nAddress=192.168.137.5\nMACAddress=02:00:00:00:99:01",
     'host(mac="02:00:00:00:99:01", ip="192.168.137.5")'),
    ("# of old\nDNS=9.9.9.9", "# of old\ndomain_name_server"), ("; the end", "# the end"),
    ("DNS=9.9.9.9 \\\n# between\n 8.8.8.8", '["9.9.9.9", "8.8.8.8"]'),
])
def test_what_a_line_comes_to(line, there, tmp_path):
    text, remarks, _ = convert(BASE + line + "\n")
    assert there in text
    assert all(one.verdict != NONE for one in remarks.values()), remarks
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    file.chmod(0o644)
    assert DHCPServerConfiguration.load(file).warnings == []


@pytest.mark.parametrize(("line", "absent"), [
    ("EmitRouter=no\nRouter=1.2.3.4", "router"), ("EmitDNS=no\nDNS=9.9.9.9", "domain_name_server"),
    ("POP3=1.2.3.4", "pop_servers"),
    ("EmitTimezone=false\nTimezone=UTC", "tzdb_timezone"), ("Domain=lan", "domain_name =")])
def test_what_is_not_sent_is_not_there(line, absent):
    text, remarks, _ = convert(BASE + line + "\n", here=Machine(["9.9.9.9"], "UTC"))
    assert absent not in text
    assert any("it is not sent" in one.words for one in remarks.values())


@pytest.mark.parametrize(("line", "words"), [
    ("Frobnicate=1", "not known"), ("PersistLeases=no", "leases are always kept"), ("DNS=router.lan", "address"),
    ("PoolSize=many", "not a number"), ("PoolSize=-1", "less than nothing"), ("EmitDNS=perhaps", "neither yes nor no"),
    ("DefaultLeaseTimeSec=soon", "length of time"),
    ("SendOption=26:uint16:99999", "is no uint16"), ("SendOption=26:float:1", "is no type"), ("SendOption=x", "type and data"),
    ("SendOption=53:uint8:5", "the server itself says that"), ("LocalLeaseDomain=lan", "dns_name"),
    ("RelayAgentCircuitId=string:x", "relay agent"), ("[Link]\nMTUBytes=1500", "networkd goes on"),
    ("[DHCPServerStaticLease]\nAddress=1.2.3.4", "go together")])
def test_what_is_not_ours_is_told_with_its_reason(line, words):
    _, remarks, _ = convert(BASE + line + "\n")
    (one,) = [one for one in remarks.values() if one.verdict == NONE]
    assert words in one.words and one.line == FIRST + line.count("\n")


def test_a_static_lease_outside_the_network_is_told():
    text, remarks, _ = convert(BASE + "[DHCPServerStaticLease]\nMACAddress=02:00:00:00:99:01\nAddress=10.9.9.9\n")
    assert "hosts" not in text
    assert {remarks["10-lan.network", FIRST + one].verdict for one in (1, 2)} == {NONE}
    assert "outside the network" in remarks["10-lan.network", FIRST + 2].words


def test_of_two_lines_of_a_static_lease_the_later_counts():
    text, remarks, _ = convert(BASE + "[DHCPServerStaticLease]\nAddress=192.168.137.5\nMACAddress=02:00:00:00:99:01\n"
                               "Address=192.168.137.6\n")
    assert 'ip="192.168.137.6"' in text and "without effect" in remarks["10-lan.network", FIRST + 1].words


@pytest.mark.parametrize(("text", "words"), [
    (BASE + "RelayTarget=10.0.0.1\n", f"x.network:{FIRST}: RelayTarget= makes networkd a relay agent"),
    (BASE + "nonsense\n", f"x.network:{FIRST}: 'nonsense' is no line"), ("Name=eth1\n", "x.network:1: 'Name=eth1' is no line"),
    (BASE.replace("192.168.137.1/24", "0.0.0.0/24"), "x.network:4: networkd chooses the network"),
    (BASE.replace("192.168.137.1/24", "192.168.137.1"), "x.network:4: '192.168.137.1' is no address with a prefix"),
    (BASE.replace("192.168.137.1/24", "fd00::1/64"), "x.network: the network is not in the file"),
    (BASE.replace("/24", "/32"), "x.network:4: the pool is outside the network"),
    (BASE + "PoolOffset=300\n", f"x.network:{FIRST}: the pool is outside the network")])
def test_what_cannot_become_a_configuration_is_refused(text, words):
    with pytest.raises(InvalidValue, match=words.replace(".", r"\.").replace("'", ".")):
        convert(text, "x.network")


def test_the_servers_address_counts_before_those_of_the_interface():
    text, remarks, _ = convert(BASE + "ServerAddress=10.1.0.1/16\n")
    assert 'network = "10.1.0.0/16"' in text and 'router = "10.1.0.1"' in text
    assert "networkd goes on" in remarks["10-lan.network", 4].words


def test_a_pattern_names_no_interface():
    text, remarks, _ = convert(BASE.replace("eth1", "eth*"))
    assert "interface" not in text and remarks["10-lan.network", 2].verdict == NONE


def test_drop_ins_are_read_in_order_and_the_later_line_counts(tmp_path):
    file = tmp_path / "10-lan.network"
    (tmp_path / "10-lan.network.d").mkdir()
    (tmp_path / "10-lan.network.d/20-b.conf").write_text("[DHCPServer]\nPoolSize=9\n")
    (tmp_path / "10-lan.network.d/10-a.conf").write_text("[DHCPServer]\nPoolSize=8\n")
    (tmp_path / "10-lan.network.d/30.txt").write_text("[DHCPServer]\nPoolSize=7\n")
    text, remarks, _ = convert(BASE + "PoolOffset=10\n", str(file))
    assert "192.168.137.10 - 192.168.137.18" in text
    assert "without effect" in remarks[str(tmp_path / "10-lan.network.d/10-a.conf"), 2].words


def test_what_networkd_takes_from_the_machine():
    text, _, notes = convert(BASE, here=Machine(["9.9.9.9"], "Europe/Berlin"))
    assert 'domain_name_server = ["9.9.9.9"]' in text and 'tzdb_timezone = "Europe/Berlin"' in text
    assert "those of the moment" in notes
    _, remarks, notes = convert(BASE + "UplinkInterface=eth0\n")
    assert "none is known now" in remarks["10-lan.network", FIRST].words and "none is known now" not in notes


def test_the_machine_is_asked(tmp_path, monkeypatch):
    (tmp_path / "resolv.conf").write_text("# x\nnameserver 127.0.0.53\nnameserver 9.9.9.9\nnameserver fd00::1\nsearch lan\n")
    (tmp_path / "zoneinfo/Europe").mkdir(parents=True)
    (tmp_path / "zoneinfo/Europe/Berlin").touch()
    (tmp_path / "localtime").symlink_to(tmp_path / "zoneinfo/Europe/Berlin")
    monkeypatch.setattr(machine, "UPLINKS", tmp_path / "resolv.conf")
    monkeypatch.setattr(machine, "ZONE", tmp_path / "localtime")
    (tmp_path / "x.network").write_text(BASE)
    assert action.import_configuration(str(tmp_path / "x.network"), str(tmp_path / "new.conf")) == 0
    text = (tmp_path / "new.conf").read_text()
    assert 'domain_name_server = ["9.9.9.9"]' in text and 'tzdb_timezone = "Europe/Berlin"' in text
    assert "systemd-networkd" in text


def test_a_file_that_serves_nothing_is_told():
    assert "serves nothing" in convert(BASE.replace("=yes", "=no"))[2]


@pytest.mark.parametrize(("text", "number"), [
    ("3600", 3600), ("12h", 43200), ("1h 30min", 5400), ("2days", 172800), ("1w", 604800), ("infinity", 0xFFFFFFFF),
    ("500ms", 1), ("1.5h", 5400), ("1min30s", 90), ("1M", 2629800), ("2 hours", 7200)])
def test_lengths_of_time(text, number):
    assert time_span(text) == number


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=30), st.sampled_from((
    "\n", "DNS=", "SendOption=", "26:", "string:", "PoolSize=", "[DHCPServerStaticLease]\n", "Address=", "Emit", "Router=",
    "\\", "DefaultLeaseTimeSec=", "MACAddress=", "=", "1.2.3.4"))), max_size=14).map("".join))
def test_nothing_that_stands_in_the_file_does_harm(text):
    with suppress(InvalidValue):
        convert(BASE + text)
