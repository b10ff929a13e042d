"""Comparators: equal to what they match, and the database's answer is the same as Python's."""

import sys
from ipaddress import IPv4Address
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_from, address_text, hardware_from, hardware_text
from pydhcpd.comparators import (
    ALL,
    CASEINSENSITIVE,
    GREATER,
    LESS,
    NETWORK,
    NOT,
    PREFIX,
    REGEX,
    SUFFIX,
    Column,
    condition,
    is_match,
    octets,
)
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore

TEN = NETWORK("10.0.0.0", "255.255.255.0")

EQUAL = [
    (ALL, 0), (ALL, ""), (ALL, "x"), (ALL, False),
    (GREATER(5), 6), (GREATER(5), 5.5), (GREATER("a"), "b"), (GREATER("10.0.0.9"), "10.0.0.10"), (GREATER(0), 4294967295),
    (TEN, "10.0.0.1"), (TEN, "10.0.0.254"), (TEN, 0x0A000001), (TEN, IPv4Address("10.0.0.7")),
    (NETWORK("10.0.0.0/8"), "10.255.255.254"), (NETWORK("10.0.0.4/31"), "10.0.0.4"), (NETWORK("10.0.0.4/31"), "10.0.0.5"),
    (NETWORK("10.0.0.4/32"), "10.0.0.4"), (NETWORK("0.0.0.0/0"), "192.0.2.1"),
    (CASEINSENSITIVE("PC-One"), "pc-oNE"), (CASEINSENSITIVE(""), ""), (CASEINSENSITIVE("straße"), "STRASSE"),
    (CASEINSENSITIVE("02:ab:00:00:00:01"), "02:AB:00:00:00:01"),
    (CASEINSENSITIVE("Ge-0/0/1"), b"gE-0/0/1"), (CASEINSENSITIVE(b"Boss"), "bOSS"), (CASEINSENSITIVE("01:A2"), b"\x01\xa2"),
    (LESS(5), 4), (LESS(5), -0.5), (LESS("b"), "a"), (LESS("10.0.0.10"), "10.0.0.9"), (LESS(b"b"), b"a"),
    (PREFIX("PXE"), "PXEClient"), (PREFIX("PXE"), "PXE"), (PREFIX("PXE"), b"PXEClient"), (PREFIX(b"PXE"), "PXEClient"),
    (PREFIX(""), ""), (PREFIX(""), b"x"), (PREFIX("b8:27:eb"), "b8:27:eb:00:00:01"), (PREFIX("b8:27"), b"\xb8\x27\xeb"),
    (PREFIX("ä"), "ärger"), (PREFIX("ä"), "ärger".encode()), (PREFIX(b"\xff"), b"\xff\0"), (PREFIX("\ud800"), "\ud800x"),
    (SUFFIX(".efi"), "ipxe.efi"), (SUFFIX(".efi"), b"ipxe.efi"), (SUFFIX(b".efi"), "x.efi"), (SUFFIX("01:02"), b"\0\1\2"),
    (SUFFIX(""), ""), (SUFFIX("x\0"), "xx\0"),
    (REGEX("X.C"), "PXECXeC"), (REGEX("^a+$"), "aaa"), (REGEX("^a+$"), b"aaa"), (REGEX("ä"), "kläre"), (REGEX("^.$"), "ä"),
    (REGEX("^..$"), "ä".encode()), (REGEX(r"\xff"), b"a\xff"), (REGEX("(?i)boss"), "BOSS"), (REGEX(""), ""),
    (REGEX(b"\xff"), b"\xff"),
    (NOT("a"), "b"), (NOT("a"), None), (NOT("a"), b"a"), (NOT(["a", "b"]), "c"), (NOT(None), "a"), (NOT(ALL), None),
    (NOT(NOT("a")), "a"), (NOT([PREFIX("a"), NOT(ALL)]), "b"), (NOT(5), "5"), (NOT([]), "a"),
]
UNEQUAL = [
    (ALL, None),
    (GREATER(5), 5), (GREATER(5), 4), (GREATER(5), "6"), (GREATER(5), None), (GREATER("10.0.0.10"), "10.0.0.9"),
    (TEN, "10.0.0.0"), (TEN, "10.0.0.255"), (TEN, "10.0.1.1"), (TEN, "9.255.255.255"), (TEN, "pc1"), (TEN, None), (TEN, -1),
    (TEN, 1 << 40), (TEN, ""), (TEN, 10.5), (TEN, b"\x0a\0\0\1"),
    (CASEINSENSITIVE("a"), "ab"), (CASEINSENSITIVE("a"), None), (CASEINSENSITIVE("a"), b"b"), (CASEINSENSITIVE("1"), 1),
    (CASEINSENSITIVE("a"), b"\xff"),
    (LESS(5), 5), (LESS(5), 6), (LESS(5), "4"), (LESS(5), None), (LESS("10.0.0.9"), "10.0.0.10"), (LESS(b"b"), "a"),
    (PREFIX("PXE"), "pxe"), (PREFIX("PXE"), " PXE"), (PREFIX("PXE"), None), (PREFIX("1"), 1), (PREFIX("b8:27"), b"b8:27"),
    (PREFIX("a"), ["a"]), (PREFIX(""), None),
    (SUFFIX("efi"), "efi "), (SUFFIX("efi"), None), (SUFFIX("1"), 1), (SUFFIX("01:02"), b"01:02"),
    (REGEX("a$"), "ab"), (REGEX("a"), None), (REGEX("1"), 1), (REGEX(b"\xff"), "ÿ"), (REGEX("a"), b"b"), (REGEX("^..$"), "ä"),
    (NOT("a"), "a"), (NOT(["a", "b"]), "b"), (NOT(None), None), (NOT(ALL), 0), (NOT(NOT("a")), "b"), (NOT(["a", None]), None),
]


