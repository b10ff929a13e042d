"""The names of machines' architectures, by the numbers that firmware sends (option 93).

Owns the registry "Processor Architecture Types" of IANA, which RFC 4578 section 2.1 and RFC 5970 began, under names for
people. A number has several, the most exact first: firmware that boots by HTTP runs the same files as that which boots by
TFTP, but may be given others. 7 and 9 are x86-64 both: RFC 4578 has 9, IANA has 7, and firmware follows the one or the other.
"""

from collections.abc import Iterable, Mapping

from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest

ARCHITECTURE = 93
MOST = 0xFFFF
BIOS, RASPBERRY_PI = 0, 41

Names = tuple[str, ...]

TABLE: dict[int, Names] = {
    BIOS: ("bios",), 1: ("pc98",), 2: ("itanium",), 3: ("alpha",), 4: ("arc-x86",), 5: ("lean-client",),
    6: ("x86",), 7: ("x86-64",), 8: ("xscale",), 9: ("x86-64",), 10: ("arm32",), 11: ("arm64",),
    12: ("powerpc",), 13: ("powerpc-epapr",), 14: ("powerpc-opal",),
    15: ("x86-http", "x86"), 16: ("x86-64-http", "x86-64"), 17: ("x86-64-http", "x86-64"),
    18: ("arm32-http", "arm32"), 19: ("arm64-http", "arm64"), 20: ("bios-http", "bios"),
    21: ("arm32-uboot",), 22: ("arm64-uboot",),
    23: ("arm32-uboot-http", "arm32-uboot"), 24: ("arm64-uboot-http", "arm64-uboot"),
    25: ("riscv32",), 26: ("riscv32-http", "riscv32"), 27: ("riscv64",), 28: ("riscv64-http", "riscv64"),
    29: ("riscv128",), 30: ("riscv128-http", "riscv128"), 31: ("s390",), 32: ("s390-extended", "s390"),
    33: ("mips32",), 34: ("mips64",), 35: ("sunway32",), 36: ("sunway64",),
    37: ("loongarch32",), 38: ("loongarch32-http", "loongarch32"),
    39: ("loongarch64",), 40: ("loongarch64-http", "loongarch64"),
    RASPBERRY_PI: ("raspberry-pi",)}
"""What is registered."""

_OTHERS = {
    "bios": "pcbios legacy x86pc i386pc pc x86_bios", "x86": "ia32 i386 i686 x86_32 efi32 uefi32 efi_ia32 x86_uefi",
    "x86-64": "amd64 x64 efi uefi efi64 uefi64 efi_bc ebc x86_64_efi x64_uefi bc_efi x86_64_uefi",
    "arm32": "arm armv7 armhf arm_32 efi_arm32", "arm64": "aarch64 armv8 arm_64 efi_arm64 arm64_efi",
    "riscv64": "riscv risc_v risc_v64", "loongarch64": "loongarch loong64",
    "raspberry-pi": "rpi pi raspberry raspberrypi rpiboot", "x86-64-http": "http httpboot uefi_http", "s390": "s390x"}


def _key(name: str) -> str:
    return name.casefold().replace("-", "").replace("_", "").replace(" ", "")


_MEANT = {_key(theirs): ours for ours, words in _OTHERS.items() for theirs in words.split()}


class Architectures:
    """The names by number: those of the table, with the administrator's own before them."""

    __slots__ = ("_names",)

    def __init__(self, own: Mapping[int, Names] | None = None) -> None:
        self._names = {**TABLE, **(own or {})}

    def names(self, number: int) -> Names:
        """The names of a number, the most exact first; none for one that has none."""
        return self._names.get(number, ())

    def base(self, number: int) -> str:
        """The name under which all files for such machines could lie; the number itself where it has no name."""
        names = self.names(number)
        return names[-1] if names else str(number)

    def words(self, numbers: Iterable[int]) -> str:
        """For a message: `x86-64 (7)`."""
        return " or ".join(f"{self.names(one)[0]} ({one})" if self.names(one) else f"number {one}" for one in numbers)

    def check(self, key: object) -> None:
        """Raise InvalidValue for what is neither a name nor a number of an architecture."""
        if isinstance(key, int) and not isinstance(key, bool) and 0 <= key <= MOST:
            return
        known = list(dict.fromkeys(name for names in self._names.values() for name in names))
        if not isinstance(key, str) or key not in known:
            raise InvalidValue(f"{key!r} is no architecture; {_instead(str(key), known)}")


def _instead(name: str, known: list[str]) -> str:
    near = _MEANT.get(_key(name)) or next((one for one in known if _key(one) == _key(name)), "") or nearest(name, known, NEAR)
    return f"did you mean {near!r}?" if near else (
        f"allowed are {', '.join(map(repr, known))}, numbers, and names of architecture_names")


def names_from(value: object) -> dict[int, Names]:
    """The setting architecture_names, in its inner form. Raises InvalidValue."""
    if not isinstance(value, Mapping):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is {NAMES_WORDS}")
    return {_number(number): _names(names) for number, names in value.items()}


NAMES_WORDS = "a mapping from numbers of option 93 to a name, or to several, the most exact first: {0x1F4: 'my-board'}"


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST:
        raise InvalidValue(f"{value!r} is no number of an architecture; allowed are 0 to {MOST}")
    return value


def _names(value: object) -> Names:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or not all(isinstance(one, str) and _is_plain(one) for one in names):
        raise InvalidValue(f"{value!r} is no name of an architecture; allowed are letters, digits, -, _ and .")
    return tuple(names)


def _is_plain(name: str) -> bool:
    return name.isascii() and name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def numbers_of(options: Mapping[int, bytes], vendor: bytes) -> tuple[int, ...]:
    """The architectures that a client says it can run, in its order: of option 93, else of `vendor`, which is option 60:
    "PXEClient:Arch:00007:UNDI:003016"."""
    value = options.get(ARCHITECTURE, b"")
    if len(value) > 1:
        return tuple(int.from_bytes(value[at:at + 2], "big") for at in range(0, len(value) - 1, 2))
    parts = vendor.split(b":")
    return (int(parts[2]),) if len(parts) > 2 and parts[1] == b"Arch" and _is_number(parts[2]) else ()


def _is_number(digits: bytes) -> bool:
    return len(digits) <= 5 and digits.isdigit()
