"""The store of leases after a crash at every write, in the manner of SQLite's own crash tests.

usage: python tests/crash/powercut.py [--commits N] [--every N] [--processes N] [--seed N] [--daemon-each N]

A store commits N times under strace, its log being written back and begun anew meanwhile. For each of its writes, truncations
and syncs the disk is made as it could be had all stopped in the middle of it, in three ways: the program alone was killed;
nothing had reached the disk but what was synced; any sectors of the rest had. On each the store is opened: it must hold exactly
what was acknowledged, or that and the one commit which was under way, whole; it must raise no alarm, for a power cut is no
damage; then it must take a commit. On each Nth moment the real daemon is started, the three ways in turn, and must show every
lease that was acknowledged, once.
"""

import argparse
import multiprocessing
import os
import shutil
import sqlite3
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from disk import Disk, Files
from recorded import ACKNOWLEDGED, DATABASE, FIRST, Leases, expected
from syscalls import Operation, operations, record

from pydhcpd.addresses import address_text
from pydhcpd.leases.interface import BOUND, RELEASED, Row
from pydhcpd.leases.store import SQLiteStore

if TYPE_CHECKING:
    from lab import Lab

RECORDED = Path(__file__).with_name("recorded.py")
GARBAGE = Random(0).randbytes(32768)  # what a power cut may leave of the index of the log
COMMIT = Row(FIRST - 1, b"\1after", 1, b"\2\0\0\0\0\1", "after", 4_000_000_000, 1, BOUND)
WAYS = ("killed", "lost", "scattered")


class Cut(NamedTuple):
    """A moment at which all stops: before operation `number` is complete, after `acknowledged` commits."""

    number: int
    way: str
    acknowledged: int
    files: Files


def recording(place: Path, commits: int) -> list[Operation]:
    """What the store really does."""
    directory = place / "state"
    directory.mkdir()
    record([sys.executable, RECORDED, directory, commits], place / "trace")
    return list(operations(place / "trace", directory, place / ACKNOWLEDGED))


def cuts(done: list[Operation], seed: int, every: int = 1, share: tuple[int, int] = (0, 1)) -> Iterator[Cut]:
    """Each `every`th moment, in each way. `share`: which part of them, of how many."""
    disk, acknowledged, moments = Disk(), 0, 0
    for number, one in enumerate(done):
        if one.kind == "acknowledge":
            acknowledged = int(one.data)
            continue
        if moments % every == 0 and moments // every % share[1] == share[0]:
            random = Random(f"{seed}/{number}")
            for way, files in (("killed", disk.killed(one, random)), ("lost", disk.lost()),
                               ("scattered", disk.scattered(one, random))):
                yield Cut(number, way, acknowledged, files)
        moments += 1
        disk.do(one)
    yield Cut(len(done), "killed", acknowledged, disk.killed(None, Random(seed)))


def lay_down(cut: Cut, directory: Path) -> None:
    """Make the directory as it was."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(mode=0o750)
    for name, content in cut.files.items():
        (directory / name).write_bytes(content)
        (directory / name).chmod(0o640)
    if cut.way == "scattered" and DATABASE in cut.files:
        (directory / f"{DATABASE}-shm").write_bytes(GARBAGE)


def check(cut: Cut, leases: list[Leases], directory: Path) -> str:
    """What is wrong with the store after a cut; empty where nothing is. `leases` is what each commit leaves."""
    lay_down(cut, directory)
    try:
        with closing(SQLiteStore(directory / DATABASE)) as store:
            found = {row.address: row for row in store.select()}
            alarms = [one.words for one in store.alarms]
            store.commit([COMMIT])
        with closing(sqlite3.connect(directory / DATABASE)) as reader:
            told = reader.execute("PRAGMA quick_check").fetchall()
            after = reader.execute("SELECT count(*) FROM leases").fetchone()[0]
    except Exception:
        return traceback.format_exc()
    if found not in leases[cut.acknowledged:cut.acknowledged + 2]:
        return _difference(found, leases[cut.acknowledged])
    if told != [("ok",)] or after != len(found) + 1:
        return f"quick_check: {told}, {after} rows after a commit"
    return f"an alarm: {alarms}" if alarms else ""


def _difference(found: Leases, acknowledged: Leases) -> str:
    wrong = [address for address in {*found, *acknowledged} if found.get(address) != acknowledged.get(address)]
    return "; ".join(f"{address_text(one)}: {found.get(one)} instead of {acknowledged.get(one)}" for one in sorted(wrong)[:3])


def _share(job: tuple[list[Operation], int, int, int, tuple[int, int]]) -> tuple[Counter[str], list[str]]:
    """Check a part of the cuts, in a process of its own."""
    done, commits, seed, every, share = job
    leases, tried, failed = list(expected(commits)), Counter(), []
    with TemporaryDirectory(dir=_memory()) as place:
        for cut in cuts(done, seed, every, share):
            wrong = check(cut, leases, Path(place, "state"))
            tried[cut.way] += 1
            if wrong:
                failed.append(f"at operation {cut.number} ({cut.way}), after {cut.acknowledged} commits, seed {seed}: {wrong}")
    return tried, failed


def _memory() -> str | None:
    """Where syncs cost nothing: it is not this disk that is tried."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def try_all(done: list[Operation], commits: int, seed: int, every: int = 1,
            processes: int = 1) -> tuple[Counter[str], list[str]]:
    """How many cuts were tried in each way, and what went wrong."""
    jobs = [(done, commits, seed, every, (number, processes)) for number in range(processes)]
    if processes == 1:
        return _share(jobs[0])
    with multiprocessing.Pool(processes) as pool:
        results = pool.map(_share, jobs)
    return sum((tried for tried, _ in results), Counter()), [one for _, failed in results for one in failed]


