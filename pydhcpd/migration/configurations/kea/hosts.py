"""Kea's `reservations`: hosts of ours."""

from string import hexdigits

from pydhcpd.addresses import address_from, address_text, hardware_from
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.kea.classes import Classes
from pydhcpd.migration.configurations.kea.expressions import Expression, parse_value
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.scopes import Scopes
from pydhcpd.migration.configurations.kea.values import octets_of
from pydhcpd.migration.configurations.layout import value_text
from pydhcpd.policy.arguments import hostname

IDENTIFIERS = ("hw-address", "duid", "circuit-id", "client-id", "flex-id")
USUAL = IDENTIFIERS[:4]
FIELDS = {Expression("relay", (1,)): "circuit_id", Expression("relay", (2,)): "remote_id",
          Expression("relay", (6,)): "subscriber_id", Expression("option", (61,)): "client_id",
          Expression("packet", ("mac",)): "mac"}
INDENT = 4
FLEXIBLE = '''
by_identifier = {{
{hosts}}}


def identify(request):
    """Hosts that are known by what is made of a request."""
    return by_identifier.get({value})
'''
IDENTIFY = '''
by_duid = {client_id: one for one in hosts for client_id in one.client_ids}


def identify(request):
    """Hosts that are known by a DUID: it stands behind the first five octets of such a client identifier (RFC 4361)."""
    identifier = request.client_id or b""
    return by_duid.get(identifier[5:]) if identifier[:1] == b"\\xff" else None
'''


class Hosts:
    """Takes reservations over. `identifiers` are those that Kea looks for."""

    def __init__(self, scopes: Scopes, classes: Classes) -> None:
        self._scopes, self._classes, self._teller = scopes, classes, scopes.teller
        self._identifiers: tuple[str, ...] = USUAL
        self._flexible: str | None = None  # the field that flex-id is
        self._has_duid = False
        self._computed: Expression | None = None  # what flex-id is where it is no field
        self._by_value: dict[bytes, Call] = {}  # hosts that are looked for by that

    def identifiers(self, node: Node) -> None:
        """`host-reservation-identifiers`."""
        self._identifiers = tuple(one.text for one in node.items)
        self._teller.differs(node, "hosts are looked for by client identifier, hardware address, UUID, then by the relay")

    def flexible(self, expression: Node) -> str:
        """The field that flex_id makes a host's identifier of. Raises InvalidValue where it is none."""
        parsed = parse_value(expression.text)
        self._flexible = FIELDS.get(parsed)
        if self._flexible is None:
            self._classes.conditions.octets(parsed)  # which refuses what cannot be said
            self._computed = parsed
            self._teller.taken(expression, "identify(), a function")
            return ""
        self._teller.taken(expression, f"{self._flexible} of host(...)")
        return self._flexible

    def take(self, node: Node) -> None:
        """A list of reservations."""
        for one in node.items:
            try:
                self._take(one)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "hosts")

    def leave(self, node: Node, words: str) -> None:
        """A list that Kea does not use."""
        if node.items:
            self._teller.none(node, words)
        else:
            self._teller.taken(node, "it is empty")

    def _take(self, node: Node) -> None:
        kind = next((name for name in IDENTIFIERS if node.get(name) is not None), None)
        if kind is None:
            raise InvalidValue("it has no identifier")
        if kind not in self._identifiers:
            raise InvalidValue(f"{kind} is not among host-reservation-identifiers, so that Kea does not look for it")
        call = Call("host")
        identifier = node.members[kind]
        self._identify(kind, identifier, call)
        takers = {kind: lambda _: None, "ip-address": lambda one: self._address(one, call),
                  "hostname": lambda one: self._name(one, call),
                  "client-classes": lambda one: self._join(one, call)}
        self._scopes.take(node, call, takers)
        if kind == "flex-id" and self._computed is not None:
            self._by_value[octets_of(identifier.text)] = call
        else:
            self._scopes.draft.hosts.append(call)

    def _identify(self, kind: str, node: Node, call: Call) -> None:
        if kind == "hw-address":
            plain = len(node.text) > 2 and all(one in hexdigits for one in node.text)
            call.keywords["mac"] = (octets_of(node.text) if plain else hardware_from(node.text)).hex(":")
        elif kind == "flex-id":
            if self._computed is not None:
                self._teller.taken(node, "identify(), a function, finds it")
                return
            if self._flexible is None:
                raise InvalidValue("flex-id has no field here; identify(request) may compute a host")
            octets = octets_of(node.text)
            call.keywords[self._flexible] = octets.hex(":") if self._flexible == "mac" else octets
        elif kind == "circuit-id":
            call.keywords["circuit_id"] = octets_of(node.text)
        else:
            call.keywords["client_id"] = octets_of(node.text).hex(":")
            self._has_duid |= kind == "duid"
        self._teller.taken(node, "identify(), a function, finds it" if kind == "duid" else next(iter(call.keywords)))

    def _address(self, node: Node, call: Call) -> None:
        if address_from(node.text):
            call.keywords["ip"] = address_text(address_from(node.text))
        self._teller.taken(node, "ip")

    def _name(self, node: Node, call: Call) -> None:
        if node.text:
            call.keywords["hostname"] = hostname(node.text.rstrip("."))
        self._teller.taken(node, "hostname")

    def _join(self, node: Node, call: Call) -> None:
        names = self._classes.joined(node)
        if names:
            call.keywords["classes"] = names
        self._teller.taken(node, "classes")

    def end(self) -> None:
        """What follows when all is known."""
        if self._has_duid:
            self._scopes.draft.functions.append(IDENTIFY)
        if self._by_value and self._computed is not None:
            self._compute(self._computed)

    def _compute(self, identifier: Expression) -> None:
        """The function that finds hosts by what is made of a request. There may be but one identify()."""
        if self._has_duid:
            self._teller.note("hosts by flex-id are left out, for identify() finds those by a DUID: join the two by hand")
            return
        hosts = "".join(f"    {value_text(key)}: {value_text(call, INDENT)},\n" for key, call in self._by_value.items())
        self._scopes.draft.functions.append(FLEXIBLE.format(hosts=hosts, value=self._classes.conditions.octets(identifier)))
