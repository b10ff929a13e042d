"""`Fields`: what a request says, by the names of the configuration: those of the header and the relay, and every option.

Owns the names, where each lies in a request, and its form for people: a hardware address, a UUID and addresses as text,
identifiers as bytes, options as their codec decodes them. What is absent is None; what cannot be decoded stays bytes. Does
not know what is asked of a field.

A field is read in two steps: `raw` is cheap and can be a key (bytes, a number), `read` makes people's form of it.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydhcpd.addresses import address_from, address_text, machine_from
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.names import MATCH, remedy
from pydhcpd.policy.arguments import interface_name
from pydhcpd.policy.machine_uuid import orders_of, text_of
from pydhcpd.wire import codecs
from pydhcpd.wire.codecs import BYTES, Codec
from pydhcpd.wire.options import BY_NAME, END, PAD, VENDOR_IDENTIFYING, VENDOR_SPECIFIC, Inside, Option, option_named
from pydhcpd.wire.packet import BOOTP, FROM_CLIENTS, MESSAGE_NAMES, UNKNOWN_KIND, Request
from pydhcpd.wire.relay import CIRCUIT_ID, REMOTE_ID, SUBSCRIBER_ID, suboption_in

NUMBER, ADDRESS, TEXT, OCTETS, HARDWARE, UUID, WORD, TRUTH, SERVER, RECORD = range(10)
"""What a value is in people's form, so which comparators make sense. WORD is one of a few, SERVER a name or an address."""

CLIENT_UUID, RELAY_INFORMATION = 97, 82
MESSAGES = {BOOTP: "BOOTP", **MESSAGE_NAMES}
SENT = tuple(name for kind, name in MESSAGES.items() if kind == BOOTP or kind in FROM_CLIENTS)
OFTEN_UNIQUE = frozenset((12, 50, 61, 81, 82, 90, 97))  # options of which nearly every client has a value of its own
ALLOWED_NAMES = "allowed are mac, giaddr, circuit_id and so on, and options by name"

Raw = Callable[[Request], Hashable | None]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is one of those above.

    `value` gives what people write its usual form, that of `read`, None where that is what they mean; a list where the field
    holds several. It raises InvalidValue. `key` gives that as `raw` has it; None where there are several raw values for one.
    `varies`: nearly every client has a value of its own.
    """

    name: str
    kind: int
    raw: Raw
    read: Callable[[Any], object]
    value: Callable[[object], object]
    key: Callable[[Any], Hashable] | None = None
    reads_relay: bool = False
    varies: bool = False

    def of(self, request: Request) -> object:
        """The value of a request in people's form."""
        raw = self.raw(request)
        return None if raw is None else self.read(raw)


def _same(value: Any) -> Any:
    return value


# --- the header

def _hardware(request: Request) -> bytes | None:
    return request.chaddr[:request.hlen] or None


def _machine(value: object) -> bytes:
    if isinstance(value, str) and "*" in value:
        raise InvalidValue(f"{value!r} is not a hardware address; write PREFIX({value.partition('*')[0].rstrip(':-')!r})")
    return machine_from(value)


def _hardware_text(octets: bytes) -> str:
    return octets.hex(":")


def _uuid_from(value: object) -> list[str | bytes]:
    """What a UUID that people write may look like as it is sent."""
    return [text_of(octets) for octets in orders_of(value)]


def _uuid(request: Request) -> bytes | None:
    return request.options.get(CLIENT_UUID, b"")[1:] or None


def _address(value: object) -> str | None:
    """The usual form of an address; 0.0.0.0 is none."""
    if isinstance(value, str) and "/" in value:
        raise InvalidValue(f"{value!r} is not an IPv4 address; write NETWORK({value!r})")
    address = address_from(value)
    return address_text(address) if address else None


def _message(request: Request) -> int | None:
    return None if request.kind == UNKNOWN_KIND else request.kind


