"""`-replay`: captures that other programs wrote, of clients that another server served."""

import os
import pty
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab import SERVER, Lab, Machine, need, wait_until
from messages import mac_of, mac_text
from station import Station
from test_live_captures import captures

pytestmark = pytest.mark.namespaces
MAC, OTHER = mac_of(1), mac_of(2)
TOOLS = {
    "tcpdump": ("tcpdump", "-i", "s0", "-U", "-w"),
    "tcpdump-any": ("tcpdump", "-i", "any", "-U", "-w"),  # Linux cooked, version 2
    "tcpdump-sll": ("tcpdump", "-i", "any", "-y", "LINUX_SLL", "-U", "-w"),
    "tcpdump-ns": ("tcpdump", "-i", "s0", "--time-stamp-precision=nano", "-U", "-w"),
    "tshark": ("tshark", "-q", "-i", "s0", "-w"),  # pcapng
}


@contextmanager
def captured(machine: Machine, tool: str, file: Path) -> Iterator[None]:
    """What passes by is captured meanwhile."""
    words = TOOLS[tool]
    need(words[0])
    process = machine.start(*words, file, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        while "istening on" not in (line := process.stderr.readline()) and "Capturing on" not in line:
            assert line, "it does not capture"
        if words[0] == "tshark":
            wait_until(file.exists, "tshark captures")
            time.sleep(1)
        yield
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


@pytest.fixture
def dnsmasq(lab: Lab, station: Station) -> None:
    """Another server on the cable, with other options."""
    need("dnsmasq")
    lab.keep(_Process(lab.server.start(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping", "--interface=s0",
        "--bind-interfaces", "--dhcp-range=10.77.9.10,10.77.9.20,1h", "--dhcp-authoritative", "--log-facility=-",
        f"--dhcp-leasefile={lab.directory}/dnsmasq.leases", f"--pid-file={lab.directory}/dnsmasq.pid",
        "--dhcp-option=option:ntp-server,10.77.0.4", "--dhcp-option=option:domain-name,old.example",
        "--dhcp-boot=pxelinux.0,boot,10.77.0.7", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
    wait_until((lab.directory / "dnsmasq.pid").exists, "dnsmasq")


class _Process:
    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.mark.parametrize("tool", sorted(TOOLS))
def test_what_another_server_answered_is_compared(lab: Lab, station: Station, dnsmasq: None, tool: str) -> None:
    """Of two clients, with what each tool writes; both tell of the same differences."""
    file = lab.directory / "capture"
    with captured(lab.server, tool, file):
        there = station.lease(MAC, (55, bytes((1, 3, 6, 12, 15, 42))))
        station.lease(OTHER, (55, bytes((1, 3))))
    done = lab.daemon(router=SERVER, domain_name="new.example", ip_ranges=[("10.77.1.10", "10.77.1.20")]).run("-replay", file)
    assert done.returncode == 0, done
    said = done.stdout.splitlines()
    first = next(at for at, line in enumerate(said) if "DISCOVER of" in line)
    assert said[first].endswith(f"DISCOVER of {mac_text(MAC)}: OFFER 10.77.1.10")
    offer = [" ".join(line.split()) for line in said[first + 1:first + 12]]
    assert offer[0] == f"{SERVER} answered OFFER {there.yiaddr}"
    assert {f"address 10.77.1.10; there {there.yiaddr}", "domain_name new.example; there old.example",
            "next server none; there 10.77.0.7", "boot file none; there pxelinux.0",
            "network_time_protocol_servers none; there 10.77.0.4"} <= set(offer)
    assert [line.split(": ")[1] for line in said if "REQUEST of" in line] == ["ACK 10.77.1.10", "ACK 10.77.1.11"]
    assert "4 requests: 4 would be answered, 0 not" in done.stdout and f"{SERVER} answered 4 times" in done.stdout


def test_nothing_is_done_by_it_and_the_leases_count(lab: Lab, station: Station, dnsmasq: None) -> None:
    file = lab.directory / "capture"
    with captured(lab.server, "tcpdump", file):
        station.lease(MAC)
    one = lab.daemon()
    first = one.run("-replay", file)
    assert not one.database.exists() and one.run("-replay", file).stdout == first.stdout


def test_real_captures_are_replayed(lab: Lab, client: Machine) -> None:
    """Of every kind, malformed ones too; the file cut off as well, of which what was whole counts."""
    file = captures()
    daemon = lab.daemon()
    done = daemon.run("-replay", file, timeout=60)
    assert done.returncode == 0 and done.stderr == "", done
    assert "194 frames, 128 requests: " in done.stdout and "not read: " in done.stdout
    cut = lab.directory / "cut.pcap"
    cut.write_bytes(file.read_bytes()[:-10])
    done = daemon.run("-replay", cut, timeout=60)
    assert done.returncode == 1 and "within frame 194; what was read before counts" in done.stderr
    assert "193 frames, 127 requests: " in done.stdout


@pytest.mark.parametrize(("content", "said"), [
    (None, "cannot be read: No such file"), (b"hello", "it is no capture; allowed are pcap and pcapng"),
    (b"", "it is no capture")])
def test_what_is_no_capture_is_told(lab: Lab, client: Machine, content: bytes | None, said: str) -> None:
    file = lab.directory / "capture"
    if content is not None:
        file.write_bytes(content)
    done = lab.daemon().run("-replay", file)
    assert done.returncode == 1 and f"{file}: {said}" in done.stderr.replace("capture cannot", "capture: cannot")
    assert "Traceback" not in done.stderr


def test_a_terminal_shows_how_far_it_is_and_ctrl_c_ends_it(lab: Lab, client: Machine) -> None:
    """From standard input, which goes on and on; what was read counts, and the exit code says it (130)."""
    data = captures().read_bytes()
    controller, terminal = pty.openpty()
    daemon = lab.daemon()
    process = lab.server.start(*daemon.words("-replay", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=terminal,
                               env=daemon.environment(), cwd="/")
    os.close(terminal)
    process.stdin.write(data + data[24:] * 3)
    process.stdin.flush()
    shown = b""
    while b"frames replayed:" not in shown:
        shown += os.read(controller, 4096)
    children = wait_until(lambda: [pid for pid in lab.server.processes() if b"-replay" in Path(
        f"/proc/{pid}/cmdline").read_bytes() and b"nsenter" not in Path(f"/proc/{pid}/cmdline").read_bytes()], "the program")
    os.kill(children[-1], signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    shown += os.read(controller, 4096)
    os.close(controller)
    assert process.returncode == 130, shown
    assert b"interrupted: what was read before counts" in shown and b"Traceback" not in shown
    assert b" requests: " in out
