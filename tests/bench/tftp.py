#!/usr/bin/env python3
"""Compare pydhcpd's TFTP with that of dnsmasq, tftpd-hpa and atftpd on this machine, and tell what it costs DHCP.

usage: tftp.py [--quick] [--rounds N] [--only speed|dhcp] [--spread] [--markdown FILE]

It needs root, Linux and two processors; dnsmasq, in.tftpd and atftpd are looked for in the path (as packages of Debian the last
two conflict: `dpkg -x` of one gives its program all the same), and perfdhcp, which is in kea-admin. Two network namespaces are
joined by a cable; the server has processor 0, the clients have processor 1. A file of 100 MiB is loaded by one client, one of
10 MiB by 32 clients at once, with blocks of 1468 octets and windows of 1, 8 and 32 (dnsmasq and tftpd-hpa know no windows).
Servers take turns in each round; a figure is the median. For DHCP, perfdhcp makes exchanges at a rate while 32 clients load the
file of 10 MiB again and again, and without; `--spread` lets daemon and child have both processors, as where it is installed.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cable import SERVER_ADDRESS, BenchError, Cable, output_of, start, stop
from clients import Leases
from perfdhcp import Load
from report import machine, number
from servers import Pydhcpd

BLOCK_SIZE, WINDOWS = 1468, (1, 8, 32)
MANY = 32
FILES = {"large": 100 << 20, "small": 10 << 20}
CLIENT = str(Path(__file__).with_name("tftp_load.py"))
LIMIT = 300.0  # seconds for one measure
RATES = (3_000, 10_000)  # exchanges a second that are offered: for processor time, and for how many are answered
NAMES = ("pydhcpd", "dnsmasq", "tftpd-hpa", "atftpd")
WITH_WINDOWS = ("pydhcpd", "atftpd")
PROGRAMS = {"dnsmasq": "dnsmasq", "tftpd-hpa": "in.tftpd", "atftpd": "atftpd"}


class Tftp(Pydhcpd):
    """pydhcpd with a root; with `is_spread` on all processors."""

    root: Path
    is_spread = False

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        words = super().configure(directory, leases, quiet)
        if self.is_spread:
            words = ["taskset", "-c", ",".join(map(str, sorted(os.sched_getaffinity(0)))), *words]
        file = directory / "pydhcpd.conf"
        file.write_text(file.read_text() + f"tftp_root = {str(self.root)!r}\n")
        return words


def command(name: str, root: Path) -> list[str]:
    """How one of the others is started in the foreground, with nothing but TFTP."""
    program = shutil.which(PROGRAMS[name]) or ""
    return {
        "dnsmasq": [program, "-d", "-C", "/dev/null", "-p", "0", "-u", "root", "--enable-tftp", f"--tftp-root={root}"],
        "tftpd-hpa": [program, "-L", "-s", "-u", "root", str(root)],
        "atftpd": [program, "--daemon", "--no-fork", "--user", "root", "--group", "root", str(root)],
    }[name]


@contextmanager
def running(name: str, cable: Cable, directory: Path, root: Path) -> Iterator[None]:
    """One of the servers, once it answers."""
    if name == "pydhcpd":
        place = Path(tempfile.mkdtemp(dir=directory))
        server = Tftp(cable, place)
        server.root = root
        try:
            server.start(Leases(1))
            yield
        finally:
            server.stop()
    else:
        process = start(cable.on_server(command(name, root)), directory / f"{name}.log", {}, directory)
        try:
            time.sleep(1.0)
            yield
        finally:
            stop(process)


def load(cable: Cable, file: str, clients: int, window: int) -> float:
    """Megabytes (of 10^6) a second."""
    words = [sys.executable, CLIENT, SERVER_ADDRESS, file, str(clients), str(BLOCK_SIZE), str(window)]
    told = output_of(cable.on_client(words), LIMIT).split()
    if len(told) != 3 or int(told[1]) != clients * FILES[file]:
        raise BenchError(f"{file} was not loaded whole: {told}")
    return int(told[1]) / float(told[0]) / 1e6


def speeds(cable: Cable, directory: Path, root: Path, names: list[str], rounds: int) -> list[list[str]]:
    """The rows of the first table."""
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for turn in range(rounds):
        for name in names:
            print(f"speed, round {turn + 1} of {rounds}: {name}", file=sys.stderr)
            with running(name, cable, directory, root):
                for file, clients in (("large", 1), ("small", MANY)):
                    for window in WINDOWS if name in WITH_WINDOWS else WINDOWS[:1]:
                        what = f"{FILES[file] >> 20} MiB to {clients}, window {window}, MB/s"
                        found[what][name].append(load(cable, file, clients, window))
    return [[what, *(number(statistics.median(values[name])) if values[name] else "-" for name in names)]
            for what, values in found.items()]


class Cost:
    """What DHCP does, and what it costs, with and without clients that load."""

    def __init__(self, cable: Cable, server: Tftp, seconds: float) -> None:
        self._cable, self._server, self._seconds = cable, server, seconds
        self._load = Load(cable)

    def exchange(self, window: int) -> float:
        """Processor time of an exchange, in microseconds, of the daemon alone; `window` 0 is without files."""
        with self._files(window):
            before = self._server.processor_time()
            report = self._load.run(RATES[0], self._seconds)
            return (self._server.processor_time() - before) / report.requests.received * 1e6

    def rate(self, window: int) -> float:
        """Exchanges a second of those that are offered."""
        with self._files(window):
            return self._load.run(RATES[1], self._seconds).requests.received / self._seconds

    @contextmanager
    def _files(self, window: int) -> Iterator[None]:
        if not window:
            yield
            return
        words = ["ip", "netns", "exec", self._cable.client, sys.executable, CLIENT, SERVER_ADDRESS, "small", str(MANY),
                 str(BLOCK_SIZE), str(window), str(self._seconds + 3)]
        loading = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            time.sleep(0.5)
            yield
        finally:
            loading.communicate(timeout=60)


def costs(cable: Cable, directory: Path, root: Path, rounds: int, seconds: float) -> list[list[str]]:
    """The rows of the second table."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    windows = (0, 1, 32)
    for turn in range(rounds):
        print(f"dhcp, round {turn + 1} of {rounds}", file=sys.stderr)
        server = Tftp(cable, Path(tempfile.mkdtemp(dir=directory)))
        server.root = root
        try:
            server.start(Leases(1))
            cost = Cost(cable, server, seconds)
            cost.exchange(0)  # a first look at everything
            for window in windows:
                found[f"processor time of an exchange at {RATES[0]:,}/s, µs"][window].append(cost.exchange(window))
            for window in windows:
                found[f"exchanges/s, {RATES[1]:,} offered"][window].append(cost.rate(window))
        finally:
            server.stop()
    return [[what, *(number(statistics.median(values[window])) for window in windows),
             *(f"{statistics.median([a / b for a, b in zip(values[window], values[0], strict=True)]):.2f}"
               for window in windows[1:])] for what, values in found.items()]


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A table."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def main() -> int:
    """The program; returns its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--rounds", type=int, help="how often all is measured; 3, or 1 with --quick")
    parser.add_argument("--only", choices=("speed", "dhcp"), help="measure this alone")
    parser.add_argument("--spread", action="store_true", help="for DHCP: leave daemon and child both processors")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to a file")
    given = parser.parse_args()
    Tftp.is_spread = given.spread and given.only == "dhcp"
    rounds = given.rounds or (1 if given.quick else 3)
    if os.geteuid() != 0 or len(os.sched_getaffinity(0)) < 2:
        print("tftp.py: needs root and two processors", file=sys.stderr)
        return 1
    names = [name for name in NAMES if name == "pydhcpd" or shutil.which(PROGRAMS[name])]
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pydhcpd-bench-", dir="/var/tmp")))
        root = directory / "root"
        root.mkdir()
        for file, size in FILES.items():
            (root / file).write_bytes(os.urandom(1 << 20) * (size >> 20))
        cable = stack.enter_context(Cable())
        told = [*machine(directory), ""]
        if given.only != "dhcp":
            told.append(markdown(["", *names], speeds(cable, directory, root, names, rounds)))
        if given.only != "speed":
            told.append(markdown(["", "no files", "32 load, window 1", "32 load, window 32", "ratio", "ratio"],
                                 costs(cable, directory, root, rounds, 5.0)))
    print("\n".join(told))
    if given.markdown:
        given.markdown.write_text("\n".join(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
