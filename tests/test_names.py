"""Which name a host has: the one that it was given, beside the one that it sent where they differ."""

import pytest
from rig import ALICE, BOB, NETWORK, SERVER

from pydhcpd.control.output import HostRow, host_line
from pydhcpd.leases.hosts import Host
from pydhcpd.wire.packet import ACK, RELEASE

FIRST = "192.0.2.10"
GIVEN = 'hosts = [host(mac="02:00:00:00:00:0a", hostname="boss")]\n'
BY_CLASS = 'classes = [client_class("a", match(mac="02:00:00:00:00:0a"), host_name="boss")]\n'
BY_FINISH = 'def finish(request, reply):\n    if request.mac == "02:00:00:00:00:0a": reply.hostname = "boss"\n'
BY_OPTION = 'def finish(request, reply):\n    reply.options["host_name"] = "boss"\n'
COMPUTED = 'def identify(request):\n    return host(hostname="boss", mac=request.mac)\n'
CLEARED = GIVEN + "def finish(request, reply):\n    reply.hostname = None\n"


def one(replies):
    (reply,) = replies
    return reply


def names(bench):
    host = bench.stored(FIRST)
    return host.hostname, host.sent_name


def told(bench):
    """The words of the last event about the first address."""
    return [text for text in bench.told() if FIRST in text][-1]


@pytest.mark.parametrize("more", [{}, {55: b"\1\3"}, {55: b"\1\3\14"}])
@pytest.mark.parametrize(("text", "sent", "given", "shown"), [
    ("", "laptop", ("laptop", ""), "laptop"),
    ("", "", ("", ""), ""),
    (GIVEN, "laptop", ("boss", "laptop"), "boss (sent laptop)"),
    (GIVEN, "boss", ("boss", ""), "boss"),
    (GIVEN, "", ("boss", ""), "boss"),
    (BY_CLASS, "laptop", ("boss", "laptop"), "boss (sent laptop)"),
    (BY_FINISH, "laptop", ("boss", "laptop"), "boss (sent laptop)"),
    (BY_OPTION, "laptop", ("boss", "laptop"), "boss (sent laptop)"),
    (COMPUTED, "laptop", ("boss", "laptop"), "boss (sent laptop)"),
    (CLEARED, "laptop", ("laptop", ""), "laptop"),
])
def test_the_name_that_was_given_comes_first(bench, text, sent, given, shown, more):
    """Whether the client asks for its name or not."""
    options = {**more, **({12: sent.encode()} if sent else {})}
    ack = bench.serve(NETWORK + text).lease(options=options)
    assert ack.yiaddr == FIRST
    assert names(bench) == given
    assert told(bench) == f"leased {FIRST} 02:00:00:00:00:0a {shown}".rstrip()


def test_the_name_of_a_reservation_file_is_given_too(bench):
    (bench.database.parent / "reservations.csv").write_text("mac,hostname\n02:00:00:00:00:0a,boss\n")
    bench.serve(NETWORK + f"host_file = {str(bench.database)!r}\n").lease(options={12: b"laptop"})
    assert names(bench) == ("boss", "laptop")


def renew(bench, client=ALICE, **options):
    return one(bench.say((bench.request(client, ciaddr=FIRST, options=options.get("options")), SERVER, FIRST)))


@pytest.mark.parametrize(("text", "kept"), [("", ("laptop", "")), (GIVEN, ("boss", "laptop"))])
def test_a_renewal_without_option_12_keeps_the_names(bench, text, kept):
    bench.serve(NETWORK + text).lease(options={12: b"laptop"})
    for _ in range(2):
        assert renew(bench).kind == ACK
        assert names(bench) == kept
    assert bench.lease().yiaddr == FIRST
    assert names(bench) == kept, "the lease has not ended, and is the client's still"


def test_names_change_with_what_is_sent_and_given(bench):
    bench.serve(NETWORK + GIVEN).lease(options={12: b"laptop"})
    for sent, expected in ((b"boss", ("boss", "")), (b"desktop", ("boss", "desktop"))):
        renew(bench, options={12: sent})
        assert names(bench) == expected
    renew(bench.serve(NETWORK), options={12: b"desktop"})
    assert names(bench) == ("desktop", "")


def test_the_next_client_has_not_the_names_of_the_one_before(bench):
    bench.serve(NETWORK.replace("192.0.2.19", FIRST) + GIVEN).lease(options={12: b"laptop"})
    bench.say((bench.message(RELEASE, ciaddr=FIRST, options={54: SERVER}), SERVER, FIRST))
    assert told(bench) == f"released {FIRST} 02:00:00:00:00:0a boss"
    assert bench.lease(BOB).yiaddr == FIRST
    assert names(bench) == ("", "")


def test_the_end_of_a_lease_tells_both_names(bench):
    bench.serve(NETWORK + GIVEN).lease(options={12: b"laptop"})
    bench.now += 4000
    bench.server._keep_house()
    assert told(bench) == f"expired {FIRST} 02:00:00:00:00:0a boss (sent laptop)"


def test_a_name_that_is_sent_is_escaped_beside_the_one_that_was_given(bench):
    bench.serve(NETWORK + GIVEN).lease(options={12: b"\x1b[31m\n"})
    assert told(bench) == f"leased {FIRST} 02:00:00:00:00:0a boss (sent \\x1b[31m\\x0a)"
    row = HostRow(FIRST, "02:00:00:00:00:0a", "boss", None, "bound", "\x1b[31m\n")
    assert "  boss (sent \\x1b[31m\\x0a)  never" in host_line(row, 0.0)


# --- hardware addresses


def test_hardware_addresses_are_in_lower_case(bench):
    bench.lease()
    assert bench.stored(FIRST).mac == "02:00:00:00:00:0a"
    found = [bench.hosts.get(mac=mac) for mac in ("02:00:00:00:00:0A", "02:00:00:00:00:0a")]
    assert [next(one).ip for one in found] == [FIRST, FIRST], "whatever case they are asked for in"
    assert isinstance(bench.stored(FIRST), Host)


# --- what a relay agent says


PORT7 = {82: b"\1\6port 7\2\4\0\4\1\2"}
SAID = 'circuit_id "port 7" remote_id "00:04:01:02"'


@pytest.mark.parametrize("fields", [{}, {"giaddr": "192.0.2.9"}])
def test_text_of_a_relay_agent_is_shown_as_one_would_write_it(bench, fields):
    bench.lease(options={12: b"pc", **PORT7}, **fields)
    assert told(bench) == f"leased {FIRST} 02:00:00:00:00:0a pc {SAID}"
    one(bench.say(bench.request(BOB, options={50: "192.0.2.77", 54: SERVER, **PORT7}, **fields)))
    refused = bench.told()[-1]
    assert refused == f"refused 192.0.2.77 02:00:00:00:00:0b {SAID}: the address is not available"
    bench.now += 4000
    bench.server._keep_house()
    assert told(bench) == f"expired {FIRST} 02:00:00:00:00:0a pc {SAID}"


def test_a_limit_is_told_by_the_field_as_one_would_write_it(bench):
    limited = 'client_class("port", match(circuit_id=ALL), lease_limit=1, lease_limit_per="circuit_id")'
    bench.serve(NETWORK + f"classes = [{limited}]\n")
    bench.lease(options=PORT7)
    assert bench.say(bench.discover(BOB, options=PORT7)) == []
    last = bench.told()[-1]
    assert last == f'no address for 02:00:00:00:00:0b {SAID}: over the limit of leases of port="port 7"'
