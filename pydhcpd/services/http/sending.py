"""`Sending`: an open file on its way to one connection, by sendfile(2), so that it costs no memory and little time.

A portion at a time, each within `patience`: who takes less than that is too slow to be waited for. How much the client has
is what its TCP has acknowledged, which is seen also of a connection that is no more: UEFI firmware resets it at the last octet.
What is written to while it is sent is not sent to its end, for half of each would boot nothing; a file that another takes the
place of is sent as it was.
"""

import asyncio
import os
import socket
import struct
import termios
from collections.abc import Callable, Coroutine
from fcntl import ioctl
from typing import BinaryIO

PORTION = 256 * 1024  # octets
PATIENCE = 30.0  # seconds for a portion
FIRST_LOOK, LAST_LOOK = 0.001, 0.03  # seconds between looks at what is acknowledged: each twice as long as the one before
CHANGED = "put another file in its place by mv instead"
BROKEN_OFF = "the client broke it off"

TCP_CLOSE = 7  # tcpi_state, which is the first of struct tcp_info (netinet/tcp.h)
BYTES_ACKED = 120  # where tcpi_bytes_acked is in struct tcp_info (linux/tcp.h)


class Stopped(Exception):
    """A file was not sent to its end: why, in words."""


class Sending:
    """Part of a file, from `first` on, for a connection whose answer has begun; it may take `limit` seconds in all."""

    def __init__(self, connection: asyncio.Transport, file: BinaryIO, first: int, count: int, limit: float,
                 patience: float = PATIENCE) -> None:
        self._connection, self._file = connection, file
        self._first, self._count = first, count
        self._limit, self._patience = limit, patience
        self._given = 0  # octets that the system has taken
        self._state = self._look()
        self._socket = socket.socket(fileno=os.dup(connection.get_extra_info("socket").fileno()))
        under_way = _queued(self._socket) + connection.get_write_buffer_size()
        self._before = _acknowledged(self._socket) + under_way  # what belongs to the header, and to earlier answers

    def close(self) -> None:
        """No more is asked of it."""
        self._socket.close()

    def _look(self) -> tuple[int, int]:
        """What is another where the file is written to."""
        status = os.fstat(self._file.fileno())
        return status.st_mtime_ns, status.st_size

    def received(self) -> int:
        """How much of it the client has, as far as it has said so."""
        return min(max(_acknowledged(self._socket) - self._before, 0), self._count)

    async def run(self, going: Callable[[int], None]) -> None:
        """Send it, until the client has it all; `going` is told now and then how much that is. Raises Stopped."""
        try:
            async with asyncio.timeout(self._limit):
                await self._send(going)
        except TimeoutError:
            raise Stopped(f"it took longer than {self._limit:.0f} s") from None

    async def _send(self, going: Callable[[int], None]) -> None:
        while self._given < self._count:
            if self._look() != self._state:
                raise Stopped(f"it was written to while it was sent; {CHANGED}")
            await self._in_time(self._send_portion(min(PORTION, self._count - self._given)))
            going(self.received())
        await self._in_time(self._wait())

    async def _in_time(self, work: Coroutine[None, None, None]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await work
        except TimeoutError:
            raise Stopped(f"the client took next to nothing for {self._patience:.0f} s") from None

    async def _send_portion(self, count: int) -> None:
        try:
            given = await self._give(count)
        except (ConnectionError, TimeoutError, RuntimeError):  # that it is closing, asyncio tells by the last
            raise Stopped(BROKEN_OFF) from None
        except OSError as error:
            raise Stopped(BROKEN_OFF if self._connection.is_closing() else f"it cannot be read: {error.strerror}") from None
        self._given += given
        if given < count:
            raise Stopped(f"it became shorter while it was sent; {CHANGED}")

    async def _give(self, count: int) -> int:
        """Have the system take this many octets; returns how many there were."""
        loop, place = asyncio.get_running_loop(), self._first + self._given
        try:
            return await loop.sendfile(self._connection, self._file, place, count, fallback=False)
        except asyncio.SendfileNotAvailableError:  # the file is of a kind that has to be read, or the client has gone
            return await loop.sendfile(self._connection, self._file, place, count)

    async def _wait(self) -> None:
        """Until the client has all of it."""
        look = FIRST_LOOK
        while not self._is_complete():
            await asyncio.sleep(look)
            look = min(look * 2, LAST_LOOK)

    def _is_complete(self) -> bool:
        """Whether the client has all of it. Raises Stopped where it never will."""
        is_over = self._connection.is_closing() or _is_over(self._socket)  # before the last look at what it has
        if self.received() >= self._count:
            return True
        if is_over:
            raise Stopped(BROKEN_OFF)
        return False


def _is_over(connection: socket.socket) -> bool:
    """Whether a connection has ended: who has said that it sends no more is not read from, and asyncio misses its reset."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == TCP_CLOSE


def _acknowledged(connection: socket.socket) -> int:
    """Octets that a peer has acknowledged since the beginning of a connection."""
    told = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, BYTES_ACKED + 8)
    return int(struct.unpack_from("Q", told, BYTES_ACKED)[0])


def _queued(connection: socket.socket) -> int:
    """Octets that are to be sent, or not acknowledged yet (SIOCOUTQ of tcp(7))."""
    return int(struct.unpack("i", ioctl(connection.fileno(), termios.TIOCOUTQ, bytes(4)))[0])
