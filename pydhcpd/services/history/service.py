"""`History`: keeps the history, from the events and, where these do not tell all, from the leases.

Whatever goes wrong with its file harms nobody else: it is told once, as an alarm, and tried again; a damaged one is set aside,
and begun anew. On a disk that is nearly full it gives way to the leases.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from pydhcpd.alarms import HISTORY, HISTORY_SIZE
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.events import Event
from pydhcpd.leases.troubles import DAMAGE, FULL, code_of
from pydhcpd.services.aside import set_aside
from pydhcpd.services.databases import Foreign
from pydhcpd.services.history.book import Book
from pydhcpd.services.listener import Listener
from pydhcpd.services.room import check_room
from pydhcpd.services.service import Surroundings

log = logging.getLogger(__name__)

DAY = 86400
MEBIBYTE = 1 << 20
AGAIN = 10.0  # seconds after which it is tried again, and between looks at what is to be forgotten
CHECK_EVERY = 6 * 3600.0  # seconds between looks whether it is whole; the first one is soon after the start
BREATH = 0.02  # seconds between two portions of what takes long


class History(Listener):
    """Writes the history into a file beside the leases."""

    name = "the history"

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        hosts = surroundings.server.hosts
        self._time, self._alarms = hosts.time, hosts.store.alarms
        self._book: Book | None = None
        self._is_behind = True  # whether the leases know of what the history does not
        self._next_look = self._next_check = 0.0
        self._prepared = surroundings.configuration()

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """0 days turn it off."""
        return bool(configuration["history_days"])

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """How much is to be kept."""
        self._prepared = configuration

    def reconfigure(self) -> None:
        """The same, from now on."""
        self._path: Path = self._prepared.history_file
        self._leases: Path = self._prepared["host_file"]
        self._days, self._size = self._prepared["history_days"], self._prepared["history_size"] * MEBIBYTE

    # --- the thread

    def _run(self) -> None:
        while not self._ended.wait(self._pause()):
            self._guarded()
        self._guarded()
        if self._book is not None:
            self._book.close()

    def _guarded(self) -> None:
        """One round, whose failure is that of the history alone."""
        now = time.monotonic()
        try:
            if self._book is None and now >= self._next_look:
                self._open(now)
            missed = self.missed
            self._read()
            self._is_behind |= self.missed > missed
            if self._book is not None:
                self._keep(self._book, now)
        except sqlite3.Error as error:
            self._fail(str(error), is_damaged=code_of(error) in DAMAGE, remedy=_remedy(error, self._path))
        except Foreign as error:
            self._set_aside(str(error))
        except (OSError, InvalidValue) as error:
            self._fail(str(error))

    def _open(self, now: float) -> None:
        self._next_look = now + AGAIN
        check_room(self._path)
        self._book = Book(self._path, self._leases, self._time.note())
        self._is_behind = True

    def take(self, events: list[Event]) -> None:
        """Into the book, if that is open; else it is put right later."""
        if self._book is None:
            return
        self._book.take(events)

    def _keep(self, book: Book, now: float) -> None:
        """What is to be done besides: the clock, the comparison with the leases, and what is too old or too much."""
        note = self._time.note()
        book.set_clock(note)
        if self._is_behind:
            self._is_behind = False
            for _ in book.put_right(note.ledger):
                self._read()
                if self._ended.wait(max(BREATH, self._pause())):
                    return
            self._alarms.end(HISTORY, f"the history {self._path} is written again")
        if now >= self._next_look:
            self._next_look = now + AGAIN
            self._look_after(book)

    def _look_after(self, book: Book) -> None:
        if not book.is_in_place():
            raise Foreign("it was removed or replaced while it was in use")
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + CHECK_EVERY
            if not book.is_whole():
                raise Foreign("it is damaged")
        check_room(self._path)
        while book.forget(self._time.now() - self._days * DAY, self._size):
            self._read()
            if self._ended.wait(max(BREATH, self._pause())):
                return
        if book.used() > self._size:
            self._alarms.begin(HISTORY_SIZE, f"the history of the leases that run takes {book.used() // MEBIBYTE} MiB, so "
                               f"nothing older is kept; make history_size larger ({self._size // MEBIBYTE})", logging.WARNING)
        else:
            self._alarms.end(HISTORY_SIZE, "the history has room again")

    # --- failures

    def _fail(self, why: str, *, is_damaged: bool = False, remedy: str = "") -> None:
        """Give it up for a while, or, where the file is damaged, begin it anew."""
        if is_damaged and (self._book is None or not self._book.is_whole()):
            self._set_aside(why)
            return
        self._give_up()
        self._alarms.begin(HISTORY, f"the history {self._path} is not written: {why}{remedy}; leases are given as ever, and "
                           "what happens meanwhile is made up from them later")

    def _give_up(self) -> None:
        if self._book is not None:
            self._book.close()
        self._book, self._next_look = None, time.monotonic() + AGAIN

    def _set_aside(self, why: str) -> None:
        """Begin it anew."""
        self._give_up()
        self._next_look = 0.0
        try:
            aside = set_aside(self._path)
        except OSError as error:
            self._fail(f"{why}, and it cannot be set aside: {error.strerror}")
            return
        log.warning("the history %s is begun anew: %s; what there was is kept as %s", self._path, why, aside)

    def status(self) -> Iterator[str]:
        """Whether it is written."""
        yield from super().status()
        if self._book is None:
            yield "not written now"


def _remedy(error: sqlite3.Error, path: Path) -> str:
    return f"; make room (df {path.parent})" if code_of(error) == FULL else ""
