"""The table of options: what users know by name, the registry, and independent implementations as judges of shapes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue
from pydhcpd.wire import fqdn, options
from pydhcpd.wire.codecs import Listing
from pydhcpd.wire.options import BY_CODE, BY_NAME, PROTOCOL_OWN, TABLE, Option, describe, inside_from, name_of, option_named

# Names that stand in configuration files, by code.
KNOWN_NAMES = """
1 subnet_mask, 2 time_offset, 3 router, 4 time_server, 5 name_server, 6 domain_name_server, 7 log_server,
8 cookie_server, 9 lpr_server, 10 impress_server, 11 resource_location_server, 12 host_name, 13 boot_file_size,
14 merit_dump_file, 15 domain_name, 16 swap_server, 17 root_path, 18 extensions_path, 19 ip_forwarding_enabled,
20 non_local_source_routing_enabled, 21 policy_filter, 21 policy_filer, 22 maximum_datagram_reassembly_size,
23 default_ip_time_to_live, 24 path_mtu_aging_timeout, 25 path_mtu_plateau_table, 26 interface_mtu,
27 all_subnets_are_local, 28 broadcast_address, 29 perform_mask_discovery, 30 mask_supplier,
31 perform_router_discovery, 32 router_solicitation_address, 33 static_route, 34 trailer_encapsulation_option,
35 arp_cache_timeout, 36 ethernet_encapsulation, 37 tcp_default_ttl, 38 tcp_keep_alive_interval,
39 tcp_keep_alive_garbage, 40 network_information_service_domain, 41 network_information_servers,
41 network_informtaion_servers, 42 network_time_protocol_servers, 43 vendor_specific_information,
44 netbios_over_tcp_ip_name_server, 45 netbios_over_tcp_ip_datagram_distribution_server,
46 netbios_over_tcp_ip_node_type, 47 netbios_over_tcp_ip_scope, 48 x_window_system_font_server,
49 x_window_system_display_manager, 50 requested_ip_address, 51 ip_address_lease_time, 52 option_overload,
53 dhcp_message_type, 54 server_identifier, 55 parameter_request_list, 56 message, 57 maximum_dhcp_message_size,
58 renewal_time_value, 59 rebinding_time_value, 60 vendor_class_identifier, 61 client_identifier,
64 network_information_service_plus_domain, 65 network_information_service_plus_servers, 66 tftp_server_name,
67 boot_file_name, 68 mobile_ip_home_agent, 69 smtp_server, 70 pop_servers, 71 nntp_server, 72 default_www_server,
73 default_finger_server, 74 default_irc_server, 75 streettalk_server, 76 stda_server,
77 user_class, 81 client_fqdn, 82 relay_agent_information, 93 client_system_architecture,
97 client_machine_identifier, 100 posix_timezone, 101 tzdb_timezone, 108 ipv6_only_preferred, 114 captive_portal,
116 auto_configure, 118 subnet_selection, 119 domain_search, 121 classless_static_route,
124 vendor_identifying_class, 125 vendor_identifying, 138 capwap_access_controllers, 150 tftp_server_address,
162 encrypted_dns, 249 microsoft_static_route, 252 web_proxy_auto_discovery, 3 routers
"""

# What the IANA registry has assigned; 249 and 252 are of its private range.
ASSIGNED = {
    *range(1, 84), *range(85, 96), *range(97, 102), 108, 109, *range(112, 115), *range(116, 126), *range(128, 149),
    *range(150, 160), 161, 162, *range(175, 178), *range(208, 214), 220, 221, 249, 252,
}


@pytest.mark.parametrize("line", re.findall(r"\d+ \w+", KNOWN_NAMES))
def test_names_that_users_know_are_the_options_they_mean(line):
    code, name = line.split()
    assert BY_NAME[name].code == int(code)


def test_the_table_is_the_registry_in_order_and_each_name_means_one_option():
    codes = [option.code for option in TABLE]
    assert codes == sorted(ASSIGNED)
    names = [name for option in TABLE for name in (option.name, *option.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)


@pytest.mark.parametrize("option", TABLE, ids=lambda option: option.name)
def test_every_name_can_be_written_in_a_file_and_does_not_look_like_a_number(option):
    for name in (option.name, *option.aliases):
        assert name.isidentifier()
        assert name == name.lower()
        assert not re.fullmatch(r"option_\d+", name)
    assert option.reference


def test_the_protocols_own_are_nine():
    assert {name_of(code) for code in PROTOCOL_OWN} == {
        "requested_ip_address", "option_overload", "dhcp_message_type", "parameter_request_list",
        "maximum_dhcp_message_size", "client_identifier", "relay_agent_information", "client_machine_identifier",
        "client_fqdn"}


@pytest.mark.parametrize("code", [1, 3, 160, 224, 254])
def test_option_n_is_any_number_as_raw_bytes(code):
    option = option_named(f"option_{code}")
    assert option is not None
    assert (option.code, option.name, option.codec.encode(b"\1\2")) == (code, f"option_{code}", b"\1\2")


@pytest.mark.parametrize("name", [
    "option_0", "option_255", "option_256", "option_1000", "option_03", "option_", "option", "option_-1",
    "option_\u0663", "option_3\n", "rooter", "", "Router", "pad", "end"])
def test_no_other_name_is_an_option(name):
    assert option_named(name) is None


def test_options_are_found_by_name_alias_and_code():
    assert option_named("router") is option_named("routers") is BY_CODE[3]
    assert name_of(3) == "router"
    assert name_of(160) == "option_160"
    assert option_named("option_6rd") is BY_CODE[212]


# Values of the table's own structures, as the RFCs lay them out.
RECORDS = [
    ("directory_agent", (True, ["192.0.2.1"]), "01 c0000201"),  # RFC 2610 3
    ("service_scope", (False, "a,b"), "00 612c62"),  # RFC 2610 4
    ("rapid_commit", True, ""),  # RFC 4039 4
    ("isns", (1, 2, 3, 4, ["192.0.2.1"]), "0001 0002 0003 00000004 c0000201"),  # RFC 4174 2
    ("client_system_architecture", [7, 9], "0007 0009"),  # RFC 4578 2.1
    ("client_ndi", (1, 3, 16), "01 03 10"),  # RFC 4578 2.2: type UNDI, version 3.16
    ("mobile_ip_home_agent", [], ""),  # RFC 2132 8.13: zero or more addresses
    ("auto_configure", False, "00"),  # RFC 2563 2
    ("name_service_search", [6, 44], "0006 002c"),  # RFC 2937 2
    ("rdnss_selection", (1, "192.0.2.1", "192.0.2.2", ["a.b"]), "01 c0000201 c0000202 0161 0162 00"),  # RFC 6731 4.3
    ("status_code", (1, ""), "01"),  # RFC 6926 6.2.2
    ("v4_portparams", (0, 8, 0x3400), "00 08 3400"),  # RFC 7618 9
    ("ipv6_only_preferred", 1800, "00000708"),  # RFC 8925 3.1, rule 41: four octets
    ("captive_portal", "https://a.b/", "68747470733a2f2f612e622f"),  # RFC 8910 2, rule 42: the URI, and no NUL
    ("posix_timezone", "EST5EDT", "45535435454454"),  # RFC 4833 2
    ("tzdb_timezone", "Etc/UTC", "4574632f555443"),  # RFC 4833 2
    ("vendor_identifying_class", [(4491, b"a")], "0000118b 01 61"),  # RFC 3925 3
    ("encrypted_dns", [(1, "a")], "0006 0001 03 016100"),  # RFC 9463 5.1, 3.1.6
]


@pytest.mark.parametrize(("name", "value", "wire"), RECORDS)
def test_structures_are_those_of_their_rfc(name, value, wire):
    assert BY_NAME[name].codec.encode(value) == bytes.fromhex(wire)
    assert BY_NAME[name].codec.decode(bytes.fromhex(wire)) == value


@given(st.binary(max_size=40))
def test_a_machine_identifier_is_kept_as_it_came(identifier):
    """RFC 4578 2.3 has 17 octets, the first 0; some firmware sends others (rule 45)."""
    codec = BY_NAME["client_machine_identifier"].codec
    assert codec.decode(identifier) == codec.encode(identifier) == identifier


@pytest.mark.parametrize(("written", "inside"), [
    ("vendor_specific_information", (43, 0)),
    (("vendor_identifying", 4491), (125, 4491)),
    (["vendor_identifying", 0], (125, 0)),
    (("vendor_identifying", 0xFFFFFFFF), (125, 0xFFFFFFFF)),
])
def test_suboptions_lie_in_option_43_or_by_enterprise_in_125(written, inside):
    """RFC 2132 8.4, RFC 3925 4."""
    assert inside_from(written) == inside


@pytest.mark.parametrize("value", [
    "vendor_identifying", "router", "", 43, None, [], ("vendor_identifying",), ("vendor_identifying", 1, 2), ("router", 1),
    ("vendor_specific_information", 1), ("vendor_identifying", -1), ("vendor_identifying", 1 << 32),
    ("vendor_identifying", "4491"), ("vendor_identifying", True), ("vendor_identifying", 1.0)])
def test_another_place_for_suboptions_is_refused_with_what_is_allowed(value):
    with pytest.raises(InvalidValue, match=r"; (allowed are|write inside=) ?"):
        inside_from(value)


def test_no_option_of_the_table_is_a_suboption():
    assert {option.inside for option in TABLE} == {None}


DESCRIBED = [
    (3, "c0000201c0000202", "router=192.0.2.1,192.0.2.2"),
    (12, "626f7373", "host_name=boss"),
    (12, "6120620a1b5b", r"host_name='a b\n\x1b['"),
    (12, "c3bcff", r"host_name='\xfc\\xff'"),
    (12, "", "host_name='' (text without a character)"),
    (51, "ffffffff", "ip_address_lease_time=4294967295"),
    (53, "01", "dhcp_message_type=1"),
    (54, "c00002", "server_identifier=c0:00:02 (address of 3 octets instead of 4)"),
    (61, "01020000009901", "client_identifier=01:02:00:00:00:99:01"),
    (80, "", "rapid_commit=True"),
    (121, "080a0a01000200c0000201", "classless_static_route=(10.0.0.0/8,10.1.0.2),(0.0.0.0/0,192.0.2.1)"),
    (124, "0000118b0161", "vendor_identifying_class=(4491,61)"),
    (160, "61", "option_160=61"),
    (162, "001700010301610004c00002010001000403646f7400090000",
     "encrypted_dns=(1,a,192.0.2.1,'alpn=dot key9')"),
    (162, "0005", "encrypted_dns=00:05 (resolver is cut off)"),
]


@pytest.mark.parametrize(("code", "data", "words"), DESCRIBED)
def test_an_option_is_one_word_and_its_value_in_a_log(code, data, words):
    assert describe(code, bytes.fromhex(data)) == words


@given(code=st.integers(0, 255), data=st.binary(max_size=600))
def test_nothing_from_the_network_leaves_a_log_line(code, data):
    words = describe(code, data)
    assert re.fullmatch(r"[ -~]+", words)
    assert len(words) <= options.LONGEST_DESCRIPTION


# The judges. Each says of a number which shapes it can be; where a judge departs from the RFC, the reason stands here.

def shapes(option: Option) -> set[str]:
    """Words for an option's shape that a judge with a coarser view would use."""
    return {kind for kind, test in KINDS.items() if test(option.codec)}


