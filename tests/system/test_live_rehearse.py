"""`-rehearse` beside a running server, over a copy of its leases; and what a reload logs of the same."""

import json
import os
import pty
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine
from messages import Message, mac_of, mac_text
from station import Station

from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore

pytestmark = pytest.mark.namespaces
ROUTERS = (55, bytes((1, 3, 15)))


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Daemon:
    """A daemon whose three clients are served with a router."""
    return lab.daemon(router=SERVER, ip_ranges=[("10.77.1.10", "10.77.1.12")], domain_name="lab.example").start()


@pytest.fixture
def leases(daemon: Daemon, station: Station) -> list[Message]:
    return [station.lease(mac_of(number), ROUTERS, (12, b"pc%d" % number)) for number in range(1, 4)]


def give_leases(daemon: Daemon, count: int) -> None:
    """Have so many leases from 10.77.100.0 on, in a new database."""
    daemon.database.parent.mkdir(mode=0o755)
    now, first = int(time.time()), 0x0A4D6400
    with closing(SQLiteStore(daemon.database)) as store:
        store.import_rows(Row(first + n, b"\2\1\2\0" + n.to_bytes(4, "big"), 1, b"\2\0" + n.to_bytes(4, "big"), f"pc{n}",
                              now + 86400, now, BOUND) for n in range(count))


def rehearse(daemon: Daemon, **settings: object) -> "subprocess.CompletedProcess[str]":
    """What `-rehearse` says of a file with some settings changed."""
    file = daemon.directory / "new.conf"
    before = daemon.file.read_text()
    daemon.write(**settings)
    file.write_text(daemon.file.read_text())
    daemon.write(before)
    return daemon.run("-rehearse", file)


def test_clients_and_how_they_ask_are_told_on_the_socket_alone(lab: Lab, daemon: Daemon, leases: list[Message]) -> None:
    assert "allowed on the control socket alone" in daemon.prompt("clients")
    rows = [json.loads(line) for line in daemon.ask("clients", "json").stdout.splitlines()]
    assert [(row["address"], row["hardware_address"], row["name"], row["is_heard"], row["asks"]) for row in rows] == [
        (lease.yiaddr, mac_text(mac_of(number)), f"pc{number}", True, {"55": "01030f"})
        for number, lease in enumerate(leases, 1)]
    assert "10.77.1.10       02:77" in daemon.ask("clients", "pc1").stdout
    daemon.stop()
    daemon.start()
    _, *lines = daemon.ask("clients").stdout.splitlines()
    assert len(lines) == 3 and all(line.endswith("not heard since the start") for line in lines)


def test_nothing_would_change(lab: Lab, daemon: Daemon, leases: list[Message]) -> None:
    done = rehearse(daemon)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "3 clients with a lease judged: 3 as they asked last, 0 by their lease alone\nnothing would change\n"


def test_something_would_change_and_then_does(lab: Lab, daemon: Daemon, leases: list[Message], station: Station) -> None:
    """They do not ask for name servers: of another one they hear nothing. The pool has moved by one address."""
    events = daemon.prompt("events").count("leased")
    new = {"router": "10.77.0.2", "domain_name_server": "10.77.0.9", "ip_ranges": [("10.77.1.11", "10.77.1.13")]}
    done = rehearse(daemon, **new)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.splitlines() == [
        "3 clients with a lease judged: 3 as they asked last, 0 by their lease alone",
        "1 client of 10.77.0.0/16 would lose its address (no pool holds it any more) and get another one: "
        "10.77.1.10 -> 10.77.1.13 (pc1)",
        "2 clients of 10.77.0.0/16: router 10.77.0.1 -> 10.77.0.2"]
    assert daemon.prompt("events").count("leased") == events and "pc1" in daemon.ask("leases", "10.77.1.10").stdout
    daemon.write(**new)
    daemon.reload()
    assert station.lease(mac_of(1), ROUTERS).yiaddr == "10.77.1.13"


def test_after_a_restart_and_without_a_server_leases_alone_count(lab: Lab, daemon: Daemon, leases: list[Message]) -> None:
    """So they are taken to want all options; where nobody listens that is said."""
    daemon.stop()
    daemon.start()
    for number in range(2):
        done = rehearse(daemon, domain_name_server="10.77.0.9")
        assert done.returncode == 3 and done.stdout.splitlines() == [
            "3 clients with a lease judged: 0 as they asked last, 3 by their lease alone",
            "3 clients of 10.77.0.0/16: domain_name_server none -> 10.77.0.9"]
        assert ("it is not known how clients ask: no server listens on" in done.stderr) == bool(number), done.stderr
        if not number:
            daemon.stop()


def test_a_mistake_is_told(lab: Lab, daemon: Daemon) -> None:
    done = rehearse(daemon, router="10.77.0")
    assert done.returncode == 1 and "new.conf:" in done.stderr and "router" in done.stderr and done.stdout == ""
    done = daemon.run("-rehearse", Path("/nonexistent"))
    assert done.returncode == 1 and "/nonexistent" in done.stderr and "Traceback" not in done.stderr


