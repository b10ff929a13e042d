"""What tests of several files share."""

import pytest
from rig import made_bench


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options of the command line."""
    parser.addoption("--sandbox", action="store_true", help="run the system tests' daemons in a sandbox such as the unit's")


@pytest.fixture
def bench(tmp_path):
    """A server to try rules and policies on."""
    with made_bench(tmp_path) as made:
        yield made
