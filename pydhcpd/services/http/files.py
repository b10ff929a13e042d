"""`Files`: the handler that gives the files of a root to whoever asks, by GET and HEAD.

Why somebody does not get a file is for the administrator; the client gets the number of it. What becomes of each is reported.
"""

import time
from collections.abc import Callable
from contextlib import closing
from http import HTTPStatus
from io import FileIO
from urllib.parse import unquote

from aiohttp import hdrs, web

from pydhcpd.escape import escape
from pydhcpd.services.http.account import Account
from pydhcpd.services.http.media_types import media_type
from pydhcpd.services.http.selection import NOT_MODIFIED, NOT_SATISFIABLE, OK, PARTIAL, Selection, Version, select
from pydhcpd.services.http.sending import Sending, Stopped
from pydhcpd.services.report import Report
from pydhcpd.services.root import MISSING, File, Refused, Root, components

METHODS = ("GET", "HEAD")
SERVER = "pydhcpd"
NOT_FOUND, FORBIDDEN, BAD_REQUEST, NOT_ALLOWED = 404, 403, 400, 405


class Files:
    """Gives the files of `root`, each within `limit` seconds; both may be changed at any time."""

    def __init__(self, root: Root, limit: float, tell: Callable[[Report], None]) -> None:
        self.root, self.limit = root, limit
        self.account = Account(tell)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        client, name = request.remote or "", name_in(request.raw_path)
        shown = escape("/".join(components(name)))
        if request.method not in METHODS:
            self.account.refused(client, shown, f"wanted to {escape(request.method, 20)} {shown}; there are only GET and HEAD")
            return _error(NOT_ALLOWED, {hdrs.ALLOW: ", ".join(METHODS)})
        if request.version >= (1, 1) and len(request.headers.getall(hdrs.HOST, ())) != 1:
            self.account.refused(client, shown, f"asked for {shown} without one field Host (RFC 9112 section 3.2)")
            return _error(BAD_REQUEST)
        try:
            file = self.root.open(name, time.monotonic())
        except Refused as error:
            self.account.refused(client, shown, str(error))
            return _error(NOT_FOUND if error.kind == MISSING else FORBIDDEN)
        with file:
            return await self._answer(request, client, file)

    async def _answer(self, request: web.BaseRequest, client: str, file: File) -> web.StreamResponse:
        version = Version.of(file.status, time.time())
        chosen = select(request.method, lambda name: request.headers.getall(name, ()), version)
        response = web.StreamResponse(status=chosen.status, headers=_fields(file.path, chosen, version))
        response.content_length = version.size if chosen.status == NOT_MODIFIED else chosen.length
        await response.prepare(request)
        if request.method == "GET" and chosen.status in (OK, PARTIAL):
            await self._send(request, client, file, chosen)
        return response

    async def _send(self, request: web.BaseRequest, client: str, file: File, chosen: Selection) -> None:
        """Send the content of an answer; where that fails the connection is cut, so that the client takes it for no whole."""
        connection = request.transport
        if connection is None or connection.is_closing():
            return
        trouble = ""
        with (FileIO(file.descriptor, closefd=False) as opened,
              closing(Sending(connection, opened, chosen.first, chosen.length, self.limit)) as sending):
            item = self.account.begin(client, escape(file.path), file.status.st_size, chosen.status == PARTIAL)
            try:
                await sending.run(lambda sent: self.account.going(item, sent))
            except Stopped as error:
                trouble = str(error)
                connection.abort()
            finally:
                self.account.end(item, sending.received(), trouble)


def name_in(target: str) -> str:
    """The name of a file in the target of a request: its path, with or without a server before it; what is asked for besides
    does not matter."""
    path = target.partition("#")[0].partition("?")[0]
    scheme, separator, rest = path.partition("://")
    if separator and not scheme.startswith("/"):
        path = f"/{rest.partition('/')[2]}"
    return unquote(path, errors="surrogateescape")


def _fields(path: str, chosen: Selection, version: Version) -> dict[str, str]:
    """The fields of an answer's header, but for those that follow from the connection."""
    fields: dict[str, str] = {hdrs.SERVER: SERVER, hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: version.tag,
                              hdrs.LAST_MODIFIED: version.date}
    if chosen.status in (OK, PARTIAL):
        fields[hdrs.CONTENT_TYPE] = media_type(path)
    if chosen.status == PARTIAL:
        fields[hdrs.CONTENT_RANGE] = f"bytes {chosen.first}-{chosen.first + chosen.length - 1}/{version.size}"
    if chosen.status == NOT_SATISFIABLE:
        fields[hdrs.CONTENT_RANGE] = f"bytes */{version.size}"
    return fields


def _error(status: int, more: dict[str, str] | None = None) -> web.Response:
    text = f"{status} {HTTPStatus(status).phrase}\n"
    return web.Response(status=status, text=text, headers={hdrs.SERVER: SERVER, **(more or {})})
