"""What machines that boot are told, from the datagram to the reply (rules 44 to 50, rows 53 to 56, 60 and 61).

The requests are those of real firmware, as its sources and captures have them.
"""

import logging
import shutil
import subprocess

import pytest
from rig import ALICE, BOB, ETH1, NETWORK, SERVER, STRANGER, codes, interface

from pydhcpd.addresses import address_from, address_text
from pydhcpd.wire.packet import ACK, INFORM, OFFER

UUID = b"\0" + bytes.fromhex("c26f87ee6a134f73a53f52540012a1b2")
OF_PXE = bytes((1, 2, 3, 4, 5, 6, 11, 12, 13, 15, 16, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97,
                128, 129, 130, 131, 132, 133, 134, 135))
OF_IPXE = bytes((1, 3, 6, 7, 12, 15, 17, 26, 43, 60, 66, 67, 119, 128, 129, 130, 131, 132, 133, 134, 135, 175, 203))
FEATURES = bytes.fromhex("b1050180861500eb03011500170101220101130101140101110101270101190101")
"""Of iPXE's option 175: its card, its version, and what it can do."""


def pxe(number, **more):
    return {55: OF_PXE, 57: b"\5\xc0", 60: b"PXEClient:Arch:%05d:UNDI:003016" % number, 93: number.to_bytes(2, "big"),
            94: b"\1\3\x10", 97: UUID, **more}


def ipxe(number, **more):
    return {**pxe(number), 55: OF_IPXE, 61: b"\1" + ALICE, 77: b"iPXE", 175: FEATURES, **more}


def without(options, *gone):
    return {code: value for code, value in options.items() if code not in gone}


HTTP = {55: bytes((1, 3, 6, 15, 28, 43, 54, 60, 66, 67, 97)), 57: b"\5\xc0", 60: b"HTTPClient:Arch:00016:UNDI:003001",
        93: b"\0\x10", 94: b"\1\3\1", 97: UUID}
PI = bytes.fromhex("dca632000001")
OF_PI = {55: bytes((1, 3, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135)), 57: b"\5\xc0", 93: b"\0\0", 94: b"\1\2\1",
         60: b"PXEClient:Arch:00000:UNDI:002001", 97: b"\0" + b"RPi4" * 4}
UBOOT = {55: bytes((1, 3, 6, 12, 17, 66, 67)), 60: b"U-Boot.armv8", 93: b"\0\x16"}
SYSTEM = {55: bytes((1, 3, 6, 12, 15, 17)), 60: b"udhcp 1.36.1", 61: b"\xff\0\0\0\1system"}

BOOT = NETWORK + """
tftp_root = "/srv/tftp"
http_root = "/srv/http"
boot_file_name = {"bios": "undionly.kpxe", "x86-64": "ipxe.efi", "arm64": "arm/ipxe.efi", "riscv64": None}
ipxe_script = "boot.ipxe"
"""
NOTHING_TO_DISCOVER = b"\6\1\x08\xff"


def one(replies):
    (reply,) = replies
    return reply


def asked(bench, options, client=ALICE, **fields):
    """What an OFFER and the ACK after it say, which is the same: file, next server, and options."""
    offer = one(bench.say(bench.discover(client, options=options, **fields)))
    ack = one(bench.say(bench.selecting(offer.yiaddr, client, options=without(options, 50), **fields)))
    assert (offer.kind, ack.kind) == (OFFER, ACK)
    told = [(reply.packet.file, address_text(reply.packet.siaddr), without(reply.packet.options, 53)) for reply in (offer, ack)]
    assert told[0] == told[1]
    return told[0]


