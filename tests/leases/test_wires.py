"""Networks that share a wire: a client has one lease among them; and where that may lie is told with each request."""

import contextlib
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_address_table import take
from test_host_database import A, B, C, D, failing, plan

from pydhcpd.errors import StoreError
from pydhcpd.leases.address_table import DECLINED, ENDED, LEASED, OFFERED, OUTSIDE, POOL, RESERVED, UNUSED, AddressTable
from pydhcpd.leases.host_database import HOLD, PORTION, HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.outage import RETRY_AFTER
from pydhcpd.leases.store import SQLiteStore

START = 1_800_000_000
ONE, TWO, FAR = 0x0A000000, 0x0A000100, 0x0A010000
KINDS = bytes((OUTSIDE, POOL, POOL, POOL + 1, POOL + 1, RESERVED, OUTSIDE, OUTSIDE))
WIRE = (plan(ONE, KINDS, "floor"), plan(TWO, KINDS, "floor"), plan(FAR, KINDS, "other"))
EVERYWHERE = {(base, POOL + pool): None for base in (ONE, TWO) for pool in (0, 1)}


def places(*pairs: tuple[int, int]) -> dict:
    return {(base, POOL + pool): None for base, pool in pairs}


@pytest.fixture
def hosts(tmp_path, clock):
    made = opened(tmp_path / "leases.db", time=clock.ledger())
    yield made
    made.store.close()


def opened(path, *networks, now: int = START, time: LedgerTime | None = None) -> HostDatabase:
    made = HostDatabase(SQLiteStore(path), offer_limit=8, time=time)
    serve(made, *networks or WIRE, now=now)
    return made


def serve(hosts: HostDatabase, *networks, now: int = START) -> None:
    hosts.adopt(hosts.prepare(networks, now), networks, now)


def offer(hosts: HostDatabase, client: bytes, wanted: int = 0, where: dict = EVERYWHERE, base: int = ONE,
          now: int = START) -> int:
    return hosts.offer(hosts.tables[base], client, wanted, now + 40, where)


def stage(hosts: HostDatabase, client: bytes, address: int, *, base: int = ONE, now: int = START, end: int = 0,
          relay: bytes = b"", limits: tuple = ()) -> None:
    hosts.bind(hosts.tables[base], client, address, end or now + 600, now, 1, client[2:], "", relay, limits)


def lease(hosts: HostDatabase, client: bytes, wanted: int = 0, where: dict = EVERYWHERE, base: int = ONE, **more) -> int:
    address = offer(hosts, client, wanted, where, base, more.get("now", START))
    stage(hosts, client, address, base=base, **more)
    hosts.commit()
    return address


def state(hosts: HostDatabase, address: int) -> int:
    table = hosts.tables.of(address)
    return table.states[address - table.base]


def bound(hosts: HostDatabase) -> dict[int, bytes]:
    """Who has which address, as another process reads it."""
    with contextlib.closing(sqlite3.connect(hosts.store.path)) as reader:
        return dict(reader.execute("SELECT address, client FROM leases WHERE state = ?", (BOUND,)))


# --- one lease a wire (RFC 2131 section 4.2: a lease is of a network)


@pytest.mark.parametrize("base", [ONE, TWO])
def test_a_client_has_the_same_address_from_whichever_network_of_the_wire_it_asks(hosts, base):
    assert lease(hosts, A, TWO + 3) == TWO + 3
    assert offer(hosts, A, base=base) == TWO + 3
    table = hosts.tables[base]
    assert hosts.address_of(table, A) == TWO + 3
    assert hosts.has_lease(table, A)
    assert hosts.lease_end(table, A, TWO + 3) == START + 600
    assert hosts.is_free_for(table, A, TWO + 3, EVERYWHERE)
    assert not hosts.is_free_for(table, B, TWO + 3, EVERYWHERE)


def test_a_client_has_a_lease_on_each_wire(hosts):
    near, far = lease(hosts, A), lease(hosts, A, where=places((FAR, 0)), base=FAR)
    assert bound(hosts) == {near: A, far: A}


def test_a_client_that_moves_to_another_network_of_the_wire_frees_its_address(hosts):
    lease(hosts, A, ONE + 1)
    stage(hosts, A, TWO + 1)
    hosts.commit()
    assert bound(hosts) == {TWO + 1: A}
    assert (state(hosts, ONE + 1), state(hosts, TWO + 1)) == (ENDED, LEASED)
    assert offer(hosts, B, ONE + 1) == ONE + 1


