"""Probes: the form of the packets, judged by scapy, and questions and answers between network namespaces."""

import ctypes
import logging
import queue
import select
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP
from scapy.layers.l2 import ARP, Ether
from scapy.packet import Packet, Raw

from pydhcpd.addresses import address_from, address_text
from pydhcpd.net import probe
from pydhcpd.net.probe import Prober, User, arp_probe, arp_sender, echo_request, echo_sender, open_arp, open_icmp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))
from lab import PATIENCE, SERVER, SERVER_MAC, Lab, Machine, reason_to_skip
from messages import mac_of
from station import open_packet_socket

OWN, OTHER = bytes.fromhex("020000000001"), bytes.fromhex("020000000002")
ADDRESS = address_from("10.77.0.5")
ETH_P_ALL = 3
SECRET = bytes(32)
ADDRESSES = st.integers(1, 0xFFFFFFFF)
EVERYONE = "ff:ff:ff:ff:ff:ff"


# --- ARP


def test_arp_probe_has_the_form_of_rfc_5227_2_1_1() -> None:
    asked = ARP(arp_probe(OWN, ADDRESS))
    assert (asked.hwtype, asked.ptype, asked.hwlen, asked.plen, asked.op) == (1, 0x0800, 6, 4, 1)
    assert (asked.hwsrc, asked.psrc) == ("02:00:00:00:00:01", "0.0.0.0")
    assert (asked.hwdst, asked.pdst) == ("00:00:00:00:00:00", "10.77.0.5")
    assert bytes(asked) == arp_probe(OWN, ADDRESS) and len(asked) == 28


@pytest.mark.parametrize(("packet", "sender"), [
    (ARP(op=2, hwsrc=OTHER, psrc="10.77.0.5", hwdst=OWN, pdst="0.0.0.0"), (ADDRESS, OTHER)),  # a reply to us
    (ARP(op=1, hwsrc=OTHER, psrc="10.77.0.5", pdst="10.77.0.9"), (ADDRESS, OTHER)),  # asks for something else
    (ARP(op=1, hwsrc=OTHER, psrc="10.77.0.5", pdst="10.77.0.5"), (ADDRESS, OTHER)),  # announces its own
    (ARP(op=2, hwsrc=OTHER, psrc="10.77.0.5", pdst="10.77.0.5") / Raw(bytes(18)), (ADDRESS, OTHER)),  # with Ethernet's padding
    (ARP(op=1, hwsrc=OTHER, psrc="0.0.0.0", pdst="10.77.0.5"), None),  # only asks, as we do
    (ARP(op=3, hwsrc=OTHER, psrc="10.77.0.5"), None),  # RARP
    (ARP(op=2, ptype=0x86DD, hwsrc=OTHER, psrc="10.77.0.5"), None),
    (ARP(op=2, hwtype=32, hwsrc=OTHER, psrc="10.77.0.5"), None),  # InfiniBand, whose addresses are longer
])
def test_who_uses_an_address_by_arp(packet: Packet, sender: tuple[int, bytes] | None) -> None:
    assert arp_sender(bytes(packet)) == sender


@given(st.binary(max_size=60))
def test_arp_of_any_octets(octets: bytes) -> None:
    arp_sender(octets)
    arp_sender(arp_probe(OWN, ADDRESS)[:8] + octets)


# --- ICMP


@given(st.binary(min_size=32, max_size=32), ADDRESSES)
def test_scapy_computes_the_checksum_of_an_echo_request(secret: bytes, address: int) -> None:
    asked = ICMP(echo_request(secret, address))
    assert (asked.type, asked.code, len(asked[Raw].load)) == (8, 0, 12)
    del asked.chksum
    assert bytes(asked) == echo_request(secret, address)


def echo_reply(source: str = "10.77.0.5", request: bytes | None = None, **fields: object) -> Packet:
    """What `source` answers to a request, by default to ours; with other fields of IP or ICMP, if given."""
    asked = ICMP(echo_request(SECRET, ADDRESS) if request is None else request)
    asked.type, asked.chksum = 0, None
    made = IP(src=source, dst=SERVER) / asked
    for name, value in fields.items():
        made[IP if name == "options" else ICMP].setfieldval(name, value)
    return made


