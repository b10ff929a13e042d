"""`Scope`: what one place of the configuration sets, checked and encoded; and the terms that follow from it.

The nearest scope wins, name by name: host, class, pool, subnet, shared network, global. A value of None takes an
inherited one away. Where each value was written goes with it.
"""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydhcpd.addresses import address_text
from pydhcpd.policy.boot.answer import netboot_of
from pydhcpd.policy.dns.naming import OPTIONS as OPTIONS_OF_NAMES
from pydhcpd.policy.dns.naming import SETTINGS as SETTINGS_OF_NAMES
from pydhcpd.policy.dns.naming import naming_of
from pydhcpd.policy.routes import completed
from pydhcpd.policy.terms import Terms, boot_of
from pydhcpd.policy.vendor import encapsulated
from pydhcpd.wire.options import Inside

HOST_NAME, TFTP_SERVER_NAME, BOOT_FILE_NAME, RENEWAL_TIME, REBINDING_TIME = 12, 66, 67, 58, 59
TIMERS = frozenset((RENEWAL_TIME, REBINDING_TIME))
TIMES = frozenset(("ip_address_lease_time", "minimum_lease_time", "maximum_lease_time"))
SHORTEST_LEASE = 60  # seconds; what minimum_lease_time is where it is not set

Suboption = tuple[Inside, int]  # where it lies, and its own code
Origin = tuple[str, str]  # the scope in words, and FILE:LINE
Key = str | int | Suboption  # of a value: a setting's name, an option's code, or a suboption


@dataclass(frozen=True, slots=True)
class Scope:
    """Settings in their inner form by name, options as bytes by code, suboptions by place and code; None: taken away.

    `origins` tells of each value where it was written: the scope in words, and FILE:LINE.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[int, bytes | None] = field(default_factory=dict)
    suboptions: Mapping[Suboption, bytes | None] = field(default_factory=dict)
    origins: Mapping[Key, Origin] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.settings or self.options or self.suboptions)

    def over(self, outer: "Scope") -> "Scope":
        """This scope, with what it leaves open taken from `outer`.

        A lease time of its own hides the outer's limits, and one form of option 43 or 125 the other: its raw bytes, or
        the suboptions in it. So does a boot file, by its name or by the number of its option.
        """
        settings, options, suboptions = dict(outer.settings), dict(outer.options), dict(outer.suboptions)
        if "ip_address_lease_time" in self.settings:
            settings.pop("maximum_lease_time", None)
            settings.pop("minimum_lease_time", None)
        if "boot_file_name" in self.settings:  # which may be given by its number as well
            options.pop(BOOT_FILE_NAME, None)
        elif BOOT_FILE_NAME in self.options:
            settings.pop("boot_file_name", None)
        for (place, _), _ in self.suboptions.items():
            options.pop(place[0], None)
        for key in [key for key in suboptions if key[0][0] in self.options]:
            del suboptions[key]
        return Scope({name: value for name, value in {**settings, **self.settings}.items() if value is not None},
                     {**options, **self.options}, {**suboptions, **self.suboptions}, _before(self.origins, outer.origins))


def _before(nearer: Mapping[Key, Origin], outer: Mapping[Key, Origin]) -> Mapping[Key, Origin]:
    """Both, the nearer first. Not copied: thousands of combinations of scopes have most of them in common."""
    return ChainMap(cast("dict[Key, Origin]", nearer), cast("dict[Key, Origin]", outer)) if nearer else outer


EMPTY = Scope()
"""Of a place that sets nothing."""


def terms_of(scope: Scope) -> Terms:
    """Compile a scope that has all it inherits, and no contradictions."""
    settings, options = scope.settings, {code: value for code, value in scope.options.items() if value is not None}
    options.update(encapsulated({key: value for key, value in scope.suboptions.items() if value is not None}))
    renewal, rebinding = (_seconds(options.pop(code, None)) for code in (RENEWAL_TIME, REBINDING_TIME))
    shortest, lease_time, longest = _lease_times(scope)
    if "maximum_lease_time" not in settings:
        longest = max(longest, shortest)
    lease_time = min(max(lease_time, shortest), longest)  # limits of a class or host hold for the usual time of any subnet
    netboot = netboot_of(settings, options)
    if netboot is not None and netboot.fixed:
        options.setdefault(BOOT_FILE_NAME, netboot.fixed.encode("utf-8", "surrogateescape"))
    boot = _boot(settings.get("server_name", ""), settings.get("next_server", 0), options)
    options, only_if_asked = completed(options)
    name = options.get(HOST_NAME, b"").decode(errors="backslashreplace")
    return Terms(options, lease_time, shortest, longest, renewal, rebinding,
                 settings.get("always_send", frozenset()), settings.get("never_send", frozenset()),
                 settings.get("next_server", 0), boot, only_if_asked,
                 rapid_commit=bool(settings.get("rapid_commit")), probe=bool(settings.get("probe_before_offer")),
                 shorten_above=settings.get("shorten_leases_above"), origins=scope.origins,
                 name=name, netboot=netboot, naming=naming_of(settings, options, name))


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


def may_contradict(scope: Scope) -> bool:
    """Whether a scope sets anything of which `contradictions` or `terms_of` could complain: most hosts have but a name."""
    return bool(scope.suboptions or not TIMES.isdisjoint(scope.settings) or not TIMERS.isdisjoint(scope.options))


def decides_names(scope: Scope) -> bool:
    """Whether a scope sets anything that a name in the DNS follows from."""
    return not (SETTINGS_OF_NAMES.isdisjoint(scope.settings) and OPTIONS_OF_NAMES.isdisjoint(scope.options))


def _lease_times(scope: Scope) -> tuple[int, int, int]:
    """The shortest, usual and longest lease time."""
    lease_time: int = scope.settings["ip_address_lease_time"]
    return (scope.settings.get("minimum_lease_time", min(SHORTEST_LEASE, lease_time)), lease_time,
            scope.settings.get("maximum_lease_time", lease_time))


def _seconds(value: bytes | None) -> int | None:
    return None if value is None else int.from_bytes(value, "big")


def _boot(server_name: str, next_server: int, options: dict[int, bytes]) -> bytes:
    """sname, file and cookie. Some clients read the fields only and some the options only, so both carry the values."""
    name, file = server_name.encode(), options.get(BOOT_FILE_NAME, b"")
    if server := boot_server(name, next_server):
        options.setdefault(TFTP_SERVER_NAME, server)
    return boot_of(name, file)


def boot_server(name: bytes, address: int) -> bytes:
    """What option 66 says of the boot server where it is not set: its name, else its address, b"" for neither."""
    return name or (address_text(address).encode() if address else b"")

