"""`LeasequeryService`: a thread that answers leasequeries (RFC 4388), so that reading the database holds up no packet.

The path of the packets puts queries in, and never waits: what comes faster than it can be answered is dropped, and counted.
"""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from pydhcpd.delivery import to_relay
from pydhcpd.errors import MalformedPacket, StoreError
from pydhcpd.leases.interface import LeaseReader
from pydhcpd.recurring import Complaints
from pydhcpd.services.leasequery.messages import (
    ADDRESS,
    HARDWARE,
    Answer,
    Timers,
    answer_by_address,
    answer_by_client,
    default_timers,
    encode_answer,
    is_running,
    read_query,
    wants_associated,
)
from pydhcpd.wire.packet import Request

log = logging.getLogger(__name__)

TOO_MANY = "more leasequeries than can be answered"
WAITING = 256  # queries; they are answered within a tenth of a second

Datagram = tuple[bytes, int, int, int, int]
"""Message, address, port, interface (0: by the routing table) and the address to send from."""
Send = Callable[[Sequence[Datagram]], Sequence[tuple[int, int]]]
"""Sends datagrams; returns the index and the errno of each that could not be sent."""


class LeasequeryService(threading.Thread):
    """Answers what is `put`, until `stop`. `counters` tells what got no answer, by reason."""

    def __init__(self, leases: LeaseReader, send: Send, *, allowed: Callable[[int], bool], serves: Callable[[int], bool],
                 sender: Callable[[Request], tuple[int, int]], timers: Timers = default_timers,
                 clock: Callable[[], float], waiting: int = WAITING) -> None:
        """`leases` and `send` are used in this thread. `clock` is the time of the leases.

        `allowed` tells whether an address may ask, and is called by who puts; `serves`, whether one lies in a network of
        ours; `sender` gives our address that a request asked, and the index of the VRF by which its answer goes, 0 for none.
        `waiting` is the most queries that wait.
        """
        super().__init__(name="leasequery", daemon=True)
        self.counters: Counter[str] = Counter()
        self.answered = 0
        self._queries = leases
        self._send = send
        self._allowed = allowed
        self._serves = serves
        self._sender = sender
        self._timers = timers
        self._clock = clock
        self._waiting: queue.Queue[Request | None] = queue.Queue(waiting)
        self._stopping = False
        self._complaints = Complaints(log)

    def put(self, request: Request) -> bool:
        """Take in a query, or count why not; never blocks. Who asks is giaddr, where the answer goes (RFC 4388 section 7): the
        sender's own address is that of whichever interface the query left by."""
        if not self._allowed(request.giaddr):
            self.counters["a leasequery from who may not ask"] += 1
            return False
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            self.counters[TOO_MANY] += 1
            return False
        return True

    def waiting(self) -> int:
        """How many queries wait."""
        return self._waiting.qsize()

    def run(self) -> None:
        """Until `stop`."""
        while not self._stopping:
            request = self._waiting.get()
            if request is not None:
                self._guarded(request)
        self._queries.close()

    def _guarded(self, request: Request) -> None:
        """Whatever one query does, the next one is answered."""
        try:
            self._answer(request)
        except MalformedPacket as reason:
            self.counters[str(reason)] += 1
        except StoreError as error:
            self.counters["the lease database failed"] += 1
            self._complaints.tell("database",
                                  f"a leasequery could not be answered, for the lease database cannot be read: {error}")
        except Exception as error:
            self.counters["a fault of the program"] += 1
            self._complaints.tell("fault", f"a leasequery could not be answered, by a fault of the program: {error!r}")

    def _answer(self, request: Request) -> None:
        now, (server, vrf) = int(self._clock()), self._sender(request)
        message = encode_answer(request, self._look_up(request, now), server, now, self._timers)
        address, port, interface, _ = to_relay(request, vrf)
        failures = self._send([(message, address, port, interface, server)])
        if failures:
            self.counters["an answer to a leasequery could not be sent"] += 1
        else:
            self.answered += 1

    def _look_up(self, request: Request, now: int) -> Answer:
        query = read_query(request)
        if query.by == ADDRESS:
            served = self._serves(query.address)
            row = self._queries.by_address(query.address) if served else None
            find_others = row is not None and is_running(row, now) and wants_associated(request)
            others = self._queries.by_client(row.client) if row is not None and find_others else ()
            return answer_by_address(row, (one for one in others if self._serves(one.address)), served, now)
        rows = (self._queries.by_hardware(query.htype, query.data) if query.by == HARDWARE
                else self._queries.by_client_identifier(query.data))
        return answer_by_client((row for row in rows if self._serves(row.address)), now)

    def stop(self) -> None:
        """End the thread. What waits is not answered: who asks asks again."""
        self._stopping = True
        with suppress(queue.Full):  # then it does not wait, and sees that it is to end
            self._waiting.put_nowait(None)
        if self.is_alive():
            self.join()
