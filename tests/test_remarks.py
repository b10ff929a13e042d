"""What does not fit the interfaces of the moment is told, with what to do about it, and nothing else is."""

import pytest
from rig import INTERFACES

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.remarks import remarks
from pydhcpd.serving import make_serving

BOTH = 'interface = ["eth1", "eth2"]\n'
ETH1 = 'interface = "eth1"\n'


def told(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    configuration = DHCPServerConfiguration.load(file)
    return remarks(configuration, make_serving(configuration, INTERFACES))


@pytest.mark.parametrize("text", [
    ETH1,
    ETH1 + 'network = "192.0.2.0/24"\nip_ranges = [("192.0.2.10", "192.0.2.19")]\nrouter = "192.0.2.1"',
    ETH1 + 'ip_ranges = ["192.0.2.10 - 192.0.2.19"]\nhosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.5")]',
    ETH1 + 'ip_ranges = []\nhosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.5")]',
    BOTH + 'subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]), subnet("10.0.0.0/8", interface="eth2", '
           'pools=["10.0.0.10 - 10.0.0.19"])]',
    ETH1 + 'subnets = [subnet("192.0.2.0/24")]\ndef identify(request):\n    return None',
    ETH1 + 'subnets = [subnet("192.0.2.0/24", proxy_dhcp=True)]',
    ETH1 + 'tftp_root = "/srv/tftp"\ntftp_server_name = "192.0.2.1"',
    ETH1 + 'tftp_root = "/srv/tftp"\ntftp_server_name = "boot.example"',
    ETH1 + 'tftp_server_name = "192.0.2.9"',
    ETH1 + 'next_server = "192.0.2.9"\ntftp_server_name = "192.0.2.9"',
    ETH1 + 'tftp_root = "/srv/tftp"\nclasses = [client_class("voip", match(mac=ALL), tftp_server_name="192.0.2.9")]',
])
def test_nothing_is_said_where_all_is_well(tmp_path, text):
    assert told(tmp_path, text) == []


@pytest.mark.parametrize(("text", "words"), [
    (BOTH + 'subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"])]',
     ["interface eth2 is served for relay agents alone: its address 198.51.100.1 lies in no subnet; clients on the link itself "
      "need one that holds it, or that says interface='eth2'"]),
    (ETH1 + 'ip_ranges = ["192.168.137.10 - 192.168.137.19"]',
     ["192.0.2.0/24 has no address to give: its pools hold none that is not reserved, excluded, a router's or our own",
      "ip_ranges: 192.168.137.10 - 192.168.137.19 lies in none of the networks that follow from the interfaces (192.0.2.0/24 "
      "on eth1); set network, or correct ip_ranges: nobody gets these addresses"]),
    (ETH1 + 'router = "192.168.137.1"',
     ["router: 192.168.137.1 lies in none of the networks that follow from the interfaces (192.0.2.0/24 on eth1); set network, "
      "or correct router: clients cannot reach it"]),
    (ETH1 + 'hosts = [host(mac="02:00:00:00:00:0a", ip="10.0.0.5", hostname="boss")]',
     ["10.0.0.5 lies in none of the networks that follow from the interfaces (192.0.2.0/24 on eth1); set network, or correct "
      "hosts: it cannot have that address"]),
    (ETH1 + 'hosts = [host(mac=f"02:00:00:00:00:{n:02x}", ip=f"10.0.0.{n}") for n in range(1, 9)]',
     ["10.0.0.1 lies", "10.0.0.2 lies", "10.0.0.3 lies", "10.0.0.4 lies", "10.0.0.5 lies",
      "3 more hosts have addresses in none of the networks"]),
    (ETH1 + 'subnets = [subnet("192.0.2.0/24", pools=["192.0.2.5"], exclude=["192.0.2.0/28"])]',
     ["192.0.2.0/24 has no address to give: its pools hold none"]),
    (ETH1 + 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.1")]',
     ["host(ip='192.0.2.1', mac='02:00:00:00:00:0a'): 192.0.2.1 is the server's own address, so that host cannot have it"]),
    (ETH1 + 'subnets = [subnet("192.0.2.0/24")]', ["192.0.2.0/24 has no address to give: no pools"]),
    (ETH1 + 'tftp_root = "/srv/tftp"\ntftp_server_name = "192.0.2.9"',
     ["tftp_server_name: some machines go by it, to 192.0.2.9, and others by tftp_root, to this server; let next_server be the "
      "same, or say tftp_server_name in the classes of those that are to go there"]),
    (ETH1 + 'next_server = "192.0.2.8"\ntftp_server_name = "192.0.2.9"',
     ["tftp_server_name: some machines go by it, to 192.0.2.9, and others by next_server, to 192.0.2.8; let next_server be"]),
])
def test_what_does_not_fit_is_told(tmp_path, text, words):
    found = told(tmp_path, text)
    assert len(found) == len(words), found
    assert all(wanted in line for wanted, line in zip(words, found, strict=True)), found
