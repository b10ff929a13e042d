"""The table of settings: it is complete, and its kinds take what the documentation says."""

import re
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd import conf
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.ranges import range_from, range_text, ranges_from
from pydhcpd.settings import BY_NAME, DAYS, GLOBAL, HOST, HOURS, INFINITE, MINUTES, NETWORK_WIDE, POOL, SETTINGS, settings_of
from pydhcpd.wire.options import option_named

OLDER = ["dhcp_offer_after_seconds", "dhcp_acknowledge_after_seconds", "length_of_transaction", "network", "subnet_mask",
         "broadcast_address", "router", "domain_name_server", "ip_address_lease_time", "host_file", "bind_address", "debug"]


@pytest.mark.parametrize("name", OLDER)
def test_the_older_servers_names_go_on_working(name):
    assert name in BY_NAME or option_named(name)


def test_units():
    assert (MINUTES, HOURS, DAYS, INFINITE) == (60, 3600, 86_400, 0xFFFFFFFF)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_says_what_it_is(setting):
    assert setting.name.isidentifier()
    assert setting.words and setting.kind.words
    assert not setting.name.startswith("_")


@pytest.mark.parametrize("setting", [one for one in SETTINGS if one.default is not None], ids=lambda setting: setting.name)
def test_a_default_is_in_the_inner_form(setting):
    assert setting.kind.parse(setting.default) == setting.default


def test_names_are_unique_and_of_one_place():
    assert len(BY_NAME) == len(SETTINGS)
    assert set(settings_of(HOST)) < set(settings_of(POOL)) < set(settings_of(NETWORK_WIDE)) < set(settings_of(GLOBAL)) == set(
        BY_NAME)


def test_the_vocabulary_is_in_scope_and_hides_no_setting():
    for word in conf.__all__:
        assert getattr(conf, word) is not None
        assert word not in BY_NAME or word == "pxe_menu"  # there is one menu for each client, and it can be called again
        assert option_named(word) is None


JUNK = [object(), {}, {1}, 1j, b"\xff", "\0", "\ud800", "", float("nan"), float("inf"), -1, 1 << 70, [[]], [None], [{}], [b"x"],
        (1, 2, 3), lambda: None]


@pytest.mark.parametrize("value", JUNK, ids=lambda value: ascii(value)[:20])
def test_a_kind_takes_a_value_or_says_what_is_allowed(value):
    for setting in SETTINGS:
        try:
            setting.kind.parse(value)
        except InvalidValue as error:
            assert re.search("; (allowed|write|several)", str(error))


@pytest.mark.parametrize(("name", "value", "inner"), [
    ("authoritative", "YES", True), ("authoritative", "False", False), ("authoritative", 1, True), ("authoritative", 0, False),
    ("log_level", "WARNING", "warning"), ("interface", "lo", ("lo",)), ("control_port", 0, 0),
    ("control_address", "127.0.0.1", "127.0.0.1"),
    ("ip_address_lease_time", 1, 1), ("ip_address_lease_time", INFINITE, INFINITE), ("dhcp_offer_after_seconds", 0, 0.0)])
def test_a_kind_gives_the_inner_form(name, value, inner):
    found = BY_NAME[name].kind.parse(value)
    assert (found, type(found)) == (inner, type(inner))


@pytest.mark.parametrize(("value", "bounds"), [
    ("192.0.2.10 - 192.0.2.20", (0xC000020A, 0xC0000214)), ("192.0.2.10-192.0.2.20", (0xC000020A, 0xC0000214)),
    (("192.0.2.10", "192.0.2.20"), (0xC000020A, 0xC0000214)), (["192.0.2.10", "192.0.2.20"], (0xC000020A, 0xC0000214)),
    ("192.0.2.8/29", (0xC0000208, 0xC000020F)), ("192.0.2.10", (0xC000020A, 0xC000020A)),
    ("192.0.2.10 - 192.0.2.10", (0xC000020A, 0xC000020A)), ("0.0.0.0/0", (0, 0xFFFFFFFF))])
def test_a_range_is_two_addresses_or_a_block(value, bounds):
    assert range_from(value) == bounds


@pytest.mark.parametrize("value", [
    ("192.0.2.10", "192.0.2.20"), "192.0.2.10 - 192.0.2.20", [("192.0.2.10", "192.0.2.20")], ("192.0.2.10 - 192.0.2.20",),
    [["192.0.2.10", "192.0.2.20"]]])
def test_one_range_alone_may_stand_for_a_list(value):
    assert ranges_from(value) == ((0xC000020A, 0xC0000214),)


def test_ranges_keep_their_order():
    assert [range_text(one) for one in ranges_from(["192.0.2.20/32", "192.0.2.10/32"])] == [
        "192.0.2.20 - 192.0.2.20", "192.0.2.10 - 192.0.2.10"]


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), max_size=4))
def test_ranges_are_refused_exactly_where_an_address_would_stand_twice(bounds):
    addresses = [address for first, last in bounds for address in range(first, last + 1)]
    good = all(first <= last for first, last in bounds) and len(addresses) == len(set(addresses))
    try:
        assert ranges_from([tuple(map(IPv4Address, one)) for one in bounds]) == tuple(bounds)
        assert good
    except InvalidValue:
        assert not good
