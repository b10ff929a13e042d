"""What a reply carries where there is not room for all: by need, whole, and never above the limit (rules 26 to 29, 32, 37)."""

import logging

import pytest
from rig import ALICE, NETWORK, SERVER, as_bytes, codes, reason

from pydhcpd.addresses import address_from
from pydhcpd.wire.packet import ACK, NAK, OFFER, Packet

RELAY = "192.0.2.9"


def offered(bench, text, options=None, **fields):
    (offer,) = bench.serve(text).say(bench.discover(options=options or {}, **fields))
    assert offer.kind == OFFER
    assert len(offer.data) + 28 <= 576
    return offer.packet.options


def test_one_that_is_too_long_costs_no_other(bench):
    """RFC 2132 section 9.8: the client's order is that of its need; what cannot fit is left out alone."""
    wanted = {55: bytes((1, 230, 3, 6, 15)), 57: (576).to_bytes(2, "big")}
    options = offered(bench, NETWORK + 'option_230 = b"x" * 600', wanted)
    assert options.keys() == {53, 54, 51, 58, 59, 1, 3, 6, 15}


def test_what_was_left_out_is_told_once(bench, caplog):
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            offered(bench, NETWORK + 'option_230 = b"x" * 600')
            assert len(bench.say(bench.discover())) == 1
    words = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert len(words) == 3, "once for each configuration"
    assert "option_230 (option 230) did not fit" in words[0]
    assert dict(bench.server.statistics())["replies without option_230, which did not fit, by this configuration"] == 2


def test_a_long_list_of_routes_is_split_over_options_and_file(bench):
    """RFC 3442, RFC 3396: 121 of 355 bytes to a client that sends no 57."""
    routes = [(f"10.{n}.0.0/16", "192.0.2.1") for n in range(50)]
    options = offered(bench, NETWORK + f"classless_static_route = {routes}\nrouter = None", {55: bytes((1, 121, 6))})
    assert len(options[121]) == 350
    assert {1, 6} <= options.keys()


def test_overload_and_pieces_together(bench):
    options = offered(bench, NETWORK + 'option_230 = b"x" * 300\noption_231 = b"y" * 120', {55: bytes((1, 230, 231))})
    assert (options[230], options[231]) == (b"x" * 300, b"y" * 120)


SIX_GLOBAL = """
domain_name = "an-example-of-a-long-name.example.org"
network_time_protocol_servers = ["192.0.2.1", "192.0.2.2"]
log_server = ["192.0.2.1", "192.0.2.2"]
time_server = ["192.0.2.1", "192.0.2.2"]
netbios_over_tcp_ip_node_type = 8
swap_server = "192.0.2.3"
bootp = True
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"], router="192.0.2.1", domain_name_server="192.0.2.1")]
"""


@pytest.mark.parametrize("boot", ["", 'boot_file_name = "pxe.0"\nnext_server = "192.0.2.5"\nserver_name = "boot"\n'])
def test_a_bootp_client_gets_what_it_needs_most_whatever_scope_it_is_from(bench, boot):
    """RFC 951: 60 bytes and an End; RFC 2132 section 3.3: the mask first."""
    (reply,) = bench.serve(boot + SIX_GLOBAL).say(Packet(hardware=ALICE, xid=77).encode())
    assert len(reply.data) == 300
    assert codes(reply)[:3] == [1, 3, 6]


@pytest.mark.parametrize("wanted", [None, bytes((42, 4, 7, 15, 6, 3, 1))])
def test_without_a_list_it_is_need_that_orders_and_with_one_the_client(bench, wanted):
    (offer,) = bench.serve(SIX_GLOBAL).say(bench.discover(options={} if wanted is None else {55: wanted}))
    after_the_lease = [code for code in codes(offer) if code not in (53, 54, 51, 58, 59)]
    assert after_the_lease[:4] == ([1, 3, 6, 15] if wanted is None else [1, 42, 4, 7])


@pytest.mark.parametrize(("options", "missing"), [
    ({61: b"i" * 251, 82: b"\1\xfb" + b"r" * 251, 57: b"\2\x40"}, {82}),
    ({61: b"i" * 251, 82: b"\1\xfb" + b"r" * 251}, {82}),
    ({61: b"i" * 1020}, {61}),
    ({61: b"i" * 1020, 82: b"\1\4port"}, {61}),
    ({61: b"i" * 255, 81: b"\0\0\0" + b"n" * 200}, set()),
    ({82: b"\1\xfb" + b"r" * 251}, set()),
    ({82: b"r" * 300}, {82})])
def test_what_is_echoed_is_within_the_limit_too(bench, options, missing):
    """RFC 3046 section 2.2: what the relay added is left out where it does not fit; RFC 2132 section 9.14: an identifier's
    length is one byte, and what is longer is none."""
    sent = offered(bench, NETWORK, options, giaddr=RELAY)
    assert {61, 82} & options.keys() - missing <= sent.keys()
    assert not missing & sent.keys()
    assert {1, 3, 6, 15} <= sent.keys()


def test_a_refusal_is_within_the_limit_too(bench):
    bench.serve(NETWORK + "authoritative = True")
    options = {50: "192.0.2.15", 61: b"i" * 255, 82: b"\1\xfb" + b"r" * 251}
    (nak,) = bench.say(bench.request(options=options, giaddr=RELAY))
    assert (nak.kind, len(nak.data) + 28 <= 576, nak.packet.options[61]) == (NAK, True, b"i" * 255)
    assert nak.packet.options.keys() == {53, 54, 56, 61}
    assert not any(nak.data[44:236]), "table 3: neither sname nor file are used"


