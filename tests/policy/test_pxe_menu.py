"""Menus as values of the configuration: what is taken, what goes over the wire, and what is refused in which words."""

import pytest

from pydhcpd.conf import pxe_item, pxe_menu
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.policy.declarations import Mistake
from pydhcpd.wire.pxe import encode_menu

DEBIAN, RIS, DISK = pxe_item("Debian", "pxelinux.0"), pxe_item("RIS", server="10.0.0.9", type=1), pxe_item("Own disk")
OURS = 0x0A000001


def test_a_menu_is_shown_as_the_file_would_write_it():
    """A reload tells by this what has changed."""
    menu = pxe_menu("?", [DEBIAN, pxe_item("Grub", {"bios": "grub.0"}, server="10.0.0.8"), RIS, DISK], timeout=5)
    assert repr(menu) == ("pxe_menu('?', [pxe_item('Debian', 'pxelinux.0'), pxe_item('Grub', {'bios': 'grub.0'}, server="
                          "'10.0.0.8'), pxe_item('RIS', server='10.0.0.9', type=1), pxe_item('Own disk')], timeout=5)")
    assert repr(eval(repr(menu), {"pxe_menu": pxe_menu, "pxe_item": pxe_item})) == repr(menu)


def test_items_have_types_of_their_own_but_where_one_is_given():
    items = [DEBIAN, RIS, DISK, pxe_item("Grub", {"bios": "grub.0"}), pxe_item("x", "y", type=0x8001), pxe_item("z", "z")]
    assert pxe_menu("?", items).types == (0x8000, 1, 0, 0x8002, 0x8001, 0x8003)


@pytest.mark.parametrize(("given", "seconds"), [
    ({}, 255), ({"timeout": None}, 255), ({"timeout": 0}, 0), ({"timeout": 254}, 254), ({"timeout": 255}, 255)])
def test_without_a_timeout_the_menu_waits(given, seconds):
    menu = pxe_menu("Boot what?", [DEBIAN, DISK], **given)
    assert menu.encode(menu.items, OURS) == encode_menu(b"Boot what?", seconds, [(0x8000, b"Debian"), (0, b"Own disk")],
                                                        {0x8000: OURS})


def test_a_client_is_shown_what_it_may_choose_under_the_same_types():
    menu = pxe_menu("?", [DEBIAN, RIS, pxe_item("Grub", "grub.0"), DISK])
    assert menu.encode(menu.items[1:], OURS) == encode_menu(
        b"?", 255, [(1, b"RIS"), (0x8001, b"Grub"), (0, b"Own disk")], {1: 0x0A000009, 0x8001: OURS})
    assert (menu.item_of(0x8001), menu.item_of(1), menu.item_of(0)) == (menu.items[2], None, None)


def test_a_menu_fills_all_of_one_option():
    items = [pxe_item("0123456789abc", f"{number}.0") for number in range(10)]
    assert len(pxe_menu("0123456789abcd", items).encode(pxe_menu("0123456789abcd", items).items, OURS)) == 255
    assert isinstance(pxe_menu("0123456789abcde", items), Mistake)


@pytest.mark.parametrize(("made", "words"), [
    (lambda: pxe_item(""), "text: '' cannot be shown by firmware; allowed is a line of 1 to 70 printable ASCII characters"),
    (lambda: pxe_item("x" * 71), "cannot be shown by firmware; 71 characters; allowed is a line of 1 to 70 "),
    (lambda: pxe_item("Zürich"), "text: 'Zürich' cannot be shown by firmware"),
    (lambda: pxe_item("a\nb"), "text: 'a\\nb' cannot be shown by firmware"),
    (lambda: pxe_item(None), "has no text; allowed is a line"),
    (lambda: pxe_item("x", 7), "boot_file_name: 7 is not text; allowed is text of at least one character"),
    (lambda: pxe_item("x", ""), "boot_file_name: '' is empty or holds NUL; allowed is text"),
    (lambda: pxe_item("x", server="10.0.0.9"), "has no boot_file_name; a boot server elsewhere needs both server and type"),
    (lambda: pxe_item("x", type=1), "has no boot_file_name; a boot server elsewhere needs both server and type"),
    (lambda: pxe_item("x", "y", type=0), "type: 0 is no type; allowed is a boot server's type from 1 to 65534"),
    (lambda: pxe_item("x", "y", type=65535), "type: 65535 is no type"),
    (lambda: pxe_item("x", "y", type=True), "type: True is no type"),
    (lambda: pxe_item("x", "y", server="boot.example"), "server: 'boot.example' is not an IPv4 address"),
    (lambda: pxe_item("x", "y", sever="10.0.0.9"), "sever is not known; did you mean server?"),
    (lambda: pxe_item("x", "y", quux=1), "quux is not known; allowed are text, boot_file_name, server, type"),
    (lambda: pxe_menu("?", []), "items: [] is no list of items; allowed is [pxe_item('Debian', 'debian/pxelinux.0'), ...]"),
    (lambda: pxe_menu("?", "debian"), "items: 'debian' is no list of items"),
    (lambda: pxe_menu(None, [DEBIAN]), "needs a prompt and items; allowed is pxe_menu('Boot what?', [pxe_item(...), ...]"),
    (lambda: pxe_menu("?", [DEBIAN], timeout=256), "timeout: 256 cannot be used here; allowed are whole seconds from 0"),
    (lambda: pxe_menu("?", [DEBIAN], timeout=-1), "timeout: -1 cannot be used here"),
    (lambda: pxe_menu("?", [DEBIAN], timeout=1.5), "timeout: 1.5 cannot be used here"),
    (lambda: pxe_menu("?", [DEBIAN], timout=5), "timout is not known; did you mean timeout?"),
    (lambda: pxe_menu("?", [pxe_item("x", "y", type=7), pxe_item("z", "y", type=7)]), "type 7 is that of two items"),
    (lambda: pxe_menu("?", [pxe_item("x" * 60, "y")] * 4), "takes 292 bytes of option 43; allowed are 255 in all: take ")])
