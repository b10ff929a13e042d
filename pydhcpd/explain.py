"""`explain`: what a message would be answered, and why, step by step; nothing is done by it.

The transaction that serves packets decides, over a `Preview` of the leases. What it found is put into words here: each step is
one heading with lines below it. Does not know who wants to know, nor how a message was put together (see `questions`).
"""

import copy
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple, cast

from pydhcpd.addresses import BROADCAST, address_text, hardware_text
from pydhcpd.delivery import CLIENT_PORT
from pydhcpd.durations import duration
from pydhcpd.errors import Ignored
from pydhcpd.escape import escape
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.preview import Preview
from pydhcpd.policy.boot.answer import OF_BOOTING
from pydhcpd.policy.conditions import condition_of
from pydhcpd.policy.dns import wishes
from pydhcpd.policy.network import Network, Pool, may, tags_of
from pydhcpd.policy.terms import INFINITE, NEVER_UNASKED, Terms
from pydhcpd.proxy import kind_of_transaction
from pydhcpd.serving import Serving
from pydhcpd.settings import BY_NAME
from pydhcpd.transaction import CLIENT_FQDN, DHCPTransaction
from pydhcpd.wire import fqdn
from pydhcpd.wire.options import describe as describe_option
from pydhcpd.wire.options import name_of
from pydhcpd.wire.packet import MESSAGE_NAMES, NAK, OPTIONS, OVERLOAD, Packet, Request, read_options
from pydhcpd.wire.relay import words as relay_words

DOMAIN_NAME, PARAMETER_REQUEST_LIST, LEASE_TIME, MESSAGE, SERVER_IDENTIFIER = 15, 55, 51, 56, 54
OF_PROTOCOL = frozenset((51, 53, 54, 58, 59))  # told with the answer and the lease, not as options that somebody has set
OF_THE_ANSWER = OF_PROTOCOL | {MESSAGE}
FOLLOWING = {  # what follows from the request alone
    61: "as it sends it", 80: "for it sends that", 81: "the answer to its own", 82: "as the relay agent sends it",
    90: "for it sends forcerenew_nonce_capable", 97: "as it sends it", 118: "as it sends it", 145: "for it sends that"}
SECRET = {90: "a nonce of its own, by which it believes FORCERENEW (RFC 6704)"}
LONGEST_VALUE = 300  # characters


class Line(NamedTuple):
    """A line of an explanation: what it is about, and what is to be said; `place` is where it was written, if anywhere."""

    about: str
    text: str
    place: str = ""


class Outcome(NamedTuple):
    """What came of a message: the answer, None for silence, with the reason in words where there is one."""

    transaction: DHCPTransaction
    answer: Packet | None
    reason: str
    left_out: tuple[int, ...]  # options for which there was no room
    hosts: Preview
    troubles: tuple[str, ...]  # what would be told of the client


def judge(request: Request, serving: Serving, hosts: HostDatabase, now: float) -> Outcome:
    """What would be answered to a request now. Takes the lock of the leases, for as long as a packet does."""
    quiet = quiet_of(serving)
    transaction = kind_of_transaction(serving)()
    with hosts.lock:
        preview = Preview(hosts)
        seen = cast("HostDatabase", preview)
        reason = ""
        try:
            transaction.receive(request, quiet, seen)
            transaction.answer(quiet, seen, now)
        except Ignored as error:
            reason = str(error)
    message = getattr(transaction, "message", b"")
    if not message and not reason and transaction.event is not None:
        reason = " ".join(word for word in (transaction.event[1], transaction.event[6]) if word)
    left_out = tuple(code for code, count in quiet.policy.left_out.items() if count > 1)
    return Outcome(transaction, Packet.decode(message) if message else None, reason, left_out, preview,
                   tuple(dict.fromkeys(quiet.policy.overheard or ())))


def quiet_of(serving: Serving) -> Serving:
    """The same without what counts, tells or limits."""
    policy = copy.copy(serving.policy)
    policy.left_out = Counter(range(256))  # so that nothing is told, and nothing counted where others count
    policy.overheard = []
    return replace(serving, policy=policy, limiter=None)


