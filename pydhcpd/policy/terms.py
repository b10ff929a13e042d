"""`Terms`: what a client gets besides its address: options, lease times, boot values. Compiled once from the settings.

On the path of a packet an option list is a look-up: which options go out depends on the parameter request list alone
(RFC 2132 section 9.8), so each list that clients send is put together once and remembered, in bounded number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.wire.packet import MAGIC_COOKIE, NO_BOOT, Request, encode_options, fragment, overload, within

INFINITE = 0xFFFFFFFF
REMEMBERED = 1024  # option lists; clients of a network send a few dozen different ones
NEVER_UNASKED = frozenset({108})  # RFC 8925 section 3.3: to nobody who does not list it
SUBNET_MASK, LEASE_TIME, SERVER_IDENTIFIER, RENEWAL_TIME, REBINDING_TIME = 1, 51, 54, 58, 59


@dataclass(slots=True)
class Terms:
    """What one scope of the configuration gives. Times in seconds; options as bytes by code.

    `boot` is sname, file and cookie, ready for the wire; `next_server` an address in host byte order. `only_if_asked` are
    options that go to nobody who does not list them. `shorten_above` is the per cent of a pool in use from which new
    leases get the shortest time. `origins` tells where each value was written.
    """

    options: Mapping[int, bytes]
    lease_time: int
    minimum_lease_time: int
    maximum_lease_time: int
    renewal_time: int | None = None
    rebinding_time: int | None = None
    always_send: frozenset[int] = frozenset()
    never_send: frozenset[int] = frozenset()
    next_server: int = 0
    boot: bytes = NO_BOOT
    only_if_asked: Mapping[int, bytes] = field(default_factory=dict)
    rapid_commit: bool = False
    probe: bool = False
    shorten_above: float | None = None
    origins: Mapping[Any, tuple[str, str]] = field(default_factory=dict)
    _remembered: dict[tuple[int, int, bytes | None], bytes] = field(default_factory=dict)

    def granted_time(self, request: Request) -> int:
        """The lease time for this request: what it asks for within the limits, else the usual one."""
        value = request.options.get(LEASE_TIME)
        if value is None or len(value) != 4:
            return self.lease_time
        return min(max(int.from_bytes(value, "big"), self.minimum_lease_time), self.maximum_lease_time)

    def selected(self, wanted: bytes | None) -> list[tuple[int, bytes]]:
        """Options in order of need: the mask first (RFC 2132 section 3.3), then as the client lists them.

        `wanted` is its parameter request list; without one it gets all.
        """
        unasked = [code for code in self.options if code not in NEVER_UNASKED]
        codes = list(dict.fromkeys(unasked if wanted is None else wanted))
        codes += [code for code in self.always_send if code not in codes]
        if SUBNET_MASK in codes:
            codes.remove(SUBNET_MASK)
            codes.insert(0, SUBNET_MASK)
        values = {**self.only_if_asked, **self.options}
        return [(code, values[code]) for code in codes if code in values and code not in self.never_send]

    def lease_options(self, server: int, lease_time: int) -> bytes:
        """Options 54, 51, 58 and 59, ready for the wire."""
        renewal, rebinding = self._timers(lease_time)
        options = [(SERVER_IDENTIFIER, server), (LEASE_TIME, lease_time)]
        if lease_time != INFINITE:
            options += [(RENEWAL_TIME, renewal), (REBINDING_TIME, rebinding)]
        return encode_options((code, value.to_bytes(4, "big")) for code, value in options)

    def _timers(self, lease_time: int) -> tuple[int, int]:
        """T1 and T2: as configured where T1 < T2 < lease time, else a half and seven eighths (RFC 2131 section 4.4.5)."""
        rebinding = self.rebinding_time
        if rebinding is None or rebinding >= lease_time:
            rebinding = lease_time * 7 // 8
        renewal = self.renewal_time
        if renewal is None or renewal >= rebinding:
            renewal = min(lease_time // 2, max(rebinding - 1, 0))
        return renewal, rebinding

    def reply_options(self, server: int, lease_time: int, wanted: bytes | None) -> bytes:
        """All options of an OFFER or ACK but 53, 61 and 82, ready for the wire; `lease_time` 0: none of a lease's."""
        key = (server, lease_time, wanted)
        options = self._remembered.get(key)
        if options is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            options = self.head(server, lease_time) + encode_options(self.selected(wanted))
            self._remembered[key] = options
        return options

    def head(self, server: int, lease_time: int) -> bytes:
        """Option 54, and those of a lease if its time is not 0, ready for the wire."""
        if lease_time:
            return self.lease_options(server, lease_time)
        return encode_options([(SERVER_IDENTIFIER, server.to_bytes(4, "big"))])

    def fitting(self, server: int, lease_time: int, wanted: bytes | None, room: int) -> tuple[bytes, bytes]:
        """The same in at most `room` bytes, with sname, file and cookie.

        What is too much goes into file and sname where they are free (option overload, RFC 2132 section 9.3); what does
        not fit there either is dropped, whole options, those least needed first.
        """
        return fitted(self.head(server, lease_time), self.selected(wanted), self.boot, room)


def fitted(head: bytes, chosen: list[tuple[int, bytes]], boot: bytes, room: int) -> tuple[bytes, bytes]:
    """sname, file and cookie, and the options that fit; `chosen` are in order of need, and those at its end are dropped."""
    while True:
        try:
            if boot is not NO_BOOT or len(head) + sum(len(value) + 2 for _, value in chosen) <= room:
                return boot, within(head + encode_options(chosen), room)
            overloaded, options = overload([part for code, value in chosen for part in fragment(code, value)], room - len(head))
            return overloaded + MAGIC_COOKIE, head + options
        except ValueError:
            if not chosen:
                return boot, head
            chosen.pop()
