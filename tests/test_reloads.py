"""Reloads while leases run: whatever the configuration becomes, no address is two clients', and no lease that runs is lost.

A state machine over a real server and a real lease database. Subnets are put into shared networks, taken out, put back,
made smaller, and given other pools, while clients come, renew and go; the model knows only what clients were told.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from rig import ALICE, BOB, NETWORK, SERVER, made_bench

from pydhcpd.wire.packet import ACK, NAK, OFFER, RELEASE

SUBNETS = ("10.1.0", "10.2.0", "10.3.0")
LEASE_TIME = 600
FOREVER = 0xFFFFFFFF
ADDRESSES = (3, 4, 5, 9, 10)  # of each subnet; those from 8 on are not in the smaller form of it

ALL = frozenset(ADDRESSES)

groups = st.sampled_from(("alone", "a", "a", "b", None))
lengths = st.sampled_from((28, 28, 29))
pools = st.one_of(st.just(ALL), st.frozensets(st.sampled_from(ADDRESSES), min_size=1))
clients = st.integers(0, 2)
wires = st.integers(0, 2)


def text_of(layout):
    """A configuration: of each subnet in which shared network it is ("alone": in none, None: not served), its size and pool."""
    groups = {}
    for prefix, (name, length, pool) in zip(SUBNETS, layout, strict=True):
        ranges = [f"{prefix}.{one}-{prefix}.{one}" for one in sorted(pool) if length == 28 or one < 8]
        if name is not None:
            groups.setdefault(prefix if name == "alone" else name, []).append(f'subnet("{prefix}.0/{length}", pools={ranges})')
    subnets = [one for name, its in groups.items() if name in SUBNETS for one in its]
    shared = [f'shared_network("{name}", [{", ".join(its)}])' for name, its in groups.items() if name not in SUBNETS]
    return (f'subnets = [subnet("192.0.2.0/24"), {", ".join(subnets)}]\nshared_networks = [{", ".join(shared)}]\n'
            f'ip_address_lease_time = {LEASE_TIME}\n')


class Reloads(RuleBasedStateMachine):
    """What clients were told: of each address whose lease runs, the client and its end."""

    def __init__(self):
        super().__init__()
        self.stack = ExitStack()
        directory = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.bench = self.stack.enter_context(made_bench(Path(directory)))
        self.told = {}
        self.layout = [("alone", 28, ALL)] * len(SUBNETS)
        self.reload()

    def teardown(self):
        self.stack.close()

    def reload(self):
        self.bench.serve(text_of(self.layout))

    @rule(wire=wires, group=groups)
    def regroup(self, wire, group):
        self.layout[wire] = group, *self.layout[wire][1:]
        self.reload()

    @rule(wire=wires, length=lengths, pool=pools)
    def change(self, wire, length, pool):
        self.layout[wire] = self.layout[wire][0], length, pool
        self.reload()

    @rule()
    def join(self):
        self.layout = [("a", *rest) for _, *rest in self.layout]
        self.reload()

    @rule()
    def restart(self):
        with self.bench.hosts.lock:
            self.bench.hosts.adopt({}, (), int(self.bench.now))
        self.reload()

    @rule(seconds=st.sampled_from((1, 100, 299, 599, 600)))
    def wait(self, seconds):
        self.bench.pass_time(seconds)
        self.told = {address: (client, end) for address, (client, end) in self.told.items() if end > self.bench.now}

    @rule(client=clients, wire=wires, wants=st.integers(0, 14), takes=st.sampled_from((True, True, False)))
    def come(self, client, wire, wants, takes):
        """A client on the wire of a subnet, behind its relay, asks for an address; and takes it, or goes away."""
        relay = f"{SUBNETS[wire]}.2"
        wanted = f"{SUBNETS[wants % 3]}.{ADDRESSES[wants // 3]}"
        own = self.running(client)
        for offered in self.say(self.bench.discover(mac(client), giaddr=relay, options={50: wanted})):
            assert offered.kind == OFFER
            assert self.told.get(offered.yiaddr, (client,))[0] == client
            here = {address for address in own if self.wire_of(address) == self.wire_of(relay)}
            permitted = {address for address in here if self.is_permitted(address)}
            assert not permitted or offered.yiaddr in permitted
            if takes:
                (reply,) = self.say(self.bench.selecting(offered.yiaddr, mac(client), giaddr=relay))
                assert reply.kind == ACK
                self.note(client, reply.yiaddr)

    @rule(client=clients, number=st.integers(0, 9), by_relay=st.booleans())
    def renew(self, client, number, by_relay):
        """Directly (RENEWING), or by a broadcast through the relay of its address's subnet (REBINDING)."""
        for address in sorted(self.running(client))[number:number + 1]:
            relay = {"giaddr": f"{address.rsplit('.', 1)[0]}.2"} if by_relay else {}
            request = self.bench.request(mac(client), ciaddr=address, **relay)
            replies = self.say(request if by_relay else (request, SERVER, address))
            if self.is_permitted(address):
                assert [(one.kind, one.yiaddr) for one in replies] == [(ACK, address)], "a lease that runs was lost"
            for reply in replies:
                if reply.kind == ACK:
                    self.note(client, reply.yiaddr)
                else:
                    assert reply.kind == NAK
                    self.told.pop(address)  # the client begins anew

    @rule(client=clients, number=st.integers(0, 9))
    def release(self, client, number):
        for address in sorted(self.running(client))[number:number + 1]:
            if self.wire_of(address) is None:
                continue  # nobody would hear of it, and the server go on to hold the lease for the client
            message = self.bench.message(RELEASE, mac(client), ciaddr=address, options={54: SERVER})
            assert self.say((message, SERVER, address)) == []
            del self.told[address]

    @invariant()
    def what_runs_is_stored(self):
        for address, (client, end) in self.told.items():
            host = self.bench.stored(address)
            assert host is not None and bytes.fromhex(host.mac.replace(":", "")) == mac(client) and host.expires >= end

    # --- the model

    def say(self, *requests):
        return self.bench.say(*requests)

    def running(self, client):
        return {address for address, (its, _) in self.told.items() if its == client}

    def note(self, client, address):
        """An ACK: a client that takes a new address gives up those that it had on the wire; one that renews does not."""
        holder = self.told.get(address)
        assert holder is None or holder[0] == client, f"{address} is two clients'"
        if holder is None:
            for other in self.running(client):
                if self.wire_of(other) == self.wire_of(address):
                    del self.told[other]
        self.told[address] = client, self.bench.now + LEASE_TIME

    def wire_of(self, address):
        """What names the wire of an address; None where it is not served."""
        prefix, _, last = address.rpartition(".")
        name, length, _ = self.layout[SUBNETS.index(prefix)]
        return None if name is None or int(last) >= 2 ** (32 - length) else prefix if name == "alone" else name

    def is_permitted(self, address):
        prefix, _, last = address.rpartition(".")
        return self.wire_of(address) is not None and int(last) in self.layout[SUBNETS.index(prefix)][2]


