"""A system without a disk: a kernel of Debian, an initramfs of busybox, and a root directory by NFS.

The initramfs asks for an address as a system does that knows nothing of its firmware: with a client identifier of its own.
Then it mounts what option 17 says, and starts what is there, which tells who it is.
"""

import lzma
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
from computer import require
from lab import Machine, need, wait_until

KEPT = Path(os.environ.get("PYDHCPD_FIRMWARE") or Path.home() / ".cache" / "pydhcpd-firmware")
BUSYBOX = "/bin/busybox"
MODULES = ("af_packet", "virtio_pci", "virtio_net", "nfsv4")
IDENTIFIER = "ff0000b00700020000ab11c0ffee0000b007"  # as systemd-networkd makes it: RFC 4361
INIT = f"""\
#!/bin/sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do insmod /modules/$module.ko; done
ip link set lo up
ip link set eth0 up
udhcpc -i eth0 -f -q -n -t 10 -s /configure -O rootpath -x 0x3d:{IDENTIFIER}
. /told
echo "trial: the system has $ip and its root at $rootpath"
mount -t nfs4 -o ro,vers=4.1,addr=${{rootpath%%:*}},clientaddr=$ip $rootpath /mnt
exec switch_root /mnt /sbin/init "$ip"
"""
CONFIGURE = """\
#!/bin/sh
[ "$1" = bound ] || exit 0
ip addr add "$ip/$mask" dev eth0
echo "ip=$ip rootpath=$rootpath" > /told
"""
SYSTEM = """\
#!/bin/busybox sh
echo "trial: I am $(/bin/busybox cat /etc/name), Linux $(/bin/busybox uname -r), at $1"
exec /bin/busybox sleep 1000
"""
GANESHA = """\
NFS_CORE_PARAM {{ Protocols = 4; Enable_UDP = false; Enable_NLM = false; Enable_RQUOTA = false; }}
NFS_KRB5 {{ Active_krb5 = false; }}
NFSv4 {{ Graceless = true; RecoveryBackend = fs; RecoveryRoot = {state}; Only_Numeric_Owners = true; }}
EXPORT {{ Export_Id = 1; Path = {root}; Pseudo = /root; Access_Type = RO; Squash = None; FSAL {{ Name = VFS; }} }}
"""


def kernel() -> Path:
    """The directory of an unpacked kernel, which `all.py` has fetched. Skips where there is none."""
    found = sorted(KEPT.glob("kernel/boot/vmlinuz-*"))
    if not found:
        pytest.skip(f"no kernel in {KEPT}: tests/firmware/all.py fetches one")
    return found[-1].parents[1]


def make(root: Path) -> None:
    """Put `vmlinuz` and `initrd` into a directory."""
    need("cpio")
    require(BUSYBOX)
    tree = kernel()
    shutil.copy(next(tree.glob("boot/vmlinuz-*")), root / "vmlinuz")
    system = root.parent / "initramfs"
    lay(system, ("bin", "dev", "etc", "mnt", "modules", "proc", "sys"), {"init": INIT, "configure": CONFIGURE})
    order = list(needed(tree, MODULES))
    for name, content in order:
        (system / "modules" / f"{name}.ko").write_bytes(content)
    (system / "modules" / "order").write_text("\n".join(name for name, _ in order))
    names = "\n".join(str(one.relative_to(system)) for one in system.rglob("*"))
    packed = subprocess.run(["cpio", "--quiet", "-o", "-H", "newc", "-R", "0:0"], cwd=system, input=names.encode(), check=True,
                            capture_output=True).stdout
    (root / "initrd").write_bytes(packed)


def lay(system: Path, directories: Iterable[str], scripts: dict[str, str]) -> None:
    """A tree with busybox and what it is linked with, directories and scripts."""
    for one in directories:
        (system / one).mkdir(parents=True)
    linked = subprocess.run(["ldd", BUSYBOX], capture_output=True, text=True, check=False).stdout
    for file in (BUSYBOX, *re.findall(r"(/\S+) \(", linked)):
        place = system / file[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    (system / "bin" / "sh").symlink_to("busybox")
    for name, text in scripts.items():
        (system / name).write_text(text)
        (system / name).chmod(0o755)


def needed(tree: Path, names: Iterable[str]) -> dict[str, bytes].items:
    """Modules and all that they depend on, in the order in which they are to be loaded."""
    files = {one.name.split(".")[0].replace("-", "_"): one for one in tree.rglob("*.ko*")}
    order: dict[str, bytes] = {}

    def add(name: str) -> None:
        if name in files and name not in order:
            content = files[name].read_bytes()
            content = lzma.decompress(content) if files[name].suffix == ".xz" else content
            depends = re.search(rb"\0depends=([^\0]*)\0", content)
            for one in depends[1].decode().split(",") if depends else ():
                add(one.replace("-", "_"))
            order[name] = content
    for name in names:
        add(name)
    return order.items()


class Nfs:
    """A user-space NFS server of a root directory, which prints who it is."""

    def __init__(self, machine: Machine, directory: Path, name: str) -> None:
        need("ganesha.nfsd")
        directory.mkdir()
        root, state = directory / "root", directory / "state"
        lay(root, ("bin", "dev", "etc", "proc", "sbin", "sys"), {"sbin/init": SYSTEM, "etc/name": name})
        state.mkdir()
        configuration, self._log = directory / "ganesha.conf", directory / "log"
        configuration.write_text(GANESHA.format(root=root, state=state))
        self._process = machine.start("ganesha.nfsd", "-F", "-f", configuration, "-L", self._log, "-p", directory / "pid")
        wait_until(lambda: ":2049" in machine.run("ss", "-ltn").stdout, "an NFS server")

    def close(self) -> None:
        """No more."""
        self._process.kill()
        self._process.wait()
