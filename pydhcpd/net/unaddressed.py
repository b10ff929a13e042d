"""Datagrams from 0.0.0.0 to an address of this machine: a client without an address that asks one server by unicast.

To the kernel such a source is a martian (RFC 1812 section 5.3.7): no UDP socket gets them. So they are read from a packet
socket, whose filter leaves all else in the kernel: whoever has an address wakes nobody here.
"""

import socket

from pydhcpd.net.filtered import (
    ETH_P_IP,
    JEQ,
    JSET,
    LD,
    LDB,
    LDH,
    LDH_X,
    LDX_HEADER,
    MORE_OR_OFFSET,
    PACKET_TYPE,
    RET,
    Instruction,
    attach,
    open_filtered,
)
from pydhcpd.net.sockets import hear_all_interfaces


def _filter(port: int) -> list[Instruction]:
    """UDP to `port` from 0.0.0.0, to neither 255.255.255.255 nor 0.0.0.0, whole, in a frame for us.

    The first test ends it for nearly everything.
    """
    return [
        (LD, 0, 0, 12), (JEQ, 0, 12, 0),  # source
        (LD, 0, 0, 16), (JEQ, 10, 0, 0xFFFFFFFF), (JEQ, 9, 0, 0),  # destination: those the kernel takes for broadcasts
        (LDB, 0, 0, 9), (JEQ, 0, 7, socket.IPPROTO_UDP),
        (LDH, 0, 0, 6), (JSET, 5, 0, MORE_OR_OFFSET),
        (LD, 0, 0, PACKET_TYPE), (JEQ, 0, 3, 0),
        (LDX_HEADER, 0, 0, 0), (LDH_X, 0, 0, 2), (JEQ, 1, 0, port),
        (RET, 0, 0, 0),
        (RET, 0, 0, 0xFFFFFFFF),
    ]


def open_unaddressed(port: int = 67) -> socket.socket:
    """A socket for what is described above. Needs CAP_NET_RAW. Raises OSError."""
    sock = open_filtered()
    try:
        attach(sock, _filter(port))
        hear_all_interfaces(sock, ETH_P_IP)
    except BaseException:
        sock.close()
        raise
    return sock