@pytest.mark.parametrize("base", [ONE, TWO])
def test_a_lease_is_released_and_remembered_by_any_network_of_the_wire(hosts, base):
    lease(hosts, A, TWO + 3)
    assert hosts.release(hosts.tables[base], A, TWO + 3, START + 5)
    hosts.commit()
    assert state(hosts, TWO + 3) == ENDED
    assert offer(hosts, A, base=base) == TWO + 3


@pytest.mark.parametrize("base", [ONE, TWO])
@pytest.mark.parametrize("leased", [True, False])
def test_an_address_is_declined_by_any_network_of_the_wire(hosts, base, leased):
    lease(hosts, A, TWO + 3) if leased else offer(hosts, A, TWO + 3)
    assert hosts.decline(hosts.tables[base], A, TWO + 3, START + 900, START, 1, A[2:])
    hosts.commit()
    assert state(hosts, TWO + 3) == DECLINED
    assert offer(hosts, A) != TWO + 3


@pytest.mark.parametrize("address", [TWO + 5, ONE + 5])
def test_a_reserved_address_may_lie_in_any_network_of_the_wire(hosts, address):
    table = hosts.tables[ONE]
    assert hosts.is_reserved_free(table, address, lambda row: False)
    stage(hosts, A, address)
    assert not hosts.is_reserved_free(table, address, lambda row: True)  # something is staged of it
    hosts.commit()
    assert not hosts.is_reserved_free(table, address, lambda row: row.client == B)
    assert hosts.is_reserved_free(table, address, lambda row: row.client == A)
    assert not hosts.is_reserved_free(table, FAR + 5, lambda row: True)


def test_an_address_of_another_wire_is_nobodys_here(hosts):
    lease(hosts, A, FAR + 1, places((FAR, 0)), FAR)
    table = hosts.tables[ONE]
    assert not hosts.lease_end(table, A, FAR + 1)
    assert not hosts.release(table, A, FAR + 1, START)
    assert not hosts.is_free_for(table, A, FAR + 1, {**EVERYWHERE, **places((FAR, 0))})
    assert not hosts.quarantine(table, FAR + 2, START + 9, START)
    assert offer(hosts, B, FAR + 2) == ONE + 1


def test_a_client_known_by_its_hardware_address_is_recognised_on_the_whole_wire(hosts):
    hosts.replace(Host("02:00:00:00:00:0a", "10.0.1.3", "", START, START + 600))
    for base in (ONE, TWO):
        assert hosts.tables[base].by_hardware
    assert not hosts.tables[FAR].by_hardware
    hosts.tables[ONE].recognise(b"\1\1id", 1, A[2:])
    assert hosts.has_lease(hosts.tables[ONE], b"\1\1id")
    hosts.reclaim(START + 600)
    assert offer(hosts, b"\1\1id", now=START + 600) == TWO + 3


# --- places: where a client may be


def test_places_are_tried_in_their_order(hosts):
    where = places((TWO, 1), (ONE, 0))
    assert [offer(hosts, client, where=where) for client in (A, B, C, D)] == [TWO + 3, TWO + 4, ONE + 1, ONE + 2]
    assert offer(hosts, b"\2\1more", where=where) == TWO + 3


@pytest.mark.parametrize("wanted", [ONE + 3, TWO + 1, TWO + 5, ONE, 1])
def test_what_a_client_asks_for_must_lie_in_its_places(hosts, wanted):
    assert offer(hosts, A, wanted, places((ONE, 0), (TWO, 1))) == ONE + 1
    assert not hosts.is_free_for(hosts.tables[ONE], B, wanted, places((ONE, 0), (TWO, 1)))


@pytest.mark.parametrize("ended", [False, True])
def test_a_client_whose_address_is_no_longer_permitted_gets_another(hosts, ended):
    assert lease(hosts, A, ONE + 1) == ONE + 1
    if ended:
        hosts.reclaim(START + 600)
    where = places((TWO, 0))
    assert not hosts.is_free_for(hosts.tables[ONE], A, ONE + 1, where)
    assert offer(hosts, A, ONE + 1, where) == TWO + 1


