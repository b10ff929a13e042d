"""What a leasequery means and what its answer says: RFC 4388, RFC 6926; octets by the RFCs, tshark and scapy as judges."""

import shutil
import struct
import subprocess
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.addresses import address_from
from pydhcpd.errors import MalformedPacket
from pydhcpd.leases.interface import BOUND, GRACE, QUARANTINED, RELEASED, Row
from pydhcpd.services.leasequery.messages import (
    ABANDONED,
    ACTIVE,
    ADDRESS,
    ALL,
    AVAILABLE,
    CLIENT,
    EXPIRED,
    HARDWARE,
    INFINITE,
    MALFORMED_QUERY,
    NOT_ALLOWED,
    RELAY,
    RELEASED_BY_CLIENT,
    REMOTE,
    Answer,
    BulkReplies,
    Query,
    Refused,
    answer_by_address,
    answer_by_client,
    belongs,
    encode_answer,
    framed,
    is_bulk_query,
    one_of,
    read_bulk_query,
    read_query,
    relay_octets,
    state_of,
    with_free,
)
from pydhcpd.wire.packet import (
    BOOTREPLY,
    LEASEACTIVE,
    LEASEQUERY,
    LEASEUNASSIGNED,
    LEASEUNKNOWN,
    Packet,
    Request,
)

NOW = 1_800_000_000
MAC = b"\2\0\0\0\x99\1"
HERE, RELAY_AGENT, SERVER = address_from("10.0.0.9"), address_from("10.0.0.1"), address_from("10.0.0.2")
HERE_OCTETS, SERVER_OCTETS = b"\x0a\0\0\x09", b"\x0a\0\0\x02"
REMEMBERED = b"\1\4eth0\2\3abc"
TIMES = {code: struct.pack("!I", value) for code, value in {51: 600, 58: 200, 59: 500, 91: 200}.items()}  # of the row below


def row(address=HERE, client=b"\1\1pc", *, ends=NOW + 600 + GRACE, last_used=NOW - 200, state=BOUND, relay=REMEMBERED):
    return Row(address, client, 1, MAC, "pc", ends, last_used, state, relay)


def received(options=None, **fields):
    """A DHCPLEASEQUERY as it comes in; its options besides the message type."""
    fields = {"htype": 0, "giaddr": RELAY_AGENT, "xid": 0x1234, **fields}
    message = Packet(options={53: bytes((LEASEQUERY,)), **(options or {})}, **fields)
    return Request.receive(message.encode(), 1, RELAY_AGENT, 67, SERVER)


def replied(answer, options=None, **fields):
    """The decoded reply."""
    return Packet.decode(encode_answer(received(options, **(fields or {"ciaddr": HERE})), answer, SERVER, NOW))


# --- rule 39: which query it is


@pytest.mark.parametrize(("fields", "options", "query"), [
    ({"ciaddr": HERE}, {}, Query(ADDRESS, HERE)),
    ({"ciaddr": HERE, "htype": 1, "hardware": bytes(6)}, {}, Query(ADDRESS, HERE)),  # a real one
    ({"hardware": MAC, "htype": 1}, {}, Query(HARDWARE, htype=1, data=MAC)),
    ({}, {61: b"\1pc"}, Query(CLIENT, data=b"\1pc")),
])
def test_a_query_is_by_address_hardware_or_client_identifier(fields, options, query):
    """RFC 4388 section 6.2."""
    assert read_query(received(options, **fields)) == query


@pytest.mark.parametrize(("fields", "options"), [
    ({}, {}), ({"hardware": bytes(6)}, {}), ({"ciaddr": HERE, "hardware": MAC}, {}),
    ({"ciaddr": HERE}, {61: b"\1pc"}), ({"hardware": MAC}, {61: b"\1pc"}),
    ({}, {61: b""}), ({"ciaddr": HERE, "hardware": MAC}, {61: b"\1pc"})])
def test_none_or_several_are_malformed(fields, options):
    with pytest.raises(MalformedPacket, match="exactly one"):
        read_query(received(options, **fields))


def test_a_query_without_giaddr_gets_no_answer():
    """RFC 4388 section 6.4.3: there is nobody to answer to."""
    with pytest.raises(MalformedPacket, match="giaddr"):
        read_query(received(ciaddr=HERE, giaddr=0))


# --- rule 39: active, unassigned, unknown


