"""A client without an address that asks the server by unicast: from 0.0.0.0, which the kernel gives to no UDP socket."""

import struct

import pytest
from lab import SERVER, SERVER_MAC, Daemon, Lab, Machine
from messages import ACK, DISCOVER, OFFER, REQUEST, frame, mac_of, message, ones_sum, packed
from station import Station

pytestmark = pytest.mark.namespaces


def ask(station: Station, number: int, kind: int, xid: int, *options: tuple[int, bytes], **where: object) -> None:
    """A message from 0.0.0.0 in a frame to the server's hardware address."""
    mac = mac_of(number)
    station.send(message(kind, mac, xid, options=options), mac,
                 **{"destination": SERVER, "destination_mac": SERVER_MAC, **where})


@pytest.mark.sandbox
def test_whole_exchange_by_unicast(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 4.1 wants broadcasts of such a client; one that knows its server gets an answer all the same."""
    ask(station, 1, DISCOVER, 1)
    offer = station.answer(1, OFFER)[1]
    ask(station, 1, REQUEST, 1, (50, packed(offer.yiaddr)), (54, offer.options[54]))
    assert station.answer(1, ACK)[1].yiaddr == offer.yiaddr


def test_it_works_without_privileges(lab: Lab, station: Station) -> None:
    """The socket was opened as root."""
    lab.daemon(user="nobody", group="nogroup").start()
    ask(station, 1, DISCOVER, 1)
    station.answer(1, OFFER)


@pytest.mark.parametrize("where", [
    {"destination": "255.255.255.255"},  # in a frame to us alone: the UDP socket has it
    {"destination": "0.0.0.0"},
    {"destination": "224.0.0.1"},  # all hosts: the kernel lets these have no source
    {"destination": "255.255.255.255", "destination_mac": b"\xff" * 6},
])
def test_broadcasts_are_heard_once(daemon: Daemon, station: Station, where: dict[str, object]) -> None:
    """By the one socket or the other."""
    ask(station, 1, DISCOVER, 1, **where)
    station.answer(1, OFFER)
    station.silence(1, 0.5)


@pytest.mark.parametrize("error", [0, 1])
def test_checksum_must_be_right_where_there_is_one(daemon: Daemon, station: Station, error: int) -> None:
    """RFC 1122 section 4.1.3.4."""
    mac = mac_of(1)
    data = frame(message(DISCOVER, mac, 1), mac, SERVER_MAC, destination=SERVER)
    pseudo = data[26:34] + struct.pack(">HH", 17, len(data) - 34)
    checksum = (ones_sum(pseudo + data[34:]) ^ 0xFFFF) + error
    station.send_frame(data[:40] + struct.pack(">H", checksum) + data[42:])
    if error:
        station.silence(1, 0.5)
    else:
        station.answer(1, OFFER)


@pytest.mark.parametrize("where", [
    {"destination": "10.77.0.2"},  # not our address
    {"destination": "10.77.255.255"},
    {"destination_mac": mac_of(9)},  # nor our frame
])
def test_what_is_not_for_us_is_left_alone(daemon: Daemon, station: Station, where: dict[str, object]) -> None:
    """Whoever listens on a packet socket must do the kernel's work."""
    ask(station, 1, DISCOVER, 1, **where)
    station.silence(1, 0.5)


def test_interface_that_is_not_served_is_silent(lab: Lab, client: Machine, daemon: Daemon) -> None:
    """As for all else."""
    lab.cable(client, "s1", "c1")
    lab.server.ip(f"link set s1 address {SERVER_MAC.hex(':')}", "addr add 10.90.0.1/24 brd + dev s1")
    station = lab.keep(Station(client, "c1"))
    ask(station, 1, DISCOVER, 1, destination="10.90.0.1")
    station.silence(1, 0.5)
