"""`give_way`: how a process beside the path gives way to it.

By its niceness (sched(7)), which the unit's sandbox forbids to set; and, where each session has the processor in turn whatever
the niceness of its processes is (autogroups, which are the usual thing), by that of its session.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

NICENESS = 5  # a third of the daemon's part, where both want the processor; what is less they see to themselves
TRIES, PAUSE = 20, 0.1  # the kernel takes that of one session in a tenth of a second, of whomever


def give_way() -> None:
    """For a process that leads a session of its own. What it starts there gives way like it."""
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(OSError):  # the kernel has no such groups
        _rank_session()


def _rank_session() -> None:
    for _ in range(TRIES):
        try:
            Path("/proc/self/autogroup").write_text(str(NICENESS), encoding="ascii")
            return
        except BlockingIOError:  # EAGAIN
            time.sleep(PAUSE)
