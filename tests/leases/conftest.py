"""A clock for the leases that is turned by hand."""

import pytest

from pydhcpd.leases import outage
from pydhcpd.leases.ledger_time import LedgerTime

START = 1_800_000_000


class Clock:
    """Stands for the module `time`, and for the clocks of the ledger's time."""

    def __init__(self) -> None:
        self.now = float(START)

    def time(self) -> float:
        return self.now

    monotonic = time

    def ledger(self) -> LedgerTime:
        return LedgerTime(self.time, self.time)


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(outage, "time", made)
    return made
