"""The commands of the prompt: each is one method with a docstring, which is its help.

They do not know where hosts, events and configuration come from: the server has callables which return iterables, and they
are asked in the session's own thread.
"""

import inspect
from itertools import chain
from typing import Protocol

from pydhcpd.control.output import (
    TITLES,
    Alarms,
    Clear,
    Configuration,
    Events,
    Hosts,
    Statistics,
    host_line,
    local_time,
)
from pydhcpd.control.session import Command, Session, SessionOver, Settings
from pydhcpd.escape import escape

DAY = 86400.0  # seconds
LONGEST_EVENT = 1000  # characters
LONGEST_VALUE = 4096  # characters


class Sources(Settings, Protocol):
    """Where what the commands show comes from."""

    hosts: Hosts
    events: Events
    configuration: Configuration
    alarms: Alarms
    statistics: Statistics
    clear: Clear

    def settle(self) -> object:
        """Take no more care for leases that were lost."""

    def clock(self) -> float:
        """The time, in seconds of the epoch."""


class ThreadedTCPRequestHandler(Session):
    """A session with all commands, in the order in which help lists them."""

    server: Sources
    changing = frozenset({"clear", "alarms settle"})
    aliases = {"exit": "quit", "q": "quit", "h": "help", "?": "help"}

    def do_hosts(self) -> None:
        """list the hosts: address, hardware address, name, expiry and state"""
        self._say("Active Hosts:")
        now = self.server.clock()
        rows = iter(self.server.hosts())
        first = next(rows, None)
        if first is None:
            self._say("none")
            return
        self._say(TITLES)
        number = self._stream(host_line(row, now) for row in chain([first], rows))
        self._say("1 host" if number == 1 else f"{number} hosts")

    def do_events(self) -> None:
        """show what happened in the last 24 hours, newest last"""
        self._say("Events last 24h:")
        since = self.server.clock() - DAY
        recent = ((when, text) for when, text in self.server.events() if when >= since)
        if not self._stream(f"{local_time(when)} {escape(text, LONGEST_EVENT)}" for when, text in recent):
            self._say("none")

    def do_configuration(self) -> None:
        """show the configuration in use"""
        self._say("Current configuration")
        values = self.server.configuration()
        self._stream(f"{escape(name)}: {escape(value, LONGEST_VALUE)}" for name, value in values)

    def do_statistics(self) -> None:
        """show what was counted since the start: messages, and what got no answer, by reason and place"""
        self._say("Statistics since the start")
        self._stream(f"{count:>12}  {escape(name)}" for name, count in self.server.statistics())

    def do_alarms(self, act: str = "") -> None:
        """show what is wrong, and since when
        alarms settle: all clients are known again that a damaged or missing lease database has lost; no more care is taken for
        them"""
        if act == "settle":
            self.server.settle()
        elif act:
            self._say(f"{escape(act)}: unknown; type help alarms")
            return
        alarms = self.server.alarms()
        if not self._stream(f"since {local_time(since)}: {escape(words, LONGEST_EVENT)}" for since, words in alarms):
            self._say("all is well")

    def do_clear(self, address: str) -> None:
        """end the quarantine of an address, or of all: clear ADDRESS, clear all"""
        count = self.server.clear(address)
        if not count and address.lower() != "all":
            self._say(f"{escape(address)} is not in quarantine")
        else:
            self._say("1 address is free again" if count == 1 else f"{count} addresses are free again")

    def do_help(self, command: str = "") -> None:
        """show this list, or what one command does: help COMMAND"""
        commands = self.commands()
        name = self.aliases.get(command.lower(), command.lower())
        if not command:
            self._stream(f"{name}{_to_column(name)}{_summary(one)}" for name, one in commands.items())
        elif name in commands:
            self._stream(f"{name}: {inspect.getdoc(commands[name]) or ''}".split("\n"))
        else:
            self._say(f"unknown command: {escape(command)}")
            self._say("type help for the list of commands")

    def do_quit(self) -> None:
        """end the session"""
        raise SessionOver("quit", "bye")


def _summary(command: Command) -> str:
    return (command.__doc__ or "").partition("\n")[0]


def _to_column(name: str) -> str:
    """Tabs to the second tab stop, at least one."""
    return "\t" * max(2 - len(name) // 8, 1)
