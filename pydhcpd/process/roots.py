"""The directories that are to be served by TFTP and HTTP: whether the user of the daemon can read them, and what that needs.

Nothing of it keeps anybody from being served otherwise, so all of it is a warning: at the start, at each reload, by `-check`.
What is missing below a root is for who asks for it, and for the checks of boot files.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.process.privileges import identity

ROOTS = ("tftp_root", "http_root")
HIDDEN = {"/home": "ProtectHome=yes", "/root": "ProtectHome=yes", "/run/user": "ProtectHome=yes",
          "/tmp": "PrivateTmp=yes", "/var/tmp": "PrivateTmp=yes"}  # noqa: S108 (nothing is written there)
"""What systemd/pydhcpd.service keeps from the daemon, and by which setting."""
PASSWORDS = "/etc/passwd"  # stands for the files of the system
MOVE = "move the directory, to /srv for example"
LIBRARY = "aiohttp"
NO_LIBRARY = (f"nothing is served by HTTP, for {LIBRARY} is not installed; run: pip install 'pydhcpd[web]', with "
              f"the pip of the Python that runs pydhcpd; for Debian's own: apt install python3-{LIBRARY}")
BY_HTTP = ("http_root", "status_port")


def has_http() -> bool:
    """Whether there is what HTTP is served by."""
    return find_spec(LIBRARY) is not None


def lack_of_roots(configuration: DHCPServerConfiguration) -> list[str]:
    """What is wrong with them, a line each."""
    reader = _reader(configuration)
    found = [f"{setting}: {words}" for setting, root in _roots(configuration)
             if (words := _lack(root, reader) or _excess(root, configuration))]
    lacking = [] if has_http() else [_setting(configuration, name) for name in BY_HTTP if configuration[name] is not None]
    return [*found, *(f"{setting}: {NO_LIBRARY}" for setting in lacking)]


def hidden_roots(configuration: DHCPServerConfiguration) -> list[str]:
    """Which of them the daemon would not find as a service, a line each."""
    return [f"{setting}: systemd/pydhcpd.service hides {place} from the daemon ({HIDDEN[place]}); {MOVE}"
            for setting, root in _roots(configuration) if (place := _hidden(root))]


def _roots(configuration: DHCPServerConfiguration) -> Iterator[tuple[str, Path]]:
    """Each that is set, with the place and the text of its setting."""
    for name in ROOTS:
        if (root := configuration[name]) is not None:
            yield _setting(configuration, name), root


def _setting(configuration: DHCPServerConfiguration, name: str) -> str:
    """The place and the text of a setting."""
    value = configuration[name]
    return f"{configuration.scope.origins[name][1]}: {name} = {(str(value) if isinstance(value, Path) else value)!r}"


def _hidden(path: Path) -> str:
    """The place in which the service finds nothing and this would be; empty where there is none."""
    return next((one for one in HIDDEN if path.is_relative_to(one) or path.resolve().is_relative_to(one)), "")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Who is to read a directory."""

    user: int
    groups: frozenset[int]

    def may(self, wanted: int, status: os.stat_result) -> bool:
        """Whether `wanted`, as in the rights of everybody else, is allowed by the permission bits."""
        if self.user == 0:
            return True
        shift = 6 if status.st_uid == self.user else 3 if status.st_gid in self.groups else 0
        return status.st_mode >> shift & wanted == wanted


def _reader(configuration: DHCPServerConfiguration) -> _Reader:
    """The user of the configuration, where we are root and there is such a user; else ourselves."""
    if os.geteuid() == 0 and configuration["user"]:
        try:
            user, group = identity(configuration)
        except InvalidValue:
            pass  # that is told
        else:
            return _Reader(user.pw_uid, frozenset(os.getgrouplist(user.pw_name, group)))
    return _Reader(os.geteuid(), frozenset({os.getegid(), *os.getgroups()}))


def _lack(root: Path, reader: _Reader) -> str:
    """What is wrong with one, and what to do about it; empty where nothing is."""
    try:
        status = root.stat()
        closed = next((one for one in reversed(root.resolve().parents) if not reader.may(stat.S_IXOTH, one.stat())), None)
    except FileNotFoundError:
        return f"there is no such directory; run: mkdir -p {root}"
    except OSError as error:
        return f"it cannot be looked at: {error.strerror}"
    if not stat.S_ISDIR(status.st_mode):
        return "it is no directory; name the one whose files are to be served"
    if closed is not None:
        return f"the user of pydhcpd may not enter {closed}; {MOVE if _hidden(closed) else f'run: chmod a+x {closed}'}"
    if not reader.may(stat.S_IROTH | stat.S_IXOTH, status):
        return f"the user of pydhcpd may not read it; run: chmod a+rx {root}"
    return ""


def _excess(root: Path, configuration: DHCPServerConfiguration) -> str:
    """What lies in one that is not for everybody, and what to do about it; empty where nothing does."""
    files = [configuration.file, configuration["host_file"], PASSWORDS]
    inside = next((one for one in files if one is not None and Path(one).resolve().is_relative_to(root.resolve())), None)
    return "" if inside is None else (f"{inside} lies in it, and anybody may ask for what pydhcpd can read there; name a "
                                      "directory that has nothing but files to boot, /srv/tftp for example")
