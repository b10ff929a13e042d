"""What a client gets by its class, in the course of an exchange: precedence of scopes, lists of options, lease times, limits.

Each test names the rule, the row or the RFC section that it holds.
"""

import pytest
from rig import ALICE, BOB, CAROL, NETWORK, SERVER, codes, seconds

from pydhcpd.addresses import address_from, address_text
from pydhcpd.wire.packet import ACK, INFORM, NAK, OFFER, RELEASE


def ip(text):
    return address_from(text).to_bytes(4, "big")


def one(replies):
    (reply,) = replies
    return reply


def option(reply, code):
    return reply.packet.options.get(code)


def offered(bench, text, options=None, client=ALICE, **fields):
    return one(bench.serve(text).say(bench.discover(client, options=options, **fields)))


# --- row 24: the nearest of six scopes, and None


ORDER = ["host", "class", "pool", "subnet", "shared network", "global"]


def scoped(name, values):
    """A configuration that sets an option or setting in some of the scopes; `values` by scope."""
    def given(scope):
        return f", {name}={values[scope]}" if scope in values else ""

    return f"""
{f"{name} = {values['global']}" if "global" in values else ""}
classes = [client_class("c", match(vendor_class_identifier="c"){given("class")})]
hosts = [host(mac="02:00:00:00:00:0a"{given("host")})]
shared_networks = [shared_network("wire", [
    subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.19"{given("pool")})]{given("subnet")})]
    {given("shared network")})]
"""


@pytest.mark.parametrize("from_here", range(len(ORDER)), ids=ORDER)
@pytest.mark.parametrize(("name", "code", "write", "wire"), [
    ("domain_name", 15, "'{}.example'", lambda text: text.strip("'").encode()),
    ("router", 3, "'192.0.2.{}'", None), ("next_server", None, "'192.0.2.{}'", None), ("server_name", None, "'s{}'", None),
    ("boot_file_name", 67, "'f{}'", lambda text: text.strip("'").encode()),
    ("ip_address_lease_time", 51, "100{}", lambda text: int(text).to_bytes(4, "big"))])
def test_row_24_each_scope_wins_over_those_around_it(bench, name, code, write, wire, from_here):
    values = {scope: write.format(101 + place if "192" in write else place) for place, scope in enumerate(ORDER)
              if place >= from_here}
    reply = offered(bench, scoped(name, values), {60: b"c"})
    expected = values[ORDER[from_here]]
    if name == "next_server":
        assert address_text(reply.packet.siaddr) == expected.strip("'")
    elif name == "server_name":
        assert reply.packet.sname == expected.strip("'").encode() == option(reply, 66)
    else:
        assert option(reply, code) == (wire(expected) if wire else ip(expected.strip("'")))


@pytest.mark.parametrize("scope", ORDER[:-1])
@pytest.mark.parametrize(("name", "value"), [
    ("domain_name", "'x.example'"), ("next_server", "'192.0.2.9'"), ("server_name", "'boot'"), ("boot_file_name", "'b'"),
    ("router", "'192.0.2.1'"), ("always_send", "['router']"), ("rapid_commit", "True")])
def test_row_24_none_takes_away_what_is_inherited(bench, scope, name, value):
    reply = offered(bench, scoped(name, {"global": value, scope: None}), {60: b"c", 80: b""})
    packet = reply.packet
    assert (reply.kind, packet.siaddr, packet.sname, packet.file) == (OFFER, 0, b"", b"")
    assert not {3, 15, 66, 67} & set(packet.options)


@pytest.mark.parametrize(("outer", "inner"), list(zip(ORDER[1:], ORDER[:-1], strict=True)))
def test_row_24_what_was_taken_away_can_be_set_nearer(bench, outer, inner):
    reply = offered(bench, scoped("domain_name", {"global": "'x'", outer: None, inner: "'near'"}), {60: b"c"})
    assert option(reply, 15) == b"near"


def test_row_24_an_inform_gets_what_holds_for_its_address(bench):
    bench.serve(scoped("domain_name", {"subnet": "'subnet'", "pool": "'pool'", "class": "'class'"}))
    found = {(address, vendor): option(one(bench.say((bench.message(
        INFORM, BOB, ciaddr=address, options={60: vendor}), SERVER, address))), 15)
        for address in ("192.0.2.15", "192.0.2.99") for vendor in (b"c", b"x")}
    assert found == {("192.0.2.15", b"c"): b"class", ("192.0.2.15", b"x"): b"pool", ("192.0.2.99", b"c"): b"class",
                     ("192.0.2.99", b"x"): b"subnet"}


