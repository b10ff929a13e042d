"""The commands of the prompt: each is one method with a docstring, which is its help.

They do not know where hosts, events and configuration come from: the server has callables which return iterables, and they
are asked in the session's own thread.
"""

from itertools import chain
from typing import Protocol

from pydhcpd.control.output import TITLES, Configuration, Events, Hosts, host_line, local_time
from pydhcpd.control.session import Session, SessionOver, Settings
from pydhcpd.escape import escape

DAY = 86400.0  # seconds
LONGEST_EVENT = 1000  # characters
LONGEST_VALUE = 4096  # characters


class Sources(Settings, Protocol):
    """Where what the commands show comes from."""

    hosts: Hosts
    events: Events
    configuration: Configuration

    def clock(self) -> float:
        """The time, in seconds of the epoch."""


class ThreadedTCPRequestHandler(Session):
    """A session with all commands, in the order in which help lists them."""

    server: Sources

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

    def do_help(self) -> None:
        """show this list"""
        self._stream(
            f"{name}\t{(command.__doc__ or '').partition(chr(10))[0]}" for name, command in self.commands().items()
        )

    def do_quit(self) -> None:
        """end the session"""
        raise SessionOver("quit", "bye")
