"""Where a reply goes: RFC 2131 section 4.1, as functions from values to a value.

A route is (address, port, interface, hardware): to an address (host byte order) and port, by the interface of that index,
or where the routing table says if it is 0; with a hardware address it goes in a frame to that, for a client that cannot
answer ARP yet. Plain tuples, for one is made for each packet, and a named one takes four times as long.
"""

from pydhcpd.addresses import BROADCAST
from pydhcpd.wire.packet import BROADCAST_FLAG, Request
from pydhcpd.wire.relay import uses_source_port

SERVER_PORT, CLIENT_PORT = 67, 68
ETHERNET = 1

Route = tuple[int, int, int, bytes]


def to_relay(request: Request) -> Route:
    """To the relay agent's address: port 67, or the port it sent from if it says so (RFC 8357 section 4)."""
    port = request.port if uses_source_port(request.options.get(82, b"")) else SERVER_PORT
    return request.giaddr, port, 0, b""


def route_of_lease(request: Request, yiaddr: int, ethernet: bool) -> Route:
    """Where an OFFER, or an ACK to a REQUEST, goes; `ethernet` tells whether frames can be made for the link."""
    if request.giaddr:
        return to_relay(request)
    if request.ciaddr:
        return request.ciaddr, CLIENT_PORT, 0, b""
    if request.flags & BROADCAST_FLAG or not ethernet or request.htype != ETHERNET or request.hlen != 6:
        return BROADCAST, CLIENT_PORT, request.interface, b""
    return yiaddr, CLIENT_PORT, request.interface, request.chaddr[:6]


def route_of_refusal(request: Request) -> Route:
    """Where a NAK goes: through the relay, else to everyone, for the client's address is not one to be trusted."""
    return to_relay(request) if request.giaddr else (BROADCAST, CLIENT_PORT, request.interface, b"")


def route_of_information(request: Request) -> Route:
    """Where the ACK to an INFORM goes: to the client's address (section 4.3.5), else through the relay."""
    if request.ciaddr:
        return request.ciaddr, CLIENT_PORT, 0, b""
    return route_of_refusal(request)
