"""What dnsmasq tells machines to boot: `dhcp-boot`, `pxe-service` and `pxe-prompt`."""

from collections.abc import Sequence

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.places import BOOT, Places
from pydhcpd.migration.configurations.dnsmasq.tags import asked_for
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.values import boot_file

MACHINES = ("x86PC", "PC98", "IA64_EFI", "Alpha", "Arc_x86", "Intel_Lean_Client", "IA32_EFI", "x86-64_EFI", "Xscale_EFI",
            "BC_EFI", "ARM32_EFI", "ARM64_EFI")
"""Its names of architectures, in the order of their numbers."""
FIRST_UEFI = 6
PROMPT = "Boot what?"
LAYER = ".0"  # what PXE puts behind a name without a suffix
MENU = "pxe_menu"
PORT_4011 = ("what dnsmasq tells machines of a pxe-service on port 4011, those with UEFI are told at once here; iPXE is told "
             "no file that is iPXE itself")
LOCAL = "a menu of nothing but the machine's own disk; a Raspberry Pi, for which it is, needs tftp_root alone"


class Boot:
    """Takes these lines over; `end()` makes of all services together what they come to."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._booted: list[list[str]] = []  # the tags of dhcp-boot
        self._services: dict[tuple[str, ...], list[tuple[int, Call]]] = {}  # by tags, with the architecture
        self._prompts: dict[tuple[str, ...], tuple[str, int | None]] = {}

    @property
    def without_server(self) -> bool:
        """Whether a boot file is named without its server, which is then the machine of dnsmasq."""
        return any("boot_file_name" in call.keywords and call.keywords.get("next_server") is None
                   for tags in self._booted for call in self._places.of(tags))

    def file(self, parts: Sequence[str]) -> str:
        """dhcp-boot: the words for it, and what differs after `;`. Raises InvalidValue."""
        tags, rest = asked_for(parts)
        values = dict(zip(("boot_file_name", "server_name", "next_server"), rest, strict=False))
        if not any(values.values()):
            raise InvalidValue("the file is missing")
        for call in self._places.of(tags):
            for name in BOOT:
                call.keywords.pop(name, None)
        server = values.pop("next_server", "")
        for name, value in values.items():
            if value:
                self._places.put(tags, name, boot_file(value))
        self._booted.append(tags)
        if server:
            self._places.put(tags, "next_server", address_text(_server(server)))
        return "boot_file_name" + (f" of the class {' and '.join(tags)}" if tags else "")

    def service(self, parts: Sequence[str]) -> str:
        """pxe-service: the words for it. Raises InvalidValue."""
        tags, rest = asked_for(parts)
        if len(rest) < 2:
            raise InvalidValue("expected is an architecture, a text and a file")
        machine, item = _architecture(rest[0]), Call("pxe_item", [rest[1]])
        what, server = (*rest[2:4], "", "")[:2]
        if what.isdecimal() and int(what):
            if not server:
                raise InvalidValue("a boot server is not looked for by broadcast: pxe_item(..., server=..., type=...) names it")
            item.keywords["type"] = int(what)
        elif what and what != "0":
            item.arguments.append(boot_file(what if "." in what else what + LAYER))
        if server and (item.keywords or len(item.arguments) > 1):
            item.keywords["server"] = address_text(_server(server))
        self._services.setdefault(tuple(tags), []).append((machine, item))
        return "a pxe_item(...), or the boot file of such machines" if len(item.arguments) > 1 or item.keywords else \
            "a pxe_item(...) for the machine's own disk"

    def prompt(self, parts: Sequence[str]) -> str:
        """pxe-prompt: the words for it. Raises InvalidValue."""
        tags, rest = asked_for(parts)
        text, time = (*rest, "", "")[:2]
        if time and not time.isdecimal():
            raise InvalidValue(f"{escape(time)!r} is not a number of seconds")
        self._prompts[tuple(tags)] = (text or PROMPT, min(int(time), 254) if time else None)
        return "pxe_menu"

    # --- what all of them come to

    def end(self) -> list[str]:
        """Put menus and boot files in place; returns notes."""
        self._settle_servers()
        notes = [PORT_4011] if self._services else []
        for tags, services in self._services.items():
            if any(_boots(item) for _, item in services):
                self._menu(list(tags), services)
            else:
                notes.append(f"pxe-service is left out: {LOCAL}")
        return notes

    def _settle_servers(self) -> None:
        """Each dhcp-boot says all three: what it does not say does not come from another one."""
        calls = [call for tags in self._booted for call in self._places.of(tags)]
        for name in ("server_name", "next_server"):
            if any(call.keywords.get(name) for call in calls):
                for call in calls:
                    if call is not self._places.draft.settings and "boot_file_name" in call.keywords:
                        call.keywords.setdefault(name, None)

    def _menu(self, tags: list[str], services: list[tuple[int, Call]]) -> None:
        """What machines of each architecture get."""
        for machine in dict.fromkeys(number for number, _ in services):
            items = [item for number, item in services if number == machine]
            booting = [item for item in items if _boots(item)]
            if booting:
                self._of_machine([*tags, self._tag_of(machine)], machine, items, booting)

    def _of_machine(self, tags: list[str], machine: int, items: list[Call], booting: list[Call]) -> None:
        """Firmware with UEFI is told the file where there is but one for it, all others get a menu."""
        if machine >= FIRST_UEFI and len(booting) == 1 and len(booting[0].arguments) > 1:
            self._places.put(tags, "boot_file_name", booting[0].arguments[1])
            if "server" in booting[0].keywords:
                self._places.put(tags, "next_server", booting[0].keywords["server"])
            return
        prompt, time = self._prompts.get(tuple(tags[:-1])) or self._prompts.get(()) or (PROMPT, None)
        time = 0 if time is None and len(items) == 1 else time
        self._places.put(tags, MENU, Call("pxe_menu", [prompt, items], {} if time is None else {"timeout": time}))

    def _tag_of(self, machine: int) -> str:
        """The tag of machines of an architecture, which no line sets."""
        tag = MACHINES[machine] if machine < len(MACHINES) else f"architecture {machine}"
        if tag not in self._places.tags.conditions:
            self._places.tags.add(tag, f"match(client_system_architecture={machine})")
        return tag


def _boots(item: Call) -> bool:
    return len(item.arguments) > 1 or bool(item.keywords)


def _architecture(name: str) -> int:
    """The number of an architecture. Raises InvalidValue."""
    if name.isdecimal() and int(name) < 65536:
        return int(name)
    for number, one in enumerate(MACHINES):
        if one.lower() == name.lower():
            return number
    raise InvalidValue(f"{escape(name)!r} is no architecture; they are {', '.join(MACHINES)}, or a number")


def _server(text: str) -> int:
    """The address of a boot server. Raises InvalidValue for a name."""
    try:
        return address_from(text)
    except InvalidValue:
        raise InvalidValue(f"the server {escape(text)!r} is a name, which is not looked up; name its address in "
                           "next_server") from None
