"""What is done as root, so that the rest need not be: directories made, and then another user become."""

import ctypes
import grp
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_directory_above, open_carefully
from pydhcpd.leases.nonces import COUNTER, EXCHANGES, SECRET
from pydhcpd.leases.store import BESIDE
from pydhcpd.process.marker import SUFFIX

CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
CAP_NET_BIND_SERVICE, CAP_NET_RAW = 10, 13  # linux/capability.h
DHCP_PORT = 67


def check_rights() -> None:
    """Raise InvalidValue where this process may not open what a DHCP server needs: told before all else."""
    wanted = 1 << CAP_NET_RAW | (1 << CAP_NET_BIND_SERVICE if _is_privileged(DHCP_PORT) else 0)
    if permitted_capabilities() & wanted != wanted:
        raise InvalidValue("port 67 and raw sockets need root, or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW; "
                           "start it with sudo, or by: systemctl start pydhcpd")


def _is_privileged(port: int) -> bool:
    """Whether a port needs a capability here (ip_unprivileged_port_start of ip(7)): in containers often none does."""
    try:
        return port < int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return True


def permitted_capabilities() -> int:
    """What of root's power this process may use, a bit each."""
    header, sets = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capget(header, sets)  # effective, permitted, inheritable: the lower halves, then the higher ones
    return sets[1] | sets[4] << 32


def drop_privileges(configuration: DHCPServerConfiguration) -> None:
    """Become `user` and `group`, for good. Raises InvalidValue where there is no such user or we may not."""
    if not configuration["user"]:
        return
    user, group = identity(configuration)
    if os.geteuid() == user.pw_uid:
        return
    try:
        os.initgroups(user.pw_name, group)
        os.setresgid(group, group, group)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    except PermissionError as error:
        raise InvalidValue(f"only root can become user {user.pw_name}") from error


def identity(configuration: DHCPServerConfiguration) -> tuple[pwd.struct_passwd, int]:
    """`user`, and the number of `group` or else of the user's own. Raises InvalidValue where there is none."""
    try:
        user = pwd.getpwnam(configuration["user"])
        name = configuration["group"]
        return user, grp.getgrnam(name).gr_gid if name else user.pw_gid
    except KeyError as error:
        raise InvalidValue(f"{error.args[0]}; make it with: useradd --system {configuration['user']}") from error


@contextmanager
def as_user(configuration: DHCPServerConfiguration) -> Iterator[None]:
    """Root is for a while what `user` is, to see what that one sees; others stay who they are. For a process of one thread.
    Raises InvalidValue where there is no such user."""
    if os.geteuid() != 0 or not configuration["user"]:
        yield
        return
    user, group = identity(configuration)
    groups = os.getgroups()
    os.setgroups(os.getgrouplist(user.pw_name, group))
    os.setegid(group)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


def lack_of_user(configuration: DHCPServerConfiguration) -> list[str]:
    """That there is no such user or group, with the remedy."""
    try:
        if configuration["user"]:
            identity(configuration)
    except InvalidValue as error:
        return [f"user = {configuration['user']!r}: {error}"]
    return []


def prepare_directory(configuration: DHCPServerConfiguration, name: str) -> None:
    """Make the directory of the file of a setting, `user`'s. Raises InvalidValue."""
    directory = configuration[name].parent
    try:
        if not directory.exists():
            directory.mkdir(mode=0o755, parents=True)
            if os.geteuid() == 0:
                os.chown(directory, *_heir(configuration, directory), follow_symlinks=False)
    except OSError as error:
        raise InvalidValue(f"the directory {directory} of {name} cannot be made: {error.strerror}") from error


def check_directory(configuration: DHCPServerConfiguration, name: str) -> None:
    """Raise InvalidValue where the daemon, as the user that it is now, may not write beside the file of a setting."""
    directory = configuration[name].parent
    if not os.access(directory, os.W_OK | os.X_OK):
        user = pwd.getpwuid(os.geteuid()).pw_name if configuration["user"] else f"{os.geteuid()}"
        raise InvalidValue(f"user {user} may not write in {directory}, where {name} is; run: chown {user} {directory}")


def unreadable(configuration: DHCPServerConfiguration) -> list[Path]:
    """The files of the configuration that the daemon, as the user that it is now, may not read again."""
    keys = dict.fromkeys(zone.key.file for zone in configuration.zones() if zone.key is not None)
    files = (configuration.file, configuration.reservation_file, *keys)
    return [file for file in files if file is not None and os.access(file, os.F_OK) and not os.access(file, os.R_OK)]


def give_database(configuration: DHCPServerConfiguration) -> None:
    """Let root leave the lease database, and what is kept beside it, to those who serve it: `user`, else the owner of its
    directory."""
    database = configuration["host_file"]
    for suffix in (*BESIDE, ".lock", ".known", SECRET, COUNTER, EXCHANGES, SUFFIX):
        with suppress(FileNotFoundError):
            _give(configuration, Path(f"{database}{suffix}"))
    for suffix in BESIDE:
        for beside in (configuration.history_file, configuration.dns_file):
            with suppress(OSError, InvalidValue):  # it is told by who opens it, and leases go on
                _give(configuration, Path(f"{beside}{suffix}"))


def _give(configuration: DHCPServerConfiguration, path: Path) -> None:
    """Root gives nothing away but what was ours before: who may write in the directory may have put anything there."""
    if os.geteuid() != 0:
        return
    user, group = _heir(configuration, path)
    file = open_carefully(path, owners=(user,))
    try:
        os.fchown(file, user, group)
    finally:
        os.close(file)


def give_socket(path: Path, configuration: DHCPServerConfiguration) -> None:
    """Let root leave a socket that it has just made to `user` and `group`, and nothing to the owner of its directory."""
    if os.geteuid() == 0 and configuration["user"]:
        user, group = identity(configuration)
        os.chown(path, user.pw_uid, group, follow_symlinks=False)


def _heir(configuration: DHCPServerConfiguration, path: Path) -> tuple[int, int]:
    if configuration["user"]:
        user, group = identity(configuration)
        return user.pw_uid, group
    owner = path.parent.stat()
    return owner.st_uid, owner.st_gid


def check_places(configuration: DHCPServerConfiguration) -> None:
    """Raise InvalidValue where others could put files of theirs in the place of the daemon's own."""
    owners = (identity(configuration)[0].pw_uid,) if configuration["user"] else ()
    for name in ("pid_file", "host_file"):
        check_directory_above(configuration[name], owners)
