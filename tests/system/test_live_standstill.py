"""A function of the file that never ends: the process is ended with its line, and the next one serves without it."""

import re
import signal
import subprocess
import time

import pytest
from lab import PATIENCE, Daemon, Lab, Machine, need
from messages import ACK, mac_of
from station import Station

pytestmark = pytest.mark.namespaces
LIMIT = 5.0  # seconds that a function may take
TIMEOUT_STOP = 15.0  # seconds: TimeoutStopSec of the unit
HANG = "import ctypes, itertools, os, time\n"
SLEEPS, RUNS = "time.sleep(1e6)", "while True: pass"
HOLDS, HOLDS_ASLEEP = "sum(itertools.repeat(0))", "ctypes.PyDLL(None).sleep(100000)"  # these are C, and keep the interpreter


def hanging(daemon: Daemon, function: str, does: str, more: str = "") -> str:
    """A configuration with a function that never ends once a file is there."""
    body = f"    if os.path.exists({str(daemon.directory / 'hang')!r}):\n        {does}\n"
    return f"{HANG}policy_standstill_limit = {LIMIT}\n{daemon.file.read_text()}\n{more}\ndef {function}:\n{body}"


def ended(daemon: Daemon, within: float) -> int:
    """Wait until the daemon has ended; returns its exit code, or the signal below 0."""
    assert daemon.process is not None
    code = daemon.process.wait(within)
    daemon.process = None
    return code


@pytest.mark.parametrize(("function", "rest", "does"), [
    ("accept(request)", "return True", SLEEPS), ("finish(request, reply)", "", RUNS),
    ("identify(request)", "return None", HOLDS), ("classify(request)", "return []", HOLDS_ASLEEP),
    ("choose(request, pools)", "return pools", SLEEPS)])
def test_a_function_that_never_ends_is_left_out_by_the_next_start(lab: Lab, client: Machine, station: Station, function: str,
                                                                  rest: str, does: str) -> None:
    """It ends the process, whatever it does; the next one tells its line, serves without it, and forgets it with the file."""
    daemon = lab.daemon()
    name = function.partition("(")[0]
    text = hanging(daemon, function, does) + f"    {rest or 'return None'}\n"
    daemon.write(text)
    daemon.start()
    station.lease(mac_of(1))
    time.sleep(LIMIT + 1)  # nothing stands still, and nothing ends
    address = station.lease(mac_of(2)).yiaddr
    (daemon.directory / "hang").touch()
    began = time.monotonic()
    station.discover(mac_of(3))
    if does == HOLDS_ASLEEP:
        time.sleep(LIMIT)
        daemon.send(signal.SIGABRT)  # so does systemd, after WatchdogSec
    assert ended(daemon, PATIENCE) == {HOLDS: -signal.SIGPROF, HOLDS_ASLEEP: -signal.SIGABRT}.get(does, 1)
    assert time.monotonic() - began > LIMIT / 2
    begin = len(daemon.log())
    daemon.start()
    line = 1 + text[:text.index("os.path.exists")].count("\n")
    why = r"the process ended in it \(Aborted\)" if does == HOLDS_ASLEEP else "it did not end"
    daemon.wait_for(rf"{name}\(\) is left out until the configuration file changes: {why}; "
                    rf"it was at {re.escape(str(daemon.file))}:{line + 1}\b", begin)
    assert station.lease(mac_of(2)).yiaddr == address
    station.lease(mac_of(3))
    daemon.reload("reloaded")  # the same file
    station.lease(mac_of(4))
    daemon.kill()
    daemon.start()  # the one after the next knows as well
    station.lease(mac_of(5))
    (daemon.directory / "hang").unlink()
    daemon.write(text + "\n# mended\n")
    assert "left out" not in daemon.reload("reloaded")
    station.lease(mac_of(6))


def test_a_function_of_a_class_that_never_ends_is_left_out(lab: Lab, client: Machine, station: Station) -> None:
    """Conditions of classes have functions too."""
    daemon = lab.daemon()
    classes = 'classes = [client_class("even", lambda request: even(request)), client_class("odd", odd)]\n'
    text = hanging(daemon, "even(request)", SLEEPS, "def odd(request): return False") + "    return True\n" + classes
    daemon.write(text)
    daemon.start()
    station.lease(mac_of(1))
    (daemon.directory / "hang").touch()
    station.discover(mac_of(2))
    ended(daemon, PATIENCE)
    daemon.start()
    said = re.findall(r"(\S+) of the class (\w+) is left out", daemon.log())
    assert said == [("<lambda>()", "even")]
    station.lease(mac_of(2))


def test_accept_that_is_left_out_follows_policy_failure(lab: Lab, client: Machine, station: Station) -> None:
    """Who decides who is served cannot be done without, where the file says so."""
    daemon = lab.daemon()
    daemon.write(hanging(daemon, "accept(request)", SLEEPS, 'policy_failure = "drop"') + "    return True\n")
    daemon.start()
    station.lease(mac_of(1))
    (daemon.directory / "hang").touch()
    station.discover(mac_of(2))
    ended(daemon, PATIENCE)
    daemon.start()
    daemon.wait_for(r"accept\(\) is left out .*; no packet is answered meanwhile")
    station.silence(station.discover(mac_of(2)), 1.0)


