"""What would change for clients, gathered into sentences with counts. In bounded room, however many clients there are."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pydhcpd.addresses import address_text
from pydhcpd.escape import escape
from pydhcpd.whatif.verdicts import Change

MOST_NAMED = 5  # clients in a sentence
MOST_PAIRS = 3  # values of one thing in one network that are told each by itself
MOST_NETWORKS = 3  # for which the same is told each by itself


@dataclass(slots=True)
class _Group:
    """Clients to whom the same happens."""

    count: int = 0
    some: list[str] = field(default_factory=list)

    def add(self, words: str) -> None:
        """One more client."""
        self.count += 1
        if len(self.some) < MOST_NAMED:
            self.some.append(words)

    def __str__(self) -> str:
        return named(self.some, self.count)


@dataclass(slots=True)
class _Values:
    """The clients of a network for which one thing would be another; how many for each pair of values, while there are few."""

    count: int = 0
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, pair: tuple[str, str]) -> None:
        """One more client."""
        self.count += 1
        if pair in self.pairs or len(self.pairs) <= MOST_PAIRS:
            self.pairs[pair] = self.pairs.get(pair, 0) + 1


class Summary:
    """Changes, gathered."""

    def __init__(self) -> None:
        self.clients = 0  # for whom anything would change
        self._lost: dict[tuple[str, str, str], _Group] = {}  # by network, why, and why there is no other; the latter "" for one
        self._gained: dict[str, _Group] = {}  # by network
        self._values: dict[tuple[str, str], _Values] = {}  # by network, and what it is

    def add(self, change: Change) -> None:
        """One more client."""
        self.clients += 1
        address = change.client.row.address
        if change.gains:
            self._gained.setdefault(change.network, _Group()).add(f"{address_text(change.given)} ({change.client})")
        elif change.given != address and not change.values:
            given = f" -> {address_text(change.given)}" if change.given else ""
            self._lost.setdefault((change.network, change.lost, change.reason), _Group()).add(
                f"{address_text(address)}{given} ({change.client})")
        for about, one, other in change.values:
            self._values.setdefault((change.network, about), _Values()).add((one, other))

    def sentences(self) -> Iterator[str]:
        """The worst first."""
        for (network, why, reason), group in sorted(self._lost.items(), key=lambda one: (not one[0][2], -one[1].count)):
            because = f" ({why})" if why else ""
            instead = f"and get none, {escape(reason)}: " if reason else "and get another one: "
            address = "its address" if group.count == 1 else "their addresses"
            yield f"{_clients(group.count, network)} would lose {address}{because} {instead}{group}"
        for network, group in self._gained.items():
            do = "does" if group.count == 1 else "do"
            yield f"{_clients(group.count, network)} would get an address, and {do} not now: {group}"
        yield from self._of_values()

    def _of_values(self) -> Iterator[str]:
        """What is the same for the clients of many networks is one sentence."""
        alike: dict[tuple[str, str, str], list[tuple[str, int]]] = {}
        various: list[tuple[int, str]] = []
        for (network, about), values in self._values.items():
            if len(values.pairs) > MOST_PAIRS:
                one, other = next(iter(values.pairs))
                various.append((values.count, f"{_clients(values.count, network)}: {about} differs from client to client, "
                                              f"such as {one} -> {other}"))
                continue
            for (one, other), count in values.pairs.items():
                alike.setdefault((about, one, other), []).append((network, count))
        for (about, one, other), places in alike.items():
            change = f"{about} {one} -> {other}"
            if len(places) > MOST_NETWORKS:
                total = sum(count for _, count in places)
                various.append((total, f"{_clients(total, f'{len(places):,} networks')}: {change}"))
            else:
                various += [(count, f"{_clients(count, network)}: {change}") for network, count in places]
        yield from (words for _, words in sorted(various, key=lambda one: -one[0]))


def named(some: Sequence[str], count: int) -> str:
    """Some by name, and how many more there are."""
    return ", ".join(some) + (f" and {count - len(some):,} more" if count > len(some) else "")


def _clients(count: int, network: str) -> str:
    of = f" of {network}" if network else " of no network that is served"
    return f"{count:,} client{'' if count == 1 else 's'}{of}"


def few(sentences: Iterable[str], most: int) -> Iterator[str]:
    """The first ones, and how many more there are."""
    more = 0
    for number, one in enumerate(sentences):
        if number < most:
            yield one
        else:
            more += 1
    if more:
        yield f"and {more:,} more"
