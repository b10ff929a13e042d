"""What has no effect where another server gives the addresses (proxy_dhcp), in words, each with its place.

A setting for leases is no mistake there that keeps anything from working, but who wrote it expects something of it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydhcpd.configuration.checks import Checker
from pydhcpd.policy.boot.answer import OF_BOOTING
from pydhcpd.policy.declarations import SharedNetworkDeclaration, SubnetDeclaration
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.scope import Scope
from pydhcpd.wire.options import BY_CODE, name_of

OF_LEASES = ("ip_ranges", "ip_address_lease_time", "minimum_lease_time", "maximum_lease_time", "shorten_leases_above",
             "authoritative", "adopt_unknown", "probe_before_offer", "rapid_commit", "bootp", "client_identity",
             "one_address_per_machine", "offer_hold_time", "dns_zones", "dns_name", "dns_updates")
"""Settings that are for who gives addresses."""

ANOTHER = "with proxy_dhcp another server gives the addresses"
INSTEAD = "leave it out, or proxy_dhcp"


def is_proxy(subnet: SubnetDeclaration, outer: Scope) -> bool:
    """Whether another server gives the addresses of a subnet; `outer` is what it inherits."""
    return bool(subnet.scope.over(outer).settings.get("proxy_dhcp"))


@dataclass(frozen=True, slots=True)
class Declared:
    """What a configuration declares; `given` are the names that the file itself sets, and `scope` is the global one."""

    given: Collection[str]
    scope: Scope
    subnets: Sequence[SubnetDeclaration]
    shared: Sequence[SharedNetworkDeclaration]
    classes: Mapping[str, Scope]
    hosts: Sequence[Reservation]

    def idle(self, checker: Checker) -> Iterator[str]:
        """A line for each thing that has no effect."""
        links = [(self.scope, self.subnets), *((one.scope.over(self.scope), one.subnets) for one in self.shared)]
        states = [(one, is_proxy(one, outer)) for outer, inside in links for one in inside]
        for one in (one for one, is_beside in states if is_beside):
            yield from _in_scope(one.scope, one.scope.settings)
            if one.pools and "network" not in self.given:  # in the flat form ip_ranges say it
                yield f"{checker.place(one.line)}: subnet {one}: nothing of its pools is given: {ANOTHER}; {INSTEAD}"
        if all(is_beside for _, is_beside in states) if states else self.scope.settings.get("proxy_dhcp"):
            yield from _in_scope(self.scope, [name for name in self.scope.settings if name in self.given])
            for scope in self.classes.values():
                yield from _in_scope(scope, scope.settings)
            yield from _of_hosts(self.hosts, checker)


def _in_scope(scope: Scope, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name in OF_LEASES:
            yield f"{scope.origins[name][1]}: {name} has no effect: {ANOTHER}; {INSTEAD}"
    for code, value in scope.options.items():
        if value is not None and code in BY_CODE and code not in OF_BOOTING:
            yield (f"{scope.origins[code][1]}: {name_of(code)} is sent to nobody: {ANOTHER}, and what goes with them; "
                   "set it there")


def _of_hosts(hosts: Sequence[Reservation], checker: Checker) -> Iterator[str]:
    reserved = [one for one in hosts if one.ips]
    if reserved:
        others = f" (and {len(reserved) - 1} more)" if len(reserved) > 1 else ""
        yield f"{checker.place_of(reserved[0])}: {reserved[0]}{others}: its address is not given: {ANOTHER}; reserve it there"
