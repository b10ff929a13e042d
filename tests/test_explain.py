"""`explain`: what it says is what a client then gets, byte for byte, and nothing is done by it."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig import ALICE, BOB, CAROL, made_bench
from test_examples import OWN, ready

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.explain import explained, judge
from pydhcpd.leases.habits import MOST, UNKNOWN, Habits
from pydhcpd.leases.nonces import Nonces
from pydhcpd.questions import Question
from pydhcpd.wire.options import describe, name_of
from pydhcpd.wire.packet import DISCOVER, INFORM, MESSAGE_NAMES, REQUEST, Packet, Request

RELAYS = ["0.0.0.0", "10.1.0.1", "10.2.0.1", "10.20.0.1", "10.99.0.1", "192.168.20.1", "203.0.113.1"]
VENDORS = [b"", b"PXEClient:Arch:00000:UNDI:002001", b"PXEClient:Arch:00007:UNDI:003016", b"HTTPClient:Arch:00016", b"MSFT 5.0",
           b"Cisco Systems, Inc. IP Phone"]
CODES = {name_of(code): code for code in range(1, 255)}
NAMES = [b"", b"printer", b"node-1-1", b"desk-7"]


@st.composite
def messages(draw):
    """One of some clients, which ask in the ways that clients have."""
    options = {}
    for code, values in ((12, NAMES), (60, VENDORS), (55, [b"", b"\1\3\6\17", b"\3\1\x42\x43\x79\x2a"]), (77, [b"", b"iPXE"]),
                         (93, [b"", b"\0\0", b"\0\7"]), (51, [b"", b"\0\0\0\x63", b"\0\1\0\0"]),
                         (57, [b"", b"\2\x40", b"\5\xdc"]),
                         (61, [b"", b"\0unit"]), (50, [b"", bytes((10, 1, 0, 9))]), (80, [b"\0", b""]),
                         (81, [b"", b"\0\0\0desk-7"]), (97, [b"", bytes(range(17))]), (145, [b"", b"\1"])):
        value = draw(st.sampled_from(values))
        if value or code == 80:
            options[code] = value
    if options.get(80) == b"\0":
        del options[80]
    circuit = draw(st.sampled_from([b"", b"port7"]))
    giaddr = draw(st.sampled_from(RELAYS))
    if circuit and giaddr != "0.0.0.0":
        options[82] = bytes((1, len(circuit))) + circuit
    return {"client": draw(st.sampled_from([ALICE, BOB, CAROL])), "options": options, "giaddr": giaddr}


def state_of(bench):
    """All that is known, in memory and in the store."""
    hosts = bench.hosts
    tables = {base: (bytes(table.states), list(table.ends), dict(table.clients)) for base, table in hosts.tables.items()
              if table.size <= 65536}
    return (tables, sorted(hosts.offers.items()), list(hosts.store.select()), hosts.limits.counts.copy(), len(hosts.touched),
            bench.server.events.published, list(bench.server.statistics()), hosts.faces.recent.copy())


def judged(bench, packet, way=("255.255.255.255", "0.0.0.0")):
    """What would be answered, as bytes; empty for silence."""
    destination, source = map(address_from, way)
    index = next(iter(bench.server.serving.links))
    request = Request.receive(packet.encode(), index, source, 68, destination)
    before = state_of(bench)
    first, again = (judge(request if number else Request.receive(packet.encode(), index, source, 68, destination),
                          bench.server.serving, bench.hosts, bench.now) for number in range(2))
    assert state_of(bench) == before, "nothing is done by asking"
    assert getattr(first.transaction, "message", b"") == getattr(again.transaction, "message", b"")
    said = getattr(first.transaction, "message", b"")
    assert told(bench, request) == sent(said)
    return said


def sent(message):
    """All that a client reads in an answer, in words; the number of a nonce is nobody's to read."""
    if not message:
        return {}
    packet = Packet.decode(message)
    values = {code: describe(code, value) for code, value in packet.options.items() if code != 90}
    values.update({53: MESSAGE_NAMES[packet.message_type]} if 53 in values else {})
    values.update({90: "authentication=a nonce of its own"} if 90 in packet.options else {})
    fields = {name: getattr(packet, name) for name in ("yiaddr", "siaddr", "sname", "file") if getattr(packet, name)}
    return {code: value if len(value) <= 300 else f"{value[:300]}..." for code, value in values.items()} | fields


