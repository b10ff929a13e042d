"""Messages beside the usual ones, and what replies carry by class, pool and subnet: BOOTP, Rapid Commit, boot values, options.

Each test names the RFC, the rule or the row that it holds.
"""

import pytest
from rig import ALICE, BOB, CAROL, EVERYBODY, NETWORK, SERVER, codes, reason

from pydhcpd.addresses import address_from
from pydhcpd.wire.packet import ACK, DECLINE, INFORM, NAK, OFFER, Packet


def ip(text):
    return address_from(text).to_bytes(4, "big")


def one(replies):
    (reply,) = replies
    return reply


def option(reply, code):
    return reply.packet.options.get(code)


# --- Rapid Commit: RFC 4039, rule 43


RAPID = NETWORK + "rapid_commit = True\n"


def test_rule_43_an_ack_answers_a_discover_with_80_and_echoes_it(bench):
    reply = one(bench.serve(RAPID).say(bench.discover(options={80: b""})))
    assert (reply.kind, reply.yiaddr, option(reply, 80)) == (ACK, "192.0.2.10", b"")
    assert reply.stored, "rule 17"
    assert option(reply, 51) == (3600).to_bytes(4, "big")


def test_rule_43_who_does_not_ask_for_it_gets_an_offer(bench):
    assert one(bench.serve(RAPID).say(bench.discover())).kind == OFFER
    assert one(bench.serve(NETWORK).say(bench.discover(BOB, options={80: b""}))).kind == OFFER


def test_rule_43_never_a_nak_there(bench):
    bench.serve('network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10"]\nrapid_commit = True\n').lease(BOB)
    assert bench.say(bench.discover(options={80: b""})) == []


def test_rapid_commit_of_a_class_alone(bench):
    bench.serve(NETWORK + 'classes = [client_class("quick", match(vendor_class_identifier="quick"), rapid_commit=True)]')
    assert one(bench.say(bench.discover(options={80: b"", 60: b"quick"}))).kind == ACK
    assert one(bench.say(bench.discover(BOB, options={80: b"", 60: b"slow"}))).kind == OFFER


# --- BOOTP: row 6, RFC 951, RFC 1534


def bootp(client=ALICE, cookie=True, **fields):
    packet = Packet(hardware=client, xid=77, options={}, **fields)
    data = packet.encode()
    return data if cookie else data[:236] + bytes(64)


@pytest.mark.parametrize("cookie", [True, False])
def test_a_bootp_client_gets_an_address_for_ever(bench, cookie):
    bench.serve(NETWORK + "bootp = True\nnext_server = '192.0.2.9'\nboot_file_name = 'boot.bin'")
    reply = one(bench.say(bootp(cookie=cookie)))
    assert (reply.kind, reply.yiaddr, reply.packet.op, len(reply.data)) == (0, "192.0.2.10", 2, 300)
    assert not {50, 51, 53, 54, 58, 59} & set(reply.packet.options)
    assert (option(reply, 1), option(reply, 3)) == (ip("255.255.255.0"), ip(SERVER))
    assert (reply.packet.siaddr, reply.packet.file) == (address_from("192.0.2.9"), b"boot.bin")
    assert reply.stored
    assert bench.stored("192.0.2.10").expires is None
    assert one(bench.say(bootp(cookie=cookie))).yiaddr == "192.0.2.10"


def test_bootp_is_not_served_unless_asked_for(bench):
    assert bench.say(bootp()) == []
    assert bench.say(bootp(cookie=False)) == []
    assert sum(reason(bench).values()) == 2


def test_bootp_is_served_in_one_network_alone(bench):
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"]), '
                'subnet("10.1.0.0/24", pools=["10.1.0.10/31"], bootp=True)]')
    assert bench.say(bootp()) == []
    assert one(bench.say(bootp(giaddr=address_from("10.1.0.1")))).yiaddr == "10.1.0.10"


def test_a_reserved_bootp_client_gets_its_address(bench):
    bench.serve(NETWORK + 'bootp = True\nhosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.50")]')
    assert one(bench.say(bootp())).yiaddr == "192.0.2.50"


