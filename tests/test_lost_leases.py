"""What clients see after leases were lost, and while another program holds the database (hardening 22, 23): who had an address
keeps it, strangers get none of those, and a building does not stay dark."""

import contextlib
import threading
import time

import pytest
from damage import held, leaves, overwrite
from rig import ALICE, BOB, CAROL, NETWORK, made_bench

from pydhcpd.leases.store import PAGE
from pydhcpd.wire.packet import ACK, OFFER

MANY = [bytes((2, 0, 0, 1, 0, number)) for number in range(120)]
LARGE = NETWORK.replace("192.0.2.19", "192.0.2.200")


@contextlib.contextmanager
def served(directory, text=NETWORK):
    with made_bench(directory) as bench:
        yield bench.serve(text)


def renew(bench, address, client):
    return bench.say(bench.request(client, ciaddr=address), )


def reboot(bench, address, client):
    """INIT-REBOOT (RFC 2131 section 4.3.2)."""
    return bench.say(bench.request(client, options={50: address}))


def test_after_the_database_is_gone_a_client_that_is_not_known_keeps_what_it_has(tmp_path):
    with served(tmp_path) as bench:
        address = bench.lease(ALICE).yiaddr
    (tmp_path / "leases.db").unlink()
    with served(tmp_path) as bench:
        (reply,) = reboot(bench, address, ALICE)
        assert (reply.kind, reply.yiaddr, reply.stored) == (ACK, address, True)
        assert reboot(bench, "192.0.2.15", BOB)[0].kind == ACK
        assert reboot(bench, address, CAROL) == []  # it is ALICE's


def test_when_an_administrator_says_so_clients_that_are_not_known_are_told_nothing_again(tmp_path):
    with served(tmp_path) as bench:
        bench.lease(ALICE)
    (tmp_path / "leases.db").unlink()
    with served(tmp_path) as bench:
        bench.hosts.settle()
        assert reboot(bench, "192.0.2.15", BOB) == []
        assert list(bench.hosts.store.alarms) == []


def test_addresses_of_lost_leases_are_kept_from_strangers_and_given_to_who_says_that_they_are_its(tmp_path):
    with served(tmp_path, LARGE) as bench:
        had = {bench.lease(client).yiaddr: client for client in MANY}
    overwrite(tmp_path / "leases.db", leaves(tmp_path / "leases.db")[2], bytes(PAGE))
    with served(tmp_path, LARGE) as bench:
        lost = {address: client for address, client in had.items() if not (row := bench.stored(address)) or not row.mac}
        assert 5 < len(lost) < 40
        strangers = [bytes((2, 0, 0, 9, 0, number)) for number in range(191 - len(MANY))]
        given = {bench.lease(one).yiaddr for one in strangers}
        assert len(given) == len(strangers) and not given & set(had)
        for address, client in lost.items():
            (reply,) = reboot(bench, address, client)
            assert (reply.kind, reply.yiaddr) == (ACK, address)


@pytest.mark.parametrize("read", [lambda hosts: hosts.all(), lambda hosts: hosts.store.reader().all()],
                         ids=["prompt", "leasequery"])
def test_pages_damaged_while_it_serves_are_recovered_and_it_serves_on(tmp_path, read):
    """Whoever finds them: the prompt, or a leasequery."""
    with served(tmp_path, LARGE) as bench:
        had = {bench.lease(client).yiaddr: client for client in MANY}
        bench.hosts.store.checkpoint("PASSIVE")
        bench.hosts.store.checkpoint("RESTART")
        path = tmp_path / "leases.db"
        overwrite(path, leaves(path)[2], b"\xff" * PAGE)
        with contextlib.suppress(Exception):
            list(read(bench.hosts))
        assert bench.hosts.store.damage is not None
        bench.server._keep_house()
        time.sleep(1.01)
        bench.server._keep_house()
        assert bench.hosts.store.damage is None and bench.hosts.caution.is_on
        for address, client in had.items():
            (reply,) = reboot(bench, address, client)
            assert (reply.kind, reply.yiaddr) == (ACK, address)


def test_while_another_program_has_a_transaction_open_what_need_not_be_stored_is_answered(tmp_path):
    """And when it is over, the rest again, within a tenth of a second."""
    with served(tmp_path) as bench:
        address = bench.lease(ALICE).yiaddr
        with held(tmp_path / "leases.db") as other:
            begin = time.monotonic()
            (offer,) = bench.say(bench.discover(BOB))
            assert bench.say(bench.selecting(offer.yiaddr, BOB)) == []
            assert time.monotonic() - begin < 0.3
            (alarm,) = bench.hosts.store.alarms
            assert f"process {other}" in alarm.words
            begin = time.monotonic()
            for _ in range(20):
                assert [one.kind for one in reboot(bench, address, ALICE)] == [ACK]
                assert [one.kind for one in bench.say(bench.discover(CAROL))] == [OFFER]
            assert time.monotonic() - begin < 1
        time.sleep(0.11)
        bench.server._keep_house()  # which must not take the turn of a commit
        assert [one.kind for one in bench.say(bench.selecting(offer.yiaddr, BOB))] == [ACK]
        assert list(bench.hosts.store.alarms) == []


def test_a_stranger_that_reads_holds_up_no_packet(tmp_path, monkeypatch):
    monkeypatch.setattr("pydhcpd.leases.store.WAL_LIMIT", 20 * PAGE)
    with served(tmp_path, LARGE) as bench:
        bench.lease(ALICE)
        with held(tmp_path / "leases.db", "BEGIN;SELECT * FROM leases"):
            for client in MANY:
                bench.lease(client)
            keeping = threading.Thread(target=bench.hosts.store.keep, args=(bench.hosts.lock,))
            bench.hosts.store.is_due.set()
            keeping.start()
            longest = 0.0
            while keeping.is_alive():
                begin = time.monotonic()
                bench.say(bench.discover(BOB))
                longest = max(longest, time.monotonic() - begin)
            assert longest < 0.2


@pytest.mark.parametrize("probes", [False, True])
def test_what_is_offered_after_a_loss_is_probed(tmp_path, probes):
    class Prober:
        asked = []

        def start(self):
            pass

        def stop(self):
            pass

        def ask_link(self, place, hardware, address):
            self.asked.append(address)
            return True

        ask_far = ask_link

    with served(tmp_path) as bench:
        bench.lease(ALICE)
    (tmp_path / "leases.db").unlink()
    with served(tmp_path) as bench:
        bench.server._prober = Prober()
        if not probes:
            bench.hosts.settle()
        assert len(bench.say(bench.discover(BOB))) == (not probes)
        assert bool(Prober.asked) is probes


def test_what_is_recovered_goes_on_by_the_same_time(tmp_path):
    """The note of how the times of leases stand to the wall clock is taken over into the database that is made anew."""
    with served(tmp_path, LARGE) as bench:
        for client in MANY:
            bench.lease(client)
        bench.set_forward = 3600
        bench.pass_time(1)
        note = bench.hosts.store.time_note()
    overwrite(tmp_path / "leases.db", leaves(tmp_path / "leases.db")[2], bytes(PAGE))
    with served(tmp_path, LARGE) as bench:
        assert bench.hosts.caution.is_on
        assert bench.hosts.store.time_note() == note
