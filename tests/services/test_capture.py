"""Captures of single clients: what is in them, and that they are bounded in size, time and number."""

import os
import shutil
import subprocess
import time

import pytest
from rig import ALICE, BOB

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.services import captures
from pydhcpd.services.captures import Captures
from pydhcpd.whatif.captures import frames
from pydhcpd.whatif.datagrams import datagram_in
from pydhcpd.wire.packet import Packet

PATIENCE = 10.0


@pytest.fixture
def made(bench):
    one = Captures(bench.server)
    yield one
    for running in one._running:
        running.ends = 0
    wait_until(lambda: bench.server.tap is None)


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def settled(made, number):
    wait_until(lambda: [row.messages for row in made.rows()] == [number])


def messages(path):
    with path.open("rb") as file:
        found = [(frame, datagram_in(frame.link_type, frame.data)) for frame in frames(file)]
    return [(frame.interface, one.port, one.destination_port, Packet.decode(one.payload)) for frame, one in found]


@pytest.mark.parametrize("who", [ALICE.hex(":"), "192.0.2.10"])
def test_what_a_client_says_and_is_told_and_nothing_of_others(bench, made, tmp_path, who):
    if who[0] == "1":
        bench.lease(ALICE)
    assert bench.server.tap is None
    path = made.begin(tmp_path, who, "a.pcapng", 60)
    bench.lease(ALICE)
    bench.lease(BOB)
    settled(made, 4)
    found = messages(path)
    assert [one[3].message_type for one in found] == [1, 2, 3, 5]
    assert {one[3].hardware for one in found} == {ALICE}
    assert [one[:3] for one in found[:2]] == [("eth1", 68, 67), ("eth1", 67, 68)]


def test_an_address_without_a_lease_is_found_in_whatever_names_it(bench, made, tmp_path):
    made.begin(tmp_path, "192.0.2.10", "a.pcapng", 60)
    bench.lease(ALICE)
    settled(made, 3)  # OFFER, REQUEST by option 50, ACK


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_it_with_right_sums_and_the_comment(bench, made, tmp_path):
    path = made.begin(tmp_path, ALICE.hex(":"), "a.pcapng", 60)
    bench.lease(ALICE)
    settled(made, 4)
    words = ["tshark", "-r", str(path), "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-T", "fields",
             "-e", "dhcp.option.dhcp", "-e", "ip.checksum.status", "-e", "udp.checksum.status", "-e", "ip.dst", "-e",
             "frame.interface_name", "-e", "frame.packet_flags_direction", "-e", "_ws.malformed"]
    read = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    lines = [line.rstrip("\t").split("\t") for line in read]
    assert [line[:3] for line in lines] == [[str(kind), "1", "1"] for kind in (1, 2, 3, 5)]
    assert lines[1][3:5] == ["192.0.2.10", "eth1"]
    assert [int(line[5], 0) for line in lines] == [1, 2, 1, 2]
    assert b"headers were made by pydhcpd" in path.read_bytes()[:400]


def test_it_ends_by_itself_and_costs_nothing_from_then_on(bench, made, tmp_path, caplog):
    caplog.set_level("INFO")
    made.begin(tmp_path, ALICE.hex(":"), "a.pcapng", 1)
    assert bench.server.tap is made
    wait_until(lambda: bench.server.tap is None)
    assert list(made.rows()) == [] and "has ended with 0 messages: its time is over" in caplog.text
    made.begin(tmp_path, ALICE.hex(":"), "b.pcapng", 60)
    bench.lease(ALICE)
    settled(made, 4)


