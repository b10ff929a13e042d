"""dhcpd.conf into a draft: each statement goes to what knows it, and what depends on the whole file is settled at the end."""

import re
from collections.abc import Callable, Iterator

from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import Draft
from pydhcpd.migration.configurations.isc import cases, clients, dns, networks
from pydhcpd.migration.configurations.isc.context import BadSyntax, Context
from pydhcpd.migration.configurations.isc.grouping import settle_groups
from pydhcpd.migration.configurations.isc.names import NONE
from pydhcpd.migration.configurations.isc.parameters import PARAMETERS
from pydhcpd.migration.configurations.isc.scope import CLASS, GROUP, HOST, Scope
from pydhcpd.migration.configurations.isc.spaces import settle_spaces
from pydhcpd.migration.configurations.isc.tree import Statement, tree_of, walk
from pydhcpd.migration.configurations.report import Report

BEGINS = re.compile(
    r"(?m)^\s*((subnet|shared-network|group|host|class|subclass|pool|zone|key|if)\b[^;{}#]*\{|(option|include|authoritative"
    r"|allow|deny|ignore|default-lease-time|max-lease-time|ddns-update-style|log-facility|filename|next-server)\b[^;{}#]*;)")
"""Statements that end in a semicolon, and blocks."""
NOTES = (
    "both servers send options to who asks for them (option 55), and all to who asks for none; here the boot file is in option "
    "67 too, and the address of the boot server in option 66, for who asks for them; machines that boot get their UUID back "
    "(option 97), and iPXE is told that no boot server need be waited for (option 175)",
    "what stands in option 43 by its own options ends with 255 here (RFC 2132 8.4)",
    "dhcpd serves BOOTP clients that have a fixed address; bootp = True serves them here, from the pools as well",
    "where dhcpd has defaults of its own (lease times of 12 hours, 24 at most; a ping before an offer), the new file says them",
    "leases are taken over by: pydhcpd -import /var/lib/dhcp/dhcpd.leases")
WANTS = '''def wants(request, code):
    """Whether a client asks for an option, or for none in particular."""
    listed = request.parameter_request_list
    return not listed or code in listed'''
ALONE = {"host": clients.host, "class": clients.class_, "subclass": clients.subclass, "group": networks.group,
         "pool": networks.pool, "subnet": networks.subnet, "shared-network": networks.shared_network}
"""What has a block."""
PLAIN: dict[str, Callable[[Context, Scope, Statement], None]] = {
    **PARAMETERS, "range": networks.range_of, "interface": networks.interface, **dict.fromkeys(
        ("allow", "deny", "ignore"), networks.permission),
    "boot-unknown-clients": networks.boot_unknown,
    "hardware": clients.hardware, "fixed-address": clients.fixed_address, "host-identifier": clients.identified,
    "uid": clients.identified, "key": dns.key, "zone": dns.zone, "ddns-update-style": dns.style, "ddns-updates": dns.updates,
    "ddns-domainname": dns.domain, "ddns-ttl": dns.ttl}


def convert_isc(name: str, text: str, report: Report, read: Callable[[str], str]) -> Draft:
    """The draft of a dhcpd.conf; what became of each statement is told to the report. Raises InvalidValue for bad syntax."""
    tree = tree_of(name, text, read)
    report.notes += NOTES
    context = Context(name, report)
    context.draft.head += tree.head
    context.names |= {one.words[0] for one in walk(tree.statements) if one.word == "class" and one.rest}
    everything = list(walk(tree.statements))
    context.networks, context.hosts = (sum(one.word == word for one in everything) for word in ("subnet", "host"))
    context.places = {id(one): place for place, one in enumerate(everything, 1)}
    _statements(context, context.top, tree.statements)
    context.draft.tail += tree.tail
    _settle(context)
    for statement in walk(tree.statements):
        if not statement.told:
            context.none(statement, "not understood, nothing of it was taken over")
    return context.draft


def _block(context: Context, scope: Scope, statement: Statement) -> None:
    """What stands between the braces of a statement."""
    if statement.body is None:
        raise BadSyntax(f"{statement.file}:{statement.line}: {{ is expected after {statement.text}")
    statement.comments = []
    _statements(context, scope, statement.body)
    scope.call.comments += statement.tail


def _statements(context: Context, scope: Scope, statements: list[Statement]) -> None:
    for chain in _chains(statements):
        if chain[0].word == "if":
            _if(context, scope, chain)
            continue
        try:
            _take(context, scope, chain[0])
        except BadSyntax:
            raise
        except InvalidValue as error:
            context.nothing_within(chain[0], str(error))


def _if(context: Context, scope: Scope, chain: list[Statement]) -> None:
    """That of a host or a group waits until it is known which hosts these are."""
    if scope.kind in (HOST, GROUP):
        scope.later.append(chain)
    else:
        cases.if_(context, scope, chain, _block)


def _chains(statements: list[Statement]) -> Iterator[list[Statement]]:
    """An `if` with what follows of it; each other statement alone."""
    chain: list[Statement] = []
    for one in statements:
        if one.word in ("elsif", "else", "elseif"):
            if not chain or chain[0].word != "if":
                raise BadSyntax(f"{one.file}:{one.line}: if is expected before {one.word}")
            chain.append(one)
            continue
        if chain:
            yield chain
        chain = [one]
    if chain:
        yield chain


def _take(context: Context, scope: Scope, statement: Statement) -> None:
    word = statement.word
    if word in ALONE:
        ALONE[word](context, scope, statement, _block)
    elif word in PLAIN:
        PLAIN[word](context, scope, statement)
    elif word == "include":
        context.taken(statement, "what it says follows")
    elif word in ("match", "spawn", "lease") and scope.kind == CLASS:
        pass
    elif word in NONE:
        context.nothing_within(statement, NONE[word])
    elif word.startswith("ldap"):
        context.nothing_within(statement, NONE["ldap-server"])


def _settle(context: Context) -> None:
    """What depends on the whole file."""
    draft = context.draft
    settle_spaces(context)
    for scope in context.top.everything():
        scope.settle_times()
    draft.settings.keywords.setdefault("probe_before_offer", True)
    networks.settle_networks(context)
    clients.settle_hosts(context)
    clients.settle_classes(context)
    settle_groups(context)
    dns.settle_zones(context)
    _drop_helpers(draft)
    draft.option_definitions += context.definitions.calls
    if context.finishing:
        wants = f"{WANTS}\n\n\n" if any("wants(" in one for one in context.finishing) else ""
        draft.functions.append(f"{wants}def finish(request, reply):\n" + "\n".join(context.finishing))
    draft.tidy()


def _drop_helpers(draft: Draft) -> None:
    """Functions that nothing names any more."""
    named = " ".join(str(argument) for one in draft.classes for argument in one.arguments[1:])
    for one in reversed(draft.helpers[:]):
        name = one.partition("(")[0].removeprefix("def ")
        if re.search(rf"\b{name}\b", named):
            named += one.partition("return")[2]
        else:
            draft.helpers.remove(one)
