"""`DHCPTransaction`: what to answer to a client's message, by RFC 2131 section 4.3; values in, values out.

    message    how it is told                        answer
    DISCOVER   53 = 1                                OFFER, an address held for the client
    REQUEST    54 present: SELECTING                 ACK if it chose us and may have the address; else NAK; or silence
               50 without 54: INIT-REBOOT            ACK if on record; NAK if another is; silence if unknown
               ciaddr, unicast: RENEWING             the same
               ciaddr, broadcast: REBINDING          the same
    DECLINE    53 = 4                                none; the address goes into quarantine
    RELEASE    53 = 7                                none; the address is free, and remembered for the client
    INFORM     53 = 8                                ACK with options alone

A transaction lives while an answer is pending. It keeps the request, not the answer: what is decided when it is due is
decided by the policy of that moment.
"""

from collections.abc import Callable

from pydhcpd.delivery import Route, route_of_information, route_of_lease, route_of_refusal
from pydhcpd.events import Event
from pydhcpd.leases.address_table import AddressTable
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import Row
from pydhcpd.limiter import TokenBucket
from pydhcpd.policy.network import Network
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.terms import INFINITE, Terms
from pydhcpd.serving import Link, Serving
from pydhcpd.wire.packet import (
    ACK,
    BROADCAST_FLAG,
    DECLINE,
    DEFAULT_LIMIT,
    DISCOVER,
    INFORM,
    IP_AND_UDP,
    NAK,
    NO_BOOT,
    OFFER,
    OPTIONS,
    RELEASE,
    REQUEST,
    Request,
    encode_option,
    encode_options,
    encode_reply,
)

TYPE = {kind: bytes((53, 1, kind)) for kind in (OFFER, ACK, NAK)}
ROOM = DEFAULT_LIMIT - IP_AND_UDP - OPTIONS - 1  # bytes of options that every client and link take
NOWHERE: Route = (0, 0, 0, b"")

TransactionKey = int | tuple[int, bytes]  # the xid; with the client where another one uses the same


class Ignored(Exception):  # not an error: most of what is ignored is meant for others
    """The request gets no answer; the reason is counted."""


