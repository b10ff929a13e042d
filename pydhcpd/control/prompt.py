"""Accept sessions of the prompt, in bounded number.

`ThreadedTCPServer`: over TCP, for people with telnet or nc. `ControlSocketServer`: over a UNIX socket, whose permissions say
who may do everything.
"""

import errno
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any, Self

from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.control.output import HostRow
from pydhcpd.control.places import Places
from pydhcpd.control.session import LOG
from pydhcpd.control.sources import Sources
from pydhcpd.recurring import Complaints

PAUSE_EXHAUSTED = 0.2  # seconds; the connection that waits keeps the listening socket readable, so accept would spin

_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class PromptServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Accepts sessions and gives each a thread, up to `maximum_connections`."""

    is_trusted = False
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(
        self,
        address: Any,
        handler: type[ThreadedTCPRequestHandler] = ThreadedTCPRequestHandler,
        *,
        maximum_connections: int = 32,
        idle_timeout: float = 300.0,
        send_timeout: float = 10.0,
        clock: Callable[[], float] = time.time,
        bind_and_activate: bool = True,
    ) -> None:
        self.maximum_connections = maximum_connections
        self.idle_timeout = idle_timeout
        self.send_timeout = send_timeout
        self.clock = clock
        self.sources = Sources()
        self.user_of: Callable[[socket.socket], int | None] = lambda connection: None  # noqa: ARG005  # nobody is known
        self._places: Places[socket.socket] = Places(maximum_connections)
        self._numbers = count(1)
        self._started = False
        self._complaints = Complaints(LOG)
        super().__init__(address, handler, bind_and_activate)

    @classmethod
    def on(cls, listener: socket.socket) -> Self:
        """One that accepts from a duplicate of a listening socket, which stays open when this is closed."""
        made = cls(listener.getsockname(), bind_and_activate=False)
        made.socket.close()
        made.socket = listener.dup()
        return made

    def serve_in_thread(self, poll_interval: float = 0.5) -> threading.Thread:
        """Serve in a thread of its own until `shutdown`."""
        self._started = True  # before the thread runs, so that a shutdown right after this call waits for it
        thread = threading.Thread(target=self.serve_forever, args=(poll_interval,), name="prompt", daemon=True)
        thread.start()
        return thread

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Accept sessions until `shutdown`."""
        self._started = True
        super().serve_forever(poll_interval)

    def shutdown(self) -> None:
        """Stop accepting. Where serving never began it returns at once; the standard library would wait for ever."""
        if self._started:
            super().shutdown()

    def server_close(self) -> None:
        """Close the listening socket, and end the sessions."""
        super().server_close()
        for session in self._places:
            with suppress(OSError):
                session.shutdown(socket.SHUT_RDWR)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; where descriptors or memory are short, wait a little before the next attempt."""
        try:
            return super().get_request()
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._complaints.tell("accept", f"cannot accept a connection: {error}")
                time.sleep(PAUSE_EXHAUSTED)
            raise

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Whether there is room for one session more; if not, the peer is told, provided that this does not block."""
        user = self.user_of(request)
        has_place, leaving = self._places.take(request, client_address[0] if user is None else user, time.monotonic())
        if leaving is not None:
            self._complaints.tell("gave way",
                                  f"a session gave way to one of {client_address}: {self.maximum_connections} were open")
            _end(leaving, b"\r\nidle, and others wait, bye\r\n")
        if has_place:
            return True
        self._complaints.tell("refused", f"refused {client_address}: {self.maximum_connections} sessions are open")
        with suppress(OSError):
            request.send(b"too many connections\r\n", socket.MSG_DONTWAIT)
        return False

    def heard(self, session: socket.socket) -> None:
        """A session has said something, so that it is not idle."""
        self._places.hear(session, time.monotonic())

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a session its thread."""
        name = f"prompt-{next(self._numbers)}"
        work, args = self.process_request_thread, (request, client_address)
        threading.Thread(target=work, args=args, name=name, daemon=self.daemon_threads).start()

    def shutdown_request(self, request: Any) -> None:
        """Close a connection and free its place, however the session came to its end."""
        # It leaves before its descriptor is closed, lest server_close meet that number in other use.
        self._places.leave(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (named by the base class)
        """One line for a session that could not start, or broke; never a traceback, which a flood could multiply."""
        self._complaints.tell("failed", f"the session of {client_address} failed: {sys.exception()!r}")


class ThreadedTCPServer(PromptServer):
    """Sessions over TCP.

    setHosts, setEvents and setConfiguration take callables that return iterables; they are called in the thread of a
    session, once for each command, and may take as long as they like. Events come oldest first.
    """

    allow_reuse_address = True

    def setHosts(self, hosts: Callable[[], Iterable[HostRow]]) -> None:  # the names that users of the older server know
        """`hosts()` returns an iterable of HostRow."""
        self.sources.hosts = hosts  # type: ignore[method-assign]

    def setEvents(self, events: Callable[[], Iterable[tuple[float, str]]]) -> None:
        """`events()` returns an iterable of (seconds of the epoch, text), oldest first."""
        self.sources.events = events  # type: ignore[method-assign]

    def setConfiguration(self, configuration: Callable[[], Iterable[tuple[str, str]]]) -> None:
        """`configuration()` returns an iterable of (name, text of the value)."""
        self.sources.configuration = configuration  # type: ignore[method-assign]


class ControlSocketServer(PromptServer):
    """Sessions over a UNIX socket, on which everything is allowed."""

    address_family = socket.AF_UNIX
    is_trusted = True

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection. Its other end has no address, so it is called what it came by."""
        connection, _ = super().get_request()
        return connection, ("the control socket", 0)


def _end(session: socket.socket, farewell: bytes) -> None:
    """End a session from outside, if it has not just ended; its thread notices."""
    with suppress(OSError):
        session.send(farewell, socket.MSG_DONTWAIT)
    with suppress(OSError):
        session.shutdown(socket.SHUT_RDWR)
