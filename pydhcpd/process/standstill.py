"""`Standstill`: ends the process where a function of the configuration file never ends, so that the next one leaves it out.

Nothing can interrupt such a function, and it holds all that answering needs. A thread looks again and again whether both
threads that answer make progress. It counts its own looks, not seconds: where it came late itself, the process was stopped, or
the machine had no time for it, and what seems to stand still may be well. A disk that takes its time is another matter too:
what stands still outside the file's functions is left alone.

What is not Python may keep the interpreter to itself, and then nothing of ours looks. So the kernel is told to end the process
once it has used so much of the processor, and each look puts that off. What sleeps meanwhile uses little: by the clock it is no
other than a process that was stopped, and it is for systemd's watchdog to end it. Wherever the end comes from, a crash
included, `faulthandler` tells the next process by the marker.
"""

import faulthandler
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_stack

from pydhcpd.policy.fence import Fence
from pydhcpd.process.marker import Marker

ENDING = 8.0  # seconds that an end may take which was asked for; systemd would wait 15
SHORTEST = 5.0  # seconds: less than an idle thread takes to show twice that it lives is no standstill
LOOKS = 4  # in a row within the limit, in which there is no progress
LATE = 1.5  # times the pause between two looks: one that comes later does not count
UNTIL = "the configuration file changes"

Beats = tuple[int, int]
"""What grows while the receiver, and the worker, make progress."""

_CALL = Fence.call.__code__  # that answering waits for; on_event() is called otherwise, and holds up nothing while we can look


class Standstill:
    """The watch over one process."""

    def __init__(self, database: Path) -> None:
        """What a process before left is read here, and counts from the first `watch` on."""
        self._lock = threading.Lock()  # guards all below
        self._marker = Marker(database)
        self._limit = self._allowance = 0.0
        self._stood = 0  # looks without progress
        self._looked_at = 0.0
        self._beats: Beats = (-1, -1)
        self._changed = threading.Event()

    def watch(self, fences: Sequence[Fence], fingerprint: str, limit: float) -> list[str]:
        """From now on watch over the functions of a configuration, which may stand still for `limit` seconds (0: for ever).

        Those that stood still before are left out, if it is the same configuration; returns their names.
        """
        with self._lock:
            known = self._marker.known
            names = known.names | known.told(fences) if known.fingerprint == fingerprint else set()
            for one in fences:
                if one.name in names and not one.is_left_out:
                    one.leave_out(UNTIL, known.reason(one))
            self._marker.known = known._replace(fingerprint=fingerprint, names=frozenset(names))
            self._limit = max(limit, SHORTEST) if limit and fences else 0.0
            if fences:
                self._begin_marker()
            self._put_off()
        self._changed.set()
        return sorted(names)

    def start(self, progress: Callable[[], Beats]) -> None:
        """Begin to look, for there is somebody who makes progress."""
        threading.Thread(target=self._run, args=(progress,), name="standstill", daemon=True).start()

    def _begin_marker(self) -> None:
        """Let whatever ends the process write into it."""
        self._marker.begin()
        faulthandler.enable(self._marker.file)
        faulthandler.register(signal.SIGPROF, self._marker.file, chain=True)

    # --- the looks

    def _run(self, progress: Callable[[], Beats]) -> None:
        """Until the process ends."""
        while True:
            if self._changed.wait(self._limit / LOOKS or None):
                self._changed.clear()
                continue
            with self._lock:
                if self._limit:
                    self._look(progress(), time.monotonic())

    def _look(self, beats: Beats, now: float) -> None:
        """End the process, if for long one of the threads has made no progress, and a function of the file is being run."""
        is_late, self._looked_at = now - self._looked_at > LATE * self._limit / LOOKS, now
        if all(new != old for new, old in zip(beats, self._beats, strict=True)) or not _is_in_function():
            self._beats, self._stood = beats, 0
            if self._marker.lacks_room:
                self._begin_marker()
        elif not is_late:
            self._stood += 1
        if self._stood == LOOKS:
            faulthandler.dump_traceback(self._marker.file)
            os._exit(1)
        self._put_off()

    # --- the end by the kernel, where nobody looks

    def _put_off(self) -> None:
        """End the process once it has used so much of the processor, and not sooner."""
        seconds = self._limit + self._allowance
        signal.setitimer(signal.ITIMER_PROF, seconds if self._limit and seconds < math.inf else 0.0)

    @contextmanager
    def allowing(self, seconds: float) -> Iterator[None]:
        """What is done within may keep the interpreter to itself for so much longer (0: for ever)."""
        self._allow(seconds or math.inf)
        try:
            yield
        finally:
            self._allow(0.0)

    def _allow(self, seconds: float) -> None:
        with self._lock:
            self._allowance = seconds
            self._put_off()

    # --- the end of the process

    def end_within(self, seconds: float = ENDING) -> None:
        """The process is ending; whatever holds that up, by then it has ended."""
        self._rest()
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._marker.file)

    def stop(self) -> None:
        """The process has ended by itself."""
        self._rest()
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()
        self._marker.close()

    def _rest(self) -> None:
        """Nothing is watched any more."""
        with self._lock:
            self._limit = self._allowance = 0.0
            self._put_off()


def _is_in_function() -> bool:
    """Whether any thread is in a function of the file that answering waits for."""
    return any(frame.f_code is _CALL for innermost in sys._current_frames().values() for frame, _ in walk_stack(innermost))
