"""Real firmware boots from pydhcpd: BIOS, UEFI and UEFI on ARM, by TFTP and by HTTP, from the first DISCOVER to a script."""

import re
import shutil
from pathlib import Path

import diskless
import pytest
from computer import MAC, PATIENCE, Computer, require
from lab import ROOT, SERVER, Daemon, Machine, wait_until
from messages import ACK, NONE, OFFER, REQUEST

pytestmark = pytest.mark.namespaces
slow = pytest.mark.firmware
IPXE = "/usr/lib/ipxe"
INSTALLERS = "/usr/lib/debian-installer/images"
ONLY_HTTP = tuple(word for family in ("IPv4", "IPv6")
                  for word in ("-fw_cfg", f"name=opt/org.tianocore/{family}PXESupport,string=n"))
OF_PROXY = "#!ipxe\necho trial: the script runs at ${ip} by ${proxydhcp/next-server}\nsleep 1000\n"
SCRIPT_RUNS = r"trial: the script runs at (10\.77\.\d+\.\d+)\s"


def put(root: Path, *files: str) -> None:
    """Copy files of packages into what is served."""
    require(*files)
    for one in files:
        shutil.copy(one, root)


def boots(daemon: Daemon) -> str:
    """What the prompt tells of boots."""
    return daemon.prompt("boots")


# --- BIOS


def test_ipxe_in_a_rom_gets_the_script_at_once(computer, netboot):
    """And does not wait for a proxy (175.176): the request follows the first offer."""
    booting, daemon = computer("bios"), netboot()
    address = booting.says(SCRIPT_RUNS)[1]
    assert booting.record.asked() == ["tftp boot.ipxe"]
    kinds = [one.kind for one in booting.record.messages()]
    assert kinds[kinds.index(OFFER) + 1] == REQUEST, kinds
    assert address in boots(daemon) and "boot.ipxe" in boots(daemon)


def test_an_older_rom_loads_undionly_and_that_the_script(computer, netboot, root):
    """No loop, though the loader was loaded by a ROM that is the same iPXE."""
    put(root, f"{IPXE}/undionly.kpxe")
    booting = computer("bios", old=True)
    netboot()
    booting.says(SCRIPT_RUNS)
    assert booting.record.asked() == ["tftp undionly.kpxe", "tftp boot.ipxe"]


# --- UEFI


@slow
@pytest.mark.parametrize("loader", ["ipxe.efi", "snponly.efi"])
def test_uefi_boots_by_tftp(loader, computer, netboot, root):
    put(root, f"{IPXE}/{loader}")
    booting = computer("uefi")
    netboot(boot_file_name={"x86-64": loader})
    booting.says(SCRIPT_RUNS)
    assert without_autoexec(booting) == [f"tftp {loader}", "tftp boot.ipxe"]


@slow
def test_uefi_boots_by_http(computer, netboot, root):
    put(root, f"{IPXE}/ipxe.efi")
    booting = computer("uefi", *ONLY_HTTP)
    netboot(tftp_root=None, http_root=str(root))
    booting.says(SCRIPT_RUNS)
    assert without_autoexec(booting) == ["http /ipxe.efi", "http /boot.ipxe"]


@slow
def test_uefi_without_a_file_for_pxe_goes_on_to_http(computer, netboot, root):
    """In the firmware's own order, in which PXE is first."""
    put(root, f"{IPXE}/ipxe.efi")
    booting = computer("uefi")
    netboot(tftp_root=None, http_root=str(root), boot_file_name={"x86-64": None, "x86-64-http": "ipxe.efi"})
    booting.says(SCRIPT_RUNS)
    assert without_autoexec(booting) == ["http /ipxe.efi", "http /boot.ipxe"]


