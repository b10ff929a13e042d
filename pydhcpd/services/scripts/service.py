"""`Scripts`: hears of events, and has the process beside it run the scripts that are for them, a bounded number at a time.

Owns what waits and what runs, and what is told of it. An event is taken apart when its run begins, not before: what is dropped
costs next to nothing.
"""

import json
import logging
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.configuration.reload_check import child_environment
from pydhcpd.escape import escape
from pydhcpd.events import Event
from pydhcpd.limiter import TokenBucket
from pydhcpd.policy.script import Script
from pydhcpd.recurring import Recurring
from pydhcpd.services.happening import happening, is_for, kind_of
from pydhcpd.services.listener import Listener
from pydhcpd.services.scripts.environment import environment
from pydhcpd.services.scripts.lane import Job, Lane
from pydhcpd.services.service import Surroundings
from pydhcpd.sparing import PERIOD, Sparing
from pydhcpd.wire.options import Option

log = logging.getLogger("pydhcpd.scripts")

LONGEST_MESSAGE = 1 << 16
UNDER_PRESSURE = 1.0  # seconds from one round to the next, and so from one run to the next
PATIENCE = 2  # seconds for which the process may be too busy to be told of a run
LINES = 100  # a second of what scripts say
TIMES = 5  # how often the same trouble of one script is told in a minute
MOMENT = 1.0  # seconds that a script which runs may go on when the daemon ends, or its script is taken away
WAITED = 5.0  # the same where scripts are waited for
OVERDUE = 10.0  # seconds after its limit, from which a run that has no end means that the process beside us does nothing


class _Running(NamedTuple):
    """A run: what it is of, and until when it must have ended."""

    job: Job
    deadline: float


