"""What waits while more comes than can be answered, so that clients with an address are served first.

Without it the kernel's queue would drop what comes last, whoever sent it: renewals of those who work, and REQUESTs for offers
that were paid for. Sorted is by what a message is and by whom it is from, as the decoder reads it, however it is spelt:

    HOLDER     of a client with a lease, whatever it sends      at once
    CHOOSING   of one that was offered an address, and comes    at once, after those
    NEW        of all others                                    so many with each batch, the oldest first

Each client has a token bucket, so that none takes the room of the others, and so has each port of a relay agent where that is
configured. They are asked here alone: on a quiet day nobody meets them.
"""

from collections import deque

from pydhcpd.errors import TooMany
from pydhcpd.leases.address_table import BY_HARDWARE
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.limiter import TokenBuckets
from pydhcpd.policy.case import Case, find_network
from pydhcpd.serving import Serving
from pydhcpd.wire.packet import BOOTP, DISCOVER, FROM_CLIENTS, Request
from pydhcpd.wire.relay import port_of

LIMIT = 1024  # messages that may wait, some 50 ms; the oldest are dropped, whose clients are the first to ask again
HOLDERS = 2  # times as much as others may send those send that have a lease: its renewal, and what else a machine does
HOLDER, CHOOSING, NEW = range(3)

Datagram = tuple[bytes, int, int, int, int]


class Backlog:
    """Messages that wait for their turn. `per_client` and `per_port` are so many in a second; None is no limit."""

    __slots__ = ("_case", "_choosing", "_clients", "_holders", "_known", "_ports", "_waiting", "dropped")

    def __init__(self) -> None:
        self._case = Case()
        self._known: list[Request] = []
        self._choosing: list[Request] = []
        self._waiting: deque[Request] = deque()
        self.dropped = 0
        self.limit(None, None)

    def __len__(self) -> int:
        return len(self._waiting)

    def limit(self, per_client: int | None, per_port: int | None) -> None:
        """Take so many messages a second from each client, and from each port of a relay agent."""
        self._clients = TokenBuckets(per_client) if per_client else None
        self._holders = TokenBuckets(per_client * HOLDERS) if per_client else None
        self._ports = TokenBuckets(per_port) if per_port else None

    def put(self, request: Request, serving: Serving, hosts: HostDatabase, moment: float) -> None:
        """Keep a message for `take`. Raises Ignored where its client or port sends too many. `moment` is in seconds of a clock
        that does not go back."""
        rank = self._rank(request, serving, hosts)
        buckets = self._clients if rank else self._holders
        if buckets is not None and not buckets.take(request.chaddr[:request.hlen] or request.client, moment):
            raise TooMany("from a client that sends more than maximum_per_client")
        if rank and self._ports is not None and (port := port_of(request.giaddr, request.relay)) and (
                not self._ports.take(port, moment)):
            raise TooMany("of a relay agent's port that sends more than maximum_per_relay_port")
        if rank == HOLDER:
            self._known.append(request)
        elif rank == CHOOSING:
            self._choosing.append(request)
        else:
            self._wait(request)

    def _wait(self, request: Request) -> None:
        self._waiting.append(request)
        if len(self._waiting) > LIMIT:
            self._waiting.popleft()
            self.dropped += 1

    def take(self, most: int) -> list[Request]:
        """What goes first, and of the rest the oldest, up to `most`."""
        waiting = self._waiting
        first = self._known + self._choosing
        self._known, self._choosing = [], []
        return first + [waiting.popleft() for _ in range(min(most, len(waiting)))]

    def _rank(self, request: Request, serving: Serving, hosts: HostDatabase) -> int:
        """HOLDER, CHOOSING or NEW."""
        link = serving.links.get(request.interface)
        if link is None or (request.kind not in FROM_CLIENTS and request.kind != BOOTP):
            return NEW
        find_network(serving.policy.networks, self._case, request, link.network)
        network = self._case.network
        client = request.client if network.client_key is None else network.client_key(request)
        table = hosts.tables[network.base]
        if hosts.has_lease(table, client):
            return HOLDER
        if request.kind != DISCOVER and hosts.offers.address(client):
            return CHOOSING
        others = [hosts.faces.of(request.chaddr)]  # it may leave out its identifier, or be known by the hardware alone yet
        if table.by_hardware:
            others.append(bytes((BY_HARDWARE, request.htype)) + request.chaddr[:request.hlen])
        if any(hosts.has_lease(table, one) for one in others):
            return HOLDER
        if network.client_key is not None and not request.giaddr and request.ciaddr and request.source == request.ciaddr:
            return HOLDER if hosts.is_leased(request.ciaddr) else NEW  # what its port's switch adds may be missing now
        return NEW
