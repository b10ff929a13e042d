"""The process: locks, signals, detaching, privileges, exit codes, and what it says when it cannot start."""

import fcntl
import os
import pwd
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab import PATIENCE, SERVER, STOP_LIMIT, Daemon, Lab, Machine, need, wait_until
from messages import mac_of
from station import Station

pytestmark = pytest.mark.namespaces
NOBODY = pwd.getpwnam("nobody")


def test_second_daemon_with_the_same_pid_file_says_who_holds_it(daemon: Daemon, station: Station) -> None:
    """It names the process and the file, and leaves both alone."""
    done = daemon.run()
    assert done.returncode == 1
    assert str(daemon.pid) in done.stderr and str(daemon.pid_file) in done.stderr and "Traceback" not in done.stderr
    assert daemon.pid_file.read_text().strip() == str(daemon.pid)
    station.lease(mac_of(1))


@pytest.mark.parametrize("foreground", [True, False])
@pytest.mark.unsandboxed
def test_second_daemon_with_the_same_database_says_so(lab: Lab, daemon: Daemon, station: Station, foreground: bool) -> None:
    """Another pid file, another network even: two processes must not write one database. Told before it detaches."""
    elsewhere = lab.machine("elsewhere")
    elsewhere.ip("link add s0 type veth peer name p0", "addr add 10.99.0.1/24 dev s0", "link set s0 up")
    second = lab.daemon(elsewhere, host_file=str(daemon.database), foreground=foreground)
    done = second.run()
    assert done.returncode == 1
    assert str(daemon.database) in done.stderr and str(daemon.pid) in done.stderr and "Traceback" not in done.stderr
    assert not second.pid_file.exists()
    station.lease(mac_of(1))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_in_time(daemon: Daemon, station: Station, number: int) -> None:
    """Exit code 0 within 5 s, the pid file gone, the database whole and without a log beside it."""
    station.lease(mac_of(1))
    assert daemon.stop(number) == 0
    assert not daemon.pid_file.exists()
    assert daemon.log().rstrip().endswith("all leases are stored")
    assert not daemon.database.with_name("leases.db-wal").exists()


def test_files_are_not_for_everyone(daemon: Daemon) -> None:
    """Leases tell who is where: nobody else may read or write them."""
    wanted = [daemon.database, daemon.database.with_name("leases.db-wal")]
    assert all(not stat.S_IMODE(path.stat().st_mode) & (stat.S_IRWXO | stat.S_IWGRP) for path in wanted)
    assert not stat.S_IMODE(daemon.pid_file.stat().st_mode) & (stat.S_IWGRP | stat.S_IWOTH)


@pytest.mark.parametrize("place", ["leases", "."])
def test_it_does_not_start_where_anyone_could_replace_its_database(lab: Lab, client: Machine, place: str) -> None:
    """A state directory of mode 777, or one above it: told with the remedy, and nothing is made there."""
    daemon = lab.daemon()
    daemon.database.parent.mkdir()
    wide = daemon.database.parent / ("" if place == "leases" else "..")
    wide.chmod(0o777)
    done = daemon.run()
    assert done.returncode == 1 and f"chmod {'o-w' if place == 'leases' else 'go-w'} {wide.resolve()}" in done.stderr
    assert "Traceback" not in done.stderr and not list(daemon.database.parent.iterdir())


def test_it_does_not_start_on_a_database_with_a_second_name(lab: Lab, client: Machine) -> None:
    """By a hard link somebody else may write it, or root would give another's file away."""
    daemon = lab.daemon().start()
    assert daemon.stop() == 0
    os.link(daemon.database, daemon.directory / "second")
    done = daemon.run()
    assert done.returncode == 1 and str(daemon.database) in done.stderr and "hard links" in done.stderr
    (daemon.directory / "second").unlink()
    daemon.start()


@pytest.mark.parametrize("make", [
    os.mkfifo, lambda path: path.symlink_to("/etc/shadow"), lambda path: path.symlink_to("/dev/zero"),
    lambda path: os.mknod(path, 0o20644, os.makedev(1, 5)), lambda path: (path.touch(), path.chmod(0o666))])
