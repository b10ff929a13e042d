"""One machine that sends its client identifier in some messages and not in others (RFC 2131 section 4.2 forbids it).

Where one of the two messages has none, the hardware address decides, as in Kea and dnsmasq; two identifiers are two clients.
"""

import pytest
from rig import ALICE, BOB, CAROL, NETWORK, SERVER, STRANGER, as_bytes, reason

from pydhcpd.addresses import address_from
from pydhcpd.wire.packet import ACK, DECLINE, NAK, OFFER, RELEASE

NAMED, OTHER, BARE = {61: b"\xff\0\0\0\1system"}, {61: b"\1other"}, {}
FIRST, OWN = "192.0.2.10", "192.0.2.5"
KEPT = "bound"


def one(replies):
    (reply,) = replies
    return reply


def renew(bench, options, address=FIRST, client=ALICE, **fields):
    return bench.say((bench.request(client, ciaddr=address, options=options, **fields), SERVER, address))


def release(bench, options, address=FIRST, client=ALICE, source=None, **fields):
    message = bench.message(RELEASE, client, ciaddr=address, options={54: SERVER, **options}, **fields)
    bench.say((message, SERVER, source or address))
    return bench.stored(address).state


def decline(bench, options, address=FIRST, client=ALICE, **fields):
    bench.say(bench.message(DECLINE, client, options={50: address, 54: SERVER, **options}, **fields))
    host = bench.stored(address)
    return host.state if host else None


TWO = [(NAMED, BARE), (BARE, NAMED)]


# --- its own offer


@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_gets_the_address_that_it_was_offered(bench, before, after):
    offer = one(bench.say(bench.discover(options=before)))
    ack = one(bench.say(bench.selecting(offer.yiaddr, options=after)))
    assert (offer.kind, ack.kind, ack.yiaddr) == (OFFER, ACK, FIRST)
    assert ack.packet.options.get(61) == after.get(61), "rule 37: 61 is returned if sent, and only then"
    assert bench.stored(FIRST).state == KEPT


@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_keeps_its_address_from_start_to_start(bench, before, after):
    for _ in range(3):
        offer = one(bench.say(bench.discover(options=before)))
        assert one(bench.say(bench.selecting(offer.yiaddr, options=after))).kind == ACK
        assert offer.yiaddr == FIRST
        assert one(renew(bench, after)).kind == ACK
        bench.pass_time(4000)


@pytest.mark.parametrize(("before", "after", "client"), [
    (NAMED, BARE, BOB), (BARE, NAMED, BOB), (NAMED, OTHER, ALICE), (NAMED, OTHER, BOB)])
def test_it_is_not_somebody_elses(bench, before, after, client):
    bench.say(bench.discover(options=before))
    assert one(bench.say(bench.selecting(FIRST, client, options=after))).kind == NAK
    assert one(bench.say(bench.selecting(FIRST, options=before))).kind == ACK


@pytest.mark.parametrize(("before", "after"), TWO)
@pytest.mark.parametrize(("hardware", "htype"), [(bytes(6), 1), (b"", 1), (b"", 32)])
def test_a_hardware_address_that_is_none_makes_nobody_the_same(bench, before, after, hardware, htype):
    if not hardware:
        before, after = NAMED, OTHER
    bench.say(bench.discover(hardware, htype=htype, options=before))
    assert one(bench.say(bench.selecting(FIRST, hardware, htype=htype, options=after))).kind == NAK


@pytest.mark.parametrize("options", [NAMED, BARE])
def test_firmware_and_system_of_one_machine_that_keep_to_the_rfc_are_two_clients(bench, options):
    """Rule 25; with one_address_per_machine they are one."""
    first = bench.lease(options=NAMED)
    second = bench.lease(options=BARE)
    third = bench.lease(options=OTHER)
    assert [one.yiaddr for one in (first, second, third)] == [FIRST, "192.0.2.11", "192.0.2.12"]
    assert one(renew(bench, options, "192.0.2.12")).kind == NAK
    assert [one(renew(bench, NAMED)).kind, one(renew(bench, BARE, "192.0.2.11")).kind] == [ACK, ACK]


RESERVED = NETWORK + 'hosts = [host(client_id="ff:00:00:00:01:73:79:73:74:65:6d", ip="192.0.2.50", hostname="system")]\n'


