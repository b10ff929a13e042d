"""Statements that may stand in any scope: options, boot fields, times of a lease, switches."""

from collections.abc import Callable

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.isc.context import BadSyntax, Context, one_word, parsed, texts
from pydhcpd.migration.configurations.isc.expressions import Node, folded
from pydhcpd.migration.configurations.isc.functions import NotPython
from pydhcpd.migration.configurations.isc.lexer import Token
from pydhcpd.migration.configurations.isc.options import (
    DHCP,
    Known,
    octets_by,
    octets_written,
    shape_from,
    value_from,
)
from pydhcpd.migration.configurations.isc.scope import (
    CASE,
    CLASS,
    GLOBAL,
    GROUP,
    HOST,
    OURS,
    POOL,
    SHARED,
    SUBNET,
    TIMES,
    Scope,
)
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.migration.configurations.values import FLAGS, boot_file, int_from
from pydhcpd.wire.options import name_of
from pydhcpd.wire.packet import SNAME_SIZE

SUBNET_MASK, HOST_NAME, LEASE_TIME, SERVER, LIST, MESSAGE, BOOT_FILE, CLIENT_ID, ROUTES = 1, 12, 51, 54, 55, 56, 67, 61, 121
OWN = {50: "", LEASE_TIME: "default-lease-time says it, here ip_address_lease_time", 52: "", 53: "", 57: "", 82: "",
       SERVER: "it is the address of the interface by which the client is reached", MESSAGE: "the server writes it"}
WIDE = (GLOBAL, SHARED, SUBNET)
INFINITE = 0xFFFFFFFF
FARTHEST = 0x7FFFFFFF  # seconds that dhcpd can count


def option(context: Context, scope: Scope, statement: Statement) -> None:
    """option NAME VALUES; option NAME = EXPRESSION; option NAME code N = SHAPE; option space NAME."""
    tokens = statement.rest
    if len(tokens) < 2:
        raise BadSyntax(f"{statement.file}:{statement.line}: the name of an option and its value are expected")
    if tokens[0].text == "space":
        _space(context, statement)
    elif tokens[1].text == "code" and len(tokens) > 2:
        _definition(context, scope, statement)
    else:
        _value(context, scope, statement, tokens[0].text, tokens[1:])


def _space(context: Context, statement: Statement) -> None:
    words = statement.words
    name, more = words[1], dict(zip(words[2::3], words[4::3], strict=False))
    if words[2:] and more.get("code", "1") != "1":
        context.none(statement, "options of such a space have codes of more than one octet, which option 43 has not")
        return
    context.definitions.spaces.setdefault(name, None)
    context.taken(statement, "options within another, which option_definitions names")


def _definition(context: Context, scope: Scope, statement: Statement) -> None:
    tokens = statement.rest
    name, said = tokens[0].text, texts(tokens[1:])
    if "=" not in said or not said[1].isdigit():
        raise BadSyntax(f"{statement.file}:{statement.line}: option NAME code NUMBER = SHAPE is expected")
    code, shape = int(said[1]), [one for one in tokens[[one.text for one in tokens].index("=") + 1:] if one.text != ","]
    if shape and shape[0].text == "encapsulate":
        _encapsulate(context, scope, statement, name, code, shape[-1].text)
        return
    space = name.rpartition(".")[0]
    if space and space not in context.definitions.spaces:
        context.none(statement, f"the options of {space} cannot be defined here")
        return
    known = context.definitions.add(name, code, shape_from(shape))
    context.taken(statement, f"{known.name}, which is known" if not space and known.name == name_of(code)
                  and not known.name.startswith("option_") else f"option_definitions: {known.name}")


def _encapsulate(context: Context, scope: Scope, statement: Statement, name: str, code: int, space: str) -> None:
    if name.startswith("vivso."):
        context.definitions.spaces[space] = ("vendor_identifying", code)
        scope.flags[f"space {space}"] = True
        context.taken(statement, f"option_definitions: those of {space} are inside option 125 of enterprise {code}")
    elif "." not in name and code == 43:
        scope.space = space
        context.taken(statement, f"option_definitions: those of {space} are inside vendor_specific_information")
    else:
        context.none(statement, "options have others inside in 43 and 125 alone")


