"""What happened to leases: the kinds of event, their words, and the log of the last 24 hours that the prompt shows.

An event is recorded as a tuple of plain values, and put into words only when somebody reads it.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.escape import escape

DAY = 86400
KEPT = 20_000  # events; the bound of the log's memory


Fields = tuple[float, str, int, bytes, str, str]  # an Event as it is recorded, which is made in a quarter of the time


class Event(NamedTuple):
    """One event. `kind` is a word, `time` seconds of the epoch, `note` what else there is to say."""

    time: float
    kind: str
    address: int = 0
    hardware: bytes = b""
    hostname: str = ""
    note: str = ""

    def __str__(self) -> str:
        parts = [self.kind]
        if self.address:
            parts.append(address_text(self.address))
        if self.hardware:
            parts.append(hardware_text(self.hardware))
        if self.hostname:
            parts.append(escape(self.hostname))
        return " ".join(parts) + (f": {self.note}" if self.note else "")


class Lines:
    """Events as lines of text, which are made when the log is written, not when it happens."""

    __slots__ = ("_events",)

    def __init__(self, events: Iterable[Fields]) -> None:
        self._events = events

    def __str__(self) -> str:
        return "\n".join([str(Event._make(one)) for one in self._events])


class EventLog:
    """The last events, bounded in number and age. Threads may add and read at any time."""

    def __init__(self, kept: int = KEPT) -> None:
        self._events: deque[Fields] = deque(maxlen=kept)

    def add(self, events: Iterable[Fields]) -> None:
        """Take in events, or their fields, in order of time."""
        self._events.extend(events)

    def since_yesterday(self, now: float) -> Iterator[tuple[float, str]]:
        """Time and words of the events of the last 24 hours, newest last."""
        return ((event[0], str(Event._make(event))) for event in self._events.copy() if event[0] > now - DAY)
