"""Modules beside the configuration file: as the file itself, read anew, and only if they can be trusted."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydhcpd.configuration import modules
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration

NOBODY = 65534


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A directory for a file and its modules; what was imported from there is forgotten."""
    before, path, finders = set(sys.modules), list(sys.path), list(sys.meta_path)
    tmp_path.chmod(0o755)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None) or getattr(sys.modules[name], "__path__", "")):
            del sys.modules[name]
    sys.path[:], sys.meta_path[:] = path, finders


def lease_time(place: Path, text: str) -> int:
    (place / "pydhcpd.conf").write_text(f'network = "10.0.0.0/24"\n{text}\n')
    return DHCPServerConfiguration.load(place / "pydhcpd.conf")["ip_address_lease_time"]


@pytest.mark.parametrize(("file", "text"), [
    ("racks.py", "import racks\nip_address_lease_time = racks.time"),
    ("rooms/__init__.py", "import rooms\nip_address_lease_time = rooms.time"),
    ("rooms/racks.py", "from rooms import racks\nip_address_lease_time = racks.time"),  # a package without a file
    ("rooms/deep/racks.py", "import rooms.deep.racks\nip_address_lease_time = rooms.deep.racks.time"),
    ("racks.py", "import os, sys\nsys.path.insert(0, os.path.dirname(__file__))\n"
                 "import racks\nip_address_lease_time = racks.time")])
def test_a_module_is_read_anew_each_time(place: Path, file: str, text: str) -> None:
    """Within one second, and with the same length, too: what was compiled before does not count."""
    module = place / file
    module.parent.mkdir(parents=True, exist_ok=True)
    for time in (1111, 2222, 3333):
        module.write_text(f"time = {time}\n")
        assert lease_time(place, text) == time
    assert not list(place.rglob("*.pyc"))
    assert len(sys.path) == len(set(sys.path))


@pytest.mark.parametrize("path", [
    "os.path.realpath(os.path.dirname(__file__))", "os.path.join(os.path.dirname(__file__), 'lib')"])
def test_a_module_is_beside_the_file_by_whatever_name_it_is_found(place: Path, path: str) -> None:
    """A directory that is a link, as configuration management makes them; a folder that the file puts on the path."""
    real = place / "real"
    (real / "lib").mkdir(parents=True)
    link = place / "link"
    link.symlink_to(real)
    module = real / "lib" / "racks.py" if "lib" in path else real / "racks.py"
    for time in (1111, 2222):
        module.write_text(f"time = {time}\n")
        text = f"import os, sys\nsys.path.insert(0, {path})\nimport racks\nip_address_lease_time = racks.time"
        assert lease_time(link, text) == time


def test_builtins_and_our_own_modules_stay(place: Path) -> None:
    """Even where the file lies above all of them."""
    before = dict(sys.modules)
    with modules.modules_beside(Path("/pydhcpd.conf")):
        gone = {name for name in before if name not in sys.modules}
    modules._FINDER._directories.clear()
    sys.modules.update(before)
    assert not {"sys", "builtins", "os", "socket", "pydhcpd", "pydhcpd.conf", "pytest"} & gone


def test_a_file_that_fails_leaves_the_modules_of_the_one_before(place: Path) -> None:
    (place / "racks.py").write_text("time = 1111\n")
    text = "import racks\nip_address_lease_time = racks.time\n"
    lease_time(place, text)
    before = sys.modules["racks"]
    (place / "racks.py").write_text("time = 2222\n")
    with pytest.raises(ConfigurationError):
        lease_time(place, text + "1 / 0")
    assert sys.modules["racks"] is before


def test_other_modules_stay_and_go_first(place: Path) -> None:
    (place / "colorsys.py").write_text("raise RuntimeError\n")
    before = sys.modules["socket"]
    assert lease_time(place, "import socket, colorsys\nip_address_lease_time = 60") == 60
    assert sys.modules["socket"] is before


@pytest.mark.parametrize("spoil", [
    lambda path: path.chmod(0o666), lambda path: path.chmod(0o664), lambda path: path.parent.chmod(0o777),
    lambda path: os.chown(path, NOBODY, NOBODY)])
def test_a_module_that_may_be_anothers_work_is_refused(place: Path, spoil: Callable[[Path], None]) -> None:
    if os.geteuid():
        pytest.skip("to give files away needs root")
    module = place / "rooms" / "racks.py"
    module.parent.mkdir(mode=0o755)
    module.write_text("open('/nonexistent/proof')\n")
    spoil(module)
    with pytest.raises(ConfigurationError) as caught:
        lease_time(place, "from rooms import racks")
    (problem,) = caught.value.problems
    assert problem.startswith(f"{place / 'pydhcpd.conf'}:2: {place}/rooms") and "executed" in problem
