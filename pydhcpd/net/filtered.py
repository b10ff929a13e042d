"""Packet sockets that hear the few IPv4 packets with UDP in them which a filter picks out (classic BPF), and leave all else in
the kernel: what no UDP socket of ours would get.

Owns the words of such filters, and the reading of IPv4 and UDP headers (RFC 791, RFC 768). Does not know what the datagrams
mean.
"""

import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ctypes import addressof, create_string_buffer
from typing import TypeAlias

from pydhcpd.net.batch import Datagram

_SO_ATTACH_FILTER = 26  # asm-generic/socket.h
_SOL_PACKET, _PACKET_AUXDATA = 263, 8  # linux/socket.h, linux/if_packet.h
_TP_STATUS_CSUMNOTREADY = 0x8  # the sender was this machine, which leaves the checksum to a network card
_BUFFER_SIZE = 256 << 10  # octets: some hundred datagrams, as the kernel counts them
_LONGEST = 64 << 10
_PORTION = 64  # datagrams read in one go
_UDP = 17
_ANCILLARY = 64  # octets: one item of 20
_IPV4_HEADER = struct.Struct(">BxH8xII")  # version and length, total length, source, destination
_UDP_HEADER = struct.Struct(">HHHH")

ETH_P_IP = 0x0800
MORE_OR_OFFSET = 0x3FFF  # that a packet is a fragment
PACKET_TYPE = 0xFFFFF004  # SKF_AD_OFF + SKF_AD_PKTTYPE; 0 is PACKET_HOST: the frame is to our hardware address
# linux/filter.h: loads of 4, 2 and 1 octets at a place of the packet, the same at a place after X; X = length of the IPv4
# header; jumps where equal, where bits are set; the answer.
LD, LDH, LDB, LD_X, LDH_X, LDB_X, LDX_HEADER, JEQ, JSET, RET = 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0xB1, 0x15, 0x45, 0x06

Instruction: TypeAlias = tuple[int, int, int, int]
"""Code, instructions to skip if true, if false, operand."""


def open_filtered() -> socket.socket:
    """A non-blocking packet socket that hears nothing yet. Needs CAP_NET_RAW. Raises OSError."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_SIZE)
        sock.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
    except BaseException:
        sock.close()
        raise
    return sock


def attach(sock: socket.socket, instructions: Sequence[Instruction]) -> None:
    """Let nothing in but what a filter answers with another number than 0; to be done before the socket hears anything."""
    program = create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in instructions))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(instructions), addressof(program)))


def receive_filtered(sock: socket.socket) -> Iterator[Datagram]:
    """A portion of what waits in such a socket; what is cut short or damaged is left out."""
    with suppress(BlockingIOError):
        for _ in range(_PORTION):
            packet, ancillary, _, (interface, *_) = sock.recvmsg(_LONGEST, _ANCILLARY)
            if is_whole(packet, _is_summed(ancillary)):
                with suppress(OSError):  # the interface has just been removed
                    yield _datagram(packet, socket.if_nametoindex(interface))


def _is_summed(ancillary: list[tuple[int, int, bytes]]) -> bool:
    """Whether the datagram has its checksum: one from a virtual machine or container here may have been left without."""
    status = next((data for level, kind, data in ancillary if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA)), bytes(4))
    return not struct.unpack_from("=I", status)[0] & _TP_STATUS_CSUMNOTREADY


def is_whole(packet: bytes, is_summed: bool = True) -> bool:
    """Whether an IPv4 packet with UDP in it has the lengths and checksums that it tells of."""
    if len(packet) < _IPV4_HEADER.size or packet[0] >> 4 != 4:
        return False
    header, total, source, destination = _fields(packet)
    if not _IPV4_HEADER.size <= header <= total - _UDP_HEADER.size <= len(packet) - _UDP_HEADER.size or _sum(packet[:header]):
        return False
    _, _, length, checksum = _UDP_HEADER.unpack_from(packet, header)
    if not _UDP_HEADER.size <= length <= total - header:
        return False
    return not checksum or not is_summed or not _sum(packet[header:header + length], source + destination + _UDP + length)


def _fields(packet: bytes) -> tuple[int, int, int, int]:
    """Length of the header and of all in octets, source and destination."""
    first, total, source, destination = _IPV4_HEADER.unpack_from(packet)
    return (first & 15) * 4, total, source, destination


def _sum(octets: bytes, more: int = 0) -> int:
    """The ones' complement sum of 16-bit words, 0 where a checksum among them is right (see net/frames.py)."""
    return (int.from_bytes(octets + bytes(len(octets) % 2), "big") + more) % 65535


def _datagram(packet: bytes, interface: int) -> Datagram:
    header, _, source, destination = _fields(packet)
    port, _, length, _ = _UDP_HEADER.unpack_from(packet, header)
    return packet[header + _UDP_HEADER.size:header + length], interface, source, port, destination
