"""A day in an hour: a real daemon, whose clocks run faster, and a thousand clients that live by the same clocks.

usage: sudo python tests/endurance/day.py [--hours H] [--speed N] [--clients N] [--seed N]

24 hours at 24 times the speed of the machine's clocks take an hour. Meanwhile an administrator asks at the prompt, reloads good
and broken configurations, and interfaces come and go. It prints a line for each six hours and what came out; exit code 1 if a
promise broke: a lease lost, refused or given twice, a traceback, descriptors or threads that grow, memory above 1.2 times what
it was after the first hour (the ring of events fills up meanwhile, and is a part of that), or a database that says other than
the clients.
"""

import argparse
import io
import os
import re
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "faster_clocks"))

import faster
from lab import Daemon, Lab, reason_to_skip
from links import Link, Relayed
from messages import mac_of, mac_text
from population import HOUR, Client, Population

from pydhcpd.events import DAY, KEPT
from pydhcpd.leases.interface import BOUND

CLOCKS = Path(faster.__file__).parent
RELAY, RELAY_LINK, SERVER_LINK = "10.78.0.1", "10.79.0.2", "10.79.0.1"
RELAY_MAC, SERVER_LINK_MAC = mac_of(0x00FFFF02), bytes.fromhex("027700ffff03")
FILE = """
interface = ["s0", "s1"]
foreground = True
pid_file = "{pid_file}"
host_file = "{host_file}"
configuration_time_limit = {limit}
probe_before_offer = True
leasequery_from = ["10.78.0.1"]
domain_name = "{domain}"
subnets = [
    subnet("10.77.0.0/16", pools=["10.77.4.0 - 10.77.7.255"], router="10.77.0.1", ip_address_lease_time=6 * HOURS),
    subnet("10.78.0.0/16", pools=["10.78.4.0 - 10.78.4.199"], router="10.78.0.1", ip_address_lease_time=1 * HOURS),
]
{more}
"""
COMMANDS = ("hosts", "events", "statistics", "configuration", "alarms")
ASK_EVERY, RELOAD_EVERY, CHANGE_EVERY = HOUR / 6, 1.7 * HOUR, 2.3 * HOUR  # by the faster clock
FIRST = 0.1  # of that until the first time, which is within the first hour: what is opened once is open then
GROWTH = 1.2  # of resident memory, at most
READERS = 3  # of the lease database at once: a session, a leasequery, the upkeep. SQLite keeps the descriptors of those that
# are closed for the next ones, for to close one would take away the locks of all (POSIX).
LOOKS = 5  # of which the least counts: files that are open for a moment are none that stay
SETTLE = 3.0  # seconds of the machine's, in which what is under way comes to its end


@dataclass
class Sample:
    """What the daemon takes at a moment."""

    hour: float
    descriptors: int
    threads: int
    memory: int  # octets
    open: tuple[str, ...]  # what the descriptors are of

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.threads} threads, {self.memory / 2**20:.1f} MiB"


def sample(daemon: Daemon, hour: float) -> Sample:
    """Look at it, a few times."""
    return min((_looked_at(daemon, hour) for _ in range(LOOKS)), key=lambda one: one.descriptors)


def _looked_at(daemon: Daemon, hour: float) -> Sample:
    time.sleep(0.003)
    process = Path(f"/proc/{daemon.pid}")
    opened = [re.sub(r"\d+", "N", os.readlink(one)) for one in (process / "fd").iterdir() if one.is_symlink()]
    return Sample(hour, len(opened), len(list((process / "task").iterdir())), daemon.memory(), tuple(opened))


def written(daemon: Daemon, speed: float, domain: str, more: str = "") -> None:
    """Write the daemon's configuration."""
    daemon.write(FILE.format(**daemon.settings, limit=min(10 * speed, DAY), domain=domain, more=more))


