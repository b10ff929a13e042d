"""`BootFile`: what `boot_file_name` and `ipxe_script` say: a name, a URL, or one of these for each architecture.

Names may hold values of the client, `{mac}` and its kin, from the table below. A stranger chooses some of them, so each is
made fit for a path first: it can lead to no other directory.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.boot.architectures import Architectures
from pydhcpd.policy.machine_uuid import text_of
from pydhcpd.policy.templates import Template, Values
from pydhcpd.wire.codecs import TEXT

LONGEST = 255  # octets of a name
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
WORDS = ("a name, a URL, or a mapping from architectures to these, such as {'bios': 'undionly.kpxe', 'x86-64': 'ipxe.efi'}; "
         "in names {mac}, {mac_hyphens}, {ip}, {ip_hex}, {hostname}, {uuid}, {arch} and {subnet} are the client's")


FIELDS: Values = {
    "mac": lambda facts: facts.hardware.hex(":"),
    "mac_hyphens": lambda facts: facts.hardware.hex("-"),
    "ip": lambda facts: address_text(facts.address) if facts.address else "",
    "ip_hex": lambda facts: f"{facts.address:08X}" if facts.address else "",
    "hostname": lambda facts: safe(facts.hostname),
    "uuid": lambda facts: _uuid(facts.uuid),
    "arch": lambda facts: facts.architecture,
    "subnet": lambda facts: facts.subnet.replace("/", "-")}
"""What may stand in braces. PXELINUX and iPXE write addresses in hexadecimal with capitals, and the rest with small letters."""


def safe(text: str) -> str:
    """Text of a stranger's as one component of a path: no way out of a directory, nothing that a URL would have to escape."""
    plain = _UNSAFE.sub("_", text)
    return plain.replace(".", "_") if not plain.strip(".") else plain


def _uuid(octets: bytes) -> str:
    """The digits in the order in which they were sent, as `uuid` shows everywhere."""
    text = text_of(octets)
    return text if isinstance(text, str) else text.hex()


def is_url(name: str) -> bool:
    """Whether it says by which protocol a file is to be had."""
    return _SCHEME.match(name) is not None


def template_of(value: object) -> Template:
    """Check a name. Raises InvalidValue."""
    if isinstance(value, str) and value.count(",") in (1, 2):
        _refuse_dnsmasq(value)
    size = len(TEXT.encode(value))
    text = str(value)
    if any(ord(one) < 32 or ord(one) == 127 for one in text):
        raise InvalidValue(f"{value!r} holds a control character; allowed is {WORDS}")
    if size > LONGEST:
        raise InvalidValue(f"{value!r} has {size} octets; allowed are {LONGEST}")
    return Template.of(text, FIELDS)


def _refuse_dnsmasq(value: str) -> None:
    """Raise InvalidValue for dnsmasq's `dhcp-boot`: file, name of the server, and its address."""
    file, *_, address = (part.strip() for part in value.split(","))
    try:
        server = address_text(address_from(address))
    except InvalidValue:
        return
    raise InvalidValue(f"{value!r} is a name and its server; write boot_file_name = {file!r} and next_server = {server!r}")


@dataclass(frozen=True, slots=True)
class BootFile:
    """One name for all, or one for each architecture; None in place of a name is none, on purpose."""

    one: Template | None = None
    by_architecture: Mapping[str | int, Template | None] | None = None

    @classmethod
    def of(cls, value: object) -> "BootFile":
        """Check a value of the configuration as far as it can be alone. Raises InvalidValue."""
        if not isinstance(value, Mapping):
            return cls(template_of(value))
        if not value:
            raise InvalidValue(f"{value!r} says nothing; allowed is {WORDS}")
        return cls(None, {key: None if name is None else _template(key, name) for key, name in value.items()})

    @property
    def templates(self) -> list[Template]:
        """All names in it."""
        return [self.one] if self.one else [one for one in (self.by_architecture or {}).values() if one]

    @property
    def written(self) -> object:
        """As the file would write it."""
        if self.one is not None:
            return self.one.text
        return {key: one and one.text for key, one in (self.by_architecture or {}).items()}

    def check(self, architectures: Architectures) -> None:
        """Raise InvalidValue with all the keys that are no architecture."""
        wrong = []
        for key in self.by_architecture or ():
            try:
                architectures.check(key)
            except InvalidValue as error:
                wrong.append(str(error))
        if wrong:
            raise InvalidValue("; ".join(wrong))

    def template_for(self, numbers: tuple[int, ...], names: Callable[[int], tuple[str, ...]]) -> tuple[Template | None, bool]:
        """The name for a client of these architectures, and whether anything is said of them."""
        if self.by_architecture is None:
            return self.one, True
        for number in numbers:
            keys: tuple[str | int, ...] = (number, *names(number))
            for key in keys:
                if key in self.by_architecture:
                    return self.by_architecture[key], True
        return None, False


def _template(key: Any, name: object) -> Template:
    try:
        return template_of(name)
    except InvalidValue as error:
        raise InvalidValue(f"{key!r}: {error}") from None
