"""Conditions: compiled, they say what `==` says of the values that people read; mistakes are found when they are compiled."""

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, LESS, NETWORK, NOT, PREFIX, REGEX, SUFFIX
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.conditions import LONGEST_REMEMBERED, MOST_REMEMBERED, Matcher, _remembering, match
from pydhcpd.policy.fields import Fields
from pydhcpd.wire.packet import Packet, Request

FIELDS = Fields({})


def received(options=None, hardware=b"\xb8\x27\xeb\0\0\1", **header):
    """A request with these options besides the message type."""
    packet = Packet(hardware=hardware, options={53: b"\1", **(options or {})}, **header)
    return Request.receive(packet.encode(), 2, 0, 68, 0xFFFFFFFF)


def holds(condition, request, view=None):
    return condition.compiled(FIELDS)(request, lambda: view)


pxe = match(vendor_class_identifier=PREFIX("PXEClient"))
uefi = match(client_system_architecture=[7, 9])
ipxe = match(user_class=PREFIX("iPXE"))
pi = match(mac=[PREFIX("b8:27:eb"), PREFIX("dc:a6:32")])
late = match(secs=GREATER(8), giaddr=NETWORK("10.0.0.0", "255.0.0.0"))
SENT = received({60: b"PXEClient:Arch:00007", 93: b"\0\0\0\7", 12: b"BOSS\0", 61: b"\1\xa2\xff", 97: b"\0" + bytes(range(16)),
                 82: b"\1\4eth0", 50: b"\x0a\1\2\3", 77: b"\4iPXE\3abc", 3: b"\x0a\0\0\1\x0a\0\0\2"}, giaddr=0x0A000001, secs=9)


@pytest.mark.parametrize("condition", [
    pxe, uefi, ipxe, pi, late, pxe & uefi & ipxe, match(host_name=CASEINSENSITIVE("Boss")) | ~pi, match(circuit_id=ALL),
    match(circuit_id="eth0"), match(circuit_id="65:74:68:30"), match(circuit_id=b"eth0"), match(circuit_id=SUFFIX("h0")),
    match(circuit_id=PREFIX("65:74")), match(circuit_id=REGEX("^eth[0-9]$")), match(client_id="01:a2:ff"),
    match(remote_id=None),
    match(mac="B8-27-EB-00-00-01"), match(mac=PREFIX("B8:27:E")), match(mac=SUFFIX("0:01")), match(mac=b"\xb8\x27\xeb\0\0\1"),
    match(mac=PREFIX(b"\xb8\x27")), match(mac=CASEINSENSITIVE("B8:27:EB:00:00:01")), match(mac=REGEX("^b8:")),
    match(mac=SUFFIX(b"\0\1")),
    match(uuid="000102030405060708090A0B0C0D0E0F"), match(uuid=PREFIX("00010203-04")), match(uuid=SUFFIX(b"\x0f")),
    match(message_type="DISCOVER"), match(message_type=["discover", "REQUEST"]),
    match(message_type=CASEINSENSITIVE("Discover")),
    match(known=False), match(ciaddr=None), match(ciaddr="0.0.0.0"), match(giaddr=["10.0.0.1", "10.0.0.2"]),
    match(giaddr=LESS("10.0.0.9")),
    match(giaddr=PREFIX("10.0.")), match(requested_ip_address=NETWORK("10.1.0.0/16")), match(router="10.0.0.2"),
    match(router=NETWORK("10.0.0.0/8")), match(router=NOT("10.0.0.3")), match(user_class=["x", "abc"]), match(user_class=ALL),
    match(user_class=NOT(PREFIX("b"))), match(option_12=b"BOSS\0"), match(host_name=b"BOSS"), match(domain_name=NOT(ALL)),
    match(domain_name=NOT("example.com")), match(relay_suboption_1="eth0"), match(htype=1, secs=[LESS(3), GREATER(8)]),
    match(client_system_architecture=(7, 9)), match(interface=None)], ids=str)
def test_a_condition_holds(condition):
    assert holds(condition, SENT)
    assert not holds(~condition, SENT)


@pytest.mark.parametrize("condition", [
    match(client_system_architecture=[6, 9]), match(user_class=NOT(PREFIX("iPXE"))), match(user_class=NOT(["abc", "x"])),
    match(router=NOT("10.0.0.2")), match(circuit_id=None), match(remote_id=ALL), match(mac=PREFIX("b8:27:ec")),
    match(known=True),
    match(secs=9, htype=6), match(vendor_class_identifier="PXEClient"), match(circuit_id=NOT(["x", PREFIX("eth")])),
    match(mac=[]),
    pxe & ~uefi, match(giaddr=None), match(message_type="REQUEST")], ids=str)
