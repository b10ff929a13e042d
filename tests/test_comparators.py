"""Comparators: equal to what they match, and the database's answer is the same as Python's."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, NETWORK
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import BOUND, Row, SQLiteStore

TEN = NETWORK("10.0.0.0", "255.255.255.0")

EQUAL = [
    (ALL, 0), (ALL, ""), (ALL, "x"), (ALL, False),
    (GREATER(5), 6), (GREATER(5), 5.5), (GREATER("a"), "b"), (GREATER("10.0.0.9"), "10.0.0.10"), (GREATER(0), 4294967295),
    (TEN, "10.0.0.1"), (TEN, "10.0.0.254"), (TEN, 0x0A000001), (TEN, IPv4Address("10.0.0.7")),
    (NETWORK("10.0.0.0/8"), "10.255.255.254"), (NETWORK("10.0.0.4/31"), "10.0.0.4"), (NETWORK("10.0.0.4/31"), "10.0.0.5"),
    (NETWORK("10.0.0.4/32"), "10.0.0.4"), (NETWORK("0.0.0.0/0"), "192.0.2.1"),
    (CASEINSENSITIVE("PC-One"), "pc-oNE"), (CASEINSENSITIVE(""), ""), (CASEINSENSITIVE("straße"), "STRASSE"),
    (CASEINSENSITIVE("02:ab:00:00:00:01"), "02:AB:00:00:00:01"),
]
UNEQUAL = [
    (ALL, None),
    (GREATER(5), 5), (GREATER(5), 4), (GREATER(5), "6"), (GREATER(5), None), (GREATER("10.0.0.10"), "10.0.0.9"),
    (TEN, "10.0.0.0"), (TEN, "10.0.0.255"), (TEN, "10.0.1.1"), (TEN, "9.255.255.255"), (TEN, "pc1"), (TEN, None), (TEN, -1),
    (TEN, 1 << 40), (TEN, ""), (TEN, 10.5), (TEN, b"\x0a\0\0\1"),
    (CASEINSENSITIVE("a"), "ab"), (CASEINSENSITIVE("a"), None), (CASEINSENSITIVE("a"), b"a"), (CASEINSENSITIVE("1"), 1),
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


@pytest.mark.parametrize("comparator", [ALL, GREATER(1), TEN, CASEINSENSITIVE("x")], ids=str)
def test_a_comparator_has_no_hash_for_none_could_be_right(comparator):
    with pytest.raises(TypeError):
        hash(comparator)


@pytest.mark.parametrize("arguments", [("10.0.0.1", "255.255.255.0"), ("10.0.0.0/33",), ("ten",), ("10.0.0.0", "255.0.255.0"),
                                       ("10.0.0.0/8", "255.0.0.0")])
def test_a_network_that_is_none_is_refused(arguments):
    with pytest.raises(InvalidValue):
        NETWORK(*arguments)


@pytest.mark.parametrize(("comparator", "words"), [
    (ALL, "anything"), (GREATER(5), "greater than 5"), (TEN, "in 10.0.0.0/24"), (CASEINSENSITIVE("x"), "x in capitals or not")])
def test_a_comparator_can_be_said_in_words(comparator, words):
    assert str(comparator) == words


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
mixed = st.sampled_from((str.upper, str.lower, str.swapcase))
patterns = st.one_of(
    st.tuples(st.just("ip"), st.one_of(st.just(ALL), network(), st.builds(GREATER, addresses.map(address_text)))),
    st.tuples(st.just("mac"), st.one_of(st.just(ALL), st.builds(lambda mac, case: CASEINSENSITIVE(case(mac)), macs, mixed),
                                        st.builds(GREATER, macs.map(str.upper)))),
    st.tuples(st.just("hostname"), st.one_of(st.just(ALL), st.builds(CASEINSENSITIVE, names), names)),
    st.tuples(st.sampled_from(("last_used", "expires")), st.one_of(st.just(ALL), st.builds(GREATER, times), times)),
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
    expected = [host for host in hosts.all() if all(getattr(host, name) == pattern for name, pattern in asked.items())]
    assert list(hosts.get(**asked)) == expected


@pytest.mark.parametrize("patterns", [{"ip": GREATER("ten")}, {"mac": CASEINSENSITIVE("pc1")}, {"ip": "10.0.0"}])
def test_a_value_that_no_such_field_can_have_is_refused(hosts, patterns):
    with pytest.raises(InvalidValue):
        hosts.get(**patterns)
