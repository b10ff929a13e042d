"""The prompt as two services: over TCP, where all is shown that may be, and on a UNIX socket, where everything is allowed."""

import os
import socket
import stat
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.prompt import ControlSocketServer, PromptServer, ThreadedTCPServer
from pydhcpd.errors import InvalidValue
from pydhcpd.net.holders import user_of_peer
from pydhcpd.net.sockets import open_tcp
from pydhcpd.process.privileges import give_socket
from pydhcpd.services.service import Opener, Service, Surroundings
from pydhcpd.services.views import Views

SOCKET_MODE = 0o660


class _Sessions(Service):
    """Accepts sessions on the port of this name."""

    port: ClassVar[str]

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._prompt = self._server(surroundings.ports[self.port])
        self._prompt.user_of = user_of_peer
        self._prompt.sources = Views(surroundings)
        self._prompt.clock = surroundings.server.hosts.time.wall

    @abstractmethod
    def _server(self, listener: socket.socket) -> PromptServer:
        """What accepts from the port."""

    def start(self) -> None:
        """Accept sessions."""
        self._thread = self._prompt.serve_in_thread()

    def stop(self) -> None:
        """End all sessions."""
        self._prompt.shutdown()
        self._prompt.server_close()

    def is_alive(self) -> bool:
        """Whether sessions are accepted."""
        return self._thread.is_alive()


class Prompt(_Sessions):
    """Listens on `control_address` and `control_port`."""

    name = "the control prompt"
    port = "control prompt"

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Port 0 turns it off."""
        return bool(configuration["control_port"])

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:
        """Its listening socket."""
        return {cls.port: partial(_listen, configuration["control_address"], configuration["control_port"])}

    def _server(self, listener: socket.socket) -> PromptServer:
        return ThreadedTCPServer.on(listener)


class ControlSocket(_Sessions):
    """Listens on `control_socket`."""

    name = "the control socket"
    port = "control socket"

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:
        """Its listening socket."""
        return {cls.port: partial(_listen_on, configuration.control_socket, configuration)}

    def _server(self, listener: socket.socket) -> PromptServer:
        return ControlSocketServer.on(listener)


def _listen(address: str, port: int) -> socket.socket:
    try:
        return open_tcp(address, port)
    except OSError as error:
        raise InvalidValue(f"the control prompt cannot listen on {address} port {port}: {error.strerror}; "
                           "name another control_port, or 0 for none") from error


def _listen_on(path: Path, configuration: DHCPServerConfiguration) -> socket.socket:
    """A listening UNIX socket, in the place of one that nobody listens on any more. Raises InvalidValue."""
    listener = socket.socket(socket.AF_UNIX)
    try:
        _make_room(path)
        listener.bind(str(path))
        path.chmod(SOCKET_MODE)
        give_socket(path, configuration)
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise InvalidValue(f"the control socket {path} cannot be made: {error.strerror or error}; "
                           "name another with control_socket") from error
    except InvalidValue:
        listener.close()
        raise
    return listener


def _make_room(path: Path) -> None:
    """Take away a socket that a server which is no more has left. Raises InvalidValue, where there is anything else."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise InvalidValue(f"{path} is there and is no socket; remove it, or name another path with control_socket")
        with socket.socket(socket.AF_UNIX) as caller:
            caller.settimeout(1.0)
            try:
                caller.connect(str(path))
            except (ConnectionRefusedError, FileNotFoundError):
                os.unlink(path)  # noqa: PTH108 (a link would not be followed)
            else:
                raise InvalidValue(f"another server listens on {path}; stop it, or name another path with control_socket")