def _is_list_of(*names):
    return lambda codec: isinstance(codec, Listing) and codec.name in names


KINDS = {
    "address": lambda codec: codec.name == "address",
    "addresses": _is_list_of("addresses", "address_pairs"),
    "one octet": lambda codec: codec.name in {"uint8", "flag"},
    "two octets": lambda codec: codec.name == "uint16",
    "four octets": lambda codec: codec.name in {"uint32", "int32", "seconds"},
    "list of octets": _is_list_of("uint8s"),
    "list of two octets": _is_list_of("uint16s"),
    "text": lambda codec: codec.name == "text",
    "routes": lambda codec: codec.name == "routes",
}


def judge(verdicts: dict[int, set[str]], exceptions: dict[int, str]) -> None:
    """Every verdict on an option of the table holds, but for the exceptions, and each of those is one."""
    departures = {code for code, allowed in verdicts.items() if code in BY_CODE and not shapes(BY_CODE[code]) & allowed}
    assert departures == exceptions.keys()


SCAPY_TYPES = {
    # scapy's fields repeat as long as there are octets: one address and a list look the same
    "IPField": {"address", "addresses"},
    "ByteField": {"one octet"},
    "ByteEnumField": {"one octet"},
    "ShortField": {"two octets", "list of two octets"},
    "IntField": {"four octets"},
    "_DHCPByteFieldListField": {"list of octets"},
    "ClasslessFieldListField": {"routes"},
}
SCAPY_EXCEPTIONS = {
    128: "RFC 4578 2.4 leaves the contents undefined; an address is one telephone maker's use",
}