# --- row 53 and rule 47: boot values


@pytest.mark.parametrize("asked", [None, b"\1\3", b"\x42\x43", b"\x43"])
def test_rule_47_fields_and_options_carry_boot_values_whatever_is_asked_for(bench, asked):
    reply = offered(bench, NETWORK + """
classes = [client_class("pxe", match(vendor_class_identifier=PREFIX("PXEClient")), boot_file_name="b.0",
                        server_name="tftp", next_server="192.0.2.9")]""",
                    {60: b"PXEClient:Arch:00000", **({55: asked} if asked else {})})
    assert (reply.packet.file, reply.packet.sname, address_text(reply.packet.siaddr)) == (b"b.0", b"tftp", "192.0.2.9")
    assert (option(reply, 66), option(reply, 67)) == (b"tftp\0", b"b.0\0")


def test_row_53_a_boot_file_too_long_for_its_field_is_in_67(bench):
    name = "http://192.0.2.9/" + "x" * 150
    reply = offered(bench, NETWORK + f"boot_file_name = {name!r}")
    assert (reply.packet.file, option(reply, 67)) == (b"", name.encode())


def test_row_53_option_66_may_differ_from_the_field(bench):
    reply = offered(bench, NETWORK + 'server_name = "boot"\ntftp_server_name = "tftp.example"')
    assert (reply.packet.sname, option(reply, 66)) == (b"boot", b"tftp.example")


def test_rule_15_a_nak_has_none_of_it(bench):
    bench.serve(NETWORK + 'boot_file_name = "b"\nnext_server = "192.0.2.9"\nserver_name = "s"').lease()
    nak = one(bench.say(bench.request(options={50: "192.0.2.15"})))
    assert (nak.kind, nak.packet.siaddr, nak.packet.sname, nak.packet.file, codes(nak)) == (NAK, 0, b"", b"", [53, 54, 56])


# --- options


def test_row_20_encrypted_dns_goes_out(bench):
    """RFC 9463 section 5: option 162, a list of instances."""
    text = NETWORK + 'encrypted_dns = [(1, "dns.example", ["192.0.2.53"], "alpn=dot")]'
    wire = option(offered(bench, text, {55: b"\xa2"}), 162)
    name, parameters = b"\3dns\7example\0", b"\0\1\0\4\3dot"
    instance = b"\0\1" + bytes((len(name),)) + name + b"\4" + ip("192.0.2.53") + parameters
    assert wire == len(instance).to_bytes(2, "big") + instance
    assert option(offered(bench, text, {55: b"\1"}, BOB), 162) is None


def test_rule_41_108_is_not_forced_upon_who_sends_no_list(bench):
    """RFC 8925 section 3.3; always_send of the administrator is another matter, and not used here."""
    text = NETWORK + 'classes = [client_class("v6", match(vendor_class_identifier="v6"), ipv6_only_preferred=1800)]'
    assert option(offered(bench, text, {60: b"v6", 55: b"\x01\x6c"}), 108) == (1800).to_bytes(4, "big")
    assert option(offered(bench, text, {60: b"v6"}), 108) is None
    assert option(offered(bench, text, {60: b"v4", 55: b"\x01\x6c"}), 108) is None


@pytest.mark.parametrize(("router", "routes", "expected"), [
    ('"192.0.2.1"', '[("10.0.0.0/8", "192.0.2.3")]', "080a c0000203 00 c0000201"),
    ('["192.0.2.1", "192.0.2.2"]', '[("10.0.0.0/8", "192.0.2.3")]', "080a c0000203 00 c0000201"),
    ('"192.0.2.1"', '[("0.0.0.0/0", "192.0.2.3")]', "00 c0000203"), ("None", '[("10.0.0.0/8", "192.0.2.3")]', "080a c0000203")])
