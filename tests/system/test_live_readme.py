"""What README and pydhcpd(8) show is what is printed: their examples, run beside a server with README's first configuration.

Times, and where files are, are masked: they are never the same.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent

import pytest
from lab import ROOT, Daemon, Lab, finished_lab, need, wait_until
from station import Station
from test_live_prompt import Session

from pydhcpd.addresses import address_from
from pydhcpd.net.frames import udp_frame
from pydhcpd.pcapng import INBOUND, RAW, interface_block, packet_block, section_block
from pydhcpd.wire.packet import BOOTREPLY, DISCOVER, OFFER, Packet

pytestmark = pytest.mark.namespaces
README = (ROOT / "README.md").read_text()
CHAPTER = README.partition("\n## The prompt\n")[2].partition("\n## ")[0]
PAGE = (ROOT / "etc/man/pydhcpd.8").read_text().partition("\n.Sh EXAMPLES\n")[2]
BLOCKS = re.findall(r"^\.Bd -literal.*\n([^\0]*?)^\.Ed$", PAGE, flags=re.M)
SHOWN = "\n\n".join([CHAPTER, *(indent(block, "    ") for block in BLOCKS)])
FIRST = re.findall(r"^```python\n(.*?)^```$", README, flags=re.M | re.S)[0]
PRINTER = bytes.fromhex("020000009907")
OTHERS = [bytes.fromhex("020000009908"), bytes.fromhex("020000009909")]
ELSEWHERE = {"telnet", "tcpdump"}  # what begins a command that is no question, and prints what is not ours
COMMAND = re.compile(r"    (?:pydhcp \?> |\$ (?:sudo )?)(.*?)(?: {2,}#.*)?")


def examples() -> dict[str, list[str]]:
    """What is shown of each command."""
    found: dict[str, list[str]] = {}
    shown: list[str] = []
    for line in SHOWN.splitlines():
        if match := COMMAND.fullmatch(line):
            shown = found.setdefault(match[1], [])
        elif line.startswith("    "):
            shown.append(line[4:])
        else:
            shown = []
    return {command: lines for command, lines in found.items() if lines and command.split()[0] not in ELSEWHERE}


def masked(line: str, file: Path) -> str:
    """A line without what is of the moment or of the place."""
    line = line.replace(str(file), "/etc/pydhcpd/pydhcpd.conf")
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d( [A-Z]{3,4}\b *)?", "A TIME ", line)
    line = re.sub(r'("expires": )[\d.]+', r"\1A TIME", line)
    return re.sub(r"\bin (\d+[hm])+\d*m? *", "IN SOME TIME ", line)


@pytest.fixture(scope="module")
def office(namespaces: None) -> Iterator[tuple[Lab, Daemon]]:
    """README's first network: the printer has not been heard since the start, two others have."""
    need("telnet")
    with finished_lab(False) as lab:
        client = lab.machine("client")
        lab.cable(client, "eth1", "c0")
        lab.server.ip("addr add 192.168.137.1/24 brd + dev eth1")
        daemon = lab.daemon()
        of_the_lab = "".join(f"{name} = {daemon.settings[name]!r}\n" for name in ("foreground", "pid_file", "host_file"))
        daemon.write(FIRST + of_the_lab)
        station = lab.keep(Station(client))
        daemon.start()
        station.lease(PRINTER, (12, b"printer"))
        daemon.stop()
        daemon.start()
        other_server(daemon.directory / "old-server.pcap")
        (daemon.directory / "new.conf").write_text(
            FIRST.replace("137.10\"", "137.11\"").replace('router = "192.168.137.1"', 'router = "192.168.137.2"') + of_the_lab)
        yield lab, daemon


def other_server(file: Path) -> None:
    """A capture in which another server offers another address, and another server of names."""
    old, new = map(address_from, ("192.168.137.9", "192.168.137.57"))
    options = {53: bytes((DISCOVER,)), 12: b"printer", 55: bytes((1, 3, 6))}
    discover = Packet(hardware=PRINTER, xid=7, options=options).encode()
    own = {53: bytes((OFFER,)), 54: old.to_bytes(4, "big"), 51: (28800).to_bytes(4, "big"), 58: (14400).to_bytes(4, "big"),
           59: (25200).to_bytes(4, "big"), 1: bytes((255, 255, 255, 0)), 3: bytes((192, 168, 137, 1)),
           6: bytes((192, 168, 137, 53))}
    offer = Packet(BOOTREPLY, hardware=PRINTER, xid=7, yiaddr=new, options=own).encode()
    everybody = 0xFFFFFFFF
    packets = (udp_frame(discover, bytes(6), bytes(6), 0, everybody, 68, 67),
               udp_frame(offer, bytes(6), bytes(6), old, everybody))
    file.write_bytes(section_block("", "a test") + interface_block(RAW, "eth1") + b"".join(
        packet_block(0, time.time() + number, packet[14:], INBOUND) for number, packet in enumerate(packets)))


def printed(command: str, lab: Lab, daemon: Daemon) -> list[str]:
    """What a command prints. At the prompt one types in telnet; options of the lab are put behind the others."""
    program, *words = command.split()
    if program != "pydhcpd":
        session = Session(lab, "telnet")
        session.expect(r"pydhcp \?> ")
        shown = session.ask(command)
        session.close()
        return shown.removesuffix("pydhcp ?> ").strip("\r\n").splitlines()
    action, *rest = words
    rest = [str(daemon.directory / word) if "." in word and word.rpartition(".")[2] in ("conf", "pcap") else word
            for word in rest]
    rest = [re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d", time.strftime("%Y-%m-%dT%H:%M"), word) for word in rest]
    if action == "-ask":
        return daemon.ask(*rest).stdout.splitlines()
    done = subprocess.run(lab.server.inside([sys.executable, "-m", "pydhcpd", daemon.file, action, *rest]), capture_output=True,
                          text=True, timeout=60, check=False, env=daemon.environment(), cwd="/")
    assert done.stderr == "" and done.returncode in (0, 3), done
    return done.stdout.splitlines()


def test_the_examples_are_found() -> None:
    assert [command.split()[:2] for command in examples()] == [
        ["hosts"], ["pydhcpd", "-ask"], ["explain", "printer"], ["pydhcpd", "-rehearse"], ["pydhcpd", "-replay"],
        ["pydhcpd", "-ask"]]


@pytest.mark.parametrize("command", list(examples()))
def test_what_is_shown_is_what_is_printed(command: str, office: tuple[Lab, Daemon]) -> None:
    lab, daemon = office
    if "-rehearse" in command:
        station = lab.keep(Station(next(one for one in lab.machines if one.name == "client")))
        for one in OTHERS:
            station.lease(one, (55, bytes((1, 3, 6))))
    wait_until(lambda: "printer" in daemon.ask("history", "printer").stdout, "the history has it")
    shown = [masked(line, daemon.file) for line in examples()[command]]
    found = [masked(line, daemon.file) for line in printed(command, lab, daemon)]
    assert len(found) == len(shown), "\n".join(found)
    for one, other in zip(shown, found, strict=True):
        begun = re.sub(r"\.\.\.}?$", "", one)
        assert other == one or (begun != one and other.startswith(begun)), "\n".join(found)
