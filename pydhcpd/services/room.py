"""Room on the disk: what services keep gives way to the leases, which nobody could be given without it."""

import os
from pathlib import Path

LEFT_TO_LEASES = 64 << 20  # bytes of the disk, or
SHARE_LEFT = 20  # ... that part of it


def check_room(path: Path) -> None:
    """Raises OSError while so little room is left on the disk of a file that the leases may need it."""
    disk = os.statvfs(path.parent)
    free, least = disk.f_bavail * disk.f_frsize, min(LEFT_TO_LEASES, disk.f_blocks * disk.f_frsize // SHARE_LEFT)
    if free < least:
        raise OSError(f"what room there is on the disk is left to the leases; make some (df {path.parent})")
