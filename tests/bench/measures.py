"""What is measured of a server, and how: each measure is a function from a server to rows of the table.

A rate that is called the highest is found by bisection: fewer than 1 % of the messages are lost, and a step that fails is
tried once more, for a hiccup of the machine is not a limit. Every step has clients of its own, and before the first one
the server is warmed up with a run that does not count.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cable import Cable, die_with_parent, output_of
from clients import Leases
from perfdhcp import GRACE, LOSS, OFFERED, Load, Report
from servers import Server

Rows = dict[str, float | None]  # value of each row, by its label; None where it cannot be measured
Measure = Callable[["Bench", Server], Rows]

FEW, MANY = 1_000, 100_000  # leases that a server starts with
CLOSE = 0.04  # a search ends once its bounds are so close
LOWEST, CEILING = 5, 60_000  # rates per second between which is searched
WARM_UPS = 20  # tries of a few seconds: Kea looks for its first free address through all that are taken
SYNCED, SYNCED_FILE = 1_048, 32 << 20  # bytes of a small write, and of the file that gets them
DELAY_RATE, PROCESSOR_RATE, PAUSE_RATE, UNIQUE_RATE = 1_000, 5_000, 5_000, 2_000  # exchanges per second


def tell(words: str) -> None:
    """A line on the progress."""
    print(words, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how much."""

    seconds: float  # of one step
    large: int  # leases of the large databases
    free: int  # addresses left in the pool that is nearly full
    pause_seconds: float


