"""`Lane`: what waits for one script, and what of it runs: of one address one at a time, in order; of different ones, so many.

Pure bookkeeping: it knows no processes, no threads and no clock.
"""

from collections import deque
from typing import NamedTuple

from pydhcpd.events import Event
from pydhcpd.policy.script import Script


class Job(NamedTuple):
    """One run of a script."""

    script: Script
    event: Event

    @property
    def about(self) -> object:
        """What the runs of which must not overlap: an address; where there is none, a machine."""
        return self.event[2] or self.event[3]


class Lane:
    """Bounded by the script's `queue`. `dropped` counts what there was no room for."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.waiting = self.dropped = 0
        self._queues: dict[object, deque[Job]] = {}  # of each address that waits: its jobs, the next one first
        self._ready: deque[object] = deque()  # addresses that wait, and of which nothing runs
        self._running: set[object] = set()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self.waiting and not self._running

    def put(self, job: Job) -> bool:
        """Let a job wait; False where there are too many."""
        if self.waiting >= self.script.queue:
            self.dropped += 1
            return False
        queue = self._queues.setdefault(job.about, deque())
        if not queue and job.about not in self._running:
            self._ready.append(job.about)
        queue.append(job)
        self.waiting += 1
        return True

    def take(self, most: int) -> Job | None:
        """The next job that may run, which runs from now on; None where none may, of which `most` run at a time."""
        if not self._ready or len(self._running) >= most:
            return None
        about = self._ready.popleft()
        job = self._queues[about].popleft()
        if not self._queues[about]:
            del self._queues[about]
        self._running.add(about)
        self.waiting -= 1
        return job

    def end(self, job: Job) -> None:
        """It runs no more."""
        self._running.discard(job.about)
        if job.about in self._queues:
            self._ready.append(job.about)

    def clear(self) -> int:
        """Give up what waits; returns how many."""
        count, self.waiting = self.waiting, 0
        self._queues.clear()
        self._ready.clear()
        return count
