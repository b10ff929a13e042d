"""Many networks: which subnet a request is of, which pool and address its client gets, and whose a lease is.

Each test is a configuration and a few messages, on a real server with a real lease database.
"""

import pytest
from rig import ALICE, BOB, CAROL, ETH2, EVERY_STATION, EVERYBODY, SERVER, codes, datagram, interface, reason, seconds

from pydhcpd.addresses import address_from
from pydhcpd.leases.interface import QUARANTINED
from pydhcpd.wire.packet import ACK, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST

CAMPUS = """
subnets = [
    subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"], router="192.0.2.1", domain_name="here.example"),
    subnet("10.1.0.0/16", pools=["10.1.4.0 - 10.1.4.9"], router="10.1.0.1", domain_name="one.example"),
    subnet("10.2.0.0/16", pools=["10.2.4.0/29"], exclude=["10.2.4.0 - 10.2.4.3"], relays=["203.0.113.9"]),
]
shared_networks = [shared_network("floor 3", [
    subnet("10.3.0.0/24", pools=["10.3.0.10 - 10.3.0.11"], router="10.3.0.1"),
    subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.11"], router="10.4.0.1"),
], domain_name="f3.example")]
"""
RELAY1, RELAY2, FLOOR = "10.1.0.2", "10.2.0.2", "10.3.0.2"


def ip(text):
    return address_from(text).to_bytes(4, "big")


def one(replies):
    (reply,) = replies
    return reply


def option(reply, code):
    return reply.packet.options.get(code)


def suboption(code, data):
    return bytes((code, len(data))) + data


# --- which subnet: rules 33 and 34, rows 25, 27, 31


@pytest.mark.parametrize(("fields", "options", "address"), [
    ({}, {}, "192.0.2.10"),
    ({"giaddr": RELAY1}, {}, "10.1.4.0"),
    ({"giaddr": "203.0.113.9"}, {}, "10.2.4.4"),  # a relay whose own address lies elsewhere; .0 to .3 are excluded
    ({"giaddr": RELAY1}, {82: suboption(5, ip("10.2.0.0"))}, "10.2.4.4"),  # rule 33: 82.5 beats giaddr,
    ({"giaddr": RELAY1}, {82: suboption(5, ip("10.2.0.0")), 118: ip("10.3.0.0")}, "10.2.4.4"),  # and 118
    ({"giaddr": RELAY1}, {118: ip("10.2.0.0")}, "10.2.4.4"),
    ({}, {118: ip("10.1.0.0")}, "10.1.4.0"),
    ({"giaddr": RELAY1}, {118: b"\n\2\0"}, "10.1.4.0"),  # of another length than an address
    ({"giaddr": "198.51.100.9"}, {82: suboption(5, ip("10.2.0.0"))}, "10.2.4.4"),  # RFC 3527: any address of the relay's
    ({"giaddr": "198.51.100.9"}, {118: ip("10.2.0.0")}, "10.2.4.4"),
])
def test_the_subnet_of_a_request(bench, fields, options, address):
    bench.serve(CAMPUS)
    assert one(bench.say(bench.discover(options=options, **fields))).yiaddr == address


def test_rule_33_the_reply_still_goes_to_giaddr(bench):
    reply = one(bench.serve(CAMPUS).say(bench.discover(giaddr=RELAY1, options={82: suboption(5, ip("10.2.0.0"))})))
    assert (reply.address, reply.port) == (RELAY1, 67)


def test_rule_34_option_118_is_returned_if_it_was_used(bench):
    bench.serve(CAMPUS)
    used = one(bench.say(bench.discover(giaddr=RELAY1, options={118: ip("10.2.0.0"), 82: b"\1\1x"})))
    assert option(used, 118) == ip("10.2.0.0")
    assert codes(used)[-2:] == [118, 82]
    refused = one(bench.say(bench.selecting("10.9.9.9", giaddr=RELAY1, options={118: ip("10.2.0.0"), 82: b"\1\1x"})))
    assert codes(refused) == [53, 54, 56, 82], "rule 15"
    unused = one(bench.say(bench.discover(BOB, giaddr=RELAY1, options={118: b"\n\2\0"})))
    assert option(unused, 118) is None
    beaten = one(bench.say(bench.discover(BOB, giaddr=RELAY1, options={118: ip("10.3.0.0"), 82: suboption(5, ip("10.2.0.0"))})))
    assert option(beaten, 118) is None


@pytest.mark.parametrize(("fields", "options"), [
    ({"giaddr": "172.16.0.1"}, {}), ({"giaddr": RELAY1}, {82: suboption(5, ip("172.16.0.0"))}),
    ({"giaddr": "255.255.255.255"}, {}), ({"giaddr": "127.0.0.1"}, {}),
    # RFC 3011: to the subnet that 118 names belongs who gets an answer, and not to the relay's or the link's
    ({"giaddr": RELAY1}, {118: ip("172.16.0.0")}), ({}, {118: ip("172.16.0.0")}), ({}, {118: ip("255.255.255.255")}),
    # the broadcast address of a served subnet is no relay's, nor is the subnet's own, and an answer there would go to many
    ({"giaddr": "10.1.255.255"}, {}), ({"giaddr": "10.1.0.0"}, {}), ({"giaddr": "10.3.0.255"}, {}),
    ({"giaddr": "10.1.255.255"}, {82: suboption(5, ip("10.2.0.0"))}), ({"giaddr": "10.1.255.255"}, {118: ip("10.2.0.0")}),
    ({"giaddr": "224.0.0.1"}, {82: suboption(5, ip("10.2.0.0"))}), ({"giaddr": EVERYBODY}, {118: ip("10.2.0.0")}),
    ({"giaddr": "127.0.0.1"}, {82: suboption(5, ip("10.2.0.0"))}), ({"giaddr": "0.0.0.7"}, {118: ip("10.2.0.0")}),
])
@pytest.mark.parametrize("kind", [DISCOVER, REQUEST, INFORM])
def test_what_is_of_no_network_gets_no_answer(bench, fields, options, kind):
    bench.serve("authoritative = True\n" + CAMPUS)
    rest = {REQUEST: {50: "10.1.4.0"}}.get(kind, {})
    assert bench.say(bench.message(kind, options={**rest, **options}, ciaddr="10.1.4.0" if kind == INFORM else "0.0.0.0",
                                   **fields)) == []
    assert reason(bench) == {"of a network that is not served": 1}