class Bench:
    """The load, the plan, and what earlier rounds taught."""

    def __init__(self, cable: Cable, plan: Plan) -> None:
        self.cable, self.plan, self.load = cable, plan, Load(cable)
        self.found: dict[tuple[str, str], float] = {}  # highest rates of the last round, by measure and server

    def search(self, name: str, server: Server, held: Callable[[int], bool], kind: str = "four-way") -> float:
        """The highest rate per second for which `held` is true; 0 where there is none."""
        found = self.found.get((name, server.name))
        begin, factor = (int(found), 1.2) if found else (server.guesses[kind], 1.5)
        rate = highest(lambda at: self._step(name, server, held, at), begin, factor)
        self.found[name, server.name] = rate
        return rate

    def _step(self, name: str, server: Server, held: Callable[[int], bool], rate: int) -> bool:
        answer = held(rate) or held(rate)
        server.check()
        tell(f"  {name}: {server.name} at {rate}/s: {'held' if answer else 'not held'}")
        return answer

    def exchanges(self, rate: int, seconds: float, *options: str) -> Report:
        """Four-way exchanges of new clients."""
        return self.load.run(rate, seconds, *options)

    def held(self, rate: int, *options: str) -> bool:
        """Whether a step of four-way exchanges is held."""
        return self.exchanges(rate, self.plan.seconds, *options).held(rate * self.plan.seconds)

    def warm_up(self, server: Server, *options: str) -> None:
        """Exchanges that do not count, until they are all answered."""
        rate = max(LOWEST, server.guesses["four-way"] // 4)
        for _ in range(WARM_UPS):
            if self.exchanges(rate, 2, *options).held(rate * 2):
                return

    def four_way(self, name: str, server: Server, leases: Leases, quiet: bool = False) -> float:
        """The highest rate of four-way exchanges of a server that starts with these leases."""
        server.start(leases, quiet)
        if server.begins_anew:
            return self.search(name, server, lambda rate: self._anew(server, leases, quiet) and self.held(rate))
        self.warm_up(server)
        return self.search(name, server, self.held)

    @staticmethod
    def _anew(server: Server, leases: Leases, quiet: bool = False) -> bool:
        server.start(leases, quiet)
        return True

    def renewals(self, name: str, server: Server, leases: int) -> float:
        """The highest rate of renewals of so many leases, in random order."""
        server.start(Leases(leases))
        self._renewals_held(server.guesses["renewals"] // 4, leases)
        return self.search(name, server, lambda rate: self._renewals_held(rate, leases), "renewals")

    def _renewals_held(self, rate: int, leases: int) -> bool:
        seconds = self.plan.seconds
        program = str(Path(__file__).with_name("renewals.py"))
        words = self.cable.on_client([sys.executable, program, "renew", str(rate), str(seconds), str(leases)])
        told = json.loads(output_of(words, seconds + GRACE))
        return told["sent"] >= OFFERED * rate * seconds and told["acknowledged"] > (1 - LOSS) * told["sent"]

    def releasing(self, name: str, server: Server, leases: Leases) -> float:
        """The highest rate of exchanges of new clients who release as many addresses as are taken.

        Without that the few free addresses of a pool that is nearly full would be gone in an instant. Releases lag by up to
        3 % of the exchanges: the free addresses must be more than that.
        """
        def held(rate: int) -> bool:
            server.start(leases)
            self.exchanges(50, 1, "-F", "50")
            return self.held(rate, "-F", str(rate))
        return self.search(name, server, held, "full")


def highest(held: Callable[[int], bool], begin: int, factor: float) -> float:
    """Search from `begin` on, first in steps by a factor until the limit lies between two rates, then by halves."""
    low, high, rate = 0, 0, min(begin, CEILING)
    while not (low and high):
        if held(rate):
            low, rate = rate, min(int(rate * factor) + 1, CEILING)
        else:
            high, rate = rate, int(rate / factor)
        if low == CEILING or rate < LOWEST:
            return low
    while high - low > max(1, low * CLOSE):
        middle = (low + high) // 2
        if held(middle):
            low = middle
        else:
            high = middle
    return low


# --- the measures, in the order of the table

def four_way(bench: Bench, server: Server) -> Rows:
    """Highest rate of four-way exchanges."""
    return {"four-way exchanges/s": bench.four_way("four-way", server, Leases(FEW))}


def quiet(bench: Bench, server: Server) -> Rows:
    """The same without a log of leases."""
    return {"four-way exchanges/s, leases not logged": bench.four_way("quiet", server, Leases(FEW), quiet=True)}


def renewals(bench: Bench, server: Server) -> Rows:
    """Highest rate of renewals, of few and of many leases."""
    counts = [count for count in (FEW, MANY) if count <= server.most_leases]
    return {f"renewals/s of {count:,} leases": bench.renewals(f"renewals of {count:,}", server, count) for count in counts}


def delay(bench: Bench, server: Server) -> Rows:
    """Mean and worst delay of an answer at a low rate."""
    server.start(Leases(FEW))
    bench.warm_up(server)
    seconds = 2 * bench.plan.seconds
    report = bench.exchanges(DELAY_RATE, seconds)
    held = report.held(DELAY_RATE * seconds)
    return {f"mean delay of an ACK at {DELAY_RATE:,}/s, ms": report.requests.mean_delay if held else None,
            f"mean delay of an answer at {DELAY_RATE:,}/s, ms": report.mean_delay() if held else None,
            f"worst delay of an answer at {DELAY_RATE:,}/s, ms": report.worst_delay() if held else None}


def processor(bench: Bench, server: Server) -> Rows:
    """Processor time of an exchange, user and system, at a fixed rate, or below the highest where that is less."""
    known, seconds = bench.found.get(("four-way", server.name)) or server.guesses["four-way"], 2 * bench.plan.seconds
    for rate in (PROCESSOR_RATE, int(known * 0.8), int(known * 0.4), int(known * 0.2)):
        server.start(Leases(FEW))
        bench.warm_up(server)
        before = server.processor_time()
        report = bench.exchanges(rate, seconds)
        used = server.processor_time() - before
        if report.held(rate * seconds):
            tell(f"  processor: {server.name} at {rate}/s: {used:.2f} s")
            return {"processor time of an exchange, µs": used / report.requests.received * 1e6}
    return {"processor time of an exchange, µs": None}


def start(bench: Bench, server: Server) -> Rows:
    """Seconds from exec to the first answer, and resident memory after it."""
    times: Rows = {}
    memory: Rows = {}
    for count in sorted({FEW, MANY, bench.plan.large}):
        if count <= server.most_leases:
            server.start(Leases(count))
            times[f"start to first answer, {count:,} leases, s"] = server.start_time
            memory[f"resident memory, {count:,} leases, MiB"] = server.resident()
    return times | memory


def large(bench: Bench, server: Server) -> Rows:
    """Highest rate of four-way exchanges with a large database."""
    count = bench.plan.large
    return {f"four-way exchanges/s, {count:,} leases loaded": bench.four_way("large", server, Leases(count))}


def full(bench: Bench, server: Server) -> Rows:
    """Highest rate of exchanges with a RELEASE each, in an empty pool and in one that is nearly full."""
    count, free = bench.plan.large, bench.plan.free
    part, words = f"{count / (count + free):.1%}", "four-way exchanges/s, each with a release, pool"
    return {f"{words} empty": bench.releasing("empty", server, Leases(FEW)),
            f"{words} {part} full": bench.releasing("full", server, Leases(count, free))}


def pause(bench: Bench, server: Server) -> Rows:
    """Longest delay under steady load with a large database; what was lost must be known with it."""
    server.start(Leases(bench.plan.large))
    bench.warm_up(server)
    report = bench.exchanges(PAUSE_RATE, bench.plan.pause_seconds)
    words = f"at {PAUSE_RATE:,}/s for {bench.plan.pause_seconds:.0f} s, {bench.plan.large:,} leases"
    server.stop()
    return {f"longest pause {words}, ms": report.worst_delay(), f"messages lost {words}": report.lost(),
            "longest sync of the disk alone in the same time, ms": longest_sync(server.directory, bench.plan.pause_seconds)}


def longest_sync(directory: Path, seconds: float) -> float:
    """Milliseconds of the longest of many small synced writes by nobody in particular: what the disk alone brings about."""
    longest, end = 0.0, time.monotonic() + seconds
    with (directory / "sync").open("w+b", buffering=0) as file:
        file.write(bytes(SYNCED_FILE))
        os.fsync(file.fileno())
        time.sleep(1)
        while (begin := time.monotonic()) < end:
            os.pwrite(file.fileno(), bytes(SYNCED), random.randrange(0, SYNCED_FILE - SYNCED, SYNCED))
            os.fdatasync(file.fileno())
            longest = max(longest, time.monotonic() - begin)
            time.sleep(1 / PAUSE_RATE)
    return longest * 1e3


def unique(bench: Bench, server: Server) -> Rows:
    """Addresses that were given twice."""
    server.start(Leases(FEW))
    seconds = 4 * bench.plan.seconds
    report = bench.exchanges(UNIQUE_RATE, seconds, "-u")
    tell(f"  unique: {report.requests.received} leases given by {server.name}")
    return {"addresses given twice": report.discovers.not_unique + report.requests.not_unique}


def overload(bench: Bench, server: Server) -> Rows:
    """What is still answered at twice the highest rate, and what it costs in memory.

    A busy loop takes half of the server's processor away, for twice the highest rate of a whole one is more than the load
    generator can offer.
    """
    loop = subprocess.Popen(bench.cable.on_server([sys.executable, "-c", "while True: pass"]), preexec_fn=die_with_parent)
    try:
        rate = bench.four_way("overload", server, Leases(FEW))
        before, seconds = server.resident(), 2 * bench.plan.seconds
        report = bench.exchanges(int(2 * rate), seconds)
        tell(f"  overload: {report.discovers.sent / seconds:.0f}/s offered, {report.requests.received / seconds:.0f}/s served")
    finally:
        loop.kill()
        loop.wait()
    return {"offered at overload, as a part of the highest rate": report.discovers.sent / seconds / rate if rate else None,
            "served at overload, as a part of the highest rate": report.requests.received / seconds / rate if rate else None,
            "resident memory before overload, MiB": before, "resident memory after overload, MiB": server.resident()}


ALL, BIG, OWN = ("pydhcpd", "Kea", "dnsmasq"), ("pydhcpd", "Kea"), ("pydhcpd",)
MEASURES: dict[str, tuple[Measure, tuple[str, ...]]] = {
    "four-way": (four_way, ALL), "quiet": (quiet, BIG), "renewals": (renewals, ALL), "delay": (delay, ALL),
    "processor": (processor, ALL), "start": (start, ALL), "large": (large, BIG), "full": (full, BIG), "pause": (pause, BIG),
    "unique": (unique, OWN), "overload": (overload, OWN)}
"""Each measure by name, with the servers that it is made of."""
