"""The thread beside the path: whatever fails there is told at a bounded rate, and tried again."""

import sqlite3
import threading
import time
from types import SimpleNamespace

import pytest

from pydhcpd.errors import StoreError
from pydhcpd.leases import upkeep
from pydhcpd.leases.upkeep import Upkeep

TRIES = 5


class Store:
    """One that fails until it was tried so often."""

    name = "the lease database"

    def __init__(self, error):
        self.error = error
        self.is_due = threading.Event()
        self.tries = 0
        self.done = threading.Event()

    def lay_out(self):
        self.keep(None)

    def keep(self, lock):
        self.is_due.set()
        self.tries += 1
        if self.tries <= TRIES:
            raise self.error
        self.done.set()
        self.is_due.clear()


@pytest.mark.parametrize(("error", "has_traceback"), [
    (StoreError("disk I/O error"), False), (OSError(5, "Input/output error"), False),
    (sqlite3.OperationalError("locked"), True)])
def test_an_error_that_lasts_is_told_once_a_minute_and_the_thread_goes_on(monkeypatch, caplog, error, has_traceback):
    monkeypatch.setattr(upkeep, "FAULT_PAUSE", 0.001)
    store = Store(error)
    thread = Upkeep(store, threading.Lock())
    thread.start()
    assert store.done.wait(10)
    thread.stop()
    (told,) = caplog.records
    assert told.getMessage() == f"the lease database could not be looked after: {error}"
    assert bool(told.exc_info) is has_traceback


def test_it_rests_after_a_fault(monkeypatch):
    """Else one that comes again at once would take the processor."""
    monkeypatch.setattr(upkeep, "FAULT_PAUSE", 0.05)
    store, begin = Store(StoreError("disk I/O error")), time.monotonic()
    thread = Upkeep(store, threading.Lock())
    thread.start()
    assert store.done.wait(10)
    thread.stop()
    assert time.monotonic() - begin >= TRIES * 0.05


def test_an_end_that_is_asked_for_while_it_works_is_not_waited_for(monkeypatch):
    """What it was told in the meantime it forgets when it has done all there was."""
    monkeypatch.setattr(upkeep, "INTERVAL", 60.0)
    begun, go_on = threading.Event(), threading.Event()
    store = SimpleNamespace(name="the lease database", is_due=threading.Event(), lay_out=lambda: None)

    def keep(_):
        begun.set()
        assert go_on.wait(10)
        store.is_due.clear()

    store.keep = keep
    store.is_due.set()
    thread = Upkeep(store, threading.Lock())
    thread.start()
    assert begun.wait(10)
    ending = threading.Thread(target=thread.stop)
    ending.start()
    time.sleep(0.1)
    go_on.set()
    ending.join(10)
    assert not thread.is_alive()
