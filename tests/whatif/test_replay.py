"""`-replay`: what would be answered to a capture, beside what another server answered."""

from dataclasses import replace

import pytest
from rig import ALICE, BEGINNING, BOB, EVERYBODY, NETWORK

from pydhcpd.addresses import address_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.net.frames import udp_frame
from pydhcpd.whatif.captures import Frame
from pydhcpd.whatif.comparison import own_options
from pydhcpd.whatif.replay import Replay
from pydhcpd.wire.packet import ACK, BOOTREPLY, NAK, OFFER, Packet

THERE = "192.0.2.99"  # the other server
TERMS = {51: b"\0\0\x0e\x10", 58: b"\0\0\7\x08", 59: b"\0\0\x0c\x4e", 1: b"\xff\xff\xff\0", 28: b"\xc0\0\2\xff"}
OPTIONS = {3: b"\xc0\0\2\x01", 6: b"\xc0\0\2\x35", 15: b"example"}  # two as NETWORK has them, and another name server


class Capture:
    """Messages as they pass by, a second apart; `lines` is what is said of them."""

    def __init__(self, bench):
        self.bench, self.lines, self.number = bench, [], 0
        self.replay = Replay(bench.server.serving, bench.hosts, self.lines.append)

    def frame(self, packet, source, destination, source_port, port, interface=""):
        self.number += 1
        data = packet if isinstance(packet, bytes) else packet.encode()
        frame = udp_frame(data, bytes(6), bytes(6), address_from(source), address_from(destination), source_port, port)
        self.replay.take(Frame(self.number, BEGINNING + self.number, 1, frame, interface))

    def ask(self, packet, source="0.0.0.0", destination=EVERYBODY, port=68):
        self.frame(packet, source, destination, port, 67)
        return packet

    def answer(self, asked, kind, address="0.0.0.0", more=None, source=THERE, server=THERE, **fields):
        options = {53: bytes([kind]), 54: address_from(server).to_bytes(4, "big")}
        if kind != NAK:
            options |= {**TERMS, **OPTIONS, **(more or {})}
        packet = Packet(BOOTREPLY, hardware=asked.hardware, xid=asked.xid, yiaddr=address_from(address),
                        options={code: value for code, value in options.items() if value is not None}, **fields)
        self.frame(packet, source, EVERYBODY, 67, 68)

    def end(self):
        self.replay.finish()
        return self.lines, list(self.replay.summary())


@pytest.fixture
def capture(bench):
    return Capture(bench)


def test_a_lease_by_another_server_is_compared_message_by_message(bench, capture):
    """The REQUEST chose the other server: it is judged as if it had chosen this one, and its offer."""
    for message, kind in ((bench.discover(), OFFER), (bench.selecting("192.0.2.150", server=THERE), ACK)):
        capture.answer(capture.ask(message), kind, "192.0.2.150")
    renewal = capture.ask(bench.request(ciaddr="192.0.2.150"), "192.0.2.150", THERE)
    capture.answer(renewal, ACK, "192.0.2.150", {6: b"\xc0\0\2\x01"})
    lines, summary = capture.end()
    assert lines == [
        "     1  DISCOVER of 02:00:00:00:00:0a: OFFER 192.0.2.10",
        "        192.0.2.99 answered OFFER 192.0.2.150",
        "          address                      192.0.2.10; there 192.0.2.150",
        "          domain_name_server           192.0.2.1; there 192.0.2.53",
        "     3  REQUEST of 02:00:00:00:00:0a: ACK 192.0.2.10",
        "        192.0.2.99 answered ACK 192.0.2.150",
        "          address                      192.0.2.10; there 192.0.2.150",
        "          domain_name_server           192.0.2.1; there 192.0.2.53",
        "     5  REQUEST of 02:00:00:00:00:0a: ACK 192.0.2.10",
        "        192.0.2.99 answered ACK 192.0.2.150",
        "          address                      192.0.2.10; there 192.0.2.150"]
    assert summary == [
        "6 frames, 3 requests: 3 would be answered, 0 not", "192.0.2.99 answered 3 times", "the same: 0 of 3 answers",
        "differing: 3 address", "differing: 2 domain_name_server",
        ("1 request chose another server or its offer: judged as if this one had been chosen, with the address that it would "
         "have offered")]


