"""Names in the DNS, on the real program, beside BIND and Knot (RFC 2136, 4701, 4703, 8945)."""

import json
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, wait_until
from messages import mac_of
from name_servers import Bind, Knot, NameServer, key_file, need_name_server
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
    key = key_file(lab.directory)
    return configured(lab.daemon(), *zones_of(server, key))


def asked(daemon: Daemon, *words: str) -> list[dict[str, object]]:
    done = daemon.ask(*words, "json")
    assert done.returncode == 0, done
    return [json.loads(line) for line in done.stdout.splitlines()]


def wait_for(server: NameServer, name: str, kind: str, *expected: str, timeout: float = 15) -> None:
    wait_until(lambda: server.dig(name, kind) == sorted(expected), f"{name} {kind} {expected} in {server.program}", timeout)


def test_a_name_comes_with_the_lease_and_goes_with_it(daemon: Daemon, server: NameServer, station: Station) -> None:
    """RFC 4703 section 5.3.1, 5.4 and 5.5."""
    daemon.start()
    address = station.lease(ALICE, named("alice")).yiaddr
    wait_for(server, "alice.lab.example", "A", address)
    reverse = ".".join(reversed(address.split("."))) + ".in-addr.arpa"
    wait_for(server, reverse, "PTR", "alice.lab.example.")
    assert len(server.dig("alice.lab.example", "DHCID")) == 1
    assert server.ttl("alice.lab.example", "A") == 600
    daemon.ask("release", address)
    wait_for(server, "alice.lab.example", "A")
    wait_for(server, "alice.lab.example", "DHCID")
    wait_for(server, reverse, "PTR")