# --- precedence of scopes: row 24


SCOPES = """
domain_name = "global.example"
ip_address_lease_time = 1000
classes = [client_class("first", match(vendor_class_identifier=PREFIX("ab")), domain_name="first.example"),
           client_class("second", match(vendor_class_identifier=PREFIX("a")), domain_name="second.example",
                        root_path="/second"),
           client_class("without", match(vendor_class_identifier="none"), domain_name=None)]
shared_networks = [shared_network("wire", [subnet("192.0.2.0/24", pools=[
    pool("192.0.2.10 - 192.0.2.19", domain_name="pool.example", allow="unknown"), "192.0.2.20 - 192.0.2.29"],
    domain_name="subnet.example", log_server="192.0.2.8")], domain_name="wire.example", ip_address_lease_time=2000,
    time_server="192.0.2.7")]
hosts = [host(mac="02:00:00:00:00:0a", hostname="alice", domain_name="host.example"), host(mac="02:00:00:00:00:0b")]
"""


@pytest.mark.parametrize(("client", "vendor", "domain"), [
    (ALICE, "abc", b"host.example"), (BOB, "abc", b"first.example"), (BOB, "a", b"second.example"),
    (CAROL, "x", b"pool.example"), (BOB, "x", b"subnet.example"), (CAROL, "abc", b"first.example"), (BOB, "none", None)])
def test_row_24_the_nearest_scope_wins(bench, client, vendor, domain):
    reply = one(bench.serve(SCOPES).say(bench.discover(client, options={60: vendor.encode()})))
    assert option(reply, 15) == domain
    assert (option(reply, 7), option(reply, 4)) == (ip("192.0.2.8"), ip("192.0.2.7"))
    assert option(reply, 51) == (2000).to_bytes(4, "big")
    assert option(reply, 17) == (b"/second" if vendor.startswith("a") else None)


def test_row_24_it_is_remembered_where_each_value_came_from(bench):
    bench.serve(SCOPES)
    policy = bench.server.serving.policy
    (network,) = policy.networks
    pool, _ = network.pools
    origins = policy._put_together(network, pool, ("second",), None).origins
    file = bench.database.parent / "pydhcpd.conf"
    assert origins[15] == ("client_class 'second'", f"{file}:5")
    assert origins[7] == ("subnet 192.0.2.0/24", f"{file}:8")
    assert origins["ip_address_lease_time"] == ("shared network 'wire'", f"{file}:8")
    assert origins[1][0] == "subnet 192.0.2.0/24"


# --- boot values: row 53, rule 47


BOOT = NETWORK + """
next_server = "192.0.2.5"
boot_file_name = "pxelinux.0"
root_path = "192.0.2.5:/root"
classes = [client_class("uefi", match(client_system_architecture=[7, 9]), boot_file_name="ipxe.efi", server_name="efi.example"),
           client_class("ipxe", match(user_class=PREFIX("iPXE")), boot_file_name="http://192.0.2.5/boot.ipxe")]
hosts = [host(mac="02:00:00:00:00:0c", boot_file_name="own.bin", next_server="192.0.2.6")]
"""


@pytest.mark.parametrize(("client", "options", "server", "name", "file"), [
    (ALICE, {93: b"\0\0"}, "192.0.2.5", b"", b"pxelinux.0"), (ALICE, {93: b"\0\7"}, "192.0.2.5", b"efi.example", b"ipxe.efi"),
    (ALICE, {93: b"\0\0\0\t"}, "192.0.2.5", b"efi.example", b"ipxe.efi"),  # rule 44: a list
    (ALICE, {77: b"iPXE"}, "192.0.2.5", b"", b"http://192.0.2.5/boot.ipxe"),  # rule 46: a bare string
    (ALICE, {77: b"\4iPXE"}, "192.0.2.5", b"", b"http://192.0.2.5/boot.ipxe"),
    (CAROL, {93: b"\0\7"}, "192.0.2.6", b"efi.example", b"own.bin")])