def test_what_is_the_same_is_said_to_be(bench, capture):
    capture.answer(capture.ask(bench.discover()), OFFER, "192.0.2.10", {6: b"\xc0\0\2\x01", 15: b"example\0"})
    lines, summary = capture.end()
    assert lines[1:] == ["        192.0.2.99 answered the same"] and "the same: 1 of 1 answer" in summary


@pytest.mark.parametrize(("more", "fields", "said"), [
    ({66: b"boot.example"}, {"siaddr": address_from("192.0.2.7")}, [
        "next server                  none; there 192.0.2.7", "tftp_server_name             none; there boot.example"]),
    ({}, {"sname": b"boot", "file": b"pxe\x1b0"}, ["server name                  none; there boot",
                                                  "boot file                    none; there pxe\\x1b0"]),
    ({15: None, 51: b"\0\0\0\x3c"}, {}, ["ip_address_lease_time        3600; there 60",
                                         "domain_name                  example; there none"]),
    ({82: b"\1\4port"}, {}, ['relay_agent_information      none; there circuit_id "port"']),
    ({15: b"a b"}, {}, ["domain_name                  example; there 'a b'"])])
def test_what_differs_is_told_by_name_and_value_in_peoples_form(bench, capture, more, fields, said):
    capture.answer(capture.ask(bench.discover()), OFFER, "192.0.2.10", {6: b"\xc0\0\2\x01", **more}, **fields)
    lines, _ = capture.end()
    assert [one.strip() for one in lines[2:]] == said


def test_silence_and_refusals_are_answers_too(bench, capture):
    capture.answer(capture.ask(bench.request(options={50: "192.0.2.77"})), ACK, "192.0.2.77")
    capture.answer(capture.ask(bench.request(BOB, options={50: "10.9.9.9"})), NAK)
    capture.ask(bench.request(options={50: "192.0.2.78"}))
    lines, summary = capture.end()
    assert lines == [
        "     1  REQUEST of 02:00:00:00:00:0a: no answer: REQUEST of an unknown client",
        "        192.0.2.99 answered ACK 192.0.2.77",
        "          answer                       no answer; there ACK",
        "     3  REQUEST of 02:00:00:00:00:0b: no answer: REQUEST of an unknown client",
        "        192.0.2.99 answered NAK",
        "          answer                       no answer; there NAK",
        "     5  REQUEST of 02:00:00:00:00:0a: no answer: REQUEST of an unknown client"]
    assert summary[:2] == ["5 frames, 3 requests: 0 would be answered, 3 not", "not answered: 3 REQUEST of an unknown client"]


def test_each_server_counts_and_what_a_relay_agent_passes_on_counts_once(bench, capture):
    asked = capture.ask(bench.discover())
    for server in (THERE, "192.0.2.98"):
        for source in (server, "192.0.2.254"):
            capture.answer(asked, OFFER, "192.0.2.10", source=source, server=server)
    lines, summary = capture.end()
    assert [line.strip() for line in lines if "answered" in line] == [
        "192.0.2.99 answered OFFER 192.0.2.10", "192.0.2.98 answered OFFER 192.0.2.10"]
    assert "192.0.2.99 answered 1 time" in summary and "192.0.2.98 answered 1 time" in summary


