#!/usr/bin/env python3
"""What it costs DHCP to tell others of everything: history, page, metrics, scripts, on_event(), names in the DNS and in files.

usage: telling.py [--quick] [--rounds N] [--seconds N] [--only NAME] [--markdown FILE]

It needs root, Linux and two processors, and perfdhcp, which is in kea-admin. Two network namespaces are joined by a cable; the
daemon and all that it starts have the first processor. The load has the second one for itself, for it is of another machine:
what ran beside it there would slow it down, and seem to slow down DHCP. A server with all of that off and one with all of it on
take turns, and for each the highest rate of four-way exchanges is looked for, as compare.py does; `--only` puts servers between
them that have one of these on alone, and may be given again.

With all of it on there is, in the load's namespace, a DNS server that takes every update, and in the server's own somebody who
has the page open: he reads the events as they come, asks for the pools every five seconds, and scrapes the metrics each
second. The script does nothing; what is started for it counts. The memory of each process is what it has for itself, and its
part of what it shares (PSS), after the search.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cable import LOAD_PROCESSOR, RELAY_ADDRESS, Cable, start, stop
from clients import Leases
from compare import why_not
from measures import FEW, Bench, Plan, tell
from report import machine, number
from servers import Pydhcpd

AUDIENCE = str(Path(__file__).with_name("audience.py"))
IDLY = ("sh", "-c", 'echo 19 >/proc/self/autogroup; exec "$@"', "sh", "taskset", "-c", str(LOAD_PROCESSOR), "nice", "-n", "19")
"""Who is told has a machine of his own elsewhere as well."""
OFF, ON = "all off", "all on"
NOTHING = "history_days = 0\n"
PAGE_PORT = 8067
PARTS = {
    "history": "history_days = 30\n",
    "page": f"status_port = {PAGE_PORT}\n",
    "scripts": 'scripts = [script("{directory}/script", on=["bound", "renewed", "released", "expired"])]\n',
    "on_event": "told = []\ndef on_event(event):\n    told[:] = [event.kind]\n",
    "names": f'dns_zones = [dns_zone(zone, server="{RELAY_ADDRESS}") for zone in ("lab.example", "10.in-addr.arpa")]\n'
             'domain_name = "lab.example"\ndns_name = "dhcp-{{ip}}"\n',
    "files": 'dns_files = [dns_file("{directory}/hosts", form="hosts", domain="lab.example")]\n'
             'domain_name = "lab.example"\ndns_name = "dhcp-{{ip}}"\n',
}


class Telling(Pydhcpd):
    """pydhcpd on all processors, with some of the parts on."""

    def __init__(self, cable: Cable, directory: Path, label: str) -> None:
        self.name = label.replace(" ", "-")
        super().__init__(cable, directory)
        self.parts = list(PARTS) if label == ON else [label] if label in PARTS else []

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        words = super().configure(directory, leases, quiet)
        script = directory / "script"
        script.write_text("#!/bin/sh\nexit 0\n")
        script.chmod(0o700)
        file = directory / "pydhcpd.conf"
        texts = [PARTS[part].format(directory=directory) for part in self.parts]
        file.write_text(file.read_text() + ("" if "history" in self.parts else NOTHING) + "".join(texts))
        return words

    def memory(self) -> dict[str, float]:
        """MiB of each of its processes."""
        assert self._process is not None
        found = {}
        for pid in _tree(self._process.pid):
            with suppress(OSError, ValueError):  # a script that has ended
                found[_name_of(pid)] = _pss(pid)
        return found

    def services(self) -> str:
        """What it says of its services."""
        words = [self.python, "-m", "pydhcpd", "-ask", "services", "-control_socket", str(self.directory / "control.sock")]
        environment = {**os.environ, **self.environment()}
        return subprocess.run(words, capture_output=True, text=True, check=False, env=environment).stdout


def _tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _name_of(pid: int) -> str:
    """What it runs. Raises OSError where it is gone, and ValueError where it is none of ours."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    module = words[words.index("-m") + 1]
    return "the daemon" if module == "pydhcpd" else module.removeprefix("pydhcpd.services.")


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


