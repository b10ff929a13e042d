"""`OnEvent`: calls on_event() of the configuration file for what has happened, in a thread of its own for which nobody waits.

Whatever the function does, the daemon goes on. One that raises is told with its line; one that takes too long, by the clock or
of the processor, is ended by an exception in its thread; a thread that not even that ends is left to itself, and another takes
its place, a few times. What happens meanwhile waits, up to a number, and is dropped then.
"""

import ctypes
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.events import Event
from pydhcpd.policy.fence import Fence, TooLong
from pydhcpd.recurring import Recurring
from pydhcpd.services.happening import happening, kind_of
from pydhcpd.services.leisure import Leisure
from pydhcpd.services.listener import Listener
from pydhcpd.services.service import Surroundings
from pydhcpd.sparing import Sparing

log = logging.getLogger("pydhcpd.on_event")

QUEUE = 10_000  # events that wait
LONGEST = 10.0  # seconds that one call may take,
MOST_WORK = 1.0  # and of the processor
AGAIN = 0.5  # seconds between two exceptions, for the function may catch them
PATIENCE = 3.0  # seconds after which a thread that goes on is left to itself
MOST_LEFT = 3  # such threads, and the function is left out
MOMENT = 1.0  # seconds that it may go on when the daemon ends


class _Worker:
    """The thread in which the function is called."""

    def __init__(self, service: "OnEvent") -> None:
        self._service = service
        self.began: float | None = None  # when the call that is under way did
        self._work = 0.0  # of the processor, until then
        self._is_abandoned = False
        self._recurring = Recurring(log, "on_event() could not be called")
        self._leisure = Leisure(service.surroundings.server.is_pressed)
        self._thread = threading.Thread(target=self._run, name=service.name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_abandoned:
            try:
                self._round()
            except TooLong:  # it came when the call had ended already
                continue
            except Exception as error:  # a fault of ours with one event
                self._recurring.tell(error)

    def _round(self) -> None:
        job = self._service.next_job()
        if job is None:
            self._is_abandoned = True
            return
        fence, one = job
        told = self._service.told(one)
        self._work, self.began = time.thread_time(), time.monotonic()
        try:
            fence.call_aside(told)
        finally:
            self.began = None
        if rest := self._leisure.rest():
            time.sleep(rest)

    def lateness(self, now: float) -> float:
        """For how many seconds the call has taken too long; below 0 where it has not."""
        began = self.began
        if began is None:
            return -1.0
        work = time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident or 0)) - self._work
        return max(now - began - LONGEST, work - MOST_WORK if self.began == began else -1.0)

    def interrupt(self) -> None:
        """Have an exception raised in the function, once it runs Python again."""
        if self.began is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(TooLong))

    def abandon(self) -> None:
        """End once the call does."""
        self._is_abandoned = True

    def stands_at(self, fence: Fence) -> str:
        """The line at which the call is."""
        return fence.stands_at(sys._current_frames().get(self._thread.ident or 0))

    def join(self, seconds: float) -> None:
        """Wait for its end."""
        self._thread.join(seconds)


class OnEvent(Listener):
    """Takes events, and watches over the thread that calls the function."""

    name = "on_event()"
    interval = 0.1

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._prepared = surroundings.configuration()
        self._configuration = self._prepared
        self._filled = threading.Condition()  # guards the queue
        self._queue: deque[Event] = deque()
        self._is_ending = False
        self._worker: _Worker | None = None
        self._interrupt_at = 0.0
        self._left = self._called = self._lost = 0
        self._sparing = Sparing()

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where there is such a function."""
        return configuration.on_event is not None

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Which function it is."""
        self._prepared = configuration

    def reconfigure(self) -> None:
        """The same, from now on: what waits is for the new one."""
        self._configuration = self._prepared

    def start(self) -> None:
        """Begin with what happens after this was made."""
        self._worker = _Worker(self)
        super().start()

    def stop(self) -> None:
        """Let it go on for a moment with what waits; what it has not ended by then goes on until the process ends."""
        super().stop()
        with self._filled:
            self._is_ending = True
            self._filled.notify_all()
        if self._worker is not None:
            self._worker.join(MOMENT)
            self._worker.abandon()
        if self._queue:
            log.warning("on_event() was not called for %d events, for pydhcpd is stopping", len(self._queue))

    # --- for the thread that calls

    def next_job(self) -> tuple[Fence, Event] | None:
        """The next event with the function of now, once there is one; None at the end."""
        with self._filled:
            self._filled.wait_for(lambda: self._queue or self._is_ending)
            fence = self._configuration.on_event
            if not self._queue or fence is None:
                return None
            self._called += 1
            return fence, self._queue.popleft()

    def told(self, one: Event) -> object:
        """An event as the function sees it."""
        return happening(one, self.surroundings.server.hosts.time.wall_of, self._configuration.own_by_code)

    # --- for the listener's own thread

    def take(self, events: list[Event]) -> None:
        """Let events wait for the function, as far as there is room."""
        with self._filled:
            for one in events:
                if not kind_of(one):
                    continue
                if len(self._queue) < QUEUE:
                    self._queue.append(one)
                else:
                    self._lost += 1
                    self._tell("events are dropped, for it takes longer for each than they come")
            self._filled.notify()

    def _read(self) -> None:
        super()._read()
        self._watch(time.monotonic())
        for what, number in self._sparing.unsaid(time.monotonic()):
            log.warning("on_event(): %d more times in the last minute: %s", number, what)

    def _watch(self, now: float) -> None:
        """End a call that takes too long."""
        worker, fence = self._worker, self._configuration.on_event
        if worker is None or fence is None or (late := worker.lateness(now)) < 0:
            return
        if late > PATIENCE and worker.began is not None:
            self._replace(worker, fence)
        elif now >= self._interrupt_at:
            self._interrupt_at = now + AGAIN
            worker.interrupt()

    def _replace(self, worker: _Worker, fence: Fence) -> None:
        """Leave a call to itself."""
        worker.abandon()
        self._left += 1
        log.error("%s: on_event() does not end, and cannot be ended", worker.stands_at(fence))
        if self._left >= MOST_LEFT and not fence.is_left_out:
            fence.leave_out("the next reload", f"{self._left} calls did not end")
            self._left = 0
        self._worker = _Worker(self)

    def _tell(self, what: str) -> None:
        if self._sparing.may_say(what, time.monotonic()):
            log.warning("on_event(): %s", what)

    def waiting(self) -> int:
        """Events that wait for it."""
        return len(self._queue) + super().waiting()

    def dropped(self) -> int:
        """Events that there was no room for, or that went by."""
        return self._lost + super().dropped()

    def status(self) -> Iterator[str]:
        """How often it was called, and how that went."""
        fence = self._configuration.on_event
        failed = f", {fence.failures} failed" if fence is not None else ""
        yield f"{self._called} calls{failed}, {len(self._queue)} waiting"
        if fence is not None and fence.is_left_out:
            yield "left out, for it did not end"
        if self._lost:
            yield f"{self._lost} events dropped"
        yield from super().status()
