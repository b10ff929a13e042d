"""`-rehearse`: what it says would change is what changes when the file is really put in force, client by client."""

from contextlib import ExitStack, closing, contextmanager

import pytest
from rig import EVERYBODY, made_bench
from test_examples import OWN, mac, ready, relay, text_of

from pydhcpd.addresses import address_text
from pydhcpd.clients import Client
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import local_time
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.search import leased
from pydhcpd.leases.snapshot import copied
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.serving import make_serving
from pydhcpd.whatif.comparison import Difference, differences, own_options
from pydhcpd.whatif.rehearsal import Rehearsal
from pydhcpd.whatif.reservations import reservation_changes
from pydhcpd.whatif.sentences import Summary, few
from pydhcpd.whatif.verdicts import Change, Side
from pydhcpd.wire.packet import ACK, DISCOVER, REQUEST, Packet

NOON = 1_700_000_000 // 86400 * 86400 + 86400 + 12 * 3600
PXE = {60: b"PXEClient:Arch:00007", 93: b"\0\7", 55: b"\1\3\6\x42\x43"}
PLAIN = {55: b"\1\3\6\x0f\x33"}


def named(name):
    return {**PLAIN, 12: name}


CLIENTS = {  # hardware address, options, giaddr
    "slurm": [*((f"02:00:5e:10:00:0{n}", PXE, "0.0.0.0") for n in range(1, 4)),
              *((f"02:11:22:33:44:0{n}", named(b"new%d" % n), "0.0.0.0") for n in range(1, 4)),
              ("02:00:5e:11:00:21", PLAIN, "10.21.0.1")],
    "campus": [*((f"02:11:22:33:44:0{n}", named(b"desk%d" % n), "10.7.0.1") for n in range(1, 4)),
               ("02:11:22:33:44:10", PLAIN, "10.40.2.1"),
               *((f"02:11:22:33:44:2{n}", {**named(b"room%d" % n), 82: relay(b"1/%d" % n, b"switch 1")}, "172.16.3.1")
                 for n in range(1, 4)),
               ("02:11:22:33:44:31", {**PLAIN, 82: relay(b"p1")}, "192.0.2.200"),
               ("02:11:22:33:44:41", {**PLAIN, 82: relay(b"Gi1/0/48", b"sw-1-1")}, "10.1.0.1")],
    "office": [("02:00:5e:01:00:01", named(b"boss-pc"), "0.0.0.0"), ("02:00:5e:01:00:02", PLAIN, "0.0.0.0"),
               *((f"02:00:5e:aa:00:0{n}", {60: b"AcmePhone 9", 55: b"\1\3\x2b"}, "0.0.0.0") for n in (1, 2)),
               *((f"02:11:22:33:44:0{n}", named(b"guest%d" % n), "0.0.0.0") for n in range(1, 5))],
    "lab": [("02:00:5e:77:03:11", PLAIN, "0.0.0.0"), *((f"02:11:22:33:44:0{n}", named(b"pc%d" % n), "0.0.0.0") for n in (1, 2)),
            *((f"02:11:22:33:44:1{n}", {**PLAIN, 60: b"board-x"}, "0.0.0.0") for n in range(5))],
}
EDITS = [
    ("slurm", "# For the administrator", "# For whoever is the administrator", []),
    ("slurm", '["10.20.0.1", "10.20.0.2"]', '["10.20.0.1", "10.20.0.3"]', [
        "6 clients of 10.20.0.0/16: domain_name_server 10.20.0.1,10.20.0.2 -> 10.20.0.1,10.20.0.3",
        "1 client of 10.21.0.0/16: domain_name_server 10.20.0.1,10.20.0.2 -> 10.20.0.1,10.20.0.3"]),
    ("slurm", "= 1 * DAYS", "= 2 * DAYS", [
        "3 clients of 10.20.0.0/16: ip_address_lease_time 86400 -> 172800",
        "1 client of 10.21.0.0/16: ip_address_lease_time 86400 -> 172800"]),
    ("slurm", 'pool("10.20.200.0/24"', 'pool("10.20.201.0/24"', [
        ("3 clients of 10.20.0.0/16 would lose their addresses (no pool holds it any more) and get another one: "
         "10.20.200.0 -> 10.20.201.0 (new1), 10.20.200.1 -> 10.20.201.1 (new2), 10.20.200.2 -> 10.20.201.2 (new3)")]),
    ("slurm", 'allow="unknown"', 'deny="unknown"', [
        ("3 clients of 10.20.0.0/16 would lose their addresses (the pool that holds it is closed to such clients) and get "
         "none, no pool of 10.20.0.0/16 is open to it: 10.20.200.0 (new1), 10.20.200.1 (new2), 10.20.200.2 (new3)")]),
    ("slurm", '"ipxe-x86_64.efi"', '"snponly.efi"', [
        "3 clients of 10.20.0.0/16: boot file ipxe-x86_64.efi -> snponly.efi"]),
    ("slurm", 'router="10.20.0.1"', 'router="10.20.0.254"', [
        "6 clients of 10.20.0.0/16: router 10.20.0.1 -> 10.20.0.254"]),
    ("campus", 'domain_name=f"b{building}.campus', 'domain_name=f"building{building}.campus', [
        "3 clients of 10.7.0.0/23: domain_name b7.campus.example -> building7.campus.example",
        "1 client of 10.1.0.0/23: domain_name b1.campus.example -> building1.campus.example",
        "1 client of 10.40.0.0/23: domain_name b40.campus.example -> building40.campus.example"]),
    ("campus", "172.16.{floor}.20 -", "172.16.{floor}.22 -", [
        ("2 clients of 172.16.3.0/24 would lose their addresses (no pool holds it any more) and get another one: "
         "172.16.3.20 -> 172.16.3.23 (room1), 172.16.3.21 -> 172.16.3.24 (room2)")]),
    ("campus", 'client_identity=["remote_id", "circuit_id"], ', "", []),
    ("campus", "FLOORS = 40, 4", "FLOORS = 6, 4", [
        ("3 clients of 10.7.0.0/23 would lose their addresses (no network holds it any more) and get none, of a network "
         "that is not served: 10.7.0.20 (desk1), 10.7.0.21 (desk2), 10.7.0.22 (desk3)"),
        ("1 client of 10.40.0.0/23 would lose its address (no network holds it any more) and get none, of a network that "
         "is not served: 10.40.0.20 (02:11:22:33:44:10)")]),
    ("campus", 'ip="10.1.0.5"', 'ip="10.1.0.7"', [
        ("1 client of 10.1.0.0/23 would lose its address (another one is reserved) and get another one: 10.1.0.5 -> "
         "10.1.0.7 (door-1)"),
        "1 reservation is new: host(ip='10.1.0.7', hostname='door-1', circuit_id=\"Gi1/0/48\", remote_id=\"sw-1-1\")",
        "1 reservation is gone: host(ip='10.1.0.5', hostname='door-1', circuit_id=\"Gi1/0/48\", remote_id=\"sw-1-1\")"]),
    ("office", "192.168.10.100 - 192.168.10.249", "192.168.10.102 - 192.168.10.104", [
        ("1 client of 192.168.10.0/24 would lose its address (no pool holds it any more) and get none, all of "
         "192.168.10.0/24 are taken: 192.168.10.101 (guest2)"),
        ("1 client of 192.168.10.0/24 would lose its address (no pool holds it any more) and get another one: "
         "192.168.10.100 -> 192.168.10.104 (guest1)")]),
    ("office", 'ip="192.168.10.10"', 'ip="192.168.10.11"', [
        ("1 client of 192.168.10.0/24 would lose its address (another one is reserved) and get another one: 192.168.10.10 "
         "-> 192.168.10.11 (boss-pc)"),
        "1 reservation is new: host(ip='192.168.10.11', hostname='boss', mac='02:00:5e:01:00:01')",
        "1 reservation is gone: host(ip='192.168.10.10', hostname='boss', mac='02:00:5e:01:00:01')"]),
    ("office", "hosts = [\n", 'hosts = [\n    host(mac="02:00:5e:01:00:77", ip="192.168.10.100", hostname="new"),\n', [
        ("1 client of 192.168.10.0/24 would lose its address (it is reserved for another client) and get another one: "
         "192.168.10.100 -> 192.168.10.104 (guest1)"),
        ("1 reservation is new, its address 192.168.10.100 is held by guest1 until UNTIL: "
         "host(ip='192.168.10.100', hostname='new', mac='02:00:5e:01:00:77')")]),
    ("office", 'hostname="boss")', 'hostname="boss", ignore=True)', [
        ("1 client of 192.168.10.0/24 would lose its address and get none, from a host that is configured to be ignored: "
         "192.168.10.10 (boss-pc)")]),
    ("office", "phone_vlan=20", "phone_vlan=21", [
        "2 clients of 192.168.10.0/24: phone_vlan 20 -> 21"]),
    ("office", "=30 * MINUTES", "=20 * MINUTES", [
        "4 clients of 192.168.10.0/24: ip_address_lease_time 1800 -> 1200"]),
    ("lab", 'BANNED = {', 'BANNED = {"02:11:22:33:44:02", ', [
        "1 client of 10.99.0.0/16 would lose its address and get none, not accepted by accept(): 10.99.1.1 (pc2)"]),
    ("lab", "{100 + bench}", "{150 + bench}", [
        ("1 client of 10.99.0.0/16 would lose its address (another one is reserved) and get another one: 10.99.103.17 -> "
         "10.99.153.17 (bench3-17)")]),
    ("lab", "}.cfg", "}.ini", [
        ("5 clients of 10.99.0.0/16: boot file differs from client to client, such as boards/02-11-22-33-44-10.cfg -> "
         "boards/02-11-22-33-44-10.ini")]),
    ("lab", "reversed(pools)", "pools[:1]", [
        ("5 clients of 10.99.0.0/16 would lose their addresses (the pool that holds it is closed to such clients) and get "
         "another one: 10.99.2.0 -> 10.99.1.2 (02:11:22:33:44:10), 10.99.2.1 -> 10.99.1.3 (02:11:22:33:44:11), 10.99.2.2 "
         "-> 10.99.1.4 (02:11:22:33:44:12), 10.99.2.3 -> 10.99.1.5 (02:11:22:33:44:13), 10.99.2.4 -> 10.99.1.6 "
         "(02:11:22:33:44:14)")]),
    ("lab", 'pool("10.99.2.0/24"', 'pool("10.99.2.4 - 10.99.2.5"', [
        ("4 clients of 10.99.0.0/16 would lose their addresses (no pool holds it any more) and get another one: 10.99.2.0 "
         "-> 10.99.2.5 (02:11:22:33:44:10), 10.99.2.1 -> 10.99.1.2 (02:11:22:33:44:11), 10.99.2.2 -> 10.99.1.3 "
         "(02:11:22:33:44:12), 10.99.2.3 -> 10.99.1.4 (02:11:22:33:44:13)")]),
    ("lab", 'next_server = "10.99.0.1"', 'next_server = "10.99.0.2"', [
        "8 clients of 10.99.0.0/16: next server 10.99.0.1 -> 10.99.0.2"]),
]


