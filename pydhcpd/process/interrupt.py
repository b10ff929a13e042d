"""Ending what may never end: code of the configuration file, which is anybody's Python and runs in the main thread."""

import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

from pydhcpd.errors import Interrupted

AGAIN = 0.05  # seconds until code that has caught the exception meets it again


@contextmanager
def interruptible(seconds: float, signals: Iterable[signal.Signals] = ()) -> Iterator[None]:
    """Raise Interrupted in the body after so many seconds (0: never), or by one of these signals; in the main thread alone.

    A body that sleeps is woken. One that ends first leaves all as it was; a signal that comes too late for it is pending.
    """
    watched = (signal.SIGALRM, *signals)
    body_runs = True
    late: list[int] = []

    def interrupt(number: int, _: FrameType | None) -> None:
        if not body_runs:
            late.append(number)
            return
        signal.setitimer(signal.ITIMER_REAL, AGAIN, AGAIN)
        raise Interrupted(signal.Signals(number))

    before = {number: signal.signal(number, interrupt) for number in watched}
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, seconds)
            yield
        finally:
            body_runs = False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for watch, handler in before.items():
            signal.signal(watch, handler)
        for number in set(late) - {signal.SIGALRM}:
            signal.raise_signal(number)
