"""Who asked for what file, and what became of it: what is remembered, what is told, and that both are bounded."""

import logging

import pytest

from pydhcpd.errors import StoreError
from pydhcpd.events import words
from pydhcpd.leases.hosts import Host
from pydhcpd.services import boot_events
from pydhcpd.services.boot_events import BootEvents, octets, outcome
from pydhcpd.services.boots import SAME, Boots
from pydhcpd.services.report import BEGUN, FAILED, FINISHED, LOST, SENDING, Report

CLIENT, MAC = "10.77.0.10", "02:00:00:00:99:07"
GONE = "asked for pxelinux.0, which is not there; there is lpxelinux.0"


class Room:
    """Boots with a clock that is turned by hand, and who has which address."""

    def __init__(self, kept=1000):
        self.now = 1000.0
        self.events = []
        self.owners = {CLIENT: Host(MAC, CLIENT, "node1", 0)}
        self.asked = []
        events = BootEvents(self.events.extend, lambda: self.now)
        self.boots = Boots(events.tell, self.who, lambda: self.now, kept)

    def who(self, address):
        self.asked.append(address)
        return [self.owners[address]] if address in self.owners else []

    def hear(self, what, file="ipxe.efi", address=CLIENT, by="tftp", **more):
        self.boots.take(Report(what, by, file, address, **more))

    @property
    def rows(self):
        return [(one.report.what, one.report.file, one.report.address) for one in self.boots.newest()]

    @property
    def told(self):
        return [words(one) for one in self.events]


@pytest.fixture
def room():
    return Room()


def test_a_file_is_one_line_from_its_beginning_to_its_end(room):
    room.hear(BEGUN, size=1_002_000)
    assert room.rows == [(BEGUN, "ipxe.efi", CLIENT)]
    room.now += 5
    room.hear(FINISHED, size=1_002_000, sent=1_002_000, seconds=0.2)
    (boot,) = room.boots.newest()
    assert (boot.time, boot.hardware, boot.name, boot.report.what) == (1000.0, MAC, "node1", FINISHED)
    assert room.told == [
        f"boot begun {CLIENT} {MAC} node1: ipxe.efi by TFTP: 1.0 MB, on its way",
        f"boot finished {CLIENT} {MAC} node1: ipxe.efi by TFTP: 1.0 MB in 0.200 s, 5.0 MB/s"]


def test_what_is_not_given_says_why_and_is_a_warning(room, caplog):
    room.hear(FAILED, "pxelinux.0", trouble=GONE)
    assert room.told == [f"boot failed {CLIENT} {MAC} node1: {GONE} (TFTP)"]
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [(logging.WARNING, room.told[0])]


def test_what_breaks_off_says_how_far_it_got(room):
    room.hear(BEGUN, size=10_000_000, by="http")
    room.hear(FAILED, size=10_000_000, sent=2_500_000, seconds=3.0, trouble="the client broke it off", by="http")
    assert room.rows == [(FAILED, "ipxe.efi", CLIENT)]
    assert room.told[1].endswith("ipxe.efi by HTTP: failed after 2.5 MB of 10.0 MB: the client broke it off")


def test_how_far_it_has_got_is_no_event(room):
    room.hear(SENDING, size=10, sent=1)
    assert room.rows == [], "of what nobody knows the beginning"
    room.hear(BEGUN, size=600_000_000)
    room.hear(SENDING, size=600_000_000, sent=34_200_000, seconds=10.0)
    (boot,) = room.boots.newest()
    assert outcome(boot.report) == "34.2 MB of 600 MB by now, 3.4 MB/s"
    room.hear(FINISHED, size=600_000_000, sent=600_000_000, seconds=100.0)
    assert room.rows == [(FINISHED, "ipxe.efi", CLIENT)] and len(room.events) == 2


def test_the_newest_comes_first_and_the_oldest_goes():
    room = Room(kept=3)
    for number in range(5):
        room.hear(BEGUN, f"f{number}")
    assert [file for _, file, _ in room.rows] == ["f4", "f3", "f2"]
    room.hear(FINISHED, "f0", size=1)
    assert [file for _, file, _ in room.rows] == ["f0", "f4", "f3"], "what was forgotten meanwhile is there with its end"
    assert not {key for key in room.boots._under_way if key[2] in ("f0", "f1", "f2")}


