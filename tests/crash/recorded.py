"""The program whose writes are recorded: a lease store that commits, has its log written back, and is opened anew at times.

usage: python tests/crash/recorded.py DIRECTORY COMMITS

After each commit it writes its number to the file `acknowledged` beside the directory, as the daemon would send ACKs. What
commit N stores follows from N alone, so that whoever looks at the disk afterwards knows what must be there: `expected`.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pydhcpd.leases import store as store_module
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row
from pydhcpd.leases.store import SQLiteStore

FIRST, ADDRESSES = 0x0A4D0100, 300  # 10.77.1.0 and on: many enough that the database has many pages
NEVER_YET = 4_000_000_000  # seconds of the epoch at which leases end
REOPENED = 170  # commits after which the store is closed and opened again
LIMITS = {"WRITE_BACK": 64 << 10, "WAL_LIMIT": 128 << 10, "LAID_OUT": 192 << 10}  # so that the log begins anew often
KEPT = 40  # commits after which the store's upkeep is called, besides whenever it is due
DATABASE, ACKNOWLEDGED = "leases.db", "acknowledged"

Leases = dict[int, Row]


def decisions(number: int) -> tuple[list[tuple[object, ...]], list[tuple[bytes, int, int]]]:
    """The rows and releases of a commit. Every odd address has a row with all columns, every even one a short one."""
    random = Random(number)
    chosen = random.sample(range(FIRST, FIRST + ADDRESSES), random.randint(1, 8))
    rows, releases = [], []
    for address in chosen:
        client = b"\1" + random.randbytes(random.choice((6, 18)))
        if random.random() < 0.15:
            releases.append((client, number, address))
            continue
        state = QUARANTINED if random.random() < 0.05 else BOUND
        hardware = (number << 16 | address & 0xFFFF).to_bytes(6, "big")
        plain = (address, client, 1, hardware, f"n{number}", NEVER_YET + number, number, state)
        rows.append(plain if address % 2 == 0 else
                    (*plain, random.randbytes(random.randint(5, 200)), f"class {number}", f"sent {number}"))
    return rows, releases


def expected(commits: int) -> Iterator[Leases]:
    """What is stored after no commit, after the first, and so on."""
    leases: Leases = {}
    yield dict(leases)
    for number in range(1, commits + 1):
        rows, releases = decisions(number)
        for row in rows:
            leases[int(row[0])] = Row(*row)
        for client, when, address in releases:
            if address in leases:
                leases[address] = leases[address]._replace(client=client, ends=when, state=RELEASED)
        yield dict(leases)


def run(directory: Path, commits: int) -> None:
    """Commit so many times."""
    for name, size in LIMITS.items():
        setattr(store_module, name, size)
    acknowledged = os.open(directory.parent / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    store = SQLiteStore(directory / DATABASE)
    store.lay_out()
    for number in range(1, commits + 1):
        store.commit(*decisions(number))
        os.write(acknowledged, b"%d\n" % number)
        if store.is_due.is_set() or number % KEPT == 0:
            store.keep(nullcontext())
        if number % REOPENED == 0:
            store.close()
            store = SQLiteStore(directory / DATABASE)
            store.lay_out()
    store.close()


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
