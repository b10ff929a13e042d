"""`Account`: what the server does and does not do, counted and told: to the log, and to all who read the events.

Whatever may come with every packet is told a few times a minute, and counted: a flood must neither fill the log nor push the
events of others out. All of it is for the holder of the lock that guards the leases, but for the events.
"""

import errno
import logging
import os
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import itemgetter

from pydhcpd.drops import Drops
from pydhcpd.errors import Ignored, MalformedPacket, StoreError, ToAnother, TooMany
from pydhcpd.events import Event, Events, event
from pydhcpd.signs import ANOTHER_SERVER, DECLINES, OVER_LIMIT, TOO_MANY, Signs
from pydhcpd.sparing import Sparing
from pydhcpd.wire.describe import describe
from pydhcpd.wire.packet import BOOTP, DECLINE, FROM_CLIENTS, LEASEQUERY, MESSAGE_NAMES, RELEASE, UNKNOWN_KIND, Request

log = logging.getLogger(__name__)

SPARED = {"no free address for": 1, "no address for": 1, "refused": 10, "informed": 10, "declined": 10,
          "in use": 10, "quarantine ended": 10, "told what to boot": 10}
"""Kinds of event that may come with every packet: how many of one kind, reason and network are told in a minute."""
COUNTED = {"no free address for": "no free address", "no address for": "over a limit of leases", "refused": "refused",
           "informed": "informed", "declined": "declined", "in use": "in use by others", "quarantine ended": "quarantine ended",
           "told what to boot": "told what to boot"}
"""The same kinds as statistics call them."""


ANSWERS = 16  # so many kinds of answers at the most; all numbers that are usual are below 256, which Python has ready made
UNANSWERED, DROPPED = 0, 15  # besides the kinds of replies: a decision that needs no reply, and none
KINDS = {BOOTP: "BOOTP", LEASEQUERY: "LEASEQUERY", **{kind: MESSAGE_NAMES[kind] for kind in FROM_CLIENTS}}
OTHER = "other"  # kind of messages that no client sends, and of those that cannot be read
CARRIED_OUT, HANDED_ON, NO_ANSWER, BOOTREPLY = "carried out", "handed on", "no answer", "BOOTREPLY"

_KIND = itemgetter(1)  # of an event
_ARE_RARE = frozenset(SPARED).isdisjoint  # whether none of some kinds may come with every packet


