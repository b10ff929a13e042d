"""Questions of people to `explain`, as messages: `02:00:00:00:99:07 interface=eth1 vendor_class_identifier=PXEClient`.

The first word is a hardware address, the address of a lease, or a name that a client has; the others give fields as the
configuration names them. What is not given is taken from what is known of the client. What comes out is a datagram, read as the
server reads them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydhcpd.addresses import BROADCAST, address_from, address_text, hardware_from, hardware_text
from pydhcpd.delivery import CLIENT_PORT, SERVER_PORT
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.leases.faces import identifier_of
from pydhcpd.leases.interface import QueryStore, Row
from pydhcpd.leases.search import matching
from pydhcpd.link import Link
from pydhcpd.literals import literal
from pydhcpd.names import MATCH, remedy
from pydhcpd.policy.machine_uuid import orders_of
from pydhcpd.serving import Serving
from pydhcpd.wire.codecs import BYTES
from pydhcpd.wire.options import BY_NAME, Option, option_named
from pydhcpd.wire.packet import DISCOVER, INFORM, MESSAGE_NAMES, REQUEST, Packet, Request, encode_option
from pydhcpd.wire.relay import CIRCUIT_ID, REMOTE_ID, SUBSCRIBER_ID, suboptions

RELAY_FIELDS = {"circuit_id": CIRCUIT_ID, "remote_id": REMOTE_ID, "subscriber_id": SUBSCRIBER_ID}
HEADER = ("interface", "giaddr", "ciaddr", "mac", "htype", "client_id", "secs", "uuid", "message_type", *RELAY_FIELDS)
MESSAGES = {MESSAGE_NAMES[kind]: kind for kind in (DISCOVER, REQUEST, INFORM)}
MOST = {"htype": 255, "secs": 65535}
XID = 0x65786C6E
GIADDR = 4  # bytes before option 82 in what is remembered of a relay
SHORTEST_HARDWARE = 6  # octets
MOST_NAMED = 5  # clients of one name that are listed
HOST_NAME, MESSAGE_TYPE, CLIENT_IDENTIFIER, RELAY_INFORMATION, CLIENT_UUID = 12, 53, 61, 82, 97

Known = Callable[[int], Mapping[int, bytes] | None]
"""What the client of an address has sent last: options by code; None where it was not heard."""


class Question:
    """A client, and how it asks. `row` is its lease, None for one that has none; `is_heard` whether it was heard itself."""

    def __init__(self, words: Sequence[str], serving: Serving, store: QueryStore, known: Known = lambda _: None,
                 own_options: Mapping[str, Option] | None = None) -> None:
        """Raises InvalidValue for words that mean nothing, and StoreError."""
        if not words:
            raise InvalidValue("of whom? allowed are a hardware address, an address, or a name, and after it field=value")
        self._serving = serving
        self._own = own_options or {}
        self._fields = dict(map(_field, words[1:]))
        self.row, self._hardware = _client(words[0], store)
        self._options: dict[int, bytes] = {}
        if self.row is not None:
            self._options.update(options_of(self.row))
            heard = known(self.row.address)
            self._options.update(heard or {})
            self.is_heard = heard is not None
        else:
            self.is_heard = False

    def request(self) -> Request:
        """The message. Raises InvalidValue for a field that cannot be as it is given."""
        fields = self._fields
        giaddr = self._address("giaddr", int.from_bytes(self.row.relay[:GIADDR], "big") if self.row is not None else 0)
        ciaddr = self._address("ciaddr", 0)
        hardware = hardware_from(fields["mac"]) if "mac" in fields else self._hardware
        htype = self._number("htype", self.row.htype if self.row is not None and "mac" not in fields else 1)
        kind = MESSAGES.get(str(fields.get("message_type", "DISCOVER")).upper())
        if kind is None:
            raise InvalidValue(f"message_type={escape(str(fields['message_type']))}: allowed are {', '.join(MESSAGES)}")
        options = {MESSAGE_TYPE: bytes((kind,)), **self._options, **self._given_options()}
        relay = self._relay(options.pop(RELAY_INFORMATION, b""))
        if relay:
            options[RELAY_INFORMATION] = relay
        link = self._link(giaddr)
        packet = Packet(hardware=hardware, htype=htype, xid=XID, giaddr=giaddr, ciaddr=ciaddr,
                        secs=self._number("secs", 0), options=options)
        source, port = (giaddr, SERVER_PORT) if giaddr else (ciaddr, CLIENT_PORT)
        try:
            return Request.receive(packet.encode(), link.index, source, port, link.server if source else BROADCAST, bootp=True)
        except (MalformedPacket, ValueError) as error:
            raise InvalidValue(f"no client could send this: {error}") from error

    def line(self) -> tuple[str, str, str]:
        """The client, and how it is known how it asks, as a line of an explanation."""
        who = hardware_text(self._hardware) or "a client without hardware address"
        if self.row is None:
            return "client", f"{who}, never here before", ""
        known = "asks as it did last" if self.is_heard else (
            "not heard since the start: it is taken to send what its lease tells, and to want all options")
        return "client", f"{who}, {known}", ""

    def _link(self, giaddr: int) -> Link:
        """The interface that the message comes in on: the one that is given, else one on which the client's network is."""
        links = self._serving.links.values()
        if "interface" in self._fields:
            name = str(self._fields["interface"])
            for link in links:
                if link.name == name:
                    return link
            raise InvalidValue(f"interface={escape(name)}: is not served; served are {', '.join(one.name for one in links)}")
        return link_near(self._serving, self.row.address if self.row is not None and not giaddr else 0)

    def _address(self, name: str, otherwise: int) -> int:
        return address_from(str(self._fields[name])) if name in self._fields else otherwise

    def _number(self, name: str, otherwise: int) -> int:
        value = self._fields.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST[name]:
            raise InvalidValue(f"{name}={escape(str(value))}: allowed is a whole number from 0 to {MOST[name]}")
        return value

    def _relay(self, octets: bytes) -> bytes:
        """Option 82, with the suboptions that are given in place of its own."""
        given = {code: BYTES.encode(self._fields[name]) for name, code in RELAY_FIELDS.items() if name in self._fields}
        if not given:
            return octets
        return b"".join(encode_option(code, value) for code, value in {**suboptions(octets), **given}.items())

    def _given_options(self) -> dict[int, bytes]:
        given: dict[int, bytes] = {}
        for name, value in self._fields.items():
            if name == "client_id":
                given[CLIENT_IDENTIFIER] = BYTES.encode(value)
            elif name == "uuid":
                given[CLIENT_UUID] = b"\0" + orders_of(value)[0]
            elif name not in HEADER:
                option = self._own.get(name) or option_named(name)
                if option is None or option.inside is not None:
                    meant = remedy(name, [*HEADER, *BY_NAME], MATCH)
                    raise InvalidValue(f"{escape(name)}: no field of a message; {meant or 'allowed are the names of match()'}")
                if option.code == MESSAGE_TYPE:
                    raise InvalidValue(f"{escape(name)}: write message_type=, allowed are {', '.join(MESSAGES)}")
                try:
                    given[option.code] = option.codec.encode(value)
                except InvalidValue as error:
                    raise InvalidValue(f"{name}={escape(str(value))}: {error}") from error
        return given


