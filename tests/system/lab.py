"""The lab: machines that are network namespaces, the daemon in one of them, and clients in the others.

A machine lasts as long as a process of ours holds it, so names need not be unique and nothing survives the test run.
A client machine has its own /run, /etc, leases and host name besides, so that real clients cannot change those of the
machine that runs the tests.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sandbox
from messages import mac_of
from unit_file import for_sandbox

ROOT = Path(__file__).resolve().parents[2]
SERVER, PREFIX, NETWORK = "10.77.0.1", 16, "10.77.0.0/16"
SERVER_MAC = bytes.fromhex("027700ffff01")
PATIENCE = 15.0  # seconds that anything may take which is not about time itself
STOP_LIMIT = 5.0  # seconds in which a daemon that is told to must end
OF_SYSTEMD = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "JOURNAL_STREAM")
CLONE_NEWNET = 0x40000000
PRIVATE_FILES = """
    mount -t tmpfs tmpfs /run && mkdir /run/lock && cp -a /etc /run/etc && mount --bind /run/etc /etc && rm -f /etc/resolv.conf
    echo 'nameserver 192.0.2.99' > /etc/resolv.conf
    for one in /var/lib/dhcp /var/lib/dhcpcd; do test ! -d $one || { cp -a $one /run/state; mount -t tmpfs tmpfs $one; }; done
    chown --reference=/run/state /var/lib/dhcpcd 2>/dev/null
    rm -rf /run/state
"""
T = TypeVar("T")


def reason_to_skip() -> str:
    """Why there can be no lab here; empty where there can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    missing = [name for name in ("ip", "unshare", "nsenter", "setpriv", "mount", "hostname") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    done = subprocess.run(["unshare", "-n", "-m", "-u", "true"], capture_output=True, text=True, check=False)
    return f"namespaces cannot be made: {done.stderr.strip()}" if done.returncode else ""


def need(*programs: str) -> None:
    """Skip the test where a program is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")


def need_python_of_nobody(python: str, module: str) -> None:
    """Skip the test where user nobody cannot run a Python with a module, as one that lies in root's home."""
    words = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-c",  # for setpriv itself may do more
             f"exec {python} -c 'import {module}'"]
    if subprocess.run(words, capture_output=True, cwd=ROOT, check=False).returncode:
        pytest.skip(f"user nobody cannot run {python} with {module}")


def wait_until(condition: Callable[[], T], what: str, timeout: float = PATIENCE) -> T:
    """Ask again and again until the answer is true; returns it, or fails with `what` was waited for."""
    deadline = time.monotonic() + timeout
    while not (result := condition()):
        assert time.monotonic() < deadline, f"waited {timeout} s in vain: {what}"
        time.sleep(0.02)
    return result