def told(bench, request):
    """The same, as an explanation has it."""
    found, heading = {}, ""
    for line in explained(request, bench.server.serving, bench.hosts, bench.now):
        heading, text = line.about or heading, line.text
        if heading == "answer" and not text.startswith("none"):
            kind, server = re.fullmatch(r"(\w+)(?::.*)?, from the server ([\d.]+)", text).groups()
            found |= {53: kind, 54: f"server_identifier={server}"}
            if kind == "NAK":
                found[56] = "message=" + ascii(re.search(": (.*), from", text)[1])
        elif heading == "address" and line.about:
            found["yiaddr"] = address_from(text.partition(":")[0])
        elif heading == "lease" and (times := re.findall(r"\((\d+) s\)", text.partition(", which")[0])):
            found |= ({51: f"ip_address_lease_time={times[0]}"} if line.about else
                      {58: f"renewal_time_value={times[0]}", 59: f"rebinding_time_value={times[1]}"})
        elif heading == "boot" and text.startswith("next server "):
            found["siaddr"] = address_from(text.removeprefix("next server "))
        elif heading == "boot" and text.startswith(("server name ", "file ")):
            what, _, value = text.rpartition(" ")
            found["file" if what == "file" else "sname"] = value.encode()
        elif heading in ("options", "besides"):
            value = text.rpartition(": ")[0] if heading == "besides" else text
            found[CODES[value.partition("=")[0]]] = value.removesuffix(", by which it believes FORCERENEW (RFC 6704)")
    return found


def answer(bench, packet, way=("255.255.255.255", "0.0.0.0")):
    """What then is answered."""
    sent = bench.say((packet, *way))
    return sent[0].data if sent else b""


@pytest.mark.parametrize("name", sorted(OWN))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(messages(), min_size=1, max_size=4))
def test_what_it_says_is_what_a_client_then_gets(tmp_path_factory, name, asked):
    """In all states of RFC 2131 section 4.3: DISCOVER, SELECTING, INIT-REBOOT, RENEWING, and INFORM."""
    with made_bench(tmp_path_factory.mktemp("explain")) as bench:
        ready(bench, name)
        bench.hosts.nonces = Nonces(bench.database)
        bench.server.account.is_detailed = False
        for one in asked:
            giaddr, client, options = one["giaddr"], one["client"], one["options"]
            way = ("255.255.255.255", "0.0.0.0") if giaddr == "0.0.0.0" else (OWN[name][1], giaddr)
            discover = bench.message(DISCOVER, client, options=options, giaddr=giaddr)
            said = judged(bench, discover, way)
            sent = bench.say((discover, *way))
            assert (sent[0].data if sent else b"") == said
            if not sent:
                continue
            offered, server = sent[0].yiaddr, OWN[name][1]
            rest = {code: value for code, value in options.items() if code not in (50, 80)}
            for message, how in (
                    (bench.message(REQUEST, client, options={50: offered, 54: server, **rest}, giaddr=giaddr), way),
                    (bench.message(REQUEST, client, options={50: offered, **rest}, giaddr=giaddr), way),
                    (bench.message(REQUEST, client, options=rest, ciaddr=offered), (server, offered)),
                    (bench.message(INFORM, client, options=rest, ciaddr=offered), (server, offered)),
                    (bench.message(REQUEST, client, options={50: "10.1.2.3", **rest}, giaddr=giaddr), way)):
                said = judged(bench, message, how)
                assert answer(bench, message, how) == said, MESSAGE_NAMES[message.message_type]


def lines(bench, *words):
    """The lines of an explanation, as (about, text, place)."""
    question = Question(words, bench.server.serving, bench.hosts.store, bench.hosts.habit)
    return list(explained(question.request(), bench.server.serving, bench.hosts, bench.now))


def about(bench, what, *words):
    """The texts of one heading, with those below it."""
    found, heading = [], ""
    for line in lines(bench, *words):
        heading = line.about or heading
        if heading == what:
            found.append(line.text)
    return found


