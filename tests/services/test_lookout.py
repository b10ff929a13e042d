"""What is wrong begins and ends as an alarm, once, and as an event; a flood of strangers makes few of them."""

from types import SimpleNamespace

import pytest
from rig import ALICE, BOB, ETH1, NETWORK, SERVER, datagram

from pydhcpd.addresses import address_from, address_text
from pydhcpd.alarms import EVENTS, FLOOD, KINDS, MOST, OVER, POOL, About, Alarms
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import StoreError
from pydhcpd.events import Told, alarm_event
from pydhcpd.policy.network import Pool
from pydhcpd.services import lookout
from pydhcpd.services.lookout import HELD, HELD_SERVER, MOST_OF_A_KIND, Lookout
from pydhcpd.services.service import Surroundings

OTHER = "192.0.2.66"


class Watch:
    """A lookout over a bench."""

    def __init__(self, bench, more="", network=NETWORK):
        self.bench, self.now = bench, 1000.0
        self.serve(network + more)
        self.alarms = bench.hosts.store.alarms
        self.alarms.heard = lambda one: bench.server.events.publish([alarm_event(bench.now, one)])
        self.lookout = Lookout(Surroundings(bench.server, lambda: self.configuration, {}))

    def serve(self, text):
        self.bench.serve(text)
        database = self.bench.database
        self.configuration = DHCPServerConfiguration.load(database.parent / "pydhcpd.conf", {"host_file": str(database)})

    def look(self, after=5.0):
        """The words of the alarms after another look."""
        self.now += after
        self.lookout.look(self.now)
        return [one.words for one in self.alarms]

    def told(self):
        """The events of alarms, in words."""
        return [one for one in self.bench.told() if one.startswith(tuple(KINDS))]

    def events(self):
        """The same, by name."""
        return [told for one in self.bench.server.events.since(0)[1] if (told := Told._make(one)).kind in EVENTS]


@pytest.fixture
def watch(bench):
    return Watch(bench)


def clients(number):
    return [bytes.fromhex("0200000001") + bytes([n]) for n in range(number)]


def test_a_pool_that_is_nearly_full(watch):
    """Above 90 per cent of ten addresses: all ten. It ends at 85, not at 90."""
    for one in clients(9):
        watch.bench.lease(one)
    assert watch.look() == []
    watch.bench.lease(ALICE)
    (words,) = watch.look()
    assert words.startswith("the pool 192.0.2.10 - 192.0.2.19 of 192.0.2.0/24 is used above 90 %; give it more addresses")
    release = [watch.bench.message(7, one, ciaddr=address, options={54: SERVER})
               for one, address in [(ALICE, "192.0.2.19"), (clients(1)[0], "192.0.2.10")]]
    watch.bench.say((release[0], SERVER, "192.0.2.19"))
    assert watch.look() == [words], "90 per cent: not yet"
    watch.bench.say((release[1], SERVER, "192.0.2.10"))
    assert watch.look() == []
    assert watch.told() == [f"pool alarm: {words}", f"pool alarm over: it is over: {words}"]
    assert {(one.kind, one.network) for one in watch.events()} == {(kind, "192.0.2.0/24") for kind in (POOL, POOL + OVER)}


@pytest.mark.parametrize(("more", "used", "is_alarm"), [
    ("pool_alarm = 0", 10, False), ("pool_alarm = 25", 3, True), ("pool_alarm = 100", 10, False),
    ("pool_alarm = 10\nsubnets = [subnet('192.0.2.0/24', pools=[pool('192.0.2.10 - 192.0.2.19', pool_alarm=50)])]", 5, False),
    ("pool_alarm = 10\nsubnets = [subnet('192.0.2.0/24', pools=[pool('192.0.2.10 - 192.0.2.19', pool_alarm=50)])]", 6, True)])
def test_what_is_nearly_full_is_a_setting_of_each_pool(bench, more, used, is_alarm):
    text = NETWORK if "subnets" not in more else "ip_address_lease_time = 3600\n"
    watch = Watch(bench, more, text)
    for one in clients(used):
        bench.lease(one)
    assert bool(watch.look()) is is_alarm


