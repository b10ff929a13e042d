"""Files by HTTP from the running daemon to clients with leases, and what is seen of it: `boots`, events, the log."""

import json
import os
import random
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import mac_of, mac_text
from station import Station

pytest.importorskip("aiohttp", reason="aiohttp is not installed")
pytestmark = pytest.mark.namespaces
MOST_FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
CONTENT = random.Random(2).randbytes(3_000_000)
MAC = mac_of(7)


@pytest.fixture
def root(lab: Lab) -> Path:
    """A root with a file, where the sandbox sees it too."""
    place = lab.directory / "daemon0" / "root"
    place.mkdir(mode=0o755, parents=True)
    (place / "ipxe.efi").write_bytes(CONTENT)
    return place


@pytest.fixture
def files(lab: Lab, client: Machine, root: Path) -> Daemon:
    """A daemon that serves it both ways."""
    return lab.daemon(http_root=str(root), tftp_root=str(root)).start()


@pytest.fixture
def leased(files: Daemon, client: Machine, station: Station) -> str:
    """The address of the client machine, by a lease for node7."""
    address = station.lease(MAC, (12, b"node7")).yiaddr
    client.ip(f"addr add {address}/16 brd + dev c0")
    return address


def fetch(client: Machine, lab: Lab, *words: object, url: str = f"http://{SERVER}/ipxe.efi") -> bytes:
    """What curl gets there; b"" where it gets nothing."""
    need("curl")
    target = lab.directory / "got"
    done = client.run("curl", "-sS", "--fail", "-o", target, *words, url, check=False, timeout=60)
    return target.read_bytes() if done.returncode == 0 else b""


def boots(daemon: Daemon, words: str = "") -> list[dict[str, object]]:
    """The rows of `boots`, the newest first."""
    answer = daemon.prompt(f"boots {words} json")
    return [json.loads(line[line.index("{"):]) for line in answer.splitlines() if "{" in line]


def children(lab: Lab) -> list[int]:
    """The processes that send files; in a sandbox what has started them is among them, and comes first."""
    return [pid for pid in sorted(lab.server.processes()) if b"services.child" in Path(f"/proc/{pid}/cmdline").read_bytes()]


@pytest.mark.sandbox
def test_a_machine_with_a_lease_boots_by_http_and_is_seen(files: Daemon, client: Machine, lab: Lab, leased: str) -> None:
    wait_until(lambda: fetch(client, lab) == CONTENT, "a file, once the child has started")
    (row,) = wait_until(lambda: boots(files, "finished"), "it is seen")
    assert (row["address"], row["hardware_address"], row["name"], row["protocol"], row["file"], row["sent"]) == (
        leased, mac_text(MAC), "node7", "HTTP", "ipxe.efi", len(CONTENT))
    assert abs(float(str(row["time"])) - time.time()) < 60
    line = next(line for line in files.prompt("boots").splitlines() if "ipxe.efi" in line)
    assert f"{leased}" in line and "node7" in line and "HTTP  ipxe.efi: 3.0 MB in " in line
    files.wait_for(rf"boot begun {leased} {mac_text(MAC)} node7: ipxe.efi by HTTP: 3.0 MB, on its way")
    files.wait_for(rf"boot finished {leased} {mac_text(MAC)} node7: ipxe.efi by HTTP: 3.0 MB in ")
    assert "boot finished" in files.prompt("events")


def test_what_is_not_there_is_seen_with_what_there_is(files: Daemon, client: Machine, lab: Lab, leased: str) -> None:
    wait_until(lambda: fetch(client, lab), "a file, once the child has started")
    assert fetch(client, lab, url=f"http://{SERVER}/ipxe.EFI") == b""
    assert fetch(client, lab, url=f"tftp://{SERVER}/ipxe.0") == b""
    words = "asked for ipxe.0, which is not there; there is ipxe.efi"
    first, second = wait_until(lambda: len(boots(files, "failed")) == 2 and boots(files, "failed"), "both are seen")
    assert (first["trouble"], first["protocol"]) == (words, "TFTP")
    assert second["trouble"] == "asked for ipxe.EFI, which is not there; there is ipxe.efi"
    files.wait_for(rf"boot failed {leased} {mac_text(MAC)} node7: {words} \(TFTP\)")
    assert files.log().count(words) == 1
    assert len([line for line in files.prompt("boots tftp").splitlines() if "TFTP" in line]) == 1


