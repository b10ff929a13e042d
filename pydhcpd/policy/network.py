"""`Pool`, `Network` and `Segment`: what is served, compiled: which address is of which kind, and who may have it.

A segment is what is on one wire: a single subnet, or the several of a shared network. Which address is of which kind is
worked out here once: a pool is what its ranges hold, less what must never be given (the base and broadcast addresses, the
routers, the server's own addresses), what is excluded, and what is reserved for a host.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from pydhcpd.addresses import network_text
from pydhcpd.policy.declarations import KNOWN, UNKNOWN, PoolDeclaration, SubnetDeclaration, distinct
from pydhcpd.policy.ranges import Range, range_text
from pydhcpd.policy.scope import EMPTY, Scope
from pydhcpd.wire.packet import Request

OUTSIDE, RESERVED, POOL = range(3)  # pool i of a network is the kind POOL + i
UNUSED_AT_START = 6  # the default pool leaves the first five host addresses to people: .6 to .254 of a /24
REMEMBERED = 1024  # outcomes of `Segment.places`; as many as there are sets of classes that clients are of

Place = tuple[int, int]  # base of a network and kind of an address: one of its pools
Places = dict[Place, None]  # in the order in which they are to be tried


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool of one subnet. Its words are its ranges; `subnet` is that it belongs to, in words."""

    place: Place
    ranges: tuple[Range, ...]
    subnet: str
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    scope: Scope = EMPTY
    size: int = 0  # addresses that can be given: in its ranges, less what is reserved, excluded or never given

    def __str__(self) -> str:
        return ", ".join(map(range_text, self.ranges))


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """One subnet. `kinds` has a byte for each address: OUTSIDE, RESERVED, or POOL and the number of its pool.

    `scope` has all that holds in it, the inherited included; `never` are addresses that nobody may have. What is decided
    before an address is known holds for the subnet as a whole: the attributes from `authoritative` on.
    """

    base: int
    mask: int
    kinds: bytes
    pools: tuple[Pool, ...]
    scope: Scope
    never: frozenset[int] = frozenset()
    reserved: Mapping[int, Pool] = field(default_factory=dict)  # of the reserved addresses in a pool's ranges: that pool
    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    relays: tuple[int, ...] = ()
    interface: str | None = None
    authoritative: bool = False
    adopt_unknown: bool = False
    bootp: bool = False
    trusts_relay: bool = True  # whether option 82 is believed where no relay agent gives its address with it
    offer_hold: int | None = None
    client_key: Callable[[Request], bytes] | None = None  # who a lease belongs to, where RFC 2131 section 4.2 does not say
    is_proxy: bool = False  # whether another server gives the addresses, and we tell what to boot
    words: str = ""  # as people write it; here, for one is wanted for each event

    @property
    def last(self) -> int:
        """The last address of the network."""
        return self.base | ~self.mask & 0xFFFFFFFF

    @property
    def size(self) -> int:
        """Addresses in the network."""
        return (~self.mask & 0xFFFFFFFF) + 1

    def __contains__(self, address: int) -> bool:
        return address & self.mask == self.base

    def __str__(self) -> str:
        return self.words

    def has_host(self, address: int) -> bool:
        """Whether an address of the network may be a host's: neither the network's own nor its broadcast address."""
        return self.base < address < self.base + self.size - 1 or self.size <= 2  # RFC 3021: a /31 has neither

    def pool_of(self, address: int) -> Pool | None:
        """The pool whose ranges hold an address of the network."""
        kind = self.kinds[address - self.base]
        return self.pools[kind - POOL] if kind >= POOL else self.reserved.get(address)


class Segment:
    """What is on one link, and who may have which address there. `is_open`: anybody any; nothing in it allows or denies.

    `relays` and `interface` are those of all its networks.
    """

    __slots__ = ("_places", "interface", "is_open", "key", "name", "networks", "open_pools", "relays")

    def __init__(self, name: str, networks: tuple[Network, ...], relays: tuple[int, ...] = (),
                 interface: str | None = None) -> None:
        self.name, self.networks, self.relays, self.interface = name, networks, relays, interface
        self.key = tuple(network.base for network in networks)
        self.is_open = False
        self._places: dict[tuple[tuple[str, ...], bool], tuple[tuple[Pool, ...], Places]] = {}
        self.open_pools = self.pools((), False)  # to a client of whom nothing is known
        self.is_open = not any(one.allow or one.deny or any(pool.allow or pool.deny for pool in one.pools) for one in networks)

    def __str__(self) -> str:
        return self.name

    def network_of(self, address: int) -> Network | None:
        """The network of this wire in which an address lies."""
        for network in self.networks:
            if address & network.mask == network.base:
                return network
        return None

    def pools(self, classes: tuple[str, ...], known: bool) -> tuple[tuple[Pool, ...], Places]:
        """The pools from which a client may have an address, in the order in which to try them; and the same as places."""
        found = self._places.get((classes, known))
        if found is None:
            if len(self._places) >= REMEMBERED:
                self._places.clear()
            tags = tags_of(classes, known)
            pools = tuple(pool for network in self.networks if may(network, tags) for pool in network.pools if may(pool, tags))
            found = self._places[classes, known] = pools, places_of(pools)
        return found