@contextmanager
def side(bench, serving):
    """A configuration with a copy of the bench's leases, by the bench's time."""
    with copied(bench.database) as copy, closing(SQLiteStore(copy)) as store:
        hosts = HostDatabase(store, time=bench.hosts.time)
        hosts.adopt(hosts.prepare(serving.networks(), int(bench.now)), serving.networks(), int(bench.now))
        yield Side(serving, hosts, bench.now)


def loaded(bench, text):
    file = bench.database.parent / "new.conf"
    file.write_text(text)
    file.chmod(0o644)
    configuration = DHCPServerConfiguration.load(file)
    return configuration, make_serving(configuration, bench.interfaces)


def way_of(name, giaddr):
    return (EVERYBODY, "0.0.0.0") if giaddr == "0.0.0.0" else (OWN[name][1], giaddr)


def really(bench, name, client):
    """What a client gets that comes for its address again, and begins anew where it may not have it."""
    hardware, options, giaddr, address = client
    way = way_of(name, giaddr)

    def say(kind, more):
        sent = bench.say((bench.message(kind, mac(hardware), options={**more, **options}, giaddr=giaddr), *way))
        return sent[0] if sent else None

    answer = say(REQUEST, {50: address})
    if answer is not None and answer.kind == ACK:
        return answer.packet
    offer = say(DISCOVER, {})
    if offer is None:
        return None
    return say(REQUEST, {50: offer.yiaddr, 54: offer.packet.options[54]}).packet


