"""`Scope`: what one place of the configuration sets, checked and encoded; and the terms that follow from it.

The nearest scope wins, name by name: a host's over the global one. A value of None takes an inherited one away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.terms import Terms
from pydhcpd.wire.options import option_named
from pydhcpd.wire.packet import MAGIC_COOKIE, NO_BOOT

HOST_NAME, TFTP_SERVER_NAME, BOOT_FILE_NAME, RENEWAL_TIME, REBINDING_TIME = 12, 66, 67, 58, 59
SHORTEST_LEASE = 60  # seconds; what minimum_lease_time is where it is not set


@dataclass(frozen=True, slots=True)
class Scope:
    """Settings in their inner form by name, and options as bytes by code; None as a value: taken away."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[int, bytes | None] = field(default_factory=dict)

    def over(self, outer: "Scope") -> "Scope":
        """This scope, with what it leaves open taken from `outer`. A lease time of its own hides the outer's maximum."""
        inherited = dict(outer.settings)
        if "ip_address_lease_time" in self.settings:
            inherited.pop("maximum_lease_time", None)
            inherited.pop("minimum_lease_time", None)
        return Scope({**inherited, **self.settings}, {**outer.options, **self.options})


def terms_of(scope: Scope) -> Terms:
    """Compile a scope that has all it inherits. Raises InvalidValue where its values contradict each other."""
    settings, options = scope.settings, {code: value for code, value in scope.options.items() if value is not None}
    lease_time = settings["ip_address_lease_time"]
    longest = settings.get("maximum_lease_time") or lease_time
    shortest = settings.get("minimum_lease_time") or min(SHORTEST_LEASE, lease_time)
    if not shortest <= lease_time <= longest:
        raise InvalidValue(f"lease times of {shortest}, {lease_time} and {longest} s; allowed is "
                           "minimum_lease_time <= ip_address_lease_time <= maximum_lease_time")
    renewal, rebinding = (_seconds(options.pop(code, None)) for code in (RENEWAL_TIME, REBINDING_TIME))
    if renewal is not None and rebinding is not None and renewal >= rebinding:
        raise InvalidValue(f"renewal_time_value {renewal} is not below rebinding_time_value {rebinding}; "
                           "allowed is T1 < T2 < lease time")
    return Terms(options, lease_time, shortest, longest, renewal, rebinding,
                 _codes(settings.get("always_send")), _codes(settings.get("never_send")),
                 settings.get("next_server") or 0, _boot(settings.get("server_name") or "", options),
                 bool(settings.get("authoritative")))


def _seconds(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


def _codes(names: object) -> frozenset[int]:
    codes = set()
    for name in names if isinstance(names, tuple) else ():
        option = option_named(name)
        if option is None:
            raise InvalidValue(f"{name!r} is no DHCP option; allowed are the names of the option table")
        codes.add(option.code)
    return frozenset(codes)


def _boot(server_name: str, options: dict[int, bytes]) -> bytes:
    """sname, file and cookie. Some clients read the fields only and some the options only, so both carry the values."""
    name, file = server_name.encode(), options.get(BOOT_FILE_NAME, b"")
    if len(name) > 63:
        raise InvalidValue(f"server_name of {len(name)} bytes; allowed are 63")
    if name:
        options.setdefault(TFTP_SERVER_NAME, name)
    if not name and not file:
        return NO_BOOT
    return name.ljust(64, b"\0") + (file if len(file) < 128 else b"").ljust(128, b"\0") + MAGIC_COOKIE
