"""What a switch says of a client on our own link: option 82 with giaddr 0 (DHCP snooping), which renewals come without."""

import pytest
from rig import ALICE, BOB, INTERFACES, SERVER

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.own_links import relay_notes
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import ACK, DECLINE, INFORM, NAK, RELEASE

NETWORK = """
ip_address_lease_time = 3600
authoritative = True
domain_name = "here.example"
"""
SUBNET = 'subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]{more})]\n'
HOST = 'hosts = [host(circuit_id=b"port 7", ip="192.0.2.77", domain_name="port7.example")]\n'
POOL = """
classes = [client_class("seven", match(circuit_id=b"port 7"), domain_name="port7.example")]
subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.70/31", allow="seven"), pool("192.0.2.10 - 192.0.2.19", deny="seven")])]
"""
IDENTITY = 'client_identity = ["circuit_id"]\n'
CHOICE = """
def choose(request, pools):
    return pools[::-1] if request.circuit_id == b"port 7" else pools

subnets = [subnet("192.0.2.0/24", pools=[pool("192.0.2.10/31", domain_name="a.example"),
                                         pool("192.0.2.70/31", domain_name="port7.example")])]
"""
PORT7, PORT8 = ({82: b"\1\6" + port + b"\2\2sw"} for port in (b"port 7", b"port 8"))


def one(replies):
    (reply,) = replies
    return reply


def renew(bench, address, client=ALICE, options=None, **fields):
    """A unicast renewal, as it comes to the server without what the switch adds to broadcasts."""
    return one(bench.say((bench.request(client, ciaddr=address, options=options, **fields), SERVER, address)))


@pytest.mark.parametrize(("rules", "domain"), [
    (SUBNET.format(more="") + HOST, b"port7.example"),
    (POOL, b"port7.example"),
    (SUBNET.format(more="") + IDENTITY, b"here.example"),
    (SUBNET.format(more=", " + IDENTITY.strip()), b"here.example"),
    (CHOICE, b"port7.example"),
    (SUBNET.format(more="") + 'def finish(request, reply):\n'
     '    if request.remote_id == b"sw" and request.giaddr is None: reply.options["domain_name"] = "port7.example"\n',
     b"port7.example"),
])
def test_rfc_3046_what_a_switch_said_is_remembered_for_the_direct_renewal(bench, rules, domain):
    ack = bench.serve(NETWORK + rules).lease(options=PORT7)
    assert (ack.packet.options[15], ack.packet.options[82]) == (domain, PORT7[82])
    for _ in range(2):
        reply = renew(bench, ack.yiaddr)
        assert (reply.kind, reply.yiaddr, reply.packet.options[15]) == (ACK, ack.yiaddr, domain)
        assert 82 not in reply.packet.options, "rule 32: never made up"
    bench.say((bench.message(RELEASE, ciaddr=ack.yiaddr, options={54: SERVER}), SERVER, ack.yiaddr))
    assert bench.stored(ack.yiaddr).state == "released"


def test_it_is_remembered_across_a_restart(bench):
    ack = bench.serve(NETWORK + POOL).lease(options=PORT7)
    with bench.hosts.lock:
        bench.hosts.adopt({}, (), int(bench.now))
    assert renew(bench.serve(NETWORK + POOL), ack.yiaddr).kind == ACK


def test_what_the_switch_says_of_a_renewal_is_newer_than_what_is_remembered(bench):
    ack = bench.serve(NETWORK + POOL).lease(options=PORT7)
    assert ack.yiaddr == "192.0.2.70"
    assert renew(bench, ack.yiaddr, options=PORT8).kind == NAK, "it was moved to port 8, whose pool is another"
    assert bench.lease(options=PORT8).yiaddr == "192.0.2.10"
    assert renew(bench, "192.0.2.10").kind == ACK


def test_it_can_be_forgotten(bench):
    ack = bench.serve(NETWORK + POOL + "remember_relay_information = False\n").lease(options=PORT7)
    assert renew(bench, ack.yiaddr).kind == NAK


def test_what_is_remembered_before_anything_reads_it_counts_after_a_reload(bench):
    bench.serve(NETWORK + SUBNET.format(more="")).lease(options=PORT7)
    bench.serve(NETWORK + SUBNET.format(more="") + "def finish(request, reply):\n"
                "    reply.options['domain_name'] = request.circuit_id.decode().replace(' ', '') + '.example'\n")
    assert renew(bench, "192.0.2.10").packet.options[15] == b"port7.example"


BOTH = NETWORK + """
hosts = [host(relay="10.1.0.2", circuit_id=b"port 7", domain_name="far7.example")]
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"]), subnet("10.1.0.0/16", pools=["10.1.4.0/30"])]
"""


