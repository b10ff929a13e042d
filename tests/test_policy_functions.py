"""The functions of the configuration file in the course of an exchange: row 51. What each may return is in tests/policy."""

import logging
from pathlib import Path

import pytest
from rig import ALICE, BOB, CAROL, NETWORK, SERVER, codes, reason, seconds

from pydhcpd.wire.packet import ACK, DECLINE, INFORM, NAK, OFFER, RELEASE

SLOW_CALLS = 10  # in a minute: then a function is left out


def one(replies):
    (reply,) = replies
    return reply


def option(reply, code):
    return reply.packet.options.get(code)


def kinds(replies):
    return [reply.kind for reply in replies]


# --- accept


def test_accept_is_asked_about_each_message(bench):
    bench.serve(NETWORK + "def accept(request):\n    return request.mac != '02:00:00:00:00:0b'\n").lease(ALICE)
    refused = [bench.discover(BOB), bench.selecting("192.0.2.11", BOB), bench.message(INFORM, BOB, ciaddr="192.0.2.99"),
               bench.message(RELEASE, BOB, ciaddr="192.0.2.11", options={54: SERVER}),
               bench.message(DECLINE, BOB, options={50: "192.0.2.11", 54: SERVER})]
    assert bench.say(*refused) == []
    assert sum(reason(bench).values()) == len(refused)


@pytest.mark.parametrize(("result", "expected"), [("True", [OFFER]), ("1", [OFFER]), ("False", []), ("0", []), ("[]", [])])
def test_what_accept_returns_is_taken_as_true_or_false(bench, result, expected):
    assert kinds(bench.serve(NETWORK + f"def accept(request):\n    return {result}\n").say(bench.discover())) == expected


# --- identify


RACK = NETWORK + """
classes = [client_class("node", domain_name="node.example")]
hosts = [host(mac="02:00:00:00:00:0c", ip="192.0.2.50", domain_name="listed.example")]

def identify(request):
    name = request.host_name or ""
    if name == "ignored":
        return host(mac=request.mac, ignore=True)
    if name == "elsewhere":
        return host(mac=request.mac, ip="10.9.9.9")
    if name == "optional":
        return host(mac=request.mac, domain_name="computed.example")
    if name.startswith("slot-"):
        return host(mac=request.mac, ip=f"192.0.2.{100 + int(name[5:])}", hostname=f"n{name[5:]}", classes=["node"],
                    ip_address_lease_time=600)
"""


def test_a_computed_host_is_as_good_as_a_listed_one(bench):
    ack = bench.serve(RACK).lease(options={12: b"slot-4"})
    assert (ack.yiaddr, option(ack, 12), option(ack, 15), seconds(ack)) == ("192.0.2.104", b"n4", b"node.example", 600)
    renewed = one(bench.say((bench.request(options={12: b"slot-4"}, ciaddr="192.0.2.104"), SERVER, "192.0.2.104")))
    assert (renewed.kind, option(renewed, 15)) == (ACK, b"node.example")
    rebooted = one(bench.say(bench.request(BOB, options={12: b"slot-5", 50: "192.0.2.105"})))
    assert (rebooted.kind, rebooted.yiaddr) == (ACK, "192.0.2.105"), "known without a record"


def test_a_client_that_has_moved_to_another_slot_moves_to_its_address(bench):
    bench.serve(RACK).lease(options={12: b"slot-4"})
    moved = bench.request(options={12: b"slot-5"}, ciaddr="192.0.2.104")
    assert kinds(bench.say((moved, SERVER, "192.0.2.104"))) in ([NAK], [ACK])
    assert bench.lease(options={12: b"slot-5"}).yiaddr == "192.0.2.105"


@pytest.mark.parametrize(("client", "name", "address", "domain"), [
    (CAROL, b"", "192.0.2.50", b"listed.example"), (CAROL, b"slot-7", "192.0.2.107", b"node.example"),
    (ALICE, b"elsewhere", "192.0.2.10", b"example"), (ALICE, b"optional", "192.0.2.10", b"computed.example"),
    (ALICE, b"slot-x", "192.0.2.10", b"example")])