class Account:
    """Counts since the start. `is_detailed`: each packet is logged."""

    def __init__(self, events: Events) -> None:
        self.events = events
        self.drops = Drops()
        self.received = self.sent = 0  # messages
        self.outcomes: Counter[int] = Counter()  # by kind of message and of answer, as `outcome` has them in one number
        self.is_detailed = False
        self.signs = Signs()
        self.unsent_by_error: Counter[str] = Counter()  # replies that could not be sent, by the name of the error
        self._spared: Counter[tuple[str, str]] = Counter()  # events of the kinds that are not all told, by kind and network
        self.lost_in_all = 0  # datagrams that came faster than they could be answered
        self._gave_way = (0, 0)
        self._sparing = Sparing()

    def drop(self, reason: Exception, interface: int, request: Request | None) -> None:
        """Count and tell what gets no answer; that the database fails, or the program, is told apart. `interface` is the index
        of the one it came in on; `request` is None where it cannot be read."""
        why, place = reason, (interface, request.giaddr if request is not None else 0)
        if isinstance(reason, ToAnother):
            self.signs.note(ANOTHER_SERVER, (reason.server, place))
        elif isinstance(reason, TooMany):
            self.signs.note(TOO_MANY, (str(reason), place))
        if isinstance(reason, StoreError):
            why = Ignored("the lease database failed")
            self.complain("the lease database cannot be read: %s", reason)
        elif not isinstance(reason, MalformedPacket | Ignored):
            why = Ignored("a fault of the program")
            self.complain("a packet could not be answered, by a fault of the program: %s",
                          "".join(traceback.format_exception(reason)))
        self.outcomes[outcome(UNKNOWN_KIND if request is None else request.kind, DROPPED)] += 1
        if self.is_detailed:
            log.debug("no answer to %s: %s", describe(request) if request is not None else "a datagram", why)
        if self.drops.add(why, place, time.monotonic()):
            self.drops.tell(why, place, _message_of(request))

    def unsent(self, failures: Sequence[tuple[int, int]]) -> None:
        """Count replies that could not be sent, each with its errno."""
        for _, number in failures:
            self.unsent_by_error[errno.errorcode.get(number, str(number))] += 1
            self.complain("a reply could not be sent: %s", os.strerror(number))

    def lost(self, count: int) -> None:
        """So many datagrams in all were dropped before they were read."""
        if count > self.lost_in_all:
            self.lost_in_all = count
            self.complain("%d datagrams were dropped, for they came faster than they could be answered", count)

    def gave_way(self, offers: int, quarantined: int) -> None:
        """So many offers to strangers gave way to other clients in all, and so many addresses were too many in quarantine."""
        if offers > self._gave_way[0]:
            self.complain("a pool is full of offers that nobody takes (invented clients, or too small a pool): the oldest "
                          "give way to other clients, %d so far", offers)
        if quarantined > self._gave_way[1]:
            self.complain("more addresses are found in use than quarantine has room for (quarantine_share): the oldest "
                          "are given again, %d so far; see which machines decline them", quarantined)
        self._gave_way = offers, quarantined

    def happened(self, batch: list[Event]) -> None:
        """What came of a batch."""
        if not _ARE_RARE(map(_KIND, batch)):
            now = time.monotonic()
            self._note_signs(batch)
            self._spared.update((one[1], one[8]) for one in batch if one[1] in SPARED)
            batch = [one for one in batch
                     if one[1] not in SPARED or self._sparing.may_say(_kind_of(one), now, SPARED[one[1]])]
        self.events.publish(batch)

    def _note_signs(self, batch: list[Event]) -> None:
        for one in batch:
            if one[1] == "declined":
                self.signs.note(DECLINES, one[3])
            elif one[1] == "no address for":
                self.signs.note(OVER_LIMIT, one[6])

    def tell_rest(self, now: float) -> None:
        """How often something happened that was not told. `now` is in seconds by the ledger."""
        moment = time.monotonic()
        self.drops.tell_rest(moment)
        unsaid = [(key, count) for key, count in self._sparing.unsaid(moment) if isinstance(key, tuple)]
        if unsaid:
            self.events.publish([event(now, kind, name=f"{count} more in the last minute", note=note, network=network)
                                 for (kind, note, network), count in unsaid])

    def complain(self, message: str, *values: object) -> None:
        """A warning, once a minute for each kind: trouble comes with every packet."""
        if self._sparing.may_say(message, time.monotonic()):
            log.warning(message, *values)

    def incidents(self) -> Counter[str]:
        """How often what may come with every message happened, wherever."""
        found: Counter[str] = Counter()
        for (kind, _), count in self._spared.copy().items():
            found[COUNTED[kind]] += count
        return found

    def kinds(self) -> Counter[str]:
        """How many messages of each kind were decided on."""
        found: Counter[str] = Counter()
        for (kind, _), count in self.fates().items():
            found[kind] += count
        return found

    def fates(self) -> Counter[tuple[str, str]]:
        """How many messages of each kind got which answer, both in words."""
        found: Counter[tuple[str, str]] = Counter()
        for number, count in self.outcomes.copy().items():
            kind, answer = divmod(number, ANSWERS)
            found[KINDS.get(kind, OTHER), _answer_words(kind, answer)] += count
        return found

    def words(self) -> Iterator[tuple[str, int]]:
        """What was counted, in words."""
        yield "messages received", self.received
        yield from ((f"{kind} received", count) for kind, count in sorted(self.kinds().items()))
        yield "messages sent", self.sent
        yield from ((f"no answer {reason}", count) for reason, count in self.drops.words())
        yield from ((f"{COUNTED[kind]} in {network}", count) for (kind, network), count in self._spared.copy().most_common())
        yield from ((f"could not be sent: {name}", count) for name, count in self.unsent_by_error.most_common())
        yield "dropped before they were read, for they came too fast", self.lost_in_all


def outcome(kind: int, answer: int) -> int:
    """Of what kind a message was, and its answer (0: none, as it should be; or DROPPED), in one number, for each is counted."""
    return kind * ANSWERS + answer


def _answer_words(kind: int, answer: int) -> str:
    if answer == UNANSWERED:
        return CARRIED_OUT if kind in (DECLINE, RELEASE) else HANDED_ON if kind == LEASEQUERY else NO_ANSWER
    return NO_ANSWER if answer == DROPPED else BOOTREPLY if kind == BOOTP else MESSAGE_NAMES[answer]


def _message_of(request: Request | None) -> str:
    """A message in a few words."""
    if request is None:
        return "a message that cannot be read"
    kind = MESSAGE_NAMES.get(request.kind, "a message")
    return f"{kind} from {request.hardware.hex(':') or 'a client without hardware address'}"


def _kind_of(one: Event) -> tuple[str, str, str]:
    """What makes two events the same to who is to be spared: kind, note and network."""
    return one[1], one[6], one[8]
