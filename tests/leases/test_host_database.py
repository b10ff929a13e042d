"""Hosts and their leases over a store: what takes effect when, what a failure leaves, and what a restart finds."""

import contextlib
import sqlite3
from types import SimpleNamespace

import pytest

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, NETWORK
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.address_table import DECLINED, ENDED, LEASED, NEVER, OFFERED, OUTSIDE, POOL, RESERVED, UNUSED, Plan
from pydhcpd.leases.host_database import HOLD, HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.outage import RETRY_AFTER
from pydhcpd.leases.store import SQLiteStore

BASE, SIZE = 0x0A000000, 8
PLACES = {(BASE, POOL): None}
KINDS = bytes((OUTSIDE, OUTSIDE, POOL, POOL, POOL, RESERVED, OUTSIDE, OUTSIDE))
FIRST, SECOND, THIRD, SPECIAL = (BASE + last for last in (2, 3, 4, 5))
START = 1_800_000_000
A, B, C, D = (b"\2\1\2\0\0\0\0%c" % last for last in (0xA, 0xB, 0xC, 0xD))


@pytest.fixture
def hosts(tmp_path, clock):
    made = opened(tmp_path / "leases.db", time=clock.ledger())
    yield made
    made.store.close()


def opened(path, kinds: bytes = KINDS, now: int = START, time: LedgerTime | None = None) -> HostDatabase:
    """A database that serves one small network."""
    hosts = HostDatabase(SQLiteStore(path), offer_limit=4, time=time)
    serve(hosts, kinds, now=now)
    return hosts


def plan(base: int, kinds: bytes, wire: object = None) -> Plan:
    """A network with these kinds, whose pools are of one range each; on a wire of its own, unless it is said."""
    numbers = range(POOL, max(*kinds, POOL) + 1)
    pools = [[base + slot for slot, kind in enumerate(kinds) if kind == number] for number in numbers]
    return base, len(kinds), kinds, tuple(((pool[0], pool[-1]),) if pool else () for pool in pools), wire or base


def serve(hosts: HostDatabase, *networks: bytes | Plan, now: int = START) -> None:
    """As at the start, and with each reload."""
    plans = [plan(BASE, one) if isinstance(one, bytes) else one for one in networks]
    hosts.adopt(hosts.prepare(plans, now), plans, now)


def offer(hosts: HostDatabase, client: bytes, wanted: int = 0, now: int = START) -> int:
    return hosts.offer(hosts.tables[BASE], client, wanted, now + 40, PLACES)


def stage(hosts: HostDatabase, client: bytes, address: int, *, now: int = START, end: int | None = None,
          name: str = "") -> None:
    hosts.bind(hosts.tables[BASE], client, address, now + 600 if end is None else end, now, htype=1, hardware=client[2:],
               hostname=name)


def lease(hosts: HostDatabase, client: bytes, address: int = 0, *, now: int = START, end: int | None = None,
          name: str = "") -> int:
    """Offer and bind, as for a client that takes what it is given."""
    given = offer(hosts, client, address, now)
    stage(hosts, client, given, now=now, end=end, name=name)
    hosts.commit()
    return given


def decline(hosts: HostDatabase, client: bytes, address: int, now: int = START) -> bool:
    return hosts.decline(hosts.tables[BASE], client, address, now + 900, now, htype=1, hardware=client[2:])


def state(hosts: HostDatabase, address: int) -> int:
    return hosts.tables[BASE].states[address - BASE]


def picture(hosts: HostDatabase) -> tuple:
    """All that is in memory of leases."""
    table = hosts.tables[BASE]
    ends = [end for end, slot_state in zip(table.ends, table.states, strict=True) if slot_state in (LEASED, DECLINED)]
    return bytes(table.states), ends, dict(table.clients)


def rows(hosts: HostDatabase) -> dict[int, tuple[bytes, int, int]]:
    """Client, end and state by address, as another process reads them."""
    with contextlib.closing(sqlite3.connect(hosts.store.path)) as reader:
        return {one[0]: one[1:] for one in reader.execute("SELECT address, client, ends, state FROM leases")}


def failing(monkeypatch, hosts: HostDatabase, words: str) -> SimpleNamespace:
    """Make every commit fail until `mended`."""
    commit = hosts.store.commit

    def fail(*staged: object) -> frozenset[int]:
        raise StoreError(words, is_doubtful="disk I/O" in words)

    monkeypatch.setattr(hosts.store, "commit", fail)
    return SimpleNamespace(mended=lambda: monkeypatch.setattr(hosts.store, "commit", commit))


