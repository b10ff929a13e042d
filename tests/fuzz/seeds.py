"""What fuzzing begins with: messages and texts written by hand, each a few bytes that something in the program reads.

Addresses and clients are those of `everything.conf`, which has reservations, classes and relay agents for them.
"""

from struct import pack

from pydhcpd.addresses import address_from
from pydhcpd.net.frames import udp_frame
from pydhcpd.wire.packet import DECLINE, DISCOVER, INFORM, LEASEQUERY, OFFER, RELEASE, REQUEST, Packet

ALICE, BOB, IGNORED, GUEST = (bytes.fromhex(f"0200000000{last}") for last in ("0a", "0b", "0d", "20"))
IDENTIFIER = bytes.fromhex("0102000000000b")
UUID = bytes.fromhex("00 00112233445566778899aabbccddeeff")
SERVER, RELAY, FAR_RELAY = "192.0.2.1", "10.1.0.1", "10.77.0.1"
PORT = bytes.fromhex("0106") + b"port 7" + bytes.fromhex("0205") + b"large"
WANTED = bytes((1, 3, 6, 12, 15, 43, 51, 54, 66, 67, 119, 121, 224))


def message(kind: int | None, client: bytes = ALICE, options: dict[int, bytes | str] | None = None, **fields: object) -> bytes:
    """A client's message, with addresses as text."""
    values = {} if kind is None else {53: bytes([kind])}
    for code, value in (options or {}).items():
        values[code] = _octets(value) if isinstance(value, str) else value
    made = {name: address_from(value) if isinstance(value, str) else value for name, value in fields.items()}
    return Packet(hardware=client, options=values, **{"xid": 0x1234, **made}).encode()


def _octets(address: str) -> bytes:
    return address_from(address).to_bytes(4, "big")


MESSAGES: tuple[bytes, ...] = (
    message(DISCOVER),
    message(DISCOVER, GUEST, {55: WANTED, 61: IDENTIFIER, 12: b"Boss", 57: b"\x05\xdc", 81: b"\0\0\0pc.example"}),
    message(DISCOVER, GUEST, {50: "192.0.2.12", 51: b"\0\0\2\x58", 80: b"", 116: b"\1", 108: b""}),
    message(DISCOVER, GUEST, {60: b"PXEClient:Arch:00007", 93: b"\0\7", 94: b"\1\2\1", 97: UUID,
                              77: b"\4iPXE", 175: b"\1\2\3"}),
    message(DISCOVER, GUEST, {60: b"HTTPClient:Arch:00016:UNDI:003001", 93: b"\0\x10\0\7", 55: WANTED, 97: UUID, 12: b"../x"}),
    message(DISCOVER, GUEST, {60: b"PXEClient:Arch:00000:UNDI:002001", 77: b"iPXE", 55: WANTED, 93: b"\0\0"}, giaddr=RELAY),
    message(DISCOVER, bytes.fromhex("dca632000001"), {60: b"PXEClient:Arch:00000:UNDI:002001", 93: b"\0\0", 55: WANTED}),
    message(DISCOVER, GUEST, {60: b"PXEClient:Arch:00000:UNDI:002001", 93: b"\0\0", 97: UUID, 12: b"a/../b"},
            giaddr="10.5.0.1"),
    message(REQUEST, GUEST, {60: b"PXEClient:Arch:00000", 93: b"\0\0", 97: UUID, 43: bytes.fromhex("060108 470480000000ff"),
                             12: b"..", 55: WANTED}, ciaddr="192.0.2.20"),
    message(REQUEST, GUEST, {60: b"PXEClient", 93: b"\0\0", 43: bytes.fromhex("470480010000")}, ciaddr="10.5.0.7"),
    message(DISCOVER, BOB, {82: PORT, 61: IDENTIFIER}, giaddr=RELAY, hops=1),
    message(DISCOVER, BOB, {82: PORT + bytes.fromhex("0504 c6336400 0b04 c0000201 0c03") + b"abc"}, giaddr=FAR_RELAY, hops=2),
    message(DISCOVER, GUEST, {118: "10.2.0.0", 82: bytes.fromhex("0608") + b"computed" + bytes.fromhex("1300")}),
    message(DISCOVER, IGNORED),
    message(DISCOVER, b"", {61: b"\xff" + bytes(18)}, htype=32, flags=0x8000),
    message(DISCOVER, GUEST, {124: bytes.fromhex("0000118b0403616263"), 125: bytes.fromhex("0000118b0602 0400000001")}),
    message(DISCOVER, GUEST, {12: b"n1", 43: b"\1\2\0\7\xff", 119: b"\3lab\7example\0\1a\xc0\4"}, secs=9),
    message(REQUEST, ALICE, {50: "192.0.2.5", 54: SERVER}),
    message(REQUEST, GUEST, {50: "192.0.2.20"}),
    message(REQUEST, GUEST, {50: "198.51.100.20", 12: b"claimed"}),
    message(REQUEST, ALICE, ciaddr="192.0.2.5"),
    message(REQUEST, BOB, {61: IDENTIFIER}, ciaddr="10.1.0.6", giaddr=RELAY),
    message(REQUEST, GUEST, {50: "192.0.2.20", 54: "192.0.2.99"}),
    message(DECLINE, ALICE, {50: "192.0.2.5", 54: SERVER}),
    message(RELEASE, ALICE, {54: SERVER}, ciaddr="192.0.2.5"),
    message(INFORM, GUEST, {55: WANTED}, ciaddr="192.0.2.77"),
    message(LEASEQUERY, b"", {55: bytes((51, 61, 82, 92))}, giaddr=RELAY, ciaddr="192.0.2.5", htype=0),
    message(LEASEQUERY, ALICE, giaddr=RELAY),
    message(LEASEQUERY, b"", {61: IDENTIFIER}, giaddr=RELAY),
    message(OFFER),
    message(None, GUEST, sname=b"boot", file=b"generic"),
    message(None, GUEST)[:236] + bytes(64),
    message(DISCOVER, ALICE)[:240] + bytes.fromhex("350101 340103 0c0161"),  # options go on in file and sname
    message(DISCOVER, ALICE)[:240] + bytes.fromhex("350101 0c02 6162 0c02 6364 3d0100 350102 ff"),  # in pieces, and twice
    message(DISCOVER, ALICE)[:240] + bytes.fromhex("350101"),  # no End
    bytes(300),
    b"",
)

