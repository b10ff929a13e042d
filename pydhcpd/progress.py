"""`Progress`: how far a long matter has come, on the terminal of whoever waits for it."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SHOW_EVERY = 0.2  # seconds between updates
LOOK_EVERY = 64  # things between looks at the clock


class Progress:
    """A count on a terminal; nothing where standard error is none, or what comes of it is shown there itself."""

    def __init__(self, words: str, *, is_wanted: bool = True) -> None:
        self.count = 0
        self._words = words
        self._terminal = is_wanted and sys.stderr.isatty()
        self._next = 0.0

    def over(self, things: Iterable[T]) -> Iterator[T]:
        """Pass things on, counting them."""
        try:
            for thing in things:
                self.count += 1
                if self._terminal and not self.count % LOOK_EVERY:
                    self._show()
                yield thing
        finally:
            self.end()

    def add(self, number: int) -> None:
        """So many more are done, of what is not passed on one by one; `end` says that it was all."""
        self.count += number
        if self._terminal:
            self._show()

    def end(self) -> None:
        """Leave the line to others."""
        if self._terminal:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _show(self) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + SHOW_EVERY
            sys.stderr.write(f"\r{self._words} {self.count:,}")
            sys.stderr.flush()
