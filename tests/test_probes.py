"""The memory of probes (RFC 2131 section 2.2, rule 23): outcomes by address, client and time."""

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from pydhcpd.probes import ANYWHERE, REMEMBERED, Probes, State

ADDRESS, OTHER_ADDRESS = 0x0A4D0005, 0x0A4D0006
CLIENT, OTHER_CLIENT = b"client", b"another"
OWN, OTHER = bytes.fromhex("027700000001"), bytes.fromhex("027700000002")
WAIT, BEGAN = 0.5, 1000.0
END = BEGAN + WAIT


@pytest.fixture
def probes() -> Probes:
    """One probe for CLIENT, on eth0."""
    made = Probes(10)
    made.begin(ADDRESS, CLIENT, OWN, "eth0", BEGAN, WAIT)
    return made


@pytest.mark.parametrize(("now", "state"), [
    (BEGAN, State.WAITING),
    (END - 0.001, State.WAITING),
    (END, State.FREE),
    (END + REMEMBERED - 0.001, State.FREE),
    (END + REMEMBERED, State.UNKNOWN),
])
def test_silence_means_free_for_a_time(probes: Probes, now: float, state: State) -> None:
    assert probes.state(ADDRESS, CLIENT, now) is state


@pytest.mark.parametrize(("now", "state"), [
    (END - 0.1, State.IN_USE),
    (END, State.IN_USE),
    (END + REMEMBERED - 0.001, State.IN_USE),
    (END + REMEMBERED, State.UNKNOWN),
])
def test_an_answer_means_in_use_for_a_time(probes: Probes, now: float, state: State) -> None:
    assert probes.heard(ADDRESS, OTHER, "eth0", BEGAN + 0.1)
    assert probes.state(ADDRESS, CLIENT, now) is state


@pytest.mark.parametrize(("hardware", "interface", "now"), [
    (OWN, "eth0", BEGAN + 0.1),  # the client itself uses it
    (OTHER, "eth1", BEGAN + 0.1),  # of another link, where the address may mean another host
    (OTHER, ANYWHERE, BEGAN + 0.1),  # an echo that this probe did not ask for
    (OTHER, "eth0", END),  # too late: the client may have it
])
def test_what_is_no_answer(probes: Probes, hardware: bytes, interface: str, now: float) -> None:
    assert not probes.heard(ADDRESS, hardware, interface, now)
    assert probes.state(ADDRESS, CLIENT, END) is not State.IN_USE


def test_late_answer_makes_what_was_free_unknown(probes: Probes) -> None:
    probes.heard(ADDRESS, OTHER, "eth0", END + 1)
    assert probes.state(ADDRESS, CLIENT, END + 1) is State.UNKNOWN


def test_the_client_that_announces_its_address_leaves_it_free(probes: Probes) -> None:
    """RFC 2131 section 4.4.1: the client asks for the address itself, and announces it (RFC 5227 section 2.3)."""
    probes.heard(ADDRESS, OWN, "eth0", END + 1)
    assert probes.state(ADDRESS, CLIENT, END + 1) is State.FREE


def test_an_address_becomes_in_use_once(probes: Probes) -> None:
    """So that it is reported once, however often its user is heard."""
    assert [probes.heard(ADDRESS, OTHER, "eth0", BEGAN + 0.1) for _ in range(3)] == [True, False, False]


def test_echo_reply_answers_a_question_asked_far_away() -> None:
    probes = Probes(10)
    probes.begin(ADDRESS, CLIENT, OWN, ANYWHERE, BEGAN, WAIT)
    assert not probes.heard(ADDRESS, OTHER, "eth0", BEGAN + 0.1)  # another host of the same number, on our own link
    assert probes.heard(ADDRESS, b"", ANYWHERE, BEGAN + 0.1)


def test_client_without_hardware_address_is_no_excuse() -> None:
    """RFC 4390: hlen is 0, and so is no sender's hardware address the client's."""
    probes = Probes(10)
    probes.begin(ADDRESS, CLIENT, b"", ANYWHERE, BEGAN, WAIT)
    assert probes.heard(ADDRESS, b"", ANYWHERE, BEGAN + 0.1)


def test_an_outcome_is_for_one_client_and_one_address(probes: Probes) -> None:
    assert probes.state(ADDRESS, OTHER_CLIENT, END) is State.UNKNOWN
    assert probes.state(OTHER_ADDRESS, CLIENT, END) is State.UNKNOWN
    assert not probes.heard(OTHER_ADDRESS, OTHER, "eth0", BEGAN)


def test_a_probe_takes_the_place_of_an_earlier_one(probes: Probes) -> None:
    probes.heard(ADDRESS, OTHER, "eth0", BEGAN)
    probes.begin(ADDRESS, OTHER_CLIENT, OTHER, "eth0", BEGAN + 1, WAIT)
    assert probes.state(ADDRESS, OTHER_CLIENT, BEGAN + 1) is State.WAITING
    assert probes.state(ADDRESS, CLIENT, BEGAN + 1) is State.BUSY
    assert probes.state(ADDRESS, CLIENT, BEGAN + 1 + WAIT) is State.UNKNOWN
    assert len(probes) == 1


