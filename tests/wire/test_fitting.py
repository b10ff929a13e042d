"""What goes into a reply that has not room for all: octets, properties, and independent judges.

`Packet.decode` reads what was fitted, and so do scapy and tshark; what fits is also reckoned here in another way.
"""

from struct import pack

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from test_packet import MAC, UNHURRIED, seen_by_tshark

from pydhcpd.wire.fitting import fitted, fitted_alone
from pydhcpd.wire.packet import ACK, NO_BOOT, OVERLOAD, Packet, Request, encode_option, encode_reply

ROOM = 576 - 28 - 240 - 1
HEAD = b"\x35\1\5" + encode_option(54, b"\xc0\0\2\1") + encode_option(51, pack(">I", 3600))
REQUEST = Request.receive(Packet(hardware=MAC, xid=7, options={53: b"\1"}).encode(), 1, 0, 68, 0xFFFFFFFF)
SNAME, FILE = b"boot".ljust(64, b"\0"), b"pxe.0".ljust(128, b"\0")
COOKIE = NO_BOOT[192:]
BOOTS = {"both free": NO_BOOT, "file free": SNAME + bytes(128) + COOKIE, "sname free": bytes(64) + FILE + COOKIE,
         "none free": SNAME + FILE + COOKIE}
FREE = {"both free": (128, 64), "file free": (128,), "sname free": (64,), "none free": ()}


def fit(options, room=ROOM, boot=NO_BOOT):
    """The message and what was left out."""
    boot, content, left_out = fitted(HEAD, options, boot, room)
    return encode_reply(REQUEST, 0, 0, 1, 0, boot, content), left_out


def places(options, room=ROOM, boot=NO_BOOT):
    """The codes in the options field (but for 53, 54 and 51), in file and in sname, as they stand there."""
    data, _ = fit(options, room, boot)
    return [codes_in(data[240:])[3:], codes_in(data[108:236]), codes_in(data[44:108])]


def codes_in(field):
    found, at = [], 0
    while at < len(field) and field[at] not in (0, 255):
        found.append(field[at])
        at += 2 + field[at + 1]
    return found


MASK, ROUTER, DNS = (1, b"\xff\xff\xff\0"), (3, b"\xc0\0\2\1"), (6, b"\xc0\0\2\1\xc0\0\2\2")


def test_one_that_is_too_long_costs_no_other():
    data, left_out = fit([MASK, (230, b"x" * 600), ROUTER, DNS])
    assert left_out == [230]
    assert Packet.decode(data).options.keys() == {53, 54, 51, 1, 3, 6}


@pytest.mark.parametrize(("lengths", "expected"), [
    ((270,), [[224, 224], [], []]),  # in the options field, in two pieces
    ((300,), [[224, 224, 52], [224], []]),
    ((355,), [[224, 224, 52], [224], []]),  # 121 of that length
    ((300, 120), [[224, 224, 52], [224, 225], [225]]),
    ((200, 120), [[224, 52], [225], []]),  # whole where a field has room
    ((280, 100, 90, 60), [[224, 224, 52], [225], [227]]),  # 226 nowhere
    ((250, 120, 61), [[224, 52], [225], [226]])])
def test_options_go_whole_where_they_fit_else_in_pieces(lengths, expected):
    """RFC 3396 section 5: options, then file, then sname."""
    options = [(224 + number, bytes((number,)) * length) for number, length in enumerate(lengths)]
    assert places(options) == expected
    data, left_out = fit(options)
    read = Packet.decode(data).options
    assert all(read[code] == value for code, value in options if code not in left_out)


def test_the_octets_of_overloaded_fields():
    """RFC 2131 section 4.1: each closed by an End, and padded; 52 says which (RFC 2132 section 9.3)."""
    boot, options, _ = fitted(b"", [(1, b"\1" * 50), (2, b"\2" * 125), (3, b"\3" * 61)], NO_BOOT, 55)
    assert options == b"\1\x32" + b"\1" * 50 + b"\x34\1\3"
    assert boot == b"\3\x3d" + b"\3" * 61 + b"\xff" + b"\2\x7d" + b"\2" * 125 + b"\xff" + COOKIE


@pytest.mark.parametrize("free", BOOTS)
def test_a_field_that_carries_a_boot_value_carries_no_options(free):
    data, _ = fit([(224, b"x" * 250), (225, b"y" * 100), (226, b"z" * 60)], boot=BOOTS[free])
    read, boot = Packet.decode(data), BOOTS[free]
    assert (read.sname, read.file) == (boot[:64].rstrip(b"\0"), boot[64:192].rstrip(b"\0"))
    expected = {"both free": {224, 225, 226}, "file free": {224, 225}, "sname free": {224, 226}, "none free": {224}}
    assert read.options.keys() & {224, 225, 226} == expected[free]


@pytest.mark.parametrize(("identifier", "relay", "left_out"), [(251, 253, [82]), (100, 100, []), (2, 281, []), (2, 282, [82])])
def test_what_the_relay_added_goes_last_and_in_no_other_field_or_not_at_all(identifier, relay, left_out):
    """RFC 3046 section 2.2."""
    data, missing = fit([(61, b"i" * identifier), (82, b"\1" + bytes((relay - 2 & 255,)) + b"r" * (relay - 2)), MASK, ROUTER])
    assert missing == left_out
    assert len(data) <= 548
    assert left_out or codes_in(data[240:])[-1] == 82
    assert 82 not in codes_in(data[108:236]) + codes_in(data[44:108])
    assert {61, 1, 3} <= Packet.decode(data).options.keys()


