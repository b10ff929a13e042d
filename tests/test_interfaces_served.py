"""Which interfaces are served, which of their networks, and what is said of those that are not."""

import pytest
from rig import interface

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.serving import make_serving

HOLDER = "another program (uid 107, libvirt-dnsmasq)"
POOLS = 'subnet("192.0.2.0/24", pools=["192.0.2.128/25"]), subnet("198.51.100.0/24", pools=["198.51.100.128/25"])'
BOTH = f"subnets = [{POOLS}]"
SHARED = f'shared_networks = [shared_network("floor", [{POOLS}])]'


def described(tmp_path, text, *interfaces, held=()):
    """What is served, and what is waited for."""
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    serving = make_serving(DHCPServerConfiguration.load(file), {one.index: one for one in interfaces}, dict(held))
    return serving.describe(), "; ".join(serving.waiting)


@pytest.mark.parametrize(("text", "addresses", "words"), [
    ('interface = "eth1"', ["192.0.2.1", "198.51.100.1"], "192.0.2.0/24 on eth1 as 192.0.2.1 (but not 198.51.100.0/24 there)"),
    ('interface = "eth1"\nnetwork = "198.51.100.0/24"', ["192.0.2.1", "198.51.100.1"],
     "198.51.100.0/24 on eth1 as 198.51.100.1 (but not 192.0.2.0/24 there)"),
    ('interface = "eth1"', ["192.0.2.1", "198.51.100.1", "203.0.113.1"],
     "192.0.2.0/24 on eth1 as 192.0.2.1 (but not 198.51.100.0/24 and 203.0.113.0/24 there)"),
    ('interface = "eth1"', ["192.0.2.1", "192.0.2.2", "192.0.2.3/32", "169.254.7.7/16", "203.0.113.9/32"],
     "192.0.2.0/24 on eth1 as 192.0.2.1"),
    (f'interface = "eth1"\n{BOTH}', ["198.51.100.1", "192.0.2.1"],
     "198.51.100.0/24 on eth1 as 198.51.100.1 (but not 192.0.2.0/24 there); through relays 1 network"),
    (f'interface = "eth1"\n{SHARED}', ["198.51.100.1", "192.0.2.1"], "198.51.100.0/24 (of floor) on eth1 as 198.51.100.1"),
    (f'interface = "eth1"\n{SHARED}', ["192.0.2.1", "203.0.113.1"],
     "192.0.2.0/24 (of floor) on eth1 as 192.0.2.1 (but not 203.0.113.0/24 there)"),
    ('interface = "eth1"\nsubnets = [subnet("192.0.2.0/24", pools=["192.0.2.128/25"], interface="eth1")]', ["203.0.113.1"],
     "192.0.2.0/24 on eth1 as 203.0.113.1 (but not 203.0.113.0/24 there)"),
])
def test_networks_of_an_interface(tmp_path, text, addresses, words):
    """Of several one wire's are served, and the others are named, so that nobody waits for them."""
    assert described(tmp_path, text, interface(2, "eth1", *addresses)) == (words, "")


BR0 = interface(9, "br0", "192.0.2.1")


@pytest.mark.parametrize(("role", "master", "words"), [
    ("bridge", 9, "interface eth1 is a port of bridge br0, which takes all that comes in by it; serve br0 in its place"),
    ("bond", 9, "interface eth1 is a slave of bond br0, which takes"),
    ("team", 9, "interface eth1 is a port of team br0, which takes"),
    ("openvswitch", 9, "interface eth1 is a member of openvswitch br0, which takes"),
    ("", 9, "interface eth1 is a member of br0, which takes"),
    ("bridge", 99, "interface eth1 is a port of bridge number 99, which takes"),
])
def test_interface_that_hears_nothing_is_waited_for(tmp_path, role, master, words):
    """Its master takes its packets before any socket."""
    port = interface(2, "eth1", "198.51.100.1", role=role, master=master)
    assert described(tmp_path, 'interface = "eth1"', port, BR0)[1].startswith(words)
    served, waiting = described(tmp_path, f'interface = "eth1"\n{BOTH}', port, BR0)
    assert served == "nothing" and waiting.startswith(words)
    assert described(tmp_path, BOTH, port, BR0) == ("192.0.2.0/24 on br0 as 192.0.2.1; through relays 1 network", "")
    assert described(tmp_path, BOTH, port)[1].startswith(words.replace("br0", "number 9") if master == 9 else words)


@pytest.mark.parametrize("role", ["vrf", "batadv"])
def test_members_of_what_leaves_them_their_packets_are_served(tmp_path, role):
    """A VRF is a routing table of their own."""
    member = interface(2, "eth1", "192.0.2.1", role=role, master=9)
    assert described(tmp_path, 'interface = "eth1"', member) == ("192.0.2.0/24 on eth1 as 192.0.2.1", "")


@pytest.mark.parametrize("member", [{}, {"role": "vrf", "master": 9, "vrf": 9}])
def test_interface_that_another_server_holds_is_left_to_it(tmp_path, member):
    """By itself, or the VRF that it is in."""
    held, mine = {9 if member else 2: HOLDER}, interface(3, "eth2", "198.51.100.1")
    theirs = interface(2, "eth1", "192.0.2.1", **member)
    words = f"interface eth1 is served by {HOLDER}"
    assert described(tmp_path, 'interface = "eth1"', theirs, mine, held=held) == ("nothing", words)
    assert described(tmp_path, BOTH, theirs, mine, held=held) == (
        "198.51.100.0/24 on eth2 as 198.51.100.1; through relays 1 network", "")
    assert described(tmp_path, BOTH, theirs, held=held) == ("nothing", words)
    assert described(tmp_path, 'bind_address = "192.0.2.1"', theirs, mine, held=held) == ("nothing", words)