def test_an_offer_that_is_no_longer_permitted_is_free_again(hosts):
    assert offer(hosts, A) == ONE + 1
    assert offer(hosts, A, where=places((TWO, 0))) == TWO + 1
    assert (state(hosts, ONE + 1), len(hosts.offers)) == (ENDED, 1)


def test_without_places_nothing_is_offered(hosts):
    lease(hosts, A)
    assert offer(hosts, A, where={}) == offer(hosts, B, ONE + 2, {}) == 0


def test_a_place_that_is_no_pool_gives_its_present_address_and_no_new_one(hosts):
    stage(hosts, A, ONE + 5)
    hosts.commit()
    where = {(ONE, RESERVED): None, (ONE, POOL): None}
    assert (offer(hosts, A, where=where), offer(hosts, B, where=where)) == (ONE + 5, ONE + 1)


# --- two running leases of one client on a wire, which an import or a change of the wires brings


@pytest.mark.parametrize(("first", "second"), [(600, 900), (900, 600), (600, 600)])
def test_two_running_leases_on_a_wire_are_the_clients_until_each_ends(hosts, first, second):
    hosts.store.commit([Row(ONE + 1, A, 1, A[2:], "", START + first, START, BOUND),
                        Row(TWO + 1, A, 1, A[2:], "", START + second, START, BOUND)])
    again = opened(hosts.store.path)
    for address, end in ((ONE + 1, first), (TWO + 1, second)):
        assert state(again, address) == LEASED
        assert again.lease_end(again.tables[ONE], A, address) == START + end
        assert again.is_free_for(again.tables[TWO], A, address, EVERYWHERE)
        assert not again.is_free_for(again.tables[TWO], B, address, EVERYWHERE)
        assert offer(again, A, address) == address
    while again.reclaim(START + 899) or not again.is_settled:
        pass
    assert {state(again, ONE + 1), state(again, TWO + 1)} == ({ENDED, LEASED} if first != second else {ENDED})
    again.store.close()


@pytest.mark.parametrize("kept", [ONE + 1, TWO + 1])
def test_the_one_of_two_leases_that_is_renewed_goes_on_and_the_other_runs_to_its_end(hosts, kept):
    lost = ONE + TWO + 2 - kept
    hosts.store.commit([Row(one, A, 1, A[2:], "", START + 600, START, BOUND) for one in (ONE + 1, TWO + 1)])
    again = opened(hosts.store.path)
    stage(again, A, kept, now=START + 300, end=START + 900)
    again.commit()
    assert bound(again) == {ONE + 1: A, TWO + 1: A}
    assert again.address_of(again.tables[ONE], A) == kept
    while again.reclaim(START + 600) or not again.is_settled:
        pass
    assert (state(again, kept), state(again, lost), again.address_of(again.tables[ONE], A)) == (LEASED, ENDED, kept)
    assert offer(again, B, lost) == lost
    again.store.close()


@pytest.mark.parametrize("act", ["release", "decline", "expiry", "delete"])
def test_when_the_last_used_of_two_leases_is_over_the_other_is_the_clients_address(hosts, act):
    hosts.store.commit([Row(ONE + 1, A, 1, A[2:], "", START + 900, START, BOUND),
                        Row(TWO + 1, A, 1, A[2:], "", START + 600, START + 5, BOUND)])
    again = opened(hosts.store.path)
    assert again.address_of(again.tables[ONE], A) == TWO + 1
    {"release": lambda: again.release(again.tables[ONE], A, TWO + 1, START),
     "decline": lambda: again.decline(again.tables[ONE], A, TWO + 1, START + 950, START, 1, A[2:]),
     "delete": lambda: again.delete(next(again.get(ip="10.0.1.1"))),
     "expiry": lambda: [again.reclaim(START + 600) for _ in range(3)]}[act]()
    again.commit()
    assert again.address_of(again.tables[ONE], A) == ONE + 1
    assert again.has_lease(again.tables[TWO], A)
    assert offer(again, A) == ONE + 1
    again.store.close()


def hosts_of(hosts: HostDatabase, base: int = ONE) -> dict[bytes, int]:
    return dict(hosts.tables[base].clients)


def test_a_running_lease_in_the_second_network_beats_a_former_one_in_the_first_and_is_reclaimed(hosts):
    """It is the only one that runs there: still its end must be known to the housekeeping."""
    hosts.store.commit([Row(ONE + 1, A, 1, A[2:], "", START - 5, START, BOUND),
                        Row(TWO + 1, A, 1, A[2:], "", START + 50, START, BOUND)])
    again = opened(hosts.store.path)
    assert hosts_of(again) == {A: TWO + 1}
    ended = [row.address for _ in range(3) for row in again.reclaim(START + 50)]
    assert (ended, state(again, TWO + 1)) == ([TWO + 1], ENDED)
    again.store.close()


