"""Real packets: each decodes to what tshark says, or is refused with a reason.

The file of packets is not part of the project. It is looked for in ../shared/captures beside the repository, or where
PYDHCPD_CAPTURES names it.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from

import pytest

from pydhcpd.addresses import address_text
from pydhcpd.errors import MalformedPacket
from pydhcpd.wire import fqdn
from pydhcpd.wire.describe import describe
from pydhcpd.wire.packet import OVERLOAD, Packet, Request

CAPTURE = Path(os.environ.get("PYDHCPD_CAPTURES") or Path(__file__).parents[3] / "shared" / "captures" / "real.pcap")

# Frames that are no well-formed messages, and what is wrong with them.
REFUSED = {
    76: "an option runs past the end",  # a fuzzer's: option 60 says 49 bytes, and the rest is read out of step
    153: "no magic cookie",  # LEASEQUERY of a hand-made generator, in which the cookie does not lie at 236
    154: "no magic cookie",
    188: "no magic cookie",  # made to have a wrong one
}

FIELDS = {
    "op": "dhcp.type", "htype": "dhcp.hw.type", "hlen": "dhcp.hw.len", "hops": "dhcp.hops", "xid": "dhcp.id",
    "secs": "dhcp.secs", "flags": "dhcp.flags", "ciaddr": "dhcp.ip.client", "yiaddr": "dhcp.ip.your",
    "siaddr": "dhcp.ip.server", "giaddr": "dhcp.ip.relay", "mac": "dhcp.hw.mac_addr",
    "kind": "dhcp.option.dhcp", "codes": "dhcp.option.type", "values": "dhcp.option.value",
    "wanted": "dhcp.option.request_list_item", "asked": "dhcp.option.requested_ip_address",
    "fqdn_flags": "dhcp.fqdn.flags", "fqdn_name": "dhcp.fqdn.name",
    "server": "dhcp.option.dhcp_server_id", "lease": "dhcp.option.ip_address_lease_time",
}
BETWEEN = "\x1f"  # values of one field
EMPTY = "<MISSING>"  # an option without a value


@pytest.fixture(scope="module")
def messages() -> dict[int, bytes]:
    """The UDP payloads, by number of frame."""
    if not CAPTURE.exists():
        pytest.skip(f"there is no {CAPTURE}; PYDHCPD_CAPTURES names a file of packets")
    return dict(enumerate(payloads(CAPTURE.read_bytes()), 1))


@pytest.fixture(scope="module")
def decoded(messages) -> dict[int, Packet]:
    """What can be decoded, by number of frame."""
    return {number: Packet.decode(data) for number, data in messages.items() if number not in REFUSED}


@pytest.fixture(scope="module")
def judged(messages) -> dict[int, dict[str, list[str]]]:
    """What tshark says: the values of each of FIELDS, by number of frame."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    wanted = [word for name in FIELDS.values() for word in ("-e", name)]
    out = subprocess.run([tshark, "-r", str(CAPTURE), "-T", "fields", "-E", "occurrence=a", "-E", f"aggregator={BETWEEN}",
                          *wanted], capture_output=True, text=True, check=True).stdout
    lines = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in out.split("\n") if line]
    return {number: {name: value.split(BETWEEN) if value else [] for name, value in line.items()}
            for number, line in enumerate(lines, 1)}


def payloads(capture: bytes) -> Iterator[bytes]:
    """The UDP payloads of a little-endian pcap file of Ethernet frames with IPv4."""
    at = 24
    while at < len(capture):
        length = unpack_from("<8xI", capture, at)[0]
        frame = capture[at + 16:at + 16 + length]
        yield frame[14 + (frame[14] & 15) * 4 + 8:]
        at += 16 + length


def test_the_capture_is_the_one_that_the_list_of_refused_frames_is_for(messages):
    assert len(messages) == 194


def test_exactly_the_malformed_frames_are_refused_each_with_its_reason(messages):
    refused = {}
    for number, data in messages.items():
        try:
            Packet.decode(data)
        except MalformedPacket as reason:
            refused[number] = str(reason)
    assert refused == REFUSED


def test_option_81_is_what_tshark_says(decoded, judged):
    sent = {number: fqdn.decode(one.options[81]) for number, one in decoded.items() if 81 in one.options}
    assert len(sent) > 10
    for number, read in sent.items():
        assert read is not None
        assert (f"0x{read.flags:02x}", [read.name]) == (
            judged[number]["fqdn_flags"][0], [one.rstrip(".") for one in judged[number]["fqdn_name"] or [""]])


