"""What happens again and again, told at a bounded rate.

`Recurring`: how something failed, with its traceback, the first time, then how often in each minute. `Complaints`: what
strangers do, each kind of it once a minute.
"""

import logging
import time

from pydhcpd.errors import StoreError
from pydhcpd.sparing import Sparing


class Recurring:
    """Of one kind of work, for the thread that does it. `words` say what has failed."""

    def __init__(self, log: logging.Logger, words: str) -> None:
        self._log, self._words = log, words
        self._sparing = Sparing()

    def tell(self, error: Exception) -> None:
        """Another one. That the system or the store refuses something is no fault of the program, and needs no traceback."""
        now = time.monotonic()
        for _, count in self._sparing.unsaid(now):
            self._log.error("%s %d more times in the last minute", self._words, count)
        if self._sparing.may_say(type(error).__name__, now):
            self._log.error("%s: %s", self._words, error, exc_info=None if isinstance(error, OSError | StoreError) else error)


class Complaints:
    """Of a service, whose threads may all complain. What is not told as a warning is there for who debugs."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._sparing = Sparing()

    def tell(self, kind: str, text: str) -> None:
        """Warn, where nothing of this kind was warned of in the last minute."""
        level = logging.WARNING if self._sparing.may_say(kind, time.monotonic()) else logging.DEBUG
        self._log.log(level, "%s", text)
