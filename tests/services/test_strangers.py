"""A question of our own finds other servers: it is asked seldom, none of its offers is taken, and we do not answer it."""

import logging

import pytest
from rig import ALICE, ETH1, ETH2, NETWORK, SERVER, WIRELESS, interface, reason

from pydhcpd.addresses import address_from, address_text
from pydhcpd.net.filtered import _datagram
from pydhcpd.ports import ANSWERS, PACKET
from pydhcpd.services import strangers as module
from pydhcpd.services.strangers import PATIENCE, Strangers
from pydhcpd.wire.packet import BROADCAST_FLAG, DISCOVER, OFFER, Packet

HOUR = 3600
TWO = """subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]),
           subnet("198.51.100.0/24", pools=["198.51.100.10 - 198.51.100.19"])]
"""
OTHER = "192.0.2.66"


class Wire:
    """In place of both sockets."""

    def __init__(self):
        self.sent, self.waiting, self.hears, self.error = [], [], False, None

    def sendto(self, frame, address):
        if self.error:
            raise self.error
        _, _, source, port, destination = _datagram(frame[14:], 0)
        assert (frame[:6], source, port, destination) == (b"\xff" * 6, 0, 68, 0xFFFFFFFF)
        self.sent.append((address[0], frame[6:12], Packet.decode(frame[42:])))

    def hear(self, *arguments):
        assert arguments[:3] == (self, 68, 4)
        self.hears, self.mark = True, arguments[3]

    def end(self, _):
        self.hears = False

    def read(self, _):
        yield from self.waiting
        self.waiting.clear()

    def names(self):
        """Where it was asked since this was called last."""
        found = [name for name, _, _ in self.sent]
        self.sent.clear()
        return found


@pytest.fixture
def wire(monkeypatch):
    made = Wire()
    for name, function in (("begin_to_hear", made.hear), ("end_hearing", made.end), ("receive_filtered", made.read)):
        monkeypatch.setattr(module, name, function)
    return made


@pytest.fixture
def strangers(bench, wire):
    bench.serve(TWO)
    return Strangers(bench.server, {PACKET: wire, ANSWERS: wire})


def look(strangers, now, interval=HOUR):
    return [(address_text(server), place) for server, place in strangers.look(now, interval)]


def offer(question, server=OTHER, options=None, **fields):
    more = {54: address_from(server).to_bytes(4, "big")} if server else {}
    return Packet(2, hardware=question.hardware, **{"xid": question.xid, **fields},
                  options={53: bytes([OFFER]), **more, **(options or {})}).encode()


def test_what_is_asked(strangers, wire):
    """RFC 2131 section 4.4.1; the hardware address is the interface's own, so that no switch takes offence."""
    assert look(strangers, 0.0) == [] and wire.hears
    (name, source, question), (other, _, _) = wire.sent
    assert (name, other) == ("eth1", "eth2")
    assert source == question.hardware == bytes.fromhex("02000000ff02")
    assert (question.message_type, question.flags, question.secs, question.giaddr) == (DISCOVER, BROADCAST_FLAG, 0, 0)
    assert question.options[61] == b"\0pydhcpd" + source and question.xid == wire.mark
    assert 54 not in question.options and 50 not in question.options


def test_it_is_asked_once_more_and_then_not_before_its_time(strangers, wire):
    times = []
    for now in range(0, 2 * HOUR, 5):
        look(strangers, float(now))
        if "eth1" in wire.names():
            times.append(now)
        assert wire.hears is (now % HOUR <= 5 + PATIENCE), now
    assert times == [0, 5, HOUR, HOUR + 5]


def test_a_second_question_says_how_long_it_has_been(strangers, wire):
    look(strangers, 0.0)
    look(strangers, 5.0)
    assert [question.secs for _, _, question in wire.sent] == [0, 0, 5, 5]


def test_it_is_off_by_default_and_by_reload(strangers, wire):
    look(strangers, 0.0, 0)
    assert (wire.names(), wire.hears) == ([], False)
    look(strangers, 5.0)
    assert wire.names() == ["eth1", "eth2"]
    for now in (10.0, 15.0, 20.0):
        look(strangers, now, 0)
    assert (wire.names(), wire.hears) == ([], False)


def test_who_answers(bench, strangers, wire):
    """By option 54, else by the sender's address; not we ourselves, nor what is no answer to us, nor by another link."""
    look(strangers, 0.0)
    question = wire.sent[0][2]
    source = address_from(OTHER)
    wire.waiting += [(data, index, source, 67, 0xFFFFFFFF) for data, index in [
        (offer(question, "192.0.2.77"), ETH1), (offer(question, "203.0.113.5", giaddr=source), ETH2),
        (offer(question, ""), ETH1), (offer(question, SERVER), ETH1), (offer(question, xid=7), ETH1),
        (question.encode(), ETH1), (b"noise", ETH1), (offer(question, "192.0.2.78"), 99)]]
    assert look(strangers, 5.0) == [("192.0.2.77", (ETH1, 0)), ("203.0.113.5", (ETH2, 0)), (OTHER, (ETH1, 0))]


