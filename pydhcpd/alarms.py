"""`Alarms`: what is wrong for as long as it is, and somebody should do something about: told once, and shown until it is over.

Owns what is wrong since when, in words. Does not know what any of it means, nor who shows it: the prompt, and systemd's status.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydhcpd.sparing import Sparing

BEGUN, OVER = "alarm", "alarm over"  # kinds of events
MOST = 100  # at a time; strangers may make some of them
MOST_SHOWN = 5  # in a line

log = logging.getLogger(__name__)


class Alarm(NamedTuple):
    """One thing that is wrong."""

    name: str
    since: float
    """Seconds of the epoch."""
    words: str
    """What is wrong, and what to do about it."""


class Alarms:
    """What is wrong now, by name. For any thread. What comes and goes is told once a minute in the log."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._alarms: dict[str, Alarm] = {}
        self._sparing = Sparing()
        self.heard: Callable[[str, str], object] = lambda kind, words: None  # noqa: ARG005
        """Is told of each that begins (BEGUN) and ends (OVER), once, in words."""

    def __iter__(self) -> Iterator[Alarm]:
        return iter(list(self._alarms.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._alarms

    def begin(self, name: str, words: str, level: int = logging.ERROR) -> None:
        """Something is wrong. Told where it was not before, or is something else by now."""
        before = self._alarms.get(name)
        if before is not None and before.words == words:
            return
        if before is None and len(self._alarms) >= MOST:
            return
        self._alarms[name] = Alarm(name, self._clock() if before is None else before.since, words)
        self._tell(level, name, words)
        if before is None:
            self.heard(BEGUN, words)

    def end(self, name: str, words: str) -> None:
        """It is over; `words` say so."""
        if self._alarms.pop(name, None) is not None:
            self._tell(logging.WARNING, name, words)
            self.heard(OVER, words)

    def _tell(self, level: int, name: str, words: str) -> None:
        now = time.monotonic()
        self._sparing.unsaid(now)
        if self._sparing.may_say((name, words), now):
            log.log(level, "%s", words)

    def status(self) -> str:
        """All of it in one line; empty where all is well."""
        shown = list(self)
        more = [f"{len(shown) - MOST_SHOWN} more alarms: pydhcpd -ask alarms"] if len(shown) > MOST_SHOWN else []
        return "; ".join([*(f"ALARM: {one.words}" for one in shown[:MOST_SHOWN]), *more])
