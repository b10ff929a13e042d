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

from typing import NamedTuple

from pydhcpd.delivery import Route, route_of_information, route_of_lease, route_of_refusal
from pydhcpd.events import Event
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import Row
from pydhcpd.policy.network import Network
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.terms import INFINITE, Terms
from pydhcpd.serving import Link, Serving
from pydhcpd.wire.packet import (
    ACK,
    BROADCAST_FLAG,
    DECLINE,
    DISCOVER,
    INFORM,
    NAK,
    NO_BOOT,
    OFFER,
    OPTIONS,
    RELEASE,
    REQUEST,
    Request,
    encode_options,
    encode_reply,
)

TYPE = {kind: bytes((53, 1, kind)) for kind in (OFFER, ACK, NAK)}
HOST_NAME = 12

TransactionKey = int | tuple[int, bytes]  # the xid; with the client where another one uses the same


class Answer(NamedTuple):
    """What comes of a request: a message and its way, or none; what is to be told; whether it waits for the commit."""

    message: bytes
    route: Route | None
    source: int
    event: Event | None
    durable: bool = False
    address: int = 0


class Ignored(Exception):  # not an error: most of what is ignored is meant for others
    """The request gets no answer; the reason is counted."""


class DHCPTransaction:
    """One exchange with one client, found by its xid, while an answer is pending."""

    __slots__ = ("delayed", "due", "key", "request")

    def __init__(self) -> None:
        self.request: Request | None = None  # None once it is answered
        self.key: TransactionKey = 0
        self.due = False  # it is in the batch that is being answered
        self.delayed = False  # it is in the delay worker's queue

    def receive(self, request: Request, serving: Serving) -> float:
        """Take in a request, in place of an earlier one of this transaction; returns in how many seconds to answer."""
        self.request = request
        return serving.delays.get(request.message_type, 0.0)

    def answer(self, serving: Serving, hosts: HostDatabase, now: float) -> Answer:
        """Decide. Raises Ignored where there is no answer; `now` is in seconds of the epoch."""
        request = self.request
        if request is None:
            raise Ignored("answered before")
        link = serving.links.get(request.interface)
        if link is None:
            raise Ignored("came in on an interface that is not served")
        return _DECISIONS[request.message_type](_Case(request, serving, link, _network_of(request, serving, link), hosts, now))

    def is_of_known_client(self, serving: Serving, hosts: HostDatabase) -> bool:
        """Whether the client has a lease in the network of its request."""
        request = self.request
        link = None if request is None else serving.links.get(request.interface)
        if request is None or link is None:
            return False
        try:
            return hosts.has_lease(hosts.tables[_network_of(request, serving, link).base], request.client)
        except Ignored:
            return False

    def answer_unstored(self, serving: Serving, hosts: HostDatabase, now: float) -> Answer:
        """Decide while nothing can be stored: a lease that runs is acknowledged for the time that remains of it."""
        request = self.request
        link = None if request is None else serving.links.get(request.interface)
        if request is None or link is None or request.message_type != REQUEST:
            raise Ignored("could not be stored")
        case = _Case(request, serving, link, _network_of(request, serving, link), hosts, now)
        address = request.address(50) or request.ciaddr
        remaining = hosts.lease_end(hosts.tables[case.network.base], request.client, address) - int(now)
        if remaining < 1:
            raise Ignored("could not be stored")
        terms = case.network.terms_of(case.reservation())
        return case.lease(ACK, address, terms, min(remaining, terms.granted_time(request)), "acknowledged unstored", False)


def _network_of(request: Request, serving: Serving, link: Link) -> Network:
    """The network of a request: by giaddr, else ciaddr (a renewal may have come over routers), else by the link."""
    network = None
    if request.giaddr:
        network = serving.policy.network_of(request.giaddr)
    elif request.ciaddr and request.unicast:
        network = serving.policy.network_of(request.ciaddr) or link.network
    else:
        network = link.network
    if network is None:
        raise Ignored("of a network that is not served")
    return network


