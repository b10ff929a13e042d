"""Clocks that a daemon sees in place of the machine's, which are set at will.

Only its process sees them: a module that Python loads before everything puts them in place of the system's.
"""

import time

from lab import Daemon

BOOT_ID = "/proc/sys/kernel/random/boot_id"
OTHER_CLOCKS = """
import time
from pathlib import Path

wall, clock_gettime, offsets = time.time, time.clock_gettime, Path(__file__).parent / "offsets"


def offset(number):
    return float(offsets.read_text().split()[number])


time.time = lambda: wall() + offset(0)
time.clock_gettime = lambda clock: clock_gettime(clock) + (offset(1) if clock == time.CLOCK_BOOTTIME else 0)
"""


class Clocks:
    """The clocks that a daemon sees: by how much they are ahead of the machine's."""

    def __init__(self, daemon: Daemon) -> None:
        self.directory = daemon.directory / "clocks"
        self.directory.mkdir()
        (self.directory / "sitecustomize.py").write_text(OTHER_CLOCKS)
        daemon.path.insert(0, str(self.directory))
        self.machine = daemon.machine
        self.wall_ahead = self.boot_ahead = 0.0
        self.set()

    def set(self, wall_ahead: float | None = None, boot_ahead: float | None = None) -> None:
        """Set them."""
        self.wall_ahead = self.wall_ahead if wall_ahead is None else wall_ahead
        self.boot_ahead = self.boot_ahead if boot_ahead is None else boot_ahead
        new = self.directory / "new"
        new.write_text(f"{self.wall_ahead} {self.boot_ahead}")
        new.rename(self.directory / "offsets")

    def boot(self, wall: float) -> None:
        """What the machine is like a few seconds after another boot."""
        new = self.directory / "boot_id"
        new.write_text(f"another boot, at {wall}\n")
        self.machine.run("mount", "--bind", new, BOOT_ID)
        self.set(wall - time.time(), 5 - time.clock_gettime(time.CLOCK_BOOTTIME))