def test_an_address_reserved_by_identifier_is_had_by_a_request_without_it(bench):
    offer = one(bench.serve(RESERVED).say(bench.discover(options=NAMED)))
    for _ in range(2):
        ack = one(bench.say(bench.selecting("192.0.2.50", options=BARE)))
        assert (offer.yiaddr, ack.kind, ack.yiaddr, ack.packet.options[12]) == ("192.0.2.50", ACK, "192.0.2.50", b"system")
    assert one(renew(bench, BARE, "192.0.2.50")).packet.options[12] == b"system"
    assert one(bench.say(bench.selecting("192.0.2.50", BOB))).kind == NAK


# --- its lease


@pytest.mark.parametrize("authoritative", [True, False])
@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_goes_on_with_its_lease(bench, before, after, authoritative):
    bench.serve(f"authoritative = {authoritative}\n" + NETWORK)
    bench.lease(options=before)
    for options in (after, before, after):
        assert one(renew(bench, options)).kind == ACK
        assert one(bench.say(bench.request(options={50: FIRST, **options}))).kind == ACK
    assert [host.ip for host in bench.hosts.get()] == [FIRST]


@pytest.mark.parametrize(("before", "after"), TWO)
def test_its_lease_that_has_ended_and_is_free_is_its_own_still(bench, before, after):
    bench.lease(options=before)
    bench.pass_time(4000)
    assert one(bench.say(bench.request(options={50: FIRST, **after}))).kind == ACK


@pytest.mark.parametrize(("before", "after", "client"), [(NAMED, BARE, BOB), (NAMED, OTHER, ALICE), (BARE, NAMED, BOB)])
def test_nobody_else_goes_on_with_it(bench, before, after, client):
    bench.lease(options=before)
    assert renew(bench, after, client=client) == []
    assert one(bench.say(bench.selecting(FIRST, client, options=after))).kind == NAK
    assert release(bench, after, client=client) == KEPT
    assert decline(bench, after, client=client) == KEPT


def test_it_goes_on_after_a_restart(bench):
    bench.lease(options=NAMED)
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    assert one(renew(bench.serve(NETWORK), BARE)).kind == ACK


# --- RELEASE and DECLINE


@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_releases_its_lease_from_its_own_address(bench, before, after):
    bench.lease(options=before)
    assert release(bench, after, source=STRANGER) == KEPT
    assert release(bench, after, source="0.0.0.0") == KEPT
    assert release(bench, after) == "released"
    assert bench.lease(options=before).yiaddr == FIRST, "remembered for the client that it was"


def test_a_release_with_the_identifier_must_come_from_its_address_too(bench):
    bench.lease(options=NAMED)
    assert release(bench, NAMED, source=STRANGER) != "released"


@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_declines_its_lease(bench, before, after):
    """Else it would be given the same address again and again, for it cannot use it."""
    bench.lease(options=before)
    assert decline(bench, after) == "quarantined"
    assert bench.lease(options=before).yiaddr == "192.0.2.11"


@pytest.mark.parametrize(("before", "after"), TWO)
def test_it_declines_its_offer(bench, before, after):
    bench.say(bench.discover(options=before))
    assert decline(bench, after) == "quarantined"


# --- batches, and what is chosen by the configuration


@pytest.mark.parametrize(("before", "after"), TWO)
def test_in_one_batch_each_message_counts_once_and_in_order(bench, before, after):
    bench.lease(options=before)
    gone = bench.message(RELEASE, ciaddr=FIRST, options={54: SERVER, **after})
    replies = bench.say((gone, SERVER, FIRST), bench.discover(options=before), bench.discover(CAROL))
    assert [reply.yiaddr for reply in replies] == [FIRST, "192.0.2.11"]
    replies = bench.say(bench.selecting(FIRST, options=after), bench.selecting(FIRST, options=before),
                        bench.selecting(FIRST, options=after))
    assert [reply.kind for reply in replies] == [ACK, ACK], "the third is to come again"


