"""The addresses of one network in memory: an element of an array each, so that every step takes constant time.

Owns which address is free, offered, leased, ended or quarantined, and which client has which. It is an index of the
store, which alone counts. Nothing in it is an object per lease that the garbage collector would walk: arrays, a dictionary
from client (bytes) to address (integer), and one from the slots that are free to their last clients. The tables of one wire
(the subnets of a shared network) have the first dictionary in common, so that a client has one lease among them. Where a
reload joined networks it may have several that run: each is its own until it ends, and `doubles` tells whose they are.

    kind of an address (from the configuration)      state of an address
      OUTSIDE   in no range, or never to be given      UNUSED    free, never had a client
      RESERVED  given to its host alone                ENDED     free, its last client remembered; in the free list
      POOL + i  of pool i, given to anyone             OFFERED   held for a client until the offer ends
                                                       LEASED    somebody's, by the store
                                                       DECLINED  in quarantine until `ends`
                                                       BARRED    not a free one of the pool

Arrays are made zeroed, and the kernel gives memory only to the pages that are written: a /8 costs what is used of it.
"""

from array import array
from collections.abc import Hashable, Iterable

from pydhcpd.leases.arrays import halfwords, words
from pydhcpd.leases.expiry import ExpiryIndex
from pydhcpd.leases.interface import QUARANTINED
from pydhcpd.leases.quarantine import OF_POOL, Quarantine, groups_of

UNUSED, ENDED, OFFERED, LEASED, DECLINED, BARRED = range(6)
OUTSIDE, RESERVED, POOL = range(3)
POOLS = 250  # that one network may have, their kinds being POOL and what follows
BY_HARDWARE = 0  # first byte of the key of a client of whom only the hardware address is known yet
CHUNK = 1 << 16  # addresses whose kind is changed at once; as one number, those of a /8 would take 50 MB
NEVER = 0xFFFFFFFF  # an end that does not come (RFC 2131 section 3.3)

Range = tuple[int, int]  # first and last address, both included
Pools = tuple[tuple[Range, ...], ...]  # the ranges of each pool
Plan = tuple[int, int, bytes, Pools, Hashable]
"""A network to serve: base, size, the kind of each address, the pools, and a key that the networks of one wire share."""

_SENTINELS = memoryview(array("I", range(POOLS)))


class FreeList:
    """Slots in order of how long they have been unused, a list for each pool: rings of doubly linked elements in two arrays.

    Element p is the sentinel of pool p's ring, and slot s is element s + POOLS.
    """

    __slots__ = ("_next", "_previous")

    def __init__(self, size: int) -> None:
        self._next, self._previous = words(size + POOLS), words(size + POOLS)
        self._next[:POOLS] = self._previous[:POOLS] = _SENTINELS

    def first(self, pool: int) -> int:
        """The slot of the pool that has been unused longest, or a negative number."""
        return self._next[pool] - POOLS

    def append(self, slot: int, pool: int) -> None:
        """Add a slot that has just become free."""
        self._insert(self._previous[pool], slot + POOLS)

    def prepend(self, slot: int, pool: int) -> None:
        """Add a slot that nobody used."""
        self._insert(pool, slot + POOLS)

    def remove(self, slot: int) -> None:
        """Take out a slot that is in a list."""
        after, before = self._next[slot + POOLS], self._previous[slot + POOLS]
        self._next[before], self._previous[after] = after, before

    def _insert(self, before: int, element: int) -> None:
        after = self._next[before]
        self._next[before] = self._previous[after] = element
        self._next[element], self._previous[element] = after, before


