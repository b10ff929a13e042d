"""By which link and from which address of ours replies leave, with real packets: RFC 2131 section 4.1, RFC 1122 4.1.3.5.

The server's cable s0 carries a shared network: 10.77.0.0/16, in which the server has an address, and 10.4.0.0/24, in which it
has none; all addresses to give are of the latter. Elsewhere is another cable, s9, for a default route that leads away.
"""

import socket
from collections.abc import Callable

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine, wait_until
from messages import ACK, BROADCAST_MAC, DISCOVER, EVERYONE, INFORM, OFFER, REQUEST, Message, mac_of, message, read
from station import Ear, Station, neighbour
from test_live_clients import NOBODY, STARTERS
from test_live_interfaces import after

pytestmark = pytest.mark.namespaces
MAC = mac_of(7)
SHARED = """
interface = "s0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
ip_address_lease_time = 20
minimum_lease_time = 20
renewal_time_value = 3
rebinding_time_value = 15
shared_networks = [shared_network("floor", [
    subnet("10.77.0.0/16"), subnet("10.4.0.0/24", pools=["10.4.0.10 - 10.4.0.99"], router="10.4.0.254")])]
"""
ROUTES = {
    "none": [],
    "elsewhere": ["route add default via 10.99.0.254 dev s9"],
    "by a router on the link": ["route add default via 10.77.0.254 dev s0",
                                f"neigh replace 10.77.0.254 lladdr {NOBODY} dev s0 nud permanent"],
    "to the network, elsewhere": ["route add 10.4.0.0/24 via 10.99.0.254 dev s9"],
}


def write(daemon: Daemon, text: str = SHARED) -> Daemon:
    """The configuration of a daemon."""
    daemon.write(text.format(pid_file=str(daemon.pid_file), host_file=str(daemon.database)))
    return daemon


def lead_away(lab: Lab, routes: str) -> None:
    """The server's routes; what the kernel thinks of sources that it has no route to must not hide what we do."""
    lab.cable(lab.machine("away"), "s9", "c0", mac_of(90))
    lab.server.ip("addr add 10.99.0.1/24 dev s9", *ROUTES[routes])
    lab.server.run("sh", "-c", "for one in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $one; done")


@pytest.mark.parametrize("routes", ROUTES)
def test_the_second_subnet_of_a_shared_network_is_served_whatever_the_routing_table_says(lab: Lab, client: Machine,
                                                                                         station: Station, routes: str) -> None:
    """The client renews, rebinds and asks for options; each answer comes by the cable, to its own hardware address."""
    lead_away(lab, routes)
    write(lab.daemon()).start()
    leased = station.lease(MAC)
    assert leased.yiaddr == "10.4.0.10" and leased.address(54) == SERVER
    neighbour(lab.server, leased.yiaddr, MAC)
    informed, rebinding = station.xid(), station.xid()
    station.send(message(INFORM, MAC, informed, ciaddr=leased.yiaddr), MAC, destination_mac=SERVER_MAC, source=leased.yiaddr,
                 destination=SERVER)
    station.send(message(REQUEST, MAC, rebinding, ciaddr=leased.yiaddr), MAC, source=leased.yiaddr)
    for xid in (informed, rebinding, station.renew(MAC, leased.yiaddr)):
        frame, ack = station.answer(xid, ACK)
        assert (frame.destination_mac, frame.destination, frame.source) == (MAC, leased.yiaddr, SERVER)
        assert ack.address(54) == SERVER


