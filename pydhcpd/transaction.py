"""`DHCPTransaction`: what to answer to a client's message, by RFC 2131 section 4.3; values in, values out.

    message    how it is told                        answer
    DISCOVER   53 = 1                                OFFER, an address held for the client; with Rapid Commit an ACK
    REQUEST    54 present: SELECTING                 ACK if it chose us and may have the address; else NAK; or silence
               50 without 54: INIT-REBOOT            ACK if on record; NAK if another is; silence if unknown
               ciaddr, unicast: RENEWING             the same
               ciaddr, broadcast: REBINDING          the same
    DECLINE    53 = 4                                none; the address goes into quarantine
    RELEASE    53 = 7                                none; the address is free, and remembered for the client
    INFORM     53 = 8                                ACK with options alone
    BOOTP      no 53                                 BOOTREPLY with an address for ever, where that is served

A transaction lives while an answer is pending. It keeps the request, not the answer: what is decided when it is due is
decided by the policy of that moment.
"""

from collections.abc import Callable

from pydhcpd.delivery import Route, route_of_information, route_of_lease, route_of_refusal
from pydhcpd.errors import Ignored, ToAnother, Unserved
from pydhcpd.events import Event
from pydhcpd.leases.address_table import AddressTable
from pydhcpd.leases.faces import BY_IDENTIFIER
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.interface import GRACE, Row
from pydhcpd.limiter import TokenBucket
from pydhcpd.link import Link
from pydhcpd.noting import note_of, note_of_lease
from pydhcpd.policy.boot.answer import BOOT_FILE_NAME, MACHINE, NOTHING, ORDINARY, kind_of
from pydhcpd.policy.case import Case, find_network, start, view_of
from pydhcpd.policy.client_key import BY_FIELDS, is_of_another_kind
from pydhcpd.policy.dns import wishes
from pydhcpd.policy.dns.naming import Naming
from pydhcpd.policy.functions import ReplyView
from pydhcpd.policy.terms import INFINITE, NEVER_UNASKED, Terms, boot_of, by_need
from pydhcpd.probes import ANYWHERE, Probes, State
from pydhcpd.serving import Serving
from pydhcpd.wire import fqdn
from pydhcpd.wire.fitting import encode_bootp_reply, fitted, fitted_alone
from pydhcpd.wire.forcerenew import CAPABLE, HMAC_MD5, WE_ARE_CAPABLE, nonce_option
from pydhcpd.wire.packet import (
    ACK,
    BOOTP,
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
    read_options,
)
from pydhcpd.wire.relay import SERVER_IDENTIFIER_OVERRIDE, port_of, server_identifier_override

TYPE = {kind: bytes((53, 1, kind)) for kind in (OFFER, ACK, NAK)}
QUARANTINE_OF_OFFER = 300  # seconds for which an address is kept from all that was declined without ever being leased
ROOM = DEFAULT_LIMIT - IP_AND_UDP - OPTIONS - 1  # bytes of options that every client and link take
NOWHERE: Route = (0, 0, 0, b"")

Question = tuple[str, bytes, int]
"""Who uses an address: the link on which to ask, or ANYWHERE; our own hardware address there; the address in question."""

TransactionKey = int | tuple[int, bytes, int]  # the xid; with client and giaddr where another of them uses the same


HOST_NAME, RAPID_COMMIT, CLIENT_FQDN, IPV6_ONLY, AUTO_CONFIGURE, SUBNET_SELECTION = 12, 80, 81, 108, 116, 118
DO_NOT_AUTO_CONFIGURE = b"\0"
MOST_QUESTIONS = 10  # addresses that are probed for one message; until then the client has sent another one
UNREADABLE_NAME = "sends an option 81 that cannot be read, which counts for nothing (RFC 4702 section 2)"
AT_ONCE = "of a client whose other message came at the same time"


