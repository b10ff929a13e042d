"""Reservations: what `host()` of the configuration makes, and the index that finds one for a request.

A host is known by any of its hardware addresses, client identifiers and UUIDs, by all of the relay's fields that are
given (RFC 3046), or, where that is asked for, by the name that it sends.
"""

from collections.abc import Callable, Iterable, Mapping
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
    def of(cls, line: int, ip: object = None, hostname: object = None, *, mac: object = None, client_id: object = None,
           uuid: object = None, relay: object = None, remote_id: object = None, circuit_id: object = None,
           subscriber_id: object = None, match_hostname: bool = False, ignore: bool = False,
           **settings: object) -> "Reservation":
        """Check `host()`'s arguments. Raises InvalidValue for the first that is wrong."""
        fields: dict[str, int | bytes] = {} if relay is None else {"relay": address_from(relay)}
        for key, value in (("circuit_id", circuit_id), ("remote_id", remote_id), ("subscriber_id", subscriber_id)):
            if value is not None:
                fields[key] = BYTES.encode(value)
        made = cls(0 if ip is None else address_from(ip), _hostname(hostname), _several(mac, hardware_from),
                   _several(client_id, BYTES.encode), _several(uuid, _uuid), tuple(sorted(fields.items())),
                   bool(match_hostname), bool(ignore), settings, line)
        if not (made.macs or made.client_ids or made.uuids or made.relay or (made.match_hostname and made.hostname)):
            raise InvalidValue("host() says nothing of who it is; give mac, client_id, uuid, relay, remote_id, "
                               "circuit_id or subscriber_id, or hostname with match_hostname=True")
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
        if self.match_hostname:
            found.append(("hostname", self.hostname.casefold()))
        return found


def _several(value: object, convert: Callable[[object], bytes]) -> tuple[bytes, ...]:
    if value is None:
        return ()
    return tuple(convert(one) for one in (value if isinstance(value, list | tuple) else [value]))


def _hostname(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value or len(value) > 255 or not value.isprintable():
        raise InvalidValue(f"hostname {value!r} is not a name; allowed is printable text of 1 to 255 characters")
    return value


def _uuid(value: object) -> bytes:
    """The bytes of option 97 (RFC 4578 section 2.3): a zero, and the UUID as the firmware sends it."""
    text = str(value).replace("-", "")
    try:
        octets = value if isinstance(value, bytes) else bytes.fromhex(text)
    except ValueError:
        octets = b""
    if len(octets) not in (16, 17):
        raise InvalidValue(f"uuid {value!r} is not a UUID; allowed is text of 32 hexadecimal digits, with or without -")
    return octets[-16:]


class ReservationIndex:
    """Finds the reservation of a request by look-ups; those kinds of identity that nobody uses cost nothing."""

    __slots__ = ("_finders", "_maps")

    def __init__(self, reservations: Iterable[Reservation]) -> None:
        """Raises InvalidValue where two hosts have one identity; the message names both lines."""
        self._maps: dict[str, dict[object, Reservation]] = {}
        for one in reservations:
            for kind, value in one.identities():
                other = self._maps.setdefault(kind, {}).setdefault(value, one)
                if other is not one:
                    raise InvalidValue(f"the host of line {one.line} has the same {kind.split(':')[0]} as the one of "
                                       f"line {other.line}; allowed is one host for each")
        self._finders = [(_finder(kind), known) for kind, known in sorted(self._maps.items(), key=_precedence)]

    def __len__(self) -> int:
        return sum(len(known) for known in self._maps.values())

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
            "hostname": lambda request: request.options.get(12, b"").decode("utf-8", "replace").casefold()}[kind]


def _relay_values(request: Request, names: list[str]) -> tuple[int | bytes | None, ...]:
    sent = suboptions(request.options.get(82, b""))
    known: dict[str, int | bytes | None] = {
        "relay": request.giaddr, "circuit_id": sent.get(CIRCUIT_ID), "remote_id": sent.get(REMOTE_ID),
        "subscriber_id": sent.get(SUBSCRIBER_ID)}
    return tuple(known[name] for name in names)
