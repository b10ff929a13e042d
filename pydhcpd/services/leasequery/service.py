"""`Leasequery` and `BulkLeasequery`: the two ways to ask which leases there are, as services."""

import socket
from collections.abc import Iterator, Mapping
from functools import partial

from pydhcpd.addresses import address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.leases.interface import Row
from pydhcpd.net.batch import BatchSender
from pydhcpd.net.sockets import open_tcp
from pydhcpd.ports import UDP
from pydhcpd.remembered import as_request
from pydhcpd.services.leasequery.bulk import PORT, BulkLeasequeryServer
from pydhcpd.services.leasequery.messages import default_timers, one_of
from pydhcpd.services.leasequery.single import TOO_MANY, LeasequeryService
from pydhcpd.services.service import Opener, Service, Surroundings
from pydhcpd.serving import Serving
from pydhcpd.wire.packet import Request

BULK_PORT = "bulk leasequery"


class _Queries(Service):
    """What the two have in common: who may ask, which a reload can change, and what is served."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._may_ask = self._prepared = one_of(())
        self._is_asked = False

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Who may ask by this configuration."""
        self._prepared = one_of(configuration["leasequery_from"])
        self._is_asked = bool(configuration["leasequery_from"])

    def reconfigure(self) -> None:
        """They may from now on."""
        self._may_ask = self._prepared

    @property
    def _serving(self) -> Serving | None:
        return self.surroundings.server.serving

    def _asks_rightly(self, address: int) -> bool:
        return self._may_ask(address)

    def _serves(self, address: int) -> bool:
        serving = self._serving
        return serving is not None and serving.policy.networks.of(address) is not None

    def _timers(self, row: Row, length: int) -> tuple[int, int]:
        """T1 and T2 as they are configured for the client of a lease, as far as it is known from the lease."""
        serving = self._serving
        terms = None if serving is None else serving.policy.terms_of_lease(as_request(row), row.address)
        return default_timers(row, length) if terms is None else terms.timers(length)


class Leasequery(_Queries):
    """Single queries, which come in by the port of DHCP (RFC 4388). Always there, for the indexes that it answers by cost each
    lease something: while nobody may ask they are not kept."""

    name = "leasequery"

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._thread = LeasequeryService(surroundings.server.hosts.store.reader(), BatchSender(surroundings.ports[UDP]).send,
                                         allowed=self._asks_rightly, serves=self._serves, sender=self._sender,
                                         timers=self._timers, clock=surroundings.server.hosts.time.now)

    def reconfigure(self) -> None:
        """Keep indexes while anybody may ask for what they find."""
        super().reconfigure()
        hosts = self.surroundings.server.hosts
        with hosts.lock:
            if self._is_asked:
                hosts.store.index_for_queries()
            else:
                hosts.store.drop_query_indexes()

    def _sender(self, request: Request) -> tuple[int, int]:
        """Our address that a request asked, and the VRF that it came by."""
        serving = self._serving
        link = serving.links.get(request.interface) if serving is not None else None
        if serving is None or link is None:
            raise MalformedPacket("a leasequery on an interface that is not served")
        return serving.address_asked(request, link), link.vrf

    def start(self) -> None:
        """Take in queries."""
        self._thread.start()
        self.surroundings.server.leasequery = self._thread.put

    def stop(self) -> None:
        """Take in no more."""
        self.surroundings.server.leasequery = None
        self._thread.stop()

    def is_alive(self) -> bool:
        """Whether queries are answered."""
        return self._thread.is_alive()

    def status(self) -> Iterator[str]:
        """How many were answered, and what was not."""
        yield f"{self._thread.answered} answered"
        yield from (f"{count} {reason}" for reason, count in self._thread.counters.most_common())

    def waiting(self) -> int:
        """Queries that were not answered yet."""
        return self._thread.waiting()

    def dropped(self) -> int:
        """Queries that were too many."""
        return self._thread.counters[TOO_MANY]


class BulkLeasequery(_Queries):
    """Queries of many leases, by TCP (RFC 6926)."""

    name = "bulk leasequery"

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """If it is switched on, and anybody may ask."""
        return bool(configuration["bulk_leasequery"] and configuration["leasequery_from"])

    @classmethod
    def ports(cls, configuration: DHCPServerConfiguration) -> Mapping[str, Opener]:
        """TCP port 67."""
        address = configuration["bind_address"]
        return {BULK_PORT: partial(_listen, address_text(address) if address else "")}

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._server = BulkLeasequeryServer(surroundings.ports[BULK_PORT].dup(), surroundings.server.hosts.store.reader,
                                            allowed=self._asks_rightly, serves=self._serves, ranges=self._ranges,
                                            timers=self._timers, ledger_time=surroundings.server.hosts.time)

    def _ranges(self) -> list[tuple[int, int]]:
        """First and last address of each range of the pools, rising."""
        serving = self._serving
        return sorted(one for network in (serving.policy.networks if serving else ()) for pool in network.pools
                      for one in pool.ranges)

    def start(self) -> None:
        """Accept connections."""
        self._server.start()

    def stop(self) -> None:
        """Accept no more, and end those that there are."""
        self._server.stop()

    def is_alive(self) -> bool:
        """Whether connections are accepted."""
        return self._server.is_alive()

    def status(self) -> Iterator[str]:
        """Who was turned away."""
        yield from (f"{count} {reason}" for reason, count in self._server.counters.most_common())


def _listen(address: str) -> socket.socket:
    try:
        return open_tcp(address, PORT)
    except OSError as error:
        raise InvalidValue(f"TCP port 67 cannot be opened: {error.strerror}; without bulk_leasequery it is not "
                           "needed") from error
