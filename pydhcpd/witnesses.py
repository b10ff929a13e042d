"""`Witnesses`: who answers for how many addresses that are probed. One that answers for many is no longer believed.

Some routers answer for every address (proxy ARP), and so does a thief: believed, either would take the whole pool from all.
Time comes in as an argument, in seconds of a clock that does not go back.
"""

from collections import OrderedDict

MOST_ADDRESSES = 4  # that one machine has besides its lease, without anybody wondering
MOST_MACHINES = 1024  # that are remembered, those that spoke last; strangers choose them
DOUBTED = 86400.0  # seconds in which one that answered for more is not believed


class Witnesses:
    """Hardware addresses, with the addresses (host byte order) that they answered for."""

    __slots__ = ("_answers", "_doubted")

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, frozenset[int]] = OrderedDict()
        self._doubted: dict[bytes, float] = {}  # until when

    def clear(self) -> None:
        """Believe everybody again."""
        self._answers.clear()
        self._doubted.clear()

    def is_doubted(self, hardware: bytes, now: float) -> bool:
        """Whether it is not believed."""
        return bool(self._doubted) and self._doubted.get(hardware, 0.0) > now

    def doubted(self, now: float) -> list[bytes]:
        """Those that are not believed. For any thread."""
        return [hardware for hardware, end in list(self._doubted.items()) if end > now]

    def answers_for_many(self, hardware: bytes, address: int, now: float) -> bool:
        """Take in that it answers for an address; whether that is one too many, so that from now on it is not believed."""
        addresses = self._answers.pop(hardware, frozenset()) | {address}
        if len(addresses) > MOST_ADDRESSES:
            if len(self._doubted) >= MOST_MACHINES:
                del self._doubted[next(iter(self._doubted))]
            self._doubted[hardware] = now + DOUBTED
            return True
        self._answers[hardware] = addresses
        if len(self._answers) > MOST_MACHINES:
            self._answers.popitem(last=False)
        return False