POLICY = """
subnets = [subnet("192.0.2.0/24", router="192.0.2.1", pools=[
    pool("192.0.2.10 - 192.0.2.12", allow=["phones"], ip_address_lease_time=600),
    pool("192.0.2.50 - 192.0.2.52", deny=["phones"])])]
classes = [client_class("phones", match(vendor_class_identifier=PREFIX("Cisco")), tftp_server_name="192.0.2.7"),
           client_class("made by hand")]
hosts = [host(mac="02:00:00:00:00:0b", ip="192.0.2.99", hostname="boss", domain_name="boss.example")]
domain_name = "example"
"""
CISCO = "vendor_class_identifier=Cisco 7960"


@pytest.mark.parametrize(("words", "heading", "texts"), [
    (["02:00:00:00:00:0a"], "network", ["192.0.2.0/24, on the interface eth1"]),
    (["02:00:00:00:00:0a", "giaddr=192.0.2.3"], "network", ["192.0.2.0/24, of the relay agent 192.0.2.3"]),
    (["02:00:00:00:00:0a", "giaddr=203.0.113.3"], "network", ["none: of a network that is not served"]),
    (["02:00:00:00:00:0a"], "classes", [
        "is not of phones: vendor_class_identifier is what begins with Cisco; here vendor_class_identifier is absent",
        "is not of made by hand: hosts and classify() put clients there"]),
    (["02:00:00:00:00:0a", CISCO], "pools", ["192.0.2.10 - 192.0.2.12: open to it",
                                             "192.0.2.50 - 192.0.2.52: not open: it denies phones"]),
    (["02:00:00:00:00:0a"], "pools", ["192.0.2.10 - 192.0.2.12: not open: it allows phones alone",
                                      "192.0.2.50 - 192.0.2.52: open to it"]),
    (["02:00:00:00:00:0a"], "address", ["192.0.2.50: a free address that nobody ever had"]),
    (["02:00:00:00:00:0a", "requested_ip_address=192.0.2.52"], "address", [
        "192.0.2.52: the address that it asks for, which is free"]),
    (["02:00:00:00:00:0b"], "address", ["192.0.2.99: reserved for it"]),
    (["02:00:00:00:00:0b"], "name", ["boss"]),
    (["02:00:00:00:00:0a", CISCO], "lease", [
        "10m (600 s): it asks for none", "to be renewed after 5m (300 s) (T1), from any server after 8m (525 s) (T2)"]),
    (["02:00:00:00:00:0a", CISCO, "ip_address_lease_time=99999"], "lease", [
        "10m (600 s): it asks for 1d03h (99999 s), more than allowed",
        "to be renewed after 5m (300 s) (T1), from any server after 8m (525 s) (T2)"]),
    (["02:00:00:00:00:0a", CISCO, "parameter_request_list=[1, 3]"], "not sent", [
        "broadcast_address=192.0.2.255: the client does not ask for it", "domain_name=example: the client does not ask for it",
        "tftp_server_name=192.0.2.7: the client does not ask for it"]),
    (["02:00:00:00:00:0a", "message_type=REQUEST", "requested_ip_address=192.0.2.50"], "answer", [
        "none: REQUEST of an unknown client"]),
    (["02:00:00:00:00:0b"], "goes", ["to 192.0.2.99, in a frame to 02:00:00:00:00:0b, from 192.0.2.1"]),
    (["02:00:00:00:00:0b", "giaddr=192.0.2.3"], "goes", ["to the relay agent 192.0.2.3, port 67"]),
])
def test_a_heading(bench, words, heading, texts):
    assert about(bench.serve(POLICY), heading, *words) == texts


def test_values_come_with_the_place_where_they_were_written(bench):
    places = {line.text.partition("=")[0]: line.place for line in lines(bench.serve(POLICY), "02:00:00:00:00:0b")}
    assert places["router"].startswith("subnet 192.0.2.0/24, ") and places["router"].endswith("pydhcpd.conf:2")
    assert places["domain_name"].startswith("host(") and places["domain_name"].endswith("pydhcpd.conf:7")


def test_a_client_is_found_by_address_and_name_and_asked_as_its_lease_tells(bench):
    bench.serve(POLICY)
    ack = bench.lease(ALICE, options={12: b"desk-7", 61: b"\0unit"})
    for word in (ack.yiaddr, "desk-7", "DESK-7", "02:00:00:00:00:0a"):
        assert about(bench, "address", word) == [f"{ack.yiaddr}: its present lease"], word
    bench.pass_time(100_000)
    assert about(bench, "address", "desk-7") == [f"{ack.yiaddr}: the address that it had last"]


