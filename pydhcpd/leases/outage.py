"""`Outage`: what holds while the store fails: when it may be tried again, that all is read anew first, that it is told once."""

import time
from collections.abc import Callable

from pydhcpd.alarms import STORE, Alarms
from pydhcpd.errors import StoreError

RETRY_AFTER = 1.0  # seconds between attempts to use a store that has failed
RETRY_BUSY = 0.1  # the same where another program is in the way: to look whether it still is costs nothing


class Outage:
    """The time in which nothing can be stored, if it is such a time now.

    `name` is what the store is called in messages. `reread` builds everything anew from it, or returns an error.
    """

    def __init__(self, name: str, reread: Callable[[], StoreError | None], alarms: Alarms) -> None:
        self._name = name
        self._reread = reread
        self._alarms = alarms
        self._failed: StoreError | None = None
        self._retry_at = 0.0
        self._must_reread = False

    @property
    def is_on(self) -> bool:
        """Whether the store has failed, and nothing could be stored or read anew since."""
        return self._failed is not None

    @property
    def is_doubtful(self) -> bool:
        """Whether all is to be read anew before anything is stored."""
        return self._failed is not None and self._must_reread

    def note(self, error: StoreError) -> None:
        """The store has failed."""
        if STORE not in self._alarms:
            self._alarms.begin(STORE, f"leases cannot be stored in {self._name}: {error}; nothing new is acknowledged until "
                                      "they can")
        self._failed = error
        self._must_reread = error.is_doubtful
        self._retry_at = time.monotonic() + (RETRY_BUSY if error.is_busy else RETRY_AFTER)

    def end(self) -> None:
        """Something could be stored."""
        if self._failed is not None or STORE in self._alarms:
            self._alarms.end(STORE, "leases are stored again")
        self._failed = None

    def recover(self) -> None:
        """To be called before the store is used: raises the last failure for a while, and once more after all was read anew,
        for what was staged then rests on the old picture. After an I/O error only what is read anew can be trusted.
        """
        if self._failed is None:
            return
        if time.monotonic() < self._retry_at:
            raise self._failed.with_traceback(None)  # the same one each time: it must not collect the traces of all
        self._retry_at = time.monotonic() + RETRY_AFTER
        if self._must_reread:
            failed, self._failed, self._must_reread = self._failed, None, False
            error = self._reread()
            if error is not None:
                self.note(error)
            raise failed