def test_what_cannot_be_used_is_told_in_words(made, words):
    mistake = made()
    assert isinstance(mistake, Mistake)
    assert words in mistake.reason


def loaded(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    return DHCPServerConfiguration.load(file)


def problems(tmp_path, text):
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, text)
    return [one.replace(f"{tmp_path}/", "") for one in caught.value.problems]


def test_a_menu_is_the_whole_file_s_or_a_scope_s_and_its_name_is_that_of_what_makes_it(tmp_path):
    """The second call is of what the file has given the name to."""
    made = loaded(tmp_path, """
interface = "eth1"
pxe_menu = pxe_menu("Boot what?", [pxe_item("Debian", "debian.0")], timeout=5)
other = pxe_menu("Rescue?", [pxe_item("Grub", "grub.0")])
classes = [client_class("lab", match(mac=ALL), pxe_menu=other)]
hosts = [host(mac="02:00:00:00:00:01", pxe_menu=None)]
""")
    assert (made["pxe_menu"].prompt, made["pxe_menu"].timeout, made["pxe_menu"].line) == (b"Boot what?", 5, 3)
    assert (made.class_scopes["lab"].settings["pxe_menu"].prompt, made.class_scopes["lab"].settings["pxe_menu"].line) == (
        b"Rescue?", 4)
    assert made.hosts[0].scope.settings == {"pxe_menu": None}


def test_mistakes_are_told_with_their_lines_wherever_the_menu_stands(tmp_path):
    assert problems(tmp_path, """
interface = "eth1"
pxe_menu = pxe_menu("Boot what?", [
    pxe_item("Debian", "debian.0"),
    pxe_item("", "grub.0")])
hosts = [host(mac="02:00:00:00:00:01", pxe_menu=pxe_item("x", type=-1))]
classes = [client_class("lab", match(mac=ALL), pxe_menu="debian.0")]
""") == [
        "pydhcpd.conf:3: pxe_menu(prompt='Boot what?', items=[pxe_item('Debian', 'debian.0'), pxe_item(text='', "
        "boot_file_name='grub.0')]): items: one of them is wrong, as is told in a line of its own; allowed is "
        "[pxe_item(...), ...]",
        "pydhcpd.conf:5: pxe_item(text='', boot_file_name='grub.0'): text: '' cannot be shown by firmware; allowed is a line "
        "of 1 to 70 printable ASCII characters",
        "pydhcpd.conf:7: client_class 'lab' pxe_menu = 'debian.0': 'debian.0' cannot be used here; allowed is "
        "pxe_menu('Boot what?', [pxe_item(...), ...], timeout=10)",
        "pydhcpd.conf:6: pxe_item(text='x', type=-1): type: -1 is no type; allowed is a boot server's type from 1 to 65534"]


@pytest.mark.parametrize(("line", "words"), [
    ("pxe_menu = pxe_menu('?', [pxe_item('a', {'bois': 'b'})])", "'a', {'bois': 'b'}): 'bois' is no architecture; did"),
    ("pxe_menu = [pxe_item('a', 'b')]", "pxe_menu = [pxe_item('a', 'b')]: [pxe_item('a', 'b')] cannot be used here; allowed "),
    ("pxe_menus = pxe_menu('?', [pxe_item('a', 'b')])", "did you mean pxe_menu?"),
    ("boot_menu = pxe_menu('?', [pxe_item('a', 'b')])", "write pxe_menu = "),
    ("proxydhcp = True", "proxy_dhcp"), ("proxy_dhcp = 'perhaps'", "allowed is True or False"),
    ("pxe_menu = pxe_menu()", "write it as pxe_menu(\"Boot what?\"")])
def test_what_was_meant_is_told(tmp_path, line, words):
    (problem,) = problems(tmp_path, f'interface = "eth1"\n{line}\n')
    assert problem.startswith("pydhcpd.conf:2: ")
    assert words in problem