# --- the real daemon


def the_lab() -> ModuleType:
    """The machines of the system tests."""
    tests = Path(__file__).resolve().parents[1]
    sys.path += [str(tests), str(tests / "system")]
    return import_module("lab")


def shown_by_daemon(lab: "Lab", cut: Cut) -> tuple[list[str], str]:
    """The lines of `hosts`, and what `alarms` says, at the prompt of a daemon that starts on what a cut left."""
    daemon = lab.daemon(network="10.77.0.0/16", ip_ranges=["10.77.1.0 - 10.77.2.255"])
    lay_down(cut, daemon.database.parent)
    daemon.start()
    lines, alarms = daemon.prompt("hosts").splitlines(), daemon.prompt("alarms")
    daemon.stop()
    return [line for line in lines if line.startswith("10.77.")], alarms


def check_daemon(lab: "Lab", cut: Cut, leases: list[Leases]) -> str:
    """What is wrong with what the daemon shows; empty where nothing is."""
    lines, alarms = shown_by_daemon(lab, cut)
    if "all is well" not in alarms:
        return alarms
    found = sorted(tuple(line.split()[:2]) for line in lines)
    for state in leases[cut.acknowledged:cut.acknowledged + 2]:
        held = [row for row in state.values() if row.state != RELEASED]
        if found == sorted((address_text(row.address), row.hardware.hex(":")) for row in held):
            return ""
    return f"the daemon shows {found}"


def try_daemon(done: list[Operation], commits: int, seed: int, every: int) -> tuple[int, list[str]]:
    """Start the daemon on each `every`th cut, the three ways in turn."""
    leases, tried, failed = list(expected(commits)), 0, []
    lab = the_lab().Lab()
    try:
        lab.client()
        for number, cut in enumerate(cuts(done, seed, every)):
            moment, way = divmod(number, len(WAYS))
            if way != moment % len(WAYS):
                continue
            tried += 1
            wrong = check_daemon(lab, cut, leases)
            if wrong:
                failed.append(f"at operation {cut.number} ({cut.way}), after {cut.acknowledged} commits: {wrong}")
            else:
                lab.daemons.clear()  # nobody wants to read what it said
    finally:
        lab.close()
    return tried, failed


def main() -> int:
    """Record, cut, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--commits", type=int, default=1000)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--daemon-each", type=int, default=0)
    asked = parser.parse_args()
    began = time.monotonic()
    with TemporaryDirectory() as place:
        done = recording(Path(place), asked.commits)
    kinds = Counter(one.kind for one in done)
    print(f"{asked.commits:,} commits: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()), flush=True)
    tried, failed = try_all(done, asked.commits, asked.seed, asked.every, asked.processes)
    print(f"{sum(tried.values()):,} states of the disk ({', '.join(f'{count:,} {way}' for way, count in tried.items())}), "
          f"seed {asked.seed}: {len(failed)} failed", flush=True)
    if asked.daemon_each:
        started, wrong = try_daemon(done, asked.commits, asked.seed, asked.daemon_each)
        failed += wrong
        print(f"{started:,} starts of the daemon: {len(wrong)} failed")
    print("\n".join(failed[:20]) or "every acknowledged lease was there, none twice")
    print(f"{time.monotonic() - began:.0f} s")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
