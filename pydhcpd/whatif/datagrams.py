"""From a captured frame to the UDP datagram in it: what of a link comes before the IPv4 packet, and that packet's headers.

Owns the link types (tcpdump.org/linktypes.html) that DHCP is captured on, and tags of VLANs. Does not know what is said.
"""

from typing import NamedTuple

from pydhcpd.errors import MalformedPacket
from pydhcpd.pcapng import RAW

NULL, ETHERNET, RAW_OF_BSD, RAW_OF_OPENBSD, LOOP, COOKED, IPV4, COOKED_2 = 0, 1, 12, 14, 108, 113, 228, 276
PROTOCOL = {ETHERNET: (12, 14), COOKED: (14, 16), COOKED_2: (0, 20)}
"""Where the type of what is carried stands (as EtherType), and where that begins."""
BARE = {NULL: 4, LOOP: 4, RAW_OF_BSD: 0, RAW_OF_OPENBSD: 0, RAW: 0, IPV4: 0}
"""Where the IP packet begins, on links that carry nothing else that matters."""
READ = frozenset((*PROTOCOL, *BARE))
IPV4_TYPE, TAGS = 0x0800, (0x8100, 0x88A8, 0x9100)  # EtherTypes; IEEE 802.1Q, 802.1ad, and what was used before that
UDP = 17
SHORTEST_IP, UDP_HEADER = 20, 8
MORE_FRAGMENTS, OFFSET = 0x2000, 0x1FFF


class Datagram(NamedTuple):
    """What a UDP datagram says, and its ends; addresses in host byte order."""

    source: int
    port: int
    destination: int
    destination_port: int
    payload: bytes


def datagram_in(link_type: int, frame: bytes) -> Datagram | None:
    """The datagram in a frame; None where there is none. Raises MalformedPacket where a part of it is missing."""
    start = _start_of_ip(link_type, frame)
    if start is None or len(frame) < start + SHORTEST_IP or frame[start] >> 4 != 4 or frame[start + 9] != UDP:
        return None
    packet = frame[start:]
    header, length, flags = (packet[0] & 15) * 4, _word(packet, 2), _word(packet, 6)
    if flags & OFFSET:
        return None  # a further fragment; the first one is told
    packet = packet[:length] if length else packet  # a sender that leaves the length to its hardware has 0 there
    if header < SHORTEST_IP or len(packet) < header + UDP_HEADER:
        raise MalformedPacket("cut off within its headers")
    size = _word(packet, header + 4) or len(packet) - header
    if flags & MORE_FRAGMENTS or size < UDP_HEADER or header + size > len(packet):
        raise MalformedPacket("a fragment" if flags & MORE_FRAGMENTS else "not captured to its end")
    return Datagram(int.from_bytes(packet[12:16], "big"), _word(packet, header), int.from_bytes(packet[16:20], "big"),
                    _word(packet, header + 2), packet[header + UDP_HEADER:header + size])


def _start_of_ip(link_type: int, frame: bytes) -> int | None:
    """Where the IPv4 packet begins, tags of VLANs passed by; None where there is none."""
    if link_type in BARE:
        return BARE[link_type]
    if link_type not in PROTOCOL:
        return None
    at, start = PROTOCOL[link_type]
    kind = _word(frame, at)
    while kind in TAGS:
        kind, start = _word(frame, start + 2), start + 4
    return start if kind == IPV4_TYPE else None


def _word(data: bytes, at: int) -> int:
    """Two octets; 0 past the end."""
    return int.from_bytes(data[at:at + 2], "big") if at + 2 <= len(data) else 0


__all__ = ["READ", "Datagram", "datagram_in"]
