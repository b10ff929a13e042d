"""Leasequery in bulk over TCP: rule 40 (RFC 6926), by connections on the loopback; and the bounds of what a peer can do."""

import socket
import struct
import threading
from contextlib import closing

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.leases.interface import BOUND, RELEASED, Row
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.queries import LeaseQueries
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.sockets import open_tcp
from pydhcpd.services.leasequery import bulk as bulk_leasequery
from pydhcpd.services.leasequery.bulk import BulkLeasequeryServer
from pydhcpd.services.leasequery.messages import framed, one_of
from pydhcpd.wire.packet import LEASEACTIVE, LEASEQUERYDONE, LEASEUNASSIGNED, Packet

NOW = 1_800_000_000
MAC = b"\2\0\0\0\x99\1"
BASE = address_from("10.0.0.0")
SERVER = address_from("10.0.0.2")
LOOPBACK = (address_from("127.0.0.0"), 0xFF000000)
PATIENCE = 20.0  # seconds until a test gives up


GIADDR = bytes((192, 0, 2, 254))  # kept before the content of option 82


def row(host, client=b"\1pc", hardware=MAC, ends=NOW + 600, last_used=NOW - 200, state=BOUND, relay=b""):
    return Row(BASE + host, client, 1, hardware, "pc", ends, last_used, state, relay and GIADDR + relay)


ROWS = [row(1, b"\1a"), row(2, b"\1b", b"other!", relay=b"\1\4eth0\2\3abc"), row(3, b"\1c", relay=b"\x0c\2id\2\3abc"),
        row(4, b"\1a", b"gone!!", NOW - 9, state=RELEASED), row(5, b"\1e", b"gone!!", NOW - 3), row(300, b"\1a")]


@pytest.fixture
def store(tmp_path):
    made = SQLiteStore(tmp_path / "leases.db")
    made.commit(ROWS)
    yield made
    made.close()


@pytest.fixture
def serve(store):
    """Makes a server on a port of its own, and starts it."""
    made = []

    def start(**more):
        server = BulkLeasequeryServer(
            open_tcp("127.0.0.1", 0), store.reader,
            **{"allowed": one_of([LOOPBACK]), "serves": one_of([(BASE, 0xFFFFFF00)]), "identifier": lambda address: SERVER,
               "ledger_time": LedgerTime(lambda: NOW + 0.5, lambda: NOW + 0.5), **more})
        server.start(0.02)
        made.append(server)
        return server

    yield start
    for server in made:
        server.stop()


def connect(server, buffer=0):
    peer = socket.socket()
    if buffer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    peer.settimeout(PATIENCE)
    peer.connect(server.server_address)
    return closing(peer)


def query(options=None, xid=7, **fields):
    return framed(Packet(options={53: b"\x0e", **(options or {})}, htype=fields.pop("htype", 0), xid=xid, **fields).encode())


