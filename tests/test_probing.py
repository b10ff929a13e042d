"""Probes before an offer (RFC 2131 section 2.2, rules 22 and 23): who is asked when, and what comes of the answers.

The server is real, with a recorder in place of what asks; answers are given to it as the thread that hears them would.
"""


import pytest
from rig import ALICE, BOB, CAROL, NETWORK, SERVER, Bench, reason

from pydhcpd import server
from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import StoreError
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED
from pydhcpd.leases.quarantine import MOST_BY_MACHINE
from pydhcpd.probes import REMEMBERED
from pydhcpd.transaction import MOST_QUESTIONS, QUARANTINE_OF_OFFER
from pydhcpd.wire.packet import ACK, BOOTP, DECLINE, OFFER, RELEASE
from pydhcpd.witnesses import MOST_ADDRESSES

PROBING = NETWORK + "probe_before_offer = True\nprobe_wait = 0.5\n"
FIRST, SECOND, THIRD = "192.0.2.10", "192.0.2.11", "192.0.2.12"
TWO_NETWORKS = """
interface = "eth1"
probe_before_offer = True
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.30"]), subnet("10.5.0.0/24", pools=["10.5.0.10 - 10.5.0.30"])]
"""
OTHER = bytes.fromhex("0600000000ee")


class Prober:
    """In place of the real one: notes what is asked."""

    def __init__(self):
        self.asked = []

    def start(self):
        """Nothing is heard but what the tests say."""

    stop = start

    def ask_link(self, interface, own_hardware, address):
        assert own_hardware
        self.asked.append((interface, address))
        return True

    def ask_far(self, address):
        self.asked.append(("", address))
        return True


class Clock:
    """Stands for the module `time`: the clock that does not go back."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now


class Worker:
    """In place of the delay worker: what is delayed is answered when a test says so."""

    def __init__(self, bench):
        self.bench, self.waiting = bench, []

    def answer_after(self, seconds, transaction):
        self.waiting.append((seconds, transaction))

    def go_on(self):
        """Let the time pass that the first waits for, and answer all that wait."""
        before, due = len(self.bench.sent), self.waiting
        self.waiting = []
        self.bench.clock.now += max(seconds for seconds, _ in due)
        self.bench.server._answer_delayed([transaction for _, transaction in due])
        return self.bench.sent[before:]


@pytest.fixture
def probing(bench, monkeypatch):
    bench.clock = Clock()
    monkeypatch.setattr(server, "time", bench.clock)
    bench.prober = bench.server._prober = Prober()
    bench.worker = bench.server.worker = Worker(bench)
    return bench.serve(PROBING)


def heard(bench: Bench, address, hardware=OTHER, interface="eth1"):
    bench.server._heard([(address_from(address), hardware, interface)])


def test_an_address_is_asked_for_before_it_is_offered(probing):
    assert probing.say(probing.discover()) == []
    assert probing.prober.asked == [("eth1", address_from(FIRST))]
    (reply,) = probing.worker.go_on()
    assert (reply.kind, reply.yiaddr) == (OFFER, FIRST)
    assert len(probing.server.transactions) == 0


def test_what_is_in_use_is_quarantined_and_reported_and_the_next_is_asked_for(probing):
    probing.say(probing.discover())
    heard(probing, FIRST)
    assert probing.hosts.store.row(address_from(FIRST)).state == QUARANTINED
    told = probing.told()
    assert any("in use" in words and "06:00:00:00:00:ee" in words for words in told)
    assert probing.worker.go_on() == []
    (reply,) = probing.worker.go_on()
    assert reply.yiaddr == SECOND
    assert [address for _, address in probing.prober.asked] == [address_from(FIRST), address_from(SECOND)]


@pytest.mark.parametrize("answer", [(FIRST, ALICE, "eth1"), (FIRST, OTHER, "eth2"), (SECOND, OTHER, "eth1")],
                         ids=["the client itself", "another link", "another address"])
def test_what_is_no_conflict_changes_nothing(probing, answer):
    probing.say(probing.discover())
    heard(probing, *answer)
    assert [reply.yiaddr for reply in probing.worker.go_on()] == [FIRST]


def test_an_answer_that_comes_too_late_takes_nothing_away(probing):
    probing.say(probing.discover())
    probing.worker.go_on()
    heard(probing, FIRST)
    assert probing.hosts.store.row(address_from(FIRST)) is None


def test_a_discover_that_is_repeated_asks_nothing_again(probing):
    first = probing.discover()
    probing.say(first)
    probing.say(first)
    probing.say(probing.discover())
    assert len(probing.prober.asked) == 1
    assert {reply.yiaddr for reply in probing.worker.go_on()} == {FIRST}
    assert [reply.yiaddr for reply in probing.say(probing.discover())] == [FIRST], "the outcome is remembered"
    probing.clock.now += REMEMBERED + 1
    assert probing.say(probing.discover()) == []
    assert len(probing.prober.asked) == 2


PORTS = PROBING + 'client_identity = ["circuit_id"]\n'
PORT = {82: b"\1\2p1"}


def leased_port(probing):
    """A port whose lease is Alice's, of whose address nothing is remembered any more."""
    probing.serve(PORTS).say(probing.discover(ALICE, options=PORT))
    (offer,) = probing.worker.go_on()
    (ack,) = probing.say(probing.selecting(offer.yiaddr, ALICE, options=PORT))
    assert (ack.kind, ack.yiaddr) == (ACK, FIRST)
    return probing


