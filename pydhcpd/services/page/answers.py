"""Answers of the status page: their header, which keeps a browser from taking them for anything else, and JSON in them.

What stands in the JSON comes from packets. `<`, `>` and `&` are escaped in it, so that it would be nothing but text to whoever
took it for HTML all the same.
"""

import json
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

SERVER = "pydhcpd"
SAFE = {
    "Server": SERVER,
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                               "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""In the header of every answer."""
NOT_STORED = {"Cache-Control": "no-store"}
MOST_ROWS = 1000
BAD_REQUEST, NOT_FOUND = 400, 404

_ESCAPED = ((b"<", rb"\u003c"), (b">", rb"\u003e"), (b"&", rb"\u0026"))


class Failure(Exception):
    """There is no answer: the status, and why in words."""

    def __init__(self, status: int, words: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(words)
        self.status, self.fields = status, fields or {}


def escaped(document: bytes) -> bytes:
    """A document in JSON without a character that means anything in HTML: they can stand within its strings alone."""
    for character, instead in _ESCAPED:
        document = document.replace(character, instead)
    return document


def encoded(value: object) -> bytes:
    """A value in such JSON."""
    return escaped(json.dumps(value).encode())


def rows(lines: Sequence[bytes], has_more: bool = False) -> bytes:
    """The fields `rows` and `more` of an answer, of the documents that came from the daemon."""
    found = b"[%s]" % escaped(b",\n".join(lines[:MOST_ROWS]))
    return fields(rows=found, more=has_more or len(lines) > MOST_ROWS)


def fields(**values: object) -> bytes:
    """Fields of an answer; bytes are JSON already."""
    return b", ".join(b'"%s": %s' % (name.encode(), value if isinstance(value, bytes) else encoded(value))
                      for name, value in values.items())


def answer(*parts: bytes) -> web.Response:
    """An answer in JSON of some fields, with the time."""
    body = b"{%s}\n" % b", ".join([fields(time=round(time.time(), 3)), *parts])
    return web.Response(body=body, content_type="application/json", charset="utf-8", headers={**SAFE, **NOT_STORED})


def failure(error: Failure) -> web.Response:
    """Why there is no answer."""
    words = str(error) or HTTPStatus(error.status).phrase
    return web.Response(status=error.status, body=b"{%s}\n" % fields(error=words), content_type="application/json",
                        charset="utf-8", headers={**SAFE, **NOT_STORED, **error.fields})
