"""Interfaces and news of them, in network namespaces. Each test runs a small program inside one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.namespaces


@pytest.fixture
def namespace():
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and ip(8)")
    name = f"t-net-if-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        pytest.skip("network namespaces are not available")
    try:
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


PRELUDE = """
import os, queue, signal, subprocess, sys, threading, time
from pydhcpd.addresses import address_text
from pydhcpd.net import interfaces
from pydhcpd.net.interfaces import InterfaceWatcher

def ip(*words):
    subprocess.run(["ip", *words], check=True)

def ip_batch(lines):
    subprocess.run(["ip", "-batch", "-"], input="\\n".join(lines), text=True, check=True)

def named(picture, name):
    return next((interface for interface in picture.values() if interface.name == name), None)

def until(pictures, wanted):
    # The first picture that is as wanted; fails after ten seconds without a new one.
    while True:
        picture = pictures.get(timeout=10)
        if wanted(picture):
            return picture

pictures = queue.Queue()
watcher = InterfaceWatcher(pictures.put)
ip("link", "add", "a0", "address", "02:00:00:00:00:0a", "mtu", "1400", "type", "veth", "peer", "name", "a1")
"""


def run(namespace, program):
    command = ["ip", "netns", "exec", namespace, sys.executable, "-W", "error::ResourceWarning", "-c", PRELUDE + program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_snapshot_tells_links_and_addresses_before_start(namespace):
    assert run(namespace, """
ip("link", "set", "lo", "up")
ip("link", "set", "a0", "up")
for address in ("192.0.2.1/24", "192.0.2.2/24", "198.51.100.1/25"):
    ip("address", "add", address, "dev", "a0")
ip("address", "add", "203.0.113.1", "peer", "203.0.113.2/32", "dev", "a1")
picture = watcher.snapshot()
lo, a0, a1 = (named(picture, name) for name in ("lo", "a0", "a1"))
print(lo.loopback, lo.ethernet, lo.up, a0.loopback, a0.ethernet, a0.up, a1.up)
print(a0.hardware.hex(), a0.mtu, picture[a0.index] is a0)
for interface in (lo, a0, a1):
    print(*(f"{address_text(address)}/{address_text(mask)}" for address, mask in interface.addresses))
""") == [
        "True False True False True True False",
        "02000000000a 1400 True",
        "127.0.0.1/255.0.0.0",
        "192.0.2.1/255.255.255.0 198.51.100.1/255.255.255.128 192.0.2.2/255.255.255.0",
        "203.0.113.1/255.255.255.255",
    ]


def test_port_of_a_bridge_is_deaf_and_its_master_is_told(namespace):
    assert run(namespace, """
ip("link", "add", "br0", "type", "bridge")
ip("link", "add", "m0", "link", "a1", "type", "macvlan")
watcher.start()
for change in (["master", "br0"], ["nomaster"]):
    ip("link", "set", "a0", *change)
    picture = pictures.get(timeout=10)
    a0, br0 = named(picture, "a0"), named(picture, "br0")
    print(a0.role, a0.master == br0.index, a0.deaf, a0.heard_by == (a0.index,))
print(*(one.name for one in picture.values() if one.deaf))
watcher.stop()
""") == ["bridge True True True", " False False True", ""]


def test_changes_are_told(namespace):
    assert run(namespace, """
assert watcher.start() == watcher.snapshot()
a0 = named(watcher.snapshot(), "a0").index
ip("address", "add", "192.0.2.1/24", "dev", "a0")
until(pictures, lambda picture: picture[a0].addresses == ((0xC0000201, 0xFFFFFF00),))
ip("link", "set", "a0", "up")
until(pictures, lambda picture: picture[a0].up)
ip("link", "set", "a0", "down")
ip("link", "set", "a0", "name", "renamed")
until(pictures, lambda picture: picture[a0].name == "renamed")
ip("link", "delete", "renamed")
until(pictures, lambda picture: a0 not in picture)
ip("link", "add", "a0", "type", "veth", "peer", "name", "a1")
assert until(pictures, lambda picture: named(picture, "a0")) == watcher.snapshot()
watcher.stop()
watcher.stop()
print(threading.active_count())
""") == ["1"]


def test_a_burst_is_told_in_few_pictures(namespace):
    run(namespace, """
watcher.start()
began = time.monotonic()
ip_batch(f"address add 192.0.2.{i}/24 dev a0" for i in range(1, 101))
told = 1
while len(named(pictures.get(timeout=10), "a0").addresses) < 100:
    told += 1
assert told <= 1 + (time.monotonic() - began) / 0.05, told  # there is a silence before each, however long the burst takes
watcher.stop()
""")


def test_a_burst_without_a_pause_is_told_no_more_often(namespace):
    """Neither by how many notifications come, nor by how fast a picture is taken: a silence, or 300 ms, are before each."""
    run(namespace, """
