"""The commands of the prompt that everybody knows: each is one method with a docstring, which is its help."""

from collections.abc import Iterable, Mapping
from typing import ClassVar, Protocol

from pydhcpd.control.dispatch import Dispatcher, Listening, Refused
from pydhcpd.control.output import TITLES, host_document, host_line, local_time
from pydhcpd.escape import escape

DAY = 86400.0  # seconds
LONGEST_EVENT = 1000  # characters
LONGEST_VALUE = 4096  # characters


class Serving(Listening, Protocol):
    """What commands ask of the server of their session."""

    def clock(self) -> float:
        """The time, in seconds of the epoch."""


class ThreadedTCPRequestHandler(Dispatcher):
    """A session with all commands, in the order in which help lists them."""

    server: Serving
    changing: ClassVar[frozenset[str]] = frozenset({"clear", "alarms settle"})
    aliases: ClassVar[Mapping[str, str]] = {"exit": "quit", "q": "quit", "h": "help", "?": "help"}

    def do_hosts(self) -> None:
        """list the hosts: address, hardware address, name, expiry and state
        example: hosts"""
        now = self.server.clock()
        number = self._show(self.server.sources.hosts(), lambda row: host_line(row, now), host_document,
                            title="Active Hosts:", head=TITLES)
        if number:
            self._count("1 host" if number == 1 else f"{number} hosts")

    def do_events(self) -> None:
        """show what happened in the last 24 hours, newest last
        example: events"""
        since = self.server.clock() - DAY
        self._show_times((one for one in self.server.sources.events() if one[0] >= since), "Events last 24h:")

    def _show_times(self, rows: Iterable[tuple[float, str]], title: str) -> None:
        self._show(rows, lambda one: f"{local_time(one[0])} {escape(one[1], LONGEST_EVENT)}",
                   lambda one: {"time": one[0], "text": one[1]}, title=title)

    def do_configuration(self) -> None:
        """show the configuration in use
        example: configuration"""
        self._show(self.server.sources.configuration(), lambda one: f"{escape(one[0])}: {escape(one[1], LONGEST_VALUE)}",
                   lambda one: {"name": one[0], "value": one[1]}, title="Current configuration", none="")

    def do_statistics(self) -> None:
        """show what was counted since the start: messages, and what got no answer, by reason and place
        example: statistics"""
        self._show(self.server.sources.statistics(), lambda one: f"{one[1]:>12}  {escape(one[0])}",
                   lambda one: {"name": one[0], "count": one[1]}, title="Statistics since the start", none="")

    def do_alarms(self, act: str = "") -> None:
        """show what is wrong, and since when
        alarms settle: all clients are known again that a damaged or missing lease database has lost; no more care is taken for
        them
        example: alarms"""
        if act == "settle":
            self.server.sources.settle()
        elif act:
            raise Refused(f"{escape(act)}: unknown; type help alarms")
        self._show(self.server.sources.alarms(), lambda one: f"since {local_time(one[0])}: {escape(one[1], LONGEST_EVENT)}",
                   lambda one: {"since": one[0], "text": one[1]}, none="all is well")

    def do_clear(self, address: str) -> None:
        """end the quarantine of an address, or of all: clear ADDRESS, clear all
        example: clear 192.168.137.20"""
        count = self.server.sources.clear(address)
        if not count and address.lower() != "all":
            raise Refused(f"{escape(address)} is not in quarantine")
        self._tell("1 address is free again" if count == 1 else f"{count} addresses are free again")
