"""What an administrator is told of, for as long as it lasts: beside another server, and a client that misbehaves."""

import pytest
from lab import SERVER, Lab, Machine, need, wait_until
from messages import DECLINE, mac_of, mac_text, message, packed
from station import Station

pytestmark = pytest.mark.namespaces
RIVAL = "10.77.0.66"


def test_another_server_on_the_link_is_an_alarm_until_it_is_known(lab: Lab) -> None:
    """Clients that choose it say so to everybody."""
    need("dnsmasq", "udhcpc")
    client, rival = lab.clients(2)
    rival.ip(f"addr add {RIVAL}/16 dev c0")
    rival.start("dnsmasq", "-k", "-p", "0", "-i", "c0", "--bind-interfaces", "--dhcp-range=10.77.5.1,10.77.5.9", "--no-ping",
                "--dhcp-authoritative", f"--dhcp-leasefile={lab.directory}/rival", "--user=root", "--conf-file=/dev/null",
                f"--pid-file={lab.directory}/rival.pid")
    daemon = lab.daemon(dhcp_offer_after_seconds=3.0).start()
    client.run("udhcpc", "-i", "c0", "-n", "-q", "-f", "-s", "/bin/true", timeout=30)
    words = wait_until(lambda: RIVAL in (said := daemon.ask("alarms").stdout) and said, "there is an alarm")
    assert f"another DHCP server, {RIVAL}, serves clients on s0; stop it, or name it in known_servers" in words
    assert f"other server alarm {RIVAL}: another DHCP server, {RIVAL}" in daemon.prompt("events")
    daemon.write(known_servers=[RIVAL])
    daemon.kill()
    begin = len(daemon.log())
    daemon.start()
    client.run("udhcpc", "-i", "c0", "-n", "-q", "-f", "-s", "/bin/true", timeout=30)
    wait_until(lambda: "REQUEST to another server" in daemon.prompt("statistics"), "it was chosen again")
    assert daemon.ask("alarms").stdout == "all is well\n" and "another DHCP server" not in daemon.log()[begin:]


def test_a_full_pool_and_a_machine_that_declines(lab: Lab, client: Machine, station: Station) -> None:
    daemon = lab.daemon(ip_ranges=["10.77.0.10 - 10.77.0.19"]).start()
    mac = mac_of(1)
    for _ in range(6):
        address = station.lease(mac).yiaddr
        station.send(message(DECLINE, mac, station.xid(), options=((50, packed(address)), (54, packed(SERVER)))), mac)
    words = f"{mac_text(mac)} declines one address after another"
    wait_until(lambda: words in daemon.ask("alarms").stdout, "there is an alarm")
    assert daemon.ask("clear", "all").returncode == 0
    leased = [station.lease(mac_of(number)).yiaddr for number in range(2, 12)]
    words = "the pool 10.77.0.10 - 10.77.0.19 of 10.77.0.0/16 is used above 90 %"
    wait_until(lambda: words in daemon.ask("alarms").stdout, "there is an alarm")
    assert daemon.log().count(words) == 1
    for address in leased[:2]:
        assert daemon.ask("release", address).returncode == 0
    wait_until(lambda: words not in daemon.ask("alarms").stdout, "it is over")
    events = daemon.prompt("events")
    assert (events.count(f"pool alarm: {words}"), events.count(f"pool alarm over: it is over: {words}")) == (1, 1)
