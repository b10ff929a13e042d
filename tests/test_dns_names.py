"""Rows 64 and 65: which name a client has in the DNS, who puts it there, and what is told of it in option 81 (RFC 4702)."""

import logging

import pytest
from rig import ALICE, BOB, NETWORK, SERVER

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.explain import explained
from pydhcpd.leases.interface import Row
from pydhcpd.registrations import Registration, registration_of
from pydhcpd.wire import fqdn
from pydhcpd.wire.packet import ACK, DISCOVER, INFORM, NAK, OFFER, RELEASE, Request

FIRST = "192.0.2.10"
FORWARD = 'dns_zones = [dns_zone("example", server="192.0.2.53")]\n'
REVERSE = 'dns_zones = [dns_zone("192.0.2.0/24", server="192.0.2.53")]\n'
BOTH = 'dns_zones = [dns_zone("example", server="192.0.2.53"), dns_zone("192.0.2.0/24", server="192.0.2.53")]\n'
HOSTS_FILE = 'dns_files = [dns_file("hosts")]\n'
ANOTHER_FILE = 'dns_files = [dns_file("hosts", domain="other.example.org")]\n'
ZONE_FILES = """
dns_files = [dns_file("a", form="zone", domain="example"), dns_file("b", form="zone", domain="2.0.192.in-addr.arpa")]
"""
RESERVED = 'hosts = [host(mac="02:00:00:00:00:0a", hostname="boss")]\n'
S, O, E, N = fqdn.SERVER_UPDATES, fqdn.OVERRIDES, fqdn.ENCODED, fqdn.NO_UPDATES  # noqa: E741 (as the RFC has them)


def sent(flags, name=b"pc"):
    return {81: bytes((flags, 0, 0)) + name}


def answered(reply):
    """Flags and name of the option 81 of a reply; None where it has none."""
    value = reply.packet.options.get(81)
    return None if value is None else (value[0], fqdn.name(value))


def registered(bench, address=FIRST):
    """What is to be in the DNS for an address."""
    row = bench.hosts.store.row(address_from(address))
    return registration_of(bench.server.serving.policy, row, bench.hosts.time.now())


# --- option 81: what is really done


@pytest.mark.parametrize(("text", "flags", "answer"), [
    ("", S, N | O), ("", 0, N), ("", N, N),
    (BOTH, S, S), (BOTH, 0, 0), (BOTH, N, N), (FORWARD, S, S), (FORWARD, 0, N), (REVERSE, S, O), (REVERSE, 0, 0),
    (REVERSE, N, N),
    (BOTH + 'dns_updates = "by_server"\n', 0, S | O), (BOTH + 'dns_updates = "by_server"\n', N, N),
    (BOTH + 'dns_updates = "always"\n', 0, S | O), (BOTH + 'dns_updates = "always"\n', N, S | O),
    (REVERSE + 'dns_updates = "always"\n', N, 0), (REVERSE + 'dns_updates = "by_server"\n', 0, 0),
    (BOTH + "dns_name = []\n", S, N | O), (HOSTS_FILE, S, S), (HOSTS_FILE, 0, 0), (ZONE_FILES, S, S), (ANOTHER_FILE, S, N | O),
    (BOTH.replace('"example"', '"example.org"'), S, O), (BOTH.replace("192.0.2.0/24", "10.0.0.0/8"), 0, N)])
@pytest.mark.parametrize("form", [0, E])
def test_rule_38_the_answer_says_what_is_really_done(bench, text, flags, answer, form):
    """In offers and leases alike; E is the client's, and of the RCODE fields nothing is meant."""
    bench.serve(NETWORK + text)
    name = b"\2pc\7example\0" if form else b"pc.example"
    (offer,) = bench.say(bench.discover(options=sent(flags | form, name)))
    ack = bench.lease(options=sent(flags | form, name))
    assert (offer.kind, answered(offer)) == (OFFER, (answer | form, "pc.example"))
    assert (ack.kind, answered(ack)) == (ACK, (answer | form, "pc.example"))
    assert ack.packet.options[81][1:3] == b"\xff\xff"


@pytest.mark.parametrize(("name", "full"), [
    (b"\2pc", "pc.example"), (b"\2pc\0", "pc.example"), (b"\2PC\7Example\0", "pc.example"),
    (b"\2pc\4evil\3com\0", "pc.example"),
    (b"\1a\1b\7example\0", "a.b.example"), (b"\7my\x20PC\0x", "my-pc-x.example")])
