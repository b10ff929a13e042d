"""Who gets a nonce, and who can be told to renew (RFC 6704 section 3, RFC 3203)."""

import pytest
from rig import ALICE, BOB, ETH1, EVERYBODY, NETWORK, SERVER

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.leases import nonces
from pydhcpd.leases.nonces import Nonces
from pydhcpd.leases.preview import Preview
from pydhcpd.wire.packet import ACK, FORCERENEW, OFFER

CAPABLE, AUTHENTICATION = 145, 90
ADDRESS = "192.0.2.10"


@pytest.fixture
def forcing(bench):
    bench.hosts.nonces = Nonces(bench.database)
    return bench


def asks(bench, options, client=ALICE):
    """The options 145 and 90 of an OFFER and an ACK."""
    (offer,) = bench.say(bench.discover(client, options=options))
    (ack,) = bench.say(bench.selecting(offer.yiaddr, client, options=options))
    assert (offer.kind, ack.kind) == (OFFER, ACK)
    return [[CAPABLE in one.packet.options, one.packet.options.get(AUTHENTICATION, b"")] for one in (offer, ack)]


@pytest.mark.parametrize("algorithms", [b"\1", b"\2\1", b"\1\1"])
def test_an_offer_says_that_we_can_and_an_ack_brings_the_nonce(forcing, algorithms):
    (offered, none), (acknowledged, nonce) = asks(forcing, {CAPABLE: algorithms})
    assert (offered, none, acknowledged) == (True, b"", False)
    key = forcing.hosts.store.row(address_from(ADDRESS)).client
    assert nonce[:3] + nonce[11:] == b"\3\1\0\1" + forcing.hosts.nonces.of(key, address_from(ADDRESS))


@pytest.mark.parametrize("options", [{}, {CAPABLE: b""}, {CAPABLE: b"\2"}])
def test_others_get_none_and_cannot_be_told(forcing, options):
    assert asks(forcing, options) == [[False, b""], [False, b""]]
    with pytest.raises(InvalidValue, match=r"192\.0\.2\.10 cannot be made to renew: its client does not say"):
        forcing.server.force_renewal(address_from(ADDRESS))
    assert [one.kind for one in forcing.sent] == [OFFER, ACK]


def test_a_renewal_brings_it_only_to_whom_we_have_not_heard(forcing):
    asks(forcing, {CAPABLE: b"\1"})

    def renewed(destination):
        (ack,) = forcing.say((forcing.request(ALICE, ciaddr=ADDRESS, options={CAPABLE: b"\1"}), destination, ADDRESS))
        return AUTHENTICATION in ack.packet.options

    assert not renewed(SERVER)
    assert renewed(EVERYBODY)  # REBINDING
    forcing.hosts.nonces._exchanges.clear()
    assert renewed(SERVER) and not renewed(SERVER)


def test_a_renewal_that_is_sent_again_brings_what_was_lost(forcing):
    """The same exchange: its first answer may never have come."""
    asks(forcing, {CAPABLE: b"\1"})
    forcing.hosts.nonces._exchanges.clear()
    renewal = forcing.request(ALICE, ciaddr=ADDRESS, options={CAPABLE: b"\1"})
    acks = [forcing.say((renewal, SERVER, ADDRESS)) for _ in range(2)]
    assert all(AUTHENTICATION in ack.packet.options for (ack,) in acks)


def test_rebinding_through_a_relay_agent_brings_it(forcing):
    """To us it is unicast, but the client has asked everyone: it may have another server's nonce by now (section 3.1.3)."""
    asks(forcing, {CAPABLE: b"\1"})
    request = forcing.request(ALICE, ciaddr=ADDRESS, giaddr="192.0.2.254", options={CAPABLE: b"\1"})
    (ack,) = forcing.say((request, SERVER, "192.0.2.254", 67))
    assert AUTHENTICATION in ack.packet.options


def test_a_nonce_is_promised_only_where_it_is_at_hand(forcing):
    """RFC 6704 section 3.1.4: who was promised one discards an ACK without, and begins anew."""
    made = forcing.hosts.nonces
    made._try_again = float("inf")
    made._next = made._reserved - 1
    (offered, _), (_, nonce) = asks(forcing, {CAPABLE: b"\1"})
    assert not offered and nonce, "the last one"
    assert asks(forcing, {CAPABLE: b"\1"}, BOB) == [[False, b""], [False, b""]]


def test_what_was_promised_is_left_out_for_nothing_else(bench):
    """In a reply that has not room for all."""
    sizes = (("name", 55), ("log", 29), ("cookie", 14), ("lpr", 6), ("impress", 5), ("time", 4))
    bench.serve(NETWORK + "".join(f"{name}_server = {[f'203.0.113.{last}' for last in range(size)]}\n" for name, size in sizes))
    bench.hosts.nonces = Nonces(bench.database)
    (offered, _), (_, nonce) = asks(bench, {CAPABLE: b"\1", 55: bytes((1, 3, 6, 15, 5, 7, 8, 9, 10, 4))})
    assert offered and len(nonce) == 28


def test_the_message_goes_to_the_client_with_the_number_of_its_last_exchange(forcing):
    (_, _), (_, nonce) = asks(forcing, {CAPABLE: b"\1"})
    assert forcing.server.force_renewal(address_from(ADDRESS)) is True
    sent = forcing.sent[-1]
    assert (sent.address, sent.port, sent.interface, sent.hardware, sent.source) == (ADDRESS, 68, ETH1, b"", SERVER)
    packet = sent.packet
    assert (packet.message_type, packet.xid, packet.hardware) == (FORCERENEW, forcing.xid, ALICE)
    assert packet.ciaddr == address_from(ADDRESS)
    assert packet.options[AUTHENTICATION][3:11] > nonce[3:11]


def test_who_was_not_heard_since_the_start_is_told_and_it_is_said(forcing):
    asks(forcing, {CAPABLE: b"\1"})
    forcing.hosts.nonces._exchanges.clear()
    forcing.hosts.tables.of(address_from(ADDRESS)).habits[10] = 0
    assert forcing.server.force_renewal(address_from(ADDRESS)) is False
    assert forcing.sent[-1].kind == FORCERENEW


def test_who_was_forgotten_among_too_many_is_told_all_the_same(forcing, monkeypatch):
    monkeypatch.setattr(nonces, "MOST", 1)
    for client in (ALICE, BOB):
        asks(forcing, {CAPABLE: b"\1"}, client)
    assert forcing.server.force_renewal(address_from(ADDRESS)) is False
    assert forcing.sent[-1].kind == FORCERENEW


def test_no_lease_and_no_nonces_are_told(forcing):
    with pytest.raises(InvalidValue, match=r"no lease of 192\.0\.2\.10 runs"):
        forcing.server.force_renewal(address_from(ADDRESS))
    asks(forcing, {CAPABLE: b"\1"})
    forcing.hosts.nonces = None
    with pytest.raises(InvalidValue, match="files of the nonces"):
        forcing.server.force_renewal(address_from(ADDRESS))


def test_without_nonces_nobody_is_promised_any(bench):
    assert asks(bench, {CAPABLE: b"\1"}, BOB) == [[False, b""], [False, b""]]


def test_a_question_takes_no_number_from_the_counter(forcing):
    asked = Preview(forcing.hosts).nonces
    asked.note(b"\2\1somebody", 7)
    number = asked.count()
    assert asked.count() == number == forcing.hosts.nonces.count()
    assert forcing.hosts.nonces.exchange(b"\2\1somebody") is None
