"""The files of etc/examples: each loads without a warning, and does for real requests what it says."""

from pathlib import Path

import pytest
from rig import interface

from pydhcpd.addresses import address_from
from pydhcpd.configuration import DHCPServerConfiguration
from pydhcpd.wire.packet import ACK

EXAMPLES = sorted((Path(__file__).resolve().parents[1] / "etc" / "examples").glob("*.conf"))
OWN = {"slurm": ("eth1", "10.20.0.1"), "campus": ("eth0", "10.0.0.10"), "office": ("eth0", "192.168.10.1"),
       "lab": ("eth1", "10.50.0.1")}


def ip(text):
    return address_from(text).to_bytes(4, "big")


@pytest.fixture
def example(bench):
    """Serves an example by its name, on an interface that it names, with the address that it supposes."""
    def serve(name):
        (file,) = (one for one in EXAMPLES if one.stem == name)
        bench.interfaces = {2: interface(2, *OWN[name])}
        return bench.serve(file.read_text())
    return serve


def test_every_example_is_tested():
    assert {one.stem for one in EXAMPLES} == set(OWN)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_an_example_loads_without_a_warning(tmp_path, file):
    copy = tmp_path / file.name
    copy.write_text(file.read_text())
    configuration = DHCPServerConfiguration.load(copy)
    assert configuration.warnings == []


PXE, UEFI, BIOS, ARM = b"PXEClient:Arch:00007", b"\0\7", b"\0\0", b"\0\x0b"
PHONE, GUEST = b"Snom-d345", b"MSFT 5.0"
CASES = [
    # example, client, options, giaddr, address, options of the ACK (None: absent)
    ("slurm", "022000000101", {}, None, "10.20.1.1", {12: b"node001", 17: b"10.20.0.1:/export/nodes/rack1", 67: None,
                                                      51: (86400).to_bytes(4, "big")}),
    ("slurm", "022000001020", {60: PXE, 93: UEFI}, None, "10.20.16.32", {12: b"node512", 67: b"ipxe.efi"}),
    ("slurm", "022000000101", {60: PXE, 93: BIOS}, None, "10.20.1.1", {67: b"undionly.kpxe"}),
    ("slurm", "022000000101", {60: PXE, 93: ARM}, None, "10.20.1.1", {67: b"ipxe-arm64.efi"}),
    ("slurm", "022000000101", {60: PXE, 93: UEFI, 77: b"iPXE", 61: b"\0other"}, None, "10.20.1.1",
     {67: b"http://10.20.0.1/boot.ipxe"}),
    ("slurm", "066600000001", {}, None, "10.20.200.0", {51: (900).to_bytes(4, "big"), 12: None}),
    ("campus", "021100000001", {82: b"\1\6ge-0/1\2\2s1"}, "10.3.0.1", "10.3.2.0", {3: ip("10.3.0.1"), 15: b"campus.example"}),
    ("campus", "021100000001", {82: b"\1\x08ge-0/0/7\2\x0csw-library-1"}, "10.7.0.1", "10.7.0.20", {12: b"library-kiosk"}),
    ("campus", "021100000001", {82: b"\1\6\0\4\0\x64\1\5"}, "10.9.0.1", "10.9.0.30", {12: b"lab-gate"}),
    ("campus", "021100000001", {}, "192.0.2.44", "172.16.0.16", {51: (7200).to_bytes(4, "big"), 3: ip("172.16.0.1")}),
    ("campus", "021100000001", {60: b"Cisco Systems"}, "10.40.0.1", "10.40.2.0", {150: ip("10.0.0.69"),
                                                                                  51: (86400).to_bytes(4, "big")}),
    ("office", "021000000001", {}, None, "192.168.10.10", {12: b"boss", 15: b"office.example", 114: None}),
    ("office", "021000000002", {}, None, "192.168.10.50", {12: b"anna", 6: ip("192.168.10.1")}),
    ("office", "021000000004", {}, None, "192.168.10.11", {12: b"carl"}),
    ("office", "008077123456", {}, None, "192.168.10.30", {51: b"\xff\xff\xff\xff"}),
    ("office", "021099000001", {60: PHONE, 55: b"\1\3"}, None, "192.168.10.50",
     {43: b"\1\4" + ip("192.168.10.5") + b"\2\2\0\x14\xff"}),
    ("office", "021099000001", {60: GUEST}, None, "192.168.10.150",
     {114: b"https://portal.office.example/api", 6: ip("9.9.9.9"), 51: (1800).to_bytes(4, "big"), 108: None}),
    ("lab", "025000000001", {12: b"board-7-21"}, None, "10.50.7.21", {12: b"board-7-21", 15: b"boards.lab.example",
                                                                      17: b"10.50.0.2:/boards/board-7-21"}),
    ("lab", "025000000001", {12: b"board-nonsense"}, None, "10.50.100.0", {15: b"boards.lab.example"}),
    ("lab", "025000000002", {}, None, "10.50.100.0", {3: ip("10.50.0.1"), 67: None}),
    ("lab", "025000000003", {12: b"visitor"}, None, "10.50.200.0", {51: (600).to_bytes(4, "big")}),
    ("lab", "b827eb000001", {}, None, "10.50.100.0", {67: b"pi/b8-27-eb-00-00-01.img"}),
    ("lab", "025000000077", {}, None, "10.50.100.0", {3: None, 51: (300).to_bytes(4, "big")}),
]


@pytest.mark.parametrize(("name", "client", "options", "giaddr", "address", "expected"), CASES)
def test_an_example_does_what_it_says(example, name, client, options, giaddr, address, expected):
    bench = example(name)
    fields = {"giaddr": giaddr} if giaddr else {}
    (offer,) = bench.say(bench.discover(bytes.fromhex(client), options=options, **fields))
    (ack,) = bench.say(bench.selecting(offer.yiaddr, bytes.fromhex(client), OWN[name][1], options=options, **fields))
    assert (ack.kind, ack.yiaddr) == (ACK, address)
    assert {code: ack.packet.options.get(code) for code in expected} == expected


@pytest.mark.parametrize(("name", "client"), [("office", "021000000066"), ("lab", "025000000066")])
def test_an_example_is_silent_where_it_says_so(example, name, client):
    bench = example(name)
    assert bench.say(bench.discover(bytes.fromhex(client))) == []


def test_a_port_of_the_campus_has_four_leases_and_a_replaced_device_its_predecessors(example):
    bench = example("campus")
    port = {82: b"\1\6ge-0/1\2\2s1"}
    first = [bench.say(bench.discover(bytes((2, 0, 0, 0, 0, number)), giaddr="10.3.0.1", options=port))[0].yiaddr
             for number in range(3)]
    assert set(first) == {"10.3.2.0"}, "one lease belongs to the port"
    without_switch = {82: b"\1\6ge-0/9"}
    answered = []
    for number in range(6):
        client = bytes((2, 0, 0, 0, 1, number))
        for offer in bench.say(bench.discover(client, giaddr="10.3.0.1", options=without_switch)):
            bench.say(bench.selecting(offer.yiaddr, client, OWN["campus"][1], options=without_switch, giaddr="10.3.0.1"))
            answered.append(offer.yiaddr)
    assert len(set(answered)) == 4
