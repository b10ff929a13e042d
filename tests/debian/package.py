"""The Debian package in a clean Debian: built, looked at by lintian, installed, used, upgraded, removed, purged.

    sudo .venv/bin/python tests/debian/package.py [-keep DIRECTORY] [-suite bookworm]

Needs the packages of etc/debian/build, debootstrap and lintian, and the machine's own apt mirror. The Debian is made once, in
`-keep` (by default ~/.cache/pydhcpd-package), and used in copies. Exits 0 if all held, else 1.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system"))

from guest import mirror, packages, run  # noqa: E402

DEPENDS = "python3-daemon,python3-lockfile,python3-pyroute2"
TOOLS = "ca-certificates,iproute2,udhcpc,procps,man-db,bash-completion,dbus,systemd"
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
INSTALLED = ("/usr/bin/pydhcpd", "/usr/lib/systemd/system/pydhcpd.service", "/etc/pydhcpd/pydhcpd.conf",
             "/usr/share/man/man8/pydhcpd.8.gz", "/usr/share/bash-completion/completions/pydhcpd",
             "/usr/lib/sysctl.d/pydhcpd.conf",
             "/usr/share/doc/pydhcpd/examples/lab.conf", "/usr/share/doc/pydhcpd/copyright")
STATE = "mkdir -p /var/lib/pydhcpd && chown pydhcpd: /var/lib/pydhcpd && chmod 750 /var/lib/pydhcpd"  # as the unit does
CONFIGURATION = 'interface = "s0"\nip_ranges = ["10.77.0.100 - 10.77.0.150"]\nrouter = "10.77.0.1"\n'
MAY_STAY = ("etc/group", "etc/gshadow", "etc/passwd", "etc/shadow", "etc/subuid", "etc/subgid", "etc/.pwd.lock", "root/",
            "run/", "tmp/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/", "var/log/")
"""What is there after a purge and was not before, or is another: the user, and what apt and dpkg write."""
LIVE = """
set -e
unshare --net sleep 120 & client=$!
sleep 0.2; ip link add s0 type veth peer name c0 address 02:77:00:00:00:01 netns $client
ip addr add 10.77.0.1/24 brd + dev s0; ip link set s0 up; ip link set lo up
inside="nsenter --target=$client --net"; $inside ip link set c0 up
mkdir -p /run/pydhcpd; chown pydhcpd: /run/pydhcpd
pydhcpd -user pydhcpd -foreground yes -control_socket /run/pydhcpd/control.sock 2>/tmp/log & server=$!
for n in 1 2 3 4 5 6 7 8 9; do grep -q 'serving 1' /tmp/log && break; sleep 1; done
printf '#!/bin/sh\\n[ "$1" = bound ] && echo "bound $ip $router"\\nexit 0\\n' > /tmp/script; chmod +x /tmp/script
$inside udhcpc -i c0 -f -q -n -t 10 -s /tmp/script
pydhcpd -ask hosts
kill $client $server; wait $server
"""


class Clean:
    """A copy of the clean Debian, to be spoilt."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def run(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a program in it, which sees its own processes and network alone, but for apt-get."""
        mounts = "mount -t proc proc /proc; mount -t tmpfs tmpfs /run; "
        apart = [] if words[0] == "apt-get" else ["--net"]
        done = subprocess.run(["unshare", "--mount", "--pid", "--fork", *apart, "chroot", str(self.place), "sh", "-c",
                               mounts + 'exec "$@"', "sh", *words], capture_output=True, text=True, check=False,
                              env=ENVIRONMENT)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(words)}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def install(self, package: Path) -> str:
        """Install a package from a file; what was said."""
        shutil.copy(package, self.place / "root" / package.name)
        return self.run("apt-get", "install", "--yes", "--no-install-recommends", "--option=Dpkg::Options::=--force-confold",
                        f"/root/{package.name}").stdout

    def files(self) -> dict[str, object]:
        """All files, with what tells whether one was changed."""
        found: dict[str, object] = {}
        for directory, _, names in os.walk(self.place):
            for path in [Path(directory), *(Path(directory) / name for name in names)]:
                status = path.lstat()
                found[str(path.relative_to(self.place))] = status.st_size if path.is_file() and not path.is_symlink() else None
        return found

    def has(self, path: str) -> bool:
        """Whether a file is there."""
        return (self.place / path.lstrip("/")).exists()

    def is_enabled(self) -> bool:
        """Whether systemd would start the server; the link leads to a place that is only there."""
        return (self.place / "etc/systemd/system/multi-user.target.wants/pydhcpd.service").is_symlink()


def clean(keep: Path, suite: str) -> Path:
    """The clean Debian, as an archive."""
    archive = keep / f"{suite}.tar"
    if not archive.exists():
        print(f"package: making a Debian {suite} in {keep}, once", flush=True)
        keep.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=keep) as made:
            system = Path(made) / "system"
            run("debootstrap", "--variant=minbase", f"--include={DEPENDS},{TOOLS}", suite, system, mirror())
            run("tar", "--create", "--file", f"{archive}.part", "--directory", system, ".")
        Path(f"{archive}.part").rename(archive)
    return archive


