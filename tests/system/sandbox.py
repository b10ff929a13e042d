"""The sandbox of the unit for systemd, made without systemd.

As root, in a mount namespace of its own (`unshare -m`), with what the unit says as JSON:

    sandbox.py UNIT DIRECTORY PROGRAM WORD ...

All is read-only but for the directory; /tmp, /dev and /proc are the sandbox's own, homes are hidden, and the source is in TREE.
The program is nobody's; it has the capabilities of the unit, and its filters of system calls, which the kernel enforces
(seccomp(2)).
"""

import ctypes
import errno
import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TREE = Path("/srv/pydhcpd")  # where the sandbox has the source; ours may be in a home
NOBODY = 65534
RESTRICT = "-restrict"

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
HIDDEN = (Path("/home"), Path("/root"), Path("/run/user"))
PYTHON = Path(sys.base_prefix)  # a Python that is installed in a home is let through
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_PACKET": 17}
ALL_FAMILIES = range(46)

# seccomp.h
ALLOW, NOT_EQUAL, EQUAL, MASKED = 0x7FFF0000, 1, 4, 7
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NAMESPACES = (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000)  # CLONE_NEW...


def reason_to_skip() -> str:
    """Why there can be no sandbox here; empty where there can."""
    missing = [name for name in ("systemd-analyze", "setpriv", "unshare") if shutil.which(name) is None]
    if missing:
        return f"{', '.join(missing)} is not installed"
    try:
        _library()
    except OSError:
        return "libseccomp is not installed"
    return ""


# --- what it sees


def hiding(path: Path) -> list[Path]:
    """Which of the hidden directories a path is in."""
    return [hidden for hidden in HIDDEN if path.is_relative_to(hidden)]


def _mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()):
        raise OSError(ctypes.get_errno(), f"mount {source} on {target}: {os.strerror(ctypes.get_errno())}")


def _tmpfs(target: Path, mode: str) -> None:
    _mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, f"mode={mode}")


def close_in(directory: Path) -> None:
    """Leave nothing writable but a directory, out of which nothing can be executed."""
    stash = Path("/mnt")
    kept = {TREE: (ROOT, MS_RDONLY), directory: (directory, MS_NOEXEC)}
    if hiding(PYTHON):
        kept[PYTHON] = (PYTHON, MS_RDONLY)
    _mount("none", Path("/"), flags=MS_REC | MS_PRIVATE)
    _tmpfs(stash, "0755")
    for number, (source, _) in enumerate(kept.values()):
        (stash / str(number)).mkdir()
        _mount(str(source), stash / str(number), flags=MS_BIND)
    _own_devices(stash)
    for mounted in (one for one in _mount_points() if not one.is_relative_to(stash)):
        with suppress(FileNotFoundError):  # a namespace of another test, which has just ended
            _mount("none", mounted, flags=MS_REMOUNT | MS_BIND | MS_RDONLY)
    for place in (Path("/tmp"), Path("/var/tmp"), TREE.parent):
        _tmpfs(place, "1777")
    for place in filter(Path.is_dir, HIDDEN):
        _tmpfs(place, "0711" if place in hiding(PYTHON) else "0000")
    for number, (target, (_, flag)) in enumerate(kept.items()):
        target.mkdir(parents=True, exist_ok=True)
        _mount(str(stash / str(number)), target, flags=MS_BIND)
        _mount("none", target, flags=MS_REMOUNT | MS_BIND | MS_NOSUID | flag)
    _tmpfs(stash, "0000")
    _mount("proc", Path("/proc"), "proc", MS_NOSUID | MS_NODEV, "hidepid=2")
    _mount("/proc/sys", Path("/proc/sys"), flags=MS_BIND)
    _mount("none", Path("/proc/sys"), flags=MS_REMOUNT | MS_BIND | MS_RDONLY)


def _own_devices(stash: Path) -> None:
    made = stash / "dev"
    made.mkdir()
    for name in DEVICES:
        (made / name).touch()
        _mount(f"/dev/{name}", made / name, flags=MS_BIND)
    for name in ("shm", "pts"):
        (made / name).mkdir()
    _mount(str(made), Path("/dev"), flags=MS_BIND | MS_REC)


