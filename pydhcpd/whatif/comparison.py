"""What differs between two answers to one message, in people's form."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from pydhcpd.addresses import address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.escape import escape
from pydhcpd.wire.options import Option, describe, name_of
from pydhcpd.wire.packet import MESSAGE_NAMES, NAK, Packet
from pydhcpd.wire.relay import words as relay_words

OF_EACH_SERVER = frozenset((53, 54))  # told as the kind of answer, and as the server; every two servers differ in 54
RELAY_INFORMATION = 82
CUT = "..."  # how a value ends that is too long to be shown
FOLLOWING = (name_of(58), name_of(59))  # from the lease time
SILENCE = "no answer"
NOT_SENT = "none"

OwnOptions = Mapping[int, Option]
"""What the configuration file defines, by code."""
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
        defined = own.get(code)
        texts = tuple(value_text(code, value, defined) for value in values)
        if None in values or texts[0] != texts[1] or texts[0].endswith(CUT):  # the same with a NUL at its end is the same
            yield Difference(defined.name if defined else name_of(code), *texts)


def own_options(*configurations: DHCPServerConfiguration) -> OwnOptions:
    """What configuration files define for codes."""
    return {option.code: option for one in configurations for option in one.own_options.values() if option.inside is None}


def value_text(code: int, value: bytes | None, own: Option | None = None) -> str:
    """The value of an option in people's form."""
    if value is None:
        return NOT_SENT
    words = relay_words(value) if code == RELAY_INFORMATION else ""
    return words or describe(code, value, own).partition("=")[2] or "empty"


__all__ = ["NOT_SENT", "SILENCE", "Difference", "OwnOptions", "differences", "kind_of", "own_options"]
