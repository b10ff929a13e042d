"""A TFTP server on loopback for tests, a client that speaks as it is told, and a relay that loses, doubles and disorders."""

import asyncio
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydhcpd.services.report import Report
from pydhcpd.services.tftp.server import TFTPServer

SETTINGS = {"ports": None, "interfaces": [], "transfers": 1000, "of_client": 1000, "seconds": 600}
READ, WRITE, DATA, ACK, ERROR, OACK = range(1, 7)
PATIENCE = 10.0  # seconds


@dataclass
class Served:
    """A server that runs: its port, and what it has told."""

    port: int
    reports: list[Report] = field(default_factory=list)
    server: TFTPServer | None = None
    loop: asyncio.AbstractEventLoop | None = None

    def configure(self, settings: Mapping[str, object]) -> None:
        """As a reload does."""
        assert self.server is not None and self.loop is not None
        asyncio.run_coroutine_threadsafe(self.server.configure(settings), self.loop).result(PATIENCE)

    def told(self, what: str, count: int = 1) -> list[Report]:
        """Reports of a kind, once there are so many."""
        deadline = time.monotonic() + PATIENCE
        while len(found := [one for one in self.reports if one.what == what]) < count:
            assert time.monotonic() < deadline, self.reports
            time.sleep(0.005)
        return found


@contextmanager
def serving(root: Path, address: str = "127.0.0.1", **settings: object) -> Iterator[Served]:
    """Serve a root on a port that the system picks."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    sock.bind((address, 0))
    served, ready, loop = Served(sock.getsockname()[1]), threading.Event(), asyncio.new_event_loop()

    async def begin() -> TFTPServer:
        made = TFTPServer(sock, served.reports.append)
        await made.configure({"root": str(root), **SETTINGS, **settings})
        return made

    def run() -> None:
        asyncio.set_event_loop(loop)
        served.server, served.loop = loop.run_until_complete(begin()), loop
        ready.set()
        loop.run_forever()
        loop.run_until_complete(served.server.close())

    thread = threading.Thread(target=run)
    thread.start()
    assert ready.wait(PATIENCE)
    try:
        yield served
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
        sock.close()


def request(name: str | bytes, mode: str = "octet", operation: int = READ, **options: object) -> bytes:
    """A request, as it is sent."""
    words = [name.encode() if isinstance(name, str) else name, mode.encode()]
    for option, value in options.items():
        words += [option.encode(), str(value).encode()]
    return struct.pack(">H", operation) + b"".join(word + b"\0" for word in words)


class Refusal(Exception):
    """An ERROR of the server's: code and words."""

    @property
    def code(self) -> int:
        """The code."""
        return int(self.args[0])


class Client:
    """One transfer, as a client. `peer` is where the server sends from, once it has; `accepted` its options."""

    def __init__(self, port: int, address: str = "127.0.0.1", patience: float = 0.3) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.settimeout(patience)
        self.server, self.peer = (address, port), None
        self.accepted: dict[str, str] = {}
        self.datagrams = 0

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self, *args: object, **options: object) -> None:
        """Send a request."""
        self.socket.sendto(request(*args, **options), self.server)

    def receive(self) -> tuple[int, int, bytes]:
        """Operation, block or code, and the rest. Raises Refusal and TimeoutError."""
        datagram, peer = self.socket.recvfrom(70000)
        self.peer = self.peer or peer
        assert peer == self.peer, (peer, self.peer)
        self.datagrams += 1
        operation, number = struct.unpack_from(">HH", datagram)
        if operation == ERROR:
            raise Refusal(number, datagram[4:].rstrip(b"\0").decode())
        if operation == OACK:
            words = datagram[2:].decode().split("\0")[:-1]
            self.accepted = dict(zip(words[::2], words[1::2], strict=True))
            return operation, 0, datagram[2:]
        return operation, number, datagram[4:]

    def acknowledge(self, block: int) -> None:
        """Send an ACK."""
        self.socket.sendto(struct.pack(">HH", ACK, block & 0xFFFF), self.peer)

    def fetch(self, name: str, mode: str = "octet", **options: object) -> bytes:
        """The whole file, by the rules of RFC 1350 and 7440; what does not come in time is asked for again."""
        deadline = time.monotonic() + 60
        self.ask(name, mode, **options)
        size, window, got, last, since = 512, 1, bytearray(), 0, 0
        while time.monotonic() < deadline:
            try:
                operation, number, data = self.receive()
            except TimeoutError:
                if self.peer is None:
                    self.ask(name, mode, **options)
                else:
                    self.acknowledge(last)
                since = 0
                continue
            if operation == OACK:
                size = int(self.accepted.get("blksize", 512))
                window = int(self.accepted.get("windowsize", 1))
                if not last:
                    self.acknowledge(0)
            elif number == (last + 1) & 0xFFFF:
                last, since = last + 1, since + 1
                got += data
                if len(data) < size or since >= window:
                    self.acknowledge(last)
                    since = 0
                if len(data) < size:
                    return bytes(got)
            elif since or window == 1:  # a gap, or a block that came again: say once what is there
                self.acknowledge(last)
                since = 0
        raise AssertionError(f"{name} was not loaded in time: {len(got)} bytes")


class Relay:
    """Passes on what a client and a server send each other, with misfortunes: shares of 1 that are lost, come twice, or come
    after the next."""

    def __init__(self, server_port: int, seed: int, lost: float = 0.0, doubled: float = 0.0, late: float = 0.0) -> None:
        self._random = random.Random(seed)
        self._shares = (lost, doubled, late)
        self._server: tuple[str, int] = ("127.0.0.1", server_port)
        self._client: tuple[str, int] | None = None
        self._front, self._inner, self._outer = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
        for one in (self._front, self._inner, self._outer):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
            one.bind(("127.0.0.1", 0))
            one.settimeout(0.1)
        self.port = self._front.getsockname()[1]
        self.misfortunes = 0
        self._held: dict[bool, bytes] = {}
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(one,)) for one in (self._front, self._inner, self._outer)]

    def __enter__(self) -> "Relay":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()
        for one in (self._front, self._inner, self._outer):
            one.close()

    def _run(self, sock: socket.socket) -> None:
        """`front` and `outer` hear the client, `inner` the server."""
        while not self._ended.is_set():
            try:
                datagram, peer = sock.recvfrom(70000)
            except OSError:
                continue
            if sock is self._inner:
                self._server = peer
                self._meet(datagram, to_client=True)
            else:
                self._client = peer
                self._meet(datagram, to_client=False)

    def _meet(self, datagram: bytes, to_client: bool) -> None:
        lost, doubled, late = self._shares
        fate = self._random.random()
        held = self._held.pop(to_client, None)
        if fate < lost:
            self.misfortunes += 1
        elif fate < lost + late and held is None:
            self.misfortunes += 1
            self._held[to_client] = datagram
        else:
            self._pass(datagram, to_client)
            if fate < lost + late + doubled:
                self.misfortunes += 1
                self._pass(datagram, to_client)
        if held is not None:
            self._pass(held, to_client)

    def _pass(self, datagram: bytes, to_client: bool) -> None:
        if not to_client:
            self._inner.sendto(datagram, self._server)
        elif self._client is not None:
            self._outer.sendto(datagram, self._client)
