"""The clients that have a lease, as messages: what each sends when it comes next, asking as it was heard to ask last."""

from collections.abc import Mapping

from pydhcpd.addresses import BROADCAST, hardware_text
from pydhcpd.delivery import CLIENT_PORT, SERVER_PORT
from pydhcpd.escape import escape
from pydhcpd.leases.interface import GIADDR, Row
from pydhcpd.questions import XID, link_near, options_of
from pydhcpd.serving import Serving
from pydhcpd.wire.packet import DISCOVER, REQUEST, Packet, Request

REQUESTED_ADDRESS, MESSAGE_TYPE, SERVER_IDENTIFIER, RELAY_INFORMATION = 50, 53, 54, 82

Options = Mapping[int, bytes]


class Client:
    """One with a lease, and how it asks. `is_heard`: whether that is known, and not its lease alone."""

    def __init__(self, row: Row, asks: Options | None, serving: Serving) -> None:
        """`asks` is None where that is not known; it is where the present configuration has it. Raises InvalidValue where
        no interface is served."""
        self.row, self.is_heard = row, asks is not None
        self._options = {**options_of(row), **(asks or {})}
        self._giaddr = int.from_bytes(row.relay[:GIADDR], "big")
        self._link = link_near(serving, 0 if self._giaddr else row.address)
        self.can_begin_anew = bool(self._giaddr) or self._link.holds(row.address)
        """Whether it is known where its broadcasts come from: else it is behind a relay agent that is not remembered."""

    def comes_again(self) -> Request:
        """It asks for its address: after a restart, or, where its way is not known, it renews."""
        if self.can_begin_anew:
            return self._message(REQUEST, {REQUESTED_ADDRESS: self.row.address.to_bytes(4, "big")})
        return self._message(REQUEST, {}, self.row.address)

    def begins(self) -> Request:
        """It knows of no address."""
        return self._message(DISCOVER, {})

    def selects(self, offer: Packet) -> Request:
        """It takes what it was offered."""
        return self._message(REQUEST, {REQUESTED_ADDRESS: offer.yiaddr.to_bytes(4, "big"),
                                       SERVER_IDENTIFIER: offer.options.get(SERVER_IDENTIFIER, b"")})

    def _message(self, kind: int, more: Options, ciaddr: int = 0) -> Request:
        options = {MESSAGE_TYPE: bytes((kind,)), **more, **self._options}
        if RELAY_INFORMATION in options:
            options[RELAY_INFORMATION] = options.pop(RELAY_INFORMATION)  # which comes last (RFC 3046 section 2.1)
        packet = Packet(hardware=self.row.hardware, htype=self.row.htype, xid=XID, ciaddr=ciaddr, giaddr=self._giaddr,
                        options=options)
        source, port = (self._giaddr, SERVER_PORT) if self._giaddr else (ciaddr, CLIENT_PORT)
        return Request.receive(packet.encode(), self._link.index, source, port, self._link.server if source else BROADCAST)

    def __str__(self) -> str:
        """What people know it by."""
        row = self.row
        return escape(row.sent_name or row.hostname) or hardware_text(row.hardware) or row.client[1:].hex(":")