@pytest.mark.parametrize(("packet", "address"), [
    (echo_reply(), ADDRESS),
    (echo_reply(options=b"\x94\x04\0\0"), ADDRESS),  # router alert (RFC 2113): the header is longer
    (echo_reply("10.77.0.6"), None),  # from somebody who was not asked
    (echo_reply(request=echo_request(bytes(31) + b"\1", ADDRESS)), None),  # to another process
    (echo_reply(type=8), None),  # our own question
    (echo_reply(type=3, code=1), None),  # unreachable, and by chance as long
    (echo_reply(code=1), None),
    (echo_reply(id=1), None),
    (echo_reply(seq=1), None),
    (echo_reply() / Raw(b"\0"), None),
    (IP(src="10.77.0.5") / ICMP(type=0, id=1, seq=1) / Raw(bytes(12)), None),  # another's ping
])
def test_who_uses_an_address_by_icmp(packet: Packet, address: int | None) -> None:
    assert echo_sender(SECRET, bytes(packet)) == address


@given(ADDRESSES)
def test_an_echo_is_known_by_its_address_alone(address: int) -> None:
    reply = echo_reply(address_text(address), echo_request(SECRET, address))
    assert echo_sender(SECRET, bytes(reply)) == address


@given(st.binary(max_size=100))
def test_echo_of_any_octets(octets: bytes) -> None:
    assert echo_sender(SECRET, octets) is None
    echo_sender(SECRET, bytes(echo_reply())[:24] + octets)


# --- between machines


live = pytest.mark.namespaces
HERE, FAR = "10.77.0.9", "192.0.2.50"


class Hearing:
    """A prober on a machine, and what it has heard."""

    def __init__(self, machine: Machine) -> None:
        self.arp, self.icmp = machine.open(lambda: (open_arp(), open_icmp()))
        self.queue: queue.Queue[list[User]] = queue.Queue()
        self.prober = Prober(self.arp, self.icmp, self.queue.put)

    def up_to(self, address: str, count: int = 1) -> list[User]:
        """What is heard up to the user of an address, whom to hear is sure; or that many, whoever they are."""
        heard: list[User] = []
        while address_from(address) not in [user[0] for user in heard] or len(heard) < count:
            heard += self.queue.get(timeout=PATIENCE)
        return heard

    def ask(self, address: str, interface: str = "s0", hardware: bytes = SERVER_MAC) -> None:
        """Ask on a link, which must be possible."""
        assert self.prober.ask_link(interface, hardware, address_from(address))

    def close(self) -> None:
        """End everything."""
        self.prober.stop()
        self.arp.close()
        self.icmp.close()


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A server machine, s0 on a cable to come."""
    if reason := reason_to_skip():
        pytest.skip(reason)
    made = Lab()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def host(lab: Lab) -> Machine:
    """A machine on the server's cable that uses the address HERE."""
    made = lab.client()
    made.ip(f"addr add {HERE}/16 dev c0")
    return made


@pytest.fixture
def hearing(lab: Lab, host: Machine) -> Hearing:
    """A prober of the server's that hears."""
    made = lab.keep(Hearing(lab.server))
    made.prober.start()
    return made


@pytest.fixture
def send(lab: Lab, host: Machine) -> Callable[[Packet], object]:
    """Sends a frame from the host."""
    sock = lab.keep(host.open(lambda: open_packet_socket("c0", 0)))
    return lambda frame: sock.send(bytes(frame))


def announcement(address: str) -> Packet:
    """A gratuitous ARP of OTHER (RFC 5227 section 2.3)."""
    return Ether(src=OTHER, dst=EVERYONE) / ARP(op=1, hwsrc=OTHER, psrc=address, pdst=address)


@live
def test_an_address_in_use_answers(hearing: Hearing) -> None:
    hearing.ask(HERE)
    assert hearing.up_to(HERE) == [(address_from(HERE), mac_of(0), "s0")]
    assert not hearing.prober.failures


@live
def test_an_address_that_nobody_uses_does_not_answer(hearing: Hearing) -> None:
    """Nor do we hear our own question."""
    hearing.ask("10.77.0.10")
    hearing.ask(HERE)
    assert [user[0] for user in hearing.up_to(HERE)] == [address_from(HERE)]


@live
def test_nobody_learns_an_address_from_a_probe(hearing: Hearing, host: Machine) -> None:
    hearing.ask(HERE)
    hearing.up_to(HERE)
    assert host.ip_text("neigh show dev c0") == ""


@live
def test_the_answer_tells_on_which_link(lab: Lab, hearing: Hearing) -> None:
    other = lab.machine("other")
    lab.cable(other, "s1", "c1", mac_of(1))
    other.ip(f"addr add {HERE}/16 dev c1")
    hearing.ask(HERE, "s1", OWN)
    assert hearing.up_to(HERE) == [(address_from(HERE), mac_of(1), "s1")]


