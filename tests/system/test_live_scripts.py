"""Scripts, with a real daemon and clients: what they are told, that they end whatever they do, and that nobody waits."""

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, wait_until
from messages import RELEASE, mac_of, mac_text, message, packed
from station import Station

pytestmark = pytest.mark.namespaces
PLACE = Path("/opt")  # where the server's machine has the scripts: nothing of the daemon's own directories can be executed
HEAD = "#!/bin/sh\n"
NOTE = 'echo "$PYDHCPD_EVENT $PYDHCPD_ADDRESS $PYDHCPD_MAC" >> "{seen}"\n'


class Script:
    """A script as the server's machine sees it, and what it writes into the daemon's state directory."""

    def __init__(self, lab: Lab, daemon: Daemon) -> None:
        self.daemon, self.file = daemon, lab.directory / "programs" / "on-lease"
        self.file.parent.mkdir(mode=0o755)
        lab.server.run("mount", "--bind", self.file.parent, PLACE)
        self.path, self.seen = PLACE / "on-lease", daemon.database.parent / "seen"
        self.write(NOTE)

    def write(self, text: str) -> None:
        """Put another program in its place, at once."""
        new = self.file.with_name("new")
        new.write_text(HEAD + text.replace("{seen}", str(self.seen)))
        new.chmod(0o755)
        new.rename(self.file)

    def configure(self, more: str = "", on: str = "['bound', 'renewed', 'released']") -> None:
        """Let the daemon's configuration name it."""
        settings = "".join(f"{name} = {value!r}\n" for name, value in self.daemon.settings.items())
        self.daemon.write(f"{settings}scripts = [script({str(self.path)!r}, on={on}{more})]\n")

    def lines(self) -> list[str]:
        """What it has written so far."""
        return self.seen.read_text().splitlines() if self.seen.exists() else []

    def wait_for(self, *lines: str) -> None:
        """Wait until it has written exactly these lines."""
        wait_until(lambda: self.lines() == list(lines), f"{lines} in {self.lines()}")


@pytest.fixture
def script(lab: Lab, client: Machine) -> Iterator[Script]:
    daemon = lab.daemon()
    for owned in (daemon.database.parent, daemon.pid_file.parent):
        owned.mkdir(exist_ok=True)
    made = Script(lab, daemon)
    made.configure()
    yield made
    if daemon.process is not None:
        assert daemon.stop() == 0
    assert descendants(lab) == []


def descendants(lab: Lab) -> list[str]:
    """Processes of the server's machine that are neither the daemon nor the process that runs its scripts."""
    def is_ours(pid: int) -> bool:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        return b"pydhcpd" not in words and b"setpriv" not in words and words != b""
    found = []
    for pid in lab.server.processes():
        try:
            if is_ours(pid):
                found.append(Path(f"/proc/{pid}/cmdline").read_bytes().decode())
        except OSError:
            pass
    return found


def release(station: Station, number: int, address: str) -> None:
    station.send(message(RELEASE, mac_of(number), station.xid(), ciaddr=address, options=((54, packed("10.77.0.1")),)),
                 mac_of(number), source=address, destination="10.77.0.1")


@pytest.mark.sandbox
def test_what_becomes_of_a_lease(script: Script, station: Station) -> None:
    """Row 83: it writes in the state directory, as the daemon's user."""
    script.daemon.start()
    address, mac = station.lease(mac_of(1), (12, b"printer")).yiaddr, mac_text(mac_of(1))
    script.wait_for(f"bound {address} {mac}")
    station.renew(mac_of(1), address)
    script.wait_for(f"bound {address} {mac}", f"renewed {address} {mac}")
    assert script.daemon.ask("release", address).returncode == 0
    script.wait_for(*(f"{kind} {address} {mac}" for kind in ("bound", "renewed", "released")))
    assert script.daemon.ask("services").stdout.count("0 running, 0 waiting, 3 done, 0 failed") == 1
    assert script.seen.stat().st_uid == script.daemon.database.stat().st_uid


