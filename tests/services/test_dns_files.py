"""Row 66: files for a DNS server, kept as the leases are: what is in them, and what happens when something goes wrong."""

import logging
import os
import shutil
import subprocess
import time

import pytest
from rig import ALICE, BOB, CAROL, NETWORK, SERVER

from pydhcpd.alarms import DNS_FILE
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.services.dns_files import forms
from pydhcpd.services.dns_files import service as module
from pydhcpd.services.dns_files.former import KEPT, LONG, STEP, Formers
from pydhcpd.services.dns_files.service import DnsFiles
from pydhcpd.services.service import Surroundings
from pydhcpd.wire.packet import RELEASE

HOSTS = 'dns_files = [dns_file("hosts", domain="example")]\n'
ALL_HOSTS = 'dns_files = [dns_file("hosts")]\n'
ZONES = """
dns_files = [dns_file("zone", form="zone", domain="example"), dns_file("reverse", form="zone", domain="2.0.192.in-addr.arpa")]
"""
RESERVED = 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.200", hostname="boss")]\n'
REMARK = f"# {forms.REMARK}\n"


class Files:
    """The service, whose rounds are made by hand."""

    def __init__(self, bench):
        self.bench, self.directory, self.service = bench, bench.database.parent, None

    def serve(self, text):
        """Put a configuration in force, and make the files as it says."""
        self.bench.serve(NETWORK + text.replace('dns_file("', f'dns_file("{self.directory}/'))
        configuration = DHCPServerConfiguration.load(self.directory / "pydhcpd.conf")
        if self.service is None:
            self.service = DnsFiles(Surroundings(self.bench.server, lambda: configuration, {}))
        self.service.prepare(configuration)
        self.service.reconfigure()
        return self.make()

    def restart(self, text):
        self.service = None
        return self.serve(text)

    def make(self):
        """Rounds, until there is nothing left to do but what waits for its time."""
        for _ in range(5):
            self.service._next_write = 0.0
            self.service._guarded()
        return self

    def text(self, name="hosts"):
        return (self.directory / name).read_text()

    def lines(self, name="hosts"):
        return [line for line in self.text(name).splitlines() if not line.startswith(("#", ";"))]

    @property
    def alarms(self):
        return [one.words for one in self.bench.hosts.store.alarms if one.kind == DNS_FILE]


@pytest.fixture
def files(bench):
    return Files(bench)


# --- what is in them


def test_row_66_a_hosts_file_has_the_leases_and_the_reservations(files):
    files.serve(HOSTS + RESERVED)
    assert files.text() == REMARK + "192.0.2.200 boss.example boss\n"
    files.bench.lease(BOB, options={12: b"Bobs PC"})
    files.bench.lease(CAROL)
    assert files.make().text() == REMARK + "192.0.2.10 bobs-pc.example bobs-pc\n192.0.2.200 boss.example boss\n"


def test_a_hosts_file_without_a_domain_has_every_name_in_full(files):
    files.serve(ALL_HOSTS)
    files.bench.lease(BOB, options={12: b"pc"})
    assert files.make().text() == REMARK + "192.0.2.10 pc.example\n"


def test_names_of_another_domain_are_left_out(files):
    files.serve('dns_files = [dns_file("hosts", domain="other.example")]\n')
    files.bench.lease(BOB, options={12: b"pc"})
    assert files.make().text() == REMARK


def test_row_66_zones_have_the_same_forward_and_reverse(files):
    files.serve(ZONES + RESERVED)
    files.bench.lease(BOB, options={12: b"pc"})
    files.make()
    assert files.lines("zone")[2:] == [f"@ IN SOA localhost. hostmaster.example. ( {serial(files)} 3600 600 604800 300 )",
                                       "@ IN NS localhost.", "pc IN A 192.0.2.10", "boss IN A 192.0.2.200"]
    assert files.lines("reverse")[3:] == ["@ IN NS localhost.", "10 IN PTR pc.example.", "200 IN PTR boss.example."]


def serial(files, name="zone"):
    return int(forms.SERIAL.search(files.text(name))[1])


@pytest.mark.parametrize("domain", ["example", "2.0.192.in-addr.arpa", "192.in-addr.arpa", "0/24.2.0.192.in-addr.arpa"])
def test_named_checkzone_takes_the_zones(files, domain):
    judge = shutil.which("named-checkzone")
    if judge is None:
        pytest.skip("named-checkzone (bind9-utils) is not installed")
    files.serve(f'dns_files = [dns_file("zone", form="zone", domain="{domain}")]\n' + RESERVED)
    files.bench.lease(BOB, options={12: b"; $INCLUDE /etc/passwd\n@ *"})
    done = subprocess.run([judge, domain, str(files.make().directory / "zone")], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "OK"), done.stdout
    assert len(files.lines("zone")) == 6


