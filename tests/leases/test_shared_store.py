"""A store that several servers share: it alone knows who was first, and each server learns that from its refusals.

`SharedStore` does with SQLite what the interface asks of such a store; the servers are two in one process.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rig import ALICE, BOB, CAROL, NETWORK, made_bench
from test_host_database import BASE, FIRST, KINDS, SECOND, START, A, B, C, lease, offer, rows, serve, stage, state

from pydhcpd.leases.address_table import LEASED
from pydhcpd.leases.host_database import HOLD, HostDatabase
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.interface import BOUND
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.wire.packet import ACK, NAK


class SharedStore(SQLiteStore):
    """Refuses what another server has bound meanwhile."""

    def commit(self, rows, releases=(), holders=()):
        refused, taken, ends = set(), [], []
        for row, holder in zip(rows, holders, strict=False):
            known = self.row(row[0])
            is_held = known is not None and known.state == BOUND and known.ends > row[6]
            if is_held and known.client not in (row[1], holder):
                refused.add(row[0])
            else:
                taken.append(row)
        for release, holder in zip(releases, holders[len(rows):], strict=True):
            if self.row(release[2]).client == holder:
                ends.append(release)
        return super().commit(taken, ends) | refused


@pytest.fixture
def pair(tmp_path, clock):
    """Two servers' databases over one store."""
    made = [HostDatabase(SharedStore(tmp_path / "leases.db"), offer_limit=8, time=clock.ledger()) for _ in range(2)]
    for one in made:
        serve(one, KINDS)
    yield made
    for one in made:
        one.store.close()


def test_the_faster_server_wins_and_the_other_offers_the_next_address(pair):
    here, there = pair
    assert offer(here, A) == offer(there, B) == FIRST
    stage(here, A, FIRST)
    assert here.commit() == frozenset()
    stage(there, B, FIRST)
    assert there.commit() == {FIRST}
    assert (state(there, FIRST), there.address_of(there.tables[BASE], A)) == (LEASED, FIRST)
    assert offer(there, B, FIRST) == SECOND
    assert rows(there)[FIRST] == (A, START + 600, BOUND)


def test_what_is_not_refused_of_a_batch_takes_effect(pair):
    here, there = pair
    lease(here, A, FIRST)
    for client, address in ((B, FIRST), (C, SECOND)):
        stage(there, client, address)
    assert there.commit() == {FIRST}
    assert rows(here)[SECOND][0] == C


def test_a_renewal_is_refused_when_another_server_has_given_the_address_away(pair):
    here, there = pair
    lease(here, A, FIRST)
    later = START + 601
    assert lease(there, B, FIRST, now=later) == FIRST
    stage(here, A, FIRST, now=later)
    assert here.commit() == {FIRST}
    assert here.lease_end(here.tables[BASE], B, FIRST) == later + 600
    assert offer(here, A, now=later) == SECOND


def test_a_release_of_what_is_anothers_by_now_frees_nothing(pair):
    here, there = pair
    lease(here, A, FIRST)
    there.reclaim(START + 601)
    assert lease(there, B, FIRST, now=START + 601) == FIRST
    assert here.release(here.tables[BASE], A, FIRST, START + 601)
    here.commit()
    assert rows(here)[FIRST][0] == B


def test_a_refusal_of_what_nobody_holds_any_more_is_not_tried_again_at_once(pair, monkeypatch):
    """The lease that was in the way has ended, or cannot be read: the address rests a moment."""
    here, _ = pair
    monkeypatch.setattr(here.store, "commit", lambda *staged: frozenset((FIRST,)))
    stage(here, A, FIRST)
    assert here.commit() == {FIRST}
    assert offer(here, A, FIRST) == SECOND
    here.lapse_offers(START + HOLD)
    assert offer(here, B, FIRST) == FIRST


def test_by_hand_an_address_is_taken_from_its_holder_whom_the_server_knows(pair):
    here, there = pair
    lease(here, A, FIRST)
    there.adopt({}, (), START)
    serve(there, KINDS)
    there.replace(Host("02:00:00:00:00:0e", "10.0.0.2", "", START, START + 600))
    assert rows(here)[FIRST][0] == b"\0\1\2\0\0\0\0\x0e"


# --- on the wire


@pytest.fixture
def servers(tmp_path):
    with ExitStack() as stack:
        yield [stack.enter_context(made_bench(tmp_path, SharedStore)) for _ in range(2)]


def test_a_request_for_what_another_server_was_faster_with_gets_nak_and_the_client_the_next_address(servers):
    here, there = servers
    (offered,) = there.say(there.discover(BOB))
    assert here.lease(ALICE).yiaddr == offered.yiaddr == "192.0.2.10"
    (reply,) = there.say(there.selecting("192.0.2.10", BOB))
    assert reply.kind == NAK
    assert there.lease(BOB).yiaddr == "192.0.2.11"


def test_with_rapid_commit_the_next_address_is_acknowledged_at_once(servers):
    """Three were given by the other server meanwhile: the fourth is this client's."""
    here, there = servers
    for server in servers:
        server.serve(NETWORK + "rapid_commit = True")
    for number in range(3):
        here.lease(bytes((2, 0, 0, 0, 9, number)))
    replies = there.say(there.discover(BOB, options={80: b""}), there.discover(CAROL, options={80: b""}))
    assert sorted((one.kind, one.yiaddr) for one in replies) == [(ACK, "192.0.2.13"), (ACK, "192.0.2.14")]
    assert all(one.stored for one in replies)


acts = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4), st.sampled_from(("ask", "ask", "wait"))), max_size=25)


@settings(max_examples=60, deadline=None)
@given(acts)
def test_no_address_is_acknowledged_to_two_clients_by_two_servers(acts):
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        servers = [stack.enter_context(made_bench(Path(directory), SharedStore)) for _ in range(2)]
        held: dict[str, tuple[bytes, float]] = {}
        for which, number, act in acts:
            server, client = servers[which], bytes((2, 0, 0, 0, 7, number))
            if act == "wait":
                for one in servers:
                    one.pass_time(1801)
                continue
            for offer in server.say(server.discover(client)):
                for ack in server.say(server.selecting(offer.yiaddr, client)):
                    if ack.kind != ACK:
                        continue
                    other, end = held.get(ack.yiaddr, (client, 0))
                    assert other == client or end <= server.now
                    held[ack.yiaddr] = client, server.now + 3600
