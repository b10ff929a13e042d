"""Asking whether anybody uses an address: by ARP on the link, by an ICMP echo request where ARP does not reach.

Owns the form of the questions (RFC 5227 section 2.1.1, RFC 792) and of the answers, and the thread that hears them. Does not
know whom an address is for, nor how long an answer is waited for.

An ARP probe has 0 for its sender's address, so that no host on the link learns anything from it. Whoever sends an ARP packet
uses the address that he gives for his own: a reply to us is not the only answer, and the probe of another host is none.

An echo reply is known by identifier, sequence number and data, which are made of the address with a secret of this process.
So nothing need be remembered of a question, and a reply from another address, to somebody else's question, or from somebody
who never saw ours, does not fit.
"""

import errno
import hmac
import logging
import os
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import blake2b
from typing import Any, TypeAlias

from pydhcpd.net.sockets import hear_all_interfaces
from pydhcpd.recurring import Recurring

User: TypeAlias = tuple[int, bytes, str]
"""Who uses an address: (address, hardware, interface).

The address is in host byte order, `interface` is the name of the one that the answer came in by. Of an echo reply, which may
have come over routers, hardware and interface are empty.
"""

log = logging.getLogger(__name__)

_SOL_RAW, _ICMP_FILTER = 255, 1  # linux/socket.h, linux/icmp.h
_EVERYTHING, _ALL_BUT_ECHO_REPLIES = 0xFFFFFFFF, 0xFFFFFFFE  # a bit for each type of ICMP that is kept off
_ETH_P_ARP = 0x0806
_BUFFER_SIZE = 1 << 20  # octets: more than a thousand answers, as the kernel counts them; it may allow less

_ARP_OF_IPV4 = struct.pack(">HHBB", 1, 0x0800, 6, 4)  # Ethernet, IPv4, lengths of their addresses
_ARP_REQUEST, _ARP_REPLY = 1, 2
_ARP = struct.Struct(">6sH6sI6sI")  # the above, operation, sender's hardware and IP address, target's
_ARP_BROADCAST = b"\xff" * 6

_ECHO_REPLY, _ECHO_REQUEST = 0, 8
_COOKIE = 16  # octets: 4 of identifier and sequence number, 12 of data
_IPV4_HEADER = 20  # octets, without options

_LONGEST = 128  # octets that are read of a packet: more than any answer has
_PORTION = 256  # packets read from a socket in one go
_PAUSE = 0.005  # seconds after each go: a storm of ARP gets its share of the interpreter, and no more
_FAULT_PAUSE = 1.0  # seconds after a fault that may come again at once


def open_arp() -> socket.socket:
    """A non-blocking socket for ARP on all interfaces, which receives nothing yet. Needs CAP_NET_RAW. Raises OSError."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_SIZE)
    return sock


def open_icmp() -> socket.socket:
    """A non-blocking socket for ICMP, which receives no echo replies yet. Needs CAP_NET_RAW. Raises OSError."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_SIZE)
    _keep_off(sock, _EVERYTHING)
    return sock


def _keep_off(icmp: socket.socket, types: int) -> None:
    """Let the kernel keep off these types of ICMP."""
    icmp.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", types))


# --- what the packets look like


def arp_probe(own_hardware: bytes, address: int) -> bytes:
    """The question who has an address (RFC 5227 section 2.1.1), without a header of the link."""
    return _ARP.pack(_ARP_OF_IPV4, _ARP_REQUEST, own_hardware, 0, bytes(6), address)


def arp_sender(packet: bytes) -> tuple[int, bytes] | None:
    """IP and hardware address of an ARP packet's sender; None where it is no ARP of IPv4 over Ethernet, or tells no address."""
    if len(packet) < _ARP.size:
        return None
    kind, operation, hardware, address, _, _ = _ARP.unpack_from(packet)
    if kind != _ARP_OF_IPV4 or operation not in (_ARP_REQUEST, _ARP_REPLY) or not address:
        return None
    return address, hardware


def echo_request(secret: bytes, address: int) -> bytes:
    """The ICMP message that asks an address for an echo (RFC 792)."""
    cookie = _cookie(secret, address)
    checksum = -(int.from_bytes(cookie, "big") + (_ECHO_REQUEST << 8)) % 65535  # see net/frames.py
    return struct.pack(">BBH", _ECHO_REQUEST, 0, checksum) + cookie