@pytest.mark.parametrize("sent", [
    b"a\nb", b"pc 10.0.0.1", b"*", b"; x", b"$(reboot)", b"\xff\x00\x1b[2J", b"localhost", b"wpad", b"1.2"])
@pytest.mark.parametrize("text", [HOSTS, ALL_HOSTS])
def test_hardening_8_whatever_a_client_sends_is_one_line_or_none(files, text, sent):
    files.serve(text)
    files.bench.lease(BOB, options={12: sent})
    lines = files.make().lines()
    assert len(lines) <= 1
    assert all(set(line) <= set("abcdefghijklmnopqrstuvwxyz0123456789.- ") for line in lines)


def test_a_client_that_wants_no_entry_has_none(files):
    files.serve(HOSTS)
    files.bench.lease(BOB, options={81: b"\x08\0\0pc"})
    assert files.make().lines() == []
    files.bench.lease(CAROL, options={81: b"\0\0\0windows"})
    assert files.make().lines() == ["192.0.2.11 windows.example windows"], "one that does its own update is found here as well"


def test_the_name_server_of_a_zone_is_no_clients_name(files):
    files.serve('dns_files = [dns_file("zone", form="zone", domain="example", server="ns1.example")]\n'
                'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.200", hostname="ns1")]\n')
    files.bench.lease(BOB, options={12: b"NS1"})
    assert files.make().lines("zone")[3:] == ["@ IN NS ns1.example.", "ns1 IN A 192.0.2.200"]
    files.serve('dns_files = [dns_file("zone", form="zone", domain="example", server="ns1.example")]\n')
    assert files.make().lines("zone")[3:] == ["@ IN NS ns1.example."]


# --- kept current


def test_names_go_with_their_leases(files):
    files.serve(HOSTS)
    for client, name in ((ALICE, b"a"), (BOB, b"b"), (CAROL, b"c")):
        files.bench.lease(client, options={12: name})
    assert [line.split()[2] for line in files.make().lines()] == ["a", "b", "c"]
    files.bench.say((files.bench.message(RELEASE, BOB, ciaddr="192.0.2.11", options={54: SERVER}), SERVER, "192.0.2.11"))
    assert [line.split()[2] for line in files.make().lines()] == ["a", "c"]
    files.bench.say((files.bench.request(CAROL, ciaddr="192.0.2.12", options={12: b"new"}), SERVER, "192.0.2.12"))
    assert [line.split()[2] for line in files.make().lines()] == ["a", "new"]
    files.bench.now += 3700
    files.bench.server._keep_house()
    assert files.make().lines() == []


def test_they_are_right_after_a_restart_and_after_a_reload(files):
    files.serve(HOSTS)
    files.bench.lease(BOB, options={12: b"pc"})
    files.make()
    files.service = None
    files.bench.lease(CAROL, options={12: b"mac"})
    assert [line.split()[2] for line in files.serve(HOSTS).lines()] == ["pc", "mac"], "events of before the start are not heard"
    assert [line.split()[1] for line in files.serve(HOSTS + 'dns_name = "{hostname}-{ip}"\n').lines()] == [
        "pc-192-0-2-10.example", "mac-192-0-2-11.example"]
    assert files.serve(HOSTS + "dns_name = []\n").lines() == []


def test_missed_events_are_made_up_for(files):
    files.serve(HOSTS)
    files.bench.lease(BOB, options={12: b"pc"})
    files.bench.server.events.publish([(0.0, "noise", 0, b"", "", "", "", b"", "", 0, b"")] * 20_001)
    assert files.make().lines() == ["192.0.2.10 pc.example pc"]


def test_a_file_is_not_written_for_nothing(files):
    files.serve(HOSTS)
    files.bench.lease(BOB, options={12: b"pc"})
    before = os.stat(files.make().directory / "hosts")
    files.bench.say((files.bench.request(BOB, ciaddr="192.0.2.10", options={12: b"pc"}), SERVER, "192.0.2.10"))
    after = os.stat(files.make().directory / "hosts")
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_file_is_written_once_a_second_at_the_most(files):
    files.serve(HOSTS)
    files.service._next_write = time.monotonic() + 1
    files.bench.lease(BOB, options={12: b"pc"})
    files.service._guarded()
    assert files.lines() == []
    files.service._next_write = 0.0
    files.service._guarded()
    assert files.lines() != []
    assert files.service._next_write > time.monotonic() + 0.5


