"""The faults, by lanes: those of a lane come one after the other, in an order that is drawn anew each time all have been.

Lanes overlap. What makes the daemon end, or needs it there, is one lane.
"""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

from chaos_record import Record
from clocks import Clocks
from damage import HOLD
from lab import PREFIX, SERVER, Daemon, Machine
from supervisor import Supervisor

from pydhcpd.process.marker import ROOM, SUFFIX

STANDSTILL = 5.0  # seconds that a function of the file may take, policy_standstill_limit
LEASE_TIMES = (20, 40)  # seconds; between these, and with each reload another
HOUR, THIRTY_YEARS = 3600, 10957 * 86400
INTERFACE = "interface: "  # how the names of faults begin that cut the wire
FUNCTION = """
import os
import time


def accept(request):
    if os.path.exists({hang!r}):
        time.sleep(1e6)
    return True
"""
BROKEN = ("def accept(request:\n", "ip_ranges = ['10.77.300.0 - 10.77.1.0']\n", "router = 'nowhere'\n",
          "subnets = [subnet('10.0.0.0/8'\n", "raise KeyError('x')\n", "1 / 0\n",
          "interface = 's0'\nnetwork = '10.78.0.0/33'\n")


class Lane(threading.Thread):
    """Faults of a kind, one after the other, with pauses, until `stop`."""

    def __init__(self, faults: list[Callable[[], None]], pauses: tuple[float, float], random: Random, record: Record) -> None:
        super().__init__(name=faults[0].__qualname__, daemon=True)
        self._faults, self._pauses, self._random, self._record = faults, pauses, random, record
        self._stopping = threading.Event()

    def run(self) -> None:
        """Until `stop`; a fault that is under way ends as always."""
        deck: list[Callable[[], None]] = []
        while not self._stopping.wait(self._random.uniform(*self._pauses)):
            deck = deck or self._random.sample(self._faults, len(self._faults))
            try:
                deck.pop()()
            except BaseException as error:
                self._record.fail(f"the fault {error!r} of the test itself")
                raise

    def stop(self) -> None:
        """No more of them."""
        self._stopping.set()


