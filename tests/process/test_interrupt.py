"""Code that may never end: by time, or by a signal, and whatever it catches."""

import os
import signal
import threading
import time
from contextlib import suppress

import pytest

from pydhcpd.errors import Interrupted
from pydhcpd.process.interrupt import interruptible


def spin():
    while True:
        pass


def catch_what_it_can():
    while True:
        with suppress(Exception):
            time.sleep(60)


def catch_all_once():
    try:
        time.sleep(60)
    except BaseException:
        time.sleep(60)


@pytest.mark.parametrize("body", [spin, lambda: time.sleep(60), catch_what_it_can, catch_all_once])
def test_a_body_that_does_not_end_is_ended(body):
    before = signal.getsignal(signal.SIGALRM), signal.pthread_sigmask(signal.SIG_BLOCK, ())
    begin = time.monotonic()
    with pytest.raises(Interrupted) as caught, interruptible(0.1):
        body()
    assert caught.value.number == signal.SIGALRM
    assert 0.1 <= time.monotonic() - begin < 5
    assert (signal.getsignal(signal.SIGALRM), signal.pthread_sigmask(signal.SIG_BLOCK, ())) == before
    time.sleep(0.15)  # and no alarm comes later


@pytest.mark.parametrize("limit", [0, 60])
def test_a_body_that_ends_is_left_alone(limit):
    with interruptible(limit):
        time.sleep(0.01)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_signal_that_is_blocked_otherwise_ends_it_too():
    """As in the daemon, whose main thread takes its signals by sigtimedwait(2)."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
        timer.start()
        with pytest.raises(Interrupted) as caught, interruptible(60, (signal.SIGTERM,)):
            catch_what_it_can()
        assert caught.value.number == signal.SIGTERM
        timer.join()
        assert signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())
        assert signal.sigtimedwait({signal.SIGTERM}, 0) is None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
