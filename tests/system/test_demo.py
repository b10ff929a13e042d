"""The demonstration as a person runs it: with each client that is installed and with none, and what it leaves behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from lab import need_python_of_nobody

from pydhcpd.demo.wire import EVERYONE, Heard, heard_in, span, told
from pydhcpd.net.frames import udp_frame
from pydhcpd.wire.packet import ACK, BOOTREPLY, BOOTREQUEST, DISCOVER, INFORM, NAK, OFFER, RELEASE, REQUEST, Packet

ROOT = Path(__file__).parents[2]
LIMIT = 60.0  # seconds for a whole demonstration
TOOLS = ("ip", "sh", "mount", "chmod")
CLIENTS = ("udhcpc", "busybox", "dhcpcd", "dhclient", "")
ADDRESS = "192.168.137.10"
CLIENT, SERVER = b"\2\0\0\0\x99\1", b"\2\0\0\0\x99\2"
FIRST, GATEWAY = 0xC0A8890A, 0xC0A88901
HOUR = (3600).to_bytes(4, "big")


def permitted():
    """Whether namespaces can be made here."""
    if os.geteuid() != 0 or not shutil.which("ip") or not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-nm", "true"], check=False, capture_output=True).returncode == 0


needs_namespaces = pytest.mark.skipif(not permitted(), reason="needs root, iproute2 and network namespaces")


class Run:
    """One demonstration, known by a mark in the environment of all its processes."""

    def __init__(self, directory, path, *words, prefix=()):
        self.mark = f"PYDHCPD_TEST_MARK={uuid.uuid4()}"
        self.directory = directory
        name, _, value = self.mark.partition("=")
        environment = {"PATH": path, "TMPDIR": str(directory), "PYTHONPATH": str(ROOT), name: value, "LANG": "C.UTF-8"}
        self.process = subprocess.Popen([*prefix, sys.executable, "-m", "pydhcpd", "-demo", "yes", *words], env=environment,
                                        cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, start_new_session=True)

    def result(self):
        """Exit code, standard output and standard error."""
        out, err = self.process.communicate(timeout=LIMIT)
        return self.process.returncode, out, err

    def processes(self):
        """Numbers of the processes that it started, and itself."""
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/environ") if self._marked(path)]

    def _marked(self, path):
        try:
            return self.mark.encode() in path.read_bytes().split(b"\0")
        except OSError:
            return False

    def left_behind(self):
        """What there still is of it."""
        names = Path("/run/netns").glob(f"pydhcpd-demo-*-{self.process.pid}")
        return [*names, *self.directory.iterdir(), *self.processes()]


@pytest.fixture
def demonstration():
    """Makes a Run; at the end its processes are gone, whatever became of it."""
    runs = []
    directory = Path(tempfile.mkdtemp(prefix="t-", dir="/tmp"))  # short: a socket's path has 107 characters at most

    def start(*words, path=None, prefix=()):
        runs.append(Run(directory, os.environ["PATH"] if path is None else str(path), *words, prefix=prefix))
        return runs[-1]

    yield start
    for run in runs:
        for number in run.processes():
            os.kill(number, signal.SIGKILL)
        run.process.communicate()
        for side in ("srv", "cli"):
            words = ["ip", "netns", "delete", f"pydhcpd-demo-{side}-{run.process.pid}"]
            subprocess.run(words, check=False, capture_output=True)
    shutil.rmtree(directory)


@pytest.fixture
def only(tmp_path):
    """Makes a PATH on which there is one client, or none."""
    def directory(*names):
        for name in (*TOOLS, *names):
            (tmp_path / name).symlink_to(shutil.which(name))
        return tmp_path
    return directory


def read_until(run, word):
    """What it printed up to a line with this word."""
    lines = []
    for line in run.process.stdout:
        lines.append(line)
        if word in line:
            return "".join(lines)
    raise AssertionError("".join(lines) + run.process.stderr.read())


@needs_namespaces
@pytest.mark.namespaces
@pytest.mark.parametrize("client", CLIENTS, ids=lambda name: name or "built-in")
def test_lease_is_given_shown_and_released(demonstration, only, client):
    if client and not shutil.which(client):
        pytest.skip(f"{client} is not installed")
    path = only(*([client] if client else []))
    resolver = Path("/etc/resolv.conf").read_bytes()
    started = time.time()
    run = demonstration("-demo_seconds", "1", path=path)
    code, out, err = run.result()
    assert code == 0, out + err
    assert err == ""
    assert f"The client is {client or 'the built-in client'}" in out
    assert "No lease" not in out
    for word in ("DISCOVER", "OFFER", "REQUEST", "ACK", "RELEASE"):
        assert f" {word} " in out, out
    assert f"UP {ADDRESS}/24" in out
    assert "default via 192.168.137.1" in out
    assert f"{ADDRESS}   02:00:00:00:99:01  demo-client" in out
    assert "bound" in out
    assert max(map(len, out.splitlines())) <= 110
    assert run.left_behind() == []
    assert Path("/etc/resolv.conf").read_bytes() == resolver
    state = [path for top in ("/var/lib", "/run") for name in ("dhcp*", "dhclient*", "udhcpc*")
             for found in Path(top).glob(name) for path in (found, *found.rglob("*")) if path.stat().st_mtime > started]
    assert state == []


@needs_namespaces
@pytest.mark.namespaces
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize(("word", "expected"), [("Two hosts", 130), ("The client is", 130), ("Press Ctrl-C", 0)])
def test_signal_leaves_nothing_behind(demonstration, only, number, word, expected):
    run = demonstration(path=only())
    read_until(run, word)
    os.kill(run.process.pid, number)
    code, out, err = run.result()
    assert code in (expected, 0), out + err  # the lease may have been quicker than the signal
    assert "Traceback" not in err
    assert run.left_behind() == []


@needs_namespaces
@pytest.mark.namespaces
def test_ctrl_c_of_a_terminal_lets_the_client_release(demonstration, only):
    """Ctrl-C comes to the whole foreground group: it must end neither server nor client before their time."""
    run = demonstration(path=only())
    read_until(run, "Press Ctrl-C")
    os.killpg(run.process.pid, signal.SIGINT)
    code, out, err = run.result()
    assert code == 0, out + err
    assert " RELEASE " in out
    assert run.left_behind() == []


@needs_namespaces
@pytest.mark.namespaces
def test_reader_that_goes_away_ends_it(demonstration, only):
    run = demonstration(path=only())
    read_until(run, "Two hosts")
    run.process.stdout.close()
    assert run.process.wait(LIMIT) in (0, 130)
    assert run.process.stderr.read() == ""
    assert run.left_behind() == []


@needs_namespaces
@pytest.mark.namespaces
def test_client_that_fails_is_replaced_by_our_own(demonstration, only):
    path = only()
    broken = path / "udhcpc"
    broken.write_text("#!/bin/sh\necho broken on purpose; exit 3\n")
    broken.chmod(0o755)
    run = demonstration("-demo_seconds", "0", path=path)
    code, out, err = run.result()
    assert code == 0, out + err
    assert "No lease for udhcpc" in out
    assert "broken on purpose" in out
    assert "The client is the built-in client" in out
    assert f"UP {ADDRESS}/24" in out
    assert run.left_behind() == []


@needs_namespaces
@pytest.mark.namespaces
def test_server_that_dies_is_told_with_its_log(demonstration, only):
    run = demonstration(path=only())
    read_until(run, "Press Ctrl-C")
    server = next(number for number in run.processes()
                  if b"-config_file" in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0"))
    os.kill(server, signal.SIGTERM)
    code, _, err = run.result()
    assert code == 1
    assert err.startswith("pydhcpd: the server ended by itself\nThe server's log:\n")
    assert "serving" in err
    assert run.left_behind() == []


@pytest.mark.namespaces
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
@pytest.mark.parametrize(("prefix", "words"), [
    (("setpriv", "--reuid", "65534", "--clear-groups"), "needs root: put sudo in front"),
    (("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"), "a container needs --privileged"),
])
def test_missing_privilege_is_one_line_with_the_remedy(demonstration, prefix, words):
    if "--reuid" in prefix:
        need_python_of_nobody(sys.executable, "pydhcpd.demo")
    run = demonstration(prefix=prefix)
    code, out, err = run.result()
    assert (code, out) == (1, "")
    assert words in err
    assert len(err.splitlines()) == 1
    assert run.left_behind() == []


@pytest.mark.namespaces
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_missing_ip_is_one_line_with_the_remedy(demonstration, tmp_path):
    code, out, err = demonstration(path=tmp_path).result()
    assert (code, out) == (1, "")
    assert err == "pydhcpd: the demonstration needs the program ip: install the package iproute2\n"


@pytest.mark.parametrize(("words", "reason"), [
    (("-demo_seconds", "soon"), "-demo_seconds: 'soon' cannot be used here"),
    (("-interface", "eth0"), "-interface does not go with -demo"),
    (("-check",), "-check does not go with -demo"),
])
def test_what_does_not_fit_is_refused(demonstration, words, reason):
    code, out, err = demonstration(*words).result()
    assert (code, out) == (1, "")
    assert err.startswith(f"pydhcpd: {reason}")
    assert len(err.splitlines()) == 1


# --- in words --------------------------------------------------------------------------------------------------------


def message(kind, op=BOOTREQUEST, options=None, **fields):
    """A message of the client 02:00:00:00:99:01."""
    return Packet(op, hardware=CLIENT, options={53: bytes((kind,)), **(options or {})}, **fields)


@pytest.mark.parametrize(("packet", "destination", "words"), [
    (message(DISCOVER), EVERYONE, 'client 02:00:00:00:99:01 -> everyone  DISCOVER "Is there a DHCP server?"'),
    (message(OFFER, BOOTREPLY, {51: HOUR}, yiaddr=FIRST), CLIENT,
     'server 192.168.137.1     -> client    OFFER    "You may have 192.168.137.10 for 1 hour."'),
    (message(REQUEST, options={50: FIRST.to_bytes(4, "big"), 54: GATEWAY.to_bytes(4, "big")}), EVERYONE,
     'client 02:00:00:00:99:01 -> everyone  REQUEST  "I take 192.168.137.10 from 192.168.137.1."'),
    (message(REQUEST, options={50: FIRST.to_bytes(4, "big")}), EVERYONE,
     'client 02:00:00:00:99:01 -> everyone  REQUEST  "May I have 192.168.137.10 again?"'),
    (message(REQUEST, ciaddr=FIRST), SERVER,
     'client 02:00:00:00:99:01 -> server    REQUEST  "May I keep 192.168.137.10?"'),
    (message(ACK, BOOTREPLY, {51: HOUR}, yiaddr=FIRST), EVERYONE,
     'server 192.168.137.1     -> everyone  ACK      "192.168.137.10 is yours for 1 hour."'),
    (message(ACK, BOOTREPLY), CLIENT, 'server 192.168.137.1     -> client    ACK      "Here is what I know."'),
    (message(NAK, BOOTREPLY, {56: b"go\33[2J"}), EVERYONE,
     'server 192.168.137.1     -> everyone  NAK      "No: go\\x1b[2J."'),
    (message(RELEASE, ciaddr=FIRST), SERVER,
     'client 02:00:00:00:99:01 -> server    RELEASE  "I give 192.168.137.10 back."'),
    (message(INFORM, ciaddr=FIRST), EVERYONE,
     'client 02:00:00:00:99:01 -> everyone  INFORM   "I have 192.168.137.10; what else should I know?"'),
])
def test_message_is_told_in_words(packet, destination, words):
    assert told(Heard(CLIENT, destination, GATEWAY, packet)) == [words]


def test_what_comes_with_an_offer_has_a_line_of_its_own():
    options = {51: HOUR, 3: GATEWAY.to_bytes(4, "big"), 6: GATEWAY.to_bytes(4, "big") * 2}
    lines = told(Heard(SERVER, CLIENT, GATEWAY, message(OFFER, BOOTREPLY, options, yiaddr=FIRST)))
    assert [line.strip() for line in lines[1:]] == ["router 192.168.137.1, name server 192.168.137.1,192.168.137.1"]


@pytest.mark.parametrize(("seconds", "words"), [
    (0, "0 seconds"), (1, "1 second"), (90, "90 seconds"), (60, "1 minute"), (3600, "1 hour"), (7200, "2 hours"),
    (86400, "1 day"), (0xFFFFFFFF, "ever"),
])
def test_span(seconds, words):
    assert span(seconds) == words


def test_frame_is_heard():
    packet = message(DISCOVER)
    frame = udp_frame(packet.encode(), CLIENT, EVERYONE, 0, 0xFFFFFFFF, 68, 67)
    assert heard_in(frame) == Heard(CLIENT, EVERYONE, 0, packet)


@pytest.mark.parametrize("size", [0, 13, 14, 33, 34, 41, 42, 100, 281])
def test_frame_that_is_cut_short_is_not_heard(size):
    frame = udp_frame(message(DISCOVER).encode(), CLIENT, EVERYONE, 0, 0xFFFFFFFF, 68, 67)
    assert heard_in(frame[:size]) is None


def test_other_ports_are_not_heard():
    assert heard_in(udp_frame(message(DISCOVER).encode(), CLIENT, EVERYONE, 0, 0xFFFFFFFF, 53, 67)) is None
