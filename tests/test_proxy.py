"""Beside another DHCP server (proxyDHCP), and menus: what firmware is told on port 67 and on port 4011.

The PXE Specification 2.1, chapter 2: a proxy answers DISCOVERs of PXE clients, with an OFFER without an address; and requests
of clients that have their address elsewhere, which they send to port 4011.
"""

import pytest
from rig import ALICE, BOB, ETH1, EVERYBODY, SERVER, codes, datagram, made_bench, reason

from pydhcpd.addresses import address_text
from pydhcpd.errors import Ignored
from pydhcpd.proxy import ProxyTransaction
from pydhcpd.wire.packet import ACK, DECLINE, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST, Packet, Request
from pydhcpd.wire.pxe import encode_item, encode_menu

PXE, HTTP = b"PXEClient:Arch:00000:UNDI:002001", b"HTTPClient:Arch:00016:UNDI:003001"
UUID = b"\0" + bytes(range(16))
BIOS, UEFI = b"\0\0", b"\0\7"
THIS_FILE = bytes.fromhex("060108ff")
OURS = 0xC0000201
RELAY = "192.0.2.250"
ELSEWHERE = "192.0.2.77"  # what the other server has given
PROXY = 'network = "192.0.2.0/24"\nproxy_dhcp = True\nrouter = "192.0.2.1"\n'
FILE = 'boot_file_name = {"bios": "pxelinux.0", "x86-64": "grubx64.efi"}\n'
MENU = '''
pxe_menu = pxe_menu("Boot what?", [
    pxe_item("Debian", {"bios": "debian.0", "x86-64": "debian.efi"}),
    pxe_item("Windows", "wdsnbp.com", server="192.0.2.8"),
    pxe_item("RIS", server="192.0.2.9", type=1),
    pxe_item("Memory test", {"bios": "memtest.0"}),
    pxe_item("Own disk")], timeout=10)
'''
LEASES = 'network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\n'


@pytest.fixture
def bench(tmp_path):
    with made_bench(tmp_path) as made:
        yield made


def firmware(architecture=BIOS, vendor=PXE, **options):
    return {60: vendor, 93: architecture, 97: UUID, 55: bytes((1, 3, 43, 60, 66, 67, 97)),
            **{int(code.removeprefix("o")): value for code, value in options.items()}}


def asked(bench, message, source=ELSEWHERE, port=68, destination=SERVER):
    """What comes of a message to port 4011: the reply, and where it goes."""
    data, index, *rest = datagram(message, destination, source, port)
    server, transaction = bench.server, ProxyTransaction()
    with server.hosts.lock:
        transaction.answer_boot_request(Request.receive(data, index, *rest), server.serving, server.hosts, bench.now)
    address, port, interface, hardware = transaction.route
    assert hardware == b""
    return Packet.decode(transaction.message), (address_text(address), port, interface, address_text(transaction.source))


def request(bench, item=None, architecture=BIOS, client=ALICE, **fields):
    """A client's message to port 4011, for an item of the menu if one is given."""
    more = {} if item is None else {"o43": encode_item(*item) + b"\xff"}
    return bench.request(client, ciaddr=ELSEWHERE, options=firmware(architecture, **more), **fields)


# --- port 67, beside another server

def test_an_offer_has_no_address_and_goes_to_everyone(bench):
    (offer,) = bench.serve(PROXY + FILE).say(bench.discover(options=firmware(o61=b"\1" + ALICE)))
    assert (offer.kind, offer.yiaddr, offer.packet.ciaddr, address_text(offer.packet.siaddr)) == (OFFER, "0.0.0.0", 0, SERVER)
    assert (offer.address, offer.port, offer.interface, offer.source, offer.hardware) == (
        EVERYBODY, 68, ETH1, SERVER, b"\xff" * 6)
    assert (offer.packet.file, offer.packet.sname) == (b"pxelinux.0", b"")
    assert offer.packet.options == {53: b"\2", 54: bytes((192, 0, 2, 1)), 60: b"PXEClient", 43: THIS_FILE, 97: UUID,
                                    61: b"\1" + ALICE, 66: b"192.0.2.1\0", 67: b"pxelinux.0\0"}


