"""Where the control socket may be made."""

import socket
import stat
from pathlib import Path

import pytest

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.services.prompt import ControlSocket

PORT = ControlSocket.port


def listen(path: Path) -> socket.socket:
    configuration = DHCPServerConfiguration.load(None, {"interface": "lo", "control_socket": str(path)})
    return ControlSocket.ports(configuration)[PORT]()


def test_one_that_nobody_listens_on_any_more_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    listen(path).close()
    with listen(path) as listener:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(path))
            listener.accept()[0].close()


def test_one_that_is_in_use_stays(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with listen(path), pytest.raises(InvalidValue, match=r"another server listens on .*; stop it, or name another path"):
        listen(path)
    assert path.is_socket()


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: path.write_text("kept"), lambda path: path.symlink_to("nowhere")])
def test_what_is_no_socket_stays(tmp_path: Path, make) -> None:
    path = tmp_path / "control.sock"
    make(path)
    before = path.lstat()
    with pytest.raises(InvalidValue, match="is there and is no socket; remove it, or name another path with control_socket"):
        listen(path)
    assert path.lstat() == before


@pytest.mark.parametrize(("path", "why"), [("/nonexistent/control.sock", "No such file"), ("/tmp/" + "x" * 120, "too long")])
def test_what_cannot_be_made_is_told_with_the_remedy(path: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=f"{path} cannot be made: .*{why}.*; name another with control_socket"):
        listen(Path(path))
