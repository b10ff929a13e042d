"""Captures: pcap and pcapng in either byte order, the link types that DHCP is captured on, and files that are damaged."""

import io
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from struct import pack

import pytest

from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.whatif.captures import Frame, frames
from pydhcpd.whatif.datagrams import Datagram, datagram_in

ROOT = Path(__file__).resolve().parents[2]
DATA = [b"first frame.", b"the second one", b""]
TIME = 1_700_000_000.25


def pcap(order, magic, fractions, link_type=1):
    """A file of the form pcap with DATA."""
    made = pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link_type)
    for one in DATA:
        made += pack(order + "IIII", int(TIME), fractions // 4, len(one), len(one) + 7) + one
    return made


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return pack(order + "II", kind, len(body) + 12) + body + pack(order + "I", len(body) + 12)


def option(order, code, value):
    return pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)


def section(order):
    return block(order, 0x0A0D0D0A, pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order, link_type=1, *options, snap_length=0):
    return block(order, 1, pack(order + "HHI", link_type, 0, snap_length) + b"".join(
        option(order, *one) for one in options) + option(order, 0, b""))


def packet(order, data, ticks, index=0):
    return block(order, 6, pack(order + "IIIII", index, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data)) + data)


def pcapng(order):
    """The same of the form pcapng: by the second interface, whose clock counts 1024th of a second, from 1000 s on."""
    ticks = int((TIME - 1000) * 1024)
    return section(order) + interface(order) + interface(
        order, 1, (2, b"eth7"), (9, b"\x8a"), (14, pack(order + "q", 1000))) + block(order, 0x0BAD, b"unknown") + b"".join(
        packet(order, one, ticks, 1) for one in DATA)


def read(data):
    return list(frames(io.BytesIO(data)))


@pytest.mark.parametrize("data", [pcap("<", 0xA1B2C3D4, 10**6), pcap(">", 0xA1B2C3D4, 10**6), pcap("<", 0xA1B23C4D, 10**9),
                                  pcap(">", 0xA1B23C4D, 10**9, 0x10000001)])
def test_a_pcap_file_in_either_order_and_with_either_clock(data):
    assert read(data) == [Frame(number, TIME, 1, one) for number, one in enumerate(DATA, 1)]


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_pcapng_file_in_either_order_with_names_and_clocks_of_interfaces(order):
    assert read(pcapng(order)) == [Frame(number, TIME, 1, one, "eth7") for number, one in enumerate(DATA, 1)]


def test_sections_follow_each_other_in_different_orders():
    assert [one.interface for one in read(pcapng("<") + pcapng(">"))] == ["eth7"] * 6


def test_simple_and_old_packet_blocks():
    old = block("<", 2, pack("<HHIIII", 0, 3, 0, 5_000_000, 4, 4) + b"old!")
    simple = block("<", 3, pack("<I", 100) + b"simple to 8.")
    assert read(section("<") + interface("<", 101, snap_length=8) + old + simple) == [
        Frame(1, 5.0, 101, b"old!"), Frame(2, 0.0, 101, b"simple t")]


@pytest.mark.parametrize(("data", "said"), [
    (b"", "it is no capture; allowed are pcap and pcapng"), (b"\x1f\x8b\x08\x00", "it is no capture"),
    (pcap("<", 0xA1B2C3D4, 10**6)[:10], "it ends at octet 10, within its header"),
    (pcap("<", 0xA1B2C3D4, 10**6)[:30], "it ends at octet 30, within the header of frame 1"),
    (pcap("<", 0xA1B2C3D4, 10**6)[:45], "it ends at octet 45, within frame 1"),
    (pcap("<", 0xA1B2C3D4, 10**6) + b"\xff" * 16, "is said to have 4294967295 octets: it is damaged there"),
    (pcapng("<")[:-3], "within a block"), (section("<")[:9], "within a section header"),
    (section("<").replace(b"\x4d\x3c\x2b\x1a", b"\0" * 4), "the section header at octet 12 is damaged"),
    (section("<") + block("<", 6, b"short"), "is damaged"),
    (section("<") + packet("<", b"data", 0), "is of an interface that is not described"),
    (section("<") + pack("<III", 6, 10, 10), "is said to have 10 octets: it is damaged there"),
    (section("<") + pack("<IIII", 5, 16, 0, 20), "does not end as it begins"),
])
def test_what_is_cut_off_or_damaged_is_told_with_its_place(data, said):
    with pytest.raises(InvalidValue, match=said):
        read(data)


