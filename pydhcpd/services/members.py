"""`Members`: which leases are of a class of clients, as policy would say for what each client last sent.

A lease keeps no class, so each is judged, one after the other: with many leases that takes its time, and leaves the interpreter
to others all the while. Functions of the file are not run for it; who is of a class by them, `explain` tells of one client.
"""

from collections.abc import Collection, Iterable, Iterator
from time import sleep

from pydhcpd.clients import Client
from pydhcpd.control.session import PAUSE
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.leases.interface import Row
from pydhcpd.server import DHCPServer
from pydhcpd.serving import Serving

AT_ONCE = 50  # leases that are judged without a pause: about a millisecond


class Members:
    """Of the classes of one server."""

    def __init__(self, server: DHCPServer) -> None:
        self._server = server

    def named(self, word: str) -> str | None:
        """The class that a word names, in whatever case. Raises InvalidValue where functions alone say who is of it."""
        serving = self._server.serving
        names = () if serving is None else serving.policy.classifier.names
        name = next((one for one in names if one.casefold() == word.casefold()), None)
        if name is not None and serving is not None and name in serving.policy.classifier.asking:
            raise InvalidValue(f"who is of the class {escape(name)}, a function of the file says, which is not run for every "
                               "lease; ask of one client: explain")
        return name

    def among(self, rows: Iterable[Row], names: Collection[str]) -> Iterator[Row]:
        """Those of some leases whose clients are of all these classes."""
        serving = self._server.serving
        for number, row in enumerate(rows if serving is not None else ()):
            if number % AT_ONCE == 0:
                sleep(PAUSE)
            if serving is not None and set(names).issubset(self._classes(row, serving)):
                yield row

    def _classes(self, row: Row, serving: Serving) -> Collection[str]:
        if not row.client:
            return ()  # nobody's, for it is in quarantine
        request = Client(row, self._server.hosts.habit(row.address), serving).begins()
        link = serving.links.get(request.interface)
        request.interface_name = link.name if link is not None else ""
        return serving.policy.classes_of_lease(request, row.address)
