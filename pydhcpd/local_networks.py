"""Which interfaces are served, and what their addresses say: which of them counts, and which networks follow from them.

Networks that follow from addresses, where the configuration declares none, are checked as declared ones are: what overlaps
another, or is none, is not served, and told. Does not know policy beyond the networks, nor what is served to whom.
"""

from collections.abc import Iterable, Mapping, Sequence

from pydhcpd.addresses import address_text, network_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.link import Link
from pydhcpd.net.interfaces import Interface
from pydhcpd.policy.declarations import SMALLEST_MASK
from pydhcpd.policy.network import Network, Segment
from pydhcpd.policy.network_index import NetworkIndex

MOST_NAMED = 10  # interfaces in a message
SINGLE = 0xFFFFFFFF  # the mask of an address that says no network, as keepalived and other failover adds it
LINK_LOCAL, LINK_LOCAL_MASK = 0xA9FE0000, 0xFFFF0000  # 169.254.0.0/16 (RFC 3927)
MEMBERS = {"bridge": "a port of bridge", "bond": "a slave of bond", "team": "a port of team"}  # by the kernel's words

Pair = tuple[int, int]  # address and mask, or base and mask


def make_link(interface: Interface, networks: NetworkIndex, bind_address: int | None) -> Link:
    """The interface with the network on it: one that names it, else that of its own addresses."""
    addresses = [address for address, _ in by_worth(interface, bind_address)]
    if bind_address:
        addresses.insert(0, bind_address)
    network = _named_by(networks, interface) or next(filter(None, map(networks.of, addresses)), None)
    server = next((one for one in addresses if network is not None and one in network), addresses[0])
    segment = None if network is None else networks.segment_of[network.base]
    return Link(interface.index, interface.name, bind_address or server, network, interface.mtu,
                interface.hardware if interface.ethernet else b"", segment,
                {} if bind_address or segment is None else _identifiers(segment, addresses), interface.vrf,
                () if segment is None else _unserved(interface, segment))


def _unserved(interface: Interface, segment: Segment) -> tuple[str, ...]:
    """The networks that the interface has an address of, in its order, but for those of the wire that is served."""
    others = [network_text(address & mask, mask) for address, mask in interface.addresses
              if mask != SINGLE and not _is_link_local(address) and segment.network_of(address) is None]
    return tuple(dict.fromkeys(others))


def _identifiers(segment: Segment, addresses: Sequence[int]) -> dict[int, int]:
    """Our address in each network of the wire, where there are several networks and addresses."""
    if len(segment.networks) == 1 or len(addresses) == 1:
        return {}
    ours = [(network.base, address) for network in segment.networks for address in reversed(addresses) if address in network]
    return dict(ours)  # of several in one network the first


def by_worth(interface: Interface, bind_address: int | None = None) -> list[Pair]:
    """The interface's addresses with their masks, those first that say what network is on it, else in the kernel's order.

    With `bind_address` this is what is said of the network in which it lies.
    """
    def worth(pair: Pair) -> tuple[bool, ...]:
        address, mask = pair
        return (bind_address is not None and (address ^ bind_address) & mask != 0, _is_link_local(address), mask == SINGLE,
                bind_address is not None and address != bind_address,
                any(other_mask < mask and (address ^ other) & other_mask == 0 for other, other_mask in interface.addresses))

    return sorted(interface.addresses, key=worth)


def _named_by(networks: NetworkIndex, interface: Interface) -> Network | None:
    """The network that names an interface, by any name of it."""
    return next((found for name in (interface.name, *interface.altnames) if (found := networks.on(name)) is not None), None)


def _is_link_local(address: int) -> bool:
    return address & LINK_LOCAL_MASK == LINK_LOCAL


# --- which interfaces, and which networks


