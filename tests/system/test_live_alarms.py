"""What an administrator is told of, for as long as it lasts: beside another server, and a client that misbehaves."""

import json
import os
import re
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine, need, wait_until
from messages import DECLINE, DISCOVER, NONE, OFFER, REQUEST, mac_of, mac_text, message, packed
from station import Station, open_packet_socket

from pydhcpd.addresses import address_from
from pydhcpd.net.frames import udp_frame
from pydhcpd.net.sockets import open_udp
from pydhcpd.wire.packet import Packet

pytestmark = pytest.mark.namespaces
RIVAL, RELAY, FAR = "10.77.0.66", "10.77.0.5", "10.88.0.66"
ASKING = {"look_for_other_servers": 3600}


def dnsmasq(machine: Machine, lab: Lab, address: str, *ranges: str, device: str = "c0") -> None:
    """A DHCP server that has the address, and that nobody told about."""
    machine.ip(f"addr add {address}/16 dev {device}")
    machine.start("dnsmasq", "-k", "-p", "0", "-i", device, "--bind-interfaces", *(f"--dhcp-range={one}" for one in ranges),
                  "--no-ping", "--dhcp-authoritative", f"--dhcp-leasefile={lab.directory}/{address}", "--user=root",
                  "--conf-file=/dev/null", f"--pid-file={lab.directory}/{address}.pid")


def kea(machine: Machine, lab: Lab, address: str) -> None:
    """The same, with Kea."""
    machine.ip(f"addr add {address}/16 dev c0")
    file = lab.directory / "kea.conf"
    file.write_text(json.dumps({"Dhcp4": {
        "interfaces-config": {"interfaces": ["c0"]}, "lease-database": {"type": "memfile", "persist": False},
        "subnet4": [{"id": 1, "subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.6.1 - 10.77.6.9"}]}]}}))
    machine.start("kea-dhcp4", "-c", file, env={**os.environ, "KEA_PIDFILE_DIR": str(lab.directory), "KEA_LOCKFILE_DIR": "none",
                                                "KEA_DHCP_DATA_DIR": str(lab.directory)})


def relay(machine: Machine, far: Machine, lab: Lab) -> None:
    """A relay agent on the cable, for a server behind it."""
    machine.ip(f"addr add {RELAY}/16 dev c0", f"link add r0 type veth peer name f0 netns {far.pid}", "link set r0 up",
               "addr add 10.88.0.1/16 dev r0")
    far.ip("link set f0 up")
    dnsmasq(far, lab, FAR, "10.77.7.1,10.77.7.9,255.255.0.0", "10.88.7.1,10.88.7.9", device="f0")
    far.ip("route add 10.77.0.0/16 via 10.88.0.1")
    machine.start("dnsmasq", "-k", "-p", "0", f"--dhcp-relay={RELAY},{FAR}", "--user=root", "--conf-file=/dev/null",
                  f"--pid-file={lab.directory}/relay.pid")
    machine.run("sysctl", "-qw", "net.ipv4.ip_forward=1")


def said(daemon: Daemon, words: str) -> bool:
    return words in daemon.ask("alarms").stdout


def test_another_server_on_the_link_is_an_alarm_until_it_is_known(lab: Lab) -> None:
    """Clients that choose it say so to everybody."""
    need("dnsmasq", "udhcpc")
    client, rival = lab.clients(2)
    dnsmasq(rival, lab, RIVAL, "10.77.5.1,10.77.5.9")
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


def test_servers_that_answer_are_an_alarm_each_until_they_are_known(lab: Lab) -> None:
    """Asked of, not overheard: no client chooses them. Nothing that they offer is taken, and we offer nothing to ourselves."""
    need("dnsmasq", "kea-dhcp4")
    rival, other, agent = lab.clients(3)
    far = lab.machine("far")
    dnsmasq(rival, lab, RIVAL, "10.77.5.1,10.77.5.9")
    kea(other, lab, "10.77.0.67")
    relay(agent, far, lab)
    daemon = lab.daemon(**ASKING).start()
    for server in (RIVAL, "10.77.0.67", FAR):
        words = f"another DHCP server, {server}, serves clients on s0; stop it, or name it in known_servers"
        wait_until(lambda words=words: said(daemon, words), words, 30)  # type: ignore[misc]
        assert f"other server alarm {server}: {words}" in daemon.prompt("events")
    assert len(daemon.ask("alarms").stdout.splitlines()) == 3
    leases = [lab.directory / server for server in (RIVAL, FAR)]
    assert not any(one.exists() and one.read_text() for one in leases), "an offer was taken"
    (pool,) = [json.loads(line) for line in daemon.ask("pools", "json").stdout.splitlines()]
    assert (pool["leased"], pool["offered"]) == (0, 0)
    daemon.write(known_servers=["10.77.0.64/30", FAR])
    daemon.reload()
    wait_until(lambda: daemon.ask("alarms").stdout == "all is well\n", "they are known")
    assert len(re.findall("other server alarm over", daemon.prompt("events"))) == 3