def test_the_answer_has_the_full_name_as_the_server_knows_it(bench, name, full):
    """RFC 4702 section 4: completed, or made another one, which the client is told."""
    assert answered(bench.serve(NETWORK + BOTH).lease(options=sent(S | E, name))) == (S | E, full)


@pytest.mark.parametrize("name", [b"", b"\0", b"\x09localhost\0", b"\4wpad\0"])
def test_a_client_without_a_name_gets_one_only_where_one_can_be_made(bench, name):
    ack = bench.serve(NETWORK + BOTH).lease(options=sent(S | E, name))
    assert ack.packet.options[81] == bytes((N | O | E,)) + b"\xff\xff" + name, "its own comes back, and nothing is done"
    bench.serve(NETWORK + BOTH + 'dns_name = ["{hostname}", "dhcp-{ip}"]\n')
    assert answered(bench.lease(options=sent(S | E, name))) == (S | E, "dhcp-192-0-2-10.example")


@pytest.mark.parametrize("text", ["", BOTH])
def test_rule_38_option_81_is_answered_only_where_it_was_sent(bench, text):
    bench.serve(NETWORK + text)
    assert answered(bench.lease(options={12: b"pc", 55: b"\x01\x03\x51"})) is None
    inform = bench.message(INFORM, ciaddr=FIRST, options=sent(S))
    (told,) = bench.say((inform, SERVER, FIRST))
    assert (told.kind, answered(told)) == (ACK, None), "RFC 4702 section 4: with DHCPDISCOVER and DHCPREQUEST alone"
    (refused,) = bench.say(bench.selecting("192.0.2.77", options=sent(S)))
    assert (refused.kind, answered(refused)) == (NAK, None)


@pytest.mark.parametrize("value", [b"", b"\0\0", b"\4\0\0\x3fpc", b"\4\0\0\xc0\0", b"\4\0\0\2pc\0x"])
def test_hardening_5_what_cannot_be_read_counts_for_nothing_and_is_told_once(bench, caplog, value):
    with caplog.at_level(logging.WARNING):
        ack = bench.serve(NETWORK + BOTH).lease(options={81: value, 12: b"other"})
    assert answered(ack) is None
    assert registered(bench).name == "other.example"
    assert [one.getMessage() for one in caplog.records] == [
        "02:00:00:00:00:0a sends an option 81 that cannot be read, which counts for nothing (RFC 4702 section 2)"]


def test_an_offer_in_a_proxied_network_has_none(bench):
    bench.serve('interface = "eth1"\nproxy_dhcp = True\nboot_file_name = "x"\n' + 'domain_name = "example"\n' + BOTH)
    replies = bench.say(bench.discover(options={**sent(S), 60: b"PXEClient", 93: b"\0\0"}))
    assert [answered(one) for one in replies] == [None]


# --- which name, by precedence


@pytest.mark.parametrize(("options", "name"), [
    ({81: b"\1\0\0full", 12: b"short"}, "full.example"), ({12: b"short"}, "short.example"), ({}, None),
    ({81: b"\1\0\0", 12: b"short"}, "short.example"), ({12: b"Anna's PC\0"}, "annas-pc.example"),
    ({12: b"\xff\xfe"}, "xff-xfe.example"),
    ({12: b"$(reboot);\n"}, "reboot.example")])
@pytest.mark.parametrize("keeper", [BOTH, HOSTS_FILE])
def test_row_65_the_name_is_that_of_81_else_of_12(bench, keeper, options, name):
    bench.serve(NETWORK + keeper).lease(options=options)
    assert (registered(bench) and registered(bench).name) == name


@pytest.mark.parametrize("options", [{}, {12: b"laptop"}, sent(S, b"laptop.example")])
@pytest.mark.parametrize("dns_name", ["", 'dns_name = "dhcp-{ip}"\n', 'dns_name = ["dhcp-{ip}", "x-{hostname}"]\n'])
def test_a_reservation_gives_the_name(bench, options, dns_name):
    """Which is not made into another one, but for what is to be around it; option 12 of the answer says the same."""
    ack = bench.serve(NETWORK + BOTH + RESERVED + dns_name).lease(options={**options, 55: b"\1\x0c"})
    name = "x-boss" if "x-" in dns_name else "boss"
    assert registered(bench).name == f"{name}.example"
    assert ack.packet.options[12] == b"boss"
    assert answered(ack) in (None, (S, f"{name}.example"))


def test_the_name_of_a_reservation_is_nobody_elses(bench):
    bench.serve(NETWORK + BOTH + RESERVED + 'dns_name = ["{hostname}", "dhcp-{ip}"]\n')
    ack = bench.lease(BOB, options=sent(S, b"Boss"))
    assert answered(ack) == (S, "dhcp-192-0-2-10.example")
    assert registered(bench).name == "dhcp-192-0-2-10.example"


