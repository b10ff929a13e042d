"""What dhcpd asks of a client as the condition of a class: by comparators, else as a function of the request."""

import re
from collections.abc import Sequence

from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.isc.conditions import NeverTrue, Unsayable
from pydhcpd.migration.configurations.isc.context import Context
from pydhcpd.migration.configurations.isc.expressions import Node
from pydhcpd.migration.configurations.isc.functions import NotPython
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.migration.configurations.layout import value_text

IDENTITIES = ("mac", "client_id", "circuit_id", "remote_id", "subscriber_id", "relay")
"""What tells that a client is a host."""


def condition_of(context: Context, statement: Statement, node: Node, name: str) -> Code | None:
    """The condition of a class, as one of ours or as a function; None where nobody is of it."""
    try:
        condition = context.conditions.of(node)
    except NeverTrue as reason:
        context.differs(statement, f"dhcpd never finds it true ({reason}), so the class has no members")
    except Unsayable:
        return _function(context, statement, node, name)
    except InvalidValue as error:
        context.none(statement, f"{error}; the class has no members")
    else:
        context.taken(statement, str(condition))
        return condition
    return None


def _function(context: Context, statement: Statement, node: Node, name: str) -> Code | None:
    try:
        body = context.functions.truth(node)
    except (NotPython, InvalidValue) as reason:
        context.none(statement, f"{reason}; the class has no members: write a function is_member(request) for it")
        return None
    plain = context.name_for("is_" + (re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_") or "member"))
    context.draft.helpers.append(f"def {plain}(request):\n    return {body}")
    context.taken(statement, f"a function, {plain}(request)")
    return Code(plain)


def any_of(conditions: Sequence[Code]) -> str:
    """Any of these; of one field as a list."""
    found = [re.fullmatch(r"match\((\w+)=(.*)\)", one, re.DOTALL) for one in conditions]
    fields = {one[1] if one else "" for one in found}
    if len(found) > 1 and len(fields) == 1 and "" not in fields and not any(" & " in one for one in conditions):
        values = [Code(one[2]) for one in found if one]
        return f"match({fields.pop()}={value_text(values, 30)})"
    return " | ".join(f"({one})" if " & " in one else one for one in conditions)


def identity_of(call: Call) -> Code:
    """The condition that a client is this host."""
    names = [name for name in IDENTITIES if name in call.keywords]
    return Code(any_of([Code(f"match({name}={value_text(call.keywords[name])})") for name in names]))
