"""`LeaseLog`: writes what happened to leases into the log, a line each, or an entry with fields (`log_form`)."""

import logging
from collections.abc import Iterator, Mapping

from pydhcpd.alarms import EVENTS as ALARMS
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.events import SERVING, WAITING, Event, key_values, log_fields, words
from pydhcpd.services.boot_events import FAILURE
from pydhcpd.services.listener import Listener

log = logging.getLogger("pydhcpd.leases")

TOLD_ALREADY = ALARMS | {FAILURE, SERVING, WAITING}  # kinds of which there is a line already, which has no fields
LINES = 1_000  # of a record, at the most
FIELDS = "fields"


class Lines:
    """Events as lines of text, which are made in the thread that writes the log."""

    __slots__ = ("_events",)

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def __str__(self) -> str:
        return "\n".join([words(one) for one in self._events])


class Fields(Lines):
    """The same as fields by name; iterated, with the line of text that goes with them."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join([key_values(one) for one in self._events])

    def __iter__(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        return ((words(one), log_fields(one)) for one in self._events)


class LeaseLog(Listener):
    """Records of the log for what happened since the last, each of so few lines that a full log drops no more than it must."""

    name = "the log of leases"
    gives_way = False  # it is little work, and who looks for a lease in the log is to find it
    _has_fields = _is_to_have_fields = False

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """In what form."""
        self._is_to_have_fields = configuration["log_form"] == FIELDS

    def reconfigure(self) -> None:
        """The same, from now on."""
        self._has_fields = self._is_to_have_fields

    def take(self, events: list[Event]) -> None:
        """Into the log, if anybody wants to know."""
        if log.isEnabledFor(logging.INFO):
            if not self._has_fields:
                events = [one for one in events if one[1] not in TOLD_ALREADY]
            for start in range(0, len(events), LINES):
                self._log(events[start:start + LINES])

    def _log(self, events: list[Event]) -> None:
        if self._has_fields:
            fields = Fields(events)
            log.info("%s", fields, extra={"lines": len(events), "entries": fields})
        else:
            log.info("%s", Lines(events), extra={"lines": len(events)})
