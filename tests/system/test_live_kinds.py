"""Real clients, each asking for what it asks for, of one configuration with all that a modern site sets; tshark judges.

dhclient with a client identifier, dhcpcd with its DUID and Rapid Commit, udhcpc, and systemd-networkd.
"""

import json
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, DISCOVER, OFFER
from station import Ear
from test_live_clients import Client, start_dhclient, start_dhcpcd, start_udhcpc
from test_live_relays import start

pytestmark = pytest.mark.namespaces

SITE = """
interface = "s0"
foreground = True
pid_file = {pid_file!r}
host_file = {host_file!r}
shared_networks = [shared_network("hall", [
    subnet("10.77.0.0/16", pools=[pool("10.77.5.0/24", allow="known"), pool("10.77.6.0/24", deny="known")], router="10.77.0.1"),
    subnet("10.78.0.0/16", pools=["10.78.6.0/24"], router="10.78.0.1"),
])]
classes = [client_class("udhcp", match(vendor_class_identifier=PREFIX("udhcp")), domain_name="busybox.example"),
           client_class("systemd", match(client_id=PREFIX(b"\\xff")), ip_address_lease_time=1 * HOURS)]
hosts = [host(client_id="machine-7", hostname="seven", ip="10.77.9.7")]
domain_name = "lab.example"
domain_search = ["lab.example", "example"]
domain_name_server = ["192.0.2.53", "192.0.2.54"]
network_time_protocol_servers = "192.0.2.123"
classless_static_route = [("172.16.0.0/12", "10.77.0.9")]
interface_mtu = 1400
ipv6_only_preferred = 0
captive_portal = "https://portal.example/api"
posix_timezone = "CET-1CEST"
tzdb_timezone = "Europe/Zurich"
encrypted_dns = [(1, "dns.example", ["192.0.2.53"], "alpn=dot")]
rapid_commit = True
probe_before_offer = True
probe_wait = 0.2
"""