def places_of(pools: Iterable[Pool]) -> Places:
    """The places of pools, in their order."""
    return dict.fromkeys(pool.place for pool in pools)


def tags_of(classes: Iterable[str], known: bool) -> frozenset[str]:
    """What `allow` and `deny` may name of a client."""
    return frozenset((*classes, KNOWN if known else UNKNOWN))


def may(what: Network | Pool, tags: frozenset[str]) -> bool:
    """Whether `allow` and `deny` of a pool or network let such a client in; `deny` beats `allow`."""
    return not what.deny & tags and (not what.allow or bool(what.allow & tags))


def default_ranges(base: int, mask: int) -> tuple[Range, ...]:
    """The pool where none is given: every host address but the first five, or every one where there are not more."""
    size = (~mask & 0xFFFFFFFF) + 1
    first, last = (base + 1, base + size - 2) if size > 2 else (base, base + size - 1)  # RFC 3021: a /31 is two hosts
    return ((base + UNUSED_AT_START, last),) if last >= base + UNUSED_AT_START else ((first, last),)


def kinds_of(base: int, mask: int, pools: Iterable[tuple[Range, ...]], exclude: Iterable[Range], never: Iterable[int],
             reserved: Iterable[int]) -> bytes:
    """The kind of each address of a network, for the ranges of its pools cut to it."""
    last = base | ~mask & 0xFFFFFFFF
    kinds = bytearray(last - base + 1)

    def put(ranges: Iterable[Range], kind: int) -> None:
        for begin, end in ranges:
            first_slot, last_slot = max(begin, base) - base, min(end, last) - base
            if first_slot <= last_slot:
                kinds[first_slot:last_slot + 1] = bytes((kind,)) * (last_slot - first_slot + 1)

    for number, ranges in enumerate(pools):
        put(ranges, POOL + number)
    put(exclude, OUTSIDE)
    for addresses, kind in ((reserved, RESERVED), (never, OUTSIDE)):
        for address in addresses:
            if base <= address <= last:
                kinds[address - base] = kind
    if last - base > 1:  # RFC 3021: a /31 has neither
        kinds[0] = kinds[-1] = OUTSIDE
    return bytes(kinds)


def build_network(subnet: SubnetDeclaration, scope: Scope, own: Iterable[int], routers: Iterable[int],
                  reserved: Iterable[int], client_key: Callable[[Request], bytes] | None = None, *,
                  by_choose: bool = False) -> Network:
    """Compile one subnet. `scope` has what it inherits; `own` are the server's addresses; `reserved` those of hosts;
    `by_choose` tells that each of its pools is to be one of its own, for choose()."""
    base, mask, settings = subnet.base, subnet.mask, scope.settings
    declared = () if settings.get("proxy_dhcp") else distinct(subnet.pools, by_choose=by_choose)
    pools = tuple(_pool(number, subnet, pool) for number, pool in enumerate(declared))
    never = frozenset(one for one in (*own, *routers) if one & mask == base)
    here = frozenset(one for one in reserved if one & mask == base)
    kinds = kinds_of(base, mask, (pool.ranges for pool in pools), subnet.exclude, never, here)
    pools = tuple(replace(pool, size=kinds.count(pool.place[1])) for pool in pools)
    of_reserved = {address: pool for pool in pools for first, last in pool.ranges
                   for address in here if first <= address <= last}
    ends = {base, subnet.last} if subnet.last - base > 1 else set()
    return Network(base, mask, kinds, pools, scope, never | ends, of_reserved, frozenset(subnet.allow), frozenset(subnet.deny),
                   subnet.relays, subnet.interface, bool(settings.get("authoritative")), bool(settings.get("adopt_unknown")),
                   bool(settings.get("bootp")), bool(settings.get("trust_relay_information", True)),
                   settings.get("offer_hold_time"), client_key, bool(settings.get("proxy_dhcp")), network_text(base, mask))


def _pool(number: int, subnet: SubnetDeclaration, pool: PoolDeclaration) -> Pool:
    ranges = tuple((max(first, subnet.base), min(last, subnet.last)) for first, last in pool.ranges
                   if first <= subnet.last and last >= subnet.base)
    return Pool((subnet.base, POOL + number), ranges, str(subnet), frozenset(pool.allow), frozenset(pool.deny), pool.scope)
