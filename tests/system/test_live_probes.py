"""Probes before an offer, on real links: by ARP to who is on the cable, by an ICMP echo to who is behind a relay."""

import pytest
from lab import Lab, wait_until
from messages import ACK, OFFER
from station import Station, neighbour
from test_live_clients import start_udhcpc
from test_live_relays import CAMPUS, join, lease_of, relay_machine, serve, start_relay

pytestmark = pytest.mark.namespaces


@pytest.mark.sandbox
def test_an_address_that_somebody_uses_is_quarantined_and_the_client_gets_another(lab: Lab) -> None:
    """Row 38: ARP on the link; what is found is reported."""
    squatter, machine = lab.clients(2, private=True)
    squatter.ip("addr add 10.77.0.100/16 dev c0")
    daemon = lab.daemon(ip_ranges=["10.77.0.100 - 10.77.0.101"], probe_before_offer=True, probe_wait=0.3).start()
    client = start_udhcpc(lab, machine)
    assert lease_of(machine, "10.77.0.") == "10.77.0.101"
    hosts = daemon.prompt("hosts")
    assert "quarantined" in next(line for line in hosts.splitlines() if line.startswith("10.77.0.100"))
    assert "in use 10.77.0.100 02:77:00:00:00:00" in daemon.prompt("events")
    client.renew()
    wait_until(lambda: daemon.prompt("events").count("leased 10.77.0.101") > 1, "a renewal, which is not probed")
    client.end()


@pytest.mark.sandbox
def test_behind_a_relay_it_is_found_by_an_echo(lab: Lab) -> None:
    """Row 38: ICMP where ARP cannot reach."""
    relay, machine = relay_machine(lab), lab.machine("far", private=True)
    join(relay, "r0", "10.1.0.1", machine)
    relay.ip("addr add 10.1.0.100/32 dev lo")  # somebody there who answers
    daemon = serve(lab, CAMPUS + "probe_before_offer = True\nprobe_wait = 0.3\n")
    start_relay(lab, relay, "dnsmasq", "r0=10.1.0.1")
    client = start_udhcpc(lab, machine)
    assert lease_of(machine, "10.1.0.") == "10.1.0.101"
    assert "in use 10.1.0.100" in daemon.prompt("events")
    client.end()


def test_probes_that_wait_delay_no_renewal(lab: Lab) -> None:
    """They wait in the queue: three hundred for a second each, and a renewal is answered meanwhile."""
    station, daemon, known = lab.keep(Station(lab.client())), lab.daemon(), bytes.fromhex("027700000009")
    daemon.start()
    address = station.lease(known).yiaddr
    neighbour(lab.server, address, known)
    daemon.write(probe_before_offer=True, probe_wait=1)
    daemon.reload()
    station.heard.clear()
    for number in range(300):
        station.discover(bytes.fromhex("02770001") + number.to_bytes(2, "big"))
    station.answer(station.renew(known, address), ACK)
    assert OFFER not in [one.kind for _, one in station.heard]
    station.wait_for(lambda _, one: one.kind == OFFER, "an offer, after its probe")