rows_at_random = st.dictionaries(st.sampled_from([base + slot for base in (ONE, TWO) for slot in (1, 2, 3, 4, 5)]), st.tuples(
    st.sampled_from((A, B, C)), st.integers(-50, 50), st.sampled_from((BOUND, RELEASED, QUARANTINED))))


@settings(deadline=None)
@given(rows_at_random, st.integers(0, 60))
def test_after_a_load_every_lease_runs_to_its_end_and_each_free_address_is_given_once(rows, later):
    tables: list[AddressTable] = []
    for base, size, kinds, pools, _ in WIRE[:2]:
        AddressTable(base, size, START, tables).set_kinds(kinds, pools)
    for table in tables:
        mine = [(address, *row) for address, row in sorted(rows.items()) if address in table]
        running = [(client, address, START + end) for address, client, end, kind in mine if kind == BOUND and end > 0]
        rest = [(address, client, START + end, kind) for address, client, end, kind in mine if kind != BOUND or end <= 0]
        table.load(running, rest, START)
    leased = {table.base + slot for table in tables for slot in range(table.size) if table.states[slot] == LEASED}
    assert leased == {address for address, (_, end, kind) in rows.items() if kind == BOUND and end > 0}
    assert all(tables[0].is_of(rows[address][0], address) for address in leased)
    for table in tables:
        for _ in range(3):
            for address in table.due(START + later, 100):
                table.end(address - table.base, rows[address][0])
    busy = {address for address in leased if rows[address][1] > later} | {
        address for address, (_, end, kind) in rows.items() if kind == QUARANTINED and end > max(later, 0)}
    given = [address for table in tables for pool in (0, 1) for address in iter(lambda t=table, p=pool: take(t, p), 0)]
    assert sorted(given) == sorted({base + slot for base in (ONE, TWO) for slot in (1, 2, 3, 4)} - busy)


# --- reload


def test_a_reload_of_the_same_wires_reads_nothing_and_takes_over_new_pools(hosts, monkeypatch):
    lease(hosts, A, ONE + 1)
    before = dict(hosts.tables)
    monkeypatch.setattr(hosts.store, "running", lambda *bounds: pytest.fail("read again"))
    kinds = bytes((OUTSIDE, POOL + 1, POOL, POOL, OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE))
    serve(hosts, plan(TWO, KINDS, "level"), plan(ONE, kinds, "level"), WIRE[2])  # another key, and another order
    assert {base: hosts.tables[base] is table for base, table in before.items()} == {ONE: True, TWO: True, FAR: True}
    assert hosts.has_lease(hosts.tables[TWO], A)
    assert offer(hosts, A, where=places((ONE, 0))) == ONE + 2
    assert offer(hosts, A, where=places((ONE, 1))) == ONE + 1


REGROUPED = [
    [plan(ONE, KINDS, "a"), plan(TWO, KINDS, "b"), plan(FAR, KINDS, "c")],
    [plan(ONE, KINDS, "a"), plan(TWO, KINDS, "a"), plan(FAR, KINDS, "a")],
    [plan(ONE, KINDS, "a"), plan(FAR, KINDS, "a"), plan(TWO, KINDS, "b")],
]


@pytest.mark.parametrize("networks", REGROUPED)
def test_networks_that_are_regrouped_keep_their_leases_and_share_clients_with_their_new_wire(hosts, networks):
    lease(hosts, A, TWO + 1)
    lease(hosts, B, FAR + 1, places((FAR, 0)), FAR)
    serve(hosts, *networks)
    assert hosts.has_lease(hosts.tables[TWO], A)
    assert hosts.has_lease(hosts.tables[FAR], B)
    for base, *_, key in networks:
        others = {other for other, *_, its in networks if its == key}
        assert {table.base for table in hosts.tables[base].wire} == others
        assert hosts.has_lease(hosts.tables[base], A) == (TWO in others)