def scapy_options():
    return pytest.importorskip("scapy.layers.dhcp").DHCPOptions


def test_scapy_agrees_on_the_shapes():
    fields = {code: type(field).__name__ for code, field in scapy_options().items()}
    judge({code: SCAPY_TYPES[kind] for code, kind in fields.items() if kind in SCAPY_TYPES}, SCAPY_EXCEPTIONS)


SCAPY_NAMES = {
    12: "hostname is one word there",
    41: "NIS is spelt out in RFC 2132",
    42: "NTP is spelt out in RFC 2132",
    54: "server_id is short for server_identifier",
    65: "NISplus is spelt out in RFC 2132",
    70: "POP3_server is pop_servers here",
    76: "STDA is spelt out there",
    98: "uap-servers is the name that ISC's server gives to user-auth",
    100: "pcode is the registry's name; ours says what it is",
    101: "tcode is the registry's name; ours says what it is",
    128: "RFC 4578 2.4 leaves the contents undefined",
}


def _words_of(name):
    return {word.rstrip("s") for word in re.split(r"[-_]", name.lower())} - {"server"}


def test_scapy_agrees_on_the_names():
    names = {code: field if isinstance(field, str) else field.name for code, field in scapy_options().items()}
    unlike = {code for code, name in names.items()
              if code in BY_CODE and not _words_of(name) & _words_of(BY_CODE[code].name)}
    assert unlike == SCAPY_NAMES.keys()


