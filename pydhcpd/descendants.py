"""Processes that come of ours: adopted, reaped, ended.

Another program may start others, and leave them behind. A process that adopts them (PR_SET_CHILD_SUBREAPER of prctl(2)) can end
all of them, whatever sessions and groups they have made.
"""

import ctypes
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
BREATH = 0.001  # seconds between two looks at who is left


def adopt() -> None:
    """Be parent of whatever our children leave behind."""
    _ask_kernel(PR_SET_CHILD_SUBREAPER, 1)


def end_with(parent: int, number: signal.Signals) -> None:
    """Get this signal when the parent ends."""
    _ask_kernel(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)


def _ask_kernel(what: int, value: int) -> None:
    ctypes.CDLL(None).prctl(what, value, 0, 0, 0)


def reap() -> dict[int, int]:
    """What became of children that have ended, by process id: as of a signal (negative) or an exit code."""
    found = {}
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            found[ended[0]] = os.waitstatus_to_exitcode(ended[1])
    return found


def children() -> list[int]:
    """Our children, and what was adopted (proc(5)); none where the kernel does not tell."""
    with suppress(OSError):
        return [int(one) for one in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []


def end_all(seconds: float) -> int:
    """End all that comes of us, within so many seconds; returns how many processes that were."""
    deadline, ended = time.monotonic() + seconds, 0
    while found := children():
        for one in found:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        if time.monotonic() > deadline:
            break
        ended += len(reap())
        time.sleep(BREATH)
    return ended
