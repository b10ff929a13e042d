"""Names in the DNS, on the real program, beside BIND and Knot (RFC 2136, 4701, 4703, 8945)."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine, need_python_of_nobody, wait_until
from messages import mac_of, message, packed
from name_servers import KEY, OTHER_SECRET, Bind, Knot, NameServer, Silent, key_file, need_name_server
from station import Station

pytestmark = pytest.mark.namespaces
KINDS = [pytest.param(Bind, id="bind"), pytest.param(Knot, id="knot")]
ALICE, BOB, CAROL = map(mac_of, (1, 2, 3))
HOST_NAME = 12
RELEASE = 7


def named(name: str) -> tuple[int, bytes]:
    return HOST_NAME, name.encode()


def zone_text(name: str, server: str, key: Path | None) -> str:
    signed = "" if key is None else f", key=tsig(file={str(key)!r})"
    return f"dns_zone({name!r}, server={server!r}{signed})"


def zones_of(server: NameServer, key: Path | None) -> list[str]:
    return [zone_text(name, server.address, key) for name in ("lab.example", "10.77.0.0/16")]


def configured(daemon: Daemon, *zones: str, **settings: object) -> Daemon:
    """A daemon with zones."""
    more = "".join(f"{name} = {value!r}\n" for name, value in settings.items())
    given = {"ip_address_lease_time": 600, "domain_name": "lab.example", "ip_ranges": [("10.77.1.0", "10.77.1.99")],
             **daemon.settings}
    text = "".join(f"{name} = {value!r}\n" for name, value in given.items()) + more
    daemon.write(text + f"dns_zones = [{', '.join(zones)}]\n")
    return daemon


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, lab: Lab, client: Machine) -> NameServer:
    """A DNS server on the machine of the daemon."""
    need_name_server(request.param)
    return lab.keep(request.param(lab.server, lab.directory)).start()


@pytest.fixture
def daemon(lab: Lab, server: NameServer) -> Daemon:
    """A daemon that tells it."""
    made = lab.daemon()
    return configured(made, *zones_of(server, key_file(made.directory)))


def reverse_of(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def asked(daemon: Daemon, *words: str) -> list[dict[str, object]]:
    """The rows that the prompt shows."""
    lines = re.findall(r"\{.*\}", daemon.prompt(" ".join((*words, "json"))))
    return [row for line in lines if "error" not in (row := json.loads(line))]


def wait_for(server: NameServer, name: str, kind: str, *expected: str, timeout: float = 15) -> None:
    wait_until(lambda: server.dig(name, kind) == sorted(expected), f"{name} {kind} {expected} in {server.program}", timeout)


@pytest.mark.sandbox
def test_a_name_comes_with_the_lease_and_goes_with_it(daemon: Daemon, server: NameServer, station: Station) -> None:
    """RFC 4703 section 5.3.1, 5.4 and 5.5."""
    daemon.start()
    address = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", address)
    reverse = reverse_of(address)
    wait_for(server, reverse, "PTR", "alice.lab.example.")
    assert len(server.dig("alice.lab.example", "DHCID")) == 1
    assert server.ttl("alice.lab.example", "A") == 600
    daemon.ask("release", address)
    wait_for(server, "alice.lab.example", "A")
    wait_for(server, "alice.lab.example", "DHCID")
    wait_for(server, reverse, "PTR")


def test_who_renews_keeps_the_name_and_who_changes_it_has_the_new_one(daemon: Daemon, server: NameServer,
                                                                      station: Station) -> None:
    daemon.start()
    address = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", address)
    assert station.lease(ALICE, named("alicia")).yiaddr == address
    wait_for(server, "alicia.lab.example", "A", address)
    wait_for(server, "alice.lab.example", "DHCID")
    wait_for(server, reverse_of(address), "PTR", "alicia.lab.example.")


def test_a_lease_that_expires_and_one_that_is_released_take_their_names_with_them(daemon: Daemon, server: NameServer,
                                                                                  station: Station) -> None:
    configured(daemon, *zones_of(server, key_file(daemon.directory)), ip_address_lease_time=4, minimum_lease_time=1)
    daemon.start()
    alice, bob = (station.lease(mac, named(name)).yiaddr for mac, name in ((ALICE, "alice"), (BOB, "bob")))
    wait_for(server, "alice.lab.example", "A", alice)
    wait_for(server, "bob.lab.example", "A", bob)
    station.send(message(RELEASE, BOB, station.xid(), ciaddr=bob, options=((54, packed(SERVER)),)), BOB)
    for name, address in (("bob", bob), ("alice", alice)):
        wait_for(server, f"{name}.lab.example", "DHCID")
        wait_for(server, reverse_of(address), "PTR")
    assert asked(daemon, "dns") == []


def test_of_several_clients_with_one_name_the_first_has_it_until_its_lease_is_over(daemon: Daemon, server: NameServer,
                                                                                   station: Station) -> None:
    """RFC 4703 section 5.3.2: the DHCID is another's."""
    daemon.start()
    first = station.lease(ALICE, named("android")).yiaddr
    wait_for(server, "android.lab.example", "A", first)
    second = station.lease(BOB, named("android")).yiaddr
    row = wait_until(lambda: asked(daemon, "dns", "failing"), "a name that is another's")[0]
    assert (row["name"], row["type"], row["address"]) == ("android.lab.example", "A", second)
    assert "another client has the name" in str(row["trouble"])
    assert server.dig("android.lab.example", "A") == [first]
    wait_for(server, reverse_of(second), "PTR", "android.lab.example.")
    daemon.ask("release", first)
    wait_for(server, "android.lab.example", "A", second)
    wait_until(lambda: asked(daemon, "dns", "failing") == [], "the end of what failed")