# --- the order of RFC 2131 section 4.3.1


def test_a_client_gets_its_present_address_whatever_it_asks_for(hosts):
    assert lease(hosts, A) == FIRST
    assert offer(hosts, A, THIRD) == FIRST


def test_a_client_gets_its_former_address_if_that_is_free(hosts):
    for client in (A, B, C):
        lease(hosts, client)
    hosts.reclaim(START + 700)
    assert [offer(hosts, client, now=START + 700) for client in (C, A, B)] == [THIRD, FIRST, SECOND]


def test_a_client_gets_the_address_that_it_asks_for_if_that_is_free(hosts):
    assert offer(hosts, A, THIRD) == THIRD
    assert offer(hosts, B, THIRD) == FIRST


def test_a_client_gets_the_same_offer_again(hosts):
    """Also where it asks by a new xid, or for another address."""
    assert [offer(hosts, A), offer(hosts, A), offer(hosts, A, THIRD)] == [FIRST] * 3
    assert len(hosts.offers) == 1


@pytest.mark.parametrize("wanted", [SPECIAL, BASE, BASE + 7, BASE + 1, 1, 0xFFFFFFFF])
def test_what_is_not_of_the_pool_is_not_offered(hosts, wanted):
    assert offer(hosts, A, wanted) == FIRST


def test_a_pool_full_of_leases_offers_nothing(hosts):
    for client in (A, B, C):
        lease(hosts, client)
    assert offer(hosts, D) == 0


def test_in_a_pool_full_of_offers_the_oldest_to_a_stranger_gives_way(hosts):
    lease(hosts, A)
    assert [offer(hosts, client) for client in (B, C, D)] == [SECOND, THIRD, SECOND]
    assert not hosts.is_free_for(hosts.tables[BASE], B, SECOND, PLACES)
    assert offer(hosts, B) == THIRD
    offer(hosts, D, now=START + 1)  # made again, and so the younger one
    assert offer(hosts, C, now=START + 1) == THIRD


def test_an_offer_to_a_client_that_was_here_before_does_not_give_way(hosts):
    lease(hosts, A)
    hosts.reclaim(START + 600)
    assert [offer(hosts, client, now=START + 600) for client in (A, B, C, D)] == [FIRST, SECOND, THIRD, SECOND]
    assert [offer(hosts, client, now=START + 600) for client in (B, C, A)] == [THIRD, SECOND, FIRST]


def test_the_address_longest_unused_is_given_first(hosts):
    for client, end in ((A, START + 30), (B, START + 10), (C, START + 20)):
        lease(hosts, client, end=end)
    for second in (10, 20, 30):
        hosts.reclaim(START + second)
    assert [offer(hosts, b"\2\1new%c" % number, now=START + 50) for number in range(3)] == [SECOND, THIRD, FIRST]


# --- offers


def test_an_offer_that_ends_frees_its_address(hosts):
    for client in (A, B, C):
        offer(hosts, client)
    hosts.lapse_offers(START + 39)
    assert not any(hosts.is_free_for(hosts.tables[BASE], D, address, PLACES) for address in (FIRST, SECOND, THIRD))
    hosts.lapse_offers(START + 40)
    assert offer(hosts, D, now=START + 40) in (FIRST, SECOND, THIRD)


def test_a_client_that_chose_another_server_frees_its_offer(hosts):
    offer(hosts, A)
    hosts.withdraw(A)
    assert (state(hosts, FIRST), len(hosts.offers)) == (ENDED, 0)


def test_over_the_limit_the_oldest_offer_goes_first(tmp_path, clock):
    hosts = opened(tmp_path / "many.db", bytes((POOL,)) * SIZE)
    given_out = [offer(hosts, b"\2\1%c" % number) for number in range(6)]
    assert len(hosts.offers) == 4
    assert [state(hosts, address) for address in given_out] == [ENDED, ENDED, OFFERED, OFFERED, OFFERED, OFFERED]
    hosts.store.close()


def test_an_offer_is_another_clients_to_nobody(hosts):
    offer(hosts, A)
    table = hosts.tables[BASE]
    assert hosts.is_free_for(table, A, FIRST, PLACES)
    assert not hosts.is_free_for(table, B, FIRST, PLACES)