def _value(context: Context, scope: Scope, statement: Statement, name: str, tokens: list[Token]) -> None:
    if name.startswith("agent."):
        context.none(statement, "what a relay agent said is returned to it as it is")
        return
    known = context.definitions.named(name)
    if tokens[0].is_sign("="):
        _expression(context, scope, statement, known, folded(parsed(statement, tokens[1:])))
    elif known.code == LIST and known.space == DHCP:
        _always(context, scope, statement, [int_from(one) for one in texts(tokens)])
    else:
        try:
            octets = octets_by(known.shape, tokens)
        except InvalidValue as error:
            if str(error).startswith("a semicolon"):
                raise BadSyntax(f"{statement.file}:{statement.line}: {error}") from None
            raise
        _set(context, scope, statement, known, octets)


def _always(context: Context, scope: Scope, statement: Statement, codes: list[int], *, is_all: bool = True) -> None:
    names = [name_of(code) for code in codes if code not in OWN and code not in (58, 59, LIST)]
    context.put(scope, "always_send", names, statement)
    if is_all:
        context.differs(statement, "always_send; what the client asks for is sent as well")
    else:
        context.taken(statement, "always_send")


def _expression(context: Context, scope: Scope, statement: Statement, known: Known, node: Node) -> None:
    if known.code == LIST and known.space == DHCP:
        asked = node.op == "concat" and node.parts[0] == Node("option", ("dhcp-parameter-request-list",))
        rest = folded(Node("concat", node.parts[1:])) if asked else node
        rest = rest.parts[0] if rest.op == "concat" and len(rest.parts) == 1 else rest
        if rest.op != "const":
            raise InvalidValue("which options are always sent is worked out there")
        octets = rest.args[0]
        assert isinstance(octets, bytes)
        _always(context, scope, statement, list(octets), is_all=not asked)
    elif node.op == "const":
        octets = node.args[0]
        assert isinstance(octets, bytes)
        _set(context, scope, statement, known, octets)
    else:
        _worked_out(context, scope, statement, f'reply.options["option_{known.code}"]', known, node)


def _worked_out(context: Context, scope: Scope, statement: Statement, target: str, known: Known, node: Node) -> None:
    """A value that follows from the request: in finish()."""
    if known.space != DHCP or known.code in OWN or known.code in (SUBNET_MASK, CLIENT_ID):
        raise InvalidValue("such an option cannot be worked out for each client")
    try:
        data = context.functions.data(node)
    except NotPython as reason:
        raise InvalidValue(f"{reason}; write it into finish(request, reply)") from None
    is_field = target == "reply.boot_file_name"
    asked = "" if is_field else f"wants(request, {known.code}) and "
    if _gives_way(scope, "boot_file_name" if is_field else known.name):  # what is nearer has been set already
        asked += "not reply.boot_file_name and " if is_field else f'"{known.name}" not in reply.options and '
    scope.places["boot_file_name" if is_field else known.name] = context.places[id(statement)]
    context.finishing.append(f"    if {_for_whom(scope)}{asked}(value := {data}):\n        {target} = value"
                             + ".decode()" * is_field)
    context.taken(statement, "a line of finish()")


def _gives_way(scope: Scope, name: str) -> bool:
    """Whether what is nearer wins over what stands in a scope. Raises InvalidValue where what is further would as well."""
    block = scope.block
    if block.kind not in (GLOBAL, SHARED) and (block is scope or block.kind != SUBNET):
        return False
    if any(name in one.call.keywords for one in scope.chain()):
        raise InvalidValue("it is worked out in place of what stands above it; write it into finish(request, reply)")
    return True


def _for_whom(scope: Scope) -> str:
    """What must hold for the value of a scope."""
    if scope.kind == GLOBAL:
        return ""
    if scope.kind == SUBNET:
        return f'request.subnet == "{scope.subnets[0]}" and '
    if scope.kind in (CLASS, CASE):
        scope.flags["named"] = True
        return f'"{scope.call.arguments[0]}" in request.classes and '
    raise InvalidValue("what is worked out for each client is so for all, a subnet, a class or an if alone")