def test_joining_two_wires_leaves_a_client_both_leases(hosts):
    lease(hosts, A, ONE + 1, end=START + 900)
    lease(hosts, A, FAR + 1, places((FAR, 0)), FAR, now=START + 1)
    serve(hosts, *REGROUPED[1])
    assert (state(hosts, ONE + 1), state(hosts, FAR + 1)) == (LEASED, LEASED)
    assert hosts.address_of(hosts.tables[ONE], A) == FAR + 1  # the newer, though the other ends later


def test_a_network_that_is_taken_out_and_put_back_frees_no_lease_that_runs(hosts):
    """Meanwhile its client got another one, and that stays too."""
    lease(hosts, A, ONE + 1, end=START + 9000)
    serve(hosts, *WIRE[1:])
    assert lease(hosts, A, where=places((TWO, 0)), base=TWO, now=START + 1) == TWO + 1
    serve(hosts, *WIRE)
    assert offer(hosts, A) == TWO + 1
    assert {offer(hosts, one) for one in (B, C, D)}.isdisjoint({ONE + 1, TWO + 1})
    assert bound(hosts) == {ONE + 1: A, TWO + 1: A}


@pytest.mark.parametrize(("networks", "told"), [
    (WIRE[1:], {"10.0.0.0/29": 2}), (WIRE[:2], {"10.1.0.0/29": 1}), (WIRE, {}), ([], {"10.0.0.0/29": 2, "10.1.0.0/29": 1}),
    ([plan(ONE, KINDS[:4], "floor"), *WIRE[1:]], {"10.0.0.0/29": 1}),  # a /30 of it
    ([plan(ONE - 8, bytes(24), "floor"), WIRE[2]], {}),
    ([plan(ONE + 4, KINDS[4:], "floor"), WIRE[2]], {"10.0.0.0/29": 1})])
def test_a_network_that_is_taken_out_is_told_with_the_number_of_its_leases(hosts, caplog, networks, told):
    for client, address in ((A, ONE + 1), (B, ONE + 4)):
        lease(hosts, client, address)
    lease(hosts, C, where=places((FAR, 0)), base=FAR)
    serve(hosts, *networks)
    assert {one.args[0]: one.args[1] for one in caplog.records if one.levelname == "WARNING"} == told


def test_a_reload_that_fails_leaves_the_pools_of_the_networks_that_stay(hosts, monkeypatch):
    changed = plan(FAR, bytes(8), "other")

    def fail(*bounds):
        raise StoreError("disk I/O error")

    monkeypatch.setattr(hosts.store, "running", fail)
    with pytest.raises(StoreError):
        serve(hosts, changed, WIRE[0])
    assert offer(hosts, A, where=places((FAR, 0)), base=FAR) == FAR + 1


def test_an_offer_holds_though_its_wire_is_read_anew(hosts):
    """Its client is about to ask for the address, and no other one may get it meanwhile."""
    assert offer(hosts, A, TWO + 1) == TWO + 1
    serve(hosts, *REGROUPED[0])
    where = places((TWO, 0))
    assert state(hosts, TWO + 1) == OFFERED
    assert hosts.is_free_for(hosts.tables[TWO], A, TWO + 1, where)
    assert offer(hosts, B, TWO + 1, where, TWO) == TWO + 2
    hosts.lapse_offers(START + 40)
    assert state(hosts, TWO + 1) == ENDED


def test_only_wires_none_of_whose_addresses_are_in_use_are_read_beside_the_path(hosts):
    new = plan(0x0A020000, KINDS, "new")
    assert set(hosts.prepare((*WIRE, new), START)) == {new[0]}
    assert set(hosts.prepare((plan(0x0A020000, KINDS, "floor"), *WIRE), START)) == set()
    assert set(hosts.prepare([plan(ONE + 4, bytes(4), "part"), plan(ONE - 8, bytes(8), "before")], START)) == {ONE - 8}


def test_a_network_that_is_dropped_and_comes_back_has_its_leases(hosts):
    lease(hosts, A, TWO + 1)
    serve(hosts, WIRE[2])
    assert hosts.tables.of(TWO + 1) is None
    serve(hosts, *WIRE)
    assert hosts.has_lease(hosts.tables[ONE], A)


def test_after_an_io_error_wires_are_as_they_were(hosts, monkeypatch, clock):
    lease(hosts, A, TWO + 1)
    store = failing(monkeypatch, hosts, "disk I/O error")
    for _ in range(2):
        stage(hosts, B, ONE + 1)
        with pytest.raises(StoreError):
            hosts.commit()
        store.mended()
        clock.now += RETRY_AFTER
    assert hosts.has_lease(hosts.tables[ONE], A)
    assert lease(hosts, B, TWO + 3) == TWO + 3