class Machine:
    """A network namespace with its own host name. With `private` it also has its own /run, /etc and client state."""

    def __init__(self, name: str, private: bool = False) -> None:
        self.is_private = private
        self.name = name
        setup = f"hostname {name} && {{ {PRIVATE_FILES if private else 'true'}\n}}; ip link set lo up; echo ready; exec cat"
        self._holder = subprocess.Popen(["unshare", "-n", "-m", "-u", "sh", "-c", setup], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.pid = self._holder.pid
        assert self._holder.stdout is not None and self._holder.stdout.readline() == "ready\n"
        self.run("sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6 || true")

    def inside(self, words: Iterable[object]) -> list[str]:
        """The command line that runs these words here."""
        return ["nsenter", "-t", str(self.pid), "-n", "-m", "-u", "-r", "-w", "--", *map(str, words)]

    def run(self, *words: object, check: bool = True, timeout: float = 60, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program here to its end."""
        done = subprocess.run(self.inside(words), text=True, capture_output=True, timeout=timeout, check=False, **options)
        assert not check or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done

    def start(self, *words: object, **options: Any) -> subprocess.Popen[Any]:
        """Start a program here, which does not outlive the test run, however that ends."""
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self.inside(words)], **options)

    def ip(self, *lines: str) -> None:
        """Commands of iproute2, a line each."""
        self.run("ip", "-batch", "-", input="\n".join(lines) + "\n")

    def ip_text(self, words: str) -> str:
        """What `ip` says."""
        return self.run("ip", *words.split()).stdout

    def open(self, make: Callable[[], T]) -> T:
        """Call something that opens sockets here: they stay in this namespace wherever they are used."""
        result: list[Any] = []
        thread = threading.Thread(target=lambda: result.append(self._opened(make)))
        thread.start()
        thread.join()
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def _opened(self, make: Callable[[], T]) -> T | Exception:
        """In a thread of its own, for the namespace is the thread's."""
        try:
            with open(f"/proc/{self.pid}/ns/net") as namespace:
                if ctypes.CDLL(None, use_errno=True).setns(namespace.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            return make()
        except Exception as error:
            return error

    def processes(self) -> list[int]:
        """Every process in this namespace but its holder. All are ours: nobody else can know of it."""
        mine = os.stat(f"/proc/{self.pid}/ns/net").st_ino
        return [int(entry) for entry in os.listdir("/proc")
                if entry.isdigit() and int(entry) != self.pid and _namespace_of(entry) == mine]

    def close(self) -> None:
        """End all that runs here, and with it the namespace."""
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._holder.kill()
        self._holder.communicate()


def _namespace_of(pid: str) -> int:
    try:
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    except OSError:
        return 0


def configuration_text(**settings: object) -> str:
    """A configuration file; a value of None leaves a name out."""
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items() if value is not None)


class Daemon:
    """The real program, in the foreground of a machine, with files of its own."""

    def __init__(self, machine: Machine, directory: Path, settings: dict[str, object]) -> None:
        self.machine = machine
        self.directory = directory
        directory.mkdir(mode=0o755, exist_ok=True)
        self.file = directory / "pydhcpd.conf"
        self.log_file = directory / "log"
        self.settings = {"interface": "s0", "foreground": True, "pid_file": str(directory / "run" / "pid"),
                         "host_file": str(directory / "leases" / "leases.db"), **settings}
        self.python, self.path = sys.executable, [str(ROOT)]
        self.sandboxed = False
        self.write()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def pid_file(self) -> Path:
        return Path(str(self.settings["pid_file"]))

    @property
    def control_socket(self) -> Path:
        return self.pid_file.parent / "control.sock"

    @property
    def database(self) -> Path:
        return Path(str(self.settings["host_file"]))

    def write(self, text: str | None = None, **settings: object) -> None:
        """Write the configuration file: as it is with some settings changed, or a text."""
        self.settings.update(settings)
        self.file.write_text(configuration_text(**self.settings) if text is None else text)
        self.file.chmod(0o644)

    def words(self, *more: object) -> list[object]:
        """The program's command line, with that of a sandbox such as the unit's around it if there is to be one."""
        if not self.sandboxed:
            return [self.python, "-m", "pydhcpd", self.file, *more]
        for owned in (self.database.parent, self.pid_file.parent):
            owned.mkdir(exist_ok=True)
            shutil.chown(owned, sandbox.NOBODY, sandbox.NOBODY)
        return sandbox.command(for_sandbox(), self.directory, [Path(self.python), "-m", "pydhcpd", self.file, *more])

    def environment(self, **more: str) -> dict[str, str]:
        """What the program's environment is: ours, and the path to the package."""
        kept = {name: value for name, value in os.environ.items() if name not in OF_SYSTEMD}
        path = [sandbox.seen(Path(one)) for one in self.path] if self.sandboxed else self.path
        return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONUNBUFFERED": "1", **more}

    def start(self, *more: object, serving: bool = True, **environment: str) -> "Daemon":
        """Start it, and wait until it says that it serves."""
        begin = len(self.log())
        with self.log_file.open("ab") as log:
            self.process = self.machine.start(*self.words(*more), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                                              env=self.environment(**environment))
        if serving:
            self.wait_for(r"serving \d", begin)
        return self

    def run(self, *more: object, timeout: float = 20) -> subprocess.CompletedProcess[str]:
        """Run it to its end, which is expected to come soon."""
        return self.machine.run(*self.words(*more), check=False, timeout=timeout, env=self.environment(), cwd="/")

    def log(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wait_for(self, pattern: str, begin: int = 0, timeout: float = PATIENCE) -> re.Match[str]:
        """Wait for a line of the log after the first `begin` characters."""
        def found() -> re.Match[str] | None:
            match = re.search(pattern, self.log()[begin:])
            assert match or self.process is None or self.process.poll() is None, f"it ended:\n{self.log()}"
            return match
        return wait_until(found, f"{pattern!r} in the log:\n{self.log()}", timeout)

    def reload(self, pattern: str = "reloaded", timeout: float = PATIENCE) -> str:
        """Send SIGHUP, and wait for what the log is to say; returns what it has said since."""
        begin = len(self.log())
        self.send(signal.SIGHUP)
        self.wait_for(pattern, begin, timeout)
        return self.log()[begin:]

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def send(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Tell it to end, and wait for that; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(STOP_LIMIT)
        self.process = None
        return code

    def kill(self) -> None:
        """The end without warning."""
        self.stop(signal.SIGKILL)

    def memory(self) -> int:
        """Resident memory, in bytes (proc(5))."""
        pages = Path(f"/proc/{self.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def prompt(self, command: str) -> str:
        """What the control prompt answers to one command."""
        with self.machine.open(lambda: socket.create_connection(("127.0.0.1", 6767), PATIENCE)) as session:
            session.sendall(f"{command}\r\nquit\r\n".encode())
            return b"".join(iter(lambda: session.recv(65536), b"")).decode()

    def ask(self, *words: object) -> subprocess.CompletedProcess[str]:
        """What a command line with `-ask` prints, and its exit code: on the control socket all is allowed."""
        return subprocess.run([sys.executable, "-m", "pydhcpd", "-ask", *map(str, words), "-control_socket",
                               str(self.control_socket)], capture_output=True, text=True, timeout=20, env=self.environment(),
                              check=False)


class Lab:
    """What one test has: a server machine, client machines on its cable, and daemons."""

    def __init__(self, sandboxed: bool = False) -> None:
        """With `sandboxed`, daemons run as in the unit for systemd."""
        self.sandboxed = sandboxed
        self.directory = Path(tempfile.mkdtemp(prefix="pydhcpd-lab-"))
        self.directory.chmod(0o755)
        self.machines: list[Machine] = []
        self.daemons: list[Daemon] = []
        self.closing: list[Any] = []
        self.server = self.machine("server")

    def machine(self, name: str, private: bool = False) -> Machine:
        """One more machine, without a cable."""
        self.machines.append(Machine(name, private))
        return self.machines[-1]

    def clients(self, count: int = 1, private: bool = False) -> list[Machine]:
        """Client machines whose c0 is on the server's s0: by a cable, or by a bridge if there are several."""
        made = [self.machine(f"client{number}", private) for number in range(count)]
        if count == 1:
            self.cable(made[0], "s0", "c0")
        else:
            self.server.ip("link add s0 type bridge forward_delay 0")
            for number, machine in enumerate(made):
                self.cable(machine, f"p{number}", "c0", mac_of(number))
                self.server.ip(f"link set p{number} master s0")
        self.server.ip(f"link set s0 address {SERVER_MAC.hex(':')} up", f"addr add {SERVER}/{PREFIX} brd + dev s0")
        return made

    def client(self, private: bool = False) -> Machine:
        """The one client machine."""
        return self.clients(1, private)[0]

    def cable(self, machine: Machine, server_end: str, client_end: str, mac: bytes | None = None) -> None:
        """Join a machine with the server machine; both ends are up, without addresses."""
        address = (mac or mac_of(0)).hex(":")
        self.server.ip(f"link add {server_end} type veth peer name {client_end} address {address} netns {machine.pid}",
                       f"link set {server_end} up")
        machine.ip(f"link set {client_end} up")

    def daemon(self, machine: Machine | None = None, **settings: object) -> Daemon:
        """A daemon that is configured, and not yet started."""
        made = Daemon(machine or self.server, self.directory / f"daemon{len(self.daemons)}", settings)
        made.sandboxed = self.sandboxed
        self.daemons.append(made)
        return made

    def keep(self, thing: T) -> T:
        """Have something closed at the end."""
        self.closing.append(thing)
        return thing

    def finish(self) -> None:
        """Every daemon still running must end well, and none may have logged a traceback."""
        for one in self.daemons:
            if one.process is not None:
                assert one.process.poll() is None, f"the daemon ended by itself:\n{one.log()}"
                assert one.stop() == 0, one.log()
        for one in self.daemons:
            assert "Traceback" not in one.log(), one.log()

    def close(self) -> None:
        """Take everything down, in whatever state it is."""
        for thing in self.closing:
            thing.close()
        for machine in reversed(self.machines):
            machine.close()
        for one in self.daemons:
            if one.process is not None:
                one.process.kill()
                one.process.wait()
            print(f"--- log of {one.file}\n{one.log()[-20000:]}")
        shutil.rmtree(self.directory, ignore_errors=True)


@contextmanager
def finished_lab(sandboxed: bool = False) -> Iterator[Lab]:
    """A lab; at the end its daemons must stop with exit code 0 and without a traceback in their logs."""
    made = Lab(sandboxed)
    try:
        yield made
        made.finish()
    finally:
        made.close()
