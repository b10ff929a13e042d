"""Ports that are opened while still root."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pydhcpd.process import privileges
from pydhcpd.process.privileges import Ports, open_ports

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from lab import Machine, reason_to_skip

CONFIGURATION: Any = {"control_address": "127.0.0.1", "control_port": 0, "bulk_leasequery": False, "leasequery_from": ()}


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


def close(ports: Ports) -> None:
    """Close them all."""
    for descriptor in ports.descriptors():
        os.close(descriptor)
    for one in (ports.udp, ports.packet, ports.arp, ports.icmp):
        if one is not None:
            one.detach()


@pytest.mark.namespaces
def test_sockets_for_probes_are_opened_with_the_others(machine: Machine) -> None:
    """Even where nothing is probed, for a reload may ask for it."""
    ports = machine.open(lambda: open_ports(CONFIGURATION))
    try:
        assert ports.arp is not None and ports.icmp is not None
        assert (ports.arp.family, ports.icmp.family) == (socket.AF_PACKET, socket.AF_INET)
        assert not os.get_blocking(ports.arp.fileno()) and not os.get_blocking(ports.icmp.fileno())
        kept = [one.fileno() for one in (ports.udp, ports.packet, ports.arp, ports.icmp)]
        assert sorted(ports.descriptors()) == sorted(kept)  # detaching must leave them open
    finally:
        close(ports)


@pytest.mark.namespaces
@pytest.mark.parametrize("reason", [PermissionError(1, "not permitted"), OSError(97, "family not supported")])
def test_server_starts_without_sockets_for_probes_where_they_are_forbidden(
        machine: Machine, monkeypatch: pytest.MonkeyPatch, reason: OSError) -> None:
    """EAFNOSUPPORT is how systemd's RestrictAddressFamilies= forbids."""
    def forbidden() -> socket.socket:
        raise reason
    monkeypatch.setattr(privileges, "open_arp", forbidden)
    monkeypatch.setattr(privileges, "open_icmp", forbidden)
    ports = machine.open(lambda: open_ports(CONFIGURATION))
    try:
        assert ports.arp is None and ports.icmp is None
        assert len(ports.descriptors()) == 2
    finally:
        close(ports)


def test_descriptors_are_of_what_is_open() -> None:
    one: Any = SimpleNamespace(fileno=lambda: 5)
    assert Ports(one, one, None).descriptors() == [5, 5]
    assert Ports(one, one, one, None, one).descriptors() == [5] * 4
