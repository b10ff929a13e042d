"""The examples in etc/examples: each loads without a warning, and its clients get what its comments promise."""

from pathlib import Path

import pytest
from rig import ETH1, Bench, interface, seconds

from pydhcpd.addresses import address_from, address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.registrations import registration_of
from pydhcpd.wire.packet import ACK, NAK, OFFER

EXAMPLES = Path(__file__).parent.parent / "etc" / "examples"
OWN = {"slurm": ("eth1", "10.20.0.1"), "campus": ("eth0", "192.0.2.1"), "office": ("eth1", "192.168.10.1"),
       "lab": ("eth1", "10.99.0.1"), "netboot": ("eth1", "10.30.0.1"), "netboot-proxy": ("eth1", "192.168.20.5")}
MIDNIGHT = 1_700_000_000 // 86400 * 86400 + 86400  # the one that comes
NOON, NIGHT = MIDNIGHT + 12 * 3600, MIDNIGHT + 22 * 3600


def ready(bench: Bench, name: str) -> Bench:
    """A bench that serves an example from the address that the example speaks of."""
    link, own = OWN[name]
    bench.interfaces = {ETH1: interface(ETH1, link, own)}
    return bench.serve(text_of(name, bench.database.parent))


def text_of(name, directory):
    """The text of an example, with the key that it names in a directory of the test."""
    key = directory / "tsig.key"
    key.write_text("hmac-sha256:office-key:c2VjcmV0IHNlY3JldCBzZWNyZXQ=\n")
    key.chmod(0o600)
    return (EXAMPLES / f"{name}.conf").read_text().replace("/etc/pydhcpd/tsig.key", str(key))


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def relay(circuit=b"", remote=b""):
    """Option 82 with a circuit id and a remote id."""
    return b"".join(bytes((code, len(value))) + value for code, value in ((1, circuit), (2, remote)) if value)


def said(reply, code):
    """An option of a reply as bytes; its address for "ip", its next server for "next", seconds for "time"."""
    if code == "ip":
        return reply.yiaddr
    if code == "next":
        return address_text(reply.packet.siaddr)
    return seconds(reply) if code == "time" else reply.packet.options.get(code)


def bound(bench, name, client, options=None, **fields):
    """What a client is told with its lease, by DISCOVER and REQUEST; None where nobody answers it."""
    offers = bench.say(bench.discover(mac(client), options=options, **fields))
    if not offers:
        return None
    ack, = bench.say(bench.selecting(offers[0].yiaddr, mac(client), server=OWN[name][1], options=options, **fields))
    assert (offers[0].kind, ack.kind, ack.yiaddr) == (OFFER, ACK, offers[0].yiaddr)
    return ack


def test_every_example_is_tried_here():
    assert {one.stem for one in EXAMPLES.iterdir()} == set(OWN)


@pytest.mark.parametrize("name", sorted(OWN))
def test_an_example_loads_without_a_warning_and_says_for_whom_it_is(tmp_path, name):
    text = text_of(name, tmp_path)
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    file.chmod(0o644)
    loaded = DHCPServerConfiguration.load(file)
    assert loaded.warnings == []
    assert [line[:2] for line in text.splitlines()[:2]] == ["# ", "# "]
    assert text.startswith("# For ")
    assert max(map(len, (EXAMPLES / f"{name}.conf").read_text().splitlines())) <= 128


@pytest.mark.parametrize("name", sorted(OWN))
def test_an_example_says_the_same_with_the_line_for_editors(tmp_path, name):
    file = tmp_path / "pydhcpd.conf"
    file.write_text("from pydhcpd.conf import *\n" + text_of(name, tmp_path))
    assert DHCPServerConfiguration.load(file).warnings == []


