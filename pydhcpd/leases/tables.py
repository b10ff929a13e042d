"""`Tables`: the address tables of the networks that are served, by base, and how a reload takes them over.

Owns which network has which table, and which table an address lies in. Does not know offers, limits, nor what is staged.
A table is read from the store where its wire is new or has got other networks; else it goes on as it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

from pydhcpd.leases.address_table import LEASED, AddressTable, Plan
from pydhcpd.leases.interface import LoadingStore


class Tables(dict[int, AddressTable]):
    """The tables by the base of their network. What is served changes in place, by `serve` alone."""

    __slots__ = ("_bases", "_store", "plans", "rising")

    def __init__(self, store: LoadingStore) -> None:
        super().__init__()
        self._store = store
        self.plans: tuple[Plan, ...] = ()
        self.rising: list[AddressTable] = []  # the tables by base
        self._bases: list[int] = []

    def of(self, address: int) -> AddressTable | None:
        """The table of the network in which an address lies."""
        at = bisect_right(self._bases, address) - 1
        if at >= 0:
            table = self.rising[at]
            if address - table.base < table.size:
                return table
        return None

    def prepare(self, networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """Read the tables of wires that are new, beside the path."""
        new = [wire for wire in _wires(networks) if not any(self._is_in_use(base, size) for base, size, *_ in wire)]
        return {table.base: table for wire in new for table in self._load(wire, now)}

    def chosen(self, prepared: dict[int, AddressTable], networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """The tables for these networks: those that were prepared, those in use, and others, which are read here.

        Nothing of those in use has changed where it raises StoreError.
        """
        tables: dict[int, AddressTable] = {}
        kept: list[Plan] = []
        for wire in _wires(networks):
            if all(base in prepared for base, *_ in wire):
                tables.update((base, prepared[base]) for base, *_ in wire)
            elif self._is_kept(wire):
                kept += wire
            else:
                tables.update((table.base, table) for table in self._load(wire, now))
        for base, _, kinds, pools, _ in kept:
            tables[base] = table = self[base]
            if table.kinds != kinds or table.pools != pools:
                table.set_kinds(kinds, pools)
        return tables

    def read(self, now: int) -> dict[int, AddressTable]:
        """The tables of what is served, read anew."""
        return {table.base: table for wire in _wires(self.plans) for table in self._load(wire, now)}

    def leases_outside(self, networks: Iterable[Plan]) -> Iterator[tuple[AddressTable, int]]:
        """The tables of which leases run at addresses that would be in none of these networks, with their number."""
        bounds = sorted((base, base + size) for base, size, *_ in networks)
        for table in self.rising:
            if (count := _leases_outside(table, bounds)):
                yield table, count

    def serve(self, plans: tuple[Plan, ...], tables: dict[int, AddressTable]) -> set[int]:
        """Have these tables from now on; returns the bases of those that were not there before."""
        new = {base for base, table in tables.items() if self.get(base) is not table}
        self.clear()
        self.update(tables)
        self.plans = plans
        self.rising = sorted(tables.values(), key=lambda table: table.base)
        self._bases = [table.base for table in self.rising]
        return new

    def _is_in_use(self, base: int, size: int) -> bool:
        """Whether addresses of a network are served now, perhaps as parts of another one."""
        at = bisect_right(self._bases, base + size - 1) - 1
        return at >= 0 and self._bases[at] + self.rising[at].size > base

    def _is_kept(self, wire: Sequence[Plan]) -> bool:
        """Whether a wire is served now, with the same networks."""
        bases = {base for base, *_ in wire}
        tables = [self.get(base) for base in bases]
        return all(table is not None and {one.base for one in table.wire} == bases for table in tables) and all(
            self[base].size == size for base, size, *_ in wire)

    def _load(self, wire: Sequence[Plan], now: int) -> list[AddressTable]:
        """Read the tables of one wire."""
        tables: list[AddressTable] = []
        for base, size, kinds, pools, _ in wire:
            AddressTable(base, size, now, tables).set_kinds(kinds, pools)
        for table in tables:
            last = table.base + table.size - 1
            table.load(self._store.running(table.base, last, now), self._store.not_running(table.base, last, now), now)
        if tables[0].doubles:
            self._know_by_last_used(tables[0])
        for table in tables:
            base = table.base
            table.limits = {address: text for address, text in self._store.limited(base, base + table.size - 1, now)
                            if table.states[address - base] == LEASED}
        return tables

    def _know_by_last_used(self, table: AddressTable) -> None:
        """Of several leases that a client has on a wire, the one that it used last is the one to know it by."""
        used = self._store.last_used(table.doubles)
        for address, client in table.doubles.items():
            if (used[address], address) > (used[table.clients[client]], table.clients[client]):
                table.clients[client] = address


def _leases_outside(table: AddressTable, bounds: Sequence[tuple[int, int]]) -> int:
    """How many addresses of a table are leased, but for those within rising bounds."""
    count, start = 0, 0
    for first, end in bounds[max(bisect_right(bounds, (table.base, 0)) - 1, 0):]:
        if first - table.base >= table.size:
            break
        count += table.states.count(LEASED, start, max(first - table.base, start))
        start = max(end - table.base, start)
    return count + table.states.count(LEASED, start)


def _wires(networks: Iterable[Plan]) -> list[list[Plan]]:
    """The networks of each wire."""
    wires: dict[object, list[Plan]] = {}
    for plan in networks:
        wires.setdefault(plan[4], []).append(plan)
    return list(wires.values())