def test_an_offer_follows_from_the_architecture(bench):
    (offer,) = bench.serve(PROXY + FILE).say(bench.discover(options=firmware(UEFI)))
    assert offer.packet.file == b"grubx64.efi"


def test_next_server_is_another_where_it_is_set(bench):
    (offer,) = bench.serve(PROXY + FILE + 'next_server = "192.0.2.8"\n').say(bench.discover(options=firmware()))
    assert address_text(offer.packet.siaddr) == "192.0.2.8"


def test_http_boot_beside_another_server(bench):
    bench.serve(PROXY + 'boot_file_name = {"x86-64-http": "http://192.0.2.8/grubx64.efi"}\n')
    (offer,) = bench.say(bench.discover(options=firmware(b"\0\x10", HTTP)))
    assert (offer.yiaddr, offer.packet.options[60], offer.packet.options[67]) == (
        "0.0.0.0", b"HTTPClient", b"http://192.0.2.8/grubx64.efi")


def test_http_boot_is_not_answered_where_there_is_no_url(bench):
    assert bench.serve(PROXY + FILE).say(bench.discover(options=firmware(b"\0\x10", HTTP))) == []


def test_through_a_relay_agent_it_goes_to_it_with_the_broadcast_bit(bench):
    """RFC 2131 section 4.1; without an address the relay agent has only the broadcast bit to go by."""
    discover = bench.discover(giaddr=RELAY, options=firmware(o82=b"\1\4port"))
    (offer,) = bench.serve(PROXY + FILE).say((discover, SERVER, RELAY, 67))
    assert (offer.address, offer.port, offer.interface) == (RELAY, 67, 0)
    assert (offer.packet.flags, offer.packet.giaddr, offer.packet.options[82]) == (
        0x8000, (192 << 24) + (2 << 8) + 250, b"\1\4port")
    assert codes(offer)[-1] == 82


@pytest.mark.parametrize(("kind", "options", "fields"), [
    (REQUEST, {50: ELSEWHERE, 54: "192.0.2.53"}, {}),  # SELECTING the other server
    (REQUEST, {50: ELSEWHERE}, {}),  # INIT-REBOOT
    (REQUEST, {}, {"ciaddr": ELSEWHERE}),  # REBINDING
    (REQUEST, {50: ELSEWHERE, 54: SERVER}, {}),  # who takes us for the one
    (DECLINE, {50: ELSEWHERE, 54: SERVER}, {}), (RELEASE, {54: SERVER}, {"ciaddr": ELSEWHERE}),
    (INFORM, {}, {"ciaddr": ELSEWHERE}), (DISCOVER, {}, {}), (DISCOVER, {60: PXE, 54: SERVER}, {})])
def test_what_is_for_the_other_server_gets_no_answer_and_no_nak(bench, kind, options, fields):
    bench.serve(PROXY + FILE + "authoritative = True\nbootp = True\nadopt_unknown = True\nrapid_commit = True\n")
    vendor = {} if kind == DISCOVER else {60: PXE}  # a DISCOVER without 60 is nobody's who boots
    assert bench.say(bench.message(kind, options={**options, **vendor}, **fields)) == []
    assert list(bench.hosts.get()) == []
    assert set(reason(bench)) <= {"for the server that gives the addresses", "of a client that there is nothing to boot for",
                                 "DISCOVER with a server identifier"}


def test_bootp_is_for_the_other_server(bench):
    bench.serve(PROXY + FILE + "bootp = True\n")
    assert bench.say(Packet(hardware=ALICE, xid=7)) == []


def test_nothing_is_offered_or_stored_whatever_is_reserved(bench):
    bench.serve(PROXY + FILE + 'ip_ranges = ["192.0.2.10 - 192.0.2.19"]\n'
                f'hosts = [host(mac="{ALICE.hex(":")}", ip="192.0.2.5", boot_file_name="alice.0")]\n')
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert (offer.yiaddr, offer.packet.file, 51 in offer.packet.options, 3 in offer.packet.options) == (
        "0.0.0.0", b"alice.0", False, False)
    assert (len(bench.hosts.offers), list(bench.hosts.get())) == (0, [])


