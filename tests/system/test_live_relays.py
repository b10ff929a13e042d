"""Real relays between namespaces: dhcrelay of ISC, dnsmasq's, and two in a row; and a link whose address is of no subnet.

    server s0 10.77.0.1 ---- c0 10.77.0.2 relay r0 10.1.0.1 ---- c0 client
                                          r1 10.2.0.1 ---- c0 10.2.0.2 inner relay r0 10.3.0.1 ---- c0 client
"""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, REQUEST, Message, mac_of
from station import Ear
from test_live_clients import Client, start_dhclient, start_udhcpc

pytestmark = pytest.mark.namespaces

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


def expect_direct_renewal(ear: Ear, address: str) -> None:
    """The client's own REQUEST, without a relay's words, is acknowledged to the client itself."""
    def is_direct(one: Message) -> bool:  # dhcrelay overhears it, and sends a copy
        return one.ciaddr == address and one.giaddr == "0.0.0.0"

    _, request = ear.wait_for(lambda _, one: one.kind == REQUEST and is_direct(one), "a direct renewal")
    assert 82 not in request.options
    frame, ack = ear.wait_for(lambda _, one: one.kind == ACK and is_direct(one), "its acknowledgement")
    assert (ack.xid, ack.yiaddr, frame.destination) == (request.xid, address, address)
    assert 82 not in ack.options, "rule 32: never made up"


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


def test_two_relays_in_a_row(lab: Lab) -> None:
    """The outer one passes on what the inner has marked; the answer goes to the inner one's address."""
    need("dhcrelay")
    outer, inner, client = relay_machine(lab), lab.machine("inner", private=True), lab.machine("far", private=True)
    join(outer, "r1", "10.2.0.1", inner)
    inner.ip("addr add 10.2.0.2/24 brd + dev c0", "route add default via 10.2.0.1")
    inner.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    join(inner, "r0", "10.3.0.1", client)
    outer.ip("route add 10.3.0.0/24 via 10.2.0.2")
    serve(lab)
    start_relay(lab, outer, "dhcrelay", "r1=10.2.0.1")
    start_relay(lab, inner, "dhcrelay", "r0=10.3.0.1", target="10.2.0.1")
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    made = start_dhclient(lab, client)
    _, ack = ear.wait_for(lambda _, one: one.kind == ACK, "an acknowledgement")
    assert (ack.giaddr, ack.options[82][:4]) == ("10.3.0.1", b"\1\2r0")
    assert lease_of(client, "10.3.0.") == ack.yiaddr
    wait_until(lambda: "port.example" in made.resolv_conf(), "the options of the class")
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
