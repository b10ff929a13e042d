"""Rules of the protocol that servers commonly break, each held with one packet or a few.

Addresses: the server is 192.0.2.1 on eth1 (and 198.51.100.1 on eth2), the network 192.0.2.0/24 with a pool of .10 to .19.
"""

import pytest
from rig import (
    ALICE,
    BEGINNING,
    BOB,
    CAROL,
    ETH1,
    ETH2,
    EVERY_STATION,
    EVERYBODY,
    NETWORK,
    OTHER_OWN,
    SERVER,
    STRANGER,
    as_bytes,
    codes,
    interface,
    reason,
    seconds,
)

from pydhcpd.addresses import address_from, address_text
from pydhcpd.comparators import ALL
from pydhcpd.configuration.file import ConfigurationError
from pydhcpd.leases.interface import QUARANTINED
from pydhcpd.wire.packet import ACK, DECLINE, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST

# --- where a reply goes: RFC 2131 section 4.1


SOURCE_PORT = {82: bytes.fromhex("0103 703031 1300")}  # a circuit id and the empty suboption 19


@pytest.mark.parametrize(("fields", "way", "goes"), [
    # rule 1: giaddr not 0: to giaddr, port 67
    ({"giaddr": "192.0.2.9"}, {}, ("192.0.2.9", 67, 0, b"")),
    ({"giaddr": "192.0.2.9"}, {"source": "192.0.2.9", "port": 6700}, ("192.0.2.9", 67, 0, b"")),
    ({"giaddr": "192.0.2.9", "flags": 0x8000}, {}, ("192.0.2.9", 67, 0, b"")),
    ({"giaddr": "192.0.2.9", "ciaddr": "192.0.2.15"}, {}, ("192.0.2.9", 67, 0, b"")),
    # and with suboption 82.19 to the port that it came from (RFC 8357)
    ({"giaddr": "192.0.2.9", "options": SOURCE_PORT}, {"source": "192.0.2.9", "port": 6700}, ("192.0.2.9", 6700, 0, b"")),
    # table 5: ciaddr in a DISCOVER means nothing, wherever the datagram comes from
    ({"ciaddr": "192.0.2.15"}, {"source": "192.0.2.15"}, ("192.0.2.10", 68, ETH1, ALICE)),
    ({"ciaddr": "192.0.2.15", "flags": 0x8000}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
    ({"ciaddr": "224.0.0.1"}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    ({"ciaddr": EVERYBODY}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    ({"ciaddr": "203.0.113.9"}, {"source": "203.0.113.9"}, ("192.0.2.10", 68, ETH1, ALICE)),
    # rule 4: the broadcast bit, in a frame of our own with right sums; no other bit (the rest are reserved, section 2)
    ({"flags": 0x8000}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
    ({"flags": 0x7FFF}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    # the older server read the flags from the bytes of secs
    ({"secs": 0x8000}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    ({"secs": 0xFFFF}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    # rule 5: unicast to chaddr at yiaddr, by the interface that the request came in on
    ({}, {}, ("192.0.2.10", 68, ETH1, ALICE)),
    # rule 6: hlen 0, or hardware that cannot be addressed (RFC 4390)
    ({"htype": 32, "hardware": b"", "options": {61: b"\xff12345678"}}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
    ({"htype": 1, "hardware": b"", "options": {61: b"\xff12345678"}}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
    ({"htype": 6, "hardware": ALICE}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
    ({"htype": 1, "hardware": bytes(16)}, {}, (EVERYBODY, 68, ETH1, EVERY_STATION)),
])
def test_rules_1_3_4_5_6_where_an_offer_goes(bench, fields, way, goes):
    (offer,) = bench.say((bench.discover(**fields), EVERYBODY, way.get("source", "0.0.0.0"), way.get("port", 68)))
    assert offer.kind == OFFER
    assert (offer.address, offer.port, offer.interface, offer.hardware) == goes


def test_rule_1_an_inform_is_answered_to_ciaddr_before_giaddr(bench):
    (with_both,) = bench.say(bench.message(INFORM, ciaddr="192.0.2.50", giaddr="192.0.2.9"))
    (with_relay,) = bench.say(bench.message(INFORM, giaddr="192.0.2.9"))
    assert (with_both.address, with_both.port) == ("192.0.2.50", 68)
    assert (with_relay.address, with_relay.port) == ("192.0.2.9", 67)


def test_rule_2_a_nak_is_broadcast_even_with_ciaddr(bench):
    bench.lease(ALICE)
    (nak,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.15"), SERVER, "192.0.2.15"))
    assert nak.kind == NAK
    assert (nak.address, nak.port, nak.interface, nak.hardware) == (EVERYBODY, 68, ETH1, EVERY_STATION)


def test_rule_3_an_ack_goes_to_ciaddr(bench):
    bench.lease(ALICE)
    (ack,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
    assert (ack.kind, ack.address, ack.port, ack.interface, ack.hardware) == (ACK, "192.0.2.10", 68, ETH1, b"")


def test_rule_7_a_nak_through_a_relay_carries_the_broadcast_bit(bench):
    bench.lease(ALICE)
    (nak,) = bench.say(bench.request(ALICE, options={50: "192.0.2.15"}, giaddr="192.0.2.9"))
    assert (nak.kind, nak.address, nak.port, nak.packet.flags) == (NAK, "192.0.2.9", 67, 0x8000)


@pytest.mark.parametrize("identifier", [SERVER, OTHER_OWN])
def test_rule_8_any_of_the_servers_own_addresses_is_its_identifier(bench, identifier):
    (offer,) = bench.say(bench.discover())
    assert offer.packet.options[54] == as_bytes(SERVER)
    (ack,) = bench.say(bench.selecting(offer.yiaddr, server=identifier))
    assert (ack.kind, ack.packet.options[54]) == (ACK, as_bytes(SERVER))


# --- what a REQUEST means: section 4.3.2


def test_rule_9_selecting_is_told_by_option_54(bench):
    (offer,) = bench.say(bench.discover())
    (ack,) = bench.say(bench.selecting(offer.yiaddr))
    assert (ack.kind, ack.yiaddr) == (ACK, offer.yiaddr)
    assert bench.stored(offer.yiaddr).mac == "02:00:00:00:00:0a"


def test_rule_9_another_servers_client_gets_no_reply_and_its_offer_is_withdrawn(bench):
    """The older server ignored option 54, so it acknowledged other servers' clients."""
    (offer,) = bench.say(bench.discover(ALICE))
    assert bench.say(bench.selecting("192.0.2.77", ALICE, server=STRANGER)) == []
    assert bench.stored("192.0.2.77") is None
    (other,) = bench.say(bench.discover(BOB, options={50: offer.yiaddr}))
    assert other.yiaddr == offer.yiaddr


@pytest.mark.parametrize("identifier", [b"", b"\xc0\0\2", b"\xc0\0\2\1\0"])
def test_rule_9_a_server_identifier_of_another_length_is_not_ours(bench, identifier):
    (offer,) = bench.say(bench.discover(ALICE))
    assert bench.say(bench.request(ALICE, options={50: offer.yiaddr, 54: identifier})) == []


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.2.50", "198.51.100.7", "192.0.2.11"])
def test_rule_9_only_a_pool_address_that_is_free_can_be_selected(bench, address):
    """A client could claim any address of the network of the older server, also one in use (here .11, Bob's)."""
    bench.lease(CAROL)
    bench.lease(BOB)
    assert [reply.kind for reply in bench.say(bench.selecting(address, ALICE))] == [NAK]


def test_rule_9_what_is_offered_to_another_cannot_be_selected(bench):
    (offer,) = bench.say(bench.discover(BOB))
    assert [reply.kind for reply in bench.say(bench.selecting(offer.yiaddr, ALICE))] == [NAK]
    assert [reply.kind for reply in bench.say(bench.selecting(offer.yiaddr, BOB))] == [ACK]


def test_rule_10_init_reboot_with_the_address_on_record_is_acknowledged(bench):
    bench.lease(ALICE)
    (ack,) = bench.say(bench.request(ALICE, options={50: "192.0.2.10"}))
    assert (ack.kind, ack.yiaddr) == (ACK, "192.0.2.10")


@pytest.mark.parametrize("address", ["192.0.2.15", "198.51.100.7"])
def test_rule_10_init_reboot_with_another_address_than_that_on_record_is_refused(bench, address):
    bench.lease(ALICE)
    assert [reply.kind for reply in bench.say(bench.request(ALICE, options={50: address}))] == [NAK]


@pytest.mark.parametrize(("authoritative", "kinds"), [("False", []), ("True", [NAK])])
@pytest.mark.parametrize("address", ["192.0.2.10", "198.51.100.7"])
def test_rule_10_init_reboot_of_an_unknown_client_meets_silence_unless_authoritative(bench, authoritative, kinds, address):
    bench.serve(NETWORK + f"authoritative = {authoritative}")
    assert [reply.kind for reply in bench.say(bench.request(ALICE, options={50: address}))] == kinds


def test_rule_10_init_reboot_after_the_lease_has_ended_is_acknowledged_while_nobody_has_the_address(bench):
    bench.lease(ALICE)
    bench.pass_time(7200)
    assert [reply.kind for reply in bench.say(bench.request(ALICE, options={50: "192.0.2.10"}))] == [ACK]


@pytest.mark.parametrize("destination", [SERVER, EVERYBODY], ids=["renewing", "rebinding"])
def test_rule_11_ciaddr_alone_renews_the_lease(bench, destination):
    bench.lease(ALICE)
    bench.now += 1800
    (ack,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.10"), destination, "192.0.2.10"))
    assert (ack.kind, ack.yiaddr, seconds(ack)) == (ACK, "192.0.2.10", 3600)
    assert 0 <= bench.stored("192.0.2.10").expires - (BEGINNING + 1800 + 3600) <= 1  # never before the client's


@pytest.mark.parametrize(("authoritative", "kinds"), [("False", []), ("True", [NAK])])
@pytest.mark.parametrize("destination", [SERVER, EVERYBODY], ids=["renewing", "rebinding"])
def test_rule_11_an_unknown_client_is_met_with_silence_unless_authoritative(bench, authoritative, kinds, destination):
    bench.serve(NETWORK + f"authoritative = {authoritative}")
    message = bench.request(ALICE, ciaddr="192.0.2.15")
    assert [reply.kind for reply in bench.say((message, destination, "192.0.2.15"))] == kinds


def test_rule_11_another_clients_address_is_not_renewed(bench):
    bench.lease(ALICE)
    bench.lease(BOB)
    (nak,) = bench.say((bench.request(BOB, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
    assert nak.kind == NAK
    assert bench.stored("192.0.2.10").mac == "02:00:00:00:00:0a"


@pytest.mark.parametrize("options", [{}, {50: b""}, {50: b"\xc0\0\2"}, {50: "0.0.0.0"}, {54: SERVER}])
@pytest.mark.parametrize("client", [ALICE, BOB], ids=["known", "stranger"])
@pytest.mark.parametrize("fields", [{}, {"giaddr": "192.0.2.9"}], ids=["direct", "relayed"])
@pytest.mark.parametrize("authoritative", [False, True])
def test_rule_12_neither_50_nor_ciaddr_is_malformed(bench, options, client, fields, authoritative):
    bench.serve(NETWORK + f"authoritative = {authoritative}").lease(ALICE)
    assert bench.say(bench.request(client, options=options, **fields)) == []
    assert reason(bench) == {"REQUEST without an address": 1}


def test_rule_12_a_request_without_an_address_to_another_server_withdraws_its_offer(bench):
    (offer,) = bench.say(bench.discover(ALICE))
    assert bench.say(bench.request(ALICE, options={54: STRANGER})) == []
    (other,) = bench.say(bench.discover(BOB, options={50: offer.yiaddr}))
    assert other.yiaddr == offer.yiaddr


@pytest.mark.parametrize("flags", [0, 0x8000])
def test_rule_21_an_inform_that_says_neither_ciaddr_nor_giaddr_has_nowhere_to_go(bench, flags):
    assert bench.say(bench.message(INFORM, flags=flags)) == []
    assert reason(bench) == {"INFORM without an address": 1}


# --- what a reply carries: section 4.3.1, table 3


def test_rule_13_an_offer_carries_51_and_54_and_never_50_55_57(bench):
    (offer,) = bench.say(bench.discover(options={50: "192.0.2.12", 55: bytes([1, 3, 50, 51, 54, 55, 57]), 57: b"\x05\xdc"},
                                        hops=3, secs=9, ciaddr="192.0.2.12"))
    assert {51, 54} <= offer.packet.options.keys()
    assert not {50, 55, 57} & offer.packet.options.keys()
    assert (offer.packet.ciaddr, offer.packet.hops, offer.packet.secs, offer.packet.op) == (0, 0, 0, 2)


def test_rule_14_an_ack_to_a_request_carries_51_and_its_ciaddr(bench):
    assert bench.lease(ALICE).packet.ciaddr == 0
    (ack,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.10", hops=2, secs=7), SERVER, "192.0.2.10"))
    assert (address_text(ack.packet.ciaddr), ack.packet.hops, ack.packet.secs) == ("192.0.2.10", 0, 0)
    assert seconds(ack) == 3600
    assert not {50, 55, 57} & ack.packet.options.keys()


@pytest.mark.parametrize("wanted", [{}, {55: bytes([51, 58, 59, 6])}])
def test_rule_14_an_ack_to_an_inform_carries_no_lease_time_and_no_yiaddr(bench, wanted):
    (ack,) = bench.say((bench.message(INFORM, ciaddr="192.0.2.50", options=wanted), SERVER, "192.0.2.50"))
    assert (ack.kind, ack.yiaddr, address_text(ack.packet.ciaddr)) == (ACK, "0.0.0.0", "192.0.2.50")
    assert not {51, 58, 59} & ack.packet.options.keys()
    assert {54, 6} <= ack.packet.options.keys()


def test_rule_15_a_nak_carries_53_54_56_with_61_and_82_echoed_and_no_addresses(bench):
    bench.serve(NETWORK + 'authoritative = True\nnext_server = "192.0.2.9"\nserver_name = "boot"\nboot_file_name = "file"\n'
                'always_send = ["router"]')
    (nak,) = bench.say(bench.request(options={50: "192.0.2.15", 55: bytes([1, 3]), 61: b"\0alice", 82: b"\1\2p1"},
                                     giaddr="192.0.2.9", ciaddr="192.0.2.15"))
    assert nak.kind == NAK
    assert codes(nak) == [53, 54, 56, 61, 82]
    packet = nak.packet
    assert (packet.yiaddr, packet.ciaddr, packet.siaddr, packet.sname, packet.file) == (0, 0, 0, b"", b"")


def replies_of_each_kind(bench, **fields):
    """OFFER, ACK, NAK and the ACK to an INFORM, with the messages that they answer."""
    way = (EVERYBODY, "0.0.0.0")
    messages = [bench.discover(**fields), bench.selecting("192.0.2.10", **fields),
                bench.request(options={50: "192.0.2.15"}, **fields), bench.message(INFORM, ciaddr="192.0.2.10", **fields)]
    return [(message, reply) for message in messages for reply in bench.say((message, *way))]


@pytest.mark.parametrize("fields", [
    {"flags": 0x8000}, {"flags": 0}, {"flags": 0x8001}, {"giaddr": "192.0.2.9", "flags": 0x8000}, {"htype": 6},
    {"htype": 32, "hardware": b"", "options": {61: b"x"}}, {"hardware": ALICE + bytes(10)}])
def test_rule_16_xid_flags_giaddr_chaddr_htype_and_hlen_are_the_requests(bench, fields):
    if "options" in fields:  # `selecting` and the like bring their own
        (offer,) = bench.say(message := bench.discover(**fields))
        pairs = [(message, offer)]
    else:
        pairs = replies_of_each_kind(bench, **fields)
        assert [reply.kind for _, reply in pairs] == [OFFER, ACK, NAK, ACK]
    for message, reply in pairs:
        for name in ("xid", "flags", "giaddr", "chaddr", "htype", "hlen"):
            assert getattr(reply.packet, name) == getattr(message, name), name


def test_rule_17_no_ack_leaves_before_its_binding_is_stored(bench):
    """RFC 2131 section 3.1, step 4."""
    assert bench.lease(ALICE).stored
    offers = bench.say(*(bench.discover(bytes([2, 0, 0, 0, 1, n])) for n in range(5)))
    acks = bench.say(*(bench.selecting(one.yiaddr, one.packet.hardware) for one in offers))
    assert [one.kind for one in acks] == [ACK] * 5
    assert all(one.stored for one in acks)


def test_rule_17_an_offer_stores_nothing(bench):
    bench.say(bench.discover(ALICE))
    assert list(bench.hosts.get(ip=ALL)) == []


# --- what clients send: section 4.4, table 5


def test_rule_18_a_discover_with_54_is_ignored(bench):
    assert bench.say(bench.discover(options={54: SERVER})) == []


def test_rule_19_a_declined_address_is_not_offered_for_a_while_and_the_administrator_is_told(bench):
    bench.serve(NETWORK.replace(".19", ".10") + "decline_quarantine_time = 100")
    bench.lease(ALICE)
    assert bench.say(bench.message(DECLINE, ALICE, options={50: "192.0.2.10", 54: SERVER})) == []
    assert bench.stored("192.0.2.10").state == "quarantined"
    assert any("declined 192.0.2.10" in words for words in bench.told())
    bench.pass_time(99)
    assert bench.say(bench.discover(BOB)) == bench.say(bench.discover(ALICE)) == []
    bench.pass_time(2)
    assert [one.yiaddr for one in bench.say(bench.discover(BOB))] == ["192.0.2.10"]


def test_rule_19_an_offer_can_be_declined(bench):
    (offer,) = bench.say(bench.discover(ALICE))
    bench.say(bench.message(DECLINE, ALICE, options={50: offer.yiaddr, 54: SERVER}))
    assert bench.stored(offer.yiaddr).state == "quarantined"


def test_rule_19_who_declined_gets_another_address(bench):
    bench.lease(ALICE)
    bench.say(bench.message(DECLINE, ALICE, options={50: "192.0.2.10", 54: SERVER}))
    assert bench.lease(ALICE).yiaddr != "192.0.2.10"


@pytest.mark.parametrize(("client", "options"), [
    (BOB, {50: "192.0.2.10", 54: SERVER}), (ALICE, {50: "192.0.2.11", 54: SERVER}), (ALICE, {50: "192.0.2.10", 54: STRANGER}),
    (ALICE, {50: "192.0.2.10"}), (ALICE, {54: SERVER}), (ALICE, {50: b"\xc0\0\2", 54: SERVER}),
    (BOB, {50: "192.0.2.1", 54: SERVER}), (BOB, {50: "198.51.100.7", 54: SERVER})])
def test_rule_19_a_decline_of_what_is_not_the_clients_is_ignored_and_counted(bench, client, options):
    bench.lease(ALICE)
    assert bench.say(bench.message(DECLINE, client, options=options)) == []
    assert "DECLINE of an address that is not the client's" in reason(bench)
    assert QUARANTINED not in [row.state for row in bench.hosts.store.select()]


def test_rule_20_a_released_address_is_free_and_remembered_for_the_client(bench):
    bench.lease(ALICE)
    assert bench.say((bench.message(RELEASE, ALICE, ciaddr="192.0.2.10", options={54: SERVER}), SERVER, "192.0.2.10")) == []
    assert bench.stored("192.0.2.10").state == "released"
    (other,) = bench.say(bench.discover(BOB))
    (again,) = bench.say(bench.discover(ALICE))
    assert (other.yiaddr, again.yiaddr) == ("192.0.2.11", "192.0.2.10")


def test_rule_20_a_released_address_is_given_to_another_where_none_else_is_left(bench):
    bench.serve(NETWORK.replace(".19", ".10"))
    bench.lease(ALICE)
    bench.say((bench.message(RELEASE, ALICE, ciaddr="192.0.2.10", options={54: SERVER}), SERVER, "192.0.2.10"))
    assert bench.lease(BOB).yiaddr == "192.0.2.10"


@pytest.mark.parametrize(("client", "ciaddr", "server"), [
    (BOB, "192.0.2.10", SERVER), (ALICE, "192.0.2.11", SERVER), (ALICE, "0.0.0.0", SERVER), (ALICE, "192.0.2.10", STRANGER),
    (ALICE, "192.0.2.10", b""), (BOB, "192.0.2.1", SERVER)])
def test_rule_20_a_release_of_what_is_not_the_clients_is_ignored_and_counted(bench, client, ciaddr, server):
    bench.lease(ALICE)
    before = bench.stored("192.0.2.10")
    message = bench.message(RELEASE, client, ciaddr=ciaddr, options={54: server})
    assert bench.say((message, SERVER, "192.0.2.10")) == []
    assert (bench.stored("192.0.2.10"), bench.server.account.drops.counts.total()) == (before, 1)


def test_rule_21_an_inform_gives_no_address_and_leaves_a_lease_alone(bench):
    bench.lease(ALICE)
    before = list(bench.hosts.get(ip=ALL))
    bench.now += 60
    for client in (ALICE, BOB):
        (ack,) = bench.say((bench.message(INFORM, client, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
        assert (ack.kind, ack.yiaddr) == (ACK, "0.0.0.0")
    assert list(bench.hosts.get(ip=ALL)) == before


@pytest.mark.parametrize("ciaddr", ["203.0.113.7", "192.0.2.0", "192.0.2.255", "224.0.0.1", EVERYBODY])
def test_rule_21_an_inform_from_an_address_of_no_host_of_a_served_network_is_ignored(bench, ciaddr):
    assert bench.say((bench.message(INFORM, ciaddr=ciaddr), SERVER, ciaddr)) == []
    assert bench.say(bench.message(INFORM, ciaddr=ciaddr, giaddr="192.0.2.9")) == []


# Rule 22: section 4.3.1 gives the order: the client's current address, its previous one, the one it asks for, a new one.


def test_rule_22_first_the_current_address_whatever_is_asked_for(bench):
    bench.lease(ALICE)
    (offer,) = bench.say(bench.discover(ALICE, options={50: "192.0.2.15"}))
    assert offer.yiaddr == "192.0.2.10"


def test_rule_22_then_the_previous_address(bench):
    bench.lease(ALICE)
    bench.pass_time(7200)
    bench.lease(BOB)
    (offer,) = bench.say(bench.discover(ALICE, options={50: "192.0.2.15"}))
    assert offer.yiaddr == "192.0.2.10"


@pytest.mark.parametrize("wanted", ["192.0.2.15", "192.0.2.19"])
def test_rule_22_then_the_address_that_is_asked_for(bench, wanted):
    (offer,) = bench.say(bench.discover(ALICE, options={50: wanted}))
    assert offer.yiaddr == wanted


@pytest.mark.parametrize("wanted", ["192.0.2.10", "192.0.2.11", "192.0.2.1", "192.0.2.0", "192.0.2.255", "192.0.2.50",
                                    "10.0.0.1", "0.0.0.0", "255.255.255.255", b"", b"\xc0\0\2", b"\xc0\0\2\x0f\0"])
def test_rule_22_else_a_new_one(bench, wanted):
    bench.lease(BOB)
    bench.say(bench.discover(CAROL))  # .11 is offered
    (offer,) = bench.say(bench.discover(ALICE, options={50: wanted}))
    assert offer.yiaddr == "192.0.2.12"


def test_rule_22_a_discover_that_is_repeated_gets_the_same_offer(bench):
    assert {bench.say(bench.discover(ALICE, secs=n))[0].yiaddr for n in range(4)} == {"192.0.2.10"}


def test_an_offer_holds_its_address_for_its_client_until_it_ends(bench):
    bench.serve(NETWORK.replace(".19", ".10") + "length_of_transaction = 30")
    bench.lease(ALICE)
    bench.pass_time(3602)
    bench.say(bench.discover(ALICE))
    assert bench.say(bench.discover(BOB)) == []
    bench.pass_time(31)
    assert [one.yiaddr for one in bench.say(bench.discover(BOB))] == ["192.0.2.10"]


@pytest.mark.parametrize(("settings", "asked", "granted"), [
    ("", None, 3600), ("", 600, 600), ("", 30, 60), ("", 86_400, 3600), ("", 0xFFFFFFFF, 3600), ("", 0, 60),
    ("minimum_lease_time = 300", 60, 300), ("maximum_lease_time = 86400", 86_400, 86_400),
    ("maximum_lease_time = 86400", None, 3600),
    ("maximum_lease_time = INFINITE", 0xFFFFFFFF, 0xFFFFFFFF), ("ip_address_lease_time = INFINITE", None, 0xFFFFFFFF),
    ("ip_address_lease_time = 10", None, 10), ("ip_address_lease_time = 2", None, 2)])
def test_rule_24_t1_is_below_t2_below_the_lease_and_infinity_has_neither(bench, settings, asked, granted):
    bench.serve(NETWORK + settings)
    (offer,) = bench.say(bench.discover(options={} if asked is None else {51: asked.to_bytes(4, "big")}))
    assert seconds(offer) == granted
    if granted == 0xFFFFFFFF:
        assert not {58, 59} & offer.packet.options.keys()
    else:
        assert 0 <= seconds(offer, 58) < seconds(offer, 59) < granted


@pytest.mark.parametrize(("settings", "asked", "timers"), [
    ("renewal_time_value = 1000\nrebinding_time_value = 2000", None, (1000, 2000)),
    ("renewal_time_value = 1000\nrebinding_time_value = 2000", 500, (250, 437)),  # a half and seven eighths
    ("renewal_time_value = 1000\nrebinding_time_value = 2000", 1500, (1000, 1312)),
    ("renewal_time_value = 3599", None, (1800, 3150)),
    ("rebinding_time_value = 1000", None, (999, 1000)),
    ("", None, (1800, 3150))])
def test_rule_24_timers_are_as_configured_where_they_fit_the_lease(bench, settings, asked, timers):
    bench.serve(NETWORK + settings)
    (offer,) = bench.say(bench.discover(options={} if asked is None else {51: asked.to_bytes(4, "big")}))
    assert (seconds(offer, 58), seconds(offer, 59)) == timers


def test_rule_24_an_infinite_lease_never_ends(bench):
    bench.serve(NETWORK.replace("3600", "INFINITE"))
    bench.lease(ALICE)
    assert bench.stored("192.0.2.10").expires is None
    bench.pass_time(100 * 365 * 86_400)
    assert bench.say(bench.discover(BOB))[0].yiaddr == "192.0.2.11"


def test_rule_25_the_client_identifier_is_the_key_where_sent(bench):
    """RFC 2131 section 4.2."""
    first = bench.lease(ALICE, options={61: b"\0one"})
    second = bench.lease(ALICE, options={61: b"\0two"})
    moved = bench.lease(BOB, options={61: b"\0one"})
    plain = bench.lease(ALICE)
    assert len({first.yiaddr, second.yiaddr, plain.yiaddr}) == 3
    assert moved.yiaddr == first.yiaddr


def test_rule_25_else_the_hardware_type_and_address_are(bench):
    one, other = bench.lease(ALICE, htype=1), bench.lease(ALICE, htype=6)
    assert one.yiaddr != other.yiaddr
    assert bench.lease(ALICE, htype=1).yiaddr == one.yiaddr


def test_rule_25_an_identifier_that_spells_a_hardware_address_is_not_that(bench):
    assert bench.lease(ALICE).yiaddr != bench.lease(ALICE, options={61: b"\1" + ALICE}).yiaddr


# --- encoding


@pytest.mark.parametrize("wanted", [None, bytes([3, 6, 1]), bytes([1, 3]), bytes([3, 1, 3, 1, 3]),
                                    bytes([15, 3, 6, 28, 1, 255, 0, 3])])
def test_rule_26_the_mask_comes_before_the_router_and_an_option_once(bench, wanted):
    (offer,) = bench.say(bench.discover(options={} if wanted is None else {55: wanted}))
    found = codes(offer)
    assert found.index(1) < found.index(3)
    assert len(found) == len(set(found))


def test_rule_26_always_send_adds_an_option_once(bench):
    bench.serve(NETWORK + 'always_send = ["router", "domain_name", "ip_address_lease_time"]\nnever_send = "domain_name_server"')
    (offer,) = bench.say(bench.discover(options={55: bytes([1, 3, 6])}))
    assert sorted(codes(offer)) == [1, 3, 15, 51, 53, 54, 58, 59]


LARGE = "".join(f"option_{code} = b'{'x' * 100}'\n" for code in range(224, 234))


@pytest.mark.parametrize(("size", "mtu", "limit"), [
    (None, 1500, 576), (0, 1500, 576), (575, 1500, 576), (576, 1500, 576), (700, 1500, 700), (1400, 1500, 1400),
    (1500, 1500, 1500), (9000, 1500, 1500), (65_535, 9000, 9000), (1500, 1000, 1000)])
def test_rule_27_a_reply_is_no_longer_than_option_57_and_the_mtu(bench, size, mtu, limit):
    """IP and UDP headers are counted in; 576 is the least, for every client must take that (RFC 2131 section 2)."""
    bench.interfaces = {ETH1: interface(ETH1, "eth1", SERVER, mtu=mtu)}
    bench.serve(NETWORK + LARGE)
    (offer,) = bench.say(bench.discover(options={} if size is None else {57: size.to_bytes(2, "big")}))
    assert len(offer.data) + 28 <= limit
    assert len(offer.data) + 28 > limit - 102 or set(range(224, 234)) <= offer.packet.options.keys()
    assert {1, 51, 53, 54} <= offer.packet.options.keys()
    assert 255 in offer.data[240:]


@pytest.mark.parametrize("options", [
    {61: b"x" * 255}, {82: b"\1\xfd" + b"x" * 253}, {61: b"x" * 100, 82: b"\1\x64" + b"x" * 100}])
def test_rule_27_what_is_echoed_counts(bench, options):
    bench.serve(NETWORK + LARGE)
    (offer,) = bench.say(bench.discover(options=options, giaddr="192.0.2.9"))
    assert len(offer.data) + 28 <= 576
    assert all(offer.packet.options[code] == value for code, value in options.items())


def test_rule_27_a_reply_is_padded_to_300_bytes_and_has_an_end(bench):
    for _, reply in replies_of_each_kind(bench):
        assert len(reply.data) >= 300
        assert 255 in reply.data[240:]


def test_rule_28_overloaded_options_are_read_from_options_then_file_then_sname(bench):
    """RFC 3396 section 5: the parts of option 12 are put together in that order."""
    (offer,) = bench.say(bench.discover(ALICE))
    main = bytes([53, 1, REQUEST, 52, 1, 3, 12, 2]) + b"al" + bytes([54, 4]) + as_bytes(SERVER) + b"\xff"
    file = (bytes([12, 2]) + b"ic" + bytes([50, 4]) + as_bytes(offer.yiaddr) + b"\xff").ljust(128, b"\0")
    sname = (bytes([12, 1]) + b"e\xff").ljust(64, b"\0")
    header = bench.request(ALICE).encode()[:44]
    (ack,) = bench.say(header + sname + file + bytes.fromhex("63825363") + main)
    assert (ack.kind, ack.yiaddr, bench.stored(offer.yiaddr).hostname) == (ACK, offer.yiaddr, "alice")


def test_rule_28_what_does_not_fit_goes_into_file_then_sname(bench):
    """Row 14: overload is written too, where file and sname are free; 82 stays out of them (RFC 3046 section 2.2)."""
    bench.serve(NETWORK + "".join(f"option_{code} = b'{'x' * 60}'\n" for code in (224, 225, 226, 227, 228, 229)))
    (offer,) = bench.say(bench.discover(options={82: b"\1\2p1"}, giaddr="192.0.2.9"))
    assert set(range(224, 230)) <= offer.packet.options.keys()
    assert 52 in codes(offer)
    assert (codes(offer)[-1], offer.packet.options[82]) == (82, b"\1\2p1")
    assert 82 not in (offer.data[108], offer.data[44])
    assert len(offer.data) + 28 <= 576


def test_rule_28_what_does_not_fit_leaves_boot_values_alone(bench):
    bench.serve(NETWORK + LARGE + 'server_name = "boot"\nboot_file_name = "pxelinux.0"')
    (offer,) = bench.say(bench.discover())
    assert (offer.packet.sname, offer.packet.file, 52 in codes(offer)) == (b"boot", b"pxelinux.0", False)


def test_rule_29_repeats_are_concatenated_before_they_are_read(bench):
    """RFC 3396: two pieces of the parameter request list, and of the client identifier."""
    data = bench.discover(ALICE).encode()[:240] + bytes.fromhex("350101 370103 3d020061 370106 3d016c ff")
    (offer,) = bench.say(data)
    assert set(codes(offer)) == {53, 54, 51, 58, 59, 3, 6, 61}
    assert offer.packet.options[61] == b"\0al"


def test_rule_29_what_is_longer_than_255_is_split(bench):
    bench.serve(NETWORK + "option_224 = bytes(range(256)) * 2")
    (offer,) = bench.say(bench.discover(options={57: b"\x05\xdc", 55: b"\xe0"}))
    assert codes(offer).count(224) == 3
    assert offer.packet.options[224] == bytes(range(256)) * 2


# --- relays and identity


RELAYED = [b"\1\2p1", b"\1\2p1\2\3abc\x97\1x", b"\1\xff\0", b"\1\0\1\0", b"", b"\x13\0", b"x" * 255]


@pytest.mark.parametrize("information", RELAYED)
def test_rule_32_82_is_echoed_unaltered_and_last(bench, information):
    """RFC 3046 section 2.2; also what is cut short, repeated or unknown."""
    fields = {"options": {82: information, 61: b"\0alice", 55: bytes([1, 3])}, "giaddr": "192.0.2.9"}
    for message in (bench.discover(**fields), bench.message(INFORM, **fields),
                    bench.selecting("192.0.2.10", **{**fields, "options": fields["options"]}),
                    bench.selecting("192.0.2.77", **fields)):
        (reply,) = bench.say(message)
        assert codes(reply)[-1] == 82
        assert reply.packet.options[82] == information


def test_rule_32_82_is_never_in_file_or_sname(bench):
    bench.serve(NETWORK + LARGE)
    (offer,) = bench.say(bench.discover(options={82: b"\1\x40" + b"R" * 64}, giaddr="192.0.2.9"))
    assert b"R" not in offer.data[44:236]
    assert codes(offer)[-1] == 82


def test_rule_32_82_is_never_made_up(bench):
    """What is remembered for a direct renewal serves policy alone."""
    bench.lease(ALICE, options={82: b"\1\2p1"}, giaddr="192.0.2.9")
    (ack,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
    assert (ack.kind, 82 in ack.packet.options) == (ACK, False)


@pytest.mark.parametrize("identifier", [
    b"\0", b"\xff", b"\0\0", b"\1\2\3", bytes(range(255)), b"\xff\0\1\2\3\0\2\0\0\0\1", b"\0name\0"])
def test_rules_36_37_a_client_identifier_is_opaque_bytes_and_returned_unaltered(bench, identifier):
    """RFC 4361 section 6.3 and RFC 6842 section 3; in each kind of reply."""
    options = {61: identifier}
    (offer,) = bench.say(bench.discover(ALICE, options=options))
    (ack,) = bench.say(bench.selecting(offer.yiaddr, ALICE, options=options))
    (nak,) = bench.say(bench.request(ALICE, options={50: "192.0.2.77", **options}))
    (informed,) = bench.say(bench.message(INFORM, ALICE, ciaddr="192.0.2.10", options=options))
    assert [one.kind for one in (offer, ack, nak, informed)] == [OFFER, ACK, NAK, ACK]
    assert {one.packet.options.get(61) for one in (offer, ack, nak, informed)} == {identifier}
    assert bench.lease(BOB, options={61: identifier + b"\0" if len(identifier) < 255 else b"x"}).yiaddr != ack.yiaddr


def test_rule_37_61_is_returned_only_if_it_was_sent(bench):
    assert all(61 not in reply.packet.options for _, reply in replies_of_each_kind(bench))


# --- what the older server did wrong, and is worth a test


def test_a_discover_without_option_55_gets_all_options_and_breaks_nothing(bench):
    (offer,) = bench.say(bench.discover(ALICE))
    assert {1, 3, 6, 15, 28} <= offer.packet.options.keys()
    assert bench.say(bench.discover(BOB, options={55: bytes([1])}))


def test_an_empty_parameter_request_list_asks_for_nothing(bench):
    (offer,) = bench.say(bench.discover(ALICE, options={55: b""}))
    assert set(codes(offer)) == {53, 54, 51, 58, 59}


def test_a_reply_is_sent_once(bench):
    assert len(bench.say(bench.discover())) == 1
    assert len(bench.sent) == 1


def test_a_lease_ends_and_its_address_is_given_again(bench):
    bench.serve(NETWORK.replace(".19", ".10"))
    bench.lease(ALICE)
    assert bench.say(bench.discover(BOB)) == []
    bench.pass_time(3601)
    assert bench.lease(BOB).yiaddr == "192.0.2.10"
    assert bench.say(bench.request(ALICE, options={50: "192.0.2.10"})) == []  # no record of Alice any more
    assert bench.stored("192.0.2.10").mac == "02:00:00:00:00:0b"


@pytest.mark.parametrize("kind", [0, OFFER, ACK, NAK, 9, 13, 99, 255])
def test_what_no_client_sends_is_ignored(bench, kind):
    assert bench.say(bench.message(kind)) == []


def test_what_comes_in_where_nothing_is_served_is_ignored(bench):
    assert bench.say((bench.discover(), EVERYBODY, "0.0.0.0", 68, ETH2)) == []
    assert bench.say((bench.discover(), EVERYBODY, "0.0.0.0", 68, 77)) == []


@pytest.mark.parametrize("giaddr", ["10.9.9.9", "255.255.255.255", "224.0.0.1", "127.0.0.1"])
def test_a_relay_of_no_served_network_gets_no_answer(bench, giaddr):
    assert bench.say(bench.discover(giaddr=giaddr)) == []


# --- transactions


def test_two_clients_with_one_xid_have_nothing_to_do_with_each_other(bench):
    offers = bench.say(bench.discover(ALICE, xid=7), bench.discover(BOB, xid=7), bench.discover(CAROL, xid=7))
    assert {(one.packet.hardware, one.yiaddr) for one in offers} == {
        (ALICE, "192.0.2.10"), (BOB, "192.0.2.11"), (CAROL, "192.0.2.12")}
    acks = bench.say(*(bench.selecting(one.yiaddr, one.packet.hardware, xid=7) for one in offers))
    assert {(one.kind, one.packet.hardware, one.yiaddr) for one in acks} == {
        (ACK, one.packet.hardware, one.yiaddr) for one in offers}
    assert not bench.server.transactions


def test_a_repeated_message_in_a_batch_is_answered_once(bench):
    message = bench.discover(ALICE)
    assert len(bench.say(message, message, message)) == 1


def test_a_decline_and_the_discover_after_it_both_count_in_one_batch(bench):
    """A client that declines begins anew (section 3.1 step 5); whether with the same xid is its own affair."""
    bench.lease(ALICE)
    decline = bench.message(DECLINE, ALICE, xid=7, options={50: "192.0.2.10", 54: SERVER})
    replies = bench.say(decline, bench.discover(ALICE, xid=7))
    assert [one.yiaddr for one in replies] == ["192.0.2.11"]
    assert bench.stored("192.0.2.10").state == "quarantined"


def test_a_release_and_the_discover_of_another_in_one_batch(bench):
    bench.serve(NETWORK.replace(".19", ".10"))
    bench.lease(ALICE)
    release = bench.message(RELEASE, ALICE, ciaddr="192.0.2.10", options={54: SERVER})
    bench.say((release, SERVER, "192.0.2.10"), bench.discover(BOB))
    assert bench.lease(BOB).yiaddr == "192.0.2.10"


def test_a_former_holder_who_gets_another_address_does_not_take_the_new_holders_away(bench):
    """Alice's former address is Bob's in the very batch in which she gets another one."""
    bench.lease(ALICE)
    bench.pass_time(7200)
    (bobs,) = bench.say(bench.discover(BOB, options={50: "192.0.2.10"}))
    (alices,) = bench.say(bench.discover(ALICE))
    assert (bobs.yiaddr, alices.yiaddr) == ("192.0.2.10", "192.0.2.11")
    acks = bench.say(bench.selecting(bobs.yiaddr, BOB), bench.selecting(alices.yiaddr, ALICE))
    assert [(one.kind, one.yiaddr) for one in acks] == [(ACK, "192.0.2.10"), (ACK, "192.0.2.11")]
    assert bench.hosts.store.row(address_from("192.0.2.10")).hardware == BOB
    assert bench.lease(CAROL, options={50: "192.0.2.10"}).yiaddr == "192.0.2.12"


def test_the_same_the_other_way_round(bench):
    bench.lease(ALICE)
    bench.pass_time(7200)
    bench.say(bench.discover(BOB, options={50: "192.0.2.10"}))
    bench.say(bench.discover(ALICE))
    acks = bench.say(bench.selecting("192.0.2.11", ALICE), bench.selecting("192.0.2.10", BOB))
    assert [(one.kind, one.yiaddr) for one in acks] == [(ACK, "192.0.2.11"), (ACK, "192.0.2.10")]


# --- reservations


RESERVED = NETWORK + """
hosts = [
    host(mac="02:00:00:00:00:0b", ip="192.0.2.12", hostname="by-mac", domain_name="mac.example", ip_address_lease_time=7200),
    host(client_id=b"\\0client", ip="192.0.2.50", domain_name="client.example"),
    host(uuid="00112233-4455-6677-8899-aabbccddeeff", ip="192.0.2.51", domain_name="uuid.example"),
    host(circuit_id="p1", remote_id="s1", ip="192.0.2.52", domain_name="circuit.example"),
    host(hostname="Boss", match_hostname=True, ip="192.0.2.53", domain_name="name.example"),
    host(mac="02:00:00:00:00:66", ignore=True),
    host(mac="02:00:00:00:00:77", domain_name="no-address.example"),
]
"""
BY_IDENTITY = [
    (BOB, {}, "192.0.2.12", b"mac.example"),
    (CAROL, {61: b"\0client"}, "192.0.2.50", b"client.example"),
    (BOB, {61: b"\0client"}, "192.0.2.50", b"client.example"),  # the identifier goes before the hardware address
    (CAROL, {97: bytes.fromhex("0000112233445566778899aabbccddeeff")}, "192.0.2.51", b"uuid.example"),
    (CAROL, {82: b"\1\2p1\2\2s1"}, "192.0.2.52", b"circuit.example"),
    (CAROL, {82: b"\2\2s1\1\2p1\6\1x"}, "192.0.2.52", b"circuit.example"),
    (CAROL, {12: b"boss"}, "192.0.2.53", b"name.example"),
    (CAROL, {12: b"BOSS\0"}, "192.0.2.53", b"name.example"),  # trailing NULs are to be dropped (RFC 2132 section 2)
    (bytes.fromhex("020000000077"), {}, "192.0.2.10", b"no-address.example"),
]


@pytest.mark.parametrize(("client", "options", "address", "domain"), BY_IDENTITY)
def test_a_reserved_host_gets_its_address_and_options(bench, client, options, address, domain):
    bench.serve(RESERVED)
    ack = bench.lease(client, options=options)
    assert (ack.yiaddr, ack.packet.options[15]) == (address, domain)
    (renewed,) = bench.say((bench.request(client, options=options, ciaddr=address), SERVER, address))
    assert (renewed.kind, renewed.yiaddr, renewed.packet.options[15]) == (ACK, address, domain)


def test_a_reserved_host_gets_its_name_and_lease_time(bench):
    bench.serve(RESERVED)
    ack = bench.lease(BOB)
    assert (ack.packet.options[12], seconds(ack)) == (b"by-mac", 7200)


@pytest.mark.parametrize(("client", "options"), [
    (CAROL, {}), (CAROL, {61: b"\0client\0"}), (CAROL, {61: b"\0clien"}), (CAROL, {82: b"\1\2p1"}),
    (CAROL, {82: b"\1\2p1\2\2s2"}),
    (CAROL, {12: b"bos"}), (CAROL, {12: b"by-mac"}), (CAROL, {97: bytes(17)}), (BOB + b"\0", {})])
def test_who_is_not_the_host_gets_an_address_of_the_pool(bench, client, options):
    bench.serve(RESERVED)
    ack = bench.lease(client, options=options)
    assert (ack.yiaddr, ack.packet.options[15]) == ("192.0.2.10", b"example")


def test_a_reserved_address_is_given_to_nobody_else(bench):
    bench.serve(RESERVED)
    strangers = [bytes([2, 0, 0, 0, 1, n]) for n in range(12)]
    offers = [reply.yiaddr for one in strangers for reply in bench.say(bench.discover(one, options={50: "192.0.2.12"}))]
    assert sorted(set(offers)) == [f"192.0.2.{n}" for n in (10, 11, *range(13, 20))]
    (nak,) = bench.say(bench.selecting("192.0.2.12", strangers[0]))
    assert nak.kind == NAK
    assert bench.lease(BOB).yiaddr == "192.0.2.12"


def test_a_reserved_address_outside_the_pool_is_given_to_nobody_else(bench):
    bench.serve(RESERVED)
    (offer,) = bench.say(bench.discover(ALICE, options={50: "192.0.2.50"}))
    assert offer.yiaddr == "192.0.2.10"
    assert [one.kind for one in bench.say(bench.selecting("192.0.2.50", ALICE))] == [NAK]


def test_a_reserved_host_that_asks_for_another_address_is_refused(bench):
    bench.serve(RESERVED)
    assert [one.kind for one in bench.say(bench.selecting("192.0.2.15", BOB))] == [NAK]
    assert [one.kind for one in bench.say(bench.request(BOB, options={50: "192.0.2.15"}))] == [NAK]
    assert bench.lease(BOB, options={50: "192.0.2.15"}).yiaddr == "192.0.2.12"


def test_a_host_with_a_reservation_is_known_without_a_record(bench):
    bench.serve(RESERVED)
    (ack,) = bench.say(bench.request(BOB, options={50: "192.0.2.12"}))
    assert (ack.kind, ack.yiaddr) == (ACK, "192.0.2.12")


@pytest.mark.parametrize("kind", [DISCOVER, REQUEST, INFORM])
def test_a_host_that_is_to_be_ignored_gets_no_answer(bench, kind):
    bench.serve(RESERVED + "authoritative = True")
    client = bytes.fromhex("020000000066")
    options = {DISCOVER: {}, REQUEST: {50: "192.0.2.15", 54: SERVER}, INFORM: {}}[kind]
    assert bench.say(bench.message(kind, client, options=options)) == []
    assert bench.say(bench.request(client, options={50: "192.0.2.15"})) == []
    assert bench.say(bench.discover(CAROL))


@pytest.mark.parametrize("address", ["192.0.2.1", "192.0.2.2"])
def test_the_servers_own_and_the_routers_address_are_given_to_no_host_either(bench, address):
    try:
        bench.serve(NETWORK.replace('router = "192.0.2.1"', 'router = "192.0.2.2"')
                    + f"hosts = [host(mac='02:00:00:00:00:0b', ip='{address}')]")
    except ConfigurationError:
        return  # refused at once is as good
    assert address not in [one.yiaddr for one in bench.say(bench.discover(BOB))]


def test_the_default_pool_leaves_out_the_first_five_and_our_own(bench):
    bench.interfaces = {ETH1: interface(ETH1, "eth1", "192.0.2.7")}
    bench.serve('network = "192.0.2.0/28"\nrouter = "192.0.2.9"')
    given = [reply.yiaddr for n in range(20) for reply in bench.say(bench.discover(bytes([2, 0, 0, 0, 1, n])))]
    assert list(dict.fromkeys(given)) == [f"192.0.2.{n}" for n in (6, 8, 10, 11, 12, 13, 14)]


def test_a_reservation_made_while_another_holds_the_address(bench):
    """The holder is refused at its next renewal; until then the host has a short lease from the pool, and then its own."""
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"
    bench.serve(NETWORK + "hosts = [host(mac='02:00:00:00:00:0b', ip='192.0.2.10')]")
    waiting = bench.lease(BOB)
    assert (waiting.yiaddr, seconds(waiting)) == ("192.0.2.11", 60)
    (nak,) = bench.say((bench.request(ALICE, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
    assert (nak.kind, nak.address) == (NAK, EVERYBODY)
    assert bench.lease(ALICE).yiaddr == "192.0.2.12"
    (nak,) = bench.say((bench.request(BOB, ciaddr="192.0.2.11"), SERVER, "192.0.2.11"))
    assert nak.kind == NAK
    own = bench.lease(BOB)
    assert (own.yiaddr, seconds(own)) == ("192.0.2.10", 3600)
    rows = {one.ip: one.mac for one in bench.hosts.get(ip=ALL) if one.state != "released"}
    assert rows == {"192.0.2.10": "02:00:00:00:00:0b", "192.0.2.12": "02:00:00:00:00:0a"}


def test_a_reserved_host_keeps_its_short_lease_while_the_holder_does_not_come(bench):
    bench.lease(ALICE)
    bench.serve(NETWORK + "hosts = [host(mac='02:00:00:00:00:0b', ip='192.0.2.10')]")
    bench.lease(BOB)
    bench.pass_time(30)
    (ack,) = bench.say((bench.request(BOB, ciaddr="192.0.2.11"), SERVER, "192.0.2.11"))
    assert (ack.kind, seconds(ack)) == (ACK, 60)
    bench.pass_time(3600)  # the holder never came back
    assert bench.lease(BOB).yiaddr == "192.0.2.10"


def test_a_host_with_two_faces_has_one_address(bench):
    """Firmware and the system it loads send different identifiers: the reservation is that of the machine."""
    bench.serve(NETWORK + "hosts = [host(mac='02:00:00:00:00:0b', client_id=b'\\0system', ip='192.0.2.50')]")
    assert bench.lease(BOB).yiaddr == "192.0.2.50"
    assert bench.lease(BOB, options={61: b"\0system"}).yiaddr == "192.0.2.50"
    assert bench.lease(BOB).yiaddr == "192.0.2.50"


# --- floods


def test_unknown_clients_are_limited_while_known_ones_are_served(bench):
    bench.serve(NETWORK + "maximum_unknown_per_second = 3\nhosts = [host(mac='02:00:00:00:00:0c', ip='192.0.2.50')]")
    bench.lease(ALICE)
    bench.now += 10
    strangers = [bytes([2, 0, 0, 0, 1, n]) for n in range(8)]
    replies = bench.say(*(bench.discover(one) for one in strangers), bench.discover(ALICE), bench.discover(CAROL),
                        (bench.request(ALICE, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))
    assert len([one for one in replies if one.packet.hardware in strangers]) == 3
    assert sorted(one.packet.hardware for one in replies if one.packet.hardware not in strangers) == [ALICE, ALICE, CAROL]
    assert reason(bench)["from an unknown client, over maximum_unknown_per_second"] == 5
    bench.now += 1
    assert len(bench.say(*(bench.discover(one) for one in strangers))) == 3


def test_offers_are_bounded_and_the_oldest_go_first(bench):
    bench.hosts.offers.limit = 3
    for n in range(5):
        bench.say(bench.discover(bytes([2, 0, 0, 0, 1, n])))
    assert len(bench.hosts.offers) == 3
    assert bench.lease(BOB, options={50: "192.0.2.10"}).yiaddr == "192.0.2.10"


def test_a_full_pool_is_told(bench):
    bench.serve(NETWORK.replace(".19", ".10"))
    bench.lease(ALICE)
    assert bench.say(bench.discover(BOB)) == []
    assert any("no free address" in words for words in bench.told())


# --- boot values


def test_boot_values_go_into_the_fields_and_the_options(bench):
    bench.serve(NETWORK + 'next_server = "192.0.2.9"\nserver_name = "boot"\nboot_file_name = "pxelinux.0"')
    (offer,) = bench.say(bench.discover(options={55: bytes([66, 67])}))
    packet = offer.packet
    assert (address_text(packet.siaddr), packet.sname, packet.file) == ("192.0.2.9", b"boot", b"pxelinux.0")
    assert (packet.options[66], packet.options[67]) == (b"boot", b"pxelinux.0")


# --- delayed answers


@pytest.mark.parametrize("name", ["dhcp_offer_after_seconds", "dhcp_acknowledge_after_seconds"])
def test_answers_are_delayed_as_configured(bench, name):
    bench.serve(NETWORK + f"{name} = 0.05")
    kind = OFFER if "offer" in name else ACK
    message = bench.discover() if kind == OFFER else bench.selecting("192.0.2.10")
    assert bench.say(message) == []
    assert bench.server.worker.qsize() == 1
    bench.server.worker.stop()  # answers what waits
    assert [one.kind for one in bench.sent] == [kind]
    assert not bench.server.transactions


def test_delayed_answers_are_bounded_and_leave_room_for_known_clients(bench):
    bench.lease(ALICE)
    bench.serve(NETWORK + "dhcp_offer_after_seconds = 5")
    bench.server.maximum_transactions = 8
    bench.say(*(bench.discover(bytes([2, 0, 0, 0, 1, n])) for n in range(20)))
    assert bench.server.worker.qsize() == 7
    bench.say(bench.discover(ALICE))
    assert bench.server.worker.qsize() == 8
    assert len(bench.server.transactions) == 8
    assert reason(bench) == {"too many delayed answers": 13}


def test_a_delayed_answer_is_decided_by_the_policy_of_its_moment(bench):
    bench.serve(NETWORK + "dhcp_offer_after_seconds = 5")
    bench.say(bench.discover(ALICE))
    bench.serve(NETWORK.replace(".10", ".18"))
    bench.server.worker.stop()
    assert [one.yiaddr for one in bench.sent] == ["192.0.2.18"]
