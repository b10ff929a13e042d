"""PXE's own suboptions of option 43 (PXE Specification 2.1, tables 2-1 and 2-3), with tshark as judge."""

import shutil
import struct
import subprocess

import pytest

from pydhcpd.wire.packet import BOOTREPLY, Packet
from pydhcpd.wire.pxe import THIS_FILE, boot_item, encode_item, encode_menu

OURS, OTHER = 0x0A000001, 0x0A000009
MENU = encode_menu(b"Boot what?", 10, [(0x8000, b"Debian"), (1, b"RIS"), (0, b"Own disk")], {0x8000: OURS, 1: OTHER})


def judged(tmp_path, vendor_options):
    """What tshark reads in an OFFER with this option 43, by the last part of the field's name."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    message = Packet(BOOTREPLY, hardware=b"\2" * 6, options={53: b"\2", 60: b"PXEClient", 43: vendor_options}).encode()
    udp = struct.pack(">HHHH", 67, 68, 8 + len(message), 0) + message
    ip = struct.pack(">BBHHHBBH8s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, bytes(8)) + udp
    frame = b"\xff" * 6 + b"\2" * 6 + b"\x08\x00" + ip
    capture = tmp_path / "capture.pcap"
    capture.write_bytes(struct.pack("<IHHiIIIIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1, 0, 0, len(frame), len(frame)) + frame)
    names = ["discovery_control", "boot_servers.type", "boot_servers.count", "boot_servers.ip", "boot_menu.type",
             "boot_menu.desc", "menu_prompt.timeout", "menu_prompt.prompt", "boot_item.type", "boot_item.layer"]
    fields = [word for name in names for word in ("-e", f"dhcp.option.vendor.pxeclient.{name}")]
    said = subprocess.run(["tshark", "-r", capture, "-T", "fields", *fields, "-e", "_ws.malformed"], capture_output=True,
                          text=True, check=True).stdout.rstrip("\n").split("\t")
    assert said.pop() == ""
    return {name: value for name, value in zip(names, said, strict=True) if value}


def test_tshark_reads_the_menu(tmp_path):
    assert judged(tmp_path, MENU) == {
        "discovery_control": "0x03", "boot_servers.type": "32768,1", "boot_servers.count": "1,1",
        "boot_servers.ip": "10.0.0.1,10.0.0.9", "boot_menu.type": "32768,1,0", "boot_menu.desc": "Debian,RIS,Own disk",
        "menu_prompt.timeout": "10", "menu_prompt.prompt": "Boot what?"}


def test_tshark_reads_that_a_file_is_to_be_booted(tmp_path):
    assert judged(tmp_path, THIS_FILE) == {"discovery_control": "0x08"}


def test_tshark_reads_the_item(tmp_path):
    assert judged(tmp_path, encode_item(0x8001, 0) + THIS_FILE) == {
        "discovery_control": "0x08", "boot_item.type": "32769", "boot_item.layer": "0000"}


def test_without_boot_servers_there_is_no_list_of_them():
    assert encode_menu(b"?", 255, [(0, b"disk")], {}) == bytes.fromhex("060103 0907 0000 04") + b"disk" + b"\x0a\2\xff?\xff"


@pytest.mark.parametrize(("data", "item"), [
    (bytes.fromhex("47048001 0000 ff"), (0x8001, 0)), (bytes.fromhex("4704 8001 8001"), (0x8001, 0x8001)),
    (bytes.fromhex("0000 060108 4704 00010000 ff"), (1, 0)),  # padding and others before it
    (bytes.fromhex("ff 4704 8001 0000"), None), (b"", None), (b"\x47", None), (b"\x47\4\x80", None),
    (bytes.fromhex("4702 8001"), None), (bytes.fromhex("4705 8001 0000 00"), None), (THIS_FILE, None), (bytes(300), None)])
def test_the_item_that_is_asked_for_is_read_or_is_none(data, item):
    assert boot_item(data) == item
