"""Leasequery tells the times that the client was told, less what has passed since (RFC 4388 section 6.4.2)."""

from types import SimpleNamespace

import pytest
import rig
from rig import ALICE, SERVER, seconds

from pydhcpd.addresses import address_from
from pydhcpd.services.leasequery.messages import Answer, encode_answer, is_running
from pydhcpd.services.leasequery.service import Leasequery
from pydhcpd.wire.packet import LEASEACTIVE, LEASEQUERY, Packet, Request

TIMES = "renewal_time_value=600, rebinding_time_value=900"
RELAYED = {"giaddr": "192.0.2.9", "options": {61: b"\0alice", 82: b"\1\2p7"}}
NETWORK = 'subnets = [subnet("192.0.2.0/24", pools=[{pool}]{subnet})]\nip_address_lease_time = 3600\n'
POOL = '"192.0.2.10 - 192.0.2.19"'


def network(pool=POOL, subnet=""):
    return NETWORK.format(pool=pool, subnet=subnet)


def told(bench, address):
    """51, 58 and 59 of the answer to a leasequery by address; None for what is not in it."""
    timers = Leasequery._timers
    service = SimpleNamespace(_serving=bench.server.serving)
    row = bench.hosts.store.reader().by_address(address_from(address))
    query = Packet(htype=0, ciaddr=address_from(address), giaddr=address_from("192.0.2.9"), options={53: bytes((LEASEQUERY,))})
    request = Request.receive(query.encode(), 1, 0, 67, address_from(SERVER))
    assert is_running(row, int(bench.now))
    data = encode_answer(request, Answer(LEASEACTIVE, row), 1, int(bench.now), lambda *what: timers(service, *what))
    options = Packet.decode(data).options
    return tuple(int.from_bytes(options[code], "big") if code in options else None for code in (51, 58, 59))


@pytest.mark.parametrize("text", [
    network(),
    network() + TIMES.replace(", ", "\n") + "\n",
    network(subnet=", " + TIMES),
    network(pool=f"pool({POOL}, {TIMES})"),
    network(pool=f"pool({POOL}, renewal_time_value=600)", subnet=", rebinding_time_value=700"),
    network() + f'hosts = [host(mac="02:00:00:00:00:0a", {TIMES})]\n',
    network() + f'hosts = [host(client_id=b"\\0alice", ip="192.0.2.77", {TIMES})]\n',
    network() + f'hosts = [host(circuit_id=b"p7", {TIMES})]\n',
    network() + f'hosts = [host(mac="02:00:00:00:00:0a", classes=["slow"])]\nclasses = [client_class("slow", {TIMES})]\n',
    network() + f'classes = [client_class("seven", match(circuit_id=b"p7"), {TIMES})]\n',
    network() + "ip_address_lease_time = 700\nrenewal_time_value = 600\nrebinding_time_value = 900\n",
    "shared_networks = [shared_network('floor', [subnet('192.0.2.0/24', pools=['192.0.2.10/31']), "
    f"subnet('10.1.0.0/24', pools=['10.1.0.8/31'])], {TIMES})]\n",
])
def test_the_times_are_what_the_client_was_told(bench, text):
    ack = bench.serve(text).lease(ALICE, **RELAYED)
    given = tuple(seconds(ack, code) for code in (51, 58, 59))
    assert told(bench, ack.yiaddr) == given
    bench.now += 100
    assert told(bench, ack.yiaddr) == tuple(one - 100 for one in given)
    bench.now += given[0] - 100
    assert told(bench, ack.yiaddr) == (1, None, None), "in the second in which it ends, which began later"


def test_a_lease_without_end_has_none_and_a_shortened_one_its_own(bench):
    text = network() + "maximum_lease_time = INFINITE\nminimum_lease_time = 60\n"
    ack = bench.serve(text).lease(options={51: b"\xff\xff\xff\xff"})
    assert told(bench, ack.yiaddr) == (0xFFFFFFFF, None, None)
    ack = bench.lease(options={51: bytes((0, 0, 0, 100))})
    assert told(bench, ack.yiaddr) == (100, seconds(ack, 58), seconds(ack, 59))


@pytest.mark.parametrize("function", ["def classify(request):\n    rig.asked.append(1)\n    return []\n",
                                      "classes = [client_class('a', lambda request: rig.asked.append(1))]\n",
                                      "def identify(request): rig.asked.append(1)\n",
                                      "def accept(request): return rig.asked.append(1) or True\n"])
def test_no_function_of_the_file_is_asked(bench, monkeypatch, function):
    """They are called for messages of clients, by one thread."""
    monkeypatch.setattr(rig, "asked", [], raising=False)
    ack = bench.serve("import rig\n" + network(subnet=", " + TIMES) + function).lease()
    assert rig.asked
    rig.asked.clear()
    assert (told(bench, ack.yiaddr), rig.asked) == ((3600, 600, 900), [])