def test_boot_values_and_options_share_the_fields(bench):
    """The boot file is in file; sname is free, and carries options (RFC 2132 section 9.3)."""
    bench.serve(NETWORK + 'boot_file_name = "pxe.0"\noption_230 = b"x" * 230\noption_231 = b"y" * 50')
    (offer,) = bench.say(bench.discover())
    assert (offer.packet.file, offer.packet.options[231], offer.data[44]) == (b"pxe.0", b"y" * 50, 231)
    assert len(offer.data) + 28 <= 576


# --- what goes to nobody unasked


@pytest.mark.parametrize("name", ["ipv6_only_preferred", "auto_configure"])
@pytest.mark.parametrize("more", ["", "always_send = [{name!r}]",
                                  "def finish(request, reply):\n    reply.options[{name!r}] = 1"])
@pytest.mark.parametrize(("wanted", "sent"), [(None, False), ((1, 3), False), ((1, 108, 116), True)])
def test_108_and_116_go_to_those_alone_who_ask(bench, name, more, wanted, sent):
    """RFC 8925 section 3.3, RFC 2563 section 2.3: whatever always_send and finish() say."""
    code = {"ipv6_only_preferred": 108, "auto_configure": 116}[name]
    bench.serve(NETWORK + f"{name} = 1\n" + more.format(name=name))
    (offer,) = bench.say(bench.discover(options={} if wanted is None else {55: bytes(wanted)}))
    assert (code in offer.packet.options) is sent


@pytest.mark.parametrize("wanted", [None, b"\1\3"])
def test_116_is_asked_for_by_sending_it(bench, wanted):
    """RFC 2563 section 2.2."""
    options = {116: b"\1"} if wanted is None else {116: b"\1", 55: wanted}
    assert offered(bench, NETWORK + "auto_configure = False", options)[116] == b"\0"


# --- rule 47: boot server


@pytest.mark.parametrize(("settings", "name", "sname"), [
    ('next_server = "192.0.2.5"', b"192.0.2.5", b""),
    ('next_server = "192.0.2.5"\nserver_name = "boot"', b"boot", b"boot"),
    ('next_server = "192.0.2.5"\ntftp_server_name = "tftp"', b"tftp", b""),
    ('next_server = "192.0.2.5"\ntftp_server_name = "tftp"\nserver_name = "boot"', b"tftp", b"boot")])
def test_rule_47_next_server_goes_into_66_too_where_that_is_not_set(bench, settings, name, sname):
    (offer,) = bench.serve(NETWORK + settings).say(bench.discover(options={55: bytes((66, 67))}))
    assert (offer.packet.siaddr, offer.packet.options[66], offer.packet.sname) == (address_from("192.0.2.5"), name, sname)


@pytest.mark.parametrize(("settings", "name"), [
    ('next_server = "192.0.2.5"', b"192.0.2.6"), ("", b"192.0.2.6"), ('server_name = "boot"', b"boot"),
    ('next_server = "192.0.2.5"\ntftp_server_name = "tftp"', b"tftp")])
def test_rule_47_finish_changes_both(bench, settings, name):
    bench.serve(NETWORK + settings + '\ndef finish(request, reply):\n    reply.next_server = "192.0.2.6"')
    (offer,) = bench.say(bench.discover(options={55: bytes((66, 67))}))
    assert (offer.packet.siaddr, offer.packet.options[66]) == (address_from("192.0.2.6"), name)


def test_finish_is_called_for_bootp(bench):
    bench.serve(NETWORK + """
bootp = True
def finish(request, reply):
    reply.options["domain_name"] = request.message_type
    reply.boot_file_name = f"{request.mac}.cfg"
    reply.next_server = "192.0.2.6"
    reply.server_name = "boot"
    reply.options["vendor_class_identifier"] = "for DHCP alone"
""")
    (reply,) = bench.say(Packet(hardware=ALICE, xid=77).encode())
    assert (reply.packet.file, reply.packet.sname) == (b"02:00:00:00:00:0a.cfg", b"boot")
    assert (reply.packet.siaddr, reply.packet.options[15]) == (address_from("192.0.2.6"), b"BOOTP")
    assert not {51, 53, 54, 58, 59, 60, 66, 67} & reply.packet.options.keys()
    assert (reply.stored, len(reply.data)) == (True, 300)


# --- what clients send (hardening 1, 3, 4)


def raw(packet, options):
    """The message with these bytes as its options."""
    return packet.encode()[:240] + options


@pytest.mark.parametrize(("again", "end"), [(b"", b""), (b"\x35\1\3", b"\xff"), (b"\x34\1\0", b"\xff"), (b"\x34\1\4", b"\xff"),
                                            (b"\x35\1\1", b"\xff"), (b"\x35\1\3\x35\1\3", b"")])
def test_a_request_of_odd_firmware_is_answered(bench, again, end):
    (offer,) = bench.say(bench.discover())
    address, server = bytes((50, 4)) + as_bytes(offer.yiaddr), bytes((54, 4)) + as_bytes(SERVER)
    for options in (again + address + server + end, address + server + address + server + again + end):
        (ack,) = bench.say(raw(bench.request(), b"\x35\1\3" + options))
        assert (ack.kind, ack.yiaddr) == (ACK, offer.yiaddr)
    assert reason(bench) == {}


def test_a_client_whose_identifier_is_too_long_is_known_by_its_hardware(bench):
    first = bench.lease(options={61: b"i" * 300})
    assert bench.lease().yiaddr == first.yiaddr