def test_row_53_boot_values_are_in_the_fields_and_the_options(bench, client, options, server, name, file):
    reply = one(bench.serve(BOOT).say(bench.discover(client, options=options)))
    assert (reply.packet.siaddr, reply.packet.sname, reply.packet.file) == (address_from(server), name, file)
    assert (option(reply, 67), option(reply, 66), option(reply, 17)) == (file, name or server.encode(), b"192.0.2.5:/root")


# --- options


def asked(bench, text, *wanted, **options):
    given = {55: bytes(wanted)} if wanted else {}
    return one(bench.serve(NETWORK + text).say(bench.discover(options={**given, **options.get("options", {})})))


def test_rule_41_108_only_if_asked_for(bench):
    assert option(asked(bench, "ipv6_only_preferred = 300", 1, 108), 108) == b"\0\0\1\x2c"
    assert option(asked(bench, "ipv6_only_preferred = 300", 1, 3), 108) is None
    assert option(asked(bench, "ipv6_only_preferred = 300"), 108) is None


def test_rule_31_121_carries_the_default_route_and_is_mirrored_to_249_where_that_is_asked_for(bench):
    text = 'classless_static_route = [("10.0.0.0/8", "192.0.2.3")]'
    routes = bytes.fromhex("080a c0000203") + b"\0" + ip(SERVER)
    assert option(asked(bench, text, 121), 121) == routes
    mirrored = asked(bench, text, 3, 249)
    assert (option(mirrored, 249), option(mirrored, 121)) == (routes, None)
    assert option(asked(bench, text), 249) is None


@pytest.mark.parametrize(("text", "code", "wire"), [
    ('captive_portal = "https://portal.example/api"', 114, b"https://portal.example/api"),  # rule 42: no NUL
    ('posix_timezone = "CET-1CEST"', 100, b"CET-1CEST"), ('tzdb_timezone = "Europe/Zurich"', 101, b"Europe/Zurich"),
    ('domain_search = ["lab.example", "example"]', 119, b"\3lab\7example\0\xc0\4"),
    ('capwap_access_controllers = "192.0.2.3"', 138, ip("192.0.2.3")), ('option_224 = b"x"', 224, b"x")])
def test_row_20_later_options_go_out(bench, text, code, wire):
    assert option(asked(bench, text, code), code) == wire
    assert option(asked(bench, text, 1), code) is None


def test_row_23_options_are_forced_and_held_back(bench):
    text = """classes = [client_class("x", match(vendor_class_identifier="x"), always_send=["domain_name"],
                                      never_send=["router"])]"""
    reply = asked(bench, text, 3, 6, options={60: b"x"})
    assert (option(reply, 15), option(reply, 3), option(reply, 6)) == (b"example", None, ip(SERVER))


def test_row_16_vendor_suboptions_by_class(bench):
    text = """
option_definitions = [option(1, "phone_server", "address", inside="vendor_specific_information"),
                      option(2, "phone_vlan", "uint16", inside="vendor_specific_information"),
                      option(7, "modem_mode", "uint8", inside=("vendor_identifying", 4491))]
phone_vlan = 7
classes = [client_class("phone", match(vendor_class_identifier=PREFIX("Phone")), phone_server="192.0.2.3", modem_mode=2),
           client_class("raw", match(vendor_class_identifier="Raw"), vendor_specific_information=b"raw")]
"""
    phone = asked(bench, text, 43, 125, options={60: b"Phone 3"})
    assert option(phone, 43) == b"\1\4" + ip("192.0.2.3") + b"\2\2\0\7\xff"
    assert option(phone, 125) == (4491).to_bytes(4, "big") + b"\3\7\1\2"
    assert option(asked(bench, text, 43, options={60: b"Raw"}), 43) == b"raw"
    assert option(asked(bench, text, 43, options={60: b"x"}), 43) == b"\2\2\0\7\xff"


