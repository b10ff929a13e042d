"""Real packets of real clients, sent again: each well-formed DISCOVER gets an OFFER, and nothing harms the daemon."""

import os
import struct
from pathlib import Path

import pytest
from lab import ROOT, SERVER, SERVER_MAC, Daemon, Lab, Machine
from messages import BROADCAST_FLAG, DISCOVER, OFFER, Frame, Malformed, Message, mac_of, read
from station import Station

pytestmark = pytest.mark.namespaces
GIADDR = slice(24, 28)  # in a message (RFC 2131 section 2)
PCAP_HEADER, RECORD_HEADER, ETHERNET = 24, struct.Struct("<IIII"), 1


def captures() -> Path:
    """Where the captures are: named by PYDHCPD_CAPTURES, or beside the repository."""
    directory = Path(os.environ.get("PYDHCPD_CAPTURES") or ROOT.parent / "shared" / "captures")
    file = directory / "real.pcap"
    if not file.exists():
        pytest.skip(f"{file} is not there (PYDHCPD_CAPTURES names its directory)")
    return file


def frames(file: Path) -> list[Frame]:
    """The UDP datagrams of a pcap file (little-endian, Ethernet)."""
    data, place, found = file.read_bytes(), PCAP_HEADER, []
    assert data[:4] == b"\xd4\xc3\xb2\xa1" and struct.unpack_from("<I", data, 20)[0] == ETHERNET
    while place < len(data):
        *_, length, _ = RECORD_HEADER.unpack_from(data, place)
        place += RECORD_HEADER.size
        found.append(Frame(data[place:place + length]))
        place += length
    return [one for one in found if one.is_udp()]


def is_discover(payload: bytes) -> bool:
    """Whether it is a well-formed DISCOVER: readable to its End, by table 5 of RFC 2131 without ciaddr and option 54."""
    try:
        one = read(payload)
    except Malformed:
        return False
    return one.op == 1 and one.options.get(53) == bytes((DISCOVER,)) and one.ciaddr == "0.0.0.0" and 54 not in one.options


@pytest.fixture
def payloads(request: pytest.FixtureRequest) -> list[bytes]:
    """The captured messages. The lab is made after this, for it may be skipped."""
    return [one.payload for one in frames(captures())]


def test_every_well_formed_discover_gets_an_offer(payloads: list[bytes], lab: Lab, client: Machine, station: Station) -> None:
    """As their clients sent them, but for giaddr, whose network is not ours."""
    lab.daemon(router=SERVER, domain_name_server=["192.0.2.53"], domain_name="lab.example").start()
    discovers = [one[:24] + b"\0" * 4 + one[28:] for one in payloads if is_discover(one)]
    assert len(discovers) > 50
    unanswered = []
    for payload in discovers:
        sent = read(payload)
        station.waiting()
        station.send(payload, sent.chaddr[:6])
        heard = offer_to(station, sent)
        if heard is None:
            unanswered.append(sent)
        else:
            check(*heard, sent)
    assert unanswered == []


def offer_to(station: Station, sent: Message) -> tuple[Frame, Message] | None:
    """The OFFER to a DISCOVER, or None."""
    try:
        return station.wait_for(lambda _, one: one.kind == OFFER and (one.xid, one.chaddr) == (sent.xid, sent.chaddr), "", 1.5)
    except AssertionError:
        return None


def check(frame: Frame, offer: Message, sent: Message) -> None:
    """RFC 2131 section 4.3.1, table 3; RFC 6842; section 4.1."""
    assert (offer.htype, offer.hlen, offer.flags, offer.giaddr) == (sent.htype, sent.hlen, sent.flags, "0.0.0.0")
    assert offer.yiaddr.startswith("10.77.") and offer.address(54) == SERVER and 51 in offer.options
    assert offer.options.get(61) == (sent.options.get(61) or None)
    assert (frame.destination == "255.255.255.255") == bool(sent.flags & BROADCAST_FLAG)
    assert (145 in offer.options) == (145 in sent.options), "RFC 6704 section 3.1: that both know nonces"
    assert set(offer.codes) - {51, 53, 54, 58, 59, 61, 82, 145} <= set(sent.options.get(55, bytes(range(256))))


def test_no_captured_message_harms_the_daemon(payloads: list[bytes], daemon: Daemon, station: Station) -> None:
    """Of any kind, malformed ones too, broadcast and by unicast; afterwards it serves."""
    for payload in payloads:
        mac = payload[28:34] if len(payload) > 34 else mac_of(1)
        station.send(payload, mac)
        station.send(payload, mac, source="10.77.0.2", destination_mac=SERVER_MAC, destination=SERVER, source_port=67)
    assert station.lease(mac_of(1)).yiaddr.startswith("10.77.")
    assert "hosts" in daemon.prompt("help") and "Active Hosts" in daemon.prompt("hosts")
    assert "Traceback" not in daemon.log() and "failed" not in daemon.log()
