"""The command about machines that boot."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network
from itertools import islice

from pydhcpd.control.dispatch import Dispatcher
from pydhcpd.control.leases import SCREEN
from pydhcpd.control.output import BOOT_TITLES, BootRow, boot_document, boot_line

_BEGINNING = re.compile(r"\d{1,3}(\.\d{1,3}){0,2}\.?")


class BootCommands(Dispatcher):
    """Part of the commands."""

    def do_boots(self, *what: str) -> None:
        """show who asked for what file, and what became of it, the newest first: boots [WHAT] [all]
        WHAT is an address (10.1.2.3), the beginning of one (10.1.) or a network (10.1.0.0/16), or a part of what is shown:
        a hardware address, a name, a file, tftp or http, begun, sending, finished or failed. Several words narrow it down.
        The first screen is shown, with all at the end the last thousand.
        example: boots failed ipxe"""
        wants_all = self._is_json or what[-1:] == ("all",)
        words = [word for word in what if word != "all"]
        tests = [_test(word) for word in words]
        rows = (row for row in self.server.sources.boots() if all(test(row) for test in tests))
        shown = self._show(rows if wants_all else islice(rows, SCREEN), boot_line, boot_document, head=BOOT_TITLES)
        if not wants_all and shown == SCREEN and (more := sum(1 for _ in rows)):
            self._count(f"and {more} more: boots {' '.join([*words, 'all'])}")


def _test(word: str) -> Callable[[BootRow], bool]:
    """Whether somebody who looks for a boot may mean this one by a word."""
    part = word.casefold()
    if "/" in word:
        try:
            network = IPv4Network(word, strict=False)
        except ValueError:
            pass
        else:
            return lambda row: _is_in(network, row.address)
    if "." in word and _BEGINNING.fullmatch(word):
        start = word.rstrip(".") + "."
        return lambda row: row.address.startswith(start)
    if word.count(".") == 3 and word.replace(".", "").isdigit():
        return lambda row: row.address == word
    return lambda row: any(part in text.casefold() for text in (
        row.address, row.hardware_address, row.name, row.protocol, row.file, row.state, row.trouble))


def _is_in(network: IPv4Network, address: str) -> bool:
    try:
        return IPv4Address(address) in network
    except ValueError:
        return False