codes = st.integers(1, 254).filter(lambda code: code not in (OVERLOAD, 51, 53, 54))
values = st.one_of(st.binary(max_size=40), st.integers(0, 700).map(lambda size: b"v" * size))
option_lists = st.dictionaries(codes, values, max_size=12).map(lambda found: list(found.items()))


@UNHURRIED
@given(option_lists, st.integers(300, 1472), st.sampled_from(list(BOOTS)))
@example([(1, bytes(127)), (2, bytes(63))], 300, "both free")
@example([(1, bytes(125)), (2, bytes(61))], 300, "both free")
@example([(1, bytes(255)), (2, bytes(125)), (3, bytes(61))], 501, "both free")
@example([(1, b""), (2, bytes(255))] * 1, 300, "none free")
def test_nothing_is_above_the_limit_and_what_can_fit_goes_out_whole(options, limit, free):
    data, left_out = fit(options, limit - 241, BOOTS[free])
    assert len(data) <= limit
    read = Packet.decode(data)
    sent = {code: value for code, value in options if code not in left_out}
    assert {code: value for code, value in read.options.items() if code not in (51, 53, 54)} == sent
    assert fit(list(sent.items()), limit - 241, BOOTS[free])[1] == [], "what was left out changes nothing for the others"
    for code, value in options:
        if code in left_out:
            assert not has_room_for(data, value, limit, FREE[free], in_main=code == 82)


def has_room_for(data, value, limit, free, in_main):
    """Whether so much of one more option could be added to what is left of the fields, reckoned from the octets sent."""
    rest = [limit - len(data) if len(data) > 300 else limit - 241 - used(data[240:])]
    rest[0] -= 0 if 52 in codes_in(data[240:]) or not free else 3
    if not in_main:
        overload = data[240 + data[240:].index(b"\x34\1") + 2] if 52 in codes_in(data[240:]) else 0
        fields = {128: data[108:236] if overload & 1 else b"", 64: data[44:108] if overload & 2 else b""}
        rest += [size - 1 - used(fields[size]) for size in free]
        pieces = [max(0, room - 2 * -(-room // 257)) for room in rest]
        return sum(pieces) >= len(value) > 0 or any(room >= len(encode_option(1, value)) for room in rest)
    return rest[0] >= len(encode_option(82, value))


def used(field):
    """Bytes of options in a field, without the End."""
    at = 0
    while at < len(field) and field[at] not in (0, 255):
        at += 2 + field[at + 1]
    return at


@UNHURRIED
@given(option_lists, st.integers(30, 307))
def test_without_overload_the_options_field_alone_is_filled(options, room):
    content, left_out = fitted_alone(HEAD, options, room)
    assert len(content) <= room
    assert OVERLOAD not in codes_in(content)
    assert all(len(encode_option(code, value)) > room - len(content) for code, value in options if code in left_out)


# --- independent judges

JUDGED = [[MASK, ROUTER, (230, b"pqrstuvw" * size), (231, b"xyz" * more), DNS, (82, b"\1\4eth0")]
          for size in (26, 30, 40, 44) for more in (30, 40, 50)]


def test_scapy_reads_what_was_fitted():
    """scapy reads the options field alone; what is in it must be whole, and say which fields to read besides."""
    dhcp = pytest.importorskip("scapy.layers.dhcp", reason="scapy is not installed")
    for options in JUDGED:
        seen = dhcp.BOOTP(fit(options)[0])[dhcp.DHCP].options
        found = {one[0]: one[1] for one in seen if isinstance(one, tuple)}
        assert (found["message-type"], found["subnet_mask"], found["router"]) == (ACK, "255.255.255.0", "192.0.2.1")
        assert "dhcp-option-overload" in found
        assert [one for one in seen if one != "pad"][-1] == "end"


def pieces(codes, contents):
    """Each piece with the code of its option. From 4.6 on the last piece of several is followed by all of them, joined."""
    joined = len(contents) > len(codes)
    last = {at + 1 for at, code in enumerate(codes) if joined and codes.count(code) > 1 and code not in codes[at + 1:]}
    for at in sorted(last, reverse=True):
        codes = [*codes[:at], None, *codes[at:]]
    return [piece for piece in zip(codes, contents, strict=True) if piece[0] is not None]


def test_tshark_reads_what_was_fitted(tmp_path):
    """It takes each piece for an option of its own, and sname before file: so pieces are compared as sorted bytes."""
    sent = [fit(options) for options in JUDGED]
    lines = seen_by_tshark(tmp_path / "fitted.pcap", [data for data, _ in sent],
                           ["dhcp.option.type", "dhcp.option.value", "_ws.malformed", "dhcp.option.option_overload"])
    for (types, contents, malformed, overload), (_, left_out), options in zip(lines, sent, JUDGED, strict=True):
        found = {}
        for code, content in pieces([int(code) for code in types.split(",") if int(code) not in (0, 255)], contents.split(",")):
            found[code] = sorted([*found.get(code, []), *bytes.fromhex(content)])
        assert (malformed, bool(overload)) == ("", True)
        expected = {code: sorted(value) for code, value in options if code not in left_out}
        assert {code: value for code, value in found.items() if code not in (51, 52, 53, 54)} == expected