@slow
def test_uefi_with_secure_boot_loads_what_debian_has_signed(computer, netboot, root):
    """A loader that loads the next by itself, from where it came from."""
    grub = root / "debian-installer" / "amd64" / "grub"
    grub.mkdir(parents=True)
    (grub / "grub.cfg").write_text('echo "trial: GRUB is configured"\nsleep 1000\n')
    put(root, *installer("amd64", "bootnetx64.efi", "grubx64.efi"))
    booting = computer("uefi, secure boot")
    netboot(boot_file_name={"x86-64": "bootnetx64.efi"}, ipxe_script=None)
    booting.says("trial: GRUB is configured")
    asked = booting.record.asked()
    assert asked[0] == "tftp bootnetx64.efi" and "tftp grubx64.efi" in asked  # and lists of what is revoked, if there are any


def without_autoexec(booting: Computer) -> list[str]:
    """What it asked for, but for what iPXE of 2021 and later looks for by itself, beside where it was loaded from."""
    return [one for one in booting.record.asked() if not one.endswith("autoexec.ipxe")]


@slow
def test_uefi_on_arm_boots_grub(computer, netboot, root):
    """Debian's GRUB for the network, which asks for a path from the root of the server that it came from."""
    place = root / "debian-installer" / "arm64"
    (place / "grub").mkdir(parents=True)
    (place / "grub" / "grub.cfg").write_text('echo "trial: GRUB is configured"\nsleep 1000\n')
    put(root, *installer("arm64", "grubaa64.efi"))
    booting = computer("arm64")
    netboot(boot_file_name={"arm64": "grubaa64.efi"}, ipxe_script=None)
    booting.says("trial: GRUB is configured")
    asked = booting.record.asked()
    assert asked[0] == "tftp grubaa64.efi" and "tftp /debian-installer/arm64/grub/grub.cfg" in asked


@slow
def test_uefi_on_arm_boots_by_http(computer, netboot, root):
    """The same GRUB, which runs, and looks for no configuration then."""
    put(root, *installer("arm64", "grubaa64.efi"))
    booting = computer("arm64", *ONLY_HTTP)
    netboot(tftp_root=None, http_root=str(root), boot_file_name={"arm64": "grubaa64.efi"}, ipxe_script=None)
    booting.says("Welcome to GRUB!")
    assert booting.record.asked() == ["http /grubaa64.efi"]


@slow
@pytest.mark.parametrize("way", ["tftp", "http"])
def test_uefi_on_arm_boots_ipxe_by(way, computer, netboot, root):
    put(root, arm_loader())
    booting = computer("arm64", *(ONLY_HTTP if way == "http" else ()))
    netboot(**({"tftp_root": None, "http_root": str(root)} if way == "http" else {}))
    booting.says(SCRIPT_RUNS)
    assert without_autoexec(booting) == [f"{way} {'/' * (way == 'http')}{one}" for one in ("ipxe-arm64.efi", "boot.ipxe")]


def arm_loader() -> str:
    """iPXE for ARM64 is in Debian's package from Debian 13 on."""
    found = [one for one in (Path(IPXE), diskless.KEPT) if (one / "ipxe-arm64.efi").exists()]
    return str((found or [Path(IPXE)])[0] / "ipxe-arm64.efi")


def installer(architecture: str, *names: str) -> list[str]:
    """Files of a package debian-installer-*-netboot."""
    found = sorted(Path(INSTALLERS).glob(f"*/{architecture}/text/debian-installer/{architecture}"))
    place = found[-1] if found else Path(INSTALLERS) / f"13/{architecture}/text/debian-installer/{architecture}"
    return [str(place / name) for name in names]


@slow
def test_uefi_of_32_bits_loads_the_file_for_it(computer, netboot, root):
    """Which is no program here: Debian has none, but for what grub-mkimage makes."""
    (root / "bootia32.efi").write_bytes(bytes(100_000))
    booting = computer("uefi32")
    netboot(boot_file_name={"x86": "bootia32.efi", "x86-64": "ipxe.efi"})
    booting.says("NBP file downloaded successfully")
    assert set(booting.record.asked()) == {"tftp bootia32.efi"}