PXE = b"PXEClient:Arch:00007"
STRANGER = "02:11:22:33:44:55"
ROOM, ROOM2 = relay(b"1/1", b"switch 1"), relay(b"1/2", b"switch 1")
FIRMWARE = {60: PXE, 93: b"\0\7"}
HTTP = {60: b"HTTPClient:Arch:00016:UNDI:003000", 93: b"\0\x10"}
IPXE = {**FIRMWARE, 77: b"iPXE", 175: b"\xb1\1\0"}
NO_DISCOVERY, NO_PROXY = b"\6\1\x08\xff", b"\xb0\1\1"
CASES = {
    "netboot": [
        # what firmware of each kind loads, and what iPXE, which it has loaded, gets in its turn
        ((STRANGER, {60: PXE, 93: b"\0\0"}, {}), {"ip": "10.30.8.0", 67: b"undionly.kpxe\0", "next": "10.30.0.1",
                                                 60: b"PXEClient", 43: NO_DISCOVERY, 66: b"10.30.0.1\0"}),
        ((STRANGER, FIRMWARE, {}), {67: b"ipxe.efi\0", "next": "10.30.0.1", 43: NO_DISCOVERY}),
        ((STRANGER, {60: PXE, 93: b"\0\x0b"}, {}), {67: b"ipxe-arm64.efi\0"}),
        ((STRANGER, HTTP, {}), {67: b"http://10.30.0.1/ipxe.efi", 60: b"HTTPClient"}),
        ((STRANGER, IPXE, {}), {67: b"boot.ipxe\0", 175: NO_PROXY}),
        ((STRANGER, {60: PXE, 93: b"\0\6"}, {}), {"ip": "10.30.8.0", 67: None}),
        ((STRANGER, {}, {}), {67: None, 60: None}),
        # a Raspberry Pi says that it is a PC with a BIOS
        (("b8:27:eb:11:22:33", {60: PXE, 93: b"\0\0"}, {}), {"next": "10.30.0.1", 66: b"10.30.0.1\0", 67: None}),
        # a card that iPXE has no driver for
        (("02:00:5e:30:00:07", FIRMWARE, {}), {67: b"snponly.efi\0"}),
        (("02:00:5e:30:00:07", IPXE, {}), {67: b"boot.ipxe\0"}),
        # hosts
        (("02:00:5e:31:00:01", IPXE, {}), {"ip": "10.30.1.1", 67: b"hosts/02-00-5e-31-00-01.ipxe\0"}),
        (("02:00:5e:31:00:01", FIRMWARE, {}), {67: b"ipxe.efi\0"}),
        (("02:00:5e:31:00:02", {**IPXE, 55: b"\x11"}, {}), {67: b"diskless.ipxe\0", 17: b"10.30.0.1:/srv/nfs/diskless"}),
        (("02:00:5e:31:00:03", FIRMWARE, {}), {67: b"pxelinux.0\0", "next": "10.30.0.9", 66: b"10.30.0.9\0"}),
        (("02:00:5e:31:00:04", FIRMWARE, {}), {"ip": "10.30.1.4", 67: None}),
        (("02:00:5e:31:00:04", IPXE, {}), {67: None}),
    ],
    "netboot-proxy": [((STRANGER, {}, {}), None)],  # an ordinary client is the other server's
    "slurm": [
        # a node: address and name from rack and slot
        (("02:00:5e:10:00:01", {}, {}), {"ip": "10.20.1.1", 12: b"r01s01", 67: None, "time": 86400, "next": "10.20.0.1"}),
        (("02:00:5e:10:02:00", {}, {}), {"ip": "10.20.16.32", 12: b"r16s32", 3: b"\x0a\x14\0\1", 15: b"cluster.example"}),
        # boot values by architecture; iPXE before the firmware that loaded it
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\7"}, {}), {"ip": "10.20.1.2", 67: b"ipxe-x86_64.efi\0"}),
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\x09"}, {}), {67: b"ipxe-x86_64.efi\0"}),
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\x0b"}, {}), {67: b"ipxe-arm64.efi\0"}),
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\0"}, {}), {67: b"undionly.kpxe\0"}),
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\7", 77: b"iPXE"}, {}), {67: b"http://10.20.0.1/boot.ipxe\0"}),
        (("02:00:5e:10:00:02", {60: PXE, 93: b"\0\6"}, {}), {67: None}),
        # a board that is not known
        ((STRANGER, {}, {}), {"ip": "10.20.200.0", "time": 600, 67: None}),
        ((STRANGER, {60: PXE, 93: b"\0\7", 175: b"\xb1\1\0"}, {}), {"ip": "10.20.200.0", 67: b"discover.ipxe\0"}),
        ((STRANGER, {60: PXE, 93: b"\0\7"}, {}), {"ip": "10.20.200.0", 67: b"ipxe-x86_64.efi\0"}),
        # the controllers, and no strangers among them
        (("02:00:5e:11:00:21", {}, {"giaddr": "10.21.0.1"}), {"ip": "10.21.2.1", 12: b"r02s01-bmc"}),
        ((STRANGER, {}, {"giaddr": "10.21.0.1"}), None),
    ],
    "campus": [
        ((STRANGER, {}, {"giaddr": "10.7.0.1"}), {"ip": "10.7.0.20", 3: b"\x0a\7\0\1", 15: b"b7.campus.example",
                                                  "time": 28800}),
        ((STRANGER, {}, {"giaddr": "10.40.2.1"}), {"ip": "10.40.0.20"}),
        ((STRANGER, {82: ROOM}, {"giaddr": "172.16.3.1"}), {"ip": "172.16.3.20", 15: b"rooms.campus.example", 82: ROOM}),
        ((STRANGER, {}, {"giaddr": "192.0.2.200"}), {"ip": "10.200.0.20", 15: b"campus.example"}),
        ((STRANGER, {82: relay(b"Gi1/0/48", b"sw-1-1")}, {"giaddr": "10.1.0.1"}), {"ip": "10.1.0.5", 12: b"door-1"}),
        ((STRANGER, {82: relay(b"Gi1/0/48", b"sw-1-2")}, {"giaddr": "10.1.0.1"}), {"ip": "10.1.0.20", 12: None}),
        ((STRANGER, {82: relay(b"Gi1/0/47")}, {"giaddr": "10.2.0.1"}), {"ip": "10.2.0.6", 12: b"printer-2"}),
        ((STRANGER, {82: relay(b"Gi1/0/47")}, {"giaddr": "10.3.0.1"}), {"ip": "10.3.0.20"}),
        ((STRANGER, {}, {"giaddr": "10.41.0.1"}), None),
        ((STRANGER, {}, {}), None),
    ],
    "office": [
        (("02:00:5e:01:00:01", {}, {}), {"ip": "192.168.10.10", 12: b"boss", 15: b"office.example", 114: None}),
        (("02:00:5e:01:00:02", {}, {}), {"ip": "192.168.10.50", 12: b"laptop", "time": 12 * 3600}),
        (("02:00:5e:01:00:99", {}, {}), None),
        ((STRANGER, {60: b"AcmePhone 9", 55: b"\1\3"}, {}), {
            "ip": "192.168.10.20", 43: b"\1\4\xc0\xa8\x0a\3\2\2\0\x14\xff", 150: None, "time": 7 * 86400}),
        (("02:00:5e:aa:00:01", {55: b"\1\x96"}, {}), {"ip": "192.168.10.20", 150: b"\xc0\xa8\x0a\3"}),
        ((STRANGER, {60: b"Big LaserJet", 55: b"\1"}, {}), {
            "ip": "192.168.10.20", 125: b"\0\0\x11\x8b\x08\1\6office", 43: None}),
        ((STRANGER, {}, {}), {"ip": "192.168.10.100", "time": 1800, 15: b"guests.example", 108: None,
                              114: b"https://guests.office.example/"}),
        ((STRANGER, {55: b"\1\x6c\x72"}, {}), {108: b"\0\0\7\x08", 114: b"https://guests.office.example/"}),
    ],
    "lab": [
        (("02:00:5e:66:00:01", {}, {}), None),  # accept
        (("02:00:5e:77:03:11", {}, {}), {"ip": "10.99.103.17", 12: b"bench3-17"}),  # identify
        (("02:00:5e:77:00:11", {}, {}), {"ip": "10.99.1.0", 12: None}),
        ((STRANGER, {}, {}), {"ip": "10.99.1.0", "time": 3600, 15: b"lab.example", 67: None}),
        ((STRANGER, {60: b"board-x"}, {}), {  # choose and finish
            "ip": "10.99.2.0", 15: b"boards.lab.example", "time": 3600, 67: b"boards/02-11-22-33-44-55.cfg"}),
        ((STRANGER, {60: b"board-x", 77: b"v2"}, {}), {"ip": "10.99.2.0", 67: b"v2.img"}),
        ((STRANGER, {77: b"v2"}, {}), {"ip": "10.99.1.0", 67: b"v2.img"}),
    ],
}


