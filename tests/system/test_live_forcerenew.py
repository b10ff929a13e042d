"""FORCERENEW (RFC 3203, RFC 6704): dhcpcd, which asks for nonces by itself, renews when it is told to."""

import subprocess
import time
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, need, wait_until
from messages import mac_of
from station import Station
from test_live_clients import Client, start_dhcpcd

pytestmark = pytest.mark.namespaces
LONG = 3600  # seconds: no renewal comes by itself


@pytest.fixture
def client(lab: Lab) -> Machine:
    """With an /etc of its own, for dhcpcd writes there."""
    return lab.client(private=True)


@pytest.fixture
def dhcpcd(lab: Lab, client: Machine, daemon: Daemon) -> Client:
    need("dhcpcd", "tshark")
    daemon.write(ip_address_lease_time=LONG)
    daemon.reload()
    return start_dhcpcd(lab, client)


def address_of(daemon: Daemon) -> str:
    def leased() -> str:
        line = daemon.prompt("hosts").splitlines()
        return next((one.split()[0] for one in line if one.startswith("10.77.")), "")

    return wait_until(leased, "dhcpcd has a lease", 30)


def fields(path: Path, kind: int, *names: str) -> list[list[str]]:
    """What tshark reads in messages of a kind."""
    words = ["tshark", "-r", str(path), "-Y", f"dhcp.option.dhcp == {kind}", "-T", "fields"]
    for name in names:
        words += ["-e", name]
    return [line.split("\t") for line in subprocess.run(words, capture_output=True, text=True, timeout=60,
                                                        check=True).stdout.splitlines()]


def test_dhcpcd_renews_at_once_also_after_a_restart(lab: Lab, daemon: Daemon, dhcpcd: Client) -> None:
    address = address_of(daemon)
    daemon.ask("capture", address, "renewal", "60")
    began = time.monotonic()
    done = daemon.ask("renew", address)
    assert done.stdout == f"{address} has renewed its lease\n", (done, dhcpcd.log.read_text())
    assert time.monotonic() - began < 5
    path = daemon.database.parent / "captures" / "renewal"
    wait_until(lambda: fields(path, 5, "dhcp.type"), "the renewal is captured")
    (told,) = fields(path, 9, "ip.dst", "udp.dstport", "dhcp.option.dhcp_authentication.protocol",
                     "dhcp.option.dhcp_authentication.rdm_replay_detection", "_ws.malformed")
    assert told[:2] == [address, "68"] and not told[4], told
    (renewal,) = fields(path, 3, "ip.src", "dhcp.ip.client")
    assert renewal == [address, address]
    daemon.stop()
    daemon.start()
    assert daemon.ask("renew", address).stdout == f"{address} has renewed its lease\n", dhcpcd.log.read_text()
    assert "authentication failed" not in dhcpcd.log.read_text()


def test_others_are_told_why_not(lab: Lab, daemon: Daemon, station: Station) -> None:
    address = station.lease(mac_of(1)).yiaddr
    done = daemon.ask("renew", address)
    assert done.returncode == 1 and "its client does not say that it knows FORCERENEW" in done.stdout, done
    assert "no lease of 10.77.0.99 runs" in daemon.ask("renew", "10.77.0.99").stdout
    assert "allowed on the control socket alone" in daemon.prompt(f"renew {address}")
    for suffix in (".secret", ".counter"):
        assert Path(f"{daemon.database}{suffix}").stat().st_mode & 0o7777 == 0o600