def served(bench, name):
    """The clients of an example, once they all have leases."""
    found = []
    for hardware, options, giaddr in CLIENTS[name]:
        way = way_of(name, giaddr)
        offer, = bench.say((bench.discover(mac(hardware), options=options, giaddr=giaddr), *way))
        ack, = bench.say((bench.selecting(offer.yiaddr, mac(hardware), OWN[name][1], options, giaddr=giaddr), *way))
        assert ack.kind == ACK
        found.append((hardware, options, giaddr, ack.yiaddr))
    return sorted(found, key=lambda one: tuple(map(int, one[3].split("."))))


def alike(one, other):
    """Two answers, but for the number of the exchange."""
    if one is None or other is None:
        return one is other
    return (one.message_type, one.yiaddr, one.siaddr, one.boot, one.options) == (
        other.message_type, other.yiaddr, other.siaddr, other.boot, other.options)


@pytest.mark.parametrize(("name", "old", "new", "said"), EDITS, ids=[f"{one[0]}-{n}" for n, one in enumerate(EDITS)])
def test_what_would_change_is_what_changes(tmp_path, name, old, new, said):
    text = text_of(name, tmp_path)
    assert text.count(old) >= 1
    with made_bench(tmp_path) as bench, ExitStack() as stack:
        bench.now = NOON
        clients = served(ready(bench, name), name)
        present, _ = loaded(bench, text)
        configuration, serving = loaded(bench, text.replace(old, new))
        sides = [stack.enter_context(side(bench, one)) for one in (bench.server.serving, serving) * 2]
        rows = list(bench.hosts.store.select(*leased(int(bench.now))))
        assert [address_text(row.address) for row in rows] == [address for *_, address in clients]

        rehearsal = Rehearsal(sides[0], sides[1], own_options(present, configuration))
        for row in rows:
            rehearsal.judge(row, bench.hosts.habit(row.address))
        sentences = [*rehearsal.sentences(), *reservation_changes(present, configuration, bench.hosts, bench.now)]

        foreseen = [[one.outcome(Client(row, bench.hosts.habit(row.address), bench.server.serving)).answer for row in rows]
                    for one in sides[2:]]
        assert [alike(really(bench, name, one), answer) for one, answer in zip(clients, foreseen[0], strict=True)] == [
            True] * len(clients), "by the present configuration"
        bench.serve(text.replace(old, new))
        assert [alike(really(bench, name, one), answer) for one, answer in zip(clients, foreseen[1], strict=True)] == [
            True] * len(clients), "by the new one"
        assert sentences == [one.replace("UNTIL", local_time(NOON + 1801)) for one in said]
        assert rehearsal.judged().startswith(f"{len(clients)} clients with a lease judged: ")


