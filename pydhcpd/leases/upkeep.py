"""A thread that does for the store what is to be done beside the path of the packets: SQLite's log is written back."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from pydhcpd.leases.interface import LeaseStore
from pydhcpd.recurring import Recurring

log = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between looks; less often means that a page which was written again and again is written back once
FAULT_PAUSE = 1.0  # seconds after a fault that may come again at once


class Upkeep(threading.Thread):
    """Lets a store do its upkeep now and then, and when it says that it is due."""

    def __init__(self, store: LeaseStore, lock: AbstractContextManager[object]) -> None:
        """`lock` is that of the path."""
        super().__init__(name="upkeep", daemon=True)
        self._store = store
        self._lock = lock
        self._recurring = Recurring(log, f"{store.name} could not be looked after")
        self._ended = False

    def run(self) -> None:
        """Until `stop`."""
        self._guarded(self._store.lay_out)
        while not self._ended:
            self._store.is_due.wait(INTERVAL)
            if not self._ended:
                self._guarded(partial(self._store.keep, self._lock))

    def _guarded(self, work: Callable[[], object]) -> None:
        """What fails is tried again with the next look, though there is nobody who waits for it."""
        try:
            work()
        except Exception as error:
            self._recurring.tell(error)
            time.sleep(FAULT_PAUSE)

    def stop(self) -> None:
        """End the thread."""
        self._ended = True
        self._store.is_due.set()
        if self.is_alive():
            self.join()