@pytest.mark.parametrize("reads", [True, False])
def test_a_relays_address_is_remembered_though_a_switch_says_the_rest_anew(bench, reads):
    """A switch that snoops on unicasts too adds to a direct renewal what it added to the broadcasts that a relay took up."""
    bench.serve(BOTH if reads else BOTH.replace("hosts =", "_hosts =")).lease(giaddr="10.1.0.2", options=PORT7)
    renew(bench, "10.1.4.0", options=PORT7)
    bench.serve(BOTH)
    for options in (PORT7, None):
        assert renew(bench, "10.1.4.0", options=options).packet.options[15] == b"far7.example"
    assert renew(bench, "10.1.4.0", options=PORT8).packet.options[15] == b"here.example"


def test_a_lease_counts_for_its_port_though_it_is_renewed_without_it(bench):
    limited = 'classes = [client_class("port", match(circuit_id=ALL), lease_limit=1, lease_limit_per="circuit_id")]\n'
    ack = bench.serve(NETWORK + SUBNET.format(more="") + limited).lease(options=PORT7)
    assert renew(bench, ack.yiaddr).kind == ACK
    assert bench.say(bench.discover(BOB, options=PORT7)) == []
    assert bench.lease(BOB, options=PORT8).yiaddr == "192.0.2.11"


@pytest.mark.parametrize("kind", ["declined", "informed"])
def test_it_counts_for_every_message_that_comes_without_it(bench, kind):
    ack = bench.serve(NETWORK + SUBNET.format(more="") + IDENTITY + HOST).lease(options=PORT7)
    if kind == "informed":
        reply = one(bench.say((bench.message(INFORM, ciaddr=ack.yiaddr), SERVER, ack.yiaddr)))
        assert reply.packet.options[15] == b"port7.example"
    else:
        bench.say(bench.message(DECLINE, BOB, options={50: ack.yiaddr, 54: SERVER, **PORT7}))
        assert bench.stored(ack.yiaddr).state == "quarantined", "the port's, whichever device is there now"


# --- trust_relay_information


def distrusting(rules, place):
    return {"global": NETWORK + "trust_relay_information = False\n" + rules,
            "subnet": NETWORK + rules.replace(", pools=", ", trust_relay_information=False, pools=", 1),
            "shared": NETWORK + rules.replace("subnets = [", "shared_networks = [shared_network('floor', [").replace(
                ")]\n", ")], trust_relay_information=False)]\n", 1)}[place]


@pytest.mark.parametrize("place", ["global", "subnet", "shared"])
def test_without_trust_it_counts_for_nothing_and_is_returned_all_the_same(bench, place):
    bench.serve(distrusting(SUBNET.format(more="") + HOST, place))
    ack = bench.lease(options=PORT7)
    assert (ack.yiaddr, ack.packet.options[15], ack.packet.options[82]) == ("192.0.2.10", b"here.example", PORT7[82])
    assert renew(bench, ack.yiaddr, options=PORT7).packet.options[82] == PORT7[82]
    assert bench.lease(BOB, options=PORT7).yiaddr == "192.0.2.11"


def test_without_trust_one_port_is_as_many_clients_as_there_are(bench):
    bench.serve(distrusting(SUBNET.format(more=""), "subnet") + IDENTITY)
    assert {bench.lease(client, options=PORT7).yiaddr for client in (ALICE, BOB)} == {"192.0.2.10", "192.0.2.11"}


def test_without_trust_nothing_is_remembered_and_what_was_is_not_believed(bench):
    trusting = NETWORK + SUBNET.format(more="") + HOST
    ack = bench.serve(trusting).lease(options=PORT7)
    assert ack.yiaddr == "192.0.2.77"
    bench.serve(distrusting(SUBNET.format(more="") + HOST, "subnet"))
    assert renew(bench, ack.yiaddr).kind == NAK
    ack = bench.lease(options=PORT7)
    assert renew(bench.serve(trusting), ack.yiaddr).packet.options[15] == b"here.example"


@pytest.mark.parametrize("options", [PORT7, None])
def test_who_had_a_ports_lease_goes_on_with_it_when_trust_is_taken_away_and_given_again(bench, options):
    """Now the machine is the client, and what it has by its hardware address is its own until it ends."""
    trusting = NETWORK + SUBNET.format(more="") + IDENTITY
    ack = bench.serve(trusting).lease(options=PORT7)
    bench.serve(distrusting(SUBNET.format(more=""), "subnet") + IDENTITY)
    assert renew(bench, ack.yiaddr, BOB, options=PORT7).kind == NAK, "another machine"
    assert renew(bench, ack.yiaddr, options=options).kind == ACK
    assert bench.lease(BOB, options=PORT7).yiaddr != ack.yiaddr
    bench.serve(trusting)
    assert renew(bench, ack.yiaddr, options=PORT7).kind == ACK


