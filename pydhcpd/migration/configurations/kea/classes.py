"""Kea's `client-classes`, and the names of classes where pools and subnets ask for them.

Owns what becomes of a test: a condition, the function accept() for DROP, or classify() for a class that follows from one that a
host has. Classes that are evaluated on demand hold in the subnets that demand them.
"""

from collections.abc import Iterable

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import PLACES, Call, Code, calls_in
from pydhcpd.migration.configurations.kea.conditions import (
    BUILT_IN,
    VENDOR_PREFIX,
    Conditions,
    members_of,
    narrowed,
    negated,
    vendor_class,
)
from pydhcpd.migration.configurations.kea.expressions import Expression, parse, parse_value
from pydhcpd.migration.configurations.kea.names import identifier
from pydhcpd.migration.configurations.kea.options import Entry
from pydhcpd.migration.configurations.kea.precedence import places_of
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.scopes import Scopes
from pydhcpd.migration.configurations.layout import value_text

DROP, KNOWN = "DROP", {"KNOWN": "known", "UNKNOWN": "unknown"}
ON_DEMAND = ("only-if-required", "only-in-additional-list")
SPAWN, SKIP_DDNS = "SPAWN_", "SKIP_DDNS"
ELSEWHERE = {"offer-lifetime": "an offer is held for offer_hold_time, which is that of a network",
             "rate-limit": "maximum_per_client is for rates"}
LIMITS, ADDRESSES = "limits", "address-limit"


