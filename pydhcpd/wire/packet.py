"""The message format: bytes to `Packet` and back, and `Request` and its reply on the server's fast path.

Owns the layout of RFC 951 as RFC 1542, RFC 2131 section 2 and RFC 3396 have it. Options stay bytes here, by code;
what they mean is in `options`. Knows no sockets, no policy, no clock.

    op htype hlen hops | xid | secs flags | ciaddr | yiaddr | siaddr | giaddr | chaddr(16) | sname(64) | file(128)
     0     1    2    3     4      8    10     12       16       20       24       28           44          108
    magic cookie 236, options from 240: code length value ... with 0 for padding and 255 for the end

BOOTP (RFC 951) is the same without option 53. Its last field, vend, has 64 bytes, cookie included, and holds anything
where no cookie comes first: such a message is read as one without options, if the caller takes BOOTP at all.
"""

from collections.abc import Iterable, Iterator
from struct import Struct
from struct import error as StructError
from typing import Self

from pydhcpd.errors import MalformedPacket

BOOTREQUEST, BOOTREPLY = 1, 2
BOOTP = 0  # the kind of a request without option 53
UNKNOWN_KIND = 255  # of one whose option 53 is no message type: not one byte, or 0
DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
FORCERENEW = 9  # RFC 3203
LEASEQUERY, LEASEUNASSIGNED, LEASEUNKNOWN, LEASEACTIVE = range(10, 14)  # RFC 4388
BULKLEASEQUERY, LEASEQUERYDONE = 14, 15  # RFC 6926
MESSAGE_NAMES = {DISCOVER: "DISCOVER", OFFER: "OFFER", REQUEST: "REQUEST", DECLINE: "DECLINE",
                 ACK: "ACK", NAK: "NAK", RELEASE: "RELEASE", INFORM: "INFORM", FORCERENEW: "FORCERENEW"}
FROM_CLIENTS = frozenset((DISCOVER, REQUEST, DECLINE, RELEASE, INFORM))

BROADCAST_FLAG = 0x8000
PAD, END, OVERLOAD = 0, 255, 52
MAGIC_COOKIE = b"\x63\x82\x53\x63"
SNAME, COOKIE, OPTIONS = 44, 236, 240
SNAME_SIZE, FILE_SIZE = 64, 128
LONGEST_IDENTIFIER = 255  # bytes: what option 61 holds; one that RFC 3396 would put together of several is none
IP_AND_UDP = 20 + 8  # what option 57 counts besides the message
MINIMUM_SIZE = 300  # RFC 1542 section 2.1: some relays drop anything shorter; all that a BOOTP client need take
DEFAULT_LIMIT = 576  # RFC 2131 section 2: what every client must take, headers included

HEADER = Struct("!BBBBIHHIIII16s")
NO_BOOT = bytes(OPTIONS - SNAME - len(MAGIC_COOKIE)) + MAGIC_COOKIE  # empty sname and file, and the cookie
LENGTHS = {50: 4, 51: 4, 52: 1, 53: 1, 54: 4, 57: 2, 116: 1, 118: 4}  # of options that have one length, which clients send
NO_OPTIONS = MAGIC_COOKIE + b"\xff"  # what the vend field of a BOOTP message without a cookie is read as


