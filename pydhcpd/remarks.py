"""What of the configuration does not fit the interfaces of the moment: told at the start, at each change, and by `-check`.

Nothing of it keeps anybody from being served otherwise. What is wrong whatever the interfaces are, the checks of the
configuration tell.
"""

from collections.abc import Iterable, Iterator

from pydhcpd.addresses import address_from, address_text
from pydhcpd.configuration.checks import routers_of
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.network import RESERVED, Network
from pydhcpd.policy.ranges import range_text
from pydhcpd.policy.scope import TFTP_SERVER_NAME, Scope
from pydhcpd.serving import Serving

MOST = 5  # remarks of a kind; more are counted


def remarks(configuration: DHCPServerConfiguration, serving: Serving) -> list[str]:
    """What an administrator should know of it, a line each."""
    found = [*_without_network(serving), *_without_addresses(serving), *_of_our_own(configuration, serving),
             *_two_boot_servers(configuration.scope, serving)]
    if not configuration.subnets and not configuration.shared_networks and serving.links:
        served = ", ".join(f"{link.network} on {link.name}" for link in serving.links.values() if link.network)
        found += _elsewhere(configuration, list(serving.policy.networks), served)
    return found


def _without_network(serving: Serving) -> Iterator[str]:
    for link in serving.links.values():
        if link.network is None:
            yield (f"interface {link.name} is served for relay agents alone: its address {address_text(link.server)} lies in "
                   f"no subnet; clients on the link itself need one that holds it, or that says interface={link.name!r}")


def _without_addresses(serving: Serving) -> Iterator[str]:
    policy = serving.policy
    for network in policy.networks if policy.functions.identify is None else ():
        if network.is_proxy:
            continue
        if not any(pool.size for pool in network.pools) and (network.pools or RESERVED not in network.kinds):
            yield f"{network} has no address to give: " + (
                "its pools hold none that is not reserved, excluded, a router's or our own" if network.pools else "no pools")


def _of_our_own(configuration: DHCPServerConfiguration, serving: Serving) -> Iterator[str]:
    """Reservations of addresses that this machine has itself."""
    yield from _few((f"{one}: {address_text(ip)} is the server's own address, so that host cannot have it; write another ip"
                     for one in configuration.hosts for ip in one.ips if ip in serving.own),
                    "have addresses of the server's own")


def _two_boot_servers(scope: Scope, serving: Serving) -> Iterator[str]:
    """Option 66 with another address than siaddr: which of them a machine goes by is its own affair."""
    next_server = scope.settings.get("next_server")
    try:
        named = address_from((scope.options.get(TFTP_SERVER_NAME) or b"").decode("ascii"))
    except (InvalidValue, UnicodeDecodeError):
        return  # none, or a name, which may be that of the same machine
    if next_server:
        other = "" if named == next_server else f"next_server, to {address_text(next_server)}"
    else:
        other = "" if scope.settings.get("tftp_root") is None or named in serving.own else "tftp_root, to this server"
    if other:
        yield (f"tftp_server_name: some machines go by it, to {address_text(named)}, and others by {other}; let next_server be "
               "the same, or say tftp_server_name in the classes of those that are to go there")


def _elsewhere(configuration: DHCPServerConfiguration, networks: list[Network], served: str) -> Iterator[str]:
    """What the flat names name that lies in no network, where that follows from the interface."""
    ending = f"in none of the networks that follow from the interfaces ({served}); set network, or correct"
    for bounds in configuration["ip_ranges"] or ():
        if not any(bounds[0] <= one.last and bounds[1] >= one.base for one in networks):
            yield f"ip_ranges: {range_text(bounds)} lies {ending} ip_ranges: nobody gets these addresses"
    for router in routers_of(configuration.scope):
        if not any(router in one for one in networks):
            yield f"router: {address_text(router)} lies {ending} router: clients cannot reach it"
    yield from _few(f"{one}: {address_text(ip)} lies {ending} hosts: it cannot have that address"
                    for one in configuration.hosts for ip in one.ips if not any(ip in network for network in networks))


def _few(found: Iterable[str], rest: str = "have addresses in none of the networks") -> Iterator[str]:
    lines = list(found)
    yield from lines[:MOST]
    if len(lines) > MOST:
        yield f"{len(lines) - MOST} more hosts {rest}"
