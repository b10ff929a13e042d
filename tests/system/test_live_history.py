"""The history, on the real program: through kill -9 under load, a full disk, and a clock that jumps."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from clocks import Clocks
from lab import Daemon, Lab, wait_until
from load import Leasing
from messages import ACK, mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
DESK, PRINTER = mac_of(1), mac_of(2)
DAY = 86400


@pytest.fixture
def daemon(lab: Lab) -> Daemon:
    return lab.daemon(ip_address_lease_time=600)


def ask(daemon: Daemon, line: str, code: int = 0) -> str:
    """What `-ask` prints."""
    done = subprocess.run([sys.executable, "-m", "pydhcpd", "-ask", line, "-control_socket",
                           str(daemon.pid_file.parent / "control.sock")], capture_output=True, text=True, timeout=30,
                          env=daemon.environment(), check=False)
    assert (done.returncode, done.stderr) == (code, ""), done
    return done.stdout


def asked(daemon: Daemon, line: str) -> list[dict[str, object]]:
    return [json.loads(one) for one in ask(daemon, f"{line} json").splitlines()]


def local(seconds: float, form: str = "%Y-%m-%dT%H:%M:%S") -> str:
    return time.strftime(form, time.localtime(seconds))


def known(daemon: Daemon, address: str) -> bool:
    """Whether the history has got so far."""
    try:
        return bool(asked(daemon, f"history {address}"))
    except AssertionError:
        return False


def since(daemon: Daemon, address: str) -> float:
    """When the last that is known of an address began."""
    return float(str(asked(daemon, f"history {address}")[0]["since"]))


def running(daemon: Daemon) -> dict[str, str]:
    """Who has an address by the history: hardware address by address."""
    path, found = daemon.database.parent / "history.db", []
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as history:
        found = history.execute("SELECT address, hardware FROM bindings WHERE until IS NULL").fetchall()
    return {".".join(map(str, address.to_bytes(4, "big"))): mac_text(mac) for address, mac in found}


def test_who_had_which_address_is_told_with_a_daemon_and_without(daemon: Daemon, station: Station) -> None:
    daemon.start()
    address = station.lease(DESK, (12, b"desk-7")).yiaddr
    wait_until(lambda: known(daemon, address), "the history")
    (one,) = asked(daemon, f"history {address}")
    assert (one["hardware_address"], one["name"], one["until"], one["reason"]) == (mac_text(DESK), "desk-7", None, "")
    begun = float(str(one["since"]))
    assert abs(begun - time.time()) < 30
    assert asked(daemon, "history desk-7") == asked(daemon, f"history {mac_text(DESK)}") == [one]
    forms = ("%Y-%m-%dT%H:%M:%S", "'%Y-%m-%d %H:%M:%S'", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%H:%M", "now", "")
    for moment in (local(begun, form) for form in forms):
        assert asked(daemon, f"who {address} {moment}") == [one], moment
    ask(daemon, f"release {address}")
    wait_until(lambda: asked(daemon, f"history {address}")[0]["until"], "the end")
    assert asked(daemon, f"history {address}")[0]["reason"] == "released by hand"
    assert ask(daemon, f"who {address} 2026-01-31T14:00").startswith(f"nobody had {address} at 2026-01-31 14:00:00 ")
    assert "is no time; write 2026-01-31T14:00" in ask(daemon, f"who {address} yesterday", 1)
    assert "is yet to come" in ask(daemon, f"who {address} 2999-01-31", 1)
    assert "allowed on the control socket alone" in daemon.prompt(f"who {address} now")
    for _ in range(2):
        shown = daemon.run("-history", address).stdout.splitlines()
        assert shown[0].split()[:3] == ["from", "until", "address"]
        assert shown[1].startswith(local(begun, "%Y-%m-%d %H:%M:%S %Z")) and shown[1].endswith("desk-7: released by hand")
        assert daemon.run("-history", address, local(begun)).stdout.splitlines() == shown
        assert daemon.run("-history", "printer").stdout == "none\n"
        if daemon.process:
            assert daemon.stop() == 0


def test_nothing_is_kept_where_it_is_turned_off(lab: Lab, station: Station) -> None:
    daemon = lab.daemon(history_days=0).start()
    address = station.lease(DESK).yiaddr
    assert "history_days is 0" in ask(daemon, f"history {address}", 1)
    assert not (daemon.database.parent / "history.db").exists()


def test_through_kill_9_under_load_it_agrees_with_the_leases(daemon: Daemon, station: Station) -> None:
    daemon.start()
    acks: dict[bytes, str] = {}
    for number in range(3):
        crowd = Leasing(station, 1000 + 10_000 * number)
        crowd.start()
        time.sleep(2)
        daemon.kill()
        acks.update({mac: one.yiaddr for mac, one in crowd.stop().items() if one.kind == ACK})
        daemon.start()
    assert len(acks) > 200
    wanted = {address: mac_text(mac) for mac, address in acks.items()}
    wait_until(lambda: wanted.items() <= running(daemon).items(), "the history to be put right")
    assert "history" not in ask(daemon, "alarms")


def test_on_a_full_disk_it_gives_way_to_the_leases(lab: Lab, station: Station) -> None:
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=4m,mode=755", "tmpfs", directory)
    daemon = lab.daemon(host_file=str(directory / "leases.db")).start()
    first = station.lease(DESK).yiaddr
    wait_until(lambda: known(daemon, first), "the history")
    filler = Path(f"/proc/{lab.server.pid}/root{directory}/filler")
    disk = os.statvfs(filler.parent)
    with filler.open("wb") as file:
        file.write(bytes(disk.f_bavail * disk.f_frsize - (120 << 10)))
    wait_until(lambda: "what room there is on the disk is left to the leases" in ask(daemon, "alarms"), "the alarm", 25)
    second = station.lease(PRINTER).yiaddr
    assert len([line for line in daemon.log().splitlines() if "is not written" in line and " alarm: " not in line]) == 1
    filler.unlink()
    wait_until(lambda: known(daemon, first) and known(daemon, second), "the history to be written again", 25)
    wait_until(lambda: "history" not in ask(daemon, "alarms"), "the alarm to end")


def test_a_clock_that_jumps_changes_no_order_and_what_was_noted_by_a_wrong_one_is_right_afterwards(
        daemon: Daemon, station: Station) -> None:
    clocks = Clocks(daemon)
    clocks.set(wall_ahead=-20 * 365 * DAY)
    daemon.start()
    address = station.lease(DESK).yiaddr
    wait_until(lambda: known(daemon, address), "the history")
    for ahead in (0.0, DAY, -DAY, 0.0):
        clocks.set(wall_ahead=ahead)
        wait_until(lambda: abs(since(daemon, address) - time.time() - clocks.wall_ahead) < 60,
                   "what was noted before to be told by the clock of now")
        assert asked(daemon, f"who {address} now")
    daemon.kill()
    clocks.boot(wall=time.time() + 3600)
    daemon.start()
    wait_until(lambda: asked(daemon, f"history {address}")[0]["until"], "the end that nobody saw")
    (one,) = asked(daemon, f"history {address}")
    assert 600 <= float(str(one["until"])) - float(str(one["since"])) < 660 and one["reason"] == "expired"
    assert asked(daemon, f"who {address} {local(float(str(one['since'])))}") == [one]
    assert asked(daemon, f"who {address} {local(time.time() + 3600)}") == []
