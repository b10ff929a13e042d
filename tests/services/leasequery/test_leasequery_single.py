"""The thread that answers leasequeries: rule 39 (RFC 4388), RFC 8357; it never holds up who puts, and survives everything."""

import errno
import queue
import threading

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.services.leasequery.messages import one_of
from pydhcpd.services.leasequery.single import LeasequeryService
from pydhcpd.wire.packet import LEASEACTIVE, LEASEUNASSIGNED, LEASEUNKNOWN, Packet, Request

NOW = 1_800_000_000
MAC, OTHER = b"\2\0\0\0\x99\1", b"\2\0\0\0\x99\2"
NETWORK = (address_from("10.0.0.0"), 0xFFFFFF00)
RELAY_AGENT, SERVER = address_from("192.0.2.1"), address_from("10.0.0.2")
FIRST, SECOND, FREE, FOREIGN = (address_from(one) for one in ("10.0.0.9", "10.0.0.10", "10.0.0.11", "10.0.1.9"))
PATIENCE = 20.0  # seconds until a test gives up


def row(address, client=b"\1pc", hardware=MAC, last_used=NOW - 200):
    return Row(address, client, 1, hardware, "pc", NOW + 600, last_used, BOUND, b"\1\4eth0")


class Sent:
    """What was sent, as a `send` that tests wait for."""

    def __init__(self):
        self.datagrams = queue.Queue()
        self.failures = []

    def __call__(self, datagrams):
        for one in datagrams:
            self.datagrams.put(one)
        return self.failures

    def next(self):
        return self.datagrams.get(timeout=PATIENCE)


@pytest.fixture
def store(tmp_path):
    made = SQLiteStore(tmp_path / "leases.db")
    made.commit([row(FIRST), row(SECOND, last_used=NOW - 5), row(FOREIGN, last_used=NOW)])
    yield made
    made.close()


def service_of(store, send, **more):
    return LeasequeryService(store.reader(), send, allowed=one_of([(RELAY_AGENT, 0xFFFFFFFF)]), serves=one_of([NETWORK]),
                             sender=lambda request: (SERVER, 0), clock=lambda: NOW + 0.5, **more)


@pytest.fixture
def sent():
    return Sent()


@pytest.fixture
def service(store, sent):
    made = service_of(store, sent)
    made.start()
    yield made
    made.stop()
    assert not made.is_alive()


def query(options=None, *, source=RELAY_AGENT, port=67, **fields):
    message = Packet(options={53: b"\x0a", **(options or {})}, **{"htype": 0, "giaddr": RELAY_AGENT, **fields})
    return Request.receive(message.encode(), 1, source, port, SERVER)


@pytest.mark.parametrize(("fields", "options", "kind", "address", "others"), [
    ({"ciaddr": FIRST}, {}, LEASEACTIVE, FIRST, SECOND.to_bytes(4, "big")),
    ({"ciaddr": FREE}, {}, LEASEUNASSIGNED, FREE, None),
    ({"ciaddr": FOREIGN}, {}, LEASEUNKNOWN, FOREIGN, None),
    ({"hardware": MAC, "htype": 1}, {}, LEASEACTIVE, SECOND, FIRST.to_bytes(4, "big")),
    ({"hardware": MAC, "htype": 6}, {}, LEASEUNKNOWN, 0, None),
    ({"hardware": OTHER, "htype": 1}, {}, LEASEUNKNOWN, 0, None),
    ({}, {61: b"pc"}, LEASEACTIVE, SECOND, FIRST.to_bytes(4, "big")),
    ({}, {61: b"other"}, LEASEUNKNOWN, 0, None),
    ({"ciaddr": FIRST}, {55: b"\x33"}, LEASEACTIVE, FIRST, None),
])
def test_each_kind_of_query_is_answered_from_the_database(service, sent, fields, options, kind, address, others):
    assert service.put(query(options, **fields))
    message, to, port, interface, source = sent.next()
    reply = Packet.decode(message)
    assert (to, port, interface, source) == (RELAY_AGENT, 67, 0, SERVER)
    assert (reply.message_type, reply.ciaddr, reply.options.get(92)) == (kind, address, others)


