"""Fixtures of the system tests."""

from collections.abc import Iterator

import pytest
import sandbox
from lab import Daemon, Lab, Machine, finished_lab, reason_to_skip
from station import Station


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that are marked so run in the sandbox, where there can be one; most others show that it does without."""
    if metafunc.definition.get_closest_marker("sandbox") and not metafunc.config.getoption("--sandbox"):
        can_be = not sandbox.reason_to_skip()
        metafunc.parametrize("sandboxed", [can_be], ids=["sandbox" if can_be else "plain"])


@pytest.fixture(scope="session")
def namespaces() -> None:
    """Skips where the machine has no network namespaces for us."""
    reason = reason_to_skip()
    if reason:
        pytest.skip(reason)


@pytest.fixture
def sandboxed(request: pytest.FixtureRequest) -> bool:
    """Whether daemons run in a sandbox such as the unit's; a module may say so of its own."""
    wanted = bool(request.config.getoption("--sandbox"))
    if wanted and request.node.get_closest_marker("unsandboxed"):
        pytest.skip("it is about rights or files that the unit's sandbox does not give")
    return wanted


@pytest.fixture
def lab(namespaces: None, sandboxed: bool) -> Iterator[Lab]:
    """A lab; at the end its daemons must stop with exit code 0 and without a traceback in their logs."""
    if sandboxed and (reason := sandbox.reason_to_skip()):
        pytest.skip(reason)
    with finished_lab(sandboxed) as made:
        yield made


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
