"""`Questions`: asks the daemon, in the words of its prompt, and has its answers as lines of JSON.

However many ask, the daemon has few questions at a time to answer, and never the same one twice within a moment: who asks what
was just asked for shares the answer.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import nullcontext
from shlex import quote
from typing import Any

from pydhcpd.errors import InvalidValue

Lines = Sequence[bytes]
"""An answer: documents in JSON, all of it ASCII."""
Ask = Callable[[str], Awaitable[list[dict[str, Any]]]]
"""Asks for a view by its name, and returns its documents."""

END = b"\r\n"  # of a line, and alone of an answer
FAILURE = b'{"error": '
LONGEST_QUESTION = 1000  # octets
LONGEST_ANSWER = 1 << 24  # octets
RECEIVED_AT_ONCE = 1 << 16  # octets
PATIENCE = 20.0  # seconds for an answer
MOST_WAITING = 64  # questions that wait to be asked
SLOW = frozenset({"clients", "count", "dns", "explain", "history", "hosts", "leases", "page", "who"})
"""What may mean a search of the lease database."""
MOST_SLOW = 1  # of these at a time: one is a processor's work for a second, which DHCP may want
SAME = 1.0  # seconds in which an answer is given again


class Refused(InvalidValue):
    """The daemon says no; why, in words."""


class Silent(Exception):
    """The daemon does not answer, or has too much to answer."""


class Questions:
    """Asks over some sockets, on each of which one question after the other is answered."""

    def __init__(self, sockets: Iterable[socket.socket]) -> None:
        self._free: asyncio.Queue[_Line] = asyncio.Queue()
        for one in sockets:
            one.setblocking(False)
            self._free.put_nowait(_Line(one))
        self._under_way: set[asyncio.Task[Lines]] = set()
        self._shared: dict[str, asyncio.Task[Lines]] = {}
        self._slow = asyncio.Semaphore(MOST_SLOW)

    async def ask(self, *words: str) -> list[dict[str, Any]]:
        """The documents of an answer. Raises Refused and Silent."""
        return [json.loads(line) for line in await self.lines(*words)]

    async def ask_now(self, *words: str) -> list[dict[str, Any]]:
        """The same, of an answer that is nobody else's."""
        return [json.loads(line) for line in await _in_time(self._begin(_question(words)))]

    async def lines(self, *words: str) -> Lines:
        """The documents, as they came; not longer than a moment ago."""
        question = _question(words)
        if (task := self._shared.get(question)) is None:
            task = self._shared[question] = self._begin(question)
            task.add_done_callback(lambda done: self._forget_soon(question, done))
        return await _in_time(task)

    def _begin(self, question: str) -> "asyncio.Task[Lines]":
        if len(self._under_way) >= MOST_WAITING:
            raise Silent("too much is asked for at the moment; try again")
        task = asyncio.create_task(self._answer(question))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    def _forget_soon(self, question: str, task: "asyncio.Task[Lines]") -> None:
        failed = task.cancelled() or task.exception() is not None
        asyncio.get_running_loop().call_later(0.0 if failed else SAME, self._shared.pop, question, None)

    def close(self) -> None:
        """Wait for no answer any more, for it is the end."""
        for task in self._under_way:
            task.cancel()

    def waiting(self) -> int:
        """How many questions wait for an answer."""
        return len(self._under_way)

    async def _answer(self, question: str) -> Lines:
        async with self._slow if question.partition(" ")[0] in SLOW else nullcontext():
            line = await self._free.get()
            try:
                return await line.answer(question)
            finally:
                self._free.put_nowait(line)


class _Line:
    """One socket. A question that was begun is read to its end."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    async def answer(self, question: str) -> Lines:
        """Raises Silent where the daemon has ended, or says too much."""
        loop = asyncio.get_running_loop()
        try:
            await loop.sock_sendall(self._socket, f"{question} json\n".encode())
            found, size, last = [], 0, END
            while not (last + (data := await self._receive())).endswith(END + END):
                size += len(data)
                last = (last + data)[-2 * len(END):]
                if size <= LONGEST_ANSWER:
                    found.append(data)
        except OSError:
            raise Silent("pydhcpd has ended") from None
        if size > LONGEST_ANSWER:
            raise Silent("the answer would be too long")
        return b"".join([*found, data]).split(END)[:-2]

    async def _receive(self) -> bytes:
        if data := await asyncio.get_running_loop().sock_recv(self._socket, RECEIVED_AT_ONCE):
            return data
        raise ConnectionError


def _question(words: Sequence[str]) -> str:
    """Raises Refused."""
    question = " ".join(map(quoted, words))
    if len(question.encode()) > LONGEST_QUESTION:
        raise Refused("that is too long")
    return question


async def _in_time(task: "asyncio.Task[Lines]") -> Lines:
    """What comes of a question, which is not broken off with who waits for it."""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.shield(task)
    except TimeoutError:
        raise Silent("pydhcpd does not answer in time; try again") from None
    if found and found[-1].startswith(FAILURE):  # behind rows, where it went wrong in the middle of them
        raise Refused(json.loads(found[-1])["error"].removeprefix("error: "))
    return found


def quoted(word: str) -> str:
    """A word as the prompt takes it for one. Raises Refused for what nobody can mean."""
    if not word or not word.isprintable():
        raise Refused("what is looked for is a word of printable characters")
    return quote(word)
