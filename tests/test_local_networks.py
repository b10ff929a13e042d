"""Which address of an interface counts, which networks follow from addresses, and what of them cannot be served.

Pictures of interfaces go in, what is served comes out: the same configuration, as addresses come and go.
"""

import pytest
from rig import ETH1, interface

from pydhcpd.addresses import address_from, address_text, network_text
from pydhcpd.conf import subnet
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.local_networks import by_worth
from pydhcpd.serving import make_serving

VIP, REAL, LINK_LOCAL = "10.77.0.200/32", "10.77.0.1/16", "169.254.3.4/16"


def serving(settings, *interfaces):
    """What is served, with interfaces by index."""
    return make_serving(DHCPServerConfiguration.load(None, settings), {one.index: one for one in interfaces})


def served(settings, *interfaces):
    """Interface, our address and network of each link."""
    made = serving(settings, *interfaces)
    return [(link.name, address_text(link.server), str(link.network)) for link in made.links.values()]


@pytest.mark.parametrize(("addresses", "first"), [
    ([REAL], REAL), ([REAL, VIP], REAL), ([VIP, REAL], REAL), ([LINK_LOCAL, REAL], REAL), ([LINK_LOCAL, VIP, REAL], REAL),
    ([VIP, LINK_LOCAL], VIP), (["10.99.0.9/32", REAL], REAL),
    (["10.77.0.200/24", REAL], REAL),  # its network is a part of the other's
    (["10.88.0.1/24", REAL], "10.88.0.1/24"), ([REAL, "10.88.0.1/24"], REAL),  # of equal worth: the kernel's order
    (["10.77.0.9/16", REAL], "10.77.0.9/16"), ([LINK_LOCAL], LINK_LOCAL), (["10.77.0.2/31", VIP], "10.77.0.2/31"),
])
def test_which_address_of_an_interface_counts(addresses, first):
    address, mask = by_worth(interface(ETH1, "eth1", *addresses))[0]
    assert f"{network_text(address, mask)}" == first


@pytest.mark.parametrize(("bind", "addresses", "first"), [
    ("10.77.0.200", [VIP, REAL], REAL), ("10.77.0.200", ["10.88.0.1/24", REAL, VIP], REAL),
    ("10.88.0.1", [REAL, "10.88.0.1/24"], "10.88.0.1/24"), ("10.77.0.5", [REAL, "10.77.0.5/24"], "10.77.0.5/24"),
    ("10.77.0.200", [VIP, "10.88.0.1/24"], VIP),
])
def test_bind_address_counts_with_the_network_in_which_it_lies(bind, addresses, first):
    address, mask = by_worth(interface(ETH1, "eth1", *addresses), address_from(bind))[0]
    assert f"{network_text(address, mask)}" == first


def test_an_interface_is_found_by_any_name_of_it():
    uplink = interface(ETH1, "eth1", REAL, altnames=("office-uplink-of-the-house", "enp3s0"))
    for name in ("eth1", "enp3s0", "office-uplink-of-the-house"):
        assert served({"interface": name}, uplink) == [("eth1", "10.77.0.1", "10.77.0.0/16")]


def test_an_interface_that_is_missing_is_told_with_those_that_there_are():
    assert serving({"interface": "eth7"}, interface(ETH1, "eth1", REAL)).waiting[0] == (
        "interface eth7 is missing (there are eth1)")


@pytest.mark.parametrize("settings", [{"interface": "eth1"}, {"interface": "eth1", "network": "10.77.0.0/16"}])
def test_an_address_of_fail_over_never_takes_the_place_of_the_networks_own(settings):
    """As its machine's own address goes and comes, it stands before or behind the other in the kernel's list."""
    for addresses in ([REAL, VIP], [VIP, REAL], [REAL], [VIP, LINK_LOCAL, REAL]):
        assert served(settings, interface(2, "eth1", *addresses)) == [("eth1", "10.77.0.1", "10.77.0.0/16")]


