"""Changes to messages and texts by chance: the same seed makes the same ones, so that whatever failed can be had again.

Knows as much of a message as makes a change worth trying: where options stand, and which lengths and values are on an edge.
Half of the changes go by that, the others strike any byte.
"""

from collections.abc import Callable, Sequence
from random import Random

EDGES = (0, 1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 127, 128, 192, 254, 255)
COOKIE, OPTIONS = 236, 240
HEADER = ((0, 1), (1, 1), (2, 1), (3, 1), (4, 4), (8, 2), (10, 2), (12, 4), (16, 4), (20, 4), (24, 4), (28, 6), (34, 10))
CODES = (0, 12, 43, 50, 51, 52, 53, 54, 55, 57, 60, 61, 77, 80, 81, 82, 90, 93, 97, 108, 116, 118, 119, 121, 124, 125, 255)
LONGEST = 1400  # bytes


class Mutator:
    """Makes inputs out of seeds, and of pieces of one another."""

    def __init__(self, seeds: Sequence[bytes], random: Random) -> None:
        self.seeds = list(seeds)
        self.random = random

    def next(self) -> bytes:
        """The next input."""
        return self.changed(self.random.choice(self.seeds))

    def changed(self, data: bytes) -> bytes:
        """One input with one to four changes."""
        made = bytearray(data)
        for _ in range(self.random.choice((1, 1, 1, 2, 2, 3, 4))):
            self.random.choice(ANYWHERE)(self, made)
        return bytes(made[:LONGEST])

    # --- anywhere

    def flip(self, data: bytearray) -> None:
        """A bit."""
        if data:
            data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)

    def edge(self, data: bytearray) -> None:
        """A byte that is on an edge of something."""
        if data:
            data[self.random.randrange(len(data))] = self.random.choice(EDGES)

    def cut(self, data: bytearray) -> None:
        """The end is missing."""
        del data[self.random.randrange(len(data) + 1):]

    def remove(self, data: bytearray) -> None:
        """A piece is missing."""
        start = self.random.randrange(len(data) + 1)
        del data[start:start + self.random.choice(EDGES)]

    def insert(self, data: bytearray) -> None:
        """A piece too much."""
        start = self.random.randrange(len(data) + 1)
        data[start:start] = self.random.randbytes(self.random.choice(EDGES[1:8]))

    def splice(self, data: bytearray) -> None:
        """The rest is another one's."""
        other = self.random.choice(self.seeds)
        start = self.random.randrange(min(len(data), len(other)) + 1)
        data[start:] = other[start:]

    def repeat(self, data: bytearray) -> None:
        """A piece again."""
        start = self.random.randrange(len(data) + 1)
        piece = data[start:start + self.random.choice(EDGES[1:])]
        data[start:start] = piece * self.random.choice((1, 1, 2, 5))


ANYWHERE: tuple[Callable[[Mutator, bytearray], None], ...] = (
    Mutator.flip, Mutator.edge, Mutator.cut, Mutator.remove, Mutator.insert, Mutator.splice, Mutator.repeat)


class MessageMutator(Mutator):
    """Makes messages."""

    def changed(self, data: bytes) -> bytes:
        """A message with a few changes; half of the time such as leave it one."""
        if len(data) < OPTIONS or self.random.random() < 0.3:
            return super().changed(data)
        made = bytearray(data)
        for _ in range(self.random.choice((1, 1, 2, 3, 4))):
            self.random.choice(OF_MESSAGES)(self, made)
        return super().changed(made) if self.random.random() < 0.15 else bytes(made[:LONGEST])

    def field(self, data: bytearray) -> None:
        """Another value in a field of the header."""
        start, size = self.random.choice(HEADER)
        data[start:start + size] = self._value(size)

    def client(self, data: bytearray) -> None:
        """Another client, one of a few."""
        data[33] = self.random.randrange(32)

    def transaction(self, data: bytearray) -> None:
        """Another xid, one of a few."""
        data[7] = self.random.randrange(64)

    def option(self, data: bytearray) -> None:
        """One more option, before all others or wherever one begins."""
        code = self.random.choice(CODES) if self.random.random() < 0.7 else self.random.randrange(256)
        value = self._value(self.random.choice(EDGES[:12]))
        length = len(value) if self.random.random() < 0.9 else self.random.choice(EDGES)
        at = self.random.choice(self._starts(data))
        data[at:at] = bytes((code, length)) + value

    def length(self, data: bytearray) -> None:
        """An option of another length than its own."""
        at = self.random.choice(self._starts(data))
        if at + 1 < len(data):
            data[at + 1] = self.random.choice(EDGES)

    def value(self, data: bytearray) -> None:
        """An option of the same length and another value."""
        at = self.random.choice(self._starts(data))
        if at + 1 < len(data):
            size = min(data[at + 1], len(data) - at - 2)
            data[at + 2:at + 2 + size] = self._value(size)

    def foreign(self, data: bytearray) -> None:
        """The options of another message."""
        data[OPTIONS:] = self.random.choice(self.seeds)[OPTIONS:] or b"\xff"

    def overload(self, data: bytearray) -> None:
        """Options in file and sname as well."""
        options = self.random.choice(self.seeds)[OPTIONS:OPTIONS + 60]
        data[108:108 + len(options)] = options
        data[44:44 + len(options)] = options
        data[OPTIONS:OPTIONS] = bytes((52, 1, self.random.choice((0, 1, 2, 3, 7))))

    def _value(self, size: int) -> bytes:
        """So many bytes: all alike, by chance, or an address that means something."""
        kind = self.random.randrange(4)
        if kind == 0:
            return bytes([self.random.choice(EDGES)]) * size
        if kind == 1 and size == 4:
            return self.random.choice(ADDRESSES) + bytes([self.random.randrange(256)])
        return self.random.randbytes(size)

    @staticmethod
    def _starts(data: bytearray) -> list[int]:
        """Where options begin, the end of all included."""
        at, found = OPTIONS, [min(OPTIONS, len(data))]
        while at + 1 < len(data) and data[at] != 255:
            at += 1 if data[at] == 0 else 2 + data[at + 1]
            if at < len(data):
                found.append(at)
        return found[:40]


ADDRESSES = (b"\xc0\0\2", b"\xc0\0\2", b"\xc6\x33\x64", b"\x0a\1\0", b"\x0a\2\0", b"\x0a\3\0",
             b"\x0a\4\0", b"\xff\xff\xff", b"\xe0\0\0")
OF_MESSAGES: tuple[Callable[[MessageMutator, bytearray], None], ...] = (
    MessageMutator.field, MessageMutator.client, MessageMutator.client, MessageMutator.transaction, MessageMutator.option,
    MessageMutator.option, MessageMutator.length, MessageMutator.value, MessageMutator.foreign, MessageMutator.overload)