class Administrator(threading.Thread):
    """Asks, reloads and plugs all day. `failed` tells what did not go as it should."""

    def __init__(self, daemon: Daemon, clock: faster.Clock) -> None:
        super().__init__(daemon=True)
        self._daemon, self._clock = daemon, clock
        self._over = threading.Event()
        self.sessions = self.reloads = self.changes = 0
        self.failed: list[str] = []

    def run(self) -> None:
        """Each at its time, until `stop`."""
        tasks = {self._ask: ASK_EVERY, self._reload: RELOAD_EVERY, self._change: CHANGE_EVERY}
        due = {task: self._clock.passed() + every * FIRST for task, every in tasks.items()}
        while not self._over.is_set():
            task = min(due, key=lambda one: due[one])
            if not self._over.wait(max(due[task] - self._clock.passed(), 0) / self._clock.speed):
                self._tried(task)
                due[task] = self._clock.passed() + tasks[task]

    def _tried(self, task: Callable[[], None]) -> None:
        try:
            task()
        except (AssertionError, OSError) as error:
            self.failed.append(f"{task.__name__}: {error}"[:500])

    def _ask(self) -> None:
        command = COMMANDS[self.sessions % len(COMMANDS)]
        self.sessions += 1
        assert len(self._daemon.prompt(command).splitlines()) > 2, f"nothing came to {command}"

    def _reload(self) -> None:
        self.reloads += 1
        if self.reloads % 2:
            written(self._daemon, self._clock.speed, f"d{self.reloads}.example")
            self._daemon.reload(r"reloaded .*changed: domain_name")
        else:
            written(self._daemon, self._clock.speed, "broken.example", "subnets = [subnet(")
            self._daemon.reload("not reloaded")

    def _change(self) -> None:
        self.changes += 1
        self._daemon.machine.ip(*(["link add d0 type veth peer name d1", "addr add 192.0.2.1/24 dev d0", "link set d0 up"]
                                  if self.changes % 2 else ["link del d0"]))

    def stop(self) -> None:
        """End the day."""
        self._over.set()
        self.join()


