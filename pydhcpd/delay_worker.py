"""`TransactionDelayWorker`: a thread that does things later, from a heap with the earliest due time on top.

In the heap are transactions whose answer is delayed, and a few calls of housekeeping that come again. What is due at
once never comes here. Times are those of the monotonic clock, in seconds.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from pydhcpd.recurring import Recurring
from pydhcpd.transaction import DHCPTransaction

log = logging.getLogger(__name__)

Call = tuple[Callable[..., object], Sequence[Any], Mapping[str, Any]]
Work = DHCPTransaction | Call


class PriorityQueue:
    """Things by due time; `get` gives the earliest, in order of `put` where times are equal. For one lock's holder."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Work]] = []
        self._order = count()

    def put(self, due: float, work: Work) -> None:
        """Add what is due at a time."""
        heapq.heappush(self._heap, (due, next(self._order), work))

    def get(self) -> Work:
        """Take out what is due first. Raises IndexError where there is nothing."""
        return heapq.heappop(self._heap)[2]

    def first_due(self) -> float | None:
        """When the earliest is due, or None."""
        return self._heap[0][0] if self._heap else None

    def qsize(self) -> int:
        """How many things wait."""
        return len(self._heap)


class TransactionDelayWorker(threading.Thread):
    """Hands transactions that have fallen due to `answer`, all at once, and calls what was given to `do_after`."""

    def __init__(self, answer: Callable[[list[DHCPTransaction]], None]) -> None:
        super().__init__(name="delay-worker", daemon=True)
        self._answer = answer
        self._queue = PriorityQueue()
        self._changed = threading.Condition()  # guards _queue and _stopping
        self._stopping = False
        self._recurring = Recurring(log, "work that was due failed")
        self.beats = 0  # grows while the thread makes progress

    def do_after(self, seconds: float, func: Callable[..., object], args: Sequence[Any] = (),
                 kw: Mapping[str, Any] | None = None) -> None:
        """Call func(*args, **kw) in this thread, `seconds` from now."""
        self._put(seconds, (func, args, kw or {}))

    def answer_after(self, seconds: float, transaction: DHCPTransaction) -> None:
        """Answer a transaction `seconds` from now."""
        self._put(seconds, transaction)

    def _put(self, seconds: float, work: Work) -> None:
        due = time.monotonic() + seconds
        with self._changed:
            first = self._queue.first_due()
            self._queue.put(due, work)
            if first is None or due < first:
                self._changed.notify()

    def qsize(self) -> int:
        """How many things wait."""
        return self._queue.qsize()

    def run(self) -> None:
        """Until `stop`."""
        while (work := self._wait_for_due()) is not None:
            transactions = [one for one in work if isinstance(one, DHCPTransaction)]
            if transactions:
                self._guarded(self._answer, (transactions,), {})
            for one in work:
                if not isinstance(one, DHCPTransaction):
                    self._guarded(*one)
            self.beats += 1

    def _wait_for_due(self) -> list[Work] | None:
        """Wait for the first due time; everything that is due then, or None after `stop`."""
        with self._changed:
            while not self._stopping:
                due, now = self._queue.first_due(), time.monotonic()
                if due is not None and due <= now:
                    return self._take_due(now)
                self._changed.wait(None if due is None else due - now)
        return None

    def _take_due(self, now: float) -> list[Work]:
        work = []
        while (due := self._queue.first_due()) is not None and due <= now:
            work.append(self._queue.get())
        return work

    def _guarded(self, func: Callable[..., object], args: Sequence[Any], kw: Mapping[str, Any]) -> None:
        """One failing piece of work must not end the thread, on which every delayed answer depends."""
        try:
            func(*args, **kw)
        except Exception as error:
            self._recurring.tell(error)

    def stop(self) -> None:
        """End the thread. Transactions that were still waiting are answered at once, by the calling thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
            rest = self._take_due(float("inf"))
        if self.is_alive():
            self.join()
        transactions = [one for one in rest if isinstance(one, DHCPTransaction)]
        if transactions:
            self._answer(transactions)
