"""dnsmasq's options within options: `vendor:CLASS` and `encap:43` within 43, `vi-encap:NUMBER` within 125, `encap:N` in others.

The first two become suboptions by name, of a class where they are for a vendor's clients; the last one octets.
"""

import re
from collections.abc import Sequence

from pydhcpd.conf import __all__ as CONSTRUCTORS
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.places import Places
from pydhcpd.migration.configurations.dnsmasq.tags import VENDOR_CLASS, inside_text
from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS, NUMBER, WIDTHS, name_of, octets_of
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.settings import SETTINGS
from pydhcpd.wire.options import BY_NAME, VENDOR_IDENTIFYING, VENDOR_SPECIFIC, option_named

VENDOR, ENCAPSULATED, OF_ENTERPRISE = "vendor", "encap", "vi-encap"
WITHIN = (VENDOR, ENCAPSULATED, OF_ENTERPRISE)
TAKEN = {*BY_NAME, *(one.name for one in SETTINGS), *CONSTRUCTORS}
"""Names that mean something else in a file."""
NUMBERS = {1: "uint8", 2: "uint16", 4: "uint32"}
LONGEST = 255


class Inner:
    """Takes such options over."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._names: dict[tuple[object, int, object], str] = {}  # of definitions, by place, code and shape
        self._octets: dict[tuple[int, tuple[str, ...]], dict[int, bytes]] = {}

    def take(self, within: str, code: int, words: Sequence[str], tags: Sequence[str]) -> tuple[list[str], str]:
        """An option `code` with these words, within `vendor:PXEClient` and the like: the tags that it is for then, and the
        name of ours that it is a part of. Raises InvalidValue."""
        kind, _, where = within.partition(":")
        if kind == VENDOR:
            tags = [*tags, self._vendors_tag(where)] if where else list(tags)
            return list(tags), self._suboption(VENDOR_SPECIFIC, 0, code, words, tags, where or "vendor")
        number = _number(where)
        if kind == OF_ENTERPRISE:
            return list(tags), self._suboption(VENDOR_IDENTIFYING, number, code, words, tags, f"enterprise_{number}")
        if number == VENDOR_SPECIFIC:
            return list(tags), self._suboption(VENDOR_SPECIFIC, 0, code, words, tags, VENDOR)
        return list(tags), self._put_octets(number, code, words, tags)

    def _vendors_tag(self, vendor: str) -> str:
        """The tag of clients of a vendor, which no line sets."""
        tag = f"vendor {vendor}"
        if tag not in self._places.tags.conditions:
            self._places.tags.add(tag, inside_text(VENDOR_CLASS, vendor))
        return tag

    def _suboption(self, option: int, number: int, code: int, words: Sequence[str], tags: Sequence[str], prefix: str) -> str:
        shape, value = _shaped(words)
        self._places.put(tags, self._defined(option, number, code, shape, prefix), value)
        return name_of(option)

    def _defined(self, option: int, number: int, code: int, shape: str, prefix: str) -> str:
        """The name of a definition, which is written down once."""
        key = ((option, number), code, shape)
        if key not in self._names:
            name = re.sub(r"\W+", "_", f"{prefix}_{code}".lower(), flags=re.ASCII).lstrip("_0123456789") or f"vendor_{code}"
            while name in TAKEN or name in self._names.values():
                name += "_"
            self._names[key] = name
            inside = name_of(option) if option == VENDOR_SPECIFIC else (name_of(option), number)
            self._places.draft.option_definitions.append(Call("option", [code, name, shape], {"inside": inside}))
        return self._names[key]

    def _put_octets(self, outer: int, code: int, words: Sequence[str], tags: Sequence[str]) -> str:
        """All suboptions that lines of the same tags say are the octets of one option."""
        data = octets_of(words)
        if len(data) > LONGEST:
            raise InvalidValue(f"{len(data)} octets; there is room for {LONGEST}")
        found = self._octets.setdefault((outer, tuple(tags)), dict(self._octets.get((outer, ()), {})))
        found[code] = data
        option, name = option_named(f"option_{outer}"), name_of(outer)
        if option is None:
            raise InvalidValue(f"{outer} is no option")
        whole = b"".join(bytes((number, len(one))) + one for number, one in found.items())
        self._places.put(tags, name if _is_bytes(name) else f"option_{outer}", whole)
        return name


def _is_bytes(name: str) -> bool:
    option = option_named(name)
    return option is not None and option.codec.name == "bytes"


def _number(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise InvalidValue(f"{escape(text)!r} is no number of an option or a vendor")
    return int(text)


def _shaped(words: Sequence[str]) -> tuple[str, object]:
    """The shape of a value, as dnsmasq guesses it from the words, and the value."""
    if words and all(map(ADDRESS.fullmatch, words)):
        octets_of(words)  # which refuses what is none
        return ("address", words[0]) if len(words) == 1 else ("addresses", list(words))
    if len(words) == 1 and (found := NUMBER.fullmatch(words[0])) and int(found[1]) >= 0:
        data = octets_of(words)
        return NUMBERS[WIDTHS.get(found[2], len(data))], int.from_bytes(data, "big")
    data = octets_of(words)
    text = ",".join(words)
    is_text = bool(text) and text.isprintable() and data == text.encode("utf-8", "surrogateescape")
    return ("text", text) if is_text else ("bytes", data)
