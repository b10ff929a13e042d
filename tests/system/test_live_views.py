"""What the prompt shows of leases and pools, and does to them, as a client and a person see it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from lab import Daemon, Lab, Machine, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
DESK, PRINTER = mac_of(1), mac_of(2)


GUEST = mac_of(3)
CLASSES = f"""
classes = [client_class("desks", match(host_name=PREFIX("desk")), lease_limit=5),
           client_class("Voice", match(vendor_class_identifier=PREFIX("Cisco"))), client_class("guests"),
           client_class("odd", lambda request: True)]
hosts = [host(mac={mac_text(GUEST)!r}, classes=["guests"])]
"""


def words_for(daemon: Daemon, *words: str) -> list[str]:
    return [sys.executable, "-m", "pydhcpd", "-ask", *words, "-control_socket", str(daemon.pid_file.parent / "control.sock")]


def ask(daemon: Daemon, line: str, code: int = 0) -> str:
    """What `-ask` prints."""
    done = subprocess.run(words_for(daemon, *line.split()), capture_output=True, text=True, timeout=30,
                          env=daemon.environment(), check=False)
    assert (done.returncode, done.stderr) == (code, ""), done
    return done.stdout


def documents(daemon: Daemon, line: str) -> list[dict[str, object]]:
    """The same as JSON."""
    return [json.loads(one) for one in ask(daemon, f"{line} json").splitlines()]


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Iterator[Daemon]:
    """A daemon whose pool has three addresses."""
    one = lab.daemon(ip_ranges=["10.77.0.10 - 10.77.0.12"])
    one.write(f"{one.file.read_text()}{CLASSES}")
    yield one.start()


def test_leases_are_found_by_whatever_is_known_of_them(daemon: Daemon, station: Station) -> None:
    address = station.lease(DESK, (12, b"desk-7"), (61, b"\x00unit-42")).yiaddr
    other = station.lease(PRINTER, (12, b"printer")).yiaddr
    both = {address, other}
    for word, found in ((address, {address}), ("10.77", both), ("10.77.0.0/24", both), ("10.7", set()), ("desk", {address}),
                        ("DESK-7", {address}), (mac_text(PRINTER), {other}), (mac_text(PRINTER)[-5:], {other}),
                        ("unit-42", {address}), ("desks", {address}), ("10.77 print", {other}), ("desk print", set()),
                        ("%", set()), ("'", set()), ("", both)):
        assert {str(row["address"]) for row in documents(daemon, f"leases {word}")} == found, word
    assert documents(daemon, "leases desk-7")[0]["client_identifier"] == b"\x00unit-42".hex(":")
    shown = ask(daemon, "leases printer").splitlines()
    assert shown[0].split() == ["address", "hardware", "address", "name", "ends", "state"]
    assert shown[1].split()[:3] == [other, mac_text(PRINTER), "printer"] and shown[1].endswith("bound")
    assert ask(daemon, "leases nothing") == "none\n"


def test_leases_are_found_by_class_as_their_clients_asked_last(daemon: Daemon, station: Station) -> None:
    phone = station.lease(PRINTER, (12, b"voicemail"), (60, b"Cisco 7960")).yiaddr
    guest = station.lease(GUEST, (60, b"MSFT 5.0")).yiaddr
    named = station.lease(DESK, (12, b"desk-voice")).yiaddr
    for words, found in (("voice", [named, phone]), ("VOICE cisco", []), ("voice voicemail", [phone]), ("guests", [guest]),
                         ("guests 10.77", [guest]), ("guests voice", []), ("desks", [named])):
        assert sorted(str(row["address"]) for row in documents(daemon, f"leases {words}")) == sorted(found), words
        assert sorted(str(row["address"]) for row in documents(daemon, f"clients {words}")) == sorted(found), words
    station.lease(PRINTER, (12, b"mail"), (60, b"Cisco 7960"))
    assert [row["address"] for row in documents(daemon, "leases Voice")][-1] == phone
    station.lease(PRINTER, (12, b"mail"), (60, b"MSFT 5.0"))
    assert [row["address"] for row in documents(daemon, "leases Voice")] == [named]
    assert "a function of the file says" in ask(daemon, "leases odd", 1)


def test_pools_networks_and_classes(daemon: Daemon, station: Station) -> None:
    station.lease(DESK, (12, b"desk-7"))
    station.discover(PRINTER)
    row = {"network": "10.77.0.0/16", "ranges": "10.77.0.10 - 10.77.0.12", "size": 3, "leased": 1, "offered": 1,
           "quarantined": 0, "free": 1, "reserved": 0}
    assert documents(daemon, "pools") == [row]
    assert "[#######---]  66%        1       1" in ask(daemon, "pools")
    assert documents(daemon, "networks") == [{"network": "10.77.0.0/16", "shared_network": "", "where": "s0", "pools": 1,
                                              "leased": 1, "free": 1}]
    assert documents(daemon, "classes")[0] == {"name": "desks", "condition": "host_name is what begins with desk", "limit": 5,
                                               "per": "", "leases": 1}
    assert {"name": "the control socket", "state": "runs", "runs": True, "waiting": 0, "dropped": 0,
            "failures": 0} in documents(daemon, "services")
    assert ask(daemon, "version").startswith("pydhcpd ")


def test_why_a_client_gets_what_it_gets(daemon: Daemon, station: Station) -> None:
    ack = station.lease(DESK, (12, b"desk-7"), (55, bytes((1, 3, 51))))
    shown = ask(daemon, "explain desk-7")
    assert f"address   {ack.yiaddr}: its present lease" in shown
    assert "classes   is of desks: host_name is what begins with desk; here host_name is desk-7" in shown
    answer = {"about": "answer", "text": "OFFER, from the server 10.77.0.1", "place": ""}
    assert answer in documents(daemon, f"explain {mac_text(DESK)}")
    assert "no lease is known by it" in ask(daemon, "explain nobody", 1)
    assert documents(daemon, "pools")[0]["offered"] == 0, "nothing is done by it"


def test_a_released_address_is_free_and_its_client_remembered(daemon: Daemon, station: Station) -> None:
    address = station.lease(DESK).yiaddr
    assert "allowed on the control socket alone" in daemon.prompt(f"release {address}")
    assert ask(daemon, f"release {address}") == f"{address} is free; its client may get it again when it asks next\n"
    assert ask(daemon, "leases") == "none\n"
    assert "no lease of" in ask(daemon, f"release {address}", 1)
    assert "is not an IPv4 address" in ask(daemon, "release desk", 1)
    assert station.lease(DESK).yiaddr == address
    told = [one for one in documents(daemon, "events") if one["kind"] in ("asked", "released")]
    assert [(one["kind"], one["address"], one["note"]) for one in told[:2]] == [
        ("asked", "", f"root: release {address}"), ("released", address, "by hand")]


def test_a_reload_tells_how_it_went(daemon: Daemon) -> None:
    assert ask(daemon, "reload") == "reloaded\n"
    good = daemon.file.read_text()
    daemon.write(good + "routr = '10.77.0.1'\n")
    assert "routr = '10.77.0.1': is not known; did you mean router?" in ask(daemon, "reload", 1)
    daemon.write(good)
    assert ask(daemon, "reload") == "reloaded\n"


def test_events_are_watched_as_they_happen(daemon: Daemon, station: Station) -> None:
    with (daemon.directory / "watched").open("wb") as out, subprocess.Popen(
            words_for(daemon, "watch", mac_text(PRINTER)), stdout=out, env=daemon.environment()) as process:
        def watched() -> str:
            return (daemon.directory / "watched").read_text()

        def leases() -> bool:
            station.lease(DESK)
            station.lease(PRINTER)
            return "leased" in watched()

        wait_until(leases, "an event is shown", 20)
        process.send_signal(signal.SIGINT)
        process.wait(10)
    assert mac_text(PRINTER) in watched() and mac_text(DESK) not in watched()


def test_explain_needs_no_server(daemon: Daemon, station: Station) -> None:
    """Over a copy of the leases, which stays as it is."""
    ack = station.lease(DESK, (12, b"desk-7"))
    beside = daemon.run("-explain", "desk-7", "vendor_class_identifier=Cisco 7960")
    assert f"address   {ack.yiaddr}: its present lease" in beside.stdout, beside
    daemon.stop()
    alone = daemon.run("-explain", f"{mac_text(PRINTER)} 'host_name=desk 9'")
    assert "classes   is of desks: host_name is what begins with desk; here host_name is desk 9" in alone.stdout, alone
    assert "lease database" not in daemon.run("-check").stderr
    daemon.write(host_file=str(daemon.directory / "none" / "leases.db"))
    assert "never here before" in daemon.run("-explain", mac_text(PRINTER)).stdout
    assert not (daemon.directory / "none").exists(), "who only asks creates nothing"
