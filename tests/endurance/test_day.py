"""Hardening 33: descriptors, threads and memory after a day of it are as at the start. A short run of `day.py`, its clocks, and
that what its clients are to find out they do find out."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from random import Random

import pytest
from day import CLOCKS, day
from faster import VARIABLE, Clock
from lab import reason_to_skip
from messages import ACK, NAK, NONE, REQUEST, Message, mac_text
from population import Client, Population

HOURS, SPEED, CLIENTS = 2.0, 360.0, 100
ADDRESS, OTHER = "10.77.4.1", "10.77.4.2"
LEASE = 3600
TELL = """
import select, signal, socket, threading, time
begin = time.monotonic()
time.sleep(60)
threading.Event().wait(60)
select.poll().poll(60000)
signal.sigtimedwait([signal.SIGUSR1], 60)
one, other = socket.socketpair()
one.settimeout(60)
try:
    one.recv(1)
except TimeoutError:
    print(time.monotonic() - begin, time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.mktime(time.localtime()))
"""


@pytest.mark.namespaces
def test_a_short_day_leaves_no_trace() -> None:
    if reason := reason_to_skip():
        pytest.skip(reason)
    lived = day(HOURS, SPEED, CLIENTS, seed=1)
    assert lived.broken == []
    count = lived.population.count
    assert count["leases held on to by renewing"] >= CLIENTS / 10
    assert min(count[kind] for kind in ("RELEASE", "answers to INFORM", "answers to LEASEQUERY", "vanished")) >= 1
    assert (lived.administrator.sessions, lived.administrator.reloads, lived.administrator.changes) >= (8, 1, 1)


def test_a_program_that_is_given_the_clock_goes_by_it_in_all_that_it_asks_and_waits_for() -> None:
    clock, began = Clock.of_now(SPEED), time.monotonic()
    told = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, check=True, timeout=60,
                          env={**os.environ, "PYTHONPATH": str(CLOCKS), VARIABLE: clock.words()})
    passed, wall, boot, local = map(float, told.stdout.split())
    assert 299 < passed < (time.monotonic() - began) * SPEED
    for one, now in ((wall, clock.wall()), (boot, clock.gettime(time.CLOCK_BOOTTIME)), (local, clock.wall())):
        assert now - 60 * SPEED < one <= now


# --- what the clients find out


class Place:
    """In place of a link: what is sent is heard by nobody."""

    giaddr, hops = "0.0.0.0", 0

    def __init__(self) -> None:
        self.station = self.arp = self
        self._reading, self._writing = os.pipe()

    def fileno(self) -> int:
        return self._reading

    def close(self) -> None:
        os.close(self._reading)
        os.close(self._writing)

    def options(self, number: int) -> tuple[tuple[int, bytes], ...]:
        return ()

    def broadcast(self, *_: object) -> None:
        pass

    unicast = broadcast


@pytest.fixture
def played() -> Iterator["Played"]:
    made = Played()
    yield made
    made.close()


class Played:
    """Two clients, a clock that is turned by hand, and the server's part."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.place = Place()
        self.population = Population([self.place], 2, lambda: self.now, NoChance(1), 1.0)
        self.first, self.second = self.population.clients
        self.first.leaves = self.second.leaves = 1e9

    def close(self) -> None:
        self.place.close()

    def answer(self, client: Client, kind: int, address: str = ADDRESS) -> None:
        """The server answers what a client has asked."""
        options = {53: bytes((kind,)), 51: LEASE.to_bytes(4, "big"), 54: b"\x0a\x4d\0\1"}
        self.population._hear_reply(Message(2, 1, 6, 0, client.xid, 0, 0, NONE, address, NONE, NONE, client.mac, options))

    def lease(self, client: Client, address: str = ADDRESS) -> None:
        """It gets a lease."""
        self.population._ask(client, "requesting", REQUEST)
        self.answer(client, ACK, address)

    def renew(self, client: Client, at: float = LEASE / 4) -> None:
        """It asks for its lease again, so long after it has got it."""
        self.now += at
        self.population._renew(client)


class NoChance(Random):
    """Nothing is done that is done now and then."""

    def random(self) -> float:
        return 1.0


def test_what_is_as_it_must_be_is_no_fault(played: Played) -> None:
    played.lease(played.first)
    played.lease(played.second, OTHER)
    for client, address in ((played.first, ADDRESS), (played.second, OTHER)):
        played.renew(client)
        played.answer(client, ACK, address)
    assert (played.population.broken, played.population.count["leases held on to by renewing"]) == ([], 2)


def test_an_address_that_is_given_twice_is_found_out(played: Played) -> None:
    played.lease(played.first)
    played.lease(played.second)
    (words,) = played.population.broken
    assert f"{ADDRESS} was given to {mac_text(played.second.mac)}, and is {mac_text(played.first.mac)}'s" in words


def test_an_address_may_be_given_again_when_its_lease_has_ended(played: Played) -> None:
    played.lease(played.first)
    played.now += LEASE + 1
    played.lease(played.second)
    assert played.population.broken == []


@pytest.mark.parametrize(("kind", "address", "words"), [
    (NAK, NONE, "was refused 10.77.4.1, renewing, which was its own"), (ACK, OTHER, "was given 10.77.4.2")])
def test_a_lease_that_is_not_extended_is_found_out(played: Played, kind: int, address: str, words: str) -> None:
    played.lease(played.first)
    played.renew(played.first)
    played.answer(played.first, kind, address)
    (found,) = played.population.broken
    assert words in found


def test_a_lease_that_ends_though_it_was_asked_for_is_found_out(played: Played) -> None:
    played.lease(played.first)
    played.renew(played.first)
    played.renew(played.first, LEASE)
    (words,) = played.population.broken
    assert "ended unanswered" in words
