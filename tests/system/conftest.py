"""Fixtures of the system tests."""

from collections.abc import Iterator

import pytest
from lab import Daemon, Lab, Machine, reason_to_skip
from station import Station


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where the machine has no network namespaces for us."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def lab(namespaces: None) -> Iterator[Lab]:
    """A lab; at the end its daemons must stop with exit code 0 and without a traceback in their logs."""
    made = Lab()
    try:
        yield made
        made.finish()
    finally:
        made.close()


@pytest.fixture
def client(lab: Lab) -> Machine:
    """One client machine on the server's cable."""
    return lab.client()


@pytest.fixture
def station(lab: Lab, client: Machine) -> Station:
    """The station on the client machine."""
    return lab.keep(Station(client))


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Daemon:
    """A daemon that serves the cable."""
    return lab.daemon().start()
