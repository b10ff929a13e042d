"""`Listener`: a service that hears of every event. It looks at the ring by its own clock, so that publishing wakes nobody."""

import logging
from abc import abstractmethod
from collections.abc import Iterator

from pydhcpd.events import Cursor, Event
from pydhcpd.services.service import Surroundings
from pydhcpd.services.threaded import Threaded

log = logging.getLogger(__name__)


class Listener(Threaded):
    """A thread that gives `take` the events of the last `interval` seconds, as long as there are any."""

    interval = 0.25  # seconds; the ring holds what happens in that time under the highest load several times over

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._cursor = Cursor(surroundings.server.events)

    @abstractmethod
    def take(self, events: list[Event]) -> None:
        """What happened, in order of time."""

    @property
    def missed(self) -> int:
        """How many events went by before they could be taken."""
        return self._cursor.missed

    def _run(self) -> None:
        while not self._ended.wait(self.interval):
            self._read()
        self._read()

    def _read(self) -> None:
        missed = self.missed
        if events := self._cursor.read():
            self.take(events)
        if self.missed > missed:
            log.warning("%s fell behind: %d events went by", self.name, self.missed - missed)

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
