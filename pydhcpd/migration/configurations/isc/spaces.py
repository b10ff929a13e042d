"""Options of vendors' spaces: where they are sent.

With dhcpd the values come from wherever they hold, and whether they are sent says the nearest vendor-option-space.
"""

from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.isc.cases import all_of, in_subnets
from pydhcpd.migration.configurations.isc.context import Context
from pydhcpd.migration.configurations.isc.options import Known
from pydhcpd.migration.configurations.isc.scope import CLASS, SHARED, SUBNET, Scope
from pydhcpd.migration.configurations.isc.tree import Statement


def settle_spaces(context: Context) -> None:
    """Put the options where they are sent, and tell of the others."""
    for scope in list(context.top.everything()):
        for known, value, statement in scope.inside:
            if any(one.space == known.space for one in scope.chain()) or context.definitions.spaces.get(known.space):
                context.put(scope, known.name, value, statement)
            elif not (_within(context, scope, known, value) or _for_classes(context, scope, known, value, statement)):
                context.none(statement, f"no vendor-option-space names {known.space} for these clients: dhcpd does not send it")
                continue
            context.taken(statement, known.name)


def _within(context: Context, scope: Scope, known: Known, value: object) -> bool:
    """What names the space stands within."""
    places = [one for one in context.top.everything() if one.space == known.space and scope in one.chain()]
    for one in places:
        one.call.keywords.setdefault(known.name, value)
    return bool(places)


def _for_classes(context: Context, scope: Scope, known: Known, value: object, statement: Statement) -> bool:
    """A class names the space, and a network has the value: the class says it, where there are others for this network."""
    classes = [one for one in context.top.everything() if one.kind == CLASS and one.space == known.space and (
        len(one.call.arguments) > 1)]
    if scope.kind not in (SUBNET, SHARED):
        return False
    for one in classes:
        if context.networks == len(scope.subnets):
            one.call.keywords.setdefault(known.name, value)
        elif known.name not in one.call.keywords:
            _add(context, one.call, scope, statement).keywords[known.name] = value
    return bool(classes)


def _add(context: Context, call: Call, scope: Scope, statement: Statement) -> Call:
    """The class that is another's in a network, before that."""
    name = f"{call.arguments[0]} in {scope.subnets[0]}"
    same = next((one for one in context.draft.classes if one.arguments[0] == name), None)
    if same is not None:
        return same
    condition = all_of(context, [str(call.arguments[1]), in_subnets(context, scope.subnets)], statement.line)
    made = Call("client_class", [name, condition])
    context.draft.classes.insert(context.draft.classes.index(call), made)
    return made