@pytest.mark.parametrize(("found", "served", "kind"), [
    (row(), True, LEASEACTIVE),
    (row(ends=INFINITE), True, LEASEACTIVE),
    (row(ends=NOW), True, LEASEUNASSIGNED),
    (row(state=RELEASED), True, LEASEUNASSIGNED),
    (row(state=QUARANTINED), True, LEASEUNASSIGNED),
    (row(client=b""), True, LEASEUNASSIGNED),
    (None, True, LEASEUNASSIGNED),
    (None, False, LEASEUNKNOWN),
    (row(), False, LEASEUNKNOWN),
])
def test_an_address_is_active_or_unassigned_if_it_is_ours_and_else_unknown(found, served, kind):
    """RFC 4388 section 6.4.1."""
    assert answer_by_address(found, [], served, NOW).kind == kind


def test_of_the_leases_of_a_client_the_one_of_the_last_transaction_comes_first():
    """RFC 4388 section 6.4.1."""
    rows = [row(1, last_used=NOW - 5), row(2, last_used=NOW - 2), row(3, ends=NOW), row(4, last_used=NOW - 9)]
    assert answer_by_client(rows, NOW) == Answer(LEASEACTIVE, rows[1], (1, 4))
    assert answer_by_address(rows[0], rows, True, NOW) == Answer(LEASEACTIVE, rows[0], (2, 4))


@pytest.mark.parametrize("rows", [[], [row(ends=NOW)], [row(state=RELEASED)]])
def test_a_client_without_a_lease_is_unknown(rows):
    assert answer_by_client(rows, NOW) == Answer(LEASEUNKNOWN)


# --- rule 39: the reply


def test_a_reply_tells_of_the_lease():
    """RFC 4388 section 6.4.2, without option 55: all there is."""
    reply = replied(Answer(LEASEACTIVE, row(), (1, 2)))
    assert (reply.op, reply.xid, reply.giaddr, reply.ciaddr, reply.yiaddr) == (BOOTREPLY, 0x1234, RELAY_AGENT, HERE, 0)
    assert (reply.htype, reply.hardware) == (1, MAC)
    assert reply.options == {53: b"\x0d", 54: SERVER_OCTETS, **TIMES,
                             61: b"\1pc", 92: b"\0\0\0\1\0\0\0\2", 82: REMEMBERED}
    assert list(reply.options)[-1] == 82


@pytest.mark.parametrize(("wanted", "codes"), [
    (b"", set()), (b"\x33", {51}), (b"\x5b\x5c", {91, 92}), (b"\x52", {82}), (b"\x3a\x3b", {58, 59}), (b"\x01\x03", set())])
def test_a_reply_carries_what_option_55_asks_for(wanted, codes):
    """RFC 4388 section 6.4.2; an answer is matched by its client identifier."""
    reply = replied(Answer(LEASEACTIVE, row(), (1, 2)), {55: wanted})
    assert set(reply.options) == {53, 54, 61} | codes


def test_t1_and_t2_are_what_is_left_of_them():
    """RFC 4388 section 6.4.2; a lease of 800 seconds, 200 of them gone."""
    reply = replied(Answer(LEASEACTIVE, row()), {55: b"\x3a\x3b"})
    assert (reply.options[58], reply.options[59]) == (struct.pack("!I", 200), struct.pack("!I", 500))


def test_t1_that_is_past_is_left_out():
    reply = replied(Answer(LEASEACTIVE, row(ends=NOW + 100 + GRACE, last_used=NOW - 700)), {55: b"\x33\x3a\x3b"})
    assert 58 not in reply.options and 59 not in reply.options
    assert reply.options[51] == struct.pack("!I", 100)


def test_a_lease_without_end_has_no_t1_and_t2():
    reply = replied(Answer(LEASEACTIVE, row(ends=INFINITE)), {55: b"\x33\x3a\x3b"})
    assert (reply.options[51], 58 in reply.options, 59 in reply.options) == (b"\xff\xff\xff\xff", False, False)


def test_a_clock_that_was_set_back_makes_no_negative_time():
    assert replied(Answer(LEASEACTIVE, row(last_used=NOW + 50))).options[91] == bytes(4)


def test_no_client_identifier_is_made_up():
    reply = replied(Answer(LEASEACTIVE, row(client=b"\2\1" + MAC)))
    assert 61 not in reply.options


@pytest.mark.parametrize("kind", [LEASEUNASSIGNED, LEASEUNKNOWN])
@pytest.mark.parametrize(("fields", "options"), [
    ({"ciaddr": HERE}, {}), ({"hardware": MAC, "htype": 1}, {}), ({}, {61: b"\1pc"})])