def test_a_machine_without_a_file_is_left_to_others_and_told(bench, caplog):
    assert bench.serve(PROXY + FILE).say(bench.discover(options=firmware(b"\0\x0b"))) == []
    assert "is of architecture arm64 (11) and gets no boot file" in caplog.text


def test_one_subnet_beside_another_server_and_one_of_our_own(bench):
    bench.serve('''
boot_file_name = "pxelinux.0"
subnets = [subnet("192.0.2.0/24", proxy_dhcp=True), subnet("198.51.100.0/24", pools=["198.51.100.10 - 198.51.100.19"])]
''')
    (proxied,) = bench.say(bench.discover(options=firmware()))
    (ours,) = bench.say((bench.discover(BOB, options=firmware()), EVERYBODY, "0.0.0.0", 68, 3))
    assert (proxied.yiaddr, ours.yiaddr) == ("0.0.0.0", "198.51.100.10")
    (ack,) = bench.say((bench.selecting("198.51.100.10", BOB, "198.51.100.1"), EVERYBODY, "0.0.0.0", 68, 3))
    assert ack.kind == ACK


def test_finish_has_the_last_word(bench):
    bench.serve(PROXY + FILE + 'def finish(request, reply):\n    reply.boot_file_name = "finished.0"\n')
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert (offer.packet.file, offer.yiaddr) == (b"finished.0", "0.0.0.0")


def test_a_reload_to_a_proxy_gives_up_what_waits(bench):
    bench.serve(LEASES + "authoritative = True\ndhcp_offer_after_seconds = 5\n")
    assert bench.say(bench.discover(options=firmware())) == []
    (waiting,) = bench.server.transactions.values()
    bench.serve(PROXY + FILE)
    bench.server._answer_delayed([waiting])
    assert bench.sent == []
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert offer.yiaddr == "0.0.0.0"
    bench.serve(LEASES)
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert offer.yiaddr == "192.0.2.10"


def test_leases_that_run_where_another_server_takes_over_are_told_once(bench, caplog):
    bench.serve(LEASES).lease()
    bench.serve(PROXY + FILE)
    assert ("192.0.2.0/24: another server gives the addresses from now on (proxy_dhcp), and leases of ours still run there: 1; "
            in caplog.text)
    caplog.clear()
    bench.serve(PROXY + FILE + MENU)
    assert "still run" not in caplog.text
    assert bench.say(bench.request(ciaddr="192.0.2.10")) == []


# --- menus

def menu_of(*numbers):
    """Option 43 with the items of MENU that have these numbers."""
    items = [((0x8000, b"Debian"), OURS), ((0x8001, b"Windows"), OURS), ((1, b"RIS"), OURS + 8),
             ((0x8002, b"Memory test"), OURS), ((0, b"Own disk"), 0)]
    chosen = [items[number] for number in numbers]
    servers = {item[0]: address for item, address in chosen if address}
    return encode_menu(b"Boot what?", 10, [item for item, _ in chosen], servers)


@pytest.mark.parametrize(("architecture", "items"), [(BIOS, (0, 1, 2, 3, 4)), (UEFI, (0, 1, 2, 4)), (b"\0\x0b", (1, 2, 4))])
@pytest.mark.parametrize("network", [PROXY, LEASES])
def test_firmware_is_shown_what_it_can_boot(bench, network, architecture, items):
    (offer,) = bench.serve(network + MENU + 'boot_file_name = "other.0"\n').say(bench.discover(options=firmware(architecture)))
    assert (offer.packet.options[60], offer.packet.options[43]) == (b"PXEClient", menu_of(*items))
    assert (offer.packet.file, 67 in offer.packet.options) == (b"", False)
    assert (offer.yiaddr == "0.0.0.0") is (network == PROXY)


@pytest.mark.parametrize(("item", "architecture", "server", "file"), [
    (0x8000, BIOS, SERVER, b"debian.0"), (0x8000, UEFI, SERVER, b"debian.efi"), (0x8001, UEFI, "192.0.2.8", b"wdsnbp.com"),
    (0x8002, BIOS, SERVER, b"memtest.0")])
