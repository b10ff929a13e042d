"""A thread that keeps the store's write-ahead log small, beside the path of the packets."""

import logging
import sqlite3
import threading

from pydhcpd.leases.host_database import HostDatabase

log = logging.getLogger(__name__)

INTERVAL = 1.0  # seconds between looks; nothing is done where nothing was committed


class Checkpointer(threading.Thread):
    """Writes the log back into the database once there is enough of it."""

    def __init__(self, hosts: HostDatabase) -> None:
        super().__init__(name="checkpointer", daemon=True)
        self._hosts = hosts
        self._ended = threading.Event()

    def run(self) -> None:
        """Until `stop`."""
        while not self._ended.wait(INTERVAL):
            try:
                self._hosts.checkpoint()
            except sqlite3.Error as error:
                log.warning("the log of the lease database cannot be written back: %s", error)

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        if self.is_alive():
            self.join()
