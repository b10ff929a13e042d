"""`LeaseLog`: writes what happened to leases into the log, a line each."""

import logging

from pydhcpd.events import Event, words
from pydhcpd.services.listener import Listener

log = logging.getLogger("pydhcpd.leases")


class Lines:
    """Events as lines of text, which are made in the thread that writes the log."""

    __slots__ = ("_events",)

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def __str__(self) -> str:
        return "\n".join([words(one) for one in self._events])


class LeaseLog(Listener):
    """One record of the log for what happened since the last."""

    name = "the log of leases"

    def take(self, events: list[Event]) -> None:
        """Into the log, if anybody wants to know."""
        if log.isEnabledFor(logging.INFO):
            log.info("%s", Lines(events))
