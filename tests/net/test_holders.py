"""Who holds a UDP port, asked of the kernel."""

import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from pydhcpd.net.holders import Holder, holders_of, inode_of, user_of_peer

LOCALHOST = 0x7F000001


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def bound(stack: ExitStack, family: int, address: str, port: int = 0, only: bool = False) -> socket.socket:
    """A socket that is bound; of IPv6 it takes `only` that, or IPv4 too."""
    made = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    made.bind((address, port))
    return made


@pytest.mark.parametrize(("family", "address", "only", "held"), [
    (socket.AF_INET, "127.0.0.1", False, LOCALHOST), (socket.AF_INET, "", False, 0), (socket.AF_INET6, "::", False, 0),
    (socket.AF_INET6, "::ffff:127.0.0.1", False, LOCALHOST), (socket.AF_INET6, "::", True, None),
    (socket.AF_INET6, "::1", False, None),
])
def test_holders_of_ipv4(stack: ExitStack, family: int, address: str, only: bool, held: int | None) -> None:
    """A socket of IPv6 that is bound to all addresses takes IPv4 too, unless it says otherwise."""
    try:
        one = bound(stack, family, address, only=only)
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    found = holders_of(one.getsockname()[1])
    assert found == ([] if held is None else [Holder(held, 0, os.geteuid(), inode_of(one))])


def test_many_are_all_told(stack: ExitStack) -> None:
    """The kernel's answer comes in portions."""
    first = bound(stack, socket.AF_INET, "127.0.0.1")
    port = first.getsockname()[1]
    for number in range(2, 402):
        bound(stack, socket.AF_INET, f"127.0.{number >> 8}.{number & 255}", port)
    found = holders_of(port)
    assert len(found) == len({one.inode for one in found}) == 401
    assert inode_of(first) in {one.inode for one in found}


def test_connected_ones_and_those_of_a_device_are_told(stack: ExitStack) -> None:
    one = bound(stack, socket.AF_INET, "127.0.0.1")
    one.connect(("127.0.0.1", 9))
    assert [each.inode for each in holders_of(one.getsockname()[1])] == [inode_of(one)]
    try:
        one.setsockopt(socket.SOL_SOCKET, 25, b"lo")  # SO_BINDTODEVICE
    except PermissionError:
        pytest.skip("needs CAP_NET_RAW")
    assert [each.interface for each in holders_of(one.getsockname()[1])] == [socket.if_nametoindex("lo")]


def test_nobody_holds_a_port_that_is_free(stack: ExitStack) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    assert holders_of(port) == []


def test_kernel_that_does_not_tell_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """RestrictAddressFamilies= without AF_NETLINK, say, or a kernel without sock_diag."""
    monkeypatch.setattr("pydhcpd.net.holders._SOCK_DIAG_BY_FAMILY", 999)
    with pytest.raises(OSError, match=r"."):
        holders_of(67)


def peer_of(listener: socket.socket, program: str, user: int) -> int | None:
    """What is told of a peer that runs as another user."""
    # What is imported later that user may not be able to read.
    text = f"import encodings.idna, os, socket, sys\nos.setresuid({user}, {user}, {user})\n{program}\nsys.stdin.read()"
    with subprocess.Popen([sys.executable, "-S", "-c", text], stdin=subprocess.PIPE) as process:
        connection, _ = listener.accept()
        with connection:
            found = user_of_peer(connection)
        assert process.stdin is not None
        process.stdin.close()
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="to become another user needs root")
@pytest.mark.parametrize("user", [0, 65534, 12345])
def test_the_user_at_the_other_end_of_a_connection(user: int) -> None:
    """On this machine the kernel tells, over TCP (sock_diag(7)) and over a UNIX socket (SO_PEERCRED of socket(7))."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        program = f"s = socket.create_connection(('127.0.0.1', {listener.getsockname()[1]}))"
        assert peer_of(listener, program, user) == user
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0pydhcpd-test-{os.getpid()}")
        listener.listen()
        listener.settimeout(10)
        program = f"s = socket.socket(socket.AF_UNIX); s.connect('\\0pydhcpd-test-{os.getpid()}')"
        assert peer_of(listener, program, user) == user


def test_of_a_peer_that_has_gone_nothing_is_told() -> None:
    """Nor of one on another machine: both have no socket here."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        with connection:
            assert user_of_peer(connection) is None
