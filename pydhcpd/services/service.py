"""`Service`: the shape of what runs beside the path of a packet. The daemon has a list of them, and knows nothing else of any.

A service is a class. An instance serves until `stop`; one that dies is replaced by another, which is handed the same ports.
"""

import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import ServiceRow
from pydhcpd.server import DHCPServer
from pydhcpd.services.boots import Boot, FileCount
from pydhcpd.services.captures import Captures
from pydhcpd.services.report import Report

Opener = Callable[[], socket.socket]
"""Opens a port, which may need root. Raises InvalidValue with the reason and the remedy."""
Ports = Mapping[str, socket.socket]
"""What was opened, by name. It is the daemon's: who wants to close it takes a duplicate."""


Amendment = Callable[[DHCPServerConfiguration], tuple[DHCPServerConfiguration, str]]
"""Makes of the configuration in force another one, and the text of its reservation file."""


@dataclass(frozen=True)
class Surroundings:
    """What a service may use of the daemon."""

    server: DHCPServer
    configuration: Callable[[], DHCPServerConfiguration]  # that is in force
    ports: Ports
    reports: Callable[[Report], object] = id  # hears of files that are sent, in a thread of a service; by default nobody does
    reload: Callable[[], Sequence[str]] = list  # reads the configuration again, and returns what is wrong with it
    boots: Callable[[], Sequence[Boot]] = list  # who asked for what file lately, the newest first
    files: Callable[[], Iterable[FileCount]] = list  # how many files were sent
    services: Callable[[], Iterable[ServiceRow]] = list  # how each of them fares
    amend: Callable[[Amendment], object] = id  # puts other reservations in force, and writes them

    @cached_property
    def captures(self) -> Captures:
        """What is captured: one for all services."""
        return Captures(self.server)


class Service(ABC):
    """One service. `prepare` and `reconfigure` are called before `start`, and again at each reload, by the main thread."""

    name: ClassVar[str]
    """What people call it."""

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:  # noqa: ARG003 (most are always there)
        """Whether it is to run at all."""
        return True

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:  # noqa: ARG003 (most need none)
        """What must be opened while still root, by name."""
        return {}

    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings

    def prepare(self, configuration: DHCPServerConfiguration) -> None:  # noqa: B027 (most have nothing to prepare)
        """Get ready for a configuration. May raise InvalidValue, and changes nothing yet."""

    def reconfigure(self) -> None:  # noqa: B027 (the same)
        """What was prepared last holds from now on."""

    @abstractmethod
    def start(self) -> None:
        """Begin, without waiting for anything. May raise OSError or InvalidValue."""

    @abstractmethod
    def stop(self) -> None:
        """End within a second or two, whatever is under way."""

    @abstractmethod
    def is_alive(self) -> bool:
        """Whether it serves; after `start`, that it does not means that it died."""

    def status(self) -> Iterator[str]:
        """Lines for people: what waits, what was dropped, the last trouble."""
        yield from ()

    def waiting(self) -> int:
        """How much it has still to do: what is in its queue."""
        return 0

    def dropped(self) -> int:
        """How much it has dropped since it was made, for there was too much."""
        return 0
