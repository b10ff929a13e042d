"""Which way a reply leaves, and from which address of ours: RFC 2131 section 4.1, RFC 1122 section 4.1.3.5.

The server is 192.0.2.1 on eth1. On that cable is a shared network, whose second subnet is 10.4.0.0/24; behind a router is
10.5.0.0/24, whose relay agent is 10.5.0.1. Where a route names no interface the routing table says the way.
"""

import pytest
from rig import ALICE, BOB, CAROL, ETH1, EVERYBODY, OTHER_OWN, SERVER, as_bytes, interface, reason

from pydhcpd.addresses import address_text
from pydhcpd.wire.packet import ACK, INFORM, NAK, OFFER

FLOOR = """
interface = ["eth1", "eth2"]
bootp = True
shared_networks = [shared_network("floor", [subnet("192.0.2.0/24", pools=["192.0.2.10"]),
                                            subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.19"])])]
subnets = [subnet("10.5.0.0/24", pools=["10.5.0.10 - 10.5.0.19"])]
"""
RELAY, THIRD_OWN, ON_FLOOR, VRF = "10.5.0.1", "192.0.2.5", "10.4.0.1", 77
BY_TABLE = 0  # the interface of a route that names none


@pytest.fixture
def floor(bench):
    """Leases: 192.0.2.10 of Alice, 10.4.0.10 of Bob, 10.5.0.10 of Carol."""
    return served(bench)


def served(bench, *addresses, **more):
    """The same, with these further addresses of the server on the link."""
    bench.interfaces = {**bench.interfaces, ETH1: interface(ETH1, "eth1", SERVER, *addresses, **more)}
    bench.serve(FLOOR)
    assert [bench.lease(ALICE).yiaddr, bench.lease(BOB).yiaddr, bench.lease(CAROL, giaddr=RELAY).yiaddr] == [
        "192.0.2.10", "10.4.0.10", "10.5.0.10"]
    return bench


def one(replies):
    (reply,) = replies
    return reply


def way(reply):
    return reply.address, reply.port, reply.interface, reply.hardware


def identifier(reply):
    return address_text(int.from_bytes(reply.packet.options[54], "big"))


# --- by the link, or as the routing table says


@pytest.mark.parametrize(("client", "address", "leaves_by"), [
    (ALICE, "192.0.2.10", ETH1), (BOB, "10.4.0.10", ETH1), (CAROL, "10.5.0.10", BY_TABLE)])
@pytest.mark.parametrize("message", ["renewal", "inform"])
def test_a_client_on_the_link_is_answered_by_the_link_and_one_behind_a_router_by_the_table(floor, client, address, leaves_by,
                                                                                         message):
    """The second subnet of a shared network needs no route: the server has an address in the first one alone."""
    said = floor.request(client, ciaddr=address) if message == "renewal" else floor.message(INFORM, client, ciaddr=address)
    reply = one(floor.say((said, SERVER, address)))
    assert (reply.kind, *way(reply), reply.source) == (ACK, address, 68, leaves_by, b"", SERVER)


@pytest.mark.parametrize(("client", "address"), [(ALICE, "192.0.2.10"), (BOB, "10.4.0.10")])
def test_a_client_that_rebinds_is_on_the_link(floor, client, address):
    reply = one(floor.say((floor.request(client, ciaddr=address), EVERYBODY, address)))
    assert (reply.kind, *way(reply)) == (ACK, address, 68, ETH1, b"")


def test_replies_through_relays_go_as_the_routing_table_says(floor):
    for reply in (one(floor.say((floor.request(CAROL, ciaddr="10.5.0.10", giaddr=RELAY), SERVER, RELAY))),
                  one(floor.say((floor.discover(CAROL, giaddr="10.4.0.2"), SERVER, "10.4.0.2")))):
        assert way(reply) == (address_text(reply.packet.giaddr), 67, BY_TABLE, b"")