DICTIONARY = Path("/usr/share/freeradius/dictionary.dhcp")
RADIUS_TYPES = {
    "ipaddr": {"address"},
    "ipaddr array": {"addresses"},
    "byte": {"one octet"},
    "byte array": {"list of octets"},
    "short": {"two octets"},
    "short array": {"list of two octets"},
    "integer": {"four octets"},
    "date": {"four octets"},
    "string": {"text"},
}  # "octets" and "tlv" judge nothing: that is its word for what it does not take apart
RADIUS_EXCEPTIONS = {
    65: "RFC 2132 8.12 has a list of addresses",
    141: "RFC 6011 has a list of names in DNS wire form",
}


def radius_options():
    if not DICTIONARY.exists():
        pytest.skip(f"{DICTIONARY} (package freeradius-common) is not installed")
    line = re.compile(r"^ATTRIBUTE\s+\S+\s+(\d+)\s+(\w+(?: array)?)", re.MULTILINE)
    return {int(code): kind for code, kind in line.findall(DICTIONARY.read_text("utf-8")) if 0 < int(code) < 255}


def test_freeradius_agrees_on_the_shapes():
    verdicts = {code: RADIUS_TYPES[kind] for code, kind in radius_options().items() if kind in RADIUS_TYPES}
    assert len(verdicts) > 70
    judge(verdicts, RADIUS_EXCEPTIONS)


def test_freeradius_knows_no_number_that_the_table_lacks():
    assert {code for code in radius_options() if code < 224} <= BY_CODE.keys()


