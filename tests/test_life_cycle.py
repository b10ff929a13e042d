"""The life of leases, driven through `DHCPServer.receive` at random, and held against a simple model of what clients believe.

A client believes what it was told: an ACK is its address for the lease time, a NAK takes it away, and what it releases or
declines it no longer uses. The model knows nothing of how the server keeps its leases.
"""

import contextlib
import os
import shutil
import socket
import sqlite3
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple
from unittest import mock

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pydhcpd.addresses import BROADCAST, address_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.delivery import EVERY_STATION
from pydhcpd.errors import StoreError
from pydhcpd.events import Events
from pydhcpd.leases import outage
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import QUARANTINED
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.interfaces import Interface
from pydhcpd.server import DHCPServer
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import (
    ACK,
    BOOTREPLY,
    BROADCAST_FLAG,
    DECLINE,
    DISCOVER,
    INFORM,
    NAK,
    OFFER,
    RELEASE,
    REQUEST,
    Packet,
)

OWN, ROUTER, OTHER_SERVER = (address_from(f"10.0.0.{last}") for last in (2, 1, 9))
BASE, MASK = address_from("10.0.0.0"), 0xFFFFFFF0
LEASE, SHORTEST, HOLD, QUARANTINE = 600, 60, 40, 900  # seconds
FRAME_HEADERS = 14 + 20 + 8
START = 1_800_000_000.25
PLACES = (Path("/dev/shm"), Path(tempfile.gettempdir()))
SETTINGS = {
    "interface": "eth0", "network": "10.0.0.0/28", "router": ["10.0.0.1"], "domain_name_server": ["10.0.0.1"],
    "ip_address_lease_time": LEASE, "minimum_lease_time": SHORTEST, "length_of_transaction": HOLD,
    "decline_quarantine_time": QUARANTINE,
}
ETH0 = Interface(index=1, name="eth0", hardware=b"\2\0\0\0\0\1", ethernet=True, loopback=False, mtu=1500, up=True,
                 addresses=((OWN, MASK),))


def four_octets(number: int) -> bytes:
    return number.to_bytes(4, "big")


class Sent(NamedTuple):
    """A reply, and where it was sent to."""

    packet: Packet
    raw: bytes
    address: int
    port: int
    hardware: bytes = b""


def sender_of(packet: Packet) -> int:
    """Where a message comes from: its relay, or a client at the address that it says it has."""
    return packet.giaddr or packet.ciaddr


class Recorder:
    """Stands for both senders, and keeps what was sent."""

    def __init__(self) -> None:
        self.datagrams: list[tuple[bytes, int, int, int, int]] = []
        self.frames: list[tuple[bytes, int]] = []

    def of_datagrams(self) -> SimpleNamespace:
        return SimpleNamespace(send=lambda messages, on_link=False: self.datagrams.extend(messages) or [])

    def of_frames(self) -> SimpleNamespace:
        return SimpleNamespace(send=lambda frames: self.frames.extend(frames) or [])

    def take(self) -> list[Sent]:
        """What was sent since the last call."""
        sent = [Sent(Packet.decode(one[0]), one[0], one[1], one[2]) for one in self.datagrams]
        for frame, _ in self.frames:
            data = frame[FRAME_HEADERS:]
            sent.append(Sent(Packet.decode(data), data, int.from_bytes(frame[30:34], "big"), 68, frame[:6]))
        self.datagrams.clear()
        self.frames.clear()
        return sent


