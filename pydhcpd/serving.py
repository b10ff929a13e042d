"""`Serving`: one immutable picture of what is served where, made of the configuration and the interfaces of the moment.

The path of a packet reads it and never changes it; a reload or a change of an address makes a new one, which is swapped
in between two batches.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pydhcpd.addresses import address_text
from pydhcpd.configuration.checks import routers_of
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.leases.address_table import Plan
from pydhcpd.limiter import TokenBucket
from pydhcpd.link import Link
from pydhcpd.local_networks import derived, make_link, unheard, usable
from pydhcpd.net.interfaces import Interface
from pydhcpd.policy.client_key import key_of
from pydhcpd.policy.declarations import PoolDeclaration, SubnetDeclaration
from pydhcpd.policy.network import Network, Segment, build_network, default_ranges
from pydhcpd.policy.policy import Policy
from pydhcpd.policy.scope import Scope
from pydhcpd.wire.packet import BOOTP, DISCOVER, INFORM, REQUEST, Request

SUBNET_MASK, BROADCAST_ADDRESS = 1, 28
NOBODY: Mapping[int, str] = MappingProxyType({})


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
    maximum_per_client: int | None = None  # messages a second, while more comes than can be answered
    maximum_per_relay_port: int | None = None
    quarantine_share: float = 100.0  # per cent of a pool
    probes: bool = False  # whether any client's address is probed
    boots: bool = False  # whether machines are told what to boot, whose addresses are probed before others get them
    has_proxies: bool = False  # whether another server gives the addresses in any network
    is_noting: bool = False  # whether somebody wants to know what clients send, and what was recorded before

    def networks(self) -> list[Plan]:
        """Each network for the lease tables: base, size, kinds, the ranges of its pools, and what its wire has in common."""
        return [(one.base, one.size, one.kinds, tuple(pool.ranges for pool in one.pools), segment.key)
                for segment in self.policy.networks.segments for one in segment.networks]

    def beside(self) -> frozenset[int]:
        """The bases of networks in which another server gives the addresses."""
        return frozenset(one.base for one in self.policy.networks if one.is_proxy)

    def address_asked(self, request: Request, link: Link) -> int:
        """Our address to which a request was sent, and from which the reply has to come (RFC 1122 section 4.1.3.5); that on its
        link where it was sent to everyone."""
        return request.destination if request.destination in self.own else link.server

    def network_words(self, address: int) -> str:
        """The network of an address in words, empty where it is of none that is served."""
        network = self.policy.networks.of(address)
        return "" if network is None else network.words

    def describe(self) -> str:
        """In a line: what is served where."""
        here = ", ".join(self._words_of(link) for link in self.links.values()) or "nothing"
        near = {link.network.base for link in self.links.values() if link.network}
        far = sum(not near & set(segment.key) for segment in self.policy.networks.segments) if self.links else 0
        return f"{here}; through relays {far} network{'s' * (far > 1)}" if far else here

    def _words_of(self, link: Link) -> str:
        words = f"{self._network_on(link)} on {link.name} as {address_text(link.server)}"
        return f"{words} (but not {' and '.join(link.unserved)} there)" if link.unserved else words

    def _network_on(self, link: Link) -> str:
        if link.network is None:
            return "relays"
        segment = self.policy.networks.segment_of[link.network.base]
        words = segment.name if segment.name == str(link.network) else f"{link.network} (of {segment.name})"
        return f"{words} with boot files alone" if link.network.is_proxy else words


def make_serving(configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface],
                 held: Mapping[int, str] = NOBODY) -> Serving:
    """Work out what to serve on which interface. Raises InvalidValue where values contradict the interfaces' addresses.

    `held` tells by index on which interfaces another program has our port, and which program.
    """
    chosen, waiting = usable(configuration, interfaces, held)
    own = frozenset(address for one in interfaces.values() for address, _ in one.addresses)
    subnets = list(configuration.subnets)
    if not subnets and not configuration.shared_networks:
        chosen, places, without = derived(configuration, chosen)
        subnets = [SubnetDeclaration(*one) for one in places]
        waiting += without
    policy = _policy(configuration, [_with_flat_pools(configuration, one) for one in subnets], own)
    links = {one.index: make_link(one, policy.networks, configuration["bind_address"]) for one in chosen}
    if configuration.network and not configuration["interface"] and any(link.network for link in links.values()):
        links = {index: link for index, link in links.items() if link.network}
    waiting += unheard(one for one in chosen if one.index in links)
    unknown = configuration["maximum_unknown_per_second"]
    offer, acknowledgement = configuration["dhcp_offer_after_seconds"], configuration["dhcp_acknowledge_after_seconds"]
    return Serving(policy, links if policy.networks else {}, own,
                   {DISCOVER: offer, BOOTP: offer, REQUEST: acknowledgement, INFORM: acknowledgement},
                   configuration["length_of_transaction"], configuration["decline_quarantine_time"], tuple(waiting),
                   TokenBucket(unknown) if unknown else None, configuration["probe_wait"],
                   configuration["remember_relay_information"], any(one.bootp for one in policy.networks),
                   configuration["maximum_per_client"], configuration["maximum_per_relay_port"],
                   configuration["quarantine_share"], configuration.probes, configuration.boots,
                   any(one.is_proxy for one in policy.networks), configuration.tells)


def _policy(configuration: DHCPServerConfiguration, subnets: Iterable[SubnetDeclaration], own: frozenset[int]) -> Policy:
    """Compile all that the configuration serves."""
    reserved = [ip for one in configuration.hosts for ip in one.ips]
    by_network = _by_network(reserved, [*subnets, *(one for shared in configuration.shared_networks for one in shared.subnets)])

    def network(subnet: SubnetDeclaration, outer: Scope) -> Network:
        scope = subnet.scope.over(outer.over(_of_itself(subnet)))
        return build_network(subnet, scope, own, routers_of(scope), by_network.get(subnet.base, ()),
                             _client_key(configuration, scope), by_choose=configuration.functions.choose is not None)

    segments = [Segment(str(one), (network(one, configuration.scope),)) for one in subnets]
    for shared in configuration.shared_networks:
        scope = shared.scope.over(configuration.scope)
        segments.append(Segment(shared.name, tuple(network(one, scope) for one in shared.subnets), shared.relays,
                                shared.interface))
    keys = {name for segment in segments for one in segment.networks for name in one.scope.settings.get("client_identity", ())}
    return Policy(segments, configuration.hosts, fields=configuration.fields, classifier=configuration.classifier,
                  class_scopes=configuration.class_scopes, functions=configuration.functions,
                  keys_read_relay=any(configuration.fields.reads_relay(name) for name in keys),
                  listed_relays_only=configuration["listed_relays_only"])


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
    """The options that follow from the subnet: its mask, and its broadcast address if it has one (RFC 3021: a /31 has none)."""
    options: dict[int, bytes | None] = {SUBNET_MASK: subnet.mask.to_bytes(4, "big")}
    if subnet.last - subnet.base > 1:
        options[BROADCAST_ADDRESS] = subnet.last.to_bytes(4, "big")
    return Scope({}, options, origins=dict.fromkeys(options, (f"subnet {subnet}", "of itself")))


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
    return replace(subnet, pools=tuple(PoolDeclaration((one,)) for one in ranges)) if ranges else subnet
