"""What the functions of the configuration file see: the request read only, the reply open but for its addresses."""

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.views import Circumstances, OptionTable, ReplyView, RequestView
from pydhcpd.wire import codecs
from pydhcpd.wire.options import PROTOCOL_OWN, Option
from pydhcpd.wire.packet import Packet, Request

MAC = bytes.fromhex("b827eb000001")
OWN = {"rack": Option(224, "rack", codecs.UINT8, "own"),
       "router_name": Option(3, "router_name", codecs.TEXT, "own", inside=(43, 0))}


class Fields:
    """In place of the fields of a whole configuration."""

    readers = {"mac": lambda request: request.chaddr[:request.hlen].hex(":"), "secs": lambda request: request.secs,
               "circuit_id": lambda request: None}

    def reader(self, name):
        return self.readers.get(name)

    def names(self):
        return list(self.readers)


def view(circumstances=None):
    request = Request.receive(Packet(hardware=MAC, xid=1, secs=9, options={53: b"\1"}).encode(), 2, 0, 68, 0xFFFFFFFF)
    return RequestView(request, Fields(), circumstances or Circumstances(1.5))


def reply(options=None, next_server=0, server_name=b"", file=b"", **more):
    return ReplyView(options or {}, next_server, server_name, file, table=OptionTable(OWN), **more)


# --- the request


class Subnet:
    def __str__(self):
        return "192.0.2.0/24"


@pytest.mark.parametrize(("circumstances", "seen"), [
    (Circumstances(1.5), {"mac": "b8:27:eb:00:00:01", "secs": 9, "circuit_id": None, "time": 1.5, "subnet": None,
                          "classes": (), "lease": None}),
    (Circumstances(2.5, Subnet(), ("voip",), address_from("192.0.2.9")),
     {"time": 2.5, "subnet": "192.0.2.0/24", "classes": ("voip",), "lease": "192.0.2.9"})])
def test_a_request_is_seen_by_the_names_of_its_fields(circumstances, seen):
    request = view(circumstances)
    assert {name: getattr(request, name) for name in seen} == seen


def test_what_becomes_known_later_is_seen_then():
    known = Circumstances(1.5)
    request = view(known)
    assert request.lease is None
    known.lease = address_from("192.0.2.9")
    assert request.lease == "192.0.2.9"


@pytest.mark.parametrize(("name", "hint"), [("circuit_ip", "did you mean circuit_id?"), ("leaze", "did you mean lease?"),
                                            ("xyz", "allowed are the fields")])
