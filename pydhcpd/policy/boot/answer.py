"""`Netboot`: what one scope of the configuration gives to machines that boot; compiled once, asked for each of their messages.

A client is of one of these kinds, by what it sends:

    kind      told by                                     gets
    IPXE      77 is iPXE (or gPXE), or 175 is there       the script, else the boot file if that is not iPXE again
    PI        PXEClient, architecture 0, a vendor prefix  boot file, and a menu by whose name its firmware knows us
              of Raspberry Pis; or architecture 41
    PXE       60 begins with PXEClient                    boot file
    HTTP      60 begins with HTTPClient                   boot file as a URL
    ORDINARY  the rest                                    boot file, where it asks for one

A loader gets what iPXE is told by itself: were iPXE given the loader that it is, it would load itself for ever, be it that the
loader brought it or the option ROM of a network card. Firmware reads one half of what it is sent, the one this and the other
that, so file and server stand in the header and in options 67 and 66, which end in NUL for PXE. 60 is answered as it is
asked; 43.6 = 8 says that there is nothing to be discovered (PXE 2.1, section 2.3); 175.176 that iPXE need not wait for a proxy.
With a menu PXE and IPXE get that in place of the boot file, unless there is a script for iPXE; later the item's file.
Does not know leases, nor how a reply is put together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple
from urllib.parse import quote

from pydhcpd.addresses import address_text
from pydhcpd.policy.boot.architectures import BIOS, RASPBERRY_PI, Architectures, numbers_of
from pydhcpd.policy.boot.files import LONGEST, BootFile, is_url
from pydhcpd.policy.boot.menu import PxeItem, PxeMenu
from pydhcpd.policy.templates import Facts, Template
from pydhcpd.wire.codecs import USER_CLASSES
from pydhcpd.wire.packet import Request
from pydhcpd.wire.pxe import THIS_FILE

ORDINARY, PXE, IPXE, HTTP, PI = range(5)

ROOT_PATH, VENDOR, VENDOR_CLASS, TFTP_SERVER_NAME, BOOT_FILE_NAME = 17, 43, 60, 66, 67
USER_CLASS, MACHINE, ETHERBOOT = 77, 97, 175
OF_BOOTING = frozenset({ROOT_PATH, VENDOR, VENDOR_CLASS, TFTP_SERVER_NAME, BOOT_FILE_NAME, 150, ETHERBOOT, 208, 209, 210, 211})
"""Options, by code, that who boots takes from whoever tells it what to boot; all others go with the address."""
PXE_CLIENT, HTTP_CLIENT = b"PXEClient", b"HTTPClient"
PI_MENU = b"\x06\x01\x03\x0a\x04\x00PXE\x09\x14\x00\x00\x11Raspberry Pi Boot\xff"  # it is looked for as these very octets
NO_PXEDHCP = 176
MOST_SHOWN = 4  # architectures of one machine
DO_NOT_WAIT = bytes((NO_PXEDHCP, 1, 1))
PI_PREFIXES = frozenset(bytes.fromhex(prefix) for prefix in (
    "b827eb", "dca632", "e45f01", "28cdc1", "d83add", "2ccf67", "88a29e"))
"""What the hardware addresses of Raspberry Pis begin with."""

_LOADER = re.compile(r"(?:(?:undionly|ipxe|snponly|snp)(?![a-z])[^/\\]*\.(?:k{0,3}pxe|efi|lkrn|0)|[^/\\]*\.k{1,3}pxe)$",
                     re.IGNORECASE)
_WITH_SCRIPT = re.compile(r"netboot\.xyz", re.IGNORECASE)

REGISTERED = Architectures()
SOME = 1  # an address in place of one that is not known yet


class Client(NamedTuple):
    """A client as far as its boot values depend on it. `server` is the address of its boot server (0: none), `root_path` what
    option 17 says, `http` the beginning of URLs; both empty for none. `vendor` answers its option 60; `menu` is option 43 where
    it is shown a menu, or has chosen of one. Without a server that `is_known`, by address or by name, a Raspberry Pi is told
    nothing."""

    kind: int
    vendor: bytes
    server: int
    root_path: bytes
    http: str
    is_known: bool
    menu: bytes = b""

    @property
    def is_pxe(self) -> bool:
        """Whether it goes by the rules of PXE."""
        return self.vendor == PXE_CLIENT

    def options(self, file: bytes) -> dict[int, bytes]:
        """What goes to it with a boot file, whether it asks for it or not; a Raspberry Pi needs no file."""
        found: dict[int, bytes] = {}
        if not file and not self.menu and not (self.kind == PI and self.is_known):
            return found
        if file:
            found[BOOT_FILE_NAME] = file + b"\0" * self.is_pxe
        if self.vendor:
            found[VENDOR_CLASS] = self.vendor
        if self.is_pxe:
            found[VENDOR] = self.menu or (PI_MENU if self.kind == PI else THIS_FILE)
        if self.kind == IPXE and not self.menu:  # told not to wait it looks at no menu either
            found[ETHERBOOT] = DO_NOT_WAIT
        return found

    def named(self, name: str, shown: str) -> tuple[bytes, str]:
        """A boot file as this client takes it, b"" where it cannot; and why not, with what is `shown` for the name."""
        if self.kind == HTTP and not self.http and not is_url(name):
            return b"", f"boots by HTTP and gets no boot file, for {shown!r} is no URL; set http_root, or write a URL"
        text = name
        if self.http and not is_url(name):
            text = f"{self.http}/{quote(name.replace(chr(92), '/').lstrip('/'), safe='/:$&+,;=@()!*~{}')}"
        file = text.encode("utf-8", "surrogateescape")
        if len(file) + self.is_pxe > LONGEST:
            return b"", f"gets no boot file, for {shown!r} is too long for it; allowed are {LONGEST} octets"
        return file, ""


def kind_of(request: Request) -> int:
    """Of which kind a client is, Raspberry Pis not told apart."""
    options = request.options
    if ETHERBOOT in options or (USER_CLASS in options and says_ipxe(options[USER_CLASS])):
        return IPXE
    vendor = options.get(VENDOR_CLASS)
    if vendor is None:
        return ORDINARY
    return PXE if vendor.startswith(PXE_CLIENT) else HTTP if vendor.startswith(HTTP_CLIENT) else ORDINARY


def says_ipxe(user_class: bytes) -> bool:
    """Whether a user class is iPXE's, sent bare as it does, or as RFC 3004 has it."""
    if b"PXE" not in user_class:
        return False
    return not {"iPXE", "gPXE"}.isdisjoint(USER_CLASSES.decode(user_class))


