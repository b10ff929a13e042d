"""`Services`: starts the services that a configuration wants, starts again what died, with growing pauses, and stops them.

All of it is for the main thread. Does not know what any service does.
"""

import logging
from collections.abc import Iterator, Sequence

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import ServiceRow
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.services.service import Opener, Service, Surroundings

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds between attempts to start a service that does not last
LASTING = 120.0  # seconds after which one that ran counts as well


class _Place:
    """One kind of service: its instance, if it runs, and when to try again."""

    def __init__(self, kind: type[Service]) -> None:
        self.kind = kind
        self._holding: tuple[Service | None, int] = None, 0  # the instance, and how much those before it have dropped
        self.is_wanted = False
        self.pause, self.retry_at, self.started_at = FIRST_PAUSE, 0.0, 0.0
        self.trouble = ""
        self.failures = 0

    @property
    def instance(self) -> Service | None:
        """What runs."""
        return self._holding[0]

    def hold(self, instance: Service) -> None:
        """It runs from now on."""
        self._holding = instance, self._holding[1]

    def let_go(self) -> None:
        """It runs no more."""
        self._holding = None, self.row().dropped

    def row(self) -> ServiceRow:
        """How it fares; for any thread. What was dropped never grows less."""
        instance, dropped = self._holding
        if instance is None:
            return ServiceRow(self.kind.name, self.trouble, False, 0, dropped, self.failures)
        trouble = [f"before, it {self.trouble}"] if self.trouble else []
        return ServiceRow(self.kind.name, "; ".join(["runs", *instance.status(), *trouble]), True, instance.waiting(),
                          dropped + instance.dropped(), self.failures)


class Services:
    """The services of a daemon, in the order of `kinds`."""

    def __init__(self, kinds: Sequence[type[Service]], surroundings: Surroundings) -> None:
        self._places = [_Place(kind) for kind in kinds]
        self._surroundings = surroundings

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Have those that run get ready for a configuration. Raises InvalidValue before anything has changed."""
        for place in self._places:
            if place.instance is not None and place.kind.is_wanted(configuration):
                place.instance.prepare(configuration)

    def reconfigure(self, configuration: DHCPServerConfiguration, now: float) -> None:
        """Take over what was prepared: start what is wanted from now on, stop what is not. `now` is of the monotonic clock."""
        for place in self._places:
            place.is_wanted = place.kind.is_wanted(configuration) and self._has_ports(place.kind, configuration)
            if place.instance is not None and place.is_wanted:
                place.instance.reconfigure()
            elif place.instance is not None:
                self._end(place)
            elif place.is_wanted:
                place.pause, place.retry_at = FIRST_PAUSE, now
        self.look(now)

    def _has_ports(self, kind: type[Service], configuration: DHCPServerConfiguration) -> bool:
        """A port that was not opened at the start cannot be opened any more, for we are not root. Whoever has another of its
        ports serves by that."""
        ports = kind.ports(configuration).keys()
        missing = ports - self._surroundings.ports.keys()
        if missing:
            log.warning("%s needs a restart of pydhcpd: its port (%s) can be opened only at the start", kind.name,
                        ", ".join(sorted(missing)))
        return not missing or missing < ports

    def look(self, now: float) -> None:
        """Start again what died."""
        for place in self._places:
            if place.instance is not None and not place.instance.is_alive():
                self._note_death(place, now)
            if place.is_wanted and place.instance is None and now >= place.retry_at:
                self._begin(place, now)

    def next_look(self) -> float | None:
        """When to look again at the latest, by the monotonic clock; None where everything runs."""
        return min((place.retry_at for place in self._places if place.is_wanted and place.instance is None), default=None)

    def _begin(self, place: _Place, now: float) -> None:
        try:
            made = place.kind(self._surroundings)
            made.prepare(self._surroundings.configuration())
            made.reconfigure()
            made.start()
        except Exception as error:  # whatever a service does, DHCP is served
            is_expected = isinstance(error, InvalidValue | StoreError | OSError)
            self._tell(place, now, f"cannot be started: {error or type(error).__name__}", is_expected)
        else:
            place.started_at = now
            place.hold(made)

    def _note_death(self, place: _Place, now: float) -> None:
        self._end(place)
        if now - place.started_at >= LASTING:
            place.pause = FIRST_PAUSE
        self._tell(place, now, "ended by itself", is_expected=True)

    def _tell(self, place: _Place, now: float, trouble: str, is_expected: bool) -> None:
        log.error("%s %s; it is started again in %.0f s", place.kind.name, trouble, place.pause, exc_info=not is_expected)
        place.trouble = trouble
        place.failures += 1
        place.retry_at, place.pause = now + place.pause, min(place.pause * 2, LONGEST_PAUSE)

    def _end(self, place: _Place) -> None:
        if place.instance is not None:
            try:
                place.instance.stop()
            except Exception:
                log.exception("%s could not be stopped", place.kind.name)
            place.let_go()

    def status(self) -> Iterator[ServiceRow]:
        """How each service fares that is wanted."""
        return (row for place in self._places if (row := place.row()).runs or place.is_wanted)

    def stop(self) -> None:
        """Stop all, the last first."""
        for place in reversed(self._places):
            place.is_wanted = False
            self._end(place)

    def __iter__(self) -> Iterator[type[Service]]:
        return (place.kind for place in self._places)


def openers(kinds: Sequence[type[Service]], configuration: DHCPServerConfiguration) -> dict[str, Opener]:
    """What the services of a configuration must have opened while we are still root."""
    return {name: opener for kind in kinds if kind.is_wanted(configuration)
            for name, opener in kind.ports(configuration).items()}
