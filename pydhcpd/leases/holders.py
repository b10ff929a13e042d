"""`Holders`: which other program holds a lock of the lease database, as far as the kernel tells (F_GETLK of fcntl(2)).

Where SQLite keeps which lock is part of its file format (sqlite.org/walformat.html section 2.3, os_unix.c for the main file).
"""

import fcntl
import os
import struct
from contextlib import suppress
from pathlib import Path

FLOCK = "hhqqi4x"  # type, whence, start, length, process
WRITE = (120, 1)  # of the log's index: who writes
READ = (123, 5)  # who reads the log from a mark on
WHOLE = (0x40000000, 512)  # of the database itself: who keeps everybody else away


class Holders:
    """Asks for the locks of one database. A descriptor of a file, once closed, takes all of the process's locks of that file
    with it, SQLite's too: so what was opened stays open until `close`."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._files: dict[str, int] = {}

    def words(self, *locks: tuple[int, int]) -> str:
        """Who holds one of these locks of the log's index, in words: by default, who writes."""
        return _words(self._holder("-shm", locks or (WRITE,)) or self._holder("", (WHOLE,)))

    def _holder(self, suffix: str, locks: tuple[tuple[int, int], ...]) -> int:
        """The process that holds one of the locks; 0 where none does, or it cannot be told."""
        with suppress(OSError):
            file = self._opened(suffix)
            for start, length in locks:
                asked = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
                kind, _, _, _, process = struct.unpack(FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, asked))
                if kind != fcntl.F_UNLCK and process > 0:
                    return int(process)
        return 0

    def _opened(self, suffix: str) -> int:
        """The descriptor of the database or of a file beside it, which may have become another one."""
        path = f"{self._database}{suffix}"
        file = self._files.get(suffix)
        if file is not None and os.path.samestat(os.fstat(file), os.lstat(path)):
            return file
        self.close(suffix)
        self._files[suffix] = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        return self._files[suffix]

    def close(self, *suffixes: str) -> None:
        """Close what was opened; only where this process has no other use for these files."""
        for suffix in suffixes or tuple(self._files):
            file = self._files.pop(suffix, None)
            if file is not None:
                os.close(file)


def _words(process: int) -> str:
    if not process:
        return "another program"
    with suppress(OSError):
        name = Path(f"/proc/{process}/comm").read_text(errors="replace").strip()
        return f"process {process} ({''.join(one if one.isprintable() else '?' for one in name)})"
    return f"process {process}"
