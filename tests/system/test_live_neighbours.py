"""Beside DHCP servers of other programs: port 67 is shared with those that keep to interfaces of their own."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, need, wait_until
from messages import mac_of
from old_servers import ALONE, NETWORKD
from station import Station

pytestmark = pytest.mark.namespaces
REUSE, BIND_TO_DEVICE = socket.SO_REUSEADDR, 25
FAR = "10.78.0.1"
SERVER_OF_NETWORKD = """[Match]
Name=v0
[Network]
Address=10.78.0.1/24
DHCPServer=yes
LinkLocalAddressing=no
[DHCPServer]
PoolOffset=100
PoolSize=20
"""


@pytest.fixture
def guest(lab: Lab, client: Machine) -> Station:
    """A client on v0, which is the other program's interface, as virbr0 is libvirt's."""
    machine = lab.machine("guest")
    lab.cable(machine, "v0", "c0")
    lab.server.ip(f"addr add {FAR}/24 brd + dev v0")
    return lab.keep(Station(machine))


@pytest.fixture
def dnsmasq(lab: Lab, guest: Station) -> Iterator[Callable[..., object]]:
    """Starts a dnsmasq as libvirt does."""
    need("dnsmasq")
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> None:
        started.append(lab.server.start(
            "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping",
            f"--dhcp-leasefile={lab.directory}/dnsmasq.leases", f"--pid-file={lab.directory}/dnsmasq.pid",
            "--dhcp-range=10.78.0.100,10.78.0.199,1h", "--dhcp-authoritative",
            "--except-interface=lo", *words, stdin=subprocess.DEVNULL))
        wait_until(lambda: holders(lab.server) > (1 if lab.daemons and lab.daemons[0].process else 0), "dnsmasq's socket")
        assert started[-1].poll() is None
    yield start
    for one in started:
        one.kill()
        one.wait()


def holders(machine: Machine) -> int:
    """How many sockets hold UDP port 67."""
    return len(machine.run("ss", "-Huln", "sport = :67").stdout.splitlines())


def assert_each_serves_its_own(station: Station, guest: Station, number: int) -> None:
    """One server on each link, and nobody else's answer."""
    for one, prefix, other in ((station, "10.77.", "10.78."), (guest, "10.78.", "10.77.")):
        lease = one.lease(mac_of(number))
        assert lease.yiaddr.startswith(prefix)
        assert not any(message.op == 2 and message.yiaddr.startswith(other) for _, message in one.heard)


BESIDE = ["--interface=v0", "--bind-dynamic"], ["--interface=v0", "--bind-interfaces"]


@pytest.mark.parametrize("words", BESIDE)
def test_other_server_is_there_first(lab: Lab, station: Station, guest: Station, dnsmasq: Callable[..., object],
                                     words: list[str]) -> None:
    """libvirt's dnsmasq on its bridge keeps nobody from serving another interface."""
    dnsmasq(*words)
    daemon = lab.daemon().start()
    daemon.wait_for(r"interface v0 is left to another program \(uid 0, root\), which holds UDP port 67 there")
    assert_each_serves_its_own(station, guest, 1)
    assert "has come to hold" not in daemon.log()


@pytest.mark.parametrize("words", BESIDE)
@pytest.mark.sandbox
def test_other_server_comes_later(lab: Lab, station: Station, guest: Station, dnsmasq: Callable[..., object],
                                  words: list[str]) -> None:
    """And we keep no other server from its own interface, nor does its coming take anything from us."""
    daemon = lab.daemon().start()
    dnsmasq(*words)
    assert_each_serves_its_own(station, guest, 1)
    lab.server.ip("link add later type veth")
    daemon.wait_for("interface v0 is left to another program")
    assert_each_serves_its_own(station, guest, 2)
    assert "has come to hold" not in daemon.log()