def test_what_is_whole_before_the_place_is_read():
    some = frames(io.BytesIO(pcap("<", 0xA1B2C3D4, 10**6)[:-20]))
    assert next(some) == Frame(1, TIME, 1, DATA[0])
    with pytest.raises(InvalidValue, match="within frame 2"):
        next(some)


def test_any_octets_are_read_or_refused():
    """Each octet of a good file in turn is another one: nothing but InvalidValue comes of it."""
    for good in (pcap("<", 0xA1B2C3D4, 10**6), pcapng(">")):
        for at in range(len(good)):
            for value in (0, 0x7F, 0xFF):
                with suppress(InvalidValue):
                    read(good[:at] + bytes([value]) + good[at + 1:])


# --- links

UDP = pack(">HHHH", 68, 67, 13, 0) + b"hello"
IP = pack(">BBHHHBBHII", 0x45, 0, 33, 0, 0, 64, 17, 0, 0x0A000001, 0xFFFFFFFF) + UDP
SAID = Datagram(0x0A000001, 68, 0xFFFFFFFF, 67, b"hello")
MACS = bytes(12)


@pytest.mark.parametrize(("link_type", "frame"), [
    (1, MACS + b"\x08\0" + IP), (1, MACS + b"\x08\0" + IP + bytes(20)), (1, MACS + b"\x81\0\0\7\x08\0" + IP),
    (1, MACS + b"\x88\xa8\0\7\x81\0\0\x08\x08\0" + IP), (1, MACS + b"\x91\0\0\7\x08\0" + IP),
    (113, bytes(14) + b"\x08\0" + IP), (113, bytes(14) + b"\x81\0\0\7\x08\0" + IP), (276, b"\x08\0" + bytes(18) + IP),
    (276, b"\x81\0" + bytes(18) + b"\0\7\x08\0" + IP),
    (101, IP), (12, IP), (14, IP), (228, IP), (0, b"\2\0\0\0" + IP), (108, b"\0\0\0\2" + IP),
    (101, b"\x46" + IP[1:2] + b"\0\x25" + IP[4:20] + b"\1\1\1\1" + UDP), (101, IP[:2] + b"\0\0" + IP[4:])])
def test_the_datagram_in_a_frame(link_type, frame):
    """Ethernet with padding and with tags of VLANs, Linux cooked of both kinds, and raw IP; options of IP."""
    assert datagram_in(link_type, frame) == SAID


@pytest.mark.parametrize(("link_type", "frame"), [
    (1, b""), (1, MACS), (1, MACS + b"\x86\xdd" + IP), (1, MACS + b"\x81\0"), (105, IP), (101, b"\x60" + IP[1:]),
    (101, IP[:9] + b"\6" + IP[10:]), (101, IP[:6] + b"\0\1" + IP[8:])])
def test_what_carries_no_datagram(link_type, frame):
    assert datagram_in(link_type, frame) is None


@pytest.mark.parametrize(("frame", "reason"), [
    (IP[:-1], "not captured to its end"), (IP[:24], "within its headers"), (IP[:6] + b"\x20\0" + IP[8:], "a fragment"),
    (b"\x41" + IP[1:], "within its headers")])
def test_what_is_missing_is_told(frame, reason):
    with pytest.raises(MalformedPacket, match=reason):
        datagram_in(101, frame)


# --- against independent programs


@pytest.mark.parametrize("form", ["pcap", "nsecpcap", "pcapng"])
def test_what_editcap_writes_is_the_same(tmp_path, form):
    file = Path(os.environ.get("PYDHCPD_CAPTURES") or ROOT.parent / "shared" / "captures") / "real.pcap"
    if not file.exists() or not shutil.which("editcap"):
        pytest.skip(f"{file} (PYDHCPD_CAPTURES names its directory) or editcap is not there")
    subprocess.run(["editcap", "-F", form, file, tmp_path / "made"], check=True, timeout=60)
    before, after = read(file.read_bytes()), read((tmp_path / "made").read_bytes())
    assert [one.data for one in before] == [one.data for one in after] and len(before) == 194
    assert [round(one.time, 5) for one in before] == [round(one.time, 5) for one in after]
