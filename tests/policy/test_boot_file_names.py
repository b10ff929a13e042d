"""Names of boot files and of architectures: what may be written, and what is made of it for a client."""

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.boot.answer import is_ipxe, says_ipxe
from pydhcpd.policy.boot.architectures import Architectures, numbers_of
from pydhcpd.policy.boot.files import FIELDS, BootFile, safe, template_of
from pydhcpd.policy.templates import Facts

UUID = bytes.fromhex("c26f87ee6a134f73a53f52540012a1b2")
FACTS = Facts(bytes.fromhex("0200000000 0a"), address_from("192.0.2.10"), "node-1", UUID, "x86-64", "192.0.2.0/24")
NOBODY = Facts(b"", 0, "", b"", "", "")


@pytest.mark.parametrize(("text", "name"), [
    ("boot.ipxe", "boot.ipxe"),
    ("01-{mac_hyphens}", "01-02-00-00-00-00-0a"),
    ("{mac}.cfg", "02:00:00:00:00:0a.cfg"),
    ("{ip}/{ip_hex}", "192.0.2.10/C000020A"),
    ("hosts/{hostname}.ipxe", "hosts/node-1.ipxe"),
    ("{uuid}", "c26f87ee-6a13-4f73-a53f-52540012a1b2"),
    ("{arch}/ipxe.efi", "x86-64/ipxe.efi"),
    ("{subnet}.ipxe", "192.0.2.0-24.ipxe"),
    ("http://192.0.2.1/{mac_hyphens}?n={hostname}", "http://192.0.2.1/02-00-00-00-00-0a?n=node-1"),
    ("http://192.0.2.1/${net0/mac}/{ip}", "http://192.0.2.1/${net0/mac}/192.0.2.10")])
def test_row_54_names_hold_values_of_the_client(text, name):
    assert template_of(text).filled(FACTS) == (name, "")


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_where_a_value_is_not_known_there_is_no_name_and_it_is_told_which(field):
    assert template_of(f"a{{{field}}}b").filled(NOBODY) == ("", field)


@pytest.mark.parametrize(("sent", "made"), [
    ("../../etc/passwd", ".._.._etc_passwd"), ("..", "__"), (".", "_"), ("...", "___"), ("a/b\\c", "a_b_c"), ("a\0b", "a_b"),
    ("a\nb\x1b[2J", "a_b__2J"), ("%2e%2e%2f", "_2e_2e_2f"), ("bücher", "b_cher"), ("pc-1.lab_2", "pc-1.lab_2"), ("", ""),
    ("~root", "_root"), ("a b?c#d", "a_b_c_d")])
def test_what_a_stranger_sends_is_one_component_of_a_path(sent, made):
    assert safe(sent) == made
    assert "/" not in made
    assert made not in (".", "..")


@pytest.mark.parametrize(("uuid", "made"), [(b"../../x", "2e2e2f2e2e2f78"), (b"\xff", "ff"), (UUID * 2, (UUID * 2).hex())])
def test_a_broken_uuid_is_digits(uuid, made):
    assert template_of("{uuid}").filled(Facts(b"", 0, "", uuid, "", "")) == (made, "")


@pytest.mark.parametrize(("value", "words"), [
    ("{mac-hyphens}.cfg", "did you mean {mac_hyphens}?"), ("{Mac}", "did you mean {mac}?"), ("{foo}", "allowed are {mac}, "),
    ("{}", "allowed are {mac}, "), ("a{mac", "stands alone"), ("a}b", "stands alone"), ("", "is empty"), ("a\0b", "NUL"),
    ("a\nb", "a control character"), ("x" * 256, "has 256 octets; allowed are 255"), (7, "is not text"), (b"x", "is not text"),
    (["a"], "is not text"), ({}, "says nothing"), ({"bios": 7}, "'bios': 7 "), ({"bios": "{x}"}, "'bios': {x} in"),
    ("pxelinux.0,boothost,192.0.2.5", "write boot_file_name = 'pxelinux.0' and next_server = '192.0.2.5'"),
    ("pxelinux.0, 192.0.2.5", "write boot_file_name = 'pxelinux.0' and next_server = '192.0.2.5'")])
def test_what_is_no_boot_file_is_told_with_what_is(value, words):
    with pytest.raises(InvalidValue) as error:
        BootFile.of(value)
    assert words in str(error.value)