@pytest.mark.sandbox
def test_a_hundred_at_once(files: Daemon, client: Machine, lab: Lab, leased: str, station: Station) -> None:
    """From one address, while leases are given."""
    wait_until(lambda: fetch(client, lab), "a file, once the child has started")
    need("curl")
    urls = "".join(f'url = "http://{SERVER}/ipxe.efi"\noutput = "/dev/null"\n' for _ in range(100))
    loading = client.start("curl", "-sS", "--fail", "--parallel", "--parallel-immediate", "--parallel-max", "100", "-K", "-",
                           stdin=-1, text=True)
    loading.stdin.write(urls)
    loading.stdin.close()
    for number in range(20, 30):
        station.lease(mac_of(number))
    assert loading.wait(60) == 0
    limits = Path(f"/proc/{children(lab)[-1]}/limits").read_text()
    (most,) = [line.split()[3] for line in limits.splitlines() if "open files" in line]
    assert int(most) == min(8192, MOST_FILES)
    wait_until(lambda: len(boots(files, "finished")) >= 101, "all are seen")


def test_a_client_that_goes_away_is_seen(files: Daemon, client: Machine, lab: Lab, leased: str, root: Path) -> None:
    (root / "big").write_bytes(CONTENT * 20)
    wait_until(lambda: fetch(client, lab), "a file, once the child has started")
    assert fetch(client, lab, "--limit-rate", "1M", "-m", "1", url=f"http://{SERVER}/big") == b""
    (row,) = wait_until(lambda: boots(files, "failed"), "it is seen")
    assert row["trouble"] == "the client broke it off"
    assert 0 < int(str(row["sent"])) < 60_000_000


def test_a_root_that_goes_and_comes_by_reloads(files: Daemon, client: Machine, lab: Lab, leased: str, root: Path) -> None:
    """Its port stays ours, and is not another by a reload."""
    wait_until(lambda: fetch(client, lab), "a file, once the child has started")
    files.write(http_root=None)
    files.reload()
    assert fetch(client, lab, "-m", "1") == b""
    files.write(http_root=str(root), http_port=8080)
    assert "http_port stays 80: that it is to be 8080 needs a restart" in files.reload()
    wait_until(lambda: fetch(client, lab, "-m", "5") == CONTENT, "a file again")


def test_what_is_sent_by_a_process_that_dies_has_failed(files: Daemon, client: Machine, lab: Lab, leased: str,
                                                        root: Path) -> None:
    (root / "big").write_bytes(CONTENT * 20)
    wait_until(lambda: fetch(client, lab), "a file, once the child has started")
    loading = client.start("curl", "-sS", "--limit-rate", "1M", "-o", "/dev/null", f"http://{SERVER}/big",
                           stderr=subprocess.DEVNULL)
    wait_until(lambda: boots(files, "begun"), "it is sent")
    for pid in children(lab):
        os.kill(pid, signal.SIGKILL)
    (row,) = wait_until(lambda: boots(files, "failed"), "that it has ended is seen")
    assert (row["file"], row["trouble"]) == ("big", "the file and page server has ended")
    assert loading.wait(10) != 0
    wait_until(lambda: fetch(client, lab) == CONTENT, "a file of the next child")


def test_another_program_on_the_port_is_told_before_the_start(lab: Lab, client: Machine, root: Path) -> None:
    import socket
    with lab.server.open(lambda: socket.create_server(("", 8080))):
        done = lab.daemon(http_root=str(root), http_port=8080).run()
    assert done.returncode == 1
    assert "TCP port 8080 cannot be opened for http_root: Address already in use" in done.stderr


@pytest.mark.unsandboxed
def test_without_the_library_leases_are_served_and_it_is_told(lab: Lab, client: Machine, root: Path, station: Station) -> None:
    hidden = lab.directory / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text("import sys\nsys.modules['aiohttp'] = None\n")
    daemon = lab.daemon(http_root=str(root))
    daemon.path.insert(0, str(hidden))
    daemon.start()
    assert ": nothing is served by HTTP, for aiohttp is not installed; run: pip install 'pydhcpd[web]'" in daemon.log()
    station.lease(MAC)
    done = daemon.run("-check")
    assert done.returncode == 0 and "apt install python3-aiohttp" in done.stderr


def test_check_tells_of_a_root_that_is_not_there(lab: Lab, client: Machine) -> None:
    done = lab.daemon(http_root="/root/nowhere", tftp_root="/srv/nowhere").run("-check")
    assert done.returncode == 0
    assert "tftp_root = '/srv/nowhere': there is no such directory; run: mkdir -p /srv/nowhere" in done.stderr
    assert "http_root = '/root/nowhere': systemd/pydhcpd.service hides /root from the daemon (ProtectHome=yes)" in done.stderr
