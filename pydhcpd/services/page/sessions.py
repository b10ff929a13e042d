"""`Sessions`: the daemon's side of the status page. A thread for each of a few socket pairs, on which views are asked for."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from pydhcpd.control.pages import PageSession
from pydhcpd.services.service import Surroundings
from pydhcpd.services.views import Views

NUMBER = 3  # questions that are answered at a time
SEND_TIMEOUT = 3600.0  # seconds; who does not read is the child, which ends with us
NOBODY = ("the status page", 0)


class Sessions:
    """So many; `theirs` are the ends for those who ask."""

    is_trusted = True  # of what a session lets through, nothing is kept back
    idle_timeout = float("inf")
    send_timeout = SEND_TIMEOUT

    def __init__(self, surroundings: Surroundings, number: int) -> None:
        self.sources = Views(surroundings)
        self.clock = surroundings.server.hosts.time.wall
        pairs = [socket.socketpair() for _ in range(number)]
        self._ours = [ours for ours, _ in pairs]
        self.theirs: Sequence[socket.socket] = [theirs for _, theirs in pairs]

    def start(self) -> None:
        """Answer, until `close`; their ends are somebody else's by now."""
        for one in self.theirs:
            one.close()
        for number, one in enumerate(self._ours, 1):
            threading.Thread(target=self._answer, args=(one,), name=f"page-{number}", daemon=True).start()

    def _answer(self, one: socket.socket) -> None:
        with one:
            PageSession(one, NOBODY, self)  # type: ignore[arg-type]  # for socketserver it would have to be a server

    def close(self) -> None:
        """End the sessions."""
        for one in self._ours:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for one in self.theirs:
            one.close()

    def heard(self, session: socket.socket) -> None:
        """None is ever idle for too long."""

    def user_of(self, session: socket.socket) -> int | None:  # noqa: ARG002
        """Nothing is done here that anybody would be named for."""
        return None