def test_116_is_answered_to_who_sends_it(bench):
    """RFC 2563 section 2.2 and 2.3."""
    text = "auto_configure = False"
    assert option(asked(bench, text, 1, 3, options={116: b"\1"}), 116) == b"\0"
    bench.serve('network = "192.0.2.0/24"\nip_ranges = []\n' + text)
    reply = one(bench.say(bench.discover(BOB, options={116: b"\1"})))
    assert (reply.kind, reply.packet.yiaddr, option(reply, 116)) == (OFFER, 0, b"\0")
    assert bench.say(bench.discover(CAROL)) == []


def test_row_36_lease_times_by_class(bench):
    bench.serve(NETWORK + """
maximum_lease_time = 7200
classes = [client_class("guest", match(vendor_class_identifier="guest"), ip_address_lease_time=300, maximum_lease_time=600),
           client_class("server", match(vendor_class_identifier="server"), ip_address_lease_time=INFINITE)]""")
    times = {(vendor, wanted): int.from_bytes(option(one(bench.say(bench.discover(options={
        60: vendor, **({51: wanted.to_bytes(4, "big")} if wanted else {})}))), 51), "big")
        for vendor in (b"x", b"guest", b"server") for wanted in (0, 10, 5000, 0xFFFFFFFF)}
    assert times == {
        (b"x", 0): 3600, (b"x", 10): 60, (b"x", 5000): 5000, (b"x", 0xFFFFFFFF): 7200,
        (b"guest", 0): 300, (b"guest", 10): 60, (b"guest", 5000): 600, (b"guest", 0xFFFFFFFF): 600,
        (b"server", 0): 0xFFFFFFFF, (b"server", 10): 60, (b"server", 5000): 5000, (b"server", 0xFFFFFFFF): 0xFFFFFFFF}


# --- functions of the file: row 51


FUNCTIONS = NETWORK.replace("192.0.2.19", "192.0.2.15") + """
classes = [client_class("rack", domain_name="rack.example"), client_class("pi", match(mac=PREFIX("b8:27:eb")))]

def accept(request):
    return request.vendor_class_identifier != "Bad"

def identify(request):
    if request.host_name and request.host_name.startswith("node-"):
        number = int(request.host_name[5:])
        return host(mac=request.mac, ip=f"192.0.2.{100 + number}", hostname=request.host_name, root_path=f"/nodes/{number}")

def classify(request):
    return ["rack"] if request.host_name == "rack" else []

def finish(request, reply):
    if request.vendor_class_identifier == "PXEClient":
        reply.options["boot_file_name"] = f"{request.mac}.cfg"
        reply.next_server = "192.0.2.7"
"""


def test_row_51_functions_have_their_say(bench):
    bench.serve(FUNCTIONS)
    assert bench.say(bench.discover(options={60: b"Bad"})) == []
    assert reason(bench) == {"not accepted by accept()": 1}
    node = bench.lease(options={12: b"node-7"})
    assert (node.yiaddr, option(node, 12), option(node, 17)) == ("192.0.2.107", b"node-7", b"/nodes/7")
    assert option(bench.lease(BOB, options={12: b"rack"}), 15) == b"rack.example"
    booted = one(bench.say(bench.discover(CAROL, options={60: b"PXEClient"})))
    assert (booted.packet.file, option(booted, 67)) == (b"02:00:00:00:00:0c.cfg", b"02:00:00:00:00:0c.cfg\0")
    assert booted.packet.siaddr == address_from("192.0.2.7")
    assert codes(booted)[:3] == [53, 54, 51]


def test_a_computed_address_is_held_by_one_client_at_a_time(bench):
    bench.serve(FUNCTIONS)
    assert bench.lease(ALICE, options={12: b"node-7"}).yiaddr == "192.0.2.107"
    assert bench.lease(BOB, options={12: b"node-7"}).yiaddr == "192.0.2.10"


@pytest.mark.parametrize(("number", "address"), [(-99, "192.0.2.10"), (155, "192.0.2.10"), (5000, "192.0.2.10")])
def test_a_computed_address_that_nobody_may_have_is_not_given(bench, number, address):
    """Our own, the broadcast address, and one that is none: the packet goes on without it."""
    assert bench.serve(FUNCTIONS).lease(options={12: f"node-{number}".encode()}).yiaddr == address


