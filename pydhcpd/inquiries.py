"""`Inquiries`: who answers for an address, for somebody who asks by hand, beside the probes that are made for clients.

Owns who waits for what answers. Does not know how an address is asked for. For any thread.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

MOST_ANSWERS = 16  # machines that answer for one address


class Inquiry:
    """The machines that answer for an address, each as (hardware address, interface), both empty for an echo reply."""

    def __init__(self) -> None:
        self.answers: dict[tuple[bytes, str], None] = {}
        self._news = threading.Event()

    def note(self, hardware: bytes, interface: str) -> None:
        """One of them has answered."""
        if len(self.answers) < MOST_ANSWERS:
            self.answers[hardware, interface] = None
        self._news.set()

    def wait(self, seconds: float, *, for_all: bool) -> None:
        """Until somebody answers; or, for all who do, as long as that takes."""
        if for_all:
            time.sleep(seconds)
        else:
            self._news.wait(seconds)


class Inquiries:
    """Those that are under way, by address (host byte order)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the lists
        self._waiting: dict[int, list[Inquiry]] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    @contextmanager
    def about(self, address: int) -> Iterator[Inquiry]:
        """What is answered from now on, until the end of the block."""
        made = Inquiry()
        with self._lock:
            self._waiting.setdefault(address, []).append(made)
        try:
            yield made
        finally:
            with self._lock:
                self._waiting[address].remove(made)
                if not self._waiting[address]:
                    del self._waiting[address]

    def heard(self, users: Iterable[tuple[int, bytes, str]]) -> None:
        """Take in who uses which address: (address, hardware, interface)."""
        with self._lock:
            for address, hardware, interface in users:
                for one in self._waiting.get(address, ()):
                    one.note(hardware, interface)