@pytest.mark.parametrize(("options", "client", "file", "more"), [
    (pxe(0), ALICE, b"undionly.kpxe", {60: b"PXEClient", 43: NOTHING_TO_DISCOVER, 175: None}),
    (pxe(7), ALICE, b"ipxe.efi", {60: b"PXEClient", 43: NOTHING_TO_DISCOVER, 175: None}),
    (pxe(9), ALICE, b"ipxe.efi", {60: b"PXEClient"}),
    (pxe(11), ALICE, b"arm/ipxe.efi", {60: b"PXEClient"}),
    (without(pxe(7), 93), ALICE, b"ipxe.efi", {60: b"PXEClient"}),
    (pxe(6), ALICE, b"", {60: None, 43: None, 67: None}),
    (pxe(27), ALICE, b"", {60: None, 43: None, 67: None}),
    (ipxe(0), ALICE, b"boot.ipxe", {60: b"PXEClient", 43: NOTHING_TO_DISCOVER, 175: b"\xb0\1\1"}),
    (ipxe(7), ALICE, b"boot.ipxe", {60: b"PXEClient", 175: b"\xb0\1\1"}),
    (without(ipxe(7), 175), ALICE, b"boot.ipxe", {175: b"\xb0\1\1"}),
    (without(ipxe(7), 77), ALICE, b"boot.ipxe", {175: b"\xb0\1\1"}),
    ({**ipxe(7), 77: b"\4iPXE"}, ALICE, b"boot.ipxe", {}),
    ({**ipxe(7), 77: b"my own"}, ALICE, b"boot.ipxe", {}),
    ({**without(ipxe(7), 175), 77: b"gPXE"}, ALICE, b"boot.ipxe", {}),
    (ipxe(27), ALICE, b"boot.ipxe", {}),
    (without(ipxe(7), 60), ALICE, b"boot.ipxe", {60: None, 43: None, 67: b"boot.ipxe", 175: b"\xb0\1\1"}),
    (HTTP, ALICE, b"http://192.0.2.1/ipxe.efi", {60: b"HTTPClient", 43: None, 67: b"http://192.0.2.1/ipxe.efi", 175: None}),
    ({**HTTP, 93: b"\0\x13"}, ALICE, b"http://192.0.2.1/arm/ipxe.efi", {60: b"HTTPClient"}),
    (UBOOT, ALICE, b"", {60: None, 43: None}),
    ({**UBOOT, 93: b"\0\x0b"}, ALICE, b"arm/ipxe.efi", {60: None, 43: None, 67: b"arm/ipxe.efi"}),
    (OF_PI, PI, b"", {60: b"PXEClient", 67: None}),
    (SYSTEM, ALICE, b"", {60: None, 43: None, 67: None, 66: None, 17: b"192.0.2.1:/srv/tftp"}),
    ({55: b"\1\3"}, ALICE, b"", {60: None, 43: None, 66: None, 17: None}),
    ({}, ALICE, b"", {66: b"192.0.2.1", 17: b"192.0.2.1:/srv/tftp", 60: None})])
def test_rows_54_to_56_each_machine_gets_its_own(bench, options, client, file, more):
    bench.serve(BOOT)
    found, server, told = asked(bench, options, client)
    assert (found, server) == (file, SERVER)
    assert {code: told.get(code) for code in more} == more
    if 60 in options and options[60].startswith(b"PXEClient") and file:
        assert (told[66], told[67]) == (b"192.0.2.1\0", file + b"\0"), "rule 47"


def test_row_60_and_rule_50_a_raspberry_pi_finds_us_by_its_menu(bench):
    bench.serve(NETWORK + 'tftp_root = "/srv/tftp"')
    _, server, told = asked(bench, OF_PI, PI)
    assert (server, told[60], told[66]) == (SERVER, b"PXEClient", b"192.0.2.1\0")
    assert b"Raspberry Pi Boot" in told[43]


@pytest.mark.parametrize(("text", "is_told"), [
    ('tftp_root = "/srv/tftp"', True), ('next_server = "192.0.2.9"', True), ('tftp_server_name = "192.0.2.9"', True),
    ('boot_file_name = {"bios": "x"}', False), ('http_root = "/srv/http"', False), ("", False),
    ('tftp_root = "/srv/tftp"\nvendor_specific_information = b"own"', False)])
def test_rule_50_it_is_told_where_there_is_a_server_and_nobody_says_otherwise(bench, text, is_told):
    bench.serve(NETWORK + text)
    assert (b"Raspberry Pi Boot" in asked(bench, OF_PI, PI)[2].get(43, b"")) is is_told


@pytest.mark.parametrize(("prefix", "number", "is_pi"), [
    *((prefix, 0, True) for prefix in ("b827eb", "dca632", "e45f01", "28cdc1", "d83add", "2ccf67")), ("dca632", 11, False),
    ("001122", 0, False), ("001122", 41, True)])