@pytest.mark.parametrize(("key", "words"), [
    ("x86_64", "did you mean 'x86-64'?"), ("amd64", "did you mean 'x86-64'?"), ("UEFI", "did you mean 'x86-64'?"),
    ("aarch64", "did you mean 'arm64'?"), ("i386", "did you mean 'x86'?"), ("BIOS", "did you mean 'bios'?"),
    ("riscv", "did you mean 'riscv64'?"), ("rpi", "did you mean 'raspberry-pi'?"), ("zx81", "allowed are 'bios', "),
    (65536, "allowed are 'bios'"), (-1, "allowed are"), (True, "allowed are"), (None, "allowed are")])
def test_an_architecture_that_is_none_is_told_with_the_nearest(key, words):
    with pytest.raises(InvalidValue) as error:
        BootFile.of({key: "x"}).check(Architectures())
    assert words in str(error.value)


MAPPING = {"bios": "b", "x86-64": "x", "x86-64-http": "xh", "arm64": "a", 5: "five", 16: "sixteen", "riscv64": None}


@pytest.mark.parametrize(("numbers", "name", "is_known"), [
    ((0,), "b", True), ((7,), "x", True), ((9,), "x", True), ((17,), "xh", True), ((16,), "sixteen", True), ((11,), "a", True),
    ((19,), "a", True), ((20,), "b", True), ((5,), "five", True), ((27,), None, True), ((28,), None, True), ((6,), None, False),
    ((), None, False), ((999,), None, False), ((6, 7), "x", True), ((11, 7), "a", True)])
def test_rule_44_the_first_architecture_that_is_in_the_mapping_counts_and_7_and_9_are_one(numbers, name, is_known):
    template, known = BootFile.of(MAPPING).template_for(numbers, Architectures().names)
    assert (template and template.text, known) == (name, is_known)


@pytest.mark.parametrize(("options", "vendor", "numbers"), [
    ({93: b"\0\7"}, b"PXEClient", (7,)), ({93: b"\0\7\0\x10"}, b"", (7, 16)), ({93: b"\0\7\1"}, b"", (7,)),
    ({93: b""}, b"PXEClient:Arch:00007:UNDI:003016", (7,)), ({93: b"\7"}, b"PXEClient:Arch:00000:UNDI:002001", (0,)),
    ({}, b"HTTPClient:Arch:00016:UNDI:003001", (16,)), ({}, b"PXEClient", ()), ({}, b"PXEClient:Arch:x", ()),
    ({}, b"PXEClient:Arch:999999", ()), ({}, b"PXEClient:Arch:", ()), ({}, b"a:b:7", ())])
def test_rule_44_option_93_is_a_list_and_option_60_stands_in_for_it(options, vendor, numbers):
    assert numbers_of(options, vendor) == numbers


@pytest.mark.parametrize(("number", "names"), [
    (0, ("bios",)), (6, ("x86",)), (7, ("x86-64",)), (9, ("x86-64",)), (10, ("arm32",)), (11, ("arm64",)),
    (15, ("x86-http", "x86")), (16, ("x86-64-http", "x86-64")), (18, ("arm32-http", "arm32")), (19, ("arm64-http", "arm64")),
    (25, ("riscv32",)), (27, ("riscv64",)), (28, ("riscv64-http", "riscv64")), (31, ("s390",)), (39, ("loongarch64",)),
    (41, ("raspberry-pi",)), (42, ())])
def test_row_54_the_registry_has_names(number, names):
    assert Architectures().names(number) == names


def test_all_that_is_registered_has_a_name():
    assert [number for number in range(42) if not Architectures().names(number)] == []


@pytest.mark.parametrize(("data", "is_ipxe"), [
    (b"iPXE", True), (b"\4iPXE", True), (b"\3foo\4iPXE", True), (b"gPXE", True), (b"iPXEs", False), (b"\5iPXEs", False),
    (b"PXE", False), (b"", False), (b"\xff\xfe", False), (b"not iPXE at all", False)])
def test_rule_46_ipxe_says_so_bare_or_by_the_rfc(data, is_ipxe):
    assert says_ipxe(data) is is_ipxe


