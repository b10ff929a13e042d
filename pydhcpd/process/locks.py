"""The two locks that keep a second daemon away: the pid file, and the lock of the lease database."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from lockfile import AlreadyLocked, LockError
from lockfile.pidlockfile import PIDLockFile

from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_owned


class PidLock:
    """The pid file: a lock of the `lockfile` package, in which the holder's process id stands. A stale one is taken over."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidValue where a link or somebody else's file stands at the path."""
        check_owned(path)
        self.path = path
        self._lock = PIDLockFile(str(path))

    def check(self) -> None:
        """Raise InvalidValue where a living daemon holds it, naming that; remove it where it is stale."""
        if not self.path.exists():
            return
        pid = self._holder()
        if pid is not None:
            raise InvalidValue(f"pydhcpd is running already: process {pid} holds {self.path}; stop it with: kill {pid}")
        self._lock.break_lock()

    def _holder(self) -> int | None:
        """The process that holds the lock, or None where there is none that is alive and a pydhcpd."""
        try:
            pid = self._lock.read_pid()
        except ValueError:
            return None
        if pid is None or pid == os.getpid():
            return None
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return None
        return pid if any(word.rpartition(b"/")[2] == b"pydhcpd" for word in words) else None

    def __enter__(self) -> "PidLock":
        self.check()
        try:
            self._lock.acquire(timeout=-1)
        except AlreadyLocked as error:
            raise InvalidValue(f"pydhcpd is being started by process {self._lock.read_pid()} at this moment") from error
        except (LockError, OSError) as error:
            raise InvalidValue(f"the pid file {self.path} cannot be made ({error}); name another with pid_file") from error
        return self

    def __exit__(self, *_: object) -> None:
        # Where its directory is root's, and we are not root any more, it stays; then it is stale, and the next start takes it.
        with suppress(LockError, OSError):
            self._lock.release()


class DatabaseLock:
    """A lock on the lease database that ends with the process, however that ends."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Raises InvalidValue where another process uses the database, naming it."""
        check_owned(self.path)
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        except OSError as error:
            raise InvalidValue(f"{self.path} cannot be made: {error.strerror}; see to it that the directory exists and "
                               "that the user of pydhcpd may write there") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._file, 32, 0).decode("ascii", "replace").strip()
            raise InvalidValue(f"the lease database is in use by process {holder} (lock {self.path}); "
                               "stop that first, or name another host_file") from error
        self.note_holder()

    def note_holder(self) -> None:
        """Write our process id into it, for those who find it locked; again after detaching."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def fileno(self) -> int:
        """The descriptor that holds the lock; it must stay open."""
        return -1 if self._file is None else self._file

    def release(self) -> None:
        """Let others use the database."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