def test_serials_grow_also_where_the_clock_goes_back(files, monkeypatch):
    files.serve(ZONES)
    first = serial(files)
    monkeypatch.setattr("time.time", lambda: 1000.0)
    for number in (1, 2):
        files.restart(ZONES)
        assert serial(files) == first + number


@pytest.mark.parametrize(("before", "now", "after"), [
    ("", 1000, 1000), ("SOA a. b. ( 2026112601 1", 1_800_000_000, 2026112602), ("SOA a. b. ( 999 1", 1000, 1000),
    ("SOA a. b. ( 1000 1", 1000, 1001), ("SOA a. b. ( 4294967295 1", 1_800_000_000, 1_800_000_000),
    ("SOA a. b. ( 4294967295 1", 3_000_000_000, 0)])
def test_serials_follow_one_another_by_rfc_1982(monkeypatch, before, now, after):
    monkeypatch.setattr("time.time", lambda: float(now))
    assert forms.next_serial(before) == after


# --- two with one name


def test_the_first_to_have_a_name_keeps_it_and_it_is_told(files, caplog):
    files.serve(HOSTS)
    files.bench.lease(BOB, options={12: b"pc"})
    files.make()
    with caplog.at_level(logging.WARNING):
        files.bench.lease(ALICE, options={12: b"PC"})
        assert files.make().lines() == ["192.0.2.10 pc.example pc"]
    assert [one.getMessage() for one in caplog.records] == [
        "the DNS files: 192.0.2.11 is called pc.example, as 192.0.2.10 was before, which keeps the name"]
    files.bench.say((files.bench.message(RELEASE, BOB, ciaddr="192.0.2.10", options={54: SERVER}), SERVER, "192.0.2.10"))
    assert files.make().lines() == ["192.0.2.11 pc.example pc"]


@pytest.mark.parametrize("text", [HOSTS, ZONES])
def test_who_was_first_is_known_after_a_restart(files, text):
    files.serve(text)
    files.bench.lease(ALICE, options={12: b"other"})
    files.bench.lease(BOB, options={12: b"pc"})
    files.make()
    files.bench.say((files.bench.request(ALICE, ciaddr="192.0.2.10", options={12: b"pc"}), SERVER, "192.0.2.10"))
    held = [line for line in files.make().lines("hosts" if text == HOSTS else "zone") if "pc" in line]
    files.restart(text)
    assert [line for line in files.lines("hosts" if text == HOSTS else "zone") if "pc" in line] == held
    assert "192.0.2.11" in held[0]


def test_the_name_of_a_reservation_is_at_its_address_until_its_host_has_another(files):
    files.serve(HOSTS + RESERVED)
    files.bench.lease(BOB, options={12: b"boss"})
    assert files.make().lines() == ["192.0.2.200 boss.example boss"], "a stranger does not get it"
    assert files.bench.lease(ALICE).yiaddr == "192.0.2.200"
    assert files.make().lines() == ["192.0.2.200 boss.example boss"]


# --- what goes wrong


def test_a_missing_directory_is_told_and_tried_again(files, tmp_path):
    files.serve('dns_files = [dns_file("dns/hosts"), dns_file("other")]\n' + RESERVED)
    (alarm,) = files.alarms
    assert f"{files.directory}/dns/hosts is not written: there is no directory" in alarm
    assert files.lines("other") == ["192.0.2.200 boss.example"], "that of one file is not that of another"
    (files.directory / "dns").mkdir()
    assert files.make().lines("dns/hosts") == ["192.0.2.200 boss.example"]
    assert files.alarms == []


@pytest.mark.parametrize(("error", "words"), [
    (OSError(28, "No space left on device"), "No space left on device"),
    (OSError(30, "Read-only file system"), "ReadWritePaths="), (OSError(5, "Input/output error"), "Input/output error"),
    (PermissionError(13, "Permission denied"), "must be able to write into")])
def test_what_cannot_be_written_leaves_the_file_as_it_was(files, monkeypatch, error, words):
    files.serve(HOSTS + RESERVED)
    before = files.text()
    files.bench.lease(BOB, options={12: b"pc"})

    def fail(*_):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fail)
        files.make()
    assert files.text() == before
    assert words in files.alarms[0]
    assert [one for one in os.listdir(files.directory) if one.startswith(".hosts")] == [], "nothing half made is left"
    assert files.make().lines() == ["192.0.2.10 pc.example pc", "192.0.2.200 boss.example boss"]
    assert files.alarms == []


