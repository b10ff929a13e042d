"""The message format: golden packets, properties, independent judges, and bytes that are no message."""

import random
import shutil
import subprocess
import time
from pathlib import Path
from struct import pack

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.addresses import address_from
from pydhcpd.errors import MalformedPacket
from pydhcpd.net.frames import udp_frame
from pydhcpd.wire import packet as wire
from pydhcpd.wire.describe import LONGEST, describe
from pydhcpd.wire.fitting import encode_bootp_reply, fitted
from pydhcpd.wire.packet import ACK, BOOTREPLY, MINIMUM_SIZE, NO_BOOT, OFFER, OVERLOAD, Packet, Request

UNHURRIED = settings(deadline=None)  # machines stand still at times
MAC = bytes.fromhex("020000009901")
COOKIE = "63 82 53 63"

# Written by hand after RFC 2131 figure 1 and table 5: a client's DISCOVER with the broadcast flag, 3 seconds old.
DISCOVER_HEX = f"""
    01 01 06 00  39 03 f3 26  00 03 80 00
    00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
    02 00 00 00 99 01  {"00" * 10}
    {"00" * 64} {"00" * 128}
    {COOKIE}
    35 01 01                     53 DISCOVER
    3d 07 01 02 00 00 00 99 01   61 Ethernet and the hardware address
    0c 03 70 63 31               12 "pc1"
    37 04 01 03 06 0f            55
    39 02 05 dc                  57 1500
    ff {"00" * 32}
"""

# Written by hand after RFC 2131 table 3: the ACK of a lease, with the boot server's name and file in their fields.
ACK_HEX = f"""
    02 01 06 00  39 03 f3 26  00 00 80 00
    00 00 00 00  c0 00 02 0a  c0 00 02 02  00 00 00 00
    02 00 00 00 99 01  {"00" * 10}
    62 6f 6f 74 {"00" * 60}
    70 78 65 2e 30 {"00" * 123}
    {COOKIE}
    35 01 05                     53 ACK
    36 04 c0 00 02 02            54 192.0.2.2
    33 04 00 00 0e 10            51 3600 s
    01 04 ff ff ff 00            1 255.255.255.0
    03 04 c0 00 02 01            3 192.0.2.1
    ff {"00" * 32}
"""


def golden(text: str) -> bytes:
    """The bytes of a golden packet; what stands three spaces or more behind the bytes of a line is a remark."""
    lines = [line.strip().split("   ")[0] for line in text.split("\n")]
    return bytes.fromhex(" ".join(lines))


GOLDEN = {
    "discover": (DISCOVER_HEX, Packet(
        hardware=MAC, xid=0x3903F326, secs=3, flags=0x8000,
        options={53: b"\1", 61: b"\1" + MAC, 12: b"pc1", 55: bytes((1, 3, 6, 15)), 57: pack(">H", 1500)})),
    "ack": (ACK_HEX, Packet(
        BOOTREPLY, hardware=MAC, xid=0x3903F326, flags=0x8000, yiaddr=address_from("192.0.2.10"),
        siaddr=address_from("192.0.2.2"), sname=b"boot", file=b"pxe.0",
        options={53: b"\5", 54: bytes((192, 0, 2, 2)), 51: pack(">I", 3600), 1: b"\xff\xff\xff\0", 3: bytes((192, 0, 2, 1))})),
}


def message(options: bytes, *, hlen: int = 6, sname: bytes = b"", file: bytes = b"", op: int = 1) -> bytes:
    """A message with these bytes as its options, which need not be well-formed."""
    return (bytes((op, 1, hlen, 0)) + bytes(24) + MAC.ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0")
            + bytes.fromhex(COOKIE) + options)


def request(data: bytes, destination: int = 0xFFFFFFFF, bootp: bool = False) -> Request:
    return Request.receive(data, 1, 0, 68, destination, bootp)


# --- golden packets


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_packets_decode_to_what_is_in_them(name):
    text, expected = GOLDEN[name]
    assert Packet.decode(golden(text)) == expected


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_packets_are_encoded_to_the_byte(name):
    text, packet = GOLDEN[name]
    assert packet.encode() == golden(text)


def test_a_reply_echoes_the_header_of_its_request_with_hops_and_secs_0():
    """RFC 2131 section 4.3.1, table 3."""
    asked = request(Packet(hardware=MAC, xid=7, hops=3, secs=9, flags=0x8000, giaddr=0x0A000001, ciaddr=5,
                           options={53: b"\1"}).encode())
    reply = Packet.decode(wire.encode_reply(asked, 0x8000, 0, 0x0A000005, 0, NO_BOOT, b"\x35\1\2"))
    assert reply == Packet(BOOTREPLY, hardware=MAC, xid=7, flags=0x8000, giaddr=0x0A000001, yiaddr=0x0A000005,
                           options={53: b"\2"})


