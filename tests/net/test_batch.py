"""Batched receive and send over real sockets."""

import errno
import os
import select
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydhcpd.net.batch import BatchReceiver, BatchSender
from pydhcpd.net.sockets import open_udp

LOCALHOST = 0x7F000001
ROOT = Path(__file__).parents[2]
DEADLINE = 10.0  # seconds


@pytest.fixture
def sockets():
    with ExitStack() as stack:
        receiving = stack.enter_context(open_udp(0, "127.0.0.1"))
        sending = stack.enter_context(open_udp(0, "127.0.0.1"))
        yield receiving, sending


def port_of(sock):
    return sock.getsockname()[1]


def receive(receiver, sock, count):
    """That many datagrams, or what came until the deadline."""
    received = []
    deadline = time.monotonic() + DEADLINE
    while len(received) < count and time.monotonic() < deadline:
        select.select([sock], [], [], 0.1)
        received += receiver.receive()
    return received


def test_nothing_waits(sockets):
    assert BatchReceiver(sockets[0]).receive() == []


def test_datagram_tells_where_it_came_from(sockets):
    receiving, sending = sockets
    receiver = BatchReceiver(receiving)
    assert BatchSender(sending).send([(b"hello", LOCALHOST, port_of(receiving), 0, 0)]) == []
    interface = socket.if_nametoindex("lo")
    assert receive(receiver, receiving, 1) == [(b"hello", interface, LOCALHOST, port_of(sending), LOCALHOST)]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 100])
def test_order_and_contents_survive_batches_of_any_size(sockets, count):
    receiving, sending = sockets
    receiver, sender = BatchReceiver(receiving, size=8), BatchSender(sending, size=7)
    datas = [bytes([i]) * i for i in range(count)]
    assert sender.send([(data, LOCALHOST, port_of(receiving), 0, 0) for data in datas]) == []
    received = receive(receiver, receiving, count)
    assert [datagram[0] for datagram in received] == datas
    assert receiver.receive() == []


def test_sending_nothing(sockets):
    assert BatchSender(sockets[1]).send([]) == []


def test_shorter_datagram_after_a_longer_one(sockets):
    receiving, sending = sockets
    receiver, sender = BatchReceiver(receiving), BatchSender(sending)
    for data in (b"long" * 100, b"short", b""):
        assert sender.send([(data, LOCALHOST, port_of(receiving), 0, 0)]) == []
        assert [datagram[0] for datagram in receive(receiver, receiving, 1)] == [data]


def test_truncated_datagrams_are_dropped_and_counted(sockets):
    receiving, sending = sockets
    receiver = BatchReceiver(receiving, buffer_size=100)
    messages = [(b"x" * length, LOCALHOST, port_of(receiving), 0, 0) for length in (100, 101, 50, 2000)]
    assert BatchSender(sending).send(messages) == []
    assert [len(datagram[0]) for datagram in receive(receiver, receiving, 2)] == [100, 50]
    assert receiver.truncated == [socket.if_nametoindex("lo")] * 2


def test_one_refused_message_does_not_stop_the_others(sockets):
    receiving, sending = sockets
    receiver, sender = BatchReceiver(receiving), BatchSender(sending, size=4)
    good = (b"good", LOCALHOST, port_of(receiving), 0, 0)
    no_port = (b"bad", LOCALHOST, 0, 0, 0)
    no_interface = (b"bad", LOCALHOST, port_of(receiving), 0x7FFFFFF0, 0)
    not_ours = (b"bad", LOCALHOST, port_of(receiving), 0, 0x01020304)
    failures = dict(sender.send([no_port, good, good, no_interface, not_ours, good, no_port]))
    assert sorted(failures) == [0, 3, 4, 6]
    assert failures[0] == failures[6] == errno.EINVAL
    assert failures[3] in (errno.ENODEV, errno.ENXIO, errno.ENETUNREACH)
    assert len(receive(receiver, receiving, 3)) == 3


def test_messages_longer_than_a_buffer_are_sent_too(sockets):
    """A link may carry 9000 octets, and a client take them; the kernel alone says what is too long."""
    receiving, sending = sockets
    receiver, sender = BatchReceiver(receiving, buffer_size=65_535), BatchSender(sending, buffer_size=10)
    messages = [(bytes([length % 251]) * length, LOCALHOST, port_of(receiving), 0, 0) for length in (11, 10, 70_000, 1, 9000)]
    assert sender.send(messages) == [(2, errno.EMSGSIZE)]
    assert sender.send(messages[:1]) == []
    assert sender.send(messages[1:2]) == []
    heard = [datagram[0] for datagram in receive(receiver, receiving, 6)]
    assert sorted(map(len, heard)) == [1, 10, 10, 11, 11, 9000]
    assert all(data == bytes([len(data) % 251]) * len(data) for data in heard)


def test_interface_and_source_do_not_linger_into_the_next_batch(sockets):
    receiving, _ = sockets
    lo = socket.if_nametoindex("lo")
    with open_udp(0) as sending:
        receiver, sender = BatchReceiver(receiving), BatchSender(sending)
        free = (b"", LOCALHOST, port_of(receiving), 0, 0)
        pinned = (b"", LOCALHOST, port_of(receiving), lo, 0x7F000005)
        for batch in ([pinned] * 3, [free], [pinned], [free] * 2, [free] * 4):
            assert sender.send(batch) == []
            sources = [datagram[2] for datagram in receive(receiver, receiving, len(batch))]
            assert sources == [message[4] or LOCALHOST for message in batch]


