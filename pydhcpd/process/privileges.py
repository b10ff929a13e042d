"""What is done as root, so that the rest need not be: ports opened, directories made, and then another user become."""

import ctypes
import grp
import os
import pwd
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydhcpd.addresses import address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.prompt import ThreadedTCPServer
from pydhcpd.errors import InvalidValue
from pydhcpd.net.probe import open_arp, open_icmp
from pydhcpd.net.sockets import open_packet, open_udp
from pydhcpd.services.leasequery.bulk import open_listener

PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # linux/prctl.h
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h


@dataclass(frozen=True, slots=True)
class Ports:
    """What must be opened while still root. `arp` or `icmp` is None where the system forbids it: then nothing can be probed
    in that way."""

    udp: socket.socket
    packet: socket.socket
    prompt: ThreadedTCPServer | None
    arp: socket.socket | None = None
    icmp: socket.socket | None = None
    bulk: socket.socket | None = None  # TCP, for bulk leasequery

    def descriptors(self) -> list[int]:
        """File descriptors that detaching must leave open."""
        return [one.fileno() for one in (self.udp, self.packet, self.prompt, self.arp, self.icmp, self.bulk) if one is not None]


def open_ports(configuration: DHCPServerConfiguration) -> Ports:
    """Open what needs root. Raises InvalidValue with the reason and the remedy."""
    try:
        udp, packet = open_udp(), open_packet()
    except PermissionError as error:
        raise InvalidValue("port 67 and raw sockets need root, "
                           "or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW") from error
    except OSError as error:
        raise InvalidValue(f"UDP port 67 cannot be opened: {error.strerror}; is another DHCP server running? "
                           "see: ss -ulpn sport = :67") from error
    # Whether or not anything is probed: a reload may ask for it, when it is too late to open them.
    return Ports(udp, packet, _open_prompt(configuration), _allowed(open_arp), _allowed(open_icmp), _open_bulk(configuration))


def _open_bulk(configuration: DHCPServerConfiguration) -> socket.socket | None:
    """The port of bulk leasequery, if it is to be answered and anybody may ask."""
    if not (configuration["bulk_leasequery"] and configuration["leasequery_from"]):
        return None
    address = configuration["bind_address"]
    try:
        return open_listener(address_text(address) if address else "")
    except OSError as error:
        raise InvalidValue(f"TCP port 67 cannot be opened: {error.strerror}; without bulk_leasequery it is not "
                           "needed") from error


def _allowed(open_socket: Callable[[], socket.socket]) -> socket.socket | None:
    """A socket that can be done without, if the system lets us have it."""
    try:
        return open_socket()
    except OSError:
        return None


def _open_prompt(configuration: DHCPServerConfiguration) -> ThreadedTCPServer | None:
    place = (configuration["control_address"], configuration["control_port"])
    if not place[1]:
        return None
    try:
        return ThreadedTCPServer(place)
    except OSError as error:
        raise InvalidValue(f"the control prompt cannot listen on {place[0]} port {place[1]}: {error.strerror}; "
                           "name another control_port, or 0 for none") from error


def drop_privileges(configuration: DHCPServerConfiguration) -> None:
    """Become `user` and `group`, for good. Raises InvalidValue where there is no such user or we may not."""
    if not configuration["user"]:
        return
    user, group = _identity(configuration)
    if os.geteuid() == user.pw_uid:
        return
    try:
        os.initgroups(user.pw_name, group)
        os.setresgid(group, group, group)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    except PermissionError as error:
        raise InvalidValue(f"only root can become user {user.pw_name}") from error


def _identity(configuration: DHCPServerConfiguration) -> tuple[pwd.struct_passwd, int]:
    try:
        user = pwd.getpwnam(configuration["user"])
        name = configuration["group"]
        return user, grp.getgrnam(name).gr_gid if name else user.pw_gid
    except KeyError as error:
        raise InvalidValue(f"{error.args[0]}; make it with: useradd --system {configuration['user']}") from error


def drop_capabilities() -> None:
    """Give up the capabilities that a service manager gave to a user other than root: all ports are open now."""
    if os.geteuid() == 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
    if libc.capset(header, none) != 0:
        raise InvalidValue(f"capabilities cannot be given up: {os.strerror(ctypes.get_errno())}")


def prepare_directory(configuration: DHCPServerConfiguration, name: str) -> None:
    """Make the directory of the file of a setting, `user`'s. Raises InvalidValue."""
    directory = Path(configuration[name]).absolute().parent
    try:
        if not directory.exists():
            directory.mkdir(mode=0o755, parents=True)
            _give(configuration, directory)
    except OSError as error:
        raise InvalidValue(f"the directory {directory} of {name} cannot be made: {error.strerror}") from error


def check_directory(configuration: DHCPServerConfiguration, name: str) -> None:
    """Raise InvalidValue where the daemon, as the user that it is now, may not write beside the file of a setting."""
    directory = Path(configuration[name]).absolute().parent
    if not os.access(directory, os.W_OK | os.X_OK):
        user = pwd.getpwuid(os.geteuid()).pw_name if configuration["user"] else f"{os.geteuid()}"
        raise InvalidValue(f"user {user} may not write in {directory}, where {name} is; run: chown {user} {directory}")


def give_database(configuration: DHCPServerConfiguration) -> None:
    """Let root leave the lease database to those who serve it: to `user`, else to the owner of its directory."""
    database = Path(configuration["host_file"]).absolute()
    for suffix in ("", "-wal", "-shm", ".lock"):
        path = Path(f"{database}{suffix}")
        if path.exists():
            _give(configuration, path)


def _give(configuration: DHCPServerConfiguration, path: Path) -> None:
    if os.geteuid() != 0:
        return
    if configuration["user"]:
        user, group = _identity(configuration)
        os.chown(path, user.pw_uid, group, follow_symlinks=False)
    else:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