# option, value, tshark's field, what tshark reads
SEEN_BY_TSHARK = [
    ("subnet_mask", "255.255.255.0", "dhcp.option.subnet_mask", "255.255.255.0"),
    ("time_offset", -18000, "dhcp.option.time_offset", "-18000"),
    ("router", ["192.0.2.1", "192.0.2.2"], "dhcp.option.router", "192.0.2.1|192.0.2.2"),
    ("domain_name_server", "9.9.9.9", "dhcp.option.domain_name_server", "9.9.9.9"),
    ("host_name", "boss", "dhcp.option.hostname", "boss"),
    ("boot_file_size", 700, "dhcp.option.boot_file_size", "700"),
    ("policy_filter", ("10.0.0.0", "255.0.0.0"), "dhcp.option.policy_filter.subnet_mask", "255.0.0.0"),
    ("default_ip_time_to_live", 64, "dhcp.option.default_ip_ttl", "64"),
    ("path_mtu_aging_timeout", 600, "dhcp.option.path_mtu_aging_timeout", "600"),
    ("path_mtu_plateau_table", [68, 1500], "dhcp.option.path_mtu_plateau_table_item", "68|1500"),
    ("interface_mtu", 9000, "dhcp.option.interface_mtu", "9000"),
    ("static_route", [("10.0.0.1", "10.0.0.2")], "dhcp.option.static_route.router", "10.0.0.2"),
    ("netbios_over_tcp_ip_node_type", 8, "dhcp.option.netbios_over_tcpip_node_type", "8"),
    ("ip_address_lease_time", 28800, "dhcp.option.ip_address_lease_time", "28800"),
    ("parameter_request_list", [1, 3, 121], "dhcp.option.request_list_item", "1|3|121"),
    ("network_information_service_plus_servers", ["192.0.2.1"], "dhcp.option.nis_plus_server", "192.0.2.1"),
    ("tftp_server_name", "boot.example", "dhcp.option.tftp_server_name", "boot.example"),
    ("boot_file_name", "ipxe.efi", "dhcp.option.bootfile_name", "ipxe.efi"),
    ("directory_agent", (True, ["192.0.2.9"]), "dhcp.option.slp_directory_agent.slpda_address", "192.0.2.9"),
    ("isns", (0, 0, 0, 0, ["192.0.2.1"]), "dhcp.option.isns.primary_server_addr", "192.0.2.1"),
    ("posix_timezone", "EST5EDT", "dhcp.option.tz_pcode", "EST5EDT"),
    ("tzdb_timezone", "Europe/Paris", "dhcp.option.tz_tcode", "Europe/Paris"),
    # not taken apart by older ones: the octets, after those of option 53
    ("ipv6_only_preferred", 1800, "dhcp.option.value", "05|00000708"),
    ("captive_portal", "https://example.com/", "dhcp.option.captive_portal", "https://example.com/"),
    ("auto_configure", True, "dhcp.option.dhcp_auto_configuration", "1"),
    ("subnet_selection", "192.0.2.0", "dhcp.option.subnet_selection_option", "192.0.2.0"),
    ("domain_search", ["eng.apple.com", "marketing.apple.com"], "dhcp.option.dhcp_dns_domain_search_list_fqdn",
     "eng.apple.com|marketing.apple.com"),
    ("sip_servers", ["sip.example.com"], "dhcp.option.sip_server.name", "sip.example.com"),
    ("sip_servers", ["192.0.2.1"], "dhcp.option.sip_server.address", "192.0.2.1"),
    # shown without being taken apart: the lengths of RFC 1035 3.1 are seen between the labels
    ("v4_lost", "lost.sample.com", "dhcp.option.lost_server_domain_name", "\x04lost\x06sample\x03com"),
    ("capwap_access_controllers", ["192.0.2.1"], "dhcp.option.capwap_access_controller", "192.0.2.1"),
    ("rdnss_selection", (1, "192.0.2.1", "192.0.2.2", ["a.b"]), "dhcp.option.rdnss.domain", "a.b"),
    ("tftp_server_address", ["192.0.2.1"], "dhcp.option.tftp_server_address", "192.0.2.1"),
    ("vendor_identifying_class", [(4491, "docsis3.0"), (9, "ap")], "dhcp.option.vi_class.enterprise", "4491|9"),
    ("vendor_identifying_class", [(4491, "docsis3.0"), (9, "ap")], "dhcp.option.value",
     "05|0000118b09646f63736973332e3000000009026170"),
    ("user_class", ["iPXE", "lab"], "dhcp.option.user_class.data", "69505845|6c6162"),
    ("mud_url_v4", "https://example.com/m", "dhcp.option.mudurl", "https://example.com/m"),
    ("web_proxy_auto_discovery", "http://example.com/w", "dhcp.option.private_proxy_autodiscovery",
     "http://example.com/w"),
]


