"""The child process that serves files: it is there where a root is set, and ends with the daemon, however that ends."""

import os
import random
import signal
import socket
import struct
from contextlib import suppress
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import mac_of
from station import Station

from pydhcpd.services.rank import NICENESS

pytestmark = pytest.mark.namespaces
CONTENT = random.Random(1).randbytes(200_000)
OTHER_ADDRESS, CLIENT = "10.77.0.200", "10.77.0.2"
LINES_OF_A_CLIENT = 5  # in a minute


@pytest.fixture
def root(lab: Lab) -> Path:
    """A root with a file, where the sandbox sees it too."""
    place = lab.directory / "daemon0" / "root"
    place.mkdir(mode=0o755, parents=True)
    (place / "loader").write_bytes(CONTENT)
    return place


@pytest.fixture
def files(lab: Lab, client: Machine, root: Path) -> Daemon:
    """A daemon that serves it; the client has an address."""
    client.ip(f"addr add {CLIENT}/16 brd + dev c0")
    return lab.daemon(tftp_root=str(root)).start()


def child_of(daemon: Daemon) -> int:
    """The process id of the child, once it is there."""
    def found() -> int:
        for pid in daemon.machine.processes():
            with suppress(OSError):
                if b"pydhcpd.services.child" in Path(f"/proc/{pid}/cmdline").read_bytes() and is_of(pid, daemon.pid):
                    return pid
        return 0
    return wait_until(found, "the child of the daemon")


def is_of(pid: int, parent: int) -> bool:
    """Whether a process has this parent."""
    return f"\nPPid:\t{parent}\n" in Path(f"/proc/{pid}/status").read_text()


def is_there(pid: int) -> bool:
    """Whether a process runs."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def loads(client: Machine, name: str = "loader", server: str = SERVER) -> bool:
    """Whether a client gets the file."""
    need("busybox")
    done = client.run("busybox", "tftp", "-g", "-r", name, "-l", "/dev/null", "-b", "1400", server, check=False, timeout=30)
    return done.returncode == 0


def answer_to(client: Machine, name: str, server: str) -> tuple[int, str]:
    """Operation and sender of what comes for a request."""
    with client.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(5)
        sock.sendto(b"\0\1" + name.encode() + b"\0octet\0", (server, 69))
        datagram, peer = sock.recvfrom(2048)
        return struct.unpack(">H", datagram[:2])[0], peer[0]


@pytest.mark.sandbox
def test_files_and_leases_are_served_at_once(files: Daemon, client: Machine, station: Station, lab: Lab) -> None:
    wait_until(lambda: loads(client), "a file, once the child has started")
    need("curl")
    target = lab.directory / "got"
    client.run("curl", "-sS", "--fail", "-o", target, f"tftp://{SERVER}/loader")
    assert target.read_bytes() == CONTENT
    station.lease(mac_of(7))
    assert not loads(client, "load")
    files.wait_for(rf"boot failed {CLIENT}: asked for load, which is not there; there is loader \(TFTP\)")


@pytest.mark.sandbox
def test_the_answer_comes_from_the_address_that_was_asked(files: Daemon, client: Machine, lab: Lab) -> None:
    """RFC 1122 section 4.1.3.5."""
    lab.server.ip(f"addr add {OTHER_ADDRESS}/32 dev s0")
    wait_until(lambda: loads(client), "a file, once the child has started")
    for address in (SERVER, OTHER_ADDRESS):
        assert answer_to(client, "loader", address) == (3, address)
        assert answer_to(client, "nothing", address) == (5, address)


def test_a_broadcast_is_not_answered(files: Daemon, client: Machine) -> None:
    """RFC 1123 section 4.2.3.5."""
    wait_until(lambda: loads(client), "a file, once the child has started")
    with client.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.settimeout(0.5)
        sock.sendto(b"\0\1loader\0octet\0", ("10.77.255.255", 69))
        with pytest.raises(TimeoutError):
            sock.recv(2048)


@pytest.mark.sandbox
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_child_ends_with_the_daemon(files: Daemon, number: int) -> None:
    child = child_of(files)
    files.stop(number)
    wait_until(lambda: not is_there(child), "the end of the child")
    files.start()  # and its port is free
    assert child_of(files) != child


def test_a_child_that_is_stopped_does_not_outlive_the_daemon(files: Daemon) -> None:
    child = child_of(files)
    os.kill(child, signal.SIGSTOP)
    files.stop()
    wait_until(lambda: not is_there(child), "the end of the child")


@pytest.mark.sandbox
def test_a_child_that_dies_is_started_again(files: Daemon, client: Machine) -> None:
    child = child_of(files)
    os.kill(child, signal.SIGKILL)
    files.wait_for("the file and page server ended by itself; it is started again in 1 s")
    wait_until(lambda: loads(client), "a file of the next child")
    assert child_of(files) != child


def test_where_there_is_no_root_there_is_no_child(daemon: Daemon) -> None:
    with pytest.raises(AssertionError, match="the child"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("lab.PATIENCE", 0.1)
        patch.setattr("lab.wait_until.__defaults__", (1.0,))
        child_of(daemon)


@pytest.mark.unsandboxed
def test_files_wait_where_dhcp_wants_the_processor(files: Daemon) -> None:
    """In the unit's sandbox nobody may change priorities."""
    child = child_of(files)
    own = os.getpriority(os.PRIO_PROCESS, files.pid)
    wait_until(lambda: os.getpriority(os.PRIO_PROCESS, child) == min(own + NICENESS, 19), "a child that has made itself nice")