@live
@pytest.mark.parametrize("packet", [
    announcement("10.77.0.5"),
    Ether(src=OTHER, dst=EVERYONE) / ARP(op=2, hwsrc=OTHER, psrc="10.77.0.5", pdst="10.77.0.5"),
    Ether(src=OTHER, dst=EVERYONE) / ARP(op=1, hwsrc=OTHER, psrc="10.77.0.5", pdst="10.77.0.200"),
], ids=["announcement", "announcement as a reply", "question for another"])
def test_any_arp_of_its_user_tells_that_an_address_is_in_use(
        hearing: Hearing, send: Callable[[Packet], object], packet: Packet) -> None:
    """RFC 5227 section 2.1.1."""
    send(packet)
    assert hearing.up_to("10.77.0.5") == [(ADDRESS, OTHER, "s0")]


@live
def test_probe_of_another_host_is_no_use(hearing: Hearing, send: Callable[[Packet], object]) -> None:
    """Such as of a second server that is to give the same address, or the client that tests it (RFC 2131 section 4.4.1)."""
    send(Ether(src=OTHER, dst=EVERYONE) / ARP(op=1, hwsrc=OTHER, psrc="0.0.0.0", pdst="10.77.0.5"))
    send(announcement("10.77.0.6"))
    assert hearing.up_to("10.77.0.6") == [(ADDRESS + 1, OTHER, "s0")]


# --- behind a router


@pytest.fixture
def sniffer(lab: Lab, host: Machine) -> socket.socket:
    """Hears all that comes to the host or leaves it; FAR is behind it."""
    far = lab.machine("far")
    host.ip(f"link add r0 type veth peer name f0 netns {far.pid}", "link set r0 up", "addr add 192.0.2.1/24 dev r0")
    host.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    far.ip("link set f0 up", f"addr add {FAR}/24 dev f0", "route add default via 192.0.2.1")
    lab.server.ip(f"route add 192.0.2.0/24 via {HERE}")
    made = lab.keep(host.open(lambda: open_packet_socket("c0", ETH_P_ALL)))
    made.settimeout(PATIENCE)
    return made


def next_icmp(sniffer: socket.socket, kind: int) -> Packet:
    """The next ICMP message of a type, in its frame."""
    while True:
        frame = Ether(sniffer.recv(2048))
        if ICMP in frame and frame[ICMP].type == kind:
            return frame


@live
def test_an_address_behind_a_router_answers_an_echo_request(hearing: Hearing, sniffer: socket.socket) -> None:
    assert hearing.prober.ask_far(address_from(FAR))
    assert hearing.up_to(FAR)[-1] == (address_from(FAR), b"", "")
    asked = next_icmp(sniffer, 8)
    assert (asked[IP].src, asked[IP].dst) == (SERVER, FAR)
    sent = bytes(asked[ICMP])
    del asked[ICMP].chksum
    assert bytes(asked[ICMP]) == sent


@live
def test_an_unused_address_behind_a_router_does_not_answer(hearing: Hearing, sniffer: socket.socket) -> None:
    """Nor does the router, which cannot reach it, answer for it."""
    unused = address_from("192.0.2.51")
    hearing.prober.ask_far(unused)
    hearing.prober.ask_far(address_from(FAR))
    assert unused not in [user[0] for user in hearing.up_to(FAR)]


@live
def test_echo_replies_that_we_did_not_ask_for_are_no_answers(
        hearing: Hearing, sniffer: socket.socket, send: Callable[[Packet], object]) -> None:
    """A forged one needs the data of ours, and the source that was asked."""
    hearing.prober.ask_far(address_from(FAR))
    hearing.up_to(FAR)
    reply = next_icmp(sniffer, 0)
    to_server = Ether(src=mac_of(0), dst=SERVER_MAC)
    send(to_server / IP(src="192.0.2.51", dst=SERVER) / reply[ICMP])
    send(to_server / IP(src=FAR, dst=SERVER) / ICMP(type=0, id=1, seq=1) / Raw(bytes(12)))
    send(to_server / IP(src=FAR, dst=SERVER) / ICMP(type=8, id=1, seq=1) / Raw(bytes(12)))
    send(announcement("10.77.0.6"))
    assert [address_text(user[0]) for user in hearing.up_to("10.77.0.6") if user[2] == ""] == []


# --- many, failing, starting and ending


