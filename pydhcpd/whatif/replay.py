"""`-replay`: what would be answered to each request of a capture, and what differs from what another server did answer.

Each request is judged by the steps that serve packets, and then carried out, over a copy of the leases: so that what comes
later in the capture meets what came of it. A request that chose the other server is judged as if it had chosen this one, and
what was offered here stands in place of what was offered there, from then on. Knows no files and no sockets.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from pydhcpd.addresses import BROADCAST, address_text, hardware_text
from pydhcpd.delivery import SERVER_PORT
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.explain import carry_out, judge
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.link import Link
from pydhcpd.serving import Serving
from pydhcpd.whatif.captures import Frame
from pydhcpd.whatif.comparison import NO_OWN, SILENCE, OwnOptions, differences, kind_of
from pydhcpd.whatif.datagrams import READ, Datagram, datagram_in
from pydhcpd.wire.packet import (
    ACK,
    BOOTP,
    BOOTREPLY,
    BOOTREQUEST,
    DISCOVER,
    FROM_CLIENTS,
    INFORM,
    MESSAGE_NAMES,
    NAK,
    OFFER,
    REQUEST,
    Packet,
    Request,
)

AT_ONCE = 0.1  # seconds between the same request on two interfaces, such as a bridge and its port (tcpdump -i any)
PATIENCE = 30.0  # seconds in which a server answers, at the most
MOST_WAITING = 10_000  # requests whose answers are waited for
MOST_REMEMBERED = 100_000  # addresses that the other server gave
REQUESTED_ADDRESS, SERVER_IDENTIFIER = 50, 54
MOST_NAMED = 10  # lines of a kind in the summary
ABOUT = 28  # columns

ANSWERED = {OFFER: (DISCOVER,), ACK: (REQUEST, INFORM, DISCOVER), NAK: (REQUEST,), BOOTP: (BOOTP,)}
"""What each kind of answer may be an answer to."""

Answered = tuple[int, Packet]
"""The server's address, and its answer."""
_Key = tuple[int, bytes, int]


class _Asked(NamedTuple):
    """A request with what would be answered, and what was."""

    number: int
    time: float
    payload: bytes
    request: Packet
    answer: Packet | None
    reason: str
    others: list[Answered]