def test_a_message_is_padded_to_300_bytes_and_a_longer_one_not():
    """RFC 1542 section 2.1, RFC 951 section 3."""
    asked = request(golden(DISCOVER_HEX))
    for count, length in ((0, 300), (59, 300), (60, 301), (200, 441)):
        assert len(wire.encode_reply(asked, 0, 0, 0, 0, NO_BOOT, bytes(count))) == length
    assert len(Packet().encode()) == MINIMUM_SIZE


# --- what is encoded and read again is the same

codes = st.integers(1, 254).filter(lambda code: code != OVERLOAD)
values = st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=600))
numbers = {name: st.integers(0, (1 << bits) - 1) for name, bits in
           (("htype", 8), ("hops", 8), ("xid", 32), ("secs", 16), ("flags", 16), ("ciaddr", 32), ("yiaddr", 32),
            ("siaddr", 32), ("giaddr", 32))}
option_sets = st.dictionaries(codes, values, max_size=8)
packets = st.builds(Packet, st.integers(0, 255), hardware=st.binary(max_size=16), sname=st.binary(max_size=64),
                    file=st.binary(max_size=128), options=option_sets, **numbers)


@UNHURRIED
@given(packets)
def test_what_is_encoded_decodes_to_the_same(packet):
    assert Packet.decode(packet.encode()) == packet


@UNHURRIED
@given(packets)
def test_every_encoded_message_has_an_end_and_at_least_300_bytes(packet):
    data = packet.encode()
    assert len(data) >= 300
    assert b"\xff" in data[240:]


@pytest.mark.parametrize("fields", [
    {"sname": bytes(65)}, {"file": bytes(129)}, {"hardware": bytes(17)}, {"xid": 1 << 32}, {"secs": 1 << 16},
    {"yiaddr": -1}, {"options": {256: b""}}], ids=lambda fields: next(iter(fields)))
def test_fields_that_do_not_fit_are_refused_not_cut(fields):
    with pytest.raises(ValueError):
        Packet(**fields).encode()


