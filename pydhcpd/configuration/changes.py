"""What a configuration has, in numbers, and what differs between two of them: for those who reload."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from types import CodeType
from typing import Any

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.declarations import PoolDeclaration, SubnetDeclaration
from pydhcpd.policy.functions import DEFINED
from pydhcpd.policy.reservation import Reservation

MOST_NAMED = 12  # names in one line
COUNTED = ("subnets", "hosts", "classes")
"""Settings of which it is counted what is new in them."""


def counts(configuration: DHCPServerConfiguration, derived: int) -> str:
    """How many subnets, pools, hosts and classes there are; where no subnet is configured, `derived` follow from addresses."""
    subnets = configuration.every_subnet()
    pools = sum(max(len(one.pools), configuration["network"] is not None) for one in subnets)
    numbers = (len(subnets) or derived, pools if subnets else derived, len(configuration.hosts), len(configuration["classes"]))
    return ", ".join(f"{number} {one if number == 1 else more}" for number, one, more in zip(
        numbers, ("subnet", "pool", "host", "class"), ("subnets", "pools", "hosts", "classes"), strict=True))


def changes(before: DHCPServerConfiguration, after: DHCPServerConfiguration) -> str:
    """What is new, gone and changed: numbers of what there may be many of, names of the rest."""
    found = [_counted("subnets", before.every_subnet(), after.every_subnet(), _subnet),
             _counted("hosts", before.hosts, after.hosts, _host),
             _counted("classes", before["classes"], after["classes"], _class)]
    names = sorted(_differing(_values(before), _values(after)))
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        found.append(f"changed: {', '.join(names[:MOST_NAMED])}{more}")
    return "; ".join(filter(None, found)) or "nothing changed"


def _counted(name: str, before: Iterable[Any], after: Iterable[Any], described: Callable[[Any], tuple[object, object]]) -> str:
    """How many are new, gone and changed; `described` tells what one is known by, and all else of it."""
    old, new = dict(map(described, before)), dict(map(described, after))
    common = [key for key in old if key in new]
    numbers = {"new": len(new) - len(common), "gone": len(old) - len(common),
               "changed": sum(old[key] != new[key] for key in common)}
    told = ", ".join(f"{number} {what}" for what, number in numbers.items() if number)
    return f"{name}: {told}" if told else ""


def _differing(before: Mapping[Any, object], after: Mapping[Any, object]) -> list[Any]:
    """The keys whose values differ, or that only one has."""
    return [key for key in {**before, **after} if key not in before or key not in after or before[key] != after[key]]


def _values(configuration: DHCPServerConfiguration) -> dict[str, object]:
    """Settings, options and functions as they were given, by name."""
    return {name: _code(value) if name in DEFINED else repr(value) for name, value in configuration.in_force()
            if name not in COUNTED and value is not None}


def _subnet(one: SubnetDeclaration) -> tuple[object, object]:
    return (one.base, one.mask), (one.exclude, one.relays, one.interface, one.allow, one.deny, repr(one.settings),
                                  [_pool(pool) for pool in one.pools])


def _pool(one: PoolDeclaration) -> tuple[object, ...]:
    return one.ranges, one.allow, one.deny, repr(one.settings)


def _host(one: Reservation) -> tuple[object, object]:
    return ((one.ips, one.macs, one.client_ids, one.uuids, one.relay, one.patterns),
            (one.hostname, one.match_hostname, one.classes, one.ignore, one.settings and repr(one.settings)))


def _class(one: ClientClass) -> tuple[object, object]:
    return one.name, (one.lease_limit, one.lease_limit_per, repr(one.settings), _code(one.condition))


def _code(one: object) -> object:
    """What a function does, or a condition with the functions in it, wherever it stands."""
    code = one if isinstance(one, CodeType) else getattr(one, "__code__", None)
    if isinstance(code, CodeType):
        return code.co_code, code.co_names, [_code(constant) for constant in code.co_consts]
    if is_dataclass(one):
        return type(one).__name__, [_code(getattr(one, each.name)) for each in fields(one)]
    return [_code(each) for each in one] if isinstance(one, tuple | list) else (type(one).__name__, str(one))
