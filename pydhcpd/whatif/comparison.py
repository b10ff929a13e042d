"""What differs between two answers to one message, in people's form."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.wire.options import VENDOR_SPECIFIC, Inside, Option, describe, name_of
from pydhcpd.wire.packet import MESSAGE_NAMES, NAK, Packet, read_options
from pydhcpd.wire.relay import suboptions
from pydhcpd.wire.relay import words as relay_words

OF_EACH_SERVER = frozenset((53, 54))  # told as the kind of answer, and as the server; every two servers differ in 54
RELAY_INFORMATION = 82
UNKNOWN = 0  # the code of what has no shape of its own
CUT = "..."  # how a value ends that is too long to be shown
FOLLOWING = (name_of(58), name_of(59))  # from the lease time
SILENCE = "no answer"
NOT_SENT = "none"

OwnOptions = Mapping[tuple[Inside | None, int], Option]
"""What the configuration file defines, by where it is inside, if it is a suboption, and code."""
Suboptions = Mapping[tuple[Inside, int], bytes]
NO_OWN: OwnOptions = MappingProxyType({})


class Difference(NamedTuple):
    """What differs, and how it is in the one answer and in the other."""

    about: str
    one: str
    other: str


def kind_of(answer: Packet | None) -> str:
    """The kind of an answer, for people."""
    return SILENCE if answer is None else MESSAGE_NAMES.get(answer.message_type, "BOOTREPLY")


def differences(one: Packet | None, other: Packet | None, own: OwnOptions = NO_OWN) -> list[Difference]:
    """All that differs; where they are of different kinds, or there is no answer, that alone. A refusal is but a refusal."""
    if one is None or other is None or one.message_type != other.message_type:
        kinds = Difference("answer", kind_of(one), kind_of(other))
        return [kinds] if kinds.one != kinds.other else []
    return [] if one.message_type == NAK else list(_without_echoes([*_of_fields(one, other), *_of_options(one, other, own)]))


def _without_echoes(found: list[Difference]) -> Iterator[Difference]:
    """What is there twice is told once: a boot file as field and as option, and what follows from the lease time."""
    abouts = {one.about for one in found}
    file = next((one[1:] for one in found if one.about == "boot file"), None)
    for one in found:
        if not (one.about in FOLLOWING and "ip_address_lease_time" in abouts) and (one.about, one[1:]) != (name_of(67), file):
            yield one


def _of_fields(one: Packet, other: Packet) -> Iterator[Difference]:
    """Address and boot fields."""
    for about, name in (("address", "yiaddr"), ("next server", "siaddr")):
        if getattr(one, name) != getattr(other, name):
            yield Difference(about, *(address_text(value) if (value := getattr(packet, name)) else NOT_SENT
                                      for packet in (one, other)))
    for about, name in (("server name", "sname"), ("boot file", "file")):
        if getattr(one, name) != getattr(other, name):
            yield Difference(about, *(escape(getattr(packet, name)) or NOT_SENT for packet in (one, other)))


def _of_options(one: Packet, other: Packet, own: OwnOptions) -> Iterator[Difference]:
    for code in dict.fromkeys((*one.options, *other.options)):
        values = one.options.get(code), other.options.get(code)
        if values[0] == values[1] or code in OF_EACH_SERVER:
            continue
        if any(inside is not None and inside[0] == code for inside, _ in own):
            parts = [_suboptions(code, value or b"") for value in values]
            if None not in parts:
                yield from _of_suboptions(code, parts[0] or {}, parts[1] or {}, own)
                continue
        yield from _of_value(code, name_of(code), values, own.get((None, code)))


def _of_value(code: int, name: str, values: tuple[bytes | None, bytes | None], own: Option | None) -> Iterator[Difference]:
    """What differs for people: a name is the same with a NUL at its end."""
    texts = tuple(value_text(code, value, own) for value in values)
    if None in values or texts[0] != texts[1] or texts[0].endswith(CUT):
        yield Difference(own.name if own else name, *texts)


def _of_suboptions(code: int, one: Suboptions, other: Suboptions, own: OwnOptions) -> Iterator[Difference]:
    """What differs in an option inside which the configuration file defines others."""
    for key in dict.fromkeys((*one, *other)):
        if (values := (one.get(key), other.get(key)))[0] != values[1]:
            (_, enterprise), number = key
            of = f"{enterprise}." if enterprise else ""
            yield from _of_value(UNKNOWN, f"{name_of(code)} {of}{number}", values, own.get(key))


def _suboptions(code: int, value: bytes) -> Suboptions | None:
    """The suboptions of 43 (RFC 2132 section 8.4) or 125 (RFC 3925 section 4); None where it is made otherwise."""
    try:
        if code == VENDOR_SPECIFIC:
            return {((code, 0), number): content for number, content in read_options(value).items()}
        found: dict[tuple[Inside, int], bytes] = {}
        while value:
            enterprise, end = int.from_bytes(value[:4], "big"), 5 + value[4]
            found.update({((code, enterprise), number): content for number, content in suboptions(value[5:end]).items()})
            value = value[end:]
        return found
    except (MalformedPacket, IndexError):
        return None


def own_options(*configurations: DHCPServerConfiguration) -> OwnOptions:
    """What configuration files define for codes."""
    return {(option.inside, option.code): option for one in configurations for option in one.own_options.values()}


def value_text(code: int, value: bytes | None, own: Option | None = None) -> str:
    """The value of an option in people's form."""
    if value is None:
        return NOT_SENT
    words = relay_words(value) if code == RELAY_INFORMATION else ""
    return words or describe(code, value, own).partition("=")[2] or "empty"


__all__ = ["NOT_SENT", "SILENCE", "Difference", "OwnOptions", "differences", "kind_of", "own_options"]
