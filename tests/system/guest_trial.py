"""What is tried in the virtual machine of `guest.py`, by root, with systemd as the process 1: a life of the installed unit.

The source is in /root/pydhcpd. Nothing but the standard library is there.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

from messages import message, packed, read

TREE = Path("/root/pydhcpd")
CONFIGURATION = Path("/etc/pydhcpd/pydhcpd.conf")
GOOD = """\
interface = "s0"
ip_ranges = ["10.77.0.100 - 10.77.0.150"]
router = "10.77.0.1"
probe_before_offer = True
leasequery_from = ["10.77.0.2"]
bulk_leasequery = True
configuration_time_limit = 120  # the machine is emulated
"""
CABLE = """\
ip netns add client
ip link add s0 type veth peer name c0 netns client
ip addr add 10.77.0.1/24 brd + dev s0
ip link set s0 up
ip -n client link set lo up
ip -n client link set c0 up
"""
SCRIPT = "#!/bin/sh\n[ \"$1\" = bound ] && echo \"bound $ip $router\"\nexit 0\n"
WORST_EXPOSURE = 1.6
PATIENCE = 90.0  # seconds; the machine is emulated
LEASEQUERY, ACTIVE = 10, 13


def say(text: str) -> None:
    """A line that `guest.py` shows."""
    for line in text.splitlines():
        print(f"guest: {line}", flush=True)


def run(*words: str, check: bool = True, **options: object) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=300, **options)  # type: ignore[call-overload]
    assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done  # type: ignore[no-any-return]


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Ask until the answer is true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain: {what}\n{shown('StatusText')}"
        time.sleep(0.2)


def shown(name: str) -> str:
    """A property of the service."""
    return run("systemctl", "show", "--value", f"--property={name}", "pydhcpd").stdout.strip()


def journal() -> str:
    """What the service has logged."""
    return run("journalctl", "--no-pager", "--unit=pydhcpd").stdout


def override(text: str) -> None:
    """Change the unit by a drop-in."""
    drop_in = Path("/run/systemd/system/pydhcpd.service.d/trial.conf")
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(text)
    run("systemctl", "daemon-reload")


def lease() -> list[str]:
    """What a client gets: address and router."""
    script = Path("/root/script")
    script.write_text(SCRIPT)
    script.chmod(0o755)
    told = run("ip", "netns", "exec", "client", "udhcpc", "-i", "c0", "-f", "-q", "-n", "-t", "20", "-s", str(script))
    return re.findall(r"^bound (.*)$", told.stdout, flags=re.M)[0].split()


# --- the trial, a step each


def is_installed_as_readme_says() -> None:
    """Its commands, word for word; pip finds on the disk what it would find in the network."""
    section = (TREE / "README.md").read_text().split("\n## As a service\n")[1].split("by hand:\n")[1]
    commands = re.match(r"\n*((?: {4}.*\n)+)", section)
    assert commands
    wheels = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(TREE / "wheels")}
    run("bash", "-e", "-c", commands[1].replace("sudo ", "sudo --preserve-env "), cwd=TREE, env={**os.environ, **wheels})
    CONFIGURATION.write_text(GOOD)
    run("systemctl", "enable", "pydhcpd")


def is_not_exposed() -> None:
    """What systemd says of the unit as it is loaded."""
    told = run("systemd-analyze", "security", "--no-pager", "pydhcpd.service").stdout
    say("\n".join(line for line in told.splitlines() if "✗" in line or "Overall" in line))
    level = re.search(r"Overall exposure level for pydhcpd.service: ([0-9.]+)", told)
    assert level and float(level[1]) <= WORST_EXPOSURE


def waits_for_its_interface_and_serves() -> None:
    """Ready only then; until then the status says what is missing."""
    run("systemctl", "start", "--no-block", "pydhcpd")
    wait_for(lambda: "interface s0 is missing" in shown("StatusText"), "what is waited for in the status")
    assert shown("ActiveState") == "activating"
    for line in CABLE.splitlines():
        run(*line.split())
    wait_for(lambda: shown("ActiveState") == "active", "ready")
    assert "serving 10.77.0.0/24" in shown("StatusText")


def has_no_privileges() -> None:
    """Neither the daemon nor what could come of it."""
    pid = shown("MainPID")
    status = dict(re.findall(r"^(\w+):\t(.*)$", Path(f"/proc/{pid}/status").read_text(), flags=re.M))
    assert [status[name] for name in ("CapPrm", "CapEff", "CapAmb")] == ["0" * 16] * 3, status
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2"), status
    assert "0" not in status["Uid"].split(), status
    assert Path("/var/lib/pydhcpd/leases.db").stat().st_uid == int(status["Uid"].split()[0])


def leases_an_address() -> None:
    """To a client on the cable, after a probe by ARP."""
    assert lease() == ["10.77.0.100", "10.77.0.1"]


def answers_at_the_prompt() -> None:
    """Also from root's side of the sandbox."""
    with socket.create_connection(("127.0.0.1", 6767), PATIENCE) as session:
        session.sendall(b"hosts\r\nquit\r\n")
        told = b"".join(iter(lambda: session.recv(65536), b"")).decode()
    assert "10.77.0.100" in told, told


