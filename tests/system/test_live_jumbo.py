"""Links that carry 9000 bytes: what clients take is sent, and what is too long to be read is counted."""

import pytest
from lab import Lab, Machine
from messages import ACK, BROADCAST_FLAG, DISCOVER, OFFER, REQUEST, mac_of, message
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
MAC = mac_of(3)
ROUTES = [(f"172.{16 + n // 250}.{n % 250}.0/24", "10.77.0.9") for n in range(300)]
LENGTH = 300 * 8 + 5  # and the default route (RFC 3442)
WANTED = (55, bytes((1, 121, 3)))


@pytest.fixture
def jumbo(lab: Lab, client: Machine, station: Station) -> Station:
    """The station on a link of 9000 bytes, at a server of 300 routes."""
    lab.server.ip("link set s0 mtu 9000")
    client.ip("link set c0 mtu 9000")
    lab.daemon(classless_static_route=ROUTES, router="10.77.0.9").start()
    return station


@pytest.mark.parametrize("flags", [0, BROADCAST_FLAG])
@pytest.mark.parametrize("size", [9000, 65535])
def test_a_long_reply_goes_out_whole(lab: Lab, jumbo: Station, flags: int, size: int) -> None:
    """RFC 2132 section 9.10: in a frame, to everyone, and by unicast to who renews, as NetworkManager does with 65535."""
    limit = (57, size.to_bytes(2, "big"))
    frame, offer = jumbo.answer(jumbo.discover(MAC, WANTED, limit, flags=flags), OFFER)
    assert (len(offer.options[121]), frame.udp_checksum_is_right()) == (LENGTH, True)
    jumbo.select(MAC, offer, WANTED, limit, flags=flags)
    assert len(jumbo.answer(offer.xid, ACK)[1].options[121]) == LENGTH
    neighbour(lab.server, offer.yiaddr, MAC)
    xid = jumbo.xid()
    jumbo.send(message(REQUEST, MAC, xid, ciaddr=offer.yiaddr, options=(WANTED, limit)), MAC, source=offer.yiaddr)
    assert len(jumbo.answer(xid, ACK)[1].options[121]) == LENGTH


def test_a_client_that_takes_little_gets_little(jumbo: Station) -> None:
    frame, offer = jumbo.answer(jumbo.discover(MAC, WANTED), OFFER)
    assert len(frame.payload) + 28 <= 576
    assert 121 not in offer.options and {1, 3} <= offer.options.keys()


def test_a_request_that_is_too_long_to_be_read_is_counted(lab: Lab, jumbo: Station) -> None:
    padded = message(DISCOVER, MAC, jumbo.xid()).ljust(5000, b"\0")
    jumbo.send(padded, MAC)
    assert jumbo.offer(mac_of(4)).yiaddr, "the next one is answered"
    lab.daemons[0].wait_for("no answer on s0: longer than 4096 bytes")