UUID = "00112233-4455-6677-8899-aabbccddeeff"


@pytest.mark.parametrize(("words", "heading", "texts"), [
    ([], "answer", ["OFFER, from the server 192.0.2.1"]), ([], "options", ["site_colour=red"]), ([], "besides", []),
    (["message_type=REQUEST", "requested_ip_address=198.51.100.9"], "answer", [
        "NAK: the client is not known here, from the server 192.0.2.1"]),
    ([f"uuid={UUID}"], "besides", [
        "client_machine_identifier=00:" + ":".join(re.findall("..", UUID.replace("-", ""))) + ": as it sends it"]),
    (["giaddr=192.0.2.3", "circuit_id=port7"], "besides", [
        "relay_agent_information=01:05:70:6f:72:74:37: as the relay agent sends it"]),
    (["forcerenew_nonce_capable=1"], "besides", ["forcerenew_nonce_capable=1: for it sends that"]),
    (["forcerenew_nonce_capable=1", "message_type=REQUEST", "requested_ip_address=192.0.2.10", "server_identifier=192.0.2.1"],
     "besides", ["authentication=a nonce of its own, by which it believes FORCERENEW (RFC 6704): "
                 "for it sends forcerenew_nonce_capable"]),
    (["parameter_request_list=[67]"], "boot", ["next server 192.0.2.8", "server name boot", "file a.efi"])])
def test_what_follows_from_the_request_and_what_the_file_defines_is_told_too(bench, words, heading, texts):
    bench.serve('network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\nauthoritative = True\n'
                'server_name = "boot"\nnext_server = "192.0.2.8"\nboot_file_name = "a.efi"\nsite_colour = "red"\n'
                'option_definitions = [option(224, "site_colour", "text")]\n')
    bench.hosts.nonces = Nonces(bench.database)
    found = about(bench, heading, "02:00:00:00:00:0a", *words)
    usual = ("subnet_mask", "broadcast_address", "tftp_server", "boot_file")
    assert [text for text in found if not text.startswith(usual)] == texts


def test_it_says_that_options_had_no_room_beside_the_others(bench):
    bench.serve('network = "192.0.2.0/24"\nip_ranges = ["192.0.2.10 - 192.0.2.19"]\nroot_path = "/" + "x" * 200\n'
                'merit_dump_file = "y" * 100\nnetwork_information_service_domain = "z" * 150\nextensions_path = "e" * 200\n')
    found = about(bench, "options", "02:00:00:00:00:0a")
    assert found[-1].startswith("some of them in the fields file and sname")
    assert about(bench, "not sent", "02:00:00:00:00:0a")[0].endswith(": there is no room for it")
    relayed = about(bench, "not sent", "02:00:00:00:00:0a", "giaddr=192.0.2.3", f"circuit_id={'c' * 250}",
                    f"remote_id={'r' * 200}")
    assert "relay_agent_information: there is no room for it" in relayed


@pytest.mark.parametrize(("words", "why"), [
    (["02:00:00:00:00:0a", "uuid=banana"], "is not a UUID"),
    (["nobody"], "nobody: no lease is known by it; of a client that was never here, name the hardware address"),
    ([], "of whom"), (["02:00:00:00:00:0a", "router"], "router: allowed is field=value"),
    (["02:00:00:00:00:0a", "hostname=x"], "hostname: no field of a message; .*host_name"),
    (["02:00:00:00:00:0a", "interface=eth9"], "interface=eth9: is not served; served are eth1"),
    (["02:00:00:00:00:0a", "subnet_mask=banana"], "subnet_mask=banana: .*not an IPv4 address"),
    (["02:00:00:00:00:0a", "message_type=OFFER"], "message_type=OFFER: allowed are DISCOVER, REQUEST, INFORM"),
    (["02:00:00:00:00:0a", "dhcp_message_type=5"],
     "dhcp_message_type: write message_type=, allowed are DISCOVER, REQUEST, INFORM"),
    (["02:00:00:00:00:0a", "option_53=b'\\7'"], "option_53: write message_type="),
    (["02:00:00:00:00:0a", "giaddr=here"], "'here' is not an IPv4 address"),
    (["02:00:00:00:00:0a", "secs=many"], "secs=many: allowed is a whole number from 0 to 65535"),
    (["02:00:00:00:00:0a", "secs=65536"], "secs=65536: allowed is a whole number from 0 to 65535"),
    (["02:00:00:00:00:0a", "htype=-1"], "htype=-1: allowed is a whole number from 0 to 255"),
])
def test_a_question_that_means_nothing_is_told(bench, words, why):
    with pytest.raises(InvalidValue, match=why):
        lines(bench.serve(POLICY), *words)


