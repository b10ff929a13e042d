"""Real firmware boots from pydhcpd: BIOS, UEFI and UEFI on ARM, by TFTP and by HTTP, from the first DISCOVER to a script."""

import pytest
from computer import require

SCRIPT = "#!ipxe\necho script runs at ${net0/ip}\nsleep 1000\n"


def test_iPXE_in_a_rom_gets_the_script_at_once(lab, computer):
    root = lab.directory / "tftp"
    root.mkdir()
    (root / "boot.ipxe").write_text(SCRIPT)
    booting = computer("bios")
    lab.keep(Tftp(lab.server, root))
    lab.daemon(boot_file_name="boot.ipxe", next_server="10.77.0.1").start()
    booting.says("script runs at 10.77")
    assert booting.record.asked() == ["tftp boot.ipxe"]


def test_an_old_rom_loads_undionly_and_that_the_script(lab, old_computer):
    root = lab.directory / "tftp"
    root.mkdir()
    (root / "boot.ipxe").write_text(SCRIPT)
    import shutil; shutil.copy("/usr/lib/ipxe/undionly.kpxe", root)
    booting = old_computer("bios")
    lab.keep(Tftp(lab.server, root))
    d = lab.daemon(next_server="10.77.0.1")
    d.write("from pydhcpd.conf import *\n" + "".join(f"{k} = {v!r}\n" for k, v in d.settings.items()) +
      'classes=[client_class("ipxe", match(user_class=PREFIX("iPXE")), boot_file_name="boot.ipxe"), client_class("fw", ~match(user_class=PREFIX("iPXE")), boot_file_name="undionly.kpxe")]\n')
    d.start()
    booting.says("script runs at 10.77")
    assert booting.record.asked() == ["tftp undionly.kpxe", "tftp boot.ipxe"]


class Tftp:
    def __init__(self, machine, root):
        self.p = machine.start("dnsmasq", "-d", "-C", "/dev/null", "--port=0", "--enable-tftp", f"--tftp-root={root}", "--user=root")
    def close(self):
        self.p.kill(); self.p.wait()
