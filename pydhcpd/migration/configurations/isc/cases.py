"""`if`: each branch is a class of its own, without the clients of the branches before it.

What dhcpd runs later wins: what an `if` says over what stands above it in its block, and what stands below it over that. Of all
blocks a host's and its groups' are run last, so their classes stand first.
"""

import re
from collections.abc import Callable, Iterable

from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.isc.context import BadSyntax, Case, Context, parsed
from pydhcpd.migration.configurations.isc.membership import any_of, condition_of, identity_of
from pydhcpd.migration.configurations.isc.scope import CASE, CLASS, GLOBAL, GROUP, HOST, POOL, SHARED, SUBNET, Scope
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.migration.configurations.layout import value_text

Block = Callable[[Context, Scope, Statement], None]
"""What goes through the statements of a block."""
OTHERWISE = "otherwise"
LISTED = 4  # hosts that a condition lists; more are a function


def if_(context: Context, scope: Scope, statements: list[Statement], block: Block) -> None:
    """if ... { } elsif ... { } else { }: classes, each without the clients of those before it."""
    try:
        guard = _guard(context, scope)
    except InvalidValue as error:
        for one in statements:
            context.nothing_within(one, str(error))
        return
    owns: list[str | None] = []
    first = len(context.cases)
    context.chains += 1
    for statement in statements:
        own = _own_condition(context, statement)
        if own is None and statement.word != "else":
            for one in statements[statements.index(statement):]:
                if not one.told:
                    context.nothing_within(one, "it depends on a condition that is not taken over")
                for inner in one.body or []:
                    if not inner.told:
                        context.nothing_within(inner, "it depends on a condition that is not taken over")
            return
        others = [_opposite(context, one) for one in owns if one]
        _case(context, scope, statement, own, [*guard, *([own] if own else []), *others], block)
        owns.append(own)
    if len(context.cases) - first == len(statements) > 1:
        _simplify(context, scope, context.cases[first:], guard, owns)


def _own_condition(context: Context, statement: Statement) -> str | None:
    tokens = statement.rest[1:] if statement.word == "else" and statement.words[:1] == ["if"] else statement.rest
    if not tokens:
        if statement.word != "else":
            raise BadSyntax(f"{statement.file}:{statement.line}: a condition is expected after {statement.word}")
        return None
    return condition_of(context, statement, parsed(statement, tokens), f"line_{statement.line}")


def _guard(context: Context, scope: Scope) -> list[str]:
    """What must hold for all of a scope."""
    if scope.kind == GLOBAL:
        return []
    if scope.kind in (CLASS, CASE) and len(scope.call.arguments) > 1:
        return [str(scope.call.arguments[1])]
    if scope.kind in (SUBNET, SHARED):
        if context.networks == len(scope.subnets):
            return []
        return [in_subnets(context, scope.subnets)]
    if scope.kind == HOST:
        return [identity_of(scope.call)]
    if scope.kind == GROUP:
        return _of_group(context, scope)
    raise InvalidValue("which pool a client gets its address from is not known when classes are found; write it into "
                       "finish(request, reply)")


def _of_group(context: Context, scope: Scope) -> list[str]:
    """What holds for the hosts of a group, or for its networks."""
    members = list(scope.grouped())
    hosts = [one for one in members if one.kind == HOST]
    networks = [one for one in members if one.kind in (SUBNET, SHARED)]
    if networks and not hosts:
        return _guard(context, Scope(SUBNET, scope.call, subnets=[subnet for one in networks for subnet in one.subnets]))
    if not hosts or networks:
        raise InvalidValue("conditions are of all clients, of a class, of networks or of hosts; write it into "
                           "finish(request, reply)")
    scope.flags["hosts"] = True
    if len(hosts) == context.hosts:
        return ["match(known=True)"]
    return [_among(context, scope, hosts)]


def _among(context: Context, scope: Scope, hosts: list[Scope]) -> str:
    """The condition that a client is one of these hosts."""
    conditions = [identity_of(one.call) for one in hosts]
    if len(hosts) <= LISTED:
        return any_of(conditions)
    if not all("mac" in one.call.keywords for one in hosts):
        raise InvalidValue("some of these hosts have no hardware address; write it into finish(request, reply)")
    name = context.name_for("among_" + (re.sub(r"\W+", "_", scope.name.lower(), flags=re.ASCII) or "hosts"))
    macs = value_text([one.call.keywords["mac"] for one in hosts], len("    return request.mac in "))
    context.draft.helpers.append(f"def {name}(request):\n    return request.mac in {macs}")
    return name