def test_rule_50_it_is_known_by_its_prefix_and_by_architecture_0(bench, prefix, number, is_pi):
    bench.serve(NETWORK + 'tftp_root = "/srv/tftp"\nboot_file_name = {"raspberry-pi": "pi", "bios": "pc", "arm64": "arm"}')
    file = asked(bench, pxe(number), bytes.fromhex(prefix + "000001"))[0]
    assert (file == b"pi") is is_pi


LOOP = [
    # boot_file_name and ipxe_script, and what the firmware and then iPXE get
    ('boot_file_name = "undionly.kpxe"\nipxe_script = "boot.ipxe"', b"undionly.kpxe", b"boot.ipxe"),
    ('boot_file_name = "undionly.kpxe"', b"undionly.kpxe", b""),
    ('boot_file_name = {"bios": "undionly.kpxe"}', b"undionly.kpxe", b""),
    ('boot_file_name = "boot.ipxe"', b"boot.ipxe", b"boot.ipxe"),
    ('boot_file_name = "netboot.xyz.kpxe"', b"netboot.xyz.kpxe", b"netboot.xyz.kpxe"),
    ('boot_file_name = "pxelinux.0"', b"pxelinux.0", b"pxelinux.0"),
    ('ipxe_script = "boot.ipxe"', b"", b"boot.ipxe"),
    ('boot_file_name = "undionly.kpxe"\nipxe_script = "ipxe.efi"', b"undionly.kpxe", b"ipxe.efi"),
    ('ipxe_script = "a.ipxe"\nboot_file_name = "undionly.kpxe"\nhosts = [host(mac="02:00:00:00:00:0a", ipxe_script=None)]',
     b"undionly.kpxe", b""),
    ('classes = [client_class("ipxe", match(user_class="iPXE"), boot_file_name="boot.ipxe"),\n'
     '           client_class("rom", match(vendor_class_identifier=PREFIX("PXEClient")), boot_file_name="undionly.kpxe")]',
     b"undionly.kpxe", b"boot.ipxe"),
    ('option_67 = b"undionly.kpxe"', b"undionly.kpxe", b""),
    ('option_67 = b"undionly.kpxe"\nipxe_script = "boot.ipxe"', b"undionly.kpxe", b"boot.ipxe")]


@pytest.mark.parametrize(("text", "firmware", "loaded"), LOOP)
def test_row_55_ipxe_never_loads_itself_again(bench, text, firmware, loaded):
    """By option ROM or by the loader: it is one and the same to us."""
    bench.serve(NETWORK + 'tftp_root = "/srv/tftp"\n' + text)
    assert asked(bench, pxe(0))[0] == firmware
    file, _, told = asked(bench, ipxe(0))
    assert file == loaded
    assert told.get(175) == (b"\xb0\1\1" if loaded else None), "rule 49: where it gets its boot values from us"


def test_rule_49_an_own_option_175_is_kept_and_told_what_it_leaves_open(bench):
    bench.serve(BOOT + 'option_175 = b"\\x08\\1\\1"')
    assert asked(bench, ipxe(7))[2][175] == b"\x08\1\1\xb0\1\1"
    bench.serve(BOOT + 'option_175 = b"\\xb0\\1\\0"')
    assert asked(bench, ipxe(7))[2][175] == b"\xb0\1\0"


@pytest.mark.parametrize(("options", "client"), [
    (pxe(7), ALICE), (ipxe(7), ALICE), (HTTP, ALICE), (OF_PI, PI), ({97: b"\1\2"}, BOB), ({97: b"\0" * 40}, BOB)])
@pytest.mark.parametrize("text", [NETWORK, BOOT])
def test_row_61_and_rule_45_the_uuid_comes_back_as_it_came(bench, options, client, text):
    bench.serve(text)
    assert asked(bench, options, client)[2][97] == options[97]


def test_row_61_82_is_the_last_still(bench):
    bench.serve(BOOT)
    relayed = bench.discover(options={**pxe(7), 61: b"\1x", 82: b"\1\1x"}, giaddr="192.0.2.2")
    reply = one(bench.say((relayed, SERVER, "192.0.2.2")))
    assert codes(reply)[-3:] == [61, 97, 82]


