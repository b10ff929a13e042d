"""The form pcapng of captures (draft-ietf-opsawg-pcapng): its numbers, and its blocks as we write them.

Owns the layout of blocks. Does not know what is in a packet, nor where a file is. What we write is little-endian.
"""

from struct import pack

SECTION = b"\x0a\x0d\x0d\x0a"  # the same in either byte order
BYTE_ORDER = 0x1A2B3C4D
INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 1, 2, 3, 6  # types of blocks
COMMENT, APPLICATION = 1, 4  # options of a section header
IF_NAME, IF_TSRESOL, IF_TSOFFSET = 2, 9, 14  # options of an interface description
FLAGS = 2  # option of a packet
INBOUND, OUTBOUND = 1, 2  # flags
RAW = 101  # link type (tcpdump.org/linktypes.html): an IP packet, and nothing before it
TICKS = 1_000_000  # a second, where an interface description does not say otherwise
_LENGTH_UNKNOWN = -1


def section_block(comment: str, application: str) -> bytes:
    """The block that begins a file."""
    options = _option(COMMENT, comment.encode()) + _option(APPLICATION, application.encode()) + _option(0, b"")
    return _block(int.from_bytes(SECTION, "little"), pack("<IHHq", BYTE_ORDER, 1, 0, _LENGTH_UNKNOWN) + options)


def interface_block(link_type: int, name: str) -> bytes:
    """The description of an interface; they count from 0 as they come."""
    return _block(INTERFACE, pack("<HHI", link_type, 0, 0) + _option(IF_NAME, name.encode()) + _option(0, b""))


def packet_block(interface: int, time: float, packet: bytes, direction: int) -> bytes:
    """A packet; `time` is in seconds of the epoch."""
    ticks = int(time * TICKS)
    header = pack("<IIIII", interface, ticks >> 32, ticks & 0xFFFFFFFF, len(packet), len(packet))
    return _block(PACKET, header + _padded(packet) + _option(FLAGS, pack("<I", direction)) + _option(0, b""))


def _block(kind: int, body: bytes) -> bytes:
    length = pack("<I", len(body) + 12)
    return pack("<I", kind) + length + body + length


def _option(code: int, value: bytes) -> bytes:
    return pack("<HH", code, len(value)) + _padded(value)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


__all__ = ["RAW", "interface_block", "packet_block", "section_block"]
