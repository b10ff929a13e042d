"""Real relays between namespaces: dhcrelay of ISC, dnsmasq's, and two in a row; and links that are of no subnet.

    server s0 10.77.0.1 ---- c0 10.77.0.2 relay r0 10.1.0.1 ---- c0 client
                                          r1 10.2.0.1 ---- c0 10.2.0.2 inner relay r0 10.3.0.1 ---- c0 client
"""

import fcntl
import os
import select
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lab import PATIENCE, SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, DISCOVER, EVERYONE, NONE, OFFER, REQUEST, Frame, Message, frame, mac_of, message, packed, read
from station import Ear
from test_live_clients import Client, start_udhcpc

pytestmark = pytest.mark.namespaces
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
ETHERNET_HEADER = 14  # octets

CAMPUS = """
interface = "s0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
subnets = [
    subnet("10.77.0.0/16", pools=["10.77.1.0/24"]),
    subnet("10.1.0.0/24", pools=["10.1.0.100 - 10.1.0.120"], router="10.1.0.1", domain_name="one.example"),
    subnet("10.3.0.0/24", pools=["10.3.0.100 - 10.3.0.120"], router="10.3.0.1", domain_name="three.example"),
]
classes = [client_class("port", match(circuit_id=ALL), domain_name="port.example", domain_name_server="192.0.2.53")]
hosts = [host(circuit_id="r0", relay="10.1.0.1", ip="10.1.0.77")]
"""


def serve(lab: Lab, text: str = CAMPUS) -> Daemon:
    """A daemon with a configuration file of this text."""
    daemon = lab.daemon()
    daemon.write(text.format(pid_file=str(daemon.pid_file), host_file=str(daemon.database)))
    return daemon.start()


def join(near: Machine, near_end: str, address: str, far: Machine) -> None:
    """A cable from a machine, whose end gets an address, to the c0 of another."""
    near.ip(f"link add {near_end} type veth peer name c0 address {mac_of(3).hex(':')} netns {far.pid}",
            f"link set {near_end} up", f"addr add {address}/24 brd + dev {near_end}")
    far.ip("link set c0 up")


def relay_machine(lab: Lab) -> Machine:
    """A machine on the server's cable that passes packets on."""
    machine = lab.client(private=True)
    machine.ip("addr add 10.77.0.2/16 brd + dev c0")
    machine.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    lab.server.ip("route add 10.1.0.0/24 via 10.77.0.2", "route add 10.2.0.0/24 via 10.77.0.2",
                  "route add 10.3.0.0/24 via 10.77.0.2")
    return machine


