"""`Draft`: a configuration file in the making: values by the names of the file, calls of its constructors, and comments.

Knows nothing of other servers, nor how it is written down (`layout.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

MINUTE, HOUR, DAY = 60, 3600, 86400
INFINITE = 0xFFFFFFFF
UNITS = ((DAY, "DAYS"), (HOUR, "HOURS"), (MINUTE, "MINUTES"))
PLACES = ("subnet", "shared_network")


class Code(str):
    """A piece of Python that stands in the file as it is."""

    __slots__ = ()


@dataclass(slots=True)
class Call:
    """A constructor's call, such as `subnet("10.1.0.0/16", router="10.1.0.1")`."""

    name: str
    arguments: list[object] = field(default_factory=list)
    keywords: dict[str, object] = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)
    """Lines above it, without the sign."""
    groups: list[str] = field(default_factory=list)
    """Names of groups of the draft whose values it has besides."""

    def add(self, name: str, *values: object) -> None:
        """Add to a keyword whose value is a list."""
        there = self.keywords.setdefault(name, [])
        assert isinstance(there, list)
        there += values


@dataclass
class Draft:
    """The file. All calls are in the order in which they are to stand."""

    head: list[str] = field(default_factory=list)
    """Comments at its top."""
    settings: Call = field(default_factory=lambda: Call("global"))
    """What is assigned by name; `setting_comments` has the lines above one."""
    setting_comments: dict[str, list[str]] = field(default_factory=dict)
    groups: dict[str, Call] = field(default_factory=dict)
    """Values that several calls share, by the name that the file gives them: `dict(router=...)`."""
    helpers: list[str] = field(default_factory=list)
    """Whole functions that conditions name."""
    conditions: dict[str, Code] = field(default_factory=dict)
    """Conditions by the name that the file gives them."""
    option_definitions: list[Call] = field(default_factory=list)
    classes: list[Call] = field(default_factory=list)
    shared_networks: list[Call] = field(default_factory=list)
    subnets: list[Call] = field(default_factory=list)
    hosts: list[Call] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    """Whole functions in Python."""
    tail: list[str] = field(default_factory=list)
    """Comments at its end."""

    def set(self, name: str, value: object, comments: Iterable[str] = ()) -> None:
        """Assign a value; the later one stays."""
        self.settings.keywords[name] = value
        if lines := list(comments):
            self.setting_comments.setdefault(name, []).extend(lines)

    def all_subnets(self) -> list[Call]:
        """The subnets, those of shared networks included."""
        inside = [one for network in self.shared_networks for one in calls_in(network.arguments)]
        return [*self.subnets, *inside]

    def tidy(self) -> None:
        """Say once what all subnets say, and leave out where there is only one that it is one."""
        self._hoist()
        self._flatten()

    def _hoist(self) -> None:
        """What every subnet says alike is said for all."""
        subnets = self.all_subnets()
        if len(subnets) < 2 or any(one.groups for one in subnets):
            return
        first = subnets[0].keywords
        for name, value in list(first.items()):
            is_set = name in self.settings.keywords or any(name in one.keywords for one in self.shared_networks)
            if name not in OWN and not is_set and all(name in one.keywords and one.keywords[name] == value for one in subnets):
                self.set(name, value)
                for one in subnets:
                    del one.keywords[name]

    def _flatten(self) -> None:
        """A single subnet whose pools are plain ranges is the flat form."""
        if len(self.subnets) != 1 or self.shared_networks:
            return
        (subnet,) = self.subnets
        pools = subnet.keywords.get("pools")
        if not isinstance(pools, list) or not all(isinstance(one, str) for one in pools) or subnet.groups or (
                NOT_FLAT & subnet.keywords.keys()) or self.settings.keywords.keys() & subnet.keywords.keys():
            return
        self.subnets = []
        values = {"network": subnet.arguments[0], "ip_ranges": pools,
                  **{name: value for name, value in subnet.keywords.items() if name != "pools"}}
        self.settings.keywords = values | self.settings.keywords
        if subnet.comments:
            self.setting_comments.setdefault("network", []).extend(subnet.comments)


OWN = {"pools", "exclude", "relays", "interface", "allow", "deny"}
"""What is a subnet's own."""
NOT_FLAT = {"exclude", "relays", "allow", "deny"}
"""What the flat form has not."""


def calls_in(arguments: Iterable[object]) -> Iterable[Call]:
    """The calls in the lists among some arguments."""
    for one in arguments:
        if isinstance(one, list):
            yield from (call for call in one if isinstance(call, Call))


def seconds(number: int) -> object:
    """A length of time as people write it in the file: `8 * HOURS`."""
    if number >= INFINITE:
        return Code("INFINITE")
    for size, unit in UNITS:
        if number and not number % size:
            return Code(f"{number // size} * {unit}")
    return number
