"""Classes: what `client_class()` may say, and who is of which, at a cost that does not grow with their number."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.comparators import ALL, GREATER, NOT, PREFIX
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.classes import MOST_REMEMBERED, Classifier, ClientClass
from pydhcpd.policy.conditions import match
from pydhcpd.policy.fence import Dropped, Fence
from pydhcpd.policy.fields import Fields
from pydhcpd.wire.packet import Packet, Request

FIELDS = Fields({})


def received(options=None, hardware=b"\2\0\0\0\0\1", **header):
    """A request with these options besides the message type."""
    packet = Packet(hardware=hardware, options={53: b"\1", **(options or {})}, **header)
    return Request.receive(packet.encode(), 2, 0, 68, 0xFFFFFFFF)


def fencing(failure="ignore"):
    return lambda function, name: Fence(function, name, 1.0, failure, lambda: 0.0)


def no_view():
    raise AssertionError("nobody asks for a view")


def client_class(name, condition=None, **arguments):
    return ClientClass.of(1, {"name": name, "condition": condition, **arguments})


def classifier(*classes, failure="ignore"):
    return Classifier(classes, FIELDS, fencing(failure))


@pytest.mark.parametrize(("arguments", "reason"), [
    ({}, "name: None is not a name"), ({"name": ""}, "name: ''"), ({"name": "a\n"}, "printable"), ({"name": 3}, "name: 3"),
    ({"name": "known"}, "'known' is taken"), ({"name": "unknown"}, "'unknown' is taken"),
    ({"name": "a", "condition": "PXE"}, r"condition: 'PXE' is no condition; allowed are match"),
    ({"name": "a", "condition": lambda: True}, "allowed is: def"),
    ({"name": "a", "condition": match(mac=ALL) & (lambda one, two: True)}, "allowed is: def"),
    ({"name": "a", "lease_limit": 0}, "lease_limit: 0"), ({"name": "a", "lease_limit": True}, "lease_limit: True"),
    ({"name": "a", "lease_limit": 1, "lease_limit_per": 7}, "lease_limit_per: 7"),
    ({"name": "a", "lease_limit_per": "mac"}, "allowed is with lease_limit"),
    ({"name": "known", "condition": 5, "lease_limit": "x"}, r"name: .*; condition: .*; lease_limit: ")])
def test_all_that_is_wrong_with_a_class_is_told(arguments, reason):
    with pytest.raises(InvalidValue, match=reason):
        ClientClass.of(3, arguments)


def test_a_class_keeps_what_was_written():
    condition = match(circuit_id=ALL)
    made = ClientClass.of(7, {"name": "port", "condition": condition, "lease_limit": 4, "lease_limit_per": "circuit_id",
                              "router": "10.0.0.1", "domain_name": None})
    assert (made.name, made.condition, made.lease_limit, made.lease_limit_per, made.line) == ("port", condition, 4,
        "circuit_id", 7)
    assert made.settings == {"router": "10.0.0.1", "domain_name": None}
    assert str(made) == "port"
    assert client_class("x").condition is None


@pytest.mark.parametrize(("made", "reason"), [
    (client_class("a", match(giaddr="10.0.0.300")), "condition: giaddr"), (client_class("a",
        match(nac=ALL)), "did you mean mac"),
    (client_class("a",
        match(known=3), lease_limit=1, lease_limit_per="circuitid"), "condition: .*; lease_limit_per: .*circuit_id")])
def test_its_fields_are_checked_once_they_are_known(made, reason):
    with pytest.raises(InvalidValue, match=reason):
        made.check(FIELDS)
    with pytest.raises(InvalidValue):
        classifier(made)
    client_class("b", match(mac=ALL), lease_limit=1, lease_limit_per="mac").check(FIELDS)


def test_classes_come_in_order_of_definition():
    made = classifier(client_class("late", match(secs=GREATER(8))), client_class("by hand"), client_class("mac",
        match(mac=PREFIX("02"))),
                      client_class("asked", lambda request: True), client_class("none", match(mac="02:00:00:00:00:09")))
    assert made.names == ("late", "by hand", "mac", "asked", "none")
    assert made.of(received(secs=9), lambda: "view") == ("late", "mac", "asked")
    assert made.of(received(), lambda: "view") == ("mac", "asked")
    assert made.joined(("mac", "asked"), ["by hand", "mac", "nobody"]) == ("by hand", "mac", "asked")
    assert made.joined((), ()) == ()


@pytest.mark.parametrize(("classes", "is_empty", "reads_relay", "has_limits"), [
    ((), True, False, False),
    ((client_class("a"),), True, False, False),
    ((client_class("a", lease_limit=1),), True, False, True),
    ((client_class("a", match(mac=ALL)),), False, False, False),
    ((client_class("a", ~match(mac=ALL, remote_id=NOT([None]))),), False, True, False),
    ((client_class("a", lease_limit=1, lease_limit_per="circuit_id"),), True, True, True),
    ((client_class("a", lambda request: True),), False, True, False)])  # who knows what it reads
def test_it_tells_what_it_needs(classes, is_empty, reads_relay, has_limits):
    made = classifier(*classes)
    assert (made.is_empty, made.reads_relay, made.has_limits) == (is_empty, reads_relay, has_limits)
    assert Classifier((), FIELDS).names == ()


def test_a_function_is_called_for_each_packet_and_once_for_several_classes():
    seen, views = [], []

    def function(request):
        seen.append(request)
        return len(seen) == 1

    def make_view():
        views.append(len(views))
        return views[-1]

    made = classifier(client_class("a", match(secs=9) & function), client_class("b", function),
        client_class("c", ~match(mac=ALL) & function))
    request = received(secs=9)
    assert made.of(request, make_view) == ("a", "b")
    assert made.of(request, make_view) == ()
    assert seen == views == [0, 1]
    assert classifier(client_class("c", match(secs=1) & function)).of(request, no_view) == ()


def test_a_function_that_fails_leaves_its_classes_out_or_drops_the_packet():
    def fails(request):
        raise KeyError(request)

    class Odd:
        def __bool__(self):
            raise ValueError("neither")

    classes = [client_class("a", fails), client_class("b", ~(match(mac=ALL) & fails)),
        client_class("c", fails | match(mac=ALL)),
               client_class("d", lambda request: Odd()), client_class("e", match(mac=ALL))]
    assert classifier(*classes).of(received(), lambda: "view") == ("c", "e")
    with pytest.raises(Dropped):
        classifier(*classes, failure="drop").of(received(), lambda: "view")


def test_what_counts_towards_limits():
    made = classifier(client_class("all", match(mac=ALL), lease_limit=9), client_class("free", match(mac=ALL)),
                      client_class("port", match(mac=ALL), lease_limit=4, lease_limit_per="circuit_id"),
                      client_class("hop", lease_limit=2, lease_limit_per="secs"))
    request = received({82: b"\1\4eth0"}, secs=3)
    names = made.of(request, no_view)
    assert names == ("all", "free", "port")
    assert made.limits(names, request) == [("all", 9), ('port="eth0"', 4)]
    assert made.limits(names, received()) == [("all", 9)]
    assert made.limits(("hop",), request) == [("hop=3", 2)]
    assert made.limits((), request) == []


@pytest.mark.parametrize("field", ["mac", "circuit_id", "vendor_class_identifier"])
def test_what_it_remembers_is_bounded(field):
    """Whatever strangers send, the memory of outcomes ends somewhere."""
    made = classifier(*(client_class(f"c{bit}",
        match(option_224=PREFIX(bytes([bit]))) & match(**{field: ALL})) for bit in range(9)))
    request = received()
    for number in range(2 * MOST_REMEMBERED):
        request.options[224] = request.options[60] = number.to_bytes(3, "big")
        made.of(request, no_view)
    assert max(len(made._outcomes), *(len(table) for table in tables(made))) <= MOST_REMEMBERED


def tables(made):
    """The dictionaries in which the look-ups of a classifier remember."""
    found = [{}]
    for look_up in made._matcher._tables:
        found += [cell.cell_contents for cell in look_up.__closure__ if isinstance(cell.cell_contents, dict)]
    return found


octet_values = st.sampled_from([b"a", b"ab", b"b", b""])
patterns = st.one_of(octet_values.filter(bool), st.builds(PREFIX, octet_values), st.just(ALL), st.none(),
                     st.builds(NOT, octet_values.filter(bool)), st.lists(octet_values.filter(bool), max_size=3))
names_of_fields = st.sampled_from(["client_id", "circuit_id", "option_224", "vendor_class_identifier"])
conditions = st.recursive(st.dictionaries(names_of_fields, patterns, min_size=1, max_size=2).map(lambda one: match(**one)),
                          lambda one: st.one_of(st.builds(lambda a, b: a & b, one, one),
                              st.builds(lambda a, b: a | b, one, one),
                                                st.builds(lambda a: ~a, one)), max_leaves=3)


@settings(deadline=None)
@given(several=st.lists(st.one_of(st.none(), conditions), max_size=8), sent=st.lists(
    st.dictionaries(st.sampled_from([60, 61, 224, 82]), octet_values), min_size=1, max_size=5), asks=st.booleans())
def test_it_says_what_each_condition_says_alone(several, sent, asks):
    if asks:
        several = [None if condition is None else condition | (lambda request: False) for condition in several]
    classes = [client_class(f"c{number}", condition) for number, condition in enumerate(several)]
    made = classifier(*classes)
    for options in [*sent, *sent]:
        request = received({**options, 82: b"\1%c%b" % (len(options.get(82, b"")), options.get(82, b""))})
        assert made.of(request, lambda: None) == tuple(
            one.name for one in classes if one.condition is not None and one.condition.compiled(FIELDS)(request, lambda: None))
