"""Fields of a request by name: people's form, raw form, and what is absent or broken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.fields import Fields
from pydhcpd.wire.codecs import codec
from pydhcpd.wire.options import BY_NAME, Option
from pydhcpd.wire.packet import Packet, Request

FIELDS = Fields({})
UUID = bytes(range(16))


def received(options=None, hardware=b"\xb8\x27\xeb\0\0\1", **header):
    """A request with these options besides the message type."""
    packet = Packet(hardware=hardware, options={53: b"\1", **(options or {})}, **header)
    return Request.receive(packet.encode(), 2, 0, 68, 0xFFFFFFFF)


@pytest.mark.parametrize(("name", "request_", "value"), [
    ("mac", received(), "b8:27:eb:00:00:01"),
    ("mac", received({61: b"\xffx"}, hardware=b""), None),
    ("client_id", received({61: b"\1\2"}), b"\1\2"),
    ("client_id", received(), None),
    ("client_identifier", received({61: b"\1\2"}), b"\1\2"),
    ("htype", received(htype=32), 32),
    ("ciaddr", received(ciaddr=0x0A000001), "10.0.0.1"),
    ("ciaddr", received(), None),
    ("giaddr", received(giaddr=0xC0000207), "192.0.2.7"),
    ("giaddr", received(), None),
    ("secs", received(secs=9), 9),
    ("secs", received(), 0),
    ("interface", received(), None),
    ("message_type", received(), "DISCOVER"),
    ("message_type", received({53: b"\3"}), "REQUEST"),
    ("message_type", received({53: b"\0"}), None),
    ("message_type", received({53: b"\x63"}), 0x63),
    ("circuit_id", received({82: b"\1\4eth0\2\1x"}), b"eth0"),
    ("remote_id", received({82: b"\1\4eth0\2\1x"}), b"x"),
    ("subscriber_id", received({82: b"\1\4eth0"}), None),
    ("subscriber_id", received({82: b"\6\2ab"}), b"ab"),
    ("relay_suboption_9", received({82: b"\x09\0"}), b""),
    ("relay_suboption_9", received(), None),
    ("relay_agent_information", received({82: b"\1\4eth0"}), b"\1\4eth0"),
    ("relay_agent_information", received(), None),
    ("uuid", received({97: b"\0" + UUID}), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
    ("uuid", received({97: b"\0" + UUID[:5]}), UUID[:5]),
    ("uuid", received({97: b"\0"}), None),
    ("uuid", received(), None),
    ("client_machine_identifier", received({97: b"\0" + UUID}), b"\0" + UUID),
    ("known", received(), False),
    ("host_name", received({12: b"boss\0"}), "boss"),
    ("host_name", received({12: b""}), b""),
    ("host_name", received({12: b"\xff"}), "\\xff"),
    ("requested_ip_address", received({50: b"\x0a\0\0\1"}), "10.0.0.1"),
    ("requested_ip_address", received({50: b"\x0a\0"}), b"\x0a\0"),
    ("client_system_architecture", received({93: b"\0\7\0\x09"}), [7, 9]),
    ("client_system_architecture", received({93: b"\7"}), b"\7"),
    ("routers", received({3: b"\x0a\0\0\1"}), ["10.0.0.1"]),
    ("option_224", received({224: b"\1\2"}), b"\1\2"),
    ("rapid_commit", received({80: b""}), True),
])
def test_a_field_is_read_in_the_form_that_people_write(name, request_, value):
    assert FIELDS.reader(name)(request_) == value


@pytest.mark.parametrize(("data", "value"), [
    (b"iPXE", ["iPXE"]), (b"\4iPXE", ["iPXE"]), (b"\4iPXE\3abc", ["iPXE", "abc"]), (b"\4iPX", ["\x04iPX"]), (b"", b"")])
def test_rule_46_a_user_class_is_read_as_a_bare_string_and_as_tuples(data, value):
    assert FIELDS.reader("user_class")(received({77: data})) == value


def test_what_the_server_adds_to_a_request_is_read():
    request = received()
    request.interface_name, request.known, request.relay = "eth1", True, b"\1\1r"
    assert [FIELDS.reader(name)(request) for name in ("interface", "known", "circuit_id")] == ["eth1", True, b"r"]


def test_own_options_come_before_the_registry_and_suboptions_are_found_inside():
    own = [Option(60, "vendor_class_identifier", codec("bytes"), "line 1"), Option(224, "rack", codec("uint8"), "line 2"),
           Option(1, "door", codec("text"), "line 3", inside=(43, 0)),
           Option(3, "slot", codec("uint16"), "line 4", inside=(125, 4491))]
    fields = Fields({option.name: option for option in own})
    blocks = b"\0\0\0\x09\3\3\1x" + b"\0\0\x11\x8b\6\1\0\3\2\1\2"
    request = received({60: b"abc", 224: b"\7", 43: b"\0\2\1a\1\4left\xff\1\1x", 125: blocks})
    assert [fields.reader(option.name)(request) for option in own] == [b"abc", 7, "left", 0x0102]
    assert {"rack", "door", "slot", "mac", "routers"} <= set(fields.names())
    assert fields.reader("door")(received()) is None
    assert FIELDS.reader("rack") is None


@given(data=st.binary(max_size=40), enterprise=st.integers(0, 3))
def test_suboptions_that_are_no_such_thing_do_not_raise(data, enterprise):
    fields = Fields({"a": Option(1, "a", codec("uint8"), "", inside=(43, 0)),
                     "b": Option(1, "b", codec("uint8"), "", inside=(125, enterprise))})
    request = received()
    request.options = {43: data, 125: data}
    for name in ("a", "b"):
        fields.reader(name)(request)


@given(name=st.sampled_from(sorted({*FIELDS.names(), "relay_suboption_7", "option_224"})), data=st.binary(max_size=40),
       relay=st.binary(max_size=20))
def test_whatever_a_client_sends_a_field_has_a_value_and_a_key(name, data, relay):
    request = received()
    option = BY_NAME.get(name)
    request.options = {61: data, 97: data, option.code if option else 224: data}
    request.relay = relay
    raw = FIELDS.raw(name)(request)
    hash(raw)
    assert (FIELDS.reader(name)(request) is None) == (raw is None)


@pytest.mark.parametrize(("name", "expected"), [
    ("circuit_id", True), ("remote_id", True), ("subscriber_id", True), ("relay_suboption_1", True), ("option_82", True),
    ("relay_agent_information", True), ("mac", False), ("giaddr", True), ("user_class", False)])
def test_what_comes_from_the_relay_is_told(name, expected):
    assert FIELDS.reads_relay(name) is expected


@pytest.mark.parametrize(("name", "near"), [
    ("vendor_clas_identifier", "vendor_class_identifier"), ("circuitid", "circuit_id"), ("macc", "mac")])
def test_a_name_that_is_none_is_refused_with_the_nearest(name, near):
    assert FIELDS.reader(name) is None
    with pytest.raises(InvalidValue, match=f"did you mean {near}"):
        FIELDS.raw(name)


@pytest.mark.parametrize("name", ["relay_suboption_0", "relay_suboption_255", "relay_suboption_", "option_0", "option_255", "",
    "__class__"])
def test_numbers_out_of_range_are_no_names(name):
    assert FIELDS.reader(name) is None
