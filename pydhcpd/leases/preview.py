"""`Preview`: the leases as a transaction sees them, to be asked what it would do, without its being done.

What only asks goes to the leases themselves. What would change them is answered as it would be, and remembered here, or not at
all. To be used under their lock.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydhcpd.leases.address_table import BY_HARDWARE, ENDED, LEASED, OFFERED, POOL, AddressTable
from pydhcpd.leases.faces import Faces
from pydhcpd.leases.host_database import HostDatabase, Places
from pydhcpd.leases.nonces import Nonces


class _Table:
    """An address table to which nothing is done. A client that it would get to know is known here alone."""

    def __init__(self, table: AddressTable) -> None:
        self._table = table
        self.clients: Mapping[bytes, int] = table.clients

    def __getattr__(self, name: str) -> Any:
        return getattr(self._table, name)

    def recognise(self, client: bytes, htype: int, hardware: bytes) -> None:
        """A client that is new here has what is recorded for its hardware address alone."""
        self.take_over(bytes((BY_HARDWARE, htype)) + hardware, client)

    def take_over(self, recorded: bytes, client: bytes) -> None:
        """What is recorded for one key is this client's."""
        if recorded in self._table.clients:
            self.clients = _Renamed(self._table.clients, recorded, client)


class _Renamed(Mapping[bytes, int]):
    """A dictionary in which one key is another."""

    def __init__(self, clients: Mapping[bytes, int], before: bytes, after: bytes) -> None:
        self._clients, self._before, self._after = clients, before, after

    def __getitem__(self, key: bytes) -> int:
        return self._clients[self._before if key == self._after else key]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._clients)

    def __len__(self) -> int:
        return len(self._clients)


class _Nonces:
    """Nonces of which none is given."""

    def __init__(self, nonces: Nonces) -> None:
        self.of, self.exchange, self.count, self.has_plenty = nonces.of, nonces.exchange, nonces.next, nonces.has_plenty

    def note(self, client: bytes, xid: int) -> bool:  # noqa: ARG002
        """Whether it would be news that the client takes nonces; a question is no exchange."""
        return self.exchange(client) is None


class Preview:
    """Of some leases. `why` tells in words by which preference an address was chosen (RFC 2131 section 4.3.1)."""

    def __init__(self, hosts: HostDatabase) -> None:
        self._hosts = hosts
        self.tables = {base: _Table(table) for base, table in hosts.tables.items()}
        self.touched: set[bytes | int] = set()
        self.faces = Faces()
        self.nonces = None if hosts.nonces is None else _Nonces(hosts.nonces)
        self.why = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hosts, name)

    def offer(self, table: AddressTable, client: bytes, wanted: int, deadline: int, places: Places,  # noqa: ARG002
              limits: Collection[str] = ()) -> int:  # noqa: ARG002
        """The address that would be held for the client; 0 where none is free."""
        address = self._hosts.candidate(table, client, wanted, places)
        if address:
            self.why = self._preference(table, client, wanted, address)
        return address

    def _preference(self, table: AddressTable, client: bytes, wanted: int, address: int) -> str:
        home = table.home(address) if table.in_wire(address) else self._hosts.tables.of(address)
        state = ENDED if home is None else home.states[address - home.base]
        if address in (table.clients.get(client), *table.addresses_of(client)):
            return {LEASED: "its present lease", ENDED: "the address that it had last"}.get(state, "its address")
        if state == OFFERED:
            return "offered to it already"
        if address == wanted:
            return "the address that it asks for, which is free"
        return "the free address that was unused longest" if state == ENDED else "a free address that nobody ever had"

    def offer_quarantined(self, client: bytes, deadline: int, places: Places, limits: Collection[str] = ()) -> int:  # noqa: ARG002
        """The address of `places` that has been in quarantine longest, which would be probed; 0 where there is none."""
        for base, kind in places:
            address = self._hosts.tables[base].oldest_quarantined(kind - POOL) if kind >= POOL else 0
            if address:
                self.why = "in quarantine longest, and nothing else is left; it would be probed first"
                return address
        return 0

    def nothing(self, *_: object, **__: object) -> bool:
        """In place of what changes something, which would succeed."""
        return True

    withdraw = bind = release = decline = nothing
    quarantine: Callable[..., bool] = nothing