def test_a_cut_or_odd_link_selection_counts_as_not_there(bench):
    bench.serve(CAMPUS)
    assert one(bench.say(bench.discover(giaddr=RELAY1, options={82: b"\5\4\n\2"}))).yiaddr == "10.1.4.0"
    assert one(bench.say(bench.discover(BOB, giaddr=RELAY1, options={82: b"\5\1\n"}))).yiaddr == "10.1.4.1"


def test_a_unicast_renewal_that_came_over_routers_is_of_the_network_of_its_address(bench):
    bench.serve(CAMPUS).lease(giaddr=RELAY1)
    reply = one(bench.say((bench.request(ciaddr="10.1.4.0"), SERVER, "10.1.4.0")))
    assert (reply.kind, reply.yiaddr, reply.address) == (ACK, "10.1.4.0", "10.1.4.0")
    assert option(reply, 15) is None or option(reply, 15) == b"one.example"


def test_an_interface_without_an_address_of_the_subnet_serves_the_one_that_names_it(bench):
    """A segment without a broadcast of its own, such as a VPN."""
    bench.interfaces = {**bench.interfaces, ETH2: interface(ETH2, "wg0", "100.64.0.1", ethernet=False)}
    bench.serve('interface = ["eth1", "wg0"]\nsubnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"]), '
                'subnet("10.9.0.0/24", pools=["10.9.0.10 - 10.9.0.20"], interface="wg0")]')
    bench.server.receive([datagram(bench.discover(), index=ETH2)])
    assert (bench.sent[-1].yiaddr, bench.sent[-1].address, bench.sent[-1].interface) == ("10.9.0.10", "255.255.255.255", ETH2)


def test_a_server_without_a_network_of_its_own_serves_relays(bench):
    bench.serve('subnets = [subnet("10.1.0.0/16", pools=["10.1.4.0/30"])]')
    assert bench.say(bench.discover()) == []
    assert one(bench.say(bench.discover(giaddr=RELAY1))).yiaddr == "10.1.4.0"


# --- shared networks: row 32


SHARED = {
    "relays of the shared network": """shared_networks = [shared_network("f", [
        subnet("10.3.0.0/24", pools=["10.3.0.10 - 10.3.0.10"]), subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.10"])],
        relays=["203.0.113.9", "203.0.113.10"])]""",
    "one relay of both subnets": """shared_networks = [shared_network("f", [
        subnet("10.3.0.0/24", pools=["10.3.0.10 - 10.3.0.10"], relays=["203.0.113.9"]),
        subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.10"], relays=["203.0.113.9"])])]""",
    "of a subnet and of all": """shared_networks = [shared_network("f", [
        subnet("10.3.0.0/24", pools=["10.3.0.10 - 10.3.0.10"]),
        subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.10"], relays="203.0.113.9")], relays="203.0.113.9")]""",
}


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_a_relay_of_a_shared_network_leads_to_all_its_subnets(bench, text):
    bench.serve(text)
    found = [one(bench.say(bench.discover(who, giaddr="203.0.113.9"))).yiaddr for who in (ALICE, BOB)]
    assert sorted(found) == ["10.3.0.10", "10.4.0.10"]


@pytest.mark.parametrize("text", [
    'shared_network("f", [subnet("10.3.0.0/24", pools=["10.3.0.10"]), subnet("10.4.0.0/24", pools=["10.4.0.10"])], '
    'interface="eth2")',
    'shared_network("f", [subnet("10.3.0.0/24", pools=["10.3.0.10"], interface="eth2"), '
    'subnet("10.4.0.0/24", pools=["10.4.0.10"], interface="eth2")])'])
def test_an_interface_of_a_shared_network_leads_to_all_its_subnets(bench, text):
    bench.serve(f"shared_networks = [{text}]")
    for who in (ALICE, BOB):
        bench.server.receive([datagram(bench.discover(who), index=ETH2)])
    assert sorted(reply.yiaddr for reply in bench.sent[-2:]) == ["10.3.0.10", "10.4.0.10"]


def test_a_shared_network_gives_of_the_next_subnet_when_one_is_full(bench):
    bench.serve(CAMPUS)
    clients = [bytes((2, 0, 0, 0, 1, number)) for number in range(5)]
    got = [bench.lease(client, giaddr=FLOOR) for client in clients[:4]]
    assert [reply.yiaddr for reply in got] == ["10.3.0.10", "10.3.0.11", "10.4.0.10", "10.4.0.11"]
    assert [option(reply, 3) for reply in got] == [ip("10.3.0.1")] * 2 + [ip("10.4.0.1")] * 2
    assert {option(reply, 15) for reply in got} == {b"f3.example"}
    assert bench.say(bench.discover(clients[4], giaddr=FLOOR)) == []


def test_a_client_has_one_lease_on_a_wire_whatever_relay_address_it_comes_by(bench):
    bench.serve(CAMPUS)
    assert bench.lease(giaddr=FLOOR).yiaddr == "10.3.0.10"
    assert one(bench.say(bench.discover(giaddr="10.4.0.2"))).yiaddr == "10.3.0.10"
    moved = bench.say(bench.selecting("10.4.0.11", giaddr="10.4.0.2"))
    assert one(moved).kind == ACK, "it asked for a free address of the same wire"
    assert one(bench.say(bench.discover(BOB, giaddr=FLOOR, options={50: "10.3.0.10"}))).yiaddr == "10.3.0.10", "it was freed"


