"""`HostNames`: which names the status page may be called by, against DNS rebinding.

A page of somebody else's, whose name comes to mean our address, could read all that is here. An address in the field
Host cannot be made to mean anybody else.
"""

import socket
import threading
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

LOCAL = "localhost"


class HostNames:
    """The names that are allowed; `more` are those of the configuration."""

    def __init__(self) -> None:
        self.more: frozenset[str] = frozenset()
        self._own = frozenset({LOCAL, *_and_short(socket.gethostname())})
        threading.Thread(target=self._ask_whole_name, name="host name", daemon=True).start()

    def configure(self, more: Iterable[str]) -> None:
        """Allow other names from now on."""
        self.more = frozenset(map(_plain, more))

    def _ask_whole_name(self) -> None:
        """Our name with its domain; the resolver may take its time."""
        self._own |= {*_and_short(socket.getfqdn())}

    def allow(self, host: str) -> bool:
        """Whether a request with such a field Host is answered."""
        name = _without_port(host)
        return is_address(name) or _plain(name) in self._own | self.more


def is_address(name: str) -> bool:
    """Whether it is an address, as it stands in a URL."""
    try:
        if name.startswith("["):
            return name.endswith("]") and bool(IPv6Address(name[1:-1]))
        return ip_address(name).version == 4
    except ValueError:
        return False


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and (not port or (port.isascii() and port.isdecimal())) else host


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _and_short(name: str) -> tuple[str, str]:
    return _plain(name), _plain(name).partition(".")[0]
