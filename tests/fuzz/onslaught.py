"""The whole path of a datagram, to be fuzzed: a real server with a real lease database and everything switched on.

Stands in for what is outside: sockets, who is asked whether an address is in use, and the clock. After every batch it is told
what must hold whatever came: no fault of the program, no ACK without its row on the disk, no reply above the client's limit,
and nothing left of what was dropped; `check_leases` tells whether memory and database agree.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace

from mutation import MessageMutator
from rig import ETH1, ETH2, EVERYBODY, SERVER, Bench, datagram, made_bench

from pydhcpd import server as server_module
from pydhcpd.errors import Ignored, MalformedPacket
from pydhcpd.leases.address_table import LEASED, NEVER
from pydhcpd.leases.interface import BOUND, RELEASED
from pydhcpd.proxy import ProxyTransaction
from pydhcpd.services.leasequery.messages import default_timers, one_of
from pydhcpd.services.leasequery.single import LeasequeryService
from pydhcpd.wire.packet import ACK, BOOTREPLY, OFFER, Packet, Request

CONFIGURATION = Path(__file__).with_name("everything.conf")
DELAYED = "dhcp_offer_after_seconds = 0.5\ndhcp_acknowledge_after_seconds = 0.1\n"
WAYS = ((EVERYBODY, "0.0.0.0", 68, ETH1), (EVERYBODY, "0.0.0.0", 68, ETH2), (SERVER, "10.1.0.1", 67, ETH1),
        (SERVER, "192.0.2.20", 68, ETH1), (SERVER, "198.51.100.20", 68, ETH2), (SERVER, "10.77.0.1", 1067, ETH1),
        (EVERYBODY, "0.0.0.0", 68, 9))
"""How a datagram comes in: destination, source, port and interface; the last one's is not served."""
LARGEST_REPLY = 1472  # bytes: an Ethernet frame's, IP and UDP headers not counted
MOST_DELAYS = 50  # how often a delayed answer may be put off again
BY_A_FAULT = ("fault of the program", "failed")
MOST_OFFERS = 200  # kept to go on from


class Failure(Exception):
    """What must never happen."""


class Faults(logging.Handler):
    """Notes what the log tells of faults: an exception in the code of ours, or in a function of the file."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Called with every line of the log."""
        text = record.getMessage()
        if record.exc_info or record.levelno >= logging.ERROR or any(words in text for words in BY_A_FAULT):
            self.found.append(logging.Formatter().format(record))


class Worker:
    """In place of the delay worker: keeps what is delayed."""

    def __init__(self) -> None:
        self.waiting: list[tuple[float, object]] = []

    def answer_after(self, seconds: float, transaction: object) -> None:
        """Keep it."""
        self.waiting.append((seconds, transaction))

    def do_after(self, *_: object) -> None:
        """Housekeeping is called by hand here."""


class Prober:
    """In place of what asks by ARP and ping."""

    def start(self) -> None:
        """Nothing is heard but what the fuzzing says."""

    stop = start

    def ask_link(self, *_: object) -> bool:
        """Asked."""
        return True

    ask_far = ask_link


