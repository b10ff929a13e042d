"""`BulkLeasequeryServer`: tells over TCP which leases there are, many at a time (RFC 6926). A thread for each connection.

A peer is closed at once unless it may ask; and what it can do then is bounded: the number of connections, the length of a
query, the time between queries, the time to take what is sent. Answers are read and sent in portions with pauses, so that
a table of a million leases takes neither memory nor the time of the threads that serve DHCP.
"""

import errno
import logging
import socket
import socketserver
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, suppress
from itertools import islice
from typing import Any

from pydhcpd.addresses import address_from
from pydhcpd.errors import MalformedPacket, StoreError
from pydhcpd.leases.interface import LeaseReader, Row
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.recurring import Complaints
from pydhcpd.services.leasequery.messages import (
    ALL,
    CLIENT,
    HARDWARE,
    LENGTH,
    QUERY_TERMINATED,
    UNSPECIFIED_FAILURE,
    BulkReplies,
    Query,
    Refused,
    Timers,
    belongs,
    by_ledger,
    default_timers,
    is_bulk_query,
    read_bulk_query,
    relay_octets,
    with_free,
)
from pydhcpd.wire.packet import Packet

log = logging.getLogger(__name__)

PORT = 67
MAXIMUM_CONNECTIONS = 8
LONGEST_QUERY = 4096  # bytes; a usual one has 300
DATA_TIMEOUT = 300.0  # seconds: BULK_LQ_DATA_TIMEOUT of section 6.3
SEND_TIMEOUT = 60.0  # seconds to take a portion
SEND_BUFFER = 128 * 1024  # bytes; else the kernel would keep some megabytes for each reader that never reads
AT_ONCE = 100  # leases: some 2 ms of work
ROWS_AT_ONCE = 500  # rows read: some 2 ms as well
PAUSE = 0.0005  # seconds between portions: a real sleep, which gives the interpreter to a thread that waits for it
PAUSE_EXHAUSTED = 0.2  # seconds; the connection that waits keeps the listening socket readable, so accept would spin
STOP_WITHIN = 1.0  # seconds in which connections may tell that they end

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}

Ranges = Callable[[], Iterable[tuple[int, int]]]


class ConnectionOver(Exception):
    """Ends a connection. `str()` of it is the reason."""


class BulkLeasequeryHandler(socketserver.BaseRequestHandler):
    """One connection: queries one after the other, each answered to its end before the next is read (section 8.2)."""

    server: "BulkLeasequeryServer"
    request: socket.socket

    def setup(self) -> None:
        """Prepare the connection."""
        self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self._queries = self.server.reader()

    def handle(self) -> None:
        """Answer until one of the two has had enough."""
        try:
            while not self.server.stopping:
                self._answer(self._receive_query())
        except ConnectionOver as end:
            log.debug("bulk leasequery from %s is over: %s", self.client_address, end)

    def finish(self) -> None:
        """Close the database."""
        self._queries.close()

    # --- input

    def _receive_query(self) -> Packet:
        """The next query, within the time-out however slowly its bytes come. What is none ends the connection: after it
        nothing that follows can be trusted to begin where it seems to."""
        deadline = time.monotonic() + self.server.idle_timeout
        length, = LENGTH.unpack(self._receive(LENGTH.size, deadline))
        if length > LONGEST_QUERY:
            raise ConnectionOver(f"a message of {length} bytes")
        try:
            message = Packet.decode(self._receive(length, deadline))
        except MalformedPacket as error:
            raise ConnectionOver(f"a message that cannot be read: {error}") from error
        if not is_bulk_query(message):
            raise ConnectionOver("a message that is no bulk leasequery")
        return message

    def _receive(self, size: int, deadline: float) -> bytes:
        data = b""
        while len(data) < size:
            try:
                self.request.settimeout(max(deadline - time.monotonic(), 0.001))
                more = self.request.recv(size - len(data))
            except TimeoutError as error:
                raise ConnectionOver("idle") from error
            except OSError as error:
                raise ConnectionOver(str(error)) from error
            if not more:
                raise ConnectionOver("end of input")
            data += more
        return data

    # --- output

    def _answer(self, message: Packet) -> None:
        server = self.server
        ahead = server.ahead()
        replies = BulkReplies(message, server.identifier(address_from(self.request.getsockname()[0])), server.timers, ahead)
        server.counters["queries"] += 1
        try:
            self._stream(replies, by_ledger(read_bulk_query(message), ahead))
            farewell = replies.done(server.now())
        except Refused as refusal:
            server.counters["refused queries"] += 1
            farewell = replies.done(server.now(), refusal.status, str(refusal))
        except StoreError as error:
            server.complaints.tell("database",
                                   f"a bulk leasequery could not be answered, for the lease database cannot be read: {error}")
            farewell = replies.done(server.now(), UNSPECIFIED_FAILURE, "the lease database cannot be read")
        self._send(farewell)

    def _stream(self, replies: BulkReplies, query: Query) -> None:
        """Send the leases in portions. Raises Refused where the server stops in the middle."""
        found = self._find(query)
        with closing(found):
            while portion := list(islice(found, AT_ONCE)):
                now = self.server.now()
                self._send(b"".join([replies.lease(address, row, now) for address, row in portion]))
                time.sleep(PAUSE)
                if self.server.stopping:
                    raise Refused(QUERY_TERMINATED, "the server stops")

    def _find(self, query: Query) -> Generator[tuple[int, Row | None], None, None]:
        """What the reply tells of, by address; None for an address that has no row."""
        now = self.server.now()
        rows = (row for row in _paced(self._rows(query)) if self.server.serves(row.address) and belongs(row, query, now))
        yield from with_free(rows, self.server.ranges() if query.by == ALL and not query.is_limited else ())

    def _rows(self, query: Query) -> Iterator[Row]:
        if query.by == HARDWARE:
            return self._queries.by_hardware(query.htype, query.data)
        if query.by == CLIENT:
            return self._queries.by_client_identifier(query.data)
        return self._queries.all() if query.by == ALL else self._queries.by_relay(relay_octets(query))

    def _send(self, data: bytes) -> None:
        """Send all within the time-out, or end the connection."""
        try:
            self.request.settimeout(self.server.send_timeout)
            self.request.sendall(data)
        except OSError as error:
            if isinstance(error, TimeoutError):  # reset, or the kernel would go on offering what it holds for minutes
                with suppress(OSError):
                    self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise ConnectionOver(str(error)) from error


