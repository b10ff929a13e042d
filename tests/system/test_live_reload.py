"""Reload by SIGHUP: what is changed counts from the next packet on; a bad file changes nothing; no packet is lost."""

import signal
import time
from pathlib import Path

import pytest
from lab import PATIENCE, STOP_LIMIT, Daemon, Lab, Machine, wait_until
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


HERE = "import os, time\nif 'PYDHCPD_CHECK_FOR' not in os.environ and os.path.exists({flag!r}):\n"


@pytest.mark.parametrize("loop", ["time.sleep(1e6)", "while True: pass",
                                  "while True:\n        try:\n            time.sleep(1e6)\n        except Exception: pass"])
def test_a_file_that_ends_in_the_check_and_hangs_in_the_daemon_ends_too(daemon: Daemon, station: Station, loop: str) -> None:
    """A file is Python: what it does here need not be what it did in the check. Serving, reloads and SIGTERM go on."""
    flag = daemon.directory / "hang"
    text = HERE.format(flag=str(flag)) + f"    {loop}\n" + daemon.file.read_text().replace("3600", "1200")
    daemon.write("configuration_time_limit = 1\n" + text)
    daemon.reload()
    flag.touch()
    begin = len(daemon.log())
    daemon.send(signal.SIGHUP)
    assert station.lease(mac_of(1)).number(51) == 1200
    daemon.wait_for(rf"not reloaded: {daemon.file}:[4-7]: it did not end within 1 s", begin)
    daemon.write("configuration_time_limit = 1000\n" + text)
    flag.unlink()
    daemon.reload()
    flag.touch()
    daemon.send(signal.SIGHUP)
    time.sleep(2)
    assert station.lease(mac_of(2)).number(51) == 1200
    assert daemon.stop() == 0
    assert daemon.log().rstrip().endswith("all leases are stored")


@pytest.mark.parametrize("line", ["import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
                                  "raise KeyboardInterrupt", "raise GeneratorExit", "raise BaseException(1)"])
def test_a_file_that_ends_its_process_ends_no_daemon(daemon: Daemon, station: Station, line: str) -> None:
    """A check that says nothing is not a good one."""
    daemon.write(daemon.file.read_text() + line + "\n")
    daemon.reload("not reloaded")
    assert station.lease(mac_of(1)).number(51) == 3600


@pytest.mark.sandbox
def test_modules_beside_the_file_are_read_anew(daemon: Daemon, station: Station) -> None:
    """Also within one second, in packages, and with what the file itself adds to the path; a failure leaves what was there."""
    package = daemon.directory / "site"
    package.mkdir()
    (package / "__init__.py").write_text("from site_times import *\n")
    (package / "times.py").write_text("lease = 1111\n")
    (package / "__init__.py").write_text("from .times import lease\n")
    (daemon.directory / "racks.py").write_text("number = 7\n")
    text = ("import sys\nsys.path.insert(0, __file__.rpartition('/')[0])\nimport racks\nimport site\nfrom rooms import times\n"
            "ip_address_lease_time = times.lease\n"
            "def finish(request, reply):\n    import racks\n    reply.options['boot_file_size'] = racks.number\n")
    package.rename(daemon.directory / "rooms")
    times = daemon.directory / "rooms" / "times.py"
    daemon.settings.pop("ip_address_lease_time")
    daemon.write()
    daemon.write(daemon.file.read_text() + text)
    daemon.reload()
    ask = (55, bytes((1, 13)))
    for number, lease in enumerate((2222, 3333)):
        times.write_text(f"lease = {lease}\n")
        (daemon.directory / "racks.py").write_text(f"number = {number}\n")
        daemon.reload("reloaded .*changed: ip_address_lease_time")
        ack = station.lease(mac_of(number), ask)
        assert (ack.number(51), ack.number(13)) == (lease, number)
    (daemon.directory / "racks.py").write_text("number = 9\n")
    times.write_text("lease = \n")
    daemon.reload(r"not reloaded: .*SyntaxError|not reloaded: .*invalid syntax")
    ack = station.lease(mac_of(3), ask)
    assert (ack.number(51), ack.number(13)) == (3333, 1)
    times.write_text("lease = 4444\n")
    times.chmod(0o666)
    daemon.reload(rf"not reloaded: {daemon.file}:\d+: {times} can be written by group or others")


