"""The commands of the prompt that everybody knows: each is one method with a docstring, which is its help."""

from collections.abc import Mapping
from typing import ClassVar

from pydhcpd.control.addresses import AddressCommands
from pydhcpd.control.boots import BootCommands
from pydhcpd.control.captures import CaptureCommands
from pydhcpd.control.clients import ClientCommands
from pydhcpd.control.dispatch import Dispatcher, Refused
from pydhcpd.control.dns import DnsCommands
from pydhcpd.control.history import HistoryCommands
from pydhcpd.control.leases import LeaseCommands
from pydhcpd.control.output import (
    LONGEST_EVENT,
    TITLES,
    EventRow,
    event_document,
    event_line,
    host_document,
    host_line,
    local_time,
)
from pydhcpd.control.process import ProcessCommands
from pydhcpd.escape import escape

DAY = 86400.0  # seconds
LONGEST_VALUE = 4096  # characters


class GivenCommands(Dispatcher):
    """Part of the commands: those that there were first, and what is wrong."""

    changing: ClassVar[frozenset[str]] = frozenset({"clear", "alarms settle"})
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
        self._show((EventRow(*one) for one in self.server.sources.events() if one[0] >= since), event_line, event_document,
                   title="Events last 24h:")

    def do_configuration(self) -> None:
        """show the configuration in use
        example: configuration"""
        self._show(self.server.sources.configuration(), lambda one: f"{escape(one[0])}: {escape(one[1], LONGEST_VALUE)}",
                   lambda one: {"name": one[0], "value": one[1]}, title="Current configuration", none="")

    def do_statistics(self) -> None:
        """show what was counted since the start
        Messages, what got no answer by reason and place, replies that could not be sent.
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
        self._show(self.server.sources.alarms(),
                   lambda one: f"since {local_time(one.since)}: {escape(one.text, LONGEST_EVENT)}",
                   lambda one: one._asdict(), none="all is well")

    def do_clear(self, address: str) -> None:
        """end the quarantine of an address, or of all: clear ADDRESS, clear all
        example: clear 192.168.137.20"""
        count = self.server.sources.clear(address)
        if not count and address.lower() != "all":
            raise Refused(f"{escape(address)} is not in quarantine")
        self._tell("1 address is free again" if count == 1 else f"{count} addresses are free again")


class ThreadedTCPRequestHandler(GivenCommands, LeaseCommands, AddressCommands, ClientCommands, HistoryCommands, BootCommands,
                                DnsCommands, CaptureCommands, ProcessCommands):
    """A session with all commands, in the order in which help lists them."""

    changing: ClassVar[frozenset[str]] = (GivenCommands.changing | LeaseCommands.changing | AddressCommands.changing
                                          | DnsCommands.changing | CaptureCommands.changing | ProcessCommands.changing)
    guarded: ClassVar[frozenset[str]] = (AddressCommands.guarded | ClientCommands.guarded | HistoryCommands.guarded
                                         | CaptureCommands.guarded)
    aliases: ClassVar[Mapping[str, str]] = {"exit": "quit", "q": "quit", "h": "help", "?": "help"}
