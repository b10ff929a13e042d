"""The network interfaces of the machine, and the news that they have changed.

Owns the picture of links with their IPv4 addresses, taken from the kernel by rtnetlink(7), and the thread that watches for
changes. A notification is not read: it only says that a new picture must be taken, so that losing some (ENOBUFS) loses nothing.
Does not know what the interfaces are used for.

Everything of pyroute2 is made, used and closed within one call, in the thread that makes it: its objects belong to a thread.
"""

import errno
import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from pydhcpd.addresses import address_from
from pydhcpd.recurring import Recurring

log = logging.getLogger(__name__)

_IFF_UP, _IFF_LOOPBACK = 0x1, 0x8  # linux/if.h
_ARPHRD_ETHER = 1  # linux/if_arp.h
_IFA_F_SECONDARY = 0x1  # linux/if_addr.h
_RTMGRP_LINK, _RTMGRP_IPV4_IFADDR = 0x1, 0x10  # linux/rtnetlink.h
_ACCEPT_OF_VRFS = Path("/proc/sys/net/ipv4/udp_l3mdev_accept")  # Documentation/networking/vrf.rst of Linux
_HEARING = ("vrf", "batadv")  # kinds of masters that leave their members' IP packets to them, as the kernel calls them
_NETLINK_MESSAGE = 64 << 10  # octets, at most

_SILENCE_MS = 50  # after the last notification of a burst
_LONGEST_MS = 300  # that a burst delays a new picture
_RETRY_MS = 1000  # after a picture that could not be taken, or not be told
_ATTEMPTS = 5  # at one picture, when the kernel's tables change while they are read


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface at one moment."""

    index: int
    name: str
    hardware: bytes
    """The address of the link: 6 octets for Ethernet, else empty."""
    ethernet: bool
    loopback: bool
    mtu: int
    """The longest IP packet, in octets."""
    up: bool
    """Set up by the administrator; it may have no carrier."""
    addresses: tuple[tuple[int, int], ...]
    """IPv4 address and mask, both in host byte order; the primary ones first."""
    vrf: int = 0
    """The index of the VRF that it belongs to, whose routing table counts for it; 0 for none."""
    vrf_is_closed: bool = False
    """Whether the kernel keeps from a socket of the whole machine what comes in by the VRF (net.ipv4.udp_l3mdev_accept)."""
    master: int = 0
    """The index of the bridge, bond, team or VRF that it belongs to; 0 for none."""
    altnames: tuple[str, ...] = ()
    """Other names of it (ip link property add dev NAME altname ...)."""
    role: str = ""
    """What it is there, as the kernel calls the kind of its master: "bridge", "bond", "team", "vrf"... It may be unknown."""

    @property
    def deaf(self) -> bool:
        """Whether its master takes all that comes in by it, so that no socket hears anything of the interface itself."""
        return bool(self.master) and self.role not in _HEARING

    @property
    def heard_by(self) -> tuple[int, ...]:
        """The indexes of the devices whose sockets (SO_BINDTODEVICE) hear what comes in by it: itself, and the VRF that it
        is in."""
        return (self.index, self.vrf) if self.vrf else (self.index,)


Interfaces: TypeAlias = dict[int, Interface]
"""Interfaces by index."""


class InterfaceWatcher:
    """Tells when links or IPv4 addresses have changed. It needs no privileges."""

    def __init__(self, on_change: Callable[[Interfaces], None]) -> None:
        """`on_change` is called in the watcher's thread with each new picture, where it may call `stop`. What it raises is
        told, and it is called again a second later."""
        self._on_change = on_change
        self._watch: _Watch | None = None
        self._thread: threading.Thread | None = None

    def snapshot(self) -> Interfaces:
        """The interfaces as they are now; from any thread, whether the watcher runs or not.

        Raises OSError if the kernel cannot be asked.
        """
        return take_snapshot()

    def start(self) -> Interfaces:
        """Begin to watch. What is returned is the picture that the first change is told against. Raises OSError."""
        assert self._thread is None, "already started"
        notifications = _subscribe()  # before the picture is taken, so that no change falls between
        try:
            picture = take_snapshot()
            self._watch = _Watch(notifications, picture, self._on_change)
        except BaseException:
            notifications.close()
            raise
        self._thread = threading.Thread(target=self._watch.run, name="interfaces", daemon=True)
        self._thread.start()
        return picture

    def stop(self) -> None:
        """End the thread, and wait for it unless this is called in it. Does nothing if there is none."""
        thread, self._thread = self._thread, None
        if thread is None or self._watch is None:
            return
        self._watch.wake()
        if thread is not threading.current_thread():
            thread.join()


class _Watch:
    """What the watcher's thread works with, and closes when it ends."""

    def __init__(self, notifications: socket.socket, picture: Interfaces,
                 on_change: Callable[[Interfaces], None]) -> None:
        self._notifications = notifications
        self._picture = picture
        self._on_change = on_change
        self._end = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._end_open = True
        self._end_lock = threading.Lock()  # guards the two above: the descriptor must not be used after it is closed
        self._poll = select.poll()
        self._poll.register(notifications, select.POLLIN)
        self._poll.register(self._end, select.POLLIN)
        self._only_end = select.poll()
        self._only_end.register(self._end, select.POLLIN)
        self._recurring = Recurring(log, "a change of interfaces could not be followed")
        self._ended = False

    def wake(self) -> None:
        """Make the thread end; from any thread."""
        with self._end_lock:
            if self._end_open:
                os.eventfd_write(self._end, 1)

    def run(self) -> None:
        """Wait for notifications, and follow them; until the end. After a failure they are not waited for."""
        patience: int | None = None
        try:
            while not self._ended:
                patience = None if self._followed(patience) else 0
        finally:
            self._close()

    def _followed(self, patience: int | None) -> bool:
        """Wait so long at most (ms), let the burst pass, tell. False, a while later, where any of that failed."""
        try:
            self._notified(patience)
            self._settle()
            if not self._ended:
                self._renew()
            return True
        except Exception as error:
            self._recurring.tell(error)
            self._ended = bool(self._only_end.poll(_RETRY_MS))
            return False

    def _close(self) -> None:
        self._notifications.close()
        with self._end_lock:
            self._end_open = False
            os.close(self._end)

    def _notified(self, timeout: int | None) -> bool:
        """Wait up to `timeout` ms (None: for ever) for notifications or the end; throw all notifications away."""
        ready = [descriptor for descriptor, _ in self._poll.poll(timeout)]
        self._ended = self._end in ready
        if self._notifications.fileno() not in ready:
            return False
        _drain(self._notifications)
        return True

    def _settle(self) -> None:
        """Wait for the end of a burst of notifications, but not for long: so there is no picture sooner than a silence after
        the last one."""
        end = time.monotonic() + _LONGEST_MS / 1000
        while not self._ended and time.monotonic() < end and self._notified(_SILENCE_MS):
            pass

    def _renew(self) -> None:
        """Take a new picture and tell if it is another one."""
        picture = take_snapshot()
        if picture != self._picture:
            self._on_change(picture)
            self._picture = picture


