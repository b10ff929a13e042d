"""What differs in the order of scopes. To Kea a class counts less than a pool, a subnet and a shared network, but for boot
fields and lease times; here it counts more. And what is sent always is a list of names, the nearest of which counts.
"""

from pydhcpd.migration.configurations.draft import Call, Draft, calls_in
from pydhcpd.migration.configurations.kea.names import ALWAYS
from pydhcpd.migration.configurations.kea.teller import Teller

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


def tell_classes(draft: Draft, teller: Teller) -> None:
    """Say where a class counts more than it did."""
    for one in draft.classes:
        both = sorted({name for place in places_of(draft) for name in place.keywords if name in one.keywords} - ALIKE)
        if both:
            teller.note(f"the class {one.arguments[0]} and some pool, subnet or shared network set {', '.join(both)}: Kea "
                        "takes the place's, here the class counts more")
