"""`boots` at the prompt: a line for each file, a first screen, and what narrows it down."""

import json

import pytest

from pydhcpd.control.boots import _test
from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.control.output import BootRow, local_time
from pydhcpd.control.sources import Sources

NOW = 1_700_000_000.0


def row(address="10.1.2.3", file="ipxe.efi", outcome="1.0 MB in 0.200 s, 5.0 MB/s", **more):
    fields = {"hardware_address": "02:00:00:00:99:07", "name": "node1", "protocol": "HTTP", "state": "finished",
              "size": 1_000_000, "sent": 1_000_000, "seconds": 0.2, "trouble": "", "times": 1, **more}
    return BootRow(NOW, address, file=file, outcome=outcome, **fields)


MISSING = row("10.11.0.9", "pxelinux.0", "failed: asked for pxelinux.0, which is not there", hardware_address="", name="",
              protocol="TFTP", state="failed", size=None, sent=0, trouble="asked for pxelinux.0, which is not there", times=3)


class Session(ThreadedTCPRequestHandler):
    """One that keeps what it says."""

    def __init__(self, *rows):
        self.lines, self.server = [], self
        self.sources, self._is_json = Sources(), False
        self.sources.boots = lambda: iter(rows)

    def clock(self):
        return NOW

    def _stream(self, lines):
        before = len(self.lines)
        self.lines += lines
        return len(self.lines) - before


def test_a_line_says_who_what_and_how_it_went():
    session = Session(row(), MISSING)
    session.do_boots()
    head, first, second = session.lines
    assert [" ".join(line.split()) for line in (head, first, second)] == [
        "asked for address hardware address name by what became of it",
        f"{local_time(NOW)} 10.1.2.3 02:00:00:00:99:07 node1 HTTP ipxe.efi: 1.0 MB in 0.200 s, 5.0 MB/s",
        f"{local_time(NOW)} 10.11.0.9 - - TFTP failed: asked for pxelinux.0, which is not there (3 times)"]


def test_nothing_yet():
    session = Session()
    session.do_boots()
    assert session.lines == ["none"]


def test_a_screen_then_how_many_more():
    session = Session(*(row(f"10.1.0.{number}") for number in range(50)))
    session.do_boots("10.1")
    assert len(session.lines) == 22 and session.lines[-1] == "and 30 more: boots 10.1 all"
    session.lines.clear()
    session.do_boots("10.1", "all")
    assert len(session.lines) == 51


def test_json_has_all_by_name():
    session = Session(row(), MISSING)
    session._is_json = True
    session.do_boots("tftp")
    assert [json.loads(line) for line in session.lines] == [{
        "time": NOW, "address": "10.11.0.9", "hardware_address": "", "name": "", "protocol": "TFTP", "file": "pxelinux.0",
        "state": "failed", "size": None, "sent": 0, "seconds": 0.2, "trouble": "asked for pxelinux.0, which is not there",
        "times": 3}]


def test_what_strangers_wrote_is_safe_to_show():
    session = Session(row(file="\x1b[2J", name="\r\n"))
    session.do_boots()
    assert all(line.isprintable() for line in session.lines)


@pytest.mark.parametrize(("word", "means"), [
    ("10.1.2.3", True), ("10.1.2", True), ("10.1.", True), ("10.1.2.0/24", True), ("10.0.0.0/8", True), ("10.1.2.30", False),
    ("10.1.2.", True), ("1.2.3", False), ("10.11.", False), ("10.11.0.0/16", False), ("IPXE", True), ("node1", True),
    ("99:07", True), ("http", True), ("tftp", False), ("finished", True), ("failed", False), ("ipxe/efi", False), ("", True),
])
def test_what_a_word_means(word, means):
    assert _test(word)(row()) is means
