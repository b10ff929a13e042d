"""The addresses of one network in memory: an element of an array each, so that every step takes constant time.

Owns which address is free, offered, leased, ended or quarantined, and which client has which. It is an index of the
store, which alone counts. Nothing in it is an object per lease that the garbage collector would walk: arrays, a dictionary
from client (bytes) to address (integer), and one from the slots that are free to their last clients.

    kind of an address (from the configuration)      state of an address
      OUTSIDE   in no range, or never to be given      UNUSED    free, never had a client
      POOL      given to anyone                        ENDED     free, its last client remembered; in the free list
      RESERVED  given to its host alone                OFFERED   held for a client until the offer ends
                                                       LEASED    somebody's, by the store
                                                       DECLINED  in quarantine until `ends`
                                                       BARRED    not a free one of the pool

Arrays are made zeroed, and the kernel gives memory only to the pages that are written: a /8 costs what is used of it.
"""

from array import array
from collections.abc import Iterable

from pydhcpd.leases.arrays import words
from pydhcpd.leases.expiry import ExpiryIndex
from pydhcpd.leases.store import QUARANTINED

UNUSED, ENDED, OFFERED, LEASED, DECLINED, BARRED = range(6)
OUTSIDE, POOL, RESERVED = range(3)
BY_HARDWARE = 0  # first byte of the key of a client of whom only the hardware address is known yet
CHUNK = 1 << 16  # addresses whose kind is changed at once; as one number, those of a /8 would take 50 MB
NEVER = 0xFFFFFFFF  # an end that does not come (RFC 2131 section 3.3)


class FreeList:
    """Slots in order of how long they have been unused: a doubly linked list inside two arrays.

    Element 0 is the sentinel of a ring, and slot s is element s + 1; so zeroed arrays are an empty list.
    """

    __slots__ = ("_next", "_previous")

    def __init__(self, size: int) -> None:
        self._next, self._previous = words(size + 1), words(size + 1)

    def first(self) -> int:
        """The slot that has been unused longest, or -1."""
        return self._next[0] - 1

    def append(self, slot: int) -> None:
        """Add a slot that has just become free."""
        self._insert(self._previous[0], slot + 1)

    def prepend(self, slot: int) -> None:
        """Add a slot that nobody used."""
        self._insert(0, slot + 1)

    def remove(self, slot: int) -> None:
        """Take out a slot that is in the list."""
        after, before = self._next[slot + 1], self._previous[slot + 1]
        self._next[before], self._previous[after] = after, before

    def _insert(self, before: int, element: int) -> None:
        after = self._next[before]
        self._next[before] = self._previous[after] = element
        self._next[element], self._previous[element] = after, before


