"""A station: plays any number of clients on one cable, frame by frame, without an address of its own."""

import itertools
import socket
import time
from collections.abc import Callable, Iterable
from errno import EAGAIN, ENETDOWN, ENOBUFS

from lab import PATIENCE, SERVER, SERVER_MAC, Machine
from messages import (
    ACK,
    DISCOVER,
    EVERYONE,
    NAK,
    NONE,
    OFFER,
    REQUEST,
    Frame,
    Malformed,
    Message,
    frame,
    message,
    packed,
    read,
)

BUFFER = 64 << 20
SO_RCVBUFFORCE, SO_TIMESTAMPNS, ETH_P_IP, ETH_P_ALL = 33, 35, 0x0800, 3
DHCP_PORTS = {67, 68}

Received = tuple[Frame, Message]


def open_packet_socket(interface: str, protocol: int) -> socket.socket:
    """A socket for whole frames, with room for a burst, that tells when each one came."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    made.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    made.bind((interface, protocol))
    return made


class Ear:
    """Hears DHCP on an interface: what comes in, or with `both` what goes out as well."""

    def __init__(self, machine: Machine, interface: str, both: bool = False) -> None:
        self._socket = machine.open(lambda: open_packet_socket(interface, ETH_P_ALL if both else ETH_P_IP))
        self._opened = time.time()
        self.heard: list[Received] = []

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()

    def fileno(self) -> int:
        """For those who wait for several things at once."""
        return self._socket.fileno()

    def receive(self, timeout: float = PATIENCE) -> Received | None:
        """The next DHCP message, or None where none comes in time."""
        deadline = time.monotonic() + timeout
        while (remaining := deadline - time.monotonic()) > 0:
            self._socket.settimeout(remaining)
            try:
                data, ancillary, _, _ = self._socket.recvmsg(65536, 64)
            except TimeoutError:
                return None
            heard = self._understood(Frame(data, _stamp(ancillary)))
            if heard:
                self.heard.append(heard)
                return heard
        return None

    def _understood(self, heard: Frame) -> Received | None:
        if not heard.is_udp() or not DHCP_PORTS & set(heard.ports):
            return None
        try:
            return heard, read(heard.payload)
        except Malformed:
            return None

    def waiting(self) -> list[Received]:
        """All that has come and is not read yet."""
        heard = []
        while (one := self.receive(0.001)) is not None:
            heard.append(one)
        return heard

    def wait_for(self, wanted: Callable[[Frame, Message], bool], what: str, timeout: float = PATIENCE) -> Received:
        """Wait for a message of a kind; others are passed over."""
        deadline = time.monotonic() + timeout
        while (one := self.receive(deadline - time.monotonic())) is not None:
            if wanted(*one):
                return one
        raise AssertionError(f"waited {timeout} s in vain for {what}")


def _stamp(ancillary: Iterable[tuple[int, int, bytes]]) -> float:
    """When the kernel took the frame in, in seconds of the epoch."""
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            return int.from_bytes(data[:8], "little") + int.from_bytes(data[8:16], "little") / 1e9
    return time.time()


class Station(Ear):
    """Clients by hardware address. What it sends is broadcast from 0.0.0.0 unless said otherwise."""

    def __init__(self, machine: Machine, interface: str = "c0") -> None:
        super().__init__(machine, interface)
        self._xids = itertools.count(0x77000001)

    def xid(self) -> int:
        """One that was not used yet."""
        return next(self._xids)

    def send(self, payload: bytes, mac: bytes, **where: object) -> float:
        """Send a payload in a frame; returns when."""
        return self.send_frame(frame(payload, mac, **where))  # type: ignore[arg-type]

    def send_frame(self, data: bytes) -> float:
        """Send a frame; returns when."""
        while True:
            try:
                now = time.time()
                self._socket.send(data)
                return now
            except OSError as error:  # a full queue, or a cable that is unplugged at the moment
                if error.errno not in (EAGAIN, ENOBUFS, ENETDOWN):
                    raise
                time.sleep(0.001)

    def discover(self, mac: bytes, *options: tuple[int, bytes], flags: int = 0, xid: int = 0) -> int:
        """Send a DISCOVER; returns its xid."""
        xid = xid or self.xid()
        self.send(message(DISCOVER, mac, xid, flags=flags, options=options), mac)
        return xid

    def discover_at(self, mac: bytes, xid: int) -> float:
        """Send a DISCOVER with an xid; returns when."""
        return self.send(message(DISCOVER, mac, xid), mac)

    def select(self, mac: bytes, offer: Message, *options: tuple[int, bytes], flags: int = 0) -> None:
        """Send the REQUEST that takes an offer (RFC 2131 section 4.3.2, SELECTING)."""
        chosen = ((50, packed(offer.yiaddr)), (54, offer.options[54]), *options)
        self.send(message(REQUEST, mac, offer.xid, flags=flags, options=chosen), mac)

    def reboot(self, mac: bytes, address: str) -> int:
        """Send a REQUEST in state INIT-REBOOT; returns its xid."""
        xid = self.xid()
        self.send(message(REQUEST, mac, xid, options=((50, packed(address)),)), mac)
        return xid

    def renew(self, mac: bytes, address: str, server: str = SERVER) -> int:
        """Send a REQUEST in state RENEWING, by unicast; returns its xid. The answer needs `neighbour`."""
        xid = self.xid()
        self.send(message(REQUEST, mac, xid, ciaddr=address), mac, destination_mac=SERVER_MAC, source=address,
                  destination=server)
        return xid

    def renew_at(self, mac: bytes, address: str) -> tuple[int, float]:
        """The same; returns the xid, and when it was sent."""
        now = time.time()
        return self.renew(mac, address), now

    def answer(self, xid: int, *kinds: int, timeout: float = PATIENCE) -> Received:
        """Wait for the answer to a transaction."""
        return self.wait_for(lambda _, one: one.xid == xid and one.op == 2 and one.kind in (kinds or (OFFER, ACK, NAK)),
                             f"an answer {kinds} to {xid:#x}", timeout)

    def offer(self, mac: bytes, *options: tuple[int, bytes], **more: int) -> Message:
        """Discover; returns the OFFER."""
        return self.answer(self.discover(mac, *options, **more), OFFER)[1]

    def lease(self, mac: bytes, *options: tuple[int, bytes]) -> Message:
        """The whole exchange; returns the ACK."""
        offer = self.offer(mac, *options)
        self.select(mac, offer, *options)
        return self.answer(offer.xid, ACK)[1]

    def silence(self, xid: int, seconds: float) -> None:
        """Nothing may answer a transaction for a while."""
        deadline = time.monotonic() + seconds
        while (heard := self.receive(deadline - time.monotonic())) is not None:
            assert heard[1].xid != xid or heard[1].op != 2, f"an answer: {heard[1]}"


def neighbour(server: Machine, address: str, mac: bytes, interface: str = "s0") -> None:
    """Tell the server machine's kernel a client's hardware address, for a station does not answer ARP."""
    server.ip(f"neigh replace {address} lladdr {mac.hex(':')} dev {interface} nud permanent")


__all__ = ["EVERYONE", "NONE", "Ear", "Station", "neighbour"]
