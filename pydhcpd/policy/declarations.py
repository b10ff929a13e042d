"""What the constructors of the configuration make: subnets, pools and shared networks as they were written, checked.

A declaration is a plain value. Its `settings` are as they were written, since what they mean is known only when the whole
file has been read; `scope` is the same compiled, put in by who checks the configuration. What is wrong in a constructor's
own arguments becomes a `Mistake`, so that all mistakes are found in one go.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydhcpd.addresses import address_from, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.arguments import check_arguments, interface_name
from pydhcpd.policy.ranges import Range, is_pair, range_from, range_text
from pydhcpd.policy.scope import EMPTY, Scope

SMALLEST_MASK = 0xFF000000  # a /8: the arrays of one network have an element for each address
KNOWN, UNKNOWN = "known", "unknown"  # classes that always exist: clients with a reservation, and without
SUBNET_ARGUMENTS = ("network", "pools", "exclude", "relays", "interface", "allow", "deny")
POOL_ARGUMENTS = ("range", "allow", "deny")
SHARED_NETWORK_ARGUMENTS = ("name", "subnets", "relays", "interface")
"""What the constructors take besides settings and options."""

MOST_POOLS = 250  # of one subnet, their ranges counted as one pool where nothing tells them apart


@dataclass(frozen=True, slots=True, repr=False)
class Mistake:
    """What a constructor returns for arguments that cannot be used. `call` is the call as it was written, `inner` are the
    mistakes in what it was given."""

    line: int
    call: str
    reason: str
    inner: tuple["Mistake", ...] = ()

    def __repr__(self) -> str:
        return self.call


@dataclass(frozen=True, slots=True, repr=False)
class PoolDeclaration:
    """A range of addresses, and who may have one of it."""

    ranges: tuple[Range, ...]
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    scope: Scope = EMPTY

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "PoolDeclaration":
        """Check `pool()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, settings = check_arguments(arguments, dict(zip(POOL_ARGUMENTS, (_ranges, _names, _names), strict=True)))
        if not checked.get("range"):
            raise InvalidValue("has no range; allowed are 'a - b', 'a/n' and ('a', 'b')")
        return cls(checked["range"], checked.get("allow", ()), checked.get("deny", ()), settings, line)

    def __str__(self) -> str:
        return ", ".join(map(range_text, self.ranges))

    def __repr__(self) -> str:
        return f"pool({str(self)!r})"

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but its addresses."""
        return not (self.allow or self.deny or self.settings)


@dataclass(frozen=True, slots=True, repr=False)
class SubnetDeclaration:
    """A subnet. Addresses are in host byte order; `relays` are relays whose own address lies elsewhere."""

    base: int
    mask: int
    pools: tuple[PoolDeclaration, ...] = ()
    exclude: tuple[Range, ...] = ()
    relays: tuple[int, ...] = ()
    interface: str | None = None
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    mistakes: tuple[Mistake, ...] = ()
    scope: Scope = EMPTY

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "SubnetDeclaration":
        """Check `subnet()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, settings = check_arguments(arguments, dict(zip(SUBNET_ARGUMENTS, (
            _network, lambda value: _pools(line, value), _ranges, _addresses, interface_name, _names, _names), strict=True)))
        if "network" not in checked:
            raise InvalidValue("has no network; allowed is a base address with its mask, such as '192.0.2.0/24'")
        base, mask = checked["network"]
        pools, mistakes = checked.get("pools", ((), ()))
        return cls(base, mask, pools, checked.get("exclude", ()), checked.get("relays", ()), checked.get("interface"),
                   checked.get("allow", ()), checked.get("deny", ()), settings, line, mistakes)

    def __str__(self) -> str:
        return network_text(self.base, self.mask)

    def __repr__(self) -> str:
        return f"subnet({str(self)!r})"

    @property
    def last(self) -> int:
        """Its last address."""
        return self.base | ~self.mask & 0xFFFFFFFF

    def __contains__(self, address: int) -> bool:
        return address & self.mask == self.base