def test_identify_goes_before_the_list_and_none_leaves_it(bench, client, name, address, domain):
    ack = bench.serve(RACK).lease(client, options={12: name} if name else {})
    assert (ack.yiaddr, option(ack, 15)) == (address, domain)


def test_an_address_that_is_computed_outside_every_subnet_is_told(bench, caplog):
    bench.serve(RACK).lease(ALICE, options={12: b"elsewhere"})
    (told,) = [record.getMessage() for record in caplog.records if "identify() failed" in record.getMessage()]
    assert "10.9.9.9 lies outside every subnet; allowed are their own addresses" in told


def test_a_computed_host_may_be_ignored(bench):
    assert bench.serve(RACK).say(bench.discover(options={12: b"ignored"})) == []


def test_an_address_that_is_reserved_for_a_listed_host_is_not_computed_for_another_while_it_has_it(bench):
    bench.serve(RACK.replace("{100 + int(name[5:])}", "50")).lease(CAROL)
    assert bench.lease(ALICE, options={12: b"slot-1"}).yiaddr != "192.0.2.50"


# --- classify, and classes with limits and pools


CLASSES = """
ip_address_lease_time = 3600
classes = [client_class("red", lease_limit=1, domain_name="red.example"), client_class("blue", domain_name="blue.example"),
           client_class("late", lambda request: request.secs > 8, root_path="/late")]
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.19", allow="red"),
                                         pool("192.0.2.20 - 192.0.2.29", deny="red")])]

def classify(request):
    return (request.host_name or "").split()
"""


@pytest.mark.parametrize(("name", "address", "domain"), [
    (b"red", "192.0.2.10", b"red.example"), (b"blue", "192.0.2.20", b"blue.example"),
    (b"blue red", "192.0.2.10", b"red.example"),  # in the order of their definition
    (b"red red", "192.0.2.10", b"red.example"), (b"green", "192.0.2.20", None), (b"", "192.0.2.20", None)])
def test_classes_of_classify_count_as_others_do(bench, name, address, domain):
    ack = bench.serve(CLASSES).lease(options={12: name} if name else {})
    assert (ack.yiaddr, option(ack, 15)) == (address, domain)


def test_limits_hold_for_them_too(bench):
    bench.serve(CLASSES).lease(ALICE, options={12: b"red"})
    assert bench.say(bench.discover(BOB, options={12: b"red"})) == []
    assert bench.lease(BOB, options={12: b"blue"}).yiaddr == "192.0.2.20"


def test_a_condition_may_be_a_function(bench):
    bench.serve(CLASSES)
    assert [option(one(bench.say(bench.discover(secs=secs))), 17) for secs in (0, 9)] == [None, b"/late"]


# --- choose


CHOOSE = """
ip_address_lease_time = 3600
classes = [client_class("x", match(vendor_class_identifier="x"))]
shared_networks = [shared_network("floor", [
    subnet("192.0.2.0/24", pools=["192.0.2.10/31", pool("192.0.2.20/31", deny="x")]),
    subnet("10.1.0.0/24", pools=["10.1.0.10/31"])])]

def choose(request, pools):
    wanted = request.host_name
    return [pool for pool in pools if wanted is None or str(pool).startswith(wanted)]
"""


@pytest.mark.parametrize(("options", "address"), [
    ({}, "192.0.2.10"), ({12: b"10.1."}, "10.1.0.10"), ({12: b"192.0.2.20"}, "192.0.2.20"),
    ({12: b"192.0.2.20", 60: b"x"}, None), ({12: b"10.1.", 60: b"x"}, "10.1.0.10"), ({12: b"elsewhere"}, None)])
def test_choose_picks_among_what_is_open_to_the_client(bench, options, address):
    replies = bench.serve(CHOOSE).say(bench.discover(options=options))
    assert [reply.yiaddr for reply in replies] == ([address] if address else [])


