"""`Formers`: files in whose place others are now, given back to the file system a little at a time.

A file system frees a long file at once, and whoever syncs meanwhile, as is done for each lease, waits for that: some 10 ms for
40 MB. So a long one is held open when another takes its place, and is made shorter step by step when it must have been read by
whoever had begun to.
"""

import os
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.files import open_carefully

LONG = 2 << 20  # bytes; a shorter one is no matter
STEP = 1 << 20  # bytes
KEPT = 60.0  # seconds in which it is read to its end


class Formers:
    """For one thread. Time comes in, in seconds of a clock that does not go back."""

    def __init__(self) -> None:
        self._held: deque[tuple[float, int]] = deque()  # until when, descriptor

    def hold(self, path: Path, now: float) -> None:
        """Another is about to take the place of this one."""
        with suppress(OSError, InvalidValue):  # there is none, or it will not be replaced
            descriptor = open_carefully(path, os.O_RDWR)
            if os.fstat(descriptor).st_size >= LONG:
                self._held.append((now + KEPT, descriptor))
            else:
                os.close(descriptor)

    def let_go(self, now: float) -> Iterator[None]:
        """Give back what was held for long enough, in steps."""
        while self._held and self._held[0][0] <= now:
            _, descriptor = self._held.popleft()
            try:
                yield from _shorten(descriptor)
            finally:
                os.close(descriptor)

    def close(self) -> None:
        """Give all back at once."""
        while self._held:
            os.close(self._held.popleft()[1])


def _shorten(descriptor: int) -> Iterator[None]:
    status = os.fstat(descriptor)
    if status.st_nlink == 0:  # else it is still there, by some name
        for size in range((status.st_size - 1) // STEP * STEP, -1, -STEP):
            os.ftruncate(descriptor, size)
            yield
