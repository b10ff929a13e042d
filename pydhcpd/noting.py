"""What scripts and on_event() want to know besides of an event: what the client sent, and what was recorded before.

Nobody else does, so it is noted where such a thing is configured, and costs the others nothing. It is of plain values, and the
message is kept as it came: it is read only if the event is told. A look into the store for each lease of an address that has
been somebody's is the price, some 10 µs.
"""

from pydhcpd.errors import StoreError
from pydhcpd.events import Note
from pydhcpd.leases.address_table import AddressTable
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.wire.packet import Request


def note_of(request: Request) -> Note:
    """The note of an event that is no lease."""
    return request.message, False, 0, b"", b"", "", 0


def note_of_lease(hosts: HostDatabase, table: AddressTable, request: Request, address: int) -> Note:
    """The note of an event by which a client gets an address, before it does."""
    client = request.client
    former = hosts.address_of(table, client)
    if hosts.was_never_leased(table, address):
        return request.message, False, former, b"", b"", "", 0
    told = request.message, hosts.lease_end(table, client, address) != 0, 0 if former == address else former
    try:
        row = hosts.store.row(address)
    except StoreError:  # the commit tells it, and what can be answered nevertheless is
        row = None
    if row is None or not row.client:
        return *told, b"", b"", "", 0
    return *told, row.hardware, row.client, row.hostname, row.ends
