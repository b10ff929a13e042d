"""What a computer's card sent and received, read from the emulator's own record (pcap): DHCP, and files asked for.

Read by code of the tests' own, so that the server's does not judge itself.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from messages import Malformed, Message, read

PCAP_HEADER, RECORD_HEADER = 24, struct.Struct("<IIII")
ETHERNET, IPV4, TCP, UDP = 14, b"\x08\x00", 6, 17
TFTP, DHCP, PXE = 69, 67, 4011
GET = re.compile(rb"(?:GET|HEAD) (\S+) HTTP/1")
READ = re.compile(rb"\x00\x01([^\x00]+)\x00")  # RFC 1350 section 5


@dataclass(frozen=True)
class Segment:
    """A datagram or a segment of a stream."""

    protocol: int
    ports: tuple[int, int]
    payload: bytes


class Record:
    """The record of a computer."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def asked(self) -> list[str]:
        """Each file asked for, as "tftp NAME" or "http PATH", in order; asked for again at once, it is told once."""
        found = (one for segment in self.segments() for one in _asked(segment))
        return [one for one, _ in groupby(found)]

    def messages(self) -> list[Message]:
        """Each DHCP message, to and from the computer, in order."""
        return [message for one in self.segments() if one.protocol == UDP and not {DHCP, PXE}.isdisjoint(one.ports)
                for message in _messages(one.payload)]

    def segments(self) -> Iterator[Segment]:
        """All of them, in order. What is being written is left out."""
        data = self.file.read_bytes() if self.file.exists() else b""
        place = PCAP_HEADER
        while place + RECORD_HEADER.size <= len(data):
            *_, length, _ = RECORD_HEADER.unpack_from(data, place)
            place += RECORD_HEADER.size + length
            if place <= len(data):
                yield from _segments(data[place - length:place])


def _segments(frame: bytes) -> Iterator[Segment]:
    """What an Ethernet frame carries, if that is TCP or UDP in one piece (RFC 791)."""
    packet = frame[ETHERNET:]
    if frame[12:14] != IPV4 or packet[9] not in (TCP, UDP) or int.from_bytes(packet[6:8], "big") & 0x1FFF:
        return
    inner = packet[(packet[0] & 15) * 4:int.from_bytes(packet[2:4], "big")]
    head = 8 if packet[9] == UDP else (inner[12] >> 4) * 4
    yield Segment(packet[9], (int.from_bytes(inner[:2], "big"), int.from_bytes(inner[2:4], "big")), inner[head:])


def _asked(one: Segment) -> Iterator[str]:
    if one.protocol == UDP and one.ports[1] == TFTP and (found := READ.match(one.payload)):
        yield f"tftp {found[1].decode()}"
    if one.protocol == TCP and (found := GET.match(one.payload)):
        yield f"http {found[1].decode()}"


def _messages(payload: bytes) -> Iterator[Message]:
    try:
        yield read(payload)
    except Malformed:
        return
