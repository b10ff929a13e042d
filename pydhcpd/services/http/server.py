"""`HTTPServer`: the files of a root by HTTP, as a part of what the child serves."""

import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydhcpd.services.http.connections import Connections
from pydhcpd.services.http.files import Files
from pydhcpd.services.report import Report
from pydhcpd.services.root import Root


class HTTPServer:
    """Serves a root on a listening socket. `settings` are what `configure` is given, in the form of JSON."""

    def __init__(self, sock: socket.socket, tell: Callable[[Report], None]) -> None:
        self._socket, self._tell = sock, tell
        self._connections: Connections | None = None

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Serve by these settings, from the first time on; what is under way goes on."""
        root, limit = Root(Path(settings["root"])), settings["seconds"]
        most, of_client = settings["transfers"], settings["of_client"]
        if self._connections is None:
            self._files = Files(root, limit, self._tell)
            self._connections = Connections(self._files.handle, most, of_client)
            await self._connections.start(self._socket.dup())
        else:
            self._files.root, self._files.limit = root, limit
            self._connections.most, self._connections.most_of_one = most, of_client

    async def close(self) -> None:
        """End what is under way, at once."""
        if self._connections is not None:
            await self._connections.close()