def test_an_odd_reservation_file_is_refused_at_once(daemon: Daemon, station: Station, make: Callable[[Path], object]) -> None:
    """At a reload and at a start: it neither hangs nor eats memory, and nothing of what a link leads to is told."""
    make(daemon.database.with_name("reservations.csv"))
    memory = daemon.memory()
    said = daemon.reload("not reloaded: .*reservations.csv", timeout=5)
    assert "root:" not in said and daemon.memory() < 1.2 * memory
    station.lease(mac_of(1))
    assert daemon.stop() == 0
    done = daemon.run(timeout=5)
    assert done.returncode == 1 and "reservations.csv" in done.stderr and "root:" not in done.stderr


# --- daemon mode


def is_gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has: its new parent may be slow)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def detached(daemon: Daemon) -> int:
    """Start in daemon mode; returns the process id that the pid file tells, as soon as the starting process has ended."""
    done = daemon.run()
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return int(daemon.pid_file.read_text())


@pytest.fixture
def syslog(lab: Lab) -> Iterator[socket.socket]:
    """A system log on the server."""
    lab.server.run("sh", "-c", "mount -t tmpfs tmpfs /run && mount --bind /run /dev 2>/dev/null; "
                               "mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(f"/proc/{lab.server.pid}/root/dev/log")
        made.settimeout(PATIENCE)
        yield made


def ended(pid: int) -> None:
    """Tell a detached daemon to end, and wait for that."""
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: is_gone(pid), "the end", STOP_LIMIT)


@pytest.mark.unsandboxed
def test_daemon_mode_without_a_system_log_is_refused(lab: Lab, client: Machine) -> None:
    """Nobody would hear what it says; where to is told, and it does not look like a success."""
    lab.server.run("mount", "-t", "tmpfs", "tmpfs", "/dev")
    lab.server.run("sh", "-c", "mknod -m 666 /dev/null c 1 3; mknod -m 666 /dev/urandom c 1 9")
    daemon = lab.daemon(foreground=False)
    done = daemon.run()
    assert done.returncode == 1 and "/dev/log" in done.stderr and "-foreground" in done.stderr
    assert not daemon.pid_file.exists() and not lab.server.processes()


@pytest.mark.unsandboxed
def test_daemon_mode_tells_that_it_ended_by_itself(lab: Lab, client: Machine, syslog: socket.socket) -> None:
    """What goes wrong after the terminal was left is told there too, with exit code 1."""
    daemon = lab.daemon(foreground=False, user="nobody")
    daemon.database.parent.mkdir()
    done = daemon.run()
    assert done.returncode == 1 and f"chown nobody {daemon.database.parent}" in done.stderr, done.stderr
    assert not daemon.pid_file.exists()


def test_daemon_mode_with_relative_paths(lab: Lab, client: Machine, station: Station, syslog: socket.socket) -> None:
    """They are meant from where it was started, at reloads too, though it runs in another directory then."""
    daemon = lab.daemon(foreground=False, pid_file="rel.pid", host_file="rel.db", reservation_file="rel.csv")
    (daemon.directory / "rel.csv").write_text(f"mac,ip\n{mac_of(1).hex(':')},10.77.9.1\n")
    words = ["sh", "-c", f"cd {daemon.directory} && exec {daemon.python} -m pydhcpd pydhcpd.conf"]
    done = lab.server.run(*words, check=False, env=daemon.environment())
    assert (done.returncode, done.stderr) == (0, "")
    pid = int((daemon.directory / "rel.pid").read_text())
    assert station.lease(mac_of(1)).yiaddr == "10.77.9.1"
    again = lab.server.run(*words, check=False, env=daemon.environment())
    assert again.returncode == 1 and f"process {pid}" in again.stderr
    daemon.write(ip_address_lease_time=1234)
    os.kill(pid, signal.SIGHUP)
    wait_until(lambda: station.lease(mac_of(2)).number(51) == 1234, "the reload")
    assert station.lease(mac_of(1)).yiaddr == "10.77.9.1"
    assert f"host_file: '{daemon.directory / 'rel.db'}'" in daemon.prompt("configuration")
    assert (daemon.directory / "rel.db.lock").exists() and not Path("/rel.db").exists()
    ended(pid)


@pytest.mark.unsandboxed
def test_daemon_mode_detaches_and_obeys(lab: Lab, client: Machine, station: Station, syslog: socket.socket) -> None:
    """The starting process ends; the pid file names the one that serves, which has a session of its own."""
    daemon = lab.daemon(foreground=False)
    pid = detached(daemon)
    assert pid in lab.server.processes()
    assert os.getsid(pid) not in (os.getsid(0), 0) and os.path.samefile(f"/proc/{pid}/cwd", "/")
    assert {os.stat(f"/proc/{pid}/fd/{number}").st_rdev for number in range(3)} == {os.stat("/dev/null").st_rdev}
    ack = station.lease(mac_of(1))
    assert ack.yiaddr in daemon.prompt("hosts")
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: is_gone(pid), "the end", STOP_LIMIT)
    assert not daemon.pid_file.exists()


