"""Rules of RFC 2131 that one packet on the cable shows."""

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine
from messages import ACK, DISCOVER, INFORM, NAK, NONE, OFFER, RELEASE, REQUEST, mac_of, message, packed
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
MAC, OTHER = mac_of(1), mac_of(2)
SILENCE = 0.4  # seconds; an answer takes a millisecond


def request(station: Station, mac: bytes, *options: tuple[int, bytes], ciaddr: str = NONE, unicast: bool = False) -> int:
    """Send a REQUEST of any kind; returns its xid."""
    xid = station.xid()
    where = {"destination_mac": SERVER_MAC, "destination": SERVER} if unicast else {}
    station.send(message(REQUEST, mac, xid, ciaddr=ciaddr, options=options), mac, source=ciaddr, **where)
    return xid


def test_discover_with_server_identifier_is_ignored(daemon: Daemon, station: Station) -> None:
    """Table 5: a DISCOVER must not have option 54."""
    station.silence(station.discover(MAC, (54, packed(SERVER))), SILENCE)


def test_request_to_another_server_is_left_alone_and_the_offer_withdrawn(lab: Lab, client: Machine, station: Station) -> None:
    """Section 4.3.2, SELECTING: another server was chosen, so the address is free for the next."""
    lab.daemon(ip_ranges=[("10.77.1.1", "10.77.1.2")]).start()
    offer = station.offer(MAC)
    assert station.offer(OTHER).yiaddr != offer.yiaddr
    station.silence(request(station, MAC, (50, packed(offer.yiaddr)), (54, packed("10.77.0.99"))), SILENCE)
    assert station.offer(b"\x02\x77\x00\x00\x00\x63").yiaddr == offer.yiaddr


def test_selecting_an_address_that_was_not_offered_is_refused(daemon: Daemon, station: Station) -> None:
    """Section 4.3.2: another client's address, one outside the network, and the server's own."""
    taken = station.lease(OTHER).yiaddr
    for address in (taken, "10.1.2.3", SERVER, "10.77.255.255", "10.77.0.0"):
        station.answer(request(station, MAC, (50, packed(address)), (54, packed(SERVER))), NAK)


@pytest.mark.parametrize("authoritative", [False, True])
def test_unknown_client_is_refused_only_by_an_authoritative_server(lab: Lab, client: Machine, station: Station,
                                                                   authoritative: bool) -> None:
    """Section 4.3.2, INIT-REBOOT and REBINDING: silence without a record, NAK if authoritative, for a wrong network too."""
    lab.daemon(authoritative=authoritative).start()
    for xid in (station.reboot(MAC, "10.77.1.1"), station.reboot(MAC, "10.1.2.3"), request(station, MAC, ciaddr="10.77.1.1")):
        if authoritative:
            station.answer(xid, NAK)
        else:
            station.silence(xid, SILENCE)


def test_known_client_with_another_address_is_refused(daemon: Daemon, station: Station) -> None:
    """Section 4.3.2, INIT-REBOOT: the record counts."""
    address = station.lease(MAC).yiaddr
    station.answer(station.reboot(MAC, "10.77.9.9"), NAK)
    assert station.answer(station.reboot(MAC, address), ACK)[1].yiaddr == address


def test_request_without_any_address_is_ignored(daemon: Daemon, station: Station) -> None:
    """Section 4.3.2: neither option 50 nor ciaddr is malformed."""
    station.lease(MAC)
    station.silence(request(station, MAC), SILENCE)


def test_renewal_is_acknowledged_to_ciaddr_with_ciaddr(lab: Lab, daemon: Daemon, station: Station) -> None:
    """Sections 4.1 and 4.3.1: by unicast to ciaddr, for RENEWING and REBINDING; T1 < T2 < lease."""
    address = station.lease(MAC).yiaddr
    neighbour(lab.server, address, MAC)
    for unicast in (True, False):
        frame, ack = station.answer(request(station, MAC, ciaddr=address, unicast=unicast), ACK)
        assert (frame.destination, frame.destination_mac, frame.ports) == (address, MAC, (67, 68))
        assert (ack.ciaddr, ack.yiaddr) == (address, address)
        assert ack.number(58) < ack.number(59) < ack.number(51)


def test_every_own_address_is_accepted_as_server_identifier(lab: Lab, client: Machine, station: Station) -> None:
    """Section 4.1: a server with several addresses accepts any of them."""
    lab.server.ip("addr add 10.77.0.3/16 dev s0")
    lab.daemon().start()
    offer = station.offer(MAC)
    for identifier in ("10.77.0.3", SERVER):
        ack = station.answer(request(station, MAC, (50, packed(offer.yiaddr)), (54, packed(identifier))), ACK)[1]
        assert ack.address(54) == SERVER