def choose_other(bench, client=ALICE, server=OTHER, **fields):
    assert bench.say(bench.selecting("192.0.2.15", client, server, **fields)) == []


@pytest.mark.parametrize(("more", "is_alarm"), [("", True), (f"known_servers = ['{OTHER}']", False),
                                                ("known_servers = ['192.0.2.64/29']", False),
                                                ("known_servers = ['192.0.2.67']", True)])
def test_another_server_is_heard_of_by_those_who_choose_it(bench, more, is_alarm):
    watch = Watch(bench, more)
    choose_other(bench)
    words = watch.look()
    assert len(words) == is_alarm
    assert all(one.startswith(f"another DHCP server, {OTHER}, serves clients on ") for one in words)
    choose_other(bench, BOB)
    assert watch.look(HELD_SERVER / 2) == words and watch.look(HELD_SERVER - 1) == words
    assert watch.look(10) == []
    assert len(watch.told()) == 2 * is_alarm


def test_a_server_that_answers_is_the_alarm_of_one_that_is_chosen(bench, monkeypatch):
    """One alarm, however it is found. It lasts from one question to the next, and ends as soon as the server is known."""
    watch = Watch(bench, "look_for_other_servers = 2 * HOURS\n")
    found = [(address_from(OTHER), (ETH1, 0)), (address_from("192.0.2.67"), (ETH1, 0))]
    monkeypatch.setattr(watch.lookout._strangers, "look", lambda now, interval: iter(found if interval == 7200 else ()))
    words = watch.look()
    assert [one.partition(" on ")[0] for one in words] == [f"another DHCP server, {server}, serves clients"
                                                           for server in (OTHER, "192.0.2.67")]
    choose_other(bench)
    assert watch.look() == words
    found.clear()
    assert watch.look(3 * HELD_SERVER) == words, "two intervals"
    watch.serve(NETWORK + f"look_for_other_servers = 2 * HOURS\nknown_servers = ['{OTHER}']\n")
    assert watch.look() == words[1:]
    assert [(one.kind, address_text(one.address)) for one in watch.events()] == [
        ("other server alarm", OTHER), ("other server alarm", "192.0.2.67"), ("other server alarm over", OTHER)]
    assert watch.look(2 * HELD_SERVER) == []


def test_invented_servers_make_few_alarms(watch):
    for last in range(1, 200):
        choose_other(watch.bench, server=f"203.0.113.{last}")
    for server in ("0.0.0.0", "255.255.255.255", "224.0.0.1"):
        choose_other(watch.bench, server=server)
    assert len(watch.look()) == MOST_OF_A_KIND


def test_a_machine_that_declines_whatever_it_gets(watch):
    for _ in range(5):
        address = watch.bench.lease(ALICE).yiaddr
        watch.bench.say(watch.bench.message(4, ALICE, options={50: address, 54: SERVER}))
    (words,) = [one for one in watch.look() if "declines" in one]
    assert words.startswith(f"{ALICE.hex(':')} declines one address after another")
    assert [one for one in watch.look(HELD + 1) if "declines" in one] == []


def test_a_machine_that_sends_without_end(watch):
    for _ in range(301):
        watch.bench.say(watch.bench.discover(ALICE))
    watch.bench.say(watch.bench.discover(BOB))
    (words,) = watch.look()
    assert words.startswith(f"{ALICE.hex(':')} sends more than 300 messages a minute")
    for _ in range(50):
        watch.bench.say(watch.bench.discover(ALICE))
        assert watch.look(12.0) == [words]
    assert watch.look(HELD) == []


def test_a_limit_that_is_met_again_and_again(bench):
    watch = Watch(bench, "classes = [client_class('all', match(host_name='desk'), lease_limit=1)]\n")
    bench.lease(BOB, options={12: b"desk"})
    for one in clients(10):
        bench.say(bench.discover(one, options={12: b"desk"}))
    (words,) = watch.look()
    assert words.startswith("clients ask in vain again and again, over the limit of leases of all; raise the limit")


