"""`TFTPServer`: port 69, and the transfers that come of it, in the event loop of the child.

Each transfer has a socket of its own, from the address that was asked (RFC 1122 section 4.1.3.5). More requests than may be
served at a time wait, without a word: clients ask again, and what has waited is served when there is room.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pydhcpd.escape import escape
from pydhcpd.services.report import BEGUN, FAILED, FINISHED, SENDING, TELL_EVERY, Report
from pydhcpd.services.root import MISSING, File, Refused, Root, components
from pydhcpd.services.tftp.messages import (
    ERROR,
    NOT_FOUND,
    UNDEFINED,
    VIOLATION,
    BadRequest,
    Request,
    error,
    operation_of,
    request_from,
)
from pydhcpd.services.tftp.transfer import IP_MTU_DISCOVER, IP_PMTUDISC_DONT, Transfer

IP_PKTINFO = 8  # linux/in.h
TICK = 0.05  # seconds between looks at what is due
MOST_AT_ONCE = 64  # requests that are read before transfers get their turn
MOST_WAITING = 4096  # requests
PATIENCE = 5.0  # seconds for which a request waits: by then its client has asked again, or given up
ROOM = 2048  # octets to receive a request
BY = "tftp"
LOOPBACK = "lo"  # for those who try it out

Address = tuple[str, int]
_pktinfo = struct.Struct("=i4s4s")  # interface, local address, address in the header


class Arrival(NamedTuple):
    """A request, and where it came from and to."""

    request: Request
    client: Address
    local: str
    at: float


class TFTPServer:
    """Serves a root on a socket that was opened for it. `settings` are what `configure` is given, in the form of JSON."""

    def __init__(self, sock: socket.socket, tell: Callable[[Report], None]) -> None:
        self._socket, self._tell = sock, tell
        self._loop = asyncio.get_running_loop()
        self._transfers: dict[Address, Transfer] = {}
        self._of_client = Counter[str]()
        self._waiting: dict[Address, Arrival] = {}
        self._next_port = 0
        self._timer: asyncio.TimerHandle | None = None

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Serve by these settings, from the first time on; transfers that run go on."""
        self._root = Root(Path(settings["root"]))
        self._ports = settings["ports"]
        self._most: int = settings["transfers"]
        self._most_of_client: int = settings["of_client"]
        self._limit = settings["seconds"]
        self._interfaces = [*settings["interfaces"], LOOPBACK] if settings["interfaces"] else []
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        self._loop.add_reader(self._socket, self._readable)

    async def close(self) -> None:
        """End all transfers, and tell their clients."""
        self._loop.remove_reader(self._socket)
        self._waiting.clear()
        for transfer in list(self._transfers.values()):
            transfer.fail("the server stops")
        if self._timer is not None:
            self._timer.cancel()

    # --- requests

    def _readable(self) -> None:
        for _ in range(MOST_AT_ONCE):
            try:
                datagram, ancillary, _, client = self._socket.recvmsg(ROOM, socket.CMSG_SPACE(_pktinfo.size))
            except OSError:  # nothing more, or an error of what was sent
                return
            for _, kind, data in ancillary:
                if kind == IP_PKTINFO:
                    index, local, asked = _pktinfo.unpack(data)
                    if local == asked and self._hears(index, client):  # a broadcast is ignored (RFC 1123 section 4.2.3.5)
                        self._take(datagram, client, socket.inet_ntoa(local))

    def _hears(self, index: int, client: Address) -> bool:
        """Whether requests from this interface are for us."""
        if not self._interfaces:
            return True
        name = ""
        with suppress(OSError):  # it has gone since
            name = socket.if_indextoname(index)
        if name in self._interfaces:
            return True
        self._fail(client, "", f"not heard: it asks by {escape(name)}, and interface has only {', '.join(self._interfaces)}")
        return False

    def _take(self, datagram: bytes, client: Address, local: str) -> None:
        """A datagram to port 69. No error is ever answered."""
        if operation_of(datagram) in (0, ERROR) or client[1] == 0:
            return
        now = self._loop.time()
        try:
            request = request_from(datagram)
        except BadRequest as bad:
            self._refuse(client, local, bad.code, str(bad), "")
            return
        if self._is_repeated(client, request):
            return
        arrival = Arrival(request, client, local, now)
        if self._has_room(client[0]):
            self._begin(arrival)
        else:
            self._wait(arrival)

    def _is_repeated(self, client: Address, request: Request) -> bool:
        """Whether a client asks for what is on its way to it. One that asks anew from the same port has forgotten the rest."""
        running = self._transfers.get(client)
        if running is None:
            return False
        if running.request == request and not running.has_begun:
            return True
        running.give_up("the client began anew")
        return False

    def _has_room(self, address: str) -> bool:
        return len(self._transfers) < self._most and self._of_client.get(address, 0) < self._most_of_client

    def _wait(self, arrival: Arrival) -> None:
        if arrival.client in self._waiting or len(self._waiting) < MOST_WAITING:
            self._waiting[arrival.client] = arrival
            self._wake()
        else:
            self._fail(arrival.client, "", f"not heard: {MOST_WAITING} requests wait for others to end; see maximum_transfers")

    def _begin(self, arrival: Arrival) -> None:
        request, client, local, _ = arrival
        self._waiting.pop(client, None)
        shown = escape("/".join(components(request.name)))
        now = self._loop.time()
        try:
            file = self._root.open(request.name, now)
        except Refused as refused:
            code, words = (NOT_FOUND, "file not found") if refused.kind == MISSING else (VIOLATION, "access violation")
            self._refuse(client, local, code, str(refused), shown, words)
            return
        try:
            transfer = self._transfer(arrival, file, now)
        except BadRequest as bad:
            file.close()
            self._refuse(client, local, bad.code, str(bad), shown)
        except OSError as trouble:
            file.close()
            self._refuse(client, local, UNDEFINED, f"no socket for a transfer: {trouble.strerror}", shown, "busy")
        else:
            self._transfers[client] = transfer
            self._of_client[client[0]] += 1
            self._loop.add_reader(transfer.socket, self._heard, transfer)
            transfer.start(now)
            self._wake()

    def _transfer(self, arrival: Arrival, file: File, now: float) -> Transfer:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            sock.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
            self._bind(sock, arrival.local)
            sock.connect(arrival.client)
            return Transfer(sock, arrival.request, file, self._begun, self._ended, now)
        except BaseException:
            sock.close()
            raise

    def _bind(self, sock: socket.socket, address: str) -> None:
        """To the address that was asked, and the next of the ports that is free."""
        if not self._ports:
            sock.bind((address, 0))
            return
        first, last = self._ports
        count = last - first + 1
        for _ in range(count):
            port = first + self._next_port % count
            self._next_port += 1
            with suppress(OSError):
                sock.bind((address, port))
                return
        raise OSError(0, f"all of tftp_ports, {first} to {last}, are in use")

    def _refuse(self, client: Address, local: str, code: int, trouble: str, file: str, words: str = "") -> None:
        """Answer with an error, from the address that was asked."""
        ancillary = [(socket.IPPROTO_IP, IP_PKTINFO, _pktinfo.pack(0, socket.inet_aton(local), bytes(4)))]
        with suppress(OSError):
            self._socket.sendmsg([error(code, words or trouble)], ancillary, 0, client)
        self._fail(client, file, trouble)

    def _fail(self, client: Address, file: str, trouble: str) -> None:
        self._tell(Report(FAILED, BY, file, client[0], trouble=trouble))

    # --- transfers

    def _heard(self, transfer: Transfer) -> None:
        transfer.readable(self._loop.time())
        if self._timer is not None and transfer.due < self._timer.when():
            self._wake(transfer.due)

    def _begun(self, transfer: Transfer) -> None:
        self._report(transfer, BEGUN)

    def _ended(self, transfer: Transfer) -> None:
        self._loop.remove_reader(transfer.socket)
        client = transfer.client
        del self._transfers[client]
        self._of_client[client[0]] -= 1
        if not self._of_client[client[0]]:
            del self._of_client[client[0]]
        if transfer.is_told:
            self._report(transfer, FAILED if transfer.trouble else FINISHED)

    def _report(self, transfer: Transfer, what: str) -> None:
        self._tell(Report(what, BY, escape(transfer.file.path), transfer.client[0], transfer.size, transfer.sent,
                          round(self._loop.time() - transfer.begun_at, 6), transfer.trouble))

    # --- time

    def _wake(self, at: float | None = None) -> None:
        """Have a look soon, or at this time."""
        if self._timer is None or at is not None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._loop.time() + TICK if at is None else at, self._tick)

    def _tick(self) -> None:
        """Look at all transfers, and at what waits; again as long as there are any."""
        self._timer = None
        now = self._loop.time()
        for transfer in list(self._transfers.values()):
            transfer.look(now, self._limit)
            if transfer.has_begun and now >= transfer.told_at + TELL_EVERY:
                transfer.told_at = now
                self._report(transfer, SENDING)
        for client, arrival in list(self._waiting.items()):
            if now - arrival.at > PATIENCE:
                del self._waiting[client]
                self._fail(client, "", "waited too long for other transfers to end; see maximum_transfers")
            elif self._has_room(client[0]):
                self._begin(arrival)
        if self._transfers or self._waiting:
            self._wake()
