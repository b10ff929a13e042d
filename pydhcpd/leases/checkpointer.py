"""A thread that keeps the store's write-ahead log small, beside the path of the packets."""

import logging
import sqlite3
import threading

from pydhcpd.leases.host_database import HostDatabase

log = logging.getLogger(__name__)

INTERVAL = 5.0  # seconds between looks; less often means that a page which was written again and again is written back once


class Checkpointer(threading.Thread):
    """Writes the log back into the database once there is enough of it."""

    def __init__(self, hosts: HostDatabase) -> None:
        super().__init__(name="checkpointer", daemon=True)
        self._hosts = hosts
        self._ended = False

    def run(self) -> None:
        """Until `stop`: when the log has become long, and when nothing was added to it since the last look."""
        self._lay_out()
        before = -1
        while True:
            is_long = self._hosts.staging.log_is_long.wait(INTERVAL)
            if self._ended:
                return
            logged = self._hosts.staging.logged
            if is_long or logged == before > 0:
                self._write_back()
            before = logged

    def _lay_out(self) -> None:
        try:
            self._hosts.store.lay_out_log()
        except OSError as error:
            log.warning("the log of the lease database cannot be laid out in advance: %s", error)

    def _write_back(self) -> None:
        try:
            self._hosts.checkpoint()
        except sqlite3.Error as error:
            log.warning("the log of the lease database cannot be written back: %s", error)

    def stop(self) -> None:
        """End the thread."""
        self._ended = True
        self._hosts.staging.log_is_long.set()
        if self.is_alive():
            self.join()
