"""What happened to leases: the kinds of event, their words, and the log of the last 24 hours that the prompt shows.

An event is recorded as a tuple of plain values, and put into words only when somebody reads it.
"""

from collections import deque
from collections.abc import Iterable, Iterator

from pydhcpd.addresses import address_text
from pydhcpd.escape import escape

DAY = 86400
KEPT = 20_000  # events; the bound of the log's memory

Event = tuple[float, str, int, bytes, str, str]
"""One event: time (seconds of the epoch), kind (a word), address (host byte order, 0 for none), hardware address, the
name that the client sent, and what else there is to say. A plain tuple, for one is made for each lease."""


def words(event: Event) -> str:
    """An event in a line of text; what a client sent is escaped."""
    _, kind, address, hardware, hostname, note = event
    text = f"{kind} {address_text(address)}" if address else kind
    if hardware:
        text += f" {hardware.hex(':')}"
    if hostname:
        text += f" {escape(hostname)}"
    return f"{text}: {note}" if note else text


class Lines:
    """Events as lines of text, which are made when the log is written, not when it happens."""

    __slots__ = ("_events",)

    def __init__(self, events: Iterable[Event]) -> None:
        self._events = events

    def __str__(self) -> str:
        return "\n".join([words(one) for one in self._events])


class EventLog:
    """The last events, bounded in number and age. Threads may add and read at any time."""

    def __init__(self, kept: int = KEPT) -> None:
        self._events: deque[Event] = deque(maxlen=kept)

    def add(self, events: Iterable[Event]) -> None:
        """Take in events, in order of time."""
        self._events.extend(events)

    def since_yesterday(self, now: float) -> Iterator[tuple[float, str]]:
        """Time and words of the events of the last 24 hours, newest last."""
        return ((event[0], words(event)) for event in self._events.copy() if event[0] > now - DAY)