def test_in_a_vrf_its_table_says_the_way_and_frames_need_none(bench):
    """By a VRF's link the kernel sends only what the VRF has a route for: to 10.4.0.0/24 it has none."""
    bench = served(bench, vrf=VRF)
    behind = one(bench.say((bench.request(CAROL, ciaddr="10.5.0.10"), SERVER, "10.5.0.10")))
    relayed = one(bench.say((bench.discover(CAROL, giaddr=RELAY), SERVER, RELAY)))
    near = one(bench.say((bench.request(BOB, ciaddr="10.4.0.10"), SERVER, "10.4.0.10")))
    assert way(behind) == ("10.5.0.10", 68, VRF, b"")
    assert way(relayed) == (RELAY, 67, VRF, b"")
    assert way(near) == ("10.4.0.10", 68, ETH1, BOB)


def test_an_interface_in_a_vrf_that_is_closed_is_told(bench):
    bench.interfaces = {**bench.interfaces, ETH1: interface(ETH1, "eth1", SERVER, vrf=VRF, vrf_is_closed=True)}
    (line,) = bench.serve(FLOOR).server.serving.waiting
    assert "eth1" in line and "sysctl -w net.ipv4.udp_l3mdev_accept=1" in line


# --- ciaddr is believed where the datagram comes from it


@pytest.mark.parametrize("message", ["rebinding", "renewal", "inform", "bootp"])
@pytest.mark.parametrize("source", ["0.0.0.0", "192.0.2.77"])
def test_a_client_that_is_not_where_it_says_is_answered_as_one_without_an_address(floor, message, source):
    """NetworkManager goes on with ciaddr after its lease ran out, from 0.0.0.0: nobody would answer ARP for it."""
    def said(**more):
        if message == "bootp":
            packet = floor.discover(ALICE, ciaddr="192.0.2.10", **more)
            del packet.options[53]
        else:
            packet = floor.message(INFORM if message == "inform" else 3, ALICE, ciaddr="192.0.2.10", **more)
        return packet, SERVER if message == "renewal" else EVERYBODY, source

    assert way(one(floor.say(said()))) == ("192.0.2.10", 68, ETH1, ALICE)
    assert way(one(floor.say(said(flags=0x8000)))) == (EVERYBODY, 68, ETH1, b"\xff" * 6)


@pytest.mark.parametrize("ciaddr", ["192.0.2.10", "10.5.0.10", "203.0.113.9", "224.0.0.1", EVERYBODY, "127.0.0.1", SERVER])
@pytest.mark.parametrize("source", ["0.0.0.0", "its own"])
@pytest.mark.parametrize("destination", [SERVER, EVERYBODY])
def test_ciaddr_means_nothing_before_a_client_has_an_address(bench, ciaddr, source, destination):
    """RFC 2131 table 5: it is 0 in DISCOVER, and in the REQUEST that takes an offer."""
    sender = ciaddr if source == "its own" else source
    offer = one(bench.serve(FLOOR).say((bench.discover(ALICE, ciaddr=ciaddr), destination, sender)))
    assert (offer.kind, offer.yiaddr, *way(offer)) == (OFFER, "192.0.2.10", "192.0.2.10", 68, ETH1, ALICE)
    ack = one(bench.say((bench.selecting(offer.yiaddr, ALICE, ciaddr=ciaddr), destination, sender)))
    assert (ack.kind, ack.yiaddr, *way(ack)) == (ACK, "192.0.2.10", "192.0.2.10", 68, ETH1, ALICE)
    assert ack.packet.ciaddr == 0


def test_a_client_that_names_the_server_when_it_renews_is_let_off(floor):
    """RFC 2131 table 5 forbids it, and clients do it; every server answers. From elsewhere it is a SELECTING without 50."""
    renewal = floor.request(ALICE, ciaddr="192.0.2.10", options={54: SERVER})
    assert one(floor.say((renewal, SERVER, "192.0.2.10"))).kind == ACK
    assert floor.say((floor.request(ALICE, ciaddr="192.0.2.10", options={54: SERVER}), EVERYBODY, "0.0.0.0")) == []
    assert reason(floor) == {"REQUEST without an address": 1}


