"""Reservations: what `host()` of the configuration makes, and the index that finds one for a request.

A host is known by any of its hardware addresses, client identifiers and UUIDs, by all of the relay's fields that are
given (RFC 3046), or, where that is asked for, by the name that it sends.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.addresses import address_from, hardware_from
from pydhcpd.errors import InvalidValue
from pydhcpd.wire.codecs import BYTES
from pydhcpd.wire.packet import Request
from pydhcpd.wire.relay import CIRCUIT_ID, REMOTE_ID, SUBSCRIBER_ID, suboptions

RelayFields = tuple[tuple[str, int | bytes], ...]


@dataclass(frozen=True, slots=True)
class Reservation:
    """One host: who it is, and what it gets. `ip` is in host byte order, 0 for none; `line` is where it was written."""

    ip: int = 0
    hostname: str = ""
    macs: tuple[bytes, ...] = ()
    client_ids: tuple[bytes, ...] = ()
    uuids: tuple[bytes, ...] = ()
    relay: RelayFields = ()
    match_hostname: bool = False
    ignore: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "Reservation":
        """Check `host()`'s arguments. Raises InvalidValue with all that are wrong; what it does not know are settings."""
        checked: dict[str, Any] = {}
        wrong = []
        for name, check in _ARGUMENTS.items():
            if arguments.get(name) is not None:
                try:
                    checked[name] = check(arguments[name])
                except InvalidValue as error:
                    wrong.append(f"{name}: {error}")
        if wrong:
            raise InvalidValue("; ".join(wrong))
        relay = tuple((name, checked[name]) for name in sorted(_RELAY_FIELDS) if name in checked)
        made = cls(checked.get("ip", 0), checked.get("hostname", ""), checked.get("mac", ()), checked.get("client_id", ()),
                   checked.get("uuid", ()), relay, checked.get("match_hostname", False), checked.get("ignore", False),
                   {name: value for name, value in arguments.items() if name not in _ARGUMENTS}, line)
        if not made.identities():
            raise InvalidValue("nothing says who it is; allowed are mac, client_id, uuid, relay, remote_id, circuit_id, "
                               "subscriber_id, or hostname with match_hostname=True")
        return made

    def knows(self, client: bytes, hardware: bytes) -> bool:
        """Whether a client, by the key of its lease and its hardware address, is this host."""
        return hardware in self.macs or (client[:1] == b"\1" and client[1:] in self.client_ids)

    def identities(self) -> list[tuple[str, object]]:
        """Everything that it is known by, as (kind, value)."""
        found: list[tuple[str, object]] = [("mac", one) for one in self.macs]
        found += [("client_id", one) for one in self.client_ids] + [("uuid", one) for one in self.uuids]
        if self.relay:
            found.append(("relay:" + ",".join(name for name, _ in self.relay), tuple(content for _, content in self.relay)))
        if self.match_hostname and self.hostname:
            found.append(("hostname", self.hostname.casefold()))
        return found


def _several(convert: Callable[[object], bytes]) -> Callable[[object], tuple[bytes, ...]]:
    """One value or several."""
    return lambda value: tuple(convert(one) for one in (value if isinstance(value, list | tuple) else [value]))


def _hostname(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.encode()) < 256 or not value.isprintable():
        raise InvalidValue(f"{value!r} is not a name; allowed is printable text of 1 to 255 bytes")
    return value


def _identifier(value: object) -> bytes:
    octets = BYTES.encode(value)
    if not octets:
        raise InvalidValue(f"{value!r} is empty; allowed is {BYTES.allowed}")
    return octets


def _uuid(value: object) -> bytes:
    """The 16 bytes that follow the type in option 97 (RFC 4578 section 2.3), in the order in which the firmware sends them."""
    try:
        octets = value if isinstance(value, bytes) else bytes.fromhex(str(value).replace("-", ""))
    except ValueError:
        octets = b""
    if len(octets) not in (16, 17):
        raise InvalidValue(f"{value!r} is not a UUID; allowed is text of 32 hexadecimal digits, with or without -")
    return octets[-16:]


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is True or False")
    return value


_RELAY_FIELDS = ("relay", "circuit_id", "remote_id", "subscriber_id")
_ARGUMENTS: dict[str, Callable[[object], Any]] = {
    "ip": address_from, "hostname": _hostname, "mac": _several(hardware_from), "client_id": _several(_identifier),
    "uuid": _several(_uuid), "relay": address_from, "circuit_id": _identifier, "remote_id": _identifier,
    "subscriber_id": _identifier, "match_hostname": _truth, "ignore": _truth}


def shared_identities(reservations: Iterable[Reservation]) -> Iterator[tuple[Reservation, Reservation, str]]:
    """Pairs of hosts that are known by the same thing, and which; the first of each identity is the second of the pair."""
    first: dict[tuple[str, object], Reservation] = {}
    for one in reservations:
        for kind, value in one.identities():
            other = first.setdefault((kind, value), one)
            if other is not one:
                yield one, other, kind.removeprefix("relay:")


class ReservationIndex:
    """Finds the reservation of a request by look-ups; those kinds of identity that nobody uses cost nothing."""

    __slots__ = ("_finders", "is_empty")

    def __init__(self, reservations: Iterable[Reservation]) -> None:
        maps: dict[str, dict[object, Reservation]] = {}
        for one in reservations:
            for kind, value in one.identities():
                maps.setdefault(kind, {})[value] = one
        self.is_empty = not maps
        self._finders = [(_finder(kind), known) for kind, known in sorted(maps.items(), key=_precedence)]

    def find(self, request: Request) -> Reservation | None:
        """The reservation of the client that sent the request."""
        for value_of, known in self._finders:
            found = known.get(value_of(request))
            if found is not None:
                return found
        return None


def _precedence(item: tuple[str, object]) -> int:
    return ("client_id", "mac", "uuid", "relay", "hostname").index(item[0].split(":")[0])


def _finder(kind: str) -> Callable[[Request], object]:
    if kind.startswith("relay:"):
        names = kind.removeprefix("relay:").split(",")
        return lambda request: _relay_values(request, names)
    return {"mac": lambda request: request.chaddr[:request.hlen],
            "client_id": lambda request: request.options.get(61),
            "uuid": lambda request: request.options.get(97, b"")[1:],
            "hostname": lambda request: request.options.get(12, b"").rstrip(b"\0").decode("utf-8", "replace").casefold()}[kind]


def _relay_values(request: Request, names: list[str]) -> tuple[int | bytes | None, ...]:
    sent = suboptions(request.options.get(82, b""))
    known: dict[str, int | bytes | None] = {
        "relay": request.giaddr, "circuit_id": sent.get(CIRCUIT_ID), "remote_id": sent.get(REMOTE_ID),
        "subscriber_id": sent.get(SUBSCRIBER_ID)}
    return tuple(known[name] for name in names)
