"""`Supervisor`: plays systemd to one daemon (Type=notify, Restart=on-failure), and looks at the database after each end.

It reads the daemon's log from a small pipe, so that a reader that stops is felt at once.
"""

import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from chaos_record import Record, now
from lab import Daemon

RESTART_AFTER = 0.3  # seconds; the unit says 1
START_LIMIT = 10.0  # seconds that a start may take, and an end that was asked for, on which nothing is waited for
PIPE = 4096  # bytes that the log's pipe holds
ROUNDING = 1.5  # seconds: leases end at whole ones by the server's count
BOUND = 1

Acknowledged = dict[str, tuple[bytes, float]]
"""Hardware address and end by CLOCK_BOOTTIME, by address."""


class Supervisor(threading.Thread):
    """Starts the daemon again until `stop`. `acknowledged` tells what must be in the database when it has ended."""

    def __init__(self, daemon: Daemon, root: Path, record: Record, acknowledged: Callable[[], Acknowledged]) -> None:
        """`root` is where the root directory of the daemon's machine is seen."""
        super().__init__(name="supervisor", daemon=True)
        self._daemon, self._root, self._record, self._acknowledged = daemon, root, record, acknowledged
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(daemon.directory / "notify"))
        os.chmod(daemon.directory / "notify", 0o666)
        self._socket.settimeout(0.02)
        self._log, self._log_end = os.pipe()
        fcntl.fcntl(self._log_end, fcntl.F_SETPIPE_SZ, PIPE)
        with daemon.log_file.open("ab") as log:
            self.reader = subprocess.Popen(["cat"], stdin=self._log, stdout=log)
        self._expected = ""
        self._stopping = False
        self.ready = threading.Event()
        self.reloads = 0
        self.longest_start = 0.0
        self.ends = 0

    def run(self) -> None:
        """One life of the daemon after the other."""
        while not self._stopping:
            code = self._live()
            self.ready.clear()
            self.ends += 1
            self._record.count("ends")
            acknowledged = self._acknowledged()
            with tempfile.TemporaryDirectory() as place:
                look_at_database(copied(f"{self._root}{self._daemon.database}", Path(place)), acknowledged, self._record)
            if not self._expected:
                self._record.fail(f"the daemon ended by itself, with code {code}")
            time.sleep(RESTART_AFTER)

    def _live(self) -> int:
        """Start it, and wait until it ends; returns the exit code."""
        with suppress(TimeoutError):
            while self._socket.recv(65536):  # what the one before had to say
                pass
        daemon, begin = self._daemon, now()
        daemon.process = daemon.machine.start(
            *daemon.words(), stdin=subprocess.DEVNULL, stdout=self._log_end, stderr=self._log_end, cwd="/",
            env=daemon.environment(NOTIFY_SOCKET=str(daemon.directory / "notify")))
        while (code := daemon.process.poll()) is None:
            with suppress(TimeoutError):
                if b"READY=1" in self._socket.recv(65536).split(b"\n"):
                    self._is_ready(begin)
        if not self.ready.is_set():
            self._record.fail(f"a start ended with code {code}")
        return code

    def _is_ready(self, begin: float) -> None:
        if self.ready.is_set():
            self.reloads += 1
            return
        took = now() - begin - self._record.cut_within(begin, now(), "interface")
        self.longest_start = max(self.longest_start, took)
        if took > START_LIMIT:
            self._record.fail(f"a start took {took:.1f} s")
        self.ready.set()

    @contextmanager
    def down(self, why: str) -> Iterator[None]:
        """What is done within ends the daemon; leaves when it serves again."""
        with self._record.fault(why, cuts=True):
            ends, self._expected = self.ends, why
            yield
            self._wait(lambda: self.ends > ends and self.ready.is_set(), f"it to serve again after {why}")
            self._expected = ""

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        begin = now()
        while not condition():
            if now() - begin - self._record.cut_within(begin, now(), "interface") > 2 * START_LIMIT:
                self._record.fail(f"waited {now() - begin:.0f} s in vain for {what}")
                return
            time.sleep(0.01)

    def reload(self) -> None:
        """Have the configuration read again, and wait for the end of that."""
        reloads = self.reloads
        self._daemon.send(signal.SIGHUP)
        self._wait(lambda: self.reloads > reloads, "the end of a reload")

    def stop(self) -> int:
        """Tell the daemon to end, for good; returns its exit code."""
        self._expected, self._stopping = "the end", True
        self._daemon.send(signal.SIGTERM)
        self.join()
        os.close(self._log_end)
        self.reader.wait()
        assert self._daemon.process is not None
        return int(self._daemon.process.returncode)


# --- the database


def copied(database: str, place: Path) -> Path:
    """A copy of a database as it is, with its log: to read the original would be to mend it."""
    for suffix in ("", "-wal"):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{database}{suffix}", place / f"leases.db{suffix}")
    return place / "leases.db"


def look_at_database(file: Path, acknowledged: Acknowledged, record: Record) -> None:
    """All that was acknowledged must be there, and end no sooner."""
    stored = _stored(file)
    for address, (mac, ends) in acknowledged.items():
        record.count("leases looked for")
        has = stored.get(address, (b"", now()))
        if has[0] != mac or has[1] < ends - ROUNDING:
            record.count("lost")
            record.fail(f"{address} of {mac.hex(':')}, acknowledged for {ends - now():.1f} s from now, is in the database as "
                        f"{has[0].hex(':') or 'nobody'}'s for {has[1] - now():.1f} s")


def _stored(file: Path) -> Acknowledged:
    with closing(sqlite3.connect(file)) as database:
        (ledger_less_boot,) = database.execute("SELECT ledger_less_boot FROM ledger_time").fetchone()
        rows = database.execute("SELECT address, hardware, ends FROM leases WHERE state = ?", (BOUND,)).fetchall()
    return {socket.inet_ntoa(address.to_bytes(4, "big")): (hardware, ends - ledger_less_boot)
            for address, hardware, ends in rows}