def test_rule_31_the_default_route_follows_the_nearest_router(bench, router, routes, expected):
    text = NETWORK.replace('router = "192.0.2.1"', 'router = "192.0.2.7"') + f"""
classless_static_route = {routes}
classes = [client_class("c", match(vendor_class_identifier="c"), router={router})]"""
    reply = offered(bench, text, {60: b"c", 55: b"\x79\xf9"})
    assert option(reply, 121) == option(reply, 249) == bytes.fromhex(expected)


@pytest.mark.parametrize(("always", "never", "asked", "expected"), [
    ('["domain_name"]', "[]", b"\6", [6, 15]), ("[]", '["domain_name"]', b"\6\x0f", [6]), ("[]", "[]", b"\x0f\6", [15, 6]),
    ('["domain_name"]', '["domain_name"]', b"\6", [6]), ("[]", '["domain_name_server"]', None, [1, 3, 15, 28]),
    ('["subnet_mask"]', "[]", b"\6", [1, 6]), ('["router"]', "[]", b"\3\1", [1, 3]), ('["log_server"]', "[]", b"\6", [6])])
def test_row_23_forced_and_held_back(bench, always, never, asked, expected):
    """RFC 2132 section 3.3 and 9.8: the mask first, then in the order of the list, each once, if it is set."""
    reply = offered(bench, NETWORK + f"always_send = {always}\nnever_send = {never}", {55: asked} if asked else {})
    assert [code for code in codes(reply) if code not in (51, 53, 54, 58, 59)] == expected


def test_row_23_the_nearest_list_holds(bench):
    text = scoped("always_send", {"global": "['router']", "class": "['domain_name']"}) + 'domain_name = "x"\nrouter="192.0.2.1"'
    assert [code in offered(bench, text, {60: b"c", 55: b"\6"}).packet.options for code in (3, 15)] == [False, True]
    assert [code in offered(bench, text, {55: b"\6"}, BOB).packet.options for code in (3, 15)] == [True, False]


SUBOPTIONS = """
option_definitions = [option(1, "one", "uint8", inside="vendor_specific_information"),
                      option(2, "two", "text", inside="vendor_specific_information"),
                      option(224, "mine", ("uint8", "address"))]
classes = [client_class("a", match(vendor_class_identifier=PREFIX("a")), one=1, two="a"),
           client_class("b", match(vendor_class_identifier=SUFFIX("b")), one=2),
           client_class("raw", match(vendor_class_identifier="raw"), vendor_specific_information=b"raw"),
           client_class("less", match(vendor_class_identifier="a less"), two=None)]
"""


@pytest.mark.parametrize(("vendor", "before", "expected"), [
    (b"a", "", b"\1\1\1\2\1a\xff"), (b"b", "", b"\1\1\2\xff"), (b"ab", "", b"\1\1\1\2\1a\xff"), (b"x", "", None),
    (b"x", "two = 'all'\n", b"\2\3all\xff"), (b"b", "two = 'all'\n", b"\1\1\2\2\3all\xff"), (b"raw", "two = 'all'\n", b"raw"),
    (b"a", "vendor_specific_information = b'outer'\n", b"\1\1\1\2\1a\xff"),
    (b"x", "vendor_specific_information = b'outer'\n", b"outer")])
def test_row_16_suboptions_of_several_scopes_are_one_option_43(bench, vendor, before, expected):
    """RFC 2132 section 8.4."""
    assert option(offered(bench, NETWORK + before + SUBOPTIONS, {60: vendor, 55: b"\x2b"}), 43) == expected


def test_suboptions_that_are_too_long_together_are_left_out_and_told_once(bench, caplog):
    """RFC 3925 section 4: those of one enterprise have one octet for their length. Each class alone is right."""
    bench.serve(NETWORK + """
option_definitions = [option(1, "one", "text", inside=("vendor_identifying", 9)),
                      option(2, "two", "text", inside=("vendor_identifying", 9))]
classes = [client_class("a", match(vendor_class_identifier=PREFIX("a")), one="x" * 200),
           client_class("b", match(vendor_class_identifier=SUFFIX("b")), two="y" * 200)]""")
    assert len(option(one(bench.say(bench.discover(options={60: b"a"}))), 125)) == 207
    for client in (ALICE, BOB):
        reply = one(bench.say(bench.discover(client, options={60: b"ab"})))
        assert (reply.kind, option(reply, 125), option(reply, 15)) == (OFFER, None, b"example")
    assert caplog.text.count("enterprise 9") == 1


