"""What `pxe_menu()` and `pxe_item()` of the configuration make: a menu that firmware shows, checked.

An item boots a file, which we tell when it is chosen; or asks a boot server elsewhere; or gives up netboot, and the machine
goes on with its own disk. Which client gets which menu, and what its file is called, others say.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.arguments import check_arguments, refuse_others
from pydhcpd.policy.boot.architectures import Architectures
from pydhcpd.policy.boot.files import BootFile
from pydhcpd.wire.pxe import FIRST_OWN_TYPE, LAST_TYPE, LOCAL, WAIT, encode_menu

ITEM_ARGUMENTS = ("text", "boot_file_name", "server", "type")
MENU_ARGUMENTS = ("prompt", "items", "timeout")
LONGEST_TEXT = 70  # bytes: what UEFI firmware shows of a line
MOST = 255  # bytes of option 43; many a PXE ROM reads no second one (RFC 3396)
A_TEXT = f"a line of 1 to {LONGEST_TEXT} printable ASCII characters"
A_TYPE = f"a boot server's type from 1 to {LAST_TYPE}"


@dataclass(frozen=True, slots=True, repr=False)
class PxeItem:
    """A line of a menu. Without `boot_file` it is for the boot server of a `type` at the address `server` (host byte order),
    or, without that, for the machine's own disk. With a file, `server` is where that is, 0 where it is not said."""

    text: bytes
    boot_file: BootFile | None = None
    server: int = 0
    type: int | None = None
    line: int = 0

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "PxeItem":
        """Check `pxe_item()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, others = check_arguments(arguments, dict(zip(ITEM_ARGUMENTS, (
            _text, BootFile.of, address_from, _type), strict=True)))
        refuse_others(others, ITEM_ARGUMENTS)
        if "text" not in checked:
            raise InvalidValue(f"has no text; allowed is {A_TEXT}")
        if "boot_file_name" not in checked and ("server" in checked) is not ("type" in checked):
            raise InvalidValue("has no boot_file_name; a boot server elsewhere needs both server and type (which the server's "
                               "manual tells), and an item without any of the three goes on with the machine's own disk")
        return cls(checked["text"], checked.get("boot_file_name"), checked.get("server", 0), checked.get("type"), line)

    def __repr__(self) -> str:
        more = "" if self.boot_file is None else f", {self.boot_file.written!r}"
        more += f", server={address_text(self.server)!r}" if self.server else ""
        more += "" if self.type is None else f", type={self.type}"
        return f"pxe_item({self.text.decode()!r}{more})"

    @property
    def is_local(self) -> bool:
        """Whether it gives up netboot."""
        return self.boot_file is None and self.type is None


@dataclass(frozen=True, slots=True, repr=False)
class PxeMenu:
    """A menu. `types` are those of its items; `timeout` is as it goes over the wire."""

    prompt: bytes
    items: tuple[PxeItem, ...]
    timeout: int = WAIT
    line: int = 0
    types: tuple[int, ...] = field(default=())

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "PxeMenu":
        """Check `pxe_menu()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, others = check_arguments(arguments, dict(zip(MENU_ARGUMENTS, (_text, _items, _timeout), strict=True)))
        refuse_others(others, MENU_ARGUMENTS)
        if "prompt" not in checked or "items" not in checked:
            raise InvalidValue("needs a prompt and items; allowed is pxe_menu('Boot what?', [pxe_item(...), ...], timeout=10)")
        made = cls(checked["prompt"], checked["items"], checked.get("timeout", WAIT), line, _types(checked["items"]))
        if (size := len(made.encode(made.items, 1))) > MOST:
            raise InvalidValue(f"takes {size} bytes of option 43; allowed are {MOST} in all: take items out, or shorten texts "
                               "(an item takes 3 bytes and its text, and 7 more if it boots anything; the rest takes 11 and "
                               "the prompt)")
        return made

    def __repr__(self) -> str:
        return f"pxe_menu({self.prompt.decode()!r}, {list(self.items)!r}, timeout={self.timeout})"

    def check(self, architectures: Architectures) -> None:
        """Raise InvalidValue for an item with files for what is no architecture."""
        for one in self.items:
            try:
                if one.boot_file is not None:
                    one.boot_file.check(architectures)
            except InvalidValue as error:
                raise InvalidValue(f"{one}: {error}") from None

    def encode(self, items: Sequence[PxeItem], address: int) -> bytes:
        """Option 43 with those of its items that a client may choose; `address` (host byte order) is ours."""
        chosen = [(kind, one) for kind, one in zip(self.types, self.items, strict=True) if one in items]
        return encode_menu(self.prompt, self.timeout, [(kind, one.text) for kind, one in chosen],
                           {kind: address if one.boot_file else one.server for kind, one in chosen if not one.is_local})

    def item_of(self, kind: int) -> PxeItem | None:
        """The item of a type that we are to tell the file of."""
        return next((one for type_, one in zip(self.types, self.items, strict=True) if type_ == kind and one.boot_file), None)


def _types(items: Sequence[PxeItem]) -> tuple[int, ...]:
    """The type of each item: its own, or one that vendors may use. Raises InvalidValue where one is given twice."""
    given = [one.type for one in items if one.type is not None]
    if twice := [kind for number, kind in enumerate(given) if kind in given[:number]]:
        raise InvalidValue(f"type {twice[0]} is that of two items; allowed is each type once")
    free = (kind for kind in range(FIRST_OWN_TYPE, LAST_TYPE + 1) if kind not in given)
    return tuple(LOCAL if one.is_local else one.type or next(free) for one in items)


def _text(value: object) -> bytes:
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or not 1 <= len(value) <= LONGEST_TEXT:
        size = f"{len(value)} characters; " if isinstance(value, str) and len(value) > LONGEST_TEXT else ""
        raise InvalidValue(f"{value!r} cannot be shown by firmware; {size}allowed is {A_TEXT}")
    return value.encode()


def _type(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LAST_TYPE:
        raise InvalidValue(f"{value!r} is no type; allowed is {A_TYPE}")
    return value


def _items(value: object) -> tuple[PxeItem, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    if any(hasattr(one, "reason") for one in items):  # a Mistake, which stands above in the layers
        raise InvalidValue("one of them is wrong, as is told in a line of its own; allowed is [pxe_item(...), ...]")
    if not items or not all(isinstance(one, PxeItem) for one in items):
        raise InvalidValue(f"{value!r} is no list of items; allowed is [pxe_item('Debian', 'debian/pxelinux.0'), ...]")
    return tuple(items)


def _timeout(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= WAIT:
        raise InvalidValue(f"{value!r} cannot be used here; allowed are whole seconds from 0 (the first item at once) to 254, "
                           f"and {WAIT} for as long as it takes")
    return value