def carry_out(request: Request, serving: Serving, hosts: HostDatabase, now: float) -> None:
    """Do what a request comes to, with leases to try things on. Raises StoreError."""
    quiet, transaction = quiet_of(serving), kind_of_transaction(serving)()
    with hosts.lock:
        with suppress(Ignored):
            transaction.receive(request, quiet, hosts)
            transaction.answer(quiet, hosts, now)
        hosts.commit()


def explained(request: Request, serving: Serving, hosts: HostDatabase, now: float) -> Iterator[Line]:
    """What would be answered to a request, and why."""
    outcome = judge(request, serving, hosts, now)
    case, answer = outcome.transaction, outcome.answer
    if not hasattr(case, "network"):
        yield Line("network", f"none: {outcome.reason}")
        return
    yield from _of_network(case, request, serving)
    if not hasattr(case, "pools"):
        yield Line("answer", f"none: {outcome.reason}")
        return
    yield from _of_client(case, request, serving)
    yield from (Line("boot", f"it {words}") for words in outcome.troubles)
    if answer is None:
        yield Line("answer", f"none: {outcome.reason}")
        return
    yield from _of_lease(case, answer, outcome.hosts)
    if answer.message_type != NAK:
        yield from _of_dns(case, request, answer)
        yield from _of_boot(case, request, answer)
        yield from _of_options(case, request, answer, outcome.left_out)
    yield from _following(case, answer, outcome.left_out)
    yield Line("goes", _route(case))


def _of_network(case: DHCPTransaction, request: Request, serving: Serving) -> Iterator[Line]:
    network, segment = case.network, case.segment
    by = (f"of the relay agent {address_text(request.giaddr)}" if request.giaddr else
          "of its address" if request.ciaddr and request.unicast else f"on the interface {case.link.name}")
    if case.by_selection:
        by = "that it selects (option 118)"
    elif request.giaddr and address_text(request.giaddr) and request.relay and serving.policy.networks.of_relay(
            request.giaddr) is not network:
        by = "that the relay agent selects (option 82, link selection)"
    yield Line("network", f"{network}, {by}")
    if network.is_proxy:
        yield Line("", "another server gives the addresses there (proxy_dhcp)")
    if segment.name != network.words:
        yield Line("", f"shared network {segment.name}: {', '.join(one.words for one in segment.networks)}")
    if request.relay:
        yield Line("relay", relay_words(request.relay) or "option 82, without a circuit id")


def _of_client(case: DHCPTransaction, request: Request, serving: Serving) -> Iterator[Line]:
    """Host, classes and pools."""
    reservation = case.reservation
    if reservation is not None:
        yield Line("host", str(reservation), "" if case.is_computed else reservation.place)
        if case.reserved:
            yield Line("", f"{address_text(case.reserved)} is reserved for it")
    elif not serving.policy.reservations.is_empty:
        yield Line("host", "none: no reservation is known by what it sends")
    policy = serving.policy
    for number, name in enumerate(policy.classifier.names):
        yield Line("classes" if number == 0 else "", _membership(case, request, serving, name))
    tags = tags_of(case.classes, request.known)
    for network in case.segment.networks:
        for pool in network.pools:
            yield Line("pools", f"{pool}: {_openness(network, pool, tags, case)}")


def _membership(case: DHCPTransaction, request: Request, serving: Serving, name: str) -> str:
    """Whether the client is of a class, by what condition, and what it sends of that."""
    written = serving.policy.classifier.conditions[name]
    is_member = "is" if name in case.classes else "is not"
    if written is None:
        return f"{is_member} of {name}: hosts and classify() put clients there"
    condition = condition_of(written)
    sent = [f"{field} is {_shown(serving.policy.fields.field(field).of(request))}" for field in sorted(condition.names())]
    return f"{is_member} of {name}: {condition}" + (f"; here {', '.join(sent)}" if sent else "")


def _shown(value: object) -> str:
    """What a field of a message is, for people."""
    if value is None:
        return "absent"
    return escape(value.hex(":") if isinstance(value, bytes) and not value.isascii() else
                  value.decode(errors="replace") if isinstance(value, bytes) else str(value))


