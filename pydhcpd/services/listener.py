"""`Listener`: a service that hears of every event. It looks at the ring by its own clock, so that publishing wakes nobody."""

import logging
import threading
from abc import abstractmethod
from collections.abc import Iterator

from pydhcpd.events import Cursor, Event
from pydhcpd.services.service import Service, Surroundings

log = logging.getLogger(__name__)


class Listener(Service):
    """A thread that gives `take` the events of the last `interval` seconds, as long as there are any."""

    interval = 0.25  # seconds; the ring holds what happens in that time under the highest load several times over

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._cursor = Cursor(surroundings.server.events)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @abstractmethod
    def take(self, events: list[Event]) -> None:
        """What happened, in order of time."""

    @property
    def missed(self) -> int:
        """How many events went by before they could be taken."""
        return self._cursor.missed

    def start(self) -> None:
        """Begin to listen; what has happened since this was made is heard."""
        self._thread.start()

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

    def stop(self) -> None:
        """Take what is left, and end."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def status(self) -> Iterator[str]:
        """What was missed."""
        if self.missed:
            yield f"{self.missed} events missed"
