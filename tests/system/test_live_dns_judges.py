"""DHCID (RFC 4701) as others write it: Kea's DDNS server, and ISC dhcpd with `ddns-update-style standard`, for one client.

Each of the three has the same lease and name given to the same client, beside BIND, and must write the same record.
"""

import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import Lab, Machine, need, wait_until
from messages import mac_of
from name_servers import KEY, SECRET, Bind, key_file, need_name_server
from station import Station
from test_live_dns import configured, zones_of

from pydhcpd.services.dns.dhcid import dhcid, identity

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
CLIENT_IDENTIFIER, HOST_NAME = 61, 12
CLIENTS = {
    "bare": (mac_of(21), b""),
    "usual": (mac_of(22), b"\1" + mac_of(22)),
    "text": (mac_of(23), b"\0my machine"),
    "duid": (mac_of(24), b"\xff\0\0\0\7\0\3\0\1" + mac_of(24)),  # RFC 4361: IAID and DUID-LL
    "duid2": (mac_of(25), b"\xff\1\2\3\4\0\4" + bytes(range(16))),  # and DUID-UUID
}
DHCPD = """
ddns-update-style standard; ddns-updates on; ddns-domainname "lab.example."; authoritative; default-lease-time 600;
key {key} {{ algorithm hmac-sha256; secret "{secret}"; }};
zone lab.example. {{ primary 127.0.0.53; key {key}; }}
subnet 10.77.0.0 netmask 255.255.0.0 {{ range 10.77.1.0 10.77.1.99; }}
"""


@pytest.fixture
def bind(lab: Lab, client: Machine) -> Bind:
    need_name_server(Bind)
    server = lab.keep(Bind(lab.server, lab.directory, zones=["lab.example"]))
    server.start()
    return server


def run(lab: Lab, directory: Path, *words: object, **environment: str) -> "subprocess.Popen[Any]":
    with (directory / "log").open("ab") as log:
        return lab.server.start(*words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=str(directory),
                                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment})


@pytest.fixture
def kea(lab: Lab, bind: Bind) -> Iterator[None]:
    """Kea with its DDNS server."""
    need("kea-dhcp4", "kea-dhcp-ddns")
    directory = lab.directory / "kea"
    directory.mkdir()
    (directory / "dhcp4").write_text(json.dumps({"Dhcp4": {
        "interfaces-config": {"interfaces": ["s0"], "dhcp-socket-type": "raw"}, "valid-lifetime": 600,
        "lease-database": {"type": "memfile", "persist": False}, "dhcp-ddns": {"enable-updates": True},
        "ddns-qualifying-suffix": "lab.example", "ddns-send-updates": True,
        "subnet4": [{"subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.1.0 - 10.77.1.99"}]}]}}))
    (directory / "d2").write_text(json.dumps({"DhcpDdns": {
        "ip-address": "127.0.0.1", "port": 53001, "tsig-keys": [{"name": KEY, "algorithm": "HMAC-SHA256", "secret": SECRET}],
        "forward-ddns": {"ddns-domains": [{"name": "lab.example.", "key-name": KEY,
                                           "dns-servers": [{"ip-address": "127.0.0.53"}]}]}}}))
    places = {"KEA_LOCKFILE_DIR": str(directory), "KEA_PIDFILE_DIR": str(directory)}
    processes = [run(lab, directory, name, "-c", directory / file, **places)
                 for name, file in (("kea-dhcp-ddns", "d2"), ("kea-dhcp4", "dhcp4"))]
    yield from _until_the_end(processes, directory, "DHCP4_STARTED")


@pytest.fixture
def dhcpd(lab: Lab, bind: Bind) -> Iterator[None]:
    """ISC dhcpd."""
    need("dhcpd")
    directory = lab.directory / "dhcpd"
    directory.mkdir()
    (directory / "leases").touch()
    (directory / "dhcpd.conf").write_text(DHCPD.format(key=KEY, secret=SECRET))
    yield from _until_the_end([run(lab, directory, "dhcpd", "-4", "-f", "-d", "-cf", directory / "dhcpd.conf", "-lf",
                                   directory / "leases", "-pf", directory / "pid", "s0")], directory,
                              "Server starting service")


@pytest.fixture
def ours(lab: Lab, bind: Bind) -> None:
    """pydhcpd."""
    key = key_file(lab.directory)
    configured(lab.daemon(), *zones_of(bind, key)[:1]).start()


def _until_the_end(processes: "list[subprocess.Popen[Any]]", directory: Path, ready: str) -> Iterator[None]:
    try:
        wait_until(lambda: ready in (directory / "log").read_text(errors="replace"), ready)
        yield
    finally:
        for one in processes:
            one.kill()
            one.wait()
        print((directory / "log").read_text(errors="replace")[-8000:])


def written(server: Bind, name: str) -> bytes:
    """The DHCID of a name, once there is one."""
    (line,) = wait_until(lambda: server.dig(f"{name}.lab.example", "DHCID"), f"the DHCID of {name}")
    return base64.b64decode(line.replace(" ", ""))


@pytest.mark.parametrize("judge", ["kea", "dhcpd", "ours"])
def test_the_same_client_is_told_by_the_same_record(judge: str, request: pytest.FixtureRequest, bind: Bind,
                                                    station: Station) -> None:
    """RFC 4701 section 3.3: the identifier, its type, and the digest."""
    request.getfixturevalue(judge)
    for name, (mac, identifier) in CLIENTS.items():
        options = [(HOST_NAME, name.encode())] + ([(CLIENT_IDENTIFIER, identifier)] if identifier else [])
        station.lease(mac, *options)
        assert written(bind, name) == dhcid(f"{name}.lab.example", *identity(identifier, 1, mac)), name


@pytest.mark.parametrize("judge", ["kea", "dhcpd"])
def test_the_name_of_a_client_goes_from_another_server_to_us_and_to_nobody_else(
        judge: str, request: pytest.FixtureRequest, lab: Lab, bind: Bind, station: Station) -> None:
    """RFC 4703 section 5.3.2: the client has it already, by the record that the other server wrote."""
    request.getfixturevalue(judge)
    mac, identifier = CLIENTS["duid"]
    options = [(HOST_NAME, b"desk"), (CLIENT_IDENTIFIER, identifier)]
    station.lease(mac, *options)
    written(bind, "desk")
    for pid in lab.server.processes():
        if Path(f"/proc/{pid}/comm").read_text().startswith(("kea", "dhcpd")):
            subprocess.run(["kill", "-9", str(pid)], check=False)
    key = key_file(lab.directory)
    configured(lab.daemon(), *zones_of(bind, key)[:1], ip_ranges=[("10.77.2.0", "10.77.2.99")]).start()
    station.lease(mac_of(40), (HOST_NAME, b"desk"))
    address = station.lease(mac, *options).yiaddr
    wait_until(lambda: bind.dig("desk.lab.example", "A") == [address], "our address for it")