@pytest.mark.parametrize("network", [PROXY, LEASES])
def test_the_item_that_was_chosen_is_told_by_unicast(bench, network, item, architecture, server, file):
    bench.serve(network + MENU)
    ack, way = asked(bench, request(bench, (item, 0), architecture), port=4011)
    assert way == (ELSEWHERE, 4011, ETH1, SERVER)
    assert (ack.message_type, ack.yiaddr, address_text(ack.ciaddr), address_text(ack.siaddr), ack.file) == (
        ACK, 0, ELSEWHERE, server, file)
    assert ack.options == {53: b"\5", 54: bytes((192, 0, 2, 1)), 60: b"PXEClient", 97: UUID, 67: file + b"\0",
                           66: server.encode() + b"\0", 43: encode_item(item, 0) + THIS_FILE}
    assert list(bench.hosts.get()) == []


@pytest.mark.parametrize(("item", "why"), [
    ((1, 0), "asks for an item that is not in its menu"), ((0x8009, 0), "asks for an item that is not in its menu"),
    ((0x8000, 1), "asks for a further layer of an item, or its credentials; there is one file"),
    ((0x8000, 0x8000), "asks for a further layer of an item, or its credentials; there is one file")])
def test_what_no_item_is_gets_no_answer(bench, item, why):
    bench.serve(PROXY + MENU)
    with pytest.raises(Ignored, match=why):
        asked(bench, request(bench, item))


def test_an_item_that_is_asked_for_by_broadcast_is_told_too(bench):
    """A client asks everyone where the other server's option 43 does not keep it from that (43.6, bit 0)."""
    bench.serve(PROXY + MENU)
    (ack,) = bench.say((request(bench, (0x8000, 0)), EVERYBODY, ELSEWHERE))
    assert (ack.kind, ack.address, ack.port, ack.packet.file) == (ACK, ELSEWHERE, 68, b"debian.0")


def test_a_menu_in_which_nothing_is_for_a_machine_gives_way_to_the_boot_file(bench):
    bench.serve(PROXY + FILE + 'pxe_menu = pxe_menu("?", [pxe_item("Grub", {"arm64": "grub.efi"}), pxe_item("Own disk")])\n')
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert (offer.packet.file, offer.packet.options[43]) == (b"pxelinux.0", THIS_FILE)


@pytest.mark.parametrize(("script", "shown"), [('ipxe_script = "boot.ipxe"\n', False), ("", True)])
def test_ipxe_gets_its_script_and_where_there_is_none_the_menu(bench, script, shown):
    (offer,) = bench.serve(PROXY + MENU + script).say(bench.discover(options=firmware(o77=b"iPXE", o175=b"\x15\1\1")))
    assert (offer.packet.file, offer.packet.options[43] == menu_of(0, 1, 2, 3, 4)) == (b"" if shown else b"boot.ipxe", shown)
    assert 175 not in offer.packet.options  # that it need not wait for a proxy is not for a proxy to say


def test_a_host_or_class_has_another_menu_or_none(bench):
    bench.serve(PROXY + FILE + MENU + f'''
hosts = [host(mac="{ALICE.hex(":")}", pxe_menu=None),
         host(mac="{BOB.hex(":")}", pxe_menu=pxe_menu("Rescue?", [pxe_item("Grub", "grub.0")]))]
''')
    (alice,) = bench.say(bench.discover(ALICE, options=firmware()))
    (bob,) = bench.say(bench.discover(BOB, options=firmware()))
    assert (alice.packet.file, bob.packet.options[43]) == (
        b"pxelinux.0", encode_menu(b"Rescue?", 255, [(0x8000, b"Grub")], {0x8000: OURS}))
    assert asked(bench, request(bench, (0x8000, 0), client=BOB))[0].file == b"grub.0"


def test_names_of_items_may_hold_values_of_the_client(bench):
    bench.serve(PROXY + 'pxe_menu = pxe_menu("?", [pxe_item("Mine", "{mac_hyphens}/{ip}.0")])\n')
    (offer,) = bench.say(bench.discover(options=firmware()))
    assert offer.packet.options[43] == encode_menu(b"?", 255, [(0x8000, b"Mine")], {0x8000: OURS})
    assert asked(bench, request(bench, (0x8000, 0)))[0].file == f"{ALICE.hex('-')}/{ELSEWHERE}.0".encode()