def test_a_condition_does_not_hold(condition):
    assert not holds(condition, SENT)
    assert holds(~condition, SENT)


@pytest.mark.parametrize(("fields", "reason"), [
    ({"giaddr": "10.0.0.300"}, r"giaddr: '10\.0\.0\.300' is not an IPv4 address; allowed is"),
    ({"message_type": "DISOVER"}, "message_type: 'DISOVER' is no message .* allowed are .*DISCOVER"),
    ({"vendor_clas_identifier": "x"}, "did you mean vendor_class_identifier"),
    ({"secs": PREFIX("a")}, "secs: PREFIX makes no sense here; allowed are .*GREATER"),
    ({"secs": -1}, "allowed is a whole number"),
    ({"secs": GREATER("8")}, "allowed is a number"), ({"host_name": GREATER(8)}, "allowed is text"),
    ({"giaddr": GREATER("x")}, "is not an IPv4 address"), ({"host_name": NETWORK("10.0.0.0/8")}, "NETWORK makes no sense"),
    ({"mac": "b8:27"}, "has 2 octets; allowed is a hardware address of 6"), ({"mac": "b8:27:*"}, "is not a hardware address"),
    ({"mac": PREFIX("b827eb:x")}, "no part of its values"),
    ({"mac": PREFIX("b827eb")}, "no part of its values"), ({"uuid": "4c4c"}, "is not a UUID"),
    ({"uuid": PREFIX("xy")}, "no part"),
    ({"known": "perhaps"}, "True or False"), ({"known": PREFIX("T")}, "makes no sense"),
    ({"giaddr": PREFIX("ten")}, "digits and dots"),
    ({"client_system_architecture": "x"}, "whole number"), ({"client_system_architecture": [7, 70000]}, "out of range"),
    ({"giaddr": ["10.0.0.1", NOT(["x"])]}, "'x' is not an IPv4"), ({"circuit_id": 5}, "allowed is bytes"),
    ({"host_name": ""}, "is empty"),
    ({"mac": "x", "giaddr": "y"}, "mac: .*; giaddr: "), ({"classless_static_route": PREFIX("10")}, "makes no sense"),
    ({}, "names no field")], ids=lambda value: ",".join(value) if isinstance(value, dict) else str(value))
def test_what_can_never_hold_is_refused_when_it_is_compiled(fields, reason):
    condition = match(**fields)
    with pytest.raises(InvalidValue, match=reason):
        (pxe | ~condition).compiled(FIELDS)


def test_all_mistakes_are_found_in_one_go():
    with pytest.raises(InvalidValue, match=r"(?s)giaddr.*known.*mac"):
        (match(giaddr="x") & match(known=3) | ~match(mac="y")).compiled(FIELDS)


@pytest.mark.parametrize(("condition", "words"), [
    (pxe & uefi & ~ipxe, "vendor_class_identifier is what begins with PXEClient and client_system_architecture is 7 or 9 "
                         "and not (user_class is what begins with iPXE)"),
    ((pxe | pi) & match(secs=GREATER(8)),
        "(vendor_class_identifier is what begins with PXEClient or mac is what begins with b8:27:eb "
                                          "or what begins with dc:a6:32) and secs is greater than 8"),
    (match(circuit_id=ALL, giaddr=None), "circuit_id is present and giaddr is absent"),
    (match(client_id=b"\1", mac=NOT("a")), 'client_id is b"\\x01" and mac is not a')], ids=str)
def test_a_condition_can_be_said_in_words(condition, words):
    assert str(condition) == words


def test_a_condition_knows_its_fields_and_functions():
    def one(request):
        return True

    def two(request):
        return True

    condition = one & pxe | ~(late & two) | one
    assert condition.names() == {"vendor_class_identifier", "secs", "giaddr"}
    assert condition.functions() == (one, two)
    assert "one(request) and " in str(condition)


def test_a_condition_is_a_value_that_nothing_changes():
    wanted = ["eth0"]
    condition = match(circuit_id=wanted)
    wanted.append("eth1")
    assert not holds(condition, received({82: b"\1\4eth1"}))
    with pytest.raises(AttributeError):
        condition.fields = ()
    with pytest.raises(TypeError, match=r"& \| ~"):
        bool(pxe and uefi)
    with pytest.raises(TypeError):
        pxe & True


@pytest.mark.parametrize(("make", "expected", "called"), [
    (lambda f: pxe & f, True, 1), (lambda f: f & pxe, True, 1), (lambda f: ~pxe & f, False, 0), (lambda f: pxe | f, True, 0),
    (lambda f: ~pxe | f, True, 1), (lambda f: ~(f & pxe), False, 1), (lambda f: (f & pxe) & (f | pxe), True, 2)])
