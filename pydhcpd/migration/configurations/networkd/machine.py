"""What networkd takes from the machine that it runs on: the DNS servers of its uplinks, and its time zone."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

UPLINKS, ZONE = Path("/run/systemd/resolve/resolv.conf"), Path("/etc/localtime")


class Machine(NamedTuple):
    """What networkd tells clients where its file says nothing."""

    dns: Sequence[str] = ()
    """Addresses of IPv4 of the servers of the uplinks."""
    zone: str = ""
    """The time zone, by its name."""


NOTHING = Machine()


def this_machine() -> Machine:
    """As far as it is known here."""
    return Machine(_uplink_servers(), _zone())


def _uplink_servers() -> list[str]:
    """What resolved has from the uplinks."""
    try:
        lines = UPLINKS.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    servers = [words[1] for words in map(str.split, lines) if len(words) > 1 and words[0] == "nameserver"]
    return [one for one in servers if one.count(".") == 3 and not one.startswith("127.")]


def _zone() -> str:
    """"" where the machine does not know the zone that its link names; without a link it is UTC."""
    if ZONE.is_symlink():
        return str(ZONE.readlink()).partition("zoneinfo/")[2] if ZONE.exists() else ""
    return "" if ZONE.exists() else "UTC"
