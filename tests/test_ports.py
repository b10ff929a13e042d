"""Ports that are opened while still root."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydhcpd import ports as module
from pydhcpd.neighbours import Ours
from pydhcpd.ports import ANSWERS, ARP, ICMP, PACKET, UDP, UNADDRESSED, open_ports

sys.path.insert(0, str(Path(__file__).resolve().parent / "system"))
from lab import Machine, reason_to_skip

NAMELESS = Ours((), lambda interfaces: [])


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A network namespace, in which port 67 is ours."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    made = Machine("server")
    try:
        yield made
    finally:
        made.close()


@contextmanager
def closing_all(ports: dict[str, socket.socket]) -> Iterator[dict[str, socket.socket]]:
    """Close them in the end."""
    try:
        yield ports
    finally:
        for one in ports.values():
            one.close()


@pytest.mark.namespaces
def test_sockets_for_probes_are_opened_with_the_others(machine: Machine) -> None:
    """Even where nothing is probed, for a reload may ask for it."""
    with closing_all(machine.open(lambda: open_ports(NAMELESS, {}))) as ports:
        assert set(ports) == {UDP, PACKET, ARP, ICMP, UNADDRESSED, ANSWERS}
        assert (ports[ARP].family, ports[ICMP].family) == (socket.AF_PACKET, socket.AF_INET)
        assert not os.get_blocking(ports[ARP].fileno()) and not os.get_blocking(ports[ICMP].fileno())


@pytest.mark.namespaces
@pytest.mark.parametrize("reason", [PermissionError(1, "not permitted"), OSError(97, "family not supported")])
def test_server_starts_without_sockets_that_are_forbidden_where_it_can(
        machine: Machine, monkeypatch: pytest.MonkeyPatch, reason: OSError) -> None:
    """EAFNOSUPPORT is how systemd's RestrictAddressFamilies= forbids."""
    def forbidden() -> socket.socket:
        raise reason
    monkeypatch.setattr(module, "DISPENSABLE", dict.fromkeys((ARP, ICMP, UNADDRESSED, ANSWERS), forbidden))
    with closing_all(machine.open(lambda: open_ports(NAMELESS, {}))) as ports:
        assert set(ports) == {UDP, PACKET}


@pytest.mark.namespaces
def test_what_services_want_is_opened_with_the_rest(machine: Machine) -> None:
    wanted = {"page": lambda: socket.create_server(("127.0.0.1", 0))}
    with closing_all(machine.open(lambda: open_ports(NAMELESS, wanted))) as ports:
        assert ports["page"].family == socket.AF_INET