# --- other loaders, and a system


@slow
def test_pxelinux_finds_its_configuration(computer, netboot, root):
    """By its own names for the machine, one after the other, of which none is there but the last."""
    source, = installer("amd64", "")
    shutil.copytree(Path(source).parents[1], root, symlinks=True, dirs_exist_ok=True)
    booting = computer("bios", old=True)
    daemon = netboot(boot_file_name="pxelinux.0", ipxe_script=None)
    wait_until(lambda: "tftp pxelinux.cfg/default" in booting.record.asked(), "its configuration", PATIENCE)
    asked = booting.record.asked()
    assert asked[:2] == ["tftp pxelinux.0", "tftp ldlinux.c32"]
    assert f"tftp pxelinux.cfg/01-{MAC.hex('-')}" in asked
    assert f"pxelinux.cfg/01-{MAC.hex('-')}" in boots(daemon)


@slow
def test_debians_installer_starts_by_what_the_manual_says(lab, computer, root):
    """Its script and its configuration, with the addresses of the lab."""
    text = block("interface = ").replace("/srv/tftp", str(root)).replace("eth1", "s0").replace("192.168.137.", "10.77.0.")
    (root / "boot.ipxe").write_text(block("#!ipxe").replace("initrd=initrd.gz", "initrd=initrd.gz console=ttyS0"))
    (root / "debian" / "amd64").mkdir(parents=True)
    put(root / "debian" / "amd64", *installer("amd64", "linux", "initrd.gz"))
    put(root, f"{IPXE}/undionly.kpxe", f"{IPXE}/ipxe.efi")
    booting = computer("bios", "-m", "1024")
    daemon = lab.daemon()
    daemon.write(daemon.file.read_text() + text)
    checked = daemon.run("-check")
    assert checked.returncode == 0 and "not there" not in checked.stdout + checked.stderr, checked
    daemon.start()
    booting.says("Select a language|Choose language")
    assert booting.record.asked() == ["tftp boot.ipxe", "http /debian/amd64/linux", "http /debian/amd64/initrd.gz"]
    assert "initrd.gz" in boots(daemon)


def block(beginning: str) -> str:
    """A literal block of the manual, by how it begins."""
    page = (ROOT / "etc/man/pydhcpd-netboot.7").read_text()
    return re.findall(rf"^\.Bd .*\n({re.escape(beginning)}(?:.*\n)*?)\.Ed", page, flags=re.M)[0]


@slow
def test_what_is_missing_is_told_with_what_is_there(computer, netboot, root):
    (root / "lpxelinux.0").write_text("not asked for")
    booting = computer("bios", old=True)
    daemon = netboot(boot_file_name="pxelinux.0", ipxe_script=None)
    booting.says("not found|No more network devices")
    assert "asked for pxelinux.0, which is not there; there is lpxelinux.0" in boots(daemon)


# --- beside another server


class OtherServer:
    """dnsmasq on another machine, which gives addresses and nothing else."""

    def __init__(self, machine: Machine) -> None:
        machine.ip("addr add 10.77.0.2/16 brd + dev c0")
        self._process = machine.start("dnsmasq", "--no-daemon", "--port=0", "--conf-file=/dev/null", "--no-hosts",
                                      "--user=root", "--dhcp-range=10.77.9.1,10.77.9.99,1h", "--dhcp-leasefile=/dev/null")

    def close(self) -> None:
        """No more."""
        self._process.kill()
        self._process.wait()


def given_by_the_other(booting: Computer) -> bool:
    """Whether all addresses came from the other server, and the proxy's offers have none (PXE 2.1, section 2.2.3)."""
    offered = {(one.address(54), one.yiaddr != NONE) for one in booting.record.messages() if one.kind in (OFFER, ACK)}
    return offered == {(SERVER, False), ("10.77.0.2", True)}


