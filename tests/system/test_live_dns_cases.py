"""Names in the DNS beside BIND and Knot: what clients and administrators come up with."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, wait_until
from messages import mac_of
from name_servers import KEY, Bind, Knot, NameServer, key_file, need_name_server
from station import Station

pytestmark = pytest.mark.namespaces
KINDS = [pytest.param(Bind, id="bind"), pytest.param(Knot, id="knot")]
HOST_NAME, CLIENT_FQDN = 12, 81
REVERSE = "10.77.0.0/16"
Make = Callable[..., NameServer]


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, lab: Lab, client: Machine) -> Make:
    """Makes and starts a DNS server on the machine of the daemon."""
    need_name_server(request.param)
    return lambda **more: lab.keep(request.param(lab.server, lab.directory, **more)).start()


def configured(lab: Lab, *zones: str, server: str = "'127.0.0.53'", daemon: Daemon | None = None, **settings: object) -> Daemon:
    """A daemon that tells a DNS server of these zones."""
    daemon = daemon or lab.daemon()
    key = str(key_file(daemon.directory))
    given = {"ip_address_lease_time": 600, "domain_name": "lab.example", "ip_ranges": [("10.77.1.0", "10.77.4.99")],
             **daemon.settings, **settings}
    text = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    made = ", ".join(f"dns_zone({zone!r}, server={server}, key=tsig(file={key!r}))" for zone in zones)
    daemon.write(f"{text}dns_zones = [{made}]\n")
    return daemon


def rows(daemon: Daemon, *words: str) -> list[dict[str, object]]:
    """The rows that the prompt shows."""
    lines = re.findall(r"\{.*\}", daemon.prompt(" ".join((*words, "json"))))
    return [row for line in lines if "error" not in (row := json.loads(line))]


def leased(station: Station, number: int, name: str, code: int = HOST_NAME) -> str:
    data = name.encode()
    return station.lease(mac_of(number), (code, data if code == HOST_NAME else b"\1\0\0" + data)).yiaddr


def wait_for(server: NameServer, name: str, kind: str, *expected: str, timeout: float = 20) -> None:
    wait_until(lambda: server.dig(name, kind) == sorted(expected), f"{name} {kind} {expected} in {server.program}", timeout)


def reverse_of(address: str) -> str:
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


@pytest.mark.sandbox
@pytest.mark.parametrize(("address", "port", "written"), [
    ("fd00::53", 53, "'fd00::53'"), ("fd00::53", 5353, "'[fd00::53]:5353'"), ("127.0.0.53", 5353, "'127.0.0.53:5353'")])
def test_a_server_at_an_address_of_ipv6_and_at_another_port(lab: Lab, make: Make, station: Station, address: str, port: int,
                                                          written: str) -> None:
    server = make(address=address, port=port)
    daemon = configured(lab, "lab.example", REVERSE, server=written).start()
    given = leased(station, 1, "alice")
    wait_for(server, "alice.lab.example", "A", given)
    wait_for(server, reverse_of(given), "PTR", "alice.lab.example.")
    leased(station, 2, "ns")
    row = wait_until(lambda: rows(daemon, "dns", "failing"), "a name that is taken")[0]
    assert "without a DHCID record" in str(row["trouble"])


SENT = {
    "My PC": "my-pc", "under_score": "under-score", "a.b": "a", "x" * 64: "x" * 63, "münchen": "xn--mnchen-3ya", "dot.": "dot",
    "*": "", "localhost": "", "wpad": "", "isatap": "", "1234": "", "lab.example": "lab", "a.lab.example": "a2",
    "p.q.lab.example.": "p.q", "UPPER": "upper", "-": "", "pc\0evil": "pc-evil",
    "a" * 255: "a" * 63, "host.other.example": "host",
}


def test_whatever_clients_call_themselves(lab: Lab, make: Make, station: Station) -> None:
    """Each has the name that its letters allow, or none; none stands in the way of another."""
    server = make()
    daemon = configured(lab, "lab.example", REVERSE).start()
    expected = {}
    for number, (sent, label) in enumerate(SENT.items(), 1):
        code = CLIENT_FQDN if "." in sent else HOST_NAME
        address = leased(station, number, sent, code)
        expected[address] = f"{label}.lab.example." if label and label != "a2" else ""
    for address, name in expected.items():
        if name:
            wait_for(server, name, "A", address)
        if name or server.dig(reverse_of(address), "PTR"):
            wait_for(server, reverse_of(address), "PTR", name or "a.lab.example.")
    (held,) = wait_until(lambda: rows(daemon, "dns", "failing"), "the second that is called a")
    assert (held["name"], "another client" in str(held["trouble"])) == ("a.lab.example", True)
    assert rows(daemon, "dns", "waiting") == []


def test_zones_within_zones_and_a_network_over_several_zones(lab: Lab, make: Make, station: Station) -> None:
    """The longest name and the smallest network hold, also where a zone is a part of a /24 (RFC 2317)."""
    zones = "lab.example", "sub.lab.example", "77.10.in-addr.arpa", "1.77.10.in-addr.arpa", "0/25.2.77.10.in-addr.arpa"
    server = make(zones=zones)
    daemon = configured(lab, *zones, ip_ranges=[("10.77.1.10", "10.77.1.10"), ("10.77.2.10", "10.77.2.10"),
                                                ("10.77.2.200", "10.77.2.200")]).start()
    for number, name in enumerate(("one.sub", "two", "three"), 1):
        leased(station, number, f"{name}.lab.example", CLIENT_FQDN)
    wait_until(lambda: len(rows(daemon, "dns", "registered")) == 6, "all of it")
    for row in rows(daemon, "dns", "registered"):
        expected = {"10.77.1.10": "1.77.10.in-addr.arpa", "10.77.2.10": "0/25.2.77.10.in-addr.arpa",
                    "10.77.2.200": "77.10.in-addr.arpa"}[str(row["address"])]
        if row["type"] == "A":
            expected = "sub.lab.example" if "sub" in str(row["name"]) else "lab.example"
        assert row["zone"] == expected
        assert server.dig(str(row["owner"]), str(row["type"])) == [row["address"] if row["type"] == "A" else f"{row['name']}."]


def test_a_queue_that_is_long_is_worked_off_after_a_restart(lab: Lab, make: Make, station: Station) -> None:
    server = make()
    daemon = configured(lab, "lab.example", REVERSE, dns_name="pc-{ip}").start()
    server.stop()
    addresses = [leased(station, number, "x") for number in range(1, 101)]
    wait_until(lambda: sum(int(str(row["waiting"])) for row in rows(daemon, "dns", "zones")) == 200, "200 that wait")
    daemon.kill()
    server.start()
    daemon.start()
    wait_until(lambda: len(rows(daemon, "dns", "registered")) == 200, "200 that are registered", 30)
    for address in addresses[::10]:
        assert server.dig(f"pc-{address.replace('.', '-')}.lab.example", "A") == [address]
    configured(lab, "lab.example", REVERSE, daemon=daemon, dns_name="box-{ip}")
    daemon.reload()
    for address in addresses[::10]:
        wait_for(server, f"box-{address.replace('.', '-')}.lab.example", "A", address)
        wait_for(server, f"pc-{address.replace('.', '-')}.lab.example", "DHCID")
        wait_for(server, reverse_of(address), "PTR", f"box-{address.replace('.', '-')}.lab.example.")
    wait_until(lambda: len(rows(daemon, "dns")) == 200, "nothing of the names of before")


def test_of_many_that_share_a_message_one_that_is_anothers_costs_the_others_nothing(lab: Lab, make: Make,
                                                                                   station: Station) -> None:
    """RFC 2136 section 3.4.2.7: all of a message is done, or nothing."""
    server = make()
    daemon = configured(lab, "lab.example", REVERSE).start()
    server.update("zone lab.example", "add pc-4.lab.example. 300 A 10.77.9.9")
    server.stop()
    addresses = {number: leased(station, number, f"pc-{number}") for number in range(1, 9)}
    wait_until(lambda: len(rows(daemon, "dns", "waiting")) == 16, "16 that wait")
    server.start()
    wait_until(lambda: len(rows(daemon, "dns", "registered")) == 15, "all but one", 30)
    assert [row["name"] for row in rows(daemon, "dns", "failing")] == ["pc-4.lab.example"]
    for number, address in addresses.items():
        assert server.dig(f"pc-{number}.lab.example", "A") == ["10.77.9.9" if number == 4 else address]


def test_a_policy_that_refuses_one_kind_of_record_is_told_and_stops_no_other_zone(lab: Lab, client: Machine,
                                                                                 station: Station) -> None:
    need_name_server(Bind)
    server = lab.keep(Bind(lab.server, lab.directory))
    file = server.directory / "named.conf"
    forward, reverse = file.read_text().split('zone "77.10')
    file.write_text(forward + 'zone "77.10' + reverse.replace(f"grant {KEY} zonesub ANY", f"grant {KEY} zonesub TXT"))
    server.start()
    daemon = configured(lab, "lab.example", REVERSE).start()
    addresses = [leased(station, number, f"pc-{number}") for number in range(1, 21)]
    for number, address in enumerate(addresses, 1):
        wait_for(server, f"pc-{number}.lab.example", "A", address)
    zones = wait_until(lambda: [row for row in rows(daemon, "dns", "zones") if row["trouble"]], "a zone in trouble")
    assert [row["zone"] for row in zones] == ["77.10.in-addr.arpa"]
    assert "127.0.0.53 refuses it (REFUSED); let the key lab-key update 77.10.in-addr.arpa there" in str(zones[0]["trouble"])


def test_a_client_with_two_addresses_has_its_name_for_the_last_one(lab: Lab, make: Make, station: Station) -> None:
    server = make()
    daemon = configured(lab, "lab.example", REVERSE).start()
    first = leased(station, 1, "laptop")
    wait_for(server, "laptop.lab.example", "A", first)
    daemon.ask("release", first)
    wait_for(server, "laptop.lab.example", "DHCID")
    other = station.lease(mac_of(2), (HOST_NAME, b"tablet")).yiaddr
    wait_for(server, "tablet.lab.example", "A", other)
    assert station.lease(mac_of(2), (HOST_NAME, b"laptop")).yiaddr == other
    wait_for(server, "laptop.lab.example", "A", other)
    assert server.dig("tablet.lab.example", "A") == []
    assert Path(daemon.database.parent / "dns.db").exists()
