"""The commands about who had which address when."""

from itertools import islice
from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher, Refused
from pydhcpd.control.leases import SCREEN
from pydhcpd.control.moments import span_of
from pydhcpd.control.output import BINDING_TITLES, binding_line, zoned_time
from pydhcpd.escape import escape


class HistoryCommands(Dispatcher):
    """Part of the commands."""

    guarded: ClassVar[frozenset[str]] = frozenset({"history", "who"})

    def do_history(self, what: str, everything: str = "") -> None:
        """show who had an address, or what a machine had, the newest first: history ADDRESS|MAC|NAME [all]
        The first screen is shown, with all at the end everything. Times are local.
        example: history 192.168.137.20"""
        rows, count = self.server.sources.history(what)
        wants_all = self._is_json or everything == "all"
        shown = self._show(rows if wants_all else islice(rows, SCREEN), binding_line, lambda row: row._asdict(),
                           head=BINDING_TITLES, none=f"nothing is known of {escape(what)}{self._begins()}")
        if not wants_all and count > shown:
            self._count(f"and {count - shown} more: history {escape(what)} all")

    def do_who(self, address: str, *time: str) -> None:
        """show who had an address at a time: who ADDRESS TIME
        TIME is local: 2026-01-31T14:00, or with a space, with seconds, the day alone, the time of today alone, or now.
        example: who 192.168.137.20 2026-01-31T14:00"""
        moment = " ".join(time) or "now"
        start, end = span_of(moment, now := self.server.clock())
        if start > now + 1:
            raise Refused(f"{zoned_time(start)} is yet to come")
        self._show(self.server.sources.who(address, start, end), binding_line, lambda row: row._asdict(), head=BINDING_TITLES,
                   none=f"nobody had {escape(address)} at {zoned_time(start)}{self._begins()}")

    def _begins(self) -> str:
        begins = self.server.sources.history_begins()
        return "; the history is empty" if begins is None else f"; the history begins at {zoned_time(begins)}"
