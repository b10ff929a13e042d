"""`StaticFiles`: what the browser gets besides the JSON: the files of a directory, read once."""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from pydhcpd.services.page.answers import SAFE

DIRECTORY = Path(__file__).parent / "static"
INDEX = "index.html"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon"}


class _File(NamedTuple):
    kind: str
    content: bytes
    tag: str


class StaticFiles:
    """By name."""

    def __init__(self, directory: Path = DIRECTORY) -> None:
        self._files = {path.name: _read(path) for path in directory.iterdir() if path.suffix in TYPES}

    def get(self, name: str, known: str) -> web.Response | None:
        """The answer with a file, that of no name the index; without its content to who has it already, by the tags that are
        known. None where there is no such file."""
        file = self._files.get(name or INDEX)
        if file is None:
            return None
        header = {**SAFE, "Content-Type": file.kind, "ETag": file.tag, "Cache-Control": "no-cache"}
        if file.tag in known:
            return web.Response(status=304, headers=header)
        return web.Response(body=file.content, headers=header)


def _read(path: Path) -> _File:
    content = path.read_bytes()
    return _File(TYPES[path.suffix], content, f'"{sha256(content).hexdigest()[:16]}"')
