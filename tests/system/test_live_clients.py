"""Real clients on a cable: get, renew, rebind and release (RFC 2131 sections 3.1, 4.3.2, 4.3.4 and 4.4.5).

All of them get T1 and T2 of a few seconds; udhcpc computes its own (half of the lease), and renews by signal. For the
rebinding, the client is given a wrong hardware address of the server, so that its unicasts reach nobody.
"""

import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, EVERYONE, RELEASE, REQUEST, Frame, Message, mac_text
from station import Ear

pytestmark = pytest.mark.namespaces
LEASE, T1, T2 = 20, 3, 6  # seconds; the lease is the shortest that dhcpcd takes
ROUTER, DNS, DOMAIN = SERVER, "192.0.2.53", "lab.example"
NOBODY = "02:77:00:00:de:ad"
UDHCPC_T1 = 10  # seconds: half of the lease
REBINDING_LIMIT = 20


@dataclass
class Client:
    """A client program that runs on a machine. `end` releases the lease and waits for the program's end."""

    machine: Machine
    process: subprocess.Popen[Any]
    log: Path
    end: Callable[[], object]

    def resolv_conf(self) -> str:
        """What the client's machine has as /etc/resolv.conf."""
        return self.machine.run("cat", "/etc/resolv.conf").stdout

    def renew(self) -> None:
        """Ask for a renewal, where the program's own timer is too slow."""


class Udhcpc(Client):
    def renew(self) -> None:
        """SIGUSR1 renews (udhcpc's help)."""
        self.process.send_signal(signal.SIGUSR1)


def start_dhclient(lab: Lab, machine: Machine, more: str = "") -> Client:
    """ISC dhclient with its own script, and short pauses between repeats; `more` goes into its configuration."""
    need("dhclient")
    lab.directory.joinpath("dhclient.conf").write_text(
        "send host-name = gethostname();\ninitial-interval 1;\nbackoff-cutoff 1;\nretry 2;\n"
        "request subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, host-name;\n" + more)
    words = ["-4", "-cf", lab.directory / "dhclient.conf", "-lf", "/run/dhclient.leases", "-pf", "/run/dhclient.pid"]
    client = _start(lab, machine, Client, "dhclient", "-d", *words, "c0")
    client.end = lambda: _release_dhclient(machine, words)
    return client


def _release_dhclient(machine: Machine, words: Sequence[object]) -> None:
    """dhclient writes its lease when its script has set the address up already; what it has not written is not released."""
    wait_for_written_lease(machine)
    machine.run("dhclient", "-r", *words, "c0")


def wait_for_written_lease(machine: Machine) -> None:
    """Until a dhclient has its lease in its file."""
    wait_until(lambda: "lease {" in machine.run("cat", "/run/dhclient.leases").stdout, "dhclient to write its lease")


def start_dhcpcd(lab: Lab, machine: Machine) -> Client:
    """dhcpcd without its probes, which would take 5 s."""
    need("dhcpcd")
    lab.directory.joinpath("dhcpcd.conf").write_text(
        "hostname\nduid\nnodelay\nnoarp\noption subnet_mask, routers, domain_name_servers, domain_name, broadcast_address\n")
    words = ["-4", "-f", lab.directory / "dhcpcd.conf"]
    client = _start(lab, machine, Client, "dhcpcd", "-B", *words, "c0")
    client.end = lambda: _release_dhcpcd(client.process)
    return client


