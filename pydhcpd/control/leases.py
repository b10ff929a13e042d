"""The commands about leases, and about where they come from: networks, pools, classes."""

from itertools import islice
from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher
from pydhcpd.control.output import (
    CLASS_TITLES,
    LEASE_TITLES,
    NETWORK_TITLES,
    POOL_TITLES,
    class_line,
    explained_line,
    lease_line,
    network_line,
    pool_line,
)

SCREEN = 20  # rows


def more_than(shown: int, count: int | None) -> str:
    """How many more there are than are shown, in words; empty for none. Without a count nobody knows."""
    return "perhaps" if count is None else str(count - shown) if count > shown else ""


class LeaseCommands(Dispatcher):
    """Part of the commands."""

    changing: ClassVar[frozenset[str]] = frozenset({"release", "renew"})

    def do_leases(self, *what: str) -> None:
        """list leases: leases [WHAT] [all]
        WHAT is an address (10.1.2.3), the beginning of one (10.1) or a network (10.1.0.0/16); a hardware address; a part of a
        name, a client identifier or a circuit id; or the name of a class. Several words narrow it down. The first screen is
        shown, with all at the end everything. Of which class a client is, is judged by what it sent last, without functions
        of the file; with a million leases that takes half a minute.
        example: leases 10.1 printer"""
        wants_all = self._is_json or what[-1:] == ("all",)
        words = [word for word in what if word != "all"]
        rows, count = self.server.sources.leases(words)
        now = self.server.clock()
        shown = self._show(rows if wants_all else islice(rows, SCREEN), lambda row: lease_line(row, now),
                           lambda row: row._asdict(), head=LEASE_TITLES)
        if not wants_all and shown == SCREEN and (more := more_than(shown, count())):
            self._count(f"and {more} more: leases {' '.join([*words, 'all'])}")

    def do_pools(self) -> None:
        """show how full the pools are, the fullest first
        example: pools"""
        self._show(self.server.sources.pools(), pool_line, lambda row: row._asdict(), head=POOL_TITLES)

    def do_networks(self) -> None:
        """list the networks that are served, and where
        example: networks"""
        self._show(self.server.sources.networks(), network_line, lambda row: row._asdict(), head=NETWORK_TITLES)

    def do_classes(self) -> None:
        """list the classes of clients, and how many leases count for limited ones
        example: classes"""
        self._show(self.server.sources.classes(), class_line, lambda row: row._asdict(), head=CLASS_TITLES)

    def do_explain(self, who: str, *fields: str) -> None:
        """say what a client would get now, and why: explain WHO [field=value ...]
        WHO is a hardware address, or the address or name of a client that has a lease. Fields have their names of match()
        and of the options, interface, giaddr and circuit_id among them; what is not given is as the client last sent it, as
        far as that is known. Nothing is done by it.
        example: explain 02:00:00:00:99:07 vendor_class_identifier=PXEClient"""
        self._show(self.server.sources.explain((who, *fields)), explained_line, lambda row: row._asdict())

    def do_release(self, address: str) -> None:
        """end the lease of an address: release ADDRESS
        The client is not told; it may get the address again when it asks next.
        example: release 192.168.137.20"""
        self._tell(self.server.sources.release(address))

    def do_renew(self, address: str) -> None:
        """have a client renew its lease now, and so get what has changed: renew ADDRESS
        Only clients that know FORCERENEW (option 145, RFC 6704) can be told. It waits some seconds for the renewal.
        example: renew 192.168.137.20"""
        self._tell(self.server.sources.renew(address))