@pytest.mark.parametrize("passed", [1, REMEMBERED + 1])
def test_an_address_of_a_port_that_changes_hands_is_asked_for(probing, passed):
    """Also while the outcome for the machine before it is remembered: that told nothing of another one."""
    leased_port(probing).clock.now += passed
    assert probing.say(probing.discover(BOB, options=PORT)) == []
    assert probing.prober.asked == [("eth1", address_from(FIRST))] * 2
    (offer,) = probing.worker.go_on()
    assert (offer.kind, offer.yiaddr) == (OFFER, FIRST)
    assert [reply.kind for reply in probing.say(probing.selecting(FIRST, BOB, options=PORT))] == [ACK]
    assert [reply.yiaddr for reply in probing.say(probing.discover(BOB, options=PORT))] == [FIRST], "now it is its own"
    assert len(probing.prober.asked) == 2


def test_a_port_whose_former_machine_uses_the_address_still_gives_it_to_nobody_else(probing):
    leased_port(probing).say(probing.discover(BOB, options=PORT))
    heard(probing, FIRST, ALICE)
    assert probing.worker.go_on() == []
    assert any("the machine that had the lease before" in why for why in reason(probing))
    assert probing.hosts.store.row(address_from(FIRST)).hardware == ALICE
    assert [reply.kind for reply in probing.say(probing.request(ALICE, ciaddr=FIRST, options=PORT))] == [ACK]
    probing.clock.now += REMEMBERED + 1  # it is gone
    assert probing.say(probing.discover(BOB, options=PORT)) == []
    assert [reply.yiaddr for reply in probing.worker.go_on()] == [FIRST]


def test_of_a_ports_machine_itself_nothing_is_asked(probing):
    leased_port(probing).clock.now += REMEMBERED + 1
    assert [reply.yiaddr for reply in probing.say(probing.discover(ALICE, options=PORT))] == [FIRST]
    assert len(probing.prober.asked) == 1


def test_nothing_is_asked_of_who_has_a_lease_nor_at_the_acknowledgement(probing):
    """Rule 23."""
    probing.say(probing.discover())
    (offer,) = probing.worker.go_on()
    (ack,) = probing.say(probing.selecting(offer.yiaddr))
    assert ack.kind == ACK
    assert [reply.kind for reply in probing.say(probing.request(ciaddr=offer.yiaddr))] == [ACK]
    assert [reply.kind for reply in probing.say(probing.discover())] == [OFFER]
    assert len(probing.prober.asked) == 1


def test_behind_a_relay_the_question_is_an_echo(probing):
    probing.say(probing.discover(giaddr="192.0.2.2"))
    assert probing.prober.asked == [("", address_from(FIRST))]
    heard(probing, FIRST, b"", "")
    assert probing.hosts.store.row(address_from(FIRST)).state == QUARANTINED


def test_two_clients_with_one_reservation_do_not_hold_each_other_up(probing):
    """A machine whose firmware and system identify themselves differently, both known by the hardware address."""
    probing.serve(PROBING + f'hosts = [host(mac="{ALICE.hex(":")}", ip="192.0.2.5")]\n')
    first, second = (probing.discover(options={61: identifier}) for identifier in (b"firmware", b"system"))
    probing.say(first)
    probing.say(second)
    assert reason(probing) == {"its address is being probed for another client": 1}
    (offer,) = probing.worker.go_on()
    assert (offer.kind, offer.yiaddr, offer.packet.xid) == (OFFER, "192.0.2.5", first.xid)
    assert not probing.worker.waiting and not probing.server.transactions
    probing.say(second)  # as it asks again
    (offer,) = probing.worker.go_on()
    assert (offer.yiaddr, offer.packet.xid) == ("192.0.2.5", second.xid)


