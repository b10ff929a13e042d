"""What happened to leases: events, of which kinds they are, the ring that holds the last of them, and how they are read.

The path of a packet tells what happened once a batch, by `Events.publish`. Who wants to know has a `Cursor` in the ring, and
looks whenever its own clock says so: publishing wakes nobody. An event is a tuple of plain values, and put into words only
when somebody reads it.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.alarms import Alarm
from pydhcpd.escape import escape
from pydhcpd.wire.relay import words as relay_words

DAY = 86400
GIADDR = 4  # bytes of `relay` before the content of option 82
_PLAIN = re.compile(r"[A-Za-z0-9.:/_-]+")
SERVING, WAITING = "serving", "waiting"  # kinds of events that are about the server itself
KEPT = 20_000  # events; the bound of the ring's memory

Note = tuple[bytes, bool, int, bytes, bytes, str, int]
"""What came before an event, a plain tuple as well; `Noted` has names for its values."""
Event = tuple[float, str, int, bytes, str, str, str, bytes, str, int, bytes, Note | None]
"""One event, a plain tuple, for one is made for each lease; `Told` has names for its values."""


class Told(NamedTuple):
    """The values of an event by name: `Told._make(event)`."""

    time: float
    """Seconds by the ledger: `LedgerTime.wall_of` has it for people."""
    kind: str
    """A word, such as "leased"."""
    address: int
    """Host byte order, 0 for none."""
    hardware: bytes
    name: str
    """The host name that the client was given, else the one that it sent; to be escaped before it is shown."""
    sent_name: str
    """The host name that the client sent; to be escaped as well."""
    note: str
    """What else there is to say."""
    client: bytes
    """The key of the lease."""
    network: str
    """The network, in words."""
    ends: int
    """When the lease ends, by the ledger; 0 where there is none."""
    relay: bytes
    """What a relay agent said of the client: giaddr, and the content of option 82; empty for none."""
    note_of_before: Note | None
    """What came before it, where somebody wants to know."""


class Noted(NamedTuple):
    """What came before an event: the message of a client, and what was recorded until it was given an address."""

    message: bytes
    """What the client sent, as it came."""
    is_renewal: bool
    """Whether the client had a lease of the same address."""
    former: int
    """The address that the client had last, if it was another one; 0 for none."""
    hardware: bytes
    """Whose the address was last: this and the next, as in `Told`; empty where it was nobody's."""
    client: bytes
    name: str
    ends: int


def event(time: float, kind: str, address: int = 0, hardware: bytes = b"", name: str = "", note: str = "", *,
          sent_name: str | None = None, client: bytes = b"", network: str = "", ends: int = 0, relay: bytes = b"") -> Event:
    """An event of which most is not known; `sent_name` is `name` unless given."""
    sent_name = name if sent_name is None else sent_name
    return time, kind, address, hardware, name, sent_name, note, client, network, ends, relay, None


def alarm_event(time: float, one: Alarm) -> Event:
    """That an alarm begins or ends, which its kind tells."""
    return event(time, one.kind, one.about.address, one.about.hardware, note=one.words, network=one.about.network)


def words(one: Event) -> str:
    """An event in a line of text; what a client sent is escaped."""
    _, kind, address, hardware, name, sent_name, note, *_, relay, _ = one
    text = f"{kind} {address_text(address)}" if address else kind
    if hardware:
        text += f" {hardware.hex(':')}"
    if name:
        text += f" {escape(name)}"
    if sent_name not in (name, ""):
        text += f" (sent {escape(sent_name)})"
    if said := relay_words(relay[GIADDR:]):
        text += f" {said}"
    return f"{text}: {note}" if note else text


def fields(one: Event) -> dict[str, object]:
    """What an event tells, by name, for programs; the times in it are by the ledger and left out."""
    told = Told._make(one)
    return {"kind": told.kind, "address": address_text(told.address) if told.address else "",
            "hardware_address": told.hardware.hex(":"), "name": told.name, "sent_name": told.sent_name, "note": told.note,
            "network": told.network, "relay": relay_words(told.relay[GIADDR:])}


def log_fields(one: Event) -> dict[str, str]:
    """What an event tells, by the names of fields in the log: only what there is, and all of it visible text in one line."""
    told = Told._make(one)
    found = {"event": told.kind, "address": address_text(told.address) if told.address else "", "mac": told.hardware.hex(":"),
             "subnet": told.network, "name": escape(told.name), "relay": relay_words(told.relay[GIADDR:]), "note": told.note,
             "sent_name": "" if told.sent_name == told.name else escape(told.sent_name)}
    return {name: value for name, value in found.items() if value}


def key_values(one: Event) -> str:
    """The same in a line of key=value. A value in which anybody could see another field is in quotes, and those in it are
    written \\"; a backslash comes doubled, or before what stands for a character (`escape`)."""
    return " ".join(f"{name}={_quoted(value)}" for name, value in log_fields(one).items())


def _quoted(value: str) -> str:
    if _PLAIN.fullmatch(value):
        return value
    return '"' + value.replace('"', r'\"') + '"'


class Events:
    """The last events, bounded in number, each with a sequence number from 0. Threads may publish and read at any time."""

    def __init__(self, kept: int = KEPT) -> None:
        self.published = 0  # the sequence number of the next event
        self._kept = kept
        self._ring: list[Any] = [None] * kept  # the event with number n is at n modulo its length
        self._lock = threading.Lock()  # guards both; nobody holds it for longer than it takes to copy a list

    def publish(self, batch: Sequence[Event]) -> None:
        """Take in events, in order of time."""
        with self._lock:
            last = batch[-self._kept:]
            self.published += len(batch)
            start = (self.published - len(last)) % self._kept
            room = self._kept - start
            self._ring[start:start + len(last)] = last[:room]
            self._ring[:max(len(last) - room, 0)] = last[room:]

    def since(self, number: int, most: int = KEPT) -> tuple[int, list[Event]]:
        """The events from a sequence number on that are still there, oldest first, so many at the most, and the number of the
        first of them. Nobody can publish meanwhile: who wants few of them should say so."""
        with self._lock:
            first = min(max(number, self.published - self._kept, 0), self.published)
            count, start = min(self.published - first, most), first % self._kept
            found = self._ring[start:start + count]
            return first, found + self._ring[:count - len(found)]

    def since_yesterday(self, now: float) -> Iterator[Event]:
        """The events of the last 24 hours, newest last. `now` is by the ledger."""
        _, found = self.since(0)
        return (one for one in found if one[0] > now - DAY)


class Cursor:
    """How far somebody has read. `missed` counts the events that went by before they could be read."""

    def __init__(self, events: Events) -> None:
        """From now on."""
        self.missed = 0
        self._events = events
        self._next = events.published

    @property
    def ahead(self) -> int:
        """How many were published since."""
        return self._events.published - self._next

    def read(self, most: int = KEPT) -> list[Event]:
        """What was published since the last call, as far as it is still there; so many events at the most."""
        first, found = self._events.since(self._next, most)
        self.missed += first - self._next
        self._next = first + len(found)
        return found