def _subscribe() -> socket.socket:
    """A socket that becomes readable when a link or an IPv4 address changes."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE)
    try:
        sock.bind((0, _RTMGRP_LINK | _RTMGRP_IPV4_IFADDR))
    except BaseException:
        sock.close()
        raise
    return sock


def _drain(notifications: socket.socket) -> None:
    while True:
        try:
            notifications.recv(_NETLINK_MESSAGE)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.ENOBUFS:  # some were lost, which is no loss
                raise


def take_snapshot() -> Interfaces:
    """The interfaces as they are now. Raises OSError if the kernel cannot be asked."""
    # Imported late: it takes 160 ms and 25 MB, which a program that only checks a file need not spend.
    from pyroute2.netlink.exceptions import NetlinkError

    for _ in range(_ATTEMPTS):
        try:
            links, addresses = _dump()
            break
        except NetlinkError as error:  # among them: the tables changed while they were read
            reason = error
    else:
        raise OSError(f"the interfaces cannot be listed: {reason}") from reason
    addresses_of = _addresses_by_interface(addresses)
    return {link["index"]: _interface(link, addresses_of.get(link["index"], ())) for link in links}


def _dump() -> tuple[list[Any], list[Any]]:
    """All links and all IPv4 addresses, as pyroute2 has them."""
    from pyroute2.iproute import IPRoute

    with IPRoute() as route:
        return list(route.get_links()), list(route.get_addr(family=socket.AF_INET))


def _interface(link: Any, addresses: tuple[tuple[int, int], ...]) -> Interface:
    ethernet = link["ifi_type"] == _ARPHRD_ETHER
    master = link.get_attr("IFLA_MASTER") or 0
    role = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_KIND") or ""
    vrf = master if role == "vrf" else 0
    return Interface(
        index=link["index"],
        name=link.get_attr("IFLA_IFNAME"),
        hardware=_hardware(link.get_attr("IFLA_ADDRESS")) if ethernet else b"",
        ethernet=ethernet,
        loopback=bool(link["flags"] & _IFF_LOOPBACK),
        mtu=link.get_attr("IFLA_MTU"),
        up=bool(link["flags"] & _IFF_UP),
        addresses=addresses,
        vrf=vrf,
        vrf_is_closed=vrf != 0 and _vrfs_are_closed(),
        master=master,
        role=role,
        altnames=_altnames(link),
    )


def _altnames(link: Any) -> tuple[str, ...]:
    properties = link.get_attr("IFLA_PROP_LIST")
    return tuple(properties.get_attrs("IFLA_ALT_IFNAME")) if properties else ()


def _vrfs_are_closed() -> bool:
    """Whether sockets that are bound to no VRF hear nothing of any. A kernel without the switch has no VRF either."""
    try:
        return _ACCEPT_OF_VRFS.read_text().strip() == "0"
    except OSError:
        return False


def _hardware(text: str | None) -> bytes:
    return bytes.fromhex((text or "").replace(":", ""))


def _addresses_by_interface(messages: list[Any]) -> dict[int, tuple[tuple[int, int], ...]]:
    by_interface: dict[int, list[tuple[int, int]]] = {}
    for message in sorted(messages, key=lambda message: bool(message["flags"] & _IFA_F_SECONDARY)):
        by_interface.setdefault(message["index"], []).append((_own_address(message), _mask(message["prefixlen"])))
    return {index: tuple(addresses) for index, addresses in by_interface.items()}


def _own_address(message: Any) -> int:
    """IFA_ADDRESS is the peer's on a point-to-point link; IFA_LOCAL is always one's own, where there is one."""
    return address_from(message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS"))


def _mask(length: int) -> int:
    return 0xFFFFFFFF ^ (0xFFFFFFFF >> length)