SUBNETS = """
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10 - 192.0.2.19")], {})]
domain_name = "example"
"""


@pytest.mark.parametrize(("settings", "name"), [
    ('domain_name="f3.example"', "pc.f3.example"), ('dns_name="{hostname}-{ip}"', "pc-192-0-2-10.example"),
    ("domain_name=None", "pc.example"), ('domain_name="no domain!"', "pc.example"), ("dns_name=[]", None),
    ('dns_name="{hostname}.guests.example."', "pc.guests.example")])
def test_the_nearest_scope_counts(bench, settings, name):
    """Without a domain of its own the first zone says it."""
    bench.serve(SUBNETS.format(settings) + BOTH).lease(options={12: b"pc"})
    assert (registered(bench) and registered(bench).name) == name


def test_a_zone_of_a_subnet_is_the_domain_of_it(bench):
    zone = 'dns_zones=[dns_zone("f4.example", server="192.0.2.53")], domain_name=None'
    ack = bench.serve(SUBNETS.format(zone) + BOTH).lease(options=sent(S))
    assert answered(ack) == (S, "pc.f4.example")


# --- what is to be in the DNS follows from the lease, after a restart as well


@pytest.mark.parametrize(("text", "flags", "done"), [
    (BOTH, S, (True, True)), (BOTH, 0, (False, True)), (BOTH, N, None), (BOTH + 'dns_updates = "by_server"\n', 0, (True, True)),
    (BOTH + 'dns_updates = "always"\n', N, (True, True))])
def test_row_64_what_the_client_wants_is_kept_with_its_lease(bench, text, flags, done):
    bench.serve(NETWORK + text).lease(options=sent(flags))
    row = bench.hosts.store.row(address_from(FIRST))
    expected = None if done is None else Registration(address_from(FIRST), "pc.example", *done, b"", 1, ALICE)
    assert registered(bench) == expected
    bench.serve(NETWORK + text)
    assert registered(bench) == expected
    (renewed,) = bench.say((bench.request(ciaddr=FIRST), SERVER, FIRST))
    assert renewed.kind == ACK
    assert registered(bench) == expected, "a renewal that says nothing of it changes nothing"
    assert bench.hosts.store.row(address_from(FIRST)).dns == row.dns


def test_what_a_client_wants_may_change(bench):
    bench.serve(NETWORK + BOTH).lease(options=sent(N))
    for flags, done in ((0, (False, True)), (S, (True, True)), (N, None)):
        bench.say((bench.request(ciaddr=FIRST, options=sent(flags)), SERVER, FIRST))
        assert (registered(bench) and registered(bench)[2:4]) == done


def test_the_next_client_wants_nothing_of_what_the_one_before_did(bench):
    bench.serve(NETWORK.replace("192.0.2.19", FIRST) + BOTH).lease(options=sent(N))
    bench.say((bench.message(RELEASE, ciaddr=FIRST, options={54: SERVER}), SERVER, FIRST))
    assert registered(bench) is None
    bench.lease(BOB, options={12: b"bobs"})
    assert registered(bench)[1:4] == ("bobs.example", True, True)


def test_a_lease_that_is_over_is_in_no_dns(bench):
    bench.serve(NETWORK + BOTH).lease(options=sent(S))
    bench.now += 3700
    assert registered(bench) is None


def test_a_client_with_an_identifier_is_known_by_that(bench):
    bench.serve(NETWORK + BOTH).lease(options={12: b"pc", 61: b"\xff\1\2\3\4\0\1duid"})
    assert registered(bench)[4:] == (b"\xff\1\2\3\4\0\1duid", 1, ALICE)


BY_CLASS = 'classes = [client_class("phones", match(vendor_class_identifier="Phone"), domain_name="voip.example")]\n'
BY_UUID = 'hosts = [host(uuid=b"0123456789abcdef", dns_name="machine-{ip}", domain_name="rack.example")]\n'
COMPUTED = 'def identify(request): return host(mac=request.mac, hostname="made", domain_name="made.example")\n'
FINISHED = 'def finish(request, reply): reply.hostname = "last-word"\n'