class Row:
    """As much of a lease as sentences show."""

    def __init__(self, number):
        self.row = self
        self.address = 0x0A000000 + number

    def __str__(self):
        return f"pc{self.address & 255}"


def summed(*changes):
    summary = Summary()
    for number, (network, given, lost, reason, gains, values) in enumerate(changes):
        summary.add(Change(Row(number), network, given, lost, reason, gains, [Difference(*one) for one in values]))
    return list(summary.sentences())


def values(network, *some):
    return network, 1, "", "", False, some


ROUTER = ("router", "10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(("changes", "said"), [
    ([], []),
    ([values("A", ROUTER)] * 1212, ["1,212 clients of A: router 10.0.0.1 -> 10.0.0.2"]),
    ([values("A", ROUTER), values("B", ROUTER), values("B", ROUTER)],
     ["2 clients of B: router 10.0.0.1 -> 10.0.0.2", "1 client of A: router 10.0.0.1 -> 10.0.0.2"]),
    ([values(name, ROUTER) for name in "AABCDE"], ["6 clients of 5 networks: router 10.0.0.1 -> 10.0.0.2"]),
    ([values("A", ("host_name", f"a{n}", f"b{n}")) for n in range(3)],
     [f"1 client of A: host_name a{n} -> b{n}" for n in range(3)]),
    ([values("A", ("host_name", f"a{n}", f"b{n}")) for n in range(9)],
     ["9 clients of A: host_name differs from client to client, such as a0 -> b0"]),
    ([("A", 0, "why", "because", False, [])] * 7,
     ["7 clients of A would lose their addresses (why) and get none, because: 10.0.0.0 (pc0), 10.0.0.1 (pc1), 10.0.0.2 (pc2), "
      "10.0.0.3 (pc3), 10.0.0.4 (pc4) and 2 more"]),
    ([("", 0x0A000107, "", "", True, [])],
     ["1 client of no network that is served would get an address, and does not now: 10.0.1.7 (pc0)"]),
    ([("A", 0x0A000107, "", "", False, []), ("A", 0, "", "x", False, []), values("A", ROUTER)],
     ["1 client of A would lose its address and get none, x: 10.0.0.1 (pc1)",
      "1 client of A would lose its address and get another one: 10.0.0.0 -> 10.0.1.7 (pc0)",
      "1 client of A: router 10.0.0.1 -> 10.0.0.2"])])
