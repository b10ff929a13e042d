"""The checks of what a configuration declares: subnets, pools, classes and hosts; each put in with its scope compiled.

Owns what is right and wrong between them, and the words for it. Every mistake is told, not the first alone, with the place
where it was written: `FILE:LINE: subnet 10.1.0.0/16 NAME = VALUE: what is wrong; what is allowed`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from pydhcpd import names as kinds
from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.names import FILE, NEAR, OPTION, is_foreign, nearest, remedy, synonym
from pydhcpd.policy.arguments import written
from pydhcpd.policy.boot.answer import REGISTERED
from pydhcpd.policy.boot.architectures import Architectures
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.declarations import (
    KNOWN,
    MOST_POOLS,
    UNKNOWN,
    Mistake,
    PoolDeclaration,
    SharedNetworkDeclaration,
    SubnetDeclaration,
    distinct,
)
from pydhcpd.policy.ranges import range_text
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.scope import Scope, Suboption, contradictions, may_contradict, terms_of
from pydhcpd.settings import ARGUMENTS, BY_NAME, GLOBAL, HOST, NARROWEST, NETWORK_WIDE, POOL, settings_of
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES
from pydhcpd.wire.options import PROTOCOL_OWN, Option, option_named

NOT_SETTABLE = {**dict.fromkeys(PROTOCOL_OWN, "it is the protocol's own"), 51: "use ip_address_lease_time",
                81: "it answers the client's own: see dns_name and dns_updates",
                54: "it follows from the interface; see bind_address", 56: "it is written by the server"}
"""Options that nobody sets, by code, and why."""

HOLDS_SUBOPTIONS = {
    43: 'write option_definitions = [option(1, "a_name", "text", inside="vendor_specific_information")] and a_name = ...',
    125: 'write option_definitions = [option(1, "a_name", "text", inside=("vendor_identifying", NUMBER))] and a_name = ...'}
"""Options that may be set by suboptions of one's own, by code, and how."""

ALLOWED_OPTIONS = "allowed are the names that -help lists, and option_N for a number"

ROUTER = 3
PLACES = {HOST: "host(), client_class(), pool(), subnet(), shared_network() and the whole file",
          POOL: "pool(), subnet(), shared_network() and the whole file",
          NETWORK_WIDE: "subnet(), shared_network() and the whole file", GLOBAL: "the whole file: a line of its own"}
"""Where a setting may stand, by its narrowest scope."""