@contextmanager
def audience(cable: Cable, server: Telling, directory: Path) -> Iterator[None]:
    """Those who are told, as far as anything is."""
    log, listening = directory / "audience.log", []
    if "names" in server.parts:
        listening.append(start(cable.on_client([*IDLY, sys.executable, AUDIENCE, "dns", RELAY_ADDRESS]), log, {}, directory))
    if "page" in server.parts:
        words = ["ip", "netns", "exec", cable.server, *IDLY, sys.executable, AUDIENCE, "page", str(PAGE_PORT)]
        listening.append(start(words, log, {}, directory))
    try:
        yield
    finally:
        for one in listening:
            stop(one)
        if log.exists():
            tell("".join(f"  {line}\n" for line in log.read_text().splitlines()[-3:]).rstrip())


def measure(cable: Cable, bench: Bench, label: str, directory: Path) -> tuple[float, dict[str, float]]:
    """The highest rate of a server, and the memory of its processes."""
    place = Path(tempfile.mkdtemp(dir=directory))
    server = Telling(cable, place, label)
    try:
        with audience(cable, server, place):
            rate = bench.four_way("four-way", server, Leases(FEW))
            memory = server.memory()
            tell("".join(f"  {line}\n" for line in server.services().splitlines() if server.parts).rstrip())
        return rate, memory
    finally:
        server.stop()


def tables(labels: list[str], rates: dict[str, list[float]], memory: dict[str, dict[str, list[float]]]) -> list[str]:
    """The figures: medians over the rounds, and the medians of the ratios within them."""
    lines = ["| | four-way exchanges/s | to all off |", "| --- | ---: | ---: |"]
    lines += [f"| {label} | {number(statistics.median(rates[label]))} | "
              f"{statistics.median(a / b for a, b in zip(rates[label], rates[OFF], strict=True)):.2f} |" for label in labels]
    names = list(dict.fromkeys(name for label in labels for name in memory[label]))
    lines += ["", f"| memory, MiB | {' | '.join(labels)} |", f"| --- |{' ---: |' * len(labels)}"]
    lines += [f"| {name} | {' | '.join(_median(memory[label].get(name)) for label in labels)} |" for name in names]
    return lines


def _median(values: list[float] | None) -> str:
    return number(statistics.median(values)) if values else "-"


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     usage=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="one round of short steps")
    parser.add_argument("--rounds", type=int, help="how often all is measured; 3, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="length of a step in seconds; 4, or 2 with --quick")
    parser.add_argument("--only", action="append", choices=list(PARTS), metavar="NAME", default=[],
                        help=f"measure this alone as well; may be given again: {', '.join(PARTS)}")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the tables to a file")
    return parser.parse_args()


def main() -> int:
    """The program; returns its exit code."""
    given = arguments()
    if reason := why_not():
        print(f"telling.py: {reason}", file=sys.stderr)
        return 1
    rounds, seconds = given.rounds or (1 if given.quick else 3), given.seconds or (2 if given.quick else 4)
    labels = [OFF, *given.only, ON]
    rates: dict[str, list[float]] = defaultdict(list)
    memory: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pydhcpd-bench-", dir="/var/tmp")))
        cable = stack.enter_context(Cable())
        bench = Bench(cable, Plan(seconds, 0, 0, 0.0))
        for turn in range(rounds):
            for label in labels if turn % 2 == 0 else labels[::-1]:
                tell(f"round {turn + 1} of {rounds}: {label}")
                rate, used = measure(cable, bench, label, directory)
                rates[label].append(rate)
                for name, size in used.items():
                    memory[label][name].append(size)
        told = [*machine(directory), f"steps of {seconds:g} s, rounds: {rounds}", "", *tables(labels, rates, memory)]
    print("\n".join(told))
    if given.markdown:
        given.markdown.write_text("\n".join([*told, ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