def _paced(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows with pauses between portions: it may be that none of many is what is asked for, and nothing is sent."""
    remaining = iter(rows)
    while portion := list(islice(remaining, ROWS_AT_ONCE)):
        yield from portion
        time.sleep(PAUSE)


class BulkLeasequeryServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts connections at a listening socket and gives each a thread, up to `maximum_connections`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, reader: Callable[[], LeaseReader], *,
                 allowed: Callable[[int], bool], serves: Callable[[int], bool],
                 ledger_time: LedgerTime, identifier: Callable[[int], int] = lambda address: address,
                 ranges: Ranges = tuple, timers: Timers = default_timers,
                 maximum_connections: int = MAXIMUM_CONNECTIONS, idle_timeout: float = DATA_TIMEOUT,
                 send_timeout: float = SEND_TIMEOUT) -> None:
        """`reader` gives each connection its own way to the leases. Time-outs are in seconds.

        `allowed` tells whether an address may ask, `serves` whether one lies in a network of ours; `identifier` gives the
        server identifier, from our address that the connection came to. `ranges` gives the addresses that could be leased,
        as (first, last) in rising order: where all addresses are asked for, those without a lease are told as well.
        """
        super().__init__(("", 0), BulkLeasequeryHandler, bind_and_activate=False)
        self.socket.close()  # the one that the standard library made
        self.socket = listener
        self.server_address = listener.getsockname()
        self.reader = reader
        self.serves = serves
        self.identifier = identifier
        self.ranges = ranges
        self.timers = timers
        self.counters: Counter[str] = Counter()
        self.maximum_connections = maximum_connections
        self.idle_timeout = idle_timeout
        self.send_timeout = send_timeout
        self.stopping = False
        self._allowed = allowed
        self._time = ledger_time
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()  # guards _connections
        self._thread: threading.Thread | None = None
        self.complaints = Complaints(log)

    def now(self) -> int:
        """Seconds by the ledger."""
        return int(self._time.now())

    def ahead(self) -> int:
        """By how much the wall clock is ahead of them: the times in queries and answers are its."""
        return round(self._time.wall_less_ledger)

    def start(self, poll_interval: float = 0.5) -> None:
        """Serve in a thread of its own until `stop`."""
        self._thread = threading.Thread(target=self.serve_forever, args=(poll_interval,), name="bulk-leasequery", daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it accepts connections."""
        return self._thread is not None and self._thread.is_alive()

    def stop(self) -> None:
        """Accept no more, and end the connections: who is being answered is told so (section 8.4), if it listens."""
        self.stopping = True
        if self._thread is not None:
            self.shutdown()
        self.server_close()
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._connections, STOP_WITHIN)
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; where descriptors or memory are short, wait a little before the next attempt."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self.complaints.tell("accept", f"cannot accept a connection for bulk leasequery: {error}")
                time.sleep(PAUSE_EXHAUSTED)
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether the peer may ask, and there is room for it; if not, it is closed."""
        if not self._allowed(address_from(client_address[0])):
            self.counters["connections from who may not ask"] += 1
            return False
        with self._changed:
            if len(self._connections) < self.maximum_connections:
                self._connections.add(request)
                return True
        self.counters["more connections than allowed"] += 1
        self.complaints.tell("refused",
                             f"refused bulk leasequery from {client_address[0]}: {self.maximum_connections} are connected")
        return False

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and free its place, however it came to its end."""
        # Out of the set before its descriptor is closed, lest `stop` meet that number in other use.
        with self._changed:
            self._connections.discard(request)
            self._changed.notify_all()
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (named by the base class)
        """One line for a connection that broke; never a traceback, which a flood could multiply."""
        self.complaints.tell("failed", f"bulk leasequery from {client_address} failed: {sys.exception()!r}")