def test_a_name_that_no_dhcp_server_has_made_stays_as_it_is(daemon: Daemon, server: NameServer, station: Station) -> None:
    """RFC 4703 section 5.3.2: there is no DHCID; and what was put beside a client's name outlives the lease."""
    daemon.start()
    server.update("zone lab.example", "add mail.lab.example. 300 A 10.77.0.9")
    address = station.lease(ALICE, named("mail")).yiaddr
    row = wait_until(lambda: asked(daemon, "dns", "failing"), "a name that is nobody's")[0]
    assert "without a DHCID record" in str(row["trouble"])
    other = station.lease(BOB, named("bob")).yiaddr
    wait_for(server, "bob.lab.example", "A", other)
    server.update("zone lab.example", "add bob.lab.example. 300 TXT beside")
    for one in (address, other):
        daemon.ask("release", one)
    wait_for(server, "bob.lab.example", "DHCID")
    assert server.dig("mail.lab.example", "A") == ["10.77.0.9"]
    assert server.dig("bob.lab.example", "TXT") == ['"beside"']
    wait_until(lambda: asked(daemon, "dns") == [], "nothing more to do")


def test_a_server_that_is_away_for_a_while_is_told_then(daemon: Daemon, server: NameServer, station: Station) -> None:
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    server.stop()
    bob = station.lease(BOB, named("bob")).yiaddr
    daemon.ask("release", alice)
    rows = wait_until(lambda: [row for row in asked(daemon, "dns", "zones") if row["trouble"]], "a zone in trouble")
    assert "127.0.0.53 cannot be reached" in str(rows[0]["trouble"])
    assert "DNS updates: runs" in daemon.ask("services").stdout
    assert {row["state"] for row in asked(daemon, "dns")} == {"waiting", "removing"}
    server.start()
    wait_for(server, "bob.lab.example", "A", bob, timeout=30)
    wait_for(server, "alice.lab.example", "A", timeout=30)
    wait_until(lambda: not any(row["trouble"] for row in asked(daemon, "dns", "zones")), "no trouble any more")


def test_what_waits_survives_kill_9_and_a_restart(daemon: Daemon, server: NameServer, station: Station) -> None:
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    server.stop()
    bob = station.lease(BOB, named("bob")).yiaddr
    daemon.ask("release", alice)
    wait_until(lambda: len(asked(daemon, "dns", "bob")) == 2 and asked(daemon, "dns", "removing"), "two that wait")
    daemon.kill()
    server.start()
    daemon.start()
    wait_for(server, "bob.lab.example", "A", bob)
    wait_for(server, "alice.lab.example", "DHCID")
    wait_for(server, reverse_of(alice), "PTR")


