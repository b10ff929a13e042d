"""The settings of the status page: what they take, what is told of them, and which ports they open."""

import re

import pytest

from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.services.child.service import FileServer
from pydhcpd.settings import BY_NAME

pytest.importorskip("aiohttp", reason="aiohttp is not installed")


def loaded(**settings):
    return DHCPServerConfiguration.load(None, {"interface": "lo", **settings})


@pytest.mark.parametrize(("value", "inner"), [
    ("127.0.0.1", ("127.0.0.1",)), (["127.0.0.1", "::1"], ("127.0.0.1", "::1")), ("0:0::1", ("::1",)),
    (("::", "0.0.0.0"), ("::", "0.0.0.0")), (["::1", "0::1"], ("::1",)), ("fe80::1%eth0", ("fe80::1%eth0",)),
    ("2001:DB8::67", ("2001:db8::67",))])
def test_addresses_are_of_either_kind(value, inner):
    assert BY_NAME["status_address"].kind.parse(value) == inner


@pytest.mark.parametrize("value", ["", "localhost", "127.0.0.1:8067", "[::1]", "10.0.0.0/8", 2130706433, [], [1], None,
                                   ["::1", ""]])
def test_what_is_no_address_is_refused(value):
    with pytest.raises(InvalidValue, match=r"allowed is a list of addresses, such as \['127.0.0.1', '::1'\]"):
        BY_NAME["status_address"].kind.parse(value)


@pytest.mark.parametrize("value", ["https://dhcp.example", "dhcp.example:8067", "dhcp example", "*.example", "-a", "", "a..b",
                                   [1], "a" * 64])
def test_what_is_no_name_is_refused(value):
    with pytest.raises(InvalidValue, match="allowed is a list of names"):
        BY_NAME["status_hosts"].kind.parse(value)


@pytest.mark.parametrize("value", [0, -1, 65536, "http", True])
def test_what_is_no_port_is_refused(value):
    with pytest.raises(ConfigurationError, match="status_port"):
        loaded(status_port=value)


def test_it_is_off_unless_it_has_a_port():
    assert not FileServer.is_wanted(loaded())
    assert not FileServer.is_wanted(loaded(status_address=["::1"]))
    assert list(FileServer.ports(loaded(status_port=8067))) == ["page 127.0.0.1"]
    several = loaded(status_port=8067, status_address=["::1", "192.0.2.1"])
    assert list(FileServer.ports(several)) == ["page ::1", "page 192.0.2.1"]


@pytest.mark.parametrize(("addresses", "told"), [
    (["127.0.0.1"], ""), (["127.0.0.5", "::1"], ""), (["192.0.2.1", "::1"], "192.0.2.1"), (["0.0.0.0", "::"], "0.0.0.0 or ::")])
def test_who_can_read_is_told(addresses, told):
    warnings = loaded(status_port=8067, status_address=addresses).warnings
    assert [re.search("whoever reaches (.*?) can read", one)[1] for one in warnings] == [told] * bool(told)
    assert loaded(status_address=addresses).warnings == []


@pytest.mark.parametrize("more", [{"control_port": 8067}, {"http_root": "/srv", "http_port": 8067}])
def test_two_services_do_not_share_a_port(more):
    with pytest.raises(ConfigurationError, match=r"status_port = 8067: is that of .*_port; allowed is another one"):
        loaded(status_port=8067, **more)
    loaded(status_port=8067, http_port=8067)


def test_an_address_need_not_be_there_and_one_that_is_taken_is_told():
    (opener,) = FileServer.ports(loaded(status_port=18067, status_address="192.0.2.77")).values()
    with opener(), pytest.raises(InvalidValue, match=r"cannot listen on 192.0.2.77 port 18067: Address already in use; name "
                                                     r"another status_port, or end the program that has it \(ss -ltnp"):
        opener()
    (opener,) = FileServer.ports(loaded(status_port=18067, status_address="fe80::1%nowhere")).values()
    with pytest.raises(InvalidValue, match="name another status_port, or another status_address"):
        opener()