class _Case(NamedTuple):
    """A request with all that its decision rests on."""

    request: Request
    serving: Serving
    link: Link
    network: Network
    hosts: HostDatabase
    now: float

    def reservation(self) -> Reservation | None:
        found = self.network.reservation_of(self.request)
        if found is not None and found.ignore:
            raise Ignored("from a host that is configured to be ignored")
        return found

    def event(self, kind: str, address: int = 0, note: str = "") -> Event:
        request = self.request
        return Event(self.now, kind, address, request.chaddr[:request.hlen], _sent_name(request), note)

    def lease(self, kind: int, address: int, terms: Terms, lease_time: int, event: str, durable: bool) -> Answer:
        """An OFFER or ACK of an address; `event` names what happened, if anything did."""
        request, link = self.request, self.link
        message = _encode(case=self, kind=kind, yiaddr=address, terms=terms, lease_time=lease_time,
                          ciaddr=request.ciaddr if kind == ACK else 0)
        return Answer(message, route_of_lease(request, address, bool(link.hardware)), link.server,
                      self.event(event, address) if event else None, durable, address)

    def refuse(self, note: str) -> Answer:
        """A NAK (section 4.3.2). Through a relay it carries the broadcast bit, for the client cannot be unicast to."""
        request, server = self.request, self.link.server
        options = TYPE[NAK] + encode_options([(54, server.to_bytes(4, "big")), (56, note.encode())]) + _echoed(request)
        flags = request.flags | BROADCAST_FLAG if request.giaddr else request.flags
        message = encode_reply(request, flags, 0, 0, 0, NO_BOOT, options)
        return Answer(message, route_of_refusal(request), server,
                      self.event("refused", request.address(50) or request.ciaddr, note))

    def is_for_us(self) -> bool:
        """Whether option 54 names one of our addresses."""
        return self.request.address(54) in self.serving.own


def _encode(case: _Case, kind: int, yiaddr: int, terms: Terms, lease_time: int, ciaddr: int) -> bytes:
    request, server = case.request, case.link.server
    wanted = request.options.get(55)
    echoed = _echoed(request)
    limit = request.size_limit(case.link.mtu) - OPTIONS - 1
    options = TYPE[kind] + terms.reply_options(server, lease_time, wanted) + echoed
    if len(options) > limit:
        options = TYPE[kind] + terms.fitting(server, lease_time, wanted, limit - 3 - len(echoed)) + echoed
    return encode_reply(request, request.flags, ciaddr, yiaddr, terms.next_server, terms.boot, options)


def _echoed(request: Request) -> bytes:
    """61 and 82 as they came, 82 last (RFC 6842, RFC 3046 section 2.2)."""
    options = request.options
    identifier, relay = options.get(61), options.get(82)
    echoed = b"" if identifier is None else encode_options([(61, identifier)])
    return echoed if relay is None else echoed + encode_options([(82, relay)])


def _sent_name(request: Request) -> str:
    """The host name that a client sends, for the lease and the log; not to be shown without escaping."""
    name = request.options.get(HOST_NAME)
    return "" if name is None else name.decode("utf-8", "backslashreplace").rstrip("\0")


def _discover(case: _Case) -> Answer:
    request, hosts = case.request, case.hosts
    if 54 in request.options:
        raise Ignored("DISCOVER with a server identifier")
    reservation = case.reservation()
    terms = case.network.terms_of(reservation)
    address = _reserved_address(case, reservation)
    lease_time = terms.granted_time(request)
    if not address:
        table = hosts.tables[case.network.base]
        if case.serving.limiter is not None and not (hosts.address_of(table, request.client) or case.serving.limiter.take(case.now)):
            raise Ignored("from an unknown client, over maximum_unknown_per_second")
        address = hosts.offer(table, request.client, request.address(50), int(case.now) + case.serving.offer_hold)
        lease_time = _pool_time(reservation, terms, lease_time)
    if not address:
        return Answer(b"", None, 0, case.event("no free address for", note=f"all of {case.network} are taken"))
    return case.lease(OFFER, address, terms, lease_time, "", False)  # no event: an offer changes nothing


def _reserved_address(case: _Case, reservation: Reservation | None) -> int:
    """The address that is reserved for the client, if it may have it now; else 0."""
    if reservation is None or not reservation.ip:
        return 0
    hosts, client = case.hosts, case.request.client
    table = hosts.tables[case.network.base]
    if hosts.lease_end(table, client, reservation.ip):
        return reservation.ip

    def same_host(row: Row) -> bool:
        return reservation.knows(row.client, row.hardware)

    return reservation.ip if hosts.is_reserved_free(table, reservation.ip, same_host) else 0


