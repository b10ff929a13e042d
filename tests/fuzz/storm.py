"""Ten million mutated datagrams against the whole path, in portions that are counted in a file, so that a run can be stopped
and gone on with.

usage: python tests/fuzz/storm.py [--datagrams N] [--processes N] [--seed N] [--state FILE] [--only PORTION]

A portion is a server of its own that lives through PORTION datagrams; its seed is that of the run and its number, so that
`--only` has it again. FILE gets a line for each: number, seed, datagrams, replies, resident memory in KiB after the first fifth
and at the end, and what failed. Exit code 1 if anything did.
"""

import argparse
import json
import multiprocessing
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutation import MessageMutator
from onslaught import Onslaught, served
from seeds import MESSAGES

PORTION = 250_000  # datagrams
BATCH = 64
LOG_EVERY = 1000  # batches between checks of all leases
PAGE_KIB = 4


def datagrams_of(seed: str, count: int, path: Onslaught | None = None) -> Iterator[list[bytes]]:
    """Batches of datagrams; with `path` some of them answer what it offered."""
    mutator = MessageMutator(MESSAGES, Random(seed))
    for start in range(0, count, BATCH):
        size = min(BATCH, count - start)
        yield [path.conversation(mutator) if path else mutator.next() for _ in range(size)]


def resident() -> int:
    """Memory of this process, in KiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_KIB


def portion(number: int, run: int, count: int = PORTION) -> dict[str, object]:
    """Run one portion; returns what is to be known of it."""
    seed = f"{run}/{number}"
    told: dict[str, object] = {"portion": number, "seed": seed, "datagrams": count, "failure": ""}
    began, batch = time.monotonic(), []
    with served(Random(seed), delayed=number % 2 == 1, detailed=number % 8 == 7) as path:
        try:
            for at, batch in enumerate(datagrams_of(seed, count, path)):
                path.give(batch)
                if at == count // BATCH // 5:
                    told["memory_early"] = resident()
                if at % LOG_EVERY == 0:
                    path.check_leases()
                    path.bench.hosts.store.keep(path.bench.hosts.lock)
            path.check_leases()
        except Exception:
            told["failure"] = traceback.format_exc()
            told["batch"] = [one.hex() for one in batch]
        told["replies"], told["memory"] = path.replies, resident()
    return {**told, "seconds": round(time.monotonic() - began, 1)}


def _portion(job: tuple[int, int, int]) -> dict[str, object]:
    return portion(*job)


def read_state(file: Path) -> list[dict[str, object]]:
    """The portions that are done."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def jobs(run: int, datagrams: int, done: set[object]) -> list[tuple[int, int, int]]:
    """The portions that are still to be done: number, seed of the run, datagrams."""
    sizes = [min(PORTION, datagrams - start) for start in range(0, datagrams, PORTION)]
    return [(number, run, size) for number, size in enumerate(sizes) if number not in done]


def main() -> int:
    """Run what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--datagrams", type=int, default=10_000_000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--state", type=Path, default=Path("storm.jsonl"))
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    if asked.only is not None:
        told = portion(asked.only, asked.seed)
        print(json.dumps(told) if not told["failure"] else told["failure"])
        return bool(told["failure"])
    done = read_state(asked.state)
    left = jobs(asked.seed, asked.datagrams, {one["portion"] for one in done})
    with multiprocessing.Pool(asked.processes) as pool, asked.state.open("a") as state:
        for told in pool.imap_unordered(_portion, left):
            done.append(told)
            state.write(json.dumps(told) + "\n")
            state.flush()
            print(f"portion {told['portion']} of seed {told['seed']}: {told['datagrams']:,} datagrams, "
                  f"{told['replies']:,} replies, {told['memory']:,} KiB, {told['seconds']} s"
                  + (f"\nFAILED: {told['failure']}" if told["failure"] else ""), flush=True)
    return report(done)


def report(done: list[dict[str, object]]) -> int:
    """Print the sum of it; 1 if anything failed."""
    failures = [one for one in done if one["failure"]]
    memory = [int(str(one["memory"])) for one in done]
    growth = [int(str(one["memory"])) / int(str(one["memory_early"])) for one in done if "memory_early" in one]
    print(f"{sum(int(str(one['datagrams'])) for one in done):,} datagrams, {sum(int(str(one['replies'])) for one in done):,} "
          f"replies, {len(failures)} failures; resident memory {min(memory):,} to {max(memory):,} KiB, at the end of a portion "
          f"at most {max(growth, default=1):.2f} of what it was after its first fifth")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