def is_pi(request: Request, numbers: tuple[int, ...]) -> bool:
    """Whether firmware of PXE is a Raspberry Pi's, which says that it were a PC's."""
    return numbers[:1] == (RASPBERRY_PI,) or (numbers[:1] == (BIOS,) and request.chaddr[:3] in PI_PREFIXES)


def is_ipxe(name: str) -> bool:
    """Whether a boot file is iPXE by its name, which would ask for a boot file again. Builds that have a script in them ask
    nobody: those of netboot.xyz are known."""
    return _LOADER.search(name) is not None and _WITH_SCRIPT.search(name) is None


@dataclass(frozen=True, slots=True)
class Netboot:
    """`next_server` is the address of a boot server elsewhere; `follows` where it is we ourselves, by TFTP from `root`.
    `is_named` tells that one is named by option 66. `http_port` is 0 where nothing is served by HTTP.

    `fixed` is the boot file of ordinary clients where it is the same for all; empty where it is not, or there is none. What
    they get `is_plain` where it is the same on every link.
    """

    boot_file: BootFile | None
    script: BootFile | None
    next_server: int
    follows: bool
    is_named: bool
    root: str
    http_port: int
    architectures: Architectures
    menu: PxeMenu | None = None
    is_item: bool = False  # what has been chosen of a menu

    fixed: str = field(init=False)
    is_plain: bool = field(init=False)

    def __post_init__(self) -> None:
        name = None if self.boot_file is None else self.boot_file.one
        fixed = "" if name is None or name.fields else name.text
        object.__setattr__(self, "fixed", fixed)
        object.__setattr__(self, "is_plain", not self.root and (self.boot_file is None or bool(fixed)))

    def answer(self, kind: int, request: Request, ours: int, address: int, hostname: str,
               subnet: str) -> tuple[Client, bytes, str]:
        """The client, its boot file (b"": none), and in words why there is none where somebody may wait for one. `ours` is our
        address on its link, `address` the one that it gets."""
        vendor = request.options.get(VENDOR_CLASS, b"")
        numbers = numbers_of(request.options, vendor)
        if kind == PXE and is_pi(request, numbers):
            kind, numbers = PI, (RASPBERRY_PI,)
        client = self._client(kind, vendor, ours)
        of_menu = ""
        if self.menu is not None and (kind == PXE or (kind == IPXE and self.script is None)):
            menu, of_menu = self._menu(self.menu, kind, request, ours, address, hostname, subnet)
            if menu:
                return client._replace(menu=menu), b"", of_menu
        file, trouble = self._file(client, request, numbers, address, hostname, subnet)
        return client, file, trouble or of_menu

    def _file(self, client: Client, request: Request, numbers: tuple[int, ...], address: int, hostname: str,
              subnet: str) -> tuple[bytes, str]:
        """The boot file of a client that has the architectures of these numbers; and why there is none."""
        template, trouble = self._template(client.kind, numbers)
        if template is None:
            return b"", trouble
        architecture = self.architectures.base(numbers[0]) if numbers else ""
        name, lacks = template.filled(Facts(request.chaddr[:request.hlen], address, hostname,
                                            request.options.get(MACHINE, b"")[1:], architecture, subnet))
        if lacks:
            return b"", f"gets no boot file: {template.text!r} needs {{{lacks}}}, which is not known of it"
        if client.kind == IPXE and self.script is None and is_ipxe(name):
            return b"", (f"runs iPXE and gets no boot file, for {template.text!r} is iPXE again, and would be loaded for ever; "
                         "set ipxe_script to what iPXE is to run")
        return client.named(name, template.text)

    def _menu(self, menu: PxeMenu, kind: int, request: Request, ours: int, address: int, *names: str) -> tuple[bytes, str]:
        """Option 43 with the items that a client can boot, b"" where it can boot none; and in words why one is not among them
        that is for such machines. When it asks, it has an address."""
        items, trouble = list(menu.items), ""
        for one in menu.items:
            if one.boot_file is None:
                continue
            _, file, why = self.of_item(one).answer(kind, request, ours, address or SOME, *names)
            if not file:
                items.remove(one)
                trouble = trouble or (why and f"is not shown {one.text.decode()!r} in its menu: it {why}")
        return b"" if all(one.is_local for one in items) else menu.encode(items, ours), trouble

    def of_item(self, item: PxeItem) -> "Netboot":
        """What is told of booting to who has chosen an item of the menu."""
        made = replace(self, boot_file=item.boot_file, script=None, menu=None, is_item=True)
        return replace(made, next_server=item.server, follows=False) if item.server else made

    def ordinary(self, ours: int) -> Client:
        """A client that does not boot."""
        return self._client(ORDINARY, b"", ours)

    def _client(self, kind: int, vendor: bytes, ours: int) -> Client:
        server = ours if self.follows else self.next_server
        root_path = f"{address_text(ours)}:{self.root}".encode() if self.root and server == ours else b""
        by_http = self.http_port and (kind == HTTP or (kind == IPXE and not server))
        port = "" if self.http_port == 80 else f":{self.http_port}"
        answered = next((one for one in (PXE_CLIENT, HTTP_CLIENT) if vendor.startswith(one)), b"")
        return Client(kind, answered, server, root_path, f"http://{address_text(ours)}{port}" if by_http else "",
                      bool(server) or self.is_named)

    def _template(self, kind: int, numbers: tuple[int, ...]) -> tuple[Template | None, str]:
        is_script = kind == IPXE and self.script is not None
        file = self.script if is_script else self.boot_file
        if file is None:
            return None, ""
        template, is_known = file.template_for(numbers, self.architectures.names)
        if is_known or kind in (ORDINARY, PI) or self.is_item:  # which is not shown to whom it is not for
            return template, ""
        words = f"is of architecture {self.architectures.words(numbers[:MOST_SHOWN])}" if numbers else "tells no architecture"
        setting = "ipxe_script" if is_script else "boot_file_name"
        return None, f"{words} and gets no boot file, for {setting} has none for it; add one there, or None on purpose"


def netboot_of(settings: Mapping[str, Any], options: Mapping[int, bytes]) -> Netboot | None:
    """What a scope says, None where it says nothing of booting. Option 67 is in it only where it is given by its number."""
    file, is_named = options.get(BOOT_FILE_NAME), TFTP_SERVER_NAME in options
    boot_file, script = settings.get("boot_file_name"), settings.get("ipxe_script")
    if file is not None:
        boot_file = BootFile(Template(file.rstrip(b"\0").decode("utf-8", "surrogateescape")))
    next_server, root = settings.get("next_server", 0), settings.get("tftp_root")
    is_served = root is not None or settings.get("http_root") is not None
    menu = settings.get("pxe_menu")
    if not (boot_file or script or next_server or is_named or is_served or menu):
        return None
    return Netboot(boot_file, script, next_server, root is not None and not next_server, is_named,
                   "" if root is None else str(root),
                   settings["http_port"] if settings.get("http_root") is not None else 0,
                   settings.get("architecture_names") or REGISTERED, menu)


NOTHING = Netboot(None, None, 0, False, False, "", 0, REGISTERED)
"""Of a configuration that says nothing of booting."""
