"""Who a client is: reservations, known and unknown clients, keys of leases, what relays said of a client that renews directly.

Each test names the row or rule that it holds.
"""

import pytest
from rig import ALICE, BOB, CAROL, ETH2, EVERY_STATION, EVERYBODY, NETWORK, OTHER_OWN, SERVER, seconds

from pydhcpd.wire.packet import ACK, DECLINE, INFORM, NAK, OFFER, RELEASE

DELL_IN_ORDER = bytes.fromhex("4c4c4544003244108051b4c04f4e3132")  # as dmidecode shows it: 4c4c4544-0032-4410-8051-b4c04f4e3132
DELL = bytes.fromhex("44454c4c320010448051b4c04f4e3132")  # the same as the firmware sends it
RELAY, OTHER_RELAY = "10.1.0.2", "10.2.0.2"
DAVE = bytes.fromhex("02000000000d")
CAMPUS = """
ip_address_lease_time = 3600
subnets = [
    subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"], router="192.0.2.1", domain_name="here.example"),
    subnet("10.1.0.0/16", pools=["10.1.4.0 - 10.1.4.9"], router="10.1.0.1", domain_name="one.example"),
    subnet("10.2.0.0/16", pools=["10.2.4.0 - 10.2.4.9"], router="10.2.0.1", domain_name="two.example", deny="known"),
]
"""


def one(replies):
    (reply,) = replies
    return reply


def option(reply, code):
    return reply.packet.options.get(code)


def kinds(replies):
    return [reply.kind for reply in replies]


# --- row 43 and 44: which of several reservations