@dataclass(slots=True)
class Checker:
    """Compiles and checks; `problems` and `warnings` grow, a line of text each. `file` is that of the configuration; it has a
    choose() if it `chooses`."""

    file: str
    own_options: Mapping[str, Option]
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    chooses: bool = False
    architectures: Architectures = REGISTERED

    def option(self, name: str) -> Option | None:
        """The option of a name, one's own before those of the registry."""
        return self.own_options.get(name) or option_named(name)

    # --- one scope

    def scope(self, settings: Mapping[str, Any], constructor: str, where: str, place: str) -> Scope:
        """Compile what a constructor was given besides its own arguments; `where` is that in words."""
        allowed = settings_of(NARROWEST[constructor])
        values: dict[str, Any] = {}
        options: dict[int, bytes | None] = {}
        suboptions: dict[Suboption, bytes | None] = {}
        for name, value in settings.items():
            try:
                if isinstance(value, Mistake):
                    self._note_mistakes([value])
                elif name in allowed:
                    values[name] = BY_NAME[name].default if value is None else BY_NAME[name].kind.parse(value)
                else:
                    self.encode(options, suboptions, name, value, constructor)
            except InvalidValue as error:
                self.problems.append(f"{place}: {where} {name} = {short(value)}: {error}")
        for name, reason in self.resolve_names(values):
            self.problems.append(f"{place}: {where} {name}: {reason}")
        origin = where, place
        return Scope(values, options, suboptions, dict.fromkeys([*values, *options, *suboptions], origin))

    def encode(self, options: dict[int, bytes | None], suboptions: dict[Suboption, bytes | None], name: str, value: object,
               constructor: str = FILE) -> None:
        """Put an option's value into one of the two. Raises InvalidValue."""
        option = self.option(name)
        if option is None:
            raise InvalidValue(self._no_name_of(constructor, name, value))
        if option.inside is not None:
            suboptions[option.inside, option.code] = encoded(option, value)
        elif option.code in NOT_SETTABLE:
            meant = remedy(name, ARGUMENTS[constructor], constructor, short(value)) if synonym(name, constructor) else ""
            raise InvalidValue(f"cannot be set: {NOT_SETTABLE[option.code]}; {meant or 'allowed is to leave it out'}")
        else:
            if option.code in HOLDS_SUBOPTIONS and isinstance(value, dict | list | tuple) and value:
                raise InvalidValue(f"is given as bytes, or by suboptions; {HOLDS_SUBOPTIONS[option.code]}")
            options[option.code] = encoded(option, value)

    def _no_name_of(self, constructor: str, name: str, value: object) -> str:
        """Why a name cannot stand in a constructor, and what can."""
        own, allowed = ARGUMENTS[constructor], settings_of(NARROWEST[constructor])
        if name in BY_NAME and not synonym(name, constructor):
            return f"is not for {constructor}(); allowed is in {PLACES[BY_NAME[name].narrowest]}"
        known = [*own, *(allowed if is_foreign(name, constructor) else BY_NAME), *OPTION_NAMES, *self.own_options]
        meant = remedy(name, known, constructor, short(value))
        return f"is not known in {constructor}(); " + (
            meant or f"allowed are {', '.join(own)}, DHCP options by name, and {', '.join(allowed)}")

    def resolve_names(self, settings: dict[str, Any]) -> list[tuple[str, str]]:
        """Turn the option names of always_send and never_send into codes, in place; returns what is wrong in these and in the
        names of architectures, by setting."""
        wrong = []
        for setting in ("boot_file_name", "ipxe_script", "pxe_menu"):
            try:
                if settings.get(setting) is not None:
                    settings[setting].check(self.architectures)
            except InvalidValue as error:
                wrong.append((setting, str(error)))
        for setting in ("always_send", "never_send"):
            codes = set()
            for name in settings.get(setting) or ():
                option = self.option(name)
                if option is None:
                    meant = remedy(name, [*OPTION_NAMES, *self.own_options], OPTION)
                    wrong.append((setting, f"{name!r} is no DHCP option; {meant or ALLOWED_OPTIONS}"))
                else:
                    codes.add(option.code if option.inside is None else option.inside[0])
            if setting in settings:
                settings[setting] = frozenset(codes)
        return wrong

    def agree(self, scope: Scope, told: Iterable[tuple[str, str]], where: str, place: str) -> list[tuple[str, str]]:
        """Complain of contradictions in a scope with all that it inherits, but for those that were told."""
        found = [one for one in contradictions(scope) if one not in told]
        for name, error in found:
            self.problems.append(f"{place}: {where} {name}: {error}")
        if not found:
            try:
                terms_of(scope)
            except InvalidValue as error:
                self.problems.append(f"{place}: {where}: {error}")
        return [*told, *found]

    # --- networks

    def subnets(self, subnets: Iterable[SubnetDeclaration], shared: Iterable[SharedNetworkDeclaration], outer: Scope,
                class_names: Iterable[str]) -> tuple[tuple[SubnetDeclaration, ...], tuple[SharedNetworkDeclaration, ...]]:
        """All subnets with their scopes and those of their pools compiled, not merged into what they inherit."""
        names = [*class_names, KNOWN, UNKNOWN]
        told = list(contradictions(outer))
        alone = tuple(self._subnet(one, outer, told, names) for one in subnets)
        together = []
        for one in shared:
            self._note_mistakes(one.mistakes)
            where, place = f"shared network {one.name!r}", self.place(one.line)
            scope = self.scope(one.settings, kinds.SHARED_NETWORK, where, place)
            told_here = self.agree(scope.over(outer), told, where, place)
            inside = tuple(self._subnet(subnet, scope.over(outer), told_here, names) for subnet in one.subnets)
            together.append(replace(one, subnets=inside, scope=scope))
        every = [*alone, *(subnet for one in together for subnet in one.subnets)]
        for before, after in pairwise(sorted(every, key=lambda one: (one.base, -one.mask))):
            if after.base <= before.last:
                self.problems.append(f"{self.place(after.line)}: subnet {after} overlaps {before} on line {before.line}; "
                                     "allowed is each address once")
        self._no_relay_twice([(f"subnet {one}", [one]) for one in alone]
                             + [(f"shared network {one.name!r}", [one, *one.subnets]) for one in together])
        return alone, tuple(together)

    def _no_relay_twice(self, links: Iterable[tuple[str, Sequence[SubnetDeclaration | SharedNetworkDeclaration]]]) -> None:
        """A relay or interface tells the link, on which there may be several subnets: those of a shared network."""
        first: dict[object, tuple[str, int]] = {}
        for link, declared in links:
            for one in declared:
                for key, words in _leading_to(one):
                    other, line = first.setdefault(key, (link, one.line))
                    if other != link:
                        self.problems.append(f"{self.place(one.line)}: {link}: {words} is that of {other} on line {line} too; "
                                             "allowed is one subnet for each, or one shared_network() with both subnets")

    def _subnet(self, subnet: SubnetDeclaration, outer: Scope, told: list[tuple[str, str]],
                names: Sequence[str]) -> SubnetDeclaration:
        self._note_mistakes(subnet.mistakes)
        where, place = f"subnet {subnet}", self.place(subnet.line)
        scope = self.scope(subnet.settings, kinds.SUBNET, where, place)
        whole = scope.over(outer)
        told_here = self.agree(whole, told, where, place)
        self.defined((*subnet.allow, *subnet.deny), names, where, place)
        for router in routers_of(whole):
            if router not in subnet:
                self.warnings.append(f"{whole.origins[ROUTER][1]}: router = {address_text(router)!r}: lies outside the network "
                                     f"{subnet}, so clients may not reach it")
        pools = tuple(self._pool(pool, subnet, whole, told_here, names) for pool in subnet.pools)
        self._do_not_overlap(subnet)
        if len(distinct(pools, by_choose=self.chooses)) > MOST_POOLS:
            why = "for choose()" if self.chooses else "with policy of their own"
            self.problems.append(f"{place}: {where} has {len(pools)} pools {why}; allowed are {MOST_POOLS}")
        return replace(subnet, scope=scope, pools=pools)

    def _pool(self, pool: PoolDeclaration, subnet: SubnetDeclaration, outer: Scope, told: list[tuple[str, str]],
              names: Sequence[str]) -> PoolDeclaration:
        where, place = f"pool {pool}", self.place(pool.line)
        scope = self.scope(pool.settings, kinds.POOL, where, place)
        self.agree(scope.over(outer), told, where, place)
        self.defined((*pool.allow, *pool.deny), names, where, place)
        for bounds in pool.ranges:
            if any(end not in subnet for end in bounds):
                self.problems.append(f"{place}: pool {range_text(bounds)} lies outside its subnet {subnet}; allowed are "
                                     "its own addresses")
        return replace(pool, scope=scope)

    def _do_not_overlap(self, subnet: SubnetDeclaration) -> None:
        ranges = sorted(((bounds, pool) for pool in subnet.pools for bounds in pool.ranges), key=lambda one: one[0])
        for (before, _), (after, pool) in pairwise(ranges):
            if after[0] <= before[1]:
                self.problems.append(f"{self.place(pool.line)}: the pools {range_text(before)} and {range_text(after)} of "
                                     f"subnet {subnet} overlap; allowed is each address once")

    def defined(self, used: Iterable[str], names: Sequence[str], where: str, place: str) -> None:
        """Complain of names of classes that are not among those that there are."""
        for name in used:
            if name not in names:
                self.problems.append(f"{place}: {where}: class {name!r} is not defined; {_instead_of_class(name, names)}")

    # --- classes

    def classes(self, classes: Iterable[ClientClass], outer: Scope,
                check: Callable[[ClientClass], object]) -> dict[str, Scope]:
        """The scopes of the classes that set anything, by name. `check` raises InvalidValue for a condition that cannot be."""
        scopes: dict[str, Scope] = {}
        first: dict[str, ClientClass] = {}
        told = list(contradictions(outer))
        for one in classes:
            where, place = f"client_class {one.name!r}", self.place(one.line)
            other = first.setdefault(one.name, one)
            if other is not one:
                self.problems.append(f"{place}: {where} is defined on line {other.line} too; allowed is each name once")
                continue
            scope = self.scope(one.settings, kinds.CLIENT_CLASS, where, place)
            self.agree(scope.over(outer), told, where, place)
            try:
                check(one)
            except InvalidValue as error:
                self.problems.append(f"{place}: {where}: {error}")
            if scope:
                scopes[one.name] = scope
        return scopes

    # --- hosts

    def host(self, one: Reservation) -> Reservation:
        """A host with its own scope compiled, if it sets anything; its name is the option host_name."""
        settings = {"host_name": one.hostname, **one.settings} if one.hostname else one.settings
        if not settings:
            return one
        return one.with_scope(self.scope(settings, kinds.HOST, str(one), self.place_of(one)))

    def place_of(self, one: Reservation) -> str:
        """FILE:LINE of a host."""
        return one.place if one.file else self.place(one.line)

    def note_mistakes(self, values: Iterable[object]) -> list[object]:
        """Complain of the mistakes among values; returns the others."""
        found = list(values)
        self._note_mistakes([one for one in found if isinstance(one, Mistake)])
        return [one for one in found if not isinstance(one, Mistake)]

    def _note_mistakes(self, mistakes: Iterable[Mistake]) -> None:
        for one in mistakes:
            self.problems.append(f"{self.place(one.line)}: {one.call}: {one.reason}")
            self._note_mistakes(one.inner)

    def place(self, line: int) -> str:
        """FILE:LINE, or the file alone where the line is not known."""
        return f"{self.file}:{line}" if line else self.file


