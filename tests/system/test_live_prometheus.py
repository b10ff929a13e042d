"""A real Prometheus that scrapes a loaded server: what it has is what the prompt says, and every query of the dashboard and of
the alert rules in etc/ finds what it looks for."""

import json
import math
import re
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab import ROOT, SERVER, Lab, Machine, need, wait_until
from messages import ACK, DECLINE, DISCOVER, NAK, mac_of, message, packed
from station import Station

pytestmark = pytest.mark.namespaces
pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
pytest.importorskip("aiohttp", reason="aiohttp is not installed")

STATUS_PORT, PROMETHEUS_PORT = 8067, 9090
RELAY, FAR_RELAY = "10.77.2.1", "203.0.113.9"
RATE, SECONDS, CLIENTS = 100, 8, 240  # of perfdhcp, of whom a pool of 256 is nearly full
DASHBOARD = json.loads((ROOT / "etc/grafana/pydhcpd.json").read_text())
RULES = ROOT / "etc/prometheus/pydhcpd.rules.yml"
NAMES = {"$__rate_interval": "15s", "$job": "pydhcpd", "$instance": ".*", "$network": ".*"}
SELECTOR = re.compile(r"\b(?:pydhcpd|process|up)\w*(?:\{[^}]*\})?")
CHANGES = ["process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds"]
SCRAPES = """
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%s]
scrape_configs: [{job_name: pydhcpd, static_configs: [{targets: ["127.0.0.1:%d"]}]}]
"""


class Prometheus:
    """One that runs on a machine."""

    def __init__(self, machine: Machine, directory: Path) -> None:
        self.machine = machine
        file = directory / "prometheus.yml"
        file.write_text(SCRAPES % (RULES, STATUS_PORT))
        with (directory / "prometheus.log").open("wb") as log:
            self._process = machine.start("prometheus", f"--config.file={file}", f"--storage.tsdb.path={directory / 'tsdb'}",
                                          f"--web.listen-address=127.0.0.1:{PROMETHEUS_PORT}", stdout=log, stderr=log)

    def get(self, path: str, **values: object) -> Any:
        """What its API answers. Fails with what it says is wrong."""
        url = f"http://127.0.0.1:{PROMETHEUS_PORT}/api/v1/{path}?{urllib.parse.urlencode(values)}"
        return self.machine.open(lambda: _answer(url))

    def ask(self, query: str, at: float | None = None) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that a query finds, now or at a time."""
        found = self.get("query", query=query, **({} if at is None else {"time": at}))["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def value(self, query: str) -> float:
        """The one number."""
        ((_, value),) = self.ask(query)
        return value

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def _answer(url: str) -> Any:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]
    except urllib.error.HTTPError as error:
        raise AssertionError(f"{urllib.parse.unquote_plus(url)}: {error.read().decode()}") from None


class Scene:
    """A server under load, and what has seen it."""

    def __init__(self, lab: Lab, client: Machine, station: Station) -> None:
        client.ip(f"addr add {RELAY}/16 brd + dev c0")
        root = lab.directory / "tftp"
        root.mkdir(mode=0o755)
        (root / "file").write_bytes(bytes(5000))
        self.daemon = lab.daemon(status_port=STATUS_PORT, tftp_root=str(root), user=None)
        self.daemon.write(self.daemon.file.read_text() + """
subnets = [subnet("10.77.0.0/16", pools=["10.77.1.0 - 10.77.1.255"]),
           subnet("203.0.113.0/24", pools=["203.0.113.50 - 203.0.113.60"])]
