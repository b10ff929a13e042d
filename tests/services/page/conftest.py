"""Fixtures of the tests of the status page."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.services.service import Surroundings

if TYPE_CHECKING:
    from page_rig import Page


@pytest.fixture
def surroundings(bench: Any, tmp_path: Path) -> Surroundings:
    """What the services of the bench may use."""
    configuration = DHCPServerConfiguration.load(bench.database.parent / "pydhcpd.conf", {"host_file": str(bench.database)})
    return Surroundings(bench.server, lambda: configuration, {})


@pytest.fixture
def page(surroundings: Surroundings) -> "Iterator[Page]":
    """A page of the bench."""
    from page_rig import Page
    made = Page(surroundings)
    try:
        yield made
    finally:
        made.stop()
