"""Kea's `subnet4`, `pools` and `shared-networks`."""

from pydhcpd.addresses import address_from, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.kea.classes import Classes
from pydhcpd.migration.configurations.kea.ddns import Ddns
from pydhcpd.migration.configurations.kea.elsewhere import COMMON
from pydhcpd.migration.configurations.kea.hosts import Hosts
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.scopes import Scopes
from pydhcpd.migration.configurations.kea.teller import Taker

REQUIRED = ("require-client-classes", "evaluate-additional-classes")
MODES = {"all": (False, True), "out-of-pool": (False, True), "global": (True, False), "disabled": (False, False),
         "off": (False, False)}
"""Modes of older Kea: whether global reservations are looked for, and those of the subnet."""
SWITCHES = ("reservation-mode", "reservations-global", "reservations-in-subnet", "reservations-out-of-pool")
Looking = tuple[bool, bool]


class Networks:
    """Takes networks over; `outer` is what was said outside of where reservations are looked for."""

    def __init__(self, scopes: Scopes, classes: Classes, hosts: Hosts, ddns: Ddns) -> None:
        self._scopes, self._classes, self._hosts, self._teller = scopes, classes, hosts, scopes.teller
        self._ddns = ddns
        self.uses_global = False
        """Whether any subnet has its hosts looked for among the global ones."""
        self.only_some = False

    def looking(self, place: Node, outer: Looking) -> Looking:
        """Where reservations are looked for: globally, and in the subnet."""
        mode, everywhere, inside = (place.get(key) for key in SWITCHES[:3])
        if mode is not None and isinstance(mode.value, str):
            outer = MODES.get(mode.value.lower(), outer)
        return (everywhere.truth if everywhere else outer[0], inside.truth if inside else outer[1])

    def switches(self) -> dict[str, Taker]:
        """What tells those members."""
        def tell(node: Node) -> None:
            self._teller.taken(node, "a reserved address may lie in a pool or not" if node.key == SWITCHES[3]
                               else "which hosts are taken over follows from it")
        return dict.fromkeys(SWITCHES, tell)

    # --- subnets

    def subnets(self, node: Node, outer: Looking) -> list[Call]:
        """The subnets of a list."""
        found = []
        for one in node.items:
            try:
                found.append(self._subnet(one, outer))
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "subnets")
        return found

    def _subnet(self, node: Node, outer: Looking) -> Call:
        prefix = node.get("subnet")
        if prefix is None:
            raise InvalidValue("a subnet without its prefix")
        call = Call("subnet", [_network(prefix.text)])
        self._teller.taken(prefix, "subnet")
        takers = self._link(node, call) | {
            "subnet": lambda _: None, "id": lambda one: self._teller.taken(one, "subnets need no numbers"),
            "pools": lambda one: self._pools(one, call),
            "reservations": lambda one: self._reserved(one, self.looking(node, outer))}
        self._scopes.take(node, call, takers)
        self.uses_global |= self.looking(node, outer)[0]
        self.only_some |= not self.looking(node, outer)[0]
        return call

    def _reserved(self, node: Node, looking: Looking) -> None:
        if looking[1]:
            self._hosts.take(node)
        else:
            self._hosts.leave(node, "Kea does not look for those of this subnet (reservations-in-subnet, reservation-mode)")

    def _link(self, node: Node, call: Call) -> dict[str, Taker]:
        """What subnets and shared networks have in common."""
        subnets = [str(one) for one in call.arguments if isinstance(one, str)]
        return {**self._scopes.times(node, call), **self._scopes.timers(node, call), **self.switches(),
                **self._ddns.takers(node, call), "offer-lifetime": lambda one: self._scopes.offers(one, call),
                "store-extended-info": self._scopes.extended,
                "authoritative": self._scopes.flag("authoritative", call),
                "match-client-id": lambda one: self._scopes.identity(one, call), "echo-client-id": self._scopes.echo,
                "relay": lambda one: self._scopes.relays(one, call), "interface": lambda one: self._interface(one, call),
                "client-class": lambda one: self._allow([one], one, call),
                "client-classes": lambda one: self._allow(one.items, one, call),
                **dict.fromkeys(REQUIRED, lambda one: self._demand(one, subnets))}

    def _demand(self, node: Node, subnets: list[str]) -> None:
        names = [one.text for one in node.items]
        self._classes.demand(names, subnets)
        missing = [escape(name) for name in names if not self._classes.is_defined(name)]
        if missing:
            raise InvalidValue(f"{', '.join(missing)} is defined nowhere; of others it holds")
        self._teller.taken(node, "the classes hold here")

    def _interface(self, node: Node, call: Call) -> None:
        if node.text:
            call.keywords["interface"] = node.text
        self._teller.taken(node, "interface")

    def _allow(self, names: list[Node], node: Node, call: Call) -> None:
        allowed = self._classes.allowed(names)
        if allowed:
            call.keywords["allow"] = allowed[0] if len(allowed) == 1 else allowed
        self._teller.taken(node, "allow" if allowed else "everybody")

    # --- pools

    def _pools(self, node: Node, call: Call) -> None:
        call.keywords["pools"] = []
        by_all = [one for one in _asked_for_by_all(node.items) if self._classes.is_defined(one)]
        self._classes.demand(by_all, [str(one) for one in call.arguments])
        for one in node.items:
            try:
                call.add("pools", self._pool(one, call, set(by_all)))
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "pools")

    def _pool(self, node: Node, subnet: Call, by_all: set[str]) -> object:
        """A range alone, or pool(...) where more is said of it; `by_all` are classes that all pools of its subnet ask for."""
        text = node.get("pool")
        if text is None:
            raise InvalidValue("a pool without its range")
        call = Call("pool", [_range(text.text)])
        takers = {"pool": lambda _: None, "pool-id": lambda one: self._teller.taken(one, "pools need no numbers"),
                  "client-class": lambda one: self._allow([one], one, call),
                  "client-classes": lambda one: self._allow(one.items, one, call),
                  **dict.fromkeys(REQUIRED, lambda one: self._required_by_pool(one, subnet, call, by_all))}
        self._scopes.take(node, call, takers)
        self._teller.taken(text, "a pool")
        asks = any(node.get(key) is not None for key in REQUIRED)
        return call if call.keywords or call.comments or asks else call.arguments[0]

    def _required_by_pool(self, node: Node, subnet: Call, pool: Call, by_all: set[str]) -> None:
        """Which pool an address comes from is not known when classes are."""
        names = [one.text for one in node.items]
        if set(names) <= by_all:
            return self._teller.taken(node, "the classes hold in the subnet, for all its pools ask for them")
        if missing := [escape(name) for name in names if not self._classes.is_defined(name)]:
            raise InvalidValue(f"{', '.join(missing)} is defined nowhere")
        for name in names:
            self._classes.demand_in_pool(name, subnet, pool, node)
        return self._teller.taken(node, "what they say is the pool's, and a class takes it from those who are not of them")

    # --- shared networks

    def shared(self, node: Node, outer: Looking) -> None:
        """The list of shared networks."""
        for one in node.items:
            try:
                self._shared(one, outer)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "shared_networks")

    def _shared(self, node: Node, outer: Looking) -> None:
        name, inside = node.get("name"), node.get("subnet4")
        with self._scopes.inside(node):
            subnets = self.subnets(inside, self.looking(node, outer)) if inside is not None else []
        if name is None or not subnets:
            raise InvalidValue("a shared network needs a name and subnets")
        call = Call("shared_network", [name.text, subnets])
        prefixes = [str(one.arguments[0]) for one in subnets]
        takers = self._link(node, call) | {
            "name": lambda _: None, "subnet4": lambda _: None,
            **dict.fromkeys(REQUIRED, lambda one: self._demand(one, prefixes))}
        self._scopes.take(node, call, takers, COMMON)
        guard = call.keywords.pop("allow", None)
        for one in subnets if guard is not None else ():
            if "allow" in one.keywords:
                self._teller.also(node, "its client-class counts where a subnet has none of its own")
            one.keywords.setdefault("allow", guard)
        self._scopes.draft.shared_networks.append(call)


def _asked_for_by_all(pools: list[Node]) -> list[str]:
    """The classes that each of some pools asks for."""
    asked = [{name.text for key in REQUIRED if (found := one.get(key)) is not None for name in found.items} for one in pools
             if isinstance(one.value, dict)]
    return sorted(set.intersection(*asked)) if asked else []


def _network(text: str) -> str:
    """A prefix, of which Kea takes any address. Raises InvalidValue."""
    address, sign, length = text.replace(" ", "").partition("/")
    if not sign or not length.isdecimal():
        return network_text(*network_from(text))
    _, mask = network_from(f"0.0.0.0/{length}")
    return network_text(address_from(address) & mask, mask)


def _range(text: str) -> str:
    """As it is written here. Raises InvalidValue."""
    if "/" in text:
        return _network(text)
    first, sign, last = (part.strip() for part in text.partition("-"))
    if not sign:
        raise InvalidValue("a range is FIRST - LAST, or a prefix")
    for one in (first, last):
        address_from(one)
    return f"{first} - {last}"