def answers_leasequery() -> None:
    """To the one who may ask; a reader of the database beside its writer."""
    run("ip", "-n", "client", "addr", "add", "10.77.0.2/24", "dev", "c0")
    query = message(LEASEQUERY, bytes(6), 7, giaddr="10.77.0.2", ciaddr="10.77.0.100")
    ask = ("import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('10.77.0.2', 67)); s.settimeout(20); "
           f"s.sendto(bytes.fromhex('{query.hex()}'), ('10.77.0.1', 67)); print(s.recv(4096).hex())")
    told = run("ip", "netns", "exec", "client", sys.executable, "-c", ask).stdout
    answer = read(bytes.fromhex(told))
    assert (answer.kind, answer.ciaddr, answer.options[54]) == (ACTIVE, "10.77.0.100", packed("10.77.0.1"))
    run("ip", "-n", "client", "addr", "del", "10.77.0.2/24", "dev", "c0")


def comes_back_when_it_is_killed() -> None:
    """With the leases that it gave; also more often than five times a minute."""
    for number in range(1, 7):
        before = shown("MainPID")
        os.kill(int(before), signal.SIGKILL)
        wait_for(lambda pid=before: shown("ActiveState") == "active" and shown("MainPID") not in ("0", pid), "a restart")
        assert shown("NRestarts") == str(number)
    assert lease() == ["10.77.0.100", "10.77.0.1"]


def takes_a_good_file() -> None:
    """`systemctl reload`, which checks it first in the same sandbox."""
    before = shown("MainPID")
    CONFIGURATION.write_text(GOOD.replace('"10.77.0.1"', '"10.77.0.9"'))
    run("systemctl", "reload", "pydhcpd")
    wait_for(lambda: f"reloaded {CONFIGURATION}" in journal(), "the reload")
    assert lease() == ["10.77.0.100", "10.77.0.9"]
    assert shown("MainPID") == before


def refuses_a_broken_file() -> None:
    """`systemctl reload` fails, its reason is in the journal, and what runs goes on."""
    before = shown("MainPID")
    CONFIGURATION.write_text(GOOD + "router = 'nowhere'\n")
    assert run("systemctl", "reload", "pydhcpd", check=False).returncode != 0
    assert "nowhere" in journal()
    os.kill(int(before), signal.SIGHUP)
    wait_for(lambda: "not reloaded" in journal(), "the refusal by the daemon itself")
    assert lease() == ["10.77.0.100", "10.77.0.9"]
    assert (shown("MainPID"), shown("ActiveState")) == (before, "active")
    CONFIGURATION.write_text(GOOD)


