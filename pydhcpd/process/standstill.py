"""`Standstill`: ends the process where a function of the configuration file never ends, and tells the next one which it was.

Nothing can interrupt such a function, and it holds all that answering needs; one that is not Python holds the interpreter too.
So `faulthandler` is told to end the process in a while, by a thread that needs no interpreter, and the main thread puts that
off again and again, as long as both threads that answer make progress. A disk that takes its time is another matter: what
stands still outside the file's functions is left alone while there is an interpreter to see that.

At its end the process writes where each of its threads was into the marker, a file beside the lease database. The next one
reads there which function it was, and leaves it out until the file is another. Before the stacks, the marker has lines of
ours: the fingerprint of the configuration, and what has been left out so far. Room is laid out for all, since a disk may be
full by then; where it is full before, that is tried again until there is room.
"""

import faulthandler
import logging
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from traceback import walk_stack
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.files import open_carefully, read_carefully
from pydhcpd.policy import classes, fence, functions
from pydhcpd.policy.fence import Fence

log = logging.getLogger(__name__)

SUFFIX = ".standstill"  # of the marker, behind the name of the lease database
ROOM = 64 << 10  # bytes laid out for what is written at the end
LONGEST = 1 << 20  # bytes of a marker that is read: a hundred threads of a hundred frames have less
ENDING = 8.0  # seconds that an end may take which was asked for; systemd would wait 15
SHORTEST = 5.0  # seconds: less than an idle thread takes to show twice that it lives is no standstill
CONFIGURATION, LEFT_OUT = "configuration ", "left out "  # how lines of ours begin
UNTIL = "the configuration file changes"

Beats = tuple[int, int]
"""What grows while the receiver, and the worker, make progress."""
Frame = tuple[str, int, str]
"""File, line and function of one place in a stack."""

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')
_CALL = Fence.call.__code__
CALLS = (Fence.call.__name__, Fence.call_aside.__name__)
"""How a fence calls a function: the first is one that answering waits for. The second holds that up only where it never gives
up the interpreter, and then the main thread does not look either."""


class Standstill:
    """The watch over one process. All of it is for the main thread."""

    def __init__(self, database: Path) -> None:
        """What a process before left is read here, and counts from the first `watch` on."""
        self.path = Path(f"{database}{SUFFIX}")
        self._known = _read(self.path)
        self._file = -1
        self._lacks_room = False  # for the marker
        self._limit = 0.0
        self._beats: Beats = (-1, -1)
        self._put_off_at = 0.0

    # --- what is watched

    def watch(self, fences: Sequence[Fence], fingerprint: str, limit: float) -> list[str]:
        """From now on watch over the functions of a configuration, which may stand still for `limit` seconds (0: for ever).

        Those that stood still before are left out, if it is the same configuration; returns their names.
        """
        known = self._known
        names = known.names | _told(known.stack, fences) if known.fingerprint == fingerprint else set()
        for one in fences:
            if one.name in names and not one.is_left_out:
                one.leave_out(UNTIL, _reason(known.stack, one))
        self._limit = max(limit, SHORTEST) if limit and fences else 0.0
        self._known = _Known(fingerprint, frozenset(names), known.stack)
        if fences:
            self._begin_marker(self._known)
        self._put_off(self._limit)
        return sorted(names)

    def _begin_marker(self, known: "_Known") -> None:
        """Our lines in it, and room behind them. Without a marker the process is ended all the same."""
        is_told, self._lacks_room = self._lacks_room, False
        try:
            if self._file < 0:
                self._file = open_carefully(self.path, os.O_RDWR | os.O_CREAT)
            os.ftruncate(self._file, 0)
            lines = [CONFIGURATION + known.fingerprint, *(LEFT_OUT + name for name in sorted(known.names))]
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
            _lay_out(self._file)
        except (OSError, InvalidValue) as error:
            self._lacks_room = getattr(error, "errno", 0) == ENOSPC
            if not is_told:
                log.warning("a function that never ends could not be told to the next start: %s", error)

    # --- the end put off

    def look(self, beats: Beats, now: float) -> None:
        """Put the end off, if both threads have made progress, or what holds them up is none of the file's functions."""
        if not self._limit or now - self._put_off_at < self._limit / 4:
            return
        if all(new != old for new, old in zip(beats, self._beats, strict=True)) or not _is_in_function():
            self._beats = beats
            if self._lacks_room:
                self._begin_marker(self._known)
            self._put_off(self._limit)

    def patience(self) -> float | None:
        """Seconds after which to look again at the latest; None where nothing is watched."""
        return self._limit / 4 if self._limit else None

    def allow(self, seconds: float) -> None:
        """The main thread is busy with something that may take so long (0: for ever)."""
        self._put_off(self._limit + seconds if self._limit and seconds else 0.0)

    def end_within(self, seconds: float = ENDING) -> None:
        """The process is ending; whatever holds that up, by then it has ended."""
        self._put_off(seconds)

    def stop(self) -> None:
        """The process has ended by itself. What is left out stays so for the next one."""
        faulthandler.cancel_dump_traceback_later()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            if not self._known.names:
                with suppress(OSError):
                    self.path.unlink()

    def _put_off(self, seconds: float) -> None:
        """End the process in so many seconds, and not sooner (0: not at all)."""
        self._put_off_at = time.monotonic()
        if seconds:
            faulthandler.dump_traceback_later(seconds, exit=True, file=self._file if self._file >= 0 else 2)
        else:
            faulthandler.cancel_dump_traceback_later()


