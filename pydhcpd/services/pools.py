"""How many addresses of the pools and networks are what, counted in the tables of a server when somebody asks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pydhcpd.control.output import PoolRow
from pydhcpd.leases.address_table import DECLINED, ENDED, LEASED, OFFERED, RESERVED, UNUSED, Range
from pydhcpd.policy.network import Network, Pool
from pydhcpd.server import DHCPServer


def networks_of(server: DHCPServer) -> list[Network]:
    """The networks that are served, in the order of the configuration."""
    serving = server.serving
    return [] if serving is None else list(serving.policy.networks)


def pool_rows(server: DHCPServer) -> Iterator[PoolRow]:
    """Their pools, in the same order."""
    return (_pool_row(server, network, pool) for network in networks_of(server) for pool in network.pools)


def _pool_row(server: DHCPServer, network: Network, pool: Pool) -> PoolRow:
    counts = counted(server, network, [(max(first, network.base), min(last, network.last)) for first, last in pool.ranges])
    free = counts[UNUSED] + counts[ENDED]
    return PoolRow(network.words, str(pool), pool.size, counts[LEASED], counts[OFFERED], counts[DECLINED], free,
                   counts[-RESERVED])


def counted(server: DHCPServer, network: Network, ranges: Iterable[Range]) -> Mapping[int, int]:
    """How many addresses of some ranges of a network are in each state, as the address tables name it."""
    table = server.hosts.tables.get(network.base)
    return Counter() if table is None else table.count(ranges)