def test_an_answer_that_there_is_none_repeats_the_query_and_says_no_more(kind, fields, options):
    """RFC 4388 section 6.4.2."""
    reply = replied(Answer(kind), {**options, 55: b"\x33\x5b\x52"}, **{"htype": 0, **fields, "giaddr": RELAY_AGENT})
    assert reply.options == {53: bytes((kind,)), 54: SERVER_OCTETS, **options}
    assert (reply.ciaddr, reply.hardware) == (fields.get("ciaddr", 0), fields.get("hardware", b""))


@pytest.mark.parametrize(("relay", "identifier"), [(0, 2), (255, 2), (255, 255), (0, 255)])
def test_what_does_not_fit_is_left_out_associated_addresses_first(relay, identifier):
    """RFC 2132 section 9.10: without option 57 no more than 576 bytes with headers."""
    one = row(client=b"\1" + b"c" * identifier, relay=b"r" * relay)
    data = encode_answer(received(ciaddr=HERE), Answer(LEASEACTIVE, one, tuple(range(100))), SERVER, NOW)
    reply = Packet.decode(data)
    assert len(data) <= 548
    assert {53, 54, 51, 91} <= set(reply.options)
    assert len(reply.options.get(92, b"")) % 4 == 0
    if relay + identifier < 258:
        assert (reply.options.get(82, b""), reply.options[61]) == (one.relay, one.client[1:])
    large = encode_answer(received({57: b"\x05\xdc"}, ciaddr=HERE), Answer(LEASEACTIVE, one, tuple(range(100))), SERVER, NOW)
    assert len(Packet.decode(large).options[92]) == 4 * 63


def test_who_may_ask_is_a_list_of_networks():
    allowed = one_of([(HERE, 0xFFFFFFFF), (address_from("192.0.2.0"), 0xFFFFFF00)])
    assert [allowed(address_from(one)) for one in ("10.0.0.9", "10.0.0.8", "192.0.2.255", "192.0.3.0")] == [True, False] * 2
    assert not one_of([])(HERE)


# --- rule 40: bulk queries


def bulk(options=None, **fields):
    return Packet(options={53: b"\x0e", **(options or {})}, **{"htype": 0, "xid": 0xABCD, **fields})


@pytest.mark.parametrize(("fields", "options", "query"), [
    ({}, {}, Query(ALL)),
    ({"hardware": MAC, "htype": 1}, {}, Query(HARDWARE, htype=1, data=MAC)),
    ({}, {61: b"\1pc"}, Query(CLIENT, data=b"\1pc")),
    ({}, {82: b"\2\3abc"}, Query(REMOTE, data=b"abc")),
    ({}, {82: b"\x0c\3abc"}, Query(RELAY, data=b"abc")),
    ({}, {82: b"\1\3abc"}, Query(ALL)),
    ({}, {154: b"\0\0\0\5", 155: b"\0\0\0\6"}, Query(ALL, start=5, end=6)),
    ({}, {82: b"\2\3abc", 154: b"\0\0\0\5"}, Query(REMOTE, data=b"abc", start=5)),
])
def test_a_bulk_query_is_for_one_thing_or_for_all(fields, options, query):
    """RFC 6926 section 7.2."""
    assert read_bulk_query(bulk(options, **fields)) == query


@pytest.mark.parametrize(("fields", "options", "status"), [
    ({"ciaddr": HERE}, {}, MALFORMED_QUERY), ({"yiaddr": HERE}, {}, MALFORMED_QUERY), ({"siaddr": HERE}, {}, MALFORMED_QUERY),
    ({"hardware": MAC}, {61: b"\1pc"}, MALFORMED_QUERY), ({}, {82: b"\2\1a\x0c\1b"}, MALFORMED_QUERY),
    ({}, {61: b"\1pc", 82: b"\2\1a"}, MALFORMED_QUERY), ({}, {82: b"\2\0"}, MALFORMED_QUERY),
    ({}, {154: b"\0\0\0\6", 155: b"\0\0\0\5"}, MALFORMED_QUERY), ({}, {154: b"\5"}, MALFORMED_QUERY),
    ({}, {221: b"\0vpn"}, NOT_ALLOWED),
])
def test_what_cannot_be_answered_has_a_status_code(fields, options, status):
    """RFC 6926 sections 6.2.2 and 8.2."""
    with pytest.raises(Refused) as refusal:
        read_bulk_query(bulk(options, **fields))
    assert refusal.value.status == status


@pytest.mark.parametrize(("message", "is_one"), [
    (bulk(), True), (bulk({53: b"\x0a"}), False), (bulk({53: b"\x01"}), False),
    (Packet(BOOTREPLY, options={53: b"\x0e"}), False)])