@pytest.mark.parametrize(("name", "client", "promised"), [
    pytest.param(name, client, promised, id=f"{name}-{number}")
    for name, cases in CASES.items() for number, (client, promised) in enumerate(cases)])
def test_a_client_of_an_example_gets_what_the_file_promises(bench, name, client, promised):
    bench.now = NOON
    hardware, options, fields = client
    ack = bound(ready(bench, name), name, hardware, options, **fields)
    if promised is None:
        assert ack is None
    else:
        assert ack is not None
        assert {code: said(ack, code) for code in promised} == promised


def test_slurm_firmware_ipxe_and_system_share_an_address(bench):
    ready(bench, "slurm")
    for identifier in (b"\0firmware", b"\1" + mac(STRANGER), b"\xff\0\0\0\1duid"):
        assert bound(bench, "slurm", STRANGER, {61: identifier}).yiaddr == "10.20.200.0"


def test_slurm_a_node_with_another_address_is_refused(bench):
    nak, = ready(bench, "slurm").say(bench.request(mac(STRANGER), options={50: "10.20.100.7"}))
    assert nak.kind == NAK


@pytest.mark.parametrize(("options", "promised"), [
    (FIRMWARE, {60: b"PXEClient", "next": "192.168.20.5"}),
    (HTTP, {60: b"HTTPClient", 67: b"http://192.168.20.5/ipxe.efi"}),
    (IPXE, {67: b"boot.ipxe\0", "next": "192.168.20.5"}),
])
def test_netboot_proxy_tells_what_to_boot_and_gives_no_address(bench, options, promised):
    offer, = ready(bench, "netboot-proxy").say(bench.discover(mac(STRANGER), options=options))
    assert (offer.kind, offer.yiaddr) == (OFFER, "0.0.0.0")
    assert {code: said(offer, code) for code in promised} == promised
    assert (b"Debian installer" in offer.packet.options.get(43, b"")) is (options is FIRMWARE)


