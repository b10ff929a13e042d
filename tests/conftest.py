"""What tests of several files share."""

import compileall
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from rig import made_bench

# How long a case takes is the machine's affair: a busy one must not fail a test that is not about time.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


# What runs in the background ignores these signals, and so would all that it starts; what handles them does not pass that on.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, lambda *_: None)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options of the command line."""
    parser.addoption("--sandbox", action="store_true", help="run the system tests' daemons in a sandbox such as the unit's")
    parser.addoption("--firmware", action="store_true", help="boot every kind of firmware, not only what takes seconds")


def pytest_configure(config: pytest.Config) -> None:
    """Compile the package once, as an installation does: where Python writes no bytecode, each of a thousand daemons would."""
    if not hasattr(config, "workerinput"):
        compileall.compile_dir(Path(__file__).parents[1] / "pydhcpd", quiet=2)


@pytest.fixture
def bench(tmp_path):
    """A server to try rules and policies on."""
    with made_bench(tmp_path) as made:
        yield made
