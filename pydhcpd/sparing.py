"""`Sparing`: says the same thing a few times a minute, and counts what it does not say, however often there is reason to.

Time comes in as an argument, in seconds of a clock that does not go back.
"""

from collections.abc import Hashable

PERIOD = 60.0  # seconds
MOST = 1000  # things told apart at a time; strangers choose some of them


class Sparing:
    """Each thing is a key. All keys beyond `most` count as one, OTHERS."""

    OTHERS = "others"

    def __init__(self, period: float = PERIOD, most: int = MOST) -> None:
        self._period, self._most = period, most
        self._seen: dict[Hashable, list[float]] = {}  # until when; how often it was said; how often not

    def may_say(self, key: Hashable, now: float, times: int = 1) -> bool:
        """Whether to say it now, which counts as having said it; at most `times` in a period."""
        seen = self._seen.get(key)
        if seen is None:
            if len(self._seen) >= self._most and key != self.OTHERS:
                return self.may_say(self.OTHERS, now, times)
            seen = self._seen[key] = [now + self._period, 0, 0]
        elif now >= seen[0]:
            seen[:2] = now + self._period, 0
        if seen[1] < times:
            seen[1] += 1
            return True
        seen[2] += 1
        return False

    def unsaid(self, now: float) -> list[tuple[Hashable, int]]:
        """What was not said in periods that are over, and how often: to be said now, and no more of it for another period."""
        over = [key for key, seen in self._seen.items() if now >= seen[0]]
        found = []
        for key in over:
            _, said, count = self._seen.pop(key)
            if count:
                found.append((key, int(count)))
                self._seen[key] = [now + self._period, said, 0]
        return found