def mac(client):
    return bytes((2, 0, 0, 0, 0, client))


Reloads.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestReloads = Reloads.TestCase


@pytest.mark.parametrize(("before", "after", "held"), [
    (3600, 60, 3600), (3600, 7200, 7200), (3600, FOREVER, FOREVER), (FOREVER, 60, 60)],
    ids=["shorter", "longer", "for ever from now on", "not for ever any more"])
@pytest.mark.parametrize("is_renewal", [True, False], ids=["renews", "boots"])
def test_what_was_acknowledged_holds_though_the_next_ack_is_lost(bench, before, after, held, is_renewal):
    """RFC 2131 section 4.4.5: a client that hears no answer keeps what it was told before. One that has it for ever asks only
    as it boots, until it hears."""
    one = NETWORK.replace(".19", ".10")
    bench.serve(one.replace("3600", str(before)))
    address = bench.lease(ALICE).yiaddr
    bench.serve(one.replace("3600", str(after)))
    bench.pass_time(10)
    again = bench.request(ALICE, ciaddr=address) if is_renewal else bench.request(ALICE, options={50: address})
    (lost,) = bench.say((again, SERVER, address) if is_renewal else again)
    assert (lost.kind, int.from_bytes(lost.packet.options[51], "big")) == (ACK, after), "the client is told what holds now"
    bench.pass_time(min(held, 10**6) - 20)
    assert not bench.say(bench.discover(BOB))
    if held < FOREVER:
        bench.pass_time(60)
        assert bench.lease(BOB).yiaddr == address