def test_a_function_that_crashes_the_process_is_left_out(lab: Lab, client: Machine, station: Station) -> None:
    """Otherwise the same packet would end it again and again."""
    daemon = lab.daemon()
    daemon.write(hanging(daemon, "accept(request)", "ctypes.string_at(0)") + "    return True\n")
    daemon.start()
    station.lease(mac_of(1))
    (daemon.directory / "hang").touch()
    station.discover(mac_of(2))
    assert ended(daemon, PATIENCE) == -signal.SIGSEGV
    daemon.start()
    daemon.wait_for(r"accept\(\) is left out .*: the process ended in it \(Segmentation fault\); it was at")
    station.lease(mac_of(2))


@pytest.mark.parametrize("does", [SLEEPS, HOLDS])
def test_sigterm_ends_it_in_time_whatever_a_function_does(lab: Lab, client: Machine, station: Station, does: str) -> None:
    """Within TimeoutStopSec, and without help."""
    daemon = lab.daemon()
    daemon.write(hanging(daemon, "accept(request)", does) + "    return True\n")
    daemon.start()
    station.lease(mac_of(1))
    (daemon.directory / "hang").touch()
    station.discover(mac_of(2))
    time.sleep(0.5)
    daemon.send(signal.SIGTERM)
    ended(daemon, TIMEOUT_STOP)


# --- what is not ended


@pytest.mark.parametrize(("stopped", "running", "is_inside"), [(3 * LIMIT, 1.0, False), (0.5, 0.02, True)],
                         ids=["for long, idle", "again and again, in a function"])
def test_a_process_that_is_stopped_or_starved_is_not_ended_for_that(lab: Lab, client: Machine, station: Station, stopped: float,
                                                                    running: float, is_inside: bool) -> None:
    """By a signal, a debugger, a frozen container or a busy machine: whoever looks for progress gets no time then either."""
    daemon = lab.daemon()
    daemon.write(hanging(daemon, "accept(request)", "time.sleep(0.1)", "policy_time_limit = 60.0") + "    return True\n")
    daemon.start()
    address = station.lease(mac_of(1)).yiaddr
    if is_inside:
        (daemon.directory / "hang").touch()
    end = time.monotonic() + 3 * LIMIT
    while time.monotonic() < end:
        station.discover(mac_of(2))
        time.sleep(running)
        daemon.send(signal.SIGSTOP)
        time.sleep(stopped)
        daemon.send(signal.SIGCONT)
    assert station.lease(mac_of(1)).yiaddr == address
    assert daemon.stop() == 0


def test_a_disk_that_takes_its_time_ends_nothing(lab: Lab, client: Machine, station: Station) -> None:
    """What stands still outside the functions of the file is left alone; the marker is not for everyone, and goes with us."""
    need("strace")
    daemon = lab.daemon()
    daemon.write(hanging(daemon, "accept(request)", SLEEPS) + "    return True\n")
    daemon.start()
    station.lease(mac_of(1))
    slow = f"inject=fdatasync:delay_enter={int(3 * LIMIT * 1e6)}:when=1"
    with subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fdatasync", "-e", slow, "-p", str(daemon.pid)],
                          stderr=subprocess.DEVNULL) as strace:
        time.sleep(1)
        began = time.monotonic()
        offer = station.offer(mac_of(2))
        station.select(mac_of(2), offer)
        time.sleep(0.5)
        lab.server.ip("addr add 192.0.2.1/24 dev s0")  # that is followed by nobody yet, and the main thread waits
        station.wait_for(lambda _, message: message.kind == ACK, "the ACK", 5 * LIMIT)
        assert time.monotonic() - began > 2 * LIMIT
        strace.terminate()
    marker = daemon.database.with_name("leases.db.standstill")
    assert marker.exists() and not marker.stat().st_mode & 0o007
    assert daemon.stop() == 0
    assert not marker.exists()


def test_a_disk_that_was_full_at_the_start_keeps_no_function_from_being_left_out(lab: Lab, client: Machine,
                                                                                 station: Station) -> None:
    """Once there is room again, what the next start has to know can be told to it."""
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "tmpfs", directory)
    daemon = lab.daemon(host_file=str(directory / "leases.db"))
    daemon.write(hanging(daemon, "accept(request)", SLEEPS) + "    return True\n")
    daemon.start()
    station.lease(mac_of(1))
    assert daemon.stop() == 0
    lab.server.run("dd", "if=/dev/zero", f"of={directory}/filler", "bs=1k", check=False)
    daemon.start()
    daemon.wait_for("could not be told to the next start: .*No space left")
    time.sleep(LIMIT)
    assert daemon.log().count("could not be told") == 1
    lab.server.run("rm", directory / "filler")
    time.sleep(LIMIT)
    (daemon.directory / "hang").touch()
    station.discover(mac_of(2))
    assert ended(daemon, PATIENCE) == 1
    daemon.start()
    daemon.wait_for(r"accept\(\) is left out until the configuration file changes")
    station.lease(mac_of(2))