def start_networkd(lab: Lab, machine: Machine) -> Client:
    """systemd-networkd, which must see /sys as read-only: then it does not wait for udev."""
    program = Path("/lib/systemd/systemd-networkd")
    if not program.exists():
        pytest.skip(f"{program} is not installed")
    setup = """
        mount -o remount,ro,bind /sys 2>/dev/null || { mount -t sysfs -o ro sysfs /sys; }
        mkdir -p /run/systemd/network /run/systemd/netif/links /run/systemd/netif/leases /run/systemd/netif/lldp
        chown -R systemd-network /run/systemd/netif 2>/dev/null
        printf '[Match]\\nName=c0\\n[Network]\\nDHCP=ipv4\\nLinkLocalAddressing=no\\nIPv6AcceptRA=no\\n' \\
            > /run/systemd/network/c0.network
        exec /lib/systemd/systemd-networkd
    """
    log = lab.directory / "networkd.log"
    with log.open("wb") as out:
        process = machine.start("sh", "-c", setup, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return Client(machine, process, log, process.terminate)


def start_dhclient_with_identifier(lab: Lab, machine: Machine) -> Client:
    """dhclient that says who it is."""
    return start_dhclient(lab, machine, 'send dhcp-client-identifier "machine-7";\n')


STARTERS: dict[str, tuple[Callable[[Lab, Machine], Client], str]] = {
    "dhclient": (start_dhclient_with_identifier, "10.77.9.7/16"), "dhcpcd": (start_dhcpcd, "10.77.6.0/16"),
    "udhcpc": (start_udhcpc, "10.77.6.0/16"), "networkd": (start_networkd, "10.77.6.0/16")}


def all_of_dhclient(lab: Lab, machine: Machine) -> Client:
    """dhclient that asks for what is younger than it as well."""
    return start_dhclient(lab, machine, """
send dhcp-client-identifier "machine-7";
option rfc3442-routes code 121 = array of unsigned integer 8;
option captive-portal code 114 = text;
also request rfc3442-routes, domain-search, interface-mtu, ntp-servers, captive-portal;
""")


def all_of_dhcpcd(lab: Lab, machine: Machine) -> Client:
    """dhcpcd with Rapid Commit, which its distribution's file asks for too."""
    need("dhcpcd")
    names = "subnet_mask, routers, domain_name_servers, domain_name, domain_search, classless_static_routes, ntp_servers"
    lab.directory.joinpath("dhcpcd.conf").write_text(
        f"duid\nnodelay\nnoarp\noption rapid_commit\noption {names}, interface_mtu\n")
    return Client(machine, start(lab, machine, "dhcpcd", "-B", "-4", "-f", lab.directory / "dhcpcd.conf", "c0"),
                  lab.directory / f"{machine.name}.dhcpcd.log", lambda: None)


def all_of_udhcpc(lab: Lab, machine: Machine) -> Client:
    """udhcpc whose script keeps what it was given."""
    need("udhcpc")
    script = lab.directory / "udhcpc.script"
    script.write_text("#!/bin/sh\ntest $1 = deconfig || env > /run/udhcpc.env\nexec /etc/udhcpc/default.script \"$@\"\n")
    script.chmod(0o755)
    more = [word for one in ("search", "staticroutes", "mtu", "ntpsrv", "108", "114") for word in ("-O", one)]
    return Client(machine, start(lab, machine, "udhcpc", "-f", "-i", "c0", "-t", "3", "-T", "1", "-s", script, *more),
                  lab.directory / f"{machine.name}.udhcpc.log", lambda: None)


# What starts a client, what shows its lease, and what that must contain.
URI, IN_HEXADECIMAL = "https://portal.example/api", b"https://portal.example/api".hex()
KEPT: dict[str, tuple[Callable[[Lab, Machine], Client], str, tuple[str, ...]]] = {
    "dhclient": (all_of_dhclient, "cat /run/dhclient.leases",
                 ("option rfc3442-routes 12,172,16,10,77,0,9,0,10,77,0,1", 'domain-search "lab.example.", "example."',
                  f'captive-portal "{URI}"', "interface-mtu 1400", "ntp-servers 192.0.2.123",
                  "domain-name-servers 192.0.2.53,192.0.2.54", 'dhcp-client-identifier "machine-7"')),
    "dhcpcd": (all_of_dhcpcd, "dhcpcd -4 -U c0",
               ("domain_search=lab.example example", "classless_static_routes=172.16.0.0/12 10.77.0.9 0.0.0.0/0 10.77.0.1",
                "interface_mtu=1400", "ntp_servers=192.0.2.123")),
    "udhcpc": (all_of_udhcpc, "cat /run/udhcpc.env",
               ("search=lab.example example", "staticroutes=172.16.0.0/12 10.77.0.9 0.0.0.0/0 10.77.0.1", "mtu=1400",
                "ntpsrv=192.0.2.123", "opt108=00000000", f"opt114={IN_HEXADECIMAL}", "domain=busybox.example")),
    "networkd": (start_networkd, "sh -c 'cat /run/systemd/netif/leases/*'",
                 ("ROUTER=10.77.0.1", "DNS=192.0.2.53 192.0.2.54", "NTP=192.0.2.123", "DOMAINNAME=lab.example",
                  "ROUTES=172.16.0.0/12,10.77.0.9 0.0.0.0/0,10.77.0.1", "ADDRESS=10.77.6."))}


@pytest.mark.parametrize("program", KEPT)
def test_modern_options_as_the_client_has_them_in_the_end(lab: Lab, program: str) -> None:
    """RFC 3397, 3442, 8910, 8925 and 4039: what the client's own lease says, not what was on the cable."""
    machine = lab.client(private=True)
    daemon: Daemon = lab.daemon()
    daemon.write(SITE.format(pid_file=str(daemon.pid_file), host_file=str(daemon.database)))
    daemon.start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    start_client, command, expected = KEPT[program]
    client = start_client(lab, machine)
    try:
        _, ack = ear.wait_for(lambda _, one: one.kind == ACK, "an acknowledgement")
        wait_until(lambda: f"inet {ack.yiaddr}/16" in machine.ip_text("-4 addr show dev c0"), f"the address {ack.yiaddr}")
        asks = any(80 in one.options and 108 not in one.options[55] for _, one in ear.heard if one.kind == DISCOVER)
        assert asks == (80 in ack.options) == (OFFER not in [one.kind for _, one in ear.heard])
        words = shlex.split(command)

        def kept() -> str:  # some dhcpcds quote the values
            return machine.run(*words, check=False).stdout.replace("'", "")

        wait_until(lambda: expected[0] in kept(), f"the lease of {program}: {kept()}")
        assert [one for one in expected if one not in kept()] == [], kept()
        judge(lab, ear)
    finally:
        print(client.log.read_text(errors="replace"))


def test_client_that_asks_for_ipv6_only_takes_no_address(lab: Lab) -> None:
    """Rule 41, RFC 8925 section 3.2: dhclient as Debian patches it knows option 108, and leaves the offer alone."""
    machine = lab.client(private=True)
    daemon: Daemon = lab.daemon()
    daemon.write(SITE.format(pid_file=str(daemon.pid_file), host_file=str(daemon.database)))
    daemon.start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    client = start_dhclient(lab, machine, "option v6only code 108 = unsigned integer 32;\nalso request v6only;\n")
    _, offer = ear.wait_for(lambda _, one: one.kind == OFFER, "an offer")
    assert offer.options[108] == bytes(4)
    wait_until(lambda: "DHCPOFFER" in client.log.read_text(errors="replace"), "the client's word on the offer")
    if "v6 only preferred" not in client.log.read_text(errors="replace"):
        pytest.skip("this dhclient does not know option 108")
    assert ear.receive(1.0) is None and "inet " not in machine.ip_text("-4 addr show dev c0")


def judge(lab: Lab, ear: Ear) -> None:
    """Let tshark take apart all that was heard: nothing malformed, no warning of an expert."""
    need("tshark")
    capture = lab.directory / "heard.pcap"
    ear.waiting()
    write_capture(capture, [frame.raw for frame, _ in ear.heard])
    done = subprocess.run(["tshark", "-r", capture, "-Y", "dhcp", "-T", "json"], capture_output=True, text=True, check=True)
    packets = json.loads(done.stdout)
    assert len(packets) >= 2
    for packet in packets:
        text = json.dumps(packet)
        assert "_ws.malformed" not in text and "Malformed" not in text, text
        assert "_ws.expert.severity\": \"8388608\"" not in text and "_ws.expert.severity\": \"6291456\"" not in text, text


def write_capture(path: Path, frames: list[bytes]) -> None:
    """A capture file of Ethernet frames (the classic pcap format)."""
    head = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000")
    with path.open("wb") as out:
        out.write(head)
        for number, frame in enumerate(frames):
            out.write(b"".join(value.to_bytes(4, "little") for value in (number, 0, len(frame), len(frame))) + frame)


@pytest.mark.parametrize("program", STARTERS)
def test_each_client_gets_what_it_asks_for(lab: Lab, program: str) -> None:
    """Address, prefix and routes are set up by the client itself."""
    machine = lab.client(private=True)
    daemon: Daemon = lab.daemon()
    daemon.write(SITE.format(pid_file=str(daemon.pid_file), host_file=str(daemon.database)))
    daemon.start()
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    start_client, expected = STARTERS[program]
    client = start_client(lab, machine)
    try:
        _, ack = ear.wait_for(lambda _, one: one.kind == ACK, "an acknowledgement")
        assert f"{ack.yiaddr}/16" == expected
        wait_until(lambda: f"inet {expected}" in machine.ip_text("-4 addr show dev c0"), f"the address {expected}")
        wait_until(lambda: f"default via {SERVER}" in machine.ip_text("-4 route"), "the default route")
        asked = next(one for _, one in ear.heard if one.kind in (1, 3)).options[55]
        answered = set(ack.options) - {53, 54, 51, 58, 59, 61, 80, 90}  # 90: a nonce, to who takes such (RFC 6704)
        assert answered <= set(asked) | {12}
        assert {1, 3 if 121 not in asked else 121, 6, 15} & set(asked) <= answered
        assert (80 in ack.options) == any(80 in one.options for _, one in ear.heard if one.kind == 1)
        if 121 in asked:
            wait_until(lambda: "172.16.0.0/12 via 10.77.0.9" in machine.ip_text("-4 route"), "the classless route")
        if program == "networkd":
            assert ack.number(51) == 3600
        client.end()
        client.process.wait(15)
        judge(lab, ear)
    finally:
        print(client.log.read_text(errors="replace"))
