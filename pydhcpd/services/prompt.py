"""`Prompt`: the control prompt as a service; puts together what its commands show."""

import socket
from collections.abc import Iterator, Mapping
from functools import partial

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import HostRow
from pydhcpd.control.prompt import ThreadedTCPServer
from pydhcpd.errors import InvalidValue
from pydhcpd.net.holders import user_of_peer
from pydhcpd.net.sockets import open_tcp
from pydhcpd.services.service import Opener, Service, Surroundings

PORT = "control prompt"


class Prompt(Service):
    """Listens on `control_address` and `control_port`."""

    name = "the control prompt"

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Port 0 turns it off."""
        return bool(configuration["control_port"])

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:
        """Its listening socket."""
        return {PORT: partial(_listen, configuration["control_address"], configuration["control_port"])}

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._prompt = ThreadedTCPServer.on(surroundings.ports[PORT])
        self._prompt.user_of = user_of_peer
        self._prompt.setHosts(self._active_hosts)
        self._prompt.setEvents(self._events)
        self._prompt.setConfiguration(self._entries)
        self._prompt.alarms = self._alarms
        self._prompt.settle = surroundings.server.hosts.settle
        self._prompt.clock = surroundings.server.hosts.time.wall
        self._prompt.statistics = surroundings.server.statistics
        self._prompt.clear = self._clear

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

    def _alarms(self) -> Iterator[tuple[float, str]]:
        """What is wrong now."""
        return ((one.since, one.words) for one in self.surroundings.server.hosts.store.alarms)

    def _clear(self, word: str) -> int:
        """End the quarantine of an address, or of `all`."""
        return self.surroundings.server.clear(None if word.lower() == "all" else address_from(word))

    def _entries(self) -> Iterator[tuple[str, str]]:
        """The configuration, and what is served by it at this moment."""
        serving = self.surroundings.server.serving
        yield from self.surroundings.configuration().entries()
        yield "serving", "nothing" if serving is None else serving.describe()

    def _events(self) -> Iterator[tuple[float, str]]:
        """What happened in the last 24 hours, by the wall clock of now."""
        server, time = self.surroundings.server, self.surroundings.server.hosts.time
        return ((time.wall_of(when), words) for when, words in server.events.since_yesterday(time.now()))

    def _active_hosts(self) -> Iterator[HostRow]:
        """Hosts with a lease that runs, and quarantined addresses."""
        hosts = self.surroundings.server.hosts.active()
        return (HostRow(host.ip, host.mac, host.hostname, host.expires, host.state, host.sent_name)
                for host in hosts)


def _listen(address: str, port: int) -> socket.socket:
    try:
        return open_tcp(address, port)
    except OSError as error:
        raise InvalidValue(f"the control prompt cannot listen on {address} port {port}: {error.strerror}; "
                           "name another control_port, or 0 for none") from error
