"""Limits of leases per class or per value of a field: counted in a batch, across restarts, and down again when leases end."""


import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_host_database import A, B, C, D, failing, plan
from test_wires import EVERYWHERE, FAR, KINDS, ONE, REGROUPED, START, TWO, WIRE, lease, offer, opened, places, serve, stage

from pydhcpd.errors import StoreError
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.limits import Limits
from pydhcpd.leases.outage import RETRY_AFTER

VOIP, PORT = "voip", "port=0102"


@pytest.fixture
def hosts(tmp_path, clock):
    made = opened(tmp_path / "leases.db")
    yield made
    made.store.close()


def exceeded(hosts: HostDatabase, client: bytes, base: int = ONE, **limits: int) -> str:
    """Asked in the order in which they are given; a number for each of `voip` and `port`."""
    keys = {"voip": VOIP, "port": PORT}
    return hosts.exceeded([(keys[name], most) for name, most in limits.items()], hosts.tables[base], client)


def test_a_key_is_exceeded_when_others_have_as_many_leases_as_it_allows(hosts):
    assert [exceeded(hosts, A, voip=most) for most in (0, 1)] == [VOIP, ""]
    lease(hosts, A, limits=(VOIP,))
    assert [exceeded(hosts, B, voip=most) for most in (1, 2)] == [VOIP, ""]
    assert exceeded(hosts, B, port=1) == ""


def test_the_first_key_that_is_exceeded_is_told(hosts):
    lease(hosts, A, limits=(VOIP, PORT))
    lease(hosts, B, limits=(PORT,))
    assert exceeded(hosts, C, voip=2, port=2) == PORT
    assert exceeded(hosts, C, voip=1, port=1) == VOIP
    assert exceeded(hosts, C, voip=2, port=3) == ""


@pytest.mark.parametrize("base", [ONE, TWO])
def test_a_clients_own_lease_on_the_wire_does_not_count_against_it(hosts, base):
    lease(hosts, A, TWO + 1, limits=(VOIP,))
    assert exceeded(hosts, A, base, voip=1) == ""
    assert exceeded(hosts, A, FAR, voip=1) == VOIP  # there it would be one more


def test_leases_of_all_networks_count(hosts):
    lease(hosts, A, limits=(VOIP,))
    lease(hosts, B, where=places((FAR, 0)), base=FAR, limits=(VOIP,))
    assert exceeded(hosts, C, voip=2) == VOIP


def test_a_renewal_counts_once_and_one_that_counts_for_less_no_more(hosts):
    address = lease(hosts, A, limits=(VOIP, PORT))
    stage(hosts, A, address, limits=(VOIP, PORT))
    hosts.commit()
    assert hosts.limits.counts == {VOIP: 1, PORT: 1}
    stage(hosts, A, address, limits=(PORT,))
    hosts.commit()
    assert hosts.limits.counts == {PORT: 1}
    stage(hosts, A, address)
    hosts.commit()
    assert (hosts.limits.counts, hosts.limits.keys) == ({}, {})


def test_an_offer_counts_until_it_lapses_or_becomes_a_lease(hosts):
    here = hosts.tables[ONE]
    address = hosts.offer(here, A, 0, START + 40, EVERYWHERE, (VOIP,))
    assert (exceeded(hosts, B, voip=1), exceeded(hosts, A, voip=1)) == (VOIP, "")
    hosts.offer(here, A, 0, START + 40, EVERYWHERE, (VOIP, PORT))
    assert hosts.limits.counts == {VOIP: 1, PORT: 1}
    stage(hosts, A, address, limits=(VOIP,))
    hosts.commit()
    assert hosts.limits.counts == {VOIP: 1}
    hosts.offer(here, B, 0, START + 40, EVERYWHERE, (VOIP,))
    hosts.offer(here, C, 0, START + 40, EVERYWHERE, (VOIP,))
    hosts.withdraw(C)
    assert hosts.limits.counts == {VOIP: 2}
    hosts.lapse_offers(START + 40)
    assert (hosts.limits.counts, hosts.limits.keys) == ({VOIP: 1}, {address: VOIP})