def test_a_field_that_is_none_is_told_with_the_nearest(name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(view(), name)
    assert f"a request has no {name}" in str(caught.value)
    assert hint in str(caught.value)
    assert not hasattr(view(), name)
    assert getattr(view(), name, 5) == 5


@pytest.mark.parametrize("name", ["mac", "lease", "_request", "of_my_own"])
def test_a_request_cannot_be_changed(name):
    request = view()
    with pytest.raises(AttributeError, match=f"{name} cannot be set"):
        setattr(request, name, "x")
    with pytest.raises(AttributeError, match=f"{name} cannot be removed"):
        delattr(request, name)


def test_all_names_of_a_request_are_listed():
    assert sorted(dir(view())) == ["circuit_id", "classes", "lease", "mac", "secs", "subnet", "time"]


# --- the reply


def test_the_example_of_the_manual_sets_option_and_field():
    """Rule 47: some clients read the field, and some the option."""
    made, request = reply(), view()
    made.options["boot_file_name"] = f"{request.mac}.cfg"
    assert made.changed()
    assert made.encoded() == {67: b"b8:27:eb:00:00:01.cfg"}
    assert made.boot_fields() == (0, b"", b"b8:27:eb:00:00:01.cfg")


def test_what_nobody_changed_is_as_it_was():
    given = {1: bytes(4), 66: b"srv", 67: b"a"}
    made = reply(given, 5, b"srv".ljust(64, b"\0"), b"a".ljust(128, b"\0"))
    assert not made.changed()
    assert made.encoded() == given
    assert made.boot_fields() == (5, b"srv", b"a")
    made.boot_file_name = "b"
    made.boot_file_name = "a"
    assert not made.changed()
    assert given == {1: bytes(4), 66: b"srv", 67: b"a"}, "it belongs to who gave it"


def test_the_field_stays_where_the_client_did_not_ask_for_the_option():
    made = reply({}, 0, b"", b"pxelinux.0")
    made.options["domain_name"] = "example"
    assert made.boot_file_name == "pxelinux.0"
    assert (made.encoded(), made.boot_fields()) == ({15: b"example"}, (0, b"", b"pxelinux.0"))


@pytest.mark.parametrize("act", [lambda made: setattr(made, "boot_file_name", None),
                                 lambda made: made.options.update(boot_file_name=None)])
def test_a_boot_file_that_is_taken_out_is_not_in_the_field_either(act):
    """Rule 47, also where the client did not ask for the option."""
    made = reply({}, 0, b"", b"pxelinux.0")
    act(made)
    assert made.changed()
    assert (made.boot_file_name, made.encoded(), made.boot_fields()) == (None, {}, (0, b"", b""))


@pytest.mark.parametrize(("act", "options", "fields"), [
    (lambda made: setattr(made, "boot_file_name", None), {66: b"srv"}, (1, b"srv", b"")),
    (lambda made: made.options.pop("boot_file_name"), {66: b"srv"}, (1, b"srv", b"")),
    (lambda made: setattr(made, "boot_file_name", "x" * 127), {66: b"srv", 67: b"x" * 127}, (1, b"srv", b"x" * 127)),
    (lambda made: setattr(made, "boot_file_name", "x" * 128), {66: b"srv", 67: b"x" * 128}, (1, b"srv", b"")),
    (lambda made: setattr(made, "server_name", "tftp"), {66: b"tftp", 67: b"a"}, (1, b"tftp", b"a")),
    (lambda made: setattr(made, "server_name", None), {66: b"0.0.0.1", 67: b"a"}, (1, b"", b"a")),
    (lambda made: setattr(made, "next_server", "0.0.0.2"), {66: b"srv", 67: b"a"}, (2, b"srv", b"a")),
    (lambda made: setattr(made, "next_server", None), {66: b"srv", 67: b"a"}, (0, b"srv", b"a")),
    (lambda made: setattr(made, "hostname", "pc"), {66: b"srv", 67: b"a", 12: b"pc"}, (1, b"srv", b"a")),
    (lambda made: made.options.update(rack=7), {66: b"srv", 67: b"a", 224: b"\7"}, (1, b"srv", b"a"))])
def test_boot_values_and_options_can_be_changed(act, options, fields):
    made = reply({66: b"srv", 67: b"a"}, 1, b"srv", b"a")
    act(made)
    assert made.changed()
    assert (made.encoded(), made.boot_fields()) == (options, fields)


def test_a_server_in_option_66_of_its_own_is_left_alone():
    made = reply({66: b"192.0.2.1"}, 0, b"srv")
    made.server_name = "other"
    assert (made.encoded(), made.boot_fields()[1]) == ({66: b"192.0.2.1"}, b"other")


def test_options_are_a_mapping_by_name_in_peoples_form():
    options = reply({3: bytes([10, 0, 0, 1]), 224: b"\7", 12: b"a", 1: b"bad"}).options
    assert dict(options) == {"router": ["10.0.0.1"], "rack": 7, "host_name": "a", "subnet_mask": b"bad"}
    assert ("router" in options, "domain_name" in options, len(options)) == (True, False, 4)
    assert (options["routers"], options["option_3"]) == (["10.0.0.1"], bytes([10, 0, 0, 1]))
    assert options.get("domain_name") is None
    for act in (lambda: options["domain_name"], lambda: options.pop("domain_name")):
        with pytest.raises(KeyError):
            act()
    options["router"] = None
    options["host_name"] = "b"
    assert list(options) == ["rack", "host_name", "subnet_mask"]


@pytest.mark.parametrize("name", ["ip_address_lease_time", "server_identifier", "option_53", *(
    f"option_{code}" for code in sorted(PROTOCOL_OWN))])
def test_what_is_the_protocols_own_cannot_be_set_nor_taken_out(name):
    options = reply({51: b"\0\0\0\1"}).options
    for act in (lambda: options.update({name: b"x"}), lambda: options.pop(name)):
        with pytest.raises((InvalidValue, KeyError), match=name):
            act()


@pytest.mark.parametrize(("name", "value", "words"), [
    ("router", "x", "router = 'x' is not an IPv4 address"), ("routter", "10.0.0.1", "did you mean router?"),
    (3, "10.0.0.1", "3 is no DHCP option"), ("router_name", "x", "'router_name' is a part of vendor_specific_information"),
    ("rack", 256, "rack = 256")])
def test_a_value_that_cannot_be_is_an_error_in_that_line(name, value, words):
    made = reply()
    with pytest.raises(InvalidValue) as caught:
        made.options[name] = value
    assert words in str(caught.value)
    assert not made.changed()


@pytest.mark.parametrize(("name", "value"), [
    ("server_name", "x" * 64), ("server_name", "a\nb"), ("server_name", 5), ("next_server", "x"), ("hostname", ""),
    ("hostname", "bad name"),
    ("boot_file_name", "a\0b")])
def test_a_boot_value_that_cannot_be_is_an_error_in_that_line(name, value):
    made = reply()
    with pytest.raises(InvalidValue):
        setattr(made, name, value)
    assert not made.changed()


@pytest.mark.parametrize("name", ["address", "lease_time", "options", "yiaddr"])
def test_addresses_cannot_be_changed(name):
    made = reply(address=address_from("192.0.2.9"), lease_time=60)
    with pytest.raises(AttributeError):
        setattr(made, name, "192.0.2.10")
    assert (made.address, made.lease_time) == ("192.0.2.9", 60)


def test_a_reply_without_a_lease_has_none():
    assert (reply().address, reply().lease_time, reply().next_server, reply().server_name) == (None,) * 4