@pytest.mark.unsandboxed
def test_what_the_register_has_lost_is_made_up_from_the_leases(daemon: Daemon, server: NameServer, station: Station) -> None:
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    daemon.stop()
    for path in daemon.database.parent.glob("dns.db*"):
        path.write_bytes(b"no database" * 100)
    server.update("zone lab.example", "delete alice.lab.example. A")
    daemon.start()
    wait_for(server, "alice.lab.example", "A", alice)
    assert "dns.db is begun anew" in daemon.log()


def test_sync_puts_right_what_was_changed_by_hand(daemon: Daemon, server: NameServer, station: Station) -> None:
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    server.update("zone lab.example", "delete alice.lab.example. A", "add alice.lab.example. 300 A 10.77.0.66")
    assert "control socket alone" in daemon.prompt("dns sync lab.example")
    assert daemon.ask("dns", "sync", "no.example").returncode == 1
    assert "all names of lab.example are told anew" in daemon.ask("dns", "sync", "lab.example").stdout
    wait_for(server, "alice.lab.example", "A", alice)


@pytest.mark.unsandboxed
@pytest.mark.parametrize(("change", "expected"), [
    ("secret", r"has another secret for the key lab-key \(BADSIG\)"),
    ("name", r"does not know the key other-key"),
])
def test_a_wrong_key_is_told_and_put_right_by_a_reload(lab: Lab, server: NameServer, station: Station, change: str,
                                                       expected: str) -> None:
    wrong = key_file(lab.directory, OTHER_SECRET) if change == "secret" else key_file(lab.directory, name="other-key")
    daemon = configured(lab.daemon(), *zones_of(server, wrong)).start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_until(lambda: any(re.search(expected, str(row["trouble"])) for row in asked(daemon, "dns", "zones")), expected)
    configured(daemon, *zones_of(server, key_file(lab.directory)))
    daemon.reload()
    wait_for(server, "alice.lab.example", "A", alice)


@pytest.mark.unsandboxed
def test_a_server_that_refuses_is_told(lab: Lab, server: NameServer, station: Station) -> None:
    server.stop()
    server.write(may_update=False)
    server.start()
    daemon = configured(lab.daemon(), *zones_of(server, key_file(lab.directory))).start()
    station.lease(ALICE, named("alice"))
    expected = {"named": "127.0.0.53 refuses it (REFUSED); let the key lab-key update lab.example there",
                "knotd": "127.0.0.53 does not know the key lab-key, or does not let it update (BADKEY)"}[server.program]
    wait_until(lambda: any(str(row["trouble"]).startswith(expected)
                           for row in [*asked(daemon, "dns"), *asked(daemon, "dns", "zones")]), expected)


@pytest.mark.unsandboxed
def test_a_server_that_hangs_does_not_hold_up_the_zones_of_others(lab: Lab, server: NameServer, station: Station) -> None:
    """Nor anybody who wants a lease."""
    key = key_file(lab.directory)
    lab.keep(Silent(lab.server, "127.0.0.66"))
    daemon = configured(lab.daemon(), zone_text("lab.example", "127.0.0.66", key),
                        zone_text("10.77.0.0/16", server.address, key)).start()
    for number in range(1, 11):
        address = station.lease(mac_of(number), named(f"host-{number}")).yiaddr
        wait_for(server, reverse_of(address), "PTR", f"host-{number}.lab.example.", timeout=5)
    (row,) = wait_until(lambda: [row for row in asked(daemon, "dns", "zones") if row["trouble"]], "a zone in trouble")
    assert (row["zone"], row["trouble"]) == ("lab.example", "127.0.0.66 does not answer")
    assert row["waiting"] == 10


