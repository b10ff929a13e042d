"""Delayed answers: due when configured, and never at the cost of anyone else's."""

import statistics

import pytest
from lab import Lab, Machine
from load import collect
from messages import ACK, OFFER, mac_of
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
DELAY, TOLERANCE = 0.5, 0.05
AT_ONCE = 0.25  # seconds; half the delay, generous for a busy machine


def test_offer_is_delayed_and_delays_nobody(lab: Lab, client: Machine, station: Station) -> None:
    """The OFFER comes 0.5 s later; a renewal of another client in the meantime is answered at once."""
    lab.daemon(dhcp_offer_after_seconds=DELAY).start()
    holder = mac_of(1)
    address = station.lease(holder).yiaddr
    neighbour(lab.server, address, holder)
    late = []
    for number in range(10, 15):
        sent = station.discover_at(mac_of(number), xid := station.xid())
        renewal, asked = station.renew_at(holder, address)
        frame, ack = station.answer(renewal, ACK)
        assert frame.at - asked < AT_ONCE and ack.yiaddr == address
        frame, _ = station.answer(xid, OFFER)
        late.append(frame.at - sent)
    assert min(late) >= DELAY - 0.001
    assert statistics.median(late) < DELAY + TOLERANCE, late


def test_acknowledgement_is_delayed(lab: Lab, client: Machine, station: Station) -> None:
    """The offer comes at once, the ACK late; a repeated REQUEST makes no second ACK of it."""
    lab.daemon(dhcp_acknowledge_after_seconds=DELAY).start()
    sent = station.discover_at(mac_of(1), xid := station.xid())
    frame, offer = station.answer(xid, OFFER)
    assert frame.at - sent < AT_ONCE
    station.select(mac_of(1), offer)
    station.select(mac_of(1), offer)
    late, _ = station.answer(xid, ACK)
    assert late.at - frame.at > DELAY
    station.silence(xid, DELAY)


def test_many_delayed_offers_are_due_together(lab: Lab, client: Machine, station: Station) -> None:
    """A worker that slept for each would need minutes: 200 offers, half a second."""
    lab.daemon(dhcp_offer_after_seconds=DELAY).start()
    sent = [station.discover_at(mac_of(number), station.xid()) for number in range(200)]
    first = 0x77000001
    heard: list[float] = []
    while len(heard) < 200:
        frame, message = station.wait_for(lambda _, one: one.kind == OFFER, "an offer")
        heard.append(frame.at - sent[message.xid - first])
    assert min(heard) >= DELAY - 0.001 and statistics.median(heard) < DELAY + 2 * TOLERANCE


def test_delayed_answers_are_bounded_and_holders_are_served(lab: Lab, client: Machine, station: Station) -> None:
    """A flood of unknown clients fills no more than its share of what may wait; a holder of a lease has room."""
    lab.daemon(dhcp_offer_after_seconds=DELAY, dhcp_acknowledge_after_seconds=0.1, maximum_transactions=80).start()
    holder = mac_of(1)
    address = station.lease(holder).yiaddr
    neighbour(lab.server, address, holder)
    flood = {station.discover(mac_of(number)) for number in range(100, 1100)}
    station.answer(station.renew(holder, address), ACK)
    assert 0 < len(collect(station, flood, 2.0)) <= 80


def test_what_is_waiting_at_the_end_is_answered(lab: Lab, client: Machine, station: Station) -> None:
    """An orderly end drops nobody: answers that are still delayed go out."""
    daemon = lab.daemon(dhcp_offer_after_seconds=30).start()
    xid = station.discover(mac_of(1))
    station.silence(xid, 0.3)
    assert daemon.stop() == 0
    station.answer(xid, OFFER, timeout=1)
