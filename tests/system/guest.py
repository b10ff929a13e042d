"""The unit under a real systemd: a Debian made for it, in a virtual machine, in which `guest_trial.py` tries everything.

    sudo .venv/bin/python tests/system/guest.py [-package] [-keep DIRECTORY] [-suite bookworm]

With `-package` it is the Debian package (`guest_package.py`). Needs the packages qemu-system-x86, debootstrap and e2fsprogs,
for the package those of etc/debian/build as well, and the machine's own apt mirror. The Debian is made once, in `-keep` (by
default ~/.cache/pydhcpd-guest), and never written to. The machine is emulated, for KVM is not to be had everywhere.
Exits 0 if all held, else 1.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MIRROR = "http://deb.debian.org/debian"
PACKAGES = ("systemd,systemd-sysv,udev,dbus,linux-image-cloud-amd64,iproute2,procps,sudo,python3-venv,udhcpc,python3-daemon,"
            "python3-lockfile,python3-pyroute2")
MADE = "2"  # another number has the Debian made anew
LATER = "0.1.99"  # a version of the package to upgrade to
SIZE = "3G"
LIMIT = 900  # seconds that the guest may take
HELD = "guest: all held"
NOT_OURS = shutil.ignore_patterns(".git", ".venv", "build", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis")
TRIAL = """\
[Unit]
Description=Trial of pydhcpd
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'mount -o ro /dev/vdb /mnt && cp -r /mnt /root/pydhcpd && exec python3 -u /mnt/tests/system/guest_trial.py'
ExecStopPost=/sbin/poweroff -f
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=graphical.target
"""


def run(*words: object) -> None:
    """Run a program to its end; what it said is shown where it fails."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, words))}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")


def mirror() -> str:
    """Where this machine has its packages from, if it is a Debian."""
    sources = [*Path("/etc/apt/sources.list.d").glob("*.sources"), *Path("/etc/apt").glob("sources.list")]
    text = "\n".join(one.read_text() for one in sources)
    found = re.search(r"^(?:URIs: *|deb +(?:\[.*\] +)?)(https?://\S+/debian)/?\s", text, flags=re.M)
    return found[1] if found else MIRROR


def debian(keep: Path, suite: str) -> Path:
    """The directory of the Debian: its disk, its kernel and its initrd. Made where it is not there yet."""
    place = keep / f"{suite}-{MADE}"
    if (place / "disk").exists():
        return place
    print(f"guest: making a Debian {suite} in {place}, once", flush=True)
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as made:
        system = Path(made) / "system"
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", suite, system, mirror())
        (system / "etc/systemd/system/trial.service").write_text(TRIAL)
        run("chroot", system, "systemctl", "enable", "trial")
        run("chroot", system, "systemctl", "mask", "serial-getty@ttyS0")
        (system / "etc/fstab").write_text("/dev/vda / ext4 defaults 0 1\n")
        (system / "etc/hostname").write_text("guest\n")
        (system / "etc/hosts").write_text("127.0.0.1 localhost guest\n")
        for name in ("vmlinuz", "initrd.img"):
            shutil.copy(next((system / "boot").glob(f"{name}-*")), place / name)
        disk(system, Path(made) / "disk", SIZE)
        (Path(made) / "disk").rename(place / "disk")
    return place


def disk(directory: Path, file: Path, size: str) -> None:
    """A disk with what a directory has."""
    run("mke2fs", "-q", "-t", "ext4", "-d", directory, file, size)


def packages(place: Path) -> tuple[Path, Path]:
    """The Debian package, and the same as one of a later version, in a directory that is there."""
    run(ROOT / "etc/debian/build", place)
    (built,) = place.glob("pydhcpd_*.deb")
    first, unpacked, later = place / "first.deb", place / "unpacked", place / "later.deb"
    built.rename(first)
    run("dpkg-deb", "--raw-extract", first, unpacked)
    control = unpacked / "DEBIAN/control"
    control.write_text(re.sub("^Version: .*$", f"Version: {LATER}", control.read_text(), flags=re.M))
    run("dpkg-deb", "--root-owner-group", "--build", unpacked, later)
    shutil.rmtree(unpacked)
    return first, later


def source(place: Path, with_package: bool) -> Path:
    """A disk with the source, and with the package, or what pip needs to install it where there is no network."""
    tree = place / "tree"
    shutil.copytree(ROOT, tree, ignore=NOT_OURS)
    if with_package:
        (tree / "packages").mkdir()
        packages(tree / "packages")
        disk(tree, place / "source", "64M")
        return place / "source"
    run(sys.executable, "-m", "pip", "wheel", "--wheel-dir", tree / "wheels", tree, "setuptools", "wheel")
    shutil.rmtree(tree / "build", ignore_errors=True)
    disk(tree, place / "source", "64M")
    return place / "source"


def boot(system: Path, source: Path) -> Sequence[str]:
    """The command line of the machine: what is written to its disks is forgotten."""
    drives = [f"file={system / 'disk'},format=raw,if=virtio,snapshot=on", f"file={source},format=raw,if=virtio,readonly=on"]
    return ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024", "-nographic",
            "-no-reboot", "-nic", "none", "-kernel", str(system / "vmlinuz"), "-initrd", str(system / "initrd.img"),
            "-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 systemd.show_status=0 systemd.log_target=journal",
            *(word for drive in drives for word in ("-drive", drive))]


def watch(command: Sequence[str]) -> bool:
    """Run the machine, show what its trial says, and tell whether all held."""
    held, last = False, deque[str](maxlen=40)
    with subprocess.Popen(["timeout", str(LIMIT), *command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          errors="replace") as machine:
        assert machine.stdout is not None
        for line in machine.stdout:
            last.append(line)
            if "guest: " in line:
                print(line[line.index("guest: "):].rstrip(), flush=True)
            held = held or HELD in line
    if not held:
        print("".join(last))
    return held


def main() -> int:
    """Make, boot, watch."""
    parser = argparse.ArgumentParser(description="Try the unit under a real systemd, in an emulated machine.")
    parser.add_argument("-keep", type=Path, default=Path.home() / ".cache" / "pydhcpd-guest")
    parser.add_argument("-suite", default="bookworm")
    parser.add_argument("-package", action="store_true", help="try the Debian package")
    given = parser.parse_args()
    missing = [name for name in ("qemu-system-x86_64", "debootstrap", "mke2fs") if shutil.which(name) is None]
    if missing:
        sys.exit(f"not installed: {', '.join(missing)}; apt-get install qemu-system-x86 debootstrap e2fsprogs")
    begin = time.monotonic()
    system = debian(given.keep, given.suite)
    with tempfile.TemporaryDirectory() as place:
        held = watch(boot(system, source(Path(place), given.package)))
    print(f"guest: {'good' if held else 'FAILED'}, after {time.monotonic() - begin:.0f} s")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
