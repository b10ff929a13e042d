"""Fixtures of the trials with real firmware: the lab of the system tests, a computer on its cable, and what is served."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from computer import Computer
from lab import Daemon, Lab, Machine, finished_lab, reason_to_skip
from old_firmware import OldFirmware

FAR_END = "c0"  # of a cable to the server
SCRIPT = "#!ipxe\necho trial: the script runs at ${ip}\nsleep 1000\n"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Most trials are too slow for every run."""
    slow = pytest.mark.skip(reason="slow; tests/firmware/all.py tries it")
    for item in items:
        if item.get_closest_marker("firmware") and not config.getoption("--firmware"):
            item.add_marker(slow)


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab; at the end its daemons must stop with exit code 0 and without a traceback in their logs."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    with finished_lab() as made:
        yield made


@pytest.fixture
def machines(lab: Lab) -> list[Machine]:
    """Two machines on the server's link: the computer's, and another's."""
    return lab.clients(2)


@pytest.fixture
def computer(lab: Lab, machines: list[Machine]) -> Callable[..., Computer]:
    """Makes a computer on the server's link and switches it on; with `old`, its option ROM does not say that it is iPXE."""
    def make(kind: str, *more: str, old: bool = False) -> Computer:
        made = lab.keep(Computer(machines[0], lab.directory / "computer", kind, *more))
        if old:
            lab.keep(OldFirmware(machines[0], "t0", FAR_END))
        else:
            bridge(machines[0])
        return made.on()
    return make


def bridge(machine: Machine) -> None:
    """The card is on the cable."""
    machine.ip("link add b0 type bridge forward_delay 0", "link set b0 up",
               f"link set {FAR_END} master b0", "link set t0 master b0")


@pytest.fixture
def root(lab: Lab) -> Path:
    """A directory that is served, with a script in it."""
    made = lab.directory / "srv"
    made.mkdir()
    (made / "boot.ipxe").write_text(SCRIPT)
    return made


@pytest.fixture
def netboot(lab: Lab, machines: list[Machine], root: Path) -> Callable[..., Daemon]:
    """Starts a daemon with the three lines of a newcomer, and what else is given."""
    def start(**settings: object) -> Daemon:
        names = {"bios": "undionly.kpxe", "x86-64": "ipxe.efi", "arm64": "ipxe-arm64.efi"}
        return lab.daemon(**{"tftp_root": str(root), "boot_file_name": names, "ipxe_script": "boot.ipxe", **settings}).start()
    return start
