"""Lines of dnsmasq.conf: what each comes to in our file, what is said of it, and that none is passed over in silence."""

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.conversion import convert_dnsmasq
from pydhcpd.migration.configurations.dnsmasq.machine import Machine
from pydhcpd.migration.configurations.dnsmasq.values import lease_time, octets_of
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.report import Report

HERE = [(address_from("192.168.0.1"), address_from("255.255.255.0"))]
RANGE = "dhcp-range=192.168.0.50,192.168.0.150\n"


@pytest.fixture
def loads(tmp_path):
    """What says that a file is one that the daemon starts with."""
    def load(text):
        file = tmp_path / "pydhcpd.conf"
        file.write_text(text)
        DHCPServerConfiguration.load(file)
    return load


def convert(text, name="dnsmasq.conf"):
    """What is written, and the report's remarks by line."""
    report = Report()
    draft = convert_dnsmasq(name, text, report, Machine(HERE))
    return written(draft), {(one.file, one.line): one for one in report.remarks}


@pytest.mark.parametrize(("line", "there"), [
    ("dhcp-range=192.168.0.50,192.168.0.150,12h", 'ip_address_lease_time = 12 * HOURS'),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0", 'network = "10.9.0.0/16"'),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0,10.9.0.255,1d", 'broadcast_address = "10.9.0.255"'),
    ("dhcp-range=192.168.0.0,proxy", "proxy_dhcp = True"),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0\ndhcp-range=192.168.0.0,proxy",
     'subnet("192.168.0.0/24", pools=[], proxy_dhcp=True)'),
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
    ("dhcp-boot=pxelinux,server.name,192.168.1.100", 'next_server = "192.168.1.100"'),
    ("enable-tftp\ntftp-root=/srv", 'tftp_root = "/srv"'),
    ("interface=eth0\ninterface=eth1", 'interface = ["eth0", "eth1"]'), ("--interface=eth0", 'interface = "eth0"'),
])
def test_what_a_line_comes_to(line, there, loads):
    text, remarks = convert(("" if "dhcp-range" in line else RANGE) + line + "\n")
    loads(text)
    assert there in text
    assert all(one.verdict != "no counterpart" for one in remarks.values()), remarks