def test_a_relays_word_is_believed_all_the_same_and_beats_what_a_client_says_in_its_renewal(bench):
    """Trust is about who has no relay agent's address in giaddr. What the relay agent said goes on counting."""
    bench.serve(BOTH + "trust_relay_information = False\n").lease(giaddr="10.1.0.2", options=PORT8)
    assert renew(bench, "10.1.4.0", options=PORT7).packet.options[15] == b"here.example"
    bench.serve(BOTH + "trust_relay_information = False\n").lease(BOB, giaddr="10.1.0.2", options=PORT7)
    for options in (PORT8, None):
        assert renew(bench, "10.1.4.1", BOB, options=options).packet.options[15] == b"far7.example"


# --- what -check says of it


def noted(tmp_path, text, interfaces=INTERFACES):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    configuration = DHCPServerConfiguration.load(file)
    notes = relay_notes(configuration, lambda: make_serving(configuration, interfaces))
    return [one.replace(f"{file}:", "line ") for one in notes]


FAR = 'subnet("10.1.0.0/16", pools=["10.1.4.0/30"])'
NEAR = 'subnet("192.0.2.0/24", pools=["192.0.2.10/31"])'
BY_PORT = "client_identity=['circuit_id'], pools="


@pytest.mark.parametrize(("text", "places", "rules"), [
    ("subnets = [" + NEAR.replace("pools=", BY_PORT) + f", {FAR}]\n",
     "eth1 (192.0.2.0/24)", "client_identity (line 1)"),
    (f'subnets = [{NEAR}]\nhosts = [\n  host(circuit_id="p7", ip="192.0.2.77"),\n  host(remote_id="r")]\n',
     "eth1 (192.0.2.0/24)", 'host(ip=\'192.0.2.77\', circuit_id="p7") (line 3), host(remote_id="r") (line 4)'),
    (f'subnets = [{NEAR}]\nclasses = [client_class("a", match(mac=ALL) & ~match(relay_suboption_9=ALL)),\n'
     'client_class("b", match(mac=ALL), lease_limit=4, lease_limit_per="remote_id"), client_class("c")]\n',
     "eth1 (192.0.2.0/24)", "class 'a' (line 2), class 'b' (line 3)"),
    ('network = "192.0.2.0/24"\nhosts = [host(circuit_id=str(n), ip=f"192.0.2.{n}") for n in range(10, 50)]\n',
     "eth1 (192.0.2.0/24)",
     ", ".join(f"host(ip='192.0.2.{n}', circuit_id=\"{n}\") (line 2)" for n in (10, 11, 12)) + ", 37 more hosts"),
    # a link that is not there yet
    (f'interface = "eth9"\nsubnets = [{NEAR}, ' + FAR.replace("pools=", "relays=['192.0.2.7'], pools=") + "]\n"
     'client_identity = "subscriber_id"\n', "192.0.2.0/24", "client_identity (line 3)"),
    ('interface = "eth9"\nclient_identity = ["circuit_id"]\n', "our own links", "client_identity (line 2)"),
])
def test_check_notes_the_rules_for_our_own_links_that_read_what_switches_say(tmp_path, text, places, rules):
    note, = noted(tmp_path, text)
    assert f"of clients on {places}, for" in note
    assert f"it decides over {rules};" in note
    assert noted(tmp_path, text + "trust_relay_information = False\n") == []


@pytest.mark.parametrize("text", [
    f'subnets = [{NEAR}]\nhosts = [host(mac="02:00:00:00:00:0a")]\n',
    f'subnets = [{NEAR}]\nhosts = [host(relay="192.0.2.7", circuit_id="p7")]\n',
    f'subnets = [{NEAR}]\nclasses = [client_class("far", match(giaddr=ALL))]\n',
    f"subnets = [{NEAR}, " + FAR.replace("pools=", BY_PORT) + "]\n",
    f'subnets = [{NEAR}, {FAR}]\nhosts = [host(circuit_id="p7", ip="10.1.9.9")]\n',
    "subnets = [" + NEAR.replace("pools=", "trust_relay_information=False, pools=") + ']\nclient_identity = ["circuit_id"]\n',
    'client_identity = ["mac"]\nnetwork = "192.0.2.0/24"\n',
])
def test_check_notes_nothing_where_no_such_rule_is_for_them(tmp_path, text):
    assert noted(tmp_path, text) == []


def test_no_interface_is_looked_at_where_nothing_reads_option_82(tmp_path):
    file = tmp_path / "pydhcpd.conf"
    file.write_text('network = "192.0.2.0/24"\n')
    assert relay_notes(DHCPServerConfiguration.load(file), lambda: pytest.fail("looked at interfaces")) == []
