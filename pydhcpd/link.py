"""`Link`: an interface that is served, as the path of a packet needs it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydhcpd.policy.network import Network, Segment


@dataclass(frozen=True, slots=True)
class Link:
    """An interface that is served.

    `server` is the server identifier there (host byte order); `identifiers` are those of further networks of its shared
    network in which we have an address, by their base. `network` is that of the clients which are on the link itself, None
    where only relays are; `segment` is all that is on the same wire. `hardware` is empty where the link is not Ethernet, and
    frames cannot be made for it. `vrf` is the index of the VRF that it belongs to, whose routing table counts; 0 for none.
    `unserved` are the networks of further addresses of the interface, in words, whose clients are not served there.
    """

    index: int
    name: str
    server: int
    network: Network | None
    mtu: int
    hardware: bytes
    segment: Segment | None = None
    identifiers: Mapping[int, int] = field(default_factory=dict)
    vrf: int = 0
    unserved: tuple[str, ...] = ()

    def holds(self, address: int) -> bool:
        """Whether an address is of a network on this link."""
        return self.segment is not None and self.segment.network_of(address) is not None

    def identifier_for(self, address: int) -> int:
        """The server identifier for a client with this address: ours on its own network, where we have one there."""
        network = self.segment.network_of(address) if self.segment is not None and self.identifiers else None
        return self.server if network is None else self.identifiers.get(network.base, self.server)