def test_an_offer_is_heard_beside_a_client_on_this_machine_and_by_whatever_way_it_is_sent(lab: Lab, station: Station) -> None:
    """Port 68 may be another program's, and there are servers that send to an address that is nobody's yet."""
    lab.keep(lab.server.open(lambda: open_udp(68)))
    daemon = lab.daemon(**ASKING).start()
    _, asked = station.wait_for(lambda _, one: one.kind == DISCOVER, "the question")
    assert (asked.chaddr[:6], asked.giaddr, asked.ciaddr) == (SERVER_MAC, NONE, NONE)
    offer = Packet(2, hardware=SERVER_MAC, xid=asked.xid, yiaddr=address_from("10.77.5.1"), options={
        53: bytes((OFFER,)), 54: packed(RIVAL)}).encode()
    station.send_frame(udp_frame(offer, mac_of(1), SERVER_MAC, address_from(RIVAL), address_from("10.77.5.1")))
    wait_until(lambda: said(daemon, f"another DHCP server, {RIVAL}, serves clients on s0"), "the alarm")
    station.silence(asked.xid, 0.5)
    assert not any(one.kind == REQUEST for _, one in station.heard), "it was taken"


def test_our_own_question_is_not_answered_wherever_it_comes_in(lab: Lab) -> None:
    """Two links of ours on one wire: each hears what the other asks."""
    lab.clients(2)
    lab.server.ip("link add q1 type veth peer name s1", "link set q1 up master s0", "link set s1 up",
                  "addr add 10.78.0.1/16 dev s1")
    daemon = lab.daemon(interface=["s0", "s1"], **ASKING).start()
    wait_until(lambda: "on s1: our own question, who else answers" in daemon.prompt("statistics"), "it came back")
    assert "on s0: our own question, who else answers" in daemon.prompt("statistics")
    pools = [json.loads(line) for line in daemon.ask("pools", "json").stdout.splitlines()]
    assert len(pools) == 2 and not any(one["offered"] or one["leased"] for one in pools)
    assert daemon.ask("alarms").stdout == "all is well\n"


@pytest.mark.sandbox
def test_a_reload_begins_to_ask_and_a_link_that_comes_is_asked_on(lab: Lab) -> None:
    """Ports are open since the start. What cannot be asked is told."""
    need("dnsmasq")
    rival, _ = lab.clients(2)
    dnsmasq(rival, lab, RIVAL, "10.77.5.1,10.77.5.9")
    daemon = lab.daemon(interface=["s0", "t0", "u0"]).start()
    daemon.write(**ASKING)
    daemon.reload()
    wait_until(lambda: said(daemon, f"another DHCP server, {RIVAL}, serves clients on s0"), "the alarm", 30)
    third = lab.machine("third")
    lab.cable(third, "t0", "c0")
    lab.server.ip("addr add 10.79.0.1/16 dev t0")
    dnsmasq(third, lab, "10.79.0.66", "10.79.5.1,10.79.5.9")
    wait_until(lambda: said(daemon, "another DHCP server, 10.79.0.66, serves clients on t0"), "the second alarm", 30)
    lab.server.ip("tuntap add u0 mode tun", "addr add 10.80.0.1/24 dev u0", "link set u0 up")
    daemon.wait_for("other DHCP servers cannot be looked for on u0, which is not Ethernet")
    assert "on u0, which is not Ethernet" in daemon.ask("services").stdout


