"""What was understood of a configuration, in a few lines: what `-check` ends with.

Networks with the addresses that they give, hosts, classes, functions, and the names of the file's own, among which one that
was meant for the server would be found. Knows nothing of interfaces.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydhcpd.configuration.beside import is_proxy
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.policy.declarations import SharedNetworkDeclaration, SubnetDeclaration
from pydhcpd.policy.dns.zone import server_text
from pydhcpd.policy.functions import DEFINED
from pydhcpd.policy.network import default_ranges
from pydhcpd.policy.ranges import Range, range_text
from pydhcpd.policy.scope import Scope

BOOT_FILES_ALONE = "boot files alone, beside a server that gives the addresses"
MOST = 20  # lines of a kind, and names in a line; more are counted


def summary(configuration: DHCPServerConfiguration) -> list[str]:
    """The lines."""
    networks = [*_subnets(configuration, configuration.subnets), *_shared(configuration)]
    return [*(_few(networks) or [f"network: that of {_interfaces(configuration)}{_beside(configuration)}"]),
            *_hosts(configuration),
            *_named("classes", [one.name for one in configuration["classes"]]),
            *_named("zones of the DNS", [f"{one.name} at {', '.join(server_text(*server) for server in one.servers)}"
                                         for one in configuration.zones()]),
            *_named("scripts", [f"{one.path} on {', '.join(one.on)}" for one in configuration["scripts"]]),
            *_named("functions", [name for name in DEFINED if configuration.given.get(name) is not None]),
            *_named("options of your own", [one.name for one in configuration["option_definitions"]]),
            *_named("names of the file's own", configuration.own_names())]


def _interfaces(configuration: DHCPServerConfiguration) -> str:
    return f"{', '.join(configuration['interface'])}'s address" if configuration["interface"] else "the interface's address"


def _subnets(configuration: DHCPServerConfiguration, subnets: Iterable[SubnetDeclaration]) -> Iterator[str]:
    for one in subnets:
        ranges = [bounds for pool in one.pools for bounds in pool.ranges]
        if configuration["network"] is not None and configuration["ip_ranges"] is None:
            ranges = list(default_ranges(one.base, one.mask))
        yield f"network {one}: {_given(one, ranges, configuration.scope)}{_by(one)}"


def _beside(configuration: DHCPServerConfiguration) -> str:
    return f": {BOOT_FILES_ALONE}" if configuration["proxy_dhcp"] else ""


def _shared(configuration: DHCPServerConfiguration) -> Iterator[str]:
    for one in configuration.shared_networks:
        yield f"shared network {one.name!r}:{_by(one).removeprefix(',')}"
        for subnet in one.subnets:
            ranges = [bounds for pool in subnet.pools for bounds in pool.ranges]
            yield f"  network {subnet}: {_given(subnet, ranges, one.scope.over(configuration.scope))}{_by(subnet)}"


def _by(one: SubnetDeclaration | SharedNetworkDeclaration) -> str:
    """By what else its clients are known."""
    relays = f", {_counted(len(one.relays), 'relay')}" if one.relays else ""
    return f"{relays}, interface {one.interface}" if one.interface else relays


def _given(subnet: SubnetDeclaration, ranges: Sequence[Range], outer: Scope) -> str:
    """The addresses that a subnet gives, and where they are."""
    if is_proxy(subnet, outer):
        return BOOT_FILES_ALONE
    if not ranges:
        return "no pool: reservations only"
    number = sum(_size(bounds, subnet) for bounds in ranges)
    places = ", ".join(range_text(bounds) for bounds in ranges[:3]) + (", ..." if len(ranges) > 3 else "")
    return f"{_counted(number, 'address')} in {_counted(len(ranges), 'pool') if len(ranges) > 1 else 'a pool'} ({places})"


def _size(bounds: Range, subnet: SubnetDeclaration) -> int:
    """The addresses of a range, less those that are excluded and the ends of the network (RFC 3021: a /31 has none)."""
    first, last = bounds
    ends = {end for end in (subnet.base, subnet.last) if subnet.last - subnet.base > 1 and first <= end <= last}
    excluded = sum(max(0, min(last, end) - max(first, begin) + 1) for begin, end in subnet.exclude)
    inside = sum(any(begin <= end <= finish for begin, finish in subnet.exclude) for end in ends)
    return last - first + 1 - excluded - len(ends) + inside


def _hosts(configuration: DHCPServerConfiguration) -> Iterator[str]:
    hosts = configuration.hosts
    if hosts:
        read = sum(1 for one in hosts if one.file)
        yield f"hosts: {len(hosts):,}" + (f", {read:,} of them from the reservation file" if read else "")


def _named(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - MOST:,} more" if len(names) > MOST else ""
        yield f"{what}: {', '.join(names[:MOST])}{more}"


def _few(lines: Sequence[str]) -> list[str]:
    return [*lines[:MOST], *([f"and {len(lines) - MOST:,} more"] if len(lines) > MOST else [])]


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 'es' if what.endswith('s') else 's'}"
