"""Under pressure clients that have an address go first: pydhcpd/backlog.py."""

import pytest

from pydhcpd.backlog import LIMIT, Backlog
from pydhcpd.events import Events
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.sockets import open_udp
from pydhcpd.server import BATCH, DHCPServer
from pydhcpd.wire.packet import DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, Packet


def datagram(number, kind, before=b""):
    options = {12: before, 53: bytes((kind,))} if before else {53: bytes((kind,))}
    return Packet(hardware=number.to_bytes(6, "big"), xid=number, options=options).encode(), 2, 0, 68, 0xFFFFFFFF


def test_all_but_discovers_are_urgent():
    backlog, urgent = Backlog(), []
    kinds = (DISCOVER, REQUEST, DECLINE, DISCOVER, RELEASE, INFORM)
    sent = [datagram(number, kind) for number, kind in enumerate(kinds)]
    backlog.sift(sent, urgent)
    assert urgent == [sent[1], sent[2], sent[4], sent[5]]
    assert backlog.take(10) == [sent[0], sent[3]]


def test_a_discover_that_begins_with_another_option_is_not_lost():
    backlog, urgent = Backlog(), []
    backlog.sift([datagram(1, DISCOVER, before=b"name")], urgent)
    assert (len(urgent), len(backlog)) == (1, 0)


def test_it_is_bounded_and_drops_the_oldest():
    backlog = Backlog()
    sent = [datagram(number, DISCOVER) for number in range(LIMIT + 10)]
    backlog.sift(sent, [])
    assert (len(backlog), backlog.dropped) == (LIMIT, 10)
    assert backlog.take(3) == sent[10:13]
    assert len(backlog) == LIMIT - 3


def test_what_is_too_short_to_have_a_type_is_left_to_the_decoder():
    backlog, urgent = Backlog(), []
    backlog.sift([(b"", 2, 0, 68, 0), (b"x" * 241, 2, 0, 68, 0)], urgent)
    assert len(urgent) == 2


class Waiting:
    """Gives full batches of what waits, as the receiver does."""

    def __init__(self, sent):
        self.sent = list(sent)

    def receive(self):
        batch, self.sent = self.sent[:BATCH], self.sent[BATCH:]
        return batch


@pytest.mark.parametrize("count", [1, BATCH - 1, BATCH, 8 * BATCH, 9 * BATCH, 9 * BATCH + 1, 30 * BATCH])
def test_nothing_urgent_that_was_read_is_lost(tmp_path, count):
    """Each REQUEST is taken up once, however many batches wait."""
    udp = open_udp(0, "127.0.0.1")
    server = DHCPServer(HostDatabase(SQLiteStore(tmp_path / "leases.db")), Events(), udp, None, 100)
    sent = [datagram(number, REQUEST) for number in range(count)]
    server._receiver = Waiting(sent)
    taken = []
    while batch := server._receiver.receive():
        taken += server._most_urgent(batch) if len(batch) == BATCH else batch
    assert taken == sent
    server.hosts.store.close()
    udp.close()
