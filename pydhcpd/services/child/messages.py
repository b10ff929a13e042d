"""What daemon and child say to each other: `Link` is the child's end, a `Message` what the daemon reads at its own.

What goes up is bounded, for strangers are the cause of it and the daemon has other work: reports and records beyond a number a
second are counted, and what the daemon does not read in time is lost.
"""

import asyncio
import json
import logging
import socket
from contextlib import suppress
from typing import NamedTuple

from pydhcpd.services.report import BEGUN, SENDING, Report, Standing, report_from

LONGEST_DOCUMENT = 1 << 16
LONGEST_MESSAGE = 1 << 16
LONGEST_WORDS = 4000  # characters of a record of the log
REPORTS = 200.0  # a second
RESERVE = {BEGUN: REPORTS / 2, SENDING: REPORTS * 3 / 4}  # room that is left for others
RECORDS = 20.0  # of the log, a second
PERIOD = 60.0  # seconds until it is told again how many reports there were too many


class Message(NamedTuple):
    """A report, or how a part fares; else a record of the log, with its level."""

    report: Report | None
    level: int = logging.ERROR
    words: str = ""
    standing: Standing | None = None


def message_from(line: bytes) -> Message:
    """Read a message; one that is none is what the interpreter itself wrote on standard error."""
    try:
        fields = json.loads(line)
        if "what" in fields:
            return Message(report_from(fields))
        if "standing" in fields:
            return Message(None, standing=Standing(**fields["standing"]))
        return Message(None, int(fields["level"]), str(fields["words"]))
    except (ValueError, TypeError, KeyError):
        return Message(None, words=line.decode("utf-8", "replace").strip())


class _Bucket:
    """Lets so many through in a second, and counts the others."""

    def __init__(self, rate: float) -> None:
        self._rate = self._left = rate
        self._at = 0.0
        self.over = 0

    def takes(self, now: float, reserve: float = 0.0) -> bool:
        """Whether one more may pass, that leaves room for so many others."""
        self._left = min(self._left + (now - self._at) * self._rate, self._rate)
        self._at = now
        if self._left < 1.0 + reserve:
            self.over += 1
            return False
        self._left -= 1.0
        return True


class Link:
    """The child's end of the socket. Never waits for the daemon to read."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._loop = asyncio.get_running_loop()
        self._reports, self._records = _Bucket(REPORTS), _Bucket(RECORDS)
        self._tell_after = 0.0

    async def receive(self) -> bytes:
        """The next document. Raises EOFError where the daemon has ended, or wants us to."""
        if document := await self._loop.sock_recv(self._socket, LONGEST_DOCUMENT):
            return document
        raise EOFError

    def tell(self, what: Report | Standing) -> None:
        """Tell what a part tells. How it fares, it tells seldom by itself."""
        if isinstance(what, Standing):
            self._send(what.line())
        else:
            self.report(what)

    def report(self, report: Report) -> None:
        """Tell of a file; how it ended is worth more than that it has begun, or how far it has got."""
        now = self._loop.time()
        if self._reports.takes(now, RESERVE.get(report.what, 0.0)):
            self._tell_untold(now)
            self._send(report.line())

    def _tell_untold(self, now: float) -> None:
        if self._reports.over and now >= self._tell_after:
            over, self._reports.over, self._tell_after = self._reports.over, 0, now + PERIOD
            self.say(logging.WARNING, f"{over} files that were asked for are not told, for there were too many at a time")

    def say(self, level: int, words: str) -> None:
        """Have this written into the log."""
        if self._records.takes(self._loop.time()):
            self._send(json.dumps({"level": level, "words": words[:LONGEST_WORDS]}).encode())

    def _send(self, line: bytes) -> None:
        with suppress(OSError):  # nobody reads, or not fast enough
            self._socket.send(line)
