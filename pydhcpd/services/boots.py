"""`Boots`: who asked for what file, by TFTP or HTTP, and what became of it: the last of them.

It hears the reports of the process that sends the files. Who had the address is asked when the file is asked for, for a later
lease of it is another machine's. What follows is told; how, `boot_events` knows.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from pydhcpd.errors import StoreError
from pydhcpd.leases.hosts import Host
from pydhcpd.services.report import BEGUN, FAILED, FINISHED, LOST, SENDING, Report

KEPT = 1000
SAME = 60.0  # seconds in which who does not get the same file for the same reason is told once
REMEMBERED = 30.0  # seconds for which who has an address is believed
MOST_REMEMBERED = 1000

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Boot:
    """A file that a machine asked for, at a time by the ledger, and the last report of it; `times` is how often it was."""

    time: float
    report: Report
    hardware: str
    name: str
    times: int = 1

    @property
    def key(self) -> Key:
        """What tells it from others that are under way."""
        return self.report.by, self.report.address, self.report.file


class FileCount(NamedTuple):
    """How many files are over, and what was sent of them."""

    protocol: str
    outcome: str
    """finished or failed."""
    number: int
    octets: int


class Boots:
    """For any thread: those that hear reports, and those that ask what there is.

    `tell` is called for what is new, `hosts` tells who has an address, `now` is the time by the ledger.
    """

    def __init__(self, tell: Callable[[Boot], None], hosts: Callable[[str], Iterable[Host]], now: Callable[[], float],
                 kept: int = KEPT) -> None:
        self._tell, self._hosts, self._now = tell, hosts, now
        self._kept = kept
        self._lock = threading.Lock()  # guards all that follows
        self._boots: dict[int, Boot] = {}  # by number, the oldest first
        self._number = 0
        self._under_way: dict[Key, deque[int]] = {}
        self._refused: dict[Key, int] = {}
        self._machines: dict[str, tuple[float, str, str]] = {}
        self._counts: dict[tuple[str, str], tuple[int, int]] = {}

    def newest(self) -> list[Boot]:
        """All that are remembered, the newest first."""
        with self._lock:
            return list(self._boots.values())[::-1]

    def take(self, report: Report) -> None:
        """Something has become of a file."""
        with self._lock:
            if report.what in (FINISHED, FAILED):
                self._count(report)
            if report.what == LOST:
                self._lose(report)
            elif report.what == SENDING:
                self._note(report)
            elif report.what == BEGUN:
                self._begin(report)
            else:
                self._end(report)

    def _count(self, report: Report) -> None:
        number, octets = self._counts.get((report.by, report.what), (0, 0))
        self._counts[report.by, report.what] = number + 1, octets + report.sent

    def counts(self) -> list[FileCount]:
        """How many files were sent, or failed, since the start."""
        with self._lock:
            return [FileCount(*key, *count) for key, count in self._counts.items()]

    # --- what is remembered

    def _begin(self, report: Report) -> None:
        boot = self._made(report)
        self._under_way.setdefault(boot.key, deque()).append(self._add(boot))
        self._tell(boot)

    def _note(self, report: Report) -> None:
        """How far it has got; of several of the same, the one that has begun first."""
        waiting = self._under_way.get((report.by, report.address, report.file))
        if waiting:
            self._replace(waiting[0], report)

    def _replace(self, number: int, report: Report) -> Boot:
        boot = self._boots[number] = replace(self._boots[number], report=report)
        return boot

    def _end(self, report: Report) -> None:
        key = report.by, report.address, report.file
        waiting = self._under_way.get(key)
        if waiting:
            self._tell(self._replace(waiting.popleft(), report))
            if not waiting:
                del self._under_way[key]
        elif not self._is_repeated(key, report):
            boot = self._made(report)
            number = self._add(boot)
            if report.what == FAILED:
                self._refused[key] = number
            self._tell(boot)

    def _is_repeated(self, key: Key, report: Report) -> bool:
        """Whether somebody asks again for what he just did not get; then that is counted."""
        number = self._refused.get(key, 0)
        boot = self._boots.get(number)
        if boot is None or boot.report.trouble != report.trouble or self._now() - boot.time > SAME:
            return False
        self._boots[number] = replace(boot, times=boot.times + 1)
        return True

    def _lose(self, report: Report) -> None:
        """What was under way has ended, and nobody knows how."""
        for numbers in self._under_way.values():
            for number in numbers:
                last = self._boots[number].report
                self._tell(self._replace(number, replace(last, what=FAILED, trouble=report.trouble)))
        self._under_way.clear()

    def _add(self, boot: Boot) -> int:
        self._number += 1
        self._boots[self._number] = boot
        if len(self._boots) > self._kept:
            oldest = next(iter(self._boots))
            self._forget(self._boots.pop(oldest).key, oldest)
        return self._number

    def _forget(self, key: Key, number: int) -> None:
        if self._refused.get(key) == number:
            del self._refused[key]
        waiting = self._under_way.get(key, ())
        if number in waiting:
            self._under_way[key].remove(number)
            if not waiting:
                del self._under_way[key]

    def _made(self, report: Report) -> Boot:
        return Boot(self._now(), report, *self._machine(report.address))

    def _machine(self, address: str) -> tuple[str, str]:
        """Hardware address and name of who has an address; empty where the leases do not know it."""
        now = time.monotonic()
        until, hardware, name = self._machines.get(address, (0.0, "", ""))
        if now >= until:
            if len(self._machines) >= MOST_REMEMBERED:
                self._machines.clear()
            hardware, name = self._asked(address)
            self._machines[address] = now + REMEMBERED, hardware, name
        return hardware, name

    def _asked(self, address: str) -> tuple[str, str]:
        try:
            return next(((one.mac, one.hostname) for one in self._hosts(address)), ("", ""))
        except StoreError:
            return "", ""