def test_choose_orders_pools(bench):
    bench.serve("""
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.19"),
                                         pool("192.0.2.20 - 192.0.2.29", domain_name="b.example")])]
def choose(request, pools):
    if request.host_name == "none":
        return []
    return reversed(pools) if request.host_name == "last" else pools
""")
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"
    assert bench.lease(BOB, options={12: b"last"}).yiaddr == "192.0.2.20"
    assert bench.say(bench.discover(CAROL, options={12: b"none"})) == []


@pytest.mark.parametrize(("failure", "kinds"), [("ignore", [OFFER]), ("drop", [])])
def test_after_an_exception_the_packet_goes_on_or_is_dropped(bench, failure, kinds):
    bench.serve(NETWORK + f"policy_failure = {failure!r}\ndef classify(request):\n    return 1 / 0\n")
    assert [reply.kind for reply in bench.say(bench.discover())] == kinds
    assert not any("fault of the program" in words for words in reason(bench))


def test_the_reply_of_finish_is_bounded_as_others_are(bench):
    bench.serve(NETWORK + 'def finish(request, reply):\n    reply.options["option_224"] = b"x" * 2000\n')
    assert len(one(bench.say(bench.discover())).data) <= 576 - 28


def test_finish_leaves_boot_values_that_it_does_not_touch(bench):
    bench.serve(NETWORK + 'boot_file_name = "boot.bin"\ndef finish(request, reply):\n    reply.options["domain_name"] = "x"\n')
    reply = one(bench.say(bench.discover(options={55: b"\1\3\17"})))
    assert (reply.packet.file, option(reply, 15), option(reply, 67)) == (b"boot.bin", b"x", None)


def test_rule_38_option_81_is_answered_only_if_it_was_sent_and_beats_12(bench):
    ack = bench.lease(options={81: b"\1\0\0pc.lab.example", 12: b"other"})
    assert option(ack, 81) == b"\x0a\xff\xffpc.lab.example"
    assert bench.stored(ack.yiaddr).hostname == "pc.lab.example"
    assert option(bench.lease(BOB), 81) is None


# --- relays: rules 1, 7, 35, 43, with what they say about identity and ports


RELAYED = """
ip_address_lease_time = 3600
authoritative = True
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"], rapid_commit=True),
           subnet("10.1.0.0/24", pools=["10.1.0.10 - 10.1.0.19"], rapid_commit=True, relays=["192.0.2.200"])]
"""
RELAY = "10.1.0.2"
OVERRIDE = {82: b"\1\2p1\x0b\4" + ip(RELAY)}


def test_rule_35_a_nak_and_a_decline_go_by_the_override_too(bench):
    bench.serve(RELAYED).lease(giaddr=RELAY, options={})
    nak = one(bench.say(bench.request(giaddr=RELAY, options={50: "10.1.0.15", **OVERRIDE})))
    assert (nak.kind, option(nak, 54), option(nak, 82), nak.packet.flags) == (NAK, ip(RELAY), OVERRIDE[82], 0x8000)
    bench.say(bench.message(DECLINE, giaddr=RELAY, options={50: "10.1.0.10", 54: RELAY, **OVERRIDE}))
    assert bench.stored("10.1.0.10").state == "quarantined"


@pytest.mark.parametrize("server", [SERVER, RELAY, "198.51.100.1"])
def test_rule_35_our_own_addresses_are_accepted_beside_the_override(bench, server):
    bench.serve(RELAYED)
    offer = one(bench.say(bench.discover(giaddr=RELAY, options=OVERRIDE)))
    assert one(bench.say(bench.selecting(offer.yiaddr, server=server, giaddr=RELAY, options=OVERRIDE))).kind == ACK


