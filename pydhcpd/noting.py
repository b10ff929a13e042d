"""Transactions whose events have with them what the client sent, and what was recorded before: for scripts, and on_event().

Nobody else wants to know, so they are of a kind of their own, which is taken where such a thing is configured: the others pay
nothing. A look into the store for each lease of an address that has been somebody's is the price, some 10 µs.
"""

from pydhcpd.errors import StoreError
from pydhcpd.events import Before, Event, Noted
from pydhcpd.proxy import ProxyTransaction
from pydhcpd.proxy import kind_of_transaction as _kind_without_notes
from pydhcpd.serving import Serving
from pydhcpd.transaction import DHCPTransaction
from pydhcpd.wire.packet import Request

_NOTHING = Before(False, 0)


class NotingTransaction(DHCPTransaction):
    """A transaction that notes."""

    __slots__ = ()

    def _bind(self, request: Request, address: int, lease_time: int) -> None:
        before = self._before(request, address)
        super()._bind(request, address, lease_time)
        self.event = _noted(self.event, request, before)

    def _tell(self, request: Request, kind: str, address: int, note: str = "") -> None:
        super()._tell(request, kind, address, note)
        self.event = _noted(self.event, request)

    def _before(self, request: Request, address: int) -> Before:
        hosts, table = self.hosts, self.table
        former = hosts.address_of(table, request.client)
        if hosts.was_never_leased(table, address):
            return Before(False, former) if former else _NOTHING
        told = hosts.lease_end(table, request.client, address) != 0, 0 if former == address else former
        try:
            row = hosts.store.row(address)
        except StoreError:  # the commit tells it, and what can be answered nevertheless is
            row = None
        if row is None or not row.client:
            return Before(*told)
        return Before(*told, row.hardware, row.client, row.hostname, row.ends)


class NotingProxyTransaction(NotingTransaction, ProxyTransaction):
    """The same where another server gives the addresses."""

    __slots__ = ()


def kind_of_transaction(serving: Serving) -> type[DHCPTransaction]:
    """Of which kind the transactions are."""
    kind = _kind_without_notes(serving)
    if not serving.is_noting:
        return kind
    return NotingProxyTransaction if kind is ProxyTransaction else NotingTransaction


def _noted(told: Event | None, request: Request, before: Before | None = None) -> Event | None:
    if told is None:
        return None
    noted = Noted(told)
    noted.options, noted.before = request.options, before
    return noted
