"""The unit for systemd: what its sandbox leaves open, and that the server needs nothing which it closes.

The second is told from a trace of the system calls of a whole life: start, a lease, the prompt, a reload, the end.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from unit_file import ROOT, UNIT, allowed_system_calls, values, words

from pydhcpd.net import sockets

SYSCTL = ROOT / "etc" / "sysctl.d" / "pydhcpd.conf"
WORST_EXPOSURE = 1.6
PATIENCE = 60.0  # seconds; a traced Python starts slowly

needs_systemd_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None,
                                           reason="systemd-analyze is not installed (package systemd)")


def analyzed(*words: str) -> str:
    """What systemd-analyze prints."""
    done = subprocess.run(["systemd-analyze", *words], capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr


@needs_systemd_analyze
def test_exposure_is_low() -> None:
    told = analyzed("security", "--offline=true", "--no-pager", str(UNIT))
    level = re.search(r"Overall exposure level for pydhcpd.service: ([0-9.]+)", told)
    assert level, told
    assert float(level[1]) <= WORST_EXPOSURE, told


@needs_systemd_analyze
def test_systemd_finds_no_fault_with_it(tmp_path: Path) -> None:
    # The program and the man pages need not be installed here.
    text = re.sub(r"^(Exec\w+)=/usr/bin/pydhcpd", r"\1=/bin/true", UNIT.read_text(), flags=re.M)
    copy = tmp_path / "pydhcpd.service"
    copy.write_text(re.sub(r"^Documentation=.*\n", "", text, flags=re.M))
    told = analyzed("verify", "--man=no", str(copy))
    assert [line for line in told.splitlines() if "pydhcpd.service" in line] == []


@pytest.mark.parametrize(("name", "value"), [
    ("Type", "notify"), ("NotifyAccess", "main"), ("TimeoutStartSec", "infinity"),
    ("Restart", "always"), ("User", "pydhcpd"), ("ConfigurationDirectory", "pydhcpd"), ("StateDirectory", "pydhcpd"),
    ("RuntimeDirectory", "pydhcpd"), ("CapabilityBoundingSet", "CAP_NET_BIND_SERVICE CAP_NET_RAW"),
    ("AmbientCapabilities", "CAP_NET_BIND_SERVICE CAP_NET_RAW"), ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict"),
    ("MemoryDenyWriteExecute", "yes"),
])
def test_directive(name: str, value: str) -> None:
    assert values(name) == [value]


def test_a_reload_begins_with_the_check_that_makes_systemctl_fail() -> None:
    assert values("ExecReload") == ["/usr/bin/pydhcpd -check", "/bin/kill -HUP $MAINPID"]


def test_sysctl_allows_the_buffers_that_the_server_asks_for() -> None:
    limits = dict(re.findall(r"^(\S+) = ([0-9]+)$", SYSCTL.read_text(), flags=re.M))
    assert limits == dict.fromkeys(("net.core.rmem_max", "net.core.wmem_max"), str(sockets._BUFFER_SIZE))


# --- a life under strace, as systemd would start it: another user, two capabilities, nothing to gain by execve


NOBODY = 65534

UDHCPC_SCRIPT = "#!/bin/sh\n[ \"$1\" = bound ] && echo \"bound $ip\"\nexit 0\n"

# The tree is seen where anybody can reach it, and so is a Python that is installed in root's home.
BENCH = """\
mount --make-rprivate / && mount --bind "$1" "$2" && cd "$2" && shift 2 || exit
case "$1" in /root/*)
    mount --bind "$1" /mnt && mount -t tmpfs -o mode=0711 tmpfs /root && mkdir -p "$1" && mount --move /mnt "$1" || exit
esac
shift &&
ip link set lo up && ip link add s0 type veth peer name c0 && ip address add 10.79.0.1/24 dev s0 &&
ip link set s0 up && ip link set c0 up && exec "$@"
"""


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A directory that the server's user can reach, as it could not reach pytest's."""
    with tempfile.TemporaryDirectory(prefix="pydhcpd-unit-") as made:
        place = Path(made)
        place.chmod(0o755)
        for name in ("tree", "etc", "state", "tmp"):
            (place / name).mkdir(mode=0o755)
        yield place


@pytest.fixture(scope="module")
def trace(place: Path) -> str:
    """The system calls of the server, with its children, as strace writes them."""
    missing = [name for name in ("strace", "udhcpc", "setpriv", "unshare", "nsenter", "ip") if shutil.which(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if os.geteuid() != 0 or subprocess.run(["unshare", "-n", "-m", "true"], capture_output=True).returncode:
        pytest.skip("needs root and namespaces")
    for name in ("state", "tmp"):
        os.chown(place / name, NOBODY, NOBODY)
    configuration, script = place / "etc" / "pydhcpd.conf", place / "udhcpc.sh"
    configuration.write_text('interface = "s0"\nrouter = "10.79.0.1"\n')
    configuration.chmod(0o644)
    script.write_text(UDHCPC_SCRIPT)
    script.chmod(0o755)
    given = ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in words("CapabilityBoundingSet"))])
    command = ["unshare", "-n", "-m", "--", "sh", "-c", BENCH, "sh", str(ROOT), str(place / "tree"), sys.base_prefix,
               "strace", "-f", "-qq", "-o", str(place / "trace"),
               "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps={given}",
               f"--ambient-caps={given}", f"--bounding-set={given}", "--no-new-privs",
               interpreter(place), "-B", "-m", "pydhcpd", str(configuration), "-foreground", "yes",
               "-host_file", str(place / "state" / "leases.db"), "-pid_file", str(place / "state" / "pid")]
    with (place / "log").open("w") as out:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                  env={"PATH": os.environ["PATH"], "TMPDIR": str(place / "tmp")})
    try:
        live(server, place / "log", place / "state" / "pid", script)
    finally:
        server.kill()
        server.wait()
    return (place / "trace").read_text(errors="replace")


def interpreter(place: Path) -> str:
    """The Python that runs this; one inside the tree is found where the tree is mounted."""
    own = Path(sys.executable)
    return str(place / "tree" / own.relative_to(ROOT)) if own.is_relative_to(ROOT) else str(own)


def live(server: "subprocess.Popen[bytes]", log: Path, pid_file: Path, script: Path) -> None:
    """Take the server through its life."""
    wait_for(server, log, "serving 10.79.0.0/24")
    there = ["nsenter", "-t", str(server.pid), "-n"]
    told = subprocess.run([*there, "udhcpc", "-i", "c0", "-f", "-q", "-n", "-t", "10", "-s", str(script)],
                          capture_output=True, text=True, timeout=PATIENCE)
    assert "bound 10.79.0." in told.stdout, told.stderr + log.read_text()
    ask = ("import socket; s = socket.create_connection(('127.0.0.1', 6767)); "
           "s.sendall(b'hosts\\nevents\\nconfiguration\\nquit\\n'); print(s.makefile().read())")
    answer = subprocess.run([*there, sys.executable, "-c", ask], capture_output=True, text=True, timeout=PATIENCE)
    assert "10.79.0.6" in answer.stdout, answer.stderr
    pid = int(pid_file.read_text())
    status = Path(f"/proc/{pid}/status").read_text()
    assert re.findall(r"^Cap(?:Prm|Eff|Amb):\t(\w+)$", status, flags=re.M) == ["0" * 16] * 3
    os.kill(pid, signal.SIGHUP)
    wait_for(server, log, "reloaded")
    os.kill(pid, signal.SIGTERM)
    assert server.wait(PATIENCE) == 0


def wait_for(server: "subprocess.Popen[bytes]", log: Path, words: str) -> None:
    """Wait until the server's log has these words."""
    deadline = time.monotonic() + PATIENCE
    while words not in log.read_text():
        assert server.poll() is None and time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


def own(trace: str) -> list[str]:
    """The calls of the server itself and its children, without those of setpriv before it."""
    lines = trace.splitlines()
    start = next(number for number, line in enumerate(lines) if re.search(r'execve\("[^"]*python[^"]*"', line))
    return lines[start:]


@needs_systemd_analyze
def test_the_filter_allows_every_system_call_that_is_made(trace: str) -> None:
    used = {call[1] for line in own(trace) if (call := re.match(r"[0-9]+ +([a-z_0-9]+)\(", line))}
    assert {"recvmmsg", "sendmmsg", "fdatasync", "execve", "prctl"} <= used
    assert used - allowed_system_calls() == set()


def test_only_allowed_address_families_are_used(trace: str) -> None:
    families = {found[1] for line in own(trace) if (found := re.search(r" socket\((AF_[A-Z0-9]+)", line))}
    assert families >= {"AF_INET", "AF_PACKET", "AF_NETLINK"}
    assert families <= set(words("RestrictAddressFamilies"))


def test_no_memory_becomes_executable_after_it_was_writable(trace: str) -> None:
    writable = [line for line in own(trace) if re.search(r" mmap\(.*PROT_WRITE.*PROT_EXEC", line)]
    changed = [line for line in own(trace) if re.search(r" (pkey_)?mprotect\(.*PROT_EXEC", line)]
    assert writable + changed == []


def test_it_writes_nowhere_but_in_its_directories(trace: str, place: Path) -> None:
    written = {found[1] for line in own(trace)
               if (found := re.search(r' openat\(AT_FDCWD, "([^"]+)", [^)]*O_(?:WRONLY|RDWR).* = [0-9]', line))}
    assert str(place / "state" / "leases.db-wal") in written
    allowed = ("/dev/null", str(place / "state"), str(place / "tmp"))
    assert [path for path in sorted(written) if not path.startswith(allowed)] == []
