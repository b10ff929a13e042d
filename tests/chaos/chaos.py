"""Everything at once: a daemon that is killed, reloaded, cut off, starved of disk and time, while clients lease and renew.

usage: sudo .venv/bin/python tests/chaos/chaos.py [--seconds N] [--seed N] [--rate N]

Clients come at RATE a second, and renew, boot again, release or are forgotten at random, while twenty others renew five times a
second each; every ACK is noted. Promised is: no lease that was acknowledged is lost, none is given twice, no client that renews
hears nothing for more than a second (but while the daemon is ended and started, or its interface is gone), and no traceback is
logged. Exit code 1 where a promise was broken. The seed draws the order of faults; what comes of it depends on the machine too.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from chaos_record import Record, Silence, now
from crowd import Crowd, Neighbours
from faults import STANDSTILL, Faults
from lab import Daemon, Lab, Machine, reason_to_skip
from supervisor import Acknowledged, Supervisor

RATE = 150.0  # clients a second
DISK = "24m"  # the size of the disk
POOL = "10.77.16.0 - 10.77.47.255"  # eight thousand: those whose leases end are needed again soon
SILENCE_LIMIT = 1.0  # seconds
SETTLE = 3.0  # seconds without faults, at the beginning and at the end
LONGEST = 5.0  # times the seconds that are asked for, where a busy machine takes so long until every kind of fault has been


@dataclass
class Outcome:
    """What is told at the end."""

    record: Record
    longest_start: float
    memory: tuple[int, int]
    wire: str
    silence_limit: float
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        silence, record = self.silence, self.record
        self.broken = list(record.broken)
        if silence.seconds > self.silence_limit:
            self.broken.append(f"a client that renews heard nothing for {silence.seconds:.2f} s ({silence.during})")

    @property
    def cut(self) -> float:
        """The part of the time in which nobody could be answered."""
        return self.record.cut_within(self.record.begun, now()) / (now() - self.record.begun)

    @cached_property
    def silence(self) -> Silence:
        """The longest to a client that renews."""
        return self.record.longest_silence()

    def lines(self) -> list[str]:
        """The report."""
        counts, mib = self.record.counts, 1 << 20
        faults = self.record.faults()
        return [
            *(f"BROKEN: {one}" for one in self.broken),
            f"{counts['exchanges']:,} exchanges, of them {counts['renewals of steady clients']:,} renewals of steady clients; "
            f"{counts['releases']:,} releases; on the wire {self.wire}",
            f"{sum(faults.values())} faults: " + ", ".join(f"{count} {why}" for why, count in sorted(faults.items())),
            f"lost {counts['lost']}, doubled {counts['doubled']}; after {counts['ends']} ends of the daemon its database "
            f"was searched, for {counts['leases looked for']:,} leases in all",
            f"longest silence to a client that renews {self.silence.seconds:.2f} s ({self.silence.during}), leaving out ends "
            f"of the daemon and cut wires ({self.cut:.0%} of the time); longest start {self.longest_start:.2f} s",
            f"told {counts['told']} times that leases could not be stored",
            f"resident memory {self.memory[0] / mib:.1f} MiB at the start, {self.memory[1] / mib:.1f} at the end",
        ]


def machines(lab: Lab) -> tuple[Machine, Machine]:
    """A wire on the server's cable, and the clients behind it."""
    wire, clients = lab.client(), lab.machine("clients")
    wire.ip(f"link add c1 type veth peer name c0 netns {clients.pid}", "link set c1 up")
    clients.ip("link set c0 up")
    return wire, clients


def configured(lab: Lab) -> tuple[Daemon, Path]:
    """A daemon whose database is on a small disk of its own, and where its machine's root directory is seen."""
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", directory)
    daemon = lab.daemon(host_file=str(directory / "leases.db"), network="10.77.0.0/16", ip_ranges=[POOL], authoritative=True,
                        policy_standstill_limit=STANDSTILL)
    return daemon, Path(f"/proc/{lab.server.pid}/root")


def run(lab: Lab, seconds: float, seed: int, rate: float = RATE, silence_limit: float = SILENCE_LIMIT,
        kinds: frozenset[str] = frozenset()) -> Outcome:
    """The whole course, for so long, and until there have been faults of all these kinds."""
    wire_machine, client_machine = machines(lab)
    daemon, root = configured(lab)
    record = Record()
    crowd = Crowd(client_machine, record, rate, seed)
    supervisor = Supervisor(daemon, root, record, lambda: acknowledged(crowd))
    wire = wire_machine.start(sys.executable, Path(__file__).with_name("lossy_wire.py"), "c0", "c1", seed,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    faults = Faults(daemon, supervisor, wire, root, record, seed)
    supervisor.start()
    assert supervisor.ready.wait(20), daemon.log()
    Neighbours(client_machine, crowd).start()
    crowd.start()
    time.sleep(SETTLE)
    before = daemon.memory()
    play(faults, seconds, lambda: record.faults().keys() >= kinds)
    faults.kill()
    time.sleep(SETTLE)
    memory = before, daemon.memory()
    crowd.stop()
    code = supervisor.stop()
    judge(record, daemon, crowd, code)
    return Outcome(record, supervisor.longest_start, memory, wire.communicate()[0].strip(), silence_limit)


def acknowledged(crowd: Crowd) -> Acknowledged:
    """What clients believe in."""
    return {one.address: (one.mac, one.ends) for one in crowd.running()}


def play(faults: Faults, seconds: float, is_enough: Callable[[], bool]) -> None:
    """All lanes for so long, and longer where that is not enough."""
    lanes, begin = faults.lanes(), now()
    for one in lanes:
        one.start()
    time.sleep(seconds)
    while not is_enough() and now() - begin < LONGEST * seconds:
        time.sleep(0.1)
    for one in lanes:
        one.stop()
    for one in lanes:
        one.join()


def judge(record: Record, daemon: Daemon, crowd: Crowd, code: int) -> None:
    """What can only be seen at the end."""
    if crowd.fault:
        record.fail(f"the clients ended by {crowd.fault!r}")
    if code != 0:
        record.fail(f"the end had the exit code {code}")
    log = daemon.log()
    record.counts["told"] = log.count("leases cannot be stored")
    for found in re.finditer("Traceback", log):
        record.fail(f"a traceback in the log: {log[max(found.start() - 200, 0):found.start() + 2000]}")


def main() -> int:
    """Run it, and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--log", type=Path, help="where to leave the daemon's log")
    asked = parser.parse_args()
    if reason := reason_to_skip():
        sys.exit(f"chaos.py: {reason}")
    lab = Lab()
    try:
        outcome = run(lab, asked.seconds, asked.seed, asked.rate)
        print("\n".join(outcome.lines()))
        return bool(outcome.broken)
    finally:
        if asked.log:
            shutil.copyfile(lab.daemons[0].log_file, asked.log)
        process = lab.daemons[0].process
        lab.daemons.clear()  # nobody wants to read all that it said
        lab.close()
        if process is not None and process.poll() is None:
            process.kill()


if __name__ == "__main__":
    sys.exit(main())
