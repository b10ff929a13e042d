"""`BootServer`: UDP port 4011, where machines that have their addresses ask what to boot (PXE 2.1, chapter 2).

It is there where a menu is, or where we are beside another server. The port needs no rights, so a reload can open it. What is
asked is rare, and decided by a thread of its own under the lock that guards the leases, in small portions: a flood of it takes
neither the processor nor the lock.
"""

import logging
import os
import select
import socket
import threading
from collections.abc import Iterator

from pydhcpd.account import outcome
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.net.batch import BatchReceiver, BatchSender, Datagram
from pydhcpd.net.sockets import open_udp
from pydhcpd.proxy import ProxyTransaction
from pydhcpd.recurring import Recurring
from pydhcpd.services.service import Service, Surroundings
from pydhcpd.wire.describe import describe
from pydhcpd.wire.packet import Packet, Request

log = logging.getLogger(__name__)

PORT = 4011
BATCH = 16  # datagrams for which the lock is held at a time: less than a millisecond
PACE = 0.001  # seconds for each of them until the next are read: a thousand a second, a room full of machines


class BootServer(Service):
    """Answers on port 4011 until `stop`."""

    name = "boot server"

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where anybody is told to ask there."""
        return configuration.sets("proxy_dhcp") or configuration.sets("pxe_menu")

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._socket = _open()
        self._ended = threading.Event()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)
        self._recurring = Recurring(log, "boot requests could not be received or answered")
        self._answered = 0

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def _run(self) -> None:
        receiver, sender, poll = BatchReceiver(self._socket, BATCH), BatchSender(self._socket), select.poll()
        poll.register(self._socket, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        while not self._ended.is_set():
            try:
                datagrams = receiver.receive()
                too_long, receiver.truncated = receiver.truncated, []
                if not datagrams and not too_long:
                    poll.poll()
                    continue
                self._send(sender, self._decide(datagrams, too_long))
                self._ended.wait(PACE * (len(datagrams) + len(too_long)))
            except Exception as error:
                self._recurring.tell(error)
                self._ended.wait(1.0)

    def _decide(self, datagrams: list[Datagram], too_long: list[int]) -> list[ProxyTransaction]:
        """Those that are to be answered; `too_long` are the interfaces of datagrams that could not be read."""
        server, decided = self.surroundings.server, []
        if (tap := server.tap) is not None:
            tap.received(datagrams, PORT)
        with server.hosts.lock:
            serving, now = server.serving, server.hosts.time.now()
            if serving is None:
                return []
            for interface in too_long:
                server.account.drop(MalformedPacket("longer than any boot request"), interface, None)
            for datagram in datagrams:
                request, transaction = None, ProxyTransaction()
                try:
                    request = Request.receive(*datagram)
                    if log.isEnabledFor(logging.DEBUG):
                        log.debug("received on port %d %s", PORT, describe(request))
                    transaction.answer_boot_request(request, serving, server.hosts, now)
                    decided.append(transaction)
                except Exception as reason:  # whatever one does, the others are answered
                    server.account.drop(reason, datagram[1], request)
            server.account.received += len(datagrams)
            server.account.outcomes.update(outcome(one.request.kind, one.reply) for one in decided if one.request is not None)
            server.account.happened([one.event for one in decided if one.event is not None])
        return decided

    def _send(self, sender: BatchSender, decided: list[ProxyTransaction]) -> None:
        account = self.surroundings.server.account
        for one in decided:
            address, port, interface, _ = one.route
            if log.isEnabledFor(logging.DEBUG):
                log.debug("sent from port %d %s", PORT, describe(Packet.decode(one.message)))
            message = one.message, address, port, interface, one.source
            if (tap := self.surroundings.server.tap) is not None:
                tap.sent([message], PORT)
            failures = sender.send([message], on_link=interface == one.link.index)
            with self.surroundings.server.hosts.lock:
                account.unsent(failures)
                account.sent += 1
        self._answered += len(decided)

    def stop(self) -> None:
        """Answer no more, and leave the port."""
        self._ended.set()
        os.eventfd_write(self._wake, 1)
        if self._thread.is_alive():
            self._thread.join(2.0)
        self._socket.close()
        os.close(self._wake)

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def status(self) -> Iterator[str]:
        """How many were answered."""
        yield f"{self._answered} answered"


def _open() -> socket.socket:
    try:
        return open_udp(PORT)
    except OSError as error:
        raise InvalidValue(f"UDP port 4011 cannot be opened: {error.strerror}; another boot server, such as dnsmasq, has to "
                           "leave it, see: ss -ulpn sport = :4011") from error