@pytest.mark.parametrize(("client", "now", "remaining"), [
    (CLIENT, BEGAN, 0.5), (CLIENT, BEGAN + 0.25, 0.25), (CLIENT, END, 0.0), (CLIENT, END + REMEMBERED, 0.0),
    (OTHER_CLIENT, BEGAN, 0.0),
])
def test_what_remains_of_the_wait(probes: Probes, client: bytes, now: float, remaining: float) -> None:
    assert probes.remaining(ADDRESS, client, now) == remaining


def test_nothing_remains_of_the_wait_after_an_answer(probes: Probes) -> None:
    probes.heard(ADDRESS, OTHER, "eth0", BEGAN)
    assert probes.remaining(ADDRESS, CLIENT, BEGAN) == 0.0


def test_forgotten(probes: Probes) -> None:
    assert ADDRESS in probes
    probes.forget(ADDRESS)
    probes.forget(ADDRESS)
    assert ADDRESS not in probes
    assert probes.state(ADDRESS, CLIENT, BEGAN) is State.UNKNOWN


def test_over_the_limit_the_oldest_are_forgotten() -> None:
    probes = Probes(3)
    for number in range(5):
        probes.begin(number, CLIENT, OWN, "eth0", BEGAN + number / 100, WAIT)
    probes.begin(2, CLIENT, OWN, "eth0", BEGAN + 0.1, WAIT)  # is the newest now
    probes.begin(5, CLIENT, OWN, "eth0", BEGAN + 0.1, WAIT)
    assert [number for number in range(6) if number in probes] == [2, 4, 5]


def test_outcomes_too_old_to_count_are_forgotten(probes: Probes) -> None:
    for number in range(5):
        probes.begin(number, CLIENT, OWN, "eth0", END + REMEMBERED, WAIT)
    assert len(probes) == 5 and ADDRESS not in probes


# --- any order of events, against their history


@dataclass
class Begun:
    """A probe, and who was heard of its address afterwards."""

    client: bytes
    hardware: bytes
    interface: str
    at: float
    wait: float
    heard: list[tuple[bytes, str, float]]

    def state(self, now: float) -> State:
        """What the module's description says of it."""
        end = self.at + self.wait
        others = [at for hardware, interface, at in self.heard if interface == self.interface and hardware != self.hardware]
        in_time = any(at < end for at in others)
        if now >= end + REMEMBERED or (others and not in_time):
            return State.UNKNOWN
        return State.IN_USE if in_time else State.FREE if now >= end else State.WAITING


ADDRESSES, CLIENTS = st.integers(1, 3), st.sampled_from([CLIENT, OTHER_CLIENT])
HARDWARE, INTERFACES = st.sampled_from([OWN, OTHER]), st.sampled_from(["eth0", "eth1"])


class Life(RuleBasedStateMachine):
    """Probes with room enough, and the history of what happened to them."""

    def __init__(self) -> None:
        super().__init__()
        self.probes, self.now = Probes(100), BEGAN
        self.begun: dict[int, Begun] = {}

    @rule(address=ADDRESSES, client=CLIENTS, hardware=HARDWARE, interface=INTERFACES, wait=st.sampled_from([0.25, 0.5, 4.0]))
    def begin(self, address: int, client: bytes, hardware: bytes, interface: str, wait: float) -> None:
        self.probes.begin(address, client, hardware, interface, self.now, wait)
        self.begun[address] = Begun(client, hardware, interface, self.now, wait, [])

    @rule(address=ADDRESSES, hardware=HARDWARE, interface=INTERFACES)
    def hear(self, address: int, hardware: bytes, interface: str) -> None:
        begun = self.begun.get(address)
        before = begun and begun.state(self.now)
        if begun:
            begun.heard.append((hardware, interface, self.now))
        after = begun and begun.state(self.now)
        found = self.probes.heard(address, hardware, interface, self.now)
        assert found == (before is State.WAITING and after is State.IN_USE)

    @rule(address=ADDRESSES)
    def forget(self, address: int) -> None:
        self.probes.forget(address)
        self.begun.pop(address, None)

    @rule(seconds=st.sampled_from([0.125, 0.25, 0.5, 10.0, REMEMBERED]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def states_follow_from_the_history(self) -> None:
        for address in range(1, 4):
            begun = self.begun.get(address)
            for client in (CLIENT, OTHER_CLIENT):
                is_its = begun is not None and begun.client == client
                is_over = begun is None or self.now >= begun.at + begun.wait
                expected = begun.state(self.now) if is_its else State.UNKNOWN if is_over else State.BUSY
                assert self.probes.state(address, client, self.now) is expected
                assert (self.probes.remaining(address, client, self.now) > 0) == (expected is State.WAITING)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