def test_a_client_has_a_lease_in_each_network(bench):
    bench.serve(CAMPUS)
    assert bench.lease().yiaddr == "192.0.2.10"
    assert bench.lease(giaddr=RELAY1).yiaddr == "10.1.4.0"
    assert one(bench.say(bench.discover())).yiaddr == "192.0.2.10"


def test_rule_10_an_address_of_another_network_is_refused(bench):
    bench.serve(CAMPUS).lease(giaddr=RELAY1)
    reply = one(bench.say(bench.request(giaddr=RELAY1, options={50: "10.2.4.4"})))
    assert (reply.kind, option(reply, 56)) == (NAK, b"the address is of another network")
    assert reply.packet.flags == 0x8000


def test_leases_of_a_wire_are_there_after_a_restart(bench):
    bench.serve(CAMPUS)
    for number in range(3):
        bench.lease(bytes((2, 0, 0, 0, 1, number)), giaddr=FLOOR)
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    bench.serve(CAMPUS)
    assert one(bench.say(bench.discover(bytes((2, 0, 0, 0, 1, 2)), giaddr=FLOOR))).yiaddr == "10.4.0.10"
    assert one(bench.say(bench.discover(BOB, giaddr=FLOOR))).yiaddr == "10.4.0.11"


# --- pools and who may have of them: rows 31, 47, 49


GUARDED = """
classes = [client_class("voip", match(vendor_class_identifier=PREFIX("Phone"))),
           client_class("bad", match(vendor_class_identifier=SUFFIX("Broken")))]
subnets = [subnet("192.0.2.0/24", deny="bad", pools=[
    pool("192.0.2.10 - 192.0.2.11", allow="voip"),
    pool("192.0.2.20 - 192.0.2.21", allow=["known", "voip"], ip_address_lease_time=600),
    pool("192.0.2.30 - 192.0.2.31", deny="voip"),
])]
hosts = [host(mac="02:00:00:00:00:0b", hostname="bob"), host(mac="02:00:00:00:00:0c", ip="192.0.2.31"),
         host(mac="02:00:00:00:00:0d", ip="192.0.2.11")]
"""
DAVE = bytes.fromhex("02000000000d")


@pytest.mark.parametrize(("client", "vendor", "address"), [
    (ALICE, "Laptop", "192.0.2.30"), (ALICE, "Phone 7", "192.0.2.10"), (BOB, "Laptop", "192.0.2.20"),
    (BOB, "Phone 7", "192.0.2.10"), (CAROL, "Laptop", "192.0.2.31"),
    (DAVE, "Laptop", "192.0.2.11"),  # a reservation is free of its pool's allow and deny
    (ALICE, "Phone Broken", None), (CAROL, "Broken", None)])  # deny beats allow, and the subnet's holds for reservations too
def test_pools_are_open_to_whom_they_allow(bench, client, vendor, address):
    replies = bench.serve(GUARDED).say(bench.discover(client, options={60: vendor.encode()}))
    assert [reply.yiaddr for reply in replies] == ([] if address is None else [address])


def test_what_is_not_open_to_a_client_is_refused(bench):
    bench.serve(GUARDED)
    assert one(bench.say(bench.selecting("192.0.2.10", options={60: b"Laptop"}))).kind == NAK


def test_a_client_that_has_become_of_another_class_moves_to_a_pool_that_is_open_to_it(bench):
    bench.serve(GUARDED).lease(options={60: b"Phone"})
    assert one(bench.say(bench.request(ciaddr="192.0.2.10", options={60: b"Laptop"}))).kind == NAK
    assert bench.lease(options={60: b"Laptop"}).yiaddr == "192.0.2.30"


def test_a_pool_has_terms_of_its_own(bench):
    bench.serve(GUARDED)
    assert int.from_bytes(option(bench.lease(BOB, options={60: b"Laptop"}), 51), "big") == 600


def test_a_full_pool_is_followed_by_the_next(bench):
    bench.serve(GUARDED)
    clients = [bytes((2, 0, 0, 0, 1, number)) for number in range(4)]
    got = [bench.lease(client, options={60: b"Phone"}).yiaddr for client in clients[:3]]
    assert got == ["192.0.2.10", "192.0.2.20", "192.0.2.21"], ".11 is reserved"
    assert bench.say(bench.discover(clients[3], options={60: b"Phone"})) == []


def test_a_reload_may_change_the_pools_of_what_is_leased(bench):
    bench.serve(GUARDED).lease(options={60: b"Laptop"})
    bench.serve(GUARDED.replace('pool("192.0.2.30 - 192.0.2.31", deny="voip")', 'pool("192.0.2.40/30")'))
    assert one(bench.say(bench.request(ciaddr="192.0.2.30", options={60: b"Laptop"}))).kind == NAK
    assert bench.lease(options={60: b"Laptop"}).yiaddr == "192.0.2.40"


def test_own_router_and_broadcast_addresses_are_given_out_in_no_network(bench):
    bench.serve('subnets = [subnet("192.0.2.0/30", pools=["192.0.2.0/30"], router="192.0.2.2"), '
                'subnet("10.1.0.0/30", pools=["10.1.0.0/30"], router="10.1.0.1")]')
    assert bench.say(bench.discover()) == []
    assert one(bench.say(bench.discover(giaddr="10.1.0.1"))).yiaddr == "10.1.0.2"


# --- whose a lease is: rows 30, 41, 43, 44