class Classes:
    """Takes classes over, and knows them by name."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes, self._draft, self._teller = scopes, scopes.draft, scopes.teller
        self._tests: dict[str, Expression | None] = {}
        self._names: dict[str, str] = {}  # of conditions, by class
        self._calls: dict[str, Call] = {}
        self._demanded: dict[str, list[str]] = {}  # subnets that demand a class
        self._in_pools: list[tuple[str, Call, Call, Node]] = []  # classes that a pool of a subnet demands, and where
        self._on_demand: dict[str, Node] = {}
        self._tested: dict[str, str] = {}  # the conditions of classes as they are without a demand
        self._templates: dict[str, Expression] = {}  # what classes are made of for each value
        self._late: list[tuple[str, str]] = []  # classes of classify(), with what is asked
        self._conditions = Conditions(scopes.options, self._tests, self._names)

    @property
    def conditions(self) -> Conditions:
        """What makes conditions of tests."""
        return self._conditions

    def take(self, node: Node) -> None:
        """The list of classes. Their tests are read first, for one may ask for another."""
        asked: set[str] = set()
        items = [one for one in node.items if isinstance(one.value, dict)]
        for one in items:
            name, test = one.get("name"), one.get("test")
            self._read_template(name, one.get("template-test"))
            if name is not None and name.text not in self._tests:
                self._tests[name.text] = self._parsed(test)
                asked |= members_of(self._tests[name.text] or Expression("none"))
        for one in items:
            try:
                self._take(one, asked)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "classes, the earlier one first")

    def _read_template(self, name: Node | None, template: Node | None) -> None:
        if name is None or template is None:
            return
        try:
            self._templates[name.text] = parse_value(template.text)
        except InvalidValue as error:
            self._teller.none(template, str(error))

    def _parsed(self, test: Node | None) -> Expression | None:
        if test is None or not test.text.strip():
            return None
        try:
            parsed = parse(test.text)
            self._check(parsed)
            return parsed
        except InvalidValue as error:
            self._teller.none(test, str(error))
            return None

    def _check(self, test: Expression) -> None:
        """Raise InvalidValue where it asks for a class that is not defined above it, as Kea does: nor for itself."""
        for name in members_of(test) - self._tests.keys() - BUILT_IN.keys():
            if not name.startswith(VENDOR_PREFIX):
                raise InvalidValue(f"it asks for the class {escape(name)}, which is not defined above it")

    def _take(self, node: Node, asked: set[str]) -> None:
        name = node.get("name")
        if name is None or not name.text:
            return self._teller.left_out(node, "a class without a name")
        if name.text in self._calls:
            return self._teller.left_out(node, "a class of this name is defined above")
        if name.text == DROP:
            return self._drop(node)
        call = Call("client_class", [self.written(name.text)], {"dns_name": []} if name.text == SKIP_DDNS else {})
        takers = {"name": lambda _: None, "test": lambda one: self._test(one, name.text, call, asked),
                  **self._scopes.times(node, call, is_class=True), "option-def": lambda _: None,
                  "template-test": lambda one: self._template(one, name.text, call),
                  **{key: lambda one: self._demand(one, name.text, node) for key in ON_DEMAND}}
        self._limit(node.get("user-context"), name.text, call)
        with self._scopes.options.within(node.get("option-def")):
            self._scopes.take(node, call, takers, ELSEWHERE)
        if name.text.startswith(VENDOR_PREFIX) and len(call.arguments) == 1 and node.get("test") is None:
            call.arguments.append(Code(vendor_class(name.text)))
        if node.get("test") is None and len(call.arguments) == 1 and name.text.startswith(SPAWN):
            call.arguments += self._of_value(name)
        if name.text == "ALL":
            call.arguments.append(Code("lambda request: True"))
        self._draft.classes.append(call)
        self._calls[name.text] = call
        return None

    def _drop(self, node: Node) -> None:
        """Whoever is of it is not answered."""
        test = self._tests.get(DROP)
        try:
            if test is None:
                raise InvalidValue("it has no test that could be read")
            text = self._conditions.python(test)
            if "request.known" in text:
                raise InvalidValue("whether a host is known is not known by then; deny=[...] of subnets can say it")
        except InvalidValue as error:
            return self._teller.none(node, str(error))
        lines = [f"    # {line}\n" for one in node.walk() for line in one.comments]
        self._draft.functions.append(f'def accept(request):\n    """Who is not answered at all."""\n{"".join(lines)}'
                                     f"    return not ({text})\n")
        for member in node.members.values():
            if member.key in ("name", "test"):
                self._teller.taken(member, "accept(), a function")
            else:
                self._teller.none(member, "whoever is of this class is not answered")
        return None

    def _test(self, node: Node, name: str, call: Call, asked: set[str]) -> None:
        test = self._tests.get(name)
        if test is None:
            return None
        if self._is_late(test, set()):
            return self._later(node, name, test)
        text = self._conditions.of(test)
        if name in asked and not text.startswith("lambda"):
            short = f"is_{identifier(name)}"
            self._draft.conditions[short] = Code(text)
            self._names[name] = text = short
        call.arguments.append(Code(text))
        self._teller.taken(node, "a function of the request" if "lambda" in text else text[:60])
        return None

    def _template(self, node: Node, name: str, call: Call) -> None:
        """Of the class itself is whoever has any value."""
        template = self._templates.get(name)
        if template is None:
            return
        call.arguments.append(Code(self._conditions.present(template)))
        self._teller.taken(node, str(call.arguments[1])[:60])

    def _of_value(self, name: Node) -> list[object]:
        """The condition of a class of a template's, which is that for one value."""
        for template, expression in self._templates.items():
            value = name.text.removeprefix(f"{SPAWN}{template}_")
            if value != name.text:
                test = Expression("equal", (expression, Expression("constant", (value.encode("utf-8", "surrogateescape"),))))
                return [Code(self._conditions.of(test))]
        self._teller.also(name, "there is no template of that name")
        return []

    def _limit(self, context: Node | None, name: str, call: Call) -> None:
        """How many leases a class may have, as the hook `limits` reads it; each value of a template for itself."""
        limits = context.get(LIMITS) if context is not None and isinstance(context.value, dict) else None
        most = limits.get(ADDRESSES) if limits is not None and isinstance(limits.value, dict) else None
        if context is None or limits is None or most is None or not isinstance(most.value, int) or len(context.members) > 1:
            return None
        template = self._templates.get(name)
        field = None if template is None else self._conditions.field_of(template)
        if template is not None and field is None:
            return self._teller.none(most, "lease_limit_per counts by the value of a field alone")
        call.keywords["lease_limit"] = most.number
        if field is not None:
            call.keywords["lease_limit_per"] = field
        self._teller.taken(most, "lease_limit" + (", and lease_limit_per" if field else ""))
        self._teller.members(limits, {ADDRESSES: lambda _: None}, ELSEWHERE)
        self._teller.taken(limits, "lease_limit")
        return self._teller.taken(context, "lease_limit")

    def _is_late(self, test: Expression, seen: set[str]) -> bool:
        """Whether it asks for a class that hosts have: that is known when conditions have been."""
        for name in members_of(test) - seen - BUILT_IN.keys():
            inner = self._tests.get(name)
            if inner is None and not name.startswith(VENDOR_PREFIX):
                return True
            if inner is not None and self._is_late(inner, seen | {name}):
                return True
        return False

    def _later(self, node: Node, name: str, test: Expression) -> None:
        late = Conditions(self._scopes.options, self._tests, self._names, lambda one: _in_classes(self.written(one)))
        self._late.append((self.written(name), late.python(test)))
        self._teller.taken(node, "in classify(), a function, for it asks for a class of hosts")

    def _demand(self, node: Node, name: str, place: Node) -> None:
        if node.truth:
            self._on_demand[name] = place
            self._teller.taken(node, "it holds in the subnets that ask for it")

    # --- where others ask for them

    def written(self, name: str) -> str:
        """What a class is called here."""
        return f"{name}_" if name in KNOWN.values() else name

    def allowed(self, nodes: list[Node]) -> list[str]:
        """The names for allow=[...]; none where everybody is. What is defined nowhere becomes a class without a condition."""
        names = [KNOWN.get(one.text) or self._existing(one) for one in nodes if one.text]
        return [] if "ALL" in names else names

    def _existing(self, node: Node) -> str:
        name = node.text
        if name not in self._calls and name != "ALL":
            condition = vendor_class(name) if name.startswith(VENDOR_PREFIX) else BUILT_IN.get(name)
            self._calls[name] = Call("client_class", [self.written(name), *([Code(condition)] if condition else [])])
            self._draft.classes.append(self._calls[name])
            if condition is None:
                self._teller.also(node, f"the class {escape(name)} is defined nowhere: nobody is of it but whom a "
                                        "host(classes=...) names")
        return self.written(name)

    def joined(self, node: Node) -> list[str]:
        """The names for host(classes=[...])."""
        return [self._existing(one) for one in node.items if one.text not in BUILT_IN]

    def demand(self, names: Iterable[str], subnets: list[str]) -> None:
        """`require-client-classes` of a place, which is these subnets."""
        for name in names:
            self._demanded.setdefault(name, []).extend(subnets)

    def demand_in_pool(self, name: str, subnet: Call, pool: Call, node: Node) -> None:
        """The same of one pool of a subnet among others."""
        self._in_pools.append((name, subnet, pool, node))

    def is_defined(self, name: str) -> bool:
        """Whether there is such a class."""
        return name in self._tests or name in BUILT_IN or name.startswith(VENDOR_PREFIX)

    def end(self) -> None:
        """What follows when all is known."""
        self._tested = {name: str(call.arguments[1]) for name, call in self._calls.items() if len(call.arguments) > 1}
        kept = {name for name, *_ in self._in_pools}
        for name, place in self._on_demand.items():
            self._bound(name, place, is_told=name in kept)
        self._put_all(is_settled=False)
        if self._late:
            self._draft.functions.append(_classify(self._late))

    def settled(self) -> None:
        """What follows when it is settled which class counts where."""
        self._put_all(is_settled=True)
        for name, subnet, pool, node in self._in_pools:
            if name in self._on_demand:
                self._bound_to_pool(name, subnet, pool, node)

    def _put_all(self, *, is_settled: bool) -> None:
        """Options of scopes that are for some classes alone; those of networks count more than what the networks say."""
        for entry, scope in self._scopes.options.of_classes:
            if (scope.name in PLACES) is is_settled:
                self._put(entry, scope)

    def _put(self, entry: Entry, place: Call) -> None:
        """Of the whole server it is the class's own, of networks that of a class which holds there."""
        networks = list(calls_in(place.arguments)) if place.name == "shared_network" else [place]
        subnets = [str(one.arguments[0]) for one in networks] if place.name in PLACES else []
        try:
            if place is not self._draft.settings and not subnets:
                raise InvalidValue("an option of a pool or a host is for all who have it: write it into client_class(...)")
            targets = [self._target(name, subnets) for name in entry.classes]
            for target in targets:
                if subnets or not self._scopes.options.name_in(entry) & target.keywords.keys():
                    self._scopes.options.put(entry, target)
        except InvalidValue as error:
            entry.tell_none(self._teller, str(error))

    def _target(self, name: str, subnets: list[str]) -> Call:
        """The class that has what a scope says for another one. Raises InvalidValue."""
        call = self._calls.get(name)
        if call is None or (subnets and len(call.arguments) < 2):
            raise InvalidValue(f"the class {escape(name)} is defined nowhere" if call is None else
                               f"whether a host has the class {escape(name)} is known later: write it into client_class(...)")
        if not subnets:
            return call
        named = f"{call.arguments[0]} in {', '.join(subnets)}"
        made = next((one for one in self._draft.classes if one.arguments[0] == named), None)
        if made is None:
            made = Call("client_class", [named, narrowed(call.arguments[1:], f"request.subnet in {value_text(subnets)}")])
            self._draft.classes.insert(self._draft.classes.index(call), made)
        return made

    def _bound_to_pool(self, name: str, subnet: Call, pool: Call, node: Node) -> None:
        """What a class on demand says becomes the pool's, and who is not of the class gets none of it: that says the same where
        nobody else says any of it."""
        call = self._calls.get(name)
        everywhere = (self._draft.settings, *places_of(self._draft), *self._draft.classes)
        others = [one for one in everywhere if one is not call and one is not pool]
        if call is None or name not in self._tested or any(call.keywords.keys() & one.keywords.keys() for one in others):
            self._teller.also(node, f"{escape(name)} is left out there: what it says is said elsewhere too, or hosts have the "
                                    "class")
            return
        where = f"request.subnet in {value_text([subnet.arguments[0]])}"
        made = Call("client_class", [f"not {call.arguments[0]} in {subnet.arguments[0]}", narrowed(
            [Code(negated(self._tested[name]))], where)], dict.fromkeys(call.keywords))
        made.comments.append(f"what the pool {pool.arguments[0]} says is for {call.arguments[0]} alone")
        pool.keywords.update(call.keywords)
        self._draft.classes.append(made)

    def _bound(self, name: str, place: Node, *, is_told: bool) -> None:
        """A class on demand holds in some subnets alone."""
        call, subnets = self._calls.get(name), list(dict.fromkeys(self._demanded.get(name, [])))
        if call is None:
            return None
        if not subnets:
            self._draft.classes.remove(call)
        if not subnets and is_told:
            return None
        if not subnets:
            return self._teller.also(place.get("name") or place, "left out: no subnet or shared network asks for it, nor do "
                                                                 "all pools of one")
        where = f"request.subnet in {value_text(subnets)}"
        call.arguments[1:] = [narrowed(call.arguments[1:], where)]
        return None


def _in_classes(name: str) -> str:
    return {"ALL": "True", "KNOWN": "request.known", "UNKNOWN": "not request.known"}.get(name, f'"{name}" in classes')


def _classify(late: list[tuple[str, str]]) -> str:
    """The function that adds what follows from classes of hosts."""
    lines = ["def classify(request):", '    """Classes that follow from those that a host has."""',
             "    classes = set(request.classes)"]
    for name, asked in late:
        lines += [f"    if {asked}:", f'        classes.add("{name}")']
    return "\n".join([*lines, "    return classes", ""])
