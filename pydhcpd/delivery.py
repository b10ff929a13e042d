"""Where a reply goes: RFC 2131 section 4.1, as one function from values to a value."""

from typing import NamedTuple

from pydhcpd.addresses import BROADCAST
from pydhcpd.wire.packet import BROADCAST_FLAG, Request
from pydhcpd.wire.relay import RELAY_SOURCE_PORT, suboptions

SERVER_PORT, CLIENT_PORT = 67, 68
ETHERNET = 1


class Route(NamedTuple):
    """How to send a reply: to an address (host byte order) and port.

    `interface` is the index of the interface that it must leave by, 0 where the routing table decides. With `hardware`
    it goes in a frame to that hardware address, for a client that cannot answer ARP yet.
    """

    address: int
    port: int
    interface: int = 0
    hardware: bytes = b""


def to_relay(request: Request) -> Route:
    """To the relay agent's address: port 67, or the port it sent from if it says so (RFC 8357 section 4)."""
    port = SERVER_PORT
    if 82 in request.options and RELAY_SOURCE_PORT in suboptions(request.options[82]):
        port = request.port
    return Route(request.giaddr, port)


def route_of_lease(request: Request, yiaddr: int, ethernet: bool) -> Route:
    """Where an OFFER, or an ACK to a REQUEST, goes."""
    if request.giaddr:
        return to_relay(request)
    if request.ciaddr:
        return Route(request.ciaddr, CLIENT_PORT)
    if request.flags & BROADCAST_FLAG or not ethernet or request.htype != ETHERNET or request.hlen != 6:
        return Route(BROADCAST, CLIENT_PORT, request.interface)
    return Route(yiaddr, CLIENT_PORT, request.interface, request.chaddr[:6])


def route_of_refusal(request: Request) -> Route:
    """Where a NAK goes: through the relay, else to everyone, for the client's address is not one to be trusted."""
    return to_relay(request) if request.giaddr else Route(BROADCAST, CLIENT_PORT, request.interface)


def route_of_information(request: Request) -> Route:
    """Where the ACK to an INFORM goes: to the client's address (section 4.3.5), else through the relay."""
    if request.ciaddr:
        return Route(request.ciaddr, CLIENT_PORT)
    return to_relay(request) if request.giaddr else Route(BROADCAST, CLIENT_PORT, request.interface)
