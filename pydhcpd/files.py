"""Which files may be trusted: those that nobody else could have put there; and how one is written whole or not at all."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pydhcpd.errors import InvalidValue

MOST_LINKS = 40  # as the kernel has it (path_resolution(7))


def check_owned(path: Path) -> None:
    """Raise InvalidValue where a file that we write is a link, no plain file, or somebody else's (hardening of row 93).

    A file that does not exist yet passes. Started by root it may belong to root or to the user that root names later.
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidValue(f"{path} cannot be used: {error.strerror}") from error
    if stat.S_ISLNK(status.st_mode):
        raise InvalidValue(f"{path} is a symbolic link; name the file itself, or remove the link")
    if not stat.S_ISREG(status.st_mode):
        raise InvalidValue(f"{path} is not a plain file; name another")
    if os.geteuid() not in (0, status.st_uid):
        raise InvalidValue(f"{path} belongs to user {status.st_uid}, and this is user {os.geteuid()}; "
                           "change its owner or name another file")
    if status.st_mode & stat.S_IWOTH:
        raise InvalidValue(f"{path} can be written by anyone; run: chmod o-w {path}")


def check_executable_configuration(path: Path) -> None:
    """Raise InvalidValue where the configuration file, which is executed, could be another's work; OSError where it is not.

    Started by root it must be root's, else root's or the starting user's; neither it nor its directory may be writable
    by group or others, and it may not be a link into a directory that is.
    """
    allowed = {0, os.geteuid()}
    for place in _with_targets(path):
        status = place.stat()
        if status.st_uid not in allowed:
            raise InvalidValue(f"{place} belongs to user {status.st_uid}; it is executed, so it must be "
                               f"{'root' if os.geteuid() == 0 else 'root or the user who starts pydhcpd'}'s")
        sticky = place.is_dir() and status.st_mode & stat.S_ISVTX
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not sticky:
            raise InvalidValue(f"{place} can be written by group or others, and {path} is executed; "
                               f"run: chmod go-w {place}")


def check_plain(path: Path) -> None:
    """Raise InvalidValue where a file to read is none that ends, such as a pipe or a device; OSError where it is not there."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise InvalidValue(f"{path} is not a plain file; name another")


def _with_targets(path: Path) -> list[Path]:
    """The file behind a path and its directory, and the directory of every link on the way, where it could be replaced."""
    places, current, links = [], Path("/"), 0
    rest = list(path.absolute().parts[1:])
    while rest:
        part = rest.pop(0)
        place = current.parent if part == ".." else current / part
        if place.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            places.append(current)
            target = place.readlink()
            current = Path("/") if target.is_absolute() else current
            rest = [*target.parts[1 if target.is_absolute() else 0:], *rest]
        else:
            current = place
    return [current, current.parent, *places]


def write_safely(path: Path, text: str, mode: int = 0o640) -> None:
    """Write a file whole or not at all, in UTF-8; once this returns, it outlives a loss of power.

    A new file gets `mode`; one that was there keeps its owner and mode. Raises InvalidValue for what `check_owned` refuses
    and text that is not UTF-8, and OSError where it cannot be written; then the file is as it was.
    """
    check_owned(path)
    try:
        data = text.encode()
    except UnicodeEncodeError as error:
        raise InvalidValue(f"{path} cannot be written: {error.reason}; allowed is text that UTF-8 has") from error
    with replacing(path, mode) as file:
        file.write(data)


@contextmanager
def replacing(path: Path, mode: int = 0o640) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of the one at `path` when all is written, and outlives a loss of power then.

    Until then it has a name that nobody can foresee. A new file gets `mode`; one that was there gives it owner and mode. Raises
    OSError where it cannot be written; then, and after any exception, what was there is as it was.
    """
    before = os.lstat(path) if path.exists() else None
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if before is not None:
                with suppress(PermissionError):  # a group that this user is not in
                    os.fchown(descriptor, before.st_uid, before.st_gid)
            os.fchmod(descriptor, mode if before is None else stat.S_IMODE(before.st_mode))
            yield file
            file.flush()
            os.fsync(descriptor)
        os.replace(name, path)  # noqa: PTH105
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)  # noqa: PTH108
        raise
    _sync_directory(path.parent)


@contextmanager
def writing(path: Path, mode: int = 0o640) -> Iterator[BinaryIO]:
    """A file to write that somebody named: a plain one, or a new one, is replaced by it; a device, a pipe, or what a link
    leads to is written to, and never replaced. Raises OSError."""
    if not path.is_symlink() and (path.is_file() or not path.exists()):
        with replacing(path, mode) as file:
            yield file
    else:
        with path.open("wb") as file:
            yield file


def _sync_directory(directory: Path) -> None:
    """See to it that a new name of a file in this directory outlives a loss of power (fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
