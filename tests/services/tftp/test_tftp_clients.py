"""Other people's clients: curl, busybox tftp, tftp-hpa and atftp, on a good network and on a bad one."""

import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tftp_serving import Relay, Served, serving

SIZES = {"empty": 0, "small": 700, "edge": 512 * 100, "image": 2_000_000}
MISFORTUNES = {"lost": 0.003, "doubled": 0.02, "late": 0.005}

Command = Callable[[str, int, Path], list[str]]


def curl(*options: str) -> Command:
    """curl, which knows the block size."""
    return lambda name, port, target: ["curl", "-sS", "--fail", "-o", str(target), *options, f"tftp://127.0.0.1:{port}/{name}"]


def busybox(*options: str) -> Command:
    """busybox tftp, as installers and rescue systems have it."""
    return lambda name, port, target: ["busybox", "tftp", "-g", "-r", name, "-l", str(target), *options, "127.0.0.1", str(port)]


def hpa(*options: str) -> Command:
    """tftp-hpa, which sends no options at all."""
    return lambda name, port, target: ["/usr/bin/tftp", *options, "127.0.0.1", str(port), "-c", "get", name, str(target)]


def atftp(**options: int) -> Command:
    """atftp, which knows windows."""
    words = [word for name, value in options.items() for word in ("--option", f"{name} {value}")]
    return lambda name, port, target: ["atftp", *words, "-g", "-r", name, "-l", str(target), "127.0.0.1", str(port)]


CLIENTS = {
    "curl": curl(), "curl with large blocks": curl("--tftp-blksize", "1468"), "curl without options": curl("--tftp-no-options"),
    "busybox": busybox(), "busybox with large blocks": busybox("-b", "1468"),
    "tftp-hpa": hpa("-m", "octet"),
    "atftp": atftp(), "atftp with windows of 8": atftp(blksize=1468, windowsize=8),
    "atftp with windows of 32": atftp(blksize=1468, windowsize=32),
    "atftp with huge blocks": atftp(blksize=60000, windowsize=4),
}
PROGRAMS = {"curl": "curl", "busybox": "busybox", "tftp-hpa": "/usr/bin/tftp", "atftp": "atftp"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with files of all kinds of length."""
    place = tmp_path_factory.mktemp("root")
    for name, size in SIZES.items():
        (place / name).write_bytes(random.Random(size).randbytes(size))
    (place / "text").write_bytes(b"one\ntwo\n\nthree\n")
    return place


@pytest.fixture(scope="module")
def served(root: Path) -> Iterator[Served]:
    """One server for all."""
    with serving(root) as running:
        yield running


def run(client: str, name: str, port: int, target: Path) -> "subprocess.CompletedProcess[str]":
    """Have a client load a file."""
    program = PROGRAMS[client.split(maxsplit=1)[0]]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if program == "curl" and "tftp" not in subprocess.run(["curl", "-V"], capture_output=True, text=True).stdout:
        pytest.skip("this curl knows no TFTP")
    if program == "/usr/bin/tftp" and "tftp-hpa" not in subprocess.run([program, "-V"], capture_output=True, text=True).stdout:
        pytest.skip("this tftp is not that of tftp-hpa")
    return subprocess.run(CLIENTS[client](name, port, target), capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_comes_whole(root: Path, served: Served, tmp_path: Path, client: str, name: str) -> None:
    if (client, name) == ("tftp-hpa", "image"):
        pytest.skip("the same as edge, at length")
    if name == "empty" and client in ("curl", "curl with large blocks"):
        pytest.skip("curl takes a size of 0 (RFC 2349) for a fault")
    done = run(client, name, served.port, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == (root / name).read_bytes(), done.stderr + done.stdout


@pytest.mark.parametrize("client", CLIENTS)
def test_a_file_comes_whole_over_a_bad_network(root: Path, served: Served, tmp_path: Path, client: str) -> None:
    name = "image" if "windows" in client or "huge" in client else "edge"
    with Relay(served.port, 3, **MISFORTUNES) as relay:
        done = run(client, name, relay.port, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == (root / name).read_bytes(), done.stderr + done.stdout


def test_netascii_is_undone_by_who_asked_for_it(root: Path, served: Served, tmp_path: Path) -> None:
    if shutil.which("/usr/bin/tftp") is None:
        pytest.skip("tftp-hpa is not installed")
    subprocess.run(hpa("-m", "netascii")("text", served.port, tmp_path / "got"), capture_output=True, timeout=30, check=True)
    assert (tmp_path / "got").read_bytes() == (root / "text").read_bytes()


@pytest.mark.parametrize("client", ["curl", "busybox", "tftp-hpa", "atftp"])
def test_what_is_not_there_is_told_at_once(served: Served, tmp_path: Path, client: str) -> None:
    done = run(client, "nothing", served.port, tmp_path / "got")
    said = done.stdout + done.stderr
    assert "not found" in said.lower() or done.returncode == 68, said
