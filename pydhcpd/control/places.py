"""`Places`: which sessions there may be at a time, and who gives way where all places are taken.

No user may keep others out: whoever has fewest comes first, and root before all. What is not used gives way to what is new.
Knows no sockets: a session is whatever its server says that it is. Time comes in as an argument, of a clock that does not go
back.
"""

import threading
from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

ROOT = 0
IDLE = 30.0  # seconds after which a session gives way to another one of the same user's, if that is root

T = TypeVar("T", bound=Hashable)


class Places(Generic[T]):
    """The sessions, each with its user and when it was last heard. For many threads."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._lock = threading.Lock()  # guards both
        self._users: dict[T, Hashable] = {}
        self._heard: dict[T, float] = {}

    def take(self, session: T, user: Hashable, now: float) -> tuple[bool, T | None]:
        """Whether there is a place for a session of a user, and the one that has to end for it, if any."""
        with self._lock:
            victim = None
            if len(self._users) >= self.number:
                victim = self._gives_way(user, now)
                if victim is None:
                    return False, None
                del self._users[victim], self._heard[victim]
            self._users[session], self._heard[session] = user, now
            return True, victim

    def _gives_way(self, user: Hashable, now: float) -> T | None:
        """Of those that may be asked to go, the one that was not heard for longest."""
        of = Counter(self._users.values())
        mine = of[user]

        def may_go(session: T) -> bool:
            other = self._users[session]
            if user == ROOT:
                return other != ROOT or now - self._heard[session] >= IDLE
            return other != ROOT and of[other] > mine + 1
        return min(filter(may_go, self._users), key=self._heard.__getitem__, default=None)

    def hear(self, session: T, now: float) -> None:
        """It has said something."""
        with self._lock:
            if session in self._heard:
                self._heard[session] = now

    def leave(self, session: T) -> None:
        """It has ended."""
        with self._lock:
            self._users.pop(session, None)
            self._heard.pop(session, None)

    def __iter__(self) -> Iterator[T]:
        with self._lock:
            return iter(list(self._users))
