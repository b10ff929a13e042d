"""A disk that may lose power: what is synced is there afterwards, of the rest anything may be.

Files are written in sectors, each whole or not at all; what was not synced may have reached the disk in any order, so that any
part of it may be there. A name in the directory is safe once the directory is synced; names that are not come and go in order,
as in a journal. Knows nothing of databases.
"""

from dataclasses import dataclass, field
from random import Random

from syscalls import Operation

SECTOR = 512  # bytes

Files = dict[str, bytes]
Change = tuple[int, bytes | None]
"""Bytes at an offset, or where there are none, a new length."""


@dataclass(eq=False)
class Inode:
    """One file: what is safe, and what was done to it since."""

    safe: bytearray = field(default_factory=bytearray)
    changes: list[Change] = field(default_factory=list)
    length: int = 0  # with all changes

    def note(self, change: Change) -> None:
        """Keep a change."""
        at, data = change
        self.length = at if data is None else max(self.length, at + len(data))
        self.changes.append(change)

    def sync(self) -> None:
        """All of it is safe now."""
        for change in self.changes:
            _apply(self.safe, change)
        self.changes.clear()

    def content(self, changes: list[Change]) -> bytes:
        """What is safe, with some changes."""
        made = bytearray(self.safe)
        for change in changes:
            _apply(made, change)
        return bytes(made)


class Disk:
    """One directory. `do` takes operations as they happened; the other methods tell what could be there."""

    def __init__(self) -> None:
        self.names: dict[str, Inode] = {}
        self._safe_names: dict[str, Inode] = {}
        self._unsafe: list[tuple[str, Inode | None]] = []  # changes of names since the directory was synced

    def do(self, one: Operation) -> None:
        """Carry out an operation."""
        if one.kind == "write":
            inode = self.names[one.file]
            inode.note((inode.length if one.offset < 0 else one.offset, one.data))
        elif one.kind == "truncate":
            self.names[one.file].note((one.offset, None))
        elif one.kind == "sync" and one.file:
            self.names[one.file].sync()
        elif one.kind == "sync":
            self._safe_names, self._unsafe = dict(self.names), []
        elif one.kind == "create" and one.file not in self.names:
            self._name(one.file, Inode())
        elif one.kind == "unlink":
            self._name(one.file, None)
        elif one.kind == "rename":
            self._name(one.data.decode(), self.names[one.file])
            self._name(one.file, None)

    def _name(self, name: str, inode: Inode | None) -> None:
        self._unsafe.append((name, inode))
        _set(self.names, (name, inode))

    def killed(self, torn: Operation | None, random: Random) -> Files:
        """The program ended, and the machine went on: all is there, of the write that was under way a part."""
        files = {name: inode.content(inode.changes) for name, inode in self.names.items()}
        if torn is not None and torn.kind == "write":
            data = bytearray(files[torn.file])
            _apply(data, (len(data) if torn.offset < 0 else torn.offset, torn.data[:random.randrange(len(torn.data) + 1)]))
            files[torn.file] = bytes(data)
        return files

    def lost(self) -> Files:
        """Nothing is there but what was synced."""
        return {name: bytes(inode.safe) for name, inode in self._safe_names.items()}

    def scattered(self, torn: Operation | None, random: Random) -> Files:
        """Of what was not synced, and of the write that was under way, any sectors are there."""
        names = dict(self._safe_names)
        for change in self._unsafe[:random.randint(0, len(self._unsafe))]:
            _set(names, change)
        return {name: inode.content([part for change in self._changes(name, inode, torn) for part in _parts(change, random)])
                for name, inode in names.items()}

    def _changes(self, name: str, inode: Inode, torn: Operation | None) -> list[Change]:
        if torn is None or torn.kind != "write" or torn.file != name or self.names.get(name) is not inode:
            return inode.changes
        return [*inode.changes, (inode.length if torn.offset < 0 else torn.offset, torn.data)]


def _set(names: dict[str, Inode], change: tuple[str, Inode | None]) -> None:
    name, inode = change
    if inode is None:
        names.pop(name, None)
    else:
        names[name] = inode


def _apply(content: bytearray, change: Change) -> None:
    at, data = change
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
    elif data:
        content.extend(bytes(max(at - len(content), 0)))
        content[at:at + len(data)] = data


def _parts(change: Change, random: Random) -> list[Change]:
    """What reached the disk of a change: all, nothing, or some sectors."""
    at, data = change
    fate = random.randrange(3)
    if fate == 0:
        return []
    if fate == 1 or data is None:
        return [change]
    ends = [*range(at - at % SECTOR + SECTOR, at + len(data), SECTOR), at + len(data)]
    begins = [at, *ends[:-1]]
    return [(begin, data[begin - at:end - at]) for begin, end in zip(begins, ends, strict=True) if random.random() < 0.5]