class DHCPTransaction(Case):
    """One exchange with one client, found by its xid, while an answer is pending.

    `answer` leaves in it what came of the request: `message` for `route` from the address `source`, or b"" for none;
    `event` for the log or None; and whether it is `durable`, which is to wait for the commit that stores `address`. Or
    nothing is decided yet: `wait` is in how many seconds to ask again, and `question` what is to be found out until then.
    """

    __slots__ = ("address", "delayed", "dns", "due", "durable", "event", "given_name", "hosts", "is_reused", "key", "link",
                 "message", "moment", "probed", "probes", "question", "questions", "reply", "route", "serving", "source",
                 "table", "wait")

    key: TransactionKey
    # what a decision rests on, set by `answer`, besides what the case has of policy
    serving: Serving
    link: Link
    table: AddressTable
    hosts: HostDatabase
    probes: Probes | None
    moment: float  # of a clock that does not go back, in seconds
    # what came of it
    message: bytes
    reply: int  # its kind, OFFER, ACK or NAK; 0 where there is none
    route: Route
    source: int
    event: Event | None
    durable: bool
    address: int
    dns: str  # what the lease keeps of the client's name in the DNS
    given_name: str  # the host name that the reply gives to the client, whether it asked for it or not
    wait: float
    question: Question | None

    def __init__(self) -> None:
        self.request: Request | None = None  # None once it is answered
        self.due = False  # it is in the batch that is being answered
        self.delayed = False  # it is in the delay worker's queue
        self.wait = 0.0
        self.probed = 0  # the address that was asked for last on its behalf
        self.questions = 0  # how many addresses were
        self.is_reused = False  # its address was in quarantine, and is to be probed

    @property
    def has_effect(self) -> bool:
        """Whether its request must be carried out even if a newer one has come."""
        return self.request is not None and self.request.kind in (DECLINE, RELEASE)

    def receive(self, request: Request, serving: Serving, hosts: HostDatabase) -> float:
        """Take in a request, in place of an earlier one of this transaction; returns in how many seconds to answer."""
        self.request = request
        if request.ciaddr and _must_not_say_its_address(request):
            request.ciaddr = 0
        policy = serving.policy
        if policy.reads_relay or policy.has_keys or (request.relay and not request.giaddr):
            self._get_to_know(request, serving, hosts)
        return serving.delays.get(request.kind, 0.0)

    def _get_to_know(self, request: Request, serving: Serving, hosts: HostDatabase) -> None:
        """What its relay said of a client that renews directly, and whose the lease is by the configuration's choice.

        What is remembered serves policy alone, and is never echoed (RFC 3046 section 2.2).
        """
        policy, trusted = serving.policy, True
        if policy.has_keys or policy.has_doubts:
            find_network(policy.networks, self, request, serving.links[request.interface].network)
            trusted = self.network.trusts_relay
        if not request.giaddr:
            if not trusted:
                request.relay = b""
            if serving.remembers_relay and request.ciaddr and (policy.reads_relay or request.relay):
                self._remember_relay(request, hosts, trusted)
        if policy.has_keys and self.network.client_key is not None:
            request.client = self.network.client_key(request)

    @staticmethod
    def _remember_relay(request: Request, hosts: HostDatabase, trusted: bool) -> None:
        """What a switch says of a direct renewal is newer than what is remembered, but has no giaddr with it."""
        remembered = hosts.remembered_relay(request.ciaddr, request.client, request.chaddr[:request.hlen])
        address = int.from_bytes(remembered[:4], "big")
        if address or trusted:
            request.relay_address, request.relay = address, request.relay or remembered[4:]

    def answer(self, serving: Serving, hosts: HostDatabase, now: float, probes: Probes | None = None,
               moment: float = 0.0) -> None:
        """Decide. Raises Ignored where nothing comes of the request.

        `now` is in seconds by the ledger, `moment` in seconds of the clock that `probes` go by; without them nothing is probed.
        """
        self.probes, self.moment, self.wait, self.question = probes, moment, 0.0, None
        request = self._prepare(serving, hosts, now)
        DECISIONS[request.kind](self, request)

    def answer_unstored(self, serving: Serving, hosts: HostDatabase, now: float) -> None:
        """Decide while nothing can be stored: a lease that runs is acknowledged for the time that remains of it."""
        request = self._prepare(serving, hosts, now)
        address = request.address(50) or request.ciaddr
        remaining = hosts.lease_end(self.table, request.client, address) - GRACE - int(now)
        if request.kind != REQUEST or remaining < 1:
            raise Unserved("could not be stored")
        terms = serving.policy.terms_of(self, address)
        self._reply_with_lease(request, ACK, address, min(remaining, terms.granted_time(request)), terms)

    def is_of_known_client(self, serving: Serving, hosts: HostDatabase) -> bool:
        """Whether the client has a lease on the wire of its request."""
        request, link = self.request, serving.links.get(self.request.interface) if self.request else None
        if request is None or link is None:
            return False
        try:
            find_network(serving.policy.networks, self, request, link.network)
        except Ignored:
            return False
        return hosts.has_lease(hosts.tables[self.network.base], request.client)

    def _prepare(self, serving: Serving, hosts: HostDatabase, now: float) -> Request:
        """Find link, network and table of the request, and what policy says of it. Raises Ignored where it is not served."""
        request = self.request
        if request is None:
            raise Ignored("answered before")
        link = serving.links.get(request.interface)
        if link is None:
            raise Ignored("came in on an interface that is not served")
        self.serving, self.hosts, self.time, self.link = serving, hosts, now, link
        self.message, self.route, self.event = b"", NOWHERE, None
        self.source = request.destination if request.destination in serving.own else link.server
        self.durable, self.address, self.reply, self.dns = False, 0, 0, ""
        find_network(serving.policy.networks, self, request, link.network)
        self.table = table = hosts.tables[self.network.base]
        if table.by_hardware and request.client not in table.clients:
            table.recognise(request.client, request.htype, request.chaddr[:request.hlen])
        if serving.policy.is_plain:
            start(serving.policy, self)
        else:
            self._take_steps(request)
        return request

    def _take_steps(self, request: Request) -> None:
        """What policy says of the request."""
        policy = self.serving.policy
        start(policy, self)
        request.interface_name, self.wall = self.link.name, self.hosts.time.wall_of(self.time)
        self.lease = self.hosts.address_of(self.table, request.client) if policy.reads_relay else 0  # functions may read both
        for step in policy.steps:
            step(policy, self)

    def _turns_face(self, request: Request, address: int) -> bool:
        """Whether the machine has or was offered the address as another client, whose identifier it leaves out now, or as one
        without; from here on the request is of that client. Raises Ignored where something of it is staged already."""
        hosts, client = self.hosts, b""
        if self.network.client_key is None:
            client = hosts.other_face(self.table, request.client, address, request.htype, request.chaddr, request.hlen)
        if not client:
            return self._takes_over(request, address)
        if client in self.hosts.touched:
            raise Ignored(AT_ONCE)
        self.hosts.touched.add(request.client)  # what it says next, as either, waits for the commit
        request.client = client
        request.identifier = client[1:] if client[0] == BY_IDENTIFIER else b""
        self._take_steps(request)
        return True

    def _takes_over(self, request: Request, address: int) -> bool:
        """Whether the machine has the address by a key of before the configuration told clients by something else; from here on
        the lease is the present client's."""
        former = self.hosts.holder_with(self.table, address, request.htype, request.chaddr[:request.hlen])
        network = self.network
        by_fields = network.client_key is not None and (
            request.giaddr != 0 or network.trusts_relay or request.client[:1] == BY_FIELDS)
        if not former or request.client in self.table.clients or not is_of_another_kind(former, by_fields):
            return False
        if former in self.hosts.touched:
            raise Ignored(AT_ONCE)
        self.table.take_over(former, request.client)
        return True

    # --- one method a message

    def _discover(self, request: Request) -> None:
        if 54 in request.options:
            raise Ignored("DISCOVER with a server identifier")
        address = self._address_for(request)
        if not address:
            return
        terms = self.serving.policy.terms_of(self, address)
        if (terms.probe or self.is_reused or self.hosts.caution.is_on or (
                self.serving.boots and self._may_be_diskless(request, address))) and self._is_to_wait(request, address):
            return
        lease_time = self._lease_time(request, terms, address)
        if terms.rapid_commit and RAPID_COMMIT in request.options and not self._may_do_without(request, terms):
            self._reply_with_lease(request, ACK, address, lease_time, terms, encode_option(RAPID_COMMIT, b""))
            self._bind(request, address, lease_time)
        else:
            self._reply_with_lease(request, OFFER, address, lease_time, terms)
            if request.identifier and request.hlen:
                self.hosts.faces.recent[request.chaddr] = request.client

    @staticmethod
    def _may_do_without(request: Request, terms: Terms) -> bool:
        """Whether the client will leave its address alone, because it prefers IPv6 (RFC 8925 section 3.2): no lease is made."""
        return IPV6_ONLY in terms.options and IPV6_ONLY in request.options.get(55, b"")

    def _address_for(self, request: Request) -> int:
        """The address to offer: the reserved one, else one that is held for the client. Without any it is told, and 0."""
        if self.limits and (over := self._over_limit(request)):
            self._tell(request, "no address for", 0, over)
            return 0
        address = self._reserved_address(request) if self.reserved else 0
        if not address:
            if self.serving.limiter is not None:
                self._limit(request, self.serving.limiter)
            hold = self.network.offer_hold or self.serving.offer_hold
            # One that asks in two networks has one offer at a time; what was probed meanwhile is free still.
            address = self.hosts.offer(self.table, request.client, self.probed or request.address(50), int(self.time) + hold,
                                       self.places, [key for key, _ in self.limits] if self.limits else ())
        if not address and self.probes is not None:
            address = self.hosts.offer_quarantined(request.client, int(self.time) + hold, self.places,
                                                   [key for key, _ in self.limits] if self.limits else ())
            self.is_reused = address != 0
        if not address:
            self._tell(request, "no free address for", 0, self._shortage())
            self._forbid_auto_configuration(request)
        return address

    def _shortage(self) -> str:
        """Why there is no address, in words."""
        if not any(network.pools for network in self.segment.networks):
            return f"{self.segment} has no pool"
        if not self.places:
            return f"no pool of {self.segment} is open to it"
        return f"all of {self.segment} are taken" if any(pool.size for pool in self.pools) else (
            f"its pools in {self.segment} hold no address that may be given")

    def _forbid_auto_configuration(self, request: Request) -> None:
        """An OFFER of no address, which tells a client that asked whether it may choose one itself (RFC 2563 section 2.3)."""
        if AUTO_CONFIGURE in request.options and not request.giaddr:
            terms = self.serving.policy.terms_of(self, 0)
            if terms.options.get(AUTO_CONFIGURE) == DO_NOT_AUTO_CONFIGURE:
                self._encode_bare(request, OFFER, request.flags, self.source,
                                  encode_option(AUTO_CONFIGURE, DO_NOT_AUTO_CONFIGURE) + self._answered(request, terms, 0))
                self.route = route_of_refusal(request, self.link)

    def _may_be_diskless(self, request: Request, address: int) -> bool:
        """Whether another machine booted with the address. Its system may have it still, with its root directory on it, though
        nothing there ever renewed the lease (the kernel's own DHCP does not): nobody gets it without a probe."""
        return self.hosts.may_be_diskless(address, request.chaddr[:request.hlen])

    def _is_to_wait(self, request: Request, address: int) -> bool:
        """Whether it is not known yet that nobody else uses the address (RFC 2131 section 2.2).

        Of a client's own lease nothing is asked: the client itself would answer. But where a lease is a port's, say, another
        machine may come to it. By ARP, if the client is on our link.
        """
        probes, client, hardware = self.probes, request.client, request.chaddr[:request.hlen]
        if probes is None:
            return False
        is_leased = self.hosts.lease_end(self.table, client, address) != 0
        if is_leased and (self.network.client_key is None or self.hosts.is_used_by(address, hardware)):
            return False
        if self.network.client_key is not None:
            client += hardware
        state = probes.state(address, client, self.moment)
        if state is State.FREE:
            return False
        if state is State.IN_USE:
            raise Unserved("the machine that had the lease before uses its address still" if is_leased else
                           "the address is in use, and that could not be stored")
        if state is State.BUSY:
            raise Ignored("its address is being probed for another client")
        if state is State.UNKNOWN:
            if self.questions == MOST_QUESTIONS:
                raise Ignored("every address that was probed for it is in use")
            is_near = not request.giaddr and self.link.hardware and self.link.segment is self.segment
            place = self.link.name if is_near else ANYWHERE
            probes.begin(address, client, hardware, place, self.moment, self.serving.probe_wait)
            self.question = (place, self.link.hardware, address)
            self.probed, self.questions = address, self.questions + 1
        self.wait = max(probes.remaining(address, client, self.moment), 0.001)
        return True

    def _over_limit(self, request: Request) -> str:
        """Which limit of leases the client would exceed, in words; empty where none."""
        key = self.hosts.exceeded(self.limits, self.table, request.client)
        return f"over the limit of leases of {key}" if key else ""

    def _lease_time(self, request: Request, terms: Terms, address: int) -> int:
        """What the client asks for within the limits; the shortest where its own address is another's yet, or the pool is
        nearly full and the lease is a new one."""
        lease_time = terms.granted_time(request)
        if self.reserved and self.reserved != address:
            return min(lease_time, terms.minimum_lease_time)
        if terms.shorten_above is not None and not self.hosts.lease_end(self.table, request.client, address):
            network = self.segment.network_of(address)
            pool = None if network is None else network.pool_of(address)
            if pool is not None and self.hosts.use_of(pool.place, pool.size) * 100 >= terms.shorten_above:
                return min(lease_time, terms.minimum_lease_time)
        return lease_time

    def _limit(self, request: Request, limiter: TokenBucket) -> None:
        """Clients that were never here before are limited; the others are served through a flood of them."""
        if not self.hosts.address_of(self.table, request.client) and not limiter.take(self.time):
            raise Unserved("from an unknown client, over maximum_unknown_per_second")

    def _request(self, request: Request) -> None:
        address = request.address(50) or request.ciaddr
        if 54 in request.options and not self._is_for_us(request):
            self.hosts.withdraw(request.client)
            raise Ignored("REQUEST to another server") if self.network.is_proxy else ToAnother(request.address(54))
        if not address:
            raise Ignored("REQUEST without an address")
        if 54 not in request.options and not self._is_on_record(request, address):  # INIT-REBOOT, RENEWING, REBINDING
            return
        if not self._grant(request, address) and not (self._turns_face(request, address) and self._grant(request, address)):
            self.hosts.withdraw(request.client)  # it begins anew, and must not keep an address from whom it is reserved for
            self._refuse(request, "the address is not available")

    def _is_on_record(self, request: Request, address: int) -> bool:
        """Whether the client may go on asking for an address that it has already. It is refused here if it has another."""
        recorded = self.hosts.address_of(self.table, request.client)
        if not recorded and not self.reserved and self._turns_face(request, address):
            recorded = self.hosts.address_of(self.table, request.client)
        if not recorded and not self.reserved:
            is_adopting = self.network.adopt_unknown or self.hosts.caution.is_on
            if is_adopting and self.hosts.is_free_for(self.table, request.client, address, self.places):
                return True
            if not self.network.authoritative:
                raise Ignored("REQUEST of an unknown client")
            self._refuse(request, "the client is not known here")
        elif address not in (recorded, self.reserved) and not self.hosts.lease_end(self.table, request.client, address):
            self._refuse(request, "the client has another address" if self.segment.network_of(address) is not None
                         else "the address is of another network")
        else:
            return True
        return False

    def _grant(self, request: Request, address: int) -> bool:
        """Stage a lease and acknowledge it, or return False where the client may not have the address."""
        reserved = self._reserved_address(request) if self.reserved else 0
        if reserved != address and (reserved or not self.hosts.is_free_for(self.table, request.client, address, self.places)):
            return False
        if self.limits and (over := self._over_limit(request)):
            self._refuse(request, over)
            return True
        terms = self.serving.policy.terms_of(self, address)
        lease_time = self._lease_time(request, terms, address)
        self._reply_with_lease(request, ACK, address, lease_time, terms)
        self._bind(request, address, lease_time)
        if terms.netboot is not None and kind_of(request) != ORDINARY:
            self.hosts.diskless.add(address)
        return True

    def _bind(self, request: Request, address: int, lease_time: int) -> None:
        """Stage the lease of an address that was found free for the client."""
        now, given, sent, hardware = int(self.time), self.given_name, sent_name(request), request.chaddr[:request.hlen]
        name = given or sent
        end = INFINITE if lease_time == INFINITE else min(now + lease_time + GRACE, INFINITE - 1)
        relay = _relay_of(request) if request.giaddr or 82 in request.options else b""
        limits, network = tuple(key for key, _ in self.limits) if self.limits else (), self.network
        note = note_of_lease(self.hosts, self.table, request, address) if self.serving.is_noting else None
        self.hosts.bind(self.table, request.client, address, end, now, request.htype, hardware, name,
                        relay if self.serving.remembers_relay else b"", limits, sent if given else "",
                        self.hosts.habits.number(request.options), self.dns)
        self.durable, self.address = True, address
        self.event = (self.time, "leased", address, hardware, name, sent, "", request.client,
                      network.words if address & network.mask == network.base else self._words_of(address), end, relay, note)

    def _decline(self, request: Request) -> None:
        address = request.address(50)
        if not self._is_for_us(request) or not (self._quarantine(request, address) or (
                self._turns_face(request, address) and self._quarantine(request, address))):
            raise Ignored("DECLINE of an address that is not the client's")
        self.durable = True

    def _quarantine(self, request: Request, address: int) -> bool:
        """Whether the client may decline the address. Of a mere offer, which costs nothing, it is believed for a short time."""
        serving, now = self.serving, int(self.time)
        is_leased = self.hosts.lease_end(self.table, request.client, address) != 0
        seconds = serving.quarantine if is_leased else min(serving.quarantine, QUARANTINE_OF_OFFER)
        if not self.hosts.decline(self.table, request.client, address, min(now + seconds, INFINITE), now, request.htype,
                                  request.chaddr[:request.hlen], port_of(request.giaddr, request.relay),
                                  serving.quarantine_share):
            return False
        self._tell(request, "declined", address, f"somebody else uses it, the client says; nobody gets it for {seconds} s")
        return True

    def _release(self, request: Request) -> None:
        """A lease is ended by its client, from its own address; or through a relay agent, which says so in giaddr."""
        if not request.giaddr and request.source != request.ciaddr:
            raise Ignored("RELEASE that does not come from its address")
        if not self._is_for_us(request) or not (self._end_lease(request) or (
                not request.giaddr and self._turns_face(request, request.ciaddr) and self._end_lease(request))):
            raise Ignored("RELEASE of an address that is not the client's")
        self.durable = True
        self._tell(request, "released", request.ciaddr)

    def _end_lease(self, request: Request) -> bool:
        return self.hosts.release(self.table, request.client, request.ciaddr, int(self.time))

    def _inform(self, request: Request) -> None:
        """Options only: no lease is looked for, none is given (section 4.3.5)."""
        if not request.ciaddr and not request.giaddr:
            raise Ignored("INFORM without an address")
        if request.ciaddr and self.serving.policy.networks.of_host(request.ciaddr) is None:
            raise Ignored("INFORM from an address of no served network")
        terms = self.serving.policy.terms_of(self, request.ciaddr)
        self._encode(request, ACK, 0, 0, request.ciaddr, terms)
        self.route = route_of_information(request, self.link)
        self._tell(request, "informed", request.ciaddr)

    def _bootp(self, request: Request) -> None:
        """A BOOTP client never renews and never releases: its lease does not end (RFC 1534 section 2)."""
        if not self.network.bootp:
            raise Ignored("BOOTP, which is not served here")
        address = self._address_for(request)
        if not address:
            return
        terms = self.serving.policy.terms_of(self, address)
        if (terms.probe or self.is_reused or self.hosts.caution.is_on or (
                self.serving.boots and self._may_be_diskless(request, address))) and self._is_to_wait(request, address):
            return
        if terms.netboot is not None:
            terms = self._with_boot_values(request, terms, address, None)
        boot, next_server, chosen = self._finished(address, INFINITE, terms, None)
        if self.hosts.lease_end(self.table, request.client, address) != INFINITE:
            self._bind(request, address, INFINITE)
        self.message, self.reply = encode_bootp_reply(request, address, next_server, boot, chosen, self.link.mtu), ACK
        self._speak_to(request, address)
        self.route = route_of_lease(request, address, self.link)

    # --- what they share

    def _is_for_us(self, request: Request) -> bool:
        """Whether option 54 names one of our addresses, or the one that the relay put in place of it (RFC 5107)."""
        server = request.address(54)
        return server in self.serving.own or (server != 0 and server == self._server(request))

    def _server(self, request: Request) -> int:
        """The server identifier: the address that the client hears from. To one behind a relay it is ours on the relay's link,
        unless the relay has the client send its renewals to itself."""
        if not request.giaddr:
            return self.source
        relay = request.options.get(82)
        if relay is not None and SERVER_IDENTIFIER_OVERRIDE in relay:
            return server_identifier_override(relay) or self.link.server
        return self.link.server

    def _speak_to(self, request: Request, address: int) -> None:
        """Answer a client of this address from ours on its own network (RFC 2131 section 4.1), if it asked none of ours by
        unicast: to that one it listens (RFC 1122 section 4.1.3.5)."""
        if self.link.identifiers and not request.giaddr and request.destination not in self.serving.own:
            self.source = self.link.identifier_for(address)

    def _reserved_address(self, request: Request) -> int:
        """The address that is reserved for the client, if it may have it now; else 0."""
        reservation, reserved = self.reservation, self.reserved
        if reservation is None or not reserved:
            return 0
        if reserved in self.hosts.touched:
            raise Ignored(AT_ONCE)
        if self.hosts.lease_end(self.table, request.client, reserved):
            return reserved

        def same_host(row: Row) -> bool:
            return reservation.knows(row.client, row.hardware)

        network = self.segment.network_of(reserved)
        if network is None or reserved in network.never:
            return 0
        return reserved if self.hosts.is_reserved_free(self.table, reserved, same_host) else 0

    def _reply_with_lease(self, request: Request, kind: int, address: int, lease_time: int, terms: Terms,
                          more: bytes = b"") -> None:
        """An OFFER or ACK of an address; `more` are options that follow from the request, ready for the wire."""
        if CAPABLE in request.options:
            more += self._nonce(request, kind, address)
        self._encode(request, kind, address, lease_time, request.ciaddr if kind == ACK else 0, terms, more)
        self.route = route_of_lease(request, address, self.link)

    def _nonce(self, request: Request, kind: int, address: int) -> bytes:
        """What lets the client be told later to renew (RFC 6704 section 3.1): an OFFER says that we can, an ACK brings the
        nonce, but to a renewal only where it was not heard before that the client wants one. A client that was promised a nonce
        takes no ACK without (section 3.1.4), so there is a promise only where one is at hand."""
        nonces = self.hosts.nonces
        if nonces is None or HMAC_MD5 not in request.options[CAPABLE]:
            return b""
        if kind == OFFER:
            return WE_ARE_CAPABLE if nonces.has_plenty() else b""
        is_news = nonces.note(request.client, request.xid)
        if not is_news and _is_renewal(request):
            return b""
        counter = nonces.count()
        return b"" if counter is None else nonce_option(counter, nonces.of(request.client, address))

    def _encode(self, request: Request, kind: int, yiaddr: int, lease_time: int, ciaddr: int, terms: Terms,
                more: bytes = b"") -> None:
        if self.link.identifiers:
            self._speak_to(request, yiaddr or ciaddr)
        wanted, server = request.options.get(55), self._server(request)
        if terms.netboot is not None:
            terms = self._with_boot_values(request, terms, yiaddr or ciaddr, wanted)
        if AUTO_CONFIGURE in request.options:  # it is asked for by sending it (RFC 2563 section 2.2)
            wanted = (terms.unasked() if wanted is None else wanted) + bytes((AUTO_CONFIGURE,))
        policy = self.serving.policy
        if policy.functions.finish is None:
            boot, next_server, options = terms.boot, terms.next_server, terms.reply_options(server, lease_time, wanted)
            self.given_name = terms.name
        else:
            boot, next_server, chosen = self._finished(yiaddr, lease_time, terms, wanted)
            options = terms.head(server, lease_time) + encode_options(chosen)
        if CLIENT_FQDN in request.options or policy.keeps_names or self.by_selection:
            options = TYPE[kind] + options + more + self._answered(request, terms, yiaddr)
        else:
            options = TYPE[kind] + options + more + _echoed(request)
        if len(options) > ROOM and len(options) > (room := self._room(request)):
            head = TYPE[kind] + terms.head(server, lease_time)
            boot, options, left_out = fitted(head, by_need(read_options(options[len(head):])), boot, room)
            policy.tell_left_out(left_out)
        self.message, self.reply = encode_reply(request, request.flags, ciaddr, yiaddr, next_server, boot, options), kind

    def _with_boot_values(self, request: Request, terms: Terms, address: int, wanted: bytes | None) -> Terms:
        """The terms with what a machine that boots gets; another gets a name that has to be made for it, if it asks for one."""
        netboot, kind = terms.netboot, kind_of(request)
        assert netboot is not None
        if kind == ORDINARY and netboot.is_plain:
            return terms
        ours = self.link.server if request.giaddr else self.source
        if kind == ORDINARY and wanted is not None and BOOT_FILE_NAME not in wanted:
            return terms.for_ordinary(ours)
        client, file, trouble = netboot.answer(kind, request, ours, address, terms.name or sent_name(request),
                                               self._words_of(address))
        if trouble and kind != ORDINARY:
            self.serving.policy.tell_of(request, trouble, self.time)
        return terms.for_client(client, file)

    def _finished(self, yiaddr: int, lease_time: int, terms: Terms,
                  wanted: bytes | None) -> tuple[bytes, int, list[tuple[int, bytes]]]:
        """Boot fields, siaddr and options. finish() of the file has the last word, but on what goes to those alone who ask."""
        policy, chosen = self.serving.policy, terms.selected(wanted)
        self.given_name = terms.name
        if policy.functions.finish is None:
            return terms.boot, terms.next_server, chosen
        reply = ReplyView(dict(chosen), terms.next_server, terms.boot[:64], terms.boot[64:192], address=yiaddr,
                          lease_time=lease_time, table=policy.functions.table)
        self.wall = self.hosts.time.wall_of(self.time)
        if not policy.functions.finish(view_of(policy, self), reply):
            return terms.boot, terms.next_server, chosen
        if reply.options.was_touched(BOOT_FILE_NAME):
            self._complete_boot(terms, reply)
        if reply.options.was_touched(HOST_NAME):
            self.given_name = reply.hostname or ""
        if not reply.changed():
            return terms.boot, terms.next_server, chosen
        next_server, name, file = reply.boot_fields()
        unasked = NEVER_UNASKED.difference(wanted or b"")
        return boot_of(name, file), next_server, [one for one in reply.encoded().items() if one[0] not in unasked]

    def _complete_boot(self, terms: Terms, reply: ReplyView) -> None:
        """What goes with a boot file that finish() has set, or taken away."""
        request = self.request
        assert request is not None
        client = terms.client or NOTHING.answer(kind_of(request), request, self._our_address(request), 0, "", "")[0]
        if trouble := reply.complete(client):
            self.serving.policy.tell_of(request, trouble, self.time)

    def _our_address(self, request: Request) -> int:
        """Our address on the client's way, where its files are: behind a relay agent ours on the relay's link."""
        return self.link.server if request.giaddr else self.source

    def _refuse(self, request: Request, note: str) -> None:
        """A NAK (section 4.3.2). Through a relay it carries the broadcast bit, for the client cannot be unicast to."""
        self._speak_to(request, request.address(50) or request.ciaddr)
        flags = request.flags | BROADCAST_FLAG if request.giaddr else request.flags
        self._encode_bare(request, NAK, flags, self._server(request), encode_option(56, note.encode()[:255]) + _echoed(request))
        self.route = route_of_refusal(request, self.link)
        self._tell(request, "refused", request.address(50) or request.ciaddr, note)

    def _encode_bare(self, request: Request, kind: int, flags: int, server: int, more: bytes) -> None:
        """A reply without address and boot values; their fields stay empty (section 4.3.1, table 3)."""
        head = TYPE[kind] + encode_option(54, server.to_bytes(4, "big"))
        options = head + more
        if len(options) > ROOM and len(options) > (room := self._room(request)):
            options, left_out = fitted_alone(head, by_need(read_options(more)), room)
            self.serving.policy.tell_left_out(left_out)
        self.message, self.reply = encode_reply(request, flags, 0, 0, 0, NO_BOOT, options), kind

    def _room(self, request: Request) -> int:
        """How many bytes of options the reply may have, without the End."""
        return request.size_limit(self.link.mtu) - OPTIONS - 1

    def _tell(self, request: Request, kind: str, address: int, note: str = "") -> None:
        sent = sent_name(request)
        name = (self.reservation.hostname if self.reservation is not None else "") or sent
        self.event = (self.time, kind, address, request.chaddr[:request.hlen], name, sent, note, request.client,
                      self._words_of(address), 0, _relay_of(request), note_of(request) if self.serving.is_noting else None)

    def _words_of(self, address: int) -> str:
        """The network of an address in words; that of the request where it lies in no other of its segment."""
        network = self.network
        if address & network.mask != network.base:
            network = self.segment.network_of(address) or network
        return network.words

    def _answered(self, request: Request, terms: Terms, address: int) -> bytes:
        """Options that follow from the request's own, 82 last: besides those that are echoed what answers 81, and 118 if that
        chose the subnet (RFC 3011)."""
        options = request.options
        answered = b""
        if request.kind != INFORM and (CLIENT_FQDN in options or terms.naming is not None):
            answered = self._named(request, terms.naming, address)
        if self.by_selection:
            answered += encode_option(SUBNET_SELECTION, options[SUBNET_SELECTION])
        return answered + _echoed(request)

    def _named(self, request: Request, naming: Naming | None, address: int) -> bytes:
        """What answers option 81, for the wire: what is really done in the DNS; b"" where it did not come (RFC 4702 section 4).
        Besides, what the lease is to keep of that."""
        policy, sent = self.serving.policy, request.options.get(CLIENT_FQDN)
        asked = None if sent is None else fqdn.decode(sent)
        if sent is not None and asked is None:
            policy.tell_of(request, UNREADABLE_NAME, self.time)
        wish = "" if asked is None else wishes.wish_of(asked)
        name = self.name_in_dns(request, naming, address) if naming is not None and address else ""
        is_known = bool(name or self.given_name or sent_name(request))  # else what is kept already says more
        self.dns = wishes.kept(request.client, wish, name if policy.keeps_names and is_known else None)
        if sent is None or asked is None:
            return b""
        done = wishes.done(wish, naming, name, address) if naming is not None and name else (False, False)
        return encode_option(CLIENT_FQDN, fqdn.answer(sent, *done, name))

    def name_in_dns(self, request: Request, naming: Naming, address: int) -> str:
        """The full name of the client in the DNS, empty where it has none."""
        return self.serving.policy.name_in_dns(naming, self.given_name or sent_name(request), request.chaddr[:request.hlen],
                                               address, is_given=bool(self.given_name))


