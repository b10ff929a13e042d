"""Clients of ISC dhcpd, Kea and dnsmasq move in: their leases are imported, and they go on; and back, where that is wished."""

import csv
import io
import json

import old_servers
import pytest
from lab import Daemon, Lab, Machine
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
PLAIN, IDENTIFIED, NAMED = (mac_of(number) for number in range(1, 4))
IDENTIFIER, NAME = (61, b"\xff\0\"\\;,\xe9"), (12, b"printer")
OPTIONS = {PLAIN: (), IDENTIFIED: (IDENTIFIER,), NAMED: (NAME,)}
USUAL = {"network": "10.77.0.0/24", "ip_ranges": ["10.77.0.100 - 10.77.0.120"], "ip_address_lease_time": 3600}


def rows_of(daemon: Daemon) -> dict[str, dict[str, str]]:
    """What is in the lease database, by address."""
    done = daemon.run("-export", "-", "-export_form", "csv")
    assert done.returncode == 0, done.stderr
    return {row["address"]: row for row in csv.DictReader(io.StringIO(done.stdout))}


@pytest.fixture
def daemon(lab: Lab, client: Machine) -> Daemon:
    """A daemon that is not started yet."""
    return lab.daemon(**USUAL)


@pytest.mark.parametrize("name", old_servers.SERVERS)
def test_who_had_a_lease_of_another_server_renews_it_here(lab, client, daemon, station, name):
    with old_servers.SERVERS[name](lab) as leases:
        had = {mac: station.lease(mac, *options).yiaddr for mac, options in OPTIONS.items()}
        assert len(set(had.values())) == len(had)
    done = daemon.run("-import", leases)
    assert (done.returncode, done.stderr) == (0, "")
    rows = rows_of(daemon)
    assert set(rows) == set(had.values())
    assert rows[had[IDENTIFIED]]["client_identifier"] == IDENTIFIER[1].hex(":")
    assert rows[had[NAMED]]["hostname"] == "printer"
    assert {row["hardware_address"] for row in rows.values()} == {mac.hex(":") for mac in had}
    daemon.start()
    for mac, options in OPTIONS.items():
        xid = station.xid()
        station.discover(mac, *options, xid=xid)
        assert station.answer(xid)[1].yiaddr == had[mac]
        assert station.lease(mac, *options).yiaddr == had[mac]


@pytest.mark.parametrize("form", ["isc", "kea"])
def test_the_way_back(lab, client, daemon, station, form):
    """What we export is what the other server reads: its clients keep their addresses there."""
    daemon.start()
    had = {mac: station.lease(mac, *options).yiaddr for mac, options in OPTIONS.items()}
    daemon.stop()
    leases = lab.directory / {"isc": "dhcpd.leases", "kea": "kea-leases4.csv"}[form]
    assert daemon.run("-export", leases, "-export_form", form).returncode == 0
    with old_servers.SERVERS[form](lab):
        for mac, options in OPTIONS.items():
            assert station.lease(mac, *options).yiaddr == had[mac]
    log = (lab.directory / "old-server.log").read_text()
    assert "rror" not in log.replace("error.log", ""), log


def test_several_files_are_taken_together_or_not_at_all(lab, client, daemon, station):
    with old_servers.dnsmasq(lab) as dnsmasq:
        one = station.lease(PLAIN).yiaddr
    other = lab.directory / "more.csv"
    other.write_text("02:00:00:00:99:42;10.77.0.42;boss;1795510800\n")
    missing = daemon.run("-import", dnsmasq, "-import", lab.directory / "absent")
    assert missing.returncode == 1 and "absent cannot be read: No such file" in missing.stderr
    assert rows_of(daemon) == {}
    assert daemon.run("-import", dnsmasq, "-import", other).returncode == 0
    assert set(rows_of(daemon)) == {one, "10.77.0.42"}
    done = daemon.run("-export", "-", "-export_form", "json")
    assert {json.loads(line)["address"] for line in done.stdout.splitlines()} == {one, "10.77.0.42"}


def test_an_unknown_form_is_refused_by_name(daemon):
    done = daemon.run("-export", "-", "-export_form", "xml")
    assert done.returncode == 1 and "hosts, csv, json, kea, isc" in done.stderr