def test_functions_are_said_to_be_run(lab: Lab, daemon: Daemon, leases: list[Message]) -> None:
    file = daemon.directory / "new.conf"
    finish = "def finish(request, reply):\n    reply.options['domain_name'] = 'new.example'\n"
    file.write_text(daemon.file.read_text() + finish)
    file.chmod(0o644)
    done = daemon.run("-rehearse", file)
    assert done.returncode == 3 and done.stdout.splitlines()[1:] == [
        "functions of the files were run for each: finish()",
        "3 clients of 10.77.0.0/16: domain_name lab.example -> new.example"]


def test_a_reload_logs_what_it_changes(lab: Lab, daemon: Daemon, leases: list[Message], station: Station) -> None:
    """How they ask is known to the server: of what they do not ask for nothing is said. Clients are served meanwhile."""
    daemon.write(router="10.77.0.2", domain_name_server="10.77.0.9", ip_ranges=[("10.77.1.11", "10.77.1.13")])
    said = daemon.reload("by the reload: 2 clients")
    assert [line.partition("by the reload: ")[2] for line in said.splitlines() if "by the reload: " in line] == [
        "3 clients with a lease judged: 3 as they asked last, 0 by their lease alone",
        "1 client of 10.77.0.0/16 would lose its address (no pool holds it any more) and get another one: "
        "10.77.1.10 -> 10.77.1.13 (pc1)",
        "2 clients of 10.77.0.0/16: router 10.77.0.1 -> 10.77.0.2"]
    assert "no longer served" not in said
    daemon.write(lease_limit_per=None)
    assert "nothing changes for them" in daemon.reload("nothing changes for them")
    assert station.lease(mac_of(1), ROUTERS).yiaddr == "10.77.1.13"


def test_a_reload_without_clients_says_nothing_of_them(lab: Lab, daemon: Daemon) -> None:
    daemon.write(router="10.77.0.2")
    daemon.reload()
    time.sleep(1)
    assert "by the reload" not in daemon.log()


def test_a_reload_after_a_reload_and_an_end_give_up_what_is_under_way(lab: Lab, daemon: Daemon, leases: list[Message]) -> None:
    """Functions that take long are not run for ever either; and none is left out for it."""
    daemon.write(daemon.file.read_text() + "\nimport time\ndef finish(request, reply):\n    time.sleep(0.2)\n")
    assert "not worked out, for functions of the file are slow" in daemon.reload("by the reload")
    for _ in range(3):
        daemon.reload()
    assert daemon.stop() == 0


def test_clients_are_served_while_thousands_are_judged(lab: Lab, client: Machine, station: Station) -> None:
    """It rests most of the time that this takes: answers take hardly longer beside it."""
    daemon = lab.daemon(router=SERVER, ip_ranges=[("10.77.1.10", "10.77.1.250"), ("10.77.100.0", "10.77.199.255")])
    give_leases(daemon, 3990)
    daemon.start()

    def delays() -> list[float]:
        found = []
        for number in range(600):
            time.sleep(0.005)
            begun = time.monotonic()
            station.offer(mac_of(number % 200))
            found.append(time.monotonic() - begun)
        return sorted(found)

    before = delays()
    daemon.write(router="10.77.0.2")
    begin = len(daemon.log())
    daemon.reload()
    beside = delays()
    assert "by the reload" not in daemon.log()[begin:], "it was done before it was measured"
    print(*(f"{one:.4f}" for one in (before[300], beside[300], before[-1], beside[-1])))
    assert beside[300] < before[300] + 0.02
    daemon.wait_for("by the reload: 3,990 clients of 10.77.0.0/16: router 10.77.0.1 -> 10.77.0.2", begin, timeout=180)


def test_a_terminal_shows_how_far_it_is_and_ctrl_c_ends_it(lab: Lab, client: Machine) -> None:
    """Nothing is left of the copies."""
    daemon = lab.daemon(router=SERVER, ip_ranges=[("10.77.100.0", "10.77.199.255")])
    give_leases(daemon, 20_000)
    controller, terminal = pty.openpty()
    copies = daemon.directory / "copies"
    copies.mkdir()
    process = lab.server.start(*daemon.words("-rehearse", daemon.file), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=terminal, env=daemon.environment(TMPDIR=str(copies)), cwd="/")
    os.close(terminal)
    shown = b""
    while b"clients judged: " not in shown:
        shown += os.read(controller, 4096)
    assert len(list(copies.iterdir())) == 2
    for pid in lab.server.processes():
        if b"-rehearse" in (words := Path(f"/proc/{pid}/cmdline").read_bytes()) and b"nsenter" not in words:
            os.kill(pid, signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    shown += os.read(controller, 4096)
    os.close(controller)
    assert process.returncode == 130 and out == b"", shown
    assert b"interrupted: nothing is known of the other clients" in shown and b"Traceback" not in shown
    assert list(copies.iterdir()) == []