@pytest.mark.parametrize("program", STARTERS)
def test_a_real_client_of_the_second_subnet_renews(lab: Lab, program: str) -> None:
    """By unicast, while the server's default route leads elsewhere."""
    machine = lab.client(private=True)
    machine.ip("route add 10.77.0.0/16 dev c0")  # a router's part, which nobody plays here
    lead_away(lab, "elsewhere")
    write(lab.daemon()).start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    client = STARTERS[program](lab, machine)
    try:
        address = ear.wait_for(lambda _, one: one.kind == ACK, "a lease")[1].yiaddr
        assert address.startswith("10.4.0.")
        wait_until(lambda: f"inet {address}/24" in machine.ip_text("-4 addr show dev c0"), f"address {address}")
        wait_until(lambda: "10.77.0.0/16" in machine.ip_text("-4 route") or machine.run(
            "ip", "route", "add", "10.77.0.0/16", "dev", "c0", check=False), "the route, which a script may have taken away")
        client.renew()
        _, request = ear.wait_for(lambda frame, one: one.kind == REQUEST and frame.destination == SERVER, "a renewal", 10)
        frame, ack = ear.wait_for(lambda _, one: one.kind == ACK and one.xid == request.xid, "its acknowledgement")
        assert (frame.destination, frame.destination_mac, ack.yiaddr) == (address, mac_of(0), address)
        client.end()
    finally:
        print(client.log.read_text(errors="replace"))


def test_a_client_that_sends_from_no_address_is_answered_without_arp(daemon: Daemon, station: Station) -> None:
    """It still says ciaddr after its lease ran out (NetworkManager does); no client answers ARP for that."""
    leased = station.lease(MAC)
    for flags, there in ((0, (MAC, leased.yiaddr)), (0x8000, (BROADCAST_MAC, EVERYONE))):
        xid = station.xid()
        station.send(message(REQUEST, MAC, xid, flags=flags, ciaddr=leased.yiaddr), MAC)
        frame, _ = station.answer(xid, ACK)
        assert (frame.destination_mac, frame.destination) == there


@pytest.mark.parametrize("ciaddr", ["224.0.0.251", "10.99.0.7", "10.77.255.255"])
def test_ciaddr_in_a_discover_leads_nowhere(lab: Lab, daemon: Daemon, station: Station, ciaddr: str) -> None:
    """RFC 2131 table 5: it is 0. The offer goes to the client, and to nobody else."""
    xid = station.xid()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    station.send(message(DISCOVER, MAC, xid, ciaddr=ciaddr), MAC)
    frame, offer = station.answer(xid, OFFER)
    assert (frame.destination_mac, frame.destination) == (MAC, offer.yiaddr)
    assert [one.destination for one, heard in ear.waiting() if heard.op == 2] == [offer.yiaddr]


# --- the address that was asked


@pytest.fixture
def settled(lab: Lab, client: Machine) -> Callable[[str, str], Message]:
    """A machine with an address, on which a connected socket asks one of the server's addresses for options."""
    client.ip("addr add 10.77.5.5/16 dev c0", "route add default via 10.77.0.1")

    def asking(asked: str, source: str = "10.77.5.5") -> Message:
        with client.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as connected:
            connected.bind((source, 68))
            connected.connect((asked, 67))
            connected.settimeout(5)
            connected.send(message(INFORM, mac_of(0), 0x77, ciaddr=source))
            return read(connected.recv(2048))

    return asking


def test_a_connected_socket_hears_the_address_that_it_asked(lab: Lab, settled: Callable[[str], Message]) -> None:
    """RFC 1122 section 4.1.3.5: a second address of the interface, and one of another interface."""
    lab.cable(lab.machine("away"), "s1", "c0", mac_of(90))
    lab.server.ip("addr add 10.66.0.1/24 dev s1", "addr add 10.77.0.200/32 dev s0")
    lab.daemon().start()
    for asked in (SERVER, "10.77.0.200", "10.66.0.1"):
        assert settled(asked).address(54) == asked


def test_the_server_identifier_is_on_the_clients_own_network(lab: Lab, client: Machine, station: Station) -> None:
    """RFC 2131 section 4.1: where the server has an address there; it is where the datagrams come from, too."""
    lab.server.ip("addr add 10.4.0.1/24 dev s0")
    write(lab.daemon()).start()
    frame, offer = station.answer(station.discover(MAC), OFFER)
    assert (offer.yiaddr, offer.address(54), frame.source) == ("10.4.0.10", "10.4.0.1", "10.4.0.1")
    station.select(MAC, offer)
    assert station.answer(offer.xid, ACK)[1].address(54) == "10.4.0.1"


# --- which address of an interface counts, and networks that overlap


