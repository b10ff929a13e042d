"""The commands about single addresses: for whom one is reserved, and who answers for one."""

from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher


class AddressCommands(Dispatcher):
    """Part of the commands."""

    changing: ClassVar[frozenset[str]] = frozenset({"reserve", "unreserve"})
    guarded: ClassVar[frozenset[str]] = frozenset({"probe"})

    def do_reserve(self, who: str, *what: str) -> None:
        """let a lease become a reservation: reserve ADDRESS|MAC [ip] [hostname]
        It is a row of the reservation file, and in force at once. A machine without a lease, or one that is to have another
        address than that of its lease, is reserved the address ip; it is sent its hostname where one is given.
        example: reserve 192.168.137.20"""
        self._tell(self.server.sources.reserve(who, what))

    def do_unreserve(self, who: str) -> None:
        """take a reservation out of the reservation file: unreserve ADDRESS|MAC
        Its client keeps the lease that it has until that ends.
        example: unreserve 192.168.137.20"""
        self._tell(self.server.sources.unreserve(who))

    def do_probe(self, address: str) -> None:
        """ask who uses an address, within two seconds: probe ADDRESS
        It is asked by ARP on the link, or by ping where it is behind routers. Nothing is changed by it.
        example: probe 192.168.137.20"""
        self._show(self.server.sources.probe(address), lambda one: one, lambda one: {"message": one})