@pytest.mark.parametrize(("name", "loads"), [
    ("undionly.kpxe", True), ("/boot/undionly.kpxe", True), ("ipxe.efi", True), ("x86\\ipxe.efi", True),
    ("ipxe-arm64.efi", True), ("snponly.efi", True), ("snp-x86_64.efi", True), ("ipxe.lkrn", True),
    ("IPXE.EFI", True), ("custom.kpxe", True),
    ("my.kkpxe", True), ("undionly.pxe", True), ("ipxe.pxe", True), ("http://192.0.2.1/ipxe.efi", True),
    ("ipxe32.efi", True), ("snp64.efi", True),
    ("netboot.xyz.kpxe", False), ("boot.ipxe", False), ("script.php", False), ("pxelinux.0", False), ("grubx64.efi", False),
    ("ipxe/boot.ipxe", False), ("ipxe/grub.efi", False), ("ipxe.cfg", False), ("snapshot.efi", False)])
def test_what_is_ipxe_again_is_known_by_its_name(name, loads):
    assert is_ipxe(name) is loads


# --- in the file


def problems(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(f'network = "192.0.2.0/24"\n{text}\n')
    with pytest.raises(ConfigurationError) as error:
        DHCPServerConfiguration.load(file)
    return error.value.problems


@pytest.mark.parametrize(("text", "place", "words"), [
    ('boot_file_name = {"amd64": "x"}', "2: boot_file_name = ", "'amd64' is no architecture; did you mean 'x86-64'?"),
    ('ipxe_script = "{host}.ipxe"', "2: ipxe_script = ", "{host} in '{host}.ipxe' is not known; did you mean {hostname}?"),
    ('hosts = [host(mac="02:00:00:00:00:01",\n  boot_file_name="{x}")]', "2: ", "{x} in '{x}' is not known"),
    ('classes = [client_class("a", boot_file_name={"foo": "x"})]', "2: client_class 'a' boot_file_name", "'foo' is no arch"),
    ('architecture_names = {"bios": 0}', "2: architecture_names", "'bios' is no number of an architecture"),
    ('architecture_names = {7: "a/b"}', "2: architecture_names", "allowed are letters"),
    ('boot_file_name = {"my-board": "x"}', "2: boot_file_name = ", "names of architecture_names"),
    ('tftp_ports = (5050, 5040)', "2: tftp_ports", "write (5040, 5050)"), ('tftp_ports = 50', "2: tftp_ports", "two ports"),
    ('http_port = 0', "2: http_port", "a port from 1"),
    ('filename = "pxelinux.0"', "2: filename", "pydhcpd calls it boot_file_name: write boot_file_name = 'pxelinux.0'"),
    ('bootfile = "pxelinux.0"', "2: bootfile", "boot_file_name = 'pxelinux.0'"),
    ('dhcp_boot = "pxelinux.0"', "2: dhcp_boot", "boot_file_name = 'pxelinux.0'"),
    ('boot_file = "pxelinux.0"', "2: boot_file", "boot_file_name = 'pxelinux.0'"),
    ('tftp_directory = "/srv"', "2: tftp_directory", "tftp_root = '/srv'"),
    ('tftpboot = "/srv"', "2: tftpboot", "tftp_root = '/srv'"),
    ('tftp_port_range = (1, 2)', "2: tftp_port_range", "tftp_ports = (1, 2)"),
    ('enable_tftp = True', "2: enable_tftp", "tftp_root"),
    ('www_root = "/srv"', "2: www_root", "http_root = '/srv'"),
    ('ipxe_boot_file = "x"', "2: ipxe_boot_file", "ipxe_script = 'x'"),
    ('option_93 = b"x"\noption_97 = b"y"', "3: option_97", "cannot be set: it is the protocol's own")])
def test_mistakes_are_told_with_their_place_and_the_remedy(tmp_path, text, place, words):
    found = "\n".join(problems(tmp_path, text))
    assert f"pydhcpd.conf:{place}" in found
    assert words in found


def test_names_of_ones_own_may_stand_in_a_mapping(tmp_path):
    file = tmp_path / "pydhcpd.conf"
    file.write_text('network = "192.0.2.0/24"\narchitecture_names = {500: "my-board", 11: ["pi5", "arm64"]}\n'
                    'boot_file_name = {"my-board": "x", "pi5": "y", 77: "z"}\n')
    names = DHCPServerConfiguration.load(file)["architecture_names"]
    assert (names.names(500), names.names(11), names.names(7)) == (("my-board",), ("pi5", "arm64"), ("x86-64",))
