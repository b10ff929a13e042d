"""What differs in the order of scopes, and what follows of it. To Kea a class counts less than a pool, a subnet and a shared
network, but for boot fields and lease times; here it counts more. What is sent always is a list of names, the nearest of which
counts. Several subnets of one interface are a shared network.
"""

from collections.abc import Iterator

from pydhcpd.migration.configurations.draft import Call, Draft, calls_in
from pydhcpd.migration.configurations.kea.conditions import narrowed
from pydhcpd.migration.configurations.kea.names import ALWAYS
from pydhcpd.migration.configurations.kea.teller import Teller
from pydhcpd.migration.configurations.layout import value_text

ALIKE = {"next_server", "server_name", "boot_file_name", "ip_address_lease_time", "minimum_lease_time", "maximum_lease_time",
         "always_send", "never_send"}
"""Settings for which the order is the same."""


def places_of(draft: Draft) -> list[Call]:
    """Shared networks, subnets and pools."""
    subnets = draft.all_subnets()
    return [*draft.shared_networks, *subnets, *(pool for one in subnets for pool in _pools(one))]


def _pools(subnet: Call) -> list[Call]:
    pools = subnet.keywords.get("pools")
    return [one for one in pools if isinstance(one, Call)] if isinstance(pools, list) else []


def _names(call: Call, name: str) -> list[str]:
    value = call.keywords.get(name)
    return [str(one) for one in value] if isinstance(value, list) else []


def keep_always(draft: Draft) -> None:
    """Lists of what is sent always: Kea's own, and each with those of the scopes around it."""
    everywhere = [draft.settings, *places_of(draft), *draft.classes, *draft.hosts]
    used = {"subnet_mask"}.union(*(one.keywords for one in everywhere))
    outer = _merged([name for name in ALWAYS if name in used], _names(draft.settings, "always_send"))
    if outer:
        draft.set("always_send", outer)
    for network in draft.shared_networks:
        inside = _within(network, outer)
        for subnet in calls_in(network.arguments):
            _of_subnet(subnet, inside)
    for subnet in draft.subnets:
        _of_subnet(subnet, outer)
    every = _merged(*(_names(one, "always_send") for one in [draft.settings, *places_of(draft)]))
    for one in (*draft.classes, *draft.hosts):
        _within(one, every)


def _of_subnet(subnet: Call, outer: list[str]) -> None:
    inside = _within(subnet, outer)
    for pool in _pools(subnet):
        _within(pool, inside)


def _within(call: Call, outer: list[str]) -> list[str]:
    """The list of a scope that has one, completed; that of the scope around it where it has none."""
    own = _names(call, "always_send")
    if not own:
        return outer
    call.keywords["always_send"] = merged = _merged(outer, own)
    return merged


def _merged(*lists: list[str]) -> list[str]:
    return list(dict.fromkeys(name for one in lists for name in one))


def join_links(draft: Draft, teller: Teller) -> None:
    """Subnets that name the same interface are one link."""
    by_interface: dict[object, list[Call]] = {}
    for one in draft.subnets:
        by_interface.setdefault(one.keywords.get("interface"), []).append(one)
    for interface, subnets in by_interface.items():
        if interface is not None and len(subnets) > 1:
            draft.subnets = [one for one in draft.subnets if one not in subnets]
            for one in subnets:
                del one.keywords["interface"]
            draft.shared_networks.append(Call("shared_network", [f"on {interface}", subnets], {"interface": interface}))
            teller.note(f"the subnets on {interface} are a shared network: Kea takes the first that is open to a client; here "
                        "the next follows where that is full")


def settle_classes(draft: Draft, teller: Teller) -> None:
    """What a class sets that a subnet or shared network sets too becomes a class of its own, which holds in the other subnets.

    Where that cannot be said, for a pool is not known by then, nor whether a host has the class, it is told.
    """
    for one in list(draft.classes):
        for subnets, names in _conflicts(draft, one).items():
            if len(one.arguments) > 1 and subnets:
                _elsewhere(draft, one, subnets, names)
            else:
                teller.note(f"the class {one.arguments[0]} and some pool, subnet or shared network set {', '.join(names)}: Kea "
                            "takes the place's, here the class counts more")


def _conflicts(draft: Draft, one: Call) -> dict[tuple[str, ...], list[str]]:
    """What a class sets and places do too, by the subnets of those; by none where it is a pool."""
    found: dict[tuple[str, ...], list[str]] = {}
    for name in one.keywords:
        if name in ALIKE:
            continue
        subnets = tuple(_setting(draft, name))
        if any(name in pool.keywords for subnet in draft.all_subnets() for pool in _pools(subnet)):
            found.setdefault((), []).append(name)
        elif subnets:
            found.setdefault(subnets, []).append(name)
    return found


def _setting(draft: Draft, name: str) -> Iterator[str]:
    """The subnets in which an option is set, by themselves or by their shared network."""
    for subnet in draft.all_subnets():
        network = next((one for one in draft.shared_networks if subnet in calls_in(one.arguments)), None)
        if name in subnet.keywords or (network is not None and name in network.keywords):
            yield str(subnet.arguments[0])


def _elsewhere(draft: Draft, one: Call, subnets: tuple[str, ...], names: list[str]) -> None:
    where = f"request.subnet not in {value_text(list(subnets))}"
    made = Call("client_class", [f"{one.arguments[0]} elsewhere", narrowed(one.arguments[1:], where)],
                {name: one.keywords.pop(name) for name in names})
    taken = sum(str(other.arguments[0]).startswith(str(made.arguments[0])) for other in draft.classes)
    made.arguments[0] = f"{made.arguments[0]} {taken + 1}" if taken else made.arguments[0]
    made.comments.append("the same where the subnet does not set this itself")
    draft.classes.insert(draft.classes.index(one) + 1, made)
