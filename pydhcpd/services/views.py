"""`Views`: what the commands of the prompt show and do, asked of the running server."""

from collections.abc import Iterator

from pydhcpd.addresses import address_from
from pydhcpd.control.output import HostRow
from pydhcpd.control.sources import Sources
from pydhcpd.escape import escape
from pydhcpd.events import event
from pydhcpd.services.service import Surroundings


class Views(Sources):
    """Of one server."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._server = surroundings.server
        self._configuration = surroundings.configuration

    def hosts(self) -> Iterator[HostRow]:
        """Hosts with a lease that runs, and quarantined addresses."""
        return (HostRow(host.ip, host.mac, host.hostname, host.expires, host.state, host.sent_name)
                for host in self._server.hosts.active())

    def events(self) -> Iterator[tuple[float, str]]:
        """What happened in the last 24 hours, by the wall clock of now."""
        time = self._server.hosts.time
        return ((time.wall_of(when), words) for when, words in self._server.events.since_yesterday(time.now()))

    def configuration(self) -> Iterator[tuple[str, str]]:
        """The configuration, and what is served by it at this moment."""
        serving = self._server.serving
        yield from self._configuration().entries()
        yield "serving", "nothing" if serving is None else serving.describe()

    def statistics(self) -> Iterator[tuple[str, int]]:
        """What was counted."""
        return iter(self._server.statistics())

    def alarms(self) -> Iterator[tuple[float, str]]:
        """What is wrong now."""
        return ((one.since, one.words) for one in self._server.hosts.store.alarms)

    def settle(self) -> None:
        """Take no more care for leases that were lost."""
        self._server.hosts.settle()

    def clear(self, word: str) -> int:
        """End the quarantine of an address, or of `all`."""
        return self._server.clear(None if word.lower() == "all" else address_from(word))

    def note(self, user: str, line: str) -> None:
        """Let it be an event who asked for what change."""
        now = self._server.hosts.time.now()
        self._server.events.publish([event(now, "asked", note=f"{escape(user)}: {escape(line)}")])
