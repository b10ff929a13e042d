"""etc/examples/office.conf as it is, but for where its files lie: names in a real BIND, the page, and the metrics together."""

import json
import shutil

import pytest
from lab import ROOT, Lab, need, wait_until
from messages import mac_of
from name_servers import Bind, key_file, need_name_server
from sandbox import NOBODY
from station import Station

pytestmark = pytest.mark.namespaces
pytest.importorskip("aiohttp", reason="aiohttp is not installed")
pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")

OWN, DNS, PORT = "192.168.10.1", "192.168.10.2", 8067
PHONE, GUEST = bytes.fromhex("02005eaa0001"), mac_of(7)
ZONES = ("office.example", "10.168.192.in-addr.arpa")


@pytest.mark.sandbox
def test_names_page_and_metrics_together(lab: Lab) -> None:
    need("curl")
    need_name_server(Bind)
    client = lab.machine("client0")
    lab.cable(client, "eth1", "c0")
    lab.server.ip(f"addr add {OWN}/24 brd + dev eth1")
    bind = lab.keep(Bind(lab.server, lab.directory, DNS, ZONES)).start()
    daemon = lab.daemon()
    state = daemon.database.parent
    state.mkdir(exist_ok=True)
    shutil.chown(state, NOBODY if lab.sandboxed else 0)
    text = (ROOT / "etc/examples/office.conf").read_text()
    for path, ours in (("/etc/pydhcpd/tsig.key", key_file(daemon.directory)), ("/var/lib/pydhcpd", state)):
        assert path in text
        text = text.replace(path, str(ours))
    daemon.write(text + "".join(f"{name} = {daemon.settings[name]!r}\n" for name in ("host_file", "pid_file", "foreground")))
    daemon.start()
    station = lab.keep(Station(client))

    def page(path: str, host: str = f"localhost:{PORT}") -> tuple[int, str]:
        done = lab.server.run("curl", "-s", "-w", "\n%{http_code}", "-H", f"Host: {host}", f"http://127.0.0.1:{PORT}/{path}")
        body, _, code = done.stdout.rpartition("\n")
        return int(code), body

    phone = station.lease(PHONE, (60, b"AcmePhone 7"), (12, b"reception")).yiaddr
    guest = station.lease(GUEST, (12, b"somebody")).yiaddr
    wait_until(lambda: bind.dig("reception.office.example", "A") == [phone], "the telephone's name")
    wait_until(lambda: bind.dig(f"{phone.rpartition('.')[2]}.{ZONES[1]}", "PTR") == ["reception.office.example."], "and back")
    assert bind.dig("somebody.office.example", "A") == bind.dig(f"{guest.rpartition('.')[2]}.{ZONES[1]}", "PTR") == []
    hosts = state / "office.hosts"
    line = f"{phone} reception.office.example"
    wait_until(lambda: hosts.exists() and line in " ".join(hosts.read_text().split()), "the file has the telephone's name")
    assert "somebody" not in hosts.read_text()

    code, body = page("api/leases", "dhcp.office.example")
    assert code == 200 and {row["address"] for row in json.loads(body)["rows"]} == {phone, guest}
    assert page("api/leases", "evil.example")[0] == 421
    code, metrics = page("metrics")
    assert code == 200
    for line in ('pydhcpd_messages_total{kind="DISCOVER",outcome="OFFER"} 2.0', "pydhcpd_leases 2.0",
                 'pydhcpd_service_up{service="the file and page server"} 1.0',
                 'pydhcpd_pool_leased_addresses{network="192.168.10.0/24",pool="192.168.10.20 - 192.168.10.49"} 1.0'):
        assert line in metrics.splitlines()
    assert "reception" not in metrics and "02:00:5e" not in metrics
