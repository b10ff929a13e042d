"""dnsmasq's tags: what sets one becomes a condition, and what asks for tags a class, a pool or a subnet."""

import re
from collections.abc import Iterable, Sequence

from pydhcpd.addresses import hardware_from
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.lines import Line
from pydhcpd.migration.configurations.dnsmasq.values import OCTETS, code_of, name_of, value_for
from pydhcpd.migration.configurations.draft import Call, Code
from pydhcpd.migration.configurations.layout import value_text

ALL, PREFIX, ANY_CASE = "ALL", "PREFIX", "CASEINSENSITIVE"
ANYWHERE = "there it may stand anywhere in what the client sends, here at its beginning"
OF_RELAY = {"dhcp-circuitid": "circuit_id", "dhcp-remoteid": "remote_id", "dhcp-subscrid": "subscriber_id"}
KNOWN = "known"
VENDOR_CLASS, USER_CLASS, MACHINE = 60, 77, 97


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
        tags.append(rest.pop(0).partition(":")[2].replace("#", "!"))
    return tags, rest


def condition_of(line: Line) -> tuple[str, str, str]:
    """The tag that a line sets, the condition in Python, and what differs, empty where nothing does. Raises InvalidValue."""
    tag, rest = setting_in(line.parts)
    if line.name in ("dhcp-vendorclass", "dhcp-userclass"):
        field = "vendor_class_identifier" if line.name == "dhcp-vendorclass" else "user_class"
        if rest and rest[0].startswith("enterprise:"):
            raise InvalidValue("enterprise: is of IPv6")
        return tag, _match(field, _call(PREFIX, ",".join(rest))), ANYWHERE
    if line.name == "dhcp-mac":
        return tag, _hardware(rest[0] if rest else ""), ""
    if line.name in OF_RELAY:
        return tag, _match(OF_RELAY[line.name], _octets(",".join(rest))), ""
    if line.name == "dhcp-name-match":
        name = ",".join(rest)
        made = Code(f"{PREFIX}({value_text(name[:-1])})") if name.endswith("*") else _call(ANY_CASE, name)
        return tag, _match("host_name", made), ""
    return tag, _option(rest), ""


def _option(rest: Sequence[str]) -> str:
    """What dhcp-match asks: an option is there, or has a value."""
    if not rest or rest[0].startswith(("vi-encap:", "option6:")):
        raise InvalidValue("vi-encap: is written here as a function; see classify() in pydhcpd.conf(5)" if rest
                           else "the option is missing")
    code = code_of(rest[0])
    if len(rest) == 1:
        return _match(name_of(code), Code(ALL))
    if code in (VENDOR_CLASS, USER_CLASS):
        return _match(name_of(code), _call(PREFIX, ",".join(rest[1:])))
    if code == MACHINE:
        raise InvalidValue("the machine identifier is the field uuid here")
    value = value_for(code, rest[1:])
    return _match(name_of(code), Code(value_text(value)))


def _hardware(text: str) -> str:
    """A hardware address; octets at its end may be any."""
    kept = re.sub(r"(:\*)+$", "", re.sub(r"^[0-9a-fA-F]{1,2}-", "", text))
    octets = hardware_from(kept).hex(":")
    return _match("mac", Code(value_text(octets)) if kept.count(":") == text.count(":") else _call(PREFIX, octets))


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
        self.used: dict[str, str] = {}  # the name in our file of each condition that is used there

    def add(self, tag: str, condition: str) -> None:
        """Another way in which a tag is set."""
        self.conditions.setdefault(tag, []).append(condition)

    def composed(self, tags: Iterable[str]) -> Code:
        """The condition that all of these hold, a tag with ! before it not. Raises InvalidValue for one that no condition
        stands for."""
        parts = [self._one(tag.lstrip("!"), tag.startswith("!")) for tag in tags]
        return Code(" & ".join(parts))

    def _one(self, tag: str, is_negated: bool) -> str:
        if tag == KNOWN:
            text = "match(known=True)"
        elif tag in self.conditions:
            text = self.used.setdefault(tag, _name(tag, set(self.used.values())))
        else:
            raise InvalidValue(f"nothing sets the tag {tag}" if tag not in self.of_hosts | self.of_ranges.keys() else
                               f"the tag {tag} is set by a host or a range, which cannot be asked for together with others")
        return f"~{text}" if is_negated else text

    def definitions(self) -> dict[str, Code]:
        """The conditions that are used, by their names."""
        return {name: Code(" | ".join(self.conditions[tag])) for tag, name in self.used.items()}


def _name(tag: str, taken: Iterable[str]) -> str:
    """A name of Python's for the condition of a tag."""
    name = "is_" + re.sub(r"\W", "_", tag)
    while name in taken:
        name += "_"
    return name
