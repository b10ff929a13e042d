"""Every trial with real firmware; fetches the kernel that one of them boots.

    sudo .venv/bin/python tests/firmware/all.py [WORDS OF PYTEST]

README has the packages. The kernel is Debian's own, unpacked once in ~/.cache/pydhcpd-firmware (PYDHCPD_FIRMWARE names another
directory), and not installed. There may lie ipxe-arm64.efi too, which Debian has from 13 on. A trial is skipped, with what is
missing, where something is.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

KEPT = Path(os.environ.get("PYDHCPD_FIRMWARE") or Path.home() / ".cache" / "pydhcpd-firmware")
KERNEL = "linux-image-cloud-amd64"


def kernel() -> None:
    """Fetch it, if it is not there yet."""
    if list(KEPT.glob("kernel/boot/vmlinuz-*")):
        return
    depends = subprocess.run(["apt-cache", "depends", KERNEL], capture_output=True, text=True, check=True).stdout
    package = next(line.split()[1] for line in depends.splitlines() if "Depends:" in line)
    print(f"fetching {package}", flush=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(["apt-get", "-qq", "download", package], cwd=place, check=True)
        subprocess.run(["dpkg-deb", "-x", next(Path(place).glob("*.deb")), KEPT / "kernel"], check=True)


def main() -> int:
    """Fetch, and try all."""
    try:
        kernel()
    except (OSError, subprocess.CalledProcessError, StopIteration) as error:
        print(f"no kernel could be fetched: {error}", flush=True)
    words = ["-m", "pytest", "-v", "--firmware", str(Path(__file__).parent), *sys.argv[1:]]
    return subprocess.run([sys.executable, *words], cwd=Path(__file__).parents[2], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