@pytest.mark.unsandboxed
def test_the_second_server_is_asked_where_the_first_does_not_answer(lab: Lab, server: NameServer, station: Station) -> None:
    key = str(key_file(lab.directory))
    zone = f"dns_zone('lab.example', server=['127.0.0.67', {server.address!r}], key=tsig(file={key!r}))"
    configured(lab.daemon(), zone).start()
    wait_for(server, "alice.lab.example", "A", station.lease(ALICE, named("alice")).yiaddr)


@pytest.mark.unsandboxed
def test_zones_that_a_reload_brings_and_takes(lab: Lab, daemon: Daemon, server: NameServer, station: Station) -> None:
    forward, reverse = zones_of(server, key_file(lab.directory))
    configured(daemon, forward)
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    assert server.dig(reverse_of(alice), "PTR") == []
    configured(daemon, forward, reverse)
    daemon.reload()
    wait_for(server, reverse_of(alice), "PTR", "alice.lab.example.")
    configured(daemon, reverse)
    daemon.reload()
    row = wait_until(lambda: asked(daemon, "dns", "removing"), "a name without a zone")[0]
    assert row["trouble"] == "no zone of dns_zones has it any more"
    assert server.dig("alice.lab.example", "A") == [alice]
    configured(daemon, forward, reverse)
    daemon.reload()
    wait_until(lambda: len(asked(daemon, "dns", "registered")) == 2, "both registered")


def test_updates_without_a_key_go_where_the_server_lets_our_address(lab: Lab, station: Station) -> None:
    need_name_server(Bind)
    server = lab.keep(Bind(lab.server, lab.directory))
    file = server.directory / "named.conf"
    file.write_text(file.read_text().replace(f"update-policy {{ grant {KEY} zonesub ANY; }};", "allow-update { any; };"))
    server.start()
    configured(lab.daemon(), *zones_of(server, None)).start()
    wait_for(server, "alice.lab.example", "A", station.lease(ALICE, named("alice")).yiaddr)


@pytest.mark.unsandboxed
def test_a_daemon_that_has_given_up_root_tells_the_dns_and_that_it_cannot_read_the_key_again(
        lab: Lab, server: NameServer, station: Station) -> None:
    key = key_file(lab.directory)
    key.chmod(0o600)
    daemon = configured(lab.daemon(user="nobody", group="nogroup"), *zones_of(server, key))
    need_python_of_nobody(daemon.python, "dns.update")
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    assert f"{key} cannot be read by the user of pydhcpd, so no reload can be" in daemon.log()
    assert "cannot be read: Permission denied" in daemon.reload("not reloaded|cannot be read")
    assert (daemon.database.parent / "dns.db").owner() == "nobody"


@pytest.mark.unsandboxed
def test_a_disk_that_is_full_costs_no_lease_and_what_happened_meanwhile_is_told_later(lab: Lab, server: NameServer,
                                                                                      station: Station) -> None:
    daemon = configured(lab.daemon(), *zones_of(server, key_file(lab.directory)), history_days=0)
    directory = daemon.database.parent
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", directory)
    daemon.start()
    alice = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", alice)
    filler = directory / "filler"
    lab.server.run("sh", "-c", f"head -c 10m /dev/zero > {filler}; truncate -s -20000 {filler}", check=False)
    bob = station.lease(BOB, named("bob")).yiaddr
    wait_until(lambda: "left to the leases" in daemon.prompt("alarms"), "an alarm")
    lab.server.run("rm", filler)
    wait_for(server, "bob.lab.example", "A", bob, timeout=40)
    daemon.wait_for("the DNS is told again which names there are")


def tellers(lab: Lab) -> list[int]:
    """The processes that tell DNS servers."""
    return [pid for pid in lab.server.processes() if b"pydhcpd.services.dns" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def test_the_process_that_tells_is_started_again_and_ends_with_the_daemon(lab: Lab, daemon: Daemon, server: NameServer,
                                                                          station: Station) -> None:
    daemon.start()
    (teller,) = wait_until(lambda: tellers(lab), "the process")
    os.kill(teller, signal.SIGKILL)
    address = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", address, timeout=30)
    assert tellers(lab) and tellers(lab) != [teller]
    daemon.kill()
    wait_until(lambda: not tellers(lab), "its end")
    daemon.start()