def _openness(network: Network, pool: Pool, tags: frozenset[str], case: DHCPTransaction) -> str:
    """Whether a pool is open to the client, and why not."""
    if pool in case.pools:
        return "open to it"
    scopes: tuple[tuple[Network | Pool, str], ...] = ((network, "its subnet"), (pool, "it"))
    for what, words in scopes:
        if not may(what, tags):
            denied, allowed = ", ".join(sorted(what.deny & tags)), ", ".join(sorted(what.allow))
            return f"not open: {words} denies {denied}" if denied else f"not open: {words} allows {allowed} alone"
    return "not chosen by choose()"


def _of_lease(case: DHCPTransaction, answer: Packet, preview: Preview) -> Iterator[Line]:
    kind = MESSAGE_NAMES.get(answer.message_type, "BOOTREPLY")
    if answer.message_type == NAK:
        yield Line("answer", f"{kind}: {answer.options.get(MESSAGE, b'').decode(errors='replace')}{_from(answer)}")
        return
    yield Line("answer", f"{kind}{_from(answer)}")
    address = answer.yiaddr
    if not address:
        return
    why = preview.why or ("reserved for it" if address == case.reserved else "it asks for it, and may have it")
    yield Line("address", f"{address_text(address)}: {why}")
    if case.reserved and case.reserved != address:
        yield Line("", f"{address_text(case.reserved)}, which is reserved for it, is not free yet")
    if case.reservation is not None and case.reservation.hostname:
        yield Line("name", escape(case.reservation.hostname))
    yield from _of_time(case, answer, address)


def _of_time(case: DHCPTransaction, answer: Packet, address: int) -> Iterator[Line]:
    """How long the lease would be, and why."""
    seconds = answer.options.get(LEASE_TIME)
    if seconds is None:
        return
    request, terms = case.request, case.serving.policy.terms_of(case, address)
    assert request is not None
    given = int.from_bytes(seconds, "big")
    asked = request.options.get(LEASE_TIME)
    granted = terms.granted_time(request)
    name = "ip_address_lease_time"
    if given != granted:
        why = ("the shortest, for its own address is another's yet" if case.reserved and case.reserved != address
               else f"the shortest, for the pool is used to {terms.shorten_above:g} per cent or more (shorten_leases_above)")
        name = "minimum_lease_time"
    elif asked is None or len(asked) != 4:
        why = "it asks for none"
    else:
        wanted = int.from_bytes(asked, "big")
        why = f"it asks for {_time(wanted)}"
        if wanted != given:
            name = "minimum_lease_time" if wanted < given else "maximum_lease_time"
            why += f", {'less' if wanted < given else 'more'} than allowed"
    yield Line("lease", f"{_time(given)}: {why}", _place(terms, name, f"{name}, by default"))
    renewal, rebinding = terms.timers(given)
    if given != INFINITE:
        yield Line("", f"to be renewed after {_time(renewal)} (T1), from any server after {_time(rebinding)} (T2)")


def _of_dns(case: DHCPTransaction, request: Request, answer: Packet) -> Iterator[Line]:
    """Its name in the DNS, and who puts it there."""
    terms = case.serving.policy.terms_of(case, answer.yiaddr)
    naming = terms.naming
    if naming is None or not answer.yiaddr:
        return
    name = case.name_in_dns(request, naming, answer.yiaddr)
    if not name:
        why = "and is called nothing that it could be called there" if naming.domain else "for nothing says in which domain"
        yield Line("dns", f"it gets no name, {why}", _place(terms, "dns_name"))
        return
    asked = fqdn.decode(request.options.get(CLIENT_FQDN, b""))
    done = wishes.done("" if asked is None else wishes.wish_of(asked), naming, name, answer.yiaddr)
    yield Line("dns", f"{name}: {_updates(*done)}", _place(terms, "dns_name", _place(terms, DOMAIN_NAME)))


def _updates(forward: bool, reverse: bool) -> str:
    """Which records we keep."""
    if forward and reverse:
        return "we keep its address, and the name of that"
    return "we keep its address alone" if forward else "we keep the name of its address alone" if reverse else "we keep nothing"