def test_inform_gets_options_and_no_lease(lab: Lab, daemon: Daemon, station: Station) -> None:
    """Section 4.3.5: to ciaddr; no lease time, yiaddr 0, nothing recorded."""
    neighbour(lab.server, "10.77.8.8", MAC)
    xid = station.xid()
    station.send(message(INFORM, MAC, xid, ciaddr="10.77.8.8", options=((55, bytes((1, 3, 51, 58))),)), MAC, source="10.77.8.8")
    frame, ack = station.answer(xid, ACK)
    assert (frame.destination, ack.ciaddr, ack.yiaddr) == ("10.77.8.8", "10.77.8.8", NONE)
    assert not {51, 58, 59} & set(ack.codes) and 1 in ack.codes
    assert "10.77.8.8" not in daemon.prompt("hosts")


def test_release_by_another_client_changes_nothing(daemon: Daemon, station: Station) -> None:
    """Section 4.3.4: from the lease's own client only."""
    address = station.lease(MAC).yiaddr
    station.send(message(RELEASE, OTHER, station.xid(), ciaddr=address, options=((54, packed(SERVER)),)), OTHER,
                 destination_mac=SERVER_MAC, source=address, destination=SERVER)
    station.lease(OTHER)
    assert address in daemon.prompt("hosts")
    assert station.answer(station.reboot(MAC, address), ACK)[1].yiaddr == address


def test_released_address_is_remembered_for_its_client(daemon: Daemon, station: Station) -> None:
    """Sections 4.3.1 and 4.3.4: the previous address, if it is free."""
    station.lease(OTHER)
    address = station.lease(MAC).yiaddr
    station.send(message(RELEASE, MAC, station.xid(), ciaddr=address, options=((54, packed(SERVER)),)), MAC,
                 destination_mac=SERVER_MAC, source=address, destination=SERVER)
    daemon.wait_for(f"released {address}")
    assert station.lease(mac_of(3)).yiaddr != address
    assert station.lease(MAC).yiaddr == address


def test_client_identifier_is_the_key_where_it_is_sent(daemon: Daemon, station: Station) -> None:
    """Section 4.2: two identifiers on one hardware address are two clients; one on two is one."""
    first = station.lease(MAC, (61, b"\0one")).yiaddr
    assert station.lease(MAC, (61, b"\0two")).yiaddr != first
    assert station.lease(OTHER, (61, b"\0one")).yiaddr == first


def test_two_clients_with_one_xid_do_not_meet(daemon: Daemon, station: Station) -> None:
    """Section 4.1: xids are random numbers, and may be the same by chance."""
    xid = station.xid()
    for mac in (MAC, OTHER):
        station.send(message(DISCOVER, mac, xid), mac)
    offers = [station.answer(xid, OFFER)[1] for _ in range(2)]
    assert {one.mac for one in offers} == {MAC, OTHER} and offers[0].yiaddr != offers[1].yiaddr
    for offer in offers:
        station.select(offer.mac, offer)
    acks = [station.answer(xid, ACK)[1] for _ in range(2)]
    assert {one.mac: one.yiaddr for one in acks} == {one.mac: one.yiaddr for one in offers}


def test_reply_keeps_to_the_size_that_the_client_takes(lab: Lab, client: Machine, station: Station) -> None:
    """RFC 2132 section 9.10: at most option 57, and 576 without it, IP and UDP headers included; at least 300 of DHCP."""
    lab.daemon(domain_name_server=[f"192.0.2.{number}" for number in range(1, 60)],
               network_time_protocol_servers=[f"192.0.2.{number}" for number in range(1, 60)]).start()
    wanted = (55, bytes((1, 6, 42)))
    for size, options in ((576, [wanted]), (576, [wanted, (57, b"\x01\x2c")]), (1500, [wanted, (57, b"\xff\xff")])):
        frame, offer = station.answer(station.discover(MAC, *options), OFFER)
        assert 300 + 28 <= int.from_bytes(frame.raw[16:18], "big") <= size
        assert {51, 53, 54} <= set(offer.codes)
        assert (42 in offer.codes) == (size == 1500)


def test_lease_time_is_bounded_by_the_configuration(lab: Lab, client: Machine, station: Station) -> None:
    """Section 4.3.1: the client's wish within the administrator's limits; 0xffffffff is infinity."""
    lab.daemon(ip_address_lease_time=600, minimum_lease_time=120, maximum_lease_time=900).start()
    for asked, given in ((None, 600), (10, 120), (700, 700), (5000, 900), (0xFFFFFFFF, 900)):
        options = () if asked is None else ((51, asked.to_bytes(4, "big")),)
        assert station.lease(MAC, *options).number(51) == given