def test_the_environment_has_nothing_but_what_is_documented(script: Script, station: Station) -> None:
    script.write('env > "{seen}.new" && mv "{seen}.new" "{seen}"\n')
    script.daemon.start(SECRET="of the administrator", LANG="C.UTF-8")
    address = station.lease(mac_of(1), (12, b"$(reboot)"), (60, b"MSFT 5.0"), (55, bytes([1, 3, 6])), (224, b"\1\2")).yiaddr
    wait_until(script.lines, "it has run")
    told = dict(line.split("=", 1) for line in script.lines())
    assert {name for name in told if not name.startswith("PYDHCPD_")} <= {"PATH", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}
    assert told["LANG"] == "C.UTF-8"
    assert re.fullmatch(r"[0-9]{10}", told.pop("PYDHCPD_EXPIRES")) and re.fullmatch(r"[0-9]{10}", told.pop("PYDHCPD_TIME"))
    assert {name: value for name, value in told.items() if name.startswith("PYDHCPD_")} == {
        "PYDHCPD_EVENT": "bound", "PYDHCPD_ADDRESS": address, "PYDHCPD_MAC": mac_text(mac_of(1)),
        "PYDHCPD_SUBNET": "10.77.0.0/16", "PYDHCPD_HOSTNAME": "%24%28reboot%29", "PYDHCPD_OPTION_host_name": "%24%28reboot%29",
        "PYDHCPD_OPTION_vendor_class_identifier": "MSFT%205.0", "PYDHCPD_OPTION_parameter_request_list": "1,3,6",
        "PYDHCPD_OPTION_224": "01:02", "PYDHCPD_OPTION_dhcp_message_type": "3", "PYDHCPD_OPTION_requested_ip_address": address,
        "PYDHCPD_OPTION_server_identifier": "10.77.0.1"}


@pytest.mark.sandbox
@pytest.mark.parametrize(("program", "trouble"), [
    ("exec sleep 1000", "it did not end within its timeout, and was ended after 1 s"),
    ("trap '' TERM; while :; do sleep 1; done", "it did not end within its timeout, and was ended after 2 s"),
    ("(trap '' TERM; sleep 1000) & (trap '' TERM HUP; exec setsid sleep 1001) & sleep 0.2; echo forked",
     "2 processes that it left running were ended"),
    ("setsid setsid sh -c 'sleep 1000 & sleep 1001' </dev/null >/dev/null 2>&1 & sleep 0.2",
     "processes that it left running were ended"),
    ("exec >&- 2>&- <&-; sleep 1000", "it did not end within its timeout"),
    ("kill -9 $$", "it was ended by SIGKILL"),
    ("kill -9 $PPID; sleep 1000", "its end is not known, for what looked after it was ended"),
    ("exit 3", "it ended with exit code 3"),
    ("yes 'all work and no play'", "it did not end within its timeout, and was ended after 1 s; it said "),
    ("head -c 3000000 /dev/zero", "it said "),
], ids=["hangs", "ignores SIGTERM", "forks", "forks away", "closes its pipes", "dies", "kills its keeper", "fails", "floods",
        "floods without a line"])
def test_it_ends_whatever_it_does(lab: Lab, script: Script, station: Station, program: str, trouble: str) -> None:
    """Row 83, hardening 31: timed out, killed with all that it has started, bounded; the next event is run as ever."""
    script.write(f"[ $PYDHCPD_EVENT = renewed ] || {{ {program}\nexit\n}}\n{NOTE}")
    script.configure(", timeout=1")
    daemon = script.daemon.start()
    address = station.lease(mac_of(1)).yiaddr
    daemon.wait_for(rf"/opt/on-lease for bound {address}.*: .*{re.escape(trouble)}")
    assert len(daemon.log()) < 100_000
    wait_until(lambda: not descendants(lab), "nothing of it is left")
    station.renew(mac_of(1), address)
    script.wait_for(f"renewed {address} {mac_text(mac_of(1))}")