def test_a_lease_that_ends_before_its_offer_does_is_held_for_its_client(hosts):
    """What was offered is the client's until the offer ends, though its lease ends and is reclaimed meanwhile."""
    for client in (A, B, C):
        lease(hosts, client, end=START + 600 + (client != A))
    later = START + 599
    assert offer(hosts, A, now=later) == FIRST
    hosts.reclaim(START + 600)
    assert offer(hosts, D, now=START + 600) == 0
    assert hosts.is_free_for(hosts.tables[BASE], A, FIRST, PLACES)


def test_an_offer_whose_address_was_given_away_by_hand_is_not_made_again(hosts):
    assert offer(hosts, A) == FIRST
    hosts.replace(Host("02:00:00:00:00:0b", "10.0.0.2", "printer", START, START + 600))
    assert offer(hosts, A) == SECOND


def test_an_offer_whose_address_was_given_away_takes_nothing_from_its_new_owner(hosts):
    """RFC 2131 section 4.3.3: a DECLINE counts from the address's own client alone."""
    offer(hosts, A)
    hosts.replace(Host("02:00:00:00:00:0b", "10.0.0.2", "printer", START, START + 600))
    assert not decline(hosts, A, FIRST)
    hosts.commit()
    assert (state(hosts, FIRST), rows(hosts)[FIRST][2]) == (LEASED, BOUND)


# --- decisions take effect in commit, after the store has them


def test_a_binding_is_nobodys_lease_before_the_commit(hosts):
    offer(hosts, A)
    stage(hosts, A, FIRST)
    assert not hosts.has_lease(hosts.tables[BASE], A)
    assert rows(hosts) == {}
    assert hosts.commit() == frozenset()
    assert hosts.lease_end(hosts.tables[BASE], A, FIRST) == START + 600
    assert rows(hosts) == {FIRST: (A, START + 600, BOUND)}
    assert len(hosts.offers) == 0


def test_memory_changes_after_the_store_has_synced(hosts, monkeypatch):
    seen = []
    commit = hosts.store.commit
    monkeypatch.setattr(hosts.store, "commit", lambda *staged: seen.append(state(hosts, FIRST)) or commit(*staged))
    lease(hosts, A)
    assert seen == [OFFERED]
    assert state(hosts, FIRST) == LEASED


def test_a_client_has_one_decision_in_a_batch(hosts):
    stage(hosts, A, FIRST)
    assert A in hosts.touched
    assert B not in hosts.touched
    hosts.commit()
    assert not hosts.touched


def test_an_address_that_is_released_in_a_batch_is_free_to_others_after_its_commit(hosts):
    for client in (A, B, C):
        lease(hosts, client)
    table = hosts.tables[BASE]
    assert hosts.release(table, A, FIRST, START + 1)
    assert not hosts.is_free_for(table, D, FIRST, PLACES)
    assert offer(hosts, D) == 0
    hosts.commit()
    assert offer(hosts, D) == FIRST


def test_a_client_that_moves_frees_its_former_address(hosts):
    lease(hosts, A)
    stage(hosts, A, SECOND)
    hosts.commit()
    assert (state(hosts, FIRST), state(hosts, SECOND), hosts.tables[BASE].clients) == (ENDED, LEASED, {A: SECOND})


def test_a_batch_of_one_clients_former_address_and_its_new_one_keeps_both(hosts):
    lease(hosts, A, end=START + 1)
    hosts.reclaim(START + 1)
    for client in (C, D):
        lease(hosts, client)
    assert offer(hosts, B) == FIRST
    hosts.release(hosts.tables[BASE], C, SECOND, START + 1)
    hosts.commit()
    assert offer(hosts, A) == SECOND
    stage(hosts, B, FIRST)
    stage(hosts, A, SECOND)
    hosts.commit()
    assert {address: (row[0], row[2]) for address, row in rows(hosts).items() if address in (FIRST, SECOND)} == {
        FIRST: (B, BOUND), SECOND: (A, BOUND)}
    assert (state(hosts, FIRST), state(hosts, SECOND)) == (LEASED, LEASED)
    assert hosts.tables[BASE].clients[B] == FIRST


def test_a_batch_of_a_reserved_address_and_its_other_face_moving_keeps_the_reservation(hosts):
    """One host by two identifiers: the second is given the reserved address, and the first one of the pool, at once."""
    stage(hosts, A, SPECIAL)
    hosts.commit()
    assert hosts.is_reserved_free(hosts.tables[BASE], SPECIAL, lambda row: True)
    stage(hosts, B, SPECIAL)
    stage(hosts, A, offer(hosts, A) or FIRST)
    hosts.commit()
    assert rows(hosts)[SPECIAL] == (B, START + 600, BOUND)
    assert state(hosts, SPECIAL) == LEASED