def test_campus_a_replaced_device_gets_its_predecessors_address(bench):
    ready(bench, "campus")
    got = [bound(bench, "campus", client, {82: port}, giaddr="172.16.1.1").yiaddr
           for client, port in ((STRANGER, ROOM), ("02:11:22:33:44:66", ROOM), ("02:11:22:33:44:77", ROOM2))]
    assert got == ["172.16.1.20", "172.16.1.20", "172.16.1.21"]


def test_campus_a_port_of_the_hall_has_two_devices_at_most(bench):
    ready(bench, "campus")
    got = [bound(bench, "campus", f"02:11:22:33:44:{n:02x}", {82: relay(port)}, giaddr="192.0.2.200")
           for n, port in enumerate((b"p1", b"p1", b"p1", b"p2"))]
    assert [reply and reply.yiaddr for reply in got] == ["10.200.0.20", "10.200.0.21", None, "10.200.0.22"]


def test_office_guests_have_shorter_leases_when_the_pool_is_nearly_full(bench):
    ready(bench, "office")
    times = []
    for number in range(125):
        times.append(seconds(bound(bench, "office", f"02:11:22:33:44:{number:02x}")))
        bench.now += 2  # how full a pool is, is not counted for each client anew
    assert times[:100] == [1800] * 100
    assert times[-4:] == [600] * 4


@pytest.mark.parametrize(("who", "options", "name"), [
    ("02:00:5e:01:00:01", {}, "boss.office.example"),
    ("02:00:5e:01:00:02", {}, "laptop.office.example"),
    ("02:00:5e:aa:00:01", {}, "dhcp-192-168-10-20.office.example"),
    ("02:00:5e:aa:00:02", {12: b"reception"}, "reception.office.example"),
    (STRANGER, {12: b"guest"}, None),
])
def test_office_names_all_but_guests(bench, who, options, name):
    ready(bench, "office")
    row = bench.hosts.store.row(address_from(bound(bench, "office", who, options).yiaddr))
    found = registration_of(bench.server.serving.policy, row, bench.now)
    assert (found.name if found else None) == name


def test_lab_leases_of_boards_are_short_at_night(bench):
    bench.now = NIGHT
    ready(bench, "lab")
    assert seconds(bound(bench, "lab", STRANGER, {60: b"board-x"})) == 600
    assert seconds(bound(bench, "lab", "02:11:22:33:44:66")) == 3600