def test_an_address_of_fail_over_does_not_take_over_the_network(lab: Lab, client: Machine, station: Station) -> None:
    """keepalived's /32 outlives the interface's own address for a moment; when that is back, so is its network."""
    lab.server.ip("addr add 10.77.0.200/32 dev s0")
    daemon = lab.daemon().start()
    assert station.lease(MAC).address(54) == SERVER
    after(daemon, r"waiting: interface s0 has only 10\.77\.0\.200/32", lambda: lab.server.ip("addr del 10.77.0.1/16 dev s0"))
    station.silence(station.discover(mac_of(8)), 0.5)
    after(daemon, r"serving 10\.77\.0\.0/16 on s0 as 10\.77\.0\.1\b", lambda: lab.server.ip("addr add 10.77.0.1/16 dev s0"))
    ack = station.lease(mac_of(8))
    assert (ack.address(54), ack.address(1)) == (SERVER, "255.255.0.0")


def test_networks_of_two_interfaces_that_overlap_are_not_both_served(lab: Lab, client: Machine) -> None:
    """No address goes to two clients; the second network is served once it is another one."""
    lab.cable(client, "s1", "c1", mac_of(1))
    lab.server.ip("addr add 10.77.5.1/24 dev s1")
    daemon = lab.daemon(interface=["s1", "s0"]).start()
    daemon.wait_for(r"10\.77\.0\.0/16 on s0 is not served, for it overlaps 10\.77\.5\.0/24 on s1")
    first, second = lab.keep(Station(client, "c1")), lab.keep(Station(client, "c0"))
    assert first.lease(mac_of(1)).yiaddr.startswith("10.77.5.")
    second.silence(second.discover(mac_of(2)), 0.5)
    after(daemon, r"serving .*10\.77\.0\.0/16 on s0", lambda: lab.server.ip("addr add 10.66.5.1/24 dev s1",
                                                                           "addr del 10.77.5.1/24 dev s1"))
    assert second.lease(mac_of(2)).yiaddr.startswith("10.77.")


# --- VRF


@pytest.mark.sandbox
def test_an_interface_in_a_vrf_is_served_as_soon_as_the_kernel_lets_requests_through(lab: Lab, client: Machine,
                                                                                    station: Station) -> None:
    """What is needed is said at the start. Relays and clients behind routers are found by the VRF's table."""
    if lab.server.run("ip", "link", "add", "blue", "type", "vrf", "table", "10", check=False).returncode:
        pytest.skip("the kernel has no VRF")
    lab.server.ip("link set blue up", "link set s0 master blue", f"addr replace {SERVER}/16 brd + dev s0",
                  "route add 10.5.0.0/24 via 10.77.0.3 dev s0 table 10",
                  f"neigh replace 10.77.0.3 lladdr {MAC.hex(':')} dev s0 nud permanent")
    accept = "/proc/sys/net/ipv4/udp_l3mdev_accept"
    lab.server.run("sh", "-c", f"echo 0 > {accept}; for one in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 0 > $one; done")
    daemon = write(lab.daemon(), SHARED + 'subnets = [subnet("10.5.0.0/24", pools=["10.5.0.10 - 10.5.0.19"])]\n').start()
    daemon.wait_for("sysctl -w net.ipv4.udp_l3mdev_accept=1")
    lab.server.run("sh", "-c", f"echo 1 > {accept}")
    leased = station.lease(MAC)
    neighbour(lab.server, leased.yiaddr, MAC)
    frame, _ = station.answer(station.renew(MAC, leased.yiaddr), ACK)
    assert (frame.destination_mac, frame.destination) == (MAC, leased.yiaddr)
    xid = station.xid()
    station.send(message(DISCOVER, mac_of(9), xid, giaddr="10.5.0.1"), MAC, destination_mac=SERVER_MAC, source="10.5.0.1",
                 destination=SERVER, source_port=67)
    frame, offer = station.answer(xid, OFFER)
    assert (frame.destination_mac, frame.destination, frame.ports, offer.yiaddr) == (MAC, "10.5.0.1", (67, 67), "10.5.0.10")