# --- release and decline (RFC 2131 sections 4.3.3 and 4.3.4)


def test_a_released_address_is_free_and_remembered_for_its_client(hosts):
    lease(hosts, A)
    assert hosts.release(hosts.tables[BASE], A, FIRST, START + 5)
    hosts.commit()
    assert rows(hosts) == {FIRST: (A, START + 5, RELEASED)}
    assert (state(hosts, FIRST), offer(hosts, A)) == (ENDED, FIRST)


@pytest.mark.parametrize("client", [B, C])
@pytest.mark.parametrize("address", [FIRST, SECOND, SPECIAL, BASE, 1])
def test_nobody_releases_or_declines_what_is_not_its_own(hosts, client, address):
    lease(hosts, A)
    lease(hosts, B)
    if (client, address) == (B, SECOND):
        return
    assert not hosts.release(hosts.tables[BASE], client, address, START)
    assert not decline(hosts, client, address)
    hosts.commit()
    assert {row[2] for row in rows(hosts).values()} == {BOUND}


@pytest.mark.parametrize("leased", [True, False])
def test_a_declined_address_is_in_quarantine_and_its_client_gets_another(hosts, leased):
    lease(hosts, A) if leased else offer(hosts, A)
    assert decline(hosts, A, FIRST)
    hosts.commit()
    assert (state(hosts, FIRST), rows(hosts)[FIRST][1:]) == (DECLINED, (START + 900, QUARANTINED))
    assert [offer(hosts, client, FIRST) for client in (A, B, C)] == [SECOND, THIRD, SECOND]
    hosts.reclaim(START + 900)
    assert offer(hosts, D, now=START + 900) == FIRST


def test_a_quarantine_without_end_stays(hosts, tmp_path):
    lease(hosts, A)
    hosts.decline(hosts.tables[BASE], A, FIRST, NEVER, START, htype=1, hardware=A[2:])
    hosts.commit()
    assert hosts.reclaim(NEVER - 1) == []
    assert opened(hosts.store.path).tables[BASE].states[2] == DECLINED


# --- a store that fails

FAULTS = ("database or disk is full", "disk I/O error", "attempt to write a readonly database")


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("act", ["renew", "new", "release", "decline"])
def test_a_commit_that_fails_changes_nothing(hosts, monkeypatch, fault, act):
    lease(hosts, A)
    before, stored = picture(hosts), rows(hosts)
    store = failing(monkeypatch, hosts, fault)
    {"renew": lambda: stage(hosts, A, FIRST, now=START + 60),
     "new": lambda: stage(hosts, B, SECOND),
     "release": lambda: hosts.release(hosts.tables[BASE], A, FIRST, START + 60),
     "decline": lambda: decline(hosts, A, FIRST)}[act]()
    with pytest.raises(StoreError):
        hosts.commit()
    hosts.lapse_offers(START + HOLD)
    after = picture(hosts)
    assert (after[0].replace(bytes((ENDED,)), bytes((UNUSED,))), *after[1:]) == before
    assert rows(hosts) == stored
    assert not hosts.touched
    store.mended()
    assert hosts.commit() == frozenset()
    assert rows(hosts) == stored


def test_what_could_not_be_stored_is_kept_for_its_client_a_moment(hosts, monkeypatch):
    """So that its next try, a few seconds later, finds the address."""
    failing(monkeypatch, hosts, FAULTS[0])
    stage(hosts, A, SECOND)
    with pytest.raises(StoreError):
        hosts.commit()
    assert offer(hosts, B, SECOND) == FIRST
    assert hosts.is_free_for(hosts.tables[BASE], A, SECOND, PLACES)


def test_a_store_that_failed_is_not_tried_with_every_batch(hosts, monkeypatch, clock):
    calls = []
    store = failing(monkeypatch, hosts, FAULTS[0])
    fail = hosts.store.commit
    monkeypatch.setattr(hosts.store, "commit", lambda *staged: calls.append(clock.now) or fail(*staged))
    for _ in range(30):
        stage(hosts, A, FIRST)
        with pytest.raises(StoreError):
            hosts.commit()
        clock.now += RETRY_AFTER / 10
    assert 2 <= len(calls) <= 4
    store.mended()
    clock.now += RETRY_AFTER
    stage(hosts, A, FIRST)
    hosts.commit()
    assert rows(hosts)[FIRST][0] == A


