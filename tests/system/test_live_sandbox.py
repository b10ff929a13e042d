"""The sandbox such as the unit's, its filters of system calls included, and what the daemon does in it.

A test or two of each feature that needs anything of the system are marked to run in it as well; `pytest --sandbox
tests/system` runs all so. Here stands that the sandbox is what it says, for else it would mean nothing that they hold.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sandbox
from lab import Daemon, Lab, Machine
from messages import mac_of
from station import Station
from unit_file import for_sandbox

from pydhcpd.services.rank import NICENESS

pytestmark = pytest.mark.namespaces
HEAD = """\
import ctypes, mmap, os, socket, subprocess
from pathlib import Path
def refused(number):
    if number == -1: raise OSError(ctypes.get_errno(), '')
libc = ctypes.CDLL(None, use_errno=True)
here = Path({directory!r})
"""
CAPSET, UNSHARE, SETRESUID, MEMORY = 126, 272, 117, "mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANON"


@pytest.fixture
def sandboxed() -> bool:
    """All daemons of this module."""
    return True


def tried(lab: Lab, statement: str) -> "subprocess.CompletedProcess[str]":
    """What comes of a statement of Python in a sandbox, in whose directory are `state`, nobody's, and `root`, root's."""
    for name, owner in (("state", sandbox.NOBODY), ("root", 0)):
        (lab.directory / name).mkdir(exist_ok=True)
        os.chown(lab.directory / name, owner, owner)
    program = [Path(sys.executable), "-c", HEAD.format(directory=str(lab.directory)) + statement]
    return lab.server.run(*sandbox.command(for_sandbox(), lab.directory, program), check=False)


@pytest.mark.parametrize(("statement", "error"), [
    ("open('/etc/pydhcpd.conf', 'w')", "Read-only file system"),
    ("open('/usr/pydhcpd', 'w')", "Read-only file system"),
    ("open('/var/lib/pydhcpd', 'w')", "Read-only file system"),
    ("open('/proc/sys/net/ipv4/ip_forward', 'w')", "(Read-only file system|Permission denied)"),
    ("os.listdir('/root')", "Permission denied"),
    ("os.listdir('/proc/1')", "(No such file or directory|Operation not permitted)"),
    ("open(here / 'root' / 'file', 'w')", "Permission denied"),
    ("open('/dev/kmsg')", "No such file or directory"),
    ("socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)", "Address family not supported by protocol"),
    ("socket.socket(socket.AF_VSOCK)", "Address family not supported by protocol"),
    (f"refused(libc.syscall({CAPSET}, None, None))", "Errno 1"),
    (f"refused(libc.syscall({SETRESUID}, 65534, 65534, 65534))", "Errno 1"),
    (f"refused(libc.syscall({UNSHARE}, 0x40000000))", "Errno 1"),
    (f"{MEMORY}, mmap.PROT_WRITE | mmap.PROT_EXEC)", "Operation not permitted"),
    ("os.chmod(here / 'state', 0o4755)", "Operation not permitted"),
    ("Path(here / 'state' / 'true').write_bytes(Path('/bin/true').read_bytes()); (here / 'state' / 'true').chmod(0o755); "
     "subprocess.run([str(here / 'state' / 'true')])", "Permission denied"),
    ("os.nice(-1)", "(Operation not permitted|Permission denied)"),
    ("os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))", "Operation not permitted"),
    ("os.chown(here / 'state', 0, 0)", "Operation not permitted"),
])
def test_the_sandbox_refuses(lab: Lab, statement: str, error: str) -> None:
    """As the unit's would."""
    done = tried(lab, statement)
    assert done.returncode == 1 and re.search(error, done.stderr.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("statement", [
    "assert os.getuid() and set(os.listdir('/tmp')) == {here.name}",
    "socket.create_server(str(here / 'state' / 'socket'), family=socket.AF_UNIX); os.chmod(here / 'state' / 'socket', 0o660)",
    "subprocess.run(['/bin/true'], check=True, start_new_session=True)",
    "Path('/tmp/file').touch()",
    "socket.socket(socket.AF_PACKET, socket.SOCK_RAW); socket.socket().bind(('127.0.0.1', 67))",
    f"rank = 'test ! -e /proc/self/autogroup || echo {NICENESS} >/proc/self/autogroup'\n"
    "subprocess.run(['sh', '-c', f'{rank} || {{ sleep 0.2; {rank}; }}'], check=True, start_new_session=True)",
])
def test_the_sandbox_allows(lab: Lab, statement: str) -> None:
    """A UNIX socket in a directory of one's own, programs that give way, files for a while, and the two capabilities."""
    done = tried(lab, statement)
    assert done.returncode == 0, done.stderr


def test_the_daemon_has_given_up_what_it_was_given(lab: Lab, client: Machine, daemon: Daemon, station: Station) -> None:
    """Row 92: by executing itself, for capset is forbidden; the same process, so that the service manager knows it."""
    status = dict(re.findall(r"^(\w+):\t(.*)$", Path(f"/proc/{daemon.pid}/status").read_text(), flags=re.M))
    assert [status[name] for name in ("CapPrm", "CapEff", "CapAmb")] == ["0" * 16] * 3
    assert (status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"]) == ("1", "2", "2")
    assert daemon.pid_file.read_text().strip() == str(daemon.pid)
    station.lease(mac_of(1))


def test_check_and_export_beside_the_daemon(lab: Lab, client: Machine, daemon: Daemon, station: Station) -> None:
    """What ExecReload= does first; and a reader of the database, its log and its shared memory beside the writer."""
    address = station.lease(mac_of(1)).yiaddr
    assert daemon.run("-check").returncode == 0
    exported = daemon.run("-export", "-")
    assert address in exported.stdout, exported.stderr
    daemon.write("interface = 's0'\nrouter = 'nowhere'\n")
    refused = daemon.run("-check")
    assert refused.returncode == 1 and "nowhere" in refused.stderr


def test_a_second_daemon_learns_of_the_first(lab: Lab, client: Machine, daemon: Daemon) -> None:
    """Though it opens its ports before it begins anew."""
    second = daemon.run()
    assert second.returncode == 1 and f"{daemon.pid}" in second.stderr and "Traceback" not in second.stderr
