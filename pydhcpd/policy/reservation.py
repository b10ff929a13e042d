"""Reservations: what `host()` of the configuration makes, and the index that finds one for a request.

A host is known by any of its hardware addresses, client identifiers and UUIDs, by all of the relay's fields that are
given (RFC 3046), or, where that is asked for, by the name that it sends. A hardware address may have `*` for an octet:
then all that fit are this host, but for those that another one names more exactly.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydhcpd.addresses import address_from, address_text, machine_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import as_written
from pydhcpd.policy.arguments import check_arguments, hostname
from pydhcpd.policy.machine_uuid import orders_of
from pydhcpd.policy.scope import Scope
from pydhcpd.wire.codecs import BYTES
from pydhcpd.wire.packet import Request
from pydhcpd.wire.relay import CIRCUIT_ID, REMOTE_ID, SUBSCRIBER_ID, suboptions

SEVERAL = (list, tuple)
RelayFields = tuple[tuple[str, int | bytes], ...]
Pattern = tuple[bytes, bytes]  # a hardware address and a mask over it: what the mask leaves is what must be equal


@dataclass(frozen=True, slots=True, repr=False)
class Reservation:
    """One host: who it is, and what it gets. `ips` are in host byte order, at most one of each subnet.

    `settings` are as they were written, and `scope` the same compiled, None where there are none; `file` and `line` are
    where it was written.
    """

    ips: tuple[int, ...] = ()
    hostname: str = ""
    macs: tuple[bytes, ...] = ()
    client_ids: tuple[bytes, ...] = ()
    uuids: tuple[bytes, ...] = ()
    relay: RelayFields = ()
    match_hostname: bool = False
    ignore: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0
    patterns: tuple[Pattern, ...] = ()
    classes: tuple[str, ...] = ()
    scope: Scope | None = None
    file: str = ""

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object], file: str = "") -> "Reservation":
        """Check `host()`'s arguments. Raises InvalidValue with all that are wrong; what it does not know are settings."""
        checked, settings = check_arguments(arguments, ARGUMENTS)
        relay = tuple((name, checked[name]) for name in _RELAY_FIELDS if name in checked)
        macs = checked.get("mac", ())
        made = cls(checked.get("ip", ()), checked.get("hostname", ""), tuple([one for one in macs if isinstance(one, bytes)]),
                   checked.get("client_id", ()), checked.get("uuid", ()), relay, checked.get("match_hostname", False),
                   checked.get("ignore", False), settings, line,
                   tuple([one for one in macs if isinstance(one, tuple)]), checked.get("classes", ()), file=file)
        if not made.identities():
            raise InvalidValue("nothing says who it is; allowed are mac, client_id, uuid, relay, remote_id, circuit_id, "
                               "subscriber_id, or hostname with match_hostname=True")
        return made

    def knows(self, client: bytes, hardware: bytes) -> bool:
        """Whether a client, by the key of its lease and its hardware address, is this host."""
        return (hardware in self.macs or (client[:1] == b"\1" and client[1:] in self.client_ids)
                or any(_masked(hardware, mask) == value for value, mask in self.patterns))

    def with_scope(self, scope: Scope) -> "Reservation":
        """The same with its settings compiled. Field by field: there may be hundreds of thousands."""
        return Reservation(self.ips, self.hostname, self.macs, self.client_ids, self.uuids, self.relay, self.match_hostname,
                           self.ignore, self.settings, self.line, self.patterns, self.classes, scope, self.file)

    def __str__(self) -> str:
        """What it is called in messages."""
        parts = [f"ip={address_text(ip)!r}" for ip in self.ips[:1]]
        if self.hostname:
            parts.append(f"hostname={self.hostname!r}")
        parts += [f"mac={mac.hex(':')!r}" for mac in self.macs[:1]]
        parts += [f"mac={_pattern_text(pattern)!r}" for pattern in self.patterns[:1]]
        parts += [f"client_id={as_written(one)}" for one in self.client_ids[:1]]
        parts += [f"{name}={as_written(value) if isinstance(value, bytes) else repr(address_text(value))}"
                  for name, value in self.relay]
        return f"host({', '.join(parts) or '...'})"

    __repr__ = __str__

    @property
    def place(self) -> str:
        """Where it was written: FILE:LINE, or the line alone."""
        return f"{self.file}:{self.line}" if self.file else f"line {self.line}"

    def identities(self) -> list[tuple[str, object]]:
        """Everything that it is known by, as (kind, value)."""
        found: list[tuple[str, object]] = [("mac", one) for one in self.macs]
        found += [(f"mac:{mask.hex()}", value) for value, mask in self.patterns]
        found += [("client_id", one) for one in self.client_ids] + [("uuid", one) for one in self.uuids]
        if self.relay:
            found.append(("relay:" + ",".join(name for name, _ in self.relay), tuple(content for _, content in self.relay)))
        if self.match_hostname and self.hostname:
            found.append(("hostname", self.hostname.casefold()))
        return found


def _several(convert: Callable[[object], Any]) -> Callable[[object], tuple[Any, ...]]:
    """One value or several."""
    def converted(value: object) -> tuple[Any, ...]:
        return tuple([convert(one) for one in value]) if isinstance(value, SEVERAL) else (convert(value),)
    return converted


