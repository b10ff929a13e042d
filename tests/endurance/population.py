"""A thousand clients in one process, which live as real ones do (RFC 2131 section 4.4), and remember what they were promised.

They boot, take an offer, renew at T1 or rebind at T2, ask for options, find an address in use, leave with or without a word,
and come back; some are behind a relay agent, which asks who has an address. `Population` plays them by a clock, and tells each
promise of the server's that broke.
"""

import heapq
import itertools
import select
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random

from links import Link, arp_answer
from messages import (
    ACK,
    DECLINE,
    DISCOVER,
    INFORM,
    NAK,
    NONE,
    OFFER,
    RELEASE,
    REQUEST,
    Message,
    mac_of,
    message,
    packed,
)

HOUR = 3600.0
ASKED_FOR = bytes((1, 3, 6, 12, 15, 51, 58, 59))
LEASEQUERY = 10  # RFC 4388 section 6.1
NAMES = {DISCOVER: "DISCOVER", REQUEST: "REQUEST", DECLINE: "DECLINE", RELEASE: "RELEASE", INFORM: "INFORM",
         LEASEQUERY: "LEASEQUERY", OFFER: "OFFER", ACK: "ACK", NAK: "NAK"}
FIRST_PATIENCE, LONGEST_PATIENCE = 4.0, 64.0  # seconds (RFC 2131 section 4.1)
LEAST_RETRY = 60.0  # seconds (RFC 2131 section 4.4.5)
REBOOTS_TRIED = 2  # messages without an answer, until one begins anew (RFC 2131 section 3.2)
SESSION, ABSENCE = 6 * HOUR, 1.5 * HOUR  # on the average
# In how many cases of all a client does so
RELEASES, REMEMBERS, RENEWALS_LOST, REBINDS_LOST, INFORMS, DECLINES, QUERIES = 0.3, 0.7, 0.05, 0.2, 0.1, 0.003, 0.05


@dataclass
class Client:
    """One client, and what it knows."""

    number: int
    link: Link
    state: str = "away"
    address: str = NONE
    server: bytes = b""
    ends: float = 0.0  # of its lease
    renews: float = 0.0
    rebinds: float = 0.0
    asked: float = 0.0  # when the exchange began; a lease counts from there
    leaves: float = 0.0
    tries: int = 0
    xid: int = 0
    turn: int = 0  # what was planned before is no more

    def __post_init__(self) -> None:
        self.mac = mac_of(self.number)
        self.identifier = ((61, b"\1" + self.mac),) if self.number % 2 else ()
        name = ((12, f"client-{self.number}".encode()),) if self.number % 3 else ()
        self.options = (*name, *self.identifier, (55, ASKED_FOR))