class AddressTable:
    """The addresses from `base` on, `size` of them; slot s is the address base + s (host byte order).

    `wire` are the tables of one wire, this one included; they share `clients`, which maps each client's key to its current or
    former address in any of them, and `doubles`, from addresses to the clients that had several leases when they were loaded.
    """

    __slots__ = (
        "_expiry",
        "_former",
        "_free",
        "_free_of_kind",
        "_frontiers",
        "_ranges",
        "_recognised",
        "_sizes",
        "_unindexed",
        "base",
        "by_hardware",
        "clients",
        "doubles",
        "ends",
        "habits",
        "kinds",
        "limits",
        "looked",
        "pools",
        "quarantine",
        "size",
        "states",
        "wire",
    )

    def __init__(self, base: int, size: int, now: int = 0, wire: "list[AddressTable] | None" = None) -> None:
        self.base, self.size = base, size
        self.wire = [] if wire is None else wire
        self.clients: dict[bytes, int] = self.wire[0].clients if self.wire else {}
        self.doubles: dict[int, bytes] = self.wire[0].doubles if self.wire else {}
        self.by_hardware: bool = bool(self.wire) and self.wire[0].by_hardware  # the wire may have clients known by that alone
        self.wire.append(self)
        self.states = bytearray(size)
        self.kinds = b""
        self.pools: Pools = ()
        self.ends = words(size)
        self.habits = halfwords(size)  # how the client of each asks, as `Habits` numbers it
        self._former: dict[int, bytes] = {}  # of an address that is not leased: its last client, who is to be forgotten with it
        self._recognised: dict[bytes, bytes] = {}  # whom the store has by the hardware address alone, and clients has otherwise
        self._free = FreeList(size)
        self._free_of_kind: list[int] = []  # how many addresses of each kind are free; empty until anybody asks
        self._ranges: Pools = ()  # as slots
        self._frontiers: list[Range] = []  # of each pool: in which range, and from which slot on there may be an unused one
        self._expiry = ExpiryIndex(size, now)
        self.quarantine = Quarantine()
        self._sizes: dict[int, int] = {}  # of kinds of addresses, as far as they were asked for
        self._unindexed = size  # up to where the ends of loaded leases are in _expiry
        self.looked = 0  # slots that the last `due` looked at
        self.limits: dict[int, str] = {}  # what leases that were loaded count for, until `HostDatabase` has taken it over

    def __contains__(self, address: int) -> bool:
        return 0 <= address - self.base < self.size

    def home(self, address: int) -> "AddressTable":
        """The table of the same wire in which an address of `clients` lies."""
        if 0 <= address - self.base < self.size:
            return self
        return next(table for table in self.wire if address in table)

    def in_wire(self, address: int) -> "AddressTable | None":
        """The table of the same wire in which any address lies, or None."""
        if 0 <= address - self.base < self.size:
            return self
        return next((table for table in self.wire if address in table), None)

    def set_kinds(self, kinds: bytes, pools: Pools) -> None:
        """Take over the configuration's kinds and pools; what is leased, offered or quarantined stays so.

        A new pool address becomes UNUSED and one taken out BARRED. State and kind are joined into one byte per address
        and translated by a table, because a loop over a /8 would stop the server.
        """
        table = bytes(_adapted(value & 15, value >> 4) for value in range(256))
        for start in range(0, self.size, CHUNK):
            states, new = self.states[start:start + CHUNK], kinds[start:start + CHUNK].translate(_KIND_OF_ANY_POOL)
            joined = int.from_bytes(states, "little") | int.from_bytes(new, "little") << 4
            self.states[start:start + CHUNK] = joined.to_bytes(len(new), "little").translate(table)
        self.kinds, self.pools, self._sizes = kinds, pools, {}
        self.quarantine.regroup(kinds)
        ranges = tuple(tuple((first - self.base, last - self.base) for first, last in pool) for pool in pools)
        if self._ranges and ranges != self._ranges:
            self._sort_free()
        self._ranges, self._frontiers, self._free_of_kind = ranges, [(0, 0)] * len(ranges), []

    def _sort_free(self) -> None:
        """Put every free slot into the list of the pool that it belongs to now."""
        free = []
        for pool in range(len(self._ranges)):
            while (slot := self._free.first(pool)) >= 0:
                self._free.remove(slot)
                free.append(slot)
        for slot in sorted(free, key=self.ends.__getitem__):
            self._barred_or_ended(slot)

    def load(self, running: Iterable[tuple[bytes, int, int]], rest: Iterable[tuple[int, bytes, int, int]], now: int) -> None:
        """Take in what the store has: the leases that run as (client, address, end), the other rows with their state.

        The loop over the first is what a start with a million leases waits for: it does no more than it must, and leaves
        it to `reclaim` to index when they end. `now` is in seconds by the ledger.
        """
        base, clients, ends, states, self._free_of_kind = self.base, self.clients, self.ends, self.states, []
        client = b""
        for client, address, end in running:
            slot = address - base
            if client in clients:
                self._note_double(client, address)
            clients[client] = address
            ends[slot] = end
            states[slot] = LEASED
        if client:
            self._expect_hardware()  # looking at each would take a tenth of a second
            self._unindexed = 0
        self._load_rest(rest, now)

    def _expect_hardware(self) -> None:
        for table in self.wire:
            table.by_hardware = True

    def _load_rest(self, rows: Iterable[tuple[int, bytes, int, int]], now: int) -> None:
        """Quarantined addresses, and ended leases, whose addresses become free in the order in which they ended."""
        ended, declined = array("Q"), array("Q")  # end and slot in one number
        for address, client, stored_end, state in rows:
            slot, end = address - self.base, min(stored_end, NEVER)
            self.ends[slot] = end
            if state == QUARANTINED and end > now:
                self.states[slot] = DECLINED
                self._expiry.note(slot, end)
                declined.append(end << 32 | slot)
                continue
            if client and state != QUARANTINED:
                if client[0] == BY_HARDWARE and not self.by_hardware:
                    self._expect_hardware()
                self._remember(client, slot, end)
                self._former[slot] = client
            if self.kinds[slot] >= POOL:
                ended.append(end << 32 | slot)
        for both in sorted(declined):
            self.quarantine.add(both & 0xFFFFFFFF, groups_of(self.kinds[both & 0xFFFFFFFF]))
        for both in sorted(ended):
            slot = both & 0xFFFFFFFF
            if self.states[slot] == UNUSED:
                self._barred_or_ended(slot)

    def _remember(self, client: bytes, slot: int, end: int) -> None:
        """An ended lease is the client's former address, unless it has one that ended later or runs."""
        other = self.clients.get(client, 0)
        if other:
            home = self.home(other)
            if home.states[other - home.base] == LEASED or home.ends[other - home.base] >= end:
                return
        self.clients[client] = self.base + slot

    def _note_double(self, client: bytes, address: int) -> None:
        """Another lease of a client that has one already on this wire, or had."""
        other = self.clients[client]
        home = self.home(other)
        if home.states[other - home.base] == LEASED:
            self.doubles[other] = self.doubles[address] = client

    def is_of(self, client: bytes, address: int) -> bool:
        """Whether an address that is leased is this client's."""
        return self.clients.get(client) == address or (address in self.doubles and self.doubles[address] == client)

    def addresses_of(self, client: bytes) -> list[int]:
        """The addresses that the client has or had; first the one that it used last."""
        last = self.clients.get(client)
        others = [address for address, its in self.doubles.items() if its == client and address != last]
        return others if last is None else [last, *others]

    def _drop_double(self, client: bytes, address: int) -> bytes:
        """The lease of an address is over: another that its client has is the one to know it by. Returns the client."""
        client = self.doubles.pop(address, client)
        if self.clients.get(client) == address:
            self.clients[client] = next((other for other, its in self.doubles.items() if its == client), address)
        return client

    def _barred_or_ended(self, slot: int) -> None:
        pool = self.kinds[slot] - POOL
        if pool >= 0:
            self.states[slot] = ENDED
            self._free.append(slot, pool)
        else:
            self.states[slot] = BARRED

    def free(self, pool: int) -> int:
        """The free address of a pool that is to be given next: one never used, else the longest unused; 0 for none."""
        slot = self._unused(pool)
        if slot < 0:
            slot = self._longest_unused(pool)
        return self.base + slot if slot >= 0 else 0

    def _unused(self, pool: int) -> int:
        ranges = self._ranges[pool]
        at, begin = self._frontiers[pool]
        while at < len(ranges):
            first, last = ranges[at]
            slot = self.states.find(UNUSED, begin if begin > first else first, last + 1)
            if slot >= 0:
                self._frontiers[pool] = (at, slot)
                return slot
            at, begin = at + 1, 0
        self._frontiers[pool] = (at, 0)
        return -1

    def _longest_unused(self, pool: int) -> int:
        while (slot := self._free.first(pool)) >= 0 and self.kinds[slot] != POOL + pool:
            self._free.remove(slot)  # it was reserved or taken out while it was in the list
            self._barred_or_ended(slot)
        return slot

    def hold(self, slot: int) -> None:
        """Keep a slot for a client: UNUSED or ENDED becomes OFFERED."""
        state = self.states[slot]
        if state == ENDED:
            self._free.remove(slot)
        if state <= ENDED and self._free_of_kind:
            self._free_of_kind[self.kinds[slot]] -= 1
        self.states[slot] = OFFERED

    def lapse(self, slot: int) -> bool:
        """An offer ended without a lease. Nobody used the address, so it is the first to be given again. False where a lease
        runs, or nothing is held any more."""
        if self.states[slot] != OFFERED:
            return False
        pool = self.kinds[slot] - POOL
        if pool >= 0:
            self.states[slot] = ENDED
            self._free.prepend(slot, pool)
        else:
            self.states[slot] = BARRED
        if self._free_of_kind:
            self._free_of_kind[self.kinds[slot]] += 1
        return True

    def lease(self, slot: int, client: bytes, end: int) -> None:
        """The slot is the client's until `end` (seconds by the ledger)."""
        state = self.states[slot]
        if state == ENDED:
            self.hold(slot)
        elif state == DECLINED:
            self.quarantine.remove(slot)
        self._forget_former(slot, client)
        self.states[slot] = LEASED
        self.ends[slot] = end
        self._expiry.note(slot, end)
        self.clients[client] = self.base + slot
        if client[0] == BY_HARDWARE:
            self._expect_hardware()
            self._recognised.pop(client, None)

    def free_between(self, first: int, last: int, most: int) -> list[int]:
        """The free addresses of pools between two, both included; none where there are more than `most` between them."""
        begin, end = max(first - self.base, 0), min(last - self.base + 1, self.size)
        if end - begin > most:
            return []
        return [self.base + slot for slot in range(begin, end) if self.states[slot] <= ENDED and self.kinds[slot] >= POOL]

    def is_due(self, now: int) -> bool:
        """Whether `due` has anything to do. Most networks have nothing, most of the time."""
        return self._unindexed < self.size or self._expiry.is_due(now)

    def is_behind(self, now: int) -> bool:
        """Whether `due` is to be asked again at once: it had to leave something that was due long ago."""
        return self._unindexed < self.size or self._expiry.is_behind(now)

    def due(self, now: int, most: int) -> list[int]:
        """Addresses whose lease or quarantine has ended, looking at `most` at once. Each must be ended, or postponed."""
        indexed = self._index(most)
        ended = [self.base + slot for slot in self._expiry.due(now, most, self.ends) if self.states[slot] in (LEASED, DECLINED)]
        self.looked = indexed + self._expiry.looked
        return ended

    def postpone(self, address: int) -> None:
        """Let `due` give the address once more."""
        self._expiry.note(address - self.base, self.ends[address - self.base])

    @property
    def is_indexed(self) -> bool:
        """Whether the end of every lease is known to `due`; after a load it learns them a portion at a time."""
        return self._unindexed >= self.size

    def _index(self, most: int) -> int:
        """Note the ends of up to `most` leases that were loaded; returns how many."""
        count = 0
        while count < most and not self.is_indexed:
            slot = self.states.find(LEASED, self._unindexed)
            if slot < 0:
                self._unindexed = self.size
                break
            self._expiry.note(slot, self.ends[slot])
            self._unindexed = slot + 1
            count += 1
        return count

    def free_share(self, pool: int, size: int) -> float:
        """Which share (0 to 1) of the `size` addresses of a pool is free. They are counted when it is first asked for, which
        takes a few milliseconds for a million; from then on their number is kept."""
        if not self._free_of_kind:
            self._free_of_kind = self._count_free()
        return self._free_of_kind[POOL + pool] / size if size else 0.0

    def _count_free(self) -> list[int]:
        """How many addresses of each kind are free. One in a pool's ranges may be of another kind by now."""
        free = bytes(state in (UNUSED, ENDED) for state in range(256))
        counts = [0] * 256
        for start in range(0, self.size, CHUNK):
            states, kinds = self.states[start:start + CHUNK], self.kinds[start:start + CHUNK]
            mask = int.from_bytes(states.translate(free), "little") * 255
            ours = (int.from_bytes(kinds, "little") & mask).to_bytes(len(kinds), "little")
            for pool in range(len(self._ranges)):
                counts[POOL + pool] += ours.count(POOL + pool)
        return counts

    def count(self, ranges: Iterable[Range]) -> dict[int, int]:
        """How many addresses of some ranges are in each state, and how many are RESERVED, which comes as their kind, negative.

        Needs no lock, and counts in portions, so that nobody waits for it.
        """
        counts = dict.fromkeys((*range(BARRED + 1), -RESERVED), 0)
        for first, last in ranges:
            for start in range(first - self.base, last - self.base + 1, CHUNK):
                end = min(start + CHUNK, last - self.base + 1)
                for state in range(BARRED + 1):
                    counts[state] += self.states.count(state, start, end)
                counts[-RESERVED] += self.kinds.count(RESERVED, start, end)
        return counts

    def leased(self) -> int:
        """How many addresses are leased. Needs no lock, as `count`."""
        return sum(self.states.count(LEASED, start, start + CHUNK) for start in range(0, self.size, CHUNK))

    def end(self, slot: int, client: bytes) -> None:
        """The lease or quarantine of a slot is over: it is free, and `client`, whose it was by the store, remembered."""
        if self.states[slot] in (LEASED, DECLINED):
            self.quarantine.remove(slot)
            client = self._recognised.pop(client, client)
            if self.doubles:
                client = self._drop_double(client, self.base + slot)
            if self.clients.get(client) == self.base + slot:
                self._former[slot] = client
            self._barred_or_ended(slot)
            if self._free_of_kind:
                self._free_of_kind[self.kinds[slot]] += 1

    def decline(self, slot: int, client: bytes, end: int) -> None:
        """Nobody gets the slot until `end`: a client found it in use (RFC 2131 section 4.3.3). On whose word, `quarantine` was
        told when it was decided."""
        if slot not in self.quarantine:
            self.quarantine.add(slot, groups_of(self.kinds[slot]))
        if self.states[slot] <= ENDED:
            self.hold(slot)
        self._forget_former(slot, client)
        self.states[slot] = DECLINED
        self.ends[slot] = end
        self._expiry.note(slot, end)
        self.forget(client, slot)

    def share_of(self, slot: int, per_cent: float) -> int:
        """How many addresses so many per cent of the pool of a slot are, at least one."""
        kind = self.kinds[slot]
        if kind not in self._sizes:
            self._sizes[kind] = self.kinds.count(kind)
        return max(int(self._sizes[kind] * per_cent / 100), 1)

    def oldest_quarantined(self, pool: int) -> int:
        """The address of a pool that has been in quarantine longest; 0 where there is none."""
        slot = self.quarantine.oldest((OF_POOL, POOL + pool))
        return self.base + slot if slot >= 0 and self.states[slot] == DECLINED else 0

    def take_quarantined(self, pool: int) -> int:
        """Take that address; returns it as OFFERED, or 0."""
        address = self.oldest_quarantined(pool)
        if address:
            self.quarantine.remove(address - self.base)
            self.states[address - self.base] = OFFERED
        return address

    def recognise(self, client: bytes, htype: int, hardware: bytes) -> None:
        """A client that is new here takes over what is recorded for its hardware address alone, by an import or by hand."""
        self.take_over(bytes((BY_HARDWARE, htype)) + hardware, client)

    def take_over(self, recorded: bytes, client: bytes) -> None:
        """What is recorded for one key is this client's from now on."""
        address = self.clients.pop(recorded, 0)
        if address:
            self.clients[client] = address
            home = self.home(address)
            home._recognised[recorded] = client
            if home._former.get(address - home.base) == recorded:
                home._former[address - home.base] = client
            for other, its in self.doubles.items():
                if its == recorded:
                    self.doubles[other] = client

    def forget(self, client: bytes, slot: int) -> None:
        """The slot is no longer the client's."""
        if self.doubles:
            self._drop_double(client, self.base + slot)
        if self.clients.get(client) == self.base + slot:
            del self.clients[client]

    def _forget_former(self, slot: int, client: bytes) -> None:
        """The slot goes to a client: whose it was before will not find it again."""
        former = self._former.pop(slot, client)
        if former != client:
            self.forget(former, slot)


_KIND_OF_ANY_POOL = bytes(min(kind, POOL) for kind in range(256))


def _adapted(state: int, kind: int) -> int:
    """The state of an address whose kind has become `kind`; every pool's is POOL."""
    if kind == POOL:
        return UNUSED if state == BARRED else state
    return BARRED if state == UNUSED else state
