"""The functions of the configuration file: what they see, what they may return, and what holds where they fail."""

import logging
from dataclasses import replace

import pytest

from pydhcpd.conf import host
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fields import Fields
from pydhcpd.policy.functions import PARAMETERS, Circumstances, Dropped, Functions, ReplyView, RequestView, check
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.scope import Scope
from pydhcpd.wire.codecs import UINT8
from pydhcpd.wire.options import Option
from pydhcpd.wire.packet import Packet, Request

FIELDS = Fields({})
MAC = bytes.fromhex("b827eb000001")


class Clock:
    """Goes on only when it is told to."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def view(options=None, classes=(), lease=0, **fields):
    packet = Packet(hardware=MAC, xid=1, options={53: b"\1", **(options or {})}, **fields)
    request = Request.receive(packet.encode(), 2, 0, 68, 0xFFFFFFFF)
    return RequestView(request, FIELDS, Circumstances(1.5, None, classes, lease))


def functions(clock=None, failure="ignore", host_scope=lambda one: one, **given):
    return Functions(given, ("voip", "guest"), time_limit=0.05, failure=failure, clock=clock or Clock(), file=__file__,
                     host_scope=host_scope)


def raising(*_):
    raise RuntimeError("no\x1b[31m good")


# --- what they see


@pytest.mark.parametrize(("name", "value"), [
    ("mac", "b8:27:eb:00:00:01"), ("vendor_class_identifier", "PXEClient"), ("client_system_architecture", [7]),
    ("circuit_id", b"eth0"), ("remote_id", None), ("host_name", None), ("time", 1.5), ("classes", ("voip",)),
    ("lease", "10.0.0.7"), ("subnet", None), ("message_type", "DISCOVER")])
def test_a_request_is_seen_by_the_names_of_fields(name, value):
    request = view({60: b"PXEClient", 93: b"\0\7", 82: b"\1\4eth0"}, ("voip",), 0x0A000007)
    assert getattr(request, name) == value


# --- what they return


def test_functions_that_are_not_defined_are_none_and_cost_nothing():
    none = Functions.none()
    assert not none
    assert [getattr(none, name) for name in PARAMETERS] == [None] * 5


def test_what_they_return_is_taken():
    made = Reservation.of(1, {"mac": "02:00:00:00:00:01"})
    given = functions(accept=lambda request: 0, identify=lambda request: made, classify=lambda request: iter(["voip"]),
                      choose=lambda request, pools: pools[::-1], finish=lambda request, reply: None)
    assert given.accept(view()) is False
    assert given.identify(view()) is made
    assert given.classify(view()) == ("voip",)
    assert list(given.choose(view(), ["a", "b"])) == ["b", "a"]
    assert given.finish(view(), ReplyView({})) is True


@pytest.mark.parametrize(("name", "function", "otherwise"), [
    ("accept", raising, True), ("accept", lambda request: None, True), ("identify", lambda request: 5, None),
    ("classify", lambda request: ["nonesuch"], ()),
    ("classify", lambda request: "voip", ()), ("identify", raising, None), ("finish", raising, False)])
def test_what_fails_is_told_with_its_line_and_the_packet_goes_on(caplog, name, function, otherwise):
    arguments = {"choose": (view(), ["a"]), "finish": (view(), ReplyView({}))}.get(name, (view(),))
    with caplog.at_level(logging.WARNING):
        assert getattr(functions(**{name: function}), name)(*arguments) == otherwise
    (record,) = caplog.records
    assert f"{__file__}:" in record.getMessage()
    assert f"{name}()" in record.getMessage()
    assert "\x1b" not in record.getMessage(), "what a client sent may be in it (hardening 8)"


def test_pools_that_it_was_not_given_are_refused():
    assert list(functions(choose=lambda request, pools: ["c"]).choose(view(), ["a", "b"])) == ["a", "b"]


def test_a_host_that_was_made_up_is_compiled_inside_the_fence():
    def scope(one):
        raise InvalidValue("no such option")

    made = Reservation.of(1, {"mac": "02:00:00:00:00:01"})
    assert functions(identify=lambda request: made, host_scope=scope).identify(view()) is None
    with pytest.raises(Dropped, match="identify"):
        functions(failure="drop", identify=lambda request: made, host_scope=scope).identify(view())


def test_a_host_that_was_made_up_is_used_with_its_settings_compiled():
    made = Reservation.of(1, {"mac": "02:00:00:00:00:01", "root_path": "/a"})
    compiled = replace(made, scope=Scope(options={17: b"/a"}))
    assert functions(identify=lambda request: made, host_scope=lambda one: compiled).identify(view()) is compiled
    assert functions(identify=lambda request: None, host_scope=raising).identify(view()) is None


def test_a_mistake_in_the_arguments_of_host_is_told_in_its_own_words(caplog):
    def identify(request):
        return host(mac=request.mac, ip="10.0.0.x")

    assert functions(identify=identify).identify(view()) is None
    assert "'10.0.0.x' is not an IPv4 address" in caplog.text


def test_names_and_pools_count_once():
    first, second = ["equal"], ["equal"]
    given = functions(classify=lambda request: ["guest", "voip", "guest"],
                      choose=lambda request, pools: [pools[1], pools[1], pools[0]])
    assert given.classify(view()) == ("guest", "voip")
    chosen = given.choose(view(), [first, second])
    assert [one is other for one, other in zip(chosen, [second, first], strict=True)] == [True, True]


def test_finish_may_set_options_of_ones_own():
    def finish(request, reply):
        reply.options["rack"] = 7

    given = Functions({"finish": finish}, (), time_limit=0.05, failure="drop", clock=Clock(),
                      own_options={"rack": Option(224, "rack", UINT8, "own")})
    reply = ReplyView({}, table=given.table)
    assert given.finish(view(), reply) is True
    assert reply.encoded() == {224: b"\7"}


def test_packets_are_dropped_where_that_is_wanted():
    with pytest.raises(Dropped, match="accept"):
        functions(failure="drop", accept=raising).accept(view())


# --- bounds


def test_a_generator_that_never_ends_is_ended():
    def classify(_):
        while True:
            yield "voip"

    assert functions(classify=classify).classify(view()) == ()


# --- at load


@pytest.mark.parametrize(("name", "function", "reason"), [
    ("accept", 5, "not a function"), ("accept", lambda: 1, "it takes"), ("choose", lambda request: 1, "it takes"),
    ("finish", lambda request, reply, more: 1, "it takes")])
def test_what_cannot_be_called_is_told_at_load(name, function, reason):
    with pytest.raises(InvalidValue, match=reason) as caught:
        check(name, function)
    assert f"def {name}({', '.join(PARAMETERS[name])})" in str(caught.value)


def test_what_would_never_run_is_told_at_load():
    async def accept(request):
        return True

    def identify(request):
        yield None

    for function, name in ((accept, "accept"), (identify, "identify")):
        with pytest.raises(InvalidValue, match="allowed is: def"):
            check(name, function)
