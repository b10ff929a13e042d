"""Which files may be trusted: those that nobody else could have put there; and how one is written whole or not at all.

Whatever we read or write goes by this module: it is looked at before it is opened, which an odd file might not outlive, and
again when it is open, for it may have been another by then.
"""

import errno
import os
import stat
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from pydhcpd.errors import InvalidValue

MOST_LINKS = 40  # as the kernel has it (path_resolution(7))
LARGEST = 64 << 20  # bytes of a file that is read as a whole: a million reservations
ENDLESS = [os.makedev(1, minor) for minor in (5, 7, 8, 9)]  # /dev/zero, full, random, urandom (mem(4), full(4), random(4))
CAREFULLY = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""How such a file is opened: a pipe does not wait for its other end, and a link is not followed."""


def check_owned(path: Path, owners: Collection[int] = ()) -> None:
    """Raise InvalidValue where a file is a link, no plain file, or one that another could have put there or could write.

    A file that does not exist yet passes. It may belong to the user that we are and to those of `owners`; for root to the
    owner of its directory as well, who is the user that root becomes later.
    """
    try:
        _check_ours(path, os.lstat(path), owners)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InvalidValue(f"{path} cannot be used: {error.strerror}") from error


def _check_ours(path: Path, status: os.stat_result, owners: Collection[int]) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise InvalidValue(f"{path} is a symbolic link; name the file itself, or remove the link")
    if not stat.S_ISREG(status.st_mode):
        raise InvalidValue(f"{path} is not a plain file; name another")
    if status.st_uid not in (os.geteuid(), *owners) and not (os.geteuid() == 0 and status.st_uid == path.parent.stat().st_uid):
        raise InvalidValue(f"{path} belongs to user {status.st_uid}, and this is user {os.geteuid()}; "
                           "change its owner or name another file")
    if status.st_mode & stat.S_IWOTH:
        raise InvalidValue(f"{path} can be written by anyone; run: chmod o-w {path}")
    if status.st_nlink > 1:
        raise InvalidValue(f"{path} is one of {status.st_nlink} names of the same file (hard links), and may be another's; "
                           "put a copy in its place")


def _allowed(owners: Collection[int] = ()) -> set[int]:
    return {0, os.geteuid(), *owners}


def open_carefully(path: Path, flags: int = os.O_RDONLY, owners: Collection[int] = (), mode: int = 0o640) -> int:
    """The descriptor of a file that `check_owned` lets pass, or to read one of root's; looked at again once it is open. Never
    waits: a pipe or a device is refused. Raises InvalidValue, and OSError where it cannot be opened."""
    if not flags & (os.O_WRONLY | os.O_RDWR):
        owners = (0, *owners)
    check_owned(path, owners)
    try:
        descriptor = os.open(path, flags | CAREFULLY, mode)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # it has become a link, or a pipe, since it was looked at
            raise InvalidValue(f"{path} is not a plain file; name another") from error
        raise
    try:
        _check_ours(path, os.fstat(descriptor), owners)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_carefully(path: Path, owners: Collection[int] = (), most: int = LARGEST) -> bytes:
    """What is in such a file. Raises InvalidValue also where there is more of it than `most`, and OSError."""
    return _read_all(path, open_carefully(path, owners=owners), most)


def _read_all(path: Path, descriptor: int, most: int) -> bytes:
    with open(descriptor, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise InvalidValue(f"{path} is too large; allowed are {most >> 20} MiB")
    return data


def read_executable_configuration(path: Path) -> bytes:
    """What is in the configuration file, or in a module beside it. Raises InvalidValue where it could be another's work, and
    OSError where it is not to be had."""
    place = check_executable_configuration(path)
    descriptor = os.open(place, os.O_RDONLY | CAREFULLY)
    try:
        _check_executable(place, os.fstat(descriptor), path)  # it may have been another when it was looked at
    except BaseException:
        os.close(descriptor)
        raise
    return _read_all(path, descriptor, LARGEST)


def check_executable_configuration(path: Path) -> Path:
    """Raise InvalidValue where the configuration file, which is executed, could be another's work; OSError where it is not.

    Started by root it must be root's, else root's or the starting user's; neither it nor any directory above it may be writable
    by group or others, and it may not be a link by way of a directory that is. Returns the file that it leads to.
    """
    file, *directories = _with_targets(path)
    for place in (file, *directories):
        _check_executable(place, place.stat(), path)
    if not file.is_file():
        raise InvalidValue(f"{file} is not a plain file; name another")
    return file


def check_script(path: Path, owners: Collection[int] = ()) -> None:
    """Raise InvalidValue where a program that is to be run is not there, or could be another's work than root's, ours, or that
    of `owners`. Neither it nor any directory above it may be writable by group or others."""
    try:
        file, *directories = _with_targets(path)
        for place in (file, *directories):
            _check_executable(place, place.stat(), path, owners)
    except FileNotFoundError:
        raise InvalidValue(f"{path} is not there; put it there, or take it out of scripts") from None
    except OSError as error:
        raise InvalidValue(f"{path} cannot be looked at: {error.strerror}") from error
    if not file.is_file():
        raise InvalidValue(f"{path} is not a plain file; name a program")


def _check_executable(place: Path, status: os.stat_result, path: Path, owners: Collection[int] = ()) -> None:
    if status.st_uid not in _allowed(owners):
        whose = "root" if os.geteuid() == 0 and not owners else "root or the user who starts pydhcpd"
        raise InvalidValue(f"{place} belongs to user {status.st_uid}; it is executed, so it must be {whose}'s")
    sticky = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not sticky:
        raise InvalidValue(f"{place} can be written by group or others, and {path} is executed; run: chmod go-w {place}")


def check_directory_above(path: Path, owners: Collection[int] = ()) -> None:
    """Raise InvalidValue where others could put another file in the place of one that we write: where any directory above it
    is theirs, or anyone may write there. One that is not there yet passes."""
    for place in _with_targets(path)[1:]:
        try:
            status = place.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise InvalidValue(f"{place} cannot be used: {error.strerror}") from error
        if status.st_uid not in _allowed(owners):
            raise InvalidValue(f"{place} belongs to user {status.st_uid}, who could put another file in the place of {path}; "
                               f"run: chown root {place}")
        if status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX:
            raise InvalidValue(f"anyone may write in {place}, and could put another file in the place of {path}; "
                               f"run: chmod o-w {place}")


def check_ends(path: Path) -> None:
    """Raise InvalidValue where what somebody names to be read never ends, such as /dev/zero; a terminal and a pipe do."""
    status = path.stat()
    if stat.S_ISBLK(status.st_mode) or (stat.S_ISCHR(status.st_mode) and status.st_rdev in ENDLESS):
        raise InvalidValue(f"{path} is not a plain file; name another")


def _with_targets(path: Path) -> list[Path]:
    """The file behind a path, and every directory on the way to it, by links too, where it could be replaced."""
    places, current, links = [], Path("/"), 0
    rest = list(path.absolute().parts[1:])
    while rest:
        part = rest.pop(0)
        place = current.parent if part == ".." else current / part
        if place.is_symlink():
            links += 1
            if links > MOST_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
            places += [current, *current.parents]
            target = place.readlink()
            current = Path("/") if target.is_absolute() else current
            rest = [*target.parts[1 if target.is_absolute() else 0:], *rest]
        else:
            current = place
    return list(dict.fromkeys([current, *current.parents, *places]))


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
    sync_directory(path.parent)


@contextmanager
def writing(path: Path, mode: int = 0o640) -> Iterator[BinaryIO]:
    """A file to write that somebody named: a plain one, or a new one, is replaced by it; a device, a pipe, or what a link
    leads to is written to, and never replaced. Raises OSError, and InvalidValue where that is another's."""
    if path.is_symlink() and (owner := os.lstat(path).st_uid) not in _allowed():
        raise InvalidValue(f"{path} is a symbolic link that belongs to user {owner}; name another file")
    if not path.is_symlink() and (path.is_file() or not path.exists()):
        check_owned(path)
        with replacing(path, mode) as file:
            yield file
    else:
        with path.open("wb") as file:
            yield file


def sync_directory(directory: Path) -> None:
    """See to it that a new name of a file in this directory outlives a loss of power (fsync(2))."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