def _mount_points() -> list[Path]:
    """Where something is mounted that can be seen."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    found = [Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), line.split()[4])) for line in lines]
    return [one for one in dict.fromkeys(found) if one.exists() and os.path.ismount(one) and not one.is_relative_to("/proc")]


def seen(path: Path) -> str:
    """Where the sandbox has a file: what is in our tree, in its own."""
    return str(TREE / path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


# --- what it does


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    return library


class _Argument(ctypes.Structure):
    """struct scmp_arg_cmp: number of the argument, comparison, and one or two values."""

    _fields_ = [("number", ctypes.c_uint), ("comparison", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """One filter of system calls: what is done with those that no rule names."""

    def __init__(self, otherwise: int) -> None:
        self._library = _library()
        self._context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(otherwise)))

    def rule(self, action: int, name: str, *arguments: _Argument) -> None:
        """What is done with a call, where it has these arguments. One that this machine does not have is passed over."""
        number = self._library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            given = (_Argument * len(arguments))(*arguments)
            done = self._library.seccomp_rule_add_array(self._context, ctypes.c_uint32(action), number, len(arguments), given)
            assert done == 0, (name, done)

    def load(self) -> None:
        """Put it in force for this process and all that come of it."""
        done = self._library.seccomp_load(self._context)
        assert done == 0, os.strerror(-done)


def refuse(number: int) -> int:
    """SCMP_ACT_ERRNO."""
    return 0x00050000 | number


def restrict(allowed: Sequence[str], families: Sequence[str]) -> None:
    """Put in force what the unit's filters come to; what each refuses, it refuses as systemd does."""
    calls = Filter(refuse(errno.EPERM))
    for name in allowed:  # SystemCallFilter=
        calls.rule(ALLOW, name)
    _by_arguments(families).load()
    calls.load()


def _by_arguments(families: Sequence[str]) -> Filter:
    """What is refused not for its name, but for what it is asked to do."""
    made, denied, both = Filter(ALLOW), refuse(errno.EPERM), PROT_WRITE | PROT_EXEC
    for family in set(ALL_FAMILIES) - {FAMILIES[name] for name in families}:  # RestrictAddressFamilies=
        made.rule(refuse(errno.EAFNOSUPPORT), "socket", _Argument(0, EQUAL, family))
    made.rule(denied, "mmap", _Argument(2, MASKED, both, both))  # MemoryDenyWriteExecute=
    for name, bit in (("mprotect", PROT_EXEC), ("pkey_mprotect", PROT_EXEC), ("shmat", SHM_EXEC)):
        made.rule(denied, name, _Argument(2, MASKED, bit, bit))
    for flag in NAMESPACES:  # RestrictNamespaces=
        for name in ("unshare", "clone"):
            made.rule(denied, name, _Argument(0, MASKED, flag, flag))
    made.rule(denied, "setns")
    made.rule(refuse(errno.ENOSYS), "clone3")
    for bit in (stat.S_ISUID, stat.S_ISGID):  # RestrictSUIDSGID=
        for name, place in (("chmod", 1), ("fchmod", 1), ("fchmodat", 2), ("mkdir", 1), ("mkdirat", 2), ("mknod", 1)):
            made.rule(denied, name, _Argument(place, MASKED, bit, bit))
    made.rule(denied, "personality", _Argument(0, NOT_EQUAL, 0))  # LockPersonality=
    return made


def command(unit: Mapping[str, object], directory: Path, program: Sequence[object]) -> list[object]:
    """The command line that runs a program in a sandbox; files of our tree are named as it has them."""
    return ["unshare", "-m", sys.executable, "-B", Path(__file__).resolve(), json.dumps(unit), directory,
            *(seen(word) if isinstance(word, Path) else word for word in program)]


def main(given: list[str]) -> None:
    """Twice: as root, and then, by setpriv, as nobody with the unit's capabilities."""
    if given[0] == RESTRICT:
        unit = json.loads(given[1])
        restrict(unit["system_calls"], unit["families"])
        os.execvp(given[2], given[2:])
    unit = json.loads(given[0])
    close_in(Path(given[1]))
    os.chdir("/")
    os.umask(int(unit["umask"], 8))
    capabilities = ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in unit["capabilities"])])
    os.execvp("setpriv", ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", f"--inh-caps={capabilities}",
                          f"--ambient-caps={capabilities}", f"--bounding-set={capabilities}", "--no-new-privs",
                          seen(Path(sys.executable)), "-B", seen(Path(__file__).resolve()), RESTRICT, given[0], *given[2:]])


if __name__ == "__main__":
    main(sys.argv[1:])
