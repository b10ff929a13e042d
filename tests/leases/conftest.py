"""A clock for the leases that is turned by hand."""

import pytest

from pydhcpd.leases import host_database

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
    monkeypatch.setattr(host_database, "time", made)
    return made