def _release_dhcpcd(process: subprocess.Popen[Any]) -> None:
    """SIGALRM releases (dhcpcd(8), SIGNALS). One that comes while a script of its runs can be lost, so it is repeated."""
    for _ in range(5):
        process.send_signal(signal.SIGALRM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(2)
            return


def start_udhcpc(lab: Lab, machine: Machine) -> Client:
    """BusyBox's client with the distribution's script."""
    need("udhcpc")
    name = machine.run("hostname").stdout.strip()
    words = ["-f", "-R", "-i", "c0", "-x", f"hostname:{name}", "-t", "3", "-T", "1", "-A", "2"]
    client = _start(lab, machine, Udhcpc, "udhcpc", *words)
    client.end = client.process.terminate
    return client


def _start(lab: Lab, machine: Machine, kind: type[Client], *words: object) -> Client:
    assert machine.is_private, f"{words[0]} writes into /etc, which is to be the machine's own"
    log = lab.directory / f"{machine.name}.{words[0]}.log"
    with log.open("wb") as out:
        process = machine.start(*words, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    return kind(machine, process, log, lambda: None)


STARTERS = {"dhclient": start_dhclient, "dhcpcd": start_dhcpcd, "udhcpc": start_udhcpc}


def serve(lab: Lab) -> Daemon:
    """A daemon with short times and all that the clients set up."""
    return lab.daemon(ip_address_lease_time=LEASE, minimum_lease_time=LEASE, renewal_time_value=T1, rebinding_time_value=T2,
                      router=ROUTER, domain_name_server=DNS, domain_name=DOMAIN).start()


def is_request(unicast: bool) -> Callable[[Frame, Message], bool]:
    """A REQUEST with ciaddr: RENEWING by unicast, REBINDING by broadcast (RFC 2131 section 4.3.2)."""
    def wanted(frame: Frame, message: Message) -> bool:
        is_right_way = frame.destination == (SERVER if unicast else EVERYONE)
        return message.kind == REQUEST and message.ciaddr != "0.0.0.0" and is_right_way
    return wanted


def expect_renewal(ear: Ear, address: str, unicast: bool, timeout: float) -> None:
    """The client asks, and is acknowledged at its address (RFC 2131 section 4.1: unicast to ciaddr)."""
    _, request = ear.wait_for(is_request(unicast), "a renewal", timeout)
    frame, ack = ear.wait_for(lambda _, one: one.kind == ACK and one.xid == request.xid, "its acknowledgement")
    assert (request.ciaddr, ack.ciaddr, ack.yiaddr, frame.destination) == (address,) * 4
    assert ack.number(51) == LEASE and ack.number(58) == T1 and ack.number(59) == T2


def assert_set_up(client: Client, address: str) -> None:
    """The client's machine has the address with its prefix, the default route and the name server."""
    wait_until(lambda: f"inet {address}/16" in client.machine.ip_text("-4 addr show dev c0"), f"address {address}/16")
    wait_until(lambda: f"default via {ROUTER} dev c0" in client.machine.ip_text("-4 route"), "the default route")
    wait_until(lambda: f"nameserver {DNS}" in client.resolv_conf(), "the name server")
    assert DOMAIN in client.resolv_conf()


def assert_taken_down(client: Client, address: str) -> None:
    """Nothing of the lease is left."""
    wait_until(lambda: address not in client.machine.ip_text("-4 addr show dev c0"), "the address to go")
    assert "default" not in client.machine.ip_text("-4 route")


@pytest.mark.parametrize("program", STARTERS)
def test_client_gets_renews_rebinds_and_releases(lab: Lab, program: str) -> None:
    """The life of a lease, as three clients live it."""
    machine = lab.client(private=True)
    daemon = serve(lab)
    ear = lab.keep(Ear(lab.server, "s0", both=True))
    client = STARTERS[program](lab, machine)
    try:
        address = ear.wait_for(lambda _, one: one.kind == ACK, "a lease")[1].yiaddr
        assert_set_up(client, address)
        line = next(line for line in daemon.prompt("hosts").splitlines() if line.startswith(address))
        assert mac_text(bytes.fromhex("027700000000")) in line and machine.name in line

        client.renew()
        expect_renewal(ear, address, unicast=True, timeout=T1 + 3)
        machine.ip(f"neigh replace {SERVER} lladdr {NOBODY} dev c0 nud permanent")
        expect_renewal(ear, address, unicast=False, timeout=REBINDING_LIMIT)
        machine.ip(f"neigh del {SERVER} dev c0")
        assert_set_up(client, address)

        client.end()
        ear.wait_for(lambda _, one: one.kind == RELEASE and one.ciaddr == address, "the release")
        client.process.wait(10)
        assert_taken_down(client, address)
        wait_until(lambda: address not in daemon.prompt("hosts"), "the prompt's table without the address")
        assert f"released {address}" in daemon.prompt("events")
    finally:
        print(client.log.read_text(errors="replace"))


def test_two_clients_at_once_get_different_addresses(lab: Lab) -> None:
    """RFC 2131 section 1.2: no address to two clients at a time."""
    machines = lab.clients(2, private=True)
    daemon = serve(lab)
    ear = lab.keep(Ear(lab.server, "s0"))
    clients = [start(lab, machine) for start, machine in zip((start_udhcpc, start_udhcpc), machines, strict=True)]
    names = {machine.name for machine in machines}

    def leases() -> dict[str, str]:
        rows = [line.split() for line in daemon.prompt("hosts").splitlines()]
        return {row[2]: row[0] for row in rows if len(row) > 2 and row[2] in names}

    wait_until(lambda: len(leases()) == 2, "both leases")
    assert len(set(leases().values())) == 2
    for client in clients:
        assert_set_up(client, leases()[client.machine.name])
        client.end()
    for _ in clients:
        ear.wait_for(lambda _, one: one.kind == RELEASE, "the releases")