class Bench:
    """A `DHCPServer` over a file of leases, without threads and without a network, by a clock of the test's."""

    def __init__(self, file: Path, **configured: object) -> None:
        self.file = file
        self.now = START
        self.settings = {**SETTINGS, **configured}
        clock = SimpleNamespace(time=self.clock, monotonic=self.clock)
        self._patch = mock.patch.object(outage, "time", clock)
        self._patch.start()
        self._open()

    def _open(self) -> None:
        self.hosts = HostDatabase(SQLiteStore(self.file), time=LedgerTime(self.clock, self.clock))
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.server = DHCPServer(self.hosts, Events(), self._udp, None, 1000)
        self.recorder = Recorder()
        self.server._sender, self.server._frames = self.recorder.of_datagrams(), self.recorder.of_frames()
        self.configure()

    def configure(self, **changed: object) -> None:
        """Serve the settings, with these changes, as a reload does."""
        self.settings.update(changed)
        serving = make_serving(DHCPServerConfiguration.load(None, self.settings), {1: ETH0})
        self.server.swap(serving, self.hosts.prepare(serving.networks(), int(self.now)))

    def clock(self) -> float:
        return self.now

    @property
    def table(self):
        return self.hosts.tables[BASE]

    def deliver(self, *packets: Packet, destination: int = BROADCAST) -> list[Sent]:
        """Give the server these messages as one batch; what it sent."""
        return self.deliver_raw(*[(packet.encode(), sender_of(packet), destination) for packet in packets])

    def deliver_raw(self, *datagrams: tuple[bytes, int, int]) -> list[Sent]:
        """The same, of bytes, sources and destinations."""
        self.server.receive([(data, 1, source, 68, destination) for data, source, destination in datagrams])
        return self.recorder.take()

    def keep_house(self) -> None:
        """What the server does each second."""
        self.server._keep_house()

    def break_store(self, words: str) -> None:
        """From now on nothing can be stored."""
        def commit(*staged: object) -> frozenset[int]:
            raise StoreError(words, is_doubtful="disk I/O" in words)
        self.hosts.store.commit = commit

    def mend_store(self) -> None:
        """End what `break_store` began."""
        vars(self.hosts.store).pop("commit", None)

    def _close(self) -> None:
        self.hosts.store.close()
        self._udp.close()
        for pipe in (self.server._wake_read, self.server._wake_write):
            os.close(pipe)

    def restart(self) -> None:
        """As after a crash: what is in memory is gone."""
        self._close()
        self._open()

    def close(self) -> None:
        self._close()
        self._patch.stop()


@pytest.fixture
def bench(tmp_path):
    """A server with the pool 10.0.0.3, .4 and .5."""
    made = Bench(tmp_path / "leases.db", ip_ranges=["10.0.0.3 - 10.0.0.5"])
    yield made
    made.close()


class Client(NamedTuple):
    """A client as the packets show it."""

    hardware: bytes
    identifier: bytes = b""

    @property
    def key(self) -> bytes:
        return b"\1" + self.identifier if self.identifier else b"\2\1" + self.hardware


class Conversation:
    """Makes the messages of clients, each with an xid of its own."""

    def __init__(self) -> None:
        self.xid = 100

    def message(self, client: Client, kind: int, *, ciaddr: int = 0, flags: int = 0, relayed: bool = False,
                **options: bytes) -> Packet:
        """Options are given as o50=..."""
        self.xid += 1
        values = {53: bytes((kind,)), **{int(name[1:]): value for name, value in options.items()}}
        if client.identifier:
            values[61] = client.identifier
        if relayed:
            values[82] = b"\1\4eth0"
        return Packet(hardware=client.hardware, xid=self.xid, secs=3, hops=int(relayed), flags=flags, ciaddr=ciaddr,
                      giaddr=ROUTER if relayed else 0, options=values)


def check_reply(asked: Packet, sent: Sent) -> None:
    """RFC 2131 section 4.3.1 table 3, section 4.1, RFC 6842, RFC 3046: what every reply has to hold to."""
    reply, kind = sent.packet, sent.packet.message_type
    assert kind in {OFFER, ACK, NAK}
    assert (reply.op, reply.hops, reply.secs) == (BOOTREPLY, 0, 0)
    for name in ("xid", "giaddr", "chaddr", "htype", "hlen"):
        assert getattr(reply, name) == getattr(asked, name)
    assert reply.flags == (asked.flags | BROADCAST_FLAG if kind == NAK and asked.giaddr else asked.flags)
    assert reply.address(54) == OWN
    for echoed in (61, 82):
        assert reply.options.get(echoed) == asked.options.get(echoed)
    if 82 in reply.options:
        assert list(reply.options)[-1] == 82
    assert len(sent.raw) >= 300
    CHECKS[kind](asked, reply)
    check_route(asked, sent)