# --- many networks


def test_the_network_of_an_address_is_found_among_a_thousand(tmp_path, clock):
    kinds = bytes((POOL,)) * 4
    hosts = opened(tmp_path / "many.db", *(plan(ONE + 8 * number, kinds, number) for number in range(1000)))
    for number in (0, 1, 500, 999):
        base = ONE + 8 * number
        assert [hosts.tables.of(base + slot) is hosts.tables[base] for slot in (-1, 0, 3, 4)] == [False, True, True, False]
    assert hosts.tables.of(0) is hosts.tables.of(0xFFFFFFFF) is None
    hosts.store.close()


def test_networks_take_turns_when_more_has_ended_than_one_portion(tmp_path, clock):
    size, count = 256, 12
    kinds = bytes((POOL,)) * size
    networks = [plan(ONE + size * number, kinds, number) for number in range(count)]
    hosts = opened(tmp_path / "many.db", *networks)
    hosts.store.commit([(ONE + slot, b"\1%d" % slot, 1, A[2:], "", START + 60, START, BOUND) for slot in range(size * count)])
    hosts = opened(hosts.store.path, *networks)
    while not hosts.is_settled:
        assert hosts.reclaim(START) == []
    later = START + 100
    portions = []
    while not portions or not hosts.is_settled:
        portions.append(len(hosts.reclaim(later)))
        assert len(portions) < 50
    assert (sum(portions), max(portions) <= PORTION) == (size * count, True)
    assert hosts.reclaim(later) == []
    hosts.store.close()


# --- an address that somebody uses who has no lease of it (RFC 2131 section 2.2: the server probes)


@pytest.mark.parametrize("base", [ONE, TWO])
@pytest.mark.parametrize("before", [UNUSED, ENDED, OFFERED, "reserved"])
def test_an_address_that_somebody_uses_is_given_to_nobody_until_its_quarantine_ends(hosts, base, before):
    address = TWO + (5 if before == "reserved" else 1)
    if before == OFFERED:
        offer(hosts, A, address)
    elif before == ENDED:
        lease(hosts, A, address)
        hosts.reclaim(START + 600)
    assert hosts.quarantine(hosts.tables[base], address, START + 900, START)
    where = {**places((TWO, 0)), (TWO, RESERVED): None}
    assert not hosts.is_free_for(hosts.tables[base], A, address, where)  # at once, for the batch goes on
    others = [TWO + 1, TWO + 2] if before == "reserved" else [TWO + 2, 0 if before == ENDED else TWO + 2]
    assert [offer(hosts, client, address, places((TWO, 0))) for client in (A, B)] == others
    hosts.commit()
    assert state(hosts, address) == DECLINED
    assert hosts.store.row(address)[1:] == (b"", 0, b"", "", START + 900, START, QUARANTINED, b"", "", "", "")
    assert state(opened(hosts.store.path), address) == DECLINED
    assert not hosts.is_reserved_free(hosts.tables[base], address, lambda row: True)
    assert [row.state for row in hosts.reclaim(START + 900)] == [QUARANTINED]
    assert (state(hosts, address) == ENDED) == (before != "reserved")


def test_a_leased_address_is_not_put_into_quarantine(hosts):
    address = lease(hosts, A)
    assert not hosts.quarantine(hosts.tables[ONE], address, START + 900, START)
    assert not hosts.touched


def test_an_address_of_which_something_is_staged_is_not_put_into_quarantine(hosts):
    address = offer(hosts, A)
    stage(hosts, A, address)
    assert not hosts.quarantine(hosts.tables[ONE], address, START + 900, START)
    hosts.commit()
    assert state(hosts, address) == LEASED


def test_a_quarantine_can_be_made_longer(hosts):
    for end in (START + 60, START + 900):
        assert hosts.quarantine(hosts.tables[ONE], ONE + 1, end, START)
        hosts.commit()
    assert hosts.reclaim(START + 899) == []
    assert [row.address for row in hosts.reclaim(START + 900)] == [ONE + 1]