def _pool_time(reservation: Reservation | None, terms: Terms, lease_time: int) -> int:
    """A host whose reserved address is still another's gets one of the pool for a short time only."""
    return lease_time if reservation is None or not reservation.ip else min(lease_time, terms.minimum_lease_time)


def _request(case: _Case) -> Answer:
    request = case.request
    if 54 in request.options:
        if not case.is_for_us():
            case.hosts.withdraw(request.client)
            raise Ignored("REQUEST to another server")
        address = request.address(50) or request.ciaddr
        return _grant(case, address) or case.refuse("the address is not available")
    address = request.address(50) or request.ciaddr
    if not address:
        raise Ignored("REQUEST without an address")
    return _confirm(case, address)


def _confirm(case: _Case, address: int) -> Answer:
    """INIT-REBOOT, RENEWING and REBINDING: the client has an address, and asks whether it may keep it."""
    reservation = case.reservation()
    table = case.hosts.tables[case.network.base]
    recorded = case.hosts.address_of(table, case.request.client)
    if not recorded and not (reservation and reservation.ip):
        if case.network.terms.authoritative:
            return case.refuse("the client is not known here")
        raise Ignored("REQUEST of an unknown client")
    if recorded != address and not (reservation and reservation.ip == address):
        return case.refuse("the client has another address" if address in case.network
                           else "the address is of another network")
    return _grant(case, address) or case.refuse("the address is not available any more")


def _grant(case: _Case, address: int) -> Answer | None:
    """Stage a lease and acknowledge it, or None where the client may not have the address."""
    request, hosts = case.request, case.hosts
    reservation = case.reservation()
    terms = case.network.terms_of(reservation)
    table = hosts.tables[case.network.base]
    lease_time = terms.granted_time(request)
    reserved = _reserved_address(case, reservation)
    if reserved != address:
        if reserved or not hosts.is_free_for(table, request.client, address):
            return None
        lease_time = _pool_time(reservation, terms, lease_time)
    now = int(case.now)
    hosts.bind(table, request.client, address, INFINITE if lease_time == INFINITE else min(now + lease_time, INFINITE - 1), now,
               htype=request.htype, hardware=request.chaddr[:request.hlen], hostname=_sent_name(request)[:255])
    return case.lease(ACK, address, terms, lease_time, "leased", True)


def _decline(case: _Case) -> Answer:
    request, hosts, now = case.request, case.hosts, int(case.now)
    address = request.address(50)
    if not case.is_for_us() or not hosts.decline(
            hosts.tables[case.network.base], request.client, address, now + case.serving.quarantine, now,
            htype=request.htype, hardware=request.chaddr[:request.hlen]):
        raise Ignored("DECLINE of an address that is not the client's")
    return Answer(b"", None, 0, case.event("declined", address, "somebody else uses it, the client says; "
                                           f"nobody gets it for {case.serving.quarantine} s"), True)


def _release(case: _Case) -> Answer:
    request, hosts = case.request, case.hosts
    if not case.is_for_us() or not hosts.release(hosts.tables[case.network.base], request.client, request.ciaddr, int(case.now)):
        raise Ignored("RELEASE of an address that is not the client's")
    return Answer(b"", None, 0, case.event("released", request.ciaddr), True)


def _inform(case: _Case) -> Answer:
    """Options only: no lease is looked for, none is given (section 4.3.5)."""
    request = case.request
    if request.ciaddr and case.serving.policy.network_of(request.ciaddr) is None:
        raise Ignored("INFORM from an address of no served network")
    terms = case.network.terms_of(case.reservation())
    message = _encode(case=case, kind=ACK, yiaddr=0, terms=terms, lease_time=0, ciaddr=request.ciaddr)
    return Answer(message, route_of_information(request), case.link.server, case.event("informed", request.ciaddr))


_DECISIONS = {DISCOVER: _discover, REQUEST: _request, DECLINE: _decline, RELEASE: _release, INFORM: _inform}