def _message_text(kind: int) -> str | int:
    return MESSAGES.get(kind, kind)


def _message_from(value: object) -> str:
    name = value.upper() if isinstance(value, str) else value
    if name not in SENT:
        raise InvalidValue(f"{value!r} is no message of a client; allowed are {', '.join(SENT)}")
    return str(name)


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is True or False")
    return value


def _whole(most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        compared = re.fullmatch(r"\s*([<>])\s*([0-9]+)\s*", value) if isinstance(value, str) else None
        if compared is not None:
            raise InvalidValue(f"{value!r} is not a number; write {'GREATER' if compared[1] == '>' else 'LESS'}({compared[2]})")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise InvalidValue(f"{value!r} cannot be used here; allowed is a whole number from 0 to {most}")
        return value
    return check


def _suboption(name: str, code: int) -> Field:
    return Field(name, OCTETS, lambda request: suboption_in(request.relay, code), _same, BYTES.encode, _same,
                 reads_relay=True, varies=True)


_KIND_NUMBERS = {name: kind for kind, name in MESSAGES.items()}

HEADER: tuple[Field, ...] = (
    Field("mac", HARDWARE, _hardware, _hardware_text, lambda value: _machine(value).hex(":"), machine_from, varies=True),
    Field("client_id", OCTETS, lambda request: request.identifier or None, _same, BYTES.encode, _same, varies=True),
    Field("htype", NUMBER, lambda request: request.htype, _same, _whole(255), _same),
    Field("ciaddr", ADDRESS, lambda request: request.ciaddr or None, address_text, _address, address_from, varies=True),
    Field("giaddr", ADDRESS, lambda request: request.relay_address or None, address_text, _address, address_from,
          reads_relay=True),
    Field("secs", NUMBER, lambda request: request.secs, _same, _whole(65535), _same),
    Field("interface", TEXT, lambda request: request.interface_name or None, _same, interface_name, _same),
    Field("message_type", WORD, _message, _message_text, _message_from, _KIND_NUMBERS.__getitem__),
    _suboption("circuit_id", CIRCUIT_ID),
    _suboption("remote_id", REMOTE_ID),
    _suboption("subscriber_id", SUBSCRIBER_ID),
    Field("uuid", UUID, _uuid, text_of, _uuid_from, lambda text: bytes.fromhex(text.replace("-", "")), varies=True),
    Field("known", TRUTH, lambda request: request.known, _same, _truth, _same),
)

_RELAY_SUBOPTION = re.compile(r"relay_suboption_([1-9][0-9]{0,2})")


# --- options

_KINDS: dict[type, int] = {
    codecs.Address: ADDRESS, codecs.Number: NUMBER, codecs.Seconds: NUMBER, codecs.Flag: TRUTH, codecs.Empty: TRUTH,
    codecs.Text: TEXT, codecs.Bytes: OCTETS, codecs.Domain: TEXT, codecs.Domains: TEXT, codecs.UserClasses: TEXT,
    codecs.SipServers: SERVER}
_ONE_TO_ONE = (codecs.Address, codecs.Number, codecs.Seconds, codecs.Bytes)  # of which no two raw values mean the same


def _kind_of(codec: Codec) -> int:
    return _KINDS.get(type(codec.element if isinstance(codec, codecs.Listing) else codec), RECORD)


def _option_field(option: Option) -> Field:
    codec, code, inside = option.codec, option.code, option.inside

    def read(data: bytes) -> object:
        try:
            return codec.decode(data)
        except MalformedPacket:
            return data

    def value(given: object) -> object:
        return read(given if isinstance(given, bytes) else codec.encode(given))

    def key(given: object) -> bytes:
        return given if isinstance(given, bytes) else codec.encode(given)

    return Field(option.name, _kind_of(codec), _raw_of(code, inside), read, value,
                 key if isinstance(codec, _ONE_TO_ONE) else None,
                 reads_relay=code == RELAY_INFORMATION and inside is None, varies=inside is None and code in OFTEN_UNIQUE)


def _raw_of(code: int, inside: Inside | None) -> Raw:
    if inside is not None:
        return lambda request: _inside(request.options, inside, code)
    if code == RELAY_INFORMATION:
        return lambda request: request.relay or None
    return lambda request: request.options.get(code)


def _inside(options: Mapping[int, bytes], inside: Inside, code: int) -> bytes | None:
    """A suboption of option 43 (RFC 2132 section 8.4), or of an enterprise in option 125 (RFC 3925 section 4)."""
    container, enterprise = inside
    data = options.get(container)
    if data is None or container not in (VENDOR_SPECIFIC, VENDOR_IDENTIFYING):
        return None
    return _suboption_of(data if container == VENDOR_SPECIFIC else _block(data, enterprise), code)


def _block(data: bytes, enterprise: int) -> bytes:
    """What an enterprise has in option 125; of several blocks all, one after the other. What is cut short is not there."""
    found, at = b"", 0
    while at + 5 <= len(data):
        end = at + 5 + data[at + 4]
        if end > len(data):
            break
        if int.from_bytes(data[at:at + 4], "big") == enterprise:
            found += data[at + 5:end]
        at = end
    return found


def _suboption_of(data: bytes, code: int) -> bytes | None:
    """The first suboption of a code, padding left out and nothing read behind an End. What is cut short is not there."""
    at = 0
    while at + 2 <= len(data) and data[at] != END:
        if data[at] == PAD:
            at += 1
            continue
        end = at + 2 + data[at + 1]
        if end > len(data):
            break
        if data[at] == code:
            return data[at + 2:end]
        at = end
    return None


class Fields:
    """The fields of requests by name: the header's and the relay's, then the administrator's own options, then all others."""

    __slots__ = ("_found", "_of_option", "_own")

    def __init__(self, own_options: Mapping[str, Option]) -> None:
        """`own_options` are the administrator's definitions by name, suboptions among them."""
        self._own = own_options
        self._found = {field.name: field for field in HEADER}
        self._of_option: dict[Option, Field] = {}

    def get(self, name: str) -> Field | None:
        """The field of a name, None where there is none."""
        field = self._found.get(name)
        if field is None:
            field = self._make(name)
            if field is not None:
                self._found[name] = field
        return field

    def field(self, name: str) -> Field:
        """The field of a name. Raises InvalidValue with the nearest name where there is none."""
        field = self.get(name)
        if field is None:
            meant = remedy(name, self.names(), MATCH)
            raise InvalidValue(f"{name!r} is no field of a request; {meant or ALLOWED_NAMES}")
        return field

    def _make(self, name: str) -> Field | None:
        option = self._own.get(name)
        if option is None:
            number = _RELAY_SUBOPTION.fullmatch(name)
            if number is not None:
                return _suboption(name, int(number[1])) if int(number[1]) < END else None
            option = option_named(name)
        if option is None:
            return None
        if option not in self._of_option:
            self._of_option[option] = _option_field(option)
        return self._of_option[option]

    def reader(self, name: str) -> Callable[[Request], object] | None:
        """What reads a field from a request in people's form (None: absent); None for a name that is none."""
        field = self.get(name)
        return None if field is None else field.of

    def raw(self, name: str) -> Raw:
        """What reads a field undecoded, so that outcomes can be remembered by it. Raises InvalidValue for an unknown name."""
        return self.field(name).raw

    def reads_relay(self, name: str) -> bool:
        """Whether a field is of what the relay says (option 82). Raises InvalidValue for an unknown name."""
        return self.field(name).reads_relay

    def names(self) -> Iterable[str]:
        """The names of all fields, but for those that are numbers: relay_suboption_N and option_N."""
        return dict.fromkeys([*(field.name for field in HEADER), *self._own, *BY_NAME])