def test_a_function_is_called_with_the_view_where_it_counts(make, expected, called):
    seen = []
    views = []

    def function(request):
        seen.append(request)
        return 1

    def make_view():
        views.append("view")
        return "view"

    assert make(function).compiled(FIELDS)(SENT, make_view) is expected
    assert seen == ["view"] * called
    assert len(views) == min(called, 1)


async def waits(request):
    return True


def yields(request):
    yield True


@pytest.mark.parametrize("function", [waits, yields, lambda: True, lambda one, two: True])
def test_a_function_that_cannot_answer_is_refused(function):
    with pytest.raises(InvalidValue, match="allowed is: def"):
        (pxe & function).compiled(FIELDS)


def test_what_is_remembered_is_bounded():
    """Strangers choose the values: as many and as long as they like."""
    asked = []

    def of(raw):
        asked.append(raw)
        return 1

    look_up = _remembering(lambda request: request, of)
    known = look_up.__closure__
    table = next(cell.cell_contents for cell in known if isinstance(cell.cell_contents, dict))
    for number in range(3 * MOST_REMEMBERED):
        assert look_up(number) == 1
        assert len(table) <= MOST_REMEMBERED
    count = len(asked)
    assert look_up(3 * MOST_REMEMBERED - 1) == 1
    assert len(asked) == count
    long = bytes(LONGEST_REMEMBERED + 1)
    look_up(long)
    look_up(long)
    assert asked[count:] == [long, long]