class Faults:
    """What can be done to a daemon and what it stands on."""

    def __init__(self, daemon: Daemon, supervisor: Supervisor, wire: "subprocess.Popen[str]", root: Path, record: Record,
                 seed: int) -> None:
        self._daemon, self._supervisor, self._wire, self._record = daemon, supervisor, wire, record
        self._server: Machine = daemon.machine
        self._hang = daemon.directory / "hang"
        self._filler = Path(f"{root}{daemon.database.parent}/filler")
        self._marker = Path(f"{root}{daemon.database}{SUFFIX}")
        self._clocks = Clocks(daemon)
        self._versions = 0
        self._seed = seed
        self._randoms: dict[str, Random] = {}
        self.write_configuration()

    def lanes(self) -> list[Lane]:
        """All of them, to be started."""
        lanes: list[tuple[list[Callable[[], None]], tuple[float, float]]] = [
            ([*[self.kill, self.good_reload, self.broken_reload] * 2, self.restart, self.hanging_function], (0.5, 2.5)),
            ([self.loss, self.reordering, self.duplication, self.all_three], (0.5, 2.0)),
            ([self.full_disk, self.foreign_lock], (0.5, 3.0)),
            ([self.clock_jump], (1.0, 4.0)),
            ([self.interface_down, self.address_gone, self.interface_renamed], (2.0, 7.0)),
            ([self.stuck_log], (1.0, 6.0)),
        ]
        return [Lane(faults, pauses, Random(f"lane {number} {self._seed}"), self._record)
                for number, (faults, pauses) in enumerate(lanes)]

    def _random(self, lane: str) -> Random:
        """What a lane draws from: no two threads share it, so that a seed means one order."""
        return self._randoms.setdefault(lane, Random(f"{lane} {self._seed}"))

    def _hold(self, lane: str, least: float, most: float) -> None:
        """How long a fault lasts."""
        time.sleep(self._random(lane).uniform(least, most))

    # --- the process

    def kill(self) -> None:
        """Without warning."""
        with self._supervisor.down("kill -9"):
            self._daemon.send(signal.SIGKILL)

    def restart(self) -> None:
        """An orderly one."""
        with self._supervisor.down("restart"):
            self._daemon.send(signal.SIGTERM)

    def hanging_function(self) -> None:
        """It ends the process, and the next one serves without it until the file is another."""
        while not self._can_be_told():
            time.sleep(0.1)
        with self._supervisor.down("hanging function"):
            self._hang.touch()
        time.sleep(1.0)
        self._hang.unlink()
        self.write_configuration()
        self._supervisor.reload()

    def _can_be_told(self) -> bool:
        """Whether the next process can learn of it: one that was started on a full disk gets room for that once it is free."""
        return self._marker.exists() and self._marker.stat().st_size >= ROOM

    def good_reload(self) -> None:
        """With another lease time."""
        with self._record.fault("good reload"):
            self.write_configuration()
            self._supervisor.reload()

    def broken_reload(self) -> None:
        """Nothing may change."""
        with self._record.fault("broken reload"):
            text = self._daemon.file.read_text()
            self._daemon.write(text + self._random("process").choice(BROKEN))
            self._supervisor.reload()
            self._daemon.write(text)

    def write_configuration(self) -> None:
        """One that was not there before. A client that is not told that leases are shorter believes in what it was told."""
        self._versions += 1
        self._daemon.write(ip_address_lease_time=self._random("lease time").randint(*LEASE_TIMES))
        function = FUNCTION.format(hang=str(self._hang))
        self._daemon.write(f"{self._daemon.file.read_text()}{function}\n# version {self._versions}\n")

    # --- the wire

    def loss(self) -> None:
        """A fifth of all datagrams."""
        self._disturb("loss", "0.2 0 0")

    def reordering(self) -> None:
        """A third of them is late."""
        self._disturb("reordering", "0 0.3 0")

    def duplication(self) -> None:
        """A third of them comes twice."""
        self._disturb("duplication", "0 0 0.3")

    def all_three(self) -> None:
        """At once."""
        self._disturb("loss, reordering and duplication", "0.1 0.2 0.2")

    def _disturb(self, name: str, how: str) -> None:
        with self._record.fault(name):
            self._tell_wire(how)
            self._hold("wire", 1.0, 4.0)
            self._tell_wire("0 0 0")

    def _tell_wire(self, how: str) -> None:
        assert self._wire.stdin is not None
        self._wire.stdin.write(f"{how}\n")
        self._wire.stdin.flush()

    # --- the disk

    def full_disk(self) -> None:
        """No octet is free."""
        with self._record.fault("full disk"):
            with self._filler.open("wb", buffering=0) as file:
                for size in (65536, 4096, 1):
                    with suppress(OSError):
                        while file.write(bytes(size)):
                            pass
            self._hold("disk", 2.0, 5.0)
            self._filler.unlink()

    def foreign_lock(self) -> None:
        """Another program has a transaction open on the database."""
        words = [sys.executable, "-c", HOLD, self._daemon.database, "BEGIN IMMEDIATE"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        with self._server.start(*words, **pipes) as other:
            if other.stdout.readline() == b"held\n":  # else the daemon was quicker for five seconds, or there was no room
                with self._record.fault("foreign lock"):
                    self._hold("disk", 2.0, 4.0)
                    other.stdin.close()
                    other.wait()

    # --- the clock, the interface, the log

    def clock_jump(self) -> None:
        """The wall clock is set."""
        random = self._random("clock")
        with self._record.fault("clock jump"):
            self._clocks.set(random.choice((-1, 1)) * random.choice((60, HOUR, 24 * HOUR, THIRTY_YEARS)))
            time.sleep(1.0)

    def interface_down(self) -> None:
        """It is set down, and up again."""
        with self._cut("down"):
            self._server.ip("link set s0 down")
            self._hold("interface", 0.5, 2.0)
            self._server.ip("link set s0 up")

    def address_gone(self) -> None:
        """The server's address is removed, and comes back."""
        with self._cut("without its address"):
            self._server.ip(f"addr del {SERVER}/{PREFIX} dev s0")
            self._hold("interface", 0.5, 2.0)
            self._server.ip(f"addr add {SERVER}/{PREFIX} brd + dev s0")

    def interface_renamed(self) -> None:
        """It has another name for a while."""
        with self._cut("renamed"):
            self._server.ip("link set s0 down", "link set s0 name s9", "link set s9 up")
            self._hold("interface", 0.5, 2.0)
            self._server.ip("link set s9 down", "link set s9 name s0", "link set s0 up")

    @contextmanager
    def _cut(self, how: str) -> Iterator[None]:
        with self._record.fault(INTERFACE + how, cuts=True):
            yield

    def stuck_log(self) -> None:
        """Who reads it stands still."""
        with self._record.fault("stuck log"):
            self._supervisor.reader.send_signal(signal.SIGSTOP)
            self._hold("log", 2.0, 6.0)
            self._supervisor.reader.send_signal(signal.SIGCONT)