@pytest.mark.unsandboxed
def test_daemon_mode_logs_to_syslog(lab: Lab, client: Machine, station: Station, syslog: socket.socket) -> None:
    """RFC 5424 section 6.2.1: facility daemon (3), severity informational (6): priority 30."""
    pid = detached(lab.daemon(foreground=False))
    lines = [syslog.recv(4096).decode(), syslog.recv(4096).decode()]
    assert lines[0].startswith(f"<30>pydhcpd[{pid}]: pydhcpd ") and "serving 10.77.0.0/16" in lines[1]
    ended(pid)


@pytest.mark.parametrize("delay", [0.1, 0.2, 0.3, 0.5])
@pytest.mark.unsandboxed  # it would be the making of the sandbox that hears of it
def test_a_reload_asked_for_while_it_starts_does_not_end_it(lab: Lab, client: Machine, station: Station, delay: float) -> None:
    """A script that starts it and sends SIGHUP at once need not know how long Python takes."""
    daemon = lab.daemon().start(serving=False)
    wait_until(lambda: b"pydhcpd" in Path(f"/proc/{daemon.pid}/cmdline").read_bytes(), "the interpreter")
    time.sleep(delay)
    daemon.send(signal.SIGHUP)
    daemon.wait_for(r"reloaded .*: 1 subnet, 1 pool, 0 hosts, 0 classes; nothing changed")
    station.lease(mac_of(1))