def test_many_equal_values_cost_one_look_up():
    """No step of a packet costs more where more classes name a hardware address."""
    matcher = Matcher(FIELDS)
    tests = [matcher.test("mac", [f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}", PREFIX(f"06:00:{number & 255:02x}")])
             for number in range(300)]
    matcher.build()
    request = received(hardware=b"\2\0\0\0\1\7")
    assert [test(matcher.bits(request), None) for test in tests] == [number == 0x107 for number in range(300)]


# --- compiled conditions agree with ==

def naive(pattern, value):
    """What a pattern says of a field's value in people's form, by `==` alone."""
    if isinstance(pattern, NOT):
        return not naive(pattern.pattern, value)
    if isinstance(pattern, list):
        return any(naive(one, value) for one in pattern)
    if pattern is None:
        return value is None
    return bool(pattern == value) or (isinstance(value, list) and any(pattern == element for element in value))


texts = st.sampled_from(["a", "ab", "iPXE", "PXEClient", "PXEClient:x", "Boss", "ä", "\\xff"])
macs = st.sampled_from(["02:00:00:00:00:01", "02:00:00:00:00:02", "b8:27:eb:00:00:01"])
addresses = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.1.0.1", "192.0.2.1"])
octet_texts = st.sampled_from([b"a", b"ab", b"\1\2\3", b"\xff"])
uuids = st.sampled_from(["00010203-0405-0607-0809-0a0b0c0d0e0f", "03020100-0504-0706-0809-0a0b0c0d0e0f",
                         "00000000-0000-0000-0000-000000000001"])


def parts(strategy):
    return st.tuples(strategy, st.integers(0, 9)).map(lambda one: one[0][:one[1]])


def comparing(strategy):
    return st.one_of(st.builds(GREATER, strategy), st.builds(LESS, strategy))


def textual(strategy):
    return st.one_of(strategy, st.builds(PREFIX, parts(strategy)), st.builds(SUFFIX, parts(strategy).map(lambda one: one[-2:])),
                     comparing(strategy))


HALVES = st.integers(0, 17)
patterns_of = {
    "mac": st.one_of(macs, st.builds(lambda mac, end: PREFIX(mac[:end].rstrip(":")), macs, HALVES),
                     st.builds(lambda mac, start: SUFFIX(mac[start:].lstrip(":")), macs, HALVES), comparing(macs),
                     st.builds(REGEX, macs)),
    "client_id": textual(octet_texts), "circuit_id": textual(octet_texts), "host_name": st.one_of(
        textual(texts), st.builds(CASEINSENSITIVE, texts.map(str.swapcase)), st.builds(REGEX,
            st.sampled_from(["a", "^P", "(?i)BOSS$"]))),
    "user_class": textual(texts), "vendor_class_identifier": textual(texts),
    "giaddr": st.one_of(addresses, comparing(addresses), st.just(NETWORK("10.0.0.0/24")), st.just(PREFIX("10."))),
    "router": st.one_of(addresses, comparing(addresses), st.just(NETWORK("10.0.0.0/8"))),
    "client_system_architecture": st.one_of(st.integers(0, 3), comparing(st.integers(0, 3))),
    "secs": st.one_of(st.integers(0, 3), comparing(st.integers(0, 3))), "uuid": st.one_of(uuids,
        st.builds(PREFIX, parts(uuids)), st.builds(SUFFIX, uuids.map(lambda one: one[-20:]))),
    "message_type": st.sampled_from(["DISCOVER", "REQUEST"]), "known": st.booleans(), "option_224": textual(octet_texts)}


def nested(inner):
    return st.recursive(st.one_of(inner, st.just(ALL), st.none()),
                        lambda one: st.one_of(st.builds(NOT, one), st.lists(one, max_size=3)), max_leaves=4)


atoms = st.sampled_from(sorted(patterns_of)).flatmap(lambda name: st.tuples(st.just(name), nested(patterns_of[name])))
trees = st.recursive(
    st.lists(atoms, min_size=1, max_size=2, unique_by=lambda one: one[0]).map(lambda one: ("match", dict(one))),
    lambda one: st.one_of(st.tuples(st.sampled_from("&|"), one, one), st.tuples(st.just("~"), one)), max_leaves=4)


def condition_of(tree):
    if tree[0] == "match":
        return match(**tree[1])
    if tree[0] == "~":
        return ~condition_of(tree[1])
    left, right = map(condition_of, tree[1:])
    return left & right if tree[0] == "&" else left | right


def seen(name, request):
    """What a pattern is compared with: a UUID in both orders of its octets."""
    value = FIELDS.reader(name)(request)
    if name == "uuid" and isinstance(value, str):
        return [value, str(uuid.UUID(bytes_le=uuid.UUID(value).bytes))]
    return value


def naively(tree, request):
    if tree[0] == "match":
        return all(naive(pattern, seen(name, request)) for name, pattern in tree[1].items())
    if tree[0] == "~":
        return not naively(tree[1], request)
    left, right = (naively(one, request) for one in tree[1:])
    return left and right if tree[0] == "&" else left or right


def maybe(strategy):
    return st.one_of(st.none(), strategy)


@st.composite
def requests(draw):
    options = {
        12: draw(maybe(texts.map(str.encode))), 60: draw(maybe(st.one_of(texts.map(str.encode), st.just(b""),
            st.just(b"a\0")))),
        61: draw(maybe(octet_texts)), 77: draw(maybe(st.sampled_from([b"iPXE", b"\4iPXE", b"\1a\2ab", b""]))),
        93: draw(maybe(st.sampled_from([b"\0\1", b"\0\1\0\3", b"\0"]))),
        3: draw(maybe(st.sampled_from([b"\x0a\0\0\1\x0a\1\0\1", b"x"]))),
        82: draw(maybe(octet_texts.map(lambda one: bytes((1, len(one))) + one))), 224: draw(maybe(octet_texts)),
        97: draw(maybe(st.sampled_from([b"\0" + bytes(range(16)), bytes(16) + b"\1", b"\0x"])))}
    request = received({code: value for code, value in options.items() if value is not None},
                       hardware=bytes.fromhex(draw(macs).replace(":", "")), secs=draw(st.integers(0, 3)),
                       giaddr=draw(st.sampled_from([0, 0x0A000001, 0x0A010001, 0xC0000201])))
    request.known = draw(st.booleans())
    return request


FIRMWARE_SENDS = bytes.fromhex("44454c4c320010448051b4c04f4e3132")


@pytest.mark.parametrize(("pattern", "matches"), [
    ("4c4c4544-0032-4410-8051-b4c04f4e3132", True), ("44454c4c-3200-1044-8051-b4c04f4e3132", True), (FIRMWARE_SENDS, True),
    (PREFIX("4C4C4544"), True), (PREFIX("44454c4c-32"), True), (PREFIX("4c4c4544-0032-4410-8051"), True),
    (PREFIX("4c4c4544-3200"), False), (SUFFIX("10-8051-b4c04f4e3132"), True), (NOT(PREFIX("4c4c4544")), False),
    (["4c4c4544-0032-4410-8051-b4c04f4e3133", "4c4c4544-0032-4410-8051-b4c04f4e3132"], True),
    (PREFIX(FIRMWARE_SENDS[:2]), True)])
def test_a_uuid_is_understood_in_the_order_of_smbios_and_in_that_of_the_wire(pattern, matches):
    """dmidecode, libvirt and tshark show the first three fields as numbers, which are sent with the lowest octet first."""
    assert match(uuid=pattern).compiled(FIELDS)(received({97: b"\0" + FIRMWARE_SENDS}), lambda: None) is matches


@settings(deadline=None)
@given(tree=trees, several=st.lists(requests(), min_size=1, max_size=5))
def test_compiled_a_condition_says_what_equality_says(tree, several):
    compiled = condition_of(tree).compiled(FIELDS)
    for request in [*several, *several]:
        assert compiled(request, lambda: None) is naively(tree, request)
