"""The two locks that keep a second daemon away: the pid file, and the lock of the lease database."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from lockfile import AlreadyLocked, LockError
from lockfile.pidlockfile import PIDLockFile

from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_owned, open_carefully


class PidLock:
    """The pid file: a lock of the `lockfile` package, in which the holder's process id stands.

    The holder keeps the file locked as well (flock(2)), which ends with the process, however that ends: so a file that is
    not locked is stale, whoever has got the number that stands in it. A stale one is taken over.
    """

    def __init__(self, path: Path) -> None:
        """Raises InvalidValue where a link or somebody else's file stands at the path."""
        check_owned(path)
        self.path = path
        self._lock = PIDLockFile(str(path))
        self._file: int | None = None

    def check(self) -> None:
        """Raise InvalidValue where a living daemon holds it, naming that."""
        with suppress(FileNotFoundError):
            os.close(self._locked())

    def _locked(self, flags: int = os.O_RDONLY) -> int:
        """The descriptor of the file, locked. Raises InvalidValue where another process has it, OSError where it cannot be had.

        FileNotFoundError too where it is another file by then: somebody took the one that was opened for stale.
        """
        file = open_carefully(self.path, flags)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 32, 0).decode("ascii", "replace").strip() or "another"
            os.close(file)
            raise InvalidValue(f"pydhcpd is running already: process {holder} holds {self.path}; stop it with: "
                               f"kill {holder}") from None
        if not self._is(file):
            os.close(file)
            raise FileNotFoundError(self.path)
        return file

    def _is(self, file: int) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.fstat(file), os.lstat(self.path))
        return False

    def __enter__(self) -> "PidLock":
        try:
            self._remove_stale()
            self._lock.acquire(timeout=-1)
            self._file = self._locked(os.O_RDWR)
            os.fchmod(self._file, 0o644)  # who runs is no secret, and need not be root's to read
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)  # it may have been made by one who was not fast enough
        except (AlreadyLocked, FileNotFoundError) as error:
            raise InvalidValue(f"another pydhcpd with the pid file {self.path} is being started at this moment") from error
        except (LockError, OSError) as error:
            raise InvalidValue(f"the pid file {self.path} cannot be made ({error}); name another with pid_file") from error
        return self

    def _remove_stale(self) -> None:
        """Remove a file that nobody holds; locked meanwhile, so that of several who start one alone gets on."""
        with suppress(FileNotFoundError):
            file = self._locked()
            try:
                self._lock.break_lock()
            finally:
                os.close(file)

    def __exit__(self, *_: object) -> None:
        # Where its directory is root's, and we are not root any more, it stays; then it is stale, and the next start takes it.
        if self._file is None:
            return
        with suppress(OSError):
            if self._is(self._file):
                self.path.unlink()
        os.close(self._file)
        self._file = None


class DatabaseLock:
    """A lock on the lease database that ends with the process, however that ends."""

    def __init__(self, database: Path) -> None:
        self.path = Path(f"{database}.lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Raises InvalidValue where another process uses the database, naming it."""
        try:
            self._file = open_carefully(self.path, os.O_RDWR | os.O_CREAT)
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