@pytest.mark.parametrize(("hosts", "options", "address"), [
    # a client identifier tells more than a hardware address, and that more than a name (section 4.2 of RFC 2131)
    ('host(mac="02:00:00:00:00:0a", ip="192.0.2.50"), host(client_id="me", ip="192.0.2.51")', {61: b"me"}, "192.0.2.51"),
    ('host(mac="02:00:00:00:00:0a", ip="192.0.2.50"), host(client_id="me", ip="192.0.2.51")', {61: b"mee"}, "192.0.2.50"),
    ('host(hostname="me", match_hostname=True, ip="192.0.2.51"), host(mac="02:00:00:00:00:0a", ip="192.0.2.50")',
     {12: b"me"}, "192.0.2.50"),
    # an exact address wins over a pattern, a name too; of patterns the one that leaves less open, in whatever order
    ('host(mac="02:00:00:00:00:*", ip="192.0.2.51"), host(mac="02:00:00:00:00:0a", ip="192.0.2.50")', {}, "192.0.2.50"),
    ('host(mac="02:*:*:*:*:*", ip="192.0.2.51"), host(mac="02:00:00:*:*:*", ip="192.0.2.50")', {}, "192.0.2.50"),
    ('host(mac="02:00:00:*:*:*", ip="192.0.2.50"), host(mac="02:*:*:*:*:*", ip="192.0.2.51")', {}, "192.0.2.50"),
    ('host(mac="*:00:00:00:00:0a", ip="192.0.2.50")', {}, "192.0.2.50"),
    ('host(mac="02-00-00-00-00-*", ip="192.0.2.50")', {}, "192.0.2.50"),
    ('host(mac="02:00:00:00:01:*", ip="192.0.2.50")', {}, "192.0.2.10"),
    ('host(mac=["02:00:00:00:00:0b", "02:00:00:00:00:*"], ip="192.0.2.50")', {}, "192.0.2.50"),
    # several identifiers of one kind
    ('host(mac=["02:00:00:00:00:0f", "02:00:00:00:00:0a"], ip="192.0.2.50")', {}, "192.0.2.50"),
    ('host(client_id=["x", "01:02:00:00:00:00:0a"], ip="192.0.2.50")', {61: b"\1" + ALICE}, "192.0.2.50"),
    ('host(uuid=["00" * 16, "11" * 16], ip="192.0.2.50")', {97: b"\0" + b"\x11" * 16}, "192.0.2.50"),
    # as dmidecode shows it (SMBIOS's mixed order), and as its digits are sent; bytes are what they are
    ('host(uuid="4c4c4544-0032-4410-8051-b4c04f4e3132", ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.50"),
    ('host(uuid="44454c4c-3200-1044-8051-b4c04f4e3132", ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.50"),
    ('host(uuid="44454C4C320010448051B4C04F4E3132", ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.50"),
    ('host(uuid="4c4c4544-0032-4410-8051-b4c04f4e3133", ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.10"),
    (f'host(uuid={DELL!r}, ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.50"),
    (f'host(uuid={DELL_IN_ORDER!r}, ip="192.0.2.50")', {97: b"\0" + DELL}, "192.0.2.10"),
    # rule 45: some firmware breaks option 97; a UUID that is none is nobody's
    ('host(uuid="11" * 16, ip="192.0.2.50")', {97: b"\0" + b"\x11" * 15}, "192.0.2.10"),
    ('host(uuid="11" * 16, ip="192.0.2.50")', {97: b""}, "192.0.2.10"),
    # what is not sent is equal to nothing
    ('host(circuit_id="p", remote_id="s", ip="192.0.2.50")', {82: b"\1\1p"}, "192.0.2.10"),
])
def test_rows_43_44_which_reservation_a_client_has(bench, hosts, options, address):
    bench.serve(CAMPUS + f"hosts = [{hosts}]")
    ack = bench.lease(options=options)
    assert ack.yiaddr == address
    assert one(bench.say((bench.request(options=options, ciaddr=address), SERVER, address))).kind == ACK


SEVERAL = CAMPUS + """
hosts = [host(mac=["02:00:00:00:00:0a", "02:00:00:00:00:0b"], ip="192.0.2.50", domain_name="host.example"),
         host(mac="02:00:00:00:00:0c", ip="10.1.9.9", domain_name="carol.example")]
"""


def test_row_44_two_interfaces_of_one_host_do_not_hold_its_address_at_once(bench):
    bench.serve(SEVERAL)
    assert bench.lease(ALICE).yiaddr == "192.0.2.50"
    second = bench.lease(BOB)
    rows = {row.ip: row.mac for row in bench.hosts.get() if row.state != "released"}
    assert len(rows) == len({second.yiaddr, "192.0.2.50"})
    assert option(second, 15) == b"host.example"


def test_a_host_seen_in_a_subnet_where_it_has_no_address_has_its_settings_and_one_of_the_pool(bench):
    bench.serve(SEVERAL)
    ack = bench.lease(CAROL)
    assert (ack.yiaddr, option(ack, 15), option(ack, 3)) == ("192.0.2.10", b"carol.example", bytes((192, 0, 2, 1)))
    assert one(bench.say(bench.selecting("10.1.9.9", CAROL))).kind == NAK, "an address of another wire"
    assert bench.lease(CAROL, giaddr=RELAY).yiaddr == "10.1.9.9"


def test_rule_10_a_host_that_moved_is_refused_the_address_of_the_other_subnet(bench):
    bench.serve(CAMPUS + 'hosts = [host(mac="02:00:00:00:00:0a", ip=["192.0.2.50", "10.1.9.9"])]')
    assert bench.lease(ALICE).yiaddr == "192.0.2.50"
    assert one(bench.say(bench.request(ALICE, options={50: "192.0.2.50"}, giaddr=RELAY))).kind == NAK
    assert bench.lease(ALICE, giaddr=RELAY).yiaddr == "10.1.9.9"
    assert one(bench.say(bench.request(ALICE, options={50: "10.1.9.9"}, giaddr=RELAY))).kind == ACK


def test_row_47_known_clients_are_kept_out_where_a_subnet_denies_them_reserved_or_not(bench):
    bench.serve(CAMPUS + 'hosts = [host(mac="02:00:00:00:00:0a", ip="10.2.9.9"), host(mac="02:00:00:00:00:0b")]')
    assert bench.say(bench.discover(ALICE, giaddr=OTHER_RELAY)) == []
    assert bench.say(bench.discover(BOB, giaddr=OTHER_RELAY)) == []
    assert one(bench.say(bench.discover(CAROL, giaddr=OTHER_RELAY))).yiaddr == "10.2.4.0"


KNOWN = """
ip_address_lease_time = 3600
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.19", allow="known"),
                                         pool("192.0.2.20 - 192.0.2.29", allow="unknown", ip_address_lease_time=300)])]
hosts = [host(mac="02:00:00:00:00:0a"), host(mac="02:00:00:00:00:0b", ip="192.0.2.25"),
         host(mac="02:00:00:00:00:0c", ignore=True)]
"""


@pytest.mark.parametrize(("client", "address", "lease_time"), [
    (ALICE, "192.0.2.10", 3600), (BOB, "192.0.2.25", 300), (DAVE, "192.0.2.20", 300)])
def test_row_47_known_and_unknown_clients_have_pools_of_their_own(bench, client, address, lease_time):
    """A reservation is free of its pool's allow and deny, and has its pool's terms."""
    ack = bench.serve(KNOWN).lease(client)
    assert (ack.yiaddr, seconds(ack)) == (address, lease_time)


def test_row_47_an_ignored_host_gets_no_answer_to_anything(bench):
    bench.serve("authoritative = True\nrapid_commit = True\nbootp = True\n" + KNOWN)
    messages = [bench.discover(CAROL, options={80: b""}), bench.request(CAROL, options={50: "192.0.2.10"}),
                bench.selecting("192.0.2.10", CAROL), bench.message(INFORM, CAROL, ciaddr="192.0.2.10"),
                bench.request(CAROL, ciaddr="192.0.2.10")]
    assert bench.say(*messages) == []
    bootp = bench.message(1, CAROL)
    bootp.options = {}
    assert bench.say(bootp) == []


def test_a_client_that_has_become_known_moves_to_the_pool_of_the_known(bench):
    bench.serve(KNOWN.replace('host(mac="02:00:00:00:00:0a"), ', "")).lease(ALICE)
    bench.serve(KNOWN)
    assert one(bench.say((bench.request(ALICE, ciaddr="192.0.2.20"), SERVER, "192.0.2.20"))).kind == NAK
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"


# --- whose a lease is: client_identity, one_address_per_machine


PORTS = CAMPUS + 'client_identity = ["circuit_id"]\n'


def through(circuit, **rest):
    return {"giaddr": RELAY, "options": {82: bytes((1, len(circuit))) + circuit, **rest.pop("options", {})}, **rest}


def test_a_ports_lease_is_refused_to_nobody_who_is_plugged_in_there(bench):
    """INIT-REBOOT, SELECTING and RELEASE go by the port as well."""
    bench.serve(PORTS).lease(ALICE, **through(b"p1"))
    assert one(bench.say(bench.request(BOB, **through(b"p1", options={50: "10.1.4.0"})))).kind == ACK
    assert bench.stored("10.1.4.0").mac == BOB.hex(":")
    assert kinds(bench.say(bench.request(BOB, **through(b"p2", options={50: "10.1.4.0"})))) == [], "rule 10: unknown there"
    bench.say(bench.message(RELEASE, BOB, **through(b"p1", ciaddr="10.1.4.0", options={54: SERVER})))
    assert bench.stored("10.1.4.0").state == "released"


def test_a_ports_lease_declined_by_its_new_device_is_quarantined(bench):
    bench.serve(PORTS).lease(ALICE, **through(b"p1"))
    bench.say(bench.message(DECLINE, BOB, **through(b"p1", options={50: "10.1.4.0", 54: SERVER})))
    assert bench.stored("10.1.4.0").state == "quarantined"
    assert bench.lease(BOB, **through(b"p1")).yiaddr == "10.1.4.1"


def test_a_ports_lease_is_the_ports_after_a_restart(bench):
    bench.serve(PORTS).lease(ALICE, **through(b"p1"))
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    bench.serve(PORTS)
    assert bench.lease(BOB, **through(b"p1")).yiaddr == "10.1.4.0"
    assert bench.lease(ALICE, **through(b"p2")).yiaddr == "10.1.4.1"


def test_an_identity_of_one_subnet_alone(bench):
    bench.serve(CAMPUS.replace('domain_name="one.example"', 'domain_name="one.example", client_identity=["circuit_id"]'))
    assert bench.lease(ALICE, **through(b"p1")).yiaddr == bench.lease(BOB, **through(b"p1")).yiaddr == "10.1.4.0"
    there = {"giaddr": OTHER_RELAY, "options": {82: b"\1\2p1"}}
    assert [bench.lease(client, **there).yiaddr for client in (ALICE, BOB)] == ["10.2.4.0", "10.2.4.1"]


@pytest.mark.parametrize("value", ['["mac"]', '["client_id"]', '["host_name"]', '["mac", "host_name"]'])
def test_an_identity_may_be_any_field(bench, value):
    bench.serve(CAMPUS + f"client_identity = {value}\n")
    ack = bench.lease(ALICE, options={61: b"id", 12: b"name"})
    assert bench.lease(ALICE, options={61: b"id", 12: b"name"}).yiaddr == ack.yiaddr
    assert bench.lease(BOB, options={61: b"other", 12: b"other"}).yiaddr != ack.yiaddr


MACHINES = NETWORK + "one_address_per_machine = True\n"


def test_row_41_each_face_of_a_machine_renews_declines_and_releases_its_lease(bench):
    bench.serve(MACHINES).lease(ALICE, options={61: b"\0firmware"})
    system = {61: b"\xff\0\0\0\1system"}
    assert one(bench.say((bench.request(ALICE, ciaddr="192.0.2.10", options=system), SERVER, "192.0.2.10"))).kind == ACK
    assert one(bench.say(bench.request(ALICE, options={50: "192.0.2.10"}))).kind == ACK
    bench.say((bench.message(RELEASE, ALICE, ciaddr="192.0.2.10", options={54: SERVER, **system}), SERVER, "192.0.2.10"))
    assert bench.stored("192.0.2.10").state == "released"
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"


def test_row_41_a_reservation_by_client_id_is_the_machines_too(bench):
    bench.serve(MACHINES + 'hosts = [host(client_id=b"\\0system", ip="192.0.2.50")]')
    assert bench.lease(ALICE, options={61: b"\0firmware"}).yiaddr == "192.0.2.10"
    assert bench.lease(ALICE, options={61: b"\0system"}).yiaddr == "192.0.2.50"


def test_row_41_turned_on_while_a_face_has_a_lease(bench):
    """The key of the lease changes; the machine goes on, and no address is held twice for it."""
    bench.lease(ALICE, options={61: b"\0system"})
    bench.serve(MACHINES)
    replies = bench.say((bench.request(ALICE, ciaddr="192.0.2.10", options={61: b"\0system"}), SERVER, "192.0.2.10"))
    assert kinds(replies) in ([], [ACK])
    assert bench.lease(ALICE).yiaddr


@pytest.mark.parametrize("htype", [32, 1])
def test_row_40_clients_without_a_hardware_address_are_told_apart_by_their_identifiers(bench, htype):
    """RFC 4390 section 2.1; also where a machine has one address, for there is nothing else to know it by."""
    bench.serve(MACHINES)
    first = bench.lease(b"", htype=htype, options={61: b"\xff\0\0\0\1one"})
    second = bench.lease(b"", htype=htype, options={61: b"\xff\0\0\0\1two"})
    assert (first.yiaddr, second.yiaddr) == ("192.0.2.10", "192.0.2.11")
    assert (first.address, first.hardware, first.packet.hlen) == (EVERYBODY, EVERY_STATION, 0)
    renewal = bench.request(b"", htype=htype, options={61: b"\xff\0\0\0\1two"}, ciaddr="192.0.2.11")
    renewed = one(bench.say((renewal, SERVER, "192.0.2.11")))
    assert (renewed.kind, renewed.yiaddr, renewed.address) == (ACK, "192.0.2.11", "192.0.2.11")


def test_row_40_without_address_and_identifier_nobody_is_served(bench):
    assert bench.say(bench.discover(b"", htype=32)) == []


# --- row 46: a reservation wins


@pytest.mark.parametrize("way", ["released", "expired", "declined"])
def test_row_46_the_reserved_host_gets_its_address_once_the_holder_has_gone(bench, way):
    bench.lease(BOB)
    bench.serve(NETWORK + 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.10")]')
    assert (seconds(bench.lease(ALICE)), bench.lease(ALICE).yiaddr) == (60, "192.0.2.11")
    if way == "released":
        bench.say((bench.message(RELEASE, BOB, ciaddr="192.0.2.10", options={54: SERVER}), SERVER, "192.0.2.10"))
    elif way == "expired":
        bench.pass_time(3602)
    else:
        bench.say(bench.message(DECLINE, BOB, options={50: "192.0.2.10", 54: SERVER}))
    expected = "192.0.2.11" if way == "declined" else "192.0.2.10"
    assert bench.lease(ALICE).yiaddr == expected


def test_row_46_the_holder_is_not_offered_it_again(bench):
    bench.lease(BOB)
    bench.serve(NETWORK + 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.10")]')
    assert one(bench.say(bench.discover(BOB, options={50: "192.0.2.10"}))).yiaddr == "192.0.2.11"
    assert one(bench.say(bench.selecting("192.0.2.10", BOB))).kind == NAK


def test_row_46_what_was_offered_before_the_reservation_is_refused(bench):
    offer = one(bench.say(bench.discover(BOB)))
    bench.serve(NETWORK + f'hosts = [host(mac="02:00:00:00:00:0a", ip="{offer.yiaddr}")]')
    assert one(bench.say(bench.selecting(offer.yiaddr, BOB))).kind == NAK
    assert bench.lease(ALICE).yiaddr == offer.yiaddr


# --- row 26: what is remembered of the relay


STASH = """
ip_address_lease_time = 3600
classes = [client_class("port 1", match(circuit_id="p1"), domain_name="port1.example")]
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"]),
           subnet("10.1.0.0/16", domain_name="one.example", pools=[pool("10.1.4.0/30", allow="port 1"),
                                                                   pool("10.1.5.0/30", deny="port 1")])]
"""


def test_row_26_a_direct_renewal_keeps_its_pool(bench):
    """Without what is remembered the client would be of no class, and its pool closed to it. 82 is not made up (rule 32)."""
    bench.serve("authoritative = True\n" + STASH)
    assert bench.lease(ALICE, **through(b"p1")).yiaddr == "10.1.4.0"
    assert bench.lease(BOB, **through(b"p2")).yiaddr == "10.1.5.0"
    for client, address, domain in ((ALICE, "10.1.4.0", b"port1.example"), (BOB, "10.1.5.0", b"one.example")):
        for _ in range(2):
            reply = one(bench.say((bench.request(client, ciaddr=address), SERVER, address)))
            assert (reply.kind, option(reply, 15), option(reply, 82), reply.packet.giaddr) == (ACK, domain, None, 0)


def test_rule_11_who_rebinds_on_another_link_than_its_relays_is_refused(bench):
    """What is remembered does not say where a client is now: it was heard on our own link."""
    bench.serve("authoritative = True\n" + STASH).lease(ALICE, **through(b"p1"))
    assert one(bench.say((bench.request(ALICE, ciaddr="10.1.4.0"), EVERYBODY, "10.1.4.0"))).kind == NAK


def test_row_26_it_is_remembered_across_a_restart(bench):
    bench.serve("authoritative = True\n" + STASH).lease(ALICE, **through(b"p1"))
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    bench.serve("authoritative = True\n" + STASH)
    reply = one(bench.say((bench.request(ALICE, ciaddr="10.1.4.0"), SERVER, "10.1.4.0")))
    assert (reply.kind, option(reply, 15)) == (ACK, b"port1.example")


def test_row_26_the_last_word_of_a_relay_is_remembered(bench):
    bench.serve("authoritative = True\n" + STASH).lease(ALICE, **through(b"p1"))
    assert one(bench.say(bench.request(ALICE, ciaddr="10.1.4.0", **through(b"p2")))).kind == NAK, "it was moved to port 2"
    assert bench.lease(ALICE, **through(b"p2")).yiaddr == "10.1.5.0"
    reply = one(bench.say((bench.request(ALICE, ciaddr="10.1.5.0"), SERVER, "10.1.5.0")))
    assert (reply.kind, option(reply, 15)) == (ACK, b"one.example")


def test_the_same_client_on_two_links_has_a_lease_on_each(bench):
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"]), '
                'subnet("198.51.100.0/24", pools=["198.51.100.10/31"])]')
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"
    offer = one(bench.say((bench.discover(ALICE), EVERYBODY, "0.0.0.0", 68, ETH2)))
    assert (offer.kind, offer.yiaddr) == (OFFER, "198.51.100.10")
    ack = one(bench.say((bench.selecting(offer.yiaddr, ALICE, server=OTHER_OWN), EVERYBODY, "0.0.0.0", 68, ETH2)))
    assert (ack.kind, ack.interface) == (ACK, ETH2)
    assert bench.stored("192.0.2.10").expires > bench.now