FRAMES: tuple[bytes, ...] = (
    udp_frame(MESSAGES[0], ALICE, BOB, address_from("192.0.2.9"), address_from(SERVER))[14:],
    bytes.fromhex("0001 0800 0604 0002 02000000000a c0000205 02000000000b c0000201"),  # an answer by ARP
    bytes.fromhex("4500 0024 0000 0000 4001 0000 c0000205 c0000201 0000 0000") + bytes(16),  # an echo
)



def _pcap(order: str, link_type: int, before: bytes, start: int) -> bytes:
    """Three messages in a file of the form pcap, in so many octets of a frame each after `before`."""
    made = pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type)
    for one in MESSAGES[:3]:
        frame = before + udp_frame(one, ALICE, BOB, 0, 0xFFFFFFFF, 68, 67)[start:]
        made += pack(order + "IIII", 1, 2, len(frame), len(frame)) + frame
    return made


def _pcapng(order: str) -> bytes:
    """Two messages in a file of the form pcapng."""
    made = pack(order + "IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    made += pack(order + "IIHHIHH4sHHcxxxI", 1, 36, 1, 0, 0, 2, 4, b"eth1", 9, 1, b"\6", 36)
    for one in MESSAGES[:2]:
        frame = udp_frame(one, ALICE, BOB, 0, 0xFFFFFFFF, 68, 67)
        size, padding = len(frame), bytes(-len(frame) % 4)
        made += pack(order + "IIIIIII", 6, size + len(padding) + 32, 0, 0, 9, size, size) + frame + padding
        made += pack(order + "I", size + len(padding) + 32)
    return made


CAPTURES: tuple[bytes, ...] = (
    _pcap("<", 1, b"", 0), _pcap(">", 1, bytes(12) + b"\x81\0\0\7", 12), _pcap("<", 101, b"", 14),
    _pcap("<", 113, bytes(14) + b"\x08\0", 14), _pcap(">", 276, b"\x08\0" + bytes(18), 14), _pcapng("<"), _pcapng(">"))

OPTIONS: tuple[bytes, ...] = tuple(bytes([code]) + value for code, value in (
    (3, bytes.fromhex("c0000201 c0000202")), (12, b"pc"), (19, b"\1"), (21, bytes(8)), (25, bytes.fromhex("0044 05dc")),
    (33, bytes.fromhex("0a000000 c0000201")), (51, b"\0\0\x0e\x10"), (61, IDENTIFIER), (67, b"pxelinux.0"), (68, b""),
    (77, b"\4iPXE\3abc"), (78, b"\1\xc0\0\2\1"), (79, b"\0scope"), (81, b"\5\0\0\2pc\7example\0"), (82, PORT), (83, bytes(18)),
    (88, b"\3abc\0"), (93, b"\0\7\0\6"), (94, b"\1\2\1"), (97, UUID), (119, b"\3lab\7example\0\1a\xc0\4"),
    (120, b"\1\xc0\0\2\1"), (120, b"\0\3sip\7example\0"), (121, bytes.fromhex("08 0a c0000201 00 c0000201")),
    (124, bytes.fromhex("0000118b0403616263")), (125, bytes.fromhex("0000118b06020400000001")),
    (146, bytes.fromhex("01 c0000201 c0000202") + b"\3lab\0"), (151, b"\1words"), (159, b"\1\2\0\7"),
    (162, bytes.fromhex("0015 0001 09") + b"\3dns\3lab\0" + bytes.fromhex("04 c0000201 0001 0003 026832")),
))

PARAMETERS = tuple(map(bytes.fromhex, (
    "0001 0006 02 6832 02 6833", "0003 0002 01bb 0007 000c 2f64 6e73 2d71 7565 7279 7b7d", "0002 0000")))

WORDS: tuple[bytes, ...] = (
    b"", b"hosts\r\n", b"help hosts\nq\n", b"events\r\nconfiguration\r\nstatistics\r\nquit\r\n",
    b"\xff\xfd\x06\xff\xf4HOSTS\r\n",
    b"\xff\xfa\x18\x01\xff\xf0?\r\0exit\r\0", b"\x04", b"help help help\n",
    b"\x1f\r\n", b"no such thing \x1b[2J\n", b"x" * 1100 + b"\nhosts\n",
)
"""What somebody sends to the prompt."""

RESERVATIONS: tuple[bytes, ...] = (
    b"mac,ip,hostname\n02:00:00:00:99:01,192.0.2.5,boss\n",
    b"\xef\xbb\xbfmac, ip ,classes,lpr_server\r\n# none\r\n02:00:00:00:99:*,192.0.2.5 10.0.0.5,\"a, b\",\"['192.0.2.1']\"\r\n",
    b'client_id,uuid,match_hostname,hostname,ip_address_lease_time\n"01:02:03",,yes,"a""b",600\n,,,,\n"x,,\n',
    b"remote_id,circuit_id,relay,option_230,boot_file_name\n01:02,port 7,10.0.0.1,b'\\x01',007\n",
    b"no,such,column\n1,2,3\n",
)

HOSTS_FILES: tuple[bytes, ...] = (
    b"02:00:00:00:99:01;10.0.0.5;pc1;1500000000\n",
    b"02:00:00:00:99:01;10.0.0.5;\"a;b\";1.5e9\r\n;;;\n02-00;1.2.3;x;y\n02:00:00:00:99:02;10.0.0.6;;\n",
    b"no hosts at all\n\xff\xfe;\n",
)

TRANSFERS: tuple[bytes, ...] = (
    b"\0\1pxelinux.0\0octet\0", b"\0\1/boot/ipxe.efi\0octet\0blksize\x001468\0tsize\x000\0windowsize\x004\0",
    b"\0\1\\boot\\bcd\0OCTET\0timeout\x002\0msftwindow\x0031416\0", b"\0\1x\0netascii\0", b"\0\2x\0octet\0", b"\0\4\0\1",
    b"\0\1x\0octet\0blksize\x0065464\0windowsize\x0065535\0",
)

PATHS: tuple[bytes, ...] = (
    b"x", b"/x", b"\\x", b"a/../x", b"a/b/z", b"a/b/../../x", b"../secret", b"a/../../secret", b"up/secret", b"a/up/up/secret",
    b"out", b"far", b"etc/passwd", b"self/self/x", b"a//./y", b"", b"/", b"a/", b"x\0", b"\xff\xfe", b"self/" * 70 + b"x",
)

VALUES: tuple[bytes, ...] = (
    b"192.0.2.1", b"'192.0.2.1'", b"['192.0.2.1', '9.9.9.9']", b"192.0.2.0/24", b"('192.0.2.10', '192.0.2.19')",
    b"['192.0.2.10 - 192.0.2.19', '10.0.0.0/28']", b"3600", b"-1", b"8 * 3600", b"1e9", b"True", b"yes", b"None",
    b"b'\\x01\\xff'",
    b"01:02:ff", b"lab.example", b"['lab.example', 'example']", b"[('10.0.0.0/8', '192.0.2.1')]", b"eth0", b"255.255.255.0",
    b"/24",
    b"router", b"['router', 'domain_name']", b"['remote_id', 'circuit_id']", b"debug", b"/tmp/x.db", b"{'a': 1}",
    b"{1, 2}",
    b"(1, '192.0.2.1')", b"[(1, 'dns.lab', ['192.0.2.1'], 'alpn=h2')]", b"[(4491, b'abc')]", b"0x7f", b"1_000",
    b"99999999999999999999",
    b"12.5", b"drop", b"", b"...", b"1j", b"'\\x00'", b"\xf0\x9f\x90\x8d", b"inf", b"nan", b"1e400", b"[[[[[]]]]]",
)
"""Values as one writes them on the command line."""

NUMBERED_VALUES = tuple(bytes([number % 256]) + value for number, value in enumerate(VALUES * 7))
"""The same, each with a byte before it that says what it is a value of."""

FILES: tuple[bytes, ...] = (
    b'interface = "eth1"\nrouter = ["192.0.2.1"]\n',
    b"subnet 192.0.2.0 netmask 255.255.255.0 {\n  range 192.0.2.10 192.0.2.19;\n}\n",
    b'{ "Dhcp4": { "subnet4": [ { "subnet": "192.0.2.0/24" } ] } }\n',
    b"dhcp-range=192.0.2.10,192.0.2.19,12h\n", b"host(mac='02:00:00:00:99:01')\nrouter = 192.0.2.1\n",
    b"def finish(request, reply):\n  reply.options['domain_name'] = request.mac\n",
    b"lease_time = 08\n", b"network = 10.0.0.0/8\n",
)
