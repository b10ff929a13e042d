"""What daemon and child say to each other, and that the trouble of one part is not that of the others."""

import asyncio
import json
import logging
import socket

import pytest

from pydhcpd.services.child.__main__ import PARTS, Child
from pydhcpd.services.child.messages import RECORDS, REPORTS, Link, message_from
from pydhcpd.services.report import BEGUN, FAILED, Report, Standing

REPORT = Report(FAILED, "tftp", "a\udcff", "192.0.2.7", 100, 50, 0.25, "words")


class Part:
    """Does what the test wants."""

    made: list["Part"] = []

    def __init__(self, sock, tell):
        self.sock, self.tell, self.settings, self.closed = sock, tell, [], False
        self.made.append(self)

    async def configure(self, settings):
        if settings.get("fault"):
            raise RuntimeError("no such root")
        self.settings.append(settings)

    async def close(self):
        self.closed = True


@pytest.fixture
def ends():
    """Both ends of the socket."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def said(ours):
    """All that has come up."""
    ours.setblocking(False)
    found = []
    while True:
        try:
            found.append(message_from(ours.recv(1 << 16)))
        except BlockingIOError:
            return found


def test_a_report_comes_as_it_was():
    assert message_from(REPORT.line()) == (REPORT, logging.ERROR, "", None)


def test_how_a_part_fares_comes_as_it_was():
    standing = Standing("3 connections", 1, 2)
    assert message_from(standing.line()).standing == standing


@pytest.mark.parametrize("line", [b'{"standing": 1}', b'{"standing": {"words": 1, "more": 2}}',
                                  b"Traceback (most recent call last):\n", b"{}", b"[]", b"1", b"\xff", b'{"what": 1}',
                                  b'"what"', b'{"level": "x", "words": 1}'])
def test_what_is_no_message_is_a_line_of_the_log(line):
    report, level, words, _ = message_from(line)
    assert report is None and level == logging.ERROR and words == line.decode("utf-8", "replace").strip()


def test_what_goes_up_is_bounded(ends):
    async def flood():
        link = Link(ends[1])
        for _ in range(10_000):
            link.report(REPORT)
            link.say(logging.WARNING, "x" * 10_000)
    asyncio.run(flood())
    found = said(ends[0])
    assert sum(one.report is not None for one in found) <= REPORTS + 50
    assert sum(one.report is None for one in found) <= RECORDS + 5
    assert max(len(one.words) for one in found) == 4000


def test_a_daemon_that_does_not_read_holds_nobody_up(ends):
    async def talk():
        link = Link(ends[1])
        for _ in range(300):
            link._send(b"x" * 4000)
    asyncio.run(asyncio.wait_for(talk(), 5))


def run(ends, *documents):
    """A child that is given these documents, and then the end."""
    async def serve():
        link = Link(ends[1])
        child = asyncio.ensure_future(Child(link, {"one": "socket 1", "two": "socket 2"}).run(documents[0]))
        for document in documents[1:]:
            ends[0].send(json.dumps(document).encode())
        ends[0].shutdown(socket.SHUT_WR)
        await asyncio.wait_for(child, 5)
    asyncio.run(serve())


@pytest.fixture
def parts(monkeypatch):
    """Parts of the test's own."""
    monkeypatch.setattr(Part, "made", [])
    for name in ("one", "two"):
        monkeypatch.setitem(PARTS, name, f"{__name__}:Part")
    return Part.made


def test_a_part_lives_as_long_as_it_is_wanted(ends, parts):
    run(ends, {"parts": {"one": {"n": 1}}}, {"parts": {"one": {"n": 2}, "two": {}}}, {"parts": {"two": {"n": 3}}})
    one, two = parts
    assert (one.sock, one.settings, one.closed) == ("socket 1", [{"n": 1}, {"n": 2}], True)
    assert (two.sock, two.settings, two.closed) == ("socket 2", [{}, {"n": 3}], True)


def test_the_trouble_of_one_part_is_not_that_of_others(ends, parts, caplog):
    run(ends, {"parts": {"one": {"fault": True}, "two": {}}})
    assert [part.settings for part in parts] == [[], [{}]]
    assert "one is not served" in caplog.text


def test_reports_of_a_part_go_up(ends, parts):
    async def serve():
        link = Link(ends[1])
        child = asyncio.ensure_future(Child(link, {"one": "socket 1"}).run({"parts": {"one": {}}}))
        await asyncio.sleep(0)
        parts[0].tell(Report(BEGUN, "http", "x", "192.0.2.7"))
        ends[0].shutdown(socket.SHUT_WR)
        await child
    asyncio.run(serve())
    assert [one.report.what for one in said(ends[0])] == [BEGUN]
