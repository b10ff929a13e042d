"""What the path of one packet costs, without sockets: processor time by stage, and a profile.

usage: python tests/bench/path.py [EXCHANGES [profile]]

Prints microseconds for one packet of each stage, the best of three rounds, and what is left of it for the two requests
of an exchange. With `profile` it prints where the time goes instead. The store is real, on a temporary file, with its
commits in batches of BATCH; their sync is waiting, not processor time.
"""

import cProfile
import gc
import pstats
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydhcpd.configuration import DHCPServerConfiguration
from pydhcpd.events import EventLog
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.interfaces import Interface
from pydhcpd.net.sockets import open_udp
from pydhcpd.server import DHCPServer
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import DISCOVER, REQUEST, Packet, Request

BATCH = 10
SERVER, RELAY = 0x0A400001, 0x0A400002
WANTED = bytes((1, 28, 2, 3, 15, 6, 12))

Datagram = tuple[bytes, int, int, int, int]


class Recorder:
    """Takes replies in place of a socket."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, int, int, int, int]] = []

    def send(self, messages: list[tuple[bytes, int, int, int, int]]) -> list[tuple[int, int]]:
        """Keep the messages."""
        self.sent += messages
        return []


def make_server(directory: str) -> tuple[DHCPServer, Recorder]:
    """A server of 10.64.0.0/10 whose replies go into a recorder."""
    configuration = DHCPServerConfiguration.load(None, {
        "interface": "s0", "network": "10.64.0.0/10", "router": "10.64.0.1", "domain_name_server": ["10.64.0.1"],
        "domain_name": "example.org"})
    interface = Interface(2, "s0", bytes(6), True, False, 1500, True, ((SERVER, 0xFFC00000),))
    hosts = HostDatabase(SQLiteStore(Path(directory) / "leases.db"))
    server = DHCPServer(hosts, EventLog(), open_udp(0, "127.0.0.1"), None, 50_000)
    serving = make_serving(configuration, {2: interface})
    server.swap(serving, hosts.prepare(serving.networks(), int(time.time())))
    recorder = Recorder()
    server._sender = recorder  # type: ignore[assignment]
    return server, recorder


def request_of(client: int, kind: int, address: int = 0) -> Datagram:
    """A message as perfdhcp makes it: from a relay, with a client identifier."""
    mac = b"\2" + client.to_bytes(5, "big")
    options = {53: bytes((kind,)), 55: WANTED, 61: b"\1" + mac}
    if address:
        options = {53: bytes((kind,)), 54: SERVER.to_bytes(4, "big"), 50: address.to_bytes(4, "big"), 55: WANTED,
                   61: b"\1" + mac}
    packet = Packet(hardware=mac, hops=1, xid=client, giaddr=RELAY, options=options)
    return packet.encode(), 2, RELAY, 67, SERVER


def batches(datagrams: list[Datagram]) -> list[list[Datagram]]:
    """In batches, as they come under load."""
    return [datagrams[at:at + BATCH] for at in range(0, len(datagrams), BATCH)]


def timed(work: Callable[[], object], packets: int) -> float:
    """Microseconds of processor time for one packet."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / packets * 1e6


def exchange(server: DHCPServer, recorder: Recorder, clients: range) -> tuple[float, float, float]:
    """Processor time of a DISCOVER, of the REQUEST that follows, and of a REQUEST that renews."""
    discovers = batches([request_of(client, DISCOVER) for client in clients])
    first = timed(lambda: [server.receive(batch) for batch in discovers], len(clients))
    offered = [Packet.decode(message[0]).yiaddr for message in recorder.sent]
    recorder.sent.clear()
    requests = batches([request_of(client, REQUEST, address) for client, address in zip(clients, offered, strict=True)])
    second = timed(lambda: [server.receive(batch) for batch in requests], len(clients))
    if len(recorder.sent) != len(clients):
        sys.exit(f"{len(recorder.sent)} of {len(clients)} requests were answered")
    recorder.sent.clear()
    again = list(requests)
    random.shuffle(again)
    third = timed(lambda: [server.receive(batch) for batch in again], len(clients))
    recorder.sent.clear()
    return first, second, third


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    gc.disable()
    with tempfile.TemporaryDirectory() as directory:
        server, recorder = make_server(directory)
        if "profile" in sys.argv:
            profile = cProfile.Profile()
            profile.runcall(exchange, server, recorder, range(count))
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
            return
        data = [request_of(client, DISCOVER) for client in range(count)]
        decode = min(timed(lambda: [Request.receive(*one) for one in data], count) for _ in range(3))
        rounds = [exchange(server, recorder, range(part * count, (part + 1) * count)) for part in range(3)]
        first, second, third = (min(column) for column in zip(*rounds, strict=True))
        for words, cost in (("decode (part of each below)", decode), ("DISCOVER, answered", first),
                            ("REQUEST, stored and answered", second), ("renewal, stored and answered", third),
                            ("four-way exchange", first + second)):
            print(f"{words:32} {cost:6.1f} us")


if __name__ == "__main__":
    main()
