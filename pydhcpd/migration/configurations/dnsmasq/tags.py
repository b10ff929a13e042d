"""dnsmasq's tags: what sets one becomes a condition, and what asks for tags a class, a pool or a subnet."""

import re
from collections.abc import Iterable, Sequence

from pydhcpd.addresses import hardware_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.lines import Line
from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS, NUMBER, OCTETS, code_of, name_of, value_for
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.layout import value_text

ALL, PREFIX, ANY_CASE = "ALL", "PREFIX", "CASEINSENSITIVE"
BEGINNINGS = ("PXEClient", "HTTPClient", "MSFT", "iPXE", "gPXE", "Etherboot", "android-dhcp", "dhcpcd", "udhcp", "docsis",
              "Cisco Systems", "AAPLBSDPC")
"""What is known to stand at the beginning of what clients say; anything else dnsmasq finds wherever it stands."""
OF_RELAY = {"dhcp-circuitid": "circuit_id", "dhcp-remoteid": "remote_id", "dhcp-subscrid": "subscriber_id"}
KNOWN = "known"
BY_ITSELF = {KNOWN: "match(known=True)", "bootp": 'match(message_type="BOOTP")'}
"""Tags that no line sets."""
VENDOR_CLASS, USER_CLASS, MACHINE = 60, 77, 97
OF_VENDORS = {"vendor_identifying_class": 124, "vendor_identifying": 125}


def setting_in(parts: Sequence[str]) -> tuple[str, list[str]]:
    """The tag that a value sets, and the rest of it."""
    first = parts[0] if parts else ""
    tag = first.removeprefix("set:").removeprefix("net:")
    if first == tag and not re.fullmatch(r"[\w.-]+", tag):
        raise InvalidValue("it sets no tag: set:TAG is to stand first")
    return tag, list(parts[1:])


def asked_for(parts: Sequence[str]) -> tuple[list[str], list[str]]:
    """The tags that a value asks for, those that must not be set with a ! before them, and the rest of it."""
    tags, rest = [], list(parts)
    while rest and rest[0].startswith(("tag:", "net:")):
        tags.append(tag_in(rest.pop(0)))
    return tags, rest


def tag_in(text: str) -> str:
    """The tag that is asked for by `tag:x`, `net:x`, the older `x`, and each of these with ! or # for one that must not be."""
    tag = re.sub(r"^(tag|net):", "", text).strip()
    return f"!{tag[1:]}" if tag[:1] in ("!", "#") else tag


def condition_of(line: Line) -> tuple[str, str]:
    """The tag that a line sets, and the condition in Python. Raises InvalidValue."""
    tag, rest = setting_in(line.parts)
    if not any(rest):
        raise InvalidValue("what is asked for is missing")
    if line.name in ("dhcp-vendorclass", "dhcp-userclass"):
        if rest[0].startswith("enterprise:"):
            raise InvalidValue("enterprise: is of IPv6")
        return tag, inside_text(VENDOR_CLASS if line.name == "dhcp-vendorclass" else USER_CLASS, ",".join(rest))
    if line.name == "dhcp-mac":
        return tag, _hardware(rest[0])
    if line.name in OF_RELAY:
        return tag, _match(OF_RELAY[line.name], _octets(",".join(rest)))
    if line.name == "dhcp-name-match":
        name = ",".join(rest)
        made = Code(f"{PREFIX}({value_text(name[:-1])})") if name.endswith("*") else _call(ANY_CASE, name)
        return tag, _match("host_name", made)
    return tag, _option(rest)


def inside_text(code: int, text: str) -> str:
    """The condition that an option has a text anywhere in it."""
    field = _field(code)
    if code in (VENDOR_CLASS, USER_CLASS) and text.startswith(BEGINNINGS):
        return _match(field, _call(PREFIX, text))
    wanted = text.encode("utf-8", "surrogateescape")
    return f"{_match(field, Code(ALL))} & (lambda request: {value_text(wanted)} in request.option_{code})"


def _field(code: int) -> str:
    return "uuid" if code == MACHINE else name_of(code)


def _option(rest: Sequence[str]) -> str:
    """What dhcp-match asks: an option is there, or has a value."""
    if rest[0].startswith("vi-encap:"):
        return _of_enterprise(rest[0].partition(":")[2])
    if rest[0].startswith("option6:"):
        raise InvalidValue("of IPv6")
    code = code_of(rest[0])
    if len(rest) == 1:
        return _match(_field(code), Code(ALL))
    if re.fullmatch(r"([0-9a-fA-F]{1,2}|\*)(:([0-9a-fA-F]{1,2}|\*))+", rest[1]) and len(rest) == 2:
        return _beginning(code, rest[1])
    if all(map(NUMBER.fullmatch, rest[1:])) or all(map(ADDRESS.fullmatch, rest[1:])):
        return _match(_field(code), Code(value_text(value_for(code, rest[1:]))))
    return inside_text(code, ",".join(rest[1:]))


def _of_enterprise(number: str) -> str:
    """Whether the vendor of option 124 or 125 is this one."""
    if not number.isdecimal() or int(number) > 0xFFFFFFFF:
        raise InvalidValue(f"{escape(number)!r} is no number of a vendor")
    octets = value_text(int(number).to_bytes(4, "big"))
    return " | ".join(f"({_match(field, Code(ALL))} & (lambda request: request.option_{code}[:4] == {octets}))"
                      for field, code in OF_VENDORS.items())