@pytest.mark.parametrize(("comparator", "value"), EQUAL, ids=str)
def test_a_comparator_is_equal_to_what_it_matches_from_both_sides(comparator, value):
    assert comparator == value
    assert value == comparator
    assert value in [comparator]


@pytest.mark.parametrize(("comparator", "value"), UNEQUAL, ids=str)
def test_a_comparator_is_not_equal_to_anything_else_and_raises_nothing(comparator, value):
    assert comparator != value
    assert value != comparator


@pytest.mark.parametrize("comparator", [ALL, GREATER(1), LESS(1), TEN, CASEINSENSITIVE("x"), PREFIX("x"), SUFFIX("x"),
                                        REGEX("x"), NOT(1)], ids=str)
def test_a_comparator_has_no_hash_for_none_could_be_right(comparator):
    with pytest.raises(TypeError):
        hash(comparator)


@pytest.mark.parametrize("arguments", [("10.0.0.1", "255.255.255.0"), ("10.0.0.0/33",), ("ten",), ("10.0.0.0", "255.0.255.0"),
                                       ("10.0.0.0/8", "255.0.0.0")])
def test_a_network_that_is_none_is_refused(arguments):
    with pytest.raises(InvalidValue):
        NETWORK(*arguments)


@pytest.mark.parametrize(("comparator", "words"), [
    (ALL, "anything"), (GREATER(5), "greater than 5"), (TEN, "in 10.0.0.0/24"), (CASEINSENSITIVE("x"), "x in capitals or not"),
    (LESS(5), "less than 5"), (PREFIX("PXE"), "what begins with PXE"), (SUFFIX(b"\0"), 'what ends in b"\\x00"'),
    (REGEX("^a"), "what matches ^a"), (NOT("a"), "not a"), (NOT(["a", PREFIX("b")]), "not (a or what begins with b)"),
    (NOT(None), "not absent"), (PREFIX(""), "what begins with ''")])
def test_a_comparator_can_be_said_in_words(comparator, words):
    assert str(comparator) == words


class Foreign:
    """Something that no comparator knows."""

    __hash__ = None