def check_offer(asked: Packet, reply: Packet) -> None:
    assert asked.message_type == DISCOVER
    assert {51, 54} <= reply.options.keys()
    assert not {50, 55, 57} & reply.options.keys()
    assert reply.ciaddr == 0
    check_times(reply)


def check_ack(asked: Packet, reply: Packet) -> None:
    assert reply.ciaddr == asked.ciaddr
    if asked.message_type == INFORM:
        assert 51 not in reply.options
        assert reply.yiaddr == 0
    else:
        assert asked.message_type == REQUEST
        assert reply.yiaddr == (asked.address(50) or asked.ciaddr)
        check_times(reply)


def check_nak(asked: Packet, reply: Packet) -> None:
    assert asked.message_type == REQUEST
    assert (reply.yiaddr, reply.ciaddr, reply.siaddr) == (0, 0, 0)
    assert reply.options.keys() <= {53, 54, 56, 61, 82}
    assert not any(reply.boot)


CHECKS = {OFFER: check_offer, ACK: check_ack, NAK: check_nak}


def check_times(reply: Packet) -> None:
    """T1 < T2 < lease time (RFC 2131 section 4.4.5)."""
    renewal, rebinding, lease = (reply.address(code) for code in (58, 59, 51))
    assert renewal < rebinding < lease or lease < 4
    assert lease <= LEASE


def check_route(asked: Packet, sent: Sent) -> None:
    """RFC 2131 section 4.1, in its order."""
    kind = sent.packet.message_type
    if asked.giaddr:
        expected = (asked.giaddr, 67, b"")
    elif kind == NAK:
        expected = (BROADCAST, 68, EVERY_STATION)
    elif asked.ciaddr:
        expected = (asked.ciaddr, 68, b"")
    elif asked.flags & BROADCAST_FLAG:
        expected = (BROADCAST, 68, EVERY_STATION)
    else:
        expected = (sent.packet.yiaddr, 68, asked.hardware)
    assert (sent.address, sent.port, sent.hardware) == expected


CLIENTS = (
    Client(b"\2\0\0\0\0\xa1"), Client(b"\2\0\0\0\0\xa2"), Client(b"\2\0\0\0\0\xa3"), Client(b"\2\0\0\0\0\xa4", b"\0rack"),
    Client(b"\2\0\0\0\0\xa5", b"\1\2\0\0\0\0\xa1"), Client(b"\2\0\0\0\0\xa5", b"x"),
)
POOLS = {  # each holds our own address, the router's and one that is never a host's
    "first": (["10.0.0.0 - 10.0.0.5", "10.0.0.15 - 10.0.0.15"], frozenset(address_from(f"10.0.0.{n}") for n in (3, 4, 5))),
    "second": (["10.0.0.0 - 10.0.0.4", "10.0.0.7 - 10.0.0.8"], frozenset(address_from(f"10.0.0.{n}") for n in (3, 4, 7, 8))),
}
PROPOSALS = [BASE + last for last in (0, 1, 2, 3, 4, 5, 7, 12, 15)] + [address_from("192.0.2.1")]
FAULTS = ("database or disk is full", "disk I/O error")

clients = st.sampled_from(CLIENTS)
which = st.integers(0, len(CLIENTS) - 1)  # of those that a rule is for
at_once = st.sampled_from((True, True, False))
relayed_or_not = st.sampled_from((False, False, True))
lease_times = st.sampled_from((None, 1, 60, 300, 600, 86400, 0xFFFFFFFF))


