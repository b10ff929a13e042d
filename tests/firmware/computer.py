"""Computers that boot from the network: QEMU with firmware as it is sold, on a cable of the lab, without acceleration.

A computer is judged by two records: what it says on its serial line, and every frame that its card sent and received.
"""

import re
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import Machine, wait_until
from messages import mac_of, mac_text
from record import Record

PATIENCE = 240.0  # seconds for anything that an emulated computer is to do, on a machine that does other things besides
MAC = mac_of(0xB007)
TUN = "/dev/net/tun"
CONTROL = re.compile(r"\x1b\[[0-9;?=]*[A-Za-z]|\x1b[a-z]|[^\x20-\x7e\n]")
QUIET = ("-nodefaults", "-display", "none", "-monitor", "none", "-no-reboot", "-m", "512", "-accel", "tcg",
         "-device", "virtio-rng-pci")


@dataclass(frozen=True)
class Kind:
    """A kind of computer: its packages; the emulator and its words; files of flash memory, the second written to; the card, and
    the file of its option ROM."""

    packages: str
    emulator: str
    words: tuple[str, ...]
    flash: tuple[str, ...] = ()
    card: str = "virtio-net-pci,romfile="  # without a ROM firmware's own way to boot is tried, which else gives way to iPXE
    rom: tuple[str, ...] = ()


X86, ARM = "qemu-system-x86_64", "qemu-system-aarch64"
OF_OVMF = "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"
OF_OVMF_SECURE = "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"  # with Microsoft's keys
OF_OVMF_IA32 = "/usr/share/OVMF/OVMF32_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF32_VARS_4M.fd"
OF_AAVMF = "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"
SECURE = ("-machine", "q35,smm=on", "-cpu", "max", "-global", "driver=cfi.pflash01,property=secure,value=on")
KINDS = {
    "bios": Kind("qemu-system-x86 seabios ipxe-qemu", X86, ("-machine", "pc,graphics=off", "-cpu", "max"),
                 card="virtio-net-pci", rom=("/usr/lib/ipxe/qemu/efi-virtio.rom",)),
    "uefi": Kind("qemu-system-x86 ovmf", X86, ("-machine", "q35,smm=off", "-cpu", "max"), OF_OVMF),
    "uefi, secure boot": Kind("qemu-system-x86 ovmf", X86, SECURE, OF_OVMF_SECURE),
    "uefi32": Kind("qemu-system-x86 ovmf-ia32", X86, SECURE, OF_OVMF_IA32),
    "arm64": Kind("qemu-system-arm qemu-efi-aarch64", ARM, ("-machine", "virt", "-cpu", "cortex-a57"), OF_AAVMF),
}


class Computer:
    """A computer of a kind, in a machine of the lab whose tap `t0` its card is."""

    def __init__(self, machine: Machine, directory: Path, kind: str, *more: str) -> None:
        self.machine, self.directory, self.kind = machine, directory, KINDS[kind]
        if shutil.which(self.kind.emulator) is None:
            pytest.skip(f"{self.kind.emulator} is not installed: {self.kind.packages}")
        require(TUN, *self.kind.flash, *self.kind.rom, packages=self.kind.packages)
        directory.mkdir()
        self.record = Record(directory / "frames")
        self.serial_file = directory / "serial"
        machine.ip("tuntap add dev t0 mode tap", "link set t0 up")
        self._process: subprocess.Popen[bytes] | None = None
        self._more = more

    def on(self) -> "Computer":
        """Switch it on."""
        with (self.directory / "emulator").open("wb") as said:
            self._process = self.machine.start(*self._words(), stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        return self

    def _words(self) -> list[str]:
        net = "tap,id=net,ifname=t0,script=no,downscript=no,vnet_hdr=off"
        return [self.kind.emulator, *self.kind.words, *QUIET, *self._flash(), "-netdev", net,
                "-device", f"{self.kind.card},netdev=net,bootindex=0,mac={mac_text(MAC)}",
                "-object", f"filter-dump,id=record,netdev=net,file={self.record.file}",
                "-serial", f"file:{self.serial_file}", *self._more]

    def _flash(self) -> Sequence[str]:
        """Flash memory is a drive each; what is written to it is this computer's own."""
        words = []
        for number, source in enumerate(self.kind.flash):
            own = shutil.copy(source, self.directory / f"flash{number}")
            words += ["-drive", f"if=pflash,format=raw,readonly={'off' if number else 'on'},file={own}"]
        return words

    def serial(self) -> str:
        """What it has said, without what moves a terminal's cursor."""
        with suppress(FileNotFoundError):
            return CONTROL.sub("", self.serial_file.read_text(errors="replace").replace("\r", "\n"))
        return ""

    def says(self, pattern: str, timeout: float = PATIENCE) -> re.Match[str]:
        """Wait for a line on its serial port."""
        def found() -> re.Match[str] | None:
            match = re.search(pattern, self.serial())
            assert match or (self._process is not None and self._process.poll() is None), "the emulator has ended"
            return match
        try:
            return wait_until(found, f"{pattern!r} on the serial line", timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self._told()}") from None

    def _told(self) -> str:
        emulator = (self.directory / "emulator").read_text(errors="replace")
        return f"asked for {self.record.asked()}\n{emulator}\n{self.serial()[-3000:]}"

    def close(self) -> None:
        """Switch it off."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


def require(*files: str, packages: str = "README has the packages of tests/firmware") -> None:
    """Skip the trial where a file of a package is not there."""
    missing = [one for one in files if not Path(one).exists()]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not there: {packages}")
