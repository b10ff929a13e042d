"""What a program really does to the files of a directory: recorded by strace, read into values.

A system call that changes a file in a way which is not known here is an error, so that no record is incomplete in silence.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

TRACED = ("write", "writev", "pwrite64", "pwritev", "pwritev2", "ftruncate", "truncate", "fallocate", "fdatasync", "fsync",
          "openat", "creat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat")
LONGEST = 1 << 20  # bytes of one write that are recorded

_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_DESCRIPTOR = re.compile(r"\d+<((?:\\x[0-9a-f]{2})*)>")
_SHARED_MEMORY = "-shm"  # never read after a crash: it is made anew


class Operation(NamedTuple):
    """One change. `file` is a name in the directory, empty for the directory itself; a write at -1 goes to the end."""

    kind: str  # write, truncate, sync, create, unlink, rename, acknowledge
    file: str
    offset: int = 0
    data: bytes = b""


def record(command: Sequence[object], trace: Path) -> None:
    """Run a program to its end under strace. It must not have threads that write."""
    subprocess.run(["strace", "-y", "-xx", "-s", str(LONGEST), "-o", str(trace), "-e", f"trace={','.join(TRACED)}",
                    *map(str, command)], check=True)


def operations(trace: Path, directory: Path, acknowledged: Path) -> Iterator[Operation]:
    """What happened in a directory, and each write to `acknowledged`, in order."""
    with trace.open() as lines:
        for line in lines:
            call = _CALL.match(line)
            if call is not None and int(call["result"]) >= 0:
                yield from _operation(call["name"], call["arguments"], directory, acknowledged)


def _operation(name: str, arguments: str, directory: Path, acknowledged: Path) -> Iterator[Operation]:
    described = _DESCRIPTOR.match(arguments)
    paths = [Path(_octets(text).decode()) for text in ([described[1]] if described else _TEXT.findall(arguments)[:2])]
    if name == "write" and paths[0] == acknowledged:
        yield Operation("acknowledge", "", data=_octets(_TEXT.findall(arguments)[0]))
        return
    inside = [path for path in paths if path == directory or path.parent == directory]
    if not inside or str(inside[0]).endswith(_SHARED_MEMORY):
        return
    file = "" if inside[0] == directory else inside[0].name
    if name in ("fdatasync", "fsync"):
        yield Operation("sync", file)
    elif name == "openat":
        if "O_CREAT" in arguments:
            yield Operation("create", file)
        if "O_TRUNC" in arguments:
            yield Operation("truncate", file)
    elif name in ("unlink", "unlinkat"):
        yield Operation("unlink", file)
    elif name == "rename" and len(inside) == 2:
        yield Operation("rename", file, data=inside[1].name.encode())
    elif name == "ftruncate":
        yield Operation("truncate", file, _last_number(arguments))
    elif name == "pwrite64":
        yield Operation("write", file, _last_number(arguments), _written(arguments))
    elif name == "write":
        yield Operation("write", file, -1, _written(arguments))
    else:
        raise NotImplementedError(f"{name} of {inside[0]} is not understood")


def _written(arguments: str) -> bytes:
    if '"...' in arguments:
        raise NotImplementedError(f"a write of more than {LONGEST} bytes")
    return _octets(_TEXT.findall(arguments)[0])


def _last_number(arguments: str) -> int:
    return int(arguments.rpartition(", ")[2])


def _octets(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