class Packet:
    """One BOOTP or DHCP message. Addresses are integers in host byte order, `secs` is seconds.

    `chaddr` is the whole field of 16 bytes, of which `hlen` count; `boot` the fields sname and file as they came, zeroed
    where they carried options; `options` has the bytes of each option by code, repeats concatenated (RFC 3396).
    """

    __slots__ = ("boot", "chaddr", "ciaddr", "flags", "giaddr", "hlen", "hops", "htype", "op", "options",
                 "secs", "siaddr", "xid", "yiaddr")

    op: int
    htype: int
    hlen: int
    hops: int
    xid: int
    secs: int
    flags: int
    ciaddr: int
    yiaddr: int
    siaddr: int
    giaddr: int
    chaddr: bytes
    boot: bytes
    options: dict[int, bytes]

    def __init__(self, op: int = BOOTREQUEST, *, htype: int = 1, hardware: bytes = b"", hops: int = 0, xid: int = 0,
                 secs: int = 0, flags: int = 0, ciaddr: int = 0, yiaddr: int = 0, siaddr: int = 0, giaddr: int = 0,
                 sname: bytes = b"", file: bytes = b"", options: dict[int, bytes] | None = None) -> None:
        self.op, self.htype, self.hlen, self.hops = op, htype, len(hardware), hops
        self.xid, self.secs, self.flags = xid, secs, flags
        self.ciaddr, self.yiaddr, self.siaddr, self.giaddr = ciaddr, yiaddr, siaddr, giaddr
        if len(hardware) > 16:
            raise ValueError("a hardware address longer than 16 bytes")
        self.chaddr = hardware.ljust(16, b"\0")
        if len(sname) > SNAME_SIZE or len(file) > FILE_SIZE:
            raise ValueError("sname is longer than 64 bytes or file longer than 128")
        self.boot = sname.ljust(SNAME_SIZE, b"\0") + file.ljust(FILE_SIZE, b"\0")
        self.options = {} if options is None else options

    @classmethod
    def decode(cls, data: bytes, bootp: bool = False) -> Self:
        """Read one message. Raises MalformedPacket, and nothing else, where it is not one.

        With `bootp` the cookie may be missing, which RFC 951 does not know. An End may be missing always: there is firmware
        that sends none.
        """
        if data[COOKIE:OPTIONS] != MAGIC_COOKIE:
            data = _without_cookie(data, bootp)
        packet = cls.__new__(cls)
        (packet.op, packet.htype, packet.hlen, packet.hops, packet.xid, packet.secs, packet.flags, packet.ciaddr,
         packet.yiaddr, packet.siaddr, packet.giaddr, packet.chaddr) = HEADER.unpack_from(data)
        if packet.hlen > 16:
            raise MalformedPacket("hardware address longer than 16 bytes")
        options: dict[int, bytes] = {}
        packet.options = options
        _read_options(data, OPTIONS, options)
        packet.boot = data[SNAME:COOKIE]
        if OVERLOAD in options:
            _read_overloaded(packet)
        return packet

    def encode(self) -> bytes:
        """The message as bytes, padded to 300; raises ValueError for fields or options that do not fit."""
        options = b"".join(part for code, value in self.options.items() if code != OVERLOAD for part in fragment(code, value))
        return self._header() + self.boot + MAGIC_COOKIE + (options + b"\xff").ljust(MINIMUM_SIZE - OPTIONS, b"\0")

    def _header(self) -> bytes:
        try:
            return HEADER.pack(self.op, self.htype, self.hlen, self.hops, self.xid, self.secs, self.flags, self.ciaddr,
                               self.yiaddr, self.siaddr, self.giaddr, self.chaddr)
        except StructError as error:
            raise ValueError(f"a field of the header is out of range: {error}") from error

    @property
    def hardware(self) -> bytes:
        """The hardware address: as much of `chaddr` as `hlen` says."""
        return self.chaddr[:self.hlen]

    @property
    def sname(self) -> bytes:
        """The name of the boot server, without trailing NULs."""
        return self.boot[:SNAME_SIZE].rstrip(b"\0")

    @property
    def file(self) -> bytes:
        """The name of the boot file, without trailing NULs."""
        return self.boot[SNAME_SIZE:].rstrip(b"\0")

    @property
    def message_type(self) -> int:
        """Option 53, or 0 where it is absent (BOOTP) or not one byte."""
        value = self.options.get(53, b"")
        return value[0] if len(value) == 1 else 0

    def address(self, code: int) -> int:
        """An option of exactly one address, in host byte order, or 0 where it is absent or has another length."""
        value = self.options.get(code, b"")
        return int.from_bytes(value, "big") if len(value) == 4 else 0

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Packet):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in Packet.__slots__)

    __hash__ = None  # type: ignore[assignment]  # it can change

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={getattr(self, name)!r}" for name in Packet.__slots__)
        return f"{type(self).__name__}({fields})"


class Request(Packet):
    """A message from a client, with how it arrived. The server alone makes them, by `Request.receive`.

    `client` is the key of RFC 2131 section 4.2, tagged by kind so that the two never meet: the client identifier
    where one was sent, else hardware type and address; empty for a leasequery by address. `interface` is the index of the
    interface that it came in on, `source` and `port` are the sender's, `destination` is the address that it was sent to, and
    `message` is what was sent; `kind` is the message type, BOOTP where there is none, UNKNOWN_KIND where option 53 holds
    no type.

    Policy reads besides: `identifier`, the client identifier, b"" for none, or the one that the client sent before, where it
    leaves it out now; `relay` and `relay_address`, the content of option 82 and giaddr, or those that are remembered for
    a client that renews directly; the `interface_name`; and whether the client is `known`, having a reservation. Who serves
    the request sets the last two. A query of leases by address has no client: its key is empty.
    """

    __slots__ = ("client", "destination", "identifier", "interface", "interface_name", "kind", "known", "message", "port",
                 "relay", "relay_address", "source")

    message: bytes
    client: bytes
    identifier: bytes
    kind: int
    interface: int
    source: int
    port: int
    destination: int
    relay: bytes
    relay_address: int
    interface_name: str
    known: bool

    @classmethod
    def receive(cls, data: bytes, interface: int, source: int, port: int, destination: int, bootp: bool = False) -> Self:
        """Read a datagram that came to `destination`. Raises MalformedPacket where no client could have sent it.

        `bootp`: whether what only a BOOTP client would send is read as well; see `decode`.
        """
        request = cls.decode(data, bootp)
        if request.op != BOOTREQUEST:
            raise MalformedPacket("not a request")
        identifier = request.options.get(61, b"")
        if len(identifier) > LONGEST_IDENTIFIER:
            identifier = b""
            del request.options[61]
        request.identifier = identifier
        if identifier:
            request.client = b"\1" + identifier
        elif request.hlen:
            request.client = b"\2%c%b" % (request.htype, request.chaddr[:request.hlen])
        elif request.options.get(53) == b"\x0a":
            request.client = b""  # who asks for an address names no client (LEASEQUERY, RFC 4388 section 6.2)
        else:
            raise MalformedPacket("neither a hardware address nor a client identifier")  # RFC 4390 section 2.1
        request.interface, request.source, request.port = interface, source, port
        request.destination, request.message = destination, data
        request.relay, request.relay_address = request.options.get(82, b""), request.giaddr
        request.interface_name, request.known = "", False
        kind = request.options.get(53)
        if kind is None:
            request.kind = BOOTP
        else:
            request.kind = kind[0] if len(kind) == 1 and kind[0] else UNKNOWN_KIND
        return request

    @property
    def unicast(self) -> bool:
        """Whether it was sent to us, and not to everyone."""
        return self.destination != 0xFFFFFFFF

    def size_limit(self, mtu: int) -> int:
        """The most bytes that a reply may have, IP and UDP headers not counted (RFC 2132 section 9.10, and the MTU)."""
        value = self.options.get(57, b"")
        wanted = int.from_bytes(value, "big") if len(value) == 2 else DEFAULT_LIMIT
        return min(max(wanted, DEFAULT_LIMIT), max(mtu, DEFAULT_LIMIT)) - IP_AND_UDP


