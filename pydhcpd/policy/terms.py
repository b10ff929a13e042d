"""`Terms`: what a client gets besides its address: options, lease times, boot values. Compiled once from the settings.

On the path of a packet an option list is a look-up: which options go out depends on the parameter request list alone
(RFC 2132 section 9.8), so each list that clients send is put together once and remembered, in bounded number.

Which option is needed more than another, where there is not room for all, is said here too. The mask comes first (RFC 2132
section 3.3); then what the protocol has returned, with what the relay added; then what the client lists, in its order, or
without a list what a host needs to be in the network at all; last who is to update the DNS.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydhcpd.addresses import address_text
from pydhcpd.policy.boot.answer import BOOT_FILE_NAME, ETHERBOOT, NO_PXEDHCP, ROOT_PATH, TFTP_SERVER_NAME, Client, Netboot
from pydhcpd.policy.dns.naming import Naming
from pydhcpd.wire.packet import FILE_SIZE, MAGIC_COOKIE, NO_BOOT, SNAME_SIZE, Request, encode_options
from pydhcpd.wire.relay import suboptions

INFINITE = 0xFFFFFFFF
REMEMBERED = 1024  # option lists; clients of a network send a few dozen different ones
MOST_BOOTING = 256  # terms of machines that boot; where names hold what each has of its own, they are made anew
NEVER_UNASKED = frozenset({108, 116})  # to nobody who does not ask for it: RFC 8925 section 3.3, RFC 2563 section 2.3
NEEDED = (1, 3, 121, 249, 33, 6, 12, 15, 26, 28, 17, 66, 67, 43, 60, 119, 42)  # most first: address, routes, names, boot
RETURNED = (90, 80, 118, 61, 97, 82)  # RFC 6704, RFC 4039, RFC 3011, RFC 6842, RFC 4578, RFC 3046
SUBNET_MASK, LEASE_TIME, SERVER_IDENTIFIER, RENEWAL_TIME, REBINDING_TIME = 1, 51, 54, 58, 59


@dataclass(slots=True)
class Terms:
    """What one scope of the configuration gives. Times in seconds; options as bytes by code.

    `boot` is sname, file and cookie, ready for the wire; `next_server` an address in host byte order. `only_if_asked` are
    options that go to nobody who does not list them. `shorten_above` is the per cent of a pool in use from which new
    leases get the shortest time. `origins` tells where each value was written. `name` is the host name that is given, if any.
    `naming` makes the client's name in the DNS of it, where anybody keeps names there.
    `netboot` says what machines that boot get besides, and `client` is such a machine, where these are the terms for one.
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
    name: str = ""
    netboot: Netboot | None = None
    naming: Naming | None = None
    client: Client | None = None
    _remembered: dict[tuple[int, int, bytes | None], bytes] = field(default_factory=dict)
    _booting: dict[int | tuple[Client, bytes], "Terms"] = field(default_factory=dict)

    def for_ordinary(self, ours: int) -> "Terms":
        """The same for a client that does not boot, and hears from us under the address `ours`."""
        found = self._booting.get(ours)
        if found is None:
            assert self.netboot is not None
            found = self._booting[ours] = self._made_for(self.netboot.ordinary(ours), self.options.get(BOOT_FILE_NAME, b""))
        return found

    def for_client(self, client: Client, file: bytes) -> "Terms":
        """The same with the boot values of a client."""
        found = self._booting.get((client, file))
        if found is None:
            if len(self._booting) >= MOST_BOOTING:
                self._booting.clear()
            found = self._booting[client, file] = self._made_for(client, file)
        return found

    def _made_for(self, client: Client, file: bytes) -> "Terms":
        options, always = dict(self.options), set(self.always_send)
        options.pop(BOOT_FILE_NAME, None)
        added = client.options(file)
        if client.root_path:
            options.setdefault(ROOT_PATH, client.root_path)
        if client.server:
            options.setdefault(TFTP_SERVER_NAME, address_text(client.server).encode())
        if added and TFTP_SERVER_NAME in options:
            added[TFTP_SERVER_NAME] = options.pop(TFTP_SERVER_NAME).rstrip(b"\0") + b"\0" * client.is_pxe
        for code, value in added.items():
            options[code] = _joined(options[code], value) if code == ETHERBOOT and code in options else options.get(code, value)
        boot = boot_of(self.boot[:SNAME_SIZE].rstrip(b"\0"), file)
        always.update(added if client.kind else ())
        return replace(self, options=options, always_send=frozenset(always), next_server=client.server or self.next_server,
                       boot=boot, client=client, netboot=None, _remembered={}, _booting={})

    def granted_time(self, request: Request) -> int:
        """The lease time for this request: what it asks for within the limits, else the usual one."""
        value = request.options.get(LEASE_TIME)
        if value is None or len(value) != 4:
            return self.lease_time
        return min(max(int.from_bytes(value, "big"), self.minimum_lease_time), self.maximum_lease_time)

    def unasked(self) -> bytes:
        """The codes of what a client without a parameter request list gets: all, those that are needed most first."""
        first = [code for code in (*NEEDED, *sorted(self.always_send)) if code in self.options]
        return bytes(code for code in dict.fromkeys((*first, *sorted(self.options))) if code not in NEVER_UNASKED)

    def selected(self, wanted: bytes | None) -> list[tuple[int, bytes]]:
        """Options in order of need: the mask, then as the client lists them, then what is always sent.

        `wanted` is its parameter request list; without one it gets all.
        """
        codes = [*(self.unasked() if wanted is None else wanted), *sorted(self.always_send - NEVER_UNASKED)]
        if SUBNET_MASK in codes:
            codes.insert(0, SUBNET_MASK)
        values = {**self.only_if_asked, **self.options}
        return [(code, values[code]) for code in dict.fromkeys(codes) if code in values and code not in self.never_send]

    def lease_options(self, server: int, lease_time: int) -> bytes:
        """Options 54, 51, 58 and 59, ready for the wire."""
        renewal, rebinding = self.timers(lease_time)
        options = [(SERVER_IDENTIFIER, server), (LEASE_TIME, lease_time)]
        if lease_time != INFINITE:
            options += [(RENEWAL_TIME, renewal), (REBINDING_TIME, rebinding)]
        return encode_options((code, value.to_bytes(4, "big")) for code, value in options)

    def timers(self, lease_time: int) -> tuple[int, int]:
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


def by_need(options: Mapping[int, bytes]) -> list[tuple[int, bytes]]:
    """All options of a reply besides those that go first in it, by code, as they are needed: the others keep their order."""
    first = [code for code in (SUBNET_MASK, *RETURNED) if code in options]
    return [(code, options[code]) for code in dict.fromkeys((*first, *options))]


def boot_of(name: bytes, file: bytes) -> bytes:
    """The fields sname and file, and the cookie; a boot file that is too long for its field is in option 67 alone."""
    if not name and not file:
        return NO_BOOT
    return name.ljust(SNAME_SIZE, b"\0") + (file if len(file) < FILE_SIZE else b"").ljust(FILE_SIZE, b"\0") + MAGIC_COOKIE


def _joined(etherboot: bytes, more: bytes) -> bytes:
    """An administrator's own option 175, and what is to be in it unless it says that itself."""
    return etherboot if NO_PXEDHCP in suboptions(etherboot) else etherboot + more