HOSTS = CAMPUS + """
hosts = [
    host(mac="02:00:00:00:00:0a", ip=["192.0.2.50", "10.1.9.9"], domain_name="alice.example"),
    host(mac="02:00:00:00:00:0b", ip="192.0.2.51", hostname="bob"),
    host(mac="02:00:00:00:00:0b", ip="10.1.9.8", hostname="bob-away"),
    host(mac="02:00:00:00:00:*", hostname="one-of-us"),
    host(mac="02:00:00:*:*:*", ip="192.0.2.60"),
    host(client_id="boss", ip="192.0.2.52"),
    host(uuid="00112233-4455-6677-8899-aabbccddeeff", ip="192.0.2.53"),
    host(relay="10.1.0.2", circuit_id="eth7", ip="10.1.9.7"),
    host(circuit_id="eth7", remote_id="sw2", ip="10.1.9.6"),
    host(subscriber_id="me", ip="10.1.9.5"),
    host(hostname="printer", match_hostname=True, ip="192.0.2.54"),
]
"""
UNKNOWN = bytes.fromhex("060000000001")
EDDY = bytes.fromhex("020000010001")


@pytest.mark.parametrize(("client", "options", "fields", "address"), [
    (ALICE, {}, {}, "192.0.2.50"), (ALICE, {}, {"giaddr": RELAY1}, "10.1.9.9"),
    (BOB, {}, {}, "192.0.2.51"), (BOB, {}, {"giaddr": RELAY1}, "10.1.9.8"),
    (CAROL, {}, {}, "192.0.2.10"),  # the nearer of two patterns, which has no address
    (EDDY, {}, {}, "192.0.2.60"),
    (UNKNOWN, {61: b"boss"}, {}, "192.0.2.52"), (ALICE, {61: b"boss"}, {}, "192.0.2.52"),
    (UNKNOWN, {97: b"\0" + bytes.fromhex("00112233445566778899aabbccddeeff")}, {}, "192.0.2.53"),
    (UNKNOWN, {82: b"\1\4eth7"}, {"giaddr": RELAY1}, "10.1.9.7"),
    (UNKNOWN, {82: b"\1\4eth7"}, {"giaddr": "10.1.0.3"}, "10.1.4.0"),  # the circuit id of another switch
    (UNKNOWN, {82: b"\1\4eth7\2\3sw2"}, {"giaddr": "10.1.0.3"}, "10.1.9.6"),
    (UNKNOWN, {82: b"\6\2me"}, {"giaddr": "10.1.0.3"}, "10.1.9.5"),
    (UNKNOWN, {12: b"Printer"}, {}, "192.0.2.54")])
def test_a_host_is_found_by_every_identifier(bench, client, options, fields, address):
    bench.serve(HOSTS)
    offer = one(bench.say(bench.discover(client, options=options, **fields)))
    assert (offer.kind, offer.yiaddr) == (OFFER, address)
    ack = one(bench.say(bench.selecting(offer.yiaddr, client, options=options, **fields)))
    assert (ack.kind, ack.yiaddr) == (ACK, address)


def test_a_host_takes_its_settings_along_and_its_subnets_options_not(bench):
    bench.serve(HOSTS)
    assert [option(one(bench.say(bench.discover(ALICE, giaddr=RELAY1))), code) for code in (15, 3)] == [
        b"alice.example", ip("10.1.0.1")]
    elsewhere = one(bench.say(bench.discover(ALICE, giaddr=FLOOR)))
    assert (elsewhere.yiaddr, option(elsewhere, 15)) == ("10.3.0.10", b"alice.example")


PORTS = CAMPUS + 'client_identity = ["remote_id", "circuit_id"]\n'


def test_a_lease_belongs_to_the_port_so_that_a_replaced_device_gets_its_predecessors_address(bench):
    bench.serve(PORTS)
    port, other = {82: b"\1\1a\2\2sw"}, {82: b"\1\1b\2\2sw"}
    assert bench.lease(ALICE, giaddr=RELAY1, options=port).yiaddr == "10.1.4.0"
    assert bench.lease(BOB, giaddr=RELAY1, options=port).yiaddr == "10.1.4.0"
    assert bench.lease(ALICE, giaddr=RELAY1, options=other).yiaddr == "10.1.4.1"
    assert bench.lease(CAROL, giaddr=RELAY1, options={82: b"\1\1a"}).yiaddr == "10.1.4.2", "a field is absent: by the device"


def test_row_26_a_direct_renewal_is_the_ports_by_what_its_relay_said(bench):
    bench.serve(PORTS).lease(ALICE, giaddr=RELAY1, options={82: b"\1\1a\2\2sw"})
    reply = one(bench.say((bench.request(ciaddr="10.1.4.0"), SERVER, "10.1.4.0")))
    assert (reply.kind, reply.yiaddr) == (ACK, "10.1.4.0")
    assert option(reply, 82) is None, "rule 32: never made up"
    release = bench.message(RELEASE, ciaddr="10.1.4.0", options={54: SERVER})
    bench.say((release, SERVER, "10.1.4.0"))
    assert bench.stored("10.1.4.0").state == "released"


STASH = CAMPUS + """
classes = [client_class("port 1", match(circuit_id="p1"), domain_name="port1.example")]
hosts = [host(circuit_id="p2", relay="10.1.0.2", ip="10.1.9.9")]
"""


@pytest.mark.parametrize(("circuit", "address", "domain"), [
    (b"p1", "10.1.4.0", b"port1.example"), (b"p2", "10.1.9.9", b"one.example"), (b"p3", "10.1.4.0", b"one.example")])
def test_row_26_a_direct_renewal_keeps_class_and_host(bench, circuit, address, domain):
    bench.serve(STASH).lease(giaddr=RELAY1, options={82: suboption(1, circuit)})
    for _ in range(2):
        reply = one(bench.say((bench.request(ciaddr=address), SERVER, address)))
        assert (reply.kind, reply.yiaddr, option(reply, 15), option(reply, 82)) == (ACK, address, domain, None)


def test_row_26_can_be_turned_off(bench):
    bench.serve("remember_relay_information = False\n" + STASH).lease(giaddr=RELAY1, options={82: b"\1\2p1"})
    assert option(one(bench.say((bench.request(ciaddr="10.1.4.0"), SERVER, "10.1.4.0"))), 15) == b"one.example"


