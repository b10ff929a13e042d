"""`Marker`: a file beside the lease database, in which a process tells the next one where it was when it was ended.

It has lines of ours, the fingerprint of the configuration and which functions have been left out so far, and behind them what
`faulthandler` writes at the end, the stack of each thread. Room is laid out for all, since a disk may be full by then; where it
is full before, that is tried again until there is room. Knows no reason why a process is ended.
"""

import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from errno import ENOSPC
from pathlib import Path
from typing import NamedTuple

from pydhcpd.errors import InvalidValue
from pydhcpd.files import open_carefully, read_carefully
from pydhcpd.policy import classes, fence, functions
from pydhcpd.policy.fence import Fence

log = logging.getLogger(__name__)

SUFFIX = ".standstill"  # of the marker, behind the name of the lease database
ROOM = 64 << 10  # bytes laid out for what is written at the end
LONGEST = 1 << 20  # bytes of a marker that is read: a hundred threads of a hundred frames have less
CONFIGURATION, LEFT_OUT = "configuration ", "left out "  # how lines of ours begin
CRASH, CULPRIT = "Fatal Python error: ", "Current thread "  # how lines of faulthandler begin, of a crash and its thread
STDERR = 2
ABORTED = "Aborted"  # the crash that systemd's watchdog brings about, in any thread

Frame = tuple[str, int, str]
"""File, line and function of one place in a stack."""

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$')
CALLS = (Fence.call.__name__, Fence.call_aside.__name__)
"""How a fence calls a function: the first is one that answering waits for, so that is looked for first."""


class Known(NamedTuple):
    """What is known of functions that never end: the configuration that they are of, their names, and where one stood."""

    fingerprint: str = ""
    names: frozenset[str] = frozenset()
    stack: Sequence[Frame] = ()
    crash: str = ""  # that ended the process

    def told(self, fences: Iterable[Fence]) -> set[str]:
        """The names of the fences that the stack may stand in: one, unless functions of classes have their code in common."""
        depth = _depth(self.stack)
        if depth is None:
            return set()
        if self.stack[depth][2] == Fence.call_aside.__name__:
            return {one.name for one in fences if one.name == f"{functions.ON_EVENT}()"}
        file, _, caller = self.stack[depth + 1]
        if _is(file, functions.__file__):
            return {one.name for one in fences if one.name == f"{caller}()"}
        inner = self.stack[depth - 1] if depth else ("", 0, "")
        return {one.name for one in fences if one.is_at(inner[0], inner[1])} if _is(file, classes.__file__) else set()

    def reason(self, one: Fence) -> str:
        """Why a function is left out, with the line where it stood, where that is known."""
        if one.name not in self.told([one]):
            return "the process came to its end by it"
        ended = f"the process ended in it ({self.crash})" if self.crash else "it did not end"
        file, line, _ = self.stack[0]
        return f"{ended}; it was at {file}:{line}"


class Marker:
    """The one of this process. What the one before left is read first."""

    def __init__(self, database: Path) -> None:
        """`known` is what the process before left."""
        self.path = Path(f"{database}{SUFFIX}")
        self.known = _read(self.path)
        self._file = -1
        self.lacks_room = False

    @property
    def file(self) -> int:
        """Where stacks are to be written."""
        return self._file if self._file >= 0 else STDERR

    def begin(self) -> None:
        """Our lines in it, and room behind them."""
        is_told, self.lacks_room = self.lacks_room, False
        try:
            if self._file < 0:
                self._file = open_carefully(self.path, os.O_RDWR | os.O_CREAT)
            os.ftruncate(self._file, 0)
            lines = [CONFIGURATION + self.known.fingerprint, *(LEFT_OUT + name for name in sorted(self.known.names))]
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
            _lay_out(self._file)
        except (OSError, InvalidValue) as error:
            self.lacks_room = getattr(error, "errno", 0) == ENOSPC
            if not is_told:
                log.warning("a function that never ends could not be told to the next start: %s", error)

    def close(self) -> None:
        """The process has ended by itself. What is left out stays so for the next one."""
        if self._file < 0:
            return
        os.close(self._file)
        self._file = -1
        if not self.known.names:
            with suppress(OSError):
                self.path.unlink()


def _lay_out(file: int) -> None:
    """Have room in a file, where the file system can do that. Raises OSError on a full disk."""
    try:
        os.posix_fallocate(file, 0, ROOM)
    except OSError as error:
        if error.errno == ENOSPC:
            raise


# --- what the process before left


def _read(path: Path) -> Known:
    """What the process before left."""
    try:
        text = read_carefully(path, most=LONGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        return Known()
    except (OSError, InvalidValue) as error:
        log.warning("it is not known whether a function never ended before: %s", error)
        return Known()
    lines = text.replace("\0", "").splitlines()
    crash = next((line.removeprefix(CRASH) for line in lines if line.startswith(CRASH)), "")
    stacks = list(_stacks(lines if crash in ("", ABORTED) else _of_culprit(lines)))
    stack = next((one for name in CALLS for one in stacks if _depth(one, (name,)) is not None), ())
    if stacks:
        end = f"came to its end ({crash})" if crash else "was ended, for it stood still"
        log.error("the process before %s: it was at %s", end,
                  ", ".join(f"{file}:{line} in {name}" for (file, line, name), *_ in ([stack] if stack else stacks)))
    return Known(next((line.removeprefix(CONFIGURATION) for line in lines if line.startswith(CONFIGURATION)), ""),
                 frozenset(line.removeprefix(LEFT_OUT) for line in lines if line.startswith(LEFT_OUT)), stack, crash)


def _of_culprit(lines: Sequence[str]) -> Sequence[str]:
    """The lines of the thread that crashed: others were in a function by chance."""
    begin = next((number for number, line in enumerate(lines) if line.startswith(CULPRIT)), len(lines))
    return lines[begin:lines.index("", begin)] if "" in lines[begin:] else lines[begin:]


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


def _is(file: str, ours: str | None) -> bool:
    """Whether a file of a stack is a module of ours, wherever that was installed then."""
    return ours is not None and Path(file).parts[-3:] == Path(ours).parts[-3:]