def test_a_client_that_asks_in_two_networks_at_once_gets_an_offer_in_each(probing):
    """A relay agent that overhears a client of the server's own link passes its message on."""
    probing.serve(TWO_NETWORKS)
    probing.say(probing.discover())
    probing.say(probing.discover(giaddr="10.5.0.1"))
    found = probing.worker.go_on() + (probing.worker.go_on() if probing.worker.waiting else [])
    assert sorted(reply.yiaddr for reply in found) == ["10.5.0.10", FIRST]
    assert not probing.worker.waiting and not probing.server.transactions


def test_for_one_message_only_so_many_addresses_are_probed(probing):
    """Where every address is in use, none is looked for without end."""
    probing.serve(TWO_NETWORKS)
    probing.say(probing.discover())
    while probing.worker.waiting:
        heard(probing, address_text(probing.prober.asked[-1][1]), bytes((6, 0, 0, 0, 0, len(probing.prober.asked))))
        assert probing.worker.go_on() == []
    assert len(probing.prober.asked) == MOST_QUESTIONS
    assert reason(probing) == {"every address that was probed for it is in use": 1} and not probing.server.transactions


def test_a_request_to_another_server_is_not_held_up_and_ends_the_wait(probing):
    message = probing.discover()
    probing.say(message)
    request = probing.selecting(FIRST, server="198.51.100.77")
    request.xid = message.xid
    assert probing.say(request) == []
    assert reason(probing) == {"REQUEST to another server": 1}
    assert probing.worker.go_on() == []


def test_a_thousand_probes_delay_no_renewal(probing):
    probing.serve('subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10"]), subnet("10.0.0.0/16", pools=["10.0.1.0/24"])]\n')
    probing.lease(BOB)
    probing.serve('probe_before_offer = True\nsubnets = [subnet("192.0.2.0/24", pools=["192.0.2.10"]), '
                  'subnet("10.0.0.0/16", pools=["10.0.4.0/22"])]\n')
    for number in range(800):
        probing.say(probing.discover(b"\2\0\0\1" + number.to_bytes(2, "big"), giaddr="10.0.0.1"))
    assert len(probing.prober.asked) == 800
    assert [reply.kind for reply in probing.say(probing.request(BOB, ciaddr=FIRST))] == [ACK]
    assert len(probing.worker.go_on()) == 800


def test_what_could_not_be_quarantined_is_not_offered_to_its_client(probing, monkeypatch):
    probing.say(probing.discover())

    def fail(*_):
        raise StoreError("database or disk is full")

    monkeypatch.setattr(probing.hosts.store, "commit", fail)
    heard(probing, FIRST)
    assert [reply.yiaddr for reply in probing.worker.go_on()] in ([], [SECOND])


def test_a_reload_that_ends_probing_offers_at_once(probing):
    probing.say(probing.discover())
    probing.serve(NETWORK)
    assert [reply.yiaddr for reply in probing.worker.go_on()] == [FIRST]
    assert [reply.kind for reply in probing.say(probing.discover(BOB))] == [OFFER]


def test_probing_can_be_turned_on_for_a_pool_alone(probing):
    probing.serve('subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10", probe_before_offer=True), "192.0.2.20"])]')
    assert probing.say(probing.discover()) == []
    assert [reply.yiaddr for reply in probing.say(probing.discover(BOB))] == ["192.0.2.20"]


def test_bootp_and_rapid_commit_are_probed_before_their_only_answer(probing):
    probing.serve(PROBING + "bootp = True\nrapid_commit = True\n")
    assert probing.say(probing.discover(options={80: b""})) == []
    bootp = probing.message(BOOTP, BOB)
    del bootp.options[53]
    assert probing.say(bootp) == []
    replies = probing.worker.go_on()
    assert sorted((reply.kind, reply.yiaddr) for reply in replies) == [(0, SECOND), (ACK, FIRST)]
    assert all(reply.stored for reply in replies)
    assert SERVER


# --- quarantine: bounded, and the last resort


def thieves(number):
    return bytes((2, 0, 0, 0, 7, number))


def in_quarantine(bench):
    return {address_text(address) for address in bench.hosts.quarantined()}


