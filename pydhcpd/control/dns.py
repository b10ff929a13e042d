"""The command about names in the DNS."""

from collections.abc import Iterable
from itertools import islice, takewhile
from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher
from pydhcpd.control.leases import SCREEN
from pydhcpd.control.output import DNS_TITLES, DNS_ZONE_TITLES, DnsRow, dns_line, dns_zone_line

ALL, SYNC, ZONES = "all", "sync", "zones"
SETTLED = ("registered", "standby")  # the last states that are listed


class DnsCommands(Dispatcher):
    """Part of the commands."""

    changing: ClassVar[frozenset[str]] = frozenset({"dns sync", "dns sync ..."})

    def do_dns(self, *what: str) -> None:
        """show what the DNS is told of names, what waits and why: dns [WHAT] [all], dns zones, dns sync [ZONE]
        WHAT is an address (10.1.2.3), the beginning of one (10.1) or a network (10.1.0.0/16), or a part of a name, of a zone or
        of a trouble; or registered, waiting, removing or failing. Several words narrow it down. Without any, it is the zones,
        and what is not as it should be. The first screen is shown, with all at the end everything.
        dns sync has all names of a zone, or of all zones, told anew, whatever is believed to be there already.
        example: dns failing lab.example"""
        if what[:1] == (SYNC,):
            self._tell(self.server.sources.dns_sync(what[1:]))
        elif what == (ZONES,):
            self._show_zones()
        elif what or self._is_json:
            self._show_records([word for word in what if word != ALL], self._is_json or what[-1:] == (ALL,))
        else:
            self._show_zones()
            self._show_all_that_is_wrong()

    def _show_zones(self) -> None:
        now = self.server.clock()
        self._show(self.server.sources.dns_zones(), lambda row: dns_zone_line(row, now), lambda row: row._asdict(),
                   head=DNS_ZONE_TITLES)

    def _show_records(self, words: list[str], wants_all: bool) -> None:
        rows, count = self.server.sources.dns(words)
        shown = self._show_rows(rows if wants_all else islice(rows, SCREEN))
        if not wants_all and shown == SCREEN and (more := count() - shown) > 0:
            self._count(f"and {more} more: dns {' '.join([*words, ALL])}")

    def _show_all_that_is_wrong(self) -> None:
        rows, _ = self.server.sources.dns([])
        wrong = takewhile(lambda row: row.state not in SETTLED, rows)
        if self._show_rows(islice(wrong, SCREEN), none="") == SCREEN:
            self._count("dns all shows all")

    def _show_rows(self, rows: Iterable[DnsRow], none: str = "none") -> int:
        now = self.server.clock()
        return self._show(rows, lambda row: dns_line(row, now), lambda row: row._asdict(), head=DNS_TITLES, none=none)
