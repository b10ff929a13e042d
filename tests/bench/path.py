"""What the path of one packet costs, without sockets: processor time by stage, and a profile.

usage: python tests/bench/path.py [EXCHANGES [profile] [large]]

Prints microseconds for one packet of each stage, the best of three rounds, and what is left of it for the two requests
of an exchange. With `profile` it prints where the time goes instead. The store is real, on a temporary file, with its
commits in batches of BATCH; their sync is waiting, not processor time.

With `large` it prints what a large configuration costs: the same clients at a server with 1000 subnets, 10,000 hosts and
50 classes, and at one with a subnet, and a host and a class of each of their kinds, in rounds by turns; of the ratios the
median. The clients are known from a round before, and no hosts; what hosts of the large one cost is beside it. And how long
the large one takes to load. In a thousand subnets neighbours in a batch share no page of the store: a part of the ratio.
"""

import cProfile
import gc
import pstats
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.events import Events
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.net.interfaces import Interface
from pydhcpd.net.sockets import open_udp
from pydhcpd.server import DHCPServer
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import DISCOVER, REQUEST, Packet, Request

BATCH = 10
BETWEEN = 10  # seconds that pass between the stages
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


class Clock:
    """Time that passes when it is told to: a renewal in the second of the lease would store nothing, and look cheaper."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


CLOCK = Clock()


def make_server(directory: str) -> tuple[DHCPServer, Recorder]:
    """A server of 10.64.0.0/10 whose replies go into a recorder."""
    return serve(directory, DHCPServerConfiguration.load(None, {
        "interface": "s0", "network": "10.64.0.0/10", "router": "10.64.0.1", "domain_name_server": ["10.64.0.1"],
        "domain_name": "example.org"}))


def serve(directory: str, configuration: DHCPServerConfiguration) -> tuple[DHCPServer, Recorder]:
    """A server of a configuration whose replies go into a recorder."""
    interface = Interface(2, "s0", bytes(6), True, False, 1500, True, ((SERVER, 0xFFC00000),))
    hosts = HostDatabase(SQLiteStore(Path(directory) / "leases.db"), time=LedgerTime(time.time, CLOCK))
    server = DHCPServer(hosts, Events(), open_udp(0, "127.0.0.1"), None, 50_000)
    serving = make_serving(configuration, {2: interface})
    server.swap(serving, hosts.prepare(serving.networks(), int(hosts.time.now())))
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


def exchange(server: DHCPServer, recorder: Recorder, clients: Sequence[int],
             request_of: Callable[..., Datagram] = request_of) -> tuple[float, float, float]:
    """Processor time of a DISCOVER, of the REQUEST that follows, and of a REQUEST that renews."""
    discovers = batches([request_of(client, DISCOVER) for client in clients])
    first = timed(lambda: [server.receive(batch) for batch in discovers], len(clients))
    offered = [Packet.decode(message[0]).yiaddr for message in recorder.sent]
    recorder.sent.clear()
    CLOCK.now += BETWEEN
    requests = batches([request_of(client, REQUEST, address) for client, address in zip(clients, offered, strict=True)])
    second = timed(lambda: [server.receive(batch) for batch in requests], len(clients))
    if len(recorder.sent) != len(clients):
        sys.exit(f"{len(recorder.sent)} of {len(clients)} requests were answered")
    recorder.sent.clear()
    CLOCK.now += BETWEEN
    again = list(requests)
    random.shuffle(again)
    third = timed(lambda: [server.receive(batch) for batch in again], len(clients))
    recorder.sent.clear()
    return first, second, third


# --- the large configuration

SUBNETS, HOSTS, ROUNDS = 1000, 10_000, 5  # a second round finds its clients known, as most are
LARGE = f"""
interface = "s0"
domain_name_server = ["10.64.0.1"]
domain_name = "example.org"

def address(net, place):
    return f"10.{{64 + net // 64}}.{{net % 64 * 4 + place // 256}}.{{place % 256}}"

classes = [
    *(client_class(f"vendor {{n}}", match(vendor_class_identifier=PREFIX(f"Vendor{{n:02}}")), time_offset=n)
      for n in range(30)),
    *(client_class(f"boot {{n}}", match(client_system_architecture=[n, n + 100]), boot_file_name=f"{{n}}.efi")
      for n in range(8)),
    *(client_class(f"board {{n}}", match(mac=PREFIX(f"02:01:{{n:02x}}")), time_server="10.64.0.2") for n in range(8)),
    *(client_class(f"user {{n}}", match(user_class=PREFIX(f"user{{n}}")), log_server="10.64.0.3") for n in range(4)),
]
subnets = [subnet(f"{{address(n, 0)}}/22", pools=[(address(n, 10), address(n, 900))], router=address(n, 1))
           for n in range({SUBNETS})]
