"""Lines of dnsmasq.conf: what each comes to in our file, what is said of it, and that none is passed over in silence."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.conversion import convert_dnsmasq
from pydhcpd.migration.configurations.dnsmasq.values import lease_time, octets_of
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.report import Report

HERE = [(address_from("192.168.0.1"), address_from("255.255.255.0"))]
RANGE = "dhcp-range=192.168.0.50,192.168.0.150\n"


def convert(text, name="dnsmasq.conf"):
    """What is written, and the report's remarks by line."""
    report = Report()
    draft = convert_dnsmasq(name, text, report, HERE)
    return written(draft), {(one.file, one.line): one for one in report.remarks}


@pytest.mark.parametrize(("line", "there"), [
    ("dhcp-range=192.168.0.50,192.168.0.150,12h", 'ip_address_lease_time = 12 * HOURS'),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0", 'network = "10.9.0.0/16"'),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0,10.9.0.255,1d", 'broadcast_address = "10.9.0.255"'),
    ("dhcp-range=192.168.0.0,proxy", "proxy_dhcp = True"),
    ("dhcp-option=3", ""), ("dhcp-option=option:router,1.2.3.4", 'router = ["1.2.3.4"]'),
    ("dhcp-option=3,1.2.3.4,1.2.3.5", '["1.2.3.4", "1.2.3.5"]'),
    ("dhcp-option=option:ntp-server,0.0.0.0", 'network_time_protocol_servers = ["192.168.0.1"]'),
    ("dhcp-option-force=208,f1:00:74:7e", r'= b"\xf1\x00t~"'),
    ("dhcp-option=121,10.0.0.0/8,1.2.3.4", 'classless_static_route = [("10.0.0.0/8", "1.2.3.4")]'),
    ('dhcp-option=option:domain-search,eng.x,mkt.x', 'domain_search = ["eng.x", "mkt.x"]'),
    ('dhcp-option=17,"a, b"', 'root_path = "a, b"'),
    ("dhcp-host=11:22:33:44:55:66,192.168.0.60", 'host(mac="11:22:33:44:55:66", ip="192.168.0.60")'),
    ("dhcp-host=11:22:33:44:55:66,12:34:56:78:90:12,192.168.0.60", 'mac=["11:22:33:44:55:66", "12:34:56:78:90:12"]'),
    ("dhcp-host=11:22:33:44:55:66,fred,192.168.0.60,45m", "ip_address_lease_time=45 * MINUTES"),
    ("dhcp-host=bert,192.168.0.70,infinite", "match_hostname=True"),
    ("dhcp-host=id:marjorie,192.168.0.60", 'client_id="marjorie"'),
    ("dhcp-host=11:22:33:44:55:66,ignore", "ignore=True"), ("dhcp-host=11:22:33:44:55:66,id:*,set:red", 'client_class("red")'),
    ("dhcp-authoritative", "authoritative = True"),
    ("no-ping", "probe_before_offer = False"), ("bootp-dynamic", "bootp = True"),
    ("domain=thekelleys.org.uk", 'domain_name = "thekelleys.org.uk"'),
    ("domain=wireless.x,192.168.0.0/24", 'domain_name = "wireless.x"'),
    ("dhcp-boot=pxelinux,server.name,192.168.1.100", 'next_server = "192.168.1.100"'), ("tftp-root=/srv", 'tftp_root = "/srv"'),
    ("interface=eth0\ninterface=eth1", 'interface = ["eth0", "eth1"]'), ("--interface=eth0", 'interface = "eth0"'),
])
def test_what_a_line_comes_to(line, there):
    text, remarks = convert(("" if "dhcp-range" in line else RANGE) + line + "\n")
    assert there in text
    assert all(one.verdict != "no counterpart" for one in remarks.values()), remarks