def usable(configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface],
           held: Mapping[int, str]) -> tuple[list[Interface], list[str]]:
    """The interfaces that can be served now, in the configuration's order, and what those lack that cannot."""
    bind_address, names = configuration["bind_address"], configuration["interface"]
    by_name = {name: one for one in interfaces.values() for name in (*one.altnames, one.name)}
    lacks = {name: _lack(by_name[name], interfaces, held) if name in by_name else _missing(name, interfaces) for name in names}
    chosen = [by_name[name] for name in names if not lacks[name]]
    if not names:
        chosen = [one for one in interfaces.values() if not _lack(one, interfaces, held) and (bind_address or not one.loopback)]
    if bind_address:
        chosen = [one for one in chosen if any(address == bind_address for address, _ in one.addresses)]
    waiting = [lack for lack in lacks.values() if lack]
    if not chosen and not waiting:
        waiting += _lacks(bind_address, interfaces, held) or [
            f"no interface has the address {address_text(bind_address)}" if bind_address
            else "no interface that is up has an address"]
    return chosen, waiting


def _missing(name: str, interfaces: Mapping[int, Interface]) -> str:
    there = ", ".join(sorted(one.name for one in interfaces.values() if not one.loopback)[:MOST_NAMED])
    return f"interface {name} is missing" + (f" (there are {there})" if there else "")


def _lacks(bind_address: int | None, interfaces: Mapping[int, Interface], held: Mapping[int, str]) -> list[str]:
    """What those lack that would be served, where none is named."""
    wanted = [one for one in interfaces.values()
              if not one.loopback and any(bind_address in (None, address) for address, _ in one.addresses)]
    return [lack for one in wanted if (lack := _lack(one, interfaces, held))]


def _lack(interface: Interface, interfaces: Mapping[int, Interface], held: Mapping[int, str]) -> str:
    """Why an interface cannot be served now; empty where it can."""
    name = interface.name
    if interface.deaf:
        master = interfaces[interface.master].name if interface.master in interfaces else f"number {interface.master}"
        kind = MEMBERS.get(interface.role, f"a member of {interface.role}").rstrip()
        return f"interface {name} is {kind} {master}, which takes all that comes in by it; serve {master} in its place"
    if not interface.up:
        return f"interface {name} is down"
    for holder in (held[index] for index in interface.heard_by if index in held):
        return f"interface {name} is served by {holder}"
    return "" if interface.addresses else f"interface {name} has no address"


def unheard(served: Iterable[Interface]) -> list[str]:
    """What keeps requests on interfaces from us that are served as soon as it is gone; nobody tells us when it is."""
    return [f"requests on interface {one.name}, which is in a VRF; let the kernel pass them on: "
            "sysctl -w net.ipv4.udp_l3mdev_accept=1" for one in served if one.vrf_is_closed]


def derived(configuration: DHCPServerConfiguration,
            chosen: Iterable[Interface]) -> tuple[list[Interface], list[Pair], list[str]]:
    """The networks, as base and mask, that follow from the interfaces' addresses: the interfaces that have one, these
    networks, and why the other interfaces have none. Of two that overlap the earlier interface's is served: an address is
    of one network alone, or two clients might get it."""
    served: list[Interface] = []
    found: dict[Pair, str] = {}
    without = []
    for one in chosen:
        address, mask = by_worth(one, configuration["bind_address"])[0]
        mask = configuration["subnet_mask"] or mask
        place = address & mask, mask
        fault = _fault(one.name, address, mask) or _overlap(one.name, place, found)
        if fault:
            without.append(fault)
        else:
            served.append(one)
            found.setdefault(place, one.name)
    return served, sorted(found), without


def _fault(name: str, address: int, mask: int) -> str:
    """Why no network of an address can be served; empty where it can."""
    if mask == SINGLE or _is_link_local(address):
        kind = "is link-local" if _is_link_local(address) else "says no network"
        return (f"interface {name} has only {network_text(address, mask)}, which {kind}: give it another address, "
                "or set `network`")
    return "" if mask >= SMALLEST_MASK else f"network {network_text(address & mask, mask)} is too large to serve: a /8 at most"


def _overlap(name: str, place: Pair, found: Mapping[Pair, str]) -> str:
    """With which network before it one overlaps, in words; empty where with none, or with the same on another interface."""
    base, mask = place
    for (other, other_mask), other_name in found.items():
        if place != (other, other_mask) and (base ^ other) & mask & other_mask == 0:
            return (f"{network_text(*place)} on {name} is not served, for it overlaps {network_text(other, other_mask)} on "
                    f"{other_name}: change an address or its mask, or declare what is where with `subnets`")
    return ""