# --- long options (RFC 3396)


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 510, 511, 1000])
def test_an_option_longer_than_255_bytes_is_split_in_order_and_no_other(length):
    """RFC 3396 section 5."""
    value = bytes(number % 251 for number in range(length))
    pieces = list(wire.fragment(43, value))
    assert [piece[0] for piece in pieces] == [43] * max(1, -(-length // 255))
    assert all(piece[1] == len(piece) - 2 for piece in pieces)
    assert b"".join(piece[2:] for piece in pieces) == value
    assert b"".join(pieces) == wire.encode_options([(43, value)])


def test_repeats_are_concatenated_in_order_of_appearance():
    """RFC 3396 section 7, also where others stand between them."""
    packet = Packet.decode(message(b"\x2b\2ab\x0c\1x\0\x2b\0\x2b\1c\xff\x2b\1d"))
    assert packet.options == {43: b"abc", 12: b"x"}


# --- overload (RFC 2132 section 9.3)

IN_FILE, IN_SNAME = b"\x0c\4file\xff", b"\x0c\5sname\xff"


@pytest.mark.parametrize(("where", "options", "sname", "file"), [
    (1, b"file", IN_SNAME, b""),
    (2, b"sname", b"", IN_FILE),
    (3, b"filesname", b"", b""),
])
def test_overloaded_fields_are_read_as_options_and_are_empty_then(where, options, sname, file):
    """Read after the options field, file before sname (RFC 3396 section 5)."""
    data = message(bytes((52, 1, where)) + b"\x0c\1-\xff", sname=IN_SNAME, file=IN_FILE)
    packet = Packet.decode(data)
    assert (packet.options, packet.sname, packet.file) == ({12: b"-" + options}, sname, file)


@pytest.mark.parametrize("value", [b"", b"\0", b"\4", b"\7", b"\xff", b"\1\2", b"\1\1"], ids=repr)
def test_an_overload_of_another_value_counts_for_nothing(value):
    """Clients send 0, for neither field; the fields are what they are without it."""
    packet = Packet.decode(message(b"\x34%c%b\x0c\1x\xff" % (len(value), value), sname=b"boot", file=b"\x0c\1y\xff"))
    assert (packet.options, packet.sname, packet.file) == ({12: b"x"}, b"boot", b"\x0c\1y\xff")


def test_an_overload_in_an_overloaded_field_counts_for_nothing():
    """Nested in itself it would be read for ever."""
    packet = Packet.decode(message(b"\x34\1\1\xff", file=b"\x34\1\3\x0c\1x\xff", sname=b"name"))
    assert (packet.options, packet.sname) == ({12: b"x"}, b"name")


@pytest.mark.parametrize("fields", [{"file": b"\x0c\x7f" + bytes(126)}, {"sname": b"\x0c\x3f" + bytes(62)},
                                    {"file": bytes(127) + b"\x0c"}])
def test_an_option_in_file_or_sname_may_not_run_past_its_field(fields):
    with pytest.raises(MalformedPacket):
        Packet.decode(message(b"\x34\1\3\xff", **fields))


def test_an_overloaded_field_needs_no_end_where_it_is_full():
    packet = Packet.decode(message(b"\x34\1\1\xff", file=b"\x0c\x7e" + b"x" * 126))
    assert packet.options == {12: b"x" * 126}


# --- bytes that are no message

WRONG = {
    "empty": b"",
    "239 bytes": message(b"")[:239],
    "no cookie": message(b"\x35\1\1\xff").replace(bytes.fromhex(COOKIE), bytes(4)),
    "wrong cookie": message(b"\x35\1\1\xff").replace(bytes.fromhex(COOKIE), b"\x63\x82\x53\x64"),
    "hlen 17": message(b"\x35\1\1\xff", hlen=17),
    "hlen 255": message(b"\x35\1\1\xff", hlen=255),
    "option past the end": message(b"\x35\1\1\x0c\x0aabc\xff"),
    "length byte missing": message(b"\x35\1\1\x0c"),
}


@pytest.mark.parametrize("options", [b"\x35\1\1\x0c\1x", b"\x35\1\1\x0c\1x" + bytes(100), b"\x34\1\1\x35\1\1"])
def test_an_end_may_be_missing(options):
    """There is firmware that sends none; all other servers answer. What is cut short is refused as ever."""
    packet = request(message(options, file=b"\x0c\1x" if options[0] == 52 else b""))
    assert packet.options == {53: b"\1", 12: b"x"}
    with pytest.raises(MalformedPacket, match="past the end"):
        request(message(options.rstrip(b"\0") + b"\x0c\2x"))


@pytest.mark.parametrize("options", [b"", bytes(100)], ids=["no options", "only padding"])
def test_what_has_no_options_is_bootp(options):
    assert request(message(options)).kind == wire.BOOTP


@pytest.mark.parametrize(("code", "value"), [(53, b"\3"), (50, b"\x0a\0\0\5"), (54, b"\x0a\0\0\1"), (57, b"\5\xdc")])
def test_of_repeats_of_what_has_one_length_the_first_counts(code, value):
    """There are clients that send 53, 50 or 54 twice; other servers read the first."""
    once, other = bytes((code, len(value))) + value, bytes((code, len(value))) + bytes(len(value))
    for repeats in (once + once, once + b"\x0c\1x" + once + once, once + other):
        assert Packet.decode(message(repeats + b"\xff")).options[code] == value
    assert Packet.decode(message(b"\x34\1\1" + once + b"\xff", file=other + b"\xff")).options[code] == value


def test_pieces_of_what_has_one_length_are_put_together():
    """RFC 3396 section 7: an option may be split where there was no room for the whole."""
    packet = Packet.decode(message(b"\x32\1\x0a\x34\1\1\xff", file=b"\x32\3\0\0\5\xff"))
    assert packet.options == {50: b"\x0a\0\0\5"}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_message_is_refused_with_a_reason(name):
    with pytest.raises(MalformedPacket) as refusal:
        Packet.decode(WRONG[name])
    assert str(refusal.value).isprintable()
    assert str(refusal.value)


def test_reasons_do_not_vary_with_what_was_sent_for_they_are_counted():
    """One counter for each reason: a stranger must not be able to make more of them."""
    reasons = set()
    for length in range(400):
        for options in (bytes((12, length % 256)), bytes((52, 1, length % 256)) + b"\xff", bytes(length)):
            try:
                request(message(options, hlen=length % 256, op=length % 3)[:length])
            except MalformedPacket as reason:
                reasons.add(str(reason))
    assert len(reasons) < 10


def test_a_reply_is_no_request():
    """Our own broadcast, or another server's."""
    with pytest.raises(MalformedPacket, match="not a request"):
        request(golden(ACK_HEX))


def decodes_or_is_refused(data: bytes) -> None:
    """The property that holds for all bytes; what decodes can be described, in one line of printable ASCII."""
    try:
        packet = request(data)
    except MalformedPacket:
        return
    line = describe(packet)
    assert line.isascii()
    assert line.isprintable()
    assert len(line) <= LONGEST


@UNHURRIED
@given(st.binary(max_size=1500))
def test_any_bytes_decode_or_raise_malformed_packet_and_nothing_else(data):
    decodes_or_is_refused(data)


@UNHURRIED
@given(st.binary(max_size=1200), st.binary(max_size=64), st.binary(max_size=128), st.integers(0, 255))
def test_any_options_decode_or_raise_malformed_packet_and_nothing_else(options, sname, file, hlen):
    decodes_or_is_refused(message(options, hlen=hlen, sname=sname, file=file))


@UNHURRIED
@given(packets, st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6), st.integers(0, 2000))
def test_mutated_messages_decode_or_raise_malformed_packet_and_nothing_else(packet, changes, length):
    data = bytearray(packet.encode())
    data[0] = 1
    for place, value in changes:
        data[place % len(data)] = value
    decodes_or_is_refused(bytes(data[:length] if length > 300 else data))


@pytest.mark.parametrize("options", [b"\x0c\0" * 32_000, b"\x0c\1x" * 21_000, b"\0" * 65_000, b"\x0c\xff" + bytes(255)],
                         ids=["empty repeats", "repeats", "padding", "zeros"])
def test_no_datagram_takes_long_to_read(options):
    """64 KiB is the longest that UDP carries; a second is far more than any needs, and far less than a loop that grows."""
    start = time.process_time()
    decodes_or_is_refused(message(options + b"\xff"))
    assert time.process_time() - start < 1


# --- requests


@pytest.mark.parametrize(("options", "hardware", "client"), [
    ({61: b"\1" + MAC}, MAC, b"\1\1" + MAC),
    ({}, MAC, b"\2\1" + MAC),
    ({61: b""}, MAC, b"\2\1" + MAC),
    ({61: b"x"}, MAC, b"\1x"),
    ({61: b"x"}, b"", b"\1x"),
    ({}, MAC + MAC, b"\2\1" + MAC + MAC),
])
def test_the_client_is_its_identifier_where_sent_else_its_hardware(options, hardware, client):
    """RFC 2131 section 4.2; the two kinds never meet."""
    assert request(Packet(hardware=hardware, options=options).encode()).client == client


@pytest.mark.parametrize("options", [{}, {61: b""}, {61: b"i" * 256}])
def test_a_request_that_does_not_say_who_sent_it_is_refused(options):
    """All such clients would be one, and hold one address (RFC 4390 section 2.1: hlen 0 needs an identifier)."""
    with pytest.raises(MalformedPacket):
        request(Packet(options=options).encode())


@pytest.mark.parametrize(("length", "client"), [(255, b"\1" + b"x" * 255), (256, b"\2\1" + MAC), (1020, b"\2\1" + MAC)])
def test_an_identifier_longer_than_an_option_is_none(length, client):
    """RFC 2132 section 9.14: its length is one byte; nobody sends it in pieces."""
    got = request(Packet(hardware=MAC, options={53: b"\1", 61: b"x" * length}).encode())
    assert (got.client, 61 in got.options) == (client, length == 255)
    with pytest.raises(MalformedPacket, match="neither"):
        request(Packet(options={53: b"\1", 61: b"x" * 256}).encode())


def test_an_identifier_that_looks_like_hardware_is_another_client():
    identified = request(Packet(hardware=MAC, options={61: b"\1" + MAC}).encode())
    plain = request(Packet(hardware=MAC).encode())
    assert identified.client != plain.client


@pytest.mark.parametrize(("destination", "unicast"), [(0xFFFFFFFF, False), (0x0A000002, True)])
def test_unicast_is_told_by_the_destination(destination, unicast):
    """What tells RENEWING from REBINDING (RFC 2131 section 4.3.2)."""
    assert request(golden(DISCOVER_HEX), destination).unicast is unicast


@pytest.mark.parametrize(("value", "kind"), [(None, 0), (b"", 0), (b"\1", 1), (b"\1\1", 0), (b"\0", 0), (b"\x63", 99)])
def test_a_message_type_is_one_byte_or_none(value, kind):
    packet = request(Packet(hardware=MAC, options={} if value is None else {53: value}).encode())
    assert packet.message_type == kind


@pytest.mark.parametrize(("value", "address"), [(b"", 0), (b"\x0a\0\0\1", 0x0A000001), (b"\x0a\0\0", 0), (b"\x0a\0\0\1\2", 0)])
def test_an_option_of_one_address_is_never_half_read(value, address):
    assert Packet(options={50: value}).address(50) == address
    assert Packet().address(50) == 0


@pytest.mark.parametrize(("asked", "mtu", "limit"), [
    (None, 1500, 548), (0, 1500, 548), (300, 1500, 548), (576, 1500, 548), (577, 1500, 549), (1500, 1500, 1472),
    (65535, 1500, 1472), (1400, 1280, 1252), (1500, 9000, 1472), (None, 9000, 548),
])
def test_a_reply_is_at_most_the_size_of_option_57_and_the_links_mtu(asked, mtu, limit):
    """RFC 2132 section 9.10: IP and UDP headers, 28 bytes, counted in; not below 576."""
    options = {} if asked is None else {57: pack(">H", asked)}
    assert request(Packet(hardware=MAC, options=options).encode()).size_limit(mtu) == limit


@pytest.mark.parametrize("value", [b"", b"\5", b"\0\0\5\xdc"])
def test_a_size_of_another_length_is_as_if_not_sent(value):
    assert request(Packet(hardware=MAC, options={57: value}).encode()).size_limit(1500) == 548


# --- the order of options (rules 26 to 28)


def test_options_are_encoded_in_the_order_given_so_that_82_can_be_last():
    """RFC 3046 section 2.2."""
    data = Packet(options={53: b"\2", 43: b"x" * 300, 82: b"\1\1a"}).encode()
    assert data.rstrip(b"\0").endswith(b"\x52\3\1\1a\xff")


# --- BOOTP (RFC 951, RFC 1534)

# A request as RFC 951 section 3 has it, with a vend field that holds what no cookie comes before.
PLAIN_BOOTP_HEX = f"""
    01 01 06 00  00 00 00 2a  00 05 00 00
    00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
    02 00 00 00 99 01  {"00" * 10}
    {"00" * 64}
    76 6d 75 6e 69 78 {"00" * 122}
    {"ff" * 64}
"""

# One with the vendor extensions of RFC 2132, as the Linux kernel sends it for ip=bootp: empty values for what it asks,
# and option 57 with the size that it has room for.
LINUX_BOOTP_HEX = f"""
    01 01 06 00  00 00 00 2b  00 05 00 00
    00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
    02 00 00 00 99 01  {"00" * 10}
    {"00" * 64} {"00" * 128}
    {COOKIE}
    01 04 00 00 00 00
    03 04 00 00 00 00
    05 08 {"00" * 8}
    0c 20 {"00" * 32}
    39 02 01 96                  57 406
    ff {"00" * 100}
"""
PLAIN_BOOTP, LINUX_BOOTP = golden(PLAIN_BOOTP_HEX), golden(LINUX_BOOTP_HEX)


def bootp(**fields: object) -> Request:
    """A BOOTP request with these fields."""
    return request(Packet(hardware=MAC, **fields).encode(), bootp=True)


def test_a_bootp_message_without_a_cookie_has_no_options():
    got = request(PLAIN_BOOTP, bootp=True)
    assert (got.kind, got.message_type, got.options, got.file, got.hardware) == (wire.BOOTP, 0, {}, b"vmunix", MAC)
    assert got.client == b"\2\1" + MAC


def test_a_bootp_message_with_a_cookie_has_options():
    got = request(LINUX_BOOTP, bootp=True)
    assert (got.kind, list(got.options), got.options[57]) == (wire.BOOTP, [1, 3, 5, 12, 57], b"\1\x96")


@pytest.mark.parametrize("data", [PLAIN_BOOTP[:236], PLAIN_BOOTP[:239], PLAIN_BOOTP[:236] + bytes(64)],
                         ids=["no vend", "a short vend", "an empty vend"])
def test_what_only_bootp_sends_is_read_only_where_bootp_is_served(data):
    """RFC 951 knows no cookie."""
    assert request(data, bootp=True).kind == wire.BOOTP
    with pytest.raises(MalformedPacket):
        request(data)


@pytest.mark.parametrize(("data", "reason"), [
    (PLAIN_BOOTP[:235], "shorter than 236 bytes"), (b"", "shorter than 236 bytes"),
    (message(b"\x0c\5x"), "an option runs past the end"),
    (message(b"\xff", hlen=17), "hardware address longer than 16 bytes"),
    (message(b"\xff", hlen=0), "neither a hardware address nor a client identifier")])
def test_where_bootp_is_served_the_rest_is_as_malformed_as_ever(data, reason):
    with pytest.raises(MalformedPacket, match=reason):
        request(data, bootp=True)


@pytest.mark.parametrize(("value", "kind"), [(b"", wire.UNKNOWN_KIND), (b"\1", 1), (b"\1\1", wire.UNKNOWN_KIND),
                                             (b"\0", wire.UNKNOWN_KIND), (b"\x63", 99), (b"\xff", wire.UNKNOWN_KIND)])
@pytest.mark.parametrize("served", [False, True])
def test_a_message_with_any_option_53_is_not_bootp(value, kind, served):
    """RFC 1534 section 2: BOOTP is what has no option 53; a broken one makes no BOOTP client."""
    assert request(message(b"\x35%c%b\xff" % (len(value), value)), bootp=served).kind == kind


@UNHURRIED
@given(st.one_of(st.binary(max_size=700), st.binary(max_size=100).map(lambda vend: PLAIN_BOOTP[:236] + vend),
                 st.binary(max_size=100).map(message)))
def test_any_bytes_are_read_as_bootp_or_raise_malformed_packet_and_nothing_else(data):
    try:
        packet = request(data, bootp=True)
    except MalformedPacket:
        return
    assert len(encode_bootp_reply(packet, 1, 2, NO_BOOT, [(1, b"mask")], 1500)) >= MINIMUM_SIZE


def test_a_bootp_reply_has_the_header_of_its_request():
    """RFC 951 section 7.3, RFC 1542 section 5: a known ciaddr stays, as do xid, flags, giaddr and chaddr."""
    asked = bootp(xid=7, hops=3, secs=9, flags=0x8000, giaddr=0x0A000001, ciaddr=5)
    boot = b"boot".ljust(64, b"\0") + b"pxe.0".ljust(128, b"\0") + bytes.fromhex(COOKIE)
    reply = Packet.decode(encode_bootp_reply(asked, 0x0A000005, 0x0A000002, boot, [(1, b"\xff\xff\xff\0")], 1500))
    assert reply == Packet(BOOTREPLY, hardware=MAC, xid=7, flags=0x8000, giaddr=0x0A000001, ciaddr=5, yiaddr=0x0A000005,
                           siaddr=0x0A000002, sname=b"boot", file=b"pxe.0", options={1: b"\xff\xff\xff\0"})


def test_a_bootp_reply_has_nothing_of_dhcp_alone():
    """RFC 1534 section 2; RFC 2132 section 9 lists what is DHCP's alone. Nor is an option 82 made up (rule 32)."""
    every = [(code, b"x") for code in range(1, 255)]
    reply = Packet.decode(encode_bootp_reply(bootp(options={57: b"\5\xdc", 61: b"id"}), 1, 2, NO_BOOT, every, 1500))
    assert set(range(1, 255)) - reply.options.keys() == {*range(50, 62), 66, 67, 82}


@pytest.mark.parametrize(("options", "mtu", "size"), [
    ({}, 1500, 300), ({57: b"\1\x96"}, 1500, 548), ({57: b"\5\xdc"}, 1500, 1472), ({57: b"\5\xdc"}, 1280, 1252)])
def test_a_bootp_reply_has_300_bytes_or_as_many_as_option_57_and_the_link_allow(options, mtu, size):
    """RFC 1534 section 2, rule 27. What does not fit is left out whole, and what comes after it may still fit."""
    room = size - 240 - 1
    chosen = [(1, b"mask"), (15, bytes(255)), (3, b"gate")] if size == 300 else [(43, b"x" * (room - 2 * -(-room // 257)))]
    data = encode_bootp_reply(bootp(options=options), 1, 2, NO_BOOT, [*chosen, (12, b"one too many" * 5)], mtu)
    assert len(data) == size
    left_out = {15, 12} if size == 300 else {12}
    assert Packet.decode(data).options == {code: value for code, value in chosen if code not in left_out}


def test_what_just_fits_a_bootp_reply_goes_out():
    asked = bootp()
    full = encode_bootp_reply(asked, 1, 2, NO_BOOT, [(12, b"x" * 57), (1, b"")], 1500)
    assert (len(full), full[-1], Packet.decode(full).options) == (300, 255, {12: b"x" * 57})
    over = encode_bootp_reply(asked, 1, 2, NO_BOOT, [(12, b"x" * 58), (1, b"mask")], 1500)
    assert Packet.decode(over).options == {1: b"mask"}


@pytest.mark.parametrize(("relay", "echoed", "size"), [
    (b"\1\4eth0", True, 308),  # the client's 300, and 8
    (b"\1\xfd" + bytes(253), True, 548),  # no room for option 6
    (bytes(303), True, 548),  # nor for option 12
    (bytes(304), False, 300)])
def test_a_bootp_reply_returns_option_82_last_and_beyond_the_clients_300_bytes(relay, echoed, size):
    """RFC 3046 section 2.2: the relay takes it off again. Nothing gets longer than 576 bytes with IP and UDP (rule 27)."""
    chosen = [(12, b"x" * 48), (6, b"1234567")]
    data = encode_bootp_reply(bootp(options={82: relay}, giaddr=1), 1, 2, NO_BOOT, chosen, 1500)
    options = Packet.decode(data).options
    assert len(data) == size
    assert options.get(82) == (relay if echoed else None)
    assert not echoed or list(options)[-1] == 82


def test_policy_finds_what_the_relay_said_and_the_rest_still_open():
    got = request(Packet(hardware=MAC, options={53: b"\1", 82: b"\1\1a"}).encode())
    assert (got.relay, got.interface_name, got.known) == (b"\1\1a", "", False)
    assert request(golden(DISCOVER_HEX)).relay == b""


# --- independent judges


@pytest.fixture(scope="module")
def scapy():
    """scapy's DHCP layers."""
    return pytest.importorskip("scapy.layers.dhcp", reason="scapy is not installed")


# An option as scapy names it, its value for scapy, and its bytes.
KNOWN_TO_SCAPY = [
    ("message-type", 2, 53, b"\2"),
    ("server_id", "192.0.2.2", 54, bytes((192, 0, 2, 2))),
    ("lease_time", 3600, 51, pack(">I", 3600)),
    ("renewal_time", 1800, 58, pack(">I", 1800)),
    ("subnet_mask", "255.255.255.0", 1, b"\xff\xff\xff\0"),
    ("router", "192.0.2.1", 3, bytes((192, 0, 2, 1))),
    ("requested_addr", "192.0.2.77", 50, bytes((192, 0, 2, 77))),
    ("hostname", b"pc1", 12, b"pc1"),
    ("vendor_class_id", b"PXEClient", 60, b"PXEClient"),
    ("param_req_list", [1, 3, 6, 15], 55, bytes((1, 3, 6, 15))),
    ("max_dhcp_size", 1500, 57, pack(">H", 1500)),
    ("client_id", b"\1" + MAC, 61, b"\1" + MAC),
]
HEADER_OF_BOTH = ("op", "htype", "hlen", "hops", "xid", "secs", "ciaddr", "yiaddr", "siaddr", "giaddr")


def test_what_scapy_builds_is_decoded_to_the_same(scapy):
    fields = {"op": 1, "htype": 1, "hlen": 6, "hops": 2, "xid": 0x3903F326, "secs": 4, "flags": 0x8000,
              "ciaddr": "192.0.2.9", "giaddr": "192.0.2.1", "chaddr": MAC, "sname": b"boot", "file": b"pxe.0"}
    options = [(name, *value) if isinstance(value, list) else (name, value) for name, value, _, _ in KNOWN_TO_SCAPY]
    built = bytes(scapy.BOOTP(**fields) / scapy.DHCP(options=[*options, "end"]))
    assert Packet.decode(built) == Packet(
        hardware=MAC, hops=2, xid=0x3903F326, secs=4, flags=0x8000, ciaddr=address_from("192.0.2.9"),
        giaddr=address_from("192.0.2.1"), sname=b"boot", file=b"pxe.0",
        options={code: value for _, _, code, value in KNOWN_TO_SCAPY})


def test_what_we_encode_scapy_dissects_to_the_same_options(scapy):
    seen = scapy.BOOTP(Packet(hardware=MAC, options={code: value for _, _, code, value in KNOWN_TO_SCAPY}).encode())
    options = dict(one if len(one) == 2 else (one[0], list(one[1:])) for one in seen[scapy.DHCP].options if len(one) > 1
                   and not isinstance(one, str))
    assert options == {name: value for name, value, _, _ in KNOWN_TO_SCAPY}


@settings(max_examples=30, deadline=None)
@given(packet=packets)
def test_what_we_encode_scapy_dissects_to_the_same_header(scapy, packet):
    seen = scapy.BOOTP(packet.encode())
    ours = [getattr(packet, name) for name in HEADER_OF_BOTH]
    theirs = [value if isinstance(value := getattr(seen, name), int) else address_from(value) for name in HEADER_OF_BOTH]
    assert ours == theirs
    assert (packet.flags, packet.chaddr) == (int(seen.flags), seen.chaddr)
    assert (packet.sname, packet.file) == (seen.sname.rstrip(b"\0"), seen.file.rstrip(b"\0"))


@settings(max_examples=30, deadline=None)
@given(options=st.dictionaries(st.integers(224, 254), st.binary(min_size=1, max_size=200), max_size=6))
def test_what_scapy_builds_of_any_bytes_is_decoded_to_the_same(scapy, options):
    built = bytes(scapy.BOOTP(chaddr=MAC, options=bytes.fromhex(COOKIE)) / scapy.DHCP(options=[*options.items(), "end"]))
    assert Packet.decode(built).options == options


def replies() -> list[Packet]:
    """Replies of all sorts for tshark to read; the last ones do not fit the limit without overload."""
    chance = random.Random(2131)
    common = {53: bytes((OFFER,)), 54: bytes((192, 0, 2, 2)), 51: pack(">I", 3600), 58: pack(">I", 1800), 59: pack(">I", 3150),
              1: b"\xff\xff\xff\0", 3: bytes((192, 0, 2, 1)), 6: bytes((192, 0, 2, 1, 192, 0, 2, 3)), 15: b"example.org",
              119: b"\7example\3org\0", 121: bytes((24, 198, 51, 100, 192, 0, 2, 1)), 61: b"\1" + MAC, 82: b"\1\4eth0"}
    made = []
    for number in range(60):
        chosen = {code: common[code] for code in chance.sample(sorted(common), chance.randint(1, 13))}
        made.append(Packet(BOOTREPLY, hardware=MAC, xid=chance.getrandbits(32), flags=chance.choice((0, 0x8000)),
                           ciaddr=chance.getrandbits(32), yiaddr=chance.getrandbits(32), siaddr=chance.getrandbits(32),
                           giaddr=chance.getrandbits(32), sname=b"boot" * (number & 1), file=b"pxe.0" * (number & 2),
                           options={53: bytes((chance.choice((OFFER, ACK)),)), **chosen}))
    made += [Packet(BOOTREPLY, hardware=MAC, xid=number, options={**common, 17: b"/" * (40 + 4 * number), 43: b"\1\1x" * 20})
             for number in range(12)]
    return made


def seen_by_tshark(file: Path, messages: list[bytes], names: list[str]) -> list[list[str]]:
    """What tshark says of each message; `file` is made."""
    tshark = shutil.which("tshark")
    if tshark is None:
        pytest.skip("tshark is not installed")
    file.write_bytes(capture(messages))
    command = [tshark, "-o", "udp.check_checksum:TRUE", "-r", str(file), "-T", "fields", "-E", "occurrence=a"]
    command += [word for name in names for word in ("-e", name)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t") for line in out.split("\n") if line]
    assert len(lines) == len(messages)
    return lines


LIMIT = 548 - 200  # small enough that the long replies are overloaded


def within_limit(packet: Packet) -> bytes:
    """The message, with what is over the limit in file and sname."""
    data = packet.encode()
    if len(data) <= LIMIT:
        return data
    boot, options, left_out = fitted(b"", packet.options.items(), NO_BOOT, LIMIT - 240 - 1)
    assert not left_out
    return data[:44] + boot + options + b"\xff"


def capture(messages: list[bytes]) -> bytes:
    """A pcap file of frames from a server to a client."""
    frames = [udp_frame(one, b"\2\0\0\0\0\1", MAC, address_from("192.0.2.2"), address_from("192.0.2.10")) for one in messages]
    return pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1) + b"".join(
        pack("<IIII", second, 0, len(frame), len(frame)) + frame for second, frame in enumerate(frames))


def test_tshark_reads_in_our_replies_what_was_put_into_them(tmp_path):
    sent = replies()
    encoded = [within_limit(one) if not any(one.boot) else one.encode() for one in sent]
    assert any(bytes((OVERLOAD, 1)) in data for data in encoded)
    names = ["dhcp.id", "dhcp.flags", "dhcp.ip.client", "dhcp.ip.your", "dhcp.ip.server", "dhcp.ip.relay", "dhcp.hw.mac_addr",
             "udp.checksum.status", "dhcp.option.type", "dhcp.option.value", "_ws.malformed"]
    for line, packet in zip(seen_by_tshark(tmp_path / "replies.pcap", encoded, names), sent, strict=True):
        assert as_tshark_says(line) == as_we_say(packet)


def test_tshark_reads_our_bootp_replies(tmp_path):
    boot = b"boot".ljust(64, b"\0") + b"vmunix".ljust(128, b"\0") + bytes.fromhex(COOKIE)
    options = [(1, b"\xff\xff\xff\0"), (3, bytes((192, 0, 2, 1))), (51, bytes(4)), (15, b"x" * 60)]
    asked = [request(data, bootp=True) for data in (PLAIN_BOOTP, LINUX_BOOTP, Packet(
        hardware=MAC, xid=0x2C, flags=0x8000, giaddr=address_from("192.0.2.3"), options={82: b"\1\4eth0"}).encode())]
    encoded = [encode_bootp_reply(one, address_from("192.0.2.10"), address_from("192.0.2.2"), boot, options, 1500)
               for one in asked]
    names = ["dhcp.type", "dhcp.ip.your", "dhcp.ip.server", "dhcp.server", "dhcp.file", "dhcp.option.subnet_mask",
             "dhcp.option.router", "dhcp.option.dhcp", "_ws.malformed", "dhcp.id", "dhcp.flags", "dhcp.ip.relay",
             "dhcp.option.type"]
    lines = seen_by_tshark(tmp_path / "bootp.pcap", encoded, names)
    for line in lines:
        assert line[:9] == ["2", "192.0.2.10", "192.0.2.2", "boot", "vmunix", "255.255.255.0", "192.0.2.1", "", ""]
    codes = [[int(code) for code in line[12].split(",") if code not in {"0", "255"}] for line in lines]
    assert [line[9:12] for line in lines] == [
        ["0x0000002a", "0x0000", "0.0.0.0"], ["0x0000002b", "0x0000", "0.0.0.0"], ["0x0000002c", "0x8000", "192.0.2.3"]]
    assert codes == [[1, 3], [1, 3, 15], [1, 3, 82]]


def test_scapy_reads_our_bootp_replies(scapy):
    data = encode_bootp_reply(request(PLAIN_BOOTP, bootp=True), 0xC000020A, 0xC0000202, NO_BOOT,
                                   [(1, b"\xff\xff\xff\0"), (3, bytes((192, 0, 2, 1))), (54, bytes(4))], 1500)
    seen = scapy.BOOTP(data)
    assert (len(data), seen.op, seen.xid, seen.yiaddr, seen.siaddr) == (300, 2, 0x2A, "192.0.2.10", "192.0.2.2")
    assert seen[scapy.DHCP].options[:3] == [("subnet_mask", "255.255.255.0"), ("router", "192.0.2.1"), "end"]


def as_we_say(packet: Packet) -> list[object]:
    options = {code: sorted(value) for code, value in packet.options.items()}
    addresses = [packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr]
    return [packet.xid, packet.flags, *addresses, MAC.hex(":"), "1", options, ""]


def as_tshark_says(line: list[str]) -> list[object]:
    """Padding, End and overload left out. Pieces of one option are joined as sorted bytes: tshark reads sname before file."""
    codes_found = [int(code) for code in line[8].split(",") if code not in {"0", "255"}]
    options: dict[int, list[int]] = {}
    for code, value in zip(codes_found, line[9].split(","), strict=True):
        if code != OVERLOAD:
            options[code] = sorted([*options.get(code, []), *bytes.fromhex(value)])
    xid, flags, addresses, hardware = int(line[0], 16), int(line[1], 16), map(address_from, line[2:6]), line[6].split(",")[0]
    return [xid, flags, *addresses, hardware, line[7], options, line[10]]


def test_the_golden_discover_is_described_in_one_line():
    line = describe(Packet.decode(golden(DISCOVER_HEX)))
    assert line.startswith("DISCOVER 02:00:00:00:99:01 xid=0x3903f326 secs=3 broadcast")
    assert "host_name=pc1" in line