def test_our_question_is_not_answered_by_whatever_way_it_comes_back(bench, strangers, wire):
    look(strangers, 0.0)
    for _, _, question in list(wire.sent):
        for fields in ({}, {"giaddr": "192.0.2.99", "hops": 1}):
            for name, value in fields.items():
                setattr(question, name, address_from(value) if isinstance(value, str) else value)
            for index in (ETH1, ETH2):
                assert bench.say((question.encode(), "255.255.255.255", "0.0.0.0", 68, index)) == []
    assert reason(bench) == {"our own question, who else answers": 8}
    assert bench.told() == [] and not len(bench.hosts.offers)


def test_a_client_with_the_same_xid_is_served(bench, strangers, wire):
    look(strangers, 0.0)
    discover = bench.discover(ALICE, xid=wire.mark)
    for _ in range(2):
        (reply,) = bench.say(discover)
        assert reply.kind == OFFER
    (ack,) = bench.say(bench.selecting(reply.yiaddr, ALICE, xid=wire.mark))
    assert ack.yiaddr == reply.yiaddr
    assert len(bench.server.transactions) == 1, "that of the question alone"


def test_it_is_not_answered_after_a_reload_either(bench, strangers, wire):
    """Where transactions become of another kind, those that there are go."""
    look(strangers, 0.0)
    question = wire.sent[0][2].encode()
    bench.serve(TWO.replace('subnet("198.51.100.0/24"', 'subnet("198.51.100.0/24", proxy_dhcp=True').replace(
        ', pools=["198.51.100.10 - 198.51.100.19"]', ""))
    assert bench.say(question) == []
    assert reason(bench) == {"our own question, who else answers": 1}


@pytest.mark.parametrize(("text", "asked"), [
    (NETWORK, ["eth1"]), (TWO, ["eth1", "eth2"]),
    ('subnets = [subnet("192.0.2.0/24", proxy_dhcp=True), subnet("198.51.100.0/24", pools=["198.51.100.10/31"])]', ["eth2"]),
    ('interface = ["eth1", "eth2"]\nsubnets = [subnet("198.51.100.0/24", pools=["198.51.100.10/31"])]', ["eth2"])])
def test_links_whose_clients_are_ours_alone_are_asked_on(bench, wire, text, asked):
    """Beside a server that gives the addresses there (proxy_dhcp), it would be told of; where only relay agents are, nobody
    is served."""
    bench.serve(text)
    look(Strangers(bench.server, {PACKET: wire, ANSWERS: wire}), 0.0)
    assert wire.names() == asked


def test_a_link_that_comes_is_asked_on_at_once_and_one_that_comes_back_is_not(bench, strangers, wire):
    all_of_them = bench.interfaces
    bench.interfaces = {ETH1: all_of_them[ETH1]}
    bench.serve(TWO)
    look(strangers, 0.0)
    assert wire.names() == ["eth1"]
    for now in (60.0, 120.0, 180.0):
        bench.interfaces = all_of_them
        bench.serve(TWO)
        look(strangers, now)
        assert wire.names().count("eth2") == (now < 180.0)
        bench.interfaces = {ETH1: all_of_them[ETH1]}
        bench.serve(TWO)
        look(strangers, now + 30)
        wire.names()


def test_what_cannot_be_done_is_told_once(bench, wire, caplog):
    caplog.set_level(logging.WARNING)
    bench.interfaces = {WIRELESS: interface(WIRELESS, "tun0", "192.0.2.1", ethernet=False), ETH2: bench.interfaces[ETH2]}
    bench.serve(TWO)
    strangers = Strangers(bench.server, {PACKET: wire, ANSWERS: wire})
    wire.error = OSError(100, "Network is down")
    for now in range(0, 2 * HOUR, 5):
        look(strangers, float(now))
    words = ["other DHCP servers cannot be looked for on tun0, which is not Ethernet",
             "other DHCP servers cannot be looked for on eth2: Network is down"]
    assert caplog.messages == list(strangers.status()) == words
    wire.error = None
    look(strangers, 2.0 * HOUR)
    assert list(strangers.status()) == words[:1]
    look(strangers, 2.0 * HOUR + 5, 0)
    assert list(strangers.status()) == []


def test_without_packet_sockets_it_is_told_and_nothing_else(bench, caplog):
    strangers = Strangers(bench.server, {})
    for now in (0.0, 5.0):
        assert look(strangers, now) == []
    words = "other DHCP servers cannot be looked for: packet sockets need the capability CAP_NET_RAW, and a restart"
    assert caplog.messages == list(strangers.status()) == [words]


def test_hundreds_of_links_are_asked_on_in_portions(bench, wire, monkeypatch):
    """So that the answers have room in the socket until they are read."""
    monkeypatch.setattr(module, "MOST_AT_ONCE", 1)
    bench.serve(TWO)
    strangers = Strangers(bench.server, {PACKET: wire, ANSWERS: wire})
    for now in (0.0, 1.0):
        look(strangers, now)
    assert wire.names() == ["eth1", "eth2"]