def is_ended_by_the_watchdog_when_it_hangs() -> None:
    """And comes back; with a shorter time than the unit's, which is a minute."""
    override("[Service]\nWatchdogSec=10\nTimeoutAbortSec=2\n")
    run("systemctl", "restart", "pydhcpd")
    time.sleep(15)  # longer than the limit: it feeds the watchdog
    assert shown("NRestarts") == "0"
    before = shown("MainPID")
    os.kill(int(before), signal.SIGSTOP)
    wait_for(lambda: shown("ActiveState") == "active" and shown("MainPID") not in ("0", before), "a restart by the watchdog")
    assert "Watchdog timeout" in journal()
    assert lease() == ["10.77.0.100", "10.77.0.1"]


def writes_nowhere_else() -> None:
    """As the user that it is, in its own view of the files: the system is read-only, and what it writes is never executed."""
    pid = shown("MainPID")
    inside = ("nsenter", "-t", pid, "-m", "--", "setpriv", "--reuid=pydhcpd", "--regid=pydhcpd", "--clear-groups", "sh", "-c")
    executed = "cp /bin/true /var/lib/pydhcpd/x && /var/lib/pydhcpd/x"
    for command in ("touch /etc/pydhcpd/x", "touch /usr/x", "ls /root", executed):
        assert run(*inside, command, check=False).returncode != 0, command
    run(*inside, "touch /var/lib/pydhcpd/x /run/pydhcpd/x && rm /var/lib/pydhcpd/x /run/pydhcpd/x")


def stops_in_time() -> None:
    """By itself, with all leases stored."""
    begin = time.monotonic()
    run("systemctl", "stop", "pydhcpd")
    assert time.monotonic() - begin < 15
    assert (shown("Result"), shown("ExecMainStatus"), shown("ActiveState")) == ("success", "0", "inactive")
    assert "all leases are stored" in journal()
    assert "Traceback" not in journal(), journal()


def gives_up_what_cannot_start() -> None:
    """A configuration that is wrong fails, with its reason, and is not tried for ever; with limits for a slow machine."""
    override("[Unit]\nStartLimitIntervalSec=600\nStartLimitBurst=5\n")
    run("systemctl", "reset-failed", "pydhcpd", check=False)
    CONFIGURATION.write_text("interfaze = 's0'\n")
    assert run("systemctl", "start", "pydhcpd", check=False).returncode != 0
    assert "interfaze" in journal()
    wait_for(lambda: shown("Result") == "start-limit-hit" or shown("SubState") == "failed", "the end of trying")


STEPS = (is_installed_as_readme_says, is_not_exposed, waits_for_its_interface_and_serves, has_no_privileges, leases_an_address,
         answers_at_the_prompt, answers_leasequery, comes_back_when_it_is_killed, takes_a_good_file, refuses_a_broken_file,
         is_ended_by_the_watchdog_when_it_hangs, writes_nowhere_else, stops_in_time, gives_up_what_cannot_start)


def steps() -> "tuple[Callable[[], None], ...]":
    """Those of the package where the disk has one, else those of the unit."""
    if not (TREE / "packages").exists():
        return STEPS
    from guest_package import STEPS as OF_PACKAGE
    return OF_PACKAGE


def main() -> None:
    """All steps in order; the first that does not hold ends it."""
    say(f"{Path('/proc/version').read_text().split(' (')[0]}, {run('systemctl', '--version').stdout.splitlines()[0]}")
    for step in steps():
        begin = time.monotonic()
        try:
            step()
        except Exception:
            say(f"it does not hold that it {step.__name__.replace('_', ' ')}:\n{traceback.format_exc()}")
            say(run("journalctl", "--no-pager", "--unit=pydhcpd", "-n", "60").stdout)
            return
        say(f"{time.monotonic() - begin:6.1f} s: it {step.__name__.replace('_', ' ')}")
    say("all held")


if __name__ == "__main__":
    sys.modules["guest_trial"] = sys.modules["__main__"]
    main()
