"""`PageSession`: what the status page asks. The commands of the prompt that show something, in JSON, and two more for paging.

It is no prompt for people: nothing is said at the beginning, a line is a command, and an empty line ends each answer. Nothing
that changes anything can be asked for, nor what looks at the network or writes a file.
"""

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from typing import ClassVar

from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.control.dispatch import JSON, Command, Document, Refused, Row, json_line, split
from pydhcpd.control.output import EventRow, event_document, metric_document, metric_line
from pydhcpd.control.session import SessionOver
from pydhcpd.errors import InvalidValue

END = b"\r\n"
MOST_ROWS = 1000  # of an answer; one more says that there are more
MOST_OF_PAGE = 500
WAYS = {"ascending": False, "descending": True}
NONE = "-"
"""In the place of a cursor or a number that there is none of."""


class PageSession(ThreadedTCPRequestHandler):
    """Answers one question after the other, until the page's process has ended."""

    views: ClassVar[frozenset[str]] = frozenset({
        "alarms", "boots", "capture", "classes", "clients", "configuration", "count", "dns", "events", "explain", "history",
        "hosts", "latest", "leases", "metrics", "networks", "page", "pools", "services", "statistics", "version", "who"})

    def handle(self) -> None:
        """Answer, as long as anybody asks."""
        with suppress(SessionOver):
            while True:
                self.obey(self._receive_line())
                self._send(END)

    def obey(self, line: bytes) -> None:
        """Answer the question in a line."""
        self._obey(split(line.decode("utf-8", "surrogateescape")) or [JSON])

    def _command(self, word: str, arguments: list[str]) -> tuple[Command, bool]:
        command, is_change = super()._command(word, arguments)
        if is_change or word not in self.views:
            raise Refused(f"{word}: nothing that the status page shows")
        return command, is_change

    def _show(self, rows: Iterable[Row], *arguments: object, **more: object) -> int:
        return super()._show(islice(rows, MOST_ROWS + 1), *arguments, **more)  # type: ignore[arg-type]

    def do_metrics(self) -> None:
        """show what is measured, however much that is: it is bounded where it is named"""
        super()._show(self.server.sources.metrics(), metric_line, metric_document)

    def do_page(self, field: str, way: str, limit: str, cursor: str, *what: str) -> None:
        """show a page of leases: page FIELD ascending|descending LIMIT CURSOR|- [WHAT]
        WHAT is what it is for leases. Last comes a document with the cursors of the page behind it, and of that before it."""
        found = self.server.sources.page(what, field, _way(way), "" if cursor == NONE else cursor, _limit(limit))
        self._show(found.rows, str, lambda row: row._asdict())
        self._say(json_line({"next": found.next or None, "previous": found.previous or None}))

    def do_count(self, *what: str) -> None:
        """say how many leases there are: count [WHAT]"""
        self._say(json_line({"count": self.server.sources.count(what)}))

    def do_latest(self, limit: str, first: str = NONE, last: str = NONE) -> None:
        """show events, the newest first: latest LIMIT [FIRST|- [LAST|-]]
        They are numbered; FIRST is the least number that is shown, LAST the least that is not any more. Last comes a document
        with the number of the next event that there will be."""
        rows, following = self.server.sources.latest(_limit(limit), _number(first), _number(last))
        self._show(rows, str, _numbered)
        self._say(json_line({"following": following}))


def _numbered(one: tuple[int, EventRow]) -> Document:
    number, row = one
    return {"number": number, **event_document(row)}


def _way(word: str) -> bool:
    try:
        return WAYS[word]
    except KeyError:
        raise InvalidValue(f"leases cannot be in {word} order; allowed are {', '.join(WAYS)}") from None


def _limit(word: str) -> int:
    limit = _number(word)
    if limit is None or not 1 <= limit <= MOST_OF_PAGE:
        raise InvalidValue(f"{word} rows cannot be shown; allowed are 1 to {MOST_OF_PAGE}")
    return limit


def _number(word: str) -> int | None:
    if word == NONE:
        return None
    if not word.isascii() or not word.isdecimal() or len(word) > 18:
        raise InvalidValue(f"{word} is no number")
    return int(word)