class Onslaught:
    """A server under fire. `give` takes a batch of datagrams; raises Failure."""

    def __init__(self, bench: Bench, random: Random, faults: Faults) -> None:
        self.bench, self.random, self.faults = bench, random, faults
        self.replies = 0
        self.offers: list[Packet] = []  # to go on from
        self.clock = SimpleNamespace(monotonic=lambda: self.bench.now, sleep=lambda _: None, time=lambda: self.bench.now)
        self.worker = bench.server.worker = Worker()
        bench.server._prober = Prober()
        bench.server._sender = SimpleNamespace(send=self._datagrams)
        bench.server._frames = SimpleNamespace(send=self._frames)
        self._drop = bench.server.account.drop
        bench.server.account.drop = self._dropped
        self._commit = bench.hosts.store.commit
        bench.hosts.store.commit = self._committed
        server = bench.server
        self.queries = LeasequeryService(
            bench.hosts.store.reader(), self._datagrams, allowed=one_of(((0x0A000000, 0xFF000000),)),
            serves=lambda address: server.serving.policy.networks.of(address) is not None, clock=lambda: bench.now,
            sender=lambda request: (server.serving.address_asked(request, server.serving.links[request.interface]), 0),
            timers=default_timers)
        server.leasequery = self._query

    # --- in place of sockets

    def _datagrams(self, messages: Sequence[tuple], on_link: bool = False) -> list:
        for message in messages:
            self._note(message[0])
        return []

    def _frames(self, messages: Sequence[tuple[bytes, int]]) -> list:
        for frame, _ in messages:
            self._note(frame[42:])
        return []

    def _note(self, data: bytes) -> None:
        self.replies += 1
        reply = Packet.decode(data)
        _require(reply.op == BOOTREPLY, f"a reply that is none: {reply}")
        _require(len(data) <= LARGEST_REPLY, f"a reply of {len(data)} bytes")
        if reply.message_type == OFFER:
            self.offers = [*self.offers[-MOST_OFFERS:], reply]
        elif reply.message_type in (ACK, 0) and reply.yiaddr:
            self._check_stored(reply)

    def _check_stored(self, reply: Packet) -> None:
        """What the client is told must be on the disk by now, unless it gave the address back in the same batch."""
        row, now = self.bench.hosts.store.row(reply.yiaddr), int(self.bench.now)
        _require(row is not None, f"without a row: {reply}")
        _require(row.ends >= min(now + reply.address(51), NEVER) if row.state == BOUND else
                 row.ends == now if row.state == RELEASED else row.last_used == now, f"without its row: {reply} {row}")

    def _dropped(self, reason: Exception, interface: int, request: object) -> None:
        if isinstance(reason, Failure):
            raise reason
        if not isinstance(reason, MalformedPacket | Ignored):
            raise Failure("a fault of the program") from reason
        self._drop(reason, interface, request)

    def _committed(self, rows: Sequence[tuple], releases: Sequence[tuple] = (),
                   holders: Sequence[bytes] = ()) -> frozenset[int]:
        addresses = [row[0] for row in rows] + [release[2] for release in releases]
        _require(len(addresses) == len(set(addresses)), f"two decisions on one address: {rows} {releases}")
        return self._commit(rows, releases, holders)

    def _query(self, request: object) -> None:
        """Answer a leasequery here and not in a thread of its own."""
        with suppress(MalformedPacket):
            self.queries._answer(request)

    # --- what it is given

    def give(self, datagrams: Sequence[bytes]) -> None:
        """Take in a batch, let time pass, and look whether all that must hold does."""
        server = self.bench.server
        ways = [datagram(one, *self.random.choice(WAYS)) for one in datagrams]
        server.receive(ways)
        self._ask_boot_server(ways)
        self._answer_delayed()
        self.bench.now += self.random.choice((0.0, 0.1, 1.0, 9.0, 100.0))
        server._keep_house()
        self._look()

    def _ask_boot_server(self, datagrams: Sequence[tuple]) -> None:
        """The same as port 4011 has it, where nothing is stored and no address given."""
        server = self.bench.server
        with server.hosts.lock:
            for one in datagrams:
                transaction = ProxyTransaction()
                with suppress(MalformedPacket, Ignored):
                    transaction.answer_boot_request(Request.receive(*one), server.serving, server.hosts, self.bench.now)
                    self._note(transaction.message)
                    _require(Packet.decode(transaction.message).yiaddr == 0, "an address by port 4011")

    def _answer_delayed(self) -> None:
        for _ in range(MOST_DELAYS):
            if not self.worker.waiting:
                return
            due, self.worker.waiting = self.worker.waiting, []
            self.bench.now += max(seconds for seconds, _ in due)
            if self.random.random() < 0.2:
                table = self.random.choice(self.bench.hosts.tables.rising)
                address = table.base + self.random.randrange(table.size)
                self.bench.server._heard([(address, b"\2\0\0\0\1\1", self.random.choice(("eth1", "eth2", "")))])
            self.bench.server._answer_delayed([transaction for _, transaction in due])
        raise Failure("an answer that is put off again and again")

    def _look(self) -> None:
        server = self.bench.server
        _require(not self.faults.found, "\n".join(self.faults.found))
        _require(not server.transactions and not server._delayed, f"transactions are left: {dict(server.transactions)}")
        _require(not self.bench.hosts.touched, f"something is staged: {self.bench.hosts.touched}")
        _require(len(self.bench.hosts.offers) <= server.maximum_transactions, "more offers than are allowed")

    def check_leases(self) -> None:
        """Whether memory holds the leases that are on the disk."""
        hosts, now = self.bench.hosts, int(self.bench.now)
        while hosts.reclaim(now):
            pass
        for base, stored in hosts.tables.read(now).items():
            held, on_disk = ({slot: table.ends[slot] for slot in range(table.size) if table.states[slot] == LEASED}
                             for table in (hosts.tables[base], stored))
            _require(held == on_disk, f"memory has {held}, the database {on_disk}")

    def conversation(self, mutator: MessageMutator) -> bytes:
        """The next datagram: a message that was changed by chance, or a REQUEST for what was offered, perhaps changed too."""
        if not self.offers or self.random.random() < 0.7:
            return mutator.next()
        offer = self.offers.pop(self.random.randrange(len(self.offers)))
        options = {53: b"\3", 50: offer.yiaddr.to_bytes(4, "big"), 54: offer.options.get(54, b"")}
        options |= {code: offer.options[code] for code in (61, 82) if code in offer.options}
        request = Packet(htype=offer.htype, hardware=offer.hardware, xid=offer.xid, giaddr=offer.giaddr,
                         options=options).encode()
        return request if self.random.random() < 0.6 else mutator.changed(request)


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise Failure(what)


@contextmanager
def served(random: Random, *, delayed: bool = False, detailed: bool = False) -> Iterator[Onslaught]:
    """A server that serves everything.conf; `delayed`: its answers are, `detailed`: it describes each packet for the log."""
    faults, log = Faults(), logging.getLogger("pydhcpd")
    text = CONFIGURATION.read_text() + (DELAYED if delayed else "")
    before = log.level, log.propagate
    log.setLevel(logging.DEBUG if detailed else logging.WARNING)
    log.propagate = False
    with TemporaryDirectory() as directory, made_bench(Path(directory)) as bench:
        path = Onslaught(bench, random, faults)
        real, server_module.time = server_module.time, path.clock
        log.addHandler(faults)
        try:
            yield _serving(path, text)
        finally:
            log.removeHandler(faults)
            log.setLevel(before[0])
            log.propagate = before[1]
            server_module.time = real
            path.queries._queries.close()


def _serving(path: Onslaught, text: str) -> Onslaught:
    path.bench.serve(text)
    path.bench.hosts.store.index_for_queries()
    return path