def exactly(peer, size):
    data = b""
    while len(data) < size:
        more = peer.recv(size - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def message(peer):
    return Packet.decode(exactly(peer, struct.unpack("!H", exactly(peer, 2))[0]))


def reply(peer):
    """The messages up to the end of one reply."""
    messages = [message(peer)]
    while messages[-1].message_type != LEASEQUERYDONE:
        messages.append(message(peer))
    return messages


def told(messages):
    """(host, type) of each but the last."""
    return [(one.ciaddr - BASE, one.message_type) for one in messages[:-1]]


def is_closed(peer):
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


A, U = LEASEACTIVE, LEASEUNASSIGNED


@pytest.mark.parametrize(("fields", "options", "expected"), [
    ({"hardware": MAC, "htype": 1}, {}, [(1, A), (3, A)]),
    ({"hardware": MAC, "htype": 6}, {}, []),
    ({}, {61: b"a"}, [(1, A)]),
    ({}, {82: b"\2\3abc"}, [(2, A), (3, A)]),
    ({}, {82: b"\x0c\2id"}, [(3, A)]),
    ({}, {82: b"\x0c\2no"}, []),
    ({}, {}, [(1, A), (2, A), (3, A), (4, U), (5, U)]),
    ({}, {154: struct.pack("!I", NOW - 5)}, [(5, U)]),
    ({}, {61: b"a", 154: struct.pack("!I", NOW - 200)}, [(1, A), (4, U)]),
    ({}, {155: struct.pack("!I", NOW - 5)}, [(1, A), (2, A), (3, A), (4, U)]),
])
def test_each_kind_of_query_is_answered(serve, fields, options, expected):
    """RFC 6926 sections 7.2 and 8.2; what is in no network of ours is not told."""
    with connect(serve()) as peer:
        peer.sendall(query(options, **fields))
        messages = reply(peer)
    assert told(messages) == expected
    assert {one.xid for one in messages} == {7}


@pytest.mark.parametrize("step", [3600, -86400])
def test_the_times_of_queries_and_answers_are_the_wall_clocks(serve, step):
    """RFC 6926 sections 6.2.3, 6.2.5 and 6.2.6, where the time of the leases is another."""
    ledger_time = LedgerTime(lambda: NOW + 0.5, lambda: NOW + 0.5)
    ledger_time.wall_less_ledger = step
    for limits, expected in (({154: NOW + step - 5}, [(5, U)]), ({155: NOW + step - 5}, [(1, A), (2, A), (3, A), (4, U)])):
        with connect(serve(ledger_time=ledger_time)) as peer:
            peer.sendall(query({code: struct.pack("!I", when) for code, when in limits.items()}))
            messages = reply(peer)
        assert told(messages) == expected
        assert messages[0].options[152] == struct.pack("!I", NOW + step)
        assert messages[0].options.get(51, b"\0\0\2\x57") == b"\0\0\2\x57", "relative: 599 s, of which nothing is changed"
    assert [54 in one.options for one in messages] == [True] + [False] * (len(messages) - 1)
    assert messages[0].address(54) == SERVER
    assert 151 not in messages[-1].options


def test_all_addresses_are_told_with_those_that_have_no_lease(serve):
    """RFC 6926 section 8.2."""
    with connect(serve(ranges=lambda: [(BASE + 2, BASE + 3), (BASE + 5, BASE + 7)])) as peer:
        peer.sendall(query())
        messages = reply(peer)
    assert told(messages) == [(1, A), (2, A), (3, A), (4, U), (5, U), (6, U), (7, U)]
    assert [one.options[156][0] for one in messages[:-1]] == [2, 2, 2, 4, 3, 1, 1]


def test_several_queries_go_over_one_connection_also_before_the_first_is_answered(serve):
    """RFC 6926 section 8.3."""
    with connect(serve()) as peer:
        peer.sendall(query({61: b"a"}, xid=1) + query({61: b"b"}, xid=2)[:30])
        assert told(reply(peer)) == [(1, A)]
        peer.sendall(query({61: b"b"}, xid=2)[30:] + query({61: b"none"}, xid=3))
        second, third = reply(peer), reply(peer)
    assert [told(second), told(third)] == [[(2, A)], []]
    assert ({one.xid for one in second}, third[0].xid) == ({2}, 3)


def test_a_query_that_is_refused_has_a_status_code_and_the_connection_goes_on(serve):
    with connect(serve()) as peer:
        peer.sendall(query(ciaddr=BASE + 1) + query({61: b"a"}))
        refusal = reply(peer)
        assert [one.options[151][:1] for one in refusal] == [b"\3"]
        assert told(reply(peer)) == [(1, A)]


def test_more_leases_than_one_portion(serve, store):
    store.commit([row(host, b"\1many") for host in range(10, 250)])
    with connect(serve()) as peer:
        peer.sendall(query({61: b"many"}))
        assert [host for host, _ in told(reply(peer))] == list(range(10, 250))


@pytest.mark.parametrize("data", [
    struct.pack("!H", bulk_leasequery.LONGEST_QUERY + 1), framed(b"x" * 300), framed(b""),
    framed(Packet(options={53: b"\x0a"}, ciaddr=BASE).encode()), framed(Packet(options={53: b"\x10"}).encode()),
    framed(Packet(2, options={53: b"\x0e"}).encode())])
def test_what_is_no_bulk_query_ends_the_connection(serve, data):
    with connect(serve()) as peer:
        peer.sendall(data)
        assert is_closed(peer)


def test_who_may_not_ask_is_closed_at_once(serve):
    server = serve(allowed=one_of([]))
    with connect(server) as peer:
        assert is_closed(peer)
    assert server.counters["connections from who may not ask"] == 1


def test_there_are_so_many_connections_and_no_more_and_a_place_comes_free(serve):
    server = serve(maximum_connections=2)
    with connect(server) as first, connect(server) as second:
        for peer in (first, second):
            peer.sendall(query({61: b"a"}))
            reply(peer)
        with connect(server) as third:
            assert is_closed(third)
        with server._changed:
            first.shutdown(socket.SHUT_WR)
            assert server._changed.wait_for(lambda: len(server._connections) < 2, PATIENCE)
        with connect(server) as fourth:
            fourth.sendall(query({61: b"a"}))
            assert told(reply(fourth)) == [(1, A)]


@pytest.mark.parametrize("sent", [b"", b"\1", query()[:50]])
def test_who_is_idle_is_closed_however_far_its_query_came(serve, sent):
    with connect(serve(idle_timeout=0.05)) as peer:
        peer.sendall(sent)
        assert is_closed(peer)


def test_who_does_not_read_is_closed(serve, store, monkeypatch):
    monkeypatch.setattr(bulk_leasequery, "SEND_BUFFER", 4096)
    store.commit([row(host, b"\1many") for host in range(10, 250)])
    server = serve(send_timeout=0.05)
    with connect(server, buffer=4096) as peer:
        peer.sendall(query({61: b"many"}) * 20)
        with server._changed:
            assert server._changed.wait_for(lambda: server.counters["queries"] and not server._connections, PATIENCE)
        with pytest.raises((EOFError, ConnectionResetError)):
            for _ in range(20):
                reply(peer)


def test_a_database_that_fails_has_a_status_code(serve, store, tmp_path):
    """RFC 6926 section 6.2.2: UnspecFail."""
    server = serve()
    server.reader = lambda: LeaseQueries(tmp_path / "none.db")
    with connect(server) as peer:
        peer.sendall(query())
        assert [one.options.get(151, b"")[:1] for one in reply(peer)] == [b"\1"]


def test_a_server_that_stops_in_the_middle_says_so(serve, store, monkeypatch):
    """RFC 6926 section 8.4: QueryTerminated."""
    monkeypatch.setattr(bulk_leasequery, "AT_ONCE", 1)
    gate = threading.Event()

    def ranges():
        yield BASE + 6, BASE + 6
        gate.wait(PATIENCE)
        yield BASE + 7, BASE + 250

    server = serve(ranges=ranges)
    with connect(server) as peer:
        peer.sendall(query())
        assert [message(peer).ciaddr - BASE for _ in range(6)] == [1, 2, 3, 4, 5, 6]
        server.stopping = True
        gate.set()
        messages = reply(peer)
        assert told(messages) in ([], [(7, U)])
        assert messages[-1].options[151][:1] == b"\2"
        assert is_closed(peer)


def test_an_idle_connection_ends_with_the_server(serve):
    server = serve()
    with connect(server) as peer:
        peer.sendall(query({61: b"a"}))
        reply(peer)
        server.stop()
        assert is_closed(peer)
    assert not server._connections