FOLLOWS = [
    # what is set, and what follows: siaddr, 66 and 17
    ("", SERVER, b"192.0.2.1", b"192.0.2.1:/srv/tftp"),
    ('next_server = "192.0.2.9"', "192.0.2.9", b"192.0.2.9", None),
    (f'next_server = "{SERVER}"', SERVER, b"192.0.2.1", b"192.0.2.1:/srv/tftp"),
    ('tftp_server_name = "tftp.example"', SERVER, b"tftp.example", b"192.0.2.1:/srv/tftp"),
    ('server_name = "boot"', SERVER, b"boot", b"192.0.2.1:/srv/tftp"),
    ('root_path = "192.0.2.9:/nfs"', SERVER, b"192.0.2.1", b"192.0.2.9:/nfs"),
    ('root_path = "/nfs"\nnext_server = "192.0.2.9"', "192.0.2.9", b"192.0.2.9", b"/nfs")]


@pytest.mark.parametrize("options", [SYSTEM | {55: b"\1\x11\x42"}, pxe(7)])
@pytest.mark.parametrize(("text", "server", "name", "root"), FOLLOWS)
def test_server_and_root_follow_from_tftp_root_unless_they_are_set(bench, text, server, name, root, options):
    bench.serve(NETWORK + f'tftp_root = "/srv/tftp"\nboot_file_name = "x"\n{text}')
    _, found, told = asked(bench, options)
    ending = b"\0" if options is not SYSTEM and options[60].startswith(b"PXE") else b""
    assert (found, told[66], told.get(17)) == (server, name + ending, root)


def test_the_server_is_ours_on_the_link_and_for_relays_that_of_theirs(bench):
    bench.interfaces = {ETH1: interface(ETH1, "eth1", SERVER), 3: interface(3, "eth2", "198.51.100.1")}
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]), subnet("198.51.100.0/24", '
                'pools=["198.51.100.10 - 198.51.100.19"])]\ntftp_root = "/srv"\nhttp_root = "/srv"\nhttp_port = 8080\n'
                'boot_file_name = "x y.efi"')
    other = one(bench.say((bench.discover(options=HTTP), "255.255.255.255", "0.0.0.0", 68, 3)))
    assert (other.packet.options[67], address_text(other.packet.siaddr)) == (
        b"http://198.51.100.1:8080/x%20y.efi", "198.51.100.1")
    relayed = one(bench.say((bench.discover(BOB, options=HTTP, giaddr="198.51.100.7"), SERVER, "198.51.100.7", 67, ETH1)))
    assert (relayed.packet.options[67], address_text(relayed.packet.siaddr)) == (b"http://192.0.2.1:8080/x%20y.efi", SERVER)


@pytest.mark.parametrize(("text", "options", "file"), [
    ('boot_file_name = "http://boot.example/x.efi"', HTTP, b"http://boot.example/x.efi"),
    ('boot_file_name = "https://192.0.2.9/x.efi"\nhttp_root = "/srv"', HTTP, b"https://192.0.2.9/x.efi"),
    ('boot_file_name = "/a/x.efi"\nhttp_root = "/srv"', HTTP, b"http://192.0.2.1/a/x.efi"),
    ('boot_file_name = "a\\\\x.efi"\nhttp_root = "/srv"', HTTP, b"http://192.0.2.1/a/x.efi"),
    ('boot_file_name = "x.efi"\ntftp_root = "/srv"', HTTP, b""),
    ('boot_file_name = {"x86-64": "x.efi", "x86-64-http": "h.efi"}\nhttp_root = "/srv"', HTTP, b"http://192.0.2.1/h.efi"),
    ('boot_file_name = {16: "n.efi", "x86-64-http": "h.efi"}\nhttp_root = "/srv"', HTTP, b"http://192.0.2.1/n.efi"),
    ('ipxe_script = "b.ipxe"\nhttp_root = "/srv"', ipxe(7), b"http://192.0.2.1/b.ipxe"),
    ('ipxe_script = "b.ipxe"\nhttp_root = "/srv"\ntftp_root = "/srv"', ipxe(7), b"b.ipxe"),
    ('ipxe_script = "b.ipxe"\nhttp_root = "/srv"\nnext_server = "192.0.2.9"', ipxe(7), b"b.ipxe"),
    ('ipxe_script = "http://x/${mac}"\nhttp_root = "/srv"', ipxe(7), b"http://x/${mac}"),
    ('boot_file_name = "x.efi"\nhttp_root = "/srv"', pxe(7), b"x.efi")])