FOREIGN = [Foreign(), Foreign, object(), 1 + 2j, float("nan"), [], ["a"], {}, {"a": 1}, (), ("a", 1), set(), bytearray(b"a"),
           True, 10 ** 40, "\ud800", "\0", b"\xff\xfe", IPv4Address("10.0.0.1"), len, NotImplemented]


@pytest.mark.parametrize("comparator", [
    ALL, GREATER(5), GREATER("a"), GREATER(b"a"), LESS(5), LESS("10.0.0.1"), TEN, CASEINSENSITIVE("a"), PREFIX("a"),
    PREFIX(b"a"), SUFFIX("a"), SUFFIX("01:02"), REGEX("a"), REGEX(b"\xff"), NOT("a"), NOT(PREFIX("a")),
    NOT([1, None])], ids=str)
@pytest.mark.parametrize("value", FOREIGN, ids=lambda value: type(value).__name__)
def test_no_value_makes_a_comparator_raise(comparator, value):
    assert (comparator == value) in (True, False)
    assert (comparator == value) is not (comparator != value)


@pytest.mark.parametrize(("pattern", "value", "expected"), [
    (None, None, True), (None, 0, False), ("a", "a", True), ("a", b"a", False), ([1, 2], 2, True), ([], 1, False),
    ((1, 2), 2, True), ((1, 2), (1, 2), True), ((1, 2), (1, 3), False), ([PREFIX("a"), None], "ab", True),
    ([PREFIX("a"), None], None, True),
    ([[1], [2, [3]]], 3, True), ([NOT(1), 1], 1, True), (ALL, None, False)])
def test_a_list_is_any_of_and_none_is_absent(pattern, value, expected):
    assert is_match(pattern, value) is expected


@pytest.mark.parametrize(("text", "data"), [
    ("01:a2:FF", b"\x01\xa2\xff"), ("01", b"01"), ("eth0", b"eth0"), ("01:a2:f", b"01:a2:f"), (b"01:a2", b"01:a2"), ("", b""),
    ("ä", b"\xc3\xa4"), ("01-a2", b"01-a2")])
def test_text_stands_for_bytes_by_the_rules_of_the_configuration(text, data):
    assert octets(text) == data


@pytest.mark.parametrize("make", [PREFIX, SUFFIX, CASEINSENSITIVE, REGEX])
@pytest.mark.parametrize("value", [5, None, ["a"], True])
def test_what_is_no_text_is_refused_where_it_is_written(make, value):
    with pytest.raises(InvalidValue, match="is not text; allowed is"):
        make(value)


@pytest.mark.parametrize("expression", ["(", "a{2000}", r"(a)\1", "(?=a)", "[z-a]"])
def test_an_expression_that_re2_cannot_read_is_refused_without_a_word_on_stderr(expression, capfd):
    with pytest.raises(InvalidValue, match=r"REGEX.*allowed is the syntax of RE2"):
        REGEX(expression)
    assert capfd.readouterr().err == ""


def test_a_missing_google_re2_is_told_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "re2", None)
    with pytest.raises(InvalidValue, match=r"-m pip install google-re2"):
        REGEX("a")


def test_a_regular_expression_takes_linear_time():
    """A stranger chooses the text: what makes Python's own module take ages must not."""
    pattern, text = REGEX("^(a+)+$"), "a" * 20_000 + "b"
    started = process_time()
    assert pattern != text
    assert process_time() - started < 1


@pytest.mark.parametrize(("pattern", "column"), [
    (PREFIX("10.0."), "ip"), (PREFIX("10.0.0.1"), "ip"), (SUFFIX("1"), "number"), (PREFIX("b827eb"), "octets"),
    (SUFFIX("x"), "octets"), (REGEX("a"), "text")])
def test_what_sql_cannot_say_is_refused(pattern, column):
    columns = {"ip": Column("ip", address_from), "number": Column("number", lambda value: value),
               "octets": Column("octets", hardware_from), "text": Column("text", str, text=True)}
    with pytest.raises(InvalidValue, match="allowed"):
        condition(columns[column], pattern)


