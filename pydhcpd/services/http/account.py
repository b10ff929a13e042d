"""`Account`: what is reported of files that are asked for by HTTP.

Boot loaders ask for parts of one large file a thousand times (a disk by HTTP): that is reported as one, as long as the next
part is asked for soon enough.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from pydhcpd.services.report import BEGUN, FAILED, FINISHED, SENDING, TELL_EVERY, Report

BY = "http"
PAUSE = 3.0  # seconds without a request for another part, after which a file counts as finished
MOST = 500  # files that are remembered for their next part

Tell = Callable[[Report], None]


@dataclass(slots=True)
class Item:
    """A file on its way to a client."""

    client: str
    file: str
    size: int
    begun: float
    last: float
    told: float
    """When it was last said how far it has got."""
    sent: int = 0
    under_way: int = 0
    """Requests for parts of it."""


class Account:
    """Reports go to `tell`, which does not wait. Made in the event loop."""

    def __init__(self, tell: Tell, pause: float = PAUSE) -> None:
        self._tell, self._pause = tell, pause
        self._loop = asyncio.get_running_loop()
        self._in_parts: dict[tuple[str, str], Item] = {}

    def refused(self, client: str, file: str, trouble: str) -> None:
        """Somebody did not get what he asked for."""
        self._tell(Report(FAILED, BY, file, client, trouble=trouble))

    def begin(self, client: str, file: str, size: int, is_part: bool) -> Item:
        """Somebody gets a file, or a part of one."""
        now = self._loop.time()
        item = self._in_parts.get((client, file)) if is_part else None
        if item is None:
            item = Item(client, file, size, now, now, now)
            self._report(item, BEGUN)
            if is_part and len(self._in_parts) < MOST:
                self._in_parts[client, file] = item
                self._loop.call_later(self._pause, self._look, item)
        item.under_way += 1
        return item

    def going(self, item: Item, sent: int) -> None:
        """So much of it was sent by now, besides what was sent before."""
        now = self._loop.time()
        if now - item.told >= TELL_EVERY:
            item.last = item.told = now
            self._report(item, SENDING, sent=sent)

    def end(self, item: Item, sent: int, trouble: str) -> None:
        """So much of it was sent, and then this was the trouble, if any."""
        item.under_way -= 1
        item.sent += sent
        item.last = self._loop.time()
        is_kept = self._in_parts.get((item.client, item.file)) is item
        if trouble and is_kept:
            del self._in_parts[item.client, item.file]
        if trouble or not is_kept:
            self._report(item, FAILED if trouble else FINISHED, trouble)

    def _look(self, item: Item) -> None:
        """Whether no other part of it is wanted any more."""
        key = item.client, item.file
        if self._in_parts.get(key) is not item:
            return
        left = self._pause if item.under_way else item.last + self._pause - self._loop.time()
        if left > 0:
            self._loop.call_later(left, self._look, item)
        else:
            del self._in_parts[key]
            self._report(item, FINISHED)

    def _report(self, item: Item, what: str, trouble: str = "", sent: int = 0) -> None:
        seconds = round(item.last - item.begun, 6)
        self._tell(Report(what, BY, item.file, item.client, item.size, item.sent + sent, seconds, trouble))