@pytest.mark.parametrize(("more", "fields", "where", "reason"), [
    ("maximum_per_client = 1\n", {}, "on ", "from a client that sends more than maximum_per_client"),
    ("maximum_per_relay_port = 1\n", {"giaddr": "192.0.2.2", "options": {82: b"\1\2p1"}},
     "through relay agent 192.0.2.2", "of a relay agent's port that sends more than maximum_per_relay_port")])
def test_a_rate_that_is_met_again_and_again(bench, more, fields, where, reason):
    """Where more comes than can be answered: the place and the setting are told, each once however much of it comes."""
    watch = Watch(bench, more)
    senders = [ALICE] if not fields else clients(50)
    for count, is_alarm in ((10, False), (50, True)):
        messages = [bench.discover(senders[number % len(senders)], **{**fields, "options": dict(fields.get("options", {}))})
                    for number in range(count)]
        bench.server._sort([datagram(one) for one in messages])
        words = [one for one in watch.look() if "are not answered" in one]
        assert len(words) == is_alarm
    assert words[0].startswith(f"messages {where}") and f"are not answered, {reason}; find the machine" in words[0]
    assert [one.kind for one in watch.events()] == ["rate alarm"]
    assert watch.look(HELD + 1) == [] and watch.events()[-1].kind == "rate alarm over"


def test_leases_that_cannot_be_stored(watch):
    """Told once, and that it is over; by the path itself, at once."""
    watch.bench.hosts.outage.note(StoreError("disk I/O error"))
    watch.bench.hosts.outage.note(StoreError("disk I/O error"))
    (words,) = watch.look()
    assert words.startswith("leases cannot be stored in ") and "disk I/O error; nothing new is acknowledged" in words
    watch.bench.hosts.outage.end()
    assert watch.look() == []
    assert [one.kind for one in watch.events()] == ["store alarm", "store alarm over"]


def test_who_answers_for_many_addresses(watch):
    watch.bench.server.witnesses._doubted[BOB] = 5000.0
    (words,) = watch.look()
    assert words.startswith(f"{BOB.hex(':')} answers for many addresses that are probed (proxy ARP, or a thief)")
    watch.bench.server.clear()
    assert watch.look() == []


def test_a_disk_that_is_nearly_full(watch, monkeypatch):
    def disk(use, free):
        monkeypatch.setattr(lookout, "_use_of_disk", lambda _: (use, free))
        return [one for one in watch.look() if "disk" in one]
    assert disk(99.0, 2 << 30) == [] and disk(94.0, 1 << 20) == []
    (words,) = disk(95.1, 1 << 20)
    assert f"the disk of {watch.bench.database.parent} is nearly full (above 95 %)" in words
    assert disk(94.5, 1 << 20) == [words] and disk(93.0, 1 << 20) == []


def test_the_use_of_a_disk_is_what_df_says(tmp_path):
    use, free = lookout._use_of_disk(tmp_path)
    assert 0 <= use <= 100 and free >= 0
    assert lookout._use_of_disk(tmp_path / "none") is None


def test_alarms_are_bounded_and_their_line_is_short():
    alarms, told = Alarms(lambda: 1.0), []
    alarms.heard = lambda one: told.append((one.kind, one.words))
    for number in range(2 * MOST):
        alarms.begin(FLOOD, f"words {number}", about=About(str(number)))
        alarms.begin(FLOOD, f"other words {number}", about=About(str(number)))
    assert len(list(alarms)) == MOST == len(told)
    assert alarms.status().endswith("ALARM: other words 4; 95 more alarms: pydhcpd -ask alarms")
    alarms.end(FLOOD, "over", About("0"))
    alarms.end(FLOOD, "over", About("0"))
    assert told[-1] == ("flood alarm over", "over") and len(told) == MOST + 1


def test_a_pool_that_has_gone_is_not_full():
    made = Lookout.__new__(Lookout)

    def use_of(*_):
        raise KeyError(1)
    made._server = SimpleNamespace(hosts=SimpleNamespace(use_of=use_of))
    assert made._use(Pool((1, 2), (), "")) == 0.0