@pytest.mark.parametrize(("text", "options", "name"), [
    (BY_CLASS, {60: b"Phone", 12: b"tel"}, "tel.voip.example"), (BY_CLASS, {12: b"tel"}, "tel.example"),
    (BY_UUID, {97: b"\x000123456789abcdef", 12: b"x"}, "machine-192-0-2-10.rack.example"),
    (COMPUTED, {12: b"x"}, "made.made.example"),
    (FINISHED, {12: b"x"}, "last-word.example"), (BY_CLASS, {60: b"Phone", 12: b"wpad"}, None)])
def test_what_a_lease_does_not_tell_of_a_name_is_kept_with_it(bench, text, options, name):
    """A class of what the client sent, say, is not known any more when the name is asked for."""
    ack = bench.serve(NETWORK + BOTH + text).lease(options={**options, 81: b"\1\0\0"})
    assert (registered(bench) and registered(bench).name) == name
    assert answered(ack)[1] == (name or "")
    for again in (options, {code: value for code, value in options.items() if code != 12}):  # not all repeat it when they renew
        (renewed,) = bench.say((bench.request(ciaddr=FIRST, options=again), SERVER, FIRST))
        assert (renewed.kind, registered(bench) and registered(bench).name) == (ACK, name)


def test_where_names_begin_to_be_kept_those_of_leases_that_run_are_known(bench):
    bench.serve(NETWORK).lease(options={12: b"pc"})
    assert registered(bench) is None
    bench.serve(NETWORK + BOTH)
    assert registered(bench).name == "pc.example"
    bench.serve(NETWORK.replace('"example"', '"new.example"') + BOTH)
    assert registered(bench).name == "pc.new.example"


def test_nothing_is_kept_of_who_sends_no_option_81(bench):
    bench.serve(NETWORK + BOTH).lease(options={12: b"pc"})
    assert bench.hosts.store.row(address_from(FIRST)) == Row(address_from(FIRST), b"\2\1" + ALICE, 1, ALICE, "pc",
                                                            *bench.hosts.store.row(address_from(FIRST))[5:8])


# --- for people


@pytest.mark.parametrize(("text", "options", "lines"), [
    (BOTH, sent(S), [("dns", "pc.example: we keep its address, and the name of that"),
                     ("besides", "client_fqdn=S 'pc.example': the answer to its own")]),
    (BOTH, sent(E, b"\2pc"), [("dns", "pc.example: we keep the name of its address alone"),
                              ("besides", "client_fqdn=E 'pc.example': the answer to its own")]),
    (BOTH, sent(N), [("dns", "pc.example: we keep nothing"), ("besides", "client_fqdn=N 'pc.example': the answer to its own")]),
    (BOTH, {12: b"pc"}, [("dns", "pc.example: we keep its address, and the name of that")]),
    (BOTH, {12: b"wpad"}, [("dns", "it gets no name, and is called nothing that it could be called there")]),
    (REVERSE, {12: b"pc"}, [("dns", "pc.example: we keep the name of its address alone")]),
    ("", sent(S), [("besides", "client_fqdn=O N 'pc': the answer to its own")])])
def test_explain_shows_the_name_and_the_option_that_would_be_sent(bench, text, options, lines):
    bench.serve(NETWORK + text)
    request = Request.receive(bench.message(DISCOVER, options=options).encode(), 2, 0, 68, 0xFFFFFFFF)
    said = [(line.about, line.text) for line in explained(request, bench.server.serving, bench.hosts, bench.now)]
    assert [line for line in said if line[0] == "dns" or "client_fqdn" in line[1]] == lines


# --- in the file


@pytest.mark.parametrize(("line", "words"), [
    ('client_fqdn = b"x"', "cannot be set: it answers the client's own: see dns_name and dns_updates"),
    ('dns_updates = "sometimes"', "allowed is one of 'as_asked', 'by_server', 'always'"),
    ('dns_name = "{host}"', "{host} in '{host}' is not known; did you mean {hostname}?"),
    ('dns_files = [dns_file("x", form="bind")]', "allowed are 'hosts', as /etc/hosts, and 'zone'"),
    ('dns_files = [dns_file("x", form="zone")]', "a zone has a domain; write domain='lab.example'"),
    ('dns_files = [dns_file("x", domian="a")]', "domian is not known; did you mean domain?"),
    ('dns_files = [dns_file("x", domain="a b")]', "'a b' is not a domain"),
    ('dns_files = [dns_file("x", ttl=5)]', "ttl: is for form='zone' alone"),
    ('dns_files = dns_file("x")', "write brackets around it")])
def test_mistakes_are_told_with_the_remedy(tmp_path, line, words):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(f"{NETWORK}{line}\n")
    with pytest.raises(ConfigurationError) as error:
        DHCPServerConfiguration.load(file)
    assert words in "\n".join(error.value.problems)