def test_the_alarm_is_raised_once_not_with_every_batch(hosts, monkeypatch, clock, caplog):
    failing(monkeypatch, hosts, FAULTS[0])
    for _ in range(50):
        stage(hosts, A, FIRST)
        with pytest.raises(StoreError):
            hosts.commit()
        clock.now += RETRY_AFTER / 3
    assert len([one for one in caplog.records if one.levelname == "ERROR"]) == 1


def test_a_failure_that_lasts_collects_no_traces(hosts, monkeypatch):
    """The frames of a trace hold every request of their time."""
    failing(monkeypatch, hosts, FAULTS[0])
    lengths = []
    for _ in range(20):
        stage(hosts, A, FIRST)
        with pytest.raises(StoreError) as failure:
            hosts.commit()
        lengths.append(length_of(failure.value.__traceback__))
    assert lengths[-1] <= lengths[1]


def length_of(trace) -> int:
    length = 0
    while trace is not None:
        trace, length = trace.tb_next, length + 1
    return length


def test_after_an_io_error_all_is_read_again_before_anything_is_stored(hosts, monkeypatch, clock):
    """A failed sync is never tried again as if nothing had been: what is on the disk counts."""
    for client in (A, B):
        lease(hosts, client)
    before = picture(hosts)
    store = failing(monkeypatch, hosts, FAULTS[1])
    stage(hosts, A, FIRST, now=START + 60)
    with pytest.raises(StoreError):
        hosts.commit()
    store.mended()
    reopened, reopen = [], hosts.store.reopen
    monkeypatch.setattr(hosts.store, "reopen", lambda: reopened.append(True) or reopen())
    with contextlib.closing(sqlite3.connect(hosts.store.path)) as other, other:
        other.execute("UPDATE leases SET ends = ends + 7 WHERE address = ?", (SECOND,))
    clock.now += RETRY_AFTER
    stage(hosts, A, FIRST, now=START + 60)
    with pytest.raises(StoreError):
        hosts.commit()
    assert reopened == [True]
    assert picture(hosts) == (before[0], [START + 600, START + 607], before[2])
    stage(hosts, A, FIRST, now=START + 60)
    hosts.commit()
    assert rows(hosts)[FIRST] == (A, START + 660, BOUND)


def test_a_store_that_cannot_be_opened_again_is_tried_again(hosts, monkeypatch, clock):
    lease(hosts, A)
    store = failing(monkeypatch, hosts, FAULTS[1])
    reopen = hosts.store.reopen

    def cannot():
        raise InvalidValue("cannot be opened")

    monkeypatch.setattr(hosts.store, "reopen", cannot)
    for _ in range(5):
        stage(hosts, A, FIRST, now=START + 60)
        with pytest.raises(StoreError):
            hosts.commit()
        clock.now += RETRY_AFTER
    assert hosts.has_lease(hosts.tables[BASE], A)
    monkeypatch.setattr(hosts.store, "reopen", reopen)
    store.mended()
    outcomes = []
    for _ in range(2):
        stage(hosts, A, FIRST, now=START + 60)
        with contextlib.suppress(StoreError):
            hosts.commit()
            outcomes.append("stored")
        clock.now += RETRY_AFTER
    assert outcomes == ["stored"]


def test_offers_that_were_made_before_an_io_error_are_not_made_to_others(hosts, monkeypatch, clock):
    assert offer(hosts, B) == FIRST
    store = failing(monkeypatch, hosts, FAULTS[1])
    for _ in range(2):
        stage(hosts, A, THIRD)
        with pytest.raises(StoreError):
            hosts.commit()
        store.mended()
        clock.now += RETRY_AFTER
    taken = offer(hosts, C, FIRST)
    assert offer(hosts, B) != taken


# --- restart and reload


def test_a_restart_finds_the_same_picture(hosts):
    for client, end in ((A, START + 600), (B, START + 50), (C, START + 40)):
        lease(hosts, client, end=end)
    hosts.release(hosts.tables[BASE], A, FIRST, START + 1)
    decline(hosts, B, SECOND, START + 1)
    hosts.commit()
    again = opened(hosts.store.path, now=START + 1)
    assert picture(again) == picture(hosts)
    hosts.reclaim(START + 60)
    later = opened(hosts.store.path, now=START + 60)
    assert picture(later) == picture(hosts)
    order = [[offer(one, D, now=START + 60), offer(one, b"\2\1other", now=START + 60)] for one in (hosts, later)]
    assert order[0] == order[1] == [FIRST, THIRD]
    later.store.close()
    again.store.close()