def decline(bench, client, address, **more):
    bench.say(bench.message(DECLINE, client, options={50: address, 54: SERVER, **more.pop("options", {})}, **more))


def test_one_machine_that_declines_offer_after_offer_by_new_identifiers_takes_a_few_addresses(bench):
    for number in range(250):
        named = {61: bytes((9, number))}
        (offer,) = bench.say(bench.discover(OTHER, options=named))
        decline(bench, OTHER, offer.yiaddr, options=named)
    assert 0 < len(in_quarantine(bench)) <= min(MOST_BY_MACHINE, 2), "20 % of ten"
    assert bench.lease(ALICE).kind == ACK


def test_many_machines_take_no_more_than_the_share_of_the_pool(bench):
    bench.serve(NETWORK + "quarantine_share = 50")
    for number in range(50):
        decline(bench, thieves(number), bench.lease(thieves(number)).yiaddr)
    assert len(in_quarantine(bench)) == 5
    assert sum(row.state == QUARANTINED for row in bench.hosts.store.select()) == 5
    told = [words for words in bench.told() if "declined" in words]
    assert len(told) == 10, "what anybody can cause does not fill the log"


@pytest.mark.parametrize(("is_leased", "seconds"), [(True, 86400), (False, QUARANTINE_OF_OFFER)])
def test_a_decline_of_what_was_never_leased_weighs_less(bench, is_leased, seconds):
    address = (bench.lease() if is_leased else bench.say(bench.discover())[0]).yiaddr
    decline(bench, ALICE, address)
    assert bench.hosts.store.row(address_from(address)).ends == bench.now + seconds


def test_a_machine_that_answers_for_many_addresses_is_reported_and_no_longer_believed(probing, caplog):
    probing.serve(PROBING + "quarantine_share = 100")
    probing.say(probing.discover())
    for _ in range(MOST_ADDRESSES + 1):
        heard(probing, address_text(probing.prober.asked[-1][1]))
        replies = probing.worker.go_on()
    assert [reply.kind for reply in replies] == [OFFER]
    assert in_quarantine(probing) == set(), "what it took is given back"
    assert "06:00:00:00:00:ee answers for many addresses" in caplog.text


def test_the_oldest_quarantined_address_is_probed_and_reused_where_there_is_no_other(probing):
    probing.serve(NETWORK.replace(".19", ".11") + "quarantine_share = 100")
    for client in (ALICE, BOB):
        decline(probing, client, probing.lease(client).yiaddr)
    assert in_quarantine(probing) == {FIRST, SECOND}
    assert probing.say(probing.discover(CAROL)) == []
    heard(probing, FIRST)
    assert probing.worker.go_on() == []
    (offer,) = probing.worker.go_on()
    assert (offer.kind, offer.yiaddr) == (OFFER, SECOND)
    assert [address for _, address in probing.prober.asked] == [address_from(FIRST), address_from(SECOND)]


def test_when_all_that_is_in_quarantine_is_in_use_the_search_ends(probing):
    probing.serve(NETWORK.replace(".19", ".10"))
    decline(probing, ALICE, probing.lease().yiaddr)
    probing.say(probing.discover(BOB))
    for number in range(30):
        if not probing.worker.waiting:
            break
        heard(probing, FIRST, thieves(number))
        assert probing.worker.go_on() == []
    assert number == MOST_QUESTIONS
    assert len(probing.server.transactions) == 0


@pytest.mark.parametrize("what", [address_from(FIRST), None])
def test_quarantine_ends_by_hand(probing, what):
    decline(probing, ALICE, probing_lease(probing))
    assert probing.server.clear(address_from(SECOND)) == 0
    assert probing.server.clear(what) == 1
    assert probing.server.clear(what) == 0
    assert in_quarantine(probing) == set()
    assert probing.hosts.store.row(address_from(FIRST)).state == RELEASED


def probing_lease(bench):
    bench.serve(NETWORK)
    return bench.lease().yiaddr


def test_what_is_in_quarantine_is_so_after_a_restart_oldest_first(bench):
    bench.serve(NETWORK + "quarantine_share = 100")
    for client in (ALICE, BOB):
        decline(bench, client, bench.lease(client).yiaddr)
        bench.now += 1
    again = HostDatabase(bench.hosts.store)
    plans = bench.server.serving.networks()
    again.adopt(again.prepare(plans, int(bench.now)), plans, int(bench.now))
    assert again.quarantined() == [address_from(FIRST), address_from(SECOND)]


