"""What is told of the directories for TFTP and HTTP: by the permission bits, for the user that the daemon will be."""

import os
import pwd
from pathlib import Path

import pytest

from pydhcpd.policy.scope import Scope
from pydhcpd.process import roots
from pydhcpd.process.roots import has_http, hidden_roots, lack_of_roots

NOBODY = pwd.getpwnam("nobody").pw_uid


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A directory that everybody can enter, as far as the checks know."""
    monkeypatch.setattr(roots, "HIDDEN", {})
    for one in (tmp_path, *tmp_path.parents):
        if one.stat().st_uid == os.geteuid() and str(one).startswith("/tmp/pytest"):
            one.chmod(0o755)
    return tmp_path


class Configuration(dict):
    """Settings, each on line 7."""

    file = Path("/etc/pydhcpd/pydhcpd.conf")

    @property
    def scope(self):
        return Scope({}, {}, origins=dict.fromkeys(self, ("global", "conf:7")))


def configured(**settings):
    return Configuration({"user": None, "group": None, "tftp_root": None, "http_root": None, "status_port": None,
                          "host_file": Path("/var/lib/pydhcpd/leases.db"), **settings})


def test_nothing_is_said_where_nothing_is_served_or_all_is_well(place):
    assert lack_of_roots(configured()) == []
    assert lack_of_roots(configured(tftp_root=place, user="nobody")) == []


@pytest.mark.parametrize("name", ["tftp_root", "http_root"])
def test_what_is_not_there(place, name, monkeypatch):
    monkeypatch.setattr(roots, "has_http", lambda: True)
    (found,) = lack_of_roots(configured(**{name: place / "none"}))
    assert found == f"conf:7: {name} = '{place}/none': there is no such directory; run: mkdir -p {place}/none"
    (place / "file").write_text("")
    (found,) = lack_of_roots(configured(**{name: place / "file"}))
    assert "it is no directory" in found
    (found,) = lack_of_roots(configured(**{name: place / "file" / "below"}))
    assert "it cannot be looked at: Not a directory" in found


@pytest.mark.skipif(os.geteuid() != 0, reason="to judge for another user needs root")
@pytest.mark.parametrize(("mode", "owner", "words"), [
    (0o700, 0, "may not read it; run: chmod a+rx"), (0o711, 0, "may not read it"), (0o755, 0, ""), (0o705, 0, ""),
    (0o700, NOBODY, ""), (0o077, NOBODY, "may not read it"), (0o300, NOBODY, "may not read it"),
])
def test_what_the_daemon_s_user_may_not_read(place, mode, owner, words):
    root = place / "root"
    root.mkdir()
    root.chmod(mode)
    os.chown(root, owner, 0)
    found = lack_of_roots(configured(tftp_root=root, user="nobody"))
    assert (words in found[0]) if words else found == []
    assert lack_of_roots(configured(tftp_root=root)) == [], "root reads everything"


@pytest.mark.skipif(os.geteuid() != 0, reason="to judge for another user needs root")
def test_a_closed_directory_above_is_named(place):
    root = place / "closed" / "root"
    root.mkdir(parents=True)
    (place / "closed").chmod(0o700)
    (found,) = lack_of_roots(configured(tftp_root=root, user="nobody"))
    assert found.endswith(f"the user of pydhcpd may not enter {place}/closed; run: chmod a+x {place}/closed")


@pytest.mark.parametrize(("root", "inside"), [
    ("/", "/etc/pydhcpd/pydhcpd.conf"), ("/etc", "/etc/pydhcpd/pydhcpd.conf"), ("/etc/../etc", "/etc/pydhcpd/pydhcpd.conf"),
    ("/var", "/var/lib/pydhcpd/leases.db"), ("/usr/bin", "")])
@pytest.mark.parametrize("name", ["tftp_root", "http_root"])
def test_what_is_not_for_everybody_is_told(monkeypatch, name, root, inside):
    monkeypatch.setattr(roots, "has_http", lambda: True)
    found = lack_of_roots(configured(**{name: Path(root)}))
    assert found == ([f"conf:7: {name} = {root!r}: {inside} lies in it, and anybody may ask for what pydhcpd can read there; "
                      "name a directory that has nothing but files to boot, /srv/tftp for example"] if inside else [])


@pytest.mark.parametrize(("path", "hidden"), [
    ("/home/me/tftp", "/home"), ("/root/tftp", "/root"), ("/home", "/home"), ("/run/user/0/x", "/run/user"), ("/tmp/x", "/tmp"),
    ("/homer/x", ""), ("/srv/tftp", ""), ("/srv/home/x", ""),
])
def test_what_the_unit_hides(path, hidden):
    """`-check` knows it, for by then the daemon would see nothing there. Nobody is told to open a home to all."""
    from pathlib import Path
    found = hidden_roots(configured(http_root=Path(path)))
    assert bool(found) == bool(hidden)
    assert not found or (f"hides {hidden} from the daemon (Pr" in found[0] and "/srv for example" in found[0])


def test_a_link_into_a_home_is_seen_through(place, monkeypatch):
    monkeypatch.setattr(roots, "HIDDEN", {str(place / "home"): "ProtectHome=yes"})
    (place / "home" / "tftp").mkdir(parents=True)
    (place / "link").symlink_to(place / "home" / "tftp")
    assert len(hidden_roots(configured(tftp_root=place / "link"))) == 1


def test_what_http_needs_is_told_with_its_remedy(place, monkeypatch):
    monkeypatch.setattr(roots, "LIBRARY", "no_such_library")
    assert not has_http()
    (found,) = lack_of_roots(configured(http_root=place))
    assert "pip install 'pydhcpd[web]'" in found and "apt install python3-aiohttp" in found
    (found,) = lack_of_roots(configured(status_port=8067))
    assert found.startswith("conf:7: status_port = 8067: nothing is served by HTTP, for aiohttp is not installed")
    assert lack_of_roots(configured(tftp_root=place)) == []
