"""Relay agents: RFC 2131 sections 4.1 and 4.3.2, RFC 3046; and perfdhcp, which plays one."""

import re
from dataclasses import dataclass

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine, need
from messages import ACK, BROADCAST_FLAG, DISCOVER, NAK, OFFER, REQUEST, Frame, Message, mac_of, message, packed
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
GIADDR = "10.77.0.2"
INFORMATION = bytes((1, 4)) + b"\x00\xffp1" + bytes((2, 6)) + mac_of(0)
MAC = mac_of(9)


@dataclass
class Relay:
    """Passes messages on from its address, port 67, by unicast."""

    station: Station
    mac: bytes = mac_of(2)
    port: int = 67

    def forward(self, kind: int, *options: tuple[int, bytes], information: bytes = INFORMATION, ciaddr: str = "0.0.0.0") -> int:
        """Send a client's message with giaddr and option 82; returns its xid."""
        xid = self.station.xid()
        data = message(kind, MAC, xid, giaddr=GIADDR, hops=1, ciaddr=ciaddr, options=(*options, (82, information)))
        self.station.send(data, self.mac, destination_mac=SERVER_MAC, source=GIADDR, destination=SERVER, source_port=self.port)
        return xid

    def answer(self, xid: int, kind: int, port: int = 67) -> Message:
        """The answer, which must come to the relay and return what it added."""
        frame, reply = self.station.answer(xid, kind)
        self.check(frame, reply, port)
        return reply

    def check(self, frame: Frame, reply: Message, port: int) -> None:
        """RFC 2131 section 4.1: to giaddr, port 67. RFC 3046 section 2.2: option 82 unaltered, last."""
        assert (frame.destination_mac, frame.destination, frame.ports) == (self.mac, GIADDR, (67, port))
        assert (reply.giaddr, reply.chaddr[:6], reply.hops) == (GIADDR, MAC, 0)
        assert reply.codes[-1] == 82


@pytest.fixture
def relay(lab: Lab, daemon: Daemon, station: Station) -> Relay:
    """A relay agent that the server's kernel knows."""
    made = Relay(station)
    neighbour(lab.server, GIADDR, made.mac)
    return made


def test_whole_exchange_goes_through_the_relay(relay: Relay) -> None:
    """Each reply goes to giaddr, port 67, with option 82 echoed last."""
    offer = relay.answer(relay.forward(DISCOVER, (55, bytes((1, 3, 82, 51)))), OFFER)
    assert offer.options[82] == INFORMATION
    ack = relay.answer(relay.forward(REQUEST, (50, packed(offer.yiaddr)), (54, packed(SERVER))), ACK)
    assert ack.options[82] == INFORMATION and ack.yiaddr == offer.yiaddr
    assert ack.flags == 0


def test_nak_through_a_relay_carries_the_broadcast_bit(relay: Relay) -> None:
    """RFC 2131 section 4.3.2: the relay must broadcast it, for the client's address is wrong."""
    relay.station.lease(MAC)
    nak = relay.answer(relay.forward(REQUEST, (50, packed("10.77.9.9"))), NAK)
    assert nak.flags & BROADCAST_FLAG
    assert nak.options[82] == INFORMATION and (nak.yiaddr, nak.ciaddr, nak.siaddr) == ("0.0.0.0",) * 3
    assert set(nak.codes) <= {53, 54, 56, 82}


def test_reply_goes_to_the_source_port_that_the_relay_asks_for(relay: Relay) -> None:
    """RFC 8357: with suboption 19, to the port that the datagram came from; without it, to 67."""
    relay.port = 4567
    relay.answer(relay.forward(DISCOVER, information=INFORMATION + bytes((19, 0))), OFFER, port=4567)
    relay.answer(relay.forward(DISCOVER), OFFER, port=67)


def test_large_relay_information_comes_back_whole(relay: Relay) -> None:
    """RFC 3046 section 2.2: never truncated, whatever else must be left out."""
    information = bytes((1, 253)) + bytes(range(253))
    assert relay.answer(relay.forward(DISCOVER, information=information), OFFER).options[82] == information


def test_relay_of_a_network_that_is_not_served_hears_nothing(relay: Relay, lab: Lab) -> None:
    """RFC 2131 section 4.3.1: the subnet is that of giaddr."""
    xid = relay.station.xid()
    data = message(DISCOVER, MAC, xid, giaddr="10.1.2.3", hops=1)
    relay.station.send(data, relay.mac, destination_mac=SERVER_MAC, source="10.1.2.3", destination=SERVER, source_port=67)
    relay.station.silence(xid, 0.5)


def test_direct_renewal_of_a_relayed_lease(relay: Relay, lab: Lab) -> None:
    """RFC 2131 section 4.3.2, RENEWING: straight to the server, and no option 82 is made up (RFC 3046 section 2.2)."""
    offer = relay.answer(relay.forward(DISCOVER), OFFER)
    relay.answer(relay.forward(REQUEST, (50, packed(offer.yiaddr)), (54, packed(SERVER))), ACK)
    neighbour(lab.server, offer.yiaddr, MAC)
    frame, ack = relay.station.answer(relay.station.renew(MAC, offer.yiaddr), ACK)
    assert frame.destination == offer.yiaddr and 82 not in ack.options


def test_perfdhcp_loses_nothing(lab: Lab) -> None:
    """An independent load generator: 500 exchanges at 500 a second, all complete, no address twice.

    It has more clients than exchanges (-R), for it may begin one too many, which would be the first client's again.
    """
    need("perfdhcp")
    machine: Machine = lab.client()
    machine.ip(f"addr add {GIADDR}/16 brd + dev c0")
    lab.daemon().start()
    words = ["-4", "-g", "single", "-n", "500", "-R", "5000", "-r", "500", "-W", "1000000", "-u", "-l"]
    done = machine.run("timeout", "30", "perfdhcp", *words, GIADDR, SERVER, check=False)
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert len(re.findall(r"^drops: 0\b", done.stdout, re.M)) == 2 and "non unique addresses: 0" in done.stdout
