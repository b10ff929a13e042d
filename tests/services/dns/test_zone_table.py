"""Which zone is for which client: by the name that its subnet or class gives it, and by the zones of its subnet."""

import pytest
from rig import ALICE, ETH1, interface

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.registrations import registration_of
from pydhcpd.services.dns.zone_table import ZoneTable
from pydhcpd.serving import make_serving

TEXT = """
domain_name = "lab.example"
dns_zones = [dns_zone("lab.example", server="10.0.0.53"), dns_zone("guest.example", server="10.0.0.54"),
             dns_zone("10.0.0.0/8", server="10.0.0.53"), dns_zone("10.2.0.0/16", server="10.0.0.54")]
classes = [client_class("guest", match(vendor_class_identifier="guest"), domain_name="guest.example")]
subnets = [
    subnet("10.1.0.0/16", pools=["10.1.1.0/24"]),
    subnet("10.2.0.0/16", pools=["10.2.1.0/24"], domain_name="guest.example"),
    subnet("10.3.0.0/16", pools=["10.3.1.0/24"], domain_name="a.lab.example",
           dns_zones=[dns_zone("lab.example", server="10.0.0.55")]),
    subnet("10.4.0.0/16", pools=["10.4.1.0/24"], dns_zones=None),
]
shared_networks = [shared_network("floor", [subnet("10.5.0.0/16", pools=["10.5.1.0/24"])],
                                  dns_zones=[dns_zone(zone, server="10.0.0.56") for zone in ("lab.example", "10.5.0.0/16")])]
"""


@pytest.fixture
def configuration(tmp_path):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(TEXT)
    return DHCPServerConfiguration.load(file)


@pytest.mark.parametrize(("address", "forward", "reverse"), [
    ("10.1.1.7", ("pc.lab.example", "lab.example", "10.0.0.53"), ("10.in-addr.arpa", "10.0.0.53")),
    ("10.2.1.7", ("pc.guest.example", "guest.example", "10.0.0.54"), ("2.10.in-addr.arpa", "10.0.0.54")),
    ("10.3.1.7", ("pc.a.lab.example", "lab.example at 10.0.0.55", "10.0.0.55"), None),
    ("10.4.1.7", None, None),
    ("10.5.1.7", ("pc.lab.example", "lab.example at 10.0.0.56", "10.0.0.56"), ("5.10.in-addr.arpa", "10.0.0.56")),
])
def test_the_zones_of_a_lease(configuration, address, forward, reverse):
    serving = make_serving(configuration, {ETH1: interface(ETH1, "eth1", "10.1.0.1/16")})
    table, number = ZoneTable(configuration), address_from(address)
    row = Row(number, b"\2\1" + ALICE, 1, ALICE, "pc", 2000, 1000, BOUND)
    told = registration_of(serving.policy, row, 1500)
    if forward is None:
        assert told is None
        return
    found = table.of_name(told.name, number)
    assert (told.name, found[0], found[1].servers[0][0]) == forward
    found = table.of_address(number)
    assert (found and (found[0], found[1].servers[0][0])) == reverse


def test_every_zone_has_a_label_of_its_own(configuration):
    assert list(ZoneTable(configuration).by_label) == [
        "lab.example", "guest.example", "10.in-addr.arpa", "2.10.in-addr.arpa", "lab.example at 10.0.0.55",
        "lab.example at 10.0.0.56", "5.10.in-addr.arpa"]


def test_zones_of_one_name_and_server_that_have_other_keys_have_labels_of_their_own(tmp_path):
    zone = "dns_zones=[dns_zone('lab.example', server='10.0.0.53', ttl={})]"
    subnets = ", ".join(f"subnet('10.{number}.0.0/16', {zone.format(number)})" for number in (1, 2, 3))
    file = tmp_path / "pydhcpd.conf"
    file.write_text(f"subnets = [{subnets}]\n")
    zones = ZoneTable(DHCPServerConfiguration.load(file)).by_label
    assert {label: zone.ttl for label, zone in zones.items()} == {
        "lab.example": 1, "lab.example at 10.0.0.53": 2, "lab.example at 10.0.0.53 (2)": 3}
