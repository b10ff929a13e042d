"""Under pressure clients that have an address go first: pydhcpd/backlog.py."""

import pytest
from rig import ALICE, BOB, CAROL, NETWORK, datagram, made_bench, reason

from pydhcpd.backlog import HOLDERS, LIMIT
from pydhcpd.limiter import MOST, TokenBuckets
from pydhcpd.server import BATCH
from pydhcpd.wire.packet import BOOTP, DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, Packet

STRANGER, RELAY = bytes.fromhex("0200000000ee"), "192.0.2.2"
KINDS = (DISCOVER, REQUEST, DECLINE, RELEASE, INFORM)


@pytest.fixture
def bench(tmp_path):
    with made_bench(tmp_path) as made:
        made.serve(NETWORK + "maximum_per_client = 1000")
        yield made


def spelt(kind, client, xid, *, is_last, **more):
    """The same message with its type first, or behind other options."""
    others = {61: b"\1" + client, 12: b"name"} if is_last else {}
    return Packet(hardware=client, xid=xid, options={**others, 53: bytes((kind,)), **more.pop("options", {})}, **more)


def put(bench, *packets):
    bench.server._sort([datagram(one) for one in packets])


def taken(bench, most=BATCH):
    return [request.xid for request in bench.server._backlog.take(most)]


@pytest.mark.parametrize("is_last", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_client_with_a_lease_goes_first_whatever_it_sends_and_however_it_is_spelt(bench, kind, is_last):
    bench.lease(ALICE, options={61: b"\1" + ALICE} if is_last else {})
    strangers = [spelt(other, STRANGER, other, is_last=not is_last) for other in KINDS]
    put(bench, *strangers, spelt(kind, ALICE, 99, is_last=is_last))
    assert taken(bench) == [99, *KINDS]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_goes_first_by_what_he_sends(bench, kind):
    bench.lease(ALICE)
    put(bench, spelt(DISCOVER, BOB, 1, is_last=False), spelt(kind, STRANGER, 2, is_last=False, ciaddr=0xC000020A))
    assert (taken(bench), len(bench.server._backlog)) == ([1, 2], 0)


def test_who_comes_for_an_offer_goes_before_who_begins(bench):
    bench.say(bench.discover(BOB))
    put(bench, spelt(DISCOVER, CAROL, 1, is_last=False), spelt(REQUEST, BOB, 2, is_last=False))
    assert taken(bench) == [2, 1]


def test_who_leaves_out_its_identifier_is_known_all_the_same(bench):
    bench.lease(ALICE, options={61: b"name"})
    put(bench, spelt(DISCOVER, BOB, 1, is_last=False), spelt(REQUEST, ALICE, 2, is_last=False))
    assert taken(bench) == [2, 1]


def test_whose_lease_is_told_by_the_configuration_goes_first(bench):
    bench.serve(NETWORK + "one_address_per_machine = True")
    bench.lease(ALICE, options={61: b"name"})
    put(bench, spelt(DISCOVER, BOB, 1, is_last=False), spelt(REQUEST, ALICE, 2, is_last=False, options={61: b"other"}))
    assert taken(bench) == [2, 1]


def test_what_cannot_be_read_is_dropped_and_counted(bench):
    bench.server._sort([(b"", 2, 0, 68, 0), (b"x" * 241, 2, 0, 68, 0)])
    assert taken(bench) == []
    assert sum(reason(bench).values()) == 2


def test_new_clients_wait_in_bounded_number_and_the_oldest_are_dropped(bench):
    sent = [spelt(BOOTP if number % 2 else DISCOVER, number.to_bytes(6, "big"), number, is_last=False)
            for number in range(1, LIMIT + 11)]
    put(bench, *sent)
    assert (len(bench.server._backlog), bench.server._backlog.dropped) == (LIMIT, 10)
    assert taken(bench, 3) == [11, 12, 13]


@pytest.mark.parametrize(("client", "factor"), [(BOB, 1), (ALICE, HOLDERS)])
def test_each_client_has_a_bucket_by_its_hardware_address_whatever_identifiers_it_sends(bench, client, factor):
    bench.serve(NETWORK + "maximum_per_client = 5")
    bench.lease(ALICE)
    put(bench, *(spelt(DISCOVER, client, number, is_last=False) for number in range(50)))
    assert len(taken(bench)) == 5 * factor
    put(bench, *(spelt(DISCOVER, CAROL, number, is_last=False, options={61: bytes((9, number))}) for number in range(50)))
    assert len(taken(bench)) == 5
    assert reason(bench)["from a client that sends more than maximum_per_client"] == 50 - 5 * factor + 45


def test_machines_without_hardware_address_are_told_apart_by_their_identifier(bench):
    """RFC 4390 section 2.1: a room of InfiniBand nodes is not one client."""
    bench.serve(NETWORK + "maximum_per_client = 1")
    put(bench, *(Packet(htype=32, hardware=b"", xid=number, options={53: b"\1", 61: bytes((0xFF, number))})
                 for number in range(30)))
    assert len(taken(bench)) == 30


@pytest.mark.parametrize(("circuit", "giaddr", "most"), [
    (b"\1\4port", RELAY, 3), (b"\2\4port", RELAY, 20), (b"", RELAY, 20), (b"\1\4port", None, 20)])
def test_a_relay_agents_port_has_a_bucket_if_it_is_told_by_circuit_id(bench, circuit, giaddr, most):
    bench.serve(NETWORK + "maximum_per_relay_port = 3")
    fields = {"giaddr": giaddr} if giaddr else {}
    put(bench, *(bench.discover(bytes((2, 0, 0, 0, 9, number)), options={82: circuit} if circuit else {}, **fields)
                 for number in range(20)))
    assert len(taken(bench)) == most


def test_buckets_are_asked_only_while_a_backlog_stands(bench):
    bench.serve(NETWORK + "maximum_per_client = 1")
    assert sum(len(bench.say(bench.discover(BOB))) for _ in range(20)) == 20


def test_buckets_are_bounded():
    buckets = TokenBuckets(1)
    for number in range(5 * MOST):
        buckets.take(number.to_bytes(4, "big"), 1.0)
    assert len(buckets._new) + len(buckets._old) <= 2 * MOST
    assert not buckets.take((5 * MOST - 1).to_bytes(4, "big"), 1.5)
    assert buckets.take((5 * MOST - 1).to_bytes(4, "big"), 3.0)


class Waiting:
    """Gives full batches of what waits, as the receiver does."""

    def __init__(self, sent):
        self.sent = list(sent)

    def receive(self):
        batch, self.sent = self.sent[:BATCH], self.sent[BATCH:]
        return batch


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, 8 * BATCH, 9 * BATCH, 9 * BATCH + 1, 20 * BATCH])
def test_nothing_urgent_that_was_read_is_lost(bench, count):
    """Each message of a client with a lease is answered once, however many batches wait."""
    bench.serve(NETWORK + "maximum_per_client = 16777216")
    address = bench.lease(ALICE).packet.yiaddr
    server = bench.server
    server._receiver = Waiting([datagram(spelt(REQUEST, ALICE, 1000 + number, is_last=False, ciaddr=address))
                                for number in range(count)])
    before = len(bench.sent)
    while batch := server._receiver.receive():
        server._receive_in_order(batch)
    assert [one.packet.xid for one in bench.sent[before:]] == list(range(1000, 1000 + count))