@pytest.mark.parametrize(("more", "shown", "file"), [
    (', pxe_item("Any", "any.0")', [(0x8001, b"Any")], b""), (', pxe_item("Own disk")', None, b"grub.0"), ("", None, b"")],
    ids=["another item", "no other to boot", "no other, and no boot file"])
def test_an_item_with_a_value_that_is_not_known_of_the_client_is_not_shown_and_that_is_told(bench, caplog, more, shown, file):
    """To whom an item is not for, by its architecture, is none of that."""
    bench.serve(PROXY + f"""
pxe_menu = pxe_menu("?", [pxe_item("Own", "{{hostname}}.0"){more}, pxe_item("Pi", {{"arm64": "pi.efi"}})])
boot_file_name = {'"grub.0"' if file else None}
hosts = [host(mac="{BOB.hex(":")}", hostname="bob")]
""")
    sent = bench.say(bench.discover(ALICE, options=firmware()))
    menu = encode_menu(b"?", 255, shown, {kind: OURS for kind, _ in shown}) if shown else THIS_FILE
    assert [(one.packet.options[43], one.packet.file) for one in sent] == ([(menu, file)] if shown or file else [])
    assert [one.getMessage() for one in caplog.records if one.name == "pydhcpd.policy"] == [
        f"{ALICE.hex(':')} is not shown 'Own' in its menu: it gets no boot file: '{{hostname}}.0' needs {{hostname}}, which is "
        "not known of it"]
    (known,) = bench.say(bench.discover(BOB, options=firmware()))
    assert b"Own" in known.packet.options[43]
    assert asked(bench, request(bench, (0x8000, 0), client=BOB))[0].file == b"bob.0"
    assert len(caplog.records) == 1


# --- port 4011, without an item

@pytest.mark.parametrize("kind", [REQUEST, INFORM])
def test_who_asks_for_no_item_is_told_what_the_offer_says(bench, kind):
    bench.serve(PROXY + FILE)
    ack, _ = asked(bench, bench.message(kind, ciaddr=ELSEWHERE, options=firmware()))
    assert (ack.message_type, ack.file, ack.options[43], ack.options[97], 51 in ack.options) == (
        ACK, b"pxelinux.0", THIS_FILE, UUID, False)
    bench.serve(PROXY + MENU)
    ack, _ = asked(bench, bench.message(kind, ciaddr=ELSEWHERE, options=firmware()))
    assert (ack.message_type, ack.file, ack.options[43]) == (ACK, b"", menu_of(0, 1, 2, 3, 4))


def test_a_client_behind_a_router_is_answered_as_the_routing_table_says(bench):
    bench.serve('''
boot_file_name = "pxelinux.0"
proxy_dhcp = True
subnets = [subnet("192.0.2.0/24"), subnet("10.9.0.0/16", boot_file_name="far.0")]
''')
    ack, way = asked(bench, bench.request(ciaddr="10.9.0.7", options=firmware()), source="10.9.0.7", port=1068)
    assert (ack.file, way) == (b"far.0", ("10.9.0.7", 1068, 0, SERVER))


@pytest.mark.parametrize(("message", "way", "why"), [
    ({"kind": DISCOVER}, {}, "no message for a boot server"), ({"kind": RELEASE}, {}, "no message for a boot server"),
    ({"kind": NAK}, {}, "no message for a boot server"),
    ({"kind": REQUEST}, {"source": "0.0.0.0"}, "to the boot server from no address"),
    ({"kind": REQUEST, "options": {}}, {}, "of a client that there is nothing to boot for"),
    ({"kind": REQUEST, "options": {60: b"MSFT 5.0"}}, {}, "of a client that there is nothing to boot for")])
def test_what_is_nothing_for_a_boot_server_gets_no_answer(bench, message, way, why):
    bench.serve(PROXY + FILE)
    with pytest.raises(Ignored, match=why):
        asked(bench, bench.message(**{"ciaddr": ELSEWHERE, "options": firmware(), **message}), **way)


def test_without_anything_to_boot_a_proxy_keeps_silent(bench):
    assert bench.serve(PROXY).say(bench.discover(options=firmware())) == []
    with pytest.raises(Ignored, match="of a client that there is nothing to boot for"):
        asked(bench, request(bench))