def test_changes_are_gathered_into_sentences_with_counts(changes, said):
    assert summed(*changes) == said


@pytest.mark.parametrize(("one", "other", "said"), [
    ({43: b"\2\2\0\x14"}, {43: b"\2\2\0\x15\xff"}, [("phone_vlan", "20", "21")]),
    ({43: b"\2\2\0\x14"}, {43: b"\2\2\0\x14\xff"}, []),
    ({43: b"\2\2\0\x14\7\1\1"}, {}, [("phone_vlan", "20", "none"), ("vendor_specific_information 7", "01", "none")]),
    ({43: b"\2\7\0"}, {43: b"\2\2\0\x14"}, [("vendor_specific_information", "02:07:00", "02:02:00:14")]),
    ({125: b"\0\0\x11\x8b\x08\1\6office"}, {125: b"\0\0\x11\x8b\x06\1\4hall\0\0\0\7\3\2\1\5"},
     [("print_queue", "office", "hall"), ("vendor_identifying 7.2", "none", "05")]),
    ({125: b"\0\0"}, {125: b"\0\0\x11\x8b\x06\1\4hall"}, None)])
def test_suboptions_of_ones_own_are_told_by_name(tmp_path, one, other, said):
    """By the definitions of the office's example, inside 43 (RFC 2132 section 8.4) and 125 (RFC 3925 section 4)."""
    with made_bench(tmp_path) as bench:
        own = own_options(loaded(ready(bench, "office"), text_of("office", bench.database.parent))[0])
    found = [tuple(one) for one in differences(Packet(2, options=one), Packet(2, options=other), own)]
    assert found == said if said is not None else len(found) == 1


def test_what_is_too_much_to_say_is_counted():
    assert list(few(map(str, range(5)), 3)) == ["0", "1", "2", "and 2 more"]
