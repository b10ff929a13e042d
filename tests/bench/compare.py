#!/usr/bin/env python3
"""Compare pydhcpd with Kea and dnsmasq on this machine: rates, delays, processor time, start, memory, overload.

usage: compare.py [--quick] [--only NAME] [--seconds N] [--rounds N] [--markdown FILE] [--python PATH] [--directory PATH]

It needs root, Linux, two processors, and of Debian's packages kea-admin (perfdhcp, which makes the load); of
kea-dhcp4-server and dnsmasq-base what is not installed is left out. The Python that runs pydhcpd needs python3-daemon,
python3-lockfile and python3-pyroute2. No other load should be on the machine: its figures are worth what its rest is. All
takes about an hour, `--quick` about ten minutes.

Two network namespaces are joined by a cable; the server runs alone on processor 0, and the load on processor 1. Servers
take turns in each round, and a ratio is the median of the ratios within the rounds. Of ratios of rates more is better,
of those of delays, times and memory less. Each server runs as shipped, with its log of leases in a file; its leases are
on the file system of --directory: a disk, so that pydhcpd's syncing is paid for. Kea has one thread and memfile, which
never syncs; it leaves its receive buffer as the system has it, while pydhcpd raises its own. dnsmasq writes its whole
lease file anew for each lease and walks its list of them (a start with 100,000 takes it minutes): it has no part in
what has more than 10,000, and begins each step of four-way exchanges with 1,000. Renewals are made by a sender of our
own, the same for all. At overload perfdhcp is asked for twice the highest rate, and may come to its own limit, some
30,000/s, before that: see what it offered. Ctrl-C ends it at any time, prints what there is, and leaves nothing behind.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cable import BenchError, Cable
from measures import MANY, MEASURES, Bench, Plan, tell
from report import Table, machine
from servers import KINDS, Pydhcpd, Server


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="short steps, one round, and 100,000 leases for a million")
    parser.add_argument("--only", action="append", choices=list(MEASURES), metavar="NAME",
                        help=f"measure this alone; may be given again: {', '.join(MEASURES)}")
    parser.add_argument("--server", action="append", choices=[kind.name for kind in KINDS], metavar="NAME",
                        help="measure this server alone; may be given again")
    parser.add_argument("--seconds", type=float, help="length of a step in seconds; 5, or 2 with --quick")
    parser.add_argument("--rounds", type=int, help="how often all is measured; 3, or 1 with --quick")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table and the machine to a file")
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="the Python that runs pydhcpd")
    parser.add_argument("--directory", default="/var/tmp", metavar="PATH", help="where to put files; default /var/tmp")
    return parser.parse_args()


def why_not() -> str:
    """Why nothing can be measured here; empty where it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if len(os.sched_getaffinity(0)) < 2:
        return "two processors are needed, one for the server and one for the load"
    missing = [name for name in ("ip", "taskset", "perfdhcp") if shutil.which(name) is None]
    return f"not installed: {', '.join(missing)} (perfdhcp is in Debian's kea-admin)" if missing else ""


def plan_of(given: argparse.Namespace) -> Plan:
    """Sizes and times."""
    seconds = given.seconds or (2 if given.quick else 5)
    return Plan(seconds, *((MANY, 2_000) if given.quick else (1_000_000, 5_000)), 4 * seconds)


def servers_of(given: argparse.Namespace, cable: Cable, directory: Path) -> list[Server]:
    """The servers that are asked for and installed."""
    Pydhcpd.python = given.python
    asked = [kind for kind in KINDS if not given.server or kind.name in given.server]
    for kind in asked:
        if not kind.is_installed():
            tell(f"{kind.name} is left out: {kind.program} is not installed (Debian's {kind.package})")
    return [kind(cable, directory) for kind in asked if kind.is_installed()]


def measure(bench: Bench, servers: list[Server], names: list[str], rounds: int, table: Table) -> None:
    """Measure by measure, round by round, server by server; what fails is told, and leaves a gap."""
    for name in names:
        function, who = MEASURES[name]
        for turn in range(rounds):
            for server in servers:
                if server.name not in who:
                    continue
                tell(f"{name}, round {turn + 1} of {rounds}: {server.name}")
                try:
                    for label, value in function(bench, server).items():
                        table.add(label, server.name, turn, value)
                except BenchError as error:
                    tell(f"  {name} of {server.name} failed: {error}")
                finally:
                    server.stop()


def publish(given: argparse.Namespace, table: Table, about: list[str], is_whole: bool) -> None:
    """Print the table, and write it where it was asked for."""
    if not is_whole:
        about = [*about, "not complete: it was ended before its time"]
    print("\n".join([*about, "", table.text()]))
    if given.markdown:
        given.markdown.write_text("\n".join([*(f"- {line}" for line in about), "", table.markdown(), ""]))


def compare(given: argparse.Namespace, stack: ExitStack) -> None:
    """All of it; what is made goes with the stack."""
    directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pydhcpd-bench-", dir=given.directory)))
    cable = stack.enter_context(Cable())
    servers = servers_of(given, cable, directory)
    for server in servers:
        stack.callback(server.stop)
    plan, rounds = plan_of(given), given.rounds or (1 if given.quick else 3)
    about = [*machine(directory), ", ".join(server.version() for server in servers),
             f"steps of {plan.seconds:g} s, rounds: {rounds}"]
    table, is_whole = Table([server.name for server in servers]), False
    try:
        measure(Bench(cable, plan), servers, given.only or list(MEASURES), rounds, table)
        is_whole = True
    finally:
        publish(given, table, about, is_whole)


def interrupt(*_: object) -> None:
    """What a signal does: end by the same way as Ctrl-C; a second one does not disturb the clearing up."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> int:
    """The program; returns its exit code."""
    given = arguments()
    reason = why_not()
    if reason:
        print(f"compare.py: {reason}", file=sys.stderr)
        return 1
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        with ExitStack() as stack:
            compare(given, stack)
    except BenchError as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
