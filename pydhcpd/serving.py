"""`Serving`: one immutable picture of what is served where, made of the configuration and the interfaces of the moment.

The path of a packet reads it and never changes it; a reload or a change of an address makes a new one, which is swapped
in between two batches.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pydhcpd.addresses import address_text, network_text
from pydhcpd.configuration.checks import routers_of
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.leases.address_table import Plan
from pydhcpd.limiter import TokenBucket
from pydhcpd.net.interfaces import Interface
from pydhcpd.policy.client_key import key_of
from pydhcpd.policy.declarations import SMALLEST_MASK, PoolDeclaration, SubnetDeclaration
from pydhcpd.policy.network import Network, Segment, build_network, default_ranges
from pydhcpd.policy.policy import Policy
from pydhcpd.policy.scope import Scope
from pydhcpd.wire.packet import BOOTP, DISCOVER, INFORM, REQUEST, Request

SUBNET_MASK, BROADCAST_ADDRESS = 1, 28


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
    probe_wait: float = 0.0
    remembers_relay: bool = True
    bootp: bool = False
    probes: bool = False  # whether any client's address is probed

    def networks(self) -> list[Plan]:
        """Each network for the lease tables: base, size, kinds, the ranges of its pools, and what its wire has in common."""
        return [(one.base, one.size, one.kinds, tuple(pool.ranges for pool in one.pools), segment.key)
                for segment in self.policy.networks.segments for one in segment.networks]

    def describe(self) -> str:
        """In a line: what is served where."""
        here = ", ".join(f"{self._network_on(link)} on {link.name} as {address_text(link.server)}"
                         for link in self.links.values()) or "nothing"
        near = {link.network.base for link in self.links.values() if link.network}
        far = sum(not near & set(segment.key) for segment in self.policy.networks.segments) if self.links else 0
        return f"{here}; through relays {far} network{'s' * (far > 1)}" if far else here

    def _network_on(self, link: Link) -> str:
        if link.network is None:
            return "relays"
        segment = self.policy.networks.segment_of[link.network.base]
        return segment.name if segment.name == str(link.network) else f"{link.network} (of {segment.name})"


def make_serving(configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> Serving:
    """Work out what to serve on which interface. Raises InvalidValue where values contradict the interfaces' addresses."""
    usable, waiting = _usable(configuration, interfaces)
    own = frozenset(address for one in interfaces.values() for address, _ in one.addresses)
    subnets = list(configuration.subnets)
    if not subnets and not configuration.shared_networks:
        places = _derived(configuration, usable)
        subnets = [SubnetDeclaration(*one) for one in places if one[1] >= SMALLEST_MASK]
        waiting += [f"network {network_text(*one)} is too large to serve: a /8 at most" for one in places
                    if one[1] < SMALLEST_MASK]
    policy = _policy(configuration, [_with_flat_pools(configuration, one) for one in subnets], own)
    links = {one.index: _link(one, policy, configuration["bind_address"]) for one in usable}
    if configuration.network and not configuration["interface"] and any(link.network for link in links.values()):
        links = {index: link for index, link in links.items() if link.network}
    unknown = configuration["maximum_unknown_per_second"]
    offer, acknowledgement = configuration["dhcp_offer_after_seconds"], configuration["dhcp_acknowledge_after_seconds"]
    return Serving(policy, links if policy.networks else {}, own,
                   {DISCOVER: offer, BOOTP: offer, REQUEST: acknowledgement, INFORM: acknowledgement},
                   configuration["length_of_transaction"], configuration["decline_quarantine_time"], tuple(waiting),
                   TokenBucket(unknown) if unknown else None, configuration["probe_wait"],
                   configuration["remember_relay_information"], any(one.bootp for one in policy.networks),
                   configuration.probes)


def _policy(configuration: DHCPServerConfiguration, subnets: Iterable[SubnetDeclaration], own: frozenset[int]) -> Policy:
    """Compile all that the configuration serves."""
    reserved = [ip for one in configuration.hosts for ip in one.ips]
    by_network = _by_network(reserved, [*subnets, *(one for shared in configuration.shared_networks for one in shared.subnets)])

    def network(subnet: SubnetDeclaration, outer: Scope) -> Network:
        scope = subnet.scope.over(outer.over(_of_itself(subnet)))
        return build_network(subnet, scope, own, routers_of(scope), by_network.get(subnet.base, ()),
                             _client_key(configuration, scope))

    segments = [Segment(str(one), (network(one, configuration.scope),)) for one in subnets]
    for shared in configuration.shared_networks:
        scope = shared.scope.over(configuration.scope)
        segments.append(Segment(shared.name, tuple(network(one, scope) for one in shared.subnets)))
    keys = {name for segment in segments for one in segment.networks for name in one.scope.settings.get("client_identity", ())}
    return Policy(segments, configuration.hosts, fields=configuration.fields, classifier=configuration.classifier,
                  class_scopes=configuration.class_scopes, functions=configuration.functions,
                  keys_read_relay=any(configuration.fields.reads_relay(name) for name in keys))


def _by_network(addresses: Iterable[int], subnets: Iterable[SubnetDeclaration]) -> dict[int, list[int]]:
    """The addresses by the base of their subnet: a thousand subnets are not looked through for each of ten thousand hosts."""
    bases = {(one.mask, one.base) for one in subnets}
    masks = {mask for mask, _ in bases}
    found: dict[int, list[int]] = {}
    for address in addresses:
        for mask in masks:
            if (mask, address & mask) in bases:
                found.setdefault(address & mask, []).append(address)
    return found


def _of_itself(subnet: SubnetDeclaration) -> Scope:
    """The options that follow from the subnet: its mask and broadcast address."""
    origin = f"subnet {subnet}", "of itself"
    return Scope({}, {SUBNET_MASK: subnet.mask.to_bytes(4, "big"), BROADCAST_ADDRESS: subnet.last.to_bytes(4, "big")},
                 origins={SUBNET_MASK: origin, BROADCAST_ADDRESS: origin})


def _client_key(configuration: DHCPServerConfiguration, scope: Scope) -> Callable[[Request], bytes] | None:
    """Who a lease of a network belongs to; None where RFC 2131 section 4.2 says it."""
    names, by_machine = scope.settings.get("client_identity", ()), bool(scope.settings.get("one_address_per_machine"))
    if not names and not by_machine:
        return None
    return key_of([configuration.fields.raw(name) for name in names], by_machine)


def _with_flat_pools(configuration: DHCPServerConfiguration, subnet: SubnetDeclaration) -> SubnetDeclaration:
    """The flat form alone has a pool by default; and its ranges are checked against a network that is known only now."""
    if configuration["subnets"]:
        return subnet
    ranges = configuration["ip_ranges"]
    ranges = default_ranges(subnet.base, subnet.mask) if ranges is None else ranges
    return replace(subnet, pools=(PoolDeclaration(ranges),)) if ranges else subnet


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


def _link(interface: Interface, policy: Policy, bind_address: int | None) -> Link:
    """The interface with the network on it: one that names it, else that of its own addresses."""
    address = _address_on(interface, bind_address)[0]
    network = policy.networks.on(interface.name)
    if network is None:
        for candidate in (address, *(one for one, _ in interface.addresses)):
            network = policy.networks.of(candidate)
            if network is not None:
                address = candidate if not bind_address else address
                break
    return Link(interface.index, interface.name, address, network, interface.mtu,
                interface.hardware if interface.ethernet else b"")
