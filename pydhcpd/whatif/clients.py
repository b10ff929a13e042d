"""The clients that have a lease, as messages: what each sends when it comes next, asking as it was heard to ask last."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

from pydhcpd.addresses import BROADCAST, address_from, hardware_text
from pydhcpd.control.ask import Connection
from pydhcpd.control.dispatch import ASK, FAILED, SUCCEEDED
from pydhcpd.delivery import CLIENT_PORT, SERVER_PORT
from pydhcpd.errors import InvalidValue
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


def heard_by(control_socket: Path) -> dict[int, Options]:
    """How the clients of the running server ask, by address. Raises InvalidValue where it does not tell."""
    kinds: dict[str, Options] = {}
    found: dict[int, Options] = {}
    for line in _answer(control_socket, "clients json"):
        document = json.loads(line)
        if "error" in document:
            raise InvalidValue(str(document["error"]))
        if document["is_heard"]:
            asks = document["asks"]
            kind = kinds.setdefault(json.dumps(asks), {int(code): bytes.fromhex(value) for code, value in asks.items()})
            found[address_from(document["address"])] = kind
    return found


def _answer(control_socket: Path, command: str) -> Iterator[bytes]:
    """The lines of an answer, as they come. Raises InvalidValue where it ends too soon."""
    held = b""
    with closing(Connection(control_socket)) as connection:
        connection.say(f"{ASK} {command}")
        for data in connection.rest():
            *lines, held = (held + data).split(b"\n")
            yield from (line for line in lines if line.strip() and line + b"\n" not in (SUCCEEDED, FAILED))
            if any(line + b"\n" in (SUCCEEDED, FAILED) for line in lines):
                return
    raise InvalidValue("the server has ended the session")


__all__ = ["Client", "Options", "heard_by"]
