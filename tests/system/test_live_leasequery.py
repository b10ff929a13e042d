"""Leasequery (RFC 4388) and bulk leasequery (RFC 6926) of the running program, over real sockets."""

import socket

import pytest
from lab import SERVER, Daemon, Lab, Machine, wait_until
from messages import ACK, DISCOVER, OFFER, REQUEST, Message, mac_of, message, packed, read
from station import Station

pytestmark = pytest.mark.namespaces
ASKER, MAC = "10.77.0.2", mac_of(9)
LEASEQUERY, UNASSIGNED, UNKNOWN, ACTIVE, BULK, DONE = 10, 11, 12, 13, 14, 15


@pytest.fixture
def asked(lab: Lab, client: Machine) -> Daemon:
    """A daemon that one address may ask, with one lease that came by a relay there."""
    client.ip(f"addr add {ASKER}/16 brd + dev c0")
    return lab.daemon(leasequery_from=[ASKER], bulk_leasequery=True, network="10.77.0.0/16").start()


def lease(asker: socket.socket) -> str:
    """Get a lease for MAC, as its relay."""
    offer = ask(asker, DISCOVER, (82, b"\1\2p7"), wanted=OFFER, chaddr=MAC)
    ack = ask(asker, REQUEST, (50, packed(offer.yiaddr)), (54, packed(SERVER)), (82, b"\1\2p7"), wanted=ACK, chaddr=MAC)
    return ack.yiaddr


def ask(asker: socket.socket, kind: int, *options: tuple[int, bytes], wanted: int = 0, chaddr: bytes = bytes(6),
        ciaddr: str = "0.0.0.0") -> Message:
    """Send a message from the relay's address, and return the answer to it."""
    asker.sendto(message(kind, chaddr, 77, giaddr=ASKER, hops=1, ciaddr=ciaddr, options=options), (SERVER, 67))
    while True:
        answer = read(asker.recv(4096))
        if not wanted or answer.kind == wanted:
            return answer


def test_the_answer_comes_from_the_address_that_was_asked(lab: Lab, asked: Daemon, client: Machine) -> None:
    """RFC 1122 section 4.1.3.5: a connected socket hears nobody else."""
    lab.server.ip("addr add 10.77.0.200/32 dev s0")
    with relay_socket(client) as asker:
        asker.connect(("10.77.0.200", 67))
        wait_until(lambda: answered(asker, "10.77.0.200"), "an answer, once the new address is known")


def answered(asker: socket.socket, server: str) -> bool:
    """Whether a query is answered by a server of this identifier."""
    asker.send(message(LEASEQUERY, bytes(6), 78, giaddr=ASKER, ciaddr="10.77.5.5"))
    asker.settimeout(0.5)
    try:
        answer = read(asker.recv(4096))
    except TimeoutError:
        return False
    return answer.kind == UNASSIGNED and answer.address(54) == server


def relay_socket(machine: Machine, address: str = ASKER) -> socket.socket:
    """A UDP socket on port 67 of an address there."""
    def make() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, 67))
        made.settimeout(5)
        return made
    return machine.open(make)


@pytest.mark.sandbox
def test_who_may_ask_is_told_which_leases_there_are(lab: Lab, client: Machine, asked: Daemon) -> None:
    """Rule 39: 13 active, 11 unassigned, 12 unknown; time left in 51; 82 as it came."""
    with relay_socket(client) as asker:
        address = lease(asker)
        active = ask(asker, LEASEQUERY, (55, bytes((51, 82, 91))), ciaddr=address)
        assert (active.kind, active.ciaddr, active.chaddr[:6], active.options[82]) == (ACTIVE, address, MAC, b"\1\2p7")
        assert 28700 < active.number(51) <= 28800
        assert ask(asker, LEASEQUERY, chaddr=MAC).ciaddr == address
        assert ask(asker, LEASEQUERY, ciaddr="10.77.200.1").kind == UNASSIGNED
        assert ask(asker, LEASEQUERY, ciaddr="192.0.2.1").kind == UNKNOWN
        assert ask(asker, LEASEQUERY, chaddr=mac_of(200)).kind == UNKNOWN


def test_the_times_are_those_that_the_client_was_told_and_giaddr_alone_says_who_asks(lab: Lab, client: Machine) -> None:
    """RFC 4388 section 6.4.2; the relay agent's query comes from its address on the way to the server."""
    client.ip(f"addr add {ASKER}/16 brd + dev c0", "addr add 10.77.0.9/16 dev c0")
    lab.daemon(leasequery_from=[ASKER], network="10.77.0.0/16", ip_address_lease_time=3600, renewal_time_value=600,
               rebinding_time_value=900).start()
    with relay_socket(client) as asker, relay_socket(client, "10.77.0.9") as other:
        address = lease(asker)
        other.sendto(message(LEASEQUERY, bytes(6), 79, giaddr=ASKER, ciaddr=address), (SERVER, 67))
        answer = read(asker.recv(4096))
    assert answer.kind == ACTIVE
    passed = answer.number(91)
    assert [answer.number(code) + passed for code in (51, 58, 59)] == [3600, 600, 900]


def test_who_may_not_ask_is_told_nothing(lab: Lab, client: Machine, asked: Daemon) -> None:
    """RFC 4388 section 7."""
    client.ip("addr add 10.77.0.3/16 dev c0")
    with relay_socket(client, "10.77.0.3") as stranger:
        stranger.settimeout(0.5)
        stranger.sendto(message(LEASEQUERY, bytes(6), 78, giaddr="10.77.0.3", ciaddr="10.77.1.1"), (SERVER, 67))
        with pytest.raises(TimeoutError):
            stranger.recv(4096)
    with client.open(lambda: socket.create_connection((SERVER, 67), 5, source_address=("10.77.0.3", 0))) as refused:
        assert refused.recv(10) == b""


@pytest.mark.sandbox
def test_bulk_tells_all_leases_and_that_it_is_done(lab: Lab, client: Machine, asked: Daemon) -> None:
    """Rule 40: TCP 67, two-byte length, one xid, 15 at the end."""
    with relay_socket(client) as asker:
        address = lease(asker)
    with client.open(lambda: socket.create_connection((SERVER, 67), 5, source_address=(ASKER, 0))) as connection:
        query = message(BULK, MAC, 4711)
        connection.sendall(len(query).to_bytes(2, "big") + query)
        answers = []
        while not answers or answers[-1].kind != DONE:
            size = int.from_bytes(received(connection, 2), "big")
            answers.append(read(received(connection, size)))
    assert [one.kind for one in answers] == [ACTIVE, DONE]
    assert {one.xid for one in answers} == {4711}
    assert (answers[0].ciaddr, answers[0].chaddr[:6]) == (address, MAC)
    assert 152 in answers[0].options and 156 in answers[0].options


def received(connection: socket.socket, size: int) -> bytes:
    """So many bytes of a stream."""
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, "the connection was closed"
        data += part
    return data


def test_a_reload_changes_who_may_ask(lab: Lab, client: Machine, asked: Daemon, station: Station) -> None:
    """And what is asked for while nobody may is counted, at the end."""
    asked.write(leasequery_from=[])
    asked.reload()
    with relay_socket(client) as asker:
        asker.settimeout(0.5)
        with pytest.raises(TimeoutError):
            ask(asker, LEASEQUERY, ciaddr="10.77.1.1")
    asked.write(leasequery_from=["10.77.0.0/24"])
    asked.reload()
    with relay_socket(client) as asker:
        assert ask(asker, LEASEQUERY, ciaddr="10.77.1.1").kind == UNASSIGNED
