"""`NetworkIndex`: finds a network by an address, by the relay agent that asks for it, or by the interface that it names.

Owns nothing but the look-ups, which take the same time however many networks there are.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydhcpd.addresses import is_unicast
from pydhcpd.policy.network import Network, Segment

MOST_RELAYS = 65536  # that are remembered: giaddr is what a stranger writes into a packet


class NetworkIndex:
    """The networks of some segments, in their order. `segment_of` has the segment of each by its base."""

    __slots__ = ("_by_interface", "_by_mask", "_by_relay", "_listed_only", "_listed_relays", "_networks", "segment_of",
                 "segments")

    def __init__(self, segments: Sequence[Segment], listed_only: bool = False) -> None:
        """`listed_only`: a relay agent that no network lists is served none, whatever its own address is."""
        self._listed_only = listed_only
        self.segments = tuple(segments)
        self._networks = tuple(network for segment in segments for network in segment.networks)
        self.segment_of = {network.base: segment for segment in segments for network in segment.networks}
        self._by_mask: dict[int, dict[int, Network]] = {}
        for network in sorted(self._networks, key=lambda one: -one.mask):
            self._by_mask.setdefault(network.mask, {})[network.base] = network
        self._listed_relays: dict[int, Network] = {}
        self._by_interface: dict[str, Network] = {}
        for segment in segments:
            for network in segment.networks:
                self._note(network, network.relays, network.interface)
            self._note(segment.networks[0], segment.relays, segment.interface)
        self._by_relay = dict(self._listed_relays)

    def _note(self, network: Network, relays: Iterable[int], interface: str | None) -> None:
        """Relays and interface of a network. Several of one shared network may have the same: any of them tells the link."""
        for relay in relays:
            self._listed_relays.setdefault(relay, network)
        if interface:
            self._by_interface.setdefault(interface, network)

    def __iter__(self) -> Iterator[Network]:
        return iter(self._networks)

    def __len__(self) -> int:
        return len(self._networks)

    def of(self, address: int) -> Network | None:
        """The network in which an address (host byte order) lies, or None."""
        for mask, networks in self._by_mask.items():
            network = networks.get(address & mask)
            if network is not None:
                return network
        return None

    def of_host(self, address: int) -> Network | None:
        """The same, but None as well for a network's own address and its broadcast address, which are no host's."""
        network = self.of(address)
        return network if network is not None and network.has_host(address) else None

    def of_relay(self, giaddr: int) -> Network | None:
        """The network that a relay agent serves: one that lists it, else that of its own address. Remembered, in bounded
        number."""
        network = self._by_relay.get(giaddr)
        if network is None and not self._listed_only:
            network = self.of_host(giaddr)
            if network is not None:
                if len(self._by_relay) >= MOST_RELAYS:
                    self._by_relay = dict(self._listed_relays)
                self._by_relay[giaddr] = network
        return network

    def may_be_host(self, address: int) -> bool:
        """Whether a host may have the address, of one of the networks or of another: it stands for one receiver alone."""
        network = self.of(address)
        return is_unicast(address) if network is None else network.has_host(address)

    def on(self, interface: str) -> Network | None:
        """The network that names an interface as its own, which may have an address of another network (a VPN)."""
        return self._by_interface.get(interface)
