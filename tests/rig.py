"""A server to try rules and policies on, without a network.

A `Bench` is a real server with a real lease database, from the datagram to the reply, with recorders in place of what sends
and a clock that is turned by hand. Each reply is kept with its way, and with whether its binding was stored by then.

Addresses: the server is 192.0.2.1 on eth1 (and 198.51.100.1 on eth2), the network 192.0.2.0/24 with a pool of .10 to .19.
"""

import os
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydhcpd.addresses import address_from, address_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.events import Events, words
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.interfaces import Interface
from pydhcpd.net.sockets import open_udp
from pydhcpd.server import DHCPServer
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import ACK, DISCOVER, OFFER, REQUEST, Packet

ETH1, ETH2, WIRELESS = 2, 3, 4  # interfaces by index
EVERY_STATION = b"\xff" * 6  # the broadcast address of Ethernet
SERVER, OTHER_OWN, STRANGER, EVERYBODY = "192.0.2.1", "198.51.100.1", "192.0.2.99", "255.255.255.255"
NETWORK = """
network = "192.0.2.0/24"
ip_ranges = [("192.0.2.10", "192.0.2.19")]
ip_address_lease_time = 3600
router = "192.0.2.1"
domain_name_server = "192.0.2.1"
domain_name = "example"
"""
ALICE, BOB, CAROL = (bytes.fromhex("0200000000") + bytes([n]) for n in (0xA, 0xB, 0xC))
BEGINNING = 1_700_000_000


def interface(index, name, *addresses, mtu=1500, ethernet=True, **more):
    """An address without a mask is of a /24."""
    return Interface(index, name, bytes.fromhex("02000000ff") + bytes([index]) if ethernet else b"", ethernet, False, mtu, True,
                     tuple(pair_of(one) for one in addresses), **more)


def pair_of(text):
    address, _, length = text.partition("/")
    return address_from(address), 0xFFFFFFFF << (32 - int(length or 24)) & 0xFFFFFFFF


INTERFACES = {one.index: one for one in (interface(ETH1, "eth1", SERVER), interface(ETH2, "eth2", OTHER_OWN))}


@dataclass
class Sent:
    """A reply with its way: a frame to `hardware` where that is set, else a datagram by the routing table or `interface`."""

    packet: Packet
    data: bytes
    address: str
    port: int
    interface: int
    hardware: bytes = b""
    stored: bool = False
    source: str = ""

    @property
    def kind(self):
        return self.packet.message_type

    @property
    def yiaddr(self):
        return address_text(self.packet.yiaddr)


