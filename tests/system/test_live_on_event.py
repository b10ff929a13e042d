"""on_event() of the configuration file, with a real daemon: it hears what happens, and whatever it does, clients are served."""

import re
import time

import pytest
from lab import Daemon, Lab, Machine, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
HEAD = """\
import re, time
def note(text):
    with open({seen!r}, "a") as file:
        file.write(f"{{text}}\\n")
"""


class Hearing:
    """A daemon whose file has an on_event(), and what that has noted."""

    def __init__(self, lab: Lab) -> None:
        self.daemon = lab.daemon()
        self.daemon.database.parent.mkdir()
        self.seen = self.daemon.database.parent / "seen"

    def write(self, body: str, more: str = "") -> Daemon:
        """Let it be that function."""
        settings = "".join(f"{name} = {value!r}\n" for name, value in self.daemon.settings.items())
        lines = "".join(f"    {line}\n" for line in body.splitlines())
        self.daemon.write(f"{settings}{HEAD.format(seen=str(self.seen))}{more}\ndef on_event(event):\n{lines}")
        return self.daemon

    def line_of(self, text: str) -> str:
        """FILE:LINE of the line of the file that has a text."""
        lines = self.daemon.file.read_text().splitlines()
        return f"{self.daemon.file}:{next(number for number, line in enumerate(lines, 1) if text in line)}"

    def lines(self) -> list[str]:
        return self.seen.read_text().splitlines() if self.seen.exists() else []


@pytest.fixture
def hearing(lab: Lab, client: Machine) -> Hearing:
    return Hearing(lab)


@pytest.mark.sandbox
def test_it_hears_what_happens_in_order(hearing: Hearing, station: Station) -> None:
    daemon = hearing.write('note(f"{event.kind} {event.address} {event.mac} {event.hostname} {event.old_hostname} '
                           '{event.options.get(\'vendor_class_identifier\')}")').start()
    address, mac = station.lease(mac_of(1), (12, b"one"), (60, b"MSFT 5.0")).yiaddr, mac_text(mac_of(1))
    station.renew(mac_of(1), address)
    assert daemon.ask("release", address).returncode == 0
    wait_until(lambda: len(hearing.lines()) >= 4, "it has heard")
    assert hearing.lines() == [f"bound {address} {mac} one None MSFT 5.0", f"renewed {address} {mac} one one None",
                               "asked None None None None None", f"released {address} {mac} one None None"]
    assert "4 calls, 0 failed, 0 waiting" in daemon.ask("services").stdout


def test_exceptions_are_told_with_their_line_and_a_reload_replaces_it(hearing: Hearing, station: Station) -> None:
    daemon = hearing.write("{}[event.mac]").start()
    address = station.lease(mac_of(1)).yiaddr
    daemon.wait_for(re.escape(f"{hearing.line_of('{}[event')}: on_event() failed: KeyError: '{mac_text(mac_of(1))}'"))
    for _ in range(20):
        station.renew(mac_of(1), address)
    assert daemon.log().count("on_event() failed") == 1
    hearing.write("raise SystemExit(1)")
    daemon.reload()
    station.renew(mac_of(1), address)
    daemon.wait_for("on_event\\(\\) failed: SystemExit: 1; nothing else comes of that")
    hearing.write("note('heard')")
    daemon.reload()
    station.renew(mac_of(1), address)
    wait_until(lambda: hearing.lines() == ["heard"], "the new one is called")


@pytest.mark.parametrize(("body", "words"), [
    ("while True: pass", "on_event\\(\\) failed: TooLong; it was ended"),
    ("try:\n    while True: pass\nexcept Exception: pass", "on_event\\(\\) failed: TooLong; it was ended"),
    ("for _ in range(10**9):\n    try:\n        while True: pass\n    except BaseException: pass",
     "on_event\\(\\) (failed: TooLong; it was ended|does not end, and cannot be ended)"),
    ("time.sleep(1000)", "on_event\\(\\) does not end, and cannot be ended"),
], ids=["loops", "loops behind an exception", "catches everything", "sleeps"])
def test_what_never_ends_is_noticed_and_clients_are_served(hearing: Hearing, station: Station, body: str, words: str) -> None:
    first, *rest = body.split("\n")
    body = "\n".join([f"if event.kind == 'bound':\n    {first}", *(f"    {line}" for line in rest), "note(event.kind)"])
    daemon = hearing.write(body).start()
    address = station.lease(mac_of(1)).yiaddr
    deadline = time.monotonic() + 25
    slowest = 0.0
    while not (line := re.search(rf"{re.escape(str(daemon.file))}:(\d+): {words}", daemon.log())):
        assert time.monotonic() < deadline, daemon.log()
        began = time.monotonic()
        station.renew(mac_of(1), address)
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.2)
    assert slowest < 0.5
    begin = int(hearing.line_of("def on_event").rpartition(":")[2])
    assert begin < int(line[1]) <= begin + body.count("\n") + 1
    wait_until(lambda: "renewed" in hearing.lines(), "the next events are heard")


def test_what_keeps_the_interpreter_to_itself_ends_the_process_and_is_left_out(hearing: Hearing, station: Station) -> None:
    """Nothing else can end it; systemd starts the next one."""
    daemon = hearing.write('if event.kind == "bound":\n    re.match(r"(a+)+$", "a" * 60 + "b")',
                           "policy_standstill_limit = 5.0\n")
    daemon.start()
    station.discover(mac_of(2))
    station.lease(mac_of(1))
    assert daemon.process is not None
    daemon.process.wait(20)
    daemon.process = None
    begin = len(daemon.log())
    daemon.start()
    assert "on_event() is left out until the configuration file changes: it did not end; it was at" in daemon.log()[begin:]
    station.lease(mac_of(1))
    assert "left out" in daemon.ask("services").stdout


def test_a_mistake_is_told_by_check(hearing: Hearing) -> None:
    daemon = hearing.write("pass")
    daemon.write(daemon.file.read_text().replace("def on_event(event)", "def on_event(event, more)"))
    done = daemon.run("-check")
    assert done.returncode == 1 and "it takes (event, more); allowed is: def on_event(event)" in done.stderr
