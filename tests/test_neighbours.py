"""Port 67 and who else holds it: what follows from what the kernel tells (real servers: system/test_live_neighbours.py)."""

import errno
import logging
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pydhcpd import neighbours
from pydhcpd.errors import InvalidValue
from pydhcpd.neighbours import Ours, PortWatch, open_beside_others
from pydhcpd.net.holders import Holder
from pydhcpd.net.interfaces import Interface

sys.path.insert(0, str(Path(__file__).resolve().parent / "system"))
from lab import Machine, reason_to_skip

DEVICE = 25  # SO_BINDTODEVICE


def interface(index: int, name: str, master: int = 0, role: str = "") -> Interface:
    return Interface(index, name, bytes(6), True, False, 1500, True, (), master if role == "vrf" else 0, False, master, role)


ETH1, VIRBR0, RED, ETH2 = interface(2, "eth1"), interface(3, "virbr0"), interface(4, "red"), interface(5, "eth2", 4, "vrf")
INTERFACES = {one.index: one for one in (ETH1, VIRBR0, RED, ETH2)}
EVERYWHERE, ON_ETH1, ON_VIRBR0, ON_RED = (Holder(0, index, 12345, 100 + index) for index in (0, 2, 3, 4))
UNKNOWN = "another program (uid 12345)"
HELD = f"{UNKNOWN}, which holds UDP port 67 there; see: ss -ulpn sport = :67"


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[Holder]]:
    """What the kernel tells, look by look; the last one for ever."""
    looks: list[list[Holder]] = []
    monkeypatch.setattr(neighbours, "holders_of", lambda number: looks.pop(0) if len(looks) > 1 else looks[0])
    monkeypatch.setattr(neighbours, "ON_THE_WAY", 0.0)
    return looks


@pytest.fixture
def own() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        yield made


def test_looks_tell_what_has_changed(told: list[list[Holder]], own: socket.socket) -> None:
    watch = PortWatch(own)
    ours = Holder(0, 0, 0, neighbours.inode_of(own))
    for holders, changed in (([ours], False), ([ours, ON_VIRBR0], True), ([ON_VIRBR0, ours], False), ([ours], True)):
        told[:] = [holders]
        assert watch.look() is changed


def test_server_that_is_about_to_bind_to_its_interface_is_not_taken_for_another(told: list[list[Holder]],
                                                                                own: socket.socket) -> None:
    """dnsmasq opens the port first and keeps to its interface afterwards."""
    told[:] = [[Holder(0, 0, 12345, 103)], [ON_VIRBR0]]
    watch = PortWatch(own)
    assert watch.look()
    assert watch.held([]) == {3: HELD}


@pytest.mark.parametrize(("kept", "held"), [
    ([], {2: HELD, 3: HELD, 4: HELD}), ([ETH1], {3: HELD, 4: HELD}), ([ETH2], {2: HELD, 3: HELD}),
])
def test_what_is_held_but_for_what_is_kept(told: list[list[Holder]], own: socket.socket, kept: list[Interface],
                                           held: dict[int, str]) -> None:
    """Who is bound to a VRF hears all interfaces of it."""
    told[:] = [[ON_ETH1, ON_VIRBR0, ON_RED, EVERYWHERE]]
    watch = PortWatch(own)
    watch.look()
    assert watch.held(kept) == held


@pytest.mark.parametrize(("holder", "level", "words"), [
    (ON_VIRBR0, logging.INFO, f"interface virbr0 is left to {UNKNOWN}, which holds UDP port 67 there"),
    (ON_ETH1, logging.ERROR, f"{UNKNOWN} has come to hold UDP port 67 on eth1 as well"),
    (ON_RED, logging.ERROR, f"{UNKNOWN} has come to hold UDP port 67 on eth2 as well"),
    (EVERYWHERE, logging.ERROR, f"{UNKNOWN} has come to hold UDP port 67 on all interfaces as well"),
    (Holder(0xC0A87A01, 0, 12345, 9), logging.ERROR, "on address 192.168.122.1 as well"),
    (Holder(0, 99, 12345, 9), logging.INFO, "interface number 99 is left to"),
])
def test_each_is_told_once_until_it_comes_again(told: list[list[Holder]], own: socket.socket, caplog: pytest.LogCaptureFixture,
                                                holder: Holder, level: int, words: str) -> None:
    caplog.set_level(logging.INFO)
    watch = PortWatch(own)
    for holders, lines in (([holder], 1), ([holder], 1), ([], 1), ([holder], 2)):
        told[:] = [holders]
        watch.look()
        watch.tell([ETH1, ETH2], INTERFACES)
        assert [record.levelno for record in caplog.records] == [level] * lines
    assert words in caplog.text


# --- with a kernel


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A network namespace, in which port 67 is ours."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    made = Machine("server")
    made.ip("link add eth1 type veth", "link add virbr0 type veth")
    try:
        yield made
    finally:
        made.close()


def other(device: str = "", reuse: bool = True) -> socket.socket:
    """Another program's socket."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
    if device:
        made.setsockopt(socket.SOL_SOCKET, DEVICE, device.encode())
    made.bind(("", 67))
    return made


def opened_beside(machine: Machine, make: Callable[[], socket.socket]) -> None:
    """Open the port in the machine beside another's, and close both."""
    with machine.open(make), machine.open(lambda: open_beside_others(Ours(["eth1"], lambda interfaces: []))):
        pass


@pytest.mark.namespaces
def test_port_is_shared_with_who_keeps_to_his_interface(machine: Machine) -> None:
    opened_beside(machine, lambda: other("virbr0"))
    with machine.open(lambda: open_beside_others(Ours(["eth1"], lambda interfaces: []))), machine.open(lambda: other("virbr0")):
        pass


@pytest.mark.namespaces
@pytest.mark.parametrize(("device", "reuse", "words"), [
    ("", True, "on all interfaces is held by another program"), ("eth1", True, "on eth1 is held by another program"),
    ("virbr0", False, "it is not shared by another program"),
])
def test_port_is_refused_where_another_is_in_our_way(machine: Machine, device: str, reuse: bool, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        opened_beside(machine, lambda: other(device, reuse))


@pytest.mark.namespaces
@pytest.mark.parametrize(("wanted", "refused"), [(["virbr0"], True), (["virbr0", "eth1"], False), ([], False)])
def test_where_no_interface_is_named_one_must_be_left(machine: Machine, wanted: list[str], refused: bool) -> None:
    """Else the server would wait for ever for what another has."""
    ours = Ours((), lambda interfaces: [one for one in interfaces.values() if one.name in wanted])
    with machine.open(lambda: other("virbr0")), ExitStack() as stack:
        if refused:
            stack.enter_context(pytest.raises(InvalidValue, match="on virbr0 is held by another program"))
        machine.open(lambda: open_beside_others(ours)).close()


@pytest.mark.namespaces
def test_port_is_ours_alone_where_the_kernel_does_not_tell(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sock_diag there is no telling who comes: nobody may."""
    def silent(number: int) -> list[Holder]:
        raise OSError(errno.ENOENT, "no such thing")
    monkeypatch.setattr(neighbours, "holders_of", silent)
    with machine.open(lambda: open_beside_others(Ours(["eth1"], lambda interfaces: []))) as own:
        with pytest.raises(OSError, match="in use"):
            machine.open(lambda: other("virbr0"))
        assert not PortWatch(own).look()
