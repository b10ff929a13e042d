"""Where replies go and what they look like on the cable: RFC 2131 section 4.1."""

import pytest
from lab import SERVER, SERVER_MAC, Daemon
from messages import (
    ACK,
    BROADCAST_FLAG,
    BROADCAST_MAC,
    EVERYONE,
    NAK,
    OFFER,
    REQUEST,
    Frame,
    mac_of,
    message,
    packed,
)
from station import Station

pytestmark = pytest.mark.namespaces
MAC = mac_of(7)


def test_reply_with_broadcast_bit_is_broadcast(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.1: a set broadcast bit asks for 255.255.255.255."""
    frame, offer = station.answer(station.discover(MAC, flags=BROADCAST_FLAG), OFFER)
    assert (frame.destination_mac, frame.destination) == (BROADCAST_MAC, EVERYONE)
    assert offer.flags == BROADCAST_FLAG
    station.select(MAC, offer, flags=BROADCAST_FLAG)
    frame, _ = station.answer(offer.xid, ACK)
    assert_broadcast(frame)


def assert_broadcast(frame: Frame) -> None:
    """A whole frame to everyone. On a virtual link no card finishes a sum, and who reads raw packets drops a wrong one."""
    assert (frame.destination_mac, frame.source_mac) == (BROADCAST_MAC, SERVER_MAC)
    assert (frame.source, frame.destination, frame.ports) == (SERVER, EVERYONE, (67, 68))
    assert frame.ip_checksum_is_right()
    assert frame.udp_checksum_is_right()


def test_reply_without_broadcast_bit_is_a_frame_to_the_client(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.1: unicast to chaddr at yiaddr, which nobody answers ARP for yet."""
    frame, offer = station.answer(station.discover(MAC), OFFER)
    assert_unicast(frame, offer.yiaddr)
    station.select(MAC, offer)
    frame, ack = station.answer(offer.xid, ACK)
    assert_unicast(frame, ack.yiaddr)
    assert ack.yiaddr == offer.yiaddr


def assert_unicast(frame: Frame, yiaddr: str) -> None:
    """A whole frame from the server to the client, sums included (RFC 791, RFC 768)."""
    assert (frame.destination_mac, frame.source_mac) == (MAC, SERVER_MAC)
    assert (frame.source, frame.destination, frame.ports) == (SERVER, yiaddr, (67, 68))
    assert frame.ip_checksum_is_right()
    assert frame.udp_checksum_is_right()


def test_nak_is_broadcast_even_with_ciaddr(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.1: with giaddr 0 a NAK is broadcast, always."""
    leased = station.lease(MAC)
    xid = station.xid()
    station.send(message(REQUEST, MAC, xid, ciaddr="10.77.9.9"), MAC, source="10.77.9.9")
    frame, nak = station.answer(xid, NAK)
    assert_broadcast(frame)
    assert (nak.yiaddr, nak.ciaddr, nak.siaddr) == ("0.0.0.0",) * 3
    assert set(nak.codes) <= {53, 54, 56}
    assert leased.yiaddr != "10.77.9.9"


def test_offer_carries_what_table_3_asks_for(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.3.1, table 3; RFC 2132 section 3.3: the mask stands before the router."""
    offer = station.offer(MAC, (55, bytes((3, 1, 51))), (57, b"\x05\xdc"))
    assert offer.address(54) == SERVER
    assert {51, 53, 54} <= set(offer.codes) and not {50, 55, 57} & set(offer.codes)
    assert (offer.hops, offer.secs, offer.ciaddr) == (0, 0, "0.0.0.0")
    assert len(offer.codes) == len(set(offer.codes))


def test_client_identifier_is_returned_if_sent_and_only_then(daemon: Daemon, station: Station) -> None:
    """RFC 6842; RFC 4361: it is opaque bytes."""
    identifier = b"\xff\x00\x01\xfe;\n"
    assert station.offer(MAC, (61, identifier)).options[61] == identifier
    assert 61 not in station.offer(mac_of(8)).options


@pytest.mark.parametrize("requested", ["10.77.3.4"])
def test_requested_address_is_offered_if_free(daemon: Daemon, station: Station, requested: str) -> None:
    """RFC 2131 section 4.3.1: the address that the client asks for, if it is free."""
    assert station.offer(MAC, (50, packed(requested))).yiaddr == requested
