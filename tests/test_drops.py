"""What gets no answer leaves a trace: counted by reason and place, told at a bounded rate (row 103)."""

import logging

import pytest
from rig import ALICE, BOB, ETH1, ETH2, EVERYBODY, NETWORK

from pydhcpd.drops import MOST_PLACES, MOST_TOLD, Drops
from pydhcpd.errors import Ignored
from pydhcpd.wire.packet import DISCOVER


def lines(caplog, word="no answer"):
    return [(record.levelno, record.getMessage()) for record in caplog.records if word in record.getMessage()]


def test_counts_are_by_reason_and_place_and_bounded():
    drops = Drops()
    for giaddr in range(1, 3 * MOST_PLACES):
        drops.add(Ignored("x"), (2, giaddr), 0.0)
    assert len(drops.counts) <= MOST_PLACES + 1
    assert drops.by_reason() == {"x": 3 * MOST_PLACES - 1}
    assert next(drops.words()) == ("elsewhere: x", 2 * MOST_PLACES - 1)


def test_invented_relay_agents_do_not_fill_the_log(bench, caplog):
    caplog.set_level(logging.INFO)
    for number in range(500):
        bench.say(bench.discover(giaddr=f"203.0.{number >> 8}.{number & 255}"))
    assert len(lines(caplog)) == MOST_TOLD + 1
    assert bench.server.account.drops.by_reason()["of a network that is not served"] == 500


@pytest.mark.parametrize(("relay", "place", "remedy"), [
    ("0.0.0.0", "on ", "add a subnet that holds an address of the interface"),
    ("203.0.113.9", "through relay agent 203.0.113.9", "list it in relays=[...]")])
def test_a_request_that_no_network_fits_is_a_warning_with_its_place_and_remedy(bench, caplog, relay, place, remedy):
    caplog.set_level(logging.INFO)
    bench.serve('interface = ["eth1", "eth2"]\nsubnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"])]')
    caplog.clear()
    for _ in range(50):
        bench.say((bench.discover(giaddr=relay), EVERYBODY, "0.0.0.0", 68, ETH2))
    ((level, text),) = lines(caplog)
    assert level == logging.WARNING
    assert f"no answer {place}" in text
    assert f"of a network that is not served (DISCOVER from {ALICE.hex(':')})" in text
    assert remedy in text
    bench.server.account.drops.tell_rest(1e12)
    assert "of a network that is not served (49 more in the last minute)" in lines(caplog)[1][1]


@pytest.mark.parametrize(("fields", "remedy"), [
    ({"options": {118: "203.0.113.0"}}, "the address that option 118"),
    ({"options": {82: bytes.fromhex("0504 cb007100")}, "giaddr": "192.0.2.5"}, "suboption 5 of 82"),
    ({"giaddr": "192.0.2.255"}, "no relay agent has such an address"),
    ({"giaddr": "127.0.0.1", "options": {118: "203.0.113.0"}}, "no relay agent has such an address")])
def test_the_remedy_is_for_what_chose_the_network(bench, caplog, fields, remedy):
    """To add a subnet of the link, which is there, would not help who is asked for another by option 118 (RFC 3011)."""
    assert bench.say(bench.discover(**fields)) == []
    ((_, text),) = lines(caplog)
    assert remedy in text


def test_what_is_meant_for_others_is_told_as_well_but_not_as_a_warning(bench, caplog):
    caplog.set_level(logging.INFO)
    (offer,) = bench.say(bench.discover())
    bench.say(bench.selecting(offer.yiaddr, server="192.0.2.200"))
    ((level, text),) = lines(caplog)
    assert (level, "REQUEST to another server" in text) == (logging.INFO, True)


def test_each_packet_is_told_where_debug_is_on(bench, caplog):
    caplog.set_level(logging.DEBUG)
    for _ in range(3):
        bench.say(bench.discover(options={54: "192.0.2.200"}))
    assert len([text for level, text in lines(caplog, "no answer to") if level == logging.DEBUG]) == 3


def test_what_cannot_be_read_is_told_with_its_interface(bench, caplog):
    caplog.set_level(logging.INFO)
    bench.say((b"\1" * 100,))
    ((_, text),) = lines(caplog)
    assert "shorter than 240 bytes" in text and "a message that cannot be read" in text
    assert bench.server.account.drops.counts == {("shorter than 240 bytes", (ETH1, 0)): 1}


def kinds(bench):
    return bench.told()


def test_a_full_pool_is_one_line_a_minute_and_a_count(bench, caplog):
    bench.serve(NETWORK.replace("192.0.2.19", "192.0.2.10"))
    bench.lease(ALICE)
    before = len(kinds(bench))
    for number in range(300):
        bench.say(bench.discover(bytes([2, 1, 0, 0, number >> 8, number & 255])))
    told = kinds(bench)[before:]
    assert told == ["no free address for 02:01:00:00:00:00: all of 192.0.2.0/24 are taken"]
    bench.server.account._sparing._seen = {key: [0.0, *rest] for key, (_, *rest) in bench.server.account._sparing._seen.items()}
    bench.server.account.tell_rest(bench.now)
    assert kinds(bench)[-1] == "no free address for 299 more in the last minute: all of 192.0.2.0/24 are taken"


def test_refusals_do_not_push_other_events_out(bench):
    bench.serve(NETWORK + "authoritative = True\n")
    bench.lease(BOB)
    for number in range(300):
        bench.say(bench.request(bytes([2, 1, 0, 0, number >> 8, number & 255]), options={50: "192.0.2.19"}))
    assert len([text for text in kinds(bench) if text.startswith("refused")]) == 10


def test_statistics_have_what_was_counted(bench):
    bench.lease()
    bench.say(bench.message(DISCOVER, options={54: "192.0.2.200"}))
    counted = dict(bench.server.statistics())
    assert (counted["messages received"], counted["messages sent"]) == (3, 2)
    assert [value for name, value in counted.items() if name.endswith("DISCOVER with a server identifier")] == [1]




def test_statistics_have_every_message_also_those_that_are_not_all_told(bench):
    """Of a flood on a full pool a line is told, and all of it is counted: nothing is received that comes to no account."""
    bench.serve(NETWORK.replace("192.0.2.19", "192.0.2.10") + "authoritative = True\n")
    bench.lease(ALICE)
    for number in range(300):
        bench.say(bench.discover(bytes([2, 1, 0, 0, number >> 8, number & 255])))
        bench.say(bench.request(bytes([2, 1, 0, 0, number >> 8, number & 255]), options={50: "192.0.2.10"}))
    counted = dict(bench.server.statistics())
    assert (counted["no free address in 192.0.2.0/24"], counted["refused in 192.0.2.0/24"]) == (300, 300)
    assert (counted["messages received"], counted["messages sent"]) == (602, 302)
