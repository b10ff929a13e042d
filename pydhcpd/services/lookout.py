"""`Lookout`: looks every few seconds whether something is wrong that somebody should do something about: alarms begin and end.

Owns from when on it is wrong, and until when: what comes and goes in moments is held together. It looks at counts that others
keep, so the path of a packet does nothing for it.
"""

import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

from pydhcpd.addresses import address_text, is_unicast
from pydhcpd.alarms import DECLINE, DISK, FLOOD, LIMIT, NOTHING, OTHER_SERVER, POOL, PROXY_ARP, RATE, About, Alarms
from pydhcpd.drops import place_words
from pydhcpd.escape import escape
from pydhcpd.policy.network import Network, Pool
from pydhcpd.recurring import Recurring
from pydhcpd.services.service import Surroundings
from pydhcpd.services.strangers import Strangers
from pydhcpd.services.threaded import Threaded
from pydhcpd.signs import ANOTHER_SERVER, DECLINES, OVER_LIMIT, TOO_MANY, Sign

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds
MINUTE = 60.0
HELD = 600.0  # seconds for which an alarm stays after its last sign
HELD_SERVER = 3600.0  # and that of another server, which is named only by clients that begin
LESS = 5.0  # per cent by which the use has to sink, so that an alarm ends
ENOUGH = 1 << 30  # bytes: with more of them free the disk is not nearly full, whatever the share
MOST_DECLINES = 5  # a minute of one machine
MOST_OVER_LIMIT = 10  # a minute of one key
MOST_MESSAGES = 300  # a minute of one machine
MOST_OF_A_KIND = 16  # alarms of one kind that strangers can make

Name = tuple[str, About]
"""Kind of an alarm, and whom it is about."""
Found = tuple[Name, str]
"""Such a name, and words."""


