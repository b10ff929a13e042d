"""Routes: the default route among the classless ones, and the number that Windows knows (RFC 3442, rule 31)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.policy.routes import completed
from pydhcpd.wire.codecs import ADDRESSES, ROUTES

ROUTER = ADDRESSES.encode(["192.0.2.1", "192.0.2.2"])
LAN = ROUTES.encode([("10.0.0.0/8", "192.0.2.9")])
LAN_AND_DEFAULT = bytes.fromhex("080a c0000209 00 c0000201")
OWN_DEFAULT = ROUTES.encode([("default", "192.0.2.7"), ("10.0.0.0/8", "192.0.2.9")])

CASES = {
    "nothing": ({}, {}, {}),
    "a router alone": ({3: ROUTER}, {3: ROUTER}, {}),
    "routes alone": ({121: LAN}, {121: LAN}, {249: LAN}),
    "both: by the first router": ({3: ROUTER, 121: LAN}, {3: ROUTER, 121: LAN_AND_DEFAULT}, {249: LAN_AND_DEFAULT}),
    "a default route is there": ({3: ROUTER, 121: OWN_DEFAULT}, {3: ROUTER, 121: OWN_DEFAULT}, {249: OWN_DEFAULT}),
    "249 was set": ({121: LAN, 249: b"\0\1\2\3\4"}, {121: LAN, 249: b"\0\1\2\3\4"}, {}),
    "249 alone": ({3: ROUTER, 249: LAN}, {3: ROUTER, 249: LAN}, {}),
    "raw bytes that are no routes": ({3: ROUTER, 121: b"\x21\1"}, {3: ROUTER, 121: b"\x21\1"}, {249: b"\x21\1"}),
    "raw bytes that are no router": ({3: b"\1", 121: LAN}, {3: b"\1", 121: LAN}, {249: LAN}),
    "others are left alone": ({1: b"m", 121: LAN}, {1: b"m", 121: LAN}, {249: LAN}),
}


@pytest.mark.parametrize("name", CASES)
def test_classless_routes_have_the_default_route_and_windows_may_ask_for_them(name):
    options, complete, only_if_asked = CASES[name]
    given_options = dict(options)
    assert completed(options) == (complete, only_if_asked)
    assert options == given_options


def test_a_default_route_hidden_in_another_form_is_found():
    """RFC 3442: width 0 has no octets of a destination; a route of width 1 to 0.0.0.0 is not the default."""
    half = ROUTES.encode([("0.0.0.0/1", "192.0.2.9")])
    assert completed({3: ROUTER, 121: half})[0][121] == half + b"\0\xc0\0\2\1"


@given(st.binary(max_size=40), st.binary(max_size=12))
def test_any_bytes_are_completed(routes, router):
    complete, _ = completed({3: router, 121: routes})
    assert complete[121].startswith(routes)
    assert completed(complete)[0] == complete