def test_full_socket_buffer_is_reported_after_a_short_wait():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        while True:
            try:
                ours.send(b"x", socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
        sender = BatchSender(ours, size=2)
        sender._messages.headers[:] = bytes(len(sender._messages.headers))  # no addresses: the peer is fixed
        began = time.monotonic()
        assert sender._send_all([(b"", 1, 1, 0, 0)] * 3, sender._address) == [(i, errno.EAGAIN) for i in range(3)]
        assert time.monotonic() - began < 1


def test_kernel_drops_are_counted():
    with open_udp(0, "127.0.0.1") as receiving, open_udp(0, "127.0.0.1") as sending:
        receiver, sender = BatchReceiver(receiving), BatchSender(sending)
        assert receiver.kernel_drops() == 0
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        sender.send([(b"x" * 1000, LOCALHOST, port_of(receiving), 0, 0)] * 50)
        received = receive_all(receiver)
        assert receiver.kernel_drops() == 50 - received > 0


def receive_all(receiver):
    """How many wait; over loopback what was sent has arrived."""
    count = 0
    while batch := receiver.receive():
        count += len(batch)
    return count


def test_closed_socket_raises():
    with open_udp(0, "127.0.0.1") as sock:
        receiver = BatchReceiver(sock)
    with pytest.raises(OSError, match="receiving failed"):
        receiver.receive()


def test_second_server_on_a_port_is_an_error(sockets):
    with pytest.raises(OSError) as refused:
        open_udp(port_of(sockets[0]), "127.0.0.1")
    assert refused.value.errno == errno.EADDRINUSE


@pytest.fixture
def two_links():
    """A namespace with two pairs of interfaces, a0 - a1 and b0 - b1, that share one network."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("needs root and ip(8)")
    name = f"t-net-batch-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode:
        pytest.skip("network namespaces are not available")
    try:
        ip = ["ip", "-n", name]
        subprocess.run([*ip, "link", "set", "lo", "up"], check=True)
        for pair, address in (("a", "192.0.2.1/24"), ("b", "192.0.2.2/24")):
            subprocess.run([*ip, "link", "add", f"{pair}0", "type", "veth", "peer", "name", f"{pair}1"], check=True)
            subprocess.run([*ip, "address", "add", address, "dev", f"{pair}0"], check=True)
            for end in "01":
                subprocess.run([*ip, "link", "set", f"{pair}{end}", "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)


def run_in(namespace, program):
    """What the Python program prints."""
    command = ["ip", "netns", "exec", namespace, sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


BROADCASTS = """
import select, socket
from pydhcpd.net.batch import BatchReceiver, BatchSender, FrameSender
from pydhcpd.net.frames import udp_frame
from pydhcpd.net.sockets import open_packet, open_udp

index = {name: socket.if_nametoindex(name) for name in ("a0", "a1", "b0", "b1")}
name = {number: name for name, number in index.items()}
with open_udp(67) as server, open_packet() as packet:
    taps = {}
    for end in ("a1", "b1"):
        taps[end] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        taps[end].bind((end, 0x0800))
        taps[end].settimeout(10)

    def next_udp(end, port):
        while True:
            frame = taps[end].recv(2048)
            if frame[23] == 17 and int.from_bytes(frame[36:38], "big") == port:
                return frame

    sender, frames = BatchSender(server), FrameSender(packet)
    assert sender.send([(b"to " + end.encode(), 0xFFFFFFFF, 1068, index[end], 0) for end in ("b0", "a0")]) == []
    for end in ("a1", "b1"):
        frame = next_udp(end, 1068)
        print(end, frame[42:].decode().rstrip("\\0"), frame[26:30].hex())
    hardware = bytes.fromhex("020000000001")
    sent = [(udp_frame(end.encode(), hardware, b"\\xff" * 6, 1, 0xFFFFFFFF, 67, 1069), index[end]) for end in ("a0", "b0")]
    print(frames.send([(b"x" * 60, 0x7FFFFFF0), *sent, (b"x" * 2049, index["a0"])]))  # what a frame may have there is 1514
    for end, (frame, _) in zip(("a1", "b1"), sent):
        assert next_udp(end, 1069) == frame
        taps[end].close()
    receiver = BatchReceiver(server)
    frames.send([(udp_frame(b"in", hardware, b"\\xff" * 6, 0, 0xFFFFFFFF, 68, 67), index[end]) for end in ("b1", "a1")])
    received = []
    while len(received) < 2 and select.select([server], [], [], 10)[0]:
        received += receiver.receive()
    for data, interface, source, port, destination in received:
        print(data.decode(), name[interface], source, port, hex(destination))
"""


@pytest.mark.namespaces
def test_broadcasts_and_frames_use_the_interface_that_they_name(two_links):
    assert run_in(two_links, BROADCASTS) == [
        "a1 to a0 c0000201",
        "b1 to b0 c0000202",
        f"[(0, {errno.ENXIO}), (3, {errno.EMSGSIZE})]",
        "in b0 0 68 0xffffffff",
        "in a0 0 68 0xffffffff",
    ]


UNREACHABLE = """
from pydhcpd.net.batch import BatchSender
from pydhcpd.net.sockets import open_udp
with open_udp(0) as sock:
    here = (b"", 0xC0000201, sock.getsockname()[1], 0, 0)
    print(BatchSender(sock).send([here, (b"", 0x08080808, 9, 0, 0), here, (b"", 0x08080808, 9, 0, 0)]))
"""


@pytest.mark.namespaces
def test_unreachable_networks_are_reported(two_links):
    assert run_in(two_links, UNREACHABLE) == [f"[(1, {errno.ENETUNREACH}), (3, {errno.ENETUNREACH})]"]
