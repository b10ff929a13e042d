"""Clients: hosts, and classes with their subclasses."""

import re
from collections.abc import Iterator

from pydhcpd.addresses import address_from, address_text, hardware_from, network_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.isc.cases import Block, if_, settle_cases, with_cases
from pydhcpd.migration.configurations.isc.conditions import agent_field
from pydhcpd.migration.configurations.isc.context import BadSyntax, Context, Members, one_word, parsed, texts
from pydhcpd.migration.configurations.isc.expressions import FALSE, TRUE, Node, folded, without_known
from pydhcpd.migration.configurations.isc.membership import IDENTITIES, any_of, condition_of
from pydhcpd.migration.configurations.isc.options import AGENT, octets_by, octets_written
from pydhcpd.migration.configurations.isc.scope import CLASS, HOST, SHARED, SUBNET, Scope
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.policy.arguments import hostname
from pydhcpd.policy.declarations import KNOWN, UNKNOWN

# --- hosts

def host(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """host NAME { ... }"""
    name = one_word(statement, "a name")
    call = Call("host", comments=[*statement.comments])
    inner = Scope(HOST, call, scope, subnets=scope.subnets)
    inner.name = name
    inner.flags["decl"] = True
    block(context, inner, statement)
    if not any(one in call.keywords for one in IDENTITIES):
        context.nothing_within(statement, "nothing that can be said here tells which client it is")
        return
    scope.members.append(inner)
    _name(inner, name)
    for chain in inner.later:
        if_(context, inner, chain, block)
    _order(call)
    context.draft.hosts.append(call)
    if _is_elsewhere(inner):
        context.differs(statement, "hosts; with dhcpd it has the values of this network in other networks too")
    else:
        context.taken(statement, "hosts")


def _is_elsewhere(scope: Scope) -> bool:
    """Whether a host of a subnet may have an address outside of that."""
    network = scope.within(SUBNET) or scope.within(SHARED)
    if network is None:
        return False
    addresses = scope.call.keywords.get("ip")
    inside = [network_from(one) for one in network.subnets]
    return not isinstance(addresses, list) or not all(
        any(address_from(one) & mask == base for base, mask in inside) for one in addresses)


def _order(call: Call) -> None:
    """Who it is first, then its address and its name."""
    first = {name: call.keywords[name] for name in (*IDENTITIES, "ip", "hostname") if name in call.keywords}
    rest = dict(call.keywords)
    call.keywords.clear()
    call.keywords.update({**first, **rest})


def _name(scope: Scope, name: str) -> None:
    """The host's own name: clients are told it where use-host-decl-names is on; else it is for people."""
    keywords = scope.call.keywords
    told = keywords.pop("host_name", None)
    if told is not None:
        scope.flags["told"] = True
        scope.barred |= {"host_name"}
        keywords["hostname" if _is_hostname(told) else "host_name"] = told
        return
    scope.flags["told"] = bool(scope.flag("use-host-decl-names"))
    if _is_hostname(name):
        keywords["hostname"] = name
    elif name not in scope.call.comments:
        scope.call.comments.append(name)


def _is_hostname(name: object) -> bool:
    try:
        hostname(name)
    except InvalidValue:
        return False
    return True


def hardware(context: Context, scope: Scope, statement: Statement) -> None:
    """hardware ethernet ADDRESS; of a host."""
    words = statement.words
    if scope.kind != HOST or len(words) != 2:
        raise BadSyntax(f"{statement.file}:{statement.line}: " + ("hardware TYPE ADDRESS is expected" if len(words) != 2 else
                                                                  "hardware stands in a host"))
    mac = hardware_from(":".join(one.rjust(2, "0") for one in words[1].split(":"))).hex(":")
    is_second = "mac" in scope.call.keywords
    context.put(scope, "mac", mac, statement)
    if is_second:
        context.differs(statement, "mac; the one above it does not count")
    elif words[0].lower() == "ethernet":
        context.taken(statement, "mac")
    else:
        context.differs(statement, "mac, whatever type of hardware it is of")


def fixed_address(context: Context, scope: Scope, statement: Statement) -> None:
    """fixed-address ADDRESS, ...; of a host."""
    words = texts(statement.rest)
    if scope.kind != HOST:
        raise InvalidValue("an address is a host's")
    if not words:
        raise BadSyntax(f"{statement.file}:{statement.line}: an address is expected after fixed-address")
    names = [one for one in words if re.search("[A-Za-z]", one)]
    addresses = [address_text(address_from(one)) for one in words if one not in names]
    if addresses:
        context.put(scope, "ip", addresses, statement)
    asked = f"{escape(', '.join(names))}: a name, which dhcpd asks the DNS for; write its address"
    if not names:
        context.taken(statement, "ip")
    elif addresses:
        context.differs(statement, f"ip, without {asked}")
    else:
        context.none(statement, asked)


def identified(context: Context, scope: Scope, statement: Statement) -> None:
    """host-identifier option NAME VALUE; and uid VALUE; of a host."""
    tokens = statement.rest[1:] if statement.word == "host-identifier" else statement.rest
    if statement.word == "host-identifier" and (len(tokens) < 2 or statement.words[0] != "option"):
        raise BadSyntax(f"{statement.file}:{statement.line}: host-identifier option NAME VALUE is expected")
    if statement.word == "uid":
        field, values = "client_id", tokens
    else:
        field, values = agent_field(tokens[0].text) if tokens[0].text.startswith(f"{AGENT}.") else "", tokens[1:]
        if not field and context.definitions.named(tokens[0].text).code == 61:
            field = "client_id"
    if field not in IDENTITIES:
        raise InvalidValue("a host is known by its hardware address, client identifier, circuit id or remote id")
    context.put(scope, field, octets_written(octets_by((("bytes",), False), values)), statement)
    context.taken(statement, field)


def settle_hosts(context: Context) -> None:
    """Addresses that lie in no subnet, and hosts that are one machine."""
    networks = [network_from(one) for scope in context.top.everything() if scope.kind == SUBNET for one in scope.subnets]
    for call in context.draft.hosts:
        addresses = call.keywords.get("ip")
        if isinstance(addresses, list):
            _within(context, call, addresses, networks)
    _merge(context)
    context.draft.hosts = list(_distinct(context, networks))
    _tell_names(context)


def _within(context: Context, call: Call, addresses: list[str], networks: list[tuple[int, int]]) -> None:
    found: dict[tuple[int, int], str] = {}
    for address in addresses:
        network = next((one for one in networks if address_from(address) & one[1] == one[0]), None)
        if network is None or network in found:
            why = "lies in no subnet" if network is None else "is one more of its subnet"
            context.report.notes.append(f"{address} of the host {_label(call)} {why}, and is left out")
        else:
            found[network] = address
    kept = list(found.values())
    if kept:
        call.keywords["ip"] = kept[0] if len(kept) == 1 else kept
    else:
        del call.keywords["ip"]


def _label(call: Call) -> str:
    return escape(str(call.keywords.get("hostname") or call.keywords.get("mac") or call.keywords.get("client_id")))


def _merge(context: Context) -> None:
    """Hosts with one address are one host with several hardware addresses, with the values of the first."""
    by_address: dict[str, Call] = {}
    kept: list[Call] = []
    for call in context.draft.hosts:
        first = by_address.setdefault(repr(call.keywords["ip"]), call) if "ip" in call.keywords else call
        if first is call or {"mac"} != {name for one in (first, call) for name in IDENTITIES if name in one.keywords}:
            kept.append(call)
            continue
        macs, mac = _listed(first.keywords["mac"]), call.keywords["mac"]
        first.keywords["mac"] = [*macs, mac] if mac not in macs else first.keywords["mac"]
        context.report.notes.append(f"the hosts {_label(first)} and {_label(call)} have one address, and are one host here, "
                                    "with the values of the first")
    context.draft.hosts = kept


def _distinct(context: Context, networks: list[tuple[int, int]]) -> Iterator[Call]:
    """Each address once, and of each machine one host in a network: the first counts."""
    owners: dict[str, Call] = {}
    seen: dict[tuple[str, object], list[Call]] = {}
    for call in context.draft.hosts:
        same = next((one for key in _identities(call) for one in seen.get(key, ()) if _clash(one, call, networks)), None)
        owner = next((owners[one] for one in _addresses(call) if one in owners), None)
        if (first := same or owner) is not None:
            context.report.notes.append(f"the host {_label(call)} has " + ("what names" if same else "an address of") +
                                        f" the host {_label(first)} as well, in one network, and is left out: the first counts")
            continue
        owners.update(dict.fromkeys(_addresses(call), call))
        for key in _identities(call):
            seen.setdefault(key, []).append(call)
        yield call


def _clash(first: Call, second: Call, networks: list[tuple[int, int]]) -> bool:
    """Whether two hosts of one machine are for the same network."""
    bases = [{base for one in _addresses(call) for base, mask in networks if address_from(one) & mask == base}
             for call in (first, second)]
    return not all(bases) or bool(bases[0] & bases[1])


def _addresses(call: Call) -> list[str]:
    return [str(one) for one in _listed(call.keywords.get("ip", []))]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _identities(call: Call) -> list[tuple[str, object]]:
    found = ((name, call.keywords[name]) for name in IDENTITIES if name in call.keywords)
    return [(name, one) for name, value in found for one in _listed(value)]


def _tell_names(context: Context) -> None:
    """Names that clients are not told are for people: where none are told, one line says so for all."""
    hosts = [one for one in context.top.everything() if one.kind == HOST and "hostname" in one.call.keywords]
    silent = [one for one in hosts if not one.flags.get("told")]
    if not silent:
        return
    if any(one.flags.get("names") or one.flags.get("told") for one in context.top.everything()):
        for one in silent:
            name = str(one.call.keywords.pop("hostname"))
            one.call.comments.append(name)
        return
    context.draft.set("never_send", ["host_name"], ["The names of hosts are for people here, as with dhcpd without "
                                                    "use-host-decl-names; without this line clients are told them."])


# --- classes

def class_(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """class "NAME" { match if ...; lease limit N; ... }"""
    name = _class_name(one_word(statement, "a name"))
    if name in context.matched:
        _again(context, context.matched[name][1], statement, block)
        return
    call = Call("client_class", [name], comments=[*statement.comments])
    inner = Scope(CLASS, call, scope)
    scope.members.append(inner)
    members = _members(context, statement, name)
    if members.condition is not None:
        call.arguments.append(members.condition)
    context.draft.classes.append(call)
    context.matched[name] = members, inner
    _limit(context, inner, statement, members)
    block(context, inner, statement)
    if not statement.told:
        context.taken(statement, "classes")


def _again(context: Context, scope: Scope, statement: Statement, block: Block) -> None:
    """More of a class that stands above."""
    scope.call.comments += statement.comments
    for one in statement.body or []:
        if one.word in ("match", "spawn", "lease"):
            context.none(one, "what stands above of this class counts")
    block(context, scope, statement)
    context.taken(statement, "classes, with what stands above of it")


def _class_name(name: str) -> str:
    """A name that a class can have."""
    plain = "".join(one if one.isprintable() else "_" for one in name) or "class"
    return f"{plain} clients" if plain in (KNOWN, UNKNOWN) else plain


def _members(context: Context, statement: Statement, name: str) -> Members:
    members = Members()
    for one in statement.body or []:
        if one.word == "match" and one.words[:1] == ["if"]:
            members = members._replace(condition=_match_if(context, one, name))
        elif one.word in ("match", "spawn"):
            skipped = 1 if one.word == "spawn" and one.words[:1] == ["with"] else 0
            members = members._replace(data=folded(parsed(one, one.rest[skipped:])), spawns=one.word == "spawn")
            context.taken(one, "the condition of its subclasses" if one.word == "match" else "lease_limit_per")
    return members


def _match_if(context: Context, statement: Statement, name: str) -> Code | None:
    asked = folded(parsed(statement, statement.rest[1:]))
    node = without_known(asked)
    if node == TRUE:
        context.taken(statement, "all clients")
        return Code("match(htype=ALL)")
    if node == FALSE:
        context.differs(statement, "dhcpd finds classes before it knows hosts: it never is true, so the class has no members")
        return None
    return condition_of(context, statement, node, name)


def _limit(context: Context, scope: Scope, statement: Statement, members: Members) -> None:
    for one in statement.body or []:
        if one.word != "lease" or one.words[:1] != ["limit"]:
            continue
        limit = int(one.words[1]) if len(one.words) == 2 and one.words[1].isdigit() else 0
        if not limit:
            context.none(one, "no lease for a class is deny=... of the subnets")
            continue
        scope.call.keywords["lease_limit"] = limit
        scope.flags["limited"] = True
        context.taken(one, "lease_limit")
    if members.spawns:
        _spawn(context, scope, statement, members)


def _spawn(context: Context, scope: Scope, statement: Statement, members: Members) -> None:
    node = members.data
    field = None
    if node is not None and node.op == "option":
        name = str(node.args[0])
        field = agent_field(name) if name.startswith(f"{AGENT}.") else context.definitions.named(name).name
    elif node is not None and node.op in ("hardware", "substring") and _is_address(node):
        field = "mac"
    if field is None:
        context.differs(statement, "a class without members: what its leases are counted by is worked out there")
        return
    if len(scope.call.arguments) == 1:
        scope.call.arguments.append(Code(f"match({field}=ALL)"))
    if "lease_limit" in scope.call.keywords:
        scope.call.keywords["lease_limit_per"] = field


def _is_address(node: Node) -> bool:
    """Whether it is the whole hardware address, with its type or without."""
    if node.op == "hardware":
        return True
    inner, first, length = (one if one.op == "hardware" else one.args[0] for one in node.parts)
    return (inner, first, length) == (Node("hardware"), 1, 6)


def subclass(context: Context, _: Scope, statement: Statement, block: Block) -> None:
    """subclass "NAME" VALUE [{ ... }]"""
    if len(statement.rest) < 2:
        raise BadSyntax(f"{statement.file}:{statement.line}: subclass CLASS VALUE is expected")
    name = _class_name(statement.words[0])
    members, outer = context.matched.get(name, (None, None))
    if members is None or outer is None or members.data is None:
        raise InvalidValue(f"the class {escape(name)} does not say what its subclasses match")
    octets = octets_by((("bytes",), False), statement.rest[1:])
    equal = Node("=", (members.data, Node("const", (octets,))))
    if members.data.op == "hardware" and len(octets) == 6:
        raise InvalidValue("the type of hardware is missing before the address, so that dhcpd never finds it")
    condition = condition_of(context, statement, equal, f"{name} {statement.words[1]}")
    if condition is None:
        return
    if statement.body:
        _with_values(context, outer, statement, condition, block)
    else:
        context.joined.setdefault(name, []).append((condition, statement.comments))


def _with_values(context: Context, outer: Scope, statement: Statement, condition: Code, block: Block) -> None:
    """A subclass that says something is a class before its own, of which its members are as well."""
    name = str(outer.call.arguments[0])
    call = Call("client_class", [context.name_for(f"{name} {statement.words[1]}"), condition], comments=[*statement.comments])
    inner = Scope(CLASS, call, outer)
    outer.members.append(inner)
    place = next(at for at, one in enumerate(context.draft.classes) if one is outer.call)
    context.draft.classes.insert(place, call)
    block(context, inner, statement)
    if not (call.keywords or inner.members or inner.space or inner.flags.get("booting") is False):
        context.draft.classes.remove(call)
    context.joined.setdefault(name, []).append((condition, []))


def settle_classes(context: Context) -> None:
    """The subclasses of a class are its members; classes that `if` made stand last."""
    for name, joined in context.joined.items():
        _, scope = context.matched[name]
        scope.call.comments += [one for _, comments in joined for one in comments]
        condition = any_of([one for one, _ in joined])
        former = scope.call.arguments[1:]
        both = f"{former[0]} | {condition}" if former else condition
        scope.call.arguments[1:] = [Code(both)]
        if scope.flags.get("limited") and (per := re.match(r"match\((\w+)=", condition)):
            scope.call.keywords.setdefault("lease_limit_per", per[1])
    settle_cases(context)
    context.draft.classes = with_cases(context)
