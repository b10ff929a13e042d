"""What relay agents add, read from octets that nobody vouches for (RFC 3046), with scapy and tshark to say what they are."""

import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.addresses import address_from, address_text
from pydhcpd.wire.packet import Packet
from pydhcpd.wire.relay import (
    CIRCUIT_ID,
    LINK_SELECTION,
    REMOTE_ID,
    link_selection,
    server_identifier_override,
    suboption_in,
    suboptions,
    uses_source_port,
    words,
)

MAC = bytes.fromhex("020000009901")
ADDRESS = address_from("192.0.2.1")
ALL = b"\1\4eth0\2\6\2\0\0\0\x99\1\5\4\xc0\0\2\1\6\3abc\x0b\4\xc0\0\2\2\x13\0"


@pytest.mark.parametrize(("data", "found"), [
    (b"", {}),
    (b"\1\4eth0\2\6\2\0\0\0\x99\1", {1: b"eth0", 2: MAC}),
    (b"\1\2ab\1\1c", {1: b"abc"}),
    (b"\x13\0", {19: b""}),
    (b"\1\1a\2\5b", {1: b"a"}),
    (b"\1", {}),
    (b"\1\1a\2", {1: b"a"}),
    (b"\0\1a\xff\1b", {0: b"a", 255: b"b"}),  # RFC 3046 2.0: neither padding nor an end
    (ALL, {1: b"eth0", 2: MAC, 5: b"\xc0\0\2\1", 6: b"abc", 11: b"\xc0\0\2\2", 19: b""}),
])
def test_suboptions_are_read_up_to_one_that_is_cut_short(data, found):
    assert suboptions(data) == found


@given(st.binary(max_size=600))
def test_any_octets_can_be_read_as_suboptions(data):
    assert all(0 <= code <= 255 for code in suboptions(data))
    assert 0 <= link_selection(data) <= 0xFFFFFFFF
    assert 0 <= server_identifier_override(data) <= 0xFFFFFFFF
    assert uses_source_port(data) == (19 in suboptions(data))


@given(st.binary(max_size=60), st.integers(0, 255))
def test_one_suboption_is_that_of_all(data, code):
    assert suboption_in(data, code) == suboptions(data).get(code)


@pytest.mark.parametrize(("of", "code"), [(link_selection, 5), (server_identifier_override, 11)])
@pytest.mark.parametrize(("value", "address"), [
    (b"\xc0\0\2\1", ADDRESS), (b"", 0), (b"\xc0\0\2", 0), (b"\xc0\0\2\1\0", 0), (bytes(4), 0)])
def test_an_address_of_another_length_counts_as_none(of, code, value, address):
    """RFC 3527 section 3, RFC 5107: four octets."""
    assert of(bytes((code, len(value))) + value) == address
    assert of(b"\1\1\5" + bytes((code, len(value))) + value) == address
    assert of(b"\1\2\5\x0b") == 0  # the code stands in another suboption


def test_a_repeated_address_is_none_for_repeats_are_one_value():
    assert link_selection(b"\5\4\xc0\0\2\1\5\4\xc0\0\2\2") == 0


@pytest.mark.parametrize(("relay", "uses"), [(b"\x13\0", True), (b"\1\1a\x13\0", True), (b"\x13\1x", True),
                                             (b"\1\1\x13", False), (b"", False), (b"\x13", False), (b"\x13\1", False)])
def test_the_port_that_the_relay_sent_from_is_used_if_it_says_so(relay, uses):
    """RFC 8357; the suboption is empty."""
    assert uses_source_port(relay) is uses


def test_scapy_reads_the_same_suboptions():
    dhcp = pytest.importorskip("scapy.layers.dhcp")
    data = Packet(hardware=MAC, options={53: b"\1", 82: ALL}).encode()
    options = [one for one in dhcp.BOOTP(data)[dhcp.DHCP].options if isinstance(one, tuple)]
    (seen,) = [one[1] for one in options if one[0] in {82, "relay_agent_Information", "relay_agent_information"}]
    assert suboptions(bytes(seen)) == suboptions(ALL)


def test_tshark_reads_the_same_suboptions(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    inet, l2 = pytest.importorskip("scapy.layers.inet"), pytest.importorskip("scapy.layers.l2")
    capture = tmp_path / "relay.pcap"
    pytest.importorskip("scapy.utils").wrpcap(str(capture), [
        l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inet.IP(src="192.0.2.9", dst="192.0.2.2")
        / inet.UDP(sport=67, dport=67) / Packet(hardware=MAC, giaddr=ADDRESS, options={53: b"\1", 82: ALL}).encode()])
    prefix = "dhcp.option.agent_information_option."
    names = ["agent_circuit_id", "agent_remote_id", "link_selection", "server_id_override", "suboption"]
    out = subprocess.run(["tshark", "-r", str(capture), "-T", "fields", "-E", "aggregator=|",
                          *(word for name in names for word in ("-e", prefix + name))],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    circuit, remote, link, override, codes = out.rstrip("\n").split("\t")
    ours = suboptions(ALL)
    assert (bytes.fromhex(circuit), bytes.fromhex(remote)) == (ours[CIRCUIT_ID], ours[REMOTE_ID])
    assert (link, override) == (address_text(link_selection(ALL)), address_text(server_identifier_override(ALL)))
    assert [int(code) for code in codes.split("|")] == list(ours)
    assert LINK_SELECTION in ours


@pytest.mark.parametrize(("data", "said"), [
    (b"", ""), (b"\x0b\4\xc0\0\2\2", ""), (ALL, 'circuit_id "eth0" remote_id "02:00:00:00:99:01" subscriber_id "abc"'),
    (b"\2\2sw\1\6port 7", 'circuit_id "port 7" remote_id "sw"'), (b"\1\0", 'circuit_id b""'),
    (b"\1\x50" + b"x" * 80, f'circuit_id "{"x" * 64}"...')])
def test_what_is_said_of_a_client_is_told_by_the_names_of_the_configuration(data, said):
    assert words(data) == said