def test_reservations_are_never_lost_to_a_file_that_cannot_be_read(daemon: Daemon, station: Station) -> None:
    """Whoever has a reserved address keeps it, whatever became of the file; the log says what to mend."""
    file = daemon.database.parent / "reservations.csv"
    good = f"mac,ip\n{mac_of(1).hex(':')},10.77.9.1\n{mac_of(2).hex(':')},10.77.9.2\n"
    file.write_text(good)
    daemon.reload("reloaded .*: 1 subnet, 1 pool, 2 hosts, 0 classes; hosts: 2 new")
    assert station.lease(mac_of(1)).yiaddr == "10.77.9.1"
    for data, reason in ((b"", "is empty"), (good.encode("utf-16-le"), ":1: the line contains NUL"),
                         (good.replace(",", "|").encode(), ":1: .*cannot name a column"), (None, "is gone, and 2 reservations"),
                         (good.replace("mac", "mak").encode(), ":2: nothing says who it is|:1: 'mak' cannot name a column")):
        file.unlink(missing_ok=True)
        if data is not None:
            file.write_bytes(data)
        daemon.reload(f"not reloaded: {file}.*({reason})")
        assert station.answer(station.reboot(mac_of(1), "10.77.9.1"))[1].kind == ACK
    rows = good.partition("\n")[2].replace(",", ";").replace("\n", ";pc\n", 1).encode()
    file.write_bytes(b"MAC;IP;Hostname\n" + rows + b"\xfc;;\n")
    said = daemon.reload("reloaded .*: 1 subnet, 1 pool, 1 host, 0 classes; hosts: ")
    assert f"{file}:4: the line has bytes that are not UTF-8" in said and f"{file}:3: the row has 2 cells" in said
    assert station.lease(mac_of(1)).yiaddr == "10.77.9.1"


@pytest.mark.parametrize(("line", "reason"), [
    ("router = '10.77.0.254", "unterminated string"),
    ("ip_address_lease_time = -5", "ip_address_lease_time = -5: .*allowed"),
    ("router = '10.77.0.256'", "router = '10.77.0.256'"),
    ("router = 1 / 0", "ZeroDivisionError"),
    ("import sys; sys.exit(0)", "SystemExit"),
    ("ip_adress_lease_time = 60", "ip_adress_lease_time.*did you mean ip_address_lease_time"),
])
@pytest.mark.sandbox
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


@pytest.mark.sandbox
def test_file_without_end_changes_nothing_and_serving_goes_on(daemon: Daemon, station: Station) -> None:
    """A file is Python, so it may loop; it is run in a process of its own for a limited time."""
    daemon.write(daemon.file.read_text() + "while True:\n    pass\n")
    begin = len(daemon.log())
    daemon.send(signal.SIGHUP)
    assert station.lease(mac_of(1), ASK).number(51) == 3600
    daemon.wait_for(rf"not reloaded: {daemon.file}.*did not end", begin, CHECK_LIMIT + PATIENCE)
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
    wait_until(lambda: not lab.server.processes(), "the end of the check", CHECK_LIMIT + PATIENCE)


def test_second_reload_does_not_wait_for_a_file_without_end(daemon: Daemon, station: Station) -> None:
    """The administrator sees the mistake, mends the file, and reloads again."""
    daemon.write(configuration_time_limit=1000)
    daemon.reload()
    good = daemon.file.read_text()
    daemon.write(good + "while True:\n    pass\n")
    daemon.send(signal.SIGHUP)
    station.lease(mac_of(1), ASK)
    daemon.write(ip_address_lease_time=1800)
    daemon.reload()
    assert station.lease(mac_of(2), ASK).number(51) == 1800


def test_many_reloads_at_once_end_with_the_last_file(daemon: Daemon, station: Station) -> None:
    """Signals that come faster than they can be obeyed are one; the file as it is at the end counts."""
    for number in range(1, 31):
        daemon.write(ip_address_lease_time=600 + number)
        daemon.send(signal.SIGHUP)
    daemon.wait_for("reloaded")
    wait_until(lambda: station.lease(mac_of(1), ASK).number(51) == 630, "the last lease time")