def test_row_56_a_name_becomes_a_url_for_who_boots_by_http(bench, text, options, file):
    bench.serve(NETWORK + text)
    found, _, told = asked(bench, options)
    assert found == file
    assert (told.get(60) == b"HTTPClient") is (options is HTTP and bool(file))


@pytest.mark.parametrize(("name", "options", "file"), [
    ("{mac_hyphens}", pxe(0), b"02-00-00-00-00-0a"), ("{ip_hex}", pxe(0), b"C000020A"), ("{arch}.efi", pxe(9), b"x86-64.efi"),
    ("{arch}.efi", HTTP, b"http://192.0.2.1/x86-64.efi"), ("{subnet}", pxe(0), b"192.0.2.0-24"),
    ("{uuid}", pxe(0), b"c26f87ee-6a13-4f73-a53f-52540012a1b2"),
    ("{hostname}.cfg", pxe(0) | {12: b"../../etc"}, b".._.._etc.cfg"),
    ("{hostname}", pxe(0) | {12: b".."}, b"__"), ("{hostname}", pxe(0) | {12: b"a\0b"}, b"a_b"), ("{hostname}", pxe(0), b""),
    ("{uuid}", without(pxe(0), 97), b""), ("{mac}.cfg", {55: b"\1\x43"}, b"02:00:00:00:00:0a.cfg"),
    ("{mac}.cfg", {}, b"02:00:00:00:00:0a.cfg"), ("{mac}.cfg", {55: b"\1\3"}, b"")])
def test_row_54_names_are_filled_with_what_is_known_of_the_client(bench, name, options, file):
    bench.serve(NETWORK + f'http_root = "/srv"\nboot_file_name = "{name}"')
    assert asked(bench, options)[0] == file


def test_a_name_that_is_reserved_comes_before_the_one_that_is_sent(bench):
    bench.serve(NETWORK + 'boot_file_name = "{hostname}"\nhosts = [host(mac="02:00:00:00:00:0a", hostname="node-1")]')
    assert asked(bench, pxe(0) | {12: b"evil"})[0] == b"node-1"


def test_clients_with_names_of_their_own_do_not_mix(bench):
    bench.serve(NETWORK + 'boot_file_name = "{mac}"')
    assert [asked(bench, pxe(0), client)[0] for client in (ALICE, BOB, ALICE)] == [
        b"02:00:00:00:00:0a", b"02:00:00:00:00:0b", b"02:00:00:00:00:0a"]


def told_by_policy(caplog):
    return [record.getMessage() for record in caplog.records
            if record.levelno == logging.WARNING and record.name == "pydhcpd.policy"]


TOLD = [
    (BOOT, pxe(6), "02:00:00:00:00:0a is of architecture x86 (6) and gets no boot file, for boot_file_name has none for it"),
    (BOOT, pxe(12345), "is of architecture number 12345 and gets no boot file"),
    (BOOT, pxe(0) | {93: b"", 60: b"PXEClient"}, "tells no architecture and gets no boot file"),
    (BOOT, pxe(0) | {93: bytes(range(100, 200))}, "number 25701 or number 26215 or number 26729 or number 27243 and gets"),
    (NETWORK + 'boot_file_name = "{uuid}"', without(pxe(0), 97), "gets no boot file: '{uuid}' needs {uuid}, which is"),
    (NETWORK + 'boot_file_name = "x"', HTTP, "boots by HTTP and gets no boot file, for 'x' is no URL; set http_root"),
    (NETWORK + 'boot_file_name = "ipxe.efi"', ipxe(7), "runs iPXE and gets no boot file, for 'ipxe.efi' is iPXE again"),
    (NETWORK + f'boot_file_name = "{"x" * 240}{{hostname}}"', pxe(0) | {12: b"y" * 60}, "is too long for it")]