def test_what_came_before_in_the_capture_counts(bench, capture):
    """Two clients are not offered one address; what was leased here is renewed; a client is known that has gone."""
    for client in (ALICE, BOB):
        capture.ask(bench.discover(client))
    capture.ask(bench.selecting("192.0.2.10"))
    capture.ask(bench.request(ciaddr="192.0.2.10"), "192.0.2.10", "192.0.2.1")
    capture.ask(bench.message(7, ciaddr="192.0.2.10", options={54: "192.0.2.1"}), "192.0.2.10", "192.0.2.1")
    capture.ask(bench.request(ciaddr="192.0.2.10"), "192.0.2.10", "192.0.2.1")
    lines, _ = capture.end()
    assert [line.partition(": ")[2] for line in lines] == [
        "OFFER 192.0.2.10", "OFFER 192.0.2.11", "ACK 192.0.2.10", "ACK 192.0.2.10", "no answer: released", "ACK 192.0.2.10"]


def test_what_cannot_be_read_is_counted_and_the_rest_goes_on(bench, capture):
    capture.ask(b"\1\1\6\0")
    capture.ask(bench.message(10))
    capture.replay.take(Frame(9, 0.0, 105, b"wireless"))
    capture.frame(b"no DHCP", "192.0.2.9", "192.0.2.1", 53, 1053)
    capture.ask(bench.discover())
    lines, summary = capture.end()
    assert lines == ["     4  DISCOVER of 02:00:00:00:00:0a: OFFER 192.0.2.10"]
    assert set(summary[1:]) == {"not read: 1 shorter than 236 bytes", "not read: 1 on a link of type 105, which is not read",
                                "not read: 1 a message of type 10, which no client sends"}


def test_options_of_ones_own_are_told_by_name_and_value(bench):
    """Those that the file defines: 224 would be octets else."""
    file = bench.database.parent / "own.conf"
    bench.serve(NETWORK + 'option_definitions = [option(224, "asset", "text")]\nasset = "desk 7"\nalways_send = ["asset"]\n')
    file.write_text((bench.database.parent / "pydhcpd.conf").read_text())
    file.chmod(0o644)
    capture = Capture(bench)
    capture.replay = Replay(bench.server.serving, bench.hosts, capture.lines.append,
                            own_options(DHCPServerConfiguration.load(file)))
    capture.answer(capture.ask(bench.discover()), OFFER, "192.0.2.10", {6: b"\xc0\0\2\x01", 224: b"old"})
    assert [line.strip() for line in capture.end()[0][2:]] == ["asset                        'desk 7'; there old"]


def test_what_is_captured_on_a_bridge_and_its_port_is_asked_once(bench, capture):
    """As `tcpdump -i any` has it: the same octets a moment later; a second later it is the client that asks again."""
    asked = bench.discover()
    for time, number in ((0.0, 1), (0.001, 2), (1.0, 3)):
        frame = udp_frame(asked.encode(), bytes(6), bytes(6), 0, address_from(EVERYBODY), 68, 67)
        capture.replay.take(Frame(number, BEGINNING + time, 1, frame))
    lines, summary = capture.end()
    assert [line.split()[0] for line in lines] == ["1", "3"]
    assert summary == ["3 frames, 2 requests: 2 would be answered, 0 not", "1 request captured again on another interface"]


def test_requests_come_in_where_the_capture_says(bench):
    """By the name of the interface, else where the server is that was asked, else where clients are."""
    bench.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10"]), subnet("198.51.100.0/24", pools=["198.51.100.7"])]')
    capture = Capture(bench)
    capture.frame(bench.discover(), "0.0.0.0", EVERYBODY, 68, 67, "eth2")
    capture.frame(bench.discover(BOB), "0.0.0.0", EVERYBODY, 68, 67, "wlan9")
    assert [line.partition(": ")[2] for line in capture.end()[0]] == ["OFFER 198.51.100.7", "OFFER 192.0.2.10"]


def test_where_nothing_is_served_that_is_said(bench):
    with pytest.raises(InvalidValue, match="no interface is served at the moment"):
        Replay(replace(bench.server.serving, links={}), bench.hosts, print)