@pytest.mark.parametrize(("lines", "there"), [
    ("dhcp-vendorclass=set:a,MSFT\ndhcp-option=tag:a,44,1.2.3.4", 'is_a = match(vendor_class_identifier=PREFIX("MSFT"))'),
    ("dhcp-userclass=set:a,accounts\ndhcp-option=tag:a,44,1.2.3.4",
     r'match(user_class=ALL) & (lambda request: b"accounts" in request.option_77)'),
    ("dhcp-mac=set:a,3C:D9:2B:*:*:*\ndhcp-option=tag:a,44,1.2.3.4", 'match(mac=PREFIX("3c:d9:2b"))'),
    ("dhcp-match=set:a,option:client-arch,6\ndhcp-boot=tag:a,x", 'match(client_system_architecture=[6])'),
    ("dhcp-name-match=set:a,wap*\ndhcp-boot=tag:a,x", 'match(host_name=PREFIX("wap"))'),
    ("dhcp-circuitid=set:a,01:02\ndhcp-boot=tag:a,x", 'match(circuit_id="01:02")'),
    ("dhcp-mac=set:a,1:1:1:1:1:1\ndhcp-mac=set:a,1:1:1:1:1:2\ndhcp-boot=tag:a,x", 'match(mac="01:01:01:01:01:01") | match('),
    ("dhcp-match=set:b,175\ntag-if=set:a,tag:!b\ndhcp-boot=tag:a,x", "is_a = ~is_b"),
    ("dhcp-match=set:b,175\ndhcp-ignore=tag:b", 'deny = "b"'),
    ("dhcp-ignore=#known", 'deny = "unknown"'),
    ("dhcp-mac=set:a,2:0:0:0:0:1\ndhcp-mac=set:b,2:0:0:0:0:2\ndhcp-ignore=tag:a\ndhcp-ignore=tag:b", 'deny = ["a", "b"]'),
    ("dhcp-vendorclass=a,IP Phone\ndhcp-boot=net:a,x",
     'is_a = match(vendor_class_identifier=ALL) & (lambda request: b"IP Phone" in request.option_60)'),
    ("dhcp-vendorclass=a,PXEClient:Arch:00007\ndhcp-boot=net:#a,x", 'client_class("not a", ~is_a, boot_file_name="x")'),
    ("dhcp-mac=set:a,02:00:*:*:*:07\ndhcp-boot=tag:a,x",
     'lambda request: request.mac.startswith("02:00") and request.mac.endswith("07")'),
    ("dhcp-match=set:a,60,41:*:43\ndhcp-boot=tag:a,x",
     'request.option_60[0:1] == b"A" and request.option_60[2:3] == b"C"'),
    ("dhcp-match=set:a,97,00:01\ndhcp-boot=tag:a,x", r'match(uuid=ALL) & (lambda request: request.option_97.startswith('),
    ("dhcp-match=set:a,vi-encap:9\ndhcp-boot=tag:a,x", r'request.option_124[:4] == b"\x00\x00\x00\t"'),
    ("interface=eth7\ndhcp-option=tag:eth7,42,1.2.3.4", 'client_class("eth7", match(interface="eth7"), '),
    ("dhcp-option=tag:bootp,42,1.2.3.4", 'client_class("bootp", match(message_type="BOOTP"), '),
    ("tag-if=set:a\ndhcp-boot=tag:a,x", "is_a = match(message_type=ALL)"),
    ("dhcp-host=2:0:0:0:0:1,set:a\ndhcp-option=tag:!a,42,1.2.3.4", 'if "a" not in classes:\n        classes.add("not a")'),
    ("dhcp-range=set:n,10.9.0.5,10.9.0.9,255.255.0.0\ndhcp-host=2:0:0:0:0:1,set:a\ndhcp-option=tag:a,tag:n,42,1.2.3.4",
     'if "a" in classes and request.subnet in ["10.9.0.0/16"]:'),
    ("dhcp-range=set:n,192.168.0.160,192.168.0.170\ndhcp-option=tag:n,42,1.2.3.4",
     'pool("192.168.0.160 - 192.168.0.170", network_time_protocol_servers=["1.2.3.4"])'),
    ("dhcp-option=vendor:MSFT,2,1i", 'option(2, "msft_2", "uint32", inside="vendor_specific_information")'),
    ("dhcp-option=vendor:MSFT,2,1i", 'client_class("vendor MSFT", is_vendor_MSFT, msft_2=1)'),
    ("dhcp-option=vendor:,6,2b", 'option(6, "vendor_6", "uint8", inside="vendor_specific_information")'),
    ("dhcp-option=vi-encap:2,10,text", 'option(10, "enterprise_2_10", "text", inside=("vendor_identifying", 2))'),
    ('dhcp-option=encap:175,190,"abc"\ndhcp-option=encap:175,191,7', r'etherboot = b"\xbe\x03abc\xbf\x01\x07"'),
    ("dhcp-option-force=encap:43,1,1.2.3.4", 'vendor_1 = "1.2.3.4"'),
])
def test_tags_are_classes(lines, there, loads):
    text, _ = convert(RANGE + lines + "\n")
    loads(text)
    assert there in text or there.replace(" = ", "=") in text


BOOTS = "dhcp-vendorclass=set:p,PXEClient\ndhcp-match=set:e,93,7\n"


@pytest.mark.parametrize(("lines", "order"), [
    ("dhcp-boot=tag:p,a\ndhcp-boot=tag:e,b", ["e", "p"]), ("dhcp-boot=tag:e,b\ndhcp-boot=tag:p,a", ["p", "e"]),
    ("dhcp-option=tag:p,42,1.2.3.4\ndhcp-option=tag:e,42,1.2.3.5", ["e", "p"]),
    ("dhcp-option=tag:p,42,1.2.3.4\ndhcp-option=tag:e,44,1.2.3.5", ["p", "e"]),
    ("dhcp-boot=tag:e,b\ndhcp-boot=tag:p,a\ndhcp-option=tag:p,42,1.2.3.4\ndhcp-option=tag:e,42,1.2.3.5",
     ["p boot", "e", "p", "e boot"])])