def test_after_privileges_were_dropped_others_are_still_seen(lab: Lab, station: Station, guest: Station,
                                                             dnsmasq: Callable[..., object]) -> None:
    """Looking again needs none."""
    daemon = lab.daemon(user="nobody", group="nogroup").start()
    dnsmasq("--interface=v0", "--bind-dynamic")
    lab.server.ip("link add later type veth")
    daemon.wait_for("interface v0 is left to another program")
    assert_each_serves_its_own(station, guest, 1)


def test_networkd_beside_us(lab: Lab, station: Station, guest: Station) -> None:
    """systemd-networkd's server binds to its interface, too, in either order."""
    if not Path(NETWORKD).exists():
        pytest.skip("systemd-networkd is not installed")
    daemon = lab.daemon().start()
    file = lab.directory / "10.network"
    file.write_text(SERVER_OF_NETWORKD)
    file.chmod(0o644)
    networkd = lab.server.start("unshare", "-m", "sh", "-c", ALONE.format(file=file), stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: holders(lab.server) == 2, "networkd's socket")
        assert_each_serves_its_own(station, guest, 1)
        assert daemon.stop() == 0
        daemon.start()
        daemon.wait_for("interface v0 is left to another program")
        assert_each_serves_its_own(station, guest, 2)
    finally:
        networkd.kill()
        networkd.wait()


def refused(daemon: Daemon) -> str:
    """What a start says that must fail."""
    done = daemon.run()
    assert done.returncode == 1
    assert "see: ss -ulpn sport = :67" in done.stderr and "Traceback" not in done.stderr
    return done.stderr


def socket_of(lab: Lab, address: str = "", device: str = "", reuse: bool = True, uid: int = 0,
              family: int = socket.AF_INET) -> socket.socket:
    """Another program's socket on port 67 of the server machine."""
    def opened() -> socket.socket:
        made = socket.socket(family, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, REUSE, reuse)
        if device:
            made.setsockopt(socket.SOL_SOCKET, BIND_TO_DEVICE, device.encode())
        made.bind((address, 67))
        if uid:
            os.fchown(made.fileno(), uid, -1)
        return made
    return lab.keep(lab.server.open(opened))


@pytest.mark.parametrize(("other", "words"), [
    ({}, r"on all interfaces is held by another program \(uid 0, root\)"),
    ({"reuse": False}, r"on all interfaces is held by another program"),
    ({"uid": 65534}, r"on all interfaces is held by another program \(uid 65534, nobody\)"),
    ({"family": socket.AF_INET6}, r"on all interfaces is held"),
    ({"address": "10.77.0.1"}, r"on address 10\.77\.0\.1 is held"),
    ({"device": "s0"}, r"on s0 is held"),
    ({"device": "s0", "reuse": False}, r"on s0 is held"),
    ({"device": "v0", "reuse": False}, r"Address already in use; it is not shared by another program \(uid 0, root\)"),
])
def test_start_beside_what_would_take_our_requests_is_an_error(lab: Lab, guest: Station, other: dict[str, object],
                                                               words: str) -> None:
    """The message tells where, who, and how to find the process."""
    socket_of(lab, **other)  # type: ignore[arg-type]
    assert re.search(f"UDP port 67 .*{words}", refused(lab.daemon()))


@pytest.mark.parametrize("settings", [{"network": "10.77.0.0/16"}, {"bind_address": "10.77.0.1"}])
def test_start_with_the_only_interface_taken_is_an_error(lab: Lab, guest: Station, settings: dict[str, object]) -> None:
    """Where the interface follows from an address."""
    socket_of(lab, device="s0")
    assert "on s0 is held by another program" in refused(lab.daemon(interface=None, **settings))


def test_dnsmasq_on_all_interfaces_is_an_error(lab: Lab, guest: Station, dnsmasq: Callable[..., object]) -> None:
    dnsmasq()
    assert "on all interfaces" in refused(lab.daemon())


def test_second_of_our_own_is_an_error(lab: Lab, client: Machine, daemon: Daemon) -> None:
    """With files of its own, so that no lock keeps it off."""
    assert "on all interfaces is held" in refused(lab.daemon())
    assert holders(lab.server) == 1


