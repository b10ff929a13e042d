"""`Habits`: how clients ask, as far as many ask alike: of each kind once, so that a lease has but its number, two bytes.

Owns the numbers, and which options count. Bounded: strangers choose what they send. Known for as long as the process lives.
"""

from collections.abc import Mapping

COUNTED = (55, 60, 57, 77, 93)
"""Parameter request list, vendor class, size, user class, architecture of firmware: few, for they are read for each lease."""
MOST = 4000  # kinds; those that come later are not told apart
LONGEST = 600  # bytes of all that counts of one message
UNKNOWN = 0

_Kind = tuple[bytes | None, ...]


class Habits:
    """The kinds of asking by number, from 1."""

    __slots__ = ("_kinds", "_numbers")

    def __init__(self) -> None:
        self._numbers: dict[_Kind, int] = {}
        self._kinds: list[_Kind] = [()]

    def number(self, options: Mapping[int, bytes]) -> int:
        """The number of how a message asks; UNKNOWN where there are too many."""
        get = options.get
        kind = get(55), get(60), get(57), get(77), get(93)
        return self._numbers.get(kind) or self._new(kind)

    def _new(self, kind: _Kind) -> int:
        if len(self._kinds) > MOST or sum(map(len, filter(None, kind))) > LONGEST:
            return UNKNOWN
        self._kinds.append(kind)
        self._numbers[kind] = len(self._kinds) - 1
        return self._numbers[kind]

    def options(self, number: int) -> dict[int, bytes]:
        """The options of a kind, by code."""
        kind = self._kinds[number]
        return {code: value for code, value in zip(COUNTED, kind, strict=False) if value is not None}