@pytest.mark.parametrize(("giaddr", "options"), [
    (RELAY, {82: b"\1\2p1"}), (RELAY, {}), (RELAY, {82: b"\x0b\4" + ip("10.1.0.3")}), (RELAY, {82: b"\x0b\3\n\1\0"}),
    (None, OVERRIDE)])
def test_rule_35_an_address_that_is_neither_is_another_server(bench, giaddr, options):
    fields = {"giaddr": giaddr} if giaddr else {}
    bench.serve(RELAYED)
    offer = one(bench.say(bench.discover(options=options, **fields)))
    assert bench.say(bench.selecting(offer.yiaddr, server=RELAY, options=options, **fields)) == []


def test_rule_43_through_a_relay_82_is_still_last(bench):
    reply = one(bench.serve(RELAYED).say(bench.discover(giaddr=RELAY, options={80: b"", 61: b"id", **OVERRIDE})))
    assert (reply.kind, reply.yiaddr, reply.address, codes(reply)[-3:]) == (ACK, "10.1.0.10", RELAY, [80, 61, 82])
    assert reply.packet.options[82] == OVERRIDE[82]


def test_rule_43_a_client_with_another_address_gets_its_own(bench):
    """Option 50 of a DISCOVER is a wish: what is committed is the client's own address (RFC 4039 section 3.1)."""
    bench.serve(RELAYED).lease()
    reply = one(bench.say(bench.discover(options={80: b"", 50: "192.0.2.15"})))
    assert (reply.kind, reply.yiaddr) == (ACK, "192.0.2.10")


@pytest.mark.parametrize(("giaddr", "address"), [("192.0.2.200", "10.1.0.10"), ("192.0.2.201", "192.0.2.10")])
def test_row_25_a_listed_relay_beats_the_subnet_of_its_own_address(bench, giaddr, address):
    reply = one(bench.serve(RELAYED).say(bench.discover(giaddr=giaddr)))
    assert (reply.yiaddr, reply.address, reply.port) == (address, giaddr, 67)


def test_rule_1_replies_of_all_kinds_go_to_the_port_that_the_relay_used(bench):
    """RFC 8357 section 4."""
    bench.serve(RELAYED)
    fields = {"giaddr": RELAY, "options": {82: b"\x13\0"}}
    messages = [bench.discover(**fields), bench.selecting("10.1.0.10", **fields), bench.message(INFORM, **fields),
                bench.request(giaddr=RELAY, options={50: "10.1.0.15", 82: b"\x13\0"})]
    replies = [one(bench.say((message, SERVER, RELAY, 6700))) for message in messages]
    assert [reply.kind for reply in replies] == [OFFER, ACK, ACK, NAK]
    assert {(reply.address, reply.port) for reply in replies} == {(RELAY, 6700)}


# --- adopt_unknown: after the loss of a database


ADOPTING = """
adopt_unknown = True
authoritative = True
classes = [client_class("c", match(vendor_class_identifier="c"), lease_limit=1)]
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19", pool("192.0.2.30/31", allow="c")],
                  exclude=["192.0.2.18"])]
hosts = [host(mac="02:00:00:00:00:0c", ip="192.0.2.12")]
"""


@pytest.mark.parametrize("way", ["rebooting", "renewing", "rebinding"])
@pytest.mark.parametrize(("address", "kind"), [
    ("192.0.2.15", ACK), ("192.0.2.12", NAK), ("192.0.2.18", NAK), ("192.0.2.30", NAK), ("192.0.2.1", NAK),
    ("192.0.2.50", NAK), ("10.9.9.9", NAK), ("192.0.2.10", NAK)])
def test_adopt_unknown_gives_what_is_free_and_open_and_nothing_else(bench, way, address, kind):
    bench.serve(ADOPTING).lease(BOB)  # has .10
    if way == "rebooting":
        message = bench.request(options={50: address})
    else:
        message = (bench.request(ciaddr=address), SERVER if way == "renewing" else EVERYBODY, address)
    reply = one(bench.say(message))
    assert reply.kind == kind
    if kind == ACK:
        assert reply.stored
        assert bench.lease(CAROL).yiaddr == "192.0.2.12"