def echo_sender(secret: bytes, packet: bytes) -> int | None:
    """The address from which an IPv4 packet answers `echo_request`; None where it does not.

    The checksum is not looked at: a message in which the cookie is whole has no fault that matters.
    """
    if len(packet) < _IPV4_HEADER:
        return None
    address = int.from_bytes(packet[12:16], "big")
    message = packet[(packet[0] & 15) * 4:]
    is_ours = message[:2] == bytes((_ECHO_REPLY, 0)) and hmac.compare_digest(message[4:], _cookie(secret, address))
    return address if is_ours else None


def _cookie(secret: bytes, address: int) -> bytes:
    return blake2b(address.to_bytes(4, "big"), key=secret, digest_size=_COOKIE).digest()


# --- asking and hearing


class Prober:
    """Asks by two sockets, and hears answers in a thread of its own, from `start` to `stop`.

    Asking never blocks and never raises: what could not be sent is counted in `failures`, by the name of the error. It is for
    the holder of one lock.
    """

    def __init__(self, arp: socket.socket, icmp: socket.socket, heard: Callable[[list[User]], object]) -> None:
        """The sockets are those of `open_arp` and `open_icmp`; they stay the caller's, to be closed after `stop`.

        `heard` is called in the prober's thread with users of addresses, whether these were asked for or not.
        """
        self.failures: Counter[str] = Counter()
        self._arp, self._icmp, self._heard = arp, icmp, heard
        self._secret = os.urandom(32)
        self._recurring = Recurring(log, "answers to probes could not be heard")
        self._thread: threading.Thread | None = None
        self._end = -1

    # --- life

    def start(self) -> None:
        """Begin to hear answers; does nothing where it has begun. Needs no privileges. Raises OSError."""
        if self._thread is None:
            hear_all_interfaces(self._arp, _ETH_P_ARP)
            _keep_off(self._icmp, _ALL_BUT_ECHO_REPLIES)
            self._end = os.eventfd(0, os.EFD_CLOEXEC)
            self._thread = threading.Thread(target=self._run, name="probe-reader", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread. Does nothing if there is none. Not for the holder of a lock that `heard` takes."""
        if self._thread is not None:
            os.eventfd_write(self._end, 1)
            self._thread.join()
            self._thread = None
            os.close(self._end)

    # --- asking

    def ask_link(self, interface: str, own_hardware: bytes, address: int) -> bool:
        """Ask on the link of an interface, whose Ethernet address is given; False if the question could not be sent."""
        return self._sent(self._arp, arp_probe(own_hardware, address), (interface, _ETH_P_ARP, 0, 0, _ARP_BROADCAST))

    def ask_far(self, address: int) -> bool:
        """Ask an address wherever the routing table leads to; False if the question could not be sent."""
        return self._sent(self._icmp, echo_request(self._secret, address), (socket.inet_ntoa(address.to_bytes(4, "big")), 0))

    def _sent(self, sock: socket.socket, packet: bytes, target: tuple[Any, ...]) -> bool:
        try:
            sock.sendto(packet, target)
        except OSError as error:
            self.failures[errno.errorcode.get(error.errno or 0, str(error))] += 1
            return False
        return True

    # --- hearing

    def _run(self) -> None:
        poll = select.poll()
        for descriptor in (self._arp.fileno(), self._icmp.fileno(), self._end):
            poll.register(descriptor, select.POLLIN)
        while self._end not in [descriptor for descriptor, _ in poll.poll()]:
            try:
                users = [*self._arp_users(), *self._echo_users()]
                if users:
                    self._heard(users)
                time.sleep(_PAUSE)
            except Exception as error:
                self._recurring.tell(error)
                time.sleep(_FAULT_PAUSE)

    def _arp_users(self) -> Iterator[User]:
        for packet, (interface, *_) in _waiting(self._arp):
            sender = arp_sender(packet)
            if sender is not None:
                yield *sender, interface

    def _echo_users(self) -> Iterator[User]:
        for packet, _ in _waiting(self._icmp):
            address = echo_sender(self._secret, packet)
            if address is not None:
                yield address, b"", ""


def _waiting(sock: socket.socket) -> Iterator[tuple[bytes, Any]]:
    """A portion of the packets that wait in a socket, each with where it came from."""
    with suppress(BlockingIOError):
        for _ in range(_PORTION):
            yield sock.recvfrom(_LONGEST)
