"""Suboptions in options 43 and 125: golden octets, limits, and tshark as the judge of both (RFC 2132 8.4, RFC 3925 4)."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.vendor import encapsulated
from pydhcpd.wire.packet import BOOTREPLY, Packet

IN_43 = (43, 0)
CABLELABS, BROADBAND_FORUM = (125, 4491), (125, 3561)

GOLDEN = {
    "nothing": ({}, {}),
    # rule 48: PXE, boot this file without discovery
    "one in 43, and an end": ({(IN_43, 6): b"\x08"}, {43: "06 01 08 ff"}),
    "in rising order": ({(IN_43, 10): b"b", (IN_43, 6): b""}, {43: "06 00 0a 01 62 ff"}),
    "one enterprise": ({(CABLELABS, 2): b"\xc0\0\2\1"}, {125: "0000118b 06 02 04 c0000201"}),
    "two enterprises": ({(CABLELABS, 2): b"a", (BROADBAND_FORUM, 4): b"b", (CABLELABS, 1): b"c"},
                        {125: "00000de9 03 04 01 62 0000118b 06 01 01 63 02 01 61"}),
    # RFC 3925 4: codes 0 and 255 mean nothing special there
    "any code in 125": ({((125, 0xFFFFFFFF), 255): b"", ((125, 0xFFFFFFFF), 0): b"a"}, {125: "ffffffff 05 00 01 61 ff 00"}),
    "both": ({(IN_43, 1): b"", (CABLELABS, 1): b""}, {43: "01 00 ff", 125: "0000118b 02 01 00"}),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_octets(name):
    suboptions, options = GOLDEN[name]
    assert encapsulated(suboptions) == {code: bytes.fromhex(text) for code, text in options.items()}


def test_the_order_of_the_configuration_does_not_matter():
    suboptions = {(CABLELABS, code): bytes((code,)) for code in range(1, 9)}
    assert encapsulated(dict(reversed(suboptions.items()))) == encapsulated(suboptions)


@pytest.mark.parametrize(("suboptions", "words"), [
    ({(IN_43, 7): bytes(256)}, "suboption 7 of option 43 has 256 octets; allowed are 255"),
    ({(CABLELABS, 7): bytes(256)}, "suboption 7 of enterprise 4491 in option 125 has 256 octets; allowed are 255"),
    ({(CABLELABS, 7): bytes(254)}, "suboptions of enterprise 4491 in option 125 have 256 octets in all"),
    ({(CABLELABS, 1): bytes(126), (CABLELABS, 2): bytes(126)}, "have 256 octets in all, .*; allowed are 255"),
])
def test_what_a_length_of_one_octet_cannot_say_is_refused(suboptions, words):
    with pytest.raises(InvalidValue, match=words):
        encapsulated(suboptions)


def test_what_just_fits_is_not_refused():
    """Option 43 as a whole, and 125 with several enterprises, may be longer than 255 octets (RFC 3396)."""
    options = encapsulated({(IN_43, 1): bytes(255), (IN_43, 2): bytes(255), (CABLELABS, 1): bytes(253),
                            (BROADBAND_FORUM, 1): bytes(253)})
    assert {code: len(value) for code, value in options.items()} == {43: 2 * 257 + 1, 125: 2 * (5 + 255)}


def parts(data: bytes) -> dict[int, bytes]:
    """Code, length, value, as RFC 2132 2 has them; all of it."""
    found = {}
    while data:
        code, length = data[0], data[1]
        assert len(data) >= 2 + length
        found[code], data = data[2:2 + length], data[2 + length:]
    return found


@given(st.dictionaries(st.integers(1, 254), st.binary(max_size=255), min_size=1, max_size=6))
def test_option_43_holds_each_suboption_once_and_an_end(values):
    data = encapsulated({(IN_43, code): value for code, value in values.items()})[43]
    assert parts(data[:-1]) == values
    assert data[-1] == 255


@given(st.dictionaries(st.integers(0, 0xFFFFFFFF), st.dictionaries(st.integers(0, 255), st.binary(max_size=40), min_size=1,
                                                                   max_size=6), min_size=1, max_size=4))
def test_option_125_holds_each_enterprise_once(values):
    data = encapsulated({((125, enterprise), code): value for enterprise, inner in values.items()
                         for code, value in inner.items()})[125]
    found = {}
    while data:
        enterprise, end = int.from_bytes(data[:4], "big"), 5 + data[4]
        assert enterprise not in found
        found[enterprise], data = parts(data[5:end]), data[end:]
    assert found == values


def test_tshark_reads_what_we_write(tmp_path):
    """Of option 43 it reads what the vendor class in the same message says: here PXE's suboptions."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    inet, l2 = pytest.importorskip("scapy.layers.inet"), pytest.importorskip("scapy.layers.l2")
    options = encapsulated({
        (IN_43, 6): b"\x08", (IN_43, 9): b"\x80\0\4menu", (IN_43, 10): b"\5wait",
        (CABLELABS, 2): b"\xc0\0\2\1", (BROADBAND_FORUM, 4): b"AABBCC", ((125, 9), 0): b"z", ((125, 9), 255): b"q"})
    message = Packet(BOOTREPLY, hardware=b"\2\0\0\0\0\2", options={53: b"\5", 60: b"PXEClient", **options}).encode()
    capture = tmp_path / "vendor.pcap"
    pytest.importorskip("scapy.utils").wrpcap(str(capture), [
        l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inet.IP(src="192.0.2.1", dst="192.0.2.2")
        / inet.UDP(sport=67, dport=68) / message])
    expected = {
        "dhcp.option.vendor.pxeclient.suboption": "6|9|10",
        "dhcp.option.vendor.pxeclient.discovery_control": "0x08",
        "dhcp.option.vendor.pxeclient.boot_menu.desc": "menu",
        "dhcp.option.vendor.pxeclient.menu_prompt.prompt": "wait",
        "dhcp.option.vendor.pxeclient.end": "255",
        "dhcp.option.vi.enterprise": "9|3561|4491",
        "dhcp.option.vi.length": "6|8|6",
        "dhcp.option.vi.tr111.gateway_manufacturer_oui": "AABBCC",
        "dhcp.option.vi.cl.tftp_server_addresses": "192.0.2.1",
        "dhcp.option.enterprise.malformed": "",
        "_ws.malformed": "",
    }
    out = subprocess.run(["tshark", "-r", str(capture), "-T", "fields", "-E", "aggregator=|",
                          *(word for name in expected for word in ("-e", name))],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    assert dict(zip(expected, out.rstrip("\n").split("\t"), strict=True)) == expected
