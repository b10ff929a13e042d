"""The clients whose leases a server finds in its database when it starts, the same for all servers."""

from collections.abc import Iterator
from dataclasses import dataclass

FIRST = 0x0A400100  # 10.64.1.0, the first address of the pool
LAST = 0x0A7FFF00  # 10.127.255.0, the last one; a pool of 4.2 million
LEASE_TIME = 8 * 3600  # seconds


def mac_of(client: int) -> bytes:
    """The hardware address of one of the clients; perfdhcp's begin with 02."""
    return b"\6\0" + client.to_bytes(4, "big")


@dataclass(frozen=True, slots=True)
class Leases:
    """`count` clients hold leases; where `free` is given, the pool has only so many addresses left, evenly spread."""

    count: int
    free: int | None = None

    def last(self) -> int:
        """The last address of the pool."""
        return LAST if self.free is None else FIRST + self.count + self.free - 1

    def __iter__(self) -> Iterator[tuple[bytes, int]]:
        """(hardware address, address) of each lease, by address; without `free`, client i has the address FIRST + i."""
        between = self.count if self.free is None else self.count // self.free
        for client in range(self.count):
            yield mac_of(client), FIRST + client + client // between