def start(lab: Lab, machine: Machine, *words: object) -> subprocess.Popen[Any]:
    """A program that runs on."""
    log = lab.directory / f"{machine.name}.{Path(str(words[0])).name}.log"
    with log.open("wb") as out:
        return machine.start(*words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def start_relay(lab: Lab, machine: Machine, program: str, *links: str, target: str = SERVER) -> None:
    """A relay for these links, given as NAME=ADDRESS."""
    need(program)
    if program == "dnsmasq":
        words = [f"--dhcp-relay={one.partition('=')[2]},{target}" for one in links]
        start(lab, machine, "dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--no-hosts", *words)
    else:
        interfaces = ["-iu", "c0", *(word for one in links for word in ("-id", one.partition("=")[0]))]
        start(lab, machine, "dhcrelay", "-4", "-d", "--no-pid", "-a", "-m", "forward", *interfaces, target)
    wait_until(lambda: ":67" in machine.run("ss", "-uln", check=False).stdout, f"{program} to listen")


def lease_of(machine: Machine, network: str) -> str:
    """The address that a client has got of a network."""
    def found() -> str:
        return next((word.partition("/")[0] for word in machine.ip_text("-4 addr show dev c0").split()
                     if word.startswith(network)), "")
    return wait_until(found, f"an address of {network}")


def expect_direct_renewal(ear: Ear, address: str) -> Message:
    """The client's own REQUEST, without a relay's words, is acknowledged to the client itself; returns the ACK."""
    def is_direct(one: Message) -> bool:  # dhcrelay overhears it, and sends a copy
        return one.ciaddr == address and one.giaddr == "0.0.0.0"

    _, request = ear.wait_for(lambda _, one: one.kind == REQUEST and is_direct(one), "a direct renewal")
    assert 82 not in request.options
    frame, ack = ear.wait_for(lambda _, one: one.kind == ACK and is_direct(one), "its acknowledgement")
    assert (ack.xid, ack.yiaddr, frame.destination) == (request.xid, address, address)
    assert 82 not in ack.options, "rule 32: never made up"
    return ack


@pytest.mark.parametrize(("program", "address", "domain"), [
    ("dhcrelay", "10.1.0.77", "port.example"),  # it adds its interface as circuit id (RFC 3046 section 3.1)
    ("dnsmasq", "10.1.0.1", "one.example")])
def test_a_client_behind_a_relay_gets_and_renews(lab: Lab, program: str, address: str, domain: str) -> None:
    """Rows 25, 26 and 30: what the relay said is remembered for the renewal that comes without it."""
    relay, client = relay_machine(lab), lab.machine("far", private=True)
    join(relay, "r0", "10.1.0.1", client)
    daemon = serve(lab)
    start_relay(lab, relay, program, "r0=10.1.0.1")
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    program_of_client: Client = start_udhcpc(lab, client)
    got = lease_of(client, "10.1.0.")
    assert got.startswith(address)
    wait_until(lambda: domain in program_of_client.resolv_conf(), f"the domain {domain}")
    assert got in daemon.prompt("hosts")
    program_of_client.renew()
    expect_direct_renewal(ear, got)
    assert domain in program_of_client.resolv_conf()
    program_of_client.end()
    wait_until(lambda: got not in daemon.prompt("hosts"), "the release, which comes without a relay too")


@pytest.mark.parametrize(("outer_program", "inner_program"), [("dhcrelay", "dhcrelay"), ("dhcrelay", "dnsmasq"),
                                                              ("dnsmasq", "dhcrelay")])
def test_two_relays_in_a_row(lab: Lab, outer_program: str, inner_program: str) -> None:
    """The outer one passes on what the inner has marked; answers go to the inner address (RFC 1542 section 4.1.1)."""
    need(outer_program, inner_program)
    outer, inner, client = relay_machine(lab), lab.machine("inner", private=True), lab.machine("far", private=True)
    join(outer, "r1", "10.2.0.1", inner)
    inner.ip("addr add 10.2.0.2/24 brd + dev c0", "route add default via 10.2.0.1")
    inner.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    join(inner, "r0", "10.3.0.1", client)
    outer.ip("route add 10.3.0.0/24 via 10.2.0.2")
    serve(lab)
    start_relay(lab, outer, outer_program, "r1=10.2.0.1")
    start_relay(lab, inner, inner_program, "r0=10.3.0.1", target="10.2.0.1")
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    made = start_udhcpc(lab, client)
    _, ack = ear.wait_for(lambda _, one: one.kind == ACK, "an acknowledgement")
    assert ack.giaddr == "10.3.0.1"
    circuit = b"r0" if inner_program == "dhcrelay" else b"r1"  # dnsmasq adds none, and then the outer one's comes
    assert ack.options[82][:4] == b"\1\2" + circuit
    assert lease_of(client, "10.3.0.") == ack.yiaddr
    wait_until(lambda: "port.example" in made.resolv_conf(), "the options of the class")
    made.end()


FLOORS = """
interface = "s0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
classes = [client_class("left", match(circuit_id="r0"))]
subnets = [subnet("10.77.0.0/16"), *(
    subnet(f"10.5.{{floor}}.0/24", relays=[f"192.0.2.{{floor}}"], router=f"10.5.{{floor}}.1", domain_name=f"f{{floor}}.example",
           pools=[pool(f"10.5.{{floor}}.100 - 10.5.{{floor}}.109", allow="left", ip_address_lease_time=40 * MINUTES),
                  pool(f"10.5.{{floor}}.200 - 10.5.{{floor}}.209", deny="left", ip_address_lease_time=20 * MINUTES)])
    for floor in range(1, 201))]
"""


def test_relay_whose_address_lies_elsewhere_and_the_pool_on_renewal(lab: Lab) -> None:
    """Rows 25 and 26: `relays` names the subnet, of 200; pool and class stay when the client renews without the relay."""
    need("dhcrelay")
    relay = relay_machine(lab)
    lab.server.ip("route add 10.5.0.0/16 via 10.77.0.2", "route add 192.0.2.0/24 via 10.77.0.2")
    clients = [lab.machine(f"far{number}", private=True) for number in range(2)]
    for number, machine in enumerate(clients):
        relay.ip(f"link add r{number} type veth peer name c0 address {mac_of(3 + number).hex(':')} netns {machine.pid}",
                 f"link set r{number} up", f"addr add 192.0.2.{number + 7}/32 dev r{number}",
                 f"addr add 10.5.{number + 7}.1/24 brd + dev r{number}")
        machine.ip("link set c0 up")
    serve(lab, FLOORS)
    start_relay(lab, relay, "dhcrelay", "r0=192.0.2.7", "r1=192.0.2.8")
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    for number, (machine, address, seconds) in enumerate(zip(clients, ("10.5.7.10", "10.5.8.20"), (2400, 1200), strict=True)):
        made = start_udhcpc(lab, machine)
        mac, giaddr = mac_of(3 + number), f"192.0.2.{number + 7}"
        _, ack = ear.wait_for(lambda _, one, mac=mac: one.kind == ACK and one.mac == mac, "an acknowledgement")
        assert (ack.giaddr, ack.yiaddr[:9], ack.number(51)) == (giaddr, address, seconds)
        assert lease_of(machine, address) == ack.yiaddr
        made.renew()
        again = expect_direct_renewal(ear, ack.yiaddr)
        assert again.number(51) == seconds and again.options[15] == f"f{number + 7}.example".encode()
        made.end()


def test_a_link_whose_own_address_is_of_no_subnet(lab: Lab) -> None:
    """A VPN-like segment: the subnet names its interface, and the server's identifier is reached by routes."""
    machine = lab.client(private=True)
    lab.server.ip("addr flush dev s0", "addr add 100.64.0.1/32 dev s0", "route add 10.9.0.0/24 dev s0")
    serve(lab, """
interface = "s0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
subnets = [subnet("10.9.0.0/24", interface="s0", pools=["10.9.0.10 - 10.9.0.20"],
                  classless_static_route=[("100.64.0.1/32", "0.0.0.0")], always_send="classless_static_route")]
""")
    made = start_udhcpc(lab, machine)
    assert lease_of(machine, "10.9.0.") == "10.9.0.10"
    made.end()


class Tunnel:
    """The far end of a point-to-point link t0 of a machine: IP packets without a link layer, and no broadcast address."""

    def __init__(self, machine: Machine) -> None:
        if not Path("/dev/net/tun").exists():
            pytest.skip("there is no /dev/net/tun")
        self._descriptor = machine.open(_open_tunnel)

    def close(self) -> None:
        """The link goes with it."""
        os.close(self._descriptor)

    def send(self, payload: bytes, source: str = NONE, destination: str = EVERYONE) -> None:
        """A client's message."""
        os.write(self._descriptor, frame(payload, mac_of(0), source=source, destination=destination)[ETHERNET_HEADER:])

    def answer(self, xid: int, kind: int) -> tuple[Frame, Message]:
        """Wait for the answer to a transaction."""
        while select.select([self._descriptor], [], [], PATIENCE)[0]:
            heard = Frame(bytes(12) + b"\x08\x00" + os.read(self._descriptor, 2048), 0.0)
            if heard.is_udp() and 68 in heard.ports and (one := read(heard.payload)).xid == xid and one.kind == kind:
                return heard, one
        raise AssertionError(f"no answer {kind} to {xid:#x}")


def _open_tunnel() -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH22x", b"t0", IFF_TUN | IFF_NO_PI))
    return descriptor


def test_a_tunnel_without_broadcast(lab: Lab) -> None:
    """Rule 6 and row 25: a link of no hardware addresses. What is sent must come out of it, first lease and renewal alike."""
    tunnel = lab.keep(Tunnel(lab.server))
    lab.server.ip("addr add 100.64.0.1/32 dev t0", "link set t0 up", "route add 10.9.0.0/24 dev t0")
    assert "BROADCAST" not in lab.server.ip_text("link show dev t0")
    serve(lab, """
interface = "t0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
subnets = [subnet("10.9.0.0/24", interface="t0", pools=["10.9.0.10 - 10.9.0.20"], domain_name="vpn.example")]
""")
    mac, xid = mac_of(0), 0x77000001
    tunnel.send(message(DISCOVER, mac, xid))
    heard, offer = tunnel.answer(xid, OFFER)
    assert heard.destination in (EVERYONE, offer.yiaddr)
    assert (offer.yiaddr, offer.address(54), offer.options[15]) == ("10.9.0.10", "100.64.0.1", b"vpn.example")
    tunnel.send(message(REQUEST, mac, xid, options=((50, packed(offer.yiaddr)), (54, offer.options[54]))))
    assert tunnel.answer(xid, ACK)[1].yiaddr == offer.yiaddr
    tunnel.send(message(REQUEST, mac, xid + 1, ciaddr=offer.yiaddr), source=offer.yiaddr, destination="100.64.0.1")
    heard, ack = tunnel.answer(xid + 1, ACK)
    assert (heard.destination, ack.ciaddr, ack.yiaddr) == (offer.yiaddr,) * 3