class AddressTable:
    """The addresses from `base` on, `size` of them; slot s is the address base + s (host byte order).

    `clients` maps each client's key to its current or former address, and may be shared by the networks of one link.
    """

    __slots__ = ("_expiry", "_former", "_free", "_frontier", "_recognised", "_unindexed", "base", "by_hardware", "clients",
                 "ends", "kinds", "size", "states")

    def __init__(self, base: int, size: int, now: int = 0, clients: dict[bytes, int] | None = None) -> None:
        self.base, self.size = base, size
        self.clients: dict[bytes, int] = {} if clients is None else clients
        self.states = bytearray(size)
        self.kinds = b""
        self.ends = words(size)
        self._former: dict[int, bytes] = {}  # of an address that is not leased: its last client, who is to be forgotten with it
        self._recognised: dict[bytes, bytes] = {}  # whom the store has by the hardware address alone, and clients has otherwise
        self._free = FreeList(size)
        self._frontier = 0
        self._expiry = ExpiryIndex(size, now)
        self._unindexed = size  # up to where the ends of loaded leases are in _expiry
        self.by_hardware = False  # whether there may be clients of whom only the hardware address is known

    def __contains__(self, address: int) -> bool:
        return 0 <= address - self.base < self.size

    def set_kinds(self, kinds: bytes) -> None:
        """Take over the configuration's kinds; what is leased, offered or quarantined stays so.

        A new pool address becomes UNUSED and one taken out BARRED. State and kind are joined into one byte per address
        and translated by a table, because a loop over a /8 would stop the server.
        """
        table = bytes(_adapted(value & 15, value >> 4) for value in range(256))
        for start in range(0, self.size, CHUNK):
            states, new = self.states[start:start + CHUNK], kinds[start:start + CHUNK]
            joined = int.from_bytes(states, "little") | int.from_bytes(new, "little") << 4
            self.states[start:start + CHUNK] = joined.to_bytes(len(new), "little").translate(table)
        self.kinds = kinds
        self._frontier = 0

    def load(self, running: Iterable[tuple[bytes, int, int]], rest: Iterable[tuple[int, bytes, int, int]], now: int) -> None:
        """Take in what the store has: the leases that run as (client, address, end), the other rows with their state.

        The loop over the first is what a start with a million leases waits for: it does no more than it must, and leaves
        it to `reclaim` to index when they end. `now` is in seconds of the epoch.
        """
        base, clients, ends, states = self.base, self.clients, self.ends, self.states
        count = 0
        for client, address, end in running:
            slot = address - base
            if client in clients:
                self._supersede(client, slot, end)
                continue
            clients[client] = address
            ends[slot] = end
            states[slot] = LEASED
            count += 1
        self.by_hardware = count > 0  # looking at each would take a tenth of a second
        self._load_rest(rest, now)
        self._unindexed = 0 if count else self.size

    def _load_rest(self, rows: Iterable[tuple[int, bytes, int, int]], now: int) -> None:
        """Quarantined addresses, and ended leases, whose addresses become free in the order in which they ended."""
        ended = array("Q")  # end and slot in one number
        for address, client, stored_end, state in rows:
            slot, end = address - self.base, min(stored_end, NEVER)
            self.ends[slot] = end
            if state == QUARANTINED and end > now:
                self.states[slot] = DECLINED
                self._expiry.note(slot, end)
                continue
            if client and state != QUARANTINED:
                self.by_hardware = self.by_hardware or client[0] == BY_HARDWARE
                self._remember(client, slot, end)
                self._former[slot] = client
            if self.kinds[slot] == POOL:
                ended.append(end << 32 | slot)
        for both in sorted(ended):
            slot = both & 0xFFFFFFFF
            if self.states[slot] == UNUSED:
                self.states[slot] = ENDED
                self._free.append(slot)

    def _remember(self, client: bytes, slot: int, end: int) -> None:
        """An ended lease is the client's former address, unless it has one that ended later or runs."""
        other = self.clients.get(client, 0)
        if not other or (self.states[other - self.base] != LEASED and self.ends[other - self.base] < end):
            self.clients[client] = self.base + slot

    def _supersede(self, client: bytes, slot: int, end: int) -> None:
        """Two running leases of one client, which an import can bring: the one that ends later is its, the other free."""
        other = self.clients[client] - self.base
        loser = slot if self.ends[other] >= end else other
        self.ends[slot] = end
        if loser == other:
            self.clients[client] = self.base + slot
            self.states[slot] = LEASED
        self._barred_or_ended(loser)

    def _barred_or_ended(self, slot: int) -> None:
        if self.kinds[slot] == POOL:
            self.states[slot] = ENDED
            self._free.append(slot)
        else:
            self.states[slot] = BARRED

    def take(self, wanted: int) -> int:
        """Take a free pool address: the one wanted if it is free, else one never used, else the longest unused.

        Returns it as OFFERED, or 0 where there is none.
        """
        slot = wanted - self.base
        if not (wanted and 0 <= slot < self.size and self.kinds[slot] == POOL and self.states[slot] <= ENDED):
            slot = self._next_free()
            if slot < 0:
                return 0
        self.hold(slot)
        return self.base + slot

    def _next_free(self) -> int:
        slot = self.states.find(UNUSED, self._frontier)
        self._frontier = slot if slot >= 0 else self.size
        if slot >= 0:
            return slot
        while (slot := self._free.first()) >= 0 and self.kinds[slot] != POOL:
            self._free.remove(slot)  # the pool was made smaller while it was in the list
            self.states[slot] = BARRED
        return slot

    def hold(self, slot: int) -> None:
        """Keep a free slot for a client: UNUSED or ENDED becomes OFFERED."""
        if self.states[slot] == ENDED:
            self._free.remove(slot)
        self.states[slot] = OFFERED

    def lapse(self, slot: int) -> None:
        """An offer ended without a lease. Nobody used the address, so it is the first to be given again."""
        if self.states[slot] != OFFERED:
            return
        if self.kinds[slot] == POOL:
            self.states[slot] = ENDED
            self._free.prepend(slot)
        else:
            self.states[slot] = BARRED

    def lease(self, slot: int, client: bytes, end: int) -> None:
        """The slot is the client's until `end` (seconds of the epoch)."""
        if self.states[slot] == ENDED:
            self._free.remove(slot)
        self._forget_former(slot, client)
        self.states[slot] = LEASED
        self.ends[slot] = end
        self._expiry.note(slot, end)
        self.clients[client] = self.base + slot
        if client[0] == BY_HARDWARE:
            self.by_hardware = True
            self._recognised.pop(client, None)

    def due(self, now: int, most: int) -> list[int]:
        """Addresses whose lease or quarantine has ended, looking at `most` at once. Each must be ended, or postponed."""
        self._index(most)
        return [self.base + slot for slot in self._expiry.due(now, most, self.ends) if self.states[slot] in (LEASED, DECLINED)]

    def postpone(self, address: int) -> None:
        """Let `due` give the address once more."""
        self._expiry.note(address - self.base, self.ends[address - self.base])

    @property
    def is_indexed(self) -> bool:
        """Whether the end of every lease is known to `due`; after a load it learns them a portion at a time."""
        return self._unindexed >= self.size

    def _index(self, most: int) -> None:
        """Note the ends of up to `most` leases that were loaded."""
        while most > 0 and not self.is_indexed:
            slot = self.states.find(LEASED, self._unindexed)
            if slot < 0:
                self._unindexed = self.size
                return
            self._expiry.note(slot, self.ends[slot])
            self._unindexed = slot + 1
            most -= 1

    def end(self, slot: int, client: bytes) -> None:
        """The lease or quarantine of a slot is over: it is free, and `client`, whose it was by the store, remembered."""
        if self.states[slot] in (LEASED, DECLINED):
            client = self._recognised.pop(client, client)
            if self.clients.get(client) == self.base + slot:
                self._former[slot] = client
            self._barred_or_ended(slot)

    def decline(self, slot: int, client: bytes, end: int) -> None:
        """Nobody gets the slot until `end`: a client found it in use (RFC 2131 section 4.3.3)."""
        if self.states[slot] == ENDED:
            self._free.remove(slot)
        self._forget_former(slot, client)
        self.states[slot] = DECLINED
        self.ends[slot] = end
        self._expiry.note(slot, end)
        self.forget(client, slot)

    def recognise(self, client: bytes, htype: int, hardware: bytes) -> None:
        """A client that is new here takes over what is recorded for its hardware address alone, by an import or by hand."""
        recorded = bytes((BY_HARDWARE, htype)) + hardware
        address = self.clients.pop(recorded, 0)
        if address:
            self.clients[client] = address
            self._recognised[recorded] = client
            if self._former.get(address - self.base) == recorded:
                self._former[address - self.base] = client

    def forget(self, client: bytes, slot: int) -> None:
        """The slot is no longer the client's."""
        if self.clients.get(client) == self.base + slot:
            del self.clients[client]

    def _forget_former(self, slot: int, client: bytes) -> None:
        """The slot goes to a client: whose it was before will not find it again."""
        former = self._former.pop(slot, client)
        if former != client:
            self.forget(former, slot)


def _adapted(state: int, kind: int) -> int:
    """The state of an address whose kind has become `kind`."""
    if kind == POOL:
        return UNUSED if state == BARRED else state
    return BARRED if state == UNUSED else state
