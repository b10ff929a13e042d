"""`Crowd`: the clients. Some renew steadily, others come and go without end; each ACK is noted, and what it promised is kept.

A client believes in its lease from its ACK on, until the lease time has passed since it asked first (RFC 2131 section 4.4.1),
or it releases it. So two that believe in one address at once were given it by the server.
"""

import heapq
import itertools
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from chaos_record import Record, now
from lab import SERVER, SERVER_MAC, Machine
from messages import ACK, DISCOVER, NAK, OFFER, RELEASE, REQUEST, Message, frame, mac_of, message, packed
from station import Station

STEADY = 20  # clients that renew
EVERY = 0.2  # seconds between the renewals of one, and between its attempts
PATIENCE, ATTEMPTS = 0.5, 8  # of the others: seconds between attempts, and how many there are
TICK = 0.005
FIRST_COMER = 1000  # number of the first of the others
ARP, ARP_REQUEST, ARP_REPLY = 0x0806, 1, 2


@dataclass
class Lease:
    """What a client believes in."""

    mac: bytes
    address: str
    ends: float


@dataclass
class Exchange:
    """A message that waits for its answer, and is sent again until it comes."""

    mac: bytes
    xid: int
    data: bytes
    asked: float
    address: str = ""  # that the client has, or asks for
    attempts: int = 1
    is_selecting: bool = False


