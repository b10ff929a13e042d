"""`Policy`: all that is served, found in constant time: networks by address, hosts by identity, terms by what decides them.

Made once of the configuration and the addresses of the moment; the path of a packet reads it. The terms that a client gets
follow from its host, its classes, and the pool and subnet of its address. They are put together when they are first asked
for, and remembered: who looks after a thousand subnets and fifty classes uses few of their combinations.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from pydhcpd.errors import Ignored, InvalidValue
from pydhcpd.policy import case as steps
from pydhcpd.policy.case import Case, Step
from pydhcpd.policy.classes import Classifier
from pydhcpd.policy.dns.naming import KEEPERS, Naming
from pydhcpd.policy.fields import Fields
from pydhcpd.policy.functions import Functions
from pydhcpd.policy.network import Network, Pool, Segment
from pydhcpd.policy.network_index import NetworkIndex
from pydhcpd.policy.reservation import Reservation, ReservationIndex
from pydhcpd.policy.rules import Rules
from pydhcpd.policy.scope import Scope, decides_names, terms_of
from pydhcpd.policy.templates import Facts
from pydhcpd.policy.terms import Terms
from pydhcpd.sparing import Sparing
from pydhcpd.wire.options import name_of
from pydhcpd.wire.packet import Request

MOST_TERMS = 16384  # combinations that are remembered, those of hosts with settings of their own not counted
MOST_TOLD = 100  # warnings of one configuration
MOST_REASONS = 16  # for which machines get no boot file, told apart in a minute

log = logging.getLogger("pydhcpd.policy")


class Policy(Rules):
    """What is served, for whom, on which terms. `steps` are those of `case` that this configuration needs.

    `left_out` counts the options, by code, for which a reply had no room. Where somebody only wants to know what would be done,
    `overheard` takes in what would be told of clients.
    """

    __slots__ = ("_has_pool_terms", "_most_terms", "_simple_terms", "_sparing", "_steps_of_lease", "_terms", "_told",
                 "class_scopes", "has_doubts", "has_keys", "keeps_names", "left_out", "overheard", "reads_relay",
                 "reserved_names", "steps")

    def __init__(self, segments: Sequence[Segment], reservations: Iterable[Reservation] = (), *,
                 fields: Fields | None = None, classifier: Classifier | None = None,
                 class_scopes: Mapping[str, Scope] | None = None, functions: Functions | None = None,
                 keys_read_relay: bool = False, listed_relays_only: bool = False) -> None:
        """`class_scopes` are those of the classes that set anything."""
        listed, fields = tuple(reservations), fields or Fields({})
        super().__init__(NetworkIndex(segments, listed_relays_only), ReservationIndex(listed), fields,
                         classifier or Classifier((), fields), Functions.none() if functions is None else functions)
        self.class_scopes = class_scopes or {}
        self.reads_relay = (keys_read_relay or self.reservations.reads_relay or self.classifier.reads_relay
                            or bool(self.functions))
        self.has_keys = any(network.client_key for network in self.networks)
        self.has_doubts = not all(network.trusts_relay for network in self.networks)
        self._told: set[str] = set()
        self._sparing = Sparing(most=MOST_REASONS)
        self.left_out: Counter[int] = Counter()
        self.overheard: list[str] | None = None
        self.keeps_names = self._names_need_keeping(listed)
        self.reserved_names = frozenset(one.hostname.partition(".")[0].lower() for one in listed if one.hostname)
        self._terms: dict[tuple[int, int, tuple[str, ...], int], Terms] = {}
        self._most_terms = MOST_TERMS + 2 * sum(one.scope is not None for one in listed)
        self.steps = self._steps()
        quiet = (steps.find_host,) if self.classifier.asks or self.functions.classify else (steps.find_host, steps.classify)
        self._steps_of_lease = tuple(step for step in self.steps if step in quiet)
        self.is_plain = not self.steps
        self._has_pool_terms = any(pool.scope for network in self.networks for pool in network.pools)
        is_simple = self.is_plain and all(len(one.networks) == 1 for one in segments) and not self._has_pool_terms
        self._simple_terms = {one.base: terms_of(one.scope) for one in self.networks} if is_simple else None

    def _steps(self) -> tuple[Step, ...]:
        functions = self.functions
        limited = any(network.allow or network.deny or any(pool.allow or pool.deny for pool in network.pools)
                      for network in self.networks)
        has_hosts = not self.reservations.is_empty or functions.identify is not None
        has_classes = bool(self.classifier.names) or functions.classify is not None
        wanted: list[tuple[Step, bool]] = [
            (steps.accept, functions.accept is not None),
            (steps.find_host, not self.reservations.is_empty),
            (steps.identify, functions.identify is not None),
            (steps.classify, has_classes),
            (steps.permit, limited or has_hosts or has_classes or bool(functions)),
            (steps.choose, functions.choose is not None),
            (steps.limit, self.classifier.has_limits)]
        return tuple(step for step, is_wanted in wanted if is_wanted)

    def terms_of(self, case: Case, address: int) -> Terms:
        """What the client gets with an address, or (0, or an address of no network here) with none.

        The nearest scope wins: host, classes in the order of their definition, pool, subnet, shared network, global.
        """
        if self._simple_terms is not None:
            return self._simple_terms[case.network.base]
        network = case.network
        if address & network.mask != network.base and address:
            network = case.segment.network_of(address) or network
        pool = network.pool_of(address) if self._has_pool_terms and address & network.mask == network.base else None
        host = case.reservation.scope if case.reservation is not None else None
        if case.is_computed and host is not None:
            return self._put_together(network, pool, case.classes, host)
        key = network.base, 0 if pool is None else pool.place[1], case.classes, 0 if host is None else id(host)
        terms = self._terms.get(key)
        if terms is None:
            if len(self._terms) >= self._most_terms:
                self._terms.clear()
            terms = self._terms[key] = self._put_together(network, pool, case.classes, host)
        return terms

    def terms_of_lease(self, request: Request, address: int) -> Terms | None:
        """The terms on which the client of a lease has it, as far as `request` knows of it what is remembered; None where the
        address is of no network here. Functions of the file are not asked, and nobody need hold a lock."""
        case = self._case_of_lease(request, address)
        if case is None:
            return None
        with suppress(Ignored):
            for step in self._steps_of_lease:
                step(self, case)
        return self.terms_of(case, address)

    def classes_of_lease(self, request: Request, address: int) -> tuple[str, ...]:
        """The classes of the client of a lease, by what it sends and by its host, in order of definition; as above."""
        case = self._case_of_lease(request, address)
        if case is None:
            return ()
        try:
            steps.find_host(self, case)
        except Ignored:
            return ()
        names = self.classifier.of(request, None)
        return names if case.reservation is None else self.classifier.joined(names, case.reservation.classes)

    def _case_of_lease(self, request: Request, address: int) -> Case | None:
        network = self.networks.of(address)
        if network is None:
            return None
        case = Case()
        case.request, case.network, case.segment = request, network, self.networks.segment_of[network.base]
        steps.start(self, case)
        return case

    def terms_of_host(self, host: Reservation, address: int) -> Terms | None:
        """The terms of a reservation with an address of its own; None where that is of no network here."""
        network = self.networks.of(address)
        if network is None:
            return None
        names = self.classifier.joined((), host.classes) if host.classes else ()
        return self._put_together(network, network.pool_of(address), names, host.scope)

    def name_in_dns(self, naming: Naming, hostname: str, hardware: bytes, address: int, *, is_given: bool) -> str:
        """The full name in the DNS of a client that is called `hostname`, by the configuration or by itself; empty where it has
        none."""
        network = self.networks.of(address)
        facts = Facts(hardware, address, hostname, b"", "", "" if network is None else network.words)
        return naming.given_name_for(facts) if is_given and hostname else naming.name_for(facts, self.reserved_names)

    def _names_need_keeping(self, listed: Iterable[Reservation]) -> bool:
        """Whether a lease has to keep its name in the DNS, for what is remembered of its client does not tell that: who it was
        by functions of the file, by classes of what it sent, or by what else is forgotten."""
        functions, networks = self.functions, self.networks
        if not any(name in network.scope.settings and network.scope.settings[name] for network in networks for name in KEEPERS):
            return False
        return functions.identify is not None or functions.finish is not None or any(
            map(decides_names, self.class_scopes.values())) or any(
            one.scope is not None and decides_names(one.scope) and (one.uuids or one.relay or one.match_hostname)
            for one in listed)

    def _put_together(self, network: Network, pool: Pool | None, classes: tuple[str, ...], host: Scope | None) -> Terms:
        scope = network.scope
        if pool is not None and pool.scope:
            scope = pool.scope.over(scope)
        for name in reversed(classes):
            if name in self.class_scopes:
                scope = self.class_scopes[name].over(scope)
        return self._compiled(scope if host is None else host.over(scope))

    def _compiled(self, scope: Scope) -> Terms:
        """The terms. Suboptions that fit in each scope may be too long together: then the client does without them."""
        try:
            return terms_of(scope)
        except InvalidValue as error:
            words = str(error)
            if words not in self._told and len(self._told) < MOST_TOLD:
                self._told.add(words)
                log.warning("%s; who gets them by several classes, pools or hosts together is served without suboptions", words)
            return terms_of(replace(scope, suboptions={}))

    def tell_of(self, request: Request, words: str, now: float) -> None:
        """Warn of a client, once a minute at the most for the same reason; of others there is a count. Strangers choose what
        they say they are: but MOST_REASONS are told apart."""
        if self.overheard is not None:
            self.overheard.append(words)
            return
        for reason, count in self._sparing.unsaid(now):
            others = "waits for a boot file in vain, for other reasons" if reason == Sparing.OTHERS else reason
            log.warning("%d more messages in the last minute, of each of which the sender %s", count, others)
        if self._sparing.may_say(words, now):
            log.warning("%s %s", request.hardware.hex(":") or "a machine", words)

    def tell_left_out(self, codes: Iterable[int]) -> None:
        """Options that did not fit into a reply are counted (RFC 3046 section 2.2 asks for it), and told, each once for a
        configuration: they come with every packet."""
        for code in codes:
            if not self.left_out[code]:
                log.warning("%s (option %d) did not fit into a reply, and was left out: a client takes what its option 57 "
                            "says, else 576 bytes in all. Told once, and counted in the statistics", name_of(code), code)
            self.left_out[code] += 1