def _beginning(code: int, pattern: str) -> str:
    """Octets at the beginning, of which * is any."""
    parts = pattern.split(":")
    while parts and parts[-1] == "*":
        parts.pop()
    checks = [f"request.option_{code}[{at}:{at + 1}] == {value_text(bytes((int(one, 16),)))}"
              for at, one in enumerate(parts) if one != "*"]
    if "*" not in parts:
        octets = bytes(int(one, 16) for one in parts)
        checks = [f"request.option_{code}.startswith({value_text(octets)})"]
    return f"{_match(_field(code), Code(ALL))} & (lambda request: {' and '.join(checks) or True})"


def _hardware(text: str) -> str:
    """A hardware address; octets may be any."""
    bare = re.sub(r"^[0-9a-fA-F]{1,2}-", "", text)
    kept = re.sub(r"(:\*)+$", "", bare)
    if "*" in kept:
        return _patterned(kept.lower().split(":"))
    octets = hardware_from(kept).hex(":")
    return _match("mac", Code(value_text(octets)) if kept == bare else _call(PREFIX, octets))


def _patterned(parts: list[str]) -> str:
    """A hardware address of which octets before the end may be any."""
    if not all(re.fullmatch(r"\*|[0-9a-f]{1,2}", one) for one in parts):
        raise InvalidValue("it is no hardware address with * for octets")
    first = next(at for at, one in enumerate(parts) if one == "*")
    checks = [f"request.mac.startswith({value_text(_joined(parts[:first]))})"] if first else []
    last = len(parts) - next(at for at, one in enumerate(reversed(parts)) if one == "*")
    checks += [f"request.mac[{3 * at}:{3 * at + 2}] == {value_text(parts[at].zfill(2))}"
               for at in range(first, last) if parts[at] != "*"]
    checks.append(f"request.mac.endswith({value_text(_joined(parts[last:]))})")
    return f"{_match('mac', Code(ALL))} & (lambda request: {' and '.join(checks)})"


def _joined(parts: Sequence[str]) -> str:
    return ":".join(one.zfill(2) for one in parts)


def _octets(text: str) -> Code:
    if OCTETS.fullmatch(text):
        return Code(value_text(":".join(f"{int(one, 16):02x}" for one in text.split(":"))))
    return Code(value_text(text.encode("utf-8", "surrogateescape") if OCTETS.fullmatch(text) else text))


def _call(comparator: str, text: str) -> Code:
    return Code(f"{comparator}({value_text(text)})")


def _match(field: str, value: Code) -> str:
    return value_text(Call("match", [], {field: value}))


class Tags:
    """The tags of a file: by whom each is set, and what condition stands for some of them."""

    def __init__(self) -> None:
        self.conditions: dict[str, list[str]] = {}  # by tag, any of which sets it
        self.of_hosts: set[str] = set()
        self.of_ranges: dict[str, set[str]] = {}  # the subnets whose ranges set a tag
        self.interfaces: set[str] = set()  # whose names are tags too
        self.used: dict[str, str] = {}  # the name in our file of each condition that is used there

    def add(self, tag: str, condition: str) -> None:
        """Another way in which a tag is set."""
        self.conditions.setdefault(tag, []).append(condition)

    def is_late(self, tag: str) -> bool:
        """Whether hosts or ranges alone set it, which are known when conditions have been."""
        return tag not in self.conditions and (tag in self.of_hosts or tag in self.of_ranges)

    def composed(self, tags: Iterable[str]) -> Code:
        """The condition that all of these hold, a tag with ! before it not. Raises InvalidValue for one that no condition
        stands for."""
        parts = [self._one(tag.lstrip("!"), tag.startswith("!")) for tag in tags]
        return Code(" & ".join(parts) or "match(message_type=ALL)")

    def _one(self, tag: str, is_negated: bool) -> str:
        if tag in BY_ITSELF and tag not in self.conditions:
            text = BY_ITSELF[tag]
        elif tag in self.interfaces and tag not in self.conditions:
            text = value_text(Call("match", [], {"interface": tag}))
        elif tag in self.conditions:
            text = self.used.setdefault(tag, _name(tag, set(self.used.values())))
        else:
            raise InvalidValue(f"nothing sets the tag {tag}" if not self.is_late(tag) else
                               f"the tag {tag} is set by a host or a range, which is known later than others")
        return f"~{text}" if is_negated else text

    def definitions(self) -> dict[str, Code]:
        """The conditions that are used, by their names."""
        return {name: Code(" | ".join(_bracketed(self.conditions[tag]))) for tag, name in self._in_order()}

    def _in_order(self) -> list[tuple[str, str]]:
        """Those that name others behind them."""
        order, used = list(self.conditions), list(self.used.items())
        return sorted(used, key=lambda one: order.index(one[0]))


def _bracketed(conditions: list[str]) -> list[str]:
    """Those of several with brackets where they are joined themselves."""
    return conditions if len(conditions) == 1 else [f"({one})" if " & " in one and not one.startswith("(") else one
                                                    for one in conditions]


def _name(tag: str, taken: Iterable[str]) -> str:
    """A name of Python's for the condition of a tag."""
    name = "is_" + re.sub(r"\W", "_", tag)
    while name in taken:
        name += "_"
    return name