""")
        self.daemon.start()
        self.prometheus = lab.keep(Prometheus(lab.server, lab.directory))
        wait_until(lambda: self._is_up(), "Prometheus scrapes")
        self._load(client, station)
        self.at = time.time()
        self.rest()

    def _is_up(self) -> bool:
        try:
            return bool(self.prometheus.ask("pydhcpd_messages_received_total"))
        except (OSError, AssertionError):
            return False

    def _load(self, client: Machine, station: Station) -> None:
        """Of everything a bit, while perfdhcp makes the most of it."""
        words = ["perfdhcp", "-4", "-r", RATE, "-R", CLIENTS, "-p", SECONDS, "-l", RELAY, "-W", "100000", SERVER]
        loading = client.start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for number in range(4):
            self._of_everything(client, station, mac_of(1000 + number))
            time.sleep(1.0)
        loading.wait(60)

    @staticmethod
    def _of_everything(client: Machine, station: Station, mac: bytes) -> None:
        address = station.lease(mac).yiaddr
        station.answer(station.reboot(mac, address), ACK)
        station.answer(station.reboot(mac, "10.77.9.9"), NAK)
        station.send(b"nonsense", mac)
        station.send(message(DISCOVER, mac, station.xid(), giaddr=FAR_RELAY), mac)
        station.send(message(DECLINE, mac, station.xid(), options=((50, packed(address)), (54, packed(SERVER)))), mac)
        client.run("curl", "-s", f"tftp://{SERVER}/file", "-o", "/dev/null")

    def rest(self) -> None:
        """Until what Prometheus has is what the server has."""
        wait_until(lambda: self.differences() == {}, f"the same as at the prompt: {self.differences()}")

    def documents(self, command: str) -> list[dict[str, Any]]:
        """What the prompt says in JSON."""
        return [json.loads(line) for line in self.daemon.ask(command, "json").stdout.splitlines()]

    def differences(self) -> dict[str, Any]:
        """Where Prometheus has other numbers than the server, but for those that never rest."""
        told = {}
        for row in self.documents("metrics"):
            labels = tuple(sorted(row["labels"].items()))
            if "buckets" in row:
                told[row["name"] + "_count", labels] = row["buckets"][-1][1]
                told[row["name"] + "_sum", labels] = row["value"]
            elif row["name"] not in CHANGES:
                told[row["name"], labels] = row["value"]
        has = {}
        for labels, value in self.prometheus.ask('{job="pydhcpd"}'):
            name = labels.pop("__name__")
            has[name, tuple(sorted(one for one in labels.items() if one[0] not in ("job", "instance")))] = value
        return {key: (value, has.get(key)) for key, value in told.items() if not math.isclose(value, has.get(key, math.nan))}


@pytest.fixture
def scene(lab: Lab, client: Machine, station: Station) -> Scene:
    need("prometheus", "perfdhcp", "curl")
    return Scene(lab, client, station)


def resolved(query: str) -> str:
    """A query of the dashboard as Grafana asks it, of all servers."""
    for name, value in NAMES.items():
        query = query.replace(name, value)
    return query


def queries() -> Iterator[tuple[str, str]]:
    """Where each query of the dashboard stands, and the query."""
    for panel in DASHBOARD["panels"]:
        for one in panel.get("targets", ()):
            yield f"{panel['title']} {one['refId']}", resolved(one["expr"])
    for one in DASHBOARD["annotations"]["list"]:
        if "expr" in one:
            yield f"annotation {one['name']}", resolved(one["expr"])


def test_prometheus_has_what_the_server_has(scene: Scene) -> None:
    """One run, for it takes a while: values, the dashboard, the rules, a reload, and the end of the server."""
    values_are_those_of_the_prompt(scene)
    the_dashboard_finds_what_it_looks_for(scene)
    the_alerts_are_those_of_what_is_wrong(scene)
    no_counter_goes_back_over_a_reload(scene)
    a_server_that_is_gone_is_down(scene)


def values_are_those_of_the_prompt(scene: Scene) -> None:
    value, told = scene.prometheus.value, {row["name"]: row["count"] for row in scene.documents("statistics")}
    assert value("pydhcpd_messages_received_total") == told["messages received"] > 2 * CLIENTS
    assert value("pydhcpd_messages_sent_total") == told["messages sent"] > 2 * CLIENTS
    for kind in ("DISCOVER", "REQUEST", "DECLINE"):
        assert value(f'sum(pydhcpd_messages_total{{kind="{kind}"}})') == told[f"{kind} received"] > 0
    dropped = sum(count for name, count in told.items() if name.startswith("no answer"))
    assert value("sum(pydhcpd_messages_dropped_total)") == dropped >= 4
    assert value('pydhcpd_replies_unsent_total{error="ENETUNREACH"}') == told["could not be sent: ENETUNREACH"] == 4
    for name, words in (("answer", "answers, from the message read to the answer sent"),
                        ("commit", "commits of leases to the disk")):
        for share in (50, 99):
            found = value(f"histogram_quantile({share / 100}, pydhcpd_{name}_duration_seconds_bucket)")
            assert 2 / 3 <= found * 1000 / told[f"milliseconds: {words}, {share} % within"] <= 3 / 2
    for row in scene.documents("pools"):
        for what in ("size", "leased", "offered", "quarantined", "free", "reserved"):
            assert value(f'pydhcpd_pool_{what}_addresses{{pool="{row["ranges"]}"}}') == row[what]
    for row in scene.documents("services"):
        assert value(f'pydhcpd_service_up{{service="{row["name"]}"}}') == row["runs"]
    assert value("sum(pydhcpd_alarms)") == len(scene.documents("alarms")) > 0
    assert value('pydhcpd_files_total{protocol="tftp",outcome="finished"}') == 4
    assert value('pydhcpd_file_sent_bytes_total{protocol="tftp",outcome="finished"}') == 20_000


def the_dashboard_finds_what_it_looks_for(scene: Scene) -> None:
    for place, query in queries():
        for selector in SELECTOR.findall(query):
            assert scene.prometheus.ask(selector, scene.at), f"{place}: nothing is called {selector}"
        found = scene.prometheus.ask(query, scene.at)
        assert found or query.endswith(" > 0"), f"{place}: nothing is found by {query}"
        assert all(math.isfinite(value) for _, value in found), f"{place}: {query}: {found}"
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", resolved(variable["query"]["query"])).groups()
            assert scene.prometheus.get(f"label/{label}/values", **{"match[]": series})
    panel = {one["title"]: resolved(one["targets"][0]["expr"]) for one in DASHBOARD["panels"] if one.get("targets")}
    assert scene.prometheus.value(panel["Server"]) == 1
    assert scene.prometheus.value(panel["Leases"]) == sum(row["leased"] for row in scene.documents("networks"))
    assert 0.9 < scene.prometheus.value(panel["Fullest pool"]) < 1
    ((_, answers),) = scene.prometheus.ask(panel["Answers"], scene.at)
    assert 0.5 * RATE < answers < 3 * RATE, "two for an exchange, over a time that is longer than the load"


def the_alerts_are_those_of_what_is_wrong(scene: Scene) -> None:
    (group,) = scene.prometheus.get("rules")["groups"]
    for rule in group["rules"]:
        assert (rule["health"], rule.get("lastError", "")) == ("ok", ""), rule
        for selector in SELECTOR.findall(rule["query"]):
            assert scene.prometheus.ask(selector), f"{rule['name']}: nothing is called {selector}"
    alerts = {one["labels"]["alertname"]: one for one in scene.prometheus.get("alerts")["alerts"]}
    assert {"PydhcpdPoolNearlyFull", "PydhcpdPoolAlarm"} <= set(alerts) <= {
        "PydhcpdPoolNearlyFull", "PydhcpdPoolAlarm", "PydhcpdRepliesUnsent"}
    summary = alerts["PydhcpdPoolNearlyFull"]["annotations"]["summary"]
    assert re.fullmatch(r"[3-6]\.\d+% of 10\.77\.1\.0 - 10\.77\.1\.255 \(10\.77\.0\.0/16\) is free", summary)


def no_counter_goes_back_over_a_reload(scene: Scene) -> None:
    began = time.time()
    scene.daemon.reload()
    wait_until(lambda: scene.prometheus.value("timestamp(pydhcpd_messages_received_total)") > began + 3, "scrapes after it")
    scene.rest()
    for row in scene.documents("metrics"):
        if row["name"].endswith("_total") or "buckets" in row:
            name = row["name"] + ("_bucket" if "buckets" in row else "")
            assert all(value == 0 for _, value in scene.prometheus.ask(f"resets({name}[10m])")), name


def a_server_that_is_gone_is_down(scene: Scene) -> None:
    scene.daemon.stop()
    wait_until(lambda: scene.prometheus.value('up{job="pydhcpd"}') == 0, "it is down")
    wait_until(lambda: scene.prometheus.ask('ALERTS{alertname="PydhcpdDown"}'), "it is told")