def in_subnets(context: Context, subnets: list[str]) -> str:
    """The function that says whether a client is in one of these networks."""
    name = "in_" + re.sub(r"\W", "_", subnets[0].partition("/")[0])
    test = f'request.subnet == "{subnets[0]}"' if len(subnets) == 1 else f"request.subnet in {value_text(subnets)}"
    text = f"def {name}(request):\n    return {test}"
    if text not in context.draft.helpers:
        context.draft.helpers.append(text)
    return name


def _case(context: Context, scope: Scope, statement: Statement, own: str | None, conditions: list[str], block: Block) -> None:
    call = Call("client_class", [_case_name(context, statement, own), all_of(context, conditions, statement.line)],
                comments=[*statement.comments])
    statement.comments = []
    inner = Scope(CASE, call, scope, subnets=scope.subnets)
    scope.members.append(inner)
    if not statement.told:
        context.taken(statement, "what holds for all others")
    block(context, inner, statement)
    context.cases.append(Case(inner, statement, context.chains))


def with_cases(context: Context) -> list[Call]:
    """The classes of the file with those that branches became: of hosts first, of a class before that, all others last."""
    said = [one for one in context.cases if _says_anything(one)]
    of_classes: dict[int, list[Case]] = {}
    for one in said:
        if one.scope.block.kind == CLASS:
            of_classes.setdefault(id(one.scope.block.call), []).append(one)
    others = [one for one in said if one.scope.block.kind != CLASS]
    return [*_in_order(one for one in others if _is_of_hosts(one)),
            *(one for call in context.draft.classes for one in (*_in_order(of_classes.get(id(call), ())), call)),
            *_in_order(one for one in others if not _is_of_hosts(one))]


def _says_anything(case: Case) -> bool:
    return bool(case.scope.call.keywords) or case.scope.flags.get("booting") is False or case.scope.flags.get("named", False)


def _in_order(cases: Iterable[Case]) -> list[Call]:
    """What is nearer first, and of what is as near the later: it would overwrite the earlier with dhcpd."""
    return [one.scope.call for one in sorted(cases, key=lambda one: (-len(list(one.scope.chain())), -one.chain))]


def _is_of_hosts(case: Case) -> bool:
    block = case.scope.block
    return block.kind == HOST or bool(block.flags.get("hosts"))


def _simplify(context: Context, scope: Scope, cases: list[Case], guard: list[str], owns: list[str | None]) -> None:
    """Where all branches say the same things, the first class that holds wins by itself, and `else` is what holds for all."""
    said = [set(one.scope.call.keywords) for one in cases]
    if not all(one == said[0] for one in said) or any(one.scope.members or one.scope.flags.get("named") for one in cases) or (
            not said[0] or scope.kind not in (GLOBAL, SUBNET, SHARED, HOST, GROUP, CLASS)):
        return
    for one, own in zip(cases, owns, strict=True):
        if own:
            one.scope.call.arguments[1] = all_of(context, [*guard, own], one.statement.line)
    if owns[-1] is not None:
        return
    if scope.kind == HOST or scope.flags.get("hosts"):
        cases[-1].scope.call.arguments[1] = all_of(context, guard, cases[-1].statement.line)
        _drop_unread(context, scope, cases[0].statement, said[0])
    else:
        context.cases.remove(cases[-1])
        scope.members.remove(cases[-1].scope)
        for name, value in cases[-1].scope.call.keywords.items():
            context.put(scope, name, value, cases[-1].statement)
            scope.places[name] = 0  # what the branches say goes before it


def _drop_unread(context: Context, scope: Scope, statement: Statement, names: set[str]) -> None:
    """What stands above an `if` with an `else` that says it too never counts."""
    for name in sorted(names & scope.call.keywords.keys()):
        if scope.places.get(name, 0) < context.places[id(statement)]:
            del scope.call.keywords[name]
            context.differs(statement, f"{name}, which stands above it as well, never counts there")