@pytest.mark.parametrize(("lines", "there"), [
    ("dhcp-vendorclass=set:a,MSFT\ndhcp-option=tag:a,44,1.2.3.4", 'is_a = match(vendor_class_identifier=PREFIX("MSFT"))'),
    ("dhcp-userclass=set:a,accounts\ndhcp-option=tag:a,44,1.2.3.4", 'match(user_class=PREFIX("accounts"))'),
    ("dhcp-mac=set:a,3C:D9:2B:*:*:*\ndhcp-option=tag:a,44,1.2.3.4", 'match(mac=PREFIX("3c:d9:2b"))'),
    ("dhcp-match=set:a,option:client-arch,6\ndhcp-boot=tag:a,x", 'match(client_system_architecture=[6])'),
    ("dhcp-name-match=set:a,wap*\ndhcp-boot=tag:a,x", 'match(host_name=PREFIX("wap"))'),
    ("dhcp-circuitid=set:a,01:02\ndhcp-boot=tag:a,x", 'match(circuit_id="01:02")'),
    ("dhcp-mac=set:a,1:1:1:1:1:1\ndhcp-mac=set:a,1:1:1:1:1:2\ndhcp-boot=tag:a,x", 'match(mac="01:01:01:01:01:01") | match('),
    ("dhcp-match=set:b,175\ntag-if=set:a,tag:!b\ndhcp-boot=tag:a,x", "is_a = ~is_b"),
    ("dhcp-match=set:b,175\ndhcp-ignore=tag:b", 'deny = "b"'),
])
def test_tags_are_classes(lines, there):
    text, _ = convert(RANGE + lines + "\n")
    assert there in text or there.replace(" = ", "=") in text


def test_what_is_not_ours_is_told_with_its_reason():
    told = {"server=8.8.8.8": "DNS", "log-dhcp": "explain", "frobnicate=1": "not known to dnsmasq",
            "dhcp-range=fd00::1,fd00::2": "IPv6",
            "dhcp-option=vendor:PXE,1,0.0.0.0": "option_definitions", "dhcp-boot=tag:no,x": "nothing sets the tag no"}
    _, remarks = convert(RANGE + "\n".join(told))
    for number, words in enumerate(told.values(), 2):
        assert words in remarks["dnsmasq.conf", number].words


def test_a_mask_that_is_nowhere_is_told():
    _, remarks = convert("dhcp-range=10.9.0.50,10.9.0.150\n")
    assert remarks["dnsmasq.conf", 1].verdict == "differs" and "mask" in remarks["dnsmasq.conf", 1].words


def test_files_that_are_named_are_read(tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a.conf").write_text("dhcp-option=3,192.168.0.9\n")
    (tmp_path / "d/b.bak").write_text("dhcp-option=3,192.168.0.8\n")
    (tmp_path / "hosts").write_text("# the boss\n11:22:33:44:55:66,192.168.0.60\n")
    (tmp_path / "again.conf").write_text(f"conf-file={tmp_path}/again.conf\n")
    text, remarks = convert(RANGE + f"conf-dir={tmp_path}/d,.bak\ndhcp-hostsfile={tmp_path}/hosts\n"
                            f"conf-file={tmp_path}/again.conf\nconf-file={tmp_path}/absent\n")
    assert 'router = ["192.168.0.9"]' in text and "# the boss" in text and 'ip="192.168.0.60"' in text
    assert "No such file" in remarks["dnsmasq.conf", 5].words
    assert "has been read already" in remarks[f"{tmp_path}/again.conf", 1].words


@pytest.mark.parametrize(("words", "octets"), [
    (["1.2.3.4", "5.6.7.8"], b"\1\2\3\4\5\6\7\x08"), (["01:ff"], b"\1\xff"), (["77"], b"M"), (["300"], b"\1\x2c"),
    (["77i"], b"\0\0\0M"), (["1", "2"], b"\1\2"), (["some text"], b"some text")])
def test_values_that_dnsmasq_guesses(words, octets):
    assert octets_of(words) == octets


@pytest.mark.parametrize(("word", "number"), [
    ("12h", 43200), ("45m", 2700), ("3600", 3600), ("2d", 172800), ("1w", 604800), ("5", 120), ("infinite", 0xFFFFFFFF),
    ("x", None)])
def test_lease_times(word, number):
    assert lease_time(word) == number


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.text(max_size=40), st.sampled_from((
    "dhcp-host=", "dhcp-option=", "dhcp-range=", "tag:", "set:a,", "3", ",", "=", '"', "#"))), max_size=12).map("".join))
def test_nothing_that_stands_in_the_file_does_harm(text):
    with suppress(InvalidValue):
        convert(RANGE + text.replace("conf-", "").replace("hosts", "").replace("opts", ""))