def link_near(serving: Serving, address: int) -> Link:
    """The interface on which an address is; of one that is on none, the first with a network. Raises InvalidValue."""
    links = serving.links.values()
    if not links:
        raise InvalidValue("no interface is served at the moment")
    return next((link for link in links if link.holds(address)), None) or next(
        (link for link in links if link.network is not None), next(iter(links)))


def _field(word: str) -> tuple[str, Any]:
    name, joined, value = word.partition("=")
    if not joined or not name:
        raise InvalidValue(f"{escape(word)}: allowed is field=value, such as interface=eth1 or host_name=printer")
    return name, literal(value)


def _client(word: str, store: QueryStore) -> tuple[Row | None, bytes]:
    """The lease that a word means, and the hardware address. Raises InvalidValue."""
    try:
        hardware = hardware_from(word)
    except InvalidValue:
        hardware = b""
    if len(hardware) >= SHORTEST_HARDWARE:  # a shorter one is rather a name
        rows = [row for row in store.select(*matching(word)) if row.hardware == hardware and row.client]
        return (max(rows, key=lambda row: row.last_used), hardware) if rows else (None, hardware)
    rows = [row for row in store.select(*matching(word)) if row.client and _is_meant(word, row)]
    clients = {row.client: row for row in sorted(rows, key=lambda row: row.last_used)}
    if len(clients) == 1:
        (row,) = clients.values()
        return row, row.hardware
    if clients:
        some = ", ".join(address_text(row.address) for row in list(clients.values())[:MOST_NAMED])
        raise InvalidValue(f"{escape(word)} are {len(clients)} clients: {some}; name one by its address")
    raise InvalidValue(f"{escape(word)}: no lease is known by it; of a client that was never here, name the hardware address")


def _is_meant(word: str, row: Row) -> bool:
    return word == address_text(row.address) or word.casefold() in (row.hostname.casefold(), row.sent_name.casefold())


def options_of(row: Row) -> dict[int, bytes]:
    """What is known of a client's messages by its lease alone."""
    options: dict[int, bytes] = {}
    if identifier := identifier_of(row.client):
        options[CLIENT_IDENTIFIER] = identifier
    if name := row.sent_name or row.hostname:
        options[HOST_NAME] = name.encode()[:255]
    if row.relay[GIADDR:]:
        options[RELAY_INFORMATION] = row.relay[GIADDR:]
    return options
