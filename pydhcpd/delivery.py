"""Where a reply goes: RFC 2131 section 4.1, as functions from values to a value.

A route is (address, port, interface, hardware): to an address (host byte order) and port. With the interface that the request
came in on it leaves by that link, whatever the routing table says; else the table says it, the VRF's of which `interface` is
the index, or the machine's own if it is 0. With a hardware address it goes in a frame to that: for a client that cannot
answer ARP, and to everyone, since of its own datagrams the kernel leaves the sums to the network card. A virtual link has
none, and who reads raw packets, as clients without an address do, drops what has no right sum.
Plain tuples, for one is made for each packet, and a named one takes four times as long.
"""

from pydhcpd.addresses import BROADCAST
from pydhcpd.link import Link
from pydhcpd.wire.packet import BROADCAST_FLAG, Request
from pydhcpd.wire.relay import uses_source_port

SERVER_PORT, CLIENT_PORT = 67, 68
ETHERNET = 1
EVERY_STATION = b"\xff" * 6

Route = tuple[int, int, int, bytes]


def to_relay(request: Request, vrf: int) -> Route:
    """To the relay agent's address: port 67, or the port it sent from if it says so (RFC 8357 section 4)."""
    relay = request.options.get(82)
    port = SERVER_PORT if relay is None or not uses_source_port(relay) else request.port
    return request.giaddr, port, vrf, b""


def to_everyone(link: Link) -> Route:
    """To all that are on the link."""
    return BROADCAST, CLIENT_PORT, link.index, EVERY_STATION if link.hardware else b""


def to_client(request: Request, link: Link) -> Route:
    """To a client at its address, which is on the link or, if the address is of another network, behind a router.

    By a VRF's link the kernel sends only what the VRF's table has a route for, so a frame has to go past it.
    """
    if not link.holds(request.ciaddr):
        return request.ciaddr, CLIENT_PORT, link.vrf, b""
    return request.ciaddr, CLIENT_PORT, link.index, request.chaddr[:6] if link.vrf and _takes_frames(request, link) else b""


def to_newcomer(request: Request, address: int, link: Link) -> Route:
    """To a client on the link that does not use the address yet."""
    if request.flags & BROADCAST_FLAG or not _takes_frames(request, link):
        return to_everyone(link)
    return address, CLIENT_PORT, link.index, request.chaddr[:6]


def _takes_frames(request: Request, link: Link) -> bool:
    return link.hardware != b"" and request.htype == ETHERNET and request.hlen == 6


def to_asker(request: Request, link: Link) -> Route:
    """To where a datagram comes from: a client that has its address asks a boot server by unicast, from any port (PXE 2.1)."""
    return request.source, request.port, link.index if link.holds(request.source) else link.vrf, b""


def is_at_its_address(request: Request) -> bool:
    """Whether the client uses ciaddr: only if the datagram comes from there. Some still send the address of a lease that has
    ended, from 0.0.0.0; nobody would answer ARP for it."""
    return request.ciaddr != 0 and request.source == request.ciaddr


def route_of_lease(request: Request, yiaddr: int, link: Link) -> Route:
    """Where an OFFER, or an ACK to a REQUEST, goes."""
    if request.giaddr:
        return to_relay(request, link.vrf)
    return to_client(request, link) if is_at_its_address(request) else to_newcomer(request, yiaddr, link)


def route_of_refusal(request: Request, link: Link) -> Route:
    """Where a NAK goes: through the relay, else to everyone, for the client's address is not one to be trusted."""
    return to_relay(request, link.vrf) if request.giaddr else to_everyone(link)


def route_of_information(request: Request, link: Link) -> Route:
    """Where the ACK to an INFORM goes: to the client's address (section 4.3.5), also if a relay passed it on; else through
    the relay."""
    if not request.giaddr:
        return route_of_lease(request, request.ciaddr, link)
    return (request.ciaddr, CLIENT_PORT, link.vrf, b"") if request.ciaddr else to_relay(request, link.vrf)
