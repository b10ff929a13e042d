"""`Listener`: a service that hears of every event. It looks at the ring by its own clock, so that publishing wakes nobody.

While more comes than can be answered it takes a small part of the time (`leisure.py`), and events go by.
"""

import logging
import time
from abc import abstractmethod
from collections.abc import Iterator

from pydhcpd.events import KEPT, Cursor, Event
from pydhcpd.services.leisure import Leisure
from pydhcpd.services.service import Surroundings
from pydhcpd.services.threaded import Threaded
from pydhcpd.sparing import Sparing

log = logging.getLogger(__name__)

PORTION = 200  # events that are taken at once, while more comes than can be answered


class Listener(Threaded):
    """A thread that gives `take` the events of the last `interval` seconds, as long as there are any."""

    gives_way = True  # whether it does so under pressure
    interval = 0.25  # seconds; the ring holds what happens in that time under the highest load several times over

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._cursor = Cursor(surroundings.server.events)
        self._leisure = Leisure(surroundings.server.is_pressed)
        self._sparing = Sparing()
        self._told_missed = 0

    @abstractmethod
    def take(self, events: list[Event]) -> None:
        """What happened, in order of time."""

    @property
    def missed(self) -> int:
        """How many events went by before they could be taken."""
        return self._cursor.missed

    def _run(self) -> None:
        while not self._ended.wait(self._pause()):
            self._read()
        self._read()

    def _pause(self) -> float:
        """Seconds until the next round."""
        return self._leisure.rest(self.interval) if self.gives_way else self.interval

    def _read(self) -> None:
        is_portion = self.gives_way and not self._ended.is_set() and self.surroundings.server.is_pressed()
        if events := self._cursor.read(PORTION if is_portion else KEPT):
            self.take(events)
        if self.missed > self._told_missed and self._sparing.may_say(self.name, time.monotonic()):
            log.warning("%s fell behind: %d events went by", self.name, self.missed - self._told_missed)
            self._told_missed = self.missed

    def status(self) -> Iterator[str]:
        """What was missed."""
        if self.missed:
            yield f"{self.missed} events missed"

    def waiting(self) -> int:
        """Events that were not taken yet."""
        return self._cursor.ahead

    def dropped(self) -> int:
        """Events that went by."""
        return self.missed