def test_a_client_that_was_moved_by_hand_is_where_it_was_put_after_a_restart_too(hosts):
    lease(hosts, b"\0\1" + A[2:], end=START + 6000)
    hosts.replace(Host("02:00:00:00:00:0a", "10.0.0.4", "moved", START, START + 600))
    again = opened(hosts.store.path)
    assert again.tables[BASE].clients == hosts.tables[BASE].clients
    assert list(again.tables[BASE].clients.values()) == [THIRD]
    again.store.close()


def test_a_reload_keeps_leases_and_takes_over_the_new_pool(hosts):
    lease(hosts, A)
    serve(hosts, bytes((OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE, POOL, OUTSIDE, POOL, OUTSIDE)))
    assert hosts.has_lease(hosts.tables[BASE], A)
    assert not hosts.is_free_for(hosts.tables[BASE], A, FIRST, PLACES)
    assert [offer(hosts, client) for client in (A, B, C)] == [THIRD, BASE + 6, BASE + 6]


def test_a_reload_of_the_same_network_reads_nothing_again(hosts, monkeypatch):
    lease(hosts, A)
    before = hosts.tables[BASE]
    monkeypatch.setattr(hosts.store, "running", lambda *bounds: pytest.fail("read again"))
    serve(hosts, KINDS)
    assert hosts.tables[BASE] is before


def test_housekeeping_frees_what_has_ended_and_tells_whose_it_was(hosts):
    lease(hosts, A, name="pc1")
    assert hosts.reclaim(START + 599) == []
    assert [(row.address, row.client, row.hostname) for row in hosts.reclaim(START + 600)] == [(FIRST, A, "pc1")]
    assert state(hosts, FIRST) == ENDED


# --- by hand and by query


def test_hosts_are_found_by_patterns(hosts):
    lease(hosts, A, name="PC-One")
    lease(hosts, B, name="pc-two", now=START + 5)
    found = [{host.ip for host in hosts.get(**patterns)} for patterns in (
        {}, {"hostname": CASEINSENSITIVE("pc-one")},
        {"mac": "02:00:00:00:00:0b"}, {"mac": CASEINSENSITIVE("02:00:00:00:00:0b")},
        {"ip": NETWORK("10.0.0.0", "255.255.255.254")}, {"ip": NETWORK("10.0.0.0/29"), "last_used": GREATER(START)},
        {"hostname": ALL}, {"hostname": "PC-One", "ip": "10.0.0.3"})]
    one, two = "10.0.0.2", "10.0.0.3"
    assert found == [{one, two}, {one}, {two}, {two}, set(), {two}, {one, two}, set()]


def test_a_field_that_no_host_has_is_told_with_those_there_are(hosts):
    with pytest.raises(InvalidValue, match="ip, mac, hostname, last_used, expires"):
        hosts.get(hostnam="x")


def test_the_state_of_a_host_is_told(hosts, clock):
    lease(hosts, A)
    lease(hosts, B)
    lease(hosts, C)
    hosts.release(hosts.tables[BASE], A, FIRST, START)
    decline(hosts, B, SECOND)
    hosts.commit()
    assert [host.state for host in hosts.all()] == ["released", "quarantined", "bound"]
    assert [host.ip for host in hosts.active()] == ["10.0.0.3", "10.0.0.4"]
    clock.now += 601
    assert [host.state for host in hosts.all()] == ["released", "quarantined", "expired"]


@pytest.mark.parametrize("ip", ["10.0.0.2", "10.0.0.7", "192.0.2.9"])
def test_a_host_is_added_deleted_and_replaced_by_hand_durably(hosts, ip):
    host = Host("02:00:00:00:00:0e", ip, "p;rinter", START, START + 600)
    hosts.add(host)
    assert list(hosts.all()) == [host]
    with pytest.raises(InvalidValue, match=ip):
        hosts.add(host._replace(mac="02:00:00:00:00:0f"))
    hosts.replace(host._replace(mac="02:00:00:00:00:0f"))
    assert [one.mac for one in hosts.all()] == ["02:00:00:00:00:0f"]
    hosts.delete(host)
    assert [one.state for one in hosts.all()] == ["released"]
    hosts.add(host)
    assert [one.state for one in opened(hosts.store.path).all()] == ["bound"]


def test_a_deleted_host_is_not_remembered_and_its_address_is_free(hosts):
    lease(hosts, A)
    hosts.delete(next(hosts.all()))
    assert not hosts.address_of(hosts.tables[BASE], A)
    assert offer(hosts, B, FIRST) == FIRST


