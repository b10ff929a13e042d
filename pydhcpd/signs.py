"""`Signs`: what is rare and may mean that something is wrong, counted on the path of a packet until somebody looks.

Bounded, whatever strangers send. Does not know what any of it means.
"""

from collections import Counter, deque
from collections.abc import Hashable

ANOTHER_SERVER, DECLINES, OVER_LIMIT, TOO_MANY = "another server", "declines", "over a limit", "too many messages"
MOST = 1000  # signs told apart between two looks
SENDERS = 4096  # messages of which the sender is known, between two looks

Sign = tuple[str, Hashable]
"""What it is a sign of, and whose."""


class Signs:
    """Counts by sign. `senders` are the hardware addresses of which messages came: of a batch the first one's."""

    def __init__(self) -> None:
        self.senders: deque[bytes] = deque(maxlen=SENDERS)
        self._counts: Counter[Sign] = Counter()

    def note(self, kind: str, whose: Hashable) -> None:
        """Count one."""
        if len(self._counts) < MOST or (kind, whose) in self._counts:
            self._counts[kind, whose] += 1

    def take(self) -> tuple[Counter[Sign], Counter[bytes]]:
        """What was counted since this was called last, and who sent how much. For any thread."""
        counts, self._counts = self._counts, Counter()
        senders, self.senders = self.senders, deque(maxlen=SENDERS)
        return counts, Counter(senders)
