"""Real firmware boots from pydhcpd: BIOS, UEFI and UEFI on ARM, by TFTP and by HTTP, from the first DISCOVER to a script."""

import shutil

import diskless
import pytest
from computer import require

SCRIPT = "#!ipxe\necho script runs at ${net0/ip}\nsleep 1000\n"


@pytest.fixture
def root(lab):
    """What is served."""
    made = lab.directory / "srv"
    made.mkdir()
    (made / "boot.ipxe").write_text(SCRIPT)
    return made


def write(d, more):
    d.write("from pydhcpd.conf import *\n" + "".join(f"{k} = {v!r}\n" for k, v in d.settings.items()) + more)


def test_iPXE_in_a_rom_gets_the_script_at_once(lab, computer, root):
    booting = computer("bios")
    lab.daemon(tftp_root=str(root), boot_file_name="boot.ipxe", next_server="10.77.0.1").start()
    booting.says("script runs at 10.77")
    assert booting.record.asked() == ["tftp boot.ipxe"]


def test_an_old_rom_loads_undionly_and_that_the_script(lab, old_computer, root):
    require("/usr/lib/ipxe/undionly.kpxe")
    shutil.copy("/usr/lib/ipxe/undionly.kpxe", root)
    booting = old_computer("bios")
    d = lab.daemon(next_server="10.77.0.1", tftp_root=str(root))
    write(d,
      'classes=[client_class("ipxe", match(user_class=PREFIX("iPXE")), boot_file_name="boot.ipxe"), client_class("fw", ~match(user_class=PREFIX("iPXE")), boot_file_name="undionly.kpxe")]\n')
    d.start()
    booting.says("script runs at 10.77")
    assert booting.record.asked() == ["tftp undionly.kpxe", "tftp boot.ipxe"]


def test_the_whole_way(lab, computer, root):
    diskless.make(root)
    (root / "boot.ipxe").write_text("#!ipxe\necho trial: iPXE has ${net0/ip}\nkernel vmlinuz console=ttyS0 quiet initrd=initrd\ninitrd initrd\nboot\n")
    booting = computer("bios")
    (lab.directory / "nfs").mkdir()
    lab.keep(diskless.Nfs(lab.server, lab.directory / "nfs", "diskless node"))
    lab.daemon(tftp_root=str(root), boot_file_name="boot.ipxe", next_server="10.77.0.1", root_path="10.77.0.1:/root", one_address_per_machine=True).start()
    booting.says("trial: I am")
    print(booting.serial()[-2000:])
    print(booting.record.asked(), [(m.kind, m.yiaddr, m.options.get(61)) for m in booting.record.messages()])