# --- pools, and networks that share a wire


OTHER = 0x0B000000
TWO_POOLS = bytes((OUTSIDE, POOL, POOL, POOL + 1, POOL + 1, POOL + 1, OUTSIDE, OUTSIDE))
BOTH = {(BASE, POOL): None, (BASE, POOL + 1): None}


def take(hosts, client, *places, wanted=0, now=START, base=BASE):
    """Offer and bind an address of these places; 0 where there is none."""
    permitted = dict.fromkeys(places)
    address = hosts.offer(hosts.tables[base], client, wanted, now + 40, permitted)
    if address:
        assert hosts.is_free_for(hosts.tables[base], client, address, permitted)
        hosts.bind(hosts.tables[base], client, address, now + 600, now, 1, client[2:], "")
        hosts.commit()
    return address


def test_pools_are_tried_in_order(hosts):
    serve(hosts, TWO_POOLS)
    clients = [b"\2\1%c" % number for number in range(6)]
    assert [take(hosts, one, *BOTH) for one in clients[:3]] == [BASE + 1, BASE + 2, BASE + 3]
    assert take(hosts, clients[3], (BASE, POOL + 1), (BASE, POOL)) == BASE + 4
    assert take(hosts, clients[4], (BASE, POOL)) == 0


def test_a_present_lease_in_a_pool_that_is_no_longer_permitted_gives_another_address(hosts):
    serve(hosts, TWO_POOLS)
    assert take(hosts, A, (BASE, POOL)) == BASE + 1
    assert take(hosts, A, (BASE, POOL + 1)) == BASE + 3
    assert (state(hosts, BASE + 1), rows(hosts)[BASE + 1][2]) == (ENDED, RELEASED)


def test_an_address_moves_from_pool_to_pool_with_a_reload(hosts):
    serve(hosts, TWO_POOLS)
    assert take(hosts, A, (BASE, POOL + 1)) == BASE + 3
    hosts.release(hosts.tables[BASE], A, BASE + 3, START + 1)
    hosts.commit()
    serve(hosts, bytes((OUTSIDE, POOL + 1, POOL + 1, POOL, OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE)))
    assert take(hosts, B, (BASE, POOL), now=START + 2) == BASE + 3
    assert take(hosts, C, (BASE, POOL), now=START + 2) == 0
    assert take(hosts, C, (BASE, POOL + 1), now=START + 2) == BASE + 1


def wire(hosts, now=START, name="wire"):
    """Two networks on one wire, each with a pool of two."""
    kinds = bytes((OUTSIDE, POOL, POOL, OUTSIDE))
    serve(hosts, plan(BASE, kinds, name), plan(OTHER, kinds, name), now=now)
    return (BASE, POOL), (OTHER, POOL)


def test_a_client_has_one_lease_on_a_wire(hosts):
    here, there = wire(hosts)
    assert take(hosts, A, here, there) == BASE + 1
    assert take(hosts, A, here, there, base=OTHER) == BASE + 1
    assert take(hosts, A, there, base=OTHER) == OTHER + 1
    assert hosts.tables[BASE].clients is hosts.tables[OTHER].clients
    assert {address: row[2] for address, row in rows(hosts).items()} == {BASE + 1: RELEASED, OTHER + 1: BOUND}


def test_of_two_leases_of_one_client_on_a_wire_both_run_and_the_last_used_is_offered(hosts):
    """As when two networks are put together, or an import brought both."""
    kinds = bytes((OUTSIDE, POOL, POOL, OUTSIDE))
    serve(hosts, plan(BASE, kinds), plan(OTHER, kinds))
    take(hosts, A, (BASE, POOL), now=START)
    take(hosts, A, (OTHER, POOL), now=START + 100, base=OTHER)
    here, there = wire(hosts, now=START + 101)
    table = hosts.tables[BASE]
    assert hosts.address_of(table, A) == OTHER + 1
    assert (state(hosts, BASE + 1), hosts.tables[OTHER].states[1]) == (LEASED, LEASED)
    assert [take(hosts, client, here, now=START + 102) for client in (B, C)] == [BASE + 2, 0]
    assert take(hosts, A, here, there, now=START + 103) == OTHER + 1


