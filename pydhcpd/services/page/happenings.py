"""Events for the status page: some of them at a time, and as they come, by server-sent events (the HTML standard, section 9.2).

An event is known by the start of the daemon and its number since then. As long as anybody follows them the daemon is asked for
the newest ones, twice a second and for a bounded number: who is told of them all at a flood is not who looks at a page. Who
does not read what comes is not waited for.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pydhcpd.services.page.answers import Failure, encoded
from pydhcpd.services.page.questions import Questions, Refused, Silent

EVERY = 0.5  # seconds between questions
MOST_AT_ONCE = 50  # events that one brings, which is more than anybody reads
MOST_BEHIND = 500  # events that who comes again is told of those that it missed
MOST_FOLLOWERS = 64
MOST_WAITING = 40  # of what the questions bring, for one follower
PATIENCE = 15.0  # seconds for a follower to take what there is
HEARTBEAT = 15.0  # seconds without an event, after which there is a sign of life
LOOK = 1.0  # seconds between looks at whether a follower has gone
AGAIN = 3000  # milliseconds after which a browser connects again
BUSY = 503


class News(NamedTuple):
    """Events with their numbers and names, the oldest first, and the number of the next one that there will be."""

    rows: Sequence[tuple[int, str, bytes]]
    following: int


_Queue = asyncio.Queue[News | None]
"""What a follower has not been told yet; None is the end of all."""


class Happenings:
    """The events of a daemon, which calls its start by some word."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions
        self.start = ""
        self._followers: set[_Queue] = set()
        self._asking: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Ask no more; whoever follows has to go."""
        if self._asking is not None:
            self._asking.cancel()
        self._tell(None)

    def followers(self) -> int:
        """How many follow them."""
        return len(self._followers)

    # --- some at a time

    async def newest(self, most: str, before: str) -> tuple[list[bytes], str | None]:
        """Events, the newest first, and before which one there are more; those before one, if any is given. Raises Failure."""
        number = self.number_of(before)
        if before and number is None:
            raise Failure(400, "no such event; begin with the newest ones")
        news = await self._ask(most, None, number)
        rows = [row for _, _, row in reversed(news.rows)]
        return rows, news.rows[0][1] if len(rows) == int(most) and news.rows[0][0] else None

    async def _ask(self, most: str, first: int | None = None, last: int | None = None) -> News:
        *rows, following = await self._questions.ask_now("latest", most, _word(first), _word(last))
        return News([self._row(row) for row in reversed(rows)], following["following"])

    def _row(self, row: dict[str, Any]) -> tuple[int, str, bytes]:
        number: int = row.pop("number")
        name = f"{self.start}.{number}"
        return number, name, encoded({"id": name, **row})

    def number_of(self, word: str) -> int | None:
        """The number of an event; None where it is none of this start."""
        start, _, number = word.partition(".")
        return int(number) if start == self.start and number.isascii() and number.isdecimal() and len(number) < 19 else None

    # --- as they come

    async def follow(self, after: str) -> "Follower":
        """Somebody who follows them, from after an event on, or else from now on. Raises Failure."""
        if len(self._followers) >= MOST_FOLLOWERS:
            raise Failure(BUSY, f"{len(self._followers)} browsers follow events already; close some, or try again")
        queue: _Queue = asyncio.Queue(MOST_WAITING)
        self._followers.add(queue)
        try:
            return await self._follower(queue, after)
        except BaseException:
            self._followers.discard(queue)
            raise

    async def _follower(self, queue: _Queue, after: str) -> "Follower":
        """What has happened until it follows comes first, whatever is in its queue by then."""
        number = self.number_of(after)
        first = None if number is None else number + 1
        news = await self._ask("1" if first is None else str(MOST_BEHIND), first)
        self._ask_on(news.following)
        position = news.following if first is None or first > news.following else first
        made = Follower(queue, position, self._followers.discard)
        made.begin_with(news, is_lost=bool(after) and position != first)
        return made

    def _ask_on(self, following: int) -> None:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_news(following))

    async def _ask_for_news(self, following: int) -> None:
        while self._followers:
            await asyncio.sleep(EVERY)
            with suppress(Refused, Silent):
                news = await self._ask(str(MOST_AT_ONCE), following)
                if news.following > following:
                    following = news.following
                    self._tell(news)

    def _tell(self, news: News | None) -> None:
        for queue in self._followers:
            if queue.full():
                queue.get_nowait()  # what it held is missed, as its reader will be told
            queue.put_nowait(news)


class Follower:
    """Somebody who reads a stream of events, from the number `position` on."""

    def __init__(self, queue: _Queue, position: int, leave: Callable[[_Queue], object]) -> None:
        self._queue, self._position, self._leave = queue, position, leave
        self.beginning = b"retry: %d\n\n" % AGAIN
        """What the stream begins with."""

    def begin_with(self, news: News, is_lost: bool) -> None:
        """What is told at first: that nobody knows what was missed, if so, and what was."""
        self.beginning += (_missed(None) if is_lost else b"") + b"".join(self._told(news))

    def close(self) -> None:
        """It follows no more."""
        self._leave(self._queue)

    async def more(self) -> bytes:
        """What has happened since; nothing, if nothing has for a while. Raises ConnectionAbortedError at the end of all."""
        try:
            async with asyncio.timeout(LOOK):
                news = await self._queue.get()
        except TimeoutError:
            return b""
        if news is None:
            raise ConnectionAbortedError
        return b"".join(self._told(news))

    def _told(self, news: News) -> Iterator[bytes]:
        rows = [row for row in news.rows if row[0] >= self._position]
        first = rows[0][0] if rows else news.following
        if first > self._position:
            yield _missed(first - self._position)
        for _, name, row in rows:
            yield b"id: %s\ndata: %s\n\n" % (name.encode(), row)
        self._position = max(self._position, news.following)


def _missed(count: int | None) -> bytes:
    return b'event: missed\ndata: {"count": %s}\n\n' % encoded(count)


def _word(number: int | None) -> str:
    return "-" if number is None else str(number)
