"""Hardening 25, on the real program: its wall clock is set while it runs, and it boots on a board without a clock."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from clocks import Clocks
from lab import Daemon, Lab
from load import reboot_all
from messages import ACK, mac_of
from station import Station

pytestmark = pytest.mark.namespaces

LEASE_TIME = 600
DAY = 86400
THIRTY_YEARS = 10957 * DAY


@pytest.fixture
def daemon(lab: Lab) -> Daemon:
    return lab.daemon(ip_address_lease_time=LEASE_TIME)


def leases(daemon: Daemon) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(daemon.database)) as database:
        return database.execute("SELECT * FROM leases ORDER BY address").fetchall()


def shown(daemon: Daemon) -> list[list[str]]:
    """The words of each line of the prompt's table of hosts."""
    return [line.split() for line in daemon.prompt("hosts").splitlines() if line.startswith("10.77.")]


def assert_served(station: Station, daemon: Daemon, clocks: Clocks, addresses: dict[bytes, str], newcomer: int) -> None:
    """Who has a lease goes on with it, a new client gets another address, and people see when by the wall clock that ends."""
    acks = reboot_all(station, addresses)
    assert {mac: (ack.kind, ack.yiaddr, int.from_bytes(ack.options[51], "big")) for mac, ack in acks.items()} == {
        mac: (ACK, address, LEASE_TIME) for mac, address in addresses.items()}
    addresses[mac_of(newcomer)] = station.lease(mac_of(newcomer)).yiaddr
    assert len(set(addresses.values())) == len(addresses)
    rows = shown(daemon)
    assert {row[0] for row in rows} == set(addresses.values())
    for row in rows:
        ends = time.mktime(time.strptime(f"{row[-5]} {row[-4]}", "%Y-%m-%d %H:%M:%S"))
        assert abs(ends - (time.time() + clocks.wall_ahead + LEASE_TIME)) < 30
        assert (row[-2], row[-1]) in [("10m", "bound"), ("9m", "bound")]


def test_the_wall_clock_is_set_while_it_serves(lab: Lab, daemon: Daemon, station: Station) -> None:
    """Every lease keeps what remains, a step is told once with its size, and nothing expires."""
    clocks = Clocks(daemon)
    daemon.start()
    addresses = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(1, 4)}
    for number, step in enumerate((3600, -3600, DAY, -DAY, THIRTY_YEARS, -THIRTY_YEARS, -THIRTY_YEARS), 10):
        before, begin = leases(daemon), len(daemon.log())
        clocks.set(clocks.wall_ahead + step)
        daemon.wait_for(rf"the wall clock was set {'forward' if step > 0 else 'back'} by .*\({abs(step)} s\)", begin)
        assert leases(daemon) == before
        assert_served(station, daemon, clocks, addresses, number)
        assert daemon.log()[begin:].count("the wall clock was set") == 1
    assert "expired" not in daemon.log()


@pytest.mark.parametrize("by_force", [True, False])
def test_a_board_without_a_clock_serves_everybody_at_once_and_loses_no_lease_when_it_learns_the_time(
        lab: Lab, daemon: Daemon, station: Station, by_force: bool) -> None:
    clocks = Clocks(daemon)
    daemon.start()
    addresses = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(1, 4)}
    for number in (10, 20):
        if by_force:
            daemon.kill()
        else:
            assert daemon.stop() == 0
        begin = len(daemon.log())
        clocks.boot(wall=12.0)
        daemon.start()
        daemon.wait_for("the wall clock was set back by .* since the lease database was written last", begin)
        assert_served(station, daemon, clocks, addresses, number)
        begin = len(daemon.log())
        clocks.set(wall_ahead=60.0)  # by NTP; it was off for a minute
        daemon.wait_for("the wall clock was set forward by", begin)
        assert_served(station, daemon, clocks, addresses, number + 1)
    assert "expired" not in daemon.log()


def test_the_time_that_the_machine_was_off_counts(daemon: Daemon, station: Station) -> None:
    clocks = Clocks(daemon)
    daemon.start()
    station.lease(mac_of(1))
    daemon.kill()
    clocks.boot(wall=time.time() + 2 * DAY)
    daemon.start()
    daemon.wait_for("by the wall clock 2d00h have passed")
    assert shown(daemon) == []
    assert station.lease(mac_of(2))


def test_a_restart_in_the_same_boot_goes_on_whatever_was_done_to_the_wall_clock(daemon: Daemon, station: Station) -> None:
    clocks = Clocks(daemon)
    daemon.start()
    addresses = {mac_of(1): station.lease(mac_of(1)).yiaddr}
    daemon.kill()
    clocks.set(wall_ahead=DAY)
    daemon.start()
    daemon.wait_for(r"set forward by .*\(86400 s\) since the lease database was written last")
    assert_served(station, daemon, clocks, addresses, 2)


def test_a_suspended_machine_goes_on_when_it_wakes(daemon: Daemon, station: Station) -> None:
    """CLOCK_BOOTTIME counts the time of suspend; a lease that has ended by then is over, which is no step of any clock."""
    clocks = Clocks(daemon)
    daemon.start()
    address = station.lease(mac_of(1)).yiaddr
    clocks.set(DAY, DAY)
    daemon.wait_for(f"expired {address}")
    assert station.lease(mac_of(1)).yiaddr == address
    assert "the wall clock was set" not in daemon.log()


def test_care_after_a_loss_lasts_as_long_whatever_is_done_to_the_wall_clock(daemon: Daemon, station: Station) -> None:
    clocks = Clocks(daemon)
    daemon.start()
    station.lease(mac_of(1))
    assert daemon.stop() == 0
    daemon.database.unlink()
    daemon.start()
    begin = len(daemon.log())
    clocks.set(wall_ahead=DAY)
    tomorrow = time.strftime("%Y-%m-%d", time.localtime(time.time() + DAY + LEASE_TIME))
    daemon.wait_for(f"keep what they have until {tomorrow}", begin)
    assert daemon.stop() == 0
    daemon.start()
    assert f"keep what they have until {tomorrow}" in daemon.prompt("alarms")
    clocks.set(DAY + LEASE_TIME + 10, LEASE_TIME + 10)
    daemon.wait_for("the longest lease that was lost has ended", begin)
    assert "all is well" in daemon.prompt("alarms")


def test_an_export_shows_the_wall_clocks_times(lab: Lab, daemon: Daemon, station: Station) -> None:
    clocks = Clocks(daemon)
    daemon.start()
    begin = len(daemon.log())
    clocks.set(-DAY)
    daemon.wait_for("the wall clock was set back", begin)
    station.lease(mac_of(1))
    assert daemon.stop() == 0
    file: Path = daemon.directory / "hosts.csv"
    assert daemon.run("-export", file).returncode == 0
    assert abs(int(file.read_text().rsplit(";", 1)[1]) - (time.time() - DAY)) < 30