def test_of_two_clients_with_one_name_none_is_guessed(bench):
    bench.serve(POLICY)
    addresses = [bench.lease(client, options={12: b"twin"}).yiaddr for client in (ALICE, CAROL)]
    with pytest.raises(InvalidValue, match=f"twin are 2 clients: {', '.join(addresses)}; name one by its address"):
        lines(bench, "twin")


def test_a_client_that_was_heard_is_asked_as_it_asked(bench):
    """Until the server starts anew."""
    bench.serve(POLICY)
    heard = {12: b"phone", 55: b"\1\3", 60: b"Cisco 7960"}
    ack = bench.lease(ALICE, options=heard)
    bench.say((bench.message(REQUEST, ALICE, ciaddr=ack.yiaddr, options=heard), "192.0.2.1", ack.yiaddr))
    assert about(bench, "options", "phone") == ["subnet_mask=255.255.255.0", "router=192.0.2.1"]
    question = Question(["phone"], bench.server.serving, bench.hosts.store, bench.hosts.habit)
    assert question.line()[1] == "02:00:00:00:00:0a, asks as it did last"
    after_a_start = Question(["phone"], bench.server.serving, bench.hosts.store, lambda _: None)
    assert "not heard since the start" in after_a_start.line()[1]


def test_ways_of_asking_are_bounded(bench):
    """Strangers choose what they send."""
    habits = Habits()
    numbers = [habits.number({60: str(number).encode()}) for number in range(MOST + 10)]
    assert numbers == [*range(1, MOST + 1), *[UNKNOWN] * 10]
    assert habits.number({60: b"7"}) == 8 and habits.options(8) == {60: b"7"} and habits.options(UNKNOWN) == {}
    assert Habits().number({60: bytes(255), 55: bytes(255), 77: bytes(255)}) == UNKNOWN


def said_of(bench, packet):
    """The explanation of a message that came by broadcast."""
    request = Request.receive(packet.encode(), 2, 0, 68, 0xFFFFFFFF)
    return [f"{one.about}: {one.text}" for one in explained(request, bench.server.serving, bench.hosts, bench.now)]


def test_beside_a_server_that_gives_addresses_it_says_so(tmp_path):
    """proxyDHCP: an OFFER of boot values alone, and silence for everything else."""
    with made_bench(tmp_path) as bench:
        bench.serve('network = "192.0.2.0/24"\nproxy_dhcp = True\nboot_file_name = "pxelinux.0"\nrouter = "192.0.2.1"\n')
        boots = bench.discover(options={60: b"PXEClient:Arch:00000:UNDI:002001", 55: bytes((3, 67))})
        assert judged(bench, boots) == answer(bench, boots) != b""
        lines = said_of(bench, boots)
        assert lines[1] == ": another server gives the addresses there (proxy_dhcp)"
        assert "boot: file pxelinux.0" in lines
        assert any(one.endswith(": router=192.0.2.1: the server that gives the addresses sends it") for one in lines)
        assert said_of(bench, bench.request(options={50: "192.0.2.7"}))[-1] == (
            "answer: none: for the server that gives the addresses")


def test_it_says_why_a_machine_gets_no_boot_file_and_the_log_does_not(tmp_path, caplog):
    with made_bench(tmp_path) as bench:
        bench.serve('network = "192.0.2.0/24"\nboot_file_name = {"bios": "pxelinux.0"}\n')
        boots = bench.discover(options={60: b"PXEClient:Arch:00011:UNDI:003016", 93: b"\0\x0b"})
        assert "boot: it is of architecture arm64 (11) and gets no boot file" in "\n".join(said_of(bench, boots))
        assert "arm64" not in caplog.text
        assert judged(bench, boots) == answer(bench, boots)
        assert "arm64 (11) and gets no boot file" in caplog.text
