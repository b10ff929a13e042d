"""Clocks that run faster than the machine's: the wall clock, CLOCK_MONOTONIC and CLOCK_BOOTTIME alike, and all that is waited
for by them.

`Clock` tells the time. `put_in_place` makes it that of this process, for a program that knows nothing of it: what Python's
library tells of time is asked of the clock, and what it is told to wait for takes that much less. All processes that are given
the same clock by their environment agree on the time. How long something may compute (timers of signals, faulthandler) stays
the machine's, for no processor runs faster.
"""

import os
import select
import signal
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

VARIABLE = "FASTER_CLOCK"
NANO = 1_000_000_000

_monotonic, _wall, _clock_gettime = time.monotonic, time.time, time.clock_gettime


@dataclass(frozen=True)
class Clock:
    """`began` is when it was right, by the clocks of the machine; since then it runs `speed` times as fast."""

    speed: float
    began: float  # by CLOCK_MONOTONIC, by which it runs
    wall_began: float
    boot_began: float

    @classmethod
    def of_now(cls, speed: float) -> "Clock":
        """One that begins now."""
        return cls(speed, _monotonic(), _wall(), _clock_gettime(time.CLOCK_BOOTTIME))

    @classmethod
    def from_words(cls, words: str) -> "Clock":
        """What `words` tells."""
        return cls(*(float.fromhex(one) for one in words.split()))

    def words(self) -> str:
        """All of it, for the environment of a process."""
        return " ".join(one.hex() for one in (self.speed, self.began, self.wall_began, self.boot_began))

    def passed(self) -> float:
        """Seconds by this clock since it began."""
        return (_monotonic() - self.began) * self.speed

    def wall(self) -> float:
        return self.wall_began + self.passed()

    def monotonic(self) -> float:
        return self.began + self.passed()

    def gettime(self, number: int) -> float:
        """As `time.clock_gettime`; a clock of processor time is as it was."""
        began = {time.CLOCK_REALTIME: self.wall_began, time.CLOCK_MONOTONIC: self.began, time.CLOCK_BOOTTIME: self.boot_began}
        return began[number] + self.passed() if number in began else _clock_gettime(number)


class _Poll:
    """`select.poll`, whose time-outs are by a clock."""

    speed = 1.0
    _plain = select.poll

    def __init__(self) -> None:
        poll = self._plain()
        self._wait, self.register, self.unregister, self.modify = poll.poll, poll.register, poll.unregister, poll.modify

    def poll(self, timeout: float | None = None) -> list[tuple[int, int]]:
        """As that of `select`; less than a millisecond is one, lest nothing be waited for."""
        return self._wait(None if timeout is None else timeout if timeout <= 0 else max(timeout / self.speed, 1))


def put_in_place() -> None:
    """Let this process, and those that it starts, go by the clock of its environment."""
    _replace_clocks(Clock.from_words(os.environ[VARIABLE]))


def _replace_clocks(clock: Clock) -> None:
    library: Any = time
    strftime, localtime = time.strftime, time.localtime
    library.time, library.monotonic, library.clock_gettime = clock.wall, clock.monotonic, clock.gettime
    library.time_ns = lambda: int(clock.wall() * NANO)
    library.monotonic_ns = lambda: int(clock.monotonic() * NANO)
    library.localtime = lambda seconds=None: localtime(clock.wall() if seconds is None else seconds)
    library.strftime = lambda form, when=None: strftime(form, library.localtime() if when is None else when)
    _replace_waits(clock.speed)


def _replace_waits(speed: float) -> None:
    sleep, sigtimedwait = time.sleep, signal.sigtimedwait
    wait, settimeout = threading.Condition.wait, socket.socket.settimeout

    def sooner(seconds: float | None) -> float | None:
        return None if seconds is None else seconds / speed

    library: Any = time
    library.sleep = lambda seconds: sleep(seconds / speed)
    library = signal
    library.sigtimedwait = lambda signals, seconds: sigtimedwait(signals, seconds / speed)
    library = threading.Condition
    library.wait = lambda self, timeout=None: wait(self, sooner(timeout))
    library = socket.socket
    library.settimeout = lambda self, seconds: settimeout(self, sooner(seconds))
    library = select
    _Poll.speed = speed
    library.poll = _Poll
