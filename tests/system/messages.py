"""DHCP messages and frames for the tests, made and read by code of their own, so that the server's does not judge itself.

Addresses are text here. Layout of a message: RFC 2131 section 2; options: RFC 2132 section 2.
"""

import socket
import struct
from dataclasses import dataclass, field

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
NONE, EVERYONE = "0.0.0.0", "255.255.255.255"
BROADCAST_FLAG = 0x8000
BROADCAST_MAC = b"\xff" * 6
COOKIE = bytes((99, 130, 83, 99))
HEADER = struct.Struct(">BBBBIHH4s4s4s4s16s64s128s")


class Malformed(Exception):
    """The bytes are no DHCP message."""


def packed(address: str) -> bytes:
    """An address for the wire."""
    return socket.inet_aton(address)


def mac_of(number: int) -> bytes:
    """The hardware address of the test client of this number."""
    return b"\x02\x77" + number.to_bytes(4, "big")


def mac_text(mac: bytes) -> str:
    """A hardware address as people write it."""
    return mac.hex(":")


def message(kind: int, mac: bytes, xid: int, *, flags: int = 0, ciaddr: str = NONE, giaddr: str = NONE,
            hops: int = 0, options: tuple[tuple[int, bytes], ...] = ()) -> bytes:
    """A client's message with these options after option 53, padded to 300 bytes."""
    head = HEADER.pack(1, 1, 6, hops, xid, 0, flags, packed(ciaddr), packed(NONE), packed(NONE), packed(giaddr), mac, b"", b"")
    body = b"".join(bytes((code, len(value))) + value for code, value in ((53, bytes((kind,))), *options))
    return (head + COOKIE + body + b"\xff").ljust(300, b"\0")


@dataclass
class Message:
    """A message that was read. `codes` lists the options in order, repeats included."""

    op: int
    htype: int
    hlen: int
    hops: int
    xid: int
    secs: int
    flags: int
    ciaddr: str
    yiaddr: str
    siaddr: str
    giaddr: str
    chaddr: bytes
    options: dict[int, bytes] = field(default_factory=dict)
    codes: list[int] = field(default_factory=list)
    sname: bytes = b""
    file: bytes = b""

    @property
    def kind(self) -> int:
        """Option 53, or 0."""
        return self.options.get(53, b"\0")[0]

    @property
    def mac(self) -> bytes:
        """The client's hardware address."""
        return self.chaddr[:self.hlen]

    def address(self, code: int) -> str:
        """An option of one address."""
        return socket.inet_ntoa(self.options[code])

    def number(self, code: int) -> int:
        """An option that is a number."""
        return int.from_bytes(self.options[code], "big")


def read(data: bytes) -> Message:
    """Read one message. Raises Malformed; options in sname and file (overload) are left alone."""
    if len(data) < HEADER.size + 4 or data[HEADER.size:HEADER.size + 4] != COOKIE:
        raise Malformed("no header and cookie")
    op, htype, hlen, hops, xid, secs, flags, *addresses, chaddr, sname, file = HEADER.unpack_from(data)
    made = Message(op, htype, hlen, hops, xid, secs, flags, *(socket.inet_ntoa(one) for one in addresses), chaddr=chaddr,
                   sname=sname.rstrip(b"\0"), file=file.rstrip(b"\0"))
    _read_options(data, made)
    return made


def _read_options(data: bytes, into: Message) -> None:
    place = HEADER.size + 4
    while place < len(data) and data[place] != 255:
        if data[place] == 0:
            place += 1
            continue
        if place + 2 > len(data) or place + 2 + data[place + 1] > len(data):
            raise Malformed("an option runs past the end")
        code, value = data[place], data[place + 2:place + 2 + data[place + 1]]
        into.options[code] = into.options.get(code, b"") + value
        into.codes.append(code)
        place += 2 + len(value)
    if place >= len(data):
        raise Malformed("no End option")


# --- frames: Ethernet, IPv4 (RFC 791), UDP (RFC 768)


@dataclass
class Frame:
    """A UDP datagram as it came over the cable, with all its bytes."""

    raw: bytes
    at: float = 0.0

    @property
    def destination_mac(self) -> bytes:
        return self.raw[:6]

    @property
    def source_mac(self) -> bytes:
        return self.raw[6:12]

    @property
    def source(self) -> str:
        return socket.inet_ntoa(self.raw[26:30])

    @property
    def destination(self) -> str:
        return socket.inet_ntoa(self.raw[30:34])

    @property
    def ports(self) -> tuple[int, int]:
        """Source and destination."""
        return struct.unpack_from(">HH", self.raw, self._udp)

    @property
    def payload(self) -> bytes:
        return self.raw[self._udp + 8:14 + int.from_bytes(self.raw[16:18], "big")]

    @property
    def _udp(self) -> int:
        return 14 + (self.raw[14] & 15) * 4

    def is_udp(self) -> bool:
        """Whether it is whole IPv4 and UDP, so that the rest here may be asked."""
        return len(self.raw) >= 42 and self.raw[12:14] == b"\x08\x00" and self.raw[23] == 17

    def ip_checksum_is_right(self) -> bool:
        """RFC 791 section 3.1: the header sums up to all ones."""
        return ones_sum(self.raw[14:self._udp]) == 0xFFFF

    def udp_checksum_is_right(self) -> bool:
        """RFC 768: datagram and pseudo header sum up to all ones, and the checksum is not 0, which would mean none."""
        end = 14 + int.from_bytes(self.raw[16:18], "big")
        datagram = self.raw[self._udp:end]
        pseudo = self.raw[26:34] + struct.pack(">HH", 17, len(datagram))
        return datagram[6:8] != b"\0\0" and ones_sum(pseudo + datagram) == 0xFFFF


def ones_sum(data: bytes) -> int:
    """The sum of 16-bit words in ones' complement (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total >> 16) + (total & 0xFFFF)
    return total


def frame(payload: bytes, source_mac: bytes, destination_mac: bytes = BROADCAST_MAC, source: str = NONE,
          destination: str = EVERYONE, source_port: int = 68) -> bytes:
    """A frame to a server's port 67, without a checksum of UDP, which RFC 768 allows."""
    udp = struct.pack(">HHHH", source_port, 67, 8 + len(payload), 0) + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, packed(source), packed(destination))
    head = head[:10] + struct.pack(">H", ones_sum(head) ^ 0xFFFF) + head[12:]
    return destination_mac + source_mac + b"\x08\x00" + head + udp