def test_row_12_an_option_of_ones_own_by_class(bench):
    text = NETWORK + SUBOPTIONS.replace("one=2", "mine=(7, '192.0.2.9')")
    assert option(offered(bench, text, {60: b"b", 55: b"\xe0"}), 224) == b"\7" + ip("192.0.2.9")


@pytest.mark.parametrize(("setting", "sent", "asked", "expected"), [
    ("auto_configure = False", b"\1", None, b"\0"), ("auto_configure = False", b"\1", b"\1\3", b"\0"),
    ("auto_configure = True", b"\1", b"\1", b"\1"), ("", b"\1", b"\1", None)])
def test_116_answers_who_sends_it(bench, setting, sent, asked, expected):
    """RFC 2563 section 2.2."""
    reply = offered(bench, NETWORK + setting, {116: sent, **({55: asked} if asked else {})})
    assert (reply.yiaddr, option(reply, 116)) == ("192.0.2.10", expected)


def test_116_without_an_address_by_class(bench):
    """RFC 2563 section 2.3: an OFFER with yiaddr 0 and option 116, which a client that did not send 116 never sees."""
    bench.serve('network = "192.0.2.0/24"\nip_ranges = []\nclasses = [client_class("c", match(vendor_class_identifier="c"), '
                "auto_configure=False)]")
    reply = one(bench.say(bench.discover(options={60: b"c", 116: b"\1", 61: b"id"})))
    assert (reply.kind, reply.yiaddr, codes(reply), reply.address) == (OFFER, "0.0.0.0", [53, 54, 116, 61], "255.255.255.255")
    assert bench.say(bench.discover(BOB, options={60: b"x", 116: b"\1"})) == []
    assert bench.say(bench.discover(CAROL, options={60: b"c"})) == []


# --- row 36: lease times


@pytest.mark.parametrize(("given", "asked", "expected"), [
    ({"global": 1000}, None, 1000), ({"global": 1000}, 5000, 1000), ({"global": 1000}, 500, 500), ({"global": 1000}, 5, 60),
    ({"global": 1000, "class": 200}, 5000, 200), ({"global": 30}, 5, 30), ({"global": "INFINITE"}, 5000, 5000),
    ({"global": "INFINITE"}, None, 0xFFFFFFFF), ({"global": 1000, "pool": "INFINITE"}, 0xFFFFFFFF, 0xFFFFFFFF),
    ({"global": 1000}, 0, 60)])
def test_row_36_by_default_the_longest_is_the_usual_one(bench, given, asked, expected):
    options = {60: b"c", **({} if asked is None else {51: asked.to_bytes(4, "big")})}
    reply = offered(bench, scoped("ip_address_lease_time", given), options)
    assert seconds(reply) == expected
    assert {58, 59} <= set(reply.packet.options) or expected == 0xFFFFFFFF
    assert ({58, 59} & set(reply.packet.options) == set()) == (expected == 0xFFFFFFFF)


@pytest.mark.parametrize(("inner", "asked", "expected"), [
    ("maximum_lease_time=600", None, 600), ("maximum_lease_time=600", 5000, 600), ("maximum_lease_time=600", 300, 300),
    ("maximum_lease_time=9000", 5000, 5000), ("maximum_lease_time=9000", None, 2000),
    ("minimum_lease_time=500", 100, 500), ("minimum_lease_time=500", None, 2000), ("minimum_lease_time=2500", None, 2500),
    ("minimum_lease_time=2500", 100, 2500)])
def test_row_36_the_limits_of_a_class_hold_for_the_usual_time_of_its_subnet(bench, inner, asked, expected):
    """What only meets in a client cannot be told at load: the nearer scope's limits win."""
    text = f"""
ip_address_lease_time = {600 if inner.startswith("maximum") else 3000}
classes = [client_class("c", match(vendor_class_identifier="c"), {inner})]
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"], ip_address_lease_time=2000)]
"""
    options = {60: b"c", **({} if asked is None else {51: asked.to_bytes(4, "big")})}
    assert seconds(offered(bench, text, options)) == expected