def _lay_out(file: int) -> None:
    """Have room in a file, where the file system can do that. Raises OSError on a full disk."""
    try:
        os.posix_fallocate(file, 0, ROOM)
    except OSError as error:
        if error.errno == ENOSPC:
            raise


def _is_in_function() -> bool:
    """Whether any thread is in a function of the file at this moment."""
    return any(frame.f_code is _CALL for innermost in sys._current_frames().values() for frame, _ in walk_stack(innermost))


# --- what the process before left


class _Known(NamedTuple):
    """What is known of functions that never end: the configuration that they are of, their names, and where one stood."""

    fingerprint: str = ""
    names: frozenset[str] = frozenset()
    stack: Sequence[Frame] = ()


def _read(path: Path) -> _Known:
    """What the process before left."""
    try:
        text = read_carefully(path, most=LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return _Known()
    except (OSError, InvalidValue) as error:
        log.warning("it is not known whether a function never ended before: %s", error)
        return _Known()
    lines = text.replace("\0", "").splitlines()
    stacks = list(_stacks(lines))
    stack = next((one for name in CALLS for one in stacks if _depth(one, (name,)) is not None), ())
    if stacks:
        log.error("the process before was ended, for it stood still: it was at %s",
                  ", ".join(f"{file}:{line} in {name}" for (file, line, name), *_ in ([stack] if stack else stacks)))
    return _Known(next((line.removeprefix(CONFIGURATION) for line in lines if line.startswith(CONFIGURATION)), ""),
                  frozenset(line.removeprefix(LEFT_OUT) for line in lines if line.startswith(LEFT_OUT)), stack)


def _stacks(lines: Iterable[str]) -> Iterator[list[Frame]]:
    """The stack of each thread, the innermost place first."""
    stack: list[Frame] = []
    for line in lines:
        if match := _FRAME.match(line):
            stack.append((match[1], int(match[2]), match[3]))
        elif stack:
            yield stack
            stack = []
    if stack:
        yield stack


def _depth(stack: Sequence[Frame], names: Sequence[str] = CALLS) -> int | None:
    """Where in a stack a fence calls its function; None where it is in none."""
    return next((place for place, (file, _, name) in enumerate(stack) if name in names and _is(file, fence.__file__)), None)


def _told(stack: Sequence[Frame], fences: Iterable[Fence]) -> set[str]:
    """The names of the fences that a stack may stand in: one, unless functions of classes have their code in common."""
    depth = _depth(stack)
    if depth is None:
        return set()
    if stack[depth][2] == Fence.call_aside.__name__:
        return {one.name for one in fences if one.name == f"{functions.ON_EVENT}()"}
    file, _, caller = stack[depth + 1]
    if _is(file, functions.__file__):
        return {one.name for one in fences if one.name == f"{caller}()"}
    inner = stack[depth - 1] if depth else ("", 0, "")
    return {one.name for one in fences if one.is_at(inner[0], inner[1])} if _is(file, classes.__file__) else set()


def _is(file: str, ours: str | None) -> bool:
    """Whether a file of a stack is a module of ours, wherever that was installed then."""
    return ours is not None and Path(file).parts[-3:] == Path(ours).parts[-3:]


def _reason(stack: Sequence[Frame], one: Fence) -> str:
    """Why a function is left out, with the line where it stood, where that is known."""
    depth = _depth(stack)
    if depth is None or one.name not in _told(stack, [one]):
        return "it did not end"
    file, line, _ = stack[0]
    return f"it did not end; it was at {file}:{line}"
