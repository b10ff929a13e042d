"""Captures of network traffic: files of the forms pcap and pcapng, read frame by frame, in either byte order.

Owns the layout of both (draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng). Does not know what is in a frame. A file that is
cut off or damaged is told with the place, after what was whole before it.

    pcap     header of 24 octets: magic, version, zone, accuracy, snap length, link type; then records
             of 16: seconds, fraction, length here, length on the wire; and the frame
    pcapng   blocks: type, length, body, length again. A section header tells the byte order of what follows,
             interface descriptions the link type, name and clock, packet blocks the frames
"""

from collections.abc import Iterator, Mapping
from struct import Struct
from typing import BinaryIO, NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.pcapng import (
    IF_NAME,
    IF_TSOFFSET,
    IF_TSRESOL,
    INTERFACE,
    OLD_PACKET,
    PACKET,
    SECTION,
    SIMPLE_PACKET,
)

LONGEST_FRAME = 1 << 18  # octets: what tcpdump captures at most
LONGEST_BLOCK = 1 << 24
MAGICS = {b"\xa1\xb2\xc3\xd4": (">", 1e6), b"\xd4\xc3\xb2\xa1": ("<", 1e6),
          b"\xa1\xb2\x3c\x4d": (">", 1e9), b"\x4d\x3c\xb2\xa1": ("<", 1e9)}
"""How a pcap file begins: its byte order, and fractions of a second in a second."""
ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
SIXTEEN_BITS = 0xFFFF  # of a pcap's link type; what is above tells of checksums at the end of frames


class Frame(NamedTuple):
    """A frame as it was captured; `number` counts from 1, `time` is seconds of the epoch, 0 where it was not noted."""

    number: int
    time: float
    link_type: int
    data: bytes
    interface: str = ""


def frames(file: BinaryIO) -> Iterator[Frame]:
    """The frames of a capture. Raises InvalidValue where it is none, or from where on it cannot be read."""
    magic = file.read(4)
    if magic in MAGICS:
        return _of_pcap(_Reader(file, 4), *MAGICS[magic])
    if magic == SECTION:
        return _of_pcapng(_Reader(file, 4))
    raise InvalidValue("it is no capture; allowed are pcap and pcapng, as tcpdump, tshark and Wireshark write them")


class _Reader:
    """A file, and where in it we are."""

    def __init__(self, file: BinaryIO, place: int) -> None:
        self._file, self.place = file, place

    def read(self, length: int, what: str) -> bytes:
        """So many octets. Raises InvalidValue where there are fewer."""
        data = self._file.read(length)
        if len(data) < length:
            raise InvalidValue(f"it ends at octet {self.place + len(data)}, within {what}")
        self.place += length
        return data

    def begin(self, length: int, what: str) -> bytes:
        """The same as `read`; empty where the file ends here, as it may."""
        first = self._file.read(1)
        if not first:
            return b""
        self.place += 1
        return first + self.read(length - 1, what)


# --- pcap


def _of_pcap(reader: _Reader, order: str, fractions: float) -> Iterator[Frame]:
    link_type = Struct(order + "16xI").unpack(reader.read(20, "its header"))[0] & SIXTEEN_BITS
    layout, number = Struct(order + "IIII"), 0
    while header := reader.begin(layout.size, f"the header of frame {number + 1}"):
        number += 1
        seconds, fraction, length, _ = layout.unpack(header)
        if length > LONGEST_FRAME:
            raise InvalidValue(f"frame {number} at octet {reader.place} is said to have {length} octets: it is damaged there")
        yield Frame(number, seconds + fraction / fractions, link_type, reader.read(length, f"frame {number}"))


# --- pcapng


class _Interface(NamedTuple):
    link_type: int
    snap_length: int
    name: str
    ticks: float  # a second
    offset: int  # seconds


