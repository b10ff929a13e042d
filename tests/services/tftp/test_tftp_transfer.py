"""A transfer whose system does not do as it is asked: messages that are not cut, buffers that are full, ways that are gone."""

import errno
import os
import socket
import struct
from itertools import pairwise
from pathlib import Path

import pytest

from pydhcpd.services.root import Root
from pydhcpd.services.tftp.messages import Request
from pydhcpd.services.tftp.transfer import GIVE_UP, Transfer

CONTENT = bytes(range(250)) * 40
BLOCK = 1000
LIMIT = 600.0


class Wire:
    """A connected socket: what is sent on it, and the errors that sending meets first."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.errors: list[int] = []
        self.heard: list[bytes | OSError] = []
        self.cut: list[int] = []
        self.closed = False

    def getpeername(self) -> tuple[str, int]:
        return "192.0.2.7", 2070

    def getsockopt(self, *_: int) -> int:
        return 1500

    def setsockopt(self, _level: int, _name: int, value: int) -> None:
        self.cut.append(value)

    def send(self, data: bytes) -> int:
        if self.errors:
            number = self.errors.pop(0)
            raise OSError(number, os.strerror(number))
        self.sent.append(bytes(data))
        return len(data)

    def recv(self, _: int) -> bytes:
        heard = self.heard.pop(0)
        if isinstance(heard, OSError):
            raise heard
        return heard

    def close(self) -> None:
        self.closed = True


class Sending:
    """A transfer of CONTENT by windows, and what became of it."""

    def __init__(self, place: Path, **options: str) -> None:
        (place / "file").write_bytes(CONTENT)
        self.wire, self.ended = Wire(), []
        request = Request("file", "octet", {"blksize": str(BLOCK), **options})
        self.file = Root(place).open("file", 0.0)
        self.transfer = Transfer(self.wire, request, self.file, lambda _: None, self.ended.append, 0.0)
        self.transfer.start(0.0)

    def hear(self, block: int, now: float) -> None:
        """An acknowledgement."""
        self.wire.heard.append(struct.pack(">HH", 4, block))
        self.transfer.readable(now)

    def blocks(self) -> list[int]:
        """The numbers of the blocks that were sent as messages of their own."""
        return [int.from_bytes(one[2:4]) for one in self.wire.sent if one[1] == 3]


@pytest.fixture
def sending(tmp_path: Path) -> Sending:
    """Windows of four blocks."""
    return Sending(tmp_path, windowsize="4")


def test_a_window_is_one_message_that_the_kernel_cuts(sending: Sending) -> None:
    sending.hear(0, 0.1)
    assert sending.wire.cut == [BLOCK + 4]
    options, window = sending.wire.sent
    assert options[:2] == b"\0\6" and len(window) == 4 * (BLOCK + 4)
    parts = [window[start:start + BLOCK + 4] for start in range(0, len(window), BLOCK + 4)]
    assert b"".join(part[4:] for part in parts) == CONTENT[:4 * BLOCK]
    assert [part[:4] for part in parts] == [struct.pack(">HH", 3, number) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize("number", [errno.EIO, errno.EINVAL, errno.EMSGSIZE])
def test_where_the_kernel_does_not_cut_there_are_as_many_messages(sending: Sending, number: int) -> None:
    """A card without checksums, a path that is narrower than the card."""
    sending.wire.errors = [number]
    sending.hear(0, 0.1)
    assert sending.blocks() == [1, 2, 3, 4]
    sending.hear(4, 0.2)
    assert sending.blocks() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert sending.wire.cut == [BLOCK + 4, 0]


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOBUFS, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EPERM])
def test_what_could_not_be_sent_is_sent_later(sending: Sending, number: int) -> None:
    sending.wire.errors = [number]
    sending.hear(0, 0.1)
    assert len(sending.wire.sent) == 1 and not sending.ended
    sending.transfer.look(sending.transfer.due, LIMIT)
    assert len(sending.wire.sent) == 2 and len(sending.wire.sent[1]) == 4 * (BLOCK + 4)


def test_any_other_error_ends_it(sending: Sending) -> None:
    sending.wire.errors = [errno.ENODEV]
    sending.hear(0, 0.1)
    assert sending.ended and sending.wire.closed
    assert sending.transfer.trouble == "it could not be read or sent: No such device"


def test_a_port_that_is_closed_ends_it_when_sending_too(sending: Sending) -> None:
    sending.wire.errors = [errno.ECONNREFUSED]
    sending.hear(0, 0.1)
    assert sending.ended and "is gone" in sending.transfer.trouble


@pytest.mark.parametrize("error", [BlockingIOError(errno.EAGAIN, ""), OSError(errno.EHOSTUNREACH, "")])
def test_nothing_to_hear_is_no_trouble(sending: Sending, error: OSError) -> None:
    sending.wire.heard.append(error)
    sending.transfer.readable(0.1)
    assert not sending.ended


def test_it_is_sent_again_less_and_less_often(sending: Sending) -> None:
    sending.hear(0, 0.001)
    sent, times, now = len(sending.wire.sent), [], 0.0
    while not sending.ended:
        now += 0.05
        sending.transfer.look(now, LIMIT)
        if len(sending.wire.sent) > sent:
            sent = len(sending.wire.sent)
            times.append(now)
    pauses = [after - before for before, after in pairwise(times[:-1])]
    assert pauses == sorted(pauses) and pauses[-1] == pytest.approx(8.0, abs=0.1)
    assert GIVE_UP < now < GIVE_UP + 1 and len(times) < 12
    assert sending.wire.sent[-1][:4] == b"\0\5\0\0"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(sending.file.descriptor)


def test_the_client_s_time_is_kept_to(tmp_path: Path) -> None:
    """RFC 2349."""
    sending, times, now = Sending(tmp_path, timeout="7"), [], 0.0
    while not sending.ended:
        now += 0.25
        before = len(sending.wire.sent)
        sending.transfer.look(now, LIMIT)
        times += [now] * (len(sending.wire.sent) - before)
    assert times == [7.0, 14.0, 21.0, 28.0, 35.0, 42.0, 42.25]  # the last is the error


def test_a_socket_is_what_it_takes() -> None:
    """What the wire of these tests has is what sockets have."""
    assert all(hasattr(socket.socket, name) for name in vars(Wire) if not name.startswith("_"))