def _set(context: Context, scope: Scope, statement: Statement, known: Known, octets: bytes) -> None:
    if known.space != DHCP:
        scope.inside.append((known, value_from(known, octets)[1], statement))
        return
    special = _SPECIAL.get(known.code)
    if known.code in OWN:
        context.none(statement, OWN[known.code] or "it is the protocol's own")
    elif special is None or not special(context, scope, statement, octets):
        name, value = value_from(known, octets)
        context.put(scope, name, value, statement)
        context.taken(statement, name)


def _mask(context: Context, scope: Scope, statement: Statement, octets: bytes) -> bool:
    masks = {one.partition("/")[2] for one in scope.subnets}
    if len(octets) != 4:
        raise InvalidValue("a mask has four octets")
    wanted = str(32 - (0xFFFFFFFF - int.from_bytes(octets, "big")).bit_length())
    if masks <= {wanted} and (masks or scope.kind == GLOBAL):
        context.taken(statement, "it follows from the network")
    else:
        context.differs(statement, "the mask that clients are told is that of their network")
    return True


def _host_name(_: Context, scope: Scope, __: Statement, ___: bytes) -> bool:
    scope.flags["names"] = True
    return False


def _client_id(context: Context, scope: Scope, statement: Statement, octets: bytes) -> bool:
    if scope.kind == HOST:
        context.put(scope, "client_id", octets_written(octets), statement)
        context.taken(statement, "client_id")
    else:
        context.none(statement, "it is the client's own, and is returned to it")
    return True


def _routes(context: Context, scope: Scope, statement: Statement, octets: bytes) -> bool:
    """Windows asks for 249, which ours fills from 121."""
    name, value = value_from(context.definitions.named("unknown-121"), octets)
    context.put(scope, name, value, statement)
    context.differs(statement, f"{name}; clients that ask for 249 get it as that as well, where nothing else is set there")
    return True


def _boot_file(context: Context, scope: Scope, statement: Statement, octets: bytes) -> bool:
    if "boot_file_name" in scope.call.keywords:
        context.differs(statement, "filename is in option 67 as well")
        return True
    context.put(scope, "boot_file_name", boot_file(octets.decode("utf-8", "backslashreplace")), statement)
    context.differs(statement, "boot_file_name, which is in the field file as well")
    return True


_SPECIAL: dict[int, Callable[[Context, Scope, Statement, bytes], bool]] = {
    SUBNET_MASK: _mask, HOST_NAME: _host_name, CLIENT_ID: _client_id, ROUTES: _routes, BOOT_FILE: _boot_file}


# --- the boot fields

def filename(context: Context, scope: Scope, statement: Statement) -> None:
    """filename "FILE"; filename = EXPRESSION;"""
    if statement.rest and statement.rest[0].is_sign("="):
        node = folded(parsed(statement, statement.rest[1:]))
        if node.op != "const":
            _worked_out(context, scope, statement, "reply.boot_file_name", context.definitions.named("bootfile-name"), node)
            return
        octets = node.args[0]
        assert isinstance(octets, bytes)
        name = octets.decode("utf-8", "backslashreplace")
    else:
        name = one_word(statement, "a name in quotation marks")
    context.put(scope, "boot_file_name", boot_file(name) or None, statement)
    context.taken(statement, "boot_file_name, which is in option 67 as well for who asks for it")


def next_server(context: Context, scope: Scope, statement: Statement) -> None:
    """next-server ADDRESS;"""
    word = one_word(statement, "an address")
    context.put(scope, "next_server", _address(word), statement)
    context.taken(statement, "next_server")


def _address(word: str) -> str:
    try:
        return address_text(address_from(word))
    except InvalidValue:
        raise InvalidValue(f"{escape(word)} is a name, which dhcpd asks the DNS for; write its address") from None


