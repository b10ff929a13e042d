"""`Tables`: the address tables of the networks that are served, by base, and how a reload takes them over.

Owns which network has which table, and which table an address lies in. Does not know offers, limits, nor what is staged.
A table is read from the store where its wire is new or has got other networks; else it goes on as it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

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

    def lapse(self, address: int) -> None:
        """An offer of the address ended without a lease."""
        table = self.of(address)
        if table is not None:
            table.lapse(address - table.base)

    def prepare(self, networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """Read the tables of wires that are new, beside the path."""
        new = [wire for wire in _wires(networks) if not any(self._is_in_use(base, size) for base, size, *_ in wire)]
        return {table.base: table for wire in new for table in self._load(wire, now)}

    def chosen(self, prepared: dict[int, AddressTable], networks: Iterable[Plan], now: int) -> dict[int, AddressTable]:
        """The tables for these networks: those that were prepared, those in use, and others, which are read here."""
        tables: dict[int, AddressTable] = {}
        for wire in _wires(networks):
            if all(base in prepared for base, *_ in wire):
                tables.update((base, prepared[base]) for base, *_ in wire)
            elif self._is_kept(wire):
                for base, _, kinds, pools, _ in wire:
                    tables[base] = table = self[base]
                    if table.kinds != kinds or table.pools != pools:
                        table.set_kinds(kinds, pools)
            else:
                tables.update((table.base, table) for table in self._load(wire, now))
        return tables

    def read(self, now: int) -> dict[int, AddressTable]:
        """The tables of what is served, read anew."""
        return {table.base: table for wire in _wires(self.plans) for table in self._load(wire, now)}

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
        for table in tables:
            base = table.base
            table.limits = {address: text for address, text in self._store.limited(base, base + table.size - 1, now)
                            if table.states[address - base] == LEASED}
        return tables


def _wires(networks: Iterable[Plan]) -> list[list[Plan]]:
    """The networks of each wire."""
    wires: dict[object, list[Plan]] = {}
    for plan in networks:
        wires.setdefault(plan[4], []).append(plan)
    return list(wires.values())
