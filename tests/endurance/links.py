"""The links that clients are on: how what they send gets to the server, and who answers ARP there."""

import socket
from collections.abc import Callable

from lab import SERVER, SERVER_MAC, Machine
from messages import NONE
from station import Station

ETH_P_ARP = 0x0806


class Link:
    """Where clients are: on the server's own cable."""

    giaddr, hops = NONE, 0
    server = SERVER

    def __init__(self, machine: Machine, interface: str) -> None:
        self.station = Station(machine, interface)
        self.arp = machine.open(lambda: _arp_socket(interface))

    def broadcast(self, data: bytes, mac: bytes, source: str = NONE) -> None:
        """Send a message that asks any server."""
        self.station.send(data, mac, source=source)

    def unicast(self, data: bytes, mac: bytes, source: str) -> None:
        """Send a message that asks the server, from a client's address."""
        self.station.send(data, mac, destination_mac=SERVER_MAC, source=source, destination=self.server)

    def options(self, number: int) -> tuple[tuple[int, bytes], ...]:
        """What is added on the way."""
        return ()

    def close(self) -> None:
        self.station.close()
        self.arp.close()


class Relayed(Link):
    """Behind a relay agent, whose own link to the server is `interface` with `mac`; its clients' link is not played."""

    hops = 1

    def __init__(self, machine: Machine, interface: str, mac: bytes, giaddr: str, server: str, server_mac: bytes) -> None:
        super().__init__(machine, interface)
        self.mac, self.giaddr, self.server, self._server_mac = mac, giaddr, server, server_mac

    def broadcast(self, data: bytes, mac: bytes, source: str = NONE) -> None:
        """The relay agent passes it on."""
        self.station.send(data, self.mac, destination_mac=self._server_mac, source=self.giaddr, destination=self.server,
                          source_port=67)

    def unicast(self, data: bytes, mac: bytes, source: str) -> None:
        """By a router."""
        self.station.send(data, self.mac, destination_mac=self._server_mac, source=source, destination=self.server)

    def options(self, number: int) -> tuple[tuple[int, bytes], ...]:
        """RFC 3046: which port a client is at."""
        return ((82, bytes((1, 6)) + f"{number:06}".encode()),)


def _arp_socket(interface: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP))
    made.bind((interface, ETH_P_ARP))
    made.setblocking(False)
    return made


def arp_answer(frame: bytes, holder: Callable[[str], bytes | None]) -> bytes | None:
    """What the holder of an address says to who asks for it (RFC 826)."""
    if len(frame) < 42 or frame[20:22] != b"\0\1":
        return None
    mac = holder(socket.inet_ntoa(frame[38:42]))
    return mac and frame[6:12] + mac + frame[12:20] + b"\0\2" + mac + frame[38:42] + frame[22:32]
