"""`Strangers`: asks on each link, from time to time, which DHCP servers answer there, where that is wanted
(`look_for_other_servers`).

The question is a DISCOVER of our own (RFC 2131 section 3.1), to everyone. It comes from the hardware address of the interface,
for switches take no other from us, and has a client identifier that no client has. All offers are heard, beside whatever
program has port 68 here, and none is taken: what a stranger set aside for us is free again when its offer has ended. That the
identifier is the same each time makes it one address, of each stranger. Does not know who is known, nor what follows from it.
"""

import logging
import secrets
import socket
from collections.abc import Iterator
from itertools import islice

from pydhcpd.addresses import BROADCAST
from pydhcpd.delivery import CLIENT_PORT, EVERY_STATION, SERVER_PORT
from pydhcpd.drops import Place
from pydhcpd.errors import MalformedPacket
from pydhcpd.link import Link
from pydhcpd.net.answers import begin_to_hear, end_hearing
from pydhcpd.net.filtered import receive_filtered
from pydhcpd.net.frames import udp_frame
from pydhcpd.ports import ANSWERS, PACKET
from pydhcpd.server import DHCPServer
from pydhcpd.services.service import Ports
from pydhcpd.wire.packet import BOOTREPLY, BROADCAST_FLAG, DISCOVER, Packet, Request

log = logging.getLogger(__name__)

AGAIN = 4.0  # seconds after which a question is asked once more, for a datagram may be lost
PATIENCE = 12.0  # seconds for answers: there are servers that probe first, for three seconds
MOST_AT_ONCE = 64  # links, so that the answers have room in the socket until they are read
XID = 4  # where it is in a message
VENDOR_CLASS = b"pydhcpd"
ASKED_FOR = bytes((1, 3, 6, 51, 54))  # mask, router, name servers, lease time, server identifier

Found = tuple[int, Place]
"""The identifier of a server, and where it answers."""


class Strangers:
    """Asks and hears by the ports that were opened for it; for one thread, which calls `look` every few seconds."""

    def __init__(self, server: DHCPServer, ports: Ports) -> None:
        self._server = server
        self._packet, self._answers = ports.get(PACKET), ports.get(ANSWERS)
        self._xid = secrets.randbits(32)
        self._asked: dict[str, float] = {}  # when, by the link's name
        self._once: set[str] = set()  # links on which it was asked once
        self._until: float | None = None  # until when answers are waited for
        self._lacks: dict[str, str] = {}  # why it cannot be asked, by the link's name; empty for everywhere

    def look(self, now: float, interval: int) -> Iterator[Found]:
        """Who has answered since this was called last. Asks where `interval` seconds have passed; never, if they are 0."""
        if interval:
            self._ask(now, interval)
        else:
            self._asked, self._lacks = {}, {}
        if self._until is not None and self._answers is not None:
            yield from self._heard(self._answers)
            if now > self._until:
                end_hearing(self._answers)
                self._until = None

    def status(self) -> Iterator[str]:
        """Where it cannot be asked, and why."""
        yield from self._lacks.values()

    # --- asking

    def _ask(self, now: float, interval: int) -> None:
        self._asked = {name: at for name, at in self._asked.items() if now < at + interval}
        links = self._links()
        self._lacks = {name: words for name, words in self._lacks.items() if not name or name in links}
        if self._packet is None or self._answers is None:
            self._lack("", "packet sockets need the capability CAP_NET_RAW, and a restart")
            return
        due = (link for name, link in links.items() if name not in self._asked or self._is_to_repeat(name, now))
        for link in islice(due, MOST_AT_ONCE):
            self._ask_on(link, now, self._packet, self._answers)

    def _links(self) -> dict[str, Link]:
        """Those whose clients get their addresses from us alone."""
        serving = self._server.serving
        return {link.name: link for link in serving.links.values()
                if link.network is not None and not link.network.is_proxy} if serving is not None else {}

    def _is_to_repeat(self, name: str, now: float) -> bool:
        return name in self._once and now >= self._asked[name] + AGAIN

    def _ask_on(self, link: Link, now: float, packet: socket.socket, answers: socket.socket) -> None:
        is_first = link.name not in self._asked
        seconds = 0 if is_first else int(now - self._asked[link.name])
        self._asked.setdefault(link.name, now)
        (self._once.add if is_first else self._once.discard)(link.name)
        if not link.hardware:
            self._lack(link.name, f"on {link.name}, which is not Ethernet")
            return
        question = self._question(link, seconds)
        self._server.disregard(Request.receive(question, link.index, 0, CLIENT_PORT, BROADCAST))
        try:
            begin_to_hear(answers, CLIENT_PORT, XID, self._xid)
            packet.sendto(udp_frame(question, link.hardware, EVERY_STATION, 0, BROADCAST, CLIENT_PORT, SERVER_PORT),
                          (link.name, 0))
        except OSError as error:
            self._lack(link.name, f"on {link.name}: {error.strerror}")
            return
        self._until = now + PATIENCE
        self._lacks.pop(link.name, None)

    def _question(self, link: Link, seconds: int) -> bytes:
        return Packet(hardware=link.hardware, xid=self._xid, secs=seconds, flags=BROADCAST_FLAG, options={
            53: bytes((DISCOVER,)), 61: b"\0" + VENDOR_CLASS + link.hardware, 60: VENDOR_CLASS, 55: ASKED_FOR}).encode()

    def _lack(self, name: str, why: str) -> None:
        words = f"other DHCP servers cannot be looked for{'' if name else ':'} {why}"
        if self._lacks.get(name) != words:
            log.warning("%s", words)
        self._lacks[name] = words

    # --- hearing

    def _heard(self, answers: socket.socket) -> Iterator[Found]:
        serving = self._server.serving
        for data, interface, source, _, _ in receive_filtered(answers):
            server = self._server_of(data, source)
            if server and serving is not None and interface in serving.links and server not in serving.own:
                yield server, (interface, 0)

    def _server_of(self, data: bytes, source: int) -> int:
        """Who answers: by its identifier, which a server of BOOTP has none of; 0 where it is no answer."""
        try:
            answer = Packet.decode(data, bootp=True)
        except MalformedPacket:
            return 0
        return answer.address(54) or source if answer.op == BOOTREPLY and answer.xid == self._xid else 0
