"""A status page on loopback, of a server without a network: the real sessions, and the real part of the child in a thread."""

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pydhcpd.services.page.server import PageServer
from pydhcpd.services.page.sessions import NUMBER, Sessions
from pydhcpd.services.service import Surroundings

PATIENCE = 10.0
START = "5e55"


class Page:
    """The page of a bench."""

    def __init__(self, surroundings: Surroundings) -> None:
        self.told: list[Any] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        self.sessions = Sessions(surroundings, NUMBER)
        self._theirs = [one.dup() for one in self.sessions.theirs]
        self.sessions.start()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self.server: PageServer = self.in_loop(self._made())

    async def _made(self) -> PageServer:
        made = PageServer(self.listener, *self._theirs, tell=self.told.append)
        await made.configure({"hosts": ["dhcp.lab.example"], "start": START})
        return made

    def in_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def stop(self) -> float:
        """End it; returns how long its own end took."""
        began = time.monotonic()
        self.in_loop(self.server.close())
        took = time.monotonic() - began
        self.sessions.close()
        self.in_loop(asyncio.sleep(0.05))
        tasks = [one for one in asyncio.all_tasks(self.loop) if not one.done()]
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()
        for one in self._theirs:
            one.close()
        assert not tasks, f"all that was begun has ended: {tasks}"
        return took

    def connect(self, room: int = 0) -> socket.socket:
        made = socket.socket()
        made.settimeout(PATIENCE)
        if room:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        made.connect(self.address)
        return made

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes, until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return all_of(connection)

    def ask(self, target: str, method: str = "GET", **fields: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        try:
            return answer, answer.read()
        finally:
            connection.close()

    def json(self, target: str, status: int = 200) -> Any:
        """What an answer in JSON says."""
        answer, body = self.ask(target)
        assert answer.status == status, body
        assert answer.getheader("Content-Type") == "application/json; charset=utf-8"
        return json.loads(body)

    def rows(self, target: str) -> list[dict[str, Any]]:
        return self.json(target)["rows"]

    @contextmanager
    def stream(self, target: str = "/api/events/stream", **fields: str) -> "Iterator[Stream]":
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        try:
            connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in fields.items()})
            yield Stream(connection.getresponse())
        finally:
            connection.close()


class Stream:
    """A stream of server-sent events that is read."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.answer = answer

    def block(self) -> dict[str, str]:
        """The next block: its fields by name, a comment by the empty one."""
        found: dict[str, str] = {}
        while (line := self.answer.readline().decode()) not in ("\n", ""):
            name, _, value = line.rstrip("\n").partition(":")
            found[name] = value.strip()
        assert found, "the stream has ended"
        return found


def all_of(connection: socket.socket) -> bytes:
    """What comes until the end, or the reset, of a connection."""
    received = bytearray()
    try:
        while data := connection.recv(1 << 20):
            received += data
    except ConnectionResetError:
        pass
    return bytes(received)


def wait_until(condition: Callable[[], Any], what: str, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)