# --- from which address of ours


@pytest.mark.parametrize("asked", [SERVER, THIRD_OWN, ON_FLOOR, OTHER_OWN])
@pytest.mark.parametrize("message", ["renewal", "refused", "inform"])
def test_a_reply_comes_from_the_address_that_was_asked_which_is_its_identifier(bench, asked, message):
    """Whichever of our addresses on whichever interface: a connected socket hears nobody else."""
    bench = served(bench, THIRD_OWN, ON_FLOOR)
    ciaddr = "10.4.0.11" if message == "refused" else "10.4.0.10"
    said = bench.message(INFORM if message == "inform" else 3, BOB, ciaddr=ciaddr)
    reply = one(bench.say((said, asked, ciaddr)))
    assert (reply.kind, reply.source, identifier(reply)) == (NAK if message == "refused" else ACK, asked, asked)


@pytest.mark.parametrize("asked", [SERVER, THIRD_OWN, OTHER_OWN])
def test_a_relay_is_answered_from_the_address_that_it_asked(bench, asked):
    """The identifier is for the client: an address of the interface on which the message was received (section 4.1)."""
    bench = served(bench, THIRD_OWN)
    reply = one(bench.say((bench.discover(CAROL, giaddr=RELAY), asked, RELAY)))
    assert (reply.source, identifier(reply), *way(reply)) == (asked, SERVER, RELAY, 67, BY_TABLE, b"")


@pytest.mark.parametrize("destination", [EVERYBODY, "192.0.2.255"])
def test_the_server_identifier_is_on_the_clients_own_network(bench, destination):
    """RFC 2131 section 4.1: an address that the client reaches, where we have one there; in all that it is told."""
    bench = served(bench, ON_FLOOR)
    assert identifier(one(bench.say((bench.discover(ALICE), destination)))) == SERVER
    offer = one(bench.say((bench.discover(BOB), destination)))
    ack = one(bench.say((bench.selecting(offer.yiaddr, BOB, server=identifier(offer)), destination)))
    again = one(bench.say((bench.request(BOB, ciaddr="10.4.0.10"), EVERYBODY, "10.4.0.10")))
    refused = one(bench.say(bench.selecting("10.4.0.1", BOB, server=ON_FLOOR)))
    assert [reply.kind for reply in (offer, ack, again, refused)] == [OFFER, ACK, ACK, NAK]
    assert {(identifier(reply), reply.source) for reply in (offer, ack, again, refused)} == {(ON_FLOOR, ON_FLOOR)}


def test_without_an_address_on_the_clients_network_the_identifier_is_that_of_the_link(floor):
    offer = one(floor.say(floor.discover(BOB)))
    assert (offer.yiaddr, identifier(offer), offer.source) == ("10.4.0.10", SERVER, SERVER)


def test_bind_address_is_the_identifier_everywhere(bench):
    bench.interfaces = {**bench.interfaces, ETH1: interface(ETH1, "eth1", SERVER, ON_FLOOR)}
    bench.serve(FLOOR + f"bind_address = {ON_FLOOR!r}\n")
    offer = one(bench.say(bench.discover(ALICE)))
    assert (offer.yiaddr, offer.packet.options[54], offer.source) == ("192.0.2.10", as_bytes(ON_FLOOR), ON_FLOOR)


def test_a_reply_that_cannot_be_sent_for_a_fault_of_the_program_is_forgotten(bench):
    """Nothing is left of it that would keep a client's next message with the same xid from being answered."""
    def fail(*_):
        raise RuntimeError("made up")

    first, second = bench.discover(), bench.request(BOB, ciaddr="192.0.2.99")
    send, bench.server._frames.send = bench.server._frames.send, fail
    with pytest.raises(RuntimeError):
        bench.say(first, first, second)
    bench.server._frames.send = send
    assert not bench.server.transactions
    assert [one.kind for one in bench.say(first)] == [OFFER]