class Lookout(Threaded):
    """A thread that looks, until `stop`; the alarms stay."""

    name = "the lookout"
    interval = LOOK_EVERY

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._server = surroundings.server
        self._alarms: Alarms = self._server.hosts.store.alarms
        self._begun: dict[Name, str] = {}
        self._counts: Counter[Any] = Counter()  # in this minute
        self._minute = 0.0  # when it began
        self._held: dict[Name, tuple[float, str]] = {}  # until when, and words
        self._strangers = Strangers(self._server, surroundings.ports)
        self._recurring = Recurring(log, "what may be wrong could not be looked at")

    def _run(self) -> None:
        while not self._ended.wait(self.interval):
            try:
                self.look(time.monotonic())
            except Exception as error:  # it is looked at again
                self._recurring.tell(error)

    def look(self, now: float) -> None:
        """Let alarms begin and end by what there is. `now` is of a clock that does not go back."""
        self._take_signs(now)
        self._look_for_servers(now)
        found = dict(chain(self._pools(), self._disk(), self._witnesses(now), self._held_ones(now)))
        for kind, about in self._begun.keys() - found.keys():
            self._alarms.end(kind, f"it is over: {self._begun[kind, about]}", about)
        for (kind, about), words in found.items():
            self._alarms.begin(kind, words, logging.WARNING, about)
        self._begun = found

    # --- what is full

    def _pools(self) -> Iterator[Found]:
        serving = self._server.serving
        for network in serving.policy.networks if serving is not None else ():
            for pool in network.pools:
                limit = _limit_of(network, pool)
                name = POOL, About(str(pool), str(network))
                if limit and pool.size and self._use(pool) > limit - (LESS if name in self._begun else 0.0):
                    yield name, (f"the pool {pool} of {network} is used above {limit:g} %; give it more addresses, or see at "
                                 "the prompt, by pools and leases, who has them")

    def _use(self, pool: Pool) -> float:
        with suppress(KeyError):  # it was served a moment ago
            return 100.0 * self._server.hosts.use_of(pool.place, pool.size)
        return 0.0

    def _disk(self) -> Iterator[Found]:
        configuration = self.surroundings.configuration()
        limit, directory = configuration["disk_alarm"], Path(configuration["host_file"]).parent
        if limit and (place := _use_of_disk(directory)) is not None:
            use, free = place
            is_on = (DISK, NOTHING) in self._begun
            if use > limit - (LESS / 5 if is_on else 0.0) and free < ENOUGH * (1 + is_on):
                yield (DISK, NOTHING), (f"the disk of {directory} is nearly full (above {limit:g} %); without room no lease "
                                       "is given")

    # --- who behaves oddly

    def _witnesses(self, now: float) -> Iterator[Found]:
        for hardware in self._server.witnesses.doubted(now)[:MOST_OF_A_KIND]:
            words = (f"{hardware.hex(':')} answers for many addresses that are probed (proxy ARP, or a thief), and is not "
                     "believed; turn proxy ARP off there, then: clear all")
            yield (PROXY_ARP, About(hardware=hardware)), words

    def _take_signs(self, now: float) -> None:
        if now >= self._minute + MINUTE:
            self._counts.clear()
            self._minute = now
        signs, senders = self._server.account.signs.take()
        self._counts.update(signs)
        self._counts.update(senders)
        for sign in signs:
            self._judge(sign, now)
        for chaddr in senders:
            if self._counts[chaddr] > MOST_MESSAGES:
                self._hold(FLOOD, About(hardware=chaddr[:6]), f"{chaddr[:6].hex(':')} sends more than {MOST_MESSAGES} messages "
                           "a minute; see what is wrong with it", now + HELD)

    def _judge(self, sign: Sign, now: float) -> None:
        kind: str = sign[0]
        whose: Any = sign[1]
        if kind == ANOTHER_SERVER:
            self._note_server(whose, now)
        elif kind == DECLINES and self._counts[sign] >= MOST_DECLINES:
            self._hold(DECLINE, About(hardware=whose), f"{_octets(whose)} declines one address after another; see whether a "
                       "machine answers for all of them (proxy ARP), or what is wrong with it", now + HELD)
        elif kind == OVER_LIMIT and self._counts[sign] >= MOST_OVER_LIMIT:
            self._hold(LIMIT, About(str(whose)), f"clients ask in vain again and again, {escape(str(whose))}; raise the limit, "
                       "or see who has the leases", now + HELD)
        elif kind == TOO_MANY and self._counts[sign] >= MOST_OVER_LIMIT:
            reason, place = whose
            words = f"messages {place_words(place)} are not answered, {reason}"
            self._hold(RATE, About(words), f"{words}; find the machine behind it", now + HELD)

    def _look_for_servers(self, now: float) -> None:
        for found in self._strangers.look(now, self._look_for_others):
            self._note_server(found, now)

    @property
    def _look_for_others(self) -> int:
        return int(self.surroundings.configuration()["look_for_other_servers"])

    def _is_stranger(self, server: int) -> bool:
        known = self.surroundings.configuration()["known_servers"]
        return is_unicast(server) and not any(server & mask == base for base, mask in known)

    def _note_server(self, whose: Any, now: float) -> None:
        """One that clients choose, or that answers us."""
        server, place = whose
        if self._is_stranger(server):
            where, who = place_words(place), f"another DHCP server, {address_text(server)},"
            self._hold(OTHER_SERVER, About(where, address=server), f"{who} serves clients {where}; stop it, or name it in "
                       "known_servers", now + max(HELD_SERVER, 2 * self._look_for_others))

    def status(self) -> Iterator[str]:
        """What cannot be looked for."""
        return self._strangers.status()

    def _hold(self, kind: str, about: About, words: str, until: float) -> None:
        if (kind, about) in self._held or sum(held == kind for held, _ in self._held) < MOST_OF_A_KIND:
            self._held[kind, about] = until, words

    def _held_ones(self, now: float) -> Iterator[Found]:
        self._held = {name: one for name, one in self._held.items()
                      if one[0] > now and (name[0] != OTHER_SERVER or self._is_stranger(name[1].address))}
        return ((name, words) for name, (_, words) in self._held.items())


def _limit_of(network: Network, pool: Pool) -> float:
    """The use in per cent above which there is an alarm; 0 for none."""
    return float(pool.scope.settings.get("pool_alarm", network.scope.settings.get("pool_alarm", 0.0)))


def _use_of_disk(directory: Path) -> tuple[float, int] | None:
    """Its use in per cent, as df has it, and what is free, in bytes; None where it cannot be told."""
    with suppress(OSError):
        told = os.statvfs(directory)
        used = told.f_blocks - told.f_bfree
        if used + told.f_bavail > 0:
            return 100.0 * used / (used + told.f_bavail), told.f_bavail * told.f_frsize
    return None


def _octets(whose: object) -> str:
    return whose.hex(":") if isinstance(whose, bytes) and whose else "a client"