def test_of_lines_that_say_the_same_the_last_one_counts(lines, order):
    text, _ = convert(RANGE + BOOTS + lines + "\n")
    assert re.findall(r'client_class\("([^"]*)"', text) == order


def test_a_boot_file_comes_with_its_own_server_alone():
    text, _ = convert(RANGE + BOOTS + "dhcp-boot=a,,1.2.3.4\ndhcp-boot=tag:e,b\n")
    assert 'client_class("e", is_e, boot_file_name="b", next_server=None)' in text


SERVICES = [
    ('pxe-prompt="Boot?",5\npxe-service=x86PC,"Linux",pxelinux',
     'pxe_menu("Boot?", [pxe_item("Linux", "pxelinux.0")], timeout=5)'),
    ('pxe-service=x86PC,"Disk"\npxe-service=0,"RIS",1,1.2.3.4',
     'pxe_menu("Boot what?", [pxe_item("Disk"), pxe_item("RIS", type=1, server="1.2.3.4")])'),
    ('pxe-service=x86PC,"One",a.0', 'pxe_menu("Boot what?", [pxe_item("One", "a.0")], timeout=0)'),
    ('pxe-service=X86-64_EFI,"One",a.efi,1.2.3.4',
     'client_class("x86-64_EFI", is_x86_64_EFI, boot_file_name="a.efi", next_server="1.2.3.4")'),
    ('dhcp-mac=set:a,2:0:0:0:0:1\npxe-service=tag:a,x86PC,"One",a.0', 'client_class("a and x86PC", is_a & is_x86PC,'),
]


@pytest.mark.parametrize(("lines", "there"), SERVICES)
def test_what_firmware_is_shown_becomes_a_menu(lines, there, loads):
    text, remarks = convert(RANGE + lines + "\n")
    loads(text)
    assert there in re.sub(r"\s*\n\s*", " ", text)
    assert all(one.verdict == "taken over" for one in remarks.values()), remarks


def test_a_menu_for_raspberry_pis_alone_needs_no_menu():
    text, _ = convert('dhcp-range=192.168.0.0,proxy\nenable-tftp\ntftp-root=/srv\npxe-service=0,"Raspberry Pi Boot"\n')
    assert "pxe_menu" not in text and 'tftp_root = "/srv"' in text and "proxy_dhcp = True" in text


@pytest.mark.parametrize(("lines", "there"), [
    ("listen-address=127.0.0.1,192.168.0.1", 'bind_address = "192.168.0.1"'),
    ("interface=eth0,eth1,lo\nno-dhcp-interface=eth1", 'interface = "eth0"'),
    ("dhcp-option=option:server-ip-address,192.168.0.9", 'next_server = "192.168.0.9"'),
    ("dhcp-reply-delay=2", "dhcp_offer_after_seconds = 2"),
    ("dhcp-name-match=set:a,wpad\ndhcp-ignore-names=tag:a", 'client_class("a", is_a, dns_name=[])'),
    ("dhcp-generate-names", 'dns_name = ["{hostname}", "{mac}"]'),
    ("domain=x.example\ndhcp-option=15,y.example", 'domain_name = "y.example"'),
    ("dhcp-option=15,y.example\ndomain=x.example", 'domain_name = "y.example"'),
    ("dhcp-host=2:0:0:0:0:1,pc.x.example", 'hostname="pc"'), ('dhcp-option=252,"\\n"', r'web_proxy_auto_discovery = "\n"'),
    ("dhcp-option=lan,option:ntp-server,1.2.3.4\ndhcp-range=lan,192.168.0.160,192.168.0.161",
     'network_time_protocol_servers=["1.2.3.4"]'),
    ("dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0\nshared-network=eth0,10.9.0.0",
     'subnet("10.9.0.0/16", pools=["10.9.0.50 - 10.9.0.150"])],\n                   interface="eth0")'),
    ("host-record=pc,pc.x.example,192.168.0.7,fd00::7,60\ndhcp-host=2:0:0:0:0:1,pc", 'ip="192.168.0.7"'),
])
def test_what_else_is_said_in_our_words(lines, there, loads):
    text, remarks = convert(RANGE + lines + "\n")
    loads(text)
    assert there in text
    assert all(one.verdict == "taken over" or "DNS" in one.words for one in remarks.values()), remarks