def test_adopt_unknown_keeps_the_limits_of_classes(bench):
    bench.serve(ADOPTING).lease(BOB, options={60: b"c"})
    assert one(bench.say(bench.request(options={50: "192.0.2.31", 60: b"c"}))).kind == NAK


# --- BOOTP by host, class and pool: row 6


def test_row_6_a_bootp_client_is_of_classes_and_pools_too(bench):
    bench.serve("""
bootp = True
classes = [client_class("old", match(mac=PREFIX("02:00:00:00:00:0a")), boot_file_name="old.bin")]
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.20/31", allow="old", domain_name="old.example"), "192.0.2.10/31"])]
""")
    reply = one(bench.say(bootp()))
    assert (reply.yiaddr, reply.packet.file, option(reply, 15)) == ("192.0.2.20", b"old.bin", b"old.example")
    assert one(bench.say(bootp(BOB))).yiaddr == "192.0.2.10"


def test_row_6_a_lease_of_a_dhcp_client_becomes_one_for_ever_when_it_boots_by_bootp(bench):
    bench.serve(NETWORK + "bootp = True").lease()
    assert one(bench.say(bootp())).yiaddr == "192.0.2.10"
    bench.pass_time(8000)
    assert bench.stored("192.0.2.10").expires is None
    assert bench.lease(BOB).yiaddr == "192.0.2.11"


# --- offer_hold_time


@pytest.mark.parametrize(("settings", "held"), [
    ("", 40), ("length_of_transaction = 10\n", 10), ("offer_hold_time = 5\n", 5),
    ("offer_hold_time = 90\nlength_of_transaction = 10\n", 90)])
def test_row_35_how_long_an_offer_is_held(bench, settings, held):
    bench.serve(settings + NETWORK.replace(".19", ".10"))
    bench.lease(ALICE)
    bench.pass_time(3602)
    assert one(bench.say(bench.discover(ALICE))).kind == OFFER
    bench.pass_time(held - 1)
    assert bench.say(bench.discover(BOB)) == []
    bench.pass_time(2)
    assert one(bench.say(bench.discover(BOB))).yiaddr == "192.0.2.10"
    assert one(bench.say(bench.selecting("192.0.2.10", ALICE))).kind == NAK


def test_a_client_that_prefers_ipv6_is_offered_an_address_and_given_no_lease(bench):
    """RFC 8925 section 3.2: it leaves the address alone, so Rapid Commit would waste one."""
    bench.serve(RAPID + "ipv6_only_preferred = 300\n")
    assert one(bench.say(bench.discover(options={80: b"", 55: b"\1\x6c"}))).kind == OFFER
    assert one(bench.say(bench.discover(BOB, options={80: b"", 55: b"\1\3"}))).kind == ACK


# --- names of leases


@pytest.mark.parametrize("settings", ["", 'classes = [client_class("all", match(mac=ALL), lease_limit=9)]\n'])
@pytest.mark.parametrize(("sent", "name"), [({}, "alice"), ({12: b""}, "alice"), ({12: b"other"}, "other"),
                                            ({81: b"\0\0\0full.example"}, "full.example")])
def test_a_renewal_without_a_name_keeps_that_of_the_lease(bench, settings, sent, name):
    """Some clients send option 12 at the beginning only; one that sends another name has that."""
    bench.serve(NETWORK + settings)
    assert bench.lease(options={12: b"alice"}).yiaddr == "192.0.2.10"
    bench.pass_time(60)
    renewed = one(bench.say((bench.request(ciaddr="192.0.2.10", options=sent), SERVER, "192.0.2.10")))
    assert (renewed.kind, bench.stored("192.0.2.10").hostname) == (ACK, name)


def test_the_next_holder_of_an_address_does_not_inherit_the_name(bench):
    bench.serve(NETWORK.replace(".19", ".10"))
    bench.lease(options={12: b"alice"})
    bench.pass_time(7200)
    assert bench.lease(BOB).yiaddr == "192.0.2.10"
    assert bench.stored("192.0.2.10").hostname == ""
