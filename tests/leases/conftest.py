"""A clock for the leases that is turned by hand."""

import pytest

from pydhcpd.leases import host_database, hosts, outage

START = 1_800_000_000


class Clock:
    """Stands for the module `time`."""

    def __init__(self) -> None:
        self.now = float(START)

    def time(self) -> float:
        return self.now

    monotonic = time


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    for module in (host_database, hosts, outage):
        monkeypatch.setattr(module, "time", made)
    return made