class Trial:
    """The life of the package, a step a method."""

    def __init__(self, debian: Clean, first: Path, later: Path) -> None:
        self.debian, self.first, self.later = debian, first, later
        self.before: dict[str, object] = {}

    def lintian_has_nothing_to_say(self) -> None:
        done = subprocess.run(["lintian", "--fail-on", "error,warning", str(self.first)], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout

    def it_is_installed_and_nothing_is_served(self) -> None:
        run("cp", "/etc/resolv.conf", self.debian.place / "etc/resolv.conf")
        self.debian.run("apt-get", "update")
        self.before = self.debian.files()
        self.debian.install(self.first)
        assert "pydhcpd:" in (self.debian.place / "etc/passwd").read_text()
        assert not self.debian.is_enabled()
        assert [path for path in INSTALLED if not self.debian.has(path)] == []
        assert self.debian.run("pydhcpd", "-check", check=False).returncode == 1  # as installed it is all comments
        assert "PYDHCPD" in self.debian.run("sh", "-c", "man -P cat 8 pydhcpd | head -1").stdout

    def bash_completes(self) -> None:
        said = self.debian.run("bash", "-c", "source /usr/share/bash-completion/completions/pydhcpd; COMP_WORDS=(pydhcpd -che);"
                               " COMP_CWORD=1; _pydhcpd; echo ${COMPREPLY[@]}").stdout
        assert said.split() == ["-check"], said

    def it_gives_leases(self) -> None:
        (self.debian.place / "etc/pydhcpd/pydhcpd.conf").write_text(CONFIGURATION)
        self.debian.run("sh", "-c", STATE)
        said = self.debian.run("sh", "-c", LIVE).stdout
        assert "bound 10.77.0.100 10.77.0.1" in said and "1 host" in said, said

    def an_upgrade_keeps_what_is_there(self) -> None:
        self.debian.install(self.later)
        assert (self.debian.place / "etc/pydhcpd/pydhcpd.conf").read_text() == CONFIGURATION
        said = self.debian.run("sh", "-c", LIVE).stdout
        assert "bound 10.77.0.100 10.77.0.1" in said, said

    def removed_it_leaves_configuration_and_leases(self) -> None:
        self.debian.run("apt-get", "remove", "--yes", "pydhcpd")
        assert not self.debian.has("/usr/bin/pydhcpd")
        assert self.debian.has("/etc/pydhcpd/pydhcpd.conf") and self.debian.has("/var/lib/pydhcpd/leases.db")

    def where_a_configuration_is_there_already_it_is_enabled(self) -> None:
        (self.debian.place / "etc/pydhcpd").mkdir(exist_ok=True)
        (self.debian.place / "etc/pydhcpd/pydhcpd.conf").write_text(CONFIGURATION)
        self.debian.install(self.first)
        assert (self.debian.place / "etc/pydhcpd/pydhcpd.conf").read_text() == CONFIGURATION
        assert self.debian.is_enabled()

    def purged_it_leaves_the_user_alone(self) -> None:
        self.debian.run("apt-get", "purge", "--yes", "pydhcpd")
        after = self.debian.files()
        left = sorted(path for path in after.keys() - self.before.keys() if not path.startswith(MAY_STAY))
        gone = sorted(path for path in self.before.keys() - after.keys() if not path.startswith(MAY_STAY))
        assert not left and not gone, f"left: {left}; gone: {gone}"


STEPS: tuple[Callable[[Trial], None], ...] = (
    Trial.lintian_has_nothing_to_say, Trial.it_is_installed_and_nothing_is_served, Trial.bash_completes, Trial.it_gives_leases,
    Trial.an_upgrade_keeps_what_is_there, Trial.removed_it_leaves_configuration_and_leases,
    Trial.purged_it_leaves_the_user_alone, Trial.where_a_configuration_is_there_already_it_is_enabled,
    Trial.purged_it_leaves_the_user_alone)


def main() -> int:
    """All steps, to the first that fails."""
    parser = argparse.ArgumentParser(description="Try the Debian package in a clean Debian.")
    parser.add_argument("-keep", type=Path, default=Path.home() / ".cache" / "pydhcpd-package")
    parser.add_argument("-suite", default="bookworm")
    given = parser.parse_args()
    missing = [name for name in ("debootstrap", "dpkg-buildpackage", "dh", "pybuild", "lintian") if shutil.which(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; README.md has the command")
    with tempfile.TemporaryDirectory() as place:
        first, later = packages(Path(place))
        system = Path(place) / "system"
        system.mkdir()
        run("tar", "--extract", "--file", clean(given.keep, given.suite), "--directory", system)
        trial = Trial(Clean(system), first, later)
        for step in STEPS:
            try:
                step(trial)
            except Exception:
                traceback.print_exc()
                print(f"package: {step.__name__.replace('_', ' ')}: FAILED")
                return 1
            print(f"package: {step.__name__.replace('_', ' ')}", flush=True)
    print("package: all held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