@dataclass(frozen=True, slots=True, repr=False)
class SharedNetworkDeclaration:
    """Several subnets on one link. `relays` and `interface` are those of all of them."""

    name: str
    subnets: tuple[SubnetDeclaration, ...]
    relays: tuple[int, ...] = ()
    interface: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    mistakes: tuple[Mistake, ...] = ()
    scope: Scope = EMPTY

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "SharedNetworkDeclaration":
        """Check `shared_network()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, settings = check_arguments(arguments, dict(zip(SHARED_NETWORK_ARGUMENTS, (
            _name, _subnets, _addresses, interface_name), strict=True)))
        subnets, mistakes = checked.get("subnets", ((), ()))
        if "name" not in checked or (not subnets and not mistakes):
            raise InvalidValue("needs a name and subnets; allowed is shared_network('name', [subnet(...), ...])")
        return cls(checked["name"], subnets, checked.get("relays", ()), checked.get("interface"), settings, line, mistakes)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"shared_network({self.name!r}, {list(self.subnets)!r})"


def mistakes_in(arguments: Iterable[object]) -> tuple[Mistake, ...]:
    """The mistakes among the values of arguments, in their lists, and in the subnets of these."""
    found: list[Mistake] = []
    for value in arguments:
        for one in _listed(value):
            if isinstance(one, Mistake):
                found.append(one)
            elif isinstance(one, SubnetDeclaration):
                found += one.mistakes
    return tuple(found)


def distinct(pools: Sequence[PoolDeclaration], *, by_choose: bool) -> tuple[PoolDeclaration, ...]:
    """The pools that anything tells apart: neighbours that say nothing but their addresses are made one, so that the address
    longest unused is that of all. `by_choose`: there is a choose(), which may tell any two apart."""
    if by_choose:
        return tuple(pools)
    merged: list[PoolDeclaration] = []
    for pool in pools:
        if merged and pool.is_plain and merged[-1].is_plain:
            merged[-1] = PoolDeclaration(merged[-1].ranges + pool.ranges, line=merged[-1].line)
        else:
            merged.append(pool)
    return tuple(merged)


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _network(value: object) -> tuple[int, int]:
    if not isinstance(value, str) or "/" not in value:
        raise InvalidValue(f"{value!r} has no mask; allowed is a base address with its mask, such as '192.0.2.0/24'")
    base, mask = network_from(value)
    if mask < SMALLEST_MASK:
        raise InvalidValue(f"{value!r} is too large; allowed is a /8 at most")
    return base, mask


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or not value:
        raise InvalidValue(f"{value!r} is not a name; allowed is printable text")
    return value


def _names(value: object) -> tuple[str, ...]:
    names = _listed(value)
    if not all(isinstance(one, str) for one in names):
        named = [str(one) for one in names if hasattr(one, "lease_limit")]  # client_class() itself
        raise InvalidValue(f"{value!r} is no list of classes; " + (
            f"write its name: {named[0]!r}" if named else "allowed are names of client_class(), such as 'voip' or "
                                                         "['known', 'voip']"))
    return tuple(str(one) for one in names)


def _addresses(value: object) -> tuple[int, ...]:
    return tuple(address_from(one) for one in _listed(value))


def _ranges(value: object) -> tuple[Range, ...]:
    """One range, or a list of them, which may not overlap."""
    ranges = tuple(range_from(one) for one in value) if isinstance(value, list) else (range_from(value),)
    for before, after in pairwise(sorted(ranges)):
        if after[0] <= before[1]:
            raise InvalidValue(f"{range_text(before)} and {range_text(after)} overlap; allowed is each address once")
    return ranges


def _pools(line: int, value: object) -> tuple[tuple[PoolDeclaration, ...], tuple[Mistake, ...]]:
    pools: list[PoolDeclaration] = []
    mistakes = []
    for one in [value] if is_pair(value) else _listed(value):
        if isinstance(one, Mistake):
            mistakes.append(one)
        else:
            pools.append(one if isinstance(one, PoolDeclaration) else PoolDeclaration((range_from(one),), line=line))
    return tuple(pools), tuple(mistakes)


def _subnets(value: object) -> tuple[tuple[SubnetDeclaration, ...], tuple[Mistake, ...]]:
    found = _listed(value)
    if not all(isinstance(one, SubnetDeclaration | Mistake) for one in found):
        raise InvalidValue(f"{value!r} is no list of subnets; allowed is [subnet(...), ...]")
    return (tuple(one for one in found if isinstance(one, SubnetDeclaration)),
            tuple(one for one in found if isinstance(one, Mistake)))
