"""Networks of one, two and four addresses: /31 (RFC 3021) and /32 have neither a base nor a broadcast address."""

from dataclasses import replace

import pytest
from rig import ALICE, BOB, CAROL, ETH1, interface

from pydhcpd.addresses import address_from
from pydhcpd.wire.packet import ACK, DECLINE, NAK

MASKS = {32: b"\xff\xff\xff\xff", 31: b"\xff\xff\xff\xfe", 30: b"\xff\xff\xff\xfc"}


def on_link(bench, server, prefix):
    """The server has one address on eth1, of a network of this length."""
    address = address_from(server), int.from_bytes(MASKS[prefix], "big")
    bench.interfaces = {ETH1: replace(interface(ETH1, "eth1"), addresses=(address,))}
    return bench


def given(bench, **fields):
    """The addresses that clients get until there are none."""
    leased = []
    for client in (ALICE, BOB, CAROL):
        offers = bench.say(bench.discover(client, **fields))
        leased += [leased_by(bench, client, one, **fields) for one in offers]
    return leased


def leased_by(bench, client, offer, **fields):
    """Take an offer."""
    (ack,) = bench.say(bench.request(client, options={50: offer.yiaddr, 54: offer.packet.options[54]}, **fields))
    assert (ack.kind, ack.stored) == (ACK, True)
    return ack.yiaddr


@pytest.mark.parametrize("text", ['interface = "eth1"', 'network = "192.0.2.{base}/{prefix}"',
                                  'subnets = [subnet("192.0.2.{base}/{prefix}", pools=["192.0.2.{base}/{prefix}"])]'])
@pytest.mark.parametrize(("server", "base", "prefix", "expected"), [
    (4, 4, 31, [5]), (5, 4, 31, [4]), (5, 4, 30, [6]), (6, 4, 30, [5])])
def test_who_shares_a_small_network_with_the_server(bench, text, server, base, prefix, expected):
    on_link(bench, f"192.0.2.{server}", prefix).serve(text.format(base=base, prefix=prefix))
    assert given(bench) == [f"192.0.2.{last}" for last in expected]


@pytest.mark.parametrize(("network", "expected"), [
    ("10.1.0.4/32", [4]), ("10.1.0.4/31", [4, 5]), ("10.1.0.4/30", [5, 6])])
def test_behind_a_relay_all_hosts_of_a_small_network_are_served(bench, network, expected):
    bench.serve(f'subnets = [subnet("{network}", pools=["{network}"], relays=["192.0.2.7"])]')
    assert given(bench, giaddr="192.0.2.7") == [f"10.1.0.{last}" for last in expected]


@pytest.mark.parametrize(("prefix", "broadcast"), [(32, None), (31, None), (30, b"\x0a\1\0\7")])
def test_a_network_without_a_broadcast_address_sends_no_option_28(bench, prefix, broadcast):
    """RFC 3021 section 2.2: the highest address is a host's, a neighbour of the client's or its own."""
    bench.serve(f'subnets = [subnet("10.1.0.4/{prefix}", pools=["10.1.0.4/{prefix}"], relays=["192.0.2.7"])]')
    (offer,) = bench.say(bench.discover(giaddr="192.0.2.7", options={55: b"\1\x1c"}))
    assert (offer.packet.options[1], offer.packet.options.get(28)) == (MASKS[prefix], broadcast)


def test_the_whole_life_of_a_lease_on_a_point_to_point_link(bench):
    on_link(bench, "192.0.2.4", 31).serve('interface = "eth1"\nauthoritative = True\ndecline_quarantine_time = 60')
    server = {54: "192.0.2.4"}
    assert given(bench) == ["192.0.2.5"]
    (renewed,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.5"), "192.0.2.4", "192.0.2.5"))
    assert (renewed.kind, renewed.address) == (ACK, "192.0.2.5")
    (refused,) = bench.say(bench.request(BOB, options={50: "192.0.2.4", **server}))
    assert refused.kind == NAK
    bench.say(bench.message(DECLINE, ALICE, options={50: "192.0.2.5", **server}))
    assert given(bench) == []
    bench.pass_time(61)
    assert given(bench) == ["192.0.2.5"]


def test_a_reservation_in_a_point_to_point_link(bench):
    on_link(bench, "192.0.2.5", 31).serve('interface = "eth1"\nhosts = [host(mac="02:00:00:00:00:0b", ip="192.0.2.4")]')
    (offer,) = bench.say(bench.discover(ALICE), bench.discover(BOB))
    assert leased_by(bench, BOB, offer) == "192.0.2.4"