def test_what_was_remembered_of_another_client_is_not_believed(bench):
    bench.serve("authoritative = True\n" + STASH).lease(giaddr=RELAY1, options={82: b"\1\2p2"})
    assert one(bench.say((bench.request(BOB, ciaddr="10.1.9.9"), SERVER, "10.1.9.9"))).kind == NAK


MACHINES = 'network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\none_address_per_machine = True\n'


def test_row_41_firmware_ipxe_and_system_of_one_machine_share_an_address(bench):
    bench.serve(MACHINES)
    for options in ({}, {61: b"\0firmware"}, {61: b"\xff\0\0\0\1duid"}, {61: b"\1" + ALICE}):
        assert bench.lease(options=options).yiaddr == "192.0.2.10"
    assert bench.lease(BOB, options={61: b"\0firmware"}).yiaddr == "192.0.2.11"


def test_row_40_a_client_without_a_hardware_address_is_known_by_its_identifier_and_answered_by_broadcast(bench):
    """RFC 4390 section 2.1: InfiniBand's address is too long for chaddr."""
    reply = one(bench.say(bench.discover(b"", htype=32, options={61: b"\xff\0\0\0\1infiniband"}, flags=0x8000)))
    assert (reply.kind, reply.address, reply.packet.hlen, reply.hardware) == (OFFER, "255.255.255.255", 0, EVERY_STATION)
    ack = one(bench.say(bench.selecting(reply.yiaddr, b"", htype=32, options={61: b"\xff\0\0\0\1infiniband"})))
    assert (ack.kind, ack.address, option(ack, 61)) == (ACK, "255.255.255.255", b"\xff\0\0\0\1infiniband")


# --- row 46: a reservation wins over a lease of another, without an address held twice