@dataclass
class Bench:
    """A server under test. `say` gives it one datagram and returns what it sent."""

    database: str
    server: DHCPServer = None
    hosts: HostDatabase = None
    now: float = BEGINNING
    set_forward: float = 0.0  # by how much the wall clock was
    interfaces: dict = field(default_factory=lambda: INTERFACES)
    sent: list = field(default_factory=list)
    xid: int = 0x1000

    def serve(self, text):
        """Load a configuration, and serve it from now on."""
        file = self.database.parent / "pydhcpd.conf"
        file.write_text(text)
        serving = make_serving(DHCPServerConfiguration.load(file), self.interfaces)
        assert serving.links
        self.server.swap(serving, self.hosts.prepare(serving.networks(), int(self.now)))
        return self

    def say(self, *requests):
        """Take in one batch of (message, way) and return the replies."""
        before = len(self.sent)
        self.server.receive([datagram(*one) if isinstance(one, tuple) else datagram(one) for one in requests])
        return self.sent[before:]

    def message(self, kind, client=ALICE, *, options=None, **fields):
        """A client's message. Option 53 comes first, then `options` by code."""
        self.xid += 1
        values = {53: bytes([kind]), **{code: as_bytes(value) for code, value in (options or {}).items()}}
        for name in ("ciaddr", "giaddr", "yiaddr", "siaddr"):
            if name in fields:
                fields[name] = address_from(fields[name])
        return Packet(**{"hardware": client, "xid": self.xid, "options": values, **fields})

    def discover(self, client=ALICE, **rest):
        return self.message(DISCOVER, client, **rest)

    def request(self, client=ALICE, **rest):
        return self.message(REQUEST, client, **rest)

    def selecting(self, address, client=ALICE, server=SERVER, options=None, **rest):
        return self.request(client, options={50: address, 54: server, **(options or {})}, **rest)

    def lease(self, client=ALICE, **rest):
        """Discover and request; returns the ACK."""
        (offer,) = self.say(self.discover(client, **rest))
        options = {code: value for code, value in rest.pop("options", {}).items() if code != 50}
        (ack,) = self.say(self.selecting(offer.yiaddr, client, options=options, **rest))
        assert (offer.kind, ack.kind) == (OFFER, ACK)
        return ack

    def told(self):
        """The events of the last day, in words."""
        return list(map(words, self.server.events.since_yesterday(self.now)))

    def stored(self, address):
        """The host of an address by a connection of its own: what would be there after a power cut."""
        return next(self.hosts.get(ip=address), None)

    def pass_time(self, seconds):
        """Turn the clock, and keep house."""
        self.now += seconds
        with self.hosts.lock:
            self.hosts.keep_time()
            self.hosts.lapse_offers(int(self.now))
            while self.hosts.reclaim(int(self.now)):
                pass

    def note(self, data, address, port, interface, source, hardware=b""):
        packet = Packet.decode(data)
        row = self.stored(address_text(packet.yiaddr)) if packet.yiaddr else None
        stored = row is not None and row.mac == packet.hardware.hex(":")
        self.sent.append(Sent(packet, data, address_text(address), port, interface, hardware, stored, address_text(source)))


class Datagrams:
    """In place of the UDP socket."""

    def __init__(self, bench):
        self.bench = bench

    def send(self, messages, on_link=False):
        for data, address, port, index, source in messages:
            assert (index in self.bench.interfaces) is on_link, "by the link of the request, or as a routing table says"
            self.bench.note(data, address, port, index, source)
        return []


class Frames:
    """In place of the packet socket."""

    def __init__(self, bench):
        self.bench = bench

    def send(self, messages):
        for frame, index in messages:
            assert frame[34:38] == bytes.fromhex("0043 0044"), "from port 67 to port 68"
            source, address = (int.from_bytes(frame[at:at + 4], "big") for at in (26, 30))
            self.bench.note(frame[42:], address, 68, index, source, frame[:6])
        return []


def as_bytes(value):
    return address_from(value).to_bytes(4, "big") if isinstance(value, str) else value


def datagram(packet, destination=EVERYBODY, source="0.0.0.0", port=68, index=ETH1):
    """What the receiver tells of a message; `packet` may be bytes."""
    data = packet if isinstance(packet, bytes) else packet.encode()
    return data, index, address_from(source), port, address_from(destination)


@contextmanager
def made_bench(directory, store_class=SQLiteStore):
    """A bench whose database lies in a directory, serving NETWORK."""
    store = store_class(directory / "leases.db")
    made = Bench(directory / "leases.db")
    with open_udp(0, "127.0.0.1") as udp:
        made.hosts = HostDatabase(store, time=LedgerTime(lambda: made.now + made.set_forward, lambda: made.now))
        made.server = DHCPServer(made.hosts, Events(), udp, None, 1000)
        made.server._sender, made.server._frames = Datagrams(made), Frames(made)
        yield made.serve(NETWORK)
        os.close(made.server._wake_read)
        os.close(made.server._wake_write)
        store.close()


def codes(reply):
    """Codes of a reply in the order in which they stand on the wire."""
    found, at, data = [], 240, reply.data
    while data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        found.append(data[at])
        at += 2 + data[at + 1]
    return found


def seconds(reply, code=51):
    return int.from_bytes(reply.packet.options[code], "big")


def reason(bench):
    """Why what was not answered was not: the counters."""
    return dict(bench.server.account.drops.by_reason())