def encode_reply(request: Request, flags: int, ciaddr: int, yiaddr: int, siaddr: int, boot: bytes,
                 options: bytes) -> bytes:
    """A BOOTREPLY to `request` (RFC 2131 section 4.3.1, table 3): hops and secs 0, the rest of the header echoed.

    `boot` is sname, file and cookie as 196 bytes; `options` is ready for the wire but for the end.
    """
    message = HEADER.pack(BOOTREPLY, request.htype, request.hlen, 0, request.xid, 0, flags, ciaddr, yiaddr, siaddr,
                          request.giaddr, request.chaddr) + boot + options + b"\xff"
    return message if len(message) >= MINIMUM_SIZE else message.ljust(MINIMUM_SIZE, b"\0")


def fragment(code: int, value: bytes) -> Iterator[bytes]:
    """An option for the wire, in pieces of at most 255 bytes (RFC 3396 section 5)."""
    for start in range(0, len(value) or 1, 255):
        piece = value[start:start + 255]
        yield bytes((code, len(piece))) + piece


def encode_option(code: int, value: bytes) -> bytes:
    """One option for the wire, in pieces where it is longer than 255 bytes."""
    if len(value) <= 255:
        return b"%c%c%b" % (code, len(value), value)
    return b"".join(fragment(code, value))


def encode_options(options: Iterable[tuple[int, bytes]]) -> bytes:
    """Options in the given order, ready for the wire, without an End."""
    return b"".join([encode_option(code, value) for code, value in options])


def read_options(data: bytes) -> dict[int, bytes]:
    """Options by code, in the order in which they stand. Raises MalformedPacket."""
    options: dict[int, bytes] = {}
    _read_options(data, 0, options)
    return options


def _without_cookie(data: bytes, bootp: bool) -> bytes:
    """A BOOTP message, with an empty options field for its vend field. Raises MalformedPacket for what must be DHCP."""
    if not bootp:
        raise MalformedPacket("shorter than 240 bytes" if len(data) < OPTIONS else "no magic cookie")
    if len(data) < COOKIE:
        raise MalformedPacket("shorter than 236 bytes")
    return data[:COOKIE] + NO_OPTIONS


def _read_options(data: bytes, start: int, options: dict[int, bytes]) -> None:
    """Add the options from an offset on to `options`, up to an End or the end of `data`.

    Reading past the end of `data` is what ends the loop then, so that no option pays for a comparison.
    """
    try:
        while True:
            code = data[start]
            if code == END:
                return
            if code == PAD:
                start += 1
                continue
            begin = start + 2
            start = begin + data[start + 1]
            if code in options:
                options[code] = _joined(code, options[code], data[begin:start])
            else:
                options[code] = data[begin:start]
    except IndexError:
        if start != len(data):
            raise MalformedPacket("an option runs past the end") from None


def _joined(code: int, before: bytes, again: bytes) -> bytes:
    """Repeats are pieces of one option (RFC 3396 section 7). Of what has one length, and came whole, the first counts: there
    are clients that send 53, 50 or 54 twice."""
    return before if len(before) == LENGTHS.get(code) else before + again


def _read_overloaded(packet: Packet) -> None:
    """Read the options in file, then sname (RFC 3396 section 5); an option 52 among them counts for nothing.

    One of another value than 1, 2 and 3 counts for nothing either: there are clients that send 0, for neither field.
    """
    where = packet.options.pop(OVERLOAD)
    if where not in (b"\1", b"\2", b"\3"):
        return
    sname, file = packet.boot[:SNAME_SIZE], packet.boot[SNAME_SIZE:]
    if where[0] & 1:
        _read_options(file, 0, packet.options)
        file = bytes(FILE_SIZE)
    if where[0] & 2:
        _read_options(sname, 0, packet.options)
        sname = bytes(SNAME_SIZE)
    packet.boot = sname + file
    packet.options.pop(OVERLOAD, None)