def test_row_46_a_reservation_wins_without_a_double(bench):
    bench.serve(CAMPUS)
    assert bench.lease(BOB).yiaddr == "192.0.2.10"
    bench.serve(CAMPUS + 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.10")]')
    short = bench.lease(ALICE)
    assert (short.yiaddr, int.from_bytes(option(short, 51), "big")) == ("192.0.2.11", 60)
    assert one(bench.say(bench.request(BOB, ciaddr="192.0.2.10"))).kind == NAK, "the holder is refused at its renewal"
    bench.pass_time(8 * 3600 + 2)
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"


IDENTITIES = {
    "mac": ('mac="02:00:00:00:00:0a"', {}), "client_id": ('client_id=b"alice"', {61: b"alice"}),
    "uuid": (f'uuid="{"ab" * 16}"', {97: b"\0" + b"\xab" * 16}), "port": ('circuit_id=b"p1"', {82: b"\1\2p1"}),
    "name": ('hostname="alice", match_hostname=True', {12: b"Alice"})}


@pytest.mark.parametrize("here", IDENTITIES)
@pytest.mark.parametrize("there", IDENTITIES)
def test_a_machine_may_be_known_by_another_identifier_in_each_subnet(bench, here, there):
    """Each is sent, so the one with an address here counts, however exact the other is."""
    (one_way, options), (other_way, more) = IDENTITIES[here], IDENTITIES[there]
    bench.serve(CAMPUS + f'hosts = [host({one_way}, ip="10.1.9.9"), host({other_way}, ip="10.2.9.9")]')
    for relay, address in ((RELAY1, "10.1.9.9"), (RELAY2, "10.2.9.9")):
        assert bench.lease(ALICE, giaddr=relay, options={**options, **more}).yiaddr == address
    assert bench.lease(ALICE, options={**options, **more}).yiaddr == "192.0.2.10"


@pytest.mark.parametrize(("hosts", "address"), [
    ('host(mac="02:00:00:00:00:0a", ip="10.1.9.9"), host(mac="02:00:00:00:00:*", ip="10.2.9.9")', "10.2.4.4"),
    ('host(mac="02:00:00:00:00:0a", ignore=True), host(client_id=b"a", ip="10.1.9.9"), host(uuid="' + "ab" * 16 + '",'
     ' ip="10.2.9.9")', None),
    ('host(client_id=b"a", ignore=True), host(mac="02:00:00:00:00:0a", ip="10.2.9.9")', None),
    ('host(client_id=b"a", ip="10.1.9.9"), host(mac="02:00:00:00:00:0a")', "10.2.4.4")],
    ids=["a pattern is who is named by nothing more exact", "ignored by the second", "ignored by the first", "without address"])
def test_which_of_a_machines_hosts_counts_where_none_has_an_address(bench, hosts, address):
    bench.serve(CAMPUS + f"hosts = [{hosts}]")
    replies = bench.say(bench.discover(ALICE, giaddr=RELAY2, options={61: b"a", 97: b"\0" + b"\xab" * 16}))
    assert [reply.yiaddr for reply in replies] == ([address] if address else [])


# --- limits of leases: row 50


LIMITED = CAMPUS + """
classes = [client_class("port", match(circuit_id=ALL), lease_limit=2, lease_limit_per="circuit_id"),
           client_class("cameras", match(vendor_class_identifier="Camera"), lease_limit=1)]
"""


def test_leases_are_limited_per_port_and_a_renewal_never_is(bench):
    bench.serve(LIMITED)
    port, other = {82: b"\1\1a"}, {82: b"\1\1b"}
    first, second = (bench.lease(client, giaddr=RELAY1, options=port).yiaddr for client in (ALICE, BOB))
    assert bench.say(bench.discover(CAROL, giaddr=RELAY1, options=port)) == []
    assert one(bench.say(bench.selecting("10.1.4.5", CAROL, giaddr=RELAY1, options=port))).kind == NAK
    assert bench.lease(CAROL, giaddr=RELAY1, options=other).yiaddr == "10.1.4.2"
    assert one(bench.say(bench.request(BOB, ciaddr=second, giaddr=RELAY1, options=port))).kind == ACK
    bench.say(bench.message(RELEASE, ALICE, ciaddr=first, giaddr=RELAY1, options={54: SERVER}))
    assert bench.lease(DAVE, giaddr=RELAY1, options=port).yiaddr


def test_offers_count_for_a_limit_so_that_a_port_cannot_hold_the_pool(bench):
    bench.serve(LIMITED)
    port, other = {82: b"\1\1a"}, {82: b"\1\1b"}
    strangers = [bytes((2, 0, 0, 0, 3, number)) for number in range(250)]
    offers = [reply for one in strangers for reply in bench.say(bench.discover(one, giaddr=RELAY1, options=port))]
    assert [one.packet.hardware for one in offers] == strangers[:2]
    assert bench.lease(CAROL, giaddr=RELAY1, options=other).yiaddr == "10.1.4.2"
    assert bench.say(bench.discover(strangers[0], giaddr=RELAY1, options=port)) != [], "its own offer"
    bench.pass_time(45)
    assert bench.lease(DAVE, giaddr=RELAY1, options=port).yiaddr, "offers end, and count no more"


@pytest.mark.parametrize("before", ["lease_limit=9, ", ""])
def test_who_has_a_lease_renews_it_though_the_limit_was_lowered_or_made_since(bench, before):
    text = CAMPUS + 'classes = [client_class("port", match(circuit_id=ALL), {}lease_limit_per="circuit_id")]'
    port = {82: b"\1\1a"}
    bench.serve(text.format("lease_limit=9, ") if before else CAMPUS)
    holders = [(client, bench.lease(client, giaddr=RELAY1, options=port).yiaddr) for client in (ALICE, BOB, DAVE)]
    bench.serve(text.format("lease_limit=1, "))
    for _ in range(2):
        for client, address in reversed(holders):
            assert one(bench.say(bench.request(client, ciaddr=address, giaddr=RELAY1, options=port))).kind == ACK
            assert one(bench.say(bench.discover(client, giaddr=RELAY1, options=port))).yiaddr == address
        assert bench.say(bench.discover(CAROL, giaddr=RELAY1, options=port)) == []
    for client, address in holders:
        assert bench.say(bench.discover(CAROL, giaddr=RELAY1, options=port)) == []
        bench.say(bench.message(RELEASE, client, ciaddr=address, giaddr=RELAY1, options={54: SERVER}))
    assert bench.lease(CAROL, giaddr=RELAY1, options=port).yiaddr


def test_leases_are_limited_per_class_within_one_batch_too(bench):
    bench.serve(LIMITED)
    camera = {60: b"Camera"}
    (offer,) = bench.say(*(bench.discover(client, options=camera) for client in (ALICE, BOB)))
    replies = bench.say(*(bench.selecting(address, client, options=camera)
                          for client, address in ((ALICE, offer.yiaddr), (BOB, "192.0.2.19"))))
    assert sorted(reply.kind for reply in replies) == [ACK, NAK]
    assert any("limit" in words for words in bench.told())


def test_limits_are_known_after_a_restart_and_end_with_the_lease(bench):
    bench.serve(LIMITED).lease(ALICE, options={60: b"Camera"})
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    bench.serve(LIMITED)
    assert bench.say(bench.discover(BOB, options={60: b"Camera"})) == []
    bench.pass_time(8 * 3600 + 2)
    assert bench.lease(BOB, options={60: b"Camera"}).yiaddr


# --- others of the language


@pytest.mark.parametrize(("setting", "kinds"), [("", []), ("adopt_unknown = True\n", [ACK]), ("authoritative = True\n", [NAK])])
def test_an_unknown_client_with_a_free_address(bench, setting, kinds):
    """After the loss of a database; rule 10 otherwise."""
    bench.serve(setting + CAMPUS)
    assert [reply.kind for reply in bench.say(bench.request(options={50: "192.0.2.15"}))] == kinds
    assert [reply.kind for reply in bench.say((bench.request(BOB, ciaddr="192.0.2.16"), SERVER))] == kinds


def test_an_address_that_is_anothers_is_not_adopted(bench):
    bench.serve("adopt_unknown = True\n" + CAMPUS).lease(BOB)
    assert [reply.kind for reply in bench.say(bench.request(options={50: "192.0.2.10"}))] in ([], [NAK])


def test_row_37_leases_are_shorter_as_a_pool_fills(bench):
    bench.serve("shorten_leases_above = 50\nminimum_lease_time = 300\n" + CAMPUS)
    times = []
    for number in range(7):
        times.append(int.from_bytes(option(bench.lease(bytes((2, 0, 0, 0, 1, number))), 51), "big"))
        bench.now += 2
    assert times[0] == 28800
    assert times[-1] == 300
    assert sorted(times, reverse=True) == times
    renewed = one(bench.say(bench.request(bytes((2, 0, 0, 0, 1, 0)), ciaddr="192.0.2.10")))
    assert int.from_bytes(option(renewed, 51), "big") == 28800, "new leases are shortened, not those that run"


def test_an_offer_of_a_network_that_holds_it_shortly_does_not_wait_for_older_ones(bench):
    bench.serve('offer_hold_time = 600\nsubnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]),\n'
                'subnet("10.1.0.0/24", pools=["10.1.0.10/32"], offer_hold_time=20)]')
    assert bench.say(bench.discover(ALICE)) != []
    assert bench.say(bench.discover(BOB, giaddr="10.1.0.1")) != []
    bench.pass_time(20)
    assert one(bench.say(bench.discover(CAROL, giaddr="10.1.0.1"))).yiaddr == "10.1.0.10"


def test_row_37_a_burst_is_not_missed(bench):
    """Many DISCOVERs of one second: each counts for the next."""
    bench.serve("shorten_leases_above = 50\nminimum_lease_time = 300\n" + CAMPUS)
    offers = bench.say(*(bench.discover(bytes((2, 0, 0, 0, 1, number))) for number in range(10)))
    assert [seconds(one) for one in offers] == [28800] * 4 + [300] * 6
    (ack,) = bench.say(bench.selecting(offers[9].yiaddr, bytes((2, 0, 0, 0, 1, 9))))
    assert seconds(ack) == 300


def test_an_offer_is_held_as_long_as_its_network_says(bench):
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.10"], offer_hold_time=300)]')
    bench.lease(ALICE)
    bench.pass_time(8 * 3600 + 2)
    assert bench.say(bench.discover(ALICE)) != []
    bench.pass_time(250)
    assert bench.say(bench.discover(BOB)) == []
    bench.pass_time(51)
    assert one(bench.say(bench.discover(BOB))).yiaddr == "192.0.2.10"


def test_rule_35_the_relays_override_is_option_54_and_accepted_later(bench):
    bench.serve(CAMPUS)
    information = {82: suboption(11, ip("10.1.0.2"))}
    offer = one(bench.say(bench.discover(giaddr=RELAY1, options=information)))
    assert option(offer, 54) == ip("10.1.0.2")
    ack = one(bench.say(bench.selecting(offer.yiaddr, server="10.1.0.2", giaddr=RELAY1, options=information)))
    assert (ack.kind, option(ack, 54)) == (ACK, ip("10.1.0.2"))
    bench.say(bench.message(RELEASE, ciaddr=offer.yiaddr, giaddr=RELAY1, options={54: "10.1.0.2", **information}))
    assert bench.stored(offer.yiaddr).state == "released"


def test_an_override_without_a_relay_is_not_believed(bench):
    bench.serve(CAMPUS)
    assert option(one(bench.say(bench.discover(options={82: suboption(11, ip("10.1.0.2"))}))), 54) == ip(SERVER)


def test_the_quarantine_of_an_address_holds_across_the_wire(bench):
    bench.serve(CAMPUS).lease(giaddr=FLOOR)
    bench.say(bench.message(4, giaddr=FLOOR, options={50: "10.3.0.10", 54: SERVER}))
    assert bench.hosts.store.row(address_from("10.3.0.10")).state == QUARANTINED
    assert bench.lease(giaddr=FLOOR).yiaddr == "10.3.0.11"



def test_copies_that_a_relay_overhears_do_not_take_the_place_of_the_clients_own_message(bench):
    """dhcrelay sends what it sees pass through it once more for each of its interfaces, with the same xid."""
    bench.serve(CAMPUS).lease(giaddr=RELAY1)
    direct = bench.request(ciaddr="10.1.4.0")
    copies = [bench.request(ciaddr="10.1.4.0", giaddr=giaddr) for giaddr in (RELAY1, "192.0.2.2")]
    for copy in copies:
        copy.xid = direct.xid
    replies = bench.say((direct, SERVER, "10.1.4.0"), *((copy, SERVER, RELAY1, 67) for copy in copies))
    assert [(reply.kind, reply.address) for reply in replies] == [(ACK, "10.1.4.0"), (ACK, RELAY1)]
    assert len(bench.server.transactions) == 0


def test_what_is_of_no_network_leaves_no_transaction(bench):
    """Hardening 10: transactions are bounded, also where whose a lease is must be known before anything else."""
    bench.serve(PORTS)
    for number in range(100):
        assert bench.say(bench.discover(bytes((2, 0, 0, 0, 1, number)), giaddr="172.16.0.1")) == []
    assert len(bench.server.transactions) == 0


# --- shared networks and reservations, pools and exclusions


WIRE = """
ip_address_lease_time = 3600
authoritative = True
classes = [client_class("guest", match(vendor_class_identifier="guest"))]
shared_networks = [shared_network("wire", [
    subnet("192.0.2.0/24", pools=["192.0.2.10/31"], router="192.0.2.1", deny="guest"),
    subnet("10.4.0.0/24", pools=["10.4.0.10/31"], router="10.4.0.1", domain_name="four.example")])]
hosts = [host(mac="02:00:00:00:00:0b", ip="10.4.0.50", root_path="/bob"),
         host(mac="02:00:00:00:00:0c", ip=["192.0.2.50", "10.4.0.51"])]
"""


@pytest.mark.parametrize(("client", "options", "address", "router", "domain"), [
    (ALICE, {}, "192.0.2.10", "192.0.2.1", None), (BOB, {}, "10.4.0.50", "10.4.0.1", b"four.example"),
    (ALICE, {60: b"guest"}, "10.4.0.10", "10.4.0.1", b"four.example"), (CAROL, {}, "192.0.2.50", "192.0.2.1", None)])
def test_row_32_each_address_of_a_wire_comes_with_its_own_subnets_options(bench, client, options, address, router, domain):
    ack = bench.serve(WIRE).lease(client, options=options)
    assert (ack.yiaddr, option(ack, 3), option(ack, 15)) == (address, ip(router), domain)
    assert option(ack, 1) == b"\xff\xff\xff\0"
    for fields, way in (({"ciaddr": address, "options": options}, (SERVER, address)),
                        ({"ciaddr": address, "options": options}, ("255.255.255.255", address)),
                        ({"options": {50: address, **options}}, ("255.255.255.255", "0.0.0.0"))):
        reply = one(bench.say((bench.request(client, **fields), *way)))
        assert (reply.kind, reply.yiaddr, option(reply, 3), option(reply, 15)) == (ACK, address, ip(router), domain)


def test_row_32_informed_clients_of_a_wire_get_the_options_of_their_own_subnet(bench):
    bench.serve(WIRE)
    for address, router in (("192.0.2.77", "192.0.2.1"), ("10.4.0.77", "10.4.0.1")):
        for destination in (SERVER, "255.255.255.255"):
            reply = one(bench.say((bench.message(INFORM, ciaddr=address), destination, address)))
            assert (reply.kind, option(reply, 3)) == (ACK, ip(router))


def test_row_46_across_the_subnets_of_a_wire(bench):
    """The host waits in the pool of the first subnet for its address in the second."""
    bench.serve(WIRE.replace('"10.4.0.10/31"', '"10.4.0.50/31"').replace('host(mac="02:00:00:00:00:0b", ip="10.4.0.50", '
                                                                         'root_path="/bob"),', ""))
    held = bench.lease(ALICE, options={60: b"guest"}).yiaddr
    assert held == "10.4.0.50"
    bench.serve(WIRE)
    waiting = bench.lease(BOB)
    assert (waiting.yiaddr, int.from_bytes(option(waiting, 51), "big"), option(waiting, 17)) == ("192.0.2.10", 60, b"/bob")
    refused = one(bench.say((bench.request(ALICE, ciaddr=held, options={60: b"guest"}), SERVER, held)))
    assert refused.kind == NAK
    assert bench.lease(ALICE, options={60: b"guest"}).yiaddr == "10.4.0.10"
    assert one(bench.say((bench.request(BOB, ciaddr="192.0.2.10"), SERVER, "192.0.2.10"))).kind == NAK
    assert bench.lease(BOB).yiaddr == "10.4.0.50"
    strangers = {bench.lease(bytes((2, 0, 0, 0, 1, number))).yiaddr for number in range(2)}
    assert strangers == {"192.0.2.10", "192.0.2.11"}, "where it waited is free again"


@pytest.mark.parametrize(("pools", "exclude", "expected"), [
    ('["192.0.2.8/30"]', "[]", [8, 9, 10, 11]), ('["192.0.2.8/30"]', '["192.0.2.9"]', [8, 10, 11]),
    ('["192.0.2.8/30"]', '["192.0.2.0/29", ("192.0.2.10", "192.0.2.12")]', [8, 9]),
    ('[("192.0.2.8", "192.0.2.9"), "192.0.2.20"]', "[]", [8, 9, 20]), ('("192.0.2.8", "192.0.2.9")', "[]", [8, 9]),
    ('[pool(["192.0.2.20", "192.0.2.8/31"])]', "[]", [8, 9, 20]), ('["192.0.2.0/30"]', "[]", [2, 3]),
    ('["192.0.2.252/30"]', "[]", [252, 253, 254]), ('["192.0.2.8/30"]', '["192.0.2.0/24"]', []), ("[]", "[]", [])])
def test_row_31_what_a_subnet_gives(bench, pools, exclude, expected):
    """Row 39: not its base, its broadcast address, our own (.1), or what is excluded; each once."""
    bench.serve(f'subnets = [subnet("192.0.2.0/24", pools={pools}, exclude={exclude})]')
    offers = bench.say(*(bench.discover(bytes((2, 0, 0, 0, 1, number))) for number in range(6)))
    assert sorted({offer.yiaddr for offer in offers}) == sorted(f"192.0.2.{number}" for number in expected)
    for number in set(range(256)) - set(expected):
        refused = bench.say(bench.selecting(f"192.0.2.{number}", DAVE))
        assert [reply.kind for reply in refused] == [NAK], number


def test_row_31_an_excluded_address_may_be_reserved(bench):
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.8/30"], exclude=["192.0.2.9"])]\n'
                'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.9")]')
    assert bench.lease(ALICE).yiaddr == "192.0.2.9"
    assert bench.lease(BOB).yiaddr == "192.0.2.8"


