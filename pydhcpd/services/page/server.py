"""`PageServer`: the status page by HTTP, as a part of what the child serves: who may ask, how much, and how long.

What is answered are the files of the page, what the `Interface` says, metrics, and events as they come.
"""

import asyncio
import socket
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import hdrs, web

from pydhcpd.escape import escape
from pydhcpd.services.http.connections import Connections
from pydhcpd.services.http.files import METHODS, name_in
from pydhcpd.services.page.answers import BAD_REQUEST, NOT_FOUND, NOT_STORED, SAFE, Failure, failure
from pydhcpd.services.page.happenings import HEARTBEAT, PATIENCE, Follower, Happenings
from pydhcpd.services.page.host_names import HostNames
from pydhcpd.services.page.interface import Interface, parameters_of
from pydhcpd.services.page.metrics import exposition
from pydhcpd.services.page.questions import Questions, Refused, Silent
from pydhcpd.services.page.static_files import StaticFiles
from pydhcpd.services.report import NOBODY, Standing

MOST, MOST_OF_ONE = 256, 192  # connections; behind a proxy, all of them come from one address
NOT_ALLOWED, MISDIRECTED, NOT_IMPLEMENTED, UNAVAILABLE = 405, 421, 501, 503
TELL_EVERY = 2.0  # seconds
NO_LIBRARY = ("there are no metrics, for prometheus_client is not installed; run: pip install 'pydhcpd[web]', with the pip of "
              "the Python that runs pydhcpd; for Debian's own: apt install python3-prometheus-client")

OF_STREAM = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
SIGN_OF_LIFE = b": still here\n\n"


class PageServer:
    """Serves on listening sockets, and asks the daemon on the others."""

    def __init__(self, *sockets: socket.socket, tell: Callable[[Standing], None]) -> None:
        self._tell_standing, self._standing = tell, Standing("", 0, 0)
        self._too_slow = 0  # who did not take what was sent
        self._listening = [one for one in sockets if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)]
        self._questions = Questions(one for one in sockets if one not in self._listening)
        self._happenings = Happenings(self._questions)
        self._files, self._names = StaticFiles(), HostNames()
        self._connections: Connections | None = None
        self._interface = Interface(self._questions, self._happenings)

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Serve by these settings, from the first time on."""
        self._names.configure(settings["hosts"])
        self._happenings.start = settings["start"]
        if self._connections is None:
            self._connections = Connections(self._handle, MOST, MOST_OF_ONE, name="status page", remedy="close some browsers")
            await self._connections.start(*[one.dup() for one in self._listening])
            self._telling = asyncio.create_task(self._tell_how_it_fares(self._connections))

    async def close(self) -> None:
        """End at once."""
        self._happenings.close()
        if self._connections is not None:
            self._telling.cancel()
            await self._connections.close()
        self._questions.close()

    async def _tell_how_it_fares(self, connections: Connections) -> None:
        """From time to time, where it is not as it was."""
        while True:
            await asyncio.sleep(TELL_EVERY)
            number, following = connections.open(), self._happenings.followers()
            words = f"connections to the page: {number}, of which follow events: {following}" if number else NOBODY.words
            waiting = connections.waiting() + self._questions.waiting()
            standing = Standing(words, waiting, connections.turned_away + self._too_slow)
            if standing != self._standing:
                self._standing = standing
                self._tell_standing(standing)

    # --- requests

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._answer(request, name_in(request.raw_path).lstrip("/"))
        except Refused as error:
            return failure(Failure(BAD_REQUEST, str(error)))
        except Silent as error:
            return failure(Failure(UNAVAILABLE, str(error), {"Retry-After": "2"}))
        except Failure as error:
            return failure(error)

    async def _answer(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        if request.method not in METHODS:
            raise Failure(NOT_ALLOWED, "nothing can be changed: there are only GET and HEAD", {"Allow": ", ".join(METHODS)})
        if path == "metrics":
            return await self._metrics(request)
        self._check_host(request)
        if path == "api/events/stream":
            return await self._stream(request)
        if path.startswith("api/"):
            return await self._interface.answer(path.removeprefix("api/"), parameters_of(request.raw_path))
        found = self._files.get(path, request.headers.get(hdrs.IF_NONE_MATCH, ""))
        if found is None:
            raise Failure(NOT_FOUND, "there is no such page")
        return found

    def _check_host(self, request: web.BaseRequest) -> None:
        """Raises Failure where a browser was led here by a name that is not ours."""
        hosts = request.headers.getall(hdrs.HOST, ())
        if len(hosts) > 1 or (not hosts and request.version >= (1, 1)):
            raise Failure(BAD_REQUEST, "one field Host is wanted (RFC 9112 section 3.2)")
        if hosts and not self._names.allow(hosts[0]):
            raise Failure(MISDIRECTED, f"{escape(hosts[0])} is no name of this server; if it is to be one: status_hosts")

    async def _metrics(self, request: web.BaseRequest) -> web.Response:
        try:
            kind, text = await exposition(self._questions.ask, request.headers.get(hdrs.ACCEPT, ""))
        except ImportError:
            raise Failure(NOT_IMPLEMENTED, NO_LIBRARY) from None
        return web.Response(body=text, headers={**SAFE, **NOT_STORED, "Content-Type": kind})

    # --- events as they come

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={**SAFE, **NOT_STORED, **OF_STREAM})
        after = request.headers.get("Last-Event-ID") or parameters_of(request.raw_path).get("after", "")
        follower = await self._happenings.follow(after)
        try:
            await response.prepare(request)
            if request.method == hdrs.METH_GET:
                await self._tell(request, response, follower)
        except (ConnectionError, TimeoutError) as error:
            self._too_slow += isinstance(error, TimeoutError)
            if request.transport is not None:
                request.transport.abort()
        finally:
            follower.close()
        return response

    async def _tell(self, request: web.BaseRequest, response: web.StreamResponse, follower: Follower) -> None:
        """Write what happens, as long as anybody reads it. Raises TimeoutError where nobody does."""
        assert self._connections is not None
        loop = asyncio.get_running_loop()
        data, said_at = follower.beginning, loop.time()
        while not self._connections.has_left(request):
            if data or loop.time() - said_at >= HEARTBEAT:
                async with asyncio.timeout(PATIENCE):
                    await response.write(data or SIGN_OF_LIFE)
                said_at = loop.time()
            data = await follower.more()
