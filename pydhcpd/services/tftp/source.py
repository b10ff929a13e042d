"""Windows of a file as datagrams, ready to be sent.

`Frames` is memory for one window of blocks of a size, laid out once: header, data, header, data; the file is read straight
into it. One is enough for all transfers of that size, for what is sent is copied by the kernel, and what is lost is read again.
"""

import os
from functools import lru_cache

from pydhcpd.services.tftp.messages import DATA
from pydhcpd.services.tftp.negotiation import MOST_BLOCKS, MOST_OCTETS
from pydhcpd.services.tftp.window import NUMBERS

HEADER = 4  # octets: DATA, and the number of the block
_HIGH = bytes(number >> 8 for number in range(NUMBERS)) + bytes(MOST_BLOCKS)
_LOW = bytes(number & 255 for number in range(NUMBERS)) + bytes(range(MOST_BLOCKS))


class Changed(Exception):
    """The file is no longer what it was when it was opened."""


class Frames:
    """Datagrams of one window, one after the other."""

    def __init__(self, block_size: int) -> None:
        self.block_size, self.stride = block_size, block_size + HEADER
        count = max(1, min(MOST_BLOCKS, MOST_OCTETS // self.stride))
        self._memory = bytearray(self.stride * count)
        self._memory[1::self.stride] = bytes([DATA]) * count
        self.view = memoryview(self._memory)
        self.blocks = [self.view[start + HEADER:start + self.stride] for start in range(0, len(self._memory), self.stride)]

    def number(self, first: int, count: int) -> None:
        """Write the numbers of this many blocks."""
        number, end = first % NUMBERS, count * self.stride
        self._memory[2:end:self.stride] = _HIGH[number:number + count]
        self._memory[3:end:self.stride] = _LOW[number:number + count]


@lru_cache(16)
def frames_for(block_size: int) -> Frames:
    """Memory for blocks of a size; clients choose it, so only what was used last is kept."""
    return Frames(block_size)


class OctetSource:
    """A file as it is. `size` is what it had when it was opened."""

    def __init__(self, descriptor: int, size: int, block_size: int) -> None:
        self._descriptor, self._size, self._block_size = descriptor, size, block_size
        self.last = size // block_size + 1

    def fill(self, frames: Frames, first: int, count: int) -> tuple[int, int]:
        """Read blocks from `first` on; how many, at most `count`, and how many octets of them. Raises Changed and OSError."""
        count = min(count, self.last - first + 1)
        start = (first - 1) * self._block_size
        read = os.preadv(self._descriptor, frames.blocks[:count], start)
        if read != min(count * self._block_size, self._size - start):
            raise Changed("it became shorter while it was sent")
        return count, read


class NetasciiSource:
    """A file with the ends of its lines as RFC 764 has them: LF is sent as CR LF, and CR as CR NUL.

    What is read is kept until it is acknowledged, for where a block begins in the file is not known otherwise.
    """

    CHUNK = 1 << 14  # octets

    def __init__(self, descriptor: int, block_size: int) -> None:
        self._descriptor, self._block_size = descriptor, block_size
        self._kept, self._kept_from, self._position = bytearray(), 0, 0
        self.last: int | None = None

    def fill(self, frames: Frames, first: int, count: int) -> tuple[int, int]:
        """As that of OctetSource."""
        start = (first - 1) * self._block_size
        del self._kept[:start - self._kept_from]
        self._kept_from = start
        while self.last is None and len(self._kept) < count * self._block_size:
            self._read()
        if self.last is not None:
            count = min(count, self.last - first + 1)
        wanted = bytes(self._kept[:count * self._block_size])
        for block, at in zip(frames.blocks[:count], range(0, count * self._block_size, self._block_size), strict=True):
            piece = wanted[at:at + self._block_size]
            block[:len(piece)] = piece
        return count, len(wanted)

    def _read(self) -> None:
        octets = os.pread(self._descriptor, self.CHUNK, self._position)
        self._position += len(octets)
        self._kept += octets.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")
        if not octets:
            self.last = (self._kept_from + len(self._kept)) // self._block_size + 1