def _mac(value: object) -> bytes | Pattern:
    """A hardware address, or a pattern of one where an octet is `*`."""
    if not isinstance(value, str) or "*" not in value:
        return machine_from(value)
    octets = value.replace("-", ":").split(":")
    try:
        exact = machine_from(":".join("0" if octet == "*" else octet for octet in octets))
    except InvalidValue:
        raise InvalidValue(f"{value!r} is not a hardware address of 6 octets; allowed is text such as '02:00:00:*:*:*', "
                           "with * for a whole octet") from None
    return exact, bytes(0 if octet == "*" else 255 for octet in octets)


def _pattern_text(pattern: Pattern) -> str:
    return ":".join(f"{octet:02x}" if mask else "*" for octet, mask in zip(*pattern, strict=True))


def _masked(hardware: bytes, mask: bytes) -> bytes:
    """A hardware address under a mask of its own length; empty where the lengths differ."""
    if len(hardware) != len(mask):
        return b""
    return bytes([octet & bits for octet, bits in zip(hardware, mask, strict=True)])


def _class_names(value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        raise InvalidValue(f"{value!r} is no list of classes; allowed are their names")
    return tuple(names)


def _identifier(value: object) -> bytes:
    octets = BYTES.encode(value)
    if not octets:
        raise InvalidValue(f"{value!r} is empty; allowed is {BYTES.allowed}")
    return octets


def _uuids(value: object) -> tuple[bytes, ...]:
    """One UUID or several, each in the orders in which the firmware may send it."""
    each = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(octets for one in each for octets in orders_of(one)))


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is True or False")
    return value


_RELAY_FIELDS = ("circuit_id", "relay", "remote_id", "subscriber_id")  # in this order they make one kind of identity
ARGUMENTS: dict[str, Callable[[object], Any]] = {
    "ip": _several(address_from), "hostname": hostname, "mac": _several(_mac), "client_id": _several(_identifier),
    "uuid": _uuids, "relay": address_from, "circuit_id": _identifier, "remote_id": _identifier,
    "subscriber_id": _identifier, "match_hostname": _truth, "ignore": _truth, "classes": _class_names}


class ReservationIndex:
    """Finds the hosts of a request by look-ups; those kinds of identity that nobody uses cost nothing.

    One identity may belong to several hosts, each with an address in another subnet.
    """

    __slots__ = ("_finders", "is_empty", "listed", "reads_relay")

    def __init__(self, reservations: Iterable[Reservation]) -> None:
        self.listed = tuple(reservations)
        maps: dict[str, dict[object, tuple[Reservation, ...]]] = {}
        for one in self.listed:
            for kind, value in one.identities():
                known = maps.setdefault(kind, {})
                known[value] = (*known.get(value, ()), one)
        self.is_empty = not maps
        self.reads_relay = any(kind.startswith("relay:") for kind in maps)
        self._finders = [(_finder(kind), known, _is_pattern(kind))
                         for kind, known in sorted(maps.items(), key=_precedence)]

    def of(self, request: Request) -> Iterator[tuple[Reservation, ...]]:
        """The hosts that the client is, by each kind of identity that tells any, the more exact first: a machine may be known
        by another identifier in each subnet. A host of a pattern is only who is known by nothing more exact."""
        is_known = False
        for value_of, known, is_pattern in self._finders:
            if is_pattern and is_known:
                return
            found = known.get(value_of(request))
            if found is not None:
                is_known = True
                yield found


_KINDS = ("client_id", "mac", "uuid", "relay", "hostname")


def _precedence(item: tuple[str, object]) -> tuple[int, int, int]:
    """Exact before patterns, and of these those that leave less open; of the relay's fields the larger sets first."""
    kind, _, rest = item[0].partition(":")
    return len(_KINDS) if _is_pattern(item[0]) else _KINDS.index(kind), -rest.count("f"), -rest.count(",")


def _is_pattern(kind: str) -> bool:
    return kind.startswith("mac:")


def _finder(kind: str) -> Callable[[Request], object]:
    kind, _, rest = kind.partition(":")
    if kind == "relay":
        names = rest.split(",")
        return lambda request: _relay_values(request, names) if request.relay or request.relay_address else None
    if rest:
        return _pattern_finder(bytes.fromhex(rest))
    return {"mac": lambda request: request.chaddr[:request.hlen],
            "client_id": lambda request: request.identifier,
            "uuid": lambda request: request.options.get(97, b"")[1:],
            "hostname": lambda request: request.options.get(12, b"").rstrip(b"\0").decode("utf-8", "replace").casefold()}[kind]


def _pattern_finder(mask: bytes) -> Callable[[Request], object]:
    size, bits = len(mask), int.from_bytes(mask, "big")

    def masked(request: Request) -> bytes | None:
        if request.hlen != size:
            return None
        return (int.from_bytes(request.chaddr[:size], "big") & bits).to_bytes(size, "big")

    return masked


def _relay_values(request: Request, names: list[str]) -> tuple[int | bytes | None, ...]:
    sent = suboptions(request.relay)
    known: dict[str, int | bytes | None] = {
        "relay": request.relay_address, "circuit_id": sent.get(CIRCUIT_ID), "remote_id": sent.get(REMOTE_ID),
        "subscriber_id": sent.get(SUBSCRIBER_ID)}
    return tuple(known[name] for name in names)
