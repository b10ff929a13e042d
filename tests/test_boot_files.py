"""What -check and a start say of boot files that cannot be had."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from pydhcpd.boot_files import boot_notes
from pydhcpd.configuration.file import DHCPServerConfiguration

START = 'network = "192.0.2.0/24"\ndomain_name_server = "192.0.2.1"\n'


@pytest.fixture
def root(tmp_path):
    made = tmp_path / "root"
    made.mkdir()
    for name in ("lpxelinux.0", "ipxe.efi", "boot.ipxe"):
        (made / name).write_text("x")
    (made / "directory").mkdir()
    (made / "out").symlink_to("/etc/passwd")
    (made / "in").symlink_to("ipxe.efi")
    (made / "broken").symlink_to("gone")
    return made


def notes(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(START + text)
    return boot_notes(DHCPServerConfiguration.load(file))


@pytest.mark.parametrize(("text", "words"), [
    ('boot_file_name = "pxelinux.0"', ":4: boot_file_name: 'pxelinux.0' cannot be had from tftp_root ({root}): asked for "
                                      "pxelinux.0, which is not there; there is lpxelinux.0"),
    ('boot_file_name = {"bios": "x.0"}', "'x.0' cannot be had"),
    ('ipxe_script = "x.ipxe"', "ipxe_script: 'x.ipxe' cannot be had"),
    ('boot_file_name = "directory"', "is a directory"), ('boot_file_name = "out"', "a link that leaves the root"),
    ('boot_file_name = "../x"', "leaves the root"),
    ('hosts = [host(mac="02:00:00:00:00:01", boot_file_name="gone")]', "00:01') boot_file_name: 'gone' cannot be had"),
    ('classes = [client_class("a", match(secs=1), boot_file_name="gone")]', "client_class 'a' boot_file_name: 'gone' cannot"),
    (f'boot_file_name = "{"x" * 128}"', "is too long for the field `file`, which holds 127 octets"),
    ('boot_file_name = "ipxe.efi"', ":4: boot_file_name is iPXE, which gets no boot file then, or it would load itself"),
    ('ipxe_script = "in"\nboot_file_name = "in"\nhosts = [host(mac="02:00:00:00:00:01", ipxe_script="ipxe.efi")]',
     "00:01') ipxe_script: 'ipxe.efi' is iPXE again, which would load itself for ever; name the script"),
    ('boot_file_name = "broken"', "asked for broken, which is not there: it is a link to what is not there"),
    ('boot_file_name = "http:///ipxe/boot.ipxe"', "'http:///ipxe/boot.ipxe' is a URL without a server; write it as http://"),
    ('boot_file_name = "http://[::1"', "is a URL without a server"),
    ('pxe_menu = pxe_menu("?", [pxe_item("A", "lpxelinux.0"), pxe_item("B", {"bios": "gone"})])',
     ":4: pxe_menu: 'gone' cannot be had from tftp_root"),
    ('pxe_menu = pxe_menu("?", [pxe_item("A", "ipxe.efi")])', ":4: pxe_menu is iPXE, which gets no boot file then")])
def test_a_boot_file_that_cannot_be_had_is_told_with_its_place_and_why(tmp_path, root, text, words):
    found = notes(tmp_path, f'tftp_root = "{root}"\n{text}')
    assert words.format(root=root) in "\n".join(found)


@pytest.mark.parametrize("text", [
    'boot_file_name = "lpxelinux.0"', 'boot_file_name = "/lpxelinux.0"', 'boot_file_name = "\\\\lpxelinux.0"',
    'boot_file_name = "in"\nipxe_script = "boot.ipxe"', 'boot_file_name = {"bios": "lpxelinux.0", "arm64": None}',
    'pxe_menu = pxe_menu("?", [pxe_item("A", "gone", server="192.0.2.9"), pxe_item("B", "in"), pxe_item("C", "lpxelinux.0")])',
    'boot_file_name = "{mac}"', 'boot_file_name = "gone"\nnext_server = "192.0.2.9"', 'boot_file_name = "http://a.example/x"',
    'hosts = [host(mac="02:00:00:00:00:01", boot_file_name="gone", next_server="192.0.2.9")]',
    'boot_file_name = "ipxe.efi"\nipxe_script = "http://192.0.2.1/x"', 'ipxe_script = "file:///boot.ipxe"',
    'ipxe_script = "http://${next-server}/boot.ipxe"',
    'boot_file_name = "ipxe.efi"\ndef finish(request, reply):\n    pass', ""])
def test_what_can_be_had_or_cannot_be_known_is_told_nothing_of(tmp_path, root, text):
    assert notes(tmp_path, f'tftp_root = "{root}"\n{text}') == []


@pytest.mark.parametrize(("text", "is_told"), [
    ('boot_file_name = "pxelinux.0"', True), ('boot_file_name = "http://192.0.2.9/x"', False),
    ('boot_file_name = "pxelinux.0"\nnext_server = "192.0.2.9"', False), ('boot_file_name = "x"\nserver_name = "boss"', False),
    ('boot_file_name = "pxelinux.0"\ntftp_server_name = "192.0.2.9"', False)])
def test_a_file_of_which_nobody_says_where_it_is_is_told(tmp_path, text, is_told):
    told = [one for one in notes(tmp_path, text) if "nothing says from which server; set tftp_root" in one]
    assert bool(told) is is_told


def test_a_file_may_be_in_the_one_root_or_in_the_other(tmp_path, root):
    (tmp_path / "http").mkdir()
    (tmp_path / "http" / "grub.efi").write_text("x")
    both = f'tftp_root = "{root}"\nhttp_root = "{tmp_path}/http"\nboot_file_name = '
    assert notes(tmp_path, both + '{"bios": "lpxelinux.0", "x86-64": "grub.efi"}') == []
    found, = notes(tmp_path, both + '"gone"')
    assert "tftp_root" in found
    assert "; nor from http_root" in found


def test_a_url_with_a_name_needs_dns(tmp_path):
    file = tmp_path / "pydhcpd.conf"
    file.write_text('network = "192.0.2.0/24"\nboot_file_name = "http://boot.example/x.efi"')
    found, = boot_notes(DHCPServerConfiguration.load(file))
    assert found == (f"{file}:2: boot_file_name: 'http://boot.example/x.efi' has a name in it, which firmware looks up in DNS; "
                     "set domain_name_server, or write an address")
    file.write_text('network = "192.0.2.0/24"\nproxy_dhcp = True\nboot_file_name = "http://boot.example/x.efi"')
    assert boot_notes(DHCPServerConfiguration.load(file)) == []  # the other server says which
    file.write_text('network = "192.0.2.0/24"\nboot_file_name = "http://192.0.2.1/x.efi"')
    assert boot_notes(DHCPServerConfiguration.load(file)) == []


def test_more_than_a_screen_is_counted(tmp_path, root):
    hosts = ", ".join(f'host(mac="02:00:00:00:00:{n:02x}", boot_file_name="gone{n}")' for n in range(30))
    found = notes(tmp_path, f'tftp_root = "{root}"\nhosts = [{hosts}]')
    assert len(found) == 21
    assert found[-1] == "10 more boot files are amiss"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can see what another user may read")
@pytest.mark.parametrize(("path", "words"), [
    ("ipxe.efi", "the user of pydhcpd may not read; run: chmod a+r on it"), (".", "may not read it; run: chmod a+rx")])
def test_check_looks_as_the_user_that_serves(root, path, words):
    directory = Path("/var/tmp") / f"pydhcpd-test-{os.getpid()}"  # where everybody may go
    try:
        subprocess.run(["cp", "-r", root, directory], check=True)
        directory.chmod(0o755)
        (directory / path).chmod(0o600)
        file = directory / "pydhcpd.conf"
        file.write_text(f'{START}user = "{pwd.getpwuid(65534).pw_name}"\ntftp_root = "{directory}"\n'
                        'boot_file_name = "ipxe.efi"\nipxe_script = "boot.ipxe"\n')
        file.chmod(0o644)
        done = subprocess.run([sys.executable, "-m", "pydhcpd", "-config_file", file, "-check"], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        assert words in done.stderr
    finally:
        subprocess.run(["rm", "-rf", directory], check=True)
