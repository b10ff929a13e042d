"""What PXE keeps in option 43: how boot servers are found, the menu, and the item that was chosen.

Preboot Execution Environment (PXE) Specification 2.1, tables 2-1 and 2-3. Numbers are big-endian:

     6  discovery control   a byte of bits, below
     8  boot servers        of each type (2): how many (1), and their addresses (4 each)
     9  boot menu           of each item: type (2), length (1) and text
    10  menu prompt         seconds (1; 0: the first item at once, 255: as long as it takes), and text
    71  boot item           type (2) and layer (2), whose highest bit asks for credentials

A type names what a boot server serves. 0 is no boot server: in a menu it is the machine's own disk. Does not know who may
choose what.
"""

from collections.abc import Iterable, Mapping

from pydhcpd.wire.options import END
from pydhcpd.wire.packet import encode_option

DISCOVERY_CONTROL, BOOT_SERVERS, BOOT_MENU, MENU_PROMPT, BOOT_ITEM = 6, 8, 9, 10, 71
NO_BROADCAST, NO_MULTICAST, BOOT_THIS_FILE = 1, 2, 8  # bits of discovery control
LOCAL = 0
FIRST_OWN_TYPE, LAST_TYPE = 0x8000, 0xFFFE  # what vendors may use; table 2-1 gives away what comes before
WAIT = 255  # as seconds of a prompt
CLOSED = bytes((END,))
THIS_FILE = encode_option(DISCOVERY_CONTROL, bytes((BOOT_THIS_FILE,))) + CLOSED
"""Option 43 of a reply that names a boot file: nothing is to be discovered, and nobody is asked anything."""


def encode_menu(prompt: bytes, seconds: int, items: Iterable[tuple[int, bytes]], servers: Mapping[int, int]) -> bytes:
    """Option 43 with a menu: type and text of each item, and the address of the boot server of a type (host byte order).

    A client asks the boot servers by unicast, and no others.
    """
    listed = b"".join(b"%b\1%b" % (_type(kind), address.to_bytes(4, "big")) for kind, address in servers.items())
    menu = b"".join(b"%b%c%b" % (_type(kind), len(text), text) for kind, text in items)
    suboptions = {DISCOVERY_CONTROL: bytes((NO_BROADCAST | NO_MULTICAST,)), BOOT_SERVERS: listed, BOOT_MENU: menu,
                  MENU_PROMPT: bytes((seconds,)) + prompt}
    return b"".join(encode_option(code, value) for code, value in suboptions.items() if value) + CLOSED


def encode_item(kind: int, layer: int) -> bytes:
    """The boot item that a boot server answers with, without an end, for other suboptions may follow."""
    return encode_option(BOOT_ITEM, _type(kind) + layer.to_bytes(2, "big"))


def boot_item(data: bytes) -> tuple[int, int] | None:
    """Type and layer of the item that option 43 of a request asks for; None where it asks for none that can be read."""
    at = 0
    while at + 1 < len(data) and data[at] != END:
        code, value = data[at], data[at + 2:at + 2 + data[at + 1]]
        if code == BOOT_ITEM and len(value) == 4:
            return int.from_bytes(value[:2], "big"), int.from_bytes(value[2:], "big")
        at += 2 + len(value) if code else 1
    return None


def _type(kind: int) -> bytes:
    return kind.to_bytes(2, "big")
