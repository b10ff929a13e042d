"""Reload by SIGHUP: what is changed counts from the next packet on; a bad file changes nothing; no packet is lost."""

import signal
import time

import pytest
from lab import STOP_LIMIT, Daemon, Lab, Machine, wait_until
from load import discover_steadily
from messages import ACK, NAK, mac_of
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
ASK = (55, bytes((1, 3, 6)))
CHECK_LIMIT = 10.0  # seconds that a file may run


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Daemon:
    """A daemon with values to change."""
    return lab.daemon(router="10.77.0.1", ip_address_lease_time=3600, ip_ranges=[("10.77.1.0", "10.77.1.255")]).start()


def test_changes_are_in_effect_for_the_next_client(daemon: Daemon, station: Station) -> None:
    """Router, lease time and range; a holder of a lease outside the new range is refused and gets an address inside."""
    before = station.lease(mac_of(1), ASK)
    assert (before.address(3), before.number(51)) == ("10.77.0.1", 3600)
    daemon.write(router="10.77.0.254", ip_address_lease_time=1800, ip_ranges=[("10.77.2.0", "10.77.2.255")])
    daemon.reload()
    after = station.lease(mac_of(2), ASK)
    assert (after.address(3), after.number(51)) == ("10.77.0.254", 1800)
    assert after.yiaddr.startswith("10.77.2.")
    assert station.answer(station.reboot(mac_of(1), before.yiaddr))[1].kind == NAK
    assert station.lease(mac_of(1), ASK).yiaddr.startswith("10.77.2.")
    assert "router: '10.77.0.254'" in daemon.prompt("configuration")


@pytest.mark.parametrize(("line", "reason"), [
    ("router = '10.77.0.254", "unterminated string"),
    ("ip_address_lease_time = -5", "ip_address_lease_time = -5: .*allowed"),
    ("router = '10.77.0.256'", "router = '10.77.0.256'"),
    ("router = 1 / 0", "ZeroDivisionError"),
    ("import sys; sys.exit(0)", "SystemExit"),
    ("ip_adress_lease_time = 60", "ip_adress_lease_time.*did you mean ip_address_lease_time"),
])
def test_broken_file_changes_nothing_and_is_told_with_its_line(daemon: Daemon, station: Station, line: str,
                                                               reason: str) -> None:
    """What runs goes on; the log names file, line and reason."""
    good = daemon.file.read_text()
    daemon.write(f"{good}ip_ranges = [('10.77.3.0', '10.77.3.255')]\n{line}\n")
    said = daemon.reload("not reloaded")
    number = len(good.splitlines()) + 2
    daemon.wait_for(rf"not reloaded: {daemon.file}:{number}: .*{reason}")
    assert "Traceback" not in said
    ack = station.lease(mac_of(1), ASK)
    assert (ack.address(3), ack.number(51)) == ("10.77.0.1", 3600)
    assert ack.yiaddr.startswith("10.77.1.")


def test_file_without_end_changes_nothing_and_serving_goes_on(daemon: Daemon, station: Station) -> None:
    """A file is Python, so it may loop; it is run in a process of its own for a limited time."""
    daemon.write(daemon.file.read_text() + "while True:\n    pass\n")
    begin = len(daemon.log())
    daemon.send(signal.SIGHUP)
    assert station.lease(mac_of(1), ASK).number(51) == 3600
    daemon.wait_for(rf"not reloaded: {daemon.file}.*did not end", begin, CHECK_LIMIT + 5)
    assert station.lease(mac_of(2), ASK).number(51) == 3600


def test_daemon_ends_in_time_while_a_file_without_end_is_checked(daemon: Daemon, station: Station) -> None:
    """SIGTERM is obeyed within 5 s, whatever else goes on."""
    daemon.write(daemon.file.read_text() + "while True:\n    pass\n")
    daemon.send(signal.SIGHUP)
    station.lease(mac_of(1), ASK)
    begin = time.monotonic()
    daemon.send(signal.SIGTERM)
    assert daemon.process is not None
    code = daemon.process.wait(CHECK_LIMIT + 10)
    daemon.process = None
    assert (code, time.monotonic() - begin < STOP_LIMIT) == (0, True)