@pytest.mark.parametrize(("allow", "deny", "seen"), [
    ("[]", "[]", "ab-"), ('["a"]', "[]", "a"), ('["a", "b"]', "[]", "ab"), ("[]", '["a"]', "b-"), ('["a"]', '["a"]', ""),
    ('["unknown"]', '["b"]', "a-"), ('["known"]', "[]", ""), ("[]", '["unknown"]', "")])
@pytest.mark.parametrize("place", ["pool", "subnet"])
def test_row_49_deny_beats_allow_in_pools_and_in_subnets(bench, allow, deny, seen, place):
    limits = f", allow={allow}, deny={deny}"
    bench.serve(f"""
classes = [client_class("a", match(vendor_class_identifier="a")), client_class("b", match(vendor_class_identifier="b"))]
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.8/29"{limits if place == "pool" else ""})]
                  {limits if place == "subnet" else ""})]""")
    served = [vendor for number, vendor in enumerate("ab-")
              if bench.say(bench.discover(bytes((2, 0, 0, 0, 1, number)), options={60: vendor.encode()}))]
    assert "".join(served) == seen


def test_a_client_with_a_lease_is_moved_when_its_subnet_closes_to_it(bench):
    text = 'subnets = [subnet("10.1.0.0/24", pools=["10.1.0.10/31"]{})]\nauthoritative = True'
    bench.serve(text.format("")).lease(giaddr="10.1.0.2")
    bench.serve(text.format(', deny="unknown"'))
    assert one(bench.say(bench.request(ciaddr="10.1.0.10", giaddr="10.1.0.2"))).kind == NAK
    assert bench.say(bench.discover(giaddr="10.1.0.2")) == []


@pytest.mark.parametrize("kind", ["INFORM", "DISCOVER"])
def test_option_118_without_a_relay_chooses_too(bench, kind):
    """RFC 3011 section 2: a server on the link may be asked for an address of another subnet."""
    bench.serve(CAMPUS)
    message = (bench.discover(options={118: ip("10.1.0.0")}) if kind == "DISCOVER" else
               bench.message(INFORM, ciaddr="10.1.4.9", options={118: ip("10.1.0.0")}))
    reply = one(bench.say(message))
    assert (option(reply, 118), option(reply, 3)) == (ip("10.1.0.0"), ip("10.1.0.1"))


@pytest.mark.parametrize("value", [b"", b"\n\1\0", b"\n\1\0\0\0", b"\0\0\0\0"])
def test_an_odd_option_118_counts_as_not_there(bench, value):
    reply = one(bench.serve(CAMPUS).say(bench.discover(giaddr=RELAY2, options={118: value})))
    assert (reply.yiaddr, option(reply, 118)) == ("10.2.4.4", None)
