"""`ZoneTable`: the zones of a configuration, which of them holds for which address, and what to call each."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.policy.dns.zone import DnsZone, server_text, zone_of_address, zone_of_name

Zones = Sequence[DnsZone]


class ZoneTable:
    """Of one configuration. `by_label` has each zone by its name; where several have one name, as subnets may have zones of
    their own, the server stands behind it."""

    def __init__(self, configuration: DHCPServerConfiguration) -> None:
        self._usual: Zones = configuration["dns_zones"]
        self._own: dict[tuple[int, int], Zones] = dict(_own_of(configuration))  # by mask and base
        self._masks = sorted({mask for mask, _ in self._own}, reverse=True)
        self._labels = _labels([zone for zones in (self._usual, *self._own.values()) for zone in zones])

    @property
    def by_label(self) -> Mapping[str, DnsZone]:
        """Every zone."""
        return {label: zone for zone, label in self._labels.items()}

    def of_name(self, name: str, address: int) -> tuple[str, DnsZone] | None:
        """The zone that the name of an address is of, and its label."""
        return self._labelled(zone_of_name(self._of(address), name))

    def of_address(self, address: int) -> tuple[str, DnsZone] | None:
        """The zone that an address is of, and its label."""
        return self._labelled(zone_of_address(self._of(address), address))

    def _of(self, address: int) -> Zones:
        keys = ((mask, address & mask) for mask in self._masks)
        return next((self._own[key] for key in keys if key in self._own), self._usual)

    def _labelled(self, zone: DnsZone | None) -> tuple[str, DnsZone] | None:
        return None if zone is None else (self._labels[zone], zone)


def _own_of(configuration: DHCPServerConfiguration) -> list[tuple[tuple[int, int], Zones]]:
    """The zones of the subnets for which not the usual ones hold."""
    places = [(one, one.scope) for one in configuration.subnets]
    places += [(one, one.scope.over(shared.scope)) for shared in configuration.shared_networks for one in shared.subnets]
    return [((subnet.mask, subnet.base), scope.settings["dns_zones"] or ()) for subnet, scope in places
            if "dns_zones" in scope.settings]


def _labels(zones: Sequence[DnsZone]) -> dict[DnsZone, str]:
    labels: dict[DnsZone, str] = {}
    for zone in zones:
        if zone not in labels:
            labels[zone] = next(one for one in _ways_to_call(zone) if one not in labels.values())
    return labels


def _ways_to_call(zone: DnsZone) -> Iterator[str]:
    yield zone.name
    yield (longer := f"{zone.name} at {', '.join(server_text(*one) for one in zone.servers)}")
    yield from (f"{longer} ({number})" for number in count(2))  # with another key