class Scripts(Listener):
    """Runs scripts, in order for each address."""

    name = "the scripts"
    interval = 0.1

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._changed = threading.Condition()  # guards what follows
        self._lanes: dict[Script, Lane] = {}
        self._running: dict[int, _Running] = {}
        self._done = self._failed = self._dropped = 0
        self._trouble = ""
        self._numbers = count(1)
        self._sparing = Sparing()
        self._recurring = Recurring(log, "an event could not be put into words for scripts")
        self._lines, self._unsaid, self._tell_unsaid_after = TokenBucket(LINES), 0, 0.0
        self._wall_of = surroundings.server.hosts.time.wall_of
        self._own: Mapping[int, Option] = {}
        self._prepared = surroundings.configuration()
        self._process: subprocess.Popen[bytes] | None = None
        self._link, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", PATIENCE, 0))

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where there are any."""
        return bool(configuration["scripts"])

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Which there are."""
        self._prepared = configuration

    def reconfigure(self) -> None:
        """The same, from now on. What waits for a script that is there no more is given up."""
        scripts: Sequence[Script] = self._prepared["scripts"]
        with self._changed:
            before, self._lanes = self._lanes, {one: self._lanes.get(one) or Lane(one) for one in scripts}
            self._own = self._prepared.own_by_code
        for script, lane in before.items():
            if script not in self._lanes:
                self._give_up(lane, "it is configured no more")

    def start(self) -> None:
        """Execute the process that runs them, and begin with what happens after this was made."""
        with self._theirs as theirs:
            command = [sys.executable, "-P", "-m", "pydhcpd.services.scripts", str(theirs.fileno())]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                             pass_fds=[theirs.fileno()], env=child_environment(), start_new_session=True)
        threading.Thread(target=self._hear, name=f"{self.name}, their ends", daemon=True).start()
        super().start()

    def is_alive(self) -> bool:
        """Whether both threads and the process run, and what is run ends."""
        now = time.monotonic()
        return (super().is_alive() and self._process is not None and self._process.poll() is None
                and all(now < one.deadline for one in list(self._running.values())))

    def stop(self) -> None:
        """Let what runs go on for a moment; where scripts are waited for, first run what is left."""
        waits = any(one.wait for one in self._lanes)
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(WAITED if waits else MOMENT)
        for lane in self._lanes.values():
            self._give_up(lane, "scripts are being stopped")
        with self._changed:
            self._changed.wait_for(lambda: not self._running, MOMENT)
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        self._end_process()
        self._link.close()

    def _end_process(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(2 * MOMENT)
        except subprocess.TimeoutExpired:
            self._process.kill()  # then the kernel has those that keep the runs end them
            self._process.wait()

    def _give_up(self, lane: Lane, why: str) -> None:
        with self._changed:
            waited = lane.clear()
            self._dropped += waited
        if waited:
            log.warning("%s: %d events that waited for it are dropped, for %s", lane.script.path, waited, why)

    # --- what happens

    def _pause(self) -> float:
        return max(super()._pause(), UNDER_PRESSURE if self.surroundings.server.is_pressed() else 0.0)

    def _read(self) -> None:
        super()._read()
        with self._changed:
            for lane in self._lanes.values():
                self._begin(lane)

    def take(self, events: list[Event]) -> None:
        """Give each event to the scripts that are for it."""
        for one in events:
            kind = kind_of(one)
            for lane in list(self._lanes.values()):
                if is_for(kind, lane.script.on):
                    self._put(lane, Job(lane.script, one))
        self._tell_rest()

    def _put(self, lane: Lane, job: Job) -> None:
        with self._changed:
            if not lane.put(job):
                self._dropped += 1
                self._tell(lane.script, "events are dropped, for more than its queue wait for it; make queue or concurrency "
                           "larger, or the script faster")
                return
            self._begin_at_once(lane)
            if lane.script.wait:
                self._changed.wait_for(lambda: lane.is_idle or self._process is None or self._process.poll() is not None)

    def _begin_at_once(self, lane: Lane) -> None:
        """Begin what may run of a lane, unless more comes than can be answered: then a run begins with a round of this thread,
        and no other until the next, for to start a program costs more than to give out a lease."""
        if lane.script.wait or not self.surroundings.server.is_pressed():
            self._begin(lane)

    def _begin(self, lane: Lane) -> None:
        """Begin what may run of a lane, of which one alone may under pressure; for the holder of the lock."""
        most = 1 if lane.script.wait or self.surroundings.server.is_pressed() else lane.script.concurrency
        while (job := lane.take(most)) is not None:
            number, script = next(self._numbers), job.script
            try:
                told = environment(happening(job.event, self._wall_of, self._own))
            except Exception as error:  # one event that cannot be told, by a fault of ours, costs no other
                self._recurring.tell(error)
                lane.end(job)
                continue
            self._running[number] = _Running(job, time.monotonic() + script.timeout + OVERDUE)
            message = {"run": number, "path": str(script.path), "seconds": script.timeout, "environment": told}
            with suppress(OSError):  # the process has ended, or does nothing; then `is_alive` says so
                self._link.send(json.dumps(message).encode())

    # --- what comes of it

    def _hear(self) -> None:
        """Until the process has ended."""
        with suppress(OSError):
            while message := self._link.recv(LONGEST_MESSAGE):
                self._heard(json.loads(message))
        with self._changed:
            self._running.clear()
            self._changed.notify_all()

    def _heard(self, said: Mapping[str, Any]) -> None:
        number = said["run"]
        if (running := self._running.get(number)) is None:
            return
        if "line" in said:
            self._pass_on(running.job, said["line"])
            return
        with self._changed:
            del self._running[number]
            trouble = _trouble(said)
            self._done += 1
            if trouble:
                self._failed += 1
                self._trouble = f"{running.job.script.path} {trouble}"
                self._tell(running.job.script, trouble, running.job)
            self._go_on(running.job)
            self._changed.notify_all()

    def _go_on(self, job: Job) -> None:
        lane = self._lanes.get(job.script)
        if lane is not None:
            lane.end(job)
            self._begin_at_once(lane)

    # --- what is told

    def _pass_on(self, job: Job, line: str) -> None:
        """Into the log, what a script says."""
        if self._lines.take(time.monotonic()):
            log.info("%s for %s: %s", job.script.path, _about(job), escape(line, 1000))
        else:
            self._unsaid += 1

    def _tell(self, script: Script, trouble: str, job: Job | None = None) -> None:
        if self._sparing.may_say((script.path, trouble), time.monotonic(), 1 if job is None else TIMES):
            log.warning("%s%s: %s", script.path, "" if job is None else f" for {_about(job)}", trouble)

    def _tell_rest(self) -> None:
        """How often something happened that was not told."""
        with self._changed:
            for key, number in self._sparing.unsaid(time.monotonic()):
                script, trouble = key if isinstance(key, tuple) else ("scripts", key)
                log.warning("%s: %d more times in the last minute: %s", script, number, trouble)
            unsaid = self._unsaid if time.monotonic() >= self._tell_unsaid_after else 0
        if unsaid:
            self._unsaid, self._tell_unsaid_after = 0, time.monotonic() + PERIOD
            log.warning("scripts say too much: %d lines are not in the log", unsaid)

    def waiting(self) -> int:
        """How many events wait for a script, or run."""
        return len(self._running) + sum(lane.waiting for lane in list(self._lanes.values()))

    def dropped(self) -> int:
        """How many there was no room for, with those that went by."""
        return self._dropped + self.missed

    def status(self) -> Iterator[str]:
        """What waits and runs, and what became of the others."""
        running = len(self._running)
        yield f"{running} running, {self.waiting() - running} waiting, {self._done} done, {self._failed} failed"
        if self._dropped:
            yield f"{self._dropped} events dropped"
        yield from super().status()
        if self._trouble:
            yield f"last trouble: {self._trouble}"


def _about(job: Job) -> str:
    """What a run is for, in a few words."""
    one = job.event
    told = [kind_of(one), address_text(one[2]) if one[2] else "", one[3].hex(":")]
    return " ".join(filter(None, told))


def _trouble(said: Mapping[str, Any]) -> str:
    """What is wrong with how a run has ended; nothing where all is well."""
    if "trouble" in said:
        return str(said["trouble"])
    if "code" not in said:
        return "its end is not known, for what looked after it was ended"
    code, unsaid = said["code"], said["unsaid"]
    told = [f"it did not end within its timeout, and was ended after {said['seconds']:.0f} s"] if said["late"] else []
    if not told and code:
        told.append(f"it ended with exit code {code}" if code > 0 else f"it was ended by {_signal(-code)}")
    if said["left"]:
        left = said["left"]
        told.append("a process that it left running was ended" if left == 1 else
                    f"{left} processes that it left running were ended")
    if unsaid:
        told.append(f"it said {unsaid} lines more than are taken of one run")
    return "; ".join(told)


def _signal(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
