"""Opening the sockets of the server, before it gives up its privileges.

Owns the options that they need. Does not know what goes over them. What fails raises OSError as the system gives it: the caller
knows what the socket was for, and says so.
"""

import ctypes
import socket
import struct

_SOCKADDR_LL = struct.Struct("=HHiHBB8s")  # family, protocol, interface (0: all); the rest is 0 here
_IP_PKTINFO = 8  # linux/in.h
_IP_FREEBIND = 15  # the same; it counts for IPv6 as well
_SO_SNDBUFFORCE = 32  # asm-generic/socket.h
_SO_RCVBUFFORCE = 33
_BUFFER_SIZE = 8 << 20  # octets: thousands of small datagrams, as the kernel counts them; a tenth of a second of heavy load

_libc = ctypes.CDLL(None, use_errno=True)


def open_udp(port: int = 67, address: str = "", shared: bool = False) -> socket.socket:
    """A non-blocking UDP socket, bound to `port` on all addresses or on the given one.

    It may send broadcasts and reports the interface of each datagram. Where its port is not `shared` (SO_REUSEADDR), a second
    server on it is an error.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        _raise_buffer(sock, _SO_RCVBUFFORCE, socket.SO_RCVBUF)
        _raise_buffer(sock, _SO_SNDBUFFORCE, socket.SO_SNDBUF)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, shared)
        sock.bind((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def open_packet() -> socket.socket:
    """A non-blocking socket to send whole frames by any interface. It is unbound, and of no protocol: it receives nothing."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sock.setblocking(False)
    _raise_buffer(sock, _SO_SNDBUFFORCE, socket.SO_SNDBUF)
    return sock


def open_tcp(address: str, port: int) -> socket.socket:
    """A listening TCP socket. The system holds as many connections that nobody has accepted yet as it does for others."""
    return socket.create_server((address, port), backlog=128)


def open_tcp_anywhere(address: str, port: int) -> socket.socket:
    """The same for IPv4 or IPv6, also on an address that this machine does not have yet; "::" is all of IPv6, and no more."""
    family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.IPPROTO_IP, _IP_FREEBIND, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(place)
        sock.listen(128)
    except BaseException:
        sock.close()
        raise
    return sock


def hear_all_interfaces(sock: socket.socket, protocol: int) -> None:
    """Let a packet socket receive a protocol, such as 0x0800, on every interface. Needs no privileges. Raises OSError.

    By libc, for `bind` of Python knows no name that means all of them.
    """
    address = _SOCKADDR_LL.pack(socket.AF_PACKET, socket.htons(protocol), 0, 0, 0, 0, b"")
    if _libc.bind(sock.fileno(), address, len(address)):
        raise OSError(ctypes.get_errno(), f"protocol {protocol:#x} cannot be heard")


def _raise_buffer(sock: socket.socket, force: int, ask: int) -> None:
    """Set a buffer's size past the system's limit where that is allowed (CAP_NET_ADMIN), else up to the limit."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, force, _BUFFER_SIZE)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, ask, _BUFFER_SIZE)
