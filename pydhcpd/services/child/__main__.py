"""The child: serves what its daemon tells it to, in one event loop, until the daemon ends. Nothing of the daemon's is in it."""

import asyncio
import ctypes
import gc
import json
import logging
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any, Protocol

from pydhcpd.services.child.governor import governed_by
from pydhcpd.services.child.messages import LONGEST_DOCUMENT, Link
from pydhcpd.services.rank import give_way
from pydhcpd.services.report import Report, Standing

log = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1  # linux/prctl.h
DESCRIPTORS = 8192  # open files: two for each transfer, three by HTTP
COLLECT_AFTER = 10_000  # new objects

PARTS = {
    "tftp": "pydhcpd.services.tftp.server:TFTPServer",
    "http": "pydhcpd.services.http.server:HTTPServer",
    "page": "pydhcpd.services.page.server:PageServer",
}
"""What serves each part of a document, by its name. Loaded where it is wanted, for it may need a library."""


class Part(Protocol):
    """One protocol, on the sockets that were opened for it; tells what becomes of each file, or how
    it fares. Made in the event loop."""

    def __init__(self, *sockets: socket.socket, tell: Callable[[Report | Standing], None]) -> None: ...

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """Serve by these settings, at first and after each reload."""

    async def close(self) -> None:
        """End what is under way, at once."""


class Child:
    """The parts that are served, by name."""

    def __init__(self, link: Link, sockets: Mapping[str, socket.socket]) -> None:
        self._link, self._sockets = link, sockets
        self._parts: dict[str, Part] = {}

    async def run(self, document: Mapping[str, Any]) -> None:
        """Serve by one document after the other, until there is none any more."""
        try:
            while True:
                await self._apply(document["parts"])
                document = json.loads(await self._link.receive())
        except EOFError:
            return
        finally:
            for name in list(self._parts):
                await self._parts.pop(name).close()

    async def _apply(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        for name in self._parts.keys() - wanted.keys():
            await self._parts.pop(name).close()
        for name, settings in wanted.items():
            try:
                if name not in self._parts:
                    self._parts[name] = _kind(name)(*self._sockets_of(name), tell=self._link.tell)
                await self._parts[name].configure(settings)
            except ImportError as error:
                log.error("%s is not served: %s", name, error)
            except Exception:  # whatever is wrong with one, the others are served
                log.exception("%s is not served", name)

    def _sockets_of(self, part: str) -> list[socket.socket]:
        """Those whose names begin with that of a part."""
        return [one for name, one in self._sockets.items() if name.partition(" ")[0] == part]


def _kind(name: str) -> type[Part]:
    module, _, kind = PARTS[name].partition(":")
    return getattr(import_module(module), kind)  # type: ignore[no-any-return]


class _ToDaemon(logging.Handler):
    """Has records of the log written by the daemon."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        self._link.say(record.levelno, self.format(record))


def _end_with(parent: int) -> None:
    """Be killed when the daemon is."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _settle() -> None:
    """Be a process of its own: by its signals, its rank, and the number of its files."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    give_way()
    with suppress(OSError, ValueError):
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS if most < 0 else min(DESCRIPTORS, most), most))
    gc.set_threshold(COLLECT_AFTER, 20, 100)


async def _serve(sock: socket.socket, sockets: Mapping[str, socket.socket], document: Mapping[str, Any]) -> None:
    link = Link(sock)
    logging.basicConfig(handlers=[_ToDaemon(link)], level=logging.WARNING, format="%(message)s")
    await Child(link, sockets).run(document)


def main() -> None:
    """`python -m pydhcpd.services.child DESCRIPTOR PARENT`: of the socket to the daemon, and the daemon's process id."""
    descriptor, parent = map(int, sys.argv[1:])
    _end_with(parent)
    _settle()
    sock = socket.socket(fileno=descriptor)
    first = sock.recv(LONGEST_DOCUMENT)
    if not first:  # the daemon has ended, or thought better of it
        return
    document = json.loads(first)
    sock.setblocking(False)
    sockets = {name: socket.socket(fileno=number) for name, number in document["sockets"].items()}
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(governed_by(parent))) as runner:
        runner.run(_serve(sock, sockets, document))


if __name__ == "__main__":
    main()