@live
def test_ten_thousand_questions_without_an_answer_hold_nothing_up(hearing: Hearing) -> None:
    """They are asked without waiting, and the next answer is heard as ever."""
    for address in range(address_from("10.77.64.0"), address_from("10.77.64.0") + 10_000):
        assert hearing.prober.ask_link("s0", SERVER_MAC, address)
    hearing.ask(HERE)
    assert hearing.up_to(HERE)[-1] == (address_from(HERE), mac_of(0), "s0")
    assert not hearing.prober.failures


@live
def test_ten_thousand_answers_are_heard(hearing: Hearing, host: Machine) -> None:
    """In bursts, as batches of requests make them."""
    host.ip("route add local 10.77.128.0/17 dev lo")  # all of them are the host's
    first, heard = address_from("10.77.128.1"), set()
    for start in range(first, first + 10_000, 100):
        for address in range(start, start + 100):
            hearing.ask(address_text(address))
        heard |= {user[0] for user in hearing.up_to(address_text(start + 99), 100)}
    assert heard == set(range(first, first + 10_000))


@live
def test_questions_that_cannot_be_sent_are_counted(lab: Lab, hearing: Hearing) -> None:
    lab.server.ip("link add d0 type veth peer name d1")  # down
    prober = hearing.prober
    assert not prober.ask_link("d0", OWN, ADDRESS)
    assert not prober.ask_link("gone0", OWN, ADDRESS)
    assert not prober.ask_link("gone0", OWN, ADDRESS)
    assert not prober.ask_far(address_from(FAR))
    assert prober.failures == {"ENETDOWN": 1, "ENODEV": 2, "ENETUNREACH": 1}


@live
def test_sockets_are_silent_before_the_start(
        lab: Lab, host: Machine, sniffer: socket.socket, send: Callable[[Packet], object]) -> None:
    """A server that does not probe pays nothing for having them open."""
    hearing = lab.keep(Hearing(lab.server))
    send(announcement("10.77.0.6"))
    hearing.ask(HERE)
    hearing.prober.ask_far(address_from(FAR))
    next_icmp(sniffer, 0)
    assert select.select([hearing.arp, hearing.icmp], [], [], 0.2)[0] == []
    hearing.prober.start()
    hearing.prober.ask_far(address_from(FAR))
    assert hearing.up_to(FAR)[-1] == (address_from(FAR), b"", "")


def give_up_capabilities() -> None:
    """Of the calling thread alone (capset(2))."""
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capset(header, none) == 0


@live
def test_asking_and_hearing_need_no_privileges(lab: Lab, host: Machine, sniffer: socket.socket) -> None:
    hearing = lab.keep(Hearing(lab.server))

    def unprivileged() -> None:
        give_up_capabilities()
        hearing.prober.start()  # its thread inherits what we have
        hearing.ask(HERE)
        hearing.prober.ask_far(address_from(FAR))

    thread = threading.Thread(target=unprivileged)
    thread.start()
    thread.join()
    assert hearing.up_to(HERE) and not hearing.prober.failures
    (reader,) = readers()
    assert "CapEff:\t0000000000000000" in Path(f"/proc/self/task/{reader.native_id}/status").read_text()


@live
def test_a_fault_of_the_hearer_is_told_once_a_minute_and_hearing_goes_on(
        lab: Lab, host: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(probe, "_FAULT_PAUSE", 0.001)
    arp, icmp = lab.server.open(lambda: (lab.keep(open_arp()), lab.keep(open_icmp())))
    heard: queue.Queue[list[User]] = queue.Queue()

    def failing(users: list[User]) -> None:
        heard.put(users)
        raise ValueError("a fault")

    prober = Prober(arp, icmp, failing)
    prober.start()
    try:
        with caplog.at_level(logging.ERROR):
            for _ in range(5):
                prober.ask_link("s0", SERVER_MAC, address_from(HERE))
                assert heard.get(timeout=PATIENCE) == [(address_from(HERE), mac_of(0), "s0")]
    finally:
        prober.stop()
    assert [record.getMessage() for record in caplog.records] == ["answers to probes could not be heard: a fault"]


@live
def test_start_and_stop_may_be_repeated(hearing: Hearing) -> None:
    hearing.prober.start()
    assert len(readers()) == 1
    hearing.prober.stop()
    hearing.prober.stop()
    assert readers() == []
    hearing.prober.start()
    hearing.ask(HERE)
    assert hearing.up_to(HERE)


def readers() -> list[threading.Thread]:
    """The threads of probers."""
    return [one for one in threading.enumerate() if one.name == "probe-reader"]