def write_capture(path, values):
    """A capture with one DHCPACK for each option code and its data."""
    dhcp, inet = pytest.importorskip("scapy.layers.dhcp"), pytest.importorskip("scapy.layers.inet")
    ethernet, utils = pytest.importorskip("scapy.layers.l2"), pytest.importorskip("scapy.utils")
    utils.wrpcap(str(path), [
        ethernet.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inet.IP(src="192.0.2.1", dst="192.0.2.2")
        / inet.UDP(sport=67, dport=68) / dhcp.BOOTP(op=2, options=b"c\x82Sc")
        / (b"\x35\x01\x05" + bytes((code, len(data))) + data + b"\xff")
        for code, data in values])


def tshark(*arguments):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    return subprocess.run(["tshark", *arguments], capture_output=True, text=True, check=True, timeout=60).stdout


def test_tshark_reads_what_we_write(tmp_path):
    capture = tmp_path / "options.pcap"
    write_capture(capture, [(BY_NAME[name].code, BY_NAME[name].codec.encode(value))
                            for name, value, _, _ in SEEN_BY_TSHARK])
    fields = [*dict.fromkeys(field for _, _, field, _ in SEEN_BY_TSHARK)]
    out = tshark("-r", str(capture), "-T", "fields", "-E", "separator=/t", "-E", "aggregator=|",
                 *(word for field in fields for word in ("-e", field)))
    rows = [line.split("\t") for line in out.splitlines()]
    read = [(name, row[fields.index(field)]) for row, (name, _, field, _) in zip(rows, SEEN_BY_TSHARK, strict=True)]
    assert read == [(name, expected) for name, _, _, expected in SEEN_BY_TSHARK]


def test_tshark_reads_our_routes(tmp_path):
    capture = tmp_path / "routes.pcap"
    routes = [("10.229.0.128/25", "192.0.2.1"), ("default", "192.0.2.2")]
    write_capture(capture, [(code, BY_CODE[code].codec.encode(routes)) for code in (121, 249)])
    shown = tshark("-r", str(capture), "-V", "-O", "dhcp")
    assert shown.count("10.229.0.128/25-192.0.2.1") == 2
    assert shown.count("default-192.0.2.2") == 2
    assert "alformed" not in shown


@pytest.mark.parametrize(("sent", "done", "bits"), [
    (b"\5\0\0\2pc", (True, True), "1 0 1 0"), (b"\0\0\0pc", (True, True), "1 1 0 0"), (b"\4\0\0\2pc", (False, True), "0 0 1 0"),
    (b"\1\0\0pc", (False, False), "0 1 0 1")])
def test_tshark_reads_how_we_answer_the_clients_name(tmp_path, sent, done, bits):
    """RFC 4702, in both forms: S, O, E and N."""
    capture = tmp_path / "fqdn.pcap"
    write_capture(capture, [(81, fqdn.answer(sent, *done, "pc.lab.example"))])
    fields = [word for bit in ("s", "o", "e", "n", "rcode1", "rcode2", "name") for word in ("-e", f"dhcp.fqdn.{bit}")]
    (line,) = tshark("-r", str(capture), "-T", "fields", *fields).splitlines()
    read = line.replace("True", "1").replace("False", "0").split("\t")
    assert (read[:4], read[4:6], read[6].rstrip(".")) == (bits.split(), ["255", "255"], "pc.lab.example")