import itertools, socket
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
theirs.setblocking(False)
interfaces._subscribe, number = lambda: theirs, itertools.count()
interfaces.take_snapshot = lambda: next(number)
watcher.start()
began = time.monotonic()
while time.monotonic() < began + 1.0:
    ours.send(b"x")
    time.sleep(0.0005)
told, taken = pictures.qsize(), time.monotonic() - began
assert 1 <= told <= taken / 0.05, (told, taken)
pictures.get(timeout=10)
watcher.stop()
ours.close()
""")


def test_what_leaves_the_picture_as_it_was_is_not_told(namespace):
    run(namespace, """
watcher.start()
ip("link", "set", "a0", "alias", "nothing that we show")
ip("link", "set", "a1", "mtu", "1300")
assert named(pictures.get(timeout=10), "a1").mtu == 1300
watcher.stop()
assert pictures.empty()
""")


def test_lost_notifications_lose_nothing(namespace):
    run(namespace, """
subscribe = interfaces._subscribe
def small():
    sock = subscribe()
    sock.setsockopt(interfaces.socket.SOL_SOCKET, interfaces.socket.SO_RCVBUF, 1)
    return sock
interfaces._subscribe = small
lost = []
drain = interfaces._drain
def counting(sock):
    try:
        sock.recv(1 << 16)
    except OSError as error:
        lost.append(error.errno)
    drain(sock)
interfaces._drain = counting
told = threading.Event()
def slow(picture):
    pictures.put(picture)
    told.set()
    going_on.wait(10)
going_on = threading.Event()
watcher = InterfaceWatcher(slow)
watcher.start()
ip("link", "set", "a0", "up")
told.wait(10)
ip_batch(f"address add 192.0.2.{i}/24 dev a0" for i in range(1, 101))
going_on.set()
until(pictures, lambda picture: len(named(picture, "a0").addresses) == 100)
watcher.stop()
assert interfaces.errno.ENOBUFS in lost, lost
""")


def test_a_picture_that_fails_is_taken_again(namespace):
    run(namespace, """
import logging
logging.getLogger("pydhcpd").addHandler(logging.NullHandler())
watcher.start()
interfaces._RETRY_MS = 50
take, failures = interfaces.take_snapshot, [OSError("not now")] * 2
def failing():
    if failures:
        raise failures.pop()
    return take()
interfaces.take_snapshot = failing
ip("link", "set", "a0", "up")
until(pictures, lambda picture: named(picture, "a0").up)
assert not failures
watcher.stop()
""")


def test_failures_are_told_once_a_minute_and_end_nothing(namespace):
    """Neither of the kernel, nor of who is told: the change is told again."""
    run(namespace, """
import logging
told = []
logging.getLogger("pydhcpd").addHandler(logging.Handler())
logging.getLogger("pydhcpd").handlers[0].emit = lambda record: told.append((record.getMessage(), bool(record.exc_info)))
interfaces._RETRY_MS = 20
failures = [OSError("not now")] * 5 + [ValueError("a fault")] * 5
drain, take = interfaces._drain, interfaces.take_snapshot
def failing(*arguments):
    if failures and isinstance(failures[0], OSError):
        raise failures.pop(0)
    return drain(*arguments)
def faulty(picture):
    if failures:
        raise failures.pop(0)
    pictures.put(picture)
interfaces._drain = failing
watcher = InterfaceWatcher(faulty)
watcher.start()
ip("link", "set", "a0", "up")
until(pictures, lambda picture: named(picture, "a0").up)
watcher.stop()
assert not failures
words = "a change of interfaces could not be followed: "
assert told == [(words + "not now", False), (words + "a fault", True)], told
""")


def test_watching_needs_no_privileges_and_no_signals(namespace):
    run(namespace, """
import socket
helper = subprocess.Popen(["sh", "-c", "read go; ip link set a0 up"], stdin=subprocess.PIPE)
interfaces.take_snapshot()  # imports what it needs while the files can still be read
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
watcher.start()
helper.communicate(b"go\\n")
until(pictures, lambda picture: named(picture, "a0").up)
elsewhere = queue.Queue()
thread = threading.Thread(target=lambda: elsewhere.put(watcher.snapshot()))
thread.start()
thread.join()
assert elsewhere.get(timeout=10) == watcher.snapshot()
watcher.stop()
""")


def test_stop_is_prompt_and_closes_everything(namespace):
    run(namespace, """
watcher.start()
watcher.stop()
before = sorted(os.listdir("/proc/self/fd"))
for _ in range(5):
    watcher.start()
    began = time.monotonic()
    watcher.stop()
    assert time.monotonic() - began < 1
assert sorted(os.listdir("/proc/self/fd")) == before
assert threading.active_count() == 1
""")


def test_stop_may_be_called_from_on_change(namespace):
    run(namespace, """
watcher = InterfaceWatcher(lambda picture: (watcher.stop(), pictures.put(picture)))
watcher.start()
thread = watcher._thread
ip("link", "set", "a0", "up")
pictures.get(timeout=10)
thread.join(10)
assert not thread.is_alive()
""")
