"""`Serving`: one immutable picture of what is served where, made of the configuration and the interfaces of the moment.

The path of a packet reads it and never changes it; a reload or a change of an address makes a new one, which is swapped
in between two batches.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydhcpd.addresses import address_text, network_text
from pydhcpd.configuration import DHCPServerConfiguration
from pydhcpd.limiter import TokenBucket
from pydhcpd.net.interfaces import Interface
from pydhcpd.policy.network import SMALLEST_MASK, Network, Policy, build_network, default_ranges
from pydhcpd.policy.scope import Scope, terms_of
from pydhcpd.wire.packet import DISCOVER, INFORM, REQUEST

SUBNET_MASK, ROUTER, BROADCAST_ADDRESS = 1, 3, 28


@dataclass(frozen=True, slots=True)
class Link:
    """An interface that is served. `server` is the server identifier there (host byte order), `network` that of the
    clients which are on the link itself, None where only relays are."""

    index: int
    name: str
    server: int
    network: Network | None
    mtu: int
    hardware: bytes  # empty where the link is not Ethernet, and frames cannot be made for it


@dataclass(frozen=True, slots=True)
class Serving:
    """What is served: networks, links by interface index, our own addresses, and the times of answers in seconds.

    `waiting` tells what is not there yet, a line each; nothing is served while there are no links.
    """

    policy: Policy
    links: Mapping[int, Link]
    own: frozenset[int]
    delays: Mapping[int, float]
    offer_hold: int
    quarantine: int
    waiting: tuple[str, ...]
    limiter: TokenBucket | None = None  # of requests from clients without a lease

    def networks(self) -> list[tuple[int, int, bytes]]:
        """(base, size, kinds) of each network, for the lease tables."""
        return [(one.base, one.size, one.kinds) for one in self.policy.networks]

    def describe(self) -> str:
        """In a line: what is served where."""
        return ", ".join(f"{link.network or 'relays'} on {link.name} as {address_text(link.server)}"
                         for link in self.links.values()) or "nothing"


def make_serving(configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> Serving:
    """Work out what to serve on which interface. Raises InvalidValue where values contradict the interfaces' addresses."""
    usable, waiting = _usable(configuration, interfaces)
    own = frozenset(address for one in interfaces.values() for address, _ in one.addresses)
    places = [configuration.network] if configuration.network else _derived(configuration, usable)
    places, too_large = [one for one in places if one[1] >= SMALLEST_MASK], [one for one in places if one[1] < SMALLEST_MASK]
    waiting += [f"network {network_text(*one)} is too large to serve: a /8 at most" for one in too_large]
    policy = Policy(_network(configuration, base, mask, own) for base, mask in places)
    links = {one.index: _link(one, policy, configuration["bind_address"]) for one in usable}
    if configuration.network and not configuration["interface"] and any(link.network for link in links.values()):
        links = {index: link for index, link in links.items() if link.network}
    unknown = configuration["maximum_unknown_per_second"]
    acknowledgement = configuration["dhcp_acknowledge_after_seconds"]
    return Serving(policy, links if policy.networks else {}, own,
                   {DISCOVER: configuration["dhcp_offer_after_seconds"], REQUEST: acknowledgement, INFORM: acknowledgement},
                   configuration["length_of_transaction"], configuration["decline_quarantine_time"], tuple(waiting),
                   TokenBucket(unknown) if unknown else None)


def _usable(configuration: DHCPServerConfiguration,
            interfaces: Mapping[int, Interface]) -> tuple[list[Interface], list[str]]:
    """The interfaces that can be served now, and what those lack that cannot."""
    bind_address, names = configuration["bind_address"], configuration["interface"]
    by_name = {one.name: one for one in interfaces.values()}
    lacks = {name: _lack(by_name.get(name), name) for name in names}
    chosen = [by_name[name] for name in names if not lacks[name]]
    if not names:
        chosen = [one for one in interfaces.values() if not _lack(one, one.name) and (bind_address or not one.loopback)]
    if bind_address:
        chosen = [one for one in chosen if any(address == bind_address for address, _ in one.addresses)]
    waiting = [lack for lack in lacks.values() if lack]
    if not chosen and not waiting:
        waiting.append(f"no interface has the address {address_text(bind_address)}" if bind_address
                       else "no interface that is up has an address")
    return chosen, waiting


def _lack(interface: Interface | None, name: str) -> str:
    if interface is None:
        return f"interface {name} is missing"
    if not interface.up:
        return f"interface {name} is down"
    return "" if interface.addresses else f"interface {name} has no address"


def _derived(configuration: DHCPServerConfiguration, usable: Iterable[Interface]) -> list[tuple[int, int]]:
    """The networks that follow from the interfaces' first addresses."""
    found = {}
    for one in usable:
        address, mask = _address_on(one, configuration["bind_address"])
        mask = configuration["subnet_mask"] or mask
        found[address & mask] = mask
    return sorted(found.items())


def _address_on(interface: Interface, bind_address: int | None) -> tuple[int, int]:
    return next((pair for pair in interface.addresses if pair[0] == bind_address), interface.addresses[0])


def _network(configuration: DHCPServerConfiguration, base: int, mask: int, own: frozenset[int]) -> Network:
    here = Scope({}, {SUBNET_MASK: mask.to_bytes(4, "big"),
                      BROADCAST_ADDRESS: (base | ~mask & 0xFFFFFFFF).to_bytes(4, "big")})
    scope = configuration.scope.over(here)
    ranges = configuration["ip_ranges"]
    routers = scope.options.get(ROUTER) or b""
    return build_network(
        base, mask, default_ranges(base, mask) if ranges is None else ranges, own,
        [int.from_bytes(routers[at:at + 4], "big") for at in range(0, len(routers), 4)], terms_of(scope),
        configuration["hosts"], lambda one: terms_of(configuration.host_scopes[id(one)].over(scope)))


def _link(interface: Interface, policy: Policy, bind_address: int | None) -> Link:
    address, network = _address_on(interface, bind_address)[0], None
    candidates = [address, *(one for one, _ in interface.addresses)]
    for candidate in candidates:
        network = policy.network_of(candidate)
        if network is not None:
            address = candidate if not bind_address else address
            break
    return Link(interface.index, interface.name, address, network, interface.mtu,
                interface.hardware if interface.ethernet else b"")