@pytest.mark.parametrize("offered", [True, False])
def test_a_quarantine_that_cannot_be_stored_leaves_the_address_free_after_a_moment(hosts, monkeypatch, offered):
    if offered:
        offer(hosts, A, ONE + 1)
    failing(monkeypatch, hosts, "database or disk is full")
    assert hosts.quarantine(hosts.tables[ONE], ONE + 1, START + 900, START)
    with pytest.raises(StoreError):
        hosts.commit()
    assert not hosts.is_free_for(hosts.tables[ONE], A, ONE + 1, EVERYWHERE)
    hosts.lapse_offers(START + HOLD)
    assert hosts.is_free_for(hosts.tables[ONE], A, ONE + 1, EVERYWHERE)


def test_an_offer_that_was_withdrawn_for_a_quarantine_takes_nothing_from_the_next_client(hosts):
    assert offer(hosts, A, ONE + 1) == ONE + 1
    hosts.quarantine(hosts.tables[ONE], ONE + 1, START + 5, START)
    hosts.commit()
    hosts.reclaim(START + 5)
    assert offer(hosts, B, ONE + 1, now=START + 5) == ONE + 1
    assert not hosts.is_free_for(hosts.tables[ONE], A, ONE + 1, EVERYWHERE)


# --- how much of a pool is in use


def test_the_use_of_a_pool_counts_leases_offers_and_quarantines_as_they_come(hosts):
    def use() -> tuple[float, float]:
        return hosts.use_of((ONE, POOL), 2), hosts.use_of((ONE, POOL + 1), 2)

    assert use() == (0.0, 0.0)
    lease(hosts, A, ONE + 1)
    assert use() == (0.5, 0.0)
    offer(hosts, B, ONE + 2)
    hosts.quarantine(hosts.tables[ONE], ONE + 3, START + 900, START)
    hosts.commit()
    assert use() == (1.0, 0.5)
    hosts.lapse_offers(START + 40)
    assert use() == (0.5, 0.5)
    while hosts.reclaim(START + 900) or not hosts.is_settled:
        pass
    assert use() == (0.0, 0.0)


def test_the_use_of_a_pool_is_counted_anew_after_a_reload(hosts):
    hosts.use_of((ONE, POOL), 2)
    lease(hosts, A, ONE + 1)
    serve(hosts, plan(ONE, bytes((OUTSIDE, POOL, *[OUTSIDE] * 6)), "floor"), *WIRE[1:])
    assert hosts.use_of((ONE, POOL), 1) == 1.0


# --- what a relay said is kept for renewals that come without it


RELAY = b"\x0a\0\0\xfe\1\4port"


def test_what_the_relay_said_is_kept_when_the_client_renews_directly(hosts):
    address = lease(hosts, A, relay=RELAY)
    stage(hosts, A, address, now=START + 60)
    hosts.commit()
    assert hosts.remembered_relay(address, A, A[2:]) == RELAY
    again = opened(hosts.store.path)
    assert again.remembered_relay(address, A, A[2:]) == RELAY
    stage(hosts, A, address, now=START + 70, relay=b"other")
    hosts.commit()
    assert hosts.remembered_relay(address, A, A[2:]) == b"other"
    again.store.close()


@pytest.mark.parametrize(("client", "hardware", "known"), [
    (A, b"", True), (A, b"other", True), (B, A[2:], True), (B, B[2:], False), (B, b"", False), (b"", b"", False)])
def test_what_the_relay_said_is_told_to_its_own_client_alone(hosts, client, hardware, known):
    address = lease(hosts, A, relay=RELAY)
    assert hosts.remembered_relay(address, client, hardware) == (RELAY if known else b"")
    assert hosts.remembered_relay(address + 1, client, hardware) == b""


@pytest.mark.parametrize("act", ["release", "decline", "delete", "other client"])
def test_what_the_relay_said_does_not_outlive_the_lease(hosts, act):
    address = lease(hosts, A, relay=RELAY)
    table = hosts.tables[ONE]
    if act == "release":
        hosts.release(table, A, address, START + 5)
    elif act == "decline":
        hosts.decline(table, A, address, START + 900, START, 1, A[2:])
    elif act == "delete":
        hosts.delete(next(hosts.all()))
    else:
        hosts.reclaim(START + 600)
        stage(hosts, B, address)
    hosts.commit()
    assert hosts.remembered_relay(address, A, A[2:]) == b""
    if act == "release":
        stage(hosts, A, address, now=START + 10)
        hosts.commit()
        assert hosts.remembered_relay(address, A, A[2:]) == b""