def test_a_machine_that_sends_without_end(lab: Lab, station: Station) -> None:
    daemon = lab.daemon().start()
    mac = mac_of(1)
    for _ in range(400):
        station.answer(station.discover(mac), OFFER)
    words = f"{mac_text(mac)} sends more than 300 messages a minute"
    wait_until(lambda: said(daemon, words), "there is an alarm")
    assert f"flood alarm {mac_text(mac)}: {words}" in daemon.prompt("events")


class ArpProxy(threading.Thread):
    """Answers for every address that is asked for, as a thief does, and a router with another kind of proxy ARP than Linux."""

    def __init__(self, machine: Machine, mac: bytes) -> None:
        super().__init__(daemon=True)
        self.mac, self._socket = mac, machine.open(lambda: open_packet_socket("c0", 0x0806))
        self._socket.settimeout(0.2)
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                asked = self._socket.recv(64)
                if asked[20:22] == b"\0\1":
                    answer = asked[12:20] + b"\0\2" + self.mac + asked[38:42] + asked[22:32]
                    self._socket.send(asked[6:12] + self.mac + answer)

    def close(self) -> None:
        self._ended.set()
        self.join()
        self._socket.close()


def test_a_machine_that_answers_for_every_address_takes_none(lab: Lab) -> None:
    """After a handful of them it is not believed: the pool is not quarantined, and clients are served."""
    one, other = lab.clients(2)
    station, thief = lab.keep(Station(one)), lab.keep(ArpProxy(other, mac_of(1)))
    thief.start()
    daemon = lab.daemon(ip_ranges=["10.77.0.10 - 10.77.0.19"], probe_before_offer=True, probe_wait=0.1).start()
    leased = {station.lease(mac_of(number)).yiaddr for number in range(10, 15)}
    assert len(leased) == 5
    words = f"{mac_text(thief.mac)} answers for many addresses that are probed (proxy ARP, or a thief), and is not believed"
    wait_until(lambda: said(daemon, words), "there is an alarm")
    assert re.fullmatch(r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: .*", daemon.ask("alarms").stdout.rstrip())
    (pool,) = [json.loads(line) for line in daemon.ask("pools", "json").stdout.splitlines()]
    assert (pool["leased"], pool["quarantined"]) == (5, 0)
    thief.close()
    assert daemon.ask("clear", "all").returncode == 0
    wait_until(lambda: daemon.ask("alarms").stdout == "all is well\n", "it is over")
    assert f"proxy arp alarm over {mac_text(thief.mac)}: it is over: {words}" in daemon.prompt("events")


def test_a_disk_that_fills_and_leases_that_cannot_be_stored(lab: Lab, station: Station) -> None:
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "tmpfs", directory)
    daemon = lab.daemon(host_file=str(directory / "leases.db"), disk_alarm=90, history_days=0).start()
    filler = Path(f"/proc/{lab.server.pid}/root{directory}/filler")
    assert daemon.ask("alarms").stdout == "all is well\n"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    words = f"the disk of {directory} is nearly full (above 90 %); without room no lease is given"
    wait_until(lambda: said(daemon, words), "there is an alarm")
    for number in range(200):  # until the log has no room that was laid out before
        if said(daemon, "leases cannot be stored"):
            break
        station.select(mac_of(number), station.offer(mac_of(number)))
    alarms = {json.loads(line)["kind"] for line in daemon.ask("alarms", "json").stdout.splitlines()}
    assert alarms == {"disk alarm", "store alarm"}
    filler.unlink()
    wait_until(lambda: not said(daemon, "nearly full"), "the disk has room")
    station.waiting()
    wait_until(lambda: station.lease(mac_of(1)), "leases can be stored")
    wait_until(lambda: daemon.ask("alarms").stdout == "all is well\n", "it is over")
    events = daemon.prompt("events")
    assert all(f"{kind}: " in events for kind in ("disk alarm", "disk alarm over", "store alarm", "store alarm over"))


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
    wait_until(lambda: daemon.log().count(words) == 1, "it is told")
    for address in leased[:2]:
        assert daemon.ask("release", address).returncode == 0
    wait_until(lambda: words not in daemon.ask("alarms").stdout, "it is over")
    events = daemon.prompt("events")
    assert (events.count(f"pool alarm: {words}"), events.count(f"pool alarm over: it is over: {words}")) == (1, 1)