def test_a_relay_that_says_so_is_answered_at_its_own_port(service, sent):
    """RFC 8357 section 4."""
    service.put(query({82: b"\x13\0"}, ciaddr=FIRST, port=5000))
    assert sent.next()[1:3] == (RELAY_AGENT, 5000)


@pytest.mark.parametrize("more", [{"giaddr": FIRST}, {"giaddr": 0}])
def test_giaddr_must_be_allowed_to_ask(store, sent, more):
    """RFC 4388 section 7."""
    service = service_of(store, sent)
    assert not service.put(query(**{"ciaddr": FIRST, **more}))
    assert service.counters == {"a leasequery from who may not ask": 1}


def test_giaddr_alone_must_be_allowed_for_the_answer_goes_there(service, sent):
    """The query leaves the relay agent by the interface to the server, which has an address of its own."""
    assert service.put(query(ciaddr=FIRST, source=FOREIGN))
    assert sent.next()[1] == RELAY_AGENT


def test_what_comes_too_fast_is_dropped_and_counted_and_nobody_waits(store, sent):
    service = service_of(store, sent, waiting=2)
    assert [service.put(query(ciaddr=FIRST)) for _ in range(5)] == [True, True, False, False, False]
    assert service.counters == {"more leasequeries than can be answered": 3}
    service.start()
    assert [Packet.decode(sent.next()[0]).ciaddr for _ in range(2)] == [FIRST, FIRST]
    service.stop()


def test_a_malformed_query_is_counted_and_the_next_one_answered(service, sent):
    service.put(query({61: b"pc"}, ciaddr=FIRST))
    service.put(query(ciaddr=FIRST))
    assert Packet.decode(sent.next()[0]).ciaddr == FIRST
    assert list(service.counters.values()) == [1]


def test_a_database_that_fails_is_counted_and_asked_again_later(tmp_path, store, sent, caplog):
    service = service_of(store, sent)
    path, service._queries._path = service._queries._path, tmp_path / "none.db"
    service._guarded(query(ciaddr=FIRST))
    service._guarded(query(ciaddr=FIRST))
    assert service.counters == {"the lease database failed": 2}
    assert len(caplog.records) == 1
    service._queries._path = path
    service._guarded(query(ciaddr=FIRST))
    assert Packet.decode(sent.next()[0]).message_type == LEASEACTIVE


def test_a_fault_of_the_program_does_not_end_the_thread(store, sent):
    faults = iter([True, False])

    def server(request):
        if next(faults):
            raise KeyError(request.interface)
        return SERVER, 0

    service = LeasequeryService(store.reader(), sent, allowed=lambda _: True, serves=one_of([NETWORK]), sender=server,
                                clock=lambda: NOW)
    service.start()
    service.put(query(ciaddr=FIRST))
    service.put(query(ciaddr=FIRST))
    sent.next()
    service.stop()
    assert service.counters == {"a fault of the program": 1}
    assert service.answered == 1


def test_what_cannot_be_sent_is_counted(store, sent):
    sent.failures = [(0, errno.ENETUNREACH)]
    service = service_of(store, sent)
    service._guarded(query(ciaddr=FIRST))
    assert service.counters == {"an answer to a leasequery could not be sent": 1}


def test_it_ends_also_while_its_queue_is_full(store):
    entered, go_on = threading.Event(), threading.Event()

    def send(datagrams):
        entered.set()
        go_on.wait(PATIENCE)
        return []

    service = service_of(store, send, waiting=1)
    service.start()
    service.put(query(ciaddr=FIRST))
    assert entered.wait(PATIENCE)
    service.put(query(ciaddr=FIRST))
    ending = threading.Thread(target=service.stop)
    ending.start()
    go_on.set()
    ending.join(PATIENCE)
    assert not service.is_alive()
