"""Networks: shared-network, subnet, pool, range, group, and who is allowed in them."""

from pydhcpd.addresses import address_from, address_text, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.isc.cases import Block, if_
from pydhcpd.migration.configurations.isc.context import BadSyntax, Context, one_word, texts
from pydhcpd.migration.configurations.isc.parameters import switch
from pydhcpd.migration.configurations.isc.scope import CASE, CLASS, GROUP, HOST, POOL, SHARED, SUBNET, Scope
from pydhcpd.migration.configurations.isc.tree import Statement, walk

SWITCHES = ("unknown-clients", "bootp", "booting", "duplicates", "declines", "client-updates", "leasequery", "dynamic")
VERDICTS = {"allow": True, "deny": False, "ignore": False}


def shared_network(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """shared-network NAME { ... }"""
    name = one_word(statement, "a name")
    subnets = [one for one in walk(statement.body or []) if one.word == "subnet"]
    if not subnets:
        context.nothing_within(statement, "there is no subnet in it")
        return
    call = Call("shared_network", [name, []], comments=[*statement.comments])
    inner = _entered(scope, Scope(SHARED, call, scope, subnets=[_network_of(one) for one in subnets]))
    context.draft.shared_networks.append(call)
    context.taken(statement, "shared_networks")
    block(context, inner, statement)


def _entered(outer: Scope, inner: Scope) -> Scope:
    outer.members.append(inner)
    return inner


def _network_of(statement: Statement) -> str:
    words = statement.words
    if len(words) != 3 or words[1] != "netmask":
        raise BadSyntax(f"{statement.file}:{statement.line}: subnet ADDRESS netmask MASK {{ is expected")
    try:
        base, mask = network_from(network_text(address_from(words[0]), address_from(words[2])))
    except InvalidValue as error:
        raise InvalidValue(f"{escape(words[0])} with the mask {escape(words[2])} is no network: {error}") from None
    return network_text(base, mask)


def subnet(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """subnet ADDRESS netmask MASK { ... }"""
    network = _network_of(statement)
    call = Call("subnet", [network], {"pools": []}, [*statement.comments])
    shared = scope.within(SHARED)
    if shared is None:
        context.draft.subnets.append(call)
    else:
        inside = shared.call.arguments[1]
        assert isinstance(inside, list)
        inside.append(call)
    inner = _entered(scope, Scope(SUBNET, call, scope, subnets=[network]))
    context.taken(statement, f"subnet {network}")
    block(context, inner, statement)


def pool(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """pool { ... }, in a subnet, or in a shared network: there its ranges are divided among the subnets."""
    if scope.within(SHARED) is None and scope.within(SUBNET) is None:
        raise InvalidValue("a pool stands in a subnet or in a shared network")
    call = Call("pool", [[]], comments=[*statement.comments])
    inner = _entered(scope, Scope(POOL, call, scope, subnets=scope.subnets))
    block(context, inner, statement)
    if not call.arguments[0]:
        context.none(statement, "there is no range in it")
        return
    context.taken(statement, "pool")


def group(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """group [NAME] { ... }: what it says is of all within."""
    call = Call("dict", comments=[*statement.comments])
    inner = _entered(scope, Scope(GROUP, call, scope, subnets=scope.subnets))
    name = statement.words[0] if statement.rest and statement.rest[0].text != "{" else ""
    inner.space = ""
    inner.name = name
    block(context, inner, statement)
    for chain in inner.later:
        if_(context, inner, chain, block)
    context.taken(statement, "a group of values" + (f", {name}" if name else ""))
    inner.call.arguments = [name] if name else []


# --- addresses

def range_of(context: Context, scope: Scope, statement: Statement) -> None:
    """range [dynamic-bootp] FIRST [LAST];"""
    words = texts(statement.rest)
    is_bootp = words[:1] == ["dynamic-bootp"]
    words = words[is_bootp:]
    if not 1 <= len(words) <= 2:
        raise BadSyntax(f"{statement.file}:{statement.line}: " + (
            f"a semicolon is expected before {escape(words[2])}" if words else "an address is expected after range"))
    first, last = sorted((address_from(words[0]), address_from(words[-1])))
    text = address_text(first) if first == last else f"{address_text(first)} - {address_text(last)}"
    target = scope.within(POOL) or scope.within(SUBNET)
    if target is None:
        raise InvalidValue("a range stands in a subnet or a pool")
    ranges = target.call.arguments[0] if target.kind == POOL else target.call.keywords["pools"]
    assert isinstance(ranges, list)
    ranges.append(text)
    target.call.comments += statement.comments
    statement.comments = []
    if is_bootp and scope.flag("bootp") is not False:
        target.flags["dynamic-bootp"] = True
        context.differs(statement, f"pools: {text}; bootp serves BOOTP clients from all pools of the subnet")
    else:
        context.taken(statement, f"pools: {text}")


def interface(context: Context, scope: Scope, statement: Statement) -> None:
    """interface NAME; of a subnet or a shared network."""
    if scope.kind not in (SHARED, SUBNET):
        raise InvalidValue("an interface is of a subnet or a shared network")
    context.put(scope, "interface", one_word(statement, "a name"), statement)
    context.taken(statement, "interface")


# --- who is served

def permission(context: Context, scope: Scope, statement: Statement) -> None:
    """allow, deny and ignore: of who may have an address of a pool, else of switches."""
    words = [one.text for one in statement.rest if one.text != ","]
    if not words:
        raise BadSyntax(f"{statement.file}:{statement.line}: a word is expected after {statement.word}")
    if scope.kind == POOL and (words[0] in ("known", "known-clients", "members", "all", "unknown", "after", "authenticated",
                                            "unauthenticated") or words[0].startswith(("unknown", "dynamic"))):
        _of_pool(context, scope, statement, words)
    elif words[0] in SWITCHES:
        _of_scope(context, scope, statement, words[0])
    else:
        raise InvalidValue(f"{escape(words[0])} is nothing that is known here")


def _of_pool(context: Context, scope: Scope, statement: Statement, words: list[str]) -> None:
    said = "allow" if statement.word == "allow" else "deny"
    if words[0] == "members":
        classes = [words[-1]]
    elif words[0].startswith("unknown"):
        classes = ["unknown"]
    elif words[0].startswith("known"):
        classes = ["known"]
    elif words[0] == "all":
        classes = [] if said == "allow" else ["known", "unknown"]
    else:
        raise InvalidValue(f"pools are not told apart by {' '.join(words)}")
    scope.flags[said] = True
    if classes:
        scope.call.add(said, *classes)
    context.taken(statement, f"{said} of the pool")


def _of_scope(context: Context, scope: Scope, statement: Statement, name: str) -> None:
    value = VERDICTS[statement.word]
    words = {"duplicates": "one_address_per_machine = True has machines known by their hardware address",
             "declines": "a DHCPDECLINE is honoured, within bounds (quarantine_share)",
             "leasequery": "leasequery_from names who may ask", "dynamic": "bootp is for all pools of a subnet"}
    scope.flags[name] = value
    if name == "unknown-clients" and scope.kind in (CLASS, CASE):
        raise InvalidValue("what is denied to a part of the unknown clients is said by deny=... of subnets and pools")
    if name in words:
        context.none(statement, words[name])
    elif name == "client-updates":
        context.put(scope, "dns_updates", "as_asked" if value else "by_server", statement)
        context.taken(statement, "dns_updates")
    elif name == "bootp":
        _bootp(context, statement, value=value)
    elif scope.kind == HOST and name == "booting":
        _ignored(context, scope, statement, value=value)
    elif scope.kind in (HOST, GROUP) and name == "unknown-clients":
        context.none(statement, "a host is known")
    else:
        context.taken(statement, "deny of each subnet" if not value else "subnets serve all, where they do not say otherwise")


def _ignored(context: Context, scope: Scope, statement: Statement, *, value: bool) -> None:
    if value:
        context.taken(statement, "hosts are served")
    else:
        context.put(scope, "ignore", True, statement)
        context.taken(statement, "ignore")


def boot_unknown(context: Context, scope: Scope, statement: Statement) -> None:
    """boot-unknown-clients off; is deny unknown-clients."""
    scope.flags["unknown-clients"] = switch(statement)
    context.taken(statement, "deny of each subnet")


def _bootp(context: Context, statement: Statement, *, value: bool) -> None:
    if value:
        context.differs(statement, "bootp, for subnets with a range that is dynamic-bootp; others serve no BOOTP clients")
    else:
        context.taken(statement, "BOOTP clients are not served, where bootp does not say otherwise")


# --- at the end

def settle_networks(context: Context) -> None:
    """What is known when all has been read: pools in their subnets, and who is denied in each."""
    denied = [str(one.call.arguments[0]) for one in context.top.everything()
              if one.kind in (CLASS, CASE) and one.flags.get("booting") is False]
    for scope in context.top.everything():
        if scope.kind == POOL:
            _place(scope)
        elif scope.kind == SUBNET:
            _deny(scope, denied)
    for scope in context.top.everything():
        if scope.kind == SUBNET:
            _order(scope)


def _place(scope: Scope) -> None:
    """A pool into its subnet; that of a shared network, its ranges divided, into each."""
    ranges = scope.call.arguments[0]
    assert isinstance(ranges, list)
    if not ranges:
        return
    shared = scope.within(SHARED)
    own = scope.within(SUBNET)
    subnets = [own] if own is not None else [one for one in shared.everything() if one.kind == SUBNET] if shared else []
    for subnet_scope in subnets:
        base, mask = network_from(subnet_scope.subnets[0])
        inside = ranges if own is not None else [
            one for one in ranges if address_from(one.partition(" - ")[0]) & mask == base]
        if inside:
            _add_pool(subnet_scope, scope, inside)


def _add_pool(subnet_scope: Scope, scope: Scope, ranges: list[str]) -> None:
    pools = subnet_scope.call.keywords["pools"]
    assert isinstance(pools, list)
    if not scope.call.keywords and not scope.call.comments:
        pools += ranges
    else:
        pools.append(Call("pool", [ranges if len(ranges) > 1 else ranges[0]], scope.call.keywords, scope.call.comments))
    if scope.flags.get("dynamic-bootp"):
        subnet_scope.flags["dynamic-bootp"] = True


def _deny(scope: Scope, classes: list[str]) -> None:
    if scope.flag("booting") is False:
        scope.call.keywords["deny"] = ["known", "unknown"]
        return
    is_denied = scope.flag("unknown-clients") is False
    if wanted := [*["unknown"] * is_denied, *classes]:
        scope.call.keywords["deny"] = wanted if len(wanted) > 1 else wanted[0]


def _order(scope: Scope) -> None:
    """Pools stand first; what says nothing is not there."""
    keywords = scope.call.keywords
    pools = keywords.pop("pools")
    rest = dict(keywords)
    keywords.clear()
    if pools:
        keywords["pools"] = pools
    keywords.update(rest)
    if scope.flags.get("dynamic-bootp"):
        keywords["bootp"] = True


WIDE_ONLY = ("authoritative", "bootp", "one_address_per_machine", "dns_zones", "interface")
"""What no host and no class can have."""
