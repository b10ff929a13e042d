"""The delay worker: what is due first comes first, at its time, and an idle worker costs nothing."""

import logging
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.delay_worker import PriorityQueue, TransactionDelayWorker
from pydhcpd.transaction import DHCPTransaction

PATIENCE = 10.0  # seconds until a test gives up
LATE = 0.25  # seconds that a loaded machine may be late


class Recorder:
    """Takes down what was called and when."""

    def __init__(self):
        self.calls = []
        self.called = threading.Condition()

    def __call__(self, *args, **kw):
        with self.called:
            self.calls.append((time.monotonic(), threading.current_thread().name, args, kw))
            self.called.notify_all()

    def wait_for(self, count):
        with self.called:
            assert self.called.wait_for(lambda: len(self.calls) >= count, PATIENCE)
        return [args for _, _, args, _ in self.calls]


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def worker(recorder):
    made = TransactionDelayWorker(lambda due: recorder("answered", *due))
    made.start()
    yield made
    made.stop()
    assert not made.is_alive()


# --- PriorityQueue


def test_the_earliest_comes_first_whatever_the_order_of_insertion():
    """The older server's heap was keyed by order of insertion."""
    queue = PriorityQueue()
    for due in (5.0, 1.0, 4.0, 2.0, 3.0):
        queue.put(due, due)
    assert queue.first_due() == 1.0
    assert [queue.get() for _ in range(queue.qsize())] == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (queue.qsize(), queue.first_due()) == (0, None)


@given(st.lists(st.integers(0, 5)))
def test_equal_times_keep_the_order_of_insertion(times):
    queue = PriorityQueue()
    for number, due in enumerate(times):
        queue.put(due, (due, number))
    assert [queue.get() for _ in times] == sorted((due, number) for number, due in enumerate(times))


def test_things_that_cannot_be_compared_may_be_due_at_the_same_time():
    queue = PriorityQueue()
    things = [DHCPTransaction(), (print, (), {}), DHCPTransaction()]
    for one in things:
        queue.put(1.0, one)
    assert [queue.get() for _ in things] == things


def test_an_empty_queue_has_nothing():
    with pytest.raises(IndexError):
        PriorityQueue().get()


# --- do_after


def test_do_after_calls_with_args_and_kw_in_its_own_thread(worker, recorder):
    worker.do_after(0, recorder, ("a", 1), {"key": "value"})
    worker.do_after(0, recorder)
    recorder.wait_for(2)
    assert [call[1:] for call in recorder.calls] == [("delay-worker", ("a", 1), {"key": "value"}), ("delay-worker", (), {})]


def test_what_is_due_earlier_is_done_earlier_even_if_it_is_given_later(worker, recorder):
    for delay in (0.15, 0.05, 0.1):
        worker.do_after(delay, recorder, (delay,))
    assert recorder.wait_for(3) == [(0.05,), (0.1,), (0.15,)]


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.1])
def test_it_is_done_at_its_time_and_not_before(worker, recorder, delay):
    began = time.monotonic()
    worker.do_after(delay, recorder)
    recorder.wait_for(1)
    assert delay <= recorder.calls[0][0] - began < delay + LATE


def test_it_is_precise_as_a_rule(worker, recorder):
    """Half of the calls come within a few milliseconds, on a machine that does other things too."""
    dues = []
    for n in range(20):
        dues.append(time.monotonic() + n * 0.01)
        worker.do_after(n * 0.01, recorder, (n,))
    recorder.wait_for(20)
    late = sorted(call[0] - due for call, due in zip(recorder.calls, dues, strict=True))
    assert late[0] > -0.001
    assert late[10] < 0.02


def test_a_negative_delay_is_due_at_once(worker, recorder):
    worker.do_after(-5, recorder)
    recorder.wait_for(1)


def test_work_may_order_more_work(worker, recorder):
    def again(left):
        recorder(left)
        if left:
            worker.do_after(0.001, again, (left - 1,))

    worker.do_after(0, again, (3,))
    assert recorder.wait_for(4) == [(3,), (2,), (1,), (0,)]


def test_an_idle_worker_uses_no_processor(worker, recorder):
    """The older server's idle worker spun at 100 % of a processor: here with a far entry, and with none."""
    worker.do_after(60, recorder)
    time.sleep(0.05)
    began = time.process_time()
    time.sleep(0.4)
    assert time.process_time() - began < 0.1
    assert recorder.calls == []


@pytest.mark.parametrize("fault", [ValueError, KeyError, OSError, AssertionError, RecursionError])
def test_failing_work_does_not_end_it(worker, recorder, caplog, fault):
    def fail():
        raise fault("broken")

    with caplog.at_level(logging.ERROR, "pydhcpd.delay_worker"):
        worker.do_after(0, fail)
        worker.do_after(0.01, recorder)
        recorder.wait_for(1)
    assert worker.is_alive()
    assert "broken" in caplog.text


def test_failing_answers_do_not_end_it(recorder, caplog):
    def fail(_due):
        raise ValueError("broken")

    worker = TransactionDelayWorker(fail)
    worker.start()
    worker.answer_after(0, DHCPTransaction())
    worker.do_after(0.01, recorder)
    recorder.wait_for(1)
    worker.stop()
    assert "broken" in caplog.text


# --- transactions


def test_transactions_that_are_due_are_answered_together(worker, recorder):
    first, second, third = (DHCPTransaction() for _ in range(3))
    worker.do_after(0, time.sleep, (0.05,))
    worker.answer_after(0.02, second)
    worker.answer_after(0.01, first)
    worker.answer_after(0.3, third)
    assert recorder.wait_for(2) == [("answered", first, second), ("answered", third)]


def test_beats_grow_with_the_work(worker, recorder):
    before = worker.beats
    worker.do_after(0, recorder)
    recorder.wait_for(1)
    worker.do_after(0, recorder)
    recorder.wait_for(2)
    assert worker.beats > before


def test_stop_answers_what_waits_and_does_no_other_work(recorder):
    worker = TransactionDelayWorker(lambda due: recorder(*due))
    worker.start()
    waiting = [DHCPTransaction(), DHCPTransaction()]
    worker.answer_after(61, waiting[1])
    worker.answer_after(60, waiting[0])
    worker.do_after(60, recorder, ("call",))
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 1
    assert [args for _, _, args, _ in recorder.calls] == [tuple(waiting)]
    assert not worker.is_alive()
    assert worker.qsize() == 0


def test_stop_before_start_answers_too(recorder):
    worker = TransactionDelayWorker(lambda due: recorder(*due))
    worker.answer_after(60, DHCPTransaction())
    worker.stop()
    assert len(recorder.calls) == 1