hosts = [host(ip=address(n % {SUBNETS}, 901 + n // {SUBNETS}), hostname=f"host{{n}}",
              **({{"circuit_id": f"port{{n}}", "relay": address(n % {SUBNETS}, 2)}} if n % 10 == 9 else
                 {{"mac": f"02:00:00:00:{{n // 256:02x}}:{{n % 256:02x}}"}})) for n in range({HOSTS})]
"""
SMALL = """
interface = "s0"
network = "10.64.0.0/10"
ip_ranges = ["10.64.0.10 - 10.127.255.200"]
router = "10.64.0.1"
domain_name_server = ["10.64.0.1"]
domain_name = "example.org"
classes = [
    client_class("vendor", match(vendor_class_identifier=PREFIX("Vendor")), time_offset=3600),
    client_class("boot", match(client_system_architecture=[7, 107]), boot_file_name="7.efi"),
    client_class("board", match(mac=PREFIX("02:01:07")), time_server="10.64.0.2"),
    client_class("user", match(user_class=PREFIX("user1")), log_server="10.64.0.3"),
]
hosts = [host(ip="10.127.255.210", mac="02:00:00:00:00:00", hostname="host0"),
         host(ip="10.127.255.211", relay="10.64.0.2", circuit_id="port9", hostname="host9")]
"""


def message_of(client: int, kind: int, address: int = 0) -> Datagram:
    """A message of one of the many clients, of whom those below HOSTS are hosts, by the relay of its subnet.

    Two of three have an equipment that is usual in their subnet; the others' is any.
    """
    net = client % SUBNETS
    equipment = (net if client % 3 else client // SUBNETS + net) % 40
    board = b"\0\0" if client < HOSTS else bytes((1, equipment % 10))
    options = {53: bytes((kind,)), 55: WANTED, 60: b"Vendor%02d:7" % equipment,
               82: suboption(1, b"port%d" % (client if client % 10 == 9 else net))}
    if equipment % 4 == 0:
        options[93] = bytes((0, equipment % 10))
    if equipment % 10 == 3:
        options[77] = b"user%d" % (equipment % 6)
    if address:
        options |= {50: address.to_bytes(4, "big"), 54: SERVER.to_bytes(4, "big")}
    giaddr = 0x0A400000 + net * 1024 + 2
    packet = Packet(hardware=b"\2" + board + client.to_bytes(3, "big"), hops=1, xid=client, giaddr=giaddr, options=options)
    return packet.encode(), 2, giaddr, 67, SERVER


def suboption(code: int, content: bytes) -> bytes:
    """A suboption of option 82."""
    return bytes((code, len(content))) + content


def loaded(directory: Path, text: str) -> tuple[DHCPServer, Recorder, float]:
    """A server of a configuration file's text, and the seconds of processor time that it took to serve it."""
    directory.mkdir()
    file = directory / "pydhcpd.conf"
    file.write_text(text)
    begin = time.process_time()
    server, recorder = serve(str(directory), DHCPServerConfiguration.load(file))
    return server, recorder, time.process_time() - begin


def measure_large(count: int, profiled: bool) -> None:
    """Measure the large configuration against the small one, and print."""
    with tempfile.TemporaryDirectory() as directory:
        small, small_recorder, _ = loaded(Path(directory) / "small", SMALL)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        large, large_recorder, seconds = loaded(Path(directory) / "large", LARGE)
        more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(f"the large configuration took {seconds:.2f} s to load, and {more / 1024:.0f} MiB")
        clients = list(range(HOSTS, HOSTS + count))  # who has no reservation, since of the small one's nearly nobody has
        random.shuffle(clients)
        ways = (large, large_recorder), (small, small_recorder)
        rounds = []
        for number in range(ROUNDS + 1):
            costs = [exchange(*way, clients, message_of) for way in (ways if number % 2 else ways[::-1])]
            rounds.append(costs if number % 2 else costs[::-1])
        hosts = random.sample(range(HOSTS), min(count, HOSTS))
        reserved = [exchange(large, large_recorder, hosts, message_of) for _ in range(2)][1]
        if profiled:
            profile = cProfile.Profile()
            profile.runcall(exchange, large, large_recorder, clients, message_of)
            pstats.Stats(profile).sort_stats("tottime").print_stats(35)
            return
        print(f"{'':32} {'large':>6}    {'small':>6}    ratio   of the large one's hosts")
        lines = [(costs[0], costs[1]) for costs in rounds[1:]]  # the first round is to warm up
        for words, places in (("DISCOVER, answered", (0,)), ("REQUEST, stored and answered", (1,)),
                              ("renewal, stored and answered", (2,)), ("four-way exchange", (0, 1))):
            pairs = [(sum(one[place] for place in places), sum(other[place] for place in places)) for one, other in lines]
            a, b = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(one / other for one, other in pairs)
            print(f"{words:32} {a:6.1f} us {b:6.1f} us {ratio:6.2f} {sum(reserved[place] for place in places):6.1f} us")


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    gc.disable()
    if "large" in sys.argv:
        measure_large(count, "profile" in sys.argv)
        return
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