class DHCPTransaction:
    """One exchange with one client, found by its xid, while an answer is pending.

    `answer` leaves in it what came of the request: `message` for `route` from the address `source`, or b"" for none;
    `event` for the log or None; and whether it is `durable`, which is to wait for the commit that stores `address`.
    """

    __slots__ = ("address", "delayed", "due", "durable", "event", "hosts", "key", "link", "message", "network", "now",
                 "request", "reservation", "route", "serving", "source", "table", "terms")

    key: TransactionKey
    # what a decision rests on, set by `answer`
    serving: Serving
    link: Link
    network: Network
    table: AddressTable
    reservation: Reservation | None
    terms: Terms
    hosts: HostDatabase
    now: float
    # what came of it
    message: bytes
    route: Route
    source: int
    event: Event | None
    durable: bool
    address: int

    def __init__(self) -> None:
        self.request: Request | None = None  # None once it is answered
        self.due = False  # it is in the batch that is being answered
        self.delayed = False  # it is in the delay worker's queue

    @property
    def has_effect(self) -> bool:
        """Whether its request must be carried out even if a newer one has come."""
        return self.request is not None and self.request.kind in (DECLINE, RELEASE)

    def receive(self, request: Request, serving: Serving) -> float:
        """Take in a request, in place of an earlier one of this transaction; returns in how many seconds to answer."""
        self.request = request
        return serving.delays.get(request.kind, 0.0)

    def answer(self, serving: Serving, hosts: HostDatabase, now: float) -> None:
        """Decide. Raises Ignored where nothing comes of the request; `now` is in seconds of the epoch."""
        request = self._prepare(serving, hosts, now)
        _DECISIONS[request.kind](self, request)

    def answer_unstored(self, serving: Serving, hosts: HostDatabase, now: float) -> None:
        """Decide while nothing can be stored: a lease that runs is acknowledged for the time that remains of it."""
        request = self._prepare(serving, hosts, now)
        address = request.address(50) or request.ciaddr
        remaining = hosts.lease_end(self.table, request.client, address) - int(now) - 1
        if request.kind != REQUEST or remaining < 1:
            raise Ignored("could not be stored")
        self._reply_with_lease(request, ACK, address, min(remaining, self.terms.granted_time(request)))

    def is_of_known_client(self, serving: Serving, hosts: HostDatabase) -> bool:
        """Whether the client has a lease in the network of its request."""
        try:
            request = self._prepare(serving, hosts, 0.0)
        except Ignored:
            return False
        return hosts.has_lease(self.table, request.client)

    def _prepare(self, serving: Serving, hosts: HostDatabase, now: float) -> Request:
        """Find link, network, table, reservation and terms of the request. Raises Ignored where it is not served."""
        request = self.request
        if request is None:
            raise Ignored("answered before")
        link = serving.links.get(request.interface)
        if link is None:
            raise Ignored("came in on an interface that is not served")
        self.serving, self.hosts, self.now, self.link = serving, hosts, now, link
        self.network = network = _network_of(request, serving, link)
        self.table = table = hosts.tables[network.base]
        if table.by_hardware and request.client not in table.clients:
            table.recognise(request.client, request.htype, request.chaddr[:request.hlen])
        self.reservation, self.terms = None, network.terms
        if not network.reservations.is_empty:
            self._find_reservation(request, network)
        self.message, self.route, self.source, self.event = b"", NOWHERE, link.server, None
        self.durable, self.address = False, 0
        return request

    def _find_reservation(self, request: Request, network: Network) -> None:
        self.reservation = found = network.reservations.find(request)
        if found is not None:
            if found.ignore:
                raise Ignored("from a host that is configured to be ignored")
            self.terms = network.terms_of(found)

    # --- one method a message

    def _discover(self, request: Request) -> None:
        if 54 in request.options:
            raise Ignored("DISCOVER with a server identifier")
        lease_time = self.terms.granted_time(request)
        address = 0
        if self.reservation is not None:
            address = self._reserved_address(request, self.reservation)
            lease_time = lease_time if address else self._pool_time(self.reservation, lease_time)
        if not address:
            if self.serving.limiter is not None:
                self._limit(request, self.serving.limiter)
            address = self.hosts.offer(self.table, request.client, request.address(50), int(self.now) + self.serving.offer_hold)
        if not address:
            self._tell(request, "no free address for", 0, f"all of {self.network} are taken")
            return
        self._reply_with_lease(request, OFFER, address, lease_time)

    def _limit(self, request: Request, limiter: TokenBucket) -> None:
        """Clients that were never here before are limited; the others are served through a flood of them."""
        if not self.hosts.address_of(self.table, request.client) and not limiter.take(self.now):
            raise Ignored("from an unknown client, over maximum_unknown_per_second")

    def _request(self, request: Request) -> None:
        address = request.address(50) or request.ciaddr
        if 54 in request.options:  # SELECTING
            if not self._is_for_us(request):
                self.hosts.withdraw(request.client)
                raise Ignored("REQUEST to another server")
        elif not self._is_on_record(request, address):  # INIT-REBOOT, RENEWING, REBINDING
            return
        if not address:
            raise Ignored("REQUEST without an address")
        if not self._grant(request, address):
            self._refuse(request, "the address is not available")

    def _is_on_record(self, request: Request, address: int) -> bool:
        """Whether the client may go on asking for an address that it has already. It is refused here if it has another."""
        reserved = 0 if self.reservation is None else self.reservation.ip
        recorded = self.hosts.address_of(self.table, request.client)
        if not recorded and not reserved:
            if not self.network.terms.authoritative:
                raise Ignored("REQUEST of an unknown client")
            self._refuse(request, "the client is not known here")
        elif address not in (recorded, reserved):
            self._refuse(request, "the client has another address" if address in self.network
                         else "the address is of another network")
        else:
            return True
        return False

    def _grant(self, request: Request, address: int) -> bool:
        """Stage a lease and acknowledge it, or return False where the client may not have the address."""
        lease_time = self.terms.granted_time(request)
        reserved = 0
        if self.reservation is not None:
            reserved = self._reserved_address(request, self.reservation)
            lease_time = lease_time if reserved == address else self._pool_time(self.reservation, lease_time)
        if reserved != address and (reserved or not self.hosts.is_free_for(self.table, request.client, address)):
            return False
        now, name = int(self.now), _sent_name(request)
        end = INFINITE if lease_time == INFINITE else min(now + 1 + lease_time, INFINITE - 1)  # never before the client's
        self.hosts.bind(self.table, request.client, address, end, now, request.htype, request.chaddr[:request.hlen], name)
        self._reply_with_lease(request, ACK, address, lease_time)
        self.durable, self.address = True, address
        self.event = (self.now, "leased", address, request.chaddr[:request.hlen], name, "")
        return True

    def _decline(self, request: Request) -> None:
        address, now = request.address(50), int(self.now)
        if not self._is_for_us(request) or not self.hosts.decline(
                self.table, request.client, address, min(now + self.serving.quarantine, INFINITE), now, request.htype,
                request.chaddr[:request.hlen]):
            raise Ignored("DECLINE of an address that is not the client's")
        self.durable = True
        self._tell(request, "declined", address,
                   f"somebody else uses it, the client says; nobody gets it for {self.serving.quarantine} s")

    def _release(self, request: Request) -> None:
        if not self._is_for_us(request) or not self.hosts.release(
                self.table, request.client, request.ciaddr, int(self.now)):
            raise Ignored("RELEASE of an address that is not the client's")
        self.durable = True
        self._tell(request, "released", request.ciaddr)

    def _inform(self, request: Request) -> None:
        """Options only: no lease is looked for, none is given (section 4.3.5)."""
        if request.ciaddr and self.serving.policy.network_of(request.ciaddr) is None:
            raise Ignored("INFORM from an address of no served network")
        self._encode(request, ACK, 0, 0, request.ciaddr)
        self.route = route_of_information(request)
        self._tell(request, "informed", request.ciaddr)

    # --- what they share

    def _is_for_us(self, request: Request) -> bool:
        """Whether option 54 names one of our addresses."""
        return request.address(54) in self.serving.own

    def _reserved_address(self, request: Request, reservation: Reservation) -> int:
        """The address that is reserved for the client, if it may have it now; else 0."""
        if not reservation.ip:
            return 0
        if self.hosts.lease_end(self.table, request.client, reservation.ip):
            return reservation.ip

        def same_host(row: Row) -> bool:
            return reservation.knows(row.client, row.hardware)

        return reservation.ip if self.hosts.is_reserved_free(self.table, reservation.ip, same_host) else 0

    def _pool_time(self, reservation: Reservation, lease_time: int) -> int:
        """A host whose reserved address is still another's gets one of the pool for a short time only."""
        return min(lease_time, self.terms.minimum_lease_time) if reservation.ip else lease_time

    def _reply_with_lease(self, request: Request, kind: int, address: int, lease_time: int) -> None:
        """An OFFER or ACK of an address."""
        self._encode(request, kind, address, lease_time, request.ciaddr if kind == ACK else 0)
        self.route = route_of_lease(request, address, self.link.hardware != b"")

    def _encode(self, request: Request, kind: int, yiaddr: int, lease_time: int, ciaddr: int) -> None:
        terms, wanted, server = self.terms, request.options.get(55), self.link.server
        echoed = _echoed(request)
        boot, options = terms.boot, TYPE[kind] + terms.reply_options(server, lease_time, wanted) + echoed
        if len(options) > ROOM:
            room = request.size_limit(self.link.mtu) - OPTIONS - 1
            if len(options) > room:
                boot, fitting = terms.fitting(server, lease_time, wanted, room - len(TYPE[kind]) - len(echoed))
                options = TYPE[kind] + fitting + echoed
        self.message = encode_reply(request, request.flags, ciaddr, yiaddr, terms.next_server, boot, options)

    def _refuse(self, request: Request, note: str) -> None:
        """A NAK (section 4.3.2). Through a relay it carries the broadcast bit, for the client cannot be unicast to."""
        options = encode_options([(54, self.link.server.to_bytes(4, "big")), (56, note.encode())])
        flags = request.flags | BROADCAST_FLAG if request.giaddr else request.flags
        self.message = encode_reply(request, flags, 0, 0, 0, NO_BOOT, TYPE[NAK] + options + _echoed(request))
        self.route = route_of_refusal(request)
        self._tell(request, "refused", request.address(50) or request.ciaddr, note)

    def _tell(self, request: Request, kind: str, address: int, note: str = "") -> None:
        self.event = (self.now, kind, address, request.chaddr[:request.hlen], _sent_name(request), note)