def test_only_bulk_queries_may_come(message, is_one):
    assert is_bulk_query(message) is is_one


@pytest.mark.parametrize(("one", "state"), [
    (None, AVAILABLE), (row(), ACTIVE), (row(ends=NOW), EXPIRED), (row(ends=NOW - 5, state=RELEASED), RELEASED_BY_CLIENT),
    (row(state=QUARANTINED), ABANDONED), (row(ends=NOW, state=QUARANTINED), AVAILABLE)])
def test_the_state_of_an_address(one, state):
    """RFC 6926 section 6.2.7: AVAILABLE 1, ACTIVE 2, EXPIRED 3, RELEASED 4, ABANDONED 5."""
    assert state_of(one, NOW) == state
    assert (AVAILABLE, ACTIVE, EXPIRED, RELEASED_BY_CLIENT, ABANDONED) == (1, 2, 3, 4, 5)


@pytest.mark.parametrize(("one", "query", "told"), [
    (row(), Query(ALL), True),
    (row(ends=NOW), Query(ALL), True),
    (row(), Query(HARDWARE), True),
    (row(ends=NOW), Query(HARDWARE), False),
    (row(ends=NOW), Query(HARDWARE, start=NOW - 5), True),
    (row(), Query(ALL, start=NOW - 200), True),
    (row(), Query(ALL, start=NOW - 199), False),
    (row(), Query(ALL, end=NOW - 200), True),
    (row(), Query(ALL, end=NOW - 201), False),
    (row(ends=NOW - 5), Query(ALL, start=NOW - 5, end=NOW - 5), True),
    (row(), Query(REMOTE, data=b"abc"), True),
    (row(), Query(REMOTE, data=b"ab"), False),
    (row(), Query(RELAY, data=b"abc"), False),
    (row(relay=b"\1\5\2\3abc"), Query(REMOTE, data=b"abc"), False),  # the octets are there, in another suboption
    (row(relay=b"\x0c\3abc"), Query(RELAY, data=b"abc"), True),
    (row(relay=b""), Query(REMOTE, data=b"abc"), False),
])
def test_what_belongs_to_an_answer(one, query, told):
    """RFC 6926 sections 6.2.5, 6.2.6 and 8.2."""
    assert belongs(one, query, NOW) is told


@given(st.binary(min_size=1, max_size=255), st.sampled_from([REMOTE, RELAY]))
def test_the_octets_looked_for_are_those_of_the_suboption(data, by):
    query = Query(by, data=data)
    assert belongs(row(relay=b"\1\1x" + relay_octets(query)), query, NOW)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 10))), st.sets(st.integers(0, 80)))
def test_all_addresses_come_once_in_order_leased_or_not(parts, leased):
    ranges, start = [], 0
    for gap, length in parts:
        ranges.append((start + gap, start + gap + length))
        start += gap + length + 1
    told = list(with_free([row(address) for address in sorted(leased)], ranges))
    addresses = {address for first, last in ranges for address in range(first, last + 1)} | leased
    assert [address for address, _ in told] == sorted(addresses)
    assert {address for address, one in told if one is not None} == leased


def test_a_message_goes_with_its_length_before_it():
    """RFC 6926 section 6.1."""
    assert framed(b"x" * 300) == b"\x01\x2c" + b"x" * 300


def unframed(data):
    assert int.from_bytes(data[:2], "big") == len(data) - 2
    return Packet.decode(data[2:])


def test_the_first_message_of_a_reply_carries_the_server_identifier():
    """RFC 6926 section 8.2."""
    replies = BulkReplies(bulk(), SERVER)
    first, second = (unframed(replies.lease(HERE, row(), NOW)) for _ in range(2))
    assert (first.options[54], 54 in second.options, 54 in unframed(replies.done(NOW)).options) == (SERVER_OCTETS, False, False)
    alone = unframed(BulkReplies(bulk(), SERVER).done(NOW))
    assert alone.options == {53: b"\x0f", 54: SERVER_OCTETS, 152: struct.pack("!I", NOW)}


def test_an_active_lease_in_a_bulk_reply():
    """RFC 6926 section 8.2: base time, state, data source; times as in a single answer."""
    reply = unframed(BulkReplies(bulk(), SERVER).lease(HERE, row(), NOW))
    assert (reply.op, reply.xid, reply.giaddr, reply.ciaddr, reply.htype, reply.hardware) == (2, 0xABCD, 0, HERE, 1, MAC)
    assert reply.options == {53: b"\x0d", 54: SERVER_OCTETS, 152: struct.pack("!I", NOW), 156: b"\2", 157: b"\0", 61: b"\1pc",
                             **TIMES, 82: REMEMBERED}


