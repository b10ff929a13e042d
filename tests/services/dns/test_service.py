"""What the daemon does for the DNS: from events and leases to the register, and what of it fails."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rig import ALICE, BOB, CAROL, NETWORK

from pydhcpd.addresses import address_from, address_text
from pydhcpd.alarms import DNS, About
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import DNS_TITLES, DNS_ZONE_TITLES, dns_line, dns_zone_line
from pydhcpd.errors import InvalidValue
from pydhcpd.events import Events, event
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.process import libraries
from pydhcpd.services import room
from pydhcpd.services.dns import service as module
from pydhcpd.services.dns.messages import line_of, told_by
from pydhcpd.services.dns.records import Records
from pydhcpd.services.dns.register import Work
from pydhcpd.services.dns.service import DnsUpdates
from pydhcpd.services.service import Surroundings
from pydhcpd.services.views import Views

ZONES = 'dns_zones = [dns_zone("example", server="127.0.0.53", key=tsig("k", secret="c2VjcmV0")), dns_zone("192.0.2.0/24", ' \
        'server="127.0.0.54")]\n'
FIRST, SECOND = "192.0.2.10", "192.0.2.11"
HOST_NAME, RELEASE = 12, 7


class Keeper:
    """The service on a bench, whose rounds are taken by hand, and whose process is none."""

    def __init__(self, bench, directory, zones=ZONES):
        self.bench, self.directory = bench, directory
        self.configuration = self.load(zones)
        self.service = DnsUpdates(Surroundings(bench.server, lambda: self.configuration, {}))
        self.told = []
        self.service._teller = SimpleNamespace(tell=lambda *told: self.told.append(told_by(line_of(*told))))
        self.reconfigure()

    def load(self, zones):
        text = f"{NETWORK}host_file = {str(self.directory / 'leases.db')!r}\n{zones}"
        self.bench.serve(text)
        return DHCPServerConfiguration.load(self.directory / "pydhcpd.conf")

    def reconfigure(self, zones=None):
        if zones is not None:
            self.configuration = self.load(zones)
        self.service.prepare(self.configuration)
        self.service.reconfigure()

    def round(self):
        """One round; returns what is wanted of the DNS: owner, and address or name."""
        self.service._guarded()
        return self.wanted()

    def wanted(self):
        work = Work(self.configuration.dns_file)
        try:
            rows = work._connection.execute("SELECT owner, name, wanted FROM records WHERE wanted ORDER BY owner").fetchall()
        finally:
            work.close()
        return [owner if owner == name else f"{owner} {name}" for owner, name, _ in rows]

    def views(self):
        return Views(self.service.surroundings)


def pair(name, number=10):
    return sorted([f"{number}.2.0.192.in-addr.arpa {name}.example", f"{name}.example"])


@pytest.fixture
def keeper(bench, tmp_path):
    made = Keeper(bench, tmp_path)
    made.round()
    yield made
    if made.service._register is not None:
        made.service._register.close()


def lease(bench, client, name):
    return bench.lease(client, options={HOST_NAME: name.encode()}).yiaddr


def test_a_lease_and_its_end(bench, keeper):
    lease(bench, ALICE, "alice")
    assert keeper.round() == pair("alice")
    bench.server.release(address_from(FIRST))
    assert keeper.round() == []
    lease(bench, ALICE, "alice")
    assert keeper.round() == pair("alice")
    bench.now += 3700
    bench.server.events.publish([event(bench.now, "expired", address_from(FIRST))])
    assert keeper.round() == []


def test_another_name_and_another_client(bench, keeper):
    lease(bench, ALICE, "alice")
    lease(bench, ALICE, "alicia")
    assert keeper.round() == pair("alicia")
    lease(bench, BOB, "bob")
    assert keeper.round() == sorted([*pair("alicia"), *pair("bob", 11)])


def test_a_renewal_by_which_nothing_changes_is_looked_at_with_little_of_the_time(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    lease(bench, ALICE, "alice")
    keeper.service._read()
    changes = keeper.service._changes
    assert (list(changes.changed), list(changes.renewed)) == ([], [address_from(FIRST)])
    assert keeper.round() == pair("alice")


def test_what_went_by_is_put_right_from_the_leases(bench, keeper, monkeypatch):
    lease(bench, ALICE, "alice")
    keeper.round()
    monkeypatch.setattr(bench.server.account, "happened", lambda batch: None)
    bench.server.release(address_from(FIRST))
    lease(bench, BOB, "bob")
    keeper.service._changes.changed.clear()
    keeper.service._cursor._next -= 30_000  # it seems that they went by
    assert isinstance(bench.server.events, Events)
    assert keeper.round() == pair("bob", 11 if keeper.wanted() == pair("bob", 11) else 10)


def test_a_start_puts_right_what_happened_before(bench, tmp_path):
    lease(bench, ALICE, "alice")
    keeper = Keeper(bench, tmp_path)
    keeper.round()
    assert keeper.round() == pair("alice")


def test_the_process_is_told_the_zones_and_hears_of_each_reload(keeper):
    ((path, zones),) = keeper.told
    assert path == keeper.configuration.dns_file
    assert zones["example"].key.secret == b"secret" and zones["2.0.192.in-addr.arpa"].servers == (("127.0.0.54", 53),)
    keeper.reconfigure('dns_zones = [dns_zone("example", server="127.0.0.55")]\n')
    keeper.round()
    assert keeper.told[-1][1]["example"].servers == (("127.0.0.55", 53),)


def test_a_reload_with_other_names_and_zones(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    keeper.reconfigure('dns_zones = [dns_zone("example", server="127.0.0.53")]\n')
    keeper.round()
    assert keeper.round() == ["alice.example"]
    keeper.reconfigure('dns_zones = [dns_zone("other.example", server="127.0.0.53")]\n')
    keeper.round()
    assert keeper.round() == []


def test_the_name_of_a_client_that_comes_back_to_its_former_network_comes_with_it(bench, keeper):
    """It has a lease in each of both: the name has the address that it renews."""
    def leased(address, since):
        row = Row(address_from(address), b"\1laptop", 1, ALICE, "laptop", int(bench.now) + 3600, int(bench.now) + since, BOUND)
        bench.hosts.store.import_rows([row])
        bench.server.events.publish([event(bench.now, "leased", row.address, ALICE, "laptop", client=row.client)])
        return sorted(one for one in keeper.round() if "arpa" not in one), has()

    def has():
        work = Work(keeper.configuration.dns_file)
        (address,) = work._connection.execute("SELECT address FROM records WHERE kind = 0 AND wanted = 1").fetchone()
        work.close()
        return address_text(address)

    assert leased(FIRST, 0)[1] == FIRST
    assert leased(SECOND, 0)[1] == SECOND
    bench.now += 1200
    assert leased(FIRST, 0)[1] == SECOND  # both may be in use
    bench.now += 1200
    assert leased(FIRST, 0)[1] == FIRST  # the other should have been renewed by now
    bench.now += 1200
    assert leased(SECOND, 0)[1] == FIRST
    bench.now += 1200
    assert leased(SECOND, 0)[1] == SECOND


def test_an_interface_that_is_away_takes_no_name_away_and_names_what_it_brings(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    bench.serve(NETWORK.replace("192.0.2", "198.51.100") + ZONES)
    assert keeper.round() == pair("alice")
    bench.server.events.publish([event(bench.now, "leased", address_from(FIRST))])
    assert keeper.round() == pair("alice")
    bench.serve(NETWORK + ZONES + 'dns_name = "pc-{hostname}"\n')
    assert keeper.round() == pair("pc-alice")


def test_a_name_whose_lease_ended_while_its_zone_was_away_goes_when_that_is_back(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    work = Work(keeper.configuration.dns_file)
    (job,) = work.pick("example", 10, ())
    work.note_done(job)
    keeper.reconfigure('dns_zones = [dns_zone("192.0.2.0/24", server="127.0.0.54")]\n')
    keeper.round()
    bench.server.release(address_from(FIRST))
    assert keeper.round() == []
    assert work.pick("example", 10, ()) == []
    keeper.reconfigure(ZONES)
    keeper.round()
    (job,) = work.pick("example", 10, ())
    work.close()
    assert (job.name, job.wanted) == ("alice.example", 0)


def test_the_queue_is_bounded_and_what_had_no_room_comes_when_there_is_some(bench, keeper, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    keeper.service._next_look = 0.0
    lease(bench, ALICE, "alice")
    keeper.round()
    keeper.round()
    lease(bench, BOB, "bob")
    lease(bench, CAROL, "carol")
    keeper.round()
    assert keeper.round() == pair("alice")
    work = Work(keeper.configuration.dns_file)
    for _ in range(3):
        for zone in ("example", "2.0.192.in-addr.arpa"):
            for job in work.pick(zone, 10, ()):
                work.note_done(job)
        for _ in range(3):
            keeper.round()
    work.close()
    assert keeper.wanted() == sorted([*pair("alice"), *pair("bob", 11), *pair("carol", 12)])


def test_the_time_to_live_is_a_third_of_the_lease_time_and_ten_minutes_at_least(keeper):
    """RFC 4702 section 5."""
    zone = keeper.configuration.zones()[0]
    rows = {length: Row(1, b"\2", 1, ALICE, "", 1000 + length, 1000, BOUND) for length in (600, 3600, 86400, 30 * 86400)}
    assert {length: module._ttl(zone, row) for length, row in rows.items()} == {
        600: 600, 3600: 1200, 86400: 28800, 30 * 86400: 86400}


def test_an_alarm_for_what_lasts(bench, keeper):
    alarms = bench.hosts.store.alarms
    keeper.service._tell_troubles({"example": "127.0.0.53 does not answer"}, 1000.0)
    keeper.service._tell_troubles({"example": "127.0.0.53 does not answer"}, 1059.0)
    assert list(alarms) == []
    keeper.service._tell_troubles({"example": "127.0.0.53 does not answer"}, 1061.0)
    (alarm,) = alarms
    assert (alarm.kind, alarm.about) == (DNS, About("example"))
    assert "the zone example is not kept current: 127.0.0.53 does not answer" in alarm.words
    assert "example: 127.0.0.53 does not answer" in list(keeper.service.status())
    keeper.service._tell_troubles({}, 1100.0)
    assert list(alarms) == []


def test_a_disk_without_room_is_told_once_and_harms_nobody(bench, keeper, monkeypatch):
    monkeypatch.setattr(room, "LEFT_TO_LEASES", 1 << 60)
    monkeypatch.setattr(room, "SHARE_LEFT", 1)
    monkeypatch.setattr(module, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(module, "AGAIN", 0.0)
    keeper.service._next_look = 0.0
    keeper.round()
    (alarm,) = bench.hosts.store.alarms
    assert alarm.kind == DNS and "make some (df " in alarm.words and "leases are given as ever" in alarm.words
    assert lease(bench, ALICE, "alice") == FIRST
    keeper.round()
    assert "not written now" in list(keeper.service.status())
    monkeypatch.setattr(room, "SHARE_LEFT", 1 << 30)
    keeper.round()
    assert keeper.round() == pair("alice")
    assert list(bench.hosts.store.alarms) == []


@pytest.mark.parametrize("nonsense", [b"nonsense" * 1000, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_register_is_begun_anew_from_the_leases(bench, tmp_path, nonsense, caplog):
    lease(bench, ALICE, "alice")
    (tmp_path / "dns.db").write_bytes(nonsense)
    keeper = Keeper(bench, tmp_path)
    for _ in range(3):
        keeper.service._guarded()
    assert keeper.wanted() == pair("alice")
    assert "dns.db is begun anew" in caplog.text and (tmp_path / "dns.db.aside").exists()


def test_what_the_prompt_shows(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    rows, count = keeper.views().dns(["alice"])
    (name, address) = list(rows)
    assert count() == 2
    assert (name.name, name.type, name.address, name.zone, name.state) == ("alice.example", "A", FIRST, "example", "waiting")
    assert (address.type, address.owner) == ("PTR", "10.2.0.192.in-addr.arpa")
    assert name.since == pytest.approx(bench.now, abs=2)
    zones = list(keeper.views().dns_zones())
    assert [(one.zone, one.server, one.registered, one.waiting, one.failing) for one in zones] == [
        ("example", "127.0.0.53", 0, 1, 0), ("2.0.192.in-addr.arpa", "127.0.0.54", 0, 1, 0)]
    for word, expected in {"192.0.2": 2, "192.0.2.10": 2, "192.0.2.11": 0, "10.0.0.0/8": 0, "waiting": 2, "failing": 0,
                           "in-addr": 1, "ALICE.example.": 2}.items():
        assert keeper.views().dns([word])[1]() == expected, word


def test_what_waits_says_why(bench, keeper):
    lease(bench, ALICE, "alice")
    keeper.round()
    work = Work(keeper.configuration.dns_file)
    work.note_zone("example", 0, "127.0.0.53 does not answer")
    work.close()
    assert {row.type: row.trouble for row in keeper.views().dns([])[0]} == {"A": "127.0.0.53 does not answer", "PTR": ""}


def test_sync(keeper):
    with pytest.raises(InvalidValue, match=r"'no.example' is no zone of dns_zones; there are example, 2.0.192.in-addr.arpa"):
        keeper.views().dns_sync(["no.example"])
    assert keeper.views().dns_sync(["Example."]).startswith("all names of example are told anew")
    assert keeper.service._register.orders() == ["example"]
    keeper.round()
    assert keeper.service._register.orders() == []


def test_sync_of_a_zone_that_has_its_server_in_its_label(keeper):
    table = SimpleNamespace(by_label=dict.fromkeys(["example", "example at 127.0.0.9"]))
    records = Records(keeper.configuration.dns_file, table, float)
    assert records.order(["example", "at", "127.0.0.9"]) == ["example at 127.0.0.9"]
    assert keeper.service._register.orders() == ["example at 127.0.0.9"]


def test_what_the_prompt_shows_fits_a_terminal(bench, keeper):
    lease(bench, ALICE, "a" * 12)
    keeper.round()
    work = Work(keeper.configuration.dns_file)
    (job,) = work.pick("example", 10, ())
    work.note_failure(job, "another client has the name, " * 5)
    work.note_zone("2.0.192.in-addr.arpa", 0, "127.0.0.54 does not answer, and " * 4)
    work.close()
    now = bench.now + 1
    shown = [*(dns_line(row, now) for row in keeper.views().dns([])[0]),
             *(dns_zone_line(row, now) for row in keeper.views().dns_zones())]
    lines = "\r\n".join([DNS_TITLES, DNS_ZONE_TITLES, *shown]).split("\r\n")
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("    ") for line in lines) >= 4


def test_without_zones_nothing_runs_and_the_prompt_says_so(bench, tmp_path):
    keeper = Keeper(bench, tmp_path, "")
    assert not DnsUpdates.is_wanted(keeper.configuration)
    with pytest.raises(InvalidValue, match="there are no dns_zones"):
        keeper.views().dns([])


# --- the library


def test_without_dnspython_it_is_told_what_to_install(bench, tmp_path, monkeypatch):
    keeper = Keeper(bench, tmp_path)
    assert libraries.lack_of_libraries(keeper.configuration) == []
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    (lack,) = libraries.lack_of_libraries(keeper.configuration)
    assert "pydhcpd.conf:" in lack and "pip install 'pydhcpd[ddns]'" in lack and "apt install python3-dnspython" in lack
    assert not DnsUpdates.is_wanted(keeper.configuration)


def test_the_daemon_never_loads_dnspython():
    """The process that needs it does."""
    code = "import sys, pydhcpd.daemon; sys.exit('dns' in sys.modules or 'dns.update' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ}).returncode == 0
