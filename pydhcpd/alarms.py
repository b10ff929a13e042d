"""`Alarms`: what is wrong for as long as it is, and somebody should do something about: told once, and shown until it is over.

Owns the kinds of what can be wrong, and what is wrong since when, in words. Does not know when it is, nor who shows it: the
prompt, and systemd's status.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydhcpd.sparing import Sparing

POOL, DISK, STORE, LOST = "pool alarm", "disk alarm", "store alarm", "lost leases alarm"
DATABASE_FILE, DATABASE_LOG = "database file alarm", "database log alarm"
HISTORY, HISTORY_SIZE = "history alarm", "history size alarm"
DNS, DNS_FILE = "dns alarm", "dns file alarm"
OTHER_SERVER, PROXY_ARP = "other server alarm", "proxy arp alarm"
DECLINE, FLOOD, LIMIT, RATE = "decline alarm", "flood alarm", "limit alarm", "rate alarm"
KINDS = {
    POOL: "a pool is used above pool_alarm",
    DISK: "the disk of host_file is used above disk_alarm",
    STORE: "leases cannot be stored, and nothing new is acknowledged",
    LOST: "leases were lost, and care is taken that no address is given twice",
    DATABASE_FILE: "the lease database was removed or replaced while it was in use",
    DATABASE_LOG: "the log of the lease database grows, for another program reads it without end",
    HISTORY: "the history is not written",
    HISTORY_SIZE: "the leases that run fill the history, so that nothing older is kept",
    DNS: "a zone of the DNS is not kept current",
    DNS_FILE: "a file of dns_files is not written",
    OTHER_SERVER: "another DHCP server, which known_servers does not name, serves clients",
    DECLINE: "a machine declines one address after another",
    FLOOD: "a machine sends too many messages",
    LIMIT: "clients ask in vain again and again, over a limit of leases",
    RATE: "messages are not answered again and again, for too many come from one client or port",
    PROXY_ARP: "a machine answers for many addresses that are probed, and is not believed",
}
"""What can be wrong: the kind of the event when it begins, and what it means, for manuals."""
OVER = " over"  # behind its kind, it is the kind of the event when it ends
EVENTS = frozenset(KINDS) | {kind + OVER for kind in KINDS}
"""All kinds of events that are alarms."""
MOST = 100  # at a time; strangers may make some of them
MOST_SHOWN = 5  # in a line

log = logging.getLogger(__name__)


class About(NamedTuple):
    """Whom or what an alarm is about; of one kind there is one alarm about each."""

    what: str = ""
    """What else tells it from others of its kind."""
    network: str = ""
    address: int = 0
    """Host byte order, 0 for none."""
    hardware: bytes = b""


NOTHING = About()


class Alarm(NamedTuple):
    """One thing that is wrong."""

    kind: str
    about: About
    since: float
    """Seconds of the epoch."""
    words: str
    """What is wrong, and what to do about it."""


class Alarms:
    """What is wrong now, by kind and whom it is about. For any thread. What comes and goes is told once a minute in the log."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._alarms: dict[str | tuple[str, About], Alarm] = {}
        self._sparing = Sparing()
        self.heard: Callable[[Alarm], object] = id
        """Is told of each that begins and of each that ends, once; its kind then ends with OVER."""

    def __iter__(self) -> Iterator[Alarm]:
        return iter(list(self._alarms.values()))

    def __contains__(self, kind: str) -> bool:
        """Whether there is one that is about nothing else."""
        return kind in self._alarms

    def begin(self, kind: str, words: str, level: int = logging.ERROR, about: About = NOTHING) -> None:
        """Something is wrong. Told where it was not before, or is something else by now."""
        key = _key(kind, about)
        before = self._alarms.get(key)
        if before is not None and before.words == words:
            return
        if before is None and len(self._alarms) >= MOST:
            return
        self._alarms[key] = Alarm(kind, about, self._clock() if before is None else before.since, words)
        self._tell(level, kind, words)
        if before is None:
            self.heard(self._alarms[key])

    def end(self, kind: str, words: str, about: About = NOTHING) -> None:
        """It is over; `words` say so."""
        ended = self._alarms.pop(_key(kind, about), None)
        if ended is not None:
            self._tell(logging.WARNING, kind, words)
            self.heard(ended._replace(kind=kind + OVER, words=words))

    def _tell(self, level: int, kind: str, words: str) -> None:
        now = time.monotonic()
        self._sparing.unsaid(now)
        if self._sparing.may_say((kind, words), now):
            log.log(level, "%s", words)

    def status(self) -> str:
        """All of it in one line; empty where all is well."""
        shown = list(self)
        more = [f"{len(shown) - MOST_SHOWN} more alarms: pydhcpd -ask alarms"] if len(shown) > MOST_SHOWN else []
        return "; ".join([*(f"ALARM: {one.words}" for one in shown[:MOST_SHOWN]), *more])


def _key(kind: str, about: About) -> str | tuple[str, About]:
    return kind if about == NOTHING else (kind, about)
