"""`Quarantine`: the addresses of one network that nobody gets for a while, oldest first, and on whose word.

Whoever says that an address is in use takes it from everybody, and anybody can say so. What one machine, one port of a relay
agent's switch, and all together in one pool may take is bounded: for one too many the oldest of them is given up. Owns that
order, and the numbers; does not know what an address is, nor how it is given up.
"""

from collections import OrderedDict

MOST_BY_MACHINE, MOST_BY_PORT = 4, 16  # addresses in quarantine at a time on the word of one
OF_POOL, OF_MACHINE, OF_PORT = range(3)

Group = tuple[int, int | bytes]
"""What addresses have in common: one of the three above, and which pool, machine or port."""


def groups_of(kind: int, machine: bytes = b"", port: bytes = b"") -> tuple[Group, ...]:
    """The groups of an address of a kind; `machine` and `port` are empty where nobody knows them."""
    groups: list[Group] = [(OF_POOL, kind)]
    if machine:
        groups.append((OF_MACHINE, machine))
    if port:
        groups.append((OF_PORT, port))
    return tuple(groups)


class Quarantine:
    """Slots by the groups that they are in."""

    __slots__ = ("_groups", "_of")

    def __init__(self) -> None:
        self._of: dict[int, tuple[Group, ...]] = {}
        self._groups: dict[Group, OrderedDict[int, None]] = {}

    def __len__(self) -> int:
        return len(self._of)

    def __contains__(self, slot: int) -> bool:
        return slot in self._of

    def slots(self) -> list[int]:
        """All of them."""
        return list(self._of)

    def add(self, slot: int, groups: tuple[Group, ...]) -> None:
        """Add a slot as the youngest of its groups."""
        self.remove(slot)
        self._of[slot] = groups
        for group in groups:
            self._groups.setdefault(group, OrderedDict())[slot] = None

    def remove(self, slot: int) -> None:
        """Its quarantine is over, or there is none."""
        for group in self._of.pop(slot, ()):
            slots = self._groups[group]
            del slots[slot]
            if not slots:
                del self._groups[group]

    def of(self, group: Group) -> list[int]:
        """The slots of a group, oldest first."""
        return list(self._groups.get(group, ()))

    def oldest(self, group: Group) -> int:
        """The oldest of a group, or -1."""
        slots = self._groups.get(group)
        return next(iter(slots)) if slots else -1

    def excess(self, slot: int, most_of_pool: int) -> list[int]:
        """The slots to give up for one that was added, so that none of its groups is too large."""
        most = {OF_POOL: most_of_pool, OF_MACHINE: MOST_BY_MACHINE, OF_PORT: MOST_BY_PORT}
        found: dict[int, None] = {}
        for group in self._of[slot]:
            slots = self._groups[group]
            left = len(slots) - most[group[0]] - sum(one in slots for one in found)
            for one in slots if left > 0 else ():
                if left <= 0:
                    break
                if one != slot and one not in found:
                    found[one] = None
                    left -= 1
        return list(found)

    def regroup(self, kinds: bytes) -> None:
        """The configuration has changed: the slots are in the pools that these kinds tell."""
        for slot, groups in list(self._of.items()):
            self.add(slot, ((OF_POOL, kinds[slot]), *groups[1:]))