def settle_cases(context: Context) -> None:
    """What of the branches does not count, or would win where it does not with dhcpd, is left out."""
    for case in context.cases:
        for name in list(case.scope.call.keywords):
            if why := _why_not(context, case, name):
                del case.scope.call.keywords[name]
                context.none(case.statement, f"{name}, {why}")
    of_hosts: dict[int, list[Case]] = {}
    for case in filter(_is_of_hosts, context.cases):
        of_hosts.setdefault(id(case.scope.block), []).append(case)
    for scope in context.top.everything():
        if id(scope) in of_hosts:
            _give_way(context, scope, of_hosts[id(scope)])
    left = {id(scope) for case in context.cases if _says_anything(case) for scope in case.scope.chain()}
    for case in context.cases:
        if id(case.scope) not in left:
            context.nothing_left(case.statement, "nothing of what it says is in the new file")


def _why_not(context: Context, case: Case, name: str) -> str:
    """Why a branch does not say something; a class wins over subnets and pools, an `if` around them does not."""
    for one in case.scope.chain():
        if one is not case.scope and one.places.get(name, 0) > context.places[id(case.statement)]:
            return "which is said again below it, and counts there"
        if one.kind != CASE:
            break
    block = case.scope.block
    if _is_of_hosts(case) and name in ("host_name", "hostname"):
        return "which is the name of the host itself"
    if any(name in one.call.keywords for one in block.everything() if one is not block and one.kind in (SHARED, SUBNET, POOL)):
        return ("which a network within says as well: a class would win over it, and an if of dhcpd does not, so it is left "
                "out")
    return ""


def _give_way(context: Context, scope: Scope, cases: list[Case]) -> None:
    """A host wins over classes: what its `if` says, or that of its group, the host says in a class of its own."""
    said = dict.fromkeys(name for one in cases for name in one.scope.call.keywords)
    left = {}
    for name in said:
        holder = next((one for one in scope.chain() if one.kind in (HOST, GROUP) and name in one.call.keywords), None)
        if holder is None:
            continue
        left[name] = holder.call.keywords[name]
        if holder is scope:
            del scope.call.keywords[name]
        for one in (scope, *scope.everything()):
            one.barred |= {name}
    if left:
        call = Call("client_class", [context.name_for(f"{scope.name or 'group'} {OTHERWISE}"),
                                     all_of(context, _guard(context, scope), cases[0].statement.line)], left)
        context.cases.append(Case(Scope(CASE, call, scope), cases[0].statement, 0))


def _case_name(context: Context, statement: Statement, own: str | None) -> str:
    """A name for the class that a branch becomes: what is compared with, where that is a word."""
    said = re.sub(r"~\w+\([^)]*\)", "", own or "")
    found = re.search(r'"(\w[\w .-]*)"', said) or re.search(r"client_system_(architecture=\d+)", said)
    return context.name_for(found[1].replace("=", " ") if found else f"line {statement.line}")


def _opposite(context: Context, condition: str) -> str:
    """The condition that holds where this one does not; of a function another function."""
    if not condition.isidentifier():
        return f"~{_atom(condition)}" if condition.startswith("match(") and " & " not in condition else f"~({condition})"
    name = f"not_{condition}"
    text = f"def {name}(request):\n    return not {condition}(request)"
    if text not in context.draft.helpers:
        context.draft.helpers.append(text)
    return name


def all_of(context: Context, conditions: list[str], line: int) -> Code:
    """All of these; functions cannot be joined to each other, so that several of them alone become one."""
    functions = [one for one in conditions if one.isidentifier()]
    others = [one for one in conditions if not one.isidentifier()]
    if len(functions) < 2 or others:
        return Code(" & ".join([*map(_atom, others), *functions] if len(conditions) > 1 else conditions))
    name = context.name_for(f"is_case_{line}")
    body = " and ".join(f"{one}(request)" for one in functions)
    context.draft.helpers.append(f"def {name}(request):\n    return {body}")
    return Code(name)


def _atom(condition: str) -> str:
    """In brackets where it is joined within."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", condition)
    return f"({condition})" if " | " in bare and not bare.startswith("~(") else condition