def test_what_it_says_is_in_the_log_and_nothing_of_it_can_harm_a_terminal(script: Script, station: Station) -> None:
    script.write("printf 'one\\033[2Jtwo\\n\\377\\n'; echo trouble >&2\n")
    daemon = script.daemon.start()
    address = station.lease(mac_of(1)).yiaddr
    daemon.wait_for("trouble")
    about = f"/opt/on-lease for bound {address} {mac_text(mac_of(1))}: "
    assert all(f"{about}{line}\n" in daemon.log() for line in (r"one\x1b[2Jtwo", r"\xff", "trouble"))


def test_in_order_for_one_address_and_many_at_a_time_for_others(script: Script, station: Station) -> None:
    script.write(f"sleep 0.3\n{NOTE}")
    script.daemon.start()
    addresses = [station.lease(mac_of(number)).yiaddr for number in range(1, 5)]
    for _ in range(2):
        station.renew(mac_of(1), addresses[0])
    began = time.monotonic()
    wait_until(lambda: len(script.lines()) == 6, "all have run")
    assert time.monotonic() - began < 1.6  # one after the other they take 1.8 s
    kinds = [line.split()[0] for line in script.lines() if addresses[0] in line.split()]
    assert kinds == ["bound", "renewed", "renewed"]


def test_a_script_that_is_missing_or_not_ours_is_told_and_leases_are_given(script: Script, station: Station) -> None:
    """It is looked at again at each run: it may be put there, and may be changed while it runs."""
    script.file.unlink()
    daemon = script.daemon.start()
    daemon.wait_for("/opt/on-lease is not there; put it there, or take it out of scripts")
    address = station.lease(mac_of(1)).yiaddr
    daemon.wait_for(rf"for bound {address}.*: /opt/on-lease is not there")
    checked = daemon.run("-check")
    assert checked.returncode == 1 and re.search(r"pydhcpd.conf:\d+: script\('/opt/on-lease'.*is not there", checked.stderr)
    script.write(NOTE)
    script.file.chmod(0o777)
    station.renew(mac_of(1), address)
    daemon.wait_for("can be written by group or others, and /opt/on-lease is executed; run: chmod go-w /opt/on-lease")
    script.file.chmod(0o644)
    station.renew(mac_of(1), address)
    daemon.wait_for("/opt/on-lease cannot be run: Permission denied; run: chmod a.x /opt/on-lease")
    script.write("")
    script.file.write_text("echo no interpreter\n")
    station.renew(mac_of(1), address)
    daemon.wait_for("its first line names no interpreter; write #!/bin/sh there")
    script.file.write_text("#!/bin/nonsense\n")
    station.renew(mac_of(1), address)
    daemon.wait_for("the interpreter that its first line names is not there")
    assert script.lines() == []
    script.write("sleep 1; " + NOTE)
    station.renew(mac_of(1), address)
    time.sleep(0.5)
    script.write("exit 1")
    script.wait_for(f"renewed {address} {mac_text(mac_of(1))}")


def test_too_many_are_dropped_and_told(script: Script, station: Station) -> None:
    script.write("sleep 1000")
    script.configure(", concurrency=1, queue=2, timeout=1.5")
    daemon = script.daemon.start()
    for number in range(1, 7):
        station.lease(mac_of(number))
    daemon.wait_for("/opt/on-lease: events are dropped, for more than its queue wait for it; make queue or concurrency larger")
    wait_until(lambda: "1 running, 2 waiting, 0 done, 0 failed; 3 events dropped" in daemon.ask("services").stdout, "told")
    assert '"dropped": 3' in daemon.ask("services", "json").stdout