class Replay:
    """One capture. `say` is given the lines; what is counted, `summary` tells."""

    def __init__(self, serving: Serving, hosts: HostDatabase, say: Callable[[str], None], own: OwnOptions = NO_OWN) -> None:
        """Raises InvalidValue where nothing is served. `own` are options that the configuration defines."""
        if not serving.links:
            raise InvalidValue("no interface is served at the moment, so nothing would be answered: "
                               f"{'; '.join(serving.waiting) or 'see -check'}")
        self._serving, self._hosts, self._say, self._own = serving, hosts, say, own
        self._now = self._begun = hosts.time.now()
        self._first: float | None = None  # when the capture begins
        self._waiting: deque[_Asked] = deque()
        self._newest: dict[_Key, _Asked] = {}  # of those that wait
        self._instead: dict[tuple[bytes, int], int] = {}  # for a client and what it was offered: what it would have been here
        self.frames = self.requests = self.repeated = self.answered = self.as_if = 0
        self.unread: Counter[str] = Counter()
        self.silences: Counter[str] = Counter()
        self.compared: Counter[int] = Counter()  # answers, by server
        self.same = 0
        self.differing: Counter[str] = Counter()

    def take(self, frame: Frame) -> None:
        """The next frame."""
        self.frames += 1
        try:
            if frame.link_type not in READ:
                raise MalformedPacket(f"on a link of type {frame.link_type}, which is not read")
            datagram = datagram_in(frame.link_type, frame.data)
            if datagram is None or SERVER_PORT not in (datagram.port, datagram.destination_port):
                return
            self._read(frame, datagram)
        except MalformedPacket as reason:
            self.unread[str(reason)] += 1

    def _read(self, frame: Frame, datagram: Datagram) -> None:
        packet = Packet.decode(datagram.payload, bootp=True)
        self._pass_time(frame.time)
        if packet.op == BOOTREPLY:
            self._heard(packet, datagram.source)
        elif packet.op == BOOTREQUEST and datagram.destination_port == SERVER_PORT:
            if packet.message_type not in (BOOTP, *FROM_CLIENTS):
                raise MalformedPacket(f"a message of type {packet.message_type}, which no client sends")
            self._asked(frame, datagram, packet)

    def _pass_time(self, time: float) -> None:
        """Let the leases be as old as the capture says, from now on."""
        self._first = time if self._first is None else self._first
        now = max(self._now, self._begun + time - self._first)
        if int(now) != int(self._now):
            self._hosts.lapse_offers(int(now))
            while self._hosts.reclaim(int(now)):
                pass
        self._now = now
        while self._waiting and (self._waiting[0].time < time - PATIENCE or len(self._waiting) > MOST_WAITING):
            self._tell(self._waiting.popleft())

    # --- requests

    def _asked(self, frame: Frame, datagram: Datagram, packet: Packet) -> None:
        before = self._newest.get(_key(packet))
        if before is not None and before.payload == datagram.payload and abs(frame.time - before.time) < AT_ONCE:
            self.repeated += 1
            return
        self.requests += 1
        link = self._link(frame, datagram)
        source = self._as_if_here(packet, datagram.source)
        destination = datagram.destination if datagram.destination in (BROADCAST, *self._serving.own) else link.server
        way = link.index, source, datagram.port, destination

        to_judge, to_carry_out = (Request.receive(packet.encode(), *way, bootp=self._serving.bootp) for _ in range(2))
        outcome = judge(to_judge, self._serving, self._hosts, self._now)
        carry_out(to_carry_out, self._serving, self._hosts, self._now)
        answer = outcome.answer
        self.answered += answer is not None
        if answer is None:
            self.silences[outcome.reason] += 1
        asked = _Asked(frame.number, frame.time, datagram.payload, packet, answer, outcome.reason, [])
        self._waiting.append(asked)
        self._newest[_key(packet)] = asked

    def _link(self, frame: Frame, datagram: Datagram) -> Link:
        """The interface that a request would come in on: that of its name, or with its destination, or one with a network."""
        links = list(self._serving.links.values())
        return next((one for one in links if one.name == frame.interface), None) or next(
            (one for one in links if one.server == datagram.destination), None) or next(
            (one for one in links if one.network is not None), links[0])

    def _as_if_here(self, packet: Packet, source: int) -> int:
        """Put this server and what it would have offered in place of the other's; returns where the request is from then."""
        client, server = packet.hardware, packet.address(SERVER_IDENTIFIER)
        wanted = packet.address(REQUESTED_ADDRESS)
        offered = self._instead.get((client, wanted), wanted)
        if packet.message_type == REQUEST and server and (offered != wanted or server not in self._serving.own):
            self.as_if += 1
            packet.options[SERVER_IDENTIFIER] = self._own_identifier(packet).to_bytes(4, "big")
        if offered != wanted:
            packet.options[REQUESTED_ADDRESS] = offered.to_bytes(4, "big")
        packet.ciaddr = self._instead.get((client, packet.ciaddr), packet.ciaddr)
        return self._instead.get((client, source), source)

    def _own_identifier(self, packet: Packet) -> int:
        """The server identifier under which this server would have made its offer."""
        asked = self._newest.get(_key(packet, DISCOVER))
        return (asked.answer.address(SERVER_IDENTIFIER) if asked is not None and asked.answer is not None else 0) or next(
            iter(self._serving.links.values())).server

    # --- the answers of others

    def _heard(self, packet: Packet, source: int) -> None:
        """An answer; one that a relay agent passes on is heard twice, and counts once."""
        kinds = ANSWERED.get(packet.message_type, ())
        asked = next(filter(None, (self._newest.get(_key(packet, kind)) for kind in kinds)), None)
        server = packet.address(SERVER_IDENTIFIER) or source
        if asked is None or any((server, packet.message_type) == (one, other.message_type) for one, other in asked.others):
            return
        asked.others.append((server, packet))
        if asked.answer is not None and asked.answer.yiaddr and packet.yiaddr not in (0, asked.answer.yiaddr):
            self._instead[packet.hardware, packet.yiaddr] = asked.answer.yiaddr
            if len(self._instead) > MOST_REMEMBERED:
                del self._instead[next(iter(self._instead))]

    def finish(self) -> None:
        """The capture is at its end."""
        while self._waiting:
            self._tell(self._waiting.popleft())

    def _tell(self, asked: _Asked) -> None:
        """What would be answered, and what was."""
        packet = asked.request
        if self._newest.get(_key(packet)) is asked:
            del self._newest[_key(packet)]
        kind = MESSAGE_NAMES.get(packet.message_type, "BOOTREQUEST")
        who = hardware_text(packet.hardware) or "a client without hardware address"
        relay = f" through {address_text(packet.giaddr)}" if packet.giaddr else ""
        self._say(f"{asked.number:>6}  {kind} of {who}{relay}: {_words(asked.answer, asked.reason)}")
        for server, answer in asked.others:
            self._compare(server, asked, answer)

    def _compare(self, server: int, asked: _Asked, other: Packet) -> None:
        found = differences(asked.answer, other, self._own)
        self.compared[server] += 1
        self.same += not found
        self.differing.update(one.about for one in found)
        self._say(f"        {address_text(server)} answered {'the same' if not found else _words(other)}")
        for one in found:
            self._say(f"          {one.about:<{ABOUT}} {one.one}; there {one.other}")

    # --- the end

    def summary(self) -> Iterable[str]:
        """What was counted, a line each."""
        yield (f"{_counted(self.frames, 'frame')}, {_counted(self.requests, 'request')}: {self.answered:,} would be answered, "
               f"{self.requests - self.answered:,} not")
        yield from _few("not answered", self.silences)
        for server, count in self.compared.most_common(MOST_NAMED):
            yield f"{address_text(server)} answered {_counted(count, 'time')}"
        if total := self.compared.total():
            yield f"the same: {self.same:,} of {_counted(total, 'answer')}"
            yield from _few("differing", self.differing)
        if self.as_if:
            yield (f"{_counted(self.as_if, 'request')} chose another server or its offer: judged as if this one had been "
                   "chosen, with the address that it would have offered")
        if self.repeated:
            yield f"{_counted(self.repeated, 'request')} captured again on another interface"
        yield from _few("not read", self.unread)


def _words(answer: Packet | None, reason: str = "") -> str:
    """An answer in words; why there is none."""
    if answer is None:
        return f"{SILENCE}: {escape(reason)}" if reason else SILENCE
    return f"{kind_of(answer)} {address_text(answer.yiaddr)}" if answer.yiaddr else kind_of(answer)


def _few(what: str, counts: Counter[str]) -> Iterable[str]:
    """What was counted, most often first."""
    for words, count in counts.most_common(MOST_NAMED):
        yield f"{what}: {count:,} {escape(words)}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _key(packet: Packet, kind: int | None = None) -> _Key:
    """What a request is found by from its answer; of another `kind` than the packet's own, if one is given."""
    return packet.xid, packet.hardware, packet.message_type if kind is None else kind
