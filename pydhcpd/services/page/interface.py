"""`Interface`: what the status page says as JSON: a table of routes, each of which asks the daemon in words of its prompt."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from pydhcpd.services.page.answers import BAD_REQUEST, MOST_ROWS, NOT_FOUND, Failure, answer, fields, rows
from pydhcpd.services.page.happenings import Happenings
from pydhcpd.services.page.questions import Questions, Refused, Silent

MOST_WORDS, MOST_PARAMETERS = 8, 16
PAGE = (("sort", "address"), ("order", "ascending"), ("limit", "50"), ("after", "-"))
"""The parameters of a page of leases, in the order in which the daemon wants them, and what they are if they are not given."""
MOST_LEASES = 50  # of one client

Parameters = Mapping[str, str]
Route = Callable[[Parameters, str], Awaitable[web.Response]]
"""Answers by the parameters and the rest of the path."""

LISTS = {"captures": "capture", "dns/zones": "dns zones", **{name: name for name in (
    "alarms", "boots", "classes", "configuration", "hosts", "metrics", "networks", "pools", "services", "statistics")}}
"""What is shown as the prompt shows it, by the name of the route: the command."""


class Interface:
    """Answers by what it asks of the daemon."""

    def __init__(self, questions: Questions, happenings: Happenings) -> None:
        self._questions, self._happenings = questions, happenings
        self.routes: dict[str, Route] = {
            **{name: self._list_of(command) for name, command in LISTS.items()},
            "version": self._version, "leases": self._leases, "leases/count": self._count, "clients": self._clients,
            "dns": self._dns, "events": self._events}
        self.routes_about: dict[str, Route] = {"clients": self._client, "history": self._history, "explain": self._explain,
                                               "who": self._who}
        """Those that have a name or an address behind them."""

    async def answer(self, path: str, parameters: Parameters) -> web.Response:
        """The answer to a path below `api/`. Raises Failure, Refused and Silent."""
        kind, _, about = path.partition("/")
        route = self.routes.get(path) or (self.routes_about.get(kind) if about else None)
        if route is None:
            raise Failure(NOT_FOUND, "there is nothing of this name in the interface; man 7 pydhcpd-status has what there is")
        return await route(parameters, about)

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


def parameters_of(target: str) -> Parameters:
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