class HostChecker:
    """Checks hosts one by one, each beside those before it. Where `subnets` is empty, what they are is not known yet."""

    def __init__(self, checker: Checker, subnets: Sequence[SubnetDeclaration], outer: Scope,
                 class_names: Iterable[str]) -> None:
        self._checker, self._names, self._outer = checker, list(class_names), outer
        self._told = list(contradictions(outer))
        self._by_base = {(one.mask, one.base): one for one in subnets}
        self._masks = sorted({one.mask for one in subnets}, reverse=True)
        self._routers = {router for one in subnets for router in routers_of(one.scope.over(outer))}
        self._by_ip: dict[int, Reservation] = {}
        self._by_identity: dict[tuple[str, object], list[tuple[Reservation, list[int]]]] = {}

    def check(self, one: Reservation) -> tuple[Reservation, list[str]]:
        """The host with its scope compiled; and what is wrong with it."""
        before = len(self._checker.problems)
        made = self._checker.host(one)
        if made.scope is not None and may_contradict(made.scope):
            self._checker.agree(made.scope.over(self._outer), self._told, str(one), self._checker.place_of(one))
        if one.classes:
            self._checker.defined(one.classes, self._names, str(one), self._checker.place_of(one))
        reasons = self._reasons(one)
        if not reasons and len(self._checker.problems) == before:
            return made, []
        problems = [*self._checker.problems[before:],
                    *(f"{self._checker.place_of(one)}: {one}: {reason}" for reason in reasons)]
        del self._checker.problems[before:]
        return made, problems

    def _reasons(self, one: Reservation) -> list[str]:
        """What is wrong with its addresses and identities."""
        homes = [self._home(ip) for ip in one.ips]
        reasons = [f"{address_text(ip)} {reason}" for ip, home in zip(one.ips, homes, strict=True)
                   if (reason := self._why_not(ip, home))]
        known = [id(home) for home in homes if home is not None]
        if len(set(known)) < len(known):
            reasons.append("two of its addresses lie in one subnet; allowed is one in each")
        return [*reasons, *dict.fromkeys(self._given_twice(one, known))]  # a UUID counts in two orders

    def _home(self, ip: int) -> SubnetDeclaration | None:
        for mask in self._masks:
            home = self._by_base.get((mask, ip & mask))
            if home is not None:
                return home
        return None

    def _why_not(self, ip: int, home: SubnetDeclaration | None) -> str:
        """Why no host can have an address; empty where one can."""
        if home is None:
            if not self._by_base:
                return ""
            return ("lies outside the network; allowed are its own addresses" if len(self._by_base) == 1 else
                    "lies outside every subnet; allowed are addresses of those that are configured")
        if home.last - home.base > 1 and ip in (home.base, home.last):
            return "is the network's base or broadcast address; allowed are those between them"
        return "is a router's; allowed are other addresses" if ip in self._routers else ""

    def _given_twice(self, one: Reservation, homes: list[int]) -> Iterable[str]:
        """What another host has already. One identity may have a host in each of several subnets."""
        for ip in one.ips:
            other = self._by_ip.setdefault(ip, one)
            if other is not one:
                yield f"{address_text(ip)} is reserved on {other.place} too; allowed is one host for each address"
        for kind, value in one.identities():
            others = self._by_identity.setdefault((kind, value), [])
            for other, other_homes in others:
                if other is not one and (not homes or not other_homes or set(homes) & set(other_homes)):
                    fields = kind.removeprefix("relay:") if kind.startswith("relay:") else kind.partition(":")[0]
                    yield f"has the same {fields} as the host on {other.place}; allowed is one host for each"
                    break
            others.append((one, homes))


