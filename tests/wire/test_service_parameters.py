"""Service parameters: the vectors of RFC 9460, refusals on both sides, and scapy and tshark as judges, by way of DNS."""

import contextlib
import shutil
import subprocess
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.wire.service_parameters import LARGEST_KEY, decode, encode, read

# text, octets
GOLDEN = [
    ("", ""),
    # RFC 9460 appendix D.2; what our plain form cannot say is in hexadecimal here
    ("port=53", "0003 0002 0035"),
    ("key667=68656c6c6f", "029b 0005 68656c6c6f"),
    ("key667=68656c6c6fd2716f6f", "029b 0009 68656c6c6fd2716f6f"),
    ("key0=00010004 alpn=h2,h3-19 key4=c0000201", "0000 0004 00010004 0001 0009 02 6832 05 68332d3139 0004 0004 c0000201"),
    ("key1=08665c6f6f2c626172026832", "0001 000c 08 665c6f6f2c626172 02 6832"),
    # RFC 9461 5
    ("dohpath=/dns-query{?dns}", "0007 0010 2f646e732d71756572797b3f646e737d"),
    # RFC 9460 7.1: no value
    ("alpn=doq key2", "0001 0004 03 646f71 0002 0000"),
    ("port=65535 key65534", "0003 0002 ffff fffe 0000"),
]


@pytest.mark.parametrize(("text", "wire"), GOLDEN)
def test_golden_octets_both_ways(text, wire):
    assert encode(text) == bytes.fromhex(wire)
    assert decode(bytes.fromhex(wire)) == text


@pytest.mark.parametrize(("text", "usual"), [
    ("  port=53\talpn=dot ", "alpn=dot port=53"),  # RFC 9460 2.2: keys in rising order
    ("key3=0035 key1=03646F74", "alpn=dot port=53"),
    ("key9=AB", "key9=ab"),
])
def test_what_is_written_otherwise_is_read_in_the_usual_form(text, usual):
    assert decode(encode(text)) == usual


@pytest.mark.parametrize("text", [
    "alpn", "alpn=", "alpn=,", "alpn=dot,", "alpn=,dot", "alpn=d\\ot", 'alpn="dot"', "alpn=dört", "alpn=" + "x" * 256,
    "port", "port=", "port=-1", "port=65536", "port=053", "port=0x35", "port=99999999999", "port=\u0665",
    "dohpath", "dohpath=", "dohpath=/q", "dohpath=q{?dns}", "dohpath=/q{?dnsx}", "dohpath=/{?dns",
    "key65535", "key65536=00", "key01=00", "key=00", "key5=", "key5=0", "key5=xy", "key5=0 0", "key\u0665=00",
    "ipv4hint=192.0.2.1", "no", "=", "Port=53", "port=53 port=53", "port=53 key3=0035", f"key9={'00' * 65536}",
])
def test_a_refused_text_is_told_with_what_is_allowed(text):
    with pytest.raises(InvalidValue, match=r"; allowed is words such as"):
        encode(text)


@pytest.mark.parametrize("wire", [
    "00", "0001", "000100", "0001 0001", "0001 0002 00", "0003 0002 0035 00",
    "0003 0000 0003 0000", "0003 0000 0001 0000"])  # RFC 9460 2.2: rising, each once
def test_malformed_octets_are_refused(wire):
    with pytest.raises(MalformedPacket):
        decode(bytes.fromhex(wire))


@pytest.mark.parametrize(("wire", "text"), [
    ("0001 0000", "key1"), ("0001 0001 00", "key1=00"), ("0001 0002 0564", "key1=0564"), ("0001 0002 01ff", "key1=01ff"),
    ("0001 0003 016100", "key1=016100"), ("0001 0002 012c", "key1=012c"), ("0001 0002 0120", "key1=0120"),
    ("0003 0000", "key3"), ("0003 0001 35", "key3=35"), ("0003 0003 000035", "key3=000035"),
    ("0007 0002 2f71", "key7=2f71"), ("0007 0007 2f7b3f646e737d", "dohpath=/{?dns}"),
    ("0007 0008 2f207b3f646e737d", "key7=2f207b3f646e737d"),
])
def test_a_value_that_the_plain_form_cannot_say_is_in_hexadecimal(wire, text):
    assert decode(bytes.fromhex(wire)) == text
    assert encode(text) == bytes.fromhex(wire)


