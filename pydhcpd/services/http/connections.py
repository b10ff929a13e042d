"""`Connections`: serves HTTP on a listening socket by a handler, whatever that shows, and keeps strangers within bounds.

How many connections there may be, in all and from one address; how long each may ask for nothing; how much it may send. One on
which nothing is asked gives way to one that waits for a place, with its request unread. aiohttp reads requests and writes
answers; what is in them is the handler's.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus

from aiohttp import web

from pydhcpd.recurring import Complaints, Recurring

log = logging.getLogger(__name__)

IDLE = 15.0  # seconds in which a whole request has to come
GRACE = 1.0  # seconds in which it has to come where others wait
PATIENCE = 60.0  # seconds for which a connection waits for a place
MOST_WAITING, MOST_WAITING_OF_ONE = 256, 128  # connections that wait for one, in all and from one address
LOOK = 1.0  # seconds between looks for what is idle, or has waited for too long
HALF_CLOSED = 0.1  # seconds for a request that came just before the end of what a client sends
LONGEST_FIELD, MOST_FIELDS = 4096, 64  # octets of the first line, or of a field of the header; fields in it
MOST_AHEAD = 65536  # octets that may come while an answer is under way
MOST_UNSENT = 1 << 18  # octets that the system takes beyond what is under way: else it takes megabytes for who reads nothing
GONE = 60_000  # milliseconds in which what was sent has to be acknowledged: else the system keeps who is off for 15 minutes
LINGERING = 1.0  # seconds in which the rest of a request that nobody wants may come
BACKLOG = 512  # connections that nobody has accepted yet: a room full of machines that are switched on at once

FULL = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

NO_REQUEST = {"Server": "pydhcpd", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'"}
"""In the header of the answer to what is none."""

_quiet = logging.getLogger(f"{__name__}.aiohttp")
_quiet.disabled = True  # aiohttp's lines are as many as strangers like; `_handle` and `lost` tell what there is to tell

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Connections:
    """Serves from `start` to `close`, in one event loop. The bounds may be changed at any time."""

    def __init__(self, handler: Handler, most: int, most_of_one: int, idle: float = IDLE, *, name: str = "HTTP",
                 remedy: str = "see maximum_transfers") -> None:
        self._handler, self._name, self._remedy = handler, name, remedy
        self.most, self.most_of_one, self._idle = most, most_of_one, idle
        self._open: dict[asyncio.BaseTransport, _Connection] = {}
        self._of = Counter[str]()  # open connections by address
        self._waiting: dict[_Connection, None] = {}
        self.turned_away = 0  # in all
        self._complaints = Complaints(log)
        self._faults = Recurring(log, "an answer could not be made")

    async def start(self, *listeners: socket.socket) -> None:
        """Accept connections on sockets, which are ours from now on."""
        self._http = web.Server(self._handle)
        self._listening = [await self._listen(one) for one in listeners]
        self._looking = asyncio.create_task(self._look())

    async def _listen(self, listener: socket.socket) -> asyncio.Server:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, MOST_UNSENT)  # each connection inherits these two
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE)
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Connection(self), sock=listener, backlog=BACKLOG)

    async def close(self) -> None:
        """Accept no more, and end all connections."""
        self._looking.cancel()
        for one in self._listening:
            one.close()
        for connection in [*self._open.values(), *self._waiting]:
            connection.transport.abort()
        with suppress(asyncio.CancelledError):
            await self._looking
        await self._http.shutdown(LINGERING)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = self._open.get(request.transport) if request.transport else None
        if connection is None:
            raise ConnectionResetError
        connection.begin()
        try:
            return await self._handler(request)
        except web.HTTPException:
            raise
        except Exception as error:
            self._faults.tell(error)
            return web.Response(status=500)
        finally:
            connection.end()
            self._let_in()

    async def _look(self) -> None:
        """End, from time to time, connections on which nothing is asked, and those that have waited for too long."""
        while True:
            await asyncio.sleep(LOOK)
            now = asyncio.get_running_loop().time()
            for connection in [one for one in self._open.values() if not one.is_busy and now - one.since >= self._idle]:
                connection.transport.abort()
            for connection in [one for one in self._waiting if now - one.since >= PATIENCE]:
                self._turn_away(connection, f"waited {PATIENCE:.0f} s in vain for others to end")
            while self._let_in():
                pass

    def open(self) -> int:
        """How many there are."""
        return len(self._open)

    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    def has_left(self, request: web.BaseRequest) -> bool:
        """Whether a client has said that it sends no more, or is not there any more."""
        connection = self._open.get(request.transport) if request.transport else None
        return connection is None or connection.is_half_closed

    # --- places

    def enter(self, connection: "_Connection") -> None:
        """A new one: it is open, waits, or is turned away."""
        waiting = sum(one.address == connection.address for one in self._waiting)
        if not waiting and self._has_room(connection.address):
            self._admit(connection)
        elif len(self._waiting) < MOST_WAITING and waiting < MOST_WAITING_OF_ONE:
            self._waiting[connection] = None
            connection.wait()
        else:
            self._turn_away(connection, f"is one too many: {len(self._open)} are in use, {self._of[connection.address]} of "
                                        f"them by that address, and {len(self._waiting)} wait; {self._remedy}")

    def _has_room(self, address: str) -> bool:
        """Whether there is a place for one more of this address; one that is idle gives way."""
        if self._of[address] >= self.most_of_one:
            return self._one_gives_way(address)
        return len(self._open) < self.most or self._one_gives_way()

    def _one_gives_way(self, address: str | None = None) -> bool:
        latest = asyncio.get_running_loop().time() - GRACE
        idle = [one for one in self._open.values()
                if not one.is_busy and one.since <= latest and address in (None, one.address)]
        if idle:
            victim = min(idle, key=lambda one: one.since)
            self._forget(victim)
            victim.transport.abort()
        return bool(idle)

    def _admit(self, connection: "_Connection") -> None:
        self._open[connection.transport] = connection
        self._of[connection.address] += 1
        connection.open(_Requests(self._http, loop=asyncio.get_running_loop(), access_log=None, logger=_quiet,  # type: ignore[arg-type]
                                  lingering_time=LINGERING, keepalive_timeout=self._idle, max_line_size=LONGEST_FIELD,
                                  max_field_size=LONGEST_FIELD, max_headers=MOST_FIELDS))

    def _let_in(self) -> bool:
        """Give a place that may have become free to the first who waits and may have it."""
        for connection in self._waiting:
            if self._has_room(connection.address):
                del self._waiting[connection]
                self._admit(connection)
                return True
        return False

    def _turn_away(self, connection: "_Connection", why: str) -> None:
        self.turned_away += 1
        self._waiting.pop(connection, None)
        self._complaints.tell("turned away", f"{self._name}: a connection of {connection.address} {why}")
        connection.transport.write(FULL)
        connection.transport.close()

    def lost(self, connection: "_Connection") -> None:
        """It has ended."""
        self._waiting.pop(connection, None)
        self._forget(connection)
        if connection.is_heard and not connection.has_asked:
            self._complaints.tell("mute", f"{self._name}: {connection.address} sent what is no request, or only a part of one")
        self._let_in()

    def _forget(self, connection: "_Connection") -> None:
        if self._open.pop(connection.transport, None) is not None:
            self._of[connection.address] -= 1
            if not self._of[connection.address]:
                del self._of[connection.address]


class _Requests(web.RequestHandler):
    """Reads requests. Who sends what is none gets a number: not what it was, nor by what it was read."""

    __slots__ = ()

    def handle_error(self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None,  # noqa: ARG002
                     message: str | None = None) -> web.StreamResponse:  # noqa: ARG002
        """The answer, after which the connection ends."""
        if request.writer.output_size:
            raise ConnectionError
        response = web.Response(status=status, text=f"{status} {HTTPStatus(status).phrase}\n", headers=NO_REQUEST)
        response.force_close()
        return response


class _Connection(asyncio.Protocol):
    """Stands between one connection and what reads its requests, and knows whether an answer is under way."""

    transport: asyncio.Transport
    address: str
    since: float
    """When it began to wait for what it waits for: a place, or a request."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._inner: asyncio.Protocol | None = None
        self._ahead = 0
        self.is_busy = self.is_heard = self.has_asked = self.is_half_closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accepted."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.address = str((transport.get_extra_info("peername") or ("somebody",))[0])
        self._rest()
        self._connections.enter(self)

    def _rest(self) -> None:
        self.since = asyncio.get_running_loop().time()

    def wait(self) -> None:
        """Leave requests unread, as soon as reading has begun: that follows upon `connection_made`."""
        asyncio.get_running_loop().call_soon(self._pause)

    def _pause(self) -> None:
        if self._inner is None:
            self.transport.pause_reading()

    def open(self, inner: asyncio.Protocol) -> None:
        """It has a place: requests are read by `inner`."""
        self._rest()
        self._inner = inner
        inner.connection_made(self.transport)
        if not self.transport.is_reading():
            self.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        if self._inner is not None:
            self._inner.connection_lost(exc)
        self._connections.lost(self)

    def data_received(self, data: bytes) -> None:
        """More of a request, or the next one."""
        self._ahead += len(data)
        if self.is_busy and self._ahead > MOST_AHEAD:
            self.transport.abort()
        elif self._inner is not None:
            self.is_heard = True
            self._inner.data_received(data)

    def eof_received(self) -> bool:
        """A client that sends no more may still read: its last request is answered."""
        self.is_half_closed = True
        if self.is_busy or self._ahead:
            self._close_later()
            return True
        return False

    def _close_later(self) -> None:
        asyncio.get_running_loop().call_later(HALF_CLOSED, self._close)

    def _close(self) -> None:
        if self.is_busy and not self.transport.is_closing():
            self._close_later()
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """The client reads more slowly than is written."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It has caught up."""
        if self._inner is not None:
            self._inner.resume_writing()

    def begin(self) -> None:
        """A request is there, and is answered."""
        self.is_busy = self.has_asked = True
        self._ahead = 0

    def end(self) -> None:
        """The answer is there."""
        self.is_busy = False
        self._rest()