def _instead_of_class(name: str, names: Sequence[str]) -> str:
    parts = [part.strip() for part in name.split(",")]
    if len(parts) > 1 and all(part in names for part in parts):
        return f"several classes are a list: {parts}"
    near = nearest(name, names, NEAR)
    return f"did you mean {near!r}?" if near else f"defined are {', '.join(map(repr, names)) or 'none'}"


def _leading_to(one: SubnetDeclaration | SharedNetworkDeclaration) -> Iterator[tuple[object, str]]:
    """The relays and the interface of a declaration, and each in words."""
    for relay in one.relays:
        yield relay, f"relay {address_text(relay)}"
    if one.interface:
        yield one.interface, f"interface {one.interface!r}"


def routers_of(scope: Scope) -> list[int]:
    """The routers that a scope sets."""
    data = scope.options.get(ROUTER) or b""
    return [int.from_bytes(data[at:at + 4], "big") for at in range(0, len(data), 4)]


def encoded(option: Option, value: object) -> bytes | None:
    """An option's value as bytes, or None where it is to be left out: None itself, and an empty list."""
    return None if value is None or value in ([], ()) else option.codec.encode(value)


def short(value: object) -> str:
    """A value as the file would write it, not longer than a line of a log may be."""
    text = written(value)
    return text if len(text) <= 400 else text[:397] + "..."
