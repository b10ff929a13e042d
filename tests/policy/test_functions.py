"""The functions of the configuration file: what they see, what they may return, and what holds where they fail."""

import gc
import logging

import pytest

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fields import Fields
from pydhcpd.policy.functions import PARAMETERS, Circumstances, Dropped, Functions, ReplyView, RequestView, check
from pydhcpd.policy.reservation import Reservation
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


def test_a_field_that_is_none_is_told_with_the_nearest():
    with pytest.raises(AttributeError, match="did you mean circuit_id"):
        _ = view().circuit_di


def test_a_request_cannot_be_changed():
    request = view()
    with pytest.raises(AttributeError, match="cannot be changed"):
        request.mac = "x"
    with pytest.raises(AttributeError, match="cannot be changed"):
        del request.mac


def test_a_reply_is_changed_by_names_and_a_bad_value_is_an_error_in_that_line():
    reply = ReplyView({3: b"\x0a\0\0\1", 67: b"a"}, 0x0A000001, b"srv", address=0x0A000007, lease_time=60)
    assert (reply.options["router"], reply.address, reply.lease_time) == (["10.0.0.1"], "10.0.0.7", 60)
    assert reply.boot_file_name == "a"
    reply.options["boot_file_name"] = f"{view().mac}.cfg"
    reply.next_server = "10.0.0.9"
    reply.hostname = "pc"
    assert reply.changed()
    assert reply.encoded() == {3: b"\x0a\0\0\1", 67: b"b8:27:eb:00:00:01.cfg", 12: b"pc"}
    assert reply.boot_fields() == (0x0A000009, b"srv", b"b8:27:eb:00:00:01.cfg")
    for name, value in (("router", "x"), ("no_such", 1), ("server_identifier", "10.0.0.1"), ("ip_address_lease_time", 5)):
        with pytest.raises(InvalidValue, match=name):
            reply.options[name] = value


def test_a_reply_has_no_address_to_set():
    with pytest.raises(AttributeError):
        ReplyView({}).address = "10.0.0.9"


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
    ("accept", raising, True), ("identify", lambda request: 5, None), ("classify", lambda request: ["nonesuch"], ()),
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


def test_packets_are_dropped_where_that_is_wanted():
    with pytest.raises(Dropped, match="accept"):
        functions(failure="drop", accept=raising).accept(view())


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_nothing_that_a_function_raises_ends_the_server(error):
    def act(_):
        raise error

    assert functions(accept=act).accept(view()) is True


# --- bounds


def test_an_exception_is_logged_once_per_bounded_time(caplog):
    clock = Clock()
    given = functions(clock, accept=raising)
    for _ in range(1000):
        given.accept(view())
        clock.now += 0.001
    clock.now += 60
    given.accept(view())
    assert [("and 999 more" in one.getMessage()) for one in caplog.records] == [False, True]
    assert given.fences["accept"].failures == 1001


def test_a_function_that_is_slow_ten_times_in_a_minute_is_left_out(caplog):
    clock = Clock()
    calls = []

    def slow(_):
        calls.append(1)
        clock.now += 0.06
        return False

    given = functions(clock, accept=slow)
    assert [given.accept(view()) for _ in range(12)] == [False] * 10 + [True] * 2
    assert len(calls) == 10
    assert [one.levelno for one in caplog.records].count(logging.ERROR) == 1


def test_a_function_that_is_slow_now_and_then_is_not_left_out():
    clock = Clock()

    def slow(_):
        clock.now += 0.06
        return False

    given = functions(clock, accept=slow)
    for _ in range(30):
        assert given.accept(view()) is False
        clock.now += 10


def test_a_generator_that_never_ends_is_ended():
    def classify(_):
        while True:
            yield "voip"

    assert functions(classify=classify).classify(view()) == ()


def test_no_cycle_is_left_by_what_fails():
    given, request = functions(accept=raising, classify=raising), view()
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            given.accept(request)
            given.classify(request)
        assert gc.collect() == 0
    finally:
        gc.enable()


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