LEAVES = """
import os, subprocess, time
if "PYDHCPD_CHECK_FOR" in os.environ:
    subprocess.Popen(["sleep", "{0}"])
    subprocess.Popen(["sleep", "{0}"], start_new_session=True)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execvp("sleep", ["sleep", "{0}"])
        os._exit(0)
    {1}
"""


def sleepers(lab: Lab, seconds: str) -> list[int]:
    """The processes on the server that sleep for so long."""
    return [pid for pid in lab.server.processes() if seconds.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.parametrize(("does", "said"), [
    ("pass", "reloaded"), ("time.sleep(1e6)", "not reloaded"), ("os._exit(0)", "not reloaded"), ("os.abort()", "not reloaded"),
    ("os.kill(os.getpid(), 9)", "not reloaded"), ("while True: pass", "not reloaded")])
def test_what_a_checked_file_starts_ends_with_it(lab: Lab, daemon: Daemon, station: Station, does: str, said: str) -> None:
    """Children, those in sessions of their own, and those that left their parents; however the check ends."""
    daemon.write(f"configuration_time_limit = 2\n{daemon.file.read_text()}")
    daemon.reload()
    daemon.write(daemon.file.read_text() + LEAVES.format("987654", does))
    daemon.reload(said)
    assert not sleepers(lab, "987654")
    station.lease(mac_of(1))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_checked_file_starts_ends_with_the_daemon(lab: Lab, daemon: Daemon, number: int) -> None:
    """Also where that is killed in the middle of a check."""
    daemon.write(daemon.file.read_text() + LEAVES.format("987653", "time.sleep(1e6)"))
    daemon.send(signal.SIGHUP)
    wait_until(lambda: len(sleepers(lab, "987653")) == 3, "the processes")
    daemon.stop(number)
    wait_until(lambda: not sleepers(lab, "987653"), "their end", STOP_LIMIT)


def test_missing_file_changes_nothing(daemon: Daemon, station: Station) -> None:
    """The file may be away for a moment, or for good."""
    daemon.file.unlink()
    daemon.wait_for(str(daemon.file))
    daemon.reload("not reloaded")
    assert station.lease(mac_of(1), ASK).number(51) == 3600


def test_setting_that_needs_a_restart_is_told(daemon: Daemon, station: Station) -> None:
    """A changed control port or database cannot be taken over while running; the rest of the file counts."""
    daemon.write(control_port=6868, host_file=str(daemon.directory / "other.db"), ip_address_lease_time=1200)
    for _ in range(2):  # at each reload, for it stays so
        said = daemon.reload()
        assert "control_port stays 6767: that it is to be 6868 needs a restart" in said
        assert f"host_file stays {daemon.directory / 'leases' / 'leases.db'}: " in said
    assert station.lease(mac_of(1)).number(51) == 1200
    shown = daemon.prompt("configuration")
    assert "control_port: 6767" in shown and f"host_file: '{daemon.directory / 'leases' / 'leases.db'}'" in shown


def test_reload_under_load_loses_no_packet(daemon: Daemon, station: Station) -> None:
    """Two signals to reload in the midst of 2,000 DISCOVERs, which on a busy machine are one reload (signal(7)): each gets its
    OFFER, and the next one the new values."""
    def change() -> None:
        daemon.write(ip_ranges=[("10.77.0.10", "10.77.200.255")], ip_address_lease_time=1800)
        daemon.send(signal.SIGHUP)

    daemon.write(ip_ranges=[("10.77.0.10", "10.77.100.255")])
    daemon.reload()
    count = 2000
    offers = discover_steadily(station, count, 600, 5000, {count // 4: change, count // 2: lambda: daemon.send(signal.SIGHUP)})
    assert len(offers) == count
    assert len({one.yiaddr for one in offers.values()}) == count
    daemon.wait_for("reloaded(.|\n)*reloaded")
    assert station.offer(mac_of(1)).number(51) == 1800


def test_renewals_are_answered_during_reloads(lab: Lab, daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.4.5: a holder of a lease keeps it."""
    mac = mac_of(1)
    address = station.lease(mac).yiaddr
    neighbour(lab.server, address, mac)
    for _ in range(3):
        daemon.send(signal.SIGHUP)
        ack = station.answer(station.renew(mac, address), ACK, timeout=2)[1]
        assert (ack.ciaddr, ack.yiaddr) == (address, address)
