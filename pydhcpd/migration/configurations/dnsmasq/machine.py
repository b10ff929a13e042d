"""What dnsmasq takes from the machine that it runs on: the masks of its networks, and addresses of names."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS
from pydhcpd.net.interfaces import take_snapshot

HOSTS = Path("/etc/hosts")


class Machine(NamedTuple):
    """As far as it is known."""

    networks: Sequence[tuple[int, int]] = ()
    """Its own addresses with their masks, in host byte order."""
    hosts: str = ""
    """The text of /etc/hosts."""


def this_machine() -> Machine:
    """The one that this program runs on."""
    try:
        networks = [one for interface in take_snapshot().values() for one in interface.addresses]
    except OSError:
        networks = []
    return Machine(networks, text_of(HOSTS))


def text_of(file: Path) -> str:
    """What is in a file, nothing where it cannot be read."""
    try:
        return file.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:
        return ""


def names_in(hosts: str) -> Iterator[tuple[str, str]]:
    """Each name of a hosts file in small letters with its address."""
    for line in hosts.splitlines():
        words = line.partition("#")[0].split()
        yield from ((name.lower(), words[0]) for name in words[1:])


def names_of_record(value: str) -> Iterator[tuple[str, str]]:
    """The same of a host-record: names, an address of IPv4 and one of IPv6, and how long it may be kept."""
    parts = [part.strip() for part in value.split(",")]
    address = next(filter(ADDRESS.fullmatch, parts), "")
    yield from ((name.lower(), address) for name in parts if address and not ADDRESS.fullmatch(name))