def test_an_address_of_a_pool_that_was_not_chosen_is_refused(bench):
    bench.serve(CHOOSE).lease()
    assert one(bench.say(bench.request(options={12: b"10.1."}, ciaddr="192.0.2.10"))).kind == NAK
    assert bench.lease(options={12: b"10.1."}).yiaddr == "10.1.0.10"


PLAIN = """
def choose(request, pools):
    return reversed(pools) if request.vendor_class_identifier == "board" else pools
"""


@pytest.mark.parametrize("pools", ['subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31", "192.0.2.20/31"])]',
                                   'network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10/31", "192.0.2.20/31"]'])
def test_choose_sees_pools_that_say_nothing_but_their_addresses(bench, pools):
    bench.serve(pools + PLAIN)
    assert bench.lease(ALICE, options={60: b"board"}).yiaddr == "192.0.2.20"
    assert bench.lease(BOB).yiaddr == "192.0.2.10"


def test_the_manuals_example_of_choose_has_its_effect(bench):
    text = (Path(__file__).parents[1] / "etc/man/pydhcpd.conf.5").read_text()
    example = text[text.index('subnets = [subnet("10.99.0.0/16"'):]
    bench.serve(example[:example.index(".Ed")])
    assert bench.lease(ALICE, options={60: b"board"}, giaddr="10.99.0.2").yiaddr == "10.99.2.0"
    assert bench.lease(BOB, giaddr="10.99.0.2").yiaddr == "10.99.1.0"


# --- finish


FINISH = NETWORK + """
server_name = "old"
boot_file_name = "old.bin"
hosts = [host(mac="02:00:00:00:00:0a", hostname="alice")]

def finish(request, reply):
    what = request.host_name
    if what == "names":
        reply.hostname, reply.server_name, reply.boot_file_name, reply.next_server = "new", "boot", "b.bin", "192.0.2.9"
    elif what == "none":
        reply.hostname = reply.server_name = reply.boot_file_name = reply.next_server = None
    elif what == "options":
        reply.options["domain_name"] = "finish.example"
        del reply.options["router"]
        reply.options["option_224"] = b"own"
    elif what == "seen":
        reply.options["option_224"] = repr((reply.address, reply.lease_time, reply.hostname, request.subnet)).encode()
    elif what == "half":
        reply.options["domain_name"] = "half.example"
        raise ValueError("half way")
    elif what == "own":
        reply.options["ip_address_lease_time"] = 5
"""


def finished(bench, name):
    return one(bench.serve(FINISH).say(bench.discover(options={12: name})))


def test_finish_sets_names_and_boot_values_in_fields_and_options(bench):
    packet = finished(bench, b"names").packet
    assert (packet.options[12], packet.options[66], packet.options[67]) == (b"new", b"boot", b"b.bin")
    assert (packet.sname, packet.file, packet.siaddr) == (b"boot", b"b.bin", 0xC0000209)


def test_finish_takes_them_away(bench):
    packet = finished(bench, b"none").packet
    assert not {12, 66, 67} & set(packet.options)
    assert (packet.sname, packet.file, packet.siaddr) == (b"", b"", 0)


def test_finish_changes_options_and_leaves_the_protocols(bench):
    reply = finished(bench, b"options")
    assert (option(reply, 15), option(reply, 3), option(reply, 224)) == (b"finish.example", None, b"own")
    assert codes(reply)[:3] == [53, 54, 51]
    assert seconds(reply) == 3600


@pytest.mark.parametrize("name", [b"half", b"own"])
def test_nothing_of_a_finish_that_failed_is_used(bench, name):
    reply = finished(bench, name)
    assert (option(reply, 15), option(reply, 12), reply.packet.file, seconds(reply)) == (b"example", b"alice", b"old.bin", 3600)