def _of_pcapng(reader: _Reader) -> Iterator[Frame]:
    order, interfaces, number = _section(reader), list[_Interface](), 0
    while kind_of_block := reader.begin(4, "the header of a block"):
        if kind_of_block == SECTION:
            order, interfaces = _section(reader), []
            continue
        kind = Struct(order + "I").unpack(kind_of_block)[0]
        body = _body(reader, order)
        if kind == INTERFACE:
            interfaces.append(_interface(body, order, reader.place))
        elif kind in (PACKET, OLD_PACKET, SIMPLE_PACKET):
            number += 1
            yield _frame(kind, body, order, interfaces, number, reader.place)


def _section(reader: _Reader) -> str:
    """The byte order of a section, whose header is passed by."""
    length, magic = reader.read(4, "a section header"), reader.read(4, "a section header")
    if magic not in ORDERS:
        raise InvalidValue(f"the section header at octet {reader.place} is damaged")
    order = ORDERS[magic]
    _rest(reader, order, length, 12)
    return order


def _body(reader: _Reader, order: str) -> bytes:
    """What is in a block, whose type was read."""
    return _rest(reader, order, reader.read(4, "the header of a block"), 8)


def _rest(reader: _Reader, order: str, length: bytes, read: int) -> bytes:
    """The rest of a block of which so much was read, without the length that ends it."""
    total = int.from_bytes(length, "big" if order == ">" else "little")
    if not read + 4 <= total <= LONGEST_BLOCK or total % 4:
        raise InvalidValue(f"the block before octet {reader.place} is said to have {total} octets: it is damaged there")
    body = reader.read(total - read - 4, "a block")
    if reader.read(4, "a block") != length:
        raise InvalidValue(f"the block before octet {reader.place} does not end as it begins: it is damaged there")
    return body


def _interface(body: bytes, order: str, place: int) -> _Interface:
    layout = Struct(order + "HxxI")
    if len(body) < layout.size:
        raise InvalidValue(f"the interface description before octet {place} is damaged")
    link_type, snap_length = layout.unpack_from(body)
    options = _options(body[layout.size:], order)
    resolution = options.get(IF_TSRESOL, b"\6")[:1] or b"\6"
    ticks = 2.0 ** (resolution[0] & 127) if resolution[0] & 128 else 10.0 ** resolution[0]
    offset = options.get(IF_TSOFFSET, b"")
    return _Interface(link_type, snap_length, options.get(IF_NAME, b"").rstrip(b"\0").decode("utf-8", "replace"), ticks,
                      Struct(order + "q").unpack(offset)[0] if len(offset) == 8 else 0)


def _options(data: bytes, order: str) -> Mapping[int, bytes]:
    """Options by code; the first of each."""
    found: dict[int, bytes] = {}
    layout, at = Struct(order + "HH"), 0
    while at + layout.size <= len(data):
        code, length = layout.unpack_from(data, at)
        if not code:
            break
        at += layout.size
        found.setdefault(code, data[at:at + length])
        at += length + -length % 4
    return found


def _frame(kind: int, body: bytes, order: str, interfaces: list[_Interface], number: int, place: int) -> Frame:
    """The frame of a packet block. An old one has a count of drops beside the number of the interface."""
    layout = Struct(order + {PACKET: "IIIII", OLD_PACKET: "HxxIIII", SIMPLE_PACKET: "I"}[kind])
    if len(body) < layout.size:
        raise InvalidValue(f"frame {number}, before octet {place}, is damaged")
    values = layout.unpack_from(body)
    index, length = (0, values[0]) if kind == SIMPLE_PACKET else (values[0], values[3])
    if index >= len(interfaces):
        raise InvalidValue(f"frame {number}, before octet {place}, is of an interface that is not described")
    one = interfaces[index]
    if kind == SIMPLE_PACKET:
        length, time = min(length, one.snap_length or length), 0.0
    else:
        time = ((values[1] << 32) + values[2]) / one.ticks + one.offset
    if length > len(body) - layout.size:
        raise InvalidValue(f"frame {number}, before octet {place}, is said to have {length} octets: it is damaged there")
    return Frame(number, time, one.link_type, body[layout.size:layout.size + length], one.name)


__all__ = ["Frame", "frames"]