@pytest.mark.parametrize(("addresses", "words"), [
    ([VIP], "interface eth1 has only 10.77.0.200/32, which says no network"),
    ([VIP, LINK_LOCAL], "interface eth1 has only 10.77.0.200/32, which says no network"),
    ([LINK_LOCAL], "interface eth1 has only 169.254.3.4/16, which is link-local"),
])
def test_of_an_address_without_a_network_none_is_made_and_that_is_told(addresses, words):
    made = serving({"interface": "eth1"}, interface(2, "eth1", *addresses))
    assert not made.links
    assert [words in line for line in made.waiting] == [True]
    assert served({"interface": "eth1", "network": "10.77.0.0/16"}, interface(2, "eth1", *addresses))


def test_a_mask_that_is_configured_makes_a_network_of_any_address():
    assert served({"interface": "eth1", "subnet_mask": "255.255.255.0"}, interface(2, "eth1", VIP)) == [
        ("eth1", "10.77.0.200", "10.77.0.0/24")]


def test_the_server_identifier_is_of_the_network_that_names_the_interface_if_it_has_an_address_there():
    """RFC 2131 section 4.1."""
    wireguard = {"interface": "wg0", "subnets": [subnet("10.9.0.0/24", interface="wg0")]}
    for addresses, server in ((["100.64.0.1/24", "10.9.0.1/24"], "10.9.0.1"), (["100.64.0.1/32"], "100.64.0.1")):
        assert served(wireguard, interface(4, "wg0", *addresses, ethernet=False)) == [("wg0", server, "10.9.0.0/24")]


# --- networks that overlap


NARROW, WIDE = interface(2, "eth1", "10.9.5.1/24"), interface(3, "eth2", "10.9.0.1/16")


@pytest.mark.parametrize(("names", "first", "told"), [
    (["eth1", "eth2"], ("eth1", "10.9.5.1", "10.9.5.0/24"),
     "10.9.0.0/16 on eth2 is not served, for it overlaps 10.9.5.0/24 on eth1"),
    (["eth2", "eth1"], ("eth2", "10.9.0.1", "10.9.0.0/16"),
     "10.9.5.0/24 on eth1 is not served, for it overlaps 10.9.0.0/16 on eth2"),
])
def test_of_networks_that_overlap_the_earlier_interfaces_is_served(names, first, told):
    """One address would be acknowledged to two clients, one on each link."""
    made = serving({"interface": names}, NARROW, WIDE)
    assert served({"interface": names}, NARROW, WIDE) == [first]
    assert [line.startswith(told) for line in made.waiting] == [True]
    assert [str(network) for network in made.policy.networks] == [first[2]]


def test_the_other_of_networks_that_overlap_is_served_when_the_first_is_gone():
    names = {"interface": ["eth1", "eth2"]}
    away = interface(2, "eth1")
    assert served(names, away, WIDE) == [("eth2", "10.9.0.1", "10.9.0.0/16")]
    assert served(names, interface(2, "eth1", "10.8.5.1/24"), WIDE) == [
        ("eth1", "10.8.5.1", "10.8.5.0/24"), ("eth2", "10.9.0.1", "10.9.0.0/16")]


def test_one_network_on_two_interfaces_is_one_network():
    two = interface(2, "eth1", "10.9.0.1/16"), interface(3, "eth2", "10.9.0.2/16")
    made = serving({"interface": ["eth1", "eth2"]}, *two)
    assert len(made.policy.networks) == 1 and len(made.links) == 2 and not made.waiting


def test_an_interface_whose_network_is_too_large_is_told_and_the_others_are_served():
    made = serving({"interface": ["eth1", "eth2"]}, interface(2, "eth1", "10.0.0.1/7"), interface(3, "eth2", "192.0.2.1"))
    assert [link.name for link in made.links.values()] == ["eth2"]
    assert made.waiting == ("network 10.0.0.0/7 is too large to serve: a /8 at most",)
