"""Answers to a question of our own, beside whoever has their port on this machine, and to whatever address they are sent.

They are read from a packet socket, whose filter lets in nothing but what carries the mark of the question. Between two
questions the socket is bound to a protocol that nobody speaks, so that other packets cost nothing for it.
"""

import socket

from pydhcpd.net.filtered import (
    ETH_P_IP,
    JEQ,
    JSET,
    LD_X,
    LDB,
    LDH,
    LDH_X,
    LDX_HEADER,
    MORE_OR_OFFSET,
    RET,
    Instruction,
    attach,
)
from pydhcpd.net.sockets import hear_all_interfaces

_ETH_P_LOOP = 0x0060  # linux/if_ether.h: a test of Ethernet's, long gone
_UDP_HEADER = 8


def _filter(port: int, place: int, mark: int) -> list[Instruction]:
    """UDP to `port`, whole, whose payload has the four octets of `mark` at a place."""
    return [
        (LDB, 0, 0, 9), (JEQ, 0, 7, socket.IPPROTO_UDP),
        (LDH, 0, 0, 6), (JSET, 5, 0, MORE_OR_OFFSET),
        (LDX_HEADER, 0, 0, 0), (LDH_X, 0, 0, 2), (JEQ, 0, 2, port),
        (LD_X, 0, 0, _UDP_HEADER + place), (JEQ, 1, 0, mark),
        (RET, 0, 0, 0),
        (RET, 0, 0, 0xFFFFFFFF),
    ]


def begin_to_hear(sock: socket.socket, port: int, place: int, mark: int) -> None:
    """Let a socket of `open_filtered` hear such answers on all interfaces. Needs no privileges. Raises OSError."""
    attach(sock, _filter(port, place, mark))
    hear_all_interfaces(sock, ETH_P_IP)


def end_hearing(sock: socket.socket) -> None:
    """Hear nothing. Raises OSError."""
    hear_all_interfaces(sock, _ETH_P_LOOP)
