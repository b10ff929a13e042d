"""`pydhcpd -ask`: the running server asked over its control socket."""

import json
import os
import pty
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Daemon, Lab, finished_lab, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
MAC = mac_of(1)
WORDS = [sys.executable, "-m", "pydhcpd", "-ask"]


def test_one_command_and_its_exit_code(lab: Lab, daemon: Daemon, station: Station) -> None:
    station.lease(MAC, (12, b"desk-7"))
    done = daemon.ask("hosts")
    assert done.returncode == 0 and mac_text(MAC) in done.stdout and done.stdout.endswith("1 host\n"), done
    rows = [json.loads(line) for line in daemon.ask("hosts", "json").stdout.splitlines()]
    assert [row["name"] for row in rows] == ["desk-7"]
    done = daemon.ask("hots")
    assert done.returncode == 1 and "did you mean hosts?" in done.stdout


def test_a_change_is_allowed_there_and_is_an_event(lab: Lab, daemon: Daemon, station: Station) -> None:
    assert "allowed on the control socket alone" in daemon.prompt("clear all")
    assert daemon.ask("clear", "all").stdout == "0 addresses are free again\n"
    assert "asked: root: clear all" in daemon.prompt("events")
    assert (daemon.control_socket.stat().st_mode & 0o7777) == 0o660


def test_nobody_is_refused_and_where_nobody_listens_is_told(lab: Lab, daemon: Daemon) -> None:
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c",
             f"import socket; socket.socket(socket.AF_UNIX).connect({str(daemon.control_socket)!r})"]
    if Path("/usr/bin/python3").exists():
        assert "PermissionError" in subprocess.run(words, capture_output=True, text=True, timeout=20, check=False).stderr
    daemon.stop()
    done = daemon.ask("hosts")
    assert done.returncode == 1 and f"no server listens on {daemon.control_socket}; is pydhcpd running?" in done.stderr


def test_a_socket_that_a_killed_server_left_is_taken_over(lab: Lab, daemon: Daemon) -> None:
    daemon.kill()
    assert daemon.control_socket.is_socket()
    daemon.start()
    assert daemon.ask("alarms").stdout == "all is well\n"


@pytest.mark.parametrize(("begun", "words"), [
    ("", []), ("10.77.0.1", ["10.77.0.10"]), ("10.7", ["10.77.0.10", "10.77.0.9"]), ("10.77.0.", ["10.77.0.10", "10.77.0.9"]),
    ("10.77.0.10", ["10.77.0.10"]), ("10.77.1", []), ("1", ["10.77.0.10", "10.77.0.9"]), ("des", ["desk-7"]),
    ("DESK", ["desk-7"]),
    ("02:77:00:00:00:0", [mac_text(mac_of(1)), mac_text(mac_of(2))]), ("02:77:00:00:00:02", [mac_text(mac_of(2))]),
    ("esk", []), ("%", []), ("a", []), ("999.", []), ("10..", [])])
def test_addresses_hardware_addresses_and_names_are_completed(begun: str, words: list[str], leased: Daemon) -> None:
    """Once each, and none that could not be typed."""
    with socket.socket(socket.AF_UNIX) as session:
        session.connect(str(leased.control_socket))
        session.sendall(f"complete word {begun}\nquit\n".encode())
        shown = b"".join(iter(lambda: session.recv(65536), b"")).decode()
    assert sorted(shown.split("?> ")[1].removesuffix("pydhcp ").split()) == sorted(words)


@pytest.fixture(scope="module")
def leased(namespaces: None) -> Iterator[Daemon]:
    """A daemon of which two clients have leases, one of them with a name that nobody could type."""
    with finished_lab(False) as lab:
        station = lab.keep(Station(lab.client()))
        daemon = lab.daemon(ip_ranges=["10.77.0.9 - 10.77.0.10"]).start()
        station.lease(mac_of(1), (12, b"desk-7"))
        station.lease(mac_of(2), (12, b"a b\x1b[2J"))
        yield daemon


def test_the_prompt_edits_lines_and_completes_words(lab: Lab, daemon: Daemon, station: Station, tmp_path: Path) -> None:
    station.lease(MAC, (12, b"desk-7"))
    controller, terminal = pty.openpty()
    with subprocess.Popen([*WORDS, "-control_socket", str(daemon.control_socket)], stdin=terminal, stdout=terminal,
                          stderr=terminal, env=daemon.environment(HOME=str(tmp_path), TERM="dumb")) as process:
        os.close(terminal)
        shown = b""

        def see(words: bytes) -> None:
            nonlocal shown
            deadline = time.monotonic() + 20
            while words not in shown:
                assert time.monotonic() < deadline, shown
                shown += os.read(controller, 4096)
            shown = shown.partition(words)[2]

        see(b"pydhcp ?> ")
        os.write(controller, b"conf\t")
        see(b"configuration ")
        os.write(controller, b"\n")
        see(b"Current configuration")
        see(b"pydhcp ?> ")
        os.write(controller, b"leases des\t")
        see(b"leases desk-7 ")
        os.write(controller, b"\n")
        see(mac_text(MAC).encode())
        see(b"pydhcp ?> ")
        os.write(controller, b"quit\n")
        see(b"bye")
        assert process.wait(20) == 0
    os.close(controller)
    wait_until(lambda: "configuration" in (tmp_path / ".pydhcpd_history").read_text(), "the history is kept")
