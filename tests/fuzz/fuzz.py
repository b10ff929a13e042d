"""Fuzzing: every target of `targets.py`, with so many inputs that are changed by chance.

usage: python tests/fuzz/fuzz.py [TARGET ...] [--inputs N] [--seed N] [--atheris SECONDS] [--again FILE]

Without a target it is all of them. The same seed makes the same inputs; what fails is written to a file, which `--again` tries
once more. With `--atheris` (pip install '.[fuzz]') coverage of the code leads the way instead, for so many seconds a target.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from targets import Target

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

INPUTS = 100_000


def try_all(target: "Target", count: int, seed: int) -> tuple[bytes, str] | None:
    """Try the seeds and so many changed inputs; returns the first that failed, and how."""
    mutator = target.mutator(target.seeds, Random(seed))
    with target.make() as try_one:
        for number in range(len(target.seeds) + count):
            data = target.seeds[number] if number < len(target.seeds) else mutator.next()
            try:
                try_one(data)
            except Exception:
                return data, traceback.format_exc()
    return None


def run(target: "Target", count: int, seed: int) -> bool:
    """Run one target, and tell how it went."""
    began = time.monotonic()
    failed = try_all(target, count, seed)
    print(f"{target.name}: {count:,} inputs, seed {seed}, {time.monotonic() - began:.0f} s: {'FAILED' if failed else 'good'}")
    if failed:
        kept = Path(f"{target.name}.failed")
        kept.write_bytes(failed[0])
        print(f"{failed[1]}\nthe input is in {kept}")
    return not failed


def lead_by_coverage(name: str, seconds: int) -> bool:
    """Have atheris run one target, in a process of its own: it ends the one that it is in."""
    print(f"{name}: by coverage, {seconds} s", flush=True)
    with tempfile.TemporaryDirectory() as place:  # for all that it leaves behind
        done = subprocess.run([sys.executable, __file__, name, f"--within-atheris={seconds}"], check=False,
                              env={**os.environ, "TMPDIR": place})
    return done.returncode == 0


def within_atheris(name: str, seconds: int) -> None:
    """Never returns."""
    import atheris

    with atheris.instrument_imports(include=["pydhcpd"]):
        from targets import TARGETS
    target = TARGETS[name]
    with tempfile.TemporaryDirectory() as corpus, target.make() as try_one:
        for number, data in enumerate(target.seeds):
            Path(corpus, str(number)).write_bytes(data)
        atheris.Setup([sys.argv[0], corpus, f"-max_total_time={seconds}", "-max_len=1400", f"-artifact_prefix={name}.",
                       "-verbosity=0", "-print_final_stats=1"], try_one)
        atheris.Fuzz()


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--inputs", type=int, default=INPUTS)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--atheris", type=int, default=0)
    parser.add_argument("--within-atheris", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--again", type=Path)
    asked = parser.parse_args()
    if asked.within_atheris:
        within_atheris(asked.targets[0], asked.within_atheris)
    from targets import TARGETS

    unknown = set(asked.targets) - set(TARGETS)
    if unknown:
        parser.error(f"{', '.join(unknown)}: allowed are {', '.join(TARGETS)}")
    chosen = [TARGETS[name] for name in asked.targets or TARGETS]
    if asked.again:
        with chosen[0].make() as try_one:
            try_one(asked.again.read_bytes())
        return 0
    good = [lead_by_coverage(one.name, asked.atheris) if asked.atheris else run(one, asked.inputs, asked.seed)
            for one in chosen]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
