"""`FileServer`: the daemon's side of the child: starts it, tells it what to serve, and hears what became of it.

What its part `page` shows of the server it asks on the `Sessions`.
"""

import errno
import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import partial
from secrets import token_hex
from typing import Any, ClassVar

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.configuration.reload_check import child_environment
from pydhcpd.errors import InvalidValue
from pydhcpd.net.sockets import open_tcp, open_tcp_anywhere, open_udp
from pydhcpd.process.roots import has_http
from pydhcpd.services.child.messages import LONGEST_MESSAGE, Message, message_from
from pydhcpd.services.page.sessions import NUMBER, Sessions
from pydhcpd.services.report import LOST, NOBODY, Report
from pydhcpd.services.service import Opener, Service, Surroundings

log = logging.getLogger(__name__)

TFTP, HTTP, PAGE = "tftp", "http", "page"
TFTP_PORT = 69
GRACE = 1.0  # seconds in which it ends by itself


class FileServer(Service):
    """Files by TFTP and HTTP, and the status page, from a process of their own."""

    name = "the file and page server"
    start_word: ClassVar[str] = token_hex(4)  # of this daemon, by which events are told from those of another one

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where there is a root to be served, or a page."""
        return bool(cls.ports(configuration))

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:
        """UDP port 69, that of HTTP, and that of the page on each of its addresses."""
        opened: dict[str, Opener] = {}
        if configuration["tftp_root"] is not None:
            opened[TFTP] = _open_tftp
        if configuration["http_root"] is not None and has_http():
            opened[HTTP] = partial(_open_http, configuration["http_port"])
        if configuration["status_port"] is not None and has_http():
            opened |= {f"{PAGE} {address}": partial(_open_page, address, configuration["status_port"])
                       for address in configuration["status_address"]}
        return opened

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._sockets = {name: one for name, one in surroundings.ports.items() if _part_of(name) in (TFTP, HTTP, PAGE)}
        self._sessions = Sessions(surroundings, NUMBER if any(_part_of(name) == PAGE for name in self._sockets) else 0)
        self._sockets |= {f"{PAGE} question {number}": one for number, one in enumerate(self._sessions.theirs)}
        self._parts: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._link, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._counts: Counter[str] = Counter()
        self._page = NOBODY

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """What is to be served, as far as it has a port."""
        settings = _settings(configuration)
        self._parts = {_part_of(name): settings[_part_of(name)] for name in self.ports(configuration) if name in self._sockets}

    def reconfigure(self) -> None:
        """Tell the child."""
        numbers = {name: one.fileno() for name, one in self._sockets.items()}
        with suppress(OSError):  # it has ended, and is started again
            self._link.send(json.dumps({"parts": self._parts, "sockets": numbers}).encode())

    def start(self) -> None:
        """Execute the child. By the main thread: the kernel ends it with the thread that started it."""
        with self._theirs as theirs:
            command = [sys.executable, "-P", "-m", "pydhcpd.services.child", str(theirs.fileno()), str(os.getpid())]
            handed = (theirs.fileno(), *(one.fileno() for one in self._sockets.values()))
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=theirs.fileno(),
                                             pass_fds=handed, env=child_environment(), start_new_session=True)
        self._sessions.start()
        self._tell_where()
        threading.Thread(target=self._hear, name=self.name, daemon=True).start()

    def stop(self) -> None:
        """Let it end, else end it."""
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)
        if self._process is not None:
            try:
                self._process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._sessions.close()
        self._theirs.close()
        self._link.close()

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def status(self) -> Iterator[str]:
        """What is served; how many files were sent, and how many were not; who looks at the page."""
        yield f"serves {', '.join(self._parts)}"
        if TFTP in self._parts or HTTP in self._parts:
            yield ", ".join(f"{count} {what}" for what, count in self._counts.items()) or "nothing was asked for"
        if PAGE in self._parts:
            yield self._page.words

    def waiting(self) -> int:
        """Connections and questions of the page for which there is no room yet."""
        return self._page.waiting

    def dropped(self) -> int:
        """Connections of the page that were turned away, or did not take what was sent."""
        return self._page.dropped

    def _tell_where(self) -> None:
        pages = [f"http://{_in_url(name.partition(' ')[2])}:{one.getsockname()[1]}/" for name, one in self._sockets.items()
                 if _part_of(name) == PAGE and one.family != socket.AF_UNIX]
        if pages:
            log.info("the status page is at %s", " and ".join(pages))

    # --- what it says

    def _hear(self) -> None:
        """Until it ends; what was under way has ended then, too."""
        with suppress(OSError):
            while line := self._link.recv(LONGEST_MESSAGE):
                self._take(message_from(line))
        self.surroundings.reports(Report(LOST, "", "", "", trouble=f"{self.name} has ended"))

    def _take(self, message: Message) -> None:
        if message.standing is not None:
            self._page = message.standing
        elif message.report is None:
            log.log(message.level, "%s: %s", self.name, message.words)
        else:
            self._counts[message.report.what] += 1
            self.surroundings.reports(message.report)


def _settings(configuration: DHCPServerConfiguration) -> dict[str, dict[str, Any]]:
    """What each part is told."""
    bounds = {"transfers": configuration["maximum_transfers"], "of_client": configuration["maximum_transfers_per_client"],
              "seconds": configuration["maximum_transfer_time"]}
    return {TFTP: {"root": str(configuration["tftp_root"]), "ports": configuration["tftp_ports"],
                   "interfaces": configuration["interface"], **bounds},
            HTTP: {"root": str(configuration["http_root"]), **bounds},
            PAGE: {"hosts": configuration["status_hosts"], "start": FileServer.start_word}}


def _part_of(port: str) -> str:
    return port.partition(" ")[0]


def _in_url(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _open_tftp() -> socket.socket:
    try:
        return open_udp(TFTP_PORT)
    except OSError as error:
        raise InvalidValue(f"UDP port {TFTP_PORT} cannot be opened for tftp_root: {error.strerror}; end the other TFTP server "
                           f"(ss -lunp sport = {TFTP_PORT} shows it), or leave tftp_root away") from error


def _open_http(port: int) -> socket.socket:
    try:
        return open_tcp("", port)
    except OSError as error:
        raise InvalidValue(f"TCP port {port} cannot be opened for http_root: {error.strerror}; name another http_port, or end "
                           f"the program that has it (ss -ltnp sport = {port} shows it)") from error


def _open_page(address: str, port: int) -> socket.socket:
    try:
        return open_tcp_anywhere(address, port)
    except OSError as error:
        remedy = (f"or end the program that has it (ss -ltnp sport = {port} shows it)" if error.errno == errno.EADDRINUSE
                  else "or another status_address")
        raise InvalidValue(f"the status page cannot listen on {address} port {port}: {error.strerror}; name another "
                           f"status_port, {remedy}") from error