@pytest.mark.parametrize("networks", [*REGROUPED, WIRE])
def test_an_offer_counts_after_a_reload(hosts, networks):
    hosts.offer(hosts.tables[ONE], A, 0, START + 40, EVERYWHERE, (VOIP,))
    serve(hosts, *networks)
    assert hosts.limits.counts == {VOIP: 1}
    hosts.lapse_offers(START + 40)
    assert hosts.limits.counts == {}


def test_a_lease_that_ended_under_an_offer_counts_as_that(hosts):
    address = lease(hosts, A, limits=(VOIP,))
    hosts.offer(hosts.tables[ONE], A, 0, START + 640, EVERYWHERE, (VOIP,))
    hosts.reclaim(START + 600)
    assert hosts.limits.keys == {address: VOIP}
    hosts.lapse_offers(START + 640)
    assert hosts.limits.keys == {}


@pytest.mark.parametrize("most", [0, 1, 2])
def test_who_has_a_lease_goes_on_whatever_the_limit_is_by_now(hosts, most):
    """Those that were made before there was a limit too; but not where it is another value of the field that counts."""
    for client, keys in ((A, (VOIP,)), (B, (VOIP,)), (C, ())):
        lease(hosts, client, limits=keys)
    assert [exceeded(hosts, client, voip=most) for client in (A, B, C)] == ["", "", ""]
    assert exceeded(hosts, D, voip=most) == VOIP
    lease(hosts, D, limits=("port=03",))
    stage(hosts, A, ONE + 1, limits=(PORT,))
    hosts.commit()
    assert (exceeded(hosts, D, port=1), exceeded(hosts, A, port=0)) == (PORT, "")


def test_within_a_batch_what_is_staged_counts_at_once(hosts):
    for client in (A, B):
        assert exceeded(hosts, client, voip=2) == ""
        stage(hosts, client, offer(hosts, client), limits=(VOIP,))
    assert exceeded(hosts, C, voip=2) == VOIP
    hosts.commit()
    assert exceeded(hosts, C, voip=2) == VOIP


@pytest.mark.parametrize("fault", ["database or disk is full", "disk I/O error"])
@pytest.mark.parametrize("act", ["new", "changed", "release", "move"])
def test_a_batch_that_cannot_be_stored_leaves_the_counts_as_they_were(hosts, monkeypatch, clock, fault, act):
    address = lease(hosts, A, ONE + 1, limits=(VOIP,))
    store = failing(monkeypatch, hosts, fault)
    for _ in range(3):  # it fails; then nothing is tried for a moment; after an I/O error all is read again
        {"new": lambda: stage(hosts, B, ONE + 2, limits=(VOIP, PORT)),
         "changed": lambda: stage(hosts, A, address, limits=(PORT,)),
         "release": lambda: hosts.release(hosts.tables[ONE], A, address, START),
         "move": lambda: stage(hosts, A, TWO + 1, limits=(VOIP, PORT))}[act]()
        with pytest.raises(StoreError):
            hosts.commit()
        assert (hosts.limits.counts, hosts.limits.keys) == ({VOIP: 1}, {address: VOIP})
        clock.now += RETRY_AFTER / 2
    store.mended()
    clock.now += RETRY_AFTER
    assert hosts.commit() == frozenset()
    assert hosts.limits.counts == {VOIP: 1}


def test_a_binding_that_was_refused_does_not_count(hosts, monkeypatch):
    """A store that is shared by several servers may refuse single ones."""
    stage(hosts, A, ONE + 1, limits=(VOIP,))
    stage(hosts, B, ONE + 2, limits=(VOIP,))
    commit = hosts.store.commit
    monkeypatch.setattr(hosts.store, "commit", lambda rows, *rest: commit(rows[1:], *rest) or frozenset((ONE + 1,)))
    hosts.commit()
    assert hosts.limits.keys == {ONE + 2: VOIP}


@pytest.mark.parametrize("act", ["release", "decline", "delete", "expiry", "move", "replace"])
def test_counts_go_down_when_a_lease_ends(hosts, act):
    address = lease(hosts, A, ONE + 1, limits=(VOIP,))
    table = hosts.tables[TWO]
    {"release": lambda: hosts.release(table, A, address, START),
     "decline": lambda: hosts.decline(table, A, address, START + 900, START, 1, A[2:]),
     "delete": lambda: hosts.delete(next(hosts.all())),
     "expiry": lambda: hosts.reclaim(START + 600),
     "move": lambda: stage(hosts, A, TWO + 1),
     "replace": lambda: hosts.replace(Host("02:00:00:00:00:0e", "10.0.0.1", "", START, START + 600))}[act]()
    hosts.commit()
    assert (hosts.limits.counts, hosts.limits.keys) == ({}, {})
    assert opened(hosts.store.path, now=START + 600).limits.counts == {}