KEYS = st.one_of(st.integers(0, 9), st.integers(0, LARGEST_KEY))


def wire_form(values: dict[int, bytes]) -> bytes:
    """RFC 9460 2.2, written a second time."""
    return b"".join(pack(">HH", key, len(values[key])) + values[key] for key in sorted(values))


@given(st.dictionaries(KEYS, st.one_of(st.binary(max_size=12), st.sampled_from(
    [b"\3dot\2h2", b"\0\x35", b"/q{?dns}", b"\1,", b"\1\\", b"\0", b"/{?dns}\n"]))))
def test_any_values_survive_as_text(values):
    wire = wire_form(values)
    assert read(wire) == values
    assert encode(decode(wire)) == wire


@given(st.one_of(st.binary(max_size=80), st.lists(st.sampled_from(
    [b"\0\1", b"\0\3", b"\0\2", b"\0\0", b"\0\7", b"\3dot", b"/{dns}", b"\xff\xff"]), max_size=12).map(b"".join)))
def test_any_octets_are_read_or_refused(wire):
    with contextlib.suppress(MalformedPacket):
        text = decode(wire)
        assert text.isprintable()
        assert text.isascii()


@given(st.text(max_size=30))
def test_any_text_is_encoded_or_refused(text):
    with contextlib.suppress(InvalidValue):
        assert encode(decode(encode(text))) == encode(text)


# The judges know the same octets from DNS: the data of an SVCB record is priority, name and service parameters.

JUDGED = "alpn=dot,h2 port=8853 dohpath=/q{?dns} key667=68656c6c6f"


def test_scapy_reads_what_we_write():
    dns = pytest.importorskip("scapy.layers.dns")
    if not hasattr(dns, "DNSRRSVCB"):
        pytest.skip("this scapy knows no SVCB records")
    data = pack(">H", 1) + b"\0" + encode(JUDGED)
    record = dns.DNSRRSVCB(b"\1a\0" + pack(">HHIH", 64, 1, 60, len(data)) + data)
    assert [(one.key, bytes(one)[4:]) for one in record.svc_params] == [
        (1, b"\3dot\2h2"), (3, pack(">H", 8853)), (7, b"/q{?dns}"), (667, b"hello")]
    assert record.svc_params[0].value == [b"dot", b"h2"]
    assert record.svc_params[1].value == 8853


def test_tshark_reads_what_we_write(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    inet, l2 = pytest.importorskip("scapy.layers.inet"), pytest.importorskip("scapy.layers.l2")
    data = pack(">H", 1) + b"\0" + encode(JUDGED)
    answer = pack(">HHHHHH", 7, 0x8180, 0, 1, 0, 0) + b"\1a\0" + pack(">HHIH", 64, 1, 60, len(data)) + data
    capture = tmp_path / "svcb.pcap"
    pytest.importorskip("scapy.utils").wrpcap(str(capture), [
        l2.Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / inet.IP(src="192.0.2.1", dst="192.0.2.2")
        / inet.UDP(sport=53, dport=5353 + 1) / answer])
    names = ["dns.svcb.svcparam.key", "dns.svcb.svcparam.alpn", "dns.svcb.svcparam.port", "dns.svcb.svcparam.value",
             "_ws.malformed"]
    out = subprocess.run(["tshark", "-r", str(capture), "-T", "fields", "-E", "aggregator=|",
                          *(word for name in names for word in ("-e", name))],
                         capture_output=True, text=True, check=True, timeout=60).stdout
    keys, protocols, port, others, malformed = out.rstrip("\n").split("\t")
    assert (keys, protocols, port, malformed) == ("1|3|7|667", "dot|h2", "8853", "")
    assert "68656c6c6f" in others.replace(":", "")
