"""Where values of dnsmasq's lines go: the file itself, the subnets whose ranges set a tag, and classes of clients with tags.

Owns the order of classes: of several lines for a client the last one of the file counts with dnsmasq, here the first class.
"""

from collections.abc import Iterable, Iterator, Sequence

from pydhcpd.addresses import address_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.tags import KNOWN, Tags
from pydhcpd.migration.configurations.draft import Call, Draft
from pydhcpd.migration.configurations.layout import value_text

Key = tuple[int, int]
"""Base and mask of a network."""
BOOT = ("boot_file_name", "server_name", "next_server")


class Places:
    """The places of a draft."""

    def __init__(self, draft: Draft, tags: Tags) -> None:
        self.draft, self.tags = draft, tags
        self.subnets: dict[Key, Call] = {}
        self.classes: dict[tuple[str, ...], Call] = {}
        self._lines: dict[tuple[int, str], int] = {}  # which value of a class was said when
        self._said = 0
        self._ranges: list[tuple[Key, Call | None, set[str]]] = []  # with their pools and the tags that they set
        self._late: dict[str, list[str]] = {}  # classes of classify(), with their tags

    def put(self, tags: Sequence[str], name: str, value: object) -> None:
        """Set a value for clients with these tags. Raises InvalidValue where no condition stands for one."""
        self._said += 1
        for call in self.of(tags):
            call.keywords[name] = value
            self._lines[id(call), name] = self._said

    def of(self, tags: Sequence[str]) -> list[Call]:
        """Where values go that are for clients with these tags. Raises InvalidValue."""
        if not tags:
            return [self.draft.settings]
        if self.is_of_range(tags):
            return self.of_range(tags[0])
        return [self.class_of(tags)]

    def is_of_range(self, tags: Sequence[str]) -> bool:
        """Whether they are one that ranges alone set, so that it stands for their subnets."""
        return len(tags) == 1 and tags[0] in self.tags.of_ranges and tags[0] not in self.tags.conditions

    def add_range(self, key: Key, pool: Call | None, tags: Iterable[str]) -> None:
        """A range of a subnet, without a pool where it gives no addresses by itself, and the tags that it sets."""
        self._ranges.append((key, pool, set(tags)))
        if pool is not None:
            self.subnets[key].add("pools", pool)
        for tag in tags:
            self.tags.of_ranges.setdefault(tag, set()).add(network_text(*key))

    def overlapping(self, key: Key, text: str) -> str:
        """A pool of a network that has some of these addresses too, empty where none has."""
        first, last = _ends(text)
        pools = [str(pool.arguments[0]) for at, pool, _ in self._ranges if at == key and pool is not None]
        return next((one for one in pools if first <= _ends(one)[1] and _ends(one)[0] <= last), "")

    def of_range(self, tag: str) -> list[Call]:
        """The subnets whose ranges set a tag; of one of whose ranges some do not, their pools."""
        return [call for _, call in self.by_network(tag)]

    def by_network(self, tag: str) -> list[tuple[Key, Call]]:
        """The same with the networks."""
        found: list[tuple[Key, Call]] = []
        for key, subnet in self.subnets.items():
            ranges = [(pool, tags) for at, pool, tags in self._ranges if at == key]
            if all(tag in tags for _, tags in ranges):
                found.append((key, subnet))
            else:
                found += [(key, pool) for pool, tags in ranges if tag in tags and pool is not None]
        return found

    def _is_partial(self, tag: str) -> bool:
        """Whether it is set by some ranges of a subnet alone."""
        return any(call.name == "pool" for _, call in self.by_network(tag))

    def end(self) -> None:
        """Pools of which nothing is said but their addresses are their addresses."""
        for subnet in self.subnets.values():
            pools = subnet.keywords["pools"]
            assert isinstance(pools, list)
            subnet.keywords["pools"] = [one if one.keywords else one.arguments[0] for one in pools]

    def class_of(self, tags: Sequence[str]) -> Call:
        """The class of clients with these tags. Raises InvalidValue."""
        key = tuple(sorted(tags))
        if key not in self.classes:
            name = " and ".join(tag.replace("!", "not ") for tag in tags)
            self.classes[key] = Call("client_class", [name, *self._condition(name, tags)])
        return self.classes[key]

    def _condition(self, name: str, tags: Sequence[str]) -> list[object]:
        """None for a class that hosts name, or that follows from those which a client is of."""
        bare = [tag.lstrip("!") for tag in tags]
        late = [tag for tag in bare if self.tags.is_late(tag)]
        if not late:
            return [self.tags.composed(tags)]
        if any(tag in self.tags.of_ranges and tag not in self.tags.of_hosts and self._is_partial(tag) for tag in late):
            raise InvalidValue("a tag of one of several ranges of a network cannot be asked for together with others: "
                               "pool(...) may have options")
        if len(tags) > 1 or bare != list(tags) or tags[0] not in self.tags.of_hosts:
            self._late[name] = list(tags)
            for tag in bare:
                if tag not in self.tags.of_ranges or tag in self.tags.conditions or tag in self.tags.of_hosts:
                    self.class_of([tag])
        return []

    def functions(self) -> list[str]:
        """What adds the classes that follow from others, in Python."""
        if not self._late:
            return []
        lines = ["def classify(request):", '    """Classes that follow from tags of hosts and ranges."""',
                 "    classes = set(request.classes)"]
        for name, tags in self._late.items():
            lines += [f"    if {' and '.join(map(self._asked, tags))}:", f"        classes.add({value_text(name)})"]
        return ["\n".join([*lines, "    return classes", ""])]

    def _asked(self, tag: str) -> str:
        """In Python whether a request has a tag, or with ! before it has not."""
        bare = tag.lstrip("!")
        without = "not " if bare != tag else ""
        if bare in self.tags.conditions or bare in self.tags.of_hosts:
            return f"{value_text(bare)} {without}in classes"
        if bare in self.tags.of_ranges:
            return f"request.subnet {without}in {value_text(sorted(self.tags.of_ranges[bare]))}"
        return f"{without}request.known" if bare == KNOWN else f"{value_text(bare)} {without}in classes"

    def class_name(self, tag: str) -> str:
        """What allow and deny say for a tag. Raises InvalidValue."""
        return KNOWN if tag == KNOWN else str(self.class_of([tag]).arguments[0])

    def ordered(self) -> list[Call]:
        """The classes, of two that set the same the later one of the file first; those that hosts alone name at the end."""
        made = self._sorted(self.classes.values())
        if any(True for _ in self.torn(made)):
            made = self._sorted(part for one in made for part in self._parted(one))
        known = {str(call.arguments[0]) for call in made}
        return [*made, *(Call("client_class", [tag]) for tag in sorted(self.tags.of_hosts - known))]

    def _sorted(self, calls: Iterable[Call]) -> list[Call]:
        """In the order of the file but where another one goes before."""
        rest, made = list(calls), []
        while rest:
            at = next((at for at, one in enumerate(rest) if not any(self._is_later(other, one) for other in rest)), 0)
            made.append(rest.pop(at))
        return made

    def _parted(self, one: Call) -> list[Call]:
        """A class whose boot file and whose options have another place among the others' as two."""
        boot = [name for name in BOOT if name in one.keywords]
        if not boot or len(boot) == len(one.keywords):
            return [one]
        values = {name: one.keywords.pop(name) for name in boot}
        made = Call("client_class", [f"{one.arguments[0]} boot", *one.arguments[1:]], values)
        self._lines.update({(id(made), name): self._lines[id(one), name] for name in boot if (id(one), name) in self._lines})
        return [one, made]

    def torn(self, made: Sequence[Call]) -> Iterator[tuple[Call, Call, str]]:
        """Of classes in their order those of which the second one was said later than the first, with what of it."""
        for at, one in enumerate(made):
            for other in made[at + 1:]:
                for name in self._shared(one, other):
                    if self._lines[id(one), name] < self._lines[id(other), name]:
                        yield one, other, name

    def _shared(self, one: Call, other: Call) -> list[str]:
        return [name for name in one.keywords if (id(one), name) in self._lines and (id(other), name) in self._lines]

    def _is_later(self, one: Call, other: Call) -> bool:
        """Whether it was said later, what both set; of that boot files decide."""
        shared = self._shared(one, other)
        names = [name for name in BOOT if name in shared] or shared
        return max((self._lines[id(one), name] for name in names), default=0) > max(
            (self._lines[id(other), name] for name in names), default=0)


def _ends(text: str) -> tuple[int, int]:
    """The first and the last address of a range."""
    first, _, last = text.partition(" - ")
    return address_from(first), address_from(last)
