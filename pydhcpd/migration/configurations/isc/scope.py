"""What a scope of dhcpd.conf has set: one for each block, with the one around it."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pydhcpd.migration.configurations.draft import Call, seconds
from pydhcpd.migration.configurations.isc.options import Known
from pydhcpd.migration.configurations.isc.tree import Statement

GLOBAL, SHARED, SUBNET, POOL, GROUP, HOST, CLASS, CASE = (
    "global", "shared-network", "subnet", "pool", "group", "host", "class", "case")
DEFAULT, LONGEST, SHORTEST = "default-lease-time", "max-lease-time", "min-lease-time"
TIMES = {DEFAULT: 43200, LONGEST: 86400, SHORTEST: 300}  # dhcpd's own, where nothing is said


@dataclass(eq=False, slots=True)
class Scope:
    """A block: `call` takes its values."""

    kind: str
    call: Call
    outer: "Scope | None" = None
    times: dict[str, int] = field(default_factory=dict)
    flags: dict[str, bool] = field(default_factory=dict)
    """What is allowed (True) or denied, and switches that are no settings of ours."""
    space: str = ""
    """The option space whose options are sent in option 43."""
    inside: list[tuple[Known, object, Statement]] = field(default_factory=list)
    """Options of other spaces."""
    members: list["Scope"] = field(default_factory=list)
    """What stands within it."""
    subnets: list[str] = field(default_factory=list)
    name: str = ""
    """That of a host or a group."""
    later: list[list[Statement]] = field(default_factory=list)
    """Each `if` of a host or a group, to be read when it is known which hosts these are."""
    places: dict[str, int] = field(default_factory=dict)
    """Where in the file each value was set."""
    barred: frozenset[str] = frozenset()
    """Values of its groups that it does not take."""

    def chain(self) -> Iterator["Scope"]:
        """This scope and those around it."""
        one: Scope | None = self
        while one is not None:
            yield one
            one = one.outer

    @property
    def block(self) -> "Scope":
        """Itself; of a branch of an `if` what that, and those around it, stand in."""
        return next(one for one in self.chain() if one.kind != CASE)

    def within(self, kind: str) -> "Scope | None":
        """The nearest scope of a kind, this one included."""
        return next((one for one in self.chain() if one.kind == kind), None)

    def flag(self, name: str) -> bool | None:
        """What the nearest scope says, None where none does."""
        return next((one.flags[name] for one in self.chain() if name in one.flags), None)

    def everything(self) -> Iterator["Scope"]:
        """This scope and all within it."""
        yield self
        for one in self.members:
            yield from one.everything()

    def grouped(self) -> Iterator["Scope"]:
        """What stands within, in groups within as well; not what is within a network."""
        for one in self.members:
            if one.kind == GROUP:
                yield from one.grouped()
            elif one.kind not in (POOL, CASE):
                yield one

    def settle_times(self) -> None:
        """Write the three times of a lease where any of them is set: with dhcpd each is inherited alone."""
        if not self.times and self.kind != GLOBAL:
            return
        longest, shortest, usual = (self._time(name) for name in (LONGEST, SHORTEST, DEFAULT))
        shortest = min(shortest, longest)
        told = {DEFAULT: min(max(usual, shortest), longest), LONGEST: longest, SHORTEST: shortest}
        self.call.keywords.update({OURS[name]: seconds(value) for name, value in told.items()})

    def _time(self, name: str) -> int:
        return next((one.times[name] for one in self.chain() if name in one.times), TIMES[name])


OURS = {DEFAULT: "ip_address_lease_time", SHORTEST: "minimum_lease_time", LONGEST: "maximum_lease_time"}