def _must_not_say_its_address(request: Request) -> bool:
    """Whether ciaddr has to be 0 (RFC 2131 table 5), and means nothing: in DISCOVER, and in a REQUEST that selects. Who names
    the server when it renews is let off, if it is where it says."""
    options = request.options
    return request.kind == DISCOVER or (request.kind == REQUEST and 54 in options and (
        50 in options or request.source != request.ciaddr))


def _is_renewal(request: Request) -> bool:
    """Whether a REQUEST is sent to the server that gave the lease (RENEWING), and not by a relay agent, to which it was for
    everyone (REBINDING)."""
    return request.ciaddr != 0 and request.unicast and not request.giaddr


def _echoed(request: Request) -> bytes:
    """61, 97 and 82 as they came, 82 last (RFC 6842, RFC 4578 section 2.3, RFC 3046 section 2.2)."""
    options = request.options
    identifier, relay = options.get(61), options.get(82)
    echoed = b"" if identifier is None else b"=%c%b" % (len(identifier), identifier)  # never longer than 255 bytes
    if MACHINE in options:
        echoed += encode_option(MACHINE, options[MACHINE])
    return echoed if relay is None else echoed + encode_option(82, relay)


def _relay_of(request: Request) -> bytes:
    """giaddr, and what its relay agent or switch said of the client, where any of this came with the request."""
    if not request.giaddr and (82 not in request.options or not (request.relay or request.relay_address)):
        return b""
    return request.relay_address.to_bytes(4, "big") + request.relay


def sent_name(request: Request) -> str:
    """The host name that a client sends, for the lease and the log; not to be shown without escaping."""
    full = request.options.get(CLIENT_FQDN)
    if full is not None and (text := fqdn.name(full)):
        return text[:255]  # it beats 12 (RFC 4702 section 3.1)
    name = request.options.get(12)
    return "" if name is None else name.decode("utf-8", "backslashreplace").rstrip("\0")[:255]


DECISIONS: dict[int, Callable[[DHCPTransaction, Request], None]] = {
    DISCOVER: DHCPTransaction._discover, REQUEST: DHCPTransaction._request, DECLINE: DHCPTransaction._decline,
    RELEASE: DHCPTransaction._release, INFORM: DHCPTransaction._inform, BOOTP: DHCPTransaction._bootp}
