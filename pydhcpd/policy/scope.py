"""`Scope`: what one place of the configuration sets, checked and encoded; and the terms that follow from it.

The nearest scope wins, name by name: a host's over the global one. A value of None takes an inherited one away.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.policy.terms import Terms
from pydhcpd.wire.packet import MAGIC_COOKIE, NO_BOOT

TFTP_SERVER_NAME, BOOT_FILE_NAME, RENEWAL_TIME, REBINDING_TIME = 66, 67, 58, 59
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
        merged = {**inherited, **self.settings}
        return Scope({name: value for name, value in merged.items() if value is not None}, {**outer.options, **self.options})


def terms_of(scope: Scope) -> Terms:
    """Compile a scope that has all it inherits, and no contradictions."""
    settings, options = scope.settings, {code: value for code, value in scope.options.items() if value is not None}
    renewal, rebinding = (_seconds(options.pop(code, None)) for code in (RENEWAL_TIME, REBINDING_TIME))
    shortest, lease_time, longest = _lease_times(scope)
    return Terms(options, lease_time, shortest, longest, renewal, rebinding,
                 settings.get("always_send", frozenset()), settings.get("never_send", frozenset()),
                 settings.get("next_server", 0), _boot(settings.get("server_name", ""), options),
                 bool(settings.get("authoritative")))


def contradictions(scope: Scope) -> Iterator[tuple[str, str]]:
    """What in a scope contradicts itself: the name of a value that is part of it, and what is wrong."""
    shortest, lease_time, longest = _lease_times(scope)
    wanted = "allowed is minimum_lease_time <= ip_address_lease_time <= maximum_lease_time"
    if shortest > lease_time:
        yield "minimum_lease_time", f"{shortest} s is above ip_address_lease_time of {lease_time} s; {wanted}"
    if longest < lease_time:
        yield "maximum_lease_time", f"{longest} s is below ip_address_lease_time of {lease_time} s; {wanted}"
    renewal, rebinding = _seconds(scope.options.get(RENEWAL_TIME)), _seconds(scope.options.get(REBINDING_TIME))
    if renewal is not None and rebinding is not None and renewal >= rebinding:
        yield "renewal_time_value", f"{renewal} s is not below rebinding_time_value of {rebinding} s; allowed is T1 < T2"


def _lease_times(scope: Scope) -> tuple[int, int, int]:
    """The shortest, usual and longest lease time."""
    lease_time: int = scope.settings["ip_address_lease_time"]
    return (scope.settings.get("minimum_lease_time", min(SHORTEST_LEASE, lease_time)), lease_time,
            scope.settings.get("maximum_lease_time", lease_time))


def _seconds(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


def _boot(server_name: str, options: dict[int, bytes]) -> bytes:
    """sname, file and cookie. Some clients read the fields only and some the options only, so both carry the values."""
    name, file = server_name.encode(), options.get(BOOT_FILE_NAME, b"")
    if name:
        options.setdefault(TFTP_SERVER_NAME, name)
    if not name and not file:
        return NO_BOOT
    return name.ljust(64, b"\0") + (file if len(file) < 128 else b"").ljust(128, b"\0") + MAGIC_COOKIE