@pytest.mark.parametrize(("text", "options", "words"), TOLD)
def test_who_boots_nothing_is_told_once_a_minute_with_the_reason(bench, caplog, text, options, words):
    bench.serve(text)
    for client in (ALICE, BOB):
        asked(bench, options, client)
    found = told_by_policy(caplog)
    assert len(found) == 1
    assert words in found[0]


def test_strangers_that_say_what_they_are_anew_each_time_fill_no_log(bench, caplog):
    bench.serve(BOOT)
    for number in range(100, 1000):
        bench.say(bench.discover(options=pxe(number)))
    assert len(told_by_policy(caplog)) == 17
    bench.pass_time(61)
    bench.say(bench.discover(options=pxe(100)))
    assert told_by_policy(caplog)[17:] == [
        "883 more messages in the last minute, of each of which the sender waits for a boot file in vain, for other reasons",
        "02:00:00:00:00:0a is of architecture number 100 and gets no boot file, for boot_file_name has none for it; add one "
        "there, or None on purpose"]


@pytest.mark.parametrize("options", [SYSTEM, {}, UBOOT, OF_PI | {93: b"\0\0"}, pxe(27)])
def test_who_does_not_boot_or_is_to_have_none_is_told_of_nothing(bench, caplog, options):
    bench.serve(BOOT)
    asked(bench, options, PI if options.get(93) == b"\0\0" else ALICE)
    assert told_by_policy(caplog) == []


def test_a_boot_file_of_a_nearer_scope_wins_by_name_or_by_number(bench):
    bench.serve(NETWORK + 'boot_file_name = "far"\nhosts = [host(mac="02:00:00:00:00:0a", option_67=b"near"),\n'
                          '  host(mac="02:00:00:00:00:0b", boot_file_name={"bios": "own"})]')
    assert [asked(bench, pxe(0), client)[0] for client in (ALICE, BOB, PI)] == [b"near", b"own", b"far"]
    bench.serve(NETWORK + 'option_67 = b"far"\nhosts = [host(mac="02:00:00:00:00:0a", boot_file_name="near"),\n'
                          '  host(mac="02:00:00:00:00:0b", boot_file_name=None)]')
    assert [asked(bench, pxe(0), client)[0] for client in (ALICE, BOB, PI)] == [b"near", b"", b"far"]


@pytest.mark.parametrize(("text", "code", "value"), [
    ('vendor_specific_information = b"\\1\\1\\1"', 43, b"\1\1\1"), ('vendor_class_identifier = "mine"', 60, b"mine"),
    ('never_send = ["vendor_class_identifier"]', 60, None), ('never_send = ["vendor_specific_information"]', 43, None)])
def test_what_an_administrator_sets_of_it_stays(bench, text, code, value):
    bench.serve(BOOT + text)
    assert asked(bench, pxe(7))[2].get(code) == value


FINISH = """
def finish(request, reply):
    reply.boot_file_name = {file}
"""


@pytest.mark.parametrize(("text", "file", "options", "told"), [
    (NETWORK, "'a.0'", pxe(0), {67: b"a.0\0", 60: b"PXEClient", 43: NOTHING_TO_DISCOVER}),
    (NETWORK, "'a.0'", SYSTEM, {67: b"a.0", 60: None, 43: None}),
    (NETWORK, "'http://192.0.2.1/x'", HTTP, {67: b"http://192.0.2.1/x", 60: b"HTTPClient"}),
    (BOOT, "'x.efi'", HTTP, {67: b"http://192.0.2.1/x.efi", 60: b"HTTPClient"}),
    (BOOT, "'x.ipxe'", ipxe(7), {67: b"x.ipxe\0", 60: b"PXEClient", 175: b"\xb0\1\1"}),
    (BOOT, "None", pxe(7), {67: None, 60: None, 43: None}),
    (BOOT, "None", ipxe(7), {67: None, 60: None, 175: None}),
    (BOOT, "reply.boot_file_name + '2'", pxe(7), {67: b"ipxe.efi2\0", 60: b"PXEClient"})])
def test_row_51_what_finish_says_is_told_as_the_machine_takes_it(bench, text, file, options, told):
    bench.serve(text + FINISH.format(file=file))
    found, _, options_of = asked(bench, options)
    assert {code: options_of.get(code) for code in told} == told
    assert found == (told[67] or b"").rstrip(b"\0")