@slow
def test_ipxe_beside_another_server_gets_the_script(lab, machines, computer, netboot, root):
    (root / "boot.ipxe").write_text(OF_PROXY)
    booting = computer("bios")
    lab.keep(OtherServer(machines[1]))
    netboot(proxy_dhcp=True)
    assert booting.says(r"trial: the script runs at 10\.77\.9\.\d+ by (\S+)\s")[1] == SERVER
    assert booting.record.asked() == ["tftp boot.ipxe"]
    assert given_by_the_other(booting)


@slow
def test_uefi_boots_by_http_beside_another_server(lab, machines, computer, netboot, root):
    """The proxy's offer has the URL."""
    put(root, f"{IPXE}/ipxe.efi")
    booting = computer("uefi", *ONLY_HTTP)
    lab.keep(OtherServer(machines[1]))
    netboot(proxy_dhcp=True, tftp_root=None, http_root=str(root))
    booting.says(r"trial: the script runs at 10\.77\.9\.\d+")
    assert without_autoexec(booting) == ["http /ipxe.efi", "http /boot.ipxe"]
    assert given_by_the_other(booting)


MENU = """
pxe_menu = pxe_menu("Boot what?", [
    pxe_item("The loader", {"bios": "undionly.kpxe", "x86-64": "ipxe.efi"}), pxe_item("The disk"),
], timeout=3)
"""


@slow
@pytest.mark.parametrize(("kind", "loader"), [("bios", "undionly.kpxe"), ("uefi", "ipxe.efi")])
def test_beside_another_server_firmware_shows_a_menu(kind, loader, lab, machines, computer, root):
    """Nobody chooses, so that the first is taken; its file is told on port 4011."""
    put(root, f"{IPXE}/{loader}")
    booting = computer(kind, old=kind == "bios")
    lab.keep(OtherServer(machines[1]))
    daemon = lab.daemon(proxy_dhcp=True, tftp_root=str(root), ipxe_script="boot.ipxe")
    daemon.write(daemon.file.read_text() + MENU)
    daemon.start()
    booting.says("Boot what")
    booting.says(r"trial: the script runs at 10\.77\.9\.\d+")
    assert booting.record.asked() == [f"tftp {loader}", "tftp boot.ipxe"]
    assert given_by_the_other(booting)


# --- the whole way


WHOLE_WAY = """\
#!ipxe
echo trial: iPXE has ${ip}
kernel http://${next-server}/vmlinuz console=ttyS0 quiet initrd=initrd
initrd http://${next-server}/initrd
boot
"""


@slow
def test_the_whole_way_to_a_root_by_nfs_with_one_address(lab, computer, netboot, root):
    """A system whose client identifier is its own has the address that its firmware and iPXE had, and its root by option 17."""
    diskless.make(root)
    put(root, f"{IPXE}/ipxe.efi")
    (root / "boot.ipxe").write_text(WHOLE_WAY)
    booting = computer("uefi")
    lab.keep(diskless.Nfs(lab.server, lab.directory / "nfs", "diskless node"))
    netboot(http_root=str(root), root_path="10.77.0.1:/root", one_address_per_machine=True)
    address = booting.says(r"trial: iPXE has (10\.77\.\d+\.\d+)\s")[1]
    assert booting.says(r"trial: the system has (\S+) and its root at (\S+)\s").groups() == (address, "10.77.0.1:/root")
    assert booting.says(r"trial: I am (.*), Linux (\S+), at (\S+)\s").group(1, 3) == ("diskless node", address)
    acknowledged = [one.yiaddr for one in booting.record.messages() if one.kind == ACK]
    assert len(acknowledged) >= 3 and set(acknowledged) == {address}  # firmware's, iPXE's, the system's
    assert without_autoexec(booting) == ["tftp ipxe.efi", "tftp boot.ipxe", "http /vmlinuz", "http /initrd"]