def one_of(known: dict[Client, tuple[int, float]], number: int) -> Client:
    """A client of those known, in an order that does not vary."""
    return sorted(known)[number % len(known)]


class Waiting(NamedTuple):
    """A message on its way to the server."""

    client: Client
    packet: Packet
    destination: int


class LifeCycle(RuleBasedStateMachine):
    """What the server does, against what clients believe."""

    def __init__(self) -> None:
        super().__init__()
        place = next(one for one in PLACES if one.is_dir())
        self.directory = Path(tempfile.mkdtemp(prefix="life-cycle-", dir=place))
        self.talk = Conversation()
        self.waiting: list[Waiting] = []
        self.held: dict[Client, tuple[int, float]] = {}  # address, and until when
        self.offered: dict[Client, tuple[int, float]] = {}
        self.quarantined: dict[int, float] = {}
        self.gave_way = 0  # offers, to other clients, since the start
        self.trouble = False  # the store may fail

    @initialize()
    def begin(self) -> None:
        self.ranges, self.pool = POOLS["first"]
        self.bench = Bench(self.directory / "leases.db", ip_ranges=self.ranges)

    def teardown(self) -> None:
        self.bench.close()
        shutil.rmtree(self.directory)

    # --- what clients send

    def send(self, client: Client, packet: Packet, now: bool, destination: int = BROADCAST) -> None:
        """On its way: alone, or in one batch with what is sent next."""
        self.waiting.append(Waiting(client, packet, destination))
        if now:
            self.flush()

    @rule(client=clients, wanted=st.sampled_from([0, *PROPOSALS]), time=lease_times, flags=st.sampled_from((0, BROADCAST_FLAG)),
          relayed=relayed_or_not, now=at_once)
    def discover(self, client, wanted, time, flags, relayed, now):
        options = {"o50": four_octets(wanted)} if wanted else {}
        if time is not None:
            options["o51"] = four_octets(time)
        self.send(client, self.talk.message(client, DISCOVER, flags=flags, relayed=relayed, **options), now)

    @precondition(lambda self: self.offered)
    @rule(which=which, relayed=relayed_or_not, now=at_once)
    def select_what_was_offered(self, which, relayed, now):
        client = one_of(self.offered, which)
        address = four_octets(self.offered[client][0])
        self.send(client, self.talk.message(client, REQUEST, relayed=relayed, o50=address, o54=four_octets(OWN)), now)

    @rule(client=clients, address=st.sampled_from(PROPOSALS), time=lease_times, now=at_once)
    def select_any_address(self, client, address, time, now):
        options = {} if time is None else {"o51": four_octets(time)}
        self.send(client, self.talk.message(client, REQUEST, o50=four_octets(address), o54=four_octets(OWN), **options), now)

    @rule(client=clients, address=st.sampled_from(PROPOSALS), now=at_once)
    def select_another_server(self, client, address, now):
        self.send(client, self.talk.message(client, REQUEST, o50=four_octets(address), o54=four_octets(OTHER_SERVER)), now)

    @rule(client=clients, now=at_once)
    def request_nothing(self, client, now):
        self.send(client, self.talk.message(client, REQUEST), now)

    @rule(client=clients, now=at_once)
    def select_nothing(self, client, now):
        self.send(client, self.talk.message(client, REQUEST, o54=four_octets(OWN)), now)

    @rule(client=clients, address=st.sampled_from([0, *PROPOSALS]), relayed=relayed_or_not, now=at_once)
    def reboot(self, client, address, relayed, now):
        address = address or self.held.get(client, (PROPOSALS[3], 0))[0]
        self.send(client, self.talk.message(client, REQUEST, relayed=relayed, o50=four_octets(address)), now)

    @precondition(lambda self: self.held)
    @rule(which=which, time=lease_times, now=at_once)
    def renew(self, which, time, now):
        client = one_of(self.held, which)
        options = {} if time is None else {"o51": four_octets(time)}
        self.send(client, self.talk.message(client, REQUEST, ciaddr=self.held[client][0], **options), now, OWN)

    @precondition(lambda self: self.held)
    @rule(which=which, now=at_once, relayed=relayed_or_not)
    def rebind(self, which, now, relayed):
        client = one_of(self.held, which)
        self.send(client, self.talk.message(client, REQUEST, relayed=relayed, ciaddr=self.held[client][0]), now)

    @rule(client=clients, address=st.sampled_from(PROPOSALS), now=at_once)
    def renew_what_is_anothers(self, client, address, now):
        self.send(client, self.talk.message(client, REQUEST, ciaddr=address), now, OWN)

    @precondition(lambda self: self.held)
    @rule(which=which, now=at_once)
    def release(self, which, now):
        client = one_of(self.held, which)
        packet = self.talk.message(client, RELEASE, ciaddr=self.held[client][0], o54=four_octets(OWN))
        self.send(client, packet, now, OWN)

    @precondition(lambda self: self.held)
    @rule(which=which, now=at_once)
    def decline(self, which, now):
        client = one_of(self.held, which)
        address = four_octets(self.held[client][0])
        self.send(client, self.talk.message(client, DECLINE, o50=address, o54=four_octets(OWN)), now)

    @rule(client=clients, kind=st.sampled_from((RELEASE, DECLINE)), address=st.sampled_from(PROPOSALS), now=at_once)
    def give_up_what_is_anothers(self, client, kind, address, now):
        """A thief's: the address is not this client's."""
        if self.held.get(client, (0,))[0] != address and self.offered.get(client, (0,))[0] != address:
            packet = self.talk.message(client, kind, ciaddr=address if kind == RELEASE else 0, o50=four_octets(address),
                                       o54=four_octets(OWN))
            self.send(client, packet, now, OWN)

    @rule(client=clients, address=st.sampled_from([BASE + 13, BASE + 3]), now=at_once)
    def inform(self, client, address, now):
        self.send(client, self.talk.message(client, INFORM, ciaddr=address), now, OWN)

    # --- what happens besides

    @rule(seconds=st.sampled_from((0.25, 0.5, 1, 7.75, 39, 41, 59, 61, 300, 599.75, 601, 901, 86400)))
    def time_passes(self, seconds):
        self.flush()
        self.bench.now += seconds

    @rule()
    def housekeeping(self):
        self.flush()
        self.bench.keep_house()

    @rule()
    def restart(self):
        self.flush()
        self.bench.restart()
        self.offered.clear()
        self.gave_way = 0
        self.trouble = False

    @rule(name=st.sampled_from(sorted(POOLS)))
    def reload(self, name):
        self.flush()
        self.ranges, self.pool = POOLS[name]
        self.bench.configure(ip_ranges=self.ranges)
        self.offered = {client: offer for client, offer in self.offered.items() if offer[0] in self.pool}

    @rule(fault=st.sampled_from(FAULTS))
    def store_breaks(self, fault):
        self.flush()
        self.bench.break_store(fault)
        self.trouble = True
        if fault == FAULTS[1]:
            self.offered.clear()  # after an I/O error all is read again from the store, which knows no offers

    @rule()
    def store_is_mended(self):
        """The administrator writes a host of his own, which also shows that the store works again."""
        if self.trouble:
            self.flush()
            self.bench.mend_store()
            for _ in range(2):
                self.bench.now += 2
                with contextlib.suppress(StoreError):
                    self.bench.hosts.replace(Host("02:00:00:00:00:EE", "10.0.0.13", "printer", int(self.bench.now)))
            self.trouble = False
            self.offered.clear()

    # --- the model

    def flush(self) -> None:
        """Deliver what is on its way as one batch, and let the clients take note of the replies."""
        batch, self.waiting = self.waiting, []
        if not batch:
            return
        sent = self.bench.deliver_raw(*[(one.packet.encode(), sender_of(one.packet), one.destination) for one in batch])
        replies = {one.packet.xid: one for one in sent}
        assert len(replies) == len(sent)
        assert replies.keys() <= {one.packet.xid for one in batch}
        for number, one in enumerate(batch):
            reply = replies.get(one.packet.xid)
            alone = all(other.client != one.client for other in batch[:number])
            self.check_that_it_was_answered(one, reply, alone)
            if reply is not None:
                check_reply(one.packet, reply)
            self.take_note(one, reply)
        assert not self.bench.server.transactions

    def check_that_it_was_answered(self, one: Waiting, reply: Sent | None, alone: bool) -> None:
        """A client that keeps to the rules gets what it was promised."""
        kind, now, packet = one.packet.message_type, self.bench.now, one.packet
        if kind in {RELEASE, DECLINE} or (kind == REQUEST and packet.address(54) == OTHER_SERVER):
            assert reply is None
        if kind == INFORM:
            assert reply is not None
        if kind != REQUEST or 54 in packet.options or not alone:
            address = packet.address(50)
            promised = self.offered.get(one.client, (0, 0.0))
            if kind == REQUEST and alone and not self.trouble and packet.address(54) == OWN and promised[0] == address != 0:
                assert promised[1] <= now or (reply is not None and reply.packet.message_type == ACK)
            return
        address, until = self.held.get(one.client, (0, 0.0))
        asked = packet.address(50) or packet.ciaddr
        if address == asked != 0 and until - 1 > now and address in self.pool and not (self.trouble and until - 2 < now):
            assert reply is not None, "a client with a lease got no answer"
            assert reply.packet.message_type == ACK

    def take_note(self, one: Waiting, reply: Sent | None) -> None:
        """What a client believes after its message and the reply to it."""
        client, packet, kind = one.client, one.packet, one.packet.message_type
        if kind in {RELEASE, DECLINE}:
            self.give_up(client, packet)
        elif kind == REQUEST:
            asked = packet.address(50) or packet.ciaddr
            if asked != self.offered.get(client, (asked,))[0] or packet.address(54) == OTHER_SERVER:
                self.offered.pop(client, None)
        if reply is None:
            return
        answer = reply.packet
        if answer.message_type == NAK:
            self.held.pop(client, None)
        elif answer.message_type == OFFER:
            self.note_offer(client, answer.yiaddr)
        elif kind == REQUEST:
            self.note_lease(client, answer)

    def give_up(self, client: Client, packet: Packet) -> None:
        address = packet.ciaddr or packet.address(50)
        held, until = self.held.get(client, (0, 0.0))
        if held == address:
            del self.held[client]
            if packet.message_type == DECLINE and until > self.bench.now and not self.trouble:
                assert self.on_disk(address)[1] == QUARANTINED
        if packet.message_type == DECLINE:
            self.note_quarantine(address)
        if self.offered.get(client, (0,))[0] == address:
            del self.offered[client]

    def note_quarantine(self, address: int) -> None:
        """Somebody has declined an address, rightly or not. Of too many in quarantine the oldest are given up."""
        row = None if self.trouble else self.on_disk(address)
        if row is not None and row[1] == QUARANTINED:
            self.quarantined.pop(address, None)
            self.quarantined[address] = row[2]
        kept = 0 if self.trouble else max(len(self.pool) // 5, 1)
        for oldest in list(self.quarantined)[:max(len(self.quarantined) - kept, 0)]:
            del self.quarantined[oldest]

    def note_offer(self, client: Client, address: int) -> None:
        self.check_may_be_given(client, address)
        for other, (taken, until) in list(self.offered.items()):
            if other != client and taken == address and until > self.bench.now:
                self.gave_way += 1  # of a full pool, to a stranger
                assert other not in self.held and self.gave_way <= self.bench.hosts.gave_way, "offered to two clients at once"
                del self.offered[other]
        self.offered.pop(client, None)
        if not self.trouble:
            self.offered[client] = address, self.bench.now + HOLD - 1

    def note_lease(self, client: Client, answer: Packet) -> None:
        self.check_may_be_given(client, answer.yiaddr)
        self.offered.pop(client, None)
        for former in [other for other, (taken, _) in self.held.items() if taken == answer.yiaddr]:
            del self.held[former]  # its lease had ended, and it is a stranger from now on
        self.held[client] = answer.yiaddr, self.bench.now + answer.address(51)

    def check_may_be_given(self, client: Client, address: int) -> None:
        """From the pool alone, not in quarantine, and nobody else's."""
        now = self.bench.now
        assert address in self.pool or self.held.get(client, (0,))[0] == address
        assert address in self.pool or self.trouble
        assert self.quarantined.get(address, 0) <= now
        for other, (taken, until) in self.held.items():
            assert other == client or taken != address or until <= now, "held by another client"

    def on_disk(self, address: int) -> tuple[bytes, int, int]:
        """Client, state and end of the row of an address, as another process reads it."""
        with contextlib.closing(sqlite3.connect(self.bench.file)) as reader:
            return reader.execute("SELECT client, state, ends FROM leases WHERE address = ?", (address,)).fetchone()

    # --- what always holds

    @invariant()
    def no_two_clients_hold_one_address(self):
        running = [address for address, until in self.held.values() if until > self.bench.now]
        assert len(running) == len(set(running))

    @invariant()
    def every_lease_that_runs_is_on_disk_until_its_end_at_least(self):
        """RFC 2131 section 3.1 step 4: no ACK before its binding is durable."""
        for client, (address, until) in self.held.items():
            if until > self.bench.now:
                owner, state, ends = self.on_disk(address)
                assert (owner, state) == (client.key, 1)
                assert ends >= until


TestLifeCycle = LifeCycle.TestCase
TestLifeCycle.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


# --- what was found once, as the shortest story of it

A, B, C, D = CLIENTS[:4]


def take_a_lease(bench: Bench, talk: Conversation, client: Client) -> int:
    """DISCOVER to ACK; the address."""
    (offer,) = bench.deliver(talk.message(client, DISCOVER))
    address = offer.packet.yiaddr
    (ack,) = bench.deliver(talk.message(client, REQUEST, o50=four_octets(address), o54=four_octets(OWN)))
    assert ack.packet.message_type == ACK
    return address


def kinds(sent: list[Sent]) -> list[int]:
    return [one.packet.message_type for one in sent]


def test_a_batch_in_which_one_client_gets_what_another_one_had_keeps_both_leases(bench):
    """A had X, B is offered it, and A something else; both REQUESTs come in one batch."""
    talk = Conversation()
    held = {client: take_a_lease(bench, talk, client) for client in (A, C, D)}
    bench.deliver(talk.message(A, RELEASE, ciaddr=held[A], o54=four_octets(OWN)))
    (to_b,) = bench.deliver(talk.message(B, DISCOVER))
    bench.deliver(talk.message(C, RELEASE, ciaddr=held[C], o54=four_octets(OWN)))
    (to_a,) = bench.deliver(talk.message(A, DISCOVER))
    assert [to_b.packet.yiaddr, to_a.packet.yiaddr] == [held[A], held[C]]
    requests = [talk.message(client, REQUEST, o50=four_octets(offer.packet.yiaddr), o54=four_octets(OWN))
                for client, offer in ((B, to_b), (A, to_a))]
    assert kinds(bench.deliver(*requests)) == [ACK, ACK]
    for _ in range(2):
        assert bench.hosts.lease_end(bench.table, B.key, held[A]) > bench.now
        assert bench.hosts.lease_end(bench.table, A.key, held[C]) > bench.now
        bench.restart()


@pytest.mark.parametrize("options", [{}, {"o50": b""}, {"o50": b"\x0a\0\0"}, {"o50": bytes(4)}, {"o50": b"\x0a\0\0\5\0"}])
@pytest.mark.parametrize("server", [OWN, OTHER_SERVER, None])
def test_a_request_for_no_address_is_malformed_and_stops_no_other(bench, options, server):
    """Rules of RFC 2131 section 4.3.2: neither option 50 nor ciaddr."""
    talk = Conversation()
    if server is not None:
        options = {**options, "o54": four_octets(server)}
    sent = bench.deliver(talk.message(A, REQUEST, **options), talk.message(B, DISCOVER))
    assert kinds([one for one in sent if one.packet.hardware == B.hardware]) == [OFFER]
    assert ACK not in kinds(sent)
    assert not bench.server.transactions


def test_a_quarantine_without_end_survives_a_restart(tmp_path):
    bench = Bench(tmp_path / "leases.db", ip_ranges=["10.0.0.3 - 10.0.0.5"], decline_quarantine_time=0xFFFFFFFF)
    talk = Conversation()
    address = take_a_lease(bench, talk, A)
    bench.deliver(talk.message(A, DECLINE, o50=four_octets(address), o54=four_octets(OWN)))
    bench.restart()
    bench.now += 10 * 365 * 86400
    bench.keep_house()
    offered = {one.packet.yiaddr for client in (A, B, C) for one in bench.deliver(talk.message(client, DISCOVER))}
    assert len(offered) == 2
    assert address not in offered
    bench.close()


def test_a_client_that_lost_its_offer_to_a_host_by_hand_is_offered_another(bench):
    talk = Conversation()
    (offer,) = bench.deliver(talk.message(A, DISCOVER))
    bench.hosts.add(Host("02:00:00:00:00:BB", "10.0.0.3", "printer", int(bench.now), int(bench.now) + 600))
    assert offer.packet.yiaddr == address_from("10.0.0.3")
    (answer,) = bench.deliver(talk.message(A, REQUEST, o50=four_octets(offer.packet.yiaddr), o54=four_octets(OWN)))
    (again,) = bench.deliver(talk.message(A, DISCOVER))
    assert answer.packet.message_type == NAK
    assert again.packet.yiaddr != offer.packet.yiaddr


def test_a_full_disk_lets_those_who_have_a_lease_keep_it_and_gives_no_new_one(bench):
    """An ACK for the time that remains needs nothing stored."""
    talk = Conversation()
    address = take_a_lease(bench, talk, A)
    bench.break_store("database or disk is full")
    bench.now += 100
    renewed = bench.deliver(talk.message(A, REQUEST, ciaddr=address), destination=OWN)
    assert kinds(renewed) == [ACK]
    assert LEASE - 102 <= renewed[0].packet.address(51) <= LEASE - 100
    (offer,) = bench.deliver(talk.message(B, DISCOVER))
    assert bench.deliver(talk.message(B, REQUEST, o50=four_octets(offer.packet.yiaddr), o54=four_octets(OWN))) == []
    bench.mend_store()
    bench.now += 5
    assert kinds(bench.deliver(talk.message(B, REQUEST, o50=four_octets(offer.packet.yiaddr), o54=four_octets(OWN)))) == [ACK]


def test_a_packet_that_raises_what_nobody_expects_leaves_no_transaction_that_is_never_answered(bench, monkeypatch):
    """A later message with the same xid must be answered."""
    talk = Conversation()
    asked = talk.message(A, DISCOVER)
    with monkeypatch.context() as broken:
        broken.setattr(bench.hosts, "offer", lambda *values: 1 / 0)
        with contextlib.suppress(ZeroDivisionError):
            bench.deliver(asked, talk.message(B, DISCOVER))
    assert kinds(bench.deliver(asked)) == [OFFER]
    assert not bench.server.transactions
