"""What has no effect where another server gives the addresses is told by -check, with its place."""

import pytest

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.configuration.summary import summary

BOOT = 'interface = "eth1"\nboot_file_name = "pxelinux.0"\n'
NO_EFFECT = "has no effect: with proxy_dhcp another server gives the addresses; leave it out, or proxy_dhcp"
TO_NOBODY = "is sent to nobody: with proxy_dhcp another server gives the addresses, and what goes with them; set it there"
NOT_GIVEN = "nothing of its pools is given: with proxy_dhcp another server gives the addresses; leave it out, or proxy_dhcp"


def loaded(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    return DHCPServerConfiguration.load(file)


def told(tmp_path, text):
    return [one.removeprefix(f"{tmp_path}/pydhcpd.conf:") for one in loaded(tmp_path, text).warnings]


@pytest.mark.parametrize(("text", "lines"), [
    (BOOT + "proxy_dhcp = True", []),
    (BOOT + 'proxy_dhcp = True\nnext_server = "192.0.2.8"\nroot_path = "/nfs"\nhosts = [host(mac="02:00:00:00:00:01")]', []),
    (BOOT + "proxy_dhcp = False\nauthoritative = True", []),
    (BOOT + 'proxy_dhcp = True\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\nip_address_lease_time = 600\nauthoritative = True\n'
            'router = "192.0.2.1"\ndomain_name = "example"',
     [f"4: ip_ranges {NO_EFFECT}", f"5: ip_address_lease_time {NO_EFFECT}", f"6: authoritative {NO_EFFECT}",
      f"7: router {TO_NOBODY}", f"8: domain_name {TO_NOBODY}"]),
    (BOOT + 'network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\nproxy_dhcp = True',
     [f"4: ip_ranges {NO_EFFECT}"]),
    (BOOT + 'proxy_dhcp = True\nhosts = [host(mac=f"02:00:00:00:00:{n:02}", ip=f"192.0.2.{n}") for n in (5, 6, 7)]',
     ["4: host(ip='192.0.2.5', mac='02:00:00:00:00:05') (and 2 more): its address is not given: with proxy_dhcp another server "
      "gives the addresses; reserve it there"]),
    (BOOT + 'authoritative = True\nsubnets = [\n    subnet("10.1.0.0/16", proxy_dhcp=True, pools=["10.1.0.0/24"],\n'
            '           minimum_lease_time=60),\n    subnet("10.2.0.0/16", pools=["10.2.0.0/24"], minimum_lease_time=60)]',
     [f"5: minimum_lease_time {NO_EFFECT}", f"5: subnet 10.1.0.0/16: {NOT_GIVEN}"]),
    (BOOT + 'shared_networks = [shared_network("floor", [subnet("10.1.0.0/16", pools=["10.1.0.0/24"])], proxy_dhcp=True)]\n'
            'bootp = True', [f"3: subnet 10.1.0.0/16: {NOT_GIVEN}", f"4: bootp {NO_EFFECT}"]),
    (BOOT + 'proxy_dhcp = True\nclasses = [client_class("lab", match(mac=ALL), rapid_commit=True)]',
     [f"4: rapid_commit {NO_EFFECT}"]),
    ('interface = "eth1"\nproxy_dhcp = True',
     ["2: proxy_dhcp tells nobody what to boot; write boot_file_name, ipxe_script or pxe_menu"]),
    ('interface = "eth1"\nproxy_dhcp = True\npxe_menu = pxe_menu("?", [pxe_item("Debian", "debian.0")])', []),
    ('interface = "eth1"\nproxy_dhcp = True\noption_67 = b"pxelinux.0"', []),
    ('interface = "eth1"\nproxy_dhcp = True\nclasses = [client_class("lab", match(mac=ALL), boot_file_name="a.0")]', []),
    ('interface = "eth1"\nproxy_dhcp = True\ndef finish(request, reply):\n    reply.boot_file_name = "a.0"', [])])
def test_what_has_no_effect_beside_another_server_is_told(tmp_path, text, lines):
    assert told(tmp_path, text) == lines


@pytest.mark.parametrize(("text", "lines"), [
    (BOOT + "proxy_dhcp = True",
     ["network: that of eth1's address: boot files alone, beside a server that gives the addresses"]),
    (BOOT + 'proxy_dhcp = True\nnetwork = "192.0.2.0/24"',
     ["network 192.0.2.0/24: boot files alone, beside a server that gives the addresses"]),
    (BOOT + 'subnets = [subnet("10.1.0.0/16", proxy_dhcp=True), subnet("10.2.0.0/16", pools=["10.2.0.0/24"])]',
     ["network 10.1.0.0/16: boot files alone, beside a server that gives the addresses",
      "network 10.2.0.0/16: 255 addresses in a pool (10.2.0.0 - 10.2.0.255)"])])
def test_the_summary_says_where_addresses_are_another_s(tmp_path, text, lines):
    assert summary(loaded(tmp_path, text))[:len(lines)] == lines