def test_a_quarantine_that_could_not_be_stored_does_not_begin(bench, monkeypatch):
    address = bench.lease().yiaddr

    def fail(*_):
        raise StoreError("disk full")

    monkeypatch.setattr(bench.hosts.store, "commit", fail)
    decline(bench, ALICE, address)
    assert in_quarantine(bench) == set()


# --- what is spoofed


@pytest.mark.parametrize(("source", "giaddr", "state"), [
    (FIRST, None, RELEASED), ("192.0.2.77", None, BOUND), ("0.0.0.0", None, BOUND), ("192.0.2.2", "192.0.2.2", RELEASED)])
def test_a_release_must_come_from_its_address_or_through_a_relay_agent(bench, source, giaddr, state):
    bench.lease()
    fields = {"giaddr": giaddr} if giaddr else {}
    bench.say((bench.message(RELEASE, ALICE, ciaddr=FIRST, options={54: SERVER}, **fields), SERVER, source))
    assert bench.hosts.store.row(address_from(FIRST)).state == state
    assert ("RELEASE that does not come from its address" in reason(bench)) == (state == BOUND)


@pytest.mark.parametrize(("settings", "count"), [
    ("", 1), ("listed_relays_only = True", 0), ("listed_relays_only = True\n", 1)])
def test_relay_agents_may_have_to_be_listed(bench, settings, count):
    relays = ', relays=["192.0.2.2"]' if settings.endswith("\n") else ""
    bench.serve(f'subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10/31"]{relays})]\n{settings}')
    assert len(bench.say(bench.discover(giaddr="192.0.2.2"))) == count


def test_what_gave_way_is_told_and_counted(bench, caplog):
    for number in range(12):
        bench.say(bench.discover(thieves(number)))
    for number in range(12, 18):
        decline(bench, thieves(number), bench.lease(thieves(number)).yiaddr)
    bench.server._keep_house()
    counted = dict(bench.server.statistics())
    assert counted["offers to strangers that gave way to other clients, for a pool was full of them"] >= 2
    assert counted["addresses that left quarantine early, for there were too many in it"] == 4
    assert "a pool is full of offers that nobody takes" in caplog.text
    assert "more addresses are found in use than quarantine has room for" in caplog.text


# --- machines without disks


DISKLESS = NETWORK.replace("192.0.2.19", SECOND) + 'tftp_root = "/srv"\nboot_file_name = "x"\nip_address_lease_time = 600\n'
FIRMWARE = {60: b"PXEClient:Arch:00000:UNDI:002001", 93: b"\0\0"}


def test_row_41_an_address_with_which_a_machine_booted_is_given_to_no_other_unasked(probing):
    """Its kernel may have it still, with its root on it, and never have renewed the lease."""
    probing.serve(DISKLESS)
    probing.lease(ALICE, options=FIRMWARE)
    probing.lease(BOB)
    probing.pass_time(3600)
    assert [reply.yiaddr for reply in probing.say(probing.discover(BOB))] == [SECOND], "one's own"
    assert [reply.yiaddr for reply in probing.say(probing.discover(ALICE, options=FIRMWARE))] == [FIRST]
    assert probing.prober.asked == []
    probing.lease(BOB)
    probing.pass_time(60)
    assert probing.say(probing.discover(CAROL)) == []
    assert probing.prober.asked == [("eth1", address_from(FIRST))]
    heard(probing, FIRST, ALICE)
    assert probing.hosts.store.row(address_from(FIRST)).state == QUARANTINED


def test_row_41_after_a_start_it_is_not_known_who_booted_so_all_that_others_had_is_asked_for(probing):
    probing.serve(DISKLESS)
    probing.lease(ALICE, options=FIRMWARE)
    probing.lease(BOB)
    probing.pass_time(7200)
    probing.hosts.diskless.clear()
    probing.hosts._begun = int(probing.now)
    assert [reply.yiaddr for reply in probing.say(probing.discover(ALICE, options=FIRMWARE))] == [FIRST], "one's own"
    assert probing.say(probing.discover(CAROL)) == []
    assert probing.prober.asked == [("eth1", address_from(SECOND))]


def test_what_nobody_booted_with_is_not_asked_for(probing):
    probing.serve(DISKLESS)
    probing.lease(ALICE)
    probing.pass_time(3600)
    probing.lease(BOB)
    probing.pass_time(3600)
    assert [reply.kind for reply in probing.say(probing.discover(CAROL))] == [OFFER]
    assert probing.prober.asked == []
