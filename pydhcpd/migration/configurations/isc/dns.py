"""How the DNS is told: key, zone, and the statements that begin with ddns-."""

import os
from ipaddress import ip_address

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Code, seconds
from pydhcpd.migration.configurations.isc.context import BadSyntax, Context, one_word, texts
from pydhcpd.migration.configurations.isc.parameters import switch
from pydhcpd.migration.configurations.isc.scope import GLOBAL, GROUP, SHARED, SUBNET, Scope
from pydhcpd.migration.configurations.isc.tree import Statement
from pydhcpd.migration.configurations.values import int_from

STYLE = "ddns-update-style"


def key(context: Context, _: Scope, statement: Statement) -> None:
    """key NAME { algorithm NAME; secret VALUE; }"""
    if statement.body is None:
        raise BadSyntax(f"{statement.file}:{statement.line}: {{ is expected after the name of a key")
    name = one_word(statement, "a name").rstrip(".")
    said = {one.word: "".join(one.words) for one in statement.body}
    if "secret" not in said:
        context.nothing_within(statement, "it has no secret")
        return
    call = Call("tsig", [name, said.get("algorithm", "hmac-md5").lower().rstrip(".").removesuffix(".sig-alg.reg.int")],
                {"secret": said["secret"]})
    own_file = statement.file != context.file
    if own_file:
        call.keywords = {"file": os.path.abspath(statement.file)}  # noqa: PTH100
    context.keys[name] = call
    for one in statement.body:
        context.taken(one, "tsig(...)")
    if own_file:
        context.taken(statement, "tsig(...), where a zone names it")
    else:
        context.differs(statement, "tsig(...), where a zone names it; the new file holds a secret then: let nobody else read "
                                   "it, or write file=... in place of secret=...")


def zone(context: Context, _: Scope, statement: Statement) -> None:
    """zone NAME { primary ADDRESS; key NAME; }"""
    if statement.body is None:
        raise BadSyntax(f"{statement.file}:{statement.line}: {{ is expected after the name of a zone")
    servers, key_name = _zone_statements(context, statement)
    if not servers:
        context.none(statement, "it says no address of a server (primary)")
        return
    name = one_word(statement, "a name").rstrip(".")
    call = Call("dns_zone", [name], {"server": servers if len(servers) > 1 else servers[0]}, [*statement.comments])
    statement.comments = []
    context.zones.append((call, key_name, statement))


def _zone_statements(context: Context, statement: Statement) -> tuple[list[str], str]:
    servers: list[str] = []
    key_name = ""
    for one in statement.body or []:
        if one.word in ("primary", "secondary", "primary6", "secondary6"):
            _servers(context, one, servers)
        elif one.word == "key":
            key_name = one_word(one, "a name").rstrip(".")
            context.taken(one, "key")
        else:
            context.none(one, "it is not known here")
    return servers, key_name


def _servers(context: Context, statement: Statement, servers: list[str]) -> None:
    """The addresses of a statement; a name is told."""
    words = texts(statement.rest)
    addresses = [one for one in words if _is_address(one)]
    servers += addresses
    if addresses == words:
        context.taken(statement, "server")
    else:
        context.none(statement, f"{escape(', '.join(one for one in words if one not in addresses))}: a name, which dhcpd asks "
                                "the DNS for; write its address")


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def style(context: Context, _: Scope, statement: Statement) -> None:
    """ddns-update-style standard;"""
    word = one_word(statement, "none, standard or interim")
    context.top.flags[STYLE] = word != "none"
    if word == "interim":
        context.differs(statement, "dns_zones, with the records of the standards (DHCID in place of TXT)")
    else:
        context.taken(statement, "dns_zones, or none of them")


def updates(context: Context, scope: Scope, statement: Statement) -> None:
    """ddns-updates off;"""
    value = switch(statement)
    if not value and scope.kind in (SUBNET, SHARED):
        context.put(scope, "dns_zones", None, statement)
    elif not value and scope.kind == GLOBAL:
        context.top.flags[STYLE] = False
    elif not value:
        raise InvalidValue("the DNS is told for a network or for none alone")
    context.taken(statement, "dns_zones")


def domain(context: Context, scope: Scope, statement: Statement) -> None:
    """ddns-domainname NAME;"""
    name = one_word(statement, "a name").rstrip(".")
    if scope.kind == GROUP or not name:
        raise InvalidValue("a domain for the DNS is that of a network, a class or a host")
    context.put(scope, "dns_name", Code(f'"{{hostname}}.{name}."'), statement)
    context.taken(statement, "dns_name")


def ttl(context: Context, scope: Scope, statement: Statement) -> None:
    """ddns-ttl SECONDS;"""
    if scope.kind != GLOBAL:
        raise InvalidValue("ttl is that of a zone")
    scope.times["ddns-ttl"] = int_from(one_word(statement, "a number of seconds"))
    context.taken(statement, "ttl of each zone")


def settle_zones(context: Context) -> None:
    """The zones with their keys, where the DNS is told at all."""
    is_told = context.top.flags.get(STYLE, False)
    for call, key_name, statement in context.zones:
        if not is_told:
            context.none(statement, f"{STYLE} is none, so that dhcpd tells no DNS")
        elif key_name and key_name not in context.keys:
            context.none(statement, f"there is no key {key_name}")
        else:
            if key_name:
                call.keywords["key"] = context.keys[key_name]
            if "ddns-ttl" in context.top.times:
                call.keywords["ttl"] = seconds(context.top.times["ddns-ttl"])
            context.taken(statement, "dns_zones")
    if told := [one for one, key_name, _ in context.zones if is_told and (not key_name or key_name in context.keys)]:
        context.draft.set("dns_zones", told)
