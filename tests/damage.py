"""What is done to a lease database: pages overwritten, and another program with a transaction open on it."""

import contextlib
import subprocess
import sys
from pathlib import Path

from pydhcpd.leases.store import PAGE

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for statement in sys.argv[2].split(";"):
    database.execute(statement).fetchall()
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def held(path: Path, statements: str = "BEGIN IMMEDIATE"):
    """Another program with a transaction open; ends it on leaving."""
    both = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", HOLD, path, statements], **both) as one:
        assert one.stdout.readline() == b"held\n"
        yield one.pid
        one.stdin.close()


def overwrite(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def leaves(path: Path) -> list[int]:
    """Where the pages of leases begin; a page of one row may be that of the time."""
    data = path.read_bytes()
    return [at for at in range(PAGE, len(data), PAGE) if data[at] == 13 and int.from_bytes(data[at + 3:at + 5], "big") > 1]
