"""`log_form = "fields"` on the real program: judged by systemd's journal itself, and as lines elsewhere."""

import json
import subprocess
from pathlib import Path

import pytest
from lab import Lab, need, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
JOURNALD = Path("/lib/systemd/systemd-journald")
AS_A_SERVICE = 'export JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2); exec "$@"'  # which systemd-cat leaves out
DESK = mac_of(1)


def test_the_journal_finds_a_machine_by_the_fields_of_its_events(lab: Lab, station: Station) -> None:
    need("journalctl", "systemd-cat")
    if not JOURNALD.exists():
        pytest.skip(f"{JOURNALD} is not installed")
    for place in ("/run", "/var/log"):
        lab.server.run("mount", "-t", "tmpfs", "tmpfs", place)
    journald = lab.server.start(JOURNALD, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: lab.server.run("test", "-S", "/run/systemd/journal/stdout", check=False).returncode == 0, "the journal")
    daemon = lab.daemon(log_form="fields")
    words = daemon.words
    daemon.words = lambda *more: ["systemd-cat", "sh", "-c", AS_A_SERVICE, "sh", *words(*more)]  # type: ignore[method-assign]
    daemon.start(serving=False)

    def entries(*matches: str) -> list[dict[str, str]]:
        told = lab.server.run("journalctl", "-D", "/run/log/journal", "-q", "-o", "json", *matches, check=False).stdout
        return [json.loads(line) for line in told.splitlines()]

    wait_until(lambda: any("serving 10." in str(one["MESSAGE"]) for one in entries()), "it to serve")
    address = station.lease(DESK, (12, b"desk\nMAC=02:02:02:02:02:02")).yiaddr
    (one,) = wait_until(lambda: entries(f"MAC={mac_text(DESK)}"), "the event")
    wanted = {"EVENT": "leased", "ADDRESS": address, "SUBNET": "10.77.0.0/16", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "pydhcpd"}
    assert {name: one[name] for name in wanted} == wanted
    assert one["MESSAGE"].startswith(f"leased {address} {mac_text(DESK)}")
    assert entries("MAC=02:02:02:02:02:02") == []
    assert daemon.stop() == 0
    journald.terminate()
    journald.wait(10)


def test_elsewhere_fields_are_in_lines(lab: Lab, station: Station) -> None:
    daemon = lab.daemon(log_form="fields").start()
    address = station.lease(DESK, (12, b"desk-7")).yiaddr
    daemon.wait_for(f"event=leased address={address} mac={mac_text(DESK)} subnet=10.77.0.0/16 name=desk-7\n")
    daemon.write(log_form="text")
    daemon.reload()
    station.lease(DESK, (12, b"desk-7"))
    daemon.wait_for(f" leased {address} {mac_text(DESK)} desk-7\n")