def _network_of(request: Request, serving: Serving, link: Link) -> Network:
    """The network of a request: by giaddr, else ciaddr (a renewal may have come over routers), else by the link."""
    network = link.network
    if request.giaddr:
        network = serving.policy.network_of(request.giaddr)
    elif request.ciaddr and request.unicast:
        network = serving.policy.network_of(request.ciaddr) or network
    if network is None:
        raise Ignored("of a network that is not served")
    return network


def _echoed(request: Request) -> bytes:
    """61 and 82 as they came, 82 last (RFC 6842, RFC 3046 section 2.2)."""
    options = request.options
    identifier, relay = options.get(61), options.get(82)
    echoed = b"" if identifier is None else encode_option(61, identifier)
    return echoed if relay is None else echoed + encode_option(82, relay)


def _sent_name(request: Request) -> str:
    """The host name that a client sends, for the lease and the log; not to be shown without escaping."""
    name = request.options.get(12)
    return "" if name is None else name.decode("utf-8", "backslashreplace").rstrip("\0")[:255]


_DECISIONS: dict[int, Callable[[DHCPTransaction, Request], None]] = {
    DISCOVER: DHCPTransaction._discover, REQUEST: DHCPTransaction._request, DECLINE: DHCPTransaction._decline,
    RELEASE: DHCPTransaction._release, INFORM: DHCPTransaction._inform}
