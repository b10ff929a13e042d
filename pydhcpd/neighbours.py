"""UDP port 67 beside DHCP servers of other programs that keep to interfaces of their own, as libvirt's dnsmasq does.

Owns the decision whether the port can be shared, at the start and at each later look. There is one socket for all interfaces,
which has SO_REUSEADDR, so that in either order another can bind the port too. The kernel then gives a broadcast to every
socket that is bound to its interface or to none, and a unicast datagram to the one that is bound to its interface. So a server
that is bound to an interface (SO_BINDTODEVICE) which is not ours takes nothing from us. Any other would: beside it the
start is refused, and one that comes later is told, for a kernel that lets the former in cannot keep the latter out.
"""

import logging
import pwd
import socket
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.net.holders import Holder, holders_of, inode_of
from pydhcpd.net.interfaces import Interface, take_snapshot
from pydhcpd.net.sockets import open_udp

log = logging.getLogger(__name__)

DHCP = 67
ON_THE_WAY = 0.3  # seconds that a server may take from opening the port to binding it to its interface
SEE = "see: ss -ulpn sport = :67"


@dataclass(frozen=True, slots=True)
class Ours:
    """The interfaces that are ours: those of these `names`, else those that `wanted` tells, as far as nobody has them."""

    names: Collection[str]
    wanted: Callable[[Mapping[int, Interface]], Iterable[Interface]]

    def without_which(self, others: Iterable[Holder]) -> list[Interface]:
        """Those without which there would be no sense in a start beside the others."""
        interfaces = take_snapshot()
        if self.names:
            return [one for one in interfaces.values() if one.name in self.names]
        held = {one.interface for one in others}
        wanted = list(self.wanted(interfaces))
        return wanted if all(held.intersection(one.heard_by) for one in wanted) else []


def open_beside_others(ours: Ours) -> socket.socket:
    """The port on all interfaces. Raises InvalidValue where it cannot be ours on those that are to be, or OSError."""
    try:
        _refuse(ours, _others(None))
    except OSError:  # the kernel does not tell who else is there: nobody else may be
        return open_udp(DHCP)
    sock = _open_shared()
    try:
        _refuse(ours, _others(sock))  # somebody may have come meanwhile
    except BaseException:
        sock.close()
        raise
    return sock


def _open_shared() -> socket.socket:
    try:
        return open_udp(DHCP, shared=True)
    except PermissionError:
        raise
    except OSError as error:
        holders = "; ".join(who(one) for one in _others(None))
        raise InvalidValue(f"UDP port 67 cannot be opened: {error.strerror}; it is not shared by {holders or 'who has it'}; "
                           f"{SEE}") from error


def _refuse(ours: Ours, others: Collection[Holder]) -> None:
    """Raise InvalidValue where one of the others is in our way."""
    needed = ours.without_which(others) if others else []
    for one in others:
        place = _place(one, needed)
        if place:
            raise InvalidValue(f"UDP port 67 {place} is held by {who(one)}; {_remedy(one)}; {SEE}")


def _others(own: socket.socket | None, known: Collection[Holder] = ()) -> list[Holder]:
    """The other holders of the port. Where one that is not known yet is bound to no interface, there is a moment to do it."""
    mine = inode_of(own) if own is not None else -1
    found = [one for one in holders_of(DHCP) if one.inode != mine]
    if all(one.interface or one in known for one in found):
        return found
    time.sleep(ON_THE_WAY)
    return [one for one in holders_of(DHCP) if one.inode != mine]


def _place(holder: Holder, ours: Iterable[Interface]) -> str:
    """Where another is in our way; empty where it is not."""
    if not holder.interface:
        return "on all interfaces" if not holder.address else f"on address {address_text(holder.address)}"
    return next((f"on {one.name}" for one in ours if holder.interface in one.heard_by), "")


def _remedy(holder: Holder) -> str:
    if holder.interface:
        return "one of the two must leave that interface to the other"
    return ("if it is another DHCP server, stop it, or bind it to an interface that pydhcpd does not serve (dnsmasq: "
            "bind-interfaces, and one interface= for each dnsmasq)")


def who(holder: Holder) -> str:
    """A holder, as far as the kernel tells who it is."""
    name = ""
    with suppress(KeyError):
        name = f", {pwd.getpwuid(holder.uid).pw_name}"
    return f"another program (uid {holder.uid}{name})"


class PortWatch:
    """Looks again who else holds the port, and tells what is new. It needs no privileges."""

    def __init__(self, own: socket.socket) -> None:
        self._own = own
        self._others: list[Holder] = []
        self._told: frozenset[str] = frozenset()

    def look(self) -> bool:
        """Whether there are others than at the last look."""
        before = self._others
        with suppress(OSError):  # a kernel that does not tell did not let anybody in either
            self._others = _others(self._own, before)
        return set(before) != set(self._others)

    def held(self, kept: Iterable[Interface]) -> dict[int, str]:
        """Who holds the port on which interface, in words by its index, but for those that we keep all the same."""
        ours = {index for one in kept for index in one.heard_by}
        return {one.interface: f"{who(one)}, which holds UDP port 67 there; {SEE}" for one in self._others
                if one.interface and one.interface not in ours}

    def tell(self, served: Collection[Interface], interfaces: Mapping[int, Interface]) -> None:
        """Log who is in our way, and who is not."""
        lines = {self._line(one, served, interfaces): _place(one, served) for one in self._others}
        for line, place in lines.items():
            if line not in self._told:
                log.log(logging.ERROR if place else logging.INFO, "%s", line)
        self._told = frozenset(lines)

    @staticmethod
    def _line(holder: Holder, served: Collection[Interface], interfaces: Mapping[int, Interface]) -> str:
        place = _place(holder, served)
        if place:
            return (f"{who(holder)} has come to hold UDP port 67 {place} as well, and requests are lost to it; "
                    f"{_remedy(holder)}; {SEE}")
        name = interfaces[holder.interface].name if holder.interface in interfaces else f"number {holder.interface}"
        return f"interface {name} is left to {who(holder)}, which holds UDP port 67 there"
