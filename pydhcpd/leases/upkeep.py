"""A thread that does for the store what is to be done beside the path of the packets: SQLite's log is written back."""

import logging
import threading
from contextlib import AbstractContextManager

from pydhcpd.errors import StoreError
from pydhcpd.leases.interface import LeaseStore

log = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between looks; less often means that a page which was written again and again is written back once


class Upkeep(threading.Thread):
    """Lets a store do its upkeep now and then, and when it says that it is due."""

    def __init__(self, store: LeaseStore, lock: AbstractContextManager[object]) -> None:
        """`lock` is that of the path."""
        super().__init__(name="upkeep", daemon=True)
        self._store = store
        self._lock = lock
        self._ended = False

    def run(self) -> None:
        """Until `stop`."""
        try:
            self._store.lay_out()
        except StoreError as error:
            self._tell(error)
        while True:
            self._store.is_due.wait(INTERVAL)
            if self._ended:
                return
            try:
                self._store.keep(self._lock)
            except StoreError as error:
                self._tell(error)

    def _tell(self, error: StoreError) -> None:
        log.warning("%s: %s", self._store.name, error)

    def stop(self) -> None:
        """End the thread."""
        self._ended = True
        self._store.is_due.set()
        if self.is_alive():
            self.join()
