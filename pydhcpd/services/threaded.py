"""`Threaded`: a service that is one thread, which goes on until it is told to end."""

import threading
from abc import abstractmethod

from pydhcpd.services.service import Service, Surroundings

PATIENCE = 2.0  # seconds for the thread to end


class Threaded(Service):
    """`_run` is what the thread does; it ends soon after `_ended` is set."""

    interval: float
    """Seconds between two rounds."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """Rounds, `interval` apart, until the end."""

    def start(self) -> None:
        """Begin with what happens after this was made."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, once it has done what is left."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()