def test_it_is_bounded_in_size_and_ends_with_a_whole_message(bench, made, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(captures, "LARGEST", 1500)
    path = made.begin(tmp_path, ALICE.hex(":"), "a.pcapng", 60)
    bench.lease(ALICE)
    wait_until(lambda: bench.server.tap is None)
    assert path.stat().st_size <= 1500 and 0 < len(messages(path)) < 4
    assert "that it may have" in caplog.text


def test_a_full_disk_ends_it_and_leaves_what_was_whole(bench, made, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    path = made.begin(tmp_path, ALICE.hex(":"), "a.pcapng", 60)
    real, written = os.write, []

    def write(file, data):
        if written:
            raise OSError(28, "No space left on device")
        written.append(real(file, data[:200]))  # some of it goes, as on a disk that becomes full
        return written[-1]

    monkeypatch.setattr(captures.os, "write", write)
    bench.lease(ALICE)
    wait_until(lambda: bench.server.tap is None)
    assert messages(path) == [] and "No space left on device" in caplog.text


def test_few_at_a_time(bench, made, tmp_path):
    for number in range(captures.MOST_AT_ONCE):
        made.begin(tmp_path, ALICE.hex(":"), f"{number}", 60)
    with pytest.raises(InvalidValue, match="wait until one has ended"):
        made.begin(tmp_path, ALICE.hex(":"), "more", 60)
    assert [(row.client, row.remaining > 50) for row in made.rows()] == [(ALICE.hex(":"), True)] * 4


def test_the_path_waits_for_nothing(bench, made, tmp_path, monkeypatch, caplog):
    path = made.begin(tmp_path, ALICE.hex(":"), "a.pcapng", 60)
    with made._lock:  # the thread is held up
        for _ in range(captures.MOST_WAITING):
            bench.say(bench.discover(ALICE))
    wait_until(made._waiting.empty)
    assert made.missed >= captures.MOST_WAITING - 2
    assert messages(path)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/etc/passwd", ".hidden", "-r", "a b", "a\0", "ä", "a" * 101, "a\n"])
def test_a_file_is_a_bare_name(made, tmp_path, name):
    with pytest.raises(InvalidValue, match="is no name of a capture"):
        made.begin(tmp_path, ALICE.hex(":"), name, 60)


@pytest.mark.parametrize(("who", "seconds", "words"), [
    ("192.0.2.300", 60, "not an IPv4 address"), ("printer", 60, "not a hardware address"),
    ("02:00:00:00:99", 60, "has 5 octets"), (ALICE.hex(":"), 0, "allowed are 1 to 3600"),
    (ALICE.hex(":"), 3601, "allowed are 1 to 3600")])
def test_what_is_no_client_or_no_time_is_told(made, tmp_path, who, seconds, words):
    with pytest.raises(InvalidValue, match=words):
        made.begin(tmp_path, who, "a", seconds)
    assert not (tmp_path / "captures").exists()


def test_nothing_is_overwritten_and_nothing_written_elsewhere(made, tmp_path):
    directory, other = tmp_path / "captures", tmp_path / "other"
    made.begin(tmp_path, ALICE.hex(":"), "a", 60)
    assert directory.stat().st_mode & 0o7777 == 0o750 and (directory / "a").stat().st_mode & 0o137 == 0
    (directory / "link").symlink_to(other)
    for name in ("a", "link"):
        with pytest.raises(InvalidValue, match="is there already"):
            made.begin(tmp_path, ALICE.hex(":"), name, 60)
    assert not other.exists()
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "captures").symlink_to(directory)
    with pytest.raises(InvalidValue, match="cannot be used"):
        made.begin(tmp_path / "there", ALICE.hex(":"), "b", 60)


def test_the_directory_does_not_fill_the_disk(made, tmp_path):
    (tmp_path / "captures").mkdir()
    with (tmp_path / "captures" / "old").open("wb") as file:
        file.truncate(captures.MOST_KEPT)
    with pytest.raises(InvalidValue, match="remove old captures"):
        made.begin(tmp_path, ALICE.hex(":"), "a", 60)


def test_a_message_that_is_cut_off_is_nobodys():
    one = captures.Passed(0.0, 1, 2, 0, 68, 0, 67, b"\1\1")
    assert not captures.of_machine(ALICE)(one) and not captures.of_address(address_from("192.0.2.10"))(one)