def test_an_offer_too_many_frees_no_address_whose_lease_is_staged(hosts):
    hosts.offers.limit = 1
    assert offer(hosts, A) == FIRST
    stage(hosts, A, FIRST)
    assert [offer(hosts, client, FIRST) for client in (B, C, D)] == [SECOND, THIRD, SECOND]
    hosts.commit()
    assert (state(hosts, FIRST), rows(hosts)[FIRST][0]) == (LEASED, A)


def test_offers_hold_when_wires_are_regrouped(hosts):
    kinds = bytes((OUTSIDE, POOL, POOL, OUTSIDE))
    serve(hosts, plan(BASE, kinds), plan(OTHER, kinds))
    assert hosts.offer(hosts.tables[BASE], A, 0, START + 40, {(BASE, POOL): None}) == BASE + 1
    here, _ = wire(hosts)
    assert take(hosts, B, here) == BASE + 2
    assert take(hosts, A, here) == BASE + 1


# --- limits of leases


def limited(hosts, client, address, *keys, now=START, end=600):
    hosts.bind(hosts.tables[BASE], client, address, now + end, now, 1, client[2:], "", b"", keys)


def test_limits_count_within_a_batch_and_not_the_clients_own(hosts):
    limited(hosts, A, FIRST, "voip", "port=01")
    assert hosts.exceeded([("voip", 1)], hosts.tables[BASE], B) == "voip"
    hosts.commit()
    assert hosts.exceeded([("voip", 2), ("port=01", 1)], hosts.tables[BASE], B) == "port=01"
    assert hosts.exceeded([("voip", 1), ("port=01", 1)], hosts.tables[BASE], A) == ""
    assert hosts.exceeded([("other", 1)], hosts.tables[BASE], B) == ""


def test_limits_end_with_the_lease(hosts):
    table, limits = hosts.tables[BASE], [("voip", 1)]
    for end_it in (lambda: hosts.release(table, A, FIRST, START + 1), lambda: decline(hosts, A, FIRST)):
        limited(hosts, A, FIRST, "voip")
        hosts.commit()
        assert hosts.exceeded(limits, table, B) == "voip"
        assert end_it()
        hosts.commit()
        assert hosts.exceeded(limits, table, B) == ""
    limited(hosts, C, SECOND, "voip", end=10)
    hosts.commit()
    hosts.reclaim(START + 11)
    assert hosts.exceeded(limits, table, B) == ""
    assert (hosts.limits.counts, hosts.limits.keys) == ({}, {})


def test_a_commit_that_fails_takes_limits_back(hosts, monkeypatch):
    limited(hosts, A, FIRST, "voip")
    hosts.commit()
    failure = failing(monkeypatch, hosts, "database or disk is full")
    limited(hosts, B, SECOND, "voip")
    with pytest.raises(StoreError):
        hosts.commit()
    assert hosts.limits.counts == {"voip": 1}
    failure.mended()


def test_limits_are_known_after_a_restart(hosts):
    limited(hosts, A, FIRST, "voip", "port=01")
    limited(hosts, B, SECOND, "voip", end=10)
    hosts.commit()
    again = opened(hosts.store.path, now=START + 20)
    assert again.limits.counts == {"voip": 1, "port=01": 1}
    again.store.close()


# --- probes, and how full a pool is


def test_a_free_or_offered_address_is_quarantined_and_a_leased_one_is_not(hosts):
    table = hosts.tables[BASE]
    assert offer(hosts, A) == FIRST
    assert hosts.quarantine(table, FIRST, START + 900, START)
    assert offer(hosts, A) == SECOND, "nobody is offered it in the same batch either"
    hosts.commit()
    assert (state(hosts, FIRST), rows(hosts)[FIRST]) == (DECLINED, (b"", START + 900, QUARANTINED))
    lease(hosts, B, THIRD)
    assert not hosts.quarantine(table, THIRD, START + 900, START)
    assert len(hosts.reclaim(START + 901)) >= 1
    assert state(hosts, FIRST) == ENDED


def test_what_a_relay_said_is_told_to_its_client_alone(hosts):
    hosts.bind(hosts.tables[BASE], A, FIRST, START + 600, START, 1, A[2:], "", b"\n\1\0\2\1\1x")
    hosts.commit()
    assert hosts.remembered_relay(FIRST, A, b"") == b"\n\1\0\2\1\1x"
    assert hosts.remembered_relay(FIRST, b"\3key", A[2:]) == b"\n\1\0\2\1\1x", "by the hardware address"
    assert hosts.remembered_relay(FIRST, B, B[2:]) == b""
    assert hosts.remembered_relay(SECOND, A, A[2:]) == b""