@pytest.mark.parametrize("order", [1, -1])
def test_in_one_batch_a_reserved_address_is_acknowledged_to_one_of_two_that_may_have_it(bench, order):
    """Both are known by their hardware address; each may take the address over from the other, but not at the same time."""
    bench.serve(NETWORK + f"hosts = [host(mac={ALICE.hex(':')!r}, ip={OWN!r})]")
    first, second = ({61: identifier} for identifier in (b"\1firmware", b"\1system"))
    assert bench.lease(options=first).yiaddr == OWN
    renewal = bench.request(ciaddr=OWN, options=first), SERVER, OWN
    ack = one(bench.say(*[renewal, bench.selecting(OWN, options=second)][::order]))
    assert (ack.kind, ack.yiaddr) == (ACK, OWN)
    assert reason(bench) == {"of a client whose other message came at the same time": 1}
    assert bench.hosts.store.row(address_from(OWN)).client == b"\1" + ack.packet.options[61]
    assert not bench.hosts.staging.touched


def test_whose_a_lease_is_by_configuration_stays_so(bench):
    bench.serve(NETWORK + 'client_identity = ["host_name"]\n')
    bench.say(bench.discover(options={12: b"a", **NAMED}))
    assert one(bench.say(bench.selecting(FIRST, options={12: b"b"}))).kind == NAK


# --- identifiers that are none


def long_identifier(length):
    return {61: b"\xff" + bytes(n % 251 for n in range(length - 1))}


@pytest.mark.parametrize("length", [256, 300, 1020])
def test_a_length_above_255_is_no_identifier(bench, length):
    """RFC 3396 would put it together of several options; option 61 holds 255 bytes."""
    replies = [bench.lease(options=long_identifier(longer)) for longer in (length, length + 1)]
    assert [reply.yiaddr for reply in replies] == [FIRST, FIRST], "known by its hardware address"
    assert all(61 not in reply.packet.options and len(reply.data) <= 548 for reply in replies)
    assert bench.say(bench.discover(b"", htype=32, options=long_identifier(length))) == []


@pytest.mark.parametrize("length", [1, 2, 255])
def test_one_of_up_to_255_is_one_whatever_is_in_it(bench, length):
    """Rule 36: opaque bytes. RFC 2132 section 9.14 wants two at least, and clients with one are not turned away."""
    first, second = bench.lease(options=long_identifier(length)), bench.lease(BOB, options=long_identifier(length))
    assert (first.yiaddr, second.yiaddr) == (FIRST, FIRST)
    assert first.packet.options[61] == long_identifier(length)[61]
    assert bench.lease(CAROL).yiaddr == "192.0.2.11"
    assert as_bytes(FIRST) == bytes((192, 0, 2, 10))


# --- the configuration tells clients by something else than before


KEYS = {"default": "", "machine": "one_address_per_machine = True\n", "port": 'client_identity = ["circuit_id"]\n',
        "name": 'client_identity = ["host_name"]\n'}
SAID = {82: b"\1\2p7", 12: b"pc"}


@pytest.mark.parametrize("identifier", [NAMED, BARE])
@pytest.mark.parametrize(("before", "after"), [("default", "machine"), ("default", "port"), ("default", "name"),
                                               ("port", "default"), ("name", "default")])
def test_whoever_holds_a_lease_goes_on_with_it_whatever_a_client_is_told_by(bench, before, after, identifier):
    bench.serve(KEYS[before] + NETWORK).lease(options={**SAID, **identifier})
    bench.serve("authoritative = True\n" + KEYS[after] + NETWORK)
    for options in ({**SAID, **identifier}, {12: b"pc", **identifier}):
        assert one(renew(bench, options)).kind == ACK
    assert bench.lease(options={**SAID, **identifier}).yiaddr == FIRST
    assert [host.ip for host in bench.hosts.get()] == [FIRST]
    assert release(bench, {**SAID, **identifier}) == "released"


def test_a_device_that_moves_to_another_port_does_not_take_the_address_of_its_former_one_along(bench):
    bench.serve("authoritative = True\n" + KEYS["port"] + NETWORK).lease(options=SAID)
    assert one(bench.say(bench.request(options={50: FIRST, 82: b"\1\2p8"}))).kind == NAK
    assert bench.lease(BOB, options=SAID).yiaddr == FIRST


def test_nobody_takes_over_what_another_machine_holds(bench):
    bench.lease(options=SAID)
    bench.serve("authoritative = True\n" + KEYS["port"] + NETWORK)
    assert one(renew(bench, SAID, client=BOB)).kind == NAK
    assert one(renew(bench, SAID)).kind == ACK