# --- the database's answer is Python's

names = st.one_of(st.sampled_from(["", "PC1", "pc1", "Pc1", "straße", "STRASSE", "a;b", "İx", "x\0y"]),
                  st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
times = st.integers(1_700_000_000, 1_700_000_009)
addresses = st.integers(0x0A000000, 0x0A00001F)
hardware = st.binary(min_size=1, max_size=7)
rows = st.lists(st.builds(Row, addresses, st.just(b"\2\1x"), st.just(1), hardware, names, times, times, st.just(BOUND)),
                min_size=1, max_size=12, unique_by=lambda row: row.address)


@st.composite
def network(draw):
    """Networks of any size that lie around the addresses."""
    bits = draw(st.integers(24, 32))
    return NETWORK(f"{address_text(draw(addresses) >> (32 - bits) << (32 - bits))}/{bits}")


macs = hardware.map(hardware_text)
octet_parts = st.one_of(st.builds(lambda mac, end: PREFIX(mac[:end]), macs, st.integers(0, 20)),
                        st.builds(lambda mac, start: SUFFIX(mac[start:]), macs, st.integers(0, 20)))
text_parts = st.one_of(st.builds(PREFIX, names), st.builds(SUFFIX, names), st.builds(PREFIX, names.map(str.encode)))


def nested(inner):
    """Lists of patterns and their opposites."""
    return st.recursive(inner, lambda one: st.one_of(st.builds(NOT, one), st.lists(one, max_size=3)), max_leaves=4)


mixed = st.sampled_from((str.upper, str.lower, str.swapcase))
patterns = st.one_of(
    st.tuples(st.just("ip"), nested(st.one_of(st.just(ALL), network(), st.builds(GREATER, addresses.map(address_text)),
                                               st.builds(LESS, addresses.map(address_text)), st.none(),
                                               addresses.map(address_text)))),
    st.tuples(st.just("mac"), st.one_of(st.just(ALL), st.builds(lambda mac, case: CASEINSENSITIVE(case(mac)), macs, mixed),
                                        st.builds(GREATER, macs), st.builds(LESS, macs), macs, octet_parts,
                                        nested(octet_parts))),
    st.tuples(st.just("hostname"), nested(st.one_of(st.just(ALL), st.builds(CASEINSENSITIVE, names), names, text_parts))),
    st.tuples(st.sampled_from(("last_used", "expires")),
              nested(st.one_of(st.just(ALL), st.builds(GREATER, times), st.builds(LESS, times), times))),
)


@pytest.fixture(scope="module")
def hosts(tmp_path_factory):
    """A database whose rows each example replaces."""
    made = HostDatabase(SQLiteStore(tmp_path_factory.mktemp("comparators") / "leases.db"))
    yield made
    made.store.close()


@settings(deadline=None)
@given(rows=rows, wanted=st.lists(patterns, min_size=1, max_size=3, unique_by=lambda one: one[0]), data=st.data())
def test_the_database_finds_what_is_equal_in_python(hosts, rows, wanted, data):
    """One class each with two faces: `==` for a value in hand, SQL for a query."""
    hosts.store._writer.execute("DELETE FROM leases")
    hosts.store.commit(rows)
    some = data.draw(st.sampled_from(rows))
    asked = dict(wanted)
    if data.draw(st.booleans()):
        asked["hostname"] = CASEINSENSITIVE(some.hostname.swapcase())
    expected = [host for host in hosts.all() if all(is_match(pattern, getattr(host, name)) for name, pattern in asked.items())]
    assert list(hosts.get(**asked)) == expected


@pytest.mark.parametrize("patterns", [{"ip": GREATER("ten")}, {"mac": CASEINSENSITIVE("pc1")}, {"ip": "10.0.0"}])
def test_a_value_that_no_such_field_can_have_is_refused(hosts, patterns):
    with pytest.raises(InvalidValue):
        hosts.get(**patterns)
