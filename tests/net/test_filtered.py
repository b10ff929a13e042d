"""What is read from packet sockets with a filter: IPv4 and UDP that is whole.

The filters are tried by tests/system/test_live_unaddressed.py and test_live_alarms.py.
"""

import random
import struct

import pytest

from pydhcpd.net.filtered import _datagram, is_whole
from pydhcpd.net.frames import udp_frame

OWN = 0x0A4D0001
PAYLOAD = bytes(range(251)) * 2
PACKET = udp_frame(PAYLOAD, bytes(6), bytes(6), 0, OWN, 68, 67)[14:]


def changed(place: int, *octets: int) -> bytes:
    """The packet with other octets at a place."""
    return PACKET[:place] + bytes(octets) + PACKET[place + len(octets):]


def summed(packet: bytes, header: int = 20) -> bytes:
    """With the checksum of its IPv4 header made right (RFC 1071)."""
    words = struct.unpack(f">{header // 2}H", packet[:10] + b"\0\0" + packet[12:header])
    return packet[:10] + struct.pack(">H", -sum(words) % 65535) + packet[12:]


OPTIONS = summed(b"\x46" + PACKET[1:2] + struct.pack(">H", len(PACKET) + 4) + PACKET[4:20] + b"\1\1\1\1" + PACKET[20:], 24)
"""A header of 24 octets: No Operation four times."""


@pytest.mark.parametrize("packet", [PACKET, PACKET + bytes(18), OPTIONS, changed(26, 0, 0)],
                         ids=["plain", "padded by the link", "options of IP", "without a checksum of UDP"])
def test_whole_packets_are_read(packet: bytes) -> None:
    """RFC 768: a checksum of 0 means that there is none."""
    assert is_whole(packet)
    assert _datagram(packet, 7) == (PAYLOAD, 7, 0, 68, OWN)


@pytest.mark.parametrize("packet", [
    b"", PACKET[:19], PACKET[:27], PACKET[:-1], summed(changed(0, 0x65)), summed(changed(0, 0x44)), changed(0, 0x4F),
    summed(changed(2, 0, 20)), changed(12, 1), changed(24, 0, 7), changed(24, 0xFF, 0xFF), changed(100, 0), changed(26, 1, 1),
], ids=["nothing", "half a header", "no header of UDP", "cut short", "version 6", "header of 16", "header of 60", "total of 20",
        "header's checksum", "length of UDP too short", "too long", "payload changed", "checksum changed"])
def test_damaged_packets_are_not(packet: bytes) -> None:
    """RFC 1122 section 4.1.3.4: silently discarded."""
    assert not is_whole(packet)


def test_checksum_that_the_sender_left_to_a_network_card_is_not_looked_at() -> None:
    assert is_whole(changed(26, 1, 1), is_summed=False)


def test_noise_is_read_or_left_out() -> None:
    """Whatever comes: no exception, and what is read lies within the packet."""
    noise = random.Random(1)
    for _ in range(20_000):
        packet = bytearray(noise.choice((PACKET, OPTIONS))[:noise.randrange(200)])
        for _ in range(noise.randrange(4) if packet else 0):
            packet[noise.randrange(len(packet))] = noise.randrange(256)
        if is_whole(bytes(packet), is_summed=False):
            assert len(_datagram(bytes(packet), 7)[0]) <= len(packet) - 28
