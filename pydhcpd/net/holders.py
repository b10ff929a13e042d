"""Who holds a UDP port of this machine, or is at the other end of a connection, as the kernel tells it by sock_diag(7).

Owns the question and the reading of its answer (linux/inet_diag.h). Anybody may ask, and hears of other users' sockets too:
their device, user and inode, though not whose process they are. Does not know what the port is for.
"""

import errno
import os
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_NETLINK_SOCK_DIAG = 4  # linux/netlink.h
_SOCK_DIAG_BY_FAMILY = 20  # linux/sock_diag.h
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_ALL_STATES = 0xFFFFFFFF
_SKV6ONLY = 11  # linux/inet_diag.h: INET_DIAG_SKV6ONLY
_MAPPED = bytes(10) + b"\xff\xff"  # how an address of IPv4 begins in IPv6 (RFC 4291 section 2.5.5.2)
_ANSWER = 64 << 10  # octets, at most
_PATIENCE = 5.0  # seconds; the kernel answers at once
_NOT_HERE = (errno.ENOENT, errno.EAFNOSUPPORT)  # a kernel without IPv6, or without the part that tells of it

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_REQUEST = struct.Struct("=BBBxI" + "2s46x")  # struct inet_diag_req_v2: family, protocol, extensions, states; then ports...
_MESSAGE = struct.Struct("=BBxx" + "4x16s16xI8x" + "12xII")  # struct inet_diag_msg: family, state; source, device; uid, inode
_ONE = struct.Struct("=BBBxI" + "HH4s12x4s12x4x8s")  # the same for one socket: ports and addresses of both ends, cookie
_ANY_COOKIE = b"\xff" * 8
_ATTRIBUTE = struct.Struct("=HH")


@dataclass(frozen=True, slots=True)
class Holder:
    """A socket that is bound to the port."""

    address: int
    """The address that it is bound to, in host byte order; 0 for all."""
    interface: int
    """The index of the device that it is bound to (SO_BINDTODEVICE), 0 for none."""
    uid: int
    inode: int


def holders_of(port: int) -> list[Holder]:
    """The sockets that are bound to a UDP port and take datagrams of IPv4. Raises OSError where the kernel does not tell."""
    found = [_holder(body) for body in _dump(socket.AF_INET, port)]
    try:
        found += [_holder(body) for body in _dump(socket.AF_INET6, port) if _takes_ipv4(body)]
    except OSError as error:
        if error.errno not in _NOT_HERE:
            raise
    return found


def inode_of(sock: socket.socket) -> int:
    """What tells one's own socket among the holders."""
    return os.fstat(sock.fileno()).st_ino


def user_of_peer(connection: socket.socket) -> int | None:
    """The user whose program is at the other end of a connection; None where it is not on this machine, or nobody tells."""
    try:
        if connection.family == socket.AF_UNIX:
            return int(struct.unpack("=iii", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])
        if connection.family != socket.AF_INET:
            return None
        (theirs, their_port), (ours, our_port) = connection.getpeername(), connection.getsockname()
        ports, addresses = map(socket.htons, (their_port, our_port)), map(socket.inet_aton, (theirs, ours))
        request = _ONE.pack(socket.AF_INET, socket.IPPROTO_TCP, 0, _ALL_STATES, *ports, *addresses, _ANY_COOKIE)
        body = next(_asked(request, 0))
    except (OSError, StopIteration):
        return None
    return _holder(body).uid if body[4:8] == request[8:12] else None  # another one listens on the port that it had


def _dump(family: int, port: int) -> Iterator[bytes]:
    """The answers of the kernel for one family of addresses, a `struct inet_diag_msg` with its attributes each."""
    request = _REQUEST.pack(family, socket.IPPROTO_UDP, 0, _ALL_STATES, port.to_bytes(2, "big"))
    return _asked(request, _NLM_F_DUMP)


def _asked(request: bytes, flags: int) -> Iterator[bytes]:
    """The answers of the kernel to a request; to one for a single socket there is no more than one."""
    head = _HEADER.pack(_HEADER.size + len(request), _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST | flags, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as kernel:
        kernel.settimeout(_PATIENCE)
        kernel.sendto(head + request, (0, 0))
        while True:
            for kind, body in _messages(kernel.recv(_ANSWER)):
                if kind == _NLMSG_DONE:
                    return
                if kind == _NLMSG_ERROR:
                    number = -int.from_bytes(body[:4], sys.byteorder, signed=True)
                    raise OSError(number, os.strerror(number))
                yield body
            if not flags:
                return


def _messages(answer: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of one answer: type and body."""
    place = 0
    while place < len(answer):
        length, kind, *_ = _HEADER.unpack_from(answer, place)
        yield kind, answer[place + _HEADER.size:place + length]
        place += (length + 3) & ~3


def _holder(body: bytes) -> Holder:
    family, _, source, interface, uid, inode = _MESSAGE.unpack_from(body)
    address = source[:4] if family == socket.AF_INET else source[12:]
    return Holder(int.from_bytes(address, "big"), interface, uid, inode)


def _takes_ipv4(body: bytes) -> bool:
    """Whether a socket of IPv6 takes datagrams of IPv4 too: it is bound to all addresses and may, or to one of IPv4."""
    source = _MESSAGE.unpack_from(body)[2]
    return source.startswith(_MAPPED) or (source == bytes(16) and not _is_ipv6_only(body))


def _is_ipv6_only(body: bytes) -> bool:
    place = _MESSAGE.size
    while place + _ATTRIBUTE.size < len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, place)
        if kind == _SKV6ONLY:
            return bool(body[place + _ATTRIBUTE.size])
        place += (max(length, _ATTRIBUTE.size) + 3) & ~3
    return False
