"""Shapes of option values: golden octets from the RFCs, refusals on both sides, and what must hold for any octets."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.wire.codecs import INFINITE, SHAPES, Codec, codec


def octets(text):
    """Octets written as RFC 3397 and RFC 3442 draw them: a number (decimal, or xNN) or a letter each."""
    return bytes(int(word[1:], 16) if word[0] == "x" and len(word) == 3 else int(word) if word.isdigit() else ord(word)
                 for word in text.split())


# shape, value as written, octets, value as read
GOLDEN = [
    ("address", "192.0.2.1", octets("192 0 2 1"), "192.0.2.1"),
    ("addresses", "192.0.2.1", octets("192 0 2 1"), ["192.0.2.1"]),
    ("addresses", ("192.0.2.1", "9.9.9.9"), octets("192 0 2 1 9 9 9 9"), ["192.0.2.1", "9.9.9.9"]),
    ("text", "boss", b"boss", "boss"),
    ("text", "Büro", "Büro".encode(), "Büro"),
    ("bytes", b"\x01\xff", b"\x01\xff", b"\x01\xff"),
    ("bytes", "01:a2:ff", b"\x01\xa2\xff", b"\x01\xa2\xff"),
    ("bytes", "01:A2", b"\x01\xa2", b"\x01\xa2"),
    ("bytes", "ab", b"ab", b"ab"),  # no colon: text
    ("bytes", "01:a2:f", b"01:a2:f", b"01:a2:f"),
    ("bytes", "eth0/7", b"eth0/7", b"eth0/7"),
    ("flag", True, b"\1", True),
    ("flag", 0, b"\0", False),
    ("flag", "yes", b"\1", True),
    ("flag", "No", b"\0", False),
    ("flag", "true", b"\1", True),
    ("flag", "false", b"\0", False),
    ("uint8", 255, b"\xff", 255),
    ("uint16", 1500, b"\x05\xdc", 1500),
    ("uint32", 1, b"\0\0\0\1", 1),
    ("int32", -18000, octets("255 255 185 176"), -18000),  # RFC 2132 3.4: east is positive
    ("seconds", 86400, b"\0\x01\x51\x80", 86400),
    ("seconds", 5400.0, b"\0\0\x15\x18", 5400),  # 1.5 * HOURS
    ("seconds", INFINITE, b"\xff\xff\xff\xff", INFINITE),
    ("uint8s", 3, b"\3", [3]),
    ("uint8s", [1, 3, 6], b"\1\3\6", [1, 3, 6]),
    ("uint16s", 7, b"\0\7", [7]),
    ("uint16s", [7, 9], b"\0\7\0\x09", [7, 9]),
    ("empty", True, b"", True),
    ("domain", "example.com", octets("7 e x a m p l e 3 c o m 0"), "example.com"),
    ("domain", "example.com.", octets("7 e x a m p l e 3 c o m 0"), "example.com"),
    ("domain", ".", b"\0", "."),
    # RFC 3397 3: the search list eng.apple.com. marketing.apple.com.
    ("domains", ["eng.apple.com.", "marketing.apple.com."],
     octets("3 e n g 5 a p p l e 3 c o m 0 9 m a r k e t i n g xC0 x04"), ["eng.apple.com", "marketing.apple.com"]),
    ("domains", "a.b", octets("1 a 1 b 0"), ["a.b"]),
    ("domains", ["a.b", "a.b"], octets("1 a 1 b 0 xC0 x00"), ["a.b", "a.b"]),
    ("plain_domains", ["a.b", "c.b"], octets("1 a 1 b 0 1 c 1 b 0"), ["a.b", "c.b"]),
    ("address_pairs", ("10.0.0.0", "255.0.0.0"), octets("10 0 0 0 255 0 0 0"), [("10.0.0.0", "255.0.0.0")]),
    ("address_pairs", [("10.0.0.1", "10.0.0.2"), ["10.0.0.3", "10.0.0.4"]],
     octets("10 0 0 1 10 0 0 2 10 0 0 3 10 0 0 4"), [("10.0.0.1", "10.0.0.2"), ("10.0.0.3", "10.0.0.4")]),
    # RFC 3004 4
    ("user_classes", ["iPXE", "a"], octets("4 i P X E 1 a"), ["iPXE", "a"]),
    # RFC 3361 3.1 and 3.2
    ("sip_servers", ["example.com", "example.net"],
     octets("0 7 e x a m p l e 3 c o m 0 7 e x a m p l e 3 n e t 0"), ["example.com", "example.net"]),
    ("sip_servers", "192.0.2.1", octets("1 192 0 2 1"), ["192.0.2.1"]),
    (("uint8", "address"), (7, "192.0.2.1"), octets("7 192 0 2 1"), (7, "192.0.2.1")),
    (("flag", "addresses"), (True, ["192.0.2.1"]), octets("1 192 0 2 1"), (True, ["192.0.2.1"])),
    ([("uint8", "address")], [(7, "192.0.2.1")], octets("7 192 0 2 1"), [(7, "192.0.2.1")]),
    ([("uint8", "address")], (7, "192.0.2.1"), octets("7 192 0 2 1"), [(7, "192.0.2.1")]),
    (["uint32"], [1, 2], octets("0 0 0 1 0 0 0 2"), [1, 2]),
    # RFC 3442, the table of destination descriptors, each followed by a router
    *(("routes", [(network, "192.0.2.1")], octets(f"{descriptor} 192 0 2 1"), [(network, "192.0.2.1")])
      for network, descriptor in [
          ("0.0.0.0/0", "0"),
          ("10.0.0.0/8", "8 10"),
          ("10.0.0.0/24", "24 10 0 0"),
          ("10.17.0.0/16", "16 10 17"),
          ("10.27.129.0/24", "24 10 27 129"),
          ("10.229.0.128/25", "25 10 229 0 128"),
          ("10.198.122.47/32", "32 10 198 122 47")]),
    ("routes", ("default", "192.0.2.1"), octets("0 192 0 2 1"), [("0.0.0.0/0", "192.0.2.1")]),
    ("routes", [("10.0.0.0/8", "10.1.0.2"), ("default", "10.1.0.1")], octets("8 10 10 1 0 2 0 10 1 0 1"),
     [("10.0.0.0/8", "10.1.0.2"), ("0.0.0.0/0", "10.1.0.1")]),
    # RFC 3925 3: enterprise number, length, data
    ("vendor_classes", (4491, "docsis3.0"), octets("0 0 x11 x8b 9 d o c s i s 51 . 48"), [(4491, b"docsis3.0")]),
    ("vendor_classes", [(9, b""), (INFINITE, b"\xff")], octets("0 0 0 9 0 255 255 255 255 1 255"),
     [(9, b""), (INFINITE, b"\xff")]),
    # RFC 9463 5.1: length, priority, length and name, length and addresses, service parameters
    ("encrypted_dns", (1, "dns.example.", "192.0.2.53", "port=8853 alpn=dot,h2 dohpath=/q{?dns}"),
     octets("0 50 0 1 13 3 d n s 7 e x a m p l e 0 4 192 0 2 53"
            " 0 1 0 7 3 d o t 2 h 50 0 3 0 2 x22 x95 0 7 0 8 / q { ? d n s }"),
     [(1, "dns.example", ["192.0.2.53"], "alpn=dot,h2 port=8853 dohpath=/q{?dns}")]),
    # RFC 9463 3.1.6: the name alone; the length is that of the name and 3
    ("encrypted_dns", [(10, "a.b"), (65535, "c", ["192.0.2.1", "192.0.2.2"], "alpn=doq")],
     octets("0 8 0 10 5 1 a 1 b 0 0 23 255 255 3 1 c 0 8 192 0 2 1 192 0 2 2 0 1 0 4 3 d o q"),
     [(10, "a.b"), (65535, "c", ["192.0.2.1", "192.0.2.2"], "alpn=doq")]),
]


@pytest.mark.parametrize(("shape", "written", "wire", "read"), GOLDEN)
def test_golden_octets_both_ways(shape, written, wire, read):
    assert codec(shape).encode(written) == wire
    value = codec(shape).decode(wire)
    assert value == read
    assert type(value) is type(read)
    assert codec(shape).encode(read) == wire


READ_ONLY = [
    ("text", b"boss\0\0", "boss"),  # RFC 2132 2: a receiver must be prepared for trailing NULs
    ("text", b"a\xffb", "a\\xffb"),
    ("user_classes", b"iPXE", ["iPXE"]),  # what iPXE sends: no length before it
    ("user_classes", b"class\0", ["class"]),  # what Windows sends
    ("routes", octets("9 10 255 192 0 2 1"), [("10.128.0.0/9", "192.0.2.1")]),  # RFC 3442: mask what is beyond
    ("domain", b"\x03a\x20\\\x00", "a\\032\\092"),  # RFC 1035 5.1
    ("vendor_classes", octets("0 0 0 9 1 a 0 0 0 9 1 b"), [(9, b"a"), (9, b"b")]),  # RFC 3925 3: SHOULD occur once
    ("encrypted_dns", octets("0 11 0 0 3 1 c 0 4 192 0 2 1"), [(0, "c", ["192.0.2.1"], "")]),
]


@pytest.mark.parametrize(("shape", "wire", "read"), READ_ONLY)
def test_what_others_send_in_their_own_way_is_read(shape, wire, read):
    assert codec(shape).decode(wire) == read


@pytest.mark.parametrize("shape", ["addresses", "uint8s", "uint16s", "domains", "plain_domains", "address_pairs",
                                   "routes", "user_classes", "sip_servers", "vendor_classes", "encrypted_dns"])
def test_an_empty_list_is_no_octets_which_no_one_may_send(shape):
    assert codec(shape).encode([]) == b""
    with pytest.raises(MalformedPacket):
        codec(shape).decode(b"")


INVALID = [
    ("address", ["10.0.0.256", "", True, None, ["192.0.2.1"], b"\1\2\3\4"]),
    ("addresses", ["nowhere", ["192.0.2.1", "x"], None, {"192.0.2.1"}]),
    ("text", ["", "a\0b", 7, None, b"boss", "\ud800"]),
    ("bytes", [7, None, ["01"], "\ud800", "a\0b"]),
    ("flag", [2, -1, "on", None, 1.0, [], "", b"\1"]),
    ("empty", [False, None, "", 7, "no"]),
    ("uint8", [256, -1, "1", 1.0, True, None, 10 ** 400]),
    ("uint16", [65536, -1, [7]]),
    ("uint32", [1 << 32, -1]),
    ("int32", [1 << 31, -(1 << 31) - 1]),
    ("seconds", [-1, 1 << 32, 1.5, float("inf"), float("nan"), "8", True, None]),
    ("uint8s", [256, [1, 256], "1", None]),
    ("uint16s", [[65536], b"\1"]),
    ("domain", ["", "a..b", ".a", "a..", "a b", "a\\b", "münchen.de", "x" * 64, ".".join(["x" * 63] * 4), None, 7,
                ["a.b"]]),
    ("domains", [["a..b"], [7], None]),
    ("address_pairs", ["10.0.0.0", ["10.0.0.0"], [("10.0.0.0",)], [("10.0.0.0", "x")], None]),
    ("routes", ["default", [("10.0.0.0", "10.0.0.1")], [("10.0.0.1/8", "10.0.0.1")], [("10.0.0.0/33", "10.0.0.1")],
                [("10.0.0.0/8", "x")], [("10.0.0.0/8",)], None]),
    ("user_classes", ["", "x" * 256, [7], None]),
    ("sip_servers", [["192.0.2.1", "example.com"], ["example.com", "192.0.2.1"], "a..b", None]),
    (("uint8", "address"), [(7,), (7, "x"), (256, "192.0.2.1"), 7, None, [(7, "192.0.2.1")]]),
    ("vendor_classes", [[(1,)], (1,), [(1, b"a"), (1, b"b")], (-1, b"a"), (INFINITE + 1, b"a"), (True, b"a"), ("1", b"a"),
                        (1, 7), (1, bytes(256)), "a", None, {1: b"a"}]),
    ("encrypted_dns", [
        (1,), (1, "a", "192.0.2.1"), (1, "a", "192.0.2.1", "alpn=dot", 5), (-1, "a"), (65536, "a"), ("1", "a"), (1, "a b"),
        "a", None,
        (0, "a"),  # RFC 9460 2.4.2: an alias, which RFC 9463 has no use for
        (1, "."),
        (1, "a", [], "alpn=dot"), (1, "a", "x", "alpn=dot"), (1, "a", ["192.0.2.1"] * 64, "alpn=dot"),
        (1, "a", "192.0.2.1", b"alpn=dot"), (1, "a", "192.0.2.1", "alpn=dot alpn=doq"), (1, "a", "192.0.2.1", "alpn"),
        (1, "a", "192.0.2.1", "alpn=dot key4=c0000201"), (1, "a", "192.0.2.1", "alpn=dot key6=00"),  # RFC 9463 3.1.5
        (1, "a", "192.0.2.1", ""), (1, "a", "192.0.2.1", "port=853"), (1, "a", "192.0.2.1", "key1"),  # RFC 9461 4.1
        (1, "a", "192.0.2.1", "alpn=dot,h2"), (1, "a", "192.0.2.1", "alpn=h3"), (1, "a", "192.0.2.1", "key1=026832"),
        (1, "a", "192.0.2.1", f"alpn=dot key9={'00' * 65535}")]),
]


@pytest.mark.parametrize(("shape", "value"), [(shape, value) for shape, values in INVALID for value in values])
def test_a_refused_value_is_told_with_what_is_allowed(shape, value):
    with pytest.raises(InvalidValue, match=r"(?s).+; .*(allowed is|write|several names are a list:) .+"):
        codec(shape).encode(value)


MALFORMED = [
    ("address", [b"", b"\1\2\3", b"\1\2\3\4\5"]),
    ("addresses", [b"\1\2\3\4\5"]),
    ("text", [b"", b"\0"]),
    ("flag", [b"", b"\2", b"\0\0"]),
    ("empty", [b"\0"]),
    ("uint8", [b"", b"\0\0"]),
    ("uint16s", [b"\0", b"\0\0\0"]),
    ("seconds", [b"\0\0\0"]),
    ("routes", [b"\x21\1\2\3\4\5\1\2\3\4", b"\x08", b"\x18\x0a\0\0\1\2\3", b"\x00\1\2\3\4\x08"]),
    ("domain", [b"", b"\3ab", b"\1a", b"\1a\0\0", b"\xc0\0", b"\x40", b"\x80a\0", b"\1a\xc0\0", b"\1a\xc0"]),
    # RFC 1035 4.1.4: a pointer names a prior occurrence; itself, its own name, the middle of a label are none
    ("domains", [b"\xc0\0", b"\1a\xc0\0", b"\1a\xc0\2", b"\1a\0\xc0\1", b"\1a\0\xc0\3", b"\1a\0\xc0\2", b"\1a\0\xc0",
                 b"\1a\0\xc0\5\1b\0"]),
    ("domains", [(b"\x3f" + b"x" * 63) * 4 + b"\0",
                 (b"\x3f" + b"x" * 63) * 3 + b"\0" + b"\x3f" + b"y" * 63 + b"\xc0\0"]),
    ("sip_servers", [b"\0", b"\1", b"\1\1\2\3", b"\2\1\2\3\4"]),
    (("uint8", "address"), [b"", b"\7\1\2\3", b"\7\1\2\3\4\5"]),
    ([("uint8", "address")], [b"", b"\7\1\2\3\4\5"]),
    ("vendor_classes", [b"\0", b"\0\0\0\1", b"\0\0\0\1\1", b"\0\0\0\1\2a", b"\0\0\0\1\0\0"]),
    ("encrypted_dns", [octets(text) for text in (
        "0", "0 0", "0 1 0", "0 2 0 1",  # no name
        "0 4 0 1 3 1", "0 7 0 1 3 1 c 0", "0 3 0 1 0",  # cut off, or empty
        "0 6 0 1 3 1 c 9", "0 7 0 1 4 1 c xC0 0", "0 7 0 1 4 1 c 0 0",  # no domain name, or octets after it
        "0 7 0 1 3 1 c 0 0", "0 10 0 1 3 1 c 0 3 192 0 2", "0 7 0 1 3 1 c 0 4",  # no whole address
        "0 12 0 1 3 1 c 0 4 192 0 2 1 0", "0 14 0 1 3 1 c 0 4 192 0 2 1 0 1 0", "0 15 0 1 3 1 c 0 4 192 0 2 1 0 1 0 1",
        "0 19 0 1 3 1 c 0 4 192 0 2 1 0 3 0 0 0 1 0 0", "0 19 0 1 3 1 c 0 4 192 0 2 1 0 1 0 0 0 1 0 0")]),  # out of order
]


@pytest.mark.parametrize(("shape", "data"), [(shape, data) for shape, cases in MALFORMED for data in cases])
def test_malformed_octets_are_refused_with_a_short_reason(shape, data):
    with pytest.raises(MalformedPacket) as caught:
        codec(shape).decode(data)
    assert 0 < len(str(caught.value)) < 120
    assert str(caught.value).isascii()


@pytest.mark.parametrize("data", [
    b"\1a\0" + b"\xc0\0" * 32000,
    (b"\x01x" * 127)[:253] + b"y\0" + b"\xc0\0" * 32000,
    (b"\1x" * 126 + b"\0") * 250,
    b"\1a" * 32000,
    b"\xc0\0" * 32000,
    b"\1a\0" + b"".join(b"\1b" + (0xC000 | n).to_bytes(2, "big") for n in range(8000)),
])
def test_domain_names_are_read_in_linear_time(data):
    start = time.process_time()
    with contextlib.suppress(MalformedPacket):
        codec("domains").decode(data)
    assert time.process_time() - start < 1.0


COMPOUND = [("uint8", "address"), [("uint8", "address")], ("flag", "routes"), ["uint16"], ("uint8", ("uint8", "text"))]
EVERY = [*SHAPES, *COMPOUND]


def pieces():
    """Octets that look like something: lengths, pointers, widths, names."""
    return st.lists(st.one_of(st.binary(max_size=8), st.sampled_from(
        [b"\0", b"\1", b"\1a", b"\3com\0", b"\xc0\0", b"\xc0\2", b"\x08\x0a", b"\x20", b"\xff", b"\x3f"])),
        max_size=20).map(b"".join)


@pytest.mark.parametrize("shape", EVERY, ids=str)
@given(data=st.one_of(st.binary(max_size=300), pieces()))
def test_any_octets_are_read_or_refused_and_what_is_read_can_be_written_again(shape, data):
    try:
        value = codec(shape).decode(data)
    except MalformedPacket:
        return
    try:
        again = codec(shape).encode(value)
    except InvalidValue:
        return  # a stranger's NUL inside a text, or a label that we would not write
    assert codec(shape).decode(again) == value


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_damaged_octets_are_read_or_refused(shape, data):
    wire = bytearray(codec(shape).encode(data.draw(VALUES[shape])))
    if wire:
        wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(MalformedPacket):
        codec(shape).decode(bytes(wire[:data.draw(st.integers(0, len(wire)))]))


ADDRESS = st.integers(0, INFINITE).map(lambda n: ".".join(map(str, n.to_bytes(4, "big"))))
LABEL = st.text("abcXYZ019-_", min_size=1, max_size=12)
HOST = st.lists(LABEL, min_size=1, max_size=6).map(".".join)
NAME = st.one_of(st.just("."), HOST)
PRIORITY = st.integers(1, 65535)
SERVICE_PARAMETERS = ["alpn=dot", "alpn=dot,doq port=853", "alpn=h2 dohpath=/q{?dns}", "key0=0001 alpn=co key9 key65534=00ff"]
WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60)


def some(element):
    return st.lists(element, min_size=1, max_size=20)


@st.composite
def route(draw):
    bits = draw(st.integers(0, 32))
    base = draw(st.integers(0, INFINITE)) & (INFINITE << (32 - bits))
    return f"{'.'.join(map(str, (base & INFINITE).to_bytes(4, 'big')))}/{bits}", draw(ADDRESS)


VALUES = {
    "address": ADDRESS, "addresses": some(ADDRESS), "text": WORDS, "bytes": st.binary(max_size=60),
    "flag": st.booleans(), "uint8": st.integers(0, 255), "uint16": st.integers(0, 65535),
    "uint32": st.integers(0, INFINITE), "int32": st.integers(-(1 << 31), (1 << 31) - 1),
    "seconds": st.integers(0, INFINITE), "uint8s": some(st.integers(0, 255)), "uint16s": some(st.integers(0, 65535)),
    "domain": NAME, "domains": some(NAME), "plain_domains": some(NAME),
    "address_pairs": some(st.tuples(ADDRESS, ADDRESS)), "routes": some(route()), "empty": st.just(True),
    "user_classes": some(WORDS),
    "sip_servers": st.one_of(some(ADDRESS), some(NAME.filter(lambda name: not name.replace(".", "").isdigit()))),
    "vendor_classes": st.dictionaries(st.integers(0, INFINITE), st.binary(max_size=255), min_size=1).map(
        lambda classes: list(classes.items())),
    "encrypted_dns": some(st.one_of(
        st.tuples(PRIORITY, HOST), st.tuples(PRIORITY, HOST, some(ADDRESS), st.sampled_from(SERVICE_PARAMETERS)))),
}


def test_every_shape_has_values_to_try():
    assert VALUES.keys() == SHAPES.keys()


@pytest.mark.parametrize("shape", SHAPES)
@given(data=st.data())
def test_what_is_written_is_read_back(shape, data):
    value = data.draw(VALUES[shape])
    assert codec(shape).decode(codec(shape).encode(value)) == value


@given(names=some(NAME))
def test_compression_never_makes_names_longer_and_both_forms_read_the_same(names):
    short, plain = codec("domains").encode(names), codec("plain_domains").encode(names)
    assert len(short) <= len(plain)
    assert codec("domains").decode(plain) == codec("domains").decode(short) == names


def test_pointers_end_where_their_14_bits_end():
    names = [f"host{number}.example{number}" for number in range(1500)] * 2
    wire = codec("domains").encode(names)
    assert len(wire) > 0x4000
    assert codec("domains").decode(wire) == names


@pytest.mark.parametrize("shape", ["adress", "", (), [], ["uint8", "uint8"], None, 7, ("uint8", "nothing"), {"uint8"}])
def test_an_unknown_shape_is_told_with_the_known_words(shape):
    with pytest.raises(InvalidValue, match="addresses, text, bytes"):
        codec(shape)


@pytest.mark.parametrize("shape", [
    ("text", "uint8"), ["text"], ["empty"], ["domain"], [["uint8"]], [("uint8", "text")]])
def test_a_shape_whose_values_could_not_be_told_apart_is_refused(shape):
    with pytest.raises(InvalidValue, match="allowed"):
        codec(shape)


def test_a_shape_nested_without_end_is_refused():
    shape = ["uint8"]
    shape[0] = shape
    with pytest.raises(InvalidValue, match="levels"):
        codec(shape)


def test_a_record_knows_its_width():
    assert codec(("uint8", "address")).width == 5
    assert codec(("uint8", "text")).width is None


@pytest.mark.parametrize("shape", EVERY, ids=str)
def test_every_codec_has_words_for_people(shape):
    made: Codec = codec(shape)
    assert made.name
    assert made.allowed
