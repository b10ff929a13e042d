"""`LeaseLog`: writes what happened to leases into the log, a line each."""

import logging

from pydhcpd.events import Event, words
from pydhcpd.services.boot_events import FAILURE
from pydhcpd.services.listener import Listener

log = logging.getLogger("pydhcpd.leases")

LINES = 1_000  # of a record, at the most


class Lines:
    """Events as lines of text, which are made in the thread that writes the log."""

    __slots__ = ("_events",)

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def __str__(self) -> str:
        return "\n".join([words(one) for one in self._events])


class LeaseLog(Listener):
    """Records of the log for what happened since the last, each of so few lines that a full log drops no more than it must."""

    name = "the log of leases"

    def take(self, events: list[Event]) -> None:
        """Into the log, if anybody wants to know."""
        if log.isEnabledFor(logging.INFO):
            events = [one for one in events if one[1] != FAILURE]  # that is a warning already
            for start in range(0, len(events), LINES):
                some = events[start:start + LINES]
                log.info("%s", Lines(some), extra={"lines": len(some)})