def server_name(context: Context, scope: Scope, statement: Statement) -> None:
    """server-name "NAME";"""
    name = one_word(statement, "a name in quotation marks")
    if len(name.encode()) >= SNAME_SIZE:
        raise InvalidValue("it is too long for the field sname")
    context.put(scope, "server_name", name, statement)
    context.taken(statement, "server_name")


# --- times and switches

def lease_time(context: Context, scope: Scope, statement: Statement) -> None:
    """default-lease-time SECONDS; and its kin."""
    word = one_word(statement, "a number of seconds")
    number = INFINITE if word in ("infinite", "-1") else int_from(word)
    scope.times[statement.word] = min(max(number, 1), INFINITE)
    if scope.kind == GLOBAL:
        context.draft.setting_comments.setdefault(OURS[statement.word], []).extend(statement.comments)
    else:
        scope.call.comments += statement.comments
    if number >= FARTHEST:
        context.differs(statement, f"{OURS[statement.word]}, as long as it says; dhcpd cuts it off in 2038")
    else:
        context.taken(statement, OURS[statement.word])


def switch(statement: Statement) -> bool:
    """Whether something is on: NAME on; NAME true; NAME; alone."""
    if not statement.rest:
        return True
    word = one_word(statement, "on or off").lower()
    if word not in FLAGS:
        raise InvalidValue(f"{escape(word)} is neither on nor off")
    return FLAGS[word]


def setting(name: str, kinds: tuple[str, ...]) -> Callable[[Context, Scope, Statement], None]:
    """A switch that is a setting of ours, in these scopes."""
    def take(context: Context, scope: Scope, statement: Statement) -> None:
        value = switch(statement)
        if scope.kind not in kinds:
            raise InvalidValue(f"{name} is set for a network or for all alone")
        context.put(scope, name, value, statement)
        context.taken(statement, name)
    return take


def use_names(context: Context, scope: Scope, statement: Statement) -> None:
    """use-host-decl-names on; is of the hosts within."""
    scope.flags["use-host-decl-names"] = switch(statement)
    context.taken(statement, "hostname of each host")


def negated(context: Context, scope: Scope, statement: Statement) -> None:
    """not authoritative;"""
    if statement.words != ["authoritative"]:
        raise BadSyntax(f"{statement.file}:{statement.line}: authoritative is expected after not")
    context.put(scope, "authoritative", False, statement)
    context.taken(statement, "authoritative")


def ping_timeout(context: Context, _: Scope, statement: Statement) -> None:
    """ping-timeout SECONDS; ping-timeout-ms MILLISECONDS;"""
    number = int_from(one_word(statement, "a number"))
    wait: float = number / 1000 if statement.word.endswith("ms") else number
    if wait:
        context.put(context.top, "probe_wait", int(wait) if wait == int(wait) else wait, statement)
    context.taken(statement, "probe_wait")


def vendor_space(context: Context, scope: Scope, statement: Statement) -> None:
    """vendor-option-space NAME;"""
    scope.space = one_word(statement, "the name of an option space")
    context.taken(statement, "the options of that space are sent in vendor_specific_information")


def one_lease(context: Context, _: Scope, statement: Statement) -> None:
    """one-lease-per-client on;"""
    words = "a client has one lease in a network; one that it has in another stays until it ends"
    (context.differs if switch(statement) else context.taken)(statement, words)


ANYWHERE = (GLOBAL, SHARED, SUBNET, POOL, GROUP, CLASS, HOST, "case")
PARAMETERS: dict[str, Callable[[Context, Scope, Statement], None]] = {
    "option": option, "filename": filename, "next-server": next_server, "server-name": server_name,
    **dict.fromkeys(TIMES, lease_time), "authoritative": setting("authoritative", (*WIDE, GROUP)), "not": negated,
    "ping-check": setting("probe_before_offer", ANYWHERE), "ping-timeout": ping_timeout, "ping-timeout-ms": ping_timeout,
    "stash-agent-options": setting("remember_relay_information", (GLOBAL,)),
    "ignore-client-uids": setting("one_address_per_machine", (*WIDE, GROUP)), "use-host-decl-names": use_names,
    "vendor-option-space": vendor_space,
    "one-lease-per-client": one_lease}