def test_of_lines_for_one_machine_in_a_network_the_last_one_counts_and_it_may_have_an_address_in_each():
    text, remarks = convert(RANGE + "dhcp-range=10.9.0.50,10.9.0.150,255.255.0.0\ndhcp-host=2:0:0:0:0:1,192.168.0.5\n"
                            "dhcp-host=2:0:0:0:0:1,192.168.0.6\ndhcp-host=2:0:0:0:0:1,10.9.0.6\n")
    assert '"192.168.0.5"' not in text and 'ip="192.168.0.6"' in text and 'ip="10.9.0.6"' in text
    assert "in place of that of line 3" in remarks["dnsmasq.conf", 4].words


def test_a_host_of_a_name_alone_has_the_address_that_its_name_has():
    report = Report()
    hosts = "127.0.0.1 localhost\n192.168.0.9 nas.x nas # the disks\n"
    text = written(convert_dnsmasq("f", RANGE + "dhcp-host=2:0:0:0:0:1,nas\n", report, Machine(HERE, hosts)))
    assert 'ip="192.168.0.9"' in text
    text = written(convert_dnsmasq("f", "port=0\n" + RANGE + "dhcp-host=2:0:0:0:0:1,nas\n", report, Machine(HERE, hosts)))
    assert "192.168.0.9" not in text


BROKEN = [RANGE.rstrip(), "dhcp-range=192.168.0.140,192.168.0.160", "interface=a/b",
          "enable-tftp", "dhcp-range=192.168.0.9,192.168.0.2", "dhcp-range=nonsense", "dhcp-range=",
          "dhcp-host=", "dhcp-host=zz:11,192.168.0.3",
          "dhcp-option=", "dhcp-option=3,x.y", "dhcp-option=option:nosuch,1", "dhcp-option=6,1.2.3.4,::1", "dhcp-boot=",
          "dhcp-boot=x,,name.example", "tag-if=tag:a", "dhcp-match=set:", "dhcp-mac=set:a", "dhcp-ignore=", "domain=",
          "interface=", "dhcp-option=vi-encap:x,1,2", "pxe-service=x86PC", 'pxe-service=Amiga,"x",y',
          "dhcp-option=encap:175,1," + "x" * 300, "interface=eth*", "shared-network=eth0,1.2.3.4"]


@pytest.mark.parametrize("line", BROKEN)
def test_a_line_that_is_wrong_costs_no_other(line, loads):
    text, remarks = convert(RANGE + line + "\n")
    loads(text)
    assert remarks["dnsmasq.conf", 2].verdict == "no counterpart", remarks
    assert 'network = "192.168.0.0/24"' in text


def test_what_is_not_ours_is_told_with_its_reason():
    told = {"server=8.8.8.8": "DNS", "log-dhcp": "explain", "frobnicate=1": "not known to dnsmasq",
            "dhcp-range=fd00::1,fd00::2": "IPv6",
            "dhcp-boot=tag:no,x": "nothing sets the tag no"}
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
    "\ndhcp-host=", "\ndhcp-option=", "\ndhcp-range=", "\npxe-service=", "\ndhcp-boot=", "\ndhcp-match=", "\ntag-if=",
    "\ndomain=", "\ndhcp-mac=", "\nshared-network=", "\npxe-prompt=", "\nhost-record=",
    "tag:", "set:a,", "tag:a,", "tag:!a,", "vendor:x,",
    "encap:175,", "vi-encap:9,", "x86PC", "1.2.3.4", "2:0:0:0:0:1", "*", "3", ",", "=", '"', "#"))), max_size=14).map("".join))
def test_nothing_that_stands_in_the_file_does_harm(text):
    with suppress(InvalidValue):
        convert(RANGE + text.replace("conf-", "").replace("hosts", "").replace("opts", ""))