def test_check_does_not_outlive_a_killed_daemon(lab: Lab, daemon: Daemon) -> None:
    """A file without end must not keep a processor busy for ever once nobody waits for its result."""
    daemon.write(daemon.file.read_text() + "while True:\n    pass\n")
    daemon.send(signal.SIGHUP)
    wait_until(lambda: len(lab.server.processes()) == 2, "the check's process")
    daemon.kill()
    wait_until(lambda: not lab.server.processes(), "the end of the check", CHECK_LIMIT + 3)


def test_second_reload_does_not_wait_for_a_file_without_end(daemon: Daemon, station: Station) -> None:
    """The administrator sees the mistake, mends the file, and reloads again."""
    good = daemon.file.read_text()
    daemon.write(good + "while True:\n    pass\n")
    daemon.send(signal.SIGHUP)
    station.lease(mac_of(1), ASK)
    daemon.write(ip_address_lease_time=1800)
    daemon.reload(timeout=CHECK_LIMIT / 2)
    assert station.lease(mac_of(2), ASK).number(51) == 1800


def test_many_reloads_at_once_end_with_the_last_file(daemon: Daemon, station: Station) -> None:
    """Signals that come faster than they can be obeyed are one; the file as it is at the end counts."""
    for number in range(1, 31):
        daemon.write(ip_address_lease_time=600 + number)
        daemon.send(signal.SIGHUP)
    daemon.wait_for("reloaded")
    wait_until(lambda: station.lease(mac_of(1), ASK).number(51) == 630, "the last lease time")


def test_missing_file_changes_nothing(daemon: Daemon, station: Station) -> None:
    """The file may be away for a moment, or for good."""
    daemon.file.unlink()
    daemon.wait_for(str(daemon.file))
    daemon.reload("not reloaded")
    assert station.lease(mac_of(1), ASK).number(51) == 3600


def test_setting_that_needs_a_restart_is_told(daemon: Daemon, station: Station) -> None:
    """A changed control port or database cannot be taken over while running; the rest of the file counts."""
    daemon.write(control_port=6868, ip_address_lease_time=1200)
    said = daemon.reload()
    assert "control_port" in said and "restart" in said
    assert station.lease(mac_of(1), ASK).number(51) == 1200


def test_reload_under_load_loses_no_packet(daemon: Daemon, station: Station) -> None:
    """Two reloads in the midst of 2,000 DISCOVERs: each gets its OFFER, the last ones with the new values."""
    def change() -> None:
        daemon.write(ip_ranges=[("10.77.0.10", "10.77.200.255")], ip_address_lease_time=1800)
        daemon.send(signal.SIGHUP)

    daemon.write(ip_ranges=[("10.77.0.10", "10.77.100.255")])
    daemon.reload()
    count = 2000
    offers = discover_steadily(station, count, 600, 5000, {count // 4: change, count // 2: lambda: daemon.send(signal.SIGHUP)})
    assert len(offers) == count
    assert len({one.yiaddr for one in offers.values()}) == count
    daemon.wait_for("reloaded(.|\n)*reloaded(.|\n)*reloaded")
    assert offers[max(offers)].number(51) == 1800


def test_renewals_are_answered_during_reloads(lab: Lab, daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.4.5: a holder of a lease keeps it."""
    mac = mac_of(1)
    address = station.lease(mac).yiaddr
    neighbour(lab.server, address, mac)
    for _ in range(3):
        daemon.send(signal.SIGHUP)
        ack = station.answer(station.renew(mac, address), ACK, timeout=2)[1]
        assert (ack.ciaddr, ack.yiaddr) == (address, address)
