"""`Leisure`: how a thread beside the path gives way to it, while more comes than can be answered.

Python runs one thread at a time, and does not ask which of them matters more. So who works beside the path rests by itself, as
long as there is that pressure: then it takes a small part of the time, and what it cannot do in that is missed or comes later.
"""

import time
from collections.abc import Callable

SHARE = 0.002  # of the time, for each thread
LONGEST = 10.0  # seconds of rest at a time


class Leisure:
    """Of one thread, which alone may call it."""

    def __init__(self, is_pressed: Callable[[], bool], clock: Callable[[], float] = time.thread_time) -> None:
        """`clock` is the processor time of the thread."""
        self._is_pressed, self._clock = is_pressed, clock
        self._used: float | None = None

    def rest(self, otherwise: float = 0.0) -> float:
        """Seconds to rest, for what was worked since this was asked last; `otherwise` where there is no pressure."""
        before, self._used = self._used, self._clock()
        if before is None or not self._is_pressed():
            return otherwise
        return max(otherwise, min((self._used - before) / SHARE, LONGEST))