def test_the_same_refusal_again_is_counted(room):
    for _ in range(3):
        room.now += 1
        room.hear(FAILED, "x", trouble="asked for x, which is not there")
    room.hear(FAILED, "x", trouble="another reason")
    assert [one.times for one in room.boots.newest()] == [1, 3]
    assert len(room.events) == 2
    room.now += SAME + 2
    room.hear(FAILED, "x", trouble="another reason")
    assert len(room.events) == 3


def test_two_that_ask_for_the_same_are_two(room):
    for address in (CLIENT, CLIENT, "10.77.0.11"):
        room.hear(BEGUN, address=address, size=10)
    room.hear(FINISHED, size=10, sent=10)
    assert sorted(what for what, _, _ in room.rows) == [BEGUN, BEGUN, FINISHED]
    assert [one.hardware for one in room.boots.newest()] == ["", MAC, MAC], "nobody knows who has no lease"


def test_who_had_the_address_is_not_who_has_it_now(room, monkeypatch):
    room.hear(FAILED, "x", trouble="t")
    room.owners[CLIENT] = Host("02:00:00:00:99:08", CLIENT, "node2", 0)
    monkeypatch.setattr("pydhcpd.services.boots.REMEMBERED", 0.0)
    room.hear(FAILED, "y", trouble="t")
    room.boots._machines.clear()
    room.hear(FAILED, "z", trouble="t")
    assert [one.name for one in room.boots.newest()] == ["node2", "node1", "node1"]


def test_leases_are_not_asked_for_each_file(room):
    for number in range(50):
        room.hear(BEGUN, f"f{number}")
    assert room.asked == [CLIENT]


def test_a_store_that_cannot_be_read_is_no_end(room):
    def broken(address):
        raise StoreError("no")
    room.boots._hosts = broken
    room.hear(BEGUN)
    assert room.boots.newest()[0].hardware == ""


def test_what_was_under_way_ends_with_its_process(room):
    room.hear(BEGUN, "a", size=10)
    room.hear(FINISHED, "b", size=1, sent=1)
    room.boots.take(Report(LOST, "", "", "", trouble="the file server has ended"))
    assert room.rows == [(FINISHED, "b", CLIENT), (FAILED, "a", CLIENT)]
    assert room.told[-1].endswith("failed after 0 B of 10 B: the file server has ended")
    room.hear(BEGUN, "a", size=10)
    assert room.rows[0] == (BEGUN, "a", CLIENT)


def test_a_room_full_of_machines_fills_neither_ring_nor_log(room, caplog, monkeypatch):
    monkeypatch.setattr(boot_events, "EVENTS", 100)
    for number in range(5000):
        room.hear(FAILED, "x", address=f"10.77.{number // 250}.{number % 250 + 1}", trouble="asked for x, which is not there")
    assert 100 <= len(room.events) < 1000
    assert len(caplog.records) < 200
    assert len(room.boots.newest()) == 1000
    assert len(room.boots._refused) == 1000 and len(room.boots._machines) <= 1000


@pytest.mark.parametrize(("number", "expected"), [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (12_345, "12.3 kB"), (123_456, "123 kB"), (34_200_000, "34.2 MB"),
    (4_700_000_000, "4.7 GB"), (123_000_000_000, "123 GB"),
])
def test_octets_in_words(number, expected):
    assert octets(number) == expected


@pytest.mark.parametrize(("report", "expected"), [
    (Report(FINISHED, "http", "x", "a", 5, 5, 0.0), "5 B in 0.000 s"),
    (Report(FINISHED, "http", "x", "a", 0, 0, 0.1), "0 B in 0.100 s"),
    (Report(FINISHED, "http", "x", "a", 600_000_000, 4_100_000, 12.0), "4.1 MB of 600 MB in 12 s, 342 kB/s"),
    (Report(FAILED, "tftp", "", "a", trouble="dropped"), "failed: dropped"),
])
def test_outcomes_in_words(report, expected):
    assert outcome(report) == expected