def test_an_inform_is_told_the_same(bench):
    bench.serve(BOOT)
    ack = bench.lease(options=pxe(7))
    reply = one(bench.say((bench.message(INFORM, options=pxe(7), ciaddr=ack.yiaddr), SERVER, ack.yiaddr)))
    assert (reply.packet.file, reply.packet.options[60]) == (b"ipxe.efi", b"PXEClient")
    assert address_text(reply.packet.siaddr) == SERVER


def test_row_49_a_bootp_client_gets_a_fixed_file_and_ours_as_its_server(bench):
    bench.serve(NETWORK + 'bootp = True\ntftp_root = "/srv"\nboot_file_name = "boot.{mac_hyphens}"')
    message = bench.message(0)
    message.options.clear()
    reply = one(bench.say(message))
    assert (reply.packet.file, address_text(reply.packet.siaddr)) == (b"boot.02-00-00-00-00-0a", SERVER)


def test_rule_47_a_long_url_is_in_67_alone(bench):
    url = "http://192.0.2.1/" + "x" * 150
    bench.serve(NETWORK + f'boot_file_name = "{url}"')
    file, _, told = asked(bench, HTTP)
    assert (file, told[67]) == (b"", url.encode())


def test_row_41_firmware_ipxe_and_system_of_one_machine_have_one_address(bench):
    bench.serve(BOOT + "one_address_per_machine = True")
    chain = [pxe(0), pxe(0) | {61: UUID}, ipxe(0), SYSTEM, without(SYSTEM, 61)]
    assert len({bench.lease(options=options).yiaddr for options in chain}) == 1


def test_a_stranger_is_no_server_of_ours(bench):
    """A relay that has the client renew with itself (RFC 5107) has no files."""
    bench.serve(BOOT)
    relay = b"\x0b\4" + address_from(STRANGER).to_bytes(4, "big")
    reply = one(bench.say((bench.discover(options=HTTP | {82: relay}, giaddr="192.0.2.2"), SERVER, "192.0.2.2", 67, ETH1)))
    assert (address_text(reply.packet.address(54)), reply.packet.options[67]) == (STRANGER, b"http://192.0.2.1/ipxe.efi")


# --- on the wire


JUDGED = {
    "dhcp.option.vendor.pxeclient.discovery_control": ["0x08", "0x08", "", "0x03"],
    "dhcp.option.vendor_class_id": ["PXEClient", "PXEClient", "HTTPClient", "PXEClient"],
    "dhcp.option.bootfile_name": ["ipxe.efi", "boot.ipxe", "http://192.0.2.1/ipxe.efi", ""],
    "dhcp.option.tftp_server_name": ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1"],
    "dhcp.client_id.uuid": ["ee876fc2-136a-734f-a53f-52540012a1b2"] * 3 + ["34695052-5052-3469-5250-693452506934"],
    "dhcp.file": ["ipxe.efi", "boot.ipxe", "http://192.0.2.1/ipxe.efi", ""],
    "dhcp.ip.server": [SERVER] * 4,
    "dhcp.option.vendor.pxeclient.boot_menu.desc": ["", "", "", "Raspberry Pi Boot"],
    "_ws.malformed": [""] * 4}


def test_rule_48_tshark_reads_the_same(bench, tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    inet, l2 = pytest.importorskip("scapy.layers.inet"), pytest.importorskip("scapy.layers.l2")
    bench.serve(BOOT)
    sent = [one(bench.say(bench.discover(client, options=options))).data for client, options in (
        (ALICE, pxe(7)), (ALICE, ipxe(7)), (ALICE, HTTP), (PI, OF_PI))]
    capture = tmp_path / "netboot.pcap"
    pytest.importorskip("scapy.utils").wrpcap(str(capture), [
        l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inet.IP(src=SERVER, dst="192.0.2.10")
        / inet.UDP(sport=67, dport=68) / data for data in sent])
    out = subprocess.run(["tshark", "-r", str(capture), "-T", "fields", "-E", "occurrence=f",
                          *(word for name in JUDGED for word in ("-e", name))],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    rows = [line.split("\t") for line in out.rstrip("\n").split("\n")]
    assert {name: [row[at] for row in rows] for at, name in enumerate(JUDGED)} == JUDGED