def test_it_starts_with_standard_files_closed(lab: Lab, client: Machine, station: Station) -> None:
    """No socket may get the number of a standard file, and be written to as if it were one."""
    daemon = lab.daemon()
    process = lab.server.start("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *daemon.words(), env=daemon.environment(), cwd="/")
    try:
        wait_until(daemon.pid_file.exists, "the pid file")
        station.lease(mac_of(1))
        process.terminate()
        assert process.wait(STOP_LIMIT) == 0
    finally:
        process.kill()
        process.wait()


def test_it_serves_when_its_log_goes_nowhere(lab: Lab, client: Machine, station: Station) -> None:
    """A pipe whose reader has gone (EPIPE), and one whose reader does not read, hold nothing up."""
    for reader_stays in (False, True):
        daemon = lab.daemon(debug=True)
        process = lab.server.start(*daemon.words(), env=daemon.environment(), cwd="/", stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            assert process.stderr is not None and process.stderr.readline()
            fcntl.fcntl(process.stderr, fcntl.F_SETPIPE_SZ, 4096)
            if not reader_stays:
                process.stderr.close()
            for number in range(20):
                station.lease(mac_of(number))
            process.terminate()
            assert process.wait(STOP_LIMIT) == 0
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("error", ["EIO", "ENOBUFS", "ENOMEM", "ENETDOWN"])
def test_errors_of_receiving_that_last_are_told_at_a_bounded_rate(daemon: Daemon, station: Station, error: str) -> None:
    """A line a minute instead of a hundred tracebacks a second, little work meanwhile, and service as soon as it is over."""
    need("strace")
    station.lease(mac_of(1))
    begin = len(daemon.log())
    output = daemon.directory / "strace"
    with subprocess.Popen(["strace", "-f", "-qq", "-o", output, "-e", "trace=recvmmsg", "-e", f"inject=recvmmsg:error={error}",
                           "-p", str(daemon.pid)]) as strace:
        time.sleep(1)
        station.discover(mac_of(2))
        time.sleep(4)
        strace.terminate()
    assert 0 < output.read_text().count("INJECTED") < 50, output.read_text()[-2000:]
    said = daemon.log()[begin:]
    assert said.count("could not be received") == 1 and "Traceback" not in said
    station.lease(mac_of(2))


# --- privileges


def identities(pid: int) -> set[tuple[str, ...]]:
    """Real, effective, saved and file system ids of user and group, of every thread (proc(5))."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = dict(line.split(":", 1) for line in (task / "status").read_text().splitlines() if ":" in line)
        found |= {("Uid", *lines["Uid"].split()), ("Gid", *lines["Gid"].split()), ("Cap", lines["CapEff"].strip())}
    return found


def as_nobody(machine: Machine, *words: object, **options: object) -> subprocess.CompletedProcess[str]:
    """Run a program without any privileges."""
    drop = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    return machine.run(*drop, *words, check=False, timeout=20, **options)


@pytest.fixture
def open_daemon(lab: Lab, client: Machine) -> Daemon:
    """A daemon whose interpreter everyone may run (one below /root may not be), for a reload starts it again."""
    daemon = lab.daemon(user="nobody")
    if as_nobody(lab.server, "sh", "-c", f"exec {daemon.python} -c 'import sqlite3'").returncode == 0:
        return daemon
    daemon.python = "/usr/bin/python3"
    daemon.path += [path for path in sys.path if path.endswith("site-packages")]
    if as_nobody(lab.server, *daemon.words("-version"), env=daemon.environment()).returncode:
        pytest.skip(f"user nobody can run neither {sys.executable} nor {daemon.python} with what pydhcpd needs")
    return daemon


def test_privileges_are_dropped_and_serving_and_reload_go_on(open_daemon: Daemon, station: Station) -> None:
    """After the start nothing is root's any more, and nothing needs it."""
    daemon = open_daemon.start()
    user, group = [str(NOBODY.pw_uid)] * 4, [str(NOBODY.pw_gid)] * 4
    assert identities(daemon.pid) == {("Uid", *user), ("Gid", *group), ("Cap", "0" * 16)}
    assert daemon.database.stat().st_uid == NOBODY.pw_uid
    assert "cannot be read" not in daemon.log()
    assert station.lease(mac_of(1)).number(51) == 8 * 3600
    daemon.write(ip_address_lease_time=1234)
    daemon.reload()
    assert station.lease(mac_of(2)).number(51) == 1234
    assert daemon.stop() == 0
    assert not daemon.pid_file.exists()


@pytest.mark.unsandboxed
def test_reservations_that_the_user_cannot_read_are_told_and_not_lost(open_daemon: Daemon, station: Station) -> None:
    """Root reads them at the start; whoever has become somebody else says at once that no reload can."""
    file = open_daemon.directory / "reservations.csv"
    file.write_text(f"mac,ip\n{mac_of(1).hex(':')},10.77.9.1\n")
    file.chmod(0o600)
    open_daemon.write(reservation_file=str(file))
    open_daemon.start()
    assert f"{file} cannot be read by the user of pydhcpd" in open_daemon.log()
    address = station.lease(mac_of(1)).yiaddr
    open_daemon.reload(f"not reloaded: {file}: cannot be read: Permission denied")
    assert station.lease(mac_of(1)).yiaddr == address == "10.77.9.1"
    file.chmod(0o644)
    open_daemon.reload("reloaded .* 1 host, ")


def test_database_of_root_is_taken_over_by_the_user(lab: Lab, client: Machine, station: Station) -> None:
    """It ran as root first, and `user` came into the file later; the directories were handed over by hand."""
    daemon = lab.daemon().start()
    address = station.lease(mac_of(1)).yiaddr
    daemon.kill()
    for directory in (daemon.pid_file.parent, daemon.database.parent):
        os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
    daemon.write(user="nobody")
    daemon.start()
    assert station.lease(mac_of(1)).yiaddr == address


@pytest.mark.unsandboxed
def test_directory_that_the_user_cannot_write_is_told(lab: Lab, client: Machine, station: Station) -> None:
    """SQLite makes files beside the database, so to own the file alone does not do; what to do is said."""
    daemon = lab.daemon().start()
    assert daemon.stop() == 0
    daemon.write(user="nobody")
    done = daemon.run()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert str(daemon.database.parent) in done.stderr and "user nobody" in done.stderr and "chown" in done.stderr


def test_unknown_user_is_told(lab: Lab, client: Machine) -> None:
    """With the remedy, and before anything is left behind."""
    daemon = lab.daemon(user="no-such-user")
    done = daemon.run()
    assert done.returncode == 1 and "no-such-user" in done.stderr and "Traceback" not in done.stderr
    assert not daemon.pid_file.exists()


@pytest.mark.unsandboxed
def test_start_without_rights_says_what_is_needed(lab: Lab, open_daemon: Daemon) -> None:
    """Port 67 and raw sockets need capabilities."""
    daemon = open_daemon
    daemon.write(user=None)
    for directory in (daemon.pid_file.parent, daemon.database.parent):
        directory.mkdir()
        os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
    daemon.file.chmod(0o600)  # nor is the file to be read, which is not worth telling before
    done = as_nobody(lab.server, *daemon.words(), env=daemon.environment(), cwd="/")
    assert done.returncode == 1
    assert "CAP_NET_BIND_SERVICE" in done.stderr and "Traceback" not in done.stderr


# --- checks and messages


@pytest.mark.unsandboxed
def test_check_tells_by_its_exit_code(lab: Lab) -> None:
    """0 for a good file, 1 for a bad one, with file and line; nothing is made, nothing is opened."""
    daemon = lab.daemon()
    done = daemon.run("-check")
    assert (done.returncode, done.stderr) == (0, "") and "good" in done.stdout
    daemon.write(daemon.file.read_text() + "router = '7'\nip_address_lease_time = 0\n")
    done = daemon.run("-check")
    number = len(daemon.settings)
    assert done.returncode == 1
    assert f"{daemon.file}:{number + 1}: router" in done.stderr
    assert f"{daemon.file}:{number + 2}: ip_address_lease_time" in done.stderr
    assert not daemon.pid_file.parent.exists() and not daemon.database.parent.exists()


@pytest.mark.parametrize("loop", [
    "while True:\n    pass\n", "import time\ntime.sleep(1e6)\n",
    "import time\nwhile True:\n    try:\n        time.sleep(1e6)\n    except Exception:\n        pass\n"])
def test_a_file_without_end_ends_a_check_and_a_start(lab: Lab, client: Machine, loop: str) -> None:
    """Also one that sleeps, and one that catches what it can; its line is told, and what would let it go on."""
    daemon = lab.daemon()
    lines = f"({'|'.join(str(len(daemon.settings) + line) for line in range(7))})"
    daemon.write(daemon.file.read_text() + loop)
    for words in (["-check"], [], ["-export", "-"]):
        done = daemon.run("-configuration_time_limit", 0.5, *words)
        assert done.returncode == 1, done.stderr
        place = rf"{daemon.file}:{lines}: it did not end within 0\.5 s; .*configuration_time_limit\n"
        assert re.fullmatch(place, done.stderr), done.stderr
    assert not daemon.pid_file.exists()


def test_check_works_while_the_daemon_runs(daemon: Daemon) -> None:
    """It takes no lock and no port."""
    assert daemon.run("-check").returncode == 0


@pytest.mark.parametrize(("kind", "address", "port", "words"), [
    (socket.SOCK_DGRAM, "0.0.0.0", 67, ("port 67", "another DHCP server")),
    (socket.SOCK_DGRAM, SERVER, 67, ("port 67", "another DHCP server")),
    (socket.SOCK_STREAM, "127.0.0.1", 6767, ("127.0.0.1 port 6767", "control_port")),
])
def test_port_in_use_is_told_with_a_remedy(lab: Lab, client: Machine, kind: int, address: str, port: int,
                                           words: tuple[str, ...]) -> None:
    """Which port, why, and what to do; exit code 1; no lock stays behind."""
    def occupy() -> socket.socket:
        made = socket.socket(socket.AF_INET, kind)
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen()
        return made

    lab.keep(lab.server.open(occupy))
    daemon = lab.daemon()
    done = daemon.run()
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert not daemon.pid_file.exists()


@pytest.mark.unsandboxed
def test_files_that_cannot_be_used_are_told(lab: Lab, client: Machine) -> None:
    """A lease database that is none, and directories where files are named."""
    for name in ("host_file", "pid_file"):
        directory = lab.directory / "folder" / name
        directory.mkdir(parents=True)
        done = lab.daemon(**{name: str(directory)}).run()
        assert done.returncode == 1 and str(directory) in done.stderr and "Traceback" not in done.stderr
    noise = lab.directory / "noise.db"
    noise.write_bytes(b"this is no database" * 100)
    done = lab.daemon(host_file=str(noise)).run()
    assert done.returncode == 1 and str(noise) in done.stderr and "Traceback" not in done.stderr
    assert noise.read_bytes() == b"this is no database" * 100


def test_idle_daemon_rests(daemon: Daemon) -> None:
    """An idle server must not spin: a hundredth of a processor at most."""
    def used() -> float:
        fields = Path(f"/proc/{daemon.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    time.sleep(0.5)
    before, begin = used(), time.monotonic()
    time.sleep(3)
    assert (used() - before) / (time.monotonic() - begin) < 0.02