class Population:
    """All clients. `count` is what happened, `broken` what must not have."""

    def __init__(self, links: list[Link], number: int, now: Callable[[], float], random: Random, speed: float) -> None:
        """Nine of ten clients are on the first of `links`. `now` is in seconds that go by `speed` times as fast as others."""
        self._now, self._random, self._speed = now, random, speed
        self._links = links
        self.clients = [Client(one, links[one % 10 == 9 and len(links) > 1]) for one in range(1, number + 1)]
        self.holders: dict[str, Client] = {}
        self.count: Counter[str] = Counter()
        self.broken: list[str] = []
        self.slowest = 0.0  # answer to a renewal, in seconds of the machine's
        self.is_over = False  # nothing new is begun
        self._xids = itertools.count(0x1000)
        self._waiting: dict[int, Client] = {}  # by xid
        self._queries: set[int] = set()  # the xids of INFORMs and leasequeries that are not answered yet
        self._plan: list[tuple[float, int, int, Client, Callable[[Client], None]]] = []
        self._order = itertools.count()
        self._poll = select.poll()
        self._by_descriptor: dict[int, Callable[[], None]] = {}
        for link in links:
            self._hear(link)
        for client in self.clients:
            self._at(random.uniform(0, HOUR / 4), client, self._boot)

    def _hear(self, link: Link) -> None:
        """Let what comes by a link be read as it comes."""
        for source, read in ((link.station, self._take), (link.arp, self._answer_arp)):
            self._by_descriptor[source.fileno()] = partial(read, link)
            self._poll.register(source, select.POLLIN)

    # --- time

    def run(self, until: Callable[[], bool]) -> None:
        """Play, until that is so."""
        while not until():
            due = self._plan[0][0] if self._plan else self._now() + HOUR
            for descriptor, _ in self._poll.poll(max(min((due - self._now()) / self._speed, 0.1), 0) * 1000):
                self._by_descriptor[descriptor]()
            while self._plan and self._plan[0][0] <= self._now():
                _, _, turn, client, act = heapq.heappop(self._plan)
                if turn == client.turn:
                    act(client)

    def _at(self, seconds: float, client: Client, act: Callable[[Client], None]) -> None:
        """In so many seconds; takes the place of what was planned for the client."""
        client.turn += 1
        heapq.heappush(self._plan, (self._now() + seconds, next(self._order), client.turn, client, act))

    # --- what clients do

    def _boot(self, client: Client) -> None:
        if self.is_over:
            return
        now = self._now()
        client.leaves = now + self._random.expovariate(1 / SESSION)
        client.tries, client.asked = 0, now
        if client.address != NONE and self._random.random() < REMEMBERS:
            self._reboot(client)
        else:
            self._discover(client)

    def _reboot(self, client: Client) -> None:
        if client.tries >= REBOOTS_TRIED:
            if client.ends > self._now() and self.holders.get(client.address) is client:
                self.count["reboots without an answer"] += 1
            client.tries = 0
            self._discover(client)
            return
        self._ask(client, "rebooting", REQUEST, (50, packed(client.address)))
        self._again(client, self._reboot)

    def _discover(self, client: Client) -> None:
        self._ask(client, "selecting", DISCOVER)
        self._again(client, self._discover)

    def _request(self, client: Client, offer: Message) -> None:
        client.tries = 0
        client.server = offer.options[54]
        self._ask(client, "requesting", REQUEST, (50, packed(offer.yiaddr)), (54, client.server))
        self._again(client, self._discover)

    def _again(self, client: Client, act: Callable[[Client], None]) -> None:
        patience = min(FIRST_PATIENCE * 2 ** client.tries, LONGEST_PATIENCE) + self._random.uniform(-1, 1)
        client.tries += 1
        if client.tries > 1:
            self.count["messages sent again"] += 1
        self._at(patience, client, act)

    def _ask(self, client: Client, state: str, kind: int, *options: tuple[int, bytes]) -> None:
        """Begin an exchange, or the next message of it, that any server may answer."""
        self._waiting.pop(client.xid, None)
        client.state, client.xid, client.asked = state, next(self._xids), self._now()
        self._waiting[client.xid] = client
        self._send(client, kind, client.xid, *options, *client.options)

    def _send(self, client: Client, kind: int, xid: int, *options: tuple[int, bytes]) -> None:
        self.count[NAMES[kind]] += 1
        link = client.link
        link.broadcast(message(kind, client.mac, xid, giaddr=link.giaddr, hops=link.hops,
                               options=(*options, *link.options(client.number))), client.mac)

    def _send_directly(self, client: Client, kind: int, xid: int, *options: tuple[int, bytes]) -> None:
        self.count[NAMES[kind]] += 1
        client.link.unicast(message(kind, client.mac, xid, ciaddr=client.address, options=options), client.mac, client.address)

    def _bound(self, client: Client) -> None:
        """What a client does with a lease: the next thing that comes."""
        now = self._now()
        if client.leaves <= client.renews:
            self._at(max(client.leaves - now, 0), client, self._leave)
        elif self._random.random() < RENEWALS_LOST:
            lost = self._random.random() < REBINDS_LOST
            self._at((client.ends if lost else client.rebinds) - now, client, self._expire if lost else self._rebind)
        else:
            self._at(client.renews - now, client, self._renew)

    def _renew(self, client: Client) -> None:
        """RENEWING: by unicast, until T2."""
        self._begin_renewing(client, "renewing")
        if self._now() >= client.rebinds:
            self._rebind(client)
            return
        self._waiting[client.xid] = client
        self._send_directly(client, REQUEST, client.xid, *client.options)
        self._at(max((client.rebinds - self._now()) / 2, LEAST_RETRY), client, self._renew)

    def _rebind(self, client: Client) -> None:
        """REBINDING: by broadcast, until the lease ends. That it ends, though it was asked for, is the worst that can be."""
        self._begin_renewing(client, "rebinding")
        if self._now() >= client.ends:
            self.broken.append(f"the lease of {client.address} ended unanswered, though {client.mac.hex(':')} asked for it")
            self._expire(client)
            return
        self._waiting[client.xid] = client
        self.count[NAMES[REQUEST]] += 1
        link = client.link
        link.broadcast(message(REQUEST, client.mac, client.xid, ciaddr=client.address, giaddr=link.giaddr, hops=link.hops,
                               options=(*client.options, *link.options(client.number))), client.mac, client.address)
        self._at(max((client.ends - self._now()) / 2, LEAST_RETRY), client, self._rebind)

    def _begin_renewing(self, client: Client, state: str) -> None:
        if client.state == "bound":
            client.xid, client.asked = next(self._xids), self._now()
        else:
            self.count["messages sent again"] += 1
        client.state = state

    def _expire(self, client: Client) -> None:
        self.count["leases that ended"] += 1
        self._waiting.pop(client.xid, None)
        self._forget(client)
        client.tries = 0
        self._discover(client)

    def _leave(self, client: Client) -> None:
        if self.is_over:
            return
        if self._random.random() < RELEASES:
            self._send_directly(client, RELEASE, next(self._xids), (54, client.server), *client.identifier)
            self._forget(client, is_remembered=True)
        else:
            self.count["vanished"] += 1
        client.state = "away"
        self._at(self._random.expovariate(1 / ABSENCE), client, self._boot)

    def _forget(self, client: Client, is_remembered: bool = False) -> None:
        if self.holders.get(client.address) is client:
            del self.holders[client.address]
        client.ends = 0.0
        if not is_remembered:
            client.address = NONE

    def _decline(self, client: Client) -> None:
        """RFC 2131 section 3.1: it waits ten seconds, and begins anew."""
        self._send(client, DECLINE, next(self._xids), (50, packed(client.address)), (54, client.server),
                   *client.identifier)
        self._forget(client)
        client.state, client.tries = "away", 0
        self._at(10, client, self._discover)

    def _inform(self, client: Client) -> None:
        xid = next(self._xids)
        self._queries.add(xid)
        self._send_directly(client, INFORM, xid, *client.options)

    def _leasequery(self, client: Client) -> None:
        """The relay agent asks who has an address (RFC 4388)."""
        xid = next(self._xids)
        self._queries.add(xid)
        self.count[NAMES[LEASEQUERY]] += 1
        data = message(LEASEQUERY, bytes(6), xid, ciaddr=client.address, giaddr=client.link.giaddr)
        client.link.broadcast(data, client.mac)

    # --- what they hear

    def _take(self, link: Link) -> None:
        for _, reply in link.station.waiting():
            if reply.op == 2:
                self._hear_reply(reply)
        link.station.heard.clear()

    def _hear_reply(self, reply: Message) -> None:
        if reply.xid in self._queries:
            self._queries.discard(reply.xid)
            self.count["answers to INFORM" if reply.kind == ACK else "answers to LEASEQUERY"] += 1
            return
        client = self._waiting.get(reply.xid)
        if client is None or client.xid != reply.xid or client.mac != reply.mac:
            self.count["answers that came late"] += 1
            return
        self.count[NAMES[reply.kind]] += 1
        if reply.kind == OFFER and client.state == "selecting":
            self._request(client, reply)
        elif reply.kind == ACK and client.state != "selecting":
            del self._waiting[reply.xid]
            self._be_bound(client, reply)
        elif reply.kind == NAK and client.state != "selecting":
            del self._waiting[reply.xid]
            self._hear_refusal(client)

    def _be_bound(self, client: Client, ack: Message) -> None:
        now = self._now()
        self._check(client, ack, now)
        if client.state in ("renewing", "rebinding"):
            self.count[f"leases held on to by {client.state}"] += 1
            self.slowest = max(self.slowest, (now - client.asked) / self._speed)
        self._forget(client)
        client.address, client.server, client.state, client.tries = ack.yiaddr, ack.options[54], "bound", 0
        self.holders[client.address] = client
        begin, length = client.asked, ack.number(51)
        client.ends = begin + length
        client.renews = begin + (ack.number(58) if 58 in ack.options else length / 2)
        client.rebinds = begin + (ack.number(59) if 59 in ack.options else length * 7 / 8)
        self._live(client)

    def _live(self, client: Client) -> None:
        if self.is_over:
            client.turn += 1
            return
        if client.leaves > self._now() and self._random.random() < DECLINES:
            self._decline(client)
            return
        if self._random.random() < INFORMS:
            self._inform(client)
        if client.link.giaddr != NONE and self._random.random() < (QUERIES if self.count[NAMES[LEASEQUERY]] else 1):
            self._leasequery(client)
        self._bound(client)

    def _check(self, client: Client, ack: Message, now: float) -> None:
        other = self.holders.get(ack.yiaddr)
        if other is not None and other is not client and other.ends > now:
            self.broken.append(f"{ack.yiaddr} was given to {client.mac.hex(':')}, and is {other.mac.hex(':')}'s for "
                               f"{other.ends - now:.0f} s")
        if client.ends > now and ack.yiaddr != client.address and client.state != "requesting":
            self.broken.append(f"{client.mac.hex(':')} asked to go on with {client.address}, and was given {ack.yiaddr}")

    def _hear_refusal(self, client: Client) -> None:
        if client.ends > self._now() and client.state != "requesting":
            self.broken.append(f"{client.mac.hex(':')} was refused {client.address}, {client.state}, which was its own for "
                               f"{client.ends - self._now():.0f} s")
        self.count[f"refused when {client.state}"] += 1
        self._forget(client)
        client.tries = 0
        self._discover(client)

    def _answer_arp(self, link: Link) -> None:
        try:
            frame = link.arp.recv(2048)
        except BlockingIOError:
            return
        answer = arp_answer(frame, lambda address: self._at_home(link, address))
        if answer:
            link.arp.send(answer)

    def _at_home(self, link: Link, address: str) -> bytes | None:
        """The hardware address of who has an address, and is there."""
        client = self.holders.get(address)
        if client is None or client.link is not link or client.state == "away" or client.ends < self._now():
            return None
        return client.mac

    # --- the end

    def running(self) -> Iterator[Client]:
        """Whose lease has not ended."""
        now = self._now()
        return (client for client in self.clients if client.ends > now and self.holders.get(client.address) is client)

    def unanswered(self) -> int:
        """To how many INFORMs and leasequeries nothing came."""
        return len(self._queries)
