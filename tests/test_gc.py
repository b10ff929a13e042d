"""The path of a packet makes no reference cycles: the collector, which would walk every lease, has nothing to find.

Its runs were half of all processor time before; so it is a rule that each packet's objects go when their last user lets go.
"""

import gc
from contextlib import contextmanager

import pytest
from test_life_cycle import OWN, Bench, Client, Conversation, four_octets

from pydhcpd.wire.packet import ACK, DECLINE, DISCOVER, INFORM, OFFER, RELEASE, REQUEST

EXCHANGES = 20_000
BATCH = 64
FEW = 50  # objects of the interpreter's own, and of what is made once


@pytest.fixture
def wide(tmp_path):
    """A server with a pool of 65,000 addresses."""
    made = Bench(tmp_path / "leases.db", network="10.0.0.0/16", ip_ranges=["10.0.0.16 - 10.0.254.255"])
    yield made
    made.close()


@contextmanager
def uncollected():
    """Whatever is garbage before is gone, and nothing is collected meanwhile."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def of_number(number: int) -> Client:
    return Client(b"\2\0" + four_octets(number), four_octets(number) if number % 3 == 0 else b"")


def exchange(bench: Bench, talk: Conversation, clients: list[Client]) -> int:
    """DISCOVER, OFFER, REQUEST, ACK, each step in one batch; how many have a lease then."""
    offers = bench.deliver(*[talk.message(one, DISCOVER, o55=bytes((1, 3, 6))) for one in clients])
    addresses = {one.packet.hardware: one.packet.yiaddr for one in offers if one.packet.message_type == OFFER}
    acks = bench.deliver(*[talk.message(one, REQUEST, o50=four_octets(addresses[one.hardware]), o54=four_octets(OWN))
                           for one in clients])
    return sum(one.packet.message_type == ACK for one in acks)


def test_twenty_thousand_exchanges_leave_the_collector_nothing(wide):
    """In batches, as they come under load."""
    talk = Conversation()
    with uncollected():
        batches = [range(start, min(start + BATCH, EXCHANGES)) for start in range(0, EXCHANGES, BATCH)]
        acknowledged = sum(exchange(wide, talk, [of_number(number) for number in batch]) for batch in batches)
        assert gc.collect() < FEW
    assert acknowledged == EXCHANGES


def every_kind_of_answer(bench: Bench, talk: Conversation, client: Client) -> None:
    """Answers, refusals, silence, malformed packets and housekeeping."""
    (offer,) = bench.deliver(talk.message(client, DISCOVER, relayed=True))
    address = four_octets(offer.packet.yiaddr)
    asked = [
        talk.message(client, REQUEST, o50=address, o54=four_octets(OWN)),
        talk.message(client, REQUEST, ciaddr=offer.packet.yiaddr),
        talk.message(client, REQUEST, o50=four_octets(1)),
        talk.message(client, REQUEST, o50=address, o54=four_octets(5)),
        talk.message(client, REQUEST),
        talk.message(client, INFORM, ciaddr=offer.packet.yiaddr),
        talk.message(client, DISCOVER, o54=four_octets(OWN)),
        talk.message(client, DISCOVER, o57=b"\2\x40", o43=b"x" * 300),
        talk.message(client, 99),
        talk.message(client, DECLINE, o50=four_octets(7), o54=four_octets(OWN)),
        talk.message(client, RELEASE, ciaddr=offer.packet.yiaddr, o54=four_octets(OWN)),
    ]
    bench.deliver(*asked)
    bench.deliver_raw(*((data, 0, 0) for data in (b"", asked[0].encode()[:200], asked[0].encode()[:245], bytes(300))))
    bench.now += 0.5
    bench.keep_house()


def test_every_other_way_of_a_packet_leaves_nothing_either(wide):
    talk = Conversation()
    with uncollected():
        for number in range(100):
            every_kind_of_answer(wide, talk, of_number(number))
        assert gc.collect() < FEW


def test_a_store_that_fails_leaves_nothing_with_every_packet(wide):
    talk, client = Conversation(), of_number(1)
    wide.break_store("database or disk is full")
    with uncollected():
        for _ in range(500):
            wide.deliver(talk.message(client, REQUEST, o50=four_octets(OWN + 100), o54=four_octets(OWN)))
            wide.now += 0.01
        assert gc.collect() < FEW


def test_nothing_that_the_collector_tracks_grows_with_leases(wide):
    """Leases are arrays, bytes and integers; only the log of events, which is bounded, has an object for each."""
    talk = Conversation()
    exchange(wide, talk, [of_number(number) for number in range(BATCH)])
    with uncollected():
        before, events = len(gc.get_objects()), wide.server.events.published
        for start in range(BATCH, 20 * BATCH, BATCH):
            exchange(wide, talk, [of_number(number) for number in range(start, start + BATCH)])
        assert len(gc.get_objects()) - before < wide.server.events.published - events + 4 * FEW