def test_an_address_that_is_freed_and_taken_in_one_batch_counts_for_the_one_that_takes_it(hosts):
    lease(hosts, A, ONE + 1, limits=(VOIP,))
    assert hosts.release(hosts.tables[ONE], A, ONE + 1, START)
    stage(hosts, B, offer(hosts, B), limits=(VOIP, PORT))
    hosts.commit()
    assert hosts.limits.counts == {VOIP: 1, PORT: 1}


def test_a_restart_counts_what_runs(hosts):
    lease(hosts, A, limits=(VOIP,), end=START + 50)
    lease(hosts, B, limits=(VOIP, PORT))
    lease(hosts, C)
    lease(hosts, D, where=places((FAR, 0)), base=FAR, limits=(PORT,))
    again = opened(hosts.store.path, now=START + 50)
    assert again.limits.counts == {VOIP: 1, PORT: 2}
    assert exceeded(again, A, voip=1) == VOIP
    again.store.close()


def test_of_two_leases_of_one_client_both_count_but_neither_against_it(hosts):
    hosts.store.commit([Row(ONE + 1, A, 1, A[2:], "", START + 600, START, BOUND, limits=VOIP),
                        Row(TWO + 1, A, 1, A[2:], "", START + 900, START, BOUND, limits=PORT)])
    again = opened(hosts.store.path)
    assert again.limits.keys == {ONE + 1: VOIP, TWO + 1: PORT}
    assert exceeded(again, A, voip=1, port=1) == ""
    assert exceeded(again, B, voip=1, port=1) == VOIP
    again.store.close()


@pytest.mark.parametrize("networks", [*REGROUPED, WIRE])
def test_a_reload_counts_no_lease_twice_and_forgets_none(hosts, networks):
    lease(hosts, A, TWO + 1, limits=(VOIP,))
    lease(hosts, B, FAR + 1, places((FAR, 0)), FAR, limits=(VOIP, PORT))
    serve(hosts, *networks)
    assert hosts.limits.counts == {VOIP: 2, PORT: 1}
    serve(hosts, plan(ONE, KINDS, "floor"))
    assert hosts.limits.counts == {}
    serve(hosts, *networks)
    assert hosts.limits.counts == {VOIP: 2, PORT: 1}


def test_without_limits_nothing_is_kept_nor_looked_for(hosts):
    """A start with a million leases and none of them limited does not pay for it."""
    lease(hosts, A)
    hosts.release(hosts.tables[ONE], A, ONE + 1, START)
    hosts.commit()
    assert (hosts.limits.counts, hosts.limits.keys) == ({}, {})
    assert list(hosts.store._writer.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")) == []
    assert offer(hosts, B, where=EVERYWHERE)


# --- the counts alone

changes = st.lists(st.tuples(
    st.sampled_from(("stage", "stage", "stage", "confirm", "refuse", "revert", "end")), st.integers(0, 4),
    st.lists(st.sampled_from("xyz"), max_size=3, unique=True)), max_size=40)


@settings(deadline=None)
@given(changes)
def test_counts_are_those_of_the_leases_whatever_is_staged_and_taken_back(acts):
    ours, stored, staged = Limits(), {}, {}
    for act, address, keys in acts:
        if act == "stage" and address not in staged:  # one decision for an address in a batch
            ours.stage(address, "\n".join(keys))
            staged[address] = keys
        elif act in {"confirm", "refuse"}:
            refused = {address} if act == "refuse" else frozenset()
            ours.confirm(refused)
            stored.update((one, its) for one, its in staged.items() if one not in refused)
            staged = {}
        elif act == "revert":
            ours.revert()
            staged = {}
        elif act == "end" and not staged:
            ours.end(address)
            stored[address] = []
        now = {**stored, **staged}
        counts = {key: sum(key in its for its in now.values()) for key in "xyz"}
        assert ours.counts == {key: count for key, count in counts.items() if count}
        assert ours.keys == {one: "\n".join(its) for one, its in now.items() if its}
