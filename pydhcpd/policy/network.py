"""`Network`: one subnet with its ranges, reservations and terms, compiled; and `Policy`: all of them, found by address.

Which address is of which kind is worked out here once: the pool is what the ranges hold, less what must never be given:
the base and broadcast addresses, the routers, the server's own addresses, and those reserved for a host.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydhcpd.addresses import network_text
from pydhcpd.policy.ranges import Range
from pydhcpd.policy.reservation import Reservation, ReservationIndex
from pydhcpd.policy.terms import Terms
from pydhcpd.wire.packet import Request

OUTSIDE, POOL, RESERVED = range(3)
SMALLEST_MASK = 0xFF000000  # a /8: the arrays of one network have an element for each address
UNUSED_AT_START = 6  # the default pool leaves the first five host addresses to people: .6 to .254 of a /24


@dataclass(frozen=True, slots=True)
class Network:
    """One subnet. `kinds` has a byte for each address: OUTSIDE, POOL or RESERVED."""

    base: int
    mask: int
    kinds: bytes
    terms: Terms
    reservations: ReservationIndex
    own_terms: Mapping[int, Terms]  # of reservations with settings of their own, by the reservation's identity

    @property
    def size(self) -> int:
        """Addresses in the network."""
        return (~self.mask & 0xFFFFFFFF) + 1

    def __contains__(self, address: int) -> bool:
        return address & self.mask == self.base

    def __str__(self) -> str:
        return network_text(self.base, self.mask)

    def terms_of(self, reservation: Reservation | None) -> Terms:
        """What a client with this reservation gets, or one without."""
        return self.terms if reservation is None else self.own_terms.get(id(reservation), self.terms)

    def reservation_of(self, request: Request) -> Reservation | None:
        """The reservation of the client that sent the request."""
        return self.reservations.find(request)


def default_ranges(base: int, mask: int) -> tuple[Range, ...]:
    """The pool where none is given: every host address but the first five."""
    last = (base | ~mask & 0xFFFFFFFF) - 1
    return ((base + UNUSED_AT_START, last),) if last >= base + UNUSED_AT_START else ((base + 1, last),)


def kinds_of(base: int, mask: int, ranges: Iterable[Range], never: Iterable[int], reserved: Iterable[int]) -> bytes:
    """The kind of each address of a network, for `ranges` cut to it."""
    last = base | ~mask & 0xFFFFFFFF
    kinds = bytearray(last - base + 1)
    for begin, end in ranges:
        first_slot, last_slot = max(begin, base) - base, min(end, last) - base
        if first_slot <= last_slot:
            kinds[first_slot:last_slot + 1] = bytes((POOL,)) * (last_slot - first_slot + 1)
    for addresses, kind in ((reserved, RESERVED), (never, OUTSIDE)):
        for address in addresses:
            if base <= address <= last:
                kinds[address - base] = kind
    if last - base > 1:  # RFC 3021: a /31 has neither
        kinds[0] = kinds[-1] = OUTSIDE
    return bytes(kinds)


def build_network(base: int, mask: int, ranges: Iterable[Range], own: Iterable[int], routers: Iterable[int],
                  terms: Terms, reservations: Iterable[Reservation],
                  terms_with: Callable[[Reservation], Terms]) -> Network:
    """Compile one network. `own` are the server's addresses; `terms_with` gives the terms of a reservation."""
    here = [one for one in reservations if not one.ip or one.ip & mask == base]
    kinds = kinds_of(base, mask, ranges, (*own, *routers), (one.ip for one in here if one.ip))
    return Network(base, mask, kinds, terms, ReservationIndex(here),
                   {id(one): terms_with(one) for one in here if one.settings or one.hostname})


class Policy:
    """The networks that are served, found by an address in constant time: a look-up for each length of mask."""

    __slots__ = ("_by_mask", "networks")

    def __init__(self, networks: Iterable[Network]) -> None:
        self.networks = tuple(networks)
        self._by_mask: dict[int, dict[int, Network]] = {}
        for network in sorted(self.networks, key=lambda one: -one.mask):
            self._by_mask.setdefault(network.mask, {})[network.base] = network

    def network_of(self, address: int) -> Network | None:
        """The network in which an address lies, or None."""
        for mask, networks in self._by_mask.items():
            network = networks.get(address & mask)
            if network is not None:
                return network
        return None