def test_a_reload_serves_another_root_from_the_same_child(files: Daemon, client: Machine, lab: Lab) -> None:
    wait_until(lambda: loads(client), "a file, once the child has started")
    child, other = child_of(files), lab.directory / "other"
    other.mkdir()
    (other / "script").write_bytes(b"#!ipxe\n")
    files.write(tftp_root=str(other))
    files.reload()
    wait_until(lambda: loads(client, "script"), "a file of the other root")
    assert not loads(client) and child_of(files) == child


def test_a_root_that_comes_by_a_reload_needs_a_restart_and_takes_nothing_from_the_other(
        files: Daemon, client: Machine, root: Path) -> None:
    """Ports are opened at the start alone."""
    wait_until(lambda: loads(client), "a file, once the child has started")
    files.write(http_root=str(root))
    told = "the file and page server needs a restart of pydhcpd: its port (http) can be opened only at the start"
    assert told in files.reload()
    assert loads(client)


def test_another_server_on_the_port_is_told_before_the_start(lab: Lab, client: Machine, root: Path) -> None:
    def listen() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("", 69))
        return sock
    with lab.server.open(listen):
        done = lab.daemon(tftp_root=str(root)).run()
    assert done.returncode == 1
    assert "UDP port 69 cannot be opened for tftp_root: Address already in use; end the other TFTP server" in done.stderr


def test_a_flood_of_bad_requests_fills_no_log(files: Daemon, client: Machine, station: Station) -> None:
    wait_until(lambda: loads(client), "a file, once the child has started")
    begin = len(files.log())
    with client.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        for number in range(5000):
            sock.sendto(b"\0\1nothing%d\0octet\0" % number, (SERVER, 69))
            sock.sendto(b"\0\1cut", (SERVER, 69))
    station.lease(mac_of(8))
    wait_until(lambda: loads(client), "a file after the flood")
    lines = files.log()[begin:].splitlines()
    assert sum("nothing" in line or "cut" in line for line in lines) == LINES_OF_A_CLIENT
    assert len(lines) < 20, lines


@pytest.mark.sandbox
def test_files_are_for_the_interfaces_that_are_served(files: Daemon, client: Machine, lab: Lab) -> None:
    """As leases are: `interface` is s0; the other one leads to somebody else."""
    wait_until(lambda: loads(client), "a file, once the child has started")
    other = lab.machine("other")
    lab.cable(other, "s1", "c1", mac_of(5))
    lab.server.ip("addr add 192.0.2.1/24 dev s1")
    other.ip("addr add 192.0.2.2/24 dev c1")
    with other.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.sendto(b"\0\1loader\0octet\0", ("192.0.2.1", 69))
        files.wait_for(r"192.0.2.2: not heard: it asks by s1, and interface has only s0, lo \(TFTP\)")
        with pytest.raises(BlockingIOError):
            sock.recv(2048, socket.MSG_DONTWAIT)


def test_transfers_come_from_the_ports_for_firewalls(lab: Lab, client: Machine, root: Path) -> None:
    client.ip(f"addr add {CLIENT}/16 brd + dev c0")
    lab.daemon(tftp_root=str(root), tftp_ports=(50000, 50003)).start()
    wait_until(lambda: loads(client), "a file, once the child has started")
    with client.open(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.settimeout(5)
        sock.sendto(b"\0\1loader\0octet\0", (SERVER, 69))
        assert sock.recvfrom(2048)[1][1] in range(50000, 50004)


def test_a_boot_file_that_is_not_there_is_told_at_the_start(lab: Lab, client: Machine, root: Path) -> None:
    assert client
    daemon = lab.daemon(tftp_root=str(root), boot_file_name={"bios": "loader.0", "x86-64": "loader"}, ipxe_script="{mac}")
    daemon.start()
    daemon.wait_for(r"boot_file_name: 'loader\.0' cannot be had from tftp_root .*: asked for loader\.0, which is not there")
    assert "'loader' cannot" not in daemon.log()
