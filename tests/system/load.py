"""Clients in number: threads that lease without end, and streams of DISCOVERs."""

import threading
import time
from collections.abc import Callable

from messages import ACK, OFFER, REQUEST, Message, mac_of, message, packed
from station import Station


class Leasing(threading.Thread):
    """One client after another gets a lease, several exchanges at a time, until `stop`. `acks` is what they were given."""

    AT_ONCE = 16

    def __init__(self, station: Station, first: int = 1000) -> None:
        super().__init__(daemon=True)
        self._station, self._next = station, first
        self._stopping = False
        self.acks: dict[bytes, Message] = {}

    def run(self) -> None:
        """Keep so many DISCOVERs on their way; take every OFFER."""
        quiet = True
        while not self._stopping:
            for _ in range(self.AT_ONCE if quiet else 0):
                self._discover()
            heard = self._station.receive(0.05)
            quiet = heard is None
            if heard is not None:
                self._answer(heard[1])
        for _, one in self._station.waiting():
            if one.kind == ACK:
                self.acks[one.mac] = one

    def _discover(self) -> None:
        self._station.discover(mac_of(self._next))
        self._next += 1

    def _answer(self, one: Message) -> None:
        if one.kind == OFFER:
            self._station.select(one.mac, one)
        elif one.kind == ACK:
            self.acks[one.mac] = one
            self._discover()

    def stop(self) -> dict[bytes, Message]:
        """End, and read what was still on its way; returns the ACKs by hardware address."""
        self._stopping = True
        self.join()
        return self.acks


def discover_steadily(station: Station, count: int, rate: float, first: int,
                      at: dict[int, Callable[[], None]]) -> dict[int, Message]:
    """Send DISCOVERs of as many clients at a rate per second; returns the OFFERs by xid. `at` calls something at a number."""
    begin, xids = time.monotonic(), []
    for number in range(count):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        if number in at:
            at[number]()
        xids.append(station.discover(mac_of(first + number)))
    return collect(station, set(xids))


def collect(station: Station, xids: set[int], timeout: float = 10.0) -> dict[int, Message]:
    """Wait for an answer to each; returns those that came."""
    answers: dict[int, Message] = {}
    deadline = time.monotonic() + timeout
    while len(answers) < len(xids) and (heard := station.receive(deadline - time.monotonic())) is not None:
        if heard[1].xid in xids and heard[1].op == 2:
            answers[heard[1].xid] = heard[1]
    return answers


def reboot_all(station: Station, leases: dict[bytes, str]) -> dict[bytes, Message]:
    """Send an INIT-REBOOT request of each client; returns the answers by hardware address."""
    xids = set()
    for mac, address in leases.items():
        xid = station.xid()
        xids.add(xid)
        station.send(message(REQUEST, mac, xid, options=((50, packed(address)),)), mac)
    return {one.mac: one for one in collect(station, xids).values()}
