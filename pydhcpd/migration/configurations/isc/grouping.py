"""Groups: what a group says is of all that stands within it, written once where several have it."""

import re
from collections.abc import Iterator

from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.isc.context import Context
from pydhcpd.migration.configurations.isc.networks import WIDE_ONLY
from pydhcpd.migration.configurations.isc.options import plain
from pydhcpd.migration.configurations.isc.scope import GROUP, Scope

LEAST = 2  # members of a group that is written as one


def settle_groups(context: Context) -> None:
    """Give the members of each group its values, those of the outermost last."""
    alive = {id(one) for one in _calls(context)}
    for scope in reversed(list(context.top.everything())):
        if scope.kind == GROUP:
            _settle(context, scope, alive)


def _calls(context: Context) -> Iterator[Call]:
    draft = context.draft
    yield from (*draft.hosts, *draft.classes, *draft.subnets, *draft.shared_networks, *draft.all_subnets())


def _settle(context: Context, scope: Scope, alive: set[int]) -> None:
    inner = [one for one in scope.grouped() if id(one.call) in alive]
    members = [one.call for one in inner]
    barred = {id(one.call): one.barred for one in inner}
    _hand_on(scope, members)
    values = scope.call.keywords
    if not values:
        if members:
            members[0].comments[:0] = scope.call.comments
        return
    able = [one for one in members if not values.keys() & (one.keywords.keys() | barred[id(one)]) and not one.groups]
    if len(able) < LEAST:
        able = []
    if able:
        name = _name(context, scope)
        context.draft.groups[name] = scope.call
    for one in members:
        if any(one is other for other in able):
            one.groups.append(name)
        else:
            one.keywords.update({key: value for key, value in values.items()
                                 if key not in one.keywords and key not in barred[id(one)]})
    scope.call.arguments = []


def _hand_on(scope: Scope, members: list[Call]) -> None:
    """What hosts cannot have is for the networks."""
    for name in [one for one in WIDE_ONLY if one in scope.call.keywords]:
        value = scope.call.keywords.pop(name)
        for one in members:
            if one.name in ("subnet", "shared_network"):
                one.keywords.setdefault(name, value)


def _name(context: Context, scope: Scope) -> str:
    said = str(scope.call.arguments[0]) if scope.call.arguments else "group"
    return context.name_for(plain(re.sub(r"\W+", "_", said.lower(), flags=re.ASCII)))