def test_finish_sees_what_the_client_gets(bench):
    assert option(finished(bench, b"seen"), 224) == b"('192.0.2.10', 3600, 'alice', '192.0.2.0/24')"
    ack = one(bench.say((bench.message(INFORM, BOB, ciaddr="192.0.2.99", options={12: b"seen"}), SERVER, "192.0.2.99")))
    assert option(ack, 224) == b"(None, None, None, '192.0.2.0/24')"
    assert option(ack, 51) is None


def test_finish_is_not_asked_about_a_nak(bench):
    bench.serve(FINISH).lease()
    nak = one(bench.say(bench.request(options={50: "192.0.2.15", 12: b"options"})))
    assert (nak.kind, codes(nak)) == (NAK, [53, 54, 56])


def test_rule_32_what_finish_adds_stands_before_82(bench):
    reply = one(bench.serve(FINISH).say(bench.discover(options={12: b"options", 61: b"id", 82: b"\1\1a"}, giaddr="192.0.2.9")))
    assert codes(reply)[-2:] == [61, 82]
    assert option(reply, 224) == b"own"


# --- what they see, and what holds when they fail


def test_the_request_shows_lease_and_classes_once_they_are_known(bench):
    bench.serve(NETWORK + """
classes = [client_class("all", match(mac=ALL))]
def finish(request, reply):
    reply.options["option_224"] = repr((request.lease, request.classes, request.subnet, request.interface)).encode()
""")
    assert option(one(bench.say(bench.discover())), 224) == b"(None, ('all',), '192.0.2.0/24', 'eth1')"
    bench.lease()
    assert option(one(bench.say(bench.discover())), 224) == b"('192.0.2.10', ('all',), '192.0.2.0/24', 'eth1')"


PARAMETERS = {"accept": "request", "identify": "request", "classify": "request", "choose": "request, pools",
              "finish": "request, reply"}


@pytest.mark.parametrize(("failure", "expected"), [("ignore", [OFFER, ACK]), ("drop", [])])
@pytest.mark.parametrize("body", ["1 / 0", "raise SystemExit", "return request.no_such_field", "raise KeyboardInterrupt",
                                  "return (yield_ for yield_ in [1 / 0])"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_what_fails_is_left_out_or_drops_the_packet(bench, name, body, failure, expected):
    if name == "finish" and body.startswith("return ("):
        body = "reply.options['no_such_option'] = 1"
    if name == "accept" and body.startswith("return ("):
        body = "return [][0]"
    bench.serve(NETWORK + f"policy_failure = {failure!r}\ndef {name}({PARAMETERS[name]}):\n    {body}\n")
    assert kinds(bench.say(bench.discover())) == expected[:1]
    assert kinds(bench.say(bench.selecting("192.0.2.10"))) == expected[1:]
    assert not any("fault of the program" in words for words in reason(bench))


def test_the_failure_of_a_condition_leaves_its_class_out(bench):
    bench.serve(NETWORK + 'classes = [client_class("x", lambda request: 1 / 0, domain_name="x"), '
                'client_class("y", match(mac=ALL), root_path="/y")]')
    reply = one(bench.say(bench.discover()))
    assert (option(reply, 15), option(reply, 17)) == (b"example", b"/y")


def test_a_function_that_is_slow_is_left_out_until_the_next_reload(bench, caplog):
    text = NETWORK + """
policy_time_limit = 0.000001
def classify(request):
    sum(range(2000))
    return ["x"]
classes = [client_class("x", domain_name="x.example")]
"""
    bench.serve(text)
    with caplog.at_level(logging.WARNING):
        domains = [option(one(bench.say(bench.discover())), 15) for _ in range(SLOW_CALLS + 2)]
    assert domains == [b"x.example"] * SLOW_CALLS + [b"example"] * 2
    assert "classify()" in caplog.text
    assert "pydhcpd.conf:" in caplog.text
    bench.serve(text)
    assert option(one(bench.say(bench.discover())), 15) == b"x.example"
