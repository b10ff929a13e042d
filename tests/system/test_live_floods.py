"""Floods: nonsense in any form, and more clients than there is room for."""

import random

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine, wait_until
from messages import ACK, COOKIE, DISCOVER, INFORM, NAK, OFFER, REQUEST, mac_of, message, packed
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
COUNT = 20_000
GROWTH = 32 << 20  # bytes of memory that a flood may cost for good


def nonsense(dice: random.Random) -> bytes:
    """Random bytes, random options, or a message with some bytes changed or cut off."""
    kind = dice.randrange(4)
    if kind == 0:
        return dice.randbytes(dice.randrange(600))
    if kind == 1:
        return dice.randbytes(236) + COOKIE + dice.randbytes(dice.randrange(320))
    whole = bytearray(message(dice.randrange(DISCOVER, INFORM + 1), mac_of(dice.randrange(1 << 30)), dice.randrange(1 << 32),
                              options=((50, packed("10.77.1.1")), (61, dice.randbytes(7)), (55, bytes((1, 3))), (12, b"name"))))
    for _ in range(dice.randrange(1, 8)):
        whole[dice.randrange(236 if kind == 3 else len(whole))] = dice.randrange(256)
    return bytes(whole[:dice.randrange(200, 301)] if dice.randrange(4) == 0 else whole)


def send_nonsense(daemon: Daemon, station: Station, dice: random.Random, count: int) -> None:
    """Send so much of it, in portions which the daemon has taken in before the next."""
    for number in range(count):
        unicast = {"destination_mac": SERVER_MAC, "source": "10.77.0.2", "destination": SERVER} if number % 3 == 0 else {}
        station.send(nonsense(dice), mac_of(2), **unicast)
        if number % 1000 == 999:
            station.lease(mac_of(1))


def datagrams(machine: Machine) -> int:
    """How many datagrams the kernel has handed to sockets (RFC 4113, udpInDatagrams)."""
    lines = machine.run("cat", "/proc/net/snmp").stdout.splitlines()
    names, values = (line.split() for line in lines if line.startswith("Udp:"))
    return int(values[names.index("InDatagrams")])


def test_nonsense_harms_nothing(daemon: Daemon, station: Station) -> None:
    """20,000 datagrams: alive, silent in the log, no larger, and serving as before."""
    dice = random.Random(2131)
    send_nonsense(daemon, station, dice, COUNT // 4)
    before = daemon.memory()
    send_nonsense(daemon, station, dice, COUNT - COUNT // 4)
    assert daemon.memory() - before < GROWTH
    assert datagrams(daemon.machine) >= COUNT
    assert "Traceback" not in daemon.log() and "failed" not in daemon.log()
    assert station.lease(mac_of(3)).yiaddr.startswith("10.77.")


def test_flood_of_discovers_exhausts_nothing_and_holders_renew(lab: Lab, client: Machine, station: Station) -> None:
    """Offers stay within maximum_transactions: a pool three times as large always has an address for a new client."""
    daemon = lab.daemon(maximum_transactions=100, ip_ranges=[("10.77.1.1", "10.77.2.54")]).start()
    holder = mac_of(1)
    address = station.lease(holder).yiaddr
    neighbour(lab.server, address, holder)
    before = daemon.memory()
    for number in range(5000):
        station.discover(mac_of(10_000 + number))
        if number % 500 == 499:
            assert station.answer(station.renew(holder, address), ACK)[1].yiaddr == address
    offers = [one for _, one in station.waiting() if one.kind == OFFER]
    assert address not in {one.yiaddr for one in offers}
    newcomer = mac_of(2)
    assert station.lease(newcomer).yiaddr != address
    assert daemon.memory() - before < GROWTH
    table = daemon.prompt("hosts")
    assert "2 hosts" in table and "no free address" not in daemon.log()


def test_unknown_clients_beyond_their_limit_wait_and_holders_do_not(lab: Lab, client: Machine, station: Station) -> None:
    """maximum_unknown_per_second: a flood of invented addresses gets so many answers, a holder all of them."""
    lab.daemon(maximum_unknown_per_second=50).start()
    holder = mac_of(1)
    address = station.lease(holder).yiaddr
    neighbour(lab.server, address, holder)
    station.waiting()
    xids = {station.discover(mac_of(10_000 + number)) for number in range(2000)}
    station.answer(station.renew(holder, address), ACK)
    again = station.offer(holder)
    assert again.yiaddr == address
    answered = [one for _, one in station.waiting() if one.xid in xids]
    assert len(answered) < 500


def test_full_pool_refuses_newcomers_and_serves_holders(lab: Lab, client: Machine, station: Station) -> None:
    """Nobody's lease is given to another; what is released is given to the next."""
    daemon = lab.daemon(ip_ranges=[("10.77.1.1", "10.77.1.8")]).start()
    holders = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(8)}
    assert len(set(holders.values())) == 8
    station.silence(station.discover(mac_of(100)), 0.5)
    daemon.wait_for("no free address")
    for mac, address in holders.items():
        assert station.answer(station.reboot(mac, address))[1].kind == ACK
    leaving, freed = next(iter(holders.items()))
    station.send(message(7, leaving, station.xid(), ciaddr=freed, options=((54, packed(SERVER)),)), leaving,
                 destination_mac=SERVER_MAC, source=freed, destination=SERVER)
    wait_until(lambda: f"released {freed}" in daemon.log(), "the release")
    assert station.lease(mac_of(100)).yiaddr == freed


def test_declined_address_is_given_to_nobody_unless_a_probe_finds_it_free(lab: Lab, client: Machine, station: Station) -> None:
    """RFC 2131 section 4.3.3: marked as not available, and the administrator is told. It is the last resort for a client that
    would go without."""
    daemon = lab.daemon(ip_ranges=[("10.77.1.1", "10.77.1.2")]).start()
    first = station.lease(mac_of(1)).yiaddr
    station.send(message(4, mac_of(1), station.xid(), options=((50, packed(first)), (54, packed(SERVER)))), mac_of(1))
    daemon.wait_for(f"declined {first}")
    other = station.lease(mac_of(1)).yiaddr
    assert other != first
    assert first in daemon.prompt("hosts")
    assert station.offer(mac_of(2)).yiaddr == first
    assert station.answer(station.reboot(mac_of(1), first))[1].kind == NAK


def test_expired_lease_is_told_and_given_again(lab: Lab, client: Machine, station: Station) -> None:
    """RFC 2131 section 2.2: an address whose lease has ended is free; until then it is not."""
    daemon = lab.daemon(ip_address_lease_time=2, minimum_lease_time=2, ip_ranges=[("10.77.1.1", "10.77.1.1")]).start()
    address = station.lease(mac_of(1)).yiaddr
    xid = station.discover(mac_of(2))
    station.silence(xid, 0.5)
    daemon.wait_for(f"expired {address}")
    assert address not in daemon.prompt("hosts")
    assert station.lease(mac_of(2)).yiaddr == address
    station.send(message(REQUEST, mac_of(1), xid := station.xid(), options=((50, packed(address)),)), mac_of(1))
    assert not [one for _, one in station.waiting() if one.xid == xid and one.kind == ACK]
