"""Who a client is, on a cable: identifiers that come and go, and what a switch says of it on our own link."""

import re
from pathlib import Path

import pytest
from lab import SERVER, Lab, Machine, wait_until
from messages import ACK, DISCOVER, NAK, OFFER, RELEASE, mac_of
from station import Ear, Station, neighbour
from test_live_clients import start_dhclient, wait_for_written_lease

pytestmark = pytest.mark.namespaces
MAC = mac_of(1)
IDENTIFIER = (61, b"\xff\0\0\0\1system")
PORT7 = (82, b"\1\6port 7")


@pytest.mark.parametrize(("first", "second"), [((IDENTIFIER,), ()), ((), (IDENTIFIER,))])
def test_an_identifier_in_discover_only_or_in_request_only(lab: Lab, client: Machine, station: Station,
                                                           first: tuple[tuple[int, bytes], ...],
                                                           second: tuple[tuple[int, bytes], ...]) -> None:
    """RFC 2131 section 4.2 forbids it; what was offered to a machine is its own all the same."""
    lab.daemon().start()
    offer = station.offer(MAC, *first)
    station.select(MAC, offer, *second)
    ack = station.answer(offer.xid, ACK)[1]
    assert (ack.yiaddr, ack.options.get(61)) == (offer.yiaddr, dict(second).get(61))
    neighbour(lab.server, ack.yiaddr, MAC)
    assert station.answer(station.renew(MAC, ack.yiaddr), ACK)[1].yiaddr == ack.yiaddr


def test_dhclient_releases_without_the_identifier_of_its_lease(lab: Lab) -> None:
    """What `dhclient -r` does with another configuration than the one that got the lease."""
    machine = lab.client(private=True)
    daemon = lab.daemon().start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    client = start_dhclient(lab, machine, 'send dhcp-client-identifier "system";\n')
    address = ear.wait_for(lambda _, one: one.kind == ACK, "a lease")[1].yiaddr
    wait_for_written_lease(machine)
    written = Path(lab.directory, "dhclient.conf")
    written.write_text(written.read_text().replace("send dhcp-client-identifier", "# send"))
    machine.run("sed", "-i", "/dhcp-client-identifier/d", "/run/dhclient.leases")
    client.end()
    release = ear.wait_for(lambda _, one: one.kind == RELEASE, "the release")[1]
    assert (release.ciaddr, release.options.get(61)) == (address, None)
    wait_until(lambda: f"released {address}" in daemon.prompt("events"), "the release in the events")


def test_a_renewal_without_what_a_switch_had_added_goes_on(lab: Lab, client: Machine, station: Station) -> None:
    """Option 82 with giaddr 0 (DHCP snooping): broadcasts pass the switch's processor, unicast renewals do not."""
    daemon = lab.daemon()
    text = f"""interface = "s0"
foreground = True
authoritative = True
pid_file = {daemon.settings["pid_file"]!r}
host_file = {daemon.settings["host_file"]!r}
subnets = [subnet("10.77.0.0/16", pools=["10.77.1.1 - 10.77.1.9"])]
hosts = [host(circuit_id=b"port 7", ip="10.77.7.7")]
"""
    daemon.write(text)
    assert "note: option 82 is believed of clients on s0 (10.77.0.0/16)" in daemon.run("-check").stderr
    daemon.start()
    ack = station.lease(MAC, PORT7)
    assert (ack.yiaddr, ack.options[82]) == ("10.77.7.7", PORT7[1])
    neighbour(lab.server, ack.yiaddr, MAC)
    renewed = station.answer(station.renew(MAC, ack.yiaddr), ACK)[1]
    assert (renewed.yiaddr, 82 in renewed.options) == ("10.77.7.7", False)
    daemon.write(text + "trust_relay_information = False\n")
    daemon.reload()
    station.answer(station.renew(MAC, ack.yiaddr), NAK)
    assert daemon.run("-check").stderr == ""


@pytest.mark.parametrize("trust", [True, False])
def test_udhcpc_that_says_itself_what_a_switch_would(lab: Lab, trust: bool) -> None:
    """It is believed unless trust is taken away, and returned in both cases (RFC 3046 section 2.2)."""
    machine = lab.client(private=True)
    daemon = lab.daemon()
    daemon.write(f"""interface = "s0"
foreground = True
trust_relay_information = {trust}
pid_file = {daemon.settings["pid_file"]!r}
host_file = {daemon.settings["host_file"]!r}
subnets = [subnet("10.77.0.0/16", pools=["10.77.1.1 - 10.77.1.9"], router={SERVER!r})]
hosts = [host(circuit_id=b"port 7", ip="10.77.7.7")]
""")
    daemon.start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    machine.run("udhcpc", "-f", "-q", "-n", "-i", "c0", "-x", "0x52:" + PORT7[1].hex(), "-s", "/bin/true")
    assert [one.options[82] for _, one in ear.waiting() if one.kind in (DISCOVER, OFFER, ACK)] == [PORT7[1]] * 3
    address = next(one.yiaddr for _, one in ear.heard if one.kind == ACK)
    assert address == ("10.77.7.7" if trust else "10.77.1.1")


def test_udhcpc_has_the_name_that_it_is_given_beside_the_one_that_it_sends(lab: Lab) -> None:
    """In the prompt's table, its events, and the log."""
    machine = lab.client(private=True)
    daemon = lab.daemon()
    daemon.write(f"""interface = "s0"
foreground = True
pid_file = {daemon.settings["pid_file"]!r}
host_file = {daemon.settings["host_file"]!r}
hosts = [host(mac="02:77:00:00:00:00", ip="10.77.7.7", hostname="boss")]
""")
    daemon.start()
    machine.run("udhcpc", "-f", "-q", "-n", "-i", "c0", "-x", "hostname:laptop", "-s", "/bin/true")
    assert "10.77.7.7        02:77:00:00:00:00  boss (sent laptop) " in daemon.prompt("hosts")
    words = "leased 10.77.7.7 02:77:00:00:00:00 boss (sent laptop)"
    assert words in daemon.prompt("events")
    daemon.wait_for(re.escape(words))
