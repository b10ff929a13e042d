"""Reserving, and asking who uses an address, by hand, as clients and a person see it."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from lab import SERVER, Daemon, Lab, Machine, wait_until
from messages import NAK, mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
DESK, PRINTER = mac_of(1), mac_of(2)


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Iterator[Daemon]:
    """A daemon whose pool has three addresses."""
    yield lab.daemon(ip_ranges=["10.77.0.10 - 10.77.0.12"], authoritative=True).start()


def test_a_lease_becomes_a_reservation_and_ceases_to_be_one(daemon: Daemon, station: Station) -> None:
    address = station.lease(DESK).yiaddr
    file = daemon.database.with_name("reservations.csv")
    assert "allowed on the control socket alone" in daemon.prompt(f"reserve {address}")
    assert "is to be written in full" in daemon.ask("reser", address).stdout
    done = daemon.ask("reserve", address)
    assert (done.returncode, done.stdout) == (0, f"{address} is reserved for {mac_text(DESK)} ({file}:2)\n"), done
    assert file.read_text() == f"mac,ip\n{mac_text(DESK)},{address}\n" and file.stat().st_mode & 0o777 == 0o640
    assert daemon.ask("reserve", mac_text(PRINTER), "10.77.0.200", "printer").returncode == 0
    assert station.lease(PRINTER).yiaddr == "10.77.0.200", "in force at once"
    daemon.reload()
    assert station.lease(PRINTER).yiaddr == "10.77.0.200" and station.lease(DESK).yiaddr == address
    assert f"asked: root: reserve {address}" in daemon.prompt("events")
    assert "is reserved no more" in daemon.ask("unreserve", mac_text(PRINTER)).stdout
    assert file.read_text() == f"mac,ip,hostname\n{mac_text(DESK)},{address},\n"
    daemon.kill()
    daemon.start()
    assert station.answer(station.reboot(PRINTER, "10.77.0.200"))[1].kind == NAK
    file.write_text(file.read_text() + "# by another's hand\n")
    done = daemon.ask("reserve", mac_text(PRINTER), "10.77.0.201")
    assert done.returncode == 1 and "has changed since it was read; reload" in done.stdout
    assert daemon.ask("reload").returncode == 0
    assert daemon.ask("reserve", mac_text(PRINTER), "10.77.0.201").returncode == 0
    assert file.read_text().endswith(f"# by another's hand\n{mac_text(PRINTER)},10.77.0.201,\n")


@pytest.mark.parametrize("sandboxed", [True], ids=["sandbox"])
def test_a_file_that_is_not_the_daemons_to_write_stays(daemon: Daemon, station: Station) -> None:
    """Though it could be replaced, for its directory is the daemon's; and nothing of it is in force."""
    address = station.lease(DESK).yiaddr
    file = daemon.database.with_name("reservations.csv")
    text = f"mac,ip\n{mac_text(PRINTER)},10.77.0.200\n"
    file.write_text(text)
    file.chmod(0o644)
    assert daemon.ask("reload").stdout == "reloaded\n"
    assert station.lease(PRINTER).yiaddr == "10.77.0.200"
    for words in (["reserve", address], ["unreserve", "10.77.0.200"]):
        done = daemon.ask(*words)
        assert done.returncode == 1 and f"{file} belongs to user 0, and this is user 65534; change" in done.stdout, done
    assert file.read_text() == text and file.stat().st_uid == 0
    assert "is not reserved" in daemon.ask("unreserve", address).stdout


def test_several_at_once_are_all_written(daemon: Daemon) -> None:
    words = [[sys.executable, "-m", "pydhcpd", "-ask", "reserve", mac_text(mac_of(n)), f"10.77.0.{100 + n}", "-control_socket",
              str(daemon.control_socket)] for n in range(4)]
    running = [subprocess.Popen(one, stdout=subprocess.PIPE, text=True, env=daemon.environment()) for one in words]
    said = [one.communicate(timeout=60)[0] for one in running]
    assert [one.returncode for one in running] == [0] * 4, said
    rows = daemon.database.with_name("reservations.csv").read_text().splitlines()
    assert rows[0] == "mac,ip" and sorted(rows[1:]) == [f"{mac_text(mac_of(n))},10.77.0.{100 + n}" for n in range(4)]
    assert daemon.ask("reload").stdout == "reloaded\n"


def test_who_answers_for_an_address(daemon: Daemon, client: Machine) -> None:
    client.ip("addr add 10.77.0.11/16 dev c0")
    mac = client.ip_text("-br link show c0").split()[2]
    assert daemon.ask("probe", "10.77.0.11").stdout == f"10.77.0.11 is used by {mac} on s0\n"
    assert daemon.ask("probe", "10.77.0.12").stdout == "nobody answers for 10.77.0.12, asked by ARP on s0\n"
    assert "is of no network that is served" in daemon.ask("probe", "192.0.2.1").stdout
    assert "is this server's own" in daemon.ask("probe", SERVER).stdout
    assert "allowed on the control socket alone" in daemon.prompt("probe 10.77.0.11")
    assert "none" in daemon.prompt("leases") and "none" in daemon.prompt("events")


def test_an_address_behind_a_router_is_asked_by_ping(lab: Lab, client: Machine) -> None:
    daemon = lab.daemon()
    daemon.write(daemon.file.read_text() + 'subnets = [subnet("10.77.0.0/16"), subnet("10.88.0.0/24")]\n')
    client.ip("addr add 10.77.0.99/16 dev c0", "addr add 10.88.0.1/32 dev lo")
    lab.server.ip("route add 10.88.0.0/24 via 10.77.0.99")
    daemon.start()
    wait_until(lambda: "whoever answers a ping" in daemon.ask("probe", "10.88.0.1").stdout, "it answers")
    assert daemon.ask("probe", "10.88.0.2").stdout == "nobody answers for 10.88.0.2, asked by ping\n"
