"""The demonstration's ear on the wire, and the client that it uses where the machine has none.

`python -m pydhcpd.demo_client INTERFACE` obtains a lease (RFC 2131 section 4.4.1), gives the interface the address and the
default route, holds them until SIGTERM, and releases them. It works on frames, since an interface without an address takes
no datagrams where reverse path filtering is on. It does not renew, and does not probe the address: the only other host is
the server.
"""

import secrets
import select
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple, Self

from pydhcpd.addresses import BROADCAST, address_text, hardware_from
from pydhcpd.errors import MalformedPacket
from pydhcpd.net.frames import udp_frame
from pydhcpd.wire.options import option_named
from pydhcpd.wire.packet import ACK, BOOTREPLY, DISCOVER, NAK, OFFER, RELEASE, REQUEST, Packet

HOST_NAME = "demo-client"
EVERYONE = b"\xff" * 6
ATTEMPTS = 4
PATIENCE = 2.0  # seconds for each answer

_ALL_PROTOCOLS = 3  # ETH_P_ALL: a socket for IPv4 alone would not hear what leaves by the interface
_IPV4, _UDP = b"\x08\x00", 17
_ETHERNET_HEADER, _IPV4_HEADER, _UDP_HEADER = 14, 20, 8
_PORTS = (b"\0\x43\0\x44", b"\0\x44\0\x43")  # 67 to 68, 68 to 67


class Heard(NamedTuple):
    """One message as it passed by: the frame's hardware addresses, the sender's address, and what it says."""

    source: bytes
    destination: bytes
    address: int
    message: Packet


def heard_in(frame: bytes) -> Heard | None:
    """The DHCP message in a frame, or None where there is none that can be read."""
    if len(frame) < _ETHERNET_HEADER + _IPV4_HEADER or frame[12:14] != _IPV4 or frame[23] != _UDP:
        return None
    udp = _ETHERNET_HEADER + (frame[14] & 15) * 4
    end = udp + int.from_bytes(frame[udp + 4:udp + 6], "big")
    if frame[udp:udp + 4] not in _PORTS:
        return None
    try:
        message = Packet.decode(frame[udp + _UDP_HEADER:end])
    except MalformedPacket:
        return None
    return Heard(frame[6:12], frame[:6], int.from_bytes(frame[26:30], "big"), message)


class Wire:
    """The DHCP messages that pass by an interface, in both directions, each once."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # of no protocol: deaf until it is bound
        self._socket.bind((interface, _ALL_PROTOCOLS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def listen(self, seconds: float) -> Heard | None:
        """The next message, or None where none came within that time."""
        end = time.monotonic() + seconds
        while select.select([self._socket], [], [], max(0.0, end - time.monotonic()))[0]:
            heard = heard_in(self._socket.recv(65535))
            if heard is not None:
                return heard
        return None

    def send(self, frame: bytes) -> None:
        """Send a frame as it is."""
        self._socket.send(frame)


class Client:
    """One client on one interface."""

    def __init__(self, wire: Wire, hardware: bytes) -> None:
        self._wire = wire
        self._hardware = hardware
        self._xid = secrets.randbits(32)

    def obtain(self) -> Heard | None:
        """The ACK of a lease, or None where no server gave one."""
        for _ in range(ATTEMPTS):
            self._broadcast(DISCOVER)
            offer = self._answer(OFFER)
            if offer is None:
                continue
            self._broadcast(REQUEST, {50: offer.message.yiaddr.to_bytes(4, "big"), 54: offer.message.options.get(54, b"")})
            answer = self._answer(ACK, NAK)
            if answer is not None and answer.message.message_type == ACK:
                return answer
        return None

    def release(self, lease: Heard) -> None:
        """Give the lease back to its server."""
        message = Packet(hardware=self._hardware, xid=secrets.randbits(32), ciaddr=lease.message.yiaddr,
                         options={53: bytes((RELEASE,)), 54: lease.message.options.get(54, b"")})
        self._wire.send(udp_frame(message.encode(), self._hardware, lease.source, lease.message.yiaddr,
                                  lease.message.address(54), 68, 67))

    def _broadcast(self, kind: int, options: dict[int, bytes] | None = None) -> None:
        message = Packet(hardware=self._hardware, xid=self._xid, options={
            53: bytes((kind,)), **(options or {}), 12: HOST_NAME.encode(), 55: bytes((1, 3, 6, 15, 28))})
        self._wire.send(udp_frame(message.encode(), self._hardware, EVERYONE, 0, BROADCAST, 68, 67))

    def _answer(self, *kinds: int) -> Heard | None:
        """The first message of these types that answers us."""
        end = time.monotonic() + PATIENCE
        while (heard := self._wire.listen(end - time.monotonic())) is not None:
            message = heard.message
            if message.op == BOOTREPLY and message.xid == self._xid and message.message_type in kinds:
                return heard
        return None


def configure(interface: str, lease: Packet) -> None:
    """Give the interface what the lease says."""
    address, mask, routers = address_text(lease.yiaddr), lease.address(1), _addresses(lease, "router")
    _ip("address", "replace", f"{address}/{mask.bit_count() if mask else 32}", "dev", interface)
    if routers:
        _ip("route", "replace", "default", "via", routers[0], "dev", interface)


def _addresses(lease: Packet, name: str) -> list[str]:
    option = option_named(name)
    assert option is not None
    value: list[str] = option.codec.decode(lease.options[option.code]) if option.code in lease.options else []
    return value


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


def main(interface: str) -> int:
    """Hold a lease until SIGTERM; returns the exit code."""
    hardware = hardware_from(Path(f"/sys/class/net/{interface}/address").read_text().strip())
    with Wire(interface) as wire:
        client = Client(wire, hardware)
        lease = client.obtain()
        if lease is None:
            print(f"no lease after {ATTEMPTS} attempts", file=sys.stderr)
            return 1
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        configure(interface, lease.message)
        signal.sigwait({signal.SIGTERM})
        client.release(lease)
        _ip("address", "flush", "dev", interface)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
