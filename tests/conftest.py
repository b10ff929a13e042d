"""What tests of several files share."""

import pytest
from rig import made_bench


@pytest.fixture
def bench(tmp_path):
    """A server to try rules and policies on."""
    with made_bench(tmp_path) as made:
        yield made
