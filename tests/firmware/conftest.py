"""Fixtures of the trials with real firmware: the lab of the system tests, and a computer on its cable."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "system"))

from computer import Computer
from lab import Lab, Machine, reason_to_skip
from old_firmware import OldFirmware

FAR_END = "c0"  # of the cable to the server


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Most trials are too slow for every run."""
    if not config.getoption("--firmware"):
        for item in items:
            if item.get_closest_marker("firmware"):
                item.add_marker(pytest.mark.skip(reason="slow; tests/firmware/all.py tries it"))


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab; at the end its daemons must stop with exit code 0 and without a traceback in their logs."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    made = Lab()
    try:
        yield made
        made.finish()
    finally:
        made.close()


@pytest.fixture
def computer(lab: Lab) -> Callable[..., Computer]:
    """Makes a computer on the server's cable and switches it on."""
    def make(kind: str, *more: str) -> Computer:
        machine = lab.client()
        made = lab.keep(Computer(machine, lab.directory / kind, kind, *more))
        bridged(machine)
        return made.on()
    return make


@pytest.fixture
def old_computer(lab: Lab) -> Callable[..., Computer]:
    """The same for a computer whose option ROM does not say that it is iPXE."""
    def make(kind: str, *more: str) -> Computer:
        machine = lab.client()
        made = lab.keep(Computer(machine, lab.directory / kind, kind, *more))
        lab.keep(OldFirmware(machine, "t0", FAR_END))
        return made.on()
    return make


def bridged(machine: Machine) -> None:
    """The card is on the cable."""
    machine.ip("link add b0 type bridge forward_delay 0", "link set b0 up", f"link set {FAR_END} master b0", "link set t0 master b0")
