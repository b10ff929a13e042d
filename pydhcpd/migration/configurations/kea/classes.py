"""Kea's `client-classes`, and the names of classes where pools and subnets ask for them.

Owns what becomes of a test: a condition, the function accept() for DROP, or classify() for a class that follows from one that a
host has. Classes that are evaluated on demand hold in the subnets that demand them.
"""

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.kea.conditions import (
    BUILT_IN,
    VENDOR_PREFIX,
    Conditions,
    members_of,
    narrowed,
    vendor_class,
)
from pydhcpd.migration.configurations.kea.expressions import Expression, parse
from pydhcpd.migration.configurations.kea.names import identifier
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.scopes import Scopes
from pydhcpd.migration.configurations.layout import value_text

DROP, KNOWN = "DROP", {"KNOWN": "known", "UNKNOWN": "unknown"}
ON_DEMAND = ("only-if-required", "only-in-additional-list")
ELSEWHERE = {"template-test": "a class for each value has no counterpart; lease_limit_per counts by the value of a field",
             "offer-lifetime": "an offer is held for offer_hold_time"}


class Classes:
    """Takes classes over, and knows them by name."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes, self._draft, self._teller = scopes, scopes.draft, scopes.teller
        self._tests: dict[str, Expression | None] = {}
        self._names: dict[str, str] = {}  # of conditions, by class
        self._calls: dict[str, Call] = {}
        self._demanded: dict[str, list[str]] = {}  # subnets that demand a class
        self._on_demand: dict[str, Node] = {}
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
            if name is not None and name.text not in self._tests:
                self._tests[name.text] = self._parsed(test)
                asked |= members_of(self._tests[name.text] or Expression("none"))
        for one in items:
            try:
                self._take(one, asked)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
        self._teller.taken(node, "classes, the earlier one first")

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
        call = Call("client_class", [self.written(name.text)])
        takers = {"name": lambda _: None, "test": lambda one: self._test(one, name.text, call, asked),
                  **self._scopes.times(node, call), "option-def": lambda _: None,
                  **{key: lambda one: self._demand(one, name.text, node) for key in ON_DEMAND}}
        with self._scopes.options.within(node.get("option-def")):
            self._scopes.take(node, call, takers, ELSEWHERE)
        if name.text.startswith(VENDOR_PREFIX) and len(call.arguments) == 1 and node.get("test") is None:
            call.arguments.append(Code(vendor_class(name.text)))
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

    def demand(self, node: Node, subnets: list[str]) -> None:
        """`require-client-classes` of a place, which is these subnets."""
        for one in node.items:
            self._demanded.setdefault(one.text, []).extend(subnets)
        self._teller.taken(node, "the classes hold here")

    def end(self) -> None:
        """What follows when all is known."""
        for name, place in self._on_demand.items():
            self._bound(name, place)
        if self._late:
            self._draft.functions.append(_classify(self._late))

    def _bound(self, name: str, place: Node) -> None:
        """A class on demand holds in some subnets alone."""
        call, subnets = self._calls.get(name), list(dict.fromkeys(self._demanded.get(name, [])))
        if call is None:
            return None
        if not subnets:
            self._draft.classes.remove(call)
            return self._teller.also(place, "left out: no subnet or shared network asks for it (that a pool does cannot be "
                                            "said)")
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
