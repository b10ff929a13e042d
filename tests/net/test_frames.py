"""Frames, judged by scapy, and their checksums, judged by the loop of RFC 1071."""

from hypothesis import example, given
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from pydhcpd.net.frames import udp_frame

SERVER = bytes.fromhex("020000009901")
CLIENT = bytes.fromhex("020000009902")
ADDRESSES = st.integers(0, 0xFFFFFFFF)
WORDS = st.integers(0, 0xFFFF)


def words_sum(octets: bytes) -> int:
    """The ones' complement sum, word by word."""
    total = 0
    padded = octets + b"\0" * (len(octets) % 2)
    for i in range(0, len(padded), 2):
        total += padded[i] << 8 | padded[i + 1]
        total = (total & 0xFFFF) + (total >> 16)
    return total


def udp_sum(frame: bytes) -> int:
    """The sum over pseudo header and datagram with its checksum: 65535 if that is right."""
    return words_sum(frame[26:34] + b"\0\x11" + frame[38:40] + frame[34:])


def test_frame_carries_every_field():
    frame = Ether(udp_frame(b"hello", SERVER, CLIENT, 0xC0A88901, 0xC0A88964, 67, 68, 513))
    assert (frame.dst, frame.src, frame.type) == ("02:00:00:00:99:02", "02:00:00:00:99:01", 0x0800)
    assert (frame[IP].src, frame[IP].dst) == ("192.168.137.1", "192.168.137.100")
    assert (frame[IP].version, frame[IP].ihl, frame[IP].ttl, frame[IP].proto, frame[IP].tos) == (4, 5, 64, 17, 0x10)
    assert (frame[IP].len, frame[IP].id, int(frame[IP].flags), frame[IP].frag) == (33, 513, 0, 0)
    assert (frame[UDP].sport, frame[UDP].dport, frame[UDP].len) == (67, 68, 13)
    assert bytes(frame[UDP].payload) == b"hello"


@given(st.binary(max_size=1500), ADDRESSES, ADDRESSES, WORDS, WORDS, WORDS)
@example(b"", 0, 0, 0, 0, 0)
@example(b"\xff" * 1473, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFF, 0xFFFF, 0xFFFF)
def test_checksums_are_those_of_rfc_1071(payload, source, destination, source_port, destination_port, identification):
    frame = udp_frame(payload, SERVER, CLIENT, source, destination, source_port, destination_port, identification)
    assert len(frame) == 42 + len(payload)
    assert words_sum(frame[14:34]) == 0xFFFF
    assert udp_sum(frame) == 0xFFFF
    assert frame[40:42] != b"\0\0"


@given(st.binary(min_size=1, max_size=700), ADDRESSES, ADDRESSES)
def test_scapy_computes_the_same_checksums(payload, source, destination):
    frame = udp_frame(payload, SERVER, CLIENT, source, destination, 1067, 1068)
    built = Ether(frame)
    del built[IP].chksum
    del built[UDP].chksum
    assert bytes(built) == frame


def test_checksum_of_zero_is_sent_as_all_ones():
    # The last two octets are chosen so that the sum of everything else is 65535.
    frame = udp_frame(b"\0\0", SERVER, CLIENT, 0x0A000001, 0x0A000002)
    rest = int.from_bytes(frame[40:42], "big")
    frame = udp_frame(rest.to_bytes(2, "big"), SERVER, CLIENT, 0x0A000001, 0x0A000002)
    assert frame[40:42] == b"\xff\xff"
    assert udp_sum(frame) == 0xFFFF