def test_ipv6_alone_is_nobody_in_our_way(lab: Lab, client: Machine) -> None:
    """A socket of IPv6 that takes no IPv4."""
    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(("::", 67))
        return made
    lab.keep(lab.server.open(opened))
    lab.daemon().start()


@pytest.mark.parametrize(("other", "words"), [({}, "on all interfaces"), ({"device": "s0"}, "on s0")])
def test_who_comes_later_into_our_way_is_told(lab: Lab, station: Station, other: dict[str, str], words: str) -> None:
    """The kernel that lets libvirt in lets everybody in; what is served stays, and the log tells it, once."""
    daemon = lab.daemon().start()
    taken = socket_of(lab, **other)  # type: ignore[arg-type]
    for number in range(2):
        lab.server.ip(f"link add later{number} type veth")
        daemon.wait_for(rf"another program \(uid 0, root\) has come to hold UDP port 67 {words} as well.*see: ss -ulpn")
    assert daemon.log().count("has come to hold") == 1
    station.lease(mac_of(1))
    taken.close()
    lab.server.ip("link del later0")


def test_interface_of_another_server_is_not_served_where_none_is_named(lab: Lab, station: Station, guest: Station,
                                                                       dnsmasq: Callable[..., object]) -> None:
    """All interfaces are ours but those that another program has; when it leaves, they are ours again."""
    daemon = lab.daemon(interface=None)
    with daemon.file.open("a") as file:
        file.write('subnets = [subnet("10.77.0.0/16", pools=["10.77.1.0/24"]), '
                   'subnet("10.78.0.0/24", pools=["10.78.0.0/25"])]\n')
    daemon.start()
    daemon.wait_for(r"serving .*10\.78\.0\.0/24 on v0")
    begin = len(daemon.log())
    dnsmasq("--interface=v0", "--bind-dynamic")
    lab.server.ip("link add later type veth")
    daemon.wait_for(r"serving 10\.77\.0\.0/16 on s0 as 10\.77\.0\.1; through relays 1 network\n", begin)
    assert_each_serves_its_own(station, guest, 1)
    assert guest.heard[-1][1].address(54) == FAR and "has come to hold" not in daemon.log()
    lab.server.run("pkill", "--pidfile", f"{lab.directory}/dnsmasq.pid")
    begin = len(daemon.log())
    wait_until(lambda: holders(lab.server) == 1, "the end of dnsmasq")
    lab.server.ip("link del later")
    daemon.wait_for(r"serving .*10\.78\.0\.0/24 on v0", begin)


def test_reload_that_names_an_interface_of_another_server_waits_for_it(lab: Lab, station: Station, guest: Station,
                                                                       dnsmasq: Callable[..., object]) -> None:
    """It is the other's until that goes: two servers on one link would give their own addresses each."""
    dnsmasq("--interface=v0", "--bind-dynamic")
    daemon = lab.daemon().start()
    daemon.write(interface=["s0", "v0"])
    said = daemon.reload(r"reloaded")
    assert "waiting: interface v0 is served by another program (uid 0, root), which holds UDP port 67 there; see: ss" in said
    assert_each_serves_its_own(station, guest, 1)
    lab.server.run("pkill", "--pidfile", f"{lab.directory}/dnsmasq.pid")
    wait_until(lambda: holders(lab.server) == 1, "the end of dnsmasq")
    begin = len(daemon.log())
    lab.server.ip("link add later type veth")
    daemon.wait_for(r"serving .*10\.78\.0\.0/24 on v0", begin)


def test_server_that_comes_while_no_interface_changes_is_seen(lab: Lab, station: Station) -> None:
    """There is a look every half minute; the first one, here, at the first signal, which some library may have had already."""
    daemon = lab.daemon().start()
    socket_of(lab)
    daemon.send(signal.SIGCHLD)
    daemon.wait_for("has come to hold UDP port 67 on all interfaces", timeout=45)