def test_a_lease_that_has_ended_in_a_bulk_reply():
    """RFC 6926 section 6.2.4: since when it is so counts from the base time."""
    reply = unframed(BulkReplies(bulk({55: b"\x99\x33"}), SERVER).lease(HERE, row(ends=NOW - 30, state=RELEASED), NOW))
    assert reply.options == {53: b"\x0b", 54: SERVER_OCTETS, 152: struct.pack("!I", NOW), 156: b"\4", 157: b"\0", 61: b"\1pc",
                             153: struct.pack("!I", 30)}
    assert reply.hardware == MAC


def test_an_address_that_was_never_leased_in_a_bulk_reply():
    reply = unframed(BulkReplies(bulk(), SERVER).lease(HERE, None, NOW))
    assert (reply.ciaddr, reply.htype, reply.hlen) == (HERE, 0, 0)
    assert reply.options == {53: b"\x0b", 54: SERVER_OCTETS, 152: struct.pack("!I", NOW), 156: b"\1", 157: b"\0"}


def test_the_end_of_a_reply_that_failed_says_why():
    """RFC 6926 section 6.2.2: a byte, and text in UTF-8."""
    done = unframed(BulkReplies(bulk(), SERVER).done(NOW, MALFORMED_QUERY, "no"))
    assert (done.options[53], done.options[151]) == (b"\x0f", b"\3no")
    assert not any((done.ciaddr, done.yiaddr, done.siaddr, done.giaddr, done.htype, done.hlen, *done.chaddr))


# --- the judges


@given(st.binary(max_size=400))
def test_no_octets_make_a_query_do_anything_but_be_read_or_refused(data):
    """One fuzz target for both readers."""
    base = Packet(options={53: b"\x0a"}).encode()[:240]
    try:
        message = Packet.decode(base + data + b"\xff")
    except MalformedPacket:
        return
    for read, refusal in ((read_query, MalformedPacket), (read_bulk_query, Refused)):
        with suppress(refusal):
            read(message)


def test_scapy_reads_what_we_write():
    dhcp = pytest.importorskip("scapy.layers.dhcp")
    data = encode_answer(received({55: b"\x33\x3a\x3b\x52"}, ciaddr=HERE), Answer(LEASEACTIVE, row()), SERVER, NOW)
    seen = dhcp.BOOTP(data)
    options = dict(one[:2] for one in seen[dhcp.DHCP].options if isinstance(one, tuple))
    assert (seen.ciaddr, seen.giaddr, seen.chaddr[:6]) == ("10.0.0.9", "10.0.0.1", MAC)
    assert (options["message-type"], options["server_id"], options["lease_time"]) == (13, "10.0.0.2", 600)
    assert (options["renewal_time"], options["rebinding_time"]) == (200, 500)


def test_tshark_reads_what_we_write(tmp_path):
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    messages = [encode_answer(received(ciaddr=HERE), Answer(LEASEACTIVE, row(), (1,)), SERVER, NOW),
                encode_answer(received(ciaddr=HERE), Answer(LEASEUNASSIGNED), SERVER, NOW),
                encode_answer(received(hardware=MAC, htype=1), Answer(LEASEUNKNOWN), SERVER, NOW),
                BulkReplies(bulk(), SERVER).done(NOW, MALFORMED_QUERY, "no")[2:]]
    capture = tmp_path / "replies.pcap"
    capture.write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101) + b"".join(map(recorded, messages)))
    out = subprocess.run(["tshark", "-r", str(capture), "-T", "fields", "-e", "dhcp.option.dhcp", "-e", "dhcp.ip.client",
                          "-e", "dhcp.option.type", "-e", "_ws.malformed", "-e", "_ws.expert.severity"],
                         capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t") for line in out.splitlines()]
    assert [[line[0], line[1], line[2].removesuffix(",0")] for line in lines] == [
        ["13", "10.0.0.9", "53,54,51,58,59,91,61,92,82"], ["11", "10.0.0.9", "53,54"], ["12", "0.0.0.0", "53,54"],
        ["15", "0.0.0.0", "53,54,152,151"]]
    assert [line[3] for line in lines] == [""] * 4


def recorded(message):
    """A record of a capture of raw IP, with a datagram from port 67 to 67."""
    udp = struct.pack("!HHHH", 67, 67, 8 + len(message), 0) + message
    ip = struct.pack("!BBHHHBBHII", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, SERVER, RELAY_AGENT)
    return struct.pack("<IIII", 0, 0, 20 + len(udp), 20 + len(udp)) + ip + udp