def test_a_link_is_not_written_through(files):
    target = files.directory / "elsewhere"
    target.write_text("mine")
    (files.directory / "hosts").symlink_to(target)
    files.serve(HOSTS)
    assert "is a symbolic link" in files.alarms[0]
    assert target.read_text() == "mine"


def test_others_may_read_it_and_a_mode_of_ones_own_stays(files):
    files.serve(HOSTS)
    assert os.stat(files.directory / "hosts").st_mode & 0o777 == 0o644
    os.chmod(files.directory / "hosts", 0o640)
    files.bench.lease(BOB, options={12: b"pc"})
    files.make()
    assert os.stat(files.directory / "hosts").st_mode & 0o777 == 0o640


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe\0", b"192.0.2.300 x.example\n10.0.0.1\n\n# 1 2\n", b"1 IN A\n" * 9])
def test_whatever_stands_in_the_file_before_counts_for_nothing(files, garbage):
    (files.directory / "hosts").write_bytes(garbage)
    assert files.serve(HOSTS + RESERVED).text() == REMARK + "192.0.2.200 boss.example boss\n"


@pytest.mark.parametrize("line", ['dns_files = [dns_file("a"), dns_file("./a")]', 'dns_files = [dns_file("pydhcpd.conf")]'])
def test_a_file_is_one_of_its_own(tmp_path, line):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(NETWORK + line.replace('dns_file("', f'dns_file("{tmp_path}/') + "\n")
    with pytest.raises(ConfigurationError) as error:
        DHCPServerConfiguration.load(file)
    assert "that file is something else already" in error.value.problems[0]


def test_names_are_read_back_as_they_are_written():
    held = [(0xC0000207, "pc.lab.example"), (0xC0000208, "a.b.lab.example"), (0xC0000209, "lab.example")]
    for form in ("hosts", "zone"):
        file = DnsFile.of(1, {"path": "x", "form": form, "domain": "lab.example"})
        assert list(forms.names_in(file, (forms.head(file, 7) + forms.body(file, held)).splitlines())) == held


# --- many names


def test_a_long_file_stays_whole_for_its_readers_and_is_freed_in_steps(tmp_path):
    path, formers = tmp_path / "hosts", Formers()
    path.write_bytes(b"x" * (LONG + 5))
    with path.open("rb") as reader:
        formers.hold(path, 100.0)
        (tmp_path / "new").write_bytes(b"new")
        (tmp_path / "new").rename(path)
        assert list(formers.let_go(101.0)) == []
        assert len(reader.read()) == LONG + 5
        sizes = [os.fstat(reader.fileno()).st_size for _ in formers.let_go(100.0 + KEPT)]
    assert sizes == [2 * STEP, STEP, 0]
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("size", [0, LONG - 1, LONG])
def test_a_file_that_is_still_there_is_not_made_shorter(tmp_path, size):
    """It could not be replaced, or somebody keeps it by another name."""
    path, formers = tmp_path / "hosts", Formers()
    path.write_bytes(b"x" * size)
    formers.hold(path, 100.0)
    assert list(formers.let_go(1000.0)) == []
    assert path.stat().st_size == size
    formers.hold(tmp_path / "none", 100.0)
    formers.close()


def test_what_was_there_from_before_is_read_in_portions_and_before_anything_else(files, monkeypatch):
    (files.directory / "hosts").write_text("192.0.2.12 pc.example pc\n" + "".join(
        f"192.0.2.{number} pc-{number}.example\n" for number in range(20, 200)))
    monkeypatch.setattr(module, "LINES", 10)
    files.bench.lease(BOB, options={12: b"pc"})
    files.bench.lease(ALICE, options={12: b"other"})
    files.bench.lease(CAROL, options={12: b"pc"})
    assert [line for line in files.serve(HOSTS).lines() if "pc" in line] == ["192.0.2.12 pc.example pc"]


def test_a_write_of_many_names_lets_others_go_on_and_takes_a_small_part_of_the_time(files, monkeypatch):
    files.serve(HOSTS)
    waits = []
    monkeypatch.setattr(module, "LINES", 1)
    monkeypatch.setattr(files.service._ended, "wait", lambda seconds: waits.append(seconds) or time.sleep(0.05) or False)
    for client, name in ((ALICE, b"a"), (BOB, b"b"), (CAROL, b"c")):
        files.bench.lease(client, options={12: name})
    files.service._guarded()
    waits.clear()
    files.service._unwritten, files.service._next_write = set(files.service._files), 0.0
    files.service._guarded()
    assert waits == [module.BREATH] * 3
    assert files.service._next_write - time.monotonic() > 1.0, "ten times what it took"