@pytest.mark.parametrize("name", ["op", "htype", "hlen", "hops", "xid", "flags"])
def test_numbers_of_the_header_are_what_tshark_says(decoded, judged, name):
    for number, packet in decoded.items():
        assert (number, getattr(packet, name)) == (number, int(judged[number][name][0], 0))


def test_seconds_are_what_tshark_says_which_swaps_those_of_little_endian_clients(decoded, judged):
    for number, packet in decoded.items():
        swapped = packet.secs > 255 and packet.secs & 255 == 0
        assert (number, packet.secs >> 8 if swapped else packet.secs) == (number, int(judged[number]["secs"][0], 0))


@pytest.mark.parametrize("name", ["ciaddr", "yiaddr", "siaddr", "giaddr"])
def test_addresses_of_the_header_are_what_tshark_says(decoded, judged, name):
    for number, packet in decoded.items():
        assert (number, address_text(getattr(packet, name))) == (number, judged[number][name][0])


def test_hardware_addresses_are_what_tshark_says(decoded, judged):
    checked = 0
    for number, packet in decoded.items():
        if packet.hlen == 6 and packet.htype == 1:
            assert (number, packet.hardware.hex(":")) == (number, judged[number]["mac"][0])
            checked += 1
    assert checked > 150


def test_message_types_are_what_tshark_says(decoded, judged):
    for number, packet in decoded.items():
        expected = judged[number]["kind"]
        assert (number, packet.message_type) == (number, int(expected[0]) if expected else 0)


def test_option_codes_and_values_are_what_tshark_says(decoded, judged):
    """Repeats concatenated (RFC 3396 section 7)."""
    for number, packet in decoded.items():
        if not is_overloaded(judged[number]):
            assert (number, packet.options) == (number, options_of(judged[number]))


def test_options_in_file_and_sname_are_those_that_tshark_finds(decoded, judged):
    """Read after the options field, file before sname (RFC 3396 section 5); tshark has another order."""
    overloaded = [number for number in decoded if is_overloaded(judged[number])]
    assert overloaded
    for number in overloaded:
        ours = {code: sorted(value) for code, value in decoded[number].options.items()}
        assert (number, ours) == (number, {code: sorted(value) for code, value in options_of(judged[number]).items()})


def test_options_of_one_code_are_read_in_the_order_options_file_sname(decoded):
    """RFC 3396 section 5, on the one frame that spreads its option 56 over all three."""
    assert decoded[11].options[56] == b"Paddingfile name field overloadsname field overload"


def is_overloaded(line: dict[str, list[str]]) -> bool:
    return str(OVERLOAD) in line["codes"]


def options_of(line: dict[str, list[str]]) -> dict[int, bytes]:
    """The options of a line of tshark's, which lists codes and values apart; padding and End have a code alone."""
    codes = [int(code) for code in line["codes"] if code not in {"0", "255"}]
    options: dict[int, bytes] = {}
    for code, value in zip(codes, line["values"], strict=True):
        options[code] = options.get(code, b"") + (b"" if value == EMPTY else bytes.fromhex(value))
    options.pop(OVERLOAD, None)
    return options


@pytest.mark.parametrize(("code", "name"), [(50, "asked"), (54, "server")])
def test_options_of_one_address_are_what_tshark_says(decoded, judged, code, name):
    for number, packet in decoded.items():
        expected = judged[number][name]
        assert (number, address_text(packet.address(code))) == (number, expected[0] if expected else "0.0.0.0")


def test_parameter_request_lists_are_what_tshark_says(decoded, judged):
    for number, packet in decoded.items():
        assert (number, list(packet.options.get(55, b""))) == (number, [int(code) for code in judged[number]["wanted"]])


def test_what_was_decoded_means_the_same_when_encoded_again(decoded):
    for number, packet in decoded.items():
        assert (number, Packet.decode(packet.encode())) == (number, packet)


def test_every_message_can_be_put_into_a_line_of_printable_words(decoded):
    for number, packet in decoded.items():
        line = describe(packet)
        assert (number, line.isascii(), line.isprintable()) == (number, True, True)


def test_every_well_formed_request_has_a_client(messages, decoded):
    for number, packet in decoded.items():
        if packet.op == 1:
            request = Request.receive(messages[number], 1, 0, 68, 0xFFFFFFFF)
            assert request.client[1:].endswith(request.options.get(61) or request.hardware)