def _time(seconds: int) -> str:
    return "for ever" if seconds == INFINITE else f"{duration(seconds)} ({seconds} s)"


def _from(answer: Packet) -> str:
    """The server that the answer names (option 54)."""
    server = answer.address(SERVER_IDENTIFIER)
    return f", from the server {address_text(server)}" if server else ""


def _of_boot(case: DHCPTransaction, request: Request, answer: Packet) -> Iterator[Line]:
    """What the header says to who boots."""
    terms = case.serving.policy.terms_of(case, answer.yiaddr or request.ciaddr)
    if answer.siaddr:
        yield Line("boot", f"next server {address_text(answer.siaddr)}", _place(terms, "next_server"))
    if name := answer.sname:
        yield Line("boot", f"server name {escape(name)}", _place(terms, "server_name"))
    if file := answer.file:
        yield Line("boot", f"file {escape(file)}", _place(terms, 67))


def _of_options(case: DHCPTransaction, request: Request, answer: Packet, left_out: tuple[int, ...]) -> Iterator[Line]:
    """What policy has sent, and from where it is; and what would be, if it was asked for or had room."""
    terms = case.serving.policy.terms_of(case, answer.yiaddr or request.ciaddr)
    first = "options"
    for code, value in answer.options.items():
        if code not in OF_THE_ANSWER and code not in FOLLOWING:
            yield Line(first, _option(case, code, value), _place(terms, code))
            first = ""
    if OVERLOAD in read_options(case.message[OPTIONS:]):
        yield Line(first, "some of them in the fields file and sname (option overload), for want of room")
    wanted, first = request.options.get(PARAMETER_REQUEST_LIST), "not sent"
    for code, value in {**terms.only_if_asked, **terms.options}.items():
        if code not in answer.options:
            why = ("there is no room for it" if code in left_out else "it is in never_send" if code in terms.never_send else
                   "it goes to those alone who ask for it" if code in terms.only_if_asked or code in NEVER_UNASKED
                   else "the server that gives the addresses sends it" if case.network.is_proxy and code not in OF_BOOTING
                   else "finish() left it out" if wanted is None or code in wanted else "the client does not ask for it")
            yield Line(first, f"{_option(case, code, value)}: {why}", _place(terms, code))
            first = ""


def _following(case: DHCPTransaction, answer: Packet, left_out: tuple[int, ...]) -> Iterator[Line]:
    """Options that follow from the request."""
    first = "besides"
    for code, value in answer.options.items():
        if code in FOLLOWING:
            yield Line(first, f"{_option(case, code, value)}: {FOLLOWING[code]}")
            first = ""
    yield from (Line("not sent", f"{name_of(code)}: there is no room for it") for code in left_out if code in FOLLOWING)


def _option(case: DHCPTransaction, code: int, value: bytes) -> str:
    """An option by name and value, as the configuration file defines it if it does."""
    if code in SECRET:
        return f"{name_of(code)}={SECRET[code]}"
    words = describe_option(code, value, case.serving.policy.functions.table.of(code))
    return words if len(words) <= LONGEST_VALUE else f"{words[:LONGEST_VALUE]}..."


def _place(terms: Terms, key: str | int, otherwise: str = "") -> str:
    """Where a value was written: the scope, and FILE:LINE."""
    scope, place = terms.origins.get(key, ("", ""))
    if not scope or (key in BY_NAME and ":" not in place):
        return otherwise
    return f"{scope}, {place}" if place else scope


def _route(case: DHCPTransaction) -> str:
    """Where the answer would go, in words."""
    address, port, _, hardware = case.route
    if address == BROADCAST:
        return f"by broadcast on {case.link.name}, from {address_text(case.source)}"
    if port != CLIENT_PORT:
        return f"to the relay agent {address_text(address)}, port {port}"
    frame = f", in a frame to {hardware_text(hardware)}" if hardware else ""
    return f"to {address_text(address)}{frame}, from {address_text(case.source)}"


__all__ = ["Line", "Outcome", "carry_out", "explained", "judge"]