@pytest.mark.sandbox
def test_the_end_of_the_daemon_is_the_end_of_scripts(lab: Lab, script: Script, station: Station) -> None:
    """Whether it is told to end or not."""
    script.write(f"{NOTE}trap '' TERM; setsid sleep 1000 & sleep 1001")
    for number in (signal.SIGTERM, signal.SIGKILL):
        script.seen.unlink(missing_ok=True)
        script.daemon.start()
        station.lease(mac_of(number))
        wait_until(script.lines, "it runs")
        if number == signal.SIGTERM:
            assert script.daemon.stop() == 0
        else:
            os.kill(int(script.daemon.pid_file.read_text()), number)
            assert script.daemon.process is not None
            script.daemon.process.wait()
            script.daemon.process = None
        wait_until(lambda: not lab.server.processes(), f"nothing is left: {descendants(lab)}", timeout=8)


def test_a_moment_at_the_end_is_enough_for_what_is_quick(script: Script, station: Station) -> None:
    script.write(f"sleep 0.3\n{NOTE}")
    daemon = script.daemon.start()
    address = station.lease(mac_of(1)).yiaddr
    assert daemon.stop() == 0
    assert script.lines() == [f"bound {address} {mac_text(mac_of(1))}"]


def test_who_waits_for_scripts_has_all_of_them_in_order_and_the_packets_wait_for_none(script: Script, station: Station) -> None:
    script.write(f"sleep 0.5\n{NOTE}")
    script.configure(", wait=True, queue=1")
    daemon = script.daemon.start()
    addresses = [station.lease(mac_of(1)).yiaddr]
    wait_until(script.lines, "the process that runs them has begun")
    began = time.monotonic()
    addresses += [station.lease(mac_of(number)).yiaddr for number in range(2, 5)]
    assert time.monotonic() - began < 1.4
    assert daemon.stop() == 0
    assert script.lines() == [f"bound {address} {mac_text(mac_of(number))}" for number, address in enumerate(addresses, 1)]


def test_the_process_that_runs_them_comes_back(lab: Lab, script: Script, station: Station) -> None:
    daemon = script.daemon.start()
    (runner,) = wait_until(lambda: [pid for pid in lab.server.processes() if b"pydhcpd.services.scripts" in Path(
        f"/proc/{pid}/cmdline").read_bytes()], "the process that runs them")
    os.kill(runner, signal.SIGKILL)
    daemon.wait_for("the scripts ended by itself; it is started again in 1 s")
    wait_until(lambda: re.search(r"the scripts\W+runs", daemon.ask("services").stdout), "it runs again")
    address = station.lease(mac_of(1)).yiaddr
    script.wait_for(f"bound {address} {mac_text(mac_of(1))}")


def test_a_reload_takes_scripts_away_and_brings_others(script: Script, station: Station) -> None:
    daemon = script.daemon.start()
    settings = "".join(f"{name} = {value!r}\n" for name, value in daemon.settings.items())
    daemon.write(settings)
    daemon.reload()
    address = station.lease(mac_of(1)).yiaddr
    assert "the scripts" not in daemon.ask("services").stdout
    script.configure(on="['released']")
    daemon.reload()
    station.renew(mac_of(1), address)
    assert daemon.ask("release", address).returncode == 0
    script.wait_for(f"released {address} {mac_text(mac_of(1))}")
    script.file.unlink()
    assert "is not there" in daemon.reload("not reloaded|is not there")


def test_what_is_served_is_told_when_it_changes(lab: Lab, script: Script) -> None:
    """Row 83: events of the network."""
    script.write('echo "$PYDHCPD_EVENT $PYDHCPD_NOTE" >> "{seen}"\n')
    script.configure(on="['serving', 'waiting']")
    daemon = script.daemon.start()
    lab.server.ip("link set s0 down")
    daemon.wait_for("waiting: ")
    lab.server.ip("link set s0 up")
    wait_until(lambda: "serving 10.77.0.0%2F16%20on%20s0%20as%2010.77.0.1" in script.lines(), f"{script.lines()}")
    assert [line.split()[0] for line in script.lines()].count("waiting") == 1 and script.lines()[-1].startswith("serving 10.77")
    assert "serving: 10.77.0.0/16 on s0 as 10.77.0.1" in daemon.prompt("events")
