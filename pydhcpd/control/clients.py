"""The command about clients, and how they ask."""

from itertools import islice
from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher
from pydhcpd.control.leases import SCREEN, more_than
from pydhcpd.control.output import CLIENT_TITLES, client_document, client_line


class ClientCommands(Dispatcher):
    """Part of the commands."""

    guarded: ClassVar[frozenset[str]] = frozenset({"clients"})

    def do_clients(self, *what: str) -> None:
        """list the clients that have a lease, and how each asks: clients [WHAT] [all]
        WHAT is what it is for leases. The first screen is shown, with all at the end everything. What counts is what a client
        asks for, and what it says that it is; it is not known of those that were not heard since the start.
        example: clients 10.1"""
        wants_all = self._is_json or what[-1:] == ("all",)
        words = [word for word in what if word != "all"]
        rows, count = self.server.sources.clients(words)
        shown = self._show(rows if wants_all else islice(rows, SCREEN), client_line, client_document, head=CLIENT_TITLES)
        if not wants_all and shown == SCREEN and (more := more_than(shown, count())):
            self._count(f"and {more} more: clients {' '.join([*words, 'all'])}")