def test_row_37_a_pool_may_have_a_threshold_of_its_own(bench):
    bench.serve("""
ip_address_lease_time = 3600
minimum_lease_time = 100
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.13", shorten_leases_above=50)]),
           subnet("10.1.0.0/24", pools=["10.1.0.10/31"])]""")
    times = []
    for number in range(4):
        times.append(seconds(bench.lease(bytes((2, 0, 0, 0, 1, number)))))
        bench.now += 2
    assert (times[0], times[-1]) == (3600, 100)
    assert seconds(bench.lease(ALICE, giaddr="10.1.0.1")) == seconds(bench.lease(BOB, giaddr="10.1.0.1")) == 3600


# --- row 50: limits of leases


LIMITED = """
ip_address_lease_time = 3600
classes = [client_class("few", match(vendor_class_identifier="few"), lease_limit=1),
           client_class("port", match(circuit_id=ALL), lease_limit=1, lease_limit_per="circuit_id"),
           client_class("maker", match(mac=PREFIX("06:")), lease_limit=1, lease_limit_per="vendor_class_identifier")]
hosts = [host(mac="02:00:00:00:00:0c", ip="192.0.2.50")]
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"], rapid_commit=True, bootp=True),
           subnet("10.1.0.0/24", pools=["10.1.0.8/29"])]
"""
STRANGERS = [bytes((6, 0, 0, 0, 0, number)) for number in range(3)]


def test_row_50_a_limit_counts_across_networks_and_ways_of_getting_a_lease(bench):
    bench.serve(LIMITED).lease(ALICE, options={60: b"few"})
    assert bench.say(bench.discover(BOB, options={60: b"few"}, giaddr="10.1.0.1")) == []
    assert bench.say(bench.discover(BOB, options={60: b"few", 80: b""})) == []
    assert bench.lease(BOB).yiaddr == "192.0.2.11", "of no class with a limit"
    bench.say((bench.message(RELEASE, ALICE, ciaddr="192.0.2.10", options={54: SERVER}), SERVER, "192.0.2.10"))
    quick = one(bench.say(bench.discover(b"\2\0\0\0\0\x0e", options={60: b"few", 80: b""})))
    assert quick.kind == ACK
    assert bench.say(bench.discover(ALICE, options={60: b"few"})) == []


def test_row_50_the_limit_holds_for_a_reserved_host_too(bench):
    bench.serve(LIMITED).lease(ALICE, options={60: b"few"})
    assert bench.say(bench.discover(CAROL, options={60: b"few"})) == []
    assert bench.lease(CAROL).yiaddr == "192.0.2.50"


def test_row_50_who_has_a_lease_renews_it_and_asks_anew(bench):
    bench.serve(LIMITED).lease(ALICE, options={60: b"few"})
    assert bench.lease(ALICE, options={60: b"few"}).yiaddr == "192.0.2.10"
    for fields in ({"ciaddr": "192.0.2.10", "options": {60: b"few"}}, {"options": {50: "192.0.2.10", 60: b"few"}}):
        assert one(bench.say(bench.request(ALICE, **fields))).kind == ACK


def test_row_50_by_the_value_of_a_field(bench):
    bench.serve(LIMITED)
    first, second, third = STRANGERS
    assert bench.lease(first, options={60: b"a"}).yiaddr
    assert bench.say(bench.discover(second, options={60: b"a"})) == []
    assert bench.lease(second, options={60: b"b"}).yiaddr
    assert bench.lease(third).yiaddr, "nothing to count by"


def test_row_50_a_port_is_free_again_when_its_device_moves(bench):
    bench.serve(LIMITED)
    there = {"giaddr": "10.1.0.1"}
    first = bench.lease(ALICE, options={82: b"\1\2p1"}, **there).yiaddr
    assert bench.say(bench.discover(BOB, options={82: b"\1\2p1"}, **there)) == []
    assert bench.lease(ALICE, options={82: b"\1\2p2"}, **there).yiaddr == first
    assert bench.lease(BOB, options={82: b"\1\2p1"}, **there).yiaddr != first
    direct = one(bench.say((bench.request(ALICE, ciaddr=first), SERVER, first)))
    assert direct.kind == ACK
    assert bench.say(bench.discover(CAROL, options={82: b"\1\2p2"}, **there)) == [], "it counts by what the relay said"
