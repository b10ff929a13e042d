"""`PageServer`: the status page by HTTP, as a part of what the child serves: the files of the page, and what the daemon says as
JSON. The routes of the JSON are a table; who may ask, how much of it, and how long, is said in `status_hosts` and below."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import hdrs, web

from pydhcpd.escape import escape
from pydhcpd.services.http.connections import Connections
from pydhcpd.services.http.files import METHODS, name_in
from pydhcpd.services.page.answers import MOST_ROWS, NOT_STORED, SAFE, Failure, answer, failure, fields, rows
from pydhcpd.services.page.happenings import HEARTBEAT, PATIENCE, Follower, Happenings
from pydhcpd.services.page.host_names import HostNames
from pydhcpd.services.page.metrics import exposition
from pydhcpd.services.page.questions import Questions, Refused, Silent
from pydhcpd.services.page.static_files import StaticFiles
from pydhcpd.services.report import Standing

MOST, MOST_OF_ONE = 256, 192  # connections; behind a proxy, all of them come from one address
BAD_REQUEST, NOT_FOUND, NOT_ALLOWED, MISDIRECTED, NOT_IMPLEMENTED, UNAVAILABLE = 400, 404, 405, 421, 501, 503
MOST_WORDS, MOST_PARAMETERS = 8, 16
TELL_EVERY = 2.0  # seconds
NO_LIBRARY = ("there are no metrics, for prometheus_client is not installed; run: pip install 'pydhcpd[web]', with the pip of "
              "the Python that runs pydhcpd; for Debian's own: apt install python3-prometheus-client")

PAGE = (("sort", "address"), ("order", "ascending"), ("limit", "50"), ("after", "-"))
"""The parameters of a page of leases, in the order in which the daemon wants them, and what they are if they are not given."""
MOST_LEASES = 50  # of one client
OF_STREAM = {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}
SIGN_OF_LIFE = b": still here\n\n"

Parameters = Mapping[str, str]
Route = Callable[[Parameters, str], Awaitable[web.Response]]
"""Answers by the parameters and the rest of the path."""

LISTS = {"captures": "capture", "dns/zones": "dns zones", **{name: name for name in (
    "alarms", "boots", "classes", "configuration", "hosts", "metrics", "networks", "pools", "services", "statistics")}}
"""What is shown as the prompt shows it, by the name of the route: the command."""


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
        self._routes: dict[str, Route] = {
            **{name: self._list_of(command) for name, command in LISTS.items()},
            "version": self._version, "leases": self._leases, "leases/count": self._count, "clients": self._clients,
            "dns": self._dns, "events": self._events}
        self._routes_about: dict[str, Route] = {"clients": self._client, "history": self._history, "explain": self._explain,
                                                "who": self._who}

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
            words = f"connections to the page: {connections.open()}, of which follow events: {self._happenings.followers()}"
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
            route, about = self._route(path.removeprefix("api/"))
            return await route(_parameters(request.raw_path), about)
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

    def _route(self, path: str) -> tuple[Route, str]:
        """Who answers, and about whom. Raises Failure."""
        kind, _, about = path.partition("/")
        route = self._routes.get(path) or (self._routes_about.get(kind) if about else None)
        if route is None:
            raise Failure(NOT_FOUND, "there is nothing of this name in the interface; man 7 pydhcpd-status has what there is")
        return route, about

    # --- the interface

    def _list_of(self, command: str) -> Route:
        async def route(parameters: Parameters, about: str) -> web.Response:  # noqa: ARG001 (there are none)
            return answer(rows(await self._questions.lines(*command.split())))
        return route

    async def _version(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        found, = await self._questions.ask("version")
        return answer(fields(**found, host=socket.gethostname()))

    async def _leases(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        given = [parameters.get(name, usual) or usual for name, usual in PAGE]
        *found, cursors = await self._questions.lines("page", *given, *_words(parameters))
        edges = json.loads(cursors)
        return answer(rows(found, bool(edges["next"])), fields(**edges))

    async def _count(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        found, = await self._questions.ask("count", *_words(parameters))
        return answer(fields(**found))

    async def _clients(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        return answer(rows(await self._questions.lines("clients", *_words(parameters))))

    async def _dns(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        return answer(rows(await self._questions.lines("dns", *_words(parameters))))

    async def _client(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        """All that is known of one: each part by itself, for one may be refused."""
        asked = {"leases": ("page", "address", "ascending", str(MOST_LEASES), "-", about), "clients": ("clients", about),
                 "history": ("history", about), "explain": ("explain", about)}
        found = await asyncio.gather(*[self._part(*words) for words in asked.values()])
        parts = dict(zip(asked, found, strict=True))
        for name in ("leases", "clients"):
            parts[name]["rows"] = [row for row in parts[name]["rows"] if _is_of(row, about)]
        return answer(fields(**parts))

    async def _part(self, *words: str) -> dict[str, Any]:
        try:
            found = await self._questions.ask(*words)
        except (Refused, Silent) as error:
            return {"rows": [], "more": False, "error": str(error)}
        return {"rows": found[:MOST_ROWS], "more": len(found) > MOST_ROWS, "error": ""}

    async def _history(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        return answer(rows(await self._questions.lines("history", about)))

    async def _explain(self, parameters: Parameters, about: str) -> web.Response:
        given = [f"{name}={value}" for name, value in parameters.items()]
        return answer(rows(await self._questions.lines("explain", about, *given)))

    async def _who(self, parameters: Parameters, about: str) -> web.Response:
        return answer(rows(await self._questions.lines("who", about, parameters.get("time") or "now")))

    async def _events(self, parameters: Parameters, about: str) -> web.Response:  # noqa: ARG002
        found, following = await self._happenings.newest(parameters.get("limit") or "100", parameters.get("before", ""))
        return answer(rows(found, following is not None), fields(next=following))

    async def _metrics(self, request: web.BaseRequest) -> web.Response:
        try:
            kind, text = await exposition(self._questions.ask, request.headers.get(hdrs.ACCEPT, ""))
        except ImportError:
            raise Failure(NOT_IMPLEMENTED, NO_LIBRARY) from None
        return web.Response(body=text, headers={**SAFE, **NOT_STORED, "Content-Type": kind})

    # --- events as they come

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={**SAFE, **NOT_STORED, **OF_STREAM})
        after = request.headers.get("Last-Event-ID") or _parameters(request.raw_path).get("after", "")
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
        data, said_at = follower.beginning(), loop.time()
        while not self._connections.has_left(request):
            if data or loop.time() - said_at >= HEARTBEAT:
                async with asyncio.timeout(PATIENCE):
                    await response.write(data or SIGN_OF_LIFE)
                said_at = loop.time()
            data = await follower.more()


def _parameters(target: str) -> Parameters:
    """What stands behind the question mark. Raises Failure."""
    try:
        query = target.partition("#")[0].partition("?")[2]
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        raise Failure(BAD_REQUEST, f"these are too many parameters: {MOST_PARAMETERS} are allowed") from None


def _words(parameters: Parameters) -> list[str]:
    """What is looked for. Raises Failure."""
    words = parameters.get("q", "").split()
    if len(words) > MOST_WORDS:
        raise Failure(BAD_REQUEST, f"these are too many words: {MOST_WORDS} are allowed")
    return words


def _is_of(row: Mapping[str, Any], who: str) -> bool:
    """Whether a lease or a client is that of an address, a hardware address or a name."""
    return who.casefold() in {str(row[name]).casefold() for name in ("address", "hardware_address", "name", "sent_name")
                              if name in row}