class Day:
    """One run. It begins with the daemon's start."""

    def __init__(self, lab: Lab, hours: float, speed: float, clients: int, seed: int) -> None:
        self.hours, self.speed = hours, speed
        self.clock = faster.Clock.of_now(speed)
        self.daemon = lab.daemon()
        self.daemon.path.insert(0, str(CLOCKS))
        written(self.daemon, speed, "first.example")
        links = _links(lab)
        self.daemon.start(**{faster.VARIABLE: self.clock.words()})
        self._began = self.clock.passed()
        self.population = Population(links, clients, self.clock.wall, Random(seed), speed)
        self.administrator = Administrator(self.daemon, self.clock)
        self.samples: list[Sample] = []
        self.broken: list[str] = []

    def run(self) -> list[str]:
        """Live it; returns what broke."""
        self.administrator.start()
        self.population.run(self._is_over)
        self.administrator.stop()
        self.population.is_over = True
        settled = time.monotonic() + SETTLE
        self.population.run(lambda: time.monotonic() > settled)
        self.samples.append(sample(self.daemon, self.hours))
        self.broken = [*self.population.broken, *self.administrator.failed, *self._grown(), *self._differing(), *self._told()]
        return self.broken

    def _is_over(self) -> bool:
        """Looked at all the time; an hour that is over gives a sample."""
        hour = (self.clock.passed() - self._began) / HOUR
        if hour >= len(self.samples) + 1:
            self.samples.append(sample(self.daemon, hour))
            if len(self.samples) % 6 == 1:
                print(f"after {hour:.0f} h: {self.samples[-1]}", flush=True)
        return hour >= self.hours

    def _grown(self) -> Iterable[str]:
        first, last = self.samples[0], self.samples[-1]
        more = Counter(last.open) - Counter(first.open)
        of_readers = sum(count for name, count in more.items() if name.endswith(f"/{self.daemon.database.name}"))
        if (more.total() > of_readers or of_readers > READERS or last.threads > first.threads
                or last.memory > GROWTH * first.memory):
            yield f"it has grown: after the first hour {first}; at the end {last}; opened since: {', '.join(more) or 'nothing'}"

    def _differing(self) -> Iterable[str]:
        """Where the database says other than the clients, of leases that do not end at this moment."""
        at_once = 2 * self.speed
        rows, now = stored(self.daemon.database), self.clock.wall()
        held = {client.address: client for client in self.population.running()}
        for address, client in held.items():
            hardware, ends = rows.get(address, (b"", 0.0))
            if client.ends > now + at_once and (hardware != client.mac or ends < client.ends - 1):
                yield f"the database says of {address} {mac_text(hardware)} until {ends:.0f}: {_words(client)} has it"
        for address, (hardware, ends) in rows.items():
            if ends > now + at_once and address not in held:
                yield f"the database says that {mac_text(hardware)} has {address} for {ends - now:.0f} s: it has not"

    def _told(self) -> Iterable[str]:
        log, lines = self.daemon.log(), self._events()
        if "Traceback" in log:
            yield f"a traceback in the log: {log[log.index('Traceback'):][:2000]}"
        if "the wall clock was set" in log:
            yield "a step of the wall clock was seen, which there was not"
        if not min(0.9 * self.population.count["ACK"], KEPT) <= len(lines) <= KEPT:
            yield f"events of the last 24 h are {len(lines)}, of more than {self.population.count['ACK']}"
        oldest = time.mktime(time.strptime(lines[0][:19], "%Y-%m-%d %H:%M:%S")) if lines else 0
        if oldest < self.clock.wall() - DAY - 5 * self.speed:
            yield f"events are shown of before a day: {lines[0]}"
        if self.population.unanswered() > len(self.population.clients) / 100:
            yield f"{self.population.unanswered()} INFORMs and leasequeries were not answered"

    def _events(self) -> list[str]:
        return re.findall(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*", self.daemon.prompt("events"), re.M)

    def report(self) -> str:
        """What came out, in a few lines."""
        count, administrator = self.population.count, self.administrator
        first, last = self.samples[0], self.samples[-1]
        exchanges = ", ".join(f"{number:,} {what}" for what, number in sorted(count.items(), key=lambda one: -one[1]))
        return (f"{self.hours:g} h at {self.speed:g} times the speed, {len(self.population.clients):,} clients: {exchanges}\n"
                f"{administrator.sessions} sessions, {administrator.reloads} reloads, {administrator.changes} changes of "
                f"interfaces; {len(self._events()):,} events in the last 24 h, a log of {len(self.daemon.log()):,} octets\n"
                f"after the first hour {first}; at the end {last}; memory at most "
                f"{max(one.memory for one in self.samples) / 2**20:.1f} MiB\n"
                f"slowest renewal {self.population.slowest * 1000:.0f} ms of the machine's; broken: {len(self.broken)}")


def _words(client: Client) -> str:
    return f"{mac_text(client.mac)} ({client.state}, until {client.ends:.0f})"


def _links(lab: Lab) -> list[Link]:
    """The cable, and a relay agent behind a link of its own."""
    cable, relay = lab.client(), lab.machine("relay")
    lab.cable(relay, "s1", "r0", RELAY_MAC)
    lab.server.ip(f"link set s1 address {mac_text(SERVER_LINK_MAC)}", f"addr add {SERVER_LINK}/24 dev s1",
                  f"route add 10.78.0.0/16 via {RELAY_LINK}")
    relay.ip(f"addr add {RELAY_LINK}/24 dev r0")
    return [lab.keep(Link(cable, "c0")), lab.keep(Relayed(relay, "r0", RELAY_MAC, RELAY, SERVER_LINK, SERVER_LINK_MAC))]


def stored(database: Path) -> dict[str, tuple[bytes, float]]:
    """Hardware address and end, by the wall clock, of each lease that the database has as bound."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (offset,) = connection.execute("SELECT wall_less_ledger FROM ledger_time").fetchone()
        rows = connection.execute(f"SELECT address, hardware, ends FROM leases WHERE state = {BOUND}").fetchall()
    return {".".join(map(str, address.to_bytes(4, "big"))): (hardware, ends + offset) for address, hardware, ends in rows}


def day(hours: float, speed: float, clients: int, seed: int) -> Day:
    """Live a day in a lab of its own."""
    lab = Lab()
    try:
        made = Day(lab, hours, speed, clients, seed)
        made.run()
        print("\n".join([made.report(), *made.broken]))
        lab.finish()
        return made
    finally:
        with redirect_stdout(io.StringIO()):  # the log, which is as long as the day
            lab.close()


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--speed", type=float, default=24)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if reason := reason_to_skip():
        print(reason)
        return 1
    return bool(day(asked.hours, asked.speed, asked.clients, asked.seed).broken)


if __name__ == "__main__":
    sys.exit(main())