class Crowd(threading.Thread):
    """All clients, on one packet socket."""

    def __init__(self, machine: Machine, record: Record, rate: float, seed: int) -> None:
        super().__init__(name="crowd", daemon=True)
        self._station = Station(machine)
        self._record, self._rate, self._random = record, rate, Random(f"crowd {seed}")
        self._exchanges: dict[int, Exchange] = {}
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._comers = itertools.count(FIRST_COMER)
        self._steady = {mac_of(number) for number in range(1, STEADY + 1)}
        self._held: dict[str, Lease] = {}  # by address
        self._leases: dict[bytes, Lease] = {}  # by client
        self._lock = threading.Lock()
        self._stopping = False
        self.fault: BaseException | None = None

    def run(self) -> None:
        """Until `stop`."""
        try:
            for mac in sorted(self._steady):
                self._discover(mac)
            self._come()
            while not self._stopping:
                heard = self._station.receive(TICK)
                if heard is not None and heard[1].op == 2:
                    self._hear(heard[1])
                self._do_what_is_due()
        except BaseException as error:
            self.fault = error
            raise

    def stop(self) -> None:
        """End. Who waits for an answer to a renewal by now, has waited for so long."""
        self._stopping = True
        self.join()
        self._station.close()
        for one in self._exchanges.values():
            if one.mac in self._steady:
                self._record.waited(one.asked, now())

    def running(self, margin: float = 2.0) -> list[Lease]:
        """The leases that clients believe in, and will for so many seconds."""
        with self._lock:
            return [one for one in self._leases.values() if one.ends > now() + margin]

    def holder(self, address: str) -> bytes | None:
        """The hardware address of who has an address."""
        lease = self._held.get(address)
        return lease.mac if lease and lease.ends > now() else None

    # --- what is to be done later

    def _later(self, seconds: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._due, (now() + seconds, next(self._order), what))

    def _do_what_is_due(self) -> None:
        while self._due and self._due[0][0] <= now():
            heapq.heappop(self._due)[2]()

    def _come(self) -> None:
        """One more client, and others after it."""
        self._discover(mac_of(next(self._comers)))
        self._later(self._random.expovariate(self._rate), self._come)

    # --- what is sent

    def _ask(self, one: Exchange) -> None:
        """Send a message, and see to it that it is sent again."""
        self._exchanges[one.xid] = one
        self._station.send_frame(one.data)
        self._later(EVERY if one.mac in self._steady else PATIENCE, lambda: self._ask_again(one))

    def _ask_again(self, one: Exchange) -> None:
        if self._exchanges.get(one.xid) is not one:
            return
        one.attempts += 1
        if one.attempts > ATTEMPTS and one.mac not in self._steady:
            del self._exchanges[one.xid]
        elif one.attempts > ATTEMPTS and one.is_selecting:
            del self._exchanges[one.xid]
            self._discover(one.mac)
        else:
            self._ask(one)

    def _discover(self, mac: bytes) -> None:
        xid = self._station.xid()
        self._ask(Exchange(mac, xid, frame(message(DISCOVER, mac, xid), mac), now()))

    def _select(self, mac: bytes, offer: Message) -> None:
        chosen = ((50, packed(offer.yiaddr)), (54, offer.options[54]))
        data = frame(message(REQUEST, mac, offer.xid, options=chosen), mac)
        self._ask(Exchange(mac, offer.xid, data, now(), offer.yiaddr, is_selecting=True))

    def _renew(self, lease: Lease) -> None:
        """In state RENEWING: by unicast (RFC 2131 section 4.3.2)."""
        xid = self._station.xid()
        data = frame(message(REQUEST, lease.mac, xid, ciaddr=lease.address), lease.mac, SERVER_MAC, lease.address, SERVER)
        self._ask(Exchange(lease.mac, xid, data, now(), lease.address))

    def _reboot(self, lease: Lease) -> None:
        xid = self._station.xid()
        data = frame(message(REQUEST, lease.mac, xid, options=((50, packed(lease.address)),)), lease.mac)
        self._ask(Exchange(lease.mac, xid, data, now(), lease.address))

    def _release(self, lease: Lease) -> None:
        """It believes in it no more, and is not seen again."""
        with self._lock:
            del self._leases[lease.mac], self._held[lease.address]
        data = message(RELEASE, lease.mac, self._station.xid(), ciaddr=lease.address, options=((54, packed(SERVER)),))
        self._station.send(data, lease.mac, destination_mac=SERVER_MAC, source=lease.address, destination=SERVER)
        self._record.count("releases")

    # --- what is heard

    def _hear(self, one: Message) -> None:
        asked = self._exchanges.get(one.xid)
        if asked is None or asked.mac != one.mac:
            return
        if one.kind == OFFER and not asked.address:
            self._select(one.mac, one)
        elif one.kind == ACK and asked.address:
            del self._exchanges[one.xid]
            self._acknowledged(asked, one)
        elif one.kind == NAK and asked.address:
            del self._exchanges[one.xid]
            self._refused(asked)

    def _refused(self, asked: Exchange) -> None:
        lease = self._leases.get(asked.mac)
        if lease and lease.ends > now():
            self._record.count("lost")
            self._record.fail(f"{lease.address} was refused to {asked.mac.hex(':')}, its holder for {lease.ends - now():.1f} s")
        self._discover(asked.mac)

    def _acknowledged(self, asked: Exchange, ack: Message) -> None:
        self._record.count("exchanges")
        lease = Lease(ack.mac, ack.yiaddr, asked.asked + ack.number(51))
        self._judge(lease)
        with self._lock:
            self._leases[ack.mac] = self._held[ack.yiaddr] = lease
        if ack.mac in self._steady:
            if not asked.is_selecting:
                self._record.waited(asked.asked, now())
                self._record.count("renewals of steady clients")
            self._later(EVERY, lambda: self._renew(self._leases[ack.mac]))
        else:
            self._live_on(lease)

    def _judge(self, lease: Lease) -> None:
        """Nobody else may believe in the address, and the client in no other."""
        other, before = self._held.get(lease.address), self._leases.get(lease.mac)
        if other and other.mac != lease.mac and other.ends > now():
            self._record.count("doubled")
            self._record.fail(f"{lease.address} was given to {lease.mac.hex(':')}, and {other.mac.hex(':')} had it for "
                              f"{other.ends - now():.1f} s")
        if before and before.address != lease.address and before.ends > now():
            self._record.count("lost")
            self._record.fail(f"{lease.mac.hex(':')} had {before.address}, and was given {lease.address}")

    def _live_on(self, lease: Lease) -> None:
        """What one of the others does next: nothing any more, or something while it has the lease."""
        does = self._random.choices((None, self._release, self._renew, self._reboot), (40, 20, 25, 15))[0]
        if does is not None:
            self._later(self._random.uniform(0.1, 10.0), lambda: self._do_if_held(does, lease))

    def _do_if_held(self, does: Callable[[Lease], None], lease: Lease) -> None:
        if self._leases.get(lease.mac) is lease and self._held.get(lease.address) is lease and lease.ends > now() + 1:
            does(lease)


class Neighbours(threading.Thread):
    """Answers ARP for those who have an address (RFC 826), as their kernels would."""

    def __init__(self, machine: Machine, crowd: Crowd) -> None:
        super().__init__(name="neighbours", daemon=True)
        self._socket = machine.open(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ARP)))
        self._socket.bind(("c0", ARP))
        self._crowd = crowd

    def run(self) -> None:
        """Until the machine is gone."""
        with self._socket, suppress(OSError):
            while True:
                self._answer(self._socket.recv(2048))

    def _answer(self, asked: bytes) -> None:
        target = asked[38:42]
        mac = self._crowd.holder(socket.inet_ntoa(target))
        if int.from_bytes(asked[20:22], "big") == ARP_REQUEST and mac is not None:
            head = asked[22:28] + mac + ARP.to_bytes(2, "big") + asked[14:20] + ARP_REPLY.to_bytes(2, "big")
            self._socket.send((head + mac + target + asked[22:32]).ljust(60, b"\0"))
