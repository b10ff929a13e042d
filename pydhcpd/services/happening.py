"""From events to what scripts and on_event() are told: `kind_of` one, and all that is known as a `Happening`."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from pydhcpd.addresses import address_text
from pydhcpd.errors import MalformedPacket
from pydhcpd.events import GIADDR, Event, Noted, Told
from pydhcpd.happenings import ALARM, ALARM_OVER, BOUND, KINDS, LEASED, RENEWED, Happening
from pydhcpd.leases.address_table import NEVER
from pydhcpd.leases.faces import identifier_of
from pydhcpd.wire.options import BY_CODE, Option, name_of
from pydhcpd.wire.packet import Packet
from pydhcpd.wire.relay import CIRCUIT_ID, REMOTE_ID, SUBSCRIBER_ID, suboptions

_NAMES = {kind.event: kind.name for kind in KINDS}
_NOTHING = Noted(b"", False, 0, b"", b"", "", 0)


def kind_of(one: Event) -> str:
    """The name of the kind of an event; empty for one that only counts others, which were not told."""
    _, kind, address, hardware, name, *_ = one
    if name and not address and not hardware:
        return ""
    if kind == LEASED:
        return RENEWED if _noted(one).is_renewal else BOUND
    return _NAMES.get(kind, kind.replace(" ", "_"))


def happening(one: Event, wall_of: Callable[[float], float], own: Mapping[int, Option]) -> Happening:
    """An event as others see it. `wall_of` turns times of the ledger into people's; `own` are the options that the
    configuration defines, by code."""
    told, before = Told._make(one), _noted(one)
    relay = suboptions(told.relay[GIADDR:])
    name = told.name or (before.name if before.is_renewal else "")  # it need not be sent again
    return Happening(
        kind_of(one), wall_of(told.time), _address(told.address), told.hardware.hex(":") or None, name or None,
        None if told.sent_name == told.name else told.sent_name or None, identifier_of(told.client) or None,
        told.network or None, _end(told.ends, wall_of), _address(int.from_bytes(told.relay[:GIADDR], "big")),
        relay.get(CIRCUIT_ID), relay.get(REMOTE_ID), relay.get(SUBSCRIBER_ID), told.note or None,
        _address(before.former), before.hardware.hex(":") or None, identifier_of(before.client) or None, before.name or None,
        _end(before.ends, wall_of), dict(_options(before.message, own)))


def _noted(one: Event) -> Noted:
    note = one[-1]
    return _NOTHING if note is None else Noted._make(note)


def _address(address: int) -> str | None:
    return address_text(address) if address else None


def _end(ends: int, wall_of: Callable[[float], float]) -> float | None:
    if not ends:
        return None
    return math.inf if ends == NEVER else wall_of(ends)


def _options(message: bytes, own: Mapping[int, Option]) -> Iterator[tuple[str, Any]]:
    """Options of a message by name, where there was one; one that its shape cannot read is bytes."""
    for code, data in Packet.decode(message, bootp=True).options.items() if message else ():
        option = own.get(code) or BY_CODE.get(code)
        try:
            yield (option.name, option.codec.decode(data)) if option else (name_of(code), data)
        except MalformedPacket:
            yield name_of(code), data


def is_for(kind: str, on: Collection[str]) -> bool:
    """Whether a kind is among some: by its own name, or as one of all alarms."""
    return kind in on or (kind.endswith(f"_{ALARM}") and ALARM in on) or (kind.endswith(f"_{ALARM_OVER}") and ALARM_OVER in on)
